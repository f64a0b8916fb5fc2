# SPDX-License-Identifier: GPL-2.0
"""Who may log in, and what they see."""

import struct

import harness
import initiator
import login
from harness import check, equal, write
from initiator import Node
from login import Refused
from raw import ASYNC
from session import CHECK_CONDITION, Session, discovery, read10, report_luns, write10
from target import Target

WRITE_PROTECTED = (7, 0x27, 0)


def luns_of(session):
    data = session.command(report_luns(512), read=512).data
    count = int.from_bytes(data[:4], "big") // 8
    return sorted(int.from_bytes(data[8 + n * 8:10 + n * 8], "big") for n in range(count))


def test_mapped_luns():
    """An ACL shows the LUNs it maps, under its own numbers, and nothing else."""
    with Target("acl", demo=False) as target:
        for lun in range(3):
            target.lun(lun, mib=1)
        with DemoSession(target) as session:
            for lun in range(3):
                session.write_at(0, bytes([lun + 1]) * 512, lun)
        one = target.acl("iqn.2026-11.test:one")
        two = target.acl("iqn.2026-11.test:two")
        one.map(0, to=2)
        one.map(5, to=0, protect=True)
        two.map(0, to=1)
        with Session(target.iqn, initiator=one.name) as session:
            session.ready(0, 5)
            equal(luns_of(session), [0, 5], "LUNs of the first")
            equal(session.read_at(0, 512), b"\3" * 512, "its LUN 0")
            equal(session.read_at(0, 512, 5), b"\1" * 512, "its LUN 5")
            session.write_at(0, b"\3" * 512)
            task = session.command(write10(0, 1), lun=5, write=b"\7" * 512, status=CHECK_CONDITION)
            equal(task.sense_code, WRITE_PROTECTED, "sense of a write to a protected LUN")
            equal(session.read_at(0, 512, 5), b"\1" * 512, "the protected LUN")
            task = session.command(read10(0, 1), lun=1, read=512, status=CHECK_CONDITION)
            equal(task.sense_code, (5, 0x25, 0), "sense of a LUN that is not mapped")
        with Session(target.iqn, initiator=two.name) as session:
            session.ready(0)
            equal(luns_of(session), [0], "LUNs of the second")
            equal(session.read_at(0, 512), b"\2" * 512, "its LUN 0")


class DemoSession:
    """Demo mode, for as long as this session."""

    def __init__(self, target):
        self.target = target

    def __enter__(self):
        self.target.attrib("generate_node_acls", 1)
        self.target.attrib("demo_mode_write_protect", 0)
        self.session = Session(self.target.iqn)
        self.session.ready(*range(3))
        return self.session

    def __exit__(self, *exc):
        self.session.__exit__(*exc)
        self.target.attrib("generate_node_acls", 0)
        self.target.attrib("cache_dynamic_acls", 0)


def admitted(target, name):
    try:
        with Session(target.iqn, initiator=name):
            return True
    except Refused as refused:
        equal(refused.status, 0x202, "status")
        return False


def test_who():
    """Without demo mode an ACL is needed, and its removal ends what it allowed."""
    name = "iqn.2026-11.test:guest"
    with Target("acl", demo=False) as target:
        target.lun(0, mib=1)
        check(not admitted(target, name), "in without an ACL")
        acl = target.acl(name)
        check(admitted(target, name), "not in with an ACL")
        check(admitted(target, name.upper().replace("IQN", "iqn")), "names differ by case")
        check(not admitted(target, name + "x"), "in with a longer name")
        session = Session(target.iqn, initiator=name)
        acl.remove()
        session.expect_close((ASYNC,))
        session.close()
        check(not admitted(target, name), "in after the ACL was removed")
        harness.wait_for(lambda: target.sessions() == 0, "no session")


test_who.quick = True


def test_demo_mode():
    """Everybody, every LUN; read-only unless demo_mode_write_protect is 0."""
    with Target("demo") as target:
        for lun in (0, 4):
            target.lun(lun, mib=1)
        with Session(target.iqn) as session:
            session.ready(0, 4)
            equal(luns_of(session), [0, 4], "LUNs")
            session.write_at(0, b"\5" * 512, 4)
            check(login.INITIATOR in target.get("dynamic_sessions"), "not in dynamic_sessions")
            equal(target.get("dynamic_sessions"), login.INITIATOR + "\n\0", "dynamic_sessions")
    with Target("protected") as target:
        target.lun(0, mib=1)
        target.attrib("demo_mode_write_protect", 1)
        with Session(target.iqn) as session:
            session.ready(0)
            task = session.command(write10(0, 1), write=b"\7" * 512, status=CHECK_CONDITION)
            equal(task.sense_code, WRITE_PROTECTED, "sense of a write in demo mode")
            equal(session.read_at(0, 512), bytes(512), "the disk")


def test_protected_disk():
    """open-iscsi shows a protected LUN as a read-only disk."""
    with Target("acl", demo=False) as target:
        target.lun(0)
        target.lun(1)
        acl = target.acl(initiator.NAME)
        acl.map(0, to=0)
        acl.map(1, to=1, protect=True)
        with Node(target) as node:
            disks = node.disks(2)
            for lun, disk in disks.items():
                # The disk is there before its driver has read the mode page.
                harness.wait_for(lambda d=disk, n=lun: str(n) == harness.read(
                    f"/sys/block/{d[5:]}/ro").strip(), f"the protection of LUN {lun}")


