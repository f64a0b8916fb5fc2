# SPDX-License-Identifier: GPL-2.0
"""Logins that fail: each with its status, its log line and its counter."""

import re
import time

import harness
import login
from harness import check, equal, patience
from login import FFP, OPERATIONAL, SECURITY, Chap, LoginConn, names, refusal
from raw import LOGIN_RSP, NOP_OUT, RTAG, SCSI_CMD, Closed, Conn, Pdu, random_isid
from session import Session, discovery
from target import Target

SECRET = "abcdefghijklmnop"
SKIPPED_AUTH = ("", None)


def attempt(target, initiator=login.INITIATOR, keys=None, chap=None):
    """Status of a login that has to be refused; the target closes afterwards."""
    with LoginConn() as conn:
        status = refusal(login.login, conn, target, initiator, keys, chap)
        conn.expect_close()
        return status


def first_request(pairs=None, data=None, stage=OPERATIONAL, to=FFP, **changes):
    """Status that one hand-made first request is refused with."""
    with LoginConn() as conn:
        for name, value in changes.items():
            setattr(conn, name, value)
        conn.request(stage, pairs, to, data)
        status = refusal(conn.response)
        conn.expect_close()
        return status


def one_line(log, initiator, target, reason):
    """Exactly one line about it, which names who, where from, what and why."""
    lines = harness.wait_for(lambda: log.matching("login (refused|abandoned)"), "a log line")
    equal(len(lines), 1, f"log lines {lines}")
    for part in (initiator, "127.0.0.1:", target):
        check(part in lines[0], f"no {part!r} in the log line:", lines[0])
    check(re.search(reason, lines[0]), f"no reason like {reason!r} in:", lines[0])


def logged(initiator, target, reason, function, *args, **kwargs):
    log = harness.KernelLog()
    try:
        result = function(*args, **kwargs)
        one_line(log, initiator, target, reason)
        return result
    finally:
        log.close()


def test_refusals_logged():
    """Wrong secret, no such target, no ACL, disabled: status and one log line each."""
    raw_name = login.INITIATOR
    with Target("open") as target, Target("off", enable=False) as off, \
            Target("closed", demo=False) as closed, Target("chap", auth=True) as chap:
        chap.auth(userid="user", password=SECRET)
        harness.fresh_log().close()
        equal(logged(raw_name, chap.iqn, "0201", attempt, chap.iqn, chap=Chap("user", "wrong")),
              0x201, "wrong secret")
        equal(logged(raw_name, chap.iqn, "0201", attempt, chap.iqn, chap=Chap("who", SECRET)),
              0x201, "unknown name")
        equal(logged(raw_name, chap.iqn, "0201", attempt, chap.iqn), 0x201, "no authentication")
        equal(logged(raw_name, "test:none", "0203", attempt, target.iqn[:-4] + "none"),
              0x203, "unknown target")
        equal(logged(raw_name, off.iqn, "0301", attempt, off.iqn), 0x301, "disabled")
        equal(logged(raw_name, closed.iqn, "0202", attempt, closed.iqn), 0x202, "no ACL")
        harness.fresh_log().close()
        equal(logged("-", "-", "0200", first_request, data=b"no pair at all\0"), 0x200, "text")
        equal(logged("-", "-", "0207", first_request, [("TargetName", target.iqn)]), 0x207,
              "no InitiatorName")
        equal(logged("-", "-", "not a login", wrong_first_pdu), [], "another PDU first")


def wrong_first_pdu():
    with Conn() as conn:
        conn.send(Pdu(SCSI_CMD, 0x81, itt=1))
        return conn.expect_close()


