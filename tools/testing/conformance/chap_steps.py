# SPDX-License-Identifier: GPL-2.0
"""CHAP step by step: what each text has to hold (RFC 1994, RFC 7143 9.2, 12.1.3)."""

import base64
import os
import time

import login
from harness import check, equal, patience
from login import (CHAP_HASH, FFP, INITIATOR, OPERATIONAL, SECURITY, TRANSIT, Chap, LoginConn,
                   chap_response, decode_binary, names)
from logins import BACK, MUTUAL, SECRET, answer, guarded, hexadecimal, works
from registry import covers
from session import Session
from target import Target

FIXTURE = guarded
ALGORITHMS = (5, 6, 7, 8)


def start(target, offer="5", initiator=INITIATOR, first=()):
    """A connection that was sent its challenge, and that challenge's keys."""
    conn = LoginConn()
    conn.exchange(SECURITY, names(initiator, target.iqn) + list(first) + [("AuthMethod", "CHAP")])
    _pdu, keys = conn.exchange(SECURITY, [("CHAP_A", offer)])
    return conn, dict(keys)


def proof(keys, secret=SECRET):
    """CHAP_R as bytes."""
    return chap_response(int(keys["CHAP_A"]), int(keys["CHAP_I"]), secret,
                         decode_binary(keys["CHAP_C"]))


def hexa(data):
    return "0x" + data.hex()


class Batch:
    """Requests whose refusals are awaited together: each one is held back a while."""

    def __init__(self):
        self.waiting = []

    def last_step(self, target, what, status, pairs, to=OPERATIONAL, **kwargs):
        """pairs: a function of the challenge's keys, or a list."""
        conn, keys = start(target, **kwargs)
        conn.request(SECURITY, pairs(keys) if callable(pairs) else pairs, to)
        self.waiting.append((what, status, conn))

    def finish(self):
        for what, status, conn in self.waiting:
            with conn:
                equal(hexadecimal(answer(conn)), hexadecimal(status), f"status of {what}")
        self.waiting = []


def good(keys):
    return [("CHAP_N", "user"), ("CHAP_R", hexa(proof(keys)))]


@covers("CHAP-01")
def both_directions(target):
    """One-way and mutual, by several initiators at a time, in a session that then works."""
    for mutual in (None, ("target", BACK)):
        with Session(target.iqn, chap=Chap("user", SECRET, mutual)) as session:
            works(session)
    with Session(target.iqn, chap=Chap("user", SECRET)) as one, \
            Session(target.iqn, chap=Chap("user", SECRET, ("target", BACK)),
                    initiator=INITIATOR + "2") as two:
        works(one)
        works(two)
    # The response to the target's proof has no T until the proof is given.
    conn, keys = start(target)
    with conn:
        pdu, _answers = conn.exchange(SECURITY, good(keys), OPERATIONAL)
        equal(pdu.flags, TRANSIT | OPERATIONAL, "flags after the proof")


@covers("CHAP-02")
def first_algorithm(target):
    """MD5 is there; of several that are the initiator's first."""
    for offer, chosen in (("5", 5), ("5,7", 5), ("7,5", 7), ("99,5", 5), ("6,5", 6), ("8,7,6,5", 8),
                          ("1,2,3,4,5", 5), ("255,0,7", 7)):
        conn, keys = start(target, offer)
        conn.close()
        equal(keys["CHAP_A"], str(chosen), f"choice of {offer}")
        check("," not in keys["CHAP_A"], "more than one")


@covers("CHAP-03")
def no_algorithm(target):
    """0201 where none is known; 0207 where there is no CHAP_A."""
    waiting = []
    for status, pairs in ((0x201, [("CHAP_A", "9")]), (0x201, [("CHAP_A", "1,2,3,4")]),
                          (0x201, [("CHAP_A", "MD5")]), (0x207, [])):
        conn = LoginConn()
        conn.exchange(SECURITY, names(INITIATOR, target.iqn) + [("AuthMethod", "CHAP")])
        conn.request(SECURITY, pairs)
        waiting.append((status, pairs, conn))
    for status, pairs, conn in waiting:
        with conn:
            equal(hexadecimal(answer(conn)), hexadecimal(status), f"status of {pairs}")


