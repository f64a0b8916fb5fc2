# SPDX-License-Identifier: GPL-2.0
"""Damage on the way, and SNACK, at ErrorRecoveryLevel 0."""

from disks import generous, manual, ready
from harness import check, equal, wait_for
from pdus import (CRC_ERROR, DATA_DIGEST, SNACK_REJECT, data_out, digest_wire, issue, numbered,
                  open_write, reject_of, track, ttt_of)
from raw import (ASYNC, FINAL, LOGOUT_REQ, NOP_IN, NOP_OUT, REJECT, RTAG, SCSI_CMD, SNACK,
                 TEXT_REQ, TMF_REQ, Closed)
from registry import covers, later
from session import (CHECK_CONDITION, GOOD, READ, SIMPLE, WRITE, LUN_RESET, Session, read10,
                     write10)

FIXTURE = generous
BOTH = {"HeaderDigest": "CRC32C", "DataDigest": "CRC32C"}
DATA = b"\x5c" * 4096

for number in ("ERL-06", "ERL-07", "ERL-08", "ERL-09", "ERL-10"):
    later(number, "retransmission is what ErrorRecoveryLevel 1 adds")
for number in ("ERL-14", "ERL-15"):
    later(number, "reassignment is what ErrorRecoveryLevel 2 adds")

REQUESTS = {
    "ping": (NOP_OUT, FINAL, {20: RTAG}, b"ping"),
    "write": (SCSI_CMD, FINAL | WRITE | SIMPLE, {20: 512, 32: 0x2a000000, 40: 0x01000000},
              b"\x5d" * 512),
    "read": (SCSI_CMD, FINAL | READ | SIMPLE, {20: 512, 32: 0x28000000, 40: 0x01000000}, b""),
    "LUN RESET": (TMF_REQ, FINAL | LUN_RESET, {20: RTAG}, b""),
    "text": (TEXT_REQ, FINAL, {20: RTAG}, b"X-a=1\0"),
    "logout": (LOGOUT_REQ, FINAL, {20: 0}, b"")}


@covers("ERL-02", rows=REQUESTS)
def damaged_header(target, opcode, flags, words, data):
    """Nothing of the request is used, nor of what comes after it: the connection ends
    without an answer to it."""
    with manual(target, keys=BOTH) as session:
        pdu = numbered(session, opcode, flags, words, data=data)
        follower = numbered(session, NOP_OUT, words={20: RTAG})
        session.send_bytes(digest_wire(pdu, session, header_xor=0x80) + session.encode(follower))
        seen = session.expect_close((ASYNC,), seconds=5)
        check(all(message.bhs[36] in (2, 3) for message in seen), "events", seen)
    with ready(target) as session:
        equal(session.read_at(0, 512), bytes(512), "the disk")


@covers("ERL-02")
def damaged_header_of_data(target):
    """A write that waits is not fed from a Data-Out whose header is damaged."""
    with manual(target, keys=BOTH) as session:
        task = open_write(session, write10(0, 8), DATA)
        pdu = numbered(session, 5, FINAL, {20: ttt_of(task), 36: 0, 40: 0}, itt=task.itt,
                       data=DATA)
        session.send_bytes(digest_wire(pdu, session, header_xor=1))
        session.expect_close((ASYNC,), seconds=5)
    with ready(target) as session:
        equal(session.read_at(0, 4096), bytes(4096), "the disk")


@covers("ERL-03", rows={f"{name}, {'immediate' if now else 'numbered'}": (*REQUESTS[name], now)
                        for name in ("ping", "text", "write") for now in (True, False)})
def damaged_data(target, opcode, flags, words, data, immediate):
    """Rejected and thrown away. An immediate request is not missed; the number of
    another one is still to come, or the session ends."""
    session = manual(target, keys=BOTH)
    pdu = numbered(session, opcode, flags, words, immediate=immediate, cmdsn=session.cmdsn,
                   data=data)
    session.send_bytes(digest_wire(pdu, session, data_xor=1 << 17))
    if opcode == SCSI_CMD:
        task = track(session, pdu, data)
    while not session.others and (opcode != SCSI_CMD or not task.done):
        session.pump()
    if session.others:
        reject_of(session, pdu, DATA_DIGEST)
    try:
        if opcode == SCSI_CMD:
            if not task.done:
                session.wait(task)      # concluded with a status; or closed
            equal((task.status, task.sense_code), (CHECK_CONDITION, CRC_ERROR), "status")
            session.cmdsn += not immediate
        session.sync()
        session.read_at(0, 512)
        session.logout()
    except (Closed, ConnectionResetError, BrokenPipeError):
        check(not immediate, "the session ended with an immediate request")
    session.close()
    with ready(target) as again:
        equal(again.read_at(0, 512), bytes(512), "the disk")


