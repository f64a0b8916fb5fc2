# SPDX-License-Identifier: GPL-2.0
"""ISID, TSIH and CID: which session a login makes, ends or joins (RFC 7143 6.3)."""

import login
from harness import check, equal, wait_for
from login import FFP, INITIATOR, OPERATIONAL, SECURITY, Chap, LoginConn, names
from logins import (BACK, LEADING_KEYS, MUTUAL, OTHER_PORT, SECRET, Joined, add_group,
                    expect_status, gone, guarded, joining, plain, ready, who, works)
from raw import random_isid
from registry import covers
from session import CHECK_CONDITION, TEST_UNIT_READY, Session, write10
from target import ADDRESS, PORTAL, Target

FIXTURE = plain
NEXUS_LOSS = (6, 0x29, 7)
COMMANDS_LOST = (6, 0x47, 0x7f)


def busy_session(target, **kwargs):
    """A session with a write that waits for its data on LUN 0."""
    session = ready(target, answer_r2t=False, **kwargs)
    task = session.submit(write10(0, 8), write=b"\7" * 4096, immediate=0)
    while not task.r2ts:
        session.pump()
    return session, task


def first_sense(session, lun=0):
    """Sense of the first command to a LUN, or None if it found nothing to say."""
    task = session.command(TEST_UNIT_READY, lun=lun, status=None)
    return task.sense_code if task.status == CHECK_CONDITION else None


@covers("LOGIN-18")
def tsih(target):
    """0 in every response but the final one of a new session; different ones for two."""
    plans = (((SECURITY, None), (SECURITY, OPERATIONAL), (OPERATIONAL, None), (OPERATIONAL, FFP)),
             ((OPERATIONAL, FFP),), ((SECURITY, FFP),))
    seen = []
    conns = []
    for plan in plans:
        conn = LoginConn()
        conns.append(conn)
        pairs = names(INITIATOR, target.iqn)
        for stage, to in plan:
            pdu, _answers = conn.exchange(stage, pairs, to)
            pairs = []
            if (stage, to) != plan[-1]:
                equal(pdu.half(14), 0, f"TSIH of the answer to {stage}, {to}")
        check(pdu.half(14), "TSIH 0 in the final response")
        seen.append(pdu.half(14))
    equal(len(set(seen)), len(seen), "different sessions with different TSIHs")
    for conn in conns:
        conn.close()


@covers("LOGIN-19")
def unknown_tsih(target):
    """020a: without any session of this port, and beside one with another TSIH."""
    good = who(target)
    for value in (1, 0x7fff, 0xffff):
        expect_status(0x20a, f"TSIH {value}", good, tsih=value)
    with Session(target.iqn) as session:
        for value in (session.tsih ^ 1, session.tsih ^ 0x8000, 0xffff):
            if value and value != session.tsih:
                for cid in (session.cid, session.cid + 1):
                    expect_status(0x20a, f"TSIH {value:#x} beside {session.tsih:#x}", good,
                                  tsih=value, isid=session.isid, cid=cid)
        works(session)


@covers("LOGIN-20")
def foreign_tsih(target):
    """020a for the TSIH of another initiator's session, or of another ISID's."""
    with Session(target.iqn) as session:
        for cid in (session.cid, session.cid + 1):
            for initiator, isid in ((INITIATOR + "2", session.isid), (INITIATOR, random_isid()),
                                    (INITIATOR + "2", random_isid())):
                expect_status(0x20a, "a foreign TSIH", who(target, initiator), isid=isid,
                              tsih=session.tsih, cid=cid)
        works(session)


@covers("LOGIN-21")
def too_many_connections(target):
    """0206 for a second connection: MaxConnections is 1."""
    with Session(target.iqn, keys={"MaxConnections": "8"}) as session:
        equal(session.values["MaxConnections"], "1", "MaxConnections")
        for cid in (1, 0xffff):
            for stage, to in ((OPERATIONAL, FFP), (SECURITY, OPERATIONAL)):
                expect_status(0x206, f"CID {cid}", who(target), isid=session.isid, cid=cid,
                              tsih=session.tsih, stage=stage, to=to)
        works(session)


