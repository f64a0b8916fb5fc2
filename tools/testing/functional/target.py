# SPDX-License-Identifier: GPL-2.0
"""The target's configuration, through configfs and nothing else."""

import glob
import os

import harness
from harness import read, run, write

ROOT = "/sys/kernel/config/target"
CORE = ROOT + "/core"
IQN = "iqn.2026-11.test:"
ADDRESS = "127.0.0.1"
PORT = 3260
PORTAL = f"{ADDRESS}:{PORT}"

module = "tcm_iscsi"        # what `run --module` says
fabric = "iscsi"


def load(*params):
    """Both modules are resident afterwards."""
    if not os.path.isdir(ROOT):
        run("modprobe", "target_core_mod")
    if not harness.module_loaded(module):
        run("modprobe", module, *params, seconds=60)


def unload():
    remove(f"{ROOT}/{fabric}")
    if harness.module_loaded(module):
        run("rmmod", module, seconds=30)


def remove(directory):
    try:
        os.rmdir(directory)
    except FileNotFoundError:
        pass


class Device:
    """A device of target_core, of whatever kind."""

    def __init__(self, plugin, name):
        self.name = name
        self.file = None            # of its own, which goes with it
        self.dir = f"{CORE}/{plugin}_900/{name}"
        os.makedirs(self.dir)

    def configure(self, control, **attributes):
        try:
            write(self.dir + "/control", control)
            for name, value in attributes.items():
                write(f"{self.dir}/attrib/{name}", value)
            write(self.dir + "/enable", "1")
        except OSError:
            self.remove()
            raise

    def remove(self):
        remove(self.dir)
        try:
            os.rmdir(os.path.dirname(self.dir))
        except OSError:     # another device of the same kind is left
            pass
        if self.file:
            os.unlink(self.file)
            self.file = None


class Backstore(Device):
    """kind: ramdisk, nullio, file or block."""

    def __init__(self, name, kind="ramdisk", mib=16, path=None):
        super().__init__({"ramdisk": "rd_mcp", "nullio": "rd_mcp", "file": "fileio",
                          "block": "iblock"}[kind], name)
        self.bytes = mib << 20
        if kind in ("ramdisk", "nullio"):
            control = f"rd_pages={self.bytes // 4096}"
            if kind == "nullio":
                control += ",rd_nullio=1"
        elif kind == "file":
            self.file = path or f"/tmp/functional-{name}"
            with open(self.file, "wb") as file:
                file.truncate(self.bytes)
            control = f"fd_dev_name={self.file},fd_dev_size={self.bytes}"
        else:
            control = f"udev_path={path}"
        self.configure(control)


class Acl:
    """A node ACL of a portal group."""

    def __init__(self, target, initiator):
        self.target = target
        self.name = initiator
        self.dir = f"{target.tpg}/acls/{initiator}"
        os.mkdir(self.dir)

    def map(self, lun, to, protect=False):
        directory = f"{self.dir}/lun_{lun}"
        os.mkdir(directory)
        os.symlink(f"{self.target.tpg}/lun/lun_{to}", directory + "/link")
        if protect:
            write(directory + "/write_protect", "1")

    def auth(self, **values):
        set_auth(self.dir, values)

    def attrib(self, name, value):
        write(f"{self.dir}/attrib/{name}", str(value))

    def get(self, path):
        return read(f"{self.dir}/{path}")

    def remove(self):
        for lun in glob.glob(self.dir + "/lun_*"):
            remove_lun(lun)
        os.rmdir(self.dir)


def set_auth(directory, values):
    """values: userid, password, userid_mutual, password_mutual"""
    for name, value in values.items():
        write(f"{directory}/auth/{name}", value)


def remove_lun(directory):
    for name in os.listdir(directory):
        if os.path.islink(f"{directory}/{name}"):
            os.unlink(f"{directory}/{name}")
    os.rmdir(directory)


