# SPDX-License-Identifier: GPL-2.0
"""What an attacker would try (RFC 7143 9): each of it gets nowhere, and nobody else
notices."""

import random
import re
import time

import login
from harness import check, equal, patience, read, wait_for
from login import (FFP, INITIATOR, OPERATIONAL, SECURITY, Chap, LoginConn, Refused, encode_text,
                   names)
from logins import SECRET, answer, first, guarded, hexadecimal, normal, plain, ready, who, works
from raw import (DATA_OUT, FINAL, IMMEDIATE, LOGIN_REQ, NOP_IN, NOP_OUT, REJECT, RTAG, SCSI_CMD,
                 Pdu, random_isid)
from registry import covers
from session import (ABORT_TASK, GOOD, LUN_RESET, SIMPLE, WRITE, Session, read10, write10)
from target import Target

FIXTURE = plain
GONE = (OSError, AssertionError)
SEED = 20261124


def available():
    """Bytes of memory that the kernel could give away."""
    return int(re.search(r"MemAvailable:\s+(\d+) kB", read("/proc/meminfo")).group(1)) << 10


@covers("SEC-02")
def memory_before_login(target):
    """A peer costs a slot, from its first byte on a fixed piece of memory, whatever it
    announces; everything comes back."""
    count, each = 150, 160 << 10        # bytes a connection, with what kasan adds
    text = encode_text(names(INITIATOR, target.iqn))
    first(normal(target))
    before = available()
    conns = []
    try:
        for number in range(count):
            conn = LoginConn()
            conns.append(conn)
            kind = number % 3
            if kind == 0:       # as much text as possible, none of it complete
                conn.request(OPERATIONAL, None, None, b"X" * 8192, more=True)
                conn.response()
                conn.send_bytes(b"\x43\x44\0\0\0\x20\0\0" + bytes(4000))
            elif kind == 1:     # 8 KiB announced, nothing sent
                conn.send_bytes(b"\x43\x87\0\0\0\x20\0\0" + bytes(40))
            else:
                conn.request(SECURITY, None, None, text)
                conn.response()
        used = before - available()
        check(used < count * each, f"{used >> 10} KiB for {count} connections")
        for kind in (b"\x43\x87\0\0\xff\xff\xff\xff", b"\x43\x87\0\0\0\xff\xff\xff"):
            with LoginConn() as conn:   # AHS and data as long as can be said
                conn.send_bytes(kind + bytes(40 + 1020))
                conn.expect_close((0x23,), seconds=5)
    finally:
        for conn in conns:
            conn.close()
    wait_for(lambda: before - available() < 4 << 20, "the memory")
    first(normal(target))


@covers("SEC-04")
def fuzzed(target):
    """Headers, AHS and text with random lengths, for some seconds, before and after the
    login. What would be read outside of the received bytes, kasan reports."""
    good = encode_text(normal(target))
    end = time.monotonic() + patience(4)
    number = 0
    while time.monotonic() < end:
        number += 1
        rng = random.Random(f"{SEED} {number}")
        conn = LoginConn() if number % 2 else Session(target.iqn, answer_r2t=False)
        conn.sock.settimeout(patience(2))
        try:
            for _ in range(rng.randint(1, 12)):
                text = bytearray(good)
                for _ in range(rng.randint(0, 5)):
                    text[rng.randrange(len(text))] = rng.choice((0, 0x3d, 0x2c, 0xff, 0x30))
                text = bytes(text[:rng.randint(0, len(text))])
                ahs = rng.choice((b"", rng.randbytes(4 * rng.randint(1, 30)), b"\xff\xff\1\0",
                                  b"\0\0\1\0", b"\0\5\2\0" + bytes(4)))
                pdu = Pdu(rng.choice((0x43, 0x43, 0x04, 0x01, 0x41, 0x02, 0x05, 0x00, 0x10, 0x06)),
                          rng.choice((0x87, 0x84, 0x44, 0xe1, 0xa1, 0x81, 0)), rng.randbytes(8),
                          rng.choice((0x1000, rng.getrandbits(32))),
                          {20: rng.choice((0, RTAG)), 24: conn.cmdsn}, text, ahs)
                if isinstance(conn, Session) and pdu.opcode != LOGIN_REQ:
                    conn.send(pdu)
                    continue
                if not isinstance(conn, Session):
                    pdu.bhs[0] = LOGIN_REQ | IMMEDIATE
                    pdu.bhs[2:4] = bytes(2)
                    if rng.random() < 0.8:
                        pdu.ahs = b""
                        pdu.bhs[8:14], pdu.bhs[14:16] = conn.isid, bytes(2)
                        pdu.set_word(16, conn.itt)
                        pdu.set_word(20, 0)
                    conn.send(pdu)
                    if conn.recv() is None:
                        break
        except GONE:
            pass
        conn.reset()
    check(number > 20, "rounds:", number)
    with Session(target.iqn) as session:
        works(session)


