// SPDX-License-Identifier: GPL-2.0
/*
 * Command slots: life of a command between the wire and target_core.
 *
 * Who touches a slot. The I/O thread owns it. Upcalls from target_core set a bit
 * in cmd->mail, put the slot on conn->mail_list and wake the thread; that is all
 * they do, because they may run in hard interrupt context. The exception is a
 * connection whose thread is gone (conn->drained): there the upcall finishes the
 * command itself. The bit decides who does it: the thread sets drained and then
 * looks at every slot's bits, the upcall sets its bit and then looks at drained,
 * with a full barrier between on both sides; test_and_clear_bit() lets exactly
 * one of them win.
 *
 * References. target_core's kref has two counts: one is dropped by target_core
 * when it is finished, one by us. Ours covers the data of a read until TCP has
 * it; a command that ends with a status only is let go as soon as the status is
 * known (tiscsi_cmd_detach()), so that neither a peer that does not read nor one
 * that owes data can hold up a reset, which waits for the release. If target_core
 * aborts a command without answering, it drops our reference too; then all we see is the
 * released upcall. A slot is free when we are done with it and target_core is.
 */
#include <linux/slab.h>
#include <linux/mm.h>
#include <scsi/scsi_common.h>
#include <scsi/scsi_proto.h>

#include "cmd.h"
#include "conn.h"
#include "session.h"
#include "stage.h"
#include "stuck.h"
#include "tmr.h"

/* -- slots -- */

static void tiscsi_cmd_push_free(struct tiscsi_cmd *cmd)
{
	struct tiscsi_conn *conn = cmd->conn;

	cmd->state = TISCSI_CMD_FREE;
	cmd->free_node.next = conn->free ? &conn->free->free_node : NULL;
	conn->free = cmd;
	conn->in_use--;
}

/**
 * tiscsi_cmd_get_unnamed - take a free slot for something that has no ITT
 * @conn: the connection
 *
 * Does not sleep; may run under the socket lock. Return: the slot or NULL.
 */
struct tiscsi_cmd *tiscsi_cmd_get_unnamed(struct tiscsi_conn *conn)
{
	struct tiscsi_cmd *cmd = conn->free;

	tiscsi_assert_io_thread(conn);
	if (!cmd)
		return NULL;
	conn->free = cmd->free_node.next ?
		container_of(cmd->free_node.next, struct tiscsi_cmd, free_node) : NULL;
	conn->in_use++;

	cmd->mail = 0;
	/* 16 bits that never read as all ones: then no tag can be the reserved one. */
	cmd->gen = cmd->gen >= 0xfffe ? 0 : cmd->gen + 1;
	cmd->windowed = false;
	cmd->immediate = false;
	cmd->tmr = false;
	cmd->core = false;
	cmd->ref = false;
	cmd->suppress = false;
	cmd->early = false;
	cmd->snack = false;
	cmd->aborting = false;
	cmd->tas = false;
	cmd->read = false;
	cmd->write = false;
	cmd->edtl = 0;
	cmd->buf_len = 0;
	cmd->cur.sg = NULL;
	memset(&cmd->res, 0, sizeof(cmd->res));
	memset(&cmd->rs, 0, sizeof(cmd->rs));
	memset(&cmd->ws, 0, sizeof(cmd->ws));
	cmd->itt = ICORE_RTAG;
	cmd->hashed = false;
	cmd->seq = ++conn->next_seq;
	return cmd;
}

/**
 * tiscsi_cmd_get - take a free slot and make the task known by its ITT
 * @conn: the connection
 * @itt: not in use (tiscsi_cmd_find())
 *
 * Does not sleep; may run under the socket lock. Return: the slot or NULL.
 */
struct tiscsi_cmd *tiscsi_cmd_get(struct tiscsi_conn *conn, u32 itt)
{
	struct tiscsi_cmd *cmd = tiscsi_cmd_get_unnamed(conn);

	if (!cmd)
		return NULL;
	cmd->itt = itt;
	cmd->hashed = true;
	hash_add(conn->itt_hash, &cmd->itt_node, itt);
	conn->last_itt = itt;
	return cmd;
}

struct tiscsi_cmd *tiscsi_cmd_find(struct tiscsi_conn *conn, u32 itt)
{
	struct tiscsi_cmd *cmd;

