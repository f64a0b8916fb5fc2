# SPDX-License-Identifier: GPL-2.0
"""The table of the security history and its tests are one."""

import history
from harness import check, equal

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
