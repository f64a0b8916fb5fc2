# SPDX-License-Identifier: GPL-2.0
"""Discovery sessions and SendTargets (RFC 7143 4.3, Appendix C)."""

import login
from harness import check, equal
from login import FFP, INITIATOR, OPERATIONAL, LoginConn, names
from logins import OTHER_PORT, add_group, plain
from raw import (DATA_OUT, FINAL, IMMEDIATE, NOP_OUT, REJECT, RTAG, SCSI_CMD, SNACK,
                 TEXT_REQ, TEXT_RSP, TMF_REQ)
from registry import covers
from session import Session, discovery
from target import ADDRESS, IQN, PORTAL, Target

FIXTURE = plain
V6 = "[::1]:3260"


class Estate:
    """Targets of every kind: two groups, several portals, closed, disabled."""

    def __init__(self):
        self.all = []

    def __enter__(self):
        self.wide = self.add("wide", portals=(PORTAL, V6, f"{ADDRESS}:3263"))
        add_group(self.wide, 7)
        self.closed = self.add("closed", demo=False)
        self.closed.attrib("demo_mode_discovery", 0)
        self.closed.acl(INITIATOR + ":friend")
        self.off = self.add("off", enable=False)
        self.nowhere = self.add("nowhere", portals=())
        return self

    def add(self, name, **kwargs):
        target = Target(name, **kwargs)
        self.all.append(target)
        return target

    def __exit__(self, *_exc):
        for target in self.all:
            target.remove()

    @property
    def portals(self):
        return sorted([PORTAL + ",1", V6 + ",1", f"{ADDRESS}:3263,1", f"{ADDRESS}:{OTHER_PORT},7"])


def found(session, what="All"):
    return {name: sorted(where) for name, where in session.send_targets(what)}


def text(session, data):
    """One Text Request; what comes back."""
    itt = session.next_itt()
    session.send(session.base(TEXT_REQ, FINAL, itt, {20: RTAG}, data=data))
    return session.recv()


@covers("DISC-01", fixture=None)
def everything():
    """All: every target that the initiator may use, all its portals with their tags."""
    with Estate() as estate:
        for address in ((ADDRESS, 3260), ("::1", 3260), (ADDRESS, OTHER_PORT), (ADDRESS, 3263)):
            with discovery(address=address) as session:
                equal(found(session), {estate.wide.iqn: estate.portals}, f"All at {address}")
        with discovery(initiator=INITIATOR + ":friend") as session:
            equal(found(session), {estate.wide.iqn: estate.portals,
                                   estate.closed.iqn: [PORTAL + ",1"]}, "All of a friend")


@covers("DISC-02", fixture=None)
def one_target():
    """By name: its record; for a name that is not there or not accessible nothing."""
    with Estate() as estate:
        with discovery() as session:
            equal(found(session, estate.wide.iqn), {estate.wide.iqn: estate.portals}, "by name")
            equal(found(session, estate.wide.iqn.upper()), {estate.wide.iqn: estate.portals},
                  "by a name in capitals")
            for name in (estate.closed.iqn, estate.off.iqn, estate.nowhere.iqn,
                         estate.wide.iqn + "x", estate.wide.iqn[:-1], IQN + "nobody"):
                equal(found(session, name), {}, f"by the name {name}")
        with discovery(initiator=INITIATOR + ":friend") as session:
            equal(found(session, estate.closed.iqn), {estate.closed.iqn: [PORTAL + ",1"]},
                  "by a friend")


@covers("DISC-03", "DISC-04", fixture=None)
def own_target_only():
    """In a normal session: the empty value and All tell about its own target, the name of
    another one tells nothing."""
    with Estate() as estate, Target("two") as two:
        for target in (estate.wide, two):
            own = {target.iqn: estate.portals if target is estate.wide else [PORTAL + ",1"]}
            with Session(target.iqn) as session:
                for what in ("", "All", target.iqn):
                    equal(found(session, what), own, f"SendTargets={what}")
                for name in (two.iqn if target is estate.wide else estate.wide.iqn,
                             estate.closed.iqn, IQN + "nobody"):
                    equal(found(session, name), {}, f"SendTargets={name}")


@covers("DISC-05", fixture=None)
def well_formed():
    """Nothing but TargetName, each followed by its addresses; every pair ends with one
    NUL; long answers come in whole pairs, and only in parts that the initiator takes."""
    with Estate() as estate:
        more = [estate.add(f"more-{number:02}-" + "x" * 100) for number in range(40)]
        for length in ("512", "8192", "65536"):
            with LoginConn() as probe:
                probe.close()
            session = Session(None, keys={"MaxRecvDataSegmentLength": length})
            with session:
                itt, ttt, parts = session.next_itt(), RTAG, []
                data = login.encode_text([("SendTargets", "All")])
                while True:
                    session.send(session.base(TEXT_REQ, FINAL, itt, {20: ttt}, data=data))
                    pdu = session.recv()
                    equal((pdu.opcode, pdu.itt), (TEXT_RSP, itt), "the answer")
                    check(pdu.dsl <= int(length), "a part is too long:", pdu.dsl)
                    check(not pdu.data or pdu.data[-1:] == b"\0", "a pair was cut")
                    equal(pdu.flags & 0x7f, 0, "flags besides F")
                    parts.append(pdu.data)
                    equal(pdu.final, pdu.word(20) == RTAG, "F and TTT")
                    if pdu.final:
                        break
                    ttt, data = pdu.word(20), b""
                pairs = login.decode_text(b"".join(parts))
                check(pairs[0][0] == "TargetName", "begins with", pairs[0])
                equal({key for key, _ in pairs}, {"TargetName", "TargetAddress"}, "keys")
                equal(sorted(value for key, value in pairs if key == "TargetName"),
                      sorted([estate.wide.iqn] + [target.iqn for target in more]), "targets")
                for key, value in pairs:
                    if key == "TargetAddress":
                        host, comma, tag = value.rpartition(",")
                        check(comma and tag.isdigit() and host.rpartition(":")[2].isdigit(),
                              "address", value)


