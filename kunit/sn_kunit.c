// SPDX-License-Identifier: GPL-2.0
/*
 * Numbering. Everything that compares is run around the places where 32 bits end:
 * 0, 2^31 and 2^32.
 */
#include "icore_test.h"

static const u32 bases[] = {
	0, 1, 63, 0x7ffffff0, 0x7fffffff, 0x80000000, 0xfffffff0, 0xfffffffe, 0xffffffff,
};

static void base_desc(const u32 *base, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "from 0x%08x", *base);
}

KUNIT_ARRAY_PARAM(base, bases, base_desc);

static void sn_serial(struct kunit *test)
{
	u32 a = *(const u32 *)test->param_value;
	static const u32 steps[] = { 1, 2, 100, 0x10000, 0x7fffffff };

	KUNIT_EXPECT_FALSE(test, icore_sn_lt(a, a));
	KUNIT_EXPECT_TRUE(test, icore_sn_le(a, a));
	for (u32 i = 0; i < ARRAY_SIZE(steps); i++) {
		KUNIT_EXPECT_TRUE(test, icore_sn_lt(a, a + steps[i]));
		KUNIT_EXPECT_TRUE(test, icore_sn_le(a, a + steps[i]));
		KUNIT_EXPECT_FALSE(test, icore_sn_lt(a + steps[i], a));
		KUNIT_EXPECT_FALSE(test, icore_sn_le(a + steps[i], a));
	}
}

static void sn_admission(struct kunit *test)
{
	u32 first = *(const u32 *)test->param_value;
	struct icore_window w;

	icore_window_init(&w, first, 4);
	KUNIT_EXPECT_EQ(test, icore_window_max(&w), first + 3);
	KUNIT_EXPECT_EQ(test, icore_window_admit(&w, first - 1, false), ICORE_ADMIT_IGNORE);
	KUNIT_EXPECT_EQ(test, icore_window_admit(&w, first + 4, false), ICORE_ADMIT_IGNORE);
	KUNIT_EXPECT_EQ(test, icore_window_admit(&w, first + 2, false), ICORE_ADMIT_HOLD);
	KUNIT_EXPECT_EQ(test, icore_window_admit(&w, first + 3, false), ICORE_ADMIT_HOLD);
	KUNIT_EXPECT_EQ(test, icore_window_admit(&w, first + 0x7fffffff, false),
			ICORE_ADMIT_IGNORE);
	KUNIT_EXPECT_EQ(test, icore_window_admit(&w, first + 0x80000000, false),
			ICORE_ADMIT_IGNORE);
	KUNIT_EXPECT_EQ(test, w.exp_cmdsn, first);
	KUNIT_EXPECT_EQ(test, icore_window_admit(&w, first, false), ICORE_ADMIT_NOW);
	KUNIT_EXPECT_EQ(test, w.exp_cmdsn, first + 1);
	/* The same again is a duplicate. */
	KUNIT_EXPECT_EQ(test, icore_window_admit(&w, first, false), ICORE_ADMIT_IGNORE);
	KUNIT_EXPECT_EQ(test, w.exp_cmdsn, first + 1);
}

/* What comes early is delivered once, in order, and never before its turn. */
static void sn_order(struct kunit *test)
{
	static const u8 arrival[] = { 3, 1, 5, 3, 0, 2, 1, 4, 6, 5 };
	u32 first = *(const u32 *)test->param_value;
	struct icore_window w;
	u32 delivered = 0;
	u32 kept = 0;

	icore_window_init(&w, first, 8);
	for (u32 i = 0; i < ARRAY_SIZE(arrival); i++) {
		enum icore_admit admit = icore_window_admit(&w, first + arrival[i], false);
		bool again = arrival[i] < delivered || kept & 1u << arrival[i];

		if (again) {
			KUNIT_EXPECT_EQ(test, admit, ICORE_ADMIT_IGNORE);
			continue;
		}
		KUNIT_EXPECT_EQ(test, admit, arrival[i] == delivered ? ICORE_ADMIT_NOW :
								       ICORE_ADMIT_HOLD);
		if (admit == ICORE_ADMIT_NOW)
			delivered++;
		else
			kept |= 1u << arrival[i];
		while (icore_window_next(&w)) {
			KUNIT_EXPECT_TRUE(test, kept & 1u << delivered);
			kept &= ~(1u << delivered);
			delivered++;
		}
		KUNIT_EXPECT_EQ(test, w.exp_cmdsn, first + delivered);
	}
	KUNIT_EXPECT_EQ(test, delivered, 7);
	KUNIT_EXPECT_EQ(test, w.held, 0);
}

