// SPDX-License-Identifier: GPL-2.0
/*
 * tcm-iscsi switch: the targets as they are, provided by the other module.
 *
 * Backstores belong to target_core and stay, with the contents of RAM disks: only what is
 * below the fabric's directory goes and comes again. What it was is on the disk before
 * anything is touched, for whoever comes after a program that was killed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apply.h"
#include "child.h"
#include "lock.h"
#include "member.h"
#include "module.h"
#include "pending.h"
#include "replace.h"
#include "reservation.h"
#include "seconds.h"

#define SWITCH_FILE	PENDING_DIR "/switch.json"
#define UNLOAD_SECONDS	10
#define WHY_BYTES	1024

/**
 * struct switching - one switch
 * @t: the run
 * @from: module that there is
 * @to: module that is wanted
 * @fabric: directory below target/ that the module of the moment provides
 * @target: descriptor of target/
 * @seconds: limit for stopping
 * @stuck: it was not enough; what was begun may still come to its end
 * @before: what there was
 * @began: when portal groups were disabled
 * @ended: when they were enabled again
 */
struct switching {
	struct tool *t;
	const char *from;
	const char *to;
	char *fabric;
	int target;
	long long seconds;
	bool stuck;
	struct snapshot before;
	struct timespec began;
	struct timespec ended;
};

/* -- modules -- */

/* Would modprobe load the other one in its place? What it says of it, or NULL. */
static char *would_load_other(const char *module, const char *other)
{
	char *command = join("modprobe --show-depends %s 2>&1", module), *found = NULL;
	char *file = join("/%s.ko", other), *line = NULL;
	FILE *output = popen(command, "re");
	size_t size = 0;

	while (output && getline(&line, &size, output) > 0)
		if (!found && strstr(line, file))
			found = join("modprobe gives %s in its place, see /etc/modprobe.d", other);
	if (output && pclose(output) && !found)
		found = join("modprobe: %.*s", (int)strcspn(line ? line : "", "\n"),
			     line ? line : "");
	free(line);
	free(file);
	free(command);
	return found;
}

static bool insert_module(struct switching *s, const char *module)
{
	char *dir = join("%s/module/%s", s->t->sysfs, module);
	struct modules modules;
	int status = -1;
	bool there;
	pid_t child = fork();

	if (!child) {
		execlp("modprobe", "modprobe", module, (char *)NULL);
		_exit(127);
	}
	if (child > 0)
		waitpid(child, &status, 0);
	there = !access(dir, F_OK);
	if (!there)
		problem_add(s->t, module, status ? "modprobe could not load it; see dmesg" :
						   "modprobe loaded something else");
	free(dir);
	modules_load(s->t, &modules);
	free(s->fabric);
	s->fabric = copy(modules.fabric);
	modules_free(&modules);
	return there;
}

/* Its last connections may be on their way out. */
static bool remove_module(struct switching *s, const char *module)
{
	const struct timespec start = seconds_now();
	int error;

	if (unlinkat(s->target, s->fabric, AT_REMOVEDIR) && errno != ENOENT) {
		problem_add(s->t, s->fabric, strerror(errno));
		return false;
	}
	do {
		error = syscall(SYS_delete_module, module, O_NONBLOCK) ? errno : 0;
		if (!error || error == ENOENT)
			return true;
		seconds_nap();
	} while (seconds_since(&start) < UNLOAD_SECONDS);
	problem_add(s->t, module, error == EAGAIN || error == EBUSY ? "is in use" :
								      strerror(error));
	return false;
}

/* -- stopping -- */

/* In a child: who waits for commands that never come back cannot be killed. */
static void stop_child(struct switching *s, const struct plan *plan, char *why)
{
	struct stepping stepping = { .t = s->t, .target = child_become(s->target) };
	const struct problem *problem;

	if (apply_plan(&stepping, plan))
		_exit(0);
	problem = &s->t->problems[s->t->problem_count - 1];
	snprintf(why, WHY_BYTES, "%s: %s", problem->object, problem->text);
	_exit(1);
}

