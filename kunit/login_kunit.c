// SPDX-License-Identifier: GPL-2.0
/*
 * The login phase as an initiator sees it: stages, headers, every status that the
 * machine can give, and the dialogues that deployed initiators lead. Dialogues
 * with CHAP are in chap_kunit.c, long texts and limits in login_limits_kunit.c.
 */
#include "test_login.h"

/* -- good logins -- */

/* 3.9 of the checklist, left column; LOGIN-29, LOGIN-18 */
static void login_plain(struct kunit *test)
{
	struct login_bench *b = login_bench(test);

	login_say(test, b, GO(1, 3), NAMES "|SessionType=Normal|HeaderDigest=None|"
		  "MaxRecvDataSegmentLength=262144|InitialR2T=No");
	EXPECT_FINISHED(test, b, GO(1, 3), TAG "|HeaderDigest=None|InitialR2T=No|" MINE);
	KUNIT_EXPECT_EQ(test, b->status, 0);
	KUNIT_EXPECT_STREQ(test, b->l.initiator, "iqn.2001-04.com.example:init");
	KUNIT_EXPECT_STREQ(test, b->l.target, "iqn.2001-04.com.example:disk");
	KUNIT_EXPECT_FALSE(test, b->l.discovery);
	KUNIT_EXPECT_FALSE(test, b->l.authenticated);
	KUNIT_EXPECT_EQ(test, b->l.cid, 9);
	KUNIT_EXPECT_EQ(test, b->l.nego.params.mrdsl_out, 262144u);
	KUNIT_EXPECT_EQ(test, b->l.nego.params.mrdsl_in, 65536u);
	KUNIT_EXPECT_FALSE(test, b->l.nego.params.initial_r2t);
	login_say(test, b, GO(1, 3), "");
	KUNIT_EXPECT_EQ(test, b->action, ICORE_LOGIN_DO_DROP);
}

/* Names are folded, the alias is kept, all three may stand anywhere in the text. */
static void login_declarations_anywhere(struct kunit *test)
{
	struct login_bench *b = login_bench(test);

	login_say(test, b, GO(1, 3), "MaxConnections=4|InitiatorAlias=my host|"
		  "TargetName=IQN.2001-04.com.example:DISK|ErrorRecoveryLevel=0|"
		  "SessionType=Normal|InitiatorName=eui.02004567A425678D");
	EXPECT_FINISHED(test, b, GO(1, 3), TAG "|MaxConnections=1|ErrorRecoveryLevel=0|" MINE);
	KUNIT_EXPECT_STREQ(test, b->l.initiator, "eui.02004567a425678d");
	KUNIT_EXPECT_STREQ(test, b->l.target, "iqn.2001-04.com.example:disk");
	KUNIT_EXPECT_STREQ(test, b->l.initiator_alias, "my host");
}

/* The session type at the very end still makes keys before it irrelevant. */
static void login_discovery(struct kunit *test)
{
	struct login_bench *b = login_bench(test);

	b->policy.send_tpgt = false;
	b->policy.alias = "the disk";	/* not in discovery */
	login_say(test, b, GO(1, 3), "MaxConnections=4|InitialR2T=No|ErrorRecoveryLevel=2|"
		  I_NAME "|SessionType=Discovery");
	EXPECT_FINISHED(test, b, GO(1, 3), "MaxConnections=Irrelevant|InitialR2T=Irrelevant|"
			"ErrorRecoveryLevel=0|" MINE);
	KUNIT_EXPECT_TRUE(test, b->l.discovery);
	KUNIT_EXPECT_STREQ(test, b->l.target, "");
	KUNIT_EXPECT_EQ(test, b->l.nego.params.max_connections, 1);
}

static void login_discovery_with_target(struct kunit *test)
{
	struct login_bench *b = login_bench(test);

	login_say(test, b, GO(1, 3), NAMES "|SessionType=Discovery");
	EXPECT_FINISHED(test, b, GO(1, 3), TAG "|" MINE);
	KUNIT_EXPECT_STREQ(test, b->l.target, "iqn.2001-04.com.example:disk");
}

/* LOGIN-50 */
static void login_defaults_only(struct kunit *test)
{
	struct login_bench *b = login_bench(test);

	login_say(test, b, GO(0, 1), NAMES "|AuthMethod=None");
	EXPECT_SENT(test, b, GO(0, 1), TAG "|AuthMethod=None");
	login_say(test, b, GO(1, 3), "");
	EXPECT_FINISHED(test, b, GO(1, 3), MINE);
}

/* LOGIN-49: straight to full feature phase; we declared nothing, so 8192 holds. */
static void login_security_to_ffp(struct kunit *test)
{
	struct login_bench *b = login_bench(test);

	login_say(test, b, GO(0, 3), NAMES "|AuthMethod=None");
	EXPECT_FINISHED(test, b, GO(0, 3), TAG "|AuthMethod=None");
	KUNIT_EXPECT_EQ(test, b->l.nego.params.mrdsl_in, 8192u);
	login_restart(b);
	login_say(test, b, GO(0, 3), NAMES);
	EXPECT_FINISHED(test, b, GO(0, 3), TAG);
}

