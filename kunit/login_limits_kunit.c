// SPDX-License-Identifier: GPL-2.0
/*
 * The login phase where texts are long: continuation in both directions, and
 * every limit met exactly and exceeded by one.
 */
#include "test_login.h"

/* -- continuation -- */

static const char long_text[] = NAMES "|SessionType=Normal|InitialR2T=No|HeaderDigest=None|X-a=b";

/* LOGIN-14, LOGIN-15: two PDUs, split at every byte. */
static void login_split_request(struct kunit *test)
{
	struct login_bench *b = login_bench(test);
	const u32 len = sizeof(long_text);
	char *text = kunit_kzalloc(test, len, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, text);
	for (u32 i = 0; i < len; i++)
		text[i] = long_text[i] == '|' ? '\0' : long_text[i];
	for (u32 i = 0; i <= len; i++) {
		login_restart(b);
		login_raw(test, b, MORE(1), text, i);
		EXPECT_SENT(test, b, STAY(1), "");
		KUNIT_EXPECT_FALSE(test, b->binds);
		login_raw(test, b, GO(1, 3), text + i, len - i);
		EXPECT_FINISHED(test, b, GO(1, 3), TAG "|InitialR2T=No|HeaderDigest=None|"
				"X-a=NotUnderstood|" MINE);
	}
}

static void login_split_into_bytes(struct kunit *test)
{
	struct login_bench *b = login_bench(test);
	static const char text[] = "HeaderDigest=None";

	login_say(test, b, GO(0, 1), NAMES);
	for (u32 i = 0; i < sizeof(text) - 1; i++) {
		login_raw(test, b, MORE(1), text + i, 1);
		EXPECT_SENT(test, b, STAY(1), "");
	}
	login_raw(test, b, GO(1, 3), "", 1);
	EXPECT_FINISHED(test, b, GO(1, 3), "HeaderDigest=None|" MINE);
}

/* Stage rules hold inside a continuation as well. */
static void login_split_with_errors(struct kunit *test)
{
	struct login_bench *b = login_bench(test);

	login_raw(test, b, MORE(1), "Init", 4);
	login_raw(test, b, MORE(0), "iator", 5);
	EXPECT_FAILED(test, b, ICORE_LOGIN_INITIATOR_ERROR);
	login_restart(b);
	login_raw(test, b, MORE(2), "Init", 4);
	EXPECT_FAILED(test, b, ICORE_LOGIN_INITIATOR_ERROR);
	login_restart(b);
	login_raw(test, b, MORE(1), "Init", 4);
	b->pdu.opcode = ICORE_OP_NOP_OUT;
	login_say(test, b, 0, "");
	EXPECT_FAILED(test, b, ICORE_LOGIN_INVALID_REQUEST);
}

/*
 * LOGIN-17: an alias beyond what configfs allows makes an answer of more than one
 * PDU. The last part follows the T bit of the request that fetches it.
 */
static void login_split_answer(struct kunit *test)
{
	struct login_bench *b = login_bench(test);
	char *alias = kunit_kzalloc(test, 9001, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, alias);
	memset(alias, 'a', 9000);
	b->policy.alias = alias;
	for (u32 last = 0; last < 2; last++) {
		login_restart(b);
		login_say(test, b, GO(1, 3), NAMES "|HeaderDigest=None");
		KUNIT_EXPECT_EQ(test, b->action, ICORE_LOGIN_DO_SEND);
		KUNIT_EXPECT_EQ(test, b->flags, MORE(1));
		KUNIT_EXPECT_EQ(test, b->got_len, (u32)ICORE_LOGIN_DSL);
		KUNIT_EXPECT_FALSE(test, b->accepts);
		login_say(test, b, last ? GO(1, 3) : STAY(1), "");
		KUNIT_EXPECT_EQ(test, b->got_len, (u32)sizeof(TAG) + 13 + 9000 - ICORE_LOGIN_DSL +
				(u32)sizeof("HeaderDigest=None") + (u32)sizeof(MINE));
		KUNIT_EXPECT_EQ(test, b->flags, last ? GO(1, 3) : STAY(1));
		KUNIT_EXPECT_EQ(test, b->action, last ? ICORE_LOGIN_DO_FINISH :
				ICORE_LOGIN_DO_SEND);
		if (!last) {
			login_say(test, b, GO(1, 3), "DataDigest=None");
			EXPECT_FINISHED(test, b, GO(1, 3), "DataDigest=None");
		}
	}
	login_restart(b);
	login_say(test, b, GO(1, 3), NAMES);
	login_say(test, b, GO(1, 3), "DataDigest=None");
	EXPECT_FAILED(test, b, ICORE_LOGIN_INITIATOR_ERROR);
	login_restart(b);
	login_say(test, b, GO(1, 3), NAMES);
	login_say(test, b, MORE(1), "");
	EXPECT_FAILED(test, b, ICORE_LOGIN_INITIATOR_ERROR);
}

