// SPDX-License-Identifier: GPL-2.0
/*
 * Backstores as rtslib saves them.
 *
 * Some of what a backstore was made with is only found in its file `info`, where the
 * last occurrence of a word counts, as in rtslib: a path may hold any of them.
 */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "alua.h"
#include "member.h"
#include "parts.h"
#include "text.h"
#include "tree.h"

/* HBAs that are worth a process. */
#define WORTHWHILE	64

/* What follows the last "@key: " in @info, up to a blank or colon; NULL without it. */
static char *word_of(const char *info, const char *key)
{
	const char *found = NULL;
	size_t len;

	while ((info = strstr(info, key))) {
		info += strlen(key);
		if (info[0] == ':' && isspace((unsigned char)info[1]))
			found = info + 1;
	}
	if (!found)
		return NULL;
	found += strspn(found, " \t\n");
	len = strcspn(found, ": \t\n");
	return len ? join("%.*s", (int)len, found) : NULL;
}

static long long number_of(const char *info, const char *key)
{
	char *word = word_of(info, key);
	long long number = -1;

	if (word && !text_number(word, 0, LLONG_MAX, &number))
		number = -1;
	free(word);
	return number;
}

static void set_number(json_t *store, const char *key, long long number)
{
	member_set(store, key, number < 0 ? json_null() : json_integer(number));
}

static void set_flag(json_t *store, const char *key, bool flag)
{
	member_set(store, key, json_boolean(flag));
}

/* @dev's size in units of its own blocks, which fileio then exports as @sector bytes each. */
static long long block_device_size(const struct tool *t, const struct stat *st, long long sector)
{
	char *dir, *size, *unit;
	long long sectors, block;
	bool good;

	if (!t->sysfs)
		return -1;
	dir = join("%s/dev/block/%u:%u", t->sysfs, major(st->st_rdev), minor(st->st_rdev));
	size = tree_attr_quiet(dir, "size");
	unit = tree_attr_quiet(dir, "queue/logical_block_size");
	if (!unit)
		unit = tree_attr_quiet(dir, "../queue/logical_block_size");
	good = size && unit && text_number(size, 0, LLONG_MAX / 512, &sectors) &&
	       text_number(unit, 512, 1 << 20, &block) && sector > 0;
	free(dir);
	free(size);
	free(unit);
	return good ? sectors * 512 / block * sector : -1;
}

/* A size that is the one that is wanted need not be looked at twice. */
static void load_fileio(struct snapping *s, json_t *store, const char *info, const json_t *want)
{
	const long long size = number_of(info, "Size");
	const char *dev = member_str(store, "dev");
	struct stat st;
	char *file;

	if (!*dev) {
		file = word_of(info, "File");
		member_set(store, "dev", json_text(file ? file : ""));
		free(file);
		dev = member_str(store, "dev");
	}
	if (!(s->partly && size >= 0 && size == member_int(want, "size", -1)) &&
	    !stat(dev, &st) && S_ISBLK(st.st_mode))
		set_number(store, "size",
			   block_device_size(s->r.t, &st, number_of(info, "SectorSize")));
	else
		set_number(store, "size", size);
	set_flag(store, "aio", number_of(info, "Async") > 0);
}

static void load_ramdisk(json_t *store, const char *info)
{
	char *word = word_of(info, "PAGES/PAGE_SIZE");
	char *star = word ? strchr(word, '*') : NULL;
	long long pages, size, bytes = -1;

	if (star) {
		*star = '\0';
		if (text_number(word, 0, LLONG_MAX, &pages) &&
		    text_number(star + 1, 1, 1 << 20, &size) && pages <= LLONG_MAX / size)
			bytes = pages * size;
	}
	free(word);
	set_number(store, "size", bytes);
	if (number_of(info, "nullio") > 0)
		set_flag(store, "nullio", true);
}

