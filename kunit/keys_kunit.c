// SPDX-License-Identifier: GPL-2.0
/*
 * Operational keys: answers, results, integrity rules, what is originated.
 *
 * Texts are written with '|' between pairs. A case feeds one or more logical
 * texts to a fresh negotiation and compares everything that was said.
 */
#include "icore_test.h"

#define TEXT_MAX	4096

/* One negotiation with its buffers. */
struct bench {
	struct icore_nego n;
	struct icore_offer offer;
	struct icore_out out;
	bool hold;
	char in_buf[TEXT_MAX];
	char out_buf[TEXT_MAX];
};

/* Limits that get in nobody's way. */
static const struct icore_offer wide = {
	.header_digest = ICORE_DIGEST_NONE | ICORE_DIGEST_CRC32C,
	.data_digest = ICORE_DIGEST_NONE | ICORE_DIGEST_CRC32C,
	.max_connections = 1,
	.initial_r2t = false,
	.immediate_data = true,
	.pdu_in_order = true,
	.seq_in_order = true,
	.mrdsl = 65536,
	.max_xmit_dsl = 1048576,
	.max_burst = 1048576,
	.first_burst = 262144,
	.time2wait = 2,
	.time2retain = 20,
	.max_r2t = 16,
	.erl = 0,
};

static struct bench *bench(struct kunit *test)
{
	struct bench *b = kunit_kzalloc(test, sizeof(*b), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, b);
	b->offer = wide;
	return b;
}

static void start(struct bench *b, bool discovery, bool leading)
{
	icore_nego_init(&b->n, &b->offer, discovery, leading);
}

/* One logical text; the answers are in b->out, with '|' between them. */
static enum icore_login_status feed(struct bench *b, const char *pairs, bool closing)
{
	struct icore_text t = { .buf = b->in_buf, .cap = TEXT_MAX };
	enum icore_login_status status = ICORE_LOGIN_SUCCESS;
	enum icore_text_result r;
	struct icore_kv kv;
	u32 pos = 0;

	icore_out_init(&b->out, b->out_buf, TEXT_MAX);
	memset(b->out_buf, 0, TEXT_MAX);
	icore_text_add(&t, pairs, (u32)strlen(pairs));
	for (u32 i = 0; i < t.len; i++) {
		if (t.buf[i] == '|')
			t.buf[i] = '\0';
	}
	while (!status && (r = icore_text_next(&t, &pos, &kv)) == ICORE_TEXT_PAIR)
		status = icore_nego_key(&b->n, &kv, &b->out);
	if (!status && r == ICORE_TEXT_BAD)
		return ICORE_LOGIN_TARGET_ERROR;	/* the test is wrong */
	b->n.closing = closing;
	if (!status)
		b->hold = icore_nego_text_end(&b->n, &b->out);
	for (u32 i = 0; i + 1 < b->out.len; i++) {
		if (!b->out_buf[i])
			b->out_buf[i] = '|';
	}
	return status;
}

enum how {
	NORMAL,
	DISCOVERY,
	JOINING,
};

struct key_row {
	const char *pairs;
	enum how how;
	const char *want;	/* answers; NULL: 0200 */
};

