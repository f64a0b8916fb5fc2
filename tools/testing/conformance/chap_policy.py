# SPDX-License-Identifier: GPL-2.0
"""CHAP and the configuration: who has to prove what, with which secret."""

import os

import login
import target as target_module
from chap_steps import Batch, good, hexa, proof
from harness import check, equal, read, write
from login import FFP, INITIATOR, OPERATIONAL, SECURITY, Chap, LoginConn, Refused, names, refusal
from logins import (BACK, MUTUAL, ONE_WAY, SECRET, answer, discovery_path, expect_status, guarded,
                    hexadecimal)
from registry import covers
from session import Session, discovery
from target import IQN, PORTAL, ROOT, Target

FIXTURE = guarded


def status_of(target, chap, initiator=INITIATOR):
    try:
        with Session(target.iqn, initiator=initiator, chap=chap):
            return 0
    except Refused as refused:
        return refused.status


@covers("CHAP-15", fixture=None)
def mutual_unavailable():
    """A challenge to a target that has no secret of its own: 0201, nothing is proved."""
    with Target("conf", auth=True) as target:
        target.auth(**ONE_WAY)
        back = [("CHAP_I", "1"), ("CHAP_C", "0x01020304")]
        batch = Batch()
        batch.last_step(target, "mutual without secrets", 0x201, lambda k: good(k) + back)
        batch.finish()
        for half in ({"userid_mutual": "target"}, {"userid_mutual": "NULL",
                                                   "password_mutual": BACK}):
            target.auth(**half)
            batch.last_step(target, f"mutual with {half}", 0x201, lambda k: good(k) + back)
        batch.finish()
        with Session(target.iqn, chap=Chap("user", SECRET)) as session:
            session.sync()


@covers("CHAP-17", fixture=None)
def bound_to_the_name():
    """The credential of one initiator does not let another one in."""
    with Target("conf", auth=True, demo=False) as target:
        who = [f"{INITIATOR}{number}" for number in range(3)]
        for number, name in enumerate(who):
            target.acl(name).auth(userid=f"user{number}", password=f"{SECRET}{number}")
        batch = Batch()
        for number, name in enumerate(who):
            for other in range(3):
                def pairs(keys, n=other):
                    return [("CHAP_N", f"user{n}"), ("CHAP_R", hexa(proof(keys, f"{SECRET}{n}")))]
                if other == number:
                    chap = Chap(f"user{number}", f"{SECRET}{number}")
                    equal(status_of(target, chap, name), 0, f"status of {name}")
                else:
                    batch.last_step(target, f"{name} as user{other}", 0x201, pairs,
                                    initiator=name)
        batch.finish()


@covers("CHAP-18", fixture=None)
def secrets():
    """16 random bytes, whatever they are, and secrets up to 255; no use of one secret in
    both directions gets anybody in."""
    with Target("conf", auth=True) as target:
        for size in (12, 16, 32, 255):
            # Not those that the files have a meaning for: NUL and a newline at the end.
            secret = bytes(byte % 254 + 1 for byte in os.urandom(size - 1)) + b"x"
            back = bytes(byte % 254 + 1 for byte in os.urandom(size - 1)) + b"y"
            target.auth(userid="user", password=secret, userid_mutual="target",
                        password_mutual=back)
            for mutual in (None, ("target", Text(back))):
                equal(status_of(target, Chap("user", Text(secret), mutual)), 0,
                      f"status with {size} random bytes")
        target.auth(password=SECRET, password_mutual=BACK)
        try:
            target.auth(password_mutual=SECRET)
        except OSError:
            equal(status_of(target, Chap("user", SECRET)), 0, "status of the old secrets")
            return
        batch = Batch()
        batch.last_step(target, "one secret for both", 0x201, good)
        batch.last_step(target, "one secret for both, mutual", 0x201, lambda k: good(k) + [
            ("CHAP_I", "1"), ("CHAP_C", "0x01020304")])
        batch.finish()


class Text(bytes):
    """Bytes as a secret: the client encodes secrets from text."""

    def encode(self, *_args):
        return bytes(self)


