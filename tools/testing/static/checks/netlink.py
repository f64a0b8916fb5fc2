# SPDX-License-Identifier: GPL-2.0
"""The netlink family: what was written from its description is still what the
description says."""

import os
import sys

sys.path.insert(0, os.path.normpath(os.path.join(os.path.dirname(__file__), "../../../netlink")))

from spec import SpecError      # noqa: E402
from tables import FILES, SPEC, stale   # noqa: E402


def check_generated(tree, _exceptions):
    if SPEC not in tree.files():
        for path in FILES:
            if path in tree.files():
                yield f"{path}: written from {SPEC}, which is missing"
        return
    try:
        for path in stale(tree.top):
            yield f"{path}: is not what {SPEC} says; run tools/netlink/generate"
    except SpecError as error:
        yield f"{SPEC}: {error}"


RULES = {
    "generated": check_generated,
}
