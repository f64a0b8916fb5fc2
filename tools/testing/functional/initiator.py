# SPDX-License-Identifier: GPL-2.0
"""The initiators that are not ours: open-iscsi, libiscsi's tools, QEMU's."""

import glob
import os
import re
import time

from harness import Failure, Skip, patience, read, run, wait_for
from target import PORTAL

NAME = "iqn.2004-10.org.example:lab"      # what the lab configures for open-iscsi
SESSIONS = "/sys/class/iscsi_session"
DAEMON_PID = "/run/iscsid.pid"


def start_daemon():
    """iscsid; once for all tests, so that it is no test's leftover."""
    # Nothing loads drivers by itself in a guest without udev.
    for name in ("iscsi_tcp", "sd_mod"):
        run("modprobe", name)
    os.makedirs("/run/lock/iscsi", exist_ok=True)
    if daemon() is None:
        run("iscsid")
        wait_for(daemon, "iscsid")


def daemon():
    try:
        pid = int(read(DAEMON_PID))
        os.kill(pid, 0)
        return pid
    except (OSError, ValueError):
        return None


def stop_daemon():
    pid = daemon()
    if pid:
        run("iscsiadm", "-k", "0", ok=None)
        wait_for(lambda: not os.path.exists(f"/proc/{pid}"), "the end of iscsid")


def kernel_sessions():
    return sorted(os.listdir(SESSIONS)) if os.path.isdir(SESSIONS) else []


def drop_all():
    """Whatever a test left: sessions and node records."""
    if kernel_sessions():
        run("iscsiadm", "-m", "node", "--logoutall=all", ok=None, seconds=20)
    for root in ("/etc/iscsi", "/var/lib/iscsi"):
        for path in glob.glob(root + "/nodes/*") + glob.glob(root + "/send_targets/*"):
            run("rm", "-rf", path)     # an iscsiadm that the test left may be at it


def discover(portal=PORTAL, ok=(0,), **settings):
    """[(portal, tag, name)] as iscsiadm reports them."""
    if settings:
        edit_discovery_conf(settings)
    try:
        out = run("iscsiadm", "-m", "discovery", "-t", "sendtargets", "-p", portal, ok=ok,
                  merge=True)
    finally:
        if settings:
            edit_discovery_conf({})
    found = re.findall(r"^(\S+),(\d+) (\S+)$", out.stdout, re.M)
    return [(address, int(tag), name) for address, tag, name in found]


CONF = "/etc/iscsi/iscsid.conf"
MARK = "# functional tests"


def edit_discovery_conf(settings):
    """iscsiadm takes discovery credentials from iscsid.conf only."""
    text = read(CONF).split(MARK, 1)[0]
    if settings:
        text += MARK + "\n" + "".join(f"discovery.sendtargets.auth.{key} = {value}\n"
                                      for key, value in settings.items())
    with open(CONF, "w", encoding="utf-8") as file:
        file.write(text)


def can_be_opened(disk):
    """The node of a disk that went a moment ago, and had the same name, may still be
    there."""
    try:
        os.close(os.open(disk, os.O_RDONLY))
    except OSError:
        return False
    return True


