# SPDX-License-Identifier: GPL-2.0
"""Everybody at the door at once: those who belong in get in, and soon."""

import time

import harness
import history
from attackers import Crowd
from crush import Crush
from harness import check, equal, patience, wait_for
from history import From, Memory
from login import Chap
from raw import Conn
from session import Session
from target import Target
from test_history_storms import alive

SECRET = "abcdefghijklmnop"
# A portal's slots, each with all that it may own (see test_history_storms), and sessions.
NP_SLOTS = 1024
SOURCE_SLOTS = 256
SLOT_KIB, SESSION_KIB = 120, 500


def late(crush):
    """Seconds after which 99 of 100 were in; all have to get in."""
    failures, took = crush.failures(), crush.took()
    check(not failures, len(failures), "honest logins failed:", failures[:3])
    return took[int(len(took) * 0.99) - 1]


def crowd(part, count):
    """part of 2000 silent, 1000 slow, 500 guessing peers, and so many honest initiators who
    come in the same moment, all of whom get in, 99 of 100 in less than two seconds, or, where
    they need more than one among themselves, in twice that."""
    history.many_files(8192)
    with Target("crowd", auth=True) as target:
        target.lun(0)
        target.auth(userid="user", password=SECRET)
        with Crush(target, count, SECRET, patience(30)) as crush:
            alone = late(crush)
        wait_for(lambda: target.sessions() == 0, "the end of all sessions", 30)
        memory = Memory()
        log = harness.fresh_log()
        start = time.monotonic()
        with Crowd(target, int(2000 * part), int(1000 * part), int(500 * part)) as attackers:
            # There is no room any more, and some have been refused.
            wait_for(lambda: min(attackers.seen()[1:]) >= 20, "the crowd", 60)
            before = attackers.seen()
            with Crush(target, count, SECRET, patience(30)) as crush:
                check(attackers.alive(), "the attackers have gone")
                thrown, guesses = (after - then for after, then in
                                   zip(attackers.seen()[1:], before[1:]))
                memory.below(NP_SLOTS * SLOT_KIB + count * SESSION_KIB, "all of them")
                told = len(log.matching("tcm_iscsi: ")), time.monotonic() - start
                took = late(crush)
                harness.note(f"{count} honest logins at once: 99% in {took:.2f} s, without the "
                             f"crowd {alone:.2f} s; {memory.most // 1024} MiB; meanwhile "
                             f"{before[0]} silent and slow ones, {thrown} thrown out, "
                             f"{guesses} guesses")
                check(part < 1 or thrown and guesses, thrown, "thrown out,", guesses, "guesses")
                check(took < max(patience(2), 2 * alone),
                      f"99 of 100 honest logins took {took:.2f} s, without the crowd {alone:.2f}")
                equal(target.sessions(), count, "sessions")
        log.close()
        check(0 < told[0] < 10 * told[1], told[0], "lines in", told[1], "seconds")
        wait_for(lambda: target.sessions() == 0, "the end of all sessions", 30)
        with Session(target.iqn, chap=Chap("user", SECRET)) as session:
            session.ready(0)


def test_crowd():
    """A part of the crowd that suits the kernel."""
    part = min(1, max(0.1, harness.WORK / 4))
    crowd(part, int(200 * part))


def test_crowd_full():
    """All of it, with 500 honest ones."""
    crowd(1, 500)


class MaxLogins:
    """The parameter, with another value for a while."""

    path = "/sys/module/tcm_iscsi/parameters/max_logins"

    def __init__(self, value):
        self.value = value

    def __enter__(self):
        equal(harness.read(self.path).strip(), "2048", "max_logins")
        harness.write(self.path, str(self.value))

    def __exit__(self, *_exc):
        harness.write(self.path, "2048")


def test_cap_of_all_portals():
    """max_logins is for all portals together: silent peers at one of them make room for
    logins at another, and there are never more than that."""
    silent = []
    try:
        with MaxLogins(40), Target("cap", portals=("127.0.0.1:3260", "127.0.0.1:3261")) as target:
            target.lun(0)
            for number in range(120):
                silent.append(Conn(("127.0.0.1", 3260 + number % 2)))
            wait_for(lambda: alive(silent) <= 40, "room")
            for port in (3260, 3261):
                start = time.monotonic()
                with Session(target.iqn, address=("127.0.0.1", port)) as session:
                    session.ready(0)
                check(time.monotonic() - start < patience(1), "a login took long")
            check(alive(silent) >= 30, "more were closed than had to be:", alive(silent))
            check(alive(silent[:60]) == 0, "not the oldest were closed")
    finally:
        for conn in silent:
            conn.close()


def test_caps_together():
    """One address is at its cap, and all of them are at theirs: who comes from that address
    takes the place of one from there, and of nobody else, however old."""
    others, crowd_of_one = [], []
    start = time.monotonic()
    try:
        with MaxLogins(SOURCE_SLOTS + 4), Target("cap"):
            others = [From("127.0.4.1") for _ in range(4)]
            crowd_of_one = [From("127.0.4.2") for _ in range(SOURCE_SLOTS + 3)]
            wait_for(lambda: alive(crowd_of_one[:3]) == 0, "room")
            check(time.monotonic() - start < 12, "they came too slowly to be there at once")
            equal(alive(others), 4, "of another address, left")
            equal(alive(crowd_of_one[3:]), SOURCE_SLOTS, "of the crowded address, left")
    finally:
        for conn in others + crowd_of_one:
            conn.close()


test_crowd.quick = True
test_caps_together.quick = True
test_crowd.limit = 150
test_crowd_full.long = True
test_crowd_full.limit = 400
