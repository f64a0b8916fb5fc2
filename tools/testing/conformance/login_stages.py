# SPDX-License-Identifier: GPL-2.0
"""Stages, text over several requests, and when a value takes effect (RFC 7143 6.2, 6.3)."""

import itertools
import time

import login
from harness import check, equal
from login import (CONTINUE, FFP, INITIATOR, OPERATIONAL, SECURITY, TRANSIT, LoginConn,
                   encode_text, names)
from logins import (DECLARED, OPERATIONAL_KEYS, answer, begun, expect_status, hexadecimal, lenient,
                    normal, offered, plain, works)
from raw import IMMEDIATE, LOGIN_REQ, LOGIN_RSP, Pdu
from registry import covers
from session import Session
from target import Target

FIXTURE = plain
RESERVED = 2
LEGAL = ((SECURITY, OPERATIONAL), (SECURITY, FFP), (OPERATIONAL, FFP))


def long_pairs(target):
    """More than 8192 bytes that a target has to take: every value as long as it may be,
    numbers padded as hex-constants, some keys that nobody knows."""
    pairs = normal(target) + [("InitiatorAlias", "a" * 255), ("X#NodeArchitecture", "b" * 255)]
    pairs += [(f"X-org.example.{number:02}." + "k" * 44, "v" * 255) for number in range(14)]
    for key, value in OPERATIONAL_KEYS.items():
        if value.isdigit():
            pairs.append((key, f"0x{int(value):0253x}"))
        elif value not in ("Yes", "No"):
            fill = (250 - len(value)) // 6
            pairs.append((key, ",".join(["Y-abc"] * fill + [value])))
    return pairs


@covers("LOGIN-11")
def transitions(target):
    """Those of the table succeed, all others are 0200."""
    pairs = names(INITIATOR, target.iqn)
    for stage in (SECURITY, OPERATIONAL, RESERVED, FFP):
        for to in (None, SECURITY, OPERATIONAL, RESERVED, FFP):
            fine = (stage, to) in LEGAL or (to is None and stage in (SECURITY, OPERATIONAL))
            expect_status(0 if fine else 0x200, f"{stage} to {to}", pairs, stage=stage, to=to)
    # Later requests: not the stage that the login is in, ahead or behind.
    for begin, to, then in ((SECURITY, None, OPERATIONAL), (SECURITY, OPERATIONAL, SECURITY),
                            (OPERATIONAL, None, SECURITY), (SECURITY, None, FFP),
                            (SECURITY, OPERATIONAL, RESERVED)):
        with LoginConn() as conn:
            conn.exchange(begin, pairs, to)
            conn.request(then, [], None)
            equal(hexadecimal(answer(conn)), "0200", f"{begin} to {to}, then {then}")


@covers("LOGIN-12")
def answers_to_transit(target):
    """T only where it was asked for, NSG not beyond, CSG as in the request."""
    plans = (((0, None), (0, None), (0, 1), (1, None), (1, None), (1, 3)), ((0, 3),),
             ((1, None), (1, 3)), ((0, 1), (1, 3)))
    for plan in plans:
        pairs = names(INITIATOR, target.iqn)
        with LoginConn() as conn:
            for stage, to in plan:
                pdu, _answers = conn.exchange(stage, pairs, to)
                pairs = []
                equal(pdu.flags >> 2 & 3, stage, "CSG")
                equal(pdu.flags & CONTINUE, 0, "C")
                if to is None:
                    equal(pdu.flags & (TRANSIT | 3), 0, f"T and NSG of {plan} at {stage}")
                else:
                    check(pdu.flags & TRANSIT, f"no T in {plan} at {stage}")
                    check(stage < pdu.flags & 3 <= to, f"NSG in {plan} at {stage}")


@covers("LOGIN-13")
def transit_and_continue(target):
    """T = C = 1 is 0200, first or later, in either stage."""
    text = encode_text(names(INITIATOR, target.iqn))
    for stage, to in LEGAL:
        expect_status(0x200, "the first request", None, data=text, stage=stage, to=to, more=True)
        conn, _answers = begun(target, stage=stage)
        with conn:
            conn.request(stage, [], to, more=True)
            equal(hexadecimal(answer(conn)), "0200", "status of a later one")


@covers("LOGIN-14")
def continued(target):
    """C = 1 is answered with an empty response, T = 0, every time."""
    text = encode_text(names(INITIATOR, target.iqn))
    for stage in (SECURITY, OPERATIONAL):
        with LoginConn() as conn:
            for number in range(10):
                conn.request(stage, None, None, text[8 * number:8 * number + 8], more=True)
                pdu, answers = conn.response()
                equal((pdu.flags, pdu.dsl, answers), (stage << 2, 0, []), "answer to C")
            conn.request(stage, None, FFP, text[80:])
            pdu, answers = conn.response()
            equal(pdu.flags, TRANSIT | stage << 2 | FFP, "flags of the last answer")
            check(answers, "an empty last answer")


