# SPDX-License-Identifier: GPL-2.0
"""The list of tests that fail on both modules, each with its cause: file `known`."""

import fnmatch
import os
import re

import harness

FILE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "known")


class Entry:
    """Tests by pattern, kernels by pattern, and why they fail."""

    def __init__(self, line, pattern, kernels):
        self.line = line
        self.pattern = pattern
        self.kernels = kernels.split(",")
        self.cause = ""

    def here(self):
        return any(fnmatch.fnmatchcase(harness.KERNEL, kernel) for kernel in self.kernels)

    def matches(self, test):
        return fnmatch.fnmatchcase(test.name, self.pattern)


def parse(text):
    """Entries begin in the first column; their cause is indented."""
    entries = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        if line[0].isspace():
            harness.check(entries, f"known:{number}: a cause without an entry")
            entries[-1].cause = (entries[-1].cause + " " + line.strip()).strip()
            continue
        found = re.fullmatch(r"(\S+)\s+(\S+)", line)
        harness.check(found, f"known:{number}: not `TESTS KERNELS`")
        entries.append(Entry(number, *found.groups()))
    for entry in entries:
        harness.check(entry.cause, f"known:{entry.line}: no cause")
    return entries


def load():
    return parse(harness.read(FILE))


def lookup(entries, test):
    """The entry that says that this test fails on this kernel, or None."""
    for entry in entries:
        if entry.here() and entry.matches(test):
            return entry
    return None


def unused(entries, tests):
    """Entries of this kernel that no test of the program is meant by."""
    return [entry for entry in entries if entry.here() and
            not any(entry.matches(test) for test in tests)]
