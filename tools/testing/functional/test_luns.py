# SPDX-License-Identifier: GPL-2.0
"""What a LUN owes to other sessions and to itself."""

import struct

import harness
from harness import check, equal
from raw import FINAL, LOGOUT_REQ, LOGOUT_RSP
from session import CHECK_CONDITION, Session
from target import Target

RESERVE, RELEASE = b"\x16" + bytes(5), b"\x17" + bytes(5)
CONFLICT = 0x18


def same10(blocks, flags):
    return struct.pack(">BBIBHB", 0x41, flags, 0, 0, blocks, 0)


def same16(blocks, flags):
    return struct.pack(">BBQIBB", 0x93, flags, 0, blocks, 0, 0)


def compare(_blocks, flags):
    """COMPARE AND WRITE of the first block."""
    return struct.pack(">BBQxxxBxx", 0x89, flags, 0, 1)


def test_logout_frees_reservation():
    """RESERVE(6) ends with its session, and that before the Logout Response: another
    initiator's reservation is accepted as soon as that has come."""
    with Target("free") as target:
        target.lun(0)
        with Session(target.iqn, initiator="iqn.2026-11.test:other") as other:
            other.ready(0)
            for _ in range(harness.scaled(40, 5)):
                one = Session(target.iqn)
                one.ready(0)
                one.command(RESERVE)
                other.command(RESERVE, status=CONFLICT)
                one.send(one.base(LOGOUT_REQ, FINAL, one.next_itt(), immediate=True))
                equal(one.other(LOGOUT_RSP).bhs[2], 0, "logout response")
                other.command(RESERVE)
                other.command(RELEASE)
                one.close()


def test_write_as_read():
    """WRITE SAME and COMPARE AND WRITE work on data of the initiator's. Where it says
    that it wants to read, target_core would take memory that nobody has filled,
    store it and send it."""
    with Target("same") as target:
        target.lun(0, kind="file", mib=1)
        with Session(target.iqn) as session:
            session.ready(0)
            pattern = b"\xa5" * 4096
            session.write_at(0, pattern)
            for make, length in ((same10, 512), (same16, 512), (compare, 1024)):
                task = session.command(make(8, 0), read=length, status=CHECK_CONDITION)
                equal(task.sense_code, (5, 0x0e, 3), f"sense of {make.__name__}")
                check(not task.data, "data came back")
                equal(session.read_at(0, 4096), pattern, "the disk")
            session.command(same10(8, 0), write=b"\x5a" * 512)
            equal(session.read_at(0, 4096), b"\x5a" * 4096, "the disk after a real WRITE SAME")
            session.command(compare(1, 0), write=b"\x5a" * 512 + b"\x3c" * 512)
            equal(session.read_at(0, 512), b"\x3c" * 512, "the disk after COMPARE AND WRITE")
