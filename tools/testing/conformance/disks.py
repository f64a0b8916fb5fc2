# SPDX-License-Identifier: GPL-2.0
"""Targets that cases share, and the sessions that they begin with."""

import os

import harness
from login import INITIATOR
from raw import random_isid
from session import Session
from target import Backstore, Target

BLOCKS = 16 << 11       # of a disk
CLEARED = 65536         # bytes at its beginning that are zero when a case begins


def disk():
    """Open to everybody, one disk."""
    target = Target("conf")
    target.lun(0)
    return target


def two_disks():
    target = disk()
    target.lun(1)
    return target


def generous():
    """Agrees to unsolicited data, and to many R2Ts at a time."""
    target = disk()
    target.param("InitialR2T", "No")
    target.param("MaxOutstandingR2T", 16)
    return target


def impatient():
    """A node ACL with the shortest of all time-outs; LUN 0 is mapped, LUN 1 is not."""
    target = Target("conf", demo=False)
    target.lun(0)
    target.lun(1)
    acl = target.acl(INITIATOR)
    acl.map(0, to=0)
    acl.attrib("dataout_timeout", 2)
    acl.attrib("dataout_timeout_retries", 1)
    acl.attrib("nopin_timeout", 3)
    acl.attrib("nopin_response_timeout", 3)
    return target


def clear(target, luns):
    """What earlier cases wrote goes away, once in a case: each begins with zeros."""
    if not getattr(target, "used", False):
        return
    target.used = False
    with Session(target.iqn, isid=random_isid()) as session:
        session.ready(*luns)
        for lun in luns:
            session.write_at(0, bytes(CLEARED), lun)


def ready(target, luns=(0,), **kwargs):
    """A session whose units have told it what they had to tell."""
    clear(target, luns)
    session = Session(target.iqn, **kwargs)
    session.ready(*luns)
    return session


def manual(target, luns=(0,), **kwargs):
    """A session that leaves R2Ts to the case."""
    return ready(target, luns, answer_r2t=False, **kwargs)


def deep(depth, demo=False, tas=True):
    """A window of so many commands; not for sharing. Without TAS nobody is told of
    tasks that another initiator has ended."""
    target = Target("deep", demo=demo)
    store = Backstore("deep")
    target.stores.append(store)
    harness.write(store.dir + "/attrib/emulate_tas", str(int(tas)))
    os.mkdir(target.tpg + "/lun/lun_0")
    os.symlink(store.dir, target.tpg + "/lun/lun_0/link")
    if demo:
        target.attrib("default_cmdsn_depth", depth)
    else:
        acl = target.acl(INITIATOR)
        acl.map(0, to=0)
        harness.write(acl.dir + "/cmdsn_depth", str(depth))
    return target
