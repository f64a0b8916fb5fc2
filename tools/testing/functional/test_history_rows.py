# SPDX-License-Identifier: GPL-2.0
"""The tables of the security history and of known defects, and their tests, are one."""

import os
import re

import history
from harness import check, equal, read, run

LAST = 67


def test_complete():
    """Every row has a test or a reason, not both, and no test is of a row that is not."""
    rows = history.rows()
    tests = history.tests()
    equal(sorted(rows), list(range(1, LAST + 1)), "rows of the table")
    for number, (what, why_not) in rows.items():
        check(what, "row", number, "says nothing")
        if why_not is None:
            check(number in tests, "no test carries the number of row", number, what)
        else:
            check(number not in tests, "row", number, "has tests, and a reason for none")
    equal(sorted(set(tests) - set(rows)), [], "rows that only tests know")


test_complete.quick = True


def names_of(suite):
    """All tests of a suite, without the rows of a case."""
    listing = run(f"{history.HERE}/../{suite}/run", "--list").stdout
    return {re.split(r"[\[ ]", line)[0] for line in listing.splitlines()}


def test_defects():
    """Each of B1 to B19 names tests that exist, or says why there is none."""
    known = names_of("functional") | {f"conformance:{name}" for name in names_of("conformance")}
    lines = [line for line in read(os.path.join(history.HERE, "DEFECTS")).splitlines()
             if line and not line.startswith("#")]
    found = {}
    for line in lines:
        head = re.match(r"B(\d+) +\S", line)
        if head:
            evidence = found.setdefault(int(head[1]), [])
        else:
            check(line.startswith("     "), "DEFECTS has an odd line:", line)
            evidence.append(line.strip())
    equal(list(found), list(range(1, 20)), "defects")
    for number, evidence in found.items():
        check(evidence, "no test for defect", number)
        if not evidence[0].startswith("none: "):
            for name in " ".join(evidence).split():
                check(name in known, "no test is called", name)


test_defects.quick = True