def test_protected_write_same():
    """WRITE SAME that transfers nothing does not get around write protection."""
    with Target("acl", demo=False) as target:
        target.lun(0, kind="file", emulate_tpws=1)
        rights = target.acl(login.INITIATOR)
        rights.map(0, to=0)
        rights.map(1, to=0, protect=True)
        unmap = struct.pack(">BBQIBB", 0x93, 0x08, 0, 8, 0, 0)
        with Session(target.iqn) as session:
            session.ready(0, 1)
            session.write_at(0, b"\1" * 4096)
            task = session.command(unmap, lun=1, status=CHECK_CONDITION)
            equal(task.sense_code, WRITE_PROTECTED, "sense on the protected LUN")
            equal(session.read_at(0, 4096), b"\1" * 4096, "the disk")
            session.command(unmap)
            equal(session.read_at(0, 4096), bytes(4096), "the disk after one that was allowed")


def test_discovery_hides():
    """demo_mode_discovery=0 hides a target from those whom it would refuse."""
    with Target("hidden", demo=False) as target:
        with discovery() as session:
            equal([name for name, _ in session.send_targets()], [target.iqn], "by default")
        target.attrib("demo_mode_discovery", 0)
        with discovery() as session:
            equal(session.send_targets(), [], "hidden")
        target.acl(login.INITIATOR)
        with discovery() as session:
            equal([name for name, _ in session.send_targets()], [target.iqn], "with an ACL")
        target.enable(False)
        with discovery() as session:
            equal(session.send_targets(), [], "disabled")
        target.attrib("tpg_enabled_sendtargets", 0)
        with discovery() as session:
            equal([name for name, _ in session.send_targets()], [target.iqn], "told nevertheless")


def test_depth():
    """cmdsn_depth is the window, and changing it ends the ACL's sessions."""
    with Target("acl", demo=False) as target:
        target.lun(0, mib=1)
        acl = target.acl(login.INITIATOR)
        for depth in (1, 7, 512):
            write(acl.dir + "/cmdsn_depth", str(depth))
            with Session(target.iqn) as session:
                equal(session.max_cmdsn - session.cmdsn + 1, depth, "window")
                session.ready(0)
                if depth == 1:
                    for _ in range(3):
                        session.read_at(0, 512)
        session = Session(target.iqn)
        write(acl.dir + "/cmdsn_depth", "16")
        session.expect_close((ASYNC,))
        session.close()


def test_info():
    """info, param/ and the counters, with and without a session."""
    with Target("acl", demo=False) as target:
        target.lun(0)
        acl = target.acl(login.INITIATOR)
        acl.map(0, to=0)
        nothing = f"No active iSCSI Session for Initiator Endpoint: {login.INITIATOR}\n"
        equal(acl.get("info"), nothing, "info before")
        equal(acl.get("param/MaxBurstLength"), "No Active iSCSI Session\n", "param before")
        keys = {"MaxBurstLength": "65536", "InitiatorAlias": "an alias"}
        with Session(target.iqn, keys=keys, isid=b"\x80\x12\x34\x56\x00\x09") as session:
            session.ready(0)
            session.write_at(0, bytes(4096))
            lines = acl.get("info").splitlines()
            equal(lines[0], f"InitiatorName: {login.INITIATOR}", "line 1")
            equal(lines[1], "InitiatorAlias: an alias", "line 2")
            equal(lines[2].split("   ISID: ")[1],
                  f"0x80 12 34 56 00 09  TSIH: {session.tsih}  SessionType: Normal", "line 3")
            check(lines[2].startswith("LIO Session ID: "), "line 3:", lines[2])
            equal(lines[3], "Session State: TARG_SESS_STATE_LOGGED_IN", "line 4")
            equal(lines[4], "-" * 21 + "[iSCSI Session Values]" + "-" * 23, "line 5")
            equal(lines[5].split("  :  "), ["  CmdSN/WR", "CmdSN/WC", "ExpCmdSN", "MaxCmdSN",
                                            "   ITT  ", "   TTT"], "line 6")
            values = [int(word, 16) for word in lines[6].split()]
            equal(len(values), 6, "words of line 7")
            equal((values[2], values[3]), (session.cmdsn, session.max_cmdsn), "numbers")
            equal(lines[7], "-" * 22 + "[iSCSI Connections]" + "-" * 25, "line 8")
            equal(lines[8], "CID: 0  Connection State: TARG_CONN_STATE_LOGGED_IN", "line 9")
            check(lines[9].startswith("   Address 127.0.0.1 TCP  StatSN: 0x"), "line 10:", lines[9])
            equal(acl.get("param/MaxBurstLength"), "65536\n", "param")
            stats = "fabric_statistics/iscsi_sess_stats/"
            check(int(acl.get(stats + "cmd_pdus")) >= 2, "cmd_pdus")
            check(int(acl.get(stats + "rxdata_octs")) >= 4096, "rxdata_octs")
        harness.wait_for(lambda: acl.get("info") == nothing, "info without a session")
        equal(acl.get("fabric_statistics/iscsi_sess_stats/cmd_pdus"), "", "counter without session")


test_info.quick = True
