# SPDX-License-Identifier: GPL-2.0
"""What fails below the target: memory, one allocation after the other, in the parts that
rows 32 and 40 of the history do not reach; the wire, at every byte; the clock."""

import os
import socket
import subprocess
import time

import harness
import target as target_module
from faults import Failing, threads
from harness import Failure, Skip, check, equal, run, wait_for
from history import Bystander, honest_login
from initiator import FIO_OPTIONS, Node, fio
from login import random_isid
from netns import Namespace, wait_for_wire
from raw import DATA_OUT, FINAL, LOGOUT_REQ, Pdu
from session import LUN_RESET, Session, inquiry, read10, report_luns, write10
from target import Target


def fault_target(name="faults"):
    target = Target(name)
    target.lun(0)
    return target


# -- allocations at the end of things --

def end_session(session, kind):
    """With work of each sort under way."""
    session.submit(read10(0, 64), read=32768)
    session.submit(write10(0, 16), write=bytes(8192), immediate=0)
    session.submit(write10(64, 8), write=bytes(4096))
    if kind == 0:
        session.reset()
    elif kind == 1:
        session.send(session.base(LOGOUT_REQ, FINAL, 9, immediate=True))
    session.close()


def each_of_teardown(failing, target, others, kind, workers):
    """A session ends in this way with the nth allocation failing, of its own thread or of
    the kernel's workers, for each n until none fails any more. Returns how many there are."""
    quiet = 0
    for nth in range(1, 100):
        session = Session(target.iqn, isid=random_isid(), answer_r2t=False)
        session.ready(0)
        own = set(threads("tiscsi/")) - others
        equal(len(own), 1, "threads of the session")
        failing.arm_threads(nth, threads("kworker/") if workers else own)
        try:
            end_session(session, kind)
        except OSError:
            pass
        wait_for(lambda: target.sessions() == 1, "the end of the session")
        # Workers have other work as well, which may be done in one round and not in another.
        quiet = 0 if failing.fired() else quiet + 1
        if quiet == (3 if workers else 1):
            return nth - quiet
    raise Failure("99 allocations at the end of a session")


def test_teardown_allocations():
    """Each allocation of the session's thread and of the kernel's workers fails in turn
    while a session ends, by a reset, a logout, and a close: it ends all the same."""
    with Failing() as failing, fault_target() as target, Bystander(target):
        others = set(threads("tiscsi/"))
        for workers in (False, True):
            sites = [each_of_teardown(failing, target, others, kind, workers)
                     for kind in range(3)]
            harness.note(f"teardown by reset, logout, close: {sites} allocations of "
                         f"{'workers' if workers else 'its thread'} failed")
            check(sum(sites) >= 1, "no allocation could fail:", sites)
        honest_login(target)


def attempt(nth, action):
    """(an error or None, did the nth allocation fail)"""
    error = None
    fd = os.open("/proc/self/fail-nth", os.O_RDWR)      # not when it has begun
    try:
        os.pwrite(fd, str(nth).encode(), 0)
        try:
            action()
        except OSError as failure:
            error = failure
        fired = int(os.pread(fd, 16, 0).strip(b"\0\n ")) == 0
        os.pwrite(fd, b"0", 0)
    finally:
        os.close(fd)
    return error, fired


def each_allocation(action, undo, what):
    """The action with each of its allocations failing, until none does."""
    failed = 0
    for nth in range(1, 400):
        error, fired = attempt(nth, action)
        if not error:
            undo()
        if not fired:
            check(not error, what, "failed by itself:", error)
            harness.note(f"{what}: {failed} allocations failed")
            return failed
        failed += 1
    raise Failure(f"400 allocations in {what}")


def test_configuration_allocations():
    """The same for what an administrator does: a target, a group, a portal, a LUN, an ACL and
    its secrets are made or not made, and what was made can be removed."""
    with Failing(), fault_target() as target, fault_target("other") as other, Bystander(other):
        new = target_module.ROOT + "/iscsi/" + target_module.IQN + "new"
        os.mkdir(new)
        tpg = new + "/tpgt_1"
        steps = (("a target", new + "-2"), ("a portal group", tpg),
                 ("a portal", tpg + "/np/127.0.0.1:3269"), ("an ACL", tpg + "/acls/iqn.2026-11.a:b"))
        try:
            for what, path in steps:
                if path.startswith(tpg + "/") and not os.path.isdir(tpg):
                    os.mkdir(tpg)
                count = each_allocation(lambda p=path: os.mkdir(p), lambda p=path: os.rmdir(p), what)
                check(count, "no allocation could fail in", what)
            each_allocation(lambda: harness.write(tpg + "/enable", "1"),
                            lambda: harness.write(tpg + "/enable", "0"), "enable")
            each_allocation(lambda: target.enable(False), target.enable, "disable")
        finally:
            if os.path.isdir(tpg):
                os.rmdir(tpg)
            os.rmdir(new)


