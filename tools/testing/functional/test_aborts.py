# SPDX-License-Identifier: GPL-2.0
"""Tasks that are taken back in every state that they can have, again and again. The
client minds a second status, a status of a task that it has taken back, and silence."""

import random
import time
from functools import partial

import harness
from hang import Suspended
from harness import Failure, check, equal, patience, wait_for
from history import together
from login import INITIATOR, random_isid
from raw import (ASYNC, DATA_OUT, FINAL, NOP_OUT, REJECT, RTAG, TMF_REQ, TMF_RSP, Closed, Pdu)
from session import (ABORT_TASK, ABORT_TASK_SET, CLEAR_TASK_SET, GOOD, LUN_RESET, WARM_RESET,
                     Session, read10, write10)
from target import Target
from test_stuck import timed

COMPLETE, NO_TASK = 0, 1


def all_end(target, count=0, seconds=20):
    wait_for(lambda: target.sessions() == count, "the end of sessions", seconds)


# -- reset, drop, log in again --

def busy(session, rng):
    """Commands of every kind, none of them finished."""
    for number in range(rng.randint(1, 4)):
        session.submit(read10(8 * number, 64), read=32768)
        session.submit(write10(8 * number, 16), write=bytes(8192), immediate=0)
        session.submit(write10(512 + 8 * number, 8), write=bytes(4096))


def send_tmf(session, function, tag=RTAG, ref_cmdsn=0):
    session.send(session.base(TMF_REQ, FINAL | function, session.next_itt(),
                              {20: tag, 32: ref_cmdsn}, 0, immediate=True))


def reset_loop(rounds):
    """A6: LUN RESET, the connection drops, the initiator logs in again."""
    rng = random.Random(6)
    with Target("aborts") as target:
        target.lun(0)
        isid = random_isid()
        start = time.monotonic()
        for number in range(rounds):
            session = Session(target.iqn, isid=isid, answer_r2t=False)
            busy(session, rng)
            send_tmf(session, rng.choice((LUN_RESET, LUN_RESET, ABORT_TASK_SET, WARM_RESET)))
            if number % 3 == 0:
                session.sock.settimeout(0.002)
                try:
                    session.sock.recv(65536)
                except OSError:
                    pass
            if number % 2:
                session.reset()
            else:
                session.close()
        took = time.monotonic() - start
        harness.note(f"{rounds} rounds of reset, drop and login in {took:.1f} s")
        all_end(target)
        with Session(target.iqn, isid=isid) as session:
            session.ready(0)
            timed(1, lambda: session.write_at(0, bytes(4096)))


def test_reset_loop():
    """A hundred rounds and more."""
    reset_loop(harness.scaled(500, 100))


def test_reset_loop_full():
    """Ten thousand."""
    reset_loop(10000)


test_reset_loop.quick = True
test_reset_loop_full.long = True
test_reset_loop_full.limit = 1500


# -- every state --

def held(session, submit):
    """A command that came before its turn."""
    session.cmdsn = session.cmdsn + 1 & 0xffffffff
    task = submit()
    session.cmdsn = session.cmdsn - 2 & 0xffffffff
    return task


def plug(session):
    """What was missing comes."""
    itt = session.next_itt()
    session.send(session.base(NOP_OUT, FINAL, itt, {20: RTAG}))
    session.cmdsn = session.cmdsn + 1 & 0xffffffff
    while not any(pdu.itt == itt for pdu in session.others):
        session.pump()
    session.others = [pdu for pdu in session.others if pdu.itt != itt]


def waiting(session):
    task = session.submit(write10(0, 16), write=bytes(8192), immediate=0)
    while not task.r2ts:
        session.pump()
    return task


def half_sent(session):
    """Half a Data-Out sequence, the F bit still to come."""
    task = waiting(session)
    session.send(Pdu(DATA_OUT, 0, task.lun, task.itt,
                     {20: task.r2ts[0].word(20), 28: session.statsn}, bytes(4096)))
    return task


def cut_header(session):
    """In the middle of a Data-Out PDU, which then comes to its end."""
    task = waiting(session)
    wire = session.encode(Pdu(DATA_OUT, FINAL, task.lun, task.itt,
                              {20: task.r2ts[0].word(20), 28: session.statsn}, bytes(8192)))
    session.send_bytes(wire[:2000])
    session.rest = wire[2000:]
    return task


def executing_read(session):
    return session.submit(read10(0, 8), read=4096)


def executing_write(session):
    return session.submit(write10(0, 8), write=bytes(4096))


def answered(session):
    """Its answer is in our socket, or on its way."""
    task = session.submit(read10(2048, 64), read=32768)
    session.send(session.base(0, FINAL, RTAG, {20: RTAG}, immediate=True))
    return task


STATES = {
    "held, a read": (lambda s: held(s, lambda: s.submit(read10(0, 8), read=4096)), True),
    "held, a write": (lambda s: held(s, lambda: s.submit(write10(0, 8), write=bytes(4096))), True),
    "waiting for data": (waiting, False),
    "half its data": (half_sent, False),
    "in the middle of a PDU": (cut_header, False),
    "executing, a read": (executing_read, False),
    "executing, a write": (executing_write, False),
    "answered": (answered, False),
}


