# SPDX-License-Identifier: GPL-2.0
"""Statistics over netlink: every kind of time is counted where it is spent, and the
verbs `stats`, `why-slow`, `metrics` and `top`. See genl.py."""

import os
import re
import shutil
import struct
import subprocess
import threading
import time

import exposition
import harness
import target as target_module
from genl import TREE, Genl
from harness import check, equal, read, run, wait_for
from login import INITIATOR
from session import Session, read10, write10
from target import Target
from test_cli import NOBODY, TOOL, build, tool, tool_json
from test_netlink import dumps_meanwhile

KINDS = ("initiator", "network", "backend", "window")


def stats(client, **filters):
    """The only session's, its latencies by kind: (count, sum, longest, buckets)."""
    found = client.dump("stats-get", **filters)
    equal(len(found), 1, "sessions")
    latency = {}
    for item in found[0]["latency"]:
        buckets = struct.unpack("=24Q", item["buckets"])
        latency[item["kind"]] = (sum(buckets), item["sum"], item["longest"], buckets)
    equal(set(latency), set(KINDS), "kinds of latency")
    return found[0], latency


def test_counters():
    """Commands and bytes; each command is counted once by backend and network, a write
    that is asked for by initiator; sums, longest and buckets agree."""
    with Target("t") as target, Genl() as client:
        target.lun(0)
        with Session(target.iqn) as session:
            session.ready(0)
            before, old = stats(client)
            for _ in range(10):
                session.command(read10(0, 8), read=4096)
            for _ in range(5):
                session.command(write10(0, 8), write=bytes(4096), immediate=0, unsolicited=0)
            session.command(write10(0, 8), write=bytes(4096), immediate=4096)
            wait_for(lambda: stats(client)[0]["in-flight"] == 0, "the end of all commands")
            after, new = stats(client)
            equal(after["commands"] - before["commands"], 16, "commands")
            equal(after["tx-octets"] - before["tx-octets"], 40960, "bytes sent")
            equal(after["rx-octets"] - before["rx-octets"], 24576, "bytes received")
            for kind, count in (("backend", 16), ("network", 16)):
                equal(new[kind][0] - old[kind][0], count, f"{kind} times")
            check(5 <= new["initiator"][0] - old["initiator"][0] <= 6, "initiator times",
                  new["initiator"][0])
            for kind in KINDS:
                count, total, longest, buckets = new[kind]
                check(total <= count * longest or not count, kind, new[kind])
                least = sum(n * (512 << i if i else 0) for i, n in enumerate(buckets[:-1]))
                check(least <= total, kind, "is less than its buckets say", new[kind])
            check(after["time"] > before["time"], "time")
        equal(client.dump("stats-get"), [], "without sessions")


test_counters.quick = True


def test_initiator_wait():
    """A write whose data comes late: that is time of the initiator, not of the backend."""
    with Target("t") as target, Genl() as client:
        target.lun(0)
        with Session(target.iqn, keys={"InitialR2T": "Yes", "ImmediateData": "No"}) as session:
            session.ready(0)
            _, old = stats(client)
            task = session.submit(write10(0, 1), write=bytes(512))
            wait_for(lambda: stats(client)[0]["collecting"] == 1, "an owed write")
            time.sleep(1.1)
            session.wait(task)
            wait_for(lambda: stats(client)[0]["in-flight"] == 0, "its end")
            _, new = stats(client)
            check(new["initiator"][1] - old["initiator"][1] > 1e9, "initiator", new["initiator"])
            check(new["initiator"][2] > 1e9, "longest", new["initiator"][2])
            check(new["backend"][2] < 1e9 or harness.WORK < 1, "backend", new["backend"][2])
            equal(stats(client)[0]["collecting"], 0, "owed writes")


test_initiator_wait.quick = True


def test_window():
    """A window that is used up counts as closed while it is, and when it opened."""
    with Target("t") as target, Genl() as client:
        target.lun(0)
        target.attrib("default_cmdsn_depth", 2)
        with Session(target.iqn, keys={"InitialR2T": "Yes", "ImmediateData": "No"}) as session:
            session.ready(0)
            _, old = stats(client)
            tasks = [session.submit(write10(n, 1), write=bytes(512)) for n in range(2)]
            time.sleep(0.6)
            _, during = stats(client)
            check(during["window"][1] - old["window"][1] > 3e8, "closed now", during["window"])
            for task in tasks:
                session.wait(task)
            session.sync()
            _, after = stats(client)
            check(after["window"][1] - old["window"][1] > 3e8, "closed then", after["window"])
            time.sleep(0.3)
            equal(stats(client)[1]["window"][1], after["window"][1], "an open window")


test_window.quick = True


def busy(session, stop):
    while not stop.is_set():
        session.command(read10(0, 8), read=4096)


