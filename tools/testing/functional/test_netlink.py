# SPDX-License-Identifier: GPL-2.0
"""The generic netlink family: every operation, who may use it, requests that are
wrong, and answers while everything changes. See genl.py."""

import ctypes
import errno
import os
import pickle
import random
import threading
import time

import genl
import harness
import target as target_module
from genl import ACK, DUMP, SPEC, Genl, Refused, redirect
from harness import Failure, Skip, check, equal, run, wait_for, write
from raw import ASYNC, Closed
from session import Session
from target import ADDRESS, PORT, Target

CLONE_NEWNET, CLONE_NEWUSER = 0x40000000, 0x10000000
PR_CAPBSET_DROP, CAP_NET_ADMIN = 24, 12
LIBC = ctypes.CDLL(None, use_errno=True)


def in_child(function, *args):
    """What function() returns, called in a forked process; for what cannot be undone."""
    receive, send = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            answer = (True, function(*args))
        except BaseException as error:      # pylint: disable=broad-except
            answer = (False, repr(error))
        with os.fdopen(send, "wb") as file:
            pickle.dump(answer, file)
        os._exit(0)
    os.close(send)
    with os.fdopen(receive, "rb") as file:
        good, value = pickle.load(file)
    os.waitpid(pid, 0)
    check(good, "in the child:", value)
    return value


def unshare(flags):
    if LIBC.unshare(flags):
        raise OSError(ctypes.get_errno(), "unshare")


def in_namespace(function, *args):
    """The same in a network namespace of its own, with a loopback network."""
    def child():
        unshare(CLONE_NEWNET)
        run("ip", "link", "set", "lo", "up")
        return function(*args)
    return in_child(child)


# --- showing -----------------------------------------------------------------

def test_groups():
    """tpg-get shows what configfs says, one by one and all, with filters."""
    with Target("a", tag=7) as one, Target("b", enable=False) as two, Genl() as client:
        os.mkdir(f"{one.dir}/tpgt_3")
        plain = {"redirect": {"kind": "none"}, "async-events": 0, "sessions": 0,
                 "draining": 0}
        expected = [{"target": one.iqn, "tag": 3, "enabled": 0, **plain},
                    {"target": one.iqn, "tag": 7, "enabled": 1, **plain},
                    {"target": two.iqn, "tag": 1, "enabled": 0, **plain}]
        equal(client.dump("tpg-get"), expected, "all groups, by target and tag")
        equal(client.dump("tpg-get", target=one.iqn), expected[:2], "of one target")
        equal(client.dump("tpg-get", tag=1), expected[2:], "with one tag")
        equal(client.dump("tpg-get", target=one.iqn.upper(), tag=7), expected[1:2],
              "a name in capitals")
        equal(client.dump("tpg-get", target="iqn.2026-11.test:none"), [], "of no target")
        equal(client.do("tpg-get", target=two.iqn, tag=1), expected[2], "one group")
        with Session(one.iqn):
            equal(client.do("tpg-get", target=one.iqn, tag=7)["sessions"], 1, "sessions")
    with Genl() as client:
        equal(client.dump("tpg-get"), [], "without targets")


test_groups.quick = True


def test_change():
    """tpg-set changes what is given, and only that."""
    with Target("t") as target, Genl() as client:
        key = {"target": target.iqn, "tag": 1}

        def state():
            shown = client.do("tpg-get", **key)
            return shown["async-events"], shown["redirect"]

        there = {"kind": "permanent", "address": ["192.0.2.1", "[2001:db8::1]:3260"]}
        equal(state(), (0, {"kind": "none"}), "of a new group")
        client.do("tpg-set", async_events=1, **key)
        equal(state(), (1, {"kind": "none"}), "events on")
        client.do("tpg-set", redirect={"kind": 2, "address": there["address"]}, **key)
        equal(state(), (1, there), "redirected")
        client.do("tpg-set", async_events=0, **key)
        equal(state(), (0, there), "events off")
        client.refused("tpg-set", {**key, "async-events": 1,
                                   "redirect": {"kind": 1, "address": ["host:0"]}})
        equal(state(), (0, there), "after a change of which one half is wrong")
        client.do("tpg-set", redirect={"kind": 0}, async_events=1, **key)
        equal(state(), (1, {"kind": "none"}), "both at once")


