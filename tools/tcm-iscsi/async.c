// SPDX-License-Identifier: GPL-2.0
/* tcm-iscsi async: tell initiators at once of changes, or wait for their next command. */
#include <stdlib.h>
#include <string.h>

#include "group.h"

static enum tool_status set_events(struct tool *t, struct channel *c, struct group *group,
				   bool on)
{
	enum tool_status status = group_resolve(t, c, group);
	struct nl_msg *msg;
	char *name;

	if (status)
		return status;
	msg = group_request(c, TCM_ISCSI_CMD_TPG_SET, NLM_F_ACK, group);
	put_u8(msg, TCM_ISCSI_A_TPG_ASYNC_EVENTS, on);
	if (channel_run(c, msg, NULL, NULL))
		return group_print(t, c, group, false);
	name = group_name(group);
	status = channel_refused(t, c, name);
	free(name);
	return status;
}

enum tool_status verb_async(struct tool *t, int argc, char **argv)
{
	const bool on = !strcmp(argv[1], "on");
	enum tool_status status;
	struct channel channel;
	struct group group;

	(void)argc;
	if (!on && strcmp(argv[1], "off")) {
		complain("'%' is neither on nor off", argv[1]);
		return TOOL_USAGE;
	}
	if (!group_parse(argv[0], &group))
		return TOOL_USAGE;
	status = channel_open(t, &channel);
	if (!status) {
		status = set_events(t, &channel, &group, on);
		channel_close(&channel);
	}
	group_free(&group);
	return status;
}
