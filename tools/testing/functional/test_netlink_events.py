# SPDX-License-Identifier: GPL-2.0
"""The multicast group of events: what is told, to whom, how much of it, and the verb
`monitor`. See genl.py."""

import errno
import json
import os
import subprocess
import time

import harness
from genl import Genl
from harness import Failure, check, equal
from raw import FINAL, NOP_OUT, RTAG
from session import Session
from target import Target
from test_cli import TOOL, build, tool, NOBODY
from test_netlink import in_child, in_namespace
from test_netlink_logins import LOOPBACK, refused

LOGICAL_UNIT_RESET = 5
DATA_DIGEST_ERROR = 2       # reason of a Reject
LIMIT = 1000


def kinds(client, count):
    return [client.event()["kind"] for _ in range(count)]


def test_events():
    """Login, refused login, task management, logout, a lost connection: each is told
    with who, where and why."""
    name = "iqn.2026-11.test:watched"
    with Target("t") as target, Target("closed", demo=False) as closed, Genl() as client:
        target.lun(0)
        client.listen()
        session = Session(target.iqn, name)
        event = client.event()
        port = session.sock.getsockname()[1]
        equal({key: event[key] for key in event if key != "time"},
              {"kind": "login", "peer-address": LOOPBACK, "peer-port": port, "initiator": name,
               "target": target.iqn, "tag": 1, "step": "session", "status": 0,
               "sid": event["sid"]}, "login")
        session.ready(0)
        equal(session.tmf(LOGICAL_UNIT_RESET, lun=0), 0, "LUN RESET")
        event = client.event()
        equal((event["kind"], event["function"], event["lun"], event["initiator"]),
              ("tmf", "LOGICAL UNIT RESET", 0, name), "task management")
        session.logout()
        session.close()
        event = client.event()
        equal((event["kind"], event["initiator"], "reason" in event), ("logout", name, False),
              "logout")
        refused(Session, closed.iqn, name)
        event = client.event()
        equal((event["kind"], event["status"], event["step"], event["tag"]),
              ("refused", 0x0202, "names", 1), "refused login")
        check("ACL" in event["reason"], event["reason"])
        session = Session(target.iqn, name)
        client.event()
        session.close()
        event = client.event()
        equal((event["kind"], event["initiator"]), ("lost", name), "a lost connection")
        check("closed by the initiator" in event["reason"], event["reason"])


test_events.quick = True


def test_digest():
    """A damaged header is told, and then the loss of the connection."""
    with Target("t") as target, Genl() as client:
        with Session(target.iqn, keys={"HeaderDigest": "CRC32C"}) as session:
            client.listen()
            session.sock.send(bytes((0x40, 0x80)) + bytes(46) + b"\1\2\3\4")
            first, second = client.event(), client.event()
            equal((first["kind"], first["reason"]), ("digest-error", "header digest"), "first")
            equal(second["kind"], "lost", "second")
            session.close()


test_digest.quick = True


def test_data_digest():
    """Damaged data is told, and refused; the session goes on."""
    with Target("t") as target, Genl() as client:
        with Session(target.iqn, keys={"DataDigest": "CRC32C"}) as session:
            sid = client.dump("session-get")[0]["sid"]
            client.listen()
            itt = session.next_itt()
            ping = session.base(NOP_OUT, FINAL, itt, {20: RTAG}, data=b"ping", immediate=True)
            damaged = bytearray(session.encode(ping))
            damaged[-1] ^= 1
            session.send_bytes(bytes(damaged))
            event = client.event()
            equal((event["kind"], event["reason"], event["sid"]),
                  ("digest-error", "data digest", sid), "event")
            session.rejected(DATA_DIGEST_ERROR)
            equal(session.nop(b"ping"), b"ping", "an answer after that")
            equal(client.dump("session-get")[0]["digest-errors"], 1, "counted")


test_data_digest.quick = True


