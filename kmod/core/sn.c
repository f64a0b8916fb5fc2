// SPDX-License-Identifier: GPL-2.0
/*
 * The CmdSN window of a session (RFC 7143 4.2.2.1).
 *
 * MaxCmdSN is a promise: whoever is told a number may use it, so the window only
 * ever opens. It is derived from what is free at this moment,
 *
 *	MaxCmdSN = ExpCmdSN + free slots - 1,
 *
 * and since admitting a command raises ExpCmdSN by one while it occupies one slot,
 * the promise costs nothing to keep: a slot exists for every number that was ever
 * advertised. Lowering the depth therefore works by not advancing for a while.
 *
 * Commands are compared with the number that was advertised, not with what could
 * be advertised now; otherwise a slot freed a moment ago would let a peer run ahead
 * of what it was told.
 *
 * Immediate commands are outside the window by definition (4.2.2.1) and may occupy
 * a slot all the same. @busy can exceed @depth then; the window is closed for as
 * long, never negative.
 */
#include "port.h"

static_assert((ICORE_WINDOW_MAX & (ICORE_WINDOW_MAX - 1)) == 0 && ICORE_WINDOW_MAX >= 64,
	      "numbers of a window are told apart by their low bits");

static u32 early_index(u32 cmdsn)
{
	return cmdsn % ICORE_WINDOW_MAX / 64;
}

static u64 early_bit(u32 cmdsn)
{
	return (u64)1 << (cmdsn % 64);
}

/**
 * icore_window_init() - a session begins
 * @w: its window
 * @cmdsn: CmdSN of the leading login; the first command carries it again (11.12.8)
 * @depth: commands that may be outstanding; 0 is taken as 1
 */
void icore_window_init(struct icore_window *w, u32 cmdsn, u32 depth)
{
	memset(w, 0, sizeof(*w));
	w->exp_cmdsn = cmdsn;
	w->depth = min_t(u32, max(depth, 1u), ICORE_WINDOW_MAX);
	w->max_cmdsn = cmdsn + w->depth - 1;
}

/* Number @cmdsn is in the window and not the next: note it. False: it was noted before. */
static bool window_note(struct icore_window *w, u32 cmdsn)
{
	u64 *word = &w->early[early_index(cmdsn)];

	if (*word & early_bit(cmdsn))
		return false;
	*word |= early_bit(cmdsn);
	w->held++;
	return true;
}

static bool window_outside(const struct icore_window *w, u32 cmdsn)
{
	return icore_sn_lt(cmdsn, w->exp_cmdsn) || icore_sn_lt(w->max_cmdsn, cmdsn);
}

/**
 * icore_window_admit() - what to do with a request
 * @w: window of its session
 * @cmdsn: its CmdSN
 * @immediate: its I bit
 *
 * Return: ICORE_ADMIT_NOW after ExpCmdSN was advanced (not for @immediate); the owner
 * then asks icore_window_next(). A duplicate and a number from nowhere are the same
 * thing to a target: ignored without an answer (4.2.2.1).
 */
enum icore_admit icore_window_admit(struct icore_window *w, u32 cmdsn, bool immediate)
{
	if (immediate)
		return ICORE_ADMIT_NOW;
	if (window_outside(w, cmdsn))
		return ICORE_ADMIT_IGNORE;
	if (cmdsn != w->exp_cmdsn)
		return window_note(w, cmdsn) ? ICORE_ADMIT_HOLD : ICORE_ADMIT_IGNORE;
	w->exp_cmdsn++;
	return ICORE_ADMIT_NOW;
}

/**
 * icore_window_next() - was the number that is due now received before its turn?
 * @w: window of a session
 *
 * Return: true after ExpCmdSN was advanced over one number; the owner delivers what
 * it has kept under that number, which may be nothing (icore_window_plug()), and asks
 * again.
 */
bool icore_window_next(struct icore_window *w)
{
	u64 *word = &w->early[early_index(w->exp_cmdsn)];

	if (!(*word & early_bit(w->exp_cmdsn)))
		return false;
	*word &= ~early_bit(w->exp_cmdsn);
	w->held--;
	w->exp_cmdsn++;
	return true;
}

/**
 * icore_window_plug() - a number counts as received although nothing came (11.6.1)
 * @w: window of a session
 * @cmdsn: of the task that ABORT TASK names and nobody knows
 *
 * Whatever comes under that number later is a duplicate. The owner asks
 * icore_window_next() afterwards.
 *
 * Return: false if the number is outside the window.
 */
bool icore_window_plug(struct icore_window *w, u32 cmdsn)
{
	if (window_outside(w, cmdsn))
		return false;
	window_note(w, cmdsn);
	return true;
}

