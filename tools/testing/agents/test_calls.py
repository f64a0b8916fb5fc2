# SPDX-License-Identifier: GPL-2.0
"""What ceph-iscsi and tcmu-runner ask of the target, call by call. rbd-target-api itself
needs a Ceph cluster; its calls go through rtslib, which is used here, or are reads and
writes of files below configfs, which are made here as it makes them."""

import os
import threading
import time

import hang
import harness
import initiator
import login
import session
import target
import tree
from cases import case
from guest import CLIENT, Target
from harness import read, write
from login import INITIATOR
from session import Session, read10, write10

FOREIGN = ("203.0.113.9:3260", "[2001:db8::9]:3260")
NOT_READY, STANDBY = 2, (2, 0x04, 0x0b)


def second_group(made, portals=(), enable=False, **attributes):
    """Another portal group of the target; its directory."""
    path = f"{made.dir}/tpgt_2"
    os.mkdir(path)
    for name, value in attributes.items():
        write(f"{path}/attrib/{name}", str(value))
    for portal in portals:
        os.mkdir(f"{path}/np/{portal}")
    if enable:
        write(path + "/enable", "1")
    return path


@case(quick=True)
def portals_elsewhere(seen):
    """The groups of the other gateways exist here, disabled, with their addresses."""
    with Target("gw", enable=True) as made:
        path = second_group(made, FOREIGN, authentication=0)
        seen.expect("portals", sorted(os.listdir(path + "/np")), sorted(FOREIGN))
        seen.note("tree", tree.of(path))
        with Session(made.iqn) as own:
            own.sync()
        write(path + "/enable", "1")
        write(path + "/enable", "0")
        os.rmdir(f"{path}/np/{FOREIGN[0]}")
        os.mkdir(f"{path}/np/{FOREIGN[0]}")
        seen.expect("portals again", sorted(os.listdir(path + "/np")), sorted(FOREIGN))


def found(made):
    return sorted(f"{address},{tag}" for address, tag, name in initiator.discover(ok=(0, 21))
                  if name == made.iqn)


@case(quick=True)
def disabled_groups_in_discovery(seen):
    """tpg_enabled_sendtargets=0 on a disabled group: any gateway tells about all."""
    with Target("gw") as made:
        path = second_group(made, FOREIGN[:1])
        seen.expect("by default", read(path + "/attrib/tpg_enabled_sendtargets"), "1\n")
        seen.expect("enabled ones", found(made), ["127.0.0.1:3260,1"])
        write(path + "/attrib/tpg_enabled_sendtargets", "0")
        seen.expect("all", found(made), ["127.0.0.1:3260,1", "203.0.113.9:3260,2"])
        write(path + "/enable", "1")
        seen.expect("all are enabled", found(made), ["127.0.0.1:3260,1", "203.0.113.9:3260,2"])
        write(path + "/enable", "0")
        write(path + "/attrib/tpg_enabled_sendtargets", "1")
        seen.expect("enabled ones again", found(made), ["127.0.0.1:3260,1"])
        write(made.tpg + "/attrib/demo_mode_discovery", "0")
        write(made.tpg + "/attrib/generate_node_acls", "0")
        seen.expect("those without an ACL see none", found(made), [])


@case(quick=True)
def counts_sessions(seen):
    """fabric_statistics/iscsi_instance/sessions is an integer at every moment, also while
    sessions come, go, and are cut off."""
    with Target("gw") as made:
        path = f"{made.dir}/fabric_statistics/iscsi_instance/sessions"
        bad = []
        with Watch(path, lambda text: bad.append(text) if not text.strip().isdigit() else None):
            conns = []
            for number in range(4):
                conns.append(Session(made.iqn, isid=login.random_isid()))
                seen.expect(f"after {number + 1}", int(read(path)), number + 1)
            conns.pop().logout()
            seen.expect("after a logout", settled(path, 3), 3)
            conns.pop().close()
            seen.expect("after a close", settled(path, 2), 2)
            conns.pop().reset()
            seen.expect("after a reset", settled(path, 1), 1)
            write(made.tpg + "/enable", "0")
            seen.expect("after disable", int(read(path)), 0)
            conns.pop().close()
            write(made.tpg + "/enable", "1")
            for _ in range(harness.scaled(20, 5)):
                Session(made.iqn, isid=login.random_isid()).close()
            seen.expect("in the end", settled(path, 0), 0)
        seen.expect("never anything else", bad, [])


