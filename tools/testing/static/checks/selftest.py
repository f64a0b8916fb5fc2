# SPDX-License-Identifier: GPL-2.0
"""Plants one defect at a time in a copy of a small tree and expects the named
check to find it there; the tree without defects has to pass."""

import contextlib
import io
import os
import shutil
import tempfile

from . import manual, netlink, source

SPDX = "// SPDX-License-Identifier: GPL-2.0\n"
LONG_FUNCTION = SPDX + "static void long_one(void)\n{\n" + "\tcall();\n" * 90 + "}\n"

# (title, check, the result line that has to fail, file, its content)
DEFECTS = [
    ("file too long", "shape", "shape file-length", "kmod/core/long.c", SPDX + "\n" * 701),
    ("function too long", "shape", "shape function-length", "kmod/core/fn.c", LONG_FUNCTION),
    ("shell function too long", "shape", "shape function-length", "tools/long",
     "#!/bin/sh\n# SPDX-License-Identifier: GPL-2.0\nf()\n{\n" + "\t:\n" * 90 + "}\n"),
    ("python function too long", "shape", "shape function-length", "tools/long.py",
     "# SPDX-License-Identifier: GPL-2.0\ndef f():\n" + "    pass\n" * 90),
    ("BUG_ON", "shape", "shape assertions", "kmod/sess/bug.c",
     SPDX + "void f(int x)\n{\n\tBUG_ON(x);\n}\n"),
    ("WARN_ON", "shape", "shape assertions", "kmod/sess/warn.c",
     SPDX + "void f(int x)\n{\n\tWARN_ON(x);\n}\n"),
    ("no SPDX line", "shape", "shape licence", "kmod/sess/bare.c", "int x;\n"),
    ("stray top-level file", "shape", "shape top-level", "NOTES", "x\n"),
    ("object file", "shape", "shape built-files", "kmod/x.o", "x"),
    ("binary file", "shape", "shape built-files", "tools/blob", "a\0b"),
    ("core includes a kernel header", "seams", "seams includes", "kmod/core/inc.c",
     SPDX + "#include <linux/slab.h>\n"),
    ("public header includes a kernel header", "seams", "seams includes",
     "include/tcm_iscsi/bad.h", SPDX + "#include <linux/slab.h>\n"),
    ("sess includes <net/>", "seams", "seams includes", "kmod/sess/inc.c",
     SPDX + "#include <net/sock.h>\n"),
    ("sess includes <linux/net.h>", "seams", "seams includes", "kmod/sess/inc.c",
     SPDX + "#include <linux/net.h>\n"),
    ("net includes <target/>", "seams", "seams includes", "kmod/net/inc.c",
     SPDX + "#include <target/target_core_base.h>\n"),
    ("net includes tcm", "seams", "seams includes", "kmod/net/inc.c",
     SPDX + '#include "../tcm/tcm.h"\n'),
    ("__KERNEL__ in core", "seams", "seams core-kernel", "kmod/core/k.c",
     SPDX + "#ifdef __KERNEL__\n#endif\n"),
    ("version test", "seams", "seams versions", "kmod/sess/v.c",
     SPDX + "#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 6, 0)\n#endif\n"),
    ("probe result outside compat", "seams", "seams versions", "kmod/net/v.c",
     SPDX + "#ifdef HAVE_SOMETHING\n#endif\n"),
    ("#if in a function", "seams", "seams conditionals", "kmod/sess/if.c",
     SPDX + "int f(void)\n{\n#ifdef CONFIG_X\n\treturn 1;\n#endif\n\treturn 0;\n}\n"),
    ("mgmt includes a session", "seams", "seams includes", "kmod/mgmt/inc.c",
     SPDX + '#include "../sess/session.h"\n'),
    ("header without description", "netlink", "netlink generated",
     "include/uapi/linux/tcm_iscsi.h", "#define TCM_ISCSI_NAME_MAX\t1\n"),
    ("broken description", "netlink", "netlink generated", "include/uapi/linux/tcm_iscsi.yaml",
     "name: x\n  - y\n"),
    ("style", "checkpatch", "checkpatch kmod/sess/style.c", "kmod/sess/style.c",
     SPDX + "int f( void ){\n    return 0;\n}\n"),
    ("unquoted shell", "shellcheck", "shellcheck tools/script", "tools/script",
     "#!/bin/sh\n# SPDX-License-Identifier: GPL-2.0\nrm -rf $1/*\n"),
]