/* ... unless policy has something to ask for: then a lower NSG is answered. */
static void login_security_to_ffp_detour(struct kunit *test)
{
	struct login_bench *b = login_bench(test);

	b->policy.offer.header_digest = ICORE_DIGEST_CRC32C;
	login_say(test, b, GO(0, 3), NAMES);
	EXPECT_SENT(test, b, GO(0, 1), TAG);
	login_say(test, b, GO(1, 3), "");
	EXPECT_SENT(test, b, STAY(1), MINE "|HeaderDigest=CRC32C");
	login_say(test, b, GO(1, 3), "HeaderDigest=CRC32C");
	EXPECT_FINISHED(test, b, GO(1, 3), "");
	KUNIT_EXPECT_TRUE(test, b->l.nego.params.header_digest);
}

static void login_none_preferred(struct kunit *test)
{
	struct login_bench *b = login_bench(test);

	/* CHAP is offered first but there is no credential (Appendix E2) */
	login_say(test, b, GO(0, 1), NAMES "|AuthMethod=KRB5,CHAP,None");
	EXPECT_SENT(test, b, GO(0, 1), TAG "|AuthMethod=None");
	login_use_chap(b, true, false);
	login_restart(b);
	login_say(test, b, GO(0, 1), NAMES "|AuthMethod=None,CHAP");
	EXPECT_SENT(test, b, GO(0, 1), TAG "|AuthMethod=None");
	b->cred.valid = false;
	login_restart(b);
	login_say(test, b, GO(0, 1), NAMES "|AuthMethod=CHAP,None");
	EXPECT_SENT(test, b, GO(0, 1), TAG "|AuthMethod=None");
}

/* One key per exchange, T only in the end; the tag goes out once. */
static void login_slowly(struct kunit *test)
{
	struct login_bench *b = login_bench(test);

	b->policy.alias = "the disk";
	login_say(test, b, STAY(0), NAMES);
	EXPECT_SENT(test, b, STAY(0), TAG "|TargetAlias=the disk");
	login_say(test, b, STAY(0), "InitiatorAlias=x");
	EXPECT_SENT(test, b, STAY(0), "");
	login_say(test, b, STAY(0), "AuthMethod=None");
	EXPECT_SENT(test, b, STAY(0), "AuthMethod=None");
	login_say(test, b, STAY(0), "");
	EXPECT_SENT(test, b, STAY(0), "");
	login_say(test, b, GO(0, 1), "");
	EXPECT_SENT(test, b, GO(0, 1), "");
	login_say(test, b, STAY(1), "SessionType=Normal");
	EXPECT_SENT(test, b, STAY(1), MINE);
	login_say(test, b, STAY(1), "InitialR2T=Yes");
	EXPECT_SENT(test, b, STAY(1), "InitialR2T=Yes");
	login_say(test, b, STAY(1), "ErrorRecoveryLevel=0");
	EXPECT_SENT(test, b, STAY(1), "ErrorRecoveryLevel=0");
	login_say(test, b, GO(1, 3), "");
	EXPECT_FINISHED(test, b, GO(1, 3), "");
}

static void login_without_tag(struct kunit *test)
{
	struct login_bench *b = login_bench(test);

	b->policy.send_tpgt = false;
	b->policy.alias = "";
	login_say(test, b, GO(0, 1), NAMES);
	EXPECT_SENT(test, b, GO(0, 1), "");
	b->policy.send_tpgt = true;
	b->policy.tpgt = 0;	/* a legal tag */
	login_restart(b);
	login_say(test, b, GO(0, 1), NAMES);
	EXPECT_SENT(test, b, GO(0, 1), "TargetPortalGroupTag=0");
}

/* A joining connection: TSIH of the request in every response, no session keys. */
static void login_joining(struct kunit *test)
{
	struct login_bench *b = login_bench(test);

	b->policy.leading = false;
	b->pdu.login.tsih = 77;
	login_say(test, b, GO(0, 1), NAMES);
	EXPECT_SENT(test, b, GO(0, 1), TAG);
	KUNIT_EXPECT_EQ(test, b->l.tsih, 77);
	login_say(test, b, GO(1, 3), "HeaderDigest=CRC32C");
	EXPECT_FINISHED(test, b, GO(1, 3), "HeaderDigest=CRC32C|" MINE);
	login_restart(b);
	b->pdu.login.tsih = 77;
	login_say(test, b, GO(1, 3), NAMES "|InitialR2T=Yes");
	EXPECT_FAILED(test, b, ICORE_LOGIN_INITIATOR_ERROR);
	login_restart(b);
	b->pdu.login.tsih = 77;
	login_say(test, b, GO(1, 3), NAMES "|SessionType=Normal");
	EXPECT_FAILED(test, b, ICORE_LOGIN_INITIATOR_ERROR);
	login_restart(b);
	b->pdu.login.tsih = 77;
	login_say(test, b, STAY(1), NAMES);
	login_say(test, b, GO(1, 3), "SessionType=Normal");
	EXPECT_FAILED(test, b, ICORE_LOGIN_INITIATOR_ERROR);
}