	hash_for_each_possible(conn->itt_hash, cmd, itt_node, itt)
		if (cmd->itt == itt)
			return cmd;
	return NULL;
}

/* The task has ended as far as the initiator can see: its ITT may come again. */
void tiscsi_cmd_unhash(struct tiscsi_cmd *cmd)
{
	if (!cmd->hashed)
		return;
	cmd->hashed = false;
	hash_del(&cmd->itt_node);
}

/**
 * tiscsi_cmd_retire - the PDU that ends the task is being built
 * @cmd: the command
 *
 * Before its numbers are stamped: the window that this PDU advertises already
 * has the place that it frees (the slots beyond the window cover the rest of the
 * slot's life).
 */
void tiscsi_cmd_retire(struct tiscsi_cmd *cmd)
{
	struct tiscsi_conn *conn = cmd->conn;

	tiscsi_assert_io_thread(conn);
	tiscsi_cmd_unhash(cmd);
	if (cmd->windowed) {
		cmd->windowed = false;
		icore_window_give(&conn->sess->window);
	}
	if (cmd->immediate) {
		cmd->immediate = false;
		conn->immediates--;
	}
}

/* No payload may go to this command any more; its pages are about to vanish. */
void tiscsi_cmd_leave_sink(struct tiscsi_cmd *cmd)
{
	struct tiscsi_conn *conn = cmd->conn;

	if (conn->sink.kind == TISCSI_SINK_CMD && conn->sink.cmd == cmd) {
		conn->sink.kind = TISCSI_SINK_NONE;
		conn->sink.cmd = NULL;
	}
	if (conn->rx_wait == cmd)
		conn->rx_wait = NULL;
	if (unlikely(cmd->stage))
		tiscsi_stage_put(cmd);
	list_del_init(&cmd->r2t_node);
	list_del_init(&cmd->node);
}

static void tiscsi_cmd_detach(struct tiscsi_cmd *cmd)
{
	if (!cmd->ref)
		return;
	cmd->ref = false;
	tiscsi_tcm_put(cmd);
}

/**
 * tiscsi_cmd_drop - we are done with it: sent, or never to be answered
 * @cmd: not in any queue
 *
 * If target_core still refers to the slot, it comes back through the released
 * upcall. The long CDB is ours: target_core copies it at submission.
 */
void tiscsi_cmd_drop(struct tiscsi_cmd *cmd)
{
	tiscsi_cmd_leave_sink(cmd);
	tiscsi_cmd_retire(cmd);
	kfree(cmd->long_cdb);
	cmd->long_cdb = NULL;
	cmd->state = TISCSI_CMD_RETIRED;
	tiscsi_cmd_detach(cmd);
	if (!cmd->core)
		tiscsi_cmd_push_free(cmd);
}

/* target_core has aborted a command and dropped our reference for us. */
static void tiscsi_cmd_aborted(struct tiscsi_cmd *cmd)
{
	cmd->ref = false;
	if (!list_empty(&cmd->conn->tmfs))
		tiscsi_tmf_progress(cmd->conn, cmd);
	tiscsi_cmd_leave_sink(cmd);
	if (cmd->tas && !cmd->suppress) {
		tiscsi_cmd_local_status(cmd, SAM_STAT_TASK_ABORTED);
		return;
	}
	tiscsi_cmd_retire(cmd);
	tiscsi_cmd_push_free(cmd);
}

/**
 * tiscsi_cmd_collect_released - target_core is done with these slots
 * @conn: the connection
 */
void tiscsi_cmd_collect_released(struct tiscsi_conn *conn)
{
	struct llist_node *list = llist_del_all(&conn->released);
	struct tiscsi_cmd *cmd, *next;

	tiscsi_assert_io_thread(conn);
	llist_for_each_entry_safe(cmd, next, list, free_node) {
		cmd->core = false;
		if (cmd->tmr)
			tiscsi_tmf_core_done(cmd);
		else if (cmd->ref)
			tiscsi_cmd_aborted(cmd);
		else if (cmd->state == TISCSI_CMD_RETIRED)
			tiscsi_cmd_push_free(cmd);
	}
}

/* -- answers -- */