def settled(path, wanted):
    """The number once it is that, or after some seconds whatever it is."""
    try:
        harness.wait_for(lambda: int(read(path)) == wanted, "a number of sessions", 10)
    except harness.Failure:
        pass
    return int(read(path))


class Watch:
    """Reads a file over and over while the with statement lasts."""

    def __init__(self, path, judge):
        self.path = path
        self.judge = judge
        self.reads = 0
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def run(self):
        while not self.stop.is_set():
            self.judge(read(self.path))
            self.reads += 1
            time.sleep(0.002)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_exc):
        self.stop.set()
        self.thread.join(harness.patience(10))


DELAY = 700         # milliseconds


@case()
def disables_completely(seen):
    """tcmu-runner reopens its image when the write of 0 to enable has come back: nothing
    may be on its way to the disk by then. What were, would reach it within the delay."""
    with hang.Suspended(DELAY) as disk, Target("gw") as made:
        made.lun(0, kind="block", path=disk.path)
        for turn in range(3):
            with Session(made.iqn, isid=login.random_isid()) as conn:
                conn.ready(0)
                for number in range(8):
                    conn.submit(read10(number * 16, 8), read=4096)
                    conn.submit(write10(256 + number * 16, 8), write=b"\5" * 4096)
                conn.sync()
                before = disk.completed()
                write(made.tpg + "/enable", "0")
                after = disk.completed()
                seen.expect(f"it had something to wait for {turn}", after > before, True)
                time.sleep(DELAY / 1000 + harness.patience(0.5))
                seen.expect(f"came later {turn}", disk.completed() - after, 0)
                seen.expect(f"sessions {turn}", made.sessions(), 0)
                conn.close()
            write(made.tpg + "/enable", "1")
        with Session(made.iqn) as conn:
            conn.ready(0)
            conn.write_at(0, b"\6" * 4096)
            seen.expect("afterwards", conn.read_at(0, 4096) == b"\6" * 4096, True)


@case(quick=True)
def disables_with_data_owed(seen):
    """tcmu-runner reopens its image when the write of 0 to enable has come back. Writes
    whose data never come are nothing to wait for."""
    with Target("gw") as made:
        made.lun(0)
        with Session(made.iqn, answer_r2t=False) as conn:
            conn.ready(0)
            for number in range(4):
                conn.submit(write10(number * 256, 256), write=bytes(131072), immediate=0,
                            unsolicited=0)
            conn.sync()
            start = time.monotonic()
            write(made.tpg + "/enable", "0")
            seen.expect("at once", time.monotonic() - start < harness.patience(10), True)
            seen.expect("sessions", made.sessions(), 0)
            conn.close()
        write(made.tpg + "/enable", "1")
        with Session(made.iqn) as conn:
            conn.ready(0)


@case()
def disables_again_and_again(seen):
    """As a gateway that lost its lock does it, with clients that come back at once."""
    with Target("gw") as made:
        made.lun(0)
        served = []
        stop = threading.Event()

        def client():
            while not stop.is_set():
                try:
                    with Session(made.iqn, isid=login.random_isid()) as conn:
                        conn.ready(0)
                        served.append(conn.read_at(0, 4096))
                except (OSError, login.Refused, harness.Failure):
                    time.sleep(0.01)

        threads = [threading.Thread(target=client, daemon=True) for _ in range(3)]
        for thread in threads:
            thread.start()
        for turn in range(harness.scaled(15, 5)):
            before = len(served)
            harness.wait_for(lambda before=before: len(served) > before + 3, "clients")
            write(made.tpg + "/enable", "0")
            seen.expect(f"sessions {turn}", made.sessions(), 0)
            write(made.tpg + "/enable", "1")
        stop.set()
        for thread in threads:
            thread.join(harness.patience(30))


BLOCKS = 128        # 64 KiB


