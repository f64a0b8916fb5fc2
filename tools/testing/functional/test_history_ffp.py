# SPDX-License-Identifier: GPL-2.0
"""Security history, after login: lengths and tags that a PDU only claims."""

import itertools
import random

import harness
from harness import check, equal
from history import Bystander
from login import LOGIN_REQ, decode_text, encode_text
from raw import (DATA_OUT, FINAL, IMMEDIATE, NOP_IN, NOP_OUT, REJECT, RTAG, SCSI_CMD, SCSI_RSP,
                 TEXT_REQ, TMF_REQ, Pdu, crc32c, padding)
from session import (ABORT_TASK, CHECK_CONDITION, GOOD, READ, SIMPLE, WRITE, Session, Task,
                     discovery, read10, write10)
from target import Target

PROTOCOL, UNSUPPORTED, INVALID, DATA_DIGEST = 0x04, 0x05, 0x09, 0x02
CRC = {"HeaderDigest": "CRC32C", "DataDigest": "CRC32C"}
UNEXPECTED, INCORRECT, CRC_ERROR = (0xb, 0xc, 0xc), (0xb, 0xc, 0xd), (0xb, 0x47, 5)


def ffp_target():
    target = Target("ffp")
    target.lun(0)
    return target


def seen(task):
    return task.status, task.sense_code if task.sense else None


# -- row 22 --

def ahs(kind, length, real=None):
    """One AHS that claims length bytes and has real ones, with its padding."""
    content = bytes(range(1, 256))[:length if real is None else real]
    return length.to_bytes(2, "big") + bytes([kind]) + content + padding(3 + len(content))


def bad_ahs():
    """(what, AHS area)"""
    for kind in (0, 1, 2, 3, 0x3f, 255):
        yield f"length 0 of type {kind}", ahs(kind, 0)
    yield "extended CDB of 16 bytes", ahs(1, 1)
    for length in (0x15, 0x100, 0x7fff, 0xffff):
        yield f"extended CDB of {length} that are not there", ahs(1, length, 17)
    for over in (1, 2, 3, 4, 5):
        yield f"extended CDB {over} over its area", ahs(1, 17 + over, 17)
    for length in (246, 247, 250, 253):
        yield f"extended CDB longer than a CDB, {length}", ahs(1, length)
    yield "two extended CDBs", ahs(1, 17) + ahs(1, 17)
    yield "three extended CDBs", ahs(1, 5) * 3
    yield "bidirectional length of 4", ahs(2, 4)
    yield "bidirectional length of 6", ahs(2, 6)
    yield "bidirectional length without W", ahs(2, 5)
    yield "two bidirectional lengths", ahs(2, 5) * 2
    for kind in (0, 3, 4, 0x20, 0x3f):
        yield f"type {kind}", ahs(kind, 5)
    yield "a good one and a bad one", ahs(1, 17) + ahs(9, 1)
    yield "the rest too short for a header", ahs(1, 17) + b"\0\0\0\0"
    yield "a whole area of zeros", bytes(1020)
    yield "a whole area of ones", b"\xff" * 1020
    yield "an area above 256 bytes", ahs(1, 17) + ahs(2, 5) * 30


def test_row_22_ahs():
    """Every AHS that is none is one Reject, whatever digests and data are there; the
    next PDU is where it should be."""
    with ffp_target() as target, Bystander(target):
        for keys in ({}, CRC):
            with Session(target.iqn, keys=keys) as session:
                session.ready(0)
                for (what, area), data in itertools.product(bad_ahs(), (b"", b"data" * 128)):
                    flags = FINAL | SIMPLE | (WRITE if data else READ)
                    itt = session.next_itt()
                    pdu = session.base(SCSI_CMD, flags, itt, {20: 512}, data=data, ahs=area,
                                       immediate=True)
                    pdu.bhs[32:42] = write10(7, 1) if data else read10(0, 1)
                    session.send(pdu)
                    reject = session.rejected(INVALID)
                    equal(reject.data[:48], pdu.head()[:48], f"copied header of {what}")
                    session.sync()
                for opcode in (NOP_OUT, TMF_REQ, TEXT_REQ):
                    session.send(session.base(opcode, FINAL | (1 if opcode == TMF_REQ else 0), 9,
                                              {20: RTAG}, ahs=ahs(1, 17), immediate=True))
                    session.rejected(INVALID)
                equal(session.read_at(7, 512), bytes(512), "the disk")