class Target:
    """A target with one portal group. Open to everybody unless told otherwise:
    most tests are not about who may log in."""

    def __init__(self, name="t", portals=(PORTAL,), demo=True, auth=False, enable=True,
                 tag=1, fabric_name=None):
        self.iqn = IQN + name
        self.fabric = fabric_name or fabric
        self.dir = f"{ROOT}/{self.fabric}/{self.iqn}"
        self.tpg = f"{self.dir}/tpgt_{tag}"
        self.stores = []
        self.portals = []
        load()
        os.makedirs(f"{ROOT}/{self.fabric}", exist_ok=True)
        os.mkdir(self.dir)
        os.mkdir(self.tpg)
        self.attrib("authentication", int(auth))
        self.attrib("generate_node_acls", int(demo))
        if demo:
            self.attrib("demo_mode_write_protect", 0)
        for portal in portals:
            self.portal(portal)
        if enable:
            self.enable()

    def attrib(self, name, value):
        write(f"{self.tpg}/attrib/{name}", str(value))

    def param(self, name, value):
        write(f"{self.tpg}/param/{name}", str(value))

    def get(self, path):
        return read(f"{self.tpg}/{path}")

    def enable(self, on=True):
        write(self.tpg + "/enable", "1" if on else "0")

    def auth(self, **values):
        set_auth(self.tpg, values)

    def portal(self, name):
        os.mkdir(f"{self.tpg}/np/{name}")
        self.portals.append(name)

    def drop_portal(self, name):
        os.rmdir(f"{self.tpg}/np/{name}")
        self.portals.remove(name)

    def lun(self, number, kind="ramdisk", mib=16, path=None, **attributes):
        """Export a new backstore as this LUN. Attributes are set before, because most
        of them cannot be changed afterwards."""
        name = f"{self.iqn.rsplit(':', 1)[1]}-{number}"
        store = Backstore(name, kind, mib, path)
        self.stores.append(store)
        for attribute, value in attributes.items():
            write(f"{store.dir}/attrib/{attribute}", str(value))
        self.export(number, store)
        return store

    def export(self, number, store):
        directory = f"{self.tpg}/lun/lun_{number}"
        os.mkdir(directory)
        os.symlink(store.dir, directory + "/link")

    def acl(self, initiator):
        return Acl(self, initiator)

    def statistic(self, path):
        return read(f"{self.dir}/fabric_statistics/{path}").strip()

    def sessions(self):
        return int(self.statistic("iscsi_instance/sessions"))

    def remove(self):
        remove_target(self.dir)
        for store in self.stores:
            store.remove()
        self.stores = []
        try:
            os.rmdir(f"{ROOT}/{self.fabric}")
        except OSError:     # another target is left
            pass

    def __enter__(self):
        return self

    def __exit__(self, *_exc):
        self.remove()


def let_end(directory):
    """iscsi_target_mod comes back from a disable with sessions that are still ending, and
    uses its group and ACLs after they were removed. With ours not to wait is a test."""
    if module == "tcm_iscsi":
        return
    path = directory + "/fabric_statistics/iscsi_instance/sessions"
    try:
        harness.wait_for(lambda: read(path).strip() == "0", "the end of sessions")
    except harness.Failure:
        pass                        # it keeps some; they are not ending, then


def remove_target(directory):
    """Everything below an IQN, and the IQN; in the only order that works."""
    for tpg in glob.glob(directory + "/tpgt_*"):
        if read(tpg + "/enable").strip() == "1":
            write(tpg + "/enable", "0")
            let_end(directory)
        for lun in glob.glob(tpg + "/acls/*/lun_*"):
            remove_lun(lun)
        for acl in glob.glob(tpg + "/acls/*"):
            os.rmdir(acl)
        for lun in glob.glob(tpg + "/lun/lun_*"):
            remove_lun(lun)
        for portal in os.listdir(tpg + "/np"):
            os.rmdir(f"{tpg}/np/{portal}")
        os.rmdir(tpg)
    remove(directory)


def reservations():
    """Where target_core writes persistent reservations has to exist, or it refuses them."""
    os.makedirs(read(ROOT + "/dbroot").strip() + "/pr", exist_ok=True)


def fabrics():
    if not os.path.isdir(ROOT):
        return []
    return [f"{ROOT}/{name}" for name in sorted(os.listdir(ROOT))
            if name != "core" and os.path.isdir(f"{ROOT}/{name}")]


def leftovers():
    """What a test forgot, as paths."""
    found = []
    for directory in fabrics():
        found += [path for path in glob.glob(directory + "/*")
                  if os.path.isdir(path) and not path.endswith("/discovery_auth")]
    for hba in glob.glob(CORE + "/*_*"):
        found += [path for path in glob.glob(hba + "/*") if os.path.isdir(path)]
    return [path for path in found if "/alua/" not in path]


def wipe():
    """Remove every target and device, whoever made it."""
    for directory in fabrics():
        for target in glob.glob(directory + "/*"):
            if os.path.isdir(target) and not target.endswith("/discovery_auth"):
                remove_target(target)
        reset_discovery(directory)
        try:
            os.rmdir(directory)
        except OSError:
            pass
    for store in glob.glob(CORE + "/*_900/*/control"):
        os.rmdir(os.path.dirname(store))
    for hba in glob.glob(CORE + "/*_900"):
        os.rmdir(hba)


def reset_discovery(directory):
    path = directory + "/discovery_auth/"
    for name in ("userid", "password", "userid_mutual", "password_mutual"):
        write(path + name, "NULL")
    write(path + "enforce_discovery_auth", "0")
