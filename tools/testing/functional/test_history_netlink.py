# SPDX-License-Identifier: GPL-2.0
"""Security history, management: messages to the module's netlink family that no good
program sends."""

import errno
import os
import random
import socket
import struct

import harness
from harness import Skip, check, equal
from history import Bystander
from target import Target, load

NAME = "tcm_iscsi"
GENERIC, CONTROL, GET_FAMILY = 16, 0x10, 3
FAMILY_ID, FAMILY_NAME, OPERATIONS = 1, 2, 6
ATTRIBUTES = 32         # no operation has as many
OP_ID, OP_FLAGS = 1, 2
ADMIN = 0x01 | 0x10             # in the initial or in the caller's user namespace
CAN_DO = 0x02
REQUEST, ACK, DUMP = 1, 4, 0x300
ERROR, DONE = 2, 3


def attribute(kind, value, length=None):
    """length: what it claims, header included."""
    length = 4 + len(value) if length is None else length
    return struct.pack("=HH", length, kind) + value + bytes(-len(value) % 4)


def attributes(data):
    found = {}
    while len(data) >= 4:
        length, kind = struct.unpack_from("=HH", data)
        check(4 <= length <= len(data), "the kernel sent a broken attribute")
        found[kind & 0x3fff] = data[4:length]
        data = data[length + 3 & ~3:]
    return found


class Netlink:
    """A generic netlink socket with a time limit."""

    def __init__(self):
        self.sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, GENERIC)
        self.sock.settimeout(harness.patience(5))
        self.sequence = 0

    def send(self, kind, body, flags=REQUEST | ACK, length=None):
        self.sequence += 1
        length = 16 + len(body) if length is None else length
        self.sock.send(struct.pack("=IHHII", length, kind, flags, self.sequence, 0) + body)

    def call(self, kind, body, flags=REQUEST | ACK, length=None):
        """(errno, first message's body) of one request."""
        self.send(kind, body, flags, length)
        first = b""
        while True:
            data = self.sock.recv(1 << 16)
            while data:
                size, answer, _flags, sequence, _port = struct.unpack_from("=IHHII", data)
                content, data = data[16:size], data[size + 3 & ~3:]
                if sequence != self.sequence:
                    continue
                if answer == ERROR:
                    return -struct.unpack_from("=i", content)[0], first
                if answer == DONE:
                    return 0, first
                first = first or content

    def __enter__(self):
        return self

    def __exit__(self, *_exc):
        self.sock.close()


class Family:
    """The module's family, or Skip."""

    def __init__(self):
        load()
        with Netlink() as link:
            error, body = link.call(CONTROL, struct.pack("=BBH", GET_FAMILY, 1, 0) +
                                    attribute(FAMILY_NAME, NAME.encode() + b"\0"))
        if error:
            raise Skip("the module has no netlink family")
        values = attributes(body[4:])
        self.id = struct.unpack("=H", values[FAMILY_ID])[0]
        self.operations = {}
        for one in attributes(values[OPERATIONS]).values():
            fields = attributes(one)
            self.operations[struct.unpack("=I", fields[OP_ID])[0]] = \
                struct.unpack("=I", fields[OP_FLAGS])[0]
        check(self.operations, "a family without operations")

    def call(self, operation, body=b"", flags=None):
        """As a dump, unless told otherwise, where there is nothing else to ask for."""
        if flags is None:
            flags = REQUEST | (ACK if self.operations[operation] & CAN_DO else DUMP)
        with Netlink() as link:
            return link.call(self.id, struct.pack("=BBH", operation, 1, 0) + body, flags)[0]


def as_nobody(function):
    """What the function returns, a small number, for a user without capabilities."""
    pid = os.fork()
    if not pid:
        status = 99
        try:
            os.setgid(65534)
            os.setuid(65534)
            status = function()
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def test_row_57_netlink_needs_privilege():
    """Every operation is refused for users, as a request and as a dump, before its
    arguments are looked at."""
    family = Family()
    for operation, flags in family.operations.items():
        check(flags & ADMIN, "operation", operation, "needs no privilege")
        for how in (REQUEST | ACK, REQUEST | DUMP):
            error = as_nobody(lambda op=operation, f=how: family.call(op, b"", f))
            check(error in (errno.EPERM, errno.EOPNOTSUPP), "operation", operation, "gave", error)


def test_row_58_message_lengths():
    """Messages that are shorter than their header says, attributes longer than their
    message: an error, never an effect."""
    family = Family()
    with Target("netlink") as target:
        target.lun(0)
        with Bystander(target):
            for operation in family.operations:
                head = struct.pack("=BBH", operation, 1, 0)
                for claim in (0, 1, 3, 5, 8, 100, 0x7fff, 0xffff):
                    for kind in (1, 2, 3):
                        error = family.call(operation, attribute(kind, b"", claim))
                        check(error, f"operation {operation} took an attribute of {claim} bytes")
                with Netlink() as link:
                    for length in range(4):     # no whole generic header
                        check(link.call(family.id, head[:length])[0], "a header of", length)
                    for length in (0, 4, 15):   # less than a netlink header: no message
                        link.send(family.id, head, length=length)
                    error, _body = link.call(family.id, head + bytes(4000) + head)
                    check(error, "a tail of zeros was taken")
            rng = random.Random(58)
            for _ in range(harness.scaled(600, 100)):
                operation = rng.choice(list(family.operations))
                body = bytearray(rng.randbytes(4 * rng.randrange(1, 40)))
                body[2:4] = struct.pack("=H", 0x4000 | rng.randrange(ATTRIBUTES, 0x3fff))
                check(family.call(operation, bytes(body)), "random bytes were taken")


def test_row_59_unknown_attributes():
    """Attributes beyond those of the family are refused, by number, in every request."""
    family = Family()
    with Target("netlink") as target:
        target.lun(0)
        with Bystander(target):
            for operation in family.operations:
                for kind in (0, ATTRIBUTES, ATTRIBUTES + 1, 255, 256, 0x3ffe):
                    for value in (b"", b"\1\0\0\0", b"x" * 300):
                        error = family.call(operation, attribute(kind, value))
                        equal(error, errno.EINVAL, f"operation {operation}, attribute {kind}")


def test_row_60_short_payloads():
    """Attributes with less than their type needs, strings without an end, nests of
    nothing: an error or an answer, and nobody's session ends."""
    family = Family()
    with Target("netlink") as target:
        target.lun(0)
        with Bystander(target):
            for operation in family.operations:
                for kind in range(1, ATTRIBUTES):
                    for value in (b"", b"\xff", b"\xff\xff", b"\xff\xff\xff", b"x" * 4,
                                  b"y" * 223, b"z" * 4000, b"\xff" * 8, b"\0" * 3):
                        for nested in (0, 0x8000):
                            family.call(operation, attribute(kind | nested, value))
