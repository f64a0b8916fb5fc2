# SPDX-License-Identifier: GPL-2.0
"""Two recordings, the values that vary, and the list of known differences: what is
left is a failure. Knows nothing of targets, so that the selftest can prove it."""

import fnmatch
import re

from observe import full_name
from reasons import reasoned

NOTHING = "(not there)"
NOT_RUN = ("crashes", "hangs")


class Malformed(Exception):
    """The file of differences cannot be read."""


def version(text):
    """(6, 12) of "6.12.3-something"."""
    found = re.match(r"(\d+)\.(\d+)", text)
    if not found:
        raise Malformed(f"not a version: {text}")
    return int(found.group(1)), int(found.group(2))


class Entry:
    """A line of the file of differences, for the observations that it names."""

    def __init__(self, line, pattern, word, text, why):
        self.line = line
        self.pattern = re.compile(fnmatch.translate(pattern.replace("[", "[[]")))
        self.name = pattern
        self.word = word
        self.why = why
        self.texts = ()
        self.used = 0
        self.equal = []         # names that it is about, and nothing differs
        if word == "differs":
            self.texts = tuple(text.split(" => "))
            if len(self.texts) != 2:
                raise Malformed(f"differences:{line}: not `REGEX => REGEX`")
            for regex in self.texts:
                try:
                    re.compile(regex)
                except re.error as error:
                    raise Malformed(f"differences:{line}: {error}") from None

    def matches(self, name):
        return bool(self.pattern.fullmatch(name))

    def explains(self, name, theirs, ours):
        return (self.word == "differs" and self.matches(name) and
                all(re.fullmatch(regex, text, re.S)
                    for regex, text in zip(self.texts, (theirs, ours))))


LINE = re.compile(r"(\S+)(?: (since|before) (\S+))? (differs|crashes|hangs) (.+)")


def differences(text, release):
    """The entries for this kernel, with the reasons above them."""
    found = []
    for number, line, why in reasoned(text):
        match = LINE.fullmatch(re.sub(r"\s+", " ", line.strip(), count=1))
        if not match:
            raise Malformed(f"differences:{number}: {line}")
        if not why:
            raise Malformed(f"differences:{number}: no reason above")
        pattern, when, limit, word, rest = match.groups()
        entry = Entry(number, pattern, word, rest.strip(), why)
        if not when or (version(release) < version(limit)) == (when == "before"):
            found.append(entry)
    return found


def skipper(entries):
    """For the recorder of the other module: is this one not to be run?"""
    lethal = [entry for entry in entries if entry.word in NOT_RUN]
    return lambda name: any(entry.matches(name) for entry in lethal)


class Result:
    """Of one group of observations."""

    def __init__(self, group):
        self.group = group
        self.count = 0
        self.failures = []      # lines
        self.known = []         # (name, entry)
        self.not_run = []       # (name, entry)


def excerpt(theirs, ours):
    """The two texts from shortly before where they part."""
    at = next((i for i, (a, b) in enumerate(zip(theirs, ours)) if a != b),
              min(len(theirs), len(ours)))
    begin = max(0, at - 60)
    dots = "..." if begin else ""
    return [dots + text[begin:begin + 240] + ("..." if len(text) > begin + 240 else "")
            for text in (theirs, ours)]


def compare_group(group, theirs, ours, entries, vary):
    result = Result(group)
    for key in dict.fromkeys(list(theirs) + list(ours)):
        name = full_name(group, key)
        result.count += 1
        a, b = theirs.get(key, NOTHING), ours.get(key, NOTHING)
        lethal = next((e for e in entries if e.word in NOT_RUN and e.matches(name)), None)
        if lethal:
            lethal.used += 1
            result.not_run.append((name, lethal))
            continue
        a, b = vary(name, a), vary(name, b)
        about = [entry for entry in entries if entry.matches(name)]
        if a == b:
            for entry in about:
                entry.equal.append(name)
            continue
        entry = next((e for e in about if e.explains(name, a, b)), None)
        if entry:
            entry.used += 1
            result.known.append((name, entry))
            continue
        shown = excerpt(a, b)
        result.failures += [name] + [f"  {word}: {text}"
                                     for word, text in zip(("in-tree", "ours"), shown)]
        if about:
            result.failures.append(f"  listed otherwise in differences:{about[0].line}")
    return result


def compare(theirs, ours, entries, vary=lambda name, text: text):
    """[Result] for every group of either recording. theirs, ours: {group: {key: text}}"""
    return [compare_group(group, theirs.get(group, {}), ours.get(group, {}), entries, vary)
            for group in dict.fromkeys(list(theirs) + list(ours))]


def stale(entries, complete):
    """What the list says and nobody saw, as lines. A selection may leave out what an
    entry is about; what it is about, and is equal, counts always."""
    found = []
    for entry in entries:
        if entry.used:
            continue
        if entry.equal:
            found.append(f"differences:{entry.line}: {entry.name}: no difference any more, "
                         f"for instance at {entry.equal[0]}")
        elif complete:
            found.append(f"differences:{entry.line}: {entry.name}: names nothing")
    return found
