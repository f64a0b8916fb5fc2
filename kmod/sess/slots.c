// SPDX-License-Identifier: GPL-2.0
/*
 * Where command slots live.
 *
 * In blocks: one at hand-over, each of the others when all slots there are have been
 * taken, until the window and the spare ones have theirs. Most sessions are idle most of
 * the time, and a slot is the better part of a kilobyte. A block stays for the
 * connection's life, so commands of a session at work find their slots there.
 *
 * Only the thread takes slots and adds blocks, never under the socket lock. Others that
 * look at a connection's commands (stuck.c) see as many as @nr_cmds says, which counts a
 * block when it is complete.
 */
#include <linux/mm.h>
#include <linux/slab.h>

#include "cmd.h"
#include "conn.h"
#include "exact.h"

static void tiscsi_slot_init(struct tiscsi_conn *conn, struct tiscsi_cmd *cmd, u32 number)
{
	cmd->conn = conn;
	cmd->slot = number;
	INIT_LIST_HEAD(&cmd->item.node);
	INIT_LIST_HEAD(&cmd->node);
	INIT_LIST_HEAD(&cmd->r2t_node);
	INIT_LIST_HEAD(&cmd->defer_node);
	INIT_HLIST_NODE(&cmd->itt_node);
	cmd->free_node.next = conn->free ? &conn->free->free_node : NULL;
	conn->free = cmd;
}

static bool tiscsi_slots_add_block(struct tiscsi_conn *conn)
{
	struct tiscsi_cmd *block;
	u32 i;

	block = tiscsi_exact_alloc(TISCSI_CMD_BLOCK, sizeof(*block));
	if (!block)
		return false;
	for (i = TISCSI_CMD_BLOCK; i-- > 0;)
		tiscsi_slot_init(conn, &block[i], conn->nr_cmds + i);
	conn->blocks[conn->nr_cmds / TISCSI_CMD_BLOCK] = block;
	/* Pairs with tiscsi_cmd_count(). */
	smp_store_release(&conn->nr_cmds, conn->nr_cmds + TISCSI_CMD_BLOCK);
	return true;
}

/**
 * tiscsi_cmd_may_get - is there a slot?
 * @conn: the connection; its thread, without the socket lock
 *
 * Sleeps. Return: true, and tiscsi_cmd_get() will find one. Without memory the answer is
 * false although the window promises slots; the request then waits for one to come back,
 * or for the next tick.
 */
bool tiscsi_cmd_may_get(struct tiscsi_conn *conn)
{
	if (likely(conn->free))
		return true;
	return conn->nr_cmds < conn->max_cmds && tiscsi_slots_add_block(conn);
}

int tiscsi_cmd_alloc_slots(struct tiscsi_conn *conn, u32 depth)
{
	u32 max = min_t(u32, round_up(depth + TISCSI_CMD_SPARE, TISCSI_CMD_BLOCK),
			ICORE_TTT_SLOTS);

	conn->blocks = kcalloc(max / TISCSI_CMD_BLOCK, sizeof(*conn->blocks), GFP_KERNEL);
	if (!conn->blocks)
		return -ENOMEM;
	conn->max_cmds = max;
	if (tiscsi_slots_add_block(conn))
		return 0;
	kfree(conn->blocks);
	return -ENOMEM;
}

/* Of a connection that never began, or that conn.h's conditions allow to be freed. */
void tiscsi_cmd_free_slots(struct tiscsi_conn *conn)
{
	u32 i;

	for (i = 0; i < conn->nr_cmds; i++)
		kfree(tiscsi_cmd_slot(conn, i)->long_cdb);
	for (i = 0; i < conn->nr_cmds; i += TISCSI_CMD_BLOCK)
		tiscsi_exact_free(conn->blocks[i / TISCSI_CMD_BLOCK], TISCSI_CMD_BLOCK,
				  sizeof(struct tiscsi_cmd));
	kfree(conn->blocks);
	conn->blocks = NULL;
	conn->free = NULL;
	conn->nr_cmds = 0;
}