@covers("LOGIN-15")
def cut_anywhere(target):
    """A text over two requests with the cut at every byte; and in pieces of three."""
    text = encode_text(normal(target) + [("MaxBurstLength", "512")])
    for cut in range(len(text) + 1):
        with LoginConn() as conn:
            conn.request(OPERATIONAL, None, None, text[:cut], more=True)
            conn.response()
            conn.request(OPERATIONAL, None, FFP, text[cut:])
            pdu, answers = conn.response()
            equal(pdu.flags, TRANSIT | OPERATIONAL << 2 | FFP, f"flags after a cut at {cut}")
            equal(dict(answers)["MaxBurstLength"], "512", f"answer after a cut at {cut}")
    with LoginConn() as conn:
        for start in range(0, len(text) - 3, 3):
            conn.request(OPERATIONAL, None, None, text[start:start + 3], more=True)
            conn.response()
        conn.request(OPERATIONAL, None, FFP, text[start + 3:])
        equal(dict(conn.response()[1])["MaxBurstLength"], "512", "answer after pieces of three")


@covers("LOGIN-16")
def long_text(target):
    """8192 bytes of good text in one negotiation: in one request and in several."""
    text = encode_text(long_pairs(target))
    check(len(text) >= 8192, "the test's text is short:", len(text))
    for size in (8192, 4000, 1000):
        pieces = [text[start:start + size] for start in range(0, len(text), size)]
        with LoginConn() as conn:
            for piece in pieces[:-1]:
                conn.request(OPERATIONAL, None, None, piece, more=True)
                conn.response()
            conn.request(OPERATIONAL, None, FFP, pieces[-1])
            pdu, answers = conn.response()
            equal(pdu.flags, TRANSIT | OPERATIONAL << 2 | FFP, "flags")
            for key, value in (("MaxBurstLength", "262144"), ("HeaderDigest", "None"),
                               ("ErrorRecoveryLevel", "0"), ("FirstBurstLength", "65536")):
                equal(dict(answers).get(key), value, f"answer to {key}")


@covers("LOGIN-17", fixture=None)
def longest_answer():
    """Text above 8192 bytes would have to be split with C. The longest that can be
    provoked stays below, because unknown keys are limited; it is complete, in one PDU."""
    with Target("conf") as target:
        target.param("TargetAlias", "x" * 250)
        pairs = normal(target) + list(OPERATIONAL_KEYS.items())
        pairs += [(f"X-org.example.{n:02}." + "k" * 46, "") for n in range(16)]
        pairs += [("IFMarker", "No"), ("OFMarker", "No"), ("IFMarkInt", "1~2"),
                  ("OFMarkInt", "1~2")]
        with LoginConn() as conn:
            pdu, answers = conn.exchange(OPERATIONAL, pairs, FFP)
            check(pdu.dsl <= 8192 and not pdu.flags & CONTINUE, "the answer:", pdu)
            missing = {key for key, _ in pairs[3:]} - {key for key, _ in answers}
            equal(missing, set(), "keys without an answer")


@covers("LOGIN-36", fixture=None)
def nothing_to_answer_with_transit():
    """What the target asks by itself comes with T = 0; T = 1 only after the answer."""
    with Target("conf") as target:
        first_burst = ("FirstBurstLength", "4096")
        for key, value, more in (("MaxBurstLength", "4096", [first_burst]), (*first_burst, []),
                                 ("HeaderDigest", "CRC32C", [])):
            old = target.get(f"param/{key}").strip()
            target.param(key, value)
            with LoginConn() as conn:
                pdu, answers = conn.exchange(OPERATIONAL, normal(target), FFP)
                asked = [pair for pair in answers if pair[0] not in DECLARED]
                equal(asked, [(key, value)] + more, "what the target asks")
                equal(pdu.flags, OPERATIONAL << 2, "flags of the question")
                pdu, answers = conn.exchange(OPERATIONAL, asked, FFP)
                equal(pdu.flags, TRANSIT | OPERATIONAL << 2 | FFP, "flags after the answer")
                equal(answers, [], "more text")
            # Straight from security there is no place for the question.
            with LoginConn() as conn:
                pdu, answers = conn.exchange(SECURITY, normal(target), FFP)
                equal(pdu.flags, TRANSIT | OPERATIONAL, "flags from security")
            target.param(key, old)