def test_sessions():
    """session-get shows what was negotiated and counted, of sessions with and without
    an ACL, in the order of their logins."""
    name = "iqn.2026-11.test:has-acl"
    with Target("t") as target, Genl() as client:
        target.lun(0)
        acl = target.acl(name)
        equal(client.dump("session-get"), [], "without sessions")
        with Session(target.iqn, keys={"HeaderDigest": "CRC32C", "InitiatorAlias": "a\\ä",
                                       "MaxBurstLength": "16384", "ImmediateData": "No"}) as one, \
                Session(target.iqn, name) as two:
            one.ready(0)
            local = one.sock.getsockname()
            first, second = client.dump("session-get")
            check(first["sid"] < second["sid"], "order", first["sid"], second["sid"])
            for key, value in {"target": target.iqn, "tag": 1, "state": "logged-in", "dynamic": 1,
                               "initiator": "iqn.2026-11.test:raw", "initiator-alias": "a\\ä",
                               "isid": bytes(one.isid), "tsih": one.tsih,
                               "digest-errors": 0, "timeout-errors": 0}.items():
                equal(first[key], value, key)
            check(first["cmd-pdus"] >= 1, "commands", first["cmd-pdus"])
            equal(first["max-cmdsn"], one.max_cmdsn, "MaxCmdSN")
            for key, value in {"header-digest": 1, "data-digest": 0, "max-burst-length": 16384,
                               "immediate-data": 0, "initial-r2t": 1, "max-connections": 1,
                               "mrdsl-initiator": 8192, "error-recovery-level": 0}.items():
                equal(first["parameters"][key], value, key)
            equal(len(first["connection"]), 1, "connections")
            conn = first["connection"][0]
            for key, value in {"peer-address": bytes((127, 0, 0, 1)), "peer-port": local[1],
                               "local-address": bytes((127, 0, 0, 1)), "local-port": PORT,
                               "cid": one.cid}.items():
                equal(conn[key], value, key)
            check(not {"peer-scope", "local-scope"} & set(conn), "scope of an IPv4 address")
            equal((second["initiator"], second["dynamic"]), (name, 0), "with an ACL")
            check("initiator-alias" not in second, "alias that was not declared")
            equal([s["sid"] for s in client.dump("session-get", sid=second["sid"])],
                  [second["sid"]], "one by number")
            equal(client.do("session-get", sid=first["sid"])["tsih"], first["tsih"], "one")
            equal(client.dump("session-get", target=target.iqn, tag=2), [], "another group")
            error = client.refused("session-get", {"sid": first["sid"], "tag": 2})
            equal(error.errno, errno.ENOENT, "a session that does not match")
        equal(client.dump("session-get"), [], "after logout")
        acl.remove()


test_sessions.quick = True


def test_ipv6():
    """Addresses of IPv6 connections, and of IPv4 connections to an IPv6 portal."""
    with Target("t", portals=("[::]:3260",)) as target, Genl() as client:
        for address, packed in (("::1", bytes(15) + b"\1"), (ADDRESS, bytes((127, 0, 0, 1)))):
            with Session(target.iqn, address=(address, PORT)) as session:
                conn = client.dump("session-get")[0]["connection"][0]
                equal((conn["peer-address"], conn["local-address"]), (packed, packed), address)
                equal(conn["peer-port"], session.sock.getsockname()[1], "port")


# --- ending sessions ---------------------------------------------------------

def test_close():
    """session-close ends the one session, tells it, says why in the log, and a second
    time that there is nothing to close."""
    with Target("t") as target, Genl() as client:
        harness.fresh_log().close()
        log = harness.KernelLog()
        with Session(target.iqn) as stays:
            victim = Session(target.iqn, "iqn.2026-11.test:victim")
            sid = client.dump("session-get")[1]["sid"]
            client.do("session-close", sid=sid)
            for pdu in victim.expect_close((ASYNC,)):
                equal(pdu.bhs[36], 3, "async event")
            victim.close()
            wait_for(lambda: target.sessions() == 1, "the end of the session")
            check(log.matching(r"victim .*closed by the administrator"), log.read())
            log.close()
            stays.sync()
            error = client.refused("session-close", {"sid": sid})
            equal((error.errno, error.text), (errno.ENOENT, "no such session"), "once more")


test_close.quick = True


