# SPDX-License-Identifier: GPL-2.0
"""Security history, through target_core: what has broken it before has to come to a
SCSI status through this fabric as well, whatever the CDB and its parameter list are."""

import itertools
import os
import random
import struct
import time

import harness
from harness import Skip, check, equal, patience, write
from history import Bystander, together
from login import random_isid
from raw import FINAL, SCSI_CMD, TMF_REQ, padding
from session import (ABORT_TASK, CHECK_CONDITION, GOOD, LUN_RESET, READ, SIMPLE, Session, Task,
                     inquiry, read10, write10)
from target import Backstore, Target, reservations

CONFLICT = 0x18
NO_LUN, NO_FIELD, OUT_OF_RANGE = (5, 0x25, 0), (5, 0x24, 0), (5, 0x21, 0)


def seen(task):
    return task.status, task.sense_code if task.sense else None


def any_status(session, cdb, data=None, read=0, lun=0):
    """A status, whichever; the connection goes on."""
    task = session.command(cdb, lun=lun, write=data, read=read, status=None)
    check(task.status in (GOOD, CHECK_CONDITION, CONFLICT), f"CDB {cdb.hex()}: {task.status:#x}")
    return seen(task)


# -- row 41 --

def naa(session, lun):
    """The NAA designator of a disk."""
    page = bytes(session.command(inquiry(252, 0x83), lun=lun, read=252).data)
    at = 4
    while at < len(page):
        if page[at] & 0xf == 1 and page[at + 1] & 0xf == 3:
            return page[at + 4:at + 4 + page[at + 3]]
        at += 4 + page[at + 3]
    raise harness.Failure("no NAA designator")


def named_lun(target, number):
    """A LUN whose device has a serial number, which makes its NAA designator."""
    store = Backstore(f"named-{number}", mib=1)
    target.stores.append(store)
    write(store.dir + "/wwn/vpd_unit_serial", f"{0x4100 + number:04x}" + "0" * 28)
    os.mkdir(f"{target.tpg}/lun/lun_{number}")
    os.symlink(store.dir, f"{target.tpg}/lun/lun_{number}/link")


def extended_copy(session, source, destination, blocks=8):
    """EXTENDED COPY of block 0 and following, at LUN 0."""
    def disk(name):
        return struct.pack(">BBHBBBB20sB3s", 0xe4, 0, 0, 1, 3, 0, len(name), name, 0,
                           (512).to_bytes(3, "big"))
    segment = struct.pack(">BBHHHHHQQ", 2, 0, 24, 0, 1, 0, blocks, 0, 0)
    data = struct.pack(">BBHIII", 1, 0x10, 64, 0, len(segment), 0) + disk(source) + \
        disk(destination) + segment
    cdb = b"\x83" + bytes(9) + struct.pack(">IBB", len(data), 0, 0)
    return any_status(session, cdb, data)


def test_row_41_extended_copy():
    """EXTENDED COPY between disks of which one is not mapped: refused, both unchanged;
    between one's own it works or is not offered."""
    with Target("core", demo=False) as target:
        for lun in range(3):
            named_lun(target, lun)
        rich, poor = target.acl("iqn.2026-11.test:rich"), target.acl("iqn.2026-11.test:poor")
        for lun in range(3):
            rich.map(lun, to=lun)
        poor.map(0, to=2)
        with Session(target.iqn, initiator=rich.name) as owner, \
                Session(target.iqn, initiator=poor.name) as thief:
            owner.ready(0, 1, 2)
            thief.ready(0)
            names = [naa(owner, lun) for lun in range(3)]
            equal(naa(thief, 0), names[2], "the disk of both")
            equal(len(set(names)), 3, "different names")
            fill = [bytes([0x41 + lun]) * 4096 for lun in range(3)]
            for lun in range(3):
                owner.write_at(0, fill[lun], lun)
            for source, destination in ((0, 2), (2, 0), (1, 2), (2, 1), (0, 1)):
                status, _sense = extended_copy(thief, names[source], names[destination])
                equal(status, CHECK_CONDITION, f"copy from {source} to {destination}")
                for lun in range(3):
                    equal(owner.read_at(0, 4096, lun), fill[lun], f"disk {lun}")
            status, sense = extended_copy(owner, names[0], names[1])
            if status == GOOD:
                equal(owner.read_at(0, 4096, 1), fill[0], "a copy of one's own")
            else:
                equal(sense[0], 5, "sense key where copies are not offered")


