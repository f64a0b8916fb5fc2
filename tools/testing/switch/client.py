# SPDX-License-Identifier: GPL-2.0
"""An initiator that works on while the target's module is changed: open-iscsi, and fio
with verification on each disk. How long nothing came back is what fio's log says."""

import glob
import os
import re
import subprocess

import harness
import initiator
from harness import Failure, check, patience, wait_for

RATE = 100          # I/Os per second and disk: enough to see a gap, few enough to log them all
REPLACEMENT = 60    # seconds that the kernel's initiator waits for a session to come back
LOG = "/tmp/switch-fio"


class Client:
    """Sessions to all targets, each with one disk, and fio on them for some seconds."""

    def __init__(self, targets, seconds, chap=None):
        """targets: [(target, auth or None)]"""
        self.nodes = []
        self.seconds = int(seconds)
        self.process = None
        for target, auth in targets:
            node = initiator.Node(target, auth=auth)
            node.edit({"node.session.timeo.replacement_timeout": str(int(patience(REPLACEMENT)))})
            self.nodes.append(node)

    def __enter__(self):
        try:
            for node in self.nodes:
                node.login()
            self.start()
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(self, *_exc):
        self.end()

    def start(self):
        initiator.need("fio")
        for path in glob.glob(LOG + "*"):
            os.unlink(path)
        command = ["fio", "--output", LOG + ".out", *initiator.FIO_OPTIONS, "--rw=randrw",
                   "--rwmixread=30", "--bs=4k", "--size=4m", "--iodepth=8", "--verify=crc32c",
                   "--verify_backlog=32", "--time_based", f"--runtime={self.seconds}",
                   f"--rate_iops={RATE}", f"--write_lat_log={LOG}", "--log_offset=0"]
        for number, node in enumerate(self.nodes):
            command += [f"--name=disk{number}", f"--filename={node.disks()[0]}"]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)
        wait_for(self.works, "fio's first I/O")

    def works(self):
        if self.process.poll() is not None:
            raise Failure(f"fio ended: {self.said()}")
        return all(self.done(node) > 0 for node in self.nodes)

    @staticmethod
    def said():
        """What matters of it; all of it if nothing seems to."""
        text = harness.read(LOG + ".out")
        return "; ".join(re.findall(r"^.*(?:err=\s*[1-9]|verify:|error).*$", text, re.M)) or text

    @staticmethod
    def done(node):
        """Writes that the disk has finished, ever."""
        disk = os.path.basename(node.disks()[0])
        return int(harness.read(f"/sys/block/{disk}/stat").split()[4])

    def wait_io(self):
        """Until each disk has done something that it had not before, or fio, which cannot
        end with I/O under way, has ended: on a slow machine its time may be over."""
        before = [self.done(node) for node in self.nodes]
        wait_for(lambda: self.process.poll() is not None or
                 all(self.done(n) > b for n, b in zip(self.nodes, before)),
                 "I/O on every disk", REPLACEMENT)

    def states(self):
        return [harness.read(f"{initiator.SESSIONS}/{node.session}/state").strip()
                for node in self.nodes]

    def finish(self):
        """fio's own verdict; seconds of the longest gap between two completions."""
        try:
            status = self.process.wait(patience(self.seconds + REPLACEMENT))
        except subprocess.TimeoutExpired:
            raise Failure("fio does not end") from None
        check(status == 0, "fio:", status, self.said())
        gaps = [longest_gap(path) for path in sorted(glob.glob(LOG + "_clat.*.log"))]
        check(len(gaps) == len(self.nodes), "fio wrote", len(gaps), "logs")
        return max(gaps)

    def end(self):
        if self.process and self.process.poll() is None:
            harness.kill_group(self.process.pid)
            self.process.wait()
        for node in self.nodes:
            node.logout()
            node.forget()
        for path in glob.glob(LOG + "*"):
            os.unlink(path)


def longest_gap(path):
    """Lines of `milliseconds, latency, direction, block size, …`, one per I/O."""
    times = sorted(int(line.split(",")[0]) for line in harness.read(path).splitlines())
    check(len(times) > RATE, path, "has", len(times), "I/Os only")
    return max(b - a for a, b in zip(times, times[1:])) / 1000
