# SPDX-License-Identifier: GPL-2.0
"""Data digests for an initiator that has none.

libiscsi offers DataDigest=None and nothing else. This relay stands between it and
the target, has the target negotiate CRC32C instead, appends the digest to what
goes in and checks and removes it from what comes out. Header digests are
libiscsi's own, from end to end: they pass through. What passed is counted, so
that a run can show that digests were on the wire in both directions."""

import socket
import struct
import threading

from raw import FINAL, LOGIN_REQ, LOGIN_RSP, crc32c

PLAIN, DIGEST = b"DataDigest=None\0", b"DataDigest=CRC32C\0"
OUTWARD, INWARD = "out", "in"       # to the target, and from it
EMPTY = crc32c(b"")


class Count:
    """What a test's connections carried after their logins."""

    def __init__(self):
        self.header = {OUTWARD: 0, INWARD: 0}
        self.data = {OUTWARD: 0, INWARD: 0}
        self.errors = []

    def __str__(self):
        return (f"digests of {self.header[OUTWARD]} headers and {self.data[OUTWARD]} data segments "
                f"out, {self.header[INWARD]} and {self.data[INWARD]} in")


def take(sock, length):
    """Exactly length bytes, or None at the end of the stream."""
    data = bytearray()
    while len(data) < length:
        part = sock.recv(length - len(data))
        if not part:
            return None
        data += part
    return bytes(data)


class Digest:
    """The digest of one segment after the other. Tests that transfer one block,
    then two, then three, send the beginning again each time."""

    def __init__(self):
        self.data = b""
        self.value = EMPTY

    def of(self, data):
        if self.data and data.startswith(self.data):
            self.value = crc32c(data[len(self.data):], self.value)
        else:
            self.value = crc32c(data)
        self.data = data
        return self.value


class Link:
    """One connection of the initiator and its other half. A thread for each
    direction; digests are switched on by the one that sees the login end, which
    is before the initiator may send what has some."""

    def __init__(self, initiator, address, count):
        self.count = count
        self.header = self.data = self.full = False
        self.initiator = initiator
        self.target = socket.create_connection(address)
        for sock in (self.initiator, self.target):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.threads = [threading.Thread(target=self.run, args=ends, daemon=True) for ends in
                        ((self.initiator, self.target, OUTWARD),
                         (self.target, self.initiator, INWARD))]
        for thread in self.threads:
            thread.start()

    def run(self, source, sink, way):
        digest = Digest()
        try:
            while self.forward(source, sink, way, digest):
                pass
        except OSError:             # the other side went away: so does this one
            pass
        except Exception as error:  # pylint: disable=broad-except
            self.count.errors.append(f"relay, {way}: {error!r}")
        self.shut()

    def shut(self):
        for sock in (self.initiator, self.target):
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def forward(self, source, sink, way, digest):
        """One PDU; False at the end of the stream."""
        head = take(source, 48)
        if head is None:
            return False
        if head[4]:
            head += take(source, 4 * head[4])
        out = [head]
        if self.full and self.header:
            value = take(source, 4)
            self.note("header", way, value, crc32c(head))
            out.append(value)
        length = int.from_bytes(head[5:8], "big")
        if length:
            data = take(source, length + -length % 4)
            if not self.full:
                out = self.login(head, data[:length], way)
            else:
                out.append(data)
            if self.full and self.data:
                value = digest.of(data)
                if way == OUTWARD:
                    self.count.data[way] += 1
                    out.append(value)
                else:
                    self.note("data", way, take(source, 4), value)
        if not self.full:
            self.watch(head)
        sink.sendall(b"".join(out))
        return True

    def note(self, what, way, seen, expected):
        getattr(self.count, what)[way] += 1
        if seen != expected:
            self.count.errors.append(f"{what} digest {way}: {seen.hex()} should be "
                                     f"{expected.hex()}")

    def login(self, head, text, way):
        """A login's PDU with the offer and the answer that the other side is to see."""
        if way == OUTWARD and head[0] & 0x3f == LOGIN_REQ:
            text = text.replace(PLAIN, DIGEST)
        elif way == INWARD and head[0] & 0x3f == LOGIN_RSP:
            self.header |= b"HeaderDigest=CRC32C\0" in text
            self.data |= DIGEST in text
            text = text.replace(DIGEST, PLAIN)
        return [head[:5], len(text).to_bytes(3, "big"), head[8:], text, bytes(-len(text) % 4)]

    def watch(self, head):
        """Is this the last PDU of the login?"""
        accepted = head[0] & 0x3f == LOGIN_RSP and not struct.unpack_from(">H", head, 36)[0]
        if accepted and head[1] & FINAL and head[1] & 3 == 3:
            self.full = True

    def close(self):
        """True once both threads have ended."""
        self.shut()
        for thread in self.threads:
            thread.join(5)
        self.initiator.close()
        self.target.close()
        return not any(thread.is_alive() for thread in self.threads)


class Relay:
    """Listens for each of the target's addresses on a port of its own."""

    def __init__(self, addresses):
        self.links = []
        self.lock = threading.Lock()
        self.count = Count()
        self.listeners = []
        for address in addresses:
            sock = socket.create_server(("127.0.0.1", 0))
            self.listeners.append(sock)
            threading.Thread(target=self.accept, args=(sock, address), daemon=True).start()

    @property
    def ports(self):
        return [sock.getsockname()[1] for sock in self.listeners]

    def accept(self, listener, address):
        while True:
            try:
                sock = listener.accept()[0]
            except OSError:         # stop() has closed it
                return
            try:
                link = Link(sock, address, self.count)
            except OSError as error:
                self.count.errors.append(f"relay: cannot connect to the target: {error}")
                sock.close()
                continue
            with self.lock:
                self.links.append(link)

    def collect(self):
        """Ends what is left of a test's connections and returns what was counted."""
        with self.lock:
            links, self.links = self.links, []
        count, self.count = self.count, Count()
        for link in links:
            if not link.close():
                count.errors.append("relay: a connection does not end")
        return count

    def stop(self):
        self.collect()
        for sock in self.listeners:
            try:
                sock.shutdown(socket.SHUT_RDWR)     # wakes accept()
            except OSError:
                pass
            sock.close()
