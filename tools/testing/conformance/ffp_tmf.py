# SPDX-License-Identifier: GPL-2.0
"""Functions for many tasks: what they end, what they wait for, who hears of it."""

import os
import time

import target as target_module
from disks import manual, ready, two_disks
from harness import check, equal, patience, read, wait_for, write
from login import random_isid
from pdus import (ABORT_TASK, ABORT_TASK_SET, CLEAR_ACA, CLEAR_TASK_SET, COLD_RESET, COMPLETE,
                  LUN_RESET, NEXUS_RESET, NO_FUNCTION, NO_LUN, NO_REASSIGN, NO_TASK,
                  NOT_AUTHORIZED, QUERY_ASYNC, QUERY_TASK, QUERY_TASK_SET, REASSIGN, WARM_RESET,
                  data_out, exp_cmdsn, forget, issue, numbered, open_write, quiet, tmf, tmf_answer,
                  tmf_send, ttt_of)
from raw import ASYNC, FINAL, NOP_IN, NOP_OUT, RTAG, TMF_RSP
from registry import covers, later, not_applicable
from session import GOOD, TASK_ABORTED, Session, read10, write10
from target import Target

FIXTURE = two_disks
SETS = {"ABORT TASK SET": (ABORT_TASK_SET,), "CLEAR TASK SET": (CLEAR_TASK_SET,),
        "LUN RESET": (LUN_RESET,), "WARM RESET": (WARM_RESET,)}
DATA = b"\x47" * 4096

not_applicable("FFP-42", "FastAbort is never selected: a SHOULD that nobody negotiates "
                         "(ffp_tmf.no_event_without_fast_abort offers it)")
later("FFP-44", "the fence concerns sessions of several connections")


@covers("FFP-32", rows=SETS)
def waits_for_data(target, function):
    """The response comes after the data that an R2T of this session has asked for, and
    soon after it. (B8)"""
    with manual(target, (0, 1)) as session:
        task = open_write(session, write10(0, 8), DATA)
        start = time.monotonic()
        itt = tmf_send(session, function)
        quiet(session, 0.2)
        data_out(session, task, task.write, ttt=ttt_of(task))
        equal(tmf_answer(session, itt).bhs[2], COMPLETE, "response")
        check(time.monotonic() - start < patience(0.45), "as late as without the data")
        forget(session, task)
        session.ready(0)
        equal(session.read_at(0, 4096), bytes(4096), "the disk")


@covers("FFP-32", rows=SETS)
def does_not_wait_for_ever(target, function):
    """An initiator that never sends the data, as some do, has its answer in time."""
    with manual(target, (0, 1)) as session:
        tasks = [open_write(session, write10(n * 8, 8), DATA) for n in range(3)]
        start = time.monotonic()
        session.timeout(5)
        equal(tmf(session, function), COMPLETE, "response")
        check(time.monotonic() - start < patience(2), "late by", time.monotonic() - start)
        forget(session, *tasks)
        session.ready(0)
        for task in tasks:
            data_out(session, task, task.write, ttt=ttt_of(task))
        session.sync()
        equal(session.others, [], "answers to late data")
        equal(session.read_at(0, 16384), bytes(16384), "the disk")


@covers("FFP-32", rows={name: SETS[name] for name in ("ABORT TASK SET", "CLEAR TASK SET",
                                                      "LUN RESET")})
def waits_for_commands(target, function):
    """An immediate function that has overtaken a command waits for it and ends it."""
    with manual(target, (0, 1)) as session:
        missing = session.cmdsn
        itt = tmf_send(session, function, cmdsn=missing + 1)
        quiet(session, 0.8)
        late = issue(session, write10(0, 8), write=DATA, data=DATA, cmdsn=missing)
        session.cmdsn = missing + 1
        equal(tmf_answer(session, itt).bhs[2], COMPLETE, "response")
        if not late.done:
            forget(session, late)
        session.sync()
        session.ready(0)


@covers("FFP-32", "FFP-33", rows=SETS)
def others_do_not_wait(target, function):
    """A third session owes data and is never asked for it; the response comes first."""
    with manual(target, (0, 1), isid=random_isid()) as mine, \
            manual(target, (0, 1), isid=random_isid()) as theirs:
        task = open_write(theirs, write10(0, 8), DATA)
        mine.timeout(3)
        equal(tmf(mine, function), COMPLETE, "response")
        data_out(theirs, task, task.write, ttt=ttt_of(task))
        expected = GOOD if function == ABORT_TASK_SET else TASK_ABORTED
        equal(theirs.wait(task).status, expected, "status of another initiator's task")
        theirs.ready(0)
        mine.ready(0)
        equal(mine.read_at(0, 4096), DATA if expected == GOOD else bytes(4096), "the disk")


@covers("FFP-33", rows=SETS)
def nothing_afterwards(target, function):
    """A full queue of reads and writes: each ends before the response or not at all."""
    with ready(target, (0, 1)) as session:
        for _ in range(5):
            tasks = [session.submit(read10(n, 64), read=32768) if n & 1 else
                     session.submit(write10(n, 16), write=bytes(8192)) for n in range(24)]
            equal(tmf(session, function), COMPLETE, "response")
            for task in tasks:
                if not task.done:
                    forget(session, task)
            session.sync()
            equal(session.others, [], "answers after the response")
            session.ready(0, 1)


