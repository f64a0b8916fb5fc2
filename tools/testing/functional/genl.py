# SPDX-License-Identifier: GPL-2.0
"""A generic netlink client that knows the module's family from its description
(include/uapi/linux/tcm_iscsi.yaml) and the wire from nothing but this file. It can
also say what no library would."""

import errno
import os
import socket
import struct
import sys

from harness import Failure, check, equal, patience

TREE = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../.."))
sys.path.insert(0, os.path.join(TREE, "tools/netlink"))

import spec as spec_module      # noqa: E402

SPEC = spec_module.load(os.path.join(TREE, "include/uapi/linux/tcm_iscsi.yaml"))
NETLINK_GENERIC, SOL_NETLINK, NETLINK_EXT_ACK = 16, 270, 11
NLMSG_NOOP, NLMSG_ERROR, NLMSG_DONE = 1, 2, 3
REQUEST, MULTI, ACK, DUMP = 0x1, 0x2, 0x4, 0x300
CAPPED, ACK_TLVS = 0x100, 0x200
NESTED, TYPE_MASK = 0x8000, 0x3fff
CTRL, CTRL_GETFAMILY, CTRL_FAMILY_ID, CTRL_FAMILY_NAME = 16, 3, 1, 2
CTRL_MCAST_GROUPS, CTRL_MCAST_NAME, CTRL_MCAST_ID = 7, 1, 2
ADD_MEMBERSHIP = 1
ERR_MSG, ERR_OFFSET, ERR_MISS_TYPE = 1, 2, 5
FORMATS = {"u8": "=B", "u16": "=H", "u32": "=I", "u64": "=Q"}


class Refused(Failure):
    """The kernel's answer was an error. text: its words, or None."""

    def __init__(self, number, text, offset=None, missing=None):
        super().__init__(f"netlink: {errno.errorcode.get(number, number)}: {text}")
        self.errno = number
        self.text = text
        self.offset = offset
        self.missing = missing


def attribute(number, payload):
    return struct.pack("=HH", len(payload) + 4, number) + payload + bytes(-len(payload) % 4)


def attributes(data):
    """[(number without flags, payload), …] of a run of attributes."""
    found = []
    while data:
        check(len(data) >= 4, "the rest of a message is no attribute:", data)
        length, number = struct.unpack_from("=HH", data)
        check(4 <= length <= len(data), "length of an attribute:", length)
        found.append((number & TYPE_MASK, data[4:length]))
        data = data[length + -length % 4:]
    return found


def encode(space, values):
    """{name: value, …} as attributes of a set. A list repeats the attribute; bytes
    are taken as they are, whatever the type."""
    out = b""
    for name, value in values.items():
        known = space.by_name[name]
        for item in value if isinstance(value, list) else [value]:
            number = known.number
            if isinstance(item, dict):
                number |= NESTED
                item = encode(SPEC.sets[known.nested], item)
            elif isinstance(item, str):
                item = item.encode() + b"\0"
            elif not isinstance(item, bytes):
                item = struct.pack(FORMATS[known.type], int(item))
            out += attribute(number, item)
    return out


def decode_one(known, payload):
    if known.type == "nest":
        return decode(SPEC.sets[known.nested], payload)
    if known.type == "string":
        check(payload.endswith(b"\0") and b"\0" not in payload[:-1], "not one string:", payload)
        return payload[:-1].decode(errors="surrogateescape")
    if known.type == "binary":
        return payload
    equal(len(payload), spec_module.SCALARS[known.type], f"length of {known.name}")
    value = struct.unpack(FORMATS[known.type], payload)[0]
    return SPEC.enums[known.enum][value] if known.enum else value


def decode(space, data):
    by_number = {known.number: known for known in space.attributes}
    found = {}
    for number, payload in attributes(data):
        check(number in by_number, f"{space.name}: attribute {number} is not described")
        known = by_number[number]
        if known.type == "pad":
            continue
        value = decode_one(known, payload)
        if known.multi:
            found.setdefault(known.name, []).append(value)
        else:
            check(known.name not in found, f"{known.name} twice")
            found[known.name] = value
    return found


