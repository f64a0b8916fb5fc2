# SPDX-License-Identifier: GPL-2.0
"""Configurations as saveconfig.json has them: a rich one, Debian's rtslib to save and
restore them, and what two of them have to agree in."""

import contextlib
import glob
import json
import os

import harness
from harness import Failure, check, run, wait_for
from target import ROOT

IQN = "iqn.2026-11.org.test:"      # rtslib takes no domain without a dot
BY_ID = "/dev/disk/by-id/"
FILES = "/tmp/functional-saved"
DISKS = [BY_ID + "functional-1", BY_ID + "functional-2", BY_ID + "functional-3"]
SCSI = BY_ID + "functional-scsi"

# What identifies the entries of an array.
KEYS = {"storage_objects": ("plugin", "name"), "alua_tpgs": ("name",), "targets": ("wwn",),
        "tpgs": ("tag",), "luns": ("index",), "portals": ("ip_address", "port"),
        "node_acls": ("node_wwn",), "mapped_luns": ("index",), "fabric_modules": ("name",)}

RTSLIB = """
import json, sys
from rtslib_fb import RTSRoot
root, verb, path = RTSRoot(), sys.argv[1], sys.argv[2]
errors = []
if verb == "save":
    root.save_to_file(save_file=path)
elif verb == "restore":
    errors = root.restore_from_file(restore_file=path)
else:
    root.clear_existing(confirm=True)
print(json.dumps(errors))
"""


def rtslib(verb, path="-"):
    """save, restore or clear, as targetctl does it. Returns what it complains about."""
    os.makedirs("/etc/rtslib-fb-target", exist_ok=True)
    done = run("/usr/bin/python3", "-W", "ignore", "-c", RTSLIB, verb, path, seconds=120)
    return json.loads(done.stdout)


def need_rtslib():
    if run("/usr/bin/python3", "-c", "import rtslib_fb", ok=None).returncode:
        raise Failure("python3-rtslib-fb is not installed")


@contextlib.contextmanager
def devices():
    """Disks with the names that udev would give them: nobody else does it here."""
    os.makedirs(FILES, exist_ok=True)
    os.makedirs(BY_ID, exist_ok=True)
    run("modprobe", "brd", f"rd_nr={len(DISKS)}", "rd_size=4096")
    run("modprobe", "scsi_debug", "dev_size_mb=4")
    pattern = "/sys/bus/pseudo/drivers/scsi_debug/adapter*/host*/target*/*/block/*"
    wait_for(lambda: glob.glob(pattern), "the disk of scsi_debug")
    links = {name: f"/dev/ram{number}" for number, name in enumerate(DISKS)}
    links[SCSI] = "/dev/" + os.path.basename(glob.glob(pattern)[0])
    for name, disk in links.items():
        os.symlink(disk, name)
    for name in ("one", "two"):
        with open(f"{FILES}/{name}.img", "wb") as file:
            file.truncate(8 << 20)
    try:
        yield
    finally:
        for name in links:
            os.unlink(name)
        run("rmmod", "scsi_debug", seconds=30)
        run("rmmod", "brd", seconds=30)


def serial(number):
    return f"00000000-1111-2222-3333-{number:012}"


def stores():
    group = {"name": "east", "tg_pt_gp_id": 17, "alua_access_state": 1, "alua_access_status": 0,
             "alua_access_type": 1, "alua_write_metadata": 0, "preferred": 1,
             "nonop_delay_msecs": 50, "trans_delay_msecs": 10, "implicit_trans_secs": 3,
             "alua_support_offline": 0, "alua_support_standby": 1,
             "alua_support_transitioning": 1, "alua_support_active_nonoptimized": 1,
             "alua_support_unavailable": 1, "alua_support_active_optimized": 1}
    return [
        {"plugin": "block", "name": "disk", "dev": DISKS[0], "readonly": False,
         "write_back": False, "wwn": serial(1), "attributes": {"emulate_tpu": 0, "is_nonrot": 1}},
        {"plugin": "block", "name": "fixed", "dev": DISKS[1], "readonly": True,
         "write_back": False, "wwn": serial(2)},
        {"plugin": "fileio", "name": "one", "dev": FILES + "/one.img", "size": 8 << 20,
         "write_back": False, "aio": False, "wwn": serial(3), "alua_tpgs": [group],
         "attributes": {"emulate_caw": 0, "max_write_same_len": 1024}},
        {"plugin": "fileio", "name": "two", "dev": FILES + "/two.img", "size": 8 << 20,
         "write_back": True, "aio": True, "wwn": serial(4),
         "attributes": {"emulate_write_cache": 1, "block_size": 4096}},
        {"plugin": "fileio", "name": "on-disk", "dev": DISKS[2], "size": 4 << 20,
         "write_back": False, "aio": False, "wwn": serial(5)},
        {"plugin": "ramdisk", "name": "ram", "size": 1 << 20, "wwn": serial(6)},
        {"plugin": "ramdisk", "name": "nothing", "size": 1 << 20, "wwn": "short serial",
         "nullio": True},
        {"plugin": "pscsi", "name": "passed", "dev": SCSI},
        {"plugin": "user", "name": "daemon", "config": "file/somewhere", "size": 1 << 20,
         "wwn": serial(8), "hw_max_sectors": 128, "control": "max_data_area_mb=8"},
    ]