static void load_user(struct snapping *s, json_t *store, const char *info, int dir)
{
	static const struct {
		const char *word;
		const char *key;
	} tuple[] = {
		{ "MaxDataAreaMB", "max_data_area_mb" },
		{ NULL, "hw_block_size" },
		{ "DataPagesPerBlk", "data_pages_per_blk" },
	};
	char *config = word_of(info, "Config"), *control = copy(""), *longer;
	long long number;
	size_t i;

	member_set(store, "config", config && strcmp(config, "NULL") ? json_text(config) :
								       json_null());
	free(config);
	set_number(store, "size", number_of(info, "Size"));
	set_number(store, "hw_max_sectors", number_of(info, "HwMaxSectors"));
	for (i = 0; i < ARRAY_SIZE(tuple); i++) {
		number = tuple[i].word ? number_of(info, tuple[i].word) :
					 attr_number(&s->r, dir, "attrib/hw_block_size");
		if (number < 0)
			continue;
		longer = join("%s%s%s=%lld", control, *control ? "," : "", tuple[i].key, number);
		free(control);
		control = longer;
	}
	member_set(store, "control", json_text(control));
	free(control);
}

/* Of a group that nobody asks about, its name is enough. */
static json_t *load_group(struct snapping *s, int dir, const char *name, bool whole)
{
	char *path = join("alua/%s", name);
	const int fd = whole ? attr_open(dir, path) : -1;
	json_t *group = NULL;

	free(path);
	if (fd >= 0) {
		group = alua_load(&s->r, fd, name);
		close(fd);
	} else if (!whole) {
		group = json_have(json_object());
		member_set(group, "name", json_text(name));
	}
	return group;
}

static void load_groups(struct snapping *s, json_t *store, int dir, const json_t *want)
{
	const bool whole = !s->partly || member_array(want, "alua_tpgs");
	json_t *groups = json_have(json_array()), *group;
	char **name;
	size_t count, i;

	member_set(store, "alua_tpgs", groups);
	/* It stays, and the file says nothing of groups. */
	if (!whole && want)
		return;
	if (!plugins[plugin_of(store)].alua &&
	    member_int(member_object(store, "attributes"), "alua_support", 0) != 1)
		return;
	attr_list(dir, "alua", false, &name, &count);
	for (i = 0; i < count; i++) {
		group = load_group(s, dir, name[i], whole);
		if (group)
			array_add(groups, group);
	}
	attr_list_free(name, count);
}

static void load_text(struct snapping *s, json_t *store, int dir, const char *key,
		      const char *file)
{
	const char *text = attr_need(&s->r, dir, file), *colon;

	/* "T10 VPD Unit Serial Number: 6c9b..." */
	colon = text && !strcmp(key, "wwn") ? strchr(text, ':') : NULL;
	if (colon)
		for (text = colon + 1; isspace((unsigned char)*text); text++)
			;
	member_set(store, key, json_text(text ? text : ""));
}

/* Does @info say that it was made of @dev? */
static bool is_made_of(const char *info, enum plugin_kind kind, const char *dev)
{
	char *said = join(kind == PLUGIN_BLOCK ? "  UDEV PATH: %s  readonly: " :
						 " File: %s  Size: ", dev);
	const bool is = strstr(info, said);

	free(said);
	return is;
}

/* `udev_path`, unless @info says already that it is what is wanted. */
static void load_dev(struct snapping *s, json_t *store, int dir, const char *info,
		     const json_t *want)
{
	const enum plugin_kind kind = plugin_of(store);
	const char *dev = s->partly ? member_str(want, "dev") : NULL;

	if (kind == PLUGIN_RAMDISK || kind == PLUGIN_USER)
		return;
	if (dev && kind != PLUGIN_PSCSI && is_made_of(info, kind, dev))
		member_set(store, "dev", json_text(dev));
	else
		load_text(s, store, dir, "dev", "udev_path");
}

/* rtslib has it as a member of its own, too, and so may the file have it alone. */
static void load_write_back(struct snapping *s, json_t *store, int dir, const json_t *want)
{
	const json_t *attributes = member_object(store, "attributes");
	long long on = member_int(attributes, "emulate_write_cache", -1);

	if (on < 0 && json_object_get(want, "write_back"))
		on = attr_number(&s->r, dir, "attrib/emulate_write_cache");
	set_flag(store, "write_back", on > 0);
}