/* What just fits one PDU goes out in one. */
static void login_answer_fits(struct kunit *test)
{
	struct login_bench *b = login_bench(test);
	char *alias = kunit_kzalloc(test, ICORE_LOGIN_DSL, GFP_KERNEL);
	const u32 len = ICORE_LOGIN_DSL - sizeof(TAG) - sizeof("TargetAlias=") - sizeof(MINE);

	KUNIT_ASSERT_NOT_NULL(test, alias);
	memset(alias, 'a', len);
	b->policy.alias = alias;
	login_say(test, b, GO(1, 3), NAMES);
	KUNIT_EXPECT_EQ(test, b->action, ICORE_LOGIN_DO_FINISH);
	KUNIT_EXPECT_EQ(test, b->got_len, (u32)ICORE_LOGIN_DSL);
	alias[len] = 'a';
	login_restart(b);
	login_say(test, b, GO(1, 3), NAMES);
	KUNIT_EXPECT_EQ(test, b->flags, MORE(1));
	login_say(test, b, GO(1, 3), "");
	KUNIT_EXPECT_EQ(test, b->action, ICORE_LOGIN_DO_FINISH);
	KUNIT_EXPECT_EQ(test, b->got_len, 1u);
}

/* What is originated goes behind the last part, and T waits for it. */
static void login_split_answer_originates(struct kunit *test)
{
	struct login_bench *b = login_bench(test);
	char *alias = kunit_kzalloc(test, 9001, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, alias);
	memset(alias, 'a', 9000);
	b->policy.alias = alias;
	b->policy.offer.immediate_data = false;
	login_say(test, b, STAY(1), NAMES);
	KUNIT_EXPECT_EQ(test, b->flags, MORE(1));
	login_say(test, b, GO(1, 3), "");
	KUNIT_EXPECT_EQ(test, b->action, ICORE_LOGIN_DO_SEND);
	KUNIT_EXPECT_EQ(test, b->flags, STAY(1));
	KUNIT_EXPECT_STREQ(test, b->got + b->got_len - sizeof("ImmediateData=No"),
			   "ImmediateData=No");
	login_say(test, b, GO(1, 3), "ImmediateData=No");
	EXPECT_FINISHED(test, b, GO(1, 3), "");
}

static void login_answer_too_long(struct kunit *test)
{
	struct login_bench *b = login_bench(test);
	char *alias = kunit_kzalloc(test, ICORE_LOGIN_OUT_MAX + 1, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, alias);
	memset(alias, 'a', ICORE_LOGIN_OUT_MAX);
	b->policy.alias = alias;
	login_say(test, b, GO(1, 3), NAMES);
	EXPECT_FAILED(test, b, ICORE_LOGIN_NO_RESOURCES);
}

/* -- caps: what is allowed works, one more does not -- */

