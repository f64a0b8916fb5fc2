# SPDX-License-Identifier: GPL-2.0
"""A device that does not answer is nobody's problem but its own users'."""

import time

import harness
from hang import Suspended
from harness import check, equal
from login import random_isid
from session import Session, read10, write10
from target import Target

def timed(limit, action):
    start = time.monotonic()
    result = action()
    took = time.monotonic() - start
    check(took < harness.patience(limit), f"took {took:.1f} s")
    return result


def new_session_works(target, lun):
    with Session(target.iqn, isid=random_isid()) as session:
        session.ready(lun)
        session.write_at(0, b"\5" * 4096, lun)
        equal(session.read_at(0, 4096, lun), b"\5" * 4096, "the disk")


def test_suspended_device():
    """Commands hang on one LUN; other sessions log in and do I/O within a second."""
    with Suspended() as device, Target("stuck") as target:
        target.lun(0, kind="block", mib=8, path=device.path)
        target.lun(1)
        with Session(target.iqn) as session, Session(target.iqn, isid=random_isid()) as own:
            session.ready(0, 1)
            own.ready(0, 1)
            device.suspend()
            try:
                stuck = [session.submit(write10(n * 8, 8), write=b"\6" * 4096) for n in range(4)]
                stuck.append(session.submit(read10(64, 8), read=4096))
                session.sync()
                check(not any(task.done for task in stuck), "the device is not stuck")
                timed(1, lambda: own.write_at(8, b"\7" * 4096, 1))
                timed(1, lambda: session.write_at(16, b"\7" * 4096, 1))
                timed(1, lambda: new_session_works(target, 1))
            finally:
                device.resume()
            for task in stuck:
                equal(session.wait(task).status, 0, "status after the resume")


def test_session_of_stuck_device():
    """A session whose commands hang ends only when they do; others do not wait."""
    with Suspended() as device, Target("stuck") as target:
        target.lun(0, kind="block", mib=8, path=device.path)
        target.lun(1)
        session = Session(target.iqn)
        session.ready(0)
        device.suspend()
        try:
            session.submit(write10(0, 8), write=b"\6" * 4096)
            session.sync()
            session.reset()
            time.sleep(0.3)
            timed(1, lambda: new_session_works(target, 1))
        finally:
            device.resume()
        harness.wait_for(lambda: target.sessions() == 0, "the end of the stuck session")
