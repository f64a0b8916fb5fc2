// SPDX-License-Identifier: GPL-2.0
/*
 * Backstores, from what there is to what is wanted.
 *
 * Each gets an HBA of its own, with a number that no other has, because rtslib takes
 * both for granted. A backstore that is made of something else now (another device,
 * another size) has to go and come again; its LUNs are taken away before.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alua.h"
#include "device.h"
#include "member.h"
#include "plan.h"
#include "reservation.h"

#define PAGE_BYTES	((long long)sysconf(_SC_PAGESIZE))

static void add(struct plan *plan, enum phase phase, enum step_kind kind, char *path, char *value)
{
	step_add(&plan->phase[phase], kind, 0, path, value);
}

static void tell(struct plan *plan, enum phase phase, const char *dir, char *value)
{
	add(plan, phase, STEP_WRITE, join("%s/control", dir), value);
}

/* rtslib rounds, and so does whoever wants the same disk. */
static long long ramdisk_pages(long long size)
{
	const long long pages = (size + PAGE_BYTES / 2) / PAGE_BYTES;

	return pages ? pages : 1;
}

/* -- making one -- */

static void configure_fileio(struct plan *plan, enum phase phase, const json_t *store,
			     const char *dir)
{
	const char *dev = member_str(store, "dev");
	struct device device;

	device_look(plan->t, store, &device);
	if (device.is_block)
		tell(plan, phase, dir, join("fd_dev_name=%s", dev));
	else
		tell(plan, phase, dir, join("fd_dev_name=%s,fd_dev_size=%lld", dev,
					    member_int(store, "size", 0)));
	device_free(&device);
	if (member_bool(store, "write_back", false)) {
		add(plan, phase, STEP_SET, join("%s/attrib/emulate_write_cache", dir), copy("1"));
		tell(plan, phase, dir, copy("fd_buffered_io=1"));
	}
	if (member_bool(store, "aio", false))
		tell(plan, phase, dir, copy("fd_async_io=1"));
}

static void configure_user(struct plan *plan, enum phase phase, const json_t *store,
			   const char *dir)
{
	const long long sectors = member_int(store, "hw_max_sectors", -1);
	const char *tuples = member_str(store, "control");

	tell(plan, phase, dir, join("dev_config=%s", member_str(store, "config")));
	tell(plan, phase, dir, join("dev_size=%lld", member_int(store, "size", 0)));
	if (sectors >= 0)
		tell(plan, phase, dir, join("hw_max_sectors=%lld", sectors));
	if (tuples && *tuples)
		tell(plan, phase, dir, copy(tuples));
}

static void configure_pscsi(struct plan *plan, enum phase phase, const json_t *store,
			    const char *dir)
{
	unsigned int at[4] = { 0 };

	/* Without an address the kernel refuses, and says that it needs one. */
	if (device_address(plan->t, member_str(store, "dev"), at))
		tell(plan, phase, dir,
		     join("scsi_host_id=%u,scsi_channel_id=%u,scsi_target_id=%u,scsi_lun_id=%u",
			  at[0], at[1], at[2], at[3]));
}

static void configure(struct plan *plan, enum phase phase, const json_t *store, const char *dir)
{
	const char *dev = member_str(store, "dev");

	switch (plugin_of(store)) {
	case PLUGIN_BLOCK:
		tell(plan, phase, dir, join("udev_path=%s", dev));
		tell(plan, phase, dir,
		     join("readonly=%d", member_bool(store, "readonly", false)));
		break;
	case PLUGIN_FILEIO:
		configure_fileio(plan, phase, store, dir);
		break;
	case PLUGIN_RAMDISK:
		tell(plan, phase, dir,
		     join("rd_pages=%lld", ramdisk_pages(member_int(store, "size", 0))));
		if (member_bool(store, "nullio", false))
			tell(plan, phase, dir, copy("rd_nullio=1"));
		break;
	case PLUGIN_PSCSI:
		configure_pscsi(plan, phase, store, dir);
		break;
	case PLUGIN_USER:
		configure_user(plan, phase, store, dir);
		break;
	case PLUGIN_COUNT:
		break;
	}
	if (dev && *dev)
		add(plan, phase, STEP_WRITE, join("%s/udev_path", dir), copy(dev));
	add(plan, phase, STEP_SET, join("%s/enable", dir), copy("1"));
}

static bool field_differs(const json_t *wanted, const json_t *have, const char *key)
{
	const long long number = member_int(wanted, key, -1);

	return number >= 0 && number != member_int(have, key, -1);
}

