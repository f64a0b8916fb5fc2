# SPDX-License-Identifier: GPL-2.0
"""Logical units: how they are addressed, and what those say that do not exist."""

import struct

from harness import check, equal
from logins import lenient
from raw import FINAL, SCSI_CMD
from registry import covers, not_applicable
from session import (CHECK_CONDITION, GOOD, TEST_UNIT_READY, Session, inquiry, read10, report_luns,
                     write10)
from target import Target

NO_SUCH_LUN = (5, 0x25, 0)
NUMBERS = (0, 1, 63, 255, 256, 300, 16383)
CLEAR_ACA, NOT_SUPPORTED = 3, 5


def many_luns():
    target = Target("conf")
    for number in NUMBERS:
        target.lun(number, mib=1)
    return target


FIXTURE = many_luns


def peripheral(number):
    return struct.pack(">BB6x", 0, number)


def flat(number):
    return struct.pack(">H6x", 0x4000 | number)


def forms(number):
    return [flat(number)] + ([peripheral(number)] if number < 256 else [])


def listed(session):
    """The eight bytes of every unit that REPORT LUNS names."""
    data = bytes(session.command(report_luns(4096), read=4096).data)
    length = struct.unpack_from(">I", data)[0]
    return [data[at:at + 8] for at in range(8, 8 + length, 8)]


@covers("MAP-06")
def addressing(target):
    """Peripheral and flat form are the same unit, whose R2T and Data-In carry the form
    that the command had; what REPORT LUNS lists can be used as it stands."""
    with lenient(Session(target.iqn)) as session:
        for number in NUMBERS:
            for form in forms(number):
                session.ready(form)
        for number in NUMBERS:
            for fill, form in enumerate(forms(number)):
                data = struct.pack(">HH", number, fill) * 1024
                session.write_at(0, data, form)     # checks the LUN of R2T
                for other in forms(number):
                    equal(session.read_at(0, 4096, other), data, f"{other.hex()} of {number}")
        units = listed(session)
        equal(len(units), len(NUMBERS), "units listed")
        for number, unit in zip(NUMBERS, units):
            equal(session.read_at(0, 512, unit)[:2], struct.pack(">H", number),
                  f"the unit listed as {unit.hex()}")


@covers("MAP-06", "MAP-08")
def no_such_unit(target):
    """Numbers that are not mapped, and forms that name no single-level unit: 05/25/00, for
    reads, writes and all else that needs a unit; the session goes on."""
    wrong = [peripheral(2), peripheral(254), flat(2), flat(257), flat(16382)]
    wrong += [b"\x80" + bytes(7), b"\xc1\1" + bytes(6), b"\xd2\0\0\1" + bytes(4), b"\xff" * 8,
              b"\0\1\0\1" + bytes(4), b"\0\0\0\0\0\0\0\1", b"\x40\1\0\0\0\0\x01\0"]
    with lenient(Session(target.iqn)) as session:
        session.ready(0)
        for lun in wrong:
            for what in ({"cdb": TEST_UNIT_READY}, {"cdb": read10(0, 8), "read": 4096},
                         {"cdb": write10(0, 8), "write": bytes(4096)},
                         {"cdb": b"\x25" + bytes(9), "read": 8}):
                task = session.command(lun=lun, status=CHECK_CONDITION, **what)
                equal(task.sense_code, NO_SUCH_LUN, f"sense at {lun.hex()} of {what['cdb'].hex()}")
        session.read_at(0, 512)


@covers("MAP-08", fixture=None)
def no_unit_at_all():
    """What target_core decides, and where it deviates: LUN 0 is always there, and says by
    its qualifier that it is no device, but it is ready and can be read (zeros), only
    writes fail. For other numbers INQUIRY, REPORT LUNS and REQUEST SENSE, which SPC wants
    answered, fail with 05/25/00 like all the rest, before anybody looks at the command."""
    with Target("conf") as target:
        target.lun(5, mib=1)
        with lenient(Session(target.iqn)) as session:
            for lun in (peripheral(0), flat(0)):
                task = session.command(inquiry(36), lun=lun, read=36, status=None)
                if task.status == CHECK_CONDITION:
                    task = session.command(inquiry(36), lun=lun, read=36)
                check(task.data[0] >> 5 in (1, 3), "qualifier of LUN 0:", task.data[:1])
                task = session.command(report_luns(), lun=lun, read=256)
                units = [bytes(task.data[at:at + 8]) for at in range(8, len(task.data), 8)]
                check(peripheral(5) in units, "units:", units)
                session.command(TEST_UNIT_READY, lun=lun)
                task = session.command(write10(0, 1), lun=lun, write=bytes(512),
                                       status=CHECK_CONDITION)
                equal(task.sense_code, (7, 0x27, 0), "sense of a write to no unit")
            for cdb, length in ((inquiry(36), 36), (report_luns(), 256),
                                (struct.pack(">BxxBBx", 3, 0, 252), 252)):
                task = session.command(cdb, lun=peripheral(9), read=length, status=None)
                equal((task.status, task.sense_code), (CHECK_CONDITION, NO_SUCH_LUN),
                      f"answer of LUN 9 to {cdb.hex()}")


@covers("FFP-38")
def no_aca(target):
    """INQUIRY says that there is no NormACA, a command with the ACA attribute is refused
    and CLEAR ACA is not supported."""
    with lenient(Session(target.iqn)) as session:
        session.ready(0)
        equal(session.command(inquiry(36), read=36).data[3] & 0x20, 0, "NORMACA")
        pdu = session.base(SCSI_CMD, FINAL | 4, 5)
        session.send(pdu)
        answer = session.recv()
        equal((answer.opcode, answer.bhs[3]), (0x21, CHECK_CONDITION), "answer to attribute ACA")
        equal(answer.data[4] & 0xf, 5, "sense key")
        equal(session.tmf(CLEAR_ACA), NOT_SUPPORTED, "response to CLEAR ACA")
        # NACA in the CONTROL byte of a command that fails: no ACA condition follows.
        session.command(b"\xff\0\0\0\0\4", status=CHECK_CONDITION)
        session.command(TEST_UNIT_READY, status=GOOD)


not_applicable("MAP-07", "target_core has no ACA: NORMACA is 0, the attribute is refused, CLEAR "
               "ACA answered not supported (map_luns.no_aca)")
