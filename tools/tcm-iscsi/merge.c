// SPDX-License-Identifier: GPL-2.0
/*
 * Saving must not forget.
 *
 * A file may hold more than the kernel: keys of other programs, settings of another
 * kernel, targets of other fabrics, and backstores whose device has not come yet, with
 * the LUNs made of them. All that is kept. What else it holds more is named, so that
 * the caller can refuse: an empty configuration, saved by a script at the wrong moment,
 * is how configurations were lost.
 */
#include <stdlib.h>
#include <string.h>

#include "device.h"
#include "judge.h"
#include "member.h"
#include "merge.h"
#include "shape.h"

/* How to go about an array: who its entries are, and what to do with one that is gone. */
struct kind {
	enum shape shape;
	char *(*key)(const json_t *entry);
	const char *word;
};

static const struct kind stores_kind = { SHAPE_STORE, store_key, "backstore " };
static const struct kind groups_kind = { SHAPE_GROUP, group_key, "ALUA group " };
static const struct kind targets_kind = { SHAPE_TARGET, target_key, "target " };
static const struct kind tpgs_kind = { SHAPE_TPG, tpg_key, "tpgt_" };
static const struct kind luns_kind = { SHAPE_LUN, lun_key, "lun_" };
static const struct kind portals_kind = { SHAPE_PORTAL, portal_key, "portal " };
static const struct kind acls_kind = { SHAPE_ACL, acl_key, "ACL " };
static const struct kind mapped_kind = { SHAPE_MAPPED, lun_key, "lun_" };

/**
 * struct level - an array being merged
 * @kind: its entries
 * @path: of what it is in, for names
 * @pending: entries that are gone and wait for a device: keys
 * @below: what its entries' own arrays may wait for: keys of backstores, or of LUNs
 */
struct level {
	const struct kind *kind;
	const char *path;
	const json_t *pending;
	const json_t *below;
};

static void name_it(json_t *list, const char *path, const char *word, const char *key)
{
	char *name = join("%s%s%s%s", path, *path ? " " : "", word, key);

	array_add(list, json_text(name));
	free(name);
}

/* Members of @old that are nobody's business here. */
static void keep_unknown(json_t *entry, const json_t *old, enum shape shape)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)old, key, value)
		if (!shape_knows(shape, key) && !json_object_get(entry, key))
			member_set(entry, key, json_incref(value));
}

/* Settings that this kernel does not have: another one may. */
static void keep_settings(json_t *entry, const json_t *old, const char *key)
{
	const json_t *had = member_object(old, key);
	json_t *settings = member_object(entry, key), *value;
	const char *name;

	if (!had)
		return;
	/* It is still a part of what was read from the kernel. */
	settings = settings ? json_copy(settings) : json_object();
	member_set(entry, key, settings);
	json_object_foreach((json_t *)had, name, value)
		if (!json_object_get(settings, name))
			member_set(settings, name, json_incref(value));
}

static void lose_credentials(struct merge *m, const json_t *entry, const json_t *old,
			     const char *prefix, const char *path)
{
	static const char *const name[] = { "password", "mutual_password" };
	const char *had;
	size_t i;
	char *key;

	for (i = 0; i < ARRAY_SIZE(name); i++) {
		key = join("%s%s", prefix, name[i]);
		had = member_str(old, key);
		if (had && *had && !member_str(entry, key))
			name_it(m->lost, path, key, "");
		free(key);
	}
}

static json_t *merge_entry(struct merge *m, const struct level *level, const json_t *old,
			   const json_t *live, const char *path);

/* Return: a new array. */
static json_t *merge_array(struct merge *m, const struct level *level, const json_t *old,
			   const json_t *live)
{
	json_t *result = json_have(json_array()), *entry, *found;
	json_t *index = index_by(live, level->kind->key);
	json_t *had = json_have(json_object());
	char *key, *path;
	size_t i;

	json_array_foreach((json_t *)old, i, entry) {
		key = level->kind->key(entry);
		path = join("%s%s%s%s", level->path, *level->path ? " " : "", level->kind->word,
			    key);
		found = json_object_get(index, key);
		if (json_object_get(had, key))
			found = NULL;
		else if (found)
			array_add(result, merge_entry(m, level, entry, found, path));
		else if (json_object_get(level->pending, key))
			array_add(result, json_incref(entry));
		if (!found && json_object_get(level->pending, key))
			name_it(m->kept, level->path, level->kind->word, key);
		else if (!found)
			name_it(m->lost, level->path, level->kind->word, key);
		member_set(had, key, json_true());
		free(path);
		free(key);
	}
	json_array_foreach((json_t *)live, i, entry) {
		key = level->kind->key(entry);
		if (!json_object_get(had, key))
			array_add(result, json_incref(entry));
		free(key);
	}
	json_decref(index);
	json_decref(had);
	return result;
}

