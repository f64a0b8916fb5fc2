# SPDX-License-Identifier: GPL-2.0
"""The program tcm-iscsi on a running module: the verbs that talk to it. Its other
tests are in tools/tcm-iscsi/test."""

import json
import os

import genl
from genl import Genl
from harness import check, equal, patience, run, wait_for
from raw import ASYNC
from session import Session
from target import Target

BUILD = "/tmp/functional-tool"
# One that is built already may be named, because compiling in a guest takes minutes.
TOOL = os.environ.get("TISCSI_TOOL") or BUILD + "/tcm-iscsi"
NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")


def build():
    """With sanitizers, so that each run of it is a test of more than what it prints."""
    if not os.path.exists(TOOL):
        check(TOOL.startswith(BUILD), "TISCSI_TOOL names nothing:", TOOL)
        os.makedirs(BUILD, exist_ok=True)
        run("make", "-s", "-C", genl.TREE + "/tools/tcm-iscsi", f"OUT={BUILD}", "SANITIZE=1",
            "CFLAGS=-O0", seconds=170)


def tool(*words, status=0, prefix=()):
    """Standard output; standard error has to be empty if it was done, and not else."""
    done = run(*prefix, TOOL, *words, ok=None)
    equal(done.returncode, status, f"status of {' '.join(words)}: {done.stdout}{done.stderr}")
    check(bool(done.stderr) == bool(status), "messages of", words, done.stderr)
    return done.stdout if not status else done.stderr


def tool_json(*words, status=0):
    done = run(TOOL, "--json", *words, ok=None)
    equal(done.returncode, status, f"status of {' '.join(words)}: {done.stdout}{done.stderr}")
    answer = json.loads(done.stdout)
    equal(bool(answer["problems"]), bool(status), "problems")
    return answer


def redirect_verb(target, other):
    """tcm-iscsi redirect, async: what is typed, seen and set."""
    iqn, key = target.iqn, {"target": target.iqn, "tag": 1}
    equal(tool("redirect"), "no logins are redirected\n", "nothing redirected")
    out = tool("redirect", iqn, "192.0.2.2", "[2001:db8::2]:3261")
    equal(out, f"{iqn} tpgt_1: logins are redirected (temporary) to 192.0.2.2 "
          "[2001:db8::2]:3261, 0 sessions\n", "after redirect")
    equal(tool("redirect"), out, "all that redirect")
    shown = tool_json("redirect", f"{iqn}/1", "host", "--permanent")
    equal(shown["groups"], [{"wwn": iqn, "tpgt": 1, "enable": True, "async_events": False,
                             "sessions": 0, "draining": False, "redirect": {"kind": "permanent",
                                                         "addresses": ["host"]}}], "as JSON")
    with Genl() as client:
        equal(client.do("tpg-get", **key)["redirect"], {"kind": "permanent", "address": ["host"]},
              "in the kernel")
        equal(len(tool_json("redirect")["groups"]), 3, "groups in JSON")
        for words, text in ((("nobody", "host"), "nobody: no such portal group"),
                            ((iqn + "/7", "host"), "no such portal group"),
                            ((iqn, "host", "ho st"), f"{iqn}/1: a host name has letters"),
                            ((iqn, "host,1"), "names no portal group tag"),
                            ((iqn, "x" * 300), "tcm-iscsi: "),
                            ((other.iqn, "host"), "has portal groups 1, 5; say which, as in")):
            message = tool("redirect", *words, status=5)
            check(text in message, words, "says:", message)
            equal(tool_json("redirect", *words, status=5)["problems"][0]["text"] in message, True,
                  "the same text in JSON")
        tool("async", f"{iqn}/tpgt_1", "on")
        equal(client.do("tpg-get", **key)["async-events"], 1, "events on")
        check("asynchronous events on" in tool("redirect", iqn), "events are not shown")
        tool("async", iqn, "off")
        equal(client.do("tpg-get", **key)["async-events"], 0, "events off")
        equal(tool("redirect", "--off", iqn), f"{iqn} tpgt_1: logins are served, 0 sessions\n",
              "after --off")
        equal(client.do("tpg-get", **key)["redirect"], {"kind": "none"}, "taken back")


def session_verbs(target):
    """tcm-iscsi sessions, close, logout."""
    equal(tool("sessions"), "no sessions\n", "without sessions")
    with Session(target.iqn, keys={"InitiatorAlias": "a\x1b[2Jb", "DataDigest": "CRC32C"}) as one:
        text = tool("sessions")
        port = one.sock.getsockname()[1]
        for part in (f"{target.iqn} tpgt_1, without ACL", "LOGGED_IN, Normal, session ",
                     f"127.0.0.1 port {port} TCP at 127.0.0.1 port 3260", "DataDigest=CRC32C",
                     'alias "a\\x1b[2Jb"', "MaxBurstLength=262144"):
            check(part in text, "not there:", part, "in:", text)
        shown = tool_json("sessions")
        equal(shown["not_shown"], [], "not shown")
        session = shown["sessions"][0]
        for key, value in {"wwn": target.iqn, "tpgt": 1, "acl": False, "state": "LOGGED_IN",
                           "type": "Normal", "isid": one.isid.hex(), "tsih": one.tsih}.items():
            equal(session[key], value, key)
        equal(session["parameters"]["DataDigest"], "CRC32C", "DataDigest")
        equal(session["connections"][0]["port"], port, "port")
        # Who may not ask the module gets what configfs shows to everybody.
        check("without ACL: configfs tells no more" in tool("sessions", prefix=NOBODY),
              "what others see")
        check("CAP_NET_ADMIN" in tool("close", str(session["sid"]), status=5, prefix=NOBODY),
              "closing by others")
        one.sync()
        equal(tool("logout", str(session["sid"])), f"session {session['sid']}: asked to log out "
              "within 30 s; it is closed after that\n", "logout")
        pdu = one.other(ASYNC)
        equal((pdu.bhs[36], pdu.half(42)), (1, 30), "event and time")
        equal(tool_json("close", str(session["sid"]))["sid"], session["sid"], "close")
        one.expect_close((ASYNC,))
        one.close()
        wait_for(lambda: target.sessions() == 0, "the end of the session")
        for verb in ("close", "logout"):
            equal(tool(verb, str(session["sid"]), status=5),
                  f"tcm-iscsi: session {session['sid']}: no such session\n", verb)


def test_verbs():
    """Every verb that needs the module, as text and as JSON, done and refused, as root
    and as nobody."""
    build()
    with Target("t") as target, Target("u") as other:
        os.mkdir(f"{other.dir}/tpgt_5")
        redirect_verb(target, other)
        session_verbs(target)
        message = tool("redirect", "--fabric", "other", status=2)
        check("another fabric" in message, message)


test_verbs.limit = 240


def test_many_sessions():
    """More sessions than fit in one message, each once."""
    build()
    with Target("t") as target:
        sessions = [Session(target.iqn, f"iqn.2026-11.test:{number}-{'x' * 180}",
                            seconds=patience(10)) for number in range(60)]
        try:
            shown = tool_json("sessions")["sessions"]
            equal(sorted(s["tsih"] for s in shown), sorted(s.tsih for s in sessions), "sessions")
        finally:
            for session in sessions:
                session.close()
        wait_for(lambda: target.sessions() == 0, "the end of all sessions")


test_many_sessions.limit = 240
