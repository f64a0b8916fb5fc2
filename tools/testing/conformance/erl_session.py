# SPDX-License-Identifier: GPL-2.0
"""Connections and sessions that end, come back, and what that clears."""

from disks import disk, manual, ready, two_disks
from harness import check, equal, wait_for
from login import FFP, INITIATOR, OPERATIONAL, LoginConn, login, names, random_isid, refusal
from pdus import (COMPLETE, LUN_RESET, WARM_RESET, command, exp_cmdsn, forget, header, issue,
                  numbered, open_write, tmf, tmf_answer, tmf_send)
from raw import ASYNC, FINAL, NOP_IN, NOP_OUT, REJECT, RTAG, Closed
from registry import covers
from session import (CHECK_CONDITION, GOOD, READ, SIMPLE, TEST_UNIT_READY, Session, read10,
                     write10)
from target import Target

FIXTURE = disk
DATA = b"\x6d" * 4096
NEXUS_LOSS, CLEARED = (6, 0x29, 7), (6, 0x47, 0x7f)
# What is in effect without state that outlives its connection.
FORGET = {"DefaultTime2Retain": "0", "DefaultTime2Wait": "0"}


def gone(target, count=0, seconds=5):
    wait_for(lambda: target.sessions() == count, f"{count} sessions", seconds)


def busy(target, **kwargs):
    """A session with everything open that can be: writes that wait, one of them
    immediate, reads under way, a command held for one that is missing, half a text."""
    session = manual(target, **kwargs)
    for number in range(4):
        open_write(session, write10(number * 8, 8), DATA)
    open_write(session, write10(64, 8), DATA, immediate=True)
    session.send(numbered(session, 4, 0x40, {20: RTAG}, immediate=True, data=b"X-ha"))
    for number in range(8):
        session.submit(read10(number, 64), read=32768)
    session.cmdsn += 1
    issue(session, write10(72, 8), write=DATA, data=DATA)
    return session


def serves(target, **kwargs):
    """A login and some work."""
    with ready(target, **kwargs) as session:
        session.write_at(96, b"\x6e" * 512)
        equal(session.read_at(96, 512), b"\x6e" * 512, "the disk")


FATAL = {
    "header digest": lambda session: session.send_bytes(
        numbered(session, NOP_OUT, words={20: RTAG}).head() + b"bad!"),
    "segment too long": lambda session: session.send_bytes(
        header(numbered(session, NOP_OUT, words={20: RTAG}), 0xffffff) + b"bad!"),
    "login request": lambda session: session.send(
        numbered(session, 3, 0x87, immediate=True)),
    "FIN": lambda session: session.close(),
    "RST": lambda session: session.reset(),
}


@covers("ERL-01", "ERL-11", rows={name: (end,) for name, end in FATAL.items()})
def session_recovery(target, end):
    """Whatever ends a session in the middle of everything, the initiator can log in
    again at once, under the same name, and find a disk that no open task has
    touched."""
    isid = random_isid()
    session = busy(target, isid=isid, keys={"HeaderDigest": "CRC32C"})
    equal(session.values["ErrorRecoveryLevel"], "0", "ErrorRecoveryLevel")
    end(session)
    if session.sock.fileno() >= 0:
        end_of(session)
    with ready(target, isid=isid) as again:
        equal(again.read_at(0, 80 * 512), bytes(80 * 512), "the disk")
        again.write_at(0, DATA)
        equal(again.read_at(0, 4096), DATA, "the disk afterwards")


def end_of(session):
    """Answers of what was under way may come until it is closed."""
    session.timeout(5)
    while True:
        try:
            pdu = session.recv()
        except (Closed, ConnectionResetError, BrokenPipeError):
            break           # in the middle of a PDU, too
        if pdu is None:
            break
        check(pdu.opcode != REJECT or pdu.bhs[2] == 4, "reject", pdu)
    session.close()


