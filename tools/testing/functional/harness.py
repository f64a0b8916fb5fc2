# SPDX-License-Identifier: GPL-2.0
"""What every test uses: verdicts, bounded commands, scale, the kernel's log."""

import errno
import os
import re
import signal
import subprocess
import time

KERNEL = os.environ.get("TISCSI_KERNEL", "none")
STOCK = KERNEL.startswith("debian-")

# How much work a test does, and how patient it is. Figures are relative to the
# kasan kernel; an emulated processor is 25 times slower than the host's.
WORK = {"bench": 2.0, "smp": 1.0, "kasan": 1.0, "lockdep": 0.4}.get(KERNEL, 0.1 if STOCK else 1.0)
PATIENCE = {"lockdep": 2.0}.get(KERNEL, 4.0 if STOCK else 1.0)

# Lines that no healthy kernel writes. The lab judges the whole log by a longer
# list; this one is for saying which test it was.
COMPLAINT = re.compile(
    r"BUG:|kernel BUG|WARNING: |WARN_ON|Oops|general protection fault|KASAN:|UBSAN:|KFENCE:"
    r"|refcount_t:|possible (circular|recursive) locking|inconsistent lock state"
    r"|suspicious RCU|sleeping function called|scheduling while atomic|blocked for more than"
    r"|soft lockup|detected stall|Objects remaining|Call Trace|bad unlock balance|held lock freed")


class Failure(AssertionError):
    """What should hold does not."""


class Skip(Exception):
    """The test cannot be made here; the text says why."""


def scaled(amount, least=1):
    """A number of rounds or bytes that suits this kernel."""
    return max(least, int(amount * WORK))


def patience(seconds):
    return seconds * PATIENCE


def check(condition, *text):
    if not condition:
        raise Failure(" ".join(str(t) for t in text) or "condition does not hold")


def equal(seen, expected, what):
    if seen != expected:
        raise Failure(f"{what}: expected {expected!r}, seen {seen!r}")


def wait_for(condition, what, seconds=10):
    """Poll until condition() is true and return its value."""
    end = time.monotonic() + patience(seconds)
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise Failure(f"waited {patience(seconds):.0f} s in vain for {what}")
        time.sleep(0.02)


def run(*command, seconds=30, ok=(0,), merge=False):
    """Run a command to its end; Failure if it takes too long or its status is
    not in ok (None accepts all). Returns CompletedProcess with text output."""
    limit = patience(seconds)
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                          errors="replace", start_new_session=True,
                          stderr=subprocess.STDOUT if merge else subprocess.PIPE) as process:
        try:
            out, err = process.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            kill_group(process.pid)
            out, err = process.communicate()
            raise Failure(f"{' '.join(command)}: still running after {limit:.0f} s\n"
                          f"{out}{err or ''}") from None
    if ok is not None and process.returncode not in ok:
        raise Failure(f"{' '.join(command)}: status {process.returncode}\n{out}{err or ''}")
    return subprocess.CompletedProcess(command, process.returncode, out, err or "")


def kill_group(pid):
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def write(path, text):
    """One write(2), without the newline that nobody asked for."""
    fd = os.open(path, os.O_WRONLY)
    try:
        os.write(fd, text.encode() if isinstance(text, str) else text)
    finally:
        os.close(fd)


def module_loaded(name):
    return os.path.isdir(f"/sys/module/{name}/holders")


def kernel_threads():
    """Names of the module's threads."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            name = read(f"/proc/{pid}/comm").strip()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if name.startswith(("tiscsi", "kworker/R-tiscsi")):
            found.append(name)
    return found


class KernelLog:
    """The kernel's messages from now on."""

    def __init__(self):
        self.fd = os.open("/dev/kmsg", os.O_RDONLY | os.O_NONBLOCK)
        os.lseek(self.fd, 0, os.SEEK_END)
        self.lines = []

    def read(self):
        """Everything that was logged since the object was made."""
        while True:
            try:
                record = os.read(self.fd, 8192)
            except BlockingIOError:
                return self.lines
            except OSError as error:
                if error.errno == errno.EPIPE:      # overrun: the next read goes on
                    self.lines.append("functional: kernel log overrun")
                    continue
                raise
            text = record.decode(errors="replace").split(";", 1)[-1].split("\n", 1)[0]
            self.lines.append(text)

    def matching(self, pattern):
        return [line for line in self.read() if re.search(pattern, line)]

    def close(self):
        os.close(self.fd)


def note(text):
    """A mark in the kernel's log, so that a saved log can be read test by test."""
    try:
        with open("/dev/kmsg", "w", encoding="utf-8") as file:
            file.write(f"functional: {text}\n")
    except OSError:
        pass


# 10 lines in 5 seconds, for the module as a whole (kmod/mgmt/log.c).
LOG_INTERVAL = 5.3


def fresh_log():
    """A kernel log whose rate limit no earlier test has used up."""
    time.sleep(LOG_INTERVAL)
    return KernelLog()