static const struct key_row key_rows[] = {
	/* KEY-01, KEY-02, KEY-07 */
	{ "HeaderDigest=None", NORMAL, "HeaderDigest=None" },
	{ "HeaderDigest=CRC32C", NORMAL, "HeaderDigest=CRC32C" },
	{ "HeaderDigest=None,CRC32C", NORMAL, "HeaderDigest=None" },
	{ "HeaderDigest=CRC32C,None", NORMAL, "HeaderDigest=CRC32C" },
	{ "HeaderDigest=Y-foo,CRC32C,None", NORMAL, "HeaderDigest=CRC32C" },
	{ "HeaderDigest=CRC32,CRC32Cx,crc32c,none,None", NORMAL, "HeaderDigest=None" },
	{ "DataDigest=CRC32C,None", NORMAL, "DataDigest=CRC32C" },
	{ "DataDigest=Y-foo", NORMAL, "DataDigest=Reject" },
	{ "DataDigest=", NORMAL, "DataDigest=Reject" },
	{ "HeaderDigest=CRC32C|DataDigest=None", DISCOVERY,
	  "HeaderDigest=CRC32C|DataDigest=None" },
	{ "HeaderDigest=CRC32C", JOINING, "HeaderDigest=CRC32C" },
	/* KEY-03 */
	{ "InitialR2T=Yes", NORMAL, "InitialR2T=Yes" },
	{ "InitialR2T=No", NORMAL, "InitialR2T=No" },
	{ "ImmediateData=Yes", NORMAL, "ImmediateData=Yes" },
	{ "ImmediateData=No", NORMAL, "ImmediateData=No" },
	{ "InitialR2T=yes", NORMAL, NULL },
	{ "InitialR2T=", NORMAL, NULL },
	{ "ImmediateData=No,Yes", NORMAL, NULL },
	{ "DataPDUInOrder=No|DataSequenceInOrder=No", NORMAL,
	  "DataPDUInOrder=Yes|DataSequenceInOrder=Yes" },
	/* KEY-04, KEY-05, KEY-06 */
	{ "MaxConnections=1", NORMAL, "MaxConnections=1" },
	{ "MaxConnections=65535", NORMAL, "MaxConnections=1" },
	{ "MaxConnections=0", NORMAL, "MaxConnections=Reject" },
	{ "MaxConnections=65536", NORMAL, "MaxConnections=Reject" },
	{ "MaxConnections=4294967297", NORMAL, "MaxConnections=Reject" },
	{ "MaxBurstLength=512", NORMAL, "MaxBurstLength=512" },
	{ "MaxBurstLength=511", NORMAL, "MaxBurstLength=Reject" },
	{ "MaxBurstLength=16777215", NORMAL, "MaxBurstLength=1048576" },
	{ "MaxBurstLength=16777216", NORMAL, "MaxBurstLength=Reject" },
	{ "MaxBurstLength=4294967808", NORMAL, "MaxBurstLength=Reject" },
	{ "MaxBurstLength=0x10000", NORMAL, "MaxBurstLength=65536" },
	{ "MaxBurstLength=99999999999999999999", NORMAL, NULL },
	{ "MaxBurstLength=64k", NORMAL, NULL },
	{ "MaxBurstLength=", NORMAL, NULL },
	{ "DefaultTime2Wait=0", NORMAL, "DefaultTime2Wait=2" },
	{ "DefaultTime2Wait=3600", NORMAL, "DefaultTime2Wait=3600" },
	{ "DefaultTime2Wait=3601", NORMAL, "DefaultTime2Wait=Reject" },
	{ "DefaultTime2Retain=0", NORMAL, "DefaultTime2Retain=0" },
	{ "DefaultTime2Retain=3600", NORMAL, "DefaultTime2Retain=20" },
	{ "ErrorRecoveryLevel=0", NORMAL, "ErrorRecoveryLevel=0" },
	{ "ErrorRecoveryLevel=2", NORMAL, "ErrorRecoveryLevel=0" },
	{ "ErrorRecoveryLevel=3", NORMAL, "ErrorRecoveryLevel=Reject" },
	{ "MaxOutstandingR2T=1", NORMAL, "MaxOutstandingR2T=1" },
	{ "MaxOutstandingR2T=0", NORMAL, "MaxOutstandingR2T=Reject" },
	{ "MaxOutstandingR2T=65535", NORMAL, "MaxOutstandingR2T=16" },
	/* MaxRecvDataSegmentLength is declared, no answer; out of range ends it */
	{ "MaxRecvDataSegmentLength=512", NORMAL, "" },
	{ "MaxRecvDataSegmentLength=16777215", DISCOVERY, "" },
	{ "MaxRecvDataSegmentLength=0x40000", JOINING, "" },
	{ "MaxRecvDataSegmentLength=511", NORMAL, NULL },
	{ "MaxRecvDataSegmentLength=16777216", NORMAL, NULL },
	{ "MaxRecvDataSegmentLength=4294967808", NORMAL, NULL },
	{ "MaxRecvDataSegmentLength=x", NORMAL, NULL },
	/* KEY-12, KEY-13 */
	{ "MaxConnections=4|InitialR2T=No|ImmediateData=Yes|MaxBurstLength=512", DISCOVERY,
	  "MaxConnections=Irrelevant|InitialR2T=Irrelevant|ImmediateData=Irrelevant|"
	  "MaxBurstLength=Irrelevant" },
	{ "FirstBurstLength=512|MaxOutstandingR2T=2|DataPDUInOrder=Yes|DataSequenceInOrder=Yes",
	  DISCOVERY,
	  "FirstBurstLength=Irrelevant|MaxOutstandingR2T=Irrelevant|DataPDUInOrder=Irrelevant|"
	  "DataSequenceInOrder=Irrelevant" },
	{ "TaskReporting=FastAbort|iSCSIProtocolLevel=2", DISCOVERY,
	  "TaskReporting=Irrelevant|iSCSIProtocolLevel=Irrelevant" },
	{ "ErrorRecoveryLevel=2|DefaultTime2Wait=5|DefaultTime2Retain=5", DISCOVERY,
	  "ErrorRecoveryLevel=0|DefaultTime2Wait=5|DefaultTime2Retain=5" },
	/* KEY-16, KEY-17 */
	{ "IFMarker=No|OFMarker=No", NORMAL, "IFMarker=No|OFMarker=No" },
	{ "IFMarker=Yes|OFMarker=Yes", NORMAL, "IFMarker=Reject|OFMarker=Reject" },
	{ "IFMarker=maybe", NORMAL, NULL },
	{ "IFMarkInt=2048~8192|OFMarkInt=1", NORMAL, "IFMarkInt=Reject|OFMarkInt=Reject" },
	/* KEY-18, KEY-19 */
	{ "TaskReporting=RFC3720,ResponseFence", NORMAL, "TaskReporting=RFC3720" },
	{ "TaskReporting=FastAbort,ResponseFence,RFC3720", NORMAL, "TaskReporting=ResponseFence" },
	{ "TaskReporting=FastAbort,ResponseFence", NORMAL, "TaskReporting=ResponseFence" },
	{ "TaskReporting=FastAbort", NORMAL, "TaskReporting=Reject" },
	{ "iSCSIProtocolLevel=2", NORMAL, "iSCSIProtocolLevel=2" },
	{ "iSCSIProtocolLevel=1", NORMAL, "iSCSIProtocolLevel=1" },
	{ "iSCSIProtocolLevel=0", NORMAL, "iSCSIProtocolLevel=0" },
	{ "iSCSIProtocolLevel=31", NORMAL, "iSCSIProtocolLevel=2" },
	{ "iSCSIProtocolLevel=32", NORMAL, "iSCSIProtocolLevel=Reject" },
	/* KEY-20 */
	{ "X#NodeArchitecture=Linux,x86", NORMAL, "" },
	/* KEY-21 */
	{ "MaxConnections=1", JOINING, NULL },
	{ "InitialR2T=Yes", JOINING, NULL },
	{ "ImmediateData=Yes", JOINING, NULL },
	{ "MaxBurstLength=512", JOINING, NULL },
	{ "FirstBurstLength=512", JOINING, NULL },
	{ "DefaultTime2Wait=2", JOINING, NULL },
	{ "DefaultTime2Retain=2", JOINING, NULL },
	{ "MaxOutstandingR2T=1", JOINING, NULL },
	{ "DataPDUInOrder=Yes", JOINING, NULL },
	{ "DataSequenceInOrder=Yes", JOINING, NULL },
	{ "ErrorRecoveryLevel=0", JOINING, NULL },
	{ "TaskReporting=RFC3720", JOINING, NULL },
	{ "iSCSIProtocolLevel=1", JOINING, NULL },
	{ "X#NodeArchitecture=x", JOINING, NULL },
	/* KEY-24 and wrong stages */
	{ "TargetAlias=x", NORMAL, NULL },
	{ "TargetAddress=192.0.2.1", NORMAL, NULL },
	{ "TargetPortalGroupTag=1", NORMAL, NULL },
	{ "SendTargets=All", NORMAL, NULL },
	{ "SendTargets=All", DISCOVERY, NULL },
	{ "AuthMethod=None", NORMAL, NULL },
	{ "CHAP_A=5", NORMAL, NULL },
	{ "CHAP_R=0x00", NORMAL, NULL },
	{ "KRB_AP_REQ=0x00", NORMAL, NULL },
	{ "SRP_s=0x00", NORMAL, NULL },
	{ "TargetAuth=Yes", NORMAL, NULL },
	/* duplicates, also of unknown keys */
	{ "HeaderDigest=None|HeaderDigest=None", NORMAL, NULL },
	{ "MaxRecvDataSegmentLength=512|MaxRecvDataSegmentLength=512", NORMAL, NULL },
	{ "X-a=1|X-b=1|X-a=1", NORMAL, NULL },
	/* LOGIN-33, LOGIN-34, LOGIN-35 */
	{ "X-com.example.foo=bar", NORMAL, "X-com.example.foo=NotUnderstood" },
	{ "Unknown=", DISCOVERY, "Unknown=NotUnderstood" },
	{ "MaxBurstlength=512", NORMAL, "MaxBurstlength=NotUnderstood" },
	{ "RDMAExtensions=Yes", JOINING, "RDMAExtensions=NotUnderstood" },
	{ "HeaderDigest=Reject", NORMAL, NULL },
	{ "InitialR2T=Irrelevant", NORMAL, NULL },
	{ "MaxBurstLength=NotUnderstood", NORMAL, NULL },
	{ "MaxBurstLength=Irrelevant", DISCOVERY, NULL },
	{ "TaskReporting=Reject", NORMAL, NULL },
	{ "OFMarker=Irrelevant", NORMAL, NULL },
	{ "IFMarkInt=Irrelevant", NORMAL, NULL },
	{ "X-foo=NotUnderstood", NORMAL, NULL },
	/* answers in the order of offers, but for the two that depend on others */
	{ "ErrorRecoveryLevel=0|FirstBurstLength=65536|X-1=|InitialR2T=No|HeaderDigest=None",
	  NORMAL,
	  "ErrorRecoveryLevel=0|X-1=NotUnderstood|InitialR2T=No|HeaderDigest=None|"
	  "FirstBurstLength=65536" },
};

