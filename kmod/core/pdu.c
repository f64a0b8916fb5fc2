// SPDX-License-Identifier: GPL-2.0
/*
 * PDU headers: requests into host order, responses out of it (RFC 7143 11).
 *
 * Decoding fills every field first and judges afterwards, so that a caller who
 * must answer a bad request knows its tags. The verdict distinguishes what can be
 * survived from what cannot: as long as the header says truthfully how long it and
 * its data are, the stream stays in step and the request can be refused alone
 * (Reject). Only a data segment longer than we ever agreed to receive makes the
 * sizes themselves suspect (7.7); nothing else here ends a connection.
 *
 * Reserved bits and fields are not looked at (11, "ignored by the receiver"); a
 * reserved *value* in a defined field is refused. Login Requests are decoded but,
 * AHS aside, not judged: the login phase answers with a status, not with Reject.
 *
 * What "refused" means for opcodes that are not ours: 0x20 to 0x3f belong to targets,
 * an initiator that sends them breaks the exchange rules: protocol error. Anything
 * else that is unassigned or vendor specific is a command we do not support (11.17.1).
 *
 * All tests on lengths compare 24-bit quantities in 32-bit types before padding or
 * digests are added.
 */
#include "port.h"

/* AHS (11.2.2): two bytes of length, one of type, then what the length counts. */
#define AHS_FIXED		3
#define AHS_CDB_BASE		15	/* AHSLength of an extended CDB = its length - 15 */
#define AHS_CDB_LEN_MIN		2
#define AHS_BIDI_LEN		5

#define OP_TARGET_FIRST		0x20

static void refuse(struct icore_pdu *pdu, enum icore_reject reason)
{
	/* The first finding stands. */
	if (pdu->verdict != ICORE_OK)
		return;
	pdu->verdict = ICORE_REJECT;
	pdu->reason = reason;
}

static void refuse_if(struct icore_pdu *pdu, bool bad, enum icore_reject reason)
{
	if (bad)
		refuse(pdu, reason);
}

static u32 bhs_word(const struct icore_bhs *bhs, u32 index)
{
	return be32_to_cpu(bhs->w[index]);
}

/**
 * icore_bhs_dsl() - DataSegmentLength
 * @bhs: a header as received
 */
u32 icore_bhs_dsl(const struct icore_bhs *bhs)
{
	return icore_get24(bhs->dsl);
}

/* One AHS with @len counted bytes, which lie inside the area. */
static bool ahs_one(const u8 *ahs, u32 len, struct icore_pdu *pdu)
{
	switch (ahs[2] & ICORE_AHS_TYPE_MASK) {
	case ICORE_AHS_EXT_CDB:
		if (pdu->scsi.cdb_ext || len < AHS_CDB_LEN_MIN ||
		    len + AHS_CDB_BASE > ICORE_CDB_MAX)
			return false;
		pdu->scsi.cdb_len = len + AHS_CDB_BASE;
		pdu->scsi.cdb_ext = ahs + AHS_FIXED + 1;
		return true;
	case ICORE_AHS_BIDI_EDTL:
		if (pdu->scsi.bidi || len != AHS_BIDI_LEN)
			return false;
		pdu->scsi.bidi = true;
		pdu->scsi.bidi_edtl = icore_get32(ahs + AHS_FIXED + 1);
		return true;
	default:
		return false;
	}
}

/*
 * Walk the AHS area, whose size is a multiple of 4. Each step consumes at least 4
 * bytes and the rest is compared before the next header is read.
 */
static bool ahs_walk(const u8 *ahs, struct icore_pdu *pdu)
{
	u32 left = pdu->ahs_len;

	if (left > ICORE_AHS_USE_MAX)
		return false;
	while (left) {
		u32 len = icore_get16(ahs);
		u32 used = AHS_FIXED + len;

		used += icore_pad(used);
		if (!len || used > left || !ahs_one(ahs, len, pdu))
			return false;
		ahs += used;
		left -= used;
	}
	return true;
}