# -- rows 42 to 44 --

def pr_out(action, data, kind=0):
    return struct.pack(">BBBHIB", 0x5f, action, kind, 0, len(data), 0)


REGISTER, RESERVE, CLEAR, REGISTER_AND_MOVE = 0, 1, 3, 7
KEY = b"history1"


def spec_i_pt(ids, length=None, flags=0x08):
    """Parameter list of REGISTER with TransportIDs."""
    length = len(ids) if length is None else length
    return bytes(8) + KEY + bytes(4) + bytes([flags, 0, 0, 0]) + struct.pack(">I", length) + ids


def transport_id(name, code=0, length=None, protocol=5):
    """name: bytes of the name field, NUL and padding included, or not."""
    length = len(name) if length is None else length
    return struct.pack(">BBH", code << 6 | protocol, 0, length) + name


def padded(text):
    return text + b"\0" + padding(len(text) + 1)


GUEST = b"iqn.2026-11.test:guest"


# target_core keeps references to a LUN for each REGISTER with SPEC_I_PT, good or bad, so
# that the LUN cannot be removed any more; kmod/tcm/guard.c refuses all of them. If one
# got through, the end of the target would hang.

def ids():
    """(what, list of TransportIDs), good ones and bad ones"""
    yield "nothing", b""
    yield "one that is right", transport_id(padded(b"iqn.2026-11.test:two"))
    yield "one with ISID", transport_id(padded(b"iqn.2026-11.test:two,i,0x800000000001"), 1)
    yield "a header only", transport_id(b"")
    yield "four bytes", b"\5\0\0\4"
    for size in (16, 20, 24, 223, 224, 228, 1024, 4064, 4068, 4072, 4076, 8000):
        name = (GUEST + b"x" * size)[:size]
        yield f"no NUL in {size}", transport_id(name)
        yield f"no separator in {size}", transport_id(name, 1)
        yield f"separator at the end of {size}", transport_id(name[:-5] + b",i,0x", 1)
        yield f"half a separator at the end of {size}", transport_id(name[:-2] + b",i", 1)
        yield f"ISID without NUL in {size}", transport_id(name[:-12] + b",i,0x0123456", 1)
    for length in (0, 1, 3, 4, 5, 19, 0x7fff, 0xfffc, 0xffff):
        yield f"length {length}", transport_id(padded(GUEST), length=length)
        yield f"length {length} with ISID", transport_id(padded(GUEST + b",i,0x800000000001"), 1,
                                                         length)
    for code in (2, 3):
        yield f"format {code}", transport_id(padded(GUEST), code)
    for protocol in (0, 1, 2, 3, 4, 6, 7, 8, 0xa, 0xf):
        yield f"protocol {protocol}", transport_id(bytes(20), protocol=protocol)
    yield "an odd ISID", transport_id(padded(GUEST + b",i,0xzzzz"), 1)
    yield "a long ISID", transport_id(padded(GUEST + b",i,0x" + b"8" * 200), 1)
    yield "ones", b"\xff" * 512
    yield "many", transport_id(padded(GUEST)) * 100
    yield "many, the last cut", (transport_id(padded(GUEST)) * 100)[:-8]


def core_target():
    target = Target("core", demo=False)
    reservations()
    target.lun(0)
    for name in ("bystander", "one", "two"):
        target.acl(f"iqn.2026-11.test:{name}").map(0, to=0)
    return target


