# SPDX-License-Identifier: GPL-2.0
"""Makes programs: what the live fuzzer is going to send, as plain data.

A program follows from the recordings, a seed and a number, and from nothing that the
target says, so the same seed makes the same program and a program can be kept in a
file. What depends on the target's answers is left to the player, by words in `live`:

    cmdsn    word 24 is the next CmdSN plus `delta`
    statsn   word 28 is the ExpStatSN that is due
    ttt      word 20 is the tag of an R2T of this task, or of the target's text or ping
    foreign  word 20 is the tag of an R2T of any other task
    rtt      word 20 is the tag of some task under way
    login    ISID and CID are those of the connection
    length   DataSegmentLength is that of the data

A step is {"op": "pdu", "bhs", "ahs": hex, "data": as in a recording, "live": [...],
"delta": n, and if need be "digest": "bad", "cut": [offsets at which the stream is split]},
or one of
{"op": "bytes", "hex"}, {"op": "read"}, {"op": "pause", "s"}, {"op": "fin"}."""

import random
import struct

from raw import (DATA_OUT, FINAL, IMMEDIATE, LOGIN_REQ, LOGOUT_REQ, NOP_OUT, RTAG, SCSI_CMD,
                 SNACK, TEXT_REQ, TMF_REQ)
from recording import pack, unpack

PHASES = ("before", "login", "ffp")
WORDS = (0, 1, 2, 3, 4, 0x1ff, 0x200, 0x201, 0x1000, 0x2000, 0x10000, 0x40000, 0x7fffffff,
         0x80000000, 0xfffffffe, 0xffffffff)
LUNS = (0, 0, 1, 1, 2, 2, 3, 9, 255, 256, 0x4001, 0xc101, 0x8000)
KEYS = (b"HeaderDigest", b"DataDigest", b"MaxConnections", b"SendTargets", b"TargetName",
        b"InitiatorName", b"InitiatorAlias", b"TargetAddress", b"InitialR2T", b"ImmediateData",
        b"MaxRecvDataSegmentLength", b"MaxBurstLength", b"FirstBurstLength", b"DefaultTime2Wait",
        b"DefaultTime2Retain", b"MaxOutstandingR2T", b"DataPDUInOrder", b"ErrorRecoveryLevel",
        b"SessionType", b"AuthMethod", b"CHAP_A", b"CHAP_I", b"CHAP_C", b"CHAP_N", b"CHAP_R",
        b"TaskReporting", b"iSCSIProtocolLevel", b"IFMarker", b"X-org.example.key")
VALUES = (b"", b"Yes", b"No", b"None", b"CRC32C", b"CRC32C,None", b"Reject", b"Irrelevant",
          b"NotUnderstood", b"Normal", b"Discovery", b"CHAP", b"CHAP,None", b"5", b"7,5", b"0",
          b"1", b"2", b"512", b"8192", b"262144", b"16777215", b"99999999999999999999", b"0x200",
          b"0b", b"0x" + b"ab" * 32, b"All", b"@TARGET@", b"@INITIATOR@", b"@CHAP_R@",
          b"iqn.2026-11.test:" + b"x" * 300, b"," * 200, b"%s%n\x1b[1m")
# CDBs that make a target core work: what a recording lacks.
CDBS = ("000000000000", "03000000ff00", "1200000024", "120183", "1201b0", "12ffff",
        "280000000000000008", "2a000000000000000800", "2f00000000000000080000",
        "2e00000000000000080000", "3500000000", "41000000000000000800", "42000000000000002000",
        "5e000000000000010000", "5f000000000000001800", "5f060000000000001800",
        "5f010000000000001800", "a0000000000000001000", "a30a00000000000010000000",
        "a30c00000000000010000000", "83000000000000000000000000540000",
        "84030000000000000000000010000000", "89000000000000000000000000010000",
        "8800000000000000000000000080", "8a00000000000000000000000080",
        "930000000000000000000000000800", "9e10000000000000000000000020",
        "9e12000000000000000000000020", "9100000000000000000000000000", "1b0000000100",
        "1a003f00ff00", "1500001000", "7f00000000000018000b000000000000", "a4060000000000000000",
        "ee" * 16)
CDB_BYTES = [bytes.fromhex(text) for text in CDBS]


