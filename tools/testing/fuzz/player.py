# SPDX-License-Identifier: GPL-2.0
"""Plays programs (mutate.py) against a target and puts in what only the live session
knows. Every PDU that comes back is checked as any client of ours does (raw.py), and
counted."""

import collections
import os
import select
import socket
import struct
import time

import login
import raw
import recording
from harness import Failure, check
from login import LoginConn
from raw import DATA_IN, DATA_OUT, LOGIN_REQ, NOP_IN, R2T, RTAG, SCSI_CMD, TEXT_REQ, TEXT_RSP

USER, SECRET = "user", "abcdefghijklmnop"
MUTUAL = ("target", "ponmlkjihgfedcba")
INITIATOR = "iqn.2026-11.test:fuzz"
ANSWER = 1.0        # seconds that a login answer, or an R2T for a session in order, may take
QUIET = 0.03        # and after which nobody has anything to say
LOGIN_TALK = 8192   # bytes of text that a whole login may be answered with (limits.h: less)


class Gone(Exception):
    """The connection is over, by whoever's wish."""


class Live(LoginConn):
    """One connection of a program, and what is known about its session."""

    def __init__(self, plan, iqn, stats):
        super().__init__(isid=bytes.fromhex(plan["isid"]), seconds=5)
        self.plan = plan
        self.iqn = iqn
        self.stats = stats
        self.mrdsl = (1 << 24) - 1      # mutated text may declare anything
        self.at = 0
        self.full = False           # full feature phase
        self.tasks = {}             # ITT: (LUN, CDB) of commands without status
        self.r2ts = collections.defaultdict(list)
        self.text_ttt = {}
        self.pings = []
        self.chap = login.Chap(USER, SECRET, MUTUAL)
        self.challenge = None
        self.sent = self.login_text = 0
        self.digests = {}

    # -- what comes --

    def whole(self):
        """Is there a whole PDU in the buffer?"""
        if len(self.buffer) < 48:
            return False
        dsl = int.from_bytes(self.buffer[5:8], "big")
        length = 48 + 4 * self.header_digest + dsl + -dsl % 4
        return len(self.buffer) >= length + 4 * (self.data_digest and dsl > 0)

    def poll(self, seconds):
        """Everything that has come or comes within this time. Return: was there any?"""
        some = False
        while True:
            while self.whole():
                self.note(self.recv())
                some = True
            try:
                ready, _, _ = select.select([self.sock], [], [], 0 if some else seconds)
                if not ready:
                    return some
                part = self.sock.recv(262144)
            except OSError:
                part = b""
            if not part:
                self.stats.closed(self)
                raise Gone
            self.buffer += part

    def note(self, pdu):
        self.stats.answer(self, pdu)
        if pdu.opcode == raw.LOGIN_RSP:
            self.note_login(pdu)
        elif pdu.opcode == R2T:
            self.r2ts[pdu.itt].append((pdu.word(20), pdu.word(40), pdu.word(44)))
        elif pdu.opcode == raw.SCSI_RSP or (pdu.opcode == DATA_IN and pdu.flags & 1):
            self.tasks.pop(pdu.itt, None)
            self.r2ts.pop(pdu.itt, None)
        elif pdu.opcode == TEXT_RSP:
            self.text_ttt[pdu.itt] = pdu.word(20)
        elif pdu.opcode == NOP_IN and pdu.word(20) != RTAG:
            self.pings.append((pdu.itt, pdu.word(20)))

    def note_login(self, pdu):
        # No amplification: before anybody has proved anything, in any case not.
        self.login_text += len(pdu.data)
        check(self.login_text <= LOGIN_TALK, "a login was answered with", self.login_text, "bytes")
        keys = dict(pair.partition("=")[::2] for pair in
                    pdu.data.decode("latin-1").split("\0") if pair)
        if "CHAP_C" in keys:
            self.challenge = keys
        self.digests.update((key, value == "CRC32C") for key, value in keys.items()
                            if key.endswith("Digest"))
        if pdu.flags & 0x83 == 0x83 and not pdu.half(36):
            self.full = True
            self.cmdsn = pdu.word(28)
            self.header_digest = self.digests.get("HeaderDigest", False)
            self.data_digest = self.digests.get("DataDigest", False)
            self.stats.logged_in(self)

    # -- what goes --

    def filled(self, data):
        """Put the words of recording.py right."""
        data = data.replace(recording.TARGET, self.iqn.encode())
        data = data.replace(recording.INITIATOR, INITIATOR.encode())
        if recording.CHAP_R not in data:
            return data
        value = "0x00"
        if self.challenge:
            try:
                value = dict(self.chap.answer(list(self.challenge.items())))["CHAP_R"]
            except (Failure, KeyError, ValueError):
                pass            # asked for something odd, gets something odd
        return data.replace(recording.CHAP_R, value.encode())

    def tag(self, word, itt):
        """A live Target Transfer Tag, or None."""
        if word == "rtt":
            return next(iter(self.tasks), None)
        if word == "foreign":
            others = [tags for key, tags in self.r2ts.items() if key != itt and tags]
            return others[0][0][0] if others else None
        if self.r2ts.get(itt):
            return self.r2ts[itt][0][0]
        if itt in self.text_ttt:
            return self.text_ttt[itt]
        return self.pings.pop(0)[1] if self.pings else None

    def revived(self, step):
        bhs = bytearray.fromhex(step["bhs"])
        live = step["live"]
        itt = struct.unpack_from(">I", bhs, 16)[0]
        data = self.filled(recording.unpack(step["data"]))
        ahs = bytes.fromhex(step["ahs"])
        opcode = bhs[0] & 0x3f
        if "login" in live:
            bhs[8:14] = self.isid
            bhs[14:16] = b"\0\0"
        if "cmdsn" in live:
            struct.pack_into(">I", bhs, 24, self.cmdsn + step["delta"] & 0xffffffff)
            if self.full and not bhs[0] & 0x40 and not step["delta"]:
                self.cmdsn = self.cmdsn + 1 & 0xffffffff
        if "statsn" in live:
            struct.pack_into(">I", bhs, 28, self.statsn or 0)
        for word in ("ttt", "foreign", "rtt"):
            tag = self.tag(word, itt) if word in live else None
            if tag is not None:
                struct.pack_into(">I", bhs, 20, tag)
        if "length" in live:
            bhs[5:8] = len(data).to_bytes(3, "big")
        bhs[4] = len(ahs) // 4
        if opcode == SCSI_CMD and self.full:
            self.tasks[itt] = bytes(bhs[8:16])
        if opcode == DATA_OUT and bhs[1] & 0x80 and self.r2ts.get(itt):
            self.r2ts[itt].pop(0)
        return bytes(bhs), ahs, data

    def wire(self, step):
        bhs, ahs, data = self.revived(step)
        spoil = b"\xff" if step.get("digest") == "bad" else b"\0"
        out = bhs + ahs
        if self.header_digest:
            digest = raw.crc32c(out)
            out += bytes([digest[0] ^ spoil[0]]) + digest[1:]
        if data:
            data += raw.padding(len(data))
            out += data
            if self.data_digest:
                digest = raw.crc32c(data)
                out += bytes([digest[0] ^ spoil[0]]) + digest[1:]
        return out

    def send_all(self, data):
        try:
            self.sock.sendall(data)
        except socket.timeout:
            self.poll(0)        # it waits for us to read
            raise Gone from None
        except OSError:
            self.poll(0)        # what it said before it closed counts
            self.stats.closed(self)
            raise Gone from None
        self.sent += len(data)

    # -- steps --

    def step(self):
        """The next one. Return: False at the end of the program."""
        steps = self.plan["steps"]
        if self.at == len(steps):
            return False
        step = steps[self.at]
        fair = self.at < self.plan["mutated"]
        self.at += 1
        if step["op"] == "pdu":
            self.pdu(step, fair)
        elif step["op"] == "bytes":
            self.send_all(bytes.fromhex(step["hex"]))
        elif step["op"] == "pause":
            time.sleep(step["s"])
        elif step["op"] == "read":
            self.poll(QUIET)
        elif step["op"] == "fin":
            try:
                self.sock.shutdown(socket.SHUT_WR)
            except OSError:
                pass            # it was faster
            self.poll(QUIET)
            raise Gone
        return True

    def pdu(self, step, fair):
        opcode = int(step["bhs"][:2], 16) & 0x3f
        itt = int(step["bhs"][32:40], 16)
        self.poll(0)
        if opcode == DATA_OUT and "ttt" in step["live"]:
            self.await_r2t(itt, fair)
        if fair and self.full:
            self.await_window()
        if not fair:
            self.stats.mutated(self)
        data = self.wire(step)
        last = 0
        for cut in step.get("cut", ()):
            if last < cut < len(data):
                self.send_all(data[last:cut])
                last = cut
        self.send_all(data[last:])
        if not self.full or opcode == LOGIN_REQ:
            self.poll(ANSWER if fair else QUIET)
        elif opcode == TEXT_REQ:
            self.poll(QUIET)

    def await_r2t(self, itt, fair):
        end = time.monotonic() + (ANSWER if fair else QUIET)
        while not self.r2ts.get(itt) and itt in self.tasks and time.monotonic() < end:
            self.poll(QUIET)

    def await_window(self):
        end = time.monotonic() + ANSWER
        while self.max_cmdsn is not None and time.monotonic() < end and \
                0 < (self.cmdsn - self.max_cmdsn & 0xffffffff) < 0x80000000:
            self.poll(QUIET)

    def finish(self):
        """The end that the plan wants."""
        end = self.plan["end"]
        try:
            if end == "drain":
                while self.poll(QUIET):
                    pass
            elif end == "logout" and self.full:
                pdu = raw.Pdu(raw.LOGOUT_REQ | raw.IMMEDIATE, raw.FINAL, itt=0x7fff,
                              words={24: self.cmdsn, 28: self.statsn or 0})
                self.send_all(self.encode(pdu))
                while self.poll(QUIET):
                    pass
            elif end == "inside":
                self.send_all(b"\x01\x81" + os.urandom(20))
        except Gone:
            pass
        self.leave(end == "rst")

    def leave(self, reset=False):
        if self.sock.fileno() < 0:
            return
        if reset:
            self.reset()
        else:
            self.close()


def play(program, iqns, stats):
    """All connections of a program, in the order of its turns."""
    lives = []
    try:
        for plan in program["conns"]:
            lives.append(Live(plan, iqns[plan["auth"]], stats))
            stats.connections += 1
        over = set()
        for turn in program["turns"]:
            if turn in over:
                continue
            try:
                if not lives[turn].step():
                    over.add(turn)
            except Gone:
                over.add(turn)
        for number, live in enumerate(lives):
            if number not in over:
                live.finish()
    finally:
        for live in lives:
            live.leave()
