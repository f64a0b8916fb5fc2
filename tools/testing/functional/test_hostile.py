# SPDX-License-Identifier: GPL-2.0
"""Garbage in every phase. The target may answer what it likes, but it stays up,
serves the next login, and its kernel has nothing to complain about."""

import os
import random
import socket
import time

import harness
import login
from harness import check, equal
from login import OPERATIONAL, LoginConn
from raw import DATA_OUT, FINAL, RTAG, SCSI_CMD, Pdu
from session import SIMPLE, WRITE, Session, read10, write10
from target import Target

# Said in the kernel's log, so that a finding can be repeated.
SEED = int(os.environ.get("TISCSI_SEED", "0")) or int(time.time())
GONE = (OSError, harness.Failure)
SECONDS = 8         # of each kind


def rounds(name):
    """Random generators, a new one for each round, until the time is up."""
    harness.note(f"seed of hostile.{name}: TISCSI_SEED={SEED}")
    end = time.monotonic() + SECONDS * min(1, harness.WORK * 2)
    number = 0
    while time.monotonic() < end:
        yield random.Random(f"{SEED} {name} {number}")
        number += 1
    harness.note(f"{number} rounds of hostile.{name}")


def hostile_target():
    target = Target("hostile")
    target.lun(0)
    target.lun(1, kind="file")
    return target


def still_works(target):
    with Session(target.iqn, initiator="iqn.2026-11.test:good") as session:
        session.ready(0)
        data = os.urandom(4096)
        session.write_at(1024, data)
        equal(session.read_at(1024, 4096), data, "the disk")
    harness.wait_for(lambda: target.sessions() == 0, "the end of all sessions", 20)


def drain(conn):
    """Let the target say what it wants to, without waiting for it."""
    conn.sock.settimeout(0.002)
    try:
        while conn.sock.recv(65536):
            pass
    except OSError:
        pass


def leave(rng, conn):
    conn.sock.settimeout(5)
    if rng.random() < 0.5:
        conn.reset()
    else:
        conn.close()


LOGIN_TEXTS = (b"", b"A", b"=", b"=x\0", b"A=\0", b"InitiatorName=\0", b"X" * 64 + b"=1\0",
               b"InitiatorName=iqn.2026-11.test:x\0TargetName=", b"\0" * 100, b"SessionType=\xff\0",
               b"MaxBurstLength=99999999999999999999\0", b"CHAP_R=0x\0", b"CHAP_C=0b====\0",
               b"AuthMethod=CHAP,None,,,\0", b"HeaderDigest=" + b"," * 500 + b"\0",
               b"InitiatorAlias=" + b"%s\n\x1b" * 50 + b"\0")


def test_before_login():
    """Bytes, headers and texts that are no login."""
    with hostile_target() as target:
        good = login.encode_text(login.names(login.INITIATOR, target.iqn))
        for rng in rounds("before_login"):
            conn = LoginConn()
            try:
                for _ in range(rng.randint(1, 4)):
                    kind = rng.randrange(5)
                    if kind == 0:
                        conn.send_bytes(rng.randbytes(rng.randint(1, 600)))
                    elif kind == 1:
                        pdu = Pdu.from_bytes(rng.randbytes(48))
                        pdu.bhs[0] = 0x43
                        conn.send_bytes(bytes(pdu.bhs) + rng.randbytes(rng.randint(0, 200)))
                    elif kind == 2:
                        conn.request(rng.randrange(4), None, rng.choice((None, 0, 1, 2, 3)),
                                     rng.choice(LOGIN_TEXTS) + rng.choice(LOGIN_TEXTS),
                                     more=rng.random() < 0.2, version=rng.choice((0, 0, 0, 1, 255)))
                    elif kind == 3:
                        text = bytearray(good)
                        for _ in range(rng.randint(1, 4)):
                            text[rng.randrange(len(text))] = rng.randrange(256)
                        conn.request(OPERATIONAL, None, login.FFP, bytes(text))
                    else:
                        conn.request(rng.choice((0, 1)), None, None,
                                     good[:rng.randint(1, len(good))], more=True)
                    if rng.random() < 0.5:
                        drain(conn)
            except GONE:
                pass
            leave(rng, conn)
        still_works(target)


