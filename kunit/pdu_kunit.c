// SPDX-License-Identifier: GPL-2.0
/*
 * Headers: every opcode, every rule on reserved values and lengths, every encoder
 * byte by byte, the digest vectors of RFC 3720 B.4.
 */
#include "icore_test.h"

#define OK(...) .verdict = ICORE_OK
#define REJ(r) .verdict = ICORE_REJECT, .reason = ICORE_REJECT_##r
#define MAX_DSL 8192
#define I ICORE_IMMEDIATE
#define F ICORE_F_FINAL
#define R ICORE_CMD_READ
#define W ICORE_CMD_WRITE

/* A request in few words. ITT 0 stands for 0x11223344; w20 as it is. */
struct decode_row {
	const char *name;
	u8 op;
	u8 flags;
	u32 dsl;
	u8 ahs_words;
	u32 itt;
	u32 w20;
	u8 ahs[24];
	enum icore_verdict verdict;
	enum icore_reject reason;
};

#define NONE ICORE_RTAG
#define BIDI_AHS { 0, 5, 2, 0, 0, 1, 0, 0 }

static const struct decode_row decode_rows[] = {
	/* 11.3 */
	{ "read", 0x01, F | R, .w20 = 4096, OK() },
	{ "write", 0x01, F | W, .w20 = 4096, OK() },
	{ "write, unsolicited data follows", 0x01, W, .w20 = 4096, OK() },
	{ "no data", 0x01, F, OK() },
	{ "immediate command", 0x01 | I, F, OK() },
	{ "read of nothing", 0x01, F | R, OK() },
	{ "write of nothing", 0x01, F | W, OK() },
	{ "F=0 W=0", 0x01, R, .w20 = 512, REJ(INVALID_FIELD) },
	{ "F=0 R=0 W=0", 0x01, 0, REJ(INVALID_FIELD) },
	{ "R=W=0 with EDTL", 0x01, F, .w20 = 1, REJ(INVALID_FIELD) },
	{ "ATTR 0", 0x01, F | 0, OK() },
	{ "ATTR 1", 0x01, F | 1, OK() },
	{ "ATTR 4", 0x01, F | 4, OK() },
	{ "ATTR 5", 0x01, F | 5, REJ(INVALID_FIELD) },
	{ "ATTR 6", 0x01, F | 6, REJ(INVALID_FIELD) },
	{ "ATTR 7", 0x01, F | 7, REJ(INVALID_FIELD) },
	{ "command with reserved tag", 0x01, F, .itt = NONE, REJ(INVALID_FIELD) },
	{ "reserved flags 0x18", 0x01, F | 0x18, OK() },
	{ "reserved bit of byte 0", 0x81, F, OK() },
	{ "immediate data", 0x01, F | W, .dsl = 512, .w20 = 4096, OK() },
	{ "immediate data, all", 0x01, F | W, .dsl = 4096, .w20 = 4096, OK() },
	{ "immediate data beyond EDTL", 0x01, F | W, .dsl = 4097, .w20 = 4096, REJ(INVALID_FIELD) },
	{ "data with a read", 0x01, F | R, .dsl = 1, .w20 = 4096, REJ(INVALID_FIELD) },
	{ "data with no direction", 0x01, F, .dsl = 1, REJ(INVALID_FIELD) },
	{ "longest data", 0x01, F | W, .dsl = MAX_DSL, .w20 = 1 << 20, OK() },
	{ "data too long", 0x01, F | W, .dsl = MAX_DSL + 1, .w20 = 1 << 20, .verdict = ICORE_DROP },
	{ "R=W=1 without AHS", 0x01, F | R | W, .w20 = 512, REJ(INVALID_FIELD) },
	{ "R=W=1 with AHS", 0x01, F | R | W, .w20 = 512, .ahs_words = 2, .ahs = BIDI_AHS, OK() },
	{ "bidirectional AHS on a read", 0x01, F | R, .ahs_words = 2, .ahs = BIDI_AHS,
	  REJ(INVALID_FIELD) },
	/* 11.2.2 */
	{ "AHS length 0", 0x01, F, .ahs_words = 1, .ahs = { 0, 0, 1, 0 }, REJ(INVALID_FIELD) },
	{ "AHS all zero", 0x01, F, .ahs_words = 2, REJ(INVALID_FIELD) },
	{ "AHS type 0", 0x01, F, .ahs_words = 1, .ahs = { 0, 1, 0, 0 }, REJ(INVALID_FIELD) },
	{ "AHS type 3", 0x01, F, .ahs_words = 1, .ahs = { 0, 1, 3, 0 }, REJ(INVALID_FIELD) },
	{ "AHS type 63", 0x01, F, .ahs_words = 1, .ahs = { 0, 1, 63, 0 }, REJ(INVALID_FIELD) },
	{ "AHS reserved type bits", 0x01, F, .ahs_words = 2, .ahs = { 0, 2, 0xc1, 0, 9 }, OK() },
	{ "AHS overrun by a byte", 0x01, F, .ahs_words = 1, .ahs = { 0, 2, 1, 0 },
	  REJ(INVALID_FIELD) },
	{ "AHS overrun by far", 0x01, F, .ahs_words = 2, .ahs = { 0xff, 0xff, 1, 0 },
	  REJ(INVALID_FIELD) },
	{ "AHS empty extended CDB", 0x01, F, .ahs_words = 1, .ahs = { 0, 1, 1, 0 },
	  REJ(INVALID_FIELD) },
	{ "AHS bidi length 4", 0x01, F | R | W, .ahs_words = 2, .ahs = { 0, 4, 2 },
	  REJ(INVALID_FIELD) },
	{ "AHS bidi length 6", 0x01, F | R | W, .ahs_words = 3, .ahs = { 0, 6, 2 },
	  REJ(INVALID_FIELD) },
	{ "AHS two bidi", 0x01, F | R | W, .ahs_words = 4,
	  .ahs = { 0, 5, 2, 0, 0, 1, 0, 0, 0, 5, 2, 0, 0, 1, 0, 0 }, REJ(INVALID_FIELD) },
	{ "AHS two CDBs", 0x01, F, .ahs_words = 4,
	  .ahs = { 0, 2, 1, 0, 9, 0, 0, 0, 0, 2, 1, 0, 9 }, REJ(INVALID_FIELD) },
	{ "AHS CDB and bidi", 0x01, F | R | W, .ahs_words = 4,
	  .ahs = { 0, 2, 1, 0, 9, 0, 0, 0, 0, 5, 2, 0, 0, 0, 2, 0 }, OK() },
	{ "AHS bidi and CDB", 0x01, F | R | W, .ahs_words = 4,
	  .ahs = { 0, 5, 2, 0, 0, 0, 2, 0, 0, 2, 1, 0, 9 }, OK() },
	{ "AHS with garbage behind", 0x01, F, .ahs_words = 3, .ahs = { 0, 2, 1, 0, 9 },
	  REJ(INVALID_FIELD) },
	/* 11.18 */
	{ "ping", 0x00, F, .dsl = 100, .w20 = NONE, OK() },
	{ "immediate ping", 0x00 | I, F, .w20 = NONE, OK() },
	{ "answer to a ping", 0x00 | I, F, .itt = NONE, .w20 = 5, OK() },
	{ "ExpStatSN only", 0x00 | I, F, .itt = NONE, .w20 = NONE, OK() },
	{ "no tag, not immediate", 0x00, F, .itt = NONE, .w20 = NONE, REJ(PROTOCOL) },
	{ "answer, not immediate", 0x00, F, .itt = NONE, .w20 = 5, REJ(PROTOCOL) },
	{ "both tags", 0x00 | I, F, .w20 = 5, REJ(PROTOCOL) },
	{ "ping too long", 0x00, F, .dsl = MAX_DSL + 1, .w20 = NONE, .verdict = ICORE_DROP },
	{ "NOP-Out with AHS", 0x00, F, .w20 = NONE, .ahs_words = 1, REJ(INVALID_FIELD) },
	/* 11.5 */
	{ "abort task", 0x02, F | 1, .w20 = 7, OK() },
	{ "immediate LUN reset", 0x02 | I, F | 5, .w20 = NONE, OK() },
	{ "unknown function", 0x02, F | 0x7f, OK() },
	{ "function with data", 0x02, F | 1, .dsl = 4, REJ(INVALID_FIELD) },
	{ "function with AHS", 0x02, F | 1, .ahs_words = 2, .ahs = BIDI_AHS, REJ(INVALID_FIELD) },
	{ "function with reserved tag", 0x02, F | 1, .itt = NONE, REJ(INVALID_FIELD) },
	/* 11.12 */
	{ "login", 0x03 | I, 0x87, .dsl = 200, OK() },
	{ "login without I", 0x03, 0x87, OK() },
	{ "login with T and C", 0x03 | I, 0xc7, OK() },
	{ "login with reserved stages", 0x03 | I, 0x8a, OK() },
	{ "login with reserved tag", 0x03 | I, 0x87, .itt = NONE, OK() },
	{ "login with AHS", 0x03 | I, 0x87, .ahs_words = 1, REJ(INVALID_FIELD) },
	{ "login too long", 0x03 | I, 0x87, .dsl = MAX_DSL + 1, .verdict = ICORE_DROP },
	/* 11.10 */
	{ "text", 0x04, F, .dsl = 16, .w20 = NONE, OK() },
	{ "text goes on", 0x04, 0x40, .dsl = 16, .w20 = NONE, OK() },
	{ "text, neither F nor C", 0x04, 0, .w20 = 9, OK() },
	{ "text, F and C", 0x04, F | 0x40, .w20 = NONE, REJ(PROTOCOL) },
	{ "text with reserved tag", 0x04, F, .itt = NONE, .w20 = NONE, REJ(INVALID_FIELD) },
	{ "text with AHS", 0x04, F, .w20 = NONE, .ahs_words = 1, REJ(INVALID_FIELD) },
	/* 11.7 */
	{ "data", 0x05, F, .dsl = MAX_DSL, .w20 = 3, OK() },
	{ "data, not final", 0x05, 0, .dsl = 1, .w20 = NONE, OK() },
	{ "data, empty", 0x05, F, .w20 = NONE, OK() },
	{ "data, reserved flags", 0x05, 0x7f, .w20 = NONE, OK() },
	{ "data too long", 0x05, F, .dsl = MAX_DSL + 1, .w20 = 3, .verdict = ICORE_DROP },
	{ "data longest field", 0x05, F, .dsl = 0xffffff, .w20 = 3, .verdict = ICORE_DROP },
	{ "data with reserved tag", 0x05, F, .itt = NONE, REJ(INVALID_FIELD) },
	{ "data with AHS", 0x05, F, .ahs_words = 255, REJ(INVALID_FIELD) },
	/* 11.14 */
	{ "close session", 0x06 | I, F | 0, OK() },
	{ "close connection", 0x06, F | 1, OK() },
	{ "remove for recovery", 0x06, F | 2, OK() },
	{ "logout reason 3", 0x06, F | 3, REJ(INVALID_FIELD) },
	{ "logout reason 127", 0x06, F | 0x7f, REJ(INVALID_FIELD) },
	{ "logout with data", 0x06, F, .dsl = 1, REJ(INVALID_FIELD) },
	{ "logout with AHS", 0x06, F, .ahs_words = 1, REJ(INVALID_FIELD) },
	{ "logout with reserved tag", 0x06, F, .itt = NONE, REJ(INVALID_FIELD) },
	/* 11.16 */
	{ "SNACK data", 0x10, F | 0, .w20 = NONE, OK() },
	{ "SNACK R-Data", 0x10, F | 3, .w20 = NONE, OK() },
	{ "SNACK status without task", 0x10, F | 1, .itt = NONE, .w20 = NONE, OK() },
	{ "SNACK type 4", 0x10, F | 4, .w20 = NONE, REJ(INVALID_FIELD) },
	{ "SNACK reserved flags", 0x10, F | 0x70, .w20 = NONE, OK() },
	{ "SNACK with data", 0x10, F, .dsl = 4, .w20 = NONE, REJ(INVALID_FIELD) },
	{ "SNACK with AHS", 0x10, F, .ahs_words = 1, .w20 = NONE, REJ(INVALID_FIELD) },
	/* 11.2.1.2 */
	{ "unknown with data and AHS", 0x07, F, .dsl = 99, .ahs_words = 4, REJ(NOT_SUPPORTED) },
	{ "vendor opcode", 0x1c, F, REJ(NOT_SUPPORTED) },
	{ "vendor opcode too long", 0x1e, F, .dsl = MAX_DSL + 1, .verdict = ICORE_DROP },
	{ "target opcode with AHS", 0x25, F, .ahs_words = 4, REJ(PROTOCOL) },
};

