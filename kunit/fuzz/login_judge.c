// SPDX-License-Identifier: GPL-2.0
/*
 * The judge of login_drive.h: reads the same bytes as the login machine, with code of
 * its own, and compares.
 */
#include "login_judge.h"

/*
 * Room for all answers of one login. Unknown keys are few by ICORE_LOGIN_UNKNOWN_MAX,
 * known ones are answered once, and the longest word for them is NotUnderstood.
 */
#define ANSWER_WORD	13
#define ANSWER_PAIR(n)	(ICORE_KEY_MAX + sizeof("=") + (n))
#define ANSWER_BINARY	(2 + 2 * ICORE_CHAP_HASH_MAX)
#define ANSWER_MARKERS	4
#define ANSWER_MAX							\
	((ICORE_LOGIN_UNKNOWN_MAX + ICORE_NEGO_VALUES + ANSWER_MARKERS) *	\
		 ANSWER_PAIR(ANSWER_WORD) +				\
	 ANSWER_PAIR(ICORE_ALIAS_MAX) + ANSWER_PAIR(5) +		\
	 3 * ANSWER_PAIR(4) + 2 * ANSWER_PAIR(ANSWER_BINARY) +		\
	 ANSWER_PAIR(ICORE_SECRET_MAX))

/* Our mark, its mark under each of four algorithms, proof, reflection, our own proof. */
#define HASHES_MAX	8

/* Keys that a target may write without having been asked (12, 13). */
static const char * const ours[] = {
	"TargetPortalGroupTag", "TargetAlias", "MaxRecvDataSegmentLength", "HeaderDigest",
	"DataDigest", "ImmediateData", "MaxBurstLength", "FirstBurstLength", "CHAP_I", "CHAP_C",
};

static u64 hash_of(const char *p, u32 len)
{
	u64 h = 14695981039346656037ull;

	while (len--)
		h = (h ^ (u8)*p++) * 1099511628211ull;
	return h;
}

static bool in_list(const u64 *list, u32 count, u64 what)
{
	for (u32 i = 0; i < count; i++) {
		if (list[i] == what)
			return true;
	}
	return false;
}

static bool is_ours(const char *key, u32 len)
{
	for (u32 i = 0; i < ARRAY_SIZE(ours); i++) {
		if (strlen(ours[i]) == len && !memcmp(ours[i], key, len))
			return true;
	}
	return false;
}

/* The value of @key in a text of NUL-terminated pairs that ends in NUL, or NULL. */
static const char *value_of(const char *text, u32 len, const char *key)
{
	const u32 klen = strlen(key);
	const char *end = text + len;

	for (; text < end; text += strlen(text) + 1) {
		if (!strncmp(text, key, klen) && text[klen] == '=')
			return text + klen + 1;
	}
	return NULL;
}

static int digit(char c, u32 bits)
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at;

	if (bits == 4)
		return c >= '0' && c <= '9' ? c - '0' :
		       c >= 'a' && c <= 'f' ? c - 'a' + 10 :
		       c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
	at = c ? strchr(alphabet, c) : NULL;
	return at ? (int)(at - alphabet) : -1;
}

/* Does @value spell these bytes? Padding and left-over bits are not looked at. */
static bool spells(const char *value, const u8 *want, u32 len)
{
	const u32 bits = (value[1] | 0x20) == 'x' ? 4 : 6;
	u32 have = 0, acc = 0, n = 0;

	if (value[0] != '0' || (bits == 6 && (value[1] | 0x20) != 'b'))
		return false;
	value += 2;
	if (bits == 4 && strlen(value) % 2)
		have = 4;		/* a leading zero nibble */
	for (; digit(*value, bits) >= 0; value++) {
		acc = acc << bits | digit(*value, bits);
		have += bits;
		if (have < 8)
			continue;
		have -= 8;
		if (n == len || want[n++] != (acc >> have & 0xff))
			return false;
	}
	return n == len;
}

bool drive_response(struct drive *d, const char *secret, u8 *hash)
{
	const u32 hashes = test_crypto_hashes;
	const int error = test_crypto_error;
	const u8 id = d->id;
	const struct icore_vec v[] = {
		{ &id, 1 }, { secret, strlen(secret) }, { d->challenge, sizeof(d->challenge) },
	};
	bool good;

	if (!d->challenged)
		return false;
	test_crypto_error = 0;
	good = !test_crypto.hash(d->alg, v, ARRAY_SIZE(v), hash);
	test_crypto_error = error;
	test_crypto_hashes = hashes;	/* what the machine makes is counted, not this */
	return good;
}