/* The command ends with this, and without the data it still had to send. */
static void tiscsi_cmd_set_sense(struct tiscsi_cmd *cmd, u8 key, u8 asc, u8 ascq)
{
	scsi_build_sense_buffer(0, cmd->sense_buffer, key, asc, ascq);
	memset(&cmd->res, 0, sizeof(cmd->res));
	cmd->res.status = SAM_STAT_CHECK_CONDITION;
	cmd->res.sense = cmd->sense_buffer;
	cmd->res.sense_len = 18;
	cmd->rs.total = cmd->rs.off;
	if (cmd->edtl > cmd->rs.off) {
		cmd->res.residual_flags = ICORE_RSP_UNDERFLOW;
		cmd->res.residual = cmd->edtl - cmd->rs.off;
	}
}

/**
 * tiscsi_cmd_respond - the status is known and may be sent
 * @cmd: cmd->res is valid; the initiator owes no data
 */
void tiscsi_cmd_respond(struct tiscsi_cmd *cmd)
{
	struct tiscsi_conn *conn = cmd->conn;

	tiscsi_cmd_leave_sink(cmd);
	if (cmd->suppress) {
		tiscsi_cmd_drop(cmd);
		return;
	}
	if (cmd->early) {
		/* No status before ExpCmdSN has passed the command (4.2.2.1). */
		cmd->state = TISCSI_CMD_DONE;
		return;
	}
	if (cmd->snack)
		tiscsi_cmd_set_sense(cmd, ABORTED_COMMAND, 0x11, 0x13);
	if (cmd->res.sg && cmd->res.data_len) {
		icore_rseq_init(&cmd->rs, &conn->params,
				min(cmd->res.data_len, cmd->edtl));
		tiscsi_sgcur_init(&cmd->cur, cmd->res.sg);
	}
	cmd->state = TISCSI_CMD_QUEUED;
	list_add_tail(&cmd->item.node, &conn->tx_done);
}

/* The status is known; wait for data that the initiator has promised (11.4.2). */
static void tiscsi_cmd_finish(struct tiscsi_cmd *cmd)
{
	if (cmd->write) {
		icore_wseq_limit(&cmd->ws, 0);
		if (icore_wseq_waiting(&cmd->ws) && !cmd->suppress) {
			cmd->state = TISCSI_CMD_LINGER;
			list_del_init(&cmd->r2t_node);
			list_move_tail(&cmd->node, &cmd->conn->collect);
			return;
		}
	}
	tiscsi_cmd_respond(cmd);
}

/* Somebody else's CLEAR TASK SET meant it, whether the device was faster or not. */
static void tiscsi_cmd_set_aborted(struct tiscsi_cmd *cmd)
{
	memset(&cmd->res, 0, sizeof(cmd->res));
	cmd->res.status = SAM_STAT_TASK_ABORTED;
}

/* An answer without target_core. */
void tiscsi_cmd_local_status(struct tiscsi_cmd *cmd, u8 status)
{
	cmd->res.status = status;
	if (cmd->edtl) {
		cmd->res.residual_flags = ICORE_RSP_UNDERFLOW;
		cmd->res.residual = cmd->edtl;
	}
	cmd->state = TISCSI_CMD_DONE;
	tiscsi_cmd_finish(cmd);
}

void tiscsi_cmd_local_sense(struct tiscsi_cmd *cmd, u8 key, u8 asc, u8 ascq)
{
	tiscsi_cmd_set_sense(cmd, key, asc, ascq);
	cmd->state = TISCSI_CMD_DONE;
	tiscsi_cmd_finish(cmd);
}

/**
 * tiscsi_cmd_fail_snack - the initiator lacks something that nobody can send again
 * @cmd: a task that was not yet answered, in any state
 *
 * It goes on as far as it must (data that is owed, a backend that works) and then ends
 * with "SNACK rejected" (RFC 7143 7.8, 11.4.7.2).
 */
void tiscsi_cmd_fail_snack(struct tiscsi_cmd *cmd)
{
	switch (cmd->state) {
	case TISCSI_CMD_COLLECT:
		icore_wseq_fail(&cmd->ws, ICORE_DATA_SNACK);
		tiscsi_cmd_data_progress(cmd);
		break;
	case TISCSI_CMD_QUEUED:
		tiscsi_cmd_set_sense(cmd, ABORTED_COMMAND, 0x11, 0x13);
		break;
	default:
		cmd->snack = true;
		break;
	}
}

