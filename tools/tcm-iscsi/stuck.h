/* SPDX-License-Identifier: GPL-2.0 */
/* Commands that a backend does not finish. */
#ifndef STUCK_H
#define STUCK_H

#include "config.h"

/* List them, with the backstores of @config; null for who may not ask the module. */
void stuck_print(struct tool *t, const struct config *config);

#endif /* STUCK_H */