/* LOGIN-10 */
static void login_longest_names(struct kunit *test)
{
	struct login_bench *b = login_bench(test);

	login_say(test, b, GO(1, 3), "InitiatorName=%N|TargetName=%N");
	EXPECT_FINISHED(test, b, GO(1, 3), TAG "|" MINE);
	KUNIT_EXPECT_EQ(test, (u32)strlen(b->l.initiator), ICORE_NAME_MAX);
	KUNIT_EXPECT_EQ(test, (u32)strlen(b->l.target), ICORE_NAME_MAX);
	login_restart(b);
	login_say(test, b, GO(1, 3), "InitiatorName=%Nn|TargetName=%N");
	EXPECT_FAILED(test, b, ICORE_LOGIN_INITIATOR_ERROR);
}

/* An alias that cannot be kept is no reason to fail. */
static void login_alias_limit(struct kunit *test)
{
	struct login_bench *b = login_bench(test);
	char *text = kunit_kzalloc(test, 512, GFP_KERNEL);
	const u32 at = sizeof(NAMES "|InitiatorAlias=") - 1;

	KUNIT_ASSERT_NOT_NULL(test, text);
	memcpy(text, NAMES "|InitiatorAlias=", at);
	memset(text + at, 'a', ICORE_ALIAS_MAX);
	login_say(test, b, GO(1, 3), text);
	EXPECT_FINISHED(test, b, GO(1, 3), TAG "|" MINE);
	KUNIT_EXPECT_EQ(test, (u32)strlen(b->l.initiator_alias), ICORE_ALIAS_MAX);
	text[at + ICORE_ALIAS_MAX] = 'a';
	login_restart(b);
	login_say(test, b, GO(1, 3), text);
	EXPECT_FINISHED(test, b, GO(1, 3), TAG "|" MINE);
	KUNIT_EXPECT_STREQ(test, b->l.initiator_alias, "");
}

/* Limits that the initiator did not mention: asked for before the end, once. */
static void login_originates(struct kunit *test)
{
	struct login_bench *b = login_bench(test);

	b->policy.offer.immediate_data = false;
	b->policy.offer.max_burst = 16384;
	login_say(test, b, GO(1, 3), NAMES "|MaxBurstLength=65536");
	EXPECT_SENT(test, b, STAY(1), TAG "|MaxBurstLength=16384|" MINE "|ImmediateData=No");
	KUNIT_EXPECT_FALSE(test, b->accepts);
	login_say(test, b, GO(1, 3), "");	/* boot ROMs do not answer */
	EXPECT_FINISHED(test, b, GO(1, 3), "");
	KUNIT_EXPECT_FALSE(test, b->l.nego.params.immediate_data);
	KUNIT_EXPECT_EQ(test, b->l.nego.params.max_burst, 16384u);
}

static void login_window_of_the_session(struct kunit *test)
{
	struct login_bench *b = login_bench(test);
	const char *data;
	u32 len;

	login_say(test, b, GO(0, 1), NAMES);
	b->pdu.login.csg = 1;
	b->pdu.login.nsg = 3;
	b->pdu.dsl = 0;
	KUNIT_ASSERT_EQ(test, icore_login_pdu(&b->l, &b->pdu, ""), ICORE_LOGIN_DO_ACCEPT);
	KUNIT_ASSERT_EQ(test, icore_login_finish(&b->l, 5), ICORE_LOGIN_DO_FINISH);
	icore_login_window(&b->l, 100, 163);
	icore_login_next_pdu(&b->l, &b->bhs, &data, &len);
	KUNIT_EXPECT_EQ(test, be32_to_cpu(b->bhs.w[ICORE_W28]), 100u);
	KUNIT_EXPECT_EQ(test, be32_to_cpu(b->bhs.w[ICORE_W32]), 163u);
	KUNIT_EXPECT_EQ(test, b->l.cmdsn, 0x11223344u);
}

/* -- what deployed initiators say (Appendix F) -- */

static void login_open_iscsi(struct kunit *test)
{
	struct login_bench *b = login_bench(test);

	login_say(test, b, GO(0, 1), I_NAME "|InitiatorAlias=host|SessionType=Normal|"
		  "TargetName=iqn.2001-04.com.example:disk|AuthMethod=None");
	EXPECT_SENT(test, b, GO(0, 1), TAG "|AuthMethod=None");
	login_say(test, b, GO(1, 3), "HeaderDigest=None|DataDigest=None|DefaultTime2Wait=2|"
		  "DefaultTime2Retain=0|IFMarker=No|OFMarker=No|ErrorRecoveryLevel=0|"
		  "InitialR2T=No|ImmediateData=Yes|MaxBurstLength=16776192|"
		  "FirstBurstLength=262144|MaxOutstandingR2T=1|MaxConnections=1|"
		  "DataPDUInOrder=Yes|DataSequenceInOrder=Yes|"
		  "MaxRecvDataSegmentLength=262144");
	EXPECT_FINISHED(test, b, GO(1, 3), "HeaderDigest=None|DataDigest=None|"
			"DefaultTime2Wait=2|DefaultTime2Retain=0|IFMarker=No|OFMarker=No|"
			"ErrorRecoveryLevel=0|InitialR2T=No|ImmediateData=Yes|"
			"MaxBurstLength=262144|MaxConnections=1|DataPDUInOrder=Yes|"
			"DataSequenceInOrder=Yes|FirstBurstLength=65536|MaxOutstandingR2T=1|"
			MINE);
}

