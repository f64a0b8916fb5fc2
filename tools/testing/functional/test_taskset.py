# SPDX-License-Identifier: GPL-2.0
"""Functions on more than one task, and those of iSCSIProtocolLevel 2."""

import time

import harness
from hang import Suspended
from harness import check, equal, write
from login import random_isid
from raw import ASYNC, FINAL, RTAG, SNACK, TMF_REQ, TMF_RSP, Closed, Pdu
from session import (ABORT_TASK, ABORT_TASK_SET, CHECK_CONDITION, CLEAR_TASK_SET, COLD_RESET, GOOD,
                     LUN_RESET, NEXUS_RESET, QUERY_ASYNC_EVENT, QUERY_TASK, QUERY_TASK_SET,
                     TASK_ABORTED, TEST_UNIT_READY, WARM_RESET, Session, read10, write10)
from target import Target
from test_tmf import COMPLETE, NO_LUN, REJECTED, open_target, waiting_write

AUTH_FAILED, SUCCEEDED = 6, 7
LEVEL_2 = {"iSCSIProtocolLevel": "2"}


def no_status(session, *tasks):
    """What was aborted has no response, then or later."""
    session.sync()
    for task in tasks:
        check(not task.done, "a status for an aborted task")
        session.tasks.pop(task.itt, None)
    equal(session.others, [], "other answers")


def test_abort_task_set():
    """All tasks of this session on the unit end; other units and sessions go on."""
    with open_target(2) as target:
        with Session(target.iqn, answer_r2t=False) as one, \
                Session(target.iqn, isid=random_isid(), answer_r2t=False) as two:
            for session in (one, two):
                session.ready(0, 1)
            gone = [waiting_write(one, lba=8 * n) for n in range(4)]
            other_lun, other_session = waiting_write(one, lun=1), waiting_write(two)
            equal(one.tmf(ABORT_TASK_SET, 0), COMPLETE, "ABORT TASK SET")
            for task in gone:
                one.answer(task, task.r2ts[0])
            no_status(one, *gone)
            for session, task in ((one, other_lun), (two, other_session)):
                session.answer(task, task.r2ts[0])
                equal(session.wait(task).status, GOOD, "status of a bystander")
            equal(one.command(TEST_UNIT_READY).status, GOOD, "no unit attention for the issuer")
            equal(one.tmf(ABORT_TASK_SET, 9), NO_LUN, "of a unit that is not there")


test_abort_task_set.quick = True


def test_waits_for_data():
    """The answer waits for the data of valid tags, but not for ever (FFP-32)."""
    with open_target() as target:
        with Session(target.iqn, answer_r2t=False) as session:
            session.ready(0)
            task = waiting_write(session)
            start = time.monotonic()
            session.send(session.base(TMF_REQ, FINAL | LUN_RESET, 0x600, {20: RTAG},
                                      immediate=True))
            session.sync()
            equal(session.others, [], "an answer before the data")
            session.answer(task, task.r2ts[0])
            session.timeout(0.4)
            equal(session.other(TMF_RSP).bhs[2], COMPLETE, "LUN RESET")
            check(time.monotonic() - start < harness.patience(0.45), "waited although data came")
            session.timeout(10)
            session.ready(0)
            waiting_write(session)
            start = time.monotonic()
            equal(session.tmf(LUN_RESET), COMPLETE, "LUN RESET without the data")
            took = time.monotonic() - start
            check(0.3 < took < harness.patience(1), f"it took {took:.2f} s")
            session.tasks.clear()
            session.ready(0)


def stuck_tasks(session, lun=0, count=4):
    """Reads and writes that the suspended device does not finish."""
    tasks = []
    for number in range(count):
        if number % 2:
            tasks.append(session.submit(read10(64 + 8 * number, 8), lun=lun, read=4096))
        else:
            tasks.append(session.submit(write10(8 * number, 8), lun=lun, write=b"\6" * 4096))
    session.sync()
    check(not any(task.done for task in tasks), "the device is not stuck")
    return tasks


def send_tmf(session, function, lun=0, itt=0x700):
    session.send(session.base(TMF_REQ, FINAL | function, itt, {20: RTAG}, lun, immediate=True))


