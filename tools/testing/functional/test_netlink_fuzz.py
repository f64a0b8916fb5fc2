# SPDX-License-Identifier: GPL-2.0
"""Random requests to the netlink family: every operation, attributes that are there twice,
unknown, too short, too long, nested as deep as fits, messages that lie about their length,
dumps that nobody reads to their end; from root, and from nobody, who is refused all of it.

What is sent follows from a seed, which is printed, and from nothing else:

    env NETLINK_FUZZ_SECONDS=600 NETLINK_FUZZ_SEED=5 tools/testing/functional/run \\
        --only 'netlink_fuzz.*'"""

import errno
import os
import random
import socket
import struct
import time

import genl
import harness
from genl import ACK, ACK_TLVS, DUMP, NLMSG_DONE, NLMSG_ERROR, REQUEST, SPEC, Genl, redirect
from harness import Failure, check, equal, wait_for
from raw import Closed
from session import Session, read10
from target import Target
from test_netlink import Churn, in_child

SECONDS = float(os.environ.get("NETLINK_FUZZ_SECONDS", "2"))
SEED = int(os.environ.get("NETLINK_FUZZ_SEED", "339"))
NOBODY = 65534
LONGEST = 16384         # bytes of one message
# Which of them a request gets is for the kernel to say; these, and no others, are answers.
ERRNOS = {errno.EPERM, errno.EINVAL, errno.ERANGE, errno.ENOENT, errno.EALREADY, errno.ENOTCONN,
          errno.EOPNOTSUPP, errno.EBUSY}


# --- what is sent ----------------------------------------------------------------

class Maker:
    """Makes message number n of a seed."""

    def __init__(self, seed, family, names, sids):
        self.seed = seed
        self.family = family
        self.names = names
        self.sids = sids
        self.rng = None

    def number(self, size):
        rng = self.rng
        value = rng.choice((0, 1, 2, 3, 5, 127, 128, 255, 256, 3600, 3601, 32767, 65535, 1 << 31,
                            (1 << 32) - 1, (1 << 63), (1 << 64) - 1, rng.choice(self.sids),
                            rng.getrandbits(64)))
        return (value & (1 << 8 * size) - 1).to_bytes(size, "little")

    def text(self):
        rng = self.rng
        base = rng.choice(self.names + [
            "", "host", "host:3260", "[::1]:3260", "[" * 40, "iqn.x", "a" * 222, "a" * 223,
            "a" * 224, "a" * 300, "\u00e4" * 100, "x\0y", "1.2.3.4,1", "%s%n"]).encode()
        if not rng.randrange(6):
            base = bytes(rng.randrange(256) for _ in range(rng.randrange(300)))
        return base + (b"\0" if rng.randrange(5) else b"")

    def payload(self, known, depth):
        """Of an attribute, mostly what it should be."""
        rng = self.rng
        if not rng.randrange(8):
            return bytes(rng.randrange(256) for _ in range(rng.choice((0, 1, 2, 3, 5, 7, 9, 17,
                                                                       255, 1000))))
        if known.type == "nest":
            space = SPEC.sets[known.nested]
            return self.run(space, space.attributes, depth + 1)
        if known.type in genl.FORMATS:
            size = struct.calcsize(genl.FORMATS[known.type])
            return self.number(size if rng.randrange(6) else rng.choice((1, 2, 4, 8)))
        if known.type == "string":
            return self.text()
        return bytes(rng.choice((0, 4, 15, 16, 17)))

    def one(self, space, choices, depth):
        rng = self.rng
        if depth > 30 or not rng.randrange(12):
            number, payload = rng.choice((0, 1, len(space.attributes) + 1, 255, 0x3fff)), b"x"
        else:
            known = rng.choice(choices if choices and rng.randrange(8) else space.attributes)
            number, payload = known.number, self.payload(known, depth)
            if (known.type == "nest") == bool(rng.randrange(8)):
                number |= genl.NESTED
        if not rng.randrange(20):       # deeper than any policy goes
            for _ in range(rng.randrange(1, 40)):
                payload = genl.attribute(number | genl.NESTED, payload)[:65000]
        data = bytearray(genl.attribute(number, payload[:65000]))
        if not rng.randrange(25):       # it lies about its length
            struct.pack_into("=H", data, 0, rng.choice((0, 1, 3, 4, 5, len(data) + 1 & 0xffff,
                                                        len(data) + 400 & 0xffff, 0xffff)))
        return bytes(data)

    def run(self, space, choices, depth=0):
        """Some attributes, one after the other."""
        count = self.rng.choice((0, 1, 1, 2, 2, 2, 3, 4, 9))
        return b"".join(self.one(space, choices, depth) for _ in range(count))

    def request(self, n):
        """(operation or None, flags, everything after the netlink header, is it whole?)"""
        self.rng = rng = random.Random(f"{self.seed} {n}")
        operation = rng.choice(SPEC.operations) if rng.randrange(20) else None
        command = operation.number if operation else rng.choice((0, len(SPEC.operations) + 1, 255))
        space = operation.set if operation else rng.choice(list(SPEC.sets.values()))
        flags = rng.choice((0, ACK, ACK, DUMP, DUMP | ACK, DUMP | ACK, rng.getrandbits(12) & ~1))
        if operation and operation.do != operation.dump and rng.randrange(8):
            flags = (flags | DUMP) if operation.dump else (flags & ~DUMP)
        head = struct.pack("=BBH", command, rng.choice((1, 1, 1, 0, 2, 255)), 0)
        body = self.run(space, operation.request if operation else [])
        if not rng.randrange(10):
            body = self.mangled(body)
        data = (head + body)[:LONGEST]
        whole = len(data) >= 4 and bool(rng.randrange(30))
        return operation, flags, data if whole else data[:rng.randrange(len(data))], whole

    def mangled(self, body):
        rng = self.rng
        data = bytearray(body)
        for _ in range(rng.randrange(1, 6)):
            at = rng.randrange(len(data) + 1)
            if rng.randrange(2) and at < len(data):
                data[at] ^= 1 << rng.randrange(8)
            elif rng.randrange(2):
                del data[at:at + rng.randrange(1, 9)]
            else:
                data[at:at] = bytes(rng.randrange(256) for _ in range(rng.randrange(1, 9)))
        return bytes(data)


