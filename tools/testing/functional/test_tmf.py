# SPDX-License-Identifier: GPL-2.0
"""Task management, and Data-Out that does not fit its command."""

import harness
from harness import check, equal
from login import random_isid
from raw import ASYNC, DATA_OUT, FINAL, REJECT, RTAG, SCSI_CMD, Closed, Pdu
from session import (ABORT_TASK, CHECK_CONDITION, GOOD, LUN_RESET, SIMPLE, WRITE, Session, read10,
                     write10)
from target import Target

COMPLETE, NO_TASK, NO_LUN, REASSIGN_UNSUPPORTED, UNSUPPORTED, REJECTED = 0, 1, 2, 4, 5, 255


def waiting_write(session, lun=0, lba=0):
    """A write whose R2T came and whose data did not."""
    task = session.submit(write10(lba, 8), lun=lun, write=b"\x77" * 4096, immediate=0)
    while not task.r2ts:
        session.pump()
    return task


def open_target(luns=1):
    target = Target("tmf")
    for lun in range(luns):
        target.lun(lun)
    return target


def test_abort_unknown():
    """ABORT TASK of what never was, what is over, and what is still to come."""
    with open_target() as target:
        with Session(target.iqn) as session:
            session.ready(0)
            past = session.cmdsn - 1
            equal(session.tmf(ABORT_TASK, tag=0x4711, ref_cmdsn=past), NO_TASK, "unknown task")
            task = session.command(read10(0, 1), read=512)
            equal(session.tmf(ABORT_TASK, tag=task.itt, ref_cmdsn=task.cmdsn), NO_TASK,
                  "task that is over")
            session.read_at(0, 512)


def test_abort_waiting():
    """ABORT TASK of a write that waits: no status; late data is dropped silently."""
    with open_target() as target:
        with Session(target.iqn, answer_r2t=False) as session:
            session.ready(0)
            task = waiting_write(session)
            equal(session.tmf(ABORT_TASK, tag=task.itt, ref_cmdsn=task.cmdsn), COMPLETE, "abort")
            session.answer(task, task.r2ts[0])
            session.sync()
            check(not task.done, "a status after the abort")
            equal(session.others, [], "something after the abort")
            equal(session.tmf(ABORT_TASK, tag=task.itt, ref_cmdsn=task.cmdsn), NO_TASK, "again")
            equal(session.read_at(0, 4096), bytes(4096), "the disk")
            # The window is whole again.
            for _ in range(80):
                session.read_at(0, 512)


test_abort_waiting.quick = True


def test_abort_half():
    """Aborted in the middle of its data, which goes on: dropped silently."""
    with open_target() as target:
        with Session(target.iqn, answer_r2t=False) as session:
            session.ready(0)
            for _ in range(harness.scaled(20, 3)):
                task = waiting_write(session)
                ttt = task.r2ts[0].word(20)
                words = {20: ttt, 28: session.statsn, 36: 0, 40: 0}
                session.send(Pdu(DATA_OUT, 0, task.lun, task.itt, words, task.write[:1024]))
                equal(session.tmf(ABORT_TASK, tag=task.itt, ref_cmdsn=task.cmdsn), COMPLETE, "TMF")
                words.update({36: 1, 40: 1024})
                session.send(Pdu(DATA_OUT, FINAL, task.lun, task.itt, words, task.write[1024:]))
                session.sync()
                equal(session.others, [], "something after the abort")


def test_lun_reset():
    """LUN RESET with waiting writes on that LUN, in this and in another session."""
    with open_target(2) as target:
        with Session(target.iqn, answer_r2t=False) as one, \
                Session(target.iqn, isid=random_isid(), answer_r2t=False) as two:
            for session in (one, two):
                session.ready(0, 1)
            mine, theirs = waiting_write(one), waiting_write(two)
            bystander = waiting_write(two, lun=1)
            one.timeout(5)
            equal(one.tmf(LUN_RESET, 0), COMPLETE, "LUN RESET")
            one.answer(mine, mine.r2ts[0])
            one.sync()
            equal(one.others, [], "after the reset, for the issuer")
            check(not mine.done, "a status for an aborted write")
            two.answer(theirs, theirs.r2ts[0])
            two.sync()
            two.answer(bystander, bystander.r2ts[0])
            equal(two.wait(bystander).status, GOOD, "status on the other LUN")
            for session in (one, two):
                session.ready(0)
                session.write_at(64, b"\1" * 512)
                equal(session.read_at(64, 512), b"\1" * 512, "the disk afterwards")