static void login_open_iscsi_discovery(struct kunit *test)
{
	struct login_bench *b = login_bench(test);

	b->policy.send_tpgt = false;
	login_say(test, b, GO(0, 1), I_NAME "|InitiatorAlias=host|SessionType=Discovery|"
		  "AuthMethod=None");
	EXPECT_SENT(test, b, GO(0, 1), "AuthMethod=None");
	login_say(test, b, GO(1, 3), "HeaderDigest=None|DataDigest=None|DefaultTime2Wait=2|"
		  "DefaultTime2Retain=0|IFMarker=No|OFMarker=No|ErrorRecoveryLevel=0|"
		  "MaxRecvDataSegmentLength=32768");
	EXPECT_FINISHED(test, b, GO(1, 3), "HeaderDigest=None|DataDigest=None|"
			"DefaultTime2Wait=2|DefaultTime2Retain=0|IFMarker=No|OFMarker=No|"
			"ErrorRecoveryLevel=0|" MINE);
}

/* A library initiator (QEMU uses it): everything negotiable, T=1 at once. */
static void login_libiscsi(struct kunit *test)
{
	struct login_bench *b = login_bench(test);

	login_say(test, b, GO(0, 1), I_NAME "|InitiatorAlias=iqn|"
		  "TargetName=iqn.2001-04.com.example:disk|SessionType=Normal|"
		  "AuthMethod=CHAP,None");
	EXPECT_SENT(test, b, GO(0, 1), TAG "|AuthMethod=None");
	login_say(test, b, GO(1, 3), "HeaderDigest=None,CRC32C|DataDigest=None|"
		  "InitialR2T=Yes|ImmediateData=Yes|MaxBurstLength=262144|"
		  "FirstBurstLength=262144|MaxRecvDataSegmentLength=262144|"
		  "DataPDUInOrder=Yes|DataSequenceInOrder=Yes|DefaultTime2Wait=2|"
		  "DefaultTime2Retain=0|IFMarker=No|OFMarker=No|MaxConnections=1|"
		  "MaxOutstandingR2T=1|ErrorRecoveryLevel=0|"
		  "X-com.example.libiscsi=1");
	EXPECT_FINISHED(test, b, GO(1, 3), "HeaderDigest=None|DataDigest=None|"
			"InitialR2T=Yes|ImmediateData=Yes|MaxBurstLength=262144|"
			"DataPDUInOrder=Yes|DataSequenceInOrder=Yes|DefaultTime2Wait=2|"
			"DefaultTime2Retain=0|IFMarker=No|OFMarker=No|MaxConnections=1|"
			"ErrorRecoveryLevel=0|X-com.example.libiscsi=NotUnderstood|"
			"FirstBurstLength=65536|MaxOutstandingR2T=1|" MINE);
}

/* A boot ROM that sends names first and no T, and one that offers protocol level 2. */
static void login_boot_rom_and_bsd(struct kunit *test)
{
	struct login_bench *b = login_bench(test);

	login_say(test, b, GO(1, 3), NAMES "|SessionType=Normal|HeaderDigest=None|"
		  "DataDigest=None|MaxConnections=1|InitialR2T=Yes|ImmediateData=No|"
		  "MaxRecvDataSegmentLength=8192|MaxBurstLength=262144|DefaultTime2Wait=0|"
		  "DefaultTime2Retain=0|MaxOutstandingR2T=1|DataPDUInOrder=Yes|"
		  "DataSequenceInOrder=Yes|ErrorRecoveryLevel=0");
	EXPECT_FINISHED(test, b, GO(1, 3), TAG "|HeaderDigest=None|DataDigest=None|"
			"MaxConnections=1|InitialR2T=Yes|ImmediateData=No|"
			"MaxBurstLength=262144|DefaultTime2Wait=2|DefaultTime2Retain=0|"
			"DataPDUInOrder=Yes|DataSequenceInOrder=Yes|ErrorRecoveryLevel=0|"
			"MaxOutstandingR2T=1|" MINE);
	login_restart(b);
	login_say(test, b, GO(0, 1), NAMES "|AuthMethod=None|SessionType=Normal");
	login_say(test, b, GO(1, 3), "iSCSIProtocolLevel=2|TaskReporting=ResponseFence");
	EXPECT_FINISHED(test, b, GO(1, 3), "iSCSIProtocolLevel=2|TaskReporting=ResponseFence|"
			MINE);
}

/* -- failures -- */

struct fail_row {
	const char *name;
	u8 flags[2];
	const char *text[2];	/* the last one fails */
	u16 status;
};

#define BAD	ICORE_LOGIN_INITIATOR_ERROR

