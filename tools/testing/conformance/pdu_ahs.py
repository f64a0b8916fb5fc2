# SPDX-License-Identifier: GPL-2.0
"""Additional header segments: extended CDBs, bidirectional commands, nonsense."""

import struct

from disks import disk, ready
from harness import check, equal
from pdus import INVALID, PROTOCOL, command, numbered, rejected, track
from raw import (DATA_OUT, FINAL, IMMEDIATE, LOGOUT_REQ, NOP_OUT, REJECT, RTAG, TEXT_REQ, TMF_REQ,
                 padding)
from registry import covers
from session import (CHECK_CONDITION, GOOD, READ, SIMPLE, WRITE, LUN_RESET, Session, read10,
                     write10)
from target import Target

FIXTURE = disk


def file_disk():
    """target_core has no 32-byte command but WRITE SAME, and not for RAM disks."""
    target = Target("conf")
    target.lun(0, kind="file")
    return target


def ahs(kind, body, length=None):
    """One AHS; body begins with the byte that is reserved in both known ones."""
    length = len(body) if length is None else length
    out = struct.pack(">HB", length, kind) + body
    return out + padding(len(out))


def extended(cdb):
    return ahs(1, b"\0" + cdb[16:])


def bidi(length):
    return ahs(2, b"\0" + struct.pack(">I", length))


def write_same32(lba, blocks):
    return struct.pack(">BB5xBHBBQIII", 0x7f, 0, 24, 0x000d, 0, 0, lba, 0, 0, blocks)


def long_cdb(size):
    """A variable length CDB of a service action that nobody has."""
    return struct.pack(">BB5xBH", 0x7f, 0, size - 8, 0xfff0) + bytes(
        n & 0xff for n in range(size - 10))


@covers("PDU-07", fixture=file_disk)
def write_same_32(target):
    """The bytes of the AHS reach the device in their places: WRITE SAME(32) has its
    block address half in the header, half in the AHS, and the count in the AHS."""
    with ready(target) as session:
        for lba, blocks, fill in ((5, 3, 0x11), (9, 1, 0x22), (30000, 16, 0x33)):
            cdb = write_same32(lba, blocks)
            pdu = command(session, cdb, 512, FINAL | WRITE | SIMPLE, ahs=extended(cdb),
                          data=bytes([fill]) * 512)
            task = track(session, pdu, pdu.data)
            session.send(pdu)
            equal(session.wait(task).status, GOOD, "status")
            equal(session.read_at(lba - 1, (blocks + 2) * 512),
                  bytes(512) + bytes([fill]) * 512 * blocks + bytes(512), f"blocks around {lba}")


@covers("PDU-07", rows={str(size): (size,) for size in (17, 18, 19, 20, 31, 32, 33, 100, 259, 260)})
def every_length(target, size):
    """The device's answer, whatever the length: no Reject, no lost byte after it."""
    with ready(target) as session:
        cdb = long_cdb(size)
        for immediate in (False, True):
            pdu = command(session, cdb, 512, FINAL | READ | SIMPLE, ahs=extended(cdb),
                          immediate=immediate)
            task = track(session, pdu)
            session.send(pdu)
            session.wait(task)
            equal((task.status, task.sense_code[0]), (CHECK_CONDITION, 5), "status")
        session.read_at(0, 512)


@covers("PDU-07", rows={
    "none": (32, b""),
    "too short": (32, ahs(1, b"\0" + bytes(1))),
    "too long": (32, ahs(1, b"\0" + bytes(100))),
    "CDB length 255": (263, ahs(1, b"\0" + bytes(16))),
    "CDB length 0": (8, ahs(1, b"\0" + bytes(16)))})
def hostile_length(target, size, area):
    """The CDB's own length says something else than the AHS: an error, no over-read,
    nothing executed. (B5: the in-tree module of some kernels reads beyond its end.)"""
    with ready(target) as session:
        pdu = command(session, long_cdb(size), 512, FINAL | READ | SIMPLE, ahs=area,
                      immediate=True)
        track(session, pdu)
        session.send(pdu)
        while pdu.itt in session.tasks and not session.others:
            session.pump()
        if session.others:
            session.rejected(INVALID)
        session.read_at(0, 512)


@covers("PDU-08")
def bidirectional_without_length(target):
    """R and W, and no AHS that says how much is to be read."""
    with ready(target) as session:
        pdu = command(session, write10(0, 1), 512, FINAL | READ | WRITE | SIMPLE, data=b"\1" * 512,
                      immediate=True)
        rejected(session, pdu, PROTOCOL, INVALID)
        equal(session.read_at(0, 512), bytes(512), "the disk")


