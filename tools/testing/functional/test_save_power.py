# SPDX-License-Identifier: GPL-2.0
"""A power cut while tcm-iscsi saves, and behind it.

The file is on an ext4 on a device that can be stopped between two of its requests. A copy
of the disk at that moment is what a machine finds that lost its power then: what was
written to the device is there, what was only in memory is not."""

import contextlib
import os
import shutil
import subprocess
import time

import saved
from hang import Suspended
from harness import check, equal, run
from test_cli import TOOL
from test_save import empty_machine, small, tool

MOUNT = "/tmp/functional-power"
AFTER = "/tmp/functional-power-after"
COPY = "/tmp/functional-power.img"
NAME = "saveconfig.json"
CUTS = 12


class Disk(Suspended):
    """With a file system, mounted."""

    def __enter__(self):
        super().__enter__()
        run("mke2fs", "-q", "-F", "-t", "ext4", self.path)
        for name in (MOUNT, AFTER):
            os.makedirs(name, exist_ok=True)
        run("mount", "-t", "ext4", self.path, MOUNT)
        return self

    @contextlib.contextmanager
    def cut(self):
        """The device stands still; what is on it becomes COPY."""
        self.suspend()
        try:
            shutil.copyfile(self.file, COPY)
            yield
        finally:
            self.resume()

    def __exit__(self, *exc):
        self.resume()
        run("umount", MOUNT, ok=None)
        super().__exit__(*exc)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(COPY)


def found_after():
    """{name: content} of the files that are there once the machine runs again."""
    run("mount", "-t", "ext4", "-o", "loop", COPY, AFTER)
    try:
        equal(run("sh", "-c", f"find {AFTER} -name 'saveconfig*' ! -perm 600").stdout, "",
              "files that others can read")
        found = {}
        for name in os.listdir(AFTER):
            if name.startswith(NAME):
                with open(f"{AFTER}/{name}", encoding="utf-8") as file:
                    found[name] = file.read()
        return found
    finally:
        run("umount", AFTER)


def change(number):
    """A configuration that is not the one before."""
    document = small()
    document["targets"][0]["tpgs"][0]["parameters"] = {"TargetAlias": f"number {number}"}
    tool("restore", saved.put(document))


def text_of(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def test_durable():
    """What a save has said to be saved is there after a power cut, and so is its backup."""
    with empty_machine(), Disk() as disk:
        path, before = f"{MOUNT}/{NAME}", None
        for number in range(6):
            change(number)
            check(": saved, " in tool("save", path), "save")
            with disk.cut():
                found = found_after()
                now = found.get(NAME)
                check(now == text_of(path), "after a power cut it is", repr(now)[:200])
                check(f"number {number}" in now, "an old file")
                check(found.get(NAME + ".1") == before, "another backup after a power cut")
            before = text_of(path)


test_durable.limit = 240


def test_old_or_new():
    """At whatever moment of a save: the whole of the old file or the whole of the new one."""
    with empty_machine(), Disk() as disk:
        path, seen = f"{MOUNT}/{NAME}", {"old": 0, "new": 0}
        change(0)
        tool("save", path)
        pause = took = 0.0
        for number in range(1, CUTS + 1):
            old = text_of(path)
            change(number)
            start = time.monotonic()
            with subprocess.Popen([TOOL, "save", path], stdin=subprocess.DEVNULL,
                                  stdout=subprocess.DEVNULL) as process:
                time.sleep(pause)
                with disk.cut():
                    found = found_after().get(NAME)
                process.wait(60)
            equal(process.returncode, 0, "status of the save")
            took = max(took, time.monotonic() - start)
            new = text_of(path)
            check(new != old, "nothing was saved")
            check(found in (old, new), "neither the old nor the new file:", repr(found)[:200])
            seen["old" if found == old else "new"] += 1
            # From the beginning to the end of a save, whatever that takes here.
            pause = took * (number % 12) / 12
        check(seen["old"] and seen["new"], "the cuts were all on one side:", seen)


test_old_or_new.limit = 300