class Maker:
    """recordings by phase; program(number) makes one."""

    def __init__(self, recordings, seed):
        self.recordings = recordings
        self.seed = seed
        self.pool = [pdu for one in recordings for pdu in one.pdus]

    def program(self, number):
        rng = random.Random(f"{self.seed} {number}")
        phase = rng.choices(PHASES, (1, 2, 5))[0]
        count = rng.choices((1, 2, 4), (6, 2, 1))[0]
        shared = rng.random() < 0.15
        isid = (0x80 << 40 | rng.getrandbits(40)).to_bytes(6, "big").hex()
        conns = []
        for _ in range(count):
            conn = self.connection(rng, phase)
            own = (0x80 << 40 | rng.getrandbits(40)).to_bytes(6, "big").hex()
            conn["isid"] = isid if shared else own
            conns.append(conn)
        turns = [n for n, conn in enumerate(conns) for _ in conn["steps"]]
        if rng.random() < 0.7:
            rng.shuffle(turns)
        return {"number": number, "phase": phase, "conns": conns, "turns": turns}

    def connection(self, rng, phase):
        source = rng.choice(self.recordings)
        steps = [honest(pdu) for pdu in source.pdus]
        if phase == "before":
            first = 0
        elif phase == "login":
            first = rng.randrange(source.login)
        else:
            first = rng.randrange(source.login, len(steps) + 1)
            # Not always to the very end: that is a logout, and then all is over.
            first = min(first, len(steps) - rng.randrange(2))
        tail = steps[first:first + rng.randint(1, 24)]
        if phase == "before":
            tail = [{"op": "bytes", "hex": rng.randbytes(rng.choice((1, 47, 48, 49, 300))).hex()}
                    if rng.random() < 0.2 else step for step in tail[:4]]
        elif phase == "ffp":
            tail += [self.invent(rng) for _ in range(rng.randint(0, 12))]
            rng.shuffle(tail)
        tail = self.disturb(rng, tail, phase)
        how = rng.choices(("drain", "fin", "rst", "logout", "inside"), (5, 2, 2, 1, 2))[0]
        return {"from": source.name, "auth": source.about["auth"], "steps": steps[:first] + tail,
                "mutated": first, "end": how}

    def disturb(self, rng, steps, phase):
        """Mutate PDUs, and the order of them."""
        out = []
        rate = rng.choice((0.1, 0.3, 0.6))
        for step in steps:
            if step["op"] == "pdu" and rng.random() < rate:
                step = mutated(rng, step)
            out.append(step)
            kind = rng.random()
            if kind < 0.04:
                out.append(dict(step))                          # twice
            elif kind < 0.07:
                out.pop()                                       # lost
            elif kind < 0.11 and len(out) > 1:
                out[-1], out[-2] = out[-2], out[-1]             # out of order
            elif kind < 0.16 and phase != "before":
                out.append(honest(rng.choice(self.pool)))       # of another session
            elif kind < 0.18:
                out.append({"op": "pause", "s": rng.choice((0.001, 0.02))})
            elif kind < 0.24:
                out.append({"op": "read"})
            elif kind < 0.245:
                out.append({"op": "bytes", "hex": rng.randbytes(rng.randint(1, 64)).hex()})
            elif kind < 0.25:
                out.append({"op": "fin"})
        return out

    def invent(self, rng):
        """A PDU that recordings have too few of."""
        return rng.choice((command, command, command, write, write, tmf, snack, nop, text,
                           data_out, logout))(rng)


def honest(pdu):
    """The step that plays a recorded PDU as it should be."""
    bhs, ahs, data = pdu
    live = ["statsn", "length"]
    opcode = bhs[0] & 0x3f
    if opcode in (DATA_OUT, SNACK):
        live.append("ttt")
    else:
        live.append("cmdsn")
    if opcode == LOGIN_REQ:
        live.append("login")
    if opcode in (TEXT_REQ, NOP_OUT):
        live.append("ttt")
    if bhs[20:24] == b"\xff" * 4 and "ttt" in live:
        live.remove("ttt")
    return {"op": "pdu", "bhs": bhs.hex(), "ahs": ahs.hex(), "data": pack(data), "live": live,
            "delta": 0}


def make(opcode, flags, itt, words=None, lun=0, data=b"", ahs=b"", immediate=False):
    bhs = bytearray(48)
    bhs[0] = opcode | (IMMEDIATE if immediate else 0)
    bhs[1] = flags
    struct.pack_into(">H", bhs, 8, lun)
    struct.pack_into(">I", bhs, 16, itt)
    for offset, value in (words or {}).items():
        struct.pack_into(">I", bhs, offset, value & 0xffffffff)
    return honest((bytes(bhs), ahs, data))


def some_itt(rng):
    """Few, so that tags meet tags in use."""
    return rng.choice((rng.randrange(1, 12), rng.randrange(0x10000000, 0x10000008)))


