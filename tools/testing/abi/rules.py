# SPDX-License-Identifier: GPL-2.0
"""The rules that programs rely on and that no single file shows: what happens between
files, to sessions and to listeners. Numbered as the project's page on the interface
numbers them, 1 to 17; each is a sequence of steps, noted as they come."""

import os
import socket
import threading
import time

import harness
import initiator
import login
import raw
from harness import wait_for
from login import Chap
from observe import attempt, content, put
from session import Session, inquiry, report_luns
from target import ADDRESS, IQN, PORTAL, Target

CLIENT = IQN + "client"
SECOND = IQN + "second"
ISIDS = [bytes.fromhex(f"80000000000{n}") for n in range(1, 5)]


class Steps:
    """Notes one step after the other under the name of a rule."""

    def __init__(self, recorder, group):
        self.recorder = recorder
        self.group = f"rules.{group}"

    def step(self, key, function, *arguments, **keywords):
        self.recorder.see(self.group, key, lambda: function(*arguments, **keywords))

    def write(self, path, data, *then):
        """Write, and read: the file itself, or those in then."""
        name = os.path.basename(path)
        self.step(f"{name}={data!r}", lambda: ", ".join(
            [attempt(put, path, data.encode())] + [content(p) for p in then or (path,)]))

    def read(self, key, path):
        self.step(key, content, path)


def came(function, *arguments, **keywords):
    """How a login ends: ok, or the status, or closed."""
    try:
        session = function(*arguments, **keywords)
    except login.Refused as refused:
        return f"refused {refused.status:04x}"
    except raw.Closed:
        return "closed"
    except (harness.Failure, KeyError):
        return "not as it should"
    except OSError as error:
        return f"no connection: {type(error).__name__}"
    with session:
        return "ok"


def found():
    """What open-iscsi discovers."""
    return str(sorted(initiator.discover(ok=None)))


def ended(target):
    wait_for(lambda: target.sessions() == 0, "the end of sessions")


def is_closed(session):
    """The target has closed, after whatever it had to say."""
    try:
        while True:
            pdu = session.recv()
            if pdu is None:
                return "closed"
            if pdu.opcode not in (raw.ASYNC, raw.NOP_IN, raw.LOGOUT_RSP):
                return f"PDU {pdu.opcode:#x}"
    except (ConnectionError, raw.Closed):
        return "closed"
    except harness.Failure:
        return "still there"


def rule_01_null(steps):
    """NULL clears auth strings and the tag."""
    with Target("rule", demo=False, enable=False) as target:
        acl = target.acl(CLIENT)
        for directory in (target.tpg, acl.dir):
            auth = directory + "/auth/"
            for data in ("name", "NULL", "", "NULL\n", "name\n"):
                steps.write(auth + "userid", data)
            for name in ("userid_mutual", "password_mutual"):
                steps.write(auth + name, "mutual-secret", auth + "authenticate_target")
            steps.write(auth + "password_mutual", "NULLnothing", auth + "authenticate_target",
                        auth + "password_mutual")
        for data in ("friends", "NULL", "friends\n", "NULLfriends"):
            steps.write(acl.dir + "/tag", data)


def rule_02_secrets(steps):
    """What is stored is what a login needs: set, cleared, and set again."""
    with Target("rule", demo=False, auth=True) as target:
        acl = target.acl(CLIENT)
        chap = Chap("alice", "alices-secret-01")
        steps.step("without", came, Session, target.iqn, CLIENT, chap=chap)
        acl.auth(userid="alice", password="alices-secret-01")
        steps.step("set", came, Session, target.iqn, CLIENT, chap=Chap("alice", "alices-secret-01"))
        steps.step("wrong", came, Session, target.iqn, CLIENT, chap=Chap("alice", "x" * 16))
        steps.step("no chap", came, Session, target.iqn, CLIENT)
        acl.auth(userid="NULL")
        steps.step("cleared", came, Session, target.iqn, CLIENT,
                   chap=Chap("alice", "alices-secret-01"))
        acl.auth(userid="alice", password="alices-secret-01\n")
        steps.step("newline", came, Session, target.iqn, CLIENT,
                   chap=Chap("alice", "alices-secret-01"))
        acl.attrib("authentication", 0)
        steps.step("authentication=0", came, Session, target.iqn, CLIENT)