def test_lun_reset_in_time():
    """LUN RESET does not wait for data that another session owes."""
    with open_target() as target:
        with Session(target.iqn, answer_r2t=False) as one, \
                Session(target.iqn, isid=random_isid(), answer_r2t=False) as two:
            one.ready(0)
            two.ready(0)
            waiting_write(two)
            one.timeout(5)
            equal(one.tmf(LUN_RESET, 0), COMPLETE, "LUN RESET")
            one.ready(0)


def test_no_lun():
    """Functions on a LUN that does not exist, or is none, say so."""
    with open_target() as target:
        with Session(target.iqn) as session:
            session.ready(0)
            equal(session.tmf(LUN_RESET, 9), NO_LUN, "LUN RESET of LUN 9")
            equal(session.tmf(LUN_RESET, b"\xc1\1" + bytes(6)), NO_LUN, "of a well-known LUN")
            check(session.tmf(ABORT_TASK, 9, tag=5, ref_cmdsn=session.cmdsn - 1) in
                  (NO_LUN, NO_TASK), "ABORT TASK of LUN 9")
            session.read_at(0, 512)


def test_other_functions():
    """What is not offered is answered, never rejected."""
    with open_target() as target:
        with Session(target.iqn) as session:
            session.ready(0)
            for function in (3, 9, 10, 11, 12, 13, 0, 0x7f):
                equal(session.tmf(function), UNSUPPORTED, f"function {function}")
            equal(session.tmf(8, tag=5), REASSIGN_UNSUPPORTED, "TASK REASSIGN")
            equal(session.tmf(7), 6, "TARGET COLD RESET without cold_reset=1")
            session.read_at(0, 512)


def test_abort_running():
    """ABORT TASK and LUN RESET under a full queue: each task ends once or not at all."""
    with open_target() as target:
        with Session(target.iqn, answer_r2t=True) as session:
            session.ready(0)
            for number in range(harness.scaled(30, 4)):
                tasks = [session.submit(read10(n, 64), read=32768) if n & 1 else
                         session.submit(write10(n, 64), write=bytes(32768)) for n in range(16)]
                if number % 3 == 2:
                    equal(session.tmf(LUN_RESET), COMPLETE, "LUN RESET")
                else:
                    victim = tasks[number % 16]
                    check(session.tmf(ABORT_TASK, tag=victim.itt, ref_cmdsn=victim.cmdsn) in
                          (COMPLETE, NO_TASK), "response to ABORT TASK")
                session.sync()
                session.tasks.clear()
                session.ready(0)


# -- Data-Out that does not fit --

def wrong_data(session, task, reason, drop=False, **changes):
    """Send one Data-Out that differs from the right one; see what becomes of it."""
    fields = {"ttt": task.r2ts[0].word(20), "datasn": 0, "offset": 0, "flags": FINAL,
              "data": task.write, "itt": task.itt}
    fields.update(changes)
    session.send(Pdu(DATA_OUT, fields["flags"], task.lun, fields["itt"],
                     {20: fields["ttt"], 28: session.statsn, 36: fields["datasn"],
                      40: fields["offset"]}, fields["data"]))
    if drop:
        session.expect_close((REJECT,))
        return
    if reason:
        session.rejected(reason)


