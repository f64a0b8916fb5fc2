# SPDX-License-Identifier: GPL-2.0
"""A device that hangs costs those who do not use it nothing: their throughput is measured
with and without it in turn, so that whatever else the machine does meets both alike."""

import time

import harness
from hang import FileStore, Suspended
from harness import check, equal
from login import random_isid
from session import GOOD, Session, read10, write10
from target import Target

ROUNDS, WINDOW = 5, 0.25        # seconds
DEPTH = 8
LEAST = 0.9
TRIES = 4


def reads(session, lun, seconds):
    """Commands of 4 KiB that were finished in that time, DEPTH of them at a time."""
    tasks = [session.submit(read10(8 * n, 8), lun=lun, read=4096) for n in range(DEPTH)]
    end = time.monotonic() + seconds
    count = 0
    while time.monotonic() < end:
        task = tasks.pop(0)
        equal(session.wait(task).status, GOOD, "status")
        count += 1
        tasks.append(session.submit(read10(8 * (count % 64), 8), lun=lun, read=4096))
    for task in tasks:
        session.wait(task)
    return count


class Victims:
    """Sessions that have commands for the device that hangs."""

    def __init__(self, device, sessions):
        self.device = device
        self.sessions = sessions
        self.stuck = []

    def hang(self):
        self.device.suspend()
        for session in self.sessions:
            for n in range(8):
                self.stuck.append((session, session.submit(read10(512 * n, 8), read=4096)))
                self.stuck.append((session, session.submit(write10(512 * n + 256, 8),
                                                           write=bytes(4096))))
            session.sync()

    def release(self):
        self.device.resume()
        for session, task in self.stuck:
            equal(session.wait(task).status, GOOD, "status after the resume")
        self.stuck = []


def ratio(victims, session, lun):
    """Throughput while the device hangs, as a part of that while it does not."""
    free = hung = 0
    for _ in range(ROUNDS):
        free += reads(session, lun, WINDOW)
        victims.hang()
        try:
            check(not all(task.done for _, task in victims.stuck), "the device does not hang")
            hung += reads(session, lun, WINDOW)
        finally:
            victims.release()
    return hung / free


def keeps(victims, session, lun, who):
    seen = []
    for _ in range(TRIES):
        seen.append(ratio(victims, session, lun))
        if seen[-1] >= LEAST:
            break
    harness.note(f"{who} keeps {seen[-1]:.0%} of its throughput")
    check(seen[-1] >= LEAST, f"{who} keeps", [f"{part:.0%}" for part in seen])


def alone(file):
    with Suspended() as device, Target("alone") as target, Target("other") as other:
        other.lun(0)
        store = FileStore("alone-0", device.path, buffered=False) if file else device.store("alone-0")
        target.stores.append(store)
        target.export(0, store)
        target.lun(1)
        with Session(target.iqn, isid=random_isid(), seconds=30) as own, \
                Session(target.iqn, isid=random_isid(), seconds=30) as neighbour, \
                Session(other.iqn, isid=random_isid(), seconds=30) as stranger:
            own.ready(0, 1)
            neighbour.ready(0, 1)
            stranger.ready(0)
            victims = Victims(device, [own])
            keeps(victims, stranger, 0, "another target")
            keeps(victims, neighbour, 1, "another session")
            keeps(victims, own, 1, "another unit of the same session")


def test_block():
    """A suspended dm device as a block backstore."""
    alone(False)


def test_file():
    """The same as a file, whose commands wait in the caller's context."""
    alone(True)


test_block.limit = 150
test_file.limit = 150


# Each of them waits for a time to pass; of what they are about the others have a sample.
for function in (test_file,):
    function.long = True