# --- what comes back ---------------------------------------------------------------

def drain(client, seq, first, dumping):
    """[(type, flags, payload)] of what answers messages first to seq - 1; message seq is one
    that is always answered. A dump is read to its end."""
    found = []
    asked = False
    while not asked or dumping:
        kind, flags, number, payload = client.receive()
        if number == seq:
            asked = asked or kind == NLMSG_ERROR
            continue
        check(first <= number < seq, "an answer to nothing:", number, first, seq)
        found.append((kind, flags, payload))
        if kind in (NLMSG_ERROR, NLMSG_DONE):
            dumping = False
    return found


def errors_of(answers):
    """[(errno, text or None)]"""
    found = []
    for kind, flags, payload in answers:
        if kind not in (NLMSG_ERROR, NLMSG_DONE):
            continue
        try:
            if kind == NLMSG_ERROR:
                Genl.failure(flags, payload)
                found.append((0, None))
            else:
                number = -struct.unpack_from("=i", payload)[0]
                extra = dict(genl.attributes(payload[4:])) if flags & ACK_TLVS else {}
                text = extra.get(genl.ERR_MSG)
                found.append((max(number, 0), text and text.rstrip(b"\0").decode()))
        except genl.Refused as error:
            found.append((error.errno, error.text or error.offset or error.missing))
    return found


def judge(operation, flags, whole, answers, privileged):
    """What any request may be answered, and what this one has to be."""
    errors = errors_of(answers)
    for number, text in errors:
        check(number in ERRNOS | {0}, "errno", number, text)
        # What the family refuses has words; what is no request of it, netlink refuses.
        if operation and whole and number not in (0, errno.EPERM, errno.EOPNOTSUPP, errno.EBUSY):
            check(text, "no words with errno", errno.errorcode[number])
    if privileged:
        return
    data = [payload for kind, _, payload in answers if kind not in (NLMSG_ERROR, NLMSG_DONE)]
    check(not data, "nobody is shown", data[:1])
    check(all(number for number, _ in errors), "nobody may do it:", operation and operation.name)
    dump = flags & DUMP == DUMP
    if operation and whole and (operation.dump if dump else operation.do):
        # Flags that mean nothing may be refused before the question who it is.
        odd = {errno.EINVAL} if flags & ~(ACK | DUMP) else set()
        check(len(errors) == 1 and errors[0][0] in odd | {errno.EPERM},
              f"nobody's {operation.name}", errors)


