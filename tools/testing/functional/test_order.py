# SPDX-License-Identifier: GPL-2.0
"""Requests out of CmdSN order: kept, delivered in order, given up, never early."""

import struct

import harness
from harness import check, equal
from raw import (ASYNC, FINAL, IMMEDIATE, LOGOUT_REQ, LOGOUT_RSP, NOP_IN, NOP_OUT, RTAG,
                 SCSI_CMD, TEXT_REQ, TEXT_RSP, TMF_REQ, TMF_RSP, Pdu)
from session import ABORT_TASK, GOOD, LUN_RESET, SIMPLE, Session, Task, read10, write10
from target import Target

COMPLETE, NO_TASK = 0, 1


def open_target():
    target = Target("order")
    target.lun(0)
    return target


def at(session, ahead, function, *args, **kwargs):
    """Call a function that sends one numbered request, with a CmdSN that is ahead
    numbers too high; the next number is the missing one again."""
    session.cmdsn = session.cmdsn + ahead & 0xffffffff
    result = function(*args, **kwargs)
    session.cmdsn = session.cmdsn - ahead - 1 & 0xffffffff
    return result


def quiet(session, exp_cmdsn):
    """Nothing was answered, and ExpCmdSN stands where it stood."""
    session.send(session.base(NOP_OUT, FINAL, 0x77, {20: RTAG}, immediate=True))
    pdu = session.other(NOP_IN)
    equal(pdu.itt, 0x77, "what was answered")
    equal(pdu.word(28), exp_cmdsn, "ExpCmdSN")


def test_commands_in_order():
    """Reads and writes sent backwards: executed forwards, none answered early."""
    with open_target() as target:
        with Session(target.iqn) as session:
            session.ready(0)
            first = session.cmdsn
            tasks = []
            for ahead in (4, 3, 2, 1):
                data = bytes([ahead]) * 4096
                tasks.append(at(session, ahead, session.submit, write10(0, 8), write=data,
                                wait_window=False))
            quiet(session, first)
            check(not any(task.done for task in tasks), "a status before its turn")
            read = session.submit(read10(0, 8), read=4096)
            for task in tasks:
                equal(session.wait(task).status, GOOD, "status")
            equal(bytes(session.wait(read).data), bytes(4096), "the read came first")
            session.cmdsn = first + 5
            equal(session.read_at(0, 4096), b"\4" * 4096, "the last in order has written last")


test_commands_in_order.quick = True


def test_reads_early():
    """Commands without data wait too, and long CDBs with them."""
    with open_target() as target:
        with Session(target.iqn) as session:
            session.ready(0)
            session.write_at(0, b"\1" * 512)
            first = session.cmdsn
            early = at(session, 1, session.submit, read10(0, 1), read=512)
            # A CDB of 32 bytes that no device knows: VARIABLE LENGTH, service action ffff.
            ahs = struct.pack(">HBB", 17, 1, 0) + bytes(16)
            cdb = b"\x7f\0\0\0\0\0\0\x18\xff\xff" + bytes(6)
            pdu = session.base(SCSI_CMD, FINAL | SIMPLE, 0x9999, {24: first + 2, 20: 0}, ahs=ahs)
            pdu.bhs[32:48] = cdb
            long = Task(0x9999, cdb, 0, 0, None)
            long.cmdsn = first + 2
            session.tasks[0x9999] = long
            session.cmdsn = first
            session.send(pdu)
            quiet(session, first)
            session.write_at(0, b"\2" * 512)
            session.wait(early)
            # Delivered behind the write, which was then still waiting for its data.
            check(bytes(early.data) in (b"\1" * 512, b"\2" * 512), "what the early read saw")
            equal(session.wait(long).sense_code, (5, 0x20, 0), "sense of the long CDB")
            session.cmdsn = first + 3
            session.sync()


