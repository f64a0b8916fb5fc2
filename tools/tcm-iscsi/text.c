// SPDX-License-Identifier: GPL-2.0
/*
 * Text that others chose.
 *
 * Names in configfs are bytes, and an alias is whatever an initiator sent. What
 * a terminal would act upon is shown as \xNN (a byte) or \uNNNN (a character
 * that turns, hides or breaks the line), a backslash as two. UTF-8 goes through
 * only if the locale says that the terminal expects it.
 */
#include <errno.h>
#include <langinfo.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

/*
 * Bytes of the character at @text, 0 if that is not UTF-8 (RFC 3629: no surrogate,
 * nothing longer than needed, nothing beyond U+10FFFF). The terminating NUL is not
 * a continuation byte, hence nothing behind it is read.
 */
static size_t utf8_len(const char *text, uint32_t *code)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *p = (const unsigned char *)text;
	size_t len, i;

	if (*p < 0x80) {
		*code = *p;
		return 1;
	}
	len = *p >= 0xf0 ? 4 : *p >= 0xe0 ? 3 : *p >= 0xc0 ? 2 : 0;
	if (!len || *p > 0xf4)
		return 0;
	*code = *p & (0x7f >> len);
	for (i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | (p[i] & 0x3f);
	}
	if (*code < least[len] || *code > 0x10ffff || (*code >= 0xd800 && *code <= 0xdfff))
		return 0;
	return len;
}

/* Controls of C1, and characters that change direction, have no width or break. */
static bool harmful(uint32_t code)
{
	return (code >= 0x80 && code < 0xa0) || code == 0x61c ||
	       (code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
	       (code >= 0x2060 && code <= 0x206f) || code == 0xfeff;
}

static void put_escaped(FILE *file, const char *text)
{
	const bool utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8");
	uint32_t code;
	size_t len;

	for (; *text; text += len) {
		len = utf8_len(text, &code);
		if (!len || code < 0x20 || code == 0x7f || (code >= 0x80 && !utf8)) {
			fprintf(file, "\\x%02x", (unsigned char)*text);
			len = 1;
		} else if (harmful(code)) {
			fprintf(file, "\\u%04x", code);
		} else if (code == '\\') {
			fputs("\\\\", file);
		} else {
			fwrite(text, 1, len, file);
		}
	}
}

void text_fill(FILE *file, const char *template, const char *value)
{
	for (; *template; template++) {
		if (*template == '%')
			put_escaped(file, value);
		else
			fputc(*template, file);
	}
}

char *text_utf8(const char *text)
{
	/* A byte becomes three at most. */
	char *copy = malloc(strlen(text) * 3 + 1);
	char *to = copy;
	uint32_t code;
	size_t len;

	if (!copy)
		return NULL;
	while (*text) {
		len = utf8_len(text, &code);
		if (len) {
			to = mempcpy(to, text, len);
			text += len;
		} else {
			to = mempcpy(to, "\xef\xbf\xbd", 3);
			text++;
		}
	}
	*to = '\0';
	return copy;
}

/* Does @text begin with @prefix? @rest is what follows. */
bool text_prefix(const char *text, const char *prefix, const char **rest)
{
	const size_t len = strlen(prefix);

	if (strncmp(text, prefix, len))
		return false;
	*rest = text + len;
	return true;
}

/*
 * The whole of @text is a number within the limits; base as the kernel reads it,
 * but no sign other than '-', no blanks.
 */
bool text_number(const char *text, long long min, long long max, long long *value)
{
	const char *digits = text + (*text == '-');
	long long number;
	char *end;

	if (*digits < '0' || *digits > '9')
		return false;
	errno = 0;
	number = strtoll(text, &end, 0);
	if (errno || *end || number < min || number > max)
		return false;
	*value = number;
	return true;
}
