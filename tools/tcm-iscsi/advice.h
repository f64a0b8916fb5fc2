/* SPDX-License-Identifier: GPL-2.0 */
/* Settings that do not do what they look like. */
#ifndef ADVICE_H
#define ADVICE_H

#include "config.h"
#include "module.h"

/* Print the warnings about a configuration. */
void advice_print(struct tool *t, const struct config *config, const struct modules *m);

#endif /* ADVICE_H */
