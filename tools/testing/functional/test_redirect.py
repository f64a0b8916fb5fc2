# SPDX-License-Identifier: GPL-2.0
"""Login redirection (RFC 7143 11.13.5): statuses 0101 and 0102."""

import os
import threading

import harness
import login
from genl import Genl, redirect
from harness import Failure, check, equal, read, run, wait_for, write
from initiator import Node, discover, login_status
from login import FFP, OPERATIONAL, SECURITY, LoginConn, decode_text, names
from raw import LOGIN_RSP, random_isid
from session import Session, discovery
from target import ADDRESS, PORT, PORTAL, Target

OTHER = "127.0.0.2"
OTHER_PORTAL = f"{OTHER}:{PORT}"
TEMPORARY, PERMANENT = 0x101, 0x102
SECRET = "a-secret-of-the-test"


def moved(target, stage=OPERATIONAL, pairs=(), to=FFP, where=ADDRESS, initiator=login.INITIATOR,
          session_type="Normal", tsih=0, isid=None):
    """(status, values of TargetAddress) of one first request; checks what every
    refusal has to look like."""
    with LoginConn((where, PORT), isid=isid, tsih=tsih) as conn:
        first = names(initiator, target.iqn)[:2] + [("SessionType", session_type)]
        conn.request(stage, first + list(pairs), to)
        pdu = conn.expect(LOGIN_RSP)
        status = pdu.half(36)
        if not status:
            return status, []
        equal(pdu.flags, 0, "T, C, CSG and NSG of a refusal")
        equal(pdu.itt, conn.itt, "ITT")
        equal(pdu.half(14), tsih, "TSIH")
        check(pdu.dsl <= 8192, "more than a login PDU holds")
        found = decode_text(pdu.data)
        for key, _value in found:
            equal(key, "TargetAddress", "key in a refusal")
        equal(conn.expect_close(), [], "PDUs after the refusal")
        return status, [value for _key, value in found]


def second_group(target, portal=OTHER_PORTAL, tag=2):
    """Another portal group of the target, open to everybody, with the first one's
    LUNs. It goes when the target goes."""
    tpg = f"{target.dir}/tpgt_{tag}"
    os.mkdir(tpg)
    for name, value in (("authentication", 0), ("generate_node_acls", 1),
                        ("demo_mode_write_protect", 0)):
        write(f"{tpg}/attrib/{name}", str(value))
    for number, store in enumerate(target.stores):
        os.mkdir(f"{tpg}/lun/lun_{number}")
        os.symlink(store.dir, f"{tpg}/lun/lun_{number}/link")
    os.mkdir(f"{tpg}/np/{portal}")
    write(tpg + "/enable", "1")
    return tpg


def counters(target):
    return (int(target.statistic("iscsi_login_stats/redirects")),
            int(target.statistic("iscsi_tgt_attr/last_fail_type")),
            int(target.statistic("iscsi_login_stats/accepts")))


def test_statuses():
    """LOGIN-38: 0101 and 0102 with the addresses as given, in both stages, before
    security; counted; gone when taken back."""
    with Target("t", auth=True) as target:
        target.auth(userid="user", password=SECRET)
        redirect(target, "temporary", OTHER_PORTAL)
        before = counters(target)[0]
        log = harness.fresh_log()
        equal(moved(target), (TEMPORARY, [OTHER_PORTAL]), "operational stage")
        check(log.matching(r"redirected \(0101 "), "no log line:", log.read())
        log.close()
        equal(moved(target, SECURITY, [("AuthMethod", "CHAP")], None),
              (TEMPORARY, [OTHER_PORTAL]), "security stage")
        redirect(target, "permanent", "[2001:db8::7]:3261", "storage.example.org")
        equal(moved(target, SECURITY, [("AuthMethod", "CHAP,None")], OPERATIONAL),
              (PERMANENT, ["[2001:db8::7]:3261", "storage.example.org"]), "permanent")
        equal(counters(target), (before + 3, 3, 0), "redirects, last_fail_type, accepts")
        redirect(target, "none")
        equal(moved(target, SECURITY, [("AuthMethod", "CHAP")], None)[0], 0, "taken back")


