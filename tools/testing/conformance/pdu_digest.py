# SPDX-License-Identifier: GPL-2.0
"""CRC32C over headers and data."""

from disks import disk, ready
from harness import check, equal
from login import FFP, OPERATIONAL, INITIATOR, LoginConn, decode_text, names
from pdu_ahs import extended, long_cdb
from pdus import DATA_DIGEST, command, digest_wire, numbered, track
from raw import (FINAL, LOGOUT_REQ, LOGOUT_RSP, NOP_IN, NOP_OUT, REJECT, RTAG, TEXT_REQ, TEXT_RSP,
                 TMF_REQ, TMF_RSP, Closed, Pdu, crc32c)
from registry import covers
from session import CHECK_CONDITION, LUN_RESET, READ, SIMPLE, Session, read10, write10

FIXTURE = disk
BOTH = {"HeaderDigest": "CRC32C", "DataDigest": "CRC32C"}
COMBINATIONS = {"none": {}, "header": {"HeaderDigest": "CRC32C"}, "data": {"DataDigest": "CRC32C"},
                "both": BOTH}
# Of RFC 7143 appendix A.4, as it stands on the wire.
VECTORS = ((bytes(32), "aa36918a"), (b"\xff" * 32, "43aba862"), (bytes(range(32)), "4e79dd46"),
           (bytes(range(31, -1, -1)), "5cdb3f11"))


@covers("PDU-10", fixture=None)
def vectors():
    """Our own arithmetic, on which every other case relies."""
    for data, digest in VECTORS:
        equal(crc32c(data).hex(), digest, f"CRC32C of {data[:4].hex()}…")
    pdu = Pdu(1, 0xc0, itt=0x14000000, words={20: 0x400, 24: 0x14, 28: 0x18, 32: 0x28000000,
                                              40: 0x02000000})
    equal(crc32c(bytes(pdu.bhs)).hex(), "563a96d9", "CRC32C of a command")


@covers("PDU-10")
def header_with_ahs(target):
    """The digest of a header goes over its AHS; one over 48 bytes is wrong. (B4)"""
    cdb = long_cdb(32)
    with ready(target, keys=BOTH) as session:
        pdu = command(session, cdb, 512, FINAL | READ | SIMPLE, ahs=extended(cdb))
        task = track(session, pdu)
        session.send(pdu)
        equal(session.wait(task).status, CHECK_CONDITION, "status of an unknown command")
        session.read_at(0, 4096)
        pdu = command(session, cdb, 512, FINAL | READ | SIMPLE, ahs=extended(cdb))
        head = pdu.head()
        session.send_bytes(head + crc32c(head[:48]))
        session.expect_close()


@covers("PDU-10")
def padding_is_covered(target):
    """The digest of data goes over its padding, whatever stands there."""
    with Session(target.iqn, keys=BOTH) as session:
        data = b"abcde"
        for pad in (bytes(3), b"\xff\x00\x55"):
            pdu = numbered(session, NOP_OUT, words={20: RTAG}, immediate=True, data=data)
            head = pdu.head()
            session.send_bytes(head + crc32c(head) + data + pad + crc32c(data + pad))
            equal(session.other(NOP_IN).data, data, "ping")
        pdu = numbered(session, NOP_OUT, words={20: RTAG}, immediate=True, data=data)
        session.send_bytes(digest_wire(pdu, session, data=data))
        equal(session.other(REJECT).bhs[2], DATA_DIGEST, "a digest without padding")
        session.sync()


@covers("PDU-11")
def no_data_no_digest(target):
    """Requests and answers without data are followed by the next header at once."""
    with ready(target, keys={"DataDigest": "CRC32C"}) as session:
        wire = b"".join(session.encode(numbered(session, NOP_OUT, words={20: RTAG}))
                        for _ in range(8))
        equal(len(wire), 8 * 48, "length of 8 pings")
        session.send_bytes(wire)
        for _ in range(8):
            equal(session.other(NOP_IN).dsl, 0, "length of the answer")
        session.command(bytes(6))
        session.write_at(0, bytes(512))
        equal(session.tmf(LUN_RESET), 0, "LUN RESET")


