/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Command slots.
 *
 * A connection has as many as it needs at a time (slots.c), at most: the CmdSN window, a
 * few for immediate commands and task management, and a few that cover the time between
 * sending a response (which opens the window) and target_core's last reference. Hence
 * nothing is allocated for a command as such, and a peer that ignores the window costs
 * itself only.
 *
 * Owner of every field not marked otherwise: the connection's I/O thread. While
 * target_core works on the command (between tiscsi_tcm_submit() and the
 * completed or released upcall), it owns @se_cmd.
 */
#ifndef TISCSI_CMD_H
#define TISCSI_CMD_H

#include <linux/list.h>
#include <linux/llist.h>
#include <linux/workqueue.h>
#include <target/target_core_base.h>

#include <tcm_iscsi/core.h>

#include "../tcm/tcm.h"
#include "conn.h"
#include "sgcur.h"

#define TISCSI_CMD_SPARE	16	/* slots beyond the window */
#define TISCSI_CMD_BLOCK	16	/* slots that are allocated at a time */
#define TISCSI_IMMEDIATE_MAX	8	/* immediate commands at a time, of the spare slots */

struct tiscsi_clear;
struct tiscsi_lane;

enum tiscsi_cmd_state {
	TISCSI_CMD_FREE,
	TISCSI_CMD_READY,	/* decoded, on conn->ready, not yet submitted */
	TISCSI_CMD_SUBMITTED,	/* target_core has it, no buffer yet or none needed */
	TISCSI_CMD_COLLECT,	/* write: data is coming in, on conn->collect */
	TISCSI_CMD_EXECUTE,	/* write: complete, handed back to target_core */
	TISCSI_CMD_DONE,	/* status known */
	TISCSI_CMD_LINGER,	/* failed early; its data must still arrive */
	TISCSI_CMD_QUEUED,	/* on conn->tx_done */
	TISCSI_CMD_SENDING,	/* in the present batch */
	TISCSI_CMD_RETIRED,	/* our reference is gone; waits for release */
};

/* Bits of tiscsi_cmd.mail: set by upcalls in any context, taken by the owner. */
#define TISCSI_MAIL_WRITE_READY	0
#define TISCSI_MAIL_COMPLETED	1
#define TISCSI_MAIL_TMR		2
#define TISCSI_MAIL_QUEUED	3	/* the command is on conn->mail_list */
#define TISCSI_MAIL_DATA_IN	4	/* with COMPLETED: there is data to send */

/* How far a task management function has got; see tmr.c. */
enum tiscsi_tmf_step {
	TISCSI_TMF_ORDER,	/* waits for requests that were numbered before it */
	TISCSI_TMF_CORE,	/* target_core works on it, one function at a time */
	TISCSI_TMF_OTHERS,	/* other connections do their part */
	TISCSI_TMF_SETTLE,	/* its tasks are ending */
};

/**
 * struct tiscsi_tmf - a task management function that is under way
 * @node: in conn->tmfs
 * @function: wire code
 * @step: see above
 * @response: wire code, the worst so far
 * @busy: target_core has the slot's se_cmd
 * @guest: another connection's CLEAR TASK SET: nobody here waits for an answer
 * @ended: a guest ended a task in silence
 * @lun: number of the unit
 * @next: for target resets: first LUN that was not yet reset
 * @dev: for CLEAR TASK SET: the device, for comparing only
 * @rtt: Referenced Task Tag
 * @deadline: jiffies when it stops waiting for data that the initiator owes
 * @stuck_at: jiffies when its device counts as hanging
 * @limit: jiffies when it has waited enough
 * @orphan: answered, while target_core still has it
 * @clear: for CLEAR TASK SET: what the connections share
 */
struct tiscsi_tmf {
	struct list_head node;
	u8 function;
	u8 step;
	u8 response;
	bool busy;
	bool guest;
	bool ended;
	bool orphan;
	u64 lun;
	u64 next;
	const void *dev;
	u32 rtt;
	unsigned long deadline;
	unsigned long stuck_at;
	unsigned long limit;
	struct tiscsi_clear *clear;
};

/**
 * struct tiscsi_cmd - one command slot
 * @se_cmd: target_core's
 * @conn: constant
 * @mail: see above; atomic bits
 * @mail_node: in conn->mail_list while TISCSI_MAIL_QUEUED
 * @free_node: in conn->released after the last reference, then in conn->free
 * @itt_node: in conn->itt_hash while @hashed
 * @item: in conn->tx_done or the present batch, as @state says
 * @node: in conn->ready, ->collect or ->execute, as @state says
 * @r2t_node: in conn->tx_r2t while an R2T may be due
 * @slot: its number in the connection, constant
 * @gen: changes with each use of the slot: stale TTTs are recognised by it
 * @windowed: takes part in the CmdSN window until its status is stamped
 * @immediate: counts against TISCSI_IMMEDIATE_MAX
 * @tmr: a task management function
 * @core: target_core refers to the slot; it ends with the released upcall
 * @ref: one of target_core's references is ours to put
 * @suppress: no response may be sent (aborted)
 * @early: received before its turn: neither executed nor answered yet (order.c)
 * @snack: something of it was lost: it ends with 0B/11/13 whatever comes of it
 * @aborting: target_core was asked to abort it
 * @tas: if it is aborted in silence, TASK ABORTED status is owed all the same
 * @hashed: the task exists as far as the initiator is concerned
 * @lun: as received, for R2T
 * @seq: counts what was received, so that a TMF knows what came before it
 * @long_cdb: CDB of a command that waits for its turn, if it has more than 16 bytes
 * @tmf: for @tmr
 * @ws: write sequencing
 * @rs: read cursor
 * @cur: where the next byte goes to or comes from
 * @buf_len: bytes in the buffer that @cur walks
 * @stage: where its data waits for that buffer, or NULL
 * @res: how it ended; valid from TISCSI_CMD_DONE
 * @tmr_response: wire code, for @tmr
 * @since: ns when what it is at began, see lat.h
 * @data_since: jiffies when the initiator began to owe data
 * @began: jiffies when it was given to target_core
 * @charged: kmod/tcm's: bytes that count in the budget for data
 * @caw_execute: kmod/tcm's, like the next: what guard.c took away from @se_cmd
 * @defer_node: kmod/tcm's, like the next: where it waits for being executed
 * @sense_buffer: given to target_core
 */