@covers("LOGIN-37")
def refusals_close(target):
    """Every refusal has no T, CSG and NSG, carries the ITT, and closes the connection."""
    good = names(INITIATOR, target.iqn)
    with Target("off", enable=False) as off, Target("chap", auth=True) as chap, \
            Target("closed", demo=False) as closed:
        for status, pairs, fields in (
                (0x200, good + good[:1], {}), (0x201, names(INITIATOR, chap.iqn), {}),
                (0x202, names(INITIATOR, closed.iqn), {}),
                (0x203, names(INITIATOR, off.iqn + "x"), {}),
                (0x205, good, {"version": 1}), (0x207, good[1:], {}),
                (0x209, good[:2] + [("SessionType", "x")], {}), (0x20a, good, {"tsih": 77}),
                (0x301, names(INITIATOR, off.iqn), {})):
            with LoginConn() as conn:
                conn.tsih = fields.get("tsih", 0)
                conn.request(OPERATIONAL, pairs, FFP, version=fields.get("version", 0))
                pdu = conn.expect(LOGIN_RSP)
                equal(f"{pdu.half(36):04x}", f"{status:04x}", "status")
                equal((pdu.flags, pdu.itt), (0, conn.itt), f"flags and ITT of {status:04x}")
                equal(conn.expect_close(), [], f"PDUs after {status:04x}")


@covers("LOGIN-40", fixture=None)
def effect_after_the_login():
    """Digests and lengths agreed in one exchange do not touch the next one; they hold in
    full feature phase, and nothing of a login that failed does."""
    with Target("conf") as target:
        target.lun(0, mib=1)
        good = names(INITIATOR, target.iqn)
        isid = b"\x80effec"
        with Session(target.iqn, isid=isid, keys={"MaxBurstLength": "4096"}) as session:
            with LoginConn(isid=isid) as conn:
                conn.exchange(OPERATIONAL, good + [("HeaderDigest", "CRC32C"),
                                                   ("MaxRecvDataSegmentLength", "512")])
                _pdu, answers = conn.exchange(OPERATIONAL, [("MaxBurstLength", "512")])
                equal(dict(answers)["MaxBurstLength"], "512", "answer without a digest")
                conn.request(OPERATIONAL, [("MaxBurstLength", "512")], FFP)
                equal(hexadecimal(answer(conn)), "0200", "status of the repetition")
            works(session)
            equal(len(session.read_at(0, 8192)), 8192, "bytes")
        session = Session(target.iqn, keys={"HeaderDigest": "CRC32C", "DataDigest": "CRC32C"})
        with session:
            works(session)


@covers("LOGIN-41")
def integrity(target):
    """FirstBurstLength never comes out above MaxBurstLength, whichever way they are sent."""
    def agreed(requests):
        answers = {}
        with LoginConn() as conn:
            pairs = names(INITIATOR, target.iqn)
            for number, more in enumerate(requests):
                last = number == len(requests) - 1
                conn.request(OPERATIONAL, pairs + more, FFP if last else None)
                pdu = conn.expect(LOGIN_RSP)
                if pdu.half(36):
                    return pdu.half(36), answers
                answers.update(login.decode_text(pdu.data))
                pairs = []
            return 0, answers

    big, small = ("FirstBurstLength", "65536"), ("MaxBurstLength", "4096")
    for requests in ([[big, small]], [[small, big]], [[small], [big]], [[big], [small]],
                     [[big, small], []], [[big], [small], []]):
        status, answers = agreed(requests)
        if status:
            equal(hexadecimal(status), "0200", f"status of {requests}")
        else:
            check(int(answers["FirstBurstLength"]) <= int(answers["MaxBurstLength"]),
                  f"after {requests}:", answers)


@covers("LOGIN-42")
def exchanges(target):
    """One key in each request, and six empty ones in either stage."""
    keys = dict(OPERATIONAL_KEYS)
    with lenient(LoginConn()) as conn:
        conn.exchange(OPERATIONAL, names(INITIATOR, target.iqn))
        for pair in keys.items():
            pdu, _answers = conn.exchange(OPERATIONAL, [pair])
            equal(pdu.flags, OPERATIONAL << 2, f"flags after {pair}")
        pdu, _answers = conn.exchange(OPERATIONAL, [], FFP)
        check(pdu.flags & TRANSIT, "no end after one key in each request")
    with LoginConn() as conn:
        pairs = names(INITIATOR, target.iqn)
        for stage in (SECURITY, OPERATIONAL):
            for _ in range(6):
                conn.exchange(stage, pairs)
                pairs = []
            pdu, _answers = conn.exchange(stage, [], OPERATIONAL if stage == SECURITY else FFP)
            check(pdu.flags & TRANSIT, "no transition after six empty requests")