def test_logout():
    """session-logout asks by Async Message, event 1 with the seconds in Parameter3; who
    logs out ends normally, who does not is dropped when the time is over."""
    with Target("t") as target, Genl() as client:
        harness.fresh_log().close()
        log = harness.KernelLog()
        with Session(target.iqn) as polite, Session(target.iqn, "iqn.2026-11.test:deaf") as deaf:
            sids = [s["sid"] for s in client.dump("session-get")]
            client.do("session-logout", sid=sids[0], seconds=3600)
            pdu = polite.other(ASYNC)
            equal((pdu.bhs[36], pdu.half(42)), (1, 3600), "event and Parameter3")
            polite.sync()
            equal(polite.logout(), 0, "response to the logout")
            wait_for(lambda: target.sessions() == 1, "the end of the first")
            start = time.monotonic()
            client.do("session-logout", sid=sids[1], seconds=2)
            events = [pdu.bhs[36] for pdu in deaf.expect_close((ASYNC,))]
            equal(events, [1, 3], "events")
            check(1.5 < time.monotonic() - start < harness.patience(6), "time until it was dropped")
            deaf.close()
        wait_for(lambda: target.sessions() == 0, "the end of the second")
        check(not log.matching("test:raw"), "a normal logout is logged:", log.read())
        check(log.matching("test:deaf.*(log ?out|logged out)"), log.read())
        log.close()
        equal(target.statistic("iscsi_logout_stats/normal_logouts"), "1", "normal logouts")
        equal(target.statistic("iscsi_logout_stats/abnormal_logouts"), "1", "abnormal logouts")


test_logout.quick = True


def test_close_many():
    """Sessions that are closed while they begin: each login gets a connection that
    ends, nothing hangs and nothing is left."""
    stop = threading.Event()

    def close_all():
        with Genl() as client:
            while not stop.is_set():
                for session in client.dump("session-get"):
                    try:
                        client.do("session-close", sid=session["sid"])
                    except Refused as error:
                        if error.errno not in (errno.ENOENT, errno.EALREADY):
                            raise

    with Target("t") as target:
        thread = threading.Thread(target=close_all)
        thread.start()
        ended = 0
        try:
            for _ in range(harness.scaled(150, 20)):
                try:
                    with Session(target.iqn) as session:
                        session.expect_close((ASYNC,))
                        session.close()
                        ended += 1
                except (Closed, OSError):
                    ended += 1
        finally:
            stop.set()
            thread.join()
        equal(ended, harness.scaled(150, 20), "sessions that ended")
        wait_for(lambda: target.sessions() == 0, "the end of all sessions")


# --- wrong requests ----------------------------------------------------------

