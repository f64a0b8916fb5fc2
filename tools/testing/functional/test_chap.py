# SPDX-License-Identifier: GPL-2.0
"""CHAP, by open-iscsi and by the raw client."""

import errno
from contextlib import closing

import harness
import initiator
import login
import target as target_module
from harness import Failure, check, equal, wait_for, write
from initiator import Node
from login import OPERATIONAL, SECURITY, Chap, LoginConn, names, refusal
from session import Session, discovery
from target import ROOT, Target

SECRET = "abcdefghijklmnop"
BACK = "ponmlkjihgfedcba"
ALGORITHMS = {"MD5": 5, "SHA1": 6, "SHA256": 7, "SHA3-256": 8}
ONE_WAY = {"userid": "user", "password": SECRET}
MUTUAL = {**ONE_WAY, "userid_mutual": "target", "password_mutual": BACK}


def try_login(target, chap, **kwargs):
    """0 or the status of a refusal."""
    try:
        with Session(target.iqn, chap=chap, **kwargs):
            return 0
    except login.Refused as refused:
        return refused.status


def test_algorithms():
    """Every hash, one-way and mutual, hex and base64, with the raw client."""
    with Target("chap", auth=True) as target:
        target.auth(**MUTUAL)
        for number in ALGORITHMS.values():
            for mutual in (None, ("target", BACK)):
                for hexadecimal in (True, False):
                    chap = Chap("user", SECRET, mutual, str(number), hexadecimal)
                    with Session(target.iqn, chap=chap):
                        equal(chap.algorithm, number, "chosen algorithm")
            chap = Chap("user", SECRET + "x", None, str(number))
            equal(try_login(target, chap), 0x201, "wrong secret")
        chap = Chap("user", SECRET, None, "99,8,5")
        with Session(target.iqn, chap=chap):
            equal(chap.algorithm, 8, "the first that both know")
        equal(try_login(target, Chap("user", SECRET, None, "55,9")), 0x201, "none that both know")


test_algorithms.quick = True


def test_wrong_proof():
    """The client notices a target with the wrong mutual secret (a test of the test)."""
    with Target("chap", auth=True) as target:
        target.auth(**MUTUAL)
        try:
            Session(target.iqn, chap=Chap("user", SECRET, ("target", "another")))
        except Failure as failure:
            check("CHAP_R" in str(failure), "failed otherwise:", failure)
            return
        raise Failure("a wrong proof was taken")


def test_mutual_unavailable():
    """Mutual authentication without a credential for it fails."""
    with Target("chap", auth=True) as target:
        target.auth(**ONE_WAY)
        equal(try_login(target, Chap("user", SECRET, ("target", BACK))), 0x201, "status")


def test_per_acl():
    """Each ACL has its own credential; attrib/authentication overrules the group's."""
    with Target("chap", auth=True, demo=False) as target:
        acls = []
        for number in range(3):
            acl = target.acl(f"{login.INITIATOR}{number}")
            acl.auth(userid=f"user{number}", password=SECRET + str(number))
            acls.append(acl)
        for number, acl in enumerate(acls):
            for other in range(3):
                chap = Chap(f"user{other}", SECRET + str(other))
                equal(try_login(target, chap, initiator=acl.name),
                      0 if number == other else 0x201, f"{acl.name} as user{other}")
        acls[1].attrib("authentication", 0)
        equal(try_login(target, None, initiator=acls[1].name), 0, "ACL that needs none")
        equal(try_login(target, None, initiator=acls[2].name), 0x201, "ACL that needs it")
        target.attrib("authentication", 0)
        acls[2].attrib("authentication", 1)
        equal(try_login(target, None, initiator=acls[0].name), 0, "group without authentication")
        equal(try_login(target, None, initiator=acls[2].name), 0x201, "ACL with authentication")


def test_required():
    """None does not get in where CHAP is required, in whatever way it is asked for."""
    with Target("chap", auth=True) as target:
        target.auth(**ONE_WAY)
        who = names(login.INITIATOR, target.iqn)
        for stage, pairs, to in ((OPERATIONAL, [], login.FFP), (SECURITY, [], OPERATIONAL),
                                 (SECURITY, [], login.FFP),
                                 (SECURITY, [("AuthMethod", "None")], OPERATIONAL),
                                 (SECURITY, [("AuthMethod", "KRB5,None")], None)):
            with LoginConn() as conn:
                conn.request(stage, who + pairs, to)
                equal(refusal(conn.response), 0x201, f"status of {stage} {pairs} {to}")
        with LoginConn() as conn:
            _pdu, answers = conn.exchange(SECURITY, who + [("AuthMethod", "None,CHAP")])
            equal(dict(answers)["AuthMethod"], "CHAP", "choice")
        target.attrib("authentication", 0)
        with LoginConn() as conn:
            _pdu, answers = conn.exchange(SECURITY, who + [("AuthMethod", "None,CHAP")])
            equal(dict(answers)["AuthMethod"], "None", "choice when none is required")


