# SPDX-License-Identifier: GPL-2.0
"""The first request of a login: what may come, and what has to be in it."""

import login
from harness import check, equal
from login import FFP, INITIATOR, OPERATIONAL, SECURITY, LoginConn, names, refusal
from logins import (CLOSED, LEADING_KEYS, OTHER_PORT, add_group, begun, expect_status, first,
                    guarded, normal, offered, plain, who, works)
from raw import (ASYNC, DATA_OUT, FINAL, IMMEDIATE, LOGIN_REQ, LOGIN_RSP, LOGOUT_REQ, NOP_OUT,
                 REJECT, RTAG, SCSI_CMD, SNACK, TEXT_REQ, TMF_REQ, Conn, Pdu)
from registry import covers
from session import READ_CAPACITY, Session, discovery
from target import IQN, PORTAL, Target

FIXTURE = plain
OTHERS = {"nop": NOP_OUT | IMMEDIATE, "command": SCSI_CMD, "task management": TMF_REQ | IMMEDIATE,
          "text": TEXT_REQ, "data": DATA_OUT, "logout": LOGOUT_REQ | IMMEDIATE, "snack": SNACK,
          "login response": LOGIN_RSP, "async": ASYNC, "vendor": 0x1c, "unassigned": 0x07}
DISCOVERY = [("SessionType", "Discovery")]


def other(opcode, data=b""):
    return Pdu(opcode, FINAL | (1 if opcode in (TMF_REQ | IMMEDIATE, SCSI_CMD) else 0), itt=1,
               words={20: RTAG, 24: 1}, data=data)


@covers("LOGIN-01")
def another_pdu_first(_target):
    """The connection ends without a word."""
    for name, opcode in OTHERS.items():
        for data in (b"", b"SendTargets=All\0"):
            with Conn() as conn:
                conn.send(other(opcode, data))
                equal(conn.expect_close(), [], f"answers to {name}")


@covers("LOGIN-02")
def another_pdu_later(target):
    """020b and the end, in both stages."""
    for name, opcode in OTHERS.items():
        for stage in (SECURITY, OPERATIONAL):
            conn, _answers = begun(target, stage=stage)
            with conn:
                conn.send(other(opcode))
                pdu = conn.expect(LOGIN_RSP)
                equal(f"{pdu.half(36):04x}", "020b", f"status after {name}")
                equal(conn.expect_close(), [], f"PDUs after {name}")


@covers("LOGIN-03")
def login_after_login(target):
    """A Login Request in full feature phase is rejected, and the session is over."""
    for to in (FFP, None):
        session = Session(target.iqn)
        with session:
            session.request(OPERATIONAL, names(INITIATOR, target.iqn), to)
            pdu = session.expect(REJECT)
            equal(pdu.bhs[2], 4, "reason")
            equal(bytes(pdu.data[:1]), bytes([LOGIN_REQ | IMMEDIATE]), "the rejected header")
            session.expect_close()
            session.close()


@covers("LOGIN-04")
def versions(target):
    """0 has to be in the offered range; 0 is what is active, also in the refusal."""
    good = names(INITIATOR, target.iqn)
    for version in (1, (2, 1), (255, 255), (1, 255)):
        with LoginConn() as conn:
            conn.request(OPERATIONAL, good, FFP, version=version)
            pdu = conn.expect(LOGIN_RSP)
            equal(f"{pdu.half(36):04x}", "0205", f"status of versions {version}")
            equal(bytes(pdu.bhs[2:4]), b"\0\0", "Version-max and Version-active")
            equal(conn.expect_close(), [], "PDUs after it")
    for version in (0, (1, 0), (255, 0)):
        with LoginConn() as conn:
            conn.request(OPERATIONAL, good, FFP, version=version)
            pdu, _answers = conn.response()
            check(pdu.flags & FINAL, f"no success with versions {version}")


@covers("LOGIN-05")
def no_initiator_name(target):
    """0207, in either stage, also in discovery and with a TSIH."""
    name = [("TargetName", target.iqn)]
    for stage, to in ((SECURITY, None), (SECURITY, OPERATIONAL), (OPERATIONAL, FFP)):
        for pairs in ([], name, name + [("SessionType", "Normal")], DISCOVERY,
                      name + [("InitiatorAlias", INITIATOR)]):
            expect_status(0x207, f"{pairs} in stage {stage}", pairs, stage=stage, to=to)
    expect_status(0x207, "a TSIH without a name", name, tsih=1)
    expect_status(0x200, "an empty name", name + [("InitiatorName", "")])


@covers("LOGIN-06")
def no_target_name(target):
    """0207 for a normal session, said or not said to be one."""
    name = [("InitiatorName", INITIATOR)]
    for stage, to in ((SECURITY, None), (SECURITY, OPERATIONAL), (OPERATIONAL, FFP)):
        for pairs in (name, name + [("SessionType", "Normal")]):
            expect_status(0x207, f"{pairs} in stage {stage}", pairs, stage=stage, to=to)
    # It cannot be handed in later.
    with LoginConn() as conn:
        conn.request(OPERATIONAL, name)
        equal(refusal(conn.response), 0x207, "status")
    check(target.sessions() == 0, "a session")