/* A number that ABORT TASK plugs is received: it opens the way, and comes never again. */
static void sn_plug(struct kunit *test)
{
	u32 first = *(const u32 *)test->param_value;
	struct icore_window w;

	icore_window_init(&w, first, 4);
	KUNIT_EXPECT_FALSE(test, icore_window_plug(&w, first - 1));
	KUNIT_EXPECT_FALSE(test, icore_window_plug(&w, first + 4));
	KUNIT_EXPECT_EQ(test, icore_window_admit(&w, first + 1, false), ICORE_ADMIT_HOLD);
	KUNIT_EXPECT_TRUE(test, icore_window_plug(&w, first + 2));
	KUNIT_EXPECT_TRUE(test, icore_window_plug(&w, first + 2));
	KUNIT_EXPECT_EQ(test, w.held, 2);
	KUNIT_EXPECT_FALSE(test, icore_window_next(&w));
	KUNIT_EXPECT_TRUE(test, icore_window_plug(&w, first));
	for (u32 i = 0; i < 3; i++)
		KUNIT_EXPECT_TRUE(test, icore_window_next(&w));
	KUNIT_EXPECT_FALSE(test, icore_window_next(&w));
	KUNIT_EXPECT_EQ(test, w.exp_cmdsn, first + 3);
	KUNIT_EXPECT_EQ(test, icore_window_admit(&w, first + 2, false), ICORE_ADMIT_IGNORE);
	KUNIT_EXPECT_EQ(test, icore_window_admit(&w, first + 3, false), ICORE_ADMIT_NOW);
}

/* What waited on a lost connection comes again; what was plugged and what is past do not. */
static void sn_forget(struct kunit *test)
{
	u32 first = *(const u32 *)test->param_value;
	struct icore_window w;

	icore_window_init(&w, first, 4);
	KUNIT_EXPECT_EQ(test, icore_window_admit(&w, first + 1, false), ICORE_ADMIT_HOLD);
	KUNIT_EXPECT_TRUE(test, icore_window_plug(&w, first + 2));
	icore_window_forget(&w, first + 1);
	icore_window_forget(&w, first + 1);
	icore_window_forget(&w, first + 3);
	icore_window_forget(&w, first + ICORE_WINDOW_MAX + 2);
	KUNIT_EXPECT_EQ(test, w.held, 1);
	KUNIT_EXPECT_EQ(test, icore_window_admit(&w, first, false), ICORE_ADMIT_NOW);
	KUNIT_EXPECT_FALSE(test, icore_window_next(&w));
	KUNIT_EXPECT_EQ(test, icore_window_admit(&w, first + 1, false), ICORE_ADMIT_NOW);
	KUNIT_EXPECT_TRUE(test, icore_window_next(&w));
	KUNIT_EXPECT_EQ(test, w.exp_cmdsn, first + 3);
	KUNIT_EXPECT_EQ(test, w.held, 0);
}

/* The whole window backwards, twice around the table of early numbers. */
static void sn_backwards(struct kunit *test)
{
	u32 first = *(const u32 *)test->param_value;
	struct icore_window w;

	icore_window_init(&w, first, ICORE_WINDOW_MAX);
	for (u32 round = 0; round < 3; round++) {
		u32 exp = w.exp_cmdsn;

		for (u32 i = ICORE_WINDOW_MAX - 1; i; i--)
			KUNIT_ASSERT_EQ(test, icore_window_admit(&w, exp + i, false),
					ICORE_ADMIT_HOLD);
		KUNIT_EXPECT_EQ(test, w.held, ICORE_WINDOW_MAX - 1);
		KUNIT_EXPECT_EQ(test, icore_window_admit(&w, exp, false), ICORE_ADMIT_NOW);
		while (icore_window_next(&w))
			;
		KUNIT_EXPECT_EQ(test, w.exp_cmdsn, exp + ICORE_WINDOW_MAX);
		KUNIT_EXPECT_EQ(test, w.held, 0);
		icore_window_max(&w);
	}
}

