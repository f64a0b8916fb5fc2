# SPDX-License-Identifier: GPL-2.0
"""Beside the in-tree module: never both as iscsi, side by side under two names."""

import os

import harness
import target as target_module
from harness import Skip, check, equal, module_loaded, run
from session import Session
from target import ROOT, Target

IN_TREE = "iscsi_target_mod"


class Only:
    """Exactly these modules, in this order; afterwards none of them."""

    def __init__(self, *commands):
        self.commands = commands

    def __enter__(self):
        if run("modprobe", "-n", IN_TREE, ok=None).returncode:
            raise Skip("this kernel has no " + IN_TREE)
        target_module.wipe()
        target_module.unload()
        for command in self.commands:
            run("modprobe", *command)

    def __exit__(self, *_exc):
        target_module.wipe()
        for name in ("tcm_iscsi", IN_TREE):
            if module_loaded(name):
                run("rmmod", name)


def test_in_tree_first():
    """With iscsi_target_mod resident, loading fails and says why and what to do."""
    with Only([IN_TREE]):
        log = harness.KernelLog()
        check(run("modprobe", "tcm_iscsi", ok=None).returncode, "loaded beside the other")
        lines = log.matching("tcm_iscsi: .*iscsi_target_mod")
        log.close()
        equal(len(lines), 1, "lines in the log")
        for word in ("rmmod", "fabric="):
            check(word in lines[0], f"no {word} in:", lines[0])
        check(not module_loaded("tcm_iscsi"), "resident after a failure")


def test_in_tree_second():
    """And the other way round."""
    with Only(["tcm_iscsi"]):
        log = harness.KernelLog()
        check(run("modprobe", IN_TREE, ok=None).returncode, "the other loaded beside us")
        check(log.matching("tcm_iscsi: .*iscsi_target_mod"), "nothing in the log")
        log.close()
        with Target("still"):
            pass


def test_side_by_side():
    """fabric=other: both serve I/O at the same time, at different ports."""
    with Only([IN_TREE], ["tcm_iscsi", "fabric=other"]):
        check(os.path.isdir(ROOT), "no target_core")
        with Target("in-tree", portals=("127.0.0.1:3261",), fabric_name="iscsi") as theirs, \
                Target("ours", fabric_name="other") as ours:
            theirs.lun(0)
            ours.lun(0)
            with Session(ours.iqn) as one, Session(theirs.iqn, address=("127.0.0.1", 3261),
                                                   keys={"DataDigest": "None"}) as two:
                two.pedantic = False
                for session, byte in ((one, b"\1"), (two, b"\2")):
                    session.ready(0)
                    session.write_at(0, byte * 4096)
                for session, byte in ((one, b"\1"), (two, b"\2")):
                    equal(session.read_at(0, 4096), byte * 4096, "the disk")


def test_bad_names():
    """fabric= with a name that cannot be: refused, with a line that says so."""
    with Only():
        run("modprobe", "target_core_mod")
        for name in ("iscsi2", "a/b", "x" * 64, "a b", "core.."):
            log = harness.KernelLog()
            check(run("modprobe", "tcm_iscsi", f"fabric={name}", ok=None).returncode,
                  f"loaded as {name!r}")
            check(log.matching("tcm_iscsi: fabric="), f"nothing in the log about {name!r}")
            log.close()
