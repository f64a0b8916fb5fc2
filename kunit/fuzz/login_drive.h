/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A target in miniature around the login machine, for the targets that fuzz it: it
 * answers every action as the module would and checks what the machine promises.
 */
#ifndef ICORE_LOGIN_DRIVE_H
#define ICORE_LOGIN_DRIVE_H

#include "fuzz.h"
#include "../test_crypto.h"

struct drive {
	struct icore_login l;
	struct icore_chap_cred cred;
	struct icore_login_policy policy;
	char in[ICORE_LOGIN_TEXT_MAX];
	char out[ICORE_LOGIN_OUT_MAX];
	bool refuse_bind;
	bool refuse_accept;
	bool over;
	bool success;
};

static inline void drive_init(struct drive *d, u8 flags)
{
	static const struct icore_offer offer = {
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
	static const struct icore_chap_cred cred = {
		.user = "user",
		.secret = "secretsecret",
		.mutual_user = "target",
		.mutual_secret = "mutualmutual",
		.secret_len = 12,
		.mutual_secret_len = 12,
		.valid = true,
	};

	memset(d, 0, sizeof(*d));
	test_crypto_reset();
	d->cred = cred;
	d->cred.mutual = flags & 1;
	d->policy.none_ok = flags & 2;
	d->policy.cred = flags & 4 ? &d->cred : NULL;
	d->policy.alias = flags & 8 ? "alias" : NULL;
	d->policy.send_tpgt = true;
	d->policy.tpgt = 1;
	d->policy.leading = true;
	d->policy.offer = offer;
	d->refuse_bind = (flags & 0x30) == 0x30;
	d->refuse_accept = (flags & 0xc0) == 0xc0;
	icore_login_init(&d->l, &test_crypto, d->in, d->out, 100);
}

/* One request; @text is copied into a block of exactly its size. */
static inline void drive_request(struct drive *d, const struct icore_pdu *pdu, const void *text)
{
	enum icore_login_action action;
	struct icore_bhs bhs;
	const char *data;
	u8 *copy;
	u32 len;

	if (d->over)
		return;
	copy = malloc(pdu->dsl ? pdu->dsl : 1);
	if (!copy)
		abort();
	memcpy(copy, text, pdu->dsl);
	action = icore_login_pdu(&d->l, pdu, copy);
	free(copy);
	while (action == ICORE_LOGIN_DO_BIND || action == ICORE_LOGIN_DO_ACCEPT) {
		bool bind = action == ICORE_LOGIN_DO_BIND;

		fuzz_check(d->l.initiator[0]);
		if (bind ? d->refuse_bind : d->refuse_accept) {
			action = icore_login_refuse(&d->l, ICORE_LOGIN_NOT_FOUND, "refused");
			fuzz_check(action == ICORE_LOGIN_DO_FAIL);
		} else {
			action = bind ? icore_login_bound(&d->l, &d->policy) :
					icore_login_finish(&d->l, 7);
			fuzz_check(bind || action == ICORE_LOGIN_DO_FINISH ||
				   action == ICORE_LOGIN_DO_FAIL || action == ICORE_LOGIN_DO_SEND);
		}
	}
	d->over = action != ICORE_LOGIN_DO_SEND;
	d->success = action == ICORE_LOGIN_DO_FINISH;
	if (action == ICORE_LOGIN_DO_DROP)
		return;
	icore_login_next_pdu(&d->l, &bhs, &data, &len);
	fuzz_check(bhs.opcode == ICORE_OP_LOGIN_RSP && len <= ICORE_LOGIN_DSL);
	fuzz_check(icore_bhs_dsl(&bhs) == len);
	fuzz_check(!len || (data >= d->out && data + len <= d->out + sizeof(d->out)));
	if (action == ICORE_LOGIN_DO_FAIL)
		fuzz_check(d->l.status != ICORE_LOGIN_SUCCESS && d->l.reason);
	/* Nobody gets in without what the policy asks for. */
	if (d->success && !d->l.discovery && !d->policy.none_ok)
		fuzz_check(d->l.authenticated && d->policy.cred);
}

static inline void drive_end(struct drive *d)
{
	icore_login_wipe(&d->l);
}

#endif /* ICORE_LOGIN_DRIVE_H */