# Sources a build check has to object to, as a whole module.
MODULE = SPDX + """#include <linux/module.h>
%s
MODULE_DESCRIPTION("planted");
MODULE_LICENSE("GPL");
"""
WARNS = "static int unused_one(void)\n{\n\treturn 0;\n}\n"
MIXES = """#include <linux/types.h>
__be32 planted(u32 x);
__be32 planted(u32 x)
{
\treturn x;
}
"""


def plain_tree(top):
    """Small, and clean by every rule."""
    for path, text in {
            "Kbuild": "# SPDX-License-Identifier: GPL-2.0\nobj-m += kmod/\n",
            "kmod/Kbuild": "# SPDX-License-Identifier: GPL-2.0\nobj-m := tcm_iscsi.o\n"
                           "tcm_iscsi-y := main.o\n",
            "kmod/main.c": MODULE % "",
            "kmod/core/port.h": "/* SPDX-License-Identifier: GPL-2.0 */\n"
                                "#ifdef __KERNEL__\n#include <linux/types.h>\n#endif\n",
            "kmod/core/good.c": SPDX + '#include "port.h"\n',
            "kmod/sess/cmd.h": "/* SPDX-License-Identifier: GPL-2.0 */\n"
                               "#include <target/target_core_base.h>\n",
            "kmod/tcm/tcm.h": "/* SPDX-License-Identifier: GPL-2.0 */\n",
            "kmod/compat/compat.h": "/* SPDX-License-Identifier: GPL-2.0 */\n"
                                    "#include <linux/version.h>\n"}.items():
        write(top, path, text)


def write(top, path, text):
    full = os.path.join(top, path)
    os.makedirs(os.path.dirname(full), exist_ok=True)
    with open(full, "w", encoding="utf-8") as file:
        file.write(text)


