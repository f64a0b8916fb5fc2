// SPDX-License-Identifier: GPL-2.0
/*
 * CHAP (RFC 1994, RFC 7143 9.2 and 12.1.3).
 *
 * Two steps: icore_chap_challenge() answers CHAP_A, icore_chap_check() judges
 * CHAP_N and CHAP_R and, if the initiator wants it, proves our own identity. The
 * order of steps is login_text.c's concern.
 *
 * What an attacker may learn and do decides the shape of the second step:
 *
 *   Everything that is wrong about a well-formed proof leads to the same status
 *   over the same computations: name and response are both compared always, in
 *   constant time, so that names cannot be enumerated.
 *
 *   Nothing is computed for the peer's challenge before its own proof holds, or
 *   an attacker would get material for an offline search from anyone.
 *
 *   A response that our own secret would have produced is refused, as is any
 *   challenge of ours coming back: both are what a reflection looks like (9.2.1).
 *   A challenge is 16 random bytes and a mark that only we can make of them, so
 *   that it is known again on whichever connection it comes back, however much
 *   later, and no list of challenges has to be kept for it.
 *
 *   A secret of our own that is short enough to be searched for is not used
 *   (9.2.1: below 96 bits the login should not go on).
 *
 *   Missing keys fail. A step is never skipped and never begun anew, and there
 *   is one attempt per connection.
 */
#include "port.h"
#include "keys_priv.h"
#include "login_priv.h"

#define CHAP_ID_MAX	255

static enum icore_login_status fail(struct icore_chap_ctx *x, enum icore_login_status status,
				    const char *why)
{
	x->why = why;
	return status;
}

/**
 * icore_chap_len - size of a response
 * @alg: CHAP_A
 *
 * Return: bytes, 0 for an algorithm that we do not know.
 */
u32 icore_chap_len(enum icore_chap_alg alg)
{
	switch (alg) {
	case ICORE_CHAP_MD5:
		return 16;
	case ICORE_CHAP_SHA1:
		return 20;
	case ICORE_CHAP_SHA256:
	case ICORE_CHAP_SHA3_256:
		return 32;
	}
	return 0;
}

/**
 * icore_chap_compute - the response to a challenge (RFC 1994 4.1)
 * @c: hash function
 * @alg: agreed algorithm
 * @id: CHAP_I
 * @secret: shared secret
 * @secret_len: its bytes
 * @challenge: CHAP_C
 * @challenge_len: its bytes
 * @out: icore_chap_len(@alg) bytes
 *
 * Return: 0, or what the hash function failed with.
 */
int icore_chap_compute(const struct icore_crypto *c, enum icore_chap_alg alg, u8 id,
		       const void *secret, u32 secret_len, const u8 *challenge,
		       u32 challenge_len, u8 *out)
{
	const struct icore_vec v[] = {
		{ .data = &id, .len = 1 },
		{ .data = secret, .len = secret_len },
		{ .data = challenge, .len = challenge_len },
	};

	return c->hash(alg, v, ARRAY_SIZE(v), out);
}

/* Numerals are compared as a whole: "56" is not "5". Longer ones we do not know. */
static u32 alg_of(const char *elem, u32 len)
{
	char text[8];
	u64 value;

	if (len >= sizeof(text))
		return 0;
	memcpy(text, elem, len);
	text[len] = '\0';
	if (!icore_val_num(text, &value) || value > CHAP_ID_MAX)
		return 0;
	return (u32)value;
}

static int make_mark(const struct icore_crypto *c, enum icore_chap_alg alg, const u8 *nonce,
		     u8 *mark)
{
	const struct icore_vec v[] = {
		{ .data = c->key, .len = sizeof(c->key) },
		{ .data = nonce, .len = ICORE_CHAP_NONCE_LEN },
	};
	u8 hash[ICORE_CHAP_HASH_MAX];
	int err = c->hash(alg, v, ARRAY_SIZE(v), hash);

	memcpy(mark, hash, ICORE_CHAP_MARK_LEN);
	memzero_explicit(hash, sizeof(hash));
	return err;
}

