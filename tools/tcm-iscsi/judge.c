// SPDX-License-Identifier: GPL-2.0
/*
 * Judging a configuration before anything is done.
 *
 * An error is what the kernel would refuse, what target_core would take and then do
 * something else, or what leads to lost data: two disks with one serial number are one
 * disk to a multipath driver. Everything that merely is suspicious is a warning,
 * because a tree that works has to be restorable.
 */
#include <ctype.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "device.h"
#include "judge.h"
#include "member.h"
#include "plugin.h"
#include "range.h"
#include "shape.h"
#include "text.h"

#define WWN_BYTES	223	/* iscsi_target_mod's buffer */
/* What targetcli takes. */
#define NAME_IQN	"iqn\\.[0-9]{4}-[0-1][0-9]\\.[^ _]*\\.[^ _]*"
#define NAME_NAA	"naa\\.[125][0-9a-f]{15}"
#define NAME_EUI	"eui\\.[0-9a-f]{16}"
#define SECRET_BYTES	255
#define SECRET_WEAK	12

/**
 * struct judging - a document under judgement
 * @t: the run
 * @file: the document
 * @pending: as judge() returns it
 * @muted: this is somebody else's: it is remembered for what must not be there twice, and
 *	nothing is said of it
 * @stores: the backstores by key, borrowed
 * @wwns, @devices, @targets: where each was met first, by name
 * @local: addresses of this machine
 */
struct judging {
	const struct tool *t;
	struct file *file;
	json_t *pending;
	bool muted;
	json_t *stores;
	json_t *wwns;
	json_t *devices;
	json_t *targets;
	struct addresses local;
};

static void say(struct judging *j, enum severity how, const struct place *place, char *text)
{
	if (j->muted)
		free(text);
	else
		file_say(j->file, how, place, text);
}

static void error(struct judging *j, const struct place *place, char *text)
{
	say(j, SEVERITY_ERROR, place, text);
}

static void warning(struct judging *j, const struct place *place, char *text)
{
	say(j, SEVERITY_WARNING, place, text);
}

/* Return: where @key was met before; NULL: it was not, and is remembered. */
static const char *met_before(json_t *met, const char *key, const struct place *place)
{
	const char *before = member_str(met, key);
	char *name;

	if (before)
		return before;
	name = place_name(place);
	member_set(met, key, json_text(name));
	free(name);
	return NULL;
}

static void unique(struct judging *j, json_t *met, const char *key, const struct place *place,
		   const char *what)
{
	const char *before = met_before(met, key, place);

	if (before)
		error(j, place, join("the same %s as %s", what, before));
}

static void unique_entry(struct judging *j, json_t *met, char *key, const struct place *place,
			 const char *what)
{
	unique(j, met, key, place, what);
	free(key);
}

/* -- credentials -- */

char *judge_credential(const json_t *object, const char *prefix, const char *name)
{
	char *key = join("%s%s", prefix, name);
	const char *text = member_str(object, key);
	size_t len;

	free(key);
	while (text && isspace((unsigned char)*text))
		text++;
	len = text ? strlen(text) : 0;
	while (len && isspace((unsigned char)text[len - 1]))
		len--;
	return len ? join("%.*s", (int)len, text) : NULL;
}

static void judge_one_credential(struct judging *j, const struct place *place, const char *text)
{
	if (text && strlen(text) > SECRET_BYTES)
		error(j, place, join("a name or secret has more than %d bytes", SECRET_BYTES));
	if (text && !strncmp(text, "NULL", 4))
		error(j, place,
		      copy("a name or secret begins with NULL, which the kernel takes for none"));
}

static void wipe(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
}