static const struct fail_row fail_rows[] = {
	/* LOGIN-05, LOGIN-06, LOGIN-09 and names */
	{ "no text at all", { GO(1, 3) }, { "" }, ICORE_LOGIN_MISSING_PARAM },
	{ "no InitiatorName", { GO(1, 3) }, { "TargetName=iqn.2001-04.com.example:disk" },
	  ICORE_LOGIN_MISSING_PARAM },
	{ "no TargetName", { GO(1, 3) }, { I_NAME }, ICORE_LOGIN_MISSING_PARAM },
	{ "no TargetName, Normal", { GO(0, 1) }, { I_NAME "|SessionType=Normal" },
	  ICORE_LOGIN_MISSING_PARAM },
	{ "discovery without name", { GO(0, 1) }, { "SessionType=Discovery" },
	  ICORE_LOGIN_MISSING_PARAM },
	{ "names in the second request", { STAY(1), STAY(1) }, { "", NAMES },
	  ICORE_LOGIN_MISSING_PARAM },
	{ "malformed InitiatorName", { GO(1, 3) },
	  { "InitiatorName=host|TargetName=iqn.2001-04.com.example:disk" }, BAD },
	{ "malformed TargetName", { GO(1, 3) }, { I_NAME "|TargetName=disk" }, BAD },
	{ "empty InitiatorName", { GO(1, 3) },
	  { "InitiatorName=|TargetName=iqn.2001-04.com.example:disk" }, BAD },
	{ "unknown SessionType", { GO(1, 3) }, { NAMES "|SessionType=Other" },
	  ICORE_LOGIN_BAD_SESSION_TYPE },
	{ "SessionType in small letters", { GO(1, 3) }, { NAMES "|SessionType=normal" },
	  ICORE_LOGIN_BAD_SESSION_TYPE },
	{ "InitiatorName twice", { GO(1, 3) }, { NAMES "|" I_NAME }, BAD },
	{ "InitiatorName again", { STAY(1), GO(1, 3) }, { NAMES, I_NAME }, BAD },
	{ "TargetName in the second request", { STAY(1), GO(1, 3) },
	  { I_NAME "|SessionType=Discovery", "TargetName=iqn.2001-04.com.example:disk" }, BAD },
	{ "SessionType changes", { STAY(1), GO(1, 3) }, { NAMES, "SessionType=Discovery" }, BAD },
	{ "SessionType twice", { GO(1, 3) }, { NAMES "|SessionType=Normal|SessionType=Normal" },
	  BAD },
	/* LOGIN-11, LOGIN-13 */
	{ "T and C", { GO(1, 3) | 0x40 }, { NAMES }, BAD },
	{ "start in stage 2", { STAY(2) }, { NAMES }, BAD },
	{ "start in full feature phase", { STAY(3) }, { NAMES }, BAD },
	{ "NSG equals CSG", { GO(1, 1) }, { NAMES }, BAD },
	{ "NSG below CSG", { GO(1, 0) }, { NAMES }, BAD },
	{ "NSG 0 from 0", { GO(0, 0) }, { NAMES }, BAD },
	{ "NSG 2", { GO(1, 2) }, { NAMES }, BAD },
	{ "NSG 2 from 0", { GO(0, 2) }, { NAMES }, BAD },
	{ "stage ahead of the transition", { STAY(0), STAY(1) }, { NAMES, "" }, BAD },
	{ "stage behind the transition", { GO(0, 1), STAY(0) }, { NAMES, "" }, BAD },
	{ "back to security", { STAY(1), GO(0, 1) }, { NAMES, "" }, BAD },
	/* LOGIN-31, LOGIN-32, KEY-24 */
	{ "duplicate in one text", { GO(1, 3) }, { NAMES "|InitialR2T=Yes|InitialR2T=Yes" },
	  BAD },
	{ "duplicate in two texts", { STAY(1), GO(1, 3) },
	  { NAMES "|InitialR2T=Yes", "InitialR2T=Yes" }, BAD },
	{ "unknown key in two texts", { STAY(1), GO(1, 3) }, { NAMES "|X-a=1", "X-a=1" }, BAD },
	{ "alias twice", { STAY(0), GO(0, 1) },
	  { NAMES "|InitiatorAlias=a", "InitiatorAlias=a" }, BAD },
	{ "AuthMethod twice", { GO(0, 1) }, { NAMES "|AuthMethod=None|AuthMethod=None" }, BAD },
	{ "AuthMethod again", { STAY(0), GO(0, 1) },
	  { NAMES "|AuthMethod=None", "AuthMethod=None" }, BAD },
	{ "operational key in security", { GO(0, 1) }, { NAMES "|HeaderDigest=None" }, BAD },
	{ "MaxRecvDataSegmentLength in security", { GO(0, 1) },
	  { NAMES "|MaxRecvDataSegmentLength=8192" }, BAD },
	{ "unknown key in security", { GO(0, 1) }, { NAMES "|X-a=1" }, BAD },
	{ "AuthMethod in operational", { GO(1, 3) }, { NAMES "|AuthMethod=None" }, BAD },
	{ "Kerberos key", { GO(0, 1) }, { NAMES "|KRB_AP_REQ=0x00" }, BAD },
	{ "SRP key", { GO(0, 1) }, { NAMES "|SRP_U=joe" }, BAD },
	{ "SendTargets", { GO(1, 3) }, { NAMES "|SendTargets=All" }, BAD },
	{ "TargetAddress", { GO(1, 3) }, { NAMES "|TargetAddress=192.0.2.1" }, BAD },
	{ "TargetAlias", { GO(0, 1) }, { NAMES "|TargetAlias=x" }, BAD },
	{ "TargetPortalGroupTag", { GO(0, 1) }, { NAMES "|TargetPortalGroupTag=1" }, BAD },
	/* LOGIN-35 and text */
	{ "Reject offered", { GO(1, 3) }, { NAMES "|HeaderDigest=Reject" }, BAD },
	{ "AuthMethod=Reject", { GO(0, 1) }, { NAMES "|AuthMethod=Reject" }, BAD },
	{ "no equals sign", { GO(1, 3) }, { NAMES "|Foo" }, BAD },
	{ "malformed key", { GO(1, 3) }, { NAMES "|foo=1" }, BAD },
	{ "malformed value", { GO(1, 3) }, { NAMES "|InitialR2T=maybe" }, BAD },
	{ "out of range", { GO(1, 3) }, { NAMES "|MaxRecvDataSegmentLength=1" }, BAD },
	/* no method */
	{ "no acceptable method", { GO(0, 1) }, { NAMES "|AuthMethod=KRB5,SRP,Z-x" },
	  ICORE_LOGIN_AUTH_FAILED },
	{ "CHAP without credential", { GO(0, 1) }, { NAMES "|AuthMethod=CHAP" },
	  ICORE_LOGIN_AUTH_FAILED },
	{ "empty method", { GO(0, 1) }, { NAMES "|AuthMethod=" }, ICORE_LOGIN_AUTH_FAILED },
	{ "method in small letters", { GO(0, 1) }, { NAMES "|AuthMethod=none" },
	  ICORE_LOGIN_AUTH_FAILED },
	{ "CHAP_A before AuthMethod", { STAY(0) }, { NAMES "|CHAP_A=5" }, BAD },
	{ "CHAP keys after None", { STAY(0), STAY(0) }, { NAMES "|AuthMethod=None", "CHAP_A=5" },
	  BAD },
	{ "contradiction of bursts", { STAY(1), GO(1, 3) },
	  { NAMES "|FirstBurstLength=65536", "MaxBurstLength=512" }, BAD },
};