/* RFC 7143 11.3 */
static void decode_scsi(const struct icore_bhs *bhs, const u8 *ahs, struct icore_pdu *pdu)
{
	bool good_ahs;

	pdu->scsi.read = pdu->flags & ICORE_CMD_READ;
	pdu->scsi.write = pdu->flags & ICORE_CMD_WRITE;
	pdu->scsi.attr = pdu->flags & ICORE_CMD_ATTR_MASK;
	pdu->scsi.edtl = bhs_word(bhs, ICORE_W20);
	pdu->scsi.cdb_len = 16;
	pdu->scsi.cdb = (const u8 *)&bhs->w[ICORE_W32];
	good_ahs = ahs_walk(ahs, pdu);

	refuse_if(pdu, !good_ahs, ICORE_REJECT_INVALID_FIELD);
	refuse_if(pdu, pdu->itt == ICORE_RTAG, ICORE_REJECT_INVALID_FIELD);
	refuse_if(pdu, pdu->scsi.attr > ICORE_ATTR_ACA, ICORE_REJECT_INVALID_FIELD);
	/* F = 0 announces unsolicited data, which only a write can have. */
	refuse_if(pdu, !pdu->final && !pdu->scsi.write, ICORE_REJECT_INVALID_FIELD);
	refuse_if(pdu, !pdu->scsi.read && !pdu->scsi.write && pdu->scsi.edtl,
		  ICORE_REJECT_INVALID_FIELD);
	/* The AHS and the two flags say the same thing (11.3.4), or it means nothing. */
	refuse_if(pdu, pdu->scsi.bidi != (pdu->scsi.read && pdu->scsi.write),
		  ICORE_REJECT_INVALID_FIELD);
	refuse_if(pdu, pdu->dsl > (pdu->scsi.write ? pdu->scsi.edtl : 0),
		  ICORE_REJECT_INVALID_FIELD);
}

/* RFC 7143 11.5. Unknown functions are answered, not rejected: see tmf.c. */
static void decode_tmf(const struct icore_bhs *bhs, struct icore_pdu *pdu)
{
	pdu->tmf.function = pdu->flags & ICORE_TMF_FUNCTION_MASK;
	pdu->tmf.rtt = bhs_word(bhs, ICORE_W20);
	pdu->tmf.ref_cmdsn = bhs_word(bhs, ICORE_W32);
	pdu->tmf.exp_datasn = bhs_word(bhs, ICORE_W36);
	refuse_if(pdu, pdu->itt == ICORE_RTAG, ICORE_REJECT_INVALID_FIELD);
	refuse_if(pdu, pdu->dsl, ICORE_REJECT_INVALID_FIELD);
}

/* RFC 7143 11.18 */
static void decode_nop(const struct icore_bhs *bhs, struct icore_pdu *pdu)
{
	pdu->ttt = bhs_word(bhs, ICORE_W20);
	refuse_if(pdu, pdu->itt == ICORE_RTAG && !pdu->immediate, ICORE_REJECT_PROTOCOL);
	/* It cannot ask for an answer and be one. */
	refuse_if(pdu, pdu->itt != ICORE_RTAG && pdu->ttt != ICORE_RTAG, ICORE_REJECT_PROTOCOL);
}

/* RFC 7143 11.12 */
static void decode_login(const struct icore_bhs *bhs, struct icore_pdu *pdu)
{
	pdu->login.transit = pdu->flags & ICORE_LOGIN_TRANSIT;
	pdu->login.cont = pdu->flags & ICORE_F_CONTINUE;
	pdu->login.csg = (pdu->flags & ICORE_LOGIN_CSG_MASK) >> ICORE_LOGIN_CSG_SHIFT;
	pdu->login.nsg = pdu->flags & ICORE_LOGIN_NSG_MASK;
	pdu->login.version_max = bhs->b2;
	pdu->login.version_min = bhs->b3;
	memcpy(pdu->login.isid, bhs->lun, sizeof(pdu->login.isid));
	pdu->login.tsih = icore_get16(bhs->lun + 6);
	pdu->login.cid = bhs_word(bhs, ICORE_W20) >> 16;
}

