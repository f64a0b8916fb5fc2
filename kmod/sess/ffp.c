// SPDX-License-Identifier: GPL-2.0
/*
 * Full feature phase: dispatch of what the initiator sends.
 *
 * Two passes. Under the socket lock, tiscsi_ffp_rx_header() handles what can be
 * handled without sleeping and without an answer: commands without data, small
 * writes with all of theirs (stage.c; both join conn->ready), and Data-Out for a
 * buffer that exists. Everything else stops the pump right behind the header; the
 * thread then takes the PDU with the lock dropped, tells the cursor what to do with
 * the data segment, and lets the pump go on. A PDU that cannot be served yet (no
 * slot, no buffer) simply stays: the TCP window closes by itself.
 *
 * A numbered request that is rejected does not use up its CmdSN. What follows it
 * waits in order.c until the initiator sends the number again or gives it up.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <scsi/scsi_proto.h>

#include "cmd.h"
#include "conn.h"
#include "ffp.h"
#include "order.h"
#include "report.h"
#include "session.h"
#include "stage.h"
#include "target.h"
#include "tmr.h"
#include "../mgmt/mgmt.h"
#include "../net/net.h"

/*
 * An initiator that sends so much nonsense in so short a time has lost its way, or means
 * harm; a new session is the best it can get.
 */
#define TISCSI_REJECT_MAX	512
#define TISCSI_REJECT_SPAN	(10 * HZ)

/* -- answers that any opcode can get -- */

static void tiscsi_ffp_count_reject(struct tiscsi_conn *conn)
{
	if (time_after(jiffies, conn->rejects_since + TISCSI_REJECT_SPAN)) {
		conn->rejects_since = jiffies;
		conn->rejects = 0;
	}
	if (++conn->rejects > TISCSI_REJECT_MAX)
		tiscsi_conn_drop(conn, "too many requests had to be rejected");
}

bool tiscsi_ffp_reject(struct tiscsi_conn *conn, u8 reason)
{
	struct tiscsi_ctl *ctl = tiscsi_ctl_get(conn);
	u32 len;

	if (!ctl)
		return false;
	tiscsi_ffp_count_reject(conn);
	/* The whole bad header (RFC 7143 11.17), AHS included as far as it fits. */
	len = min_t(u32, conn->hdr_len, TISCSI_CTL_INLINE);
	memcpy(ctl->inline_data, conn->hdr, len);
	ctl->dsl = len;
	icore_enc_reject(&ctl->bhs, reason, len);
	tiscsi_ctl_send(conn, ctl, true);
	tiscsi_log_peer(conn->sess->initiator, &conn->peer, conn->sess->pg->target->name,
			"rejected %s: %s", icore_opcode_name(conn->hdr[0] & ICORE_OP_MASK),
			icore_reject_name(reason));
	return true;
}

static enum tiscsi_hold tiscsi_ffp_reject_hold(struct tiscsi_conn *conn, u8 reason)
{
	return tiscsi_ffp_reject(conn, reason) ? TISCSI_HOLD_DONE : TISCSI_HOLD_WAIT;
}

/* For SCSI commands, which are counted. */
static enum icore_admit tiscsi_ffp_admit(struct tiscsi_conn *conn, const struct icore_pdu *pdu)
{
	enum icore_admit admit = icore_window_admit(&conn->sess->window, pdu->cmdsn,
						    pdu->immediate);

	if (admit != ICORE_ADMIT_IGNORE)
		conn->sess->cmd_pdus++;
	return admit;
}

/* -- SCSI Command -- */

static void tiscsi_ffp_fill(struct tiscsi_cmd *cmd, const struct icore_pdu *pdu)
{
	cmd->cmdsn = pdu->cmdsn;
	cmd->edtl = pdu->scsi.edtl;
	cmd->read = pdu->scsi.read;
	cmd->write = pdu->scsi.write;
	cmd->attr = pdu->scsi.attr;
	cmd->immediate = pdu->immediate;
	cmd->windowed = !pdu->immediate;
	memcpy(cmd->lun, pdu->lun, sizeof(cmd->lun));
	memcpy(cmd->cdb, pdu->scsi.cdb, sizeof(cmd->cdb));
	cmd->state = TISCSI_CMD_READY;
	if (cmd->windowed)
		icore_window_take(&cmd->conn->sess->window);
	else
		cmd->conn->immediates++;
}