@covers("CHAP-19", fixture=None)
def short_secret_is_not_used():
    """A target does not prove itself with a secret below 96 bits: anybody could search it."""
    with Target("conf", auth=True) as target:
        target.auth(**{**MUTUAL, "password_mutual": "elevenbytes"})
        batch = Batch()
        batch.last_step(target, "mutual with 11 bytes", 0x201, lambda k: good(k) + [
            ("CHAP_I", "1"), ("CHAP_C", "0x01020304")])
        batch.finish()
        equal(status_of(target, Chap("user", SECRET)), 0, "status of one-way CHAP")
        target.auth(password_mutual="twelve bytes")
        equal(status_of(target, Chap("user", SECRET, ("target", "twelve bytes"))), 0,
              "status with 12 bytes")


@covers("CHAP-22", fixture=guarded)
def required(target):
    """None does not get in where authentication is required, in whatever way it is
    offered; and the other way round where it is not."""
    who = names(INITIATOR, target.iqn)
    waiting = []
    for offer in ("None", "KRB5,None", "SRP", "Z-x,None"):
        for to in (None, OPERATIONAL, FFP):
            conn = LoginConn()
            conn.request(SECURITY, who + [("AuthMethod", offer)], to)
            waiting.append((offer, conn))
    for offer, conn in waiting:
        with conn:
            equal(hexadecimal(answer(conn)), "0201", f"status of AuthMethod={offer}")
    for offer in ("None,CHAP", "CHAP,None", "CHAP"):
        with LoginConn() as conn:
            pdu, answers = conn.exchange(SECURITY, who + [("AuthMethod", offer)], OPERATIONAL)
            equal((pdu.flags, dict(answers)["AuthMethod"]), (0, "CHAP"), f"answer to {offer}")
    target.attrib("authentication", 0)
    try:
        for offer, chosen in (("None,CHAP", "None"), ("None", "None"), ("CHAP,None", None)):
            with LoginConn() as conn:
                _pdu, answers = conn.exchange(SECURITY, who + [("AuthMethod", offer)])
                seen = dict(answers)["AuthMethod"]
                check(seen == chosen or not chosen and seen in ("CHAP", "None"), offer, seen)
    finally:
        target.attrib("authentication", 1)


@covers("CHAP-22", "SEC-07", fixture=None)
def discovery_required():
    """The same for discovery, by its own switch."""
    with Target("conf") as target:
        for name, value in MUTUAL.items():
            write(discovery_path() + name, value)
        write(discovery_path() + "enforce_discovery_auth", "1")
        try:
            expect_status(0x201, "discovery from the operational stage", names(INITIATOR, None))
            expect_status(0x201, "discovery with None",
                          names(INITIATOR, None) + [("AuthMethod", "None")], stage=SECURITY,
                          to=OPERATIONAL)
            with LoginConn() as conn:
                equal(refusal(login.login, conn, None, chap=Chap("user", BACK)), 0x201,
                      "status of a wrong secret")
            for mutual in (None, ("target", BACK)):
                with discovery(chap=Chap("user", SECRET, mutual)) as session:
                    equal([name for name, _ in session.send_targets()], [target.iqn], "targets")
        finally:
            write(discovery_path() + "enforce_discovery_auth", "0")


@covers("SEC-07", fixture=None)
def on_by_default():
    """A group that nobody touched demands authentication, of known and unknown names."""
    untouched = f"{ROOT}/{target_module.fabric}/{IQN}untouched"
    with Target("conf", portals=(), auth=True, demo=False, enable=False) as target:
        os.makedirs(untouched + "/tpgt_1")
        for name, default in (("authentication", "1"), ("generate_node_acls", "0")):
            equal(read(f"{untouched}/tpgt_1/attrib/{name}").strip(), default, f"attrib/{name}")
        target_module.remove_target(untouched)
        target.portal(PORTAL)
        target.acl(INITIATOR)
        target.enable()
        expect_status(0x201, "a known initiator", names(INITIATOR, target.iqn))
        expect_status(0x202, "an unknown initiator", names(INITIATOR + "2", target.iqn))
