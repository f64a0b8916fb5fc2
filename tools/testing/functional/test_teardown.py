# SPDX-License-Identifier: GPL-2.0
"""The end of things, while they are in use: bounded, complete, without a trace."""

import os
import subprocess
import time

import harness
import initiator
import login
import target as target_module
from harness import check, equal, kernel_threads, module_loaded, run
from initiator import Node
from session import Session, read10, write10
from target import PORTAL, Target

QUICK = bool(os.environ.get("TISCSI_QUICK"))


class Load:
    """fio on the disks of a node, until it is stopped or fails."""

    def __init__(self, node, count=1):
        jobs = []
        for lun, disk in sorted(node.disks(count).items()):
            jobs += [f"--name=lun{lun}", f"--filename={disk}", "--rw=randrw", "--bsrange=4k-256k",
                     "--iodepth=16", "--time_based", "--runtime=60", "--size=8M",
                     "--ioengine=libaio", "--direct=1"]
        initiator.need("fio")
        self.process = subprocess.Popen(["fio", *jobs], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                        cwd="/tmp")
        time.sleep(1)

    def __enter__(self):
        return self

    def __exit__(self, *_exc):
        self.process.terminate()
        try:
            self.process.wait(harness.patience(20))
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def bounded(action, seconds, what):
    start = time.monotonic()
    action()
    took = time.monotonic() - start
    check(took < harness.patience(seconds), f"{what} took {took:.1f} s")


def test_disable_under_load():
    """Disable returns soon, and only when sessions and commands are gone."""
    with Target("down") as target:
        target.lun(0)
        with Node(target) as node, Load(node):
            check(target.sessions() == 1, "no session")
            bounded(lambda: target.enable(False), 5, "disable")
            equal(target.sessions(), 0, "sessions after disable")
            target.enable()
            harness.wait_for(lambda: target.sessions() == 1, "the initiator to come back", 20)
            bounded(lambda: target.enable(False), 5, "disable again")


def test_portal_under_load():
    """Removing the portal under load leaves the session to go on."""
    with Target("down") as target:
        target.lun(0)
        with Node(target) as node, Load(node) as load:
            bounded(lambda: target.drop_portal(PORTAL), 3, "rmdir of the portal")
            time.sleep(1)
            equal(target.sessions(), 1, "sessions")
            check(load.process.poll() is None, "fio has ended")


def test_acl_under_load():
    """rmdir of an ACL with its session busy is bounded and ends the session."""
    with Target("down", demo=False) as target:
        target.lun(0)
        acl = target.acl(initiator.NAME)
        acl.map(0, to=0)
        with Node(target) as node, Load(node):
            bounded(acl.remove, 8, "removal of the ACL")
            equal(target.sessions(), 0, "sessions")


def test_lun_under_load():
    """A LUN goes while it is written to; the other goes on, the session too."""
    with Target("down") as target:
        target.lun(0)
        target.lun(1)
        with Session(target.iqn, answer_r2t=False) as session:
            session.ready(0, 1)
            session.submit(read10(0, 64), lun=1, read=32768)
            bounded(lambda: target_module.remove_lun(target.tpg + "/lun/lun_1"), 5, "removal")
            session.sync()
            session.ready(0)
            session.read_at(0, 512)


def test_all_at_once():
    """Everything at once with 16 sessions under load from the raw client."""
    with Target("down") as target:
        target.lun(0)
        sessions = []
        for _ in range(16):
            session = Session(target.iqn, isid=login.random_isid(), answer_r2t=False)
            session.ready(0)
            sessions.append(session)
        for session in sessions:
            for number in range(8):
                session.submit(read10(number, 64), read=32768)
                session.submit(write10(number, 64), write=bytes(32768), immediate=0)
        start = time.monotonic()
        target.remove()
        check(time.monotonic() - start < harness.patience(8), "teardown was slow")
        for session in sessions:
            session.close()
        target_module.unload()
        equal(kernel_threads(), [], "threads after rmmod")


def one_round(kind):
    """Load, configure, log in, write, tear down, unload. kind varies the end."""
    with Target("cycle") as target:
        target.lun(0, mib=4)
        session = Session(target.iqn, keys={"DataDigest": "CRC32C"} if kind & 1 else None,
                          answer_r2t=kind % 5 != 4)
        session.ready(0)
        if kind % 5 != 4:
            session.write_at(kind & 31, bytes([kind & 255]) * 4096)
        else:
            session.submit(write10(0, 16), write=bytes(8192), immediate=0)
        if kind % 5 == 0:
            session.logout()
        elif kind % 5 == 1:
            session.reset()
        elif kind % 5 == 2:
            target.enable(False)
        session.close()
    target_module.unload()
    check(not module_loaded(target_module.module), "still loaded")
    equal(kernel_threads(), [], "threads after rmmod")


def slab_pages():
    """KiB of slabs that cannot be reclaimed, a while after RCU has run."""
    for line in harness.read("/proc/meminfo").splitlines():
        if line.startswith("SUnreclaim:"):
            return int(line.split()[1])
    return 0


def test_rounds():
    """Load, configure, use, unload, again and again; memory does not grow."""
    count = 5 if QUICK or harness.STOCK else 100
    target_module.wipe()
    initiator.settle()
    for number in range(min(count, 5) // 2):
        one_round(number)       # what is allocated once is allocated now
    before = slab_pages()
    start = time.monotonic()
    for number in range(count):
        one_round(number)
    harness.note(f"{count} rounds in {time.monotonic() - start:.1f} s")
    # A session's slots alone are some hundred KiB: a leak per round shows.
    harness.wait_for(lambda: slab_pages() - before < 40 * count + 2000,
                     f"slabs near {before} KiB, they are {slab_pages()}", 10)


test_rounds.limit = 150
test_rounds.quick = True


def test_files_gone():
    """After cleanup no directory, listener or reference of the module is left."""
    with Target("gone") as target:
        target.lun(0)
        with Session(target.iqn):
            pass
    equal(target_module.leftovers(), [], "left in configfs")
    check(f":{target_module.PORT:04X} " not in listening(), "a listener is left")
    target_module.unload()
    for path in ("/sys/module/tcm_iscsi", "/sys/kernel/config/target/iscsi"):
        check(not os.path.exists(path), path, "is left")
    run("modprobe", target_module.module)


def listening():
    """Local addresses of listening sockets, as /proc prints them."""
    found = ""
    for name in ("tcp", "tcp6"):
        if os.path.exists("/proc/net/" + name):
            for line in harness.read("/proc/net/" + name).splitlines()[1:]:
                fields = line.split()
                if fields[3] == "0A":
                    found += fields[1] + " "
    return found
