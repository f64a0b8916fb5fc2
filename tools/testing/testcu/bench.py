# SPDX-License-Identifier: GPL-2.0
"""A target for the tests, and everything around one of them: the other set-up that
some ask for, digests, what is left afterwards. All of it is bounded in time: a
module that hangs must not stop the run."""

import os
import signal
import time

import harness
import initiator
import suite
import target
from harness import patience, read, write
from initiator import Node
from relay import INWARD, OUTWARD, Relay
from suite import FAIL, PASS, SKIP, Verdict
from target import ADDRESS, PORT, ROOT, Acl, Backstore, Target

RDWR, PROTECTED = 0, 1      # LUNs
MIB = 64


def bounded(function, seconds=20):
    """Call it in a process of its own: True if it came back, False if it has to be
    left alone, because what waits in the kernel cannot be killed."""
    pid = os.fork()
    if not pid:
        status = 1
        try:
            function()
            status = 0
        except Exception as error:      # pylint: disable=broad-except
            print(f"# {error}", flush=True)
        os._exit(status)
    end = time.monotonic() + patience(seconds)
    while time.monotonic() < end:
        done, raw = os.waitpid(pid, os.WNOHANG)
        if done:
            return raw == 0
        time.sleep(0.01)
    os.kill(pid, signal.SIGKILL)
    return False


def load(module):
    """As the only one of the two."""
    target.module = module
    target.load()
    # A SCSI target with persistent reservations keeps them in files there.
    os.makedirs(read(ROOT + "/dbroot").strip() + "/pr", exist_ok=True)


def unload():
    return bounded(target.unload)


def device_of(node, lun):
    """The disk of a session; if it is read-only, by the driver that opens it for
    writing nevertheless."""
    path = node.disks(2)[lun]
    if lun == PROTECTED:
        name = os.listdir(f"/sys/block/{os.path.basename(path)}/device/scsi_generic")[0]
        path = f"/dev/{name}"
    return path


class Bench:
    """A target with two portals, a disk that may be overwritten, and another one
    that is read-only. With digests, libiscsi goes through a relay and the kernel's
    initiator negotiates them itself."""

    serial = 0

    def __init__(self, digests):
        Bench.serial += 1
        self.digests = digests
        self.ports = [PORT + 2 * Bench.serial, PORT + 2 * Bench.serial + 1]
        self.portals = [f"{ADDRESS}:{port}" for port in self.ports]
        self.nodes = []
        self.relay = None
        self.broken = ""
        self.target = Target(f"cu{Bench.serial}", portals=self.portals, demo=False, enable=False)
        self.disk(RDWR)
        self.disk(PROTECTED)
        for name in suite.INITIATORS + (initiator.NAME,):
            acl = Acl(self.target, name)
            acl.map(0, RDWR)
            acl.map(1, PROTECTED, protect=True)
        if digests:
            # libiscsi offers None first, and the first that both can is taken.
            self.target.param("HeaderDigest", "CRC32C")
            self.target.param("DataDigest", "CRC32C,None")
            self.relay = Relay([(ADDRESS, port) for port in self.ports])
        self.target.enable()

    def disk(self, number):
        """As much as target_core can do with a file."""
        store = Backstore(f"cu{Bench.serial}-{number}", "file", MIB)
        self.target.stores.append(store)
        # EXTENDED COPY and multipath know a disk by its serial number, which it has
        # to have before it is exported.
        write(f"{store.dir}/wwn/vpd_unit_serial", f"testcu-{Bench.serial}-{number}")
        for name in ("emulate_tpu", "emulate_tpws"):
            write(f"{store.dir}/attrib/{name}", "1")
        self.target.export(number, store)

    # -- ways to the disk --

    def urls(self, test, lun, paths):
        if test.kernel:
            return [device_of(node, lun) for node in self.kernel_nodes(paths)]
        ports = self.relay.ports if self.relay else self.ports
        return [f"iscsi://{ADDRESS}:{port}/{self.target.iqn}/{lun}" for port in ports[:paths]]

    def kernel_nodes(self, count):
        """Sessions of the kernel's initiator, made when somebody needs them."""
        digest = "CRC32C" if self.digests else "None"
        harness.run("modprobe", "sg")
        while len(self.nodes) < count:
            node = Node(self.target, portal=self.portals[len(self.nodes)], HeaderDigest=digest,
                        DataDigest=digest)
            self.nodes.append(node)
            node.login()
            for name in ("header_digest", "data_digest"):
                on = node.negotiated(name) == "1"
                harness.equal(on, self.digests, name)
        return self.nodes[:count]

    # -- tests --

    OTHERWISE = (("Multipath unavailable", RDWR, 2), ("not write-protected", PROTECTED, 1))

    def run(self, test):
        """The verdict of one test; again in another set-up if it asks for one."""
        verdict = self.once(test, RDWR, 1)
        for text, lun, paths in self.OTHERWISE:
            if verdict.word == SKIP and text in verdict.reason and not self.broken:
                verdict = self.once(test, lun, paths)
        return verdict

    def once(self, test, lun, paths):
        log = harness.KernelLog()
        harness.note(f"begin {test.name}, {target.module}, digests {self.digests}")
        try:
            urls = self.urls(test, lun, paths)
        except (harness.Failure, OSError) as error:
            self.broken = f"the kernel's initiator: {error}"
            return Verdict(FAIL, self.broken)
        self.blank()
        status, text, seconds = suite.execute(test, urls)
        verdict = suite.judge(status, text, seconds)
        wrong = [] if status is not None else ["time limit"]
        if not test.kernel:
            wrong += self.afterwards(verdict)
        complaints = log.matching(harness.COMPLAINT)
        log.close()
        if complaints:
            wrong.append("the kernel complained: " + complaints[0])
        if wrong and verdict.word != FAIL:
            verdict = Verdict(FAIL, "; ".join(wrong), seconds, text)
        # Whatever it was, the next test shall not suffer from it.
        self.broken = self.broken or (wrong[0] if wrong else "")
        return verdict

    def blank(self):
        """Every test finds an empty disk: some count on what they have not written."""
        for store in self.target.stores:
            os.truncate(store.file, 0)
            os.truncate(store.file, store.bytes)

    def afterwards(self, verdict):
        wrong = []
        if self.relay:
            count = self.relay.collect()
            wrong += count.errors[:3]
            silent = not (count.header[OUTWARD] and count.header[INWARD] and count.data[INWARD])
            if silent and verdict.word in (PASS, SKIP):
                wrong.append(f"no digests on the wire: {count}")
            Bench.totals.append(count)
        rest = len(self.nodes)
        end = time.monotonic() + patience(10)
        while self.target.sessions() > rest and time.monotonic() < end:
            time.sleep(0.01)
        if self.target.sessions() > rest:
            wrong.append("the session does not end")
        return wrong

    totals = []

    def remove(self):
        """False if the target cannot be removed and stays."""
        if self.relay:
            self.relay.stop()
        for node in self.nodes:
            if not bounded(lambda: (node.logout(), node.forget()), 30):
                self.broken = self.broken or "the kernel's initiator does not log out"
        return bounded(self.target.remove, 30)
