// SPDX-License-Identifier: GPL-2.0
/*
 * tcm-iscsi status: what is configured, and what of it does not work.
 *
 * JSON uses the words of saveconfig.json where it has one for the thing.
 */
#include <stdlib.h>

#include "advice.h"
#include "config.h"
#include "judge.h"
#include "module.h"
#include "pending.h"
#include "stuck.h"

static void print_portal(struct tool *t, const struct portal *portal)
{
	struct out *o = &t->out;

	out_line(o, 2);
	out_object(o, NULL);
	out_str(o, NULL, "portal %", portal->name);
	out_str(o, "ip_address", NULL, portal->address);
	if (portal->port == UNKNOWN)
		out_null(o, "port");
	else
		out_int(o, "port", NULL, portal->port);
	out_bool(o, "iser", portal->iser, ", iser", NULL, NULL);
	out_bool(o, "offload", portal->offload, ", cxgbit", NULL, NULL);
	out_end(o);
}

static void print_lun(struct tool *t, const struct lun *lun)
{
	struct out *o = &t->out;

	out_line(o, 2);
	out_object(o, NULL);
	out_int(o, "index", "lun_%: ", lun->index);
	if (!lun->backstore)
		out_text(o, "no backstore");
	out_str(o, "backstore", "%", lun->backstore);
	if (lun->size == UNKNOWN)
		out_null(o, "size");
	else
		out_size(o, "size", ", %", lun->size);
	out_str(o, "path", ", %", lun->path);
	out_end(o);
}

static void print_mapped(struct tool *t, const struct mapped_lun *mapped)
{
	struct out *o = &t->out;

	out_line(o, 3);
	out_object(o, NULL);
	out_int(o, "index", "lun_% -> ", mapped->index);
	if (mapped->tpg_lun == UNKNOWN) {
		out_null(o, "tpg_lun");
		out_text(o, "nothing");
	} else {
		out_int(o, "tpg_lun", "lun_%", mapped->tpg_lun);
	}
	out_bool(o, "write_protect", mapped->write_protect, ", read-only", ", read-write", NULL);
	out_end(o);
}

static void print_acl(struct tool *t, const struct acl *acl)
{
	const bool inherits = acl->authentication == AUTH_INHERIT;
	struct out *o = &t->out;
	size_t i;

	out_line(o, 2);
	out_object(o, NULL);
	out_str(o, "node_wwn", "acl %", acl->name);
	out_str(o, "tag", " (%)", acl->tag);
	if (inherits)
		out_str(o, "authentication", ": authentication as in portal group", "inherit");
	else
		out_bool(o, "authentication", acl->authentication, ": authentication on",
			 ": authentication off", ": authentication unknown");
	cred_print(t, &acl->cred);
	out_bool(o, "logged_in", acl->logged_in, ", logged in", ", not logged in", NULL);
	out_array(o, "mapped_luns");
	for (i = 0; i < acl->mapped_count; i++)
		print_mapped(t, &acl->mapped[i]);
	out_end(o);
	out_end(o);
}

static void print_tpg(struct tool *t, const struct tpg *tpg)
{
	struct out *o = &t->out;
	size_t i;

	out_line(o, 1);
	out_object(o, NULL);
	out_str(o, NULL, "%: ", tpg->name);
	out_int(o, "tag", NULL, tpg->tag);
	out_bool(o, "enable", tpg->enable, "enabled", "disabled", "enabled unknown");
	out_bool(o, "authentication", tpg->authentication, ", authentication on",
		 ", authentication off", ", authentication unknown");
	out_str(o, "auth_method", " (%)", tpg->auth_method);
	cred_print(t, &tpg->cred);
	out_bool(o, "generate_node_acls", tpg->generate_node_acls,
		 ", initiators need no ACL", ", initiators need an ACL", NULL);
	out_bool(o, "demo_mode_write_protect", tpg->demo_mode_write_protect, NULL, NULL, NULL);
	out_array(o, "portals");
	for (i = 0; i < tpg->portal_count; i++)
		print_portal(t, &tpg->portals[i]);
	out_end(o);
	out_array(o, "luns");
	for (i = 0; i < tpg->lun_count; i++)
		print_lun(t, &tpg->luns[i]);
	out_end(o);
	out_array(o, "node_acls");
	for (i = 0; i < tpg->acl_count; i++)
		print_acl(t, &tpg->acls[i]);
	out_end(o);
	out_end(o);
}

static void print_target(struct tool *t, const struct target *target)
{
	struct out *o = &t->out;
	size_t i;

	out_line(o, 0);
	out_object(o, NULL);
	out_str(o, "wwn", "target %", target->wwn);
	if (target->sessions == UNKNOWN)
		out_null(o, "sessions");
	else
		out_int(o, "sessions", ", sessions %", target->sessions);
	out_array(o, "tpgs");
	for (i = 0; i < target->tpg_count; i++)
		print_tpg(t, &target->tpgs[i]);
	out_end(o);
	out_end(o);
}

static void print_discovery(struct tool *t, const struct config *config)
{
	struct out *o = &t->out;

	if (!config->present) {
		out_null(o, "discovery_auth");
		return;
	}
	out_line(o, 0);
	out_object(o, "discovery_auth");
	out_bool(o, "enforce", config->enforce_discovery_auth, "discovery: authentication on",
		 "discovery: authentication off", "discovery: authentication unknown");
	cred_print(t, &config->discovery);
	out_end(o);
}

/* What a restore had to leave out; of this machine, not of a copied tree. */
static void print_pending(struct tool *t)
{
	json_t *pending;

	if (!t->live) {
		out_null(&t->out, "pending");
		return;
	}
	pending = pending_load();
	pending_print(t, pending);
	json_decref(pending);
}

enum tool_status verb_status(struct tool *t, int argc, char **argv)
{
	enum tool_status status = TOOL_OK;
	struct out *o = &t->out;
	struct modules modules;
	struct config config;
	size_t i;

	(void)argc;
	(void)argv;
	modules_load(t, &modules);
	config_load(t, modules.fabric, CONFIG_SETTINGS, &config);

	modules_print(t, &modules);
	out_str(o, "fabric", NULL, config.fabric);
	print_discovery(t, &config);
	out_array(o, "targets");
	for (i = 0; i < config.target_count; i++)
		print_target(t, &config.targets[i]);
	out_end(o);
	stuck_print(t, &config);
	print_pending(t);
	advice_print(t, &config, &modules);
	if (!config.target_count) {
		status = TOOL_NOTHING;
		modules_advise(t, &modules, config.present);
	}

	config_free(&config);
	modules_free(&modules);
	return status;
}
