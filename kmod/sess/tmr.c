// SPDX-License-Identifier: GPL-2.0
/*
 * Task management requests: what can be answered at once is answered here, the rest
 * is given to tmf_run.c.
 *
 * Every function is answered and none rejected: a Reject would leave the initiator
 * without a response, and a numbered request with a hole behind it.
 */
#include <scsi/scsi_proto.h>

#include "cmd.h"
#include "conn.h"
#include "ffp.h"
#include "report.h"
#include "session.h"
#include "tmr.h"
#include "tune.h"

/* -- late data of aborted tasks (RFC 7143 10.7) -- */

bool tiscsi_tmf_was_aborted(const struct tiscsi_conn *conn, u32 itt)
{
	u32 n = min_t(u32, conn->aborted_next, TISCSI_ABORTED_MAX);
	u32 i;

	for (i = 0; i < n; i++)
		if (conn->aborted[i].itt == itt)
			return true;
	return false;
}

void tiscsi_tmf_late_data(struct tiscsi_conn *conn, u32 itt)
{
	u32 n = min_t(u32, conn->aborted_next, TISCSI_ABORTED_MAX);
	u32 i;

	/* From the youngest on: an ITT may have been used again since. */
	for (i = 1; i <= n; i++) {
		struct tiscsi_aborted *a =
			&conn->aborted[(conn->aborted_next - i) % TISCSI_ABORTED_MAX];

		if (a->itt == itt && a->owed) {
			a->owed--;
			return;
		}
	}
}

/* -- answers -- */

struct tiscsi_ctl *tiscsi_tmf_answer(struct tiscsi_conn *conn, u32 itt, u8 response)
{
	struct tiscsi_ctl *ctl = tiscsi_ctl_get(conn);

	icore_enc_tmf_rsp(&ctl->bhs, itt, response);
	tiscsi_ctl_send(conn, ctl, false);
	return ctl;
}

/*
 * ABORT TASK (11.5.1, 11.6.1). Return: the answer, or -1 if target_core must do it. A
 * task that is not here and whose CmdSN has not come cannot be on its way behind this
 * request, because one connection keeps its order: it was rejected, or never sent. Its
 * number counts as received from now on.
 */
static int tiscsi_tmf_abort_task(struct tiscsi_conn *conn, const struct icore_pdu *pdu)
{
	struct icore_window *w = &conn->sess->window;
	struct tiscsi_cmd *cmd = tiscsi_cmd_find(conn, pdu->tmf.rtt);

	if (!cmd) {
		if (icore_sn_lt(pdu->tmf.ref_cmdsn, pdu->cmdsn) &&
		    icore_window_plug(w, pdu->tmf.ref_cmdsn))
			return ICORE_TMF_RSP_COMPLETE;
		return ICORE_TMF_RSP_NO_TASK;
	}
	if (cmd->tmr || (cmd->cmdsn != pdu->tmf.ref_cmdsn && !cmd->immediate))
		return ICORE_TMF_RSP_REJECTED;
	if (cmd->state == TISCSI_CMD_QUEUED)
		return ICORE_TMF_RSP_NO_TASK;
	tiscsi_tmf_note_abort(cmd, NULL);
	return tiscsi_cmd_abort_local(cmd) ? ICORE_TMF_RSP_COMPLETE : -1;
}

/* QUERY TASK (RFC 7144 4.1). */
static u8 tiscsi_tmf_query_task(struct tiscsi_conn *conn, const struct icore_pdu *pdu)
{
	struct tiscsi_cmd *cmd = tiscsi_cmd_find(conn, pdu->tmf.rtt);

	if (cmd && cmd->tmr)
		return ICORE_TMF_RSP_REJECTED;
	return cmd ? ICORE_TMF_RSP_SUCCEEDED : ICORE_TMF_RSP_COMPLETE;
}

/* QUERY TASK SET: any task of this nexus on the unit. */
static u8 tiscsi_tmf_query_set(struct tiscsi_conn *conn, u64 lun)
{
	u64 other;
	u32 i;

	for (i = 0; i < conn->nr_cmds; i++) {
		const struct tiscsi_cmd *cmd = tiscsi_cmd_slot(conn, i);

		if (cmd->state != TISCSI_CMD_FREE && cmd->hashed && !cmd->tmr &&
		    icore_lun_decode(cmd->lun, &other) && other == lun)
			return ICORE_TMF_RSP_SUCCEEDED;
	}
	return ICORE_TMF_RSP_COMPLETE;
}

