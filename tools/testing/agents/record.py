# SPDX-License-Identifier: GPL-2.0
"""What a case saw under one module: answers, which have to be the same under the
other one, and breaches of what the caller may count on."""

import json
import os

import harness

FOLDER = "/tmp/agents-seen"


class Record:
    """Of one case under one module. A breach does not end the case: what comes after
    it is worth knowing, too."""

    def __init__(self, path):
        self.path = path
        self.answers = []       # [label, value], in order
        self.breaches = []      # text

    def note(self, label, value):
        """An answer that no contract asks for; it only has to be the same."""
        self.answers.append([label, value])
        self.save()             # at once: the case may be killed

    def expect(self, label, value, wanted):
        """An answer that a contract asks for."""
        if value != wanted:
            self.breaches.append(f"{label}: expected {wanted!r}, seen {value!r}")
        self.note(label, value)

    def require(self, label, value, wanted):
        """As expect; without it the rest of the case makes no sense."""
        self.expect(label, value, wanted)
        if value != wanted:
            failure = self.breaches.pop()
            self.save()
            raise harness.Failure(failure)

    def save(self):
        with open(self.path, "w", encoding="utf-8") as file:
            json.dump({"answers": self.answers, "breaches": self.breaches}, file)


def path_of(module, name):
    return f"{FOLDER}/{module}-{name.replace('/', '_')}"


def load(path):
    """(answers, breaches)"""
    try:
        with open(path, encoding="utf-8") as file:
            saved = json.load(file)
        return [tuple(answer) for answer in saved["answers"]], saved["breaches"]
    except (OSError, ValueError):
        return [], []


def keeping(function, path):
    """The function of a case, made to leave what it saw in a file: it runs in a
    process of its own."""
    def kept(*arguments):
        function(Record(path), *arguments)

    os.makedirs(FOLDER, exist_ok=True)
    try:
        os.unlink(path)
    except FileNotFoundError:
        pass
    if hasattr(function, "limit"):
        kept.limit = function.limit
    return kept
