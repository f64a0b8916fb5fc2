/* SPDX-License-Identifier: GPL-2.0 */
/* A saveconfig.json, and what there is to say about it. */
#ifndef FILE_H
#define FILE_H

#include "place.h"
#include "tool.h"

#define FILE_DIR	"/etc/target"
#define FILE_DEFAULT	FILE_DIR "/saveconfig.json"
/* Of a document: 10,000 LUNs take 30 MB. */
#define FILE_MAX	(256 << 20)

enum severity {
	SEVERITY_WARNING,	/* it will be done, but may not be what was meant */
	SEVERITY_ERROR,		/* nothing will be done */
};

/**
 * struct finding - something in the file
 * @severity: how bad
 * @line: 0 if it is about the file as a whole
 * @column: in characters, from 1
 * @place: as in place_name()
 * @text: what is wrong, and what was expected
 */
struct finding {
	enum severity severity;
	size_t line;
	size_t column;
	char *place;
	char *text;
};

/**
 * struct file - a configuration file
 * @name: as it was given
 * @missing: there is none; @root is an empty object then
 * @text: its bytes and a NUL
 * @len: of @text, without the NUL
 * @root: the whole document, an object; NULL if it is none
 * @findings: in the order in which they were met
 * @finding_count: entries of @findings
 * @errors: how many of all there were are errors
 * @unsaid: how many more there were than are kept
 */
struct file {
	const char *name;
	bool missing;
	char *text;
	size_t len;
	json_t *root;
	struct finding *findings;
	size_t finding_count;
	size_t errors;
	size_t unsaid;
};

/* Reads and parses; what is wrong with it becomes findings. True if @root can be used. */
bool file_load(struct file *file, const char *name);
void file_free(struct file *file);

/* @place may be NULL. Takes over @text. */
void file_say(struct file *file, enum severity severity, const struct place *place, char *text);
/* Findings as a member of the JSON answer and as lines on standard error. */
void file_print(struct tool *t, const struct file *file);

#endif /* FILE_H */
