# SPDX-License-Identifier: GPL-2.0
"""The installed module in machines that boot. What happens in a boot is the script
of its name in guest/; every check that it makes is a test of its own."""

import harness

# Seconds that an emulated boot may take with what its script does; it takes a third.
LIMIT = 900

BOOTS = ("first", "again", "service", "removed")


def boot(machine, script):
    """[(name, reason or None, seconds)]: what the guest checked, then the boot itself."""
    life = machine.boot(script, LIMIT)
    found = [(name, None if passed else reason or "failed", 0.0)
             for name, passed, reason in life.results()]
    try:
        life.judge()
        harness.check(found, "the script made no check")
        verdict = None
    except harness.Failure as failure:
        verdict = str(failure)
    return found + [(f"{script}.boot", verdict, life.seconds)]