def wrong_requests(target):
    """(operation, values, raw attributes, errno, part of the text)"""
    key = {"target": target.iqn, "tag": 1}
    nobody = {"target": "iqn.2026-11.test:none", "tag": 1}
    address = {"kind": 1, "address": ["host"]}
    string = {"kind": 1, "address": [b"host"]}
    yield "tpg-get", {}, b"", errno.EINVAL, "target's name is missing"
    yield "tpg-get", {"target": target.iqn}, b"", errno.EINVAL, "tag is missing"
    yield "tpg-get", nobody, b"", errno.ENOENT, "no such portal group"
    yield "tpg-get", {**key, "tag": 2}, b"", errno.ENOENT, "no such portal group"
    yield "tpg-get", {**key, "target": ""}, b"", errno.ENOENT, "no such portal group"
    yield "tpg-get", {**key, "target": "x" * 224}, b"", errno.EINVAL, ""
    yield "tpg-get", {**key, "target": b"no-nul"}, b"", errno.EINVAL, ""
    yield "tpg-get", {**key, "tag": b"\1"}, b"", errno.ERANGE, ""
    yield "tpg-get", {**key, "tag": bytes(4)}, b"", errno.ERANGE, ""
    yield "tpg-get", {**key, "sessions": 1}, b"", errno.EINVAL, ""
    yield "tpg-get", key, genl.attribute(4000, b"x"), errno.EINVAL, ""
    yield "tpg-get", key, b"\1\0\1\0", errno.EINVAL, ""
    yield "tpg-set", {"tag": 1, "async-events": 1}, b"", errno.EINVAL, "target's name is missing"
    yield "tpg-set", {**nobody, "async-events": 1}, b"", errno.ENOENT, "no such portal group"
    yield "tpg-set", {**nobody, "redirect": address}, b"", errno.ENOENT, "no such portal group"
    yield "tpg-set", key, b"", errno.EINVAL, "nothing to change"
    yield "tpg-set", {**key, "async-events": 2}, b"", errno.ERANGE, ""
    yield "tpg-set", {**key, "enabled": 1}, b"", errno.EINVAL, ""
    yield "tpg-set", {**key, "redirect": {}}, b"", errno.EINVAL, "kind of redirection"
    yield "tpg-set", {**key, "redirect": {"kind": 3}}, b"", errno.ERANGE, ""
    yield "tpg-set", {**key, "redirect": {"kind": 1}}, b"", errno.EINVAL, "needs an address"
    yield "tpg-set", {**key, "redirect": {**address, "kind": 0}}, b"", errno.EINVAL, \
        "without a redirection"
    yield "tpg-set", {**key, "redirect": string}, b"", errno.EINVAL, ""
    yield "tpg-set", {**key, "redirect": b"\0"}, b"", errno.EINVAL, ""
    for text, why in (("", "no host"), ("a" * 260, ""), ("host:0", "port"), ("host,1", "tag"),
                      ("::1", "brackets"), ("[::1", "missing"), ("[::]", "[::]"),
                      ("0.0.0.0", "0.0.0.0"), ("ho st", "letters"), ("1.2.3.4.5", "neither"),
                      ("224.0.0.1:1", "multicast"), ("[x]", "no IPv6"), ("a..b", "empty part")):
        yield "tpg-set", {**key, "redirect": {"kind": 1, "address": ["good", text]}}, b"", \
            errno.EINVAL, why
    yield "session-get", {}, b"", errno.EINVAL, "number is missing"
    yield "session-get", {"sid": 0}, b"", errno.ERANGE, ""
    yield "session-get", {"sid": 0xffffffff}, b"", errno.ENOENT, "no such session"
    for name in ("session-close", "session-logout"):
        more = {"seconds": 5} if name == "session-logout" else {}
        yield name, more, b"", errno.EINVAL, "number is missing"
        yield name, {"sid": 0, **more}, b"", errno.ERANGE, ""
        yield name, {"sid": 0x7fffffff, **more}, b"", errno.ENOENT, "no such session"
        yield name, {"sid": 0x80000000, **more}, b"", errno.ENOENT, "no such session"
        yield name, {"sid": 1, "target": target.iqn, **more}, b"", errno.EINVAL, ""
    yield "session-close", {"sid": 1, "seconds": 5}, b"", errno.EINVAL, ""
    yield "session-logout", {"sid": 1}, b"", errno.EINVAL, "time for logging out"
    yield "session-logout", {"sid": 1, "seconds": 0}, b"", errno.ERANGE, ""
    yield "session-logout", {"sid": 1, "seconds": 3601}, b"", errno.ERANGE, ""


def test_wrong_requests():
    """Each mistake has its errno and a text, and changes nothing."""
    with Target("t") as target, Genl() as client:
        before = client.dump("tpg-get")
        for name, values, raw, number, text in wrong_requests(target):
            error = client.refused(name, values, raw)
            what = f"{name} {values} {raw}"
            # Which of the two a policy answers depends on the kernel.
            policy = (errno.EINVAL, errno.ERANGE) if not text else (number,)
            check(error.errno in policy, what, error)
            check(text in error.text, what, "says:", error.text)
        # The text of what a policy refuses is netlink's own; where it is found is told.
        error = client.refused("session-logout", {"sid": 1, "seconds": 3601})
        equal(error.offset, 16 + 4 + 8, "offset of the attribute at fault")
        error = client.refused("tpg-get", {"target": target.iqn})
        equal(error.missing, SPEC.sets["tpg"].by_name["tag"].number, "the missing attribute")
        equal(client.dump("tpg-get"), before, "the groups afterwards")
        for operation in SPEC.operations:
            wrong = (ACK,) * (not operation.do) + (DUMP,) * (not operation.dump)
            for flags in wrong if not operation.event else (ACK, DUMP):
                try:
                    client.call(operation.name, {}, flags=flags)
                    raise Failure(f"{operation.name} can be asked for with {flags:#x}")
                except Refused as error:
                    equal(error.errno, errno.EOPNOTSUPP, f"{operation.name} with {flags:#x}")
        for command in (0, len(SPEC.operations) + 1, 255):
            client.request(command, ACK, b"")
            try:
                client.answers()
                raise Failure(f"command {command} exists")
            except Refused as error:
                equal(error.errno, errno.EOPNOTSUPP, f"command {command}")


test_wrong_requests.quick = True


# --- who may -----------------------------------------------------------------

# Requests that every_operation() makes.
ALL = sum(o.do + o.dump for o in SPEC.operations)