static void set_group(struct plan *plan, enum phase phase, const char *dir, const json_t *group,
		      const json_t *have, const char *object)
{
	const bool moves = field_differs(group, have, "alua_access_state");
	const struct alua_field *field;
	bool differs, follows;
	long long number;
	char *value;
	size_t i;

	for (i = 0; i < ALUA_FIELDS; i++) {
		field = &alua_fields[i];
		number = member_int(group, field->key, -1);
		differs = field_differs(group, have, field->key);
		/* The kernel notes there that the state was changed. */
		follows = moves && number >= 0 && !strcmp(field->key, "alua_access_status");
		if (!differs && !follows)
			continue;
		/* Read as words, written as numbers: such are written as they are. */
		value = join("%lld", number);
		step_add(&plan->phase[phase], field->words ? STEP_WRITE : STEP_SET, STEP_OPTIONAL,
			 join("%s/%s", dir, field->key), copy(value));
		if (object && differs)
			plan_change(plan, '~', copy(object),
				    join("%s: %lld -> %s", field->key,
					 member_int(have, field->key, -1), value));
		free(value);
	}
}

static void make_group(struct plan *plan, enum phase phase, const char *store_dir,
		       const json_t *group)
{
	const char *name = member_str(group, "name");
	const long long id = member_int(group, "tg_pt_gp_id", -1);
	char *dir = join("%s/alua/%s", store_dir, name);

	if (strcmp(name, ALUA_DEFAULT)) {
		add(plan, phase, STEP_MKDIR, copy(dir), NULL);
		if (id >= 0)
			add(plan, phase, STEP_SET, join("%s/tg_pt_gp_id", dir), join("%lld", id));
		set_group(plan, phase, dir, group, NULL, NULL);
	}
	free(dir);
}

/* The lowest number that no HBA has. */
static long long free_hba(struct plan *plan)
{
	bool taken = true;
	char *number;

	while (taken) {
		number = join("%lld", plan->next_hba++);
		taken = json_object_get(plan->hbas, number);
		free(number);
	}
	return plan->next_hba - 1;
}

static void make_store(struct plan *plan, enum phase phase, const json_t *store, const char *key)
{
	const struct plugin *plugin = &plugins[plugin_of(store)];
	char *hba = join("core/%s_%lld", plugin->dir, free_hba(plan));
	char *dir = join("%s/%s", hba, member_str(store, "name"));
	const char *wwn = member_str(store, "wwn");
	char *attrib = join("%s/attrib", dir);
	json_t *group;
	size_t i;

	member_set(plan->dirs, key, json_text(dir + strlen("core/")));
	step_add(&plan->phase[phase], STEP_MKDIR, STEP_BEGIN, hba, NULL);
	add(plan, phase, STEP_MKDIR, copy(dir), NULL);
	configure(plan, phase, store, dir);
	if (wwn && *wwn && plugin != &plugins[PLUGIN_PSCSI]) {
		add(plan, phase, STEP_WRITE, join("%s/wwn/vpd_unit_serial", dir),
		    join("%s\n", wwn));
		reservation_restore(plan, phase, dir, wwn);
	}
	plan_settings(plan, phase, NULL, attrib, member_object(store, "attributes"), NULL);
	json_array_foreach(member_array(store, "alua_tpgs"), i, group)
		make_group(plan, phase, dir, group);
	free(attrib);
	free(dir);
}

static void take_store(struct plan *plan, enum phase phase, const json_t *store, const char *key)
{
	char *dir = plan_store_dir(plan, key), *slash;
	struct steps *steps = &plan->phase[phase];
	const size_t first = steps->count;
	json_t *group;
	size_t i;

	json_array_foreach(member_array(store, "alua_tpgs"), i, group)
		if (strcmp(member_str(group, "name"), ALUA_DEFAULT))
			add(plan, phase, STEP_RMDIR,
			    join("%s/alua/%s", dir, member_str(group, "name")), NULL);
	add(plan, phase, STEP_RMDIR, copy(dir), NULL);
	slash = strrchr(dir, '/');
	*slash = '\0';
	/* Unless something else is on it. */
	step_add(steps, STEP_RMDIR, STEP_TRY, dir, NULL);
	steps->step[first].flags |= STEP_BEGIN;
}

/* -- comparing -- */

static bool texts_differ(const json_t *one, const json_t *two, const char *key)
{
	const char *a = member_str(one, key), *b = member_str(two, key);

	/* What the file does not say may be anything. */
	return a && *a && strcmp(a, b ? b : "");
}

static bool flags_differ(const json_t *one, const json_t *two, const char *key)
{
	return member_bool(one, key, false) != member_bool(two, key, false);
}

