// SPDX-License-Identifier: GPL-2.0
/*
 * tcm-iscsi clear: take the configuration away, in bounded time.
 *
 * Disabling a portal group waits for its commands, and those of a backstore that does
 * not answer may never come back: whoever waits for them cannot even be killed. So the
 * threads of a child do it, each an object, and what is stuck is left behind with the
 * child. And they wait together where the kernel makes each wait (see beside.c).
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "lock.h"
#include "member.h"
#include "module.h"
#include "pending.h"
#include "plan.h"
#include "seconds.h"
#include "text.h"

/* Of the time there is: so long may one step take, then two more have a chance. */
#define STUCK_PART	3
#define THREADS		64
#define STAGES		3

/**
 * struct task - steps of one object
 * @name: the object
 * @steps: in their order
 * @after: task of the same object without which this makes no sense; its own number if
 *	there is none
 */
struct task {
	char *name;
	struct steps steps;
	size_t after;
};

/**
 * struct progress - what the child says, in memory that both see
 * @beats: goes up with each step, of whatever task
 * @finished: there is nothing more to do, or everybody is stuck
 * @outcome: of each task: the error at which it ended, or one of TASK_, and at which step
 *	it is
 */
struct progress {
	atomic_size_t beats;
	atomic_bool finished;
	struct {
		atomic_int error;
		atomic_size_t step;
	} outcome[];
};

#define TASK_OPEN	0
#define TASK_DONE	1
#define TASK_DROPPED	2	/* the one that it is after failed */
#define TASK_RUNS	3

/**
 * struct stage - tasks that may be done beside each other
 * @c: the clear
 * @next: task that nobody has taken
 * @end: number of the task behind the last one
 */
struct stage {
	struct clearing *c;
	atomic_size_t next;
	size_t end;
};

/**
 * struct clearing - one clear
 * @t: the run
 * @lock: descriptor of target/
 * @tasks: what there is to do
 * @count: entries of @tasks
 * @stage: one begins when nothing of that before gets on any more
 * @progress: seen by the parent
 * @patience: seconds without a step in which everybody is taken to be stuck
 * @end: when time is up
 */
struct clearing {
	struct tool *t;
	int lock;
	struct task *tasks;
	size_t count;
	struct stage stage[STAGES];
	struct progress *progress;
	double patience;
	struct timespec end;
};

/* -- what there is to do -- */

static struct task *new_task(struct clearing *c, char *name)
{
	struct task *task;

	c->tasks = grow(c->tasks, c->count, sizeof(*c->tasks));
	task = &c->tasks[c->count++];
	memset(task, 0, sizeof(*task));
	task->name = name;
	task->after = c->count - 1;
	return task;
}

/* "core/fileio_0" of what is below it; 0 for everything else. */
static size_t hba_len(const char *path)
{
	const char *rest;

	return text_prefix(path, "core/", &rest) ? rest - path + strcspn(rest, "/") : 0;
}

/* The last task, or a new one if @step is about another backstore than that. */
static struct task *task_of(struct clearing *c, const struct step *step)
{
	const size_t len = hba_len(step->path);
	struct task *task = &c->tasks[c->count - 1];
	const struct step *last = task->steps.count ? &task->steps.step[task->steps.count - 1] :
						      NULL;

	if (!len || (last && hba_len(last->path) == len && !strncmp(last->path, step->path, len)))
		return task;
	return new_task(c, join("backstore below %.*s", (int)len, step->path));
}

/* What takes away all of @live, or @only that target. */
static void plan_begin(struct clearing *c, struct plan *plan, const struct snapshot *live,
		       const char *fabric, const char *only)
{
	memset(plan, 0, sizeof(*plan));
	plan->t = c->t;
	plan->wanted = json_have(json_object());
	plan->live = live;
	plan->fabric = fabric;
	plan->only = only;
	plan_make(plan);
}

static void plan_end(struct plan *plan)
{
	json_t *wanted = (json_t *)plan->wanted;

	plan_free(plan);
	json_decref(wanted);
}

/* The steps of @plan from one phase to another, for the last task and what follows it. */
static void add_steps(struct clearing *c, const struct plan *plan, enum phase from,
		      enum phase to)
{
	const struct step *step;
	size_t i, k;

	for (i = from; i <= to; i++)
		for (k = 0; k < plan->phase[i].count; k++) {
			step = &plan->phase[i].step[k];
			step_add(&task_of(c, step)->steps, step->kind, step->flags,
				 copy(step->path), step->value ? copy(step->value) : NULL);
		}
}

/*
 * First all targets stop to serve: while one portal is left, nobody may learn there that a
 * target does not exist. Then each is taken away, then what is left of the fabric, then
 * each backstore.
 */
