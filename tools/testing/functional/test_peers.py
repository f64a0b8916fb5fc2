# SPDX-License-Identifier: GPL-2.0
"""Peers that are silent, slow or do not read: nobody else notices."""

import time

import harness
import login
from harness import check, equal
from login import OPERATIONAL, LoginConn
from raw import Conn
from session import Session, read10
from target import Target

SILENT = 200


def login_time(target):
    start = time.monotonic()
    with Session(target.iqn) as session:
        session.sync()
        return time.monotonic() - start


def test_silent_connections():
    """200 connections that say nothing, and as many that begin: a login takes no second."""
    with Target("peers") as target:
        silent = [Conn(seconds=30) for _ in range(SILENT)]
        try:
            with LoginConn() as half:
                half.request(OPERATIONAL, None, None, b"InitiatorName=iqn.x", more=True)
                half.response()
                times = [login_time(target) for _ in range(3)]
            check(min(times) < harness.patience(1), "times of logins:", times)
            check(not silent[0].buffer, "something came")
        finally:
            for conn in silent:
                conn.close()


test_silent_connections.quick = True


def test_does_not_read():
    """A session that asks for data and never reads it does not hold up another."""
    with Target("peers") as target:
        target.lun(0)
        keys = {"MaxRecvDataSegmentLength": "262144"}
        with Session(target.iqn, keys=keys) as greedy, \
                Session(target.iqn, isid=login.random_isid()) as other:
            greedy.ready(0)
            other.ready(0)
            for _ in range(32):
                greedy.submit(read10(0, 2048), read=1 << 20)
            start = time.monotonic()
            for _ in range(20):
                other.read_at(0, 4096)
            check(time.monotonic() - start < harness.patience(2), "the other session was slow")
            target.enable(False)
            check(time.monotonic() - start < harness.patience(4), "disable was slow")
            greedy.close()
            other.close()
        harness.wait_for(lambda: target.sessions() == 0, "the end of the sessions")


def test_dies_while_logging_in():
    """RST and FIN at every step of a login leave nothing."""
    with Target("peers", auth=True) as target:
        target.auth(userid="user", password="abcdefghijklmnop")
        for steps in range(5):
            for reset in (True, False):
                conn = LoginConn()
                if steps > 0:
                    conn.send_bytes(b"\x43" + bytes(20))
                if steps > 1:
                    conn.close()
                    conn = LoginConn()
                    conn.request(login.SECURITY, login.names(login.INITIATOR, target.iqn) +
                                 [("AuthMethod", "CHAP")])
                if steps > 2:
                    conn.response()
                    conn.request(login.SECURITY, [("CHAP_A", "5")])
                if steps > 3:
                    conn.response()
                    conn.request(login.SECURITY, [("CHAP_N", "x"), ("CHAP_R", "0x" + "00" * 16)])
                if reset:
                    conn.reset()
                else:
                    conn.close()
        equal(target.sessions(), 0, "sessions")


def test_reset_before_accept():
    """A connection that is reset at once does not hold up the one behind it."""
    with Target("peers") as target:
        for _ in range(harness.scaled(40, 10)):
            Conn().reset()
            check(login_time(target) < harness.patience(2), "slow login")
