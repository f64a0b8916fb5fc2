# SPDX-License-Identifier: GPL-2.0
"""Security history, management: what can be read and written in configfs, and names
that are numbers."""

import os
import re
import struct

import harness
import login
import target as target_module
from harness import check, equal, read
from history import Bystander, honest_login
from login import Chap
from session import Session
from target import ROOT, Target, fabric

PAGE = 4096
POINTER = re.compile(r"\b(0x)?(ffff[0-9a-f]{12}|[6-7][0-9a-f]{8,11})\b")


def config_target():
    target = Target("config")
    target.lun(0, mib=1)
    return target


def files(directory):
    """Every file below, without links."""
    for path, directories, names in os.walk(directory):
        directories[:] = [name for name in directories if not os.path.islink(f"{path}/{name}")]
        for name in names:
            yield f"{path}/{name}"


# -- row 36 --

def test_row_36_info_page():
    """The longest names and aliases, and many sessions of one ACL: info, param/ and
    dynamic_sessions stay within a page and are whole lines."""
    initiator = "iqn.2026-11.test:" + "i" * 206
    with Target("config", demo=False) as target:
        acl = target.acl(initiator)
        sessions = []
        for number in range(24):
            alias = ("%n%s" * 64)[:255] if number % 2 else "\u00e4" * 127
            sessions.append(Session(target.iqn, initiator=initiator,
                                    keys={"InitiatorAlias": alias}))
            text = acl.get("info")
            check(len(text) < PAGE and text.endswith("\n"), "info of", len(text), "bytes")
            equal(text.splitlines()[1], f"InitiatorAlias: {alias}", "alias")
        for name in os.listdir(acl.dir + "/param"):
            check(re.fullmatch(r"\d+\n", acl.get("param/" + name)), "param", name)
        for session in sessions:
            session.close()
        harness.wait_for(lambda: target.sessions() == 0, "the end of the sessions")
        with Session(target.iqn, initiator=initiator,
                     keys={"InitiatorAlias": "a\nSession State: b\x1b\x7f"}):
            lines = acl.get("info").splitlines()
            equal(len(lines), 10, "lines with a newline in the alias")
            check("\x1b" not in "".join(lines), "a control character")
    with Target("config") as target:
        sessions = [Session(target.iqn, initiator=f"iqn.2026-11.test:{number:03}" + "d" * 203)
                    for number in range(harness.scaled(40, 24))]
        text = target.get("dynamic_sessions")
        check(5 * 224 < len(text) <= PAGE, "dynamic_sessions of", len(text), "bytes")
        for line in text.replace("\0", "").splitlines()[:-1]:
            equal(len(line), 223, "bytes of a name in dynamic_sessions")
        for session in sessions:
            session.close()


# -- row 57 --

def read_all(secret):
    """Every file of the fabric that can be read."""
    count = 0
    for path in files(f"{ROOT}/{fabric}"):
        if not os.stat(path).st_mode & 0o444:
            continue
        try:
            with open(path, "rb") as file:
                data = file.read()
        except OSError:         # statistics of a LUN that is not linked
            continue
        count += 1
        text = data.decode(errors="replace")
        check(len(data) <= PAGE, path, "has", len(data), "bytes")
        check(not POINTER.search(text), path, "shows a pointer:", text)
        check(secret not in text or "/auth/password" in path, path, "shows a secret")
    check(count > 100, "only", count, "files")


def test_row_57_nothing_leaks():
    """Everything that can be read, with and without a session: at most a page, no kernel
    pointer, no secret but for root."""
    secret = "do-not-show-this"
    with config_target() as target:
        acl = target.acl(login.INITIATOR)
        acl.map(0, to=0)
        acl.auth(userid="user", password=secret, userid_mutual="x", password_mutual=secret + "2")
        read_all(secret)
        with Session(target.iqn, chap=Chap("user", secret)) as session:
            session.ready(0)
            read_all(secret)
        # Somebody who is not root: by mode or by the module.
        pid = os.fork()
        if not pid:
            os.setgid(65534)
            os.setuid(65534)
            leaked = 0
            for path in files(f"{acl.dir}/auth"):
                try:
                    leaked |= secret in read(path)
                except OSError:
                    pass
            os._exit(leaked)
        equal(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 0, "secrets shown to nobody")