static bool wait_child(struct switching *s, pid_t child, char *why)
{
	struct timespec end = seconds_now();
	int status = -1;

	end.tv_sec += s->seconds;
	if (child_wait(child, &end, &status))
		return !status;
	s->stuck = true;
	snprintf(why, WHY_BYTES, "stuck for %lld s: a backstore does not answer", s->seconds);
	return false;
}

/* The targets go, nothing else. */
static bool stop(struct switching *s)
{
	json_t *wanted = json_have(json_copy(s->before.root));
	char *why = mmap(NULL, WHY_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			 -1, 0);
	struct snapshot now;
	struct plan plan = {
		.t = s->t, .wanted = wanted, .live = &now, .fabric = s->fabric, .exact = true,
	};
	bool good = false;
	pid_t child;

	member_set(wanted, "targets", json_array());
	member_set(wanted, "fabric_modules", json_array());
	snapshot_load(s->t, s->fabric, NULL, &now);
	plan_make(&plan);
	child = why == MAP_FAILED ? -1 : fork();
	if (!child)
		stop_child(s, &plan, why);
	if (child > 0) {
		good = wait_child(s, child, why);
		if (!good)
			problem_add(s->t, "stopping", why);
	}
	plan_free(&plan);
	snapshot_free(&now);
	json_decref(wanted);
	if (why != MAP_FAILED)
		munmap(why, WHY_BYTES);
	return good;
}

/* -- starting -- */

/* Those that have gone with the ACLs, of disks that write them down. */
static void plan_reservations(struct plan *plan)
{
	json_t *store;
	const char *wwn;
	char *key, *dir;
	size_t i;

	json_array_foreach(member_array(plan->live->root, "storage_objects"), i, store) {
		wwn = member_str(store, "wwn");
		key = store_key(store);
		dir = plan_store_dir(plan, key);
		if (dir && wwn && *wwn)
			reservation_restore(plan, PHASE_STORES, dir, wwn);
		free(dir);
		free(key);
	}
}

/* @force: go on after a setting that is refused; there is nothing better to go back to. */
static bool start(struct switching *s, bool force)
{
	struct stepping stepping = {
		.t = s->t, .target = s->target, .force = force, .later = true,
	};
	const struct plan goal = {
		.t = s->t, .wanted = s->before.root, .fabric = s->fabric, .exact = true,
		.no_wait = s->stuck,
	};
	const bool good = apply_towards(&stepping, &goal, plan_reservations);

	s->ended = seconds_now();
	return good && !apply_left(&goal);
}

/* -- the whole -- */

/*
 * What does not end cannot be taken back, and nobody may be told that it was: the portal
 * group says 1 for as long as that lasts, and serves nobody. All that does answer comes back.
 */
static enum tool_status leave_stuck(struct switching *s)
{
	struct out *o = &s->t->out;
	struct timespec end = seconds_now();

	end.tv_sec += s->seconds;
	if (snapshot_ends(s->t, s->fabric, NULL, s->target, &end))
		start(s, true);
	else
		problem_add(s->t, "target", "cannot be read, somebody is stuck in it");
	out_text(o, ": failed, and not taken back as a whole; what there was is in "
		 SWITCH_FILE ", for 'restore' when the disk answers again");
	return TOOL_HALF_DONE;
}

static enum tool_status go_back(struct switching *s, const char *loaded)
{
	struct out *o = &s->t->out;
	bool good = true;

	if (loaded && strcmp(loaded, s->from))
		good = stop(s) && remove_module(s, loaded);
	if (good && (!loaded || strcmp(loaded, s->from)))
		good = insert_module(s, s->from);
	if (s->stuck)
		return leave_stuck(s);
	if (good && start(s, true)) {
		out_str(o, NULL, ": failed, and % serves again", s->from);
		return TOOL_ROLLED_BACK;
	}
	out_str(o, NULL, ": failed, and so did going back to %; what there was is in "
		SWITCH_FILE ", for 'restore'", s->from);
	return TOOL_HALF_DONE;
}

