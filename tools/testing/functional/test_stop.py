# SPDX-License-Identifier: GPL-2.0
"""Whatever is stopped while a device hangs stops within a second: commands, sessions,
portals, logins, and the portal group, which has a time limit of its own."""

import errno
import os
import signal
import time
from functools import partial

import harness
import target as target_module
from hang import Ignoring, Orphaned, Suspended
from harness import check, equal, kernel_threads, patience, wait_for
from history import together
from login import Refused, random_isid
from session import (ABORT_TASK, ABORT_TASK_SET, CLEAR_TASK_SET, GOOD, LUN_RESET, TEST_UNIT_READY,
                     WARM_RESET, Session, inquiry, read10, report_luns, write10)
from target import PORTAL, Target
from test_reinstate import told
from test_stuck import timed

BUSY, TASK_ABORTED = 0x08, 0x40
COMPLETE, NO_TASK, REJECTED = 0, 1, 255
NO_RESOURCES = 0x302
DRAIN_TIMEOUT = "/sys/module/tcm_iscsi/parameters/drain_timeout"


class Hung:
    """A target whose LUN 0 hangs and whose LUN 1 does not, and another target."""

    def __init__(self, device, **kwargs):
        self.device = device
        self.kwargs = kwargs
        self.target = self.other = None

    def __enter__(self):
        self.device.__enter__()
        self.other = Target("stop-other")
        self.other.lun(0)
        self.target = Target("stop", **self.kwargs)
        store = self.device.store("stop-0")
        self.target.stores.append(store)
        self.target.export(0, store)
        self.target.lun(1)
        return self

    def sessions(self, number, count=4):
        """Sessions with commands that hang."""
        found = []
        for _ in range(number):
            session = Session(self.target.iqn, isid=random_isid(), seconds=45)
            session.ready(1)
            if self.device.answers_inquiry:
                session.ready(0)
            found.append(session)
        self.device.hang()
        for session in found:
            session.stuck = [session.submit(write10(8 * n, 8), write=b"\6" * 4096)
                             for n in range(count)]
            session.stuck.append(session.submit(read10(64, 8), read=4096))
            session.sync()
            check(not any(task.done for task in session.stuck), "the device does not hang")
        return found

    def session(self, count=4):
        return self.sessions(1, count)[0]

    def works(self, target=None, lun=1):
        """A new login, and I/O."""
        with Session((target or self.target).iqn, isid=random_isid()) as session:
            session.ready(lun)
            session.write_at(0, b"\5" * 4096, lun)
            equal(session.read_at(0, 4096, lun), b"\5" * 4096, "the disk")

    def __exit__(self, *exc):
        self.device.release()
        self.target.remove()
        self.other.remove()
        self.device.__exit__(*exc)


def threads_of_sessions():
    return [name for name in kernel_threads() if name.startswith("tiscsi/")]


def disable(target, error, seconds):
    """enable=0 fails like this, in about this time."""
    start = time.monotonic()
    try:
        target.enable(False)
        seen = 0
    except OSError as failure:
        seen = failure.errno
    took = time.monotonic() - start
    equal(errno.errorcode.get(seen, seen), errno.errorcode.get(error, error), "enable=0")
    check(took < patience(seconds), f"enable=0 took {took:.1f} s")
    return took


# -- task management --

def functions(device):
    """Every function is answered, and says that it has failed, because a write may still
    reach the disk; other units go on, and their functions succeed."""
    with Hung(device) as hung:
        session = hung.session()
        for function in (ABORT_TASK, ABORT_TASK_SET, LUN_RESET, CLEAR_TASK_SET, WARM_RESET):
            first = session.stuck[0]
            answer = timed(1, lambda f=function, t=first: session.tmf(
                f, 0, t.itt if f == ABORT_TASK else 0xffffffff, t.cmdsn if f == ABORT_TASK else 0))
            equal(answer, REJECTED, f"answer to function {function}")
            timed(1, lambda: session.write_at(8, b"\7" * 4096, 1))
        equal(timed(1, lambda: session.tmf(LUN_RESET, 1)), COMPLETE, "reset of the other unit")
        session.ready(1)
        # Many, as an initiator sends that does not give up.
        for task in session.stuck * 4:
            timed(1, lambda t=task: session.tmf(ABORT_TASK, 0, t.itt, t.cmdsn))
            session.nop()
        hung.device.release()
        for task in session.stuck:
            check(session.wait(task).status in (GOOD, TASK_ABORTED, 2), "status", task.status)
        wait_for(lambda: session.tmf(ABORT_TASK, 0, 1, 1) == NO_TASK, "the end of the functions")
        session.close()


