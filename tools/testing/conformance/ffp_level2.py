# SPDX-License-Identifier: GPL-2.0
"""RFC 7144: the functions 9 to 12, which exist from protocol level 2 on."""

from disks import manual, ready, two_disks
from harness import check, equal, wait_for
from login import random_isid
from pdus import (COMPLETE, NEXUS_RESET, NO_FUNCTION, NO_LUN, QUERY_ASYNC, QUERY_TASK,
                  QUERY_TASK_SET, SUCCEEDED, data_out, open_write, tmf, tmf_answer, tmf_send,
                  ttt_of)
from raw import ASYNC, TMF_RSP
from registry import covers
from session import CHECK_CONDITION, GOOD, TEST_UNIT_READY, Session, read10, write10

FIXTURE = two_disks
LEVEL2 = {"iSCSIProtocolLevel": "2"}
DATA = b"\x2a" * 4096
ATTENTION = 6


@covers("FFP-39", rows={str(function): (function,) for function in
                        (QUERY_TASK, QUERY_TASK_SET, NEXUS_RESET, QUERY_ASYNC)})
def never_rejected(target, function):
    """Each has a response, or ends the session as it is meant to; a Reject would fail
    in tmf_answer()."""
    session = ready(target, (0, 1), keys=LEVEL2)
    equal(session.values["iSCSIProtocolLevel"], "2", "iSCSIProtocolLevel")
    itt = tmf_send(session, function, tag=0x4711)
    if function == NEXUS_RESET:
        session.expect_close((TMF_RSP, ASYNC))
        session.close()
        return
    answer = tmf_answer(session, itt).bhs[2]
    check(answer in (COMPLETE, NO_FUNCTION, SUCCEEDED), "response", answer)
    session.logout()


@covers("FFP-40")
def query_task(target):
    """7 while it is there, 0 when it is not; the task does not notice."""
    with manual(target, (0, 1), keys=LEVEL2) as session:
        task = open_write(session, write10(0, 8), DATA)
        fields = {"tag": task.itt, "ref_cmdsn": task.cmdsn}
        for _ in range(2):
            answer = tmf_answer(session, tmf_send(session, QUERY_TASK, **fields))
            equal(answer.bhs[2], SUCCEEDED, "response while it waits")
            equal(answer.bhs[8:11], bytes(3), "Additional Response Information")
        equal(tmf(session, QUERY_TASK, tag=0x4711), COMPLETE, "response for an unknown task")
        data_out(session, task, DATA, ttt=ttt_of(task))
        equal(session.wait(task).status, GOOD, "status")
        equal(tmf(session, QUERY_TASK, **fields), COMPLETE, "response when it is over")
        equal(session.read_at(0, 4096), DATA, "the disk")


@covers("FFP-40")
def query_task_set(target):
    """Of this session and this unit only."""
    with manual(target, (0, 1), isid=random_isid(), keys=LEVEL2) as mine, \
            manual(target, (0, 1), isid=random_isid(), keys=LEVEL2) as theirs:
        equal(tmf(mine, QUERY_TASK_SET), COMPLETE, "response with no task")
        foreign = open_write(theirs, write10(0, 8), DATA)
        other = open_write(mine, write10(0, 8), DATA, lun=1)
        equal(tmf(mine, QUERY_TASK_SET), COMPLETE, "response with tasks elsewhere")
        equal(tmf(mine, QUERY_TASK_SET, lun=1), SUCCEEDED, "response for the other unit")
        task = open_write(mine, write10(16, 8), DATA)
        equal(tmf(mine, QUERY_TASK_SET), SUCCEEDED, "response with a task")
        equal(tmf(mine, QUERY_TASK_SET, lun=9), NO_LUN, "response for no unit")
        for session, one in ((theirs, foreign), (mine, other), (mine, task)):
            data_out(session, one, DATA, ttt=ttt_of(one))
            equal(session.wait(one).status, GOOD, "status")
        equal(tmf(mine, QUERY_TASK_SET), COMPLETE, "response when all is over")


@covers("FFP-40")
def query_asynchronous_event(target):
    """7 and the sense that the next command will bring, while a unit attention waits;
    asking does not clear it; 0 when it has been told."""
    with ready(target, (0, 1), isid=random_isid(), keys=LEVEL2) as session, \
            ready(target, (0, 1), isid=random_isid()) as other:
        equal(tmf(session, QUERY_ASYNC), COMPLETE, "response with nothing to tell")
        equal(tmf(other, 5), COMPLETE, "another session's LUN RESET")
        for _ in range(2):
            answer = tmf_answer(session, tmf_send(session, QUERY_ASYNC))
            equal(answer.bhs[2], SUCCEEDED, "response with a unit attention")
            check(answer.bhs[8] >> 4 in (1, 2), "UADE depth", answer.bhs[8] >> 4)
            equal(answer.bhs[8] & 15, ATTENTION, "sense key")
        task = session.command(TEST_UNIT_READY, status=CHECK_CONDITION)
        equal(task.sense_code, (ATTENTION, answer.bhs[9], answer.bhs[10]), "sense")
        session.ready(0)
        answer = tmf_answer(session, tmf_send(session, QUERY_ASYNC))
        equal((answer.bhs[2], bytes(answer.bhs[8:11])), (COMPLETE, bytes(3)), "response afterwards")
        equal(tmf(session, QUERY_ASYNC, lun=9), NO_LUN, "response for no unit")


@covers("FFP-41", "FFP-35", rows={"unit 0": (0,), "no such unit": (99,)})
def nexus_reset(target, lun):
    """The session ends at once, with its tasks; other sessions do not notice; the
    initiator that comes back hears of the loss of its nexus."""
    isid = random_isid()
    with manual(target, (0, 1), isid=random_isid()) as other:
        waiting = open_write(other, write10(64, 8), DATA)
        session = manual(target, (0, 1), isid=isid, keys={**LEVEL2, "DefaultTime2Wait": "20"})
        open_write(session, write10(0, 8), DATA)
        tmf_send(session, NEXUS_RESET, lun=lun)
        seen = session.expect_close((TMF_RSP, ASYNC), seconds=5)
        check(all(pdu.bhs[2] == COMPLETE for pdu in seen if pdu.opcode == TMF_RSP), seen)
        session.close()
        wait_for(lambda: target.sessions() == 1, "the end of the session", seconds=3)
        with Session(target.iqn, isid=isid) as again:
            for unit in (0, 1):
                task = again.command(TEST_UNIT_READY, lun=unit, status=CHECK_CONDITION)
                equal(task.sense_code, (ATTENTION, 0x29, 7), "sense of the first command")
            again.ready(0)
            equal(again.read_at(0, 4096), bytes(4096), "the disk")
        other.answer(waiting, waiting.r2ts[0])
        equal(other.wait(waiting).status, GOOD, "status of another session's task")


@covers("FFP-41")
def nexus_reset_without_level_two(target):
    """Below level 2 it ends nothing."""
    with ready(target, (0, 1)) as session:
        equal(tmf(session, NEXUS_RESET), NO_FUNCTION, "response")
        equal(session.read_at(0, 512), bytes(512), "the disk")
        session.command(read10(0, 1), read=512)
