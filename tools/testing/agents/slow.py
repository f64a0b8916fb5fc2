# SPDX-License-Identifier: GPL-2.0
"""A disk on which every command takes its time."""

import os

import guest
import harness

NAME = "agents-slow"


class Slow(guest.Disk):
    """A delay of device mapper over a disk of its own."""

    def __init__(self, milliseconds, mib=16):
        super().__init__("slow", mib)
        self.milliseconds = milliseconds
        self.node = None

    def __enter__(self):
        super().__enter__()
        for name in ("dm-mod", "dm-delay"):
            harness.run("modprobe", name, seconds=60)
        sectors = self.mib << 11
        harness.run("dmsetup", "create", NAME, "--noudevsync", "--table",
                    f"0 {sectors} delay {self.loop} 0 {self.milliseconds}")
        self.node = f"/dev/mapper/{NAME}"
        if not os.path.exists(self.node):
            harness.run("dmsetup", "mknodes", NAME, "--noudevsync")
        return self

    def completed(self):
        """Reads and writes that came through the delay and have reached the disk below."""
        name = os.path.basename(self.loop)
        fields = harness.read(f"/sys/block/{name}/stat").split()
        return int(fields[0]) + int(fields[4])

    def __exit__(self, *exc):
        harness.run("dmsetup", "remove", "--retry", "--noudevsync", NAME)
        super().__exit__(*exc)
