# SPDX-License-Identifier: GPL-2.0
"""Security history, before authentication: first PDUs, and logins at every pace."""

import random
import socket
import time

import harness
import history
import login
import raw
import target as target_module
from harness import check, equal, patience, wait_for
from history import Bystander, honest_login, outcome, refused
from login import FFP, OPERATIONAL, SECURITY, LoginConn, encode_text, names
from raw import FINAL, IMMEDIATE, LOGIN_REQ, LOGIN_RSP, NOP_OUT, RTAG, SCSI_CMD, Conn, Pdu
from session import READ, SIMPLE, read10
from target import Target

PARAMS = [("HeaderDigest", "None"), ("DataDigest", "None")]


def login_target(**kwargs):
    target = Target("login", **kwargs)
    target.lun(0)
    return target


def first_pdu(target, pairs=(), flags=0x87, initiator=login.INITIATOR):
    """A login request that is all that a login needs."""
    pdu = Pdu(LOGIN_REQ | IMMEDIATE, flags, itt=0x1000, words={20: 0, 24: 1},
              data=encode_text(names(initiator, target.iqn) + list(pairs)))
    pdu.bhs[8:14] = raw.random_isid()
    return pdu


def wire_of(pdu):
    return pdu.head() + pdu.data + raw.padding(len(pdu.data))


# -- row 5 --

def test_row_05_truncated():
    """A first PDU of 0 to 76 bytes, and then FIN or RST: no answer, nothing is left."""
    with login_target() as target, Bystander(target):
        wire = wire_of(first_pdu(target))
        for length in range(77):
            with Conn() as conn:
                conn.send_bytes(wire[:length])
                conn.sock.shutdown(socket.SHUT_WR)
                equal(conn.expect_close(), [], f"answer to {length} bytes and FIN")
            conn = Conn()
            conn.send_bytes(wire[:length])
            conn.reset()
        # A whole header that promises more than comes.
        for promise in (1, 4, len(wire) - 48, 8192):
            for length in (48, 49, 52, 76):
                with Conn() as conn:
                    short = bytearray(wire[:length])
                    short[5:8] = promise.to_bytes(3, "big")
                    conn.send_bytes(bytes(short))
                    try:
                        conn.sock.shutdown(socket.SHUT_WR)
                    except OSError:     # it is all there, and refused
                        pass
                    if promise > length - 48:
                        equal(conn.expect_close(), [], f"answer to {length} of {promise} bytes")
                    else:
                        conn.expect_close((LOGIN_RSP,))
        honest_login(target)
    all_slots_free()


def all_slots_free():
    """The module can be unloaded only when no login is under way."""
    target_module.unload()
    equal(harness.kernel_threads(), [], "threads after rmmod")
    target_module.load()


# -- row 7 --

def test_row_07_first_opcode():
    """Each of the 64 opcodes first, with and without I, data and AHS: only a Login
    Request is answered, everything else is closed without a byte."""
    with login_target() as target, Bystander(target):
        for opcode in range(64):
            for immediate in (0, IMMEDIATE, 0x80):
                for extra in ({}, {"data": b"X-a=b\0"}, {"ahs": bytes(8)},
                              {"data": bytes(8192), "ahs": bytes(1020)}):
                    with LoginConn() as conn:
                        pdu = Pdu(opcode | immediate, 0x87, itt=1, **extra)
                        try:
                            conn.send(pdu)
                        except ConnectionError:     # before the last byte was sent
                            check(opcode != LOGIN_REQ, "closed on a login")
                        if opcode != LOGIN_REQ:
                            equal(conn.expect_close(), [], f"answer to opcode {opcode:#x}")
                        elif extra.get("ahs"):
                            refused(conn, 0x200, "a login with AHS")
                        else:
                            refused(conn, 0x207, "a login without names")
        # A good first request behind one that is none comes too late.
        for opcode in (NOP_OUT, SCSI_CMD, 0x3f):
            with LoginConn() as conn:
                conn.send_bytes(wire_of(Pdu(opcode, 0x80, itt=1)) + wire_of(first_pdu(target)))
                equal(conn.expect_close(), [], "answers")


