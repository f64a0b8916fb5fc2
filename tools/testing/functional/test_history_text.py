# SPDX-License-Identifier: GPL-2.0
"""Security history, before authentication: text that is too long, too much, too
often, or not there at all."""

import itertools

import history
import login
from harness import check, equal
from history import Bystander, chap_start, refused, send_text
from login import FFP, OPERATIONAL, SECURITY, LoginConn, decode_text, encode_text, names
from raw import FINAL, REJECT, RTAG, TEXT_REQ, TEXT_RSP
from session import Session, discovery
from target import Target

LENGTHS = (63, 64, 255, 256, 8191, 8192)
PROTOCOL = 0x04
CREDENTIAL = {"userid": "user", "password": "abcdefghijklmnop"}


def text_target(**kwargs):
    target = Target("text", **kwargs)
    target.lun(0)
    return target


def text_target_open():
    target = Target("open")
    target.lun(0)
    return target


# -- row 1 --

def step_conn(target, step):
    """A connection at this step, what its text has to begin with, and its stage."""
    who = names(login.INITIATOR, target.iqn)
    if step == "proof":
        return chap_start(target)[0], [], SECURITY
    stage = OPERATIONAL if "operational" in step else SECURITY
    conn = LoginConn()
    if step.startswith("first"):
        return conn, who, stage
    conn.exchange(stage, who)
    return conn, [], stage


class Refusals:
    """Refusals that are waited for at the end: those for wrong credentials come half
    a second late each."""

    def __init__(self):
        self.pending = []

    def expect(self, conn, status, what):
        if status == 0x201 and len(self.pending) < 100:
            self.pending.append((conn, status, what))
            return
        with conn:
            refused(conn, status, what)

    def collect(self):
        for conn, status, what in self.pending:
            with conn:
                refused(conn, status, what)
        self.pending = []


def try_pair(target, step, pair, expected, later):
    """expected: a status, or the answer to this pair (None for no answer)."""
    conn, first, stage = step_conn(target, step)
    what = f"{step}: {pair[0][:20]}({len(pair[0])})=({len(pair[1])})"
    if step.startswith("first") and pair[0] in dict(first):
        first = [old for old in first if old[0] != pair[0]]
    send_text(conn, stage, encode_text(first + [pair]))
    if isinstance(expected, int):
        later.expect(conn, expected, what)
        return
    with conn:
        pdu, answers = conn.response()
        equal(dict(answers).get(pair[0]), expected, what)
        check(pdu.dsl <= 8192, "a longer answer than may be during login")


def test_row_01_long_keys():
    """Key names of 63 bytes are taken where a key may be unknown; 64 and more never."""
    with text_target(auth=True) as target, text_target_open() as free, Bystander(free):
        target.auth(**CREDENTIAL)
        later = Refusals()
        for length in LENGTHS:
            key = "X" * length
            for step in ("first operational", "later operational"):
                try_pair(free, step, (key, "v"), "NotUnderstood" if length < 64 else 0x200, later)
            for step in ("first security", "later security"):
                try_pair(free, step, (key, "v"), 0x200, later)
            try_pair(target, "proof", (key, "v"), 0x200, later)
        later.collect()


def name_of(length):
    return "iqn.2026-11.test:" + "n" * (length - 17)


