# SPDX-License-Identifier: GPL-2.0
"""Directories and links at every level: good and bad names, what mkdir, rmdir, symlink
and unlink return, and what is there afterwards."""

import errno
import os
import socket

import initiator
import target as target_module
from observe import attempt, content, label
from session import Session
from target import CORE, IQN, PORTAL, ROOT

NODES = IQN + "nodes"


def listing(directory):
    try:
        return " ".join(sorted(os.listdir(directory)))
    except OSError as error:
        return errno.errorcode[error.errno]


def make(recorder, group, directory, name, look=lambda path: ""):
    """mkdir, what look(path) says of the new directory, and rmdir."""
    path = os.path.join(os.fsencode(directory), name)

    def outcome():
        result = attempt(os.mkdir, path)
        if result != "ok":
            return result
        try:
            seen = look(os.fsdecode(path))
        finally:
            result += f", rmdir {attempt(os.rmdir, path)}"
        return f"{result} {seen}".strip()

    recorder.see(group, "mkdir " + label(name), outcome)


def texts(*names):
    return [os.fsencode(name) for name in names]


class Tree:
    """A target of its own with two groups and what belongs into them."""

    def __init__(self, place):
        self.fabric = place.fabric
        self.place = place
        self.top = f"{place.fabric}/{NODES}"
        self.tpg = f"{self.top}/tpgt_1"
        self.lun = f"{self.tpg}/lun/lun_1"
        self.acl = f"{self.tpg}/acls/{IQN}node"
        for directory in (self.top, self.tpg, f"{self.top}/tpgt_2", self.lun,
                          f"{self.tpg}/np/{PORTAL}", f"{self.top}/tpgt_2/lun/lun_1", self.acl,
                          f"{self.tpg}/lun/lun_2"):
            os.mkdir(directory)
        self.device = place.stores["one"].dir
        os.symlink(self.device, self.lun + "/device")
        os.symlink(self.device, f"{self.top}/tpgt_2/lun/lun_1/device")

    def remove(self):
        target_module.remove_target(self.top)


def fabrics(recorder, tree):
    group = "nodes.target"
    for name in texts("iscsi", "iscsi2", "iscsiX", "ISCSI", "iSCSI", "core", "version", "x" * 255,
                      "x" * 256):
        make(recorder, group, ROOT, name)
    recorder.see(group, "rmdir iscsi", attempt, os.rmdir, tree.fabric)
    recorder.see(group, "rmdir discovery_auth", attempt, os.rmdir, tree.fabric + "/discovery_auth")
    recorder.see(group, "unlink lio_version", attempt, os.unlink, tree.fabric + "/lio_version")
    recorder.see(group, "listing", listing, tree.fabric)


def targets(recorder, tree):
    group = "nodes.iqn"

    def index(path):
        return "inst " + content(path + "/fabric_statistics/iscsi_instance/inst")

    names = texts(IQN + "new", "eui.0123456789abcdef", "naa.0123456789abcdef", "x", "iqn.", "no",
                  IQN + "UPPER", IQN + "a b", IQN + "a\nb", IQN + "\xe4", IQN + "%s%n", " ", "~",
                  NODES, NODES.upper(), NODES + " ", "discovery_auth", "lio_version",
                  "cpus_allowed_list", "tpgt_1", "..", ".", "a/b", "") + [b"\xff\xfe"]
    names += [b"i" * length for length in (222, 223, 224, 225, 254, 255, 256)]
    for name in names:
        make(recorder, group, tree.fabric, name, index)
    for what, path in (("with groups", tree.top), ("param", tree.top + "/param"),
                       ("fabric_statistics", tree.top + "/fabric_statistics"),
                       ("missing", tree.top + "x")):
        recorder.see(group, "rmdir " + what, attempt, os.rmdir, path)
    recorder.see(group, "symlink", attempt, os.symlink, tree.device, tree.fabric + "/link")
    recorder.see(group, "rename", attempt, os.rename, tree.top, tree.top + "x")
    recorder.see(group, "file", attempt, open, tree.fabric + "/file", "x")
    recorder.see(group, "listing", listing, tree.top)


def groups(recorder, tree):
    group = "nodes.tpgt"
    names = texts("tpgt_0", "tpgt_1", "tpgt_2", "tpgt_01", "tpgt_0x1", "tpgt_3", "tpgt_0x10",
                  "tpgt_010", "tpgt_65534", "tpgt_65535", "tpgt_65536", "tpgt_4294967297", "tpgt_",
                  "tpgt_-1", "tpgt_+4", "tpgt_4 ", "tpgt_ 4", "tpgt_4\n", "tpgt_4x", "tpgt_x",
                  "tpgt", "tpgt4", "TPGT_4", "xtpgt_4", "tpgt_tpgt_4", "tpgt_4tpgt_5", "param", "x",
                  "4", "fabric_statistics", "tpgt_5" + "0" * 240, "t" * 249 + "tpgt_6")
    for name in names:
        make(recorder, group, tree.top, name, lambda path: "enable " + content(path + "/enable"))
    for name in ("attrib", "auth", "param", "np", "lun", "acls"):
        recorder.see(group, "rmdir " + name, attempt, os.rmdir, f"{tree.tpg}/{name}")
        make(recorder, group + "." + name, f"{tree.tpg}/{name}", b"x")
    recorder.see(group, "rmdir in use", attempt, os.rmdir, tree.tpg)
    recorder.see(group, "mkdir in it", attempt, os.mkdir, tree.tpg + "/x")
    recorder.see(group, "symlink", attempt, os.symlink, tree.device, tree.top + "/link")
    recorder.see(group, "listing", listing, tree.tpg)


