// SPDX-License-Identifier: GPL-2.0
/*
 * libFuzzer on everything that a configuration file goes through before something is done:
 * reading, the grammar, the judgement, the plan from nothing and to nothing, and a save
 * over it. The input is the file.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "judge.h"
#include "member.h"
#include "merge.h"
#include "plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static json_t *empty_document(void)
{
	json_t *root = json_have(json_object());

	member_set(root, "fabric_modules", json_array());
	member_set(root, "storage_objects", json_array());
	member_set(root, "targets", json_array());
	return root;
}

/* Directories as a kernel would have them, a backstore each. */
static json_t *dirs_of(const json_t *root)
{
	json_t *dirs = json_have(json_object()), *store;
	char *key, *dir;
	size_t i;

	json_array_foreach(member_array(root, "storage_objects"), i, store) {
		key = store_key(store);
		dir = join("fileio_%zu/%s", i, member_str(store, "name"));
		if (!json_object_get(dirs, key))
			member_set(dirs, key, json_text(dir));
		free(dir);
		free(key);
	}
	return dirs;
}

/* Every step says what it is, and no step leaves target/. */
static size_t plan(struct tool *t, const json_t *wanted, json_t *have, json_t *dirs,
		   const json_t *pending)
{
	struct snapshot live = {
		.root = have, .dirs = dirs, .unfinished = json_have(json_array()),
	};
	struct plan made = {
		.t = t, .wanted = wanted, .live = &live, .fabric = "iscsi", .pending = pending,
	};
	size_t changes, i, k;
	char *text;

	plan_make(&made);
	for (i = 0; i < PHASES; i++)
		for (k = 0; k < made.phase[i].count; k++) {
			text = step_text(&made.phase[i].step[k]);
			if (*made.phase[i].step[k].path == '/' ||
			    strstr(made.phase[i].step[k].path, "/../"))
				abort();
			free(text);
		}
	changes = made.change_count;
	plan_free(&made);
	json_decref(live.unfinished);
	return changes;
}

static void use(struct tool *t, struct file *file, const json_t *pending)
{
	struct merge m = {
		.t = t, .lost = json_have(json_array()), .kept = json_have(json_array()),
	};
	json_t *nothing = empty_document(), *no_dirs = json_have(json_object());
	json_t *dirs = dirs_of(file->root), *none = json_have(json_object());

	plan(t, file->root, nothing, no_dirs, pending);
	plan(t, nothing, file->root, dirs, none);
	/* What is there already needs nothing; settings that the kernel would not show do. */
	plan(t, file->root, file->root, dirs, none);
	json_decref(merge_documents(&m, file->root, nothing, NULL));
	json_decref(m.lost);
	json_decref(m.kept);
	json_decref(nothing);
	json_decref(no_dirs);
	json_decref(dirs);
	json_decref(none);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tool t = { .configfs = "/nonexistent", .sysfs = "/nonexistent" };
	const int fd = memfd_create("fuzz", MFD_CLOEXEC);
	json_t *pending = NULL;
	struct file file;
	char *name;

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	name = join("/proc/self/fd/%d", fd);
	if (file_load(&file, name))
		pending = file_judge(&t, &file);
	/* Without a document there is a reason. */
	if (!file.root && !file.errors)
		abort();
	if (pending && !file.errors)
		use(&t, &file, pending);
	json_decref(pending);
	file_free(&file);
	while (t.problem_count) {
		t.problem_count--;
		free(t.problems[t.problem_count].object);
		free(t.problems[t.problem_count].text);
	}
	free(t.problems);
	free(name);
	close(fd);
	return 0;
}
