# SPDX-License-Identifier: GPL-2.0
"""Disks of several kinds for the target that is fuzzed. Those that take their time
matter most: with them commands are under way when something breaks."""

import glob
import os

from harness import run, wait_for

NAME = "fuzz-delay"
FILE = "/tmp/fuzz-delay.img"
SECTORS = 16384
DELAY = 25          # ms


class Disks:
    """LUN 0 in memory, 1 in a file, 2 a device mapper that delays, 3 scsi_debug."""

    def __init__(self):
        self.loop = None
        self.slow = None
        self.debug = None

    def __enter__(self):
        self.slow = self.make_slow()
        self.debug = self.make_debug()
        return self

    def make_slow(self):
        for name in ("loop", "dm-mod", "dm-delay"):
            if run("modprobe", name, ok=None).returncode:
                print(f"# this kernel has no {name}: LUN 2 answers at once")
                return None
        with open(FILE, "wb") as file:
            file.truncate(SECTORS * 512)
        self.loop = run("losetup", "--show", "-f", FILE).stdout.strip()
        run("dmsetup", "create", NAME, "--noudevsync", "--table",
            f"0 {SECTORS} delay {self.loop} 0 {DELAY}")
        if not os.path.exists(f"/dev/mapper/{NAME}"):
            run("dmsetup", "mknodes", NAME, "--noudevsync")
        return f"/dev/mapper/{NAME}"

    @staticmethod
    def make_debug():
        run("modprobe", "sd_mod", ok=None)
        if run("modprobe", "scsi_debug", "dev_size_mb=8", f"ndelay={DELAY * 100000}",
               ok=None).returncode:
            print("# this kernel has no scsi_debug: LUN 3 answers at once")
            return None
        pattern = "/sys/bus/pseudo/drivers/scsi_debug/adapter*/host*/target*/*/block/*"
        wait_for(lambda: glob.glob(pattern), "the disk of scsi_debug")
        path = "/dev/" + os.path.basename(glob.glob(pattern)[0])
        wait_for(lambda: os.path.exists(path), path)
        return path

    def export(self, target):
        target.lun(0)
        target.lun(1, kind="file")
        for number, path in ((2, self.slow), (3, self.debug)):
            if path:
                target.lun(number, kind="block", mib=8, path=path)
            else:
                target.lun(number)

    def __exit__(self, *_exc):
        if self.slow:
            run("dmsetup", "remove", "--retry", "--noudevsync", NAME)
        if self.loop:
            run("losetup", "-d", self.loop)
            os.unlink(FILE)
        if self.debug:
            run("rmmod", "scsi_debug")
