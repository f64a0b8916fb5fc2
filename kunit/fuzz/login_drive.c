// SPDX-License-Identifier: GPL-2.0
/*
 * The target around the login machine: it acts. What it makes of the machine's
 * answers is in login_judge.c.
 */
#include "login_judge.h"

static const struct icore_offer plain_offer = {
	.header_digest = ICORE_DIGEST_NONE | ICORE_DIGEST_CRC32C,
	.data_digest = ICORE_DIGEST_NONE | ICORE_DIGEST_CRC32C,
	.max_connections = 1,
	.initial_r2t = true,
	.immediate_data = true,
	.pdu_in_order = true,
	.seq_in_order = true,
	.mrdsl = 65536,
	.max_xmit_dsl = 262144,
	.max_burst = 262144,
	.first_burst = 65536,
	.time2wait = 2,
	.time2retain = 20,
	.max_r2t = 4,
};

static const struct icore_chap_cred plain_cred = {
	.user = "user",
	.secret = "secretsecret",
	.mutual_user = "target",
	.mutual_secret = "mutualmutual",
	.secret_len = 12,
	.mutual_secret_len = 12,
	.valid = true,
};

static struct icore_offer make_offer(u8 how)
{
	struct icore_offer o = plain_offer;

	if (how & 1)
		o.header_digest = ICORE_DIGEST_CRC32C;
	if (how & 2)
		o.data_digest = ICORE_DIGEST_CRC32C;
	o.immediate_data = !(how & 4);
	o.initial_r2t = !(how & 8);
	if (how & 0x10) {
		o.max_burst = 4096;
		o.first_burst = 1024;
		o.time2wait = 0;
		o.time2retain = 0;
	}
	if (how & 0x20) {
		o.max_burst = ICORE_DSL_FIELD_MAX;
		o.first_burst = ICORE_DSL_FIELD_MAX;
		o.max_r2t = 65535;
		o.max_connections = 8;
		o.erl = 2;
	}
	if (how & 0x40)
		o.mrdsl = 512;
	return o;
}

void drive_init(struct drive *d, u8 flags, u8 offer)
{
	memset(d, 0, sizeof(*d));
	test_crypto_reset();
	d->cred = plain_cred;
	d->cred.mutual = flags & 1;
	d->policy.none_ok = flags & 2;
	d->policy.cred = flags & 4 ? &d->cred : NULL;
	d->policy.alias = flags & 8 ? "alias" : NULL;
	d->policy.send_tpgt = true;
	d->policy.tpgt = 1;
	d->policy.leading = !(offer & 0x80);
	d->policy.offer = make_offer(offer);
	d->refuse_bind = (flags & 0x30) == 0x30;
	d->refuse_accept = (flags & 0xc0) == 0xc0;
	icore_login_init(&d->l, &test_crypto, d->in, d->out, DRIVE_STATSN);
}

static u32 put_hex(char *to, const u8 *p, u32 len)
{
	static const char digits[] = "0123456789abcdef";

	*to++ = '0';
	*to++ = 'x';
	for (u32 i = 0; i < len; i++) {
		*to++ = digits[p[i] >> 4];
		*to++ = digits[p[i] & 0xf];
	}
	return 2 + 2 * len;
}

static u32 put_base64(char *to, const u8 *p, u32 len)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char *begin = to;

	*to++ = '0';
	*to++ = 'b';
	for (u32 i = 0; i < len; i += 3) {
		u32 have = min(len - i, 3u);
		u32 bits = (u32)p[i] << 16;

		bits |= have > 1 ? (u32)p[i + 1] << 8 : 0;
		bits |= have > 2 ? p[i + 2] : 0;
		for (u32 n = 0; n < 4; n++)
			*to++ = n <= have ? digits[bits >> (18 - 6 * n) & 0x3f] : '=';
	}
	return to - begin;
}

/* What stands for the byte @token; at most 2 + 2 * 32 characters. */
static u32 expand_token(struct drive *d, u8 token, char *to)
{
	const bool ours = token == 4;
	u8 hash[ICORE_CHAP_HASH_MAX];

	if (token == 5)
		return put_hex(to, d->challenge, sizeof(d->challenge));
	if (!drive_response(d, ours ? d->cred.mutual_secret : d->cred.secret, hash))
		return put_hex(to, (const u8 *)"none", 4);
	if (token == 6)
		hash[icore_chap_len(d->alg) - 1] ^= 1;
	return token == 3 ? put_base64(to, hash, icore_chap_len(d->alg)) :
			    put_hex(to, hash, icore_chap_len(d->alg));
}

static u32 expand(struct drive *d, const u8 *text, u32 len, char *to)
{
	u32 n = 0;

	for (u32 i = 0; i < len && n < ICORE_LOGIN_DSL; i++) {
		char token[2 + 2 * ICORE_CHAP_CHALLENGE_LEN];
		u32 more;

		if (text[i] < 2 || text[i] > 6) {
			to[n++] = text[i];
			continue;
		}
		more = min_t(u32, expand_token(d, text[i], token), ICORE_LOGIN_DSL - n);
		memcpy(to + n, token, more);
		n += more;
	}
	return n;
}

static enum icore_login_action act(struct drive *d, enum icore_login_action action)
{
	while (action == ICORE_LOGIN_DO_BIND || action == ICORE_LOGIN_DO_ACCEPT) {
		const bool bind = action == ICORE_LOGIN_DO_BIND;

		if (bind)
			judge_bind(d);
		else
			judge_accept(d);
		if (bind ? d->refuse_bind : d->refuse_accept) {
			action = icore_login_refuse(&d->l, ICORE_LOGIN_NOT_FOUND, "refused");
			fuzz_check(action == ICORE_LOGIN_DO_FAIL);
		} else if (bind) {
			action = icore_login_bound(&d->l, &d->policy);
		} else {
			action = icore_login_finish(&d->l, DRIVE_TSIH);
			fuzz_check(action == ICORE_LOGIN_DO_FINISH);
		}
	}
	return action;
}

void drive_request(struct drive *d, const struct icore_pdu *pdu, const void *text, u32 len)
{
	enum icore_login_action action;
	struct icore_pdu p = *pdu;
	char *data;

	if (d->over)
		return;
	/* A block of the data's exact size, so that one byte beyond it is seen. */
	data = malloc(ICORE_LOGIN_DSL);
	if (!data)
		abort();
	p.dsl = expand(d, text, len, data);
	data = realloc(data, p.dsl ? p.dsl : 1);
	if (!data)
		abort();
	if (!d->requests++)
		d->first = p;
	judge_text(d, &p, data);
	action = act(d, icore_login_pdu(&d->l, &p, data));
	free(data);
	d->over = action != ICORE_LOGIN_DO_SEND;
	d->success = action == ICORE_LOGIN_DO_FINISH;
	if (action != ICORE_LOGIN_DO_DROP)
		judge_answer(d, &p, action);
	if (!d->over)
		return;
	/* Nothing brings it back. */
	fuzz_check(icore_login_pdu(&d->l, pdu, NULL) == ICORE_LOGIN_DO_DROP);
}

void drive_end(struct drive *d)
{
	static const u8 wiped[sizeof(d->in)];

	icore_login_wipe(&d->l);
	fuzz_check(!memcmp(d->in, wiped, sizeof(d->in)));
	fuzz_check(!memcmp(&d->l.chap, wiped, sizeof(d->l.chap)));
}
