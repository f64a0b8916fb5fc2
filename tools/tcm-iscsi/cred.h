/* SPDX-License-Identifier: GPL-2.0 */
/* What there is to say about CHAP names and secrets without saying them. */
#ifndef CRED_H
#define CRED_H

#include "tool.h"

enum cred_state {
	CRED_NONE,
	CRED_HALF,		/* a name without a secret, or the reverse */
	CRED_COMPLETE,
	CRED_UNREADABLE,
};

/**
 * struct cred - judgement of an auth directory
 * @one_way: initiators prove who they are
 * @mutual: the target does so as well
 * @newline: a value ends in a newline, which iscsi_target_mod takes as part of it
 * @weak: a secret is shorter than RFC 7143 9.2.1 wants
 * @same: both secrets are the same
 */
struct cred {
	enum cred_state one_way;
	enum cred_state mutual;
	bool newline;
	bool weak;
	bool same;
};

/* @sub is where the files are: "auth/" below the object @dir, or "". */
void cred_load(struct tool *t, const char *dir, const char *sub, struct cred *cred);
const char *cred_name(enum cred_state state);
void cred_print(struct tool *t, const struct cred *cred);

#endif /* CRED_H */