# -- rows 8 and 9 --

def pipeline(target, digests=False):
    """Everything from the first login request to a ping and a read, back to back, as
    (bytes, number of login responses)."""
    chunks = []
    isid = raw.random_isid()

    def request(stage, pairs, to):
        flags = stage << 2 | (0 if to is None else 0x80 | to)
        pdu = Pdu(LOGIN_REQ | IMMEDIATE, flags, itt=0x1000, words={20: 0, 24: 1},
                  data=encode_text(pairs))
        pdu.bhs[8:14] = isid
        chunks.append(wire_of(pdu))

    wanted = [(key, "CRC32C" if digests else "None") for key, _ in PARAMS]
    request(SECURITY, names(login.INITIATOR, target.iqn), None)
    request(SECURITY, [], OPERATIONAL)
    request(OPERATIONAL, wanted, None)
    request(OPERATIONAL, [("MaxRecvDataSegmentLength", "8192")], None)
    request(OPERATIONAL, [], FFP)
    encoder = object.__new__(Conn)
    encoder.header_digest = encoder.data_digest = digests
    chunks.append(encoder.encode(Pdu(NOP_OUT, FINAL, 0, 0x2000, {20: RTAG, 24: 1}, b"ping")))
    read = Pdu(SCSI_CMD, FINAL | READ | SIMPLE, 0, 0x2001, {20: 512, 24: 2})
    read.bhs[32:42] = read10(0, 1)
    chunks.append(encoder.encode(read))
    return chunks


def pipeline_answers(conn, digests):
    """What the target owes to the pipeline, in order."""
    for number in range(5):
        pdu, _pairs = conn.response()
        equal(bool(pdu.flags & 0x80), number in (1, 4), f"T of response {number}")
    conn.header_digest = conn.data_digest = digests
    pdu = conn.expect(raw.NOP_IN)
    equal((pdu.itt, pdu.data), (0x2000, b"ping"), "answer to the ping")
    pdu = conn.recv()
    equal(pdu.itt, 0x2001, "ITT of the answer to the read")
    check(pdu.opcode in (raw.SCSI_RSP, raw.DATA_IN), "no answer to a read:", pdu)


class Pipeline(LoginConn):
    def request_isid(self, chunks):
        self.isid = bytes(chunks[0][8:14])


def run_pipeline(target, send, digests=False):
    chunks = pipeline(target, digests)
    with Pipeline() as conn:
        conn.request_isid(chunks)
        send(conn, chunks)
        pipeline_answers(conn, digests)


def test_row_08_at_the_end_of_login():
    """The first PDU of full feature phase comes with the last login request, or at any
    moment around its answer."""
    with login_target() as target, Bystander(target):
        rng = random.Random(8)
        for number in range(harness.scaled(120, 20)):
            delay = rng.choice((0, 0.0001, 0.0005, 0.001, 0.002, 0.005))

            def send(conn, chunks, pause=delay):
                conn.send_bytes(b"".join(chunks[:4]))
                time.sleep(pause)
                conn.send_bytes(chunks[4])
                time.sleep(pause)
                conn.send_bytes(b"".join(chunks[5:]))

            run_pipeline(target, send, bool(number & 1))
        all_but_one(target)


def all_but_one(target):
    wait_for(lambda: target.sessions() == 1, "the end of all sessions but the bystander's")


def test_row_09_one_segment():
    """A whole login and the first commands in one segment, PDU by PDU with delays, and
    cut in two at every byte: the answers are the same."""
    with login_target() as target, Bystander(target):
        for digests in (False, True):
            run_pipeline(target, lambda conn, chunks: conn.send_bytes(b"".join(chunks)), digests)
            for delay in (0.001, 0.02):
                def slowly(conn, chunks, pause=delay):
                    for chunk in chunks:
                        conn.send_bytes(chunk)
                        time.sleep(pause)
                run_pipeline(target, slowly, digests)
        total = len(b"".join(pipeline(target)))
        for cut in range(1, total, max(1, int(3 / min(1, harness.WORK)))):
            def in_two(conn, chunks, at=cut):
                data = b"".join(chunks)
                conn.send_bytes(data[:at])
                time.sleep(0.0005)
                conn.send_bytes(data[at:])
            run_pipeline(target, in_two)

        def trickle(conn, chunks):
            for byte in b"".join(chunks):
                conn.send_bytes(bytes([byte]))
        run_pipeline(target, trickle)
        all_but_one(target)


