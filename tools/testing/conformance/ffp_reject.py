# SPDX-License-Identifier: GPL-2.0
"""The Reject PDU."""

from disks import disk, manual
from harness import check, equal
from pdu_ahs import ahs
from pdus import (DATA_DIGEST, INVALID, PROTOCOL, SNACK_REJECT, UNSUPPORTED, command, data_out,
                  digest_wire, header, numbered, open_write, reject_of, rejected, ttt_of)
from raw import (FINAL, LOGOUT_REQ, NOP_OUT, RTAG, SCSI_CMD, SNACK, TEXT_REQ, TMF_REQ)
from registry import covers
from session import CHECK_CONDITION, GOOD, READ, SIMPLE, Session, read10, write10

FIXTURE = disk
BAD = {
    "unknown opcode": (0x1c, FINAL, {36: 0x01020304}, b"", (UNSUPPORTED,)),
    "unknown, with data": (0x0f, 0x7f, {44: 0x05060708}, b"0123456789", (UNSUPPORTED,)),
    "command": (SCSI_CMD, FINAL | SIMPLE, {20: 512, 32: 0x28000000}, b"", (INVALID, PROTOCOL)),
    "ping with two tags": (NOP_OUT, FINAL, {20: 5}, b"data", (PROTOCOL, INVALID)),
    "logout": (LOGOUT_REQ, FINAL | 9, {}, b"", (INVALID, PROTOCOL)),
    "text": (TEXT_REQ, FINAL | 0x40, {20: RTAG}, b"X-a=1", (PROTOCOL, INVALID)),
    "TMF with data": (TMF_REQ, FINAL | 5, {20: RTAG}, b"data", (INVALID, PROTOCOL)),
    "SNACK": (SNACK, FINAL | 9, {20: RTAG}, b"", (INVALID, PROTOCOL, SNACK_REJECT))}


@covers("FFP-59", rows=BAD)
def whole_header(target, opcode, flags, words, data, reasons):
    """The header comes back as it was sent; the Reject has a status number of its own,
    which recv() counts."""
    with Session(target.iqn) as session:
        before = session.statsn
        pdu = numbered(session, opcode, flags, words, immediate=opcode != SNACK, data=data)
        answer = rejected(session, pdu, *reasons)
        equal((answer.word(24), session.statsn), (before, before + 1), "StatSN, the next one")
        session.sync()


@covers("FFP-59")
def with_its_ahs(target):
    """Additional headers belong to the header; data and digests do not."""
    with Session(target.iqn, keys={"HeaderDigest": "CRC32C", "DataDigest": "CRC32C"}) as session:
        for area in (ahs(7, bytes(5)), ahs(7, bytes(200)), ahs(1, bytes(240), length=255)):
            pdu = command(session, read10(0, 1), 512, FINAL | READ | SIMPLE, ahs=area,
                          immediate=True)
            answer = rejected(session, pdu, INVALID)
            equal(answer.data.hex(), header(pdu).hex(), "what comes back")
        session.sync()


@covers("FFP-60")
def damaged_data(target):
    """Data-Out with a wrong digest is rejected; its task still gets its answer."""
    with manual(target, keys={"DataDigest": "CRC32C"}) as session:
        task = open_write(session, write10(0, 8), b"\x4b" * 4096)
        pdu = numbered(session, 5, FINAL, {20: ttt_of(task), 36: 0, 40: 0}, itt=task.itt,
                       data=task.write)
        session.send_bytes(digest_wire(pdu, session, data_xor=1))
        reject_of(session, pdu, DATA_DIGEST)
        session.wait(task)
        equal(task.status, CHECK_CONDITION, "status")
        equal(session.read_at(0, 4096), bytes(4096), "the disk")


@covers("FFP-60")
def rejected_requests_leave_tasks_alone(target):
    """Rejects of this and that, while a task waits for its data."""
    with manual(target) as session:
        task = open_write(session, write10(0, 8), b"\x4c" * 4096)
        for opcode, flags, words, data, reasons in BAD.values():
            pdu = numbered(session, opcode, flags, words, immediate=opcode != SNACK, data=data)
            rejected(session, pdu, *reasons)
            check(not task.done, "the task has ended")
        data_out(session, task, task.write, ttt=ttt_of(task))
        equal(session.wait(task).status, GOOD, "status")
        equal(session.read_at(0, 4096), task.write, "the disk")


@covers("FFP-61")
def no_negotiation_reset(target):
    """Reason 0B is gone from the protocol: whatever fails in a negotiation, at its
    beginning or in its middle, is rejected with another one."""
    with Session(target.iqn) as session:
        for data in (b"no pair\0", b"=\0", b"MaxBurstLength=1\0", b"TargetName=x\0", b"A=\xff\0",
                     b"MaxRecvDataSegmentLength=0\0", b"SendTargets=A\0",
                     b"X-" + b"k" * 80 + b"=1\0"):
            for middle in (False, True):
                itt, ttt = session.next_itt(), RTAG
                if middle:
                    session.send(numbered(session, TEXT_REQ, 0, {20: RTAG}, itt=itt,
                                          data=b"X-a=1\0", immediate=True))
                    ttt = session.other(0x24).word(20)
                session.send(numbered(session, TEXT_REQ, FINAL, {20: ttt}, itt=itt, data=data,
                                      immediate=True))
                while not session.others:
                    session.pump()
                answer = session.others.pop(0)
                check(answer.opcode == 0x24 or answer.bhs[2] != 0x0b, "reason", answer)
        session.sync()
