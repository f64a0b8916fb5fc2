# SPDX-License-Identifier: GPL-2.0
"""Which cases there are. A case gets a Record and, if it has variants, one of them."""

import glob
import importlib
import os

HERE = os.path.dirname(os.path.abspath(__file__))
ALL = []


class Case:
    def __init__(self, function, variant, quick):
        group = function.__module__.removeprefix("test_")
        self.name = f"{group}.{function.__name__}" + (f"[{variant}]" if variant else "")
        self.function = function
        self.arguments = (variant,) if variant else ()
        self.quick = quick


def case(variants=(None,), quick=(), limit=120):
    """quick: True, or the variants that the short round takes. limit: in seconds."""
    def register(function):
        function.limit = limit
        for variant in variants:
            ALL.append(Case(function, variant, quick is True or variant in (quick or ())))
        return function
    return register


def load():
    for path in sorted(glob.glob(HERE + "/test_*.py")):
        importlib.import_module(os.path.basename(path)[:-3])
    return ALL
