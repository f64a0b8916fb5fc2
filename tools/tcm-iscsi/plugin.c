// SPDX-License-Identifier: GPL-2.0
/* The kinds of backstores, by the names that they go by. */
#include <limits.h>
#include <string.h>

#include "member.h"
#include "plugin.h"
#include "text.h"

const struct plugin plugins[PLUGIN_COUNT] = {
	[PLUGIN_BLOCK] = { "block", "iblock", "dev", true },
	[PLUGIN_FILEIO] = { "fileio", "fileio", "dev", true },
	[PLUGIN_RAMDISK] = { "ramdisk", "rd_mcp", "size", true },
	[PLUGIN_PSCSI] = { "pscsi", "pscsi", "dev", false },
	[PLUGIN_USER] = { "user", "user", "config", false },
};

enum plugin_kind plugin_find(const char *name)
{
	enum plugin_kind kind;

	for (kind = 0; kind < PLUGIN_COUNT; kind++)
		if (name && (!strcmp(name, plugins[kind].name) || !strcmp(name, plugins[kind].dir)))
			break;
	return kind;
}

enum plugin_kind plugin_of_dir(const char *dir, long long *index)
{
	const char *rest, *digits;
	enum plugin_kind kind;

	for (kind = 0; kind < PLUGIN_COUNT; kind++)
		if (text_prefix(dir, plugins[kind].dir, &rest) &&
		    text_prefix(rest, "_", &digits) && text_number(digits, 0, INT_MAX, index))
			break;
	return kind;
}

enum plugin_kind plugin_of(const json_t *store)
{
	return plugin_find(member_str(store, "plugin"));
}
