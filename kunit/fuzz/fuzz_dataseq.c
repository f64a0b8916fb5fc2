// SPDX-License-Identifier: GPL-2.0
/*
 * A write against an initiator that sends any Data-Out at all. Whatever it does: no
 * byte outside the command is stored and none twice, a command with an error is never
 * complete, one that is complete has every byte, R2Ts stay inside the command, ask for
 * each byte once and in order, and their number stays inside what was agreed. An error
 * is for ever, and after one nothing more is stored or asked for. Then a read of the
 * same size, cut into Data-In.
 *
 * Input: flags, params, EDTL, immediate length, then per Data-Out: flags, tag, and
 * either the honest next values (shifted a little) or raw ones.
 */
#include "fuzz.h"

#define EDTL_MAX 4096

struct world {
	struct icore_wseq ws;
	struct icore_params p;
	u8 stored[EDTL_MAX];
	u32 planned;
	u32 asked;	/* end of the last R2T */
	bool failed;
};

static void plan(struct world *w)
{
	struct icore_r2t r2t;

	while (icore_wseq_plan(&w->ws, &r2t)) {
		fuzz_check(!w->failed && r2t.r2tsn == w->planned++);
		fuzz_check(r2t.offset == w->asked);
		w->asked = r2t.offset + r2t.len;
		fuzz_check(r2t.len && r2t.len <= w->p.max_burst);
		fuzz_check((u64)r2t.offset + r2t.len <= w->ws.wanted);
		fuzz_check(__builtin_popcountll(w->ws.r2t_open) <= w->p.max_r2t);
		fuzz_check(icore_wseq_waiting(&w->ws));
	}
}

static void store(struct world *w, u32 off, u32 len)
{
	fuzz_check((u64)off + len <= w->ws.edtl && !w->failed);
	for (u32 i = 0; i < len; i++)
		fuzz_check(!w->stored[off + i]++);
}

static void judge(struct world *w)
{
	bool complete = icore_wseq_complete(&w->ws);
	bool drained = icore_wseq_drained(&w->ws);
	bool waiting = icore_wseq_waiting(&w->ws);

	fuzz_check(complete + drained + waiting <= 1);
	fuzz_check(!complete || w->ws.error == ICORE_DATA_GOOD);
	fuzz_check(!drained || w->ws.error != ICORE_DATA_GOOD);
	for (u32 i = 0; complete && i < w->ws.wanted; i++)
		fuzz_check(w->stored[i] == 1);
	/* After plan() a command always has somewhere to go. */
	fuzz_check(complete || drained || waiting);
	fuzz_check(w->ws.got <= w->ws.edtl && w->ws.wanted <= w->ws.edtl);
	for (u32 i = 0; i < w->ws.got; i++)
		fuzz_check(w->stored[i] == 1);
	fuzz_check(!w->failed || w->ws.error != ICORE_DATA_GOOD);
	w->failed = w->ws.error != ICORE_DATA_GOOD;
}

/* RFC 7143 11.7: in order, without a hole, F at the end of each burst and of all. */
static void read_back(struct fuzz_input *in, const struct icore_params *agreed, u32 total)
{
	struct icore_params p = *agreed;
	struct icore_piece piece;
	struct icore_rseq rs;
	u32 off = 0, burst = 0, datasn = 0;

	p.mrdsl_out = 1 + fuzz_u8(in) * 8;
	icore_rseq_init(&rs, &p, total);
	while (icore_rseq_next(&rs, &piece)) {
		fuzz_check(piece.off == off && piece.datasn == datasn++);
		fuzz_check(piece.len && piece.len <= p.mrdsl_out);
		off += piece.len;
		burst += piece.len;
		fuzz_check(off <= total && burst <= p.max_burst);
		fuzz_check(piece.last == (off == total) && (!piece.last || piece.final));
		/* Padding belongs at the end of a sequence. */
		fuzz_check(piece.final || !(piece.len & 3) || p.mrdsl_out < 4);
		if (piece.final)
			burst = 0;
	}
	fuzz_check(off == total && rs.datasn == datasn);
}

static void data_out(struct world *w, struct fuzz_input *in)
{
	struct icore_pdu pdu = { .opcode = ICORE_OP_DATA_OUT };
	enum icore_data_error before = w->ws.error;
	u8 flags = fuzz_u8(in), reason = 0;
	enum icore_data_result result;

	pdu.final = flags & 1;
	pdu.ttt = flags & 2 ? ICORE_RTAG : icore_ttt_make(1, 1, w->ws.r2t_done + (flags >> 6));
	pdu.dsl = (u32)fuzz_u8(in) << (flags >> 3 & 3);
	pdu.data_out.datasn = w->ws.datasn;
	pdu.data_out.offset = w->ws.got;
	if (flags & 4) {
		pdu.data_out.datasn += (signed char)fuzz_u8(in);
		pdu.data_out.offset += fuzz_u32(in);
	}
	result = icore_wseq_header(&w->ws, &pdu, &reason);
	if (result == ICORE_DATA_REJECT) {
		fuzz_check(reason);
	} else {
		if (result == ICORE_DATA_STORE)
			store(w, pdu.data_out.offset, pdu.dsl);
		icore_wseq_data(&w->ws, &pdu, !(flags & 0x20));
	}
	fuzz_check(before == ICORE_DATA_GOOD || w->ws.error == before);
	plan(w);
	judge(w);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct fuzz_input in = { data, size };
	struct world *w = calloc(1, sizeof(*w));
	enum icore_data_result result;
	u8 flags = fuzz_u8(&in), reason = 0;
	u32 edtl, imm;

	if (!w)
		abort();
	w->p.initial_r2t = flags & 1;
	w->p.immediate_data = flags & 2;
	w->p.first_burst = 1 + fuzz_u8(&in) * 8;
	w->p.max_burst = 1 + fuzz_u8(&in) * 8;
	w->p.max_r2t = 1 + (flags >> 2 & 7) * 9;
	edtl = fuzz_u8(&in) * 16;
	imm = fuzz_u8(&in) * 8;
	result = icore_wseq_init(&w->ws, &w->p, edtl, imm, flags & 0x20, &reason);
	w->failed = result == ICORE_DATA_DISCARD;
	w->asked = w->ws.unsol_end;
	if (result == ICORE_DATA_REJECT) {
		fuzz_check(reason && (imm > edtl || (imm == edtl && !(flags & 0x20))));
	} else {
		if (flags & 0x40)
			icore_wseq_limit(&w->ws, fuzz_u8(&in) * 16);
		if (result == ICORE_DATA_STORE)
			store(w, 0, imm);
		icore_wseq_immediate(&w->ws, imm, !(flags & 0x80));
		plan(w);
		judge(w);
		while (in.left)
			data_out(w, &in);
	}
	in.p = data;
	in.left = size;
	read_back(&in, &w->p, edtl);
	free(w);
	return 0;
}
