# SPDX-License-Identifier: GPL-2.0
"""The diskless machine: QEMU, which has a network card with iPXE in it and nothing
else, and what it says on its serial line."""

import json
import os
import re
import socket
import subprocess
import time

import harness
import initiator
from harness import Failure, check, patience, wait_for

NAME = "iqn.2026-11.test:diskless"
ROM = "/usr/lib/ipxe/qemu/efi-virtio.rom"      # for a BIOS as well; QEMU's own choice
MEMORY = "256"
QUIET = 120         # seconds without a sign of life after which it is dead
# QEMU's user network: the machine sees this host's loopback interface here.
HOST = "10.0.2.2"

SCRIPT = """#!ipxe
set initiator-iqn {name}
sanboot iscsi:{host}::::{target} || echo boot: failed: sanboot
"""


class Machine:
    """Switched on by order("cont"); there until stop(). Its serial line is a file, so that
    processes that come and go can all read it."""

    def __init__(self, directory, iqn):
        self.serial = directory + "/serial"
        self.socket = directory + "/qmp"
        tftp = directory + "/tftp"
        initiator.need("qemu-system-x86_64")
        check(os.path.exists(ROM), ROM, "is missing")
        os.makedirs(tftp)
        with open(tftp + "/boot.ipxe", "w", encoding="ascii") as file:
            file.write(SCRIPT.format(name=NAME, host=HOST, target=iqn))
        self.command = [
            "qemu-system-x86_64", "-nodefaults", "-no-user-config", "-display", "none",
            "-machine", "pc,graphics=off", "-accel", "tcg", "-cpu", "qemu64", "-m", MEMORY,
            "-boot", "n", "-device", "virtio-net-pci,netdev=n",
            "-netdev", f"user,id=n,tftp={tftp},bootfile=boot.ipxe",
            "-serial", f"file:{self.serial}", "-monitor", "none", "-S",
            "-qmp", f"unix:{self.socket},server=on,wait=off"]
        self.process = None

    def start(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL,
                                        start_new_session=True)
        wait_for(lambda: os.path.exists(self.socket) and os.path.exists(self.serial), "QEMU")

    def stop(self):
        if self.process:
            harness.kill_group(self.process.pid)
            self.process.wait()
            self.process = None

    def order(self, name):
        """One command of QEMU's monitor."""
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(harness.patience(10))
            sock.connect(self.socket)
            with sock.makefile("rw", encoding="utf-8") as stream:
                stream.readline()       # its greeting
                for command in ("qmp_capabilities", name):
                    stream.write(json.dumps({"execute": command}) + "\n")
                    stream.flush()
                    while True:
                        answer = json.loads(stream.readline())
                        if "error" in answer:
                            raise Failure(f"QEMU does not {name}: {answer}")
                        if "return" in answer:
                            break

    # -- what it says --

    def said(self):
        return os.path.getsize(self.serial)

    def text(self, since):
        with open(self.serial, "rb") as file:
            file.seek(since)
            return file.read().decode(errors="replace").replace("\r", "")

    def life(self, since):
        return Life(self.text(since))

    def wait_life(self, since, condition, what, seconds, signs):
        """Life since that point, as soon as condition(life) is true. A machine that is
        emulated on a busy one, or below a kernel of two processors, is slow: it may take
        its time, but not stand still. signs() changes while it lives, as what it says does."""
        begin = moved = time.monotonic()
        seen = None
        while True:
            life = self.life(since)
            if life.failures:
                raise Failure(f"{life.failures} while waiting for {what}")
            if condition(life):
                return life
            now, before, seen = time.monotonic(), seen, (self.said(), signs())
            moved = moved if seen == before else now
            if now > min(begin + patience(seconds), moved + patience(QUIET)):
                raise Failure(f"waited {now - begin:.0f} s in vain for {what}, the last "
                              f"{now - moved:.0f} of them without a sign of life\n"
                              f"the machine said last: {self.text(since)[-600:]}")
            time.sleep(0.02)


class Life:
    """From one reset to the next."""

    def __init__(self, text):
        # A line without its end is not told yet.
        lines = re.findall(r"^boot: (.*)\n", text, re.M)
        self.text = text
        self.failures = [line for line in lines if line.startswith("failed")]
        self.failures += re.findall(r"^.*(?:Kernel panic|I/O error|EXT4-fs error).*$", text, re.M)
        self.sanboot = "Booting from SAN device" in text
        self.ready = "ready" in lines
        self.kept = self.records(lines, "kept")
        # What comes before "ready" are the last words of the life before: a reset takes
        # effect a moment after it was ordered.
        self.synced = self.records(lines[lines.index("ready"):] if self.ready else [], "synced")
        self.fsck = [line[10:] for line in lines if line.startswith("fsck says ")]
        self.fsck_status = self.value(lines, r"fsck (\d+)")
        self.root = self.value(lines, r"root is (.*)")
        self.initiator = self.value(lines, r"initiator (.*)")

    @staticmethod
    def value(lines, pattern):
        for line in lines:
            match = re.fullmatch(pattern, line)
            if match:
                return match[1]
        return None

    @staticmethod
    def records(lines, word):
        """{number: checksum}"""
        found = (re.fullmatch(word + r" (\d+) ([0-9a-f]{40})", line) for line in lines)
        return {int(match[1]): match[2] for match in found if match}