@covers("CHAP-04")
def whole_numerals(target):
    """55, 50 and 75 are not 5; a list that holds such and 5 means 5."""
    waiting = []
    for offer in ("55", "50", "05", "5x", "75", "5.7", "500", "-5"):
        conn = LoginConn()
        conn.exchange(SECURITY, names(INITIATOR, target.iqn) + [("AuthMethod", "CHAP")])
        conn.request(SECURITY, [("CHAP_A", offer)])
        waiting.append((offer, conn))
    for offer, conn in waiting:
        with conn:
            status = answer(conn)
            check(status in (0x201, 0x200), f"CHAP_A={offer}:", status)
    conn, keys = start(target, "55,50,7x,5")
    conn.close()
    equal(keys["CHAP_A"], "5", "choice")


@covers("CHAP-05")
def response_is_the_hash(target):
    """Identifier, secret, challenge, in that order, under every hash; the vectors of the
    project's reference reproduce, so our half of the computation is right, too."""
    vectors = {5: "06e083bf6e5f435ad587f78569ea9ea2",
               6: "cc99d45f7aaab2c85d369c51e4259888266d3f1c",
               7: "f5d25ca84f064bf5562bf39de526b7c8f4a4034d0bcb61adec885d8527a17f79",
               8: "3731cad78826b860b8a94b906ee68844cc2b38f0a85106f4ed9c6a0368a72871"}
    for algorithm in ALGORITHMS:
        equal(chap_response(algorithm, 0x2a, SECRET, bytes(range(16))).hex(), vectors[algorithm],
              f"vector of {CHAP_HASH[algorithm]}")
        chap = Chap("user", SECRET, ("target", BACK), str(algorithm))
        chap.identifier, chap.challenge = 0x2a, bytes(range(16))
        with Session(target.iqn, chap=chap) as session:     # checks the target's response
            works(session)
    batch = Batch()
    for algorithm in ALGORITHMS:
        for what, wrong in (("reversed", lambda k: proof(k)[::-1]),
                            ("of another identifier", lambda k: chap_response(
                                int(k["CHAP_A"]), int(k["CHAP_I"]) ^ 1, SECRET,
                                decode_binary(k["CHAP_C"]))),
                            ("without the identifier", lambda k: login.hashlib.new(
                                CHAP_HASH[int(k["CHAP_A"])], SECRET.encode() +
                                decode_binary(k["CHAP_C"])).digest())):
            batch.last_step(target, f"a response {what}", 0x201, offer=str(algorithm),
                            pairs=lambda k, w=wrong: [("CHAP_N", "user"), ("CHAP_R", hexa(w(k)))])
    batch.finish()


@covers("CHAP-06")
def new_challenge(target):
    """No challenge twice, identifiers change, both differ from connection to connection."""
    challenges, identifiers = [], set()
    for _ in range(24):
        conn, keys = start(target)
        conn.close()
        challenges.append(decode_binary(keys["CHAP_C"]))
        check(0 <= int(keys["CHAP_I"]) <= 255, "CHAP_I", keys["CHAP_I"])
        identifiers.add(keys["CHAP_I"])
        check(len(challenges[-1]) >= 16, "a short challenge")
    equal(len(set(challenges)), 24, "different challenges")
    check(len(identifiers) > 8, "identifiers:", identifiers)
    # One attempt a connection: what failed cannot be tried again with a new challenge.
    conn, keys = start(target)
    with conn:
        conn.request(SECURITY, [("CHAP_N", "user"), ("CHAP_R", hexa(bytes(16)))], OPERATIONAL)
        equal(hexadecimal(answer(conn)), "0201", "status")