/* That of a block device may be anything. */
static bool file_sizes_differ(const struct plan *plan, const json_t *wanted, const json_t *have)
{
	const long long size = member_int(wanted, "size", -1);
	const long long now = member_int(have, "size", -1);
	struct device device;
	bool is_block;

	if (size < 0 || now < 0 || size == now)
		return false;
	device_look(plan->t, wanted, &device);
	is_block = device.is_block;
	device_free(&device);
	return !is_block;
}

/* Why @have cannot become @wanted; NULL if it can. */
static const char *made_of_other(const struct plan *plan, const json_t *wanted, const json_t *have)
{
	const enum plugin_kind kind = plugin_of(wanted);
	const long long size = member_int(wanted, "size", -1);
	const long long now = member_int(have, "size", -1);

	if (kind != PLUGIN_PSCSI && texts_differ(wanted, have, "wwn"))
		return "wwn";
	switch (kind) {
	case PLUGIN_BLOCK:
		if (texts_differ(wanted, have, "dev"))
			return "dev";
		return flags_differ(wanted, have, "readonly") ? "readonly" : NULL;
	case PLUGIN_FILEIO:
		if (texts_differ(wanted, have, "dev"))
			return "dev";
		if (file_sizes_differ(plan, wanted, have))
			return "size";
		return flags_differ(wanted, have, "aio") ? "aio" : NULL;
	case PLUGIN_RAMDISK:
		if (now >= 0 && ramdisk_pages(size) != ramdisk_pages(now))
			return "size";
		return flags_differ(wanted, have, "nullio") ? "nullio" : NULL;
	case PLUGIN_PSCSI:
		return texts_differ(wanted, have, "dev") ? "dev" : NULL;
	case PLUGIN_USER:
		if (texts_differ(wanted, have, "config"))
			return "config";
		return size >= 0 && now >= 0 && size != now ? "size" : NULL;
	case PLUGIN_COUNT:
		break;
	}
	return NULL;
}

static bool other_number(const json_t *one, const json_t *two)
{
	const long long a = member_int(one, "tg_pt_gp_id", -1);
	const long long b = member_int(two, "tg_pt_gp_id", -1);

	return a >= 0 && b >= 0 && a != b;
}

/* Somebody was killed between making a group and giving it its number. */
static void finish_group(struct plan *plan, const char *dir, const json_t *wanted,
			 const json_t *have)
{
	const long long id = member_int(wanted, "tg_pt_gp_id", -1);

	if (id >= 0 && member_int(have, "tg_pt_gp_id", -1) < 0)
		add(plan, PHASE_STORES, STEP_SET, join("%s/tg_pt_gp_id", dir), join("%lld", id));
}

/* Its LUNs fall back to the default one, and have to be put into it again. */
static void note_regrouped(struct plan *plan, const char *key, const char *name)
{
	char *group = join("%s %s", key, name);

	member_set(plan->regrouped, group, json_true());
	free(group);
}

static void compare_groups(struct plan *plan, const char *key, const char *dir,
			   const json_t *wanted, const json_t *have)
{
	json_t *there = index_by(member_array(have, "alua_tpgs"), group_key);
	json_t *asked = index_by(member_array(wanted, "alua_tpgs"), group_key), *group, *now;
	const char *name;
	char *path, *what;

	/* Those that go first: another may be to have the number of one. */
	json_object_foreach(there, name, group) {
		now = json_object_get(asked, name);
		/* The kernel gives a group its number once. */
		if (now && !other_number(now, group))
			continue;
		/* A file that says nothing of groups is from before there were any. */
		if (!member_array(wanted, "alua_tpgs") || !strcmp(name, ALUA_DEFAULT))
			continue;
		add(plan, PHASE_STORES, STEP_RMDIR, join("%s/alua/%s", dir, name), NULL);
		plan_change(plan, '-', join("backstore %s ALUA group %s", key, name), copy(""));
		note_regrouped(plan, key, name);
	}
	json_object_foreach(asked, name, group) {
		now = json_object_get(there, name);
		path = join("%s/alua/%s", dir, name);
		what = join("backstore %s ALUA group %s", key, name);
		if (now && (!other_number(group, now) || !strcmp(name, ALUA_DEFAULT))) {
			finish_group(plan, path, group, now);
			set_group(plan, PHASE_STORES, path, group, now, what);
		} else {
			make_group(plan, PHASE_STORES, dir, group);
			plan_change(plan, '+', copy(what), copy(""));
		}
		free(what);
		free(path);
	}
	json_decref(there);
	json_decref(asked);
}

