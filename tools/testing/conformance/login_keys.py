# SPDX-License-Identifier: GPL-2.0
"""Which key may stand where, how often, and what has to be answered or declared."""

from harness import check, equal
from login import (FFP, INITIATOR, OPERATIONAL, SECURITY, TRANSIT, LoginConn, encode_text, names)
from logins import (OPERATIONAL_KEYS, answer, begun, expect_status, hexadecimal, normal,
                    offered, plain, who, works)
from raw import LOGIN_RSP
from registry import covers
from session import Session
from target import Target

FIXTURE = plain
MARKERS = {"IFMarker": "No", "OFMarker": "No", "IFMarkInt": "2048~8192", "OFMarkInt": "2048~8192"}
CHAP_KEYS = {"CHAP_A": "5", "CHAP_I": "1", "CHAP_C": "0x01", "CHAP_N": "user",
             "CHAP_R": "0x" + "00" * 16}
OTHER_METHODS = {"KRB_AP_REQ": "0x01", "SRP_U": "user", "SRP_A": "0x01", "SRP_M": "0x01",
                 "TargetAuth": "Yes", "SRP_GROUP": "SRP-768"}
ALIAS = ("InitiatorAlias", "an initiator")


def tagged():
    """A portal group tag that is no default of anything, and an alias."""
    target = Target("conf", tag=4711)
    target.lun(0, mib=1)
    target.param("TargetAlias", "Disks: the new ones")
    return target


def tags(answers):
    return [value for key, value in answers if key == "TargetPortalGroupTag"]


@covers("LOGIN-29", fixture=tagged)
def portal_group_tag(target):
    """Once, in the first response that may carry text, in every session that names a
    target."""
    for pairs in (names(INITIATOR, target.iqn), who(target),
                  who(target) + [("SessionType", "Discovery")]):
        for plan in (((OPERATIONAL, FFP),), ((OPERATIONAL, None), (OPERATIONAL, FFP)),
                     ((SECURITY, FFP),), ((SECURITY, OPERATIONAL), (OPERATIONAL, FFP)),
                     ((SECURITY, None), (SECURITY, OPERATIONAL), (OPERATIONAL, None),
                      (OPERATIONAL, FFP))):
            with LoginConn() as conn:
                seen = []
                for number, (stage, to) in enumerate(plan):
                    _pdu, answers = conn.exchange(stage, pairs if not number else [], to)
                    seen.append(tags(answers))
                equal(seen, [["4711"]] + [[]] * (len(plan) - 1), f"tags in {plan}")
        text = encode_text(pairs)
        with LoginConn() as conn:
            for piece in (text[:20], text[20:40]):
                conn.request(SECURITY, None, None, piece, more=True)
                equal(conn.response()[1], [], "answer to C")
            conn.request(SECURITY, None, OPERATIONAL, text[40:])
            equal(tags(conn.response()[1]), ["4711"], "the tag after C")
            equal(tags(conn.exchange(OPERATIONAL, [], FFP)[1]), [], "the tag again")
    equal(tags(offered(None, [])), [], "tags where no target was named")


@covers("LOGIN-30", fixture=tagged)
def target_alias(target):
    """The configured alias in a normal login, once; none in discovery."""
    answers = offered(target, [])
    equal([value for key, value in answers if key == "TargetAlias"], ["Disks: the new ones"],
          "aliases")
    with LoginConn() as conn:
        answers = conn.exchange(SECURITY, names(INITIATOR, target.iqn), OPERATIONAL)[1]
        answers += conn.exchange(OPERATIONAL, [], FFP)[1]
        equal([key for key, _ in answers].count("TargetAlias"), 1, "aliases over two stages")
    check("TargetAlias" not in dict(offered(None, [])), "an alias in discovery")


@covers("LOGIN-31")
def twice(target):
    """A key that comes again is 0200: in one text, in the next request, in another stage."""
    good = names(INITIATOR, target.iqn)
    repeatable = list(OPERATIONAL_KEYS.items()) + list(MARKERS.items())
    repeatable += [ALIAS, ("X-org.example.key", "v"), ("X#NodeArchitecture", "x")]
    for pair in good + repeatable:
        pairs = good + ([] if pair in good else [pair]) + [pair]
        expect_status(0x200, f"{pair} twice", pairs)
    for pair in repeatable:
        conn, _answers = begun(target, [pair])
        with conn:
            conn.request(OPERATIONAL, [pair], FFP)
            equal(hexadecimal(answer(conn)), "0200", f"status of {pair} again")
    for pair in good[:2] + [ALIAS]:
        with LoginConn() as conn:
            conn.exchange(SECURITY, good + [ALIAS], OPERATIONAL)
            conn.request(OPERATIONAL, [pair], FFP)
            equal(hexadecimal(answer(conn)), "0200", f"status of {pair} in the next stage")
    for pairs in ([("AuthMethod", "None")] * 2, [("AuthMethod", "None"), ALIAS, ALIAS]):
        expect_status(0x200, f"{pairs} in security", good + pairs, stage=SECURITY, to=OPERATIONAL)


