# SPDX-License-Identifier: GPL-2.0
"""Data integrity through open-iscsi and fio, over what can be negotiated."""

import itertools

import harness
import initiator
from harness import equal
from initiator import Node
from target import Target

SIZES = (512, 4096, 65536, 262144, 1048576)     # of bursts
# Many small ones: sizes at random would be a few large ones and nothing else.
BLOCKS = "4k/50:8k/14:20k/12:64k/12:256k/8:1m/4"


def choices():
    """Every choice of digests, ImmediateData and InitialR2T."""
    names = ("HeaderDigest", "DataDigest", "ImmediateData", "InitialR2T")
    for values in itertools.product(("None", "CRC32C"), ("None", "CRC32C"), ("Yes", "No"),
                                    ("Yes", "No")):
        yield dict(zip(names, values))


def combinations():
    """Each choice once, with bursts that change from one to the next so that each
    size meets each of the values."""
    for number, values in enumerate(choices()):
        longest = SIZES[(number + number // 4) % len(SIZES)]
        first = min(longest, SIZES[number * 3 % len(SIZES)])
        yield values | {"FirstBurstLength": first, "MaxBurstLength": longest}


def all_combinations():
    """Each choice with each pair of bursts that the protocol allows."""
    for values, longest in itertools.product(choices(), SIZES):
        for first in SIZES[:SIZES.index(longest) + 1]:
            yield values | {"FirstBurstLength": first, "MaxBurstLength": longest}


def configure(target, values):
    """The target's own limits: what it answers, where the initiator offers more."""
    for name, value in values.items():
        text = str(value)
        if name.endswith("Digest"):
            text = value if value == "CRC32C" else "CRC32C,None"
        target.param(name, text)
    target.param("MaxXmitDataSegmentLength", max(512, min(values["MaxBurstLength"], 262144)))


def open_iscsi_settings(values):
    """open-iscsi offers the same, but does not go below 512 nor above its limits."""
    result = dict(values)
    result["MaxRecvDataSegmentLength"] = 8192 if values["MaxBurstLength"] < 65536 else 262144
    return result


def verify(node, size):
    """Both disks at the same time."""
    jobs = []
    for lun, disk in sorted(node.disks(2).items()):
        jobs += [f"--name=lun{lun}", f"--filename={disk}", "--rw=randwrite", f"--bssplit={BLOCKS}",
                 "--ba=4k", "--verify=crc32c", f"--size={size}", f"--randseed={size + lun}",
                 "--iodepth=32", *initiator.FIO_OPTIONS]
    initiator.fio(*jobs)


def one(target, values, size):
    configure(target, values)
    with Node(target, **open_iscsi_settings(values)) as node:
        shown = {"HeaderDigest": node.negotiated("header_digest"),
                 "DataDigest": node.negotiated("data_digest"),
                 "ImmediateData": node.negotiated("immediate_data"),
                 "InitialR2T": node.negotiated("initial_r2t"),
                 "MaxBurstLength": int(node.negotiated("max_burst_len"))}
        expected = {name: values[name] for name in shown}
        for name in ("HeaderDigest", "DataDigest"):
            expected[name] = "1" if values[name] == "CRC32C" else "0"
        for name in ("ImmediateData", "InitialR2T"):
            expected[name] = "1" if values[name] == "Yes" else "0"
        equal(shown, expected, "what was negotiated")
        verify(node, size)


def luns(target):
    target.lun(0, mib=16)
    target.lun(1, kind="file", mib=16)


def over(combinations_, size):
    with Target("fio") as target:
        luns(target)
        for values in combinations_:
            try:
                one(target, values, size if values["MaxBurstLength"] > 4096 else 1 << 20)
            except harness.Failure as failure:
                raise harness.Failure(f"with {values}: {failure}") from None


def test_matrix():
    """fio --verify, 4 KiB to 1 MiB, over digests, unsolicited data and bursts."""
    over(combinations(), harness.scaled(4 << 20, 1 << 20))


test_matrix.limit = 150


def test_every_burst():
    """The same over every pair of bursts with every choice: 240 logins."""
    over(all_combinations(), 1 << 20)


test_every_burst.limit = 900
test_every_burst.long = True


def test_defaults():
    """fio --verify with what open-iscsi offers by itself."""
    with Target("fio") as target:
        luns(target)
        with Node(target) as node:
            verify(node, harness.scaled(12 << 20, 1 << 20))


test_defaults.quick = True