@covers("ERL-01")
def levels_above(target):
    """Whatever level is offered, 0 is what is agreed on, for nothing above it is there."""
    for offer in ("0", "1", "2"):
        with Session(target.iqn, keys={"ErrorRecoveryLevel": offer}) as session:
            equal(session.values["ErrorRecoveryLevel"], "0", f"ErrorRecoveryLevel for {offer}")
            session.sync()


@covers("ERL-11", rows={"FIN": (False,), "RST": (True,)}, fixture=None)
def nothing_is_left(reset):
    """Ten sessions lost with everything open: they are gone, the units can be taken
    away, which no open task would allow, and the counters are back."""
    with Target("lost") as target:
        target.lun(0)
        for number in range(10):
            session = busy(target, isid=random_isid(), keys=FORGET)
            if reset:
                session.reset()
            else:
                session.close()
            if number == 4:
                serves(target, isid=random_isid())
        gone(target)
        serves(target, isid=random_isid())
        equal(target.statistic("iscsi_instance/sessions"), "0", "sessions in the statistics")


@covers("ERL-12")
def nothing_is_retained(target):
    """Time2Retain 0: with the connection everything goes; its session does not exist."""
    session = busy(target, keys=FORGET)
    equal(session.values["DefaultTime2Retain"], "0", "DefaultTime2Retain")
    session.reset()
    gone(target, seconds=2)
    with LoginConn(isid=session.isid, tsih=session.tsih, cid=session.cid) as conn:
        conn.request(OPERATIONAL, names(INITIATOR, target.iqn, True), FFP)
        equal(refusal(conn.response), 0x20a, "status")


@covers("ERL-13")
def immediate_commands_of_a_lost_connection(target):
    """An immediate write that waited is not continued by anybody; its tag is unknown
    to the next session."""
    isid = random_isid()
    session = manual(target, isid=isid)
    task = open_write(session, write10(0, 8), DATA, immediate=True)
    ttt = task.r2ts[0].word(20)
    session.reset()
    with ready(target, isid=isid) as again:
        again.send(numbered(again, 5, FINAL, {20: ttt, 36: 0, 40: 0}, itt=task.itt, data=DATA))
        again.send(numbered(again, NOP_OUT, words={20: RTAG}, immediate=True))
        kinds = set()
        while NOP_IN not in kinds:
            kinds.add(again.recv().opcode)
        check(kinds <= {NOP_IN, REJECT}, "answers", kinds)
        equal(again.read_at(0, 4096), bytes(4096), "the disk")


@covers("ERL-16", rows={"alive": (None,), "after FIN": ("close",), "after RST": ("reset",)})
def reinstatement(target, end):
    """TSIH 0 and the same ISID: always possible, with the old connection alive or lost
    a moment ago, several times in a row."""
    isid = random_isid()
    old = None
    for _ in range(5):
        session = busy(target, isid=isid)
        if old:
            if end:
                old.close()
            else:
                end_of(old)
        if end:
            getattr(session, end)()
        old = session
    with ready(target, isid=isid) as last:
        equal(last.read_at(0, 80 * 512), bytes(80 * 512), "the disk")
        gone(target, 1)
    if not end:
        end_of(old)


@covers("ERL-17")
def transitions_before_login(target):
    """Accepted and closed without a word; closed in the middle of a login; refused and
    closed: no session is made of it, and the portal goes on."""
    with Session(target.iqn) as other:
        before = target.sessions()
        LoginConn().close()
        with LoginConn() as conn:
            conn.request(OPERATIONAL, names(INITIATOR, target.iqn))
            conn.response()
        with LoginConn() as conn:
            equal(refusal(login, conn, "iqn.2026-11.test:nobody"), 0x203, "status")
            equal(conn.recv(), None, "after the refusal")
        with LoginConn() as conn:
            conn.send(numbered(other, NOP_OUT, words={20: RTAG}, immediate=True))
            equal(conn.recv(), None, "a ping before the login")
        equal(target.sessions(), before, "sessions")
        other.sync()


