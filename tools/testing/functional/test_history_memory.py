# SPDX-License-Identifier: GPL-2.0
"""Security history: memory that a peer asks for, and memory that is not there."""

import os
import struct
import time

import harness
import login
from faults import Failing, threads
from harness import Failure, check, equal, patience, wait_for, write
from history import Bystander, Memory, honest_login, meminfo
from login import Chap, decode_text
from raw import Closed
from session import (GOOD, LUN_RESET, Session, discovery, inquiry, read10, report_luns, write10)
from target import Target

SECRET, BACK = "abcdefghijklmnop", "ponmlkjihgfedcba"
MIB = 1024          # KiB


def memory_target(**kwargs):
    target = Target("memory", **kwargs)
    target.lun(0)
    return target


# -- row 28 --

def write16(lba, blocks):
    return struct.pack(">BBQIBB", 0x8a, 0, lba, blocks, 0, 0)


def read16(lba, blocks):
    return struct.pack(">BBQIBB", 0x88, 0, lba, blocks, 0, 0)


MODE_SELECT = b"\x55\x10" + bytes(5) + b"\xff\xff\0"
PR_OUT = b"\x5f\0\0\0\0" + b"\xff\xff\xff\xff\0"
LONGEST = 0xffffffff

# what, CDB, R or W, MiB that a window of 64 of them may take; 0 is the module's budget, a
# quarter of the memory: how long an answer will be is known only when it was made.
HUGE = (
    ("write of a block", write10(0, 1), "W", 24),
    ("write of 32 KiB", write10(0, 64), "W", 24),
    ("write of 4 Gi blocks", write16(0, LONGEST), "W", 24),
    ("write of 32 MiB less a block, past the end", write10(0, 65535), "W", 24),
    ("MODE SELECT", MODE_SELECT, "W", 32),
    ("PERSISTENT RESERVE OUT of 4 GiB", PR_OUT, "W", 24),
    ("unknown command", b"\xc1" + bytes(15), "W", 24),
    ("read of a block", read10(0, 1), "R", 24),
    ("read of 4 Gi blocks", read16(0, LONGEST), "R", 24),
    ("INQUIRY", inquiry(65535 & 0xff), "R", 24),
    ("REPORT LUNS of 4 GiB", report_luns(LONGEST), "R", 0),
    ("unknown command", b"\xc1" + bytes(15), "R", 24),
)


def fill_window(session, cdb, direction, bound, what, length=LONGEST):
    """As many commands as the window takes, without any data; no answer is read. Looks
    at the memory after every few of them, so that the machine survives where the bound
    does not hold."""
    memory = Memory()
    count = session.max_cmdsn - session.cmdsn + 1 & 0xffffffff
    for number in range(count):
        if direction == "W":
            session.submit(cdb, write=b"", edtl=length, wait_window=False)
        else:
            session.submit(cdb, read=length, edtl=length, wait_window=False)
        if number % 8 == 7:
            time.sleep(0.02)
            memory.below(bound * MIB, f"{what} ({direction}), {number + 1} of {count}")
    time.sleep(0.1)
    memory.below(bound * MIB, f"{what} ({direction})")
    return memory.used() // MIB


def test_row_28_huge_lengths():
    """A window full of commands that expect 4 GiB each and send nothing: what they
    take is what their CDBs are about, and it comes back with the connection."""
    with memory_target() as target, Bystander(target) as other:
        for what, cdb, direction, bound in HUGE:
            session = Session(target.iqn, answer_r2t=False, keys={"MaxOutstandingR2T": "64"})
            session.ready(0)
            bound = bound or meminfo("MemTotal") // MIB // 4 + 48
            used = fill_window(session, cdb, direction, bound, what)
            harness.note(f"row 28: {what} ({direction}): {used} MiB")
            other.check()
            session.reset()
            wait_for(lambda: target.sessions() == 1, "the end of the session")


def test_row_28_buffers():
    """Windows full of writes of the whole disk without their data, and of reads whose
    data is not taken: buffers stay within the budget of the module."""
    budget = Memory.free() // MIB // 6
    write("/sys/module/tcm_iscsi/parameters/data_mib", str(budget))
    try:
        with memory_target() as target, Bystander(target) as other:
            for direction, cdb in (("W", write10(0, 32768)), ("R", read10(0, 32768))):
                sessions = []
                for number in range(3):
                    session = Session(target.iqn, initiator=f"{login.INITIATOR}{number}",
                                      answer_r2t=False)
                    session.ready(0)
                    sessions.append(session)
                for session in sessions:
                    # One command is let through whatever there is.
                    used = fill_window(session, cdb, direction, budget + 48,
                                       "transfers of 16 MiB", 16 << 20)
                    harness.note(f"row 28: 16 MiB each ({direction}): {used} MiB of {budget}")
                    other.check()
                for session in sessions:
                    session.reset()
                wait_for(lambda: target.sessions() == 1, "the end of the sessions")
                other.check()
    finally:
        write("/sys/module/tcm_iscsi/parameters/data_mib", "0")