@covers("ERL-03")
def damaged_data_and_the_next(target):
    """The request behind a damaged one is found and served; each damage is counted.
    (B6: the in-tree module drops the connection. B16: it does not count.)"""
    before = int(target.statistic("iscsi_sess_err/digest_errors"))
    with Session(target.iqn, keys={"DataDigest": "CRC32C"}) as session:
        wire = b""
        for number in range(8):
            pdu = numbered(session, NOP_OUT, words={20: RTAG}, immediate=True, data=b"ping" * 9,
                           itt=0x100 + number)
            wire += digest_wire(pdu, session, data_xor=number % 2)
        session.send_bytes(wire)
        seen = []
        while len(seen) < 8:
            pdu = session.recv()
            seen.append(pdu.itt if pdu.opcode == NOP_IN else int.from_bytes(pdu.data[16:20], "big"))
            check(pdu.opcode in (NOP_IN, REJECT), "answer", pdu)
            equal(pdu.opcode == REJECT, bool(seen[-1] & 1), "Reject exactly of the damaged")
        equal(sorted(seen), [0x100 + n for n in range(8)], "answers")
    wait_for(lambda: int(target.statistic("iscsi_sess_err/digest_errors")) == before + 4,
             "the counter of digest errors", 3)


@covers("ERL-04", rows={"first": (0,), "second": (1,), "last": (3,)})
def damaged_data_out(target, place):
    """Reject 02 for the PDU; the command fails with a CRC error, after its last F."""
    with manual(target, keys=BOTH) as session:
        task = open_write(session, write10(0, 8), DATA)
        for number in range(4):
            pdu = numbered(session, 5, FINAL if number == 3 else 0,
                           {20: ttt_of(task), 36: number, 40: number * 1024}, itt=task.itt,
                           data=DATA[:1024])
            check(not task.done, "a status before the last F")
            session.send_bytes(digest_wire(pdu, session, data_xor=number == place))
            if number == place:
                reject_of(session, pdu, DATA_DIGEST)
            if number < 3:
                session.send(numbered(session, NOP_OUT, words={20: RTAG}, immediate=True))
                session.other(NOP_IN)
        session.wait(task)
        equal((task.status, task.sense_code), (CHECK_CONDITION, CRC_ERROR), "status, sense")
        equal(session.read_at(0, 4096), bytes(4096), "the disk")


@covers("ERL-04")
def damaged_unsolicited_data(target):
    """The same in a burst that nobody asked for."""
    with manual(target, keys={**BOTH, "InitialR2T": "No", "FirstBurstLength": "4096"}) as session:
        task = issue(session, write10(0, 8), write=DATA, more=True)
        for number in range(2):
            pdu = numbered(session, 5, FINAL * number, {20: RTAG, 36: number, 40: number * 2048},
                           itt=task.itt, data=DATA[:2048])
            session.send_bytes(digest_wire(pdu, session, data_xor=1 - number))
            if not number:
                reject_of(session, pdu, DATA_DIGEST)
                check(not task.done, "a status before the last F")
        session.wait(task)
        equal((task.status, task.sense_code, task.r2tsn), (CHECK_CONDITION, CRC_ERROR, 0),
              "status, sense, R2Ts")
        equal(session.read_at(0, 4096), bytes(4096), "the disk")


@covers("ERL-05", rows={"Data/R2T": (0,), "R-Data": (3,), "DataACK": (2,), "status": (1,)})
def snack_of_a_write(target, kind):
    """Reject 03, and the command it names ends with 0B/11/13 when its data is in; or
    the connection ends. What is never right is to go on as if nothing had been."""
    session = manual(target)
    task = open_write(session, write10(0, 8), DATA)
    itt = task.itt if kind in (0, 3) else RTAG
    pdu = numbered(session, SNACK, FINAL | kind, {20: RTAG, 40: 0, 44: 0}, itt=itt)
    session.send(pdu)
    try:
        reject_of(session, pdu, SNACK_REJECT)
        data_out(session, task, DATA, ttt=ttt_of(task))
        session.wait(task)
        if kind in (0, 3):
            equal((task.status, task.sense_code), (CHECK_CONDITION, (0xb, 0x11, 0x13)), "status")
        session.read_at(0, 512)
        session.logout()
    except (Closed, ConnectionResetError, BrokenPipeError):
        check(kind in (0, 1, 3), "ended by a DataACK")
    session.close()


@covers("ERL-05")
def snack_of_nothing(target):
    """Of a task that is over, or never was: Reject 03, and no harm to others."""
    with ready(target) as session:
        task = session.command(read10(0, 8), read=4096)
        for itt in (task.itt, 0x4711):
            for kind in (0, 3):
                pdu = numbered(session, SNACK, FINAL | kind, {20: RTAG}, itt=itt)
                session.send(pdu)
                reject_of(session, pdu, SNACK_REJECT)
        equal(session.command(write10(0, 8), write=DATA).status, GOOD, "status")
        session.sync()
