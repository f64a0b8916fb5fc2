# SPDX-License-Identifier: GPL-2.0
"""The description of the netlink family (include/uapi/linux/tcm_iscsi.yaml), read
and checked. Used by `generate`, and by tests that talk to the module.

The kernel's format is YAML; of that, this reads what such a file needs: mappings
and sequences by indentation, [flow, sequences], plain and folded (>-) scalars,
anchors, comments. Anything else, and every key that the format does not have here,
is an error with a line number, never passed over."""

import re


class SpecError(Exception):
    """The file is wrong; the text says where."""


# --- YAML --------------------------------------------------------------------

KEY = re.compile(r"([A-Za-z][\w-]*):(?:\s+(.*))?$")


def scalar(text):
    if re.fullmatch(r"-?\d+", text):
        return int(text)
    if text in ("true", "false"):
        return text == "true"
    if text[:1] in "'\"|{&*!%@`" or ": " in text or " #" in text:
        raise SpecError(f"'{text}' is beyond the YAML that is read here")
    return text


class Reader:
    """The lines of a document, from top to bottom."""

    def __init__(self, text):
        self.lines = []
        self.anchors = {}
        for number, line in enumerate(text.splitlines(), 1):
            if "\t" in line:
                raise SpecError(f"line {number}: a tab")
            bare = line.strip()
            if bare and not bare.startswith("#") and bare != "---":
                self.lines.append((number, len(line) - len(line.lstrip()), bare))
        self.at = 0

    def peek(self):
        return self.lines[self.at] if self.at < len(self.lines) else (0, -1, "")

    def fail(self, text):
        raise SpecError(f"line {self.peek()[0]}: {text}")

    def block(self, indent):
        """What stands at this indentation: a sequence or a mapping."""
        if self.peek()[1] != indent:
            self.fail("indentation")
        sequence = self.peek()[2] == "-" or self.peek()[2].startswith("- ")
        return self.sequence(indent) if sequence else self.mapping(indent)

    def sequence(self, indent):
        items = []
        while self.peek()[1] == indent:
            _number, _indent, text = self.peek()
            if text != "-":
                self.fail("an item is wanted: '-' alone, its content indented below it")
            self.at += 1
            items.append(self.deeper(indent))
        return items

    def mapping(self, indent):
        found = {}
        while self.peek()[1] == indent:
            match = KEY.match(self.peek()[2])
            if not match:
                self.fail("'key: value' is wanted")
            if match[1] in found:
                self.fail(f"'{match[1]}' a second time")
            found[match[1]] = self.value(indent, match[2] or "")
        return found

    def deeper(self, indent):
        if self.peek()[1] <= indent:
            self.fail("something indented is wanted")
        return self.block(self.peek()[1])

    def value(self, indent, text):
        if text.startswith("*"):
            if text[1:] not in self.anchors:
                self.fail(f"no anchor '{text[1:]}' above")
            self.at += 1
            return self.anchors[text[1:]]
        anchor = re.match(r"&([\w-]+)$", text)
        if anchor or not text:
            self.at += 1
            value = self.deeper(indent)
            if anchor:
                self.anchors[anchor[1]] = value
            return value
        if text == ">-":
            self.at += 1
            return self.folded(indent)
        try:
            if text.startswith("["):
                if not text.endswith("]"):
                    self.fail("a flow sequence ends on its line")
                value = [scalar(item.strip()) for item in text[1:-1].split(",")]
            else:
                value = scalar(text)
        except SpecError as error:
            self.fail(str(error))
        self.at += 1
        return value

    def folded(self, indent):
        words = []
        while self.peek()[1] > indent:
            words.append(self.peek()[2])
            self.at += 1
        return " ".join(words)


def parse(text):
    reader = Reader(text)
    found = reader.block(0)
    if reader.at != len(reader.lines):
        reader.fail("indentation")
    return found


# --- the model ---------------------------------------------------------------

SCALARS = {"u8": 1, "u16": 2, "u32": 4, "u64": 8}
TYPES = tuple(SCALARS) + ("string", "binary", "nest", "pad")
LIMITS = {"string": {"max-len"}, "binary": {"exact-len"}}
FLAGS = {"admin-perm": "GENL_ADMIN_PERM", "uns-admin-perm": "GENL_UNS_ADMIN_PERM"}


def keys(where, found, required, optional=()):
    if not isinstance(found, dict):
        raise SpecError(f"{where}: a mapping is wanted")
    for name in required:
        if name not in found:
            raise SpecError(f"{where}: no '{name}'")
    for name in found:
        if name not in required and name not in optional:
            raise SpecError(f"{where}: '{name}' is not known")


def upper(*parts):
    return "_".join(parts).upper().replace("-", "_")


class Attribute:
    def __init__(self, spec, where, number, raw):
        where = f"{where}, attribute {raw.get('name')}"
        keys(where, raw, ("name", "type"), ("doc", "enum", "multi-attr", "nested-attributes",
                                            "checks", "display-hint", "sub-type"))
        self.name = raw["name"]
        self.number = number
        self.type = raw["type"]
        self.multi = raw.get("multi-attr", False)
        self.enum = raw.get("enum")
        self.nested = raw.get("nested-attributes")
        self.hint = raw.get("display-hint")
        self.checks = {key: spec.number(value, where)
                       for key, value in raw.get("checks", {}).items()}
        if self.type not in TYPES:
            raise SpecError(f"{where}: type '{self.type}' is not known")
        if (self.type == "nest") != bool(self.nested):
            raise SpecError(f"{where}: 'nest' and 'nested-attributes' go together")
        if self.enum and (self.type != "u32" or self.enum not in spec.enums):
            raise SpecError(f"{where}: 'enum' names an enum above, and the type is u32")
        allowed = {"min", "max"} if self.type in SCALARS else LIMITS.get(self.type, set())
        for key, value in self.checks.items():
            if key not in allowed:
                raise SpecError(f"{where}: check '{key}' does not suit '{self.type}'")
            # 6.1 keeps both limits in 16 bits with a sign.
            if not 0 <= value <= 32767:
                raise SpecError(f"{where}: limit {value} is beyond what a policy holds")
        if self.enum:
            self.checks["max"] = len(spec.enums[self.enum]) - 1


