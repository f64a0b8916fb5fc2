# SPDX-License-Identifier: GPL-2.0
"""What the live fuzzer has found, each as the shortest way to it."""

import time

import harness
from hang import Suspended
from harness import check, equal
from login import random_isid
from raw import DATA_IN, FINAL, RTAG, SCSI_CMD, SCSI_RSP, TMF_REQ
from session import ABORT_TASK, LUN_RESET, READ, SIMPLE, Session, read10
from target import Target

DELAY = 400         # ms
ORDERED = 2


def read_ordered(session):
    """Session.submit() knows SIMPLE only. Return: the ITT."""
    pdu = session.base(SCSI_CMD, FINAL | READ | ORDERED, session.next_itt(), {20: 512})
    pdu.bhs[32:42] = read10(0, 1)
    session.send(pdu)
    return pdu.itt


def answered(session, itt):
    """Until the status of this ITT is there."""
    while True:
        pdu = session.recv()
        check(pdu is not None, "the connection was closed")
        if pdu.itt == itt and (pdu.opcode == SCSI_RSP or (pdu.opcode == DATA_IN and pdu.flags & 1)):
            return pdu.bhs[3]


def order_after(end_it):
    """A read is ended early by end_it(session, task); ORDERED and SIMPLE commands of this
    and of another session still get through."""
    with Suspended(delay=DELAY) as disk, Target("found") as target:
        target.lun(0, kind="block", mib=8, path=disk.path)
        with Session(target.iqn) as session, Session(target.iqn, isid=random_isid()) as other:
            session.ready(0)
            other.ready(0)
            task = session.submit(read10(0, 8), read=4096)
            session.sync()
            check(not task.done, "the disk is not slow")
            end_it(session, task)
            equal(answered(session, read_ordered(session)), 0, "status of the ORDERED command")
            other.ready(0)
            equal(len(other.read_at(0, 512)), 512, "bytes of the other session")


def test_order_after_abort():
    """ORDERED command behind one that was aborted in the backend."""
    order_after(lambda session, task: equal(session.tmf(ABORT_TASK, tag=task.itt,
                                                        ref_cmdsn=task.cmdsn), 0, "the abort"))


def test_order_after_reset():
    """The same behind a LUN RESET; the reset is a unit attention for the others."""
    def reset(session, _task):
        equal(session.tmf(LUN_RESET), 0, "the reset")
        session.ready(0)
    order_after(reset)


def test_order_after_close():
    """The same when the connection of the read breaks."""
    with Suspended(delay=DELAY) as disk, Target("found") as target:
        target.lun(0, kind="block", mib=8, path=disk.path)
        session = Session(target.iqn)
        session.ready(0)
        for number in range(4):
            session.submit(read10(8 * number, 8), read=4096)
        session.sync()
        session.reset()
        with Session(target.iqn, isid=random_isid()) as other:
            other.ready(0)
            equal(answered(other, read_ordered(other)), 0, "status of the ORDERED command")
        harness.wait_for(lambda: target.sessions() == 0, "the end of all sessions")


def break_off(target, requests):
    """Requests go out and the connection breaks at once, with work in the backend; its
    end comes when the connection's thread is gone."""
    for _ in range(harness.scaled(6, 2)):
        session = Session(target.iqn, isid=random_isid())
        session.ready(0)
        requests(session)
        session.reset()
    # First the end of all of them: a reset that is under way aborts what comes as well.
    harness.wait_for(lambda: target.sessions() == 0, "the end of all sessions")
    with Session(target.iqn, isid=random_isid()) as other:
        other.ready(0)
        equal(len(other.read_at(0, 512)), 512, "bytes of the next session")


def test_close_with_tmf_under_way():
    """A release that a function waits for, after the connection has broken."""
    def requests(session):
        tasks = [session.submit(read10(8 * n, 8), read=4096) for n in range(4)]
        for task in tasks:
            session.send(session.base(TMF_REQ, FINAL | ABORT_TASK, session.next_itt(),
                                      {20: task.itt, 32: task.cmdsn}, immediate=True))
        session.send(session.base(TMF_REQ, FINAL | LUN_RESET, session.next_itt(), {20: RTAG},
                                  immediate=True))
        time.sleep(0.1)
    with Suspended(delay=DELAY) as disk, Target("found") as target:
        target.lun(0, kind="block", mib=8, path=disk.path)
        break_off(target, requests)
