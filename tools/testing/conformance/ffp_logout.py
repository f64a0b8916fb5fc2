# SPDX-License-Identifier: GPL-2.0
"""Logout, and what the target says before it ends a connection by itself."""

import time

from disks import disk, impatient, manual, ready
from genl import Genl
from harness import check, equal, patience, wait_for
from login import FFP, OPERATIONAL, INITIATOR, LoginConn, names, random_isid
from pdus import INVALID, PROTOCOL, command, numbered, open_write, rejected
from raw import ASYNC, FINAL, LOGOUT_REQ, LOGOUT_RSP, NOP_OUT, REJECT, RTAG, SCSI_CMD
from registry import covers
from session import CHECK_CONDITION, GOOD, SIMPLE, Session, read10, write10
from target import Target

FIXTURE = disk


def send_logout(session, reason, cid=None, immediate=True):
    cid = session.cid if cid is None else cid
    pdu = numbered(session, LOGOUT_REQ, FINAL | reason, {20: cid << 16}, immediate=immediate)
    session.send(pdu)
    return pdu


@covers("FFP-53", rows={"0": (0, True), "1": (1, True), "0, numbered": (0, False),
                        "1, numbered": (1, False)})
def ends_the_session(target, reason, immediate):
    """Success, then the target's half of the connection is closed, and the session is
    gone; what we still send is no harm to anybody."""
    session = ready(target)
    pdu = send_logout(session, reason, immediate=immediate)
    answer = session.other(LOGOUT_RSP)
    equal((answer.itt, answer.bhs[2]), (pdu.itt, 0), "ITT, response")
    equal(session.recv(), None, "after the response")
    try:
        session.send(numbered(session, NOP_OUT, words={20: RTAG}))
    except (BrokenPipeError, ConnectionResetError):
        pass
    session.close()
    wait_for(lambda: target.sessions() == 0, "the end of the session", 3)


@covers("FFP-53", rows={"0": (0,), "1": (1,)})
def with_open_tasks(target, reason):
    """Tasks that wait for data, that run, that are on their way: the response comes,
    and after it nothing."""
    session = manual(target)
    for number in range(8):
        open_write(session, write10(number * 8, 8), b"\x3c" * 4096)
    for number in range(16):
        session.submit(read10(number, 64), read=32768)
    pdu = send_logout(session, reason)
    while not session.others:
        session.pump()
    answer = session.other(LOGOUT_RSP)
    equal((answer.itt, answer.bhs[2]), (pdu.itt, 0), "ITT, response")
    equal(session.recv(), None, "after the response")
    session.close()
    with ready(target) as other:
        equal(other.read_at(0, 32768), bytes(32768), "the disk")


@covers("FFP-53", rows={"3": (3,), "127": (127,)})
def reserved_reason(target, reason):
    with ready(target) as session:
        rejected(session, numbered(session, LOGOUT_REQ, FINAL | reason, immediate=True), INVALID,
                 PROTOCOL)
        session.read_at(0, 512)


@covers("FFP-53")
def nothing_after_logout(target):
    """Requests right behind a Logout are not executed."""
    session = ready(target)
    pdus = [numbered(session, LOGOUT_REQ, FINAL, {20: 0}, immediate=True),
            command(session, write10(0, 1), 512, FINAL | 0x20 | SIMPLE, data=b"\x3d" * 512),
            numbered(session, NOP_OUT, words={20: RTAG})]
    session.send_bytes(b"".join(session.encode(pdu) for pdu in pdus))
    equal(session.other(LOGOUT_RSP).bhs[2], 0, "response")
    seen = session.expect_close((REJECT,))
    check(all(pdu.bhs[2] == 0x0c for pdu in seen), "answers after the response", seen)
    session.close()
    with ready(target) as other:
        equal(other.read_at(0, 512), bytes(512), "the disk")


@covers("FFP-54", rows={"next": (1,), "largest": (0xffff,)})
def unknown_connection(target, distance):
    """A CID that this session does not have: response 1, and nothing else happens."""
    with ready(target) as session:
        equal(session.logout(1, cid=(session.cid + distance) & 0xffff), 1, "response")
        session.read_at(0, 512)


@covers("FFP-55")
def recovery(target):
    """Reason 2 is for ErrorRecoveryLevel 2: response 2, also for a CID of nobody."""
    with manual(target) as session:
        task = open_write(session, write10(0, 8), b"\x3e" * 4096)
        equal(session.logout(2), 2, "response")
        check(session.logout(2, cid=99) in (1, 2), "response for another CID")
        session.answer(task, task.r2ts[0])
        equal(session.wait(task).status, GOOD, "status of a task meanwhile")
        equal(session.read_at(0, 4096), task.write, "the disk")


