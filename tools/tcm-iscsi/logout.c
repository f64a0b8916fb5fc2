// SPDX-License-Identifier: GPL-2.0
/* tcm-iscsi logout: ask an initiator to log out. */
#include <linux/tcm_iscsi.h>

#include "ending.h"
#include "seconds.h"

enum tool_status verb_logout(struct tool *t, int argc, char **argv)
{
	long long sid, seconds;
	enum tool_status status;

	(void)argc;
	if (!ending_sid(argv[0], &sid) || !seconds_option(t, &seconds))
		return TOOL_USAGE;
	status = ending_request(t, TCM_ISCSI_CMD_SESSION_LOGOUT, sid, seconds);
	if (!status) {
		out_line(&t->out, 0);
		out_int(&t->out, "sid", "session %: asked to log out", sid);
		out_int(&t->out, "seconds", " within % s; it is closed after that", seconds);
	}
	return status;
}
