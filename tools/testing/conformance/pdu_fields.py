# SPDX-License-Identifier: GPL-2.0
"""The header, byte for byte, in both directions."""

import struct

from disks import disk, manual, ready, two_disks
from harness import check, equal
from login import OPERATIONAL, LoginConn, names, refusal, FFP, INITIATOR
from pdus import (ABORT_TASK, INVALID, LUN_RESET, PROTOCOL, command, data_out, issue, numbered,
                  open_write, rejected, tmf_answer, tmf_send, track, ttt_of)
from raw import (DATA_IN, DATA_OUT, FINAL, LOGOUT_REQ, LOGOUT_RSP, NOP_IN, NOP_OUT, R2T, REJECT,
                 RTAG, SCSI_CMD, SCSI_RSP, SNACK, TEXT_REQ, TEXT_RSP, TMF_REQ, TMF_RSP, lun_bytes)
from registry import covers
from session import (CHECK_CONDITION, GOOD, OVERFLOW, READ, SIMPLE, TEST_UNIT_READY, UNDERFLOW,
                     WRITE, Session, inquiry, read10, write10)

FIXTURE = disk
CMDSN = 0x01020304
ITT = 0x0a0b0c0d


def layout(session, opcode, flags=FINAL, byte2=0, byte3=0, lun=bytes(8), itt=ITT, dsl=0,
           words=None):
    """The 48 bytes that a PDU of the target has to consist of, as far as they do not
    depend on the size of its window. The case says every word that is not 0."""
    bhs = bytearray(48)
    bhs[0:4] = bytes((opcode, flags, byte2, byte3))
    bhs[5:8] = dsl.to_bytes(3, "big")
    bhs[8:16] = lun
    struct.pack_into(">I", bhs, 16, itt)
    fields = {28: session.cmdsn, **(words or {})}
    for offset, value in fields.items():
        struct.pack_into(">I", bhs, offset, value)
    return bhs


def is_laid_out(session, pdu, **kwargs):
    expected = layout(session, pdu.opcode, dsl=len(pdu.data), **kwargs)
    expected[32:36] = pdu.bhs[32:36]
    equal(pdu.bhs.hex(" ", 4), expected.hex(" ", 4), "the header")
    depth = pdu.word(32) - pdu.word(28) + 1
    check(0 <= depth <= 4096, "window of", depth)


def next_statsn(session):
    """The status number that the PDU just received has used."""
    return session.statsn - 1 & 0xffffffff


@covers("PDU-01", "PDU-02", "PDU-06")
def nop_in(target):
    """A ping's answer."""
    with Session(target.iqn, cmdsn=CMDSN) as session:
        session.send(numbered(session, NOP_OUT, FINAL, {20: RTAG}, itt=ITT, data=b"abcde"))
        pdu = session.other(NOP_IN)
        is_laid_out(session, pdu, words={20: RTAG, 24: next_statsn(session)})


@covers("PDU-01", "PDU-02", "PDU-06")
def text_response(target):
    with Session(target.iqn, cmdsn=CMDSN) as session:
        session.send(numbered(session, TEXT_REQ, FINAL, {20: RTAG}, itt=ITT, data=b"X-a=1\0"))
        pdu = session.other(TEXT_RSP)
        is_laid_out(session, pdu, words={20: RTAG, 24: next_statsn(session)})


@covers("PDU-01", "PDU-02", "PDU-06", "PDU-19", "PDU-20")
def tmf_response(target):
    """No data, no Additional Response Information: level 2 was not negotiated."""
    with ready(target, cmdsn=CMDSN) as session:
        session.send(numbered(session, TMF_REQ, FINAL | LUN_RESET, {20: RTAG}, itt=ITT,
                              immediate=True))
        pdu = session.other(TMF_RSP)
        is_laid_out(session, pdu, words={24: next_statsn(session)})


