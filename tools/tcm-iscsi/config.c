// SPDX-License-Identifier: GPL-2.0
/*
 * Reading the configuration of one fabric.
 *
 * Nobody locks configfs for us: objects come and go while we read. What was
 * listed and is gone when its turn comes is left out, together with what was
 * already read of it.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "text.h"
#include "tree.h"

const struct param_name param_names[PARAM_COUNT] = {
	{ "MaxConnections", false },
	{ "InitialR2T", true },
	{ "ImmediateData", true },
	{ "MaxBurstLength", false },
	{ "FirstBurstLength", false },
	{ "DefaultTime2Wait", false },
	{ "DefaultTime2Retain", false },
	{ "MaxOutstandingR2T", false },
	{ "DataPDUInOrder", true },
	{ "DataSequenceInOrder", true },
	{ "ErrorRecoveryLevel", false },
};

/* The number in "lun_7" or "tpgt_1"; a name without one is a problem. */
static bool index_of(struct tool *t, const char *dir, const char *name, const char *prefix,
		     long long *index)
{
	const char *digits;
	char *path;

	if (text_prefix(name, prefix, &digits) && text_number(digits, 0, LLONG_MAX, index))
		return true;
	path = join("%s/%s", dir, name);
	problem_add(t, tree_short(t, path), "has no number in its name; not shown");
	free(path);
	return false;
}

/* "10.0.0.1:3260" or "[fe80::1]:3260"; the port follows the last colon. */
static void load_portal(struct tool *t, const char *dir, const char *name, struct portal *portal)
{
	const char *colon = strrchr(name, ':');
	const size_t len = colon ? (size_t)(colon - name) : 0;
	const bool brackets = len > 2 && *name == '[' && name[len - 1] == ']';

	portal->name = copy(name);
	portal->address = NULL;
	if (!len || !text_number(colon + 1, 0, 65535, &portal->port)) {
		portal->port = UNKNOWN;
		problem_add(t, tree_short(t, dir), "is not ADDRESS:PORT");
	} else {
		portal->address = join("%.*s", (int)(brackets ? len - 2 : len), name + brackets);
	}
	portal->iser = tree_number(t, dir, "iser", 1);
	portal->offload = tree_number(t, dir, "cxgbit", 1);
}

static void load_portals(struct tool *t, const char *dir, struct tpg *tpg)
{
	struct names names;
	char *path;
	size_t i;

	tree_list(t, dir, "np", &names);
	for (i = 0; i < names.count; i++) {
		path = join("%s/np/%s", dir, names.name[i]);
		if (tree_is_dir(path)) {
			tpg->portals = grow(tpg->portals, tpg->portal_count,
					    sizeof(*tpg->portals));
			load_portal(t, path, names.name[i], &tpg->portals[tpg->portal_count++]);
		}
		free(path);
	}
	tree_list_free(&names);
}

static void load_luns(struct tool *t, const char *dir, struct tpg *tpg)
{
	char *base = join("%s/lun", dir);
	struct lun lun = { 0 };
	struct names names;
	char *path;
	size_t i;

	tree_list(t, dir, "lun", &names);
	for (i = 0; i < names.count; i++) {
		if (!index_of(t, base, names.name[i], "lun_", &lun.index))
			continue;
		path = join("%s/%s", base, names.name[i]);
		if (tree_is_dir(path)) {
			backstore_load(t, path, &lun);
			tpg->luns = grow(tpg->luns, tpg->lun_count, sizeof(lun));
			tpg->luns[tpg->lun_count++] = lun;
		}
		free(path);
	}
	tree_list_free(&names);
	free(base);
}

/* The link of a mapped LUN ends in ".../tpgt_1/lun/lun_0". */
static void load_mapped(struct tool *t, const char *dir, struct mapped_lun *mapped)
{
	char *link = tree_link(t, dir);
	const char *slash = link ? strrchr(link, '/') : NULL;
	const char *digits;

	mapped->tpg_lun = UNKNOWN;
	mapped->write_protect = UNKNOWN;
	if (slash && (!text_prefix(slash, "/lun_", &digits) ||
		      !text_number(digits, 0, LLONG_MAX, &mapped->tpg_lun)))
		problem_add(t, tree_short(t, dir), "links to something that is no LUN");
	free(link);
	/* Before it is linked the file is there and empty. */
	if (mapped->tpg_lun != UNKNOWN)
		mapped->write_protect = tree_number(t, dir, "write_protect", 1);
}

