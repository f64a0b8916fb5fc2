# SPDX-License-Identifier: GPL-2.0
"""Allocations of the module's threads that fail, one at a time."""

import glob
import os

from harness import Skip, read, run, write

DEBUG = "/sys/kernel/debug"
KINDS = ("failslab", "fail_page_alloc")


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
        self.set("N")
        return self

    @staticmethod
    def set(waiting):
        """waiting: Y spares allocations that may sleep, which ours are."""
        for kind in KINDS:
            for name, value in (("verbose", "0"), ("probability", "0"),
                                ("ignore-gfp-wait", waiting)):
                write(f"{DEBUG}/{kind}/{name}", value)
        write(f"{DEBUG}/fail_page_alloc/min-order", "0")

    def arm(self, nth, *names):
        """The nth allocation from now on of each of these threads fails."""
        self.arm_threads(nth, threads(*names))

    def arm_threads(self, nth, directories):
        self.armed = list(directories)
        for thread in self.armed:
            write(f"{thread}/fail-nth", str(nth))

    def fired(self):
        """Has one failed? Disarms the others. A thread that has ended counts as one
        that had its failure."""
        fired = False
        for thread in self.armed:
            try:
                fired |= int(read(f"{thread}/fail-nth").strip("\0\n ")) == 0
                write(f"{thread}/fail-nth", "0")
            except OSError:
                fired = True
        self.armed = []
        return fired

    def __exit__(self, *_exc):
        self.fired()
        self.set("Y")