static void decode_desc(const struct decode_row *row, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s", row->name);
}

KUNIT_ARRAY_PARAM(decode, decode_rows, decode_desc);

static const struct icore_bhs *row_bhs(const struct decode_row *row, struct icore_bhs *bhs)
{
	memset(bhs, 0, sizeof(*bhs));
	bhs->opcode = row->op;
	bhs->flags = row->flags;
	bhs->ahs_words = row->ahs_words;
	icore_put24(bhs->dsl, row->dsl);
	bhs->itt = cpu_to_be32(row->itt ? row->itt : 0x11223344);
	bhs->w[ICORE_W20] = cpu_to_be32(row->w20);
	return bhs;
}

static void pdu_decode_rules(struct kunit *test)
{
	const struct decode_row *row = test->param_value;
	struct icore_pdu *pdu = kunit_kzalloc(test, sizeof(*pdu), GFP_KERNEL);
	/* Exactly as long as the area, so that KASAN or ASan sees an over-read. */
	u8 *ahs = kunit_kzalloc(test, row->ahs_words * 4 + 1, GFP_KERNEL);
	struct icore_bhs bhs;

	memcpy(ahs, row->ahs, min((size_t)row->ahs_words * 4, sizeof(row->ahs)));
	memset(pdu, 0x5a, sizeof(*pdu));
	icore_pdu_decode(row_bhs(row, &bhs), ahs, MAX_DSL, pdu);
	KUNIT_EXPECT_EQ(test, pdu->verdict, row->verdict);
	if (row->verdict == ICORE_REJECT)
		KUNIT_EXPECT_EQ(test, pdu->reason, row->reason);
	KUNIT_EXPECT_EQ(test, pdu->opcode, row->op & ICORE_OP_MASK);
	KUNIT_EXPECT_EQ(test, pdu->flags, row->flags);
	KUNIT_EXPECT_EQ(test, pdu->final, !!(row->flags & F));
	KUNIT_EXPECT_EQ(test, pdu->dsl, row->dsl);
	KUNIT_EXPECT_EQ(test, pdu->ahs_len, row->ahs_words * 4);
	KUNIT_EXPECT_EQ(test, pdu->itt, row->itt ? row->itt : 0x11223344);
}

