# SPDX-License-Identifier: GPL-2.0
"""Security history, before authentication: CHAP."""

import base64
import itertools
import os
import time

import harness
import login
from harness import Failure, check, equal, write
from history import Bystander, chap_start, outcome, refused, send_text, together
from login import (CHAP_HASH, FFP, OPERATIONAL, SECURITY, Chap, LoginConn, chap_response,
                   decode_binary, encode_text, names)
from session import Session, discovery
from target import ROOT, Target, fabric, reset_discovery

SECRET = "abcdefghijklmnop"
BACK = "ponmlkjihgfedcba"
ONE_WAY = {"userid": "user", "password": SECRET}
MUTUAL = {**ONE_WAY, "userid_mutual": "target", "password_mutual": BACK}
SIZES = {5: 16, 6: 20, 7: 32, 8: 32}


def chap_target(**auth):
    target = Target("chap", auth=True)
    target.lun(0)
    target.auth(**(auth or ONE_WAY))
    return target


def proof(keys, secret=SECRET):
    """The right CHAP_R, as bytes."""
    return chap_response(int(keys["CHAP_A"]), int(keys["CHAP_I"]), secret,
                         decode_binary(keys["CHAP_C"]))


def own_proof(keys, secret=SECRET):
    """The pairs of the proof's step."""
    return [("CHAP_N", "user"), ("CHAP_R", "0x" + proof(keys, secret).hex())]


def try_responses(target, algorithm, values):
    """values: [(CHAP_R, status)]. Those that fail late are waited for together."""
    late = []
    for value, status in values:
        conn, keys = chap_start(target, str(algorithm))
        equal(keys["CHAP_A"], str(algorithm), "CHAP_A")
        conn.request(SECURITY, [("CHAP_N", "user"), ("CHAP_R", value)], OPERATIONAL)
        if status == 0x201:
            late.append((conn, value))
            continue
        with conn:
            refused(conn, status, f"CHAP_R={value[:40]}({len(value)}) for {algorithm}")
    for conn, value in late:
        with conn:
            refused(conn, 0x201, f"CHAP_R={value[:40]}({len(value)}) for {algorithm}")


# Around what may be the size of a buffer, up to the longest that is legal and beyond.
FAR = (127, 128, 129, 255, 256, 257, 510, 511, 512, 513, 1023, 1024, 1025, 2047, 2048, 2049, 2050,
       4095, 4096)


