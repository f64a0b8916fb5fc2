// SPDX-License-Identifier: GPL-2.0
/*
 * Aborted commands and the order of others.
 *
 * target_core makes an ORDERED command wait until all before it have ended, and all after
 * it until it has. It counts a command that ends by itself; one that was aborted while the
 * backend had it goes another way, past the counting. The next ORDERED command for that
 * LUN would then wait for ever, with everything behind it, whoever sent it.
 *
 * Both callbacks that target_core makes for an aborted command come here before it lets
 * go of the LUN. SCF_TASK_ATTR_SET says that the command is still counted; target_core
 * clears it when it counts, so a kernel that does so for aborted commands as well finds
 * nothing to do here.
 */
#include "tcm_priv.h"

/**
 * tiscsi_order_end - an aborted command does not stand in the way of others any more
 * @se_cmd: in ->aborted_task() or ->queue_status(); any command
 */
void tiscsi_order_end(struct se_cmd *se_cmd)
{
	if (!(se_cmd->transport_state & CMD_T_ABORTED) ||
	    !(se_cmd->se_cmd_flags & SCF_TASK_ATTR_SET))
		return;
	se_cmd->se_cmd_flags &= ~SCF_TASK_ATTR_SET;
	tiscsi_compat_order_end(se_cmd);
}