def test_functions_dm():
    """A suspended dm device."""
    functions(Suspended())


def test_functions_scsi_debug():
    """A disk that ignores commands."""
    functions(Ignoring())


def test_functions_tcmu():
    """tcmu without a daemon."""
    functions(Orphaned())


test_functions_scsi_debug.limit = 120


def test_slow_is_not_stuck():
    """A reset of a device that is slow, but finishes commands, waits for all of them, longer
    than it would wait for one that finishes none."""
    with Hung(Suspended(delay=1000)) as hung:
        session = Session(hung.target.iqn)
        session.ready(0)
        for n in range(5):
            time.sleep(0.25)
            session.submit(read10(8 * n, 8), read=4096)
        start = time.monotonic()
        equal(session.tmf(LUN_RESET), COMPLETE, "answer")
        check(time.monotonic() - start > 0.85, "it had nothing to wait for")
        session.close()


def test_clear_of_others():
    """CLEAR TASK SET and resets again and again, while tasks of another session hang: no
    session loses a slot that it needs, however few it has, and the answers stay honest."""
    with Hung(Suspended()) as hung:
        hung.target.attrib("default_cmdsn_depth", 4)
        other = hung.sessions(1, 1)[0]
        with Session(hung.target.iqn, isid=random_isid()) as session:
            for _ in range(20):
                equal(timed(1, lambda: session.tmf(CLEAR_TASK_SET, 0)), REJECTED, "answer")
            for _ in range(30):
                equal(timed(1, lambda: session.tmf(LUN_RESET, 0)), REJECTED, "answer")
            timed(1, lambda: session.write_at(0, bytes(4096), 1))
            timed(1, lambda: other.write_at(0, bytes(4096), 1))
            timed(1, lambda: other.tmf(LUN_RESET, 1))
            other.ready(1)
            hung.device.release()
            for task in other.stuck:
                check(other.wait(task).status in (GOOD, TASK_ABORTED, 2), "status", task.status)
            wait_for(lambda: session.tmf(CLEAR_TASK_SET, 0) == COMPLETE, "success at last")
        other.close()


# -- sessions, portals, targets --

def stops(device):
    """Logout, reset, reinstatement, removal of a portal, logins to other targets."""
    with Hung(device) as hung:
        first, second = hung.sessions(2)
        isid = first.isid
        timed(1, first.logout)
        second.reset()
        wait_for(lambda: not threads_of_sessions(), "the end of both threads", 1)
        timed(1, lambda: hung.works(hung.other, 0))
        timed(1, hung.works)

        again = timed(1.5, lambda: Session(hung.target.iqn, isid=isid))
        again.ready(1)
        timed(1, lambda: again.write_at(0, b"\7" * 4096, 1))
        equal(again.command(write10(0, 8), write=bytes(4096), status=None).status, BUSY,
              "a write that could be overtaken by an old one")
        equal(again.command(read10(0, 8), read=4096, status=None).status, BUSY, "a read")
        again.command(report_luns(), read=256)
        timed(1, lambda: hung.target.drop_portal(PORTAL))
        timed(1, lambda: again.write_at(8, b"\7" * 4096, 1))
        timed(1, lambda: hung.works(hung.other, 0))
        hung.target.portal(PORTAL)

        hung.device.release()
        if hung.device.answers_inquiry:
            wait_for(lambda: again.command(TEST_UNIT_READY, status=None).status == GOOD,
                     "the end of the fence", 30)
            again.write_at(0, b"\x08" * 4096)
            equal(again.read_at(0, 4096), b"\x08" * 4096, "the new write is the last")
        again.close()
        wait_for(lambda: hung.target.sessions() == 0, "the end of all sessions", 30)