@covers("FFP-56")
def tasks_that_a_reinstatement_ended(target):
    """The connection is reinstated, the nexus lives on: the first command hears that
    tasks were cleared, 06/47/7F, the second is served."""
    session = manual(target)
    open_write(session, write10(0, 8), b"\x3f" * 4096)
    again = LoginConn(isid=session.isid, tsih=session.tsih, cid=session.cid)
    pdu, _answers = again.exchange(OPERATIONAL, names(INITIATOR, target.iqn, True), FFP)
    equal((pdu.flags & 0x83, pdu.half(14)), (0x83, session.tsih), "T and NSG, TSIH")
    session.expect_close((ASYNC,))
    for number, status in enumerate((CHECK_CONDITION, GOOD)):
        pdu = numbered(session, SCSI_CMD, FINAL | SIMPLE, {28: again.statsn},
                       cmdsn=session.cmdsn + number, itt=0x30 + number)
        again.send(pdu)
        answer = again.expect(0x21)
        equal((answer.itt, answer.bhs[3]), (pdu.itt, status), "ITT, status")
        if status:
            sense = answer.data[2:]
            equal((sense[2] & 15, sense[12], sense[13]), (6, 0x47, 0x7f), "sense")
    session.close()
    again.close()


@covers("FFP-58", fixture=impatient)
def announced_drop(target):
    """A write whose data never comes ends the connection, and the target says so
    before: event 2 or 3, with its CID and times."""
    session = manual(target)
    open_write(session, write10(0, 8), bytes(4096))
    start = time.monotonic()
    seen = session.expect_close((ASYNC, 0x20), seconds=12)
    check(time.monotonic() - start > 1.5, "dropped too early")
    seen = [pdu for pdu in seen if pdu.opcode == ASYNC]
    check(len(seen) == 1, "Async Messages", seen)
    event = seen[0]
    equal(event.itt, RTAG, "ITT of the message")
    check(event.bhs[36] in (2, 3), "event", event.bhs[36])
    if event.bhs[36] == 2:
        equal(event.half(38), session.cid, "CID in the message")
    check(event.half(40) <= 3600 and event.half(42) <= 3600, "times", event)
    session.close()


@covers("FFP-58", fixture=impatient)
def unanswered_ping_is_announced(target):
    """The same when a ping is not answered; the connection may be dead for all that
    the target knows, so silence is allowed, another kind of message is not."""
    session = Session(target.iqn)
    start = time.monotonic()
    session.timeout(12)
    equal(session.recv().opcode, 0x20, "the ping")
    seen = session.expect_close((ASYNC,), seconds=12)
    check(2 < time.monotonic() - start < patience(12), "time to the end")
    check(all(pdu.bhs[36] in (2, 3) for pdu in seen), "events", seen)
    session.close()


@covers("FFP-57", fixture=None)
def asked_to_log_out():
    """The administrator asks two of three sessions: event 1 on the connection concerned
    and on no other, with the seconds. Who logs out ends well, who works on meanwhile is
    served until the time is over, and then dropped."""
    with Target("leave") as target, Genl() as client:
        target.lun(0)
        isids = [random_isid() for _ in range(3)]
        polite, deaf, other = (ready(target, isid=isid) for isid in isids)
        sids = {bytes(row["isid"]): row["sid"] for row in client.dump("session-get")}
        client.do("session-logout", sid=sids[isids[0]], seconds=3600)
        event = polite.other(ASYNC)
        equal((event.itt, event.bhs[36], event.half(42), event.dsl), (RTAG, 1, 3600, 0),
              "ITT, event, Parameter3, length")
        polite.read_at(0, 512)
        equal(polite.logout(), 0, "response to the logout")
        start = time.monotonic()
        client.do("session-logout", sid=sids[isids[1]], seconds=2)
        equal(deaf.other(ASYNC).bhs[36], 1, "event")
        deaf.read_at(0, 512)
        seen = deaf.expect_close((ASYNC,), seconds=10)
        check(all(event.bhs[36] in (2, 3) for event in seen), "events", seen)
        check(1.5 < time.monotonic() - start < patience(6), "time until it was dropped")
        deaf.close()
        other.read_at(0, 512)
        equal(other.others, [], "messages for the third session")
        other.logout()


@covers("FFP-58", fixture=None)
def disabled():
    """A portal group that is disabled ends its sessions and says so to each; no session
    is left when the administrator has his answer."""
    with Target("leave") as target:
        target.lun(0)
        sessions = [ready(target, isid=random_isid()) for _ in range(2)]
        target.enable(False)
        for session in sessions:
            seen = session.expect_close((ASYNC,), seconds=10)
            equal([pdu.bhs[36] in (2, 3) for pdu in seen], [True], "whether it was announced")
            session.close()
        equal(target.sessions(), 0, "sessions")
