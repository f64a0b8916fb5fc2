// SPDX-License-Identifier: GPL-2.0
/*
 * Which data belongs to a command, and in what order (RFC 7143 4.2.5, 11.7, 11.8).
 *
 * Writes. The data of a command is cut into sequences: the immediate data, at most one
 * unsolicited burst up to B = min(FirstBurstLength, EDTL), then one sequence per R2T. As
 * both ordering keys are always answered Yes (13.18, 13.19), the sequences are contiguous
 * and arrive in order, and so does the data inside each. The whole state of a transfer is
 * therefore one number, @got; the range of R2T n follows from n alone:
 *
 *	start = r2t_base + n * MaxBurstLength,  end = min(start + MaxBurstLength, wanted)
 *
 * R2Ts may go out while the unsolicited burst is still coming: they begin where it
 * ends, and its data is due first anyway.
 *
 * Errors. A command that failed may still be owed data, and its status must not
 * overtake that (11.4.2). So an error is only noted; from then on data is discarded
 * unseen, while the F bits that close the unsolicited burst and each outstanding R2T
 * are still counted, in any order. icore_wseq_drained() says when nothing is open.
 * A PDU that is answered with Reject counts as well: the initiator sent it, believes
 * its sequence ended, and at ErrorRecoveryLevel 0 will not send it again. For the same
 * reason data outside its range fails the command besides being rejected; otherwise
 * the command would wait for ever for bytes that will not come (Reject alone must not
 * end a task, 7.3). A tag that names none of our R2Ts proves nothing about this
 * command and is only rejected.
 *
 * Offsets and lengths come from the peer: sums are made in 64 bits, and no result
 * other than ICORE_DATA_STORE lets a byte into the buffer.
 *
 * Reads. Data-In is sent in order, cut at MaxRecvDataSegmentLength and
 * MaxBurstLength.
 */
#include "port.h"

/**
 * icore_wseq_fail() - the command cannot succeed any more
 * @ws: data of a write
 * @error: why; ignored if there was an error before: the first is the one to report
 */
void icore_wseq_fail(struct icore_wseq *ws, enum icore_data_error error)
{
	if (ws->error == ICORE_DATA_GOOD)
		ws->error = error;
}

static u64 r2t_bit(u32 r2tsn)
{
	return (u64)1 << (r2tsn & (ICORE_R2T_OUT_MAX - 1));
}

static u64 r2t_start(const struct icore_wseq *ws, u32 r2tsn)
{
	return ws->r2t_base + (u64)r2tsn * ws->max_burst;
}

static u32 r2t_end(const struct icore_wseq *ws, u32 r2tsn)
{
	u64 end = r2t_start(ws, r2tsn) + ws->max_burst;

	return min_t(u64, end, ws->wanted);
}

/* Begin of the sequence that is due. */
static u64 wseq_start(const struct icore_wseq *ws)
{
	return ws->unsol_open ? 0 : r2t_start(ws, ws->r2t_done);
}

/* End of the sequence that is due: the unsolicited burst, else the oldest R2T. */
static u32 wseq_end(const struct icore_wseq *ws)
{
	return ws->unsol_open ? ws->unsol_end : r2t_end(ws, ws->r2t_done);
}

/* Is @ttt the sequence that is due? */
static bool wseq_due(const struct icore_wseq *ws, u32 ttt)
{
	if (ttt == ICORE_RTAG)
		return ws->unsol_open;
	return !ws->unsol_open && r2t_bit(icore_ttt_r2tsn(ttt)) == r2t_bit(ws->r2t_done);
}

/* Is @ttt any sequence that did not end yet? */
static bool wseq_open(const struct icore_wseq *ws, u32 ttt)
{
	if (ttt == ICORE_RTAG)
		return ws->unsol_open;
	return ws->r2t_open & r2t_bit(icore_ttt_r2tsn(ttt));
}

/* The F bit of @ttt's sequence was seen. */
static void wseq_close(struct icore_wseq *ws, u32 ttt)
{
	if (ttt == ICORE_RTAG) {
		ws->unsol_open = false;
	} else {
		ws->r2t_open &= ~r2t_bit(icore_ttt_r2tsn(ttt));
		ws->r2t_done++;
	}
	ws->datasn = 0;
}

static enum icore_data_result wseq_reject(struct icore_wseq *ws, const struct icore_pdu *pdu,
					  enum icore_reject why, u8 *reason)
{
	icore_wseq_fail(ws, ICORE_DATA_INCORRECT);
	if (pdu->final)
		wseq_close(ws, pdu->ttt);
	*reason = why;
	return ICORE_DATA_REJECT;
}

/**
 * icore_wseq_init() - a write command arrived
 * @ws: its data; all fields are set
 * @p: values in effect
 * @edtl: Expected Data Transfer Length
 * @imm: bytes of immediate data
 * @final: its F bit: no unsolicited Data-Out will follow
 * @reason: for ICORE_DATA_REJECT
 *
 * Unsolicited data that was not agreed on fails the command but is waited for, since
 * it is on its way (11.4.7.2). Immediate data that contradicts the command's own fields
 * makes the request itself malformed.
 *
 * Return: what to do with the immediate data, if there is any. After
 * ICORE_DATA_DISCARD ws->error is set, and icore_wseq_drained() may be true at once.
 */
