# SPDX-License-Identifier: GPL-2.0
"""ocf:heartbeat:iSCSILogicalUnit, on a target that iSCSITarget started."""

import contextlib
import glob
import os
import subprocess

import guest
import harness
import initiator
import ocf
import target
import tree
from cases import case
from ocf import CONFIGURED, GENERIC, IMPLEMENTATIONS, NOT_RUNNING, SUCCESS
from session import Session, report_luns
from test_target import ACTIONS, GROUP, OTHER, described


@contextlib.contextmanager
def started(seen, implementation, **parameters):
    """A target that runs."""
    agent = ocf.targets(implementation, **parameters)
    seen.require("target: start", agent("start"), SUCCESS)
    yield agent
    seen.expect("target: stop", agent("stop"), SUCCESS)
    seen.expect("left", target.leftovers(), [])


@case(IMPLEMENTATIONS)
def describes_itself(seen, implementation):
    described(seen, ocf.units(implementation, 0, "/dev/null"), ACTIONS)


@case(IMPLEMENTATIONS, quick=("lio",))
def validates(seen, implementation):
    with guest.Disk("a") as disk:
        agent = ocf.units(implementation, 0, disk.path)
        seen.expect("all is well", agent("validate-all"), SUCCESS)
        for name in ("target_iqn", "lun", "path"):
            agent = ocf.units(implementation, 0, disk.path)
            agent.parameters[name] = None
            seen.expect(f"without {name}", agent("validate-all"), CONFIGURED)
            seen.expect(f"start without {name}", agent("start"), CONFIGURED)
    seen.expect("nothing was made", tree.stores(), [])


@case(IMPLEMENTATIONS, quick=IMPLEMENTATIONS)
def lives(seen, implementation):
    with started(seen, implementation), guest.Disk("a") as disk:
        agent = ocf.units(implementation, 0, disk.path, scsi_sn="0a1b2c3d")
        seen.expect("monitor before", agent("monitor"), NOT_RUNNING)
        seen.expect("stop before", agent("stop"), SUCCESS)
        seen.require("start", agent("start"), SUCCESS)
        seen.expect("monitor", agent("monitor"), SUCCESS)
        there = tree.whole()
        seen.note("tree", there)
        seen.expect("start again", agent("start"), SUCCESS)
        seen.expect("tree after start again", tree.whole(), there)
        node = initiator.Node(ocf.Exported, portal_of())
        with node:
            disk_path = node.disks()[0]
            seen.expect("serial number", "0a1b2c3d" in harness.run(
                "sg_vpd", "--page=sn", disk_path).stdout, True)
            seen.expect("a write", dd(disk_path), 0)
        seen.expect("stop", agent("stop"), SUCCESS)
        seen.expect("monitor after", agent("monitor"), NOT_RUNNING)
        seen.expect("stop again", agent("stop"), SUCCESS)
        seen.expect("devices left", tree.stores(), [])


def portal_of():
    """By which the group is reached: an agent may make [::0] of 0.0.0.0."""
    names = os.listdir(GROUP + "/np")
    return "127.0.0.1:3260" if "127.0.0.1:3260" in names else names[0]


def dd(path, seconds=30):
    return harness.run("dd", "if=/dev/zero", f"of={path}", "bs=64k", "count=16",
                       "oflag=direct", ok=None, seconds=seconds).returncode


@case(IMPLEMENTATIONS, quick=("lio",))
def without_a_target(seen, implementation):
    """The start fails; the device that it made is an error until a stop takes it away."""
    with guest.Disk("a") as disk:
        agent = ocf.units(implementation, 3, disk.path)
        seen.expect("start", agent("start"), GENERIC)
        seen.note("monitor", agent("monitor"))
        seen.note("devices", tree.stores())
        seen.expect("stop", agent("stop"), SUCCESS)
        seen.expect("monitor after", agent("monitor"), NOT_RUNNING)
        seen.expect("devices left", tree.stores(), [])
        remove_empty()


def remove_empty():
    """A target without anything that an agent left."""
    target.wipe()
    for store in glob.glob(target.CORE + "/*_*/*/control"):
        os.rmdir(os.path.dirname(store))


@case(IMPLEMENTATIONS)
def without_its_disk(seen, implementation):
    with started(seen, implementation):
        agent = ocf.units(implementation, 0, "/dev/agents-not-there")
        seen.expect("monitor", agent("monitor"), NOT_RUNNING)
        seen.expect("start", agent("start"), GENERIC)
        seen.expect("monitor after", agent("monitor"), NOT_RUNNING)
        seen.expect("stop", agent("stop"), SUCCESS)
        seen.expect("devices left", tree.stores(), [])