static void note_proof(struct drive *d)
{
	const char *name = value_of(d->text, d->text_len, "CHAP_N");
	const char *response = value_of(d->text, d->text_len, "CHAP_R");
	u8 hash[ICORE_CHAP_HASH_MAX];

	if (name && response && !strcmp(name, d->cred.user) &&
	    drive_response(d, d->cred.secret, hash) &&
	    spells(response, hash, icore_chap_len(d->alg)))
		d->proved = true;
}

static void note_said(struct drive *d)
{
	const char *end = d->text + d->text_len;

	for (const char *p = d->text; p < end; p += strlen(p) + 1) {
		const char *eq = strchr(p, '=');

		if (eq && d->said_count < DRIVE_SAID_MAX)
			d->said[d->said_count++] = hash_of(p, eq - p);
	}
	note_proof(d);
	d->text_len = 0;
}

void judge_text(struct drive *d, const struct icore_pdu *pdu, const char *data)
{
	const u32 room = sizeof(d->text) - 1 - d->text_len;
	const u32 len = min(pdu->dsl, room);

	memcpy(d->text + d->text_len, data, len);
	d->text_len += len;
	if (pdu->login.cont)
		return;
	d->text[d->text_len++] = '\0';
	note_said(d);
}

void judge_bind(struct drive *d)
{
	char again[ICORE_NAME_MAX + 1];

	fuzz_check(!d->binds++ && !d->accepts);
	fuzz_check(icore_name_normalise(d->l.initiator, again) && !strcmp(again, d->l.initiator));
	fuzz_check(d->l.discovery || d->l.target[0]);
	if (d->l.target[0])
		fuzz_check(icore_name_normalise(d->l.target, again) &&
			   !strcmp(again, d->l.target));
	fuzz_check(!d->l.authenticated);
	fuzz_check(!memcmp(d->l.isid, d->first.login.isid, sizeof(d->l.isid)) &&
		   d->l.tsih == d->first.login.tsih && d->l.cid == d->first.login.cid &&
		   d->l.cmdsn == d->first.cmdsn);
}

static void judge_params(const struct drive *d)
{
	const struct icore_params *p = &d->l.nego.params;
	const struct icore_offer *o = &d->policy.offer;

	fuzz_check(o->header_digest & (p->header_digest ? ICORE_DIGEST_CRC32C : ICORE_DIGEST_NONE));
	fuzz_check(o->data_digest & (p->data_digest ? ICORE_DIGEST_CRC32C : ICORE_DIGEST_NONE));
	fuzz_check(p->mrdsl_in == o->mrdsl || p->mrdsl_in == 8192);
	fuzz_check(p->mrdsl_out >= 512 && p->mrdsl_out <= o->max_xmit_dsl);
	fuzz_check(p->max_burst >= 512 && p->max_burst <= ICORE_DSL_FIELD_MAX);
	fuzz_check(p->first_burst >= 512 && p->first_burst <= p->max_burst);
	fuzz_check(p->max_r2t >= 1 && p->max_r2t <= ICORE_R2T_OUT_MAX &&
		   p->max_r2t <= max_t(u16, o->max_r2t, 1));
	fuzz_check(p->max_connections >= 1 && p->max_connections <= o->max_connections);
	fuzz_check(p->erl <= o->erl && p->protocol_level <= ICORE_PROTOCOL_LEVEL);
	fuzz_check(p->time2wait <= 3600 && p->time2retain <= 3600);
	fuzz_check(p->pdu_in_order && p->seq_in_order);
	/* No is ours to say, and decides (13.11). Only the leading connection can. */
	if (d->policy.leading && !d->l.discovery && !o->immediate_data)
		fuzz_check(!p->immediate_data);
	fuzz_check(p->initial_r2t || !o->initial_r2t);
}

void judge_accept(struct drive *d)
{
	fuzz_check(d->binds == 1 && !d->accepts++ && !d->refuse_bind);
	/* Nobody gets this far without what the policy asks for, discovery or not. */
	if (!d->policy.none_ok)
		fuzz_check(d->policy.cred && d->l.authenticated);
	if (d->l.authenticated)
		fuzz_check(d->policy.cred && d->challenged && d->proved);
	judge_params(d);
}

static void note_challenge(struct drive *d)
{
	const char *alg = value_of(d->answer, d->answer_len, "CHAP_A");
	const char *id = value_of(d->answer, d->answer_len, "CHAP_I");
	const char *challenge = value_of(d->answer, d->answer_len, "CHAP_C");
	u32 len = sizeof(d->challenge);

	fuzz_check(!alg == !challenge && !alg == !id);
	if (!challenge)
		return;
	fuzz_check(!d->challenged);
	d->alg = atoi(alg);
	d->id = atoi(id);
	fuzz_check(icore_chap_len(d->alg) && (test_crypto_algs >> d->alg & 1));
	fuzz_check(icore_val_bin(challenge, d->challenge, &len) && len == sizeof(d->challenge));
	d->challenged = true;
}