static void key_desc(const struct key_row *row, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s%s", row->how == DISCOVERY ? "disc " :
		 row->how == JOINING ? "join " : "", row->pairs);
}

KUNIT_ARRAY_PARAM(key_rows, key_rows, key_desc);

static void keys_answer(struct kunit *test)
{
	const struct key_row *row = test->param_value;
	struct bench *b = bench(test);
	char *want = kunit_kzalloc(test, TEXT_MAX, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, want);
	start(b, row->how == DISCOVERY, row->how != JOINING);
	if (!row->want) {
		KUNIT_EXPECT_EQ(test, feed(b, row->pairs, false), ICORE_LOGIN_INITIATOR_ERROR);
		KUNIT_EXPECT_NOT_NULL(test, b->n.why);
		return;
	}
	b->n.declared = true;
	KUNIT_EXPECT_EQ(test, feed(b, row->pairs, false), ICORE_LOGIN_SUCCESS);
	KUNIT_EXPECT_STREQ(test, b->out_buf, row->want);
	KUNIT_EXPECT_FALSE(test, b->hold);
}

/* -- result functions: every offer against every own value -- */

enum fn {
	MIN,
	MAX,
	AND,
	OR,
};

struct result_row {
	const char *key;
	enum fn fn;
	u32 low;
	u32 high;
	u32 own[5];
};