@covers("ERL-17")
def transitions_of_a_session(target):
    """None, logged in, logged out; logged in, lost, gone; logged in, reinstated; every
    state is seen in the count of sessions and in what is answered."""
    gone(target)
    session = Session(target.iqn, keys=FORGET)
    gone(target, 1)
    equal(session.logout(), 0, "logout")
    gone(target)
    session = Session(target.iqn, keys=FORGET)
    session.reset()
    gone(target)
    session = Session(target.iqn, isid=random_isid())
    with Session(target.iqn, isid=session.isid) as again:
        end_of(session)
        gone(target, 1)
        check(again.tsih, "TSIH")
    gone(target)


@covers("ERL-17")
def refused_reinstatement(target):
    """A login that fails leaves the connection that it would have replaced logged in:
    by session, by connection, and at the very end of it."""
    with ready(target) as session:
        for tsih in (0, session.tsih):
            for keys in ([("AuthMethod", "None")], [("InitiatorName", "iqn.2026-11.test:twice")]):
                with LoginConn(isid=session.isid, tsih=tsih, cid=session.cid) as conn:
                    conn.request(OPERATIONAL, names(INITIATOR, target.iqn, tsih != 0) + keys, FFP)
                    equal(refusal(conn.response), 0x200, "status")
                session.sync()
        with LoginConn(isid=session.isid) as conn:
            conn.exchange(OPERATIONAL, names(INITIATOR, target.iqn))
            conn.request(OPERATIONAL, [("HeaderDigest", "None"), ("HeaderDigest", "None")], FFP)
            equal(refusal(conn.response), 0x200, "status")
            session.sync()
        session.read_at(0, 512)


def first_sense(session, lun=0):
    """Sense of the first command, or None if it is served."""
    task = session.command(TEST_UNIT_READY, lun=lun, status=None)
    return task.sense_code if task.status == CHECK_CONDITION else None


@covers("ERL-18", rows={"reinstated": ("reinstate",), "logged out": ("logout",),
                        "lost and timed out": ("reset",)})
def loss_is_notified(target, how):
    """The nexus that comes back hears of its loss."""
    isid = random_isid()
    session = ready(target, isid=isid, keys=FORGET)
    if how != "reinstate":
        getattr(session, how)()
        gone(target)
    with Session(target.iqn, isid=isid) as again:
        equal(first_sense(again), NEXUS_LOSS, "sense of the first command")
        equal(first_sense(again), None, "sense of the second")
        again.sync()
    session.close()


@covers("ERL-18")
def loss_is_not_notified(target):
    """Nothing else is a loss: another session that comes and goes, one that is lost,
    a logout that is refused, a rejected request, an aborted task."""
    with manual(target, isid=random_isid()) as session:
        with ready(target, isid=random_isid()):
            pass
        lost = busy(target, isid=random_isid(), keys=FORGET)
        lost.reset()
        gone(target, 1)
        equal(session.logout(1, cid=77), 1, "logout of another CID")
        session.send(numbered(session, 0x1c, immediate=True))
        session.rejected(5)
        task = open_write(session, write10(0, 8), DATA)
        equal(tmf(session, 1, tag=task.itt, ref_cmdsn=task.cmdsn), COMPLETE, "ABORT TASK")
        forget(session, task)
        equal(first_sense(session), None, "sense")


@covers("ERL-18", "ERL-20")
def connection_reinstatement_is_no_loss(target):
    """The session lives on: its tasks are gone, and that is what it hears; CmdSN goes
    on where it was."""
    session = manual(target)
    open_write(session, write10(0, 8), DATA)
    with LoginConn(isid=session.isid, tsih=session.tsih, cid=session.cid, cmdsn=99) as conn:
        pdu, _answers = conn.exchange(OPERATIONAL, names(INITIATOR, target.iqn, True), FFP)
        equal((pdu.half(14), pdu.word(28)), (session.tsih, session.cmdsn), "TSIH, ExpCmdSN")
        end_of(session)
        gone(target, 1)
        senses = []
        for number in range(2):
            pdu = numbered(session, 1, FINAL | SIMPLE, {28: conn.statsn},
                           cmdsn=session.cmdsn + number, itt=0x40 + number)
            conn.send(pdu)
            answer = conn.expect(0x21)
            senses.append(tuple(answer.data[2:][n] for n in (2, 12, 13)) if answer.data else None)
        equal(senses, [CLEARED, None], "sense of the first two commands")


