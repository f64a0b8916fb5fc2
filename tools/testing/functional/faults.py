# SPDX-License-Identifier: GPL-2.0
"""Allocations of the module's threads that fail, one at a time."""

import glob
import os

from harness import Skip, read, run, write

DEBUG = "/sys/kernel/debug"
KINDS = ("failslab", "fail_page_alloc")
MANY = 1 << 30      # the kernel counts down from it with each failure


def threads(*names):
    """Directories in /proc of kernel threads whose names begin like this."""
    found = []
    for path in glob.glob("/proc/[0-9]*/comm"):
        try:
            if read(path).startswith(names):
                found.append(os.path.dirname(path))
        except OSError:     # it has just ended
            pass
    return found


class Failing:
    """While the with statement lasts, allocations can fail."""

    def __enter__(self):
        if not os.path.isdir(f"{DEBUG}/{KINDS[0]}"):
            run("mount", "-t", "debugfs", "none", DEBUG, ok=None)
        if not os.path.isdir(f"{DEBUG}/{KINDS[0]}"):
            raise Skip("this kernel cannot make allocations fail; kasan can")
        self.armed = []
        self.before = 0
        self.set("N")
        return self

    @staticmethod
    def set(waiting):
        """waiting: Y spares allocations that may sleep, which ours are."""
        for kind in KINDS:
            for name, value in (("verbose", "0"), ("probability", "0"), ("times", str(MANY)),
                                ("ignore-gfp-wait", waiting)):
                write(f"{DEBUG}/{kind}/{name}", value)
        write(f"{DEBUG}/fail_page_alloc/min-order", "0")

    def arm(self, nth, *names):
        """The nth allocation from now on of each of these threads fails."""
        self.arm_threads(nth, threads(*names))

    def arm_threads(self, nth, directories):
        self.armed = list(directories)
        self.before = self.failures()
        for thread in self.armed:
            try:
                write(f"{thread}/fail-nth", str(nth))
            except OSError:     # it has just ended
                pass

    @staticmethod
    def failures():
        """How many allocations have failed on purpose since the kernel counts."""
        return sum(MANY - int(read(f"{DEBUG}/{kind}/times")) for kind in KINDS)

    def fired(self):
        """How many have failed, also in threads that have ended. Disarms the others."""
        for thread in self.armed:
            try:
                write(f"{thread}/fail-nth", "0")
            except OSError:
                pass
        self.armed = []
        return self.failures() - self.before

    def __exit__(self, *_exc):
        self.fired()
        self.set("Y")
