# SPDX-License-Identifier: GPL-2.0
"""Data-In, status, sense and residuals."""

from disks import BLOCKS, disk, ready, two_disks
from harness import check, equal
from raw import DATA_IN, SCSI_RSP
from registry import covers
from session import (CHECK_CONDITION, GOOD, OVERFLOW, READ_CAPACITY, TEST_UNIT_READY, UNDERFLOW,
                     inquiry, read10, report_luns, write10)

FIXTURE = disk
DATA = bytes(n * 9 >> 1 & 0xff for n in range(8192))


@covers("FFP-18", "FFP-20", rows={
    "one per burst": ("512", "512"), "two per burst": ("1024", "512"),
    "burst smaller": ("1024", "65536"), "does not divide": ("2560", "1024"),
    "odd": ("1000", "700"), "large": ("262144", "262144"), "largest segment": ("512", "16777215")})
def sequences(target, burst, segment):
    """No sequence above MaxBurstLength, F at each one's end, nothing beyond the length,
    no A bit: take_data() looks at each."""
    with ready(target, keys={"MaxBurstLength": burst, "FirstBurstLength": "512",
                             "MaxRecvDataSegmentLength": segment}) as session:
        session.write_at(0, DATA)
        for blocks in (1, 2, 5, 16):
            equal(session.read_at(0, blocks * 512), DATA[:blocks * 512], "read")
        task = session.command(read10(0, 16), read=8192, edtl=5000, status=None)
        equal(bytes(task.data), DATA[:5000], "a read that is cut off")


@covers("FFP-18")
def last_one_is_final(target):
    """The Data-In that ends the data has F, with the status in it or without."""
    with ready(target, keys={"MaxRecvDataSegmentLength": "512"}) as session:
        for edtl in (512, 4096, 4608):
            task = session.submit(read10(0, 8), read=4096, edtl=edtl)
            last = None
            while not task.done:
                pdu = session.pump()
                last = pdu if pdu.opcode == DATA_IN else last
            equal((last.final, last.flags & 0x40), (True, 0), "F and A of the last Data-In")


@covers("FFP-19")
def status_in_data(target):
    """S comes with F, with a status that is no exception, and without sense; an error
    has a response of its own: take_data() and finish() look."""
    with ready(target) as session:
        for cdb, length in ((read10(0, 8), 4096), (inquiry(36), 36), (READ_CAPACITY, 8),
                            (report_luns(16), 16), (read10(0, 8), 8192)):
            task = session.command(cdb, read=length)
            if task.response.opcode == DATA_IN:
                equal((task.response.flags & 0x81, task.sense), (0x81, b""), "F and S, sense")
        for cdb in (read10(BLOCKS, 1), read10(BLOCKS - 1, 2), b"\xd3" + bytes(9)):
            task = session.command(cdb, read=1024, status=CHECK_CONDITION)
            equal(task.response.opcode, SCSI_RSP, "the PDU with an error")


@covers("FFP-20")
def never_asks_for_an_ack(target):
    """A is never set at ErrorRecoveryLevel 0, in no Data-In of a long read."""
    with ready(target, keys={"MaxRecvDataSegmentLength": "512", "MaxBurstLength": "1024",
                             "FirstBurstLength": "512"}) as session:
        task = session.submit(read10(0, 128), read=65536)
        count = 0
        while not task.done:
            pdu = session.pump()
            if pdu.opcode == DATA_IN:
                count += 1
                equal((pdu.flags & 0x40, pdu.word(20), bytes(pdu.bhs[8:16])),
                      (0, 0xffffffff, bytes(8)), "A, TTT, LUN")
        equal(count, 128, "Data-In")


@covers("FFP-21")
def no_empty_data(target):
    """Commands that return nothing where something was expected send no Data-In."""
    with ready(target) as session:
        for cdb in (TEST_UNIT_READY, inquiry(0), read10(0, 0), b"\xd3" + bytes(9),
                    read10(BLOCKS, 1), report_luns(0)):
            task = session.submit(cdb, read=512)
            while not task.done:
                pdu = session.pump()
                check(pdu.opcode != DATA_IN or pdu.dsl, "an empty Data-In for", cdb.hex())