def test_running_tasks():
    """ABORT TASK SET of tasks that the device works on: it waits, and none is answered."""
    with Suspended() as device, Target("taskset") as target:
        target.lun(0, kind="block", mib=8, path=device.path)
        target.lun(1)
        with Session(target.iqn) as session:
            session.ready(0, 1)
            device.suspend()
            try:
                tasks = stuck_tasks(session)
                send_tmf(session, ABORT_TASK_SET)
                after = session.submit(read10(0, 8), read=4096)
                session.sync()
                equal(session.others, [], "an answer while the device works")
                session.read_at(0, 4096, 1)
            finally:
                device.resume()
            equal(session.other(TMF_RSP).bhs[2], COMPLETE, "ABORT TASK SET")
            equal(session.wait(after).status, GOOD, "a task that came behind the function")
            no_status(session, *tasks)
            session.read_at(0, 4096)


def clear_task_set(tas):
    with Suspended() as device, Target("taskset") as target:
        target.lun(0, kind="block", mib=8, path=device.path, emulate_tas=tas)
        with Session(target.iqn, answer_r2t=False) as one, \
                Session(target.iqn, isid=random_isid(), answer_r2t=False) as two, \
                Session(target.iqn, isid=random_isid()) as idle:
            for session in (one, two, idle):
                session.ready(0)
            collecting = waiting_write(two, lba=512)
            device.suspend()
            try:
                mine, theirs = stuck_tasks(one), stuck_tasks(two)
                send_tmf(one, CLEAR_TASK_SET)
                one.sync()
                two.sync()
                check(not (one.others or two.others), "an answer while the device works")
            finally:
                device.resume()
            equal(one.other(TMF_RSP).bhs[2], COMPLETE, "CLEAR TASK SET")
            no_status(one, *mine)
            if tas:
                two.answer(collecting, collecting.r2ts[0])
                for task in theirs + [collecting]:
                    equal(two.wait(task).status, TASK_ABORTED, "status with TAS")
            else:
                two.answer(collecting, collecting.r2ts[0])
                no_status(two, collecting, *theirs)
                task = two.command(TEST_UNIT_READY, status=CHECK_CONDITION)
                equal(task.sense_code, (6, 0x2f, 0), "unit attention")
            for session in (one, two, idle):
                equal(session.command(TEST_UNIT_READY).status, GOOD, "afterwards")
                session.read_at(0, 4096)


def test_clear_task_set():
    """Tasks of every session end; the others are told by TASK ABORTED (TAS is on)."""
    clear_task_set(1)


def test_clear_task_set_silent():
    """With TAS off they are told by a unit attention, 06/2F/00."""
    clear_task_set(0)


def test_clear_storm():
    """CLEAR TASK SET from several sessions at once, under load and with sessions ending."""
    with open_target() as target:
        for number in range(harness.scaled(10, 2)):
            sessions = [Session(target.iqn, isid=random_isid()) for _ in range(4)]
            for session in sessions:
                session.ready(0)
            for session in sessions:
                for lba in range(8):
                    session.submit(write10(lba * 8, 8), write=bytes(4096), immediate=4096)
                send_tmf(session, CLEAR_TASK_SET)
            sessions.pop(number % 4).reset()
            for session in sessions:
                while not session.others:
                    session.pump()
                equal(session.other(TMF_RSP).bhs[2], COMPLETE, "CLEAR TASK SET")
                session.tasks.clear()
                for _ in range(8):
                    if session.command(TEST_UNIT_READY, status=None).status == GOOD:
                        break
                session.logout()
        harness.wait_for(lambda: target.sessions() == 0, "the end of all sessions")


def test_warm_reset():
    """TARGET WARM RESET: every unit of the issuer is reset; its LUN field means nothing."""
    with open_target(3) as target:
        with Session(target.iqn, answer_r2t=False) as one, \
                Session(target.iqn, isid=random_isid(), answer_r2t=False) as two:
            for session in (one, two):
                session.ready(0, 1, 2)
            writes = [waiting_write(one, lun=lun) for lun in range(3)]
            equal(one.tmf(WARM_RESET, b"\xff" * 8), COMPLETE, "TARGET WARM RESET")
            for task in writes:
                one.answer(task, task.r2ts[0])
            no_status(one, *writes)
            for lun in range(3):
                task = two.command(TEST_UNIT_READY, lun=lun, status=CHECK_CONDITION)
                equal(task.sense_code[:2], (6, 0x29), "unit attention of the other session")
            one.ready(0, 1, 2)
            one.write_at(0, b"\1" * 512, 2)


