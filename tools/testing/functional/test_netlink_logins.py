# SPDX-License-Identifier: GPL-2.0
"""The verdicts on logins: every way in which one can end, who sees them, the ring, and
the verb `logins`. See genl.py."""

import os
import socket
import time

import genl
import harness
from genl import DUMP, Genl
from harness import check, equal, wait_for
from login import Refused as Denied
from raw import Closed
from session import Session, discovery
from target import ADDRESS, PORT, Target
from test_cli import NOBODY, build, tool, tool_json
from test_netlink import in_namespace

LOOPBACK = bytes((127, 0, 0, 1))
RING = 1000


def latest(client, begin=1):
    return client.dump("login-get", number=begin)


def begin(client):
    """Number of the next verdict."""
    shown = latest(client)
    return shown[-1]["number"] + 1 if shown else 1


def one(client, start, what):
    """The only verdict since then, when it is there."""
    wait_for(lambda: latest(client, start), what)
    found = latest(client, start)
    equal(len(found), 1, f"verdicts: {what}")
    return found[0]


def refused(function, *args, **kwargs):
    try:
        with function(*args, **kwargs):
            raise harness.Failure("was not refused")
    except (Denied, Closed, OSError):
        pass


def test_verdicts():
    """Each end of a login has its verdict: step, status and reason, names and peer."""
    name = "iqn.2026-11.test:somebody"
    with Target("t", demo=False) as target, Target("off", enable=False) as off, Genl() as client:
        acl = target.acl(name)
        try:
            now = time.time()
            start = begin(client)
            with Session(target.iqn, name) as session:
                found = one(client, start, "success")
                port = session.sock.getsockname()[1]
                equal({key: found.get(key) for key in (
                    "peer-address", "peer-port", "portal-address", "portal-port", "initiator",
                    "target", "step", "status", "reason", "times", "sid")},
                      {"peer-address": LOOPBACK, "peer-port": port, "portal-address": LOOPBACK,
                       "portal-port": PORT, "initiator": name, "target": target.iqn,
                       "step": "session", "status": 0, "reason": None, "times": 1,
                       "sid": client.dump("session-get")[0]["sid"]}, "a login that succeeds")
                check(abs(found["time"] / 1000 - now) < harness.patience(60), "time", found["time"])
            for what, iqn, who, status, text in (
                    ("no such target", "iqn.2026-11.test:none", name, 0x0203, "no such target"),
                    ("no ACL", target.iqn, "iqn.2026-11.test:nobody", 0x0202, "ACL"),
                    ("disabled", off.iqn, name, 0x0301, "disabled")):
                start = begin(client)
                refused(Session, iqn, who)
                found = one(client, start, what)
                equal((found["step"], found["status"], found["initiator"], found["target"]),
                      ("names", status, who, iqn), what)
                check(text in found["reason"], what, found["reason"])
                check("sid" not in found, what, "session", found)
            start = begin(client)
            with discovery():
                found = one(client, start, "discovery")
                equal((found["status"], found["step"], "target" in found, "sid" in found),
                      (0, "session", False, False), "discovery")
        finally:
            acl.remove()


test_verdicts.quick = True


def test_closed():
    """A connection that is closed without an answer has a verdict without a status, as
    that of a peer that begins with something else than a login."""
    with Target("t"), Genl() as client:
        start = begin(client)
        with socket.create_connection((ADDRESS, PORT)) as sock:
            sock.send(bytes((0x40, 0x80)) + bytes(46))
            found = one(client, start, "a ping before the login")
        check("status" not in found, "status", found)
        check("not a login request" in found["reason"], "reason", found["reason"])
        check(found["step"] in ("connect", "names"), "step", found["step"])


test_closed.quick = True


def fill(client, target, what, count):
    """So many different refusals."""
    start = begin(client)
    for number in range(count):
        refused(Session, target.iqn, f"iqn.2026-11.test:{what}-{number}-{'y' * 170}")
    wait_for(lambda: begin(client) == start + count, "all of them")


def test_ring():
    """The same refusal again counts in the verdict that is there; others push out the
    oldest beyond 1000, and the numbers go on. A reader that was overtaken is told."""
    with Target("t", demo=False) as target, Genl() as client:
        start = begin(client)
        for _ in range(5):
            refused(Session, target.iqn, "iqn.2026-11.test:again")
        found = one(client, start, "five refusals")
        equal(found["times"], 5, "times")
        count = harness.scaled(RING + 50, 40)
        fill(client, target, "first", count)
        with Genl() as slow:
            slow.request(slow.operation("login-get").number, DUMP, b"")
            fill(client, target, "second", count)
            if count > RING:
                check(interrupted(slow), "a dump that was overtaken is not marked")
        shown = latest(client)
        numbers = [v["number"] for v in shown]
        equal(numbers, list(range(numbers[0], numbers[0] + len(shown))), "numbers")
        equal(numbers[-1], start + 2 * count, "the last number")
        equal(len(shown), min(RING, numbers[-1]), "verdicts that are kept")


test_ring.limit = 300


def interrupted(client):
    """Reads the dump that is under way; is any of its messages marked?"""
    marked = False
    while True:
        kind, flags, _seq, _payload = client.receive()
        marked = marked or bool(flags & 0x10)
        if kind == genl.NLMSG_DONE:
            return marked


def elsewhere(target):
    os.mkdir(target.tpg + "/np/127.0.0.1:3260")
    with Session(target.iqn, "iqn.2026-11.test:inside"), Genl() as client:
        return [v["initiator"] for v in client.dump("login-get")]


def test_namespaces():
    """Another network namespace sees the verdicts of its own portals only."""
    with Target("here") as here, Target("there", portals=()) as there, Genl() as client:
        start = begin(client)
        with Session(here.iqn, "iqn.2026-11.test:outside"):
            equal(in_namespace(elsewhere, there), ["iqn.2026-11.test:inside"], "from inside")
        equal([v["initiator"] for v in latest(client, start)],
              ["iqn.2026-11.test:outside", "iqn.2026-11.test:inside"], "from here")


test_namespaces.quick = True


def test_verb():
    """tcm-iscsi logins: as text, as JSON, for one target, as nobody."""
    build()
    with Target("t", demo=False) as target, Target("u") as other:
        refused(Session, target.iqn, "iqn.2026-11.test:who")
        refused(Session, target.iqn, "iqn.2026-11.test:who")
        with Session(other.iqn):
            shown = tool_json("logins", "--target", target.iqn)["logins"]
            equal({v["wwn"] for v in shown}, {target.iqn}, "targets")
            last = [v for v in shown if v["initiator"] == "iqn.2026-11.test:who"][-1]
            equal((last["accepted"], last["status"], last["step"], last["times"], last["sid"],
                   last["portal"]), (False, "0202", "names", 2, None, "127.0.0.1:3260"), "as JSON")
            check("ACL" in last["reason"] and last["time"].endswith("Z"), last)
            text = tool("logins")
            lines = text.splitlines()
            equal(lines[0].split(), ["TIME", "PEER", "INITIATOR", "TARGET", "STEP", "VERDICT"],
                  "head")
            check(any("refused: " in line and "(0202), 2 times" in line for line in lines), text)
            check(" session " in lines[-1], lines[-1])
        check("CAP_NET_ADMIN" in tool("logins", status=5, prefix=NOBODY), "as nobody")


test_verb.limit = 240
