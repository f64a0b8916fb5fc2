# SPDX-License-Identifier: GPL-2.0
"""The text format of Prometheus (exposition format 0.0.4), read strictly: what node_exporter
would refuse, which it does to the whole file, is an error, and so is what `promtool check
metrics` complains about."""

import re

from harness import check, equal

NAME = r"[a-z_][a-z0-9_]*"
SAMPLE = re.compile(rf"({NAME})(?:\{{(.*)\}})? (\S+)")
LABEL = re.compile(rf'({NAME})="((?:[^"\\\n]|\\[\\"n])*)"(?:,|$)')
SUFFIXES = {"histogram": ("_bucket", "_sum", "_count"), "counter": ("",), "gauge": ("",)}


class Family:
    """One metric: what it is, and its samples {labels: value} by suffix."""

    def __init__(self, name, text):
        self.name = name
        self.text = text
        self.type = None
        self.samples = {}

    def add(self, suffix, labels, value):
        key = (suffix, labels)
        check(key not in self.samples, f"{self.name}: the same sample twice:", key)
        self.samples[key] = value


def labels_of(text):
    """As a sorted tuple of pairs."""
    found = []
    at = 0
    while at < len(text):
        match = LABEL.match(text, at)
        check(match, "labels:", text)
        found.append((match[1], match[2]))
        at = match.end()
    equal(len({name for name, _ in found}), len(found), "labels, each once")
    return tuple(sorted(found))


def histogram(family):
    """Buckets of each histogram do not get less, and the last one is the count."""
    series = {}
    for (suffix, labels), value in family.samples.items():
        bound = dict(labels).get("le")
        equal(bound is not None, suffix == "_bucket", f"{family.name}{suffix} has le")
        rest = tuple(pair for pair in labels if pair[0] != "le")
        series.setdefault(rest, {})[suffix, bound] = value
    for labels, values in series.items():
        buckets = sorted((float(bound), value) for (suffix, bound), value in values.items()
                         if suffix == "_bucket")
        counts = [value for _, value in buckets]
        equal(counts, sorted(counts), f"{family.name} {labels}: buckets add up")
        equal(buckets[-1], (float("inf"), values["_count", None]), f"{labels}: the last bucket")
        check(("_sum", None) in values, f"{family.name} {labels}: no sum")


def finish(family):
    check(family.type, f"{family.name}: no type")
    if family.type == "counter":
        check(family.name.endswith("_total"), f"{family.name}: a counter ends in _total")
    else:
        check(not family.name.endswith(("_total", "_count", "_sum")), family.name)
    if family.type == "histogram":
        histogram(family)


def sample(family, line):
    match = SAMPLE.fullmatch(line)
    check(match and family, "no sample of a metric that was announced:", line)
    suffix = match[1][len(family.name):]
    check(match[1].startswith(family.name) and suffix in SUFFIXES[family.type],
          f"not of {family.name}:", line)
    family.add(suffix, labels_of(match[2] or ""), float(match[3]))


def parse(text):
    """{name: Family}; a Failure names what is wrong."""
    check(text.endswith("\n"), "the last line has no end")
    found = {}
    family = None
    for line in text[:-1].split("\n"):
        head = re.fullmatch(rf"# (HELP|TYPE) ({NAME}) (.+)", line)
        if head and head[1] == "HELP":
            if family:
                finish(family)
            check(head[2] not in found, "announced twice:", head[2])
            family = found[head[2]] = Family(head[2], head[3])
        elif head:
            check(family and family.name == head[2] and not family.type and not family.samples,
                  "a type in the wrong place:", line)
            check(head[3] in SUFFIXES, "type:", line)
            family.type = head[3]
        else:
            check(not line.startswith("#"), "a comment that is none:", line)
            sample(family, line)
    finish(family)
    return found