def test_row_22_good_ahs():
    """Extended CDBs of every length get a status of the device."""
    with ffp_target() as target, Bystander(target):
        for keys in ({}, CRC):
            with Session(target.iqn, keys=keys) as session:
                session.ready(0)
                for length in range(2, 246, 1 if harness.WORK >= 1 else 9):
                    for opcode in (0x7f, 0x28, 0xc1):
                        status, sense = long_cdb(session, bytes([opcode]) + bytes(14 + length))
                        if opcode != 0x28:
                            equal((status, sense and sense[0]), (CHECK_CONDITION, 5),
                                  f"CDB of {15 + length}")


def long_cdb(session, cdb):
    """(status, sense) of a read with this CDB."""
    extra = cdb[16:]
    area = (len(extra) + 1).to_bytes(2, "big") + b"\1\0" + extra
    task = Task(session.next_itt(), cdb[:16], 0, 512, None)
    task.cmdsn = session.cmdsn
    session.tasks[task.itt] = task
    pdu = session.base(SCSI_CMD, FINAL | READ | SIMPLE, task.itt, {20: 512},
                       ahs=area + padding(len(area)))
    pdu.bhs[32:48] = cdb[:16]
    session.send(pdu)
    return seen(session.wait(task))


# -- row 23 --

def corrupt(session, pdu, place):
    """The PDU with one bit wrong, counted from the end of its bytes."""
    wire = bytearray(session.encode(pdu))
    wire[-1 - place] ^= 0x10
    session.send_bytes(bytes(wire))


def test_row_23_text_digest():
    """Text Requests of 0 to 12 bytes and around 8192, digest good and bad; a bad one is
    Reject 0x02, and the same request again is answered."""
    with ffp_target() as target, Bystander(target):
        with Session(target.iqn, keys={"DataDigest": "CRC32C"}) as session:
            equal(session.text([]).data, b"", "answer to nothing")
            for length in (5, 6, 7, 8, 9, 10, 11, 12, 8189, 8190, 8191, 8192):
                data = b"X-a=" + b"v" * (length - 5) + b"\0"
                pads = -length % 4
                for immediate in (True, False):
                    for place in (0, 3, 4, 4 + pads, 3 + pads + length):
                        itt, cmdsn = session.next_itt(), session.cmdsn
                        pdu = session.base(TEXT_REQ, FINAL, itt, {20: RTAG}, data=data,
                                           immediate=immediate)
                        corrupt(session, pdu, place)
                        session.rejected(DATA_DIGEST)
                        session.cmdsn = cmdsn
                    answer = session.text(None, data=data)
                    equal(decode_text(answer.data), [("X-a", "NotUnderstood")], "answer")
            # In the middle of a sequence.
            itt = session.next_itt()
            answer = session.text(None, 0x40, data=b"X-b", itt=itt)
            cmdsn = session.cmdsn
            corrupt(session, session.base(TEXT_REQ, FINAL, itt, {20: answer.word(20)},
                                          data=b"=1\0"), 0)
            session.rejected(DATA_DIGEST)
            session.cmdsn = cmdsn
            session.sync()


def test_row_23_discovery():
    """A discovery session with digests: right to the byte, wrong ends it."""
    with ffp_target() as target, Bystander(target):
        for place in (0, 4, 20):
            with Session(None, keys=CRC) as session:
                equal(session.send_targets()[0][0], target.iqn, "target")
                pdu = session.base(TEXT_REQ, FINAL, session.next_itt(), {20: RTAG},
                                   data=b"SendTargets=All\0")
                corrupt(session, pdu, place)
                session.expect_close((REJECT,))
                session.close()
        with discovery() as session:
            equal(session.send_targets()[0][0], target.iqn, "target afterwards")