def rule_03_separators(steps):
    """The tag has no newline, dynamic_sessions has newline and NUL."""
    with Target("rule") as target:
        acl = target.acl(CLIENT)
        steps.write(acl.dir + "/tag", "friends")
        path = target.tpg + "/dynamic_sessions"
        steps.read("nobody", path)
        with Session(target.iqn, IQN + "a"):
            steps.read("one", path)
            with Session(target.iqn, IQN + "b"):
                steps.read("two", path)
                with Session(target.iqn, CLIENT):
                    steps.read("and a static one", path)
        ended(target)
        steps.read("all gone", path)


def rule_04_info(steps):
    """The lines of info, before, during and after a session."""
    with Target("rule", demo=False) as target:
        target.lun(0, mib=1)
        acl = target.acl(CLIENT)
        acl.map(0, 0)
        for name, path in (("info", "/info"), ("parameter", "/param/MaxBurstLength"),
                           ("statistics", "/fabric_statistics/iscsi_sess_stats/cmd_pdus"),
                           ("inst", "/fabric_statistics/iscsi_sess_stats/inst")):
            steps.read(f"{name} before", acl.dir + path)
            with Session(target.iqn, CLIENT, isid=ISIDS[0],
                         keys={"InitiatorAlias": "an alias", "MaxBurstLength": "8192"}) as session:
                session.sync()
                steps.read(f"{name} during", acl.dir + path)
            ended(target)
            steps.read(f"{name} after", acl.dir + path)
        with Session(target.iqn, CLIENT, isid=ISIDS[1], address=(ADDRESS, 3260)) as session:
            session.ready(0)
            steps.read("info without an alias", acl.dir + "/info")
        ended(target)


def rule_05_one_session(steps):
    """Of several sessions of an ACL, info shows the last that came."""
    with Target("rule", demo=False) as target:
        acl = target.acl(CLIENT)

        def isid():
            text = content(acl.dir + "/info")
            return text.partition("ISID: ")[2].partition("  TSIH")[0] or text

        sessions = []
        for number in range(3):
            sessions.append(Session(target.iqn, CLIENT, isid=ISIDS[number]))
            sessions[-1].sync()
            steps.step(f"{number + 1} came", isid)
        steps.step("sessions", target.statistic, "iscsi_instance/sessions")
        for number in (1, 2, 0):
            sessions[number].logout()
            left = sum(1 for session in sessions if session.sock.fileno() >= 0)
            wait_for(lambda n=left: target.sessions() == n, "the end of a session")
            steps.step(f"{number + 1} went", isid)


def rule_06_transports(steps):
    """iser and cxgbit take 0, and read 0."""
    with Target("rule") as target:
        for name in ("iser", "cxgbit"):
            path = f"{target.tpg}/np/{PORTAL}/{name}"
            for data in ("0", "0\n", "1", "0", "2", "x"):
                steps.write(path, data)
        steps.step("portals", target.statistic, "iscsi_instance/portals")
        steps.step("login", came, Session, target.iqn)


def rule_07_cache(steps):
    """cache_dynamic_acls=0 is ignored in demo mode."""
    with Target("rule", demo=False, enable=False) as target:
        generate = target.tpg + "/attrib/generate_node_acls"
        cache = target.tpg + "/attrib/cache_dynamic_acls"
        for path, data in ((cache, "1"), (cache, "0"), (generate, "1"), (cache, "0"), (cache, "2"),
                           (generate, "1"), (generate, "0"), (cache, "0"), (generate, "1")):
            steps.write(path, data, generate, cache)


def rule_08_enable(steps):
    """enable: nothing to do is no error; disabling ends sessions before it returns."""
    with Target("rule", enable=False) as target:
        target.lun(0, mib=1)
        path = target.tpg + "/enable"
        for data in ("0", "1", "1\n", "yes", "0", "0"):
            steps.write(path, data)
        steps.write(path, "1")
        session = Session(target.iqn, CLIENT)
        session.ready(0)
        steps.write(path, "1")
        steps.step("undisturbed", attempt, session.sync)
        session.answer_r2t = False          # a command that waits for data
        session.submit(b"\x2a" + bytes(7) + b"\x10\0", write=bytes(8192), immediate=0,
                       unsolicited=0)
        session.pump()
        steps.write(path, "0")
        steps.read("dynamic", target.tpg + "/dynamic_sessions")
        steps.step("connection", is_closed, session)
        session.close()
        steps.step("disabled", came, Session, target.iqn, CLIENT)
        steps.write(path, "1")
        steps.step("enabled", came, Session, target.iqn, CLIENT)


