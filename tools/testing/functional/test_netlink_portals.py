# SPDX-License-Identifier: GPL-2.0
"""Portals over netlink, and what a session's connection is doing: the operations and
the verbs `portals` and `sessions`. See genl.py."""

import os
import random
import socket
import time

import harness
from genl import Genl
from harness import check, equal, run, wait_for
from session import Session, read10
from target import ADDRESS, PORT, Target
from test_cli import NOBODY, TOOL, build, tool, tool_json
from test_netlink import Churn, in_namespace

LOOPBACK = bytes((127, 0, 0, 1))


def netns():
    return os.stat("/proc/self/ns/net").st_ino


def test_portals():
    """portal-get shows each portal of each group in the order of mkdir, who is logging
    in there, and what a filter names."""
    with Target("a", tag=7, portals=("127.0.0.1:3260", "[::1]:3261")) as one, \
            Target("b", enable=False, portals=("127.0.0.1:3260",)) as two, Genl() as client:
        plain = {"netns": netns(), "logins": 0, "evicted": 0, "refused": 0}
        first = {"address": LOOPBACK, "port": 3260, **plain}
        second = {"address": bytes(15) + b"\1", "port": 3261, **plain}
        expected = [{**first, "target": one.iqn, "tag": 7, "enabled": 1},
                    {**second, "target": one.iqn, "tag": 7, "enabled": 1},
                    {**first, "target": two.iqn, "tag": 1, "enabled": 0}]
        equal(client.dump("portal-get"), expected, "all portals")
        equal(client.dump("portal-get", target=one.iqn.upper()), expected[:2], "of one target")
        equal(client.dump("portal-get", tag=1), expected[2:], "with one tag")
        equal(client.dump("portal-get", target=one.iqn, tag=1), [], "of no group")
        with socket.create_connection((ADDRESS, PORT)):
            wait_for(lambda: client.dump("portal-get", tag=7)[0]["logins"] == 1, "a login")
            equal([p["logins"] for p in client.dump("portal-get")], [1, 0, 1],
                  "logins of those who share the address")
        wait_for(lambda: client.dump("portal-get", tag=7)[0]["logins"] == 0, "its end")
        os.rmdir(f"{one.tpg}/np/127.0.0.1:3260")
        os.mkdir(f"{one.tpg}/np/127.0.0.1:3260")
        equal(client.dump("portal-get"), expected[1:] + expected[:1], "made again")
    with Genl() as client:
        equal(client.dump("portal-get"), [], "without targets")


test_portals.quick = True


def elsewhere(target):
    os.mkdir(target.tpg + "/np/127.0.0.2:3260")
    with Genl() as client:
        return netns(), client.dump("portal-get")


def test_namespaces():
    """Another network namespace sees its own portals only, also of a group that has
    others; the initial one sees all."""
    with Target("t") as target, Genl() as client:
        inode, shown = in_namespace(elsewhere, target)
        equal([(p["netns"], p["address"]) for p in shown],
              [(inode, bytes((127, 0, 0, 2)))], "from elsewhere")
        equal([p["netns"] for p in client.dump("portal-get")], [netns(), inode], "from here")


test_namespaces.quick = True


def test_dump():
    """Portals that stay are in every dump exactly once, whoever comes and goes."""
    def come_and_go():
        path = f"{target.tpg}/np/127.0.0.1:{rng.randrange(4000, 5000)}"
        os.mkdir(path)
        os.rmdir(path)

    rng = random.Random(5)
    with Target("x" * 190) as target, Genl() as client:
        ports = list(range(5001, 5001 + harness.scaled(100, 30)))
        for port in ports:
            os.mkdir(f"{target.tpg}/np/127.0.0.1:{port}")
        with Churn(come_and_go) as churn:
            for _ in range(harness.scaled(40, 5)):
                found = [p["port"] for p in client.dump("portal-get")]
                equal(len(found), len(set(found)), "portals that are shown once")
                equal([port for port in found if port == PORT or port > 5000], [PORT] + ports,
                      "those that stay")
            wait_for(lambda: churn.rounds > 3, "guests")


def test_activity():
    """What a session's connection is doing: how long it has been there, silent, and how
    many commands are under way."""
    with Target("t") as target, Genl() as client:
        target.lun(0)
        with Session(target.iqn) as session:
            session.ready(0)

            def conn():
                return client.dump("session-get")[0]["connection"][0]

            session.command(read10(0, 1), read=512)
            wait_for(lambda: conn()["in-flight"] == 0, "the end of all commands")
            before = conn()["idle"]
            time.sleep(1.2)
            after = conn()
            check(after["idle"] >= before + 1000, "silence", before, after["idle"])
            check(1 <= after["age"] <= harness.patience(60), "age", after["age"])
            session.sync()
            check(conn()["idle"] < after["idle"], "silence after a ping")
            # A write whose data is owed.
            task = session.submit(bytes((0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0)), write=bytes(512),
                                  immediate=0, unsolicited=0)
            wait_for(lambda: conn()["in-flight"] == 1, "a command under way")
            session.wait(task)
            wait_for(lambda: conn()["in-flight"] == 0, "its end")


test_activity.quick = True


def test_verbs():
    """tcm-iscsi portals, sessions: as text, as JSON, as nobody."""
    build()
    equal(tool("portals"), "no portals\n", "without portals")
    with Target("t", portals=("[::1]:3260",)) as target:
        equal(tool_json("portals")["portals"], [{
            "portal": "[::1]:3260", "wwn": target.iqn, "tpgt": 1, "enable": True, "logins": 0,
            "evicted": 0, "refused": 0, "netns": netns()}], "as JSON")
        head, line = tool("portals").splitlines()
        equal(head.split(), ["PORTAL", "TARGET", "TPGT", "GROUP", "LOGINS", "EVICTED", "REFUSED",
                             "NETNS"], "head")
        equal(line.split(), ["[::1]:3260", target.iqn, "1", "enabled", "0", "0", "0",
                             str(netns())], "line")
        equal(line.index(target.iqn), head.index("TARGET"), "columns")
        check("CAP_NET_ADMIN" in tool("portals", status=5, prefix=NOBODY), "as nobody")
        with Session(target.iqn, address=("::1", PORT)):
            conn = tool_json("sessions")["sessions"][0]["connections"][0]
            check(conn["in_flight"] == 0 and conn["idle_ms"] >= 0 and conn["age"] >= 0, conn)
            check(" commands under way, silent for " in tool("sessions"), "sessions as text")
    message = run(TOOL, "portals", "x", ok=(1,)).stderr
    check("too many words" in message, message)


test_verbs.limit = 240