class Shooter:
    """Sends the messages of a seed until the time is over."""

    def __init__(self, seed, names, sids, privileged):
        self.privileged = privileged
        self.client = Genl()
        self.maker = Maker(seed, self.client.find(), names, sids)
        self.counts = {}

    def fresh(self):
        self.client.close()
        self.client = Genl()
        self.client.family = self.maker.family

    def shoot(self, n):
        operation, flags, data, whole = self.maker.request(n)
        client, rng = self.client, self.maker.rng
        message = client.message(self.maker.family, REQUEST | flags, data)
        first = client.seq
        dump = flags & DUMP == DUMP
        if dump and not rng.randrange(4):
            self.cut_short(message, rng)
            return
        client.send_raw(message)
        client.send_raw(client.message(genl.CTRL, REQUEST | ACK, struct.pack(
            "=BBH", genl.CTRL_GETFAMILY, 1, 0) + genl.attribute(
                genl.CTRL_FAMILY_NAME, SPEC.name.encode() + b"\0")))
        answers = drain(client, client.seq, first, dump)
        judge(operation, flags, whole, answers, self.privileged)
        for number, _ in errors_of(answers):
            self.counts[number] = self.counts.get(number, 0) + 1

    def cut_short(self, message, rng):
        """A dump that is not read, or not to its end, or begun twice; then the socket goes."""
        client = self.client
        client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rng.choice((1, 5000, 200000)))
        for _ in range(rng.randrange(1, 4)):
            client.send_raw(message)
        client.sock.setblocking(False)
        try:
            for _ in range(rng.randrange(3)):
                client.sock.recv(rng.choice((1, 100, 1 << 16)))
        except OSError as error:
            check(error.errno in (errno.EAGAIN, errno.ENOBUFS), "reading:", error)
        self.fresh()

    def run(self, seconds):
        """{errno: how often}"""
        end = time.monotonic() + seconds
        n = 0
        while time.monotonic() < end:
            try:
                self.shoot(n)
            except (Failure, OSError) as error:
                raise Failure(f"seed {self.maker.seed}, message {n}: {error}") from None
            n += 1
        self.client.close()
        self.counts["messages"] = n
        return self.counts


def as_nobody(seed, names, sids, seconds):
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)
    with Genl() as listener:
        try:
            listener.listen()
        except PermissionError:
            pass
        else:
            raise Failure("nobody may listen to events")
    return Shooter(seed, names, sids, False).run(seconds)


def as_root(seed, names, sids, seconds):
    return Shooter(seed, names, sids, True).run(seconds)


# --- the tests -----------------------------------------------------------------------

def come_and_go(target):
    """A guest, as far as the target lets one in: it may be drained or redirected."""
    try:
        with Session(target.iqn, "iqn.2026-11.test:guest") as session:
            session.ready(0)
            session.command(read10(0, 8), read=4096)
    except (Closed, Failure, OSError):
        time.sleep(0.01)


def sound(client, target):
    """What the messages may have set is taken back, and everything works."""
    redirect(target, "none")
    client.do("tpg-set", target=target.iqn, tag=1, draining=0, async_events=0)
    with Session(target.iqn) as session:
        session.ready(0)
        session.command(read10(0, 8), read=4096)
        shown = client.dump("session-get", target=target.iqn)
        check(session.tsih in [item["tsih"] for item in shown], "the session is not shown")
        for operation in SPEC.operations:
            if operation.dump:
                client.dump(operation.name)


def fuzz(shoot, seconds, spared):
    """spared: nobody may end the session that stays."""
    print(f"# netlink_fuzz: seed {SEED}, {seconds:g} s", flush=True)
    with Target("t") as target, Target("u") as other, Genl() as client:
        target.lun(0)
        with Session(other.iqn) as stays:
            sids = [client.dump("session-get")[0]["sid"] + n for n in (1, 2, 5, 1000)]
            with Churn(lambda: come_and_go(target)):
                counts = in_child(shoot, SEED, [target.iqn], sids, seconds)
            if spared:
                stays.sync()
            else:       # it may have been told to leave
                stays.close()
        sound(client, target)
        wait_for(lambda: not client.dump("session-get"), "the end of all sessions")
    print(f"# netlink_fuzz: {counts.pop('messages')} messages, by errno: " + ", ".join(
        f"{errno.errorcode.get(number, 'done')} {count}" for number, count in counts.items()),
          flush=True)
    return counts


def test_root():
    """Whatever root asks for is done or refused in words; nothing else suffers."""
    counts = fuzz(as_root, SECONDS / 2, False)
    # The messages are not all refused at the door.
    for number in (0, errno.EINVAL, errno.ENOENT):
        check(counts.get(number), "never answered", errno.errorcode.get(number, "done"), counts)


def test_nobody():
    """Without CAP_NET_ADMIN every operation is EPERM, whatever comes with it."""
    counts = fuzz(as_nobody, SECONDS / 2, True)
    check(counts.get(errno.EPERM), "never refused", counts)


for function in (test_root, test_nobody):
    function.quick = True
    function.limit = 60 + SECONDS