/* The data segment at hand belongs to @cmd. */
static void tiscsi_ffp_sink(struct tiscsi_cmd *cmd, u32 off, bool discard)
{
	struct tiscsi_sink *sink = &cmd->conn->sink;

	sink->kind = TISCSI_SINK_CMD;
	sink->cmd = cmd;
	sink->cmd_off = off;
	sink->discard = discard;
}

/*
 * Under the socket lock: a command in its turn, without extras, and without data or with
 * all of it, which can wait on a page. False leaves everything as it was.
 */
static bool tiscsi_ffp_quick_cmd(struct tiscsi_conn *conn, const struct icore_pdu *pdu)
{
	struct icore_wseq ws;
	struct tiscsi_cmd *cmd;
	u8 reason;

	if (pdu->ahs_len || pdu->immediate || pdu->scsi.bidi || !conn->free ||
	    pdu->cmdsn != conn->sess->window.exp_cmdsn || tiscsi_cmd_find(conn, pdu->itt))
		return false;
	if (pdu->scsi.write) {
		enum icore_data_result res = icore_wseq_init(&ws, &conn->params, pdu->scsi.edtl,
							     pdu->dsl, pdu->final, &reason);

		if (res == ICORE_DATA_REJECT)
			return false;
		if (pdu->dsl && (res != ICORE_DATA_STORE || !tiscsi_stage_fits(conn, pdu)))
			return false;
	} else if (pdu->dsl) {
		return false;
	}
	if (icore_window_admit(&conn->sess->window, pdu->cmdsn, false) != ICORE_ADMIT_NOW)
		return false;
	conn->sess->cmd_pdus++;
	cmd = tiscsi_cmd_get(conn, pdu->itt);
	tiscsi_ffp_fill(cmd, pdu);
	if (cmd->write)
		cmd->ws = ws;
	if (!pdu->dsl) {
		list_add_tail(&cmd->node, &conn->ready);
		return true;
	}
	/* It is ready when its data is in; that it is all here is no promise (urgent data). */
	tiscsi_stage_take(cmd);
	tiscsi_ffp_sink(cmd, 0, false);
	return true;
}

/* Immediate data of a command that was just submitted: where does it go? */
static enum tiscsi_hold tiscsi_ffp_immediate_data(struct tiscsi_conn *conn, struct tiscsi_cmd *cmd)
{
	if (cmd->state == TISCSI_CMD_SUBMITTED) {
		/* The device queues submissions: the buffer comes by mail. */
		conn->rx_wait = cmd;
		return TISCSI_HOLD_WAIT;
	}
	tiscsi_ffp_sink(cmd, 0, cmd->state != TISCSI_CMD_COLLECT);
	return TISCSI_HOLD_STORE;
}

static enum tiscsi_hold tiscsi_ffp_cmd(struct tiscsi_conn *conn, const struct icore_pdu *pdu)
{
	struct tiscsi_cmd *cmd = tiscsi_cmd_find(conn, pdu->itt);
	struct icore_wseq ws = {};
	enum icore_admit admit;
	u8 reason;

	/* Submitted before; if it was aborted meanwhile, its data is skipped. */
	if (conn->rx_resumed)
		return cmd ? tiscsi_ffp_immediate_data(conn, cmd) : TISCSI_HOLD_DONE;
	if (cmd) {
		/* The same request again is a retry of what we have: silence. */
		if (cmd->cmdsn == pdu->cmdsn && !pdu->immediate)
			return TISCSI_HOLD_DONE;
		return tiscsi_ffp_reject_hold(conn, ICORE_REJECT_TASK_IN_PROGRESS);
	}
	if (pdu->immediate && conn->immediates >= TISCSI_IMMEDIATE_MAX)
		return tiscsi_ffp_reject_hold(conn, ICORE_REJECT_TOO_MANY_IMMEDIATE);
	if (pdu->scsi.write && icore_wseq_init(&ws, &conn->params, pdu->scsi.edtl, pdu->dsl,
					       pdu->final, &reason) == ICORE_DATA_REJECT)
		return tiscsi_ffp_reject_hold(conn, reason);
	if (!tiscsi_cmd_may_get(conn))
		return TISCSI_HOLD_WAIT;
	admit = tiscsi_ffp_admit(conn, pdu);
	if (admit == ICORE_ADMIT_IGNORE)
		return TISCSI_HOLD_DONE;