struct tiscsi_cmd {
	struct se_cmd se_cmd;
	struct tiscsi_conn *conn;
	unsigned long mail;
	struct llist_node mail_node;
	struct llist_node free_node;
	struct hlist_node itt_node;
	struct tiscsi_txitem item;
	struct list_head node;
	struct list_head r2t_node;
	enum tiscsi_cmd_state state;
	u16 slot;
	u16 gen;
	bool windowed;
	bool immediate;
	bool tmr;
	bool core;
	bool ref;
	bool suppress;
	bool early;
	bool snack;
	bool aborting;
	bool tas;
	bool hashed;
	bool read;
	bool write;
	u8 attr;
	u8 tmr_response;
	u8 lun[8];
	u32 itt;
	u32 cmdsn;
	u32 seq;
	u32 edtl;
	struct icore_wseq ws;
	struct icore_rseq rs;
	struct tiscsi_sgcur cur;
	u32 buf_len;
	struct page *stage;
	struct tiscsi_result res;
	u64 since;
	unsigned long data_since;
	unsigned long began;
	struct tiscsi_tmf tmf;
	u8 *long_cdb;
	u8 cdb[16];
	u32 charged;
	sense_reason_t (*caw_execute)(struct se_cmd *se_cmd);
	sense_reason_t (*caw_callback)(struct se_cmd *se_cmd, bool success, int *post_ret);
	struct list_head defer_node;
	struct work_struct defer_work;
	struct tiscsi_lane *lane;
	bool submits;
	bool placed;
	bool reserves;
	u8 sense_buffer[TRANSPORT_SENSE_BUFFER] __aligned(4);
};

static_assert(ICORE_TTT_SLOTS % TISCSI_CMD_BLOCK == 0, "the last block is a whole one");

/* Of another thread's connection, too: slots only become more. */
static inline u32 tiscsi_cmd_count(const struct tiscsi_conn *conn)
{
	/* Pairs with the store in slots.c: what is counted is complete. */
	return smp_load_acquire(&conn->nr_cmds);
}

static inline struct tiscsi_cmd *tiscsi_cmd_slot(const struct tiscsi_conn *conn, u32 number)
{
	return &conn->blocks[number / TISCSI_CMD_BLOCK][number % TISCSI_CMD_BLOCK];
}

int tiscsi_cmd_alloc_slots(struct tiscsi_conn *conn, u32 depth);
void tiscsi_cmd_free_slots(struct tiscsi_conn *conn);

/* All of the following: I/O thread only. */
bool tiscsi_cmd_may_get(struct tiscsi_conn *conn);
struct tiscsi_cmd *tiscsi_cmd_get(struct tiscsi_conn *conn, u32 itt);
struct tiscsi_cmd *tiscsi_cmd_get_unnamed(struct tiscsi_conn *conn);
struct tiscsi_cmd *tiscsi_cmd_find(struct tiscsi_conn *conn, u32 itt);
void tiscsi_cmd_unhash(struct tiscsi_cmd *cmd);
void tiscsi_cmd_leave_sink(struct tiscsi_cmd *cmd);
void tiscsi_cmd_drop(struct tiscsi_cmd *cmd);
void tiscsi_cmd_collect_released(struct tiscsi_conn *conn);
void tiscsi_cmd_take_mail(struct tiscsi_conn *conn);
void tiscsi_cmd_submit(struct tiscsi_cmd *cmd, u8 *cdb);
void tiscsi_cmd_submit_ready(struct tiscsi_conn *conn);
void tiscsi_cmd_data_progress(struct tiscsi_cmd *cmd);
void tiscsi_cmd_respond(struct tiscsi_cmd *cmd);
void tiscsi_cmd_local_sense(struct tiscsi_cmd *cmd, u8 key, u8 asc, u8 ascq);
void tiscsi_cmd_local_status(struct tiscsi_cmd *cmd, u8 status);
void tiscsi_cmd_fail_snack(struct tiscsi_cmd *cmd);
bool tiscsi_cmd_abort_local(struct tiscsi_cmd *cmd);
bool tiscsi_cmd_abort_with_status(struct tiscsi_cmd *cmd);
void tiscsi_cmd_end_all(struct tiscsi_conn *conn);
void tiscsi_cmd_retire(struct tiscsi_cmd *cmd);

/* What @cmd was at is over; the next thing begins. */
static inline void tiscsi_cmd_lap(struct tiscsi_cmd *cmd, enum tiscsi_lat_kind kind)
{
	struct tiscsi_conn *conn = cmd->conn;

	tiscsi_lat_add(&conn->lat[kind], conn->now - cmd->since);
	cmd->since = conn->now;
}

#endif /* TISCSI_CMD_H */