/* RFC 7143 11.10 */
static void decode_text(const struct icore_bhs *bhs, struct icore_pdu *pdu)
{
	pdu->ttt = bhs_word(bhs, ICORE_W20);
	pdu->text.cont = pdu->flags & ICORE_F_CONTINUE;
	refuse_if(pdu, pdu->itt == ICORE_RTAG, ICORE_REJECT_INVALID_FIELD);
	/* "More text follows" and "I am done" exclude each other (11.10.1, 11.10.2). */
	refuse_if(pdu, pdu->final && pdu->text.cont, ICORE_REJECT_PROTOCOL);
}

/* RFC 7143 11.7. Tags and offsets are judged by who knows the task: dataseq.c. */
static void decode_data_out(const struct icore_bhs *bhs, struct icore_pdu *pdu)
{
	pdu->ttt = bhs_word(bhs, ICORE_W20);
	pdu->data_out.datasn = bhs_word(bhs, ICORE_W36);
	pdu->data_out.offset = bhs_word(bhs, ICORE_W40);
	refuse_if(pdu, pdu->itt == ICORE_RTAG, ICORE_REJECT_INVALID_FIELD);
}

/* RFC 7143 11.14 */
static void decode_logout(const struct icore_bhs *bhs, struct icore_pdu *pdu)
{
	pdu->logout.reason = pdu->flags & ICORE_LOGOUT_REASON_MASK;
	pdu->logout.cid = bhs_word(bhs, ICORE_W20) >> 16;
	refuse_if(pdu, pdu->itt == ICORE_RTAG, ICORE_REJECT_INVALID_FIELD);
	refuse_if(pdu, pdu->dsl, ICORE_REJECT_INVALID_FIELD);
	refuse_if(pdu, pdu->logout.reason > ICORE_LOGOUT_RECOVERY, ICORE_REJECT_INVALID_FIELD);
}

/* RFC 7143 11.16 */
static void decode_snack(const struct icore_bhs *bhs, struct icore_pdu *pdu)
{
	pdu->ttt = bhs_word(bhs, ICORE_W20);
	pdu->snack.type = pdu->flags & ICORE_SNACK_TYPE_MASK;
	pdu->snack.begrun = bhs_word(bhs, ICORE_W40);
	pdu->snack.runlength = bhs_word(bhs, ICORE_W44);
	refuse_if(pdu, pdu->dsl, ICORE_REJECT_INVALID_FIELD);
	refuse_if(pdu, pdu->snack.type > ICORE_SNACK_R_DATA, ICORE_REJECT_INVALID_FIELD);
}

/* Data-Out and SNACK have neither an I bit nor a CmdSN; what is there is reserved. */
static bool op_numbered(u8 opcode)
{
	return opcode <= ICORE_OP_LOGOUT_REQ && opcode != ICORE_OP_DATA_OUT;
}

/**
 * icore_pdu_decode() - header of a request
 * @bhs: 48 bytes as received; must outlive @pdu, which points into it
 * @ahs: the AHS area, bhs->ahs_words * 4 bytes; must outlive @pdu as well
 * @max_dsl: MaxRecvDataSegmentLength that we declared
 * @pdu: result, filled completely
 */
