# SPDX-License-Identifier: GPL-2.0
"""CmdSN and the window: what is taken, what is held, what is thrown away."""

from disks import deep, disk, manual, ready
from harness import check, equal
from login import FFP, OPERATIONAL, INITIATOR, LoginConn, names, random_isid
from pdus import (LUN_RESET, command, exp_cmdsn, issue, numbered, open_write,
                  quiet, tmf, track)
from raw import (FINAL, LOGOUT_REQ, NOP_IN, NOP_OUT, REJECT, RTAG, SCSI_CMD, TEXT_REQ, TMF_REQ)
from registry import covers
from session import (GOOD, READ, SIMPLE, TEST_UNIT_READY, WRITE, Session, read10, write10)

FIXTURE = disk
MASK = 0xffffffff
ORDERED = 2


@covers("NUM-01", rows={"by one": (0xffffffff,), "under load": (0xfffffff0,),
                        "half way": (0x7ffffff0,)})
def wrap(target, start):
    """CmdSN goes through 0xffffffff, and through 0x7fffffff, with a full queue."""
    with Session(target.iqn, cmdsn=start) as session:
        session.ready(0)
        tasks = [session.submit(write10(n, 1), write=bytes([n]) * 512) for n in range(64)]
        for task in tasks:
            equal(session.wait(task).status, GOOD, "status")
        equal(session.read_at(0, 64 * 512), b"".join(bytes([n]) * 512 for n in range(64)),
              "the disk")


@covers("NUM-01")
def old_numbers_around_the_wrap(target):
    """Numbers from before the wrap are old, not far ahead; so are those after it
    while it is still to come."""
    with ready(target, cmdsn=0xfffffffe) as session:
        while session.cmdsn > 0x1000:
            session.sync()
        for cmdsn in (0xffffffff, 0xfffffff0, session.max_cmdsn + 1):
            session.send(numbered(session, NOP_OUT, words={20: RTAG}, cmdsn=cmdsn, data=b"old"))
        session.sync()
        equal(session.others, [], "answers")
    with Session(target.iqn, cmdsn=0xffffffff) as session:
        check(session.max_cmdsn < 0x1000, "the window does not reach over the wrap")
        session.send(numbered(session, NOP_OUT, words={20: RTAG}, cmdsn=session.max_cmdsn + 1))
        equal(exp_cmdsn(session), 0xffffffff, "ExpCmdSN")
        session.sync()


@covers("NUM-02", rows={f"{start:x}": (start,) for start in
                        (0, 1, 0x12345678, 0x7fffffff, 0x80000000, 0xffffffff)})
def first_number(target, start):
    """The login's CmdSN is the first that counts, and no login request used it up."""
    with LoginConn(cmdsn=start) as conn:
        for stage, pairs, to in ((OPERATIONAL, names(INITIATOR, target.iqn), None),
                                 (OPERATIONAL, [("MaxBurstLength", "4096")], None),
                                 (OPERATIONAL, [], FFP)):
            pdu, _answers = conn.exchange(stage, pairs, to)
            equal(pdu.word(28), start, "ExpCmdSN of a login response")
    with Session(target.iqn, cmdsn=start) as session:
        equal(session.cmdsn, start, "CmdSN in the test itself")
        session.sync()
        equal(exp_cmdsn(session), start + 1 & MASK, "ExpCmdSN")


@covers("NUM-03")
def number_of_another_login(target):
    """The CmdSN of a login that reinstates a connection does not move the window."""
    with ready(target) as session:
        for _ in range(5):
            session.sync()
        old = session.cmdsn
        conn = LoginConn(isid=session.isid, tsih=session.tsih, cid=session.cid, cmdsn=0x777777)
        pdu, _answers = conn.exchange(OPERATIONAL, names(INITIATOR, target.iqn, True), FFP)
        equal(pdu.flags & 0x83, 0x83, "T and NSG")
        equal(pdu.word(28), old, "ExpCmdSN after the reinstatement")
        conn.close()
        session.close()