# -- row 24 --

def test_row_24_ping_lengths():
    """Pings of every length mod 4 with every pair of digests; the echo's digest and
    padding are right."""
    with ffp_target() as target:
        for header, data in itertools.product(("None", "CRC32C"), repeat=2):
            with Session(target.iqn, keys={"HeaderDigest": header, "DataDigest": data}) as session:
                for length in [*range(0, 70), *range(4093, 4100), *range(8185, 8193)]:
                    text = bytes(n * 5 + length & 0xff for n in range(length))
                    equal(session.nop(text), text, f"ping of {length} bytes")


def test_row_24_data_lengths():
    """Data-Out in pieces of every length mod 4 and reads that end at one: what is on
    the disk is what was sent."""
    rng = random.Random(24)
    with ffp_target() as target, Bystander(target):
        for keys in (CRC, {"DataDigest": "CRC32C", "InitialR2T": "Yes"}):
            with Session(target.iqn, keys=keys, answer_r2t=False) as session:
                session.ready(0)
                for pieces in ([1], [2], [3], [5, 6, 7], [1, 2, 3, 4, 5], [509, 510, 511], [4093]):
                    for first in (0, 1, 2, 3, 4):
                        data = rng.randbytes(4096)
                        task = session.submit(write10(0, 8), write=data, immediate=first)
                        while not task.r2ts:
                            session.pump()
                        send_pieces(session, task, first, pieces)
                        equal(session.wait(task).status, GOOD, f"status of {pieces} after {first}")
                        check(session.read_at(0, 4096) == data, "wrong bytes after", pieces, first)
        for limit in (512, 513, 514, 515):
            keys = {**CRC, "MaxRecvDataSegmentLength": str(limit), "MaxBurstLength": "1023"}
            with Session(target.iqn, keys=keys) as session:
                session.ready(0)
                data = rng.randbytes(4096)
                session.write_at(0, data)
                for length in (1, 2, 3, 4, 511, 513, 1022, 1023, 1025, 2049, 4095):
                    task = session.command(read10(0, 8), read=length, edtl=length, status=None)
                    check(bytes(task.data) == data[:length], "wrong bytes in a read of", length)


def send_pieces(session, task, offset, pieces):
    r2t = task.r2ts.pop()
    for datasn, length in enumerate(itertools.chain(pieces, [len(task.write)])):
        part = task.write[offset:offset + length]
        last = offset + len(part) == len(task.write)
        session.send(Pdu(DATA_OUT, FINAL if last else 0, task.lun, task.itt,
                         {20: r2t.word(20), 28: session.statsn, 36: datasn, 40: offset}, part))
        offset += len(part)
        if last:
            return


# -- row 25 --

