# SPDX-License-Identifier: GPL-2.0
"""SCSI commands: flags, attributes, immediate ones, allegiance to a connection."""

import harness
from disks import disk, manual, ready
from harness import check, equal
from login import random_isid
from pdus import (INVALID, PROTOCOL, command, data_out, issue, numbered, open_write, reject_of,
                  rejected, track, ttt_of)
from raw import FINAL, NOP_OUT, REJECT, RTAG
from registry import covers
from session import (CHECK_CONDITION, GOOD, OVERFLOW, READ, SIMPLE, TEST_UNIT_READY, UNDERFLOW,
                     WRITE, Session, inquiry, read10, report_luns, write10)

FIXTURE = disk


@covers("FFP-01")
def two_sessions(target):
    """Both use the same tags at the same time; each gets its own answers."""
    with manual(target, isid=random_isid()) as one, manual(target, isid=random_isid()) as two:
        one.write_at(0, b"\x11" * 4096)
        one.last_itt = two.last_itt = 0x5000
        writes = [open_write(session, write10(8 + place * 8, 8), bytes([place + 1]) * 4096)
                  for place, session in enumerate((one, two))]
        reads = [issue(session, read10(0, 8), read=4096) for session in (one, two)]
        equal([task.itt for task in writes], [0x5001, 0x5001], "tags in the test itself")
        for session, write, read in zip((one, two), writes, reads):
            data_out(session, write, write.write, ttt=ttt_of(write))
            equal(session.wait(write).status, GOOD, "status of the write")
            equal(bytes(session.wait(read).data), b"\x11" * 4096, "read")
            session.sync()
            equal(session.others, [], "answers that belong to nobody here")
        equal(one.read_at(8, 8192), b"\1" * 4096 + b"\2" * 4096, "the disk")


@covers("FFP-01")
def data_on_another_connection(target):
    """Data of one session's task, sent on another's connection, does not reach it."""
    with manual(target, isid=random_isid()) as one, manual(target, isid=random_isid()) as two:
        task = open_write(one, write10(0, 8), b"\x21" * 4096)
        data_out(two, task, b"\x99" * 4096, ttt=ttt_of(task))
        two.send(numbered(two, NOP_OUT, words={20: RTAG}))
        kinds = [two.recv().opcode]
        if kinds[0] == REJECT:
            kinds.append(two.recv().opcode)
        check(kinds in ([0x20], [REJECT, 0x20]), "answers on the other connection", kinds)
        one.sync()
        check(not task.done, "it has ended the task")
        data_out(one, task, task.write, ttt=ttt_of(task))
        equal(one.wait(task).status, GOOD, "status")
        equal(one.read_at(0, 4096), task.write, "the disk")


@covers("FFP-02")
def immediate(target):
    """Reads, writes with data at once or asked for, and neither. (B9)"""
    with manual(target) as session:
        before = session.cmdsn
        data = bytes(n * 3 & 0xff for n in range(4096))
        task = issue(session, write10(0, 8), write=data, data=data, immediate=True)
        equal(session.wait(task).status, GOOD, "status of a write with immediate data")
        task = issue(session, write10(8, 8), write=data, data=data[:512], immediate=True)
        session.pump()
        session.answer(task, task.r2ts[0])
        equal(session.wait(task).status, GOOD, "status of a write with more data")
        task = issue(session, read10(0, 16), read=8192, immediate=True)
        equal(bytes(session.wait(task).data), data * 2, "read")
        task = issue(session, TEST_UNIT_READY, immediate=True)
        equal(session.wait(task).status, GOOD, "status of TEST UNIT READY")
        task = issue(session, b"\xd3" + bytes(9), immediate=True)
        equal(session.wait(task).status, CHECK_CONDITION, "status of an unknown command")
        equal(session.cmdsn, before, "CmdSN in the test itself")
        session.sync()


@covers("FFP-03", rows={
    "W and F are 0": (SIMPLE, 0, b""), "R without F or W": (READ | SIMPLE, 512, b""),
    "neither with a length": (FINAL | SIMPLE, 512, b""),
    "neither with data": (FINAL | SIMPLE, 512, b"\x77" * 512)})
def contradicting_flags(target, flags, edtl, data):
    """Refused, numbered or immediate, and the disk is as before."""
    with ready(target) as session:
        pdu = command(session, write10(0, 1), edtl, flags, immediate=True, data=data)
        rejected(session, pdu, INVALID, PROTOCOL)
        equal(session.read_at(0, 512), bytes(512), "the disk")
        pdu = command(session, write10(0, 1), edtl, flags, data=data, cmdsn=session.cmdsn)
        task = track(session, pdu)
        session.send(pdu)
        while not task.done and not session.others:
            session.pump()
        if task.done:
            session.cmdsn += 1
            equal(task.status, CHECK_CONDITION, "status")
        else:
            del session.tasks[task.itt]
            reject_of(session, pdu, INVALID, PROTOCOL)
        equal(session.read_at(0, 512), bytes(512), "the disk")


