# SPDX-License-Identifier: GPL-2.0
"""Other people's initiators: discovery, inquiry, disks, a file system."""

import hashlib
import os

import harness
import initiator
from harness import check, equal, run
from initiator import Node
from target import PORTAL, Target


def test_libiscsi():
    """iscsi-ls shows targets and LUNs, iscsi-inq an inquiry."""
    initiator.need("iscsi-ls")
    with Target("ls") as target:
        target.lun(0)
        target.lun(3, kind="file")
        # Each LUN has a unit attention for each LUN that came after it (3F/0E),
        # one of which the tool takes for the end.
        for _ in range(4):
            result = run("iscsi-ls", "-s", f"iscsi://{PORTAL}/", ok=None)
            if not result.returncode:
                break
        out = result.stdout
        equal(result.returncode, 0, "status of iscsi-ls")
        check(f"Target:{target.iqn} Portal:{PORTAL},1" in out, "no such target in:", out)
        for lun in (0, 3):
            check(f"Lun:{lun} " in out, f"no LUN {lun} in:", out)
        check("Lun:1 " not in out, "a LUN that does not exist in:", out)
        out = run("iscsi-inq", initiator.url(target, 3)).stdout
        check("Peripheral Device Type:DIRECT_ACCESS" in out, "no disk in:", out)
        check("LIO-ORG" in out, "wrong vendor in:", out)


test_libiscsi.quick = True


def test_discovery():
    """iscsiadm finds both targets, with their tags, and only those."""
    with Target("a", tag=1) as one, Target("b", tag=7) as two:
        found = initiator.discover()
        equal(sorted(found), sorted([(PORTAL, 1, one.iqn), (PORTAL, 7, two.iqn)]),
              "what was discovered")


def test_qemu():
    """QEMU's initiator writes an image and compares it."""
    initiator.need("qemu-img")
    if "iscsi" not in run("qemu-img", "--help").stdout:
        if not os.path.exists("/usr/lib/x86_64-linux-gnu/qemu/block-iscsi.so"):
            raise harness.Skip("qemu-block-extra is not installed")
    with Target("qemu") as target:
        target.lun(0, kind="file", mib=8)
        image = "/tmp/functional-image"
        with open(image, "wb") as file:
            file.write(os.urandom(8 << 20))
        where = initiator.url(target)
        run("qemu-img", "convert", "-n", "-f", "raw", "-O", "raw", image, where, seconds=60)
        run("qemu-img", "compare", "-f", "raw", "-F", "raw", image, where, seconds=60)
        run("qemu-io", "-f", "raw", "-c", "write -P 0xa5 512k 256k",
            "-c", "read -P 0xa5 512k 256k", "-c", "read -P 0xa5 768k 4k", where, ok=(1,))
        os.unlink(image)


def digest_of(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def filesystem_round(target, files, size):
    """Files on ext4, checksums after a new login."""
    mount = "/tmp/functional-mnt"
    os.makedirs(mount, exist_ok=True)
    sums = {}
    for number in range(2):
        with Node(target) as node:
            disk = node.disks()[0]
            if not number:
                run("mkfs.ext4", "-q", "-E", "lazy_itable_init=0", disk, seconds=60)
            run("mount", "-t", "ext4", disk, mount)
            try:
                if not number:
                    for index in range(files):
                        path = f"{mount}/{index}"
                        with open(path, "wb") as file:
                            file.write(os.urandom(size + index))
                        sums[path] = digest_of(path)
                for path, value in sums.items():
                    equal(digest_of(path), value, path)
            finally:
                run("umount", mount)
            if number:
                run("e2fsck", "-f", "-n", disk, seconds=60)


def test_filesystem():
    """open-iscsi: ext4 and files survive a logout."""
    with Target("fs") as target:
        target.lun(0, kind="file", mib=32)
        filesystem_round(target, harness.scaled(40, 5), 30000)


test_filesystem.quick = True
