/* SPDX-License-Identifier: GPL-2.0 */
/* Parts of a snapshot that several processes read. */
#ifndef PARTS_H
#define PARTS_H

#include "snapshot.h"

/* Reads what is called @name into the snapshot of @s. */
typedef void (*parts_reader)(struct snapping *s, const char *name, const void *arg);

/*
 * Read everything that has a name, in this order into the snapshot of @s, though maybe by
 * several processes.
 * @worthwhile: so many are worth a process
 * @arg: for @reader
 */
void parts_load(struct snapping *s, char **names, size_t count, size_t worthwhile,
		parts_reader reader, const void *arg);

#endif /* PARTS_H */
