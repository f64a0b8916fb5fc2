# SPDX-License-Identifier: GPL-2.0
"""What a stretch of work cost the target: processor time, switches and wake-ups of its
threads, socket calls, allocations. All but the time repeat from run to run, because the
kernel counts each event and does not sample."""

import glob
import os
import re
import time

from harness import read, run, write

TRACING = "/sys/kernel/tracing"


def threads(pattern):
    """{pid: name} of the kernel's threads whose name matches."""
    found = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            name = read(f"/proc/{pid}/comm").strip()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if re.fullmatch(pattern, name):
            found[int(pid)] = name
    return found


def processor_time(pid):
    """Seconds, exact: the clock of another process (clock_getcpuclockid(3))."""
    return time.clock_gettime(~pid << 3 | 2)


def switches(pid):
    """(it waited, it was pushed aside)"""
    text = read(f"/proc/{pid}/status")
    return tuple(int(re.search(rf"^{word}_ctxt_switches:\s*(\d+)", text, re.M).group(1))
                 for word in ("voluntary", "nonvoluntary"))


class Usage:
    """Processor time and switches of threads, from one moment on. Threads that come
    later count whole, those that end are lost: a bench does not end them."""

    def __init__(self, pattern):
        self.pattern = pattern
        self.before = self.look()

    def look(self):
        found = {}
        for pid in threads(self.pattern):
            try:
                found[pid] = (processor_time(pid), *switches(pid))
            except (OSError, AttributeError):
                continue
        return found

    def so_far(self):
        """(seconds, waits, preemptions)"""
        total = [0.0, 0, 0]
        for pid, values in self.look().items():
            for index, value in enumerate(values):
                total[index] += value - self.before.get(pid, (0, 0, 0))[index]
        return tuple(total)


def module_text(name):
    """First and last address of a module's code."""
    found = []
    with open("/proc/kallsyms", encoding="ascii") as file:
        for line in file:
            if line.endswith(f"[{name}]\n") and line.split()[1] in "tT":
                found.append(int(line.split()[0], 16))
    return min(found), max(found) | 0xfff


class Event:
    """How often trace events happen. A buffer of its own, as small as it can be: the
    kernel counts what it overwrites."""

    number = 0

    def __init__(self, names, condition="", pids=None):
        """names: GROUP/EVENT…; pids: only in these threads."""
        Event.number += 1
        self.dir = f"{TRACING}/instances/bench{Event.number}"
        os.mkdir(self.dir)
        write(f"{self.dir}/buffer_size_kb", "8")
        if pids is not None:
            write(f"{self.dir}/set_event_pid", " ".join(map(str, pids)) or "0")
        for name in names:
            if condition:
                write(f"{self.dir}/events/{name}/filter", condition)
            write(f"{self.dir}/events/{name}/enable", "1")

    def count(self):
        total = 0
        for path in glob.glob(f"{self.dir}/per_cpu/cpu*/stats"):
            text = read(path)
            for word in ("entries", "overrun", "dropped events"):
                total += int(re.search(rf"^{word}: (\d+)", text, re.M).group(1))
        return total

    def close(self):
        os.rmdir(self.dir)


def available():
    """Trace events, which other kernels of the lab may lack."""
    if not os.path.isdir(f"{TRACING}/events"):
        run("mount", "-t", "tracefs", "tracefs", TRACING, ok=None)
    return os.path.isdir(f"{TRACING}/events")


class Counters:
    """Everything that is counted of one peer, for one stretch."""

    def __init__(self, peer):
        pids = threads(peer.threads)
        if not pids:
            raise AssertionError(f"{peer.name} has no threads that match {peer.threads}")
        first, last = module_text(peer.module)
        inside = f"call_site >= {first:#x} && call_site <= {last:#x}"
        self.events = {
            "sends": Event(["sock/sock_send_length"], pids=pids),
            "receives": Event(["sock/sock_recv_length"], pids=pids),
            "allocations": Event(["kmem/kmalloc", "kmem/kmem_cache_alloc"], inside),
            "wakeups": Event(["sched/sched_wakeup"], " || ".join(f'comm ~ "{name}"'
                                                                for name in peer.comms)),
        }
        # A receiver that takes socket buffers makes no receive call; TCP adjusts the
        # window once at the end of each time that it looks.
        self.looks = Event(["tcp/tcp_rcv_space_adjust"], f"sport == {peer.port}")
        self.usage = Usage(peer.threads)

    def close(self):
        """{name: number}, for all of it."""
        seconds, waits, preemptions = self.usage.so_far()
        found = {name: event.count() for name, event in self.events.items()}
        found["receives"] = found["receives"] or self.looks.count()
        found.update(seconds=seconds, waits=waits, switches=waits + preemptions)
        for event in (*self.events.values(), self.looks):
            event.close()
        return found
