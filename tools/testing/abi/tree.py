# SPDX-License-Identifier: GPL-2.0
"""Walks the fabric's directory and writes down everything that is there."""

import os
import re
import stat

from observe import content, error_name
from target import ROOT, fabric

TOP = f"{ROOT}/{fabric}"

# The last component of these is where an object begins: one group of observations.
OBJECT = re.compile(r"(discovery_auth|[^/]+:[^/]+(/tpgt_[^/]+(/np/[^/]+|/lun/lun_\d+|"
                    r"/acls/[^/]+(/lun_\d+)?)?)?|[^/]+)(?=/|$)")


def below(directory):
    """Every path below, a directory before what is in it, in the order of names."""
    found = []
    for name in sorted(os.listdir(directory)):
        path = f"{directory}/{name}"
        found.append(path)
        if os.path.isdir(path) and not os.path.islink(path):
            found += below(path)
    return found


def relative(path):
    return os.path.relpath(path, TOP)


def object_of(path):
    """The object that a path belongs to: the longest beginning that is one."""
    match = OBJECT.match(path)
    return match.group(0) if match else "."


def describe(path, read=True):
    """Type, mode, owner, and where a link points to or what a file reads."""
    try:
        status = os.lstat(path)
    except OSError as error:
        return error_name(error)
    mode = f"{stat.S_IMODE(status.st_mode):04o} {status.st_uid}:{status.st_gid}"
    if stat.S_ISLNK(status.st_mode):
        return f"link {mode} -> {os.readlink(path)}"
    if stat.S_ISDIR(status.st_mode):
        return f"directory {mode}"
    text = f"file {mode} {status.st_size} bytes"
    if not read or not status.st_mode & 0o444:
        return text
    return f"{text} {content(path)}"


def walk(recorder, moment):
    """One group for each object."""
    for path in below(TOP):
        name = relative(path)
        part = object_of(name)
        rest = name[len(part):].lstrip("/")
        recorder.see(f"walk.{moment}.{part}", rest or ".", describe, path)


def writable():
    """Paths of all files that somebody may write."""
    return [path for path in below(TOP)
            if not os.path.islink(path) and stat.S_ISREG(os.lstat(path).st_mode) and
            os.lstat(path).st_mode & 0o222]
