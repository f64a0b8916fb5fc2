# SPDX-License-Identifier: GPL-2.0
"""Security history, rows 63 and 64: the files that tcm-iscsi writes."""

import ctypes
import os
import struct

import saved
from harness import check, equal, read, run
from saved import FILES
from test_cli import TOOL
from test_save import empty_machine, small, tool

EVENT = struct.Struct("iIII")       # of inotify, before the name
CREATED, NONBLOCK = 0x100, 0o4000
ELSEWHERE = ("/tmp", "/var/tmp", "/dev/shm", "/run", "/etc")


class Made:
    """Names that appear in directories during a with statement."""

    def __init__(self, *directories):
        self.libc = ctypes.CDLL(None, use_errno=True)
        self.fd = self.libc.inotify_init1(NONBLOCK)
        check(self.fd >= 0, "no inotify:", os.strerror(ctypes.get_errno()))
        self.directories = {}
        for directory in directories:
            number = self.libc.inotify_add_watch(self.fd, directory.encode(), CREATED)
            check(number >= 0, directory, "cannot be watched:", os.strerror(ctypes.get_errno()))
            self.directories[number] = directory
        self.names = []

    def __enter__(self):
        return self

    def __exit__(self, *_exc):
        try:
            data = os.read(self.fd, 1 << 16)
        except BlockingIOError:
            data = b""
        os.close(self.fd)
        while data:
            number, _mask, _cookie, length = EVENT.unpack_from(data)
            name = data[EVENT.size:EVENT.size + length].rstrip(b"\0").decode()
            self.names.append(f"{self.directories[number]}/{name}")
            data = data[EVENT.size + length:]


def put(path, text):
    """A save writes only what has changed."""
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def test_row_63_modes():
    """Nobody else reads what was saved, nor its backups, whatever the umask is and
    whoever may read what was there before."""
    with empty_machine():
        tool("restore", saved.put(small()))
        for umask in ("0", "777"):
            path = f"{FILES}/modes-{umask}.json"
            put(path, "{}")
            os.chmod(path, 0o644)
            for _ in range(2):
                run("sh", "-c", f"umask {umask}; exec {TOOL} save {path}")
                put(path, "{}")
            modes = {name: oct(os.stat(f"{FILES}/{name}").st_mode & 0o777)
                     for name in os.listdir(FILES) if f"modes-{umask}" in name}
            equal(modes, {os.path.basename(path) + end: "0o600" for end in ("", ".1", ".2")},
                  f"modes with umask {umask}")


def test_row_64_names():
    """The file that becomes the saved one has another name each time, beside it; what is
    in the way with such a name is taken away, and not what it points at."""
    with empty_machine():
        tool("restore", saved.put(small()))
        path, victim, stray = (f"{FILES}/{name}" for name in
                               ("names.json", "victim", ".names.json.aaaaaa"))
        put(victim, "untouched")
        put(path, "{}")
        os.symlink(victim, stray)
        with Made(FILES, *ELSEWHERE) as made:
            for _ in range(4):
                tool("save", path)
                put(path, "{}")
        check(not os.path.lexists(stray), stray, "is still there")
        equal(read(victim), "untouched", "what it pointed at")
        begin = path.replace("names", ".names") + "."
        fresh = [name for name in made.names if name.startswith(begin)]
        equal((len(fresh), len(set(fresh))), (4, 4), f"new files and their names ({made.names})")
        backups = {f"{path}.{number}" for number in (1, 2, 3)}
        equal([name for name in made.names if name not in fresh and name not in backups], [],
              "what else was made")
