# SPDX-License-Identifier: GPL-2.0
"""Peers that mean no good, many of them, in one process of low priority: the machine
that they share with the target is not what is tested."""

import errno
import os
import selectors
import signal
import socket
import time

import history
import login
from raw import LOGIN_REQ, Pdu

TARGET = ("127.0.0.1", 3260)


def request(stage, pairs, to=None, cmdsn=1):
    """A Login Request as bytes."""
    flags = stage << 2 | (0x80 | to if to is not None else 0)
    pdu = Pdu(LOGIN_REQ | 0x40, flags, b"\x80\0\0\1\0\0\0\0", 1, {24: cmdsn})
    pdu.data = login.encode_text(pairs)
    return pdu.head() + pdu.data + bytes(-len(pdu.data) % 4)


class Peer:
    """One connection after the other from one address, never waited for."""

    def __init__(self, crowd, source):
        self.crowd = crowd
        self.source = source
        self.sock = None
        self.opened = 0

    def open(self):
        self.sock = socket.socket()
        self.sock.setblocking(False)
        try:
            self.sock.bind((self.source, 0))
            self.sock.connect(TARGET)
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

    def begin(self):
        self.step = -1

    def tick(self):
        if not self.sock:
            self.open()
        elif self.step < 0:
            self.next()

    def next(self):
        self.step += 1
        if self.sock and self.step < len(self.crowd.guess):
            self.send(self.crowd.guess[self.step])

    def answer(self, data):
        if self.step < len(self.crowd.guess) - 1:
            self.next()


class Crowd:
    """With the statement, `counts` peers of the three kinds are at work."""

    def __init__(self, target, silent, slow, guessers):
        self.selector = None
        self.counts = ((Silent, silent, 2), (Slow, slow, 3), (Guesser, guessers, 4))
        who = [("InitiatorName", "iqn.2026-11.test:crowd"), ("TargetName", target.iqn),
               ("SessionType", "Normal"), ("AuthMethod", "CHAP")]
        self.good = request(login.SECURITY, who)
        self.guess = (self.good, request(login.SECURITY, [("CHAP_A", "5")]),
                      request(login.SECURITY, [("CHAP_N", "user"), ("CHAP_R", "0x" + "5a" * 16)],
                              login.OPERATIONAL))
        self.pid = 0

    def peers(self):
        for kind, count, net in self.counts:
            for number in range(count):
                yield kind(self, f"127.{net}.0.{1 + number // 250}")

    def work(self):
        history.many_files(8192)
        os.nice(19)
        self.selector = selectors.EpollSelector()
        peers = list(self.peers())
        at = 0
        while True:
            # Spread over the second.
            begin = time.monotonic()
            for _ in range(max(1, len(peers) // 20)):
                peers[at % len(peers)].tick()
                at += 1
            for key, _ in self.selector.select(0):
                key.data.readable()
            time.sleep(max(0.001, 0.05 - (time.monotonic() - begin)))

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
