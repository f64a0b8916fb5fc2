# SPDX-License-Identifier: GPL-2.0
"""A relay between an initiator and the target that notes what the initiator sends."""

import os
import re
import select
import socket
import struct
import threading

import raw
import recording
from target import ADDRESS, PORT

RELAY = (ADDRESS, PORT + 1)


class Half:
    """One direction: bytes in, PDUs out. Digests begin where both have agreed on them."""

    def __init__(self):
        self.buffer = b""
        self.header_digest = self.data_digest = False

    def feed(self, data):
        self.buffer += data
        while True:
            pdu, used = self.cut()
            if pdu is None:
                return
            self.buffer = self.buffer[used:]
            yield pdu

    def cut(self):
        if len(self.buffer) < 48:
            return None, 0
        head = 48 + 4 * self.buffer[4]
        dsl = int.from_bytes(self.buffer[5:8], "big")
        begin = head + 4 * self.header_digest
        end = begin + dsl + -dsl % 4
        used = end + 4 * (self.data_digest and dsl > 0)
        if len(self.buffer) < used:
            return None, 0
        return (self.buffer[:48], self.buffer[48:head], self.buffer[begin:begin + dsl]), used


class Relay:
    """Accepts on RELAY as long as the with statement lasts. Every connection becomes a
    recording in .taken, in the order of their beginning."""

    def __init__(self):
        self.taken = []
        self.listener = socket.create_server(RELAY)
        self.stop, self.stopped = os.pipe()
        self.threads = []
        self.accepting = threading.Thread(target=self.accept)

    def __enter__(self):
        self.accepting.start()
        return self

    def __exit__(self, *_exc):
        os.close(self.stopped)
        self.accepting.join()
        for thread in self.threads:
            thread.join()
        self.listener.close()
        os.close(self.stop)

    def accept(self):
        while True:
            ready, _, _ = select.select([self.listener, self.stop], [], [])
            if self.stop in ready:
                return
            peer, _ = self.listener.accept()
            pdus = []
            self.taken.append(pdus)
            thread = threading.Thread(target=self.carry, args=(peer, pdus))
            self.threads.append(thread)
            thread.start()

    def carry(self, peer, pdus):
        """Until one side closes, or the relay ends: then both are closed."""
        target = socket.create_connection((ADDRESS, PORT))
        halves = {peer: Half(), target: Half()}
        for sock in halves:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        agreed = {}
        try:
            while True:
                ready, _, _ = select.select([peer, target, self.stop], [], [])
                if self.stop in ready:
                    return
                for sock in ready:
                    data = sock.recv(262144)
                    if not data:
                        return
                    for pdu in halves[sock].feed(data):
                        if sock is peer:
                            pdus.append(pdu)
                        else:
                            self.listen(pdu, agreed, halves)
                    (target if sock is peer else peer).sendall(data)
        except OSError:
            pass
        finally:
            peer.close()
            target.close()

    @staticmethod
    def listen(pdu, agreed, halves):
        """Digests begin behind the final login response (13.1)."""
        bhs, _, data = pdu
        if bhs[0] & 0x3f != raw.LOGIN_RSP:
            return
        for key, value in re.findall(rb"(HeaderDigest|DataDigest)=([^\0]*)", data):
            agreed[key] = value == b"CRC32C"
        if bhs[1] & 0x83 == 0x83:
            for half in halves.values():
                half.header_digest = agreed.get(b"HeaderDigest", False)
                half.data_digest = agreed.get(b"DataDigest", False)


def neutral(pdus, iqn):
    """What belongs to this one session becomes a word, see recording.py."""
    out = []
    for bhs, ahs, data in pdus:
        bhs = bytearray(bhs)
        opcode = bhs[0] & 0x3f
        if opcode in (raw.LOGIN_REQ, raw.TEXT_REQ):
            data = data.replace(iqn.encode(), recording.TARGET)
            data = re.sub(rb"(?<=InitiatorName=)[^\0]*", recording.INITIATOR, data)
            data = re.sub(rb"(?<=CHAP_R=)[^\0]*", recording.CHAP_R, data)
        struct.pack_into(">I", bhs, 28, 0)      # ExpStatSN
        bhs[5:8] = len(data).to_bytes(3, "big")
        out.append((bytes(bhs), ahs, data))
    return out