# -- row 61 --

# What a write to these does is not a matter of strings.
NOT_WRITTEN = ("/enable", "/alua/", "/alua_", "/iser", "/cxgbit")


def stored(path, data):
    """Errno of the write, 0 if it was taken."""
    fd = os.open(path, os.O_WRONLY)
    try:
        os.write(fd, data)
        return 0
    except OSError as error:
        return error.errno
    finally:
        os.close(fd)


def test_row_61_long_stores():
    """Every file that can be written takes or refuses text of no, one, 4095 and 4096
    bytes, with and without newline and NUL, and reads back within a page."""
    with config_target() as target, Bystander(target, lba=100):
        acl = target.acl(login.INITIATOR)
        acl.map(0, to=0)
        before = {}
        count = 0
        for path in list(files(f"{ROOT}/{fabric}")):
            mode = os.stat(path).st_mode
            if not mode & 0o222 or any(part in path for part in NOT_WRITTEN):
                continue
            count += 1
            before[path] = read(path) if mode & 0o444 else None
            for data in (b"", b"x", b"\n", b"\0", b"9" * 4095, b"9" * 4096, b"y" * 4095 + b"\n",
                         b"=" * 255, b"a" * 256, b"-1", b"0x" + b"f" * 4000, b"1 " + b" " * 4000,
                         b"%s%n" * 1000, b"\xff" * 4095):
                stored(path, data)
                if mode & 0o444:
                    with open(path, "rb") as file:
                        check(len(file.read()) <= PAGE, path, "reads back more than a page")
            if before[path] is not None:
                stored(path, before[path].encode())
        check(count > 50, "only", count, "files that can be written")
        acl.remove()
        target_module.reset_discovery(f"{ROOT}/{fabric}")
    with config_target() as target:
        honest_login(target)


# -- row 67 --

def made(path):
    try:
        os.mkdir(path)
        return True
    except OSError:
        return False


BAD_NUMBERS = ("", "-1", "-0", "65536", "65537", "4294967296", "4294967297", "18446744073709551615",
               "18446744073709551616", "0x10000", "1x", "x", "1.0", "99999999999999999999999999",
               "1" * 150)


def test_row_67_numbers_in_names():
    """tpgt_N and lun_N: what is no number of 16 bits is refused and leaves nothing; two
    spellings of one number are one."""
    with Target("config", tag=7) as target:
        target.lun(0, mib=1)
        for text in BAD_NUMBERS:
            check(not made(f"{target.dir}/tpgt_{text}"), "made a portal group", text)
        for name in ("tpgt", "tpgt_", "lun_1", "x", "tpgt_\x01"):
            check(not made(f"{target.dir}/{name}"), "made a portal group called", name)
        for text in ("7", "07", "0x7", "0x07"):
            check(not made(f"{target.dir}/tpgt_{text}"), "made a second group of tag 7:", text)
        for text in ("0", "65535", "0x10"):
            check(made(f"{target.dir}/tpgt_{text}"), "did not make", text)
            os.rmdir(f"{target.dir}/tpgt_{text}")
        acl = target.acl(login.INITIATOR)
        for parent in (f"{target.tpg}/lun", acl.dir):
            for text in BAD_NUMBERS:
                # LUNs of target_core have 64 bits; what it takes must do no harm.
                if made(f"{parent}/lun_{text}"):
                    check(text.isdigit() or text.startswith("0x"), "made LUN", text)
                    os.rmdir(f"{parent}/lun_{text}")
            for name in ("lun", "lun_", "tpgt_1", "lun_-", "lun_1_"):
                check(not made(f"{parent}/{name}"), "made a LUN called", name)
        for number in ("65535", "16384", "16383", "256"):
            path = f"{target.tpg}/lun/lun_{number}"
            if made(path):
                os.rmdir(path)
        acl.map(16383, to=0)
        with Session(target.iqn) as session:
            flat = struct.pack(">H6x", 0x4000 | 16383)
            session.ready(flat)
            session.read_at(0, 512, flat)
        acl.remove()
