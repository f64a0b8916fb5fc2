// SPDX-License-Identifier: GPL-2.0
/*
 * Task management functions that take time.
 *
 * target_core executes ABORT TASK and LOGICAL UNIT RESET, in its own work, so this
 * thread never waits for them; everything else is composed of these two, one after the
 * other, through the one slot that the function occupies. target_core knows nothing of
 * writes that still collect data: it would mark them and wait for us. So those end here
 * first (RFC 7143 wants no response of theirs).
 *
 * When the answer goes out. (1) Not before every request that was numbered before the
 * function has come (4.2.3.3 b); order.c ends the session if one never does. (2) Not
 * before each affected task is gone or its status is queued in front: target_core skips
 * commands that the backend has completed, and their status may be a moment behind its
 * answer. (3) For functions on more than one task, not before the data of valid Target
 * Transfer Tags has come, but no longer than TISCSI_TMF_DATA_WAIT: the standard semantics
 * want the wait, while open-iscsi as it is shipped (FastAbort=Yes) sends no such data
 * while it waits for the answer, and would run into its own time-out.
 *
 * The answer goes through the same queue as every status, behind those that were there.
 *
 * When it is not waited for any longer: a device that hangs would leave the initiator
 * without an answer, and most then drop the session, or never come back. So if nothing on
 * the unit has ended for TISCSI_TMF_STUCK, and after TISCSI_TMF_LIMIT in any case, the
 * function is answered "function rejected", which is the truth: its tasks are still there,
 * and a write among them may still reach the medium. They end with TASK ABORTED, or with
 * the session. target_core cannot take the function back, so it keeps the slot until it is
 * done (an orphan); there is a bound on these.
 */
#include "cmd.h"
#include "conn.h"
#include "session.h"
#include "target.h"
#include "tmr.h"
#include "../mgmt/mgmt.h"

#define TISCSI_TMF_STUCK	(HZ * 8 / 10)
#define TISCSI_TMF_LIMIT	(5 * HZ)
/* Functions that were answered and have not ended: of one unit, and in all. */
#define TISCSI_TMF_ORPHANS_LUN	2
#define TISCSI_TMF_ORPHANS	6

#define TISCSI_TMF_DATA_WAIT	(HZ / 2)
/* While a deadline is near the thread looks that often. */
#define TISCSI_TMF_NAP		(HZ / 20 + 1)

static u32 tiscsi_tmf_id(const struct tiscsi_cmd *tmf)
{
	return (u32)tmf->gen << 16 | tmf->slot;
}

void tiscsi_tmf_note_abort(struct tiscsi_cmd *cmd, const struct tiscsi_cmd *tmf)
{
	struct tiscsi_conn *conn = cmd->conn;
	struct tiscsi_aborted *a = &conn->aborted[conn->aborted_next % TISCSI_ABORTED_MAX];

	a->itt = cmd->itt;
	a->owed = cmd->write ? icore_wseq_owed(&cmd->ws) : 0;
	a->tmf = tmf ? tiscsi_tmf_id(tmf) : 0;
	/* Never back to 0: that would hide the whole table. */
	if (++conn->aborted_next == 0)
		conn->aborted_next = TISCSI_ABORTED_MAX;
}

/*
 * Was @cmd there before @tmf? CmdSN says so (4.2.3.3), also of a command that comes late,
 * since the function has waited for it. Immediate commands, and those of a session whose
 * numbers have nothing to do with the function's, are asked when they came.
 */
static bool tiscsi_tmf_before(const struct tiscsi_cmd *cmd, const struct tiscsi_cmd *tmf)
{
	if (cmd->windowed && !tmf->tmf.guest && icore_tmf_multi_task(tmf->tmf.function))
		return icore_sn_lt(cmd->cmdsn, tmf->cmdsn);
	return !icore_sn_lt(tmf->seq, cmd->seq);
}