	cmd = tiscsi_cmd_get(conn, pdu->itt);
	tiscsi_ffp_fill(cmd, pdu);
	cmd->ws = ws;
	cmd->early = admit == ICORE_ADMIT_HOLD;
	if (cmd->early)
		tiscsi_order_keep_cmd(cmd, pdu);
	/* What has no data under way can wait for its turn here. */
	if (cmd->early && !pdu->scsi.bidi && !icore_wseq_waiting(&ws) && !pdu->dsl)
		return TISCSI_HOLD_DONE;
	if (pdu->scsi.bidi) {
		/* No device of target_core runs such commands: 05/20/00. */
		tiscsi_cmd_local_sense(cmd, ILLEGAL_REQUEST, 0x20, 0x00);
	} else {
		icore_pdu_cdb(pdu, conn->cdb_buf);
		/* Until its immediate data is in, the command must not run. */
		conn->rx_wait = pdu->dsl ? cmd : NULL;
		tiscsi_cmd_submit(cmd, conn->cdb_buf);
	}
	if (!pdu->dsl)
		return TISCSI_HOLD_DONE;
	tiscsi_stage_grow(conn);
	conn->rx_wait = NULL;
	conn->rx_resumed = true;
	return tiscsi_ffp_immediate_data(conn, cmd);
}

/* -- Data-Out -- */

/* Which command does it belong to? */
static struct tiscsi_cmd *tiscsi_ffp_data_cmd(struct tiscsi_conn *conn,
					      const struct icore_pdu *pdu)
{
	struct tiscsi_cmd *cmd;
	u32 slot;

	if (pdu->ttt == ICORE_RTAG) {
		cmd = tiscsi_cmd_find(conn, pdu->itt);
	} else {
		slot = icore_ttt_slot(pdu->ttt);
		if (slot >= conn->nr_cmds)
			return NULL;
		cmd = tiscsi_cmd_slot(conn, slot);
		/* A tag was given for one task and one unit (4.2.5.3, 11.7.4). */
		if (!icore_ttt_match(pdu->ttt, cmd->slot, cmd->gen) || !cmd->hashed ||
		    cmd->itt != pdu->itt || memcmp(cmd->lun, pdu->lun, sizeof(cmd->lun)))
			return NULL;
	}
	return cmd && cmd->write ? cmd : NULL;
}

static enum tiscsi_hold tiscsi_ffp_data_out(struct tiscsi_conn *conn, const struct icore_pdu *pdu,
					    u8 *reason)
{
	struct tiscsi_cmd *cmd;

	*reason = 0;
	cmd = tiscsi_ffp_data_cmd(conn, pdu);
	if (!cmd) {
		/*
		 * Data that an aborted task still had under way is dropped in
		 * silence (RFC 7143 10.7); a tag of nothing else is an error.
		 */
		if (!tiscsi_tmf_was_aborted(conn, pdu->itt))
			*reason = ICORE_REJECT_INVALID_FIELD;
		return TISCSI_HOLD_DONE;
	}
	if (cmd->state == TISCSI_CMD_READY || cmd->state == TISCSI_CMD_SUBMITTED)
		return TISCSI_HOLD_WAIT;
	if (cmd->state != TISCSI_CMD_COLLECT && cmd->state != TISCSI_CMD_LINGER) {
		*reason = ICORE_REJECT_INVALID_FIELD;
		return TISCSI_HOLD_DONE;
	}
	cmd->data_since = jiffies;
	switch (icore_wseq_header(&cmd->ws, pdu, reason)) {
	case ICORE_DATA_STORE:
		tiscsi_ffp_sink(cmd, pdu->data_out.offset, cmd->state != TISCSI_CMD_COLLECT);
		return TISCSI_HOLD_STORE;
	case ICORE_DATA_DISCARD:
		tiscsi_ffp_sink(cmd, pdu->data_out.offset, true);
		return TISCSI_HOLD_STORE;
	case ICORE_DATA_REJECT:
		break;
	}
	list_move_tail(&cmd->node, &conn->execute);
	return TISCSI_HOLD_DONE;
}

