/* SPDX-License-Identifier: GPL-2.0 */
/* Which modules are loaded that can provide an iSCSI fabric. */
#ifndef MODULE_H
#define MODULE_H

#include "tool.h"

struct module {
	const char *name;
	bool loaded;
	char *version;		/* NULL: it does not say */
	char *fabric;		/* directory below target/ that it provides */
};

/**
 * struct modules - tcm_iscsi and the in-tree module
 * @known: the machine was looked at; a copied tree does not say
 * @ours: tcm_iscsi
 * @in_tree: iscsi_target_mod
 * @fabric: the directory to show: as asked for, else of the loaded module
 * @provider: who provides @fabric, NULL if nobody does or it is not known
 */
struct modules {
	bool known;
	struct module ours;
	struct module in_tree;
	const char *fabric;
	const struct module *provider;
};

void modules_load(const struct tool *t, struct modules *m);
void modules_free(struct modules *m);
void modules_print(struct tool *t, const struct modules *m);
/* A line that says why there is no target, and what to do; @present: the directory exists. */
void modules_advise(struct tool *t, const struct modules *m, bool present);

#endif /* MODULE_H */
