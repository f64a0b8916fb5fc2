// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel's configuration as rtslib would save it, with two differences, both
 * because rtslib loses something: the credentials of discovery are there also while
 * it does not demand them, and an ACL whose command window is not its portal group's
 * default has it as tcq_depth, which rtslib restores, though it does not save it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "child.h"
#include "halted.h"
#include "judge.h"
#include "member.h"
#include "parts.h"
#include "text.h"

/* Targets that are worth a process. */
#define WORTHWHILE	8

json_t *snapshot_settings(struct snapping *s, int dir, const char *sub, bool numbers,
			  struct attr_names *names, const json_t *entry, const char *key)
{
	if (s->partly)
		return attr_chosen(&s->r, dir, sub, numbers, member_object(entry, key));
	/* Those of a copied tree may be of different machines. */
	return attr_settings(&s->r, dir, sub, numbers, s->r.t->live ? names : NULL);
}

void snapshot_unfinished(struct snapping *s, char *path)
{
	array_add(s->snapshot->unfinished, json_text(path));
	free(path);
}

/* What cleared it reads as it was written. */
static void load_credential(struct snapping *s, json_t *object, int dir, const char *file,
			    const char *key)
{
	const char *value = attr_need(&s->r, dir, file);

	if (value && *value && strncmp(value, "NULL", 4))
		member_set(object, key, json_text(value));
}

static void load_credentials(struct snapping *s, json_t *object, int dir, const char *sub,
			     const char *prefix)
{
	static const char *const file[][2] = {
		{ "userid", "userid" }, { "password", "password" },
		{ "userid_mutual", "mutual_userid" }, { "password_mutual", "mutual_password" },
	};
	const int fd = attr_open(dir, sub);
	size_t i;
	char *key;

	if (fd < 0) {
		attr_failed(&s->r, sub);
		return;
	}
	for (i = 0; i < ARRAY_SIZE(file); i++) {
		key = join("%s%s", prefix, file[i][1]);
		load_credential(s, object, fd, file[i][0], key);
		free(key);
	}
	close(fd);
}

static ssize_t link_target(int dir, const char *sub, const char *name, char target[4096])
{
	char *path = join("%s/%s", sub, name);
	const ssize_t len = readlinkat(dir, path, target, 4095);

	free(path);
	return len;
}

/*
 * The only link in @dir/@sub: its name, and the last two parts of where it leads. @guess is
 * the name that it may have, which spares looking for it.
 */
static bool read_link(int dir, const char *sub, const char *guess, char **alias, char **before,
		      char **last)
{
	char target[4096], **name, *slash;
	ssize_t len = -1;
	size_t count;

	*alias = *before = *last = NULL;
	if (guess)
		len = link_target(dir, sub, guess, target);
	if (len > 0) {
		*alias = copy(guess);
	} else {
		attr_list(dir, sub, true, &name, &count);
		if (count) {
			len = link_target(dir, sub, name[0], target);
			*alias = copy(name[0]);
		}
		attr_list_free(name, count);
	}
	target[len > 0 ? len : 0] = '\0';
	slash = strrchr(target, '/');
	if (slash) {
		*last = copy(slash + 1);
		*slash = '\0';
		slash = strrchr(target, '/');
		*before = copy(slash ? slash + 1 : target);
	}
	return *last;
}

/* The group that a LUN is in: the first line, "TG Port Alias: default_tg_pt_gp". */
static json_t *load_group_name(struct snapping *s, int dir, const char *sub)
{
	char *path = join("%s/alua_tg_pt_gp", sub);
	const char *text = attr_get(&s->r, dir, path), *colon;
	json_t *value;
	char *name;

	free(path);
	colon = text ? strchr(text, ':') : NULL;
	if (!colon)
		return json_null();
	colon += 1 + strspn(colon + 1, " \t");
	name = join("%.*s", (int)strcspn(colon, ":\n"), colon);
	value = json_text(name);
	free(name);
	return value;
}

static bool index_in(const char *name, const char *prefix, long long *index)
{
	const char *digits;

	return text_prefix(name, prefix, &digits) && text_number(digits, 0, 1LL << 32, index);
}

