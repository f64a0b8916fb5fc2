# SPDX-License-Identifier: GPL-2.0
"""Other targets on the same machine: tgt, in user space, with a port of its own or
with ours; and what the log says when two want the same one."""

import os
import signal
import socket
import subprocess

import harness
import initiator
import target as target_module
from harness import Failure, check, equal, run, wait_for
from initiator import Node
from session import Session
from target import ADDRESS, PORTAL, Target

CONTROL = "7"               # tgtd's control port, which names its socket
THEIR_PORTAL = f"{ADDRESS}:3261"


class Tgt:
    """tgtd in the foreground with one disk, and its portals."""

    def __init__(self, *portals, serving=True):
        initiator.need("tgtd")
        self.iqn = target_module.IQN + "tgt"
        self.file = "/tmp/functional-tgt"
        self.log = "/tmp/functional-tgtd.log"
        with open(self.file, "wb") as file:
            file.truncate(8 << 20)
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                ["tgtd", "-f", "-C", CONTROL, "--iscsi", ",".join("portal=" + p for p in portals)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
        try:
            wait_for(self.answers, "tgtd")
            if serving:
                self.export()
        except BaseException:
            self.stop()
            raise

    def admin(self, mode, operation, *options, ok=(0,)):
        return run("tgtadm", "-C", CONTROL, "--lld", "iscsi", "--mode", mode, "--op", operation,
                   *options, ok=ok, merge=True)

    def answers(self):
        if self.process.poll() is not None:
            raise Failure(f"tgtd ended: {self.said()}")
        return not self.admin("system", "show", ok=None).returncode

    def export(self):
        self.admin("target", "new", "--tid", "1", "-T", self.iqn)
        self.admin("logicalunit", "new", "--tid", "1", "--lun", "1", "-b", self.file)
        self.admin("target", "bind", "--tid", "1", "-I", "ALL")

    def said(self):
        return harness.read(self.log)

    def stop(self):
        """It ignores SIGTERM while it has targets."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        for path in (self.file, self.log):
            os.unlink(path)

    def __enter__(self):
        return self

    def __exit__(self, *_exc):
        self.stop()


def reads(session):
    session.pedantic = target_module.module == "tcm_iscsi"
    session.ready(0)
    session.read_at(0, 512)


def fill(disk, byte):
    with open(disk, "r+b", buffering=0) as file:
        file.write(bytes([byte]) * 65536)
        os.fsync(file.fileno())


def holds(disk, byte):
    """Without what the page cache of the initiator remembers."""
    run("blockdev", "--flushbufs", disk)
    with open(disk, "rb", buffering=0) as file:
        return file.read(65536) == bytes([byte]) * 65536


def refused(target, portal):
    """What the log says of a portal that cannot be."""
    log = harness.KernelLog()
    try:
        target.portal(portal)
    except OSError:
        check(not os.path.exists(f"{target.tpg}/np/{portal}"), portal, "is half there")
        return log.matching(r"cannot listen|kernel_bind")
    finally:
        log.close()
    raise Failure(f"mkdir np/{portal} succeeded")


def names_conflict(lines, *words):
    """One line, with the address, who is in the way, and what to do."""
    if target_module.module != "tcm_iscsi":
        return      # iscsi_target_mod: "kernel_bind() failed: -98" and nothing else
    equal(len(lines), 1, "lines in the log")
    for word in words:
        check(word in lines[0], f"no {word!r} in: {lines[0]}")


def test_tgt_beside():
    """tgt with another port: discovery at each names its own target only, and both
    serve their own disk at the same time."""
    with Tgt(THEIR_PORTAL) as tgt, Target("ours") as ours:
        ours.lun(0, mib=8)
        equal(initiator.discover(PORTAL), [(PORTAL, 1, ours.iqn)], "discovery of ours")
        equal(initiator.discover(THEIR_PORTAL), [(THEIR_PORTAL, 1, tgt.iqn)], "discovery of tgt")
        initiator.drop_all()        # the records of discovery; each Node makes its own
        with Node(ours) as one, Node(tgt, portal=THEIR_PORTAL) as two:
            disks = (one.disks()[0], two.disks()[1])
            for number, disk in enumerate(disks):
                fill(disk, 0xa0 + number)
            for number, disk in enumerate(disks):
                check(holds(disk, 0xa0 + number), f"{disk} holds something else")
            jobs = []
            for number, disk in enumerate(disks):
                jobs += [f"--name={number}", f"--filename={disk}", "--rw=randwrite", "--bs=4k",
                         "--verify=crc32c", f"--size={harness.scaled(2 << 20, 1 << 20)}",
                         "--iodepth=8", *initiator.FIO_OPTIONS]
            initiator.fio(*jobs)


def test_tgt_first():
    """tgt has the port: mkdir fails, the log names the address and how to find who has
    it, the portal group is as before; with tgt gone, the same mkdir works."""
    tgt = Tgt(PORTAL)
    try:
        with Target("ours", portals=()) as ours:
            ours.lun(0, mib=8)
            for portal in (PORTAL, "0.0.0.0:3260"):
                names_conflict(refused(ours, portal), portal, "another program",
                               "ss -ltnp sport = :3260", "another port")
            shown = run("ss", "-ltnp", "sport = :3260").stdout
            check(f'("tgtd",pid={tgt.process.pid}' in shown, "ss does not name tgtd:", shown)
            ours.portal(THEIR_PORTAL)
            with Session(ours.iqn, address=(ADDRESS, 3261)) as session:
                reads(session)
            with Node(tgt) as node:
                check(1 in node.disks(), "tgt lost its disk")
            tgt.stop()
            tgt = None
            ours.portal(PORTAL)
            with Session(ours.iqn):
                pass
    finally:
        if tgt:
            tgt.stop()


test_tgt_first.quick = True


def test_tgt_second():
    """We have the port: tgtd says so and does not listen there, and we go on. (With
    0.0.0.0 it means [::] as well, which is nobody's and which it gets.)"""
    with Target("ours", portals=("0.0.0.0:3260",)) as ours:
        ours.lun(0, mib=8)
        with Session(ours.iqn) as session:
            reads(session)
            for portal in (PORTAL, "0.0.0.0:3260"):
                with Tgt(portal, serving=False) as tgt:
                    check("Address already in use" in tgt.said(), "tgtd said:", tgt.said())
                    shown = run("ss", "-4ltnp", "sport = :3260").stdout
                    check("tgtd" not in shown, "tgtd listens all the same:", shown)
                    session.read_at(0, 512)
                    with Session(ours.iqn):
                        pass


def test_own_portal():
    """Another portal of ours has the port: the log names that one."""
    with Target("one", portals=("0.0.0.0:3260",)), Target("two", portals=()) as two:
        names_conflict(refused(two, PORTAL), f"listen on {PORTAL}:", "portal 0.0.0.0:3260 covers")
        two.portal(THEIR_PORTAL)
        names_conflict(refused(two, "0.0.0.0:3261"), "listen on 0.0.0.0:3261:",
                       f"portal {THEIR_PORTAL} covers")


def test_own_portal_v6():
    """[::] has IPv4 as well; a portal of the other family only is not to blame."""
    try:
        with socket.socket(socket.AF_INET6) as sock:
            sock.bind(("::1", 0))
    except OSError:
        raise harness.Skip("this kernel has no IPv6 loopback") from None
    with Target("one", portals=("[::]:3260",)), Target("two", portals=()) as two:
        names_conflict(refused(two, PORTAL), "portal [::]:3260 covers")
    with Target("one", portals=("[::1]:3260",)), Target("two", portals=()) as two, \
            socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind((ADDRESS, 3260))
        other.listen()
        names_conflict(refused(two, PORTAL), "another program")