def portals(recorder, tree):
    group = "nodes.np"
    directory = f"{tree.tpg}/np"
    portals_file = f"{tree.top}/fabric_statistics/iscsi_instance/portals"

    def state(path):
        return f"portals {content(portals_file)} iser {content(path + '/iser')}"

    names = texts(
        "127.0.0.1:3270", PORTAL, "127.0.0.2:3260", "0.0.0.0:3270", "[::]:3270", "[::0]:3270",
        "[::1]:3270", "[0:0:0:0:0:0:0:1]:3270", "[::ffff:127.0.0.1]:3270", "[2001:db8::1]:3270",
        "192.0.2.1:3260", "127.0.0.1:0", "127.0.0.1:1", "127.0.0.1:65535", "127.0.0.1:65536",
        "127.0.0.1:-1",
        "127.0.0.1:", "127.0.0.1", ":3270", ":", "3270", "127.0.0.1:x", "127.0.0.1:3270x",
        "127.0.0.1:3270 ", "127.0.0.1: 3270", "127.0.0.1:3270\n", "127.0.0.1:+3270",
        "127.0.0.1:0xcc6", "127.0.0.1:06306", "127.0.0.1:03270", "127.0.0.1::3270",
        "127.0.0.1:3270:1", "127.1:3270", "127.0.0.01:3270", "127.0.0.256:3270", "127.0.0:3270",
        "0x7f.0.0.1:3270", " 127.0.0.1:3270", "127.0.0.1 :3270", "localhost:3270", "[::1]", "[::1",
        "[::1]:", "[::1]:x", "[::1]3270", "[::1]x:3270", "x[::1]:3270", "[[::1]]:3270", "::1:3270",
        "[:::1]:3270", "[::g]:3270", "[]:3270", "[::1%lo]:3270", "[::1%1]:3270",
        "[fe80::1%nothere]:3270", "[::1%99]:3270", "[127.0.0.1]:3270", "[::1]:65536",
        "224.0.0.1:3270", "255.255.255.255:3270", "[ff02::1]:3270", "iser", "x" * 256 + ":1",
        "127.0.0.1:" + "0" * 200 + "3270")
    for name in names:
        make(recorder, group, directory, name, state)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 3271))
        other.listen()
        make(recorder, group, directory, b"127.0.0.1:3271", state)
    for what, where in (("same target", f"{tree.top}/tpgt_2"), ("demo", tree.place.demo.tpg)):
        make(recorder, f"{group}.{what}", where + "/np", os.fsencode(PORTAL))
    recorder.see(group, "mkdir in it", attempt, os.mkdir, f"{directory}/{PORTAL}/x")
    recorder.see(group, "symlink", attempt, os.symlink, tree.device, f"{directory}/{PORTAL}/x")
    recorder.see(group, "listing", listing, f"{directory}/{PORTAL}")


def link(recorder, group, name, target, path):
    """symlink, how it reads, unlink."""
    def outcome():
        result = attempt(os.symlink, target, path)
        if result != "ok":
            return result
        return f"ok -> {os.readlink(path)}, unlink {attempt(os.unlink, path)}"

    recorder.see(group, "symlink " + name, outcome)


def luns(recorder, tree):
    group = "nodes.lun"
    directory = f"{tree.tpg}/lun"
    names = texts("lun_0", "lun_1", "lun_3", "lun_03", "lun_0x3", "lun_255", "lun_256", "lun_16383",
                  "lun_16384", "lun_65535", "lun_65536", "lun_18446744073709551615",
                  "lun_18446744073709551616", "lun_", "lun_-1", "lun_x", "lun_4x", "lun_4 ",
                  "lun_4\n", "lun", "LUN_4", "xlun_4", "4")
    for name in names:
        make(recorder, group, directory, name, lambda path: content(path + "/alua_tg_pt_gp"))
    free = f"{directory}/lun_2"
    unfinished = f"{CORE}/rd_mcp_900/unfinished"
    os.mkdir(unfinished)
    for what, to in (("device", tree.device), ("lun", tree.lun), ("acl", tree.acl),
                     ("nothing", tree.device + "x"), ("fabric", tree.fabric),
                     ("unfinished device", unfinished), ("group", tree.place.group),
                     ("outside", "/tmp")):
        link(recorder, group, what, to, f"{free}/link")
    os.rmdir(unfinished)
    link(recorder, group, "second", tree.place.stores["two"].dir, tree.lun + "/second")
    recorder.see(group, "rmdir in use", attempt, os.rmdir, tree.lun)
    recorder.see(group, "rmdir statistics", attempt, os.rmdir, tree.lun + "/statistics")
    recorder.see(group, "mkdir in it", attempt, os.mkdir, tree.lun + "/x")
    recorder.see(group, "rmdir device in use", attempt, os.rmdir, tree.device)
    recorder.see(group, "listing", listing, tree.lun)


