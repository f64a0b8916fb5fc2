# SPDX-License-Identifier: GPL-2.0
"""Names of ports as SCSI sees them: persistent reservations, TransportIDs, designators
(RFC 7143 4.4; SPC-4). Most of what is asked here target_core answers, with what the
fabric tells it."""

import contextlib
import os
import struct

from harness import check, equal, read, write
from login import INITIATOR
from logins import add_group, lenient, plain, ready
from raw import random_isid
from registry import covers
from session import CHECK_CONDITION, GOOD, TEST_UNIT_READY, Session, inquiry, write10
from target import ROOT, Backstore

RESERVATION_CONFLICT = 0x18
REGISTER, RESERVE, RELEASE, CLEAR, REGISTER_ANY = 0, 1, 2, 3, 6
READ_KEYS, READ_RESERVATION, FULL_STATUS = 0, 1, 3
EXCLUSIVE_ACCESS, REGISTRANTS_ONLY = 3, 5
SPEC_I_PT = 0x08
ISCSI = 5


def disk():
    """A target, and the directory where target_core keeps registrations for the next boot:
    without it, it fails commands that do not even ask for that."""
    os.makedirs(read(ROOT + "/dbroot").strip() + "/pr", exist_ok=True)
    return plain()


FIXTURE = disk


def pr_out(session, action, key=0, new=0, kind=0, flags=0, ports=b"", status=GOOD):
    data = struct.pack(">QQ4xB3x", key, new, flags)
    if flags & SPEC_I_PT:
        data += struct.pack(">I", len(ports)) + ports
    cdb = struct.pack(">BBB2xIx", 0x5f, action, kind, len(data))
    return session.command(cdb, write=data, status=status)


def pr_in(session, action):
    """Generation and the descriptors."""
    data = session.command(struct.pack(">BB5xHx", 0x5e, action, 4096), read=4096).data
    length = struct.unpack_from(">I", data, 4)[0]
    equal(len(data), 8 + length, "length of PERSISTENT RESERVE IN")
    return bytes(data[8:])


class Registration:
    """A descriptor of READ FULL STATUS."""

    def __init__(self, data):
        self.key, self.flags, self.kind, self.port, self.length = \
            struct.unpack_from(">Q4xBB4xHI", data)
        self.id = data[24:24 + self.length]

    @property
    def name(self):
        """The name inside the TransportID, whose form is checked."""
        equal(self.id[0] & 0x3f, ISCSI, "protocol identifier")
        check(self.id[0] >> 6 in (0, 1), "format code", self.id[:1])
        length = struct.unpack_from(">H", self.id, 2)[0]
        equal(length % 4, 0, "length of the TransportID modulo 4")
        equal(len(self.id), 4 + length, "length of the descriptor")
        check(length >= 20, "a TransportID of", length)
        text, nul, fill = self.id[4:].partition(b"\0")
        check(nul and not any(fill) and len(fill) < 20, "padding of", self.id)
        equal(b",i,0x" in text, bool(self.id[0] & 0x40), "format code and separator")
        return text.decode()


def full_status(session):
    data, found = pr_in(session, FULL_STATUS), []
    while data:
        found.append(Registration(data))
        data = data[24 + found[-1].length:]
    return found


def keys(session):
    data = pr_in(session, READ_KEYS)
    return sorted(struct.unpack(f">{len(data) // 8}Q", data))


def port_name(isid, initiator=INITIATOR):
    return f"{initiator},i,0x{isid.hex()}"


def transport_id(name, isid=None, capitals=False):
    """Device form, or port form with an ISID."""
    if isid is not None:
        digits = isid.hex()
        name += ",i,0x" + (digits.upper() if capitals else digits)
    text = name.encode() + b"\0"
    text += bytes(max(20 - len(text), -len(text) % 4))
    return struct.pack(">BxH", ISCSI | (0x40 if isid is not None else 0), len(text)) + text


@covers("MAP-01")
def port_names(target):
    """The initiator port carries the ISID, the target port the tag, both in hexadecimal."""
    for isid in (bytes(6), b"\x80\1\2\xab\xcd\xef", b"\xff" * 6, b"\0\2\x3d\0\0\1"):
        with ready(target, isid=isid) as session:
            pr_out(session, REGISTER_ANY, new=1)
            registered = full_status(session)
            equal([r.name for r in registered], [port_name(isid)], "initiator ports")
            pr_out(session, CLEAR, key=1)
    for tag in (2, 0x1ab, 0xffff):
        tpg = add_group(target, tag, 3300 + tag % 7)
        os.makedirs(f"{tpg}/lun/lun_0")
        os.symlink(target.stores[0].dir, f"{tpg}/lun/lun_0/link")
        with ready(target, address=("127.0.0.1", 3300 + tag % 7)) as session:
            names = [d["text"] for d in designators(session)
                     if d["association"] == 1 and d["kind"] == 8]
            equal(names, [f"{target.iqn},t,0x{tag:04x}"], f"target port of tag {tag}")