@covers("LOGIN-32")
def wrong_stage(target):
    """0200 for operational keys in security, for security keys in the operational stage,
    and for keys of full feature phase in both."""
    good = names(INITIATOR, target.iqn)
    for pair in list(OPERATIONAL_KEYS.items()) + list(MARKERS.items()):
        for to in (None, OPERATIONAL):
            expect_status(0x200, f"{pair} in security", good + [pair], stage=SECURITY, to=to)
    for pair in [("AuthMethod", "None"), ("AuthMethod", "CHAP")] + list(CHAP_KEYS.items()) + \
            list(OTHER_METHODS.items()):
        expect_status(0x200, f"{pair} in operational", good + [pair])
        if pair[0] != "AuthMethod":     # no method was agreed on
            expect_status(0x200, f"{pair} too early", good + [pair], stage=SECURITY, to=None)
    for stage, to in ((SECURITY, None), (OPERATIONAL, FFP)):
        expect_status(0x200, "SendTargets", good + [("SendTargets", "All")], stage=stage, to=to)


@covers("LOGIN-33")
def unknown_keys(target):
    """NotUnderstood for each, whatever its value, and the login goes on."""
    keys = ("X-org.example.key", "X-com.microsoft.thing", "Zzz", "RDMAExtensions", "A" * 63,
            "Max.Burst-Length+1@x_y", "X#Other")
    with LoginConn() as conn:
        pairs = list(zip(keys, ("v", "", "Yes", "1,2", "=", "0x0", "a=b")))
        _pdu, answers = conn.exchange(OPERATIONAL, normal(target) + pairs)
        for key in keys:
            equal(dict(answers).get(key), "NotUnderstood", f"answer to {key}")
        pdu, answers = conn.exchange(OPERATIONAL, [("Yyy", "1"), ("MaxBurstLength", "512")], FFP)
        equal(dict(answers), {"Yyy": "NotUnderstood", "MaxBurstLength": "512"}, "answers")
        check(pdu.flags & TRANSIT, "no end")
    with Session(target.iqn, keys={"X-org.example.key": "v"}) as session:
        works(session)


@covers("LOGIN-34")
def known_keys(target):
    """No key of the RFC is answered NotUnderstood, in no kind of session."""
    pairs = list(OPERATIONAL_KEYS.items()) + list(MARKERS.items())
    pairs += [("X#NodeArchitecture", "x"), ALIAS]
    for where in (target, None):
        answers = offered(where, pairs)
        check("NotUnderstood" not in [value for _, value in answers], answers)
        answered = {key for key, _ in answers}
        for key in set(OPERATIONAL_KEYS) | set(MARKERS):
            check(key in answered, "no answer to", key)
    for key, value in list(CHAP_KEYS.items()) + list(OTHER_METHODS.items()):
        with LoginConn() as conn:
            conn.request(SECURITY, names(INITIATOR, target.iqn) + [(key, value)])
            pdu = conn.expect(LOGIN_RSP)
            check(b"NotUnderstood" not in pdu.data, f"{key} in security:", pdu.data)


@covers("LOGIN-35")
def reserved_words(target):
    """Reject, Irrelevant and NotUnderstood are answers: offered, they are 0200."""
    good = names(INITIATOR, target.iqn)
    for word in ("Reject", "Irrelevant", "NotUnderstood"):
        for key in list(OPERATIONAL_KEYS) + ["IFMarker", "OFMarkInt", "X-org.example.key"]:
            expect_status(0x200, f"{key}={word}", good + [(key, word)])
        expect_status(0x200, f"AuthMethod={word}", good + [("AuthMethod", word)], stage=SECURITY,
                      to=OPERATIONAL)
    conn, _answers = begun(target)
    with conn:
        conn.request(OPERATIONAL, [("MaxBurstLength", "Reject")], FFP)
        equal(hexadecimal(answer(conn)), "0200", "status of an answer to nothing")
