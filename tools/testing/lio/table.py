# SPDX-License-Identifier: GPL-2.0
"""The configurations that go from one module to the other. Everything that a
saveconfig.json can say about iSCSI stands in one of them, away from its default."""

from saved import (INITIATOR, IQN, Config, acl, block, chap, file, group, lun, luns, null, portal, pscsi,
                   ram, target, tpg, user)

CONFIGS = {}

ONE_WAY = chap("alice", "alices-secret-word")
MUTUAL = chap("bob", "bobs-long-secret", "target", "the-targets-secret")
DEMO = {"authentication": 0, "generate_node_acls": 1, "cache_dynamic_acls": 1,
        "demo_mode_write_protect": 0}


def config(function):
    CONFIGS[function.__name__] = function()
    return function


def simple(name, stores=None, **values):
    """One target, one portal group, every backstore a LUN."""
    stores = [ram("disk")] if stores is None else stores
    return stores, [target(name, tpg(luns(stores), **values))]


# --- targets and portals -----------------------------------------------------

@config
def plain():
    return Config(*simple("plain"), quick=True)


@config
def nothing():
    """A target without a portal group, a portal group without anything."""
    return Config([], [target("none"), target("empty", tpg(portals=()))])


@config
def many_luns():
    """300, of few backstores: for each LUN rtslib looks through the backstores, and for
    each one that is mapped through the LUNs, which takes minutes if there are many of both."""
    stores = [null(f"null{n}") for n in range(4)]
    exported = [lun(n, stores[n % 4]) for n in range(300)]
    mapped = [(n, 299 - n, n % 2 == 0) for n in range(24)]
    return Config(stores, [target("many", tpg(exported, acls=[acl("one", mapped)],
                                              attributes=DEMO))])


@config
def lun_numbers():
    """Far apart, and other ones for the initiators."""
    stores = [ram(f"disk{n}") for n in range(6)]
    numbers = (0, 1, 255, 256, 16383, 65535)
    exported = [lun(number, of) for number, of in zip(numbers, stores)]
    mapped = [(9, 65535, False), (0, 256, True), (255, 0, False)]
    return Config(stores, [target("numbers", tpg(exported, acls=[acl("one", mapped)]))],
                  quick=True)


@config
def several_tpgs():
    stores = [ram("a"), ram("b")]
    return Config(stores, [target(
        "groups", tpg(luns(stores), tag=1), tpg(luns(stores[:1]), [portal(port=3261)], tag=2),
        tpg(luns(stores[1:], 7), [portal(port=3262)], tag=3, enable=False))])


@config
def tag_numbers():
    stores = [ram("disk")]
    return Config(stores, [target(
        "tags", *(tpg(luns(stores), [portal(port=3260 + n)], tag=tag)
                  for n, tag in enumerate((7, 300, 65535))))])


@config
def ipv6():
    return Config(*simple("six", portals=[portal("[::1]"), portal("[::1]", 3261)]), quick=True)


@config
def any_address():
    stores = [ram("disk")]
    return Config(stores, [target("four", tpg(luns(stores), [portal("0.0.0.0", 3270)])),
                           target("six", tpg(luns(stores), [portal("[::0]", 3271)]))])


@config
def shared_portals():
    """One listener, several targets; they have all their backstores in common, too."""
    stores = [ram("a"), ram("b")]
    shared = [portal(), portal("[::1]"), portal("127.0.0.1", 3266)]
    return Config(stores, [target(f"shared{n}", tpg(luns(stores, n), shared, tag=n + 1))
                           for n in range(4)], quick=True)


@config
def many_portals():
    return Config(*simple("portals", portals=[portal(f"127.0.0.{n}", 3260 + n % 3)
                                              for n in range(1, 17)]))


@config
def foreign_address():
    """An address that this machine has not, as in a cluster before it has moved here."""
    return Config(*simple("cluster", portals=[portal("192.0.2.17"), portal("[2001:db8::17]")],
                          enable=False))


@config
def many_targets():
    stores = [ram(f"disk{n}") for n in range(20)]
    return Config(stores, [target(f"t{n}", tpg([lun(0, of)])) for n, of in enumerate(stores)])


@config
def disabled():
    stores = [ram("disk")]
    return Config(stores, [target("off", tpg(
        luns(stores), acls=[acl("one", [(0, 0, False)], MUTUAL)], enable=False, auth=ONE_WAY,
        attributes={"authentication": 1}))])