static const struct result_row result_rows[] = {
	{ "MaxConnections", MIN, 1, 65535, { 1, 2, 8, 65534, 65535 } },
	{ "InitialR2T", OR, 0, 1, { 0, 1 } },
	{ "ImmediateData", AND, 0, 1, { 0, 1 } },
	{ "MaxBurstLength", MIN, 512, 16777215, { 512, 4096, 262144, 1048576, 16777215 } },
	{ "FirstBurstLength", MIN, 512, 16777215, { 512, 4096, 65536, 262144, 16777215 } },
	{ "DefaultTime2Wait", MAX, 0, 3600, { 0, 1, 2, 20, 3600 } },
	{ "DefaultTime2Retain", MIN, 0, 3600, { 0, 1, 2, 20, 3600 } },
	{ "MaxOutstandingR2T", MIN, 1, 65535, { 1, 2, 16, 63, 64 } },
	{ "DataPDUInOrder", OR, 0, 1, { 0, 1 } },
	{ "DataSequenceInOrder", OR, 0, 1, { 0, 1 } },
	{ "ErrorRecoveryLevel", MIN, 0, 2, { 0, 1, 2, 2, 2 } },
};

static void result_desc(const struct result_row *row, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s", row->key);
}

KUNIT_ARRAY_PARAM(result_rows, result_rows, result_desc);

static void set_own(struct icore_offer *o, u32 row, u32 own)
{
	switch (row) {
	case 0:
		o->max_connections = (u16)own;
		break;
	case 1:
		o->initial_r2t = own;
		break;
	case 2:
		o->immediate_data = own;
		break;
	case 3:
		o->max_burst = own;
		break;
	case 4:
		o->first_burst = own;
		o->max_burst = 16777215;
		break;
	case 5:
		o->time2wait = (u16)own;
		break;
	case 6:
		o->time2retain = (u16)own;
		break;
	case 7:
		o->max_r2t = (u16)own;
		break;
	case 8:
		o->pdu_in_order = own;
		break;
	case 9:
		o->seq_in_order = own;
		break;
	case 10:
		o->erl = (u8)own;
		break;
	}
}

static u32 get_result(const struct icore_params *p, u32 row)
{
	const u32 all[] = { p->max_connections, p->initial_r2t, p->immediate_data, p->max_burst,
			    p->first_burst, p->time2wait, p->time2retain, p->max_r2t,
			    p->pdu_in_order, p->seq_in_order, p->erl };

	return all[row];
}

static u32 expected(enum fn fn, u32 offer, u32 own)
{
	switch (fn) {
	case MIN:
		return offer < own ? offer : own;
	case MAX:
		return offer > own ? offer : own;
	case AND:
		return offer & own;
	case OR:
		return offer | own;
	}
	return 0;
}

static void keys_result(struct kunit *test)
{
	const struct result_row *row = test->param_value;
	const u32 index = (u32)(row - result_rows);
	const bool boolean = row->fn == AND || row->fn == OR;
	struct bench *b = bench(test);
	char pairs[96];
	char want[64];

	for (u32 i = 0; i < (boolean ? 2 : 5); i++) {
		const u32 offers[] = { row->own[i], row->own[i] + !boolean, row->low, row->high,
				       row->own[i] / 2 };

		for (u32 j = 0; j < ARRAY_SIZE(offers); j++) {
			const u32 offer = offers[j];
			const u32 result = expected(row->fn, offer, row->own[i]);

			if (offer < row->low || offer > row->high)
				continue;
			set_own(&b->offer, index, row->own[i]);
			start(b, false, true);
			b->n.declared = true;
			if (boolean)
				snprintf(pairs, sizeof(pairs), "%s=%s", row->key,
					 offer ? "Yes" : "No");
			else
				/* room for any FirstBurstLength */
				snprintf(pairs, sizeof(pairs), "%s%s=%u",
					 index == 4 ? "MaxBurstLength=16777215|" : "", row->key,
					 offer);
			KUNIT_ASSERT_EQ(test, feed(b, pairs, false), ICORE_LOGIN_SUCCESS);
			if (boolean)
				snprintf(want, sizeof(want), "%s=%s", row->key,
					 result ? "Yes" : "No");
			else
				snprintf(want, sizeof(want), "%s%s=%u",
					 index == 4 ? "MaxBurstLength=16777215|" : "", row->key,
					 result);
			KUNIT_EXPECT_STREQ(test, b->out_buf, want);
			KUNIT_ASSERT_EQ(test, icore_nego_conclude(&b->n), ICORE_LOGIN_SUCCESS);
			KUNIT_EXPECT_EQ_MSG(test, get_result(&b->n.params, index), result,
					    "offer %u own %u", offer, row->own[i]);
		}
	}
}

static void keys_defaults(struct kunit *test)
{
	struct bench *b = bench(test);
	const struct icore_params *p = &b->n.params;

	start(b, false, true);
	KUNIT_EXPECT_EQ(test, icore_nego_conclude(&b->n), ICORE_LOGIN_SUCCESS);
	KUNIT_EXPECT_FALSE(test, p->header_digest);
	KUNIT_EXPECT_FALSE(test, p->data_digest);
	KUNIT_EXPECT_TRUE(test, p->initial_r2t);
	KUNIT_EXPECT_TRUE(test, p->immediate_data);
	KUNIT_EXPECT_TRUE(test, p->pdu_in_order);
	KUNIT_EXPECT_TRUE(test, p->seq_in_order);
	KUNIT_EXPECT_EQ(test, p->max_connections, 1);
	KUNIT_EXPECT_EQ(test, p->time2wait, 2);
	KUNIT_EXPECT_EQ(test, p->time2retain, 20);
	KUNIT_EXPECT_EQ(test, p->max_r2t, 1);
	KUNIT_EXPECT_EQ(test, p->mrdsl_in, 8192u);	/* nothing was declared */
	KUNIT_EXPECT_EQ(test, p->mrdsl_out, 8192u);
	KUNIT_EXPECT_EQ(test, p->max_burst, 262144u);
	KUNIT_EXPECT_EQ(test, p->first_burst, 65536u);
	KUNIT_EXPECT_EQ(test, p->erl, 0);
	KUNIT_EXPECT_EQ(test, p->protocol_level, 1);
	KUNIT_EXPECT_EQ(test, p->task_reporting, ICORE_TASK_RFC3720);
}

