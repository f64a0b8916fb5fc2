/* SPDX-License-Identifier: GPL-2.0 */
/* Doing a plan, and looking whether it has come true. */
#ifndef APPLY_H
#define APPLY_H

#include "plan.h"

/* All phases. False if a step failed; those after it were not done. */
bool apply_plan(struct stepping *s, const struct plan *plan);

/*
 * How many differences are left to @goal, of which these members are used: t, wanted,
 * fabric, only, pending, exact. The first of them become problems. -1: the kernel's
 * configuration cannot be read.
 */
long apply_left(const struct plan *goal);

/* From whatever there is to @wanted, which was read from the kernel. False if not all of it. */
bool apply_exact(struct tool *t, int target, const char *fabric, const json_t *wanted,
		 bool force);

#endif /* APPLY_H */
