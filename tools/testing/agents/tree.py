# SPDX-License-Identifier: GPL-2.0
"""The target's tree in configfs as lines of text that two modules can be compared by:
what has to differ from run to run is blotted out, and nothing else."""

import os
import re

import target
from harness import read

# Numbers that target core or the module hands out as they come.
COUNTED = re.compile(r"/(fabric_)?statistics/|/rtpi$|/acls/[^/]+/info$")
# Written into the tree by the kernel's version, not by the module.
GIVEN = re.compile(r"/(cpus_allowed_list|lio_version)$")
CORE_FILES = ("udev_path", "enable", "wwn/vpd_unit_serial", "wwn/product_id",
              "attrib/emulate_tpu", "attrib/emulate_3pc", "attrib/emulate_caw",
              "attrib/emulate_model_alias")


def content(path):
    try:
        text = read(path)
    except OSError as error:
        return f"error {error.errno}"
    if COUNTED.search(path):
        text = re.sub(r"0x[0-9a-f]+|\b\d+\b|(?<=#)\d+|(?<=Device)\d+", "N", text)
    return text.replace("\n", "|").replace("\0", "@")


def of(directory):
    """Lines of everything below a directory. A link is named by what it points at:
    rtslib gives links names by chance."""
    lines = []
    for path, folders, files in os.walk(directory):
        short = path[len(target.ROOT) + 1:]
        folders.sort()
        for name in sorted(folders + files):
            full = f"{path}/{name}"
            if os.path.islink(full):
                lines.append(f"{short} -> {os.path.realpath(full)[len(target.ROOT) + 1:]}")
            elif name in files and not GIVEN.search(full):
                lines.append(f"{short}/{name} = {content(full)}")
            elif name in folders:
                lines.append(f"{short}/{name}/")
    return sorted(lines)


def stores():
    """Lines of the devices of target core, as far as a program says what they are."""
    lines = []
    for hba in sorted(os.listdir(target.CORE)) if os.path.isdir(target.CORE) else []:
        if hba == "alua":
            continue
        for name in sorted(os.listdir(f"{target.CORE}/{hba}")):
            path = f"{target.CORE}/{hba}/{name}"
            if not os.path.isdir(path):
                continue
            for file in CORE_FILES:
                if os.path.exists(f"{path}/{file}"):
                    lines.append(f"core/{hba}/{name}/{file} = {content(f'{path}/{file}')}")
    return lines


def whole():
    return of(f"{target.ROOT}/{target.fabric}") + stores()