void icore_pdu_decode(const struct icore_bhs *bhs, const u8 *ahs, u32 max_dsl,
		      struct icore_pdu *pdu)
{
	memset(pdu, 0, sizeof(*pdu));
	pdu->opcode = bhs->opcode & ICORE_OP_MASK;
	pdu->flags = bhs->flags;
	pdu->final = bhs->flags & ICORE_F_FINAL;
	pdu->dsl = icore_bhs_dsl(bhs);
	pdu->ahs_len = bhs->ahs_words * 4;
	memcpy(pdu->lun, bhs->lun, sizeof(pdu->lun));
	pdu->itt = be32_to_cpu(bhs->itt);
	pdu->ttt = ICORE_RTAG;
	pdu->exp_statsn = bhs_word(bhs, ICORE_W28);
	if (op_numbered(pdu->opcode)) {
		pdu->immediate = bhs->opcode & ICORE_IMMEDIATE;
		pdu->cmdsn = bhs_word(bhs, ICORE_W24);
	}
	if (pdu->dsl > max_dsl)
		pdu->verdict = ICORE_DROP;

	switch (pdu->opcode) {
	case ICORE_OP_SCSI_CMD:
		decode_scsi(bhs, ahs, pdu);
		return;
	case ICORE_OP_NOP_OUT:
		decode_nop(bhs, pdu);
		break;
	case ICORE_OP_TMF_REQ:
		decode_tmf(bhs, pdu);
		break;
	case ICORE_OP_LOGIN_REQ:
		decode_login(bhs, pdu);
		break;
	case ICORE_OP_TEXT_REQ:
		decode_text(bhs, pdu);
		break;
	case ICORE_OP_DATA_OUT:
		decode_data_out(bhs, pdu);
		break;
	case ICORE_OP_LOGOUT_REQ:
		decode_logout(bhs, pdu);
		break;
	case ICORE_OP_SNACK:
		decode_snack(bhs, pdu);
		break;
	default:
		refuse(pdu, pdu->opcode < OP_TARGET_FIRST ? ICORE_REJECT_NOT_SUPPORTED :
							    ICORE_REJECT_PROTOCOL);
		break;
	}
	/* Only a SCSI Command may carry AHS (1.6 of the project's reference). */
	refuse_if(pdu, pdu->ahs_len, ICORE_REJECT_INVALID_FIELD);
}

/**
 * icore_pdu_cdb() - put a CDB together
 * @pdu: a decoded SCSI Command
 * @cdb: room for ICORE_CDB_MAX bytes; pdu->scsi.cdb_len of them are written
 *
 * Any other PDU has no CDB: sixteen zeros.
 */
void icore_pdu_cdb(const struct icore_pdu *pdu, u8 *cdb)
{
	memset(cdb, 0, 16);
	if (pdu->opcode != ICORE_OP_SCSI_CMD)
		return;
	memcpy(cdb, pdu->scsi.cdb, 16);
	if (pdu->scsi.cdb_ext)
		memcpy(cdb + 16, pdu->scsi.cdb_ext, pdu->scsi.cdb_len - 16);
}

/**
 * icore_lun_decode() - the number of a single-level LUN
 * @lun: eight bytes as received
 * @out: the number, 0 to 16383
 *
 * Flat space addressing (01b) and peripheral addressing (00b) name the same units.
 * The bus field of 00b ought to be 0, but target core's REPORT LUNS writes the plain
 * number into both bytes, so that is how a LUN from 256 on comes back.
 *
 * Return: false for every other method and for anything in the lower levels; no such
 * LUN exists here.
 */
bool icore_lun_decode(const u8 lun[8], u64 *out)
{
	*out = 0;
	if (lun[0] & 0x80)
		return false;
	for (u32 i = 2; i < 8; i++) {
		if (lun[i])
			return false;
	}
	*out = (u64)(lun[0] & 0x3f) << 8 | lun[1];
	return true;
}

static void enc_begin(struct icore_bhs *bhs, u8 opcode, u8 flags, u32 itt, u32 dsl)
{
	memset(bhs, 0, sizeof(*bhs));
	bhs->opcode = opcode;
	bhs->flags = flags;
	bhs->itt = cpu_to_be32(itt);
	icore_put24(bhs->dsl, dsl);
}