# -- row 10 --

def test_row_10_half_finished():
    """A thousand logins under way from four addresses; as many finish as shall, the
    others break off, and meanwhile an honest login is as fast as ever."""
    history.many_files()
    count = harness.scaled(1000, 100) // 4
    with login_target() as target, Bystander(target):
        conns = []
        try:
            for number in range(4 * min(count, 240)):
                conn = history.From(f"127.0.1.{1 + number % 4}", seconds=20)
                conn.request(OPERATIONAL, names(f"{login.INITIATOR}{number}", target.iqn))
                conns.append(conn)
            for conn in conns:
                pdu, _pairs = conn.response()
                equal(pdu.flags, OPERATIONAL << 2, "flags")
            honest_login(target)
            random.Random(10).shuffle(conns)
            finish, leave = conns[:40], conns[40:]
            for number, conn in enumerate(leave):
                if number % 2:
                    conn.reset()
                else:
                    conn.close()
            for conn in finish:
                conn.request(OPERATIONAL, PARAMS, FFP)
            for conn in finish:
                pdu, _pairs = conn.response()
                equal(pdu.flags, 0x87, "flags of the last response")
            equal(target.sessions(), len(finish) + 1, "sessions")
            honest_login(target)
        finally:
            for conn in conns:
                conn.close()
        wait_for(lambda: target.sessions() == 1, "the end of the sessions", 20)


def test_row_10_same_moment():
    """Logins that end in the same moment. Of one initiator port's, each but the last is
    reinstated, perhaps before its answer is out; every other initiator has its own."""
    with login_target() as target, Bystander(target):
        for _round in range(harness.scaled(6, 2)):
            isid = raw.random_isid()
            conns = []
            for number in range(16):
                same = number < 4
                conn = LoginConn(isid=isid if same else None, seconds=20)
                conn.exchange(OPERATIONAL, names(login.INITIATOR if same else
                                                 f"{login.INITIATOR}{number}", target.iqn))
                conns.append(conn)
            for conn in conns:
                conn.request(OPERATIONAL, PARAMS, FFP)
            same = [conn.recv() for conn in conns[:4]]
            check(any(same), "none of one port's logins was answered")
            tsihs = [conn.response()[0].half(14) for conn in conns[4:]]
            equal(len(set(tsihs) - {0}), 12, "different TSIHs")
            wait_for(lambda: target.sessions() == 14, "12 sessions, one, and the bystander's")
            for conn in conns:
                conn.close()
            all_but_one(target)


# -- row 11 --

def closed(sock):
    sock.settimeout(0.001)
    try:
        return sock.recv(1) == b""
    except socket.timeout:
        return False
    except ConnectionResetError:
        return True


def test_row_11_seconds():
    """Silent, a byte a second, a request a second: cut after 15 seconds all the same."""
    with login_target() as target, Bystander(target):
        with Conn(seconds=30) as silent, LoginConn(seconds=30) as slow, \
                LoginConn(seconds=30) as steps, LoginConn(seconds=30) as busy:
            conns = {"silent": silent.sock, "slow": slow.sock, "steps": steps.sock,
                     "busy": busy.sock}
            for conn in (steps, busy):
                conn.request(OPERATIONAL, names(login.INITIATOR, target.iqn))
                conn.response()
            start = time.monotonic()
            ended = {}
            while len(ended) < 4 and time.monotonic() - start < 15 + patience(6):
                for name, sock in conns.items():
                    if name in ended:
                        continue
                    if closed(sock):
                        ended[name] = time.monotonic() - start
                        continue
                    try:
                        if name == "slow":
                            sock.send(b"\x43" if time.monotonic() - start < 1 else b"\0")
                        elif name == "busy":
                            busy.timeout(5)
                            busy.exchange(OPERATIONAL, [])
                    except (OSError, login.Closed):
                        pass
                time.sleep(1)
            equal(sorted(ended), sorted(conns), "connections that were cut")
            for name, seconds in ended.items():
                check(13 < seconds < 15 + patience(6), name, "cut after", seconds)


