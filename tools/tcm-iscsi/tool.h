/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What every part of the tool knows: the options, the exit statuses, the verbs.
 */
#ifndef TOOL_H
#define TOOL_H

#include <stdbool.h>
#include <stddef.h>

#include "out.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* Part of the interface: the man page documents them. */
enum tool_status {
	TOOL_OK		= 0,
	TOOL_USAGE	= 1,	/* the command line is wrong; nothing was done */
	TOOL_NOTHING	= 2,	/* not loaded, or nothing is configured */
	TOOL_INCOMPLETE	= 3,	/* something could not be read; the rest is printed */
	TOOL_SYSTEM	= 4,	/* no memory, or the output cannot be written */
	TOOL_REFUSED	= 5,	/* the kernel refused, there is no such thing, or a bad file */
	TOOL_PENDING	= 6,	/* done, but for backstores whose device is not there */
	TOOL_ROLLED_BACK = 7,	/* failed half way; everything is as it was before */
	TOOL_HALF_DONE	= 8,	/* failed half way, and so did going back */
	TOOL_DIFFERENT	= 9,	/* diff: the file and the kernel differ */
};

/* Options of single verbs. */
enum tool_option {
	OPTION_OFF	= 1 << 0,
	OPTION_PERMANENT = 1 << 1,
	OPTION_SECONDS	= 1 << 2,
	OPTION_FORCE	= 1 << 3,
	OPTION_TARGET	= 1 << 4,
	OPTION_DRY_RUN	= 1 << 5,
	OPTION_PENDING	= 1 << 6,
	OPTION_TO	= 1 << 7,
};

/**
 * struct problem - something that could not be read
 * @object: path below the configfs mount point, or of a file elsewhere
 * @text: what is wrong with it and what to do
 */
struct problem {
	char *object;
	char *text;
};

/**
 * struct tool - one run
 * @configfs: where configfs is mounted
 * @sysfs: where sysfs is mounted; NULL if a copied tree is shown, because then
 *	the modules of this machine say nothing about it
 * @acting: the verb's own status says what its problem was; it reads nothing
 * @live: both are this machine's own, so the module may be asked as well
 * @fabric: directory below target/ that was asked for; NULL: what the module uses
 * @help: --help was given
 * @version: --version was given
 * @options: those of single verbs that were given, OPTION_*
 * @seconds: value of --seconds
 * @target: value of --target; NULL: all of them
 * @to: value of --to
 * @out: where the answer goes
 * @problems: what could not be read, in the order in which it was met
 * @problem_count: entries of @problems
 * @no_secrets: it was already said that credentials cannot be read
 */
struct tool {
	const char *configfs;
	const char *sysfs;
	const char *fabric;
	bool acting;
	bool live;
	bool help;
	bool version;
	unsigned int options;
	const char *seconds;
	const char *target;
	const char *to;
	struct out out;
	struct problem *problems;
	size_t problem_count;
	bool no_secrets;
};

/**
 * struct verb - an entry of the verb table
 * @name: word on the command line
 * @operands: what follows it, for the usage line; empty if nothing does
 * @min_operands: how many it needs
 * @max_operands: how many it takes
 * @takes: options that only some verbs have
 * @summary: one line
 * @details: lines for "help VERB"
 * @run: does it and returns an exit status
 */
struct verb {
	const char *name;
	const char *operands;
	int min_operands;
	int max_operands;
	unsigned int takes;
	const char *summary;
	const char *details;
	enum tool_status (*run)(struct tool *t, int argc, char **argv);
};

extern const struct verb verbs[];
extern const size_t verb_count;

const struct verb *verb_find(const char *name);

enum tool_status verb_async(struct tool *t, int argc, char **argv);
enum tool_status verb_check(struct tool *t, int argc, char **argv);
enum tool_status verb_clear(struct tool *t, int argc, char **argv);
enum tool_status verb_close(struct tool *t, int argc, char **argv);
enum tool_status verb_diff(struct tool *t, int argc, char **argv);
enum tool_status verb_drain(struct tool *t, int argc, char **argv);
enum tool_status verb_help(struct tool *t, int argc, char **argv);
enum tool_status verb_logins(struct tool *t, int argc, char **argv);
enum tool_status verb_logout(struct tool *t, int argc, char **argv);
enum tool_status verb_metrics(struct tool *t, int argc, char **argv);
enum tool_status verb_monitor(struct tool *t, int argc, char **argv);
enum tool_status verb_portals(struct tool *t, int argc, char **argv);
enum tool_status verb_redirect(struct tool *t, int argc, char **argv);
enum tool_status verb_restore(struct tool *t, int argc, char **argv);
enum tool_status verb_save(struct tool *t, int argc, char **argv);
enum tool_status verb_sessions(struct tool *t, int argc, char **argv);
enum tool_status verb_stats(struct tool *t, int argc, char **argv);
enum tool_status verb_status(struct tool *t, int argc, char **argv);
enum tool_status verb_switch(struct tool *t, int argc, char **argv);
enum tool_status verb_top(struct tool *t, int argc, char **argv);
enum tool_status verb_version(struct tool *t, int argc, char **argv);
enum tool_status verb_why_slow(struct tool *t, int argc, char **argv);

/**
 * struct verb_option - an option of single verbs
 * @bit: OPTION_*
 * @name: as it is typed
 * @value: what follows it, for the usage line; empty if nothing does
 * @at: where in struct tool that goes
 * @text: for help
 */
struct verb_option {
	enum tool_option bit;
	const char *name;
	const char *value;
	size_t at;
	const char *text;
};

extern const struct verb_option verb_options[];
extern const size_t verb_option_count;

/* "help VERB"; for @verb == NULL the table of verbs. */
void help_print(struct tool *t, const struct verb *verb);

/* Print to standard error, with what is not ours escaped. */
void complain(const char *template, const char *value);

void problem_add(struct tool *t, const char *object, const char *text);
/* The problems as a member of the JSON answer and as lines on standard error. */
void problems_print(struct tool *t);

/* Memory: these do not return on failure. grow() makes room for one more. */
void *alloc(size_t size);
void *grow(void *array, size_t count, size_t size);
char *copy(const char *text);
char *join(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif /* TOOL_H */