@case(IMPLEMENTATIONS, quick=("lio",))
def several(seen, implementation):
    """One is stopped under a client that goes on with the others."""
    numbers = (0, 1, 255) if implementation == "lio" else (0, 5)
    with started(seen, implementation), contextlib.ExitStack() as stack:
        agents = {}
        for number in numbers:
            disk = stack.enter_context(guest.Disk(str(number)))
            agents[number] = ocf.units(implementation, number, disk.path)
            seen.require(f"start of {number}", agents[number]("start"), SUCCESS)
        seen.note("tree", tree.whole())
        node = initiator.Node(ocf.Exported, portal_of())
        node.login()
        disks = node.disks(len(numbers))
        seen.expect("disks", sorted(disks), sorted(numbers))
        first, *rest = numbers
        seen.expect("stop of the first", agents[first]("stop"), SUCCESS)
        for number in numbers:
            wanted = NOT_RUNNING if number == first else SUCCESS
            seen.expect(f"monitor of {number}", agents[number]("monitor"), wanted)
        seen.expect("the first is gone", dd(disks[first]) != 0, True)
        for number in rest:
            seen.expect(f"writes to {number}", dd(disks[number]), 0)
        seen.expect("start of the first", agents[first]("start"), SUCCESS)
        seen.expect("it is back", dd(disks[first]), 0)
        for number in numbers:
            seen.expect(f"stop of {number}", agents[number]("stop"), SUCCESS)
        node.logout()
        node.forget()


@case(IMPLEMENTATIONS, quick=("lio",))
def stops_under_load(seen, implementation):
    """With commands under way: the stop waits for them and no longer."""
    with started(seen, implementation), guest.Disk("a") as disk:
        agent = ocf.units(implementation, 0, disk.path)
        seen.require("start", agent("start"), SUCCESS)
        node = initiator.Node(ocf.Exported, portal_of())
        node.login()
        path = node.disks()[0]
        for turn in range(2):
            with load_on(path) as load:
                seen.expect(f"stop {turn}", agent("stop"), SUCCESS)
                seen.expect(f"devices left {turn}", tree.stores(), [])
                load.wait(harness.patience(30))
            seen.expect(f"the load ended {turn}", load.returncode != 0, True)
            seen.expect(f"start {turn}", agent("start"), SUCCESS)
            seen.expect(f"writes {turn}", dd(path), 0)
        seen.expect("stop", agent("stop"), SUCCESS)
        node.logout()
        node.forget()


@contextlib.contextmanager
def load_on(path):
    """fio that writes until the disk fails."""
    command = ["fio", "--name=load", f"--filename={path}", "--rw=randwrite", "--bs=4k",
               "--ioengine=libaio", "--iodepth=16", "--direct=1", "--time_based",
               "--runtime=60", "--minimal", "--output=/dev/null"]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, start_new_session=True) as process:
        try:
            harness.wait_for(lambda: busy(path), "the load")
            yield process
        finally:
            if process.poll() is None:
                harness.kill_group(process.pid)


def busy(path):
    fields = harness.read(f"/sys/block/{os.path.basename(path)}/stat").split()
    return int(fields[4]) > 100


@case(IMPLEMENTATIONS)
def allowed_initiators(seen, implementation):
    """The unit is mapped for the initiators that it names, and for no other."""
    with guest.Disk("a") as first, guest.Disk("b") as second:
        with started(seen, implementation, allowed_initiators=initiator.NAME
                     if implementation == "lio" else None):
            if implementation == "lio-t":
                harness.write(GROUP + "/attrib/generate_node_acls", "0")
                harness.write(GROUP + "/attrib/authentication", "0")
            mine = ocf.units(implementation, 0, first.path, allowed_initiators=initiator.NAME)
            theirs = ocf.units(implementation, 1, second.path, allowed_initiators=OTHER)
            seen.require("start of mine", mine("start"), SUCCESS)
            seen.expect("start of theirs", theirs("start"), SUCCESS)
            seen.note("tree", tree.whole())
            with Session(ocf.Exported.iqn, initiator.NAME) as conn:
                data = conn.command(report_luns(512), read=512).data
                seen.expect("what I see", sorted(int.from_bytes(data[at:at + 2], "big")
                                                 for at in range(8, len(data), 8)), [0])
            seen.expect("monitor of theirs", theirs("monitor"), SUCCESS)
            seen.expect("stop of mine", mine("stop"), SUCCESS)
            seen.expect("stop of theirs", theirs("stop"), SUCCESS)
            seen.note("tree after", tree.whole())