def sense_is_sound(task):
    """SenseLength is what is there, and what is there is whole. Returns its code."""
    data = task.response.data
    check(len(data) >= 2, "no SenseLength")
    length = int.from_bytes(data[:2], "big")
    check(2 + length <= len(data), "SenseLength", length, "of", len(data))
    sense = data[2:2 + length]
    equal(len(sense), length, "SenseLength")
    check(sense[0] & 0x7f in (0x70, 0x71, 0x72, 0x73), "response code", hex(sense[0]))
    check(length >= 8 + sense[7] or length == 252, "sense ends before its own length", sense.hex())
    return task.sense_code


@covers("FFP-22", fixture=two_disks)
def sense(target):
    """Each error brings its own sense, complete; also one on a unit that is not there."""
    with ready(target, (0, 1)) as session:
        for cdb, lun, kwargs, code in (
                (b"\xd3" + bytes(9), 0, {"read": 512}, (5, 0x20, 0)),
                (b"\xd3" + bytes(9), 1, {}, (5, 0x20, 0)),
                (read10(BLOCKS, 1), 0, {"read": 512}, (5, 0x21, 0)),
                (write10(BLOCKS, 1), 1, {"write": bytes(512)}, (5, 0x21, 0)),
                (inquiry(36, page=0xee), 0, {"read": 36}, (5, 0x24, 0)),
                (read10(0, 1), 9, {"read": 512}, (5, 0x25, 0)),
                (write10(0, 1), 200, {"write": bytes(512)}, (5, 0x25, 0))):
            task = session.command(cdb, lun=lun, status=CHECK_CONDITION, **kwargs)
            equal(sense_is_sound(task), code, f"sense of {cdb[:2].hex()}")


@covers("FFP-22")
def descriptor_sense(target):
    """The same after the device was switched to descriptor format, if it can."""
    with ready(target) as session:
        page = b"\x0a\x0a\x04" + bytes(9)
        data = bytes(8) + page
        cdb = bytes((0x55, 0x10)) + bytes(5) + bytes((0, len(data), 0))
        session.command(cdb, write=data, status=None)
        task = session.command(b"\xd3" + bytes(9), read=512, status=CHECK_CONDITION)
        equal(sense_is_sound(task), (5, 0x20, 0), "sense")


READS = {
    "as much": (read10(0, 8), 4096, 0, 0), "less expected": (read10(0, 8), 1024, OVERFLOW, 3072),
    "more expected": (read10(0, 8), 8192, UNDERFLOW, 4096),
    "one byte less": (read10(0, 8), 4095, OVERFLOW, 1),
    "one byte more": (read10(0, 8), 4097, UNDERFLOW, 1),
    "nothing": (TEST_UNIT_READY, 512, UNDERFLOW, 512),
    "no blocks": (read10(0, 0), 512, UNDERFLOW, 512),
    "not a block": (read10(0, 8), 100, OVERFLOW, 3996)}


@covers("FFP-23", rows=READS)
def residual_of_reads(target, cdb, edtl, flags, residual):
    """The flag, the count, and no byte too many or too few."""
    with ready(target) as session:
        session.write_at(0, DATA)
        task = session.command(cdb, read=edtl)
        equal((task.flags, task.residual), (flags, residual), "flags, residual")
        expected = min(edtl, edtl - residual if flags == UNDERFLOW else edtl)
        equal(bytes(task.data), DATA[:expected], "data")


WRITES = {
    "as much": (write10(0, 4), 2048, 0, 0), "less sent": (write10(0, 8), 1024, OVERFLOW, 3072),
    "more sent": (write10(0, 4), 4096, UNDERFLOW, 2048),
    "nothing taken": (TEST_UNIT_READY, 512, UNDERFLOW, 512),
    "no blocks": (write10(0, 0), 512, UNDERFLOW, 512)}