static void judge_credentials(struct judging *j, const struct place *place, const json_t *object,
			      const char *prefix)
{
	char *user = judge_credential(object, prefix, "userid");
	char *secret = judge_credential(object, prefix, "password");
	char *mutual_user = judge_credential(object, prefix, "mutual_userid");
	char *mutual_secret = judge_credential(object, prefix, "mutual_password");

	judge_one_credential(j, place, user);
	judge_one_credential(j, place, secret);
	judge_one_credential(j, place, mutual_user);
	judge_one_credential(j, place, mutual_secret);
	if (!user != !secret)
		error(j, place, join("%suserid and %spassword only work together", prefix,
				     prefix));
	if (!mutual_user != !mutual_secret)
		error(j, place, join("%smutual_userid and %smutual_password only work together",
				     prefix, prefix));
	if (mutual_user && mutual_secret && !user && !secret)
		warning(j, place, join("mutual credentials need %suserid and %spassword", prefix,
				       prefix));
	if (secret && mutual_secret && !strcmp(secret, mutual_secret))
		warning(j, place, copy("both secrets are the same: logins can be reflected"));
	if ((secret && strlen(secret) < SECRET_WEAK) ||
	    (mutual_secret && strlen(mutual_secret) < SECRET_WEAK))
		warning(j, place, join("a secret has less than %d bytes and can be guessed",
				       SECRET_WEAK));
	wipe(user);
	wipe(secret);
	wipe(mutual_user);
	wipe(mutual_secret);
}

/* -- backstores -- */

char *judge_backstore(const char *storage_object)
{
	const char *rest, *slash;
	enum plugin_kind kind;
	char *plugin;

	if (!text_prefix(storage_object, "/backstores/", &rest))
		return NULL;
	slash = strchr(rest, '/');
	if (!slash || !slash[1] || strchr(slash + 1, '/'))
		return NULL;
	plugin = join("%.*s", (int)(slash - rest), rest);
	kind = plugin_find(plugin);
	free(plugin);
	return kind < PLUGIN_COUNT ? join("%s/%s", plugins[kind].name, slash + 1) : NULL;
}

json_t *judge_used(const json_t *targets, const char *only)
{
	json_t *used = json_have(json_object()), *target, *tpg, *lun;
	size_t i, k, n;
	char *key;

	json_array_foreach((json_t *)targets, i, target) {
		if (only && strcmp(member_str(target, "wwn"), only))
			continue;
		json_array_foreach(member_array(target, "tpgs"), k, tpg)
			json_array_foreach(member_array(tpg, "luns"), n, lun) {
				key = judge_backstore(member_str(lun, "storage_object"));
				if (key)
					member_set(used, key, json_true());
				free(key);
			}
	}
	return used;
}

static void judge_device(struct judging *j, const struct place *place, const json_t *store,
			 const char *key)
{
	const struct place here = PLACE_IN(place, "dev");
	const char *dev = member_str(store, "dev"), *before = NULL;
	const enum plugin_kind kind = plugin_of(store);
	const long long size = member_int(store, "size", -1);
	struct device device;

	device_look(j->t, store, &device);
	if (device.state == DEVICE_MISSING && !j->muted)
		member_set(j->pending, key, json_text(device.why));
	else if (device.state == DEVICE_WRONG)
		error(j, &here, copy(device.why));
	if (device.identity)
		before = met_before(j->devices, device.identity, place);
	if (before && kind == PLUGIN_FILEIO)
		warning(j, &here, join("is the file of %s, too", before));
	else if (before)
		error(j, &here, join("is the device of %s, too", before));
	if (kind == PLUGIN_FILEIO && !device.is_block && size < 1)
		error(j, place, copy("'size' is missing, which a file needs"));
	else if (kind == PLUGIN_FILEIO && device.size >= 0 && device.size < size)
		warning(j, &here, join("the file has %lld bytes, fewer than 'size' says",
				       device.size));
	if (dev && kind != PLUGIN_PSCSI && dev[strcspn(dev, ",\n")])
		error(j, &here, copy("the kernel cannot be told a path with a comma or newline"));
	if (dev && device_is_unstable(dev))
		warning(j, &here, join("%s may be another disk after a reboot; "
				       "take its name in /dev/disk/by-id", dev));
	device_free(&device);
}

static void judge_user(struct judging *j, const struct place *place, const json_t *store)
{
	const struct place here = PLACE_IN(place, "config");
	const char *config = member_str(store, "config");

	if (!strchr(config, '/') || strchr(config, ':') || config[strcspn(config, ",\n")])
		error(j, &here,
		      copy("expected HANDLER/CONFIGURATION, without a colon, comma or newline"));
	if (member_int(store, "size", 0) < 1)
		error(j, place, copy("'size' is missing, which a user backstore needs"));
}

