# SPDX-License-Identifier: GPL-2.0
"""Logging in, staying, coming back, being sent away: what the modules differ in beside
I/O. The initiators are ours, many in one process, each a script that is driven by what
the target answers; so little is done between two PDUs that the target is what counts."""

import re
import resource
import select
import socket
import struct
import threading
import time
from dataclasses import dataclass

import cases
import counts
import load
import target
from harness import check, equal, read, run, wait_for, write
from login import CONTINUE, FFP, OPERATIONAL, SECURITY, TRANSIT, Chap, decode_text, encode_text
from raw import (FINAL, IMMEDIATE, LOGIN_REQ, LOGIN_RSP, LOGOUT_REQ, LOGOUT_RSP, RTAG, TEXT_REQ,
                 TEXT_RSP, Pdu, padding)

INITIATORS = 200
IDLE = 1000
DELAY = "10ms"              # of a link, in each direction
SECRET = "a-long-secret"
KEYS = [("HeaderDigest", "None"), ("DataDigest", "None"), ("InitialR2T", "No"),
        ("ImmediateData", "Yes"), ("MaxRecvDataSegmentLength", "262144"),
        ("MaxBurstLength", "262144"), ("FirstBurstLength", "65536"),
        ("MaxOutstandingR2T", "1"), ("MaxConnections", "1"), ("ErrorRecoveryLevel", "0"),
        ("DefaultTime2Wait", "2"), ("DefaultTime2Retain", "0")]


# What tells that a disk works.
READ = cases.Case("read", "randread", "4k", 1)


@dataclass(frozen=True)
class Case:
    """least: the ratio to iscsi_target_mod that has to be reached, at most that if more
    is worse."""
    name: str
    function: object
    unit: str
    least: float = None
    more: bool = True
    arguments: tuple = ()


def encode(pdu):
    return pdu.head() + pdu.data + padding(len(pdu.data))


def login_pdu(number, stage, to, pairs, statsn=0):
    """isid and itt tell the initiators apart."""
    pdu = Pdu(LOGIN_REQ | IMMEDIATE, stage << 2 | (TRANSIT | to if to is not None else 0),
              itt=number, data=encode_text(pairs), words={24: 1, 28: statsn})
    pdu.bhs[8:14] = b"\x80" + struct.pack(">IB", number, 0)
    return encode(pdu)


def names(number, iqn):
    pairs = [("InitiatorName", f"iqn.2026-11.test:bench{number}")]
    return pairs + ([("TargetName", iqn), ("SessionType", "Normal")] if iqn else
                    [("SessionType", "Discovery")])


def logged_in(pdu):
    equal((pdu.opcode, pdu.half(36)), (LOGIN_RSP, 0), "login response and its status")
    check(not pdu.flags & CONTINUE, "a login response in pieces")
    return pdu.flags & TRANSIT and pdu.flags & 3 == FFP


def login_steps(number, iqn, auth):
    """A generator: yields bytes to send, is sent the PDU that answers. auth: CHAP, None (the
    security phase is there, though nothing is asked), or "" to leave it out, as open-iscsi
    does without a secret."""
    pairs = names(number, iqn)
    keys = KEYS if iqn else KEYS[:2]
    if auth == "CHAP":
        secret = Chap("user", SECRET)
        pdu = yield login_pdu(number, SECURITY, None, pairs + [("AuthMethod", "CHAP")])
        logged_in(pdu)
        pdu = yield login_pdu(number, SECURITY, None, [("CHAP_A", "5")], pdu.word(24) + 1)
        logged_in(pdu)
        pdu = yield login_pdu(number, SECURITY, OPERATIONAL,
                              secret.answer(decode_text(pdu.data)), pdu.word(24) + 1)
        logged_in(pdu)
        pairs = []
        statsn = pdu.word(24) + 1
    elif auth:
        pdu = yield login_pdu(number, SECURITY, OPERATIONAL, pairs + [("AuthMethod", auth)])
        logged_in(pdu)
        pairs = []
        statsn = pdu.word(24) + 1
    else:
        statsn = 0
    pdu = yield login_pdu(number, OPERATIONAL, FFP, pairs + keys, statsn)
    offered = {key for key, _value in keys}
    for _ in range(4):
        if logged_in(pdu):
            return
        more = [(key, value) for key, value in decode_text(pdu.data)
                if key not in offered and not key.startswith("Target") and
                key != "MaxRecvDataSegmentLength"]
        pdu = yield login_pdu(number, OPERATIONAL, FFP, more, pdu.word(24) + 1)
    check(False, "a login without an end")