@covers("MAP-02")
def reservations(target):
    """A reservation belongs to the port names: it survives its session, is there for the
    same port again, and holds against every other port."""
    isid = random_isid()
    with ready(target, isid=isid) as holder:
        pr_out(holder, REGISTER_ANY, new=0x11)
        pr_out(holder, RESERVE, key=0x11, kind=EXCLUSIVE_ACCESS)
    others = [{"isid": random_isid()}, {"isid": isid, "initiator": INITIATOR + "2"}]
    for other in others:        # another ISID, another name: another port
        with lenient(Session(target.iqn, **other)) as session:
            status = session.command(TEST_UNIT_READY, status=None).status
            if status == CHECK_CONDITION:
                session.command(TEST_UNIT_READY, status=None)
            task = session.command(b"\x28" + bytes(6) + b"\0\1\0", read=512, status=None)
            equal(task.status, RESERVATION_CONFLICT, f"status of a read by {other}")
            pr_out(session, RESERVE, key=0x11, kind=EXCLUSIVE_ACCESS, status=RESERVATION_CONFLICT)
            pr_out(session, CLEAR, key=0x11, status=RESERVATION_CONFLICT)
    with ready(target, isid=isid) as holder:
        equal(keys(holder), [0x11], "registered keys")
        equal(pr_in(holder, READ_RESERVATION)[:8], struct.pack(">Q", 0x11), "the reservation")
        holder.read_at(0, 512)
        holder.write_at(0, bytes(512))
        with lenient(Session(target.iqn, isid=isid)) as again:      # session reinstatement
            again.ready(0)
            again.read_at(0, 512)
            pr_out(again, RELEASE, key=0x11, kind=EXCLUSIVE_ACCESS)
            pr_out(again, CLEAR, key=0x11)
            equal(keys(again), [], "registered keys")
        holder.close()


def visited(target, *initiators):
    """These have been here, so that the target knows who they are."""
    for initiator in initiators:
        with ready(target, initiator=initiator):
            pass


def status_of_write(target, **kwargs):
    with ready(target, **kwargs) as session:
        return session.command(write10(0, 1), write=bytes(512), status=None).status


@contextlib.contextmanager
def others_allowed():
    """Registrations of others are refused unless the administrator allows them."""
    path = "/sys/module/tcm_iscsi/parameters/spec_i_pt"
    if not os.path.exists(path):    # another module, which has nothing against them
        yield
        return
    write(path, "Y")
    try:
        yield
    finally:
        write(path, "N")


@covers("MAP-03", fixture=None)
def transport_ids():
    """The port form is parsed in PERSISTENT RESERVE OUT, with digits of either case, and
    written in READ FULL STATUS. Malformed ones are not tried, nor ACLs that somebody made:
    target_core of 7.2 keeps references then, and the target can never be taken away."""
    friend = INITIATOR + ":a-friend-with-a-long-name"
    with disk() as target, others_allowed():
        visited(target, friend, INITIATOR + "2")
        with ready(target) as session:
            for key, isid, capitals in ((0x22, random_isid(), False),
                                        (0x33, b"\x80\xab\xcd\xef\xab\xcd", True)):
                ports = transport_id(friend, isid, capitals) + transport_id(INITIATOR + "2", isid)
                pr_out(session, REGISTER, new=key, flags=SPEC_I_PT, ports=ports)
                equal(sorted(r.name for r in full_status(session)),
                      sorted([port_name(session.isid), port_name(isid, friend),
                              port_name(isid, INITIATOR + "2")]), "registered ports")
                equal({r.id[0] for r in full_status(session)}, {0x45}, "format and protocol")
                pr_out(session, RESERVE, key=key, kind=REGISTRANTS_ONLY)
                # That the last one may write is target_core's: who is registered it knows by
                # name only, except for the holder (MAP-02's other ports get no further).
                for name, its_isid, status in ((friend, isid, GOOD), (INITIATOR + "2", isid, GOOD),
                                               (INITIATOR + "3", isid, RESERVATION_CONFLICT),
                                               (friend, random_isid(), GOOD)):
                    equal(status_of_write(target, initiator=name, isid=its_isid), status,
                          f"status of a write by {port_name(its_isid, name)}")
                pr_out(session, CLEAR, key=key)


