/* SPDX-License-Identifier: GPL-2.0 */
/* Text that others chose: escaping it and reading numbers out of it. */
#ifndef TEXT_H
#define TEXT_H

#include <stdbool.h>
#include <stdio.h>

/* Write @template with its '%' replaced by @value, escaped. */
void text_fill(FILE *file, const char *template, const char *value);
/* A copy in which each byte that is not UTF-8 is U+FFFD; NULL without memory. */
char *text_utf8(const char *text);

bool text_prefix(const char *text, const char *prefix, const char **rest);
bool text_number(const char *text, long long min, long long max, long long *value);

#endif /* TEXT_H */