/* Every byte different: a field taken from the wrong place shows. */
static void pattern(struct icore_bhs *bhs, u8 op, u8 flags)
{
	u8 *b = (u8 *)bhs;

	for (u32 i = 0; i < sizeof(*bhs); i++)
		b[i] = i;
	bhs->opcode = op;
	bhs->flags = flags;
	bhs->ahs_words = 0;
	icore_put24(bhs->dsl, 0);
}

static void pdu_fields_scsi(struct kunit *test)
{
	struct icore_pdu *pdu = kunit_kzalloc(test, sizeof(*pdu), GFP_KERNEL);
	struct icore_bhs bhs;

	pattern(&bhs, 0x41, F | R | 3);
	icore_pdu_decode(&bhs, NULL, MAX_DSL, pdu);
	KUNIT_EXPECT_EQ(test, pdu->verdict, ICORE_OK);
	KUNIT_EXPECT_TRUE(test, pdu->immediate);
	KUNIT_EXPECT_MEMEQ(test, pdu->lun, "\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f", 8);
	KUNIT_EXPECT_EQ(test, pdu->itt, 0x10111213);
	KUNIT_EXPECT_EQ(test, pdu->ttt, ICORE_RTAG);
	KUNIT_EXPECT_EQ(test, pdu->scsi.edtl, 0x14151617);
	KUNIT_EXPECT_EQ(test, pdu->cmdsn, 0x18191a1b);
	KUNIT_EXPECT_EQ(test, pdu->exp_statsn, 0x1c1d1e1f);
	KUNIT_EXPECT_TRUE(test, pdu->scsi.read);
	KUNIT_EXPECT_FALSE(test, pdu->scsi.write);
	KUNIT_EXPECT_EQ(test, pdu->scsi.attr, ICORE_ATTR_HEAD);
	KUNIT_EXPECT_EQ(test, pdu->scsi.cdb_len, 16);
	KUNIT_EXPECT_PTR_EQ(test, (const void *)pdu->scsi.cdb, (const void *)((u8 *)&bhs + 32));
	KUNIT_EXPECT_NULL(test, pdu->scsi.cdb_ext);
	KUNIT_EXPECT_FALSE(test, pdu->scsi.bidi);

	pattern(&bhs, 0x01, W);
	icore_pdu_decode(&bhs, NULL, MAX_DSL, pdu);
	KUNIT_EXPECT_FALSE(test, pdu->immediate);
	KUNIT_EXPECT_FALSE(test, pdu->final);
	KUNIT_EXPECT_TRUE(test, pdu->scsi.write);
	KUNIT_EXPECT_FALSE(test, pdu->scsi.read);
}

