# SPDX-License-Identifier: GPL-2.0
"""Going from one target module to the other while initiators are logged in: save, stop
the one, load the other, restore; and back to the first if anything on the way fails.

The order is what spares the initiators. One that is told that its target does not exist
may give up for good, so there is nobody to tell it while something is missing: after
the groups are disabled, which ends the sessions, the portals go before everything else
and come back after everything else. Until then a login finds a closed port, and is
tried again."""

import glob
import json
import os

import harness
from harness import Failure, run, wait_for
from target import ROOT

FABRIC = ROOT + "/iscsi"
OURS, THEIRS = "tcm_iscsi", "iscsi_target_mod"
MODULES = (OURS, THEIRS)
STEP_TIME = 40      # seconds; every step waits for the kernel, which may hang


class Refused(Failure):
    """Nothing was touched: this could not have worked."""


class RolledBack(Failure):
    """The change failed half-way; the module that worked works again."""


def other(module):
    return THEIRS if module == OURS else OURS


def loaded():
    for module in MODULES:
        if harness.module_loaded(module):
            return module
    return None


def targetctl(verb, *arguments):
    """It ends with 0 whatever it could not restore, and says what to its standard
    error; where it did not foresee what went wrong, the last line says that."""
    result = run("env", "PYTHONWARNINGS=ignore", "targetctl", verb, *arguments,
                 seconds=STEP_TIME, ok=None)
    said = result.stderr.strip().splitlines()
    if said or result.returncode:
        said = said[-1:] if "Traceback" in result.stderr else said
        raise Failure(f"targetctl {verb}: status {result.returncode}, {'; '.join(said)}")


def groups():
    return sorted(glob.glob(FABRIC + "/*/tpgt_*"))


def shell(script):
    """In a process that can be left behind when the kernel keeps it."""
    try:
        run("sh", "-ec", script, seconds=STEP_TIME)
    except Failure as failure:
        if "still running" in str(failure):
            harness.write("/proc/sysrq-trigger", "w")   # what everybody waits for
        raise


class Config:
    """What rtslib saved, and the parts that are put back last."""

    def __init__(self, path):
        self.path = path
        self.saved = json.loads(harness.read(path))
        self.files = {store["dev"]: identity(store["dev"])
                      for store in self.saved["storage_objects"]
                      if store["plugin"] in ("fileio", "block", "pscsi")}

    def check_files(self):
        """rtslib makes the file of a disk anew, and empty, where it is missing."""
        for path, was in self.files.items():
            if identity(path) != was or was is None:
                raise Failure(f"{path}, which holds a disk, is gone or another file")

    def check_known(self):
        """Nothing that start() does not put back."""
        for directory, group in self.groups():
            for portal in group["portals"]:
                if portal.get("iser") or portal.get("offload"):
                    raise Failure(f"{directory}/np/{name_of(portal)} is more than TCP")

    def groups(self):
        for target in self.saved["targets"]:
            for group in target["tpgs"]:
                yield f"{FABRIC}/{target['wwn']}/tpgt_{group['tag']}", group

    def quiet(self, path):
        """The same with every group disabled and no portal."""
        changed = json.loads(json.dumps(self.saved))
        for target in changed["targets"]:
            for group in target["tpgs"]:
                group["enable"] = False
                group["portals"] = []
        with open(path, "w", encoding="utf-8") as file:
            json.dump(changed, file)

    def differences(self, now):
        """Places that are not as they were, as text."""
        return list(compare("", normal(self.saved), normal(now)))


def identity(path):
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino, found.st_rdev


def normal(value):
    """Lists are sets here: rtslib lists what it finds in a directory."""
    if isinstance(value, dict):
        return {name: normal(part) for name, part in value.items()}
    if isinstance(value, list):
        return sorted((normal(part) for part in value), key=lambda p: json.dumps(p, sort_keys=True))
    return value


def compare(where, old, new):
    if isinstance(old, dict) and isinstance(new, dict):
        for name in sorted({*old, *new}):
            yield from compare(f"{where}/{name}", old.get(name), new.get(name))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for index, pair in enumerate(zip(old, new)):
            yield from compare(f"{where}[{index}]", *pair)
    elif old != new:
        yield f"{where}: was {old!r}, is {new!r}"


class Change:
    """One change of modules. A test that wants something to fail overrides reached()."""

    def __init__(self, to, directory="/tmp"):
        self.to = to
        self.old = loaded()
        self.directory = directory
        self.config = None

    def reached(self, point):
        """point: saved, stopped, loaded, restored, listening, back."""

    def make(self):
        if self.old in (None, self.to):
            raise Refused(f"{self.old} is loaded: nothing to do")
        self.save()
        self.reached("saved")
        try:
            self.stop(self.old)
            self.reached("stopped")
            self.start(self.to)
        except (Failure, OSError) as failure:
            self.back(failure)

    # -- steps --

    def save(self):
        """And find out beforehand what can be found out."""
        path = self.directory + "/switch-saved.json"
        try:
            targetctl("save", path)
            self.config = Config(path)
            self.config.check_files()
            self.config.check_known()
            run("modprobe", "-n", self.to)
        except Failure as failure:
            raise Refused(f"{self.old} stays: {failure}") from None

    def stop(self, module):
        for group in groups():
            shell(f"echo 0 > '{group}/enable'")
        for group in groups():
            for portal in os.listdir(group + "/np"):
                shell(f"rmdir '{group}/np/{portal}'")
        targetctl("clear")
        shell(f"[ ! -d {FABRIC} ] || rmdir {FABRIC}")
        # Its last connections may be on their way out.
        wait_for(lambda: run("rmmod", module, ok=None, seconds=STEP_TIME).returncode == 0,
                 f"{module} to be unused", 10)

    def start(self, module):
        run("modprobe", module, seconds=STEP_TIME)
        shell(f"mkdir -p {FABRIC}")
        self.reached("loaded")
        self.config.check_files()
        path = self.directory + "/switch-quiet.json"
        self.config.quiet(path)
        targetctl("restore", path)
        self.reached("restored")
        for directory, group in self.config.groups():
            for portal in group["portals"]:
                shell(f"mkdir '{directory}/np/{name_of(portal)}'")
        for directory, group in self.config.groups():
            if group["enable"]:
                shell(f"echo 1 > '{directory}/enable'")
        self.reached("listening")
        path = self.directory + "/switch-now.json"
        targetctl("save", path)
        differences = self.config.differences(json.loads(harness.read(path)))
        if differences:
            raise Failure("not what it was: " + "; ".join(differences))

    def back(self, failure):
        """To the module that worked, from wherever this is."""
        self.reached("back")
        try:
            if loaded() is not None:
                self.stop(loaded())
            self.start(self.old)
        except (Failure, OSError) as second:
            raise Failure(f"{failure}\nand going back to {self.old} failed: {second}") from None
        raise RolledBack(f"{self.old} serves again: {failure}")


def name_of(portal):
    address = portal["ip_address"]
    return f"{address}:{portal['port']}"


def clear():
    """Both modules unloaded and nothing configured, whatever was there."""
    for group in groups():
        shell(f"echo 0 > '{group}/enable'")
    if os.path.isdir(FABRIC):
        targetctl("clear")
        shell(f"rmdir {FABRIC}")
    for module in MODULES:
        if harness.module_loaded(module):
            run("rmmod", module, seconds=STEP_TIME)