def take_back(session, task, function, early):
    """Send the function, numbered behind the task."""
    session.cmdsn += 2 * early
    rest = getattr(session, "rest", b"")
    session.rest = b""
    if rest:
        session.send_bytes(rest)
    send_tmf(session, function, task.itt if function == ABORT_TASK else RTAG,
             task.cmdsn if function == ABORT_TASK else 0)
    session.cmdsn -= 2 * early


def answer_of(session):
    return session.other(TMF_RSP).bhs[2]


def one_state(target, name, function):
    make, early = STATES[name]
    with Session(target.iqn, isid=random_isid(), answer_r2t=False) as session:
        session.ready(0)
        task = make(session)
        take_back(session, task, function, early and function != ABORT_TASK)
        if early and function != ABORT_TASK:
            plug(session)       # a function waits for what was numbered before it
        answer = answer_of(session)
        check(answer in (COMPLETE, NO_TASK), f"{name}: function {function} was answered", answer)
        if early and function == ABORT_TASK:
            plug(session)
        done = task.done
        # Nothing of it may come any more, neither a status nor a request for data.
        for _ in range(3):
            session.sync()
        equal(task.done, done, f"{name}: a status after function {function}")
        session.tasks.pop(task.itt, None)
        session.ready(0)
        session.answer_r2t = True
        session.write_at(0, b"\2" * 4096)
        equal(session.read_at(0, 4096), b"\2" * 4096, f"{name}: the disk")


def test_every_state():
    """ABORT TASK, ABORT TASK SET and LUN RESET meet a command in each of its states."""
    with Suspended(delay=40) as device, Target("aborts") as target:
        target.lun(0, kind="block", mib=8, path=device.path)
        for name in STATES:
            for function in (ABORT_TASK, ABORT_TASK_SET, LUN_RESET):
                try:
                    one_state(target, name, function)
                except Failure as failure:
                    raise Failure(f"{name}, function {function}: {failure}") from failure
        all_end(target)


def test_close_in_every_state():
    """A9 and others: the connection ends, by FIN, RST or the administrator, with commands in
    each state, also in all of them at once."""
    with Suspended(delay=40) as device, Target("aborts") as target:
        target.lun(0, kind="block", mib=8, path=device.path)
        for number in range(harness.scaled(3)):
            together = [name for name in STATES if name[:4] not in ("held", "in t")]
            for names in [[name] for name in STATES] + [together + ["held, a write"]]:
                session = Session(target.iqn, isid=random_isid(), answer_r2t=False)
                session.ready(0)
                for name in names:
                    STATES[name][0](session)
                if number % 3 == 0:
                    session.reset()
                elif number % 3 == 1:
                    session.close()
                else:
                    timed(3, lambda: target.enable(False))
                    session.close()
                    target.enable()
        all_end(target)


# -- many at once --

class Loose(Session):
    """Reads past what aborted tasks have left behind."""

    def recv_tmf(self):
        pdu = self.recv()
        if pdu is None:
            raise Closed("closed")
        check(pdu.opcode != REJECT, "a Reject", pdu)
        check(pdu.opcode != ASYNC or pdu.bhs[36] != 0xff, "an odd message", pdu)
        if pdu.opcode != TMF_RSP:
            return None
        check(pdu.bhs[2] in (COMPLETE, NO_TASK), "answer", pdu.bhs[2])
        return pdu.bhs[2]


def storm(target, number, seconds, functions):
    """Commands and functions at random from one session, which comes back when it has to."""
    rng = random.Random(number)
    end = time.monotonic() + seconds
    isid = random_isid()
    answers = 0
    while time.monotonic() < end:
        session = Loose(target.iqn, initiator=f"{INITIATOR}{number}", isid=isid,
                        seconds=patience(10), answer_r2t=False)
        try:
            for _ in range(rng.randint(1, 6)):
                busy(session, rng)
                send_tmf(session, rng.choice(functions))
                while session.recv_tmf() is None:
                    pass
                answers += 1
        except Closed:
            pass
        if rng.random() < 0.7:
            session.reset()
        session.close()
    return answers


def many(kind, functions):
    with Target("aborts") as target:
        target.lun(0, **kind)
        results = {}

        def one(number):
            results[number] = storm(target, number, harness.scaled(4, 2), functions)

        together(*(partial(one, number) for number in range(8)), seconds=45)
        for number, answers in results.items():
            check(answers, f"session {number}: nothing was answered")
        all_end(target)
        with Session(target.iqn) as session:
            session.ready(0)
            session.write_at(0, bytes(4096))


def test_resets_from_eight():
    """LUN RESETs from eight sessions at once, with drops and logins in between."""
    many({}, (LUN_RESET,))


def test_everything_from_eight():
    """Every function, on a file, whose commands other threads execute."""
    many({"kind": "file"}, (LUN_RESET, ABORT_TASK_SET, CLEAR_TASK_SET, WARM_RESET))


def test_normal_status_after_all():
    """Aborts of tasks that are long done are answered at once, and cost nothing."""
    with Target("aborts") as target:
        target.lun(0)
        with Session(target.iqn) as session:
            session.ready(0)
            for number in range(harness.scaled(200, 50)):
                task = session.command(read10(number % 64, 8), read=4096)
                equal(task.status, GOOD, "status")
                equal(session.tmf(ABORT_TASK, 0, task.itt, task.cmdsn), NO_TASK, "answer")
