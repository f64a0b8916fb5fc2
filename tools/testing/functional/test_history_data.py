# SPDX-License-Identifier: GPL-2.0
"""Security history, after login: directions, odd lengths, long names, long answers,
and a peer that takes little at a time."""

import itertools
import os
import random
import socket
import struct
import time

import harness
import login
import target as target_module
from harness import check, equal, patience
from history import Bystander, honest_login
from login import Chap
from raw import (DATA_IN, DATA_OUT, FINAL, R2T, REJECT, RTAG, SCSI_CMD, SCSI_RSP, TEXT_REQ,
                 TEXT_RSP, Pdu)
from session import (CHECK_CONDITION, GOOD, OVERFLOW, READ, READ_CAPACITY, SIMPLE,
                     TEST_UNIT_READY, UNDERFLOW, WRITE, Session, discovery, inquiry, read10,
                     report_luns, write10)
from target import PORTAL, Target

INVALID = 0x09
MARK = b"\x5a" * 512


def data_target():
    target = Target("data")
    target.lun(0)
    return target


# -- row 50 --

def one_command(session, cdb, flags, edtl, data=b""):
    """A command with any flags. Returns ("Reject", reason) or (status, residual flags,
    residual, bytes read); an R2T is answered with 0xee."""
    itt = session.next_itt()
    pdu = session.base(SCSI_CMD, FINAL | SIMPLE | flags, itt, {20: edtl}, data=data,
                       immediate=True)
    pdu.bhs[32:32 + len(cdb)] = cdb
    session.send(pdu)
    got = b""
    while True:
        answer = session.recv()
        check(answer is not None, "closed")
        if answer.opcode == REJECT:
            return "Reject", answer.bhs[2]
        equal(answer.itt, itt, "ITT")
        if answer.opcode == R2T:
            session.send(Pdu(DATA_OUT, FINAL, 0, itt, {20: answer.word(20), 40: answer.word(40)},
                             b"\xee" * answer.word(44)))
            continue
        got += answer.data if answer.opcode == DATA_IN else b""
        if answer.opcode == SCSI_RSP or answer.flags & 1:
            return answer.bhs[3], answer.flags & 6, answer.word(44), len(got)


def expected_outcome(cdb, flags, edtl):
    """What has to come of it; None where a device may say what it likes, as long as
    nothing is written."""
    length = 512 if cdb in (read10(0, 1), write10(0, 1)) else 36 if cdb[0] == 0x12 else 0
    reads, writes = cdb in (read10(0, 1), inquiry(36)), cdb == write10(0, 1)
    if flags == READ | WRITE or (not flags and edtl):
        return "Reject", INVALID
    if not edtl and (reads or writes):
        return GOOD, OVERFLOW, length, 0
    if not edtl:
        return GOOD, 0, 0, 0
    if reads and flags == READ:
        moved = min(edtl, length)
        kind = OVERFLOW if edtl < length else UNDERFLOW if edtl > length else 0
        return GOOD, kind, abs(edtl - length), moved
    if cdb == TEST_UNIT_READY and flags == READ:
        return GOOD, UNDERFLOW, edtl, 0
    return None


def test_row_50_direction_matrix():
    """R and W flags x expected length x command: the outcome of each, and only a write
    with W and its data changes the disk."""
    with data_target() as target, Bystander(target) as other:
        with Session(target.iqn, keys={"ImmediateData": "No"}) as session:
            session.ready(0)
            session.write_at(0, MARK)
            log = harness.fresh_log()
            for name, cdb in (("read", read10(0, 1)), ("write", write10(0, 1)),
                              ("inquiry", inquiry(36)), ("nothing", TEST_UNIT_READY)):
                for flags, edtl in itertools.product((0, READ, WRITE, READ | WRITE),
                                                     (0, 1, 36, 511, 512, 513, 1024)):
                    what = f"{name} flags {flags:#x} length {edtl}"
                    seen = one_command(session, cdb, flags, edtl)
                    want = expected_outcome(cdb, flags, edtl)
                    if want and not (edtl == 0 and seen[0] == CHECK_CONDITION):
                        equal(seen, want, what)
                    session.sync()
                    disk = other.session.read_at(0, 512)
                    if name == "write" and flags == WRITE and edtl:
                        other.session.write_at(0, MARK)
                    else:
                        check(disk == MARK, "the disk was written to by", what)
            lines = [line for line in log.read() if not line.startswith("functional:")]
            check(len(lines) < 60, len(lines), "lines in the kernel's log")
            log.close()