@covers("FFP-33", rows={name: SETS[name] for name in ("ABORT TASK SET", "CLEAR TASK SET",
                                                      "LUN RESET")})
def other_units_are_left_alone(target, function):
    """A task on another unit goes on and ends well."""
    with manual(target, (0, 1)) as session:
        mine = open_write(session, write10(0, 8), DATA)
        other = open_write(session, write10(0, 8), DATA, lun=1)
        itt = tmf_send(session, function)
        data_out(session, mine, DATA, ttt=ttt_of(mine))
        equal(tmf_answer(session, itt).bhs[2], COMPLETE, "response")
        forget(session, mine)
        data_out(session, other, DATA, ttt=ttt_of(other))
        equal(session.wait(other).status, GOOD, "status on the other unit")
        equal(session.read_at(0, 4096, 1), DATA, "the other disk")


@covers("FFP-33")
def warm_reset_reaches_every_unit(target):
    """Tasks on both units end, in both sessions."""
    with manual(target, (0, 1), isid=random_isid()) as mine, \
            manual(target, (0, 1), isid=random_isid()) as theirs:
        tasks = [open_write(session, write10(0, 8), DATA, lun=lun)
                 for session in (mine, theirs) for lun in (0, 1)]
        equal(tmf(mine, WARM_RESET), COMPLETE, "response")
        for session in (mine, theirs):
            for task in list(session.tasks.values()):
                data_out(session, task, DATA, ttt=ttt_of(task))
            session.sync()
        forget(mine, *tasks[:2])
        for task in tasks[2:]:
            equal(theirs.wait(task).status, TASK_ABORTED, "status of another session's task")
        for session in (mine, theirs):
            session.ready(0, 1)
        for lun in (0, 1):
            equal(mine.read_at(0, 4096, lun), bytes(4096), "the disk")


@covers("FFP-34", rows=SETS)
def after_earlier_answers(target, function):
    """With one connection the order of StatSN is that of arrival: the response comes
    after every status before it, and does not wait for acknowledgements."""
    with ready(target, (0, 1)) as session:
        old = session.statsn
        tasks = [issue(session, read10(n, 1), read=512, lun=1, words={28: old})
                 for n in range(8)]
        for task in tasks:
            session.wait(task)
        pdu = numbered(session, 2, FINAL | function, {20: RTAG, 28: old}, immediate=True)
        session.send(pdu)
        answer = tmf_answer(session, pdu.itt)
        equal((answer.bhs[2], answer.word(24) - old), (COMPLETE, 8), "response, its StatSN")


@covers("FFP-35", rows={"no such unit": (99,), "junk": (b"\xc1\x01\xff\xff\xff\xff\xff\xff",)})
def lun_of_a_target_reset(target, lun):
    """Reserved, so ignored."""
    with ready(target, (0, 1)) as session:
        equal(tmf(session, WARM_RESET, lun=lun), COMPLETE, "response to WARM RESET")
        equal(tmf(session, COLD_RESET, lun=lun), NOT_AUTHORIZED, "response to COLD RESET")
        session.ready(0)
        session.read_at(0, 512)


@covers("FFP-36")
def cold_reset_is_not_allowed(target):
    """Without the administrator's word nobody ends everybody's sessions."""
    with Session(target.iqn) as other:
        with ready(target, (0, 1)) as session:
            equal(tmf(session, COLD_RESET), NOT_AUTHORIZED, "response")
            session.read_at(0, 512)
        other.sync()


@covers("FFP-36", fixture=None)
def cold_reset():
    """With it, every session of this target ends, and none of another target."""
    switch = f"/sys/module/{target_module.module}/parameters/cold_reset"
    check(os.path.exists(switch), "no module parameter cold_reset")
    before = read(switch).strip()
    write(switch, "1")
    try:
        with two_disks() as target, Target("other") as bystander:
            with Session(bystander.iqn) as other:
                mine = manual(target, (0, 1), isid=random_isid())
                theirs = manual(target, (0, 1), isid=random_isid())
                open_write(theirs, write10(0, 8), DATA)
                tmf_send(mine, COLD_RESET)
                seen = mine.expect_close((TMF_RSP, ASYNC))
                check(all(pdu.bhs[2] == COMPLETE for pdu in seen if pdu.opcode == TMF_RSP), seen)
                theirs.expect_close((ASYNC,))
                wait_for(lambda: target.sessions() == 0, "the end of all sessions")
                for session in (mine, theirs):
                    session.close()
                other.sync()
            with ready(target, (0, 1)) as session:
                equal(session.read_at(0, 4096), bytes(4096), "the disk")
    finally:
        write(switch, before)


@covers("FFP-37", rows={"ABORT TASK SET": (ABORT_TASK_SET,), "CLEAR TASK SET": (CLEAR_TASK_SET,),
                        "LUN RESET": (LUN_RESET,)})
