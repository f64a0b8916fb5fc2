/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tables: aligned columns as text, an array of objects as JSON. Rows are printed when
 * the table ends, because only then the columns' widths are known.
 */
#ifndef TABLE_H
#define TABLE_H

#include "out.h"

/**
 * struct table - a table that is being filled
 * @out: where it goes
 * @head: what stands above the columns
 * @columns: how many there are
 * @cell: text of the rows, one after the other, escaped
 * @count: cells so far
 */
struct table {
	struct out *out;
	const char *const *head;
	size_t columns;
	char **cell;
	size_t count;
};

/* @key: of the array in JSON. */
void table_begin(struct table *t, struct out *o, const char *key, const char *const *head,
		 size_t columns);
void table_row(struct table *t);
/*
 * The next cell of the row. A NULL @key is only text; NULL and negative values are not
 * known: null, and "-".
 */
void table_str(struct table *t, const char *key, const char *value);
void table_int(struct table *t, const char *key, long long value);
/* A number in JSON that is something else in text. */
void table_form(struct table *t, const char *key, long long value, const char *text);
void table_row_end(struct table *t);
/* Prints it. Without rows only @none is printed. */
void table_end(struct table *t, const char *none);

#endif /* TABLE_H */
