// SPDX-License-Identifier: GPL-2.0
/* tcm-iscsi close: end a session now. */
#include <linux/tcm_iscsi.h>

#include "ending.h"

enum tool_status verb_close(struct tool *t, int argc, char **argv)
{
	enum tool_status status;
	long long sid;

	(void)argc;
	if (!ending_sid(argv[0], &sid))
		return TOOL_USAGE;
	status = ending_request(t, TCM_ISCSI_CMD_SESSION_CLOSE, sid, 0);
	if (!status) {
		out_line(&t->out, 0);
		out_int(&t->out, "sid", "session %: is being closed", sid);
	}
	return status;
}
