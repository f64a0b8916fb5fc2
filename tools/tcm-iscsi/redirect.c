// SPDX-License-Identifier: GPL-2.0
/* tcm-iscsi redirect: send the logins of a portal group elsewhere. */
#include <stdlib.h>

#include "group.h"

static struct nl_msg *change(struct tool *t, struct channel *c, const struct group *group,
			     int count, char **address)
{
	struct nl_msg *msg = group_request(c, TCM_ISCSI_CMD_TPG_SET, NLM_F_ACK, group);
	struct nlattr *nest = nla_nest_start(msg, NLA_F_NESTED | TCM_ISCSI_A_TPG_REDIRECT);
	uint32_t kind = TCM_ISCSI_REDIRECT_KIND_TEMPORARY;

	if (t->options & OPTION_OFF)
		kind = TCM_ISCSI_REDIRECT_KIND_NONE;
	else if (t->options & OPTION_PERMANENT)
		kind = TCM_ISCSI_REDIRECT_KIND_PERMANENT;
	put_u32(msg, TCM_ISCSI_A_REDIRECT_KIND, kind);
	while (count--)
		put_str(msg, TCM_ISCSI_A_REDIRECT_ADDRESS, *address++);
	nla_nest_end(msg, nest);
	return msg;
}

static enum tool_status redirect_one(struct tool *t, struct channel *c, struct group *group,
				     int count, char **address)
{
	enum tool_status status = group_resolve(t, c, group);
	char *name;

	if (status)
		return status;
	if ((count || t->options & OPTION_OFF) &&
	    !channel_run(c, change(t, c, group, count, address), NULL, NULL)) {
		name = group_name(group);
		status = channel_refused(t, c, name);
		free(name);
		return status;
	}
	return group_print(t, c, group, false);
}

static bool check_usage(const struct tool *t, int argc)
{
	if (t->options & OPTION_OFF && (argc != 1 || t->options & OPTION_PERMANENT)) {
		complain("--off stands with TARGET[/TPGT] and nothing else%", "");
		return false;
	}
	if (t->options & OPTION_PERMANENT && argc < 2) {
		complain("--permanent needs an address to go to%", "");
		return false;
	}
	return true;
}

enum tool_status verb_redirect(struct tool *t, int argc, char **argv)
{
	struct group group = { 0 };
	enum tool_status status;
	struct channel channel;

	if (!check_usage(t, argc) || (argc && !group_parse(argv[0], &group)))
		return TOOL_USAGE;
	status = channel_open(t, &channel);
	if (!status) {
		status = argc ? redirect_one(t, &channel, &group, argc - 1, argv + 1) :
				group_print(t, &channel, NULL, true);
		channel_close(&channel);
	}
	group_free(&group);
	return status;
}