/* KEY-08, KEY-09: the two directions are independent, and ours goes out once. */
static void keys_mrdsl(struct kunit *test)
{
	struct bench *b = bench(test);

	start(b, false, true);
	KUNIT_EXPECT_EQ(test, feed(b, "MaxRecvDataSegmentLength=262144", false),
			ICORE_LOGIN_SUCCESS);
	KUNIT_EXPECT_STREQ(test, b->out_buf, "MaxRecvDataSegmentLength=65536");
	KUNIT_EXPECT_EQ(test, feed(b, "", true), ICORE_LOGIN_SUCCESS);
	KUNIT_EXPECT_STREQ(test, b->out_buf, "");
	KUNIT_EXPECT_EQ(test, icore_nego_conclude(&b->n), ICORE_LOGIN_SUCCESS);
	KUNIT_EXPECT_EQ(test, b->n.params.mrdsl_in, 65536u);
	KUNIT_EXPECT_EQ(test, b->n.params.mrdsl_out, 262144u);

	b->offer.max_xmit_dsl = 131072;
	start(b, false, true);
	feed(b, "MaxRecvDataSegmentLength=16777215", false);
	KUNIT_EXPECT_EQ(test, icore_nego_conclude(&b->n), ICORE_LOGIN_SUCCESS);
	KUNIT_EXPECT_EQ(test, b->n.params.mrdsl_out, 131072u);
}

static void keys_levels_in_effect(struct kunit *test)
{
	static const struct {
		const char *pairs;
		u8 task_reporting;
		u8 level;
	} rows[] = {
		{ "TaskReporting=ResponseFence|iSCSIProtocolLevel=0", ICORE_TASK_RESPONSE_FENCE,
		  0 },
		{ "TaskReporting=ResponseFence,RFC3720|iSCSIProtocolLevel=2",
		  ICORE_TASK_RESPONSE_FENCE, 2 },
		{ "TaskReporting=FastAbort|iSCSIProtocolLevel=32", ICORE_TASK_RFC3720, 1 },
	};
	struct bench *b = bench(test);

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		start(b, false, true);
		KUNIT_EXPECT_EQ(test, feed(b, rows[i].pairs, true), ICORE_LOGIN_SUCCESS);
		KUNIT_EXPECT_EQ(test, icore_nego_conclude(&b->n), ICORE_LOGIN_SUCCESS);
		KUNIT_EXPECT_EQ(test, b->n.params.task_reporting, rows[i].task_reporting);
		KUNIT_EXPECT_EQ(test, b->n.params.protocol_level, rows[i].level);
	}
}

static void keys_digests_in_effect(struct kunit *test)
{
	struct bench *b = bench(test);

	start(b, false, true);
	feed(b, "HeaderDigest=CRC32C,None|DataDigest=None,CRC32C", false);
	KUNIT_EXPECT_EQ(test, icore_nego_conclude(&b->n), ICORE_LOGIN_SUCCESS);
	KUNIT_EXPECT_TRUE(test, b->n.params.header_digest);
	KUNIT_EXPECT_FALSE(test, b->n.params.data_digest);
	start(b, false, true);
	feed(b, "HeaderDigest=None|DataDigest=CRC32C", false);
	KUNIT_EXPECT_EQ(test, icore_nego_conclude(&b->n), ICORE_LOGIN_SUCCESS);
	KUNIT_EXPECT_FALSE(test, b->n.params.header_digest);
	KUNIT_EXPECT_TRUE(test, b->n.params.data_digest);
}

struct digest_row {
	u8 mask;
	const char *offer;
	const char *answer;
	bool ok;	/* conclude */
};

static void keys_digest_policy(struct kunit *test)
{
	static const struct digest_row rows[] = {
		{ ICORE_DIGEST_CRC32C, "None,CRC32C", "CRC32C", true },
		{ ICORE_DIGEST_CRC32C, "None", "Reject", false },
		{ ICORE_DIGEST_NONE, "CRC32C,None", "None", true },
		{ ICORE_DIGEST_NONE, "CRC32C", "Reject", true },
	};
	struct bench *b = bench(test);
	char text[64];

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		b->offer.data_digest = rows[i].mask;
		start(b, false, true);
		b->n.declared = true;
		snprintf(text, sizeof(text), "DataDigest=%s", rows[i].offer);
		KUNIT_EXPECT_EQ(test, feed(b, text, true), ICORE_LOGIN_SUCCESS);
		snprintf(text, sizeof(text), "DataDigest=%s", rows[i].answer);
		KUNIT_EXPECT_STREQ(test, b->out_buf, text);
		KUNIT_EXPECT_EQ(test, icore_nego_conclude(&b->n),
				rows[i].ok ? ICORE_LOGIN_SUCCESS : ICORE_LOGIN_INITIATOR_ERROR);
	}
}

