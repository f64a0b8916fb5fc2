// SPDX-License-Identifier: GPL-2.0
/*
 * A write against an initiator that sends any Data-Out at all. Whatever it does: no
 * byte outside the command is stored and none twice, a command with an error is never
 * complete, one that is complete has every byte, R2Ts stay inside the command, their
 * number inside what was agreed.
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
	u32 open;
};

static void plan(struct world *w)
{
	struct icore_r2t r2t;

	while (icore_wseq_plan(&w->ws, &r2t)) {
		fuzz_check(r2t.r2tsn == w->planned++);
		fuzz_check(r2t.len && r2t.len <= w->p.max_burst);
		fuzz_check((u64)r2t.offset + r2t.len <= w->ws.wanted);
		fuzz_check(__builtin_popcountll(w->ws.r2t_open) <= w->p.max_r2t);
		fuzz_check(icore_wseq_waiting(&w->ws));
	}
}

static void store(struct world *w, u32 off, u32 len)
{
	fuzz_check((u64)off + len <= w->ws.edtl);
	for (u32 i = 0; i < len; i++)
		fuzz_check(!w->stored[off + i]++);
}

static void judge(const struct world *w)
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
	if (result != ICORE_DATA_REJECT) {
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
	free(w);
	return 0;
}
