# SPDX-License-Identifier: GPL-2.0
"""What a machine that runs these programs has besides the lab's: a system bus, which
targetcli and tcmu-runner want, loop devices, and an initiator."""

import glob
import os
import shutil
import subprocess

import harness
import initiator
import raw
import target

# rtslib takes no name without a domain of two words.
target.IQN = "iqn.2026-11.org.example:"
CLIENT = target.IQN + "client"

# Where targetcli's rtslib keeps what it writes down.
DBROOT = "/etc/rtslib-fb-target"
BUS = "/run/dbus/system_bus_socket"
TCMU = os.environ.get("TISCSI_TCMU", "")
DAEMONS = []


def settle():
    """All of it is there before the first case, so that it is nobody's leftover."""
    for name in ("target_core_mod", "target_core_user", "target_core_iblock",
                 "target_core_file", "loop"):
        harness.run("modprobe", name, seconds=60)
    if TCMU:
        shutil.copy(TCMU + "/etc/dbus-1/system.d/tcmu-runner.conf", "/etc/dbus-1/system.d/")
    if not os.path.exists(BUS):
        os.makedirs(os.path.dirname(BUS), exist_ok=True)
        start("dbus-daemon", "--system", "--nofork", "--nopidfile", "--nosyslog")
        harness.wait_for(lambda: os.path.exists(BUS), "the system bus")
    os.makedirs(DBROOT, exist_ok=True)
    harness.write(target.ROOT + "/dbroot", DBROOT)
    initiator.start_daemon()


def pedantic(on):
    """Fields that are reserved, which iscsi_target_mod fills."""
    raw.Conn.pedantic = on


def clean():
    """After a case that failed: whatever it left below configfs. Its own folder of a
    device, group or target may be one that nobody else knows how to remove."""
    for directory in target.fabrics():
        for made in glob.glob(directory + "/*/tpgt_*"):
            target.remove_target(os.path.dirname(made))
    for store in glob.glob(target.CORE + "/*_*/*/control"):
        device = os.path.dirname(store)
        for group in glob.glob(device + "/alua/*"):
            if os.path.isdir(group) and not group.endswith("/default_tg_pt_gp"):
                os.rmdir(group)
        os.rmdir(device)
    for hba in glob.glob(target.CORE + "/*_*"):
        os.rmdir(hba)
    target.wipe()


def start(*command):
    """A daemon that ends with the guest, or at leave()."""
    DAEMONS.append(subprocess.Popen(command, stdin=subprocess.DEVNULL,     # pylint: disable=R1732
                                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))


def leave():
    initiator.stop_daemon()
    for daemon in DAEMONS:
        daemon.terminate()
        daemon.wait()


class Target(target.Target):
    """One that lets its sessions end before it goes: iscsi_target_mod frees a node ACL
    under a session that is just closing."""

    def remove(self):
        try:
            harness.wait_for(lambda: not os.path.isdir(self.dir) or self.sessions() == 0,
                             "the end of sessions", 5)
        except harness.Failure:
            pass                    # it keeps some; they are not closing, then
        super().remove()


class Disk:
    """A block device of its own: a file behind a loop device, as long as the with
    statement lasts. The path is the same under both modules."""

    def __init__(self, name, mib=16):
        self.file = f"/tmp/agents-{name}"
        self.mib = mib
        self.loop = None
        self.path = f"/dev/agents-{name}"

    def __enter__(self):
        with open(self.file, "wb") as file:
            file.truncate(self.mib << 20)
        self.loop = harness.run("losetup", "-f", "--show", self.file).stdout.strip()
        os.symlink(self.loop, self.path)
        return self

    def __exit__(self, *_exc):
        os.unlink(self.path)
        harness.run("losetup", "-d", self.loop)
        os.unlink(self.file)
