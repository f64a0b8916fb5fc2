/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One printer for text and JSON: a verb says each fact once.
 *
 * A field has a JSON key and a template for text, in which a '%' stands for the
 * value; either may be NULL, then the field is missing there. Templates are not
 * printf formats, and values are escaped on their way out, so what comes from
 * configfs (and an initiator's alias comes from the network) can neither forge a
 * line nor reach the terminal as a control sequence.
 *
 * Objects and arrays exist in JSON only, lines in text only. A field belongs to an
 * object, an entry of an array is an object without key.
 */
#ifndef OUT_H
#define OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <jansson.h>

#define OUT_DEPTH	16

/**
 * struct out - a printer
 * @file: where to
 * @json: JSON rather than text
 * @compact: JSON on one line
 * @failed: memory ran out; out_finish() reports it
 * @line: a line of text is open
 * @depth: entries of @stack in use
 * @stack: open objects and arrays, outermost first
 */
struct out {
	FILE *file;
	bool json;
	bool compact;
	bool failed;
	bool line;
	size_t depth;
	json_t *stack[OUT_DEPTH];
};

void out_begin(struct out *o, FILE *file, bool json);
int out_finish(struct out *o);
/* Nothing more is printed as JSON: the verb has another form for programs. */
void out_abandon(struct out *o);

void out_object(struct out *o, const char *key);
void out_array(struct out *o, const char *key);
void out_end(struct out *o);
/* The container opened last, named @key in an object, and still empty: take it back. */
void out_forget(struct out *o, const char *key);

void out_line(struct out *o, unsigned int level);
void out_line_end(struct out *o);
void out_text(struct out *o, const char *text);

void out_str(struct out *o, const char *key, const char *template, const char *value);
void out_int(struct out *o, const char *key, const char *template, long long value);
void out_size(struct out *o, const char *key, const char *template, long long bytes);
void out_bool(struct out *o, const char *key, int value, const char *yes, const char *no,
	      const char *unknown);
void out_null(struct out *o, const char *key);

#endif /* OUT_H */