/* Was it sent by us, under whatever algorithm? */
static bool is_ours(const struct icore_crypto *c, const u8 *challenge, u32 len)
{
	static const u8 algs[] = {
		ICORE_CHAP_MD5, ICORE_CHAP_SHA1, ICORE_CHAP_SHA256, ICORE_CHAP_SHA3_256,
	};
	u8 mark[ICORE_CHAP_MARK_LEN];

	if (len != ICORE_CHAP_CHALLENGE_LEN)
		return false;
	for (u32 i = 0; i < ARRAY_SIZE(algs); i++) {
		if (c->alg_ok(algs[i]) && !make_mark(c, algs[i], challenge, mark) &&
		    icore_equal_ct(mark, challenge + ICORE_CHAP_NONCE_LEN, sizeof(mark)))
			return true;
	}
	return false;
}

static enum icore_login_status send_challenge(struct icore_chap_ctx *x, u32 alg)
{
	struct icore_chap *chap = x->chap;

	chap->alg = (u8)alg;
	x->crypto->random(&chap->id, sizeof(chap->id));
	x->crypto->random(chap->challenge, ICORE_CHAP_NONCE_LEN);
	if (make_mark(x->crypto, alg, chap->challenge, chap->challenge + ICORE_CHAP_NONCE_LEN))
		return fail(x, ICORE_LOGIN_TARGET_ERROR, "hash function failed");
	icore_out_num(x->out, "CHAP_A", alg);
	icore_out_num(x->out, "CHAP_I", chap->id);
	icore_out_hex(x->out, "CHAP_C", chap->challenge, sizeof(chap->challenge));
	return ICORE_LOGIN_SUCCESS;
}

/**
 * icore_chap_challenge - step 2 to 3: agree on a hash and send a challenge
 * @x: context
 * @algs: value of CHAP_A, or NULL
 *
 * The first algorithm in the initiator's order that is available wins.
 *
 * Return: %ICORE_LOGIN_SUCCESS or the status to fail with.
 */
enum icore_login_status icore_chap_challenge(struct icore_chap_ctx *x, const char *algs)
{
	const char *elem;
	u32 len;

	if (!algs)
		return fail(x, ICORE_LOGIN_MISSING_PARAM, "no CHAP_A");
	if (strlen(algs) > ICORE_VALUE_MAX || icore_value_reserved(algs))
		return fail(x, ICORE_LOGIN_INITIATOR_ERROR, "malformed CHAP_A");
	while (icore_val_list(&algs, &elem, &len)) {
		const u32 alg = alg_of(elem, len);

		if (icore_chap_len(alg) && x->crypto->alg_ok(alg))
			return send_challenge(x, alg);
	}
	return fail(x, ICORE_LOGIN_AUTH_FAILED, "no acceptable CHAP_A");
}

/* Always as many steps as the longest name takes, whatever is compared. */
static bool equal_name_ct(const char *a, const char *b)
{
	const u32 alen = (u32)strlen(a);
	const u32 blen = (u32)strlen(b);
	bool same = alen == blen;

	for (u32 i = 0; i < ICORE_SECRET_MAX; i++) {
		const char ca = a[i < alen ? i : alen];
		const char cb = b[i < blen ? i : blen];

		same &= icore_equal_ct(&ca, &cb, 1);
	}
	return same;
}

/*
 * The initiator's proof. The second hash costs the same whether or not the first
 * one matched.
 */
