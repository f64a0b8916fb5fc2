// SPDX-License-Identifier: GPL-2.0
/*
 * See test_login.h. The initiator learns algorithm, identifier and challenge
 * from the text of the responses, as a real one does.
 */
#include "test_login.h"

#define FIRST_STATSN	0xfffffffe	/* wraps in the second response */
#define FIRST_CMDSN	0x11223344
#define SECRET		"initiator secret"
#define MUTUAL_SECRET	"the target's secret"

static const struct icore_offer plain_offer = {
	.header_digest = ICORE_DIGEST_NONE | ICORE_DIGEST_CRC32C,
	.data_digest = ICORE_DIGEST_NONE | ICORE_DIGEST_CRC32C,
	.max_connections = 1,
	.immediate_data = true,
	.pdu_in_order = true,
	.seq_in_order = true,
	.mrdsl = 65536,
	.max_xmit_dsl = 262144,
	.max_burst = 262144,
	.first_burst = 65536,
	.time2wait = 2,
	.time2retain = 20,
	.max_r2t = 1,
};

void login_restart(struct login_bench *b)
{
	struct icore_pdu *pdu = &b->pdu;
	static const u8 isid[6] = { 0x80, 1, 2, 3, 4, 5 };

	test_crypto_reset();
	icore_login_init(&b->l, &test_crypto, b->in, b->out, FIRST_STATSN);
	b->statsn = FIRST_STATSN;
	b->challenge_len = 0;
	b->binds = false;
	b->accepts = false;
	memset(pdu, 0, sizeof(*pdu));
	pdu->opcode = ICORE_OP_LOGIN_REQ;
	pdu->immediate = true;
	pdu->itt = 0xcafe0001;
	pdu->cmdsn = FIRST_CMDSN;
	pdu->login.cid = 9;
	memcpy(pdu->login.isid, isid, sizeof(isid));
}

struct login_bench *login_bench(struct kunit *test)
{
	struct login_bench *b = kunit_kzalloc(test, sizeof(*b), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, b);
	b->in = kunit_kzalloc(test, ICORE_LOGIN_TEXT_MAX, GFP_KERNEL);
	b->out = kunit_kzalloc(test, ICORE_LOGIN_OUT_MAX, GFP_KERNEL);
	b->got = kunit_kzalloc(test, ICORE_LOGIN_DSL + 1, GFP_KERNEL);
	b->text = kunit_kzalloc(test, LOGIN_TEXT_ROOM, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, b->in);
	KUNIT_ASSERT_NOT_NULL(test, b->out);
	KUNIT_ASSERT_NOT_NULL(test, b->got);
	KUNIT_ASSERT_NOT_NULL(test, b->text);
	b->policy.none_ok = true;
	b->policy.send_tpgt = true;
	b->policy.tpgt = 7;
	b->policy.leading = true;
	b->policy.offer = plain_offer;
	login_restart(b);
	return b;
}

void login_use_chap(struct login_bench *b, bool none_ok, bool mutual)
{
	struct icore_chap_cred *c = &b->cred;

	memset(c, 0, sizeof(*c));
	memcpy(c->user, "joe", 4);
	c->secret_len = sizeof(SECRET) - 1;
	memcpy(c->secret, SECRET, c->secret_len);
	c->valid = true;
	if (mutual) {
		memcpy(c->mutual_user, "tgt", 4);
		c->mutual_secret_len = sizeof(MUTUAL_SECRET) - 1;
		memcpy(c->mutual_secret, MUTUAL_SECRET, c->mutual_secret_len);
		c->mutual = true;
	}
	b->policy.cred = c;
	b->policy.none_ok = none_ok;
}

static const char *find_value(const struct login_bench *b, const char *key)
{
	const u32 klen = (u32)strlen(key);

	for (u32 i = 0; i + klen < b->got_len; i++) {
		if ((!i || !b->got[i - 1]) && !memcmp(b->got + i, key, klen))
			return b->got + i + klen;
	}
	return NULL;
}