def every_operation(target, sid):
    """[errno or 0] of each operation, do and dump."""
    key = {"target": target, "tag": 1}
    values = {"tpg-get": key, "tpg-set": {**key, "async-events": 0}, "session-get": {"sid": sid},
              "session-close": {"sid": sid}, "session-logout": {"sid": sid, "seconds": 5},
              "portal-get": key, "login-get": {}, "stats-get": {"sid": sid},
              "stuck-get": {"sid": sid}}
    operations = [o for o in SPEC.operations if not o.event]
    equal(set(values), {o.name for o in operations}, "operations of this test")
    found = []
    with Genl() as client:
        for operation in operations:
            for flags in (ACK,) * operation.do + (DUMP,) * operation.dump:
                try:
                    client.call(operation.name, values[operation.name], flags=flags)
                    found.append(0)
                except Refused as error:
                    found.append(error.errno)
    return found


def without_privilege(target, sid):
    os.setresgid(65534, 65534, 65534)
    os.setresuid(65534, 65534, 65534)
    return every_operation(target, sid)


def without_capability(target, sid):
    """Root, but for CAP_NET_ADMIN."""
    if LIBC.prctl(PR_CAPBSET_DROP, CAP_NET_ADMIN, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")
    script = ("import sys; sys.dont_write_bytecode = True; sys.path.insert(0, sys.argv[1]); "
              "import test_netlink; "
              "print(test_netlink.every_operation(sys.argv[2], int(sys.argv[3])))")
    # The bounding set counts at exec.
    out = run("/usr/bin/python3", "-c", script, os.path.dirname(genl.__file__), target, str(sid))
    return [int(number) for number in out.stdout.strip("[]\n").split(",")]


def in_user_namespace(target, sid):
    """With all capabilities, but over its own namespaces only."""
    unshare(CLONE_NEWUSER | CLONE_NEWNET)
    return every_operation(target, sid)


def test_unprivileged():
    """Nothing is shown and nothing done without CAP_NET_ADMIN."""
    with Target("t") as target, Session(target.iqn) as session, Genl() as client:
        sid = client.dump("session-get")[0]["sid"]
        nothing = [errno.EPERM] * ALL
        equal(in_child(without_privilege, target.iqn, sid), nothing, "as nobody")
        equal(in_child(without_capability, target.iqn, sid), nothing, "without the capability")
        session.sync()


test_unprivileged.quick = True


def test_user_namespace():
    """Nor with the capability over a user namespace."""
    if not os.path.exists("/proc/self/ns/user"):
        raise Skip("the kernel has no user namespaces")
    with Target("t") as target, Session(target.iqn) as session, Genl() as client:
        sid = client.dump("session-get")[0]["sid"]
        equal(in_child(in_user_namespace, target.iqn, sid), [errno.EPERM] * ALL, "errors")
        session.sync()


test_user_namespace.quick = True


def from_elsewhere(target, sid):
    """What a caller in another network namespace reaches, before and after it has a
    portal of its own there."""
    found = [every_operation(target.iqn, sid)]
    os.mkdir(target.tpg + "/np/127.0.0.1:3260")
    with Session(target.iqn) as session, Genl() as client:
        sessions = client.dump("session-get")
        groups = client.dump("tpg-get")
        client.do("session-close", sid=sessions[0]["sid"])
        session.expect_close((ASYNC,))
        session.close()
        client.do("tpg-set", target=target.iqn, tag=1, redirect={"kind": 1, "address": "host"})
    found += [len(sessions), len(groups)]
    return found


def test_network_namespaces():
    """Another network namespace sees nothing of the machine's, but the sessions and
    groups of its own portals; the initial one sees all; a group with portals in two
    namespaces belongs to the initial one."""
    with Target("here") as here, Target("there", portals=()) as there, \
            Session(here.iqn) as session, Genl() as client:
        sid = client.dump("session-get")[0]["sid"]
        errors, sessions, groups = in_namespace(from_elsewhere, there, sid)
        expected = [errno.ENOENT, 0, errno.ENOENT, errno.ENOENT, 0, errno.ENOENT, errno.ENOENT] + [0] * 4
        equal(errors, expected, "operations on what is not there")
        equal((sessions, groups), (1, 1), "sessions and groups of its own")
        session.sync()
        equal(len(client.dump("tpg-get")), 2, "groups that the initial namespace sees")
        equal(client.do("tpg-get", target=there.iqn, tag=1)["redirect"]["kind"], "temporary",
              "redirection that was set from there")
        os.mkdir(here.tpg + "/np/127.0.0.2:3260")
        equal(in_namespace(mixed, here), ([], errno.ENOENT), "a group of two namespaces")


def mixed(target):
    os.mkdir(target.tpg + "/np/127.0.0.1:3261")
    with Genl() as client:
        return client.dump("tpg-get"), client.refused(
            "tpg-set", {"target": target.iqn, "tag": 1, "async-events": 1}).errno


# --- dumps while everything changes ------------------------------------------

class Churn:
    """Calls function again and again in a thread, as long as the with statement."""

    def __init__(self, function):
        self.stop = threading.Event()
        self.fault = None
        self.rounds = 0
        self.thread = threading.Thread(target=self.loop, args=(function,))

    def loop(self, function):
        try:
            while not self.stop.is_set():
                function()
                self.rounds += 1
        except BaseException as error:      # pylint: disable=broad-except
            self.fault = error

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_exc):
        self.stop.set()
        self.thread.join()
        if self.fault:
            raise self.fault


