// SPDX-License-Identifier: GPL-2.0
/*
 * Steps of many objects beside each other.
 *
 * For each LUN that comes or goes, and each backstore that goes, the kernel waits for a
 * grace period of RCU, some ten milliseconds, without a lock that another would need. Who
 * waits together waits once. Threads only do system calls; what came of them is looked at
 * afterwards, in the order of the plan.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "step.h"

#define THREADS		64
/* Of one object that is not worth a thread. */
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
 * struct beside - steps being done
 * @s: the run
 * @steps: all of them
 * @results: of each
 * @begins: numbers of the steps with which objects begin, and behind the last one the end
 * @objects: entries of @begins without that
 * @next: object that nobody has taken yet
 * @failed: nobody takes another one
 */
struct beside {
	const struct stepping *s;
	const struct steps *steps;
	struct result *results;
	size_t *begins;
	size_t objects;
	atomic_size_t next;
	atomic_bool failed;
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
		result = &b->results[i];
		result->tried = true;
		result->error = steps_interrupted(&s) ? -EINTR :
							step_do(&s, step, &result->changed);
		if (is_fatal(&s, step, result->error))
			return false;
	}
	return true;
}

static void *work(void *arg)
{
	struct beside *b = arg;
	size_t object;

	while (!atomic_load(&b->failed)) {
		object = atomic_fetch_add(&b->next, 1);
		if (object >= b->objects)
			break;
		if (!do_object(b, object))
			atomic_store(&b->failed, true);
	}
	return NULL;
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

static void run_threads(struct beside *b)
{
	pthread_t thread[THREADS];
	size_t count = 0;

	while (count < THREADS && count + 1 < b->objects &&
	       !pthread_create(&thread[count], NULL, work, b))
		count++;
	work(b);
	while (count)
		pthread_join(thread[--count], NULL);
}

/* The steps before the first object; false if one failed. */
static bool do_prologue(struct stepping *s, const struct steps *steps, size_t count)
{
	const struct steps prologue = { .step = steps->step, .count = count };

	return steps_do(s, &prologue);
}

bool steps_do_beside(struct stepping *s, const struct steps *steps)
{
	struct beside b = { .s = s, .steps = steps };
	bool good = true;
	size_t i;

	find_objects(&b);
	if (b.objects < WORTHWHILE) {
		free(b.begins);
		return steps_do(s, steps);
	}
	good = do_prologue(s, steps, b.begins[0]);
	if (good) {
		b.results = alloc(steps->count * sizeof(*b.results));
		memset(b.results, 0, steps->count * sizeof(*b.results));
		run_threads(&b);
		for (i = b.begins[0]; i < steps->count; i++)
			if (b.results[i].tried && !step_done(s, &steps->step[i],
							     b.results[i].error,
							     b.results[i].changed))
				good = false;
		free(b.results);
	}
	free(b.begins);
	return good;
}
