# SPDX-License-Identifier: GPL-2.0
"""Size and form: what keeps a file readable in one sitting, and what must not
be in the tree at all."""

import ast
import re

from . import source

MAX_FILE = 700
MAX_FUNCTION = 80
TOP_LEVEL = {"kmod", "tools", "include", "kunit", "Kbuild", "Makefile", "dkms.conf",
             "README", "LICENSE"}
SOURCES = (".c", ".h", ".sh", ".py", ".awk", ".mk", ".config", ".service", "Kbuild", "Makefile")
BUILT = (".o", ".ko", ".a", ".so", ".mod", ".mod.c", ".cmd", ".pyc", ".gcda", ".gcno",
         "modules.order", "Module.symvers")


def is_script(tree, path):
    return tree.raw(path)[:2] == b"#!"


def is_source(tree, path):
    return path.endswith(SOURCES) or is_script(tree, path)


def sources(tree):
    return [p for p in tree.files() if is_source(tree, p)]


def check_file_length(tree, exceptions):
    for path in sources(tree):
        lines = tree.text(path).count("\n")
        if lines > MAX_FILE and not exceptions.covers(path, "file-length", ""):
            yield f"{path}: {lines} lines, more than {MAX_FILE}"


def shell_functions(text):
    name, start = None, 0
    for number, line in enumerate(text.splitlines(), 1):
        match = re.match(r"(?:function\s+)?([\w-]+)\s*\(\)", line)
        if match:
            name, start = match.group(1), number
        elif line == "}" and name:
            yield name, start, number
            name = None


def python_functions(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.name, node.lineno, node.end_lineno


def functions_of(tree, path):
    text = tree.text(path)
    first = text.split("\n", 1)[0]
    if path.endswith((".c", ".h")):
        return source.functions(text)
    if path.endswith(".py") or (first.startswith("#!") and "python" in first):
        return python_functions(text)
    if path.endswith(".sh") or (first.startswith("#!") and re.search(r"sh\b", first)):
        return shell_functions(text)
    return ()


def check_function_length(tree, exceptions):
    for path in sources(tree):
        try:
            found = list(functions_of(tree, path))
        except SyntaxError as error:
            yield f"{path}: {error}"
            continue
        for name, first, last in found:
            lines = last - first + 1
            if lines > MAX_FUNCTION and not exceptions.covers(path, "function-length", name):
                yield f"{path}:{first}: {name}() has {lines} lines, more than {MAX_FUNCTION}"


def check_assertions(tree, exceptions):
    """A peer's mistake must not stop the machine, nor fill its log."""
    pattern = re.compile(r"\b(BUG|BUG_ON|WARN|WARN_ON|WARN_ONCE|panic)\s*\(")
    for path in tree.files("kmod", suffixes=(".c", ".h")):
        code = source.without_comments(tree.text(path))
        for number, line in enumerate(code.splitlines(), 1):
            match = pattern.search(line)
            if match and not exceptions.covers(path, "assertion", line):
                yield f"{path}:{number}: {match.group(1)}(); only WARN_ON_ONCE is used here"


def check_licence(tree, _exceptions):
    for path in sources(tree):
        if not tree.raw(path):
            continue
        head = tree.text(path).split("\n", 5)[:4]
        if not any("SPDX-License-Identifier:" in line for line in head):
            yield f"{path}: no SPDX-License-Identifier in the first lines"


def check_top_level(tree, _exceptions):
    for name in sorted({path.split("/", 1)[0] for path in tree.files()}):
        if name not in TOP_LEVEL and not name.startswith("."):
            yield f"{name}: does not belong at the top level"


def check_built(tree, _exceptions):
    """Fuzzing corpora are the one place where binary data is source."""
    for path in tree.files():
        if path.endswith(BUILT):
            yield f"{path}: a build product is tracked or not ignored"
        elif b"\0" in tree.raw(path)[:65536] and not re.search("/(corpus|crashes)/", path):
            yield f"{path}: a binary file"


RULES = {
    "file-length": check_file_length,
    "function-length": check_function_length,
    "assertions": check_assertions,
    "licence": check_licence,
    "top-level": check_top_level,
    "built-files": check_built,
}
