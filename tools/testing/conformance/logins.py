# SPDX-License-Identifier: GPL-2.0
"""Logins by hand: what one request is answered with, targets with several portal
groups, and sessions that begin with a TSIH."""

import os

import disks
import login
import target as target_module
from harness import Failure, equal, write
from login import FFP, INITIATOR, OPERATIONAL, LoginConn, Refused, names
from raw import LOGIN_RSP
from session import Session
from target import ADDRESS, Target

SECRET = "abcdefghijklmnop"
BACK = "ponmlkjihgfedcba"
ONE_WAY = {"userid": "user", "password": SECRET}
MUTUAL = {**ONE_WAY, "userid_mutual": "target", "password_mutual": BACK}
OTHER_PORT = 3261
CLOSED = "closed"

# Keys with one value of each kind that an initiator may offer (RFC 7143 13).
LEADING_KEYS = {"MaxConnections": "1", "InitialR2T": "Yes", "ImmediateData": "Yes",
                "MaxBurstLength": "262144", "FirstBurstLength": "65536",
                "DefaultTime2Wait": "2", "DefaultTime2Retain": "20", "MaxOutstandingR2T": "1",
                "DataPDUInOrder": "Yes", "DataSequenceInOrder": "Yes", "ErrorRecoveryLevel": "0",
                "TaskReporting": "RFC3720", "iSCSIProtocolLevel": "1"}
CONNECTION_KEYS = {"HeaderDigest": "None", "DataDigest": "None",
                   "MaxRecvDataSegmentLength": "8192"}
OPERATIONAL_KEYS = {**CONNECTION_KEYS, **LEADING_KEYS}
DECLARED = ("MaxRecvDataSegmentLength", "TargetAlias", "TargetAddress", "TargetPortalGroupTag")


def plain():
    """Open to everybody, with a disk."""
    target = Target("conf")
    target.lun(0, mib=1)
    return target


def guarded():
    """CHAP in both directions, for everybody."""
    target = Target("conf", auth=True)
    target.lun(0, mib=1)
    target.auth(**MUTUAL)
    return target


def add_group(target, tag, port=OTHER_PORT):
    """A second portal group of the target, open to everybody."""
    tpg = f"{target.dir}/tpgt_{tag}"
    os.mkdir(tpg)
    for name, value in (("authentication", 0), ("generate_node_acls", 1)):
        write(f"{tpg}/attrib/{name}", str(value))
    os.mkdir(f"{tpg}/np/{ADDRESS}:{port}")
    write(tpg + "/enable", "1")
    return tpg


def answer(conn):
    """Status of the next Login Response, or CLOSED; anything else is a failure. The
    target closes after a refusal."""
    pdu = conn.recv()
    if pdu is None:
        return CLOSED
    equal(pdu.opcode, LOGIN_RSP, "opcode of the answer")
    status = pdu.half(36)
    if status:
        equal(conn.expect_close(), [], "PDUs after a refusal")
    return status


def first(pairs, stage=OPERATIONAL, to=FFP, data=None, address=(ADDRESS, 3260), version=0,
          more=False, **fields):
    """Status of a login's first request. fields: of LoginConn."""
    with LoginConn(address) as conn:
        for name, value in fields.items():
            setattr(conn, name, value)
        conn.request(stage, pairs, to, data, more, version)
        return answer(conn)


def expect_status(status, what, pairs, **kwargs):
    equal(hexadecimal(first(pairs, **kwargs)), hexadecimal(status), f"status of {what}")


def hexadecimal(status):
    return status if status == CLOSED else f"{status:04x}"


def who(target, initiator=INITIATOR):
    return [("InitiatorName", initiator), ("TargetName", target.iqn)]


def normal(target):
    """What most logins begin with."""
    return names(INITIATOR, target.iqn)


def begun(target, pairs=(), stage=OPERATIONAL, **kwargs):
    """A connection whose first request was answered, still in that stage."""
    conn = LoginConn(**kwargs)
    try:
        pdu, answers = conn.exchange(stage, names(INITIATOR, target.iqn) + list(pairs))
    except BaseException:
        conn.close()
        raise
    equal(pdu.flags, stage << 2, "flags of the first answer")
    return conn, answers


def offered(target, pairs, initiator=INITIATOR):
    """The answers to pairs in a login of one request, which has to succeed."""
    with LoginConn() as conn:
        return login.negotiate(conn, names(initiator, target.iqn if target else None) +
                               list(pairs))


def lenient(conn):
    """What is no concern of the case is forgiven: reserved fields, padding."""
    conn.pedantic = False
    return conn


def ready(target, luns=(0,), **kwargs):
    """A session whose units have told it what they had to tell."""
    return lenient(disks.ready(target, luns, **kwargs))


def works(session, lun=0):
    lenient(session).ready(lun)
    session.write_at(1, b"\5" * 512, lun)
    equal(session.read_at(1, 512, lun), b"\5" * 512, "the disk")


class Joined(Session):
    """A connection that logs in with the TSIH of a session."""

    def __init__(self, old, target, initiator=INITIATOR, chap=None, keys=(), **fields):
        wanted = {"isid": old.isid, "tsih": old.tsih, "cid": old.cid, "cmdsn": old.cmdsn}
        wanted.update(fields)
        address = wanted.pop("address", (ADDRESS, 3260))
        LoginConn.__init__(self, address, **wanted)
        self.tasks = {}
        self.last_itt = 0x9000
        self.answer_r2t = True
        self.others = []
        self.max_burst, self.first_burst, self.max_r2t = 262144, 65536, 1
        self.immediate_data, self.initial_r2t = True, True
        try:
            self.join(target, initiator, chap, list(keys))
        except BaseException:
            self.close()
            raise

    def join(self, target, initiator, chap, keys):
        pairs = [("InitiatorName", initiator), ("TargetName", target)]
        if chap:
            login.authenticate(self, pairs, chap)
            pairs = []
        tsih = self.tsih
        self.values = dict(login.negotiate(self, pairs + keys))
        equal(self.tsih, tsih, "TSIH of the final response")
        self.values["mrdsl_out"] = int(self.values.get("MaxRecvDataSegmentLength", 8192))


def joining(*args, **kwargs):
    """Status of such a login; 0 if it succeeds."""
    try:
        Joined(*args, **kwargs).close()
        return 0
    except Refused as refused:
        return refused.status


def gone(conn, what="the old connection", allowed=()):
    """The target has closed conn, and said nothing but allowed PDUs."""
    try:
        return conn.expect_close(allowed)
    except Failure as failure:
        raise Failure(f"{what}: {failure}") from None


def discovery_path():
    return f"{target_module.ROOT}/{target_module.fabric}/discovery_auth/"
