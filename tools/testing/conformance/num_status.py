# SPDX-License-Identifier: GPL-2.0
"""Immediate limits, StatSN, DataSN, R2TSN, and fields that contradict the task."""

from disks import deep, disk, manual, ready, two_disks
from harness import check, equal
from pdus import (COMPLETE, IMMEDIATE_LIMIT, INVALID, IN_PROGRESS, LUN_RESET, PROTOCOL, command,
                  data_out, exp_cmdsn, issue, numbered, open_write, reject_of, rejected, tmf,
                  track, ttt_of)
from raw import (DATA_IN, FINAL, NOP_IN, NOP_OUT, R2T, REJECT, RTAG, SCSI_RSP, SNACK, TEXT_REQ,
                 TEXT_RSP, TMF_RSP)
from registry import covers
from session import GOOD, READ, SIMPLE, TEST_UNIT_READY, WRITE, read10, write10

FIXTURE = disk
MASK = 0xffffffff


def immediate_writes(session, limit=600):
    """Open immediate writes until one is rejected. Returns those that are open."""
    tasks = []
    for number in range(limit):
        pdu = command(session, write10(number, 1), 512, FINAL | WRITE | SIMPLE, immediate=True)
        task = track(session, pdu, bytes([number & 0xff]) * 512)
        session.send(pdu)
        while not task.r2ts and not session.others:
            session.pump()
        if session.others:
            del session.tasks[task.itt]
            reject_of(session, pdu, IMMEDIATE_LIMIT)
            return tasks
        tasks.append(task)
    check(False, limit, "immediate commands at a time and no limit")
    return tasks


@covers("NUM-11", fixture=None)
def room_for_two():
    """The window is full of writes that wait; a TMF and another immediate request are
    both taken, sent in one go, several times."""
    with deep(4) as target:
        with manual(target) as session:
            tasks = [open_write(session, write10(n, 1), bytes(512)) for n in range(4)]
            for _ in range(3):
                words = {20: 0x4711, 32: session.cmdsn - 100 & MASK}
                pair = [numbered(session, 2, FINAL | 1, words, immediate=True),
                        numbered(session, NOP_OUT, FINAL, {20: RTAG}, immediate=True)]
                session.send_bytes(b"".join(session.encode(pdu) for pdu in pair))
                seen = sorted((session.other(kind).opcode for kind in (TMF_RSP, NOP_IN)))
                equal(seen, [NOP_IN, TMF_RSP], "answers")
            for task in tasks:
                session.answer(task, task.r2ts[0])
                equal(session.wait(task).status, GOOD, "status")


@covers("NUM-11")
def room_for_one_command(target):
    """An immediate SCSI command and an immediate TMF at the same time. (B9)"""
    with manual(target) as session:
        task = issue(session, write10(0, 1), write=b"\5" * 512, immediate=True)
        session.pump()
        equal(tmf(session, 1, tag=0x4711, ref_cmdsn=session.cmdsn - 100 & MASK), 1, "ABORT TASK")
        session.answer(task, task.r2ts[0])
        equal(session.wait(task).status, GOOD, "status")


@covers("NUM-12")
def limit(target):
    """Beyond it: Reject, the connection stays, what is open can be finished, and then
    there is room again."""
    with manual(target) as session:
        tasks = immediate_writes(session)
        check(len(tasks) >= 1, "not even one immediate command")
        equal(exp_cmdsn(session), session.cmdsn, "ExpCmdSN")
        for task in tasks:
            session.answer(task, task.r2ts[0])
            equal(session.wait(task).status, GOOD, "status")
        session.tasks.clear()
        again = issue(session, read10(0, 1), read=512, immediate=True)
        equal(session.wait(again).status, GOOD, "status afterwards")
        session.read_at(0, 512)


@covers("NUM-12")
def task_management_at_the_limit(target):
    """A TMF gets through and ends them all."""
    with manual(target) as session:
        immediate_writes(session)
        equal(tmf(session, LUN_RESET), COMPLETE, "LUN RESET")
        session.tasks.clear()
        session.ready(0)
        session.read_at(0, 512)