class Node:
    """An open-iscsi session to one target, as long as the with statement lasts."""

    def __init__(self, target, portal=PORTAL, auth=None, **settings):
        """settings: what stands behind node.session.iscsi. or node.conn[0].iscsi.;
        auth: what stands behind node.session.auth."""
        self.iqn = target.iqn
        self.portal = portal
        self.where = ["-m", "node", "-T", self.iqn, "-p", portal]
        self.session = None
        run("iscsiadm", *self.where, "-o", "new")
        values = {"node.session.initial_login_retry_max": "1",
                  "node.conn[0].timeo.login_timeout": str(int(patience(15))),
                  "node.conn[0].timeo.logout_timeout": "10",
                  "node.session.timeo.replacement_timeout": "5"}
        for name, value in settings.items():
            values[f"node.session.iscsi.{name}"] = value
            values[f"node.conn[0].iscsi.{name}"] = value
        for name, value in (auth or {}).items():
            values[f"node.session.auth.{name}"] = value
        self.edit(values)

    def record(self):
        port = self.portal.rsplit(":", 1)[1]
        for root in ("/etc/iscsi", "/var/lib/iscsi"):
            for path, _dirs, files in os.walk(f"{root}/nodes/{self.iqn}"):
                for name in files:      # ADDRESS,PORT or ADDRESS,PORT,TAG/default
                    if f",{port}" in f"{path}/{name}":
                        return f"{path}/{name}"
        raise Failure("open-iscsi has no record of the node")

    def edit(self, values):
        """Straight in the record: one iscsiadm per value takes too long."""
        path = self.record()
        names = {name for name in values}
        lines = []
        for line in read(path).splitlines():
            name = line.split("=")[0].strip()
            # The record has each key in one of the two places only.
            if name in names:
                line = f"{name} = {values.pop(name)}"
            elif line.startswith("# END"):
                lines += [f"{key} = {value}" for key, value in values.items()
                          if ".auth." in key or ".timeo." in key]
            lines.append(line)
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")

    def login(self, ok=(0,)):
        before = set(kernel_sessions())
        result = run("iscsiadm", *self.where, "--login", seconds=30, ok=ok, merge=True)
        new = set(kernel_sessions()) - before
        if new:
            self.session = new.pop()
        return result

    def disks(self, count=1):
        """Paths of the disks, by LUN."""
        pattern = f"{SESSIONS}/{self.session}/device/target*/*/block/*"
        wait_for(lambda: len(glob.glob(pattern)) >= count, f"{count} disks")
        found = {}
        for path in glob.glob(pattern):
            lun = int(path.split("/block/")[0].rsplit(":", 1)[1])
            found[lun] = "/dev/" + os.path.basename(path)
        wait_for(lambda: all(can_be_opened(disk) for disk in found.values()), "device nodes")
        return found

    def negotiated(self, name):
        for directory in (f"{SESSIONS}/{self.session}",
                          f"/sys/class/iscsi_connection/connection{self.session[7:]}:0"):
            if os.path.exists(f"{directory}/{name}"):
                return read(f"{directory}/{name}").strip()
        raise Failure(f"open-iscsi shows no {name}")

    def logout(self):
        if self.session in kernel_sessions():
            run("iscsiadm", *self.where, "--logout", seconds=30)
            wait_for(lambda: self.session not in kernel_sessions(), "the end of the session")

    def forget(self):
        run("iscsiadm", *self.where, "-o", "delete", ok=None)

    def __enter__(self):
        try:
            self.login()
        except BaseException:
            self.forget()
            raise
        return self

    def __exit__(self, kind, *_exc):
        try:
            self.logout()
        except Failure:
            if kind is None:
                raise
        self.forget()


def login_status(target, **kwargs):
    """Exit status of a login that is expected to fail."""
    node = Node(target, **kwargs)
    try:
        return node.login(ok=None).returncode
    finally:
        node.logout()
        node.forget()


FIO_OPTIONS = ("--ioengine=libaio", "--direct=1", "--verify_fatal=1", "--verify_state_save=0")


def fio(*options, seconds=50):
    need("fio")
    return run("fio", "--minimal", *options, seconds=seconds)


def need(program):
    for directory in os.environ.get("PATH", "").split(":"):
        if os.access(f"{directory}/{program}", os.X_OK):
            return
    raise Skip(f"{program} is not installed")


def url(target, lun=0, portal=PORTAL, auth=""):
    return f"iscsi://{auth}{portal}/{target.iqn}/{lun}"


def settle():
    """open-iscsi answers before the kernel has let go of the last reference."""
    time.sleep(0.05)