static void pdu_fields_bidi(struct kunit *test)
{
	static const u8 ahs[] = { 0, 5, 2, 0xee, 0x01, 0x02, 0x03, 0x04 };
	struct icore_pdu *pdu = kunit_kzalloc(test, sizeof(*pdu), GFP_KERNEL);
	struct icore_bhs bhs;

	pattern(&bhs, 0x01, F | R | W);
	bhs.ahs_words = 2;
	icore_pdu_decode(&bhs, ahs, MAX_DSL, pdu);
	KUNIT_EXPECT_EQ(test, pdu->verdict, ICORE_OK);
	KUNIT_EXPECT_TRUE(test, pdu->scsi.bidi);
	KUNIT_EXPECT_EQ(test, pdu->scsi.bidi_edtl, 0x01020304);
	KUNIT_EXPECT_EQ(test, pdu->ahs_len, 8);
}

static void pdu_fields_task(struct kunit *test)
{
	struct icore_pdu *pdu = kunit_kzalloc(test, sizeof(*pdu), GFP_KERNEL);
	struct icore_bhs bhs;

	pattern(&bhs, 0x02, F | 0x41);
	icore_pdu_decode(&bhs, NULL, MAX_DSL, pdu);
	KUNIT_EXPECT_EQ(test, pdu->tmf.function, 0x41);
	KUNIT_EXPECT_EQ(test, pdu->tmf.rtt, 0x14151617);
	KUNIT_EXPECT_EQ(test, pdu->cmdsn, 0x18191a1b);
	KUNIT_EXPECT_EQ(test, pdu->tmf.ref_cmdsn, 0x20212223);
	KUNIT_EXPECT_EQ(test, pdu->tmf.exp_datasn, 0x24252627);
	KUNIT_EXPECT_EQ(test, pdu->ttt, ICORE_RTAG);

	pattern(&bhs, 0x06, F | 1);
	icore_pdu_decode(&bhs, NULL, MAX_DSL, pdu);
	KUNIT_EXPECT_EQ(test, pdu->logout.reason, 1);
	KUNIT_EXPECT_EQ(test, pdu->logout.cid, 0x1415);
	KUNIT_EXPECT_EQ(test, pdu->cmdsn, 0x18191a1b);

	pattern(&bhs, 0x40, F);
	icore_pdu_decode(&bhs, NULL, MAX_DSL, pdu);
	KUNIT_EXPECT_EQ(test, pdu->ttt, 0x14151617);
	KUNIT_EXPECT_TRUE(test, pdu->immediate);
	KUNIT_EXPECT_EQ(test, pdu->cmdsn, 0x18191a1b);

	pattern(&bhs, 0x04, 0x40);
	icore_pdu_decode(&bhs, NULL, MAX_DSL, pdu);
	KUNIT_EXPECT_TRUE(test, pdu->text.cont);
	KUNIT_EXPECT_EQ(test, pdu->ttt, 0x14151617);
	KUNIT_EXPECT_EQ(test, pdu->cmdsn, 0x18191a1b);
}

