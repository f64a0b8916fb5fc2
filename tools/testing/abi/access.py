# SPDX-License-Identifier: GPL-2.0
"""Who may do what: every file is read and written by root, by root without
CAP_SYS_ADMIN, and by a user."""

import ctypes
import os
import time

import harness
import tree
from observe import attempt, content, put
from target import IQN

CAP_SYS_ADMIN = 21
NOBODY = 65534
CAPABILITY_VERSION = 0x20080522


def without_admin():
    """Drop the capability, now and for good; the user stays root."""
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION, 0)
    data = (ctypes.c_uint32 * 6)()
    if libc.capget(header, data):
        raise OSError(ctypes.get_errno(), "capget")
    for word in range(3):                   # effective, permitted, inheritable
        data[word] &= ~(1 << CAP_SYS_ADMIN)
    if libc.capset(header, data):
        raise OSError(ctypes.get_errno(), "capset")


def nobody():
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)


def same_again(path):
    """Write back what is read, if it can be read."""
    text = content(path)
    data = b"1"
    if text.startswith('"'):
        with open(path, "rb") as file:
            data = file.read().removesuffix(b"\n") or b"NULL"
    return attempt(put, path, data)


def look(recorder, who, keep):
    """keep: only try what is refused; a successful write of everything, by somebody
    who may, is for others to do."""
    for path in tree.below(tree.TOP):
        if os.path.islink(path):
            continue
        name = tree.relative(path)
        group = f"access.{who}.{tree.object_of(name)}"
        rest = name[len(tree.object_of(name)):].lstrip("/") or "."
        if os.path.isdir(path):
            if who == "nobody":
                recorder.see(group, rest + " mkdir", attempt, os.mkdir, path + "/x")
                recorder.see(group, rest + " rmdir", attempt, os.rmdir, path)
            continue
        recorder.see(group, rest, lambda path=path: "may read" if content(path).startswith('"')
                     else content(path))
        if keep or "/auth/" in path or "/discovery_auth/" in path:
            recorder.see(group, rest + " write", same_again, path)


def as_other(function, recorder, who, keep, idle):
    """In a process of its own, which cannot become root again. idle() is called now
    and then, for sessions that the target would take for dead."""
    pid = os.fork()
    if not pid:
        status = 1
        try:
            function()
            look(recorder, who, keep)
            status = 0
        finally:
            os._exit(status)
    done = 0
    while not done:
        idle()
        time.sleep(0.2)
        done, status = os.waitpid(pid, os.WNOHANG)
    harness.equal(status, 0, f"status of the walk as {who}")


def run(recorder, idle):
    as_other(without_admin, recorder, "without-admin", False, idle)
    as_other(nobody, recorder, "nobody", True, idle)
    directory = f"{tree.TOP}/{IQN}bare"
    recorder.see("access.owner", "chmod", attempt, os.chmod, directory, 0o700)
    recorder.see("access.owner", "chmod file", attempt, os.chmod, tree.TOP + "/lio_version", 0o400)
    recorder.see("access.owner", "chown", attempt, os.chown, directory, 1, 1)
    recorder.see("access.owner", "seen", tree.describe, directory)
    recorder.see("access.owner", "write read-only", attempt, put, tree.TOP + "/lio_version", b"x")
    recorder.see("access.owner", "read again", content, tree.TOP + "/lio_version")
