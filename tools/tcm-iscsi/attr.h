/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reading many attributes fast.
 *
 * tree.h is for looking at some hundred files and says what each problem is; a saved
 * configuration is made of a million. So: names relative to an open directory, one
 * buffer, three system calls for each file, and one report for all that cannot be read.
 */
#ifndef ATTR_H
#define ATTR_H

#include "tool.h"

/* The kernel's largest page, and one more to see that it was more. */
#define ATTR_BYTES	65537

/**
 * struct attr_names - settings that all objects of a kind have
 * @name: in alphabetical order
 * @count: entries of @name
 * @known: they were listed
 */
struct attr_names {
	char **name;
	size_t count;
	bool known;
};

/**
 * struct attr_reader - the state of reading
 * @t: the run
 * @failed: files and directories that could not be read
 * @data: what was read last
 */
struct attr_reader {
	struct tool *t;
	size_t failed;
	char data[ATTR_BYTES + 1];
};

/* A directory, for the functions below; -1 and errno. */
int attr_open(int dir, const char *path);
/*
 * The attribute without blanks at its ends, until the next call; NULL and errno. It is
 * no failure of the reader: the caller knows whether the file has to be there.
 */
const char *attr_get(struct attr_reader *r, int dir, const char *name);
/* The same, and a failure if it cannot be read. */
const char *attr_need(struct attr_reader *r, int dir, const char *name);
/* -1 for what is not there or no number. */
long long attr_number(struct attr_reader *r, int dir, const char *name);
/* Overwrite what was read. */
void attr_wipe(struct attr_reader *r);

/* Record that @path (relative to configfs) cannot be read; the first are said in full. */
void attr_failed(struct attr_reader *r, const char *path);

/*
 * All settings of a directory that their owner may read and write, as an object of
 * numbers and texts, or of texts only; NULL if there are none. @names, unless it is
 * NULL, spares listing the directory again.
 */
json_t *attr_settings(struct attr_reader *r, int dir, const char *sub, bool numbers,
		      struct attr_names *names);
/* Of the settings that @names has as keys those that there are, in the same way. */
json_t *attr_chosen(struct attr_reader *r, int dir, const char *sub, bool numbers,
		    const json_t *names);
void attr_names_free(struct attr_names *names);

/*
 * Names of directories (or of links) in @dir/@sub in the order of their numbers.
 * attr_list_open: in @dir itself, which was not listed before.
 */
void attr_list_open(int dir, bool links, char ***names, size_t *count);
bool attr_list(int dir, const char *sub, bool links, char ***names, size_t *count);
void attr_list_free(char **names, size_t count);

#endif /* ATTR_H */