# --- names -------------------------------------------------------------------

@config
def other_names():
    """eui and naa, for targets and initiators."""
    stores = [ram("disk")]
    mapped = [(0, 0, False)]
    return Config(stores, [
        target("eui.02004567a425678d", tpg(luns(stores), acls=[
            acl("eui.02004567a425678e", mapped), acl("naa.52004567ba64678d", mapped)])),
        target("naa.52004567ba64678e", tpg(luns(stores, 3), acls=[acl("one")]))])


@config
def strange_names():
    stores = [ram("disk-1.2+3")]
    return Config(stores, [
        target("iqn.1992-08.com.example:a:b:c.d-e..f::", tpg(luns(stores))),
        target("iqn.2026-11.org.example", tpg(luns(stores))),
        target("iqn.2026-12.example.xn--bcher-kva:12%", tpg(luns(stores), acls=[
            acl("iqn.2026-12.example.org:x=y"), acl("iqn.2026-12.example.org:,;")]))])


@config
def long_names():
    """As long as they may be: 223 bytes."""
    wwn = IQN + "x" * (223 - len(IQN))
    name = (INITIATOR + "i" * 223)[:223]
    stores = [ram("d" * 64)]
    return Config(stores, [target(wwn, tpg(luns(stores), acls=[acl(name, [(0, 0, True)])]))])


# --- who may come ------------------------------------------------------------

@config
def demo():
    return Config(*simple("demo", attributes=DEMO), quick=True)


@config
def demo_protected():
    return Config(*simple("demo", attributes={"authentication": 0, "generate_node_acls": 1}))


@config
def demo_chap():
    return Config(*simple("demo", auth=MUTUAL, attributes={
        **DEMO, "authentication": 1, "demo_mode_discovery": 0}))


@config
def acl_chap():
    stores = [ram("disk")]
    return Config(stores, [target("chap", tpg(luns(stores), acls=[
        acl("one", [(0, 0, False)], ONE_WAY), acl("two", [(0, 0, False)], MUTUAL), acl("three")],
        attributes={"authentication": 1}))], quick=True)


@config
def acl_authentication():
    """An ACL may have its own opinion on whether a secret is needed."""
    stores = [ram("disk")]
    acls = [acl(f"a{value}", [(0, 0, False)], MUTUAL, authentication=value)
            for value in (-1, 0, 1)]
    return Config(stores, [
        target("asks", tpg(luns(stores), acls=acls, attributes={"authentication": 1})),
        target("does-not", tpg(luns(stores), acls=acls, attributes={"authentication": 0}))])


@config
def discovery_chap():
    return Config(*simple("found"), discovery=chap("finder", "finders-secret", prefix="discovery"))


@config
def chap_everywhere():
    stores = [ram("disk")]
    return Config(
        stores, [target("chap", tpg(luns(stores), acls=[acl("one", [(0, 0, True)], MUTUAL)],
                                    auth=chap("c", "charlies-secret", "d", "delta-has-one"),
                                    attributes={"authentication": 1}))],
        discovery=chap("finder", "finders-secret", "found", "secret-of-found",
                       prefix="discovery"), quick=True)


@config
def long_secrets():
    """255 bytes, blanks inside, everything that a keyboard has."""
    stores = [ram("disk")]
    odd = "a b\tc!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
    long = chap("u" * 255, "p" * 255, "m" * 255, "q" * 255)
    return Config(stores, [target("long", tpg(luns(stores), acls=[
        acl("one", [], long), acl("two", [], chap(odd, odd, odd + "2", odd + "3")),
        acl("three", [], chap("n\u00e4me", "geh\u00e4im-\u20ac-geheim"))],
        auth=long, attributes={"authentication": 1}))],
        discovery=chap("u" * 255, "p" * 255, "m" * 255, "q" * 255, prefix="discovery"))


@config
def null_secrets():
    """What begins with NULL is kept as text and counts as not set."""
    stores = [ram("disk")]
    return Config(stores, [target("null", tpg(luns(stores), acls=[
        acl("one", [], chap("NULLable", "NULL-is-not-one", "m", "mutual-secret-1")),
        acl("two", [], chap("u", "users-secret-1", "NULLify", "mutual-secret-2"))],
        auth=chap("NULLs", "secret-for-nulls")))])


