# SPDX-License-Identifier: GPL-2.0
"""Reinstatement while old commands still run, and races for one initiator port."""

import random
import threading
import time

import harness
import login
from hang import Suspended
from harness import Failure, check, equal
from login import FFP, INITIATOR, OPERATIONAL, LoginConn, random_isid
from raw import ASYNC, Closed
from session import GOOD, Session, read10, write10
from target import Target, unload
from test_discovery import named_login
from test_reinstate import (CLEARED, NEXUS_LOSS, NO_SESSION, UNAVAILABLE, first_words, gone,
                            joins, told)
from test_stop import BUSY


class Login:
    """A login in the background: its session, or why there is none."""

    def __init__(self, function, *args, **kwargs):
        self.session = None
        self.status = None
        self.call = lambda: function(*args, **kwargs)
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        try:
            self.session = self.call()
            self.status = 0
        except login.Refused as refused:
            self.status = refused.status
        except (Failure, OSError):
            self.status = "closed"

    def waits(self):
        self.thread.join(0.3)
        check(self.status is None, "the login did not wait:", self.status)

    def result(self, seconds=10):
        self.thread.join(harness.patience(seconds))
        check(self.status is not None, "the login still waits")
        return self.status


class Stuck:
    """A target with a device that hangs, LUN 0, and one that does not; and a session
    whose write hangs."""

    def __init__(self, **kwargs):
        self.device = Suspended()
        self.kwargs = kwargs

    def __enter__(self):
        self.device.__enter__()
        self.target = Target("re", **self.kwargs)
        self.target.lun(0, kind="block", mib=8, path=self.device.path)
        self.target.lun(1)
        if not self.kwargs.get("demo", True):
            self.acl = self.target.acl(INITIATOR)
            self.acl.map(0, 0)
            self.acl.map(1, 1)
        self.session = Session(self.target.iqn)
        self.session.ready(0, 1)
        self.device.suspend()
        self.session.submit(write10(0, 8), write=b"\6" * 4096)
        self.session.sync()
        return self

    def reinstate(self):
        return Login(Session, self.target.iqn, old=self.session, seconds=40)

    def works(self, session):
        """Its LUN 0 is behind a fence until the old write has landed, and then tells of
        it, once; its LUN 1 has nothing to tell."""
        equal([told(session, 0), told(session, 1)], [BUSY, GOOD], "first words")
        self.device.resume()
        words = harness.wait_for(lambda: {told(session, 0)} - {BUSY}, "the end of the fence")
        equal(words, {CLEARED}, "first word of LUN 0")
        equal(session.read_at(0, 4096), b"\6" * 4096, "the old write")
        session.write_at(0, b"\7" * 4096)
        equal(session.read_at(0, 4096), b"\7" * 4096, "the new write")
        session.logout()

    def __exit__(self, *exc):
        self.device.resume()
        self.session.close()
        self.target.remove()
        self.device.__exit__(*exc)


def test_turn():
    """The new connection begins when the last old command has ended, if that is soon."""
    with Suspended(delay=250) as device, Target("re") as target:
        target.lun(0, kind="block", mib=8, path=device.path)
        with Session(target.iqn) as old:
            old.ready(0)
            old.submit(write10(0, 8), write=b"\6" * 4096)
            old.sync()
            with Session(target.iqn, old=old) as new:
                equal(first_words(new, 0), [CLEARED], "first words")
                equal(new.read_at(0, 4096), b"\6" * 4096, "the old write")


def test_hung():
    """It begins while an old command hangs."""
    with Stuck() as stuck:
        new = stuck.reinstate()
        stuck.session.expect_close()
        equal(new.result(1), 0, "the login")
        stuck.works(new.session)
        gone(stuck.target)


def test_lost():
    """A connection that was lost can be reinstated while its commands hang; meanwhile the
    session is there, and seen."""
    for pause in (0.2, 0.8):
        with Stuck(demo=False) as stuck:
            stuck.session.reset()
            time.sleep(pause)
            info = stuck.acl.get("info")
            check("CLEANUP_WAIT" in info and "127.0.0.1" in info, "state:", info)
            new = stuck.reinstate()
            equal(new.result(1), 0, "the login")
            check("LOGGED_IN" in stuck.acl.get("info"), "state:", stuck.acl.get("info"))
            stuck.works(new.session)
            gone(stuck.target)


def test_nobody():
    """The login that waits goes away, or comes too late: the session ends."""
    with Stuck() as stuck:
        with LoginConn(isid=stuck.session.isid, tsih=stuck.session.tsih,
                       cid=stuck.session.cid) as conn:
            conn.request(OPERATIONAL, login.names(INITIATOR, stuck.target.iqn, True), FFP)
            stuck.session.expect_close()
        stuck.device.resume()
        gone(stuck.target)
        equal(joins(stuck.target, stuck.session), NO_SESSION, "afterwards")
        with Session(stuck.target.iqn, isid=stuck.session.isid) as session:
            equal(first_words(session, 0, 1), [NEXUS_LOSS, NEXUS_LOSS], "the next session")


