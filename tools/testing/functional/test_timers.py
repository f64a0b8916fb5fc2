# SPDX-License-Identifier: GPL-2.0
"""Timers count the time of the side that is waited for, and say which one that was."""

import time

import harness
from hang import Suspended
from harness import check, equal
from login import INITIATOR
from raw import ASYNC, DATA_OUT, FINAL, NOP_IN, NOP_OUT, RTAG, Pdu
from session import GOOD, Session, read10, write10
from target import Target

SECONDS = 3         # the least that an ACL can say for pings


class Timed:
    """A target with an ACL whose times are short, and with a device that can hang."""

    def __init__(self, fresh=True, **attributes):
        self.fresh = fresh
        self.attributes = attributes
        self.device = Suspended()

    def __enter__(self):
        self.device.__enter__()
        self.target = Target("timers", demo=False)
        self.target.lun(0, kind="block", mib=8, path=self.device.path)
        self.target.lun(1)
        acl = self.target.acl(INITIATOR)
        acl.map(0, 0)
        acl.map(1, 1)
        for name, value in self.attributes.items():
            acl.attrib(name, value)
        self.log = harness.fresh_log() if self.fresh else harness.KernelLog()
        return self

    def says(self, text):
        harness.wait_for(lambda: self.log.matching(text), f"a line with {text!r}", 3)

    def __exit__(self, *exc):
        self.log.close()
        self.device.resume()
        self.target.remove()
        self.device.__exit__(*exc)


class Counting(Session):
    """Counts the target's pings; answers them if it is told to."""

    pings = 0
    answers = True

    def pong(self, ping):
        self.pings += 1
        if self.answers:
            super().pong(ping)


def test_device_owes():
    """All data of a write has come and the device hangs: the Data-Out timer does not run,
    neither for that write nor for one whose R2T it cannot get. The session lives."""
    with Timed(fresh=False, dataout_timeout=2, dataout_timeout_retries=1) as timed, \
            Session(timed.target.iqn, seconds=20) as session:
        session.ready(0, 1)
        timed.device.suspend()
        tasks = [session.submit(write10(8 * n, 8), write=bytes(4096), immediate=0)
                 for n in range(3)]
        end = time.monotonic() + 4.5
        while time.monotonic() < end:
            session.sync()
            time.sleep(0.1)
        check(not any(task.done for task in tasks), "the device does not hang")
        timed.device.resume()
        for task in tasks:
            equal(session.wait(task).status, GOOD, "status")
        equal(timed.log.matching("session .* ended"), [], "log")


def test_nobody_owes():
    """A write whose data is complete, and whose turn has not come because a request before
    it is missing, owes nothing: the Data-Out timer does not run."""
    with Timed(fresh=False, dataout_timeout=2, dataout_timeout_retries=1) as timed, \
            Session(timed.target.iqn, seconds=20) as session:
        session.ready(1)
        start = session.cmdsn
        session.cmdsn = start + 1
        late = session.submit(write10(0, 8), lun=1, write=b"\2" * 4096)
        end = time.monotonic() + 3.5
        while time.monotonic() < end:
            session.nop(immediate=True)
            time.sleep(0.1)
        check(not late.done, "executed before its turn")
        session.cmdsn = start
        session.ready(1)
        session.cmdsn = start + 2
        equal(session.wait(late).status, GOOD, "status")
        equal(timed.log.matching("session .* ended"), [], "log")


def test_peer_owes():
    """A peer that owes data is told so, and the log says that it was the peer. Each PDU of
    the data begins the time anew."""
    with Timed(dataout_timeout=2, dataout_timeout_retries=1) as timed:
        session = Session(timed.target.iqn, answer_r2t=False, seconds=20)
        session.ready(1)
        task = session.submit(write10(0, 16), lun=1, write=bytes(8192), immediate=0)
        while not task.r2ts:
            session.pump()
        for part in range(4):       # half a second too early each time
            time.sleep(1.4)
            session.send(Pdu(DATA_OUT, 0, 1, task.itt, {20: task.r2ts[0].word(20), 36: part,
                                                        40: 512 * part}, bytes(512)))
        check(not timed.log.matching("owes write data"), "too early")
        start = time.monotonic()
        session.expect_close((ASYNC,))
        took = time.monotonic() - start
        check(1.5 < took < harness.patience(4), f"closed after {took:.1f} s")
        timed.says("initiator owes write data for too long")


def test_life():
    """Whatever arrives is life: no ping while commands come, and one who never answers a
    ping, but sends something else, stays."""
    with Timed(nopin_timeout=SECONDS, nopin_response_timeout=SECONDS) as timed, \
            Counting(timed.target.iqn) as session:
        session.ready(1)
        end = time.monotonic() + SECONDS + 2.5
        while time.monotonic() < end:
            session.read_at(0, 4096, 1)
            time.sleep(0.2)
        equal(session.pings, 0, "pings of a busy session")
        session.answers = False
        end = time.monotonic() + 3 * SECONDS + 2
        while time.monotonic() < end:
            time.sleep(SECONDS + 1.5)       # a ping comes meanwhile, and is not answered
            session.send(session.base(NOP_OUT, FINAL, RTAG, {20: RTAG}, immediate=True))
            session.sync()
        check(session.pings >= 1, "no ping came")
        equal(timed.log.matching("session .* ended"), [], "log")


def test_silence():
    """Nothing at all comes: a ping, and then the end, and the log says who was silent. A
    device that hangs is not the peer's fault: one who answers pings stays."""
    with Timed(nopin_timeout=SECONDS, nopin_response_timeout=SECONDS) as timed:
        silent = Session(timed.target.iqn, isid=b"\x80\0\0\0\0\1", seconds=20)
        silent.ready(1)
        with Counting(timed.target.iqn, isid=b"\x80\0\0\0\0\2", seconds=20) as waiting:
            waiting.ready(0)
            timed.device.suspend()
            task = waiting.submit(read10(0, 8), read=4096)
            start = time.monotonic()
            while time.monotonic() < start + 3 * SECONDS + 1:
                waiting.pump()
            check(waiting.pings >= 2, "pings of a session whose device hangs:", waiting.pings)
            check(not task.done, "the device does not hang")
            timed.says("initiator did not answer a NOP-In in time")
            equal(len(timed.log.matching("session .* ended")), 1, "sessions that ended")
            timed.device.resume()
            equal(waiting.wait(task).status, GOOD, "status")
        silent.expect_close((NOP_IN,))


# Each of them waits for a time to pass; of what they are about the others have a sample.
for function in (test_nobody_owes, test_peer_owes, test_life, test_silence):
    function.long = True
