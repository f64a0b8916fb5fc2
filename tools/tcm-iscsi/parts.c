// SPDX-License-Identifier: GPL-2.0
/*
 * Parts of a snapshot.
 *
 * Ten thousand LUNs and their backstores have hundreds of thousands of files, so every
 * processor reads a part of them. Processes do it, rather than threads: what they read
 * is small, and a kernel in user mode runs one thread of a process at a time. They give it
 * back as JSON in memory that nobody else sees.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "member.h"
#include "parts.h"

#define READERS_MAX	16

/**
 * struct part - some of the names, being read by a process of its own
 * @names: which
 * @count: entries of @names
 * @file: for what it read
 * @child: who reads; not above 0 if there is nobody
 */
struct part {
	char **names;
	size_t count;
	int file;
	pid_t child;
};

static void read_part(struct snapping *s, const struct part *part, parts_reader reader,
		      const void *arg)
{
	size_t i;

	for (i = 0; i < part->count; i++)
		reader(s, part->names[i], arg);
}

/* -- in the child -- */

static bool write_all(int fd, const char *text, size_t len)
{
	ssize_t n = 0;

	for (; len && n >= 0; len -= n, text += n)
		n = write(fd, text, len);
	return !len;
}

static json_t *problems_of(const struct tool *t)
{
	json_t *problems = json_have(json_array()), *pair;
	size_t i;

	for (i = 0; i < t->problem_count; i++) {
		pair = json_have(json_array());
		array_add(pair, json_text(t->problems[i].object));
		array_add(pair, json_text(t->problems[i].text));
		array_add(problems, pair);
	}
	return problems;
}

/* Never returns. @s is our own copy. */
static void read_in_child(struct snapping *s, const struct part *part, parts_reader reader,
			  const void *arg, pid_t parent)
{
	struct snapshot snapshot;
	char *text;

	if (!child_ends_with(parent))
		_exit(1);
	snapshot_begin(&snapshot);
	s->snapshot = &snapshot;
	s->r.t->problem_count = 0;
	s->r.failed = 0;
	read_part(s, part, reader, arg);
	member_set(snapshot.root, "unfinished", snapshot.unfinished);
	member_set(snapshot.root, "dirs", snapshot.dirs);
	member_set(snapshot.root, "halted", snapshot.halted);
	member_set(snapshot.root, "problems", problems_of(s->r.t));
	member_set(snapshot.root, "failed", json_integer(s->r.failed));
	text = json_dumps(snapshot.root, JSON_COMPACT);
	_exit(!text || !write_all(part->file, text, strlen(text)));
}

/* -- in the parent -- */

static void add_members(json_t *to, const json_t *from)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)from, key, value)
		if (!json_object_get(to, key))
			member_set(to, key, json_incref(value));
}

static void add_entries(struct snapping *s, const json_t *read, const char *key)
{
	json_array_extend(member_array(s->snapshot->root, key), member_array(read, key));
}

/* What it read follows what the parts before it read. */
static void add_part(struct snapping *s, const json_t *read)
{
	json_t *problem;
	size_t i;

	add_entries(s, read, "storage_objects");
	add_entries(s, read, "targets");
	json_array_extend(s->snapshot->unfinished, member_array(read, "unfinished"));
	add_members(s->snapshot->dirs, member_object(read, "dirs"));
	add_members(s->snapshot->halted, member_object(read, "halted"));
	json_array_foreach(member_array(read, "problems"), i, problem)
		problem_add(s->r.t, json_string_value(json_array_get(problem, 0)),
			    json_string_value(json_array_get(problem, 1)));
	s->r.failed += member_int(read, "failed", 0);
}

/* NULL if the child has not come to its end. */
static json_t *result_of(const struct part *part)
{
	json_t *read = NULL;
	struct stat st;
	int status;
	void *text;

	if (part->child <= 0 || waitpid(part->child, &status, 0) != part->child || status ||
	    fstat(part->file, &st))
		return NULL;
	text = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, part->file, 0);
	if (text == MAP_FAILED)
		return NULL;
	read = json_loadb(text, st.st_size, 0, NULL);
	munmap(text, st.st_size);
	return read;
}

static void end_part(struct snapping *s, const struct part *part, parts_reader reader,
		     const void *arg)
{
	json_t *read = result_of(part);

	if (read)
		add_part(s, read);
	else
		read_part(s, part, reader, arg);
	json_decref(read);
	if (part->file >= 0)
		close(part->file);
}

static void begin_part(struct snapping *s, struct part *part, parts_reader reader,
		       const void *arg)
{
	const pid_t parent = getpid();

	part->file = memfd_create("part", MFD_CLOEXEC);
	part->child = part->file < 0 ? -1 : fork();
	if (!part->child)
		read_in_child(s, part, reader, arg, parent);
}

void parts_load(struct snapping *s, char **names, size_t count, size_t worthwhile,
		parts_reader reader, const void *arg)
{
	const long processors = sysconf(_SC_NPROCESSORS_ONLN);
	size_t parts = processors > READERS_MAX ? READERS_MAX : processors > 1 ? processors : 1;
	struct part part[READERS_MAX] = { { .names = names, .file = -1 } };
	size_t i, from;

	if (parts > count / worthwhile)
		parts = count / worthwhile ? count / worthwhile : 1;
	part[0].count = count / parts;
	for (i = 1; i < parts; i++) {
		from = i * count / parts;
		part[i].names = names + from;
		part[i].count = (i + 1) * count / parts - from;
		begin_part(s, &part[i], reader, arg);
	}
	read_part(s, &part[0], reader, arg);
	for (i = 1; i < parts; i++)
		end_part(s, &part[i], reader, arg);
}