static void fail_desc(const struct fail_row *row, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s", row->name);
}

KUNIT_ARRAY_PARAM(fail_rows, fail_rows, fail_desc);

static void login_fails(struct kunit *test)
{
	const struct fail_row *row = test->param_value;
	struct login_bench *b = login_bench(test);

	login_say(test, b, row->flags[0], row->text[0]);
	if (row->text[1] && b->action == ICORE_LOGIN_DO_SEND) {
		KUNIT_EXPECT_EQ(test, b->status, 0);
		login_say(test, b, row->flags[1], row->text[1]);
	}
	EXPECT_FAILED(test, b, row->status);
	KUNIT_EXPECT_EQ(test, (u16)b->l.status, row->status);
	KUNIT_EXPECT_FALSE(test, b->accepts);
	/* and it is over */
	login_say(test, b, STAY(0), "");
	KUNIT_EXPECT_EQ(test, b->action, ICORE_LOGIN_DO_DROP);
}

/* Nothing of the outside is asked before text and names are right. */
static void login_no_bind_for_rubbish(struct kunit *test)
{
	struct login_bench *b = login_bench(test);

	login_say(test, b, GO(1, 3), I_NAME);
	KUNIT_EXPECT_FALSE(test, b->binds);
	login_restart(b);
	login_say(test, b, GO(1, 3), NAMES "|sendTargets=x");
	KUNIT_EXPECT_FALSE(test, b->binds);
}

/* LOGIN-39, CHAP-22 */
static void login_security_required(struct kunit *test)
{
	static const struct {
		u8 flags;
		const char *text;
	} rows[] = {
		{ GO(1, 3), NAMES },
		{ STAY(1), NAMES },
		{ GO(0, 1), NAMES },
		{ GO(0, 3), NAMES },
		{ GO(0, 1), NAMES "|AuthMethod=None" },
		{ GO(0, 3), NAMES "|AuthMethod=None,KRB5" },
	};
	struct login_bench *b = login_bench(test);

	login_use_chap(b, false, false);
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		login_restart(b);
		login_say(test, b, rows[i].flags, rows[i].text);
		EXPECT_FAILED(test, b, ICORE_LOGIN_AUTH_FAILED);
	}
	login_restart(b);
	login_say(test, b, STAY(0), NAMES);
	EXPECT_SENT(test, b, STAY(0), TAG);
	login_say(test, b, GO(0, 1), "");
	EXPECT_FAILED(test, b, ICORE_LOGIN_AUTH_FAILED);
}

