# SPDX-License-Identifier: GPL-2.0
"""Text Requests in full feature phase, whole and in parts."""

from disks import disk, ready
from harness import check, equal
from login import INITIATOR, decode_text
from pdus import INVALID, PROTOCOL, numbered, reject_of, settle
from raw import DATA_IN, FINAL, REJECT, RTAG, TEXT_REQ, TEXT_RSP
from registry import covers
from session import Session, discovery, read10
from target import ADDRESS, IQN, Target

FIXTURE = disk
CONTINUE = 0x40


def request(session, data=b"", flags=FINAL, ttt=RTAG, itt=None, immediate=False):
    pdu = numbered(session, TEXT_REQ, flags, {20: ttt}, itt=itt, data=data, immediate=immediate)
    session.send(pdu)
    return pdu


def response(session, itt, final):
    """F and the tag go together: F is 0 exactly if there is a tag to come back with."""
    pdu = session.other(TEXT_RSP)
    equal((pdu.itt, pdu.final, pdu.word(20) == RTAG), (itt, final, final), "ITT, F, no TTT")
    return pdu


def exchange(session, data=b"", flags=FINAL, ttt=RTAG, itt=None, final=True):
    return response(session, request(session, data, flags, ttt, itt).itt, final)


@covers("FFP-50")
def whole(target):
    """F is answered with F; an empty request with an empty answer."""
    with Session(target.iqn) as session:
        equal(exchange(session).data, b"", "answer to nothing")
        equal(decode_text(exchange(session, b"X-a=1\0X-b=2\0").data),
              [("X-a", "NotUnderstood"), ("X-b", "NotUnderstood")], "answers")
        pdu = request(session, b"X-c=1\0", immediate=True)
        equal(decode_text(response(session, pdu.itt, True).data), [("X-c", "NotUnderstood")],
              "answer to an immediate request")


@covers("FFP-50")
def more_to_follow(target):
    """F = 0 is not answered with F; the tag carries on to the final one."""
    with Session(target.iqn) as session:
        itt = session.next_itt()
        seen = b""
        ttt = RTAG
        for number in range(4):
            pdu = exchange(session, f"X-{number}=1\0".encode(), 0, ttt, itt, final=False)
            ttt = pdu.word(20)
            seen += pdu.data
        seen += exchange(session, b"X-4=1\0", FINAL, ttt, itt).data
        equal(decode_text(seen), [(f"X-{n}", "NotUnderstood") for n in range(5)], "answers")


@covers("FFP-50", rows={"in the key": (b"X-par", b"t=1\0", "X-part"),
                        "before =": (b"X-part", b"=1\0", "X-part"),
                        "before NUL": (b"X-part=1", b"\0", "X-part"),
                        "after NUL": (b"X-a=1\0", b"X-part=1\0", "X-part")})
def continued(target, first, second, key):
    """C = 1 is answered with nothing; then the pair that was cut is whole."""
    with Session(target.iqn) as session:
        itt = session.next_itt()
        pdu = exchange(session, first, CONTINUE, RTAG, itt, final=False)
        equal(pdu.data, b"", "answer to C")
        pdu = exchange(session, second, FINAL, pdu.word(20), itt)
        equal(decode_text(pdu.data)[-1], (key, "NotUnderstood"), "answer")


@covers("FFP-50")
def every_cut(target):
    """The same text, cut at each of its bytes."""
    text = b"X-abc=1\0X-d=23\0"
    with Session(target.iqn) as session:
        for cut in range(1, len(text)):
            itt = session.next_itt()
            pdu = exchange(session, text[:cut], CONTINUE, RTAG, itt, final=False)
            pdu = exchange(session, text[cut:], FINAL, pdu.word(20), itt)
            equal(decode_text(pdu.data), [("X-abc", "NotUnderstood"), ("X-d", "NotUnderstood")],
                  f"answer, cut at {cut}")