test_statuses.quick = True


def test_longest():
    """The most and longest addresses fit in one PDU; one more is not taken."""
    host = ".".join(["a" * 63] * 3 + ["b" * 61])
    addresses = [f"{host}:{60000 + number}" for number in range(8)]
    with Target("t") as target:
        redirect(target, "permanent", *addresses)
        equal(moved(target), (PERMANENT, addresses), "eight addresses")
        with Genl() as genl:
            error = genl.refused("tpg-set", {"target": target.iqn, "tag": 1, "redirect": {
                "kind": 1, "address": addresses + ["host"]}})
            check("more than 8" in error.text, error.text)
            shown = genl.do("tpg-get", target=target.iqn, tag=1)["redirect"]
        equal(shown, {"kind": "permanent", "address": addresses}, "what is shown")


def test_disabled():
    """A disabled group redirects as well; without a redirection it is unavailable."""
    with Target("t", enable=False) as target:
        equal(moved(target), (0x301, []), "disabled")
        redirect(target, "temporary", "192.0.2.1")
        equal(moved(target), (TEMPORARY, ["192.0.2.1"]), "disabled and redirected")
        equal(counters(target)[:2], (1, 3), "redirects, last_fail_type")
        target.enable()
        equal(moved(target)[0], TEMPORARY, "enabled and redirected")
        target.enable(False)
        redirect(target, "none")
        equal(moved(target), (0x301, []), "disabled again")


def test_only_this_group():
    """Neither another group of the target, nor another target on the same portal, nor
    a name that does not exist is redirected."""
    with Target("t") as target, Target("u") as other:
        second_group(target)
        redirect(target, "temporary", OTHER_PORTAL)
        equal(moved(target)[0], TEMPORARY, "the group")
        equal(moved(target, where=OTHER)[0], 0, "the other group")
        equal(moved(other)[0], 0, "the other target")
        other.iqn += "x"
        equal(moved(other), (0x203, []), "an unknown target")


def test_admission():
    """Malformed requests are refused as such; who has no ACL is redirected, because
    who may come is for the other end to say."""
    with Target("t", demo=False) as target:
        redirect(target, "temporary", "192.0.2.1")
        equal(moved(target), (TEMPORARY, ["192.0.2.1"]), "without ACL")
        equal(moved(target, pairs=[("InitiatorName", login.INITIATOR)]), (0x200, []),
              "a key twice")
        equal(moved(target, session_type="Nothing"), (0x209, []), "session type")


def test_sessions_stay():
    """Who is logged in stays; a login that would replace the session is redirected and
    leaves it alone; one that names a session is not sent away."""
    with Target("t") as target:
        target.lun(0)
        isid = random_isid()
        with Session(target.iqn, isid=isid) as session:
            redirect(target, "temporary", "192.0.2.1")
            session.sync()
            equal(moved(target, isid=isid)[0], TEMPORARY, "reinstatement")
            status = moved(target, isid=random_isid(), tsih=0x7777)[0]
            equal(status, 0x20a, "an unknown TSIH")
            session.ready(0)
            equal(target.sessions(), 1, "sessions")


def test_discovery():
    """SendTargets goes on to name the group's own portal; a discovery session that
    names the target is redirected like any login to it."""
    with Target("t") as target:
        redirect(target, "permanent", "192.0.2.1")
        equal(discover(), [(PORTAL, 1, target.iqn)], "iscsiadm")
        with discovery() as session:
            equal(session.send_targets(), [(target.iqn, [f"{PORTAL},1"])], "SendTargets")
        equal(moved(target, session_type="Discovery"), (PERMANENT, ["192.0.2.1"]),
              "named discovery session")
        # What a disabled group shows is up to its attribute, redirection or not.
        target.enable(False)
        target.attrib("tpg_enabled_sendtargets", 1)
        equal(discover(ok=None), [], "disabled and hidden")
        target.attrib("tpg_enabled_sendtargets", 0)
        equal(discover(), [(PORTAL, 1, target.iqn)], "disabled and shown")


