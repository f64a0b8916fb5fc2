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

/*
 * From whatever there is towards @goal (the same members), whose document was read from the
 * kernel. @more adds steps to the plan; NULL: none. False if a step failed, or if the
 * kernel's configuration cannot be read; see apply_left() for what has become of it.
 */
bool apply_towards(struct stepping *s, const struct plan *goal, void (*more)(struct plan *plan));

#endif /* APPLY_H */
