/* SPDX-License-Identifier: GPL-2.0 */
/* From the configuration that there is to the one that is wanted. */
#ifndef PLAN_H
#define PLAN_H

#include "snapshot.h"
#include "step.h"

/* In the order in which they are done; what may interrupt somebody comes late. */
enum phase {
	PHASE_UNFINISHED,	/* take away what somebody began */
	PHASE_STORES,		/* new backstores, settings of old ones */
	PHASE_DISABLE,		/* portal groups, and who was admitted to what */
	PHASE_CLOSE,		/* portals: see plan_targets.c */
	PHASE_UNLINK,		/* LUNs */
	PHASE_REMOVE,		/* the rest of portal groups, or all of them */
	PHASE_REPLACE,		/* backstores that are made of something else now */
	PHASE_TARGETS,		/* new ones, portal groups, and settings */
	PHASE_LUNS,
	PHASE_ACLS,
	PHASE_DISCOVERY,
	PHASE_LISTEN,		/* new portals */
	PHASE_ENABLE,		/* portal groups */
	PHASE_DROP,		/* backstores: what was in a RAM disk cannot be undone */
	PHASES,
};

/**
 * struct change - a difference, for people
 * @sign: '+' only wanted, '-' only there, '~' different
 * @object: what
 * @text: how; empty if @sign says it all
 */
struct change {
	char sign;
	char *object;
	char *text;
};

/**
 * struct plan - differences, and the steps that end them
 * @t: the run
 * @wanted: a document without errors
 * @live: what there is
 * @fabric: directory of the fabric
 * @only: the one target that it is about; NULL: all
 * @pending: backstores of @wanted whose device is not there, by key
 * @only_pending: nothing but what was pending: backstores by key, their LUNs, and what is
 *	mapped to those; NULL: everything
 * @exact: @wanted was read from the kernel, and what it does not say is not there
 * @no_wait: leave portal groups alone whose disabling may have to be waited for
 * @dbroot: where target_core keeps what has to survive; NULL: leave that
 * @phase: the steps
 * @changes: the differences
 * @change_count: entries of @changes
 * @waiting: pending backstores that were left out, by key
 * @used: backstores that @only is made of, by key; NULL without @only
 * @dirs: new directories of backstores, by key
 * @remade: backstores that are taken away and made anew, by key
 * @regrouped: ALUA groups that are, by "plugin/name GROUP"
 * @hbas: numbers that are taken
 * @next_hba: the first that may be free
 */
struct plan {
	struct tool *t;
	const json_t *wanted;
	const struct snapshot *live;
	const char *fabric;
	const char *only;
	const json_t *pending;
	const json_t *only_pending;
	bool exact;
	bool no_wait;
	const char *dbroot;
	struct steps phase[PHASES];
	struct change *changes;
	size_t change_count;
	json_t *waiting;
	json_t *used;
	json_t *dirs;
	json_t *remade;
	json_t *regrouped;
	json_t *hbas;
	long long next_hba;
};

/* The members from @t to @dbroot are set. */
void plan_make(struct plan *plan);
void plan_free(struct plan *plan);
size_t plan_steps(const struct plan *plan);
/* The differences as a member of the JSON answer and as lines; or the steps. */
void plan_print_changes(struct tool *t, const struct plan *plan);
void plan_print_steps(struct tool *t, const struct plan *plan);

/* -- for the parts of it -- */

/* Take over @object and @text. */
void plan_change(struct plan *plan, char sign, char *object, char *text);
/* A setting of @object, in directory @dir; @value is a number or a text. */
void plan_set(struct plan *plan, enum phase phase, const char *dir, const char *name,
	      const json_t *value);
/*
 * Credentials with this prefix ("chap_"), which are files of @dir. What differs is told
 * with @object before its name; NULL: it is not told.
 */
void plan_credentials(struct plan *plan, enum phase phase, const char *dir, const char *prefix,
		      const char *object, const json_t *wanted, const json_t *have);
/* Numbers may be texts, too. */
bool plan_same_value(const json_t *one, const json_t *two);
/* The members of @wanted that differ from @have: both may be NULL. */
void plan_settings(struct plan *plan, enum phase phase, const char *object, const char *dir,
		   const json_t *wanted, const json_t *have);
/* Where a backstore is or will be, "core/fileio_0/disk"; NULL if nowhere. */
char *plan_store_dir(const struct plan *plan, const char *key);

/* plan_stores.c, plan_targets.c */
void plan_stores(struct plan *plan);
void plan_targets(struct plan *plan);

#endif /* PLAN_H */
