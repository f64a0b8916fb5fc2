# SPDX-License-Identifier: GPL-2.0
"""The guard of `make check`: what a command costs in events of the kernel, compared with
what is recorded. Nothing here is a time, and requests come in lockstep: how many of them find
the target awake is then no matter of how fast this kernel and its machine are, so the
figures are those of any kernel, the slow ones that look for errors included. What is left
of chance makes a round worse, never better: a case that looks worse gets more rounds, and
the best counts. What their scheduling policy saves when requests come one by one is not
seen this way, so that is asked for by name."""

import fnmatch
import os
import time

import cases
import counts
import load
import peers
from harness import Failure, equal

HERE = os.path.dirname(os.path.abspath(__file__))
RECORD = HERE + "/recorded"
NAMES = ("sends", "receives", "allocations", "wakeups", "switches")
ROUNDS = 2
MORE_ROUNDS = 6
WORSE = 1.10
# Below that, per command, a difference is noise: thousands of commands, a few events.
FLOOR = 0.004


def recorded():
    """{(case, name): number}; "-" is any number."""
    found = {}
    with open(RECORD, encoding="ascii") as file:
        for line in file:
            if line.strip() and not line.startswith("#"):
                case, *values = line.split()
                found.update({(case, name): float("inf" if value == "-" else value)
                              for name, value in zip(NAMES, values, strict=True)})
    return found


def measure(peer, wanted, limits):
    """{(case, name): number per command}, the best of all rounds; limits: the same"""
    found = {}
    for setup, some in cases.by_setup(wanted):
        stores = peers.Stores(setup.store, setup.luns)
        peer.serve(stores.of(peer), setup.same)
        disks = peer.connect(setup.sessions, setup.luns, setup.same, setup.digests)
        for pid in counts.threads(r"tiscsi/\d+\.\d+"):
            equal(os.sched_getscheduler(pid), os.SCHED_BATCH, "policy of a connection's thread")
        for case in some:
            for number in range(ROUNDS + MORE_ROUNDS):
                if number >= ROUNDS and not any(worse(found[key], limits[key])
                                                for key in limits if key[0] == case.name):
                    break
                for name, value in one_round(peer, case, disks).items():
                    found[case.name, name] = min(value, found.get((case.name, name), value))
        peer.disconnect()
        peer.remove()
        stores.remove()
    return found


def one_round(peer, case, disks):
    counters = counts.Counters(peer)
    done = load.fio(disks, case, ios=cases.GUARD[case.name], lockstep=True)
    totals = counters.close()
    return {name: totals[name] / done.ios for name in NAMES}


def worse(value, limit):
    return value > limit * WORSE + FLOOR


def run(peer, arguments):
    if not counts.available():
        raise Failure("this kernel has no trace events to count with")
    wanted = [case for case in cases.CASES if case.name in cases.GUARD and
              (not arguments.only or
               any(fnmatch.fnmatch(case.name, glob) for glob in arguments.only))]
    began = time.monotonic()
    peer.load()
    limits = {} if arguments.record else recorded()
    found = measure(peer, wanted, limits)
    peer.unload()
    if arguments.record:
        for case in wanted:
            print(f"{case.name:24}" + " ".join(f"{found[case.name, name]:11.3f}"
                                               for name in NAMES))
        return 0
    failed = 0
    print(f"1..{len(found)}")
    for number, (key, value) in enumerate(found.items(), 1):
        bad = worse(value, limits[key])
        failed += bad
        print(f"{'not ok' if bad else 'ok'} {number} {key[0]}: {key[1]}"
              f" # {value:.3f} per command, recorded {limits[key]:.3f}")
    print(f"# {time.monotonic() - began:.0f} s")
    print(f"{len(found) - failed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0
