/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ENDING_H
#define ENDING_H

#include "tool.h"

/* The number of a session; false, reported, if @text is none. */
bool ending_sid(const char *text, long long *sid);
/* Ask the kernel; @seconds is 0 where there is no time to give. */
enum tool_status ending_request(struct tool *t, int command, long long sid, long long seconds);

#endif /* ENDING_H */