static void enc_word(struct icore_bhs *bhs, u32 index, u32 value)
{
	bhs->w[index] = cpu_to_be32(value);
}

/**
 * icore_enc_scsi_rsp() - SCSI Response (11.4)
 * @bhs: out
 * @itt: of the command
 * @response: enum icore_response; unless completed, nothing below is valid (11.4.1)
 * @status: SCSI status
 * @residual_flags: ICORE_RSP_OVERFLOW or ICORE_RSP_UNDERFLOW, or 0
 * @residual: count for it
 * @exp_datasn: number of Data-In PDUs that were sent
 * @dsl: SenseLength field and sense data
 */
void icore_enc_scsi_rsp(struct icore_bhs *bhs, u32 itt, u8 response, u8 status, u8 residual_flags,
			u32 residual, u32 exp_datasn, u32 dsl)
{
	const u8 mask = ICORE_RSP_BIDI_OVERFLOW | ICORE_RSP_BIDI_UNDERFLOW | ICORE_RSP_OVERFLOW |
			ICORE_RSP_UNDERFLOW;

	enc_begin(bhs, ICORE_OP_SCSI_RSP, ICORE_F_FINAL, itt, dsl);
	bhs->b2 = response;
	if (response != ICORE_RESPONSE_COMPLETED)
		return;
	bhs->flags |= residual_flags & mask;
	bhs->b3 = status;
	enc_word(bhs, ICORE_W36, exp_datasn);
	if (residual_flags & (ICORE_RSP_OVERFLOW | ICORE_RSP_UNDERFLOW))
		enc_word(bhs, ICORE_W44, residual);
}

/**
 * icore_enc_data_in() - SCSI Data-In (11.7)
 * @bhs: out
 * @itt: of the command
 * @flags: ICORE_F_FINAL and, on the last one, ICORE_DATA_STATUS with residual flags
 * @status: SCSI status, if @flags has ICORE_DATA_STATUS
 * @datasn: number of this PDU
 * @offset: of its data
 * @residual: count for the residual flags
 * @dsl: bytes of data
 *
 * ICORE_DATA_ACK is not passed on: it needs a tag, which nobody has at
 * ErrorRecoveryLevel 0 (11.7.2).
 */
void icore_enc_data_in(struct icore_bhs *bhs, u32 itt, u8 flags, u8 status, u32 datasn,
		       u32 offset, u32 residual, u32 dsl)
{
	enc_begin(bhs, ICORE_OP_DATA_IN, flags & ICORE_F_FINAL, itt, dsl);
	enc_word(bhs, ICORE_W20, ICORE_RTAG);
	enc_word(bhs, ICORE_W36, datasn);
	enc_word(bhs, ICORE_W40, offset);
	if (!(flags & ICORE_DATA_STATUS))
		return;
	bhs->flags = ICORE_F_FINAL | ICORE_DATA_STATUS;
	bhs->flags |= flags & (ICORE_RSP_OVERFLOW | ICORE_RSP_UNDERFLOW);
	bhs->b3 = status;
	if (flags & (ICORE_RSP_OVERFLOW | ICORE_RSP_UNDERFLOW))
		enc_word(bhs, ICORE_W44, residual);
}

/**
 * icore_enc_r2t() - Ready To Transfer (11.8)
 * @bhs: out
 * @lun: as the command had it
 * @itt: of the command
 * @ttt: tag the answer will carry
 * @r2tsn: number of this R2T
 * @offset: first byte that is asked for
 * @len: how many
 */
void icore_enc_r2t(struct icore_bhs *bhs, const u8 lun[8], u32 itt, u32 ttt, u32 r2tsn,
		   u32 offset, u32 len)
{
	enc_begin(bhs, ICORE_OP_R2T, ICORE_F_FINAL, itt, 0);
	memcpy(bhs->lun, lun, sizeof(bhs->lun));
	enc_word(bhs, ICORE_W20, ttt);
	enc_word(bhs, ICORE_W36, r2tsn);
	enc_word(bhs, ICORE_W40, offset);
	enc_word(bhs, ICORE_W44, len);
}

