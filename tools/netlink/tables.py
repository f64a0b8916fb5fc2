# SPDX-License-Identifier: GPL-2.0
"""The C that follows from the description of the netlink family."""

import os
import textwrap

from spec import FLAGS, SpecError, load, upper

SPEC = "include/uapi/linux/tcm_iscsi.yaml"
ORIGIN = f"Written by tools/netlink/generate from {SPEC}."
PREFIX = "tiscsi_nl"        # of the module's own names
WIDTH = 90


def comment(text):
    """A block comment, short or long."""
    if len(text) < WIDTH - 6:
        return [f"/* {text} */"]
    return ["/*"] + [f" * {line}" for line in textwrap.wrap(text, WIDTH - 3)] + [" */"]


def columns(rows):
    """#define lines with their values in one column."""
    widest = max(len(name) for name, _ in rows)
    tabs = (len("#define ") + widest) // 8 + 1
    out = []
    for name, value in rows:
        gap = "\t" * (tabs - (len("#define ") + len(name)) // 8)
        out.append(f"#define {name}{gap}{value}")
    return out


def numbered(prefix, maximum, names, first=1):
    """An enum whose values run on, and its maximum."""
    out = ["enum {"]
    for index, name in enumerate(names):
        out.append(f"\t{upper(prefix, name)}{f' = {first}' if not index else ''},")
    return out + ["", f"\t__{maximum},", f"\t{maximum} = (__{maximum} - 1)", "};"]


def header(spec):
    """The uapi header, as a list of lines."""
    guard = f"_UAPI_LINUX_{upper(spec.name)}_H"
    out = ["/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */"]
    out += comment(ORIGIN)
    out += [f"#ifndef {guard}", f"#define {guard}", ""]
    out += comment(spec.doc) + [""]
    out += columns([(upper(spec.name, "family-name"), f'"{spec.name}"'),
                    (upper(spec.name, "family-version"), spec.version)])
    for name in spec.groups:
        out += ["", f'#define {upper(spec.name, "mcgrp", name)}\t"{name}"']
    for name, value in spec.consts.items():
        out += [""]
        if spec.docs[name]:
            out += comment(spec.docs[name])
        out += [f"#define {upper(spec.name, name)}\t{value}"]
    for name, entries in spec.enums.items():
        tag = f"{spec.name}_{name}".replace("-", "_")
        out += ["", "/**", f" * enum {tag}"]
        for entry in entries:
            out.append(f" * @{upper(spec.name, name, entry)}: {spec.docs[name, entry]}")
        out += [" */", f"enum {tag} {{"]
        out += [f"\t{upper(spec.name, name, entry)}," for entry in entries] + ["};"]
    for attributes in spec.sets.values():
        prefix = upper(spec.name, "a", attributes.name)
        out += [""] + numbered(prefix, upper(prefix, "max"),
                               [a.name for a in attributes.attributes])
    prefix = upper(spec.name, "cmd")
    out += [""] + numbered(prefix, upper(prefix, "max"), [o.name for o in spec.operations])
    return out + ["", f"#endif /* {guard} */"]


def constant(spec, attributes, attribute):
    return upper(spec.name, "a", attributes.name, attribute.name)


def rule(attribute):
    """The right-hand side of one entry of a policy."""
    checks = attribute.checks
    kind = f"NLA_{attribute.type.upper()}"
    if attribute.type == "nest":
        return f"NLA_POLICY_NESTED({policy_name(attribute.nested)})"
    if attribute.type == "string":
        return f"{{ .type = NLA_NUL_STRING, .len = {checks['max-len']} }}"
    if attribute.type == "binary":
        return f"NLA_POLICY_EXACT_LEN({checks['exact-len']})"
    if "min" in checks and "max" in checks:
        return f"NLA_POLICY_RANGE({kind}, {checks['min']}, {checks['max']})"
    if "min" in checks:
        return f"NLA_POLICY_MIN({kind}, {checks['min']})"
    if "max" in checks:
        return f"NLA_POLICY_MAX({kind}, {checks['max']})"
    return f"{{ .type = {kind} }}"


def policy_name(name):
    return f"{PREFIX}_{name}_policy".replace("-", "_")


def function(operation, suffix):
    return f"{PREFIX}_{operation.name}_{suffix}".replace("-", "_")


def policy(spec, name, attributes, accepted):
    # As long as the set is, not only as far as this request goes: what is not named
    # is refused all the same, and any attribute may be looked for in a request.
    maximum = upper(spec.name, "a", attributes.name, "max")
    out = [f"static const struct nla_policy {policy_name(name)}[{maximum} + 1] = {{"]
    for attribute in accepted:
        # Without a bound a message could carry anything, of any length.
        if attribute.type in ("string", "binary") and not attribute.checks:
            raise SpecError(f"{name}: '{attribute.name}' is taken without a limit")
        out.append(f"\t[{constant(spec, attributes, attribute)}] = {rule(attribute)},")
    return out + ["};", ""]


def requests(spec):
    """Operations that can be asked for."""
    return [operation for operation in spec.operations if not operation.event]


def tables(spec):
    """The module's policies and operations."""
    out = ["// SPDX-License-Identifier: GPL-2.0"] + comment(ORIGIN)
    out += ["#include <net/genetlink.h>", "#include <net/netlink.h>", "",
            "#include <uapi/linux/tcm_iscsi.h>", "", '#include "policy.h"', ""]
    for attributes in spec.nests():
        out += policy(spec, attributes.name, attributes, attributes.attributes)
    for operation in requests(spec):
        out += policy(spec, operation.name, operation.set, operation.request)
    out += [f"const struct genl_ops {PREFIX}_ops[{PREFIX.upper()}_OPS] = {{"]
    for operation in requests(spec):
        flags = " | ".join(FLAGS[flag] for flag in operation.flags)
        out += ["\t{", f"\t\t.cmd = {upper(spec.name, 'cmd', operation.name)},"]
        if operation.do:
            out.append(f"\t\t.doit = {function(operation, 'do')},")
        if operation.dump:
            out.append(f"\t\t.dumpit = {function(operation, 'dump')},")
        out += [f"\t\t.policy = {policy_name(operation.name)},",
                f"\t\t.maxattr = {upper(spec.name, 'a', operation.set.name, 'max')},",
                f"\t\t.flags = {flags},", "\t},"]
    return out + ["};"]


def tables_header(spec):
    out = ["/* SPDX-License-Identifier: GPL-2.0 */"] + comment(ORIGIN)
    guard = "TISCSI_POLICY_H"
    out += [f"#ifndef {guard}", f"#define {guard}", "", "struct genl_info;", "struct genl_ops;",
            "struct netlink_callback;", "struct sk_buff;", "",
            f"#define {PREFIX.upper()}_OPS\t{len(requests(spec))}", "",
            f"extern const struct genl_ops {PREFIX}_ops[{PREFIX.upper()}_OPS];", "",
            "/* netlink.c, and a file for each kind of object */"]
    for operation in requests(spec):
        if operation.do:
            out.append(f"int {function(operation, 'do')}(struct sk_buff *skb, "
                       "struct genl_info *info);")
        if operation.dump:
            out.append(f"int {function(operation, 'dump')}(struct sk_buff *skb, "
                       "struct netlink_callback *cb);")
    return out + ["", f"#endif /* {guard} */"]


FILES = {
    "include/uapi/linux/tcm_iscsi.h": header,
    "kmod/mgmt/policy.h": tables_header,
    "kmod/mgmt/policy.c": tables,
}


def contents(top):
    """path -> text of everything that follows from the description."""
    spec = load(os.path.join(top, SPEC))
    return {path: "\n".join(make(spec)) + "\n" for path, make in FILES.items()}


def read(path):
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return None


def stale(top):
    """path -> text of the files that are not what the description says."""
    return {path: text for path, text in contents(top).items()
            if read(os.path.join(top, path)) != text}
