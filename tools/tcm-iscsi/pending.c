// SPDX-License-Identifier: GPL-2.0
/*
 * What a restore had to leave out.
 *
 * It cannot be found out later: a backstore that is in the file and not in the kernel
 * may also be one that somebody took away on purpose, and must not come back because
 * an unrelated disk was plugged in.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "member.h"
#include "pending.h"
#include "replace.h"

json_t *pending_load(void)
{
	json_t *stores = json_load_file(PENDING_FILE, 0, NULL), *value;
	const char *key;
	bool good = json_is_object(stores);

	json_object_foreach(stores, key, value)
		good &= json_is_string(value);
	if (good)
		return stores;
	json_decref(stores);
	return json_have(json_object());
}

void pending_store(struct tool *t, const json_t *stores)
{
	char *text, *why;

	if (!json_object_size(stores)) {
		if (unlink(PENDING_FILE) && errno != ENOENT)
			problem_add(t, PENDING_FILE, strerror(errno));
		return;
	}
	mkdir(PENDING_DIR, 0755);
	text = json_dumps(stores, JSON_INDENT(2) | JSON_SORT_KEYS);
	json_have(text ? json_null() : NULL);
	why = replace_file(PENDING_FILE, text, strlen(text), 0);
	if (why)
		problem_add(t, PENDING_FILE, why);
	free(why);
	free(text);
}
