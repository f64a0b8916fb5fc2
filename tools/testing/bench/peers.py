# SPDX-License-Identifier: GPL-2.0
"""The targets that are compared, all of them loaded and configured at the same time, each
on a port of its own, and what connects to them: open-iscsi or nvme-tcp."""

import glob
import os
import re
import subprocess

import harness
import initiator
import target
from harness import Failure, read, run, wait_for, write
from target import ADDRESS, CORE, Backstore, Target

CONFIG = "/sys/kernel/config"
MIB = 64                    # of every RAM disk
QUEUE = 128                 # commands that open-iscsi has under way in a session

# What all iSCSI targets are told to negotiate, so that they do the same work.
SAME = {"InitialR2T": "No", "ImmediateData": "Yes", "FirstBurstLength": "262144",
        "MaxBurstLength": "1048576", "MaxRecvDataSegmentLength": "262144",
        "MaxOutstandingR2T": "1"}
# Of open-iscsi, whatever the target says.
INITIATOR = {**SAME, "MaxXmitDataSegmentLength": "0"}
# Kept by workers that serve all of the kernel; of the bound ones at normal priority only
# target_core makes much use. The names of trace filters have no alternatives.
WORKER = r"kworker/\d+:\d+(-.*)?"
WORKERS = ("kworker/0:[0-9]", "kworker/0:[0-9][0-9]")


class Null:
    """A null_blk device: it completes at once, from a softirq, and keeps no data."""

    def __init__(self, name, mib=1024):
        if not os.path.isdir(f"{CONFIG}/nullb"):
            run("modprobe", "null_blk", "nr_devices=0")
        before = set(glob.glob("/sys/block/nullb*") + glob.glob("/sys/block/bench-*"))
        self.dir = f"{CONFIG}/nullb/{name}"
        os.mkdir(self.dir)
        for key, value in (("size", mib), ("blocksize", 4096), ("memory_backed", 0),
                           ("queue_mode", 2), ("irqmode", 1), ("power", 1)):
            write(f"{self.dir}/{key}", str(value))
        new = set(glob.glob("/sys/block/nullb*") + glob.glob("/sys/block/bench-*")) - before
        self.path = "/dev/" + os.path.basename(new.pop())
        wait_for(lambda: os.path.exists(self.path), self.path)

    def remove(self):
        write(f"{self.dir}/power", "0")
        os.rmdir(self.dir)


def sysfs(disk, name, value):
    write(f"/sys/block/{os.path.basename(disk)}/queue/{name}", value)


def prepare_disk(disk):
    """No scheduler of the initiator's, and nothing merged: what fio asks is what goes."""
    sysfs(disk, "scheduler", "none")
    sysfs(disk, "nomerges", "2")


class Iscsi:
    """What targets have in common that open-iscsi logs in to."""

    def __init__(self, name, port):
        self.name = name
        self.port = port
        self.portal = f"{ADDRESS}:{port}"
        self.node = None

    def connect(self, sessions, luns, same, digests, first_lun=0):
        """Log in; paths of the disks, session by session."""
        self.node = initiator.Node(self.target, self.portal)
        digest = "CRC32C" if digests else "None"
        values = {"HeaderDigest": digest, "DataDigest": digest}
        if same:
            values.update(INITIATOR)
        settings = {f"node.{part}.iscsi.{name}": value for name, value in values.items()
                    for part in ("session", "conn[0]")}
        settings["node.session.nr_sessions"] = str(sessions)
        if same:
            settings["node.session.cmds_max"] = str(2 * QUEUE)
            settings["node.session.queue_depth"] = str(QUEUE)
        self.node.edit(settings)
        before = set(initiator.kernel_sessions())
        run("iscsiadm", *self.node.where, "--login", seconds=60 + sessions, merge=True)
        mine = sorted(set(initiator.kernel_sessions()) - before, key=lambda s: int(s[7:]))
        harness.equal(len(mine), sessions, "sessions of " + self.name)
        disks = []
        for self.node.session in mine:
            found = self.node.disks(luns)
            disks += [found[first_lun + lun] for lun in range(luns)]
        for disk in disks:
            prepare_disk(disk)
        return disks

    def negotiated(self):
        names = ("initial_r2t", "immediate_data", "first_burst_len", "max_burst_len",
                 "max_recv_dlength", "max_xmit_dlength", "max_outstanding_r2t", "header_digest",
                 "data_digest")
        return {name: self.node.negotiated(name) for name in names}

    def disconnect(self):
        run("iscsiadm", *self.node.where, "--logout", seconds=90)
        self.node.forget()
        self.node = None


class Lio(Iscsi):
    """A module below target_core."""

    def __init__(self, module, fabric, port, threads, comms):
        super().__init__(module, port)
        self.module = module
        self.fabric = fabric
        self.own = threads
        self.threads = f"{threads}|{WORKER}"
        self.comms = (*comms, *WORKERS)
        self.target = None

    def load(self):
        if not harness.module_loaded(self.module):
            run("modprobe", self.module,
                *([f"fabric={self.fabric}"] if self.fabric != "iscsi" else []))

    def serve(self, stores, same):
        self.target = Target(self.fabric, portals=(self.portal,), enable=False,
                             fabric_name=self.fabric)
        self.target.attrib("default_cmdsn_depth", 2 * QUEUE) if same else None
        for number, store in enumerate(stores):
            self.target.export(number, store)
        for name, value in (SAME if same else {}).items():
            self.target.param(name, value)
        self.target.enable()

    def remove(self):
        self.target.remove()

    def unload(self):
        target.remove(f"{target.ROOT}/{self.fabric}")
        run("rmmod", self.module)


