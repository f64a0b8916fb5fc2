# SPDX-License-Identifier: GPL-2.0
"""Who is at work during the soak: four initiators, strangers at the door, and an
administrator. Each is a process that does one thing after the other, at random, until it
is told to stop, and then says how often it did what, or what was wrong."""

import json
import os
import random
import signal
import socket
import time
import traceback

import harness
import test_hostile
from faults import Failing
from harness import Failure, check
from initiator import FIO_OPTIONS, Node, fio
from login import INITIATOR, Refused
from netns import Namespace
from raw import DATA_OUT, FINAL, RTAG, TMF_REQ, Closed, Pdu
from session import ABORT_TASK, ABORT_TASK_SET, GOOD, LUN_RESET, Session, read10, write10
from target import PORTAL
from test_drain import Peer
from test_waits import PREEMPT_AND_ABORT, REGISTER_IGNORE, RESERVE, pr_out

GONE = (OSError, Closed, Refused)
BLOCK = 4096
DONE = (0x02, 0x08, 0x28, 0x40)     # status that somebody else's doing explains


class Actor:
    """One process."""

    def __init__(self, stage, seed):
        self.stage = stage
        self.name = type(self).__name__.lower()
        self.rng = random.Random(f"{seed} {self.name}")
        self.counts = {}
        self.over = False
        self.out = f"/tmp/soak-{self.name}.json"
        self.pid = 0

    def count(self, what):
        self.counts[what] = self.counts.get(what, 0) + 1

    def actions(self):
        """[(weight, function)]"""
        raise NotImplementedError

    def start(self):
        self.pid = os.fork()
        if self.pid:
            return
        os.setsid()
        signal.signal(signal.SIGTERM, self.stop)
        wrong = ""
        try:
            weights, functions = zip(*self.actions())
            while not self.over:
                function = self.rng.choices(functions, weights)[0]
                function()
                self.count(function.__name__)
            self.leave()
        except BaseException as fault:      # pylint: disable=broad-except
            wrong = f"{fault!r}\n{traceback.format_exc(limit=-4)}"
        with open(self.out, "w", encoding="utf-8") as file:
            json.dump({"counts": self.counts, "wrong": wrong}, file)
        os._exit(bool(wrong))

    def stop(self, *_):
        self.over = True

    def leave(self):
        """Before the end."""

    def result(self, seconds):
        """(counts, what was wrong); the process is gone afterwards."""
        end = time.monotonic() + harness.patience(seconds)
        while not os.waitpid(self.pid, os.WNOHANG)[0]:
            if time.monotonic() > end:
                harness.write("/proc/sysrq-trigger", "w")
                harness.kill_group(self.pid)
                os.waitpid(self.pid, 0)
                return self.counts, f"it was still at work {seconds} s after it was told to stop"
            time.sleep(0.05)
        with open(self.out, encoding="utf-8") as file:
            found = json.load(file)
        os.unlink(self.out)
        return found["counts"], found["wrong"]

    def initiator(self):
        return f"{INITIATOR}-{self.name}"

    def session(self, **kwargs):
        """A login, which the administrator may be in the way of for a while."""
        end = time.monotonic() + harness.patience(30)
        while True:
            try:
                return Peer(self.stage.target.iqn, initiator=self.initiator(),
                            seconds=harness.patience(30), **kwargs)
            except GONE as error:
                if time.monotonic() > end:
                    raise Failure(f"no login for 30 s: {error!r}") from error
                time.sleep(0.1)


class Filer(Actor):
    """open-iscsi and fio: whatever happens, what is read is what was written."""

    def actions(self):
        self.node = Node(self.stage.target, HeaderDigest="CRC32C",
                         **{"DataDigest": self.rng.choice(("None", "CRC32C"))})
        self.node.edit({"node.session.timeo.replacement_timeout": "120",
                        "node.session.initial_login_retry_max": "60"})
        self.node.login()
        self.disk = self.node.disks(1)[0]
        return [(1, self.verify)]

    def verify(self):
        fio("--name=soak", f"--filename={self.disk}", "--rw=randwrite", "--bsrange=4k-128k",
            "--size=2M", "--iodepth=8", "--verify=crc32c", f"--randseed={self.rng.getrandbits(30)}",
            *FIO_OPTIONS, seconds=100)

    def leave(self):
        self.node.logout()
        self.node.forget()


