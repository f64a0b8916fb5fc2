# SPDX-License-Identifier: GPL-2.0
"""Reinstatement of sessions and connections (RFC 7143 6.3.4, 6.3.5), and what the
units tell afterwards."""

import os
import time

import harness
import login
from harness import check, equal, wait_for
from login import FFP, INITIATOR, OPERATIONAL, SECURITY, LoginConn, random_isid, refusal
from raw import ASYNC, FINAL, NOP_OUT, RTAG
from session import (ABORT_TASK, CHECK_CONDITION, GOOD, TEST_UNIT_READY, Session, inquiry,
                     read10, report_luns, write10)
from target import Target

AUTH_FAILED, TOO_MANY, CANT_INCLUDE, NO_SESSION, ERROR, UNAVAILABLE = (
    0x201, 0x206, 0x208, 0x20a, 0x200, 0x301)
NEXUS_LOSS = (6, 0x29, 0x07)
CLEARED = (6, 0x47, 0x7f)
LUNS_CHANGED = (6, 0x3f, 0x0e)
REQUEST_SENSE = b"\x03\0\0\0\x12\0"
GOOD_CHAP = ("user", "abcdefghijklmnop")


def told(session, lun):
    """What a unit tells first: a sense code, or GOOD."""
    task = session.command(TEST_UNIT_READY, lun=lun, status=None)
    return task.sense_code if task.status == CHECK_CONDITION else task.status


def first_words(session, *luns):
    """Of each unit; the second time it has nothing to tell, unless what target_core has
    to tell of new units comes then."""
    words = [told(session, lun) for lun in luns]
    words = [GOOD if word == LUNS_CHANGED else word for word in words]
    for lun in luns:
        check(told(session, lun) in (GOOD, LUNS_CHANGED), f"second status of LUN {lun}")
    return words


def joins(target, old, initiator=INITIATOR, isid=None, tsih=None, cid=None, pairs=(),
          address=("127.0.0.1", 3260)):
    """The status of a login with a TSIH that leaves security out."""
    with LoginConn(address, isid=isid or old.isid, tsih=tsih or old.tsih,
                   cid=old.cid if cid is None else cid) as conn:
        conn.request(OPERATIONAL, login.names(initiator, target.iqn, True) + list(pairs), FFP)
        return refusal(conn.response)


def gone(target, count=0):
    wait_for(lambda: target.sessions() == count, f"{count} sessions")


# -- sessions --

def test_session():
    """Same ISID, TSIH 0: the old connection ends, other ISIDs stay."""
    isid = random_isid()
    with Target("re") as target:
        target.lun(0)
        with Session(target.iqn) as bystander:
            old = Session(target.iqn, isid=isid, answer_r2t=False)
            old.ready(0)
            old.submit(write10(0, 16), write=b"\1" * 8192, immediate=0)
            old.sync()
            new = Session(target.iqn, isid=isid)
            check(new.tsih != old.tsih, "the new session has the old TSIH")
            old.expect_close()
            old.close()
            new.ready(0)
            new.write_at(0, b"\2" * 512)
            equal(new.read_at(0, 512), b"\2" * 512, "the disk")
            bystander.sync()
            equal(target.sessions(), 2, "sessions")
            new.logout()


test_session.quick = True


def test_session_needs_success():
    """A login that fails, or knows no secret, does not end the session it names."""
    isid = random_isid()
    with Target("re", auth=True) as target:
        target.auth(userid="user", password="abcdefghijklmnop")
        good = login.Chap(*GOOD_CHAP)
        with Session(target.iqn, isid=isid, chap=good) as session:
            for chap in (None, login.Chap("user", "wrong")):
                with LoginConn(isid=isid) as conn:
                    equal(refusal(login.login, conn, target.iqn, chap=chap), AUTH_FAILED,
                          "status")
                session.sync()


def steps(conn, target, chap):
    """A login with CHAP, one request at a time; the last one would succeed."""
    names = login.names(INITIATOR, target.iqn, conn.tsih != 0)
    yield conn.exchange(SECURITY, names + [("AuthMethod", "CHAP")])
    _pdu, challenge = conn.exchange(SECURITY, [("CHAP_A", chap.offer)])
    yield
    conn.exchange(SECURITY, chap.answer(challenge), to=OPERATIONAL)
    yield
    conn.exchange(OPERATIONAL, [("HeaderDigest", "None")])
    yield


