# SPDX-License-Identifier: GPL-2.0
"""ocf:heartbeat:iSCSITarget, against its own meta-data and the OCF API."""

import os
import xml.etree.ElementTree as xml

import harness
import initiator
import ocf
import target
import tree
from cases import case
from login import Refused
from ocf import CONFIGURED, GENERIC, IMPLEMENTATIONS, INSTALLED, NOT_RUNNING, SUCCESS, \
    UNIMPLEMENTED
from session import Session

OTHER = "iqn.2004-10.org.example:somebody-else"
SECRET = "a-secret-of-the-cluster"
GROUP = f"{target.ROOT}/iscsi/{ocf.IQN}/tpgt_1"
AUTHORIZATION_FAILURE = 24      # exit status of iscsiadm
FORBIDDEN = 0x0202              # login status, RFC 7143 section 11.13.5


def described(seen, agent, actions):
    """What meta-data has to tell a cluster manager."""
    answer = agent.call("meta-data")
    seen.expect("meta-data", answer.returncode, SUCCESS)
    root = xml.fromstring(answer.stdout)
    seen.expect("name", root.get("name"), agent.kind)
    named = {action.get("name") for action in root.iter("action")}
    seen.expect("actions", sorted(set(actions) - named), [])
    seen.note("parameters", sorted(p.get("name") for p in root.iter("parameter")))


ACTIONS = ("start", "stop", "monitor", "meta-data", "validate-all")


@case(IMPLEMENTATIONS, quick=("lio",))
def describes_itself(seen, implementation):
    agent = ocf.targets(implementation)
    described(seen, agent, ACTIONS)
    seen.expect("usage", agent("usage"), SUCCESS)
    seen.expect("an action that is none", agent("promote"), UNIMPLEMENTED)


@case(IMPLEMENTATIONS)
def validates(seen, implementation):
    seen.expect("all is well", ocf.targets(implementation)("validate-all"), SUCCESS)
    seen.expect("with a tid", ocf.targets(implementation, tid=1)("validate-all"), SUCCESS)
    seen.expect("implementation that is none", ocf.targets("stgt")("validate-all"), CONFIGURED)
    agent = ocf.targets(implementation)
    agent.parameters["iqn"] = None
    seen.expect("without iqn", agent("validate-all"), CONFIGURED)
    seen.expect("nothing was made", tree.whole(), [])


@case(IMPLEMENTATIONS)
def without_its_program(seen, implementation):
    """The agents add the usual folders to their PATH: targetcli has to be hidden."""
    agent = ocf.targets(implementation)
    if implementation == "lio-t":
        harness.run("mount", "--bind", "/dev/null", "/usr/bin/targetcli")
    try:
        path = "/usr/sbin:/usr/bin:/sbin:/bin"
        seen.expect("start", agent("start", PATH=path), INSTALLED)
        seen.expect("monitor as a probe", agent(
            "monitor", PATH=path, OCF_RESKEY_CRM_meta_interval="0"), NOT_RUNNING)
    finally:
        if implementation == "lio-t":
            harness.run("umount", "/usr/bin/targetcli")


@case(IMPLEMENTATIONS, quick=("lio",))
def lives(seen, implementation):
    """Each action in each state, and twice."""
    agent = ocf.targets(implementation)
    seen.expect("monitor before", agent("monitor"), NOT_RUNNING)
    seen.expect("status before", agent("status"), NOT_RUNNING)
    seen.expect("stop before", agent("stop"), SUCCESS)
    seen.require("start", agent("start"), SUCCESS)
    seen.expect("monitor", agent("monitor"), SUCCESS)
    seen.expect("status", agent("status"), SUCCESS)
    started = tree.whole()
    seen.note("tree", started)
    seen.expect("start again", agent("start"), SUCCESS)
    seen.expect("tree after start again", tree.whole(), started)
    seen.expect("validate-all while it runs", agent("validate-all"), SUCCESS)
    seen.expect("stop", agent("stop"), SUCCESS)
    seen.expect("monitor after", agent("monitor"), NOT_RUNNING)
    seen.expect("targets left", target.leftovers(), [])
    seen.expect("stop again", agent("stop"), SUCCESS)
    seen.expect("start once more", agent("start"), SUCCESS)
    seen.expect("the same tree once more", tree.whole(), started)
    seen.expect("stop once more", agent("stop"), SUCCESS)


@case(IMPLEMENTATIONS)
def half_started(seen, implementation):
    """A group that somebody disabled does not run, and can be started and stopped."""
    agent = ocf.targets(implementation)
    seen.require("start", agent("start"), SUCCESS)
    harness.write(GROUP + "/enable", "0")
    seen.expect("monitor of a disabled one", agent("monitor"), NOT_RUNNING)
    seen.expect("start of a disabled one", agent("start"), SUCCESS)
    seen.expect("monitor", agent("monitor"), SUCCESS)
    seen.note("tree", tree.whole())
    if harness.read(GROUP + "/enable") == "0\n":
        harness.write(GROUP + "/enable", "1")
    seen.expect("stop", agent("stop"), SUCCESS)
    seen.expect("targets left", target.leftovers(), [])


