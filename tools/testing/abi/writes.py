# SPDX-License-Identifier: GPL-2.0
"""The table of writes: good and bad values into every writable file, what the write
returned, and what the file and its neighbours read afterwards."""

import os

import specs
import tree
from observe import attempt, content, label, put


class File:
    """A writable file, with what has to be there before each value."""

    def __init__(self, path, spec):
        self.path = path
        self.spec = spec
        self.near = [os.path.normpath(f"{os.path.dirname(path)}/{name}") for name in spec.near]
        self.near = [name for name in self.near if os.path.exists(name)]
        if spec.base is not None:
            attempt(put, path, spec.base)
        self.at_first = {name: content(name) for name in [path] + self.near}

    def reset(self):
        """Put back what a value may have changed: this file, then its neighbours. Some
        cannot be put back; they stay as they are, with either module."""
        for name, text in self.at_first.items():
            if content(name) != text and text.startswith('"'):
                attempt(put, name, self.base_of(name, text))

    def base_of(self, name, text):
        if name == self.path and self.spec.base is not None:
            return self.spec.base
        return text[1:-1].removesuffix("\\n").encode()

    def outcome(self, data):
        """Write, then read."""
        result = attempt(put, self.path, data)
        seen = [content(self.path)] + [f"{os.path.basename(name)} {content(name)}"
                                       for name in self.near]
        return f"{result}, reads {', '.join(seen)}"


THOROUGH = 2        # files of each kind that get every value


def ordered():
    """Writable files, those of the target with ACLs and sessions first: its groups are
    an enabled one and one that is not."""
    return sorted(tree.writable(), key=lambda path: "rich" not in tree.relative(path))


def run(recorder, everything, problem):
    """Every value into the first files of each kind, few into the others; unless
    everything, few into the first one and no more. problem(text) is called for a file
    that nobody wrote a specification for."""
    seen = {}
    for path in ordered():
        name = tree.relative(path)
        spec = specs.of(name)
        if not spec:
            problem(f"no specification for the writable file {name}")
            continue
        seen[spec] = seen.get(spec, 0) + 1
        if seen[spec] > 1 and not everything:
            continue
        file = File(path, spec)
        for data in spec.values(everything and seen[spec] <= THOROUGH):
            file.reset()
            recorder.see(f"write.{name}", label(data), file.outcome, data)
        file.reset()
        recorder.note(f"write.{name}", "in the end",
                      ", ".join(content(name) for name in file.at_first))


# What ends sessions, or asks for the kernel's end while there are some, is elsewhere.
NOT_LIVE = ("/enable", "/cmdsn_depth", "cpus_allowed_list", "/rtpi", "/iser", "/cxgbit")


def run_live(recorder, place):
    """Some values into the files of the groups and ACLs that have sessions, which shall
    not mind."""
    for path in ordered():
        name = tree.relative(path)
        spec = specs.of(name)
        if not spec or name.endswith(NOT_LIVE) or "/tpgt_1" not in name or "/lun" in name:
            continue
        place.guest.sync()      # answers the target's pings
        file = File(path, spec)
        for data in spec.extra[::9][:8]:
            recorder.see(f"live.{name}", label(data), file.outcome, data)
            file.reset()
    place.guest.sync()
    for target in (place.rich, place.demo):
        recorder.note("live.sessions", target.iqn, target.statistic("iscsi_instance/sessions"))
    file = File(f"{tree.TOP}/cpus_allowed_list", specs.of("cpus_allowed_list"))
    recorder.see("live.cpus_allowed_list", "0", file.outcome, b"0")
    place.guest.sync()
    file.reset()
