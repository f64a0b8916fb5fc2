# SPDX-License-Identifier: GPL-2.0
"""tcm-iscsi top on a terminal: in the same place, within its size, and the terminal is
as it was when it ends."""

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time

import harness
from harness import Failure, check, equal, wait_for
from session import Session
from target import Target
from test_cli import TOOL, build

CLEAR, NO_WRAP, WRAP = "\033[H\033[J", "\033[?7l", "\033[?7h"
INTERVAL = 2
ROWS = 24


class Terminal:
    """tcm-iscsi top with a terminal of its own, which controls it."""

    def __init__(self, *words):
        self.master, self.slave = pty.openpty()
        self.resize(ROWS, 100)
        self.modes = termios.tcgetattr(self.slave)
        # Who makes a session gets the terminal with -c; no child of ours would.
        self.process = subprocess.Popen(["setsid", "-c", TOOL, "top", *words], stdin=self.slave,
                                        stdout=self.slave, stderr=self.slave)
        self.seen = ""

    def __enter__(self):
        return self

    def __exit__(self, *_exc):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for end in (self.master, self.slave):
            os.close(end)

    def resize(self, rows, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read(self, until, seconds=10):
        """All that it printed, once until(that) is true."""
        end = time.monotonic() + harness.patience(seconds)
        while not until(self.seen):
            if not select.select([self.master], [], [], max(0, end - time.monotonic()))[0]:
                raise Failure(f"nothing more after {self.seen!r}")
            self.seen += os.read(self.master, 65536).decode()
        return self.seen

    def rounds(self, count):
        """What the screen showed, each time, once there were so many; the last one may not
        be whole."""
        return self.read(lambda text: text.count(CLEAR) >= count).split(CLEAR)[1:]

    def raw(self):
        return not termios.tcgetattr(self.slave)[3] & (termios.ICANON | termios.ECHO)

    def ended(self, how):
        """By itself, with the terminal as it was."""
        wait_for(lambda: self.process.poll() is not None, f"the end after {how}")
        equal(self.process.returncode, 0, f"status after {how}")
        equal(termios.tcgetattr(self.slave), self.modes, f"modes after {how}")
        check(self.read(lambda text: text.endswith(WRAP)), "wrapping")


def test_refreshes():
    """Every two seconds in the same place; never more lines than there are, at once when
    the size changes; q ends it."""
    build()
    with Target("t") as target, contextlib.ExitStack() as stack:
        for number in range(8):
            stack.enter_context(Session(target.iqn, f"iqn.2026-11.test:top-{number}"))
        with Terminal() as terminal:
            start = time.monotonic()
            rounds = terminal.rounds(3)[:2]
            check(time.monotonic() - start > 2 * INTERVAL - 0.5, "too early")
            check(terminal.seen.startswith(NO_WRAP), terminal.seen[:20])
            check(terminal.raw(), "keys are shown")
            for text in rounds:
                lines = text.splitlines()
                check(lines[0].startswith("SID ") and "COMMANDS/s" in lines[0], lines)
                equal(len(lines), 9, "lines")
            terminal.resize(6, 40)
            count = terminal.seen.count(CLEAR)
            os.write(terminal.master, b"x")
            small = terminal.rounds(count + 3)[count + 1].splitlines()
            equal(len(small), 5, "lines of a small terminal")
            check("x" not in small[-1], "a key is shown", small)
            os.write(terminal.master, b"q")
            terminal.ended("q")


test_refreshes.limit = 120


def test_resized():
    """A new size is used at once, not with the next round."""
    build()
    with Target("t") as target, Session(target.iqn), Terminal() as terminal:
        terminal.rounds(1)
        start = time.monotonic()
        for more in range(1, 7):
            before = terminal.seen.count(CLEAR)
            terminal.resize(ROWS + more, 100)
            terminal.rounds(before + 1)
        took = time.monotonic() - start
        check(took < 6 * INTERVAL / 2, f"six times it was shown again in {took:.1f} s")
        os.kill(terminal.process.pid, signal.SIGTERM)
        terminal.ended("SIGTERM")


def test_interrupted():
    """^C ends it before the first round and later, ^Z stops it, and so does its time."""
    build()
    with Target("t") as target, Session(target.iqn):
        for rounds in (0, 1):
            with Terminal() as terminal:
                wait_for(terminal.raw, "keys to be read")
                terminal.rounds(rounds)
                os.write(terminal.master, b"\3")
                terminal.ended(f"^C, {rounds} rounds")
        with Terminal() as terminal:
            terminal.rounds(1)
            os.kill(terminal.process.pid, signal.SIGSTOP)
            termios.tcsetattr(terminal.slave, termios.TCSANOW, terminal.modes)
            os.kill(terminal.process.pid, signal.SIGCONT)
            wait_for(terminal.raw, "keys to be read again")
            terminal.rounds(2)
            os.write(terminal.master, b"q")
            terminal.ended("a stop")
        with Terminal("--seconds", "3") as terminal:
            terminal.rounds(2)
            terminal.ended("its time")


test_interrupted.limit = 120