/* While pairs are still separated by NULs. */
static void learn(struct kunit *test, struct login_bench *b)
{
	const char *alg = find_value(b, "CHAP_A=");
	const char *id = find_value(b, "CHAP_I=");
	const char *challenge = find_value(b, "CHAP_C=");
	u64 value = 0;

	if (!alg || !id || !challenge)
		return;
	KUNIT_EXPECT_TRUE(test, icore_val_num(alg, &value));
	b->alg = (u32)value;
	KUNIT_EXPECT_TRUE(test, icore_val_num(id, &value));
	b->id = (u8)value;
	b->challenge_len = sizeof(b->challenge);
	KUNIT_EXPECT_TRUE(test, icore_val_bin(challenge, b->challenge, &b->challenge_len));
}

void login_take(struct kunit *test, struct login_bench *b)
{
	const char *data = NULL;
	u32 len = 0;
	u32 tsih;

	icore_login_next_pdu(&b->l, &b->bhs, &data, &len);
	b->flags = b->bhs.flags;
	b->status = (u16)(be32_to_cpu(b->bhs.w[ICORE_W36]) >> 16);
	KUNIT_ASSERT_LE(test, len, (u32)ICORE_LOGIN_DSL);
	memcpy(b->got, data, len);
	b->got[len] = '\0';
	b->got_len = len;

	KUNIT_EXPECT_EQ(test, b->bhs.opcode, ICORE_OP_LOGIN_RSP);
	KUNIT_EXPECT_EQ(test, b->bhs.b2, 0);
	KUNIT_EXPECT_EQ(test, b->bhs.b3, 0);
	KUNIT_EXPECT_EQ(test, b->bhs.ahs_words, 0);
	KUNIT_EXPECT_EQ(test, icore_get24(b->bhs.dsl), len);
	KUNIT_EXPECT_MEMEQ(test, b->bhs.lun, b->pdu.login.isid, 6);
	KUNIT_EXPECT_EQ(test, be32_to_cpu(b->bhs.itt), 0xcafe0001);
	KUNIT_EXPECT_EQ(test, be32_to_cpu(b->bhs.w[ICORE_W24]), b->statsn);
	KUNIT_EXPECT_EQ(test, b->l.statsn, b->statsn + 1);
	b->statsn++;
	if (b->action != ICORE_LOGIN_DO_FINISH) {
		KUNIT_EXPECT_EQ(test, be32_to_cpu(b->bhs.w[ICORE_W28]), FIRST_CMDSN);
		KUNIT_EXPECT_EQ(test, be32_to_cpu(b->bhs.w[ICORE_W32]), FIRST_CMDSN);
	}
	/* LOGIN-18 */
	tsih = b->action == ICORE_LOGIN_DO_FINISH ? TEST_TSIH : b->l.tsih;
	KUNIT_EXPECT_EQ(test, icore_get16(b->bhs.lun + 6), tsih);
	/* LOGIN-37 */
	if (b->status) {
		KUNIT_EXPECT_EQ(test, b->flags, 0);
		/* LOGIN-38 */
		KUNIT_EXPECT_EQ(test, len > 0, b->status >> 8 == 1);
	}
	/* LOGIN-12, LOGIN-36 */
	if (b->flags & 0x80) {
		KUNIT_EXPECT_TRUE(test, b->pdu.login.transit);
		KUNIT_EXPECT_LE(test, b->flags & 3, b->pdu.login.nsg);
		KUNIT_EXPECT_FALSE(test, b->flags & 0x40);
	}

	learn(test, b);
	for (u32 i = 0; i + 1 < len; i++) {
		if (!b->got[i])
			b->got[i] = '|';
	}
}

