// SPDX-License-Identifier: GPL-2.0
/*
 * tcm-iscsi save: the kernel's configuration to a file.
 *
 * Never by itself, never half of it, and never less than the file has, unless told to.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "lock.h"
#include "member.h"
#include "merge.h"
#include "module.h"
#include "replace.h"
#include "shape.h"
#include "snapshot.h"
#include "text.h"

#define SAVE_BACKUPS	10

static void print_names(struct out *o, const char *key, const char *template, json_t *names)
{
	json_t *name;
	size_t i;

	out_array(o, key);
	json_array_foreach(names, i, name) {
		out_line(o, 0);
		out_str(o, "", template, json_string_value(name));
	}
	out_end(o);
}

static enum tool_status write_file(struct tool *t, const struct file *file, json_t *root)
{
	char *body = json_dumps(root, JSON_INDENT(2) | JSON_SORT_KEYS | JSON_ENSURE_ASCII);
	struct out *o = &t->out;
	char *text, *why = NULL;
	bool same;

	json_have(body ? root : NULL);
	text = join("%s\n", body);
	same = !file->missing && file->text && !strcmp(text, file->text);
	if (!same)
		why = replace_file(file->name, text, strlen(text), SAVE_BACKUPS);
	if (!why) {
		out_bool(o, "changed", !same, ": saved", ": is up to date", NULL);
		out_int(o, "storage_objects", ", % backstores",
			json_array_size(member_array(root, "storage_objects")));
		out_int(o, "targets", ", % targets",
			json_array_size(member_array(root, "targets")));
	} else {
		out_str(o, NULL, ": %", "not saved");
		problem_add(t, file->name, why);
	}
	explicit_bzero(text, strlen(text));
	explicit_bzero(body, strlen(body));
	free(text);
	free(body);
	if (!why)
		return TOOL_OK;
	free(why);
	return TOOL_SYSTEM;
}

static enum tool_status refuse(struct tool *t, const char *object, const char *text)
{
	out_str(&t->out, NULL, ": %", "not saved");
	problem_add(t, object, text);
	return TOOL_REFUSED;
}

static enum tool_status save(struct tool *t, struct file *file, struct snapshot *snapshot)
{
	struct merge m = {
		.t = t, .lost = json_have(json_array()), .kept = json_have(json_array()),
	};
	const bool force = t->options & OPTION_FORCE;
	enum tool_status status;
	json_t *root, *empty = json_have(json_object());
	char *text;

	root = merge_documents(&m, file->root && !file->errors ? file->root : empty,
			       snapshot->root, t->target);
	if (t->target && !has_target(root, t->target) && !json_array_size(m.lost))
		status = refuse(t, t->target, "is neither in the kernel nor in the file");
	else if (file->errors && !force)
		status = refuse(t, file->name, "has errors; mend it, or replace it with --force");
	else if (json_array_size(m.lost) && !force)
		status = refuse(t, file->name,
				"holds more than the kernel: restore that, or --force forgets it");
	else
		status = write_file(t, file, root);
	print_names(&t->out, "lost", status ? "only in the file: %" : "no longer in the file: %",
		    m.lost);
	print_names(&t->out, "kept", "pending, and kept in the file: %", m.kept);
	if (snapshot->foreign && !status) {
		text = join("%zu targets of other fabrics are not saved; targetcli does that",
			    snapshot->foreign);
		out_line(&t->out, 0);
		out_str(&t->out, NULL, "%", text);
		free(text);
	}
	json_decref(root);
	json_decref(empty);
	json_decref(m.lost);
	json_decref(m.kept);
	return status;
}

enum tool_status verb_save(struct tool *t, int argc, char **argv)
{
	enum tool_status status = TOOL_REFUSED;
	struct snapshot snapshot;
	struct modules modules;
	struct file file;
	int lock;

	t->acting = true;
	modules_load(t, &modules);
	/* On a fresh machine it is not there; if it cannot be made, the file cannot either. */
	if (!argc)
		mkdir(FILE_DIR, 0755);
	file_load(&file, argc ? argv[0] : FILE_DEFAULT);
	if (file.root)
		shape_check(&file);
	out_line(&t->out, 0);
	out_str(&t->out, "file", "%", file.name);
	lock = lock_take(t);
	if (lock < 0) {
		out_str(&t->out, NULL, ": %", "not saved");
	} else {
		snapshot_load(t, modules.fabric, NULL, &snapshot);
		if (snapshot.failed) {
			out_str(&t->out, NULL, ": %", "not saved");
			problem_add(t, "target", "could not be read as a whole; nothing was saved");
			status = TOOL_INCOMPLETE;
		} else {
			status = save(t, &file, &snapshot);
		}
		snapshot_free(&snapshot);
		close(lock);
	}
	if (status)
		file_print(t, &file);
	file_free(&file);
	modules_free(&modules);
	return status;
}
