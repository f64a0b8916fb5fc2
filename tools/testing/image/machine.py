# SPDX-License-Identifier: GPL-2.0
"""A machine made of a root: its disk, its boots, and what each of them said.

The guest runs Debian's own kernel and initramfs with systemd. A unit in it mounts
a directory of the host's, runs the script there, leaves output and status there
and ends the machine: by `systemctl reboot`, which ends QEMU as well, so that the
next boot is another QEMU with the same disk."""

import os
import re
import shutil
import subprocess
import time

import harness

HERE = os.path.dirname(os.path.abspath(__file__))
GUEST = os.path.join(HERE, "guest")
KERNELS = os.path.normpath(os.path.join(HERE, "../kernels"))
SPARE = 600         # MiB on the disk for what is written while the machine runs
UNIT = "tcm-iscsi-image-test.service"
SHARE = "local,security_model=none,multidevs=remap"
COMMAND_LINE = ("root=/dev/vda ro console=ttyS0 panic=-1 oops=panic loglevel=8 printk.time=1"
                " net.ifnames=0 systemd.show_status=0")


class Machine:
    def __init__(self, root, suite, release):
        """The root is left unmounted: its disk is a copy."""
        self.suite = suite
        self.release = release
        self.scratch = root.scratch
        self.disk = f"{root.scratch}/disk"
        self.kernel = f"{root.scratch}/vmlinuz"
        self.initrd = f"{root.scratch}/initrd"
        self.settle(root)
        shutil.copy(root.at(f"/boot/vmlinuz-{release}"), self.kernel)
        shutil.copy(root.at(f"/boot/initrd.img-{release}"), self.initrd)
        root.unmount(system_only=True)
        self.make_disk(root.path)
        root.unmount()

    @staticmethod
    def settle(root):
        """What an installer would have left: a machine that has booted before, or
        else systemd enables every service there is."""
        root.write("/etc/machine-id", "5eed43ef0552465eb0a7c0d5c15c51a7\n")
        root.write("/etc/hostname", "image\n")
        root.write("/etc/fstab", "/dev/vda / ext4 defaults 0 1\n")
        root.write("/etc/iscsi/initiatorname.iscsi",
                   "InitiatorName=iqn.2004-10.org.example:image\n", 0o600)
        shutil.copy(f"{GUEST}/{UNIT}", root.at(f"/etc/systemd/system/{UNIT}"))
        wants = root.at("/etc/systemd/system/multi-user.target.wants")
        os.makedirs(wants, exist_ok=True)
        os.symlink(f"../{UNIT}", f"{wants}/{UNIT}")
        os.unlink(root.at("/usr/sbin/policy-rc.d"))

    def make_disk(self, path):
        used = int(harness.run("du", "-smx", path, seconds=120).stdout.split()[0])
        harness.run("mke2fs", "-q", "-F", "-t", "ext4", "-d", path, self.disk,
                    f"{used * 5 // 4 + SPARE}M", seconds=300)

    def command(self, share):
        return ["setpriv", "--pdeathsig", "KILL", "--",
                "qemu-system-x86_64", "-nodefaults", "-no-user-config", "-display", "none",
                "-no-reboot", "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2",
                "-m", "1G", "-serial", f"file:{share}/console", "-kernel", self.kernel,
                "-initrd", self.initrd, "-append", COMMAND_LINE,
                "-drive", f"file={self.disk},format=raw,if=virtio,cache=unsafe",
                "-virtfs", f"{SHARE},path={share},mount_tag=image"]

    def boot(self, script, seconds):
        """Run guest/SCRIPT in the next life of the machine."""
        share = f"{self.scratch}/{script}"
        os.mkdir(share)
        for name in ("lib", script):
            shutil.copy(f"{GUEST}/{name}", f"{share}/{'script' if name == script else name}")
        start = time.monotonic()
        with open(f"{share}/emulator", "w", encoding="utf-8") as log, \
                subprocess.Popen(self.command(share), stdin=subprocess.DEVNULL, stdout=log,
                                 stderr=log, start_new_session=True) as process:
            try:
                process.wait(timeout=seconds)
                ended = True
            except subprocess.TimeoutExpired:
                harness.kill_group(process.pid)
                process.wait()
                ended = False
        return Life(self.suite, share, ended, time.monotonic() - start)


class Life:
    """One boot, from power on to power off."""

    def __init__(self, suite, share, ended, seconds):
        self.suite = suite
        self.share = share
        self.ended = ended
        self.seconds = seconds

    def said(self, name):
        try:
            return harness.read(f"{self.share}/{name}")
        except FileNotFoundError:
            return ""

    def results(self):
        """(name, passed, reason) of every check that the script made."""
        found = []
        for line in self.said("output").splitlines():
            match = re.fullmatch(r"(ok|not ok) (\S+)", line)
            if match:
                found.append([match[2], match[1] == "ok", []])
            elif found and line.startswith("# "):
                found[-1][2].append(line[2:])
        return [(name, passed, "\n".join(reason)) for name, passed, reason in found]

    def judge(self):
        """Failure if the guest did not come to its end, or its kernel complained."""
        tail = "\n".join(self.said("console").splitlines()[-25:] + [self.said("emulator")])
        harness.check(self.ended, f"still running after {self.seconds:.0f} s, killed\n{tail}")
        harness.check(self.said("status").strip() == "0",
                      f"the script in the guest did not come to its end\n{tail}")
        done = harness.run("awk", "-v", f"kernel={self.suite}", "-v", "allow=",
                           "-f", f"{KERNELS}/verdict.awk", f"{KERNELS}/noise.allow",
                           f"{self.share}/console", ok=None)
        harness.equal(done.returncode, 0, f"the kernel complained:\n{done.stdout}\nstatus of awk")