def test_stops_dm():
    """A suspended dm device."""
    stops(Suspended())


def test_stops_scsi_debug():
    """A disk that ignores commands."""
    stops(Ignoring())


def test_stops_tcmu():
    """tcmu without a daemon."""
    stops(Orphaned())


test_stops_dm.quick = True
test_stops_scsi_debug.limit = 120


def continues(device):
    """Reinstatement of a connection: the session goes on without what hangs, again and
    again, lost by its initiator or not; it ends like any other."""
    with Hung(device) as hung:
        session = hung.session()
        for lost in (False, True, False):
            if lost:
                session.reset()
                time.sleep(0.7)     # by then the session is without a connection
            old, session = session, timed(1.2, lambda s=session: Session(hung.target.iqn, old=s))
            old.close()
            equal(session.tsih, old.tsih, "TSIH")
            equal(told(session, 1), GOOD, "LUN 1, which lost nothing")
            equal(told(session, 0), BUSY, "LUN 0")
            timed(1, lambda: session.write_at(0, b"\7" * 4096, 1))
            equal(session.command(write10(0, 8), write=bytes(4096), status=None).status, BUSY,
                  "a write that could be overtaken by an old one")
            equal(timed(1, lambda: session.tmf(LUN_RESET, 0)), REJECTED, "reset of LUN 0")
            equal(hung.target.sessions(), 1, "sessions")
        isid = session.isid
        timed(1, session.logout)
        session = timed(1.5, lambda: Session(hung.target.iqn, isid=isid))
        check(session.tsih != old.tsih, "the session that was logged out")
        equal(told(session, 0), BUSY, "LUN 0 in a new session")
        old, session = session, timed(1, lambda: Session(hung.target.iqn, old=session))
        old.close()

        hung.device.release()
        if hung.device.answers_inquiry:
            wait_for(lambda: told(session, 0) == GOOD, "the end of the fence", 30)
            session.write_at(0, b"\x08" * 4096)
            equal(session.read_at(0, 4096), b"\x08" * 4096, "the new write is the last")
        timed(1, session.logout)
        wait_for(lambda: hung.target.sessions() == 0, "the end of all sessions", 30)


def test_continues_dm():
    """A suspended dm device."""
    continues(Suspended())


def test_continues_scsi_debug():
    """A disk that ignores commands."""
    continues(Ignoring())


def test_continues_tcmu():
    """tcmu without a daemon."""
    continues(Orphaned())


def test_continues_bounded():
    """A connection whose device hangs with INQUIRY, too, can be reinstated a number of
    times, and is refused then, soon; the session ends with its last command."""
    with Hung(Orphaned()) as hung:
        session = hung.session(1)
        for count in range(20):
            session.submit(inquiry(), lun=0, read=36)
            session.sync()
            try:
                new = timed(1.2, lambda s=session: Session(hung.target.iqn, old=s))
            except Refused as refused:
                equal(refused.status, NO_RESOURCES, "status")
                break
            session.close()
            session = new
        check(4 <= count <= 18, "refused after", count)
        timed(1, hung.works)
        session.close()
        hung.device.release()
        wait_for(lambda: hung.target.sessions() == 0, "the end of all sessions", 30)


test_continues_dm.quick = True
test_continues_scsi_debug.limit = 120


def test_many_continue():
    """32 sessions with commands in a device that hangs lose their connections at the same
    time: their ends do not queue up behind each other, all are back as soon as one."""
    with Hung(Suspended()) as hung:
        old = hung.sessions(32, 1)
        for session in old:
            session.reset()
        new = []

        def come_back(isid):
            new.append(Session(hung.target.iqn, isid=isid, seconds=20))

        timed(2, lambda: together(*(partial(come_back, session.isid) for session in old)))
        equal(len(new), len(old), "sessions that are back")
        for session in new:
            session.close()
        hung.device.release()
        wait_for(lambda: hung.target.sessions() == 0, "the end of all sessions", 30)


