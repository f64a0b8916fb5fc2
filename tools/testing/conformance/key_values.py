# SPDX-License-Identifier: GPL-2.0
"""Operational keys: how a value is chosen, and whether the choice is what then happens
(RFC 7143 6.2, 13; RFC 7144 7.1)."""

import login
from harness import check, equal
from login import (DEFAULTS, FFP, INITIATOR, OPERATIONAL, SECURITY, LoginConn, names)
from logins import (DECLARED, OPERATIONAL_KEYS, begun, expect_status, normal, offered, plain, ready,
                    works)
from raw import FINAL, RTAG, SCSI_RSP, Pdu
from registry import covers, later
from session import Session, read10, write10
from target import Target

FIXTURE = plain
LIST_KEYS = ("HeaderDigest", "DataDigest")
# key: (lowest, highest, default of the target's own value, function)
NUMBERS = {"MaxConnections": (1, 65535, 1, min), "MaxBurstLength": (512, 16777215, 262144, min),
           "FirstBurstLength": (512, 16777215, 65536, min), "DefaultTime2Wait": (0, 3600, 2, max),
           "DefaultTime2Retain": (0, 3600, 20, min), "MaxOutstandingR2T": (1, 65535, 1, min),
           "ErrorRecoveryLevel": (0, 2, 0, min)}
# Ours is Yes for the last two whatever the configuration says: with OR always a right answer.
BOOLEANS = {"InitialR2T": any, "ImmediateData": all, "DataPDUInOrder": None,
            "DataSequenceInOrder": None}
PROTOCOL_LEVEL = 2


def answer_to(target, key, value, stage=OPERATIONAL, extra=()):
    return dict(offered(target, [(key, value)] + list(extra))).get(key)


@covers("KEY-01")
def lists(target):
    """The first value that is known; unknown ones are passed over, whole words only."""
    for key in LIST_KEYS:
        for offer, expected in (("CRC32C,None", "CRC32C"), ("None,CRC32C", "None"),
                                ("Y-org.example,CRC32C,None", "CRC32C"), ("CRC32,None", "None"),
                                ("Z-a,Y-b,None,CRC32C", "None"), ("CRC32CC,CRC32C", "CRC32C"),
                                ("crc32c,none,None", "None"), ("CRC32C", "CRC32C"),
                                (",".join(["Y-" + "x" * 10] * 19) + ",CRC32C", "CRC32C")):
            equal(answer_to(target, key, offer), expected, f"answer to {key}={offer}")
    for offer, expected in (("None", "None"), ("KRB5,None", "None"), ("Z-x,SPKM1,None", "None"),
                            ("none,None", "None")):
        with LoginConn() as conn:
            _pdu, answers = conn.exchange(SECURITY, normal(target) + [("AuthMethod", offer)])
            equal(dict(answers).get("AuthMethod"), expected, f"answer to {offer}")


@covers("KEY-02")
def none_only_if_offered(target):
    """Nothing acceptable is Reject, or the end of the login; never an unoffered None."""
    for key in LIST_KEYS:
        for offer in ("Y-org.example", "CRC32", "none", "CRC32c"):
            equal(answer_to(target, key, offer), "Reject", f"answer to {key}={offer}")
    for offer in ("KRB5", "SRP,KRB5", "Z-x", "none"):
        expect_status(0x201, f"AuthMethod={offer}", normal(target) + [("AuthMethod", offer)],
                      stage=SECURITY, to=OPERATIONAL)


@covers("KEY-03", fixture=None)
def booleans():
    """AND and OR over every pair of values; anything but Yes and No is refused."""
    with Target("conf") as target:
        for key, function in BOOLEANS.items():
            for own in ("Yes", "No"):
                target.param(key, own)
                for offer in ("Yes", "No"):
                    result = not function or function((own == "Yes", offer == "Yes"))
                    equal(answer_to(target, key, offer), "Yes" if result else "No",
                          f"{key}: ours {own}, offered {offer}")
            target.param(key, "Yes")
            for wrong in ("yes", "NO", "1", "", "Yes,No", "True", "Yes "):
                expect_status(0x200, f"{key}={wrong}", normal(target) + [(key, wrong)])


@covers("KEY-04", fixture=None)
def minima_and_maxima():
    """Ours above, below and equal to the offer."""
    with Target("conf") as target:
        for key, (low, high, _default, function) in NUMBERS.items():
            owns = [0] if key == "ErrorRecoveryLevel" else [low, 700 if high > 700 else 2, high]
            for own in owns:
                if key in ("MaxConnections",):
                    own = 1
                target.param(key, own)
                if key == "FirstBurstLength":
                    target.param("MaxBurstLength", 16777215)
                cap = 64 if key == "MaxOutstandingR2T" else high    # what the target can keep
                for offer in (low, low + 1, min(900, high), high):
                    extra = [("MaxBurstLength", "16777215")] if key == "FirstBurstLength" else []
                    equal(answer_to(target, key, str(offer), extra=extra),
                          str(function(offer, min(own, cap))),
                          f"{key}: ours {own}, offered {offer}")
            target.param(key, NUMBERS[key][2])
            target.param("MaxBurstLength", 262144)