def ours():
    return Lio("tcm_iscsi", "bench", 3261, r"tiscsi.*", ("tiscsi*",))


def kernels():
    return Lio("iscsi_target_mod", "iscsi", 3262, r"iscsi_(np|trx|ttx)", ("iscsi_[nt]*",))


class Tgt(Iscsi):
    """tgtd, in user space. Its disks begin at LUN 1."""

    class Iqn:
        iqn = target.IQN + "tgt"

    def __init__(self):
        super().__init__("tgt", 3263)
        self.target = self.Iqn
        self.process = None

    def load(self):
        initiator.need("tgtd")

    def admin(self, *words):
        run("tgtadm", "--lld", "iscsi", *words)

    def serve(self, stores, same):
        self.process = subprocess.Popen(  # pylint: disable=consider-using-with
            ["tgtd", "-f", "--iscsi", f"portal={self.portal}"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(lambda: run("tgtadm", "--lld", "iscsi", "--mode", "system", "--op", "show",
                             ok=None).returncode == 0, "tgtd")
        tid = ("--tid", "1")
        self.admin("--mode", "target", "--op", "new", *tid, "-T", self.target.iqn)
        for number, store in enumerate(stores, 1):
            self.admin("--mode", "logicalunit", "--op", "new", *tid, "--lun", str(number),
                       "-b", store.path, "--bstype", "rdwr", "--bsoflags", "direct",
                       "--blocksize", "4096")
        for name, value in (SAME if same else {}).items():
            self.admin("--mode", "target", "--op", "update", *tid, "--name", name,
                       "--value", value)
        self.admin("--mode", "target", "--op", "bind", *tid, "-I", "ALL")

    def connect(self, sessions, luns, same, digests, first_lun=1):
        return super().connect(sessions, luns, same, digests, first_lun)

    def remove(self):
        self.admin("--mode", "target", "--op", "delete", "--force", "--tid", "1")
        run("tgtadm", "--mode", "system", "--op", "delete", ok=None)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def unload(self):
        pass


class Nvmet:
    """nvmet-tcp, and nvme-tcp for it: what a modern target of the kernel costs."""

    NQN = "nqn.2026-11.test:bench"
    PORT = "4420"

    def __init__(self):
        self.name = "nvmet-tcp"
        self.controller = None
        self.subsystem = f"{CONFIG}/nvmet/subsystems/{self.NQN}"
        self.port_dir = f"{CONFIG}/nvmet/ports/1"

    def load(self):
        for name in ("nvmet-tcp", "nvme-tcp"):
            run("modprobe", name)

    def serve(self, stores, _same):
        os.mkdir(self.subsystem)
        write(f"{self.subsystem}/attr_allow_any_host", "1")
        for number, store in enumerate(stores, 1):
            namespace = f"{self.subsystem}/namespaces/{number}"
            os.mkdir(namespace)
            write(f"{namespace}/device_path", store.path)
            write(f"{namespace}/enable", "1")
        os.mkdir(self.port_dir)
        for name, value in (("trtype", "tcp"), ("adrfam", "ipv4"), ("traddr", ADDRESS),
                            ("trsvcid", self.PORT)):
            write(f"{self.port_dir}/addr_{name}", value)
        os.symlink(self.subsystem, f"{self.port_dir}/subsystems/{self.NQN}")

    def connect(self, sessions, luns, _same, digests):
        harness.equal(sessions, 1, "sessions")
        options = (f"transport=tcp,traddr={ADDRESS},trsvcid={self.PORT},nqn={self.NQN},"
                   f"nr_io_queues=1,queue_size={QUEUE}")
        if digests:
            options += ",hdr_digest,data_digest"
        fd = os.open("/dev/nvme-fabrics", os.O_RDWR)
        try:
            os.write(fd, options.encode())
            answer = os.read(fd, 100).decode()
        finally:
            os.close(fd)
        instance = re.search(r"instance=(\d+)", answer)
        if not instance:
            raise Failure(f"/dev/nvme-fabrics: {answer}")
        self.controller = f"/sys/class/nvme/nvme{instance.group(1)}"
        pattern = f"{self.controller}/nvme*n*"
        wait_for(lambda: len(glob.glob(pattern)) >= luns, "namespaces")
        disks = ["/dev/" + os.path.basename(path) for path in sorted(glob.glob(pattern))]
        for disk in disks:
            wait_for(lambda path=disk: initiator.can_be_opened(path), disk)
            prepare_disk(disk)
        return disks

    def disconnect(self):
        write(f"{self.controller}/delete_controller", "1")

    def remove(self):
        os.unlink(f"{self.port_dir}/subsystems/{self.NQN}")
        os.rmdir(self.port_dir)
        for namespace in glob.glob(f"{self.subsystem}/namespaces/*"):
            os.rmdir(namespace)
        os.rmdir(self.subsystem)

    def unload(self):
        pass


class Stores:
    """The disks that all peers of a set-up share. ram: target_core's own; null: null_blk
    (through iblock below target_core); file: fileio on a file in memory."""

    def __init__(self, kind, count):
        self.nulls = []
        self.stores = []
        for number in range(count):
            if kind == "null":
                self.nulls.append(Null(f"bench-{number}"))
                self.stores.append(Backstore(f"null{number}", "block",
                                             path=self.nulls[-1].path))
            elif kind == "file":
                self.stores.append(Backstore(f"file{number}", "file", MIB))
            else:
                self.stores.append(Backstore(f"ram{number}", "ramdisk", MIB))

    def of(self, peer):
        return self.stores if isinstance(peer, Lio) else self.nulls

    def remove(self):
        for store in self.stores:
            store.remove()
        for null in self.nulls:
            null.remove()


def backstores_left():
    return glob.glob(f"{CORE}/*_900")
