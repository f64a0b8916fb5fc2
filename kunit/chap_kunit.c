// SPDX-License-Identifier: GPL-2.0
/*
 * CHAP: arithmetic against known answers (the hash functions of the tests
 * themselves and the vectors of the checklist, 5.1), then the dialogue inside a
 * login, good and bad.
 */
#include "test_login.h"

struct chap_row {
	const char *name;
	enum icore_chap_alg alg;
	u32 len;
	const char *vector;	/* I = 0x2a, "abcdefghijklmnop", C = 00 to 0f */
	const char *abc;	/* hash of "abc" */
	const char *empty;	/* hash of nothing */
};

static const struct chap_row chap_rows[] = {
	{
		"MD5", ICORE_CHAP_MD5, 16,
		"0x06e083bf6e5f435ad587f78569ea9ea2",
		"0x900150983cd24fb0d6963f7d28e17f72",
		"0xd41d8cd98f00b204e9800998ecf8427e",
	},
	{
		"SHA-1", ICORE_CHAP_SHA1, 20,
		"0xcc99d45f7aaab2c85d369c51e4259888266d3f1c",
		"0xa9993e364706816aba3e25717850c26c9cd0d89d",
		"0xda39a3ee5e6b4b0d3255bfef95601890afd80709",
	},
	{
		"SHA-256", ICORE_CHAP_SHA256, 32,
		"0xf5d25ca84f064bf5562bf39de526b7c8f4a4034d0bcb61adec885d8527a17f79",
		"0xba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
		"0xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	},
	{
		"SHA3-256", ICORE_CHAP_SHA3_256, 32,
		"0x3731cad78826b860b8a94b906ee68844cc2b38f0a85106f4ed9c6a0368a72871",
		"0x3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532",
		"0xa7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a",
	},
};

static void chap_desc(const struct chap_row *row, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s", row->name);
}

KUNIT_ARRAY_PARAM(chap_rows, chap_rows, chap_desc);

static void expect_hex(struct kunit *test, const char *hex, const u8 *got, u32 len)
{
	u8 want[ICORE_CHAP_HASH_MAX];
	u32 n = sizeof(want);

	KUNIT_ASSERT_TRUE(test, icore_val_bin(hex, want, &n));
	KUNIT_ASSERT_EQ(test, n, len);
	KUNIT_EXPECT_MEMEQ(test, got, want, len);
}

static void chap_vector(struct kunit *test)
{
	const struct chap_row *row = test->param_value;
	u8 challenge[16];
	u8 out[ICORE_CHAP_HASH_MAX + 1] = { 0 };

	test_crypto_reset();
	for (u32 i = 0; i < sizeof(challenge); i++)
		challenge[i] = (u8)i;
	KUNIT_EXPECT_EQ(test, icore_chap_len(row->alg), row->len);
	out[row->len] = 0xa5;
	KUNIT_ASSERT_EQ(test, icore_chap_compute(&test_crypto, row->alg, 0x2a,
						 "abcdefghijklmnop", 16, challenge,
						 sizeof(challenge), out), 0);
	expect_hex(test, row->vector, out, row->len);
	KUNIT_EXPECT_EQ(test, out[row->len], 0xa5);
}

/* Known answers, and padding at every length around the block sizes. */
static void chap_hash(struct kunit *test)
{
	const struct chap_row *row = test->param_value;
	const struct icore_vec abc[] = { { "a", 1 }, { "", 0 }, { "bc", 2 } };
	u8 one[ICORE_CHAP_HASH_MAX];
	u8 two[ICORE_CHAP_HASH_MAX];
	u8 *data = kunit_kzalloc(test, 300, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, data);
	test_crypto_reset();
	test_crypto.hash(row->alg, abc, 3, one);
	expect_hex(test, row->abc, one, row->len);
	test_crypto.hash(row->alg, abc, 0, one);
	expect_hex(test, row->empty, one, row->len);
	for (u32 len = 0; len < 300; len++) {
		const struct icore_vec whole = { data, len };
		const struct icore_vec parts[] = { { data, len / 3 },
						   { data + len / 3, len - len / 3 } };

		test_crypto.hash(row->alg, &whole, 1, one);
		test_crypto.hash(row->alg, parts, 2, two);
		KUNIT_EXPECT_MEMEQ(test, one, two, row->len);
	}
}

static void chap_fails_when_the_hash_does(struct kunit *test)
{
	u8 out[ICORE_CHAP_HASH_MAX];

	test_crypto_reset();
	test_crypto_error = -12;
	KUNIT_EXPECT_EQ(test, icore_chap_compute(&test_crypto, ICORE_CHAP_MD5, 0, "x", 1,
						 (const u8 *)"y", 1, out), -12);
}

static void chap_len_of_unknown(struct kunit *test)
{
	for (u32 alg = 0; alg < 300; alg++) {
		if (alg < 5 || alg > 8)
			KUNIT_EXPECT_EQ_MSG(test, icore_chap_len(alg), 0u, "%u", alg);
	}
}

/* -- the dialogue -- */

/*
 * A challenge of ours is 16 random bytes (those of the tests count) and the beginning
 * of a hash over the key and these.
 */
static void challenge_bytes(u32 alg, u8 from, u8 bytes[ICORE_CHAP_CHALLENGE_LEN])
{
	const struct icore_vec v[] = {
		{ test_crypto.key, sizeof(test_crypto.key) },
		{ bytes, 16 },
	};
	u8 hash[ICORE_CHAP_HASH_MAX];

	for (u32 i = 0; i < 16; i++)
		bytes[i] = (u8)(from + i);
	test_crypto.hash(alg, v, 2, hash);
	memcpy(bytes + 16, hash, 16);
}

/* "CHAP_A=%u|CHAP_I=1|CHAP_C=0x0203..." */
static const char *challenge(u32 alg)
{
	static char text[128];
	struct icore_out o;
	u8 bytes[ICORE_CHAP_CHALLENGE_LEN];

	challenge_bytes(alg, 2, bytes);
	icore_out_init(&o, text, sizeof(text));
	icore_out_num(&o, "CHAP_A", alg);
	icore_out_num(&o, "CHAP_I", 1);
	icore_out_hex(&o, "CHAP_C", bytes, sizeof(bytes));
	for (u32 i = 0; i + 1 < o.len; i++) {
		if (!text[i])
			text[i] = '|';
	}
	return text;
}

/* As far as the response of the initiator. */
static struct login_bench *challenged(struct kunit *test, bool mutual)
{
	struct login_bench *b = login_bench(test);

	login_use_chap(b, false, mutual);
	login_restart(b);
	login_say(test, b, STAY(0), NAMES "|AuthMethod=CHAP,None");
	EXPECT_SENT(test, b, STAY(0), TAG "|AuthMethod=CHAP");
	login_say(test, b, STAY(0), "CHAP_A=5");
	EXPECT_SENT(test, b, STAY(0), challenge(5));
	return b;
}

/* 3.9, right column, without the target's part; every algorithm, hex and base64 */
static void chap_one_way(struct kunit *test)
{
	const struct chap_row *row = test->param_value;
	struct login_bench *b = login_bench(test);
	char algs[16];

	login_use_chap(b, false, false);
	snprintf(algs, sizeof(algs), "CHAP_A=%u", row->alg);
	for (u32 base64 = 0; base64 < 2; base64++) {
		login_restart(b);
		login_say(test, b, STAY(0), NAMES "|AuthMethod=CHAP,None");
		EXPECT_SENT(test, b, STAY(0), TAG "|AuthMethod=CHAP");
		login_say(test, b, STAY(0), algs);
		EXPECT_SENT(test, b, STAY(0), challenge(row->alg));
		KUNIT_EXPECT_FALSE(test, b->l.authenticated);
		login_say(test, b, GO(0, 1), base64 ? "CHAP_N=joe|CHAP_R=%B" :
			  "CHAP_R=%R|CHAP_N=joe");
		EXPECT_SENT(test, b, GO(0, 1), "");
		KUNIT_EXPECT_TRUE(test, b->l.authenticated);
		login_say(test, b, GO(1, 3), "");
		EXPECT_FINISHED(test, b, GO(1, 3), MINE);
	}
}

/* The target's proof is checked with an independent computation. */
static void chap_mutual(struct kunit *test)
{
	const struct chap_row *row = test->param_value;
	struct login_bench *b = login_bench(test);
	const u8 id = 0xfe;
	static const char challenge_bytes[] = "any challenge";
	const struct icore_vec v[] = {
		{ &id, 1 },
		{ b->cred.mutual_secret, 19 },
		{ challenge_bytes, 13 },
	};
	u8 response[ICORE_CHAP_HASH_MAX];
	struct icore_out o;
	char text[128];

	login_use_chap(b, false, true);
	login_restart(b);
	login_say(test, b, STAY(0), NAMES "|AuthMethod=CHAP");
	snprintf(text, sizeof(text), "CHAP_A=99,%u,5", row->alg);
	login_say(test, b, STAY(0), text);
	EXPECT_SENT(test, b, STAY(0), challenge(row->alg));
	login_say(test, b, GO(0, 3), "CHAP_N=joe|CHAP_R=%R|CHAP_I=0xfe|"
		  "CHAP_C=0x616e79206368616c6c656e6765");
	KUNIT_ASSERT_EQ(test, b->cred.mutual_secret_len, 19u);
	test_crypto.hash(row->alg, v, 3, response);
	icore_out_init(&o, text, sizeof(text));
	icore_out_str(&o, "CHAP_N", "tgt");
	text[o.len - 1] = '|';
	icore_out_hex(&o, "CHAP_R", response, row->len);
	EXPECT_FINISHED(test, b, GO(0, 3), text);
	KUNIT_EXPECT_TRUE(test, b->l.authenticated);
}

/* CHAP-20: boot ROMs send T=1 from the start, it is simply not answered. */
static void chap_premature_transit(struct kunit *test)
{
	struct login_bench *b = login_bench(test);

	login_use_chap(b, true, true);	/* None would do as well, but CHAP was agreed */
	login_restart(b);
	login_say(test, b, GO(0, 3), NAMES "|AuthMethod=CHAP,None");
	EXPECT_SENT(test, b, STAY(0), TAG "|AuthMethod=CHAP");
	login_say(test, b, GO(0, 3), "CHAP_A=5");
	EXPECT_SENT(test, b, STAY(0), challenge(5));
	KUNIT_EXPECT_FALSE(test, b->accepts);
	login_say(test, b, GO(0, 3), "CHAP_N=joe|CHAP_R=%R");
	EXPECT_FINISHED(test, b, GO(0, 3), "");
}

/* ... and leaving out the proof is no way around it, None permitted or not. */
static void chap_cannot_be_left(struct kunit *test)
{
	static const u8 ways[] = { GO(0, 1), GO(0, 3), STAY(0) };

	for (u32 i = 0; i < ARRAY_SIZE(ways); i++) {
		struct login_bench *b = login_bench(test);

		login_use_chap(b, true, false);
		login_restart(b);
		login_say(test, b, STAY(0), NAMES "|AuthMethod=CHAP");
		login_say(test, b, ways[i], "");
		EXPECT_FAILED(test, b, ICORE_LOGIN_MISSING_PARAM);

		login_restart(b);
		login_say(test, b, STAY(0), NAMES "|AuthMethod=CHAP");
		login_say(test, b, STAY(0), "CHAP_A=5");
		login_say(test, b, ways[i], "");
		EXPECT_FAILED(test, b, ICORE_LOGIN_MISSING_PARAM);

		login_restart(b);
		login_say(test, b, STAY(0), NAMES "|AuthMethod=CHAP");
		login_say(test, b, STAY(1), "");
		EXPECT_FAILED(test, b, ICORE_LOGIN_INITIATOR_ERROR);
	}
}

static void chap_no_transit_asked(struct kunit *test)
{
	struct login_bench *b = challenged(test, false);

	login_say(test, b, STAY(0), "CHAP_N=joe|CHAP_R=%R");
	EXPECT_SENT(test, b, STAY(0), "");
	login_say(test, b, GO(0, 1), "");
	EXPECT_SENT(test, b, GO(0, 1), "");
}

struct alg_row {
	const char *offer;
	u32 available;	/* bits */
	int want;	/* -1: 0201, -2: 0200 */
};

static const struct alg_row alg_rows[] = {
	{ "5", ~0u, 5 },
	{ "7,6,5", ~0u, 7 },
	{ "5,7", ~0u, 5 },
	{ "8,7", 1 << 7, 7 },
	{ "7,5", 1 << 5, 5 },
	{ "8,7,6", 1 << 5, -1 },
	{ "56", ~0u, -1 },
	{ "55,5", ~0u, 5 },
	{ "4,9,0,6", ~0u, 6 },
	{ "0x5", ~0u, 5 },
	{ "0x00005", ~0u, 5 },
	{ "0x000005,6", ~0u, 6 },	/* longer than any numeral we know */
	{ "261,5", ~0u, 5 },
	{ "261", ~0u, -1 },
	{ "05", ~0u, -1 },
	{ " 5", ~0u, -1 },
	{ "MD5", ~0u, -1 },
	{ "", ~0u, -1 },
	{ ",,5", ~0u, 5 },
	{ "99999999999999999999999,6", ~0u, 6 },
	{ "Reject", ~0u, -2 },
	{ "Irrelevant", ~0u, -2 },
};

static void alg_desc(const struct alg_row *row, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "\"%s\" of 0x%x", row->offer, row->available);
}