def waiting(session, lba=0, size=8192):
    """A write whose R2T came and whose data did not."""
    task = session.submit(write10(lba, size // 512), write=bytes([lba + 1]) * size, immediate=0)
    while not task.r2ts:
        session.pump()
    return task


def data_out(session, task, **changes):
    """A Data-Out for the R2T at hand that differs from the right one."""
    r2t = task.r2ts[0]
    f = {"itt": task.itt, "ttt": r2t.word(20), "datasn": 0, "offset": r2t.word(40), "flags": FINAL,
         "length": r2t.word(44), "lun": task.lun}
    f.update(changes)
    session.send(Pdu(DATA_OUT, f["flags"], f["lun"], f["itt"],
                     {20: f["ttt"], 28: session.statsn, 36: f["datasn"], 40: f["offset"]},
                     b"\xee" * f["length"]))


def finish(session, task):
    """Answer what it still asks for, and wait for its status."""
    while not task.done:
        while task.r2ts:
            session.answer(task, task.r2ts[0])
        session.pump()
    return seen(task)


def quiet_or_rejected(session, most):
    """Nothing but so many Rejects since the last answer."""
    itt = session.next_itt()
    session.send(session.base(NOP_OUT, FINAL, itt, {20: RTAG}))
    rejects = 0
    while True:
        while not session.others:
            session.pump()
        pdu = session.others.pop(0)
        if pdu.opcode == NOP_IN:
            return
        rejects += 1
        equal((pdu.opcode, pdu.bhs[2]), (REJECT, INVALID), "answer to late data")
        check(rejects <= most, "more rejects than PDUs")


SMALL = {"MaxBurstLength": "4096", "FirstBurstLength": "512", "ImmediateData": "No"}


def test_row_25_wrong_tags():
    """A tag of another task, of none, of one that is over, of a read: no byte of it
    goes anywhere, and both writes can still be finished."""
    with ffp_target() as target, Bystander(target):
        with Session(target.iqn, keys=SMALL, answer_r2t=False) as session:
            session.ready(0)
            gone = waiting(session, 64)
            gone_r2t = gone.r2ts[0]
            equal(finish(session, gone), (GOOD, None), "status of the first")
            one, two = waiting(session, 0), waiting(session, 32)
            for what, changes in (
                    ("tag of the other task", {"ttt": two.r2ts[0].word(20)}),
                    ("task of the other tag", {"itt": two.itt}),
                    ("tag of another slot", {"ttt": one.r2ts[0].word(20) ^ 0x3f00}),
                    ("tag 0", {"ttt": 0}), ("tag 0xfffffffe", {"ttt": 0xfffffffe}),
                    ("task that never was", {"itt": 0x31337}),
                    ("task that never was, no tag", {"itt": 0x31337, "ttt": RTAG}),
                    ("the reserved task", {"itt": RTAG})):
                data_out(session, one, **changes)
                equal(session.other(REJECT).bhs[2], INVALID, what)
            # Over: silence or Reject, depending on whether it could still be under way.
            one_r2t = one.r2ts[0]
            one.r2ts[0] = gone_r2t
            data_out(session, one, itt=gone.itt)
            data_out(session, one)
            one.r2ts[0] = one_r2t
            quiet_or_rejected(session, 2)
            for task in (one, two):
                equal(finish(session, task), (GOOD, None), "status in the end")
            for lba in (0, 32, 64):
                equal(session.read_at(lba, 8192), bytes([lba + 1]) * 8192, f"blocks at {lba}")


# what, Reject, sense, changes
WRONG_DATA = (
    ("no tag, InitialR2T=Yes", None, UNEXPECTED, {"ttt": RTAG, "offset": 0}),
    ("more than the R2T", INVALID, INCORRECT, {"length": 4100}),
    ("as much as the command", INVALID, INCORRECT, {"length": 8192}),
    ("less than the R2T", None, INCORRECT, {"length": 4092}),
    ("nothing", None, INCORRECT, {"length": 0}),
    ("DataSN 1", None, CRC_ERROR, {"datasn": 1}),
    ("DataSN -1", None, CRC_ERROR, {"datasn": 0xffffffff}),
    ("a hole", None, INCORRECT, {"offset": 4, "length": 4092}),
    ("the second half", INVALID, INCORRECT, {"offset": 4096}),
    ("behind the end", INVALID, INCORRECT, {"offset": 8192, "length": 4}),
    ("over the end", INVALID, INCORRECT, {"offset": 8188, "length": 8}),
    ("far behind", INVALID, INCORRECT, {"offset": 0x7fffffff}),
    ("around 4 GiB", INVALID, INCORRECT, {"offset": 0xfffff000}),
    ("one before 4 GiB", INVALID, INCORRECT, {"offset": 0xffffffff, "length": 1}),
)


def test_row_25_wrong_ranges():
    """Wrong lengths, offsets and numbers fail that command, with its sense, and only
    that; the disk keeps what it had."""
    with ffp_target() as target, Bystander(target):
        with Session(target.iqn, keys=SMALL, answer_r2t=False) as session:
            session.ready(0)
            for what, reason, sense, changes in WRONG_DATA:
                other = waiting(session, 100)
                task = waiting(session, 0)
                data_out(session, task, **changes)
                if reason:
                    equal(session.other(REJECT).bhs[2], reason, what)
                if changes.get("ttt") == RTAG:      # the R2T stays open
                    data_out(session, task)
                task.r2ts.clear()
                equal(seen(session.wait(task)), (CHECK_CONDITION, sense), what)
                equal(session.read_at(0, 8192), bytes(8192), f"the disk after {what}")
                equal(finish(session, other), (GOOD, None), f"the other write after {what}")


def test_row_25_aborted():
    """Data for a task that was aborted is dropped without a word, and does not land in
    the task that has its slot now."""
    with ffp_target() as target, Bystander(target):
        with Session(target.iqn, keys=SMALL, answer_r2t=False) as session:
            session.ready(0)
            for _ in range(harness.scaled(40, 5)):
                old = waiting(session, 0)
                equal(session.tmf(ABORT_TASK, tag=old.itt, ref_cmdsn=old.cmdsn), 0, "ABORT TASK")
                new = waiting(session, 0)
                data_out(session, old)
                session.sync()
                equal(session.others, [], "answers to late data")
                equal(finish(session, new), (GOOD, None), "status of the next task")
            equal(session.read_at(0, 8192), b"\1" * 8192, "the disk")


# -- row 26 --

def poisoned(session):
    """A good immediate write to block 100, which must not be looked at."""
    pdu = Pdu(SCSI_CMD | IMMEDIATE, FINAL | WRITE | SIMPLE, 0, 0x6660, {20: 512, 24: session.cmdsn},
              b"\x66" * 512)
    pdu.bhs[32:42] = write10(100, 1)
    return session.encode(pdu)


def test_row_26_after_the_end():
    """After an error that ends the connection nothing that follows is looked at, not
    even when it is a good command in the same segment."""
    with ffp_target() as target, Bystander(target) as other:
        for name, keys in (("too long", {}), ("too long", CRC), ("header digest", CRC),
                           ("header digest of a write", CRC), ("login", {})):
            with Session(target.iqn, keys=keys) as session:
                session.ready(0)
                if name == "login":
                    bad = session.encode(Pdu(LOGIN_REQ | IMMEDIATE, 0x87, itt=9,
                                             words={24: session.cmdsn}, data=encode_text([])))
                else:
                    pdu = session.base(NOP_OUT, FINAL, 9, {20: RTAG}, immediate=True)
                    if name.endswith("write"):
                        pdu = session.base(SCSI_CMD, FINAL | WRITE | SIMPLE, 9, {20: 512},
                                           data=b"\x66" * 512, immediate=True)
                        pdu.bhs[32:42] = write10(100, 1)
                    bad = bytearray(session.encode(pdu))
                    if name == "too long":
                        bad[5:8] = b"\xff\xff\xff"
                        bad[48:] = crc32c(bytes(bad[:48])) if keys else b""
                    else:
                        bad[50] ^= 1
                session.send_bytes(bytes(bad) + poisoned(session) * 20)
                session.expect_close((REJECT,))
            equal(other.session.read_at(100, 512), bytes(512), f"block 100 after {name}")


def test_row_26_after_a_reject():
    """A PDU that is rejected takes its AHS, data and digest with it: the command in
    the same segment behind it is executed, with its own bytes."""
    with ffp_target() as target, Bystander(target):
        for keys, size in itertools.product(({}, CRC), (0, 1, 3, 4, 513, 4096)):
            with Session(target.iqn, keys=keys) as session:
                session.ready(0)
                data = b"\x99" * size
                bad = (Pdu(0x1f | IMMEDIATE, FINAL, 0, 9, {24: session.cmdsn}, data, bytes(12)),
                       Pdu(0x3f, FINAL, 0, 9, {24: session.cmdsn}, data),
                       Pdu(DATA_OUT, FINAL, 0, 0x4711, {20: 0x4711}, data),
                       Pdu(DATA_OUT, FINAL, 0, 0x4711, {20: RTAG}, data),
                       Pdu(NOP_OUT | IMMEDIATE, FINAL, 0, 9, {20: 5, 24: session.cmdsn}, data),
                       Pdu(NOP_OUT | IMMEDIATE, FINAL, 0, 9, {20: RTAG, 24: session.cmdsn}, data,
                           bytes(1020)),
                       Pdu(SCSI_CMD | IMMEDIATE, FINAL | WRITE | 7, 0, 9,
                           {20: 4096, 24: session.cmdsn}, data))
                for number, pdu in enumerate(bad):
                    mark = bytes([number + 1]) * 512
                    write = session.base(SCSI_CMD, FINAL | WRITE | SIMPLE, session.next_itt(),
                                         {20: 512}, data=mark, immediate=True)
                    write.bhs[32:42] = write10(200, 1)
                    session.send_bytes(session.encode(pdu) + session.encode(write))
                    check(session.other(REJECT).bhs[2] in (PROTOCOL, UNSUPPORTED, INVALID), pdu)
                    answer = session.recv()
                    equal((answer.opcode, answer.itt, answer.bhs[3]), (SCSI_RSP, write.itt, GOOD),
                          f"the write behind {pdu}")
                    equal(session.read_at(200, 512), mark, "its block")


# -- row 27 --

def corrupted_write(session, which, answers):
    """8 KiB in 4 R2Ts of 2 PDUs, of which number `which` has a bad digest."""
    task = session.submit(write10(0, 16), write=b"\x27" * 8192, immediate=0)
    number = 0
    while not task.done:
        while task.r2ts:
            r2t = task.r2ts.pop(0)
            for half in range(2):
                offset = r2t.word(40) + 1024 * half
                pdu = Pdu(DATA_OUT, FINAL if half else 0, task.lun, task.itt,
                          {20: r2t.word(20), 28: session.statsn, 36: half, 40: offset},
                          task.write[offset:offset + 1024])
                if number == which:
                    corrupt(session, pdu, 500)
                    if not answers:
                        return None
                    session.rejected(DATA_DIGEST)
                else:
                    session.send(pdu)
                number += 1
        session.pump()
    return seen(task)


def test_row_27_corrupt_each():
    """A bad digest at each PDU of a write with several R2Ts: Reject, CHECK CONDITION
    once the data that is due has come, nothing on the disk, other commands unharmed."""
    keys = {**CRC, "MaxBurstLength": "2048", "FirstBurstLength": "512"}
    with ffp_target() as target, Bystander(target):
        with Session(target.iqn, keys=keys, answer_r2t=False) as session:
            session.ready(0)
            for which in range(8):
                read = session.submit(read10(300, 64), read=32768)
                equal(corrupted_write(session, which, True), (CHECK_CONDITION, CRC_ERROR),
                      f"status with PDU {which} corrupt")
                equal(session.wait(read).status, GOOD, "status of a read at the same time")
                equal(session.read_at(0, 8192), bytes(8192), "the disk")
            equal(corrupted_write(session, 99, True), (GOOD, None), "status without an error")
            equal(session.read_at(0, 8192), b"\x27" * 8192, "the disk")
            pdu = session.base(SCSI_CMD, FINAL | WRITE | SIMPLE, session.next_itt(), {20: 512},
                               data=b"\x72" * 512)
            pdu.bhs[32:42] = write10(0, 1)
            corrupt(session, pdu, 100)
            session.rejected(DATA_DIGEST)
            answer = session.recv()
            while answer.opcode == NOP_IN:
                answer = session.recv()
            equal((answer.opcode, answer.bhs[3]), (SCSI_RSP, CHECK_CONDITION), "immediate data")
            equal(session.read_at(0, 512), b"\x27" * 512, "the disk")


def test_row_27_corrupt_and_close():
    """The same, and the connection breaks off at once."""
    keys = {**CRC, "MaxBurstLength": "2048", "FirstBurstLength": "512"}
    with ffp_target() as target, Bystander(target) as other:
        for which, reset in itertools.product(range(8), (True, False)):
            session = Session(target.iqn, keys=keys, answer_r2t=False)
            session.ready(0)
            corrupted_write(session, which, False)
            if reset:
                session.reset()
            session.close()
        harness.wait_for(lambda: target.sessions() == 1, "the end of the sessions")
        equal(other.session.read_at(0, 8192), bytes(8192), "the disk")
