# SPDX-License-Identifier: GPL-2.0
"""Everything a peer can make the target hold or do has a limit: each one is reached, and
then exceeded by one. The numbers are read from the headers that define them."""

import glob
import os
import re
import resource
import socket
import struct
import time

from chap_steps import Batch, good, hexa
from harness import Failure, check, equal, fresh_log, read, wait_for
from login import (FFP, INITIATOR, OPERATIONAL, SECURITY, LoginConn, encode_text, names)
from logins import (MUTUAL, OTHER_PORT, answer, begun, expect_status, first, hexadecimal, normal,
                    ready, works)
from raw import FINAL, LOGIN_RSP, NOP_OUT, REJECT, RTAG, SCSI_CMD, SCSI_RSP, TEXT_REQ, TEXT_RSP
from registry import covers
from session import ABORT_TASK, GOOD, SIMPLE, WRITE, Session, discovery, write10
from target import IQN, Target

TOP = os.path.dirname(os.path.abspath(__file__)) + "/../../.."
INVALID_FIELD, PROTOCOL_ERROR, TOO_MANY_IMMEDIATE = 9, 4, 6


def constant(name):
    """The value of a #define in our headers and sources."""
    for path in glob.glob(TOP + "/include/tcm_iscsi/*.h") + glob.glob(TOP + "/kmod/*/*.[ch]"):
        match = re.search(rf"^#define\s+{name}\s+\(?([0-9a-fx* ]+)\)?", read(path), re.M)
        if match:
            value = 1
            for factor in match.group(1).split("*"):
                value *= int(factor, 0)
            return value
    raise Failure(f"no constant {name}")


def open_target():
    target = Target("conf")
    target.lun(0, mib=1)
    return target


# -- before full feature phase --

def login_data(limit):
    """DataSegmentLength of a login request."""
    with open_target() as target:
        text = encode_text(normal(target)) + bytes(limit)
        expect_status(0, "the longest request", None, data=text[:limit])
        with LoginConn() as conn:
            conn.send_bytes(b"\x43\x87\0\0\0" + (limit + 1).to_bytes(3, "big") + bytes(40))
            conn.expect_close((LOGIN_RSP,), seconds=5)


