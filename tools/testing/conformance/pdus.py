# SPDX-License-Identifier: GPL-2.0
"""Requests with every field in the case's hand, and the ways to look at what
comes back. Session does the rest."""

import struct
import time

from harness import Failure, check, equal
from raw import (FINAL, NOP_IN, REJECT, RTAG, SCSI_CMD, TMF_REQ, TMF_RSP, Closed, Pdu, crc32c,
                 padding)
from session import READ, SIMPLE, WRITE, Task

(DATA_DIGEST, SNACK_REJECT, PROTOCOL, UNSUPPORTED, IMMEDIATE_LIMIT, IN_PROGRESS, _ACK,
 INVALID) = range(2, 10)
(ABORT_TASK, ABORT_TASK_SET, CLEAR_ACA, CLEAR_TASK_SET, LUN_RESET, WARM_RESET, COLD_RESET,
 REASSIGN, QUERY_TASK, QUERY_TASK_SET, NEXUS_RESET, QUERY_ASYNC) = range(1, 13)
(COMPLETE, NO_TASK, NO_LUN, _ALLEGIANT, NO_REASSIGN, NO_FUNCTION, NOT_AUTHORIZED,
 SUCCEEDED) = range(8)
REJECTED = 255
UNEXPECTED_DATA, WRONG_AMOUNT, CRC_ERROR = (0xb, 0xc, 0xc), (0xb, 0xc, 0xd), (0xb, 0x47, 5)
NEXT = object()         # the session's CmdSN, which then goes on


def header(pdu, dsl=None):
    """The header as it goes out; dsl lies about the length of the data."""
    head = bytearray(pdu.head())
    if dsl is not None:
        head[5:8] = dsl.to_bytes(3, "big")
    return bytes(head)


def numbered(session, opcode, flags=FINAL, words=None, cmdsn=NEXT, immediate=False, itt=None,
             **kwargs):
    """A request, not yet sent. A CmdSN of the case's own does not move the session's."""
    words = dict(words or {})
    before = session.cmdsn
    if cmdsn is not NEXT:
        words[24] = cmdsn
    pdu = session.base(opcode, flags, session.next_itt() if itt is None else itt, words,
                       immediate=immediate, **kwargs)
    if cmdsn is not NEXT:
        session.cmdsn = before
    return pdu


def command(session, cdb, edtl=0, flags=FINAL | SIMPLE, **kwargs):
    """A SCSI Command PDU, not yet sent."""
    words = {20: edtl, **kwargs.pop("words", {})}
    pdu = numbered(session, SCSI_CMD, flags, words, **kwargs)
    pdu.bhs[32:32 + min(len(cdb), 16)] = cdb[:16]
    return pdu


def track(session, pdu, write=None):
    """Let the session account for a command's answers. Returns the task."""
    task = Task(pdu.itt, bytes(pdu.bhs[32:48]), bytes(pdu.bhs[8:16]), pdu.word(20), write)
    task.cmdsn = pdu.word(24)
    if pdu.bhs[0] & 0x40:
        task.cmdsn = task.cmdsn - 1 & 0xffffffff
    task.r2t_end = len(pdu.data)
    session.tasks[pdu.itt] = task
    return task


def issue(session, cdb, read=0, write=None, edtl=None, data=b"", more=False, attr=SIMPLE,
          **kwargs):
    """Send a command with exactly this immediate data; more: F is not set."""
    flags = attr | (READ if read else 0) | (0 if write is None else WRITE) | (0 if more else FINAL)
    length = edtl if edtl is not None else len(write) if write is not None else read
    pdu = command(session, cdb, length, flags, data=data, **kwargs)
    task = track(session, pdu, write)
    session.send(pdu)
    return task


def data_out(session, task, data, offset=0, datasn=0, ttt=RTAG, final=True, lun=None, itt=None,
             opcode=5):
    """Send one Data-Out; its LUN is the task's when it was asked for."""
    if lun is None:
        lun = task.lun if ttt != RTAG else 0
    pdu = Pdu(opcode, FINAL if final else 0, lun, task.itt if itt is None else itt,
              {20: ttt, 28: session.statsn or 0, 36: datasn, 40: offset}, data)
    session.send(pdu)
    return pdu