@covers("NUM-13")
def acknowledged_first(target):
    """The ExpCmdSN that comes with a status is past its command: finish() looks."""
    with ready(target) as session:
        tasks = [session.submit(read10(n, 8), read=4096) if n & 1 else
                 session.submit(write10(n, 8), write=bytes(4096)) for n in range(64)]
        for task in tasks:
            session.wait(task)
            past = task.response.word(28) - task.cmdsn & MASK
            check(0 < past <= 64, "ExpCmdSN", task.response.word(28), "for CmdSN", task.cmdsn)


@covers("NUM-16", fixture=two_disks)
def status_numbers(target):
    """Every kind of answer in a row: number() compares each StatSN, and those that only
    show the next one, R2T and NOP-In; Data-In without status has none."""
    kinds = set()
    with manual(target, (0, 1), keys={"MaxRecvDataSegmentLength": "512"}) as session:
        first = session.statsn

        def take():
            pdu = session.pump()
            kinds.add(pdu.opcode)
            return pdu

        status = 0
        for turn in range(3):
            task = issue(session, write10(0, 16), write=bytes(8192))
            take()
            equal(task.r2ts[0].word(24), session.statsn, "StatSN of an R2T")
            session.answer(task, task.r2ts[0])
            read = issue(session, read10(0, 16), read=8192)
            bad = issue(session, read10(1 << 30, 1), read=512, lun=1)
            session.send(numbered(session, NOP_OUT, words={20: RTAG}))
            session.send(numbered(session, 0x1c, immediate=True))
            session.send(numbered(session, TEXT_REQ, words={20: RTAG}))
            session.send(numbered(session, 2, FINAL | 1, {20: 9, 32: session.cmdsn - 100 & MASK},
                                  immediate=True))
            status += 7
            while not (task.done and read.done and bad.done and len(session.others) == 4):
                take()
            session.others.clear()
            equal(session.statsn - first & MASK, status, f"numbers used after turn {turn}")
    equal(kinds, {R2T, SCSI_RSP, DATA_IN, NOP_IN, REJECT, TEXT_RSP, TMF_RSP}, "kinds of PDUs")


@covers("NUM-17", rows={"nobody": (None,), "NOP-Out": (NOP_OUT,), "Data-Out": (5,),
                        "SNACK": (SNACK,)}, fixture=None)
def acknowledged_by(kind):
    """Only one kind of request says what has arrived, the others show the same old
    ExpStatSN for ever: four times the window goes through all the same. (B17: the
    in-tree module keeps every command until its status is acknowledged.)"""
    with deep(8) as target:
        with manual(target) as session:
            old = session.statsn

            def stale(pdu):
                pdu.set_word(28, session.statsn if pdu.opcode == kind else old)
                session.send(pdu)

            for number in range(32):
                pdu = command(session, write10(number, 1), 512, FINAL | WRITE | SIMPLE)
                task = track(session, pdu, bytes([number]) * 512)
                stale(pdu)
                session.pump()
                pdu = numbered(session, 5, FINAL, {20: ttt_of(task), 36: 0, 40: 0}, itt=task.itt,
                               data=task.write)
                stale(pdu)
                equal(session.wait(task).status, GOOD, "status")
                if kind == NOP_OUT:
                    stale(numbered(session, NOP_OUT, words={20: RTAG}, itt=RTAG, immediate=True))
                if kind == SNACK and number % 8 == 7:
                    stale(numbered(session, SNACK, FINAL | 4))
                    session.other(REJECT)


