# SPDX-License-Identifier: GPL-2.0
"""A newer kernel comes to a machine that has the module."""

import harness
import suite as of
import test_install
from suite import BUILD

INSTALL = "apt-get install -y --no-install-recommends -o APT::Sandbox::User=root"
PACKAGES = "/srv/kernel/*.deb"
UPGRADE = 600       # seconds: two packages, an initramfs, a build


def upgrade(where, ok=(0,)):
    return where.run("sh", "-c", f"{INSTALL} {PACKAGES}", seconds=UPGRADE, ok=ok)


def is_rebuilt(suite, where):
    """The kernel's packages make DKMS build for it; the old kernel keeps its own."""
    before = of.bytes_of(where, suite.old)
    upgrade(where)
    of.is_installed(where, suite.old, "old kernel: ")
    of.is_installed(where, suite.new, "new kernel: ")
    harness.check(of.bytes_of(where, suite.old) == before, "the old kernel has another module")
    harness.equal(of.signed_by(where, suite.new, test_install.CERTIFICATE), True, "signature")
    harness.check("/updates/" in of.resolved(where, suite.new)[-1], "the name resolves to another")
    harness.check(where.exists(f"/boot/initrd.img-{suite.new}"), "no initramfs")


def says_that_it_fails(suite, where):
    """Sources that the new kernel refuses: the old kernel's module stays, nobody
    claims that there is one for the new kernel, and the upgrade says what is wrong."""
    before = of.bytes_of(where, suite.old)
    test_install.spoil(where, suite.source)
    done = upgrade(where, ok=None)
    of.is_installed(where, suite.old, "old kernel: ")
    harness.check(of.bytes_of(where, suite.old) == before, "the old kernel has another module")
    of.has_none(where, suite.new)
    harness.check("Bad return status for module build on kernel: " + suite.new in done.stdout,
                  "DKMS does not say so:", done.stdout)
    harness.check("make.log" in done.stdout, "no word of where the reason is:", done.stdout)
    log = f"/var/lib/dkms/tcm_iscsi/{suite.version}/build/make.log"
    harness.check("broken on purpose" in where.read(log), log, "does not say why")
    harness.check(done.returncode != 0, "apt-get calls it a success")


def is_mended(suite, where):
    """Sources that build, installed while the old kernel still runs: make dkms-install
    serves the new one as well, and the package manager can go on."""
    where.write("/usr/local/bin/uname", f'''#!/bin/sh
[ "$*" != -r ] || exec echo {suite.old}
exec /usr/bin/uname "$@"
''', 0o755)
    key = where.read(test_install.KEY)
    where.make("dkms-install", seconds=2 * BUILD)
    harness.check(where.read(test_install.KEY) == key, "a new key, which nobody has enrolled")
    for release in (suite.old, suite.new):
        of.is_installed(where, release, f"{release}: ")
        harness.equal(of.signed_by(where, release, test_install.CERTIFICATE), True, "signature")
    where.run("dpkg", "--configure", "-a", seconds=UPGRADE)
    harness.check(where.exists(f"/boot/initrd.img-{suite.new}"), "no initramfs")


def forgets_the_old(suite, where):
    """The old kernel's packages go, and with them what was built for it."""
    where.run("apt-get", "purge", "-y", f"linux-image-{suite.old}", f"linux-headers-{suite.old}",
              seconds=UPGRADE)
    harness.check(suite.old not in of.status(where), "dkms status:", of.status(where))
    harness.equal(of.module_file(where, suite.old), None, "module file")
    of.is_installed(where, suite.new, "new kernel: ")