struct burst_row {
	const char *name;
	u32 own_max;
	const char *first;	/* text */
	const char *second;	/* text, or NULL */
	const char *want;	/* answers to the last text */
	u32 first_burst;	/* in effect, 0: conclude fails */
};

static const struct burst_row burst_rows[] = {
	{ "capped by MaxBurstLength", 1048576, "FirstBurstLength=65536|MaxBurstLength=4096", NULL,
	  "MaxBurstLength=4096|FirstBurstLength=4096", 4096 },
	{ "the other order", 1048576, "MaxBurstLength=4096|FirstBurstLength=65536", NULL,
	  "MaxBurstLength=4096|FirstBurstLength=4096", 4096 },
	{ "capped by our MaxBurstLength", 8192, "FirstBurstLength=65536", NULL,
	  "FirstBurstLength=8192", 8192 },
	{ "irrelevant", 1048576, "FirstBurstLength=4096|InitialR2T=Yes|ImmediateData=No", NULL,
	  "InitialR2T=Yes|ImmediateData=No|FirstBurstLength=Irrelevant", 65536 },
	{ "irrelevant, default InitialR2T", 1048576, "FirstBurstLength=4096|ImmediateData=No",
	  NULL, "ImmediateData=No|FirstBurstLength=Irrelevant", 65536 },
	{ "relevant by InitialR2T", 1048576,
	  "FirstBurstLength=4096|ImmediateData=No|InitialR2T=No", NULL,
	  "ImmediateData=No|InitialR2T=No|FirstBurstLength=4096", 4096 },
	{ "relevant by ImmediateData", 1048576,
	  "FirstBurstLength=4096|InitialR2T=Yes|ImmediateData=Yes", NULL,
	  "InitialR2T=Yes|ImmediateData=Yes|FirstBurstLength=4096", 4096 },
	{ "default above MaxBurstLength", 1048576, "MaxBurstLength=4096", NULL,
	  "MaxBurstLength=4096", 4096 },
	{ "contradiction in two texts", 1048576, "FirstBurstLength=65536", "MaxBurstLength=4096",
	  "MaxBurstLength=4096", 0 },
	{ "two texts that fit", 1048576, "FirstBurstLength=2048", "MaxBurstLength=4096",
	  "MaxBurstLength=4096", 2048 },
};

static void burst_desc(const struct burst_row *row, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s", row->name);
}

KUNIT_ARRAY_PARAM(burst_rows, burst_rows, burst_desc);

/* KEY-10, KEY-11, LOGIN-41, LOGIN-51 */
static void keys_first_burst(struct kunit *test)
{
	const struct burst_row *row = test->param_value;
	struct bench *b = bench(test);

	b->offer.max_burst = row->own_max;
	start(b, false, true);
	b->n.declared = true;
	KUNIT_EXPECT_EQ(test, feed(b, row->first, false), ICORE_LOGIN_SUCCESS);
	if (row->second)
		KUNIT_EXPECT_EQ(test, feed(b, row->second, false), ICORE_LOGIN_SUCCESS);
	KUNIT_EXPECT_STREQ(test, b->out_buf, row->want);
	if (!row->first_burst) {
		KUNIT_EXPECT_EQ(test, icore_nego_conclude(&b->n), ICORE_LOGIN_INITIATOR_ERROR);
		return;
	}
	KUNIT_EXPECT_EQ(test, icore_nego_conclude(&b->n), ICORE_LOGIN_SUCCESS);
	KUNIT_EXPECT_EQ(test, b->n.params.first_burst, row->first_burst);
}

/* KEY-14, in either order and over two texts */
static void keys_erl_forces_r2t(struct kunit *test)
{
	struct bench *b = bench(test);

	b->offer.erl = 2;
	start(b, false, true);
	b->n.declared = true;
	feed(b, "MaxOutstandingR2T=8|ErrorRecoveryLevel=1", false);
	KUNIT_EXPECT_STREQ(test, b->out_buf, "ErrorRecoveryLevel=1|MaxOutstandingR2T=1");
	start(b, false, true);
	b->n.declared = true;
	feed(b, "MaxOutstandingR2T=8", false);
	KUNIT_EXPECT_STREQ(test, b->out_buf, "MaxOutstandingR2T=8");
	feed(b, "ErrorRecoveryLevel=1", false);
	KUNIT_EXPECT_EQ(test, icore_nego_conclude(&b->n), ICORE_LOGIN_SUCCESS);
	KUNIT_EXPECT_EQ(test, b->n.params.max_r2t, 1);
	b->offer.seq_in_order = false;
	start(b, false, true);
	b->n.declared = true;
	feed(b, "MaxOutstandingR2T=8|ErrorRecoveryLevel=1|DataSequenceInOrder=No", false);
	KUNIT_EXPECT_STREQ(test, b->out_buf,
			   "ErrorRecoveryLevel=1|DataSequenceInOrder=No|MaxOutstandingR2T=8");
}