def registered(session):
    """Keys that READ KEYS shows."""
    data = bytes(session.command(b"\x5e\0" + bytes(5) + b"\2\0\0", read=512).data)
    length = int.from_bytes(data[4:8], "big")
    return [data[8 + at:16 + at] for at in range(0, length, 8)]


def test_row_42_transport_ids():
    """REGISTER with SPEC_I_PT and TransportIDs of every wrong form and length: refused
    with sense, nothing registered, and the next command is served."""
    with core_target() as target, Bystander(target) as other:
        with Session(target.iqn, initiator="iqn.2026-11.test:one") as session:
            session.ready(0)
            for what, some in ids():
                for length in {len(some), len(some) + 4, max(0, len(some) - 4), 0xffffffff}:
                    status, sense = any_status(session, pr_out(REGISTER, spec_i_pt(some, length)),
                                               spec_i_pt(some, length))
                    equal((status, sense and sense[0]), (CHECK_CONDITION, 5),
                          f"{what}, {length} of {len(some)} bytes")
                    equal(registered(session), [], f"keys after {what}")
            other.check()
            # A parameter list that is shorter or longer than its CDB says.
            data = spec_i_pt(transport_id(padded(GUEST)))
            for size in (0, 1, 8, 23, 24, 25, 27, 28, len(data) - 1, len(data) + 1, 4096, 8192):
                cdb = pr_out(REGISTER, bytes(size))
                for sent in {1, 24, size, len(data)}:
                    any_status(session, cdb, (data + bytes(8192))[:max(sent, 1)])
                clear(session)


def clear(session):
    session.command(pr_out(CLEAR, bytes(24)), write=KEY + bytes(16), status=None)
    equal(registered(session), [], "keys after CLEAR")


def test_row_43_register_and_move():
    """REGISTER AND MOVE with TransportIDs of every wrong form, up to several pages: the
    reservation stays where it is."""
    with core_target() as target, Bystander(target) as other:
        with Session(target.iqn, initiator="iqn.2026-11.test:one") as session:
            session.ready(0)
            register = bytes(8) + KEY + bytes(8)
            session.command(pr_out(REGISTER, register), write=register)
            reserve = KEY + bytes(16)
            session.command(pr_out(RESERVE, reserve, 5), write=reserve)     # exclusive, registrants
            equal(any_status(other.session, write10(0, 1), bytes(512))[0], CONFLICT, "a stranger")
            for what, some in ids():
                if what.startswith("one "):
                    continue            # these could be moved to
                for length in {len(some), len(some) + 4, 0xffffffff}:
                    for port in (1, 0x4711):
                        data = KEY + KEY[::-1] + struct.pack(">BBHI", 0, 0, port, length) + some
                        status, _sense = any_status(session, pr_out(REGISTER_AND_MOVE, data), data)
                        check(status in (CHECK_CONDITION, CONFLICT), what, length, port, status)
                equal(registered(session), [KEY], f"keys after {what}")
            equal(any_status(session, write10(0, 1), bytes(512))[0], GOOD, "who holds it")
            clear(session)
            other.session.ready(0)


def test_row_44_unknown_ports():
    """SPEC_I_PT and REGISTER AND MOVE that name ports which do not exist, well formed."""
    with core_target() as target, Bystander(target) as other:
        with Session(target.iqn, initiator="iqn.2026-11.test:one") as session:
            session.ready(0)
            for name in (GUEST, b"x", b"i" * 223, b"iqn.2026-11.test:none,i,0x800000000001"):
                code = 1 if b",i," in name else 0
                for flags in (0x08, 0x0c, 0x09, 0x0d):
                    data = spec_i_pt(transport_id(padded(name), code), flags=flags)
                    status, _sense = any_status(session, pr_out(REGISTER, data), data)
                    equal(status, CHECK_CONDITION, f"{name} with flags {flags:#x}")
                register = bytes(8) + KEY + bytes(8)
                session.command(pr_out(REGISTER, register), write=register)
                reserve = KEY + bytes(16)
                session.command(pr_out(RESERVE, reserve, 1), write=reserve)
                for port in (0, 2, 0xffff):
                    move = KEY + KEY[::-1] + \
                        struct.pack(">BBHI", 0, 0, port, 4 + len(padded(name))) + \
                        transport_id(padded(name), code)
                    equal(any_status(session, pr_out(REGISTER_AND_MOVE, move), move)[0],
                          CHECK_CONDITION, f"move to port {port} of {name}")
                clear(session)
            other.session.ready(0)


