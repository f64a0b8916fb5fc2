// SPDX-License-Identifier: GPL-2.0
/*
 * Keys outside of the login: text negotiation in full feature phase, and which
 * names are known at all.
 */
#include "icore_test.h"

static void keys_known(struct kunit *test)
{
	static const char * const yes[] = { "HeaderDigest", "iSCSIProtocolLevel", "OFMarkInt",
					    "X#NodeArchitecture", "InitiatorName", "TargetAlias" };
	static const char * const no[] = { "headerdigest", "X-foo", "", "AuthMethod", "CHAP_R",
					   "SendTargets", "SRP_U" };

	for (u32 i = 0; i < ARRAY_SIZE(yes); i++)
		KUNIT_EXPECT_TRUE_MSG(test, icore_key_known(yes[i]), "%s", yes[i]);
	for (u32 i = 0; i < ARRAY_SIZE(no); i++)
		KUNIT_EXPECT_FALSE_MSG(test, icore_key_known(no[i]), "%s", no[i]);
}

struct ffp_row {
	const char *key;
	const char *value;
	bool discovery;
	u8 want;
	u32 mrdsl;
	const char *answer;
};

static const struct ffp_row ffp_rows[] = {
	{ "MaxRecvDataSegmentLength", "131072", false, 0, 131072, "" },
	{ "MaxRecvDataSegmentLength", "0x200", false, 0, 512, "" },
	{ "MaxRecvDataSegmentLength", "16777215", false, 0, 16777215, "" },
	{ "MaxRecvDataSegmentLength", "511", false, 4, 0, "" },
	{ "MaxRecvDataSegmentLength", "16777216", false, 4, 0, "" },
	{ "MaxRecvDataSegmentLength", "4294967808", false, 4, 0, "" },
	{ "MaxRecvDataSegmentLength", "Reject", false, 4, 0, "" },
	{ "MaxRecvDataSegmentLength", "8192", true, 4, 0, "" },
	{ "InitiatorAlias", "me", false, 0, 0, "" },
	{ "InitiatorAlias", "me", true, 4, 0, "" },
	{ "X-foo", "bar", false, 0, 0, "X-foo=NotUnderstood" },
	{ "X-foo", "bar", true, 4, 0, "" },
	{ "X-foo", "NotUnderstood", false, 4, 0, "" },
	{ "sendtargets", "All", true, 4, 0, "" },
	{ "SendTargets", "All", false, 4, 0, "" },
	{ "MaxBurstLength", "512", false, 4, 0, "" },
	{ "HeaderDigest", "None", false, 4, 0, "" },
	{ "InitiatorName", "iqn.2001-04.com.example", false, 4, 0, "" },
	{ "TargetName", "iqn.2001-04.com.example", false, 4, 0, "" },
	{ "SessionType", "Normal", false, 4, 0, "" },
	{ "TargetAlias", "x", false, 4, 0, "" },
	{ "TargetAddress", "192.0.2.1", false, 4, 0, "" },
	{ "TargetPortalGroupTag", "1", false, 4, 0, "" },
	{ "AuthMethod", "None", false, 4, 0, "" },
	{ "X#NodeArchitecture", "x", false, 4, 0, "" },
	{ "IFMarkInt", "1~2", false, 4, 0, "" },
	{ "SRP_U", "x", false, 4, 0, "" },
};

static void ffp_desc(const struct ffp_row *row, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s%s=%s", row->discovery ? "disc " : "", row->key,
		 row->value);
}

KUNIT_ARRAY_PARAM(ffp_rows, ffp_rows, ffp_desc);

/* KEY-22, KEY-23, KEY-24, DISC-10 */
static void keys_ffp(struct kunit *test)
{
	const struct ffp_row *row = test->param_value;
	const struct icore_kv kv = { row->key, row->value };
	char buf[64] = "";
	struct icore_out o;
	u32 mrdsl = 0;

	icore_out_init(&o, buf, sizeof(buf));
	KUNIT_EXPECT_EQ(test, icore_ffp_key(&kv, row->discovery, &mrdsl, &o), row->want);
	KUNIT_EXPECT_EQ(test, mrdsl, row->mrdsl);
	KUNIT_EXPECT_STREQ(test, buf, row->answer);
}

static void keys_ffp_overflow(struct kunit *test)
{
	const struct icore_kv kv = { "X-foo", "" };
	struct icore_out o;
	char buf[8];
	u32 mrdsl = 0;

	icore_out_init(&o, buf, sizeof(buf));
	KUNIT_EXPECT_EQ(test, icore_ffp_key(&kv, false, &mrdsl, &o), ICORE_REJECT_PROTOCOL);
}

static struct kunit_case ffp_cases[] = {
	KUNIT_CASE(keys_known),
	KUNIT_CASE_PARAM(keys_ffp, ffp_rows_gen_params),
	KUNIT_CASE(keys_ffp_overflow),
	{}
};

static struct kunit_suite ffp_suite = {
	.name = "icore_keys_ffp",
	.test_cases = ffp_cases,
};

kunit_test_suite(ffp_suite);
