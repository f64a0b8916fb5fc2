/* SPDX-License-Identifier: GPL-2.0 */
/* Does a configuration make sense, and can it be had on this machine? */
#ifndef JUDGE_H
#define JUDGE_H

#include "file.h"

/* The name that the fabric goes by in the file, whatever the module calls its directory. */
#define JUDGE_FABRIC	"iscsi"

/*
 * Judge a document that shape_check() found no errors in, with --target that target of it
 * and its backstores; findings say what is wrong.
 * Return: the backstores whose device is not there (yet), by plugin/name, each with a
 * text that says so.
 */
json_t *judge(const struct tool *t, struct file *file);

/* Both checks of a document that file_load() read, if it did; NULL after errors. */
json_t *file_judge(const struct tool *t, struct file *file);
/* Read @name, which has to be there, and judge it. */
json_t *file_ready(const struct tool *t, struct file *file, const char *name);
/* An error if it has not what --target asks for. */
void file_want_target(const struct tool *t, struct file *file);
/*
 * The folder of one of the two default files, because that is where rtslib has
 * target_core keep reservations; NULL for any other file.
 */
const char *file_dbroot(const struct file *file);
/* What judge() returned, as a member of the JSON answer and as lines. */
void pending_print(struct tool *t, json_t *pending);

/* The backstore "/backstores/PLUGIN/NAME" as a key, plugin/name; NULL if it is none. */
char *judge_backstore(const char *storage_object);
/* Those that the LUNs of @targets are made of, by key; @only of one target, NULL: of all. */
json_t *judge_used(const json_t *targets, const char *only);

/* What rtslib makes of a credential: without blanks at its ends. NULL for none. */
char *judge_credential(const json_t *object, const char *prefix, const char *name);

#endif /* JUDGE_H */