class Worker(Actor):
    """A raw client whose writes are checked; it logs in again when it has to."""

    def actions(self):
        self.now = None
        self.disk = {}
        return [(8, self.write), (8, self.read), (1, self.logout), (1, self.drop)]

    def live(self):
        if not self.now:
            self.now = self.session(keys={"DataDigest": self.rng.choice(("None", "CRC32C"))})
            self.now.ready(1)
        return self.now

    def do(self, cdb, **kwargs):
        """A command, again until it was executed."""
        for _ in range(100):
            try:
                task = self.live().command(cdb, lun=1, status=None, **kwargs)
                if task.status == GOOD:
                    return task
                check(task.status in DONE, "status", task.status)
            except GONE:
                self.forget()
                self.count("disturbed")
        raise Failure("a command was not executed in 100 attempts")

    def write(self):
        lba = self.rng.randrange(64) * 8
        data = self.rng.randbytes(BLOCK)
        self.do(write10(lba, 8), write=data)
        self.disk[lba] = data

    def read(self):
        lba = self.rng.randrange(64) * 8
        seen = bytes(self.do(read10(lba, 8), read=BLOCK).data)
        check(seen == self.disk.get(lba, seen), "wrong data at block", lba)

    def forget(self):
        if self.now:
            self.now.close()
        self.now = None

    def logout(self):
        try:
            self.live().logout()
        except (*GONE, Failure):
            self.count("disturbed")
        self.forget()

    def drop(self):
        self.live().reset()
        self.forget()

    leave = forget


class Abuser(Actor):
    """Aborts, resets, garbage and cut wires, on a unit that sometimes hangs."""

    def actions(self):
        return [(4, self.reset_and_drop), (2, self.abort), (2, self.garbage), (2, self.cut),
                (1, self.resume), (2, self.rejoin), (1, self.deaf), (1, self.preempt)]

    def begin(self, **kwargs):
        return self.session(isid=b"\x80\0\0\0\0" + bytes([self.rng.randrange(3)]),
                            answer_r2t=False, **kwargs)

    def fill(self, session):
        for number in range(self.rng.randint(1, 4)):
            lun = self.rng.choice((2, 2, 3))
            session.submit(read10(8 * number, 64), lun=lun, read=32768)
            session.submit(write10(8 * number, 16), lun=lun, write=bytes(8192), immediate=0)
            session.submit(write10(512, 8), lun=lun, write=bytes(4096))

    def end(self, session):
        if self.rng.random() < 0.6:
            session.reset()
        session.close()

    def reset_and_drop(self):
        session = self.begin()
        try:
            self.fill(session)
            function = self.rng.choice((LUN_RESET, LUN_RESET, ABORT_TASK_SET))
            session.send(session.base(TMF_REQ, FINAL | function, 7, {20: RTAG},
                                      self.rng.choice((2, 3)), immediate=True))
            if self.rng.random() < 0.3:
                time.sleep(self.rng.random())
        except GONE:
            self.count("disturbed")
        self.end(session)

    def abort(self):
        session = self.begin()
        try:
            task = session.submit(write10(0, 16), lun=2, write=bytes(8192),
                                  immediate=self.rng.choice((0, 8192)))
            start = time.monotonic()
            session.tmf(ABORT_TASK, 2, task.itt, task.cmdsn)
            took = time.monotonic() - start
            check(took < harness.patience(10), f"an abort was answered after {took:.1f} s")
        except GONE:
            self.count("disturbed")
        self.end(session)

    def garbage(self):
        session = self.begin()
        try:
            for _ in range(self.rng.randint(1, 20)):
                session.send(test_hostile.random_pdu(self.rng, session))
        except (*GONE, Failure):
            pass
        self.end(session)

    def cut(self):
        session = self.begin()
        try:
            self.fill(session)
            wire = session.encode(Pdu(DATA_OUT, FINAL, 2, 0x2002, {20: RTAG}, bytes(4096)))
            session.send_bytes(wire[:self.rng.randrange(len(wire))])
        except (*GONE, Failure):
            self.count("disturbed")
        self.end(session)

    def resume(self):
        """Everything of before is still known: the same ports log in once more."""
        session = self.begin()
        try:
            session.sync()
        except (*GONE, Failure):
            self.count("disturbed")
        self.end(session)


    def rejoin(self):
        """Another connection for a session whose commands are under way, or hang."""
        session = self.begin()
        try:
            for _ in range(self.rng.randint(1, 4)):
                self.fill(session)
                if self.rng.random() < 0.3:
                    session.reset()
                old, session = session, Peer(self.stage.target.iqn, initiator=self.initiator(),
                                             seconds=harness.patience(30), answer_r2t=False,
                                             old=session)
                old.close()
        except GONE:
            self.count("disturbed")
            session.close()
            return
        self.end(session)

    def deaf(self):
        """Asks for more than any buffer holds, and reads none of it."""
        session = self.begin()
        try:
            for number in range(20):
                session.submit(read10(0, 256), lun=3 if number % 4 else 2, read=131072,
                               wait_window=False)
            time.sleep(self.rng.random())
        except GONE:
            self.count("disturbed")
        self.end(session)

    def preempt(self):
        """Ends the reads of others, and its own, with a reservation."""
        key = self.rng.randrange(3)
        session = self.begin()
        try:
            for number in range(4):
                session.submit(read10(8 * number, 64), lun=3, read=32768)
            for action, old, new in ((REGISTER_IGNORE, 0, key + 1), (RESERVE, key + 1, 0),
                                     (PREEMPT_AND_ABORT, key + 1, (key + 1) % 3 + 1)):
                cdb, data = pr_out(action, old, new)
                session.command(cdb, lun=3, write=data, immediate=24, status=None)
        except GONE:
            self.count("disturbed")
        self.end(session)


