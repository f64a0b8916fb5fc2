// SPDX-License-Identifier: GPL-2.0
/* Doing a plan, and looking whether it has come true. */
#include "apply.h"

#define SAID	20
#define FEW	4
#define MANY	127

bool apply_plan(struct stepping *s, const struct plan *plan)
{
	/*
	 * How many processes are worth it: many where the kernel makes everybody wait, some
	 * where there is just much to do. In the others, one object may have to come after
	 * another.
	 */
	static const size_t beside[PHASES] = {
		[PHASE_STORES] = FEW, [PHASE_UNLINK] = MANY, [PHASE_LUNS] = MANY,
		[PHASE_ACLS] = FEW, [PHASE_DROP] = FEW,
	};
	size_t i;

	for (i = 0; i < PHASES; i++)
		if (!(beside[i] ? steps_do_beside(s, &plan->phase[i], beside[i]) :
				  steps_do(s, &plan->phase[i])))
			return false;
	return true;
}

long apply_left(const struct plan *goal)
{
	struct snapshot now;
	struct plan plan = {
		.t = goal->t, .wanted = goal->wanted, .live = &now, .fabric = goal->fabric,
		.only = goal->only, .pending = goal->pending, .exact = goal->exact,
		.no_wait = goal->no_wait,
	};
	long left;
	size_t i;

	snapshot_load(plan.t, plan.fabric, plan.exact ? NULL : plan.wanted, &now);
	plan_make(&plan);
	left = now.failed ? -1 : (long)plan.change_count;
	for (i = 0; i < plan.change_count && i < SAID; i++)
		problem_add(plan.t, plan.changes[i].object, *plan.changes[i].text ?
			    plan.changes[i].text : "is not as it should be");
	plan_free(&plan);
	snapshot_free(&now);
	return left;
}

bool apply_towards(struct stepping *s, const struct plan *goal, void (*more)(struct plan *plan))
{
	struct plan plan = *goal;
	struct snapshot now;
	bool good;

	snapshot_load(plan.t, plan.fabric, NULL, &now);
	plan.live = &now;
	plan_make(&plan);
	if (more)
		more(&plan);
	good = apply_plan(s, &plan) && !now.failed;
	plan_free(&plan);
	snapshot_free(&now);
	return good;
}
