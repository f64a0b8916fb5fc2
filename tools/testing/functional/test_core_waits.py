# SPDX-License-Identifier: GPL-2.0
"""What no fabric can help: waits of target_core that nothing ends but the device. They are
the same under iscsi_target_mod, which README's section on disks that hang relies on."""

import os
import signal
import time

import harness
import target as target_module
from hang import Suspended
from harness import check, wait_for
from login import INITIATOR
from session import Session, write10
from target import Target

OURS = "tcm_iscsi"


class Child:
    """A process that does one thing."""

    def __init__(self, action):
        self.pid = os.fork()
        if not self.pid:
            try:
                action()
            finally:
                os._exit(0)

    def ended(self):
        return bool(self.pid and os.waitpid(self.pid, os.WNOHANG)[0])

    def hangs(self, what):
        time.sleep(1.5)
        check(not self.ended(), what, "does not wait: then README is wrong")
        os.kill(self.pid, signal.SIGKILL)
        time.sleep(0.5)
        check(not self.ended(), what, "can be killed: then README is wrong")


def waits(prepare, what, line):
    """prepare(target, acl) -> what to do while a write hangs."""
    with Suspended() as device, Target("core", demo=False) as target:
        target.lun(0, kind="block", mib=8, path=device.path)
        target.lun(1)
        acl = target.acl(INITIATOR)
        acl.map(0, 0)
        acl.map(1, 1)
        session = Session(target.iqn)
        session.ready(0, 1)
        log = harness.KernelLog()
        device.suspend()
        try:
            session.submit(write10(0, 8), write=bytes(4096))
            session.sync()
            time.sleep(1.2)
            child = Child(prepare(target, acl))
            child.hangs(what)
            if target_module.module == OURS and line:
                wait_for(lambda: log.matching(line), f"a line with {line!r}", 15)
        finally:
            device.resume()
        wait_for(child.ended, f"the end of {what}", 20)
        log.close()
        session.close()


def test_lun():
    """Taking a LUN away waits for its commands, and the log names them."""
    waits(lambda target, acl: lambda: os.unlink(f"{target.tpg}/lun/lun_0/link"),
          "the removal of a LUN", "the removal of a LUN waits for 1 command")


def test_acl():
    """Removing an ACL waits for the commands of its sessions, and the log names them."""
    waits(lambda target, acl: acl.remove, "the removal of an ACL",
          "a closed session waits for 1 command")


# Each of them waits for a time to pass; of what they are about the others have a sample.
for function in (test_acl,):
    function.long = True
