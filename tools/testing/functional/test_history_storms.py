# SPDX-License-Identifier: GPL-2.0
"""Security history, before authentication: storms, floods, deletion, no memory."""

import time

import harness
import history
import login
import target as target_module
from harness import check, equal, patience, wait_for
from history import Bystander, From, Memory, all_gone, chap_start, honest_login
from login import FFP, OPERATIONAL, SECURITY, LoginConn, names
from raw import ASYNC, LOGIN_RSP, Closed, Conn, Pdu
from session import Session
from target import Target

# A slot with everything that it may own before authentication: 64 KiB of text and
# PDU, the socket and its segments, and as much again for what KASAN holds back.
SLOT_KIB = 200
SOURCE_SLOTS = 256
SECRET = "abcdefghijklmnop"


def storm_target(**kwargs):
    target = Target("storm", **kwargs)
    target.lun(0)
    return target


def alive(conns):
    """How many of them the target has not closed yet."""
    count = 0
    for conn in conns:
        conn.sock.settimeout(0.0005)
        try:
            count += bool(conn.sock.recv(1))
        except ConnectionError:
            pass
        except OSError:
            count += 1
    return count


# -- row 19 --

def test_row_19_open_and_close():
    """Connections that come and go at once, by FIN and by RST: nothing piles up, and
    an honest login in the middle takes less than a second."""
    with storm_target() as target, Bystander(target):
        memory = Memory()
        for number in range(harness.scaled(1500, 200)):
            conn = Conn()
            if number % 3 == 1:
                conn.send_bytes(b"\x43" + bytes(number % 60))
            if number % 2:
                conn.reset()
            else:
                conn.close()
            if number % 250 == 100:
                honest_login(target)
                memory.below(SLOT_KIB * SOURCE_SLOTS, "connections that came and went")
        honest_login(target)


