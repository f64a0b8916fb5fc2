// SPDX-License-Identifier: GPL-2.0
/*
 * Steps of many objects beside each other.
 *
 * For each LUN that comes or goes the kernel waits for a grace period of RCU, some ten
 * milliseconds, without a lock that another would need. Who waits together waits once.
 * Processes do it: of one with many threads a kernel in user mode runs one at a time.
 * They only do system calls; what came of them is looked at afterwards, in the order of the
 * plan.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "step.h"

#define WORKERS_MAX	128
/* Of one object that is not worth a process. */
#define WORTHWHILE	2

/**
 * struct result - of a step
 * @error: as of step_do()
 * @changed: as of step_do()
 * @tried: it was its turn
 */
struct result {
	int error;
	bool changed;
	bool tried;
};

/**
 * struct shared - what all workers see
 * @next: object that nobody has taken yet
 * @failed: nobody takes another one
 * @results: of each step
 */
struct shared {
	atomic_size_t next;
	atomic_bool failed;
	struct result results[];
};

/**
 * struct beside - steps being done
 * @s: the run
 * @steps: all of them
 * @shared: what came of them
 * @begins: numbers of the steps with which objects begin, and behind the last one the end
 * @objects: entries of @begins without that
 */
struct beside {
	const struct stepping *s;
	const struct steps *steps;
	struct shared *shared;
	size_t *begins;
	size_t objects;
};

/* Is it what ends a run? As step_done() has it, without saying anything. */
static bool is_fatal(const struct stepping *s, const struct step *step, int error)
{
	if (!error || step->flags & STEP_TRY)
		return false;
	if (error == -ENOENT && step->flags & STEP_OPTIONAL)
		return false;
	return step->kind != STEP_SET || !s->force || error == -EINTR;
}

static bool do_object(struct beside *b, size_t object)
{
	struct stepping s = *b->s;
	const struct step *step;
	struct result *result;
	size_t i;

	for (i = b->begins[object]; i < b->begins[object + 1]; i++) {
		step = &b->steps->step[i];
		result = &b->shared->results[i];
		/* Of a worker that is killed here nobody knows how far it got. */
		result->error = -ECANCELED;
		result->tried = true;
		result->error = steps_interrupted(&s) ? -EINTR :
							step_do(&s, step, &result->changed);
		if (is_fatal(&s, step, result->error))
			return false;
	}
	return true;
}

static void work(struct beside *b)
{
	size_t object;

	while (!atomic_load(&b->shared->failed)) {
		object = atomic_fetch_add(&b->shared->next, 1);
		if (object >= b->objects)
			break;
		if (!do_object(b, object))
			atomic_store(&b->shared->failed, true);
	}
}

/* What comes before the first object is done before all of them. */
static void find_objects(struct beside *b)
{
	size_t i;

	b->begins = alloc((b->steps->count + 2) * sizeof(*b->begins));
	for (i = 0; i < b->steps->count; i++)
		if (b->steps->step[i].flags & STEP_BEGIN)
			b->begins[b->objects++] = i;
	b->begins[b->objects] = b->steps->count;
}

/* Somebody who is interrupted while he waits lets the others come to an end, too. */
static void wait_worker(struct beside *b, pid_t worker)
{
	int status;

	while (waitpid(worker, &status, 0) < 0 && errno == EINTR)
		if (steps_interrupted(b->s))
			atomic_store(&b->shared->failed, true);
}

static void run_workers(struct beside *b, size_t workers)
{
	const pid_t parent = getpid();
	pid_t worker[WORKERS_MAX];
	size_t count = 0;

	for (; count < WORKERS_MAX && count < workers && count + 1 < b->objects; count++) {
		worker[count] = fork();
		if (!worker[count]) {
			if (child_ends_with(parent))
				work(b);
			_exit(0);
		}
		if (worker[count] < 0)
			break;
	}
	work(b);
	while (count)
		wait_worker(b, worker[--count]);
}

/* The steps before the first object; false if one failed. */
static bool do_prologue(struct stepping *s, const struct steps *steps, size_t count)
{
	const struct steps prologue = { .step = steps->step, .count = count };

	return steps_do(s, &prologue);
}

static bool look_at_results(struct stepping *s, const struct beside *b)
{
	const struct result *result;
	bool good = true;
	size_t i;

	for (i = b->begins[0]; i < b->steps->count; i++) {
		result = &b->shared->results[i];
		if (result->tried &&
		    !step_done(s, &b->steps->step[i], result->error, result->changed))
			good = false;
	}
	return good && !atomic_load(&b->shared->failed);
}

bool steps_do_beside(struct stepping *s, const struct steps *steps, size_t workers)
{
	const size_t size = sizeof(struct shared) + steps->count * sizeof(struct result);
	struct beside b = { .s = s, .steps = steps };
	bool good;

	find_objects(&b);
	b.shared = b.objects < WORTHWHILE ? MAP_FAILED :
		   mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (b.shared == MAP_FAILED) {
		free(b.begins);
		return steps_do(s, steps);
	}
	good = do_prologue(s, steps, b.begins[0]);
	if (good) {
		run_workers(&b, workers);
		good = look_at_results(s, &b);
	}
	munmap(b.shared, size);
	free(b.begins);
	return good;
}
