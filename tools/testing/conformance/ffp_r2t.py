# SPDX-License-Identifier: GPL-2.0
"""R2T, and the Data-Out that answers it or does not."""

from disks import BLOCKS, generous, manual, two_disks
from harness import check, equal
from pdus import (CRC_ERROR, INVALID, PROTOCOL, data_out, issue, numbered, open_write, reject_of,
                  settle, ttt_of)
from raw import FINAL, NOP_OUT, RTAG
from registry import covers
from session import CHECK_CONDITION, GOOD, write10

FIXTURE = generous
DATA = bytes(n * 5 >> 1 & 0xff for n in range(8192))
BAD = b"\xee" * 16       # of what must not be stored; nowhere in DATA


def bursts(target, burst, count=1, luns=(0,), **keys):
    """A session whose writes are all asked for, count times burst bytes at a time."""
    return manual(target, luns, keys={"MaxBurstLength": str(burst), "FirstBurstLength": "512",
                                      "ImmediateData": "No", "MaxOutstandingR2T": str(count),
                                      **keys})


@covers("FFP-11", "FFP-13", "NUM-19", fixture=two_disks,
        rows={str(size): (size,) for size in (512, 1024, 1536, 4096, 100000)})
def what_is_asked_for(target, burst):
    """Length between 1 and MaxBurstLength, inside the command, in order and without
    gaps; with the command's LUN, and tags that differ: take_r2t() looks at each."""
    with bursts(target, burst, 4, (0, 1)) as session:
        session.answer_r2t = True
        for lun in (0, 1):
            for blocks in (1, 3, 16, 64):
                data = (DATA * 4)[:blocks * 512]
                task = session.write_at(0, data, lun)
                equal(task.r2t_end, len(data), "asked for")
                equal(session.read_at(0, len(data), lun), data, "the disk")


@covers("FFP-11")
def odd_length(target):
    """A length that is no multiple of anything is asked for to the byte, not beyond."""
    with bursts(target, 512) as session:
        session.answer_r2t = True
        data = DATA[:1537]
        task = session.command(write10(0, 3), write=data, status=None)
        check(task.r2t_end <= 1537, "asked for", task.r2t_end)
        if task.status == GOOD:
            check(task.r2t_end >= 1536, "asked for", task.r2t_end)
            equal(session.read_at(0, 1536), DATA[:1536], "the disk")


@covers("FFP-12", rows={str(count): (count,) for count in (1, 2, 3, 8)})
def outstanding(target, count):
    """Never more than agreed on, however long nobody answers; answering one makes
    room for one."""
    with bursts(target, 512, count) as session:
        equal(session.max_r2t, count, "MaxOutstandingR2T")
        task = open_write(session, write10(0, 16), DATA)
        settle(session)
        before = len(task.r2ts)
        check(1 <= before <= count, before, "R2Ts")
        while not task.done:
            if not task.r2ts:
                session.pump()
                continue
            session.answer(task, task.r2ts[0])
            settle(session)
            check(len(task.r2ts) <= count, "more than", count)
        equal((task.status, task.r2tsn), (GOOD, 16), "status, R2Ts")
        equal(session.read_at(0, len(DATA)), DATA, "the disk")


@covers("FFP-14", "FFP-60", rows={
    "tag unknown": ({"ttt": 0x13572468},), "tag of zero": ({"ttt": 0},),
    "task unknown": ({"itt": 0x31337},), "task unknown, no tag": ({"itt": 0x31337, "ttt": RTAG},),
    "offset at the end": ({"offset": 4096},), "offset far beyond": ({"offset": 0xfffffe00},),
    "offset and length wrap": ({"offset": 0xffffff00, "data": bytes(512)},),
    "longer than the range": ({"data": BAD * 288},),
    "before the range": ({"offset": 0xffffffff, "data": b"\xee"},)})
def bad_data_out(target, changes):
    """Reject, no byte stored; and the command still ends with a status: GOOD once the
    right data has come, if its task was not the one that the wrong data named."""
    with manual(target) as session:
        task = open_write(session, write10(8, 8), DATA[:4096])
        other = open_write(session, write10(16, 8), DATA[:4096])
        fields = {"ttt": ttt_of(task), "data": BAD * 256, **changes}
        data = fields.pop("data")
        pdu = data_out(session, task, data, **fields)
        reject_of(session, pdu, INVALID, PROTOCOL)
        settle(session)
        if not task.done:
            data_out(session, task, task.write, ttt=ttt_of(task))
            session.wait(task)
        check(task.status == CHECK_CONDITION or "offset" not in changes, "status", task.status)
        if "itt" in changes or "ttt" in changes:
            equal(task.status, GOOD, "status of a task that was not meant")
        session.answer(other, other.r2ts[0])
        equal(session.wait(other).status, GOOD, "status of the other task")
        check(BAD not in session.read_at(0, 32 * 512), "the disk took it")


@covers("FFP-14")
def tag_of_another_task(target):
    """Each of two tasks gets data with the other's tag; neither takes it."""
    with manual(target) as session:
        tasks = [open_write(session, write10(n * 8, 8), bytes([n + 1]) * 4096) for n in (0, 1)]
        for task, other in zip(tasks, reversed(tasks)):
            pdu = data_out(session, task, b"\xee" * 4096, ttt=ttt_of(other))
            reject_of(session, pdu, INVALID, PROTOCOL)
        for task in tasks:
            if not task.done:
                data_out(session, task, task.write, ttt=ttt_of(task))
                session.wait(task)
        check(BAD not in session.read_at(0, 8192), "the disk took it")