def test_fence_of_one_unit():
    """The fence stands around the units whose commands still run, not around those whose
    commands have ended, and a session that was replaced passes it on."""
    with Hung(Suspended()) as hung:
        session = hung.session(1)
        session.submit(read10(0, 8), lun=1, read=4096)
        isid = session.isid
        for _ in range(3):
            session.reset()
            session = timed(1.5, lambda: Session(hung.target.iqn, isid=isid))
            session.ready(1)
            equal(session.command(read10(0, 8), read=4096, status=None).status, BUSY, "LUN 0")
            session.read_at(0, 4096, 1)
        hung.device.release()
        wait_for(lambda: session.command(TEST_UNIT_READY, status=None).status == GOOD,
                 "the end of the fence")
        equal(session.read_at(0, 4096), b"\6" * 4096, "the old write")
        session.logout()


# -- the portal group --

def disables(device):
    """enable=0 ends in time with ETIMEDOUT; what is ours is gone by then, the log says who
    waits for what; written again it waits again, and succeeds when the device has."""
    with Hung(device) as hung:
        before = harness.read(DRAIN_TIMEOUT).strip()
        equal(before, "60", "drain_timeout")
        session = hung.session(2)
        log = harness.KernelLog()
        harness.write(DRAIN_TIMEOUT, "2")
        try:
            check(disable(hung.target, errno.ETIMEDOUT, 3) >= 1.9, "too early")
            equal(threads_of_sessions(), [], "threads of sessions")
            session.expect_close((0x32, 0x20))
            check(log.matching("stop tag 1: enable=0 waits for 3 command"), log.read())
            check(log.matching("stop tag 1: session .*: LUN 0, opcode 2a, ITT"), log.read())
            check(log.matching("stop tag 1: enable=0 gives up after 2 s"), log.read())
            equal(hung.target.get("enable").strip(), "1", "enable, which can be written again")
            timed(1, lambda: hung.works(hung.other, 0))
            disable(hung.target, errno.ETIMEDOUT, 3)
            hung.device.release()
            harness.write(DRAIN_TIMEOUT, "60")
            disable(hung.target, 0, 45)
            equal(hung.target.get("enable").strip(), "0", "enable")
            hung.target.enable()
            hung.works()
        finally:
            harness.write(DRAIN_TIMEOUT, before)
            session.close()
            log.close()


def test_disable_dm():
    """A suspended dm device."""
    disables(Suspended())


def test_disable_scsi_debug():
    """A disk that ignores commands."""
    disables(Ignoring())


def test_disable_tcmu():
    """tcmu without a daemon."""
    disables(Orphaned())


test_disable_dm.quick = True
test_disable_scsi_debug.limit = 120


def test_kill():
    """A fatal signal ends the wait of a disable."""
    with Hung(Suspended()) as hung:
        session = hung.session(1)
        pid = os.fork()
        if not pid:
            try:
                hung.target.enable(False)
            finally:
                os._exit(3)
        wait_for(lambda: not threads_of_sessions(), "the disable")
        time.sleep(0.2)
        os.kill(pid, signal.SIGKILL)
        status = timed(1, lambda: os.waitpid(pid, 0)[1])
        check(os.WIFSIGNALED(status), "status", status)
        session.close()


def test_unload_after_timeout():
    """After the device has come back everything goes, the module with it."""
    with Hung(Suspended()) as hung:
        hung.session(3).close()
        harness.write(DRAIN_TIMEOUT, "1")
        disable(hung.target, errno.ETIMEDOUT, 2)
        harness.write(DRAIN_TIMEOUT, "60")
    target_module.unload()
    equal(kernel_threads(), [], "threads after rmmod")


# Each of them waits for a time to pass; of what they are about the others have a sample.
for function in (test_functions_scsi_debug, test_disable_scsi_debug, test_clear_of_others):
    function.long = True
