# SPDX-License-Identifier: GPL-2.0
"""tcm-iscsi clear on a running kernel, also when a backstore does not answer, and what
status says of backstores that are pending."""

import contextlib
import json
import os
import subprocess
import time

import saved
from hang import Suspended
from harness import check, equal, patience, read, run, wait_for
from saved import backstore, portal
from session import Session, write10
from target import ROOT
from test_cli import TOOL
from test_save import IQN, PENDING, empty_machine, small, tool

LATE = "/dev/disk/by-id/functional-late"


def nothing_left(what):
    core = [name for name in os.listdir(ROOT + "/core") if name != "alua"]
    fabric = [name for name in os.listdir(ROOT + "/iscsi") if name.startswith("iqn.")]
    equal((core, fabric), ([], []), what)


def test_all():
    """Everything that a file can say goes, and one target alone."""
    with empty_machine():
        equal(tool("clear"), "cleared\n", "clear without a configuration")
        path = saved.put(saved.rich())
        tool("restore", path)
        tool("clear", "--target", IQN + "other")
        check(not os.path.exists(f"{ROOT}/iscsi/{IQN}other"), "the target is there")
        equal(tool("clear", "--target", IQN + "other"),
              f"nothing to clear: there is no target {IQN}other\n", "once more")
        text = tool("diff", path, status=9)
        check(not [line for line in text.splitlines()[1:] if f"{IQN}other" not in line],
              "more than that is gone:", text)
        tool("restore", path)
        equal(tool("clear"), "cleared\n", "clear")
        nothing_left("what is left")
        check("no difference" in tool("diff", saved.put({})), "discovery is left")
        tool("restore", path)
        check("no difference" in tool("diff", path), "a restore after it")


test_all.limit = 240


def stuck_file(device):
    """Two targets: one on a disk that will not answer, beside the one of small()."""
    document = small()
    document["storage_objects"].append({"plugin": "block", "name": "stuck", "dev": device.path,
                                        "wwn": saved.serial(50), "write_back": False,
                                        "readonly": False})
    group = json.loads(json.dumps(document["targets"][0]["tpgs"][0]))
    group["luns"] = [backstore(0, "block/stuck")]
    group["portals"] = [portal("127.0.0.1", 3270)]
    document["targets"].insert(0, {"wwn": IQN + "stuck", "fabric": "iscsi", "tpgs": [group]})
    return document


@contextlib.contextmanager
def hanging_write(device):
    """A session of what was restored from stuck_file() waits for its disk meanwhile."""
    session = Session(IQN + "stuck", address=("127.0.0.1", 3270))
    session.ready(0)
    device.suspend()
    try:
        session.submit(write10(0, 8), write=b"\6" * 4096)
        session.sync()
        yield
    finally:
        device.resume()
        session.close()


def test_stuck():
    """A disk that does not answer keeps its own target, not the time limit and not the
    others; what is left is said, and goes once the disk answers."""
    with Suspended() as device, empty_machine():
        path = saved.put(stuck_file(device))
        tool("restore", path)
        with hanging_write(device):
            start = time.monotonic()
            text = tool("clear", "--seconds", "9", status=3)
            took = time.monotonic() - start
            check(took < 9 + patience(3), f"took {took:.1f} s")
            for line in (f"left: target {IQN}stuck: stuck at: ", "left: backstore below core/"):
                check(line in text, "no line", line, "in", text)
            check(f"{IQN}small" not in text and not os.path.exists(f"{ROOT}/iscsi/{IQN}small"),
                  "the other target is left:", text)
            equal([name for name in os.listdir(ROOT + "/core") if "fileio" in name], [],
                  "the other's backstores")
        equal(tool("clear"), "cleared\n", "once the disk answers")
        nothing_left("what is left")


test_stuck.limit = 240


REFUSES = f"~ {IQN}stuck tpgt_1: refuses logins, its disabling was given up -> enabled"


def test_halted():
    """A portal group whose disabling was given up serves nobody and says that it is enabled:
    diff knows it, and restore makes it true."""
    with Suspended() as device, empty_machine():
        path = saved.put(stuck_file(device))
        tool("restore", path)
        enable = f"{ROOT}/iscsi/{IQN}stuck/tpgt_1/enable"
        with hanging_write(device):
            with subprocess.Popen(["sh", "-c", f"echo 0 >{enable}"]) as process:
                try:
                    wait_for(lambda: REFUSES in run(TOOL, "diff", path, ok=None).stdout,
                             "diff to say that nobody can log in")
                finally:
                    process.kill()
            equal(read(enable).strip(), "1", "enable of who was killed")
            check(REFUSES in tool("diff", path, status=9), "diff after that")
        tool("restore", path)
        check("no difference" in tool("diff", path), "restore did not end it")
        with Session(IQN + "stuck", address=("127.0.0.1", 3270)) as client:
            client.ready(0)


test_halted.limit = 240


def late_file():
    document = small()
    document["storage_objects"].append({"plugin": "block", "name": "late", "dev": LATE,
                                        "wwn": saved.serial(77), "write_back": False,
                                        "readonly": False})
    document["targets"][0]["tpgs"][0]["luns"].append(backstore(4, "block/late"))
    return document


def test_status():
    """status shows what is pending until it is there, or given up by a clear."""
    with empty_machine():
        path = saved.put(late_file())
        tool("restore", path, status=6)
        check(f"pending: block/late: {LATE} is not there" in run(TOOL, "status").stdout,
              "status does not say it")
        shown = json.loads(run(TOOL, "--json", "status").stdout)
        equal([entry["storage_object"] for entry in shown["pending"]], ["block/late"], "as JSON")
        tool("clear")
        check(not os.path.exists(PENDING), "still pending after clear")
        os.symlink(saved.DISKS[0], LATE)
        try:
            tool("restore", "--pending", path)
            nothing_left("what came back after clear")
            tool("restore", path)
            equal(json.loads(run(TOOL, "--json", "status").stdout)["pending"], [], "pending")
        finally:
            os.unlink(LATE)


test_status.limit = 180
