// SPDX-License-Identifier: GPL-2.0
/*
 * Encoders, byte by byte against hand-written headers, and the names for logs. Each
 * header starts out as rubbish: what is reserved must come out as zero.
 */
#include "icore_test.h"

#define F ICORE_F_FINAL

static const u8 lun[8] = { 0x40, 0x05 };
static const u8 no_lun[8];

struct enc_row {
	const char *name;
	void (*encode)(struct icore_bhs *bhs);
	u32 head;	/* bytes 0 to 3 */
	u32 words[11];	/* bytes 4 to 47 */
};

static void rsp_good(struct icore_bhs *b)
{
	icore_enc_scsi_rsp(b, 0x11223344, 0, 0x02, 0, 99, 5, 20);
}

static void rsp_underflow(struct icore_bhs *b)
{
	icore_enc_scsi_rsp(b, 0x11223344, 0, 0, ICORE_RSP_UNDERFLOW, 0x01020304, 0, 0);
}

static void rsp_stray_flags(struct icore_bhs *b)
{
	icore_enc_scsi_rsp(b, 1, 0, 0, 0xff, 7, 0, 0);
}

static void rsp_failure(struct icore_bhs *b)
{
	icore_enc_scsi_rsp(b, 0x11223344, 1, 0x02, ICORE_RSP_OVERFLOW, 9, 5, 0);
}

static void data_plain(struct icore_bhs *b)
{
	icore_enc_data_in(b, 0x11223344, F, 2, 3, 0x10000, 9, 0x2000);
}

static void data_middle(struct icore_bhs *b)
{
	icore_enc_data_in(b, 0x11223344, ICORE_DATA_ACK | ICORE_RSP_UNDERFLOW, 2, 0, 0, 9, 512);
}

static void data_status(struct icore_bhs *b)
{
	icore_enc_data_in(b, 0x11223344, F | ICORE_DATA_STATUS | ICORE_RSP_UNDERFLOW, 4, 1, 512,
			  0x200, 512);
}

static void data_status_plain(struct icore_bhs *b)
{
	icore_enc_data_in(b, 0x11223344, F | ICORE_DATA_STATUS, 0, 0, 0, 9, 512);
}

static void r2t(struct icore_bhs *b)
{
	icore_enc_r2t(b, lun, 0x11223344, 0x55667788, 2, 0x10000, 0x40000);
}

static void nop_ping(struct icore_bhs *b)
{
	icore_enc_nop_in(b, lun, ICORE_RTAG, 0x55667788, 0);
}

static void nop_echo(struct icore_bhs *b)
{
	icore_enc_nop_in(b, no_lun, 0x11223344, ICORE_RTAG, 0x123456);
}

static void tmf(struct icore_bhs *b)
{
	icore_enc_tmf_rsp(b, 0x11223344, 255);
}

static void text_last(struct icore_bhs *b)
{
	icore_enc_text_rsp(b, 0x11223344, ICORE_RTAG, F, 100);
}

static void text_more(struct icore_bhs *b)
{
	icore_enc_text_rsp(b, 0x11223344, 0x55667788, 0x7f, 8192);
}

static void logout(struct icore_bhs *b)
{
	icore_enc_logout_rsp(b, 0x11223344, 2, 0x0203, 0x0405);
}

static void async(struct icore_bhs *b)
{
	icore_enc_async(b, lun, 2, 0x0102, 0x0304, 0x0506, 4);
}

static void tmf_info(struct icore_bhs *b)
{
	icore_enc_tmf_rsp(b, 0x11223344, 7);
	icore_enc_tmf_info(b, 2, 0xf6, 0x29, 0x03);
}

static u8 event_data[ICORE_SCSI_EVENT_LEN];

static void event(struct icore_bhs *b)
{
	u32 dsl;

	icore_enc_scsi_event(b, 255, 6, 0x3f, 0x0e, event_data, &dsl);
}

static void event_flat(struct icore_bhs *b)
{
	u32 dsl;

	icore_enc_scsi_event(b, 5, 6, 0x2a, 0x09, event_data, &dsl);
	icore_enc_scsi_event(b, 16383, 6, 0x2a, 0x09, event_data, &dsl);
}

static void reject(struct icore_bhs *b)
{
	icore_enc_reject(b, 0x09, 48);
}

#define ITT 0x11223344
#define TTT 0x55667788
#define LUN 0x40050000