def discovery_steps(number):
    yield from login_steps(number, None, "")
    text = Pdu(TEXT_REQ, FINAL, itt=1, data=encode_text([("SendTargets", "All")]),
               words={20: RTAG, 24: 1})
    pdu = yield encode(text)
    equal(pdu.opcode, TEXT_RSP, "answer to SendTargets")
    pdu = yield encode(Pdu(LOGOUT_REQ, FINAL, itt=2, words={24: 2}))
    equal(pdu.opcode, LOGOUT_RSP, "answer to a logout")


class Client:
    """One connection, and the script that it follows. Ready to begin when it is made."""

    def __init__(self, address, steps):
        self.address = address
        self.steps = steps
        self.buffer = b""
        self.sock = socket.socket()
        self.sock.setblocking(False)
        self.out = next(steps)
        self.done = False

    def begin(self, poll):
        self.sock.connect_ex(self.address)
        poll.register(self.sock, select.EPOLLIN | select.EPOLLOUT | select.EPOLLET)

    def ready(self, mask):
        if mask & select.EPOLLOUT and self.out:
            self.sock.sendall(self.out)
            self.out = b""
        if mask & select.EPOLLIN:
            part = self.sock.recv(65536)
            check(part, "the target closed a connection during its script")
            self.buffer += part
            self.answer()

    def answer(self):
        while len(self.buffer) >= 48 and not self.done:
            length = 48 + (int.from_bytes(self.buffer[5:8], "big") + 3 & ~3)
            if len(self.buffer) < length:
                return
            pdu = Pdu.from_bytes(self.buffer[:48])
            pdu.data = self.buffer[48:48 + pdu.dsl]
            self.buffer = self.buffer[length:]
            try:
                self.sock.sendall(self.steps.send(pdu))
            except StopIteration:
                self.done = True

    def reset(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()


def drive(clients, seconds=120):
    """From the beginning of all scripts to their ends."""
    end = time.monotonic() + seconds
    left = {client.sock.fileno(): client for client in clients}
    with select.epoll() as poll:
        for client in clients:
            client.begin(poll)
        while left:
            check(time.monotonic() < end,
                  f"{len(left)} of {len(clients)} scripts have not ended")
            for number, mask in poll.poll(1):
                client = left.get(number)
                if client:
                    client.ready(mask)
                    if client.done:
                        del left[number]


class Served:
    """A target of one module, for as long as the with statement lasts."""

    def __init__(self, peer, auth=""):
        self.peer = peer
        self.store = target.Backstore("logins", "ramdisk", 8)
        self.address = (target.ADDRESS, peer.port)
        peer.serve([self.store], False)
        if auth == "CHAP":
            peer.target.auth(userid="user", password=SECRET)
            peer.target.attrib("authentication", 1)

    @property
    def iqn(self):
        return self.peer.target.iqn

    def idle(self):
        wait_for(lambda: self.peer.target.sessions() == 0, "the end of the sessions", 60)

    def clients(self, count, first=0, auth=""):
        return [Client(self.address, login_steps(first + number, self.iqn, auth))
                for number in range(count)]

    def __enter__(self):
        return self

    def __exit__(self, *_exc):
        self.peer.remove()
        self.store.remove()


def drop(served, clients):
    for client in clients:
        client.reset()
    served.idle()


def logins_per_second(peer, auth, discovery, slow):
    """All initiators begin at once."""
    with Served(peer, auth) as served:
        finders = [Client(served.address, discovery_steps(number))
                   for number in range(INITIATORS if discovery else 0)]
        clients = served.clients(INITIATORS, auth=auth)
        if slow:
            run("tc", "qdisc", "add", "dev", "lo", "root", "netem", "delay", DELAY,
                "limit", "100000")
        try:
            began = time.monotonic()
            drive(finders)
            for client in finders:
                client.sock.close()
            drive(clients)
            took = time.monotonic() - began
        finally:
            if slow:
                run("tc", "qdisc", "del", "dev", "lo", "root")
        drop(served, clients)
    return INITIATORS / took


def memory_used():
    """Of the kernel: what is neither free, nor a process's, nor a file's."""
    write("/proc/sys/vm/drop_caches", "3")
    values = dict(re.findall(r"^(\w+):\s+(\d+) kB", read("/proc/meminfo"), re.M))
    return 1024 * (int(values["MemTotal"]) - int(values["MemFree"]) - int(values["AnonPages"]) -
                   int(values["Cached"]) - int(values["Buffers"]))


def settled_memory():
    """Freed memory comes back after a while (RCU, workers)."""
    values = []
    for _ in range(6):
        time.sleep(0.3)
        values.append(memory_used())
    return min(values)


def per_session(peer, what):
    """Memory (KiB) or threads that an idle session takes, its sockets included."""
    with Served(peer) as served:
        warm = served.clients(50)
        drive(warm)
        drop(served, warm)
        look = settled_memory if what == "memory" else lambda: len(counts.threads(peer.own))
        before = look()
        clients = []
        for first in range(0, IDLE, 100):
            some = served.clients(100, first)
            drive(some)
            clients += some
        used = look() - before
        drop(served, clients)
    return used / IDLE / (1024 if what == "memory" else 1)


def disable(peer):
    """Milliseconds that `echo 0 > enable` takes, to the last session's end."""
    with Served(peer) as served:
        clients = served.clients(INITIATORS)
        drive(clients)
        began = time.monotonic()
        served.peer.target.enable(False)
        wait_for(lambda: served.peer.target.sessions() == 0, "the end of the sessions", 60)
        took = time.monotonic() - began
        for client in clients:
            client.sock.close()
    return took * 1000


class Cut:
    """A relay to a target, whose connections can be cut."""

    def __init__(self, port, to):
        self.to = to
        self.pairs = []
        self.listener = socket.create_server((target.ADDRESS, port))
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                near, _peer = self.listener.accept()
            except OSError:
                return
            far = socket.create_connection(self.to)
            for one, other in ((near, far), (far, near)):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=self.pump, args=(one, other), daemon=True).start()
            self.pairs.append((near, far))

    @staticmethod
    def pump(one, other):
        try:
            while part := one.recv(65536):
                other.sendall(part)
        except OSError:
            pass

    def cut(self):
        for pair in self.pairs:
            for sock in pair:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                try:
                    # Wakes the thread that reads, so that closing is the last reference.
                    sock.shutdown(socket.SHUT_RD)
                except OSError:
                    pass        # it has ended already
                sock.close()
        self.pairs = []

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.cut()