def test_unsolicited_early():
    """Unsolicited Data-Out for a command that waits for its turn is taken (FFP-10)."""
    with open_target() as target:
        with Session(target.iqn, keys={"InitialR2T": "No", "ImmediateData": "No",
                                       "FirstBurstLength": "4096"}) as session:
            session.ready(0)
            first = session.cmdsn
            data = bytes(range(256)) * 32
            task = at(session, 1, session.submit, write10(0, 16), write=data)
            quiet(session, first)
            session.read_at(0, 512)
            equal(session.wait(task).status, GOOD, "status")
            session.cmdsn = first + 2
            equal(session.read_at(0, 8192), data, "the disk")


def test_duplicates():
    """The same number again, early or late, is ignored."""
    with open_target() as target:
        with Session(target.iqn) as session:
            session.ready(0)
            first = session.cmdsn
            task = at(session, 1, session.submit, read10(0, 1), read=512)
            for number in (first + 1, first - 1, first + 0x7fffffff, session.max_cmdsn + 1):
                session.send(Pdu(SCSI_CMD, FINAL | 0x40 | SIMPLE, 0, session.next_itt(),
                                 {20: 512, 24: number, 28: session.statsn}))
            quiet(session, first)
            session.read_at(0, 512)
            session.wait(task)
            session.cmdsn = first + 2
            session.sync()
            equal(session.others, [], "answers")


def test_controls_in_order():
    """Ping, text, task management and logout wait for their turn as well."""
    with open_target() as target:
        with Session(target.iqn) as session:
            session.ready(0)
            first = session.cmdsn
            at(session, 4, lambda: session.send(
                session.base(LOGOUT_REQ, FINAL, 0x104, {20: session.cid << 16})))
            at(session, 3, lambda: session.send(
                session.base(TMF_REQ, FINAL | ABORT_TASK, 0x103, {20: 0x4711, 32: first - 1})))
            at(session, 2, lambda: session.send(
                session.base(TEXT_REQ, FINAL, 0x102, {20: RTAG}, data=b"X-a=b\0")))
            at(session, 1, lambda: session.send(
                session.base(NOP_OUT, FINAL, 0x101, {20: RTAG}, data=b"ping" * 100)))
            quiet(session, first)
            session.send(session.base(NOP_OUT, FINAL, 0x100, {20: RTAG}, data=b"first"))
            seen = [session.recv() for _ in range(5)]
            equal([(pdu.opcode, pdu.itt) for pdu in seen],
                  [(NOP_IN, 0x100), (NOP_IN, 0x101), (TEXT_RSP, 0x102), (TMF_RSP, 0x103),
                   (LOGOUT_RSP, 0x104)], "answers in order")
            equal(seen[1].data, b"ping" * 100, "the ping's data")
            equal(seen[2].data, b"X-a=NotUnderstood\0", "the text")
            equal((seen[3].bhs[2], seen[4].bhs[2]), (NO_TASK, 0), "responses")
            equal(seen[4].word(28), first + 5, "ExpCmdSN")
            check(session.recv() is None, "something after the logout")


def test_rejected_number():
    """A rejected request leaves its number free: it may be sent again (NUM-15)."""
    with open_target() as target:
        with Session(target.iqn) as session:
            session.ready(0)
            first = session.cmdsn
            bad = session.base(SCSI_CMD, FINAL | 7, session.next_itt(), {20: 0})
            session.send(bad)
            session.rejected(9)
            early = session.submit(read10(0, 1), read=512)
            quiet(session, first)
            session.cmdsn = first
            session.read_at(0, 512)
            equal(session.wait(early).status, GOOD, "status of what waited")
            session.cmdsn = first + 2
            session.sync()


def test_plugged():
    """ABORT TASK of a number that never came plugs the hole (FFP-28)."""
    with open_target() as target:
        with Session(target.iqn) as session:
            session.ready(0)
            first = session.cmdsn
            early = at(session, 2, session.submit, read10(0, 1), read=512)
            session.cmdsn = first + 3
            for number in (first + 1, first):
                equal(session.tmf(ABORT_TASK, tag=0x4711, ref_cmdsn=number), COMPLETE, "plug")
            equal(session.wait(early).status, GOOD, "status of what waited")
            # What comes under a plugged number is a duplicate.
            session.send(Pdu(SCSI_CMD, FINAL | 0x40 | SIMPLE, 0, 0x4711,
                             {20: 512, 24: first, 28: session.statsn}))
            session.sync()
            equal(session.others, [], "answers")
            equal(session.tmf(ABORT_TASK, tag=0x4711, ref_cmdsn=first), NO_TASK, "again")