void login_raw(struct kunit *test, struct login_bench *b, u8 flags, const char *data, u32 len)
{
	struct icore_pdu *pdu = &b->pdu;
	struct icore_login *l = &b->l;

	if (pdu->opcode == ICORE_OP_LOGIN_REQ) {
		pdu->flags = flags;
		pdu->login.transit = flags & 0x80;
		pdu->login.cont = flags & 0x40;
		pdu->login.csg = flags >> 2 & 3;
		pdu->login.nsg = flags & 3;
	}
	pdu->dsl = len;
	b->got[0] = '\0';
	b->got_len = 0;
	b->action = icore_login_pdu(l, pdu, data);
	if (b->action == ICORE_LOGIN_DO_BIND) {
		KUNIT_EXPECT_FALSE(test, b->binds);
		b->binds = true;
		if (b->redirect)
			b->action = icore_login_redirect(l, b->redirect);
		else
			b->action = b->refuse ? icore_login_refuse(l, b->refuse, "refused") :
				    icore_login_bound(l, &b->policy);
	}
	if (b->action == ICORE_LOGIN_DO_ACCEPT) {
		KUNIT_EXPECT_TRUE(test, b->binds);
		b->accepts = true;
		b->action = icore_login_finish(l, TEST_TSIH);
	}
	if (b->action != ICORE_LOGIN_DO_DROP)
		login_take(test, b);
}

/* -- texts -- */

static void put_base64(char *p, const u8 *data, u32 len)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				     "0123456789+/";

	*p++ = '0';
	*p++ = 'b';
	for (u32 i = 0; i < len; i += 3) {
		const u32 n = len - i < 3 ? len - i : 3;
		const u32 bits = (u32)data[i] << 16 | (n > 1 ? (u32)data[i + 1] << 8 : 0) |
				 (n > 2 ? data[i + 2] : 0);

		*p++ = digits[bits >> 18];
		*p++ = digits[bits >> 12 & 63];
		*p++ = n > 1 ? digits[bits >> 6 & 63] : '=';
		*p++ = n > 2 ? digits[bits & 63] : '=';
	}
	*p = '\0';
}

static void expand(struct login_bench *b, char what, char *p)
{
	const struct icore_chap_cred *c = &b->cred;
	const bool ours = what == 'M';
	u8 response[ICORE_CHAP_HASH_MAX];
	struct icore_out o;
	char *bytes = p + 4096;

	icore_chap_compute(&test_crypto, b->alg, b->id, ours ? c->mutual_secret : c->secret,
			   ours ? c->mutual_secret_len : c->secret_len, b->challenge,
			   b->challenge_len, response);
	/* The '=' of icore_out_hex() falls on the one that is there already. */
	icore_out_init(&o, p - 1, 4096);
	switch (what) {
	case 'R':
	case 'M':
		icore_out_hex(&o, "", response, icore_chap_len(b->alg));
		break;
	case 'B':
		put_base64(p, response, icore_chap_len(b->alg));
		break;
	case 'W':
		response[0] ^= 1;
		icore_out_hex(&o, "", response, icore_chap_len(b->alg));
		break;
	case 'C':
		icore_out_hex(&o, "", b->challenge, b->challenge_len);
		break;
	case 'D':
	case 'E':
		memset(bytes, 0x5a, 1025);
		icore_out_hex(&o, "", (const u8 *)bytes, what == 'D' ? 1024 : 1025);
		break;
	case 'N':
		memset(p, 'n', ICORE_NAME_MAX);
		memcpy(p, "iqn.2001-04.", 12);
		p[ICORE_NAME_MAX] = '\0';
		break;
	}
}

void login_say(struct kunit *test, struct login_bench *b, u8 flags, const char *text)
{
	char *p = b->text;
	char *data;
	u32 len;

	KUNIT_ASSERT_LT(test, (u32)strlen(text), LOGIN_TEXT_ROOM - 8192u);
	for (; *text; text++) {
		if (*text == '%') {
			expand(b, *++text, p);
			p += strlen(p);
		} else {
			*p++ = *text == '|' ? '\0' : *text;
		}
	}
	if (p != b->text)
		*p++ = '\0';
	len = (u32)(p - b->text);
	/* exactly as long as it is, so that reading on is noticed */
	data = kunit_kzalloc(test, len, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, data);
	memcpy(data, b->text, len);
	login_raw(test, b, flags, data, len);
}