# -- row 45 --

def long_cdb(session, cdb, lun=0):
    extra = cdb[16:]
    area = (len(extra) + 1).to_bytes(2, "big") + b"\1\0" + extra
    task = Task(session.next_itt(), cdb[:16], lun, 512, None)
    task.cmdsn = session.cmdsn
    session.tasks[task.itt] = task
    pdu = session.base(SCSI_CMD, FINAL | READ | SIMPLE, task.itt, {20: 512}, lun,
                       ahs=area + padding(len(area)))
    pdu.bhs[32:48] = cdb[:16]
    session.send(pdu)
    return seen(session.wait(task))


def test_row_45_long_cdbs():
    """CDBs of 17 to 260 bytes that are refused for one reason after the other: each has
    its sense, again and again."""
    with Target("core") as target:
        target.lun(0)
        with Bystander(target), Session(target.iqn) as session:
            session.ready(0)
            for _ in range(harness.scaled(6, 1)):
                for length in (17, 18, 20, 32, 33, 34, 64, 128, 252, 259, 260):
                    for claim in {0, 8, length - 8, length - 7, 24, 251, 252, 255} & \
                            set(range(256)):
                        cdb = bytes([0x7f, 0, 0, 0, 0, 0, 0, claim, 0xff, 0xff]) + bytes(length)
                        status, sense = long_cdb(session, cdb[:length])
                        equal((status, sense[0]), (CHECK_CONDITION, 5), f"{length}, {claim}")
                        status, sense = long_cdb(session, cdb[:length], lun=9)
                        check(status == CHECK_CONDITION and sense in (NO_LUN, NO_FIELD),
                              "a LUN that does not exist:", status, sense)
                # WRITE SAME(32) and READ(32) that are wrong in one field.
                for action in (0x09, 0x0b, 0x0d):
                    cdb = b"\x7f" + bytes(6) + b"\x18" + struct.pack(">H", action) + b"\xff" * 22
                    equal(long_cdb(session, cdb)[0], CHECK_CONDITION, "a far block")


# -- row 46 --

def write_same(blocks, flags, lba=0):
    return struct.pack(">BBQIBB", 0x93, flags, lba, blocks, 0, 0)


def test_row_46_no_data_buffer():
    """WRITE SAME with NDOB, and other commands that write, without a data buffer: a
    status, and the disk holds what that status says."""
    with Target("core") as target:
        target.lun(0)
        target.lun(1, kind="file")
        with Bystander(target), Session(target.iqn) as session:
            session.ready(0, 1)
            for lun in (0, 1):
                for flags, blocks in itertools.product((0x00, 0x01, 0x08, 0x09, 0x11, 0x19),
                                                       (0, 1, 8, 0xffffffff)):
                    session.write_at(0, b"\x46" * 4096, lun)
                    for cdb in (write_same(blocks, flags),
                                struct.pack(">BBIBHB", 0x41, flags, 0, 0, blocks & 0xffff, 0)):
                        any_status(session, cdb, lun=lun)       # no W, no length
                        any_status(session, cdb, b"", lun=lun)  # W, no length
                        session.command(cdb, lun=lun, write=b"\x46" * 512, status=None)
                    disk = session.read_at(0, 4096, lun)
                    check(set(disk) <= {0, 0x46}, "bytes that nobody wrote:", set(disk))
                for cdb in (b"\x42" + bytes(9), b"\x89" + bytes(15), write10(0, 8),
                            b"\x89" + bytes(12) + b"\1\0\0", b"\x2e" + bytes(9),
                            b"\x2f" + bytes(9), b"\x15" + bytes(5), b"\x55" + bytes(9),
                            b"\x5f" + bytes(9), b"\x83" + bytes(15), b"\x8a" + bytes(15),
                            b"\xa3" + bytes(11), b"\xa4\x0a" + bytes(10), b"\x9e\x10" + bytes(14)):
                    any_status(session, cdb, lun=lun)
                    any_status(session, cdb, b"", lun=lun)
                    any_status(session, cdb, read=0, lun=lun)


