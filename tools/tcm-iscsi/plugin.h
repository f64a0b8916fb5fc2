/* SPDX-License-Identifier: GPL-2.0 */
/* The kinds of backstores. */
#ifndef PLUGIN_H
#define PLUGIN_H

#include <stdbool.h>

#include <jansson.h>

enum plugin_kind {
	PLUGIN_BLOCK,
	PLUGIN_FILEIO,
	PLUGIN_RAMDISK,
	PLUGIN_PSCSI,
	PLUGIN_USER,
	PLUGIN_COUNT,		/* none of them */
};

/**
 * struct plugin - a kind of backstore
 * @name: in saveconfig.json
 * @dir: what its directories in target/core begin with; rtslib takes it as a name, too
 * @needed: the member without which there is no such backstore
 * @alua: it had ALUA from the beginning; others say so in attrib/alua_support
 */
struct plugin {
	const char *name;
	const char *dir;
	const char *needed;
	bool alua;
};

extern const struct plugin plugins[PLUGIN_COUNT];

enum plugin_kind plugin_find(const char *name);
/* Of a directory "fileio_0"; @index is its number. */
enum plugin_kind plugin_of_dir(const char *dir, long long *index);
enum plugin_kind plugin_of(const json_t *store);

#endif /* PLUGIN_H */