/* -- mail -- */

static void tiscsi_cmd_buffer_ready(struct tiscsi_cmd *cmd)
{
	struct tiscsi_conn *conn = cmd->conn;
	struct scatterlist *sg;
	u32 len;

	sg = tiscsi_tcm_buffer(cmd, &len);
	cmd->buf_len = len;
	tiscsi_sgcur_init(&cmd->cur, sg);
	icore_wseq_limit(&cmd->ws, len);
	cmd->state = TISCSI_CMD_COLLECT;
	cmd->data_since = jiffies;
	cmd->since = conn->now;
	list_move_tail(&cmd->node, &conn->collect);
	if (cmd->stage)
		tiscsi_stage_unload(cmd);
	if (conn->rx_wait == cmd)
		conn->rx_wait = NULL;
	else
		tiscsi_cmd_data_progress(cmd);
}

static void tiscsi_cmd_one_mail(struct tiscsi_cmd *cmd)
{
	if (test_and_clear_bit(TISCSI_MAIL_WRITE_READY, &cmd->mail)) {
		if (cmd->suppress)
			tiscsi_tcm_kill(cmd);
		else
			tiscsi_cmd_buffer_ready(cmd);
	}
	if (test_and_clear_bit(TISCSI_MAIL_COMPLETED, &cmd->mail)) {
		if (unlikely(!list_empty(&cmd->conn->tmfs)))
			tiscsi_tmf_progress(cmd->conn, cmd);
		tiscsi_tcm_result(cmd, &cmd->res);
		if (cmd->tas)
			tiscsi_cmd_set_aborted(cmd);
		if (!cmd->res.sg)
			tiscsi_cmd_detach(cmd);
		tiscsi_cmd_lap(cmd, TISCSI_LAT_BACKEND);
		cmd->state = TISCSI_CMD_DONE;
		if (cmd->conn->rx_wait == cmd)
			cmd->conn->rx_wait = NULL;
		tiscsi_cmd_finish(cmd);
	}
	/* The slot is used again for the next step, or answered, once it is released. */
	if (test_and_clear_bit(TISCSI_MAIL_TMR, &cmd->mail))
		tiscsi_cmd_detach(cmd);
}

/**
 * tiscsi_cmd_take_mail - act on what target_core said, in the order it said it
 * @conn: the connection
 */
void tiscsi_cmd_take_mail(struct tiscsi_conn *conn)
{
	struct llist_node *list;
	struct tiscsi_cmd *cmd, *next;

	tiscsi_assert_io_thread(conn);
	if (llist_empty(&conn->mail_list))
		return;
	conn->now = ktime_get_ns();
	list = llist_reverse_order(llist_del_all(&conn->mail_list));
	llist_for_each_entry_safe(cmd, next, list, mail_node) {
		/* From here on the node may be queued again by another upcall. */
		clear_bit(TISCSI_MAIL_QUEUED, &cmd->mail);
		smp_mb__after_atomic(); /* the bits are looked at after it, see the post */
		tiscsi_cmd_one_mail(cmd);
	}
}

/* The thread is gone: whoever gets the bit ends the command. */
static void tiscsi_cmd_drained_mail(struct tiscsi_cmd *cmd)
{
	if (test_and_clear_bit(TISCSI_MAIL_WRITE_READY, &cmd->mail))
		tiscsi_tcm_kill(cmd);
	if (test_and_clear_bit(TISCSI_MAIL_COMPLETED, &cmd->mail))
		tiscsi_tcm_put(cmd);
	if (test_and_clear_bit(TISCSI_MAIL_TMR, &cmd->mail))
		tiscsi_tcm_put(cmd);
}

static void tiscsi_cmd_post(struct tiscsi_cmd *cmd, int bit)
{
	struct tiscsi_conn *conn = cmd->conn;

	set_bit(bit, &cmd->mail);
	smp_mb__after_atomic(); /* pairs with the one in tiscsi_cmd_end_all() */
	if (READ_ONCE(conn->drained)) {
		tiscsi_cmd_drained_mail(cmd);
		return;
	}
	if (test_and_set_bit(TISCSI_MAIL_QUEUED, &cmd->mail))
		return;
	if (llist_add(&cmd->mail_node, &conn->mail_list) && current != conn->task)
		tiscsi_conn_wake(conn);
}