test_row_11_seconds.limit = 90


# -- row 12 --

def flipped(bit, real):
    """What has to become of a good first request with this bit of its header inverted:
    a set of outcomes."""
    byte, mask = bit // 8, 0x80 >> bit % 8
    if byte == 0:
        return {0} if mask in (0x80, 0x40) else {"closed"}
    if byte == 1:
        # T, C, two reserved bits, CSG (01 becomes 11 or 00), NSG (11 becomes 01 or 10).
        return {0x80: {0}, 0x40: {0x200}, 0x20: {0}, 0x10: {0}, 0x08: {0x200}, 0x04: {0},
                0x02: {0x200}, 0x01: {0x200}}[mask]
    if byte == 3:
        return {0x205}
    if byte == 4:
        return {0x200}
    if byte in (5, 6, 7):
        length = real ^ mask << 8 * (7 - byte)
        if length > 8192:
            return {"closed"}
        # The zeros that follow are text or the next PDU, which comes too late.
        return {0} if length >= real else {0, 0x200, 0x203, 0x207}
    if byte in (14, 15):
        return {0x20a}
    return {0}


def test_row_12_every_bit():
    """Every bit of the first header inverted: each has the outcome that the field says."""
    with login_target() as target, Bystander(target):
        for bit in range(48 * 8):
            pdu = first_pdu(target)
            wire = bytearray(wire_of(pdu))
            wire[bit // 8] ^= 0x80 >> bit % 8
            with LoginConn() as conn:
                conn.itt = int.from_bytes(wire[16:20], "big")
                rest = bytes(9000 if bit // 8 in (4, 5, 6, 7) else 0)
                try:
                    conn.send_bytes(bytes(wire) + rest)
                    conn.sock.shutdown(socket.SHUT_WR)
                except OSError:         # closed before the last byte was sent
                    pass
                seen = outcome(conn)
                check(seen in flipped(bit, len(pdu.data)), f"bit {bit % 8} of byte {bit // 8}:",
                      seen)
        all_but_one(target)


def test_row_12_corpus():
    """Headers and texts that have broken targets: a status or the end, at once."""
    with login_target() as target, Bystander(target):
        who = encode_text(names(login.INITIATOR, target.iqn))
        for data in (b"\0" * 8192, b"=" * 8192, b"A" * 8192, b"\xff" * 8192, b"A=" + b"%n%s" * 500,
                     who[:-1] + b"\0" * 4000, who.replace(b"=", b"=="), who.replace(b"=", b"\0"),
                     who * 40, who + b"=\0", who + b"A\0", who + b"A=\0" * 3, b"\0" + who,
                     who + b"X-" + b"a" * 61 + b"=\0", who.replace(b"Normal", b"Normal,"),
                     who.replace(b"iqn.", b"eui."), who.replace(b"iqn.", b"naa."),
                     who.replace(b"iqn.", b"IQN."), who.replace(b"iqn.", b"\xef\xbb\xbfiqn."),
                     who.replace(b":", b"\xc0\x80"), who.replace(b":", b"\xed\xa0\x80")):
            with LoginConn() as conn:
                conn.request(OPERATIONAL, None, FFP, data)
                seen = outcome(conn)
                check(seen in (0, 0x200, 0x203, 0x207, 0x209), f"{data[:60]!r}:", seen)
                check(seen == 0 or not conn.expect_close(), "not closed after", seen)
        for length in (8193, 0x7fffff, 0xffffff):
            for ahs in (0, 1, 255):
                with Conn() as conn:
                    pdu = first_pdu(target)
                    pdu.bhs[4] = ahs
                    pdu.bhs[5:8] = length.to_bytes(3, "big")
                    conn.send_bytes(bytes(pdu.bhs) + bytes(4 * ahs))
                    equal(conn.expect_close(), [], f"answer to a segment of {length}")
        all_but_one(target)
