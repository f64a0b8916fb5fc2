// SPDX-License-Identifier: GPL-2.0
/*
 * tcm-iscsi sessions: who is logged in. The module is asked if it can be (live.c);
 * else configfs is.
 *
 * That tells everything about the newest session of each ACL, and the names only
 * of initiators without ACL. The kernel's own count says how many are missing;
 * it is read first, so sessions that come and go meanwhile can make it wrong by
 * their number.
 */
#include <stdlib.h>

#include "config.h"
#include "live.h"
#include "module.h"

static void print_known(struct out *o, const char *key, const char *template, long long value)
{
	if (value == UNKNOWN)
		out_null(o, key);
	else
		out_int(o, key, template, value);
}

static void print_conn(struct out *o, const struct info_conn *conn)
{
	out_line(o, 1);
	out_object(o, NULL);
	out_int(o, "cid", "connection %: ", conn->cid);
	out_str(o, "address", "%", conn->address);
	out_str(o, "transport", " %", conn->transport);
	out_str(o, "state", ", %", conn->state);
	print_known(o, "statsn", NULL, conn->statsn);
	out_end(o);
}

static void print_params(struct out *o, const struct acl *acl)
{
	char *template;
	size_t i;

	out_line(o, 1);
	out_object(o, "parameters");
	out_text(o, "negotiated:");
	for (i = 0; i < PARAM_COUNT; i++) {
		const struct param_name *param = &param_names[i];

		template = join(" %s=%%", param->name);
		if (acl->param[i] == UNKNOWN)
			out_null(o, param->name);
		else if (!param->is_bool)
			out_int(o, param->name, template, acl->param[i]);
		else if (o->json)
			out_bool(o, param->name, !!acl->param[i], NULL, NULL, NULL);
		else
			out_str(o, NULL, template, acl->param[i] ? "Yes" : "No");
		free(template);
	}
	out_end(o);
}

/* The same head for both kinds of session; leaves the object open. */
static void print_head(struct out *o, const struct target *target, const struct tpg *tpg,
		       const char *initiator, bool has_acl)
{
	out_line(o, 0);
	out_object(o, NULL);
	out_str(o, "initiator", "%", initiator);
	out_str(o, "wwn", " -> %", target->wwn);
	out_int(o, "tpgt", " tpgt_%", tpg->tag);
	out_bool(o, "acl", has_acl, NULL, ", without ACL: configfs tells no more", NULL);
}

static void print_session(struct out *o, const struct target *target, const struct tpg *tpg,
			  const struct acl *acl)
{
	const struct info *info = &acl->info;
	size_t i;

	print_head(o, target, tpg, info->initiator, true);
	out_line(o, 1);
	out_str(o, "state", "%", info->state);
	out_str(o, "type", ", %", info->type);
	out_int(o, "sid", ", session %", info->sid);
	out_str(o, "isid", ", ISID %", info->isid);
	out_int(o, "tsih", ", TSIH %", info->tsih);
	out_str(o, "alias", *info->alias ? ", alias \"%\"" : NULL, info->alias);
	print_known(o, "window", ", window %", info->window);
	print_known(o, "exp_cmdsn", NULL, info->exp_cmdsn);
	print_known(o, "max_cmdsn", NULL, info->max_cmdsn);
	out_array(o, "connections");
	for (i = 0; i < info->conn_count; i++)
		print_conn(o, &info->conns[i]);
	out_end(o);
	print_params(o, acl);
	out_end(o);
}

/* Return: how many were printed. */
static long long print_target(struct out *o, const struct target *target)
{
	long long printed = 0;
	const struct tpg *tpg;
	size_t i, k;

	for (i = 0; i < target->tpg_count; i++) {
		tpg = &target->tpgs[i];
		for (k = 0; k < tpg->acl_count; k++) {
			if (tpg->acls[k].logged_in <= 0)
				continue;
			print_session(o, target, tpg, &tpg->acls[k]);
			printed++;
		}
		for (k = 0; k < tpg->dynamic_count; k++) {
			print_head(o, target, tpg, tpg->dynamic[k], false);
			out_end(o);
			printed++;
		}
	}
	return printed;
}

static void print_rest(struct out *o, const struct target *target, long long printed)
{
	if (target->sessions <= printed)
		return;
	out_line(o, 0);
	out_object(o, NULL);
	out_str(o, "wwn", "%", target->wwn);
	out_int(o, "count", " has % more: configfs shows the newest session of an ACL only",
		target->sessions - printed);
	out_end(o);
}

/* As configfs has them. Return: how many, which may be less than there are. */
static size_t print_from_configfs(struct out *o, const struct config *config)
{
	long long *printed = alloc((config->target_count + 1) * sizeof(*printed));
	size_t i, total = 0;

	out_array(o, "sessions");
	for (i = 0; i < config->target_count; i++) {
		printed[i] = print_target(o, &config->targets[i]);
		total += printed[i];
	}
	out_end(o);
	out_array(o, "not_shown");
	for (i = 0; i < config->target_count; i++)
		print_rest(o, &config->targets[i], printed[i]);
	out_end(o);
	free(printed);
	return total;
}

/* The module knows all of them. */
static bool print_live(struct tool *t, size_t *total)
{
	struct out *o = &t->out;

	out_array(o, "sessions");
	if (!live_sessions(t, total)) {
		out_forget(o, "sessions");
		return false;
	}
	out_end(o);
	out_array(o, "not_shown");
	out_end(o);
	return true;
}

enum tool_status verb_sessions(struct tool *t, int argc, char **argv)
{
	struct modules modules;
	struct config config;
	size_t total, targets;
	bool live;

	(void)argc;
	(void)argv;
	modules_load(t, &modules);
	live = print_live(t, &total);
	config_load(t, modules.fabric, live ? 0 : CONFIG_SESSIONS, &config);
	if (!live)
		total = print_from_configfs(&t->out, &config);
	targets = config.target_count;
	if (!targets) {
		modules_advise(t, &modules, config.present);
	} else if (!total) {
		out_line(&t->out, 0);
		out_text(&t->out, "no sessions");
	}
	config_free(&config);
	modules_free(&modules);
	return targets ? TOOL_OK : TOOL_NOTHING;
}