/* LOGIN-42 */
static void login_cap_pdus(struct kunit *test)
{
	struct login_bench *b = login_bench(test);

	login_say(test, b, STAY(1), NAMES);
	for (u32 i = 1; i < ICORE_LOGIN_PDUS_MAX; i++) {
		login_say(test, b, STAY(1), "");
		KUNIT_ASSERT_EQ(test, b->action, ICORE_LOGIN_DO_SEND);
	}
	login_say(test, b, GO(1, 3), "");
	EXPECT_FAILED(test, b, ICORE_LOGIN_INITIATOR_ERROR);
}

/* LOGIN-16: a key of filling, in several PDUs, up to the last byte. */
static void login_cap_text(struct kunit *test)
{
	struct login_bench *b = login_bench(test);
	char *fill = kunit_kzalloc(test, ICORE_LOGIN_TEXT_MAX, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, fill);
	memset(fill, 'x', ICORE_LOGIN_TEXT_MAX);
	memcpy(fill, "X-fill=", 7);
	for (u32 more = 0; more < 2; more++) {
		const u32 rest = ICORE_LOGIN_TEXT_MAX - sizeof(NAMES) + more;

		login_restart(b);
		login_say(test, b, MORE(1), NAMES);
		fill[rest - 1] = '\0';
		login_raw(test, b, MORE(1), fill, 8192);
		KUNIT_EXPECT_EQ(test, b->action, ICORE_LOGIN_DO_SEND);
		login_raw(test, b, GO(1, 3), fill + 8192, rest - 8192);
		fill[rest - 1] = 'x';
		if (more)
			EXPECT_FAILED(test, b, ICORE_LOGIN_INITIATOR_ERROR);
		else
			EXPECT_FINISHED(test, b, GO(1, 3), TAG "|X-fill=NotUnderstood|" MINE);
	}
}

/* The cap is per stage, over all its texts, and begins anew in the next stage. */
static void login_cap_stage_text(struct kunit *test)
{
	struct login_bench *b = login_bench(test);
	char *fill = kunit_kzalloc(test, 8192, GFP_KERNEL);
	static const char name[] = "InitiatorAlias=";

	KUNIT_ASSERT_NOT_NULL(test, fill);
	memset(fill, 'x', 8191);
	memcpy(fill, name, sizeof(name) - 1);
	login_say(test, b, STAY(0), NAMES);
	login_raw(test, b, STAY(0), fill, 8192);
	EXPECT_SENT(test, b, STAY(0), "");
	login_raw(test, b, MORE(0), fill, 8192);
	EXPECT_FAILED(test, b, ICORE_LOGIN_INITIATOR_ERROR);

	login_restart(b);
	login_say(test, b, STAY(0), NAMES);
	login_raw(test, b, GO(0, 1), fill, 8192);
	EXPECT_SENT(test, b, GO(0, 1), "");
	memcpy(fill, "X-filling------", sizeof(name) - 1);
	fill[14] = '=';
	login_raw(test, b, STAY(1), fill, 8192);
	EXPECT_SENT(test, b, STAY(1), "X-filling-----=NotUnderstood|" MINE);
	memcpy(fill, "X-filled", 8);
	login_raw(test, b, STAY(1), fill, 8192);
	EXPECT_SENT(test, b, STAY(1), "X-filledg-----=NotUnderstood");
	login_raw(test, b, STAY(1), fill, 1);
	EXPECT_FAILED(test, b, ICORE_LOGIN_INITIATOR_ERROR);
}

/* KEYS_MAX pairs: the cap is met by known and unknown keys alike. */
static void login_cap_keys(struct kunit *test)
{
	struct login_bench *b = login_bench(test);
	struct icore_out o;
	char key[16];

	for (u32 n = ICORE_LOGIN_KEYS_MAX; n <= ICORE_LOGIN_KEYS_MAX + 1; n++) {
		char *text = kunit_kzalloc(test, 2048, GFP_KERNEL);

		KUNIT_ASSERT_NOT_NULL(test, text);
		icore_out_init(&o, text, 2048);
		icore_out_str(&o, "InitiatorName", "iqn.2001-04.com.example:init");
		icore_out_str(&o, "TargetName", "iqn.2001-04.com.example:disk");
		for (u32 i = 2; i < n; i++) {
			snprintf(key, sizeof(key), "X-%u", i);
			icore_out_str(&o, key, "");
		}
		login_restart(b);
		login_raw(test, b, GO(1, 3), text, o.len);
		/* at 64 the scan lets it pass and the cap on unknown keys strikes */
		EXPECT_FAILED(test, b, ICORE_LOGIN_INITIATOR_ERROR);
		KUNIT_EXPECT_STREQ(test, b->l.reason, n > ICORE_LOGIN_KEYS_MAX ? "too many keys" :
				   "too many unknown keys");
		KUNIT_EXPECT_EQ(test, b->binds, n == ICORE_LOGIN_KEYS_MAX);
	}
}