KUNIT_ARRAY_PARAM(alg_rows, alg_rows, alg_desc);

/* CHAP-02, CHAP-03, CHAP-04 */
static void chap_algorithm(struct kunit *test)
{
	const struct alg_row *row = test->param_value;
	struct login_bench *b = login_bench(test);
	char text[64];

	login_use_chap(b, false, false);
	login_restart(b);
	test_crypto_algs = row->available;
	login_say(test, b, STAY(0), NAMES "|AuthMethod=CHAP");
	snprintf(text, sizeof(text), "CHAP_A=%s", row->offer);
	login_say(test, b, STAY(0), text);
	if (row->want > 0)
		EXPECT_SENT(test, b, STAY(0), challenge((u32)row->want));
	else
		EXPECT_FAILED(test, b, row->want == -1 ? ICORE_LOGIN_AUTH_FAILED :
			      ICORE_LOGIN_INITIATOR_ERROR);
}

struct proof_row {
	const char *name;
	const char *text;
	u16 one_way;	/* status with a one-way credential */
	u16 mutual;	/* and with a mutual one */
};

#define OK	ICORE_LOGIN_SUCCESS
#define BAD	ICORE_LOGIN_INITIATOR_ERROR
#define DENIED	ICORE_LOGIN_AUTH_FAILED
#define MISSING	ICORE_LOGIN_MISSING_PARAM

