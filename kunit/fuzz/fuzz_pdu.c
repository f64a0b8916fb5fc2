// SPDX-License-Identifier: GPL-2.0
/*
 * icore_pdu_decode() on any header: 48 bytes, the AHS area it announces, and what a
 * receiver does next with the result.
 */
#include "fuzz.h"

#define MAX_DSL 8192

static void check(const struct icore_bhs *bhs, const struct icore_pdu *pdu)
{
	fuzz_check(pdu->opcode == (bhs->opcode & 0x3f));
	fuzz_check(pdu->dsl == icore_bhs_dsl(bhs));
	fuzz_check((pdu->verdict == ICORE_DROP) == (pdu->dsl > MAX_DSL));
	fuzz_check(pdu->verdict != ICORE_REJECT || pdu->reason);
	if (pdu->verdict != ICORE_OK)
		return;
	fuzz_check(pdu->opcode <= ICORE_OP_LOGOUT_REQ || pdu->opcode == ICORE_OP_SNACK);
	fuzz_check(!pdu->ahs_len || pdu->opcode == ICORE_OP_SCSI_CMD);
	fuzz_check(pdu->ahs_len <= ICORE_AHS_USE_MAX);
	if (pdu->opcode != ICORE_OP_SCSI_CMD)
		return;
	fuzz_check(pdu->itt != ICORE_RTAG);
	fuzz_check(pdu->scsi.bidi == (pdu->scsi.read && pdu->scsi.write));
	fuzz_check(pdu->dsl <= pdu->scsi.edtl);
	fuzz_check(pdu->scsi.write || (!pdu->dsl && pdu->final));
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct fuzz_input in = { data, size };
	struct icore_bhs bhs;
	struct icore_pdu pdu;
	u8 *ahs, *cdb;
	u64 lun;
	u32 len;

	fuzz_bytes(&in, &bhs, sizeof(bhs));
	ahs = fuzz_block(&in, bhs.ahs_words * 4);
	icore_pdu_decode(&bhs, ahs, MAX_DSL, &pdu);
	check(&bhs, &pdu);
	len = pdu.opcode == ICORE_OP_SCSI_CMD ? pdu.scsi.cdb_len : 16;
	fuzz_check(len >= 16 && len <= ICORE_CDB_MAX);
	cdb = malloc(len);
	if (!cdb)
		abort();
	icore_pdu_cdb(&pdu, cdb);
	icore_lun_decode(pdu.lun, &lun);
	fuzz_check(lun < 1 << 14);
	fuzz_check(icore_opcode_name(pdu.opcode) && icore_reject_name(pdu.reason) &&
		   icore_tmf_name(pdu.flags));
	free(cdb);
	free(ahs);
	return 0;
}
