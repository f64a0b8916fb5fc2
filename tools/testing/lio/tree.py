# SPDX-License-Identifier: GPL-2.0
"""The whole configuration as target_core shows it: every directory, link and file with
its mode and content. Two of them are compared path by path."""

import errno
import os
import re
import stat

import target

# What counts up for as long as target_core is resident, or is a moment in time.
MASKS = (
    (r"/statistics/scsi_\w+/(inst|indx|dev|port|dev_or_port|port_auth_indx)$", r"\d+"),
    (r"/statistics/scsi_tgt_port/name$", r"(?<=#)\d+"),
    (r"/statistics/scsi_port/role$", r"(?<=Device)\d+"),
    (r"/statistics/scsi_auth_intr/creation_time$", r"\d+"),
    (r"/statistics/scsi_lu/creation_time$", r"\d+"),
    (r"/tpgt_\d+/rtpi$", r"0x[0-9a-f]+"),
    (r"/hba_info$", r"(?<=HBA Index: )\d+"),
    (r"/core/[^/]+/[^/]+/info$", r"(?<=dev_id: )\d+"),
)

# Where the two modules are meant to differ.
DIFFERENCES = (
    # Newer kernels' own module has lost it; a saveconfig.json that has it stays valid here.
    (r"/tpgt_\d+/attrib/netif_timeout$", "accepted on every kernel, saved on 6.1 only"),
    # What a fabric module says of itself: where it is called, where it calls.
    (r"^/iscsi/[^/]+/param/(default|direct)_(submit|complete)_\w+$", "commands end where "
     "they are, without another thread"),
)


def masked(path, text):
    for pattern, what in MASKS:
        if re.search(pattern, path):
            text = re.sub(what, "*", text)
    return text


def content(path):
    try:
        fd = os.open(path, os.O_RDONLY)
    except OSError as error:
        return errno.errorcode[error.errno]
    try:
        return os.read(fd, 65536).decode(errors="replace")
    except OSError as error:
        return errno.errorcode[error.errno]
    finally:
        os.close(fd)


def describe(path, name):
    info = os.lstat(path)
    if stat.S_ISLNK(info.st_mode):
        return "-> " + os.readlink(path)
    mode = f"{stat.S_IMODE(info.st_mode):o}"
    if stat.S_ISDIR(info.st_mode):
        return f"directory {mode}"
    if not info.st_mode & 0o444:
        return f"file {mode}"
    return f"file {mode} {masked(name, content(path))!r}"


def walk():
    """{path: what is there} of the fabric and the backstores."""
    found = {}
    for top in (f"{target.ROOT}/{target.fabric}", target.CORE):
        for directory, names, files in os.walk(top):
            for name in names + files:
                path = f"{directory}/{name}"
                short = path[len(target.ROOT):]
                found[short] = describe(path, short)
    return found


def deliberate(path):
    return any(re.search(pattern, path) for pattern, _reason in DIFFERENCES)


def compare(one, two):
    """Lines that tell where two walks differ and should not."""
    lines = []
    for path in sorted(one.keys() | two.keys()):
        if one.get(path) != two.get(path) and not deliberate(path):
            lines.append(f"{path}: {one.get(path, 'absent')}, {two.get(path, 'absent')}")
    return lines


def compare_saved(one, two, where=""):
    """The same for what json.load() made of two saveconfig.json."""
    if isinstance(one, dict) and isinstance(two, dict):
        lines = []
        for key in sorted(one.keys() | two.keys()):
            lines += compare_saved(one.get(key, "absent"), two.get(key, "absent"),
                                   f"{where}/{key}")
        return lines
    if isinstance(one, list) and isinstance(two, list) and len(one) == len(two):
        return [line for index, pair in enumerate(zip(one, two))
                for line in compare_saved(*pair, f"{where}/{index}")]
    return [] if one == two and type(one) is type(two) else [f"{where}: {one!r}, {two!r}"]