def rule_09_listener(steps):
    """The listener is there from mkdir on."""
    def connect():
        with socket.create_connection((ADDRESS, 3260), timeout=5):
            return "connected"

    with Target("rule", portals=(), enable=False) as target:
        steps.step("before", attempt, connect)
        target.portal(PORTAL)
        steps.step("after mkdir", attempt, connect)
        steps.step("login", came, Session, target.iqn)
        target.enable()
        steps.step("enabled", came, Session, target.iqn)
        target.drop_portal(PORTAL)
        steps.step("after rmdir", attempt, connect)


def rule_10_sharing(steps):
    """Addresses that are not local, and one listener for several targets."""
    with Target("rule", portals=("192.0.2.77:3260", "[2001:db8::77]:3260", PORTAL)) as one, \
            Target("rule-two") as two:
        for target in (one, two):
            steps.step(f"portals of {target.iqn}", target.statistic, "iscsi_instance/portals")
            steps.step(f"login to {target.iqn}", came, Session, target.iqn)
        steps.step("discovered", found)
        one.drop_portal(PORTAL)
        steps.step("without the portal", came, Session, one.iqn)
        steps.step("the other", came, Session, two.iqn)
        two.enable(False)
        for on in (1, 0):
            two.attrib("tpg_enabled_sendtargets", on)
            steps.step(f"tpg_enabled_sendtargets={on}", found)


def rule_11_newline(steps):
    """One newline more is no harm, in parameters and in attributes."""
    with Target("rule", enable=False) as target:
        for name, data in (("MaxBurstLength", "65536\n"), ("MaxBurstLength", "65536\n\n"),
                           ("InitialR2T", "No\n"), ("InitialR2T", "No\n\n"),
                           ("TargetAlias", "an alias\n"), ("AuthMethod", "CHAP,None\n"),
                           ("HeaderDigest", "None\n")):
            steps.write(f"{target.tpg}/param/{name}", data)
        for data in ("1\n", "0\n", "1\n\n"):
            steps.write(f"{target.tpg}/attrib/demo_mode_write_protect", data)


def rule_12_depth(steps):
    """Another cmdsn_depth ends the sessions of the ACL, the same one does not."""
    with Target("rule", demo=False) as target:
        acl, other = target.acl(CLIENT), target.acl(SECOND)
        path = acl.dir + "/cmdsn_depth"
        with Session(target.iqn, SECOND) as bystander:
            for data in ("64", "64\n", "513", "x", "32", "0", "1"):
                session = Session(target.iqn, CLIENT)
                session.sync()
                steps.write(path, data)
                time.sleep(harness.patience(0.3))       # those that go may take a moment
                steps.step(f"sessions after {data!r}", target.statistic,
                           "iscsi_instance/sessions")
                if target.sessions() == 1:
                    steps.step(f"connection after {data!r}", is_closed, session)
                    session.close()
                else:
                    session.logout()
                    wait_for(lambda: target.sessions() == 1, "the end of a session")
            bystander.sync()
        ended(target)
        steps.read("the other", other.dir + "/cmdsn_depth")


def rule_13_statistics(steps):
    """What exactly these requests make of the counters."""
    with Target("rule", demo=False) as target:
        target.lun(0, mib=1)
        acl = target.acl(CLIENT)
        acl.map(0, 0)
        with Session(target.iqn, CLIENT, isid=ISIDS[0]) as session:
            session.ready(0)
            session.read_at(0, 4096)
            session.write_at(0, bytes(8192), immediate=0)
            session.command(inquiry(), read=36)
            session.command(report_luns(), read=256)
            session.command(b"\x12\x01\x7f\0\x24\0", status=None, read=36)
            session.nop(b"ping")
            for name in ("cmd_pdus", "rsp_pdus", "txdata_octs", "rxdata_octs", "node",
                         "conn_digest_errors", "conn_timeout_errors"):
                steps.read(name, f"{acl.dir}/fabric_statistics/iscsi_sess_stats/{name}")
            session.write_at(0, bytes(2048))
            steps.read("rxdata_octs after immediate data",
                       f"{acl.dir}/fabric_statistics/iscsi_sess_stats/rxdata_octs")
            for name in ("num_cmds", "read_mbytes", "write_mbytes", "att_count", "row_status",
                         "map_indx", "dev_or_port", "intr_name"):
                steps.read(name, f"{acl.dir}/lun_0/statistics/scsi_auth_intr/{name}")
            steps.read("port_ident", f"{acl.dir}/lun_0/statistics/scsi_att_intr_port/port_ident")
            for name in ("name", "port_index", "in_cmds", "hs_in_cmds"):
                steps.read(name, f"{target.tpg}/lun/lun_0/statistics/scsi_tgt_port/{name}")
        ended(target)
        for group in ("iscsi_login_stats/accepts", "iscsi_logout_stats/normal_logouts",
                      "iscsi_logout_stats/abnormal_logouts", "iscsi_instance/sessions",
                      "iscsi_sess_err/cxn_errors", "iscsi_instance/fail_sess",
                      "iscsi_instance/fail_rem_name"):
            steps.step(group, target.statistic, group)
        with Session(target.iqn, CLIENT) as session:
            session.reset()
        ended(target)
        for group in ("normal_logouts", "abnormal_logouts"):
            steps.step(group + " after a reset", target.statistic, "iscsi_logout_stats/" + group)