static const struct enc_row enc_rows[] = {
	{ "SCSI Response", rsp_good, 0x21800002,
	  { 20, 0, 0, ITT, 0, 0, 0, 0, 5, 0, 0 } },
	{ "SCSI Response, underflow", rsp_underflow, 0x21820000,
	  { 0, 0, 0, ITT, 0, 0, 0, 0, 0, 0, 0x01020304 } },
	{ "SCSI Response, stray flags", rsp_stray_flags, 0x219e0000,
	  { 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 7 } },
	{ "SCSI Response, target failure", rsp_failure, 0x21800100,
	  { 0, 0, 0, ITT, 0, 0, 0, 0, 0, 0, 0 } },
	{ "Data-In", data_plain, 0x25800000,
	  { 0x2000, 0, 0, ITT, ICORE_RTAG, 0, 0, 0, 3, 0x10000, 0 } },
	{ "Data-In inside a sequence", data_middle, 0x25000000,
	  { 512, 0, 0, ITT, ICORE_RTAG, 0, 0, 0, 0, 0, 0 } },
	{ "Data-In with status", data_status, 0x25830004,
	  { 512, 0, 0, ITT, ICORE_RTAG, 0, 0, 0, 1, 512, 0x200 } },
	{ "Data-In with status, no residual", data_status_plain, 0x25810000,
	  { 512, 0, 0, ITT, ICORE_RTAG, 0, 0, 0, 0, 0, 0 } },
	{ "R2T", r2t, 0x31800000,
	  { 0, LUN, 0, ITT, TTT, 0, 0, 0, 2, 0x10000, 0x40000 } },
	{ "NOP-In, ping", nop_ping, 0x20800000,
	  { 0, LUN, 0, ICORE_RTAG, TTT, 0, 0, 0, 0, 0, 0 } },
	{ "NOP-In, echo", nop_echo, 0x20800000,
	  { 0x123456, 0, 0, ITT, ICORE_RTAG, 0, 0, 0, 0, 0, 0 } },
	{ "TMF Response", tmf, 0x2280ff00,
	  { 0, 0, 0, ITT, 0, 0, 0, 0, 0, 0, 0 } },
	{ "Text Response", text_last, 0x24800000,
	  { 100, 0, 0, ITT, ICORE_RTAG, 0, 0, 0, 0, 0, 0 } },
	{ "Text Response, more", text_more, 0x24400000,
	  { 8192, 0, 0, ITT, TTT, 0, 0, 0, 0, 0, 0 } },
	{ "Logout Response", logout, 0x26800200,
	  { 0, 0, 0, ITT, 0, 0, 0, 0, 0, 0x02030405, 0 } },
	{ "Asynchronous Message", async, 0x32800000,
	  { 4, LUN, 0, ICORE_RTAG, 0, 0, 0, 0, 0x02000102, 0x03040506, 0 } },
	{ "TMF Response, event", tmf_info, 0x22800700,
	  { 0, 0x26290300, 0, ITT, 0, 0, 0, 0, 0, 0, 0 } },
	{ "SCSI event", event, 0x32800000,
	  { 20, 0x00ff0000, 0, ICORE_RTAG, 0, 0, 0, 0, 0, 0, 0 } },
	{ "SCSI event, flat space", event_flat, 0x32800000,
	  { 20, 0x7fff0000, 0, ICORE_RTAG, 0, 0, 0, 0, 0, 0, 0 } },
	{ "Reject", reject, 0x3f800900,
	  { 48, 0, 0, ICORE_RTAG, 0, 0, 0, 0, 0, 0, 0 } },
};

static void enc_desc(const struct enc_row *row, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s", row->name);
}

KUNIT_ARRAY_PARAM(enc, enc_rows, enc_desc);

static void enc_bytes(struct kunit *test)
{
	const struct enc_row *row = test->param_value;
	bool has_statsn = row->head >> 24 != ICORE_OP_DATA_IN ||
			  row->head >> 16 & ICORE_DATA_STATUS;
	struct icore_bhs bhs;
	u8 stamped[48];

	for (u32 i = 0; i < 48; i++)
		stamped[i] = (i < 4 ? row->head : row->words[i / 4 - 1]) >> (24 - i % 4 * 8);
	memset(&bhs, 0xcd, sizeof(bhs));
	row->encode(&bhs);
	KUNIT_EXPECT_MEMEQ(test, (const u8 *)&bhs, stamped, 48);

	memcpy(stamped + 24, "\xa0\xa1\xa2\xa3\xb0\xb1\xb2\xb3\xc0\xc1\xc2\xc3", 12);
	if (!has_statsn)
		memset(stamped + 24, 0, 4);
	icore_enc_stamp(&bhs, 0xa0a1a2a3, 0xb0b1b2b3, 0xc0c1c2c3);
	KUNIT_EXPECT_MEMEQ(test, (const u8 *)&bhs, stamped, 48);
}

