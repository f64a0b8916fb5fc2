# SPDX-License-Identifier: GPL-2.0
"""The verb that is tested here, `tcm-iscsi switch`, and rtslib to set up and to compare."""

import glob
import json
import os

import harness
from harness import Failure, equal, run
from target import ROOT
from test_cli import TOOL

FABRIC = ROOT + "/iscsi"
OURS, THEIRS = "tcm_iscsi", "iscsi_target_mod"
MODULES = (OURS, THEIRS)
STEP_TIME = 40      # seconds; every step waits for the kernel, which may hang
LEFT = "/run/tcm-iscsi/switch.json"
DONE, REFUSED, ROLLED_BACK = 0, 5, 7


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


def switch(to, status, *options):
    """What it says, on both streams. What there was before is kept only while needed."""
    done = run(TOOL, "switch", "--to", to, *options, ok=None, seconds=3 * STEP_TIME)
    equal(done.returncode, status, f"status of the switch: {done.stdout}{done.stderr}")
    equal(os.path.exists(LEFT), False, LEFT)
    return done.stdout + done.stderr


def saved():
    """What rtslib saves, with its lists as sets: it lists what it finds in a directory."""
    path = "/tmp/switch-now.json"
    targetctl("save", path)
    return normal(json.loads(harness.read(path)))


def normal(value):
    if isinstance(value, dict):
        return {name: normal(part) for name, part in value.items()}
    if isinstance(value, list):
        return sorted((normal(part) for part in value), key=lambda p: json.dumps(p, sort_keys=True))
    return value


def compare(where, old, new):
    """Places that are not as they were, as text."""
    if isinstance(old, dict) and isinstance(new, dict):
        for name in sorted({*old, *new}):
            yield from compare(f"{where}/{name}", old.get(name), new.get(name))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for index, pair in enumerate(zip(old, new)):
            yield from compare(f"{where}[{index}]", *pair)
    elif old != new:
        yield f"{where}: was {old!r}, is {new!r}"


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