@covers("KEY-05")
def hexadecimal_numbers(target):
    """0x and 0X, both cases of digits, leading zeros."""
    for offer, expected in (("0x1000", "4096"), ("0X1aB0", "6832"), ("0x00000200", "512"),
                            ("0xABCDE", "262144"), ("0x200", "512")):
        equal(answer_to(target, "MaxBurstLength", offer), expected, f"answer to {offer}")
    for wrong in ("0x", "0xg", "x200", "0x200 ", "01000", "+512", "-1", "5 12", "512.0", "0b10",
                  ""):
        expect_status(0x200, f"MaxBurstLength={wrong}",
                      normal(target) + [("MaxBurstLength", wrong)])
    with Session(target.iqn, keys={"MaxRecvDataSegmentLength": "512"}) as session:
        session.logout()
    with LoginConn() as conn:
        login.negotiate(conn, normal(target) + [("MaxRecvDataSegmentLength", "0x200")])


@covers("KEY-06")
def out_of_range(target):
    """Reject or a value that is admissible, never one that wrapped around."""
    for key, (low, high, _default, _function) in NUMBERS.items():
        for offer in ([low - 1] if low else []) + \
                [high + 1, 2 ** 32 + low, 2 ** 32 + 1, 2 ** 63, 2 ** 64 - 1]:
            for text in (str(offer), hex(offer)):
                answer = answer_to(target, key, text)
                check(answer == "Reject" or low <= int(answer) <= high,
                      f"answer to {key}={text}: {answer}")
                check(answer != str(offer & 0xffffffff), "wrapped:", key, text)
        # More than 64 bits are no numerical-value at all.
        expect_status(0x200, f"{key} of 2^64 + {low}", normal(target) + [(key, str(2 ** 64 + low))])
    for value in (511, 16777216, 2 ** 32 + 8192, 0):
        expect_status(0x200, f"MaxRecvDataSegmentLength={value}",
                      normal(target) + [("MaxRecvDataSegmentLength", str(value))])
    for offer in (32, 255, 2 ** 32 + 1):
        equal(answer_to(target, "iSCSIProtocolLevel", str(offer)), "Reject", f"level {offer}")


@covers("KEY-07", rows={f"{header}-{data}": (header, data) for header in ("None", "CRC32C")
                        for data in ("None", "CRC32C")})
def digests(target, header, data):
    """Each of the four combinations works, and what is wrong is noticed."""
    keys = {"HeaderDigest": header, "DataDigest": data}
    with Session(target.iqn, keys=keys) as session:
        equal((session.header_digest, session.data_digest),
              (header == "CRC32C", data == "CRC32C"), "digests agreed on")
        works(session)
        session.write_at(0, bytes(range(256)) * 64)
        equal(session.read_at(0, 16384), bytes(range(256)) * 64, "the disk")
    for kind, used in (("header", header), ("data", data)):
        with Session(target.iqn, keys=keys) as session:
            pdu = session.base(0, FINAL, 99, {20: RTAG}, data=b"ping", immediate=True)
            wire = bytearray(session.encode(pdu))
            wire[17 if kind == "header" else -5 if data == "CRC32C" else -1] ^= 1
            session.send_bytes(bytes(wire))
            if used == "CRC32C":
                seen = session.recv()
                check(seen is None or seen.opcode == 0x3f, f"a wrong {kind} digest:", seen)
            elif kind == "data":
                equal(session.recv().data[:3], b"pin", "a ping without a digest")
            session.close()


