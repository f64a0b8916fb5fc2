/* SPDX-License-Identifier: GPL-2.0 */
/* What a restore had to leave out, remembered until it is done or the machine restarts. */
#ifndef PENDING_H
#define PENDING_H

#include "tool.h"

#define PENDING_DIR	"/run/tcm-iscsi"
#define PENDING_FILE	PENDING_DIR "/pending.json"

/* Backstores by key, each with a text; empty if there are none. */
json_t *pending_load(void);
/* Problems are said: the configuration is not worse for it. */
void pending_store(struct tool *t, const json_t *stores);

#endif /* PENDING_H */
