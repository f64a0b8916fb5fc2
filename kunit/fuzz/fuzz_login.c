// SPDX-License-Identifier: GPL-2.0
/*
 * The login machine with any PDUs. Input: two bytes for drive_init(), then per request:
 * a byte of what to do, byte 1 of the header, if asked for other header bytes, length,
 * text.
 */
#include "login_drive.h"

#define HOW_HEADER	1	/* raw header follows */
#define HOW_LONG	2	/* length in two bytes */
#define HOW_OPCODE	4	/* with HOW_HEADER: byte 0 as well */

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct fuzz_input in = { data, size };
	struct drive *d = malloc(sizeof(*d));
	u8 flags = fuzz_u8(&in);

	if (!d)
		abort();
	drive_init(d, flags, fuzz_u8(&in));
	while (in.left && !d->over) {
		u8 how = fuzz_u8(&in);
		struct icore_bhs bhs = { .opcode = ICORE_OP_LOGIN_REQ | ICORE_IMMEDIATE };
		struct icore_pdu pdu;
		u32 len;
		u8 *text;

		bhs.flags = fuzz_u8(&in);
		bhs.lun[0] = 0x80;
		if (how & HOW_HEADER) {
			if (how & HOW_OPCODE)
				bhs.opcode = fuzz_u8(&in);
			bhs.b2 = fuzz_u8(&in);
			bhs.b3 = fuzz_u8(&in);
			fuzz_bytes(&in, bhs.lun, sizeof(bhs.lun));
			bhs.itt = cpu_to_be32(fuzz_u8(&in));
			bhs.w[ICORE_W20] = cpu_to_be32(fuzz_u32(&in));
			bhs.w[ICORE_W24] = cpu_to_be32(fuzz_u32(&in));
		}
		len = fuzz_u8(&in);
		if (how & HOW_LONG)
			len = len << 8 | fuzz_u8(&in);
		len = min_t(u32, min_t(size_t, len, in.left), ICORE_LOGIN_DSL);
		icore_pdu_decode(&bhs, NULL, ICORE_LOGIN_DSL, &pdu);
		text = fuzz_block(&in, len);
		drive_request(d, &pdu, text, len);
		free(text);
	}
	drive_end(d);
	free(d);
	return 0;
}
