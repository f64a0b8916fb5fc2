# SPDX-License-Identifier: GPL-2.0
"""Security history, after login: the end of commands, connections and LUNs while
something still refers to them."""

import itertools
import random
import threading
import time

import harness
import login
import target as target_module
from hang import Suspended
from harness import Failure, check, equal, patience, wait_for
from history import Bystander, all_gone, honest_login, refused, together
from login import OPERATIONAL, LoginConn, names, random_isid
from raw import (ASYNC, DATA_IN, DATA_OUT, FINAL, LOGOUT_REQ, LOGOUT_RSP, NOP_IN, R2T, RTAG,
                 SCSI_RSP, TMF_REQ, TMF_RSP, Pdu)
from session import ABORT_TASK, GOOD, LUN_RESET, Session, read10, write10
from target import Target

COMPLETE, NO_TASK = 0, 1


def end_target(**kwargs):
    target = Target("end", **kwargs)
    target.lun(0)
    return target


def only_the_bystander(target, seconds=10):
    wait_for(lambda: target.sessions() == 1, "the end of all sessions but one", seconds)


def waiting_write(session, lun=0, lba=0, size=4096):
    task = session.submit(write10(lba, size // 512), lun=lun, write=b"\x77" * size, immediate=0)
    while not task.r2ts:
        session.pump()
    return task


def half(session, task):
    """The first half of the data that the R2T asks for."""
    r2t = task.r2ts[0]
    session.send(Pdu(DATA_OUT, 0, task.lun, task.itt,
                     {20: r2t.word(20), 28: session.statsn, 40: r2t.word(40)},
                     task.write[:r2t.word(44) // 2]))


# -- rows 30 and 31 --

def busy_session(target, number):
    """A session with everything under way at once."""
    session = Session(target.iqn, initiator=f"{login.INITIATOR}{number}", answer_r2t=False,
                      keys={"MaxRecvDataSegmentLength": "65536"})
    session.ready(0)
    for lba in range(6):
        session.submit(read10(lba, 128), read=65536)
        session.submit(write10(lba, 16), write=bytes(8192), immediate=0)
    return session


def test_row_30_bytes_during_teardown():
    """Bytes arrive without end while the portal group is disabled: the socket's
    callbacks are taken back under fire, and the disable is not held up."""
    with end_target() as target:
        for _round in range(harness.scaled(6, 2)):
            sessions = [busy_session(target, number) for number in range(6)]
            stop = threading.Event()

            def flood(session):
                ping = session.encode(session.base(0, FINAL, 5, {20: RTAG}, data=bytes(1000),
                                                   immediate=True))
                session.sock.settimeout(0.2)
                while not stop.is_set():
                    try:
                        session.sock.send(ping)
                        session.sock.recv(100000)
                    except TimeoutError:
                        pass
                    except OSError:
                        return

            threads = [threading.Thread(target=flood, args=(s,), daemon=True) for s in sessions]
            for thread in threads:
                thread.start()
            time.sleep(0.05)
            start = time.monotonic()
            target.enable(False)
            took = time.monotonic() - start
            stop.set()
            for thread in threads:
                thread.join(patience(5))
            for session in sessions:
                session.close()
            check(took < patience(3), f"the disable took {took:.1f} s")
            equal(target.sessions(), 0, "sessions after it")
            target.enable()
        honest_login(target)


def test_row_31_state_changes_during_teardown():
    """FIN and RST in the moment of the disable, of a portal's removal, of a logout."""
    with end_target() as target:
        rng = random.Random(31)
        for number in range(harness.scaled(18, 6)):
            sessions = [busy_session(target, each) for each in range(4)]
            halves = [LoginConn() for _ in range(4)]
            for conn in halves[::2]:
                conn.exchange(OPERATIONAL, names(login.INITIATOR, target.iqn))

            def part(conns=sessions + halves, order=rng.random()):
                for conn in conns:
                    if order < 0.5:
                        conn.reset()
                    else:
                        conn.close()

            if number % 3 == 0:
                together(part, lambda: target.enable(False))
                target.enable()
            elif number % 3 == 1:
                together(part, lambda: target.drop_portal(target_module.PORTAL))
                target.portal(target_module.PORTAL)
            else:
                for session in sessions:
                    session.send(session.base(LOGOUT_REQ, FINAL, 9, immediate=True))
                part()
            all_gone(target)
        honest_login(target)


# -- row 33 --

def test_row_33_ping_timer():
    """Peers go just when the target pings them, and when their answer is due: the
    sessions end, and no timer fires into what is gone."""
    with end_target(demo=False) as target:
        acls = []
        for number in range(24):
            acl = target.acl(f"{login.INITIATOR}{number}")
            acl.attrib("nopin_timeout", 3)
            acl.attrib("nopin_response_timeout", 3)
            acls.append(acl)
        sessions = [Session(target.iqn, initiator=acl.name, seconds=12) for acl in acls]
        start = time.monotonic()
        # Around 3 s, when the pings are due (a tick a second), then around 6 s, when the
        # answers are. The last ones are not closed at all: they are cut.
        moments = [2.8 + 0.08 * n for n in range(16)] + [6.6 + 0.1 * n for n in range(5)]
        for number, moment in enumerate(moments):
            time.sleep(max(0, start + moment - time.monotonic()))
            if number % 2:
                sessions[number].reset()
            else:
                sessions[number].close()
        for session in sessions[len(moments):]:
            seen = session.expect_close((NOP_IN,), seconds=8)
            check(seen, "no ping before the end")
            session.close()
        all_gone(target)
        time.sleep(1.2)                 # one more tick of what there might be


# -- row 34 --

def test_row_34_retained_session():
    """At level 0 nothing is retained: whatever DefaultTime2Retain says, a session whose
    connection broke off with writes under way is gone, its TSIH with it, and its writes
    never land."""
    with end_target() as target, Bystander(target) as other:
        for retain in ("1", "20", "3600"):
            isid = random_isid()
            session = Session(target.iqn, isid=isid, answer_r2t=False,
                              keys={"DefaultTime2Retain": retain, "DefaultTime2Wait": "0"})
            session.ready(0)
            tasks = [waiting_write(session, lba=8 * n) for n in range(4)]
            half(session, tasks[0])
            session.submit(read10(0, 64), read=32768)
            session.reset()
            only_the_bystander(target, 5)
            with LoginConn(isid=isid, tsih=session.tsih) as conn:
                conn.request(OPERATIONAL, names(login.INITIATOR, target.iqn), login.FFP)
                refused(conn, 0x20a, "a login to the session that is gone")
            again = Session(target.iqn, isid=isid)
            again.ready(0)
            equal(again.read_at(0, 16384), bytes(16384), "the disk")
            check(again.tsih != session.tsih, "the TSIH came again at once")
            again.logout()
        time.sleep(1.5)                 # the shortest of them would expire now
        other.check()


# -- row 35 --

def test_row_35_last_reference():
    """Commands complete, are aborted, and their connection is closed, all at once from
    both sides, by reset, reinstatement and logout."""
    with end_target() as target, Bystander(target, resets=True):
        rng = random.Random(35)
        isid = random_isid()
        for number in range(harness.scaled(60, 10)):
            session = Session(target.iqn, isid=isid, answer_r2t=False)
            session.ready(0)
            for lba in range(12):
                if rng.random() < 0.6:
                    session.submit(read10(lba, 1 << rng.randrange(7)), read=65536, edtl=65536)
                else:
                    session.submit(write10(lba, 1), write=bytes(512),
                                   immediate=rng.choice((0, 512)))
            if number % 2:
                itt = rng.choice(list(session.tasks))
                session.send(session.base(TMF_REQ, FINAL | rng.choice((ABORT_TASK, LUN_RESET)), 1,
                                          {20: itt, 32: session.cmdsn - 1}, immediate=True))
            time.sleep(rng.choice((0, 0, 0.001, 0.004)))
            kind = number % 4
            if kind == 0:
                session.reset()
            elif kind == 1:
                session.close()
            elif kind == 2:             # the next login reinstates it
                session.sock.settimeout(0)
            else:
                session.send(session.base(LOGOUT_REQ, FINAL, 2, immediate=True))
                session.reset()
        honest_login(target)
        session.close()
        only_the_bystander(target)


def test_row_35_acl_removal():
    """An ACL goes while its sessions log in, do I/O and are reset, at the same time."""
    name = "iqn.2026-11.test:acl"
    with end_target(demo=False) as target:
        for _round in range(harness.scaled(12, 4)):
            acl = target.acl(name)
            acl.map(0, to=0)
            stop = threading.Event()

            def come_and_go():
                while not stop.is_set():
                    try:
                        session = Session(target.iqn, initiator=name, seconds=5)
                        session.ready(0)
                        session.submit(read10(0, 128), read=65536)
                        session.reset()
                    except (OSError, Failure):
                        pass

            def go():
                time.sleep(0.05)
                start = time.monotonic()
                acl.remove()
                took = time.monotonic() - start
                stop.set()
                check(took < patience(5), f"removal took {took:.1f} s")

            together(come_and_go, come_and_go, go)
            all_gone(target)


# -- row 37 --

def test_row_37_abort_and_close():
    """Task management on writes that wait and reads that run, and the connection closed
    before, with and after it."""
    with end_target() as target, Bystander(target, resets=True) as other:
        functions = itertools.cycle((ABORT_TASK, LUN_RESET, 2, 4))
        for number in range(harness.scaled(80, 12)):
            session = Session(target.iqn, answer_r2t=False)
            session.ready(0)
            victim = waiting_write(session)
            for lba in range(8):
                session.submit(read10(lba, 64), read=32768)
            tmf = session.base(TMF_REQ, FINAL | next(functions), 0x99,
                               {20: victim.itt, 32: victim.cmdsn}, immediate=True)
            wire = session.encode(tmf)
            session.send_bytes(wire[:48 if number % 3 else 47])
            if number % 2:
                session.reset()
            session.close()
        only_the_bystander(target)
        other.check()
        equal(other.session.read_at(0, 4096), bytes(4096), "the disk")


# -- row 38 --

def answers(session, tmf_itt, task):
    """(response of the function, whether the task had its status), after everything that
    was under way has come; a status behind the response of a complete abort is wrong."""
    response = None
    while response is None:
        pdu = session.recv()
        check(pdu is not None, "closed")
        if pdu.opcode == TMF_RSP and pdu.itt == tmf_itt:
            response = pdu.bhs[2]
        elif pdu.itt in session.tasks and pdu.opcode in (DATA_IN, SCSI_RSP, R2T):
            {DATA_IN: session.take_data, SCSI_RSP: session.take_status,
             R2T: session.take_r2t}[pdu.opcode](session.tasks[pdu.itt], pdu)
        else:
            check(pdu.opcode in (NOP_IN, ASYNC), "unexpected", pdu)
    before = task.done
    session.sync()
    check(task.done == before, "a status behind the response to the abort")
    return response, task.done


def send_abort(session, task):
    itt = session.next_itt()
    session.send(session.base(TMF_REQ, FINAL | ABORT_TASK, itt, {20: task.itt, 32: task.cmdsn},
                              immediate=True))
    return itt


def test_row_38_abort_in_each_state():
    """ABORT TASK of a write before its data, in the middle of it and after it, of a read
    whose answer is queued or sent, of a command that is over: one response each, and a
    status if and only if the function did not take effect."""
    keys = {"MaxRecvDataSegmentLength": "65536"}
    with end_target() as target, Bystander(target):
        with Session(target.iqn, keys=keys, answer_r2t=False) as session:
            session.ready(0)
            for number in range(harness.scaled(20, 4)):
                task = waiting_write(session)
                equal(answers(session, send_abort(session, task), task), (COMPLETE, False),
                      "a write before its data")
                task = waiting_write(session)
                half(session, task)
                equal(answers(session, send_abort(session, task), task), (COMPLETE, False),
                      "a write in the middle of its data")
                task = waiting_write(session)
                session.answer(task, task.r2ts[0])
                check(answers(session, send_abort(session, task), task) in
                      ((COMPLETE, False), (NO_TASK, True)), "a write after its data")
                tasks = [session.submit(read10(n, 128), read=65536) for n in range(24)]
                task = tasks[number % 24]
                time.sleep(0.01 * (number % 3))
                check(answers(session, send_abort(session, task), task) in
                      ((COMPLETE, False), (NO_TASK, True)), "a read")
                for other in tasks:
                    if other is not task:
                        equal(session.wait(other).status, GOOD, "status of another read")
                equal(answers(session, send_abort(session, other), other), (NO_TASK, True),
                      "a command that is over")
                session.tasks.clear()


def test_row_38_abort_while_executing():
    """ABORT TASK and LUN RESET of commands that a device holds: answered when the device
    has answered, once, and not before; other LUNs do not wait."""
    with Suspended() as device, Target("end") as target:
        target.lun(0, kind="block", mib=8, path=device.path)
        target.lun(1)
        with Session(target.iqn, answer_r2t=True) as session:
            session.ready(0, 1)
            for function in (ABORT_TASK, LUN_RESET):
                device.suspend()
                try:
                    tasks = [session.submit(read10(8, 8), read=4096),
                             session.submit(write10(0, 8), write=b"\x38" * 4096)]
                    session.sync()
                    itt = session.next_itt()
                    session.send(session.base(TMF_REQ, FINAL | function, itt,
                                              {20: tasks[1].itt, 32: tasks[1].cmdsn},
                                              immediate=True))
                    session.read_at(0, 512, 1)
                    session.sync()
                    check(not any(task.done for task in tasks), "the device is not stuck")
                finally:
                    device.resume()
                response, done = answers(session, itt, tasks[1])
                check((response, done) in ((COMPLETE, False), (NO_TASK, True)), response, done)
                if function == ABORT_TASK:
                    equal(session.wait(tasks[0]).status, GOOD, "status of the other command")
                session.tasks.clear()
                session.ready(0)


# -- row 39 --

def prepare_state(session, state):
    """Bring something under way."""
    if state == "reads":
        for lba in range(24):
            session.submit(read10(lba, 128), read=65536)
    elif state == "writes":
        waiting_write(session)
        waiting_write(session, lba=64)
    elif state == "half":
        half(session, waiting_write(session))
    elif state == "text":
        session.text(None, 0x40, data=b"X-a", itt=0x77)
    elif state == "pings":
        for _ in range(30):
            session.send(session.base(0, FINAL, 0x55, {20: RTAG}, data=bytes(2000), immediate=True))


STATES = ("idle", "reads", "writes", "half", "text", "pings")


def logout_answer(session):
    """Response to the logout, whatever else comes before it."""
    while True:
        pdu = session.recv()
        check(pdu is not None, "closed before the response")
        if pdu.opcode == LOGOUT_RSP:
            return pdu.bhs[2]


def test_row_39_logout_matrix():
    """Logout for each reason in the middle of everything: close is answered and done,
    recovery is refused (response 2) and the session goes on, a wrong CID is told."""
    with end_target() as target, Bystander(target):
        for state, (reason, cid, want) in itertools.product(
                STATES, ((0, 0, 0), (1, 0, 0), (1, 9, 1), (2, 0, 2), (2, 9, (1, 2)))):
            session = Session(target.iqn, answer_r2t=False,
                              keys={"MaxRecvDataSegmentLength": "65536"})
            session.ready(0)
            prepare_state(session, state)
            session.send(session.base(LOGOUT_REQ, FINAL | reason, 0x66, {20: cid << 16},
                                      immediate=True))
            response = logout_answer(session)
            check(response in (want if isinstance(want, tuple) else (want,)),
                  f"{state}, reason {reason}, CID {cid}: response {response}")
            if response == 0:
                check(session.recv() is None, "something behind a successful logout")
                session.close()
            else:
                session.tasks.clear()
                session.reset()
            only_the_bystander(target)


def test_row_39_logout_and_die():
    """Logout, and the connection dies in the same moment; two logouts; commands behind
    one, which nobody looks at."""
    with end_target() as target, Bystander(target) as other:
        for state, kind in itertools.product(STATES, ("reset", "fin", "twice", "write")):
            session = Session(target.iqn, answer_r2t=False)
            session.ready(0)
            prepare_state(session, state)
            logout = session.encode(session.base(LOGOUT_REQ, FINAL, 0x66, immediate=True))
            if kind == "write":
                pdu = session.base(1, FINAL | 0x21, 0x67, {20: 512}, data=b"\x39" * 512,
                                   immediate=True)
                pdu.bhs[32:42] = write10(0, 1)
                session.send_bytes(logout + session.encode(pdu))
            else:
                session.send_bytes(logout * (2 if kind == "twice" else 1))
            if kind in ("reset", "write") and state in ("idle", "half"):
                session.reset()
            session.close()
        only_the_bystander(target)
        equal(other.session.read_at(0, 512), bytes(512), "the disk")


# -- row 53 --

def removing(target, acl, number):
    """Begin to remove a LUN and its mapping; call the result to have the seconds that
    it took."""
    took = []

    def work():
        start = time.monotonic()
        target_module.remove_lun(f"{acl.dir}/lun_{number}")
        target_module.remove_lun(f"{target.tpg}/lun/lun_{number}")
        took.append(time.monotonic() - start)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()

    def finish(seconds):
        thread.join(patience(seconds))
        check(took, f"the removal of LUN {number} did not end in {patience(seconds):.0f} s")
        return took[0]
    return finish


def test_row_53_lun_goes():
    """A LUN goes between command, R2T, half of the data and status: the removal ends with
    the data (or when their time is up), the command has a status, others go on."""
    name = "iqn.2026-11.test:lun"
    states = ("idle", "R2T", "half", "queued", "never")
    with Suspended() as device, end_target(demo=False) as target:
        bystander_acl = target.acl("iqn.2026-11.test:bystander")
        bystander_acl.map(0, to=0)
        acl = target.acl(name)
        acl.map(0, to=0)
        acl.attrib("dataout_timeout", 2)
        acl.attrib("dataout_timeout_retries", 1)
        for number, _state in enumerate(states, 1):
            target.lun(number, mib=1)
            acl.map(number, to=number)
        stuck = len(states) + 1
        target.lun(stuck, kind="block", mib=8, path=device.path)
        acl.map(stuck, to=stuck)
        with Bystander(target) as other:
            for lun, state in enumerate(states, 1):
                session = Session(target.iqn, initiator=name, answer_r2t=False,
                                  keys={"MaxRecvDataSegmentLength": "65536"})
                session.ready(0, lun)
                task = None
                if state in ("R2T", "half", "never"):
                    task = waiting_write(session, lun)
                if state == "half":
                    half(session, task)
                if state == "queued":
                    for lba in range(16):
                        session.submit(read10(lba, 128), lun=lun, read=65536)
                finish = removing(target, acl, lun)
                time.sleep(0.1)
                other.check()
                if state == "R2T":
                    session.answer(task, task.r2ts[0])
                elif state == "half":
                    r2t = task.r2ts[0]
                    session.send(Pdu(DATA_OUT, FINAL, task.lun, task.itt,
                                     {20: r2t.word(20), 28: session.statsn, 36: 1, 40: 2048},
                                     task.write[2048:]))
                if state == "never":
                    session.expect_close((ASYNC,), seconds=8)
                    session.close()
                    finish(8)
                    continue
                while session.tasks:
                    session.pump()
                finish(3)
                answer = session.command(read10(0, 1), lun=lun, read=512, status=None)
                check(answer.status == 2 and answer.sense_code[0] in (5, 6), "a LUN that is gone:",
                      answer.status)
                session.ready(0)        # the list of LUNs has changed
                session.read_at(0, 512)
                session.logout()
            with Session(target.iqn, initiator=name) as session:
                session.ready(0, stuck)
                device.suspend()
                try:
                    task = session.submit(write10(0, 8), lun=stuck, write=b"\x53" * 4096)
                    session.sync()
                    finish = removing(target, acl, stuck)
                    time.sleep(0.1)
                    session.ready(0)
                    session.read_at(0, 512)
                    other.check()
                finally:
                    device.resume()
                equal(session.wait(task).status, GOOD, "status of the last write")
                finish(3)
        for each in target.stores[1:]:
            each.remove()
            target.stores.remove(each)
