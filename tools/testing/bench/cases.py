# SPDX-License-Identifier: GPL-2.0
"""What is measured. Cases with the same set-up stand together: logging in takes longer
than a round.

Every case but those of depth 1 is there twice, with the two ways in which fio can ask
(load.py): its own defaults, and, with BATCH behind the name, many requests at a time."""

from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class Setup:
    """Disks and sessions. same: all targets negotiate the same, else their own defaults."""
    store: str = "ram"
    luns: int = 1
    sessions: int = 1
    same: bool = True
    digests: bool = False
    peers: tuple = ("tcm_iscsi", "iscsi_target_mod")


BATCH = "-batch"


@dataclass(frozen=True)
class Case:
    """way, size, depth, batch: of fio, on every disk. least: the ratio to iscsi_target_mod
    that has to be reached; of_nvmet: the one to nvmet-tcp."""
    name: str
    way: str
    size: str
    depth: int
    least: float = 1.0
    of_nvmet: float = None
    setup: Setup = field(default=Setup())
    batch: bool = False

    def base(self):
        return self.name.removesuffix(BATCH)


ALL = ("tcm_iscsi", "iscsi_target_mod", "nvmet-tcp", "tgt")
RAM = Setup()
NULL = Setup("null", peers=ALL)
DIGEST = Setup(digests=True)
DEFAULTS = Setup(same=False)
FILE = Setup("file")
LUNS = Setup(luns=8)


def pair(name, size, depth, setup, least, random=True, of_nvmet=None):
    """Reads and writes; least for both, or one for each."""
    reads, writes = least if isinstance(least, tuple) else (least, least)
    prefix = "rand" if random else ""
    return [Case(f"{name}-read", f"{prefix}read", size, depth, reads, of_nvmet, setup),
            Case(f"{name}-write", f"{prefix}write", size, depth, writes, None, setup)]


def both_ways(found):
    for case in found:
        yield case
        if case.depth > 1:
            yield replace(case, name=case.name + BATCH, batch=True)


CASES = tuple(both_ways(
    pair("4k-1", "4k", 1, RAM, 1.25) +
    pair("4k-32", "4k", 32, RAM, 1.6) +
    pair("4k-128", "4k", 128, RAM, 1.6) +
    pair("64k-8", "64k", 8, RAM, 1.0, False) +
    pair("256k-8", "256k", 8, RAM, (2.2, 1.3), False) +
    pair("null-4k-1", "4k", 1, NULL, 1.25) +
    pair("null-4k-32", "4k", 32, NULL, 1.6, of_nvmet=0.9) +
    pair("null-4k-128", "4k", 128, NULL, 1.6) +
    pair("null-64k-8", "64k", 8, NULL, 1.0, False) +
    pair("null-256k-8", "256k", 8, NULL, (2.2, 1.3), False, of_nvmet=0.85) +
    [Case("luns8-4k-4-mix", "mix", "4k", 4, 1.0, None, LUNS)] +
    pair("digest-4k-32", "4k", 32, DIGEST, 1.5) +
    pair("digest-256k-8", "256k", 8, DIGEST, 1.3, False) +
    pair("default-4k-32", "4k", 32, DEFAULTS, 1.0) +
    pair("default-256k-8", "256k", 8, DEFAULTS, 1.0, False) +
    pair("file-4k-32", "4k", 32, FILE, 1.0) +
    pair("file-256k-8", "256k", 8, FILE, 1.0, False) +
    pair("sessions8-4k-4", "4k", 4, Setup(sessions=8), 1.6) +
    pair("sessions64-4k-4", "4k", 4, Setup(sessions=64), 1.6)))

# What `make check` counts, with the number of requests of a round.
GUARD = {"4k-1-read": 1000, "4k-1-write": 1000, "4k-32-read": 3200, "4k-32-write": 3200,
         "256k-8-read": 400, "256k-8-write": 400, "default-256k-8-write": 400,
         "digest-4k-32-read": 1600, "null-4k-32-read": 3200}


def by_setup(cases):
    """[(setup, its cases)], in the order of the cases."""
    found = {}
    for case in cases:
        found.setdefault(case.setup, []).append(case)
    return list(found.items())
