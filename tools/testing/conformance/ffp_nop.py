# SPDX-License-Identifier: GPL-2.0
"""NOP-Out and NOP-In."""

import time

from disks import disk, impatient
from harness import check, equal, patience
from pdus import INVALID, PROTOCOL, numbered, reject_of
from raw import FINAL, NOP_IN, NOP_OUT, RTAG, Closed
from registry import covers
from session import Session

FIXTURE = disk


@covers("FFP-46", rows={"small": ("512",), "default": ("8192",), "large": ("65536",)})
def echo(target, limit):
    """A ping's data comes back up to what we take, with its tag, immediate or not."""
    with Session(target.iqn, keys={"MaxRecvDataSegmentLength": limit}) as session:
        for size in (0, 1, 3, 4, 511, 512, 513, 8192):
            data = bytes(n * 7 & 0xff for n in range(size))
            for immediate in (False, True):
                equal(session.nop(data, immediate), data[:int(limit)], f"ping of {size} bytes")


@covers("FFP-47")
def no_tag_no_answer(target):
    """RTAG as ITT: nothing comes back, with TTT RTAG or with one that nobody gave; its
    data is skipped. (B3)"""
    with Session(target.iqn) as session:
        for ttt in (RTAG, 0, 0x12345678):
            session.send(session.base(NOP_OUT, FINAL, RTAG, {20: ttt}, data=b"x" * 9,
                                      immediate=True))
        session.sync()
        equal(session.others, [], "answers")


@covers("FFP-49", fixture=impatient)
def ping_of_the_target(target):
    """RTAG as ITT, a valid TTT and LUN, no data; answered it comes again, in time."""
    with Session(target.iqn, seconds=12) as session:
        tags = set()
        for _ in range(2):
            start = time.monotonic()
            ping = session.recv()
            equal((ping.opcode, ping.itt, ping.dsl), (NOP_IN, RTAG, 0), "the ping")
            check(ping.word(20) != RTAG, "a ping without a tag")
            check(2 < time.monotonic() - start < patience(6), "pinged at the wrong time")
            equal(ping.bhs[8:16], bytes(8), "LUN of the ping")
            tags.add(ping.word(20))
            session.pong(ping)
        session.sync()
        equal(session.others, [], "answers to the answers")


@covers("FFP-48", rows={"RTAG": (RTAG,), "a tag of nobody": (0x12345678,)})
def numbered_without_a_tag(target, ttt):
    """RTAG as ITT is for immediate NOP-Out only: refused, and its number is not used up;
    or the session ends."""
    session = Session(target.iqn)
    pdu = numbered(session, NOP_OUT, FINAL, {20: ttt}, itt=RTAG, cmdsn=session.cmdsn, data=b"x")
    session.send(pdu)
    try:
        reject_of(session, pdu, PROTOCOL, INVALID)
        session.sync()
        equal(session.others, [], "answers")
        session.logout()
    except (Closed, ConnectionResetError):
        pass
    session.close()
