// SPDX-License-Identifier: GPL-2.0
/*
 * icore_pdu_decode() on any header: 48 bytes, the AHS area it announces, and what a
 * receiver does next with the result. The fields are read a second time from their
 * offsets in RFC 7143 11, the AHS area is walked a second time, and nothing but these
 * bytes may have a part in the result.
 */
#include "fuzz.h"

#define MAX_DSL 8192

static u32 word(const struct icore_bhs *bhs, u32 offset)
{
	return icore_get32((const u8 *)bhs + offset);
}

static bool carries_ttt(u8 opcode)
{
	return opcode == ICORE_OP_NOP_OUT || opcode == ICORE_OP_TEXT_REQ ||
	       opcode == ICORE_OP_DATA_OUT || opcode == ICORE_OP_SNACK;
}

static void check_fields(const struct icore_bhs *bhs, const struct icore_pdu *pdu)
{
	const bool numbered = pdu->opcode <= ICORE_OP_LOGOUT_REQ &&
			      pdu->opcode != ICORE_OP_DATA_OUT;

	fuzz_check(pdu->opcode == (bhs->opcode & 0x3f) && pdu->flags == bhs->flags);
	fuzz_check(pdu->final == bhs->flags >> 7);
	fuzz_check(pdu->dsl == (word(bhs, 4) & 0xffffff) && pdu->ahs_len == bhs->ahs_words * 4);
	fuzz_check(!memcmp(pdu->lun, (const u8 *)bhs + 8, 8));
	fuzz_check(pdu->itt == word(bhs, 16) && pdu->exp_statsn == word(bhs, 28));
	fuzz_check(pdu->cmdsn == (numbered ? word(bhs, 24) : 0));
	fuzz_check(pdu->immediate == (numbered && (bhs->opcode & 0x40)));
	fuzz_check(pdu->ttt == (carries_ttt(pdu->opcode) ? word(bhs, 20) : ICORE_RTAG));
}

static void check_verdict(const struct icore_pdu *pdu)
{
	fuzz_check((pdu->verdict == ICORE_DROP) == (pdu->dsl > MAX_DSL));
	fuzz_check((pdu->verdict == ICORE_REJECT) == !!pdu->reason);
	if (pdu->verdict != ICORE_OK)
		return;
	fuzz_check(pdu->opcode <= ICORE_OP_LOGOUT_REQ || pdu->opcode == ICORE_OP_SNACK);
	fuzz_check(!pdu->ahs_len || pdu->opcode == ICORE_OP_SCSI_CMD);
	fuzz_check(pdu->ahs_len <= ICORE_AHS_USE_MAX);
	switch (pdu->opcode) {
	case ICORE_OP_NOP_OUT:
		fuzz_check(pdu->itt == ICORE_RTAG ? pdu->immediate : pdu->ttt == ICORE_RTAG);
		break;
	case ICORE_OP_TMF_REQ:
	case ICORE_OP_LOGOUT_REQ:
		fuzz_check(pdu->itt != ICORE_RTAG && !pdu->dsl);
		break;
	case ICORE_OP_TEXT_REQ:
		fuzz_check(pdu->itt != ICORE_RTAG && !(pdu->final && pdu->text.cont));
		break;
	case ICORE_OP_DATA_OUT:
		fuzz_check(pdu->itt != ICORE_RTAG);
		break;
	case ICORE_OP_SNACK:
		fuzz_check(!pdu->dsl && pdu->snack.type <= ICORE_SNACK_R_DATA);
		break;
	case ICORE_OP_SCSI_CMD:
		fuzz_check(pdu->itt != ICORE_RTAG && pdu->scsi.attr <= ICORE_ATTR_ACA);
		fuzz_check(pdu->scsi.bidi == (pdu->scsi.read && pdu->scsi.write));
		fuzz_check(pdu->dsl <= pdu->scsi.edtl);
		fuzz_check(pdu->scsi.write || (!pdu->dsl && pdu->final));
		break;
	}
}

/* 11.2.2: what an accepted area says, found by another walk over it. */
static void check_ahs(const struct icore_pdu *pdu, const u8 *ahs)
{
	const u8 *ext = NULL;
	bool bidi = false;
	u32 cdb_len = 16;

	for (u32 at = 0, used; at < pdu->ahs_len; at += used) {
		u32 len = icore_get16(ahs + at);

		used = (3 + len + 3) / 4 * 4;
		fuzz_check(at + used <= pdu->ahs_len);
		if ((ahs[at + 2] & 0x3f) == ICORE_AHS_EXT_CDB) {
			fuzz_check(!ext);
			ext = ahs + at + 4;
			cdb_len = len + 15;
		} else {
			fuzz_check((ahs[at + 2] & 0x3f) == ICORE_AHS_BIDI_EDTL && !bidi);
			fuzz_check(pdu->scsi.bidi_edtl == icore_get32(ahs + at + 4));
			bidi = true;
		}
	}
	fuzz_check(pdu->scsi.bidi == bidi && pdu->scsi.cdb_ext == ext);
	fuzz_check(pdu->scsi.cdb_len == cdb_len);
}

static void check_cdb(const struct icore_bhs *bhs, const struct icore_pdu *pdu)
{
	const bool scsi = pdu->opcode == ICORE_OP_SCSI_CMD;
	u32 len = scsi ? pdu->scsi.cdb_len : 16;
	static const u8 none[16];
	u8 *cdb;

	fuzz_check(len >= 16 && len <= ICORE_CDB_MAX);
	cdb = malloc(len);	/* of exactly this size */
	if (!cdb)
		abort();
	icore_pdu_cdb(pdu, cdb);
	fuzz_check(!memcmp(cdb, scsi ? (const u8 *)bhs + 32 : none, 16));
	if (scsi && pdu->scsi.cdb_ext)
		fuzz_check(!memcmp(cdb + 16, pdu->scsi.cdb_ext, len - 16));
	free(cdb);
}

static void check_lun(const u8 *bytes)
{
	u64 lun;

	if (!icore_lun_decode(bytes, &lun)) {
		fuzz_check(!lun);
		return;
	}
	fuzz_check(lun < 1 << 14 && !(bytes[0] & 0x80) && !icore_get16(bytes + 2) &&
		   !icore_get32(bytes + 4));
	fuzz_check(lun == (icore_get16(bytes) & 0x3fff));
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct fuzz_input in = { data, size };
	struct icore_bhs bhs;
	struct icore_pdu pdu, again;
	u8 *ahs;

	fuzz_bytes(&in, &bhs, sizeof(bhs));
	ahs = fuzz_block(&in, bhs.ahs_words * 4);
	/* A result that depends on what stood there before would differ. */
	memset(&pdu, 0x55, sizeof(pdu));
	memset(&again, 0xaa, sizeof(again));
	icore_pdu_decode(&bhs, ahs, MAX_DSL, &pdu);
	icore_pdu_decode(&bhs, ahs, MAX_DSL, &again);
	fuzz_check(!memcmp(&pdu, &again, sizeof(pdu)));
	check_fields(&bhs, &pdu);
	check_verdict(&pdu);
	if (pdu.opcode == ICORE_OP_SCSI_CMD && pdu.verdict == ICORE_OK)
		check_ahs(&pdu, ahs);
	check_cdb(&bhs, &pdu);
	check_lun(pdu.lun);
	fuzz_check(icore_opcode_name(pdu.opcode) && icore_reject_name(pdu.reason) &&
		   icore_tmf_name(pdu.flags));
	free(ahs);
	return 0;
}
