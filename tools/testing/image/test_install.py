# SPDX-License-Identifier: GPL-2.0
"""Section 2, 3, 7 and 9 of the README in a root with one kernel: install, with DKMS
and without, say who gets the module, sign it, take it away."""

import os

import harness
import root
import suite as of
from suite import BUILD

KEY = "/var/lib/dkms/mok.key"
CERTIFICATE = "/var/lib/dkms/mok.pub"
BREAK = "#error broken on purpose\n"
IN_TREE = "/kernel/drivers/target/iscsi/iscsi_target_mod.ko"
ALIAS = "/etc/modprobe.d/tcm-iscsi.conf"


def spoil(where, folder):
    """Make the module of the sources there impossible to build. Returns what undoes it."""
    path = f"{folder}/kmod/main.c"
    text = where.read(path)
    where.write(path, BREAK + text)
    return lambda: where.write(path, text)


def installs(suite, where):
    """make dkms-install builds, signs and installs for the kernel that was named."""
    done = where.make("dkms-install", f"KVER={suite.old}", seconds=BUILD)
    of.is_installed(where, suite.old)
    harness.equal(done.stdout.rstrip().splitlines()[-1],
                  f"tcm_iscsi/{suite.version}, {suite.old}, x86_64: installed", "the last line")
    info = where.run("modinfo", "-k", suite.old, "tcm_iscsi").stdout
    harness.check(f"\nversion:        {suite.version}\n" in info, "no version:", info)
    harness.check(not where.exists(f"{suite.source}/tools"), "DKMS got more than it needs")
    return done.stdout


def installs_unsigned(suite, where):
    """DKMS needs openssl to make a key. Without it the module is installed all the
    same, and DKMS says that it is not signed."""
    where.run("mv", "/usr/bin/openssl", "/usr/bin/openssl.away")
    said = installs(suite, where)
    where.run("mv", "/usr/bin/openssl.away", "/usr/bin/openssl")
    harness.equal(of.signed_by(where, suite.old, CERTIFICATE), None, "signature")
    word = "modules won't be signed" if suite.name == "debian-12" else "openssl not found"
    harness.check(word in said, f"DKMS does not say {word!r}:", said)


def is_signed(suite, where):
    """With a key that DKMS has made for this machine, and that only root can read."""
    harness.equal(of.signed_by(where, suite.old, CERTIFICATE), True, "signature by the key")
    harness.equal(os.stat(where.at(KEY)).st_mode & 0o077, 0, "rights of others on the key")
    info = where.run("modinfo", "-k", suite.old, "-F", "signer", "tcm_iscsi").stdout
    harness.equal(info.strip(), "DKMS module signing key", "modinfo's signer")
    # The check itself: a certificate of somebody else is not good enough.
    other = "/root/other.der"
    where.run("openssl", "req", "-new", "-x509", "-nodes", "-subj", "/CN=DKMS module signing key",
              "-newkey", "rsa:2048", "-keyout", "/root/other.key", "-outform", "DER",
              "-out", other)
    harness.equal(of.signed_by(where, suite.old, other), False, "signature by another key")


def installs_again(suite, where):
    """Once more, with a change, which a user's `git pull` may be without a new version:
    what is there is replaced. Now that there is openssl it is signed."""
    before = of.bytes_of(where, suite.old)
    main = f"{root.CHECKOUT}/kmod/main.c"
    source = where.read(main)
    where.write(main, source + 'MODULE_INFO(image_test, "changed");\n')
    installs(suite, where)
    harness.check(of.bytes_of(where, suite.old) != before, "the old module is still there")
    harness.check(b"image_test=" in of.bytes_of(where, suite.old),
                  "not built from what is there now")
    where.write(main, source)


def add_kernel(where, release, config):
    """What DKMS looks at of a kernel, without a kernel."""
    build = where.at(f"/lib/modules/{release}/build")
    os.makedirs(f"{build}/include")
    for path in (f"{build}/.config", where.at(f"/boot/config-{release}")):
        with open(path, "w", encoding="utf-8") as file:
            file.write(config)