def test_refused():
    """The common failures again, without their log lines."""
    with Target("open") as target, Target("off", enable=False) as off, \
            Target("closed", demo=False) as closed:
        equal(attempt(target.iqn + "x"), 0x203, "unknown target")
        equal(attempt(off.iqn), 0x301, "disabled target")
        equal(attempt(closed.iqn), 0x202, "unknown initiator")
        equal(wrong_first_pdu(), [], "answers to a wrong first PDU")
        equal(first_request([("TargetName", target.iqn)]), 0x207, "no InitiatorName")
        equal(first_request(data=b"Rubbish\0"), 0x200, "text without '='")


test_refused.quick = True


def test_malformed():
    """Everything that is wrong in a first request has its status."""
    with Target("open") as target:
        good = names(login.INITIATOR, target.iqn)
        cases = (
            (0x207, {"pairs": [("InitiatorName", login.INITIATOR)]}),
            (0x207, {"pairs": [("TargetName", target.iqn)]}),
            (0x209, {"pairs": good[:2] + [("SessionType", "Abnormal")]}),
            (0x200, {"pairs": good + good[:1]}),
            (0x200, {"pairs": [("InitiatorName", "")] + good[1:]}),
            (0x200, {"pairs": [("InitiatorName", "iqn.2026-11.test:" + "x" * 300)] + good[1:]}),
            (0x200, {"pairs": [("InitiatorName", "iqn.2026-11.test:a b")] + good[1:]}),
            (0x200, {"pairs": [("InitiatorName", "not-a-name")] + good[1:]}),
            (0x200, {"pairs": good + [("MaxBurstLength", "12x")]}),
            (0x200, {"pairs": good + [("MaxRecvDataSegmentLength", "511")]}),
            (0x200, {"pairs": good + [("MaxBurstLength", "NotUnderstood")]}),
            (0x200, {"pairs": good + [("InitialR2T", "Maybe")]}),
            (0x200, {"pairs": good + [("SendTargets", "All")]}),
            (0x200, {"pairs": good + [("TargetAddress", "127.0.0.1")]}),
            (0x200, {"pairs": good + [("CHAP_A", "5")]}),
            (0x200, {"pairs": good + [("HeaderDigest", "None")] * 2}),
            (0x200, {"pairs": good + [("HeaderDigest", "None")], "stage": SECURITY}),
            (0x200, {"data": b"=value\0"}),
            (0x200, {"data": b"Key\0"}),
            (0x200, {"pairs": [("k" * 64, "v")] + good}),
            (0x200, {"pairs": good, "to": OPERATIONAL}),
            (0x200, {"pairs": good, "to": 2}),
            (0x200, {"pairs": good, "stage": 2}),
            (0x200, {"pairs": good, "stage": 3}),
            (0x20a, {"pairs": good, "tsih": 4711}),
        )
        for status, request in cases:
            try:
                equal(first_request(**request), status, "status")
            except harness.Failure as failure:
                raise harness.Failure(f"{request}: {failure}") from None
        with LoginConn() as conn:
            conn.request(OPERATIONAL, good, FFP, version=1)
            equal(refusal(conn.response), 0x205, "version 1 only")
        with Session(target.iqn) as session:
            check(session.tsih, "no session afterwards")


def test_during_login():
    """Between first and last request: other PDUs, changed fields, repeated keys."""
    with Target("open") as target:
        good = names(login.INITIATOR, target.iqn)

        def start():
            conn = LoginConn()
            conn.exchange(OPERATIONAL, good)
            return conn

        def other_pdu(conn):
            conn.send(Pdu(NOP_OUT | 0x40, 0x80, itt=1, words={20: RTAG}))

        def change(**fields):
            def send(conn):
                for name, value in fields.items():
                    setattr(conn, name, value)
                conn.request(OPERATIONAL, [], FFP)
            return send

        def repeat(conn):
            conn.exchange(OPERATIONAL, [("HeaderDigest", "None")])
            conn.request(OPERATIONAL, [("HeaderDigest", "None")], FFP)

        for status, step in ((0x20b, other_pdu), (0x200, change(isid=b"\x80" * 6)),
                             (0x200, change(cid=9)), (0x200, change(tsih=9)), (0x200, repeat)):
            with start() as conn:
                step(conn)
                equal(refusal_of_any(conn), status, f"status after {step.__name__}")
                conn.expect_close()