def test_every_step():
    """However far a reinstating login comes before it is given up, nothing ends."""
    with Target("re", auth=True) as target:
        target.auth(userid="user", password="abcdefghijklmnop")
        target.lun(0)
        with Session(target.iqn, chap=login.Chap(*GOOD_CHAP)) as session:
            session.ready(0)
            for tsih in (0, session.tsih):
                for count in range(5):
                    with LoginConn(isid=session.isid, tsih=tsih, cid=session.cid) as conn:
                        step = steps(conn, target, login.Chap(*GOOD_CHAP))
                        for _ in range(count):
                            next(step)
                        equal(told(session, 0), GOOD, f"TSIH {tsih}, after {count} steps")
            time.sleep(0.2)
            equal(told(session, 0), GOOD, "at last")
            equal(target.sessions(), 1, "sessions")


def test_session_storm():
    """The same port logs in again and again without a logout: one is left."""
    isid = random_isid()
    with Target("re") as target:
        target.lun(0)
        sessions = []
        for _ in range(harness.scaled(20, 4)):
            session = Session(target.iqn, isid=isid)
            session.submit(read10(0, 64), read=32768)
            sessions.append(session)
        sessions[-1].ready(0)
        equal(target.sessions(), 1, "sessions")
        for session in sessions:
            session.close()
        gone(target)


def test_nexus_loss():
    """29/07 from each unit, once, when the same ports meet again, however their
    session ended; never on the first meeting, and nobody else hears of it."""
    isid = random_isid()
    with Target("re") as target:
        target.lun(0)
        target.lun(300)
        with Session(target.iqn) as other:
            equal(first_words(other, 0, 300), [GOOD, GOOD], "first meeting of another port")
            session = Session(target.iqn, isid=isid)
            equal(first_words(session, 0, 300), [GOOD, GOOD], "first meeting")

            def again(after):
                new = Session(target.iqn, isid=isid)
                equal(first_words(new, 0, 300), [NEXUS_LOSS, NEXUS_LOSS], after)
                equal(first_words(other, 0, 300), [GOOD, GOOD], f"another port, {after}")
                return new

            old, session = session, again("after session reinstatement")
            old.close()
            session.logout()
            session = again("after logout")
            session.reset()
            gone(target, 1)
            session = again("after connection loss")
            session.logout(reason=1)
            again("after logout of the only connection").logout()


def test_nexus_loss_passes():
    """INQUIRY, REPORT LUNS and REQUEST SENSE do not meet the unit attention; a unit
    that is not there does not have one."""
    with Target("re") as target:
        target.lun(0)
        session = Session(target.iqn)
        session.logout()
        with Session(target.iqn, isid=session.isid) as session:
            session.command(inquiry(), read=36)
            session.command(report_luns(), read=256)
            session.command(REQUEST_SENSE, read=18)
            task = session.command(TEST_UNIT_READY, lun=7, status=CHECK_CONDITION)
            equal(task.sense_code, (5, 0x25, 0), "a unit that is not there")
            equal(first_words(session, 0), [NEXUS_LOSS], "LUN 0")


def test_nexus_loss_by_administrator():
    """The same after the group was disabled, and after the ACL got another depth."""
    with Target("re", demo=False) as target:
        target.lun(0)
        acl = target.acl(INITIATOR)
        acl.map(0, 0)
        session = Session(target.iqn)
        equal(first_words(session, 0), [GOOD], "first meeting")
        target.enable(False)
        target.enable()
        session.close()
        session = Session(target.iqn, isid=session.isid)
        equal(first_words(session, 0), [NEXUS_LOSS], "after the group was disabled")
        harness.write(acl.dir + "/cmdsn_depth", "7")
        session.expect_close((ASYNC,))
        session.close()
        with Session(target.iqn, isid=session.isid) as session:
            equal(first_words(session, 0), [NEXUS_LOSS], "after the ACL's depth changed")


# -- connections --