/**
 * icore_enc_nop_in() - NOP-In (11.19)
 * @bhs: out
 * @lun: zeros unless this is a ping
 * @itt: of the NOP-Out it answers, else ICORE_RTAG
 * @ttt: of a ping, else ICORE_RTAG
 * @dsl: bytes that are echoed
 */
void icore_enc_nop_in(struct icore_bhs *bhs, const u8 lun[8], u32 itt, u32 ttt, u32 dsl)
{
	enc_begin(bhs, ICORE_OP_NOP_IN, ICORE_F_FINAL, itt, dsl);
	memcpy(bhs->lun, lun, sizeof(bhs->lun));
	enc_word(bhs, ICORE_W20, ttt);
}

/**
 * icore_enc_tmf_rsp() - Task Management Function Response (11.6)
 * @bhs: out
 * @itt: of the request
 * @response: enum icore_tmf_response
 */
void icore_enc_tmf_rsp(struct icore_bhs *bhs, u32 itt, u8 response)
{
	enc_begin(bhs, ICORE_OP_TMF_RSP, ICORE_F_FINAL, itt, 0);
	bhs->b2 = response;
}

/**
 * icore_enc_tmf_info() - Additional Response Information (RFC 7144 5.2.1)
 * @bhs: a response made by icore_enc_tmf_rsp()
 * @depth: 1 for one pending event, 2 for more
 * @key: sense key of the first
 * @asc: its additional sense code
 * @ascq: and qualifier
 */
void icore_enc_tmf_info(struct icore_bhs *bhs, u8 depth, u8 key, u8 asc, u8 ascq)
{
	bhs->lun[0] = (u8)(depth << 4 | (key & 0xf));
	bhs->lun[1] = asc;
	bhs->lun[2] = ascq;
}

/**
 * icore_enc_text_rsp() - Text Response (11.11)
 * @bhs: out
 * @itt: of the request
 * @ttt: tag for the next request, ICORE_RTAG with F = 1
 * @flags: ICORE_F_FINAL or ICORE_F_CONTINUE or neither
 * @dsl: bytes of text
 */
void icore_enc_text_rsp(struct icore_bhs *bhs, u32 itt, u32 ttt, u8 flags, u32 dsl)
{
	enc_begin(bhs, ICORE_OP_TEXT_RSP, flags & (ICORE_F_FINAL | ICORE_F_CONTINUE), itt, dsl);
	enc_word(bhs, ICORE_W20, ttt);
}

/**
 * icore_enc_logout_rsp() - Logout Response (11.15)
 * @bhs: out
 * @itt: of the request
 * @response: enum icore_logout_response
 * @time2wait: seconds
 * @time2retain: seconds
 */
void icore_enc_logout_rsp(struct icore_bhs *bhs, u32 itt, u8 response, u16 time2wait,
			  u16 time2retain)
{
	enc_begin(bhs, ICORE_OP_LOGOUT_RSP, ICORE_F_FINAL, itt, 0);
	bhs->b2 = response;
	enc_word(bhs, ICORE_W40, (u32)time2wait << 16 | time2retain);
}

/**
 * icore_enc_async() - Asynchronous Message (11.9)
 * @bhs: out
 * @lun: zeros unless the event has one
 * @event: enum icore_async_event
 * @param1: see the event
 * @param2: see the event
 * @param3: see the event
 * @dsl: bytes of sense and event data
 */
