// SPDX-License-Identifier: GPL-2.0
/*
 * The plan: what differs, and what to do about it.
 *
 * It is made of the two documents alone, before anything is done, and the same code
 * serves to show a difference, to end it, and to go back after a failure: then what
 * there was before is what is wanted.
 */
#include <stdlib.h>
#include <string.h>

#include "judge.h"
#include "member.h"
#include "plan.h"
#include "text.h"

void plan_change(struct plan *plan, char sign, char *object, char *text)
{
	struct change *change;

	plan->changes = grow(plan->changes, plan->change_count, sizeof(*plan->changes));
	change = &plan->changes[plan->change_count++];
	change->sign = sign;
	change->object = object;
	change->text = text;
}

static char *value_text(const json_t *value)
{
	const char *text = json_string_value(value);

	return text ? copy(text) : join("%lld", (long long)json_integer_value(value));
}

void plan_set(struct plan *plan, enum phase phase, const char *dir, const char *name,
	      const json_t *value)
{
	step_add(&plan->phase[phase], STEP_SET, STEP_OPTIONAL, join("%s/%s", dir, name),
		 value_text(value));
}

bool plan_same_value(const json_t *one, const json_t *two)
{
	char *a = value_text(one), *b = value_text(two);
	const bool same = !strcmp(a, b);

	free(a);
	free(b);
	return same;
}

void plan_settings(struct plan *plan, enum phase phase, const char *object, const char *dir,
		   const json_t *wanted, const json_t *have)
{
	const char *name;
	json_t *value, *now;
	char *from, *to;

	json_object_foreach((json_t *)wanted, name, value) {
		now = json_object_get(have, name);
		/* What the kernel does not have, it cannot be made to. */
		if (have && (!now || plan_same_value(value, now)))
			continue;
		plan_set(plan, phase, dir, name, value);
		if (!object)
			continue;
		from = now ? value_text(now) : copy("?");
		to = value_text(value);
		plan_change(plan, '~', copy(object), join("%s: %s -> %s", name, from, to));
		free(from);
		free(to);
	}
}

char *plan_store_dir(const struct plan *plan, const char *key)
{
	const char *dir = member_str(plan->dirs, key);

	if (!dir)
		dir = member_str(plan->live->dirs, key);
	return dir ? join("core/%s", dir) : NULL;
}

void plan_credentials(struct plan *plan, enum phase phase, const char *dir, const char *prefix,
		      const char *object, const json_t *wanted, const json_t *have)
{
	static const char *const name[][2] = {
		{ "userid", "userid" }, { "password", "password" },
		{ "mutual_userid", "userid_mutual" }, { "mutual_password", "password_mutual" },
	};
	char *value, *now;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(name); i++) {
		value = judge_credential(wanted, prefix, name[i][0]);
		now = judge_credential(have, prefix, name[i][0]);
		if (strcmp(value ? value : "", now ? now : "")) {
			step_add(&plan->phase[phase], STEP_SET, STEP_SECRET,
				 join("%s/%s", dir, name[i][1]), copy(value ? value : "NULL"));
			if (object)
				plan_change(plan, !now ? '+' : value ? '~' : '-',
					    join("%s%s%s", object, prefix, name[i][0]), copy(""));
		}
		free(value);
		free(now);
	}
}

/* Numbers of HBAs that are there, also of those that are going. */
static void note_hbas(struct plan *plan)
{
	const char *key, *rest;
	json_t *value;
	size_t i;

	json_object_foreach(plan->live->dirs, key, value) {
		char *hba = copy(json_string_value(value)), *slash = strchr(hba, '/');

		if (slash)
			*slash = '\0';
		slash = strrchr(hba, '_');
		if (slash)
			member_set(plan->hbas, slash + 1, json_true());
		free(hba);
	}
	json_array_foreach(plan->live->unfinished, i, value) {
		char *path = copy(json_string_value(value)), *end;

		if (text_prefix(path, "core/", &rest)) {
			end = strchr(rest, '/');
			if (end)
				*end = '\0';
			end = strrchr(rest, '_');
			if (end)
				member_set(plan->hbas, end + 1, json_true());
		}
		free(path);
	}
}

