// SPDX-License-Identifier: GPL-2.0
/* How long something may take, and how long it took. */
#include <linux/tcm_iscsi.h>

#include "seconds.h"
#include "text.h"

#define POLL_NS	5000000

bool seconds_or(const struct tool *t, long long fallback, long long *seconds)
{
	*seconds = fallback;
	if (!t->seconds || text_number(t->seconds, 1, TCM_ISCSI_LOGOUT_SECONDS_MAX, seconds))
		return true;
	complain("--seconds '%' is no number from 1 to 3600", t->seconds);
	return false;
}

bool seconds_option(const struct tool *t, long long *seconds)
{
	return seconds_or(t, SECONDS_DEFAULT, seconds);
}

struct timespec seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now;
}

double seconds_between(const struct timespec *from, const struct timespec *to)
{
	return (double)(to->tv_sec - from->tv_sec) + (to->tv_nsec - from->tv_nsec) / 1e9;
}

double seconds_since(const struct timespec *from)
{
	const struct timespec now = seconds_now();

	return seconds_between(from, &now);
}

void seconds_nap(void)
{
	const struct timespec pause = { .tv_nsec = POLL_NS };

	nanosleep(&pause, NULL);
}