def test_wrong_data_out():
    """Offset, length, DataSN, F: the command fails, with its sense, and alone."""
    with open_target() as target:
        with Session(target.iqn, answer_r2t=False) as session:
            session.ready(0)
            harness.fresh_log().close()
            for reason, sense, changes in (
                    (9, None, {"offset": 4096}), (9, None, {"offset": 0xfffffffc}),
                    (9, None, {"data": bytes(4100)}), (0, (0xb, 0x47, 5), {"datasn": 1}),
                    (0, (0xb, 0xc, 0xd), {"offset": 512, "data": bytes(512)}),
                    (0, (0xb, 0xc, 0xd), {"data": bytes(512)})):
                task = waiting_write(session)
                wrong_data(session, task, reason, **changes)
                session.wait(task)
                equal(task.status, CHECK_CONDITION, f"status after {changes.keys()}")
                check(sense in (None, task.sense_code), "sense after", changes.keys(),
                      task.sense_code)
                equal(session.read_at(0, 4096), bytes(4096), "the disk")


def test_wrong_tags():
    """A tag of nothing is rejected and the command can still be finished."""
    with open_target() as target:
        with Session(target.iqn, answer_r2t=False) as session:
            session.ready(0)
            task = waiting_write(session)
            right = task.r2ts[0].word(20)
            wrong_data(session, task, 9, ttt=right ^ 0x00fc0000 | 0xff00)
            wrong_data(session, task, 9, itt=0x31337, ttt=RTAG)
            session.answer(task, task.r2ts[0])
            equal(session.wait(task).status, GOOD, "status")
            equal(session.read_at(0, 4096), task.write, "the disk")
            # Data for a task that is over.
            old = waiting_write(session)
            r2t = old.r2ts[0]
            session.answer(old, r2t)
            session.wait(old)
            session.send_data(old, r2t.word(20), 0, 4096)
            session.rejected(9)
            # The tag of one task with the ITT of another.
            one, two = waiting_write(session), waiting_write(session, lba=64)
            wrong_data(session, one, 9, ttt=two.r2ts[0].word(20))
            for task in (one, two):
                session.answer(task, task.r2ts[0])
                equal(session.wait(task).status, GOOD, "status")


def test_unsolicited():
    """Unsolicited data that was not agreed on: CHECK CONDITION 0B/0C/0C."""
    with open_target() as target:
        with Session(target.iqn, keys={"ImmediateData": "No"}) as session:
            session.ready(0)
            task = session.command(write10(0, 8), write=b"\1" * 4096, immediate=4096,
                                   status=CHECK_CONDITION)
            equal(task.sense_code, (0xb, 0xc, 0xc), "sense of immediate data")
            task = session.command(write10(0, 8), write=b"\1" * 4096, unsolicited=4096,
                                   status=CHECK_CONDITION)
            equal(task.sense_code, (0xb, 0xc, 0xc), "sense of a Data-Out")
            equal(session.read_at(0, 4096), bytes(4096), "the disk")
        with Session(target.iqn, keys={"FirstBurstLength": "512"}) as session:
            session.ready(0)
            task = session.command(write10(0, 8), write=b"\1" * 4096, immediate=1024,
                                   status=CHECK_CONDITION)
            equal(task.sense_code, (0xb, 0xc, 0xc), "sense above FirstBurstLength")


def test_segment_too_long():
    """A data segment above what the target declared ends the connection."""
    with open_target() as target:
        target.param("MaxXmitDataSegmentLength", 4096)
        with Session(target.iqn, answer_r2t=False) as session:
            session.ready(0)
            task = session.submit(write10(0, 16), write=bytes(8192), immediate=0)
            while not task.r2ts:
                session.pump()
            try:
                wrong_data(session, task, 0, drop=True)
            except (Closed, BrokenPipeError, ConnectionResetError):
                pass
        with Session(target.iqn) as session:
            session.sync()


def test_dataout_timeout():
    """A write that waits in vain ends the session after time-out times retries."""
    with Target("tmf", demo=False) as target:
        target.lun(0)
        acl = target.acl("iqn.2026-11.test:raw")
        acl.map(0, to=0)
        acl.attrib("dataout_timeout", 2)
        acl.attrib("dataout_timeout_retries", 1)
        with Session(target.iqn, answer_r2t=False) as session:
            session.ready(0)
            waiting_write(session)
            session.expect_close((ASYNC,), seconds=10)
        harness.wait_for(lambda: target.statistic("iscsi_sess_err/cxn_errors") == "1",
                         "the counter of time-outs")
