// SPDX-License-Identifier: GPL-2.0
/* tcm-iscsi check: what is wrong with a configuration file, before anybody needs it. */
#include <stdlib.h>
#include <string.h>

#include "judge.h"
#include "member.h"

struct counts {
	size_t stores;
	size_t targets;
	size_t luns;
	size_t acls;
};

/* What there is of @only that target, NULL: of all. */
static void count(const json_t *root, const char *only, struct counts *counts)
{
	json_t *target, *tpg, *used;
	size_t i, k;

	memset(counts, 0, sizeof(*counts));
	counts->stores = json_array_size(member_array(root, "storage_objects"));
	if (only) {
		used = judge_used(member_array(root, "targets"), only);
		counts->stores = json_object_size(used);
		json_decref(used);
	}
	json_array_foreach(member_array(root, "targets"), i, target) {
		if (only && strcmp(only, member_str(target, "wwn")))
			continue;
		counts->targets++;
		json_array_foreach(member_array(target, "tpgs"), k, tpg) {
			counts->luns += json_array_size(member_array(tpg, "luns"));
			counts->acls += json_array_size(member_array(tpg, "node_acls"));
		}
	}
}

static void print_counts(struct tool *t, const struct file *file)
{
	struct out *o = &t->out;
	struct counts counts;

	count(file->root, t->target, &counts);
	out_int(o, "storage_objects", ": % backstores", counts.stores);
	out_int(o, "targets", ", % targets", counts.targets);
	out_int(o, "luns", ", % LUNs", counts.luns);
	out_int(o, "node_acls", ", % ACLs", counts.acls);
}

enum tool_status verb_check(struct tool *t, int argc, char **argv)
{
	struct out *o = &t->out;
	enum tool_status status;
	struct file file;
	json_t *pending;

	t->acting = true;
	pending = file_ready(t, &file, argc ? argv[0] : FILE_DEFAULT);
	file_want_target(t, &file);

	out_line(o, 0);
	out_str(o, "file", "%", file.name);
	if (!file.errors)
		print_counts(t, &file);
	out_int(o, "errors", file.errors ? ": % errors" : "; % errors", file.errors);
	out_int(o, "warnings", ", % warnings",
		file.finding_count + file.unsaid - file.errors);
	pending_print(t, pending);
	file_print(t, &file);

	if (file.errors)
		status = TOOL_REFUSED;
	else
		status = json_object_size(pending) ? TOOL_PENDING : TOOL_OK;
	json_decref(pending);
	file_free(&file);
	return status;
}
