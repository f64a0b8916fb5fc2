# SPDX-License-Identifier: GPL-2.0
"""The security history: its rows, the tests that carry their numbers, and what
those tests share. HISTORY says what the rows are about."""

import importlib
import os
import re
import resource
import threading
import time

import harness
import login
from harness import Failure, check, equal, patience, read
from login import LoginConn
from raw import LOGIN_RSP
from session import Session

HERE = os.path.dirname(os.path.abspath(__file__))
ROW = re.compile(r"^ ?(\d+)  (.*?)(?:; none: (.*))?$")


# -- rows and tests --

def rows():
    """{number: (what, why not)}"""
    found = {}
    for line in read(HERE + "/HISTORY").splitlines():
        match = ROW.match(line)
        if match:
            number = int(match[1])
            check(number not in found, "row", number, "stands there twice")
            found[number] = (match[2], match[3])
        else:
            check(not line or line.startswith("#"), "HISTORY has an odd line:", line)
    return found


def tests():
    """{number: [name]} of all test files."""
    found = {}
    for name in sorted(os.listdir(HERE)):
        if not re.fullmatch(r"test_\w+\.py", name):
            continue
        module = importlib.import_module(name[:-3])
        for function in vars(module):
            match = re.match(r"test_row_(\d+)_", function)
            if match:
                found.setdefault(int(match[1]), []).append(f"{name[5:-3]}.{function[5:]}")
    return found


def listing():
    """Lines of `run --rows`."""
    lines = []
    have = tests()
    for number, (what, why_not) in sorted(rows().items()):
        lines.append(f"{number:3}  {what}")
        lines += [f"       {name}" for name in have.get(number, [])]
        if why_not:
            lines.append(f"       none: {why_not}")
        elif number not in have:
            lines.append("       MISSING")
    return lines


# -- others, who must not notice --

class Bystander:
    """A session of somebody else. It does I/O before and after, on its own blocks,
is logged out in the end: neither may be disturbed. Where a LUN is reset, the unit
    attention that tells everybody of it is no disturbance."""

    def __init__(self, target, lba=30000, lun=0, resets=False):
        self.lba = lba
        self.lun = lun
        self.resets = resets
        self.session = Session(target.iqn, initiator="iqn.2026-11.test:bystander")
        self.session.ready(lun)
        self.check()

    def check(self):
        data = os.urandom(2048)
        if self.resets:
            self.session.ready(self.lun)
        start = time.monotonic()
        self.session.write_at(self.lba, data, self.lun)
        equal(self.session.read_at(self.lba, len(data), self.lun), data, "the bystander's blocks")
        took = time.monotonic() - start
        check(took < patience(2), f"the bystander's I/O took {took:.1f} s")

    def __enter__(self):
        return self

    def __exit__(self, kind, *_exc):
        try:
            if kind is None:
                self.check()
                self.session.logout()
        finally:
            self.session.close()


def login_seconds(target, initiator="iqn.2026-11.test:honest"):
    """How long an honest login takes."""
    start = time.monotonic()
    with Session(target.iqn, initiator=initiator) as session:
        session.sync()
        return time.monotonic() - start


def honest_login(target, limit=1):
    took = login_seconds(target)
    check(took < patience(limit), f"an honest login took {took:.2f} s")


def all_gone(target, seconds=10):
    harness.wait_for(lambda: target.sessions() == 0, "the end of all sessions", seconds)


# -- connections --

class From(LoginConn):
    """A connection from another address of this machine."""

    def __init__(self, source, **kwargs):
        self.source = source
        super().__init__(**kwargs)

    def prepare(self):
        self.sock.bind((self.source, 0))


def many_files(count=4096):
    """Sockets count as files, of which a process may have 1024 by default."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < count:
        resource.setrlimit(resource.RLIMIT_NOFILE, (count, count))
    else:
        resource.setrlimit(resource.RLIMIT_NOFILE, (count, hard))


def outcome(conn):
    """What became of a login step: status of the response, or "closed"."""
    pdu = conn.recv()
    if pdu is None:
        return "closed"
    equal(pdu.opcode, LOGIN_RSP, "opcode of the answer")
    status = pdu.half(36)
    if status:
        equal(pdu.dsl, 0, "text in a refusal")
    return status


def refused(conn, status, what):
    """The refusal has this status, and the connection ends."""
    equal(outcome(conn), status, what)
    if status != "closed":
        equal(conn.expect_close(), [], f"after the refusal of {what}")


def send_text(conn, stage, data, to=None):
    """One logical text in as many requests as it takes; those with C are answered
    by empty responses (RFC 7143 6.2)."""
    while len(data) > 8192:
        conn.request(stage, None, None, data[:8192], more=True)
        pdu, pairs = conn.response()
        equal((pdu.flags & 0xc0, pairs), (0, []), "answer to a request with C")
        data = data[8192:]
    conn.request(stage, None, to, data)


def chap_start(target, offer="5", initiator=login.INITIATOR, **kwargs):
    """A connection up to the challenge: (conn, pairs)."""
    conn = LoginConn(**kwargs)
    conn.exchange(login.SECURITY, login.names(initiator, target and target.iqn) +
                  [("AuthMethod", "CHAP")])
    _pdu, pairs = conn.exchange(login.SECURITY, [("CHAP_A", offer)])
    return conn, dict(pairs)


# -- figures --

def meminfo(name):
    """KiB"""
    match = re.search(rf"^{name}:\s+(\d+)", read("/proc/meminfo"), re.M)
    return int(match[1]) if match else 0


class Memory:
    """How much less memory is free than at the beginning, in KiB. What KASAN keeps
    in quarantine is not free either: the bound has to leave room for it."""

    def __init__(self):
        self.before = self.free()
        self.most = 0

    @staticmethod
    def free():
        return meminfo("MemFree") + meminfo("Cached") + meminfo("SReclaimable")

    def used(self):
        now = self.before - self.free()
        self.most = max(self.most, now)
        return now

    def below(self, kib, what):
        used = self.used()
        check(used < kib, f"{what}: {used} KiB of memory, more than {kib}")


def together(*actions, seconds=30):
    """Run the actions at the same time; what one of them raises is raised."""
    failures = []

    def guarded(action):
        try:
            action()
        except BaseException as error:      # pylint: disable=broad-except
            failures.append(error)

    threads = [threading.Thread(target=guarded, args=(action,), daemon=True)
               for action in actions]
    for thread in threads:
        thread.start()
    end = time.monotonic() + patience(seconds)
    for thread in threads:
        thread.join(max(0, end - time.monotonic()))
        if thread.is_alive():
            raise Failure(f"still at it after {patience(seconds):.0f} s")
    if failures:
        raise failures[0]