KINDS = {
    "NOP-Out": (NOP_OUT, FINAL, {20: RTAG}, b"data to be dropped"),
    "SCSI read": (SCSI_CMD, FINAL | READ | SIMPLE, {20: 512, 32: 0x28000000, 40: 0x01000000}, b""),
    "SCSI write": (SCSI_CMD, FINAL | WRITE | SIMPLE, {20: 512, 32: 0x2a000000, 40: 0x01000000},
                   b"\x66" * 512),
    "TMF": (TMF_REQ, FINAL | LUN_RESET, {20: RTAG}, b""),
    "Text": (TEXT_REQ, FINAL, {20: RTAG}, b"X-a=1\0"),
    "Logout": (LOGOUT_REQ, FINAL, {}, b""),
}


def dropped(session, kind, cmdsn):
    """Send it with this number; there is no answer and it has no effect."""
    opcode, flags, words, data = KINDS[kind]
    session.send(numbered(session, opcode, flags, words, cmdsn=cmdsn & MASK, data=data))


@covers("NUM-04", rows={kind: (kind,) for kind in KINDS})
def beyond_the_window(target, kind):
    """Ignored, however far beyond; the connection stays, and the data is skipped."""
    with ready(target) as session:
        session.sync()
        for distance in (1, 2, 1000, 0x10000000, 0x7fffff00):
            dropped(session, kind, session.max_cmdsn + distance)
        session.sync()
        equal(session.others, [], "answers")
        equal(session.read_at(0, 512), bytes(512), "the disk")


@covers("NUM-05", rows={kind: (kind,) for kind in KINDS})
def before_the_window(target, kind):
    """Ignored, however old."""
    with ready(target) as session:
        session.sync()
        for distance in (1, 2, 1000, 0x10000000, 0x7fffff00):
            dropped(session, kind, session.cmdsn - distance)
        session.sync()
        equal(session.others, [], "answers")
        equal(session.read_at(0, 512), bytes(512), "the disk")


@covers("NUM-06")
def same_command_again(target):
    """The very same command while it runs, and after: one answer. (B7)"""
    with manual(target) as session:
        task = open_write(session, write10(0, 8), b"\x42" * 4096)
        again = command(session, write10(0, 8), 4096, FINAL | WRITE | SIMPLE, itt=task.itt,
                        cmdsn=task.cmdsn)
        session.send(again)
        session.sync()
        equal(len(task.r2ts), 1, "R2Ts")
        session.answer(task, task.r2ts[0])
        equal(session.wait(task).status, GOOD, "status")
        session.send(again)
        session.sync()
        equal(session.others, [], "answers")
        equal(session.read_at(0, 4096), task.write, "the disk")


@covers("NUM-06")
def same_number_while_held(target):
    """A number that waits for its turn already: the second one is dropped. (B7)"""
    with ready(target) as session:
        hole = session.cmdsn
        session.cmdsn += 1
        first = issue(session, write10(0, 1), write=b"\x11" * 512, data=b"\x11" * 512)
        second = command(session, write10(0, 1), 512, FINAL | WRITE | SIMPLE, cmdsn=first.cmdsn,
                         data=b"\x22" * 512)
        session.send(second)
        session.send(numbered(session, NOP_OUT, words={20: RTAG}, cmdsn=first.cmdsn))
        equal(exp_cmdsn(session), hole, "ExpCmdSN")
        session.send(numbered(session, NOP_OUT, words={20: RTAG}, cmdsn=hole))
        session.other(NOP_IN)
        equal(session.wait(first).status, GOOD, "status of the first")
        session.sync()
        equal(session.others, [], "answers to the second")
        equal(session.read_at(0, 512), b"\x11" * 512, "the disk")


@covers("NUM-07", "NUM-13")
def order_of_delivery(target):
    """Sent backwards, executed forwards: of eight writes to one block the one with the
    highest number is the last, and no answer comes before its command's turn."""
    with ready(target) as session:
        start = session.cmdsn
        tasks = [issue(session, write10(0, 1), write=bytes([n]) * 512, data=bytes([n]) * 512,
                       cmdsn=start + n, attr=ORDERED) for n in range(7, 0, -1)]
        equal(exp_cmdsn(session), start, "ExpCmdSN")
        check(not any(task.done for task in tasks), "an answer before its turn")
        tasks.append(issue(session, write10(0, 1), write=bytes(512), data=bytes(512), cmdsn=start,
                           attr=ORDERED))
        session.cmdsn = start + 8
        for task in tasks:
            equal(session.wait(task).status, GOOD, "status")
        equal(session.read_at(0, 512)[:8], b"\7" * 8, "the disk")