def write_some(disk):
    run("dd", "if=/dev/zero", f"of={disk}", "bs=64k", "count=4", "oflag=direct")


def lands_on(target, address, tag):
    """open-iscsi logs in at the first portal; where is its session then?"""
    with Node(target) as node:
        equal(node.negotiated("address"), address, "address of the session")
        equal(node.negotiated("tpgt"), str(tag), "portal group of the session")
        write_some(node.disks()[0])
        with Genl() as genl:
            found = genl.dump("session-get", target=target.iqn)
        equal([s["tag"] for s in found], [tag], "groups of the target's sessions")


def test_open_iscsi():
    """open-iscsi follows a temporary and a permanent redirection to the portal of
    another group, also of a disabled one, and comes back."""
    with Target("t") as target:
        target.lun(0)
        second_group(target)
        lands_on(target, ADDRESS, 1)
        redirect(target, "temporary", OTHER_PORTAL)
        lands_on(target, OTHER, 2)
        redirect(target, "permanent", OTHER_PORTAL)
        lands_on(target, OTHER, 2)
        target.enable(False)
        lands_on(target, OTHER, 2)
        target.enable()
        redirect(target, "none")
        lands_on(target, ADDRESS, 1)


test_open_iscsi.quick = True


def test_move():
    """Taking a portal group out of service under an initiator that is logged in: its
    logins are redirected, it is asked to log out, and open-iscsi goes over by itself."""
    with Target("t") as target:
        target.lun(0, kind="file")
        second_group(target)
        with Node(target) as node, Genl() as client:
            disk = node.disks()[0]
            first = client.dump("session-get")[0]
            redirect(target, "temporary", OTHER_PORTAL)
            client.do("session-logout", sid=first["sid"], seconds=20)
            wait_for(lambda: [s["tag"] for s in client.dump("session-get")] == [2],
                     "the session at the other portal group", 20)
            target.enable(False)
            write_some(disk)
            equal(node.negotiated("address"), OTHER, "address of the session")
        equal(target.statistic("iscsi_logout_stats/normal_logouts"), "2", "normal logouts")


def test_nowhere():
    """A redirection that leads nowhere fails the login, and only that."""
    with Target("t") as target:
        target.lun(0)
        redirect(target, "temporary", "127.0.0.1:1")
        check(login_status(target) != 0, "logged in nowhere")
        equal(target.sessions(), 0, "sessions")
        redirect(target, "none")
        with Node(target) as node:
            node.disks()


def test_while_it_changes():
    """Every login is either served or redirected to one of the places, while the
    redirection changes all the time; the last one goes with its group."""
    places = (["192.0.2.1:1"], ["192.0.2.2:2", "192.0.2.3"])
    seen = {0: 0, TEMPORARY: 0, PERMANENT: 0}
    stop = threading.Event()
    faults = []

    def change():
        try:
            while not stop.is_set():
                redirect(target, "temporary", *places[0])
                redirect(target, "permanent", *places[1])
                redirect(target, "none")
        except (Failure, OSError) as error:
            faults.append(error)

    with Target("t") as target:
        thread = threading.Thread(target=change)
        thread.start()
        try:
            for _ in range(harness.scaled(300, 40)):
                status, found = moved(target)
                seen[status] += 1
                expected = {0: [], TEMPORARY: places[0], PERMANENT: places[1]}
                equal(found, expected[status], "addresses")
        finally:
            stop.set()
            thread.join()
        equal(faults, [], "while changing")
        check(all(seen.values()), "too uniform:", seen)
        redirect(target, "temporary", *places[0])
    with Target("t") as target:
        with Genl() as genl:
            equal(genl.do("tpg-get", target=target.iqn, tag=1)["redirect"], {"kind": "none"},
                  "redirection of a new group of the same name")
        equal(read(target.tpg + "/enable").strip(), "1", "enable")