def test_bounded():
    """More than 1000 events in a second are counted and not told; the next one that is
    told says how many there were. Nobody who logs in waits for a listener that reads
    nothing."""
    with Target("t") as target, Session(target.iqn) as session, Genl() as client:
        target.lun(0)
        session.ready(0)
        client.listen()
        client.sock.setsockopt(1, 33, 8 << 20)     # SO_RCVBUFFORCE
        deaf = Genl()
        deaf.listen()
        deaf.sock.setsockopt(1, 8, 4096)           # SO_RCVBUF
        count = harness.scaled(4000, 50)
        time.sleep(1.1)     # what was told before counts in its second
        for _ in range(count):
            session.tmf(1, tag=0x12345678)
        told, lost = 0, 0
        client.sock.settimeout(harness.patience(2))
        try:
            while True:
                event = client.event()
                equal(event["kind"], "tmf", "kind")
                told += 1
                lost += event.get("lost", 0)
        except Failure as error:
            check("no answer" in str(error), error)
        check(told + lost <= count, "events", told, lost)
        check(told >= min(count, LIMIT), "events that were told", told)
        try:
            while True:
                deaf.receive()
        except OSError as error:
            equal(error.errno, errno.ENOBUFS, "the socket of who does not read")
        except Failure:
            check(count < LIMIT, "the socket of who does not read says nothing")
        deaf.close()
        session.sync()


def forbidden():
    os.setresgid(65534, 65534, 65534)
    os.setresuid(65534, 65534, 65534)
    with Genl() as client:
        try:
            client.listen()
        except PermissionError:
            return "refused"
    return "allowed"


def elsewhere(target):
    os.mkdir(target.tpg + "/np/127.0.0.1:3260")
    with Genl() as client:
        client.listen()
        with Session(target.iqn, "iqn.2026-11.test:inside"):
            pass
        return [client.event()["initiator"] for _ in range(2)]


def test_listeners():
    """Nobody listens without CAP_NET_ADMIN; in another network namespace only what
    happens there is heard, and in the initial one everything."""
    equal(in_child(forbidden), "refused", "listening as nobody")
    with Target("here") as here, Target("there", portals=()) as there, Genl() as client:
        client.listen()
        with Session(here.iqn, "iqn.2026-11.test:outside"):
            inside = in_namespace(elsewhere, there)
        equal(inside, ["iqn.2026-11.test:inside"] * 2, "heard inside")
        found = [client.event() for _ in range(4)]
        equal(sorted((e["kind"], e["initiator"].rsplit(":")[-1]) for e in found),
              [("login", "inside"), ("login", "outside"), ("logout", "inside"),
               ("logout", "outside")], "heard here")


test_listeners.quick = True


def test_monitor():
    """tcm-iscsi monitor: a line for each event, as text and as JSON."""
    build()
    check("CAP_NET_ADMIN" in tool("monitor", status=5, prefix=NOBODY), "as nobody")
    with Target("t") as target:
        with subprocess.Popen((TOOL, "monitor", "--seconds", "20"), stdout=subprocess.PIPE,
                              text=True) as text, \
                subprocess.Popen((TOOL, "monitor", "--json", "--seconds", "20"),
                                 stdout=subprocess.PIPE, text=True) as lines:
            try:
                harness.wait_for(lambda: listeners() >= 2, "both to listen")
                with Session(target.iqn, "iqn.2026-11.test:me"):
                    pass
                found = [json.loads(lines.stdout.readline()) for _ in range(2)]
                equal([(e["event"], e["initiator"], e["wwn"], e["lost"]) for e in found],
                      [("login", "iqn.2026-11.test:me", target.iqn, 0),
                       ("logout", "iqn.2026-11.test:me", target.iqn, 0)], "as JSON")
                check(found[0]["status"] == "0000" and found[0]["step"] == "session", found[0])
                first = text.stdout.readline()
                check(" login iqn.2026-11.test:me from 127.0.0.1:" in first and
                      f" -> {target.iqn} tpgt_1, session " in first, first)
                check(" logout " in text.stdout.readline(), "second line")
            finally:
                for process in (text, lines):
                    process.kill()
                    process.wait()


test_monitor.limit = 240


def listeners():
    """Sockets of generic netlink that are members of any group."""
    with open("/proc/net/netlink", encoding="ascii") as file:
        rows = [line.split() for line in file.read().splitlines()[1:]]
    return sum(row[1] == "16" and int(row[3], 16) != 0 for row in rows)