def test_connection():
    """Known TSIH and CID: the session goes on with its numbers and parameters, the
    connection is new; tasks end in silence, and their unit tells of it, once."""
    with Target("re", demo=False) as target:
        target.lun(0)
        target.lun(1)
        acl = target.acl(INITIATOR)
        acl.map(0, 0)
        acl.map(1, 1)
        old = Session(target.iqn, answer_r2t=False, cmdsn=0xfffffffe,
                      keys={"MaxBurstLength": "4096", "FirstBurstLength": "1024"})
        old.ready(0, 1)
        old.write_at(0, b"\1" * 512)
        task = old.submit(write10(0, 16), write=b"\2" * 8192, immediate=0)
        old.sync()
        check(task.r2ts, "no R2T")
        number = acl.get("info").split("LIO Session ID: ")[1].split()[0]

        keys = {"HeaderDigest": "CRC32C", "DataDigest": "CRC32C",
                "MaxRecvDataSegmentLength": "2048"}
        new = Session(target.iqn, old=old, cmdsn=0x12345678, keys=keys)
        old.expect_close()
        old.close()
        equal(new.tsih, old.tsih, "TSIH")
        equal(new.cmdsn, old.cmdsn, "ExpCmdSN after a login with another CmdSN")
        check(f"LIO Session ID: {number} " in acl.get("info"), "another session")
        equal(first_words(new, 0, 1), [CLEARED, GOOD], "first words")
        equal(new.read_at(0, 512), b"\1" * 512, "the disk after a write without data")
        new.write_at(0, b"\3" * 8192)
        equal(new.read_at(0, 8192), b"\3" * 8192, "the disk")
        check("LOGGED_IN" in acl.get("info"), "not logged in:", acl.get("info"))
        equal(target.sessions(), 1, "sessions")
        equal(acl.get("param/MaxBurstLength").strip(), "4096", "MaxBurstLength")
        new.logout()
        gone(target)


test_connection.quick = True


def test_connection_window():
    """What the tasks of the old connection held of the window is free again."""
    with Target("re", demo=False) as target:
        target.lun(0)
        acl = target.acl(INITIATOR)
        acl.map(0, 0)
        harness.write(acl.dir + "/cmdsn_depth", "4")
        session = Session(target.iqn, answer_r2t=False)
        session.ready(0)
        for _ in range(3):
            for _ in range(4):
                session.submit(write10(0, 16), write=b"\2" * 8192, immediate=0)
            session.nop(immediate=True)
            equal(session.max_cmdsn, session.cmdsn - 1 & 0xffffffff, "a closed window")
            old, session = session, Session(target.iqn, old=session, answer_r2t=False)
            old.close()
            equal(session.max_cmdsn - session.cmdsn + 1, 4, "the window")
            equal(first_words(session, 0), [CLEARED], "first words")
        session.logout()


def test_connection_lost_units():
    """Only units that lost a task tell, however many they are."""
    luns = range(0, 40)
    with Target("re") as target:
        for lun in luns:
            target.lun(lun, kind="nullio", mib=1)
        with Session(target.iqn, answer_r2t=False) as old:
            old.ready(*luns)
            for lun in luns[:-1]:
                old.submit(write10(0, 16), lun=lun, write=b"\2" * 8192, immediate=0)
            old.sync()
            with Session(target.iqn, old=old) as new:
                equal(first_words(new, *luns), [CLEARED] * (len(luns) - 1) + [GOOD], "words")
                old.expect_close()
                old.close()


def test_connection_order():
    """What waited for its turn may come again under its number; what was plugged stays."""
    with Target("re") as target:
        target.lun(0)
        old = Session(target.iqn, cmdsn=0xffffffff)
        old.ready(0)
        start = old.cmdsn
        old.cmdsn = start + 1
        old.submit(read10(0, 8), read=4096)
        old.send(old.base(NOP_OUT, FINAL, old.next_itt(), {20: RTAG}))
        old.cmdsn = start + 4
        equal(old.tmf(ABORT_TASK, tag=0x7777, ref_cmdsn=start + 3), 0, "ABORT TASK")
        with Session(target.iqn, old=old) as new:
            old.close()
            equal(new.cmdsn, start, "ExpCmdSN")
            tasks = [new.submit(TEST_UNIT_READY), new.submit(read10(0, 8), read=4096)]
            new.nop()
            equal([new.wait(task).status for task in tasks], [GOOD, GOOD], "status")
            new.cmdsn = start + 4
            task = new.command(TEST_UNIT_READY)
            equal(task.response.word(28), start + 5, "ExpCmdSN, over the plugged number")