static const struct proof_row proof_rows[] = {
	{ "right", "CHAP_N=joe|CHAP_R=%R", OK, OK },
	{ "right, base64", "CHAP_N=joe|CHAP_R=%B", OK, OK },
	{ "mutual", "CHAP_N=joe|CHAP_R=%R|CHAP_I=0|CHAP_C=0x00", DENIED, OK },
	{ "mutual, base64", "CHAP_N=joe|CHAP_R=%R|CHAP_I=255|CHAP_C=0bAAEC", DENIED, OK },
	{ "mutual, 1024 bytes", "CHAP_N=joe|CHAP_R=%R|CHAP_I=1|CHAP_C=%D", DENIED, OK },
	/* CHAP-09 */
	{ "mutual, 1025 bytes", "CHAP_N=joe|CHAP_R=%R|CHAP_I=1|CHAP_C=%E", BAD, BAD },
	/* CHAP-10, CHAP-21 */
	{ "wrong response", "CHAP_N=joe|CHAP_R=%W", DENIED, DENIED },
	{ "unknown name", "CHAP_N=jane|CHAP_R=%R", DENIED, DENIED },
	{ "name in capitals", "CHAP_N=JOE|CHAP_R=%R", DENIED, DENIED },
	{ "longer name", "CHAP_N=joe1|CHAP_R=%R", DENIED, DENIED },
	{ "shorter name", "CHAP_N=jo|CHAP_R=%R", DENIED, DENIED },
	{ "no name", "CHAP_N=|CHAP_R=%R", DENIED, DENIED },
	{ "name of the target", "CHAP_N=tgt|CHAP_R=%M", DENIED, DENIED },
	{ "wrong response, mutual", "CHAP_N=joe|CHAP_R=%W|CHAP_I=1|CHAP_C=0x01", DENIED, DENIED },
	/* CHAP-11 */
	{ "no response", "CHAP_N=joe", MISSING, MISSING },
	{ "only a response", "CHAP_R=%R", MISSING, MISSING },
	{ "only a challenge", "CHAP_I=1|CHAP_C=0x01", MISSING, MISSING },
	/* CHAP-12 */
	{ "short response", "CHAP_N=joe|CHAP_R=0x00", BAD, BAD },
	{ "long response", "CHAP_N=joe|CHAP_R=%R00", BAD, BAD },
	{ "very long response", "CHAP_N=joe|CHAP_R=%D", BAD, BAD },
	{ "malformed response", "CHAP_N=joe|CHAP_R=zero", BAD, BAD },
	{ "empty response", "CHAP_N=joe|CHAP_R=", BAD, BAD },
	{ "Reject as response", "CHAP_N=joe|CHAP_R=Reject", BAD, BAD },
	/* CHAP-13, CHAP-14 */
	{ "reflected challenge", "CHAP_N=joe|CHAP_R=%R|CHAP_I=9|CHAP_C=%C", DENIED, DENIED },
	{ "reflected, more digits", "CHAP_N=joe|CHAP_R=%R|CHAP_I=9|CHAP_C=%C00", DENIED, OK },
	{ "beginning of our challenge", "CHAP_N=joe|CHAP_R=%R|CHAP_I=9|CHAP_C=0x0203", DENIED, OK },
	{ "as long as our challenge",
	  "CHAP_N=joe|CHAP_R=%R|CHAP_I=9|CHAP_C="
	  "0x0102030405060708091011121314151617181920212223242526272829303132", DENIED, OK },
	{ "made with our secret", "CHAP_N=joe|CHAP_R=%M", DENIED, DENIED },
	/* CHAP-16 */
	{ "CHAP_I alone", "CHAP_N=joe|CHAP_R=%R|CHAP_I=1", MISSING, MISSING },
	{ "CHAP_C alone", "CHAP_N=joe|CHAP_R=%R|CHAP_C=0x01", MISSING, MISSING },
	{ "CHAP_I too large", "CHAP_N=joe|CHAP_R=%R|CHAP_I=256|CHAP_C=0x01", BAD, BAD },
	{ "CHAP_I malformed", "CHAP_N=joe|CHAP_R=%R|CHAP_I=-1|CHAP_C=0x01", BAD, BAD },
	{ "CHAP_I wraps", "CHAP_N=joe|CHAP_R=%R|CHAP_I=4294967297|CHAP_C=0x01", BAD, BAD },
	{ "CHAP_C empty", "CHAP_N=joe|CHAP_R=%R|CHAP_I=1|CHAP_C=0x", BAD, BAD },
	{ "CHAP_C malformed", "CHAP_N=joe|CHAP_R=%R|CHAP_I=1|CHAP_C=1", BAD, BAD },
	/* other steps */
	{ "CHAP_A again", "CHAP_N=joe|CHAP_R=%R|CHAP_A=5", BAD, BAD },
	{ "AuthMethod again", "AuthMethod=None|CHAP_N=joe|CHAP_R=%R", BAD, BAD },
	{ "CHAP_R twice", "CHAP_N=joe|CHAP_R=%W|CHAP_R=%R", BAD, BAD },
	{ "operational key", "CHAP_N=joe|CHAP_R=%R|HeaderDigest=None", BAD, BAD },
};