def open_write(session, cdb, data, count=1, **kwargs):
    """A write whose R2Ts came, at least count of them, and whose data did not."""
    task = issue(session, cdb, write=data, **kwargs)
    while len(task.r2ts) < count:
        session.pump()
        check(not task.done, "a status instead of an R2T")
    return task


def ttt_of(task, number=0):
    return task.r2ts[number].word(20)


def reject_of(session, pdu, *reasons):
    """Take the Reject that answers this PDU: it has its header."""
    found = session.other(REJECT)
    check(found.bhs[2] in reasons, f"reject reason {found.bhs[2]:#04x}, expected one of",
          [f"{reason:#04x}" for reason in reasons])
    equal(found.itt, RTAG, "ITT of a Reject")
    equal(found.data[:48].hex(), header(pdu)[:48].hex(), "the rejected header")
    return found


def rejected(session, pdu, *reasons):
    """Send and be rejected."""
    session.send(pdu)
    return reject_of(session, pdu, *reasons)


def settle(session):
    """Everything sent was looked at. What came besides the ping's answer is returned."""
    itt = session.next_itt()
    session.send(session.base(0, FINAL, itt, {20: RTAG}, immediate=True))
    while not any(pdu.opcode == NOP_IN and pdu.itt == itt for pdu in session.others):
        session.pump()
    found = [pdu for pdu in session.others if pdu.opcode != NOP_IN or pdu.itt != itt]
    session.others.clear()
    return found


def exp_cmdsn(session):
    """What the target says now. An immediate ping asks, which changes nothing."""
    itt = session.next_itt()
    session.send(session.base(0, FINAL, itt, {20: RTAG}, immediate=True))
    pdu = session.other(NOP_IN)
    equal(pdu.itt, itt, "ITT of the ping's answer")
    return pdu.word(28)


def tmf_send(session, function, lun=0, tag=RTAG, ref_cmdsn=0, immediate=True, cmdsn=NEXT):
    """Send a task management function; returns its ITT."""
    pdu = numbered(session, TMF_REQ, FINAL | function, {20: tag, 32: ref_cmdsn}, cmdsn, immediate,
                   lun=lun)
    session.send(pdu)
    return pdu.itt


def tmf_answer(session, itt):
    """The whole TMF Response."""
    pdu = session.other(TMF_RSP)
    equal(pdu.itt, itt, "ITT of the TMF response")
    equal(pdu.dsl, 0, "data in a TMF response")
    return pdu


def tmf(session, function, **kwargs):
    """The response code."""
    return tmf_answer(session, tmf_send(session, function, **kwargs)).bhs[2]


def forget(session, *tasks):
    """These have been aborted: a status that comes now is one too many."""
    for task in tasks:
        check(not task.done, "a status of an aborted task")
        del session.tasks[task.itt]


def quiet(session, seconds):
    """Nothing comes for so long, but a NOP-In that says nothing."""
    end = time.monotonic() + seconds
    before = session.sock.gettimeout()
    try:
        while True:
            left = end - time.monotonic()
            if left <= 0:
                return
            session.sock.settimeout(left)
            try:
                pdu = session.recv()
            except Failure as failure:
                if "no answer within" in str(failure):
                    return
                raise
            if pdu is None:
                raise Closed("the target closed the connection")
            check(pdu.opcode == NOP_IN and pdu.itt == RTAG, "there should be silence, but", pdu)
    finally:
        session.sock.settimeout(before)


def digest_wire(pdu, session, header_xor=0, data_xor=0, data=None):
    """A PDU's bytes with digests that are wrong in the bits of the xor. data: what
    the data digest covers, if it is not data and padding."""
    head = pdu.head()
    out = [head]
    if session.header_digest:
        out.append(struct.pack("<I", struct.unpack("<I", crc32c(head))[0] ^ header_xor))
    if pdu.data:
        padded = pdu.data + padding(len(pdu.data))
        out.append(padded)
        if session.data_digest:
            crc = struct.unpack("<I", crc32c(padded if data is None else data))[0]
            out.append(struct.pack("<I", crc ^ data_xor))
    return b"".join(out)