/* Is @cmd among the tasks that @tmf is about? */
static bool tiscsi_tmf_affects(const struct tiscsi_cmd *tmf, const struct tiscsi_cmd *cmd)
{
	u64 lun;

	if (cmd->state == TISCSI_CMD_FREE || cmd->tmr || !tiscsi_tmf_before(cmd, tmf))
		return false;
	switch (tmf->tmf.function) {
	case ICORE_TMF_ABORT_TASK:
		return cmd->itt == tmf->tmf.rtt && cmd->hashed;
	case ICORE_TMF_CLEAR_TASK_SET:
		return tiscsi_tcm_is_on(cmd, tmf->tmf.dev);
	case ICORE_TMF_TARGET_WARM_RESET:
	case ICORE_TMF_TARGET_COLD_RESET:
		return true;
	default:
		return icore_lun_decode(cmd->lun, &lun) && lun == tmf->tmf.lun;
	}
}

/* Does target_core still have an affected task? */
static struct tiscsi_cmd *tiscsi_tmf_running(const struct tiscsi_cmd *tmf, bool not_aborting)
{
	struct tiscsi_conn *conn = tmf->conn;
	u32 i;

	for (i = 0; i < conn->nr_cmds; i++) {
		struct tiscsi_cmd *cmd = tiscsi_cmd_slot(conn, i);

		if ((cmd->state == TISCSI_CMD_SUBMITTED || cmd->state == TISCSI_CMD_EXECUTE) &&
		    cmd->core && !(not_aborting && cmd->aborting) &&
		    tiscsi_tmf_affects(tmf, cmd))
			return cmd;
	}
	return NULL;
}

static bool tiscsi_tmf_owed(const struct tiscsi_cmd *tmf)
{
	const struct tiscsi_conn *conn = tmf->conn;
	u32 n = min_t(u32, conn->aborted_next, TISCSI_ABORTED_MAX);
	u32 i;

	for (i = 0; i < n; i++)
		if (conn->aborted[i].owed && conn->aborted[i].tmf == tiscsi_tmf_id(tmf))
			return true;
	return false;
}

/* A guest has to tell of what ends without a status. */
static void tiscsi_tmf_note_end(struct tiscsi_cmd *tmf, const struct tiscsi_cmd *cmd)
{
	if (!tmf->tmf.guest || cmd->tas)
		return;
	tmf->tmf.ended = true;
	icore_lun_decode(cmd->lun, &tmf->tmf.lun);
}

/* Tasks that target_core does not run: they end here. */
static void tiscsi_tmf_end_waiting(struct tiscsi_cmd *tmf)
{
	struct tiscsi_conn *conn = tmf->conn;
	u32 i;

	for (i = 0; i < conn->nr_cmds; i++) {
		struct tiscsi_cmd *cmd = tiscsi_cmd_slot(conn, i);

		if (!tiscsi_tmf_affects(tmf, cmd))
			continue;
		if (tmf->tmf.guest && tiscsi_tcm_tas(cmd)) {
			cmd->tas = true;
			tiscsi_cmd_abort_with_status(cmd);
			continue;
		}
		switch (cmd->state) {
		case TISCSI_CMD_COLLECT:
		case TISCSI_CMD_LINGER:
			tiscsi_tmf_note_abort(cmd, tmf);
			fallthrough;
		case TISCSI_CMD_READY:
			tiscsi_tmf_note_end(tmf, cmd);
			tiscsi_cmd_abort_local(cmd);
			break;
		case TISCSI_CMD_SUBMITTED:
			if (tiscsi_cmd_abort_local(cmd)) {
				tiscsi_tmf_note_end(tmf, cmd);
				break;
			}
			fallthrough;
		case TISCSI_CMD_EXECUTE:
			/*
			 * target_core aborts a set one by one; those that the device
			 * finishes meanwhile are not answered either.
			 */
			cmd->suppress = true;
			break;
		default:
			break;
		}
	}
}

/* -- target_core's part -- */

