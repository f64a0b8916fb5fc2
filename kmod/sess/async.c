// SPDX-License-Identifier: GPL-2.0
/*
 * Asynchronous Messages: what the target says without being asked.
 *
 * Sent are: request for logout (event 1), when the administrator wants the initiator
 * to leave by itself; "all connections of this session are being dropped" (event 3),
 * in front of every end that is the target's own doing, which with one connection says
 * more than event 2; SCSI events (event 0), where the administrator has turned them on,
 * since no device of target_core has the mode page by which an initiator would ask.
 *
 * Not sent: negotiation requests (event 4), because initiators in use drop the session
 * over one and nothing that is negotiated here changes while a session lives; task
 * termination (event 5), which belongs to FastAbort, which is never selected.
 */
#include <scsi/scsi_proto.h>

#include "async.h"
#include "cmd.h"
#include "session.h"
#include "target.h"

/* One slot is left for others: messages wait for the next second instead. */
static struct tiscsi_ctl *tiscsi_async_get(struct tiscsi_conn *conn)
{
	return conn->ctl_nr_free > 1 ? tiscsi_ctl_get(conn) : NULL;
}

void tiscsi_async_take(struct tiscsi_conn *conn)
{
	u32 seconds = READ_ONCE(conn->logout_seconds);
	struct tiscsi_ctl *ctl;

	tiscsi_assert_io_thread(conn);
	if (conn->state != TISCSI_CONN_FFP || !seconds || seconds == conn->logout_asked)
		return;
	ctl = tiscsi_async_get(conn);
	if (!ctl)
		return;		/* the tick comes back to it */
	conn->logout_asked = seconds;
	conn->logout_by = jiffies + seconds * HZ;
	icore_enc_async(&ctl->bhs, tiscsi_no_lun, ICORE_ASYNC_REQUEST_LOGOUT, 0, 0, seconds, 0);
	tiscsi_ctl_send(conn, ctl, false);
}

/* -- SCSI events -- */

/* Those that an initiator can act on by looking at its units again. */
static bool tiscsi_async_worth(u8 asc, u8 ascq)
{
	return (asc == 0x3f && ascq == 0x0e) ||	/* REPORTED LUNS DATA HAS CHANGED */
	       (asc == 0x2a && ascq == 0x09);	/* CAPACITY DATA HAS CHANGED */
}

/*
 * Each pending attention is told of once. What was told is remembered as long as the
 * attention is pending, in a few places; who finds none free waits for a later second.
 */
static bool tiscsi_async_tell(struct tiscsi_conn *conn, u64 lun, u8 asc, u8 ascq)
{
	struct tiscsi_told *free = NULL;
	struct tiscsi_ctl *ctl;
	u32 i;

	for (i = 0; i < TISCSI_TOLD_MAX; i++) {
		struct tiscsi_told *t = &conn->told[i];

		if (t->asc == asc && t->lun == lun) {
			t->seen = true;
			return true;
		}
		if (!t->asc)
			free = t;
	}
	if (!free)
		return false;
	ctl = tiscsi_async_get(conn);
	if (!ctl)
		return false;
	*free = (struct tiscsi_told){ .lun = lun, .asc = asc, .seen = true };
	icore_enc_scsi_event(&ctl->bhs, lun, UNIT_ATTENTION, asc, ascq,
			     ctl->inline_data, &ctl->dsl);
	tiscsi_ctl_send(conn, ctl, false);
	return true;
}

static void tiscsi_async_scan(struct tiscsi_conn *conn)
{
	u64 lun = 0;
	u8 asc, ascq;
	u32 i;

	for (i = 0; i < TISCSI_TOLD_MAX; i++)
		conn->told[i].seen = false;
	while (tiscsi_tcm_next_attention(conn->sess, &lun, &asc, &ascq)) {
		if (tiscsi_async_worth(asc, ascq) && !tiscsi_async_tell(conn, lun, asc, ascq))
			break;
		lun++;
	}
	for (i = 0; i < TISCSI_TOLD_MAX; i++)
		if (!conn->told[i].seen)
			conn->told[i].asc = 0;
}

void tiscsi_async_tick(struct tiscsi_conn *conn)
{
	if (conn->state != TISCSI_CONN_FFP)
		return;
	tiscsi_async_take(conn);
	if (conn->logout_asked && time_after(jiffies, conn->logout_by)) {
		tiscsi_conn_drop(conn, "initiator did not log out when it was asked to");
		return;
	}
	if (READ_ONCE(conn->sess->pg->async_events))
		tiscsi_async_scan(conn);
}

void tiscsi_async_farewell(struct tiscsi_conn *conn)
{
	struct tiscsi_ctl *ctl;
	enum tiscsi_io io;

	if (!READ_ONCE(conn->announce) || conn->state != TISCSI_CONN_FFP || conn->login_pdu)
		return;
	ctl = tiscsi_ctl_get(conn);
	if (!ctl)
		return;
	icore_enc_async(&ctl->bhs, tiscsi_no_lun, ICORE_ASYNC_DROP_SESSION, 0,
			conn->params.time2wait, conn->params.time2retain, 0);
	tiscsi_ctl_send(conn, ctl, true);
	/* What TCP does not take now is not waited for: at most two tries. */
	io = tiscsi_tx_run(conn);
	if (io == TISCSI_IO_MORE)
		io = tiscsi_tx_run(conn);
	/* A peer that does not read is reset, so that nothing is kept for it. */
	if (io == TISCSI_IO_IDLE)
		conn->graceful = true;
}
