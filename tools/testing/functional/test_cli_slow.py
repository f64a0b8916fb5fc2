# SPDX-License-Identifier: GPL-2.0
"""tcm-iscsi why-slow: each of its verdicts on a session that has just that trouble. That
of an idle one and of writes without data is with the statistics."""

import contextlib
import threading
import time

from genl import Genl
from hang import Suspended
from harness import check, equal, wait_for
from session import Session, read10, write10
from target import Target
from test_cli import build, tool, tool_json

SECONDS = 2
DELAY = 100             # milliseconds of a slow disk


def sid_of(client):
    return str(client.dump("session-get")[0]["sid"])


def verdict(sid):
    answer = tool_json("why-slow", sid, "--seconds", str(SECONDS))
    return answer["factor"], {kind: part["percent"] for kind, part in answer["time"].items()}


@contextlib.contextmanager
def working(function):
    """In a thread, again and again."""
    stop, faults = threading.Event(), []

    def loop():
        try:
            while not stop.is_set():
                function()
        except BaseException as error:      # pylint: disable=broad-except
            faults.append(error)

    thread = threading.Thread(target=loop)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
    if faults:
        raise faults[0]


def test_backend():
    """A slow disk, with commands that it does finish and with one that it does not."""
    build()
    with Suspended(DELAY) as device, Target("t") as target, Genl() as client:
        store = device.store("slow")
        target.stores.append(store)
        target.export(0, store)
        with Session(target.iqn, seconds=60) as session:
            session.ready(0)
            sid = sid_of(client)
            with working(lambda: session.command(read10(0, 8), read=4096)):
                factor, percent = verdict(sid)
            equal(factor, "backend", f"a slow disk, {percent}")
            check(percent["backend"] > 50, percent)
            device.suspend()
            try:
                task = session.submit(read10(64, 8), read=4096)
                session.sync()
                equal(verdict(sid)[0], "backend", "a disk that hangs")
                check("limited by the backend" in tool("why-slow", sid, "--seconds", "1"), "text")
            finally:
                device.resume()
            session.wait(task)


test_backend.limit = 120


def test_network():
    """An initiator that takes its data slowly, and one that takes none."""
    build()
    with Target("t") as target, Genl() as client:
        target.lun(0, mib=16)
        with Session(target.iqn, seconds=60) as session:
            session.ready(0)
            sid = sid_of(client)
            tasks = [session.submit(read10(0, 8192), read=8192 * 512) for _ in range(12)]
            wait_for(lambda: client.dump("stats-get")[0].get("sending"), "a full connection")
            equal(verdict(sid)[0], "network", "nothing is taken")
            check("limited by the network" in tool("why-slow", sid, "--seconds", "1"), "text")
            for task in tasks:
                session.wait(task)

            def slowly():
                """As many as fill what the connection may hold; they wait for the first."""
                tasks = [session.submit(read10(0, 8192), read=8192 * 512) for _ in range(4)]
                for task in tasks:
                    time.sleep(0.15)
                    session.wait(task)

            with working(slowly):
                factor, percent = verdict(sid)
            equal(factor, "network", f"it is taken slowly, {percent}")


test_network.limit = 120


def test_window():
    """An initiator that might send more, if it were allowed to, and a disk that has time."""
    build()
    with Target("t") as target, Genl() as client:
        target.lun(0)
        target.attrib("default_cmdsn_depth", 1)
        with Session(target.iqn, keys={"InitialR2T": "Yes", "ImmediateData": "No"},
                     seconds=60) as session:
            session.ready(0)
            session.answer_r2t = False
            sid = sid_of(client)

            def one_at_a_time():
                task = session.submit(write10(0, 1), write=bytes(512))
                while not task.r2ts:
                    session.pump()
                time.sleep(0.05)
                session.answer(task, task.r2ts[0])
                session.wait(task)

            with working(one_at_a_time):
                factor, percent = verdict(sid)
                text = tool("why-slow", sid, "--seconds", "1")
            equal(factor, "window", f"a window of one, {percent}")
            check("raise cmdsn_depth of the ACL" in text, text)


test_window.limit = 120
