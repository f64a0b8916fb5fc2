# SPDX-License-Identifier: GPL-2.0
"""What a run knows of its suite: the roots, the kernels, and the module in them."""

import glob
import os
import re
import subprocess

import harness
import root
import signature

HERE = os.path.dirname(os.path.abspath(__file__))
BASE_LIMIT = 2400   # downloads included
BUILD = 300         # seconds that DKMS may take for one kernel, on a busy machine


class Suite:
    def __init__(self, name):
        self.name = name
        self.scratch = None
        # Its progress goes to stderr, where the reader of a long run wants it.
        done = subprocess.run([f"{HERE}/base", name], stdin=subprocess.DEVNULL, check=False,
                              stdout=subprocess.PIPE, text=True, timeout=BASE_LIMIT)
        harness.equal(done.returncode, 0, f"status of {HERE}/base {name}")
        self.base, self.old, self.new = done.stdout.split()
        self.cache = os.path.dirname(self.base)
        self.version = re.search(r'TISCSI_VERSION "(.*)"', harness.read(
            f"{root.TREE}/include/tcm_iscsi/version.h"))[1]

    def fresh(self, name):
        """The base with a checkout of the tree."""
        made = root.Root(self.scratch, name, [self.base])
        made.copy_tree()
        return made

    @property
    def source(self):
        return f"/usr/src/tcm_iscsi-{self.version}"


def module_file(where, release):
    """Our module for a kernel, as a path in the root, or None. Exactly one may be."""
    found = glob.glob(f"{where.path}/lib/modules/{release}/**/tcm_iscsi.ko*", recursive=True)
    harness.check(len(found) <= 1, "more than one module:", *found)
    return found[0][len(where.path):] if found else None


def bytes_of(where, release):
    """What is in our module's file for a kernel; Failure if there is none."""
    path = module_file(where, release)
    harness.check(path, f"no module for {release}")
    return signature.content(where.at(path))


def resolved(where, release, name="iscsi_target_mod"):
    """The files that modprobe would load for a name, in order."""
    done = where.run("modprobe", "-S", release, "--show-depends", name)
    return re.findall(r"^insmod (\S+)", done.stdout, re.MULTILINE)


def status(where):
    """What `dkms status` says of us: {release: state}; {} if nothing is known."""
    done = where.run("dkms", "status", "-m", "tcm_iscsi")
    return dict(re.findall(r"^tcm_iscsi/[^,]+, ([^,]+), x86_64: (.*)$", done.stdout,
                           re.MULTILINE))


def is_installed(where, release, what=""):
    """Failure unless DKMS has built and installed the module for that kernel, where
    depmod prefers it. Returns the path in the root."""
    path = module_file(where, release)
    harness.check(path, what, f"no module for {release}; dkms status: {status(where)}")
    harness.equal(os.path.dirname(path), f"/lib/modules/{release}/updates/dkms", what + "place")
    harness.equal(status(where).get(release), "installed", what + "dkms status")
    fields = where.run("modinfo", "-k", release, "-F", "vermagic", "tcm_iscsi").stdout
    harness.equal(fields.split()[0], release, what + "vermagic")
    return path


def has_none(where, release):
    """Failure if anything of ours is left for that kernel."""
    harness.equal(module_file(where, release), None, "module file")
    harness.check(release not in status(where), "dkms status:", status(where))
    index = where.read(f"/lib/modules/{release}/modules.dep")
    harness.check("tcm_iscsi" not in index, "modules.dep still names it")


def signed_by(where, release, certificate):
    """True, False, or None if the module has no signature at all."""
    module, message = signature.split(bytes_of(where, release))
    return signature.verified(module, message, where.at(certificate)) if message else None