@covers("PDU-08")
def bidirectional(target):
    """With its AHS it is a command that no device here knows; its data is taken and
    thrown away. (B9)"""
    with ready(target) as session:
        cdb = b"\x53" + bytes(9)            # XDWRITEREAD(10)
        for data in (b"\1" * 512, b""):
            pdu = command(session, cdb, 512, FINAL | READ | WRITE | SIMPLE, ahs=bidi(512),
                          data=data)
            task = track(session, pdu, b"\1" * 512)
            session.send(pdu)
            session.wait(task)
            equal((task.status, task.sense_code[:2]), (CHECK_CONDITION, (5, 0x20)), "status")
            equal(task.response.opcode, 0x21, "the answer")
        equal(session.read_at(0, 512), bytes(512), "the disk")


BAD_AREAS = {
    "overrun": ahs(1, bytes(2), length=255),
    "overrun by one": ahs(1, bytes(5), length=6),
    "second overruns": bidi(512) + ahs(1, bytes(1), length=20),
    "length zero": ahs(1, bytes(1), length=0),
    "length zero of a length": ahs(2, bytes(5), length=0),
    "extended CDB of length 1": ahs(1, b"\0"),
    "unknown type": ahs(7, bytes(5)),
    "type zero": ahs(0, bytes(5)),
    "vendor's type": ahs(0x3f, bytes(5)),
    "extended CDB twice": ahs(1, bytes(5)) * 2,
    "length twice": bidi(512) * 2,
    "length of four bytes": ahs(2, bytes(4)),
    "length of six bytes": ahs(2, bytes(6)),
    "all zero": bytes(1020),
    "largest of nonsense": b"\xff" * 1020,
}


@covers("PDU-09", rows={name: (area,) for name, area in BAD_AREAS.items()})
def malformed(target, area):
    """Reject, with the whole header in it, and the next PDU is found; also when
    immediate data comes with it. (B3)"""
    with ready(target) as session:
        pdu = command(session, read10(0, 1), 512, FINAL | READ | SIMPLE, ahs=area, immediate=True)
        rejected(session, pdu, INVALID)
        session.read_at(0, 512)
        pdu = command(session, write10(0, 1), 512, FINAL | WRITE | SIMPLE, ahs=area,
                      immediate=True, data=b"\x01\x5d" * 256)
        rejected(session, pdu, INVALID)
        equal(session.read_at(0, 512), bytes(512), "the disk")


@covers("PDU-09", rows={
    "NOP-Out": (NOP_OUT, FINAL, {20: RTAG}, b"ping"), "TMF": (TMF_REQ, FINAL | LUN_RESET, {}, b""),
    "Text": (TEXT_REQ, FINAL, {20: RTAG}, b"X-a=1\0"), "Logout": (LOGOUT_REQ, FINAL, {}, b""),
    "Data-Out": (DATA_OUT, FINAL, {20: RTAG}, b"data")})
def not_for_this_request(target, opcode, flags, words, data):
    """Only SCSI commands have additional headers."""
    with ready(target) as session:
        pdu = numbered(session, opcode, flags, words, immediate=True, data=data,
                       ahs=extended(long_cdb(32)))
        if opcode == DATA_OUT:
            pdu.bhs[0] &= ~IMMEDIATE
        rejected(session, pdu, INVALID)
        session.read_at(0, 512)


@covers("PDU-09")
def reserved_bits_of_the_type(target):
    """Bits C0 of AHSType are reserved and ignored."""
    with ready(target) as session:
        cdb = long_cdb(32)
        area = bytearray(extended(cdb))
        area[2] |= 0xc0
        pdu = command(session, cdb, 512, FINAL | READ | SIMPLE, ahs=bytes(area))
        task = track(session, pdu)
        session.send(pdu)
        equal(session.wait(task).status, CHECK_CONDITION, "status")


@covers("PDU-09")
def numbered_and_malformed(target):
    """The same with a CmdSN: an answer, or the Reject and then no more of it. A hole
    that nobody knows of is the one thing that must not be left."""
    session = Session(target.iqn)
    session.ready(0)
    pdu = command(session, read10(0, 1), 512, FINAL | READ | SIMPLE, ahs=ahs(7, bytes(5)))
    track(session, pdu)
    session.send(pdu)
    while pdu.itt in session.tasks and not session.others:
        session.pump()
    if pdu.itt in session.tasks:
        answer = session.other(REJECT)
        equal(answer.bhs[2], INVALID, "reason")
        check(answer.word(28) == pdu.word(24), "a rejected command was counted as received")
    session.close()