@covers("SEC-05")
def offset_overflow(target):
    """Data-Out whose offset and length together pass 2^32: nothing is written anywhere,
    and the task does not succeed by it."""
    with ready(target) as session:
        session.write_at(0, bytes(16384))
    for offset, length in ((0xfffffe00, 512), (0xfffffe00, 1024), (0xffffffff, 4096),
                           (0x80000000, 4096), (4096, 512), (0xfffff000, 8192)):
        with ready(target, answer_r2t=False) as session:
            task = session.submit(write10(0, 8), write=b"\7" * 4096, immediate=0)
            while not task.r2ts:
                session.pump()
            ttt = task.r2ts[0].word(20)
            session.send(Pdu(DATA_OUT, FINAL, 0, task.itt, {20: ttt, 40: offset}, b"\7" * length))
            pdu = session.recv()
            if pdu and pdu.opcode != REJECT:
                check(pdu.bhs[3] != GOOD or pdu.opcode == 0x20, f"offset {offset:#x}:", pdu)
            session.close()
    # Unsolicited data, too.
    for offset in (0xfffffe00, 0xffffffff):
        with ready(target, answer_r2t=False) as session:
            pdu = session.base(SCSI_CMD, WRITE | SIMPLE, 77, {20: 4096})
            pdu.bhs[32:42] = write10(0, 8)
            session.send(pdu)
            session.send(Pdu(DATA_OUT, FINAL, 0, 77, {20: RTAG, 40: offset}, b"\7" * 512))
            pdu = session.recv()
            check(pdu is None or pdu.opcode == REJECT or pdu.bhs[3] != GOOD, "answer", pdu)
            session.close()
    with ready(target) as session:
        equal(session.read_at(0, 16384), bytes(16384), "the disk")


def mute(session):
    """Commands whose answers are many megabytes, none of which is read."""
    for number in range(24):
        session.submit(read10(number, 1024), read=1024 * 512, wait_window=False)


@covers("SEC-06", limit=60)
def peer_does_not_read(target):
    """A session that takes no more answers, and one that answers no pings, end in bounded
    time, and their memory comes back. Another session does not notice."""
    with Target("impatient", demo=False) as impatient, ready(target) as other:
        acl = impatient.acl(INITIATOR)
        acl.attrib("nopin_timeout", 3)
        acl.attrib("nopin_response_timeout", 3)
        silent = Session(impatient.iqn)
        before = available()
        deaf = [ready(target, isid=random_isid()) for _ in range(3)]
        start = time.monotonic()
        for session in deaf:
            mute(session)
        ended = {}
        while len(ended) < 2:
            seconds = time.monotonic() - start
            check(seconds < patience(50), "after 50 s there are sessions:", target.sessions(),
                  impatient.sessions())
            if target.sessions() == 1:
                ended.setdefault("deaf", seconds)
            if not impatient.sessions():
                ended.setdefault("silent", seconds)
            other.write_at(0, b"\1" * 512)
            time.sleep(0.1)
        check(4 < ended["silent"] < patience(15), "the silent session:", ended)
        check(10 < ended["deaf"] < patience(45), "the deaf sessions:", ended)
        for session in deaf + [silent]:
            session.close()
        wait_for(lambda: before - available() < 8 << 20, "the memory")
        works(other)


