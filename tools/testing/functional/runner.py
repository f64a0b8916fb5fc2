# SPDX-License-Identifier: GPL-2.0
"""One test: in a process group of its own with a time limit, and what it has to
leave behind it, which is nothing. The runners of all suites are built on this."""

import os
import signal
import sys
import time
import traceback

import harness
import initiator
import target

TESTING = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LIMIT = 60          # seconds of a test, before patience; a test may say otherwise
PASSED, FAILED, SKIPPED = 0, 1, 77


def processes():
    """Pids that are no kernel threads, without ourselves and init."""
    found = set()
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
                fields = file.read().rsplit(")", 1)[1].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[6]) & 0x00200000 or fields[0] == "Z":     # PF_KTHREAD
            continue
        found.add(int(pid))
    return found


def command_of(pid):
    try:
        return harness.read(f"/proc/{pid}/cmdline").replace("\0", " ").strip()
    except (FileNotFoundError, ProcessLookupError):
        return "?"


def child(function, arguments, out):
    """In the forked process: the test. Reasons go to out."""
    os.setsid()
    status = FAILED
    try:
        function(*arguments)
        status = PASSED
    except harness.Skip as skip:
        out.write(str(skip))
        status = SKIPPED
    except BaseException as error:      # pylint: disable=broad-except
        frames = traceback.extract_tb(error.__traceback__)
        where = " < ".join(f"{os.path.basename(f.filename)}:{f.lineno}"
                           for f in reversed(frames) if f.filename.startswith(TESTING))
        text = str(error) if isinstance(error, harness.Failure) else repr(error)
        out.write(f"{text}\n({where})")
    out.flush()
    os._exit(status)


def run_limited(function, arguments=()):
    """(status, reason) of one test."""
    limit = harness.patience(getattr(function, "limit", LIMIT))
    receive, send = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(receive)
        child(function, arguments, os.fdopen(send, "w", encoding="utf-8", errors="replace"))
    os.close(send)
    end = time.monotonic() + limit
    reason, status = "", None
    while status is None:
        done, raw = os.waitpid(pid, os.WNOHANG)
        if done:
            status = os.waitstatus_to_exitcode(raw)
        elif time.monotonic() > end:
            # What every task waits for is what somebody will want to know.
            harness.write("/proc/sysrq-trigger", "w")
            harness.kill_group(pid)
            os.waitpid(pid, 0)
            status, reason = FAILED, f"still running after {limit:.0f} s, killed\n"
        else:
            time.sleep(0.005)
    os.set_blocking(receive, False)
    try:
        reason += os.read(receive, 1 << 20).decode(errors="replace")
    except BlockingIOError:     # nothing, and a process that it has started is still there
        pass
    os.close(receive)
    harness.kill_group(pid)
    if status not in (PASSED, SKIPPED):
        return FAILED, reason or f"the test's process ended with {status}"
    return status, reason


def left_behind(before, known=()):
    """What the test forgot, as lines: everything but the processes that were there
    before and the known paths of configfs. Takes it away, too."""
    found = [f"left in configfs: {path}" for path in target.leftovers() if path not in known]
    found += [f"left a session: {name}" for name in initiator.kernel_sessions()]
    initiator.drop_all()
    end = time.monotonic() + 2
    rest = processes() - before
    while rest and time.monotonic() < end:
        time.sleep(0.02)
        rest = processes() - before
    for pid in rest:
        found.append(f"left a process: {command_of(pid)}")
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    try:
        if found or not known:
            target.wipe()
    except OSError as error:
        found.append(f"cannot clean configfs: {error}")
    return found


def run_one(name, function, arguments=(), known=()):
    """(status, reason, seconds) of one test. What it left is taken away, and with
    it, if it left anything, what was known before."""
    start = time.monotonic()
    before = processes()
    log = harness.KernelLog()
    harness.note(f"begin {name}")
    status, reason = run_limited(function, arguments)
    found = left_behind(before, known)
    harness.note(f"end {name}")
    complaints = log.matching(harness.COMPLAINT)
    if log.matching(r"WQ_MEM_RECLAIM iscsi_ctrl_.* is flushing"):
        complaints = []     # 6.12's initiator; the lab judges the rest of the log
    log.close()
    if complaints:
        found += ["the kernel complained:"] + complaints[:10]
    if found and status == PASSED:
        status = FAILED
    if found:
        reason = "\n".join(filter(None, [reason] + found))
    return status, reason, time.monotonic() - start


def report(number, name, status, reason, seconds):
    word = "not ok" if status == FAILED else "ok"
    if status == SKIPPED:
        print(f"ok {number} {name} # skip: {reason}")
    else:
        print(f"{word} {number} {name} # {seconds:.1f}s")
    if status == FAILED:
        for line in reason.splitlines():
            print(f"#   {line}")
    sys.stdout.flush()
