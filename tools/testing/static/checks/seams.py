# SPDX-License-Identifier: GPL-2.0
"""The seams between the rooms of the module: who may include what, where kernel
versions may be named, and where conditional compilation may stand."""

import os
import re

from . import source

OWN = ("tcm_iscsi/*",)
ANY_KERNEL = ("linux/*", "asm/*", "crypto/*", "uapi/linux/tcm_iscsi.h")

# Per room: which <...> it may include, and which quoted headers of other rooms.
# A quoted header of its own folder is always allowed.
ROOMS = [
    # (folder, angle-bracket headers, headers of other rooms)
    ("include/tcm_iscsi", OWN, ()),
    ("include/uapi", ("linux/types.h", "linux/const.h"), ()),
    ("kmod/core", OWN, ()),
    ("kmod/net", OWN + ANY_KERNEL + ("net/*", "trace/*"),
     ("kmod/sess/conn.h", "kmod/sess/cmd.h", "kmod/sess/sgcur.h", "kmod/mgmt/mgmt.h", "kmod/mgmt/trace.h")),
    ("kmod/sess", OWN + ANY_KERNEL + ("scsi/scsi_common.h", "scsi/scsi_proto.h", "trace/*"),
     ("kmod/net/net.h", "kmod/tcm/tcm.h", "kmod/mgmt/mgmt.h", "kmod/mgmt/trace.h",
      "kmod/mgmt/event.h", "kmod/mgmt/verdict.h")),
    ("kmod/tcm", OWN + ANY_KERNEL + ("target/*", "scsi/*", "trace/*"),
     ("kmod/sess/sess.h", "kmod/sess/session.h", "kmod/sess/conn.h", "kmod/sess/cmd.h",
      "kmod/sess/target.h", "kmod/mgmt/mgmt.h", "kmod/mgmt/trace.h")),
    # admin.h is all that management may use of sess: copies to show, requests to make.
    ("kmod/mgmt", OWN + ANY_KERNEL + ("net/genetlink.h", "net/netlink.h", "net/net_namespace.h",
                                      "net/sock.h", "trace/*"),
     ("kmod/sess/admin.h",)),
    ("kmod/compat", ("*",), ()),
    # main.c: starts and stops every room, so it may call any of them.
    ("kmod", OWN + ANY_KERNEL, ("*",)),
]

NET_ONLY = ("linux/net.h", "linux/socket.h")


def room_of(path):
    for room in ROOMS:
        if path.startswith(room[0] + "/"):
            return room
    return None


def matches(name, patterns):
    return any(name == p or p == "*" or (p.endswith("/*") and name.startswith(p[:-1]))
               for p in patterns)


def is_own_quoted(path, name, others, tree):
    """A quoted header is the including file's neighbour, or one another room
    exports; both are judged by where the file lies, not how it is spelled."""
    for base in (os.path.dirname(path), "kmod", ""):
        target = os.path.normpath(os.path.join(base, name))
        if os.path.exists(os.path.join(tree.top, target)):
            break
    else:
        target = os.path.normpath(os.path.join(os.path.dirname(path), name))
    neighbour = os.path.dirname(target) == os.path.dirname(path)
    return neighbour or target in others or "*" in others


def angle_allowed(path, name, allowed):
    if path == "kmod/core/port.h" or path == "include/tcm_iscsi/types.h":
        return True     # the two files that map the kernel and user space to one
    if name in NET_ONLY and not path.startswith(("kmod/net/", "kmod/compat/")):
        return False
    if name.startswith("target/") and path == "kmod/sess/cmd.h":
        return True     # embeds struct se_cmd
    return matches(name, allowed)


def check_includes(tree, exceptions):
    for path in tree.files("kmod", "include", suffixes=(".c", ".h")):
        room = room_of(path)
        if not room:
            continue
        for number, word, rest in source.directives(tree.text(path)):
            match = re.match(r'[<"]([^>"]+)[>"]', rest)
            if word != "include" or not match:
                continue
            name = match.group(1)
            if rest[0] == "<":
                good = angle_allowed(path, name, room[1])
            else:
                good = is_own_quoted(path, name, room[2], tree)
            if not good and not exceptions.covers(path, "include", name):
                yield f"{path}:{number}: {room[0]} may not include {rest[:len(name) + 2]}"


def check_core(tree, _exceptions):
    """The pure core is the same text in the kernel and outside it."""
    for path in tree.files("kmod/core", suffixes=(".c", ".h")):
        if path == "kmod/core/port.h":
            continue
        code = source.without_comments(tree.text(path))
        for number, word, rest in source.directives(code):
            if word in ("if", "ifdef", "ifndef", "elif") and "__KERNEL__" in rest:
                yield f"{path}:{number}: __KERNEL__ outside port.h"


def check_versions(tree, _exceptions):
    pattern = re.compile(r"\b(LINUX_VERSION_CODE|KERNEL_VERSION|HAVE_[A-Z0-9_]+)\b")
    for path in tree.files("kmod", suffixes=(".c", ".h")):
        if path.startswith("kmod/compat/"):
            continue
        code = source.without_comments(tree.text(path))
        for number, line in enumerate(code.splitlines(), 1):
            match = pattern.search(line)
            if match:
                yield f"{path}:{number}: {match.group(1)} outside kmod/compat"


def check_conditionals(tree, exceptions):
    """An #if in a function body hides one of two programs from every reader."""
    for path in tree.files("kmod", suffixes=(".c", ".h")):
        text = tree.text(path)
        bodies = source.functions(text)
        for number, word, _rest in source.directives(source.without_comments(text)):
            if not word.startswith(("if", "el")):
                continue
            for name, first, last in bodies:
                if first < number < last and not exceptions.covers(path, "conditional", name):
                    yield f"{path}:{number}: #{word} inside {name}()"


RULES = {
    "includes": check_includes,
    "core-kernel": check_core,
    "versions": check_versions,
    "conditionals": check_conditionals,
}