class Genl:
    """A socket. With a net namespace of its own process, or as another user, it has
    to be opened there."""

    def __init__(self, seconds=10):
        self.sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_GENERIC)
        self.sock.settimeout(patience(seconds))
        self.sock.setsockopt(SOL_NETLINK, NETLINK_EXT_ACK, 1)
        self.sock.bind((0, 0))
        self.seq = 0
        self.queue = []
        self.family = None

    def close(self):
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_exc):
        self.close()

    # -- messages --

    def send_raw(self, data):
        self.sock.send(data)

    def message(self, kind, flags, payload):
        self.seq += 1
        return struct.pack("=IHHII", 16 + len(payload), kind, flags, self.seq, 0) + payload

    def request(self, command, flags, payload, kind=None, version=1):
        """Send one; payload is attributes already encoded."""
        kind = self.find() if kind is None else kind
        self.send_raw(self.message(kind, REQUEST | flags,
                                   struct.pack("=BBH", command, version, 0) + payload))

    def receive(self):
        """(type, flags, seq, payload) of the next message."""
        while not self.queue:
            try:
                data = self.sock.recv(1 << 17)
            except socket.timeout:
                raise Failure("no answer over netlink") from None
            while data:
                length, kind, flags, seq, _pid = struct.unpack_from("=IHHII", data)
                check(16 <= length <= len(data), "length of a netlink message:", length)
                self.queue.append((kind, flags, seq, data[16:length]))
                data = data[length + -length % 4:]
        return self.queue.pop(0)

    @staticmethod
    def failure(flags, payload):
        """Raises unless the error is 0."""
        number = -struct.unpack_from("=i", payload)[0]
        if not number:
            return
        inner = struct.unpack_from("=I", payload, 4)[0]
        skip = 4 + (16 if flags & CAPPED else inner + -inner % 4)
        extra = dict(attributes(payload[skip:])) if flags & ACK_TLVS else {}
        text = extra.get(ERR_MSG)
        raise Refused(number, text and text.rstrip(b"\0").decode(),
                      extra.get(ERR_OFFSET) and struct.unpack("=I", extra[ERR_OFFSET])[0],
                      extra.get(ERR_MISS_TYPE) and struct.unpack("=I", extra[ERR_MISS_TYPE])[0])

    def answers(self):
        """Payloads up to the acknowledgement or the end of the dump."""
        found = []
        while True:
            kind, flags, seq, payload = self.receive()
            if seq != self.seq:
                continue
            if kind == NLMSG_ERROR:
                self.failure(flags, payload)
                return found
            if kind == NLMSG_DONE:
                number = -struct.unpack_from("=i", payload)[0]
                if number > 0:
                    extra = dict(attributes(payload[4:])) if flags & ACK_TLVS else {}
                    raise Refused(number, extra.get(ERR_MSG, b"").rstrip(b"\0").decode() or None)
                return found
            found.append(payload)

    # -- the family --

    def find(self, name=SPEC.name):
        """Its number."""
        if self.family is None:
            self.request(CTRL_GETFAMILY, ACK,
                         attribute(CTRL_FAMILY_NAME, name.encode() + b"\0"), kind=CTRL)
            reply = dict(attributes(self.answers()[0][4:]))
            self.family = struct.unpack("=H", reply[CTRL_FAMILY_ID])[0]
        return self.family

    def listen(self, name=SPEC.groups[0]):
        """Join a multicast group; OSError if that is not allowed."""
        self.request(CTRL_GETFAMILY, ACK,
                     attribute(CTRL_FAMILY_NAME, SPEC.name.encode() + b"\0"), kind=CTRL)
        reply = dict(attributes(self.answers()[0][4:]))
        groups = [dict(attributes(item)) for _, item in attributes(reply[CTRL_MCAST_GROUPS])]
        number = next(struct.unpack("=I", group[CTRL_MCAST_ID])[0] for group in groups
                      if group[CTRL_MCAST_NAME] == name.encode() + b"\0")
        self.sock.setsockopt(SOL_NETLINK, ADD_MEMBERSHIP, number)

    def event(self, name="event"):
        """The next event, decoded and compared with the description."""
        operation = self.operation(name)
        _kind, _flags, seq, payload = self.receive()
        equal((payload[0], seq), (operation.number, 0), "command and number of an event")
        found = decode(operation.set, payload[4:])
        check(set(found) <= {known.name for known in operation.reply}, "not described:", found)
        return found

    @staticmethod
    def operation(name):
        return next(o for o in SPEC.operations if o.name == name)

    def call(self, name, values=None, raw=b"", flags=ACK, version=1):
        """An operation: its replies, decoded and compared with the description."""
        operation = self.operation(name)
        self.request(operation.number, flags, encode(operation.set, values or {}) + raw,
                     version=version)
        allowed = {known.name for known in operation.reply}
        found = []
        for payload in self.answers():
            equal(payload[0], operation.number, "command of a reply")
            reply = decode(operation.set, payload[4:])
            check(set(reply) <= allowed, f"{name}: not described:", set(reply) - allowed)
            found.append(reply)
        return found

    def do(self, name, **values):
        """One request, names with _ for -; the reply or None."""
        found = self.call(name, {key.replace("_", "-"): value for key, value in values.items()})
        check(len(found) <= 1, "more than one reply to", name)
        return found[0] if found else None

    def dump(self, name, **values):
        return self.call(name, {key.replace("_", "-"): value for key, value in values.items()},
                         flags=DUMP)

    def refused(self, name, values=None, raw=b"", flags=ACK, version=1):
        """The same, which has to fail. Returns Refused; it always has a text, except
        for want of permission, which netlink itself checks."""
        try:
            found = self.call(name, values, raw, flags, version)
        except Refused as error:
            check(error.text or error.errno == errno.EPERM, f"{name}: no text with", error)
            return error
        raise Failure(f"{name} with {values} {raw!r} was not refused: {found}")


def redirect(target, kind, *addresses, tag=1):
    """Set or take back a redirection."""
    values = {"kind": SPEC.enums["redirect-kind"].index(kind)}
    if addresses:
        values["address"] = list(addresses)
    with Genl() as genl:
        genl.do("tpg-set", target=target.iqn, tag=tag, redirect=values)
