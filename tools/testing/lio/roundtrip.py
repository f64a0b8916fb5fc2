# SPDX-License-Identifier: GPL-2.0
"""A saveconfig.json of one module, restored under the other."""

import json
import os

import harness
import saved
import target
import tree
from harness import check, equal

STATE = "/tmp/lio/state"


class Round:
    """Where the pieces of one configuration are, for one release's rtslib."""

    def __init__(self, userland, name, config):
        self.userland = userland
        self.config = config
        self.dir = f"{STATE}/{userland.name}/{name}"
        os.makedirs(self.dir, exist_ok=True)

    def path(self, what):
        return f"{self.dir}/{what}"

    def load(self, what):
        check(os.path.exists(self.path(what)), f"no {what} of the module before")
        with open(self.path(what), encoding="utf-8") as file:
            return json.load(file)

    def store(self, what, value):
        with open(self.path(what), "w", encoding="utf-8") as file:
            json.dump(value, file)

    def restore(self, source, stem, extra=()):
        """Restore source and leave stem.tree, stem.errors and stem.json behind."""
        try:
            errors = self.userland.call("restore", self.path(source))
            for path, value in extra:
                harness.write(f"{target.ROOT}/{target.fabric}/{path}", value)
            self.store(stem + ".errors", errors)
            self.store(stem + ".tree", tree.walk())
            self.userland.call("save", self.path(stem + ".json"))
        finally:
            self.userland.call("clear")

    def same(self, one, two):
        """Everything that two restores left behind."""
        lines = tree.compare(self.load(one + ".tree"), self.load(two + ".tree"))
        lines += tree.compare_saved(self.load(one + ".json"), self.load(two + ".json"), "saved: ")
        equal(self.load(one + ".errors"), self.load(two + ".errors"), "what rtslib complained about")
        check(not lines, f"{one} and {two} differ in {len(lines)} places:\n",
              "\n".join(lines[:40]))

    def kept(self, before, after, extra):
        """What was saved, restored and saved again says the same. A setting that rtslib
        does not restore is not the module's affair."""
        one, two = (saved.ordered(self.load(stem + ".json")) for stem in (before, after))
        lines = [line for line in tree.compare_saved(one, two)
                 if not (extra and "/cmd_completion_affinity:" in line)]
        check(not lines, f"{before} and {after} differ in {len(lines)} places:\n",
              "\n".join(lines[:40]))

    def written(self):
        """Under iscsi_target_mod, first: from the table."""
        self.store("table.json", self.config.json())
        self.restore("table.json", "theirs", self.config.extra)
        self.expected("theirs")

    def expected(self, stem):
        """Whatever the table says must have arrived: a setting that both modules ignore
        would be the same in both."""
        errors = self.load(stem + ".errors")
        for word in self.config.complaints:
            check(any(word in error for error in errors), f"no complaint about {word}: {errors}")
        check(len(errors) == len(self.config.complaints), f"rtslib complains: {errors}")
        want = saved.ordered(self.config.json())
        have = saved.ordered(self.load(stem + ".json"))
        lines = missing(want, have, self.config.complaints)
        check(not lines, "not as restored:\n", "\n".join(lines[:40]))

    def read(self):
        """Under tcm_iscsi: from the table, and what iscsi_target_mod had saved."""
        self.restore("table.json", "ours", self.config.extra)
        self.same("theirs", "ours")
        self.restore("theirs.json", "theirs-in-ours")
        self.kept("theirs", "theirs-in-ours", self.config.extra)

    def read_back(self):
        """Under iscsi_target_mod again: what tcm_iscsi had saved."""
        self.restore("ours.json", "ours-in-theirs")
        self.kept("ours", "ours-in-theirs", self.config.extra)
        self.same("ours-in-theirs", "theirs-in-ours")


def missing(want, have, complaints, where=""):
    """Lines for what is in want and not the same in have."""
    if isinstance(want, dict) and isinstance(have, dict):
        lines = []
        for key, value in want.items():
            if key not in complaints:
                lines += missing(value, have.get(key, "absent"), complaints, f"{where}/{key}")
        return lines
    if isinstance(want, list) and isinstance(have, list):
        if where.endswith("/alua_tpgs"):
            have = [item for item in have if item["name"] != "default_tg_pt_gp"]
        if len(want) != len(have):
            return [f"{where}: {len(want)} of them in the table, {len(have)} there"]
        return [line for index, pair in enumerate(zip(want, have))
                for line in missing(*pair, complaints, f"{where}/{index}")]
    return [] if str(want) == str(have) else [f"{where}: {want!r} in the table, {have!r} there"]
