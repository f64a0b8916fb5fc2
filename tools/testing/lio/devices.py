# SPDX-License-Identifier: GPL-2.0
"""Disks to export, under the names that udev would give them: nobody else does in the
lab's guests. In place for the whole run; they are not what is tested."""

import glob
import os

from harness import run, wait_for
from saved import BY_ID, FILES

DISKS = 3
SCSI_DISKS = 2
MODULES = ("brd", "scsi_debug")


def link(name, disk):
    os.symlink(f"../../{os.path.basename(disk)}", BY_ID + name)


def scsi_disks():
    return sorted(glob.glob("/sys/bus/pseudo/drivers/scsi_debug/adapter*/host*/target*/*/block/*"))


def make():
    os.makedirs(FILES, exist_ok=True)
    os.makedirs(BY_ID, exist_ok=True)
    run("modprobe", "brd", f"rd_nr={DISKS}", "rd_size=4096")
    run("modprobe", "scsi_debug", "dev_size_mb=4", f"num_tgts={SCSI_DISKS}", "max_luns=1")
    wait_for(lambda: len(scsi_disks()) == SCSI_DISKS, "the disks of scsi_debug")
    for number in range(DISKS):
        link(f"lab-disk-{number + 1}", f"/dev/ram{number}")
    for number, disk in enumerate(scsi_disks()):
        link(f"lab-scsi-{number + 1}", f"/dev/{os.path.basename(disk)}")


def remove():
    for name in os.listdir(BY_ID):
        if name.startswith("lab-"):
            os.unlink(BY_ID + name)
    for module in MODULES:
        run("rmmod", module, seconds=30)