def random_pdu(rng, session):
    """A PDU that is right in most places."""
    opcode = rng.choice((0, 1, 1, 1, 2, 4, 5, 5, 6, 0x10, rng.randrange(64)))
    itt = rng.choice((session.next_itt(), session.last_itt, RTAG, rng.getrandbits(32)))
    words = {20: rng.choice((0, RTAG, 512, 4096, rng.getrandbits(32)))}
    data = rng.randbytes(rng.choice((0, 0, 0, 1, 512, 4096, rng.randrange(8192))))
    ahs = rng.randbytes(4 * rng.randrange(20)) if rng.random() < 0.1 else b""
    flags = rng.choice((FINAL, FINAL | WRITE | SIMPLE, FINAL | 0x41, WRITE, 0, rng.randrange(256)))
    pdu = session.base(opcode, flags, itt, words, rng.choice((0, 0, 1, 9, rng.randbytes(8))), data,
                       immediate=rng.random() < 0.3, ahs=ahs)
    if opcode == SCSI_CMD:
        cdb = rng.choice((read10(rng.randrange(64), rng.randrange(128)), write10(0, 8),
                          rng.randbytes(16), bytes(6)))
        pdu.bhs[32:32 + len(cdb)] = cdb
    for _ in range(rng.choice((0, 0, 1, 2))):
        pdu.bhs[rng.randrange(48)] = rng.randrange(256)
    return pdu


def test_random_pdus():
    """PDUs with random fields in a session."""
    with hostile_target() as target:
        for rng in rounds("random_pdus"):
            keys = {"HeaderDigest": rng.choice(("None", "CRC32C")),
                    "DataDigest": rng.choice(("None", "CRC32C")),
                    "ImmediateData": rng.choice(("Yes", "No"))}
            session = Session(target.iqn, keys=keys, answer_r2t=False)
            try:
                for _ in range(rng.randint(1, 40)):
                    pdu = random_pdu(rng, session)
                    if rng.random() < 0.8:
                        session.send(pdu)
                    else:       # header without regard for its length fields
                        session.send_bytes(bytes(pdu.bhs))
                    if rng.random() < 0.2:
                        drain(session)
            except GONE:
                pass
            leave(rng, session)
        still_works(target)


def test_random_bytes():
    """Bytes after a login."""
    with hostile_target() as target:
        for rng in rounds("random_bytes"):
            session = Session(target.iqn, answer_r2t=False)
            try:
                for _ in range(rng.randint(1, 20)):
                    session.send_bytes(rng.randbytes(rng.randint(1, 4000)))
            except GONE:
                pass
            leave(rng, session)
        still_works(target)


def test_truncated():
    """Good PDUs cut anywhere, then RST or FIN, with commands under way."""
    with hostile_target() as target:
        for rng in rounds("truncated"):
            session = Session(target.iqn, keys={"DataDigest": "CRC32C"}, answer_r2t=False)
            try:
                for number in range(rng.randint(0, 8)):
                    session.submit(read10(number, 64), read=32768)
                    session.submit(write10(number, 16), write=rng.randbytes(8192),
                                   immediate=rng.choice((0, 512)), lun=rng.randrange(2))
                task = session.submit(write10(0, 16), write=bytes(8192), immediate=0)
                while not task.r2ts and rng.random() < 0.9:
                    session.pump()
                ttt = task.r2ts[0].word(20) if task.r2ts else RTAG
                wire = session.encode(Pdu(DATA_OUT, FINAL, 0, task.itt, {20: ttt}, bytes(8192)))
                session.send_bytes(wire[:rng.randrange(len(wire))])
            except GONE:
                pass
            leave(rng, session)
        still_works(target)