/* LUNs of the wanted document are there by number. */
static const json_t *wanted_lun(const json_t *wanted, const char *name)
{
	const char *number;

	return text_prefix(name, "lun_", &number) ? json_object_get(wanted, number) : NULL;
}

/* Whether its backstore has ALUA; that of passthrough ones may not even be asked. */
static bool has_alua(const json_t *stores, const char *key, enum plugin_kind kind)
{
	const json_t *store = json_object_get(stores, key);

	return plugins[kind].alua ||
	       member_int(member_object(store, "attributes"), "alua_support", 0) == 1;
}

/* The entry of an array of the wanted document: @index is that array by key. */
static const json_t *wanted_in(const json_t *index, char *(*key_of)(const json_t *),
			       const json_t *entry)
{
	char *key = index ? key_of(entry) : NULL;
	const json_t *found = key ? json_object_get(index, key) : NULL;

	free(key);
	return found;
}

static void load_lun(struct snapping *s, json_t *luns, const json_t *stores, int tpg,
		     const char *base, const char *name, const json_t *wanted)
{
	char *sub = join("lun/%s", name), *alias = NULL, *hba = NULL, *device = NULL, *key, *path;
	enum plugin_kind kind = PLUGIN_COUNT;
	const json_t *want = wanted_lun(wanted, name);
	long long index, number;
	json_t *lun;

	if (index_in(name, "lun_", &index) &&
	    read_link(tpg, sub, member_str(want, "alias"), &alias, &hba, &device)) {
		kind = plugin_of_dir(hba, &number);
	} else if (alias || !index_in(name, "lun_", &index)) {
		errno = EINVAL;
		attr_failed(&s->r, sub);
	} else {
		snapshot_unfinished(s, join("%s/%s", base, sub));
	}
	if (kind < PLUGIN_COUNT) {
		key = join("%s/%s", plugins[kind].name, device);
		path = join("/backstores/%s", key);
		lun = json_have(json_object());
		member_set(lun, "index", json_integer(index));
		member_set(lun, "storage_object", json_text(path));
		member_set(lun, "alias", json_text(alias));
		member_set(lun, "alua_tg_pt_gp_name",
			   has_alua(stores, key, kind) &&
			   (!s->partly || member_str(want, "alua_tg_pt_gp_name")) ?
			   load_group_name(s, tpg, sub) : json_null());
		array_add(luns, lun);
		free(path);
		free(key);
	}
	free(alias);
	free(hba);
	free(device);
	free(sub);
}

static void load_portal(struct snapping *s, json_t *portals, int tpg, const char *name)
{
	const char *colon = strrchr(name, ':');
	json_t *portal = json_have(json_object());
	char *path, *address;
	long long port;

	if (!colon || !text_number(colon + 1, 0, 65535, &port)) {
		errno = EINVAL;
		attr_failed(&s->r, name);
		json_decref(portal);
		return;
	}
	address = join("%.*s", (int)(colon - name), name);
	member_set(portal, "ip_address", json_text(address));
	free(address);
	member_set(portal, "port", json_integer(port));
	path = join("np/%s/iser", name);
	member_set(portal, "iser", json_boolean(attr_number(&s->r, tpg, path) > 0));
	free(path);
	path = join("np/%s/cxgbit", name);
	member_set(portal, "offload", json_boolean(attr_number(&s->r, tpg, path) > 0));
	free(path);
	array_add(portals, portal);
}

static void load_mapped(struct snapping *s, json_t *mapped, int acl, const char *base,
			const char *name, const json_t *wanted)
{
	char *alias, *before, *last, *path;
	const json_t *want;
	long long index, lun;
	json_t *entry;

	if (!index_in(name, "lun_", &index))
		return;
	want = wanted_lun(wanted, name);
	if (!read_link(acl, name, member_str(want, "alias"), &alias, &before, &last) ||
	    !index_in(last, "lun_", &lun)) {
		snapshot_unfinished(s, join("%s/%s", base, name));
	} else {
		entry = json_have(json_object());
		path = join("%s/write_protect", name);
		member_set(entry, "write_protect", json_boolean(attr_number(&s->r, acl, path) > 0));
		free(path);
		member_set(entry, "index", json_integer(index));
		member_set(entry, "tpg_lun", json_integer(lun));
		member_set(entry, "alias", json_text(alias));
		array_add(mapped, entry);
	}
	free(alias);
	free(before);
	free(last);
}

