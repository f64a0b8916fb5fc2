// SPDX-License-Identifier: GPL-2.0
/*
 * Task management.
 *
 * target_core runs the abort of commands that execute, in its own work, so this
 * thread never waits. It knows nothing of writes that still collect data: it
 * would mark them and wait for us. So we end those first (RFC 7143 wants no
 * response of theirs), and pass on the rest.
 *
 * Order: the answer goes through the same queue as every status, behind those
 * that were there before it.
 */
#include "cmd.h"
#include "conn.h"
#include "ffp.h"
#include "session.h"

/* Remember whose late data is to be dropped in silence. */
static void tiscsi_tmf_note_abort(struct tiscsi_conn *conn, u32 itt)
{
	conn->aborted[conn->aborted_next++ % ARRAY_SIZE(conn->aborted)] = itt;
}

bool tiscsi_ffp_was_aborted(struct tiscsi_conn *conn, u32 itt)
{
	u32 n = min_t(u32, conn->aborted_next, ARRAY_SIZE(conn->aborted));
	u32 i;

	for (i = 0; i < n; i++)
		if (conn->aborted[i] == itt)
			return true;
	return false;
}

static enum tiscsi_hold tiscsi_tmf_answer(struct tiscsi_conn *conn, u32 itt, u8 response)
{
	struct tiscsi_ctl *ctl = tiscsi_ctl_get(conn);

	icore_enc_tmf_rsp(&ctl->bhs, itt, response);
	tiscsi_ctl_send(conn, ctl, false);
	return TISCSI_HOLD_DONE;
}

/*
 * ABORT TASK. Return: the answer, or -1 if target_core must do it. A task that is
 * not here and whose CmdSN we have not passed cannot be on its way behind this
 * request (one connection keeps its order): it was never sent or was rejected.
 */
static int tiscsi_tmf_abort_task(struct tiscsi_conn *conn, const struct icore_pdu *pdu)
{
	const struct icore_window *w = &conn->sess->window;
	struct tiscsi_cmd *cmd = tiscsi_cmd_find(conn, pdu->tmf.rtt);

	if (!cmd) {
		bool ahead = icore_sn_le(w->exp_cmdsn, pdu->tmf.ref_cmdsn) &&
			     icore_sn_lt(pdu->tmf.ref_cmdsn, pdu->cmdsn);

		return ahead ? ICORE_TMF_RSP_COMPLETE : ICORE_TMF_RSP_NO_TASK;
	}
	if (cmd->tmr || (cmd->cmdsn != pdu->tmf.ref_cmdsn && !cmd->immediate))
		return ICORE_TMF_RSP_REJECTED;
	if (cmd->state == TISCSI_CMD_QUEUED)
		return ICORE_TMF_RSP_NO_TASK;
	tiscsi_tmf_note_abort(conn, cmd->itt);
	return tiscsi_cmd_abort_local(cmd) ? ICORE_TMF_RSP_COMPLETE : -1;
}

/* Writes of this session on the LUN that wait for data. */
static void tiscsi_tmf_end_collecting(struct tiscsi_conn *conn, const u8 lun[8])
{
	struct tiscsi_cmd *cmd, *next;

	list_for_each_entry_safe(cmd, next, &conn->collect, node) {
		if (memcmp(cmd->lun, lun, 8))
			continue;
		tiscsi_tmf_note_abort(conn, cmd->itt);
		tiscsi_cmd_abort_local(cmd);
	}
}

static enum tiscsi_hold tiscsi_tmf_core(struct tiscsi_conn *conn, const struct icore_pdu *pdu,
					u64 lun)
{
	struct tiscsi_cmd *cmd = tiscsi_cmd_get(conn, pdu->itt);
	int ret;

	cmd->tmr = true;
	cmd->core = true;
	cmd->ref = true;
	cmd->cmdsn = pdu->cmdsn;
	cmd->immediate = true;
	conn->immediates++;
	cmd->state = TISCSI_CMD_EXECUTE;
	ret = tiscsi_tcm_tmr(cmd, pdu->tmf.function, lun, pdu->tmf.rtt);
	if (ret >= 0)
		return TISCSI_HOLD_DONE;
	/* Both references are gone; the slot comes back as released. */
	tiscsi_cmd_retire(cmd);
	return tiscsi_tmf_answer(conn, pdu->itt, -ret - 1);
}

enum tiscsi_hold tiscsi_ffp_tmf(struct tiscsi_conn *conn, const struct icore_pdu *pdu)
{
	int response = icore_tmf_check(pdu->tmf.function, conn->params.protocol_level);
	u64 lun = 0;

	if (tiscsi_cmd_find(conn, pdu->itt))
		return tiscsi_ffp_reject(conn, ICORE_REJECT_TASK_IN_PROGRESS) ?
			TISCSI_HOLD_DONE : TISCSI_HOLD_WAIT;
	/* Room for either kind of answer, before anything is done. */
	if (!conn->ctl_nr_free || !conn->free)
		return TISCSI_HOLD_WAIT;
	/* One more than for commands: a TMF must always get through (4.2.2.1). */
	if (conn->immediates > TISCSI_IMMEDIATE_MAX)
		return tiscsi_ffp_reject(conn, ICORE_REJECT_TOO_MANY_IMMEDIATE) ?
			TISCSI_HOLD_DONE : TISCSI_HOLD_WAIT;
	if (!tiscsi_ffp_admit(conn, pdu))
		return TISCSI_HOLD_DONE;

	if (response < 0 && !icore_lun_decode(pdu->lun, &lun))
		response = ICORE_TMF_RSP_NO_LUN;
	if (response < 0 && pdu->tmf.function == ICORE_TMF_ABORT_TASK)
		response = tiscsi_tmf_abort_task(conn, pdu);
	if (response >= 0)
		return tiscsi_tmf_answer(conn, pdu->itt, response);
	if (pdu->tmf.function == ICORE_TMF_LUN_RESET)
		tiscsi_tmf_end_collecting(conn, pdu->lun);
	return tiscsi_tmf_core(conn, pdu, lun);
}