@covers("PDU-01", "PDU-02", "PDU-06", "PDU-19")
def logout_response(target):
    """Time2Wait and Time2Retain are all that it carries."""
    session = Session(target.iqn, cmdsn=CMDSN)
    session.send(numbered(session, LOGOUT_REQ, FINAL, {20: 0}, itt=ITT, immediate=True))
    pdu = session.other(LOGOUT_RSP)
    is_laid_out(session, pdu, words={24: next_statsn(session), 40: pdu.word(40)})
    check(pdu.half(40) <= 3600 and pdu.half(42) <= 3600, "times", pdu.half(40), pdu.half(42))
    session.close()


@covers("PDU-01", "PDU-02", "PDU-06")
def reject(target):
    with Session(target.iqn, cmdsn=CMDSN) as session:
        pdu = numbered(session, 0x1c, FINAL, itt=ITT, immediate=True)
        session.send(pdu)
        answer = session.other(REJECT)
        is_laid_out(session, answer, byte2=5, itt=RTAG, words={24: next_statsn(session)})


@covers("PDU-01", "PDU-02", "PDU-06", "PDU-20")
def data_in(target):
    """One without status, and one with a residual of four different bytes."""
    with ready(target, cmdsn=CMDSN, keys={"MaxRecvDataSegmentLength": "512"}) as session:
        pdu = command(session, read10(0, 2), 0x01020804, FINAL | READ | SIMPLE, itt=ITT)
        track(session, pdu)
        session.send(pdu)
        first = session.pump()
        is_laid_out(session, first, flags=first.flags & FINAL, words={20: RTAG})
        second = session.pump()
        equal(second.opcode, DATA_IN, "the second")
        words = {20: RTAG, 36: 1, 40: 512}
        if not second.flags & 1:
            is_laid_out(session, second, words=words)
            second, words = session.pump(), {36: 2}
            flags = FINAL | UNDERFLOW
        else:
            flags = FINAL | UNDERFLOW | 1
        is_laid_out(session, second, flags=flags,
                    words={**words, 24: next_statsn(session), 44: 0x01020404})


@covers("PDU-01", "PDU-02", "PDU-06", "PDU-20")
def scsi_response(target):
    """After a write, after an error with sense, after one with a residual."""
    with ready(target, cmdsn=CMDSN) as session:
        for cdb, edtl, data, status, flags, residual in (
                (write10(0, 1), 512, bytes(512), GOOD, 0, 0),
                (write10(1 << 30, 1), 512, bytes(512), CHECK_CONDITION, 0, 0),
                (write10(0, 0x304), 512, bytes(512), None, OVERFLOW, 0x60600),
                (TEST_UNIT_READY, 0, b"", GOOD, 0, 0)):
            pdu = command(session, cdb, edtl, FINAL | SIMPLE | (WRITE if data else 0), itt=ITT,
                          data=data)
            task = track(session, pdu, data)
            session.send(pdu)
            session.wait(task)
            answer = task.response
            if status is None:
                status = task.status
            if status == CHECK_CONDITION and not residual:
                flags, residual = task.flags, task.residual     # of an error: FFP-23
            equal(answer.opcode, SCSI_RSP, "the answer")
            is_laid_out(session, answer, flags=FINAL | flags, byte3=status,
                        words={24: next_statsn(session), 44: residual})


@covers("PDU-01", "PDU-02", "PDU-06", "PDU-19", fixture=two_disks)
def ready_to_transfer(target):
    with manual(target, (0, 1), cmdsn=CMDSN) as session:
        pdu = command(session, write10(0, 0x23), 0x4600, FINAL | WRITE | SIMPLE, itt=ITT, lun=1)
        task = track(session, pdu, bytes(0x4600))
        session.send(pdu)
        session.pump()
        r2t = task.r2ts[0]
        equal(r2t.opcode, R2T, "the answer")
        is_laid_out(session, r2t, lun=lun_bytes(1),
                    words={20: r2t.word(20), 24: session.statsn, 40: 0, 44: 0x4600})
        session.answer(task, r2t)
        session.wait(task)


