# SPDX-License-Identifier: GPL-2.0
"""Data that nobody asked for: immediate, or in Data-Out without a tag."""

from disks import generous, manual
from harness import check, equal
from pdus import (INVALID, PROTOCOL, UNEXPECTED_DATA, WRONG_AMOUNT, command, data_out, exp_cmdsn,
                  issue, numbered, rejected)
from raw import FINAL, NOP_OUT, REJECT, RTAG
from registry import covers
from session import CHECK_CONDITION, GOOD, SIMPLE, WRITE, write10

FIXTURE = generous
DATA = bytes(n * 7 >> 2 & 0xff for n in range(8192))
BURST = 4096            # FirstBurstLength


def session_of(target, initial_r2t, immediate_data, **keys):
    return manual(target, keys={"InitialR2T": initial_r2t, "ImmediateData": immediate_data,
                                "FirstBurstLength": str(BURST), **keys})


MATRIX = {f"InitialR2T={r2t} ImmediateData={imm}": (r2t, imm)
          for r2t in ("No", "Yes") for imm in ("No", "Yes")}


def write(session, immediate, unsolicited, lba=0):
    """A write of DATA with so much immediate data and so much in Data-Out."""
    task = issue(session, write10(lba, 16), write=DATA, data=DATA[:immediate],
                 more=bool(unsolicited))
    offset, number = immediate, 0
    while offset < immediate + unsolicited:
        part = DATA[offset:min(offset + 1024, immediate + unsolicited)]
        offset += len(part)
        data_out(session, task, part, offset - len(part), number,
                 final=offset == immediate + unsolicited)
        number += 1
    task.r2t_end = burst_of(session, immediate, unsolicited)
    return task


def burst_of(session, immediate, unsolicited):
    """Where the first R2T begins, even if it comes before the burst is over: at its
    agreed end, whatever is sent."""
    return immediate if session.initial_r2t or not unsolicited else BURST


def finish(session, task):
    """Answer what is asked for until there is a status."""
    while not task.done:
        for r2t in list(task.r2ts):
            session.answer(task, r2t)
        session.pump()
    return task


@covers("FFP-06", rows=MATRIX)
def allowed(target, initial_r2t, immediate_data):
    """As much as each combination allows, and nothing at all."""
    with session_of(target, initial_r2t, immediate_data) as session:
        equal((session.initial_r2t, session.immediate_data),
              (initial_r2t == "Yes", immediate_data == "Yes"), "what was agreed on")
        burst = BURST if initial_r2t == "No" else 0
        cases = [(0, 0)]
        if immediate_data == "Yes":
            cases += [(BURST, 0), (512, 0), (4, 0)]
        if burst:
            cases += [(0, burst)]
            if immediate_data == "Yes":
                cases += [(1024, burst - 1024)]
        for number, (immediate, unsolicited) in enumerate(cases):
            task = finish(session, write(session, immediate, unsolicited, number * 16))
            equal(task.status, GOOD, f"status of {immediate} + {unsolicited}")
            equal(session.read_at(number * 16, len(DATA)), DATA, "the disk")


@covers("FFP-06", "FFP-07", rows=MATRIX)
def not_allowed(target, initial_r2t, immediate_data):
    """What a combination does not allow fails the command, alone: 0B/0C/0C. Nothing
    of it is on the disk."""
    with session_of(target, initial_r2t, immediate_data) as session:
        cases = []
        if immediate_data == "No":
            cases += [(512, 0), (BURST, 0)]
        if initial_r2t == "Yes":
            cases += [(0, 1024), (0, BURST)]
        if initial_r2t == "No":
            cases += [(0, BURST + 1024), (0, len(DATA))]
        if immediate_data == "Yes":
            cases += [(BURST + 512, 0)]
        for immediate, unsolicited in cases:
            task = finish(session, write(session, immediate, unsolicited))
            equal((task.status, task.sense_code), (CHECK_CONDITION, UNEXPECTED_DATA),
                  f"status of {immediate} + {unsolicited}")
            session.sync()
            equal(session.read_at(0, len(DATA)), bytes(len(DATA)), "the disk")


@covers("FFP-07")
def after_the_final_one(target):
    """F in the command says that no unsolicited data follows; then it must not."""
    with session_of(target, "No", "Yes") as session:
        task = issue(session, write10(0, 16), write=DATA, data=DATA[:512])
        session.pump()
        data_out(session, task, DATA[512:1024], 512)
        finish(session, task)
        equal((task.status, task.sense_code), (CHECK_CONDITION, UNEXPECTED_DATA), "status")
        equal(session.read_at(0, len(DATA)), bytes(len(DATA)), "the disk")


