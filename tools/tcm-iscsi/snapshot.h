/* SPDX-License-Identifier: GPL-2.0 */
/* The configuration that the kernel has, as rtslib would save it. */
#ifndef SNAPSHOT_H
#define SNAPSHOT_H

#include <time.h>

#include "attr.h"
#include "plugin.h"

/**
 * struct snapshot - what there is
 * @root: a document as in saveconfig.json, of iSCSI only
 * @dirs: of each backstore, by key, its directory below target/core: "fileio_0/disk"
 * @unfinished: directories below target/ that somebody began and did not finish, in the
 *	order in which they can be removed; they are not in @root
 * @halted: portal groups, by "WWN tpgt_TAG", that refuse logins although @root has them
 *	enabled, see halted.c
 * @foreign: how many targets of other fabrics there are
 * @failed: how much could not be read; @root is not complete then
 */
struct snapshot {
	json_t *root;
	json_t *dirs;
	json_t *unfinished;
	json_t *halted;
	size_t foreign;
	size_t failed;
};

/*
 * @fabric: its directory below target/. What cannot be read becomes problems of @t.
 * @wanted: a document that it is to be compared with; what that does not mention of its
 * objects is left out, which is most of the files that there are. NULL: everything.
 */
void snapshot_load(struct tool *t, const char *fabric, const json_t *wanted,
		   struct snapshot *snapshot);
void snapshot_free(struct snapshot *snapshot);
/*
 * Somebody who is stuck may hold what reading needs: does it come to an end? A child finds
 * out, until @end; @lock is the descriptor of target/.
 */
bool snapshot_ends(struct tool *t, const char *fabric, const json_t *wanted, int lock,
		   const struct timespec *end);

/**
 * struct snapping - a snapshot in the making
 * @r: reads
 * @snapshot: what becomes of it
 * @fabric: directory of the fabric
 * @partly: only what @wanted mentions
 * @wanted: what it is to be compared with
 * @wanted_stores: backstores of @wanted, by key
 * @closed: portal groups that refuse logins, by "WWN tpgt_TAG"
 * @store_names: settings of backstores, by kind
 * @tpg_attributes, @tpg_parameters, @acl_attributes: of the others
 */
struct snapping {
	struct attr_reader r;
	struct snapshot *snapshot;
	const char *fabric;
	bool partly;
	const json_t *wanted;
	json_t *wanted_stores;
	json_t *closed;
	struct attr_names store_names[PLUGIN_COUNT];
	struct attr_names tpg_attributes;
	struct attr_names tpg_parameters;
	struct attr_names acl_attributes;
};

/* An empty one. */
void snapshot_begin(struct snapshot *snapshot);

/* stores.c: the backstores, into storage_objects and dirs; @target is target/. */
void stores_load(struct snapping *s, int target);

/*
 * The settings in @dir/@sub: all of them, or those that @entry, of the wanted document, has
 * in its member @key.
 */
json_t *snapshot_settings(struct snapping *s, int dir, const char *sub, bool numbers,
			  struct attr_names *names, const json_t *entry, const char *key);
void snapshot_unfinished(struct snapping *s, char *path);

#endif /* SNAPSHOT_H */
