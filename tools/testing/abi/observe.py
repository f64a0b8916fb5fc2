# SPDX-License-Identifier: GPL-2.0
"""What is written down about a module: observations, each with a name and a text.
The names are the same for both modules, and so shall be the texts."""

import errno
import json
import os

LIMIT = 8192        # bytes read of a file; no file of configfs is longer than a page


def error_name(error):
    return errno.errorcode.get(error.errno, str(error.errno))


def shown(data):
    """Bytes as text in quotes, every one visible."""
    return '"' + repr(data)[2:-1].replace("\\'", "'").replace('"', '\\"') + '"'


def label(data):
    """A value in the name of an observation: long ones by their length."""
    if len(data) <= 40:
        return shown(data)
    if len(set(data)) == 1:
        return f"{len(data)}*{shown(data[:1])}"
    return f"{shown(data[:12])}...{shown(data[-3:])}/{len(data)}"


def content(path):
    """What a file reads, or why not."""
    try:
        fd = os.open(path, os.O_RDONLY)
    except OSError as error:
        return "open " + error_name(error)
    try:
        return shown(os.read(fd, LIMIT))
    except OSError as error:
        return error_name(error)
    finally:
        os.close(fd)


def attempt(function, *arguments):
    """What became of a system call: ok, with its number if it has one, or the error."""
    try:
        value = function(*arguments)
    except OSError as error:
        return error_name(error)
    return "ok" if value is None else f"ok {value}"


def put(path, data):
    """One write(2) of exactly these bytes; how many were taken."""
    fd = os.open(path, os.O_WRONLY)
    try:
        return os.write(fd, data)
    finally:
        os.close(fd)


class Recorder:
    """Writes observations to a file, so that what was seen before a crash is there
    after it. skip(name) says what this module must not be asked for."""

    def __init__(self, path, skip=lambda name: False):
        self.file = open(path, "w", encoding="utf-8")   # pylint: disable=consider-using-with
        self.skip = skip

    def note(self, group, key, text):
        self.file.write(json.dumps([group, key, text]) + "\n")
        self.file.flush()

    def see(self, group, key, function, *arguments):
        """Note what function returns, unless it must not be called."""
        if not self.skip(full_name(group, key)):
            self.note(group, key, function(*arguments))

    def close(self):
        self.file.close()


def full_name(group, key):
    """One word, because the file of differences separates by blanks."""
    return (f"{group} {key}" if key else group).replace(" ", "_")


def recorded(path):
    """{group: {key: text}} in the order of the file. What was noted twice under one
    name is kept as one text."""
    groups = {}
    if not os.path.exists(path):
        return groups
    with open(path, encoding="utf-8") as file:
        for line in file:
            group, key, text = json.loads(line)
            keys = groups.setdefault(group, {})
            keys[key] = f"{keys[key]} | {text}" if key in keys else text
    return groups