static void load_mapped_luns(struct tool *t, const char *base, const char *name, struct acl *acl)
{
	struct mapped_lun mapped;
	char *dir = join("%s/%s", base, name);
	const char *rest;
	struct names names;
	char *path;
	size_t i;

	tree_list(t, dir, NULL, &names);
	for (i = 0; i < names.count; i++) {
		if (!text_prefix(names.name[i], "lun_", &rest) ||
		    !index_of(t, dir, names.name[i], "lun_", &mapped.index))
			continue;
		path = join("%s/%s", dir, names.name[i]);
		if (tree_is_dir(path)) {
			load_mapped(t, path, &mapped);
			acl->mapped = grow(acl->mapped, acl->mapped_count, sizeof(mapped));
			acl->mapped[acl->mapped_count++] = mapped;
		}
		free(path);
	}
	tree_list_free(&names);
	free(dir);
}

static int acl_authentication(struct tool *t, const char *dir)
{
	char *value = tree_attr_quiet(dir, "attrib/authentication");
	const bool inherits = value && !strcmp(value, "-1");

	free(value);
	return inherits ? AUTH_INHERIT : tree_number(t, dir, "attrib/authentication", 1);
}

static void load_info(struct tool *t, const char *dir, struct acl *acl)
{
	char *text = tree_attr(t, dir, "info");
	const char *why;
	char *path, *message;

	acl->logged_in = UNKNOWN;
	if (!text)
		return;
	acl->logged_in = info_parse(text, &acl->info, &why);
	if (acl->logged_in < 0) {
		path = join("%s/info", dir);
		message = join("%s; its session is not shown", why);
		problem_add(t, tree_short(t, path), message);
		free(message);
		free(path);
	}
	free(text);
}

/* A session that ends meanwhile leaves words where numbers were. */
static void load_params(struct tool *t, const char *dir, struct acl *acl)
{
	char *name, *value;
	size_t i;

	for (i = 0; i < PARAM_COUNT; i++) {
		acl->param[i] = UNKNOWN;
		if (acl->logged_in <= 0)
			continue;
		name = join("param/%s", param_names[i].name);
		value = tree_attr_quiet(dir, name);
		if (!value || strncmp(value, "No Active", 9))
			acl->param[i] = tree_number(t, dir, name, 0xffffffff);
		free(value);
		free(name);
	}
}

static void load_acl(struct tool *t, const char *base, const char *name, unsigned int parts,
		     struct acl *acl)
{
	char *dir = join("%s/%s", base, name);

	memset(acl, 0, sizeof(*acl));
	acl->name = copy(name);
	load_info(t, dir, acl);
	if (parts & CONFIG_SESSIONS)
		load_params(t, dir, acl);
	if (parts & CONFIG_SETTINGS) {
		acl->authentication = acl_authentication(t, dir);
		acl->tag = tree_attr(t, dir, "tag");
		if (acl->tag && !*acl->tag) {
			free(acl->tag);
			acl->tag = NULL;
		}
		load_mapped_luns(t, base, name, acl);
		cred_load(t, dir, "auth/", &acl->cred);
	}
	free(dir);
}

static void free_acl(struct acl *acl)
{
	free(acl->name);
	free(acl->tag);
	free(acl->mapped);
	info_free(&acl->info);
}

static void load_acls(struct tool *t, const char *dir, unsigned int parts, struct tpg *tpg)
{
	char *base = join("%s/acls", dir);
	struct names names;
	struct acl acl;
	char *path;
	size_t i;

	tree_list(t, dir, "acls", &names);
	for (i = 0; i < names.count; i++) {
		path = join("%s/%s", base, names.name[i]);
		load_acl(t, base, names.name[i], parts, &acl);
		if (tree_is_dir(path)) {
			tpg->acls = grow(tpg->acls, tpg->acl_count, sizeof(acl));
			tpg->acls[tpg->acl_count++] = acl;
		} else {
			free_acl(&acl);
		}
		free(path);
	}
	tree_list_free(&names);
	free(base);
}

/* Names, each followed by a newline and a NUL byte; one for each session. */
static void load_dynamic(struct tool *t, const char *dir, struct tpg *tpg)
{
	char *path = join("%s/dynamic_sessions", dir);
	size_t len = 0, used;
	char *text = tree_read(path, &len);
	char *at, *end;

	if (!text)
		free(tree_attr(t, dir, "dynamic_sessions"));	/* for the report */
	for (at = text; text && at < text + len; at += used) {
		used = strcspn(at, "\n");
		end = at + used;
		used += end < text + len;
		*end = '\0';
		if (!*at)
			continue;
		tpg->dynamic = grow(tpg->dynamic, tpg->dynamic_count, sizeof(*tpg->dynamic));
		tpg->dynamic[tpg->dynamic_count++] = copy(at);
	}
	free(text);
	free(path);
}

static void load_tpg(struct tool *t, const char *base, const char *name, unsigned int parts,
		     struct tpg *tpg)
{
	char *dir = join("%s/%s", base, name);

