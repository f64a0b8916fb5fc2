# SPDX-License-Identifier: GPL-2.0
"""Peers that mean no good, many of them, in one process. Its priority is low, because the
machine that it shares with the target is not what is tested, but not so low that it has to
stand by while honest initiators log in."""

import errno
import mmap
import os
import random
import selectors
import signal
import socket
import struct
import time

import history
import login
from raw import LOGIN_REQ, Pdu

BATCH = 25              # peers that do something before answers are looked at


def request(stage, pairs, to=None, cmdsn=1):
    """A Login Request as bytes."""
    flags = stage << 2 | (0x80 | to if to is not None else 0)
    pdu = Pdu(LOGIN_REQ | 0x40, flags, b"\x80\0\0\1\0\0\0\0", 1, {24: cmdsn})
    pdu.data = login.encode_text(pairs)
    return pdu.head() + pdu.data + bytes(-len(pdu.data) % 4)


class Peer:
    """One connection after the other from one address, never waited for."""

    per_source = 700    # more than the target lets in from one address

    def __init__(self, crowd, source):
        self.crowd = crowd
        self.source = source
        self.sock = None
        self.opened = 0
        self.closed = 0     # by the target

    def open(self):
        self.sock = socket.socket()
        self.sock.setblocking(False)
        try:
            self.sock.bind((self.source, 0))
            self.sock.connect(self.crowd.address)
        except BlockingIOError:
            pass
        except OSError as error:        # no port is free, or the queue is full
            if error.errno not in (errno.EADDRNOTAVAIL, errno.EAGAIN):
                raise
            self.close()
            return
        self.opened += 1
        self.crowd.selector.register(self.sock, selectors.EVENT_READ, self)
        self.begin()

    def begin(self):
        """The connection is being made."""

    def close(self):
        if self.sock:
            try:
                self.crowd.selector.unregister(self.sock)
            except (KeyError, ValueError):
                pass
            self.sock.close()
        self.sock = None

    def send(self, data):
        try:
            self.sock.send(data)
        except BlockingIOError:
            pass
        except OSError:
            self.close()

    def readable(self):
        try:
            data = self.sock.recv(4096)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self.answer(data)
        else:
            self.closed += 1
            self.close()

    def answer(self, data):
        """The target said something."""

    def tick(self):
        """About once a second."""
        if not self.sock:
            self.open()


class Silent(Peer):
    """Connects, and says nothing."""


class Slow(Peer):
    """Sends a good login, a byte a second."""

    def begin(self):
        self.at = 0

    def tick(self):
        if self.sock:
            self.send(self.crowd.good[self.at:self.at + 1])
            self.at += 1
        else:
            self.open()


class Guesser(Peer):
    """Goes through CHAP with a wrong secret, again and again."""

    per_source = 250    # they prove that they speak iSCSI, so nobody makes room for more

    def begin(self):
        self.step = -1
        self.next()     # on this machine the connection is there

    def next(self):
        self.step += 1
        if self.sock and self.step < len(self.crowd.guess):
            self.send(self.crowd.guess[self.step])

    def answer(self, data):
        if self.step < len(self.crowd.guess) - 1:
            self.next()


class Crowd:
    """With the statement, `counts` peers of the three kinds are at work."""

    def __init__(self, target, silent, slow, guessers, address=("127.0.0.1", 3260)):
        self.address = address
        self.selector = None
        self.counts = ((Silent, silent, 2), (Slow, slow, 3), (Guesser, guessers, 4))
        who = [("InitiatorName", "iqn.2026-11.test:crowd"), ("TargetName", target.iqn),
               ("SessionType", "Normal"), ("AuthMethod", "CHAP")]
        self.good = request(login.SECURITY, who)
        self.guess = (self.good, request(login.SECURITY, [("CHAP_A", "5")]),
                      request(login.SECURITY, [("CHAP_N", "user"), ("CHAP_R", "0x" + "5a" * 16)],
                              login.OPERATIONAL))
        self.pid = 0
        self.shared = mmap.mmap(-1, mmap.PAGESIZE)

    def peers(self):
        """All of them, in any order: each kind meets the caps that another has reached."""
        found = [kind(self, f"127.{net}.0.{1 + number // kind.per_source}")
                 for kind, count, net in self.counts for number in range(count)]
        random.Random(6).shuffle(found)
        return found

    def tell(self, peers):
        """For seen() in the other process."""
        unproven = [peer for peer in peers if not isinstance(peer, Guesser)]
        struct.pack_into("3I", self.shared, 0, sum(bool(peer.sock) for peer in unproven),
                         sum(peer.closed for peer in unproven),
                         sum(peer.closed for peer in peers if isinstance(peer, Guesser)))

    def seen(self):
        """(silent and slow peers that are connected, how often one of them was thrown out,
        guesses that came to an end)"""
        return struct.unpack_from("3I", self.shared, 0)

    def work(self):
        history.many_files(8192)
        os.nice(5)
        self.selector = selectors.EpollSelector()
        peers = self.peers()
        at = told = 0
        while True:
            if time.monotonic() > told + 0.2:
                self.tell(peers)
                told = time.monotonic()
            # Spread over the second, and answers are not kept waiting.
            end = time.monotonic() + BATCH / len(peers)
            for _ in range(BATCH):
                peers[at % len(peers)].tick()
                at += 1
            left = 0.001
            while left > 0:
                for key, _ in self.selector.select(left):
                    key.data.readable()
                left = end - time.monotonic()

    def __enter__(self):
        self.pid = os.fork()
        if not self.pid:
            try:
                self.work()
            finally:
                os._exit(1)
        return self

    def alive(self):
        return not os.waitpid(self.pid, os.WNOHANG)[0]

    def __exit__(self, *_exc):
        try:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        except (ChildProcessError, ProcessLookupError):
            pass
        self.shared.close()