/**
 * icore_window_forget() - a request that waited for its turn is gone
 * @w: window of a session
 * @cmdsn: its number, which the initiator may use again
 *
 * For a connection that ends while its session goes on (7.6, out-of-order commands):
 * what ABORT TASK plugged stays plugged.
 */
void icore_window_forget(struct icore_window *w, u32 cmdsn)
{
	u64 *word = &w->early[early_index(cmdsn)];

	if (window_outside(w, cmdsn) || !(*word & early_bit(cmdsn)))
		return;
	*word &= ~early_bit(cmdsn);
	w->held--;
}

/**
 * icore_window_take() - a command occupies a slot from now on
 * @w: window of its session
 */
void icore_window_take(struct icore_window *w)
{
	if (w->busy != ~(u32)0)
		w->busy++;
}

/**
 * icore_window_give() - the status of a command got its StatSN: its slot is free
 * @w: window of its session
 */
void icore_window_give(struct icore_window *w)
{
	if (w->busy)
		w->busy--;
}

/**
 * icore_window_max() - MaxCmdSN to advertise
 * @w: window of the session
 *
 * To be called when a PDU is about to leave: what it returns counts as told.
 *
 * Return: the new MaxCmdSN, never below an earlier one, hence never below
 * ExpCmdSN - 1 either.
 */
u32 icore_window_max(struct icore_window *w)
{
	u32 unused = w->depth > w->busy ? w->depth - w->busy : 0;
	u32 max_cmdsn = w->exp_cmdsn + unused - 1;

	if (icore_sn_lt(w->max_cmdsn, max_cmdsn))
		w->max_cmdsn = max_cmdsn;
	return w->max_cmdsn;
}

/*
 * Target Transfer Tags: generation, slot, number of the R2T.
 *
 *	31            16 15         6 5       0
 *	+---------------+------------+---------+
 *	| generation    | slot       | R2TSN   |
 *	+---------------+------------+---------+
 *
 * The slot makes the lookup an index, the generation makes a tag of the slot's
 * former user recognisable, the low bits of R2TSN say which of at most
 * ICORE_R2T_OUT_MAX outstanding R2Ts is meant. Generations count modulo 0xffff, not
 * 0x10000: the upper half never is all ones, so the whole never is ICORE_RTAG,
 * which would mean "no tag" (11.7.4).
 */
#define TTT_GEN_MODULUS		0xffffu
#define TTT_GEN_SHIFT		16
#define TTT_SLOT_SHIFT		6

static_assert(ICORE_R2T_OUT_MAX == 1 << TTT_SLOT_SHIFT, "R2TSN fills the bits below the slot");
static_assert(ICORE_TTT_SLOTS << TTT_SLOT_SHIFT == 1 << TTT_GEN_SHIFT, "slot fills its bits");

/**
 * icore_ttt_make() - the tag of one R2T, or of a ping or text exchange
 * @slot: index of its command, 0 to ICORE_TTT_SLOTS - 1
 * @gen: how often that slot was used
 * @r2tsn: number of the R2T, of which the low bits go in
 *
 * Return: a tag that is not ICORE_RTAG.
 */
u32 icore_ttt_make(u32 slot, u32 gen, u32 r2tsn)
{
	return gen % TTT_GEN_MODULUS << TTT_GEN_SHIFT |
	       (slot & (ICORE_TTT_SLOTS - 1)) << TTT_SLOT_SHIFT | (r2tsn & ICORE_TTT_R2TSN_MASK);
}

/**
 * icore_ttt_slot() - which slot a tag names
 * @ttt: any value, a peer sent it
 *
 * Return: 0 to ICORE_TTT_SLOTS - 1; compare with the number of slots there are.
 */
u32 icore_ttt_slot(u32 ttt)
{
	return ttt >> TTT_SLOT_SHIFT & (ICORE_TTT_SLOTS - 1);
}

/**
 * icore_ttt_r2tsn() - which R2T a tag answers
 * @ttt: any value
 *
 * Return: R2TSN modulo ICORE_R2T_OUT_MAX.
 */
u32 icore_ttt_r2tsn(u32 ttt)
{
	return ttt & ICORE_TTT_R2TSN_MASK;
}

/**
 * icore_ttt_match() - is this a tag of that use of that slot?
 * @ttt: any value
 * @slot: index of a command
 * @gen: how often that slot was used
 *
 * Return: true if icore_ttt_make() with this slot and generation can have made it.
 */
bool icore_ttt_match(u32 ttt, u32 slot, u32 gen)
{
	return ttt != ICORE_RTAG &&
	       (ttt & ~ICORE_TTT_R2TSN_MASK) == icore_ttt_make(slot, gen, 0);
}
