# SPDX-License-Identifier: GPL-2.0
"""Checks that other programs do: checkpatch, clang-format, shellcheck, and the
compiler and sparse for each stock kernel."""

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
import time

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


def cache():
    """The lab's cache; kernels/lib/common.sh decides the same way."""
    home = os.environ.get("HOME", "/root")
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(home, ".cache")
    return os.environ.get("TISCSI_CACHE") or os.path.join(base, "tcm_iscsi")


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


class Unfinished(Exception):
    """checkpatch said something that is no complaint about one of the files."""


class Said:
    """What checkpatch said of a file, kept in the lab's cache by all that decides it:
    the script with the lists that lie beside it, its options, and the file's name and
    content. A second a file is minutes for a tree in which little has changed."""

    def __init__(self, script, options):
        self.folder = os.path.join(cache(), "checkpatch")
        os.makedirs(self.folder, exist_ok=True)
        beside = os.path.dirname(script)
        self.rules = hashlib.sha256(repr(options).encode())
        for name in (script, "spelling.txt", "const_structs.checkpatch"):
            with open(os.path.join(beside, name), "rb") as file:
                self.rules.update(file.read())

    def _place(self, tree, path):
        key = self.rules.copy()
        key.update(path.encode() + b"\0" + tree.raw(path))
        return os.path.join(self.folder, key.hexdigest())

    def get(self, tree, path):
        """The lines, or None when this file was not judged as it is now."""
        try:
            with open(self._place(tree, path), encoding="utf-8") as file:
                lines = file.read().splitlines()
        except OSError:
            return None
        os.utime(self._place(tree, path))
        return lines

    def put(self, tree, path, lines):
        place = self._place(tree, path)
        with open(f"{place}.{os.getpid()}", "w", encoding="utf-8") as file:
            file.write("".join(line + "\n" for line in lines))
        os.rename(file.name, place)

    def drop_old(self, days=30):
        for entry in os.scandir(self.folder):
            if entry.stat().st_mtime < time.time() - days * 86400:
                os.unlink(entry.path)


def run_checkpatch(tree, script, options, rooms, paths):
    """{path: lines}. It keeps a cache file in the directory it runs in, which must not
    be the work tree: hence links to the rooms elsewhere. A file is judged as it lies, so
    its calls of git are pointed at no repository."""
    with tempfile.TemporaryDirectory() as links:
        for room in rooms:
            os.symlink(os.path.join(tree.top, room), os.path.join(links, room))
        # One process: it takes a third of a second to begin. Status 1 means complaints.
        status, output = run(["perl", script, *options, *paths], links, 900,
                             stderr=subprocess.DEVNULL,
                             env={**os.environ, "GIT_DIR": "/nonexistent"})
    said = {path: [] for path in paths}
    for line in output.splitlines():
        place = checkpatch_line(line)
        if status > 1 or not place or place[0] not in said:
            raise Unfinished(f"status {status}: {line}")
        said[place[0]].append(line)
    if status > 1:
        raise Unfinished(f"status {status}")
    return said


def checkpatch(tree, exceptions):
    """Yields (file, complaints)."""
    need_packages("static")
    top = kernel_source()
    if not top:
        yield "checkpatch.pl", ["no kernel source; see `kernels source`"]
        return
    script = os.path.join(top, "scripts/checkpatch.pl")
    options = ["--strict", "--no-tree", "--terse", "--show-types", "--no-summary",
               "--max-line-length=100", "-f"]
    rooms = ("kmod", "include", "kunit", "tools")
    paths = tree.files(*rooms, suffixes=(".c", ".h"))
    kept = Said(script, options)
    said = {path: kept.get(tree, path) for path in paths}
    new = [path for path in paths if said[path] is None]
    if new:
        try:
            judged = run_checkpatch(tree, script, options, rooms, new)
        except Unfinished as error:
            yield "checkpatch.pl", [str(error)]
            return
        for path, lines in judged.items():
            kept.put(tree, path, lines)
        said.update(judged)
    kept.drop_old()
    for path, lines in said.items():
        yield path, [line for line in lines
                     if not exceptions.covers(*(checkpatch_line(line) or ("", "", "")))]


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