/* A limit of ours that the initiator never mentioned, asked for once. */
static void keys_originate(struct kunit *test)
{
	struct bench *b = bench(test);

	b->offer.immediate_data = false;
	b->offer.initial_r2t = true;
	b->offer.max_burst = 16384;
	b->offer.first_burst = 4096;
	b->offer.header_digest = ICORE_DIGEST_CRC32C;
	start(b, false, true);
	b->n.declared = true;
	feed(b, "", false);
	KUNIT_EXPECT_FALSE(test, b->hold);
	KUNIT_EXPECT_STREQ(test, b->out_buf, "");
	feed(b, "", true);
	KUNIT_EXPECT_TRUE(test, b->hold);
	/* FirstBurstLength has become irrelevant by ImmediateData=No */
	KUNIT_EXPECT_STREQ(test, b->out_buf,
			   "HeaderDigest=CRC32C|ImmediateData=No|MaxBurstLength=16384");
	KUNIT_EXPECT_EQ(test, feed(b, "MaxBurstLength=8192|HeaderDigest=CRC32C|ImmediateData=No",
				   true), ICORE_LOGIN_SUCCESS);
	KUNIT_EXPECT_STREQ(test, b->out_buf, "");
	KUNIT_EXPECT_FALSE(test, b->hold);
	KUNIT_EXPECT_EQ(test, icore_nego_conclude(&b->n), ICORE_LOGIN_SUCCESS);
	KUNIT_EXPECT_TRUE(test, b->n.params.header_digest);
	KUNIT_EXPECT_FALSE(test, b->n.params.immediate_data);
	KUNIT_EXPECT_EQ(test, b->n.params.max_burst, 8192u);
}

static void keys_originate_first_burst(struct kunit *test)
{
	struct bench *b = bench(test);

	b->offer.first_burst = 4096;
	start(b, false, true);
	b->n.declared = true;
	feed(b, "InitialR2T=Yes", true);
	KUNIT_EXPECT_STREQ(test, b->out_buf, "InitialR2T=Yes|FirstBurstLength=4096");
	KUNIT_EXPECT_TRUE(test, b->hold);
	KUNIT_EXPECT_EQ(test, feed(b, "FirstBurstLength=8192", true), ICORE_LOGIN_INITIATOR_ERROR);
	start(b, false, true);
	feed(b, "", true);
	KUNIT_EXPECT_EQ(test, feed(b, "FirstBurstLength=0", true), ICORE_LOGIN_INITIATOR_ERROR);
	start(b, false, true);
	feed(b, "", true);
	KUNIT_EXPECT_EQ(test, feed(b, "FirstBurstLength=512", true), ICORE_LOGIN_SUCCESS);
	KUNIT_EXPECT_EQ(test, icore_nego_conclude(&b->n), ICORE_LOGIN_SUCCESS);
	KUNIT_EXPECT_EQ(test, b->n.params.first_burst, 512u);
}

/* KEY-10: never an offer above what MaxBurstLength has become. */
static void keys_originate_below_max_burst(struct kunit *test)
{
	struct bench *b = bench(test);

	b->offer.first_burst = 4096;
	start(b, false, true);
	b->n.declared = true;
	feed(b, "MaxBurstLength=512", true);
	KUNIT_EXPECT_STREQ(test, b->out_buf, "MaxBurstLength=512|FirstBurstLength=512");
	KUNIT_EXPECT_EQ(test, feed(b, "FirstBurstLength=512", true), ICORE_LOGIN_SUCCESS);
	KUNIT_EXPECT_EQ(test, icore_nego_conclude(&b->n), ICORE_LOGIN_SUCCESS);
	KUNIT_EXPECT_EQ(test, b->n.params.first_burst, 512u);
}

/* KEY-25: who does not answer is taken at the default, who refuses as well. */
static void keys_originate_unanswered(struct kunit *test)
{
	static const char * const answers[] = {
		"", "MaxBurstLength=Reject", "MaxBurstLength=NotUnderstood",
		"MaxBurstLength=Irrelevant",
	};
	struct bench *b = bench(test);

	b->offer.max_burst = 16384;
	b->offer.immediate_data = false;
	for (u32 i = 0; i < ARRAY_SIZE(answers); i++) {
		start(b, false, true);
		feed(b, "", true);
		KUNIT_EXPECT_TRUE(test, b->hold);
		KUNIT_EXPECT_EQ(test, feed(b, answers[i], true), ICORE_LOGIN_SUCCESS);
		KUNIT_EXPECT_FALSE(test, b->hold);
		KUNIT_EXPECT_STREQ(test, b->out_buf, "");
		KUNIT_EXPECT_EQ(test, icore_nego_conclude(&b->n), ICORE_LOGIN_SUCCESS);
		KUNIT_EXPECT_EQ(test, b->n.params.max_burst, 262144u);
		KUNIT_EXPECT_FALSE(test, b->n.params.immediate_data);
	}
	start(b, false, true);
	feed(b, "", true);
	KUNIT_EXPECT_EQ(test, feed(b, "ImmediateData=Reject", true), ICORE_LOGIN_SUCCESS);
	KUNIT_EXPECT_EQ(test, icore_nego_conclude(&b->n), ICORE_LOGIN_SUCCESS);
	KUNIT_EXPECT_TRUE(test, b->n.params.immediate_data);
}