@covers("FFP-14")
def tag_that_is_over(target):
    """Data with the tag of a write that is done changes nothing."""
    with manual(target) as session:
        task = open_write(session, write10(0, 8), DATA[:4096])
        ttt = ttt_of(task)
        session.answer(task, task.r2ts[0])
        equal(session.wait(task).status, GOOD, "status")
        for _ in range(3):
            data_out(session, task, b"\xee" * 4096, ttt=ttt)
            rejects = settle(session)
            check(len(rejects) <= 1, "answers", rejects)
        equal(session.read_at(0, 4096), DATA[:4096], "the disk")


@covers("FFP-15", rows={"first": (0,), "in the middle": (2,), "at the end": (4,)})
def empty_data_out(target, place):
    """A Data-Out without data is legal, also as the last one; it counts in DataSN."""
    with manual(target) as session:
        task = open_write(session, write10(0, 4), DATA[:2048])
        number = 0
        for part in range(5):
            if part == place:
                data_out(session, task, b"", part * 512, number, ttt_of(task), final=place == 4)
                number += 1
            if part < 4:
                data_out(session, task, DATA[part * 512:part * 512 + 512], part * 512, number,
                         ttt_of(task), final=part == 3 and place != 4)
                number += 1
        equal(session.wait(task).status, GOOD, "status")
        equal(session.read_at(0, 2048), DATA[:2048], "the disk")


@covers("FFP-16", rows={
    "0, 0": ((0, 0),), "27": ((27,),), "-1": ((0xffffffff,),), "1, 0": ((1, 0),),
    "0, 2": ((0, 2),), "1, 2": ((1, 2),), "0, 0x80000000": ((0, 0x80000000),)})
def wrong_datasn(target, numbers):
    """Never GOOD: the command fails, or the connection ends. Never silence either."""
    session = manual(target)
    task = open_write(session, write10(0, 4), b"\xee" * 2048)
    size = 2048 // len(numbers)
    for place, number in enumerate(numbers):
        try:
            data_out(session, task, task.write[place * size:place * size + size], place * size,
                     number, ttt_of(task), final=place == len(numbers) - 1)
        except ConnectionError:
            return              # the first one has ended it
    while not task.done:
        pdu = session.recv()
        if pdu is None:
            return
        if pdu.itt == task.itt:
            session.take_status(task, pdu)
    equal((task.status, task.sense_code), (CHECK_CONDITION, CRC_ERROR), "status")
    check(BAD not in session.read_at(0, 2048), "the disk took it")
    session.logout()


@covers("FFP-17")
def error_with_more_to_come(target):
    """The first of two sequences is wrong: the answer comes after the second's F."""
    with bursts(target, 2048, 2) as session:
        task = open_write(session, write10(0, 8), DATA[:4096], count=2)
        first, second = task.r2ts
        data_out(session, task, DATA[:512], 0, 7, first.word(20), final=False)
        settle(session)
        check(not task.done, "an answer before any F")
        data_out(session, task, DATA[512:2048], 512, 8, first.word(20))
        settle(session)
        check(not task.done, "an answer before the second F")
        data_out(session, task, DATA[2048:3072], 2048, 0, second.word(20), final=False)
        settle(session)
        check(not task.done, "an answer in the middle of the second")
        data_out(session, task, DATA[3072:4096], 3072, 1, second.word(20))
        session.wait(task)
        equal(task.status, CHECK_CONDITION, "status")
        equal(session.read_at(0, 4096), bytes(4096), "the disk")


@covers("FFP-17", rows={"beyond the end": (write10(BLOCKS, 16), 0),
                        "unknown command": (b"\xd3" + bytes(9), 0),
                        "no such unit": (write10(0, 16), 9)})
def early_error_of_the_device(target, cdb, lun):
    """The device fails the command at once; unsolicited data is still under way, and
    the answer has to wait for its F."""
    with manual(target, keys={"InitialR2T": "No", "FirstBurstLength": "4096"}) as session:
        task = issue(session, cdb, write=DATA, data=DATA[:512], more=True, lun=lun)
        settle(session)
        check(not task.done, "an answer while data is under way")
        data_out(session, task, DATA[512:2048], 512, 0, final=False)
        settle(session)
        check(not task.done, "an answer in the middle of the data")
        data_out(session, task, DATA[2048:4096], 2048, 1)
        session.wait(task)
        equal((task.status, task.sense_code[0], task.r2tsn), (CHECK_CONDITION, 5, 0),
              "status, sense key, R2Ts")


@covers("FFP-60")
def rejected_data_and_its_task(target):
    """Data beyond the range is rejected; F comes, then the task's own answer."""
    with manual(target) as session:
        task = open_write(session, write10(0, 8), DATA[:4096])
        pdu = data_out(session, task, b"\xee" * 1024, 3584, 0, ttt_of(task), final=False)
        reject_of(session, pdu, INVALID, PROTOCOL)
        data_out(session, task, DATA[:4096], 0, 0, ttt_of(task))
        session.wait(task)
        check(task.status in (GOOD, CHECK_CONDITION), "status", task.status)
        check(BAD not in session.read_at(0, 4096), "the disk took it")
        equal(task.status == GOOD, session.read_at(0, 4096) == DATA[:4096], "GOOD and the disk")
        session.send(numbered(session, NOP_OUT, FINAL, {20: RTAG}))
        session.other(0x20)
