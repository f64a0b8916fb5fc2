# SPDX-License-Identifier: GPL-2.0
"""ABORT TASK: of what runs, of what never came, of what is over, of what is no task."""

from disks import disk, manual, ready
from harness import check, equal
from pdus import (ABORT_TASK, ABORT_TASK_SET, COMPLETE, LUN_RESET, NO_TASK, REJECTED, data_out,
                  exp_cmdsn, forget, issue, numbered, open_write, tmf, tmf_answer, tmf_send, ttt_of)
from raw import FINAL, NOP_IN, NOP_OUT, RTAG
from registry import covers
from session import GOOD, read10, write10

FIXTURE = disk
MASK = 0xffffffff


def whole_window(session):
    """An aborted task has given back what it took: more commands than the window."""
    for number in range(80):
        session.read_at(number % 16, 512)


@covers("FFP-27")
def waiting(target):
    """A write that waits for data: complete, and no status ever; data that was under
    way is not written. (B8, and answered at once: nothing has to arrive first.)"""
    with manual(target) as session:
        task = open_write(session, write10(0, 8), b"\x61" * 4096)
        session.timeout(2)
        equal(tmf(session, ABORT_TASK, tag=task.itt, ref_cmdsn=task.cmdsn), COMPLETE, "response")
        data_out(session, task, task.write, ttt=ttt_of(task))
        forget(session, task)
        session.sync()
        equal(session.others, [], "answers after the abort")
        equal(session.read_at(0, 4096), bytes(4096), "the disk")
        equal(tmf(session, ABORT_TASK, tag=task.itt, ref_cmdsn=task.cmdsn), NO_TASK, "again")
        whole_window(session)


@covers("FFP-27")
def under_load(target):
    """In a full queue: complete and then silence, or too late and a status before."""
    with ready(target) as session:
        for turn in range(12):
            tasks = [session.submit(read10(n, 64), read=32768) for n in range(16)]
            victim = tasks[turn]
            answer = tmf(session, ABORT_TASK, tag=victim.itt, ref_cmdsn=victim.cmdsn)
            check(answer in (COMPLETE, NO_TASK), "response", answer)
            if answer == NO_TASK:
                check(victim.done, "the task does not exist and has not ended")
            elif not victim.done:
                forget(session, victim)
            for task in tasks:
                if task is not victim:
                    equal(session.wait(task).status, GOOD, "status of the others")
        whole_window(session)


@covers("FFP-27")
def numbered_abort(target):
    """Not immediate it works the same, in its turn."""
    with manual(target) as session:
        task = open_write(session, write10(0, 8), bytes(4096))
        equal(tmf(session, ABORT_TASK, tag=task.itt, ref_cmdsn=task.cmdsn, immediate=False),
              COMPLETE, "response")
        forget(session, task)
        session.sync()
        whole_window(session)


@covers("FFP-28")
def missing_number(target):
    """A command that never came: complete; the hole is plugged, what waited behind it
    is done, and the command itself, should it come at last, is ignored."""
    with ready(target) as session:
        missing = session.cmdsn
        session.cmdsn += 1
        held = issue(session, write10(0, 1), write=b"\x71" * 512, data=b"\x71" * 512)
        equal(exp_cmdsn(session), missing, "ExpCmdSN before")
        equal(tmf(session, ABORT_TASK, tag=0x7777, ref_cmdsn=missing), COMPLETE, "response")
        equal(session.wait(held).status, GOOD, "status of what was held")
        equal(exp_cmdsn(session), session.cmdsn, "ExpCmdSN after")
        late = numbered(session, NOP_OUT, words={20: RTAG}, cmdsn=missing, itt=0x7777, data=b"late")
        session.send(late)
        session.sync()
        equal(session.others, [], "answers to the late one")
        equal(session.read_at(0, 512), b"\x71" * 512, "the disk")


@covers("FFP-28")
def missing_among_others(target):
    """Two holes; plugging the second moves nothing, the first then moves all."""
    with ready(target) as session:
        first = session.cmdsn
        for place in (1, 3):
            session.send(numbered(session, NOP_OUT, words={20: RTAG}, cmdsn=first + place))
        session.cmdsn = first + 4
        equal(tmf(session, ABORT_TASK, tag=0x7001, ref_cmdsn=first + 2), COMPLETE, "second hole")
        equal(exp_cmdsn(session), first, "ExpCmdSN with the first hole")
        equal(tmf(session, ABORT_TASK, tag=0x7002, ref_cmdsn=first), COMPLETE, "first hole")
        for _ in range(2):
            session.other(NOP_IN)
        equal(exp_cmdsn(session), first + 4, "ExpCmdSN without holes")
        session.read_at(0, 512)


@covers("FFP-28")
def held_command(target):
    """A command that came and waits for its turn: aborted, and its number counts."""
    with ready(target) as session:
        missing = session.cmdsn
        session.cmdsn += 1
        held = issue(session, write10(0, 1), write=b"\x72" * 512, data=b"\x72" * 512)
        equal(tmf(session, ABORT_TASK, tag=held.itt, ref_cmdsn=held.cmdsn), COMPLETE, "response")
        session.send(numbered(session, NOP_OUT, words={20: RTAG}, cmdsn=missing))
        session.other(NOP_IN)
        forget(session, held)
        equal(exp_cmdsn(session), missing + 2, "ExpCmdSN")
        equal(session.read_at(0, 512), bytes(512), "the disk")