def test_row_01_long_values():
    """Values of every length have one outcome each, in every step of a login."""
    with text_target(auth=True) as target, text_target_open() as free, Bystander(free):
        target.auth(**CREDENTIAL)
        later = Refusals()
        for length in LENGTHS:
            value = "v" * length
            fits = length < 256
            for step in ("first operational", "later operational"):
                try_pair(free, step, ("X-key", value), "NotUnderstood", later)
                try_pair(free, step, ("HeaderDigest", value), "Reject" if fits else 0x200, later)
                try_pair(free, step, ("MaxBurstLength", "1" * length), 0x200, later)
                try_pair(free, step, ("InitiatorAlias", value), None, later)
            for step in ("first security", "later security"):
                try_pair(target, step, ("AuthMethod", value), 0x201 if fits else 0x200, later)
            try_pair(free, "first operational", ("SessionType", value), 0x209, later)
            try_pair(target, "proof", ("CHAP_N", value), 0x207, later)
        for length in LENGTHS + (223, 224):
            good = length <= 223
            for step in ("first operational", "first security"):
                try_pair(free, step, ("TargetName", name_of(length)), 0x203 if good else 0x200,
                         later)
            try_pair(free, "first operational", ("InitiatorName", name_of(length)),
                     None if good else 0x200, later)
        later.collect()


def test_row_01_long_chap_values():
    """The same for the values of CHAP, which are decoded into buffers."""
    proof = [("CHAP_R", "0x" + "00" * 16), ("CHAP_N", "user")]
    with text_target(auth=True) as target:
        target.auth(**CREDENTIAL, userid_mutual="target", password_mutual="ponmlkjihgfedcba")
        later = Refusals()
        for length in LENGTHS:
            for pairs, status in (
                    ([proof[0], ("CHAP_N", "n" * length)], 0x201 if length < 256 else 0x200),
                    ([proof[1], ("CHAP_R", "0x" + "0" * length)], 0x200),
                    ([proof[1], ("CHAP_R", "0b" + "A" * length)], 0x200),
                    ([proof[1], ("CHAP_R", "r" * length)], 0x200),
                    (proof + [("CHAP_I", "1" * length), ("CHAP_C", "0x00")], 0x200),
                    (proof + [("CHAP_I", "1"), ("CHAP_C", "0x" + "0" * length)],
                     0x201 if length <= 2048 else 0x200),
                    (proof + [("CHAP_I", "1"), ("CHAP_C", "0b" + "A" * length)],
                     0x201 if length == 64 or length == 256 else 0x200)):
                conn, _keys = chap_start(target)
                send_text(conn, SECURITY, encode_text(pairs), OPERATIONAL)
                later.expect(conn, status, f"{[(key, len(value)) for key, value in pairs]}")
            with LoginConn() as conn:
                conn.exchange(SECURITY, names(login.INITIATOR, target.iqn) +
                              [("AuthMethod", "CHAP")])
                send_text(conn, SECURITY, encode_text([("CHAP_A", "5" * length)]))
                refused(conn, 0x201 if length < 256 else 0x200, f"CHAP_A of {length}")
        later.collect()


def parts(session, data):
    """One text in full feature phase, in as many requests as it takes."""
    itt, ttt = session.next_itt(), RTAG
    while len(data) > 8192:
        session.send(session.base(TEXT_REQ, 0x40, itt, {20: ttt}, data=data[:8192]))
        answer = session.other(TEXT_RSP)
        equal((answer.final, answer.dsl), (False, 0), "answer to C")
        ttt, data = answer.word(20), data[8192:]
    session.send(session.base(TEXT_REQ, FINAL, itt, {20: ttt}, data=data))


def test_row_01_full_feature():
    """The same in Text Requests: an answer or Reject, and the session goes on."""
    with text_target() as target, Bystander(target), Session(target.iqn) as session:
        for length in LENGTHS:
            value = "v" * length
            for key, text, good in (("X" * length, "v", length < 64), ("X-key", value, True),
                                    ("MaxRecvDataSegmentLength", "1" * length, False),
                                    ("InitiatorAlias", value, None),
                                    ("SendTargets", name_of(length), None if length < 224
                                     else False)):
                parts(session, encode_text([(key, text)]))
                if good is False:
                    equal(session.other(REJECT).bhs[2], PROTOCOL, f"{key[:20]}, {length}")
                else:
                    answer = session.other(TEXT_RSP)
                    equal(decode_text(answer.data), [(key, "NotUnderstood")] if good else [],
                          f"answer to {key[:20]} of {length}")
            session.sync()


