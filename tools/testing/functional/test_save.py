# SPDX-License-Identifier: GPL-2.0
"""tcm-iscsi save, diff and restore on a running kernel, against Debian's rtslib."""

import contextlib
import copy
import os
import signal
import socket
import subprocess
import time

import saved
from harness import check, equal, patience, run
from saved import FILES, SCSI, backstore, portal
from session import Session
from target import ROOT
from test_cli import TOOL, build

IQN = saved.IQN
PENDING = "/run/tcm-iscsi/pending.json"


def tool(*words, status=0, seconds=60):
    done = run(TOOL, *words, ok=None, seconds=seconds)
    equal(done.returncode, status, f"status of {' '.join(words)}: {done.stdout}{done.stderr}")
    return done.stdout + done.stderr


@contextlib.contextmanager
def empty_machine():
    """Devices, and afterwards a kernel without configuration."""
    build()
    saved.need_rtslib()
    with saved.devices():
        try:
            yield
        finally:
            saved.rtslib("clear")
            for path in (PENDING, ROOT + "/iscsi"):
                with contextlib.suppress(OSError):
                    (os.rmdir if path.startswith(ROOT) else os.unlink)(path)


def small():
    """One target that everybody may use, on two files."""
    group = {"tag": 1, "enable": True, "portals": [portal("127.0.0.1", 3260)],
             "attributes": {"authentication": 0, "generate_node_acls": 1,
                            "cache_dynamic_acls": 1, "demo_mode_write_protect": 0},
             "luns": [backstore(0, "fileio/one")], "node_acls": []}
    return {"storage_objects": [s for s in saved.stores() if s["name"] in ("one", "two")],
            "targets": [{"wwn": IQN + "small", "fabric": "iscsi", "tpgs": [group]}]}


def test_as_rtslib():
    """What rtslib restored, both save alike; and once more nothing changes."""
    with empty_machine():
        path = saved.put(saved.rich())
        equal(saved.rtslib("restore", path), [], "complaints of rtslib")
        theirs, ours = FILES + "/theirs.json", FILES + "/ours.json"
        saved.rtslib("save", theirs)
        check(": saved, 9 backstores, 2 targets" in tool("save", ours), "save")
        saved.same(saved.get(theirs), saved.get(ours), "rtslib's and ours")
        equal(os.stat(ours).st_mode & 0o777, 0o600, "mode")
        check(": is up to date" in tool("save", ours), "save again")
        check(not os.path.exists(ours + ".1"), "a backup of the same")
        equal(tool("check", ours).count("error:"), 0, "errors in what was saved")
        check("no difference" in tool("diff", ours), "diff")


test_as_rtslib.limit = 300


def test_restore_as_rtslib():
    """What rtslib saved, we restore to the same tree, and the reverse; a second time
    there is nothing to do."""
    with empty_machine():
        path, theirs, ours = saved.put(saved.rich()), FILES + "/theirs.json", FILES + "/ours.json"
        equal(saved.rtslib("restore", path), [], "complaints of rtslib")
        saved.rtslib("save", theirs)
        before = saved.tree()
        saved.rtslib("clear")
        check(": restored, " in tool("restore", theirs), "restore")
        saved.same(before, saved.tree(), "the trees of rtslib and of us")
        saved.rtslib("save", ours)
        saved.same(saved.get(theirs), saved.get(ours), "what rtslib saves of both")
        check(": is what the kernel has" in tool("restore", theirs), "a second restore")
        check("0 steps" in tool("restore", "--dry-run", theirs), "a dry run of it")
        tool("save", ours, "--force")
        saved.rtslib("clear")
        # It sets what it saved of a user backstore, and nobody serves that one here.
        complaints = saved.rtslib("restore", theirs)
        saved.rtslib("clear")
        equal(saved.rtslib("restore", ours), complaints, "complaints of rtslib about ours")
        saved.same(before, saved.tree(), "the tree that rtslib makes of ours")
        with open(theirs, "w", encoding="utf-8") as file:
            file.write('{"targets": []}')
        tool("restore", theirs)
        check(not os.listdir(ROOT + "/core") or os.listdir(ROOT + "/core") == ["alua"],
              "backstores are left", os.listdir(ROOT + "/core"))


test_restore_as_rtslib.limit = 300


