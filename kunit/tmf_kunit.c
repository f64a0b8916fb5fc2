// SPDX-License-Identifier: GPL-2.0
/* Task management: the whole range of both numberings. */
#include "icore_test.h"

static void tmf_responses(struct kunit *test)
{
	/* Target core's values in their order. */
	static const u8 wire[] = { 255, 0, 1, 2, 5, 255 };

	for (int i = -5; i < 300; i++)
		KUNIT_EXPECT_EQ_MSG(test, icore_tmf_response(i),
				    i >= 0 && i < (int)ARRAY_SIZE(wire) ? wire[i] : 255, "%d", i);
}

struct check_row {
	u8 function;
	int old;	/* below level 2 */
	int want;	/* from level 2 on */
	bool lun;
	bool multi;
};

static const struct check_row check_rows[] = {
	{ 0, 5, 5, true, false },
	{ ICORE_TMF_ABORT_TASK, -1, -1, true, false },
	{ ICORE_TMF_ABORT_TASK_SET, -1, -1, true, true },
	{ ICORE_TMF_CLEAR_ACA, 5, 5, true, false },
	{ ICORE_TMF_CLEAR_TASK_SET, -1, -1, true, true },
	{ ICORE_TMF_LUN_RESET, -1, -1, true, true },
	{ ICORE_TMF_TARGET_WARM_RESET, -1, -1, false, true },
	{ ICORE_TMF_TARGET_COLD_RESET, -1, -1, false, true },
	{ ICORE_TMF_TASK_REASSIGN, 4, 4, false, false },
	{ ICORE_TMF_QUERY_TASK, 5, -1, true, false },
	{ ICORE_TMF_QUERY_TASK_SET, 5, -1, true, false },
	{ ICORE_TMF_I_T_NEXUS_RESET, 5, -1, false, true },
	{ ICORE_TMF_QUERY_ASYNC_EVENT, 5, -1, true, false },
	{ 13, 5, 5, true, false }, { 0x7f, 5, 5, true, false }, { 0x81, 5, 5, true, false },
	{ 0xff, 5, 5, true, false },
};

static void check_desc(const struct check_row *row, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "function %u", row->function);
}

KUNIT_ARRAY_PARAM(check, check_rows, check_desc);

static void tmf_check(struct kunit *test)
{
	const struct check_row *row = test->param_value;

	for (u8 level = 0; level < 4; level++)
		KUNIT_EXPECT_EQ(test, icore_tmf_check(row->function, level),
				level < 2 ? row->old : row->want);
	KUNIT_EXPECT_EQ(test, icore_tmf_has_lun(row->function), row->lun);
	KUNIT_EXPECT_EQ(test, icore_tmf_multi_task(row->function), row->multi);
}

static struct kunit_case tmf_cases[] = {
	KUNIT_CASE(tmf_responses),
	KUNIT_CASE_PARAM(tmf_check, check_gen_params),
	{}
};

static struct kunit_suite tmf_suite = {
	.name = "icore_tmf",
	.test_cases = tmf_cases,
};

kunit_test_suite(tmf_suite);