def leaves_out_others(suite, where):
    """A kernel that is too old, one without target core, one without headers. DKMS
    3.0.10 calls the first two an error when it builds for all its modules, which is
    what happens when such a kernel is installed; newer ones do not."""
    add_kernel(where, "5.10.0-1-amd64", "CONFIG_TARGET_CORE=m\n")
    add_kernel(where, "6.1.0-1-bare", "# CONFIG_TARGET_CORE is not set\n")
    for release in ("5.10.0-1-amd64", "6.1.0-1-bare"):
        done = where.run("dkms", "build", "-m", "tcm_iscsi", "-v", suite.version, "-k", release,
                         ok=None)
        harness.equal(done.returncode, 77, f"dkms build -k {release}: {done.stdout}\nstatus")
        done = where.run("dkms", "autoinstall", "-k", release, ok=None)
        harness.equal(done.returncode, 11 if suite.name == "debian-12" else 0,
                      f"dkms autoinstall -k {release}: {done.stdout}\nstatus")
        harness.equal(of.module_file(where, release), None, "module")
        where.run("rm", "-r", f"/lib/modules/{release}", f"/boot/config-{release}")
    done = where.make("dkms-install", "KVER=6.1.0-1-amd64", ok=None)
    harness.check(done.returncode != 0, "installed for a kernel that is not there")
    harness.check("no headers of kernel 6.1.0-1-amd64" in done.stdout, "not said:", done.stdout)
    of.is_installed(where, suite.old, "afterwards: ")


def keeps_what_works(suite, where):
    """An update that does not build leaves the module that works, and says so."""
    before = of.bytes_of(where, suite.old)
    undo = spoil(where, root.CHECKOUT)
    done = where.make("dkms-install", f"KVER={suite.old}", seconds=BUILD, ok=None)
    undo()
    harness.check(done.returncode != 0, "it succeeded\n" + done.stdout)
    harness.check("broken on purpose" in done.stdout, "no word of the compiler's:", done.stdout)
    of.is_installed(where, suite.old, "after a failed update: ")
    harness.check(of.bytes_of(where, suite.old) == before, "another module")
    harness.check(BREAK not in where.read(f"{suite.source}/kmod/main.c"),
                  "the next kernel would be built from the broken sources")


def gets_the_name(suite, where):
    """make install-modprobe, and back."""
    paths = of.resolved(where, suite.old)
    harness.check(IN_TREE in paths[-1], "before:", paths)
    where.make("install-modprobe")
    paths = of.resolved(where, suite.old)
    harness.check("/updates/" in paths[-1], "with the alias:", paths)
    harness.check(not [path for path in paths if IN_TREE in path], "both:", paths)
    where.make("uninstall-modprobe")
    harness.check(not where.exists(ALIAS), ALIAS, "is still there")
    harness.check(IN_TREE in of.resolved(where, suite.old)[-1], "after uninstall-modprobe")
    where.make("install-modprobe")


def works_without_dkms(suite, where):
    """make modules, modules_install, depmod; and taken away by hand."""
    where.make("modules", f"KVER={suite.old}", seconds=BUILD)
    where.make("modules_install", f"KVER={suite.old}", seconds=BUILD)
    where.run("depmod", suite.old)
    path = of.module_file(where, suite.old)
    harness.check(path and path.startswith(f"/lib/modules/{suite.old}/updates/kmod/tcm_iscsi.ko"),
                  "installed as", path)
    harness.equal(of.resolved(where, suite.old, "tcm_iscsi")[-1], path, "modprobe's choice")
    where.run("sh", "-c", f"rm /lib/modules/{suite.old}/updates/kmod/tcm_iscsi.ko*")
    where.run("depmod", suite.old)
    of.has_none(where, suite.old)
    where.make("clean")


def goes_away(suite, where):
    """make dkms-uninstall uninstall-modprobe leave nothing."""
    where.make("uninstall-modprobe", "dkms-uninstall", seconds=BUILD)
    for name in os.listdir(where.at("/boot")):
        release = name.partition("vmlinuz-")[2]
        if not release:
            continue
        of.has_none(where, release)
        harness.check(IN_TREE in of.resolved(where, release)[-1], release, "resolves to another")
    for path in (suite.source, "/var/lib/dkms/tcm_iscsi", ALIAS):
        harness.check(not where.exists(path), path, "is still there")
    # Twice is not an error: somebody who is not sure says it again.
    where.make("uninstall-modprobe", "dkms-uninstall", seconds=BUILD)


def goes_away_in_parts(suite, where):
    """The same after somebody has deleted the sources, which DKMS alone cannot undo."""
    where.run("rm", "-r", suite.source)
    goes_away(suite, where)


def installs_tool(where):
    """Section 2 of the README: the program, and the units that come with it."""
    where.make("install", seconds=300)
    harness.equal(where.run("tcm-iscsi", "version").stdout.split()[0], "tcm-iscsi", "version")
    for name in ("tcm-iscsi.service", "tcm-iscsi-pending.service", "tcm-iscsi-pending.path",
                 "tcm-iscsi-pending.timer"):
        harness.check(os.path.exists(where.at(f"/usr/local/lib/systemd/system/{name}")),
                      name, "is not there")
