# SPDX-License-Identifier: GPL-2.0
"""Checks that other programs do: checkpatch, clang-format, shellcheck, and the
compiler and sparse for each stock kernel."""

import os
import re
import shutil
import subprocess
import tempfile

KERNELS = os.path.normpath(os.path.join(os.path.dirname(__file__), "../../kernels/kernels"))
STOCK = ("debian-12", "debian-13", "debian-sid")
LIMIT = 3600


def run(command, cwd, limit=LIMIT, **more):
    """(status, output): both streams together unless told otherwise."""
    more.setdefault("stderr", subprocess.STDOUT)
    try:
        done = subprocess.run(command, cwd=cwd, stdin=subprocess.DEVNULL, timeout=limit,
                              stdout=subprocess.PIPE, text=True, errors="replace",
                              check=False, **more)
    except subprocess.TimeoutExpired:
        return 1, f"{command[0]}: no result after {limit} s"
    except OSError as error:
        return 1, f"{command[0]}: {error}"
    return done.returncode, done.stdout


def need_packages(*purposes):
    """Installs what the checks run, by the lab's own lists."""
    subprocess.run([KERNELS, "packages", *purposes], timeout=LIMIT, check=True)


def kernel_source():
    """The unpacked kernel source in the lab's cache, fetched if need be."""
    done = subprocess.run([KERNELS, "source"], stdout=subprocess.PIPE, text=True,
                          timeout=LIMIT, check=False)
    path = done.stdout.strip()
    return path if done.returncode == 0 and os.path.isdir(path) else None


def checkpatch_line(line):
    """file:line: LEVEL:TYPE: text -> (file, TYPE, text), None for other lines."""
    match = re.match(r"(\S+?):\d+: (?:ERROR|WARNING|CHECK):([A-Z0-9_]+): (.*)", line)
    return match.groups() if match else None


def checkpatch(tree, exceptions):
    """Yields (file, complaints). It keeps a cache file in the directory it runs
    in, which must not be the work tree: hence links to the rooms elsewhere. A file
    is judged as it lies, so its calls of git are pointed at no repository."""
    need_packages("static")
    top = kernel_source()
    if not top:
        yield "checkpatch.pl", ["no kernel source; see `kernels source`"]
        return
    script = os.path.join(top, "scripts/checkpatch.pl")
    command = ["perl", script, "--strict", "--no-tree", "--terse", "--show-types",
               "--no-summary", "--max-line-length=100", "-f"]
    rooms = ("kmod", "include", "kunit", "tools")
    with tempfile.TemporaryDirectory() as links:
        for room in rooms:
            os.symlink(os.path.join(tree.top, room), os.path.join(links, room))
        paths = tree.files(*rooms, suffixes=(".c", ".h"))
        if not paths:
            return
        # One process: it takes a third of a second to begin.
        _status, output = run(command + paths, links, 900, stderr=subprocess.DEVNULL,
                              env={**os.environ, "GIT_DIR": "/nonexistent"})
        found = {path: [] for path in paths}
        for line in output.splitlines():
            place = checkpatch_line(line) or ("", "", "")
            if not exceptions.covers(*place):
                found.get(place[0], found[paths[0]]).append(line)
        yield from found.items()


def clang_format(tree, _exceptions):
    """Advisory: versions of clang-format disagree, and kernel style has places
    where a person knows better."""
    if ".clang-format" not in tree.files() or not shutil.which("clang-format"):
        return
    for path in tree.files("kmod", "include", "kunit", suffixes=(".c", ".h")):
        _status, output = run(["clang-format", "--dry-run", path], tree.top, 60)
        lines = [l for l in output.splitlines() if "warning:" in l]
        yield path, lines


def is_shell(tree, path):
    first = tree.text(path).split("\n", 1)[0]
    return first.startswith("#!") and re.search(r"\b(ba|da)?sh\b", first)


def shellcheck(tree, _exceptions):
    """Libraries without a #! line carry shellcheck's own shell= directive."""
    need_packages("static")
    for path in tree.files():
        library = path.endswith(".sh") and "shellcheck shell=" in tree.text(path)
        if is_shell(tree, path) or library:
            status, output = run(["shellcheck", "-x", "-P", tree.top, "-f", "gcc", path],
                                 tree.top, 120)
            yield path, output.splitlines() if status else []


def build(tree, _exceptions):
    """The module for each stock kernel, with W=1 and sparse at the same time: builds
    are most of what these checks cost. Yields (kernel, complaints); the kernels tool
    knows which kernels are newer than supported and does not fail for those."""
    tool = os.path.join(tree.top, "tools/testing/kernels/kernels")
    for name in STOCK:
        status, output = run([tool, "build-module", name, "--sparse"], tree.top)
        yield name, output.splitlines() if status else []
