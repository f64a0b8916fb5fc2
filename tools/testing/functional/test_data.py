# SPDX-License-Identifier: GPL-2.0
"""Data integrity with the raw client: what open-iscsi cannot negotiate."""

import random
import time

import harness
from harness import check, equal
from session import (BLOCK, CHECK_CONDITION, GOOD, OVERFLOW, UNDERFLOW, READ_CAPACITY, Session,
                     inquiry, read10, report_luns, write10)
from target import Target

MIB = 1 << 20
SMALL = 40                  # writes at once, more than the target has pages for
DATA_DIGEST = 2             # reason of a Reject


def blocks_of(rng, count):
    return rng.randbytes(count * BLOCK)


def write_and_compare(session, rng, lun, lba, size):
    """Overlapping writes of random sizes, then everything back in one read."""
    model = bytearray(session.read_at(lba, size, lun))
    for _ in range(6):
        count = rng.randint(1, min(64, size // BLOCK))
        at = rng.randint(0, size // BLOCK - count)
        data = blocks_of(rng, count)
        session.write_at(lba + at, data, lun)
        model[at * BLOCK:at * BLOCK + len(data)] = data
    data = blocks_of(rng, size // BLOCK)
    session.write_at(lba, data[:size // 2], lun)
    model[:size // 2] = data[:size // 2]
    check(session.read_at(lba, size, lun) == bytes(model), f"LUN {lun} read back wrong")


# What each round offers; the target's own limit of MaxOutstandingR2T is raised.
ROUNDS = (
    {},
    {"HeaderDigest": "CRC32C", "DataDigest": "CRC32C"},
    {"MaxBurstLength": "512", "FirstBurstLength": "512", "MaxRecvDataSegmentLength": "512"},
    {"MaxBurstLength": "512", "FirstBurstLength": "512", "MaxOutstandingR2T": "4",
     "InitialR2T": "No", "ImmediateData": "No"},
    {"MaxBurstLength": "1024", "FirstBurstLength": "512", "MaxOutstandingR2T": "4",
     "DataDigest": "CRC32C", "InitialR2T": "No"},
    {"MaxBurstLength": "1536", "FirstBurstLength": "1536", "MaxOutstandingR2T": "8",
     "HeaderDigest": "CRC32C", "ImmediateData": "No", "MaxRecvDataSegmentLength": "516"},
    {"MaxBurstLength": "3001", "FirstBurstLength": "999", "MaxRecvDataSegmentLength": "1023",
     "InitialR2T": "No", "DataDigest": "CRC32C", "MaxOutstandingR2T": "2"},
    {"MaxBurstLength": "16776192", "FirstBurstLength": "1048576", "InitialR2T": "No",
     "MaxRecvDataSegmentLength": "16777215"},
    {"MaxBurstLength": "8192", "FirstBurstLength": "4096", "MaxRecvDataSegmentLength": "2048",
     "MaxOutstandingR2T": "64", "HeaderDigest": "CRC32C", "DataDigest": "CRC32C"},
)


def expected_answer(offer, key, value):
    """FirstBurstLength means nothing where no unsolicited data is possible."""
    if key == "FirstBurstLength" and offer.get("ImmediateData") == "No" and \
            offer["InitialR2T"] == "Yes":
        return "Irrelevant"
    return value


def run_rounds(rounds, size):
    with Target("raw") as target:
        target.lun(0)
        target.lun(5, kind="file")
        target.param("InitialR2T", "No")
        target.param("MaxOutstandingR2T", "64")
        target.param("MaxBurstLength", "16776192")
        target.param("FirstBurstLength", "1048576")
        for number, keys in enumerate(rounds):
            rng = random.Random(number)
            offer = {"InitialR2T": "Yes", **keys}
            with Session(target.iqn, keys=offer) as session:
                session.ready(0, 5)
                for key, value in offer.items():
                    if key != "MaxRecvDataSegmentLength":
                        equal(session.values[key], expected_answer(offer, key, value), key)
                for lun in (0, 5):
                    write_and_compare(session, rng, lun, number * 64, size)


def test_negotiated():
    """Writes and reads are the same for odd, tiny and huge bursts and segments."""
    run_rounds(ROUNDS, harness.scaled(96 << 10, 16 << 10) // BLOCK * BLOCK)


def test_negotiated_few():
    """The same with digests and with the smallest values only."""
    run_rounds(ROUNDS[1:4:2], 8 << 10)


test_negotiated_few.quick = True


def test_target_segments():
    """Target's own segment limit (MaxXmitDataSegmentLength) down to 512 is kept to."""
    for limit in ("512", "4096", "1048576"):
        with Target("raw") as target:
            target.lun(0)
            target.param("MaxXmitDataSegmentLength", limit)
            with Session(target.iqn) as session:
                equal(session.values["MaxRecvDataSegmentLength"], limit, "declared limit")
                write_and_compare(session, random.Random(1), 0, 0, 64 << 10)


def test_queue():
    """32 commands at a time, reads and writes, with small segments."""
    rng = random.Random(32)
    with Target("raw") as target:
        target.lun(0)
        target.lun(1, kind="file")
        keys = {"MaxRecvDataSegmentLength": "1024", "MaxBurstLength": "2048",
                "FirstBurstLength": "1024"}
        with Session(target.iqn, keys=keys) as session:
            session.ready(0, 1)
            model = {}
            for _ in range(harness.scaled(12, 2)):
                tasks = []
                for slot in rng.sample(range(256), 32):
                    lun, at = slot & 1, (slot >> 1) * 16
                    if slot in model and rng.random() < 0.5:
                        task = session.submit(read10(at, 16), lun=lun, read=16 * BLOCK)
                    else:
                        model[slot] = blocks_of(rng, 16)
                        task = session.submit(write10(at, 16), lun=lun, write=model[slot])
                    tasks.append((slot, task))
                for slot, task in tasks:
                    session.wait(task)
                    equal(task.status, GOOD, "status")
                    if task.write is None:
                        check(bytes(task.data) == model[slot], "read something else")
            for slot, data in model.items():
                check(session.read_at((slot >> 1) * 16, len(data), slot & 1) == data,
                      "read something else in the end")


def test_large():
    """1 MiB in one command, both ways, three at a time."""
    rng = random.Random(3)
    with Target("raw") as target:
        target.lun(0)
        keys = {"MaxRecvDataSegmentLength": "262144"}
        with Session(target.iqn, keys=keys) as session:
            datas = [rng.randbytes(MIB) for _ in range(3)]
            tasks = [session.submit(write10(number * 2048, 2048), write=data)
                     for number, data in enumerate(datas)]
            for task in tasks:
                equal(session.wait(task).status, GOOD, "status of a write")
            tasks = [session.submit(read10(number * 2048, 2048), read=MIB) for number in range(3)]
            for task, data in zip(tasks, datas):
                equal(session.wait(task).status, GOOD, "status of a read")
                check(bytes(task.data) == data, "1 MiB read back wrong")


def test_residuals():
    """O and U and their counts, when the CDB and the expected length differ."""
    with Target("raw") as target:
        target.lun(0)
        with Session(target.iqn) as session:
            data = random.Random(4).randbytes(4096)
            session.write_at(0, data)

            task = session.command(read10(0, 8), read=4096, edtl=8192)
            equal((task.flags, task.residual), (UNDERFLOW, 4096), "READ of less than expected")
            equal(bytes(task.data), data, "its data")
            task = session.command(read10(0, 8), read=4096, edtl=1024, status=None)
            equal((task.flags, task.residual), (OVERFLOW, 3072), "READ of more than expected")
            equal(bytes(task.data), data[:1024], "its data")
            task = session.command(read10(0, 8), read=4096)
            equal((task.flags, task.residual), (0, 0), "READ of what is expected")

            task = session.command(inquiry(36), read=255, edtl=255)
            equal((task.flags, task.residual), (UNDERFLOW, 255 - 36), "INQUIRY with room left")
            task = session.command(READ_CAPACITY, read=8)
            equal((task.flags, task.residual), (0, 0), "READ CAPACITY")
            task = session.command(bytes(6), read=512, edtl=512)
            equal((task.flags, task.residual, len(task.data)), (UNDERFLOW, 512, 0),
                  "TEST UNIT READY that expects data")
            task = session.command(b"\xd3" + bytes(9), status=CHECK_CONDITION, read=512)
            equal(task.sense_code[0], 5, "sense key of an unknown command")
            # target_core does not know how much this one would have transferred.
            check((task.flags, task.residual) in ((UNDERFLOW, 512), (0, 0)),
                  "residual of a failed command")


def test_write_residuals():
    """WRITE with more or less data than its CDB names: flags, and nothing spilt."""
    with Target("raw") as target:
        target.lun(0)
        with Session(target.iqn) as session:
            session.write_at(0, b"\x11" * 8192)
            task = session.command(write10(0, 4), write=b"\x22" * 4096, status=None)
            equal((task.flags, task.residual), (UNDERFLOW, 2048), "WRITE of less than expected")
            if task.status == GOOD:
                equal(session.read_at(0, 8192), b"\x22" * 2048 + b"\x11" * 6144, "the disk")
            task = session.command(write10(0, 8), write=b"\x33" * 1024, status=None)
            equal((task.flags, task.residual), (OVERFLOW, 3072), "WRITE of more than expected")
            check(b"\x33" not in session.read_at(0, 8192)[1024:], "bytes that were never sent")
            session.write_at(8, b"\x44" * 512)
            equal(session.read_at(8, 512), b"\x44" * 512, "a write afterwards")


class Held(Session):
    """Keeps what it is to send while held is a list, and then sends it all at once, or in
    two pieces."""

    held = None

    def send_bytes(self, data):
        if self.held is None:
            super().send_bytes(data)
        else:
            self.held.append(bytearray(data))

    def let_go(self, number=0, offset=0):
        """In two pieces: up to that offset of the PDU with that number, and the rest."""
        cut = sum(map(len, self.held[:number])) + offset
        wire, self.held = b"".join(self.held), None
        if cut:
            self.send_bytes(wire[:cut])
            time.sleep(0.02)
        self.send_bytes(wire[cut:])


def small_writes(session, rng, spoilt, cut):
    """A burst of them; in the middle one to a unit that does not exist."""
    model = bytearray(session.read_at(0, SMALL * 8 * BLOCK))
    session.held, tasks = [], []
    for number in range(SMALL):
        data = blocks_of(rng, rng.randint(1, 8))
        tasks.append(session.submit(write10(number * 8, len(data) // BLOCK), write=data))
        if number != spoilt:
            model[number * 8 * BLOCK:number * 8 * BLOCK + len(data)] = data
        if number == SMALL // 2:
            stray = session.submit(write10(0, 8), lun=5, write=bytes(8 * BLOCK))
    if spoilt is not None:
        session.held[spoilt + (spoilt > SMALL // 2)][100] ^= 1
    session.let_go(9, cut)
    for number, task in enumerate(tasks):
        session.wait(task)
        if number == spoilt:
            equal((task.status, task.sense_code), (CHECK_CONDITION, (0xb, 0x47, 5)), "the spoilt")
            session.rejected(DATA_DIGEST)
        else:
            equal((task.status, task.flags), (GOOD, 0), f"write {number}")
    session.wait(stray)
    equal((stray.status, stray.sense_code), (CHECK_CONDITION, (5, 0x25, 0)), "the stray")
    check(session.read_at(0, len(model)) == model, "the disk, with", spoilt, "spoilt, cut at", cut)


def test_small_writes():
    """Writes that come with all of their data, many at once: also cut in two in a header,
    behind it and in the data, and with a wrong digest in one of them."""
    rng = random.Random(4)
    with Target("raw") as target:
        target.lun(0)
        for digests in (False, True):
            keys = {"HeaderDigest": "CRC32C", "DataDigest": "CRC32C"} if digests else {}
            with Held(target.iqn, keys=keys) as session:
                session.ready(0)
                for cut in (0, 0, 20, 52 if digests else 48, 150):
                    for spoilt in (None, 0, 9, SMALL - 1) if digests else (None,):
                        small_writes(session, rng, spoilt, cut)
                if not digests:
                    # An idle session gives their pages back, and gets new ones.
                    time.sleep(2.5)
                    small_writes(session, rng, None, 0)


test_small_writes.quick = True


def test_report_luns():
    """REPORT LUNS: the list, truncation, and commands to LUNs that do not exist."""
    with Target("raw") as target:
        for lun in (0, 2, 7):
            target.lun(lun, mib=1)
        with Session(target.iqn) as session:
            session.ready(0, 2, 7)
            task = session.command(report_luns(256), read=256)
            equal(int.from_bytes(task.data[:4], "big"), 24, "length of the list")
            equal(sorted(int.from_bytes(task.data[8 + n * 8:10 + n * 8], "big") for n in range(3)),
                  [0, 2, 7], "LUNs")
            equal((task.flags, task.residual), (UNDERFLOW, 256 - 32), "residual")
            task = session.command(report_luns(16), read=16)
            equal((task.flags, len(task.data)), (0, 16), "truncated list")

            task = session.command(read10(0, 1), lun=1, read=512, status=CHECK_CONDITION)
            equal(task.sense_code, (5, 0x25, 0), "sense of a LUN that does not exist")
            # SPC wants qualifier 7Fh here; target_core answers by itself, with sense.
            task = session.command(inquiry(36), lun=1, read=36, status=None)
            check(task.status == CHECK_CONDITION or task.data[0] == 0x7f, "INQUIRY invents a LUN")
            # The same unit in flat space addressing.
            flat = b"\x40\x02" + bytes(6)
            session.command(read10(0, 1), lun=flat, read=512)
            for bad in (b"\x80\x02" + bytes(6), b"\xc1\x02" + bytes(6), b"\0\x02\0\x01" + bytes(4)):
                task = session.command(read10(0, 1), lun=bad, read=512, status=CHECK_CONDITION)
                equal(task.sense_code, (5, 0x25, 0), f"sense of LUN {bad.hex()}")


def test_cmdsn_wraps():
    """CmdSN through 0xffffffff, with a full queue around it."""
    with Target("raw") as target:
        target.lun(0)
        with Session(target.iqn, cmdsn=0xfffffff0) as session:
            data = random.Random(5).randbytes(64 * BLOCK)
            tasks = [session.submit(write10(n, 1), write=data[n * BLOCK:(n + 1) * BLOCK])
                     for n in range(64)]
            for task in tasks:
                equal(session.wait(task).status, GOOD, "status")
            equal(session.read_at(0, len(data)), data, "what was written")
            check(session.cmdsn < 0x1000, "CmdSN did not wrap in the test itself")