@covers("FFP-23", rows={f"{name}, {'immediate' if imm else 'asked for'}": (*row, imm)
                        for name, row in WRITES.items() for imm in (True, False)})
def residual_of_writes(target, cdb, edtl, flags, residual, immediate):
    """The same for data that goes out; what the CDB does not name is not written."""
    with ready(target, keys={"ImmediateData": "Yes" if immediate else "No"}) as session:
        session.write_at(0, b"\x11" * 8192)
        task = session.command(cdb, write=b"\x22" * edtl, status=None)
        equal((task.flags, task.residual), (flags, residual), "flags, residual")
        disk_data = session.read_at(0, 8192)
        named = 512 * cdb[8] if cdb[0] == 0x2a else 0
        written = min(named, edtl) if task.status == GOOD else disk_data.count(b"\x22")
        check(written <= min(named, edtl), "bytes that were not named, or not sent")
        equal(disk_data, b"\x22" * written + b"\x11" * (8192 - written), "the disk")


@covers("FFP-24", rows={
    "INQUIRY cut off": (inquiry(5), 5, 0, 0), "INQUIRY": (inquiry(36), 36, 0, 0),
    "INQUIRY, room left": (inquiry(255), 255, UNDERFLOW, None),
    "INQUIRY cut off, room left": (inquiry(5), 255, UNDERFLOW, 250),
    "INQUIRY, no length": (inquiry(0), 255, UNDERFLOW, 255),
    "page 83, cut off": (inquiry(8, page=0x83), 8, 0, 0),
    "REPORT LUNS cut off": (report_luns(8), 8, 0, 0),
    "REPORT LUNS": (report_luns(256), 256, UNDERFLOW, 240),
    "MODE SENSE cut off": (b"\x1a\0\x3f\0\x04\0", 4, 0, 0),
    "MODE SENSE, room left": (b"\x1a\0\x3f\0\xff\0", 255, UNDERFLOW, None)})
def allocation_length(target, cdb, edtl, flags, residual):
    """Data that was cut off at the allocation length is no overflow; what is less than
    expected is an underflow, by as much as did not come."""
    with ready(target) as session:
        task = session.command(cdb, read=edtl)
        equal((task.flags, task.residual),
              (flags, edtl - len(task.data) if residual is None else residual), "residual")
        equal(len(task.data) + task.residual, edtl, "data and residual")


@covers("FFP-24")
def residual_of_an_error(target):
    """An error that transfers nothing does not claim an overflow, nor more than all."""
    with ready(target) as session:
        for cdb in (b"\xd3" + bytes(9), read10(BLOCKS, 8), inquiry(255, page=0xee)):
            task = session.command(cdb, read=512, status=CHECK_CONDITION)
            # target_core counts what the CDB names and not what was transferred.
            named = {0xd3: 0, 0x28: 4096, 0x12: 255}[cdb[0]]
            check((task.flags, task.residual) in
                  ((0, 0), (UNDERFLOW, 512), (UNDERFLOW, 512 - named), (OVERFLOW, named - 512)),
                  "residual of", cdb.hex(), task.flags, task.residual)
            equal(len(task.data), 0, "data")


@covers("FFP-26")
def count_of_data_in(target):
    """ExpDataSN is the number of Data-In, 0 for none: take_status() compares."""
    with ready(target, keys={"MaxRecvDataSegmentLength": "512"}) as session:
        for cdb, kwargs in ((read10(0, 8), {"read": 4096}), (read10(0, 8), {"read": 8192}),
                            (read10(0, 16), {"read": 1024}), (inquiry(255), {"read": 255}),
                            (write10(0, 8), {"write": bytes(4096)}), (TEST_UNIT_READY, {}),
                            (read10(BLOCKS, 1), {"read": 512}), (b"\xd3" + bytes(9), {"read": 64})):
            task = session.command(cdb, status=None, **kwargs)
            if task.response.opcode == SCSI_RSP:
                equal(task.response.word(36), -(-len(task.data) // 512), "ExpDataSN")
            equal(task.datasn, -(-len(task.data) // 512), "Data-In")
