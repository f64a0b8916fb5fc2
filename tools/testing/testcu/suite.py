# SPDX-License-Identifier: GPL-2.0
"""iscsi-test-cu: which tests it has, one of them in a process of its own, and what
its output says."""

import os
import re
import signal
import subprocess
import time

import harness

PROGRAM = "iscsi-test-cu"
INITIATORS = ("iqn.2026-11.test:cu-1", "iqn.2026-11.test:cu-2")
# Seconds, before patience. The longest test needs 8 on an idle machine, and says several
# things in each of them; on a busy one it may take longer, but not fall silent.
QUIET, LIMIT = 30, 120

PASS, FAIL, SKIP = "passes", "fails", "skips"


class Test:
    """A test of the program. The LINUX family is that for a disk of the kernel's own
    initiator; the others speak iSCSI themselves."""

    def __init__(self, name, first):
        self.name = name
        self.family, self.suite, self.test = name.split(".")
        self.first = first          # of its suite
        self.kernel = self.family == "LINUX"


class Verdict:
    """What a test did on one module."""

    def __init__(self, word, reason="", seconds=0.0, output=""):
        self.word = word
        self.reason = reason
        self.seconds = seconds
        self.output = output


def collect():
    """Every test once: the family ALL has those of SCSI and iSCSI again, and what
    only ALL had would stay."""
    names = harness.run(PROGRAM, "--list").stdout.split()
    tests, suites = [], set()
    for name in names:
        if name.count(".") == 2:
            suite = name.rsplit(".", 1)[0]
            tests.append(Test(name, suite not in suites))
            suites.add(suite)
    known = {(t.suite, t.test) for t in tests if t.family not in ("ALL", "LINUX")}
    return [t for t in tests if t.family != "ALL" or (t.suite, t.test) not in known]


def status_of(process, output):
    """Once it has ended; None if it has not said anything for too long, or too much."""
    begin = spoke = time.monotonic()
    size = 0
    while True:
        try:
            return process.wait(1)
        except subprocess.TimeoutExpired:
            now, before, size = time.monotonic(), size, os.path.getsize(output)
        spoke = spoke if size == before else now
        if now > min(begin + harness.patience(LIMIT), spoke + harness.patience(QUIET)):
            return None


def execute(test, urls):
    """Run one test. Returns (exit status or None after the time limit, output, seconds)."""
    # Without stdbuf nothing would be left of a test that has to be killed.
    command = ["stdbuf", "-o0", PROGRAM, "--Verbose-scsi", "--dataloss", "--allow-sanitize",
               "-i", INITIATORS[0], "-I", INITIATORS[1], "-t", test.name, *urls]
    start = time.monotonic()
    output = "/tmp/testcu.out"
    with open(output, "wb") as file, \
            subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=file, cwd="/tmp",
                             stderr=subprocess.STDOUT, start_new_session=True) as process:
        status = status_of(process, output)
        if status is None:
            harness.kill_group(process.pid)
            # In a system call of a kernel that hangs it cannot be killed.
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.returncode = -signal.SIGKILL
    seconds = time.monotonic() - start
    text = harness.read(output)
    os.unlink(output)
    return status, text, seconds


# The verdict stands alone, be it right behind the name or in the first column.
RESULT = re.compile(r"^  Test: [^\n]*? \.\.\.(.*?)(?:(?<=\.\.\.)|^)(passed|FAILED)(.*?)^Run Summary:",
                    re.M | re.S)
# A test that cannot log in again returns without an assertion, which counts as passed.
NO_LOGIN = re.compile(r"Failed to log ?in|Login Failed", re.I)


def judge(status, text, seconds):
    """The program's own summary counts what was skipped as passed, hence every line
    counts. A test that left out a part is skipped, whatever the rest of it did,
    unless that failed."""
    if status is None:
        return Verdict(FAIL, f"still running after {seconds:.0f} s, killed", seconds, text)
    found = RESULT.search(text)
    if not found:
        return Verdict(FAIL, f"no result, status {status}", seconds, text)
    said, word, after = found.groups()
    if word == "FAILED":
        lines = re.findall(r"\[FAILED\] *(.*)", said) or re.findall(r"^ +\d+\. (.*?\))(?:  |$)", after, re.M)
        return Verdict(FAIL, "; ".join(unique(lines)[:3]), seconds, text)
    if NO_LOGIN.search(said):
        return Verdict(FAIL, "could not log in, and passed nevertheless", seconds, text)
    lines = unique(re.findall(r"\[SKIPPED\] *(.*)", said))
    if lines:
        return Verdict(SKIP, "; ".join(lines), seconds, text)
    return Verdict(PASS, "", seconds, text)


def unique(lines):
    return list(dict.fromkeys(line.strip() for line in lines if line.strip()))
