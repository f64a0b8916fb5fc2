/* SPDX-License-Identifier: GPL-2.0 */
/* Children for system calls that may never come back: such a one cannot even be killed. */
#ifndef CHILD_H
#define CHILD_H

#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

/*
 * In the child: let go of what somebody may wait for, the output and the lock that goes
 * with @dir. Return: another descriptor of that directory.
 */
int child_become(int dir);

/* False if it was killed, because it had not ended at @end; else @status is waitpid()'s. */
bool child_wait(pid_t child, const struct timespec *end, int *status);

/*
 * In the child: when @parent ends, however, so does this. False if it is over already.
 */
bool child_ends_with(pid_t parent);

#endif /* CHILD_H */