def refusal_of_any(conn):
    """Status of a refusal whose ITT may be that of a changed request."""
    pdu = conn.recv()
    if pdu is None:
        raise Closed("closed without an answer")
    equal(pdu.opcode, 0x23, "opcode")
    return pdu.half(36)


def test_continued_text():
    """A key may be cut anywhere between requests with C; over 16 KiB is refused."""
    with Target("open") as target:
        text = login.encode_text(names(login.INITIATOR, target.iqn) +
                                 list(login.DEFAULTS.items()))
        for cut in (1, 14, 33, 60, len(text) - 1):
            with LoginConn() as conn:
                conn.request(OPERATIONAL, None, None, text[:cut], more=True)
                pdu, answers = conn.response()
                equal((pdu.flags & 0x80, answers), (0, []), "answer to C")
                conn.request(OPERATIONAL, None, FFP, text[cut:])
                pdu, answers = conn.response()
                check(pdu.flags & 0x80, "no end of the login")
                equal(dict(answers)["MaxBurstLength"], "262144", "answer")
        with LoginConn() as conn:
            conn.request(OPERATIONAL, None, None, text, more=True)
            conn.response()
            for _ in range(8):
                conn.request(OPERATIONAL, None, None, b"X" * 4096, more=True)
                try:
                    conn.response()
                except login.Refused as refused:
                    equal(refused.status, 0x200, "status of too much text")
                    break
            else:
                raise harness.Failure("32 KiB of text were taken")


def test_key_per_request():
    """One key in each request, digits in hex, unknown keys, obsolete keys."""
    with Target("open") as target:
        with LoginConn() as conn:
            conn.exchange(OPERATIONAL, names(login.INITIATOR, target.iqn))
            for key, value, answer in (
                    ("MaxBurstLength", "0x1000", "4096"), ("X-org.example.key", "v",
                                                           "NotUnderstood"),
                    ("HeaderDigest", "Y-other,CRC32C,None", "CRC32C"),
                    ("DataDigest", "Y-other", "Reject"), ("IFMarker", "No", "No"),
                    ("OFMarker", "Yes", "Reject"), ("ErrorRecoveryLevel", "2", "0"),
                    ("MaxConnections", "8", "1"), ("DefaultTime2Wait", "0", "2"),
                    ("TaskReporting", "RFC3720", "RFC3720"), ("DataPDUInOrder", "No", "Yes"),
                    ("MaxOutstandingR2T", "65536", "Reject")):
                _pdu, answers = conn.exchange(OPERATIONAL, [(key, value)])
                equal(dict(answers).get(key), answer, f"answer to {key}={value}")
            login.negotiate(conn, [])


def test_many_sessions():
    """More sessions of one initiator than max_sessions allows: 0302; others come in, and
    so does who replaces one of its own."""
    limit = "/sys/module/tcm_iscsi/parameters/max_sessions"
    with Target("open") as target:
        before = harness.read(limit).strip()
        harness.write(limit, "3")
        try:
            isid = random_isid()
            sessions = [Session(target.iqn, isid=isid)]
            sessions += [Session(target.iqn, isid=random_isid()) for _ in range(2)]
            harness.fresh_log().close()
            equal(logged(login.INITIATOR, target.iqn, "0302", attempt, target.iqn), 0x302, "status")
            with Session(target.iqn, initiator="iqn.2026-11.test:else") as other:
                other.sync()
            with Session(target.iqn, isid=isid) as again:
                again.sync()
            for session in sessions:
                session.close()
        finally:
            harness.write(limit, before)


