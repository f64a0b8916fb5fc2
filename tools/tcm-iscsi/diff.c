// SPDX-License-Identifier: GPL-2.0
/* tcm-iscsi diff: what a restore would change. */
#include <stdlib.h>
#include <string.h>

#include "judge.h"
#include "member.h"
#include "module.h"
#include "plan.h"

/* Of a name that was mistyped, "no difference" would be the wrong answer. */
static bool is_known(struct tool *t, const json_t *wanted, const json_t *live)
{
	if (!t->target || has_target(wanted, t->target) || has_target(live, t->target))
		return true;
	problem_add(t, t->target, "is neither in the file nor in the kernel");
	return false;
}

static enum tool_status print(struct tool *t, const struct plan *plan, const struct snapshot *live)
{
	enum tool_status status = TOOL_OK;

	if (live->failed)
		status = TOOL_INCOMPLETE;
	else if (plan->change_count)
		status = TOOL_DIFFERENT;
	else if (json_object_size(plan->waiting))
		status = TOOL_PENDING;
	out_int(&t->out, NULL, plan->change_count ? ": % differences" : ": no difference",
		plan->change_count);
	plan_print_changes(t, plan);
	pending_print(t, plan->waiting);
	return status;
}

static enum tool_status compare(struct tool *t, const struct file *file, const json_t *pending,
				const char *fabric)
{
	struct snapshot live;
	struct plan plan = {
		.t = t, .wanted = file->root, .live = &live, .fabric = fabric,
		.only = t->target, .pending = pending,
	};
	enum tool_status status = TOOL_REFUSED;

	snapshot_load(t, fabric, file->root, &live);
	if (is_known(t, file->root, live.root)) {
		plan_make(&plan);
		status = print(t, &plan, &live);
		plan_free(&plan);
	} else {
		out_text(&t->out, ": not compared");
	}
	snapshot_free(&live);
	return status;
}

enum tool_status verb_diff(struct tool *t, int argc, char **argv)
{
	enum tool_status status = TOOL_REFUSED;
	struct modules modules;
	struct file file;
	json_t *pending;

	t->acting = true;
	modules_load(t, &modules);
	pending = file_ready(t, &file, argc ? argv[0] : FILE_DEFAULT);
	out_line(&t->out, 0);
	out_str(&t->out, "file", "%", file.name);
	if (file.errors)
		out_text(&t->out, ": not compared");
	else
		status = compare(t, &file, pending, modules.fabric);
	if (file.errors)
		file_print(t, &file);
	json_decref(pending);
	file_free(&file);
	modules_free(&modules);
	return status;
}