def reconnection(peer):
    """Milliseconds from a connection's loss to the next block that open-iscsi reads."""
    port = peer.port + 1000
    store = target.Backstore("logins", "ramdisk", 8)
    peer.serve([store], False)
    relay = Cut(port, (target.ADDRESS, peer.port))
    portal, peer.portal = peer.portal, f"{target.ADDRESS}:{port}"
    try:
        disk = peer.connect(1, 1, False, False)[0]
        load.fio([disk], READ, ios=50)
        began = time.monotonic()
        relay.cut()
        load.fio([disk], READ, ios=1)
        took = time.monotonic() - began
        peer.disconnect()
    finally:
        peer.portal = portal
        relay.close()
        peer.remove()
        store.remove()
    return took * 1000


CASES = (
    Case("logins-one", logins_per_second, "1/s", 1.2, True, ("", False, False)),
    Case("logins-none", logins_per_second, "1/s", 1.2, True, ("None", False, False)),
    Case("logins-chap", logins_per_second, "1/s", 1.2, True, ("CHAP", False, False)),
    Case("logins-discovery", logins_per_second, "1/s", 1.2, True, ("", True, False)),
    # A login of one request and response: no target has anything to wait for.
    Case("logins-20ms-one", logins_per_second, "1/s", None, True, ("", False, True)),
    Case("logins-20ms-none", logins_per_second, "1/s", 10, True, ("None", False, True)),
    Case("logins-20ms-chap", logins_per_second, "1/s", 10, True, ("CHAP", False, True)),
    Case("idle-memory", per_session, "KiB", 0.5, False, ("memory",)),
    Case("idle-threads", per_session, "threads", None, False, ("threads",)),
    Case("disable-200", disable, "ms", None, False),
    Case("reconnection", reconnection, "ms", None, False),
)


def measure(case, modules, rounds):
    """[{…}], of each round and module."""
    found = []
    # What does not depend on the machine's mood is done once.
    for number in range(1 if case.function is per_session else min(rounds, 3)):
        for peer in modules:
            value = case.function(peer, *case.arguments)
            found.append({"case": case.name, "peer": peer.name, "round": number, "value": value,
                          "unit": case.unit, "least": case.least, "more": case.more})
    return found


def limits():
    """The process holds more sockets than it may by default."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (8192, 8192))
    write("/proc/sys/net/core/somaxconn", "4096")
