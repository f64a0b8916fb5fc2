# SPDX-License-Identifier: GPL-2.0
"""Commands that a backend does not finish: what stuck-get and `tcm-iscsi status` say of
them while their sessions live, and after a disable that has given up."""

import errno
import json
import re
import time

import harness
from genl import Genl
from hang import Suspended
from harness import check, equal, run, wait_for
from login import INITIATOR
from session import Session, read10
from test_cli import NOBODY, TOOL, build, tool, tool_json
from test_netlink import Churn
from test_stop import DRAIN_TIMEOUT, Hung, disable


def told(client, **values):
    """What stuck-get tells, without what changes by itself."""
    found = client.dump("stuck-get", **values)
    for item in found:
        check(item.pop("milliseconds") < 1000 * harness.patience(60), "age", item)
    return found


def expected(hung, sessions, closed=0):
    """In the order of the sessions; that of the commands of one is not said."""
    return [{"target": hung.target.iqn, "tag": 1, "initiator": INITIATOR, "lun": 0,
             "opcode": task.cdb[0], "itt": task.itt, "closed": closed, "sid": session.sid}
            for session in sessions for task in session.stuck]


def by_tag(items):
    return sorted(items, key=lambda item: (item["sid"], item["itt"]))


def with_numbers(client, sessions):
    sids = {item["tsih"]: item["sid"] for item in client.dump("session-get")}
    for session in sessions:
        session.sid = sids[session.tsih]
    return sorted(sessions, key=lambda session: session.sid)


def test_list():
    """stuck-get has each command that hangs once, in more messages than one, with what
    asked for it; filters; and nothing of the unit that does not hang."""
    with Hung(Suspended()) as hung, Genl() as client:
        equal(client.dump("stuck-get"), [], "before")
        sessions = with_numbers(client, hung.sessions(4, 60))
        one, target = sessions[0], hung.target.iqn
        one.ready(1)
        found = told(client)
        order = [item["sid"] for item in found]
        equal(order, sorted(order), "order of sessions")
        equal(by_tag(found), by_tag(expected(hung, sessions)), "all that hang")
        equal(by_tag(told(client, sid=one.sid)), by_tag(expected(hung, [one])), "of a session")
        equal(len(told(client, target=target.upper(), tag=1)), 244, "of a target")
        for values in ({"sid": 0x7fffffff}, {"target": hung.other.iqn}, {"tag": 2},
                       {"milliseconds": 3600 * 1000}):
            equal(told(client, **values), [], f"of {values}")
        time.sleep(0.3)
        aged = client.dump("stuck-get", milliseconds=250, sid=one.sid)
        equal(len(aged), 61, "for a quarter of a second")
        check(all(item["milliseconds"] >= 250 for item in aged), aged)
        one.reset()
        wait_for(lambda: told(client, sid=one.sid)[0]["closed"], "the end of the session")
        equal(by_tag(told(client, sid=one.sid)), by_tag(expected(hung, [one], 1)), "closed")
        hung.device.release()
        wait_for(lambda: not client.dump("stuck-get"), "the end of the commands")


test_list.quick = True


def test_dump():
    """Commands that hang are in every dump once, whoever comes, works and goes, and while
    one of their sessions is lost."""
    def come_and_go():
        with Session(hung.target.iqn, "iqn.2026-11.test:guest") as guest:
            guest.ready(1)
            guest.command(read10(0, 8), lun=1, read=4096)

    def by_session(items):
        return sorted((item["sid"], item["itt"]) for item in items)

    with Hung(Suspended()) as hung, Genl() as client:
        sessions = with_numbers(client, hung.sessions(4, 60))
        wanted = by_session(expected(hung, sessions))
        rounds = harness.scaled(40, 5)
        with Churn(come_and_go) as churn:
            for number in range(rounds):
                if number == rounds // 2:
                    sessions[1].reset()
                found = [(item["sid"], item["itt"]) for item in client.dump("stuck-get")
                         if item["initiator"] == INITIATOR]
                equal(sorted(found), wanted, "all that hang, once")
                order = [sid for sid, _ in found]
                equal(order, sorted(order), "order of sessions")
            wait_for(lambda: churn.rounds > 3, "guests")
        hung.device.release()
        wait_for(lambda: not client.dump("stuck-get"), "the end of the commands")


def test_status():
    """enable=0 that gives up leaves commands, and status says which, of root; a command
    that is under way is no news."""
    build()
    with Hung(Suspended()) as hung:
        before = harness.read(DRAIN_TIMEOUT).strip()
        session = hung.session(2)
        try:
            equal(tool_json("status")["stuck"], [], "under way for less than 5 seconds")
            harness.write(DRAIN_TIMEOUT, "1")
            disable(hung.target, errno.ETIMEDOUT, 2)
            answer = tool_json("status")["stuck"]
            equal([item["command"] for item in answer], ["WRITE(10)"] * 2 + ["READ(10)"], "what")
            for item, task in zip(answer, session.stuck):
                check(item.pop("milliseconds") >= 1000 and item.pop("sid") > 0, item)
                del item["command"]
                equal(item, {"initiator": INITIATOR, "wwn": hung.target.iqn, "tpgt": 1,
                             "lun": 0, "backstore": "iblock_900/stop-0", "closed": True,
                             "itt": task.itt}, "a command")
            lines = [line for line in tool("status").splitlines() if line.startswith("stuck:")]
            equal(len(lines), 3, "lines")
            check(re.fullmatch(rf"stuck: {INITIATOR} -> {hung.target.iqn} tpgt_1 LUN 0 "
                               r"\(\S+/stop-0\): WRITE\(10\) for \d+ s, session \d+, which has "
                               r"ended and waits for it", lines[0]), lines[0])
            done = run(*NOBODY, TOOL, "--json", "status", ok=None)
            equal(json.loads(done.stdout)["stuck"], None, "of nobody")
            hung.device.release()
            harness.write(DRAIN_TIMEOUT, "60")
            disable(hung.target, 0, 45)
            equal(tool_json("status")["stuck"], [], "when the device has answered")
        finally:
            harness.write(DRAIN_TIMEOUT, before)
            session.close()


test_status.limit = 240
