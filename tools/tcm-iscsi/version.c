// SPDX-License-Identifier: GPL-2.0
/* tcm-iscsi version: of the tool and of what is loaded. */
#include "module.h"

enum tool_status verb_version(struct tool *t, int argc, char **argv)
{
	struct modules modules;

	(void)argc;
	(void)argv;
	modules_load(t, &modules);
	out_line(&t->out, 0);
	out_str(&t->out, "version", "tcm-iscsi %", TOOL_VERSION);
	modules_print(t, &modules);
	modules_free(&modules);
	return TOOL_OK;
}
