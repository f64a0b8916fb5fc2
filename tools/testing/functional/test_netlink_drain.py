# SPDX-License-Identifier: GPL-2.0
"""Draining: no new sessions, those that are there may end in good order, and the verb
`drain`. See genl.py."""

import subprocess

from genl import Genl
from harness import Failure, check, equal, wait_for
from login import Refused as Denied
from raw import ASYNC
from session import Session
from target import Target
from test_cli import NOBODY, TOOL, build, tool, tool_json

UNAVAILABLE = 0x0301


def refusal(target, initiator="iqn.2026-11.test:late"):
    """Status of a login, which has to be refused."""
    with Genl() as client:
        before = len(client.dump("login-get"))
        try:
            with Session(target.iqn, initiator):
                raise Failure("a login was not refused")
        except Denied:
            pass
        last = max(client.dump("login-get"), key=lambda v: v["time"])
        check(before <= len(client.dump("login-get")), "verdicts")
        return last["status"], last["reason"]


def test_drain():
    """draining=1 refuses new logins with 0301, and reinstatement by a new login; the
    session that is there works on; 0, or enabling the group again, ends it."""
    with Target("t") as target, Target("u") as other, Genl() as client, Genl() as ear:
        key = {"target": target.iqn, "tag": 1}
        target.lun(0)
        ear.listen()
        with Session(target.iqn) as session:
            equal(ear.event()["kind"], "login", "event")
            client.do("tpg-set", draining=1, **key)
            equal(client.do("tpg-get", **key)["draining"], 1, "shown")
            event = ear.event()
            equal((event["kind"], event["target"], event["reason"]),
                  ("drain", target.iqn, "new logins are refused"), "event")
            equal(refusal(target), (UNAVAILABLE, "portal group is being drained"), "refusal")
            session.ready(0)
            with Session(other.iqn):
                pass
            client.do("tpg-set", draining=1, **key)
            equal(client.do("tpg-get", **key)["sessions"], 1, "sessions")
        wait_for(lambda: client.do("tpg-get", **key)["sessions"] == 0, "the end")
        while True:
            event = ear.event()
            if event["kind"] == "drain":
                break
        equal((event["reason"], event["target"]), ("0 sessions are left", target.iqn), "progress")
        client.do("tpg-set", draining=0, **key)
        with Session(target.iqn):
            pass
        client.do("tpg-set", draining=1, **key)
        target.enable(False)
        target.enable()
        equal(client.do("tpg-get", **key)["draining"], 0, "after enabling")
        with Session(target.iqn):
            pass


test_drain.quick = True


def test_verb():
    """tcm-iscsi drain: asks each session, waits, reports; drops who does not log out."""
    build()
    with Target("t") as target, Genl() as client:
        check("CAP_NET_ADMIN" in tool("drain", target.iqn, status=5, prefix=NOBODY), "as nobody")
        check("no such portal group" in tool("drain", "iqn.2026-11.test:none", status=5), "none")
        polite = Session(target.iqn, "iqn.2026-11.test:polite")
        deaf = Session(target.iqn, "iqn.2026-11.test:deaf")
        with subprocess.Popen((TOOL, "drain", target.iqn, "--seconds", "3"),
                              stdout=subprocess.PIPE, text=True) as process:
            pdu = polite.other(ASYNC)
            equal((pdu.bhs[36], pdu.half(42)), (1, 3), "event and time")
            equal(polite.logout(), 0, "logout")
            polite.close()
            equal([p.bhs[36] for p in deaf.expect_close((ASYNC,))], [1, 3], "who does not")
            deaf.close()
            out = process.communicate(timeout=60)[0]
            equal(process.returncode, 0, "status")
        equal(out.splitlines(), ["1 sessions are left", "0 sessions are left",
                                 f"{target.iqn}: drained, 2 sessions were asked to log out"],
              "output")
        answer = tool_json("drain", f"{target.iqn}/1")
        equal((answer["groups"], answer["asked"], answer["left"]), (1, 0, []), "as JSON")
        equal(refusal(target)[0], UNAVAILABLE, "a login")
        equal(tool("drain", "--off", target.iqn), f"{target.iqn}: logins are served\n", "--off")
        with Session(target.iqn):
            equal(client.do("tpg-get", target=target.iqn, tag=1)["sessions"], 1, "sessions")


test_verb.limit = 240
