// SPDX-License-Identifier: GPL-2.0
/*
 * The CmdSN window against a peer that numbers its requests as it likes, and Target
 * Transfer Tags. The books kept here: which numbers were promised, which were delivered,
 * how many commands are under way.
 *
 * Input: first CmdSN, depth, then operations: what to do and a byte or a word for it.
 */
#include "fuzz.h"

#define DEPTH_MAX 256

struct world {
	struct icore_window w;
	u32 first;
	u32 told;	/* highest number ever promised */
	u32 delivered;	/* not immediate */
	u32 under_way;	/* not immediate */
	u32 immediate;	/* immediate commands under way */
	bool early[ICORE_WINDOW_MAX];	/* kept for later, by distance from the first number */
	u32 kept;
	bool honest;	/* depth never changed, no immediate command: the sum must hold */
};

static void judge(const struct world *w)
{
	fuzz_check(w->w.exp_cmdsn == w->first + w->delivered);
	fuzz_check(w->w.busy == w->under_way + w->immediate);
	fuzz_check(w->told == w->w.max_cmdsn);
	fuzz_check(w->kept == w->w.held);
	/* ExpCmdSN - 1 <= MaxCmdSN, and no more than a window's depth above it. */
	fuzz_check(w->told + 1 - w->w.exp_cmdsn <= DEPTH_MAX);
	/* A slot for every number that was promised and not used yet. */
	if (w->honest)
		fuzz_check(w->told + 1 - w->w.exp_cmdsn + w->under_way <= w->w.depth);
}

static bool *place(struct world *w, u32 cmdsn)
{
	return &w->early[(cmdsn - w->first) % ICORE_WINDOW_MAX];
}

/* Whatever was kept is delivered once, in order, as soon as nothing is missing. */
static void deliver(struct world *w)
{
	while (icore_window_next(&w->w)) {
		fuzz_check(*place(w, w->first + w->delivered));
		*place(w, w->first + w->delivered) = false;
		w->kept--;
		w->delivered++;
		fuzz_check(w->w.exp_cmdsn == w->first + w->delivered);
	}
	fuzz_check(!*place(w, w->w.exp_cmdsn));
}

static void plug(struct world *w, u32 cmdsn)
{
	const bool inside = cmdsn - w->w.exp_cmdsn < w->told + 1 - w->w.exp_cmdsn;

	fuzz_check(icore_window_plug(&w->w, cmdsn) == inside);
	if (inside && !*place(w, cmdsn)) {
		*place(w, cmdsn) = true;
		w->kept++;
	}
	/* No command ever occupies the slot that was promised for it. */
	w->honest = false;
	deliver(w);
}

static void admit(struct world *w, u32 cmdsn, bool immediate)
{
	const u32 expected = w->w.exp_cmdsn;
	const bool inside = cmdsn - expected < w->told + 1 - expected && !*place(w, cmdsn);
	enum icore_admit got = icore_window_admit(&w->w, cmdsn, immediate);

	if (immediate) {
		fuzz_check(got == ICORE_ADMIT_NOW && w->w.exp_cmdsn == expected);
		icore_window_take(&w->w);
		w->immediate++;
		w->honest = false;
		return;
	}
	fuzz_check((got == ICORE_ADMIT_IGNORE) == !inside);
	fuzz_check((got == ICORE_ADMIT_NOW) == (inside && cmdsn == expected));
	if (got == ICORE_ADMIT_IGNORE)
		return;
	icore_window_take(&w->w);
	w->under_way++;
	if (got == ICORE_ADMIT_HOLD) {
		*place(w, cmdsn) = true;
		w->kept++;
		w->honest = false;
		return;
	}
	w->delivered++;
	deliver(w);
}

static void give(struct world *w, bool immediate)
{
	u32 *what = immediate ? &w->immediate : &w->under_way;

	if (!*what)
		return;
	--*what;
	icore_window_give(&w->w);
}

static void tell(struct world *w)
{
	u32 max = icore_window_max(&w->w);

	fuzz_check(!icore_sn_lt(max, w->told));
	if (max != w->told)
		fuzz_check(max - w->w.exp_cmdsn + 1 + w->w.busy == w->w.depth);
	w->told = max;
	fuzz_check(icore_window_max(&w->w) == max);
}

static void tags(struct fuzz_input *in)
{
	u32 slot = fuzz_u32(in), gen = fuzz_u32(in), r2tsn = fuzz_u8(in), raw = fuzz_u32(in);
	u32 ttt;

	slot %= ICORE_TTT_SLOTS;
	ttt = icore_ttt_make(slot, gen, r2tsn);
	fuzz_check(ttt != ICORE_RTAG && icore_ttt_slot(ttt) == slot);
	fuzz_check(icore_ttt_r2tsn(ttt) == r2tsn % ICORE_R2T_OUT_MAX);
	fuzz_check(icore_ttt_match(ttt, slot, gen));
	/* Neither the former nor the next use of the slot, nor another slot. */
	fuzz_check(!icore_ttt_match(ttt, slot, gen + 1) || gen == ~(u32)0);
	fuzz_check(!icore_ttt_match(ttt, slot, gen - 1) || !gen);
	fuzz_check(!icore_ttt_match(ttt, (slot + 1) % ICORE_TTT_SLOTS, gen));
	fuzz_check(icore_ttt_slot(raw) < ICORE_TTT_SLOTS);
	fuzz_check(icore_ttt_r2tsn(raw) < ICORE_R2T_OUT_MAX);
	if (icore_ttt_match(raw, slot, gen))
		fuzz_check(raw == icore_ttt_make(slot, gen, icore_ttt_r2tsn(raw)));
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct fuzz_input in = { data, size };
	struct world w = { .honest = true };

	w.first = fuzz_u32(&in);
	icore_window_init(&w.w, w.first, fuzz_u8(&in));
	w.told = w.w.max_cmdsn;
	fuzz_check(w.w.depth >= 1);
	judge(&w);
	while (in.left) {
		u8 op = fuzz_u8(&in);

		switch (op & 7) {
		case 0:
		case 1:
			admit(&w, w.w.exp_cmdsn + (op >> 5), op & 0x08);
			break;
		case 2:
			admit(&w, w.told + (signed char)fuzz_u8(&in), false);
			break;
		case 3:
			admit(&w, fuzz_u32(&in), op & 0x08);
			break;
		case 4:
		case 5:
			give(&w, op & 0x08);
			break;
		case 6:
			tell(&w);
			break;
		default:
			if (op & 0x08) {
				w.w.depth = 1 + fuzz_u8(&in);
				w.honest = false;
			} else if (op & 0x10) {
				plug(&w, w.w.exp_cmdsn + (signed char)fuzz_u8(&in));
			} else {
				tags(&in);
			}
			break;
		}
		judge(&w);
	}
	return 0;
}
