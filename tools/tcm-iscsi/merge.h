/* SPDX-License-Identifier: GPL-2.0 */
/* What a file is to hold after a save: the kernel's configuration, and what only it knows. */
#ifndef MERGE_H
#define MERGE_H

#include "tool.h"

/**
 * struct merge - from two documents to one
 * @t: the run
 * @lost: of what the old document has and the new one has not, a name each
 * @kept: backstores and LUNs of the old one that are pending, a name each
 */
struct merge {
	const struct tool *t;
	json_t *lost;
	json_t *kept;
};

/*
 * @old is what is in the file, @live what the kernel has. The order of @old is kept,
 * and everything in it that nobody here understands. With @only, a target's name, all
 * the rest of @old is kept as well. Return: the new document.
 */
json_t *merge_documents(struct merge *m, const json_t *old, const json_t *live, const char *only);

#endif /* MERGE_H */