def test_data_out():
    """Data-Out with wrong tags, offsets, lengths and numbers, for open writes."""
    with hostile_target() as target:
        for rng in rounds("data_out"):
            session = Session(target.iqn, answer_r2t=False,
                              keys={"MaxBurstLength": str(rng.choice((512, 2048, 8192))),
                                    "FirstBurstLength": "512", "MaxOutstandingR2T": "4"})
            try:
                tasks = [session.submit(write10(8 * n, 8), write=rng.randbytes(4096), immediate=0)
                         for n in range(4)]
                for task in tasks:
                    while not task.r2ts and not task.done:
                        session.pump()
                for _ in range(rng.randint(1, 12)):
                    task = rng.choice(tasks)
                    ttt = rng.choice([r.word(20) for r in task.r2ts] +
                                     [RTAG, rng.getrandbits(32), task.r2ts[0].word(20) ^ 1 << 16])
                    offset = rng.choice((0, 512, 4095, 4096, 0xffffffff, rng.getrandbits(32)))
                    data = rng.randbytes(rng.choice((0, 1, 512, 4096, 8192)))
                    session.send(Pdu(DATA_OUT, rng.choice((0, FINAL)), rng.choice((0, 1)), task.itt,
                                     {20: ttt, 36: rng.choice((0, 0, 1, 77)), 40: offset}, data))
                if rng.random() < 0.5:
                    session.nop()
            except GONE:
                pass
            leave(rng, session)
        still_works(target)


def test_too_long():
    """Lengths up to the largest that the field can hold: the connection ends."""
    with hostile_target() as target:
        for length in (262145, 0x7fffff, 0xffffff):
            for opcode in (0x40, 0x41, 0x44, 0x05):
                with Session(target.iqn) as session:
                    pdu = session.base(opcode & 0x3f, FINAL, 5, {20: RTAG})
                    pdu.bhs[0] = opcode
                    pdu.bhs[5:8] = length.to_bytes(3, "big")
                    session.send_bytes(bytes(pdu.bhs))
                    session.expect_close((0x3f,))
        for length in (8193, 0xffffff):
            with LoginConn() as conn:
                pdu = Pdu(0x43, 0x87, itt=1)
                pdu.bhs[5:8] = length.to_bytes(3, "big")
                conn.send_bytes(bytes(pdu.bhs))
                conn.expect_close((0x23,))
        still_works(target)


def test_text_flood():
    """Text without end, and ping after ping without reading the answers."""
    with hostile_target() as target:
        with Session(target.iqn) as session:
            try:
                ttt, itt = RTAG, session.next_itt()
                for _ in range(20):
                    answer = session.text(None, 0, ttt, b"X-a=" + b"b" * 4000, itt)
                    ttt = answer.word(20)
                raise AssertionError("80 KB of text were taken")
            except harness.Failure as failure:
                check("0x3f" in str(failure) or "closed" in str(failure), failure)
        session = Session(target.iqn)
        session.sock.settimeout(0.5)
        try:
            for _ in range(4000):
                session.send(session.base(0, FINAL, 7, {20: RTAG}, data=bytes(4096),
                                          immediate=True))
        except socket.timeout:
            pass
        session.reset()
        still_works(target)


def test_short():
    """A little of everything, for the quick round."""
    harness.note(f"seed of hostile.short: TISCSI_SEED={SEED}")
    rng = random.Random(SEED)
    with hostile_target() as target:
        for _ in range(6):
            conn = LoginConn()
            conn.send_bytes(b"\x43" + rng.randbytes(100))
            leave(rng, conn)
            session = Session(target.iqn, answer_r2t=False)
            try:
                for _ in range(10):
                    session.send(random_pdu(rng, session))
            except GONE:
                pass
            leave(rng, session)
        still_works(target)


test_short.quick = True