# Of every request: the mask of reserved bits in byte 1, and the bytes that are reserved.
REQUESTS = {
    "NOP-Out": (NOP_OUT, 0x7f, range(32, 48)),
    "SCSI Command": (SCSI_CMD, 0x18, ()),
    "TMF": (TMF_REQ, 0, range(40, 48)),
    "Text": (TEXT_REQ, 0x3f, range(32, 48)),
    "Data-Out": (DATA_OUT, 0x7f, (*range(24, 28), *range(32, 36), *range(44, 48))),
    "Logout": (LOGOUT_REQ, 0, (*range(8, 16), 22, 23, *range(32, 48))),
}


def spoil(session, name, pdu):
    """Set everything that is reserved in this request."""
    _opcode, mask, places = REQUESTS[name]
    pdu.bhs[0] |= 0x80
    pdu.bhs[1] |= mask
    pdu.bhs[2] = pdu.bhs[3] = 0xff
    for place in places:
        pdu.bhs[place] = 0xff
    session.send(pdu)


@covers("PDU-03")
def reserved_in_requests(target):
    """Every reserved bit is set in every kind of request; nobody minds."""
    with manual(target) as session:
        spoil(session, "NOP-Out", numbered(session, NOP_OUT, words={20: RTAG}, data=b"x"))
        equal(session.other(NOP_IN).data, b"x", "ping")
        spoil(session, "Text", numbered(session, TEXT_REQ, words={20: RTAG}))
        equal(session.other(TEXT_RSP).data, b"", "text")
        pdu = numbered(session, TMF_REQ, FINAL | LUN_RESET, {20: RTAG, 32: RTAG, 36: RTAG},
                       immediate=True)
        spoil(session, "TMF", pdu)
        equal(session.other(TMF_RSP).bhs[2], 0, "LUN RESET")
        session.ready(0)
        pdu = command(session, write10(0, 8), 4096, FINAL | WRITE | SIMPLE)
        task = track(session, pdu, b"\x5a" * 4096)
        spoil(session, "SCSI Command", pdu)
        session.pump()
        pdu = numbered(session, DATA_OUT, FINAL, {20: ttt_of(task), 36: 0, 40: 0}, itt=task.itt,
                       data=task.write)
        spoil(session, "Data-Out", pdu)
        equal(session.wait(task).status, GOOD, "status of the write")
        equal(session.read_at(0, 4096), task.write, "the disk")
        spoil(session, "Logout", numbered(session, LOGOUT_REQ, words={20: 0}, immediate=True))
        equal(session.other(LOGOUT_RSP).bhs[2], 0, "logout")
        session.close()


@covers("PDU-04", rows={"5": (5,), "6": (6,), "7": (7,)})
def reserved_attribute(target, attr):
    with ready(target) as session:
        pdu = command(session, read10(0, 1), 512, FINAL | READ | attr, immediate=True)
        rejected(session, pdu, PROTOCOL, INVALID)
        session.read_at(0, 512)


@covers("PDU-04", rows={"3": (3,), "64": (64,), "127": (127,)})
def reserved_logout_reason(target, reason):
    with ready(target) as session:
        rejected(session, numbered(session, LOGOUT_REQ, FINAL | reason, immediate=True), PROTOCOL,
                 INVALID)
        session.read_at(0, 512)


@covers("PDU-04", rows={"4": (4,), "15": (15,)})
def reserved_snack_type(target, kind):
    with ready(target) as session:
        rejected(session, numbered(session, SNACK, FINAL | kind, {20: RTAG}), PROTOCOL, INVALID)
        session.read_at(0, 512)


@covers("PDU-04", rows={"CSG": (2, FFP), "NSG": (OPERATIONAL, 2)})
def reserved_stage(target, stage, to):
    with LoginConn() as conn:
        conn.request(stage, names(INITIATOR, target.iqn), to)
        equal(refusal(conn.response), 0x200, "status")


