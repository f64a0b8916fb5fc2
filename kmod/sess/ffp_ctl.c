// SPDX-License-Identifier: GPL-2.0
/*
 * Full feature phase: NOP-Out, Text and Logout requests.
 *
 * They share conn->flat for the data segment at hand. A ping is echoed as far as
 * the initiator can take it (RFC 7143 11.19).
 */
#include <linux/mm.h>
#include <linux/slab.h>

#include "cmd.h"
#include "conn.h"
#include "ffp.h"
#include "login.h"
#include "session.h"
#include "target.h"

/* -- NOP-Out (11.18) -- */

void tiscsi_ffp_nop_out(struct tiscsi_conn *conn, const struct icore_pdu *pdu, bool have_data)
{
	struct tiscsi_ctl *ctl;
	u32 len = 0;

	if (pdu->itt == ICORE_RTAG) {
		/* An answer to our ping, or only an ExpStatSN: never answered. */
		if (pdu->ttt != ICORE_RTAG && conn->ping_out && pdu->ttt == conn->ping_ttt)
			conn->ping_out = false;
		return;
	}
	if (have_data)
		len = min3(pdu->dsl, conn->params.mrdsl_out, conn->flat_cap);

	ctl = tiscsi_ctl_get(conn);
	if (len > TISCSI_CTL_INLINE) {
		ctl->big = kvmalloc(len, GFP_KERNEL);
		if (ctl->big)
			ctl->data = ctl->big;
		else
			len = TISCSI_CTL_INLINE;
	}
	if (len)
		memcpy(ctl->big ? ctl->big : ctl->inline_data, conn->flat, len);
	ctl->dsl = len;
	icore_enc_nop_in(&ctl->bhs, pdu->lun, pdu->itt, ICORE_RTAG, len);
	tiscsi_ctl_send(conn, ctl, false);
}

/* -- Text (11.10) -- */

/* Parts of the answer were copied into control slots, so the whole may go. */
static void tiscsi_text_reset(struct tiscsi_conn *conn)
{
	kvfree(conn->text_out);
	conn->text_out = NULL;
	conn->text_out_len = 0;
	conn->text_out_pos = 0;
	conn->text_mrdsl = 0;
	conn->text.len = 0;
	conn->text_itt = ICORE_RTAG;
}

/* One part of the answer; the control slot is known to be there. */
static void tiscsi_text_part(struct tiscsi_conn *conn, const struct icore_pdu *pdu)
{
	struct tiscsi_ctl *ctl = tiscsi_ctl_get(conn);
	u32 left = conn->text_out_len - conn->text_out_pos;
	u32 max = min_t(u32, conn->params.mrdsl_out, ICORE_FFP_TEXT_MAX);
	bool cut = false;
	bool last;
	u32 n = 0;

	if (left)
		n = icore_st_cut(conn->text_out, conn->text_out_len, conn->text_out_pos, max, &cut);
	if (n) {
		ctl->big = kvmalloc(n, GFP_KERNEL);
		if (!ctl->big) {
			tiscsi_ctl_put(conn, ctl);
			tiscsi_text_reset(conn);
			tiscsi_conn_close(conn, "no memory for a text response");
			return;
		}
		memcpy(ctl->big, conn->text_out + conn->text_out_pos, n);
		ctl->data = ctl->big;
		ctl->dsl = n;
	}
	last = n == left;
	if (!last && ++conn->text_ttt == ICORE_RTAG)
		conn->text_ttt = 1;
	conn->text_out_pos += n;
	icore_enc_text_rsp(&ctl->bhs, pdu->itt, last ? ICORE_RTAG : conn->text_ttt,
			   (last ? ICORE_F_FINAL : 0) | (cut ? ICORE_F_CONTINUE : 0), n);
	tiscsi_ctl_send(conn, ctl, false);
	if (!last)
		return;
	/* The exchange is complete: what was declared in it holds from here on (13.12). */
	if (conn->text_mrdsl)
		conn->params.mrdsl_out = conn->text_mrdsl;
	tiscsi_text_reset(conn);
}

/* Which targets does this session get to hear of? Its own (Appendix C, E3). */
static u8 tiscsi_text_sendtargets(struct tiscsi_conn *conn, const char *value)
{
	struct tiscsi_sess *sess = conn->sess;
	char name[ICORE_NAME_MAX + 1];
	enum icore_st_kind kind = icore_st_parse(value, name);

	if (kind == ICORE_ST_BAD)
		return ICORE_REJECT_PROTOCOL;
	if (kind == ICORE_ST_ALL)
		kind = ICORE_ST_SELF;
	kvfree(conn->text_out);
	conn->text_out = NULL;
	return tiscsi_sendtargets(kind, name, sess->initiator, sess->pg, conn->sock,
				  &conn->text_out, &conn->text_out_len) ?
		ICORE_REJECT_LONG_OPERATION : 0;
}

