# SPDX-License-Identifier: GPL-2.0
"""Portals: addresses, sharing, and what the listener does when."""

import socket

import harness
from harness import check, equal, run
from login import LoginConn, refusal
import login
from session import Session, discovery
from target import ADDRESS, PORTAL, Target

V6 = "::1"


def listening(address, port=3260):
    try:
        LoginConn((address, port)).close()
        return True
    except OSError:
        return False


def have_v6():
    try:
        with socket.socket(socket.AF_INET6) as sock:
            sock.bind((V6, 0))
    except OSError:
        raise harness.Skip("this kernel has no IPv6 loopback") from None


def test_v4_and_v6():
    """A target at both addresses: discovery names both, login works at both."""
    have_v6()
    with Target("np", portals=(PORTAL, "[::1]:3260")) as target:
        target.lun(0, mib=1)
        for address in (ADDRESS, V6):
            with Session(target.iqn, address=(address, 3260)) as session:
                session.ready(0)
                session.read_at(0, 512)
            with discovery(address=(address, 3260)) as session:
                equal(sorted(session.send_targets()[0][1]),
                      ["127.0.0.1:3260,1", "[::1]:3260,1"], "addresses")


def test_wildcard():
    """0.0.0.0 and [::]: reachable, and reported as an address one can connect to."""
    with Target("np", portals=("0.0.0.0:3260",)) as target:
        for address in (ADDRESS, "127.0.0.5"):
            with discovery(address=(address, 3260)) as session:
                equal(session.send_targets(), [(target.iqn, [f"{address}:3260,1"])], "v4")
    have_v6()
    with Target("np", portals=("[::]:3261",)) as target:
        with discovery(address=(V6, 3261)) as session:
            equal(session.send_targets(), [(target.iqn, ["[::1]:3261,1"])], "v6")
        if listening(ADDRESS, 3261):        # a mapped address is told as what it is
            with discovery(address=(ADDRESS, 3261)) as session:
                equal(session.send_targets(), [(target.iqn, ["127.0.0.1:3261,1"])], "mapped")


def test_shared():
    """One listener for two targets; it ends with the second of its portals."""
    with Target("one") as one, Target("two") as two:
        for target in (one, two):
            with Session(target.iqn):
                pass
        one.drop_portal(PORTAL)
        check(listening(ADDRESS), "gone with the first of two users")
        with LoginConn() as conn:
            equal(refusal(login.login, conn, one.iqn), 0x203, "target without this portal")
        with Session(two.iqn):
            two.drop_portal(PORTAL)
            check(not listening(ADDRESS), "there without a user")
        one.portal(PORTAL)
        with Session(one.iqn):
            pass


def test_from_mkdir():
    """The listener is there from mkdir; a disabled group says 0301, then serves."""
    with Target("np", enable=False) as target:
        check(listening(ADDRESS), "no listener before enable")
        with LoginConn() as conn:
            equal(refusal(login.login, conn, target.iqn), 0x301, "disabled")
        target.enable()
        with Session(target.iqn):
            pass
        target.enable(False)
        with LoginConn() as conn:
            equal(refusal(login.login, conn, target.iqn), 0x301, "disabled again")


test_from_mkdir.quick = True


def test_removal_spares_sessions():
    """Removing a portal closes the listener and leaves sessions alone."""
    with Target("np") as target:
        target.lun(0, mib=1)
        with Session(target.iqn) as session:
            session.ready(0)
            with LoginConn() as silent:
                target.drop_portal(PORTAL)
                check(not listening(ADDRESS), "still listening")
                equal(silent.expect_close(), [], "to a login that was under way")
            session.write_at(0, b"\1" * 512)
            equal(session.read_at(0, 512), b"\1" * 512, "the disk")
            target.portal(PORTAL)
            with Session(target.iqn):
                session.read_at(0, 512)


def test_not_local():
    """A portal at an address this machine does not have yet; then it gets it."""
    address = "192.0.2.7"
    with Target("np", portals=(f"{address}:3260", PORTAL)) as target:
        with discovery() as session:
            equal(sorted(session.send_targets()[0][1]),
                  ["127.0.0.1:3260,1", "192.0.2.7:3260,1"], "addresses")
        run("ip", "address", "add", address + "/32", "dev", "lo")
        try:
            with Session(target.iqn, address=(address, 3260)):
                pass
        finally:
            run("ip", "address", "del", address + "/32", "dev", "lo")


def test_refused_names():
    """What is no address makes mkdir fail and leaves nothing."""
    with Target("np", portals=()) as target:
        for name in ("127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536", "host:3260",
                     "[::1]", "[::1:3260", "::1:3260", "256.0.0.1:3260"):
            try:
                target.portal(name)
            except OSError:
                continue
            raise harness.Failure(f"a portal called {name!r} was made")
        target.portal(PORTAL)
        with Target("other", portals=()) as other:
            other.portal(PORTAL)
        check(listening(ADDRESS), "gone with a user that was not the last")


def test_address_in_use():
    """A port that somebody else has: mkdir fails and says so by its errno."""
    with socket.socket() as sock:
        sock.bind((ADDRESS, 3262))
        sock.listen()
        with Target("np", portals=()) as target:
            try:
                target.portal(f"{ADDRESS}:3262")
            except OSError:
                return
            raise harness.Failure("mkdir succeeded")


def test_iser_files():
    """iser and cxgbit read 0 and take 0; 1 is refused where there is no transport."""
    with Target("np") as target:
        for name in ("iser", "cxgbit"):
            path = f"{target.tpg}/np/{PORTAL}/{name}"
            equal(harness.read(path), "0\n", name)
            harness.write(path, "0")
            try:
                harness.write(path, "1")
            except OSError:
                continue
            raise harness.Failure(f"{name} took 1")