/* Immediate requests are delivered wherever their number lies. */
static void sn_immediate(struct kunit *test)
{
	u32 first = *(const u32 *)test->param_value;
	struct icore_window w;

	icore_window_init(&w, first, 2);
	for (s32 d = -5; d < 10; d++)
		KUNIT_EXPECT_EQ(test, icore_window_admit(&w, first + d, true), ICORE_ADMIT_NOW);
	KUNIT_EXPECT_EQ(test, w.exp_cmdsn, first);
	KUNIT_EXPECT_EQ(test, icore_window_max(&w), first + 1);
}

static void sn_closed_window(struct kunit *test)
{
	u32 first = *(const u32 *)test->param_value;
	struct icore_window w;

	icore_window_init(&w, first, 2);
	for (u32 i = 0; i < 2; i++) {
		KUNIT_EXPECT_EQ(test, icore_window_admit(&w, first + i, false), ICORE_ADMIT_NOW);
		icore_window_take(&w);
	}
	KUNIT_EXPECT_EQ(test, icore_window_max(&w), first + 1);
	KUNIT_EXPECT_EQ(test, icore_window_max(&w), w.exp_cmdsn - 1);
	KUNIT_EXPECT_EQ(test, icore_window_admit(&w, first + 2, false), ICORE_ADMIT_IGNORE);
	icore_window_give(&w);
	/* A slot is free, but nobody has been told yet. */
	KUNIT_EXPECT_EQ(test, icore_window_admit(&w, first + 2, false), ICORE_ADMIT_IGNORE);
	KUNIT_EXPECT_EQ(test, icore_window_max(&w), first + 2);
	KUNIT_EXPECT_EQ(test, icore_window_admit(&w, first + 2, false), ICORE_ADMIT_NOW);
}

/* Immediate commands take slots as well: the window waits, it does not shrink. */
static void sn_overcommitted(struct kunit *test)
{
	u32 first = *(const u32 *)test->param_value;
	struct icore_window w;

	icore_window_init(&w, first, 2);
	for (u32 i = 0; i < 5; i++)
		icore_window_take(&w);
	KUNIT_EXPECT_EQ(test, icore_window_max(&w), first + 1);
	KUNIT_EXPECT_EQ(test, icore_window_admit(&w, first, false), ICORE_ADMIT_NOW);
	KUNIT_EXPECT_EQ(test, icore_window_admit(&w, first + 1, false), ICORE_ADMIT_NOW);
	KUNIT_EXPECT_EQ(test, icore_window_max(&w), first + 1);
	for (u32 i = 0; i < 4; i++)
		icore_window_give(&w);
	KUNIT_EXPECT_EQ(test, icore_window_max(&w), first + 2);
	icore_window_give(&w);
	KUNIT_EXPECT_EQ(test, icore_window_max(&w), first + 3);
	/* One too many gives nothing away. */
	icore_window_give(&w);
	KUNIT_EXPECT_EQ(test, w.busy, 0);
	KUNIT_EXPECT_EQ(test, icore_window_max(&w), first + 3);
}

/* Less depth: MaxCmdSN stands still until it is reached from behind. */
static void sn_shrink(struct kunit *test)
{
	u32 first = *(const u32 *)test->param_value;
	struct icore_window w;

	icore_window_init(&w, first, 8);
	w.depth = 2;
	for (u32 i = 0; i < 8; i++) {
		KUNIT_EXPECT_EQ(test, icore_window_max(&w), first + max(7u, i + 1));
		KUNIT_EXPECT_EQ(test, icore_window_admit(&w, first + i, false), ICORE_ADMIT_NOW);
	}
	KUNIT_EXPECT_EQ(test, icore_window_max(&w), first + 9);
}

static void sn_depth_bounds(struct kunit *test)
{
	struct icore_window w;

	icore_window_init(&w, 10, 0);
	KUNIT_EXPECT_EQ(test, w.depth, 1);
	KUNIT_EXPECT_EQ(test, icore_window_max(&w), 10);
	icore_window_init(&w, 10, 0xffffffff);
	KUNIT_EXPECT_TRUE(test, icore_sn_lt(w.exp_cmdsn, icore_window_max(&w)));
	KUNIT_EXPECT_LT(test, w.depth, 0x40000000u);
}

