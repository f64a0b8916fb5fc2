# SPDX-License-Identifier: GPL-2.0
"""One line for each kind of writable file: which files those are, what is written to
them beyond what every file gets, and what else may change with it. A file that the
walk finds writable and that no line is about makes the run fail."""

import re

import values
from values import number


class Spec:
    """pattern: of the path below the fabric's directory; extra: values; near: files
    next to it that a write may change as well, relative to its directory; base: what
    is there before each value, if that is not what was there at first; lethal: lengths
    that take the kernel along with either module."""

    def __init__(self, pattern, extra, near=(), base=None, lethal=()):
        self.pattern = re.compile(pattern)
        self.extra = extra
        self.near = near
        self.base = base
        self.lethal = lethal

    def values(self, everything):
        if everything:
            found = self.extra + values.COMMON + values.FEW
        else:
            found = self.extra[::7] + values.FEW
        return values.unique(value for value in found if len(value) not in self.lethal)


TPG = r"[^/]+/[^/]*tpgt_[^/]+/"
ACL = TPG + r"acls/[^/]+/"
LUN = TPG + r"lun/lun_\d+/"

FLAG = number(0, 1)
LONG_NUMBER = number(512, 16777215)
YES_NO = values.words(b"Yes", b"No")
DIGESTS = values.words(b"CRC32C", b"None")
METHODS = values.words(b"CHAP", b"None", b"SRP", b"KRB5", b"SPKM1", b"SPKM2")
MUTUAL = ("authenticate_target",)

TPG_ATTRIBUTES = {
    "authentication": (FLAG, ("../param/AuthMethod",)),
    "login_timeout": (number(5, 30), ()),
    "netif_timeout": (number(2, 15), ()),
    "generate_node_acls": (FLAG, ("cache_dynamic_acls",)),
    "default_cmdsn_depth": (number(1, 512), ()),
    "cache_dynamic_acls": (FLAG, ("generate_node_acls",)),
    "demo_mode_write_protect": (FLAG, ()),
    "prod_mode_write_protect": (FLAG, ()),
    "demo_mode_discovery": (FLAG, ()),
    "default_erl": (number(0, 2), ()),
    "t10_pi": (FLAG, ()),
    "fabric_prot_type": (number(0, 3, 2), ()),
    "tpg_enabled_sendtargets": (FLAG, ()),
    "login_keys_workaround": (FLAG, ()),
}

ACL_ATTRIBUTES = {
    "dataout_timeout": number(2, 60),
    "dataout_timeout_retries": number(1, 15),
    "default_erl": number(0, 2),
    "nopin_timeout": number(3, 60, 0, 1),
    "nopin_response_timeout": number(3, 60),
    "random_datain_pdu_offsets": FLAG,
    "random_datain_seq_offsets": FLAG,
    "random_r2t_offsets": FLAG,
    "authentication": number(-1, 1),
}

PARAMETERS = {
    "AuthMethod": METHODS,
    "HeaderDigest": DIGESTS,
    "DataDigest": DIGESTS,
    "MaxConnections": number(1, 65535),
    "TargetAlias": values.words(b"LIO Target", b"alias") + (b"a=b=c", b"a,b"),
    "InitialR2T": YES_NO,
    "ImmediateData": YES_NO,
    "MaxRecvDataSegmentLength": LONG_NUMBER,
    "MaxXmitDataSegmentLength": LONG_NUMBER,
    "MaxBurstLength": LONG_NUMBER,
    "FirstBurstLength": LONG_NUMBER,
    "DefaultTime2Wait": number(0, 3600),
    "DefaultTime2Retain": number(0, 3600),
    "MaxOutstandingR2T": number(1, 65535),
    "DataPDUInOrder": YES_NO,
    "DataSequenceInOrder": YES_NO,
    "ErrorRecoveryLevel": number(0, 2),
    "IFMarker": YES_NO,
    "OFMarker": YES_NO,
    "IFMarkInt": values.ranges() + number(1, 65535),
    "OFMarkInt": values.ranges() + number(1, 65535),
}


def make():
    specs = [
        Spec("cpus_allowed_list", values.cpu_lists()),
        Spec("discovery_auth/(userid|password)", values.secrets(), MUTUAL, b"base"),
        Spec("discovery_auth/(userid|password)_mutual", values.secrets(), MUTUAL, b"base"),
        Spec("discovery_auth/enforce_discovery_auth", FLAG),
        Spec(r"[^/]+/param/cmd_completion_affinity", number(-2, 1)),
        Spec(TPG + "enable", values.booleans(), ("param/AuthMethod", "attrib/authentication")),
        Spec(TPG + "rtpi", number(1, 65535)),
        Spec(TPG + r"auth/(userid|password)(_mutual)?", values.secrets(), MUTUAL, b"base"),
        Spec(TPG + r"np/[^/]+/iser", number(0, 1), ("cxgbit",)),
        Spec(TPG + r"np/[^/]+/cxgbit", number(0, 1), ("iser",)),
        Spec(LUN + "alua_tg_pt_gp", values.names(b"default_tg_pt_gp", b"abi_group", b"NULL"),
             # target_core does not terminate a name that fills its buffer.
             ("alua_tg_pt_offline", "alua_tg_pt_status"), b"default_tg_pt_gp", (256,)),
        Spec(LUN + "alua_tg_pt_offline", FLAG, ("alua_tg_pt_gp",)),
        Spec(LUN + "alua_tg_pt_status", number(0, 2), ("alua_tg_pt_gp",)),
        Spec(LUN + "alua_tg_pt_write_md", FLAG),
        Spec(ACL + "cmdsn_depth", number(0, 512)),
        Spec(ACL + "tag", values.names(b"tag", b"NULL"), (), b"base"),
        Spec(ACL + r"auth/(userid|password)(_mutual)?", values.secrets(), MUTUAL, b"base"),
        Spec(ACL + r"lun_\d+/write_protect", FLAG, ("../info",)),
    ]
    for name, (extra, near) in TPG_ATTRIBUTES.items():
        specs.append(Spec(TPG + "attrib/" + name, extra, near))
    for name, extra in PARAMETERS.items():
        specs.append(Spec(TPG + "param/" + name, extra))
    for name, extra in ACL_ATTRIBUTES.items():
        specs.append(Spec(ACL + "attrib/" + name, extra))
    return specs


SPECS = make()


def of(path):
    """The line about a file, or None."""
    return next((spec for spec in SPECS if spec.pattern.fullmatch(path)), None)