@covers("NUM-07", "NUM-08")
def order_of_answers(target):
    """Pings in every order of their numbers are answered in that of their numbers."""
    with Session(target.iqn) as session:
        for order in ((1, 0), (2, 1, 0), (1, 2, 0), (3, 0, 2, 1), (5, 3, 1, 4, 2, 0)):
            start = session.cmdsn
            for place in order:
                session.send(numbered(session, NOP_OUT, words={20: RTAG}, itt=0x100 + place,
                                      cmdsn=start + place))
            session.cmdsn = start + len(order)
            seen = [session.other(NOP_IN).itt - 0x100 for _ in order]
            equal(seen, sorted(order), f"order of answers to {order}")


@covers("NUM-08")
def hole(target):
    """ExpCmdSN stays at the hole, whatever comes behind it; then passes all of it."""
    with ready(target) as session:
        start = session.cmdsn
        depth = session.max_cmdsn - start + 1 & MASK
        check(depth >= 4, "a window of", depth)
        for place in (1, 3, depth - 1):
            session.send(numbered(session, NOP_OUT, words={20: RTAG}, cmdsn=start + place & MASK))
            equal(exp_cmdsn(session), start, "ExpCmdSN with a hole")
        session.send(numbered(session, NOP_OUT, words={20: RTAG}, cmdsn=start))
        for _ in range(2):
            session.other(NOP_IN)
        equal(exp_cmdsn(session), start + 2, "ExpCmdSN at the second hole")
        for place in range(2, depth - 1):
            if place != 3:
                session.send(numbered(session, NOP_OUT, words={20: RTAG}, cmdsn=start + place))
        for _ in range(depth - 2):
            session.other(NOP_IN)
        equal(exp_cmdsn(session), start + depth, "ExpCmdSN without a hole")
        session.cmdsn = start + depth
        session.read_at(0, 512)


@covers("NUM-08", limit=40)
def hole_that_stays(target):
    """Nobody fills it: after some seconds the session ends, for it could never go on."""
    session = Session(target.iqn)
    session.send(numbered(session, NOP_OUT, words={20: RTAG}, cmdsn=session.cmdsn + 1))
    quiet(session, 3)
    session.expect_close((0x32,), seconds=10)
    session.close()


@covers("NUM-09", rows={str(depth): (depth,) for depth in (1, 2, 16)}, fixture=None)
def depth_of_the_window(depth):
    """cmdsn_depth is never exceeded, by no open commands nor by many that are done;
    recv() watches that MaxCmdSN does not go back."""
    with deep(depth) as target:
        with manual(target, seconds=10) as session:
            for _ in range(3):
                equal(session.max_cmdsn - session.cmdsn + 1 & MASK, depth, "the window")
                tasks = [open_write(session, write10(n, 1), bytes(512)) for n in range(depth)]
                equal(session.max_cmdsn, session.cmdsn - 1 & MASK, "MaxCmdSN of a closed window")
                dropped(session, "NOP-Out", session.cmdsn)
                for task in tasks:
                    session.answer(task, task.r2ts[0])
                    equal(session.wait(task).status, GOOD, "status")
                while session.max_cmdsn - session.cmdsn + 1 & MASK < depth:
                    session.pump()
            equal(session.others, [], "answers to what was beyond the window")


@covers("NUM-10")
def immediate_requests(target):
    """Outside of the window, or in it, they are answered and use up no number."""
    with ready(target) as session:
        for cmdsn in (session.cmdsn, session.max_cmdsn + 1, session.max_cmdsn + 0x1000,
                      session.cmdsn - 5, session.cmdsn - 0x1000):
            session.send(numbered(session, NOP_OUT, words={20: RTAG}, cmdsn=cmdsn & MASK,
                                  immediate=True))
            pdu = session.other(NOP_IN)
            equal(pdu.word(28), session.cmdsn, "ExpCmdSN")
            task = issue(session, TEST_UNIT_READY, cmdsn=cmdsn & MASK, immediate=True)
            task.cmdsn = session.cmdsn - 1
            equal(session.wait(task).status, GOOD, "status")
            equal(tmf(session, LUN_RESET, cmdsn=session.cmdsn), 0, "LUN RESET")
            session.ready(0)


