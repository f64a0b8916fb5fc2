// SPDX-License-Identifier: GPL-2.0
/*
 * CHAP names and secrets.
 *
 * They are read only to see whether they are there. What leaves this file is a
 * judgement; the text itself is wiped before the function returns.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cred.h"
#include "tree.h"

#define WEAK_BELOW	12	/* bytes: 96 bits */

/* An auth string that is not set reads as nothing, or as what cleared it. */
static bool is_set(const char *value)
{
	return value[strspn(value, "\n")] && strncmp(value, "NULL", 4);
}

static bool ends_in_newline(const char *value)
{
	const size_t len = strlen(value);

	return len && value[len - 1] == '\n';
}

static enum cred_state judge(const char *user, const char *secret, struct cred *cred)
{
	if (!user || !secret)
		return CRED_UNREADABLE;
	if (!is_set(user) && !is_set(secret))
		return CRED_NONE;
	cred->newline |= ends_in_newline(user) || ends_in_newline(secret);
	if (!is_set(user) || !is_set(secret))
		return CRED_HALF;
	cred->weak |= strcspn(secret, "\n") < WEAK_BELOW;
	return CRED_COMPLETE;
}

/* Without privilege all of them fail alike; once is enough to say so. */
static char *read_secret(struct tool *t, const char *dir, const char *sub, const char *file)
{
	char *name = join("%s%s", sub, file);
	char *value = tree_attr_quiet(dir, name);
	const bool refused = !value && (errno == EPERM || errno == EACCES);

	if (!value && !refused)
		value = tree_attr(t, dir, name);
	free(name);
	if (!refused)
		return value;
	if (!t->no_secrets)
		problem_add(t, "credentials",
			    "can be read by root only; run as root to see whether they are complete");
	t->no_secrets = true;
	return NULL;
}

static void wipe(char *value)
{
	if (value)
		explicit_bzero(value, strlen(value));
	free(value);
}

void cred_load(struct tool *t, const char *dir, const char *sub, struct cred *cred)
{
	char *user = read_secret(t, dir, sub, "userid");
	char *secret = read_secret(t, dir, sub, "password");
	char *mutual_user = read_secret(t, dir, sub, "userid_mutual");
	char *mutual_secret = read_secret(t, dir, sub, "password_mutual");

	memset(cred, 0, sizeof(*cred));
	cred->one_way = judge(user, secret, cred);
	cred->mutual = judge(mutual_user, mutual_secret, cred);
	if (cred->one_way == CRED_COMPLETE && cred->mutual == CRED_COMPLETE)
		cred->same = !strcmp(secret, mutual_secret);

	wipe(user);
	wipe(secret);
	wipe(mutual_user);
	wipe(mutual_secret);
}

const char *cred_name(enum cred_state state)
{
	static const char *const name[] = {
		[CRED_NONE] = "none",
		[CRED_HALF] = "incomplete",
		[CRED_COMPLETE] = "complete",
		[CRED_UNREADABLE] = "unreadable",
	};

	return name[state];
}

void cred_print(struct tool *t, const struct cred *cred)
{
	out_object(&t->out, "credentials");
	out_str(&t->out, "one_way", ", credentials %", cred_name(cred->one_way));
	out_str(&t->out, "mutual", cred->mutual == CRED_NONE ? NULL : ", mutual credentials %",
		cred_name(cred->mutual));
	out_end(&t->out);
}
