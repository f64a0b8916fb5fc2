// SPDX-License-Identifier: GPL-2.0
/*
 * Portal groups whose disabling was begun and given up.
 *
 * Who writes 0 to `enable` waits for the commands of a disk. If he is killed meanwhile,
 * logins are refused all the same, while the file goes on to read 1, so that the next one
 * who writes 0 waits again. A 1 that is written to it then changes nothing, because
 * target_core sees no difference: it takes a 0 that is waited for, and a 1 after that.
 * Only the module itself knows.
 */
#include "halted.h"
#include "member.h"
#include "netlink.h"

static void note(struct nlattr *head, int len, void *arg)
{
	struct nlattr *attr[TCM_ISCSI_A_TPG_MAX + 1];
	char *name;

	if (nla_parse(attr, TCM_ISCSI_A_TPG_MAX, head, len, NULL) ||
	    get_number(attr[TCM_ISCSI_A_TPG_ENABLED], 1))
		return;
	name = join("%s tpgt_%lld", get_str(attr[TCM_ISCSI_A_TPG_TARGET]),
		    get_number(attr[TCM_ISCSI_A_TPG_TAG], 0));
	member_set(arg, name, json_true());
	free(name);
}

json_t *halted_load(struct tool *t)
{
	json_t *groups = json_have(json_object());
	struct channel channel;

	if (!channel_try(t, &channel))
		return groups;
	channel_run(&channel, channel_request(&channel, TCM_ISCSI_CMD_TPG_GET, NLM_F_DUMP), note,
		    groups);
	channel_close(&channel);
	return groups;
}