void tiscsi_cmd_write_ready(struct tiscsi_cmd *cmd)
{
	tiscsi_cmd_post(cmd, TISCSI_MAIL_WRITE_READY);
}

void tiscsi_cmd_completed(struct tiscsi_cmd *cmd)
{
	tiscsi_cmd_post(cmd, TISCSI_MAIL_COMPLETED);
}

void tiscsi_cmd_tmr_done(struct tiscsi_cmd *cmd, u8 response)
{
	cmd->tmr_response = response;
	tiscsi_cmd_post(cmd, TISCSI_MAIL_TMR);
}

void tiscsi_cmd_released(struct tiscsi_cmd *cmd)
{
	struct tiscsi_conn *conn = cmd->conn;

	/*
	 * target_core puts the command counter after this call, and conn is freed
	 * only after the counter has drained: conn is valid here.
	 */
	if (llist_add(&cmd->free_node, &conn->released) && READ_ONCE(conn->want_released))
		tiscsi_conn_post(conn, TISCSI_EV_RELEASED);
}

/* -- the way in -- */

/* The unit has something to tell that target_core does not know of. */
static bool tiscsi_cmd_attention(struct tiscsi_cmd *cmd, const u8 *cdb)
{
	u8 asc, ascq;
	u64 lun;

	if (!icore_lun_decode(cmd->lun, &lun) ||
	    !tiscsi_ua_take(cmd->conn->sess, lun, cdb, &asc, &ascq))
		return false;
	tiscsi_cmd_local_sense(cmd, UNIT_ATTENTION, asc, ascq);
	return true;
}

/**
 * tiscsi_cmd_submit - give a decoded command to target_core
 * @cmd: READY; its fields are set
 * @cdb: the whole CDB
 *
 * Sleeps as long as the backend's submission does. On return the command may be
 * in any later state.
 */
void tiscsi_cmd_submit(struct tiscsi_cmd *cmd, u8 *cdb)
{
	tiscsi_assert_io_thread(cmd->conn);
	list_del_init(&cmd->node);
	if (unlikely(READ_ONCE(cmd->conn->sess->fenced)) && tiscsi_stuck_fences(cmd, cdb))
		return;
	if (unlikely(READ_ONCE(cmd->conn->sess->ua.pending)) && tiscsi_cmd_attention(cmd, cdb))
		return;
	cmd->began = jiffies;
	cmd->state = TISCSI_CMD_SUBMITTED;
	cmd->since = cmd->conn->now;
	cmd->core = true;
	cmd->ref = true;
	if (tiscsi_tcm_submit(cmd, cdb, cmd->edtl, cmd->read, cmd->write, cmd->attr)) {
		cmd->core = false;
		cmd->ref = false;
		tiscsi_cmd_local_status(cmd, SAM_STAT_BUSY);
		return;
	}
	tiscsi_cmd_take_mail(cmd->conn);
}

void tiscsi_cmd_submit_ready(struct tiscsi_conn *conn)
{
	struct tiscsi_cmd *cmd;

	while ((cmd = list_first_entry_or_null(&conn->ready, struct tiscsi_cmd, node)))
		tiscsi_cmd_submit(cmd, cmd->cdb);
}

/**
 * tiscsi_cmd_data_progress - look at a write after something changed
 * @cmd: COLLECT or LINGER
 */
void tiscsi_cmd_data_progress(struct tiscsi_cmd *cmd)
{
	struct tiscsi_conn *conn = cmd->conn;

	if (cmd->state == TISCSI_CMD_LINGER) {
		if (!icore_wseq_waiting(&cmd->ws))
			tiscsi_cmd_respond(cmd);
		return;
	}
	if (cmd->state != TISCSI_CMD_COLLECT)
		return;

	if (cmd->ws.error != ICORE_DATA_GOOD) {
		if (!icore_wseq_drained(&cmd->ws))
			return;
		tiscsi_cmd_leave_sink(cmd);
		cmd->state = TISCSI_CMD_EXECUTE;
		tiscsi_tcm_fail(cmd, cmd->ws.error);
	} else if (icore_wseq_complete(&cmd->ws)) {
		if (cmd->early)
			return;		/* not before its turn */
		tiscsi_cmd_leave_sink(cmd);
		if (cmd->since != conn->now)
			tiscsi_cmd_lap(cmd, TISCSI_LAT_INITIATOR);
		cmd->state = TISCSI_CMD_EXECUTE;
		tiscsi_tcm_execute(cmd);
	} else if (list_empty(&cmd->r2t_node)) {
		list_add_tail(&cmd->r2t_node, &conn->tx_r2t);
	}
}