/* The request is whole: answer every pair. Return: 0 or a Reject reason. */
static u8 tiscsi_text_negotiate(struct tiscsi_conn *conn)
{
	u32 mrdsl = 0, declared;
	enum icore_text_result r;
	struct icore_kv kv, more;
	struct icore_out out;
	u32 pairs = 0;
	u32 pos = 0;
	char *buf;
	u8 reason = 0;

	buf = kvmalloc(ICORE_FFP_TEXT_MAX, GFP_KERNEL);
	if (!buf)
		return ICORE_REJECT_LONG_OPERATION;
	icore_out_init(&out, buf, ICORE_FFP_TEXT_MAX);

	while (!reason && (r = icore_text_next(&conn->text, &pos, &kv)) == ICORE_TEXT_PAIR) {
		declared = 0;
		if (++pairs > ICORE_LOGIN_KEYS_MAX)
			reason = ICORE_REJECT_PROTOCOL;
		else if (strcmp(kv.key, "SendTargets"))
			reason = icore_ffp_key(&kv, false, &declared, &out);
		else if (pairs > 1 ||
			 icore_text_next(&conn->text, &pos, &more) != ICORE_TEXT_END)
			reason = ICORE_REJECT_PROTOCOL;	/* alone or not at all */
		else
			reason = tiscsi_text_sendtargets(conn, kv.value);
		if (declared && mrdsl)
			reason = ICORE_REJECT_PROTOCOL;	/* once in a negotiation (6.2) */
		mrdsl = declared ?: mrdsl;
	}
	if (!reason && (r == ICORE_TEXT_BAD || out.overflow))
		reason = ICORE_REJECT_PROTOCOL;

	if (!reason && !conn->text_out) {
		conn->text_out = buf;
		conn->text_out_len = out.len;
		conn->text_mrdsl = min_t(u32, mrdsl, TISCSI_TX_DSL_MAX);	/* 0: as before */
		buf = NULL;
	}
	kvfree(buf);
	return reason;
}

static bool tiscsi_text_collect(struct tiscsi_conn *conn, const struct icore_pdu *pdu)
{
	if (!conn->text.buf) {
		conn->text.buf = kvmalloc(ICORE_FFP_TEXT_MAX, GFP_KERNEL);
		if (!conn->text.buf)
			return false;
		conn->text.cap = ICORE_FFP_TEXT_MAX;
	}
	return pdu->dsl <= conn->flat_cap && icore_text_add(&conn->text, conn->flat, pdu->dsl);
}

void tiscsi_ffp_text(struct tiscsi_conn *conn, const struct icore_pdu *pdu, bool have_data)
{
	struct tiscsi_ctl *ctl;
	u8 reason = 0;

	if (pdu->ttt == ICORE_RTAG) {
		tiscsi_text_reset(conn);
	} else if (pdu->itt != conn->text_itt || pdu->ttt != conn->text_ttt) {
		reason = ICORE_REJECT_INVALID_FIELD;
		goto reject;
	} else if (conn->text_out && !pdu->dsl) {
		tiscsi_text_part(conn, pdu);
		return;
	}
	conn->text_itt = pdu->itt;
	if (have_data && !tiscsi_text_collect(conn, pdu)) {
		reason = ICORE_REJECT_PROTOCOL;
		goto reject;
	}
	if (pdu->text.cont || !pdu->final) {
		ctl = tiscsi_ctl_get(conn);
		if (++conn->text_ttt == ICORE_RTAG)
			conn->text_ttt = 1;
		icore_enc_text_rsp(&ctl->bhs, pdu->itt, conn->text_ttt, 0, 0);
		tiscsi_ctl_send(conn, ctl, false);
		return;
	}
	reason = tiscsi_text_negotiate(conn);
	if (reason)
		goto reject;
	tiscsi_text_part(conn, pdu);
	return;

reject:
	tiscsi_text_reset(conn);
	tiscsi_ffp_reject(conn, reason);
}

/* -- Logout (11.14) -- */

/* No task of the session answers any more; what runs, runs out in silence. */
static void tiscsi_logout_silence(struct tiscsi_conn *conn)
{
	struct tiscsi_txitem *item, *next;
	u32 i;

	for (i = 0; i < conn->nr_cmds; i++) {
		struct tiscsi_cmd *cmd = tiscsi_cmd_slot(conn, i);

		if (cmd->state == TISCSI_CMD_FREE || cmd->state == TISCSI_CMD_RETIRED)
			continue;
		if (!tiscsi_cmd_abort_local(cmd) && cmd->state != TISCSI_CMD_SENDING)
			cmd->suppress = true;
	}
	/*
	 * Answers in the queue whose first byte was not sent need not be sent; a
	 * read that is partly out has to be, or the stream would break.
	 */
	list_for_each_entry_safe(item, next, &conn->tx_done, node) {
		struct tiscsi_cmd *cmd = container_of(item, struct tiscsi_cmd, item);

		if (item->ctl || cmd->rs.off)
			continue;
		list_del_init(&item->node);
		tiscsi_cmd_drop(cmd);
	}
}

/*
 * The response to a successful logout is the last PDU of the connection: it says that
 * every task has ended and the session is closed (11.15), so the reaper sends it when
 * that is true (conn->farewell).
 */
void tiscsi_ffp_logout(struct tiscsi_conn *conn, const struct icore_pdu *pdu)
{
	u8 response = ICORE_LOGOUT_RSP_SUCCESS;
	struct tiscsi_ctl *ctl;

	if (pdu->logout.reason == ICORE_LOGOUT_RECOVERY)
		response = ICORE_LOGOUT_RSP_NO_RECOVERY;
	else if (pdu->logout.reason == ICORE_LOGOUT_CLOSE_CONN && pdu->logout.cid != conn->cid)
		response = ICORE_LOGOUT_RSP_CID_NOT_FOUND;

	if (response == ICORE_LOGOUT_RSP_SUCCESS) {
		tiscsi_logout_silence(conn);
		icore_enc_logout_rsp(&conn->farewell, pdu->itt, response, conn->params.time2wait,
				     conn->params.time2retain);
		tiscsi_conn_advance(conn, TISCSI_CONN_LOGOUT);
		tiscsi_sess_finish(conn->sess);
		return;
	}
	ctl = tiscsi_ctl_get(conn);
	icore_enc_logout_rsp(&ctl->bhs, pdu->itt, response, conn->params.time2wait,
			     conn->params.time2retain);
	tiscsi_ctl_send(conn, ctl, false);
}