static void proof_desc(const struct proof_row *row, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s", row->name);
}

KUNIT_ARRAY_PARAM(proof_rows, proof_rows, proof_desc);

static void chap_proof(struct kunit *test)
{
	const struct proof_row *row = test->param_value;

	for (u32 mutual = 0; mutual < 2; mutual++) {
		struct login_bench *b = challenged(test, mutual);
		const u16 want = mutual ? row->mutual : row->one_way;

		login_say(test, b, GO(0, 1), row->text);
		KUNIT_EXPECT_EQ(test, b->status, want);
		KUNIT_EXPECT_EQ(test, b->action, want ? ICORE_LOGIN_DO_FAIL : ICORE_LOGIN_DO_SEND);
		KUNIT_EXPECT_EQ(test, b->l.authenticated, !want);
	}
}

/* What fails must not tell why: same status, same reason, same work. */
static void chap_failures_look_alike(struct kunit *test)
{
	static const char * const texts[] = { "CHAP_N=joe|CHAP_R=%W", "CHAP_N=eve|CHAP_R=%W",
					      "CHAP_N=eve|CHAP_R=%R" };
	const char *reason = NULL;
	u32 hashes = 0;

	for (u32 i = 0; i < ARRAY_SIZE(texts); i++) {
		struct login_bench *b = challenged(test, true);

		test_crypto_hashes = 0;
		login_say(test, b, GO(0, 1), texts[i]);
		EXPECT_FAILED(test, b, ICORE_LOGIN_AUTH_FAILED);
		if (!i) {
			reason = b->l.reason;
			hashes = test_crypto_hashes;
		}
		KUNIT_EXPECT_PTR_EQ(test, b->l.reason, reason);
		KUNIT_EXPECT_EQ(test, test_crypto_hashes, hashes);
	}
}