/* A long session in random order: no promise is broken, the window stays tight. */
static void sn_session(struct kunit *test)
{
	u32 first = *(const u32 *)test->param_value;
	const u32 depth = 16;
	u32 next = first, told, seed = first | 1;
	struct icore_window w;

	icore_window_init(&w, first, depth);
	told = icore_window_max(&w);
	for (u32 round = 0; round < 5000; round++) {
		u32 now;

		seed = seed * 1664525 + 1013904223;
		if (seed >> 31 && icore_sn_le(next, told)) {
			KUNIT_ASSERT_EQ(test, icore_window_admit(&w, next++, false),
					ICORE_ADMIT_NOW);
			icore_window_take(&w);
			KUNIT_ASSERT_LE(test, w.busy, depth);
		} else if (w.busy) {
			icore_window_give(&w);
		}
		now = icore_window_max(&w);
		KUNIT_ASSERT_TRUE(test, icore_sn_le(told, now));
		KUNIT_ASSERT_EQ(test, now - w.exp_cmdsn + 1 + w.busy, depth);
		told = now;
	}
}

static void sn_ttt(struct kunit *test)
{
	static const u32 gens[] = { 0, 1, 0xfffe, 0xffff, 0x10000, 0xfffeffff, 0xfffffffe };
	static const u32 slots[] = { 0, 1, 511, 512, ICORE_TTT_SLOTS - 1 };

	for (u32 g = 0; g < ARRAY_SIZE(gens); g++) {
		for (u32 s = 0; s < ARRAY_SIZE(slots); s++) {
			for (u32 n = 0; n < 130; n++) {
				u32 ttt = icore_ttt_make(slots[s], gens[g], n);

				KUNIT_ASSERT_NE(test, ttt, ICORE_RTAG);
				KUNIT_ASSERT_EQ(test, icore_ttt_slot(ttt), slots[s]);
				KUNIT_ASSERT_EQ(test, icore_ttt_r2tsn(ttt), n % ICORE_R2T_OUT_MAX);
				KUNIT_ASSERT_TRUE(test, icore_ttt_match(ttt, slots[s], gens[g]));
				KUNIT_ASSERT_FALSE(test,
						   icore_ttt_match(ttt, slots[s], gens[g] + 1));
				KUNIT_ASSERT_FALSE(test,
						   icore_ttt_match(ttt, slots[s] ^ 1, gens[g]));
			}
		}
	}
	KUNIT_EXPECT_LT(test, icore_ttt_slot(ICORE_RTAG), ICORE_TTT_SLOTS);
	for (u32 g = 0xfff0; g < 0x10010; g++)
		KUNIT_EXPECT_FALSE(test, icore_ttt_match(ICORE_RTAG, ICORE_TTT_SLOTS - 1, g));
}

static struct kunit_case sn_cases[] = {
	KUNIT_CASE_PARAM(sn_serial, base_gen_params),
	KUNIT_CASE_PARAM(sn_admission, base_gen_params),
	KUNIT_CASE_PARAM(sn_order, base_gen_params),
	KUNIT_CASE_PARAM(sn_plug, base_gen_params),
	KUNIT_CASE_PARAM(sn_forget, base_gen_params),
	KUNIT_CASE_PARAM(sn_backwards, base_gen_params),
	KUNIT_CASE_PARAM(sn_immediate, base_gen_params),
	KUNIT_CASE_PARAM(sn_closed_window, base_gen_params),
	KUNIT_CASE_PARAM(sn_overcommitted, base_gen_params),
	KUNIT_CASE_PARAM(sn_shrink, base_gen_params),
	KUNIT_CASE(sn_depth_bounds),
	KUNIT_CASE_PARAM(sn_session, base_gen_params),
	KUNIT_CASE(sn_ttt),
	{}
};

static struct kunit_suite sn_suite = {
	.name = "icore_sn",
	.test_cases = sn_cases,
};

kunit_test_suite(sn_suite);