def test_row_19_half_open():
    """Half-finished logins from one address: 256 stay, each within its bound of memory,
    the rest is turned away; other addresses do not notice, and all of it comes back."""
    history.many_files()
    count = 600 if harness.WORK >= 0.4 else 300
    with storm_target() as target, Bystander(target):
        memory = Memory()
        conns = []
        try:
            for number in range(count):
                try:
                    conn = From("127.0.2.1", seconds=20)
                    conns.append(conn)
                    conn.request(OPERATIONAL, None, None, b"X-a=" + b"v" * 8000, more=True)
                    conn.response()
                except (OSError, Closed):
                    check(number >= SOURCE_SLOTS, "turned away as number", number)
                if number % 100 == 99:
                    memory.below(SLOT_KIB * SOURCE_SLOTS, f"{number + 1} logins under way")
            equal(alive(conns), SOURCE_SLOTS, "logins under way")
            honest_login(target)
        finally:
            for conn in conns:
                conn.close()
        wait_for(lambda: memory.used() < SLOT_KIB * SOURCE_SLOTS // 2, "the memory", 10)
        honest_login(target)


# -- row 20 --

def test_row_20_log_flood():
    """A storm of garbage is ten lines in five seconds, without control characters."""
    with storm_target() as target, Session(target.iqn) as session:
        log = harness.fresh_log()
        start = time.monotonic()
        for number in range(harness.scaled(300, 60)):
            with LoginConn() as conn:
                name = "iqn.2026-11.test:\x1b[31m\nforged" if number % 2 else "iqn.2026-11.test:x"
                if number % 3:
                    conn.request(OPERATIONAL, [("InitiatorName", name),
                                               ("TargetName", target.iqn + "-no")], FFP)
                else:
                    conn.send(Pdu(number & 0x3f or 1, 0x80, itt=1))
                conn.expect_close((LOGIN_RSP,))
            session.send(session.base(0x1f, 0x80, 7, immediate=True))
            session.rejected(5)
        took = time.monotonic() - start
        lines = log.matching("tcm_iscsi: ")
        check(1 <= len(lines) <= 10 * (took // 5 + 2), len(lines), "lines in", took, "seconds")
        check(not any("\x1b" in line for line in log.read()), "a raw escape in the log")
        check(not log.matching("^forged"), "a forged line in the log")
        log.close()


# -- row 21 --

def test_row_21_silent_sockets():
    """A thousand connections that say nothing, from four addresses, and more than one
    address may have: logins of others take less than a second, and the I/O of those
    who are in goes on."""
    history.many_files()
    count = harness.scaled(1000, 200)
    with storm_target() as target, Bystander(target) as other:
        silent = []
        try:
            for number in range(count):
                silent.append(From(f"127.0.3.{1 + number % 4}", seconds=30))
                if number % 300 == 299:
                    honest_login(target)
                    other.check()
            for _ in range(300):        # from the address that honest logins come from, too
                silent.append(Conn(seconds=30))
            for _ in range(3):
                honest_login(target)
            other.check()
        finally:
            for conn in silent:
                conn.close()


# -- row 29 --

def test_row_29_reset_at_every_byte():
    """A login with CHAP, cut by RST at every byte: no session, no slot is left."""
    with storm_target() as target, Bystander(target):
        sent = []

        class Recorder(LoginConn):
            def send_bytes(self, data):
                sent.append(data)
                super().send_bytes(data)

        with Recorder() as conn:
            conn.exchange(SECURITY, names(login.INITIATOR, target.iqn))
            conn.exchange(SECURITY, [], OPERATIONAL)
            conn.exchange(OPERATIONAL, list(login.DEFAULTS.items()), FFP)
        wire = b"".join(sent)
        for cut in range(0, len(wire), max(1, int(1 / min(1, harness.WORK)))):
            conn = Conn()
            conn.send_bytes(wire[:cut])
            if cut % 4 == 0:
                time.sleep(0.001)       # so that the target has answered some of it
            conn.reset()
        wait_for(lambda: target.sessions() == 1, "the end of all sessions but one")
        honest_login(target)
    target_module.unload()
    equal(harness.kernel_threads(), [], "threads after rmmod")
    target_module.load()


# -- row 56 --

def begin(step, target):
    """A login at this step, which may wait for nothing when the step does."""
    if step == "connected":
        return Conn(seconds=20)
    conn = LoginConn(seconds=20)
    who = names(login.INITIATOR, target.iqn)
    if step == "half a header":
        conn.send_bytes(b"\x43" + bytes(20))
    elif step == "text continued":
        conn.request(SECURITY, None, None, b"InitiatorName=", more=True)
        conn.response()
    elif step == "named":
        conn.exchange(SECURITY, who + [("AuthMethod", "CHAP")])
    elif step == "challenged":
        conn.close()
        conn, _keys = chap_start(target, seconds=20)
    elif step == "refused":
        conn.close()
        conn, _keys = chap_start(target, seconds=20)
        conn.request(SECURITY, [("CHAP_N", "user"), ("CHAP_R", "0x" + "00" * 16)], OPERATIONAL)
    elif step == "operational":
        login.authenticate(conn, who, login.Chap("user", SECRET))
    return conn


STEPS = ("connected", "half a header", "text continued", "named", "challenged", "refused",
         "operational", "session")


def test_row_56_delete_during_login():
    """The target is deleted at each step of a login: rmdir does not wait for the peer,
    and the login ends with a status or with the connection."""
    for step in STEPS:
        for keep in (False, True):      # the portal stays, by another target
            other = Target("other") if keep else None
            target = Target("storm", auth=True)
            target.auth(userid="user", password=SECRET)
            conn = Session(target.iqn, chap=login.Chap("user", SECRET)) if step == "session" \
                else begin(step, target)
            start = time.monotonic()
            target.remove()
            took = time.monotonic() - start
            check(took < patience(2), f"{step}: removal took {took:.1f} s")
            try:
                if keep and step in ("connected", "half a header", "text continued"):
                    check(alive([conn]), step, "was closed with a target that it had not named")
                    honest_login(other)
                else:
                    answers = conn.expect_close((LOGIN_RSP, ASYNC))
                    for pdu in answers:
                        check(pdu.opcode != LOGIN_RSP or pdu.half(36), step, "succeeded", pdu)
            finally:
                conn.close()
                if other:
                    other.remove()


def test_row_56_delete_and_create():
    """Deleted and made anew between two requests: the login does not go on with the
    new target of that name."""
    with Target("other"):
        for step in ("named", "challenged", "operational"):
            target = Target("storm", auth=True)
            target.auth(userid="user", password=SECRET)
            conn = begin(step, target)
            target.remove()
            with Target("storm") as again:
                equal(conn.expect_close((LOGIN_RSP,)), [], f"answers at {step}")
                conn.close()
                honest_login(again)
                all_gone(again)