def test_sessions_go_on():
    """A restore that changes everything around a session does not disturb it."""
    with empty_machine():
        first = small()
        first["targets"].append({"wwn": IQN + "gone", "fabric": "iscsi", "tpgs": [
            {"tag": 1, "luns": [], "portals": [portal("127.0.0.1", 3262)], "node_acls": []}]})
        tool("restore", saved.put(first))
        with Session(IQN + "small") as session:
            session.ready(0)
            session.write_at(0, b"x" * 512)
            second = small()
            group = second["targets"][0]["tpgs"][0]
            group["luns"].append(backstore(5, "ramdisk/ram"))
            group["portals"].append(portal("127.0.0.1", 3261))
            group["parameters"] = {"MaxBurstLength": "65536"}
            group["node_acls"].append({"node_wwn": IQN + "new", "chap_userid": "a",
                                       "chap_password": "a secret of ours",
                                       "mapped_luns": [saved.mapped(3, 5, True)]})
            second["storage_objects"].append(
                [s for s in saved.stores() if s["name"] == "ram"][0])
            path = saved.put(second)
            text = tool("diff", path, status=9)
            for line in (f"- {IQN}gone", f"+ {IQN}small tpgt_1 lun_5", "+ backstore ramdisk/ram",
                         f"~ {IQN}small tpgt_1: MaxBurstLength: 262144 -> 65536",
                         f"+ {IQN}small tpgt_1 ACL {IQN}new"):
                check(line in text, "no line", line, "in", text)
            check("a secret of ours" not in text + tool("restore", "--dry-run", path),
                  "a secret is shown")
            tool("restore", path)
            check("no difference" in tool("diff", path), "differences are left")
            session.ready(0)        # that there is another LUN is told with the next command
            equal(session.read_at(0, 512), b"x" * 512, "what the session reads")
            session.sync()


test_sessions_go_on.limit = 240


def fails_late():
    """A document that the kernel refuses at a portal whose port somebody has."""
    document = saved.rich()
    document["targets"][1]["tpgs"][0]["portals"].append(portal("127.0.0.1", 3999))
    return saved.put(document, "late.json")


def test_rolled_back():
    """What fails at a late step leaves everything as it was: an empty kernel, and one with
    a session."""
    with empty_machine(), socket.socket() as busy:
        busy.bind(("127.0.0.1", 3999))
        busy.listen()
        os.makedirs(ROOT + "/iscsi", exist_ok=True)
        before = saved.tree()
        text = tool("restore", fails_late(), status=7)
        check("everything was taken back" in text and "np/127.0.0.1:3999: the kernel refused" in
              text, text)
        saved.same(before, saved.tree(), "an empty tree, before and after")
        tool("restore", saved.put(small()))
        before = saved.tree()
        with Session(IQN + "small") as session:
            document = saved.get(fails_late())
            document["storage_objects"] = [s for s in document["storage_objects"]]
            document["targets"] += small()["targets"]
            text = tool("restore", saved.put(document, "late.json"), status=7)
            saved.same(before, saved.tree(), "the tree before and after")
            session.sync()
        tool("restore", "--target", IQN + "nobody", saved.put(small()), status=5)


test_rolled_back.limit = 300


def test_pending():
    """A disk that comes late: everything else is restored, a save keeps it, and it is
    completed alone."""
    with empty_machine():
        document = small()
        late = "/dev/disk/by-id/functional-late"
        document["storage_objects"].append({"plugin": "block", "name": "late", "dev": late,
                                            "wwn": saved.serial(77), "write_back": False,
                                            "readonly": False})
        group = document["targets"][0]["tpgs"][0]
        group["luns"].append(backstore(4, "block/late"))
        group["node_acls"].append({"node_wwn": IQN + "new", "mapped_luns": [
            saved.mapped(0, 0), saved.mapped(1, 4)]})
        path = saved.put(document)
        text = tool("restore", path, status=6)
        check("pending: block/late: " + late + " is not there" in text, text)
        tool("check", path, status=6)
        tool("restore", "--pending", path, status=6)
        check("pending, and kept in the file: backstore block/late" in tool("save", path), "save")
        equal([lun["index"] for lun in saved.get(path)["targets"][0]["tpgs"][0]["luns"]], [0, 4],
              "LUNs in the file")
        # What somebody took away meanwhile on purpose does not come back with it.
        tpg = f"{ROOT}/iscsi/{IQN}small/tpgt_1"
        os.rmdir(f"{tpg}/np/127.0.0.1:3260")
        os.symlink(saved.DISKS[0], late)
        try:
            tool("restore", "--pending", path)
            check(os.path.exists(f"{tpg}/acls/{IQN}new/lun_1/write_protect"), "no mapped LUN")
            check(not os.path.exists(f"{tpg}/np/127.0.0.1:3260"), "a portal came back")
            check(not os.path.exists(PENDING), "something is still pending")
            check(f"+ {IQN}small tpgt_1 portal 127.0.0.1:3260" in tool("diff", path, status=9),
                  "diff")
            tool("restore", path)
            tool("restore", saved.put({"targets": []}))
        finally:
            os.unlink(late)


