# SPDX-License-Identifier: GPL-2.0
"""The configuration that is walked and written to: several targets and groups, all
kinds of portals, disks, ACLs, and sessions, so that every file has something to say."""

import os

import harness
import initiator
import login
import session
import target as target_module
from harness import run, wait_for, write
from login import Chap
from target import IQN, ROOT, Backstore, Target

GUEST = IQN + "guest"           # comes in demo mode
STRANGER = IQN + "stranger"     # has no ACL
OTHER = IQN + "other-client"    # has an ACL and no session
SECRETS = {"userid": "alice", "password": "alices-secret-01",
           "userid_mutual": "target", "password_mutual": "targets-secret-02"}
DISCOVERY = {"userid": "finder", "password": "finders-secret-3",
             "userid_mutual": "found", "password_mutual": "founds-secret-04"}
ISID = bytes.fromhex("800000000001")


def backstore(name, kind="ramdisk"):
    """With a serial number that is the same every time: statistics show it."""
    store = Backstore(name, kind, 4)
    write(f"{store.dir}/wwn/vpd_unit_serial", f"abi-{name}")
    return store


class Scene:
    """Targets: `rich` with two groups, `demo`, `plain` with what mkdir makes, `bare`."""

    def __init__(self):
        target_module.load()
        os.makedirs(f"{ROOT}/{target_module.fabric}", exist_ok=True)
        self.fabric = f"{ROOT}/{target_module.fabric}"
        self.stores = {name: backstore(name, kind) for name, kind in
                       (("one", "ramdisk"), ("two", "file"), ("three", "nullio"))}
        self.group = f"{self.stores['one'].dir}/alua/abi_group"
        os.mkdir(self.group)
        write(self.group + "/tg_pt_gp_id", "77")
        self.rich = self.make_rich()
        self.demo = self.make_demo()
        os.mkdir(f"{self.fabric}/{IQN}bare")
        os.makedirs(f"{self.fabric}/{IQN}plain/tpgt_7")
        os.mkdir(f"{self.fabric}/{IQN}plain/tpgt_7/acls/{OTHER}")
        os.mkdir(f"{self.fabric}/{IQN}plain/tpgt_7/lun/lun_9")
        self.discovery_auth()
        self.node = None
        self.guest = None

    def make_rich(self):
        rich = Target("rich", portals=("127.0.0.1:3260", "[::1]:3260"), demo=False, auth=True,
                      enable=False)
        for number, name in ((0, "one"), (1, "two"), (255, "three")):
            rich.export(number, self.stores[name])
        acl = rich.acl(initiator.NAME)
        acl.auth(**SECRETS)
        acl.map(0, 0)
        acl.map(7, 1, protect=True)
        write(acl.dir + "/tag", "friends")
        other = rich.acl(OTHER)
        other.attrib("authentication", 0)
        other.map(0, 255)
        os.mkdir(other.dir + "/lun_3")          # without a link
        second = f"{rich.dir}/tpgt_2"
        os.mkdir(second)
        os.mkdir(second + "/np/0.0.0.0:3261")
        os.mkdir(second + "/lun/lun_0")
        os.symlink(self.stores["one"].dir, second + "/lun/lun_0/disk")
        write(rich.tpg + "/lun/lun_0/alua_tg_pt_gp", "abi_group")
        rich.enable()
        return rich

    def make_demo(self):
        demo = Target("demo", portals=("127.0.0.1:3260", "[::]:3262"))
        demo.export(0, self.stores["two"])
        return demo

    def discovery_auth(self, on=True):
        for name, value in DISCOVERY.items():
            write(f"{self.fabric}/discovery_auth/{name}", value if on else "NULL")
        write(f"{self.fabric}/discovery_auth/enforce_discovery_auth", "1" if on else "0")

    # -- sessions --

    def come(self):
        """The refused logins that statistics shall count, then the two sessions."""
        self.refuse(self.rich, STRANGER)
        self.refuse(self.rich, initiator.NAME, Chap("alice", "not-her-secret-x"))
        self.refuse(self.rich, OTHER, text=b"no pair\0")
        self.node = initiator.Node(self.rich, auth={
            "authmethod": "CHAP", "username": SECRETS["userid"], "password": SECRETS["password"],
            "username_in": SECRETS["userid_mutual"],
            "password_in": SECRETS["password_mutual"]}, HeaderDigest="CRC32C")
        self.node.login()
        self.node.disks(2)
        self.guest = session.Session(self.demo.iqn, GUEST, isid=ISID,
                                     keys={"InitiatorAlias": "the guest"})
        self.guest.ready(0)
        self.guest.write_at(0, bytes(4096))
        self.guest.read_at(0, 8192)

    @staticmethod
    def refuse(target, name, chap=None, text=None):
        """A login that ends with an error, or with the connection."""
        with login.LoginConn(isid=ISID) as conn:
            try:
                if text:
                    conn.exchange(login.OPERATIONAL, login.names(name, target.iqn))
                    conn.request(login.OPERATIONAL, [], data=text)
                    conn.response()
                else:
                    login.login(conn, target.iqn, name, chap=chap)
            except harness.Failure:
                return
        raise harness.Failure(f"{name} was let in")

    def go(self):
        """Both sessions end."""
        if self.guest:
            self.guest.logout()
        if self.node:
            self.node.logout()
            self.node.forget()
        self.guest = self.node = None
        for target in (self.rich, self.demo):
            wait_for(lambda t=target: t.sessions() == 0, "the end of sessions")

    def remove(self):
        self.go()
        self.discovery_auth(False)
        write(self.rich.tpg + "/lun/lun_0/alua_tg_pt_gp", "NULL")
        for name in (self.rich.dir, self.demo.dir, f"{self.fabric}/{IQN}bare",
                     f"{self.fabric}/{IQN}plain"):
            target_module.remove_target(name)
        os.rmdir(self.group)
        for store in self.stores.values():
            store.remove()
        os.rmdir(self.fabric)


def unload():
    """rmmod, and what is left of the fabric. Writing 1 to iser or cxgbit loads a module
    that sits on top of the kernel's own."""
    for name in ("ib_isert", "cxgbit"):
        if harness.module_loaded(name):
            run("rmmod", name)
    harness.equal(run("rmmod", target_module.module, ok=None).returncode, 0, "status of rmmod")
    return " ".join(sorted(os.listdir(ROOT)))


def forget_core():
    """Unload target_core, if it is there: its counters of devices and ACLs begin anew,
    so that the second module finds what the first one found."""
    holders = "/sys/module/target_core_mod/holders"
    if os.path.isdir(holders):
        for name in sorted(os.listdir(holders)) + ["target_core_mod"]:
            run("rmmod", name)
