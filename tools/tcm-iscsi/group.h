/* SPDX-License-Identifier: GPL-2.0 */
/* A portal group on the command line and over netlink. */
#ifndef GROUP_H
#define GROUP_H

#include "netlink.h"

/**
 * struct group - a portal group
 * @target: name of its target
 * @tag: its tag, or -1: the only one of the target
 */
struct group {
	char *target;
	long long tag;
};

/* "TARGET" or "TARGET/TPGT"; false, reported, if it is neither. */
bool group_parse(const char *text, struct group *group);
/* Find out @group->tag, and that there is such a group. */
enum tool_status group_resolve(struct tool *t, struct channel *c, struct group *group);
void group_free(struct group *group);

/* A request about the group. */
struct nl_msg *group_request(struct channel *c, int command, int flags,
			     const struct group *group);
/* "TARGET/TPGT" for messages; the caller frees it. */
char *group_name(const struct group *group);

/*
 * group_print - as an array of groups: @group, or all of them if it is NULL; with
 * @redirected only those whose logins go elsewhere are shown in text.
 */
enum tool_status group_print(struct tool *t, struct channel *c, const struct group *group,
			     bool redirected);

#endif /* GROUP_H */