enum icore_data_result icore_wseq_init(struct icore_wseq *ws, const struct icore_params *p,
				       u32 edtl, u32 imm, bool final, u8 *reason)
{
	u32 burst = min(p->first_burst, edtl);

	memset(ws, 0, sizeof(*ws));
	ws->edtl = edtl;
	ws->wanted = edtl;
	ws->max_burst = max_t(u32, p->max_burst, 1);
	ws->max_r2t = p->max_r2t ? min_t(u16, p->max_r2t, ICORE_R2T_OUT_MAX) : 1;
	if (imm > edtl || (imm == edtl && !final)) {
		*reason = ICORE_REJECT_INVALID_FIELD;
		return ICORE_DATA_REJECT;
	}
	ws->unsol_open = !final;
	ws->unsol_end = final ? imm : burst;
	ws->r2t_base = ws->unsol_end;
	ws->asked = ws->unsol_end;
	if ((imm && !p->immediate_data) || (!final && p->initial_r2t) || imm > burst)
		icore_wseq_fail(ws, ICORE_DATA_UNEXPECTED);
	return ws->error == ICORE_DATA_GOOD ? ICORE_DATA_STORE : ICORE_DATA_DISCARD;
}

/**
 * icore_wseq_limit() - the SCSI layer takes fewer bytes than the initiator expects
 * @ws: data of a write
 * @bytes: how many it takes
 *
 * Unsolicited data beyond that still comes, and counts, but is not for storing: the
 * caller leaves out what lies at or above ws->wanted. Ranges that were already asked
 * for stay as they are.
 */
void icore_wseq_limit(struct icore_wseq *ws, u32 bytes)
{
	u32 least = ws->r2tsn ? ws->asked : 0;

	ws->wanted = min(max(bytes, least), ws->wanted);
}

/**
 * icore_wseq_immediate() - immediate data is in
 * @ws: data of a write
 * @imm: bytes, as given to icore_wseq_init()
 * @digest_ok: false fails the command
 */
void icore_wseq_immediate(struct icore_wseq *ws, u32 imm, bool digest_ok)
{
	if (!digest_ok)
		icore_wseq_fail(ws, ICORE_DATA_CRC);
	if (ws->error == ICORE_DATA_GOOD)
		ws->got = imm;
}

/**
 * icore_wseq_plan() - the next R2T to send now
 * @ws: data of a write
 * @r2t: what it asks for
 *
 * Return: false if as many as allowed are outstanding (13.17), if everything has been
 * asked for, or if the command has failed.
 */
bool icore_wseq_plan(struct icore_wseq *ws, struct icore_r2t *r2t)
{
	if (ws->error != ICORE_DATA_GOOD || ws->asked >= ws->wanted ||
	    ws->r2tsn - ws->r2t_done >= ws->max_r2t)
		return false;
	r2t->r2tsn = ws->r2tsn;
	r2t->offset = ws->asked;
	r2t->len = r2t_end(ws, ws->r2tsn) - ws->asked;
	ws->asked += r2t->len;
	ws->r2t_open |= r2t_bit(ws->r2tsn);
	ws->r2tsn++;
	return true;
}

/* A tag that is not open. Nothing here can be stored; is it this command's fault? */
static enum icore_data_result wseq_stray(struct icore_wseq *ws, const struct icore_pdu *pdu,
					 u8 *reason)
{
	if (pdu->ttt == ICORE_RTAG && !icore_wseq_complete(ws)) {
		icore_wseq_fail(ws, ICORE_DATA_UNEXPECTED);
		return ICORE_DATA_DISCARD;
	}
	*reason = ICORE_REJECT_INVALID_FIELD;
	return ICORE_DATA_REJECT;
}

/**
 * icore_wseq_header() - a Data-Out for this command begins
 * @ws: data of a write
 * @pdu: its header; its tag is ICORE_RTAG or was found to be one of this command
 * @reason: for ICORE_DATA_REJECT
 *
 * The checks go from what endangers memory to what is merely out of step.
 *
 * Return: what to do with its data segment. A PDU without data is legal (11.7.7) and
 * counts like any other.
 */