/* The data segment of a command's PDU is in: count it, note what is due. */
static void tiscsi_ffp_data_in_place(struct tiscsi_conn *conn, const struct icore_pdu *pdu,
				     bool digest_ok)
{
	struct tiscsi_cmd *cmd = conn->sink.cmd;

	if (conn->sink.kind != TISCSI_SINK_CMD || !cmd)
		return;
	conn->sink.kind = TISCSI_SINK_NONE;
	conn->sink.cmd = NULL;
	if (pdu->opcode == ICORE_OP_SCSI_CMD)
		icore_wseq_immediate(&cmd->ws, pdu->dsl, digest_ok);
	else
		icore_wseq_data(&cmd->ws, pdu, digest_ok);
	list_move_tail(&cmd->node, cmd->state == TISCSI_CMD_READY ? &conn->ready : &conn->execute);
}

/* -- upcalls of the pump: socket lock held, no sleeping -- */

bool tiscsi_ffp_rx_header(struct tiscsi_conn *conn)
{
	const struct icore_pdu *pdu = &conn->rx.pdu;
	u8 reason;

	conn->exp_statsn = pdu->exp_statsn;
	if (pdu->verdict != ICORE_OK)
		return false;
	switch (pdu->opcode) {
	case ICORE_OP_SCSI_CMD:
		if (!tiscsi_ffp_quick_cmd(conn, pdu))
			return false;
		icore_rx_take(&conn->rx, pdu->dsl);
		return true;
	case ICORE_OP_DATA_OUT:
		if (tiscsi_ffp_data_out(conn, pdu, &reason) != TISCSI_HOLD_STORE) {
			/* Judged once only: the sequence remembers the error. */
			conn->rx_reject = reason;
			return false;
		}
		if (!pdu->dsl) {
			tiscsi_ffp_data_in_place(conn, pdu, true);
			icore_rx_take(&conn->rx, false);
			return true;
		}
		icore_rx_take(&conn->rx, true);
		return true;
	default:
		return false;
	}
}

bool tiscsi_ffp_rx_done(struct tiscsi_conn *conn)
{
	const struct icore_pdu *pdu = &conn->rx.pdu;

	conn->rx_data_done = true;
	if (!conn->rx.digest_ok)
		return false;
	if (pdu->opcode != ICORE_OP_DATA_OUT && pdu->opcode != ICORE_OP_SCSI_CMD)
		return false;
	tiscsi_ffp_data_in_place(conn, pdu, true);
	conn->rx_data_done = false;
	icore_rx_next(&conn->rx);
	return true;
}

/* -- the thread's half -- */

/*
 * Payload of a control PDU into the flat buffer, which grows for the rare peer
 * that sends more than 8 KiB at a time. Without memory the rest is left out: a
 * ping is echoed shorter, a text is refused as too long.
 */
static enum tiscsi_hold tiscsi_ffp_store_flat(struct tiscsi_conn *conn)
{
	u32 want = min_t(u32, conn->rx.pdu.dsl, TISCSI_FLAT_MAX);
	u8 *flat;

	if (want > conn->flat_cap) {
		flat = kvmalloc(want, GFP_KERNEL);
		if (flat) {
			kvfree(conn->flat);
			conn->flat = flat;
			conn->flat_cap = want;
		}
	}
	conn->sink.kind = TISCSI_SINK_FLAT;
	conn->sink.flat = conn->flat;
	conn->sink.flat_len = conn->flat_cap;
	return TISCSI_HOLD_STORE;
}

bool tiscsi_ffp_can_serve(struct tiscsi_conn *conn, const struct icore_pdu *pdu)
{
	/* Nothing is ever sent for a NOP-Out that is no ping. */
	if (pdu->opcode == ICORE_OP_NOP_OUT && pdu->itt == ICORE_RTAG)
		return true;
	return conn->ctl_nr_free && (pdu->opcode != ICORE_OP_TMF_REQ || tiscsi_cmd_may_get(conn));
}

void tiscsi_ffp_serve(struct tiscsi_conn *conn, const struct icore_pdu *pdu, bool have_data)
{
	switch (pdu->opcode) {
	case ICORE_OP_NOP_OUT:
		tiscsi_ffp_nop_out(conn, pdu, have_data);
		break;
	case ICORE_OP_TEXT_REQ:
		tiscsi_ffp_text(conn, pdu, have_data);
		break;
	case ICORE_OP_TMF_REQ:
		tiscsi_tmf_request(conn, pdu);
		break;
	default:
		tiscsi_ffp_logout(conn, pdu);
		break;
	}
}