static enum icore_login_status check_proof(struct icore_chap_ctx *x, const char *name,
					   const u8 *response)
{
	const struct icore_chap_cred *cred = x->cred;
	const struct icore_chap *chap = x->chap;
	const u32 len = icore_chap_len(chap->alg);
	u8 want[ICORE_CHAP_HASH_MAX] = { 0 };
	bool good;
	bool ours = false;
	int err;

	err = icore_chap_compute(x->crypto, chap->alg, chap->id, cred->secret, cred->secret_len,
				 chap->challenge, sizeof(chap->challenge), want);
	good = equal_name_ct(name, cred->user);
	good &= icore_equal_ct(response, want, len);
	if (!err && cred->mutual) {
		err = icore_chap_compute(x->crypto, chap->alg, chap->id, cred->mutual_secret,
					 cred->mutual_secret_len, chap->challenge,
					 sizeof(chap->challenge), want);
		ours = icore_equal_ct(response, want, len);
	}
	memzero_explicit(want, sizeof(want));
	if (err)
		return fail(x, ICORE_LOGIN_TARGET_ERROR, "hash function failed");
	if (ours)
		return fail(x, ICORE_LOGIN_AUTH_FAILED, "CHAP_R is made with our own secret");
	if (!good)
		return fail(x, ICORE_LOGIN_AUTH_FAILED, "wrong CHAP_N or CHAP_R");
	return ICORE_LOGIN_SUCCESS;
}

static enum icore_login_status prove_ourselves(struct icore_chap_ctx *x, u8 id, u32 challenge_len)
{
	const struct icore_chap_cred *cred = x->cred;
	struct icore_chap *chap = x->chap;
	u8 response[ICORE_CHAP_HASH_MAX];

	if (!cred->mutual)
		return fail(x, ICORE_LOGIN_AUTH_FAILED, "no identity for mutual CHAP");
	if (cred->mutual_secret_len < ICORE_SECRET_WARN_MIN)
		return fail(x, ICORE_LOGIN_AUTH_FAILED, "our own CHAP secret is too short");
	if (icore_chap_compute(x->crypto, chap->alg, id, cred->mutual_secret,
			       cred->mutual_secret_len, chap->peer_challenge, challenge_len,
			       response))
		return fail(x, ICORE_LOGIN_TARGET_ERROR, "hash function failed");
	icore_out_str(x->out, "CHAP_N", cred->mutual_user);
	icore_out_hex(x->out, "CHAP_R", response, icore_chap_len(chap->alg));
	return ICORE_LOGIN_SUCCESS;
}

/**
 * icore_chap_check - step 4 to 5: judge the response, answer a challenge
 * @x: context
 * @s: keys of the text
 *
 * Return: %ICORE_LOGIN_SUCCESS if the initiator is who it says, or the status to
 * fail with.
 */
enum icore_login_status icore_chap_check(struct icore_chap_ctx *x, const struct icore_security *s)
{
	struct icore_chap *chap = x->chap;
	u32 challenge_len = sizeof(chap->peer_challenge);
	u8 response[ICORE_CHAP_HASH_MAX];
	u32 len = sizeof(response);
	enum icore_login_status status;
	u64 id = 0;

	if (!s->chap_n || !s->chap_r)
		return fail(x, ICORE_LOGIN_MISSING_PARAM, "no CHAP_N or no CHAP_R");
	if (!s->chap_i != !s->chap_c)
		return fail(x, ICORE_LOGIN_MISSING_PARAM, "CHAP_I and CHAP_C belong together");
	if (strlen(s->chap_n) > ICORE_SECRET_MAX)
		return fail(x, ICORE_LOGIN_INITIATOR_ERROR, "CHAP_N too long");
	if (!icore_val_bin(s->chap_r, response, &len) || len != icore_chap_len(chap->alg))
		return fail(x, ICORE_LOGIN_INITIATOR_ERROR, "malformed CHAP_R");
	if (s->chap_i && (!icore_val_num(s->chap_i, &id) || id > CHAP_ID_MAX))
		return fail(x, ICORE_LOGIN_INITIATOR_ERROR, "malformed CHAP_I");
	if (s->chap_c && !icore_val_bin(s->chap_c, chap->peer_challenge, &challenge_len))
		return fail(x, ICORE_LOGIN_INITIATOR_ERROR, "malformed CHAP_C");
	if (s->chap_c && is_ours(x->crypto, chap->peer_challenge, challenge_len))
		return fail(x, ICORE_LOGIN_AUTH_FAILED, "our challenge came back");

	status = check_proof(x, s->chap_n, response);
	memzero_explicit(response, sizeof(response));
	if (status || !s->chap_c)
		return status;
	return prove_ourselves(x, (u8)id, challenge_len);
}
