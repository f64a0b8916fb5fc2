# SPDX-License-Identifier: GPL-2.0
"""Many honest initiators who come in the same moment. One thread serves them all, because
hundreds of threads would measure this side's scheduler, not the target."""

import hashlib
import selectors
import socket
import time

import login
from attackers import request
from harness import check, equal
from raw import LOGIN_RSP, Pdu

KEYS = [("HeaderDigest", "None"), ("DataDigest", "None"), ("InitialR2T", "Yes"),
        ("ImmediateData", "Yes"), ("MaxBurstLength", "262144"), ("FirstBurstLength", "65536"),
        ("MaxConnections", "1"), ("ErrorRecoveryLevel", "0")]


class Candidate:
    """One of them: four exchanges, with CHAP, then it is in and stays."""

    def __init__(self, iqn, number, address, secret):
        self.address = address
        self.secret = secret.encode()
        self.sock = socket.socket()
        self.sock.setblocking(False)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock.bind((f"127.9.{number // 200}.{1 + number % 200}", 0))
        who = [("InitiatorName", f"iqn.2026-11.test:honest-{number}"), ("TargetName", iqn),
               ("SessionType", "Normal"), ("AuthMethod", "CHAP")]
        self.steps = [request(login.SECURITY, who), request(login.SECURITY, [("CHAP_A", "5")]),
                      None, request(login.OPERATIONAL, KEYS, login.FFP)]
        self.answered = 0
        self.buffer = b""
        self.began = self.took = None
        self.wrong = ""

    def begin(self):
        self.began = time.monotonic()
        try:
            self.sock.connect(self.address)
        except BlockingIOError:
            pass

    def proof(self, pairs):
        digest = hashlib.md5(bytes([int(pairs["CHAP_I"])]) + self.secret +
                             login.decode_binary(pairs["CHAP_C"])).hexdigest()
        return request(login.SECURITY, [("CHAP_N", "user"), ("CHAP_R", "0x" + digest)],
                       login.OPERATIONAL)

    def take(self, pdu, data):
        """True when it is in."""
        equal(pdu.opcode, LOGIN_RSP, "opcode of the answer")
        equal(pdu.half(36), 0, "status")
        self.answered += 1
        if self.answered == len(self.steps):
            check(pdu.half(14), "TSIH is 0 in the final response")
            self.took = time.monotonic() - self.began
            return True
        step = self.steps[self.answered]
        self.sock.send(step or self.proof(dict(login.decode_text(data))))
        return False

    def readable(self):
        """True when there is nothing more to wait for."""
        data = self.sock.recv(65536)
        check(data, "the target closed the connection")
        self.buffer += data
        while len(self.buffer) >= 48:
            pdu = Pdu.from_bytes(self.buffer[:48])
            end = 48 + pdu.dsl + -pdu.dsl % 4
            if len(self.buffer) < end:
                break
            body, self.buffer = self.buffer[48:48 + pdu.dsl], self.buffer[end:]
            if self.take(pdu, body):
                return True
        return False


class Crush:
    """All of them log in within this call of __enter__, and leave in the end."""

    def __init__(self, target, count, secret, seconds, address=("127.0.0.1", 3260)):
        self.all = [Candidate(target.iqn, number, address, secret) for number in range(count)]
        self.seconds = seconds

    def ready(self, selector, candidate, events):
        """True when it is in, or will never be."""
        try:
            if events & selectors.EVENT_WRITE:
                candidate.sock.send(candidate.steps[0])
                selector.modify(candidate.sock, selectors.EVENT_READ, candidate)
                return False
            return candidate.readable()
        except (OSError, AssertionError) as error:
            candidate.wrong = repr(error)
            return True

    def __enter__(self):
        left = len(self.all)
        with selectors.EpollSelector() as selector:
            for candidate in self.all:
                candidate.begin()
                selector.register(candidate.sock, selectors.EVENT_WRITE, candidate)
            end = time.monotonic() + self.seconds
            while left and time.monotonic() < end:
                for key, events in selector.select(0.1):
                    if self.ready(selector, key.data, events):
                        selector.unregister(key.fileobj)
                        left -= 1
        return self

    def took(self):
        return sorted(c.took for c in self.all if c.took is not None)

    def failures(self):
        return [f"{c.wrong or 'no answer'} after step {c.answered}" for c in self.all
                if c.took is None]

    def __exit__(self, *_exc):
        for candidate in self.all:
            candidate.sock.close()