def login_text(limit):
    """Text of one stage over all its requests: to the limit nothing is said, above 0200."""
    with open_target() as target:
        text = encode_text(normal(target))
        for extra, status in ((0, 0), (1, 0x200)):
            with LoginConn() as conn:
                left = limit + extra
                for _ in range(limit // 8000):
                    conn.request(OPERATIONAL, None, None, text + bytes(8000 - len(text)), more=True)
                    conn.response()
                    text, left = b"", left - 8000
                text = encode_text(normal(target))
                conn.request(OPERATIONAL, None, FFP, bytes(left))
                equal(hexadecimal(answer(conn)), hexadecimal(status), f"status of {extra} more")


def login_keys(limit):
    """Pairs of one text. So many known ones do not exist: only the refusal shows."""
    with open_target() as target:
        pairs = normal(target) + [(f"X-org.example.{n}", "v") for n in range(limit - 1)]
        expect_status(0x200, "too many keys", pairs)


def unknown_keys(limit):
    """Answers NotUnderstood in one login, together or one by one."""
    with open_target() as target:
        keys = [(f"X-org.example.{n}", "v") for n in range(limit + 1)]
        expect_status(0, "as many as possible", normal(target) + keys[:limit])
        expect_status(0x200, "one more", normal(target) + keys)
        conn, _answers = begun(target)
        with conn:
            for pair in keys[:limit]:
                conn.exchange(OPERATIONAL, [pair])
            conn.request(OPERATIONAL, keys[limit:], FFP)
            equal(hexadecimal(answer(conn)), "0200", "status of one more, later")


def key_length(limit):
    with open_target() as target:
        expect_status(0, "the longest key", normal(target) + [("K" * limit, "v")])
        expect_status(0x200, "a longer key", normal(target) + [("K" * (limit + 1), "v")])


def value_length(limit):
    with open_target() as target:
        for key, word in (("HeaderDigest", "None,"), ("TaskReporting", "RFC3720,")):
            value = word + "Y-" + "x" * (limit - len(word) - 2)
            expect_status(0, f"the longest {key}", normal(target) + [(key, value)])
            expect_status(0x200, f"a longer {key}", normal(target) + [(key, value + "x")])
        expect_status(0, "the longest AuthMethod", normal(target) + [
            ("AuthMethod", "None,Z-" + "x" * (limit - 7))], stage=SECURITY, to=OPERATIONAL)
        expect_status(0x200, "a longer AuthMethod", normal(target) + [
            ("AuthMethod", "None,Z-" + "x" * (limit - 6))], stage=SECURITY, to=OPERATIONAL)


def name_length(limit):
    fill = IQN + "n" * (limit - len(IQN))
    with open_target() as target:
        expect_status(0, "the longest name", names(fill, target.iqn))
        expect_status(0x200, "a longer name", names(fill + "n", target.iqn))


def alias_length(limit):
    """A longer alias is not kept; it is for display only, so no reason to fail."""
    with open_target() as target:
        acl = target.acl(INITIATOR)
        for length, shown in ((limit, True), (limit + 1, False)):
            with Session(target.iqn, keys={"InitiatorAlias": "a" * length}):
                equal("a" * limit in acl.get("info"), shown, f"alias of {length} bytes shown")


def chap_binary(limit):
    with Target("conf", auth=True) as target:
        target.auth(**MUTUAL)
        batch = Batch()
        for length, status in ((limit, 0), (limit + 1, 0x200)):
            batch.last_step(target, f"a challenge of {length} bytes", status,
                            lambda k, n=length: good(k) + [("CHAP_I", "1"),
                                                           ("CHAP_C", hexa(b"\1" * n))])
        batch.finish()


def chap_name(limit):
    with Target("conf", auth=True) as target:
        target.auth(**{**MUTUAL, "userid": "u" * limit})
        batch = Batch()
        for length, status in ((limit, 0), (limit + 1, 0x200)):
            batch.last_step(target, f"a name of {length} bytes", status,
                            lambda k, n=length: [("CHAP_N", "u" * n)] + good(k)[1:])
        batch.finish()


def login_requests(limit):
    """Requests of one login."""
    with open_target() as target:
        for extra, status in ((0, 0), (1, 0x200)):
            conn, _answers = begun(target)
            with conn:
                for _ in range(limit - 2 + extra):
                    conn.exchange(OPERATIONAL, [])
                conn.request(OPERATIONAL, [], FFP)
                equal(hexadecimal(answer(conn)), hexadecimal(status), f"status of {extra} more")


def is_open(conn):
    conn.sock.settimeout(0.02)
    try:
        return bool(conn.sock.recv(1))
    except (TimeoutError, BlockingIOError):
        return True
    except OSError:
        return False


class InTime:
    """What is said of peers at their login holds as long as the first of them has time left.
    On a machine that is busy with other things that may not be so."""

    def __init__(self):
        self.end = time.monotonic() + constant("TISCSI_LOGIN_TIMEOUT") - 1

    def __enter__(self):
        return self

    def __exit__(self, kind, error, _trace):
        if kind and issubclass(kind, (AssertionError, OSError)) and time.monotonic() > self.end:
            raise TooSlow(repr(error))


class TooSlow(Failure):
    """The first peers' login time was over."""


def connections_of_a_source(limit):
    """One try more, if the first peer's time was over before the last one had done its part."""
    for _ in range(2):
        try:
            return one_source(limit)
        except TooSlow as slow:
            failure = slow
    raise failure


def turned_away(there):
    """A newcomer's connection is reset, maybe while connect() waits for its turn to run."""
    try:
        late = LoginConn(there)
    except ConnectionResetError:
        return
    with late:
        wait_for(lambda: not is_open(late), "the end of the newcomer")


def one_source(limit):
    """Silent connections of one address: the oldest makes room. Those that have sent a
    request do not: then the newcomer is turned away. Others get in all the time."""
    there = ("127.0.0.1", OTHER_PORT)       # a portal that no earlier case has used
    with Target("conf", portals=(f"127.0.0.1:{OTHER_PORT}",)) as target, InTime():
        conns = [LoginConn(there) for _ in range(limit)]
        try:
            time.sleep(0.3)                 # for the last ones to be accepted
            check(is_open(conns[0]), "the first was closed too early")
            conns.append(LoginConn(there))
            wait_for(lambda: not is_open(conns[0]), "the end of the oldest")
            check(is_open(conns[1]) and is_open(conns[-1]), "another one was closed")
            conns.pop(0).close()
            # What is sent is proof enough, so nobody has to wait for its predecessor's answer.
            for conn in conns:
                conn.sock.settimeout(10)
                conn.request(OPERATIONAL, names(INITIATOR, target.iqn))
            for conn in conns:
                conn.response()
            turned_away(there)
            check(is_open(conns[0]), "one that is logging in was closed")
            elsewhere = socket.socket()
            with elsewhere:
                elsewhere.bind(("127.0.0.77", 0))
                elsewhere.connect(there)
                elsewhere.settimeout(0.2)
                try:
                    check(elsewhere.recv(1), "another address was turned away")
                except TimeoutError:
                    pass
        finally:
            for conn in conns:
                conn.close()


def connections_of_a_portal(limit):
    """The same for the portal as a whole, from many addresses."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit + 200, limit + 200))
    with Target("conf", portals=(f"127.0.0.1:{OTHER_PORT}",)):
        socks = []

        def connect(number):
            sock = socket.socket()
            sock.bind((f"127.0.1.{1 + number // 200}", 0))
            sock.connect(("127.0.0.1", OTHER_PORT))
            socks.append(sock)

        def closed(sock):
            sock.setblocking(False)
            try:
                return not sock.recv(1)
            except BlockingIOError:
                return False
            except OSError:
                return True

        try:
            for number in range(limit):
                connect(number)
            time.sleep(0.5)
            check(not closed(socks[0]), "the first was closed too early")
            connect(limit)
            wait_for(lambda: closed(socks[0]), "the end of the oldest")
            check(not closed(socks[1]) and not closed(socks[-1]), "another one was closed")
        finally:
            for sock in socks:
                sock.close()


# -- in full feature phase --

def command_data(limit):
    """DataSegmentLength after the login: what was declared."""
    with open_target() as target:
        with Session(target.iqn) as session:
            equal(session.values["mrdsl_out"], limit, "declared")
            equal(len(session.nop(bytes(limit))), 8192, "echo of the longest")
            session.send(session.base(NOP_OUT, FINAL, 9, {20: RTAG}, data=bytes(limit + 4),
                                      immediate=True))
            session.expect_close((REJECT,))
            session.close()


def additional_headers(limit):
    """An AHS area up to the longest that makes sense is read; up to the longest that can
    be announced it is refused, and the stream stays in step."""
    cdb = struct.pack(">HBB", 245, 1, 0) + bytes(244)           # 260 bytes of CDB
    bidirectional = struct.pack(">HBBI", 5, 2, 0, 512)
    with open_target() as target:
        with ready(target) as session:
            for ahs, rejected in ((cdb + bidirectional, False),
                                  (cdb + bidirectional + bytes(4), True), (bytes(1020), True),
                                  (cdb * 4, True)):
                if not rejected:
                    equal(len(ahs), limit, "length of the test's AHS")
                session.send(session.base(SCSI_CMD, FINAL | 0x60 | SIMPLE, session.next_itt(),
                                          {20: 512}, data=bytes(512), ahs=ahs))
                pdu = session.recv()
                equal(pdu.opcode, REJECT if rejected else SCSI_RSP, f"answer to {len(ahs)} bytes")
                session.cmdsn = pdu.word(28)
            works(session)


def text_of_a_request(limit):
    """Text over several requests with C."""
    with open_target() as target:
        for make in (lambda: Session(target.iqn), discovery):
            for extra in (0, 1):
                with make() as session:
                    itt, ttt = session.next_itt(), RTAG
                    text = encode_text([("SendTargets", "All")])
                    text += bytes(limit + extra - len(text))
                    for start in range(0, len(text), 8192):
                        last = start + 8192 >= len(text)
                        session.send(session.base(TEXT_REQ, FINAL if last else 0, itt, {20: ttt},
                                                  data=text[start:start + 8192]))
                        pdu = session.recv()
                        ttt = pdu.word(20)
                    equal(pdu.opcode, REJECT if extra else TEXT_RSP, f"answer to {extra} more")
                    session.cmdsn = pdu.word(28)


def text_answers(_limit):
    """One answer at a time: a new request forgets the old one and its bookmark."""
    many = [("X-org.example." + "k" * 40 + str(n), "v") for n in range(16)]
    with open_target() as target:
        with Session(target.iqn, keys={"MaxRecvDataSegmentLength": "512"}) as session:
            itt = session.next_itt()
            part = session.text(many, itt=itt)
            check(not part.final, "an answer in one part")
            session.text([])
            session.send(session.base(TEXT_REQ, FINAL, itt, {20: part.word(20)}))
            equal(session.rejected(INVALID_FIELD).bhs[2], INVALID_FIELD, "reason")


def command_window(limit):
    """MaxCmdSN - ExpCmdSN + 1 is at most the depth of the ACL."""
    for depth in (1, 16, limit):
        with Target("conf") as target:
            target.lun(0, mib=1)
            target.attrib("default_cmdsn_depth", depth)
            with Session(target.iqn) as session:
                for _ in range(3):
                    session.sync()
                with LoginConn() as conn:
                    conn.request(OPERATIONAL, names(INITIATOR + "2", target.iqn), FFP)
                    pdu = conn.expect(LOGIN_RSP)
                    equal(pdu.word(32) - pdu.word(28) + 1 & 0xffffffff, depth, "window at login")
                session.send(session.base(NOP_OUT, FINAL, session.next_itt(), {20: RTAG}))
                pdu = session.recv()
                check(pdu.word(32) - pdu.word(28) + 1 & 0xffffffff <= depth, "window:", pdu)


def immediate_commands(limit):
    """Immediate commands at a time; one more is rejected and the connection stays up."""
    with open_target() as target:
        with ready(target, answer_r2t=False) as session:
            for number in range(limit + 1):
                pdu = session.base(SCSI_CMD, FINAL | WRITE | SIMPLE, 0x5000 + number, {20: 4096},
                                   immediate=True)
                pdu.bhs[32:42] = write10(0, 8)
                session.send(pdu)
                seen = session.recv()
                if number == limit:
                    equal((seen.opcode, seen.bhs[2]), (REJECT, TOO_MANY_IMMEDIATE), "one more")
                else:
                    equal(seen.opcode, 0x31, f"answer to immediate write {number}")
            equal(session.nop(b"ping"), b"ping", "a ping that waits its turn")
            for number in range(limit):
                equal(session.tmf(ABORT_TASK, tag=0x5000 + number), 0, "response to the abort")


def unsolicited_data(limit):
    """Bytes without an R2T: FirstBurstLength."""
    with Target("conf") as target:
        target.lun(0, mib=1)
        target.param("InitialR2T", "No")
        keys = {"InitialR2T": "No", "FirstBurstLength": str(limit)}
        with ready(target, keys=keys) as session:
            for extra, status in ((0, GOOD), (512, 2)):
                task = session.submit(write10(0, (limit + extra) // 512),
                                      write=bytes(limit + extra), immediate=0,
                                      unsolicited=limit + extra)
                task.r2t_end = limit
                equal(session.wait(task).status, status, f"status of {extra} more")


def transfer(limit):
    """Bytes of one command: more is refused before memory is asked for."""
    blocks = limit // 512
    with Target("conf") as target:
        target.lun(0, kind="nullio", mib=64)
        with ready(target, keys={"MaxRecvDataSegmentLength": "262144"}) as session:
            task = session.command(struct.pack(">BxQIxx", 0x88, 0, blocks), read=limit)
            equal(len(task.data), limit, "bytes read")
            for cdb, read_, write_ in ((0x88, limit + 512, None), (0x8a, 0, b"\0" * 512)):
                task = session.wait(session.submit(
                    struct.pack(">BxQIxx", cdb, 0, blocks + 1), read=read_, write=write_,
                    edtl=limit + 512, immediate=0, unsolicited=0))
                equal(task.sense_code, (5, 0x24, 0), "sense of one block more")


def pings(_limit):
    """Pings whose answers are not read: the target stops reading, and goes on where it
    was once there is room again. The echo is no longer than what was declared."""
    with open_target() as target:
        with Session(target.iqn, keys={"MaxRecvDataSegmentLength": "4096"}) as session:
            wire, sent = b"", 0
            for number in range(4000):
                wire += session.encode(session.base(NOP_OUT, FINAL, number, {20: RTAG},
                                                    data=bytes(8192), immediate=True))
                if len(wire) > 65536:
                    session.sock.settimeout(0.5)
                    try:
                        done = session.sock.send(wire)
                    except TimeoutError:
                        break
                    sent, wire = sent + done, wire[done:]
            else:
                raise Failure("32 MB of pings were taken")
            session.timeout(10)
            for number in range(sent // (48 + 8192)):
                pdu = session.recv()
                equal((pdu.itt, pdu.dsl), (number, 4096), "echo")
            session.close()
        with Session(target.iqn) as session:
            works(session)


def log_lines(limit):
    """Lines about peers in five seconds, however many fail."""
    with open_target() as target:
        log = fresh_log()
        for number in range(4 * limit):
            first(names(INITIATOR, f"{target.iqn}-{number}"))
        lines = len(log.matching("login refused"))
        log.close()
        check(0 < lines <= limit, lines, "lines in the log")


BOUNDS = {
    "login-data": ("ICORE_LOGIN_DSL", login_data),
    "login-text": ("ICORE_LOGIN_TEXT_MAX", login_text),
    "login-keys": ("ICORE_LOGIN_KEYS_MAX", login_keys),
    "unknown-keys": ("ICORE_LOGIN_UNKNOWN_MAX", unknown_keys),
    "key-length": ("ICORE_KEY_MAX", key_length), "value-length": ("ICORE_VALUE_MAX", value_length),
    "name-length": ("ICORE_NAME_MAX", name_length), "alias": ("ICORE_ALIAS_MAX", alias_length),
    "CHAP-binary": ("ICORE_BINVAL_MAX", chap_binary), "CHAP-name": ("ICORE_SECRET_MAX", chap_name),
    "login-requests": ("ICORE_LOGIN_PDUS_MAX", login_requests),
    "source": ("TISCSI_SOURCE_SLOTS", connections_of_a_source),
    "portal": ("TISCSI_NP_SLOTS", connections_of_a_portal),
    "command-data": (262144, command_data), "AHS": ("ICORE_AHS_USE_MAX", additional_headers),
    "text": ("ICORE_FFP_TEXT_MAX", text_of_a_request), "text-answers": (1, text_answers),
    "window": (64, command_window), "immediate": ("TISCSI_IMMEDIATE_MAX", immediate_commands),
    "unsolicited-data": (4096, unsolicited_data), "transfer": ("TISCSI_TRANSFER_MAX", transfer),
    "pings": ("TISCSI_CTL_SLOTS", pings), "log": ("LOG_BURST", log_lines),
}


@covers("SEC-01", fixture=None, rows=BOUNDS, limit=60)
def bound(limit, probe):
    """One resource of section 9.1. The login's time is LOGIN-44's, peers that do not read
    or answer are SEC-06's, memory before authentication is SEC-02's."""
    probe(constant(limit) if isinstance(limit, str) else limit)