/* NOP-Out, Text, Logout and task management: one admission for all. */
static enum tiscsi_hold tiscsi_ffp_control(struct tiscsi_conn *conn, const struct icore_pdu *pdu,
					   bool have_data)
{
	bool tmf = pdu->opcode == ICORE_OP_TMF_REQ;

	if (pdu->dsl && !have_data)
		return tiscsi_ffp_store_flat(conn);
	if (!tiscsi_ffp_can_serve(conn, pdu))
		return TISCSI_HOLD_WAIT;
	if (tmf && tiscsi_cmd_find(conn, pdu->itt))
		return tiscsi_ffp_reject_hold(conn, ICORE_REJECT_TASK_IN_PROGRESS);
	/* One more than for commands: a TMF must always get through (4.2.2.1). */
	if (tmf && conn->immediates > TISCSI_IMMEDIATE_MAX)
		return tiscsi_ffp_reject_hold(conn, ICORE_REJECT_TOO_MANY_IMMEDIATE);

	switch (icore_window_admit(&conn->sess->window, pdu->cmdsn, pdu->immediate)) {
	case ICORE_ADMIT_NOW:
		tiscsi_ffp_serve(conn, pdu, have_data);
		break;
	case ICORE_ADMIT_HOLD:
		tiscsi_order_keep(conn, pdu, have_data);
		break;
	case ICORE_ADMIT_IGNORE:
		break;
	}
	return TISCSI_HOLD_DONE;
}

/*
 * ErrorRecoveryLevel 0 retransmits nothing (7.2.3, 11.16). The task that lacks
 * something cannot be completed any more; it ends with the sense that 7.8 names.
 * Lost status has no task left to end.
 */
static enum tiscsi_hold tiscsi_ffp_snack(struct tiscsi_conn *conn, const struct icore_pdu *pdu)
{
	struct tiscsi_cmd *cmd = tiscsi_cmd_find(conn, pdu->itt);

	if (!tiscsi_ffp_reject(conn, ICORE_REJECT_SNACK))
		return TISCSI_HOLD_WAIT;
	if (pdu->snack.type == ICORE_SNACK_STATUS)
		tiscsi_conn_drop(conn, "status was lost, and is not kept at ErrorRecoveryLevel 0");
	else if (cmd && !cmd->tmr)
		tiscsi_cmd_fail_snack(cmd);
	return TISCSI_HOLD_DONE;
}

static enum tiscsi_hold tiscsi_ffp_dispatch(struct tiscsi_conn *conn, bool have_data)
{
	const struct icore_pdu *pdu = &conn->rx.pdu;
	enum tiscsi_hold hold;
	u8 reason;

	if (pdu->verdict != ICORE_OK)
		return tiscsi_ffp_reject_hold(conn, pdu->reason);
	if (conn->rx_reject)
		return tiscsi_ffp_reject_hold(conn, conn->rx_reject);

	switch (pdu->opcode) {
	case ICORE_OP_SCSI_CMD:
		return tiscsi_ffp_cmd(conn, pdu);
	case ICORE_OP_DATA_OUT:
		hold = tiscsi_ffp_data_out(conn, pdu, &reason);
		conn->rx_reject = reason;
		if (reason)
			return tiscsi_ffp_reject_hold(conn, reason);
		if (hold == TISCSI_HOLD_DONE && pdu->final)
			tiscsi_tmf_late_data(conn, pdu->itt);
		return hold;
	case ICORE_OP_NOP_OUT:
	case ICORE_OP_TEXT_REQ:
	case ICORE_OP_TMF_REQ:
	case ICORE_OP_LOGOUT_REQ:
		return tiscsi_ffp_control(conn, pdu, have_data);
	case ICORE_OP_LOGIN_REQ:
		if (!tiscsi_ffp_reject(conn, ICORE_REJECT_PROTOCOL))
			return TISCSI_HOLD_WAIT;
		tiscsi_conn_close(conn, "login request in full feature phase");
		return TISCSI_HOLD_DONE;
	case ICORE_OP_SNACK:
		return tiscsi_ffp_snack(conn, pdu);
	default:
		return tiscsi_ffp_reject_hold(conn, ICORE_REJECT_NOT_SUPPORTED);
	}
}