def dumps_meanwhile(client, operation, come_and_go, stay, look):
    """Dumps of sessions while somebody comes and goes: in the order of their numbers, each
    once, and no more than those that stay and two guests; @look is shown each."""
    with Churn(come_and_go) as churn:
        for _ in range(harness.scaled(40, 5)):
            shown = client.dump(operation)
            sids = [item["sid"] for item in shown]
            equal(sids, sorted(set(sids)), "numbers in order and once")
            check(len(shown) <= len(stay) + 2, "too many:", len(shown))
            look(shown)
        wait_for(lambda: churn.rounds > 3, "guests")


def test_dump_sessions():
    """Sessions that stay are in every dump exactly once, whoever comes and goes."""
    def come_and_go():
        with Session(target.iqn, "iqn.2026-11.test:guest"):
            pass

    with Target("t") as target, Genl() as client:
        stay = [Session(target.iqn, f"iqn.2026-11.test:stays-{'x' * 190}{number}", keys={
            "InitiatorAlias": "y" * 255}) for number in range(harness.scaled(60, 30))]
        try:
            expected = {s.tsih for s in stay}

            def all_there(shown):
                check(expected <= {s["tsih"] for s in shown}, "one is missing")

            dumps_meanwhile(client, "session-get", come_and_go, stay, all_there)
        finally:
            for session in stay:
                session.close()
        wait_for(lambda: not client.dump("session-get"), "an empty dump")


def test_dump_groups():
    """The same for portal groups, with more than fit in one message."""
    def come_and_go():
        path = f"{target.dir}/tpgt_{rng.randrange(1000, 60000)}"
        os.mkdir(path)
        os.rmdir(path)

    rng = random.Random(7)
    tags = rng.sample(range(2, 999), harness.scaled(80, 40))
    with Target("t") as target, Genl() as client:
        for tag in tags:
            os.mkdir(f"{target.dir}/tpgt_{tag}")
            redirect(target, "temporary", *["h" * 63 + ".example.org"] * 8, tag=tag)
        with Churn(come_and_go):
            for _ in range(harness.scaled(40, 5)):
                found = [g["tag"] for g in client.dump("tpg-get")]
                equal(found, sorted(set(found)), "tags in order and once")
                equal([tag for tag in found if tag < 1000], sorted(tags + [1]), "those that stay")


def test_unload():
    """A dump that was begun and not read keeps the module in place, and what it shows
    is from the time of reading."""
    if target_module.module != "tcm_iscsi":
        raise Skip("another module")
    with Target("t") as target:
        for tag in range(2, 60):
            os.mkdir(f"{target.dir}/tpgt_{tag}")
            redirect(target, "temporary", *["h" * 63 + ".example.org"] * 8, tag=tag)
        client = Genl()
        client.request(client.operation("tpg-get").number, DUMP, b"")
    # All groups are gone by now; the socket still holds the dump.
    check(run("rmmod", "tcm_iscsi", ok=(0, 1)).returncode == 1, "unloaded under a dump")
    shown = client.answers()
    check(1 < len(shown) < 59, "groups that were shown:", len(shown))
    client.close()
    target_module.unload()
    target_module.load()


def test_events_are_bytes():
    """A write of 1 to enable and of async-events do not get in each other's way."""
    with Target("t") as target, Genl() as client:
        key = {"target": target.iqn, "tag": 1}
        with Churn(lambda: (target.enable(False), target.enable())):
            for number in range(harness.scaled(100, 10)):
                client.do("tpg-set", async_events=number & 1, **key)
                equal(client.do("tpg-get", **key)["async-events"], number & 1, "events")
        write(target.tpg + "/enable", "1")