# -- the wire --

ISID = b"\x80\xb1\xc2\xd3\xe4\xf5"       # nothing else in what is recorded looks like it


def recorded(target):
    """The bytes of a session with everything in it, and what it ends with."""
    sent = []

    class Recorder(Session):
        def send_bytes(self, data):
            sent.append(data)
            super().send_bytes(data)

    with Recorder(target.iqn, keys={"DataDigest": "CRC32C"}, isid=ISID) as session:
        session.ready(0)
        session.command(inquiry(), read=36)
        session.command(report_luns(), read=256)
        session.write_at(0, b"\1" * 1024)
        session.command(write10(8, 2), write=b"\2" * 1024, immediate=0)
        session.command(read10(0, 4), read=2048)
        session.nop(b"ping")
        session.text([("X-a", "1")])
        session.tmf(LUN_RESET)
        session.logout()
    return b"".join(sent)


def connect():
    """A connection, or None if the target turns away an address that has more logins under
    way than it lets one have: it has not yet looked at those that were cut."""
    try:
        return socket.create_connection(("127.0.0.1", 3260), 5)
    except ConnectionError:
        return None


def cut_short(step):
    """A recorded session, cut by RST after every so many bytes. Each has an ISID of its own:
    none of them ends because the next one takes its place."""
    with fault_target() as target, Bystander(target, resets=True) as other:
        wire = recorded(target)
        for cut in range(0, len(wire), step):
            sock = wait_for(connect, "a connection", 5)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            try:
                sock.sendall(wire[:cut].replace(ISID, b"\x80" + cut.to_bytes(5, "big")))
            except ConnectionError:     # the next in line has the port already
                pass
            if cut % 8 == 0:
                time.sleep(0.002)
            sock.close()
            if cut % (64 * step) == 0:
                other.session.sync()        # it has pings to answer
        harness.note(f"{len(wire)} bytes, cut at every {step}")
        wait_for(lambda: target.sessions() == 1, "the end of all sessions but one", 20)
        other.check()
        honest_login(target)


def test_reset_at_every_byte():
    """No session is left, nobody notices; a part of the bytes that suits the kernel."""
    cut_short(max(1, int(2 / min(1, harness.WORK))))


def test_reset_at_every_byte_full():
    """All of them."""
    cut_short(1)


def test_stops_in_the_middle():
    """Peers that stop in the middle of a Data-Out, or never read what they asked for, and
    stay connected: they keep their own session and nothing else."""
    with fault_target() as target:
        silent = []
        for number in range(4):
            session = Session(target.iqn, isid=random_isid(), answer_r2t=False)
            session.ready(0)
            if number % 2:
                for _ in range(20):
                    session.submit(read10(0, 256), read=131072, wait_window=False)
            else:
                task = session.submit(write10(0, 16), write=bytes(8192), immediate=0)
                while not task.r2ts:
                    session.pump()
                wire = session.encode(Pdu(DATA_OUT, FINAL, task.lun, task.itt,
                                          {20: task.r2ts[0].word(20)}, bytes(8192)))
                session.send_bytes(wire[:3000])
            silent.append(session)
        with Bystander(target) as other:
            for _ in range(3):
                time.sleep(1)
                other.check()
        start = time.monotonic()
        target.enable(False)
        check(time.monotonic() - start < harness.patience(2), "they held up a disable")
        target.enable()
        for session in silent:
            session.close()


def test_deaf_ends():
    """The session of one who does not read ends by itself, after half a minute, and the log
    says that it was the initiator."""
    with fault_target() as target, Session(target.iqn, answer_r2t=False) as session:
        session.ready(0)
        log = harness.KernelLog()
        for _ in range(60):         # more than TCP keeps
            session.submit(read10(0, 256), read=131072, wait_window=False)
        time.sleep(20)
        equal(target.sessions(), 1, "sessions after 20 s")
        wait_for(lambda: target.sessions() == 0, "the end of the session", 25)
        check(log.matching("session .* ended: initiator does not read"), log.read())
        log.close()


class Lossy:
    """A namespace with a target's portal behind a wire with netem."""

    def __init__(self):
        self.space = None

    def __enter__(self):
        if run("modprobe", "sch_netem", ok=None).returncode:
            raise Skip("this kernel has no netem")
        self.space = Namespace("lossy")
        self.address = self.space.wire(5)
        self.target = Target("lossy", portals=())
        self.target.lun(0)
        with self.space.inside():
            self.target.portal("0.0.0.0:3260")
        wait_for_wire(self.address)
        return self

    def netem(self, *rule):
        """Both directions."""
        run("tc", "qdisc", "replace", "dev", "fo5", "root", "netem", *rule)
        self.space.ip("link", "show", "fi5")
        run("ip", "netns", "exec", self.space.name, "tc", "qdisc", "replace", "dev", "fi5", "root",
            "netem", *rule)

    def __exit__(self, *_exc):
        self.target.remove()
        self.space.delete()