/* A whole logical text of the target. */
static void judge_pairs(struct drive *d)
{
	const char *end = d->answer + d->answer_len;

	fuzz_check(!d->answer_len || !end[-1]);
	for (const char *p = d->answer; p < end; p += strlen(p) + 1) {
		const char *eq = strchr(p, '=');
		u64 hash;

		fuzz_check(eq && eq > p && eq - p <= ICORE_KEY_MAX);
		hash = hash_of(p, eq - p);
		fuzz_check(in_list(d->said, d->said_count, hash) || is_ours(p, eq - p));
		fuzz_check(!in_list(d->answers, d->answer_count, hash));
		fuzz_check(d->answer_count < DRIVE_ANSWERS_MAX);
		d->answers[d->answer_count++] = hash;
	}
	note_challenge(d);
	/* Our own proof is for who has given one. */
	if (value_of(d->answer, d->answer_len, "CHAP_R"))
		fuzz_check(d->l.authenticated && d->proved && d->cred.mutual);
	d->answer_total += d->answer_len;
	fuzz_check(d->answer_total <= ANSWER_MAX);
	d->answer_len = 0;
}

static void judge_stages(const struct icore_pdu *pdu, const struct icore_bhs *bhs, bool finish)
{
	const u8 flags = bhs->flags;
	const u8 nsg = flags & ICORE_LOGIN_NSG_MASK;

	fuzz_check((flags & ICORE_LOGIN_CSG_MASK) == (pdu->flags & ICORE_LOGIN_CSG_MASK));
	fuzz_check(!(flags & 0x30));
	if (!(flags & ICORE_LOGIN_TRANSIT)) {
		fuzz_check(!nsg && !finish);
		return;
	}
	fuzz_check(pdu->login.transit && !(flags & ICORE_F_CONTINUE));
	fuzz_check(nsg > pdu->login.csg && nsg <= pdu->login.nsg && nsg != ICORE_STAGE_RESERVED);
	fuzz_check(finish == (nsg == ICORE_STAGE_FFP));
}

void judge_answer(struct drive *d, const struct icore_pdu *pdu, enum icore_login_action action)
{
	const bool fail = action == ICORE_LOGIN_DO_FAIL, finish = action == ICORE_LOGIN_DO_FINISH;
	struct icore_bhs bhs;
	const char *data;
	u32 len;

	fuzz_check(fail || finish || action == ICORE_LOGIN_DO_SEND);
	icore_login_next_pdu(&d->l, &bhs, &data, &len);
	fuzz_check(bhs.opcode == ICORE_OP_LOGIN_RSP && !bhs.b2 && !bhs.b3 && !bhs.ahs_words);
	fuzz_check(len <= ICORE_LOGIN_DSL && icore_bhs_dsl(&bhs) == len);
	fuzz_check(!len || (data >= d->out && data + len <= d->out + sizeof(d->out)));
	fuzz_check(be32_to_cpu(bhs.itt) == d->first.itt);
	fuzz_check(!memcmp(bhs.lun, d->first.login.isid, 6));
	fuzz_check(icore_get16(bhs.lun + 6) == (finish ? DRIVE_TSIH : d->first.login.tsih));
	fuzz_check(be32_to_cpu(bhs.w[ICORE_W24]) == DRIVE_STATSN + d->responses);
	fuzz_check(be32_to_cpu(bhs.w[ICORE_W28]) == d->first.cmdsn);
	fuzz_check(be32_to_cpu(bhs.w[ICORE_W36]) >> 16 == (u32)d->l.status);
	fuzz_check(fail == (d->l.status != ICORE_LOGIN_SUCCESS));
	d->responses++;
	fuzz_check(d->responses == d->requests && d->requests <= ICORE_LOGIN_PDUS_MAX + 1);
	fuzz_check(test_crypto_hashes <= HASHES_MAX);
	if (fail) {
		fuzz_check(!len && !bhs.flags && d->l.reason);
		return;
	}
	judge_stages(pdu, &bhs, finish);
	fuzz_check(finish == d->accepts);
	fuzz_check(d->answer_len + len <= sizeof(d->answer));
	memcpy(d->answer + d->answer_len, data, len);
	d->answer_len += len;
	if (!(bhs.flags & ICORE_F_CONTINUE))
		judge_pairs(d);
}
