# SPDX-License-Identifier: GPL-2.0
"""A group of resources as clusters have it (target, units, address; stopped in reverse),
moved away and back again and again under a client that verifies what it reads."""

import contextlib
import signal
import subprocess

import guest
import harness
import initiator
import ocf
import target
from cases import case
from ocf import NOT_RUNNING, SUCCESS

ADDRESS = "203.0.113.80"
CYCLES = {"lio": 6, "lio-t": 2}
LOAD_LIMIT = 390        # seconds, as the case: it is stopped when the cycles are done
FIO_INTERRUPTED = 128   # and no job failed: each adds one


class Group:
    """The address comes last and goes first: no client sees a target without units."""

    def __init__(self, seen, implementation, disks):
        self.seen = seen
        self.members = [ocf.targets(implementation, portals=f"{ADDRESS}:3260")]
        self.members += [ocf.units(implementation, number, disk.path)
                         for number, disk in enumerate(disks)]
        self.turn = 0

    def call_all(self, members, action, wanted):
        for member in members:
            self.seen.expect(f"{action} of {member.instance}, turn {self.turn}",
                             member(action), wanted)

    def start(self):
        self.turn += 1
        self.call_all(self.members, "start", SUCCESS)
        self.call_all(self.members, "monitor", SUCCESS)
        harness.run("ip", "address", "add", ADDRESS + "/32", "dev", "lo")

    def leave(self):
        harness.run("ip", "address", "del", ADDRESS + "/32", "dev", "lo", ok=None)

    def stop(self):
        self.leave()
        self.call_all(reversed(self.members), "stop", SUCCESS)
        self.call_all(self.members, "monitor", NOT_RUNNING)


@contextlib.contextmanager
def verified_load(paths):
    """fio that writes and reads back, on every disk, until it is told to end; how it ends
    is how the client fared."""
    command = ["fio", *initiator.FIO_OPTIONS, "--minimal", "--output=/tmp/agents-fio",
               "--rw=randwrite", "--bs=16k", "--iodepth=8", "--verify=crc32c",
               "--verify_backlog=64", "--time_based", f"--runtime={LOAD_LIMIT}"]
    for number, path in enumerate(paths):
        command += [f"--name=disk{number}", f"--filename={path}", "--size=8m"]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, text=True, start_new_session=True) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                harness.kill_group(process.pid)


def follow(node, paths, group, cycles):
    """The client's load while the group moves; its exit status."""
    with verified_load(paths) as load:
        for _ in range(cycles):
            works(node, paths, load)
            group.stop()
            group.start()
        works(node, paths, load)
        load.send_signal(signal.SIGINT)
        _out, err = load.communicate(timeout=harness.patience(60))
    harness.check(load.returncode == FIO_INTERRUPTED,
                  f"fio ended with {load.returncode}: {err[-400:]}")


def works(node, paths, load):
    """The client is back, and writes."""
    harness.wait_for(lambda: node.negotiated("state") == "LOGGED_IN", "the client", 60)
    before = written(paths[0])
    harness.wait_for(lambda: load.poll() is not None or written(paths[0]) > before + 50,
                     "writes", 60)
    harness.check(load.poll() is None, f"fio ended by itself with {load.returncode}")


def written(path):
    return int(harness.read(f"/sys/block/{path.rsplit('/', 1)[1]}/stat").split()[4])


@case(("lio", "lio-t"), quick=(), limit=400)
def cycles(seen, implementation):
    with guest.Disk("a") as first, guest.Disk("b") as second, \
            contextlib.ExitStack() as held:
        group = Group(seen, implementation, (first, second))
        held.callback(group.leave)
        group.start()
        node = initiator.Node(ocf.Exported, f"{ADDRESS}:3260")
        node.edit({"node.session.timeo.replacement_timeout": "120",
                   "node.conn[0].timeo.noop_out_interval": "1",
                   "node.conn[0].timeo.noop_out_timeout": "1"})
        node.login()
        disks = node.disks(2)
        follow(node, [disks[0], disks[1]], group, CYCLES[implementation])
        node.logout()
        node.forget()
        group.stop()
        seen.expect("left", target.leftovers(), [])