/* SenseLength, then fixed format sense data that says how long it is itself. */
static void enc_event_data(struct kunit *test)
{
	static const u8 want[ICORE_SCSI_EVENT_LEN] = {
		0, 18, 0x70, 0, 6, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x3f, 0x0e,
	};
	u8 data[ICORE_SCSI_EVENT_LEN];
	struct icore_bhs bhs;
	u32 dsl = 0;

	memset(data, 0xcd, sizeof(data));
	icore_enc_scsi_event(&bhs, 0, 6, 0x3f, 0x0e, data, &dsl);
	KUNIT_EXPECT_EQ(test, dsl, ICORE_SCSI_EVENT_LEN);
	KUNIT_EXPECT_MEMEQ(test, data, want, sizeof(want));
}

/* Status without the F bit does not exist (11.7.3). */
static void enc_status_implies_final(struct kunit *test)
{
	struct icore_bhs bhs;

	icore_enc_data_in(&bhs, 1, ICORE_DATA_STATUS, 0, 0, 0, 0, 4);
	KUNIT_EXPECT_EQ(test, bhs.flags, F | ICORE_DATA_STATUS);
}

static const u16 opcodes[] = {
	0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x10,
	0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x31, 0x32, 0x3f,
};

static const u16 rejects[] = { 2, 3, 4, 5, 6, 7, 8, 9, 10, 12 };

static const u16 functions[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 };

static const u16 statuses[] = {
	0x0000, 0x0101, 0x0102, 0x0200, 0x0201, 0x0202, 0x0203, 0x0204, 0x0205, 0x0206,
	0x0207, 0x0208, 0x0209, 0x020a, 0x020b, 0x0300, 0x0301, 0x0302,
};

static const u16 fails[] = { 0, 1, 2, 3, 4 };

static bool listed(const u16 *list, u32 n, u32 value)
{
	while (n--) {
		if (list[n] == value)
			return true;
	}
	return false;
}

static void check_name(struct kunit *test, const char *name, const char *unknown, bool has_name,
		       u32 value)
{
	KUNIT_EXPECT_EQ_MSG(test, !!strcmp(name, unknown), has_name, "value %u", value);
}

/* Exactly these values have names, and no two of a kind share one. */
static void names_total(struct kunit *test)
{
	for (u32 i = 0; i < 256; i++) {
		check_name(test, icore_opcode_name(i), "unknown PDU",
			   listed(opcodes, ARRAY_SIZE(opcodes), i), i);
		check_name(test, icore_reject_name(i), "unknown reason",
			   listed(rejects, ARRAY_SIZE(rejects), i), i);
		check_name(test, icore_tmf_name(i), "unknown function",
			   listed(functions, ARRAY_SIZE(functions), i), i);
		check_name(test, icore_rx_fail_name(i), "unknown failure",
			   listed(fails, ARRAY_SIZE(fails), i), i);
	}
	for (u32 i = 0; i < 0x10000; i++)
		check_name(test, icore_login_status_name(i), "unknown status",
			   listed(statuses, ARRAY_SIZE(statuses), i), i);
	for (u32 i = 0; i < 64; i++) {
		for (u32 j = 0; j < i; j++) {
			if (strcmp(icore_opcode_name(i), "unknown PDU"))
				KUNIT_EXPECT_STRNEQ(test, icore_opcode_name(i),
						    icore_opcode_name(j));
			if (strcmp(icore_tmf_name(i), "unknown function"))
				KUNIT_EXPECT_STRNEQ(test, icore_tmf_name(i), icore_tmf_name(j));
		}
	}
	KUNIT_EXPECT_STREQ(test, icore_opcode_name(ICORE_OP_R2T), "R2T");
	KUNIT_EXPECT_STREQ(test, icore_reject_name(9), "invalid PDU field");
	KUNIT_EXPECT_STREQ(test, icore_tmf_name(5), "LOGICAL UNIT RESET");
	KUNIT_EXPECT_STREQ(test, icore_login_status_name(ICORE_LOGIN_AUTH_FAILED),
			   "authentication failure");
}

static struct kunit_case enc_cases[] = {
	KUNIT_CASE_PARAM(enc_bytes, enc_gen_params),
	KUNIT_CASE(enc_event_data),
	KUNIT_CASE(enc_status_implies_final),
	KUNIT_CASE(names_total),
	{}
};

static struct kunit_suite enc_suite = {
	.name = "icore_enc",
	.test_cases = enc_cases,
};

kunit_test_suite(enc_suite);