@covers("FFP-50", rows={"the same task": (True,), "another task": (False,)})
def reserved_tag_begins_anew(target, same):
    """A request without a tag forgets what was begun: half a pair, then a new text."""
    with Session(target.iqn) as session:
        itt = session.next_itt()
        first = exchange(session, b"X-old=1\0X-ha", CONTINUE, RTAG, itt, final=False)
        pdu = exchange(session, b"X-new=1\0", itt=itt if same else None)
        equal(decode_text(pdu.data), [("X-new", "NotUnderstood")], "answer to the new one")
        stale = request(session, b"lf=1\0", FINAL, first.word(20), itt)
        reject_of(session, stale, INVALID, PROTOCOL)


@covers("FFP-50", rows={
    "F and C": (b"X-a=1", FINAL | CONTINUE, RTAG), "tag of nothing": (b"", FINAL, 0x4711),
    "tag of zero": (b"X-a=1\0", FINAL, 0), "not a pair": (b"no pair\0", FINAL, RTAG),
    "empty key": (b"=1\0", FINAL, RTAG)})
def not_accepted(target, data, flags, ttt):
    """Rejected, and the connection is as good as before."""
    with ready(target) as session:
        pdu = numbered(session, TEXT_REQ, flags, {20: ttt}, data=data, immediate=True)
        session.send(pdu)
        reject_of(session, pdu, INVALID, PROTOCOL)
        equal(decode_text(exchange(session, b"X-b=1\0").data), [("X-b", "NotUnderstood")], "answer")
        session.read_at(0, 512)


@covers("FFP-50")
def another_task_with_the_tag(target):
    """ITT and tag belong together."""
    with Session(target.iqn) as session:
        first = exchange(session, b"X-a=1\0", 0, final=False)
        pdu = numbered(session, TEXT_REQ, FINAL, {20: first.word(20)}, data=b"X-b=1\0",
                       immediate=True)
        session.send(pdu)
        reject_of(session, pdu, INVALID, PROTOCOL)
        session.sync()


@covers("FFP-50")
def two_at_a_time(target):
    """Only one may be outstanding. Of two sent in one go each is answered, or the
    second is rejected; none is lost and none is answered twice."""
    with Session(target.iqn) as session:
        pair = [numbered(session, TEXT_REQ, FINAL, {20: RTAG}, data=data, immediate=True)
                for data in (b"X-a=1\0", b"X-b=1\0")]
        session.send_bytes(b"".join(session.encode(pdu) for pdu in pair))
        seen = settle(session)
        check([pdu.opcode for pdu in seen] in ([TEXT_RSP, TEXT_RSP], [TEXT_RSP, REJECT]),
              "answers", seen)
        equal(seen[0].itt, pair[0].itt, "ITT of the first")