# -- row 47 --

def test_row_47_overlapping_resets():
    """LUN RESET from eight sessions at once, all of them with I/O, and ABORT TASK sent in
    front of what it names: each is answered within seconds, the disk goes on."""
    with Target("core") as target:
        target.lun(0)
        sessions = [Session(target.iqn, initiator=f"iqn.2026-11.test:r{number}",
                            answer_r2t=False, seconds=10) for number in range(8)]
        for session in sessions:
            session.ready(0)

        def reset(session):
            def work():
                for number in range(harness.scaled(6, 2)):
                    for lba in range(4):
                        session.submit(read10(lba, 64), read=32768)
                        session.submit(write10(lba, 8), write=bytes(4096), immediate=0)
                    early = session.next_itt() + 1
                    session.send(session.base(TMF_REQ, FINAL | ABORT_TASK, session.next_itt(),
                                              {20: early + 1, 32: session.cmdsn}, immediate=True))
                    start = time.monotonic()
                    session.others.clear()
                    itt = session.next_itt()
                    session.send(session.base(TMF_REQ, FINAL | LUN_RESET, itt, immediate=True))
                    while not any(pdu.itt == itt for pdu in session.others):
                        session.pump()
                    response = [pdu.bhs[2] for pdu in session.others if pdu.itt == itt]
                    equal(response, [0], f"LUN RESET number {number}")
                    took = time.monotonic() - start
                    check(took < patience(5), f"a LUN RESET took {took:.1f} s")
                    session.others.clear()
            return work

        try:
            together(*[reset(session) for session in sessions], seconds=40)
        finally:
            for session in sessions:
                session.close()
        with Session(target.iqn, isid=random_isid()) as session:
            session.ready(0)
            session.write_at(0, b"\x47" * 512)
            equal(session.read_at(0, 512), b"\x47" * 512, "the disk")


# -- row 48 --

def unmap(*ranges, length=None):
    data = b"".join(struct.pack(">QII", lba, count, 0) for lba, count in ranges)
    size = len(data) if length is None else length
    return struct.pack(">HHI", (size + 6) & 0xffff, size & 0xffff, 0) + data