def command(rng):
    cdb = rng.choice(CDB_BYTES)
    length = rng.choice((0, 36, 512, 4096, 8192, 65536))
    flags = rng.choice((0xc1, 0xc1, 0x81, 0xa1, 0xc0, 0xc2, 0xc3))
    step = make(SCSI_CMD, flags, some_itt(rng), {20: length}, rng.choice(LUNS),
                immediate=rng.random() < 0.15)
    bhs = bytearray.fromhex(step["bhs"])
    bhs[32:48] = cdb.ljust(16, b"\0")
    step["bhs"] = bhs.hex()
    if rng.random() < 0.2:
        step["ahs"] = some_ahs(rng).hex()
    return step


def write(rng):
    """WRITE(10), whose data may come in all three ways."""
    blocks = rng.choice((1, 8, 16, 64, 128))
    immediate = rng.choice((0, 0, 512, 512 * blocks))
    final = rng.random() < 0.8
    step = make(SCSI_CMD, 0x21 | (FINAL if final else 0), some_itt(rng), {20: blocks * 512},
                rng.choice((0, 1, 2)), bytes([blocks]) * immediate)
    bhs = bytearray.fromhex(step["bhs"])
    bhs[32:42] = struct.pack(">BBIBHB", 0x2a, 0, rng.randrange(256), 0, blocks, 0)
    step["bhs"] = bhs.hex()
    return step


def data_out(rng):
    size = rng.choice((512, 4096, 8192))
    step = make(DATA_OUT, rng.choice((0, FINAL, FINAL)), some_itt(rng),
                {20: 0, 36: rng.choice((0, 0, 0, 1)), 40: rng.choice((0, 0, 512, 4096, 8192))},
                rng.choice((0, 1, 2)), b"\x77" * size)
    if rng.random() < 0.2:
        step["live"].remove("ttt")
        step["bhs"] = step["bhs"][:40] + "ffffffff" + step["bhs"][48:]
    return step


def tmf(rng):
    step = make(TMF_REQ, FINAL | rng.choice((1, 1, 1, 2, 3, 4, 5, 5, 6, 8, 9, 10, 11, 12)),
                some_itt(rng), {20: 0, 32: 0}, rng.choice((0, 1, 2, 3)),
                immediate=rng.random() < 0.8)
    step["live"].append("rtt")
    return step


def snack(rng):
    return make(SNACK, FINAL | rng.randrange(4), rng.choice((some_itt(rng), RTAG)),
                {20: 0, 40: rng.choice((0, 1, 7)), 44: rng.choice((0, 1, 9))})


def nop(rng):
    itt = rng.choice((some_itt(rng), RTAG))
    step = make(NOP_OUT, FINAL, itt, {20: RTAG}, 0, b"ping" * rng.choice((0, 1, 64, 2048)),
                immediate=itt == RTAG or rng.random() < 0.5)
    return step


def text(rng):
    pairs = [rng.choice(KEYS) + b"=" + rng.choice(VALUES) + b"\0"
             for _ in range(rng.choice((0, 1, 1, 2, 5)))]
    if rng.random() < 0.5:
        pairs = [b"SendTargets=" + rng.choice((b"All", b"", b"@TARGET@")) + b"\0"]
    step = make(TEXT_REQ, rng.choice((FINAL, FINAL, 0, 0x40)), some_itt(rng),
                {20: RTAG}, data=b"".join(pairs), immediate=rng.random() < 0.2)
    if rng.random() < 0.4:
        step["live"].append("ttt")
    return step


def logout(rng):
    return make(LOGOUT_REQ, FINAL | rng.choice((0, 0, 1, 2, 3)), some_itt(rng),
                {20: rng.choice((0, 0x10000))}, immediate=rng.random() < 0.5)


def some_ahs(rng):
    kind = rng.randrange(5)
    if kind == 0:       # an extended CDB that fits
        extra = rng.choice((4, 16, 64, 244))
        out = struct.pack(">HBB", extra + 1, 1, 0) + rng.randbytes(extra)
    elif kind == 1:     # a bidirectional read length
        out = struct.pack(">HBBI", 5, 2, 0, rng.choice(WORDS))
    elif kind == 2:     # a length that lies
        out = struct.pack(">HBB", rng.choice((0, 1, 3, 255, 1021, 0xffff)), rng.choice((1, 2)), 0)
    else:
        out = rng.randbytes(4 * rng.choice((1, 2, 16, 255)))
    if kind == 3:
        out += out[:64]
    return out[:1020] + bytes(-len(out) % 4)


# --- mutations of a PDU --------------------------------------------------------

def put(step, offset, value, size=4):
    step["bhs"] = (step["bhs"][:2 * offset] + (value & (1 << 8 * size) - 1).to_bytes(
        size, "big").hex() + step["bhs"][2 * (offset + size):])