static void compare_store(struct plan *plan, const json_t *wanted, const json_t *have,
			  const char *key)
{
	const char *why = made_of_other(plan, wanted, have);
	const json_t *attributes = member_object(wanted, "attributes");
	char *object = join("backstore %s", key), *dir, *attrib;
	const char *lost;
	json_t *cache;

	if (why) {
		lost = plugin_of(wanted) == PLUGIN_RAMDISK ? " and its data is lost" : "";
		plan_change(plan, '~', object,
			    join("another %s, so it is made anew%s", why, lost));
		take_store(plan, PHASE_REPLACE, have, key);
		member_set(plan->remade, key, json_true());
		make_store(plan, PHASE_REPLACE, wanted, key);
		return;
	}
	dir = plan_store_dir(plan, key);
	attrib = join("%s/attrib", dir);
	plan_settings(plan, PHASE_STORES, object, attrib, attributes,
		      member_object(have, "attributes"));
	if (plugin_of(wanted) == PLUGIN_FILEIO && json_object_get(wanted, "write_back") &&
	    !json_object_get(attributes, "emulate_write_cache") &&
	    flags_differ(wanted, have, "write_back")) {
		cache = json_have(json_object());
		member_set(cache, "emulate_write_cache",
			   json_integer(member_bool(wanted, "write_back", false)));
		plan_settings(plan, PHASE_STORES, object, attrib, cache,
			      member_object(have, "attributes"));
		json_decref(cache);
	}
	if (plugins[plugin_of(wanted)].alua)
		compare_groups(plan, key, dir, wanted, have);
	free(attrib);
	free(dir);
	free(object);
}

/* Devices of those of @list that @other does not have, each a member. */
static json_t *devices_of(json_t *list, json_t *other)
{
	json_t *devices = json_have(json_object()), *store;
	const char *key, *dev;

	json_object_foreach(list, key, store) {
		dev = member_str(store, "dev");
		if (dev && *dev && !json_object_get(other, key))
			member_set(devices, dev, json_true());
	}
	return devices;
}

static bool uses_one_of(const json_t *store, const json_t *devices)
{
	const char *dev = member_str(store, "dev");

	return dev && json_object_get(devices, dev);
}

/*
 * A backstore that is not wanted goes last; but if another is to have its device, first
 * it, and then the other comes.
 */
static void drop_stores(struct plan *plan, json_t *wanted, json_t *have)
{
	json_t *asked = devices_of(wanted, have), *store;
	const char *key;

	json_object_foreach(have, key, store) {
		if (json_object_get(wanted, key))
			continue;
		plan_change(plan, '-', join("backstore %s", key),
			    copy(plugin_of(store) == PLUGIN_RAMDISK ? "its data is lost" : ""));
		take_store(plan, uses_one_of(store, asked) ? PHASE_REPLACE : PHASE_DROP, store,
			   key);
	}
	json_decref(asked);
}

static void want_store(struct plan *plan, const json_t *store, const json_t *now, const char *key,
		       const json_t *leaving)
{
	json_t *why = json_object_get(plan->pending, key);

	if (now) {
		if (!plan->only_pending)
			compare_store(plan, store, now, key);
	} else if (why) {
		member_set(plan->waiting, key, json_incref(why));
	} else {
		plan_change(plan, '+', join("backstore %s", key), copy(""));
		if (uses_one_of(store, leaving))
			member_set(plan->remade, key, json_true());
		make_store(plan, uses_one_of(store, leaving) ? PHASE_REPLACE : PHASE_STORES,
			   store, key);
	}
}

void plan_stores(struct plan *plan)
{
	json_t *wanted = index_by(member_array(plan->wanted, "storage_objects"), store_key);
	json_t *have = index_by(member_array(plan->live->root, "storage_objects"), store_key);
	const bool all = !plan->only && !plan->only_pending;
	json_t *leaving = all ? devices_of(have, wanted) : NULL, *store;
	const char *key;

	if (plan->dbroot && !json_object_size(have))
		step_add(&plan->phase[PHASE_STORES], STEP_SET, STEP_TRY, copy("dbroot"),
			 copy(plan->dbroot));
	if (all)
		drop_stores(plan, wanted, have);
	json_object_foreach(wanted, key, store) {
		if ((plan->used && !json_object_get(plan->used, key)) ||
		    (plan->only_pending && !json_object_get(plan->only_pending, key)))
			continue;
		want_store(plan, store, json_object_get(have, key), key, leaving);
	}
	json_decref(leaving);
	json_decref(wanted);
	json_decref(have);
}