def test_counters():
    """fabric_statistics count what happened, by kind."""
    with Target("open", demo=False, auth=True) as target:
        acl = target.acl(login.INITIATOR)
        acl.auth(userid="user", password=SECRET)
        count = lambda name: int(target.statistic("iscsi_login_stats/" + name))
        attempt(target.iqn, chap=Chap("user", "wrong"))
        attempt(target.iqn, login.INITIATOR + "2")
        equal((count("authenticate_fails"), count("authorize_fails"), count("accepts")),
              (1, 1, 0), "failures")
        with Session(target.iqn, chap=Chap("user", SECRET)):
            equal(count("accepts"), 1, "accepts")
            equal(target.sessions(), 1, "sessions")
        equal(target.statistic("iscsi_tgt_attr/fail_intr_name"), login.INITIATOR + "2", "name")
        equal(target.statistic("iscsi_tgt_attr/last_fail_type"), "4", "type of the last failure")
        equal(target.statistic("iscsi_tgt_attr/fail_intr_addr"), "127.0.0.1", "address")
        harness.wait_for(lambda: target.statistic("iscsi_logout_stats/normal_logouts") == "1",
                         "the count of logouts")
        harness.wait_for(lambda: target.sessions() == 0, "the end of the session")


def test_discovery_session():
    """Text in discovery sessions: All, one name, nonsense; and nothing but text."""
    with Target("one") as one, Target("two") as two:
        with discovery() as session:
            equal(sorted(name for name, _ in session.send_targets()), [one.iqn, two.iqn], "All")
            equal(session.send_targets(two.iqn), [(two.iqn, ["127.0.0.1:3260,1"])], "by name")
            equal(session.send_targets(two.iqn + "x"), [], "unknown name")
        with discovery() as session:
            session.send(session.base(SCSI_CMD, 0x81, 5))
            pdu = session.recv()
            check(pdu is None or pdu.opcode == 0x3f, "a command in a discovery session:", pdu)
        with Session(one.iqn) as session:
            equal(session.send_targets(""), [(one.iqn, ["127.0.0.1:3260,1"])], "own target")
            equal([name for name, _ in session.send_targets("All")], [one.iqn], "All, normal")


def test_many_targets():
    """An answer longer than 8192 bytes comes in parts and is complete."""
    count = 120
    targets = []
    try:
        for number in range(count):
            targets.append(Target(f"many-{number:03}-" + "x" * 60))
        with discovery() as session:
            found = session.send_targets()
        equal([name for name, _ in found], [target.iqn for target in targets], "targets")
        check(all(where == ["127.0.0.1:3260,1"] for _, where in found), "addresses")
    finally:
        for target in targets:
            target.remove()


def test_time_limit():
    """attrib/login_timeout counts from the connection on: less or more than the 15 s of
    a peer that has named no target; whoever names it too late is cut at once."""
    limits = {"short": 5, "long": 18}
    with Target("short") as short, Target("long") as long, LoginConn(seconds=30) as late:
        start = time.monotonic()
        for target in (short, long):
            target.attrib("login_timeout", limits[target.iqn.rsplit(":", 1)[1]])
        conns = {}
        try:
            for target in (short, long):
                conn = conns[target.iqn.rsplit(":", 1)[1]] = LoginConn(seconds=30)
                conn.exchange(OPERATIONAL, names(login.INITIATOR, target.iqn))
            for name in ("short", "long"):
                conns[name].expect_close(seconds=25)
                took = time.monotonic() - start
                check(limits[name] - 1 < took < limits[name] + patience(2), name, "cut after", took)
                if name == "short":
                    late.request(OPERATIONAL, names(login.INITIATOR, short.iqn))
                    begun = time.monotonic()
                    late.expect_close(allowed=(LOGIN_RSP,))
                    took = time.monotonic() - begun
                    check(took < patience(2), f"cut {took:.1f} s after it named its target")
        finally:
            for conn in conns.values():
                conn.close()
        # A login that is fast enough is not cut afterwards.
        with Session(short.iqn) as session:
            time.sleep(6)
            session.sync()