@covers("LOGIN-22")
def other_portal_group(target):
    """0208 where the portal belongs to another group than the session."""
    add_group(target, 2)
    there = (ADDRESS, OTHER_PORT)
    with Session(target.iqn) as session:
        for cid in (session.cid, session.cid + 1):
            expect_status(0x208, "another portal group", who(target), isid=session.isid, cid=cid,
                          tsih=session.tsih, address=there)
        # The same initiator port may have a session of its own with that group.
        with Session(target.iqn, isid=session.isid, address=there) as other:
            other.sync()
            works(session)


@covers("LOGIN-23")
def one_session_per_nexus(target):
    """The same name, ISID, target and tag: the old session ends. Others are others."""
    isid = random_isid()
    with Target("two") as two, Session(target.iqn, isid=isid) as first:
        others = [Session(target.iqn, isid=random_isid()),
                  Session(target.iqn, isid=isid, initiator=INITIATOR + "2"),
                  Session(two.iqn, isid=isid)]
        first.sync()
        equal(target.sessions(), 3, "sessions")
        with Session(target.iqn, isid=isid) as second:
            gone(first)
            first.close()
            wait_for(lambda: target.sessions() == 3, "the end of the old session")
            works(second)
            for other in others:
                other.sync()
        for other in others:
            other.logout()


@covers("LOGIN-24")
def reinstatement(target):
    """TSIH 0 and a known ISID: the old session's tasks end without a word, the loss of
    the nexus is reported, and the new session works."""
    old, task = busy_session(target)
    with Session(target.iqn, isid=old.isid) as new:
        check(new.tsih != old.tsih, "the same TSIH")
        gone(old)
        check(not task.done, "a task of the old session was answered")
        old.close()
        equal(target.sessions(), 1, "sessions")
        sense = first_sense(new)
        equal(sense, NEXUS_LOSS, "sense of the first command")
        works(new)
        equal(new.read_at(0, 512), bytes(512), "what the lost write would have changed")


@covers("LOGIN-25", fixture=guarded)
def reinstatement_needs_success(target):
    """A login that is not finished, or fails, does not touch the session it would replace."""
    chap = Chap("user", SECRET)
    with Session(target.iqn, chap=chap) as session:
        works(session)
        good = names(INITIATOR, target.iqn)
        with LoginConn(isid=session.isid) as conn:
            conn.exchange(SECURITY, good + [("AuthMethod", "CHAP")])
            works(session)
            conn.exchange(SECURITY, [("CHAP_A", "5")])
            works(session)
        for wrong in (Chap("user", SECRET + "x"), Chap("user", SECRET, ("target", "x"))):
            with LoginConn(isid=session.isid) as conn:
                try:
                    login.login(conn, target.iqn, chap=wrong)
                except AssertionError:
                    conn.close()
            if wrong.mutual is None:
                works(session)
        with LoginConn(isid=session.isid) as conn:
            login.authenticate(conn, good, Chap("user", SECRET))
            works(session)
            conn.request(OPERATIONAL, [("MaxBurstLength", "Reject")], FFP)
            conn.recv()
        works(session)
        equal(target.sessions(), 1, "sessions")


@covers("LOGIN-26", "LOGIN-27", "NUM-03")
def connection_reinstatement(target):
    """The TSIH and the CID of a connection: accepted although MaxConnections is 1, the
    old connection ends, its tasks end without a word but with a unit attention, and the
    session with its command numbers goes on."""
    for cmdsn in (None, 7, 0xfffffff0):
        old, task = busy_session(target)
        number = old.cmdsn
        with Joined(old, target.iqn, cmdsn=number if cmdsn is None else cmdsn) as new:
            gone(old)
            check(not task.done, "a task of the old connection was answered")
            old.close()
            equal(target.sessions(), 1, "sessions")
            new.cmdsn = number
            equal(first_sense(new), COMMANDS_LOST, "sense of the first command")
            equal(first_sense(new), None, "sense of the second command")
            works(new)
            equal(new.read_at(0, 512), bytes(512), "what the lost write would have changed")