@covers("LOGIN-07")
def unknown_target(target):
    """0203, also for a target that exists, but not at this portal."""
    with Target("away", portals=(f"127.0.0.1:{OTHER_PORT}",)) as away:
        for name in (target.iqn + "x", target.iqn[:-1], IQN + "nobody", away.iqn,
                     "eui.0123456789abcdef"):
            for stage, to in ((SECURITY, OPERATIONAL), (OPERATIONAL, FFP)):
                expect_status(0x203, name, names(INITIATOR, name), stage=stage, to=to)
    expect_status(0x200, "no name at all", names(INITIATOR, "nobody"))


@covers("LOGIN-08")
def session_type_absent(target):
    """A session of the default type takes commands."""
    with LoginConn() as conn:
        login.negotiate(conn, who(target))
        conn.send(Pdu(SCSI_CMD, 0xc1, itt=7, words={20: 8, 24: conn.cmdsn, 28: conn.statsn,
                                                   32: int.from_bytes(READ_CAPACITY[:4], "big")}))
        pdu = conn.recv()
        check(pdu and pdu.opcode in (0x21, 0x25), "answer to a command:", pdu)


@covers("LOGIN-09")
def unknown_session_type(target):
    """0209."""
    for value in ("Abnormal", "discovery", "NORMAL", "Discovery,Normal", ""):
        for stage, to in ((SECURITY, OPERATIONAL), (OPERATIONAL, FFP)):
            expect_status(0x209, f"SessionType={value}",
                          who(target) + [("SessionType", value)], stage=stage, to=to)


@covers("LOGIN-10", fixture=None)
def longest_names():
    """223 bytes for both; 224 is not a name."""
    def fill(length):
        return IQN + "n" * (length - len(IQN))

    with Target(fill(223)[len(IQN):]) as target:
        target.lun(0, mib=1)
        with Session(target.iqn, initiator=fill(223)) as session:
            works(session)
            equal(target.sessions(), 1, "sessions")
        with discovery(initiator=fill(223)) as session:
            equal([name for name, _ in session.send_targets()], [target.iqn], "targets")
            equal([name for name, _ in session.send_targets(target.iqn)], [target.iqn], "targets")
        expect_status(0x200, "224 bytes", names(fill(224), target.iqn))
        expect_status(0x200, "224 bytes", names(INITIATOR, fill(224)))


@covers("LOGIN-39", fixture=guarded)
def security_skipped(target):
    """0201 for whoever starts behind the security stage, or leaves it unproved."""
    for to in (FFP, None):
        expect_status(0x201, "an operational start", names(INITIATOR, target.iqn), to=to)
    for to in (OPERATIONAL, FFP):
        expect_status(0x201, "leaving at once", names(INITIATOR, target.iqn), stage=SECURITY, to=to)
    with LoginConn() as conn:
        conn.exchange(SECURITY, names(INITIATOR, target.iqn))
        conn.request(SECURITY, [], FFP)
        equal(refusal(conn.response), 0x201, "leaving later")
    equal(target.sessions(), 0, "sessions")


@covers("LOGIN-46", fixture=None)
def discovery_everywhere():
    """Every portal of every group takes an unnamed discovery login, in either stage."""
    with Target("conf", portals=(PORTAL, "[::1]:3260")) as target:
        add_group(target, 2)
        with Target("off", portals=("127.0.0.1:3262",), enable=False):
            pairs = names(INITIATOR, None)
            for address in (("127.0.0.1", 3260), ("::1", 3260), ("127.0.0.1", OTHER_PORT),
                            ("127.0.0.1", 3262)):
                for stage, to in ((SECURITY, OPERATIONAL), (SECURITY, FFP), (OPERATIONAL, FFP)):
                    expect_status(0, f"discovery at {address} from stage {stage}", pairs,
                                  stage=stage, to=to, address=address)
                with discovery(address=address) as session:
                    check(target.iqn in [name for name, _ in session.send_targets()],
                          "not found at", address)


@covers("LOGIN-49")
def straight_to_ffp(target):
    """CSG 0, NSG 3, with and without AuthMethod."""
    for pairs in ([], [("AuthMethod", "None")], [("AuthMethod", "CHAP,None")]):
        with LoginConn() as conn:
            pdu, answers = conn.exchange(SECURITY, names(INITIATOR, target.iqn) + pairs, FFP)
            equal(pdu.flags, 0x80 | SECURITY << 2 | FFP, f"flags with {pairs}")
            check(pdu.half(14), "TSIH is 0")
            if pairs:
                equal(dict(answers).get("AuthMethod"), "None", "AuthMethod")
            conn.send(Pdu(NOP_OUT, FINAL, itt=9, words={20: RTAG, 24: conn.cmdsn, 28: conn.statsn}))
            equal(conn.recv().itt, 9, "ITT of a ping's answer")


@covers("LOGIN-50")
def empty_operational_stage(target):
    """All defaults: no key at all, in the first request or in one after security."""
    with LoginConn() as conn:
        pdu, _answers = conn.exchange(OPERATIONAL, normal(target), FFP)
        equal(pdu.flags, 0x80 | OPERATIONAL << 2 | FFP, "flags")
    with LoginConn() as conn:
        pdu, _answers = conn.exchange(SECURITY, normal(target), OPERATIONAL)
        equal(pdu.flags, 0x80 | OPERATIONAL, "flags after security")
        pdu, _answers = conn.exchange(OPERATIONAL, [], FFP)
        equal(pdu.flags, 0x80 | OPERATIONAL << 2 | FFP, "flags after nothing")
    offers_nothing = offered(target, [])
    check(not any(key in LEADING_KEYS for key, _ in offers_nothing), "answers:", offers_nothing)
    equal(first([("InitiatorName", INITIATOR)]) == CLOSED, False, "an answer")
