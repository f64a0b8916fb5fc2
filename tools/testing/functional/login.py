# SPDX-License-Identifier: GPL-2.0
"""The login phase of the raw client, with CHAP."""

import base64
import hashlib
import os

from harness import Failure, check, equal
from raw import IMMEDIATE, LOGIN_REQ, LOGIN_RSP, Closed, Conn, Pdu, random_isid

INITIATOR = "iqn.2026-11.test:raw"
CHAP_HASH = {5: "md5", 6: "sha1", 7: "sha256", 8: "sha3_256"}
SECURITY, OPERATIONAL, FFP = 0, 1, 3
TRANSIT, CONTINUE = 0x80, 0x40


class Refused(Failure):
    """A login response with another class than success."""

    def __init__(self, status):
        super().__init__(f"login refused with {status:04x}")
        self.status = status


def encode_text(pairs):
    return b"".join(f"{key}={value}".encode() + b"\0" for key, value in pairs)


def decode_text(data):
    """Pairs in order; every one ends with one NUL."""
    if not data:
        return []
    check(data.endswith(b"\0"), "text does not end with NUL:", data)
    pairs = []
    for item in data[:-1].split(b"\0"):
        key, separator, value = item.decode().partition("=")
        check(separator and key, "not a key=value pair:", item)
        pairs.append((key, value))
    return pairs


def decode_binary(value):
    if value[:2] in ("0x", "0X"):
        digits = value[2:]
        return bytes.fromhex(digits if len(digits) % 2 == 0 else "0" + digits)
    check(value[:2] in ("0b", "0B"), "neither hex nor base64:", value)
    return base64.b64decode(value[2:], validate=True)


def chap_response(algorithm, identifier, secret, challenge):
    return hashlib.new(CHAP_HASH[algorithm], bytes([identifier]) + secret.encode() +
                       challenge).digest()


class Chap:
    """The initiator's half of CHAP. mutual is (name, secret) that the target has to
    prove, or None; offer is the value of CHAP_A."""

    def __init__(self, name, secret, mutual=None, offer="5", hexadecimal=True):
        self.name = name
        self.secret = secret
        self.mutual = mutual
        self.offer = offer
        self.hexadecimal = hexadecimal
        self.identifier = 0x5a
        self.challenge = os.urandom(16)
        self.algorithm = None
        self.seen_challenge = None

    def binary(self, value):
        if self.hexadecimal:
            return "0x" + value.hex()
        return "0b" + base64.b64encode(value).decode()

    def answer(self, pairs):
        """To CHAP_A, CHAP_I, CHAP_C: pairs of the third step."""
        keys = dict(pairs)
        self.algorithm = int(keys["CHAP_A"])
        check(str(self.algorithm) in self.offer.split(","), "CHAP_A was not offered:", keys)
        self.seen_challenge = decode_binary(keys["CHAP_C"])
        check(len(self.seen_challenge) >= 16, "short challenge")
        proof = chap_response(self.algorithm, int(keys["CHAP_I"]), self.secret,
                              self.seen_challenge)
        out = [("CHAP_N", self.name), ("CHAP_R", self.binary(proof))]
        if self.mutual:
            out += [("CHAP_I", str(self.identifier)), ("CHAP_C", self.binary(self.challenge))]
        return out

    def verify(self, pairs):
        keys = dict(pairs)
        if not self.mutual:
            check("CHAP_R" not in keys, "proof that nobody asked for")
            return
        name, secret = self.mutual
        equal(keys.get("CHAP_N"), name, "the target's CHAP_N")
        equal(decode_binary(keys["CHAP_R"]),
              chap_response(self.algorithm, self.identifier, secret, self.challenge),
              "the target's CHAP_R")


class LoginConn(Conn):
    """A connection and the header fields that stay the same during its login."""

    def __init__(self, address=("127.0.0.1", 3260), isid=None, tsih=0, cid=0, cmdsn=1,
                 seconds=None):
        super().__init__(address, seconds)
        self.isid = isid or random_isid()
        self.tsih = tsih
        self.cid = cid
        self.cmdsn = cmdsn
        self.exp_cmdsn = None       # of the last response
        self.itt = 0x1000

    def request(self, stage, pairs, to=None, data=None, more=False, version=0):
        """Send one Login Request. version: of both fields, or (highest, lowest)."""
        flags = stage << 2
        if to is not None:
            flags |= TRANSIT | to
        if more:
            flags |= CONTINUE
        pdu = Pdu(LOGIN_REQ | IMMEDIATE, flags, itt=self.itt,
                  data=encode_text(pairs) if data is None else data,
                  words={20: self.cid << 16, 24: self.cmdsn,
                         28: 0 if self.statsn is None else self.statsn})
        pdu.bhs[2:4] = bytes(version if isinstance(version, tuple) else (version, version))
        pdu.bhs[8:14] = self.isid
        pdu.bhs[14:16] = self.tsih.to_bytes(2, "big")
        self.send(pdu)

    def response(self):
        """The answer and its pairs; Refused unless it is of class 0."""
        pdu = self.expect(LOGIN_RSP)
        status = pdu.half(36)
        equal(pdu.itt, self.itt, "ITT of the login response")
        equal(bytes(pdu.bhs[2:4]), b"\0\0", "versions")
        if status:
            check(not pdu.data, "a refusal with text:", pdu.data)
            raise Refused(status)
        equal(bytes(pdu.bhs[8:14]), self.isid, "ISID of the login response")
        self.exp_cmdsn = pdu.word(28)
        return pdu, decode_text(pdu.data)

    def exchange(self, stage, pairs, to=None):
        self.request(stage, pairs, to)
        return self.response()