@covers("PDU-12")
def from_the_first(target):
    """None in the login, not even when the digests have been agreed on; then in the
    first PDU each way, even if it was sent with the last one of the login."""
    with LoginConn() as conn:
        pdu, answers = conn.exchange(OPERATIONAL, names(INITIATOR, target.iqn) + [
            ("HeaderDigest", "CRC32C"), ("DataDigest", "CRC32C")])
        equal(dict(answers).get("HeaderDigest"), "CRC32C", "HeaderDigest")
        conn.request(OPERATIONAL, [], to=FFP)
        conn.header_digest = conn.data_digest = True
        conn.send(Pdu(NOP_OUT | 0x40, FINAL, itt=5, data=b"first",
                      words={20: RTAG, 24: conn.cmdsn, 28: conn.statsn}))
        conn.header_digest = conn.data_digest = False
        pdu, _answers = conn.response()
        equal(pdu.flags & 0x83, 0x83, "T and NSG")
        conn.header_digest = conn.data_digest = True
        equal(conn.expect(NOP_IN).data, b"first", "the first answer")


@covers("PDU-12")
def on_every_kind(target):
    """Every kind of PDU that a target sends has them: recv() compares."""
    session = ready(target, keys={**BOTH, "MaxRecvDataSegmentLength": "512",
                                  "ImmediateData": "No"})
    equal(session.nop(b"ping"), b"ping", "ping")
    session.write_at(0, b"\x31" * 2048)
    equal(session.read_at(0, 2048), b"\x31" * 2048, "the disk")
    session.command(read10(1 << 30, 1), read=512, status=CHECK_CONDITION)
    equal(session.tmf(LUN_RESET), 0, "LUN RESET")
    session.send(numbered(session, TEXT_REQ, words={20: RTAG}, data=b"X-a=1\0"))
    equal(decode_text(session.other(TEXT_RSP).data), [("X-a", "NotUnderstood")], "text")
    session.send(numbered(session, 0x1c, immediate=True, data=b"vendor"))
    session.other(REJECT)
    session.send(numbered(session, TMF_REQ, FINAL | 0x7f, {20: RTAG}, immediate=True))
    session.other(TMF_RSP)
    session.send(numbered(session, LOGOUT_REQ, words={20: 0}, immediate=True))
    session.other(LOGOUT_RSP)
    check(session.recv() is None, "something after the logout")
    session.close()


@covers("PDU-13", rows={name: (keys,) for name, keys in COMBINATIONS.items()})
def independent(target, keys):
    """All kinds of transfer in each of the four combinations."""
    with ready(target, keys={**keys, "MaxRecvDataSegmentLength": "4096", "MaxBurstLength": "8192",
                             "FirstBurstLength": "2048", "InitialR2T": "No"}) as session:
        data = bytes(n * 13 >> 3 & 0xff for n in range(65536))
        session.write_at(0, data)
        check(session.read_at(0, len(data)) == data, "the disk")
        session.command(write10(1 << 30, 1), write=bytes(512), status=CHECK_CONDITION)
        equal(session.nop(b"12345"), b"12345", "ping")


@covers("PDU-13", rows={name: (keys,) for name, keys in COMBINATIONS.items() if keys})
def errors_are_found(target, keys):
    """Which digest is on decides which damage is noticed."""
    with Session(target.iqn, keys=keys) as session:
        def damaged(**kwargs):
            pdu = numbered(session, NOP_OUT, words={20: RTAG}, immediate=True, data=b"ping")
            session.send_bytes(digest_wire(pdu, session, **kwargs))

        if session.data_digest:
            damaged(data_xor=1 << 31)
            equal(session.other(REJECT).bhs[2], DATA_DIGEST, "reason")
            session.sync()
        if session.header_digest:
            damaged(header_xor=1)
            try:
                session.expect_close()
            except Closed:
                pass
