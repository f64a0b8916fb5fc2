# SPDX-License-Identifier: GPL-2.0
"""What target core would do and must not (kmod/tcm/guard.c)."""

import harness
from harness import check, equal, write
from login import random_isid
from raw import FINAL, SCSI_CMD
from session import (CHECK_CONDITION, GOOD, LUN_RESET, READ, SIMPLE, TEST_UNIT_READY, WRITE, Session,
                     Task, read10, write10)
from target import Target

TASK_SET_FULL = 0x28
INVALID_IU = (5, 0xe, 3)


def wrong_way(session, cdb, flags, data=b"", length=512):
    """A command whose direction is not that of its CDB."""
    itt = session.next_itt()
    task = Task(itt, cdb, 0, length, data or None)
    task.cmdsn = session.cmdsn
    session.tasks[itt] = task
    pdu = session.base(SCSI_CMD, FINAL | SIMPLE | flags, itt, {20: length}, data=data)
    pdu.bhs[32:32 + len(cdb)] = cdb
    session.send(pdu)
    return session.wait(task)


def test_direction():
    """A READ with data does not write, a WRITE that wants data does not read."""
    with Target("guard") as target:
        target.lun(0)
        with Session(target.iqn) as session:
            session.ready(0)
            session.write_at(0, b"\1" * 512)
            task = wrong_way(session, read10(0, 1), WRITE, b"\2" * 512)
            equal((task.status, bytes(task.data)), (GOOD, b""), "READ with W")
            equal(session.read_at(0, 512), b"\1" * 512, "the disk after a READ with W")
            task = wrong_way(session, write10(0, 1), READ)
            equal((task.status, task.sense_code), (CHECK_CONDITION, INVALID_IU), "WRITE with R")
            equal(bytes(task.data), b"", "what was sent")
            equal(session.read_at(0, 512), b"\1" * 512, "the disk")


def compare_and_write(lba, blocks=1):
    return b"\x89\0" + lba.to_bytes(8, "big") + bytes(3) + bytes([blocks, 0, 0])


def test_compare_and_write():
    """COMPARE AND WRITE that ends before it is executed: no complaint, and two of them
    never run at a time afterwards."""
    with Target("guard") as target:
        target.lun(0)
        old, new = b"\1" * 512, b"\2" * 512
        with Session(target.iqn, answer_r2t=False) as session, \
                Session(target.iqn, isid=random_isid()) as other:
            session.ready(0)
            other.ready(0)
            session.write_at(0, old)
            for number in range(harness.scaled(20, 4)):
                # A unit attention is pending.
                equal(other.tmf(LUN_RESET), 0, "LUN RESET")
                task = session.command(compare_and_write(0), write=old + new, status=None)
                equal(task.status, CHECK_CONDITION, "status with a unit attention")
                equal(task.sense_code[:2], (6, 0x29), "sense")
                # It is aborted while it waits for its data.
                task = session.submit(compare_and_write(0), write=old + new, immediate=512)
                while not task.r2ts:
                    session.pump()
                equal(other.tmf(LUN_RESET), 0, "LUN RESET while it collects")
                session.answer(task, task.r2ts[0])
                session.sync()
                session.tasks.pop(task.itt, None)
                session.ready(0)
                other.ready(0)
                # And it still works, each once.
                task = session.command(compare_and_write(0), write=old + new)
                task = session.command(compare_and_write(0), write=old + new, status=None)
                equal((task.status, task.sense_code[0]), (CHECK_CONDITION, 0xe), "miscompare")
                check(number >= 0 and session.read_at(0, 512) == new, "the disk")
                session.write_at(0, old)


def budget(mib):
    write("/sys/module/tcm_iscsi/parameters/data_mib", str(mib))


def test_memory_budget():
    """Above data_mib a session is told TASK SET FULL, but always has one command."""
    with Target("guard") as target:
        target.lun(0)
        try:
            with Session(target.iqn, answer_r2t=False) as one, \
                    Session(target.iqn, isid=random_isid(), answer_r2t=False) as two:
                one.ready(0)
                two.ready(0)
                budget(4)
                tasks = [one.submit(write10(0, 2048), write=bytes(1 << 20), immediate=0)
                         for _ in range(8)]
                one.sync()
                full = [task for task in tasks if task.done]
                equal([task.status for task in full], [TASK_SET_FULL] * 4, "above the budget")
                task = two.submit(write10(0, 2048), write=bytes(1 << 20), immediate=0)
                while not (task.r2ts or task.done):
                    two.pump()
                check(not task.done, "the first command of another session was refused")
                equal(two.command(read10(0, 8), read=4096, status=None).status, TASK_SET_FULL,
                      "its second")
                equal(two.command(TEST_UNIT_READY).status, GOOD, "a command without data")
                for session in (one, two):
                    session.answer_r2t = True
                    for task in list(session.tasks.values()):
                        while not task.done:
                            if task.r2ts:
                                session.answer(task, task.r2ts[0])
                            else:
                                session.pump()
                        equal(task.status, GOOD, "status of what was let through")
                for _ in range(8):
                    one.read_at(0, 1 << 20)
        finally:
            budget(0)
