/* SPDX-License-Identifier: GPL-2.0 */
/* The ACL's file `info`: its shape is an ABI that rtslib and others parse too. */
#ifndef INFO_H
#define INFO_H

#include "tool.h"

#define INFO_CONN_MAX	256	/* a page holds far fewer */

struct info_conn {
	long long cid;
	char *state;
	char *address;
	char *transport;
	long long statsn;	/* -1: not given */
};

struct info {
	char *initiator;
	char *alias;
	long long sid;
	char isid[13];		/* twelve hexadecimal digits */
	long long tsih;
	char *type;
	char *state;
	long long window;	/* this and the next four: -1 if not given */
	long long exp_cmdsn;
	long long max_cmdsn;
	long long last_itt;
	long long last_ttt;
	struct info_conn *conns;
	size_t conn_count;
};

/* Return: 1 session, 0 no session, or -1 with @why set to what is wrong. */
int info_parse(const char *text, struct info *info, const char **why);
void info_free(struct info *info);

#endif /* INFO_H */