def get(step, offset, size=4):
    return int(step["bhs"][2 * offset:2 * (offset + size)], 16)


def without(step, word):
    step["live"] = [one for one in step["live"] if one != word]


def change_byte(rng, step):
    put(step, rng.randrange(48), rng.randrange(256), 1)


def change_bit(rng, step):
    at = rng.choice((0, 1, 1, 1, 2, 3, rng.randrange(48)))
    put(step, at, get(step, at, 1) ^ 1 << rng.randrange(8), 1)


def change_word(rng, step):
    at = rng.choice((16, 20, 24, 28, 32, 36, 40, 44))
    value = rng.choice(WORDS) if rng.random() < 0.7 else get(step, at) + rng.choice((-1, 1, 512))
    put(step, at, value)
    if at == 20:
        without(step, "ttt")
    if rng.random() < 0.3:
        without(step, {24: "cmdsn", 28: "statsn"}.get(at, ""))


def change_length(rng, step):
    without(step, "length")
    length = len(unpack(step["data"]))
    put(step, 5, max(0, length + rng.choice((-4, -1, 1, 4, 512, -length, 0x40000, 0xffffff))), 3)


def change_cmdsn(rng, step):
    step["delta"] = rng.choice((-1, 1, 1, 2, 3, 15, 31, 63, 64, 127, 128, 1000, 1 << 31))


def change_itt(rng, step):
    put(step, 16, rng.choice((RTAG, some_itt(rng), some_itt(rng), 0)))


def change_tag(rng, step):
    without(step, "ttt")
    step["live"] = step["live"] + [rng.choice(("foreign", "rtt", "ttt"))]


def change_lun(rng, step):
    put(step, 8, rng.choice(LUNS), 2)


def change_opcode(rng, step):
    put(step, 0, rng.choice((0, 1, 2, 3, 4, 5, 6, 7, 0x10, 0x1c, 0x20, 0x3f, 0x41, 0x43, 0x45)), 1)


def change_cdb(rng, step):
    if get(step, 0, 1) & 0x3f != SCSI_CMD or rng.random() < 0.3:
        put(step, 32 + rng.randrange(16), rng.randrange(256), 1)
        return
    step["bhs"] = step["bhs"][:64] + rng.choice(CDB_BYTES).ljust(16, b"\0").hex()


def change_ahs(rng, step):
    step["ahs"] = some_ahs(rng).hex()


def change_data(rng, step):
    data = bytearray(unpack(step["data"]))
    kind = rng.randrange(4)
    if not data or kind == 0:
        data += rng.randbytes(rng.choice((1, 4, 512)))
    elif kind == 1:
        del data[rng.randrange(len(data)):]
    else:
        for _ in range(rng.randint(1, 4)):
            data[rng.randrange(len(data))] = rng.randrange(256)
    step["data"] = pack(bytes(data))


def change_text(rng, step):
    pairs = unpack(step["data"]).split(b"\0")[:-1]
    for _ in range(rng.randint(1, 3)):
        kind = rng.randrange(4)
        at = rng.randrange(len(pairs) + 1)
        if kind == 0 and pairs:
            del pairs[at - 1]
        elif kind == 1 and pairs:
            pairs[at - 1] = pairs[at - 1].split(b"=")[0] + b"=" + rng.choice(VALUES)
        else:
            pairs.insert(at, rng.choice(KEYS) + b"=" + rng.choice(VALUES))
    step["data"] = pack(b"".join(pair + b"\0" for pair in pairs))


def change_digest(_rng, step):
    step["digest"] = "bad"


def change_cut(rng, step):
    size = 48 + len(unpack(step["data"]))
    step["cut"] = sorted(rng.randrange(1, size) for _ in range(rng.randint(1, 5)))


ANY = (change_byte, change_bit, change_bit, change_word, change_word, change_length, change_cmdsn,
       change_itt, change_lun, change_opcode, change_ahs, change_data, change_digest, change_cut,
       change_cut)
TEXTUAL = (change_text,) * 8
TAGGED = (change_tag,) * 4
CDBFUL = (change_cdb,) * 5


def mutated(rng, step):
    """A changed copy."""
    step = dict(step, live=list(step["live"]))
    opcode = get(step, 0, 1) & 0x3f
    choice = ANY
    if opcode in (LOGIN_REQ, TEXT_REQ):
        choice += TEXTUAL
    elif opcode == SCSI_CMD:
        choice += CDBFUL
    elif opcode in (DATA_OUT, TMF_REQ):
        choice += TAGGED
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        rng.choice(choice)(rng, step)
    return step