/* Neither of these two has an I bit or a CmdSN: what is there is reserved. */
static void pdu_fields_data(struct kunit *test)
{
	struct icore_pdu *pdu = kunit_kzalloc(test, sizeof(*pdu), GFP_KERNEL);
	struct icore_bhs bhs;

	pattern(&bhs, 0x45, F);
	icore_pdu_decode(&bhs, NULL, MAX_DSL, pdu);
	KUNIT_EXPECT_EQ(test, pdu->ttt, 0x14151617);
	KUNIT_EXPECT_EQ(test, pdu->cmdsn, 0);
	KUNIT_EXPECT_FALSE(test, pdu->immediate);
	KUNIT_EXPECT_EQ(test, pdu->exp_statsn, 0x1c1d1e1f);
	KUNIT_EXPECT_EQ(test, pdu->data_out.datasn, 0x24252627);
	KUNIT_EXPECT_EQ(test, pdu->data_out.offset, 0x28292a2b);

	pattern(&bhs, 0x50, F | 0x72);
	icore_pdu_decode(&bhs, NULL, MAX_DSL, pdu);
	KUNIT_EXPECT_EQ(test, pdu->ttt, 0x14151617);
	KUNIT_EXPECT_EQ(test, pdu->cmdsn, 0);
	KUNIT_EXPECT_FALSE(test, pdu->immediate);
	KUNIT_EXPECT_EQ(test, pdu->snack.type, ICORE_SNACK_DATA_ACK);
	KUNIT_EXPECT_EQ(test, pdu->snack.begrun, 0x28292a2b);
	KUNIT_EXPECT_EQ(test, pdu->snack.runlength, 0x2c2d2e2f);
}

