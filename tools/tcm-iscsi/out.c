// SPDX-License-Identifier: GPL-2.0
/*
 * The printer. Text goes out at once; JSON is collected and written by
 * out_finish(), so that a run that fails half way prints no half document.
 */
#include <string.h>

#include "out.h"
#include "text.h"

void out_begin(struct out *o, FILE *file, bool json)
{
	memset(o, 0, sizeof(*o));
	o->file = file;
	o->json = json;
	if (!json)
		return;
	o->stack[o->depth++] = json_object();
	o->failed = !o->stack[0];
}

/* Return: 0, or -1 if memory ran out or the file cannot be written. */
int out_finish(struct out *o)
{
	const size_t form = o->compact ? JSON_COMPACT : JSON_INDENT(2);

	if (o->json) {
		if (!o->failed)
			json_dumpf(o->stack[0], o->file, form | JSON_ENSURE_ASCII);
		fputc('\n', o->file);
		json_decref(o->stack[0]);
		o->depth = 0;
	}
	out_line_end(o);
	if (fflush(o->file) || ferror(o->file))
		return -1;
	return o->failed ? -1 : 0;
}

void out_abandon(struct out *o)
{
	if (!o->json)
		return;
	json_decref(o->stack[0]);
	o->depth = 0;
	o->json = false;
}

/* Takes over @value, which may be NULL if memory ran out. */
static void add(struct out *o, const char *key, json_t *value)
{
	json_t *top;

	if (o->failed) {
		json_decref(value);
		return;
	}
	top = o->stack[o->depth - 1];
	if (json_is_array(top) ? json_array_append_new(top, value) :
				 json_object_set_new(top, key, value))
		o->failed = true;
}

/* The container stays alive through its parent. */
static void push(struct out *o, const char *key, json_t *value)
{
	add(o, key, value);
	if (o->depth < OUT_DEPTH && !o->failed)
		o->stack[o->depth++] = value;
	else
		o->failed = true;
}

void out_object(struct out *o, const char *key)
{
	if (o->json && !o->failed)
		push(o, key, json_object());
}

void out_array(struct out *o, const char *key)
{
	if (o->json && !o->failed)
		push(o, key, json_array());
}

void out_end(struct out *o)
{
	if (o->json && !o->failed)
		o->depth--;
}

void out_forget(struct out *o, const char *key)
{
	if (!o->json || o->failed)
		return;
	o->depth--;
	json_object_del(o->stack[o->depth - 1], key);
}

/* Before something else goes to the same terminal. */
void out_line_end(struct out *o)
{
	if (o->line)
		fputc('\n', o->file);
	o->line = false;
}

void out_line(struct out *o, unsigned int level)
{
	if (o->json)
		return;
	out_line_end(o);
	while (level--)
		fputs("  ", o->file);
	o->line = true;
}

void out_text(struct out *o, const char *text)
{
	if (!o->json)
		fputs(text, o->file);
}

static void fill(struct out *o, const char *template, const char *value)
{
	if (!o->json && template)
		text_fill(o->file, template, value);
}

/* NULL is null in JSON and nothing in text. */
void out_str(struct out *o, const char *key, const char *template, const char *value)
{
	char *clean;

	if (!value) {
		out_null(o, key);
		return;
	}
	fill(o, template, value);
	if (!o->json || !key)
		return;
	clean = text_utf8(value);
	if (clean)
		add(o, key, json_string(clean));
	else
		o->failed = true;
	free(clean);
}

void out_int(struct out *o, const char *key, const char *template, long long value)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", value);
	fill(o, template, text);
	if (o->json && key)
		add(o, key, json_integer(value));
}

/* Bytes in JSON; in text the largest unit that leaves at least 1. */
void out_size(struct out *o, const char *key, const char *template, long long bytes)
{
	static const char *const unit[] = { "bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	long long whole = bytes, rest = 0;
	char text[40];
	size_t u = 0;

	while (whole >= 1024) {
		rest = whole % 1024;
		whole /= 1024;
		u++;
	}
	if (rest)
		snprintf(text, sizeof(text), "%lld.%lld %s", whole, rest * 10 / 1024, unit[u]);
	else
		snprintf(text, sizeof(text), "%lld %s", whole, unit[u]);
	fill(o, template, text);
	if (o->json && key)
		add(o, key, json_integer(bytes));
}

/* Negative: not known, null in JSON. */
void out_bool(struct out *o, const char *key, int value, const char *yes, const char *no,
	      const char *unknown)
{
	const char *text = value > 0 ? yes : value ? unknown : no;

	if (!o->json) {
		if (text)
			fputs(text, o->file);
	} else if (key) {
		add(o, key, value < 0 ? json_null() : json_boolean(value));
	}
}

void out_null(struct out *o, const char *key)
{
	if (o->json && key)
		add(o, key, json_null());
}