def test_connection_refused():
    """Every login that may not join, by its status; the session notices nothing."""
    with Target("re", portals=("127.0.0.1:3260",)) as target:
        target.lun(0)
        with Session(target.iqn) as session, Session(target.iqn) as other:
            session.ready(0)
            no = session.tsih % 0xffff + 1
            if no == other.tsih:
                no = no % 0xffff + 1
            cases = [
                ("unknown TSIH", NO_SESSION, {"tsih": no}),
                ("unknown ISID", NO_SESSION, {"isid": random_isid()}),
                ("TSIH of another ISID", NO_SESSION, {"tsih": other.tsih}),
                ("ISID of another session", NO_SESSION, {"isid": other.isid}),
                ("another initiator", NO_SESSION, {"initiator": INITIATOR + "x"}),
                ("another CID", TOO_MANY, {"cid": session.cid + 1}),
            ]
            for name, values in (("SessionType", "Normal"), ("MaxConnections", "1"),
                                 ("InitialR2T", "Yes"), ("ImmediateData", "Yes"),
                                 ("MaxBurstLength", "8192"), ("FirstBurstLength", "8192"),
                                 ("DefaultTime2Wait", "2"), ("DefaultTime2Retain", "0"),
                                 ("MaxOutstandingR2T", "1"), ("DataPDUInOrder", "Yes"),
                                 ("DataSequenceInOrder", "Yes"), ("ErrorRecoveryLevel", "0"),
                                 ("TaskReporting", "RFC3720"), ("iSCSIProtocolLevel", "1")):
                cases.append((name, ERROR, {"pairs": [(name, values)]}))
            for what, status, arguments in cases:
                equal(joins(target, session, **arguments), status, what)
                equal(told(session, 0), GOOD, f"the session, after {what}")
            other.sync()


def test_connection_other_group():
    """A session does not span portal groups: 0208 for its TSIH at another one."""
    with Target("re", portals=("127.0.0.1:3260",)) as target:
        tpg = target.dir + "/tpgt_2"
        os.mkdir(tpg)
        for name, value in (("authentication", "0"), ("generate_node_acls", "1")):
            harness.write(f"{tpg}/attrib/{name}", value)
        os.mkdir(tpg + "/np/127.0.0.1:3261")
        harness.write(tpg + "/enable", "1")
        there = ("127.0.0.1", 3261)
        with Session(target.iqn) as session:
            equal(joins(target, session, address=there), CANT_INCLUDE, "same TSIH")
            equal(joins(target, session, tsih=session.tsih % 0xffff + 1, address=there),
                  NO_SESSION, "another TSIH")
            session.sync()


def test_connection_identity():
    """A reinstated connection proves the identity of its session, or gets 0201."""
    with Target("re", auth=True) as target:
        target.auth(userid="user", password="abcdefghijklmnop")
        session = Session(target.iqn, chap=login.Chap(*GOOD_CHAP))

        def attempt(chap, what):
            with LoginConn(isid=session.isid, tsih=session.tsih, cid=session.cid) as conn:
                equal(refusal(login.login, conn, target.iqn, chap=chap), AUTH_FAILED, what)
            session.sync()

        attempt(None, "no proof")
        attempt(login.Chap("user", "wrong"), "wrong secret")
        target.auth(userid="another")
        attempt(login.Chap("another", GOOD_CHAP[1]), "another identity")
        target.attrib("authentication", 0)
        attempt(None, "no proof, where none is demanded any more")
        target.auth(userid="user")
        old, session = session, Session(target.iqn, old=session, chap=login.Chap(*GOOD_CHAP))
        old.close()
        session.logout()

        session = Session(target.iqn)
        attempt(login.Chap(*GOOD_CHAP), "proof in a session without")
        with Session(target.iqn, old=session) as new:
            new.sync()
            session.close()


def test_connection_after_end():
    """A session that was logged out, or lost with nothing to drain, is not there."""
    with Target("re") as target:
        session = Session(target.iqn)
        session.logout()
        equal(joins(target, session), NO_SESSION, "after logout")
        session = Session(target.iqn)
        session.reset()
        gone(target)
        equal(joins(target, session), NO_SESSION, "after the loss of the connection")


def test_connection_chain():
    """Again and again, with reads under way: no leak, no gap in the numbers."""
    with Target("re") as target:
        target.lun(0)
        first = session = Session(target.iqn)
        session.ready(0)
        for _ in range(harness.scaled(30, 4)):
            for _ in range(4):
                session.submit(read10(0, 64), read=32768)
            old, session = session, Session(target.iqn, old=session)
            old.close()
        session.ready(0)
        equal((session.tsih, target.sessions()), (first.tsih, 1), "TSIH and sessions")
        session.logout()
        gone(target)