static void load_depth(struct snapping *s, json_t *acl, int dir, const json_t *tpg,
		       const json_t *want)
{
	long long depth, usual;
	char *text;

	if (s->partly && !json_object_get(want, "tcq_depth"))
		return;
	depth = attr_number(&s->r, dir, "cmdsn_depth");
	usual = s->partly ? -1 : member_int(member_object(tpg, "attributes"),
					    "default_cmdsn_depth", depth);
	if (depth < 0 || depth == usual)
		return;
	text = join("%lld", depth);
	member_set(acl, "tcq_depth", json_text(text));
	free(text);
}

static void load_acl(struct snapping *s, json_t *acls, const json_t *tpg, int tpg_dir,
		     const char *base, const char *name, const json_t *wanted)
{
	json_t *acl = json_have(json_object()), *mapped = json_have(json_array()), *attributes;
	char *sub = join("acls/%s", name), *where = join("%s/%s", base, sub), **names;
	const int dir = attr_open(tpg_dir, sub);
	json_t *wanted_luns = NULL;
	const json_t *want;
	const char *tag;
	size_t count, i;

	member_set(acl, "node_wwn", json_text(name));
	want = wanted_in(wanted, acl_key, acl);
	member_set(acl, "mapped_luns", mapped);
	if (dir < 0) {
		attr_failed(&s->r, where);
	} else {
		attributes = snapshot_settings(s, dir, "attrib", true, &s->acl_attributes, want,
					       "attributes");
		if (attributes)
			member_set(acl, "attributes", attributes);
		tag = attr_get(&s->r, dir, "tag");
		if (tag && *tag)
			member_set(acl, "tag", json_text(tag));
		load_credentials(s, acl, dir, "auth", "chap_");
		load_depth(s, acl, dir, tpg, want);
		if (want)
			wanted_luns = index_by(member_array(want, "mapped_luns"), lun_key);
		attr_list(dir, ".", false, &names, &count);
		for (i = 0; i < count; i++)
			load_mapped(s, mapped, dir, where, names[i], wanted_luns);
		attr_list_free(names, count);
		json_decref(wanted_luns);
		close(dir);
	}
	array_add(acls, acl);
	free(where);
	free(sub);
}

/* LUNs and ACLs of a portal group; @want is what it is to be, or NULL. */
static void load_members(struct snapping *s, json_t *tpg, const json_t *stores, int dir,
			 const char *base, const json_t *want)
{
	json_t *wanted_luns = want ? index_by(member_array(want, "luns"), lun_key) : NULL;
	json_t *wanted_acls = want ? index_by(member_array(want, "node_acls"), acl_key) : NULL;
	json_t *list = json_have(json_array());
	size_t count, i;
	char **name;

	member_set(tpg, "luns", list);
	attr_list(dir, "lun", false, &name, &count);
	for (i = 0; i < count; i++)
		load_lun(s, list, stores, dir, base, name[i], wanted_luns);
	attr_list_free(name, count);

	list = json_have(json_array());
	member_set(tpg, "node_acls", list);
	attr_list(dir, "acls", false, &name, &count);
	for (i = 0; i < count; i++)
		load_acl(s, list, tpg, dir, base, name[i], wanted_acls);
	attr_list_free(name, count);
	json_decref(wanted_luns);
	json_decref(wanted_acls);
}

static void load_enable(struct snapping *s, json_t *tpg, int dir, const char *base)
{
	const char *slash = strrchr(base, '/'), *wwn = base + strlen(s->fabric) + 1;
	const bool on = attr_number(&s->r, dir, "enable") > 0;
	char *name;

	member_set(tpg, "enable", json_boolean(on));
	if (!on)
		return;
	name = join("%.*s %s", (int)(slash - wwn), wwn, slash + 1);
	if (json_object_get(s->closed, name))
		member_set(s->snapshot->halted, name, json_true());
	free(name);
}