/* -- the way out -- */

/**
 * tiscsi_cmd_abort_local - end a command that target_core does not run yet
 * @cmd: any state
 *
 * No response will be sent. Return: false if the command is executing or its
 * response is under way, so that this is not ours to decide.
 */
bool tiscsi_cmd_abort_local(struct tiscsi_cmd *cmd)
{
	switch (cmd->state) {
	case TISCSI_CMD_READY:
		/* conn->ready is empty between two PDUs: it waits for its turn, or for data. */
		tiscsi_cmd_drop(cmd);
		return true;
	case TISCSI_CMD_DONE:
		if (!cmd->early)
			return false;
		tiscsi_cmd_drop(cmd);
		return true;
	case TISCSI_CMD_SUBMITTED:
		if (!tiscsi_tcm_withdraw(cmd))
			return false;
		fallthrough;
	case TISCSI_CMD_COLLECT:
		cmd->suppress = true;
		tiscsi_cmd_leave_sink(cmd);
		tiscsi_cmd_retire(cmd);
		cmd->state = TISCSI_CMD_EXECUTE;
		tiscsi_tcm_kill(cmd);
		return true;
	case TISCSI_CMD_LINGER:
		cmd->suppress = true;
		tiscsi_cmd_respond(cmd);
		return true;
	default:
		return false;
	}
}

/**
 * tiscsi_cmd_abort_with_status - the same on behalf of another initiator
 * @cmd: any state
 *
 * For devices with the TAS bit: the initiator gets TASK ABORTED, after the data that it
 * owes. Return: false if the command is executing or answered.
 */
bool tiscsi_cmd_abort_with_status(struct tiscsi_cmd *cmd)
{
	if (cmd->state != TISCSI_CMD_COLLECT &&
	    (cmd->state != TISCSI_CMD_SUBMITTED || !tiscsi_tcm_withdraw(cmd)))
		return false;
	tiscsi_cmd_leave_sink(cmd);
	cmd->state = TISCSI_CMD_EXECUTE;
	/* Completes with that status; finishing it waits for the data. */
	tiscsi_tcm_kill(cmd);
	return true;
}

/**
 * tiscsi_cmd_end_all - the connection is over: let go of every command
 * @conn: socket released; I/O thread, as one of its last acts
 *
 * Afterwards nothing refers to a slot but target_core, and upcalls finish what it
 * still has.
 */
void tiscsi_cmd_end_all(struct tiscsi_conn *conn)
{
	struct tiscsi_cmd *cmd;
	u32 i;

	tiscsi_cmd_take_mail(conn);
	WRITE_ONCE(conn->drained, true);
	smp_mb(); /* pairs with the barriers in tiscsi_cmd_post() and tiscsi_clear_post() */
	tiscsi_tmf_end(conn);

	for (i = 0; i < conn->nr_cmds; i++) {
		cmd = tiscsi_cmd_slot(conn, i);
		list_del_init(&cmd->item.node);
		tiscsi_cmd_leave_sink(cmd);
		switch (cmd->state) {
		case TISCSI_CMD_COLLECT:
			tiscsi_tcm_kill(cmd);
			break;
		case TISCSI_CMD_DONE:
		case TISCSI_CMD_LINGER:
		case TISCSI_CMD_QUEUED:
		case TISCSI_CMD_SENDING:
			tiscsi_cmd_detach(cmd);
			break;
		case TISCSI_CMD_SUBMITTED:
			if (tiscsi_tcm_withdraw(cmd))
				tiscsi_tcm_kill(cmd);
			fallthrough;
		case TISCSI_CMD_EXECUTE:
			tiscsi_cmd_drained_mail(cmd);
			break;
		case TISCSI_CMD_FREE:
		case TISCSI_CMD_READY:
		case TISCSI_CMD_RETIRED:
			break;
		}
		cmd->state = TISCSI_CMD_RETIRED;
	}
}