@covers("DISC-06", fixture=None)
def nothing_accessible():
    """An empty answer, without a name."""
    with Target("closed", demo=False) as closed, Target("off", enable=False) as off:
        closed.attrib("demo_mode_discovery", 0)
        with discovery() as session:
            for what in ("All", closed.iqn, off.iqn):
                pdu = session.text([("SendTargets", what)])
                equal((pdu.flags, pdu.data), (FINAL, b""), f"answer to {what}")


@covers("DISC-07", fixture=None)
def wildcards():
    """0.0.0.0 and [::] are told as the address that the request came to; IPv6 in
    brackets; a mapped address as what it is."""
    with Target("conf", portals=("0.0.0.0:3260", "[::]:3261")) as target:
        for address, seen in (((ADDRESS, 3260), ["127.0.0.1:3260,1"]),
                              (("127.0.0.9", 3260), ["127.0.0.9:3260,1"]),
                              (("::1", 3261), ["[::1]:3261,1"])):
            with discovery(address=address) as session:
                where = found(session)[target.iqn]
                check(set(seen) <= set(where), f"at {address}:", where)
                check(not any("0.0.0.0" in place or "[::]" in place for place in where),
                      "a wildcard:", where)
        with discovery(address=(ADDRESS, 3261)) as session:     # IPv4 through [::]
            where = found(session)[target.iqn]
            check("127.0.0.1:3261,1" in where and not any("ffff" in w for w in where), where)


@covers("DISC-08")
def other_requests(_target):
    """Everything but Text and Logout is rejected as not supported, and Text goes on."""
    for opcode, flags in ((SCSI_CMD, 0x81), (SCSI_CMD | IMMEDIATE, 0x81),
                          (TMF_REQ | IMMEDIATE, 0x81), (NOP_OUT | IMMEDIATE, FINAL),
                          (NOP_OUT, FINAL), (DATA_OUT, FINAL), (SNACK, FINAL), (0x1c, FINAL)):
        with discovery() as session:
            pdu = session.base(opcode & 0x3f, flags, 5, {20: 0 if opcode & 0x3f == 1 else RTAG},
                               immediate=bool(opcode & IMMEDIATE))
            session.send(pdu)
            answer = session.recv()
            check(answer is not None, f"closed after {opcode:#x}")
            equal((answer.opcode, answer.bhs[2]), (REJECT, 5), f"answer to {opcode:#x}")
            session.cmdsn = answer.word(28)
            equal(session.text([]).data, b"", "an empty text afterwards")
    with discovery() as session:
        session.request(OPERATIONAL, names(INITIATOR, None), FFP)
        answer = session.recv()
        check(answer is None or answer.opcode == REJECT, "a login in discovery:", answer)
        session.close()


@covers("DISC-09", limit=40)
def only_text_and_logout(_target):
    """Nothing comes by itself; the session ends with its logout."""
    with discovery() as quiet, discovery() as session:
        session.send_targets()
        equal(session.logout(), 0, "response to the logout")
        with discovery() as other:
            for reason in (1, 0):
                session = discovery()
                equal(session.logout(reason), 0, f"response to logout reason {reason}")
            equal(other.logout(2), 2, "response to a logout for recovery")
            other.text([])
        quiet.sock.settimeout(7)        # longer than the shortest ping interval
        try:
            pdu = quiet.recv()
        except AssertionError:
            pdu = None
        check(pdu is None, "came by itself:", pdu)
        quiet.timeout(10)
        equal(quiet.logout(), 0, "response to the last logout")


@covers("DISC-10", fixture=None)
def malformed():
    """What only looks like SendTargets lists nothing and does not succeed, in discovery
    and in a normal session."""
    wrong = (b"sENDtARGETS=aLL\0", b"SendTargets=Alle\0", b"SendTargets=all\0", b"SendTargets=A\0",
             b"sendtargets=All\0", b"SendTargets\0", b"SendTargets=All\0SendTargets=All\0",
             b"SendTargets=All\0X-org.example.a=1\0", b"X-org.example.a=1\0SendTargets=All\0",
             b"SendTargets=All,All\0", b"=All\0", b"SendTargets=iqn\0", b"SendTargets= All\0",
             b"\xff\xff=\xff\0", b"SendTargets=All\0MaxRecvDataSegmentLength=8192\0")
    with Target("conf") as target:
        for data in wrong:
            for session in (discovery(), Session(target.iqn)):
                with session:
                    answer = text(session, data)
                    check(answer is None or answer.opcode == REJECT, f"{data}: answer", answer)
                    if answer:
                        equal(answer.bhs[2], 4, f"reason after {data}")
                        check(target.iqn.encode() not in answer.data, "a name in the Reject")
                    session.close()
        with discovery() as session:
            answer = text(session, b"SendTargets=\0")       # there is no own target
            equal((answer.opcode, answer.bhs[2]), (REJECT, 4), "answer to the empty value")
            session.close()
        for key in ("Sendtargets", "SENDTARGETS"):      # well-formed, but unknown
            with discovery() as session:
                answer = text(session, f"{key}=All\0".encode())
                equal((answer.opcode, answer.bhs[2]), (REJECT, 4), f"answer to {key}")
                session.close()
            with Session(target.iqn) as session:
                answer = text(session, f"{key}=All\0".encode())
                equal((answer.opcode, answer.data), (TEXT_RSP, f"{key}=NotUnderstood\0".encode()),
                      f"answer to {key}")
