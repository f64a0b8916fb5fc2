# SPDX-License-Identifier: GPL-2.0
"""The signature at the end of a module file, read and verified without the kernel.

Such a file is the module, a PKCS#7 message about it, twelve bytes that describe the
message, of which the last four are its length, and a fixed text."""

import lzma
import os
import struct
import tempfile

import harness

MAGIC = b"~Module signature appended~\n"
TAIL = struct.Struct(">BBBBBxxxI")
PKCS7 = 2


def content(path):
    """The bytes of a module, unpacked."""
    with open(path, "rb") as file:
        data = file.read()
    if path.endswith(".xz"):
        return lzma.decompress(data)
    harness.check(path.endswith(".ko"), f"{path}: packed in a way that is not known here")
    return data


def split(data):
    """(module, message), the message empty if there is no signature."""
    if not data.endswith(MAGIC):
        return data, b""
    end = len(data) - len(MAGIC) - TAIL.size
    *_, kind, _, _, length = TAIL.unpack(data[end:end + TAIL.size])
    harness.equal(kind, PKCS7, "kind of the signature")
    return data[:end - length], data[end - length:end]


def verified(module, message, certificate):
    """True if the message is one about the module by the owner of the certificate."""
    with tempfile.TemporaryDirectory() as scratch:
        paths = {"module": module, "message": message}
        for name, data in paths.items():
            with open(os.path.join(scratch, name), "wb") as file:
                file.write(data)
        pem = os.path.join(scratch, "pem")
        harness.run("openssl", "x509", "-inform", "DER", "-in", certificate, "-out", pem)
        done = harness.run("openssl", "cms", "-verify", "-binary", "-inform", "DER",
                           "-in", os.path.join(scratch, "message"),
                           "-content", os.path.join(scratch, "module"), "-certfile", pem,
                           "-nointern", "-noverify", "-out", os.devnull, ok=None)
    return done.returncode == 0