@covers("FFP-29", rows={"just past": (-1,), "long past": (-1000,), "beyond": (0x10000,),
                        "half way round": (0x80000000,)})
def outside_of_the_window(target, distance):
    """An unknown task whose number was, or cannot be yet: it does not exist."""
    with ready(target) as session:
        session.sync()
        ref = session.cmdsn + distance & MASK
        equal(tmf(session, ABORT_TASK, tag=0x4711, ref_cmdsn=ref), NO_TASK, "response")
        equal(exp_cmdsn(session), session.cmdsn, "ExpCmdSN")
        session.read_at(0, 512)


@covers("FFP-29")
def over(target):
    """A task that has had its answer does not exist."""
    with ready(target) as session:
        task = session.command(read10(0, 1), read=512)
        equal(tmf(session, ABORT_TASK, tag=task.itt, ref_cmdsn=task.cmdsn), NO_TASK, "response")
        session.read_at(0, 512)


@covers("FFP-30")
def immediate_command(target):
    """It has no number of its own: RefCmdSN is the TMF's. (B9)"""
    with manual(target) as session:
        task = open_write(session, write10(0, 8), b"\x62" * 4096, immediate=True)
        equal(tmf(session, ABORT_TASK, tag=task.itt, ref_cmdsn=session.cmdsn), COMPLETE,
              "response")
        data_out(session, task, task.write, ttt=ttt_of(task))
        forget(session, task)
        session.sync()
        equal(session.others, [], "answers after the abort")
        equal(session.read_at(0, 4096), bytes(4096), "the disk")


@covers("FFP-31")
def of_a_function(target):
    """A TMF that still waits, for a command before it, cannot be aborted."""
    with manual(target) as session:
        missing = session.cmdsn
        waits = tmf_send(session, ABORT_TASK_SET, cmdsn=missing + 1)
        abort = tmf_send(session, ABORT_TASK, tag=waits, ref_cmdsn=missing + 1, cmdsn=missing + 1)
        equal(tmf_answer(session, abort).bhs[2], REJECTED, "response to ABORT TASK")
        session.send(numbered(session, NOP_OUT, words={20: RTAG}, cmdsn=missing))
        session.cmdsn = missing + 1
        while len(session.others) < 2:
            session.pump()
        seen = {pdu.itt: pdu for pdu in session.others}
        session.others.clear()
        check(waits in seen, "no response to the function that was to be aborted")
        equal(seen[waits].bhs[2], COMPLETE, "its response")
        session.read_at(0, 512)


@covers("FFP-31")
def of_a_function_that_is_over(target):
    with ready(target) as session:
        itt = tmf_send(session, LUN_RESET)
        equal(tmf_answer(session, itt).bhs[2], COMPLETE, "LUN RESET")
        answer = tmf(session, ABORT_TASK, tag=itt, ref_cmdsn=session.cmdsn)
        check(answer in (NO_TASK, REJECTED), "response", answer)


@covers("FFP-45")
def data_in_the_middle(target):
    """Aborted between two pieces of its data: what follows is dropped without a word,
    again and again, and the stream stays in step."""
    with manual(target) as session:
        for turn in range(20):
            task = open_write(session, write10(0, 8), b"\x63" * 4096)
            data_out(session, task, task.write[:1024], 0, 0, ttt_of(task), final=False)
            equal(tmf(session, ABORT_TASK, tag=task.itt, ref_cmdsn=task.cmdsn), COMPLETE, "TMF")
            data_out(session, task, task.write[1024:2048], 1024, 1, ttt_of(task), final=False)
            data_out(session, task, task.write[2048:], 2048, 2, ttt_of(task), final=bool(turn % 2))
            forget(session, task)
            session.sync()
            equal(session.others, [], "answers after the abort")
        equal(session.read_at(0, 4096), bytes(4096), "the disk")


@covers("FFP-45")
def unsolicited_data_under_way(target):
    """The same for data that was not asked for, and for the tag's next owner."""
    with manual(target, keys={"InitialR2T": "No", "FirstBurstLength": "4096"}) as session:
        task = issue(session, write10(0, 16), write=b"\x64" * 8192, more=True)
        data_out(session, task, task.write[:1024], 0, 0, final=False)
        equal(tmf(session, ABORT_TASK, tag=task.itt, ref_cmdsn=task.cmdsn), COMPLETE, "TMF")
        data_out(session, task, task.write[1024:4096], 1024, 1)
        forget(session, task)
        session.send(numbered(session, NOP_OUT, FINAL, {20: RTAG}))
        equal(session.other(NOP_IN).opcode, NOP_IN, "the next answer")
        session.write_at(64, b"\x65" * 512)
        equal(session.read_at(0, 8192), bytes(8192), "the disk")