@covers("CHAP-07")
def random_challenge(target):
    """What a good generator's output has: no byte is constant, each bit is set in half of
    the challenges, and none has a long part of another."""
    challenges = []
    for _ in range(96):
        conn, keys = start(target)
        conn.close()
        challenges.append(decode_binary(keys["CHAP_C"]))
    length = len(challenges[0])
    for bit in range(length * 8):
        ones = sum(c[bit // 8] >> bit % 8 & 1 for c in challenges)
        # Below 1e-9 for a fair coin, over all bits below 1e-6.
        check(18 < ones < 78, f"bit {bit} is set in {ones} of 96 challenges")
    parts = [c[at:at + 4] for c in challenges for at in range(length - 3)]
    check(len(parts) - len(set(parts)) < 3, "the same four bytes in several places")


@covers("CHAP-08")
def encodings(target):
    """CHAP_R and CHAP_C in hex of either case and in base64."""
    def base(data):
        return "0b" + base64.b64encode(data).decode()

    for encode in (hexa, lambda d: "0X" + d.hex().upper(), base,
                   lambda d: "0B" + base64.b64encode(d).decode()):
        for size in (16, 17, 18):
            conn, keys = start(target)
            with conn:
                challenge = os.urandom(size)
                pairs = [("CHAP_N", "user"), ("CHAP_R", encode(proof(keys))), ("CHAP_I", "77"),
                         ("CHAP_C", encode(challenge))]
                pdu, answers = conn.exchange(SECURITY, pairs, OPERATIONAL)
                check(pdu.flags & TRANSIT, "no transition")
                equal(decode_binary(dict(answers)["CHAP_R"]),
                      chap_response(5, 77, BACK, challenge), "the target's proof")
    # An odd number of digits begins with half a byte.
    conn, keys = start(target)
    with conn:
        odd = [("CHAP_I", "0x4d"), ("CHAP_C", "0xabc")]
        _pdu, answers = conn.exchange(SECURITY, good(keys) + odd, OPERATIONAL)
        equal(decode_binary(dict(answers)["CHAP_R"]), chap_response(5, 77, BACK, b"\x0a\xbc"),
              "the target's proof of an odd challenge")
    batch = Batch()
    for wrong in ("0x", "0xzz", "0b", "0b!!!!", "0bQUJD", "0bA", "1234", "0x" + "00" * 16 + " ",
                  "0bQUJDREVGR0hJSktMTU5PUA", "abcdefgh", ""):
        batch.last_step(target, f"CHAP_R={wrong}", 0x200, [("CHAP_N", "user"), ("CHAP_R", wrong)])
    for wrong in ("0x", "0xzz", "0b!!!!", "12", ""):
        batch.last_step(target, f"CHAP_C={wrong}", 0x200,
                        lambda k, w=wrong: good(k) + [("CHAP_I", "1"), ("CHAP_C", w)])
    batch.finish()


@covers("CHAP-09")
def challenge_length(target):
    """1 to 1024 bytes, in either encoding; 1025 are refused."""
    for size in (1, 16, 1023, 1024):
        for hexadecimals in (True, False):
            chap = Chap("user", SECRET, ("target", BACK), hexadecimal=hexadecimals)
            chap.challenge = os.urandom(size)
            with Session(target.iqn, chap=chap):
                pass
    batch = Batch()
    for size in (1025, 1026, 2048, 3000):
        for encode in (hexa, lambda d: "0b" + base64.b64encode(d).decode()):
            batch.last_step(target, f"{size} bytes", 0x200, lambda k, e=encode, n=size: good(k) + [
                ("CHAP_I", "1"), ("CHAP_C", e(bytes(n)))])
    batch.finish()


@covers("CHAP-10")
def wrong_response(target):
    """0201 and the end, under every hash, one-way and mutual; nothing is proved to who
    has proved nothing."""
    batch = Batch()
    for algorithm in ALGORITHMS:
        def wrong(keys, flip=0):
            right = bytearray(proof(keys))
            right[flip] ^= 1
            return [("CHAP_N", "user"), ("CHAP_R", hexa(right))]

        for flip in (0, -1):
            batch.last_step(target, f"a wrong byte {flip}", 0x201, offer=str(algorithm),
                            pairs=lambda k, f=flip: wrong(k, f))
        batch.last_step(target, "a wrong response and a challenge", 0x201, offer=str(algorithm),
                        pairs=lambda k: wrong(k) + [("CHAP_I", "1"), ("CHAP_C", "0x0102")])
        batch.last_step(target, "another secret", 0x201, offer=str(algorithm), pairs=lambda k: [
            ("CHAP_N", "user"), ("CHAP_R", hexa(proof(k, SECRET[:-1])))])
    batch.finish()
    equal(target.sessions(), 0, "sessions")


@covers("CHAP-11")
def missing_keys(target):
    """0207 without CHAP_N or CHAP_R, with whatever else; an empty text is nothing."""
    batch = Batch()
    back = [("CHAP_I", "1"), ("CHAP_C", "0x01020304")]
    for what, pairs in (
            ("no CHAP_N", lambda k: good(k)[1:]), ("no CHAP_R", lambda k: good(k)[:1]),
            ("neither", lambda k: []), ("a challenge only", lambda k: back),
            ("no CHAP_R, but a challenge", lambda k: good(k)[:1] + back),
            ("no CHAP_N, but a challenge", lambda k: good(k)[1:] + back)):
        for to in (None, OPERATIONAL, FFP):
            batch.last_step(target, what, 0x207, pairs, to)
    batch.finish()
    # Beginning anew is none of the steps.
    batch.last_step(target, "CHAP_A again", 0x200, [("CHAP_A", "5")])
    batch.last_step(target, "AuthMethod again", 0x200, [("AuthMethod", "CHAP")])
    batch.last_step(target, "AuthMethod=None", 0x200, [("AuthMethod", "None")])
    batch.finish()
    equal(target.sessions(), 0, "sessions")


@covers("CHAP-12")
def response_length(target):
    """A response that is shorter or longer than its hash is refused."""
    batch = Batch()
    sizes = {5: 16, 6: 20, 7: 32, 8: 32}
    for algorithm, size in sizes.items():
        for length in (1, size - 1, size + 1, 2 * size, 1024):
            def cut(keys, n=length):
                data = (proof(keys) * 64)[:n]
                return [("CHAP_N", "user"), ("CHAP_R", hexa(data))]
            batch.last_step(target, f"{length} bytes of {size}", 0x200, cut, offer=str(algorithm))
    batch.finish()


@covers("CHAP-13")
def reflected_challenge(target):
    """Our own challenge as the initiator's: 0201, with a good response beside it."""
    batch = Batch()
    for algorithm in ALGORITHMS:
        for encode in (hexa, lambda d: "0b" + base64.b64encode(d).decode()):
            batch.last_step(target, "a reflected challenge", 0x201, offer=str(algorithm),
                            pairs=lambda k, e=encode: good(k) + [
                                ("CHAP_I", k["CHAP_I"]), ("CHAP_C", e(decode_binary(k["CHAP_C"])))])
    # That of a connection which is waiting for its response.
    other, keys = start(target)
    batch.last_step(target, "another connection's challenge", 0x201, lambda k: good(k) + [
        ("CHAP_I", keys["CHAP_I"]), ("CHAP_C", keys["CHAP_C"])])
    batch.finish()
    with other:
        other.exchange(SECURITY, good(keys), OPERATIONAL)


@covers("CHAP-14")
def own_response(target):
    """A CHAP_R that our own secret makes is refused, under the right name and ours."""
    batch = Batch()
    for algorithm in ALGORITHMS:
        for name in ("user", "target"):
            batch.last_step(target, f"our own response as {name}", 0x201, offer=str(algorithm),
                            pairs=lambda k, n=name: [("CHAP_N", n),
                                                     ("CHAP_R", hexa(proof(k, BACK)))])
    batch.finish()
    # Where both secrets are the same, a good response is such a response.
    with Target("same", auth=True) as same:
        try:
            same.auth(**{**MUTUAL, "password_mutual": SECRET})
        except OSError:
            return
        batch.last_step(same, "the secret of both directions", 0x201, good)
        batch.finish()


@covers("CHAP-16")
def half_a_challenge(target):
    """CHAP_I without CHAP_C, or the other way round: 0207. Identifiers end at 255."""
    batch = Batch()
    batch.last_step(target, "CHAP_I alone", 0x207, lambda k: good(k) + [("CHAP_I", "1")])
    batch.last_step(target, "CHAP_C alone", 0x207, lambda k: good(k) + [("CHAP_C", "0x01")])
    for wrong in ("256", "-1", "", "x", "0x100", str(2 ** 32), str(2 ** 64)):
        batch.last_step(target, f"CHAP_I={wrong}", 0x200, lambda k, w=wrong: good(k) + [
            ("CHAP_I", w), ("CHAP_C", "0x0102")])
    batch.finish()


@covers("CHAP-20")
def early_transit(target):
    """T = 1 in every step, as boot ROMs have it, skips none of them."""
    who = names(INITIATOR, target.iqn)
    for to in (OPERATIONAL, FFP):
        with LoginConn() as conn:
            pdu, answers = conn.exchange(SECURITY, who + [("AuthMethod", "CHAP,None")], to)
            equal((pdu.flags, dict(answers)["AuthMethod"]), (0, "CHAP"), "after AuthMethod")
            pdu, answers = conn.exchange(SECURITY, [("CHAP_A", "5")], to)
            equal(pdu.flags, 0, "flags after CHAP_A")
            pdu, _answers = conn.exchange(SECURITY, good(dict(answers)), to)
            check(pdu.flags & TRANSIT, "no T after the proof")
            equal(bool(pdu.half(14)), to == FFP, "TSIH")
        batch = Batch()
        batch.last_step(target, "T instead of a proof", 0x207, [], to)
        batch.last_step(target, "T with a wrong proof", 0x201,
                        [("CHAP_N", "user"), ("CHAP_R", hexa(bytes(16)))], to)
        batch.finish()
        with LoginConn() as conn:
            conn.exchange(SECURITY, who + [("AuthMethod", "CHAP")], to)
            conn.request(OPERATIONAL, [], FFP)
            equal(hexadecimal(answer(conn)), "0200", "status of a skipped stage")
    equal(target.sessions(), 0, "sessions")


@covers("CHAP-21")
def no_hint(target):
    """An unknown name and a wrong secret: the same status after the same time; not more
    time for a response that is nearly right."""
    kinds = {"name": lambda k: [("CHAP_N", "nobody"), ("CHAP_R", hexa(proof(k)))],
             "long name": lambda k: [("CHAP_N", "n" * 255), ("CHAP_R", hexa(proof(k)))],
             "secret": lambda k: [("CHAP_N", "user"), ("CHAP_R", hexa(bytes(16)))],
             "last byte": lambda k: [("CHAP_N", "user"),
                                     ("CHAP_R", hexa(proof(k)[:-1] + b"\0"))],
             "mutual": lambda k: [("CHAP_N", "user"), ("CHAP_R", hexa(bytes(16))),
                                  ("CHAP_I", "1"), ("CHAP_C", "0x0102")]}
    times = {}
    for kind, pairs in kinds.items():
        samples = []
        for _ in range(2):
            conn, keys = start(target)
            with conn:
                text = pairs(keys)
                begin = time.monotonic()
                conn.request(SECURITY, text, OPERATIONAL)
                equal(hexadecimal(answer(conn)), "0201", f"status of a wrong {kind}")
                samples.append(time.monotonic() - begin)
        times[kind] = min(samples)
    check(max(times.values()) - min(times.values()) < patience(0.1), "times:", times)