def no_such_unit(target, function):
    """Of a unit that was never there, and of one that cannot be."""
    with ready(target, (0, 1)) as session:
        for lun in (9, b"\xc1\x01" + bytes(6), b"\x80\x01" + bytes(6), b"\0\0\0\1" + bytes(4)):
            equal(tmf(session, function, lun=lun), NO_LUN, f"response for {lun!r}")
        session.read_at(0, 512)


@covers("FFP-37")
def abort_on_no_such_unit(target):
    """Either of the two is true of a task on a unit that does not exist."""
    with ready(target, (0, 1)) as session:
        answer = tmf(session, ABORT_TASK, lun=9, tag=0x4711,
                     ref_cmdsn=session.cmdsn - 1 & 0xffffffff)
        check(answer in (NO_LUN, NO_TASK), "response", answer)


@covers("FFP-38", rows={f"{function:#x}": (function,)
                        for function in (0, CLEAR_ACA, 13, 14, 0x40, 0x7f)})
def unsupported(target, function):
    """Answered, never rejected, numbered or not."""
    with ready(target, (0, 1)) as session:
        for immediate in (True, False):
            equal(tmf(session, function, immediate=immediate), NO_FUNCTION, "response")
        session.read_at(0, 512)


@covers("FFP-38", rows={str(function): (function,) for function in
                        (QUERY_TASK, QUERY_TASK_SET, NEXUS_RESET, QUERY_ASYNC)})
def level_two_without_level_two(target, function):
    """Below protocol level 2 these functions do not exist."""
    for keys in ({}, {"iSCSIProtocolLevel": "1"}):
        with ready(target, (0, 1), keys=keys) as session:
            equal(tmf(session, function), NO_FUNCTION, "response")
            session.read_at(0, 512)


@covers("FFP-38")
def reassign(target):
    """TASK REASSIGN below ErrorRecoveryLevel 2, of a task and of none."""
    with manual(target, (0, 1)) as session:
        task = open_write(session, write10(0, 8), DATA)
        for tag in (task.itt, 0x4711):
            equal(tmf(session, REASSIGN, tag=tag), NO_REASSIGN, "response")
        session.answer(task, task.r2ts[0])
        equal(session.wait(task).status, GOOD, "status of the task")


@covers("FFP-43")
def no_event_without_fast_abort(target):
    """FastAbort is offered and not taken; then tasks of two sessions are ended, and
    nobody is sent an event 5."""
    keys = {"TaskReporting": "FastAbort,ResponseFence,RFC3720"}
    with manual(target, (0, 1), isid=random_isid(), keys=keys) as mine, \
            manual(target, (0, 1), isid=random_isid(), keys=keys) as theirs:
        for session in (mine, theirs):
            check(session.values["TaskReporting"] in ("ResponseFence", "RFC3720"),
                  "TaskReporting", session.values["TaskReporting"])
        for function in (LUN_RESET, CLEAR_TASK_SET, ABORT_TASK_SET, WARM_RESET):
            tasks = [open_write(session, write10(0, 8), DATA) for session in (mine, theirs)]
            itt = tmf_send(mine, function)
            data_out(mine, tasks[0], DATA, ttt=ttt_of(tasks[0]))
            equal(tmf_answer(mine, itt).bhs[2], COMPLETE, "response")
            forget(mine, tasks[0])
            data_out(theirs, tasks[1], DATA, ttt=ttt_of(tasks[1]))
            check(theirs.wait(tasks[1]).status in (GOOD, TASK_ABORTED), "status", tasks[1].status)
            for session in (mine, theirs):
                session.sync()
                equal(session.others, [], "messages")
                session.ready(0, 1)


@covers("FFP-45", rows=SETS)
def late_data(target, function):
    """Data that comes after the response, of every task and in any order, is dropped
    without a word."""
    with manual(target, (0, 1)) as session:
        tasks = [open_write(session, write10(n * 8, 8), b"\xcc" * 4096) for n in range(4)]
        equal(tmf(session, function), COMPLETE, "response")
        for task in reversed(tasks):
            data_out(session, task, task.write, ttt=ttt_of(task))
        forget(session, *tasks)
        session.sync()
        equal(session.others, [], "answers")
        session.ready(0)
        equal(session.read_at(0, 16384), bytes(16384), "the disk")


@covers("FFP-32")
def plugged_hole_lets_a_function_go(target):
    """A function that waits for a number is let go when ABORT TASK plugs it."""
    with manual(target, (0, 1)) as session:
        missing = session.cmdsn
        itt = tmf_send(session, LUN_RESET, cmdsn=missing + 1)
        quiet(session, 0.1)
        abort = tmf_send(session, ABORT_TASK, tag=0x7777, ref_cmdsn=missing, cmdsn=missing + 1)
        session.cmdsn = missing + 1
        seen = {}
        while len(seen) < 2:
            pdu = session.other(TMF_RSP)
            seen[pdu.itt] = pdu.bhs[2]
        equal(seen, {itt: COMPLETE, abort: COMPLETE}, "responses")
        equal(exp_cmdsn(session), missing + 1, "ExpCmdSN")
        session.send(numbered(session, NOP_OUT, words={20: RTAG}))
        session.other(NOP_IN)