enum icore_data_result icore_wseq_header(struct icore_wseq *ws, const struct icore_pdu *pdu,
					 u8 *reason)
{
	u64 end = (u64)pdu->data_out.offset + pdu->dsl;

	if (!wseq_open(ws, pdu->ttt))
		return wseq_stray(ws, pdu, reason);
	if (ws->error != ICORE_DATA_GOOD)
		return ICORE_DATA_DISCARD;
	if (end > ws->edtl)
		return wseq_reject(ws, pdu, ICORE_REJECT_INVALID_FIELD, reason);
	if (!wseq_due(ws, pdu->ttt)) {
		/* An R2T was passed over: what it asked for will not come in order. */
		icore_wseq_fail(ws, ICORE_DATA_INCORRECT);
		return ICORE_DATA_DISCARD;
	}
	if (pdu->data_out.datasn != ws->datasn) {
		/* A gap is the sign of a PDU lost to a digest error (7.9). */
		icore_wseq_fail(ws, ICORE_DATA_CRC);
		return ICORE_DATA_DISCARD;
	}
	if (end > wseq_end(ws) && pdu->ttt == ICORE_RTAG) {
		/* Inside the command, but more than FirstBurstLength. */
		icore_wseq_fail(ws, ICORE_DATA_UNEXPECTED);
		return ICORE_DATA_DISCARD;
	}
	if (end > wseq_end(ws) || pdu->data_out.offset < wseq_start(ws))
		return wseq_reject(ws, pdu, ICORE_REJECT_INVALID_FIELD, reason);
	if (pdu->data_out.offset != ws->got) {
		/* Inside its range, but not what comes next (13.18). */
		icore_wseq_fail(ws, ICORE_DATA_INCORRECT);
		return ICORE_DATA_DISCARD;
	}
	return ICORE_DATA_STORE;
}

/**
 * icore_wseq_data() - its data segment is in
 * @ws: data of a write
 * @pdu: as given to icore_wseq_header()
 * @digest_ok: false fails the command; the PDU still ends its sequence
 */
void icore_wseq_data(struct icore_wseq *ws, const struct icore_pdu *pdu, bool digest_ok)
{
	if (!digest_ok)
		icore_wseq_fail(ws, ICORE_DATA_CRC);
	if (ws->error == ICORE_DATA_GOOD) {
		ws->got += pdu->dsl;
		ws->datasn++;
		if (pdu->final && ws->got != wseq_end(ws))
			icore_wseq_fail(ws, ICORE_DATA_INCORRECT);
	}
	if (pdu->final && wseq_open(ws, pdu->ttt))
		wseq_close(ws, pdu->ttt);
}

/**
 * icore_wseq_complete() - can the command be executed?
 * @ws: data of a write
 *
 * Return: true if every byte that is wanted has come and nothing else is due, not
 * even immediate data that nobody wants.
 */
bool icore_wseq_complete(const struct icore_wseq *ws)
{
	return ws->error == ICORE_DATA_GOOD && !icore_wseq_waiting(ws) &&
	       ws->got >= max(ws->wanted, ws->unsol_end);
}

/**
 * icore_wseq_drained() - can the status of a failed command be sent?
 * @ws: data of a write
 *
 * Return: true if an error is set and the initiator owes nothing (11.4.2).
 */
bool icore_wseq_drained(const struct icore_wseq *ws)
{
	return ws->error != ICORE_DATA_GOOD && !icore_wseq_waiting(ws);
}

/**
 * icore_wseq_waiting() - does the initiator owe data?
 * @ws: data of a write
 *
 * Return: true while the unsolicited burst or an R2T is not ended by its F bit.
 */
bool icore_wseq_waiting(const struct icore_wseq *ws)
{
	return ws->unsol_open || ws->r2t_open;
}

/**
 * icore_wseq_owed() - how many sequences are open?
 * @ws: data of a write
 *
 * Return: the number of F bits that are still to come.
 */
u32 icore_wseq_owed(const struct icore_wseq *ws)
{
	u64 open = ws->r2t_open;
	u32 n = ws->unsol_open;

	for (; open; open &= open - 1)
		n++;
	return n;
}

/* Pieces that end on a multiple of 4 need no padding inside a sequence (11.1). */
static u32 rseq_round(u32 len)
{
	return len >= 4 ? len & ~(u32)3 : 1;
}

/**
 * icore_rseq_init() - a read has data to send
 * @rs: its data
 * @p: values in effect
 * @total: bytes to send, not above the Expected Data Transfer Length
 */
void icore_rseq_init(struct icore_rseq *rs, const struct icore_params *p, u32 total)
{
	rs->total = total;
	rs->off = 0;
	rs->datasn = 0;
	rs->max_burst = rseq_round(p->max_burst);
	rs->max_dsl = rseq_round(min_t(u32, p->mrdsl_out, ICORE_DSL_FIELD_MAX));
	rs->burst_left = rs->max_burst;
}

/**
 * icore_rseq_next() - cut the next Data-In
 * @rs: data of a read
 * @piece: its place
 *
 * A piece is never empty: initiators in use do not count an empty Data-In.
 *
 * Return: false if everything was sent.
 */
bool icore_rseq_next(struct icore_rseq *rs, struct icore_piece *piece)
{
	u32 left = rs->total - rs->off;

	if (!left)
		return false;
	piece->off = rs->off;
	piece->len = min(min(rs->max_dsl, rs->burst_left), left);
	piece->datasn = rs->datasn++;
	piece->last = piece->len == left;
	piece->final = piece->last || piece->len == rs->burst_left;
	rs->off += piece->len;
	rs->burst_left -= piece->len;
	if (piece->final)
		rs->burst_left = rs->max_burst;
	return true;
}