@covers("FFP-04")
def flags_without_data(target):
    """R or W with a length of 0, for commands that transfer nothing."""
    with ready(target) as session:
        for flag in (READ, WRITE):
            for cdb in (TEST_UNIT_READY, b"\x35" + bytes(9)):
                pdu = command(session, cdb, 0, FINAL | SIMPLE | flag)
                task = track(session, pdu, b"" if flag == WRITE else None)
                session.send(pdu)
                session.wait(task)
                equal((task.status, task.flags), (GOOD, 0), f"status, residual of {cdb[0]:#x}")
        session.read_at(0, 512)


@covers("FFP-04")
def flags_without_room(target):
    """R or W with a length of 0, for commands that would transfer something: nothing
    is, and the residual says how much."""
    with ready(target) as session:
        for flag, cdb in ((READ, read10(0, 1)), (READ, inquiry(36)), (WRITE, write10(0, 1))):
            pdu = command(session, cdb, 0, FINAL | SIMPLE | flag)
            task = track(session, pdu, b"" if flag == WRITE else None)
            session.send(pdu)
            session.wait(task)
            equal(len(task.data), 0, "bytes")
            check(task.r2tsn == 0, "an R2T for nothing")
            if task.status == GOOD:
                equal((task.flags, task.residual), (OVERFLOW, 36 if cdb[0] == 0x12 else 512),
                      f"residual of {cdb[0]:#x}")
        equal(session.read_at(0, 512), bytes(512), "the disk")


@covers("FFP-04")
def log_is_not_filled(target):
    """A hundred of them, and a hundred to a LUN that does not exist, do not make a
    hundred lines in the kernel's log. (B13)"""
    log = harness.KernelLog()
    with ready(target) as session:
        for _ in range(100):
            for cdb, lun in ((TEST_UNIT_READY, 0), (inquiry(36), 77)):
                pdu = command(session, cdb, 0, FINAL | SIMPLE | READ, lun=lun)
                task = track(session, pdu)
                session.send(pdu)
                session.wait(task)
    lines = [line for line in log.read() if "TARGET_CORE" not in line]
    log.close()
    check(len(lines) <= 40, len(lines), "lines in the log, such as", lines[-1:])


@covers("FFP-05", rows={"untagged": (0,), "simple": (1,), "ordered": (2,), "head of queue": (3,),
                        "ACA": (4,)})
def attribute(target, attr):
    """Accepted; that a device has no ACA is for the device to say."""
    with ready(target) as session:
        for _ in range(3):
            task = issue(session, read10(0, 1), read=512, attr=attr)
            session.wait(task)
            if attr == 4 and task.status == CHECK_CONDITION:
                equal(task.sense_code[0], 5, "sense key")
            else:
                equal(task.status, GOOD, "status")
        session.read_at(0, 512)


@covers("FFP-05")
def head_of_queue(target):
    """Mixed attributes in a full queue: every command ends."""
    with ready(target) as session:
        tasks = [issue(session, write10(n, 1), write=bytes([n]) * 512, data=bytes([n]) * 512,
                       attr=n % 4) for n in range(40)]
        for task in tasks:
            equal(session.wait(task).status, GOOD, "status")
        equal(session.read_at(0, 40 * 512), b"".join(bytes([n]) * 512 for n in range(40)),
              "the disk")


@covers("FFP-05", rows={"5": (5,), "6": (6,), "7": (7,)})
def reserved_attribute(target, attr):
    """Refused, and the write is not done."""
    with ready(target) as session:
        pdu = command(session, write10(0, 1), 512, FINAL | WRITE | attr, immediate=True,
                      data=b"\x55" * 512)
        rejected(session, pdu, INVALID, PROTOCOL)
        equal(session.read_at(0, 512), bytes(512), "the disk")


@covers("FFP-25")
def response_byte(target):
    """Whatever goes wrong in a device or on the way to it, the iSCSI response is 00, or
    its flags are zero: take_status() looks."""
    with Session(target.iqn) as session:
        session.command(TEST_UNIT_READY, status=None)       # maybe a unit attention
        session.ready(0)
        for cdb, lun, kwargs in (
                (read10(1 << 30, 1), 0, {"read": 512}), (read10(0, 1), 9, {"read": 512}),
                (b"\xd3" + bytes(9), 0, {"read": 512}), (write10(1 << 30, 1), 0,
                                                         {"write": bytes(512)}),
                (write10(0, 8), 0, {"write": bytes(512)}), (read10(0, 8), 0, {"read": 512}),
                (report_luns(16), 0, {"read": 512}), (inquiry(36, page=0xee), 0, {"read": 36})):
            task = session.command(cdb, lun=lun, status=None, **kwargs)
            check(task.response.opcode == 0x25 or task.response.bhs[2] == 0 or not task.flags,
                  "response", task.response)
        task = session.command(write10(0, 1), write=bytes(512), edtl=1024, status=None)
        equal(task.flags, UNDERFLOW, "flags of an underflow")