def test_row_50_protected():
    """A read-only LUN and one that is reserved for somebody else cannot be written to by
    a read command with W, either."""
    with Target("data", demo=False) as target:
        target.lun(0)
        one, two = target.acl("iqn.2026-11.test:one"), target.acl("iqn.2026-11.test:two")
        one.map(0, to=0)
        two.map(0, to=0, protect=True)
        with Session(target.iqn, initiator=one.name) as owner, \
                Session(target.iqn, initiator=two.name, keys={"ImmediateData": "No"}) as guest:
            owner.ready(0)
            guest.ready(0)
            owner.write_at(0, MARK)
            same, swap = 0x93, 0x89             # WRITE SAME(16), COMPARE AND WRITE
            written = []
            for what, cdb, flags, length in (
                    ("WRITE", write10(0, 1), WRITE, 512), ("READ, W", read10(0, 1), WRITE, 512),
                    ("WRITE, R", write10(0, 1), READ, 512),
                    ("WRITE SAME, R", struct.pack(">BBQIBB", same, 0, 0, 1, 0, 0), READ, 512),
                    ("WRITE SAME, NDOB", struct.pack(">BBQIBB", same, 1, 0, 1, 0, 0), 0, 0),
                    ("WRITE SAME, NDOB, R", struct.pack(">BBQIBB", same, 1, 0, 1, 0, 0), READ, 512),
                    ("WRITE SAME, UNMAP", struct.pack(">BBQIBB", same, 9, 0, 1, 0, 0), 0, 0),
                    ("UNMAP, R", b"\x42" + bytes(6) + b"\0\x18\0", READ, 24),
                    ("COMPARE AND WRITE, R", struct.pack(">BBQ3xB2x", swap, 0, 0, 1), READ, 1024)):
                seen = one_command(guest, cdb, flags, length)
                if owner.read_at(0, 512) != MARK:
                    written.append((what, seen))
                    owner.write_at(0, MARK)
                else:
                    check(seen[0] == CHECK_CONDITION or flags == READ, what, "came to", seen)
            equal(written, [], "commands that wrote to a read-only LUN")
        one.remove()
        two.remove()
        target_module.reservations()
        one, two = target.acl("iqn.2026-11.test:one"), target.acl("iqn.2026-11.test:two")
        one.map(0, to=0)
        two.map(0, to=0)
        with Session(target.iqn, initiator=one.name) as owner, \
                Session(target.iqn, initiator=two.name, keys={"ImmediateData": "No"}) as guest:
            owner.ready(0)
            guest.ready(0)
            key = bytes(8) + b"\1" * 8 + bytes(8)
            owner.command(b"\x5f\0\0\0\0\0\0\0\x18\0", write=key)
            key = b"\1" * 8 + bytes(16)
            owner.command(b"\x5f\1\1\0\0\0\0\0\x18\0", write=key)      # write exclusive
            equal(one_command(guest, write10(0, 1), WRITE, 512)[0], 0x18, "RESERVATION CONFLICT")
            seen = one_command(guest, read10(0, 1), WRITE, 512)
            check(owner.read_at(0, 512) == MARK, "written to against a reservation:", seen)
            equal(seen[0], 0x18, "status of READ with W")
            owner.command(b"\x5f\2\1\0\0\0\0\0\x18\0", write=key)


# -- row 51 --

def test_row_51_short_reads():
    """Reads of every length up to 80 bytes and around a block: the bytes that were
    asked for, padding of zeros, the digest over both."""
    lengths = [*range(1, 80), 95, 96, 97, 252, 253, 254, 255]
    with data_target() as target, Bystander(target):
        for keys in ({}, {"HeaderDigest": "CRC32C", "DataDigest": "CRC32C"},
                     {"MaxRecvDataSegmentLength": "513", "MaxBurstLength": "515"}):
            with Session(target.iqn, keys=keys) as session:
                session.ready(0)
                disk = random.Random(51).randbytes(4096)
                session.write_at(0, disk)
                whole = bytes(session.command(inquiry(255), read=255).data)
                for length in lengths:
                    task = session.command(inquiry(length), read=length)
                    equal(bytes(task.data), whole[:length], f"INQUIRY of {length}")
                    task = session.command(inquiry(255, 0x83), read=length, status=None)
                    check(len(task.data) <= length, "more than expected")
                    task = session.command(READ_CAPACITY, read=length, status=None)
                    equal(len(task.data), min(length, 8), f"READ CAPACITY of {length}")
                    task = session.command(report_luns(length + 16), read=length, status=None)
                    equal(len(task.data), min(length, 16), f"REPORT LUNS of {length}")
                for length in lengths + [511, 513, 1023, 2047, 4093]:
                    task = session.command(read10(0, 8), read=length, edtl=length, status=None)
                    equal((task.flags, task.residual), (OVERFLOW, 4096 - length), "residual")
                    check(bytes(task.data) == disk[:length], "wrong bytes in a read of", length)