def test_discovery_auth():
    """enforce_discovery_auth: discovery needs CHAP, and logins are as before."""
    with Target("open") as target:
        where = f"{ROOT}/{target_module.fabric}/discovery_auth/"
        for name, value in MUTUAL.items():
            write(where + name, value)
        write(where + "enforce_discovery_auth", "1")
        with LoginConn() as conn:
            equal(refusal(login.login, conn, None), 0x201, "discovery without CHAP")
        for chap, status in ((Chap("user", SECRET), 0), (Chap("user", SECRET, ("target", BACK)), 0),
                             (Chap("user", BACK), 0x201)):
            try:
                with discovery(chap=chap) as session:
                    equal(session.send_targets()[0][0], target.iqn, "target")
                    equal(status, 0, "discovery with a wrong secret")
            except login.Refused as refused:
                equal(refused.status, status, "discovery status")
        equal(try_login(target, None), 0, "a normal login")
        equal(initiator.discover(ok=None), [], "targets found without CHAP")
        found = initiator.discover(authmethod="CHAP", username="user", password=SECRET,
                                   username_in="target", password_in=BACK)
        equal([name for _, _, name in found], [target.iqn], "targets found with CHAP")
        write(where + "enforce_discovery_auth", "0")
        equal(len(initiator.discover()), 1, "targets found without enforcement")


def test_long_text():
    """255 bytes are a secret; what a portal group cuts off is told in the log, naming
    the file, and an ACL refuses it."""
    with Target("chap", auth=True) as target, closing(harness.KernelLog()) as log:
        target.auth(userid="user", password="p" * 255)
        equal(try_login(target, Chap("user", "p" * 255)), 0, "status with 255 bytes")
        equal(log.matching("cut"), [], "lines of text that was not cut")
        target.auth(password="q" * 256)
        equal(target.get("auth/password"), "q" * 255 + "\n", "what is left of 256")
        told = wait_for(lambda: log.matching("cut to 255"), "a line in the log")
        check("tpgt_1/auth: password" in told[0], "the line does not name the file:", told[0])
        check("qqqq" not in told[0], "the line shows the secret")
        equal(try_login(target, Chap("user", "q" * 256)), 0x201, "status with 256 bytes")
        acl = target.acl(login.INITIATOR)
        acl.auth(password="p" * 255)
        try:
            acl.auth(password="q" * 256)
        except OSError as error:
            equal(error.errno, errno.EINVAL, "errno of the ACL")
        else:
            raise Failure("an ACL took 256 bytes")
        equal(acl.get("auth/password"), "p" * 255 + "\n", "what the ACL keeps")


def test_newline():
    """echo secret > password works, as what everybody types first; the file reads back
    what was written."""
    with Target("chap", auth=True) as target:
        target.auth(userid="user\n", password=SECRET + "\n", userid_mutual="target\n",
                    password_mutual=BACK + "\n")
        equal(target.get("auth/password"), SECRET + "\n\n", "the file")
        equal(try_login(target, Chap("user", SECRET, ("target", BACK))), 0, "status")
        target.auth(password=SECRET + "\n\n")
        equal(try_login(target, Chap("user", SECRET)), 0x201, "status with two newlines")


def test_open_iscsi():
    """open-iscsi: every algorithm, one-way and mutual, right and wrong."""
    back = {"username_in": "target", "password_in": BACK}
    with Target("chap", auth=True, demo=False) as target:
        target.acl(initiator.NAME).auth(**MUTUAL)
        base = {"authmethod": "CHAP", "username": "user", "password": SECRET}
        for number, algorithm in enumerate(ALGORITHMS):
            extra = back if number % 2 else {}
            with Node(target, auth={**base, **extra, "chap_algs": algorithm}):
                equal(target.sessions(), 1, "sessions")
        wrong = {**base, "password": BACK + "x"}
        check(initiator.login_status(target, auth=wrong), "a wrong secret got in")
        check(initiator.login_status(target), "no secret got in")
        check(initiator.login_status(target, auth={**base, **back, "password_in": "another12345"}),
              "open-iscsi took a wrong proof of the target")