def test_abort_early():
    """ABORT TASK of requests that wait for their turn: read, write, write in the middle."""
    with open_target() as target:
        with Session(target.iqn, answer_r2t=False) as session:
            session.ready(0)
            first = session.cmdsn
            read = at(session, 1, session.submit, read10(0, 1), read=512)
            whole = at(session, 2, session.submit, write10(0, 8), write=b"\7" * 4096)
            part = at(session, 3, session.submit, write10(0, 16), write=b"\7" * 8192,
                      immediate=512)
            session.cmdsn = first + 4
            for task in (whole, read, part):
                equal(session.tmf(ABORT_TASK, tag=task.itt, ref_cmdsn=task.cmdsn), COMPLETE,
                      "abort")
            session.cmdsn = first
            equal(session.read_at(0, 512), bytes(512), "the disk")
            session.cmdsn = first + 4
            session.sync()
            equal(session.read_at(0, 8192), bytes(8192), "the disk")
            check(not (read.done or whole.done or part.done), "a status after the abort")


def test_hole_stays():
    """A number that never comes ends the session, with a line that says so."""
    with open_target() as target:
        with Session(target.iqn) as session:
            session.ready(0)
            log = harness.fresh_log()
            at(session, 1, session.submit, read10(0, 1), read=512)
            session.expect_close((ASYNC,), seconds=10)
            check(log.matching("CmdSN is missing"), "no log line about it")
            log.close()


def test_end_with_early():
    """The connection ends while requests wait: nothing is left."""
    with open_target() as target:
        for reset in (False, True):
            session = Session(target.iqn, answer_r2t=False)
            session.ready(0)
            at(session, 1, session.submit, read10(0, 1), read=512)
            at(session, 2, session.submit, write10(0, 16), write=bytes(8192), immediate=512)
            at(session, 3, lambda: session.send(
                session.base(NOP_OUT, FINAL, 0x101, {20: RTAG}, data=bytes(4096))))
            quiet(session, session.cmdsn)
            if reset:
                session.reset()
            else:
                session.close()
            harness.wait_for(lambda: target.sessions() == 0, "the end of the session")


def test_flood_early():
    """Copies that a missing number makes us keep are bounded."""
    with open_target() as target:
        with Session(target.iqn) as session:
            session.ready(0)
            first = session.cmdsn
            log = harness.fresh_log()
            try:
                for ahead in range(1, 60):
                    session.send(session.base(NOP_OUT, FINAL, 0x1000 + ahead,
                                              {20: RTAG, 24: first + ahead}, data=bytes(8192)))
            except OSError:
                pass
            session.expect_close((ASYNC,))
            check(log.matching("too much is waiting"), "no log line about it")
            log.close()


def test_tmf_waits_for_order():
    """LUN RESET waits for requests that were numbered before it (FFP-32)."""
    with open_target() as target:
        with Session(target.iqn) as session:
            session.ready(0)
            first = session.cmdsn
            at(session, 1, session.submit, read10(0, 1), read=512)
            session.send(Pdu(TMF_REQ | IMMEDIATE, FINAL | LUN_RESET, 0, 0x500,
                             {20: RTAG, 24: first + 2, 28: session.statsn}))
            quiet(session, first)
            session.submit(read10(0, 1), read=512)
            pdu = session.other(TMF_RSP)
            equal((pdu.itt, pdu.bhs[2]), (0x500, COMPLETE), "LUN RESET")
            equal(pdu.word(28), first + 2, "ExpCmdSN in the answer")
            session.tasks.clear()
            session.cmdsn = first + 2
            session.ready(0)
