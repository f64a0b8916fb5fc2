// SPDX-License-Identifier: GPL-2.0
/*
 * Requests that came before their turn.
 *
 * Over one connection that only happens when the number in between was rejected, so
 * that the initiator may send it again or give it up with ABORT TASK, or when an
 * initiator numbers strangely. Either way the later requests must neither be lost nor
 * be delivered early (RFC 7143 4.2.2.1).
 *
 * Who keeps what. A SCSI command has its slot. Without data it waits unsubmitted; with
 * immediate or unsolicited data it is given to target_core at once, because its data
 * is next in the stream and needs a buffer, but it is neither executed nor answered
 * (cmd->early). Other requests are copied, a bounded number of bytes altogether.
 *
 * A number that does not come within TISCSI_GAP_TIMEOUT ends the session: at
 * ErrorRecoveryLevel 0 initiators do not fill holes, and everything behind one waits.
 */
#include <linux/slab.h>
#include <linux/mm.h>

#include "cmd.h"
#include "ffp.h"
#include "order.h"
#include "session.h"

/* Copies that a connection may cause: a window of pings of some kilobytes. */
#define TISCSI_ORDER_BYTES	(256 * 1024)
#define TISCSI_GAP_TIMEOUT	(5 * HZ)

/**
 * struct tiscsi_early - a request other than a SCSI command
 * @node: in conn->early
 * @pdu: decoded; has no pointers for these opcodes
 * @bhs: as received, for a Reject
 * @have_data: its data segment is in @data
 * @len: bytes in @data; the data segment as far as conn->flat had it
 * @data: copy of the data segment
 */
struct tiscsi_early {
	struct list_head node;
	struct icore_pdu pdu;
	struct icore_bhs bhs;
	bool have_data;
	u32 len;
	u8 data[];
};

static void tiscsi_order_began(struct tiscsi_conn *conn)
{
	if (conn->sess->window.held == 1)
		conn->gap_since = jiffies;
}

void tiscsi_order_keep_cmd(struct tiscsi_cmd *cmd, const struct icore_pdu *pdu)
{
	struct tiscsi_conn *conn = cmd->conn;

	tiscsi_assert_io_thread(conn);
	tiscsi_order_began(conn);
	if (pdu->scsi.cdb_ext) {
		cmd->long_cdb = kmalloc(pdu->scsi.cdb_len, GFP_KERNEL);
		if (!cmd->long_cdb) {
			tiscsi_conn_drop(conn, "no memory for a request out of order");
			return;
		}
		icore_pdu_cdb(pdu, cmd->long_cdb);
	}
}

void tiscsi_order_keep(struct tiscsi_conn *conn, const struct icore_pdu *pdu, bool have_data)
{
	u32 len = have_data ? min(pdu->dsl, conn->flat_cap) : 0;
	struct tiscsi_early *e;

	tiscsi_assert_io_thread(conn);
	tiscsi_order_began(conn);
	if (conn->early_bytes + sizeof(*e) + len > TISCSI_ORDER_BYTES) {
		tiscsi_conn_drop(conn, "too much is waiting for a missing CmdSN");
		return;
	}
	e = kvmalloc(sizeof(*e) + len, GFP_KERNEL);
	if (!e) {
		tiscsi_conn_drop(conn, "no memory for a request out of order");
		return;
	}
	e->pdu = *pdu;
	memcpy(&e->bhs, conn->hdr, sizeof(e->bhs));
	e->have_data = have_data;
	e->len = len;
	if (len)
		memcpy(e->data, conn->flat, len);
	conn->early_bytes += sizeof(*e) + len;
	list_add_tail(&e->node, &conn->early);
}

static struct tiscsi_early *tiscsi_order_find(struct tiscsi_conn *conn, u32 cmdsn)
{
	struct tiscsi_early *e;

	list_for_each_entry(e, &conn->early, node)
		if (e->pdu.cmdsn == cmdsn)
			return e;
	return NULL;
}

static struct tiscsi_cmd *tiscsi_order_find_cmd(struct tiscsi_conn *conn, u32 cmdsn)
{
	u32 i;