/* Equal secrets are refused where they are configured; if not, nobody gets in. */
static void chap_equal_secrets(struct kunit *test)
{
	struct login_bench *b = challenged(test, true);

	memcpy(b->cred.mutual_secret, b->cred.secret, sizeof(b->cred.secret));
	b->cred.mutual_secret_len = b->cred.secret_len;
	login_say(test, b, GO(0, 1), "CHAP_N=joe|CHAP_R=%R");
	EXPECT_FAILED(test, b, ICORE_LOGIN_AUTH_FAILED);
}

/* CHAP-13: also that of another login, under another hash, or with a hash now missing. */
static void chap_reflected_elsewhere(struct kunit *test)
{
	static const u32 algs[] = { 5, 6, 7, 8 };

	for (u32 i = 0; i < ARRAY_SIZE(algs); i++) {
		u8 bytes[ICORE_CHAP_CHALLENGE_LEN];
		char text[256] = "CHAP_N=joe|CHAP_R=%R|CHAP_I=9|";
		const u32 begin = (u32)strlen(text);
		struct login_bench *b;
		struct icore_out o;

		for (u32 flip = 0; flip < 2; flip++) {
			b = challenged(test, true);
			challenge_bytes(algs[i], 0x77, bytes);
			bytes[31] ^= (u8)flip;
			icore_out_init(&o, text + begin, sizeof(text) - begin);
			icore_out_hex(&o, "CHAP_C", bytes, sizeof(bytes));
			login_say(test, b, GO(0, 1), text);
			KUNIT_EXPECT_EQ(test, b->status, flip ? OK : DENIED);
		}
	}
}