@config
def initiator_tags():
    stores = [ram("disk")]
    return Config(stores, [target("tags", tpg(luns(stores), acls=[
        acl("one", [(0, 0, False)], tag="group"), acl("two", [(0, 0, False)], tag="group"),
        acl("three", tag="t" * 63), acl("four", tag="with blank")]))])


@config
def many_acls():
    stores = [ram(f"disk{n}") for n in range(4)]
    acls = [acl(f"host{n}", [(lun_, lun_, (n + lun_) % 2 == 0) for lun_ in range(4)],
                chap(f"user{n}", f"a-secret-for-{n}")) for n in range(40)]
    return Config(stores, [target("hosts", tpg(luns(stores), acls=acls))])


@config
def write_protected():
    stores = [ram("a"), file("b"), ram("c")]
    return Config(stores, [target("protect", tpg(luns(stores), acls=[
        acl("one", [(0, 0, True), (1, 1, False), (2, 2, True)]),
        acl("two", [(5, 2, False), (6, 1, True), (7, 0, False)])],
        attributes={"prod_mode_write_protect": 1}))])


# --- settings ----------------------------------------------------------------

@config
def acl_attributes():
    stores = [ram("disk")]
    return Config(stores, [target("attributes", tpg(luns(stores), acls=[
        acl("low", dataout_timeout=2, dataout_timeout_retries=1, default_erl=0, nopin_timeout=0,
            nopin_response_timeout=3),
        acl("high", dataout_timeout=60, dataout_timeout_retries=15, default_erl=2,
            nopin_timeout=60, nopin_response_timeout=60, random_datain_pdu_offsets=1,
            random_datain_seq_offsets=1, random_r2t_offsets=1)]))])


@config
def tpg_attributes():
    stores = [ram("disk")]
    return Config(stores, [
        target("low", tpg(luns(stores), attributes={
            "default_cmdsn_depth": 1, "login_timeout": 5, "tpg_enabled_sendtargets": 0,
            "login_keys_workaround": 0, "demo_mode_discovery": 0})),
        target("high", tpg(luns(stores), attributes={
            "default_cmdsn_depth": 512, "login_timeout": 30, "default_erl": 2,
            "prod_mode_write_protect": 1, "cache_dynamic_acls": 1, "t10_pi": 1,
            "fabric_prot_type": 3}))], quick=True)


@config
def tpg_parameters():
    return Config(*simple("parameters", parameters={
        "AuthMethod": "CHAP", "HeaderDigest": "CRC32C", "DataDigest": "None",
        "MaxConnections": "3", "TargetAlias": "An alias of two words",
        "InitialR2T": "No", "ImmediateData": "No", "MaxRecvDataSegmentLength": "65536",
        "MaxXmitDataSegmentLength": "512", "MaxBurstLength": "16777215",
        "FirstBurstLength": "512", "DefaultTime2Wait": "0", "DefaultTime2Retain": "3600",
        "MaxOutstandingR2T": "64", "DataPDUInOrder": "No", "DataSequenceInOrder": "No",
        "ErrorRecoveryLevel": "2", "IFMarker": "Yes", "OFMarker": "Yes",
        "IFMarkInt": "Reject", "OFMarkInt": "2048~65535"}), quick=True)


@config
def odd_parameters():
    """Values that are kept as they were written."""
    return Config(*simple("odd", parameters={
        "HeaderDigest": "None,CRC32C", "DataDigest": "CRC32C,None", "MaxBurstLength": "0x40000",
        "MaxConnections": "Irrelevant", "DefaultTime2Wait": "0002", "AuthMethod": "None"},
        attributes={"authentication": 0}))


@config
def bad_settings():
    """A file that somebody has edited: what is wrong in it is skipped and named."""
    return Config(*simple("bad", attributes={"authentication": 2, "login_timeout": 4,
                                             "no_such_attribute": 1, "default_erl": 1},
                          parameters={"MaxConnections": "0", "InitialR2T": "maybe",
                                      "NoSuchKey": "1", "MaxOutstandingR2T": "2"}),
                  complaints=("authentication", "login_timeout", "no_such_attribute",
                              "MaxConnections", "InitialR2T", "NoSuchKey"))


