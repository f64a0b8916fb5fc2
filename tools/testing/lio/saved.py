# SPDX-License-Identifier: GPL-2.0
"""What a saveconfig.json is made of. Names that rtslib would invent are given, so that
two restores of the same text give the same tree."""

import uuid

IQN = "iqn.2026-11.org.example:"
INITIATOR = "iqn.2026-11.org.example.host:"
FILES = "/tmp/lio/files"
BY_ID = "/dev/disk/by-id/"


def serial(name):
    return str(uuid.uuid5(uuid.NAMESPACE_OID, name))


# --- backstores --------------------------------------------------------------

def store(plugin, name, alua=(), **values):
    attributes = values.pop("attributes", {})
    if plugin != "pscsi":
        values["wwn"] = serial(f"{plugin}/{name}")
    return {"plugin": plugin, "name": name, "attributes": attributes, "alua_tpgs": list(alua),
            **values}


def ram(name, mib=1, **values):
    return store("ramdisk", name, size=mib << 20, **values)


def null(name, **values):
    return ram(name, nullio=True, **values)


def file(name, mib=1, write_back=False, aio=False, **values):
    return store("fileio", name, dev=f"{FILES}/{name}", size=mib << 20, write_back=write_back,
                 aio=aio, **values)


def block(name, disk, readonly=False, **values):
    return store("block", name, dev=BY_ID + disk, readonly=readonly, write_back=False, **values)


def pscsi(name, disk):
    return store("pscsi", name, dev=BY_ID + disk)


def user(name, handler, mib=4, **values):
    return store("user", name, config=handler, size=mib << 20, **values)


def group(name, tag, **values):
    """An ALUA target port group of a backstore."""
    return {"name": name, "tg_pt_gp_id": tag, **values}


# --- targets -----------------------------------------------------------------

def lun(index, of, alua="default_tg_pt_gp"):
    """What is passed through has no ALUA of ours."""
    alua = None if of["plugin"] == "pscsi" else alua
    return {"index": index, "storage_object": f"/backstores/{of['plugin']}/{of['name']}",
            "alias": serial(f"lun {index} {of['name']}")[:10], "alua_tg_pt_gp_name": alua}


def luns(stores, first=0):
    return [lun(first + number, of) for number, of in enumerate(stores)]


def portal(address="127.0.0.1", port=3260):
    return {"ip_address": address, "port": port, "iser": False, "offload": False}


def chap(name=None, secret=None, mutual=None, mutual_secret=None, prefix="chap"):
    values = {"userid": name, "password": secret, "mutual_userid": mutual,
              "mutual_password": mutual_secret}
    return {f"{prefix}_{key}": value for key, value in values.items() if value}


def acl(name, mapped=(), auth=None, tag=None, **attributes):
    """mapped: (LUN that is seen, LUN of the portal group, write protected)"""
    made = {"node_wwn": name if "." in name else INITIATOR + name, "attributes": attributes,
            "mapped_luns": [{"index": seen, "tpg_lun": of, "write_protect": protect,
                             "alias": serial(f"map {seen} {of}")[:10]}
                            for seen, of, protect in mapped]}
    made.update(auth or {})
    if tag:
        made["tag"] = tag
    return made


def tpg(exported=(), portals=None, acls=(), tag=1, enable=True, auth=None, attributes=None,
        parameters=None):
    return {"tag": tag, "enable": enable, "luns": list(exported),
            "portals": [portal()] if portals is None else list(portals),
            "node_acls": list(acls), "attributes": attributes or {},
            "parameters": parameters or {}, **(auth or {})}


def target(name, *tpgs):
    wwn = name if name.startswith(("iqn.", "eui.", "naa.")) else IQN + name
    return {"wwn": wwn, "fabric": "iscsi", "tpgs": list(tpgs)}


class Config:
    """A whole configuration. extra: what no saveconfig.json can hold, as writes that
    follow: [(path below the fabric, value)]. complaints: words of what rtslib is to
    complain about when it restores this. quick: in the short round, too."""

    def __init__(self, stores, targets, discovery=None, extra=(), complaints=(), quick=False):
        self.stores = stores
        self.targets = targets
        self.discovery = discovery
        self.extra = extra
        self.complaints = complaints
        self.quick = quick

    def json(self):
        modules = []
        if self.discovery:
            modules = [{"name": "iscsi", "discovery_enable_auth": True, **self.discovery}]
        return {"storage_objects": self.stores, "targets": self.targets,
                "fabric_modules": modules}


# Lists of a saveconfig.json have the order of readdir(3), which says nothing.
IDENTITY = ("wwn", "name", "plugin", "tag", "node_wwn", "index", "ip_address", "port")


def ordered(value):
    """The same with every list in one order."""
    if isinstance(value, dict):
        return {key: ordered(item) for key, item in value.items()}
    if isinstance(value, list):
        items = [ordered(item) for item in value]
        if all(isinstance(item, dict) for item in items):
            items.sort(key=lambda item: [str(item.get(key, "")) for key in IDENTITY])
        return items
    return value