# -- row 52 --

def make_targets(count):
    """That many targets at the portal, with as few operations as it takes."""
    root = f"{target_module.ROOT}/{target_module.fabric}"
    names = []
    for number in range(count):
        name = f"{target_module.IQN}many-{number:05}"
        os.mkdir(f"{root}/{name}")
        names.append(name)
        os.mkdir(f"{root}/{name}/tpgt_1")
        os.mkdir(f"{root}/{name}/tpgt_1/np/{PORTAL}")
        harness.write(f"{root}/{name}/tpgt_1/enable", "1")
    return root, names


def remove_targets(root, names):
    for name in names:
        for path in (f"tpgt_1/np/{PORTAL}", "tpgt_1", ""):
            try:
                os.rmdir(f"{root}/{name}/{path}")
            except FileNotFoundError:
                pass


def answer_parts(session, limit):
    """The answer to SendTargets=All: its parts, each of at most limit bytes."""
    itt = session.next_itt()
    session.send(session.base(TEXT_REQ, FINAL, itt, {20: RTAG}, data=b"SendTargets=All\0"))
    parts, tags = [], set()
    while True:
        pdu = session.other(TEXT_RSP)
        check(pdu.dsl <= limit, "a part above MaxRecvDataSegmentLength:", pdu)
        check(bool(pdu.flags & 0x40) == (not pdu.data.endswith(b"\0")), "C and the cut differ")
        parts.append(pdu.data)
        if pdu.final:
            return parts
        tag = pdu.word(20)
        check(tag not in tags and tag != RTAG, "a bookmark came twice")
        tags.add(tag)
        session.send(session.base(TEXT_REQ, FINAL, itt, {20: tag}))


COUNT = int(os.environ.get("TISCSI_TARGETS", "0"))


def test_row_52_many_targets():
    """Thousands of targets, and 512 bytes at a time: every name, once, with its address,
    in parts; nobody who logs in meanwhile waits for it."""
    count = COUNT or harness.scaled(600, 60)
    with data_target() as target:
        root, names = None, []
        start = time.monotonic()
        try:
            root, names = make_targets(count)
            harness.note(f"row 52: {count} targets made in {time.monotonic() - start:.1f} s")
            with Bystander(target):
                for limit in (512, 8192, 262144):
                    keys = {"MaxRecvDataSegmentLength": str(limit)}
                    start = time.monotonic()
                    with Session(None, keys=keys, seconds=30) as session:
                        session.mrdsl = limit
                        parts = answer_parts(session, limit)
                    took = time.monotonic() - start
                    harness.note(f"row 52: {len(parts)} parts of {limit} in {took:.1f} s")
                    pairs = login.decode_text(b"".join(parts))
                    equal([value for key, value in pairs if key == "TargetName"],
                          [target.iqn] + names, "names")
                    equal({value for key, value in pairs if key == "TargetAddress"},
                          {f"{PORTAL},1"}, "addresses")
                    equal(len(pairs), 2 * (count + 1), "pairs")
                    honest_login(target)
        finally:
            remove_targets(root, names)


test_row_52_many_targets.limit = 60 + COUNT // 20


def test_row_52_left_alone():
    """Answers that are never fetched to their end: a wrong bookmark is a Reject, a new
    request begins anew, and what is kept goes with the session."""
    with data_target() as target:
        root, names = make_targets(harness.scaled(100, 30))
        try:
            sessions = []
            for _ in range(harness.scaled(40, 10)):
                session = Session(None, keys={"MaxRecvDataSegmentLength": "512"})
                session.mrdsl = 512
                sessions.append(session)
                itt = session.next_itt()
                answer = session.text([("SendTargets", "All")], itt=itt)
                check(not answer.final, "the whole answer in 512 bytes")
            for number, session in enumerate(sessions):
                itt = session.next_itt()
                session.send(session.base(TEXT_REQ, FINAL, itt, {20: 0x4711}))
                session.rejected(INVALID)
                answer = session.text([("SendTargets", target.iqn)], itt=session.next_itt())
                check(answer.final, "an answer of one target in parts")
                if number % 2:
                    session.reset()
                else:
                    session.close()
            honest_login(target)
        finally:
            remove_targets(root, names)


