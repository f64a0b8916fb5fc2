// SPDX-License-Identifier: GPL-2.0
/*
 * Doing things to configfs.
 *
 * A setting is read before it is written: most are what they should be, and some that
 * cannot be changed (the block size of a disk, say) can be "set" to what they are. And
 * it is read again afterwards, because the kernel takes some values and does not use
 * them.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "step.h"
#include "text.h"

#define ABSENT_SAID	10

static volatile sig_atomic_t interrupted;

void step_add(struct steps *steps, enum step_kind kind, unsigned int flags, char *path,
	      char *value)
{
	struct step *step;

	steps->step = grow(steps->step, steps->count, sizeof(*steps->step));
	step = &steps->step[steps->count++];
	step->kind = kind;
	step->flags = flags;
	step->path = path;
	step->value = value;
}

void steps_free(struct steps *steps)
{
	struct step *step;

	while (steps->count) {
		step = &steps->step[--steps->count];
		if (step->value && step->flags & STEP_SECRET)
			explicit_bzero(step->value, strlen(step->value));
		free(step->path);
		free(step->value);
	}
	free(steps->step);
	steps->step = NULL;
}

char *step_text(const struct step *step)
{
	const char *value = step->flags & STEP_SECRET ? "(not shown)" : step->value;

	switch (step->kind) {
	case STEP_MKDIR:
		return join("mkdir %s", step->path);
	case STEP_RMDIR:
		return join("rmdir %s", step->path);
	case STEP_LINK:
		return join("link %s to %s", step->path, value);
	case STEP_UNLINK:
		return join("unlink %s", step->path);
	case STEP_WRITE:
		return join("write %s to %s", value, step->path);
	case STEP_SET:
		return join("set %s to %s", step->path, value);
	}
	return copy(step->path);
}

static void interrupt(int number)
{
	(void)number;
	interrupted = 1;
}

void steps_catch_signals(void)
{
	struct sigaction action = { .sa_handler = interrupt };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
}

static int write_value(int fd, const char *value)
{
	const size_t len = strlen(value);
	ssize_t n;

	do
		n = pwrite(fd, value, len, 0);
	while (n < 0 && errno == EINTR && !interrupted);
	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -EIO;
}

static int do_write(struct stepping *s, const struct step *step)
{
	const int fd = openat(s->target, step->path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	int error;

	if (fd < 0)
		return -errno;
	error = write_value(fd, step->value);
	close(fd);
	return error;
}

/* Is @text, with blanks at its ends, @value? Two ways to write one number are the same. */
static bool is_value(char *text, ssize_t len, const char *value)
{
	long long one, two;

	while (len && isspace((unsigned char)text[len - 1]))
		len--;
	text[len] = '\0';
	while (isspace((unsigned char)*text))
		text++;
	if (!strcmp(text, value))
		return true;
	/* What clears a credential or tag reads as nothing, or as it was written. */
	if (!strcmp(value, "NULL") && !*text)
		return true;
	return text_number(text, LLONG_MIN, LLONG_MAX, &one) &&
	       text_number(value, LLONG_MIN, LLONG_MAX, &two) && one == two;
}

/* Return: 1 if it is, 0 if not, or a negative errno. */
static int reads_as(int fd, const char *value)
{
	char text[4097];
	const ssize_t len = pread(fd, text, sizeof(text) - 1, 0);
	int same;

	if (len < 0)
		return -errno;
	same = is_value(text, len, value);
	explicit_bzero(text, len);
	return same;
}

/* configfs reads an attribute once for each opening, hence a second one to read it again. */
static int do_set(struct stepping *s, const struct step *step, bool *changed)
{
	int fd = openat(s->target, step->path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	int error;

	if (fd < 0)
		return -errno;
	error = reads_as(fd, step->value);
	*changed = error != 1;
	if (error == 1) {
		close(fd);
		return 0;
	}
	error = write_value(fd, step->value);
	close(fd);
	if (error || s->later)
		return error;
	fd = openat(s->target, step->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return -errno;
	error = reads_as(fd, step->value);
	close(fd);
	if (error < 0)
		return error;
	return error ? 0 : -EBADE;
}

static int do_link(struct stepping *s, const struct step *step)
{
	char *to = join("%s/target/%s", s->t->configfs, step->value);
	const int error = symlinkat(to, s->target, step->path) ? -errno : 0;

	free(to);
	return error;
}

int step_do(struct stepping *s, const struct step *step, bool *changed)
{
	*changed = true;
	switch (step->kind) {
	case STEP_MKDIR:
		return mkdirat(s->target, step->path, 0755) ? -errno : 0;
	case STEP_RMDIR:
		return unlinkat(s->target, step->path, AT_REMOVEDIR) ? -errno : 0;
	case STEP_UNLINK:
		return unlinkat(s->target, step->path, 0) ? -errno : 0;
	case STEP_LINK:
		return do_link(s, step);
	case STEP_WRITE:
		return do_write(s, step);
	case STEP_SET:
		return do_set(s, step, changed);
	}
	return -EINVAL;
}

static void step_failed(struct stepping *s, const struct step *step, int error)
{
	char *what = step_text(step), *text;

	if (error == -EBADE)
		text = copy("the kernel took that and still shows another value");
	else if (error == -EINTR)
		text = copy("interrupted");
	else
		text = join("the kernel refused: %s; its log (dmesg) may say why",
			    strerror(-error));
	problem_add(s->t, what, text);
	free(text);
	free(what);
}

static void say_absent(struct stepping *s, const struct step *step)
{
	if (s->absent++ < ABSENT_SAID)
		problem_add(s->t, step->path, "this kernel has no such setting; left out");
}

bool step_done(struct stepping *s, const struct step *step, int error, bool changed)
{
	if (!error) {
		s->done += changed;
		return true;
	}
	if (step->flags & STEP_TRY)
		return true;
	if (error == -ENOENT && step->flags & STEP_OPTIONAL) {
		say_absent(s, step);
		return true;
	}
	step_failed(s, step, error);
	if (step->kind != STEP_SET || !s->force || error == -EINTR)
		return false;
	s->refused++;
	return true;
}

bool steps_interrupted(const struct stepping *s)
{
	return interrupted && !s->force;
}

bool steps_do(struct stepping *s, const struct steps *steps)
{
	const struct step *step;
	bool changed = false;
	size_t i;
	int error;

	for (i = 0; i < steps->count; i++) {
		step = &steps->step[i];
		error = steps_interrupted(s) ? -EINTR : step_do(s, step, &changed);
		if (!step_done(s, step, error, changed))
			return false;
	}
	return true;
}
