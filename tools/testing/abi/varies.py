# SPDX-License-Identifier: GPL-2.0
"""Values that are not the same twice, with either module: what stands for them, and
why they vary. Everything else is compared to the byte."""

import re

NUMBER = r'"\d+\\n"'
INITIATOR = "acls/iqn.2004-10.org.example:lab"

# (names of observations, text that varies, what stands for it, reason)
TABLE = (
    (r"_statistics/scsi_auth_intr/creation_time$", NUMBER, "TIME", "time since boot"),
    (r"_fabric_statistics/iscsi_tgt_attr/last_fail_time$", r'"[1-9]\d*\\n"', "TIME",
     "time since boot; 0 stays"),
    (r"_fabric_statistics/iscsi_sess_stats/indx$|"
     r"_statistics/scsi_att_intr_port/indx$", NUMBER, "SESSION",
     "a number that the module gives to a session, in no order that the interface promises"),
    (r"_info( |$)|^rules\.", r"TSIH: [1-9]\d*  ", "TSIH: N  ",
     "chosen by the target, anything but 0 (RFC 7143 11.13.6)"),
    (r"_info( |$)|^rules\.", r"LIO Session ID: \d+ ", "LIO Session ID: N ",
     "a number that the module gives to a session"),
    (r"_info( |$)|^rules\.", r"StatSN: 0x[0-9a-f]{8}", "StatSN: N",
     "begins where the target likes (RFC 7143 11.13.4)"),
    (INITIATOR + "_info$", r"ISID: 0x00 02 3d( [0-9a-f]{2}){3}", "ISID: ISID",
     "open-iscsi numbers its sessions"),
    (INITIATOR + r"/lun_\d+_statistics/scsi_att_intr_port/port_ident$", r"\+i\+00023d[0-9a-f]{6}",
     "+i+ISID", "open-iscsi numbers its sessions"),
    (INITIATOR + "_info$", r" 0x00000040(   0x[0-9a-f]{8}){5}", " 0x00000040 N N N N N",
     "how many commands the initiator's kernel has sent by now"),
    (INITIATOR + r"_fabric_statistics/iscsi_sess_stats/(cmd_pdus|rsp_pdus|txdata_octs)$|" +
     INITIATOR + r"/lun_\d+_statistics/scsi_auth_intr/(num_cmds|att_count|read_mbytes)$|"
     r"rich/tpgt_1/lun/lun_[01]_statistics/scsi_tgt_port/(in_cmds|read_mbytes)$",
     r'"[1-9]\d*\\n"', "COUNT", "how many commands the initiator's kernel has sent by now"),
)

COMPILED = [(re.compile(name), re.compile(text), instead) for name, text, instead, _ in TABLE]


def settle(name, text):
    for names, pattern, instead in COMPILED:
        if names.search(name):
            text = pattern.sub(instead, text)
    return text
