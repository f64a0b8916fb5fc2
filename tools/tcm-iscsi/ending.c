// SPDX-License-Identifier: GPL-2.0
/* What ending a session and asking for its end have in common. */
#include <stdlib.h>

#include "ending.h"
#include "netlink.h"
#include "text.h"

enum tool_status ending_request(struct tool *t, int command, long long sid, long long seconds)
{
	char *object = join("session %lld", sid);
	enum tool_status status;
	struct channel channel;
	struct nl_msg *msg;

	status = channel_open(t, &channel);
	if (!status) {
		msg = channel_request(&channel, command, NLM_F_ACK);
		put_u32(msg, TCM_ISCSI_A_SESSION_SID, sid);
		if (seconds)
			put_u32(msg, TCM_ISCSI_A_SESSION_SECONDS, seconds);
		if (!channel_run(&channel, msg, NULL, NULL))
			status = channel_refused(t, &channel, object);
		channel_close(&channel);
	}
	free(object);
	return status;
}

bool ending_sid(const char *text, long long *sid)
{
	if (text_number(text, 1, UINT32_MAX, sid))
		return true;
	complain("'%' is no session number; 'tcm-iscsi sessions' shows them", text);
	return false;
}