static void plan_tasks(struct clearing *c, struct snapshot *live, const char *fabric)
{
	json_t *stores = json_incref(json_object_get(live->root, "storage_objects"));
	json_t *targets = member_array(live->root, "targets"), *dirs = live->dirs, *target;
	const size_t count = json_array_size(targets);
	struct plan *plans = alloc((count + 1) * sizeof(*plans)), rest;
	const char *only = c->t->target, *wwn;
	size_t i, used = 0;

	/* Targets do not care what they are made of, and this is done for each. */
	member_set(live->root, "storage_objects", json_array());
	live->dirs = json_have(json_object());
	json_array_foreach(targets, i, target) {
		wwn = member_str(target, "wwn");
		if (only && strcmp(only, wwn))
			continue;
		plan_begin(c, &plans[used], live, fabric, wwn);
		new_task(c, join("target %s", wwn));
		add_steps(c, &plans[used++], PHASE_UNFINISHED, PHASE_CLOSE);
	}
	c->stage[0].end = c->count;
	for (i = 0; i < used; i++) {
		new_task(c, copy(c->tasks[i].name))->after = i;
		add_steps(c, &plans[i], PHASE_CLOSE + 1, PHASES - 1);
		plan_end(&plans[i]);
	}
	c->stage[1].end = c->count;
	free(plans);
	json_decref(live->dirs);
	live->dirs = dirs;
	member_set(live->root, "storage_objects", stores);
	c->stage[2].end = c->count;
	if (only)
		return;
	member_set(live->root, "targets", json_array());
	plan_begin(c, &rest, live, fabric, NULL);
	new_task(c, copy("discovery and what was begun"));
	add_steps(c, &rest, 0, PHASES - 1);
	plan_end(&rest);
	c->stage[2].end = c->count;
}

/* -- doing it -- */

static bool is_dropped(const struct clearing *c, size_t i)
{
	const size_t after = c->tasks[i].after;

	return after != i && atomic_load(&c->progress->outcome[after].error) != TASK_DONE;
}

/* Unless somebody has given it up meanwhile. */
static void settle(struct clearing *c, size_t i, int error)
{
	int runs = TASK_RUNS;

	atomic_compare_exchange_strong(&c->progress->outcome[i].error, &runs, error);
}

/* Return: TASK_DONE, or a negative errno. */
static int do_task(struct clearing *c, size_t i)
{
	struct stepping s = { .t = c->t, .target = c->lock };
	const struct steps *steps = &c->tasks[i].steps;
	bool changed;
	int error;
	size_t k;

	for (k = 0; k < steps->count; k++) {
		atomic_store(&c->progress->outcome[i].step, k);
		error = step_do(&s, &steps->step[k], &changed);
		atomic_fetch_add(&c->progress->beats, 1);
		if (atomic_load(&c->progress->outcome[i].error) != TASK_RUNS)
			return -ETIMEDOUT;
		/* What is gone is gone, whoever did it. */
		if (error && error != -ENOENT && !(steps->step[k].flags & STEP_TRY))
			return error;
	}
	return TASK_DONE;
}

static void *work(void *arg)
{
	struct stage *stage = arg;
	struct clearing *c = stage->c;
	int open, turns;
	size_t i;

	while ((i = atomic_fetch_add(&stage->next, 1)) < stage->end) {
		open = TASK_OPEN;
		turns = is_dropped(c, i) ? TASK_DROPPED : TASK_RUNS;
		if (atomic_compare_exchange_strong(&c->progress->outcome[i].error, &open, turns) &&
		    turns == TASK_RUNS)
			settle(c, i, do_task(c, i));
	}
	return NULL;
}

static bool is_settled(const struct clearing *c, size_t from, size_t end)
{
	size_t i;
	int error;

	for (i = from; i < end; i++) {
		error = atomic_load(&c->progress->outcome[i].error);
		if (error == TASK_OPEN || error == TASK_RUNS)
			return false;
	}
	return true;
}

/* Until all are done or nothing gets on any more; then who still runs is stuck. */
static void wait_stage(struct clearing *c, size_t from, size_t end)
{
	size_t beats = atomic_load(&c->progress->beats), i;
	struct timespec since = seconds_now();

	while (!is_settled(c, from, end)) {
		seconds_nap();
		if (atomic_load(&c->progress->beats) != beats) {
			beats = atomic_load(&c->progress->beats);
			since = seconds_now();
		} else if (seconds_since(&since) > c->patience) {
			break;
		}
	}
	for (i = from; i < end; i++)
		settle(c, i, -ETIMEDOUT);
}

static void do_stage(struct clearing *c, struct stage *stage, size_t from)
{
	pthread_t thread;
	size_t i;

	stage->c = c;
	atomic_store(&stage->next, from);
	for (i = from; i < stage->end && i < from + THREADS; i++) {
		if (pthread_create(&thread, NULL, work, stage))
			break;
		pthread_detach(thread);
	}
	if (i == from)
		work(stage);
	wait_stage(c, from, stage->end);
}