	for (i = 0; i < conn->nr_cmds; i++) {
		struct tiscsi_cmd *cmd = tiscsi_cmd_slot(conn, i);

		if (cmd->early && cmd->state != TISCSI_CMD_FREE && cmd->cmdsn == cmdsn)
			return cmd;
	}
	return NULL;
}

/* The thread's alone, like the list; or the reaper's, once that was joined. */
static void tiscsi_order_drop(struct tiscsi_conn *conn, struct tiscsi_early *e)
{
	conn->early_bytes -= sizeof(*e) + e->len;
	list_del(&e->node);
	kvfree(e);
}

static void tiscsi_order_deliver(struct tiscsi_conn *conn, struct tiscsi_early *e)
{
	/* flat_cap only grows, so it fits; nothing else uses the buffer between two PDUs. */
	if (e->len)
		memcpy(conn->flat, e->data, e->len);
	conn->hdr = (const u8 *)&e->bhs;
	conn->hdr_len = sizeof(e->bhs);
	tiscsi_ffp_serve(conn, &e->pdu, e->have_data);
	conn->hdr = conn->rx.hdr;
	conn->hdr_len = ICORE_BHS_LEN;
	tiscsi_order_drop(conn, e);
}

static void tiscsi_order_deliver_cmd(struct tiscsi_cmd *cmd)
{
	u8 *long_cdb = cmd->long_cdb;

	cmd->early = false;
	switch (cmd->state) {
	case TISCSI_CMD_READY:
		/* The slot may be in other use when submission returns. */
		cmd->long_cdb = NULL;
		tiscsi_cmd_submit(cmd, long_cdb ? long_cdb : cmd->cdb);
		kfree(long_cdb);
		break;
	case TISCSI_CMD_COLLECT:
		tiscsi_cmd_data_progress(cmd);
		break;
	case TISCSI_CMD_DONE:
		tiscsi_cmd_respond(cmd);
		break;
	default:
		break;	/* still under way; nothing holds it up any more */
	}
}

/*
 * Data is arriving for a request that has its turn, the missing one for all we know: it
 * comes before those that wait, and a control PDU's is in the buffer that they need. It
 * is not starved, nor does it starve anybody: Data-Out in between does not count.
 */
static bool tiscsi_order_busy(const struct tiscsi_conn *conn)
{
	return conn->sink.kind == TISCSI_SINK_FLAT ||
	       (conn->sink.kind == TISCSI_SINK_CMD && !conn->sink.cmd->early &&
		conn->rx.pdu.opcode == ICORE_OP_SCSI_CMD);
}

void tiscsi_order_release(struct tiscsi_conn *conn)
{
	struct icore_window *w = &conn->sess->window;
	struct tiscsi_early *e;
	struct tiscsi_cmd *cmd;

	tiscsi_assert_io_thread(conn);
	while (w->held && !tiscsi_order_busy(conn) && conn->state == TISCSI_CONN_FFP) {
		e = tiscsi_order_find(conn, w->exp_cmdsn);
		if (e && !tiscsi_ffp_can_serve(conn, &e->pdu))
			return;
		cmd = e ? NULL : tiscsi_order_find_cmd(conn, w->exp_cmdsn);
		if (!icore_window_next(w))
			return;
		conn->gap_since = jiffies;
		if (e)
			tiscsi_order_deliver(conn, e);
		else if (cmd)
			tiscsi_order_deliver_cmd(cmd);
		/* else: plugged by ABORT TASK */
	}
}

void tiscsi_order_tick(struct tiscsi_conn *conn)
{
	if (conn->sess->window.held && !tiscsi_order_busy(conn) &&
	    time_after(jiffies, conn->gap_since + TISCSI_GAP_TIMEOUT))
		tiscsi_conn_drop(conn, "a CmdSN is missing");
}

void tiscsi_order_forget(struct tiscsi_conn *conn)
{
	struct tiscsi_early *e;

	list_for_each_entry(e, &conn->early, node)
		icore_window_forget(&conn->sess->window, e->pdu.cmdsn);
}

void tiscsi_order_free(struct tiscsi_conn *conn)
{
	struct tiscsi_early *e, *next;

	list_for_each_entry_safe(e, next, &conn->early, node)
		tiscsi_order_drop(conn, e);
}