static void tiscsi_tmf_result(struct tiscsi_cmd *tmf, u8 response)
{
	struct tiscsi_tmf *t = &tmf->tmf;

	switch (t->function) {
	case ICORE_TMF_ABORT_TASK:
	case ICORE_TMF_LUN_RESET:
		t->response = response;
		break;
	default:
		/* A task that has just ended, or a unit that was just taken away, is none. */
		if (response != ICORE_TMF_RSP_COMPLETE && response != ICORE_TMF_RSP_NO_TASK &&
		    response != ICORE_TMF_RSP_NO_LUN)
			t->response = response;
		break;
	}
}

static void tiscsi_tmf_to_core(struct tiscsi_cmd *tmf, u8 function, u64 lun, u32 rtt)
{
	int ret;

	tmf->core = true;
	tmf->ref = true;
	tmf->tmf.busy = true;
	tmf->state = TISCSI_CMD_EXECUTE;
	tmf->tmr_response = ICORE_TMF_RSP_COMPLETE;
	ret = tiscsi_tcm_tmr(tmf, function, lun, rtt);
	if (ret >= 0)
		return;
	/* Both references are gone; the slot comes back as released. */
	tmf->ref = false;
	tmf->tmr_response = -ret - 1;
}

/* The next thing for target_core to do. Return: false if there is none. */
static bool tiscsi_tmf_next(struct tiscsi_cmd *tmf)
{
	struct tiscsi_tmf *t = &tmf->tmf;
	struct tiscsi_cmd *cmd;
	u64 lun;

	switch (t->function) {
	case ICORE_TMF_ABORT_TASK:
	case ICORE_TMF_LUN_RESET:
		if (t->next)
			return false;
		t->next = 1;
		tiscsi_tmf_to_core(tmf, t->function, t->lun, t->rtt);
		return true;
	case ICORE_TMF_TARGET_WARM_RESET:
	case ICORE_TMF_TARGET_COLD_RESET:
		if (!tiscsi_tcm_next_lun(tmf->conn->sess, t->next, &lun))
			return false;
		t->next = lun + 1;
		tiscsi_tmf_to_core(tmf, ICORE_TMF_LUN_RESET, lun, 0);
		return true;
	default:
		cmd = tiscsi_tmf_running(tmf, true);
		if (!cmd || !icore_lun_decode(cmd->lun, &lun))
			return false;
		cmd->aborting = true;
		tiscsi_tmf_note_end(tmf, cmd);
		tiscsi_tmf_to_core(tmf, ICORE_TMF_ABORT_TASK, lun, cmd->itt);
		return true;
	}
}

/* -- the end -- */

static void tiscsi_tmf_finish(struct tiscsi_cmd *tmf)
{
	struct tiscsi_conn *conn = tmf->conn;
	struct tiscsi_sess *sess = conn->sess;
	u8 function = tmf->tmf.function;
	bool guest = tmf->tmf.guest;

	list_del_init(&tmf->tmf.node);
	if (tmf->tmf.clear)
		tiscsi_clear_leave(tmf);
	tmf->tmr_response = tmf->tmf.response;
	tmf->state = TISCSI_CMD_DONE;
	if (guest) {
		/* Nobody asked on this connection, and status said nothing: see SAM, 2F/00. */
		if (tmf->tmf.ended)
			tiscsi_ua_set(sess, tmf->tmf.lun, 0x2f, 0x00);
		tiscsi_cmd_drop(tmf);
		return;
	}
	/* The answer is on its way before the sessions end, this one among them. */
	if (function == ICORE_TMF_TARGET_COLD_RESET &&
	    tmf->tmr_response != ICORE_TMF_RSP_REJECTED && !tiscsi_cold_start(conn))
		tmf->tmr_response = ICORE_TMF_RSP_REJECTED;
	tiscsi_cmd_respond(tmf);
}

/* -- devices that hang -- */

static bool tiscsi_tmf_expired(const struct tiscsi_cmd *tmf)
{
	const struct tiscsi_tmf *t = &tmf->tmf;

	return t->step != TISCSI_TMF_ORDER &&
	       (time_after_eq(jiffies, t->stuck_at) || time_after_eq(jiffies, t->limit));
}