@covers("PDU-05")
def padding_is_sent(target):
    """Of every length: in a ping, in Data-In, in sense; with zeros."""
    with ready(target) as session:
        for size in range(1, 9):
            equal(session.nop(b"abcdefgh"[:size]), b"abcdefgh"[:size], "ping")
            task = session.command(inquiry(size), read=size)
            equal(len(task.data), size, "INQUIRY data")
            equal(task.response.padding, bytes(-size % 4), "padding of a Data-In")
        task = session.command(read10(1 << 30, 1), read=512, status=CHECK_CONDITION)
        equal(task.response.padding, bytes(-len(task.response.data) % 4), "padding of sense")
        session.send(numbered(session, NOP_OUT, words={20: RTAG}, data=b"abcde"))
        equal(session.other(NOP_IN).padding, bytes(3), "padding of a ping")


@covers("PDU-05")
def padding_is_skipped(target):
    """Padding of ones does not get into a ping, a text, a write."""
    with manual(target) as session:
        def send(pdu):
            session.send_bytes(pdu.head() + pdu.data + b"\xff" * (-len(pdu.data) % 4))

        for size in (1, 2, 3, 5):
            send(numbered(session, NOP_OUT, words={20: RTAG}, data=b"abcde"[:size]))
            equal(session.other(NOP_IN).data, b"abcde"[:size], "ping")
        send(numbered(session, TEXT_REQ, words={20: RTAG}, data=b"X-a=1\0"))
        equal(session.other(TEXT_RSP).data, b"X-a=NotUnderstood\0", "text")
        data = bytes(n * 11 & 0xff for n in range(2048))
        task = open_write(session, write10(0, 4), data)
        ttt, offset = ttt_of(task), 0
        for number, size in enumerate((511, 1, 1022, 513, 1)):
            offset += size
            pdu = numbered(session, DATA_OUT, FINAL if offset == 2048 else 0,
                           {20: ttt, 36: number, 40: offset - size}, itt=task.itt,
                           data=data[offset - size:offset])
            send(pdu)
        equal(session.wait(task).status, GOOD, "status")
        equal(session.read_at(0, 2048), data, "the disk")


@covers("PDU-18", rows={
    "SCSI Command": (SCSI_CMD, FINAL | READ | SIMPLE, {20: 512}, b""),
    "TMF": (TMF_REQ, FINAL | LUN_RESET, {20: RTAG}, b""),
    "Text": (TEXT_REQ, FINAL, {20: RTAG}, b"X-a=1\0"),
    "Logout": (LOGOUT_REQ, FINAL, {}, b"")})
def reserved_tag(target, opcode, flags, words, data):
    """0xffffffff never names a task."""
    with ready(target) as session:
        pdu = numbered(session, opcode, flags, words, itt=RTAG, immediate=True, data=data)
        rejected(session, pdu, PROTOCOL, INVALID)
        session.read_at(0, 512)


@covers("PDU-20")
def priority_is_ignored(target):
    """Command priority of all values, level 2 not negotiated and negotiated."""
    for keys in ({}, {"iSCSIProtocolLevel": "2"}):
        with ready(target, keys=keys) as session:
            for priority in range(16):
                pdu = command(session, read10(0, 1), 512, FINAL | READ | SIMPLE)
                pdu.bhs[2] = priority << 4
                task = track(session, pdu)
                session.send(pdu)
                equal(session.wait(task).status, GOOD, f"status with priority {priority}")
                if not keys:
                    equal(task.response.bhs[8:10], b"\0\0", "Status Qualifier")


@covers("PDU-20")
def abort_has_no_information(target):
    """Additional Response Information of an ABORT TASK without level 2."""
    with manual(target) as session:
        task = open_write(session, write10(0, 8), bytes(4096))
        itt = tmf_send(session, ABORT_TASK, tag=task.itt, ref_cmdsn=task.cmdsn)
        equal(tmf_answer(session, itt).bhs[8:16], bytes(8), "Additional Response Information")
        data_out(session, task, task.write, ttt=ttt_of(task))
        issue(session, TEST_UNIT_READY)
        session.sync()