@covers("FFP-07")
def answer_waits_for_its_end(target):
    """The error is clear with the first piece; the answer comes after the last."""
    with session_of(target, "Yes", "No") as session:
        task = issue(session, write10(0, 16), write=DATA, more=True)
        data_out(session, task, DATA[:1024], 0, 0, final=False)
        session.send(numbered(session, NOP_OUT, words={20: RTAG}, immediate=True))
        session.other(0x20)
        check(not task.done, "an answer before the last Data-Out")
        data_out(session, task, DATA[1024:2048], 1024, 1)
        finish(session, task)
        equal((task.status, task.sense_code), (CHECK_CONDITION, UNEXPECTED_DATA), "status")


@covers("FFP-08", rows={"too little": (0, 1024), "too little after immediate": (512, 512),
                        "nothing but the end": (512, 0)})
def wrong_amount(target, immediate, unsolicited):
    """The unsolicited burst has to fill FirstBurstLength: 0B/0C/0D if it does not."""
    with session_of(target, "No", "Yes") as session:
        task = issue(session, write10(0, 16), write=DATA, data=DATA[:immediate], more=True)
        task.r2t_end = BURST
        data_out(session, task, DATA[immediate:immediate + unsolicited], immediate)
        finish(session, task)
        equal((task.status, task.sense_code), (CHECK_CONDITION, WRONG_AMOUNT), "status")
        equal(session.read_at(0, len(DATA)), bytes(len(DATA)), "the disk")


@covers("FFP-08", rows={"half": (512,), "nothing": (0,), "all but four": (8188,)})
def wrong_solicited_amount(target, length):
    """F before all that the R2T asked for: 0B/0C/0D, with a Reject or without."""
    with session_of(target, "Yes", "No") as session:
        task = issue(session, write10(0, 16), write=DATA)
        session.pump()
        data_out(session, task, DATA[:length], ttt=task.r2ts[0].word(20))
        while not task.done:
            session.pump()
        equal((task.status, task.sense_code), (CHECK_CONDITION, WRONG_AMOUNT), "status")
        check(all(pdu.bhs[2] == PROTOCOL for pdu in session.others), "rejects", session.others)
        session.others.clear()
        equal(session.read_at(0, len(DATA)), bytes(len(DATA)), "the disk")


@covers("FFP-08", rows={"more than the length": (b"\1" * 1024, 512, FINAL),
                        "all of it and no F": (b"\1" * 512, 512, 0)})
def data_against_the_length(target, data, edtl, final):
    """Immediate data beyond the length; all of the data and more announced."""
    with session_of(target, "No", "Yes") as session:
        pdu = command(session, write10(0, 1), edtl, final | WRITE | SIMPLE, immediate=True,
                      data=data)
        rejected(session, pdu, INVALID, PROTOCOL)
        equal(session.read_at(0, 1024), bytes(1024), "the disk")


@covers("FFP-09", rows={f"{size}, InitialR2T={r2t}": (size, r2t)
                        for size in (4, 512, 1000, 4092, 4096) for r2t in ("Yes", "No")})
def less_than_the_first_burst(target, size, initial_r2t):
    """Any amount of immediate data with F: the rest is asked for, from there on."""
    with session_of(target, initial_r2t, "Yes") as session:
        task = issue(session, write10(0, 16), write=DATA, data=DATA[:size])
        session.pump()
        equal(task.r2ts[0].word(40), size, "offset of the first R2T")
        equal(finish(session, task).status, GOOD, "status")
        equal(session.read_at(0, len(DATA)), DATA, "the disk")


@covers("FFP-10")
def data_for_a_held_command(target):
    """Unsolicited data comes while its command waits for a lower CmdSN: it is taken."""
    with session_of(target, "No", "Yes") as session:
        start = session.cmdsn
        session.cmdsn += 1
        first = write(session, 512, BURST - 512)
        second = write(session, 0, BURST, lba=16)
        equal(exp_cmdsn(session), start, "ExpCmdSN")
        check(not first.done and not second.done, "a status before its turn")
        session.send(numbered(session, NOP_OUT, words={20: RTAG}, cmdsn=start))
        session.other(0x20)
        for task, lba in ((first, 0), (second, 16)):
            equal(finish(session, task).status, GOOD, "status")
            equal(session.read_at(lba, len(DATA)), DATA, "the disk")


@covers("FFP-10")
def data_of_two_commands(target):
    """The unsolicited data of successive commands comes in their order."""
    with session_of(target, "No", "No") as session:
        tasks = [issue(session, write10(n * 16, 16), write=DATA, more=True) for n in range(4)]
        for task in tasks:
            for part in range(4):
                data_out(session, task, DATA[part * 1024:part * 1024 + 1024], part * 1024, part,
                         final=part == 3)
            task.r2t_end = BURST
        for number, task in enumerate(tasks):
            equal(finish(session, task).status, GOOD, "status")
            equal(session.read_at(number * 16, len(DATA)), DATA, "the disk")
        check(not [pdu for pdu in session.others if pdu.opcode == REJECT], "rejects")