@config
def affinity():
    """On which processor commands end. rtslib saves it and, so far, does not restore it."""
    stores = [ram("disk")]
    return Config(stores, [target(name, tpg(luns(stores))) for name in ("a", "b", "c")],
                  extra=[(f"{IQN}a/param/cmd_completion_affinity", "0"),
                         (f"{IQN}b/param/cmd_completion_affinity", "-2")])


@config
def queue_depth():
    """cmdsn_depth is not in a saveconfig.json; what is restored has the default."""
    stores = [ram("disk")]
    return Config(stores, [target("depth", tpg(luns(stores), acls=[acl("one", [(0, 0, False)])],
                                               attributes={"default_cmdsn_depth": 32}))],
                  extra=[(f"{IQN}depth/tpgt_1/acls/iqn.2026-11.org.example.host:one/cmdsn_depth",
                          "16")])


# --- backstores --------------------------------------------------------------

@config
def files():
    return Config(*simple("files", [file("through"), file("back", write_back=True),
                                    file("async", 3, aio=True)]), quick=True)


@config
def blocks():
    return Config(*simple("blocks", [block("one", "lab-disk-1"),
                                     block("two", "lab-disk-2", readonly=True)]), quick=True)


@config
def scsi():
    return Config(*simple("scsi", [pscsi("passed-through", "lab-scsi-1")]), quick=True)


@config
def userspace():
    """Nobody serves it; the configuration goes on existing."""
    return Config(*simple("user", [user("handled", "lab/image.raw"),
                                   user("sized", "lab/other", hw_max_sectors=256)]), quick=True)


@config
def alua():
    stores = [ram("a", alua=[group("optimized", 1, alua_access_state=0, preferred=1),
                             group("standby", 2, alua_access_state=2, alua_access_type=1,
                                   trans_delay_msecs=5, nonop_delay_msecs=200)]),
              file("b", alua=[group("slow", 17, alua_access_state=1, implicit_trans_secs=3),
                              group("offline-is-off", 65535, alua_support_offline=0,
                                    alua_write_metadata=1)])]
    return Config(stores, [
        target("alua", tpg([lun(0, stores[0], "optimized"), lun(1, stores[1], "slow")]),
               tpg([lun(0, stores[0], "standby"), lun(1, stores[1])], [portal(port=3261)],
                   tag=2)),
        target("other", tpg([lun(4, stores[1], "offline-is-off")], [portal(port=3262)]))],
        quick=True)


@config
def device_attributes():
    stores = [
        ram("ram", attributes={"emulate_tas": 0, "emulate_ua_intlck_ctrl": 1, "queue_depth": 32,
                               "emulate_3pc": 0, "emulate_caw": 0, "emulate_pr": 0}),
        file("file", attributes={"block_size": 4096, "emulate_tpu": 1, "emulate_tpws": 1,
                                 "is_nonrot": 1, "optimal_sectors": 64,
                                 "max_write_same_len": 128, "emulate_model_alias": 1})]
    return Config(*simple("devices", stores))


@config
def protection():
    """Protection information, end to end."""
    stores = [ram("dif1", attributes={"pi_prot_type": 1}), ram("dif3"), ram("plain")]
    stores[1]["attributes"] = {"pi_prot_type": 3}
    return Config(stores, [target("dif", tpg(luns(stores), attributes={"t10_pi": 1}))])


@config
def everything():
    """The kinds of backstore side by side in a configuration as people have them."""
    stores = [ram("r", 2), file("f", write_back=True), block("b", "lab-disk-3"),
              pscsi("p", "lab-scsi-2"), user("u", "lab/third"),
              ram("g", alua=[group("standby", 3, alua_access_state=2)])]
    exported = luns(stores[:-1]) + [lun(9, stores[-1], "standby")]
    return Config(stores, [
        target("main", tpg(exported, [portal("0.0.0.0"), portal("[::1]", 3261)], [
            acl("one", [(n, n, n == 2) for n in range(5)], MUTUAL, nopin_timeout=5),
            acl("two", [(0, 9, False)], ONE_WAY, tag="second")],
            attributes={"authentication": 1, "login_timeout": 20},
            parameters={"ErrorRecoveryLevel": "1", "MaxBurstLength": "1048576"}),
            tpg(exported[:2], [portal(port=3262)], tag=12, attributes=DEMO)),
        target("spare", tpg(luns(stores[:2]), [portal("0.0.0.0")], enable=False))],
        discovery=chap("finder", "finders-secret", "found", "secret-of-found",
                       prefix="discovery"))
