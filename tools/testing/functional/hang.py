# SPDX-License-Identifier: GPL-2.0
"""Devices that stop finishing their commands, in the ways that people have seen."""

import glob
import os
import time

import harness
from harness import Skip, read, run, wait_for, write
from target import Backstore, Device

NAME = "functional-stuck"
SECTORS = 16384


def need_modules(*names):
    for name in names:
        if run("modprobe", name, ok=None).returncode:
            raise Skip(f"this kernel has no {name}")


class Suspended:
    """A device-mapper disk over a loop device. Suspended, it keeps every command until
    it is resumed."""

    kind = "block"
    answers_inquiry = True

    def __init__(self, delay=None):
        self.file = f"/tmp/{NAME}.img"
        self.loop = None
        self.delay = delay      # milliseconds of each request
        self.path = f"/dev/mapper/{NAME}"

    def __enter__(self):
        need_modules("dm-mod", "loop", *(["dm-delay"] if self.delay else []))
        if not os.path.exists("/usr/sbin/dmsetup") and not os.path.exists("/sbin/dmsetup"):
            raise Skip("dmsetup is not installed")
        with open(self.file, "wb") as file:
            file.truncate(SECTORS * 512)
        self.loop = run("losetup", "--show", "-f", self.file).stdout.strip()
        line = f"0 {SECTORS} linear {self.loop} 0"
        if self.delay:
            line = f"0 {SECTORS} delay {self.loop} 0 {self.delay}"
        run("dmsetup", "create", NAME, "--noudevsync", "--table", line)
        if not os.path.exists(self.path):
            run("dmsetup", "mknodes", NAME, "--noudevsync")
        return self

    def store(self, name):
        return Backstore(name, "block", SECTORS // 2048, self.path)

    def suspend(self):
        run("dmsetup", "suspend", "--noflush", "--nolockfs", "--noudevsync", NAME)

    def resume(self):
        run("dmsetup", "resume", "--noudevsync", NAME)

    hang = suspend
    release = resume

    def completed(self):
        """Reads and writes that have come through it and reached the disk below."""
        fields = read(f"/sys/block/{os.path.basename(self.loop)}/stat").split()
        return int(fields[0]) + int(fields[4])

    def __exit__(self, *_exc):
        self.resume()
        run("dmsetup", "remove", "--retry", "--noudevsync", NAME)
        run("losetup", "-d", self.loop)
        os.unlink(self.file)


class Ignoring:
    """A disk of scsi_debug that takes commands and never answers. The initiator of this
    kernel aborts one after self.timeout seconds and sends it again, so that is how long
    it may take after release() until the last has ended."""

    answers_inquiry = True
    knobs = "/sys/bus/pseudo/drivers/scsi_debug"

    def __init__(self):
        self.timeout = int(harness.patience(5))
        self.disk = None

    def __enter__(self):
        need_modules("scsi_mod", "sd_mod")
        if run("modprobe", "scsi_debug", "dev_size_mb=8", "max_luns=1", "delay=0",
               ok=None).returncode:
            raise Skip("this kernel has no scsi_debug")
        self.disk = wait_for(self.find, "scsi_debug's disk")
        write(f"/sys/block/{self.disk}/device/timeout", str(self.timeout))
        return self

    @staticmethod
    def find():
        for path in glob.glob("/sys/block/sd*/device/model"):
            if read(path).startswith("scsi_debug"):
                name = path.split("/")[3]
                return name if os.path.exists(f"/dev/{name}") else None
        return None

    def store(self, name):
        return Backstore(name, "block", 8, f"/dev/{self.disk}")

    def hang(self):
        write(self.knobs + "/every_nth", "1")
        write(self.knobs + "/opts", "4")

    def release(self):
        write(self.knobs + "/opts", "0")
        write(self.knobs + "/every_nth", "0")

    def __exit__(self, *_exc):
        self.release()
        end = time.monotonic() + harness.patience(self.timeout + 10)
        while run("rmmod", "scsi_debug", ok=None).returncode and time.monotonic() < end:
            time.sleep(0.2)


class FileStore(Device):
    """fileio on a block device, whose every request can be slow."""

    def __init__(self, name, path, buffered=True):
        super().__init__("fileio", name)
        self.configure(f"fd_dev_name={path},fd_dev_size={SECTORS * 512}" +
                       (",fd_buffered_io=1" if buffered else ""))


class UserStore(Device):
    """A backstore whose commands a program should serve that is not there."""

    def __init__(self, name):
        super().__init__("user", name)
        self.configure(f"dev_size={SECTORS * 512},dev_config=none", cmd_time_out="0")


class Orphaned:
    """tcmu without its daemon: it never answers anything."""

    answers_inquiry = False

    def __init__(self):
        self.user = None

    def __enter__(self):
        need_modules("uio", "target_core_user")
        return self

    def store(self, name):
        self.user = UserStore(name)
        return self.user

    def hang(self):
        """It always does."""

    def release(self):
        """Its administrator fails what is in the ring."""
        for name, value in (("block_dev", "1"), ("reset_ring", "2"), ("block_dev", "0")):
            write(f"{self.user.dir}/action/{name}", value)

    def __exit__(self, *_exc):
        pass