static void merge_member(struct merge *m, json_t *entry, const char *member, const json_t *old,
			 const struct level *level)
{
	json_t *merged = merge_array(m, level, member_array(old, member),
				     member_array(entry, member));

	member_set(entry, member, merged);
}

/* LUNs of @tpg whose backstore is pending, by index. */
static json_t *pending_luns(const json_t *tpg, const json_t *stores)
{
	json_t *found = json_have(json_object()), *lun;
	char *backstore, *key;
	size_t i;

	json_array_foreach(member_array(tpg, "luns"), i, lun) {
		backstore = judge_backstore(member_str(lun, "storage_object"));
		if (backstore && json_object_get(stores, backstore)) {
			key = lun_key(lun);
			member_set(found, key, json_true());
			free(key);
		}
		free(backstore);
	}
	return found;
}

/* Mappings of @acl to such LUNs. */
static json_t *pending_mapped(const json_t *acl, const json_t *luns)
{
	json_t *found = json_have(json_object()), *mapped;
	char *key, *lun;
	size_t i;

	json_array_foreach(member_array(acl, "mapped_luns"), i, mapped) {
		lun = join("%lld", member_int(mapped, "tpg_lun", -1));
		if (json_object_get(luns, lun)) {
			key = lun_key(mapped);
			member_set(found, key, json_true());
			free(key);
		}
		free(lun);
	}
	return found;
}

static void merge_acl(struct merge *m, json_t *acl, const json_t *old, const char *path,
		      const json_t *luns)
{
	json_t *pending = pending_mapped(old, luns);
	const struct level mapped = { .kind = &mapped_kind, .path = path, .pending = pending };

	keep_settings(acl, old, "attributes");
	lose_credentials(m, acl, old, "chap_", path);
	merge_member(m, acl, "mapped_luns", old, &mapped);
	json_decref(pending);
}

static void merge_tpg(struct merge *m, json_t *tpg, const json_t *old, const char *path,
		      const json_t *stores)
{
	json_t *pending = pending_luns(old, stores);
	const struct level luns = { .kind = &luns_kind, .path = path, .pending = pending };
	const struct level portals = { .kind = &portals_kind, .path = path };
	const struct level acls = { .kind = &acls_kind, .path = path, .below = pending };

	keep_settings(tpg, old, "attributes");
	keep_settings(tpg, old, "parameters");
	lose_credentials(m, tpg, old, "chap_", path);
	merge_member(m, tpg, "luns", old, &luns);
	merge_member(m, tpg, "portals", old, &portals);
	merge_member(m, tpg, "node_acls", old, &acls);
	json_decref(pending);
}

/* Return: a new entry: all that @live has, and what of @old is to be kept. */
static json_t *merge_entry(struct merge *m, const struct level *level, const json_t *old,
			   const json_t *live, const char *path)
{
	const struct level groups = { .kind = &groups_kind, .path = path };
	const struct level tpgs = { .kind = &tpgs_kind, .path = path, .below = level->below };
	json_t *entry = json_have(json_copy((json_t *)live));

	keep_unknown(entry, old, level->kind->shape);
	switch (level->kind->shape) {
	case SHAPE_STORE:
		keep_settings(entry, old, "attributes");
		merge_member(m, entry, "alua_tpgs", old, &groups);
		break;
	case SHAPE_TARGET:
		keep_settings(entry, old, "parameters");
		merge_member(m, entry, "tpgs", old, &tpgs);
		break;
	case SHAPE_TPG:
		merge_tpg(m, entry, old, path, level->below);
		break;
	case SHAPE_ACL:
		merge_acl(m, entry, old, path, level->below);
		break;
	default:
		break;
	}
	return entry;
}

