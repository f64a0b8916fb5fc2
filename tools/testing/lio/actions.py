# SPDX-License-Identifier: GPL-2.0
"""What happens in a procedure besides typing commands: the initiator, the service."""

import json
import os

import harness
import initiator
import saved
import target
from harness import Failure, equal, run, wait_for

IQN = "iqn.2003-01.org.linux-iscsi.lab:disks"
BLOCK = 4096
IN_TREE = "iscsi_target_mod"
ALIAS = "/etc/modprobe.d/tcm-iscsi-lio.conf"


class Named:
    """What initiator.Node wants to know of a target."""

    def __init__(self, iqn):
        self.iqn = iqn


class Actions:
    """The methods are the words that may follow a "!"; what they return is printed."""

    def __init__(self, userland):
        self.userland = userland
        self.nodes = {}
        self.written = {}

    def perform(self, line):
        word, *arguments = line.split()
        method = getattr(self, "do_" + word.replace("-", "_"), None)
        if not method:
            raise Failure(f"no action is called {word}")
        options = dict(word.split("=", 1) for word in arguments if "=" in word)
        return method(*(word for word in arguments if "=" not in word), **options) or ""

    def drop(self):
        for node in self.nodes.values():
            node.logout()
            node.forget()
        self.nodes = {}

    # --- the initiator -----------------------------------------------------------

    def do_login(self, iqn=IQN, user=None, secret=None, user_in=None, secret_in=None,
                 at=target.PORTAL):
        """login [IQN] [user= secret= user_in= secret_in=] [at=PORTAL]"""
        auth = {"username": user, "password": secret, "username_in": user_in,
                "password_in": secret_in}
        auth = {key: value for key, value in auth.items() if value}
        if auth:
            auth["authmethod"] = "CHAP"
        node = initiator.Node(Named(iqn), portal=at, auth=auth)
        # The service is stopped and started under a session.
        node.edit({"node.session.timeo.replacement_timeout": "120"})
        status = node.login(ok=None).returncode
        if status:
            node.forget()
            return f"not logged in, status {status}"
        self.nodes[iqn] = node
        return "logged in"

    def do_logout(self, iqn=IQN):
        node = self.nodes.pop(iqn)
        node.logout()
        node.forget()
        return "logged out"

    def do_discover(self, at=target.PORTAL, **auth):
        """discover [at=PORTAL] [username= password= username_in= password_in=]"""
        if auth:
            auth["authmethod"] = "CHAP"
        found = initiator.discover(at, ok=None, **auth)
        # open-iscsi keeps what it found, and a login would be to every place of it.
        run("iscsiadm", "-m", "node", "-o", "delete", ok=None)
        return "\n".join(f"{portal},{tag} {iqn}" for portal, tag, iqn in sorted(found)) or \
            "nothing found"

    def do_disks(self, count, iqn=IQN):
        """disks N: that many, with size and whether they can be written"""
        disks = self.nodes[iqn].disks(int(count))
        lines = []
        for number, path in sorted(disks.items()):
            queue = f"/sys/class/block/{os.path.basename(path)}"
            size = int(harness.read(queue + "/size")) >> 11
            mode = "ro" if harness.read(queue + "/ro").strip() == "1" else "rw"
            model = harness.read(queue + "/device/model").strip()
            lines.append(f"LUN {number}: {size} MiB {mode} {model}")
        return "\n".join(lines)

    def do_write(self, number, iqn=IQN):
        """write LUN: a pattern to its first and last blocks, over the wire"""
        disk = self.nodes[iqn].disks()[int(number)]
        data = os.urandom(BLOCK)
        fd = os.open(disk, os.O_WRONLY | os.O_DSYNC)
        try:
            for offset in (0, os.lseek(fd, 0, os.SEEK_END) - BLOCK):
                os.pwrite(fd, data, offset)
        finally:
            os.close(fd)
        self.written[f"{iqn} {number}"] = data
        return "written"

    def do_write_refused(self, number, iqn=IQN):
        try:
            self.do_write(number, iqn)
        except OSError as error:
            return f"not written: {error.strerror}"
        return "written"

    def do_read(self, number, iqn=IQN, written=None):
        """read LUN: what was written to it (written=LUN: to another one)"""
        disk = self.nodes[iqn].disks()[int(number)]
        run("blockdev", "--flushbufs", disk)
        self.same(disk, f"{iqn} {written or number}")
        return "as written"

    def do_backing(self, path, number, iqn=IQN):
        """backing PATH LUN: what was written to the LUN is on the disk behind it"""
        path = path if path.startswith("/") else saved.BY_ID + path
        run("blockdev", "--flushbufs", path, ok=None)
        self.same(path, f"{iqn} {number}")
        return "as written"

    def same(self, path, key):
        fd = os.open(path, os.O_RDONLY)
        try:
            for offset in (0, os.lseek(fd, 0, os.SEEK_END) - BLOCK):
                equal(os.pread(fd, BLOCK, offset) == self.written[key], True,
                      f"the data at {offset} of {path}")
        finally:
            os.close(fd)

    # --- the service -------------------------------------------------------------

    def do_stop_service(self):
        self.userland.stop_service()

    def do_start_service(self):
        return self.userland.start_service()

    def do_recover(self, iqn=IQN):
        """The session that the restart of the service has broken is back by itself."""
        session = f"{initiator.SESSIONS}/{self.nodes[iqn].session}/state"
        wait_for(lambda: harness.read(session).strip() == "LOGGED_IN", "the session", 40)
        return "logged in again"

    def do_reboot(self):
        """Nothing configured, no module: as the service finds a machine that boots."""
        self.userland.call("clear")
        target.unload()
        for plugin in ("iblock", "file", "pscsi", "user"):
            if harness.module_loaded(f"target_core_{plugin}"):
                run("rmmod", f"target_core_{plugin}", seconds=30)
        run("rmmod", "target_core_mod", seconds=30)
        if target.module != IN_TREE:
            # What `make install-modprobe` installs says the same.
            with open(ALIAS, "w", encoding="ascii") as file:
                file.write(f"alias {IN_TREE} {target.module}\n")

    def do_booted(self):
        """Which module serves the targets now is for us to know, not for the user."""
        if os.path.exists(ALIAS):
            os.unlink(ALIAS)
        modules = [name for name in (IN_TREE, "tcm_iscsi") if harness.module_loaded(name)]
        equal(modules, [target.module], "modules that are loaded")

    def do_saved(self, path):
        """saved A/0/B: this part of saveconfig.json"""
        value = json.loads(harness.read(self.userland.path("/etc/rtslib-fb-target/"
                                                           "saveconfig.json")))
        for key in path.split("/"):
            value = value[int(key) if isinstance(value, list) else key]
        return json.dumps(value)

    def do_mode(self, path):
        return f"{os.stat(self.userland.path(path)).st_mode & 0o777:o}"

    def do_size(self, path, mib):
        with open(path, "wb") as file:
            file.truncate(int(mib) << 20)