static enum tool_status change(struct switching *s)
{
	struct out *o = &s->t->out;
	const char *loaded = s->from;
	char *text;

	s->began = seconds_now();
	if (!stop(s) || !remove_module(s, s->from))
		return go_back(s, loaded);
	loaded = insert_module(s, s->to) ? s->to : NULL;
	if (!loaded || !start(s, false))
		return go_back(s, loaded);
	text = join("%.3f", seconds_between(&s->began, &s->ended));
	out_str(o, "pause_seconds", ": done, % seconds without a target", text);
	free(text);
	return TOOL_OK;
}

/* Nobody needs it any more, once all of that is in the kernel again. */
static bool keep(struct switching *s)
{
	char *text = json_dumps(s->before.root, JSON_INDENT(2) | JSON_SORT_KEYS), *why;
	bool good;

	json_have(text ? s->before.root : NULL);
	mkdir(PENDING_DIR, 0755);
	why = replace_file(SWITCH_FILE, text, strlen(text), 1);
	explicit_bzero(text, strlen(text));
	free(text);
	good = !why;
	if (why)
		problem_add(s->t, SWITCH_FILE, why);
	free(why);
	return good;
}

static bool is_possible(struct switching *s)
{
	char *why = would_load_other(s->to, s->from);
	const bool possible = !why;

	if (why)
		problem_add(s->t, s->to, why);
	free(why);
	snapshot_load(s->t, s->fabric, NULL, &s->before);
	if (!s->before.failed)
		return possible && keep(s);
	problem_add(s->t, "target", "could not be read as a whole; nothing was done");
	return false;
}

static enum tool_status switch_modules(struct switching *s)
{
	struct out *o = &s->t->out;
	enum tool_status status = TOOL_REFUSED;

	out_line(o, 0);
	out_str(o, "from", "% -> ", s->from);
	out_str(o, "to", "%", s->to);
	s->target = lock_take(s->t);
	if (s->target < 0) {
		out_text(o, ": refused, nothing was changed");
		return status;
	}
	if (is_possible(s)) {
		steps_catch_signals();
		status = change(s);
		if (status != TOOL_HALF_DONE)
			unlink(SWITCH_FILE);
	} else {
		out_text(o, ": refused, nothing was changed");
	}
	snapshot_free(&s->before);
	close(s->target);
	return status;
}

static bool parse(struct tool *t, struct switching *s, const struct modules *modules)
{
	if (!seconds_option(t, &s->seconds))
		return false;
	if (t->to && !strcmp(t->to, modules->ours.name)) {
		s->to = modules->ours.name;
		s->from = modules->in_tree.name;
	} else if (t->to && !strcmp(t->to, modules->in_tree.name)) {
		s->to = modules->in_tree.name;
		s->from = modules->ours.name;
	} else {
		complain("--to needs tcm_iscsi or iscsi_target_mod, not '%'", t->to ? t->to : "");
		return false;
	}
	if (t->live)
		return true;
	complain("'%' is for this machine's own modules", "switch");
	return false;
}

enum tool_status verb_switch(struct tool *t, int argc, char **argv)
{
	struct switching s = { .t = t };
	enum tool_status status = TOOL_USAGE;
	struct modules modules;

	(void)argc;
	(void)argv;
	modules_load(t, &modules);
	if (parse(t, &s, &modules)) {
		t->acting = true;
		s.fabric = copy(modules.fabric);
		if (modules.provider && !strcmp(modules.provider->name, s.to)) {
			out_line(&t->out, 0);
			out_str(&t->out, "to", "% is there already", s.to);
			status = TOOL_OK;
		} else if (!modules.provider || modules.ours.loaded == modules.in_tree.loaded) {
			problem_add(t, s.from, "has to be the only one that is loaded");
			status = TOOL_REFUSED;
		} else {
			status = switch_modules(&s);
		}
		free(s.fabric);
	}
	modules_free(&modules);
	return status;
}
