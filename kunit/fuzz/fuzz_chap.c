// SPDX-License-Identifier: GPL-2.0
/*
 * CHAP values. The first request is fixed, so that the machine stands where CHAP
 * begins; the input is the text of the requests after it, divided by 0x01 bytes, and
 * before that a byte of flags. The secret is not in the input: nobody may get in.
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
	icore_put24(bhs.dsl, len);
	icore_pdu_decode(&bhs, NULL, ICORE_LOGIN_DSL, &pdu);
	drive_request(d, &pdu, text);
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
	drive_init(d, 4 | (flags & 1));
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
	fuzz_check(!d->success && !d->l.authenticated);
	drive_end(d);
	free(d);
	return 0;
}