@case(quick=True)
def unit_statistics(seen):
    """Counted per LUN and per initiator: commands and mebibytes."""
    with Target("gw", demo=False) as made:
        made.lun(0)
        acl = made.acl(INITIATOR)
        acl.map(0, 0)
        unit, mapped = f"{made.tpg}/lun/lun_0/statistics", f"{acl.dir}/lun_0/statistics"
        with Session(made.iqn) as conn:
            conn.ready(0)
            start = numbers(unit, mapped)
            for number in range(32):
                conn.command(read10(number * BLOCKS, BLOCKS), read=BLOCKS * 512)
            for number in range(16):
                conn.write_at(number * BLOCKS, bytes(BLOCKS * 512))
            conn.command(session.inquiry(), read=36)
            after = numbers(unit, mapped)
            for name in after:
                seen.note(name, after[name] - start[name])
            seen.expect("commands of the port", after["in_cmds"] - start["in_cmds"], 49)
            seen.expect("read", after["read_mbytes"] - start["read_mbytes"], 2)
            seen.expect("written", after["write_mbytes"] - start["write_mbytes"], 1)
            for name in ("intr_name", "dev_or_port", "map_indx", "row_status", "att_count"):
                seen.note(name, read(f"{mapped}/scsi_auth_intr/{name}"))
            ident = read(f"{mapped}/scsi_att_intr_port/port_ident")
            seen.expect("port_ident", ident.split("+i+")[0], INITIATOR)
        for group in sorted(os.listdir(unit)):
            seen.note(group, sorted(os.listdir(f"{unit}/{group}")))
        for group in sorted(os.listdir(mapped)):
            seen.note(group, sorted(os.listdir(f"{mapped}/{group}")))


def numbers(unit, mapped):
    values = {name: int(read(f"{unit}/scsi_tgt_port/{name}"))
              for name in ("in_cmds", "read_mbytes", "write_mbytes", "hs_in_cmds")}
    values.update({f"initiator {name}": int(read(f"{mapped}/scsi_auth_intr/{name}"))
                   for name in ("num_cmds", "read_mbytes", "write_mbytes")})
    return values


@case(quick=True)
def port_identity(seen):
    """What tcmu-runner reads of every port that a group of its device has."""
    with Target("gw") as made:
        made.lun(0)
        unit = f"{made.tpg}/lun/lun_0/statistics"
        seen.expect("proto_id", read(unit + "/scsi_transport/proto_id"), "5\n")
        seen.expect("device", read(unit + "/scsi_transport/device"), "scsiTransportiSCSI\n")
        seen.expect("indx", read(unit + "/scsi_port/indx").strip().isdigit(), True)
        seen.expect("role", read(unit + "/scsi_port/role")[:6], "Device")
        seen.expect("name", read(unit + "/scsi_tgt_port/name")[:10], "iSCSIPort#")
        seen.expect("port_index", read(unit + "/scsi_tgt_port/port_index"),
                    f"{made.iqn}+t+1\n")
        seen.expect("dev_name", read(unit + "/scsi_transport/dev_name").startswith(
            made.iqn + "+"), True)
        seen.expect("enable", read(made.tpg + "/enable"), "1\n")


def alua_group(store, name, number, state):
    """As ceph-iscsi makes it: implicit, with a state of its own."""
    path = f"{store.dir}/alua/{name}"
    os.mkdir(path)
    write(path + "/tg_pt_gp_id", str(number))
    write(path + "/alua_access_type", "1")
    write(path + "/alua_support_standby", "1")
    write(path + "/alua_access_state", str(state))
    return path


@case(quick=True)
def alua_members(seen):
    """The text that tcmu-runner takes apart to find the port, FABRIC/IQN/tpgt_N/lun_M. A
    NUL ends each line, so that who reads it as a string sees the first only."""
    with Target("gw") as made:
        store = made.lun(3)
        own = alua_group(store, "ao", 1, 0)
        other = alua_group(store, "ano2", 2, 1)
        second = second_group(made, FOREIGN[:1])
        os.mkdir(second + "/lun/lun_3")
        os.symlink(store.dir, second + "/lun/lun_3/link")
        seen.expect("the default group", read(f"{store.dir}/alua/default_tg_pt_gp/members"),
                    f"iSCSI/{made.iqn}/tpgt_1/lun_3\n\0iSCSI/{made.iqn}/tpgt_2/lun_3\n\0")
        write(f"{made.tpg}/lun/lun_3/alua_tg_pt_gp", "ao")
        write(second + "/lun/lun_3/alua_tg_pt_gp", "ano2\n")
        seen.expect("own", read(own + "/members"), f"iSCSI/{made.iqn}/tpgt_1/lun_3\n\0")
        seen.expect("other", read(other + "/members"), f"iSCSI/{made.iqn}/tpgt_2/lun_3\n\0")
        seen.note("alua_tg_pt_gp", read(f"{made.tpg}/lun/lun_3/alua_tg_pt_gp"))
        write(second + "/lun/lun_3/alua_tg_pt_gp", "NULL")
        seen.expect("other after NULL", read(other + "/members"), "")
        target.remove_lun(second + "/lun/lun_3")
        os.rmdir(other)
        write(f"{made.tpg}/lun/lun_3/alua_tg_pt_gp", "default_tg_pt_gp")
        os.rmdir(own)