/*
 * QUERY ASYNCHRONOUS EVENT: is a unit attention pending, ours or target_core's? The
 * answer carries its sense key and codes, and whether there is more than one.
 */
static void tiscsi_tmf_query_event(struct tiscsi_conn *conn, const struct icore_pdu *pdu, u64 lun)
{
	struct tiscsi_ctl *ctl;
	u8 asc = 0, ascq = 0;
	u32 n;

	n = tiscsi_tcm_attentions(conn->sess, lun, &asc, &ascq);
	n += tiscsi_ua_peek(conn->sess, lun, n ? NULL : &asc, n ? NULL : &ascq);
	ctl = tiscsi_tmf_answer(conn, pdu->itt,
				n ? ICORE_TMF_RSP_SUCCEEDED : ICORE_TMF_RSP_COMPLETE);
	if (n)
		icore_enc_tmf_info(&ctl->bhs, n > 1 ? 2 : 1, UNIT_ATTENTION, asc,
				   ascq);
}

/*
 * I_T NEXUS RESET (RFC 7144 4.1, 6.3): the session ends here and now. The response is
 * tried, but not waited for; the tasks end with the connection.
 */
static void tiscsi_tmf_nexus_reset(struct tiscsi_conn *conn, const struct icore_pdu *pdu)
{
	tiscsi_tmf_answer(conn, pdu->itt, ICORE_TMF_RSP_COMPLETE);
	conn->graceful = true;
	tiscsi_sess_finish(conn->sess);
	tiscsi_conn_close(conn, "I_T NEXUS RESET");
}

static void tiscsi_tmf_start(struct tiscsi_conn *conn, const struct icore_pdu *pdu, u64 lun)
{
	struct tiscsi_cmd *tmf = tiscsi_cmd_get(conn, pdu->itt);

	tmf->cmdsn = pdu->cmdsn;
	tmf->immediate = true;
	conn->immediates++;
	memset(&tmf->tmf, 0, sizeof(tmf->tmf));
	tmf->tmf.function = pdu->tmf.function;
	tmf->tmf.rtt = pdu->tmf.rtt;
	tmf->tmf.lun = lun;
	if (pdu->tmf.function == ICORE_TMF_CLEAR_TASK_SET)
		tmf->tmf.dev = tiscsi_tcm_device(conn->sess, lun);
	tiscsi_tmf_begin(tmf);
}

/* What needs no slot. Return: the answer, or -1. */
static int tiscsi_tmf_at_once(struct tiscsi_conn *conn, const struct icore_pdu *pdu, u64 lun)
{
	switch (pdu->tmf.function) {
	case ICORE_TMF_ABORT_TASK:
		return tiscsi_tmf_abort_task(conn, pdu);
	case ICORE_TMF_QUERY_TASK:
		return tiscsi_tmf_query_task(conn, pdu);
	case ICORE_TMF_QUERY_TASK_SET:
		return tiscsi_tmf_query_set(conn, lun);
	case ICORE_TMF_TARGET_COLD_RESET:
		/* It disconnects everybody; whether one may is for the administrator. */
		return tiscsi_cold_reset() ? -1 : ICORE_TMF_RSP_AUTH_FAILED;
	default:
		return -1;
	}
}

void tiscsi_tmf_request(struct tiscsi_conn *conn, const struct icore_pdu *pdu)
{
	u8 function = pdu->tmf.function;
	int response = icore_tmf_check(function, conn->params.protocol_level);
	u64 lun = 0;

	if (response < 0 && icore_tmf_has_lun(function) &&
	    (!icore_lun_decode(pdu->lun, &lun) || !tiscsi_tcm_device(conn->sess, lun)))
		response = ICORE_TMF_RSP_NO_LUN;
	tiscsi_report_tmf(conn, function, lun);
	if (response < 0)
		response = tiscsi_tmf_at_once(conn, pdu, lun);
	if (response >= 0)
		tiscsi_tmf_answer(conn, pdu->itt, response);
	else if (function == ICORE_TMF_QUERY_ASYNC_EVENT)
		tiscsi_tmf_query_event(conn, pdu, lun);
	else if (function == ICORE_TMF_I_T_NEXUS_RESET)
		tiscsi_tmf_nexus_reset(conn, pdu);
	else if (!list_empty(&conn->tmfs) && tiscsi_tmf_crowded(conn, lun))
		tiscsi_tmf_answer(conn, pdu->itt, ICORE_TMF_RSP_REJECTED);
	else
		tiscsi_tmf_start(conn, pdu, lun);
}
