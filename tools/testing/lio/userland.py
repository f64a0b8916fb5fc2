# SPDX-License-Identifier: GPL-2.0
"""targetcli and rtslib of one Debian release: a root below which they run, with the
guest's /proc, /sys, /dev, /run and /tmp in it."""

import glob
import json
import os
import re
import shutil
import signal
import subprocess

import harness
from harness import Failure, check, patience, run, wait_for

HERE = os.path.dirname(os.path.abspath(__file__))
WORK = "/tmp/lio"
SAVEFILE = "/etc/rtslib-fb-target/saveconfig.json"
BUS = "/run/dbus/system_bus_socket"


def release_dir():
    return "/lib/modules/" + os.uname().release


class Userland:
    """Between enter() and leave() the root is in use."""

    def __init__(self, name, root):
        self.name = name
        self.root = root
        self.bus = None
        self.rts = None
        self.mounted = []

    def path(self, path):
        """What this file of the root is called outside of it."""
        return self.root + path

    def enter(self):
        os.makedirs(WORK, exist_ok=True)
        # In the lab's tree of modules the kernel's own are behind a link.
        modules = os.path.realpath(release_dir() + "/kernel")
        for directory in ("/proc", "/sys", "/dev", "/run", "/tmp", "/etc/modprobe.d",
                          release_dir(), modules):
            target = self.path(directory)
            os.makedirs(target, exist_ok=True)
            run("mount", "--rbind", directory, target)
            self.mounted.append(target)
        os.makedirs("/run/dbus", exist_ok=True)
        self.remove(BUS)
        run(*self.chroot("dbus-daemon", "--system", "--fork", "--print-pid"), seconds=20)
        wait_for(lambda: os.path.exists(BUS), "the system bus")
        self.bus = int(harness.read("/run/dbus/pid"))
        self.forget()

    def leave(self):
        self.stop_rts()
        if self.bus:
            os.kill(self.bus, signal.SIGTERM)
            wait_for(lambda: not os.path.exists(f"/proc/{self.bus}"), "the end of the bus")
            self.bus = None
        for target in reversed(self.mounted):
            run("umount", "--recursive", target)
        self.mounted = []
        self.remove("/run/dbus/pid")

    @staticmethod
    def remove(path):
        try:
            os.unlink(path)
        except FileNotFoundError:
            pass

    def chroot(self, *command):
        return ("chroot", self.root, *command)

    def run(self, *command, **options):
        """A program of the root, as a user at a terminal would start it."""
        options.setdefault("seconds", 40)
        return run(*self.chroot("/usr/bin/env", "HOME=/root", *command), **options)

    def shell(self, commands):
        """targetcli's own shell, fed with these lines, the last of which tells it to exit.
        [(prompt, output)], one for each of them."""
        with subprocess.Popen(self.chroot("/usr/bin/env", "HOME=/root", "targetcli"),
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                              stderr=subprocess.STDOUT, start_new_session=True) as process:
            try:
                out, _ = process.communicate("\n".join(commands + [""]),
                                             timeout=patience(60))
            except subprocess.TimeoutExpired:
                harness.kill_group(process.pid)
                out, _ = process.communicate()
                raise Failure(f"targetcli still running, it said:\n{out}") from None
        # A prompt follows the output before it, or the prompt before it.
        parts = re.split(r"(?:^|(?<=\n)|(?<=> ))(/\S*)> ", out)
        found = list(zip(parts[1::2], parts[2::2]))
        check(len(found) == len(commands),
              f"{len(found)} answers to {len(commands)} commands:\n{out}")
        check(not process.returncode, f"targetcli ended with {process.returncode}:\n{out}")
        return found

    def forget(self):
        """As on a machine where targetcli was never run."""
        for path in (SAVEFILE, "/root/.targetcli"):
            path = self.path(path)
            if os.path.isdir(path):
                shutil.rmtree(path)
            else:
                self.remove(path)
        for path in glob.glob(self.path("/etc/rtslib-fb-target/backup/*")):
            os.unlink(path)
        os.makedirs(self.path("/root/.targetcli"))

    # --- the service ------------------------------------------------------------

    def service(self, what):
        """Commands of the service that restores the configuration at boot: what is
        ExecStart or ExecStop."""
        units = glob.glob(self.path("/lib/systemd/system/rtslib-fb-targetctl.service"))
        check(units, "the package has no service")
        lines = re.findall(rf"^{what}=(.*)$", harness.read(units[0]), re.M)
        check(lines, f"no {what} in {units[0]}")
        return [line.split() for line in lines]

    def start_service(self):
        """What it says."""
        return "".join(self.run(*command, merge=True).stdout
                       for command in self.service("ExecStart"))

    def stop_service(self):
        """Also when the program does not survive it: targetctl of rtslib 2.2 calls its own
        function with an argument that it does not take, for `clear`. Restoring clears
        first, hence a restart of the service works all the same."""
        for command in self.service("ExecStop"):
            result = self.run(*command, merge=True, ok=None)
            if result.returncode:
                check(self.cannot_clear() and "clear() takes 0 positional" in result.stdout,
                      f"{' '.join(command)}: status {result.returncode}\n{result.stdout}")

    def cannot_clear(self):
        return bool(glob.glob(self.path("/usr/lib/python3/dist-packages/rtslib/targetctl.py")))

    # --- rtslib -----------------------------------------------------------------

    def start_rts(self):
        """rtslib in a process of its own that lives for many calls: an import of it takes
        ten seconds on an emulated processor."""
        shutil.copy(HERE + "/rts.py", WORK + "/rts.py")
        # pylint: disable-next=consider-using-with
        self.rts = subprocess.Popen(self.chroot("python3", "-B", WORK + "/rts.py"), text=True,
                                    stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                    start_new_session=True)

    def stop_rts(self):
        if self.rts:
            self.rts.stdin.close()
            self.rts.wait(patience(10))
            self.rts.stdout.close()
            self.rts = None

    def call(self, verb, *arguments):
        """One call of rtslib; Failure if it raised. The answer is the list of what it
        complained about."""
        self.rts.stdin.write(json.dumps([verb, *arguments]) + "\n")
        self.rts.stdin.flush()
        line = self.rts.stdout.readline()
        check(line, "the process with rtslib has gone")
        answer = json.loads(line)
        check(answer["raised"] is None, f"rtslib, {verb}: {answer['raised']}")
        return answer["errors"]