@covers("LOGIN-28")
def only_operational_sessions(target):
    """Nobody joins a session that is not there yet, or not any more."""
    with LoginConn() as conn:
        conn.exchange(OPERATIONAL, names(INITIATOR, target.iqn))
        for value in (1, 2, 0xffff):
            expect_status(0x20a, "a session that is not logged in", who(target), isid=conn.isid,
                          tsih=value, cid=1)
    session = Session(target.iqn)
    equal(session.logout(), 0, "response to the logout")
    for cid in (session.cid, session.cid + 1):
        expect_status(0x20a, "a session that has logged out", who(target), isid=session.isid,
                      tsih=session.tsih, cid=cid)


@covers("LOGIN-47", fixture=None)
def discovery_keys():
    """Unnamed discovery sessions: one for each initiator port and portal. Named ones:
    by the same four names as any other session of that target."""
    isid = random_isid()

    def find(address=PORTAL, target=None, initiator=INITIATOR):
        host, _, port = address.rpartition(":")
        conn = LoginConn((host, int(port)), isid)
        pairs = names(initiator, None) + ([("TargetName", target)] if target else [])
        conn.exchange(OPERATIONAL, pairs, FFP)
        return conn

    other = f"{ADDRESS}:{OTHER_PORT}"
    with Target("conf", portals=(PORTAL, other)) as target, Target("two") as two:
        target.lun(0, mib=1)
        here, there, stranger = find(), find(other), find(initiator=INITIATOR + "2")
        with Session(target.iqn, isid=isid) as normal, find(target=two.iqn) as foreign:
            with find() as again:
                gone(here, "the unnamed session at the same portal")
                works(normal)
                with find(target=target.iqn) as named:
                    gone(normal, "the normal session")
                    normal.close()
                    with Session(target.iqn, isid=isid) as newest:
                        gone(named, "the named session")
                        works(newest)
                    for name, conn in (("other portal", there), ("other initiator", stranger),
                                       ("same portal", again), ("other target", foreign)):
                        conn.sock.settimeout(0.05)
                        try:
                            check(conn.sock.recv(1), name, "was closed")
                        except TimeoutError:
                            pass
        for conn in (here, there, stranger):
            conn.close()


@covers("LOGIN-48", fixture=None)
def same_identity():
    """0201 for a connection with another method or another CHAP name than its session."""
    with Target("conf", demo=False) as target:
        acl = target.acl(INITIATOR)
        acl.auth(**MUTUAL)
        acl.attrib("authentication", 0)
        chap = Chap("user", SECRET)
        with Session(target.iqn, chap=chap) as session:
            equal(joining(session, target.iqn), 0x201, "status without authentication")
            acl.auth(userid="another")
            equal(joining(session, target.iqn, chap=Chap("another", SECRET)), 0x201,
                  "status of another CHAP name")
            acl.auth(userid="user")
            session.sync()
            equal(joining(session, target.iqn, chap=Chap("user", SECRET, ("target", BACK))), 0,
                  "status of the same CHAP name")
            gone(session)
            session.close()
        with Session(target.iqn) as session:
            equal(joining(session, target.iqn, chap=chap), 0x201, "status with authentication")
            session.sync()


@covers("KEY-21")
def leading_keys(target):
    """A key for the leading connection on another one: 0200."""
    with Session(target.iqn) as session:
        for pair in list(LEADING_KEYS.items()) + [("SessionType", "Normal")]:
            expect_status(0x200, f"{pair} on a joining connection", who(target) + [pair],
                          isid=session.isid, tsih=session.tsih, cid=session.cid)
            with LoginConn(isid=session.isid, tsih=session.tsih, cid=session.cid) as conn:
                conn.exchange(OPERATIONAL, who(target))
                conn.request(OPERATIONAL, [pair], FFP)
                status = conn.recv().half(36)
                equal(f"{status:04x}", "0200", f"status of {pair} in a later request")
        works(session)
