# SPDX-License-Identifier: GPL-2.0
"""Which case shows which number of the checklist. A case module says

    FIXTURE = disk              # a function that returns a Target, shared by its cases

    @covers("FFP-46")
    def ping_is_echoed(target):
        ...

    @covers("FFP-05", rows={"simple": (1,), "ordered": (2,)})
    def attribute(target, attr):
        ...

    later("ERL-06", "ErrorRecoveryLevel 1")
    not_applicable("FFP-44", "one connection a session")

With rows, every row is a case of its own: `ffp_command.attribute[simple]`. With
fixture=None a case gets no target and makes its own."""

import fnmatch

MODULE = object()       # the fixture that the case's module declares


class Case:
    """A test, and the numbers that it shows to hold."""

    def __init__(self, name, function, numbers, fixture, arguments=(), limit=None):
        self.name = name
        self.function = function
        self.numbers = numbers
        self.fixture = fixture
        self.arguments = arguments
        self.limit = limit

    def matches(self, glob):
        return fnmatch.fnmatchcase(self.name, escape(glob)) or \
            any(fnmatch.fnmatchcase(number, glob) for number in self.numbers)


def escape(glob):
    """[ is part of names here, not the begin of a set."""
    return glob.replace("[", "[[]")


class Registry:
    """What the case modules have said."""

    def __init__(self):
        self.cases = []
        self.excuses = {}           # number: [(word, why), …]
        self.problems = []

    def add(self, case):
        if not case.numbers:
            self.problems.append(f"{case.name} names no number")
        if case.name in (other.name for other in self.cases):
            self.problems.append(f"two cases are called {case.name}")
        self.cases.append(case)

    def covers(self, *numbers, fixture=MODULE, rows=None, limit=None):
        def register(function):
            found = function.__globals__.get("FIXTURE") if fixture is MODULE else fixture
            name = f"{function.__module__}.{function.__name__}"
            if rows is None:
                self.add(Case(name, function, numbers, found, (), limit))
            for row, arguments in (rows or {}).items():
                self.add(Case(f"{name}[{row}]", function, numbers, found, arguments, limit))
            return function
        return register

    def not_applicable(self, number, why):
        self.excuses.setdefault(number, []).append(("not applicable", why))

    def later(self, number, why):
        self.excuses.setdefault(number, []).append(("later", why))

    def of_number(self, number):
        return [case for case in self.cases if number in case.numbers]


REGISTRY = Registry()
covers = REGISTRY.covers
not_applicable = REGISTRY.not_applicable
later = REGISTRY.later
