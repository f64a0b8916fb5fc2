// SPDX-License-Identifier: GPL-2.0
/*
 * Finding a value in the text of a JSON document.
 *
 * jansson has accepted the text, so this scanner need not judge it: it skips over
 * what it does not look for. The terminating NUL ends every loop nevertheless.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "place.h"
#include "tool.h"

static const char *skip_blanks(const char *at)
{
	return at + strspn(at, " \t\r\n");
}

/* @at is at the opening quote; the result is behind the closing one. */
static const char *skip_string(const char *at)
{
	for (at++; *at && *at != '"'; at++)
		if (*at == '\\' && at[1])
			at++;
	return *at ? at + 1 : at;
}

static const char *skip_value(const char *at)
{
	size_t depth = 0;

	do {
		switch (*at) {
		case '"':
			at = skip_string(at);
			break;
		case '{':
		case '[':
			depth++;
			at++;
			break;
		case '}':
		case ']':
			depth--;
			at++;
			break;
		case ',':
		case ':':
			at++;
			break;
		default:
			at += strcspn(at, "\"{}[],: \t\r\n");
		}
		at = depth ? skip_blanks(at) : at;
	} while (depth && *at);
	return at;
}

/* A key with escapes is rare enough to let jansson read it. */
static bool key_is(const char *from, const char *to, const char *key)
{
	const size_t len = to - from;
	json_t *value;
	bool same;

	if (!memchr(from, '\\', len))
		return len == strlen(key) + 2 && !strncmp(from + 1, key, len - 2);
	value = json_loadb(from, len, JSON_DECODE_ANY, NULL);
	same = value && json_is_string(value) && !strcmp(json_string_value(value), key);
	json_decref(value);
	return same;
}

static const char *find_member(const char *at, const char *key)
{
	const char *from;

	for (at = skip_blanks(at + 1); *at == '"'; at = skip_blanks(at + (*at == ','))) {
		from = at;
		at = skip_string(at);
		if (key_is(from, at, key))
			return skip_blanks(skip_blanks(at) + 1);
		at = skip_blanks(skip_value(skip_blanks(skip_blanks(at) + 1)));
	}
	return NULL;
}

static const char *find_entry(const char *at, size_t index)
{
	for (at = skip_blanks(at + 1); *at && *at != ']'; index--) {
		if (!index)
			return at;
		at = skip_blanks(skip_value(at));
		at = skip_blanks(at + (*at == ','));
	}
	return NULL;
}

static const char *find(const char *text, const struct place *place, bool *missing)
{
	const char *at, *found = NULL;

	if (!place || !place->up)
		return skip_blanks(text);
	at = find(text, place->up, missing);
	if (!*missing) {
		if (place->key && *at == '{')
			found = find_member(at, place->key);
		else if (!place->key && *at == '[')
			found = find_entry(at, place->index);
	}
	*missing |= !found;
	return found ? found : at;
}

void place_of_byte(const char *text, size_t offset, size_t *line, size_t *column)
{
	const char *at, *start = text;

	*line = 1;
	while ((at = memchr(start, '\n', text + offset - start))) {
		start = at + 1;
		++*line;
	}
	*column = 1;
	for (at = start; at < text + offset; at++)
		*column += (*at & 0xc0) != 0x80;
}

void place_locate(const char *text, const struct place *place, size_t *line, size_t *column)
{
	bool missing = false;

	place_of_byte(text, find(text, place, &missing) - text, line, column);
}

char *place_name(const struct place *place)
{
	char *up, *name;

	if (!place || !place->up)
		return copy("");
	up = place_name(place->up);
	if (place->key)
		name = join("%s%s%s", up, *up ? "." : "", place->key);
	else
		name = join("%s[%zu]", up, place->index);
	free(up);
	return name;
}