def cold_reset(allowed):
    write("/sys/module/tcm_iscsi/parameters/cold_reset", "Y" if allowed else "N")


def test_cold_reset():
    """TARGET COLD RESET: refused unless allowed; then every session ends, also ours."""
    with open_target() as target, Target("bystander") as other:
        try:
            with Session(target.iqn) as session:
                equal(session.tmf(COLD_RESET), AUTH_FAILED, "not allowed")
                session.sync()
            cold_reset(True)
            one = Session(target.iqn)
            two = Session(target.iqn, isid=random_isid())
            with Session(other.iqn) as bystander:
                one.ready(0)
                equal(one.tmf(COLD_RESET), COMPLETE, "TARGET COLD RESET")
                one.expect_close((ASYNC,))
                seen = two.expect_close((ASYNC,))
                equal([pdu.bhs[36] for pdu in seen], [3], "events in the other session")
                bystander.sync()
            one.close()
            two.close()
            harness.wait_for(lambda: target.sessions() == 0, "the end of the sessions")
            with Session(target.iqn) as session:
                session.ready(0)
        finally:
            cold_reset(False)


def test_level_2():
    """QUERY TASK, QUERY TASK SET, QUERY ASYNCHRONOUS EVENT."""
    with open_target(2) as target:
        with Session(target.iqn, keys=LEVEL_2, answer_r2t=False) as session:
            equal(session.values.get("iSCSIProtocolLevel"), "2", "level")
            session.ready(0, 1)
            equal(session.tmf(QUERY_TASK, tag=0x4711), COMPLETE, "no such task")
            equal(session.tmf(QUERY_TASK_SET), COMPLETE, "no task at all")
            task = waiting_write(session)
            equal(session.tmf(QUERY_TASK, tag=task.itt), SUCCEEDED, "a task")
            equal(session.tmf(QUERY_TASK, 9, tag=task.itt), NO_LUN, "on a unit that is not there")
            equal(session.tmf(QUERY_TASK_SET), SUCCEEDED, "tasks on this unit")
            equal(session.tmf(QUERY_TASK_SET, 1), COMPLETE, "tasks on the other")
            send_tmf(session, LUN_RESET, itt=0x701)
            equal(session.tmf(QUERY_TASK, tag=0x701), REJECTED, "QUERY TASK of a function")
            session.answer(task, task.r2ts[0])
            equal(session.other(TMF_RSP).itt, 0x701, "LUN RESET")
            del session.tasks[task.itt]
            pending = query_event(session)
            equal(pending[0], SUCCEEDED, "after a reset")
            equal(pending[1][0] & 0xf, 6, "sense key")
            equal(tuple(pending[1][1:]), (0x29, 3), "codes")
            session.ready(0)
            equal(query_event(session), (COMPLETE, b"\0\0\0"), "when nothing is pending")


def query_event(session, lun=0):
    send_tmf(session, QUERY_ASYNC_EVENT, lun, itt=0x702)
    pdu = session.other(TMF_RSP)
    equal(pdu.itt, 0x702, "ITT")
    return pdu.bhs[2], bytes(pdu.bhs[8:11])


def test_nexus_reset():
    """I_T NEXUS RESET ends the session, its tasks, and nobody else's."""
    with open_target() as target:
        session = Session(target.iqn, keys=LEVEL_2, answer_r2t=False)
        with Session(target.iqn, isid=random_isid()) as other:
            session.ready(0)
            other.ready(0)
            waiting_write(session)
            send_tmf(session, NEXUS_RESET, b"\xff" * 8)
            try:
                while True:
                    pdu = session.pump()
                    check(pdu.opcode in (TMF_RSP, ASYNC), "unexpected", pdu)
            except (Closed, OSError):
                pass
            session.close()
            harness.wait_for(lambda: target.sessions() == 1, "the end of the session")
            other.read_at(0, 512)