def outcome(run_check, make_report, check, top):
    """What `static CHECK` prints for the tree at top."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        run_check(check, source.Tree(top), make_report())
    return printed.getvalue()


def plant(repo, run_check, make_report, path, text, check):
    with tempfile.TemporaryDirectory() as top:
        plain_tree(top)
        if check == "build":
            shutil.copytree(os.path.join(repo, "tools/testing/kernels"),
                            os.path.join(top, "tools/testing/kernels"))
        if path:
            write(top, path, text)
        return outcome(run_check, make_report, check, top)


# Of each check that compares files: which they are, and (title, the file that is changed,
# what in it, into what). None: nothing is.
DRIFTS = {
    "netlink": ((netlink.SPEC, *netlink.FILES), (
        ("the family as it is", None, "", ""),
        ("an attribute more", netlink.SPEC, "name: sessions", "name: sessions-now"),
        ("another limit", netlink.SPEC, "value: 223", "value: 222"),
        ("an edited header", "include/uapi/linux/tcm_iscsi.h", "_A_TPG_TAG,\n", "_A_TPG_T,\n"),
        ("an edited policy", "kmod/mgmt/policy.c", "GENL_ADMIN_PERM", "0"))),
    "manual": ((manual.PAGE, manual.README, *manual.SOURCES, *manual.CONSTANTS), (
        ("the page as it is", None, "", ""),
        ("a parameter that is missing", manual.PAGE, ".BR io_nice ", ".BR io_niec "),
        ("a parameter's wrong default", manual.PAGE, "(0 to 86400; default 60", "(0 to 86400; "
         "default 61"),
        ("a parameter's new default", manual.MAIN, "max_sessions = 256", "max_sessions = 255"),
        ("a parameter more", manual.MAIN, "static bool spec_i_pt;\n", 'static bool planted;\n'
         'module_param(planted, bool, 0444);\nMODULE_PARM_DESC(planted, "x");\n'
         "static bool spec_i_pt;\n"),
        ("a parameter that the README lacks", manual.README, "  io_batch=", "  io-batch="),
        ("an attribute that is missing", manual.PAGE, ".BR t10_pi ", ".BR t10_ip "),
        ("an attribute's wrong range", manual.PAGE, "(5 to 30; default 15)", "(5 to 31; "
         "default 15)"),
        ("an attribute's new default", manual.ATTRIB, ".login_timeout = 15", ".login_timeout = 16"),
        ("an attribute more", manual.ATTRIB, "\t&attrib_attr_t10_pi,\n",
         "\t&attrib_attr_t10_pi,\n\t&attrib_attr_planted,\n"),
        ("an attribute's new range", manual.NACL, "ATTRIB(nopin_timeout, 3, 60",
         "ATTRIB(nopin_timeout, 3, 61"),
        ("a key's wrong default", manual.PAGE, 'default 262144)"\nWhat is',
         'default 8192)"\nWhat is'),
        ("a key of a group with a new default", manual.PARAMS, '65535, "1" }', '65535, "2" }'),
        ("a key of the protocol with a new range", manual.KEYS, "LO, 0, 3600, 2, higher",
         "LO, 0, 3601, 2, higher"),
        ("a key that is missing", manual.PAGE, '" CHAP_R "', '" CHAP_X "'),
        ("a limit that changed", "include/tcm_iscsi/limits.h", "ICORE_DSL_FIELD_MAX\t0xffffff",
         "ICORE_DSL_FIELD_MAX\t0xfffffe"),
        ("a directory that is missing", manual.PAGE, ".SS iscsi/discovery_auth\n", ""),
        ("a table that is written otherwise", manual.KEYS, "static const struct icore_key table[",
         "static const struct icore_key tables["))),
}


def drifted(repo, run_check, make_report, check, path, old, new):
    """The files that it compares as they are, but for one change."""
    with tempfile.TemporaryDirectory() as top:
        plain_tree(top)
        for name in DRIFTS[check][0]:
            with open(os.path.join(repo, name), encoding="utf-8") as file:
                text = file.read()
            if name == path and old not in text:
                return f"not planted: {path} has no {old!r}"
            # The last, because a declaration may come before the table.
            write(top, name, new.join(text.rsplit(old, 1)) if name == path else text)
        return outcome(run_check, make_report, check, top)


def run_drift(repo, run_check, report, make_report):
    for check, (_files, changes) in DRIFTS.items():
        for title, path, old, new in changes:
            text = drifted(repo, run_check, make_report, check, path, old, new)
            found = "not ok" in text
            report.add(f"selftest {check} {'finds' if path else 'passes'}: {title}",
                       [] if found == bool(path) else text.splitlines())


def run(repo, run_check, report, make_report):
    run_drift(repo, run_check, report, make_report)
    for check in ("shape", "seams", "netlink", "manual", "checkpatch", "shellcheck", "build"):
        text = plant(repo, run_check, make_report, None, None, check)
        report.add(f"selftest {check} passes a clean tree",
                   text.splitlines() if "not ok" in text else [])
    for title, check, line, path, content in DEFECTS:
        text = plant(repo, run_check, make_report, path, content, check)
        report.add(f"selftest {check} finds: {title}",
                   [] if f"not ok {line}\n" in text else [f"passed: {text}"])
    for title, content in (("an unused function", WARNS), ("mixed byte orders", MIXES)):
        text = plant(repo, run_check, make_report, "kmod/main.c", MODULE % content, "build")
        for kernel in ("debian-12", "debian-13", "debian-sid"):
            report.add(f"selftest build finds: {title}, {kernel}",
                       [] if f"not ok build {kernel}\n" in text else [f"passed: {text}"])
