# SPDX-License-Identifier: GPL-2.0
"""A raw iSCSI connection: any PDU, well-formed or not, with a time limit on
everything. What the target sends is checked for what must hold in every PDU."""

import os
import socket
import struct

from harness import Failure, check, equal, patience

RTAG = 0xffffffff
NOP_OUT, SCSI_CMD, TMF_REQ, LOGIN_REQ, TEXT_REQ, DATA_OUT, LOGOUT_REQ = range(7)
SNACK = 0x10
NOP_IN, SCSI_RSP, TMF_RSP, LOGIN_RSP, TEXT_RSP, DATA_IN, LOGOUT_RSP = range(0x20, 0x27)
R2T, ASYNC, REJECT = 0x31, 0x32, 0x3f
IMMEDIATE = 0x40
FINAL = 0x80
TARGETS = (*range(NOP_IN, LOGOUT_RSP + 1), R2T, ASYNC, REJECT)
REASONS = (*range(2, 0x0b), 0x0c)
STATUS_BEARING = (SCSI_RSP, TMF_RSP, LOGIN_RSP, TEXT_RSP, LOGOUT_RSP, ASYNC, REJECT)


def crc_table():
    table = []
    for index in range(256):
        crc = index
        for _ in range(8):
            crc = crc >> 1 ^ (0x82f63b78 if crc & 1 else 0)
        table.append(crc)
    return table


CRC = crc_table()


def crc32c(data, before=bytes(4)):
    """Little-endian bytes, as they stand on the wire. before is the digest of what
    came before data, for a digest in pieces."""
    table, crc = CRC, struct.unpack("<I", before)[0] ^ 0xffffffff
    for byte in data:
        crc = crc >> 8 ^ table[(crc ^ byte) & 0xff]
    return struct.pack("<I", crc ^ 0xffffffff)


def padding(length):
    return bytes(-length % 4)


def lun_bytes(lun):
    return lun if isinstance(lun, bytes) else struct.pack(">H6x", lun)


class Pdu:
    """A PDU. Words are named by their offset in the header: pdu.word(36)."""

    def __init__(self, opcode=0, flags=0, lun=0, itt=RTAG, words=None, data=b"", ahs=b""):
        self.bhs = bytearray(48)
        self.bhs[0] = opcode
        self.bhs[1] = flags
        self.bhs[8:16] = lun_bytes(lun)
        self.data = data
        self.padding = b""          # as received
        self.ahs = ahs
        self.set_word(16, itt)
        for offset, value in (words or {}).items():
            self.set_word(offset, value)

    @classmethod
    def from_bytes(cls, bhs):
        pdu = cls()
        pdu.bhs = bytearray(bhs)
        return pdu

    def set_word(self, offset, value):
        struct.pack_into(">I", self.bhs, offset, value & 0xffffffff)

    def word(self, offset):
        return struct.unpack_from(">I", self.bhs, offset)[0]

    def half(self, offset):
        return struct.unpack_from(">H", self.bhs, offset)[0]

    @property
    def opcode(self):
        return self.bhs[0] & 0x3f

    @property
    def flags(self):
        return self.bhs[1]

    @property
    def final(self):
        return bool(self.bhs[1] & FINAL)

    @property
    def itt(self):
        return self.word(16)

    @property
    def dsl(self):
        return int.from_bytes(self.bhs[5:8], "big")

    def head(self):
        """Header and AHS with lengths filled in."""
        check(len(self.ahs) % 4 == 0 and len(self.ahs) < 1024, "bad AHS in the test itself")
        bhs = bytearray(self.bhs)
        bhs[4] = len(self.ahs) // 4
        bhs[5:8] = len(self.data).to_bytes(3, "big")
        return bytes(bhs) + self.ahs

    def __repr__(self):
        return f"PDU {self.opcode:#04x} {self.bhs.hex(' ', 4)} +{len(self.data)}"


class Closed(Failure):
    """The target closed the connection where an answer was expected."""


