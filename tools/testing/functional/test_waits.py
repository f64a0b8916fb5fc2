# SPDX-License-Identifier: GPL-2.0
"""Commands that wait, for the disk or for each other, hold up nothing but themselves."""

import random
import struct
import time
from functools import partial

import harness
import history
from hang import FileStore, Suspended
from harness import Failure, check, equal, patience
from login import INITIATOR, random_isid
from session import ABORT_TASK, GOOD, Session, read10, write10
from target import Target, reservations
from test_stuck import timed

REGISTER, RESERVE, PREEMPT_AND_ABORT, REGISTER_IGNORE = 0, 1, 5, 6
WRITE_EXCLUSIVE_REGISTRANTS = 5
CONFLICT, MISCOMPARE = 0x18, 2
COMPLETE, TASK_ABORTED = 0, 0x40


def pr_out(action, key, new_key):
    """(cdb, parameter list)"""
    cdb = struct.pack(">BBBxxIx", 0x5f, action, WRITE_EXCLUSIVE_REGISTRANTS, 24)
    return cdb, struct.pack(">QQ8x", key, new_key)


def compare_and_write(lba):
    return struct.pack(">BBQ3xBxx", 0x89, 0, lba, 1)


# -- PREEMPT AND ABORT --

def test_preempt_own_reads():
    """PREEMPT AND ABORT of the holder while reads of the sender's own are under way:
    target_core takes them for the holder's, by its key, and waits for their end, which
    with TASK ABORTED status only their connection's thread can bring about."""
    with Suspended(delay=300) as device, Target("waits") as target:
        target.lun(0, kind="block", mib=8, path=device.path)
        target.lun(1)
        reservations()
        holder = Session(target.iqn, initiator=f"{INITIATOR}1")
        own = Session(target.iqn, initiator=f"{INITIATOR}2")
        for session, key in ((holder, 9), (own, 7)):
            session.ready(0, 1)
            cdb, data = pr_out(REGISTER, 0, key)
            session.command(cdb, write=data)
        cdb, data = pr_out(RESERVE, 9, 0)
        holder.command(cdb, write=data)
        reads = [own.submit(read10(8 * number, 8), read=4096) for number in range(4)]
        cdb, data = pr_out(PREEMPT_AND_ABORT, 7, 9)
        preempt = own.submit(cdb, write=data)
        timed(1, lambda: own.read_at(0, 4096, 1))
        equal(timed(3, lambda: own.wait(preempt)).status, GOOD, "status")
        seen = [own.wait(task).status for task in reads]
        check(TASK_ABORTED in seen, "target_core did not wait for the reads:", seen)
        holder.close()
        own.close()


def preempting(target, number, seconds):
    """An initiator that throws everybody else out while it reads and writes."""
    rng = random.Random(number)
    end = time.monotonic() + seconds
    session = Session(target.iqn, initiator=f"{INITIATOR}{number}", seconds=patience(15))
    session.ready(0)
    count = 0
    while time.monotonic() < end:
        tasks = [session.submit(read10(8 * n, 64), read=32768) for n in range(6)]
        tasks.append(session.submit(write10(64, 16), write=bytes(8192)))
        cdb, data = pr_out(REGISTER_IGNORE, 0, number + 1)
        session.wait(session.submit(cdb, write=data))
        cdb, data = pr_out(RESERVE, number + 1, 0)
        session.wait(session.submit(cdb, write=data))
        # Not its own: target_core never frees a registration that preempts itself.
        victim = rng.choice([other for other in range(4) if other != number])
        cdb, data = pr_out(PREEMPT_AND_ABORT, number + 1, victim + 1)
        start = time.monotonic()
        session.wait(session.submit(cdb, write=data))
        took = time.monotonic() - start
        check(took < patience(5), f"PREEMPT AND ABORT took {took:.1f} s")
        count += 1
        # What was aborted by others has no status, unless TAS is set.
        session.tasks.clear()
        del tasks
        try:
            session.sync()
        except Failure as failure:
            check("does not exist" in str(failure), failure)
    session.close()
    return count


def test_preempt_storm():
    """Four initiators preempt and abort each other under load; nobody hangs."""
    with Target("waits") as target:
        target.lun(0, emulate_tas=1)
        reservations()
        results = {}

        def one(number):
            results[number] = preempting(target, number, harness.scaled(4, 2))

        history.together(*(partial(one, number) for number in range(4)), seconds=45)
        for number, count in results.items():
            check(count > 1, f"initiator {number}: preempted {count} times")


# -- fileio --

def together(session, cdbs, **kwargs):
    """Seconds that these commands take when they are sent at once."""
    start = time.monotonic()
    tasks = [session.submit(cdb, **kwargs) for cdb in cdbs]
    for task in tasks:
        equal(session.wait(task).status, GOOD, "status")
    return time.monotonic() - start