@covers("NUM-10", fixture=None)
def immediate_while_closed():
    """A closed window does not close anything out that is immediate."""
    with deep(1) as target:
        with manual(target) as session:
            task = open_write(session, write10(0, 1), bytes(512))
            equal(exp_cmdsn(session), session.cmdsn, "ExpCmdSN")
            equal(session.max_cmdsn, session.cmdsn - 1 & MASK, "MaxCmdSN of a closed window")
            other = issue(session, read10(0, 1), read=512, immediate=True)
            equal(session.wait(other).status, GOOD, "status of an immediate command")
            session.answer(task, task.r2ts[0])
            session.wait(task)


@covers("NUM-14", rows={str(depth): (depth,) for depth in (1, 4)}, fixture=None)
def window_opens_again(depth):
    """After the last answer the window is open, or a NOP-In says so without being
    asked: nothing else will come that could carry it."""
    with deep(depth) as target:
        with manual(target, seconds=5) as session:
            tasks = [open_write(session, write10(n, 1), bytes(512)) for n in range(depth)]
            equal(session.max_cmdsn, session.cmdsn - 1 & MASK, "MaxCmdSN of a closed window")
            for number, task in enumerate(tasks, 1):
                session.answer(task, task.r2ts[0])
                session.wait(task)
                while session.max_cmdsn - session.cmdsn + 1 & MASK < number:
                    pdu = session.pump()
                    equal((pdu.opcode, pdu.itt, pdu.word(20), pdu.dsl), (NOP_IN, RTAG, RTAG, 0),
                          "what opens the window")


@covers("NUM-14", fixture=None)
def window_opened_by_others():
    """Another session's reset takes this one's tasks away, and they get no answer:
    a NOP-In has to say that there is room again."""
    with deep(2, demo=True, tas=False) as target:
        with manual(target, isid=random_isid(), seconds=5) as victim, \
                ready(target, isid=random_isid()) as other:
            for number in range(2):
                open_write(victim, write10(number, 1), bytes(512))
            equal(victim.max_cmdsn, victim.cmdsn - 1 & MASK, "MaxCmdSN of a closed window")
            equal(tmf(other, LUN_RESET), 0, "LUN RESET")
            while victim.max_cmdsn - victim.cmdsn + 1 & MASK < 2:
                victim.pump()
            victim.tasks.clear()
            victim.ready(0)


@covers("NUM-15", rows={
    "unknown opcode": (0x1c, FINAL, {}), "no W, no F": (SCSI_CMD, READ | SIMPLE, {20: 512}),
    "reserved attribute": (SCSI_CMD, FINAL | READ | 6, {20: 512}),
    "text with F and C": (TEXT_REQ, FINAL | 0x40, {20: RTAG})})
def rejected_is_not_received(target, opcode, flags, words):
    """A Reject leaves the number to be sent again, with a better command; or it is no
    Reject but an answer, and the number is used up."""
    with ready(target) as session:
        start = session.cmdsn
        pdu = numbered(session, opcode, flags, words, cmdsn=start)
        if opcode == SCSI_CMD:
            track(session, pdu)
        session.send(pdu)
        while not session.others and (opcode != SCSI_CMD or pdu.itt in session.tasks):
            session.pump()
        if session.others:
            answer = session.other(REJECT)
            equal(answer.word(28), start, "ExpCmdSN in the Reject")
            session.tasks.clear()
        else:
            session.cmdsn += 1
        equal(exp_cmdsn(session), session.cmdsn, "ExpCmdSN")
        session.sync()
        session.read_at(0, 512)


@covers("NUM-15")
def rejected_before_others(target):
    """What came after the rejected one waits for its number, and then is done."""
    with ready(target) as session:
        start = session.cmdsn
        session.send(numbered(session, 0x1c, cmdsn=start))
        task = issue(session, read10(0, 1), read=512, cmdsn=start + 1)
        session.rejected(5)
        equal(exp_cmdsn(session), start, "ExpCmdSN")
        check(not task.done, "executed before its turn")
        session.sync()
        session.cmdsn = start + 2
        equal(session.wait(task).status, GOOD, "status")
        session.sync()