/* The function has failed, so the tasks that it did not end owe their initiator a status. */
static u32 tiscsi_tmf_spare(const struct tiscsi_cmd *tmf)
{
	struct tiscsi_conn *conn = tmf->conn;
	u32 i, n = 0;

	for (i = 0; i < conn->nr_cmds; i++) {
		struct tiscsi_cmd *cmd = tiscsi_cmd_slot(conn, i);

		if (!cmd->core || !cmd->hashed || !tiscsi_tmf_affects(tmf, cmd))
			continue;
		cmd->suppress = false;
		cmd->tas = true;
		n++;
	}
	return n;
}

static void tiscsi_tmf_give_up(struct tiscsi_cmd *tmf)
{
	struct tiscsi_conn *conn = tmf->conn;
	struct tiscsi_tmf *t = &tmf->tmf;
	struct tiscsi_sess *sess = conn->sess;
	u32 left;

	if (t->busy && !t->guest && !conn->ctl_nr_free)
		return;
	left = tiscsi_tmf_spare(tmf);
	if (t->guest) {
		/* Its issuer gives up as well, and tells. */
		tiscsi_clear_fail(tmf);
		t->orphan = t->busy;
		if (!t->busy)
			tiscsi_tmf_finish(tmf);
		return;
	}
	tiscsi_log_peer(sess->initiator, &conn->peer, sess->pg->target->name,
			"task management function %u of session %u has failed: the device of LUN %llu has not finished %u of its commands",
			t->function, sess->sid, t->lun, left);
	t->response = ICORE_TMF_RSP_REJECTED;
	if (!t->busy) {
		tiscsi_tmf_finish(tmf);
		return;
	}
	tiscsi_tmf_answer(conn, tmf->itt, t->response);
	if (t->clear)
		tiscsi_clear_leave(tmf);
	tiscsi_cmd_retire(tmf);
	t->orphan = true;
}

bool tiscsi_tmf_crowded(const struct tiscsi_conn *conn, u64 lun)
{
	const struct tiscsi_cmd *tmf;
	u32 same = 0, all = 0;

	list_for_each_entry(tmf, &conn->tmfs, tmf.node) {
		all += tmf->tmf.orphan;
		same += tmf->tmf.orphan && tmf->tmf.lun == lun;
	}
	return same >= TISCSI_TMF_ORPHANS_LUN || all >= TISCSI_TMF_ORPHANS;
}

void tiscsi_tmf_progress(struct tiscsi_conn *conn, const struct tiscsi_cmd *cmd)
{
	struct tiscsi_cmd *tmf;
	u64 lun;

	if (!icore_lun_decode(cmd->lun, &lun))
		return;
	list_for_each_entry(tmf, &conn->tmfs, tmf.node)
		if (!icore_tmf_has_lun(tmf->tmf.function) || tmf->tmf.lun == lun)
			tmf->tmf.stuck_at = jiffies + TISCSI_TMF_STUCK;
}

/* target_core is done with a function that was given up. */
static void tiscsi_tmf_bury(struct tiscsi_cmd *tmf)
{
	list_del_init(&tmf->tmf.node);
	tiscsi_cmd_drop(tmf);
}

