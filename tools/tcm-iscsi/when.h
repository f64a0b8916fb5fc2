/* SPDX-License-Identifier: GPL-2.0 */
/* Points in time. */
#ifndef WHEN_H
#define WHEN_H

#include <stdbool.h>

/*
 * @ms since 1970: for people in local time, for programs as in ISO 8601, UTC. Allocated.
 */
char *when_text(long long ms, bool program);

#endif /* WHEN_H */
