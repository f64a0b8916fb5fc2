/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where in a JSON document something is.
 *
 * Nobody keeps the positions of values: a file of 10,000 LUNs has a million of them,
 * and at most some dozens are ever asked for. So a place is the way from the top of
 * the document, held by whoever walks it on his stack, and its line is looked for in
 * the text when there is something to say about it.
 */
#ifndef PLACE_H
#define PLACE_H

#include <stddef.h>

/**
 * struct place - a value in a document
 * @up: what it is in; NULL: it is the document itself
 * @key: its name, if @up is an object; else it is an entry of an array
 * @index: which entry
 */
struct place {
	const struct place *up;
	const char *key;
	size_t index;
};

/* A value of the value at @p. */
#define PLACE_IN(p, name)	((struct place){ .up = (p), .key = (name) })
#define PLACE_AT(p, number)	((struct place){ .up = (p), .index = (number) })

/* "targets[0].tpgs[1].portals", a new string; empty for the document. */
char *place_name(const struct place *place);

/*
 * Line and column (both from 1, the column in characters) of @place in @text, which
 * must be a valid document and end with a NUL byte. If it is not there, of what it
 * would be in.
 */
void place_locate(const char *text, const struct place *place, size_t *line, size_t *column);
/* Of a byte. */
void place_of_byte(const char *text, size_t offset, size_t *line, size_t *column);

#endif /* PLACE_H */