static json_t *load_tpg(struct snapping *s, const json_t *stores, int dir, const char *base,
			long long tag, const json_t *wanted)
{
	json_t *tpg = json_have(json_object()), *list, *settings;
	const json_t *want;
	size_t count, i;
	char **name;

	member_set(tpg, "tag", json_integer(tag));
	want = wanted_in(wanted, tpg_key, tpg);
	attr_need(&s->r, dir, "enable");
	load_enable(s, tpg, dir, base);
	settings = snapshot_settings(s, dir, "attrib", true, &s->tpg_attributes, want,
				     "attributes");
	if (settings)
		member_set(tpg, "attributes", settings);
	settings = snapshot_settings(s, dir, "param", false, &s->tpg_parameters, want,
				     "parameters");
	if (settings)
		member_set(tpg, "parameters", settings);
	load_credentials(s, tpg, dir, "auth", "chap_");

	list = json_have(json_array());
	member_set(tpg, "portals", list);
	attr_list(dir, "np", false, &name, &count);
	for (i = 0; i < count; i++)
		load_portal(s, list, dir, name[i]);
	attr_list_free(name, count);

	load_members(s, tpg, stores, dir, base, want);
	return tpg;
}

/**
 * struct fabric - what is needed to read a target
 * @dir: descriptor of the fabric
 * @stores: backstores that there are, by key
 * @wanted: targets that are wanted, by name, or NULL
 */
struct fabric {
	int dir;
	json_t *stores;
	json_t *wanted;
};

static void load_target(struct snapping *s, const char *wwn, const void *arg)
{
	const struct fabric *fabric = arg;
	json_t *target = json_have(json_object()), *tpgs = json_have(json_array()), *parameters;
	json_t *wanted_tpgs = NULL;
	const int dir = attr_open(fabric->dir, wwn);
	char **name, *base;
	const json_t *want;
	size_t count, i;
	long long tag;
	int fd;

	member_set(target, "wwn", json_text(wwn));
	member_set(target, "fabric", json_text(JUDGE_FABRIC));
	member_set(target, "tpgs", tpgs);
	want = wanted_in(fabric->wanted, target_key, target);
	if (want)
		wanted_tpgs = index_by(member_array(want, "tpgs"), tpg_key);
	parameters = dir < 0 ? NULL :
		     snapshot_settings(s, dir, "param", false, NULL, want, "parameters");
	if (parameters)
		member_set(target, "parameters", parameters);
	attr_list(dir, ".", false, &name, &count);
	for (i = 0; i < count; i++) {
		if (!index_in(name[i], "tpgt_", &tag))
			continue;
		fd = attr_open(dir, name[i]);
		base = join("%s/%s/%s", s->fabric, wwn, name[i]);
		if (fd >= 0) {
			array_add(tpgs, load_tpg(s, fabric->stores, fd, base, tag, wanted_tpgs));
			close(fd);
		}
		free(base);
	}
	attr_list_free(name, count);
	if (dir >= 0)
		close(dir);
	json_decref(wanted_tpgs);
	array_add(member_array(s->snapshot->root, "targets"), target);
}

static void load_discovery(struct snapping *s, int fabric)
{
	json_t *module = json_have(json_object());
	bool on;

	load_credentials(s, module, fabric, "discovery_auth", "discovery_");
	on = attr_number(&s->r, fabric, "discovery_auth/enforce_discovery_auth") > 0;
	if (on || json_object_size(module)) {
		member_set(module, "name", json_text(JUDGE_FABRIC));
		member_set(module, "discovery_enable_auth", json_boolean(on));
		array_add(member_array(s->snapshot->root, "fabric_modules"),
			  json_incref(module));
	}
	json_decref(module);
}