/* CHAP-19: one-way it is of no importance. */
static void chap_short_secret_of_ours(struct kunit *test)
{
	for (u32 len = 10; len < 14; len++) {
		struct login_bench *b = challenged(test, true);

		b->cred.mutual_secret_len = len;
		login_say(test, b, GO(0, 1), "CHAP_N=joe|CHAP_R=%R|CHAP_I=1|CHAP_C=0x01");
		KUNIT_EXPECT_EQ(test, b->status, len < 12 ? DENIED : OK);
		b = challenged(test, true);
		b->cred.mutual_secret_len = len;
		login_say(test, b, GO(0, 1), "CHAP_N=joe|CHAP_R=%R");
		KUNIT_EXPECT_EQ(test, b->status, OK);
	}
}

/* CHAP-06: another attempt, another identifier, another challenge. */
static void chap_fresh_challenge(struct kunit *test)
{
	struct login_bench *b = challenged(test, false);
	u8 first[ICORE_CHAP_CHALLENGE_LEN];
	u8 id = b->id;

	KUNIT_EXPECT_EQ(test, b->challenge_len, (u32)ICORE_CHAP_CHALLENGE_LEN);
	memcpy(first, b->challenge, sizeof(first));
	icore_login_init(&b->l, &test_crypto, b->in, b->out, b->statsn);
	b->binds = false;
	login_say(test, b, STAY(0), NAMES "|AuthMethod=CHAP");
	login_say(test, b, STAY(0), "CHAP_A=5");
	KUNIT_EXPECT_NE(test, b->id, id);
	KUNIT_EXPECT_NE(test, memcmp(b->challenge, first, sizeof(first)), 0);
}

