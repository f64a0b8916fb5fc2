# SPDX-License-Identifier: GPL-2.0
"""Data segments of every size, and opcodes that nobody knows."""

from disks import disk, manual, ready
from harness import check, equal, patience
from login import decode_text
from pdus import (INVALID, LUN_RESET, PROTOCOL, UNSUPPORTED, exp_cmdsn, header, numbered,
                  open_write, reject_of, rejected, ttt_of)
from raw import (DATA_OUT, FINAL, IMMEDIATE, LOGOUT_REQ, NOP_OUT, RTAG, SCSI_CMD, SNACK, TEXT_REQ,
                 TEXT_RSP, TMF_REQ)
from registry import covers
from session import CHECK_CONDITION, SIMPLE, WRITE, Session, inquiry, read10, write10

FIXTURE = disk
SMALL = {"MaxRecvDataSegmentLength": "512"}


@covers("PDU-14")
def small_answers(target):
    """Nothing is longer than 512 bytes: Data-In, sense, ping. recv() measures."""
    with ready(target, keys=SMALL) as session:
        session.read_at(0, 65536)
        session.command(read10(1 << 30, 1), read=512, status=CHECK_CONDITION)
        equal(session.nop(bytes(8192)), bytes(512), "ping")
        session.command(inquiry(255, page=0x83), read=255)


@covers("PDU-14")
def small_text(target):
    """Sixteen answers to unknown keys do not fit: they come in parts."""
    keys = [f"X-{'k' * 55}{n:02}" for n in range(16)]
    with ready(target, keys=SMALL) as session:
        itt = session.next_itt()
        words, data, seen = {20: RTAG}, "".join(f"{key}=1\0" for key in keys).encode(), b""
        for _ in range(8):
            session.send(numbered(session, TEXT_REQ, FINAL, words, itt=itt, data=data))
            pdu = session.other(TEXT_RSP)
            seen += pdu.data
            if pdu.final:
                break
            words, data = {20: pdu.word(20)}, b""
        equal(sorted(decode_text(seen)), [(key, "NotUnderstood") for key in keys], "the answers")


@covers("PDU-14")
def small_reject(target):
    """A header with 1020 bytes of AHS does not fit into a Reject's 512."""
    with ready(target, keys=SMALL) as session:
        pdu = numbered(session, NOP_OUT, words={20: RTAG}, immediate=True, ahs=bytes(1020))
        session.send(pdu)
        session.rejected(INVALID)
        session.read_at(0, 512)


@covers("PDU-14")
def changed_later(target):
    """MaxRecvDataSegmentLength declared in full feature phase is kept to as well."""
    with ready(target) as session:
        for limit in (512, 65536, 1024):
            session.text([("MaxRecvDataSegmentLength", str(limit))])
            session.mrdsl = limit
            session.read_at(0, 65536)
            equal(session.nop(bytes(8192)), bytes(8192)[:limit], "ping")


@covers("PDU-15", "ERL-19", rows={
    "NOP-Out": (NOP_OUT, FINAL, {20: RTAG}), "Text": (TEXT_REQ, FINAL, {20: RTAG}),
    "SCSI Command": (SCSI_CMD, FINAL | WRITE | SIMPLE, {20: 1 << 24}),
    "unknown": (0x1c, FINAL, {}), "TMF": (TMF_REQ, FINAL | LUN_RESET, {20: RTAG}),
    "largest": (NOP_OUT, FINAL, {20: RTAG})})
def too_long(target, opcode, flags, words):
    """A segment of more than the target declared: the connection ends without waiting
    for it, that of others does not."""
    with Session(target.iqn) as other:
        session = Session(target.iqn)
        pdu = numbered(session, opcode, flags, words, immediate=True)
        limit = session.values["mrdsl_out"]
        dsl = 0xffffff if opcode == NOP_OUT and limit < 0xffff00 else limit + 1
        session.send_bytes(header(pdu, dsl))
        session.expect_close((0x32, 0x3f), seconds=3)
        session.close()
        other.sync()


