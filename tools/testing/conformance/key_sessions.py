# SPDX-License-Identifier: GPL-2.0
"""Keys in discovery sessions and in full feature phase."""

import login
from harness import check, equal
from login import FFP, INITIATOR, OPERATIONAL, LoginConn, names
from logins import OPERATIONAL_KEYS, offered, plain, ready, works
from raw import FINAL, RTAG, TEXT_REQ
from registry import covers
from session import Session, discovery, read10

FIXTURE = plain
NOT_IN_DISCOVERY = ("MaxConnections", "InitialR2T", "ImmediateData", "MaxBurstLength",
                    "FirstBurstLength", "MaxOutstandingR2T", "DataPDUInOrder",
                    "DataSequenceInOrder", "TaskReporting", "iSCSIProtocolLevel")
PROTOCOL_ERROR = 4


@covers("KEY-12")
def irrelevant_in_discovery(_target):
    """Irrelevant is the answer to what only sessions with commands have."""
    answers = dict(offered(None, OPERATIONAL_KEYS.items()))
    for key in NOT_IN_DISCOVERY:
        equal(answers.get(key), "Irrelevant", f"answer to {key}")
    for key, value in (("DefaultTime2Wait", "2"), ("DefaultTime2Retain", "20"),
                       ("HeaderDigest", "None"), ("DataDigest", "None")):
        equal(answers.get(key), value, f"answer to {key}")
    for key in NOT_IN_DISCOVERY:        # also one at a time, and with digests
        equal(dict(offered(None, [(key, OPERATIONAL_KEYS[key])])).get(key), "Irrelevant", key)
    with LoginConn() as conn:
        answers = dict(login.negotiate(conn, names(INITIATOR, None) +
                                       [("HeaderDigest", "CRC32C"), ("DataDigest", "CRC32C")]))
        equal((answers["HeaderDigest"], answers["DataDigest"]), ("CRC32C", "CRC32C"), "digests")


@covers("KEY-13")
def recovery_in_discovery(target):
    """ErrorRecoveryLevel=0 for every offer; a second connection is refused."""
    for offer in ("0", "1", "2"):
        equal(dict(offered(None, [("ErrorRecoveryLevel", offer)]))["ErrorRecoveryLevel"], "0",
              f"answer to {offer}")
    with LoginConn() as conn:
        login.negotiate(conn, names(INITIATOR, None) + [("MaxConnections", "4")])
        with LoginConn(isid=conn.isid, tsih=conn.tsih, cid=1) as second:
            second.request(OPERATIONAL, names(INITIATOR, None)[:1], FFP)
            status = second.recv()
            check(status is None or status.half(36), "a second connection of a discovery session")
    with Session(target.iqn) as session:
        works(session)


def text_request(session, pairs):
    """Send pairs in full feature phase; what comes back."""
    itt = session.next_itt()
    session.send(session.base(TEXT_REQ, FINAL, itt, {20: RTAG}, data=login.encode_text(pairs)))
    while not session.others:
        session.pump()
    return session.others.pop(0)


@covers("KEY-22")
def login_keys_later(target):
    """Keys of the login in a Text Request: Reject 0x04, and nothing changes."""
    keys = [pair for pair in OPERATIONAL_KEYS.items() if pair[0] != "MaxRecvDataSegmentLength"]
    keys += [("InitiatorName", INITIATOR), ("TargetName", target.iqn), ("SessionType", "Normal"),
             ("AuthMethod", "None"), ("CHAP_A", "5"), ("MaxBurstLength", "512"),
             ("TargetAlias", "x"), ("TargetAddress", "127.0.0.1:3260,1"),
             ("TargetPortalGroupTag", "1"), ("X#NodeArchitecture", "x"), ("IFMarker", "No")]
    for key, value in keys:
        with ready(target, keys={"MaxRecvDataSegmentLength": "65536"}) as session:
            text = [("MaxRecvDataSegmentLength", "512"), (key, value)]
            for pairs in (text, text[::-1]):
                pdu = text_request(session, pairs)
                equal((pdu.opcode, pdu.bhs[2]), (0x3f, PROTOCOL_ERROR), f"answer to {pairs}")
                session.cmdsn = pdu.word(28)        # a rejected number may be used again
            task = session.command(read10(0, 128), read=65536)
            equal(task.datasn, 1, "Data-In of a session whose keys should not have changed")


@covers("KEY-23")
def segment_length_changes(target):
    """MaxRecvDataSegmentLength in a Text Request: in effect behind the exchange, and not
    before; refused values and broken-off exchanges leave the old one."""
    def segments(session):
        return session.command(read10(0, 128), read=65536).datasn

    unknown = [(f"X-org.example.{n:02}." + "k" * 40, "v") for n in range(16)]
    with ready(target, keys={"MaxRecvDataSegmentLength": "8192"}) as session:
        equal(segments(session), 8, "Data-In at 8192")
        for length in (65536, 512, 4096):
            # The exchange's own answers are cut to what holds before it.
            pairs = [("MaxRecvDataSegmentLength", str(length))]
            if length > session.mrdsl:
                pairs += unknown
            itt = session.next_itt()
            answer = session.text(pairs, itt=itt)
            data = answer.data
            while not answer.final:
                answer = session.text([], ttt=answer.word(20), itt=itt)
                data += answer.data
            equal(len(login.decode_text(data)), len(pairs) - 1, "answers")
            session.mrdsl = length
            equal(segments(session), 65536 // length, f"Data-In at {length}")
        # C=1, then a new negotiation: the first one never happened.
        itt = session.next_itt()
        session.text([("MaxRecvDataSegmentLength", "65536")], flags=0x40, itt=itt)
        session.text([])
        equal(segments(session), 16, "Data-In after an exchange that was given up")
        for wrong in ("511", "16777216", "x", "Reject"):
            pdu = text_request(session, [("MaxRecvDataSegmentLength", wrong)])
            equal((pdu.opcode, pdu.bhs[2]), (0x3f, PROTOCOL_ERROR), f"answer to {wrong}")
            session.cmdsn = pdu.word(28)
            equal(segments(session), 16, f"Data-In after {wrong}")
    with discovery() as session:
        pdu = text_request(session, [("MaxRecvDataSegmentLength", "512")])
        equal((pdu.opcode, pdu.bhs[2]), (0x3f, PROTOCOL_ERROR), "answer in discovery")
        session.cmdsn = pdu.word(28)