RULES = (("loss", "1%"), ("delay", "4ms", "3ms", "reorder", "30%", "50%"), ("duplicate", "5%"),
         ("corrupt", "0.5%"), ("delay", "2ms", "loss", "0.5%", "duplicate", "1%"))


def test_bad_wire():
    """fio --verify over loss, reordering, duplication and damage, with data digests."""
    with Lossy() as lossy:
        with Node(lossy.target, portal=f"{lossy.address}:3260", HeaderDigest="CRC32C",
                  DataDigest="CRC32C") as node:
            disk = node.disks()[0]
            for rule in RULES:
                lossy.netem(*rule)
                fio("--name=wire", f"--filename={disk}", "--rw=randwrite", "--bsrange=4k-64k",
                    f"--size={harness.scaled(2 << 20, 1 << 19)}", "--iodepth=16",
                    "--verify=crc32c", *FIO_OPTIONS)
            lossy.netem("delay", "0ms")


test_bad_wire.limit = 150


def test_ten_second_stall():
    """Ten seconds without a packet in either direction: the I/O goes on afterwards, in the
    same session or a new one, without help, and its data is right."""
    with Lossy() as lossy:
        node = Node(lossy.target, portal=f"{lossy.address}:3260")
        # As open-iscsi has it by default: I/O waits for the next session that long.
        node.edit({"node.session.timeo.replacement_timeout": "120"})
        with node:
            disk = node.disks()[0]
            with subprocess.Popen(
                    ["fio", "--minimal", "--name=stall", f"--filename={disk}", "--rw=randwrite",
                     "--bs=16k", "--size=4M", "--rate_iops=15", "--verify=crc32c",
                     *FIO_OPTIONS], stdout=subprocess.DEVNULL, cwd="/tmp") as process:
                time.sleep(2)
                lossy.netem("loss", "100%")
                time.sleep(10)
                lossy.netem("delay", "0ms")
                try:
                    equal(process.wait(harness.patience(60)), 0, "fio")
                except subprocess.TimeoutExpired:
                    process.kill()
                    raise Failure("fio does not come to an end") from None
            equal(lossy.target.sessions(), 1, "sessions")


test_ten_second_stall.limit = 120


# -- the clock and the memory of the machine --

def test_clock_jumps():
    """The wall clock jumps by hours, both ways: sessions live, logins succeed, timers count
    the time that passes."""
    with fault_target() as target:
        now = time.time()
        began = time.monotonic()
        try:
            with Session(target.iqn) as session:
                session.ready(0)
                for jump in (3600, -7200, 86400 * 400, -86400 * 700):
                    time.clock_settime(time.CLOCK_REALTIME, now + jump)
                    session.write_at(0, bytes(4096))
                    time.sleep(1.1)
                    session.sync()
                    honest_login(target)
        finally:
            time.clock_settime(time.CLOCK_REALTIME, now + time.monotonic() - began)


def free_kib():
    for line in harness.read("/proc/meminfo").splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1])
    return 0


def test_memory_pressure():
    """Initiator and target on one machine whose memory is nearly used up, with a page cache
    full of data for the disk: it gets written, and is right."""
    with Target("pressure") as target:
        target.lun(0, mib=64)
        with Node(target) as node:
            disk = node.disks()[0]
            # Without swap it stays; to touch so many pages from here would take a minute.
            hold, size = os.memfd_create("hold"), 0
            try:
                while free_kib() > 220 << 10:
                    os.posix_fallocate(hold, size, 8 << 20)
                    size += 8 << 20
                fio("--name=pressure", f"--filename={disk}", "--rw=write", "--bs=64k",
                    "--size=48M", "--end_fsync=1", "--verify=crc32c", "--ioengine=psync",
                    "--verify_fatal=1", "--verify_state_save=0")
            finally:
                os.close(hold)


test_memory_pressure.limit = 120
test_deaf_ends.limit = 90
test_reset_at_every_byte.limit = 120
test_reset_at_every_byte_full.limit = 240


# Each of them waits for a time to pass; of what they are about the others have a sample.
for function in (test_teardown_allocations, test_reset_at_every_byte_full, test_deaf_ends,
                 test_bad_wire, test_ten_second_stall, test_memory_pressure):
    function.long = True
