# SPDX-License-Identifier: GPL-2.0
"""From what became of the cases to one line for each number of the checklist."""

import re

from reasons import reasoned

PASS, FAIL, DIFFERS, NOT_RUN = "pass", "fail", "differs", "not run"
WORDS = ("fails", "races", "hangs", "crashes")


class Malformed(Exception):
    """A file of ours that cannot be read."""


class Requirement:
    """A line of the checklist."""

    def __init__(self, line):
        match = re.fullmatch(r"([A-Z]+-\d\d) ([MSP]) (.+) \[(.+)\]", line)
        if not match:
            raise Malformed(f"checklist: {line}")
        self.number, self.level, self.text, self.section = match.groups()


def checklist(text):
    found = [Requirement(line) for line in text.splitlines() if line and line[0] != "#"]
    numbers = [requirement.number for requirement in found]
    double = {number for number in numbers if numbers.count(number) > 1}
    if double:
        raise Malformed(f"checklist: twice: {' '.join(sorted(double))}")
    return found


class Difference:
    """An entry of the file `differences`. word: fails, races for what passes now and
    then, or hangs or crashes for what is not run there; then text says what is seen."""

    def __init__(self, glob, word, text, why):
        self.glob = glob
        self.word = word
        self.text = text
        self.why = why
        self.used = False           # by a case that differs as it says
        self.stale = []             # cases that pass, or fail in another way

    def covers(self, case):
        return case.matches(self.glob)


def differences(text):
    """The entries, with the reasons above them."""
    found = []
    for _number, line, why in reasoned(text):
        parts = line.split(None, 2)
        if len(parts) != 3 or parts[1] not in WORDS:
            raise Malformed(f"differences: {line}")
        if not why:
            raise Malformed(f"differences: no reason above: {line}")
        found.append(Difference(*parts, why))
    return found


def difference_of(case, known):
    return next((entry for entry in known if entry.covers(case)), None)


class Outcome:
    """What became of a case."""

    def __init__(self, case, state, reason=""):
        self.case = case
        self.state = state
        self.reason = reason

    @property
    def first_line(self):
        """What a line of the report has room for."""
        return self.reason.split("\n", 1)[0][:160]


def judge(case, failed, reason, known):
    """The outcome of a case that was run, in the light of the known differences."""
    entry = difference_of(case, known)
    if not entry:
        return Outcome(case, FAIL if failed else PASS, reason)
    if not failed and entry.word == "races":
        entry.used = True
        return Outcome(case, PASS, reason)
    if not failed:
        entry.stale.append(case.name)
        return Outcome(case, FAIL, f"passes, but is listed as a difference ({entry.text})")
    if not re.search(entry.text, reason):
        entry.stale.append(case.name)
        return Outcome(case, FAIL, f"differs, but not as listed ({entry.text}): {reason}")
    entry.used = True
    return Outcome(case, DIFFERS, entry.why)


def not_run(case, entry):
    entry.used = True
    return Outcome(case, NOT_RUN, f"{entry.word} there, {entry.text}: {entry.why}")


def verdict(number, registry, outcomes):
    """(word, text) for one number. outcomes: those of its cases."""
    excuses = registry.excuses.get(number, [])
    claimed = [case.name for case in registry.of_number(number)]
    if excuses and claimed:
        return FAIL, f"is tested by {claimed[0]} and declared {excuses[0][0]}"
    if len(excuses) > 1:
        return FAIL, "is declared " + " and ".join(word for word, _ in excuses)
    if excuses:
        return excuses[0]
    if not claimed:
        return FAIL, "no test"
    for state in (FAIL, NOT_RUN, DIFFERS):
        found = [f"{o.case.name}, {o.first_line}" for o in outcomes if o.state == state]
        if found:
            return DIFFERS if state != FAIL else FAIL, "; ".join(found)
    return PASS, ""


class Report:
    """The lines of all numbers, and the sum."""

    def __init__(self, requirements, registry, outcomes, known=(), selected=False):
        self.lines = []
        self.failed = []
        self.counts = {"passed": 0, "failed": 0, "skipped": 0}
        numbers = [requirement.number for requirement in requirements]
        for number in numbers:
            of_it = [o for o in outcomes if number in o.case.numbers]
            if selected and not of_it:
                continue
            self.add(number, *verdict(number, registry, of_it))
        for number in sorted(self.mentioned(registry) - set(numbers)):
            self.add(number, FAIL, "is not in the checklist")
        for problem in registry.problems:
            self.add("registry", FAIL, problem)
        for entry in known:
            if not entry.used and not entry.stale and not selected:
                self.add("differences", FAIL, f"no case is called {entry.glob}")

    @staticmethod
    def mentioned(registry):
        return set(registry.excuses) | {n for case in registry.cases for n in case.numbers}

    def add(self, what, word, text):
        self.lines.append(f"{what} {word}" + (f": {text}" if text else ""))
        self.counts[{PASS: "passed", FAIL: "failed"}.get(word, "skipped")] += 1
        if word == FAIL:
            self.failed.append(what)

    @property
    def last_line(self):
        return ", ".join(f"{count} {word}" for word, count in self.counts.items())