@covers("MAP-03", fixture=None)
def device_form():
    """The form without an ISID is parsed and written where the device allows it, and stands
    for every port of its name."""
    friend = INITIATOR + ":friend"
    with disk() as target, others_allowed():
        write(target.stores[0].dir + "/attrib/enforce_pr_isids", "0")
        visited(target, friend, INITIATOR + "2")
        with ready(target) as session:
            pr_out(session, REGISTER, new=0x44, flags=SPEC_I_PT, ports=transport_id(friend))
            found = {r.name: r.id[0] for r in full_status(session)}
            equal(found, {port_name(session.isid): 0x45, friend: 0x05}, "registered")
            pr_out(session, RESERVE, key=0x44, kind=REGISTRANTS_ONLY)
            for name, status in ((friend, GOOD), (friend, GOOD),
                                 (INITIATOR + "2", RESERVATION_CONFLICT)):
                equal(status_of_write(target, initiator=name, isid=random_isid()), status,
                      f"status of a write by {name}")
            pr_out(session, CLEAR, key=0x44)


def designators(session, lun=0):
    """VPD page 83h."""
    page = session.command(inquiry(1024, 0x83), lun=lun, read=1024).data
    equal(page[1], 0x83, "page code")
    length = struct.unpack_from(">H", page, 2)[0]
    equal(len(page), 4 + length, "length of the page")
    found, data = [], bytes(page[4:])
    while data:
        entry = {"protocol": data[0] >> 4, "codes": data[0] & 0xf, "piv": bool(data[1] & 0x80),
                 "association": data[1] >> 4 & 3, "kind": data[1] & 0xf,
                 "data": data[4:4 + data[3]]}
        if entry["codes"] == 3:
            text, nul, fill = entry["data"].partition(b"\0")
            check(nul and not any(fill) and not len(entry["data"]) % 4, "name string", entry)
            entry["text"] = text.decode()
        found.append(entry)
        data = data[4 + data[3]:]
    return found


def with_serial():
    """A unit with a serial number: only such have an NAA designator."""
    target = disk()
    store = Backstore("conf-serial", mib=1)
    target.stores.append(store)
    write(store.dir + "/wwn/vpd_unit_serial", "0123456789abcdef")
    os.mkdir(target.tpg + "/lun/lun_1")
    os.symlink(store.dir, target.tpg + "/lun/lun_1/link")
    return target


@covers("MAP-04", fixture=with_serial)
def device_identification(target):
    """Device name, port name, relative port, port group, and what names the unit itself."""
    with ready(target, luns=(0, 1)) as session:
        found = designators(session, 1)
        by_kind = {(d["association"], d["kind"]): d for d in found}
        for association, kind in ((0, 3), (0, 1), (1, 4), (1, 5), (1, 8), (2, 8)):
            check((association, kind) in by_kind, "no designator", association, kind)
        for (association, _kind), d in by_kind.items():
            if association:
                equal((d["piv"], d["protocol"]), (True, ISCSI), f"protocol of {d}")
        equal(by_kind[1, 8]["text"], f"{target.iqn},t,0x0001", "port name")
        equal(by_kind[2, 8]["text"], target.iqn, "device name")
        for kind in (4, 5):
            d = by_kind[1, kind]
            equal((d["codes"], len(d["data"]), d["data"][:2]), (1, 4, b"\0\0"), f"kind {kind}")
        relative = int.from_bytes(by_kind[1, 4]["data"], "big")
        check(relative > 0, "relative target port 0")
        pr_out(session, REGISTER_ANY, new=1)        # LUN 0, by the same port
        equal(full_status(session)[0].port, relative, "relative port in READ FULL STATUS")
        pr_out(session, CLEAR, key=1)


@covers("MAP-05")
def version_descriptor(target):
    """target_core writes 0960h, iSCSI with no version claimed, whatever level was agreed
    on; the fabric is not asked. 0961h and 0962h would say the level (RFC 7144 4.2): a known
    deviation, harmless, because nothing wrong is claimed."""
    for level in (None, "1", "2"):
        keys_ = {"iSCSIProtocolLevel": level} if level else None
        with ready(target, keys=keys_) as session:
            data = bytes(session.command(inquiry(96), read=96).data)
            if len(data) < 74:
                continue            # none are returned: nothing can be wrong
            versions = struct.unpack_from(">8H", data, 58)
            iscsi = [version for version in versions if 0x0960 <= version < 0x0980]
            equal(iscsi, [0x0960], f"iSCSI version descriptors at level {level}")