def test_rivals():
    """Of several that wait for one connection, the last that succeeded gets it."""
    with Stuck() as stuck:
        rivals = []
        for _ in range(4):
            rivals.append(stuck.reinstate())
            time.sleep(0.05)
        # Who comes when the wait was over already takes it from the one before.
        for rival in rivals[:-1]:
            check(rival.result() in (0, UNAVAILABLE), "another:", rival.status)
        equal(rivals[-1].result(), 0, "the last")
        stuck.works(rivals[-1].session)


def test_session_wins():
    """Session reinstatement ends a session whose connection was reinstated, and takes its
    place; what hangs is out of reach until it has ended."""
    with Stuck() as stuck:
        conn = stuck.reinstate()
        equal(conn.result(1), 0, "the connection's login")
        new = Login(Session, stuck.target.iqn, isid=stuck.session.isid, seconds=40)
        equal(new.result(1), 0, "the login")
        conn.session.expect_close()
        conn.session.close()
        equal(joins(stuck.target, stuck.session), NO_SESSION, "a session that was replaced")
        equal(first_words(new.session, 1), [NEXUS_LOSS], "first words")
        equal(new.session.command(read10(0, 8), read=4096, status=None).status, BUSY, "LUN 0")
        stuck.device.resume()
        harness.wait_for(lambda: new.session.command(read10(0, 8), read=4096,
                                                     status=None).status != BUSY, "LUN 0")
        equal(new.session.read_at(0, 4096), b"\6" * 4096, "the old write")
        new.session.logout()


def test_disable():
    """Disabling the group while a login waits, or has just had its turn: both end, and
    disabling returns when the command has."""
    with Stuck() as stuck:
        new = stuck.reinstate()
        off = Login(stuck.target.enable, False)
        check(new.result() in ("closed", UNAVAILABLE, 0), "the login:", new.status)
        if new.session:
            new.session.expect_close((ASYNC,))
        off.waits()
        stuck.device.resume()
        equal(off.result(), 0, "disabling")
        equal(stuck.target.sessions(), 0, "sessions")
        stuck.target.enable()


def test_acl():
    """The session is closed by its ACL while old commands hang: there is none to join."""
    for pause in (0.2, 0.8):
        with Stuck(demo=False) as stuck:
            stuck.session.reset()
            time.sleep(pause)
            harness.write(stuck.acl.dir + "/cmdsn_depth", "9")
            equal(joins(stuck.target, stuck.session), NO_SESSION, "the login")
            stuck.device.resume()
            gone(stuck.target)


# -- races --

class Peer(Session):
    """Does not mind being told that its session is dropped."""

    def pump(self):
        pdu = super().pump()
        self.others = [other for other in self.others if other.opcode != ASYNC]
        return pdu


class Peers:
    """Threads that log in to one port, each its own way, until told to stop."""

    def __init__(self, target, count, isids):
        self.target = target
        self.isids = [random_isid() for _ in range(isids)]
        self.known = [None] * isids
        self.stop = threading.Event()
        self.successes = [0, 0, 0]
        self.fault = None
        self.threads = [threading.Thread(target=self.run, args=(n,), daemon=True)
                        for n in range(count)]
        for thread in self.threads:
            thread.start()

    def run(self, seed):
        rng = random.Random(seed)
        while not self.stop.is_set():
            try:
                self.one(rng, rng.randrange(len(self.isids)))
            except (login.Refused, Closed, OSError):
                pass
            except BaseException as fault:      # pylint: disable=broad-except
                self.fault = self.fault or fault
                return

    def one(self, rng, port):
        isid, old = self.isids[port], self.known[port]
        kind = rng.randrange(3 if old else 2)
        if kind == 0:
            with LoginConn(isid=isid) as conn:
                named_login(conn, self.target)
                self.successes[0] += 1
            return
        session = Peer(self.target.iqn, isid=isid, old=old if kind == 2 else None)
        self.successes[kind] += 1
        self.known[port] = session
        try:
            session.submit(read10(0, 64), read=32768)
            if rng.randrange(2):
                session.sync()
            if rng.randrange(4) == 0:
                session.logout()
        finally:
            if rng.randrange(2):
                session.reset()
            session.close()

    def end(self):
        self.stop.set()
        for thread in self.threads:
            thread.join(harness.patience(30))
            check(not thread.is_alive(), "a peer does not come to an end")
        if self.fault:
            raise Failure("a peer failed") from self.fault


def test_race_peers():
    """Several peers log in to the same two ports in every way; at last nobody is left."""
    with Target("re") as target:
        target.lun(0)
        peers = Peers(target, 6, 2)
        time.sleep(harness.scaled(6, 2))
        peers.end()
        check(all(peers.successes), "successes:", peers.successes)
        gone(target)
        with Session(target.iqn) as session:
            session.ready(0)


def test_race_administrator():
    """The same while the administrator disables the group, changes the ACL, removes
    the target, and unloads the module."""
    for _ in range(harness.scaled(3)):
        target = Target("re", demo=False)
        try:
            target.lun(0)
            acl = target.acl(INITIATOR)
            acl.map(0, 0)
            peers = Peers(target, 4, 1)
            for depth in range(harness.scaled(10, 3)):
                time.sleep(0.1)
                harness.write(acl.dir + "/cmdsn_depth", str(depth + 4))
                time.sleep(0.1)
                target.enable(False)
                target.enable()
        finally:
            target.remove()
        unload()
        peers.end()


test_race_administrator.limit = 120