/* Until the child has finished or time is up. It is not waited for: it may be stuck. */
static void do_tasks(struct clearing *c)
{
	size_t from = 0, i;
	pid_t child = fork();

	if (!child) {
		c->lock = child_become(c->lock);
		for (i = 0; i < STAGES; from = c->stage[i++].end)
			do_stage(c, &c->stage[i], from);
		atomic_store(&c->progress->finished, true);
		_exit(0);
	}
	do {
		seconds_nap();
	} while (child > 0 && !atomic_load(&c->progress->finished) &&
		 seconds_since(&c->end) < 0 && !waitpid(child, NULL, WNOHANG));
	if (child > 0)
		kill(child, SIGKILL);
	for (i = 0; i < c->count; i++)
		settle(c, i, -ETIMEDOUT);
}

/* -- the answer -- */

static char *why_left(const struct clearing *c, size_t i)
{
	const int error = atomic_load(&c->progress->outcome[i].error);
	const struct steps *steps = &c->tasks[i].steps;
	const size_t at = atomic_load(&c->progress->outcome[i].step);
	char *step, *text;

	if (error == TASK_OPEN)
		return copy("time was up before its turn");
	step = at < steps->count ? step_text(&steps->step[at]) : copy("");
	if (error == -ETIMEDOUT)
		text = join("stuck at: %s", step);
	else
		text = join("%s: %s", step, strerror(-error));
	free(step);
	return text;
}

/* One line for a target, that of the first task that failed. */
static bool is_left(const struct clearing *c, size_t i)
{
	return atomic_load(&c->progress->outcome[i].error) != TASK_DONE && !is_dropped(c, i);
}

static enum tool_status print_left(struct clearing *c)
{
	struct out *o = &c->t->out;
	size_t i, left = 0;
	char *text;

	for (i = 0; i < c->count; i++)
		left += is_left(c, i);
	out_line(o, 0);
	if (!left)
		out_text(o, "cleared");
	else
		out_int(o, NULL, "not cleared: % objects are left", left);
	out_array(o, "left");
	for (i = 0; i < c->count; i++) {
		if (!is_left(c, i))
			continue;
		text = why_left(c, i);
		out_line(o, 0);
		out_object(o, NULL);
		out_str(o, "object", "left: %: ", c->tasks[i].name);
		out_str(o, "text", "%", text);
		out_end(o);
		free(text);
	}
	out_end(o);
	return left ? TOOL_INCOMPLETE : TOOL_OK;
}

/* Who mistyped its name must not read that it is cleared. */
static bool is_there(struct tool *t, const struct snapshot *live)
{
	if (!t->target || has_target(live->root, t->target))
		return true;
	out_line(&t->out, 0);
	out_str(&t->out, NULL, "nothing to clear: there is no target %", t->target);
	out_array(&t->out, "left");
	out_end(&t->out);
	return false;
}

static void forget_pending(struct tool *t)
{
	json_t *nothing = json_have(json_object());

	pending_store(t, nothing);
	json_decref(nothing);
}

static enum tool_status clear(struct clearing *c, const char *fabric)
{
	/* What there is, not how it is set. */
	json_t *nothing = json_have(json_object());
	struct snapshot live;
	enum tool_status status;
	size_t size;

	if (!snapshot_ends(c->t, fabric, nothing, c->lock, &c->end)) {
		json_decref(nothing);
		problem_add(c->t, "target", "cannot be read, somebody is stuck in it; not cleared");
		return TOOL_INCOMPLETE;
	}
	snapshot_load(c->t, fabric, nothing, &live);
	json_decref(nothing);
	if (!is_there(c->t, &live)) {
		snapshot_free(&live);
		return TOOL_OK;
	}
	plan_tasks(c, &live, fabric);
	snapshot_free(&live);
	size = sizeof(*c->progress) + c->count * sizeof(c->progress->outcome[0]);
	c->progress = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (c->progress == MAP_FAILED)
		return TOOL_SYSTEM;
	do_tasks(c);
	/* A disk that comes later is nobody's any more. */
	if (c->t->live && !c->t->target)
		forget_pending(c->t);
	status = print_left(c);
	munmap(c->progress, size);
	return status;
}

/* A service is stopped also where the module is gone. */
static bool is_configured(const struct tool *t)
{
	char *path = join("%s/target", t->configfs);
	const bool there = !access(path, F_OK);

	free(path);
	return there;
}

enum tool_status verb_clear(struct tool *t, int argc, char **argv)
{
	enum tool_status status = TOOL_REFUSED;
	struct clearing c = { .t = t };
	struct modules modules;
	long long seconds;

	(void)argc;
	(void)argv;
	if (!seconds_option(t, &seconds))
		return TOOL_USAGE;
	t->acting = true;
	c.end = seconds_now();
	c.end.tv_sec += seconds;
	c.patience = (double)seconds / STUCK_PART;
	modules_load(t, &modules);
	if (!is_configured(t)) {
		out_line(&t->out, 0);
		out_text(&t->out, "nothing is configured");
		modules_free(&modules);
		return TOOL_OK;
	}
	c.lock = lock_take(t);
	if (c.lock >= 0) {
		status = clear(&c, modules.fabric);
		close(c.lock);
	}
	while (c.count) {
		c.count--;
		free(c.tasks[c.count].name);
		steps_free(&c.tasks[c.count].steps);
	}
	free(c.tasks);
	modules_free(&modules);
	return status;
}