class Patient(Actor):
    """Waits for the unit that hangs, and for its status."""

    def actions(self):
        self.now = None
        return [(3, self.wait), (1, self.drop)]

    def wait(self):
        try:
            if not self.now:
                self.now = self.session()
                self.now.ready(3)
            task = self.now.submit(self.rng.choice((read10(0, 8), read10(64, 8))), lun=2,
                                   read=BLOCK)
            self.now.command(read10(0, 8), lun=3, read=BLOCK, status=None)
            self.now.wait(task)
        except GONE:
            self.count("disturbed")
            self.drop()

    def drop(self):
        if self.now:
            self.now.reset()
        self.now = None

    leave = drop


class Strangers(Actor):
    """Connections that come to nothing."""

    def actions(self):
        self.open = []
        return [(3, self.silent), (2, self.noise), (1, self.hang_up)]

    def connect(self):
        sock = socket.socket()
        sock.settimeout(2)
        sock.bind((f"127.8.0.{self.rng.randint(1, 200)}", 0))
        try:
            sock.connect(("127.0.0.1", 3260))
        except OSError:
            sock.close()
            time.sleep(0.1)
            return None
        return sock

    def silent(self):
        sock = self.connect()
        if sock:
            self.open.append(sock)
        if len(self.open) > 300:
            self.open.pop(0).close()
        time.sleep(0.02)

    def noise(self):
        sock = self.connect()
        if sock:
            try:
                sock.send(b"\x43" + self.rng.randbytes(self.rng.randrange(200)))
            except OSError:
                pass
            self.open.append(sock)
        time.sleep(0.02)

    def hang_up(self):
        while self.open:
            self.open.pop().close()

    leave = hang_up


class Administrator(Actor):
    """Takes things away and gives them back."""

    def actions(self):
        actions = [(4, self.look), (2, self.hang), (2, self.portal), (1, self.group),
                   (1, self.depth), (1, self.namespace), (1, self.clock)]
        if not harness.run("modprobe", "sch_netem", ok=None).returncode:
            actions.append((2, self.wire))
        if os.path.exists("/proc/self/fail-nth"):
            actions.append((1, self.memory))
        return actions

    def pause(self, most=1.0):
        time.sleep(self.rng.random() * most)

    def look(self):
        self.stage.target.sessions()
        for acl in ("info", "cmdsn_depth"):
            self.stage.acls[0].get(acl)
        self.pause()

    def hang(self):
        self.stage.device.suspend()
        try:
            self.pause(2.5)
        finally:
            self.stage.device.resume()
        self.pause()

    def portal(self):
        start = time.monotonic()
        self.stage.target.drop_portal(PORTAL)
        took = time.monotonic() - start
        check(took < harness.patience(2), f"rmdir of the portal took {took:.1f} s")
        self.stage.target.portal(PORTAL)
        self.pause(2)

    def group(self):
        start = time.monotonic()
        self.stage.target.enable(False)
        took = time.monotonic() - start
        check(took < harness.patience(5), f"enable=0 took {took:.1f} s")
        self.stage.target.enable()
        self.pause(3)

    def depth(self):
        harness.write(self.rng.choice(self.stage.acls[1:]).dir + "/cmdsn_depth",
                      str(self.rng.randint(4, 64)))
        self.pause(2)

    def wire(self):
        """All that goes over the loopback device is lost, late, doubled, or out of turn."""
        rule = self.rng.choice((("loss", "1%"), ("delay", "2ms", "2ms", "reorder", "30%"),
                                ("duplicate", "5%"), ("loss", "100%")))
        harness.run("tc", "qdisc", "replace", "dev", "lo", "root", "netem", *rule)
        try:
            self.pause(2)
        finally:
            harness.run("tc", "qdisc", "del", "dev", "lo", "root")
        self.pause()

    def clock(self):
        now, began = time.time(), time.monotonic()
        try:
            time.clock_settime(time.CLOCK_REALTIME, now + self.rng.choice((-7200, 3600, 1 << 25)))
            self.pause()
        finally:
            time.clock_settime(time.CLOCK_REALTIME, now + time.monotonic() - began)

    def memory(self):
        """An allocation of each login thread fails, in whichever login it is."""
        with Failing() as failing:
            failing.arm(self.rng.randint(1, 30), "tiscsi_login/", "tiscsi_accept")
            self.pause(2)
            if failing.fired():
                self.count("allocations failed")

    def namespace(self):
        """Another target's portal in a namespace that ends with a session in it."""
        space = Namespace("soak")
        with space.inside():
            self.stage.other.portal("0.0.0.0:3260")
            session = Session(self.stage.other.iqn)
        space.delete()
        session.close()
        self.stage.other.drop_portal("0.0.0.0:3260")
        self.pause()