static void plan_unfinished(struct plan *plan)
{
	char *mine = plan->only ? join("%s/%s/", plan->fabric, plan->only) : copy("");
	const char *path, *rest;
	json_t *value;
	size_t i;

	json_array_foreach(plan->live->unfinished, i, value) {
		path = json_string_value(value);
		if (plan->only_pending || !text_prefix(path, mine, &rest))
			continue;
		step_add(&plan->phase[PHASE_UNFINISHED], STEP_RMDIR, STEP_TRY, copy(path), NULL);
		plan_change(plan, '-', copy(path), copy("was begun and not finished"));
	}
	free(mine);
}

static const json_t *discovery_of(const json_t *root)
{
	json_t *module;
	size_t i;

	json_array_foreach(member_array(root, "fabric_modules"), i, module)
		if (!strcmp(member_str(module, "name"), JUDGE_FABRIC))
			return module;
	return NULL;
}

static void plan_discovery(struct plan *plan)
{
	const json_t *wanted = discovery_of(plan->wanted);
	const json_t *have = discovery_of(plan->live->root);
	const bool on = member_bool(wanted, "discovery_enable_auth", false);
	char *dir = join("%s/discovery_auth", plan->fabric);

	plan_credentials(plan, PHASE_DISCOVERY, dir, "discovery_", "", wanted, have);
	if (on != member_bool(have, "discovery_enable_auth", false)) {
		step_add(&plan->phase[PHASE_DISCOVERY], STEP_SET, 0,
			 join("%s/enforce_discovery_auth", dir), copy(on ? "1" : "0"));
		plan_change(plan, '~', copy("discovery_enable_auth"),
			    copy(on ? "false -> true" : "true -> false"));
	}
	free(dir);
}

void plan_make(struct plan *plan)
{
	plan->waiting = json_have(json_object());
	plan->dirs = json_have(json_object());
	plan->remade = json_have(json_object());
	plan->regrouped = json_have(json_object());
	plan->hbas = json_have(json_object());
	if (plan->only)
		plan->used = judge_used(member_array(plan->wanted, "targets"), plan->only);
	note_hbas(plan);
	plan_unfinished(plan);
	plan_stores(plan);
	plan_targets(plan);
	if (!plan->only && !plan->only_pending)
		plan_discovery(plan);
}

void plan_free(struct plan *plan)
{
	struct change *change;
	size_t i;

	for (i = 0; i < PHASES; i++)
		steps_free(&plan->phase[i]);
	while (plan->change_count) {
		change = &plan->changes[--plan->change_count];
		free(change->object);
		free(change->text);
	}
	free(plan->changes);
	json_decref(plan->waiting);
	json_decref(plan->used);
	json_decref(plan->dirs);
	json_decref(plan->remade);
	json_decref(plan->regrouped);
	json_decref(plan->hbas);
}

size_t plan_steps(const struct plan *plan)
{
	size_t count = 0, i;

	for (i = 0; i < PHASES; i++)
		count += plan->phase[i].count;
	return count;
}

void plan_print_changes(struct tool *t, const struct plan *plan)
{
	struct out *o = &t->out;
	const struct change *change;
	char sign[2] = "";
	size_t i;

	out_array(o, "differences");
	for (i = 0; i < plan->change_count; i++) {
		change = &plan->changes[i];
		sign[0] = change->sign;
		out_line(o, 0);
		out_object(o, NULL);
		out_str(o, "change", "% ", sign);
		out_str(o, "object", "%", change->object);
		out_str(o, "text", *change->text ? ": %" : NULL, change->text);
		out_end(o);
	}
	out_end(o);
}

void plan_print_steps(struct tool *t, const struct plan *plan)
{
	struct out *o = &t->out;
	size_t i, k;
	char *text;

	out_array(o, "steps");
	for (i = 0; i < PHASES; i++)
		for (k = 0; k < plan->phase[i].count; k++) {
			text = step_text(&plan->phase[i].step[k]);
			out_line(o, 0);
			out_str(o, "", "%", text);
			free(text);
		}
	out_end(o);
}
