# SPDX-License-Identifier: GPL-2.0
"""Network namespaces and the wires between them."""

import ctypes
import os
import time

import harness
from harness import Failure, run

CLONE_NEWNET = 0x40000000


def setns(fd):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(fd, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")


class Namespace:
    """A namespace with lo up. Within `with namespace.inside():` this thread's new sockets,
    and portals that it makes, belong to it."""

    def __init__(self, name):
        self.name = "functional-" + name
        run("ip", "netns", "add", self.name)
        self.gone = False
        self.ip("link", "set", "lo", "up")

    def ip(self, *command):
        run("ip", "-n", self.name, *command)

    def inside(self):
        return Inside(f"/run/netns/{self.name}")

    def wire(self, number, host="10.77"):
        """A veth pair to the initial namespace: .1 there, .2 here."""
        outer, inner = f"fo{number}", f"fi{number}"
        run("ip", "link", "add", outer, "type", "veth", "peer", "name", inner, "netns", self.name)
        run("ip", "addr", "add", f"{host}.{number}.1/24", "dev", outer)
        run("ip", "link", "set", outer, "up")
        self.ip("addr", "add", f"{host}.{number}.2/24", "dev", inner)
        self.ip("link", "set", inner, "up")
        return f"{host}.{number}.2"

    def delete(self):
        if not self.gone:
            run("ip", "netns", "del", self.name)
        self.gone = True

    def __enter__(self):
        return self

    def __exit__(self, *_exc):
        self.delete()


class Inside:
    """The calling thread is in the namespace of this file."""

    def __init__(self, path):
        self.path = path

    def __enter__(self):
        self.back = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        there = os.open(self.path, os.O_RDONLY)
        try:
            setns(there)
        finally:
            os.close(there)
        return self

    def __exit__(self, *_exc):
        setns(self.back)
        os.close(self.back)


def wire_is_gone(number):
    """The other end of a wire vanishes when its namespace has come to its end."""
    return not os.path.exists(f"/sys/class/net/fo{number}")


def wait_for_wire(address, port=3260, seconds=5):
    """Until something answers there."""
    import socket       # pylint: disable=import-outside-toplevel
    end = time.monotonic() + harness.patience(seconds)
    while time.monotonic() < end:
        try:
            socket.create_connection((address, port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise Failure(f"nobody answers at {address}:{port}")