@covers("LOGIN-43")
def login_pdu_size(target):
    """8192 bytes are what a login PDU may carry, whatever was declared in it."""
    declared = [("MaxRecvDataSegmentLength", "262144")]
    for length, fine in ((8192, True), (8193, False), (8196, False), (65536, False)):
        conn, _answers = begun(target, declared)
        with conn:
            data = encode_text([("X-org.example.a", "")])
            data += bytes(min(length, 8192) - len(data))
            if fine:
                conn.request(OPERATIONAL, None, FFP, data)
                pdu, answers = conn.response()
                equal(dict(answers).get("X-org.example.a"), "NotUnderstood", "answer")
                continue
            pdu = Pdu(LOGIN_REQ | IMMEDIATE, TRANSIT | OPERATIONAL << 2 | FFP, itt=conn.itt,
                      words={24: conn.cmdsn})
            pdu.bhs[8:14] = conn.isid
            pdu.bhs[5:8] = length.to_bytes(3, "big")
            conn.send_bytes(bytes(pdu.bhs))     # its data never comes
            conn.expect_close((LOGIN_RSP,), seconds=5)


@covers("LOGIN-45")
def fields_change(target):
    """ITT, ISID, TSIH, CID and both versions stay those of the first request: 0200."""
    def change(name, value):
        conn, _answers = begun(target)
        with conn:
            version = 0
            if name == "version":
                version = value
            else:
                setattr(conn, name, value)
            conn.request(OPERATIONAL, [], FFP, version=version)
            pdu = conn.expect(LOGIN_RSP)
            equal(f"{pdu.half(36):04x}", "0200", f"status after another {name}")
            equal(conn.expect_close(), [], f"PDUs after another {name}")

    for name, value in (("itt", 0x1001), ("isid", b"\x80other"), ("tsih", 9), ("cid", 9),
                        ("version", (1, 0)), ("version", (255, 1))):
        change(name, value)


@covers("LOGIN-51")
def order_in_text(target):
    """What depends on other keys comes out the same in every order of one text."""
    for values in ({"InitialR2T": "Yes", "ImmediateData": "No", "FirstBurstLength": "4096",
                    "MaxBurstLength": "8192"},
                   {"InitialR2T": "Yes", "ImmediateData": "Yes", "FirstBurstLength": "65536",
                    "MaxBurstLength": "8192"}):
        results = set()
        for order in itertools.permutations(values.items()):
            results.add(tuple(sorted(offered(target, order))))
        equal(len(results), 1, f"different results of {values}")
        first_burst = dict(results.pop())["FirstBurstLength"]
        equal(first_burst, "Irrelevant" if values["ImmediateData"] == "No" else "8192",
              "FirstBurstLength")


class Stuck(LoginConn):
    """A connection that never completes its login. step() sends what is due."""

    def __init__(self, name, step=None):
        super().__init__()
        self.name = name
        self.step = step
        self.steps = 0
        self.start = time.monotonic()
        self.ended = None

    def poke(self):
        """One more step, and whatever the target says to it."""
        self.sock.settimeout(0.02)
        try:
            if self.step:
                self.step(self, self.steps)
            self.steps += 1
            if self.sock.recv(4096):
                return
        except TimeoutError:
            return
        except OSError:
            pass
        self.ended = time.monotonic() - self.start
        self.close()


@covers("LOGIN-44", "SEC-03", limit=50)
def login_timer(target):
    """Whoever does not finish is cut off: silent, in either stage, byte by byte, or with
    requests that lead nowhere."""
    good = names(INITIATOR, target.iqn)

    def once(data):
        return lambda conn, step: conn.send_bytes(data(conn)) if not step else None

    def request(stage):
        return lambda conn, step: conn.request(stage, good) if not step else None

    def drip(conn, step):
        text = encode_text(good)
        header = b"\x43\x87" + bytes(5) + b"\xff"       # of 255 bytes
        conn.send_bytes(text[step:step + 1] or b"x" if step else header)

    def idle(conn, step):
        if step % 50 == 0:
            conn.request(OPERATIONAL, [] if step else good)

    waiting = [Stuck("silent"), Stuck("in operational", request(OPERATIONAL)),
               Stuck("in security", request(SECURITY)),
               Stuck("half a header", once(lambda conn: b"\x43\x87" + bytes(20))),
               Stuck("byte by byte", drip), Stuck("empty requests", idle)]
    while any(conn.ended is None for conn in waiting):
        for conn in waiting:
            if conn.ended is None:
                check(time.monotonic() - conn.start < 40, conn.name, "is still connected")
                conn.poke()
    for conn in waiting:
        check(10 < conn.ended < 25, f"{conn.name}: cut after {conn.ended:.1f} s")