test_pending.limit = 240


def test_changes():
    """Every kind of difference, there and back: what there is in the end is the same."""
    with empty_machine():
        rich = saved.rich()
        path, other = saved.put(rich), copy.deepcopy(rich)
        tool("restore", path)
        start = saved.tree()
        other["fabric_modules"] = []
        stores = {s["name"]: s for s in other["storage_objects"]}
        stores["ram"]["size"] *= 2
        stores["one"]["name"] = "renamed"
        stores["two"]["attributes"]["emulate_write_cache"] = 0
        del stores["nothing"]["nullio"]
        stores["disk"]["attributes"]["emulate_tpu"] = 0
        stores["disk"]["wwn"] = saved.serial(99)
        stores["on-disk"]["dev"], stores["fixed"]["dev"] = (stores["fixed"]["dev"],
                                                            stores["on-disk"]["dev"])
        first, second = other["targets"][0]["tpgs"]
        first["luns"][2].update(backstore(7, "fileio/renamed", "east"))
        first["luns"][0], first["luns"][1] = backstore(0, "block/fixed"), backstore(1, "block/disk")
        first["portals"].pop()
        acl = first["node_acls"][1]
        acl["mapped_luns"] = [saved.mapped(0, 1), saved.mapped(3, 7, True)]
        acl.update(tag="other", chap_password="another secret", tcq_depth="16")
        del acl["chap_mutual_userid"], acl["chap_mutual_password"]
        first["node_acls"].pop(0)
        first["enable"], second["enable"] = False, True
        second["attributes"].update(generate_node_acls=0, cache_dynamic_acls=0, authentication=1)
        second["parameters"]["AuthMethod"] = "CHAP"
        del other["targets"][1]
        there = saved.put(other, "other.json")
        tool("restore", there)
        check("no difference" in tool("diff", there), "differences are left")
        tool("restore", path)
        check("no difference" in tool("diff", path), "differences are left on the way back")
        # With the state of a group the kernel changes its status, which is to stay.
        east, = [group for s in rich["storage_objects"] for group in s.get("alua_tpgs", [])
                 if group["name"] == "east"]
        east["alua_access_state"] ^= 1
        tool("restore", saved.put(rich, "state.json"))
        tool("restore", path)
        check("no difference" in tool("diff", path), "differences are left with another state")
        end = saved.tree()
        # The window of the ACL is none of rich()'s business: no sentence, no change.
        for tree in (start, end):
            for name in [n for n in tree if n.endswith("/cmdsn_depth")]:
                del tree[name]
        saved.same(start, end, "the tree before and after")


test_changes.limit = 300


def test_killed():
    """Killed at any moment, the next restore gets there."""
    with empty_machine():
        path, nothing = saved.put(saved.rich()), saved.put({}, "nothing.json")
        for round_ in range(12):
            with subprocess.Popen([TOOL, "restore", path], stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL) as process:
                time.sleep(patience(0.02) * (round_ + 1))
                process.send_signal(signal.SIGKILL)
            if round_ % 3 == 2:
                tool("restore", nothing)
            else:
                tool("restore", path)
                check("no difference" in tool("diff", path), "differences are left")
        tool("restore", nothing)
        check("no difference" in tool("diff", nothing), "something is left")


test_killed.limit = 300


def test_refused():
    """What is wrong in the file, or in use, is found before anything is done."""
    with empty_machine():
        document = small()
        document["storage_objects"][0]["wwn"] = document["storage_objects"][1]["wwn"]
        check("the same serial number" in tool("restore", saved.put(document), status=5), "serial")
        tool("restore", FILES + "/none.json", status=5)
        document = small()
        document["storage_objects"].append({"plugin": "block", "name": "busy", "wwn": "b",
                                            "dev": SCSI})
        path = saved.put(document)
        held = os.open(SCSI, os.O_RDONLY | os.O_EXCL)
        try:
            check("is in use" in tool("restore", path, status=5), "in use")
        finally:
            os.close(held)
        check(not os.path.exists(f"{ROOT}/iscsi/{IQN}small"), "something was done")
        document = small()
        document["targets"][0]["tpgs"][0]["attributes"]["no_such"] = 1
        document["storage_objects"][0]["attributes"]["max_unmap_lba_count"] = -5
        path = saved.put(document)
        tool("restore", path, status=7)
        text = tool("restore", "--force", path, status=3)
        check("max_unmap_lba_count to -5: the kernel refused" in text, text)
        check("no_such: this kernel has no such setting; left out" in text, text)
        check(os.path.exists(f"{ROOT}/iscsi/{IQN}small"), "nothing was done")


test_refused.limit = 240
