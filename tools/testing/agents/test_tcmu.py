# SPDX-License-Identifier: GPL-2.0
"""The real tcmu-runner, with its handler for image files, behind a LUN: what it reads of
the target's tree decides what it tells an initiator about port groups."""

import os
import subprocess

import guest
import harness
import login
import target
from cases import case
from guest import Target
from harness import write
from session import Session, read10, write10
from test_calls import FOREIGN, alua_group, port_groups, second_group

IMAGE = "/tmp/agents-image"
LOGS = "/tmp/agents-tcmu"


class Runner:
    """tcmu-runner, as long as the with statement lasts."""

    def __init__(self):
        self.process = None

    def __enter__(self):
        self.start()
        return self

    def start(self):
        root = guest.TCMU
        harness.check(root, "TISCSI_TCMU names no tcmu-runner; use agents/lab")
        os.makedirs(LOGS, exist_ok=True)
        os.makedirs("/etc/tcmu", exist_ok=True)
        with open("/etc/tcmu/tcmu.conf", "w", encoding="utf-8") as file:
            file.write("log_level = 4\n")
        lib = f"{root}/usr/lib/x86_64-linux-gnu"
        environment = {"PATH": os.environ["PATH"], "LD_LIBRARY_PATH": lib}
        with open(LOGS + "/output", "wb") as out:
            self.process = subprocess.Popen(        # pylint: disable=consider-using-with
                [f"{root}/usr/bin/tcmu-runner", "--handler-path", f"{lib}/tcmu-runner",
                 "--tcmu-log-dir", LOGS], stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                env=environment, start_new_session=True)
        harness.wait_for(self.serves, "tcmu-runner on the bus", 20)

    def serves(self):
        harness.check(self.process.poll() is None, "tcmu-runner ended:", self.said())
        asked = harness.run("dbus-send", "--system", "--print-reply", "--dest=org.freedesktop.DBus",
                            "/", "org.freedesktop.DBus.NameHasOwner",
                            "string:org.kernel.TCMUService1", ok=None)
        return "boolean true" in asked.stdout

    @staticmethod
    def said():
        text = ""
        for name in sorted(os.listdir(LOGS)):
            text += harness.read(f"{LOGS}/{name}")[-1500:]
        return text

    def kill(self):
        self.process.kill()
        self.process.wait()

    def __exit__(self, *_exc):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(harness.patience(20))


class Image:
    """A device of target_core_user for tcmu-runner's handler of images."""

    def __init__(self, mib=16):
        with open(IMAGE, "wb") as file:
            file.truncate(mib << 20)
        self.dir = target.CORE + "/user_900/image"
        os.makedirs(self.dir)
        write(self.dir + "/control", f"dev_config=qcow/{IMAGE},dev_size={mib << 20}")
        write(self.dir + "/enable", "1")

    def __enter__(self):
        return self

    def __exit__(self, *_exc):
        os.rmdir(self.dir)
        os.rmdir(os.path.dirname(self.dir))
        os.unlink(IMAGE)


@case(quick=True)
def serves_an_image(seen):
    with Runner(), Image() as image, Target("user") as made:
        made.export(0, image)
        with Session(made.iqn) as conn:
            conn.ready(0)
            for number in range(16):
                conn.write_at(number * 128, bytes([number]) * 65536)
            for number in range(16):
                seen.expect(f"block {number}", conn.read_at(number * 128, 65536) ==
                            bytes([number]) * 65536, True)
        with open(IMAGE, "rb") as file:
            wanted = b"".join(bytes([number]) * 65536 for number in range(16))
            seen.expect("the image", file.read(1 << 20) == wanted, True)
        made.remove()


def grouped(store, made):
    """Two groups as ceph-iscsi makes them, one for this gateway and one for another."""
    own = alua_group(store, "ao", 1, 0)
    other = alua_group(store, "ano2", 2, 1)
    second = second_group(made, FOREIGN[:1])
    os.mkdir(second + "/lun/lun_0")
    os.symlink(store.dir, second + "/lun/lun_0/link")
    write(f"{made.tpg}/lun/lun_0/alua_tg_pt_gp", "ao")
    write(f"{second}/lun/lun_0/alua_tg_pt_gp", "ano2")
    return own, other


@case(quick=True)
def tells_port_groups(seen):
    """REPORT TARGET PORT GROUPS comes from tcmu-runner, which read the members of every
    group, found the port of each by its name, and asked for its number and state."""
    with Runner(), Image() as image, Target("user") as made:
        made.export(0, image)
        groups = grouped(image, made)
        with Session(made.iqn) as conn:
            conn.ready(0)
            seen.expect("groups", port_groups(conn), [(0, 1, 1), (1, 2, 1)])
            write(groups[0] + "/alua_access_state", "1")
            conn.ready(0)
            seen.expect("groups after a change", port_groups(conn), [(1, 1, 1), (1, 2, 1)])
        made.remove()
        for group in groups:
            os.rmdir(group)


@case(quick=True)
def changes_its_runner(seen):
    """What a gateway does that lost its image: disable, another tcmu-runner, enable. All
    that was acknowledged is there, and nothing was left with the first one."""
    with Runner() as runner, Image() as image, Target("user") as made:
        made.export(0, image)
        for turn in range(2):
            conn = Session(made.iqn, isid=login.random_isid())
            conn.ready(0)
            seen.expect(f"what is there {turn}", conn.read_at(0, 512) == bytes([turn]) * 512,
                        True)
            tasks = [conn.submit(write10(128 * number, 128), write=bytes([turn + 1]) * 65536)
                     for number in range(16)]
            for task in tasks:
                conn.wait(task)
            for number in range(16):
                conn.submit(read10(128 * number, 128), read=65536)
            conn.sync()
            write(made.tpg + "/enable", "0")
            seen.expect(f"sessions {turn}", made.sessions(), 0)
            conn.close()
            runner.kill()
            runner.start()
            write(made.tpg + "/enable", "1")
        made.remove()


@case()
def outlives_its_runner(seen):
    """With tcmu-runner gone, commands end by target_core_user's own time limit; neither
    the session nor a disable waits for longer."""
    with Runner() as runner, Image() as image, Target("user") as made:
        write(image.dir + "/attrib/cmd_time_out", "2")
        made.export(0, image)
        with Session(made.iqn) as conn:
            conn.ready(0)
        conn = Session(made.iqn, isid=login.random_isid(), seconds=40)
        runner.kill()
        task = conn.submit(read10(0, 8), read=4096)
        seen.expect("the session answers", bytes(conn.nop(b"there")) == b"there", True)
        conn.wait(task)
        seen.note("status", task.status)
        conn.submit(read10(8, 8), read=4096)
        conn.sync()
        write(made.tpg + "/enable", "0")
        seen.expect("sessions", made.sessions(), 0)
        conn.close()
        runner.start()
        made.remove()
