/* SPDX-License-Identifier: GPL-2.0 */
/* Sessions as the module itself tells them. */
#ifndef LIVE_H
#define LIVE_H

#include "tool.h"

/*
 * live_sessions - print every session as an entry of the open array
 * @printed: set to how many
 *
 * Return: false if the module cannot be asked, or not by this user; nothing was
 * printed then.
 */
bool live_sessions(struct tool *t, size_t *printed);

#endif /* LIVE_H */