def port_groups(conn):
    """REPORT TARGET PORT GROUPS: [(state, group, ports)]"""
    data = bytes(conn.command(b"\xa3\x0a" + bytes(4) + b"\0\0\x01\0\0\0", read=256).data)
    groups, offset = [], 4
    while offset < 4 + int.from_bytes(data[:4], "big"):
        ports = data[offset + 7]
        groups.append((data[offset] & 0xf, int.from_bytes(data[offset + 2:offset + 4], "big"),
                       ports))
        offset += 8 + 4 * ports
    return sorted(groups, key=lambda group: group[1])


@case(quick=True)
def alua_switching(seen):
    """A LUN goes from group to group under a session, and a group from state to state."""
    with Target("gw") as made:
        store = made.lun(0)
        optimized = alua_group(store, "ao", 1, 0)
        standby = alua_group(store, "standby", 2, 2)
        choice = f"{made.tpg}/lun/lun_0/alua_tg_pt_gp"
        with Session(made.iqn) as conn:
            conn.ready(0)
            for turn in range(4):
                write(choice, "ao")
                answer(seen, conn, f"optimized {turn}")
                write(choice, "standby")
                answer(seen, conn, f"standby {turn}")
            write(standby + "/alua_access_state", "0")
            answer(seen, conn, "the other one made optimized")
            write(standby + "/alua_access_state", "2")
            answer(seen, conn, "and standby again")
            seen.note("groups", port_groups(conn))
            write(choice, "default_tg_pt_gp")
            answer(seen, conn, "the default")
        os.rmdir(optimized)
        os.rmdir(standby)


def answer(seen, conn, label):
    """What a read says; unit attentions of the change first."""
    attentions = []
    for _ in range(8):
        task = conn.command(read10(0, 8), status=None, read=4096)
        if task.status != session.CHECK_CONDITION or task.sense_code[0] != 6:
            break
        attentions.append(task.sense_code)
    seen.note(f"{label}: attentions", attentions)
    code = task.sense_code if task.status == session.CHECK_CONDITION else None
    seen.expect(f"{label}: status", (task.status, code),
                (session.CHECK_CONDITION, STANDBY) if "standby" in label else
                (session.GOOD, None))


@case(quick=True)
def reads_info_meanwhile(seen):
    """The ACL's info, taken apart by rtslib, while its sessions come and go."""
    import rtslib_fb    # pylint: disable=C0415
    states, troubles = set(), []
    with Target("gw", demo=False) as made:
        made.lun(0)
        acl = made.acl(CLIENT)
        acl.map(0, 0)
        tpg = rtslib_fb.TPG(rtslib_fb.Target(rtslib_fb.FabricModule("iscsi"), made.iqn), 1)
        node = rtslib_fb.NodeACL(tpg, CLIENT)

        def look(_text):
            try:
                shown = node.session
                states.add(shown["state"] if shown else None)
            except Exception as error:      # pylint: disable=broad-except
                troubles.append(repr(error))

        with Watch(acl.dir + "/info", look) as watch:
            rounds, end = 0, time.monotonic() + harness.patience(30)
            while rounds < harness.scaled(25, 8) or \
                    (watch.reads <= 20 and not troubles and time.monotonic() < end):
                with Session(made.iqn, CLIENT) as conn:
                    conn.ready(0)
                Session(made.iqn, CLIENT).reset()
                rounds += 1
        seen.expect("troubles", troubles[:3], [])
        seen.expect("states", {None, "LOGGED_IN"} <= states, True)
        seen.expect("often", watch.reads > 20, True)


