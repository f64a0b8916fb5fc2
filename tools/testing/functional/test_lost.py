# SPDX-License-Identifier: GPL-2.0
"""A session whose connection has gone: the log, the event and the counters say whose doing
it was."""

import time

import harness
from genl import Genl
from harness import check, equal, wait_for
from login import INITIATOR, LoginConn, OPERATIONAL, names
from netns import Namespace, wait_for_wire
from session import Session
from target import Target

CLOSED = "connection closed by the initiator"
RESET = "connection reset by the initiator"
SILENT = "initiator's TCP does not answer"
UNREACHABLE = "initiator cannot be reached"
TCP_GIVES_UP = 35       # seconds that data of ours may stay without an acknowledgment


def time_outs(target):
    return int(target.statistic("iscsi_sess_err/cxn_errors"))


def test_closed_or_reset():
    """An orderly close and a reset, in full feature phase and during a login."""
    log = harness.fresh_log()
    with Target("lost") as target, Genl() as client:
        target.lun(0)
        client.listen()
        for end, why in ((Session.close, CLOSED), (Session.reset, RESET)):
            session = Session(target.iqn)
            session.ready(0)
            equal(client.event()["kind"], "login", "event")
            end(session)
            event = client.event()
            equal((event["kind"], event["reason"]), ("lost", why), "event")
            wait_for(lambda why=why: log.matching(f"session .* ended: {why}$"), why)
        for end, why in ((LoginConn.close, CLOSED), (LoginConn.reset, RESET)):
            conn = LoginConn()
            conn.exchange(OPERATIONAL, names(INITIATOR, target.iqn))
            end(conn)
            event = client.event()
            equal((event["kind"], event["reason"]), ("refused", why), "event")
            wait_for(lambda why=why: log.matching(f"login abandoned: {why}$"), why)
        equal(time_outs(target), 0, "time-outs")
    log.close()


class Cut:
    """An initiator at the other end of a wire, which is cut."""

    def __init__(self, space, target, number):
        self.name = f"{INITIATOR}-{number}"
        self.space = space
        self.number = number
        self.address = space.wire(number)
        acl = target.acl(self.name)
        acl.map(0, 0)
        acl.attrib("nopin_timeout", 3)
        acl.attrib("nopin_response_timeout", 60)
        here = f"10.77.{number}.1"
        with space.inside():
            wait_for_wire(here)
            self.session = Session(target.iqn, initiator=self.name, address=(here, 3260))
            self.session.ready(0)

    def silently(self):
        """Whoever is asked for the way still knows it, and no packet arrives."""
        near, far = f"fo{self.number}", f"fi{self.number}"
        mac = harness.run("ip", "-n", self.space.name, "-br", "link", "show", "dev", far)
        harness.run("ip", "neigh", "replace", self.address, "lladdr", mac.stdout.split()[2],
                    "dev", near, "nud", "permanent")
        self.space.ip("neigh", "replace", f"10.77.{self.number}.1", "lladdr",
                      harness.read(f"/sys/class/net/{near}/address").strip(),
                      "dev", far, "nud", "permanent")
        self.space.ip("addr", "del", f"{self.address}/24", "dev", far)

    def openly(self):
        """The machine itself notices that there is nobody."""
        self.space.ip("link", "set", f"fi{self.number}", "down")


def test_tcp_gives_up():
    """The target's pings stay without an acknowledgment: TCP ends the connection before the
    target does, and the initiator was it, who does not answer or cannot be reached."""
    log = harness.fresh_log()
    with Namespace("lost") as space, Target("lost", portals=("0.0.0.0:3260",), demo=False) as target:
        target.lun(0)
        silent, unreachable = Cut(space, target, 8), Cut(space, target, 9)
        silent.silently()
        unreachable.openly()
        start = time.monotonic()
        wait_for(lambda: target.sessions() == 0, "the end of the sessions", TCP_GIVES_UP + 20)
        took = time.monotonic() - start
        check(took > TCP_GIVES_UP - 5, f"ended after {took:.0f} s already")
        for cut, why in ((silent, SILENT), (unreachable, UNREACHABLE)):
            line = f"{cut.name} .* session .* ended: {why}$"
            wait_for(lambda line=line: log.matching(line), why)
        equal(time_outs(target), 2, "time-outs")
        for cut in (silent, unreachable):
            cut.session.close()
    log.close()


test_closed_or_reset.quick = True
test_tcp_gives_up.long = True
test_tcp_gives_up.limit = 120