def test_verbs():
    """tcm-iscsi stats, why-slow, metrics, top: as text, as JSON, as nobody."""
    build()
    equal(tool("stats"), "no sessions\n", "without sessions")
    with Target("t") as target, Genl() as client:
        target.lun(0)
        with Session(target.iqn, keys={"InitialR2T": "Yes", "ImmediateData": "No"},
                     seconds=harness.patience(60)) as session:
            session.ready(0)
            session.command(read10(0, 8), read=4096)
            sid = str(stats(client)[0]["sid"])
            shown = tool_json("stats")["sessions"][0]
            equal(set(shown["latency_ns"]), set(KINDS), "kinds")
            backend = shown["latency_ns"]["backend"]
            check(backend["count"] == sum(backend["buckets"]) >= 1, backend)
            check(backend["median"] <= backend["p99"] <= backend["longest"], backend)
            check(tool("stats").splitlines()[1].split()[0] == sid, "table")
            text = tool("stats", sid)
            check("99%" in text and "backend" in text, text)
            check("no such session" in tool("stats", "4000000", status=5), "no session")

            answer = tool_json("why-slow", sid, "--seconds", "1")
            equal((answer["factor"], answer["commands"]), ("idle", 0), "an idle session")
            task = session.submit(write10(0, 1), write=bytes(512))
            text = tool("why-slow", sid, "--seconds", "1")
            check("limited by the initiator: writes wait" in text, text)
            equal(tool_json("why-slow", sid, "--seconds", "1")["factor"], "initiator", "factor")
            session.wait(task)
            check("no such session" in tool("why-slow", "4000000", status=5), "no session")

            metrics = exposition.parse(tool("metrics"))
            equal(metrics["tcm_iscsi_sessions"].samples, {("", ()): 1}, "sessions")
            labels = {"sid": sid, "target": target.iqn, "tpgt": "1", "initiator": INITIATOR}
            shown = metrics["tcm_iscsi_session_commands_total"].samples
            check(shown["", tuple(sorted(labels.items()))] >= 1, shown)
            shown = metrics["tcm_iscsi_session_latency_seconds"].samples
            labels["kind"] = "backend"
            check(shown["_count", tuple(sorted(labels.items()))] >= backend["count"], shown)

            stop = threading.Event()
            thread = threading.Thread(target=busy, args=(session, stop))
            thread.start()
            try:
                top = tool_json("top")["sessions"][0]
                check(top["commands_per_second"] > 0 and top["sent_per_second"] > 0, top)
                check("COMMANDS/s" in tool("top"), "top as text")
            finally:
                stop.set()
                thread.join()
        for verb in ("stats", "metrics", "top"):
            check("CAP_NET_ADMIN" in tool(verb, status=5, prefix=NOBODY), verb, "as nobody")
    done = subprocess.run((TOOL, "metrics", "--json"), capture_output=True, text=True, check=False)
    equal(done.returncode, 1, "metrics as JSON")


test_verbs.limit = 240


def test_dump():
    """Sessions that stay are in every dump once, in order and with counters that do not go
    back, whoever comes, works and goes."""
    def come_and_go():
        with Session(target.iqn, "iqn.2026-11.test:guest") as guest:
            guest.ready(0)
            busy.command(read10(0, 8), read=4096)

    with Target("t") as target, Genl() as client:
        target.lun(0)
        stay = [Session(target.iqn, f"iqn.2026-11.test:stays-{number}")
                for number in range(harness.scaled(60, 20))]
        busy = stay[0]
        busy.ready(0)
        try:
            names = {f"iqn.2026-11.test:stays-{number}" for number in range(len(stay))}
            last = {}

            def go_on(shown):
                check(names <= {item["initiator"] for item in shown}, "one is missing")
                for item in shown:
                    check(item["commands"] >= last.get(item["sid"], 0), "went back", item)
                    last[item["sid"]] = item["commands"]

            dumps_meanwhile(client, "stats-get", come_and_go, stay, go_on)
        finally:
            for session in stay:
                session.close()
        wait_for(lambda: not client.dump("stats-get"), "an empty dump")


def unit_script(directory):
    """What the service runs, with the program and the folder of this test."""
    text = read(TREE + "/tools/systemd/tcm-iscsi-metrics.service.in").replace("\\\n", "")
    line = re.search(r"^ExecStart=/bin/sh -c '(.*)'$", text, re.M)[1]
    script = line.replace("@SBINDIR@/tcm-iscsi", TOOL).replace("$$", "$")
    return ("env", f"DIR={directory}", "sh", "-c", script)


def test_metrics_file():
    """The service's line writes a file that node_exporter can read; without the module it
    takes the file away; if it cannot write it fails, and the file is the old one."""
    build()
    directory = "/tmp/functional-metrics"
    path = f"{directory}/tcm_iscsi.prom"
    os.makedirs(directory, exist_ok=True)
    script = unit_script(directory)
    try:
        with Target("t") as target, Session(target.iqn, "iqn.2026-11.test:\u00e4"):
            run(*script)
            equal(os.listdir(directory), ["tcm_iscsi.prom"], "files")
            found = exposition.parse(read(path))
            equal(len(found["tcm_iscsi_session_latency_seconds"].samples), 4 * 26, "samples")
            names = dict(next(iter(found["tcm_iscsi_session_sent_bytes_total"].samples))[1])
            equal(names["initiator"], "iqn.2026-11.test:\u00e4", "initiator")
            if shutil.which("promtool"):
                run("sh", "-c", f"promtool check metrics <{path}")
            done = run(*NOBODY, *script, ok=None)
            check(done.returncode, "as nobody, who may not write there")
            exposition.parse(read(path))
        target_module.unload()
        run(*script)
        equal(os.listdir(directory), [], "files without the module")
    finally:
        shutil.rmtree(directory)


test_metrics_file.limit = 240