static void pdu_fields_login(struct kunit *test)
{
	struct icore_pdu *pdu = kunit_kzalloc(test, sizeof(*pdu), GFP_KERNEL);
	struct icore_bhs bhs;

	pattern(&bhs, 0x43, 0xb7);
	icore_pdu_decode(&bhs, NULL, MAX_DSL, pdu);
	KUNIT_EXPECT_EQ(test, pdu->verdict, ICORE_OK);
	KUNIT_EXPECT_TRUE(test, pdu->immediate);
	KUNIT_EXPECT_TRUE(test, pdu->login.transit);
	KUNIT_EXPECT_FALSE(test, pdu->login.cont);
	KUNIT_EXPECT_EQ(test, pdu->login.csg, 1);
	KUNIT_EXPECT_EQ(test, pdu->login.nsg, 3);
	KUNIT_EXPECT_EQ(test, pdu->login.version_max, 2);
	KUNIT_EXPECT_EQ(test, pdu->login.version_min, 3);
	KUNIT_EXPECT_MEMEQ(test, pdu->login.isid, "\x08\x09\x0a\x0b\x0c\x0d", 6);
	KUNIT_EXPECT_EQ(test, pdu->login.tsih, 0x0e0f);
	KUNIT_EXPECT_EQ(test, pdu->login.cid, 0x1415);
	KUNIT_EXPECT_EQ(test, pdu->cmdsn, 0x18191a1b);
	KUNIT_EXPECT_EQ(test, pdu->exp_statsn, 0x1c1d1e1f);

	pattern(&bhs, 0x43, 0x48);
	icore_pdu_decode(&bhs, NULL, MAX_DSL, pdu);
	KUNIT_EXPECT_FALSE(test, pdu->login.transit);
	KUNIT_EXPECT_TRUE(test, pdu->login.cont);
	KUNIT_EXPECT_EQ(test, pdu->login.csg, 2);
	KUNIT_EXPECT_EQ(test, pdu->login.nsg, 0);
}

/* All 64 opcodes, with and without the I bit and the reserved one. */
static void pdu_all_opcodes(struct kunit *test)
{
	static const u8 known[] = { 0, 1, 2, 3, 4, 5, 6, 0x10 };
	struct icore_pdu *pdu = kunit_kzalloc(test, sizeof(*pdu), GFP_KERNEL);
	struct icore_bhs bhs;

	for (u32 byte = 0; byte < 256; byte++) {
		u8 op = byte & ICORE_OP_MASK;
		bool is_known = memchr(known, op, sizeof(known));

		pattern(&bhs, byte, F);
		bhs.w[ICORE_W20] = cpu_to_be32(op == ICORE_OP_SCSI_CMD ? 0 : ICORE_RTAG);
		icore_pdu_decode(&bhs, NULL, MAX_DSL, pdu);
		KUNIT_EXPECT_EQ(test, pdu->opcode, op);
		KUNIT_EXPECT_EQ_MSG(test, pdu->verdict, is_known ? ICORE_OK : ICORE_REJECT,
				    "byte 0 is %02x", byte);
		if (!is_known)
			KUNIT_EXPECT_EQ_MSG(test, pdu->reason,
					    op >= 0x20 ? ICORE_REJECT_PROTOCOL :
							 ICORE_REJECT_NOT_SUPPORTED,
					    "byte 0 is %02x", byte);
	}
}