/* Every status that the owner can give, and its T, CSG and NSG. */
static void login_refused(struct kunit *test)
{
	static const enum icore_login_status all[] = {
		ICORE_LOGIN_FORBIDDEN, ICORE_LOGIN_NOT_FOUND, ICORE_LOGIN_REMOVED,
		ICORE_LOGIN_TOO_MANY_CONNS, ICORE_LOGIN_CANT_INCLUDE, ICORE_LOGIN_NO_SESSION,
		ICORE_LOGIN_TARGET_ERROR, ICORE_LOGIN_UNAVAILABLE, ICORE_LOGIN_NO_RESOURCES,
	};
	struct login_bench *b = login_bench(test);

	for (u32 i = 0; i < ARRAY_SIZE(all); i++) {
		b->refuse = all[i];
		login_restart(b);
		login_say(test, b, GO(1, 3), NAMES);
		EXPECT_FAILED(test, b, all[i]);
		KUNIT_EXPECT_STREQ(test, b->l.reason, "refused");
	}
	login_restart(b);
	b->pdu.login.transit = true;
	b->pdu.login.csg = 1;
	b->pdu.login.nsg = 3;
	b->refuse = 0;
	login_say(test, b, STAY(1), NAMES);
	b->pdu.login.transit = true;
	b->pdu.login.nsg = 3;
	b->pdu.dsl = 0;
	KUNIT_EXPECT_EQ(test, icore_login_pdu(&b->l, &b->pdu, ""), ICORE_LOGIN_DO_ACCEPT);
	b->action = icore_login_refuse(&b->l, ICORE_LOGIN_SUCCESS, "no reason");
	login_take(test, b);
	EXPECT_FAILED(test, b, ICORE_LOGIN_TARGET_ERROR);
}

/* LOGIN-01, LOGIN-02 */
static void login_other_pdus(struct kunit *test)
{
	static const u8 others[] = { ICORE_OP_NOP_OUT, ICORE_OP_SCSI_CMD, ICORE_OP_TMF_REQ,
				     ICORE_OP_TEXT_REQ, ICORE_OP_DATA_OUT, ICORE_OP_LOGOUT_REQ,
				     ICORE_OP_SNACK, 0x1f, ICORE_OP_LOGIN_RSP };
	struct login_bench *b = login_bench(test);

	for (u32 i = 0; i < ARRAY_SIZE(others); i++) {
		login_restart(b);
		b->pdu.opcode = others[i];
		login_say(test, b, 0, "");
		KUNIT_EXPECT_EQ(test, b->action, ICORE_LOGIN_DO_DROP);
		KUNIT_EXPECT_EQ(test, b->l.statsn, b->statsn);

		login_restart(b);
		login_say(test, b, STAY(0), NAMES);
		b->pdu.opcode = others[i];
		b->pdu.verdict = others[i] == 0x1f ? ICORE_REJECT : ICORE_OK;
		login_say(test, b, 0, "");
		EXPECT_FAILED(test, b, ICORE_LOGIN_INVALID_REQUEST);
	}
}

/* LOGIN-04 */
static void login_version(struct kunit *test)
{
	struct login_bench *b = login_bench(test);

	b->pdu.login.version_max = 5;	/* a range that holds 0 */
	login_say(test, b, GO(0, 1), NAMES);
	EXPECT_SENT(test, b, GO(0, 1), TAG);
	login_restart(b);
	b->pdu.login.version_max = 1;
	b->pdu.login.version_min = 1;
	login_say(test, b, GO(2, 2), "rubbish");
	EXPECT_FAILED(test, b, ICORE_LOGIN_BAD_VERSION);
}

/* LOGIN-45 */
static void login_changed_header(struct kunit *test)
{
	struct login_bench *b = login_bench(test);

	for (u32 i = 0; i < 7; i++) {
		const struct icore_pdu *pdu = &b->pdu;
		u8 isid5;

		login_restart(b);
		b->pdu.login.version_min = 0;
		isid5 = pdu->login.isid[5];
		login_say(test, b, GO(0, 1), NAMES);
		EXPECT_SENT(test, b, GO(0, 1), TAG);
		switch (i) {
		case 0:
			b->pdu.itt++;
			break;
		case 1:
			b->pdu.login.isid[5]++;
			break;
		case 2:
			b->pdu.login.tsih++;
			break;
		case 3:
			b->pdu.login.cid++;
			break;
		case 4:
			b->pdu.login.version_max++;
			break;
		case 5:
			b->pdu.login.version_min++;
			break;
		case 6:
			b->pdu.ahs_len = 4;
			break;
		}
		b->pdu.login.csg = 1;
		b->pdu.login.nsg = 3;
		b->pdu.dsl = 0;
		b->action = icore_login_pdu(&b->l, &b->pdu, "");
		b->pdu.login.isid[5] = isid5;	/* what is echoed */
		login_take(test, b);
		EXPECT_FAILED(test, b, ICORE_LOGIN_INITIATOR_ERROR);
	}
}