def names(initiator, target, joining=False):
    """What a first request declares; a connection that joins a session may not say
    which type it has."""
    pairs = [("InitiatorName", initiator)]
    if target and joining:
        return pairs + [("TargetName", target)]
    if target:
        return pairs + [("TargetName", target), ("SessionType", "Normal")]
    return pairs + [("SessionType", "Discovery")]


def authenticate(conn, pairs, chap):
    """Security stage with CHAP; returns the answer to the first request."""
    first, answers = conn.exchange(SECURITY, pairs + [("AuthMethod", "CHAP")])
    check(not first.flags & TRANSIT, "T before authentication")
    equal(dict(answers).get("AuthMethod"), "CHAP", "AuthMethod")
    _pdu, challenge = conn.exchange(SECURITY, [("CHAP_A", chap.offer)])
    pdu, proof = conn.exchange(SECURITY, chap.answer(challenge), to=OPERATIONAL)
    chap.verify(proof)
    equal(pdu.flags, TRANSIT | SECURITY << 2 | OPERATIONAL, "stages after CHAP")
    return answers


def negotiate(conn, pairs):
    """Operational stage up to full feature phase. Returns the target's pairs."""
    answers, offered = [], set()
    for _ in range(8):
        pdu, more = conn.exchange(OPERATIONAL, pairs, to=FFP)
        answers += more
        if pdu.flags & TRANSIT:
            equal(pdu.flags & 3, FFP, "NSG")
            check(conn.tsih in (0, pdu.half(14)), "another TSIH in the final response")
            conn.tsih = pdu.half(14)
            check(conn.tsih, "TSIH is 0 in the final response")
            return answers
        offered |= {key for key, _ in pairs}
        pairs = [(key, value.split(",")[-1]) for key, value in more
                 if key not in offered and not key.startswith("Target") and
                 key != "MaxRecvDataSegmentLength"]
    raise Failure("login does not end")


UNANSWERED = ("MaxRecvDataSegmentLength", "InitiatorAlias", "X#NodeArchitecture")
DEFAULTS = {"HeaderDigest": "None", "DataDigest": "None", "InitialR2T": "Yes",
            "ImmediateData": "Yes", "MaxRecvDataSegmentLength": "8192",
            "MaxBurstLength": "262144", "FirstBurstLength": "65536",
            "MaxOutstandingR2T": "1", "MaxConnections": "1", "ErrorRecoveryLevel": "0"}
OF_CONNECTION = ("HeaderDigest", "DataDigest", "MaxRecvDataSegmentLength")


def login(conn, target, initiator=INITIATOR, keys=None, chap=None):
    """Go through a whole login. keys replace the DEFAULTS that are offered. Returns
    the values in effect: of ours what we declared, of theirs what they answered. With
    a TSIH, only what is negotiated for each connection is offered."""
    joining = conn.tsih != 0
    offer = {k: v for k, v in DEFAULTS.items() if not joining or k in OF_CONNECTION}
    if not target:
        offer = {"HeaderDigest": "None", "DataDigest": "None"}
    offer.update(keys or {})
    pairs = list(offer.items())
    answers = []
    if chap:
        answers = authenticate(conn, names(initiator, target, joining), chap)
    else:
        pairs = names(initiator, target, joining) + pairs
    conn.mrdsl = 8192           # of login PDUs, whatever is declared
    answers += negotiate(conn, pairs)
    keys_seen = [key for key, _ in answers]
    check(len(keys_seen) == len(set(keys_seen)), "a key was answered twice:", keys_seen)
    values = dict(answers)
    for key, value in offer.items():
        optional = (key, value) in (("InitialR2T", "Yes"), ("ImmediateData", "No"))
        if key not in UNANSWERED and not optional:
            check(key in values, "no answer to", key)
        if optional:
            values.setdefault(key, value)
    conn.mrdsl = int(offer.get("MaxRecvDataSegmentLength", "8192"))
    conn.header_digest = values.get("HeaderDigest") == "CRC32C"
    conn.data_digest = values.get("DataDigest") == "CRC32C"
    values["mrdsl_out"] = int(values.get("MaxRecvDataSegmentLength", "8192"))
    return values


def refusal(function, *args, **kwargs):
    """The status that a login is refused with."""
    try:
        function(*args, **kwargs)
    except Refused as refused:
        return refused.status
    except Closed:
        return "closed"
    raise Failure("the login was not refused")