def acls(recorder, tree):
    group = "nodes.acl"
    directory = f"{tree.tpg}/acls"
    names = texts(IQN + "new", IQN + "node", IQN + "NODE", IQN + "node ", "x", " ", "a b", "a\nb",
                  "%s%n", "all", "NULL", "\xe4") + [b"\xff"]
    names += [b"i" * length for length in (222, 223, 224, 225, 254, 255, 256)]
    for name in names:
        make(recorder, group, directory, name,
             lambda path: f"info {content(path + '/info')} depth {content(path + '/cmdsn_depth')}")
    # Two names that are one after 223 bytes.
    os.mkdir(f"{directory}/{'j' * 223}")
    make(recorder, group, directory, b"j" * 223 + b"x")
    os.rmdir(f"{directory}/{'j' * 223}")
    recorder.see(group, "mkdir in it", attempt, os.mkdir, tree.acl + "/x")
    recorder.see(group, "symlink", attempt, os.symlink, tree.device, tree.acl + "/x")
    for name in ("attrib", "auth", "param", "fabric_statistics"):
        recorder.see(group, "rmdir " + name, attempt, os.rmdir, f"{tree.acl}/{name}")
    recorder.see(group, "listing", listing, tree.acl)


def mapped(recorder, tree):
    group = "nodes.mapped"
    names = texts("lun_0", "lun_3", "lun_03", "lun_255", "lun_16383", "lun_16384", "lun_65535",
                  "lun_65536", "lun_18446744073709551615", "lun_", "lun_x", "lun_-1", "lun", "x")
    for name in names:
        make(recorder, group, tree.acl, name, lambda path: content(path + "/write_protect"))
    lun = f"{tree.acl}/lun_5"
    os.mkdir(lun)
    rich = tree.place.rich
    for what, to in (("lun", tree.lun), ("lun without a device", f"{tree.tpg}/lun/lun_2"),
                     ("other group", f"{tree.top}/tpgt_2/lun/lun_1"),
                     ("other target", f"{rich.tpg}/lun/lun_0"), ("device", tree.device),
                     ("acl", tree.acl), ("itself", lun), ("nothing", tree.lun + "x"),
                     ("statistics", tree.lun + "/statistics")):
        link(recorder, group, what, to, lun + "/link")
    os.symlink(tree.lun, lun + "/first")
    link(recorder, group, "second", tree.lun, lun + "/second")
    link(recorder, group, "second of another", f"{tree.tpg}/lun/lun_2", lun + "/second")
    os.mkdir(tree.acl + "/lun_6")
    link(recorder, group, "twice in an ACL", tree.lun, tree.acl + "/lun_6/link")
    os.rmdir(tree.acl + "/lun_6")
    for what, path in (("in use", lun), ("statistics", lun + "/statistics"), ("acl", tree.acl),
                       ("lun", tree.lun)):
        recorder.see(group, "rmdir " + what, attempt, os.rmdir, path)
    recorder.see(group, "unlink device of a mapped lun", attempt, os.unlink, tree.lun + "/device")
    recorder.see(group, "mapping after that", listing, lun)
    recorder.see(group, "unlink mapping", attempt, os.unlink, lun + "/first")
    recorder.see(group, "rmdir", attempt, os.rmdir, lun)


def promoted(recorder, tree):
    """A dynamic ACL, made by a login, becomes a static one by mkdir."""
    group = "nodes.promoted"
    tpg = tree.place.demo.tpg
    name = IQN + "promoted"
    directory = f"{tpg}/acls/{name}"
    dynamic = f"{tpg}/dynamic_sessions"

    def look():
        return f"dynamic_sessions {content(dynamic)} acls {listing(tpg + '/acls')}"

    with Session(tree.place.demo.iqn, name) as session:
        session.sync()
        recorder.see(group, "dynamic", look)
        recorder.see(group, "mkdir", attempt, os.mkdir, directory)
        recorder.see(group, "static", look)
        recorder.see(group, "parameter", content, directory + "/param/MaxBurstLength")
        recorder.see(group, "depth", content, directory + "/cmdsn_depth")
        recorder.see(group, "mappings", listing, directory)
        session.sync()
    initiator.settle()
    recorder.see(group, "rmdir", attempt, os.rmdir, directory)
    recorder.see(group, "gone", look)


def run(recorder, place):
    tree = Tree(place)
    for function in (fabrics, targets, groups, portals, luns, acls, mapped, promoted):
        function(recorder, tree)
    tree.remove()