class Conn:
    """One TCP connection."""

    # Are reserved fields and padding looked at in every PDU, or only by tests that
    # are about them? Other targets than ours fill them as they like.
    pedantic = True
    seconds = 10                # that an answer may take, unless a test says otherwise

    def __init__(self, address=("127.0.0.1", 3260), seconds=None):
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self.sock = socket.socket(family, socket.SOCK_STREAM)
        self.timeout(self.seconds if seconds is None else seconds)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        self.header_digest = False
        self.data_digest = False
        self.statsn = None          # of the next status, once one was seen
        self.max_cmdsn = None
        self.mrdsl = 8192           # what we declared
        try:
            self.prepare()
            self.sock.connect(address)
        except OSError:
            self.sock.close()
            raise

    def prepare(self):
        """For subclasses: what to do to the socket before it connects."""

    def timeout(self, seconds):
        self.sock.settimeout(patience(seconds))

    def send_bytes(self, data):
        self.sock.sendall(data)

    def encode(self, pdu):
        head = pdu.head()
        out = [head]
        if self.header_digest:
            out.append(crc32c(head))
        if pdu.data:
            data = pdu.data + padding(len(pdu.data))
            out.append(data)
            if self.data_digest:
                out.append(crc32c(data))
        return b"".join(out)

    def send(self, pdu):
        self.send_bytes(self.encode(pdu))

    def take(self, length):
        """Exactly length bytes, or None at the end of the stream."""
        parts = [self.buffer]
        have = len(self.buffer)
        while have < length:
            try:
                part = self.sock.recv(max(65536, length - have))
            except ConnectionResetError:
                return None
            except socket.timeout:
                raise Failure(f"no answer within {self.sock.gettimeout():.0f} s") from None
            if not part:
                return None
            parts.append(part)
            have += len(part)
        data = b"".join(parts)
        self.buffer = data[length:]
        return data[:length]

    def recv(self):
        """The next PDU, or None if the connection is over."""
        head = self.take(48)
        if head is None:
            return None
        pdu = Pdu.from_bytes(head)
        check(not head[4], "a target's PDU has AHS:", pdu)
        check(not head[0] & 0xc0, "reserved bits in byte 0 are set:", pdu)
        check(pdu.opcode in TARGETS, "not a PDU of a target:", pdu)
        check(pdu.opcode != REJECT or head[2] in REASONS, "a Reject without a valid reason:", pdu)
        if self.header_digest:
            equal(self.take(4), crc32c(head), "header digest")
        if pdu.dsl:
            check(pdu.dsl <= self.mrdsl, "longer than our MaxRecvDataSegmentLength:", pdu)
            data = self.take(pdu.dsl + -pdu.dsl % 4)
            if data is None:
                raise Closed("the connection ended inside a PDU")
            if self.data_digest:
                equal(self.take(4), crc32c(data), "data digest")
            pdu.data = data[:pdu.dsl]
            pdu.padding = data[pdu.dsl:]
            check(not self.pedantic or not any(pdu.padding), "padding is not zero")
        self.number(pdu)
        return pdu

    def number(self, pdu):
        """StatSN without gaps, MaxCmdSN never backwards."""
        if pdu.opcode == LOGIN_RSP and pdu.bhs[36]:
            return
        if pdu.opcode in STATUS_BEARING or (pdu.opcode == DATA_IN and pdu.flags & 1) or \
                (pdu.opcode == NOP_IN and pdu.itt != RTAG):
            if self.statsn is not None:
                equal(pdu.word(24), self.statsn, f"StatSN of {pdu}")
            self.statsn = pdu.word(24) + 1 & 0xffffffff
        elif pdu.opcode != DATA_IN and self.statsn is not None:
            equal(pdu.word(24), self.statsn, f"next StatSN in {pdu}")
        window = pdu.word(32) - pdu.word(28) + 1 & 0xffffffff
        check(window < 0x10000, "MaxCmdSN is far from ExpCmdSN:", pdu)
        if self.max_cmdsn is not None:
            moved = pdu.word(32) - self.max_cmdsn & 0xffffffff
            check(moved < 0x80000000, "MaxCmdSN went backwards:", pdu)
        self.max_cmdsn = pdu.word(32)

    def expect(self, opcode):
        pdu = self.recv()
        if pdu is None:
            raise Closed(f"connection closed instead of PDU {opcode:#04x}")
        if pdu.opcode != opcode:
            raise Failure(f"expected PDU {opcode:#04x}, got {pdu}")
        return pdu

    def expect_close(self, allowed=(), seconds=10):
        """The target closes; returns the PDUs it sent before, all of allowed opcodes."""
        self.timeout(seconds)
        seen = []
        while True:
            pdu = self.recv()
            if pdu is None:
                return seen
            check(pdu.opcode in allowed, "the connection should be closed, but there came", pdu)
            seen.append(pdu)

    def close(self):
        self.sock.close()

    def reset(self):
        """RST instead of FIN."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_exc):
        self.close()


def random_isid():
    return b"\x80" + os.urandom(5)