static void login_bad_pdus(struct kunit *test)
{
	struct login_bench *b = login_bench(test);
	char *data = kunit_kzalloc(test, ICORE_LOGIN_DSL + 1, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, data);
	login_raw(test, b, MORE(1), data, ICORE_LOGIN_DSL + 1);
	KUNIT_EXPECT_EQ(test, b->action, ICORE_LOGIN_DO_DROP);
	KUNIT_EXPECT_NOT_NULL(test, b->l.reason);
	login_say(test, b, GO(1, 3), NAMES);	/* too late */
	KUNIT_EXPECT_EQ(test, b->action, ICORE_LOGIN_DO_DROP);
	KUNIT_EXPECT_FALSE(test, b->binds);
	login_restart(b);
	b->pdu.verdict = ICORE_DROP;
	login_say(test, b, GO(1, 3), NAMES);
	KUNIT_EXPECT_EQ(test, b->action, ICORE_LOGIN_DO_DROP);
	login_restart(b);
	b->pdu.verdict = ICORE_REJECT;
	login_say(test, b, GO(1, 3), NAMES);
	EXPECT_FAILED(test, b, ICORE_LOGIN_INITIATOR_ERROR);
	login_restart(b);
	b->pdu.ahs_len = 8;
	login_say(test, b, GO(1, 3), NAMES);
	EXPECT_FAILED(test, b, ICORE_LOGIN_INITIATOR_ERROR);
}

/* Calls at the wrong time have a defined result, too. */
static void login_out_of_turn(struct kunit *test)
{
	struct login_bench *b = login_bench(test);

	b->action = icore_login_bound(&b->l, &b->policy);
	KUNIT_EXPECT_EQ(test, b->action, ICORE_LOGIN_DO_FAIL);
	KUNIT_EXPECT_EQ(test, b->l.status, ICORE_LOGIN_TARGET_ERROR);
	login_restart(b);
	KUNIT_EXPECT_EQ(test, icore_login_finish(&b->l, 1), ICORE_LOGIN_DO_FAIL);
	login_restart(b);
	login_say(test, b, STAY(1), NAMES);
	KUNIT_EXPECT_EQ(test, icore_login_bound(&b->l, &b->policy), ICORE_LOGIN_DO_FAIL);

	/* a request while the owner is busy: two outstanding (3.1) */
	login_restart(b);
	b->pdu.dsl = sizeof(NAMES);
	b->pdu.login.csg = 1;
	b->pdu.login.nsg = 3;
	b->pdu.login.transit = true;
	memcpy(b->text, NAMES, sizeof(NAMES));
	for (u32 i = 0; i < sizeof(NAMES); i++) {
		if (b->text[i] == '|')
			b->text[i] = '\0';
	}
	KUNIT_ASSERT_EQ(test, icore_login_pdu(&b->l, &b->pdu, b->text), ICORE_LOGIN_DO_BIND);
	KUNIT_EXPECT_EQ(test, icore_login_pdu(&b->l, &b->pdu, b->text), ICORE_LOGIN_DO_FAIL);
	KUNIT_EXPECT_EQ(test, b->l.status, ICORE_LOGIN_INITIATOR_ERROR);

	login_restart(b);
	b->pdu.dsl = sizeof(NAMES);
	b->pdu.login.csg = 1;
	b->pdu.login.nsg = 3;
	b->pdu.login.transit = true;
	KUNIT_ASSERT_EQ(test, icore_login_pdu(&b->l, &b->pdu, b->text), ICORE_LOGIN_DO_BIND);
	KUNIT_ASSERT_EQ(test, icore_login_bound(&b->l, &b->policy), ICORE_LOGIN_DO_ACCEPT);
	KUNIT_EXPECT_EQ(test, icore_login_finish(&b->l, 0), ICORE_LOGIN_DO_FAIL);
}

static struct kunit_case login_cases[] = {
	KUNIT_CASE(login_plain),
	KUNIT_CASE(login_declarations_anywhere),
	KUNIT_CASE(login_discovery),
	KUNIT_CASE(login_discovery_with_target),
	KUNIT_CASE(login_defaults_only),
	KUNIT_CASE(login_security_to_ffp),
	KUNIT_CASE(login_security_to_ffp_detour),
	KUNIT_CASE(login_none_preferred),
	KUNIT_CASE(login_slowly),
	KUNIT_CASE(login_without_tag),
	KUNIT_CASE(login_joining),
	KUNIT_CASE(login_longest_names),
	KUNIT_CASE(login_alias_limit),
	KUNIT_CASE(login_originates),
	KUNIT_CASE(login_window_of_the_session),
	KUNIT_CASE(login_open_iscsi),
	KUNIT_CASE(login_open_iscsi_discovery),
	KUNIT_CASE(login_libiscsi),
	KUNIT_CASE(login_boot_rom_and_bsd),
	KUNIT_CASE_PARAM(login_fails, fail_rows_gen_params),
	KUNIT_CASE(login_no_bind_for_rubbish),
	KUNIT_CASE(login_security_required),
	KUNIT_CASE(login_refused),
	KUNIT_CASE(login_other_pdus),
	KUNIT_CASE(login_version),
	KUNIT_CASE(login_changed_header),
	KUNIT_CASE(login_bad_pdus),
	KUNIT_CASE(login_out_of_turn),
	{}
};

static struct kunit_suite login_suite = {
	.name = "icore_login",
	.test_cases = login_cases,
};

kunit_test_suite(login_suite);