static void pdu_cdb_lengths(struct kunit *test)
{
	struct icore_pdu *pdu = kunit_kzalloc(test, sizeof(*pdu), GFP_KERNEL);
	u8 *ahs = kunit_kzalloc(test, ICORE_AHS_MAX, GFP_KERNEL);
	u8 *cdb = kunit_kzalloc(test, ICORE_CDB_MAX + 1, GFP_KERNEL);
	struct icore_bhs bhs;

	for (u32 len = 17; len <= 262; len++) {
		u32 used = 3 + len - 15;

		pattern(&bhs, 0x01, F | R);
		for (u32 i = 0; i < 16; i++)
			((u8 *)&bhs.w[ICORE_W32])[i] = i;
		bhs.ahs_words = (used + 3) / 4;
		memset(ahs, 0xaa, ICORE_AHS_MAX);
		ahs[0] = (len - 15) >> 8;
		ahs[1] = (len - 15) & 0xff;
		ahs[2] = ICORE_AHS_EXT_CDB;
		for (u32 i = 16; i < len; i++)
			ahs[4 + i - 16] = i;
		icore_pdu_decode(&bhs, ahs, MAX_DSL, pdu);
		KUNIT_ASSERT_EQ_MSG(test, pdu->verdict,
				    len <= ICORE_CDB_MAX ? ICORE_OK : ICORE_REJECT, "len %u", len);
		if (len > ICORE_CDB_MAX)
			continue;
		KUNIT_ASSERT_EQ(test, pdu->scsi.cdb_len, len);
		memset(cdb, 0x55, ICORE_CDB_MAX + 1);
		icore_pdu_cdb(pdu, cdb);
		for (u32 i = 0; i < len; i++)
			KUNIT_ASSERT_EQ_MSG(test, cdb[i], (u8)i, "len %u byte %u", len, i);
		KUNIT_ASSERT_EQ(test, cdb[len], 0x55);
	}
	pattern(&bhs, 0x05, F);
	icore_pdu_decode(&bhs, NULL, MAX_DSL, pdu);
	icore_pdu_cdb(pdu, cdb);
	for (u32 i = 0; i < 16; i++)
		KUNIT_EXPECT_EQ(test, cdb[i], 0);
}

/* 62 words of CDB and 2 of bidirectional length are the most there can be. */
static void pdu_ahs_largest(struct kunit *test)
{
	struct icore_pdu *pdu = kunit_kzalloc(test, sizeof(*pdu), GFP_KERNEL);
	u8 *ahs = kunit_kzalloc(test, ICORE_AHS_MAX, GFP_KERNEL);
	struct icore_bhs bhs;

	pattern(&bhs, 0x01, F | R | W);
	bhs.ahs_words = 64;
	ahs[1] = 245;
	ahs[2] = ICORE_AHS_EXT_CDB;
	ahs[248 + 1] = 5;
	ahs[248 + 2] = ICORE_AHS_BIDI_EDTL;
	icore_pdu_decode(&bhs, ahs, MAX_DSL, pdu);
	KUNIT_EXPECT_EQ(test, pdu->verdict, ICORE_OK);
	KUNIT_EXPECT_EQ(test, pdu->scsi.cdb_len, ICORE_CDB_MAX);

	bhs.flags = F | R;
	for (u32 words = 65; words < 256; words++) {
		bhs.ahs_words = words;
		icore_pdu_decode(&bhs, ahs, MAX_DSL, pdu);
		KUNIT_EXPECT_EQ(test, pdu->verdict, ICORE_REJECT);
		KUNIT_EXPECT_EQ(test, pdu->reason, ICORE_REJECT_INVALID_FIELD);
	}
}

static void pdu_padding(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, icore_pad(0), 0);
	KUNIT_EXPECT_EQ(test, icore_pad(1), 3);
	KUNIT_EXPECT_EQ(test, icore_pad(2), 2);
	KUNIT_EXPECT_EQ(test, icore_pad(3), 1);
	KUNIT_EXPECT_EQ(test, icore_pad(4), 0);
	KUNIT_EXPECT_EQ(test, icore_pad(ICORE_DSL_FIELD_MAX), 1);
}

struct lun_row {
	const char *name;
	u8 lun[8];
	bool good;
	u32 number;
};

static const struct lun_row lun_rows[] = {
	{ "peripheral 0", { 0, 0 }, true, 0 },
	{ "peripheral 255", { 0, 255 }, true, 255 },
	{ "plain 256", { 1, 0 }, true, 256 },
	{ "plain 16383", { 0x3f, 0xff }, true, 16383 },
	{ "flat 0", { 0x40, 0 }, true, 0 },
	{ "flat 5", { 0x40, 5 }, true, 5 },
	{ "flat 16383", { 0x7f, 0xff }, true, 16383 },
	{ "logical unit method", { 0x80, 1 }, false },
	{ "extended flat", { 0xd2, 0, 0, 1 }, false },
	{ "REPORT LUNS well-known", { 0xc1, 1 }, false },
	{ "not specified", { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff }, false },
	{ "second level", { 0, 1, 0, 2 }, false },
	{ "last byte", { 0, 1, 0, 0, 0, 0, 0, 1 }, false },
	{ "third byte", { 0x40, 1, 1 }, false },
};

