# SPDX-License-Identifier: GPL-2.0
"""The guard of `make check`: what a command costs in events of the kernel, compared with
what is recorded. Nothing here is a time. A busy machine still has a say in how many commands
a batch has, so of some short rounds the best counts."""

import fnmatch
import os
import time

import cases
import counts
import load
import peers
from harness import Failure

HERE = os.path.dirname(os.path.abspath(__file__))
RECORD = HERE + "/recorded"
NAMES = ("sends", "receives", "allocations", "wakeups", "switches")
ROUNDS = 3
WORSE = 1.10
# Below that, per command, a difference is noise: thousands of commands, a few events.
FLOOR = 0.01


def recorded():
    """{(case, name): number}"""
    found = {}
    with open(RECORD, encoding="ascii") as file:
        for line in file:
            if line.strip() and not line.startswith("#"):
                case, *values = line.split()
                found.update({(case, name): float(value)
                              for name, value in zip(NAMES, values, strict=True)})
    return found


def measure(peer, wanted):
    """{(case, name): number per command}, the best of all rounds"""
    found = {}
    for setup, some in cases.by_setup(wanted):
        stores = peers.Stores(setup.store, setup.luns)
        peer.serve(stores.of(peer), setup.same)
        disks = peer.connect(setup.sessions, setup.luns, setup.same, setup.digests)
        for case in some:
            rounds = [one_round(peer, case, disks) for _ in range(ROUNDS)]
            for name in NAMES:
                found[case.name, name] = min(one[name] for one in rounds)
        peer.disconnect()
        peer.remove()
        stores.remove()
    return found


def one_round(peer, case, disks):
    counters = counts.Counters(peer)
    done = load.fio(disks, case.way, case.size, case.depth, ios=cases.GUARD[case.name])
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
    found = measure(peer, wanted)
    peer.unload()
    if arguments.record:
        for case in wanted:
            print(f"{case.name:24}" + " ".join(f"{found[case.name, name]:11.3f}"
                                               for name in NAMES))
        return 0
    limits = recorded()
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
