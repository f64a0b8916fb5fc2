# SPDX-License-Identifier: GPL-2.0
"""A Debian root to change: layers over the one of `base`, and commands in there.

Everything here happens in a mount namespace that ends with us (see `run`), so no
mount outlives a run, however it ends. A layer that others lie on is not mounted by
itself any more: overlayfs wants its lower layers unchanged."""

import contextlib
import os
import shutil
import signal

import harness

TREE = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../.."))
CHECKOUT = "/root/tcm_iscsi"
# What a checkout is not: what was built in it, and its history.
NOT_SOURCE = (".git", "*.o", "*.ko", "*.mod", "*.mod.c", ".*.cmd", ".*.d", "modules.order",
              "Module.symvers", "__pycache__", "tools/tcm-iscsi/tcm-iscsi")
DEVICES = (("null", 1, 3), ("zero", 1, 5), ("full", 1, 7), ("random", 1, 8), ("urandom", 1, 9))
ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
               "HOME": "/root", "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}


def unmount_below(folder):
    """Everything that is mounted there, the last one first."""
    mounts = [line.split()[1] for line in harness.read("/proc/self/mounts").splitlines()]
    for path in reversed(mounts):
        if path.startswith(folder + "/"):
            end_users(path)
            harness.run("umount", path)


def links_of(number):
    """What a process has of file systems: its root, its directory, its open files."""
    paths = [f"/proc/{number}/{name}" for name in ("root", "cwd", "exe")]
    with contextlib.suppress(OSError):          # it has ended, or is a zombie
        paths += [f"/proc/{number}/fd/{name}" for name in os.listdir(f"/proc/{number}/fd")]
    for path in paths:
        with contextlib.suppress(OSError):
            yield os.readlink(path)


def users(folder):
    """{process: its command line} of those that keep it busy. All there are to see are
    ours: processes have a namespace here as mounts do."""
    found = {}
    for number in map(int, filter(str.isdecimal, os.listdir("/proc"))):
        if any(link == folder or link.startswith(folder + "/") for link in links_of(number)):
            with contextlib.suppress(OSError):
                found[number] = harness.read(f"/proc/{number}/cmdline").replace("\0", " ").strip()
    return found


def end_users(folder):
    """What a command started and left running. Seen so far: the `sleep 3` between the
    dots that the DKMS of Debian 13 prints while it works, whose loop it ends, and not it."""
    for order in (signal.SIGTERM, signal.SIGKILL):
        for number, command in users(folder).items():
            print(f"# {command} (process {number}) was left in {folder}", flush=True)
            with contextlib.suppress(ProcessLookupError):
                os.kill(number, order)
        try:
            harness.wait_for(lambda: not users(folder), f"the end of those in {folder}", 5)
            return
        except harness.Failure:
            if order == signal.SIGKILL:
                raise


class Root:
    """One layer, mounted. `lower` are the directories below it, uppermost first."""

    def __init__(self, scratch, name, lower):
        self.scratch = scratch
        self.name = name
        self.lower = list(lower)
        self.upper = f"{scratch}/{name}.upper"
        self.path = f"{scratch}/{name}"
        work = f"{scratch}/{name}.work"
        for path in (self.upper, work, self.path):
            os.mkdir(path)
        harness.run("mount", "-t", "overlay", "overlay", "-o",
                    f"lowerdir={':'.join(self.lower)},upperdir={self.upper},workdir={work}",
                    self.path)
        self.mount_system()

    def mount_system(self):
        harness.run("mount", "-t", "proc", "proc", f"{self.path}/proc")
        harness.run("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", f"{self.path}/dev")
        for name, major, minor in DEVICES:
            harness.run("mknod", "-m", "666", f"{self.path}/dev/{name}", "c", str(major),
                        str(minor))
        for name, to in (("fd", ""), ("stdin", "/0"), ("stdout", "/1"), ("stderr", "/2")):
            os.symlink(f"/proc/self/fd{to}", f"{self.path}/dev/{name}")
        harness.run("mount", "-t", "tmpfs", "tmpfs", f"{self.path}/tmp")
        self.write("/usr/sbin/policy-rc.d", "#!/bin/sh\nexit 101\n", 0o755)

    def unmount(self, *, system_only=False):
        unmount_below(self.path)
        if not system_only and os.path.ismount(self.path):
            end_users(self.path)
            harness.run("umount", self.path)

    def over(self, name):
        """A layer over this one, which is not to be used itself from here on."""
        self.unmount()
        return Root(self.scratch, name, [self.upper] + self.lower)

    def at(self, path):
        return self.path + path

    def write(self, path, text, mode=0o644):
        with open(self.at(path), "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(self.at(path), mode)

    def exists(self, path):
        return os.path.lexists(self.at(path))

    def read(self, path):
        return harness.read(self.at(path))

    def run(self, *command, seconds=60, ok=(0,), cwd="/", env=None):
        """A command in the root, its messages in the order in which they came."""
        settings = [f"{key}={value}" for key, value in {**ENVIRONMENT, **(env or {})}.items()]
        return harness.run("chroot", self.path, "env", "-i", f"--chdir={cwd}", *settings, *command,
                           seconds=seconds, ok=ok, merge=True)

    def make(self, *arguments, seconds=60, ok=(0,)):
        return self.run("make", "--no-print-directory", *arguments, seconds=seconds, ok=ok,
                        cwd=CHECKOUT)

    def copy_tree(self):
        """This work tree as somebody has it who has just unpacked it."""
        os.makedirs(self.at(CHECKOUT))
        excludes = [f"--exclude={pattern}" for pattern in NOT_SOURCE]
        archive = f"{self.scratch}/tree.tar"
        # By name: the patterns of hidden files would match "./tools/modprobe.d".
        harness.run("tar", "-C", TREE, *excludes, "--owner=0", "--group=0", "-cf", archive,
                    *sorted(os.listdir(TREE)))
        harness.run("tar", "-C", self.at(CHECKOUT), "-xf", archive)
        os.unlink(archive)

    def drop(self):
        self.unmount()
        for path in (self.upper, f"{self.scratch}/{self.name}.work", self.path):
            shutil.rmtree(path)