static void lun_desc(const struct lun_row *row, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s", row->name);
}

KUNIT_ARRAY_PARAM(lun, lun_rows, lun_desc);

static void pdu_lun(struct kunit *test)
{
	const struct lun_row *row = test->param_value;
	u64 out = 77;

	KUNIT_EXPECT_EQ(test, icore_lun_decode(row->lun, &out), row->good);
	KUNIT_EXPECT_EQ(test, out, row->number);
}

/* RFC 3720 B.4; the fifth is the header of a READ(10). */
struct crc_row {
	const char *name;
	u32 len;
	u8 first;
	s32 step;
	u8 digest[4];
};

static const struct crc_row crc_rows[] = {
	{ "32 zeros", 32, 0x00, 0, { 0xaa, 0x36, 0x91, 0x8a } },
	{ "32 ones", 32, 0xff, 0, { 0x43, 0xab, 0xa8, 0x62 } },
	{ "ascending", 32, 0x00, 1, { 0x4e, 0x79, 0xdd, 0x46 } },
	{ "descending", 32, 0x1f, -1, { 0x5c, 0xdb, 0x3f, 0x11 } },
	{ "nothing", 0, 0, 0, { 0, 0, 0, 0 } },
};

static void crc_desc(const struct crc_row *row, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s", row->name);
}

KUNIT_ARRAY_PARAM(crc, crc_rows, crc_desc);

static void pdu_crc(struct kunit *test)
{
	const struct crc_row *row = test->param_value;
	u8 data[36];
	__le32 digest;

	for (u32 i = 0; i < row->len; i++)
		data[i] = row->first + row->step * (s32)i;
	digest = icore_digest(data, row->len);
	KUNIT_EXPECT_MEMEQ(test, (const u8 *)&digest, row->digest, 4);
	for (u32 cut = 0; cut <= row->len; cut++) {
		u32 crc = icore_crc_update(icore_crc_init(), data, cut);

		crc = icore_crc_update(crc, data + cut, row->len - cut);
		digest = icore_crc_final(crc);
		KUNIT_EXPECT_MEMEQ(test, (const u8 *)&digest, row->digest, 4);
	}
	/* The register after data and digest is a constant. */
	memcpy(data + row->len, row->digest, 4);
	KUNIT_EXPECT_EQ(test, icore_crc_update(icore_crc_init(), data, row->len + 4), 0xb798b438u);
}

static void pdu_crc_header(struct kunit *test)
{
	static const u8 bhs[48] = {
		0x01, 0xc0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x14, 0, 0, 0, 0, 0, 4, 0,
		0, 0, 0, 0x14, 0, 0, 0, 0x18, 0x28, 0, 0, 0, 0, 0, 0, 0, 0x02, 0, 0, 0, 0, 0, 0, 0,
	};
	__le32 digest = icore_digest(bhs, sizeof(bhs));

	KUNIT_EXPECT_MEMEQ(test, (const u8 *)&digest, "\x56\x3a\x96\xd9", 4);
}

static struct kunit_case pdu_cases[] = {
	KUNIT_CASE_PARAM(pdu_decode_rules, decode_gen_params),
	KUNIT_CASE(pdu_fields_scsi),
	KUNIT_CASE(pdu_fields_bidi),
	KUNIT_CASE(pdu_fields_task),
	KUNIT_CASE(pdu_fields_data),
	KUNIT_CASE(pdu_fields_login),
	KUNIT_CASE(pdu_all_opcodes),
	KUNIT_CASE(pdu_cdb_lengths),
	KUNIT_CASE(pdu_ahs_largest),
	KUNIT_CASE(pdu_padding),
	KUNIT_CASE_PARAM(pdu_lun, lun_gen_params),
	KUNIT_CASE_PARAM(pdu_crc, crc_gen_params),
	KUNIT_CASE(pdu_crc_header),
	{}
};

static struct kunit_suite pdu_suite = {
	.name = "icore_pdu",
	.test_cases = pdu_cases,
};

kunit_test_suite(pdu_suite);
