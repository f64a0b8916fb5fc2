# SPDX-License-Identifier: GPL-2.0
"""What the checks share: the files of a tree, and just enough C to find
comments, preprocessor lines and function bodies."""

import fnmatch
import os
import re
import subprocess

SKIPPED_DIRS = {".git", "__pycache__"}


class Tree:
    """A work tree; paths are relative to its top."""

    def __init__(self, top):
        self.top = top
        self._text = {}

    def files(self, *rooms, suffixes=()):
        """Files below the given folders, tracked or about to be, sorted."""
        found = []
        for path in self._all():
            if rooms and not any(path == r or path.startswith(r + "/") for r in rooms):
                continue
            if suffixes and not path.endswith(tuple(suffixes)):
                continue
            found.append(path)
        return found

    def _all(self):
        if not hasattr(self, "_paths"):
            self._paths = sorted(self._from_git() or self._from_disk())
        return self._paths

    def _from_git(self):
        """None outside a repository: a tarball is checked as it lies there."""
        command = ["git", "-C", self.top, "ls-files", "-z", "-co", "--exclude-standard"]
        try:
            done = subprocess.run(command, capture_output=True, timeout=60, check=True)
        except (OSError, subprocess.SubprocessError):
            return None
        names = done.stdout.decode(errors="surrogateescape").split("\0")
        return [n for n in names if n and os.path.lexists(os.path.join(self.top, n))]

    def _from_disk(self):
        found = []
        for folder, dirs, names in os.walk(self.top):
            dirs[:] = [d for d in dirs if d not in SKIPPED_DIRS]
            found += [os.path.relpath(os.path.join(folder, n), self.top) for n in names]
        return found

    def raw(self, path):
        """Empty for a link, and for a file that went away meanwhile."""
        full = os.path.join(self.top, path)
        if not os.path.isfile(full) or os.path.islink(full):
            return b""
        with open(full, "rb") as file:
            return file.read()

    def text(self, path):
        if path not in self._text:
            self._text[path] = self.raw(path).decode("utf-8", "replace")
        return self._text[path]


class Exceptions:
    """A list of agreed exceptions: a path pattern, a word, and the rest of the
    line as a regular expression. The comment above an entry is its reason; an
    entry without one is an error, as is one that no longer applies to anything."""

    def __init__(self, path):
        self.path = path
        self.entries = []
        self.errors = []
        reason = False
        with open(path, encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                line = line.strip()
                if not line:
                    reason = False
                elif line.startswith("#"):
                    reason = True
                else:
                    self._add(number, line, reason)

    def _add(self, number, line, reason):
        words = line.split(None, 2)
        if len(words) < 2:
            self.errors.append(f"{self.path}:{number}: wants PATH WORD [REGEX]")
        elif not reason:
            self.errors.append(f"{self.path}:{number}: an exception without a reason above it")
        else:
            text = words[2] if len(words) == 3 else ""
            self.entries.append((words[0], words[1], re.compile(text)))

    def covers(self, path, word, text):
        return any(word == w and fnmatch.fnmatch(path, p) and regex.search(text)
                   for p, w, regex in self.entries)


TOKEN = re.compile(
    r"""(?P<comment>/\*.*?\*/|//[^\n]*)|(?P<string>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')""",
    re.S)


def blank(match):
    """Same length and lines, no content; strings keep their quotes."""
    text = match.group(0)
    if match.group("string"):
        return text[0] + " " * (len(text) - 2) + text[-1]
    return re.sub(r"[^\n]", " ", text)


def without_comments(text):
    return TOKEN.sub(blank, text)


def directives(text):
    """(line number, directive, rest) of each preprocessor line; text may hold
    comments, because an include's file name is needed as it stands."""
    for number, line in enumerate(text.splitlines(), 1):
        match = re.match(r"\s*#\s*(\w+)\s*(.*)", line)
        if match:
            yield number, match.group(1), match.group(2)


def _without_directives(code):
    """Directive lines (with their continuations) blanked: a brace in a macro must
    not count."""
    out, continued = [], False
    for line in code.split("\n"):
        if continued or re.match(r"\s*#", line):
            continued = line.endswith("\\")
            out.append("")
        else:
            out.append(line)
    return "\n".join(out)


def _name_before(code):
    """The function's name: the first word before a parenthesis that is not an
    attribute, in what precedes the body."""
    for name in re.findall(r"(\w+)\s*\(", code):
        if not name.startswith("__") and name not in ("if", "while", "for", "switch"):
            return name
    return None


def functions(text):
    """(name, first line, last line) of each function body, braces included."""
    code = _without_directives(without_comments(text))
    depth, start, line, head, found = 0, 0, 1, 0, []
    for index, char in enumerate(code):
        if char == "\n":
            line += 1
        elif char == "{":
            if depth == 0:
                before = code[head:index]
                start = (line, before)
            depth += 1
        elif char == "}":
            depth -= 1
            if depth == 0:
                first, before = start
                if re.search(r"\)[\s\w()&,>*-]*$", before) and "=" not in before:
                    found.append((_name_before(before) or "?", first, line))
                head = index + 1
        elif char == ";" and depth == 0:
            head = index + 1
    return found