def test_row_03_hex():
    """CHAP_R in hex: only as many digits as the hash has are judged, odd ones too."""
    with chap_target() as target:
        for algorithm, size in SIZES.items():
            digits = [*range(0, 2 * size + 6, 1 if harness.WORK >= 0.4 else 7), *FAR]
            values = [("0x" + "7" * n, 0x201 if (n + 1) // 2 == size else 0x200) for n in digits]
            good = "ab" * size
            for place in (0, 1, size, 2 * size - 1):
                for wrong in "gG x-\x7f":
                    values.append(("0x" + good[:place] + wrong + good[place + 1:], 0x200))
            values += [(good, 0x200), ("0y" + good, 0x200), ("x" + good, 0x200),
                       ("0X" + good, 0x201)]
            try_responses(target, algorithm, values)
            for form in ("0x", "0X"):
                conn, keys = chap_start(target, str(algorithm))
                with conn:
                    right = proof(keys).hex()
                    conn.exchange(SECURITY, [("CHAP_N", "user"), ("CHAP_R", form + right.upper())],
                                  OPERATIONAL)


def test_row_04_base64():
    """CHAP_R in base64: every length with its padding, with less and with more of it."""
    with chap_target() as target:
        for algorithm, size in SIZES.items():
            values = []
            for length in [*range(0, size + 12), 48, 63, 64, 79, 80, 255, 256, 1024, 3072]:
                text = base64.b64encode(b"\x55" * length).decode()
                values.append(("0b" + text, 0x201 if length == size else 0x200))
                if length in (size - 1, size, size + 1, 79):
                    bare = text.rstrip("=")
                    wrong = {bare + "=" * pads for pads in range(5)} - {text}
                    wrong |= {text + "AAAA", "=" + text, text[:5] + "=" + text[6:], text + "A",
                              text[:8] + "\n" + text[8:], text[:9] + "*" + text[10:]}
                    values += [("0b" + other, 0x200) for other in sorted(wrong)
                               if base64_size(other) != size]
            try_responses(target, algorithm, values)
            for form in ("0b", "0B"):
                conn, keys = chap_start(target, str(algorithm))
                with conn:
                    right = base64.b64encode(proof(keys)).decode()
                    conn.exchange(SECURITY, [("CHAP_N", "user"), ("CHAP_R", form + right)],
                                  OPERATIONAL)


def base64_size(text):
    """Decoded bytes, None if it is no base64."""
    try:
        return len(base64.b64decode(text, validate=True)) if len(text) % 4 == 0 else None
    except ValueError:
        return None


def test_row_04_challenge():
    """CHAP_C in both notations: 1 to 1024 bytes are hashed, others refused."""
    with chap_target(**MUTUAL) as target:
        for length in (1, 2, 15, 16, 17, 31, 33, 255, 256, 1023, 1024, 0, 1025, 1026, 4096):
            challenge = os.urandom(length)
            for text in ("0x" + challenge.hex(), "0b" + base64.b64encode(challenge).decode()):
                conn, keys = chap_start(target)
                with conn:
                    pairs = own_proof(keys) + [("CHAP_I", "7"), ("CHAP_C", text)]
                    send_text(conn, SECURITY, encode_text(pairs), OPERATIONAL)
                    if not 1 <= length <= 1024:
                        refused(conn, 0x200, f"CHAP_C of {length} bytes")
                        continue
                    _pdu, pairs = conn.response()
                    equal(decode_binary(dict(pairs)["CHAP_R"]),
                          chap_response(5, 7, BACK, challenge), f"answer to {length} bytes")


# -- row 14 --

def test_row_14_challenges():
    """Challenges are as long as the longest hash, never come twice, and neither their
    bytes nor the identifiers prefer anything."""
    count = harness.scaled(1000, 100)
    with chap_target() as target:
        seen, identifiers, zeros = set(), [], [0] * 256
        for number in range(count):
            conn, keys = chap_start(target, str(5 + number % 4))
            conn.close()
            challenge = decode_binary(keys["CHAP_C"])
            equal(len(challenge), 32, "bytes of a challenge")
            seen.add(challenge)
            seen.add(challenge[:8])
            identifiers.append(int(keys["CHAP_I"]))
            bits = int.from_bytes(challenge, "big")
            for bit in range(256):
                zeros[bit] += not bits >> bit & 1
        equal(len(seen), 2 * count, "different challenges and beginnings of challenges")
        # Six standard deviations: one run in a million fails by chance.
        slack = 3 * count ** 0.5 + 1
        check(all(abs(n - count / 2) < slack for n in zeros), "a bit is not random:", zeros)
        check(all(0 <= value <= 255 for value in identifiers), "CHAP_I is no byte")
        same = sum(a == b for a, b in zip(identifiers, identifiers[1:]))
        check(same <= count / 256 + 6 * (count / 256) ** 0.5 + 3, same, "identifiers stayed")
        check(len(set(identifiers)) >= min(200, count // 3), "only", len(set(identifiers)),
              "different identifiers")


def test_row_14_replay():
    """A proof that was seen on the wire is worth nothing on the next connection."""
    with chap_target() as target:
        conn, keys = chap_start(target)
        with conn:
            answer = own_proof(keys)
            conn.exchange(SECURITY, answer, OPERATIONAL)
        conns = [chap_start(target)[0] for _ in range(4)]
        for conn in conns:
            conn.request(SECURITY, answer, OPERATIONAL)
        for conn in conns:
            with conn:
                refused(conn, 0x201, "a replayed proof")


# -- row 15 --

def test_row_15_reflection():
    """An attacker without the secret sends our challenge back, on the same and on a
    second connection, with and without a proof: 0201, and no proof of ours."""
    with chap_target(**MUTUAL) as target:
        first, keys = chap_start(target)
        second, _keys = chap_start(target)
        junk = "0x" + "11" * 16
        mirrored = [("CHAP_N", "user"), ("CHAP_R", junk), ("CHAP_I", keys["CHAP_I"]),
                    ("CHAP_C", keys["CHAP_C"])]
        second.request(SECURITY, mirrored, OPERATIONAL)
        first.request(SECURITY, mirrored, OPERATIONAL)
        for conn in (first, second):
            with conn:
                refused(conn, 0x201, "a reflected challenge without a proof")
        # With the right proof of its own: the same connection's challenge, in any form.
        for form in ("0x{}", "0X{}", "0b"):
            conn, keys = chap_start(target)
            with conn:
                raw = decode_binary(keys["CHAP_C"])
                back = form.format(raw.hex()) if "{" in form else \
                    "0b" + base64.b64encode(raw).decode()
                conn.request(SECURITY, own_proof(keys) + [("CHAP_I", "200"), ("CHAP_C", back)],
                             OPERATIONAL)
                refused(conn, 0x201, "a reflected challenge")


def test_row_15_parallel():
    """The challenge of one connection sent back on another, by somebody who can prove
    himself there: refused, too, as long as it waits for its answer."""
    with chap_target(**MUTUAL) as target:
        victim, keys = chap_start(target)
        helper, helper_keys = chap_start(target)
        with victim, helper:
            helper.request(SECURITY, own_proof(helper_keys) +
                           [("CHAP_I", keys["CHAP_I"]), ("CHAP_C", keys["CHAP_C"])], OPERATIONAL)
            refused(helper, 0x201, "a challenge of another connection")
            victim.exchange(SECURITY, own_proof(keys), OPERATIONAL)


def test_row_15_equal_secrets():
    """One secret for both directions is good for nothing: every proof is refused."""
    with chap_target(userid="user", password=SECRET, userid_mutual="target",
                     password_mutual=SECRET) as target:
        conns = []
        for algorithm in CHAP_HASH:
            for mutual in (False, True):
                conn, keys = chap_start(target, str(algorithm))
                pairs = own_proof(keys)
                if mutual:
                    pairs += [("CHAP_I", "1"), ("CHAP_C", "0x" + "ab" * 16)]
                conn.request(SECURITY, pairs, OPERATIONAL)
                conns.append(conn)
        for conn in conns:
            with conn:
                refused(conn, 0x201, "a proof with the secret of both directions")
    with chap_target(**MUTUAL) as target:
        conn, keys = chap_start(target)
        with conn:      # what we ourselves would have answered
            conn.request(SECURITY, own_proof(keys, BACK), OPERATIONAL)
            refused(conn, 0x201, "a proof with the target's own secret")


# -- row 16 --

def test_row_16_timing():
    """Right and wrong beginnings, names and lengths of names: the refusals are the
    same bytes and take the same time."""
    with chap_target() as target:
        def attempt(name, change):
            conn, keys = chap_start(target)
            with conn:
                value = change(proof(keys))
                start = time.monotonic()
                conn.request(SECURITY, [("CHAP_N", name), ("CHAP_R", "0x" + value.hex())],
                             OPERATIONAL)
                pdu = conn.recv()
                took = time.monotonic() - start
                conn.expect_close()
                return took, pdu

        def all_but_last(value):
            return value[:-1] + bytes([value[-1] ^ 1])

        kinds = {"all but the last byte": ("user", all_but_last),
                 "nothing right": ("user", lambda value: bytes(b ^ 0xff for b in value)),
                 "another name": ("resu", lambda value: value),
                 "no name": ("", lambda value: value),
                 "a long name": ("u" * 255, lambda value: value)}
        fastest, answers = {}, set()
        for _round in range(2):
            for kind, (name, change) in kinds.items():
                took, pdu = attempt(name, change)
                check(took > 0.4, "a guess costs no time:", took)
                fastest[kind] = min(took, fastest.get(kind, 9))
                pdu.bhs[8:16] = bytes(8)            # ISID, TSIH
                answers.add(bytes(pdu.bhs) + pdu.data)
        equal(len(answers), 1, "different refusals")
        spread = max(fastest.values()) - min(fastest.values())
        check(spread < harness.patience(0.05), "different times:", fastest)


# -- row 17 --

def attempt(target, kind, initiator=login.INITIATOR):
    """What a login of this kind comes to: 0, a status, or "unproven" if the target
    did not convince the client."""
    chap = {"none": None, "right": Chap("user", SECRET), "wrong": Chap("user", SECRET + "x"),
            "mutual": Chap("user", SECRET, ("target", BACK)),
            "mutual wrong": Chap("user", SECRET, ("target", BACK + "x"))}[kind]
    try:
        if target is None:
            discovery(initiator=initiator, chap=chap).close()
        else:
            Session(target.iqn, initiator=initiator, chap=chap).close()
    except login.Refused as refused_login:
        return refused_login.status
    except Failure as failure:
        if "the target's CHAP_R" in str(failure):
            return "unproven"
        raise
    return 0


def expected(kind, needed, creds, mutual):
    """The row of the truth table. creds: none, half or full; half is none."""
    if kind == "none":
        return 0x201 if needed else 0
    if creds != "full" or kind == "wrong":
        return 0x201
    if kind.startswith("mutual"):
        return 0x201 if not mutual else 0 if kind == "mutual" else "unproven"
    return 0


KINDS = ("none", "right", "wrong", "mutual", "mutual wrong")
CREDS = {"none": {}, "half": {"userid": "user"}, "full": ONE_WAY}
BACK_CREDS = {"userid_mutual": "target", "password_mutual": BACK}


def run_table(cells):
    """cells: [(target, kind, initiator, expected, what)], all at the same time, since
    each wrong one takes half a second."""
    def one(cell):
        target, kind, initiator, want, what = cell
        return lambda: equal(attempt(target, kind, initiator), want, f"{kind}: {what}")

    for begin in range(0, len(cells), 64):
        together(*[one(cell) for cell in cells[begin:begin + 64]])


def test_row_17_truth_table():
    """authentication of group and ACL x credentials x who tries: all 180 logins."""
    for needed in (0, 1):
        cells = []
        with Target("chap", auth=bool(needed), demo=False) as target:
            for number, (own, creds, mutual) in enumerate(
                    itertools.product((-1, 0, 1), CREDS, (False, True))):
                acl = target.acl(f"{login.INITIATOR}{number}")
                acl.auth(**CREDS[creds], **(BACK_CREDS if mutual else {}))
                acl.attrib("authentication", own)
                asked = needed if own < 0 else own
                cells += [(target, kind, acl.name, expected(kind, asked, creds, mutual),
                           f"group {needed} ACL {own} credentials {creds} mutual {mutual}")
                          for kind in KINDS]
            run_table(cells)


def test_row_17_demo_mode():
    """The same for initiators without an ACL: what the group says counts."""
    targets, cells = [], []
    try:
        for number, (needed, creds, mutual) in enumerate(
                itertools.product((0, 1), CREDS, (False, True))):
            target = Target(f"chap{number}", auth=bool(needed))
            targets.append(target)
            target.auth(**CREDS[creds], **(BACK_CREDS if mutual else {}))
            cells += [(target, kind, login.INITIATOR, expected(kind, needed, creds, mutual),
                       f"group {needed} credentials {creds} mutual {mutual}") for kind in KINDS]
        run_table(cells)
    finally:
        for target in targets:
            target.remove()


def test_row_17_discovery():
    """enforce_discovery_auth x credentials x who tries; nothing is told before."""
    directory = f"{ROOT}/{fabric}"
    where = f"{directory}/discovery_auth/"
    with Target("open"):
        try:
            for enforce, creds, mutual in itertools.product((0, 1), CREDS, (False, True)):
                values = {name: "NULL" for name in MUTUAL}
                values.update(CREDS[creds], **(BACK_CREDS if mutual else {}))
                for name, value in values.items():
                    write(where + name, value)
                write(where + "enforce_discovery_auth", str(enforce))
                run_table([(None, kind, f"{login.INITIATOR}{number}",
                            expected(kind, enforce, creds, mutual),
                            f"enforce {enforce} credentials {creds} mutual {mutual}")
                           for number, kind in enumerate(KINDS)])
        finally:
            reset_discovery(directory)


# -- row 18 --

def late_refusals(cases, target):
    """cases: [(pairs, status)] of the proof's step; {R} stands for the right proof."""
    late = []
    for pairs, status in cases:
        conn, keys = chap_start(target)
        right = "0x" + proof(keys).hex()
        conn.request(SECURITY, [(key, value.replace("{R}", right)) for key, value in pairs],
                     OPERATIONAL)
        late.append((conn, pairs, status))
        if status != 0x201:
            late.pop()
            with conn:
                equal(outcome(conn), status, f"status of {pairs}")
    for conn, pairs, status in late:
        with conn:
            refused(conn, status, f"{pairs}")


def test_row_18_proof():
    """Each key of the proof missing, empty, twice, in every order."""
    name, right, ident, challenge = keys = [("CHAP_N", "user"), ("CHAP_R", "{R}"), ("CHAP_I", "9"),
                                            ("CHAP_C", "0x0102030405")]
    with chap_target(**MUTUAL) as target, Target("free") as free:
        free.lun(0)
        with Bystander(free):
            cases = [(list(order), 0) for order in itertools.permutations(keys)]
            cases += [([name, right], 0), ([right, name], 0)]
            for count in (1, 2, 3):
                for some in itertools.combinations(keys, count):
                    if set(some) != {name, right}:
                        cases.append((list(some), 0x207))
            for number, empty in enumerate((0x201, 0x200, 0x200, 0x200)):
                emptied = [(key, "" if at == number else value)
                           for at, (key, value) in enumerate(keys)]
                cases.append((emptied, empty))
                cases.append((keys + [keys[number]], 0x200))
                cases.append(([keys[number]] + keys, 0x200))
            for value in ("Reject", "Irrelevant", "NotUnderstood", "None", "0x", "0b", "0", "0x0"):
                cases.append(([name, ("CHAP_R", value)], 0x200))
                cases.append(([name, right, ident, ("CHAP_C", value)],
                              0 if value == "0x0" else 0x200))
            for value in ("256", "-1", "0x100", "01", "1 ", "4294967297", "0xg", "Reject"):
                cases.append(([name, right, ("CHAP_I", value), challenge], 0x200))
            cases.append(([], 0x207))
            late_refusals(cases, target)


def test_row_18_other_steps():
    """Keys of one step in another: refused, whatever else is right."""
    whole = [("CHAP_N", "user"), ("CHAP_R", "0x" + "00" * 16)]
    method, offer = ("AuthMethod", "CHAP"), ("CHAP_A", "5")
    with chap_target(**MUTUAL) as target:
        who = names(login.INITIATOR, target.iqn)
        for pairs, status in (([method, method], 0x200), ([method, offer], 0x200), ([offer], 0x200),
                              (whole, 0x200), ([method] + whole, 0x200),
                              ([("AuthMethod", "Reject")], 0x200), ([("AuthMethod", "")], 0x201),
                              ([("AuthMethod", "CHAP_")], 0x201)):
            with LoginConn() as conn:
                conn.request(SECURITY, who + pairs)
                refused(conn, status, f"first step with {pairs}")
        for pairs, status in (([], 0x207), ([method], 0x200), ([offer, offer], 0x200),
                              ([offer] + whole, 0x200), (whole, 0x200), ([("CHAP_A", "")], 0x201),
                              ([("CHAP_A", "4")], 0x201), ([("CHAP_A", "55")], 0x201),
                              ([("CHAP_A", "Reject")], 0x200), ([("CHAP_A", ",,,")], 0x201),
                              ([("CHAP_I", "1")], 0x200), ([("CHAP_C", "0x01")], 0x200)):
            with LoginConn() as conn:
                conn.exchange(SECURITY, who + [method])
                conn.request(SECURITY, pairs)
                refused(conn, status, f"second step with {pairs}")
        for extra in (method, offer, ("CHAP_A", "6")):
            late_refusals([([("CHAP_N", "user"), ("CHAP_R", "{R}"), extra], 0x200)], target)
        # Out of the stage before the proof, and after it to where it does not lead.
        for to in (OPERATIONAL, FFP):
            with LoginConn() as conn:
                conn.exchange(SECURITY, who + [method])
                pdu, _pairs = conn.exchange(SECURITY, [offer], to)
                equal(pdu.flags & 0x80, 0, "T before the proof")
        conn, keys = chap_start(target)
        with conn:
            conn.request(OPERATIONAL, [], FFP)
            refused(conn, 0x200, "the next stage without a proof")
        conn, keys = chap_start(target)
        with conn:
            done = own_proof(keys)
            conn.exchange(SECURITY, done)
            conn.request(SECURITY, done, OPERATIONAL)
            refused(conn, 0x200, "a second proof")
