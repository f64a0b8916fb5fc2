/* SPDX-License-Identifier: GPL-2.0 */
/* Replacing a file, so that it is always the old or the new one. */
#ifndef REPLACE_H
#define REPLACE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * @name gets @text and is on the disk when the function returns. What it was before is
 * NAME.1, that of the time before NAME.2, and so on, up to @backups. A symbolic link
 * stays one. Only one process may do this at a time. Return: NULL, or a new text that
 * says what failed; the file is the old one then.
 */
char *replace_file(const char *name, const char *text, size_t len, int backups);

#endif /* REPLACE_H */