static void keys_originate_not(struct kunit *test)
{
	struct bench *b = bench(test);

	b->offer.immediate_data = false;
	b->offer.max_burst = 16384;
	start(b, false, true);
	b->n.declared = true;
	feed(b, "ImmediateData=Yes|MaxBurstLength=262144", true);	/* both were mentioned */
	KUNIT_EXPECT_STREQ(test, b->out_buf, "ImmediateData=No|MaxBurstLength=16384");
	KUNIT_EXPECT_FALSE(test, b->hold);
	start(b, true, true);
	feed(b, "", true);
	KUNIT_EXPECT_FALSE(test, b->hold);
	start(b, false, false);
	feed(b, "", true);
	KUNIT_EXPECT_FALSE(test, b->hold);
	b->offer = wide;
	start(b, false, true);
	feed(b, "", true);
	KUNIT_EXPECT_FALSE(test, b->hold);
	b->offer.data_digest = ICORE_DIGEST_CRC32C;	/* needed on every connection */
	start(b, true, false);
	feed(b, "", true);
	KUNIT_EXPECT_TRUE(test, b->hold);
	KUNIT_EXPECT_EQ(test, feed(b, "DataDigest=Reject", true), ICORE_LOGIN_SUCCESS);
	KUNIT_EXPECT_EQ(test, icore_nego_conclude(&b->n), ICORE_LOGIN_INITIATOR_ERROR);
}

static void keys_unknown_are_capped(struct kunit *test)
{
	struct bench *b = bench(test);
	char pairs[ICORE_LOGIN_UNKNOWN_MAX * 8 + 1];
	char one[16];

	start(b, false, true);
	for (u32 i = 0; i < ICORE_LOGIN_UNKNOWN_MAX; i++)
		snprintf(pairs + i * 8, 9, "X-%03u=1|", i);
	KUNIT_EXPECT_EQ(test, feed(b, pairs, false), ICORE_LOGIN_SUCCESS);
	snprintf(one, sizeof(one), "X-%03u=1", ICORE_LOGIN_UNKNOWN_MAX);
	KUNIT_EXPECT_EQ(test, feed(b, one, false), ICORE_LOGIN_INITIATOR_ERROR);
	KUNIT_EXPECT_STREQ(test, b->n.why, "too many unknown keys");
}

static void keys_value_is_bounded(struct kunit *test)
{
	struct bench *b = bench(test);
	char pairs[300] = "X#NodeArchitecture=";
	const u32 at = (u32)strlen(pairs);

	memset(pairs + at, 'a', ICORE_VALUE_MAX);
	start(b, false, true);
	KUNIT_EXPECT_EQ(test, feed(b, pairs, false), ICORE_LOGIN_SUCCESS);
	pairs[at + ICORE_VALUE_MAX] = 'a';
	start(b, false, true);
	KUNIT_EXPECT_EQ(test, feed(b, pairs, false), ICORE_LOGIN_INITIATOR_ERROR);
}

/* Whatever an administrator configured, what goes out is in range. */
static void keys_own_values_are_clamped(struct kunit *test)
{
	struct bench *b = bench(test);

	memset(&b->offer, 0, sizeof(b->offer));
	start(b, false, true);
	feed(b, "MaxConnections=9|MaxOutstandingR2T=9|MaxBurstLength=4096|FirstBurstLength=4096",
	     false);
	KUNIT_EXPECT_STREQ(test, b->out_buf, "MaxConnections=1|MaxBurstLength=512|"
			   "FirstBurstLength=512|MaxOutstandingR2T=1|"
			   "MaxRecvDataSegmentLength=512");
	memset(&b->offer, 0xff, sizeof(b->offer));
	b->offer.initial_r2t = true;
	b->offer.immediate_data = true;
	b->offer.pdu_in_order = true;
	b->offer.seq_in_order = true;
	start(b, false, true);
	feed(b, "MaxOutstandingR2T=65535|DefaultTime2Wait=0|ErrorRecoveryLevel=2", false);
	KUNIT_EXPECT_STREQ(test, b->out_buf, "DefaultTime2Wait=3600|ErrorRecoveryLevel=2|"
			   "MaxOutstandingR2T=1|MaxRecvDataSegmentLength=16777215");
	start(b, false, true);
	feed(b, "MaxOutstandingR2T=65535", false);
	KUNIT_EXPECT_STREQ(test, b->out_buf,
			   "MaxOutstandingR2T=64|MaxRecvDataSegmentLength=16777215");
}

static struct kunit_case keys_cases[] = {
	KUNIT_CASE_PARAM(keys_answer, key_rows_gen_params),
	KUNIT_CASE_PARAM(keys_result, result_rows_gen_params),
	KUNIT_CASE(keys_defaults),
	KUNIT_CASE(keys_mrdsl),
	KUNIT_CASE(keys_levels_in_effect),
	KUNIT_CASE(keys_digests_in_effect),
	KUNIT_CASE(keys_digest_policy),
	KUNIT_CASE_PARAM(keys_first_burst, burst_rows_gen_params),
	KUNIT_CASE(keys_erl_forces_r2t),
	KUNIT_CASE(keys_originate),
	KUNIT_CASE(keys_originate_first_burst),
	KUNIT_CASE(keys_originate_below_max_burst),
	KUNIT_CASE(keys_originate_unanswered),
	KUNIT_CASE(keys_originate_not),
	KUNIT_CASE(keys_unknown_are_capped),
	KUNIT_CASE(keys_value_is_bounded),
	KUNIT_CASE(keys_own_values_are_clamped),
	{}
};

static struct kunit_suite keys_suite = {
	.name = "icore_keys",
	.test_cases = keys_cases,
};

kunit_test_suite(keys_suite);