def login(portal=target.PORTAL, **auth):
    """Exit status of iscsiadm for a login; a session that came of it ends."""
    node = initiator.Node(ocf.Exported, portal, auth=auth or None)
    try:
        return node.login(ok=None).returncode
    finally:
        node.logout()
        node.forget()


def login_as(name):
    """The status of a login by an initiator of that name."""
    try:
        with Session(ocf.IQN, name) as conn:
            conn.sync()
        return 0
    except Refused as refused:
        return refused.status


@case(IMPLEMENTATIONS, quick=("lio",))
def allowed_initiators(seen, implementation):
    agent = ocf.targets(implementation, allowed_initiators=f"{initiator.NAME} {OTHER}-too")
    seen.require("start", agent("start"), SUCCESS)
    seen.note("tree", tree.whole())
    if implementation == "lio-t":
        harness.write(GROUP + "/attrib/authentication", "0")
    seen.expect("one that is allowed", login(), 0)
    seen.expect("one that is not", login_as(OTHER), FORBIDDEN)
    seen.expect("stop", agent("stop"), SUCCESS)
    seen.expect("targets left", target.leftovers(), [])


@case(IMPLEMENTATIONS)
def everybody(seen, implementation):
    agent = ocf.targets(implementation)
    seen.require("start", agent("start"), SUCCESS)
    seen.expect("this initiator", login(), 0)
    seen.expect("another", login_as(OTHER), 0)
    seen.note("tree", tree.whole())
    seen.expect("stop", agent("stop"), SUCCESS)


def chap(secret=SECRET, **more):
    return {"authmethod": "CHAP", "username": "cluster", "password": secret, **more}


@case(("allowed", "everybody"))
def incoming_chap(seen, who):
    """The agent has no outgoing credentials; those are set beside it, as their users do.
    The implementation lio has no CHAP at all and says so in its source."""
    allowed = initiator.NAME if who == "allowed" else None
    agent = ocf.targets("lio-t", allowed_initiators=allowed, incoming_username="cluster",
                        incoming_password=SECRET)
    seen.require("start", agent("start"), SUCCESS)
    seen.note("tree", tree.whole())
    seen.expect("the right secret", login(**chap()), 0)
    seen.expect("a wrong one", login(**chap("not-the-secret-of-it")), AUTHORIZATION_FAILURE)
    seen.expect("none", login(), AUTHORIZATION_FAILURE)
    place = f"{GROUP}/acls/{initiator.NAME}" if allowed else GROUP
    target.set_auth(place, {"userid_mutual": "them", "password_mutual": "what-they-prove"})
    seen.expect("monitor with a mutual secret", agent("monitor"), SUCCESS)
    mutual = {"username_in": "them", "password_in": "what-they-prove"}
    seen.expect("both directions", login(**chap(**mutual)), 0)
    mutual["password_in"] = "something-else-of-it"
    seen.expect("a target that cannot prove itself", login(**chap(**mutual)) != 0, True)
    seen.expect("start again", agent("start"), SUCCESS)
    seen.expect("stop", agent("stop"), SUCCESS)
    seen.expect("targets left", target.leftovers(), [])


def portals_of(group=GROUP):
    return sorted(os.listdir(group + "/np")) if os.path.isdir(group) else []


@case(IMPLEMENTATIONS)
def two_portals(seen, implementation):
    agent = ocf.targets(implementation, portals="127.0.0.1:3260 127.0.0.2:3261")
    seen.require("start", agent("start"), SUCCESS)
    seen.expect("portals", portals_of(), ["127.0.0.1:3260", "127.0.0.2:3261"])
    seen.expect("by the first", login(), 0)
    seen.expect("by the second", login(portal="127.0.0.2:3261"), 0)
    seen.expect("stop", agent("stop"), SUCCESS)


@case(IMPLEMENTATIONS, quick=("lio",))
def ipv6_portal(seen, implementation):
    agent = ocf.targets(implementation, portals="[::1]:3260")
    seen.expect("start", agent("start"), SUCCESS)
    seen.expect("portals", portals_of(), ["[::1]:3260"])
    seen.note("monitor", agent("monitor"))
    if portals_of():
        seen.expect("login", login(portal="[::1]:3260"), 0)
    seen.expect("stop", agent("stop"), SUCCESS)
    seen.expect("targets left", target.leftovers(), [])