/* A data segment failed its digest (RFC 7143 7.8). */
static bool tiscsi_ffp_bad_digest(struct tiscsi_conn *conn)
{
	const struct icore_pdu *pdu = &conn->rx.pdu;

	if (!tiscsi_ffp_reject(conn, ICORE_REJECT_DATA_DIGEST))
		return false;
	conn->sess->digest_errors++;
	tiscsi_report_digest(conn, "data digest");
	tiscsi_stats_session_fail(&conn->sess->pg->target->stats, TISCSI_SESS_FAIL_DIGEST,
				  conn->sess->initiator);
	tiscsi_ffp_data_in_place(conn, pdu, false);
	return true;
}

static void tiscsi_ffp_resume(struct tiscsi_conn *conn)
{
	conn->rx_hold = false;
	conn->rx_resumed = false;
	conn->rx_reject = 0;
	WRITE_ONCE(conn->want_released,
		   !list_empty(&conn->tmfs) || !llist_empty(&conn->clears));
}

/**
 * tiscsi_ffp_held - take the PDU that the pump stopped at
 * @conn: conn->rx_hold is set
 *
 * Return: true if the pump may go on.
 */
static bool tiscsi_ffp_held(struct tiscsi_conn *conn)
{
	enum tiscsi_hold hold;

	if (conn->rx_wait)
		return false;
	conn->hdr = conn->rx.hdr;
	conn->hdr_len = ICORE_BHS_LEN + conn->rx.pdu.ahs_len;
	if (conn->rx_data_done) {
		if (!conn->rx.digest_ok) {
			if (!tiscsi_ffp_bad_digest(conn))
				return false;
		} else if (tiscsi_ffp_dispatch(conn, true) == TISCSI_HOLD_WAIT) {
			return false;
		}
		conn->rx_data_done = false;
		conn->sink.kind = TISCSI_SINK_NONE;
		icore_rx_next(&conn->rx);
		tiscsi_ffp_resume(conn);
		return true;
	}

	hold = tiscsi_ffp_dispatch(conn, false);
	if (hold == TISCSI_HOLD_WAIT)
		return false;
	if (hold == TISCSI_HOLD_STORE && !conn->rx.pdu.dsl) {
		tiscsi_ffp_data_in_place(conn, &conn->rx.pdu, true);
		hold = TISCSI_HOLD_DONE;
	}
	icore_rx_take(&conn->rx, hold == TISCSI_HOLD_STORE);
	tiscsi_ffp_resume(conn);
	return true;
}

/* Commands whose data phase made progress under the socket lock. */
static void tiscsi_ffp_progress(struct tiscsi_conn *conn)
{
	struct tiscsi_cmd *cmd;

	while ((cmd = list_first_entry_or_null(&conn->execute, struct tiscsi_cmd, node))) {
		list_move_tail(&cmd->node, &conn->collect);
		tiscsi_cmd_data_progress(cmd);
	}
}

/**
 * tiscsi_ffp_receive - receive, submit, and stop at the budget
 * @conn: the connection
 * @budget: bytes
 *
 * Return: TISCSI_IO_MORE if the budget was used up, TISCSI_IO_CLOSED if the
 * connection is over, else TISCSI_IO_IDLE.
 */
enum tiscsi_io tiscsi_ffp_receive(struct tiscsi_conn *conn, u32 budget)
{
	enum tiscsi_io io;
	int rounds;

	for (rounds = 0; rounds < 64; rounds++) {
		io = tiscsi_rx_run(conn, budget);
		tiscsi_cmd_submit_ready(conn);
		tiscsi_ffp_progress(conn);
		tiscsi_order_release(conn);
		if (io != TISCSI_IO_BLOCKED)
			return io;
		tiscsi_cmd_collect_released(conn);
		if (!tiscsi_ffp_held(conn)) {
			/* Said before looking once more, so that no release is missed. */
			WRITE_ONCE(conn->want_released, true);
			smp_mb(); /* pairs with llist_add() in tiscsi_cmd_released() */
			tiscsi_cmd_collect_released(conn);
			tiscsi_cmd_take_mail(conn);
			if (!tiscsi_ffp_held(conn))
				return TISCSI_IO_IDLE;
		}
		tiscsi_ffp_progress(conn);
		tiscsi_order_release(conn);
		if (conn->state != TISCSI_CONN_FFP || test_bit(TISCSI_EV_CLOSE, &conn->events))
			return TISCSI_IO_IDLE;
	}
	return TISCSI_IO_MORE;
}