# -- row 54 --

def longest(kind):
    return f"iqn.2026-11.test:{kind}-" + "n" * (223 - 18 - len(kind))


def test_row_54_longest_names():
    """Names of 223 bytes on both sides, an alias and CHAP names of 255, secrets of 255,
    with every hash, at the longest address: all of it whole, everywhere it is shown."""
    address = "fd00:1111:2222:3333:4444:5555:6666:7777"
    harness.run("ip", "address", "add", address + "/128", "dev", "lo", "nodad")
    try:
        portal = f"[{address}]:65535"
        name = longest("t")[len(target_module.IQN):]
        with Target(name, portals=(PORTAL, portal), auth=True, demo=False) as target:
            equal(len(target.iqn), 223, "bytes of the target's name")
            initiator = longest("i")
            equal(len(initiator), 223, "bytes of the initiator's name")
            acl = target.acl(initiator)
            secret, back = "s" * 255, "b" * 255
            acl.auth(userid="u" * 255, password=secret, userid_mutual="m" * 255,
                     password_mutual=back)
            target.param("TargetAlias", "a" * 255)
            where = (address, 65535)
            for algorithm in "5678":
                chap = Chap("u" * 255, secret, ("m" * 255, back), algorithm)
                with Session(target.iqn, initiator=initiator, chap=chap, address=where,
                             keys={"InitiatorAlias": "i" * 255}) as session:
                    session.sync()
                    lines = acl.get("info").splitlines()
                    equal(lines[0], f"InitiatorName: {initiator}", "name in info")
                    equal(lines[1], "InitiatorAlias: " + "i" * 255, "alias in info")
                    check(any(address in line for line in lines), "no address in info:", lines)
                    # A loopback portal is of no use to who came over another address.
                    equal(session.send_targets(""), [(target.iqn, [f"{portal},1"])], "own target")
            with discovery(address=where, initiator=initiator) as session:
                equal(session.send_targets(target.iqn), [(target.iqn, [f"{portal},1"])], "by name")
            try:
                Target(name + "x", portals=()).remove()
            except OSError:
                pass
            else:
                raise harness.Failure("a target's name of 224 bytes was taken")
            harness.fresh_log().close()
            log = harness.KernelLog()
            with login.LoginConn(address=where) as conn:
                equal(login.refusal(login.login, conn, target.iqn, initiator), 0x201, "status")
            line = harness.wait_for(lambda: log.matching("login refused"), "the log line")[0]
            log.close()
            for part in (initiator, target.iqn, address):
                check(part in line, "not whole in the log line:", part, line)
    finally:
        harness.run("ip", "address", "del", address + "/128", "dev", "lo")


# -- row 55 --

class Narrow(Session):
    """Takes a few hundred bytes at a time."""

    def prepare(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2304)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 88)

    def take(self, length):
        """A little at a time, and sometimes nothing for a while."""
        while len(self.buffer) < length:
            part = self.sock.recv(random.choice((1, 7, 64, 500, 3000)))
            if not part:
                return None
            self.buffer += part
            if random.random() < 0.01:
                time.sleep(0.003)
        data, self.buffer = self.buffer[:length], self.buffer[length:]
        return data


def test_row_55_short_sends():
    """A peer with a tiny receive window gets everything: a login, reads with every
    digest, pings, a long text; and does not slow anybody else down."""
    size = harness.scaled(256 << 10, 64 << 10) // 65536 * 65536
    with data_target() as target, Bystander(target) as other:
        disk = random.Random(55).randbytes(size)
        for lba in range(0, size // 512, 128):
            other.session.write_at(lba, disk[lba * 512:(lba + 128) * 512])
        for keys in ({"MaxRecvDataSegmentLength": "262144"},
                     {"HeaderDigest": "CRC32C", "DataDigest": "CRC32C",
                      "MaxRecvDataSegmentLength": "8191"}):
            with Narrow(target.iqn, keys=keys, seconds=20) as session:
                session.ready(0)
                tasks = [session.submit(read10(lba, 128), read=65536)
                         for lba in range(0, size // 512, 128)]
                start = time.monotonic()
                other.check()
                for number, task in enumerate(tasks):
                    equal(session.wait(task).status, GOOD, "status")
                    check(bytes(task.data) == disk[number << 16:][:65536], "wrong bytes")
                check(time.monotonic() - start < patience(30), "it took", time.monotonic() - start)
                for length in (0, 1, 100, 8000):
                    equal(session.nop(bytes(length)), bytes(length), "ping")