@case(IMPLEMENTATIONS)
def write_protected(seen, implementation):
    """No agent has a parameter for it; what an administrator sets beside it is kept, and
    in nobody's way."""
    with started(seen, implementation), guest.Disk("a") as disk:
        agent = ocf.units(implementation, 0, disk.path)
        seen.require("start", agent("start"), SUCCESS)
        harness.write(GROUP + "/attrib/demo_mode_write_protect", "1")
        harness.write(GROUP + "/attrib/cache_dynamic_acls", "0")
        with initiator.Node(ocf.Exported, portal_of()) as node:
            path = node.disks()[0]
            name = os.path.basename(path)
            harness.wait_for(lambda: harness.read(f"/sys/block/{name}/ro") == "1\n",
                             "the protection")
            seen.expect("a write", dd(path) != 0, True)
        seen.expect("monitor", agent("monitor"), SUCCESS)
        seen.expect("start again", agent("start"), SUCCESS)
        seen.expect("still protected", harness.read(GROUP + "/attrib/demo_mode_write_protect"),
                    "1\n")
        seen.expect("stop", agent("stop"), SUCCESS)


@case(("lio-t",))
def emulation(seen, implementation):
    """Attributes that the agent writes, and the product that it names."""
    with started(seen, implementation), guest.Disk("a") as disk:
        agent = ocf.units(implementation, 0, disk.path, emulate_3pc=0, emulate_caw=0,
                          product_id="cluster-disk")
        seen.require("start", agent("start"), SUCCESS)
        seen.note("tree", tree.stores())
        seen.expect("emulate_3pc", harness.read(
            f"{target.CORE}/iblock_0/{agent.instance}/attrib/emulate_3pc"), "0\n")
        with initiator.Node(ocf.Exported, portal_of()) as node:
            seen.expect("product", "cluster-disk" in harness.run(
                "sg_inq", node.disks()[0]).stdout, True)
        seen.expect("stop", agent("stop"), SUCCESS)


@case(("fileio", "pscsi"))
def backing(seen, kind):
    """liot_bstype; pscsi passes through to a disk of scsi_debug."""
    with started(seen, "lio-t"), contextlib.ExitStack() as stack:
        path = "/tmp/agents-file" if kind == "fileio" else stack.enter_context(scsi_disk())
        if kind == "fileio":
            with open(path, "wb") as file:
                file.truncate(16 << 20)
        agent = ocf.units("lio-t", 0, path, liot_bstype=kind)
        seen.expect("start", agent("start"), SUCCESS)
        seen.expect("monitor", agent("monitor"), SUCCESS)
        seen.note("tree", tree.of(GROUP + "/lun"))
        with initiator.Node(ocf.Exported, portal_of()) as node:
            seen.expect("a write", dd(node.disks()[0]), 0)
        seen.expect("stop", agent("stop"), SUCCESS)
        seen.expect("monitor after", agent("monitor"), NOT_RUNNING)
        seen.expect("devices left", tree.stores(), [])
        remove_empty()


@contextlib.contextmanager
def scsi_disk():
    harness.run("modprobe", "scsi_debug", "dev_size_mb=16", "delay=0", seconds=60)
    try:
        found = harness.wait_for(lambda: glob.glob(
            "/sys/bus/pseudo/drivers/scsi_debug/adapter*/host*/target*/*/block/*"), "the disk")
        path = "/dev/" + os.path.basename(found[0])
        harness.wait_for(lambda: initiator.can_be_opened(path), "its node")
        yield path
    finally:
        harness.run("rmmod", "scsi_debug", seconds=60)


@case(IMPLEMENTATIONS)
def another_path(seen, implementation):
    """The device is there, but of another disk: not ours, and not to be taken over."""
    with started(seen, implementation), guest.Disk("a") as first, guest.Disk("b") as second:
        agent = ocf.units(implementation, 0, first.path, instance="unit")
        wrong = ocf.units(implementation, 0, second.path, instance="unit")
        seen.require("start", agent("start"), SUCCESS)
        seen.expect("monitor of the other", wrong("monitor"), GENERIC)
        seen.expect("start of the other", wrong("start"), GENERIC)
        seen.expect("monitor", agent("monitor"), SUCCESS)
        seen.expect("stop", agent("stop"), SUCCESS)
