// SPDX-License-Identifier: GPL-2.0
/*
 * CHAP values. The first request is fixed, so that the machine stands where CHAP
 * begins; the input is the text of the requests after it, divided by 0x01 bytes, and
 * before that a byte of flags. The secret is not in the input, only ways to say the
 * right proof (login_drive.h); whoever gets in without one is a finding.
 *
 * Flags: 1 mutual, 2 T=1, 4 to 0x10 an algorithm is missing, 0x20 hashing fails, 0x40
 * at the second hash.
 */
#include "login_drive.h"

static void request(struct drive *d, u8 flags, const void *text, u32 len)
{
	struct icore_bhs bhs = {
		.opcode = ICORE_OP_LOGIN_REQ | ICORE_IMMEDIATE,
		.flags = flags,
	};
	struct icore_pdu pdu;

	bhs.lun[0] = 0x80;
	icore_pdu_decode(&bhs, NULL, ICORE_LOGIN_DSL, &pdu);
	drive_request(d, &pdu, text, len);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static const char first[] =
		"InitiatorName=iqn.2001-04.com.example:i\0"
		"TargetName=iqn.2001-04.com.example:t\0"
		"SessionType=Normal\0AuthMethod=CHAP";
	struct fuzz_input in = { data, size };
	struct drive *d = malloc(sizeof(*d));
	u8 flags = fuzz_u8(&in);

	if (!d)
		abort();
	drive_init(d, 4 | (flags & 1), 0);
	test_crypto_algs &= ~((u32)(flags >> 2 & 7) << ICORE_CHAP_MD5);
	test_crypto_error = flags & 0x20 ? -5 : 0;
	test_crypto_good = flags & 0x40 ? 1 : 0;
	request(d, 0, first, sizeof(first));
	while (in.left && !d->over) {
		const u8 *end = memchr(in.p, 1, in.left);
		u32 len = end ? end - in.p : in.left;

		len = min_t(u32, len, ICORE_LOGIN_DSL);
		request(d, flags & 2 ? 0x81 : 0x00, in.p, len);
		in.p += len;
		in.left -= len;
		fuzz_u8(&in);
	}
	fuzz_check(!d->success);	/* that takes another stage */
	fuzz_check(!d->l.authenticated || (d->proved && (flags & 0x60) != 0x20));
	drive_end(d);
	free(d);
	return 0;
}
