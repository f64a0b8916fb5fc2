# SPDX-License-Identifier: GPL-2.0
"""Watches logins from outside: what passes over the loopback interface on its way
to and from the target's port. Neither initiator nor target knows."""

import ctypes
import select
import socket
import struct
import threading
import time

from raw import LOGIN_REQ, LOGIN_RSP

ETH_P_IP = 0x0800
SO_ATTACH_FILTER = 26
SYN, ACK = 0x02, 0x10
FULL_FEATURE = 0x83         # of the flags: T, and NSG FullFeaturePhase
SNAP = 200                  # bytes of a packet that matter
# What waits for us while the machine is busy with something else.
BUFFER = 4 << 20

# Classic BPF on the IPv4 header: TCP packets of the port that have SYN set or whose
# data begins as a login PDU does. (opcode, jump if true, jump if false, value); 99 is
# "no", 98 "yes".
YES, NO = 98, 99


def program(port):
    return (
        (0x30, 0, 0, 9), (0x15, 0, NO, 6),                      # protocol
        (0xb1, 0, 0, 0),                                        # X = length of the IP header
        (0x48, 0, 0, 0), (0x15, 2, 0, port),                    # from the port
        (0x48, 0, 0, 2), (0x15, 0, NO, port),                   # or to it
        (0x50, 0, 0, 13), (0x45, YES, 0, SYN),
        (0x50, 0, 0, 12), (0x54, 0, 0, 0xf0), (0x74, 0, 0, 2),  # length of the TCP header
        (0x0c, 0, 0, 0), (0x07, 0, 0, 0), (0x50, 0, 0, 0),      # first byte of the data
        (0x54, 0, 0, 0x3f), (0x15, YES, 0, LOGIN_REQ), (0x15, YES, NO, LOGIN_RSP),
        (0x06, 0, 0, SNAP), (0x06, 0, 0, 0))


def encode(lines):
    last = len(lines) - 1
    code = b""
    for place, (opcode, true, false, value) in enumerate(lines):
        jumps = [{YES: last - 1, NO: last}.get(j, place + 1 + j) - place - 1
                 for j in (true, false)]
        code += struct.pack("=HBBI", opcode, *jumps, value)
    return code


class Login:
    """One connection, from its SYN to the answer that ended the login."""

    def __init__(self, port, began):
        self.port = port        # the initiator's
        self.began = began
        self.took = None        # seconds until full feature phase
        self.asked = None       # when the last login request came
        self.waited = 0.0       # seconds of took that the target took
        self.isid = None
        self.status = None      # of the last answer

    def __str__(self):
        isid = self.isid.hex() if self.isid else "none"
        if self.took is None:
            return f"connection from port {self.port}, ISID {isid}, status {self.status}: no login"
        return f"ISID {isid} in {self.took:.2f} s, {self.waited * 1000:.0f} ms of them the target's"


class Wire:
    """All logins at a port since `with` began."""

    def __init__(self, port=3260):
        self.port = port
        self.logins = []
        self.open = {}          # by the initiator's port
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_IP))
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
        code = encode(program(port))
        memory = ctypes.create_string_buffer(code)
        self.socket.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER,
                               struct.pack("HL", len(code) // 8, ctypes.addressof(memory)))
        self.socket.bind(("lo", ETH_P_IP))
        self.ended = False
        self.thread = threading.Thread(target=self.loop, daemon=True)

    def loop(self):
        while not self.ended:
            if not select.select([self.socket], [], [], 0.1)[0]:
                continue
            packet, where = self.socket.recvfrom(SNAP)
            # Every packet of the loopback interface is seen leaving and arriving.
            if where[2] != socket.PACKET_OUTGOING:
                self.take(packet, time.monotonic())

    def take(self, packet, now):
        tcp = packet[(packet[0] & 0xf) * 4:]
        source, dest = struct.unpack_from(">HH", tcp)
        flags, data = tcp[13], tcp[(tcp[12] >> 4) * 4:]
        if flags & SYN:
            if dest == self.port and not flags & ACK:
                login = Login(source, now)
                self.open[source] = login
                self.logins.append(login)
        elif dest == self.port:
            login = self.open.get(source)
            if login and data[0] & 0x3f == LOGIN_REQ:
                login.isid = login.isid or bytes(data[8:14])
                login.asked = now
        else:
            self.answer(dest, data, now)

    def answer(self, port, data, now):
        login = self.open.get(port)
        # Later data may begin with any byte: who has logged in is not looked at again.
        if not login or login.took is not None or data[0] & 0x3f != LOGIN_RSP or len(data) < 48:
            return
        login.status = struct.unpack_from(">H", data, 36)[0]
        login.waited += now - login.asked
        if not login.status and data[1] & FULL_FEATURE == FULL_FEATURE:
            login.took = now - login.began

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_exc):
        self.ended = True
        self.thread.join()
        self.socket.close()
