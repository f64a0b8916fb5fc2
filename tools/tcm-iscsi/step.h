/* SPDX-License-Identifier: GPL-2.0 */
/* What is done to configfs, one system call after the other. */
#ifndef STEP_H
#define STEP_H

#include "tool.h"

enum step_kind {
	STEP_MKDIR,
	STEP_RMDIR,
	STEP_LINK,
	STEP_UNLINK,
	STEP_WRITE,		/* always */
	STEP_SET,		/* only if it reads as something else, and read again */
};

enum step_flag {
	STEP_SECRET	= 1 << 0,	/* the value is not shown */
	STEP_TRY	= 1 << 1,	/* it may fail: it was only meant well */
	STEP_OPTIONAL	= 1 << 2,	/* a kernel may not have that file */
	STEP_BEGIN	= 1 << 3,	/* the first of an object that is independent of others */
};

/**
 * struct step - one of them
 * @kind: which
 * @flags: STEP_SECRET and the like
 * @path: relative to target/
 * @value: what is written; of a link, where it leads, relative to target/
 */
struct step {
	enum step_kind kind;
	unsigned int flags;
	char *path;
	char *value;
};

struct steps {
	struct step *step;
	size_t count;
};

/* Take over @path and @value. */
void step_add(struct steps *steps, enum step_kind kind, unsigned int flags, char *path,
	      char *value);
void steps_free(struct steps *steps);
/* "mkdir PATH", "set PATH to VALUE", a new text; secrets are not in it. */
char *step_text(const struct step *step);

/**
 * struct stepping - doing steps
 * @t: the run; what fails becomes problems of it
 * @target: descriptor of target/
 * @force: go on after a setting that the kernel refuses
 * @later: whether a setting was taken as it is will be looked at in the end
 * @done: steps that changed something
 * @refused: settings that it refused, or took and shows as something else
 * @absent: settings that it does not have
 */
struct stepping {
	struct tool *t;
	int target;
	bool force;
	bool later;
	size_t done;
	size_t refused;
	size_t absent;
};

/* SIGINT and SIGTERM stop after the step that is under way. */
void steps_catch_signals(void);
/* One of them. Return: 0, or a negative errno of which nothing was said. */
int step_do(struct stepping *s, const struct step *step, bool *changed);
/* What it is to the run that a step ended with @error, or 0. False if it was one too many. */
bool step_done(struct stepping *s, const struct step *step, int error, bool changed);
/* Is nothing more to be begun? */
bool steps_interrupted(const struct stepping *s);
/* False if a step failed; those after it were not done. */
bool steps_do(struct stepping *s, const struct steps *steps);
/*
 * The same, but objects beside each other, by so many processes: after a failure some of
 * them may be done.
 */
bool steps_do_beside(struct stepping *s, const struct steps *steps, size_t workers);

#endif /* STEP_H */