static void judge_groups(struct judging *j, const struct place *place, const json_t *store)
{
	json_t *names = json_have(json_object()), *ids = json_have(json_object()), *group;
	char *id;
	size_t i;

	json_array_foreach(member_array(store, "alua_tpgs"), i, group) {
		const struct place here = PLACE_AT(place, i);
		const long long number = member_int(group, "tg_pt_gp_id", -1);

		unique_entry(j, names, group_key(group), &here, "name");
		if (number < 0)
			continue;
		id = join("%lld", number);
		unique(j, ids, id, &here, "tg_pt_gp_id");
		free(id);
	}
	json_decref(names);
	json_decref(ids);
}

static void judge_store(struct judging *j, const struct place *place, json_t *store)
{
	const struct place groups = PLACE_IN(place, "alua_tpgs");
	const enum plugin_kind kind = plugin_of(store);
	const char *wwn = member_str(store, "wwn");
	const char *name = member_str(store, "name");
	char *key;

	if (kind == PLUGIN_COUNT) {
		error(j, &PLACE_IN(place, "plugin"),
		      copy("expected block, fileio, ramdisk, pscsi or user"));
		return;
	}
	if (name[strcspn(name, " \t\n")])
		error(j, &PLACE_IN(place, "name"), copy("a name cannot hold blanks"));
	key = store_key(store);
	if (json_object_get(j->stores, key))
		error(j, place, join("there is a backstore %s already", key));
	else
		json_object_set(j->stores, key, store);
	if (!member_str(store, plugins[kind].needed) &&
	    member_int(store, plugins[kind].needed, 0) < 1)
		error(j, place, join("'%s' is missing, which a %s backstore needs",
				     plugins[kind].needed, plugins[kind].name));
	else if (kind == PLUGIN_USER)
		judge_user(j, place, store);
	else
		judge_device(j, place, store, key);
	if (wwn && *wwn && kind != PLUGIN_PSCSI)
		unique(j, j->wwns, wwn, &PLACE_IN(place, "wwn"), "serial number");
	else if (kind != PLUGIN_PSCSI)
		warning(j, place, copy("without 'wwn' the disk has no serial number"));
	judge_groups(j, &groups, store);
	free(key);
}

/* -- portal groups -- */

static void judge_settings(struct judging *j, const struct place *place, json_t *settings,
			   enum range_table table)
{
	const char *name;
	json_t *value;
	char *text;

	json_object_foreach(settings, name, value) {
		text = range_check(table, name, value);
		if (text)
			error(j, &PLACE_IN(place, name), text);
	}
}

static void judge_name(struct judging *j, const struct place *place, const char *name)
{
	static const char pattern[] = "^(" NAME_IQN "|" NAME_NAA "|" NAME_EUI ")$";
	static regex_t regex;
	static bool compiled;
	const char *at;

	if (!compiled)
		compiled = !regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB);
	if (strlen(name) > WWN_BYTES)
		error(j, place, join("a name has %d bytes at most", WWN_BYTES));
	for (at = name; *at; at++)
		if (isupper((unsigned char)*at))
			break;
	if (*at)
		warning(j, place, copy("has capital letters, which targetcli makes small"));
	else if (compiled && regexec(&regex, name, 0, NULL, 0))
		warning(j, place, copy("targetcli takes only iqn.YYYY-MM.DOMAIN, naa. and eui."));
}

static void judge_lun(struct judging *j, const struct place *place, const json_t *lun)
{
	const struct place here = PLACE_IN(place, "storage_object");
	const char *group = member_str(lun, "alua_tg_pt_gp_name"), *name;
	char *key = judge_backstore(member_str(lun, "storage_object"));
	json_t *store = key ? json_object_get(j->stores, key) : NULL, *entry;
	bool found = !group || !strcmp(group, "default_tg_pt_gp");
	size_t i;

	if (!key)
		error(j, &here, copy("expected /backstores/PLUGIN/NAME"));
	else if (!store)
		error(j, &here, join("there is no backstore %s in storage_objects", key));
	json_array_foreach(member_array(store, "alua_tpgs"), i, entry) {
		name = member_str(entry, "name");
		found |= name && !strcmp(name, group ? group : "");
	}
	if (store && !found)
		error(j, &PLACE_IN(place, "alua_tg_pt_gp_name"),
		      join("backstore %s has no such group", key));
	free(key);
}