def test_abort_during_reset():
    """A function that another reset ends is answered all the same."""
    with Suspended() as device, Target("taskset") as target:
        target.lun(0, kind="block", mib=8, path=device.path)
        with Session(target.iqn) as one, Session(target.iqn, isid=random_isid()) as two:
            for session in (one, two):
                session.ready(0)
            device.suspend()
            try:
                tasks = stuck_tasks(one)
                for number, task in enumerate(tasks):
                    one.send(one.base(TMF_REQ, FINAL | ABORT_TASK, 0x710 + number,
                                      {20: task.itt, 32: task.cmdsn}, immediate=True))
                one.sync()
                send_tmf(two, LUN_RESET)
                two.sync()
            finally:
                device.resume()
            equal(two.other(TMF_RSP).bhs[2], COMPLETE, "LUN RESET")
            seen = sorted(one.other(TMF_RSP).itt for _ in tasks)
            equal(seen, [0x710 + n for n in range(len(tasks))], "answers to ABORT TASK")
            for task in tasks:
                one.tasks.pop(task.itt, None)
            for session in (one, two):
                session.ready(0)


def test_snack():
    """SNACK at ErrorRecoveryLevel 0: rejected, and the task ends with 0B/11/13 (ERL-05)."""
    with open_target() as target:
        with Session(target.iqn, answer_r2t=False) as session:
            session.ready(0)
            for kind in (0, 3):
                task = waiting_write(session)
                session.send(Pdu(SNACK, FINAL | kind, task.lun, task.itt,
                                 {20: RTAG, 28: session.statsn, 40: 0, 44: 1}))
                session.rejected(3)
                session.sync()
                check(not task.done, "status in front of owed data")
                session.answer(task, task.r2ts[0])
                equal(session.wait(task).status, CHECK_CONDITION, "status")
                equal(task.sense_code, (0xb, 0x11, 0x13), "sense")
            equal(session.read_at(0, 4096), bytes(4096), "the disk")
            session.send(Pdu(SNACK, FINAL, 0, 0x4711, {20: RTAG, 28: session.statsn, 44: 1}))
            session.rejected(3)
            session.sync()
        session = Session(target.iqn)
        session.send(Pdu(SNACK, FINAL | 1, 0, RTAG, {20: RTAG, 28: session.statsn}))
        seen = session.expect_close((ASYNC, 0x3f))
        equal([pdu.opcode for pdu in seen], [0x3f, ASYNC], "answers to a Status SNACK")
        session.close()


def test_snack_reading():
    """SNACK for a read that the device still works on."""
    with Suspended() as device, Target("taskset") as target:
        target.lun(0, kind="block", mib=8, path=device.path)
        with Session(target.iqn) as session:
            session.ready(0)
            device.suspend()
            try:
                task = session.submit(read10(0, 8), read=4096)
                session.sync()
                session.send(Pdu(SNACK, FINAL, 0, task.itt, {20: RTAG, 28: session.statsn, 44: 1}))
                session.rejected(3)
            finally:
                device.resume()
            equal(session.wait(task).status, CHECK_CONDITION, "status")
            equal(task.sense_code, (0xb, 0x11, 0x13), "sense")
            equal(task.datasn, 0, "Data-In in front of the failure")
            session.read_at(0, 512)


def test_drop_is_announced():
    """What the target ends by itself, it announces: event 3, then FIN (FFP-58)."""
    with open_target() as target:
        session = Session(target.iqn)
        session.ready(0)
        target.enable(False)
        seen = session.expect_close((ASYNC,))
        equal([(pdu.bhs[36], pdu.half(40), pdu.half(42)) for pdu in seen],
              [(3, int(session.values.get("DefaultTime2Wait", 2)),
                int(session.values.get("DefaultTime2Retain", 20)))], "event and times")
        session.close()
        target.enable()
        isid = random_isid()
        old = Session(target.iqn, isid=isid)
        with Session(target.iqn, isid=isid):
            equal(old.expect_close(), [], "the end by reinstatement, which is none of that")
        old.close()
