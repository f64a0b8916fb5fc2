# SPDX-License-Identifier: GPL-2.0
"""targetd. It is a package of no Debian from 12 on, nor of the Python index, so it cannot
be run here; what it does to the target is a few calls of rtslib, which are made here in
its order: an export is made whole out of nothing, and taken away down to nothing."""

import json
import os

import guest
import harness
import login
import target
import tree
from cases import case
from login import Refused
from session import Session

FIRST, SECOND = guest.CLIENT, guest.CLIENT + "-too"
IQN = target.IQN + "targetd"
SAVED = "/tmp/agents-saveconfig"


@case()
def the_daemon(_seen):
    raise harness.Skip("targetd is packaged neither in Debian 12, 13 and unstable nor on PyPI; "
                       "its calls are made by the cases beside this one")


def group_of(rtslib):
    return rtslib.TPG(rtslib.Target(rtslib.FabricModule("iscsi"), IQN), 1)


def save(rtslib):
    """As every change ends; what was saved, without the devices of others."""
    rtslib.RTSRoot().save_to_file(SAVED)
    with open(SAVED, encoding="utf-8") as file:
        return json.load(file)["targets"]


def export(rtslib, disk, initiator, lun):
    """export_create: everything that is not there yet, and nothing twice."""
    name = "pool:" + os.path.basename(disk.path)
    try:
        store = rtslib.BlockStorageObject(name)
    except rtslib.RTSLibError:
        store = rtslib.BlockStorageObject(name, dev=disk.path)
        store.wwn = "serial-of-" + os.path.basename(disk.path)
    try:
        store.set_attribute("emulate_model_alias", "1")
    except rtslib.RTSLibError:
        pass                        # it is exported already
    group = group_of(rtslib)
    group.enable = True
    group.set_attribute("authentication", "0")
    rtslib.NetworkPortal(group, "0.0.0.0")
    acl = rtslib.NodeACL(group, initiator)
    unit = next((u for u in group.luns if u.storage_object.name == name), None) or \
        rtslib.LUN(group, storage_object=store)
    if lun not in [m.mapped_lun for m in unit.mapped_luns]:
        rtslib.MappedLUN(acl, lun, unit)
    return save(rtslib)


def exports(rtslib):
    """export_list"""
    return sorted([acl.node_wwn, mapped.mapped_lun, mapped.tpg_lun.storage_object.udev_path]
                  for acl in group_of(rtslib).node_acls for mapped in acl.mapped_luns)


def destroy(rtslib, disk, initiator):
    """export_destroy: what it was the last to need goes with it."""
    group = group_of(rtslib)
    acl = rtslib.NodeACL(group, initiator)
    for mapped in acl.mapped_luns:
        unit = mapped.tpg_lun
        if unit.storage_object.udev_path == disk.path:
            mapped.delete()
            if not list(unit.mapped_luns):
                store = unit.storage_object
                unit.delete()
                store.delete()
    if not list(acl.mapped_luns):
        acl.delete()
    if not list(group.node_acls):
        made = group.parent_target
        group.delete()
        made.delete()
    return save(rtslib)


def set_auth(rtslib, initiator, user="", password="", out_user="", out_password=""):
    """initiator_set_auth"""
    acl = rtslib.NodeACL(group_of(rtslib), initiator)
    acl.chap_userid, acl.chap_password = user, password
    acl.chap_mutual_userid, acl.chap_mutual_password = out_user, out_password
    return save(rtslib)


def refusal(**kwargs):
    """The status of a login, 0 if it worked."""
    try:
        with Session(IQN, FIRST, **kwargs) as conn:
            conn.sync()
        return 0
    except Refused as refused:
        return refused.status


@case(quick=True)
def exports_volumes(seen):
    """Two volumes for two initiators, one of them for both, made and destroyed."""
    import rtslib_fb as rtslib      # pylint: disable=C0415
    with guest.Disk("a") as first, guest.Disk("b") as second:
        export(rtslib, first, FIRST, 0)
        export(rtslib, first, FIRST, 0)
        export(rtslib, first, SECOND, 4)
        export(rtslib, second, FIRST, 1)
        seen.expect("exports", exports(rtslib), [[FIRST, 0, first.path], [FIRST, 1, second.path],
                                                 [SECOND, 4, first.path]])
        seen.note("tree", tree.of(f"{target.ROOT}/iscsi/{IQN}"))
        with Session(IQN, FIRST) as conn:
            conn.ready(0, 1)
            conn.write_at(0, b"\7" * 4096, 1)
            destroy(rtslib, second, FIRST)
            conn.ready(0)
        destroy(rtslib, first, FIRST)
        seen.expect("exports after", exports(rtslib), [[SECOND, 4, first.path]])
        seen.expect("saved at last", destroy(rtslib, first, SECOND), [])
        seen.expect("left", target.leftovers(), [])


@case(quick=True)
def sets_secrets(seen):
    """Incoming, both, and none again, by the empty strings that rtslib makes NULL of."""
    import rtslib_fb as rtslib      # pylint: disable=C0415
    with guest.Disk("a") as disk:
        export(rtslib, disk, FIRST, 0)
        group_of(rtslib).set_attribute("authentication", "1")
        set_auth(rtslib, FIRST, "user", "secret-of-targetd", "them", "secret-of-the-target")
        acl = rtslib.NodeACL(group_of(rtslib), FIRST)
        seen.expect("read back", (acl.chap_userid, acl.chap_mutual_password),
                    ("user", "secret-of-the-target"))
        seen.expect("authenticate_target", acl.authenticate_target, True)
        mutual = ("them", "secret-of-the-target")
        seen.expect("both", refusal(chap=login.Chap("user", "secret-of-targetd", mutual)), 0)
        seen.expect("wrong", refusal(chap=login.Chap("user", "not-the-secret-of-it")), 0x0201)
        set_auth(rtslib, FIRST, "user", "secret-of-targetd")
        seen.expect("authenticate_target again", acl.authenticate_target, False)
        seen.expect("one", refusal(chap=login.Chap("user", "secret-of-targetd")), 0)
        set_auth(rtslib, FIRST)
        seen.expect("read back none", (acl.chap_userid, acl.chap_password), ("", ""))
        group_of(rtslib).set_attribute("authentication", "0")
        seen.expect("none", refusal(), 0)
        destroy(rtslib, disk, FIRST)


@case(quick=True)
def groups_initiators(seen):
    """access_group_*: ACLs of one tag."""
    import rtslib_fb as rtslib      # pylint: disable=C0415
    with guest.Disk("a") as disk:
        export(rtslib, disk, SECOND, 0)
        tpg = group_of(rtslib)
        group = rtslib.NodeACLGroup(tpg, "group")
        for name in ("x", "y", "z"):
            group.add_acl(target.IQN + name)
        seen.expect("members", sorted(group.wwns), [target.IQN + n for n in "xyz"])
        unit = next(iter(tpg.luns))
        group.mapped_lun_group(3, unit)
        seen.note("tree", tree.of(f"{target.ROOT}/iscsi/{IQN}/tpgt_1/acls"))
        group.remove_acl(target.IQN + "y")
        seen.expect("members after", sorted(group.wwns), [target.IQN + n for n in "xz"])
        seen.expect("alone", [a.node_wwn for a in tpg.node_acls if a.tag is None], [SECOND])
        group.delete()
        seen.expect("none left", sorted(a.node_wwn for a in tpg.node_acls), [SECOND])
        seen.expect("saved", destroy(rtslib, disk, SECOND), [])