@covers("FFP-50", rows={"9000 bytes": (9000,), "16000 bytes": (16000,)})
def long_text(target, size):
    """A text of that size in parts; answered, or refused at some point, not dropped."""
    text = b"".join(f"X-{n:03}={'v' * 200}\0".encode() for n in range(size // 207))
    with ready(target) as session:
        itt, ttt = session.next_itt(), RTAG
        for at in range(0, len(text), 4096):
            last = at + 4096 >= len(text)
            session.send(numbered(session, TEXT_REQ, FINAL if last else CONTINUE, {20: ttt},
                                  itt=itt, data=text[at:at + 4096], immediate=True))
            while not session.others:
                session.pump()
            pdu = session.others.pop(0)
            if pdu.opcode == REJECT:
                check(at >= 4096, "the first part is rejected")
                break
            equal((pdu.opcode, pdu.itt), (TEXT_RSP, itt), "answer")
            ttt = pdu.word(20)
        session.read_at(0, 512)


def largest_data_in(session):
    task = session.submit(read10(0, 32), read=16384)
    largest = 0
    while not task.done:
        pdu = session.pump()
        if pdu.opcode == DATA_IN:
            largest = max(largest, pdu.dsl)
    return largest


@covers("FFP-51")
def failure_changes_nothing(target):
    """A sequence in which MaxRecvDataSegmentLength is declared and then something goes
    wrong leaves it as it was; one that is well changes it."""
    with ready(target) as session:
        equal(largest_data_in(session), 8192, "largest Data-In at first")
        for bad in (b"MaxBurstLength=4096\0", b"no pair\0", b"TargetPortalGroupTag=1\0"):
            itt = session.next_itt()
            first = exchange(session, b"MaxRecvDataSegmentLength=512\0", 0, RTAG, itt, final=False)
            pdu = numbered(session, TEXT_REQ, FINAL, {20: first.word(20)}, itt=itt, data=bad,
                           immediate=True)
            session.send(pdu)
            reject_of(session, pdu, PROTOCOL, INVALID)
            equal(largest_data_in(session), 8192, f"largest Data-In after {bad}")
        itt = session.next_itt()
        exchange(session, b"MaxRecvDataSegmentLength=512\0", 0, RTAG, itt, final=False)
        exchange(session, b"X-a=1\0")               # abandons the other
        equal(largest_data_in(session), 8192, "largest Data-In after an abandoned sequence")
        exchange(session, b"MaxRecvDataSegmentLength=512\0")
        equal(largest_data_in(session), 512, "largest Data-In after a good one")


@covers("FFP-51")
def in_one_request(target):
    """The same when the good and the bad key come together, in either order."""
    good, bad = b"MaxRecvDataSegmentLength=512\0", b"InitialR2T=No\0"
    with ready(target) as session:
        for text in (good + bad, bad + good, good + b"MaxRecvDataSegmentLength=1024\0",
                     b"MaxRecvDataSegmentLength=511\0", b"MaxRecvDataSegmentLength=16777216\0"):
            pdu = numbered(session, TEXT_REQ, FINAL, {20: RTAG}, data=text, immediate=True)
            session.send(pdu)
            while not session.others:
                session.pump()
            answer = session.others.pop(0)
            if answer.opcode == TEXT_RSP:
                equal(dict(decode_text(answer.data)), {"MaxRecvDataSegmentLength": "Reject"},
                      f"answer to {text}")
            else:
                equal((answer.opcode, answer.bhs[2]), (REJECT, PROTOCOL), "answer")
            equal(largest_data_in(session), 8192, f"largest Data-In after {text}")


@covers("FFP-52", fixture=None)
def long_answer():
    """SendTargets of 24 names does not fit into 512 bytes: it comes in parts, each
    with a tag but the last, each name with all of its addresses, none twice."""
    targets = [Target(f"many-{n:02}-{'x' * 100}") for n in range(24)]
    try:
        with discovery() as session:
            check_list(session.send_targets(), targets)
        with Session(None, keys={"MaxRecvDataSegmentLength": "512"}) as session:
            parts = []
            recv = session.recv

            def counted():
                pdu = recv()
                if pdu is not None and pdu.opcode == TEXT_RSP:
                    parts.append(pdu)
                return pdu

            session.recv = counted
            check_list(session.send_targets(), targets)
            check(len(parts) >= 24 * 120 // 512, "parts", len(parts))
            equal([pdu.final for pdu in parts], [False] * (len(parts) - 1) + [True], "F")
            check(all(pdu.dsl for pdu in parts[:-1]), "an empty part before the last")
    finally:
        for target in targets:
            target.remove()


@covers("FFP-52", fixture=None)
def list_by_acl():
    """Nobody may discover who has no ACL; who has one is asked for while the list is
    made. (B1: the in-tree module sleeps under spinlocks there.)"""
    with Target("open", demo=False) as one, Target("closed", demo=False) as two:
        for target in (one, two):
            target.attrib("demo_mode_discovery", 0)
        one.acl(INITIATOR)
        with discovery() as session:
            check_list(session.send_targets(), [one])
        with discovery(initiator="iqn.2026-11.test:stranger") as session:
            equal(session.send_targets(), [], "what a stranger sees")


def check_list(found, targets):
    equal(sorted(found), sorted((target.iqn, [f"{ADDRESS}:3260,1"]) for target in targets), "list")
    check(all(name.startswith(IQN) for name, _ in found), "names", found)
