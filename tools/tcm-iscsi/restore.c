// SPDX-License-Identifier: GPL-2.0
/*
 * tcm-iscsi restore: the kernel's configuration becomes that of a file.
 *
 * All or nothing. First the file and this machine are looked at, then it is planned
 * what to do, then it is done, portal groups last, then it is looked at again. What
 * fails half way is taken back by planning once more, from what there is then to what
 * there was before: so every step has an inverse, whatever the kernel made of it. A
 * program that was killed half way needs nothing but another restore.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "apply.h"
#include "device.h"
#include "judge.h"
#include "lock.h"
#include "member.h"
#include "module.h"
#include "pending.h"
#include "plan.h"

/**
 * struct restoring - one restore
 * @t: the run
 * @fabric: directory of the fabric
 * @wanted: the file's document
 * @pending: backstores of it whose device is missing
 * @before: what there was
 * @target: descriptor of target/
 */
struct restoring {
	struct tool *t;
	const char *fabric;
	const json_t *wanted;
	const json_t *pending;
	struct snapshot before;
	int target;
};

/* Back to what there was. */
static enum tool_status undo(struct restoring *r)
{
	struct stepping s = { .t = r->t, .target = r->target, .force = true, .later = true };
	const struct plan goal = {
		.t = r->t, .wanted = r->before.root, .fabric = r->fabric, .exact = true,
	};

	if (apply_towards(&s, &goal, NULL) && !apply_left(&goal)) {
		out_text(&r->t->out, ": failed, and everything was taken back");
		return TOOL_ROLLED_BACK;
	}
	out_text(&r->t->out, ": failed, and could not be taken back as a whole; see 'diff'");
	return TOOL_HALF_DONE;
}

/* Somebody has mounted it, or made a volume of it: the kernel would refuse it later. */
static bool devices_are_free(struct restoring *r, const struct plan *plan)
{
	json_t *stores = index_by(member_array(r->wanted, "storage_objects"), store_key);
	json_t *store, *value;
	bool all_free = true;
	const char *key, *dev;

	json_object_foreach(plan->dirs, key, value) {
		store = json_object_get(stores, key);
		dev = member_str(store, "dev");
		/* The others take over what a backstore of ours has now. */
		if (plugin_of(store) != PLUGIN_BLOCK || json_object_get(plan->remade, key) ||
		    !device_is_busy(dev))
			continue;
		problem_add(r->t, dev, "is in use: it is mounted, or part of something else");
		all_free = false;
	}
	json_decref(stores);
	return all_free;
}

/* With --target, what is pending of other targets goes on to be. */
static void remember_pending(struct restoring *r, const struct plan *plan)
{
	json_t *stores, *value;
	const char *key;

	if (!r->t->live)
		return;
	stores = plan->only ? pending_load() : json_have(json_object());
	json_object_foreach(plan->dirs, key, value)
		json_object_del(stores, key);
	json_object_foreach(plan->waiting, key, value)
		member_set(stores, key, json_incref(value));
	pending_store(r->t, stores);
	json_decref(stores);
}

static enum tool_status carry_out(struct restoring *r, const struct plan *plan)
{
	struct tool *t = r->t;
	struct out *o = &t->out;
	const bool force = t->options & OPTION_FORCE;
	struct stepping s = {
		.t = t, .target = r->target, .force = force, .later = !plan->only_pending,
	};
	long left;

	if (!devices_are_free(r, plan)) {
		out_text(o, ": refused, nothing was changed");
		return TOOL_REFUSED;
	}
	steps_catch_signals();
	if (!apply_plan(&s, plan))
		return undo(r);
	left = s.done && !plan->only_pending ? apply_left(plan) : 0;
	if (left && !force)
		return undo(r);
	remember_pending(r, plan);
	out_int(o, "steps_done", s.done ? ": restored, % steps" : ": is what the kernel has",
		s.done);
	if (left)
		return TOOL_INCOMPLETE;
	return json_object_size(plan->waiting) ? TOOL_PENDING : TOOL_OK;
}

static bool takes_away(const struct plan *plan)
{
	size_t i, k;

	for (i = 0; i < PHASES; i++)
		for (k = 0; k < plan->phase[i].count; k++)
			if (plan->phase[i].step[k].kind == STEP_RMDIR)
				return true;
	return false;
}

/*
 * What the file does not mention need not be known, unless an object goes: to bring it back
 * after a failure, all of it has to be.
 */
static void look(struct restoring *r, struct plan *plan)
{
	const struct plan fresh = *plan;

	snapshot_load(r->t, r->fabric, r->wanted, &r->before);
	plan_make(plan);
	if (!takes_away(plan))
		return;
	plan_free(plan);
	*plan = fresh;
	snapshot_free(&r->before);
	snapshot_load(r->t, r->fabric, NULL, &r->before);
	plan_make(plan);
}

static enum tool_status plan_and_do(struct restoring *r, const struct file *file)
{
	struct tool *t = r->t;
	json_t *candidates = t->options & OPTION_PENDING ? pending_load() : NULL;
	struct plan plan = {
		.t = t, .wanted = r->wanted, .live = &r->before, .fabric = r->fabric,
		.only = t->target, .pending = r->pending, .only_pending = candidates,
		.dbroot = file_dbroot(file),
	};
	enum tool_status status;

	look(r, &plan);
	if (r->before.failed) {
		problem_add(t, "target", "could not be read as a whole; nothing was done");
		out_text(&t->out, ": refused, nothing was changed");
		status = TOOL_INCOMPLETE;
	} else {
		if (t->options & OPTION_DRY_RUN) {
			out_int(&t->out, NULL, ": % steps would be done", plan_steps(&plan));
			plan_print_steps(t, &plan);
			status = json_object_size(plan.waiting) ? TOOL_PENDING : TOOL_OK;
		} else {
			status = carry_out(r, &plan);
		}
		if (status == TOOL_PENDING)
			pending_print(t, plan.waiting);
	}
	plan_free(&plan);
	snapshot_free(&r->before);
	json_decref(candidates);
	return status;
}

enum tool_status verb_restore(struct tool *t, int argc, char **argv)
{
	enum tool_status status = TOOL_REFUSED;
	struct restoring r = { .t = t };
	struct modules modules;
	struct file file;
	json_t *pending;

	t->acting = true;
	modules_load(t, &modules);
	pending = file_ready(t, &file, argc ? argv[0] : FILE_DEFAULT);
	/* A target that is not in the file would be taken away: that is not what was meant. */
	file_want_target(t, &file);
	out_line(&t->out, 0);
	out_str(&t->out, "file", "%", file.name);
	r.fabric = modules.fabric;
	r.wanted = file.root;
	r.pending = pending;
	r.target = file.errors ? -1 : lock_take(t);
	if (r.target < 0) {
		out_text(&t->out, ": refused, nothing was changed");
	} else {
		status = plan_and_do(&r, &file);
		close(r.target);
	}
	file_print(t, &file);
	json_decref(pending);
	file_free(&file);
	modules_free(&modules);
	return status;
}