	tpg->name = copy(name);
	load_acls(t, dir, parts, tpg);
	if (parts & CONFIG_SESSIONS)
		load_dynamic(t, dir, tpg);
	if (parts & CONFIG_SETTINGS) {
		tpg->enable = tree_number(t, dir, "enable", 1);
		tpg->authentication = tree_number(t, dir, "attrib/authentication", 1);
		tpg->generate_node_acls = tree_number(t, dir, "attrib/generate_node_acls", 1);
		tpg->demo_mode_write_protect =
			tree_number(t, dir, "attrib/demo_mode_write_protect", 1);
		tpg->auth_method = tree_attr(t, dir, "param/AuthMethod");
		cred_load(t, dir, "auth/", &tpg->cred);
		load_portals(t, dir, tpg);
		load_luns(t, dir, tpg);
	}
	free(dir);
}

static void free_tpg(struct tpg *tpg)
{
	size_t i;

	for (i = 0; i < tpg->portal_count; i++) {
		free(tpg->portals[i].name);
		free(tpg->portals[i].address);
	}
	for (i = 0; i < tpg->lun_count; i++) {
		free(tpg->luns[i].backstore);
		free(tpg->luns[i].path);
	}
	for (i = 0; i < tpg->acl_count; i++)
		free_acl(&tpg->acls[i]);
	for (i = 0; i < tpg->dynamic_count; i++)
		free(tpg->dynamic[i]);
	free(tpg->portals);
	free(tpg->luns);
	free(tpg->acls);
	free(tpg->dynamic);
	free(tpg->auth_method);
	free(tpg->name);
}

static void load_target(struct tool *t, const char *base, const char *name, unsigned int parts,
			struct target *target)
{
	char *dir = join("%s/%s", base, name);
	struct tpg tpg;
	struct names names;
	const char *rest;
	char *path, *count;
	size_t i;

	target->wwn = copy(name);
	count = tree_attr_quiet(dir, "fabric_statistics/iscsi_instance/sessions");
	if (!count || !text_number(count, 0, LLONG_MAX, &target->sessions))
		target->sessions = UNKNOWN;
	free(count);

	tree_list(t, dir, NULL, &names);
	for (i = 0; i < names.count; i++) {
		memset(&tpg, 0, sizeof(tpg));
		if (!text_prefix(names.name[i], "tpgt_", &rest) ||
		    !index_of(t, dir, names.name[i], "tpgt_", &tpg.tag))
			continue;
		path = join("%s/%s", dir, names.name[i]);
		load_tpg(t, dir, names.name[i], parts, &tpg);
		if (tree_is_dir(path)) {
			target->tpgs = grow(target->tpgs, target->tpg_count, sizeof(tpg));
			target->tpgs[target->tpg_count++] = tpg;
		} else {
			free_tpg(&tpg);
		}
		free(path);
	}
	tree_list_free(&names);
	free(dir);
}

static void free_target(struct target *target)
{
	while (target->tpg_count)
		free_tpg(&target->tpgs[--target->tpg_count]);
	free(target->tpgs);
	free(target->wwn);
}

void config_load(struct tool *t, const char *fabric, unsigned int parts, struct config *config)
{
	char *base = join("%s/target", t->configfs);
	char *dir = join("%s/%s", base, fabric);
	char *auth = join("%s/discovery_auth", dir);
	struct target target;
	struct names names;
	char *path;
	size_t i;

	memset(config, 0, sizeof(*config));
	config->fabric = copy(fabric);
	config->present = tree_is_dir(dir);
	if (config->present && parts & CONFIG_SETTINGS) {
		config->enforce_discovery_auth =
			tree_number(t, auth, "enforce_discovery_auth", 1);
		cred_load(t, auth, "", &config->discovery);
	}

	memset(&names, 0, sizeof(names));
	if (config->present)
		tree_list(t, dir, NULL, &names);
	for (i = 0; i < names.count; i++) {
		if (!strcmp(names.name[i], "discovery_auth"))
			continue;
		path = join("%s/%s", dir, names.name[i]);
		memset(&target, 0, sizeof(target));
		load_target(t, dir, names.name[i], parts, &target);
		if (tree_is_dir(path)) {
			config->targets = grow(config->targets, config->target_count,
					       sizeof(target));
			config->targets[config->target_count++] = target;
		} else {
			free_target(&target);
		}
		free(path);
	}
	tree_list_free(&names);
	free(auth);
	free(dir);
	free(base);
}

void config_free(struct config *config)
{
	while (config->target_count)
		free_target(&config->targets[--config->target_count]);
	free(config->targets);
	free(config->fabric);
}