static json_t *load_store(struct snapping *s, enum plugin_kind kind, const char *name, int dir,
			  const char *info)
{
	json_t *store = json_have(json_object()), *attributes;
	const json_t *want;
	char *key;

	member_set(store, "name", json_text(name));
	member_set(store, "plugin", json_text(plugins[kind].name));
	key = store_key(store);
	want = json_object_get(s->wanted_stores, key);
	free(key);
	attributes = snapshot_settings(s, dir, "attrib", true, &s->store_names[kind], want,
				       "attributes");
	if (attributes)
		member_set(store, "attributes", attributes);
	load_groups(s, store, dir, want);
	/* Everything goes, whatever it is. */
	if (s->partly && !json_object_size(s->wanted_stores))
		return store;
	if (kind != PLUGIN_PSCSI)
		load_text(s, store, dir, "wwn", "wwn/vpd_unit_serial");
	load_dev(s, store, dir, info, want);
	switch (kind) {
	case PLUGIN_BLOCK:
		load_write_back(s, store, dir, want);
		set_flag(store, "readonly", number_of(info, "readonly") > 0);
		break;
	case PLUGIN_FILEIO:
		load_write_back(s, store, dir, want);
		load_fileio(s, store, info, want);
		break;
	case PLUGIN_RAMDISK:
		load_ramdisk(store, info);
		break;
	case PLUGIN_USER:
		load_user(s, store, info, dir);
		break;
	case PLUGIN_PSCSI:
	case PLUGIN_COUNT:
		break;
	}
	return store;
}

/* One that a LUN is made of is ready; of another one `enable` says it. */
static bool is_ready(struct snapping *s, int dir, const char *info)
{
	const char *enabled, *rest;

	if (info && text_prefix(info, "Status: ACTIVATED", &rest))
		return true;
	enabled = attr_get(&s->r, dir, "enable");
	return !enabled || strcmp(enabled, "0");
}

/* One device; false if there is none (any more). */
static bool load_device(struct snapping *s, enum plugin_kind kind, int hba, const char *hba_name,
			const char *name)
{
	const int dir = attr_open(hba, name);
	char *info, *key, *where;
	const char *text;
	json_t *store;

	if (dir < 0)
		return false;
	text = attr_get(&s->r, dir, "info");
	info = text ? copy(text) : NULL;
	if (!is_ready(s, dir, info)) {
		snapshot_unfinished(s, join("core/%s/%s", hba_name, name));
		free(info);
		close(dir);
		return false;
	}
	if (!info)
		attr_need(&s->r, dir, "info");
	store = load_store(s, kind, name, dir, info ? info : "");
	free(info);
	close(dir);
	key = store_key(store);
	array_add(member_array(s->snapshot->root, "storage_objects"), store);
	if (!json_object_get(s->snapshot->dirs, key)) {
		where = join("%s/%s", hba_name, name);
		member_set(s->snapshot->dirs, key, json_text(where));
		free(where);
	}
	free(key);
	return true;
}

static void load_hba(struct snapping *s, const char *hba_name, const void *arg)
{
	const int *core = arg;
	size_t count, i, devices = 0;
	enum plugin_kind kind;
	long long index;
	char **name;
	int hba;

	kind = plugin_of_dir(hba_name, &index);
	hba = kind < PLUGIN_COUNT ? attr_open(*core, hba_name) : -1;
	if (hba < 0)
		return;
	attr_list_open(hba, false, &name, &count);
	for (i = 0; i < count; i++)
		devices += load_device(s, kind, hba, hba_name, name[i]);
	if (!devices)
		snapshot_unfinished(s, join("core/%s", hba_name));
	attr_list_free(name, count);
	close(hba);
}

void stores_load(struct snapping *s, int target)
{
	const int core = attr_open(target, "core");
	size_t count;
	char **name;

	if (core < 0) {
		if (errno != ENOENT)
			attr_failed(&s->r, "target/core");
		return;
	}
	attr_list(core, ".", false, &name, &count);
	parts_load(s, name, count, WORTHWHILE, load_hba, &core);
	attr_list_free(name, count);
	close(core);
}