@case(IMPLEMENTATIONS)
def default_portal(seen, implementation):
    agent = ocf.targets(implementation, portals=None)
    seen.require("start", agent("start"), SUCCESS)
    seen.expect("portals", portals_of(), ["0.0.0.0:3260"])
    if portals_of():
        seen.expect("login", login(), 0)
    seen.expect("stop", agent("stop"), SUCCESS)


@case(IMPLEMENTATIONS)
def foreign_portal(seen, implementation):
    """The address that a cluster moves comes after the target, which listens to it before
    it is there."""
    agent = ocf.targets(implementation, portals="203.0.113.7:3260")
    seen.require("start", agent("start"), SUCCESS)
    seen.expect("portals", portals_of(), ["203.0.113.7:3260"])
    harness.run("ip", "address", "add", "203.0.113.7/32", "dev", "lo")
    try:
        seen.expect("login", login(portal="203.0.113.7:3260"), 0)
    finally:
        harness.run("ip", "address", "del", "203.0.113.7/32", "dev", "lo")
    seen.expect("stop", agent("stop"), SUCCESS)


PARAMETERS = {"MaxConnections": "1", "InitialR2T": "No", "ImmediateData": "No",
              "MaxBurstLength": "131072", "FirstBurstLength": "32768",
              "DefaultTime2Wait": "4", "DefaultTime2Retain": "40", "MaxOutstandingR2T": "8",
              "ErrorRecoveryLevel": "0", "HeaderDigest": "CRC32C,None", "DataDigest": "None",
              "TargetAlias": "cluster", "MaxRecvDataSegmentLength": "65536",
              "MaxXmitDataSegmentLength": "65536"}


@case(IMPLEMENTATIONS, quick=("lio",))
def additional_parameters(seen, implementation):
    """By echo, that is with a newline."""
    words = " ".join(f"{name}={value}" for name, value in PARAMETERS.items())
    agent = ocf.targets(implementation, additional_parameters=words + " Unheard=1")
    position = ocf.log_end()
    seen.require("start", agent("start"), SUCCESS)
    seen.expect("a warning for what is none",
                "Unsupported iSCSI target parameter Unheard" in ocf.log_from(position), True)
    for name, value in PARAMETERS.items():
        seen.expect(name, harness.read(f"{GROUP}/param/{name}"), value + "\n")
    if implementation == "lio":
        node = initiator.Node(ocf.Exported)
        with node:
            seen.expect("negotiated first burst", node.negotiated("first_burst_len"), "32768")
            seen.expect("negotiated burst", node.negotiated("max_burst_len"), "131072")
    seen.expect("stop", agent("stop"), SUCCESS)


@case(IMPLEMENTATIONS)
def bad_parameters(seen, implementation):
    """Each is refused, the start fails, and a stop takes away what there is of it."""
    for word in ("InitialR2T=Perhaps", "MaxBurstLength=17", "ErrorRecoveryLevel=3",
                 "HeaderDigest=MD5", "MaxConnections=0", "AuthMethod=SRP,Nothing"):
        agent = ocf.targets(implementation, additional_parameters=word)
        seen.expect(f"start with {word}", agent("start"), GENERIC)
        seen.note(f"monitor with {word}", agent("monitor"))
        stopped = agent("stop")
        seen.expect(f"stop with {word}", stopped, SUCCESS)
        seen.expect(f"targets left by {word}", target.leftovers(), [])
        target.wipe()
        if implementation == "lio-t":
            break                   # a second each


@case(("lio-t",))
def iser_portals(seen, implementation):
    """By writing 1 to np/*/iser. Nobody has iSER here, so whoever asks for it does not
    get a target."""
    agent = ocf.targets(implementation, iser_portals="127.0.0.1")
    seen.expect("start", agent("start"), GENERIC)
    seen.expect("iser", harness.read(f"{GROUP}/np/{target.PORTAL}/iser"), "0\n")
    seen.note("monitor", agent("monitor"))
    seen.expect("stop", agent("stop"), SUCCESS)
    seen.expect("targets left", target.leftovers(), [])


@case(IMPLEMENTATIONS, quick=("lio",))
def stops_with_a_client(seen, implementation):
    """Its session is closed, not waited for."""
    agent = ocf.targets(implementation)
    seen.require("start", agent("start"), SUCCESS)
    node = initiator.Node(ocf.Exported)
    node.login()
    seen.expect("stop", agent("stop"), SUCCESS)
    seen.expect("monitor", agent("monitor"), NOT_RUNNING)
    seen.expect("targets left", target.leftovers(), [])
    seen.expect("start again", agent("start"), SUCCESS)
    harness.wait_for(lambda: node.negotiated("state") == "LOGGED_IN", "the client's return", 20)
    node.logout()
    node.forget()
    seen.expect("stop again", agent("stop"), SUCCESS)