def backstore(index, name, group="default_tg_pt_gp", **more):
    return {"index": index, "storage_object": f"/backstores/{name}", "alias": f"alias{index:05}",
            "alua_tg_pt_gp_name": group, **more}


def mapped(index, lun, protect=False):
    return {"index": index, "tpg_lun": lun, "write_protect": protect, "alias": f"map{index:07}"}


def portal(address, port):
    return {"ip_address": address, "port": port, "iser": False, "offload": False}


def rich():
    """Everything that a file can say and the lab can do."""
    first = {
        "tag": 1, "enable": True,
        "attributes": {"authentication": 1, "default_cmdsn_depth": 32, "default_erl": 1},
        "parameters": {"AuthMethod": "CHAP", "MaxBurstLength": "131072", "InitialR2T": "No",
                       "TargetAlias": "a target"},
        "luns": [backstore(0, "block/disk"), backstore(1, "block/fixed"),
                 backstore(7, "fileio/one", "east"), backstore(255, "fileio/two"),
                 backstore(1000, "ramdisk/ram"), backstore(2, "fileio/on-disk")],
        "portals": [portal("127.0.0.1", 3260), portal("[::1]", 3261)],
        "node_acls": [
            {"node_wwn": IQN + "plain", "mapped_luns": []},
            {"node_wwn": IQN + "full", "tag": "rack", "chap_userid": "alice",
             "chap_password": "alices secret 1", "chap_mutual_userid": "target",
             "chap_mutual_password": "the targets secret",
             "attributes": {"dataout_timeout": 10, "nopin_timeout": 0, "authentication": 1},
             "mapped_luns": [mapped(0, 7), mapped(1, 0, True), mapped(200, 1000)]}]}
    second = {"tag": 9, "enable": False, "portals": [], "luns": [backstore(0, "ramdisk/nothing")],
              "attributes": {"authentication": 0, "generate_node_acls": 1,
                             "cache_dynamic_acls": 1, "demo_mode_write_protect": 0},
              "parameters": {"AuthMethod": "CHAP,None"}, "node_acls": [],
              "chap_userid": "guest", "chap_password": "a secret for all"}
    third = {"tag": 1, "enable": True, "portals": [portal("127.0.0.1", 3260)],
             "luns": [backstore(0, "pscsi/passed", None), backstore(1, "user/daemon", None),
                      backstore(3, "ramdisk/ram")], "node_acls": []}
    return {
        "fabric_modules": [{"name": "iscsi", "discovery_enable_auth": True,
                            "discovery_userid": "finder", "discovery_password": "finders secret",
                            "discovery_mutual_userid": "found",
                            "discovery_mutual_password": "secret of the found"}],
        "storage_objects": stores(),
        "targets": [{"wwn": "iqn.2026-11.org.test:rich", "fabric": "iscsi", "tpgs": [first, second]},
                    {"wwn": "iqn.2026-11.org.test:other", "fabric": "iscsi", "tpgs": [third]}]}


def put(document, name="saveconfig.json"):
    """Write a file as an administrator would leave it; returns its path."""
    path = f"{FILES}/{name}"
    os.makedirs(FILES, exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        json.dump(document, file, indent=1)
    os.chmod(path, 0o600)
    return path


def get(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def ordered(value, name=None):
    """The same with its arrays in the order of what identifies their entries."""
    if isinstance(value, dict):
        return {key: ordered(member, key) for key, member in value.items()}
    if isinstance(value, list):
        entries = [ordered(entry) for entry in value]
        return sorted(entries, key=lambda e: [str(e.get(key)) for key in KEYS[name]])
    return value


def differences(one, two, path=""):
    """Where two documents differ, as lines."""
    if isinstance(one, dict) and isinstance(two, dict):
        found = []
        for key in sorted(set(one) | set(two)):
            if key not in one or key not in two:
                found.append(f"{path}.{key}: only in the {'second' if key in two else 'first'}")
            else:
                found += differences(one[key], two[key], f"{path}.{key}")
        return found
    if isinstance(one, list) and isinstance(two, list) and len(one) == len(two):
        return [line for number, pair in enumerate(zip(one, two))
                for line in differences(*pair, f"{path}[{number}]")]
    return [] if one == two else [f"{path}: {one!r} and {two!r}"]


def same(one, two, what):
    found = differences(ordered(one), ordered(two))
    check(not found, f"{what}:", "\n".join(found[:20]))


VOLATILE = ("/statistics/", "/fabric_statistics/", "/hba_info", "/version", "/dynamic_sessions",
            "/rtpi", "/info", "/alua_tg_pt_gp", "/members")


def tree():
    """The contents of all files of target/, with the numbers of HBAs taken out."""
    found = {}
    for base, folders, files in os.walk(ROOT):
        links = [name for name in folders if os.path.islink(f"{base}/{name}")]
        for name in links:
            found[f"{base}/{name}"] = os.path.basename(os.readlink(f"{base}/{name}"))
        for name in files:
            path = f"{base}/{name}"
            if any(part in path for part in VOLATILE):
                continue
            try:
                found[path] = harness.read(path)
            except OSError as error:
                found[path] = error.strerror
        if not files and not links:
            found[base] = "directory"
    return {unnumbered(path): text for path, text in found.items()}


def unnumbered(path):
    parts = path.split("/")
    if "core" in parts and len(parts) > parts.index("core") + 1:
        at = parts.index("core") + 1
        parts[at] = parts[at].rsplit("_", 1)[0]
    return "/".join(parts)