static void login_cap_unknown(struct kunit *test)
{
	struct login_bench *b = login_bench(test);
	char key[16];

	login_say(test, b, STAY(1), NAMES);
	for (u32 i = 0; i < ICORE_LOGIN_UNKNOWN_MAX; i++) {
		snprintf(key, sizeof(key), "X-%u=1", i);
		login_say(test, b, STAY(1), key);
		KUNIT_EXPECT_EQ(test, b->action, ICORE_LOGIN_DO_SEND);
	}
	login_say(test, b, STAY(1), "X-one.more=1");
	EXPECT_FAILED(test, b, ICORE_LOGIN_INITIATOR_ERROR);
}

/* E16, and no NUL at all where the buffer ends */
static void login_missing_nul(struct kunit *test)
{
	struct login_bench *b = login_bench(test);

	login_say(test, b, GO(0, 1), NAMES "||");
	EXPECT_SENT(test, b, GO(0, 1), TAG);
	login_raw(test, b, GO(1, 3), "\0\0HeaderDigest=None", 19);
	EXPECT_FINISHED(test, b, GO(1, 3), "HeaderDigest=None|" MINE);
}

static void login_wipes(struct kunit *test)
{
	struct login_bench *b = login_bench(test);

	login_use_chap(b, false, true);
	login_say(test, b, STAY(0), NAMES "|AuthMethod=CHAP");
	login_say(test, b, STAY(0), "CHAP_A=5");
	login_say(test, b, STAY(0), "CHAP_N=joe|CHAP_R=%R|CHAP_I=1|CHAP_C=%D");
	icore_login_wipe(&b->l);
	for (u32 i = 0; i < ICORE_LOGIN_TEXT_MAX; i++)
		KUNIT_ASSERT_EQ(test, b->in[i], 0);
	for (u32 i = 0; i < sizeof(b->l.chap); i++)
		KUNIT_ASSERT_EQ(test, ((u8 *)&b->l.chap)[i], 0);
	KUNIT_EXPECT_NULL(test, b->l.policy.cred);
	login_say(test, b, GO(0, 1), "");
	KUNIT_EXPECT_EQ(test, b->action, ICORE_LOGIN_DO_DROP);
	memset(&b->l, 0, sizeof(b->l));
	icore_login_wipe(&b->l);	/* a slot that was never used */
}

static struct kunit_case limits_cases[] = {
	KUNIT_CASE(login_split_request),
	KUNIT_CASE(login_split_into_bytes),
	KUNIT_CASE(login_split_with_errors),
	KUNIT_CASE(login_split_answer),
	KUNIT_CASE(login_answer_fits),
	KUNIT_CASE(login_split_answer_originates),
	KUNIT_CASE(login_answer_too_long),
	KUNIT_CASE(login_cap_pdus),
	KUNIT_CASE(login_cap_text),
	KUNIT_CASE(login_cap_stage_text),
	KUNIT_CASE(login_cap_keys),
	KUNIT_CASE(login_cap_unknown),
	KUNIT_CASE(login_missing_nul),
	KUNIT_CASE(login_wipes),
	{}
};

static struct kunit_suite limits_suite = {
	.name = "icore_login_limits",
	.test_cases = limits_cases,
};

kunit_test_suite(limits_suite);