void icore_enc_async(struct icore_bhs *bhs, const u8 lun[8], u8 event, u16 param1, u16 param2,
		     u16 param3, u32 dsl)
{
	enc_begin(bhs, ICORE_OP_ASYNC, ICORE_F_FINAL, ICORE_RTAG, dsl);
	memcpy(bhs->lun, lun, sizeof(bhs->lun));
	enc_word(bhs, ICORE_W36, (u32)event << 24 | param1);
	enc_word(bhs, ICORE_W40, (u32)param2 << 16 | param3);
}

/**
 * icore_enc_scsi_event() - Asynchronous Message, event 0 (11.9.4)
 * @bhs: out
 * @lun: number of the unit, 0 to 16383; from 256 on in flat space form
 * @key: sense key
 * @asc: additional sense code
 * @ascq: its qualifier
 * @data: out, ICORE_SCSI_EVENT_LEN bytes
 * @dsl: out, that number
 */
void icore_enc_scsi_event(struct icore_bhs *bhs, u64 lun, u8 key, u8 asc, u8 ascq, u8 *data,
			  u32 *dsl)
{
	u8 field[8] = { (u8)(lun >> 8 & 0x3f), (u8)lun };

	if (lun > 0xff)
		field[0] |= 0x40;
	icore_enc_async(bhs, field, ICORE_ASYNC_SCSI, 0, 0, 0, ICORE_SCSI_EVENT_LEN);
	memset(data, 0, ICORE_SCSI_EVENT_LEN);
	icore_put16(data, ICORE_SCSI_EVENT_LEN - 2);
	/* Fixed format sense data (SPC). */
	data[2] = 0x70;
	data[4] = key;
	data[9] = ICORE_SCSI_EVENT_LEN - 2 - 8;
	data[14] = asc;
	data[15] = ascq;
	*dsl = ICORE_SCSI_EVENT_LEN;
}

/**
 * icore_enc_reject() - Reject (11.17)
 * @bhs: out
 * @reason: enum icore_reject
 * @dsl: length of the header (BHS and AHS) that is sent back
 */
void icore_enc_reject(struct icore_bhs *bhs, u8 reason, u32 dsl)
{
	enc_begin(bhs, ICORE_OP_REJECT, ICORE_F_FINAL, ICORE_RTAG, dsl);
	bhs->b2 = reason;
}

/**
 * icore_enc_stamp() - the numbers, at the moment of sending
 * @bhs: any response
 * @statsn: the PDU's own, or the next one for PDUs that only show it
 * @exp_cmdsn: of the session
 * @max_cmdsn: of the session
 *
 * A Data-In without status has no StatSN; the field is reserved there (11.7.4).
 */
void icore_enc_stamp(struct icore_bhs *bhs, u32 statsn, u32 exp_cmdsn, u32 max_cmdsn)
{
	if (bhs->opcode == ICORE_OP_DATA_IN && !(bhs->flags & ICORE_DATA_STATUS))
		statsn = 0;
	enc_word(bhs, ICORE_W24, statsn);
	enc_word(bhs, ICORE_W28, exp_cmdsn);
	enc_word(bhs, ICORE_W32, max_cmdsn);
}

/*
 * CRC32C (13.1): all ones to begin with, complement at the end, least significant
 * byte first on the wire.
 */

/**
 * icore_crc_init() - register before the first byte
 */
u32 icore_crc_init(void)
{
	return ~(u32)0;
}

/**
 * icore_crc_update() - go on
 * @crc: register so far
 * @data: next bytes
 * @len: how many
 */
u32 icore_crc_update(u32 crc, const void *data, u32 len)
{
	return icore_port_crc32c(crc, data, len);
}

/**
 * icore_crc_final() - the digest as it stands on the wire
 * @crc: register after the last byte
 */
__le32 icore_crc_final(u32 crc)
{
	return cpu_to_le32(~crc);
}

/**
 * icore_digest() - digest of bytes that are all here
 * @data: bytes
 * @len: how many
 */
__le32 icore_digest(const void *data, u32 len)
{
	return icore_crc_final(icore_crc_update(icore_crc_init(), data, len));
}