@covers("NUM-17")
def from_the_future(target):
    """An ExpStatSN that nobody has reached yet acknowledges nothing and harms nobody."""
    with manual(target) as session:
        for ahead in (1, 1000, 0x7fffffff, 0x80000000, 0xffffffff):
            pdu = command(session, write10(0, 1), 512, FINAL | WRITE | SIMPLE)
            pdu.set_word(28, session.statsn + ahead)
            task = track(session, pdu, bytes(512))
            session.send(pdu)
            while not task.r2ts:
                session.pump()
            session.send(numbered(session, 5, FINAL, {20: ttt_of(task), 28: session.statsn + ahead},
                                  itt=task.itt, data=bytes(512)))
            equal(session.wait(task).status, GOOD, "status")
            session.sync()


@covers("NUM-18", rows={"small bursts": ("512", "512"), "odd bursts": ("1536", "1024"),
                        "one burst": ("262144", "512")})
def data_numbers(target, burst, segment):
    """DataSN goes on from one sequence to the next: take_data() compares."""
    with ready(target, keys={"MaxBurstLength": burst, "FirstBurstLength": "512",
                             "MaxRecvDataSegmentLength": segment}) as session:
        for blocks in (1, 2, 7, 64):
            task = session.command(read10(0, blocks), read=blocks * 512)
            equal(task.datasn, -(-blocks * 512 // min(int(segment), int(burst))) if
                  int(burst) % int(segment) == 0 else task.datasn, "number of Data-In")
            check(task.datasn >= blocks * 512 // int(segment), "too few Data-In")


@covers("NUM-19", rows={"one at a time": ("1",), "four": ("4",)})
def transfer_numbers(target, count):
    """R2TSN goes from 0 by 1 to the end of the command: take_r2t() compares."""
    with ready(target, keys={"MaxBurstLength": "512", "FirstBurstLength": "512",
                             "ImmediateData": "No", "MaxOutstandingR2T": count}) as session:
        for blocks in (1, 5, 32):
            task = session.write_at(0, bytes(blocks * 512))
            equal(task.r2tsn, blocks, "number of R2Ts")


@covers("NUM-20", fixture=two_disks)
def another_unit(target):
    """Data for a task of LUN 0 that says LUN 1 is refused; the task does not take it."""
    with manual(target, (0, 1)) as session:
        task = open_write(session, write10(0, 1), b"\x11" * 512)
        pdu = data_out(session, task, b"\x22" * 512, ttt=ttt_of(task), lun=1)
        reject_of(session, pdu, INVALID, PROTOCOL)
        if not task.done:
            data_out(session, task, task.write, ttt=ttt_of(task))
            session.wait(task)
        for lun in (0, 1):
            check(b"\x22" not in session.read_at(0, 512, lun), "the disk took it, LUN", lun)


@covers("NUM-20")
def data_for_a_read(target):
    """A task that reads takes no data, with an invented tag or with none."""
    with manual(target) as session:
        task = open_write(session, write10(0, 1), bytes(512))
        read = issue(session, read10(0, 1), read=512)
        session.wait(read)
        for ttt in (ttt_of(task), RTAG):
            pdu = data_out(session, read, b"\x33" * 512, ttt=ttt)
            reject_of(session, pdu, INVALID, PROTOCOL)
        data_out(session, task, task.write, ttt=ttt_of(task))
        equal(session.wait(task).status, GOOD, "status of the write")
        equal(session.read_at(0, 512), bytes(512), "the disk")


@covers("NUM-20")
def another_command_of_the_same_tag(target):
    """A tag in use names one command only: another one is rejected, numbered or not."""
    with manual(target) as session:
        task = open_write(session, write10(0, 8), b"\x44" * 4096)
        pdu = command(session, read10(0, 1), 512, FINAL | READ | SIMPLE, itt=task.itt,
                      immediate=True)
        rejected(session, pdu, IN_PROGRESS)
        pdu = command(session, TEST_UNIT_READY, 0, FINAL | SIMPLE, itt=task.itt,
                      cmdsn=session.cmdsn)
        rejected(session, pdu, IN_PROGRESS)
        session.sync()
        session.answer(task, task.r2ts[0])
        equal(session.wait(task).status, GOOD, "status of the first")
        equal(session.read_at(0, 4096), task.write, "the disk")