def test_row_48_unmap_wraps():
    """UNMAP of ranges at and beyond the end, of 64 bits and more: out of range, nothing
    is gone; and of lists whose lengths contradict each other."""
    blocks = 8192
    with Target("core") as target:
        target.lun(0)
        store = target.lun(1, kind="file", mib=blocks >> 11)
        try:
            write(store.dir + "/attrib/emulate_tpu", "1")
        except OSError as error:
            raise Skip(f"this kernel does not unmap in files: {error}") from None
        with Bystander(target), Session(target.iqn) as session:
            session.ready(0, 1)
            last = b"\x48" * 512
            session.write_at(blocks - 1, last, 1)
            session.write_at(0, last, 1)
            top = 1 << 64
            for lba, count in ((blocks, 1), (blocks - 1, 2), (0, blocks + 1), (1, 0xffffffff),
                               (top - 1, 1), (top - 1, 2), (top - 8, 8), (top - 8, 9),
                               (top - 0xffffffff, 0xffffffff), (1 << 63, 1), (1 << 32, 1),
                               (blocks - 1, 0xffffffff)):
                data = unmap((lba, count))
                cdb = struct.pack(">BBIBHB", 0x42, 0, 0, 0, len(data), 0)
                status, sense = any_status(session, cdb, data, lun=1)
                check((status, sense) == (CHECK_CONDITION, OUT_OF_RANGE) or
                      sense == (5, 0x26, 0), f"UNMAP of {count} at {lba}:", status, sense)
                for block in (0, blocks - 1):
                    check(session.read_at(block, 512, 1) == last, "gone after", lba, count)
            for length, size in ((0, 24), (8, 24), (16, 8), (17, 24), (32, 24), (0xfff0, 24)):
                data = unmap((0, 0), length=length)
                any_status(session, struct.pack(">BBIBHB", 0x42, 0, 0, 0, size, 0), data, lun=1)
                check(session.read_at(0, 512, 1) == last, "gone after a list of", length, size)
            data = unmap((blocks - 1, 1))
            cdb = struct.pack(">BBIBHB", 0x42, 0, 0, 0, len(data), 0)
            equal(any_status(session, cdb, data, lun=1)[0], GOOD, "UNMAP of the last block")
            check(session.read_at(0, 512, 1) == last, "the first block went with the last")


# -- row 49 --

def test_row_49_new_disk_is_empty():
    """A new RAM disk and a new file show zeros only, in memory that was full before."""
    mib = harness.scaled(8, 2)
    for round_ in range(2):
        with Target("core") as target:
            for lun, kind in enumerate(("ramdisk", "file")):
                target.lun(lun, kind=kind, mib=mib)
            with Session(target.iqn, keys={"MaxRecvDataSegmentLength": "262144"}) as session:
                session.ready(0, 1)
                for lun in (0, 1):
                    for lba in range(0, mib << 11, 512):
                        check(not any(session.read_at(lba, 262144, lun)), f"LUN {lun}: bytes in a",
                              "new disk at", lba)
                        session.write_at(lba, b"\x49secret!" * 32768, lun)
                    check(session.read_at(0, 512, lun)[:8] == b"\x49secret!"[:8], "not written")
        harness.note(f"row 49: round {round_}")


# -- row 66 --

def supported(option, opcode, action, length):
    return struct.pack(">BBBBHIBB", 0xa3, 0x0c, option, opcode, action, length, 0, 0)


def test_row_66_supported_opcodes():
    """REPORT SUPPORTED OPERATION CODES for every opcode, every option and any service
    action, with allocation lengths from 0 on: a status and never more than was asked."""
    with Target("core") as target:
        target.lun(0)
        with Bystander(target), Session(target.iqn) as session:
            session.ready(0)
            rng = random.Random(66)
            actions = (0, 1, 0x0c, 0x1f, 0x20, 0xff, 0x100, 0x7fff, 0x8000, 0xffff)
            for opcode in range(256):
                for option in (0x00, 0x01, 0x02, 0x03, 0x81, 0x83, rng.choice((4, 5, 6, 7, 0x84))):
                    action = rng.choice(actions)
                    length = rng.choice((1, 3, 4, 5, 20, 511))
                    task = session.command(supported(option, opcode, action, length), read=length,
                                           status=None)
                    check(task.status in (GOOD, CHECK_CONDITION), "status", task.status)
                    check(len(task.data) <= length, "more than was asked for")
            for action in actions:
                for opcode in (0x7f, 0x9e, 0xa3, 0xa4, 0x5e, 0x5f, 0x83, 0x84):
                    for option in (1, 2, 3):
                        any_status(session, supported(option, opcode, action, 512), read=512)
            for cdb in (b"\xa3", b"\xa4", b"\x9e", b"\x9f", b"\x5e", b"\x5f", b"\x83", b"\x84",
                        b"\x7f"):
                for action in range(32):
                    long = cdb + bytes([action]) + bytes(8) + b"\1" + bytes(5)
                    any_status(session, long, read=256)
