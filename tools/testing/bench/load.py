# SPDX-License-Identifier: GPL-2.0
"""fio, with one of two sets of options, and what it says.

By its own defaults fio asks for each request with a call of its own as soon as one is
answered. The other way it takes all answers there are with one call and asks as many new
requests with another, with registered files and buffers, as initiators do that use io_uring
for speed. Where a call of the system is dear (in user-mode Linux, some 5 us) the first way
measures calls as much as targets."""

import json

from harness import Failure, run

OPTIONS = ("--ioengine=io_uring", "--direct=1", "--thread", "--group_reporting",
           "--norandommap", "--randrepeat=1", "--gtod_reduce=1", "--output-format=json",
           "--invalidate=0", "--disk_util=0")


class Load:
    """What fio did."""

    def __init__(self, document):
        jobs = document["jobs"]
        parts = [job[way] for job in jobs for way in ("read", "write") if job[way]["total_ios"]]
        if not parts:
            raise Failure("fio did nothing")
        self.errors = sum(job["error"] for job in jobs)
        self.ios = sum(part["total_ios"] for part in parts)
        self.bytes = sum(part["io_bytes"] for part in parts)
        # In milliseconds, of the longest: they all begin at the same time.
        self.seconds = max(part["runtime"] for part in parts) / 1000
        # fio 3.33 says only when it has finished.
        self.end = document["timestamp_ms"] / 1000
        self.begin = self.end - self.seconds


def batches(depth, least):
    """Of up to depth requests, when so many at least are answered."""
    return ["--registerfiles", "--fixedbufs", f"--iodepth_batch_submit={depth}",
            f"--iodepth_batch_complete_min={least}", f"--iodepth_batch_complete_max={depth}"]


def fio(disks, case, seconds=None, ios=None, lockstep=False):
    """A job for each disk, each with the case's depth: for so many seconds, or so many
    requests. lockstep: in batches, the next when all are answered."""
    way, size, depth = case.way, case.size, case.depth
    options = list(OPTIONS) + [f"--bs={size}", f"--iodepth={depth}"]
    if lockstep or case.batch:
        options += batches(depth, depth if lockstep else 1)
    options += ["--rw=randrw", "--rwmixread=70"] if way == "mix" else [f"--rw={way}"]
    if ios:
        # As often around the disk as it takes.
        options += [f"--io_size={ios // len(disks) * int(size.rstrip('k'))}k"]
    else:
        options += ["--time_based", f"--runtime={round(seconds * 1000)}ms"]
    for number, disk in enumerate(disks):
        options += [f"--name=job{number}", f"--filename={disk}"]
    result = Load(json.loads(run("fio", *options, seconds=120).stdout))
    if result.errors:
        raise Failure(f"fio saw {result.errors} errors")
    return result
