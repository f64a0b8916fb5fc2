# SPDX-License-Identifier: GPL-2.0
"""What a user types and sees, as text: the files of procedure/ are played and what comes
back is compared with them, line by line.

    /iscsi> create                   a line of targetcli's own shell, at this prompt; a shell
                                     lives until it is told to exit
    $ targetcli status               a command
    ! login alice                    something else, see actions.py
    [trixie,unstable] Created ...    only with these releases' tools, on these kernels
                                     ([6.1]), with this module, or with all others ([!6.1]);
                                     several such words in a row: all have to hold
    # ...                            a remark

What stands below such a line is what it prints. Rows of dots are as long as the screen is
wide, hence cut to two; what is random or counts is replaced by a word. With
TISCSI_LIO_RECORD=1 in the environment nothing is compared: the whole text is printed, as
it would have to stand in the file."""

import os
import re

import harness
from harness import Failure

SHELL = re.compile(r"^(/\S*)> (.*)$")
ONLY = re.compile(r"^\[(!?)([\w.,-]+)\] ?(.*)$")

RANDOM = (
    (r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "UUID"),
    (r"\bsid: \d+", "sid: N"),
    (r" \.{2,} ", " .. "),
    # Aliases of links that rtslib makes.
    (r"\balias: [0-9a-f]{10}$", "alias: ALIAS"),
    (r"iqn\.2003-01\.org\.linux-iscsi\.[\w.-]+:sn\.[0-9a-f]{12}", "RANDOM-IQN"),
    (rf"\balias: {os.uname().nodename}\b", "alias: HOST"),
)


class Step:
    """One line that somebody types, and what it is to print."""

    def __init__(self, kind, line, prompt=""):
        self.kind = kind            # shell, command or action
        self.line = line
        self.prompt = prompt
        self.expected = []

    def __str__(self):
        return {"shell": f"{self.prompt}> ", "command": "$ ", "action": "! "}[self.kind] + self.line


def applies(match, tags):
    inverted, words = match.group(1), match.group(2).split(",")
    return any(word in tags for word in words) != bool(inverted)


def known_tag(text):
    return all(re.fullmatch(r"bookworm|trixie|unstable|tcm_iscsi|\d\.\d+", word)
               for word in text.split(","))


def meant(line, tags):
    """The line without its tags; None if one of them does not hold."""
    match = ONLY.match(line)
    while match and known_tag(match.group(2)):
        if not applies(match, tags):
            return None
        line = match.group(3)
        match = ONLY.match(line)
    return line


def parse(text, tags):
    steps = []
    for line in text.splitlines():
        line = meant(line, tags)
        if line is None:
            continue
        shell = SHELL.match(line)
        if line.startswith("# ") or line == "#" or not line.strip():
            continue
        if shell:
            steps.append(Step("shell", shell.group(2), shell.group(1)))
        elif line.startswith("$ "):
            steps.append(Step("command", line[2:]))
        elif line.startswith("! "):
            steps.append(Step("action", line[2:]))
        else:
            steps[-1].expected.append(line.rstrip())
    return steps


def plain(text):
    """Lines of output without what differs from one time to the next."""
    for pattern, word in RANDOM:
        text = re.sub(pattern, word, text, flags=re.M)
    return [line.rstrip() for line in text.splitlines() if line.strip()]


def sessions(steps):
    """Steps, those of one shell together."""
    found = []
    for step in steps:
        if step.kind == "shell" and found and found[-1][-1].kind == "shell" and \
                found[-1][-1].line != "exit":
            found[-1].append(step)
        else:
            found.append([step])
    return found


class Player:
    """Plays a file; perform(line) does what follows a "!" and returns what it prints."""

    def __init__(self, userland, perform, tags):
        self.userland = userland
        self.perform = perform
        self.tags = tags

    def play(self, path):
        for steps in sessions(parse(harness.read(path), self.tags)):
            if steps[0].kind == "shell":
                self.shell(steps)
            elif steps[0].kind == "command":
                result = self.userland.run(*steps[0].line.split(), merge=True, ok=None)
                self.judge(steps[0], result.stdout)
            else:
                self.judge(steps[0], self.perform(steps[0].line))

    def shell(self, steps):
        if steps[-1].line != "exit":
            raise Failure(f"no exit after: {steps[-1]}")
        answers = self.userland.shell([step.line for step in steps])
        for step, (prompt, output) in zip(steps, answers):
            if prompt != step.prompt and not self.recording():
                raise Failure(f"{step}: the prompt is {prompt!r}")
            step.prompt = prompt
            self.judge(step, output)

    @staticmethod
    def recording():
        return os.environ.get("TISCSI_LIO_RECORD")

    def judge(self, step, output):
        lines = plain(output)
        if self.recording():
            print("\n".join([str(step)] + lines), flush=True)
        elif lines != step.expected:
            raise Failure(f"{step}\nexpected:\n" + "\n".join(step.expected) +
                          "\nprinted:\n" + "\n".join(lines))