def test_fileio_is_not_serial():
    """32 reads of a file whose disk takes long for each: one connection has them done in
    less than half of what they take one by one, whether the file is buffered or not; writes
    that are not, too."""
    delay = int(patience(100))
    limit = 32 * delay / 1000 / 2
    with Suspended(delay=delay) as device, Target("waits") as target:
        for lun, buffered in enumerate((True, False)):
            store = FileStore(f"waits-{lun}", device.path, buffered)
            target.stores.append(store)
            target.export(lun, store)
            # Reads each from a part of the disk that no read has brought in.
            works = [("reads", {"read": 4096},
                      [read10(256 * (32 * lun + n), 8) for n in range(32)])]
            if not buffered:
                works.append(("writes", {"write": bytes(4096)},
                              [write10(256 * n + 128, 8) for n in range(32)]))
            with Session(target.iqn) as session:
                session.ready(lun)
                for what, data, cdbs in works:
                    took = together(session, cdbs, lun=lun, **data)
                    what = f"{'buffered' if buffered else 'synchronous'}: 32 {what} of {delay} ms"
                    harness.note(f"{what} took {took:.2f} s")
                    check(took < limit, f"{what} took {took:.2f} s")


def test_fileio_stuck():
    """A file whose disk hangs: pings, other LUNs of the same session, and other files."""
    with Suspended() as device, Target("waits") as target:
        store = FileStore("waits-0", device.path)
        target.stores.append(store)
        target.export(0, store)
        target.lun(1)
        target.lun(2, kind="file")
        with Session(target.iqn, isid=random_isid(), seconds=20) as session:
            session.ready(0, 1, 2)
            device.suspend()
            try:
                stuck = [session.submit(read10(128 * n, 8), read=4096) for n in range(40)]
                timed(1, session.sync)
                check(not all(task.done for task in stuck), "the device does not hang")
                timed(1, lambda: session.write_at(0, bytes(4096), 1))
                timed(1, lambda: session.write_at(0, bytes(4096), 2))
                timed(1, lambda: session.read_at(0, 4096, 2))
            finally:
                device.resume()
            for task in stuck:
                equal(session.wait(task).status, GOOD, "status")


test_fileio_stuck.quick = True


def test_fileio_aborted():
    """A command that waits behind as many as run at a time, while all of these hang, ends at
    once when it is aborted: a read, which target_core does not know yet, and a write."""
    with Suspended() as device, Target("waits") as target:
        store = FileStore("waits-0", device.path)
        target.stores.append(store)
        target.export(0, store)
        with Session(target.iqn, isid=random_isid(), seconds=20) as session:
            session.ready(0)
            device.suspend()
            try:
                stuck = [session.submit(read10(128 * n, 8), read=4096) for n in range(40)]
                late = [session.submit(write10(8 * n, 8), write=bytes(4096)) for n in range(6)]
                late += stuck[34:]
                del stuck[34:]
                timed(1, session.sync)
                for task in late:
                    equal(timed(1, lambda t=task: session.tmf(ABORT_TASK, 0, t.itt, t.cmdsn)),
                          COMPLETE, "answer to an abort")
                check(not any(task.done for task in stuck), "the device does not hang")
            finally:
                device.resume()
            for task in stuck:
                equal(session.wait(task).status, GOOD, "status")


def test_fileio_direct():
    """submit_type 1 is obeyed where the kernel has it: executed in place, hence in turn."""
    with Suspended(delay=100) as device, Target("waits") as target:
        store = FileStore("waits-0", device.path)
        target.stores.append(store)
        try:
            harness.write(store.dir + "/attrib/submit_type", "1")
        except FileNotFoundError:
            raise harness.Skip("this kernel has no submit_type") from None
        target.export(0, store)
        with Session(target.iqn) as session:
            session.ready(0)
            took = together(session, [read10(512 * n, 8) for n in range(6)], read=4096)
            check(took > 0.5, f"6 reads of 100 ms took {took:.2f} s")


# -- COMPARE AND WRITE --

def test_compare_and_write_stuck():
    """A second COMPARE AND WRITE waits for the first, which hangs; its connection serves
    other LUNs meanwhile."""
    with Suspended() as device, Target("waits") as target:
        target.lun(0, kind="block", mib=8, path=device.path)
        target.lun(1)
        with Session(target.iqn) as session:
            session.ready(0, 1)
            device.suspend()
            try:
                stuck = [session.submit(compare_and_write(8), write=bytes(512) + b"\1" * 512)
                         for _ in range(3)]
                timed(1, session.sync)
                timed(1, lambda: session.write_at(0, bytes(4096), 1))
                check(not any(task.done for task in stuck), "the device does not hang")
            finally:
                device.resume()
            seen = [session.wait(task).status for task in stuck]
            equal(sorted(seen), [GOOD, MISCOMPARE, MISCOMPARE], "status")
            equal(session.read_at(8, 512), b"\1" * 512, "the block")
