# SPDX-License-Identifier: GPL-2.0
"""Logins that are sent elsewhere (RFC 7143 11.13.5, 13.8)."""

from genl import redirect
from harness import check, equal
from login import FFP, OPERATIONAL, SECURITY, LoginConn, decode_text
from logins import expect_status, guarded, normal, plain
from raw import LOGIN_RSP
from registry import covers

FIXTURE = plain
ADDRESSES = ("127.0.0.2:3260", "[2001:db8::7]:3261", "storage.example.org")


def moved(target, stage, to):
    """Status and TargetAddress values of a refusal."""
    with LoginConn() as conn:
        conn.request(stage, normal(target), to)
        pdu = conn.expect(LOGIN_RSP)
        equal(pdu.flags, 0, "T, C, CSG and NSG")
        pairs = decode_text(pdu.data)
        equal(conn.expect_close(), [], "PDUs after it")
    equal({key for key, _ in pairs}, {"TargetAddress"}, "keys")
    return f"{pdu.half(36):04x}", [value for _, value in pairs]


@covers("LOGIN-38", fixture=None)
def redirected():
    """0101 and 0102 with every address, none of which has a tag, from either stage, with
    and without security; and no more once it is taken back."""
    for make in (plain, guarded):
        with make() as target:
            for kind, status in (("temporary", "0101"), ("permanent", "0102")):
                for addresses in (ADDRESSES[:1], ADDRESSES):
                    redirect(target, kind, *addresses)
                    for stage, to in ((SECURITY, OPERATIONAL), (SECURITY, None),
                                      (OPERATIONAL, FFP)):
                        seen, where = moved(target, stage, to)
                        equal((seen, where), (status, list(addresses)), f"from stage {stage}")
                        check(not any("," in place for place in where), "a tag:", where)
            redirect(target, "none")
            expect_status(0 if make is plain else 0x201, "a login afterwards", normal(target))