@case(quick=True)
def changes_the_depth(seen):
    """A new cmdsn_depth holds from the next login on, and that comes at once, because
    the session is closed."""
    with Target("gw", demo=False) as made:
        made.lun(0)
        acl = made.acl(INITIATOR)
        acl.map(0, 0)
        write(acl.dir + "/cmdsn_depth", "64")
        with Session(made.iqn) as conn:
            conn.ready(0)
            write(acl.dir + "/cmdsn_depth", "64")
            conn.ready(0)
            write(acl.dir + "/cmdsn_depth", "16")
            seen.expect("sessions", settled(
                made.dir + "/fabric_statistics/iscsi_instance/sessions", 0), 0)
            conn.close()
        with Session(made.iqn) as conn:
            seen.expect("the window", conn.max_cmdsn - conn.cmdsn + 1 & 0xffffffff, 16)
        seen.expect("read", read(acl.dir + "/cmdsn_depth"), "16\n")


def gateway(rtslib, iqn, own, other):
    """A target as ceph-iscsi makes it: (Target, own group, the other gateway's)."""
    made = rtslib.Target(rtslib.FabricModule("iscsi"), iqn)
    group = rtslib.TPG(made, 1)
    group.set_attribute("authentication", "0")
    rtslib.NetworkPortal(group, own)
    group.enable = True
    group.set_attribute("generate_node_acls", 0)
    group.set_attribute("demo_mode_write_protect", 1)
    foreign = rtslib.TPG(made, 2)
    foreign.set_attribute("authentication", "0")
    rtslib.NetworkPortal(foreign, other)
    foreign.enable = False
    foreign.set_attribute("tpg_enabled_sendtargets", "0")
    for one in (group, foreign):
        for name, value in (("ImmediateData", "Yes"), ("InitialR2T", "Yes"),
                            ("MaxOutstandingR2T", "1"), ("FirstBurstLength", "262144"),
                            ("MaxBurstLength", "524288"), ("MaxRecvDataSegmentLength", "262144"),
                            ("MaxXmitDataSegmentLength", "262144")):
            one.set_parameter(name, value)
    return made, group, foreign


@case(quick=True)
def gateway_life(seen):
    """rbd-target-api's part of the work, from the target to its removal."""
    import rtslib_fb as rtslib      # pylint: disable=C0415
    iqn = target.IQN + "gateway"
    made, group, foreign = gateway(rtslib, iqn, "127.0.0.1", "203.0.113.9")
    store = rtslib.RDMCPStorageObject("image", size=16 << 20, wwn="0123456789")
    units = [rtslib.LUN(one, lun=0, storage_object=store) for one in (group, foreign)]
    for unit, name, number in zip(units, ("ao", "ano2"), (1, 2)):
        alua = rtslib.ALUATargetPortGroup(store, name, number)
        alua.alua_access_type = 1
        alua.alua_access_state = number - 1
        unit.alua_tg_pt_gp_name = name
        seen.expect(f"group of {name}", unit.alua_tg_pt_gp_name, name)
    acl = rtslib.NodeACL(group, CLIENT)
    for name, value in (("dataout_timeout", "20"), ("nopin_response_timeout", "5"),
                        ("nopin_timeout", "5")):
        acl.set_attribute(name, value)
    acl.tcq_depth = 128
    acl.chap_userid, acl.chap_password = "client", "a-secret-of-ceph"
    group.set_attribute("authentication", "1")
    rtslib.MappedLUN(acl, 0, 0)
    seen.note("tree", tree.of(f"{target.ROOT}/iscsi/{iqn}"))
    with Session(iqn, CLIENT, chap=login.Chap("client", "a-secret-of-ceph")) as conn:
        conn.ready(0)
        seen.note("groups", port_groups(conn))
        shown = acl.session
        seen.expect("session", (shown["state"], shown["alias"], [
            (c["address"], c["cstate"]) for c in shown["connections"]]),
                    ("LOGGED_IN", "", [("127.0.0.1", "LOGGED_IN")]))
        seen.expect("sessions of the root", len(list(rtslib.RTSRoot().sessions)), 1)
    acl.delete()
    made.delete()
    store.delete()
    seen.expect("left", target.leftovers(), [])