static void judge_portal(struct judging *j, const struct place *place, const json_t *portal)
{
	const struct place here = PLACE_IN(place, "ip_address");
	const char *text = member_str(portal, "ip_address");

	switch (address_judge(&j->local, text)) {
	case ADDRESS_LOCAL:
		break;
	case ADDRESS_FOREIGN:
		warning(j, &here, join("this machine has no address %s (yet)", text));
		break;
	case ADDRESS_NONE:
		error(j, &here,
		      copy("expected an IPv4 address, or an IPv6 address in brackets"));
		break;
	}
}

static void judge_mapped(struct judging *j, const struct place *place, const json_t *acl,
			 const json_t *luns)
{
	json_t *met = json_have(json_object()), *mapped;
	char *key;
	size_t i;

	json_array_foreach(member_array(acl, "mapped_luns"), i, mapped) {
		const struct place here = PLACE_AT(place, i);

		unique_entry(j, met, lun_key(mapped), &here, "index");
		key = join("%lld", member_int(mapped, "tpg_lun", -1));
		if (!json_object_get(luns, key))
			error(j, &PLACE_IN(&here, "tpg_lun"),
			      join("there is no LUN %s in 'luns' of the portal group", key));
		free(key);
	}
	json_decref(met);
}

static void judge_acls(struct judging *j, const struct place *place, const json_t *tpg,
		       const json_t *luns)
{
	json_t *met = json_have(json_object()), *acl;
	size_t i;

	json_array_foreach(member_array(tpg, "node_acls"), i, acl) {
		const struct place here = PLACE_AT(place, i);
		const struct place attributes = PLACE_IN(&here, "attributes");
		const struct place mapped = PLACE_IN(&here, "mapped_luns");

		unique_entry(j, met, acl_key(acl), &here, "node_wwn");
		judge_name(j, &PLACE_IN(&here, "node_wwn"), member_str(acl, "node_wwn"));
		judge_settings(j, &attributes, member_object(acl, "attributes"),
			       RANGE_ACL_ATTRIBUTES);
		judge_credentials(j, &here, acl, "chap_");
		judge_mapped(j, &mapped, acl, luns);
	}
	json_decref(met);
}

static void judge_tpg(struct judging *j, const struct place *place, const json_t *tpg,
		      json_t *portals_met)
{
	const struct place luns = PLACE_IN(place, "luns");
	const struct place portals = PLACE_IN(place, "portals");
	const struct place acls = PLACE_IN(place, "node_acls");
	json_t *met = json_have(json_object()), *entry;
	size_t i;

	judge_settings(j, &PLACE_IN(place, "attributes"), member_object(tpg, "attributes"),
		       RANGE_TPG_ATTRIBUTES);
	judge_settings(j, &PLACE_IN(place, "parameters"), member_object(tpg, "parameters"),
		       RANGE_TPG_PARAMETERS);
	judge_credentials(j, place, tpg, "chap_");
	json_array_foreach(member_array(tpg, "luns"), i, entry) {
		const struct place here = PLACE_AT(&luns, i);

		unique_entry(j, met, lun_key(entry), &here, "index");
		judge_lun(j, &here, entry);
	}
	json_array_foreach(member_array(tpg, "portals"), i, entry) {
		const struct place here = PLACE_AT(&portals, i);

		unique_entry(j, portals_met, portal_key(entry), &here, "portal");
		judge_portal(j, &here, entry);
	}
	judge_acls(j, &acls, tpg, met);
	json_decref(met);
}

static void judge_target(struct judging *j, const struct place *place, const json_t *target)
{
	const struct place tpgs = PLACE_IN(place, "tpgs");
	json_t *tags = json_have(json_object()), *portals = json_have(json_object()), *tpg;
	size_t i;

	unique_entry(j, j->targets, target_key(target), place, "wwn");
	judge_name(j, &PLACE_IN(place, "wwn"), member_str(target, "wwn"));
	if (!strcmp(member_str(target, "wwn"), "discovery_auth"))
		error(j, &PLACE_IN(place, "wwn"), copy("is the name of something else"));
	json_array_foreach(member_array(target, "tpgs"), i, tpg) {
		const struct place here = PLACE_AT(&tpgs, i);

		unique_entry(j, tags, tpg_key(tpg), &here, "tag");
		judge_tpg(j, &here, tpg, portals);
	}
	json_decref(tags);
	json_decref(portals);
}