static void chap_longest_secrets(struct kunit *test)
{
	struct login_bench *b = challenged(test, false);
	char text[512] = "CHAP_N=";

	memset(b->cred.user, 'u', ICORE_SECRET_MAX);
	memset(b->cred.secret, 's', ICORE_SECRET_MAX);
	b->cred.secret_len = ICORE_SECRET_MAX;
	memcpy(text + 7, b->cred.user, ICORE_SECRET_MAX);
	memcpy(text + 7 + ICORE_SECRET_MAX, "|CHAP_R=%R", 11);
	login_say(test, b, GO(0, 1), text);
	EXPECT_SENT(test, b, GO(0, 1), "");
	b = challenged(test, false);
	memcpy(text + 7 + ICORE_SECRET_MAX, "u|CHAP_R=%R", 12);
	login_say(test, b, GO(0, 1), text);
	EXPECT_FAILED(test, b, ICORE_LOGIN_INITIATOR_ERROR);
}

/* Secrets may hold any byte, also NUL; the length counts (CHAP-18). */
static void chap_binary_secret(struct kunit *test)
{
	struct login_bench *b = challenged(test, false);

	b->cred.secret[3] = '\0';
	login_say(test, b, GO(0, 1), "CHAP_N=joe|CHAP_R=%R");
	EXPECT_SENT(test, b, GO(0, 1), "");
	b = challenged(test, false);
	b->cred.secret_len = 3;
	login_say(test, b, GO(0, 1), "CHAP_N=joe|CHAP_R=%R");
	EXPECT_SENT(test, b, GO(0, 1), "");
}

static void chap_steps(struct kunit *test)
{
	struct login_bench *b = login_bench(test);

	login_use_chap(b, false, true);
	login_restart(b);
	login_say(test, b, STAY(0), NAMES "|AuthMethod=CHAP|CHAP_A=5");
	EXPECT_FAILED(test, b, BAD);
	login_restart(b);
	login_say(test, b, STAY(0), NAMES "|AuthMethod=CHAP");
	login_say(test, b, STAY(0), "CHAP_A=5|CHAP_N=joe");
	EXPECT_FAILED(test, b, BAD);
	login_restart(b);
	login_say(test, b, STAY(0), NAMES "|AuthMethod=CHAP");
	login_say(test, b, STAY(0), "CHAP_N=joe|CHAP_R=0x00");
	EXPECT_FAILED(test, b, BAD);
	login_restart(b);
	login_say(test, b, STAY(0), NAMES "|AuthMethod=CHAP");
	login_say(test, b, STAY(0), "CHAP_A=5|CHAP_I=1");
	EXPECT_FAILED(test, b, BAD);
	login_restart(b);
	login_say(test, b, STAY(0), NAMES "|AuthMethod=CHAP");
	login_say(test, b, STAY(0), "CHAP_A=5|CHAP_C=0x01");
	EXPECT_FAILED(test, b, BAD);
	login_restart(b);
	login_say(test, b, STAY(0), NAMES "|AuthMethod=CHAP");
	login_say(test, b, STAY(0), "AuthMethod=None");
	EXPECT_FAILED(test, b, BAD);
	b = challenged(test, false);
	login_say(test, b, STAY(0), "CHAP_N=joe|CHAP_R=%R");
	login_say(test, b, STAY(0), "CHAP_N=joe|CHAP_R=%R");
	EXPECT_FAILED(test, b, BAD);
}

static void chap_hash_fails(struct kunit *test)
{
	struct login_bench *b = challenged(test, true);

	login_say(test, b, MORE(0), "CHAP_N=joe");
	test_crypto_error = -22;
	login_raw(test, b, GO(0, 1), "CHAP_R=0x00112233445566778899aabbccddeeff", 41);
	EXPECT_FAILED(test, b, ICORE_LOGIN_TARGET_ERROR);
	KUNIT_EXPECT_FALSE(test, b->l.authenticated);
}