@covers("PDU-15", "ERL-19")
def data_out_too_long(target):
    """The same of a Data-Out, one byte too long for what was declared."""
    session = manual(target)
    limit = session.values["mrdsl_out"]
    task = open_write(session, write10(0, 2048), bytes(1 << 20))
    pdu = numbered(session, DATA_OUT, FINAL, {20: ttt_of(task)}, itt=task.itt)
    session.send_bytes(header(pdu, limit + 1))
    session.expect_close((0x32, 0x3f), seconds=3)
    session.close()


@covers("PDU-15")
def exactly_as_long(target):
    """What was declared, to the byte, is taken."""
    with ready(target) as session:
        limit = session.values["mrdsl_out"]
        check(limit >= 512, "MaxRecvDataSegmentLength", limit)
        data = bytes(n & 0xff for n in range(limit))
        session.timeout(patience(10))
        equal(session.nop(data)[:64], data[:64], "ping")
        data = b"\x77" * (limit & ~511)
        session.write_at(0, data)
        check(session.read_at(0, len(data)) == data, "the disk")


@covers("PDU-15", rows={
    "TMF": (TMF_REQ, FINAL | LUN_RESET, {20: RTAG}), "Logout": (LOGOUT_REQ, FINAL, {}),
    "SNACK": (SNACK, FINAL, {20: RTAG})})
def data_where_there_is_none(target, opcode, flags, words):
    """Requests that have no data do not get by with some; the stream stays in step."""
    with ready(target) as session:
        pdu = numbered(session, opcode, flags, words, immediate=True, data=b"\x05\x80datadata")
        if opcode == SNACK:
            pdu.bhs[0] &= ~IMMEDIATE
        rejected(session, pdu, INVALID, PROTOCOL, 3)
        session.read_at(0, 512)


@covers("PDU-16", rows={f"{opcode:02x}": (opcode,) for opcode in
                        (*range(0x20, 0x27), 0x27, 0x2f, 0x31, 0x32, 0x33, 0x3c, 0x3e, 0x3f)})
def opcode_of_a_target(target, opcode):
    """Refused as a protocol error, with its data, and nothing happens of it."""
    with ready(target) as session:
        before = exp_cmdsn(session)
        for data in (b"", b"some data"):
            pdu = numbered(session, opcode, FINAL | 3, {20: RTAG, 36: 0}, cmdsn=session.cmdsn,
                           data=data)
            pdu.bhs[0] &= 0x3f
            rejected(session, pdu, PROTOCOL, UNSUPPORTED)
        equal(exp_cmdsn(session), before, "ExpCmdSN")
        session.read_at(0, 512)


UNKNOWN = (*range(0x07, 0x10), *range(0x11, 0x20))


@covers("PDU-17", rows={f"{opcode:02x}": (opcode,) for opcode in UNKNOWN[::3] + (0x1d, 0x1e)})
def unknown_opcode(target, opcode):
    """Command not supported; its number is still to come."""
    with ready(target) as session:
        for immediate in (False, True):
            for data in (b"", b"\x01\x80vendor data"):
                pdu = numbered(session, opcode, FINAL, {20: RTAG}, cmdsn=session.cmdsn,
                               immediate=immediate, data=data)
                session.send(pdu)
                reject_of(session, pdu, UNSUPPORTED)
                equal(exp_cmdsn(session), pdu.word(24), "ExpCmdSN")
        session.read_at(0, 512)


@covers("PDU-17")
def opcodes_in_between(target):
    """Unknown PDUs between commands, with data: commands do not notice."""
    with ready(target) as session:
        for opcode in UNKNOWN:
            task = session.submit(write10(0, 1), write=bytes([opcode]) * 512)
            pdu = numbered(session, opcode, FINAL, {20: RTAG}, immediate=True, data=b"x" * opcode)
            session.send(pdu)
            session.wait(task)
            reject_of(session, pdu, UNSUPPORTED)
            equal(session.read_at(0, 512), bytes([opcode]) * 512, "the disk")