static void judge_fabrics(struct judging *j, const struct place *place)
{
	json_t *met = json_have(json_object()), *fabric;
	size_t i;

	json_array_foreach(member_array(j->file->root, "fabric_modules"), i, fabric) {
		const struct place here = PLACE_AT(place, i);

		unique(j, met, member_str(fabric, "name"), &here, "name");
		if (strcmp(member_str(fabric, "name"), JUDGE_FABRIC))
			continue;
		judge_credentials(j, &here, fabric, "discovery_");
	}
	json_decref(met);
}

/* Those that @used has, or those that it has not; NULL: all, or none. */
static void judge_stores(struct judging *j, const struct place *place, const json_t *used,
			 bool in)
{
	json_t *entry;
	bool is_used;
	size_t i;
	char *key;

	j->muted = !in;
	json_array_foreach(member_array(j->file->root, "storage_objects"), i, entry) {
		key = store_key(entry);
		is_used = !used || json_object_get(used, key);
		free(key);
		if (is_used == in)
			judge_store(j, &PLACE_AT(place, i), entry);
	}
	j->muted = false;
}

static void judge_targets(struct judging *j, const struct place *place)
{
	const char *only = j->t->target;
	json_t *entry;
	size_t i;

	json_array_foreach(member_array(j->file->root, "targets"), i, entry) {
		const struct place here = PLACE_AT(place, i);

		if (only && strcmp(member_str(entry, "wwn"), only))
			continue;
		if (!strcmp(member_str(entry, "fabric"), JUDGE_FABRIC))
			judge_target(j, &here, entry);
		else
			warning(j, &PLACE_IN(&here, "fabric"),
				copy("is not iscsi: this target is not looked at"));
	}
}

/*
 * With --target it is about that and its backstores. The others come first, because what
 * they have must not be there once more.
 */
json_t *judge(const struct tool *t, struct file *file)
{
	const struct place top = { 0 };
	const struct place stores = PLACE_IN(&top, "storage_objects");
	const struct place targets = PLACE_IN(&top, "targets");
	const struct place fabrics = PLACE_IN(&top, "fabric_modules");
	json_t *used = t->target ? judge_used(member_array(file->root, "targets"), t->target) :
				   NULL;
	struct judging j = {
		.t = t, .file = file, .pending = json_have(json_object()),
		.stores = json_have(json_object()), .wwns = json_have(json_object()),
		.devices = json_have(json_object()), .targets = json_have(json_object()),
	};

	addresses_load(&j.local);
	judge_stores(&j, &stores, used, false);
	judge_stores(&j, &stores, used, true);
	if (!t->target)
		judge_fabrics(&j, &fabrics);
	judge_targets(&j, &targets);
	addresses_free(&j.local);
	json_decref(used);
	json_decref(j.stores);
	json_decref(j.wwns);
	json_decref(j.devices);
	json_decref(j.targets);
	return j.pending;
}

json_t *file_judge(const struct tool *t, struct file *file)
{
	if (!file->root)
		return NULL;
	shape_check(file);
	return file->errors ? NULL : judge(t, file);
}

json_t *file_ready(const struct tool *t, struct file *file, const char *name)
{
	file_load(file, name);
	if (file->missing)
		file_say(file, SEVERITY_ERROR, NULL, copy("does not exist"));
	return file->errors ? NULL : file_judge(t, file);
}

void file_want_target(const struct tool *t, struct file *file)
{
	if (t->target && file->root && !file->errors && !has_target(file->root, t->target))
		file_say(file, SEVERITY_ERROR, NULL, join("has no target %s", t->target));
}

const char *file_dbroot(const struct file *file)
{
	static const char *const folder[] = { "/etc/target", "/etc/rtslib-fb-target" };
	const char *rest;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(folder); i++)
		if (text_prefix(file->name, folder[i], &rest) &&
		    !strcmp(rest, "/saveconfig.json"))
			return folder[i];
	return NULL;
}

void pending_print(struct tool *t, json_t *pending)
{
	struct out *o = &t->out;
	const char *key;
	json_t *why;

	out_array(o, "pending");
	json_object_foreach(pending, key, why) {
		out_line(o, 0);
		out_object(o, NULL);
		out_str(o, "storage_object", "pending: %: ", key);
		out_str(o, "text", "%", json_string_value(why));
		out_end(o);
	}
	out_end(o);
}
