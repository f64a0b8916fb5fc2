/* SPDX-License-Identifier: GPL-2.0 */
/* How long something may take, and how long it took. */
#ifndef SECONDS_H
#define SECONDS_H

#include <time.h>

#include "tool.h"

#define SECONDS_DEFAULT	30	/* unless --seconds says otherwise */

/* What --seconds says. False, after a complaint, if it is no number of seconds. */
bool seconds_option(const struct tool *t, long long *seconds);
/* The same, for verbs with a default of their own. */
bool seconds_or(const struct tool *t, long long fallback, long long *seconds);

/* Times are of CLOCK_MONOTONIC. */
struct timespec seconds_now(void);
double seconds_between(const struct timespec *from, const struct timespec *to);
/* Below 0 if @from is yet to come. */
double seconds_since(const struct timespec *from);
/* Before one looks again. */
void seconds_nap(void);

#endif /* SECONDS_H */
