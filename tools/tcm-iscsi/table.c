// SPDX-License-Identifier: GPL-2.0
/* Tables with columns as wide as they need to be. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "table.h"
#include "text.h"
#include "tool.h"

#define GAP	2	/* blanks between columns */

void table_begin(struct table *t, struct out *o, const char *key, const char *const *head,
		 size_t columns)
{
	*t = (struct table){ .out = o, .head = head, .columns = columns };
	out_array(o, key);
}

void table_row(struct table *t)
{
	out_object(t->out, NULL);
}

void table_row_end(struct table *t)
{
	out_end(t->out);
}

/* As it will look: what is not ours is escaped before its width is taken. */
static void cell(struct table *t, const char *value)
{
	size_t size;
	FILE *file;

	if (t->out->json)
		return;
	t->cell = grow(t->cell, t->count, sizeof(*t->cell));
	file = open_memstream(&t->cell[t->count], &size);
	if (!file) {
		complain("out of memory%", "");
		exit(TOOL_SYSTEM);
	}
	text_fill(file, "%", value && *value ? value : "-");
	if (fclose(file)) {
		complain("out of memory%", "");
		exit(TOOL_SYSTEM);
	}
	t->count++;
}

void table_str(struct table *t, const char *key, const char *value)
{
	out_str(t->out, key, NULL, value);
	cell(t, value);
}

void table_form(struct table *t, const char *key, long long value, const char *text)
{
	if (value < 0)
		out_null(t->out, key);
	else
		out_int(t->out, key, NULL, value);
	cell(t, value < 0 ? NULL : text);
}

void table_int(struct table *t, const char *key, long long value)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", value);
	table_form(t, key, value, text);
}

/* Characters, not bytes: text_fill() lets through UTF-8 that is one column wide. */
static size_t width(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += (*text & 0xc0) != 0x80;
	return n;
}

static size_t column_width(const struct table *t, size_t column)
{
	size_t i, widest = width(t->head[column]);

	for (i = column; i < t->count; i += t->columns)
		if (width(t->cell[i]) > widest)
			widest = width(t->cell[i]);
	return widest;
}

static void print_cell(struct table *t, size_t column, const char *text, size_t wide)
{
	int blanks = wide + GAP - width(text);

	fputs(text, t->out->file);
	if (column + 1 < t->columns)
		fprintf(t->out->file, "%*s", blanks, "");
}

static void print_text(struct table *t)
{
	size_t *wide = alloc(t->columns * sizeof(*wide));
	size_t i;

	for (i = 0; i < t->columns; i++)
		wide[i] = column_width(t, i);
	out_line(t->out, 0);
	for (i = 0; i < t->columns; i++)
		print_cell(t, i, t->head[i], wide[i]);
	for (i = 0; i < t->count; i++) {
		if (!(i % t->columns))
			out_line(t->out, 0);
		print_cell(t, i % t->columns, t->cell[i], wide[i % t->columns]);
	}
	free(wide);
}

void table_end(struct table *t, const char *none)
{
	size_t i;

	out_end(t->out);
	if (t->count) {
		print_text(t);
	} else if (none) {
		out_line(t->out, 0);
		out_text(t->out, none);
	}
	for (i = 0; i < t->count; i++)
		free(t->cell[i]);
	free(t->cell);
}
