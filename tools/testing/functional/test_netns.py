# SPDX-License-Identifier: GPL-2.0
"""Portals belong to the network namespace that they were made in, and end with it."""

import os
import socket
import time

import harness
from harness import check, equal, wait_for
from initiator import Node, fio, FIO_OPTIONS
from login import Refused
from netns import Namespace, wait_for_wire, wire_is_gone
from raw import ASYNC, Conn
from session import Session, discovery
from target import Target
from test_reinstate import gone

ANY = "0.0.0.0:3260"
NOT_FOUND = 0x0203


def found(address):
    session = discovery(address=(address, 3260))
    try:
        return session.send_targets()
    finally:
        session.close()


def usable(target, address):
    with Session(target.iqn, address=(address, 3260)) as session:
        session.ready(0)
        session.write_at(0, b"\1" * 4096)
        session.logout()


def refused(target, address):
    try:
        Session(target.iqn, address=(address, 3260)).close()
    except Refused as refusal:
        return refusal.status
    except OSError as error:
        return error.errno
    return 0


def test_same_portal_twice():
    """0.0.0.0:3260 in two namespaces and in the initial one: three listeners, each with its
    own target only, for logins and for discovery."""
    with Namespace("a") as a, Namespace("b") as b, Target("ns-0", portals=(ANY,)) as outside, \
            Target("ns-a", portals=()) as first, Target("ns-b", portals=()) as second:
        for target in (outside, first, second):
            target.lun(0)
        places = (a.wire(1), b.wire(2))
        with a.inside():
            first.portal(ANY)
        with b.inside():
            second.portal(ANY)
        for target, address, others in ((first, places[0], (outside, second)),
                                        (second, places[1], (outside, first)),
                                        (outside, "127.0.0.1", (first, second))):
            wait_for_wire(address)
            usable(target, address)
            for other in others:
                equal(refused(other, address), NOT_FOUND, f"{other.iqn} at {address}")
            equal([name for name, _ in found(address)], [target.iqn], f"targets at {address}")
            equal(found(address)[0][1], [f"{address}:3260,1"], "addresses")


test_same_portal_twice.quick = True


def test_shared_target():
    """One target with a portal in each of two namespaces: discovery tells of that portal
    which can be reached, and both serve the same disk."""
    with Namespace("a") as a, Namespace("b") as b, Target("ns", portals=()) as target:
        target.lun(0)
        places = (a.wire(1), b.wire(2))
        for namespace, port in ((a, 3260), (b, 3261)):
            with namespace.inside():
                target.portal(f"0.0.0.0:{port}")
        wait_for_wire(places[0])
        wait_for_wire(places[1], 3261)
        with Session(target.iqn, address=(places[0], 3260)) as one, \
                Session(target.iqn, "iqn.2026-11.test:two", address=(places[1], 3261)) as two:
            one.ready(0)
            two.ready(0)
            one.write_at(0, b"\3" * 4096)
            equal(two.read_at(0, 4096), b"\3" * 4096, "through the other namespace")
        equal(found(places[0]), [(target.iqn, [f"{places[0]}:3260,1"])], "discovery")


def test_end_of_namespace():
    """Two initiators, open-iscsi among them, each at a namespace of its own. One namespace
    ends: its portal and session go, the wire with it; the other initiator does not notice."""
    with Namespace("a") as a, Namespace("b") as b, Target("ns-a", portals=()) as first, \
            Target("ns-b", portals=()) as second:
        first.lun(0)
        second.lun(0)
        places = (a.wire(1), b.wire(2))
        with a.inside():
            first.portal(ANY)
        with b.inside():
            second.portal(ANY)
        for place in places:
            wait_for_wire(place)
        log = harness.KernelLog()
        session = Session(first.iqn, address=(places[0], 3260))
        session.ready(0)
        with Node(second, portal=f"{places[1]}:3260") as node:
            silent = Conn((places[0], 3260))        # and a login that has not begun
            disk = node.disks()[0]
            start = time.monotonic()
            a.delete()
            gone(first)
            wait_for(lambda: wire_is_gone(1), "the end of the namespace", 20)
            harness.note(f"the namespace was gone after {time.monotonic() - start:.1f} s")
            fio("--name=other", f"--filename={disk}", "--rw=randwrite", "--bs=4k", "--size=1M",
                "--verify=crc32c", *FIO_OPTIONS)
            equal(second.sessions(), 1, "sessions of the other target")
            session.expect_close((ASYNC,))
            silent.close()
        check(log.matching("portal 0.0.0.0:3260: its network namespace has ended"), log.read())
        log.close()
        # What is left is a directory, which can be removed, and made in another namespace.
        first.drop_portal(ANY)
        first.portal(ANY)
        usable(first, "127.0.0.1")
        usable(second, places[1])


def test_used_namespace_stays():
    """A namespace without a name in which a program still runs, or holds a socket, is not
    at its end."""
    with Namespace("a") as a, Target("ns-a", portals=()) as target:
        target.lun(0)
        place = a.wire(1)
        with a.inside():
            target.portal(ANY)
            mine = socket.socket()
        wait_for_wire(place)
        session = Session(target.iqn, address=(place, 3260))
        session.ready(0)
        a.delete()
        time.sleep(3)
        session.write_at(0, bytes(4096))
        usable(target, place)
        mine.close()
        session.expect_close((ASYNC,))
        gone(target)
        wait_for(lambda: wire_is_gone(1), "the end of the namespace", 20)
        check(not os.path.exists("/run/netns/functional-a"), "the name")


def test_idle_namespace():
    """A namespace with a portal and nothing else ends as well; so does one whose target is
    removed while it ends."""
    for number in range(harness.scaled(4, 2)):
        with Namespace("a") as a, Target("ns-a", portals=()) as target:
            a.wire(1)
            with a.inside():
                target.portal(ANY)
            a.delete()
            if number % 2:
                wait_for(lambda: wire_is_gone(1), "the end of the namespace", 20)
        wait_for(lambda: wire_is_gone(1), "the end of the namespace", 20)


# Each of them waits for a time to pass; of what they are about the others have a sample.
for function in (test_used_namespace_stays,):
    function.long = True