static void tiscsi_tmf_run(struct tiscsi_cmd *tmf)
{
	struct tiscsi_tmf *t = &tmf->tmf;

	if (unlikely(t->orphan)) {
		if (!t->busy)
			tiscsi_tmf_bury(tmf);
		return;
	}
	if (unlikely(tiscsi_tmf_expired(tmf))) {
		tiscsi_tmf_give_up(tmf);
		return;
	}
	switch (t->step) {
	case TISCSI_TMF_ORDER:
		if (!t->guest && icore_sn_lt(tmf->conn->sess->window.exp_cmdsn, tmf->cmdsn))
			return;
		t->step = TISCSI_TMF_CORE;
		t->deadline = jiffies + TISCSI_TMF_DATA_WAIT;
		t->stuck_at = jiffies + TISCSI_TMF_STUCK;
		t->limit = jiffies + TISCSI_TMF_LIMIT;
		if (icore_tmf_multi_task(t->function))
			tiscsi_tmf_end_waiting(tmf);
		if (t->function == ICORE_TMF_CLEAR_TASK_SET && !t->guest &&
		    !tiscsi_clear_start(tmf))
			t->response = ICORE_TMF_RSP_REJECTED;
		fallthrough;
	case TISCSI_TMF_CORE:
		if (t->busy || tiscsi_tmf_next(tmf))
			return;
		t->step = TISCSI_TMF_OTHERS;
		fallthrough;
	case TISCSI_TMF_OTHERS:
		if (t->clear && !t->guest) {
			if (!tiscsi_clear_finished(tmf))
				return;
			if (tiscsi_clear_failed(tmf))
				t->response = ICORE_TMF_RSP_REJECTED;
		}
		t->step = TISCSI_TMF_SETTLE;
		fallthrough;
	case TISCSI_TMF_SETTLE:
		if (tiscsi_tmf_running(tmf, false))
			return;
		if (tiscsi_tmf_owed(tmf) && time_before(jiffies, t->deadline))
			return;
		tiscsi_tmf_finish(tmf);
		return;
	}
}

void tiscsi_tmf_begin(struct tiscsi_cmd *tmf)
{
	struct tiscsi_conn *conn = tmf->conn;

	tiscsi_assert_io_thread(conn);
	tmf->tmr = true;
	tmf->state = TISCSI_CMD_READY;
	list_add_tail(&tmf->tmf.node, &conn->tmfs);
	/*
	 * Slots that were released before this is seen are collected by the next turn,
	 * which the event asks for.
	 */
	WRITE_ONCE(conn->want_released, true);
	tiscsi_conn_post(conn, TISCSI_EV_RELEASED);
	tiscsi_tmf_run(tmf);
}

/*
 * If the reference is still ours, target_core has aborted the function itself: a reset
 * by somebody else has ended all tasks of the unit, so nothing is left to do.
 */
void tiscsi_tmf_core_done(struct tiscsi_cmd *tmf)
{
	tmf->ref = false;
	tmf->tmf.busy = false;
	tmf->state = TISCSI_CMD_READY;
	tiscsi_tmf_result(tmf, tmf->tmr_response);
}

/**
 * tiscsi_tmf_scan_aborted - release writes that another initiator's reset marked
 * @conn: the connection
 *
 * target_core has no callback for it: it marks the command and waits until we
 * come back with the data, which may be never.
 */
void tiscsi_tmf_scan_aborted(struct tiscsi_conn *conn)
{
	struct tiscsi_cmd *cmd, *next;

	tiscsi_assert_io_thread(conn);
	list_for_each_entry_safe(cmd, next, &conn->collect, node) {
		if (cmd->state != TISCSI_CMD_COLLECT || !tiscsi_tcm_aborted(cmd))
			continue;
		tiscsi_tmf_note_abort(cmd, NULL);
		tiscsi_cmd_leave_sink(cmd);
		cmd->state = TISCSI_CMD_EXECUTE;
		tiscsi_tcm_execute(cmd);
	}
}

void tiscsi_tmf_run_all(struct tiscsi_conn *conn)
{
	struct tiscsi_cmd *tmf, *next;

	tiscsi_assert_io_thread(conn);
	list_for_each_entry_safe(tmf, next, &conn->tmfs, tmf.node)
		tiscsi_tmf_run(tmf);
}

long tiscsi_tmf_nap(const struct tiscsi_conn *conn, long longest)
{
	const struct tiscsi_cmd *tmf;

	list_for_each_entry(tmf, &conn->tmfs, tmf.node)
		if (!tmf->tmf.orphan)
			return min_t(long, longest, TISCSI_TMF_NAP);
	return longest;
}

void tiscsi_tmf_end(struct tiscsi_conn *conn)
{
	struct tiscsi_cmd *tmf, *next;

	list_for_each_entry_safe(tmf, next, &conn->tmfs, tmf.node) {
		list_del_init(&tmf->tmf.node);
		if (tmf->tmf.clear)
			tiscsi_clear_leave(tmf);
	}
	tiscsi_clear_end(conn);
}
