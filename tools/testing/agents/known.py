# SPDX-License-Identifier: GPL-2.0
"""The file `known`, and what is made of a case that ran under both modules."""

import fnmatch
import os
import re

from reasons import reasoned
from runner import FAILED, PASSED, SKIPPED

WORDS = ("both", "theirs", "races", "differs", "unsafe")
THEIRS = ("theirs", "races")


class Entry:
    """CASE WORD REGEX, and the comment above it."""

    def __init__(self, line, case, word, pattern, reason):
        self.line = line
        self.case = case
        self.word = word
        self.pattern = re.compile(pattern)
        self.reason = reason
        self.used = False

    def of(self, name):
        return fnmatch.fnmatchcase(name, self.case.replace("[", "[[]"))

    def allows(self, text):
        if not self.pattern.search(text):
            return False
        self.used = True
        return True


def parse(text, kernel=os.environ.get("TISCSI_KERNEL", "")):
    """[Entry], those for this kernel; raises ValueError on a line that is none, or has no
    reason above it."""
    entries = []
    for number, line, reason in reasoned(text):
        fields = line.split(None, 2)
        word, _, only = fields[1].partition("@") if len(fields) == 3 else ("", "", "")
        if word not in WORDS:
            raise ValueError(f"known:{number}: not CASE WORD REGEX: {line}")
        if not reason:
            raise ValueError(f"known:{number}: no reason above it")
        if only in ("", kernel):
            entries.append(Entry(number, fields[0], word, fields[2], reason))
    return entries


class Seen:
    """A case under one module."""

    def __init__(self, status, reason, answers, breaches):
        self.status = status
        self.reason = reason
        self.answers = answers
        self.breaches = list(breaches)
        self.log = ""
        if status == FAILED:
            self.breaches.append(reason)


def label_of(breach):
    return breach.split(":", 1)[0]


def lines_of(value):
    return value if isinstance(value, list) else [value]


def difference(label, theirs, ours):
    """What of one answer is not the same, as text; a list is compared line by line."""
    theirs, ours = lines_of(theirs), lines_of(ours)
    found = [f"{label}: only theirs: {line}" for line in theirs if line not in ours]
    found += [f"{label}: only ours: {line}" for line in ours if line not in theirs]
    return found or [f"{label}: other order"]


def differences(theirs, ours):
    found = []
    for (label, value), (other, seen) in zip(theirs, ours):
        if label != other:
            return found + [f"{label}: here ours goes on with {other}"]
        if value != seen:
            found += difference(label, value, seen)
    if len(theirs) != len(ours):
        longer = max(theirs, ours, key=len)
        found.append(f"{longer[min(len(theirs), len(ours))][0]}: seen under one module only")
    return found


def stale(name, entries):
    """Lines for this case alone that did not hold."""
    return [entry for entry in entries
            if entry.case == name and not entry.used and entry.word != "races"]


def allowed(entries, words, text):
    return any(entry.word in words and entry.allows(text) for entry in entries)


def judge(name, theirs, ours, entries):
    """(status, lines) of a case; theirs is None if it is not safe there."""
    entries = [entry for entry in entries if entry.of(name)]
    if ours.status == SKIPPED:
        return SKIPPED, [ours.reason]
    their_labels = {label_of(breach) for breach in theirs.breaches} if theirs else set()
    bad = []
    for breach in ours.breaches:
        if label_of(breach) not in their_labels:
            bad.append(f"ours only: {breach}")
        elif not allowed(entries, ("both",), breach):
            bad.append(f"both: {breach}")
    if theirs:
        our_labels = {label_of(breach) for breach in ours.breaches}
        for breach in theirs.breaches:
            if label_of(breach) not in our_labels and not allowed(entries, THEIRS, breach):
                bad.append(f"theirs only: {breach}")
        for line in differences(theirs.answers, ours.answers):
            if not allowed(entries, ("differs", *THEIRS), line):
                bad.append(line)
    return (FAILED, bad) if bad else (PASSED, [])
