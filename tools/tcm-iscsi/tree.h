/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reading configfs and sysfs: bounded, and with one place that reports what
 * cannot be read.
 */
#ifndef TREE_H
#define TREE_H

#include "tool.h"

/*
 * More than any attribute: the kernel gives a page at most, and 64 KiB is its
 * largest page.
 */
#define TREE_READ_MAX	65536
/* Entries of one directory; the largest known configurations have some hundreds. */
#define TREE_LIST_MAX	65536

struct names {
	char **name;
	size_t count;
};

/* Return: the file's bytes with a NUL behind them, or NULL and errno. */
char *tree_read(const char *path, size_t *len);

/*
 * An attribute without its newline. NULL if it cannot be read, which is recorded
 * as a problem unless the whole of @dir is gone: then somebody removed the object
 * while we looked, which is no problem.
 */
char *tree_attr(struct tool *t, const char *dir, const char *name);
/* The same without a record, for files that not every kernel or copy has. */
char *tree_attr_quiet(const char *dir, const char *name);
/* -1 for the value that is not there or not within the limits. */
long long tree_number(struct tool *t, const char *dir, const char *name, long long max);

/*
 * Subdirectories of @dir/@sub, or of @dir if @sub is NULL, in the order of their
 * numbers. As above, it is a problem if @sub is missing, not if @dir is.
 */
void tree_list(struct tool *t, const char *dir, const char *sub, struct names *names);
void tree_list_free(struct names *names);
/* Where the only symbolic link in @dir leads; NULL without one. */
char *tree_link(struct tool *t, const char *dir);
bool tree_is_dir(const char *path);

/* How messages name @path: below configfs, as the user sees it in the tree. */
const char *tree_short(const struct tool *t, const char *path);

#endif /* TREE_H */
