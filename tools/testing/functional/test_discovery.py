# SPDX-License-Identifier: GPL-2.0
"""Discovery sessions as sessions: their keys, TSIHs, and how they end (RFC 7143 7.4)."""

from harness import check, equal
from login import FFP, INITIATOR, OPERATIONAL, LoginConn, random_isid, refusal
from raw import ASYNC
from session import Session, discovery
from target import Target

TOO_MANY, NO_SESSION = 0x206, 0x20a


def ended(session, allowed=()):
    session.expect_close(allowed)
    session.close()


def named_login(conn, target):
    """A discovery session that names its target."""
    conn.request(OPERATIONAL, [("InitiatorName", INITIATOR), ("TargetName", target.iqn),
                               ("SessionType", "Discovery")], FFP)
    pdu, _ = conn.response()
    equal(pdu.flags & 0x83, 0x83, "T and NSG")
    conn.tsih = pdu.half(14)
    check(conn.tsih, "TSIH is 0")
    return conn


def test_unnamed():
    """Keyed by initiator, ISID and portal: the same key ends the older session."""
    first, second = ("127.0.0.1", 3260), ("127.0.0.1", 3261)
    isid = random_isid()
    with Target("disc", portals=("127.0.0.1:3260", "127.0.0.1:3261")) as target:
        elsewhere = Session(None, isid=isid, address=second)
        stranger = Session(None, isid=random_isid(), address=first)
        namesake = Session(None, INITIATOR + "x", isid=isid, address=first)
        normal = Session(target.iqn, isid=isid)
        old = Session(None, isid=isid, address=first)
        tsihs = {s.tsih for s in (elsewhere, stranger, namesake, normal, old)}
        equal(len(tsihs), 5, "different TSIHs")
        new = Session(None, isid=isid, address=first)
        ended(old)
        for session in (new, elsewhere, stranger, namesake):
            session.send_targets()
            session.logout()
        normal.sync()
        normal.logout()


def test_named():
    """Keyed like a normal session, and either kind ends the other."""
    isid = random_isid()
    with Target("disc") as target:
        normal = Session(target.iqn, isid=isid)
        unnamed = Session(None, isid=isid)
        old = named_login(LoginConn(isid=isid), target)
        ended(normal)
        equal(target.sessions(), 0, "sessions")
        new = named_login(LoginConn(isid=isid), target)
        ended(old)
        stranger = named_login(LoginConn(isid=random_isid()), target)
        normal = Session(target.iqn, isid=isid)
        ended(new)
        normal.sync()
        unnamed.send_targets()
        unnamed.logout()
        target.enable(False)
        ended(stranger)
        ended(normal, (ASYNC,))
        target.enable()


def test_tsih():
    """A discovery login with a TSIH: unknown 020a, known 0206; the session stays."""
    with Target("disc") as target, Session(None) as session:
        equal(session.tsih and joins_discovery(session, session.tsih), TOO_MANY, "known")
        equal(joins_discovery(session, session.tsih, isid=random_isid()), NO_SESSION,
              "of another ISID")
        equal(joins_discovery(session, session.tsih % 0xffff + 1), NO_SESSION, "unknown")
        session.send_targets()
        named = named_login(LoginConn(), target)
        equal(joins_discovery(named, named.tsih, target), TOO_MANY, "known, named")
        equal(joins_discovery(named, named.tsih % 0xffff + 1, target), NO_SESSION,
              "unknown, named")
        named.close()


def joins_discovery(session, tsih, target=None, isid=None):
    pairs = [("InitiatorName", INITIATOR), ("SessionType", "Discovery")]
    if target:
        pairs.append(("TargetName", target.iqn))
    with LoginConn(isid=isid or session.isid, tsih=tsih, cid=session.cid) as conn:
        conn.request(OPERATIONAL, pairs, FFP)
        return refusal(conn.response)


def test_logout():
    """Reason 1 for the own CID closes, for another one not; reason 2 neither."""
    with Target("disc"):
        session = discovery()
        equal(session.logout(reason=1, cid=session.cid + 1), 1, "another CID")
        equal(session.logout(reason=2), 2, "recovery")
        session.send_targets()
        equal(session.logout(reason=1), 0, "the own CID")
        session = discovery()
        equal(session.logout(), 0, "reason 0")