/* ... while the target proves itself */
static void chap_last_hash_fails(struct kunit *test)
{
	struct login_bench *b = challenged(test, true);

	login_say(test, b, MORE(0), "CHAP_N=joe|CHAP_R=%R|CHAP_I=1");
	test_crypto_hashes = 0;
	test_crypto_good = 2;
	test_crypto_error = -22;
	login_raw(test, b, GO(0, 1), "CHAP_C=0x01", 12);
	EXPECT_FAILED(test, b, ICORE_LOGIN_TARGET_ERROR);
	KUNIT_EXPECT_FALSE(test, b->l.authenticated);
}

/* Lists are bounded like every other value: 255 bytes, not 256. */
static void chap_long_lists(struct kunit *test)
{
	struct login_bench *b = login_bench(test);
	char *text = kunit_kzalloc(test, 512, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, text);
	login_use_chap(b, false, false);
	for (u32 more = 0; more < 2; more++) {
		login_restart(b);
		memset(text, 0, 512);
		memcpy(text, "AuthMethod=", 11);
		memset(text + 11, ',', ICORE_VALUE_MAX - 4 + more);
		memcpy(text + 11 + ICORE_VALUE_MAX - 4 + more, "CHAP|" NAMES,
		       sizeof("CHAP|" NAMES));
		login_say(test, b, STAY(0), text);
		KUNIT_EXPECT_EQ(test, b->status, more ? BAD : OK);

		login_restart(b);
		login_say(test, b, STAY(0), NAMES "|AuthMethod=CHAP");
		memset(text, 0, 512);
		memcpy(text, "CHAP_A=", 7);
		memset(text + 7, ',', ICORE_VALUE_MAX - 1 + more);
		text[7 + ICORE_VALUE_MAX - 1 + more] = '5';
		login_say(test, b, STAY(0), text);
		KUNIT_EXPECT_EQ(test, b->status, more ? BAD : OK);
	}
}

/* Order and declarations do not matter inside a step, nor does a split. */
static void chap_split(struct kunit *test)
{
	struct login_bench *b = challenged(test, true);

	login_say(test, b, MORE(0), "CHAP_C=%D");
	EXPECT_SENT(test, b, STAY(0), "");
	login_say(test, b, MORE(0), "InitiatorAlias=x|CHAP_R=%R");
	login_say(test, b, GO(0, 1), "CHAP_I=3|CHAP_N=joe");
	KUNIT_EXPECT_EQ(test, b->flags, GO(0, 1));
	KUNIT_EXPECT_TRUE(test, b->l.authenticated);
}

static struct kunit_case chap_cases[] = {
	KUNIT_CASE_PARAM(chap_vector, chap_rows_gen_params),
	KUNIT_CASE_PARAM(chap_hash, chap_rows_gen_params),
	KUNIT_CASE(chap_fails_when_the_hash_does),
	KUNIT_CASE(chap_len_of_unknown),
	KUNIT_CASE_PARAM(chap_one_way, chap_rows_gen_params),
	KUNIT_CASE_PARAM(chap_mutual, chap_rows_gen_params),
	KUNIT_CASE(chap_premature_transit),
	KUNIT_CASE(chap_cannot_be_left),
	KUNIT_CASE(chap_no_transit_asked),
	KUNIT_CASE_PARAM(chap_algorithm, alg_rows_gen_params),
	KUNIT_CASE_PARAM(chap_proof, proof_rows_gen_params),
	KUNIT_CASE(chap_failures_look_alike),
	KUNIT_CASE(chap_equal_secrets),
	KUNIT_CASE(chap_reflected_elsewhere),
	KUNIT_CASE(chap_short_secret_of_ours),
	KUNIT_CASE(chap_fresh_challenge),
	KUNIT_CASE(chap_longest_secrets),
	KUNIT_CASE(chap_binary_secret),
	KUNIT_CASE(chap_steps),
	KUNIT_CASE(chap_hash_fails),
	KUNIT_CASE(chap_last_hash_fails),
	KUNIT_CASE(chap_long_lists),
	KUNIT_CASE(chap_split),
	{}
};

static struct kunit_suite chap_suite = {
	.name = "icore_chap",
	.test_cases = chap_cases,
};

kunit_test_suite(chap_suite);