class AttributeSet:
    def __init__(self, spec, raw):
        where = f"attribute set {raw.get('name')}"
        keys(where, raw, ("name", "attributes"), ("doc",))
        self.name = raw["name"]
        self.attributes = [Attribute(spec, where, number, item)
                           for number, item in enumerate(raw["attributes"], 1)]
        self.by_name = {a.name: a for a in self.attributes}
        if len(self.by_name) != len(self.attributes):
            raise SpecError(f"{where}: a name is used twice")


class Operation:
    """request: attributes that a request may hold; reply: those of the answer, or of
    the event, which nobody asks for."""

    def __init__(self, spec, number, raw):
        where = f"operation {raw.get('name')}"
        keys(where, raw, ("name", "doc", "attribute-set"),
             ("flags", "do", "dump", "event", "mcgrp"))
        self.name = raw["name"]
        self.number = number
        if raw["attribute-set"] not in spec.sets:
            raise SpecError(f"{where}: no attribute set '{raw['attribute-set']}'")
        self.set = spec.sets[raw["attribute-set"]]
        self.flags = raw.get("flags", [])
        for flag in self.flags:
            if flag not in FLAGS:
                raise SpecError(f"{where}: flag '{flag}' is not known")
        self.do = "do" in raw
        self.dump = "dump" in raw
        self.event = "event" in raw
        self.group = raw.get("mcgrp")
        if self.event:
            if self.do or self.dump or self.flags or self.group not in spec.groups:
                raise SpecError(f"{where}: an event has a group, and nothing else")
            self.request, self.reply = self.messages(where, {"request": {"attributes": []},
                                                             "reply": raw["event"]})
            return
        if self.group or not self.flags or not (self.do or self.dump):
            raise SpecError(f"{where}: a request has flags, 'do' or 'dump', and no group")
        self.request, self.reply = self.messages(where, raw["do" if self.do else "dump"])
        # struct genl_ops, which all supported kernels have, holds one policy.
        if self.dump and self.messages(where, raw["dump"]) != (self.request, self.reply):
            raise SpecError(f"{where}: do and dump have to take and give the same")

    def messages(self, where, raw):
        keys(where, raw, ("request",), ("reply",))
        found = []
        for part in ("request", "reply"):
            names = raw.get(part, {"attributes": []})
            keys(f"{where}, {part}", names, ("attributes",))
            for name in names["attributes"]:
                if name not in self.set.by_name:
                    raise SpecError(f"{where}: {self.set.name} has no attribute '{name}'")
            found.append([self.set.by_name[name] for name in names["attributes"]])
        return tuple(found)


class Spec:
    def __init__(self, text):
        raw = parse(text)
        keys("top", raw, ("name", "protocol", "uapi-header", "doc", "definitions",
                          "attribute-sets", "operations"), ("mcast-groups",))
        self.name = raw["name"]
        self.doc = raw["doc"]
        self.version = 1
        self.consts = {}        # name -> value
        self.enums = {}         # name -> [entry, …], values from 0
        self.docs = {}          # constant or (enum, entry) -> text
        for item in raw["definitions"]:
            self.define(item)
        self.sets = {}
        for item in raw["attribute-sets"]:
            self.sets[item.get("name")] = AttributeSet(self, item)
        for attributes in self.sets.values():
            for attribute in attributes.attributes:
                if attribute.nested and attribute.nested not in self.sets:
                    raise SpecError(f"{attribute.name}: no attribute set '{attribute.nested}'")
        self.groups = []        # names, in the order of their numbers from 0
        for item in raw.get("mcast-groups", {"list": []})["list"]:
            keys("multicast group", item, ("name",))
            self.groups.append(item["name"])
        keys("operations", raw["operations"], ("list",))
        self.operations = [Operation(self, number, item)
                           for number, item in enumerate(raw["operations"]["list"], 1)]

    def define(self, raw):
        where = f"definition {raw.get('name')}"
        if raw.get("type") == "const":
            keys(where, raw, ("type", "name", "value"), ("doc",))
            self.consts[raw["name"]] = raw["value"]
            self.docs[raw["name"]] = raw.get("doc")
        elif raw.get("type") == "enum":
            keys(where, raw, ("type", "name", "entries"), ("doc",))
            self.enums[raw["name"]] = []
            for entry in raw["entries"]:
                keys(where, entry, ("name",), ("doc",))
                self.enums[raw["name"]].append(entry["name"])
                self.docs[raw["name"], entry["name"]] = entry.get("doc")
        else:
            raise SpecError(f"{where}: type '{raw.get('type')}' is not known")

    def number(self, value, where):
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        if value not in self.consts:
            raise SpecError(f"{where}: no constant '{value}'")
        return self.consts[value]

    def nests(self):
        """Sets that requests nest, the inner ones first."""
        found = []

        def visit(attribute):
            if attribute.nested:
                for inner in self.sets[attribute.nested].attributes:
                    visit(inner)
                if attribute.nested not in found:
                    found.append(attribute.nested)

        for operation in self.operations:
            for attribute in operation.request:
                visit(attribute)
        return [self.sets[name] for name in found]


def load(path):
    with open(path, encoding="utf-8") as file:
        return Spec(file.read())
