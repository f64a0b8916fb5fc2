/* SPDX-License-Identifier: GPL-2.0 */
/* One at a time: saving, restoring and clearing. */
#ifndef LOCK_H
#define LOCK_H

#include "tool.h"

/*
 * Waits some seconds at most. Return: a descriptor that holds the lock until it is
 * closed (by the end of the program at the latest); -1 if somebody else has it, or
 * there is no directory target/, which is said.
 */
int lock_take(struct tool *t);

#endif /* LOCK_H */
