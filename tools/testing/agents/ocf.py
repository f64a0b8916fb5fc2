# SPDX-License-Identifier: GPL-2.0
"""Pacemaker's resource agents, called as a cluster manager calls them: by the OCF
resource agent API, everything in the environment and one action as the argument."""

import os

import guest    # noqa: F401, says what names begin with
import harness
import target

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.environ.get("TISCSI_AGENTS", "") + "/usr/lib/ocf"
LOG = "/tmp/agents-log"

# Return codes of the API.
SUCCESS, GENERIC, ARGS, UNIMPLEMENTED, PERM, INSTALLED, CONFIGURED, NOT_RUNNING = range(8)

IMPLEMENTATIONS = ("lio-t", "lio")
IQN = target.IQN + "cluster"


class Agent:
    """One resource. What of its parameters is None is left to the agent."""

    def __init__(self, kind, implementation, instance, **parameters):
        self.kind = kind
        self.instance = instance
        self.parameters = {"implementation": implementation, **parameters}

    def environment(self):
        values = {"PATH": f"{HERE}/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root",
                  "LC_ALL": "C.UTF-8", "OCF_ROOT": ROOT, "OCF_RA_VERSION_MAJOR": "1",
                  "OCF_RA_VERSION_MINOR": "0", "OCF_RESOURCE_INSTANCE": self.instance,
                  "OCF_RESOURCE_TYPE": self.kind, "OCF_RESOURCE_PROVIDER": "heartbeat",
                  "HA_RSCTMP": "/run/resource-agents", "HA_LOGFILE": LOG}
        values.update({f"OCF_RESKEY_{name}": str(value)
                       for name, value in self.parameters.items() if value is not None})
        return values

    def call(self, action, **environment):
        """The CompletedProcess of one action."""
        harness.check(os.path.isdir(ROOT), "TISCSI_AGENTS names no agents; use agents/lab")
        os.makedirs("/run/resource-agents", exist_ok=True)
        values = {**self.environment(), **environment}
        return harness.run("env", "-i", *[f"{name}={value}" for name, value in values.items()],
                           f"{ROOT}/resource.d/heartbeat/{self.kind}", action, ok=None,
                           seconds=60, merge=True)

    def __call__(self, action, **environment):
        """The return code of one action."""
        return self.call(action, **environment).returncode


def targets(implementation, instance="target", **parameters):
    """An iSCSITarget. Its portal is named, because lio-t makes none for the default."""
    parameters.setdefault("portals", target.PORTAL)
    return Agent("iSCSITarget", implementation, instance, iqn=IQN, **parameters)


def units(implementation, number, path, instance=None, **parameters):
    """An iSCSILogicalUnit of that target."""
    return Agent("iSCSILogicalUnit", implementation, instance or f"unit{number}",
                 target_iqn=IQN, lun=number, path=path, **parameters)


class Exported:
    """What initiator.Node wants to know of a target."""

    iqn = IQN


def log_from(position):
    """What the agents logged since then."""
    try:
        with open(LOG, encoding="utf-8", errors="replace") as file:
            file.seek(position)
            return file.read()
    except FileNotFoundError:
        return ""


def log_end():
    return os.path.getsize(LOG) if os.path.exists(LOG) else 0