static void load_fabric(struct snapping *s, int target)
{
	struct fabric fabric = { .dir = attr_open(target, s->fabric) };
	size_t count, i, targets = 0;
	char **name;

	if (fabric.dir < 0) {
		if (errno != ENOENT)
			attr_failed(&s->r, s->fabric);
		return;
	}
	fabric.stores = index_by(member_array(s->snapshot->root, "storage_objects"), store_key);
	if (s->partly)
		fabric.wanted = index_by(member_array(s->wanted, "targets"), target_key);
	load_discovery(s, fabric.dir);
	attr_list(fabric.dir, ".", false, &name, &count);
	for (i = 0; i < count; i++) {
		if (strcmp(name[i], "discovery_auth"))
			name[targets++] = name[i];
		else
			free(name[i]);
	}
	parts_load(s, name, targets, WORTHWHILE, load_target, &fabric);
	attr_list_free(name, targets);
	json_decref(fabric.wanted);
	json_decref(fabric.stores);
	close(fabric.dir);
}

/* Loopback, vhost and the like: somebody else saves and restores them. */
static size_t count_foreign(const struct snapping *s, int target)
{
	size_t count, i, targets, foreign = 0;
	char **name, **below;

	attr_list(target, ".", false, &name, &count);
	for (i = 0; i < count; i++) {
		if (!strcmp(name[i], "core") || !strcmp(name[i], s->fabric))
			continue;
		attr_list(target, name[i], false, &below, &targets);
		while (targets) {
			foreign += strcmp(below[--targets], "discovery_auth") != 0;
			free(below[targets]);
		}
		free(below);
	}
	attr_list_free(name, count);
	return foreign;
}

void snapshot_begin(struct snapshot *snapshot)
{
	memset(snapshot, 0, sizeof(*snapshot));
	snapshot->root = json_have(json_object());
	member_set(snapshot->root, "fabric_modules", json_array());
	member_set(snapshot->root, "storage_objects", json_array());
	member_set(snapshot->root, "targets", json_array());
	snapshot->dirs = json_have(json_object());
	snapshot->unfinished = json_have(json_array());
	snapshot->halted = json_have(json_object());
}

static void wipe(struct snapping *s)
{
	size_t i;

	for (i = 0; i < PLUGIN_COUNT; i++)
		attr_names_free(&s->store_names[i]);
	attr_names_free(&s->tpg_attributes);
	attr_names_free(&s->tpg_parameters);
	attr_names_free(&s->acl_attributes);
	attr_wipe(&s->r);
}

void snapshot_load(struct tool *t, const char *fabric, const json_t *wanted,
		   struct snapshot *snapshot)
{
	struct snapping *s = alloc(sizeof(*s));
	char *path = join("%s/target", t->configfs);
	const int target = attr_open(AT_FDCWD, path);

	memset(s, 0, sizeof(*s));
	s->r.t = t;
	s->snapshot = snapshot;
	s->fabric = fabric;
	s->partly = wanted;
	s->wanted = wanted;
	if (wanted)
		s->wanted_stores = index_by(member_array(wanted, "storage_objects"), store_key);
	snapshot_begin(snapshot);
	s->closed = halted_load(t);
	if (target >= 0) {
		stores_load(s, target);
		load_fabric(s, target);
		snapshot->foreign = count_foreign(s, target);
		close(target);
	} else if (errno != ENOENT) {
		attr_failed(&s->r, "target");
	}
	snapshot->failed = s->r.failed;
	json_decref(s->wanted_stores);
	json_decref(s->closed);
	wipe(s);
	free(s);
	free(path);
}

void snapshot_free(struct snapshot *snapshot)
{
	json_decref(snapshot->root);
	json_decref(snapshot->dirs);
	json_decref(snapshot->unfinished);
	json_decref(snapshot->halted);
}

bool snapshot_ends(struct tool *t, const char *fabric, const json_t *wanted, int lock,
		   const struct timespec *end)
{
	struct snapshot snapshot;
	const pid_t child = fork();
	int status;

	if (!child) {
		child_become(lock);
		snapshot_load(t, fabric, wanted, &snapshot);
		_exit(0);
	}
	return child > 0 && child_wait(child, end, &status);
}