@covers("SEC-08", fixture=guarded)
def spoofed_initiator(target):
    """Who knows a name, an ISID and even TSIH and CID, but no secret, can neither end the
    session nor join it, nor keep its owner from coming back."""
    chap = Chap("user", SECRET)
    good = names(INITIATOR, target.iqn)
    with Session(target.iqn, chap=chap, answer_r2t=False) as session:
        session.ready(0)
        task = session.submit(write10(0, 8), write=b"\1" * 4096, immediate=0)
        while not task.r2ts:
            session.pump()
        left_open = []
        for tsih in (0, session.tsih):
            pairs = good if not tsih else who(target)
            fields = {"isid": session.isid, "tsih": tsih, "cid": session.cid}
            none = [("AuthMethod", "None")]
            for stage, more, to in ((OPERATIONAL, [], FFP), (SECURITY, none, FFP),
                                    (SECURITY, [], FFP), (SECURITY, none, None)):
                equal(hexadecimal(first(pairs + more, stage=stage, to=to, **fields)), "0201",
                      f"status with TSIH {tsih:#x}, stage {stage}, {more}")
            conn = LoginConn(**fields)
            left_open.append(conn)
            conn.exchange(SECURITY, pairs + [("AuthMethod", "CHAP")])
            conn = LoginConn(**fields)
            left_open.append(conn)
            conn.exchange(SECURITY, pairs + [("AuthMethod", "CHAP")])
            _pdu, keys = conn.exchange(SECURITY, [("CHAP_A", "5")])
            conn.request(SECURITY, Chap("user", SECRET + "x").answer(keys), OPERATIONAL)
            equal(hexadecimal(answer(conn)), "0201", "status of a wrong secret")
        with LoginConn(isid=session.isid) as conn:      # a discovery session of that target
            conn.request(OPERATIONAL, who(target) + [("SessionType", "Discovery")], FFP)
            equal(hexadecimal(answer(conn)), "0201", "status of named discovery")
        session.answer(task, task.r2ts[0])
        equal(session.wait(task).status, GOOD, "status of the command under way")
        equal(target.sessions(), 1, "sessions")
        with Session(target.iqn, chap=Chap("user", SECRET), isid=session.isid) as owner:
            works(owner)
        for conn in left_open:
            conn.close()
        session.close()
    try:
        login.login(LoginConn(), target.iqn)
    except Refused as refused:
        equal(refused.status, 0x201, "status")


@covers("SEC-09")
def stale_tags(target):
    """Data for a task that was aborted, reset away, or belonged to an older session: it is
    thrown away, and the next task is not touched."""
    def waiting(session):
        task = session.submit(write10(0, 8), write=b"\7" * 4096, immediate=0)
        while not task.r2ts:
            session.pump()
        return task

    def settle(session):
        """Everything was looked at. Stale data may have been rejected, no more."""
        itt = session.next_itt()
        session.send(session.base(NOP_OUT, FINAL, itt, {20: RTAG}, immediate=True))
        while True:
            pdu = session.recv()
            check(pdu is not None, "the connection was closed")
            if pdu.opcode == NOP_IN and pdu.itt == itt:
                return
            equal((pdu.opcode, pdu.bhs[2]), (REJECT, 9), "answer to stale data")

    def data(session, task):
        session.send(Pdu(DATA_OUT, FINAL, 0, task.itt, {20: task.r2ts[0].word(20)}, b"\7" * 4096))

    with ready(target, answer_r2t=False) as session:
        session.write_at(0, bytes(4096), immediate=4096)
        for kill in (lambda t: session.tmf(ABORT_TASK, tag=t.itt, ref_cmdsn=t.cmdsn),
                     lambda t: session.tmf(LUN_RESET)):
            task = waiting(session)
            equal(kill(task), 0, "response to the abort")
            session.ready(0)
            other = waiting(session)
            for _ in range(3):
                data(session, task)
            settle(session)
            session.answer(other, other.r2ts[0])
            equal(session.wait(other).status, GOOD, "status of the next task")
            session.write_at(0, bytes(4096), immediate=4096)
        task = waiting(session)
        with ready(target, answer_r2t=False, isid=session.isid) as new:
            data(new, task)             # a tag of the session that this one replaced
            settle(new)
        session.close()
    with ready(target) as session:
        equal(session.read_at(0, 4096), bytes(4096), "the disk")