@covers("KEY-08", fixture=None)
def data_segment_lengths():
    """Each side's declaration holds for what it receives, whatever the other one said."""
    for ours in (512, 65536):
        with Target("conf") as target:
            target.lun(0, mib=1)
            target.param("MaxXmitDataSegmentLength", ours)
            for theirs in (512, 4096, 131072):
                keys = {"MaxRecvDataSegmentLength": str(theirs)}
                with ready(target, keys=keys) as session:
                    equal(session.values["MaxRecvDataSegmentLength"], str(ours), "declared by us")
                    data = bytes(n >> 9 & 0xff for n in range(262144))
                    session.write_at(0, data)       # in PDUs of the target's length
                    task = session.command(read10(0, 512), read=262144)
                    equal(bytes(task.data), data, "the disk")
                    equal(task.datasn, 262144 // min(theirs, 262144), "number of Data-In")
                # One byte more than declared ends the connection.
                session = Session(target.iqn, keys=keys)
                with session:
                    session.send(session.base(0, FINAL, 99, {20: RTAG}, data=bytes(ours + 4),
                                              immediate=True))
                    session.expect_close((0x3f,))
                    session.close()


@covers("KEY-09")
def default_data_segment_length(target):
    """8192 where nothing was declared."""
    keys = {key: value for key, value in DEFAULTS.items() if key != "MaxRecvDataSegmentLength"}
    with LoginConn() as conn:
        login.negotiate(conn, names(INITIATOR, target.iqn) + list(keys.items()))
        cdb = read10(0, 64)
        pdu = Pdu(1, 0xc1, itt=7, words={20: 32768, 24: conn.cmdsn, 28: conn.statsn})
        pdu.bhs[32:32 + len(cdb)] = cdb
        sizes, seen = [], None
        for itt in range(7, 11):    # unit attentions first
            pdu.set_word(16, itt)
            pdu.set_word(24, conn.cmdsn)
            pdu.set_word(28, conn.statsn)
            conn.send(pdu)
            conn.cmdsn += 1
            seen = conn.recv()
            if seen.opcode == 0x25:
                break
        while seen.opcode == 0x25:
            sizes.append(seen.dsl)
            if seen.flags & 1:
                break
            seen = conn.recv()
        equal(sizes, [8192] * 4, "sizes of Data-In")


@covers("KEY-10", fixture=None)
def first_burst_limit():
    """FirstBurstLength above MaxBurstLength is never in effect, offered or by default."""
    with Target("conf") as target:
        target.lun(0, mib=1)
        target.param("InitialR2T", "No")
        keys = {"MaxBurstLength": "4096", "FirstBurstLength": "65536", "InitialR2T": "No",
                "MaxRecvDataSegmentLength": "65536"}
        with ready(target, keys=keys) as session:
            equal((session.values["FirstBurstLength"], session.values["InitialR2T"]),
                  ("4096", "No"), "FirstBurstLength and InitialR2T")
        with ready(target, keys=keys) as session:
            task = session.submit(write10(0, 16), write=bytes(8192), immediate=0, unsolicited=8192)
            task.r2t_end = 4096         # where the target's part begins
            session.wait(task)
            equal(task.sense_code[:2], (0xb, 0x0c), "sense of too much unsolicited data")
            task = session.submit(write10(0, 8), write=bytes(4096), immediate=0, unsolicited=4096)
            equal(session.wait(task).status, 0, "status of what is allowed")
        # By default: 65536, but not above MaxBurstLength.
        offers = {key: value for key, value in {**DEFAULTS, **keys}.items()
                  if key != "FirstBurstLength"}
        with LoginConn() as conn:
            answers = login.negotiate(conn, normal(target) + list(offers.items()))
            check("FirstBurstLength" not in dict(answers), "an answer to nothing")
            pdu = Pdu(1, 0xa1, itt=7, data=bytes(4608),
                      words={20: 4608, 24: conn.cmdsn, 28: conn.statsn})
            pdu.bhs[32:42] = write10(0, 9)
            seen = None
            for _ in range(4):      # unit attentions first
                pdu.set_word(24, conn.cmdsn)
                pdu.set_word(28, conn.statsn)
                conn.send(pdu)
                conn.cmdsn += 1
                seen = conn.expect(SCSI_RSP)
                if seen.data[4] & 0xf != 6:
                    break
            equal((seen.data[4] & 0xf, seen.data[14]), (0xb, 0x0c), "sense above the default")


@covers("KEY-11", fixture=None)
def first_burst_irrelevant():
    """Irrelevant exactly if there is no unsolicited data."""
    with Target("conf") as target:
        for own_r2t in ("Yes", "No"):
            target.param("InitialR2T", own_r2t)
            for r2t in ("Yes", "No"):
                for immediate in ("Yes", "No"):
                    answers = dict(offered(target, [
                        ("FirstBurstLength", "4096"), ("InitialR2T", r2t),
                        ("ImmediateData", immediate)]))
                    nothing = answers["InitialR2T"] == "Yes" and answers["ImmediateData"] == "No"
                    equal(answers["FirstBurstLength"], "Irrelevant" if nothing else "4096",
                          f"FirstBurstLength with InitialR2T={r2t}, ImmediateData={immediate}")


@covers("KEY-15", fixture=None)
def recovery_level():
    """0 is what is answered to every offer, whatever the configuration says, because 0
    is what is implemented."""
    with Target("conf") as target:
        for own in (0, 1, 2):
            target.param("ErrorRecoveryLevel", own)
            for offer in ("0", "1", "2", "0x2"):
                equal(answer_to(target, "ErrorRecoveryLevel", offer), "0",
                      f"ours {own}, offered {offer}")


@covers("KEY-16")
def marker_intervals(target):
    """Reject, whatever the range."""
    for key in ("IFMarkInt", "OFMarkInt"):
        for offer in ("1~65535", "2048~2048", "512"):
            equal(answer_to(target, key, offer), "Reject", f"answer to {key}={offer}")


@covers("KEY-17")
def markers(target):
    """No to No, Reject to Yes."""
    for key in ("IFMarker", "OFMarker"):
        equal((answer_to(target, key, "No"), answer_to(target, key, "Yes")), ("No", "Reject"), key)
    with Session(target.iqn, keys={"IFMarker": "No", "OFMarker": "Yes"}) as session:
        works(session)


@covers("KEY-18")
def task_reporting(target):
    """The first of RFC3720 and ResponseFence in the offer's order; FastAbort is nothing
    that this target does. Without a word it is RFC3720: nothing is originated."""
    for offer, expected in (("RFC3720", "RFC3720"), ("ResponseFence", "ResponseFence"),
                            ("RFC3720,ResponseFence", "RFC3720"),
                            ("ResponseFence,RFC3720", "ResponseFence"),
                            ("FastAbort,ResponseFence,RFC3720", "ResponseFence"),
                            ("FastAbort,RFC3720", "RFC3720"), ("FastAbort", "Reject"),
                            ("Y-other,RFC3720", "RFC3720"), ("rfc3720", "Reject")):
        equal(answer_to(target, "TaskReporting", offer), expected, f"answer to {offer}")
    check("TaskReporting" not in dict(offered(target, [])), "originated")


@covers("KEY-19")
def protocol_level(target):
    """The lower of the offer and ours; not a word about it unless it was offered."""
    for offer in (0, 1, 2, 3, 31):
        equal(answer_to(target, "iSCSIProtocolLevel", str(offer)), str(min(offer, PROTOCOL_LEVEL)),
              f"answer to {offer}")
    for pairs in ([], list({**OPERATIONAL_KEYS, "iSCSIProtocolLevel": None}.items())[:-1]):
        check("iSCSIProtocolLevel" not in dict(offered(target, pairs)), "originated")


@covers("KEY-20")
def node_architecture(target):
    """Changes nothing in the answers, gets none itself, and is not sent by the target."""
    base = offered(target, OPERATIONAL_KEYS.items())
    for value in ("Linux,x86-64", "x", "x" * 255):
        answers = offered(target, list(OPERATIONAL_KEYS.items()) + [("X#NodeArchitecture", value)])
        equal(answers, base, f"answers beside {value}")
    check("X#NodeArchitecture" not in dict(base), "sent by the target")
    with Session(target.iqn, keys={"X#NodeArchitecture": "test"}) as session:
        works(session)
    expect_status(0x200, "256 bytes", normal(target) + [("X#NodeArchitecture", "x" * 256)])


@covers("KEY-24")
def keys_of_the_target(target):
    """TargetAlias, TargetAddress and TargetPortalGroupTag from the initiator: 0200."""
    for pair in (("TargetAlias", "x"), ("TargetAddress", "127.0.0.1:3260,1"),
                 ("TargetPortalGroupTag", "1")):
        for stage, to in ((SECURITY, OPERATIONAL), (OPERATIONAL, FFP)):
            expect_status(0x200, f"{pair} first", names(INITIATOR, target.iqn) + [pair],
                          stage=stage, to=to)
            conn, _answers = begun(target, stage=stage)
            with conn:
                conn.request(stage, [pair])
                equal(f"{conn.recv().half(36):04x}", "0200", f"status of {pair} later")


@covers("KEY-25")
def nothing_originated(target):
    """By itself the target only declares: segment length, tag, alias."""
    for pairs in ([], OPERATIONAL_KEYS.items(), DEFAULTS.items()):
        keys = {key for key, _ in pairs}
        more = {key for key, _ in offered(target, pairs)} - keys
        check(more <= set(DECLARED), "originated:", more)
        with LoginConn() as conn:
            _pdu, answers = conn.exchange(SECURITY, names(INITIATOR, target.iqn), OPERATIONAL)
            check({key for key, _ in answers} <= set(DECLARED), "in security:", answers)
            answers = login.negotiate(conn, list(pairs))
            check({key for key, _ in answers} - keys <= set(DECLARED), "after security:", answers)


later("KEY-14", "MaxOutstandingR2T is forced to 1 only above ErrorRecoveryLevel 0")
