# SPDX-License-Identifier: GPL-2.0
"""Recorded sessions: what an initiator sent, PDU by PDU, without digests.

A file is text, for people to read and for git to compare. A line beginning with '#'
is a comment; the one before a PDU says what it is. A PDU is

    pdu  the 48 bytes of its header
    ahs  ...
    data ...

in hex, where `BYTE*COUNT` stands for a run. What cannot be the same in another
session is a word in the data, so that whoever plays the file puts the present one in
its place: @TARGET@, @INITIATOR@, @CHAP_R@. Lines `about KEY VALUE` come first."""

import functools
import itertools
import re

import raw

NAMES = {0: "NOP-Out", 1: "SCSI Command", 2: "Task Management", 3: "Login", 4: "Text",
         5: "Data-Out", 6: "Logout", 0x10: "SNACK"}
TARGET, INITIATOR, CHAP_R = b"@TARGET@", b"@INITIATOR@", b"@CHAP_R@"
RUN = 24        # bytes from which on a run is written as such
LINE = 96


class Recording:
    """pdus is a list of (header, ahs, data); about a dict of texts."""

    def __init__(self, name, about, pdus):
        self.name = name
        self.about = about
        self.pdus = pdus
        self.login = sum(1 for bhs, _, _ in pdus if bhs[0] & 0x3f == raw.LOGIN_REQ)
        self.cmdsn = int.from_bytes(pdus[0][0][24:28], "big")


def chunks(data):
    """data as words of hex and of runs."""
    literal = b""
    for byte, group in itertools.groupby(data):
        count = len(list(group))
        if count < RUN:
            literal += bytes([byte]) * count
            continue
        if literal:
            yield literal.hex()
            literal = b""
        yield f"{byte:02x}*{count}"
    if literal:
        yield literal.hex()


@functools.lru_cache(4096)
def pack(data):
    return " ".join(chunks(data))


@functools.lru_cache(4096)
def unpack(text):
    return parse_bytes(text.split())


def write_bytes(file, word, data):
    pieces = []
    for chunk in chunks(data):
        if "*" in chunk:
            pieces.append(chunk)
        else:
            pieces += [chunk[at:at + LINE - 6] for at in range(0, len(chunk), LINE - 6)]
    line = word
    for piece in pieces:
        if len(line) + 1 + len(piece) > LINE and line != word:
            file.write(line + "\n")
            line = word
        line += " " + piece
    if line != word:
        file.write(line + "\n")


def describe(bhs, data):
    opcode, flags = bhs[0] & 0x3f, bhs[1]
    text = NAMES.get(opcode, f"opcode {opcode:#04x}")
    if opcode == raw.LOGIN_REQ:
        text += f" T={flags >> 7} C={flags >> 6 & 1} CSG={flags >> 2 & 3} NSG={flags & 3}"
    elif opcode == raw.SCSI_CMD:
        text += f" CDB {bhs[32]:02x}, expects {int.from_bytes(bhs[20:24], 'big')} bytes"
        text += " in" * bool(flags & 0x40) + " out" * bool(flags & 0x20)
    elif opcode == raw.TMF_REQ:
        text += f" function {flags & 0x7f}"
    elif opcode == raw.DATA_OUT:
        text += f" offset {int.from_bytes(bhs[40:44], 'big')}"
    if opcode in (raw.LOGIN_REQ, raw.TEXT_REQ):
        pairs = [pair.decode("ascii", "replace") for pair in data.split(b"\0") if pair]
        return [text] + ["  " + pair for pair in pairs]
    return [f"{text}, {len(data)} bytes of data" if data else text]


def save(path, recording):
    with open(path, "w", encoding="ascii", errors="backslashreplace") as file:
        file.write("# SPDX-License-Identifier: GPL-2.0\n")
        for key, value in recording.about.items():
            file.write(f"about {key} {value}\n")
        for bhs, ahs, data in recording.pdus:
            file.write("\n")
            for line in describe(bhs, data):
                file.write(f"# {line}\n")
            write_bytes(file, "pdu", bhs)
            write_bytes(file, "ahs", ahs)
            write_bytes(file, "data", data)


def parse_bytes(words):
    out = b""
    for word in words:
        byte, star, count = word.partition("*")
        out += bytes.fromhex(byte) * (int(count) if star else 1)
    return out


def load(path):
    about, pdus = {}, []
    with open(path, encoding="ascii") as file:
        for line in file:
            words = line.split()
            if not words or words[0].startswith("#"):
                continue
            if words[0] == "about":
                about[words[1]] = " ".join(words[2:])
            elif words[0] == "pdu":
                # A header may be two lines if it has a run in it.
                data = parse_bytes(words[1:])
                if pdus and len(pdus[-1][0]) < 48:
                    pdus[-1][0] += data
                else:
                    pdus.append([data, b"", b""])
            else:
                pdus[-1][("pdu", "ahs", "data").index(words[0])] += parse_bytes(words[1:])
    name = re.sub(r".*/|\.txt$", "", path)
    if not pdus or any(len(bhs) != 48 for bhs, _, _ in pdus):
        raise ValueError(f"{path} is no recording")
    return Recording(name, about, [tuple(pdu) for pdu in pdus])