# -- row 2 --

class Counted(LoginConn):
    """Counts the bytes of both directions."""

    def __init__(self, **kwargs):
        self.sent = self.received = 0
        super().__init__(**kwargs)

    def send_bytes(self, data):
        self.sent += len(data)
        super().send_bytes(data)

    def take(self, length):
        data = super().take(length)
        self.received += len(data or b"")
        return data


def tiny_keys(count):
    """Different keys of two bytes, with values of one."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    tails = letters + letters.lower() + "0123456789.-+@_#"
    return encode_text([(a + b, "1") for a, b in
                        itertools.islice(itertools.product(letters, tails), count)])


def test_row_02_amplification():
    """Thousands of unknown keys are refused, with fewer bytes than they came in."""
    with text_target() as target, Bystander(target):
        who = encode_text(names(login.INITIATOR, target.iqn))
        for data in (who + b"A=b\0" * 2020, b"A=b\0" * 2048, b"a=b\0" * 2048,
                     who + tiny_keys(1600), who + tiny_keys(65), who + tiny_keys(17)):
            for stage in (SECURITY, OPERATIONAL):
                with Counted() as conn:
                    send_text(conn, stage, data)
                    refused(conn, 0x200, f"{len(data)} bytes of text")
                    check(conn.received <= conn.sent, conn.sent, "bytes were answered with",
                          conn.received)
                    equal(conn.received, 48 * (1 + (len(data) - 1) // 8192), "bytes received")
        # The same, one key to a request: 16 are answered, and no more.
        with Counted() as conn:
            conn.exchange(OPERATIONAL, names(login.INITIATOR, target.iqn))
            for number in range(17):
                conn.request(OPERATIONAL, [(f"X-{number}", "1")])
                if number < 16:
                    equal(conn.response()[1], [(f"X-{number}", "NotUnderstood")], "answer")
            refused(conn, 0x200, "the 17th unknown key")


def test_row_02_bounded_answer():
    """What unknown keys add to the answers is a few hundred bytes a login at most."""
    with text_target() as target:
        received = []
        for count in (0, 16):
            with Counted() as conn:
                send_text(conn, OPERATIONAL, encode_text(names(login.INITIATOR, target.iqn)) +
                          tiny_keys(count), FFP)
                _pdu, answers = conn.response()
                equal(sum(value == "NotUnderstood" for _, value in answers), count, "answers")
                received.append(conn.received)
        check(received[1] - received[0] <= 16 * 20, "bytes received:", received)


def test_row_02_full_feature():
    """More than 64 keys in a Text Request are one Reject, shorter than they were."""
    with text_target() as target, Bystander(target):
        with Session(target.iqn, keys={"MaxRecvDataSegmentLength": "512"}) as session:
            for data in (tiny_keys(1600), tiny_keys(65), b"A=b\0" * 2048):
                itt = session.next_itt()
                session.send(session.base(TEXT_REQ, FINAL, itt, {20: RTAG}, data=data,
                                          immediate=True))
                reject = session.rejected(PROTOCOL)
                check(len(reject.data) < len(data), "the Reject is longer than the request")
            # 64 are answered, in parts that have to be asked for.
            itt = session.next_itt()
            answer, count = session.text(None, data=tiny_keys(64), itt=itt), 0
            while True:
                check(answer.dsl <= 512, "more than MaxRecvDataSegmentLength")
                count += len(decode_text(answer.data))
                if answer.final:
                    break
                answer = session.text([], ttt=answer.word(20), itt=itt)
            equal(count, 64, "answers")
        with discovery() as session:
            session.send(session.base(TEXT_REQ, FINAL, 5, {20: RTAG}, data=tiny_keys(1600)))
            session.rejected(PROTOCOL)


# -- row 6 --

def test_row_06_continue_matrix():
    """C x T x length of the text, in either stage, first and later."""
    alias = b"InitiatorAlias=x\0"
    with text_target() as target, Bystander(target):
        who = encode_text(names(login.INITIATOR, target.iqn))
        for stage, first, cont, transit, length in itertools.product(
                (SECURITY, OPERATIONAL), (True, False), (True, False), (True, False), (0, 1, 2)):
            what = f"stage {stage} first {first} C {cont} T {transit} length {length}"
            with LoginConn() as conn:
                if not first:
                    conn.exchange(stage, names(login.INITIATOR, target.iqn))
                conn.request(stage, None, stage + 1 + (stage == 1) if transit else None,
                             alias[:length], more=cont)
                if cont and transit:
                    refused(conn, 0x200, what)
                elif cont:
                    pdu, pairs = conn.response()
                    equal((pdu.flags, pairs), (stage << 2, []), what)
                    text = alias[length:]
                    conn.request(stage, None, FFP, text + who if first else text)
                    pdu, _pairs = conn.response()
                    check(pdu.flags & 0x80, what, "no end of the stage")
                elif length:
                    refused(conn, 0x200, what)      # no pair
                elif first:
                    refused(conn, 0x207, what)      # no InitiatorName
                else:
                    pdu, _pairs = conn.response()
                    equal(bool(pdu.flags & 0x80), transit, what)


def test_row_06_continue_for_ever():
    """Empty requests with C are requests all the same: the 65th is one too many."""
    with text_target() as target:
        with LoginConn() as conn:
            for _ in range(64):
                conn.request(OPERATIONAL, None, None, b"", more=True)
                pdu, pairs = conn.response()
                equal((pdu.flags, pairs), (OPERATIONAL << 2, []), "answer to an empty C")
            conn.request(OPERATIONAL, None, None, b"", more=True)
            refused(conn, 0x200, "the 65th request")
        history.honest_login(target)


def test_row_06_full_feature():
    """C x F x length of a Text Request."""
    with text_target() as target, Bystander(target), Session(target.iqn) as session:
        for cont, final, length in itertools.product((True, False), (True, False), (0, 1)):
            what = f"C {cont} F {final} length {length}"
            itt = session.next_itt()
            session.send(session.base(TEXT_REQ, (0x40 if cont else 0) | (FINAL if final else 0),
                                      itt, {20: RTAG}, data=b"X"[:length], immediate=True))
            if (cont and final) or (final and length):
                session.rejected(PROTOCOL)
            else:
                answer = session.other(TEXT_RSP)
                equal((answer.final, answer.dsl, answer.word(20) == RTAG), (final, 0, final), what)
                if not final:
                    answer = session.text(None, FINAL, answer.word(20), b"X-a=b\0"[length:], itt)
                    equal(decode_text(answer.data), [("X-a", "NotUnderstood")], what)
            session.sync()


# -- row 11 --

def test_row_11_exchanges():
    """64 requests without an end are answered, the next is refused; then others log in."""
    with text_target() as target, Bystander(target):
        for stage in (SECURITY, OPERATIONAL):
            with LoginConn() as conn:
                conn.exchange(stage, names(login.INITIATOR, target.iqn))
                for _ in range(63):
                    pdu, _pairs = conn.exchange(stage, [])
                    equal(pdu.flags, stage << 2, "flags")
                conn.request(stage, [], FFP)
                refused(conn, 0x200, "the 65th request")
        with LoginConn() as conn:       # from one stage to the next the count goes on
            conn.exchange(SECURITY, names(login.INITIATOR, target.iqn))
            for _ in range(30):
                conn.exchange(SECURITY, [])
            conn.exchange(SECURITY, [], OPERATIONAL)
            for _ in range(32):
                conn.exchange(OPERATIONAL, [])
            conn.request(OPERATIONAL, [], FFP)
            refused(conn, 0x200, "the 65th request of two stages")
        history.honest_login(target)