@covers("ERL-20", rows={"LUN RESET": (LUN_RESET,), "WARM RESET": (WARM_RESET,)},
        fixture=two_disks)
def what_a_reset_clears(target, function):
    """Tasks of all sessions on the unit, or on every unit; not CmdSN, not StatSN, not
    the sessions."""
    with manual(target, (0, 1), isid=random_isid()) as mine, \
            manual(target, (0, 1), isid=random_isid()) as theirs:
        tasks = [(session, lun, open_write(session, write10(0, 8), DATA, lun=lun))
                 for session in (mine, theirs) for lun in (0, 1)]
        cmdsn, statsn = mine.cmdsn, mine.statsn
        equal(tmf(mine, function), COMPLETE, "response")
        equal((exp_cmdsn(mine), mine.statsn), (cmdsn, statsn + 2 & 0xffffffff), "CmdSN, StatSN")
        for session, lun, task in tasks:
            session.answer(task, task.r2ts[0])
            session.sync()
            kept = function == LUN_RESET and lun == 1
            if kept:
                equal(session.wait(task).status, GOOD, "status on the other unit")
            elif not task.done:
                forget(session, task)
        for session in (mine, theirs):
            session.ready(0, 1)
        equal(mine.read_at(0, 4096), bytes(4096), "the disk")


@covers("ERL-20", fixture=two_disks)
def what_a_reset_keeps(target):
    """A command that waits for its turn and goes to another unit is done when its turn
    comes, also if the reset waits for the same."""
    with manual(target, (0, 1)) as session:
        missing = session.cmdsn
        held = issue(session, write10(0, 8), write=DATA, data=DATA, cmdsn=missing + 1, lun=1)
        itt = tmf_send(session, LUN_RESET, cmdsn=missing + 2)
        equal(exp_cmdsn(session), missing, "ExpCmdSN")
        check(not held.done, "a status before its turn")
        session.send(numbered(session, NOP_OUT, words={20: RTAG}, cmdsn=missing))
        session.cmdsn = missing + 2
        session.other(NOP_IN)
        equal(tmf_answer(session, itt).bhs[2], COMPLETE, "response")
        equal(session.wait(held).status, GOOD, "status")
        equal(session.read_at(0, 4096, 1), DATA, "the other disk")


@covers("ERL-20")
def what_reinstatement_clears(target):
    """Tasks, what was held, half a text, the numbers: all of it; the new session begins
    with its own CmdSN and knows none of the old tags."""
    isid = random_isid()
    old = busy(target, isid=isid)
    tags = [task.itt for task in old.tasks.values()]
    with ready(target, isid=isid, cmdsn=0x5000) as session:
        end_of(old)
        equal(exp_cmdsn(session), session.cmdsn, "ExpCmdSN")
        check(0x5000 < session.cmdsn < 0x5020, "CmdSN", session.cmdsn)
        for tag in tags:
            equal(tmf(session, 1, tag=tag, ref_cmdsn=0x4000), 1, "ABORT TASK of an old task")
        pdu = command(session, read10(0, 1), 512, FINAL | READ | SIMPLE, itt=tags[0])
        session.send(pdu)
        equal(session.recv().itt, tags[0], "an old tag used again")
        equal(session.read_at(0, 80 * 512), bytes(80 * 512), "the disk")


@covers("ERL-19")
def of_this_session_only(target):
    """A format error ends the session that made it, and none of the same initiator."""
    with ready(target, isid=random_isid()) as other:
        session = busy(target, isid=random_isid(), keys=FORGET)
        session.send_bytes(header(numbered(session, 4, words={20: RTAG}), 0xfffffc))
        end_of(session)
        gone(target, 1)
        other.read_at(0, 512)
        check(ASYNC not in [pdu.opcode for pdu in other.others], "a message")