/* Backstores of @old that are not in @live and whose device is missing. */
static json_t *pending_stores(struct merge *m, const json_t *old, const json_t *live)
{
	json_t *found = json_have(json_object()), *store;
	json_t *have = index_by(member_array(live, "storage_objects"), store_key);
	struct device device;
	size_t i;
	char *key;

	json_array_foreach(member_array(old, "storage_objects"), i, store) {
		key = store_key(store);
		if (!json_object_get(have, key)) {
			device_look(m->t, store, &device);
			if (device.state == DEVICE_MISSING)
				member_set(found, key, json_true());
			device_free(&device);
		}
		free(key);
	}
	json_decref(have);
	return found;
}

static bool is_ours(const json_t *target)
{
	return !strcmp(member_str(target, "fabric"), JUDGE_FABRIC);
}

static json_t *merge_fabrics(struct merge *m, const json_t *old, const json_t *live, bool keep)
{
	json_t *result = json_have(json_array()), *mine = json_array_get(live, 0), *entry, *merged;
	bool done = false;
	size_t i;

	json_array_foreach((json_t *)old, i, entry) {
		if (keep || strcmp(member_str(entry, "name"), JUDGE_FABRIC)) {
			array_add(result, json_incref(entry));
			continue;
		}
		merged = mine ? json_have(json_copy(mine)) : NULL;
		if (merged) {
			keep_unknown(merged, entry, SHAPE_FABRIC);
			array_add(result, merged);
		}
		if (!merged && member_bool(entry, "discovery_enable_auth", false))
			name_it(m->lost, "", "discovery_enable_auth", "");
		lose_credentials(m, merged, entry, "discovery_", "");
		done = true;
	}
	if (mine && !done && !keep)
		array_add(result, json_incref(mine));
	return result;
}

/* The targets of @list that are to be merged, or those that are not to. */
static json_t *pick_targets(const json_t *list, const char *only, bool merged)
{
	json_t *result = json_have(json_array()), *target;
	bool in;
	size_t i;

	json_array_foreach((json_t *)list, i, target) {
		in = is_ours(target) && (!only || !strcmp(member_str(target, "wwn"), only));
		if (in == merged)
			array_add(result, json_incref(target));
	}
	return result;
}

static json_t *pick_stores(const json_t *list, const json_t *used)
{
	json_t *result = json_have(json_array()), *store;
	size_t i;
	char *key;

	json_array_foreach((json_t *)list, i, store) {
		key = store_key(store);
		if (json_object_get(used, key))
			array_add(result, json_incref(store));
		free(key);
	}
	return result;
}

/* All backstores of @old stay, those of @live that are @used come. */
static json_t *merge_used_stores(struct merge *m, const json_t *old, const json_t *live,
				 const json_t *used)
{
	json_t *picked = pick_stores(live, used), *all = index_by(old, store_key), *result;
	const struct level stores = { .kind = &stores_kind, .path = "", .pending = all };
	json_t *kept = m->kept;

	/* It was not asked for what becomes of those. */
	m->kept = json_have(json_array());
	result = merge_array(m, &stores, old, picked);
	json_decref(m->kept);
	m->kept = kept;
	json_decref(all);
	json_decref(picked);
	return result;
}

json_t *merge_documents(struct merge *m, const json_t *old, const json_t *live, const char *only)
{
	json_t *pending = pending_stores(m, old, live), *result = json_have(json_object());
	const json_t *old_stores = member_array(old, "storage_objects");
	const json_t *stores = member_array(live, "storage_objects");
	const struct level stores_level = { .kind = &stores_kind, .path = "", .pending = pending };
	const struct level targets_level = { .kind = &targets_kind, .path = "", .below = pending };
	json_t *had = pick_targets(member_array(old, "targets"), only, true);
	json_t *others = pick_targets(member_array(old, "targets"), only, false);
	json_t *have = pick_targets(member_array(live, "targets"), only, true);
	json_t *targets, *used, *value;
	const char *key;

	json_object_foreach((json_t *)old, key, value)
		member_set(result, key, json_incref(value));
	used = only ? judge_used(have, NULL) : NULL;
	member_set(result, "storage_objects",
		   only ? merge_used_stores(m, old_stores, stores, used) :
			  merge_array(m, &stores_level, old_stores, stores));
	targets = merge_array(m, &targets_level, had, have);
	if (json_array_extend(targets, others))
		json_have(NULL);
	member_set(result, "targets", targets);
	member_set(result, "fabric_modules",
		   merge_fabrics(m, member_array(old, "fabric_modules"),
				 member_array(live, "fabric_modules"), only));
	json_decref(used);
	json_decref(had);
	json_decref(others);
	json_decref(have);
	json_decref(pending);
	return result;
}