def rule_14_nothing_else(steps):
    """No entries where programs take every entry for an object of a kind."""
    with Target("rule") as target:
        for name in ("", "np", "lun", "acls", f"np/{PORTAL}", "attrib", "param"):
            steps.step(name or "group", lambda n=name: " ".join(sorted(
                os.listdir(f"{target.tpg}/{n}"))))
        steps.step("target", lambda: " ".join(sorted(os.listdir(target.dir))))
        steps.step("fabric", lambda: " ".join(sorted(os.listdir(os.path.dirname(target.dir)))))


def rule_15_version(steps):
    with Target("rule") as target:
        steps.read("lio_version", os.path.dirname(target.dir) + "/lio_version")


def rule_16_auth_method(steps):
    """attrib/authentication edits AuthMethod, and so does enable."""
    with Target("rule", demo=False, enable=False, auth=True) as target:
        method = target.tpg + "/param/AuthMethod"
        attribute = target.tpg + "/attrib/authentication"
        for text in ("CHAP", "CHAP,None", "None,CHAP", "CHAP,None,SRP", "None,SRP,CHAP", "SRP",
                     "None", "None,None,CHAP"):
            for value in ("0", "1", "0"):
                attempt(put, method, text.encode())

                def both(data=value):
                    return f"{attempt(put, attribute, data.encode())}, {content(method)}"
                steps.step(f"{text} authentication={value}", both)
        for text in ("CHAP,None", "None,CHAP", "None"):
            attempt(put, method, b"CHAP")
            attempt(put, attribute, b"1")
            attempt(put, method, text.encode())

            def enable():
                result = attempt(put, target.tpg + "/enable", b"1")
                seen = content(method)
                return f"{result}, {seen}, {attempt(put, target.tpg + '/enable', b'0')}"
            steps.step(f"{text} enable", enable)


def rule_17_affinity(steps):
    with Target("rule") as target:
        path = target.dir + "/param/cmd_completion_affinity"
        steps.read("at first", path)
        for data in ("-2", "-1", "0", "-1\n", "-3", "99999"):
            steps.write(path, data)


def beyond_login_timeout(steps):
    """Not one of the seventeen: how long a silent login may last."""
    with Target("rule") as target:
        target.attrib("login_timeout", 5)
        with login.LoginConn(seconds=40) as conn:
            begin = time.monotonic()
            steps.step("login_timeout=5", lambda: (conn.expect_close(seconds=40), "closed after "
                       f"{'less' if time.monotonic() - begin < 10 else 'more'} than 10 s")[1])


def beyond_two_writers(steps):
    """Not one of the seventeen: many writers of one file, all served."""
    with Target("rule", enable=False) as target:
        path = target.tpg + "/attrib/default_cmdsn_depth"
        results = []

        def write_some():
            results.extend(attempt(put, path, b"%d" % (n + 1)) for n in range(20))

        threads = [threading.Thread(target=write_some) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        steps.step("results", lambda: " ".join(sorted(set(results))))


RULES = {name: function for name, function in globals().items()
         if name.startswith(("rule_", "beyond_"))}


def run(recorder):
    for name, function in RULES.items():
        function(Steps(recorder, name.removeprefix("rule_").replace("_", "-", 1)))