def test_row_28_answers_not_read():
    """Pings and reads whose answers are never read: what is kept for them is bounded."""
    with memory_target() as target, Bystander(target) as other:
        session = Session(target.iqn, seconds=1,
                          keys={"MaxRecvDataSegmentLength": "262144"})
        session.ready(0)
        memory = Memory()
        try:
            for _ in range(4000):
                session.send(session.base(0, 0x80, 7, {20: LONGEST}, data=bytes(8192),
                                          immediate=True))
        except OSError:
            pass
        memory.below(48 * MIB, "pings whose answers are not read")
        other.check()
        session.reset()


# -- row 32 --

def allowed_end(error):
    """0302, 0300, a closed or reset connection: nothing else may come of it."""
    if isinstance(error, login.Refused):
        check(error.status in (0x302, 0x300), "refused with", hex(error.status))
    elif not isinstance(error, (OSError, Closed)):
        raise error


def test_row_32_login_allocations():
    """Each allocation of the login thread fails in turn: the login is refused as out of
    resources, or closed, or it succeeds; the next one is as ever."""
    with Failing() as failing, memory_target(auth=True) as target, \
            memory_target_open() as free, Bystander(free):
        target.auth(userid="user", password=SECRET, userid_mutual="target", password_mutual=BACK)
        failures = refusals = 0
        for nth in range(1, 400):
            failing.arm(nth, "tiscsi_login/", "tiscsi_accept")
            try:
                with Session(target.iqn, chap=Chap("user", SECRET, ("target", BACK), "7"),
                             seconds=3) as session:
                    session.sync()
            except (OSError, Failure) as error:
                allowed_end(error)
                refusals += 1
            if not failing.fired():
                break
            failures += 1
            if nth % 8 == 0:
                honest_login(free)
        else:
            raise Failure("400 allocations in a login")
        harness.note(f"row 32: {failures} allocations failed, {refusals} logins with them")
        check(failures >= 8, "only", failures, "allocations could fail")
        check(refusals >= 4, "only", refusals, "logins noticed")
        wait_for(lambda: not target.sessions(), "the end of all sessions")
        honest_login(free)


def memory_target_open():
    target = Target("open")
    target.lun(0)
    return target


def test_row_32_discovery_allocations():
    """The same for a discovery session and its answer."""
    with Failing() as failing, memory_target() as target, Bystander(target):
        failures = 0
        for nth in range(1, 200):
            failing.arm(nth, "tiscsi_login/", "tiscsi_accept")
            start = time.monotonic()
            try:
                # No logout: if the FIN that ends it cannot be allocated, TCP forgets it.
                session = discovery()
                found = session.send_targets()
                equal(found, [(target.iqn, ["127.0.0.1:3260,1"])], "what was found")
                session.close()
            except (OSError, Failure) as error:
                if "0x3f" not in str(error):        # Reject: long operation
                    allowed_end(error)
            took = time.monotonic() - start
            check(took < patience(3), f"allocation {nth} of a discovery took {took:.1f} s")
            if not failing.fired():
                break
            failures += 1
        check(failures >= 3, "only", failures, "allocations could fail")


# -- row 40 --

class Torn(Exception):
    """An answer that says that there was no memory."""


def some_of_everything(session, rng_data):
    """A write with R2T, one with immediate data, a read, a ping, a text, a reset. A
    refusal for want of memory ends it; wrong data does not pass."""
    for lba, data, immediate in ((0, rng_data[:4096], 0), (8, rng_data[4096:], None)):
        task = session.command(write10(lba, 8), write=data, immediate=immediate, status=None)
        if task.status != GOOD:
            raise Torn(task.status)
    task = session.command(read10(0, 16), read=8192, status=None)
    if task.status != GOOD:
        raise Torn(task.status)
    check(bytes(task.data) == rng_data, "wrong data was read")
    data = os.urandom(6000)
    echo = session.nop(data)
    check(data.startswith(echo), "wrong echo")
    answer = session.text([("X-a", "1")])
    equal(decode_text(answer.data), [("X-a", "NotUnderstood")], "answer to a text")
    response = session.tmf(LUN_RESET, 0)
    if response:
        raise Torn(response)


def torn_status(status):
    """BUSY, TASK SET FULL, CHECK CONDITION (of target_core), TMF response 255."""
    check(status in (0x08, 0x28, 0x02, 255), "status", status)


def test_row_40_session_allocations():
    """Each allocation of a session's thread fails in turn: a status, a Reject or the end
    of that session; nothing is written wrongly, nobody else is disturbed."""
    with Failing() as failing, memory_target() as target, Bystander(target, resets=True):
        others = set(threads("tiscsi/"))
        failures = ends = 0
        for nth in range(1, 300):
            session = Session(target.iqn, seconds=3)
            session.ready(0)
            own = set(threads("tiscsi/")) - others
            equal(len(own), 1, "threads of the session")
            failing.arm_threads(nth, own)
            try:
                some_of_everything(session, os.urandom(8192))
            except Torn as torn:
                torn_status(torn.args[0])
            except (OSError, Closed):
                ends += 1
            except Failure as failure:
                check("0x3f" in str(failure), "neither status nor Reject:", failure)
            fired = failing.fired()
            session.close()
            wait_for(lambda: target.sessions() == 1, "the end of the session")
            if not fired:
                break
            failures += 1
        else:
            raise Failure("300 allocations in a few commands")
        harness.note(f"row 40: {failures} allocations failed, {ends} sessions ended")
        check(failures >= 4, "only", failures, "allocations could fail")
        honest_login(target)
