// SPDX-License-Identifier: GPL-2.0
/*
 * Sessions: creation at the end of a login, reinstatement, and the reaper.
 *
 * Publication. A new session enters pg->sessions before it has a connection, so
 * that two logins of the same initiator port cannot both find the place empty
 * (RFC 7143 4.4.3: one session per InitiatorName, ISID, TargetName and tag). Its
 * connection is published and its thread woken in one step under pg->lock;
 * before that, a request to close only marks the session.
 *
 * Reinstatement (6.3.5). The new login has succeeded by then. It waits on the old
 * session's list until the reaper has seen the last command of the old one end,
 * because an old write that lands after a new one would be silent corruption.
 *
 * Why the reaper may free. (1) The thread was joined. (2) The command counter has
 * drained, so no upcall runs. (3) The session has left pg->sessions and the array of
 * admin.c, the only places where others find it, and everyone who looks does so
 * under pg->lock or the lock of the array.
 */
#include <linux/idr.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "admin.h"
#include "cmd.h"
#include "conn.h"
#include "login.h"
#include "session.h"
#include "target.h"
#include "../mgmt/mgmt.h"

/* How long the response to a logout may wait for the session's commands to end. */
#define TISCSI_LOGOUT_WAIT	(HZ / 2)

static DEFINE_IDA(tiscsi_tsih);
static atomic_t tiscsi_next_tsih = ATOMIC_INIT(0);
static struct workqueue_struct *tiscsi_reaper;

static void tiscsi_sess_reap_work(struct work_struct *work);

/* -- finding -- */

static struct tiscsi_sess *tiscsi_sess_find(struct tiscsi_pg *pg, const char *initiator,
					    const u8 isid[6])
{
	struct tiscsi_sess *sess;

	lockdep_assert_held(&pg->lock);
	list_for_each_entry(sess, &pg->sessions, pg_node)
		if (!memcmp(sess->isid, isid, 6) && !strcmp(sess->initiator, initiator))
			return sess;
	return NULL;
}

/**
 * tiscsi_sess_exists - is there a session that a login with a TSIH may name?
 * @pg: portal group
 * @initiator: normalised InitiatorName
 * @isid: of the login
 * @tsih: of the login, not 0
 */
bool tiscsi_sess_exists(struct tiscsi_pg *pg, const char *initiator, const u8 isid[6], u16 tsih)
{
	struct tiscsi_sess *sess;
	bool found;

	spin_lock(&pg->lock);
	sess = tiscsi_sess_find(pg, initiator, isid);
	found = sess && sess->tsih == tsih;
	spin_unlock(&pg->lock);
	return found;
}

/* -- closing -- */

static void tiscsi_sess_close_locked(struct tiscsi_sess *sess, const char *reason)
{
	lockdep_assert_held(&sess->pg->lock);
	if (sess->state == TISCSI_SESS_ACTIVE)
		sess->state = TISCSI_SESS_CLOSING;
	if (sess->conn)
		tiscsi_conn_close(sess->conn, reason);
}

void tiscsi_sess_drop(struct tiscsi_sess *sess, const char *reason)
{
	lockdep_assert_held(&sess->pg->lock);
	if (sess->state == TISCSI_SESS_ACTIVE)
		sess->state = TISCSI_SESS_CLOSING;
	if (sess->conn)
		tiscsi_conn_drop(sess->conn, reason);
}

int tiscsi_sess_request_logout(struct tiscsi_sess *sess, u16 seconds)
{
	lockdep_assert_held(&sess->pg->lock);
	if (!sess->conn || sess->state != TISCSI_SESS_ACTIVE)
		return -ENOTCONN;
	WRITE_ONCE(sess->conn->logout_seconds, max_t(u16, seconds, 1));
	tiscsi_conn_post(sess->conn, TISCSI_EV_ASYNC);
	return 0;
}

void tiscsi_sess_close(struct tiscsi_sess *sess, const char *reason)
{
	spin_lock(&sess->pg->lock);
	tiscsi_sess_drop(sess, reason);
	spin_unlock(&sess->pg->lock);
}

void tiscsi_sess_close_se(struct tiscsi_pg *pg, struct se_session *se_sess, const char *reason)
{
	struct tiscsi_sess *sess;

	spin_lock(&pg->lock);
	list_for_each_entry(sess, &pg->sessions, pg_node) {
		if (READ_ONCE(sess->se_sess) == se_sess) {
			tiscsi_sess_drop(sess, reason);
			break;
		}
	}
	spin_unlock(&pg->lock);
}

/* -- the reaper -- */

static void tiscsi_sess_unpublish(struct tiscsi_sess *sess)
{
	struct tiscsi_pg *pg = sess->pg;
	struct tiscsi_login *login, *next;

	tiscsi_admin_hide(sess);
	spin_lock(&pg->lock);
	sess->state = TISCSI_SESS_DEAD;
	list_del(&sess->pg_node);
	list_for_each_entry_safe(login, next, &sess->waiters, wait_node) {
		list_del_init(&login->wait_node);
		login->waiting = false;
		tiscsi_login_kick(login);
	}
	spin_unlock(&pg->lock);
}

static void tiscsi_sess_reap_work(struct work_struct *work)
{
	struct tiscsi_sess *sess = container_of(work, struct tiscsi_sess, work);
	struct tiscsi_pg *pg = sess->pg;

	tiscsi_conn_join(sess->conn);
	/* A backend that hangs shall not keep an initiator from leaving. */
	if (!tiscsi_tcm_counter_idle(sess->conn->counter, TISCSI_LOGOUT_WAIT))
		tiscsi_conn_farewell(sess->conn);
	tiscsi_tcm_counter_drain(sess->conn->counter, sess);
	tiscsi_tcm_session_end(sess);
	tiscsi_sess_unpublish(sess);
	tiscsi_conn_farewell(sess->conn);

	tiscsi_conn_advance(sess->conn, TISCSI_CONN_DEAD);
	tiscsi_conn_free(sess->conn);
	ida_free(&tiscsi_tsih, sess->tsih);
	kfree(sess);
	tiscsi_pg_put(pg);
}

void tiscsi_sess_reap(struct tiscsi_sess *sess)
{
	queue_work(tiscsi_reaper, &sess->work);
}

/* -- creation -- */

/* A TSIH comes again as late as possible: the old one may still be in use out there. */
static int tiscsi_tsih_get(void)
{
	u32 from = (u32)atomic_inc_return(&tiscsi_next_tsih) % 0xffff + 1;
	int tsih = ida_alloc_range(&tiscsi_tsih, from, 0xffff, GFP_KERNEL);

	return tsih == -ENOSPC ? ida_alloc_range(&tiscsi_tsih, 1, 0xffff, GFP_KERNEL) : tsih;
}

static void tiscsi_sess_free_new(struct tiscsi_sess *sess)
{
	tiscsi_admin_hide(sess);
	ida_free(&tiscsi_tsih, sess->tsih);
	kfree(sess);
}

static struct tiscsi_sess *tiscsi_sess_alloc(struct tiscsi_login *login)
{
	const struct icore_login *core = &login->mem->core;
	struct tiscsi_sess *sess;
	int tsih;

	sess = kzalloc(sizeof(*sess), GFP_KERNEL);
	if (!sess)
		return NULL;
	tsih = tiscsi_tsih_get();
	if (tsih < 0) {
		kfree(sess);
		return NULL;
	}
	sess->tsih = tsih;
	sess->pg = login->pg;
	strscpy(sess->initiator, core->initiator, sizeof(sess->initiator));
	strscpy(sess->initiator_alias, core->initiator_alias, sizeof(sess->initiator_alias));
	memcpy(sess->isid, core->isid, sizeof(sess->isid));
	sess->params = core->nego.params;
	INIT_LIST_HEAD(&sess->waiters);
	tiscsi_ua_init(&sess->ua);
	INIT_WORK(&sess->work, tiscsi_sess_reap_work);
	sess->net_cookie = login->sock->net_cookie;
	if (tiscsi_admin_publish(sess)) {
		tiscsi_sess_free_new(sess);
		return NULL;
	}
	return sess;
}

/* Take the place of this initiator port, or wait for who has it. */
static int tiscsi_sess_reserve(struct tiscsi_sess *sess, struct tiscsi_login *login)
{
	struct tiscsi_pg *pg = sess->pg;
	struct tiscsi_sess *old;
	int ret = 0;

	spin_lock(&pg->lock);
	old = tiscsi_sess_find(pg, sess->initiator, sess->isid);
	if (!pg->enabled) {
		ret = -ESHUTDOWN;
	} else if (old) {
		list_add_tail(&login->wait_node, &old->waiters);
		login->waiting = true;
		tiscsi_sess_close_locked(old, "session reinstatement");
		ret = -EBUSY;
	} else {
		list_add_tail(&sess->pg_node, &pg->sessions);
		pg->users++;
	}
	spin_unlock(&pg->lock);
	return ret;
}

/* The final login response becomes the connection's first PDU. */
static int tiscsi_sess_last_response(struct tiscsi_sess *sess, struct tiscsi_conn *conn,
				     struct icore_login *core)
{
	struct icore_bhs bhs;
	const char *data;
	u32 len;

	conn->advertised_max = icore_window_max(&sess->window);
	icore_login_finish(core, sess->tsih);
	icore_login_window(core, sess->window.exp_cmdsn, conn->advertised_max);
	icore_login_next_pdu(core, &bhs, &data, &len);
	conn->statsn = core->statsn;
	conn->login_pdu = kzalloc(sizeof(bhs) + len + icore_pad(len), GFP_KERNEL);
	if (!conn->login_pdu)
		return -ENOMEM;
	memcpy(conn->login_pdu, &bhs, sizeof(bhs));
	memcpy(conn->login_pdu + sizeof(bhs), data, len);
	conn->login_pdu_len = sizeof(bhs) + len + icore_pad(len);
	return 0;
}

/* From here on the thread owns everything; @sess may be gone on return. */
static void tiscsi_sess_publish(struct tiscsi_sess *sess, struct tiscsi_conn *conn)
{
	struct tiscsi_pg *pg = sess->pg;

	spin_lock(&pg->lock);
	smp_store_release(&sess->conn, conn); /* pairs with tiscsi_sess_snapshot() */
	if (sess->state != TISCSI_SESS_ACTIVE)
		tiscsi_conn_close(conn, "closed while it began");
	tiscsi_conn_wake(conn);
	spin_unlock(&pg->lock);
}

int tiscsi_sess_start(struct tiscsi_login *login, enum icore_login_status *status,
		      const char **reason)
{
	struct icore_login *core = &login->mem->core;
	struct tiscsi_pg *pg = login->pg;
	struct tiscsi_conn *conn;
	struct tiscsi_sess *sess;
	int ret;

	*status = ICORE_LOGIN_NO_RESOURCES;
	*reason = "no memory for a session";
	sess = tiscsi_sess_alloc(login);
	if (!sess)
		return -ENOMEM;
	ret = tiscsi_sess_reserve(sess, login);
	if (ret) {
		if (ret == -ESHUTDOWN) {
			*status = ICORE_LOGIN_UNAVAILABLE;
			*reason = "portal group is disabled";
		}
		tiscsi_sess_free_new(sess);
		return ret;
	}
	ret = tiscsi_tcm_session_start(sess);
	if (ret) {
		if (ret == -EACCES) {
			*status = ICORE_LOGIN_FORBIDDEN;
			*reason = "no ACL for this initiator";
		}
		goto err_unpublish;
	}
	ret = -ENOMEM;
	conn = tiscsi_conn_alloc(sess, tiscsi_tcm_depth(sess));
	if (!conn)
		goto err_session;
	conn->cid = core->cid;
	icore_window_init(&sess->window, core->cmdsn, tiscsi_tcm_depth(sess));
	ret = tiscsi_sess_last_response(sess, conn, core);
	if (ret)
		goto err_conn;
	conn->sock = login->sock;
	conn->peer = login->peer;
	ret = tiscsi_conn_start(conn);
	if (ret)
		goto err_conn;

	tiscsi_sock_detach(login->sock);
	login->sock = NULL;
	tiscsi_sess_publish(sess, conn);
	return 0;

err_conn:
	tiscsi_conn_free(conn);
err_session:
	tiscsi_tcm_session_end(sess);
err_unpublish:
	tiscsi_sess_unpublish(sess);
	tiscsi_sess_free_new(sess);
	tiscsi_pg_put(pg);
	return ret;
}

/* -- showing -- */

u32 tiscsi_cmd_session_index(const struct tiscsi_sess *sess)
{
	return sess->sid;
}

void tiscsi_sess_snapshot(struct tiscsi_sess *sess, struct tiscsi_sess_info *info)
{
	struct tiscsi_conn *conn;

	memset(info, 0, sizeof(*info));
	strscpy(info->initiator, sess->initiator, sizeof(info->initiator));
	strscpy(info->initiator_alias, sess->initiator_alias, sizeof(info->initiator_alias));
	memcpy(info->isid, sess->isid, sizeof(info->isid));
	info->tsih = sess->tsih;
	info->sid = sess->sid;
	info->params = sess->params;
	info->window = sess->window.depth;
	info->exp_cmdsn = READ_ONCE(sess->window.exp_cmdsn);
	info->max_cmdsn = READ_ONCE(sess->window.max_cmdsn);
	info->cmd_pdus = READ_ONCE(sess->cmd_pdus);
	info->digest_errors = READ_ONCE(sess->digest_errors);
	info->timeout_errors = READ_ONCE(sess->timeout_errors);

	/* Published after everything that is read here was written. */
	conn = smp_load_acquire(&sess->conn);
	if (!conn)
		return;
	info->cid = conn->cid;
	info->rsp_pdus = READ_ONCE(conn->rsp_pdus);
	info->tx_octets = READ_ONCE(conn->tx_octets);
	info->rx_octets = READ_ONCE(conn->rx_octets);
	info->logged_in = READ_ONCE(conn->state) <= TISCSI_CONN_FFP;
	info->last_itt = READ_ONCE(conn->last_itt);
	info->last_ttt = READ_ONCE(conn->last_ttt);
	info->statsn = READ_ONCE(conn->statsn);
	info->peer = conn->peer;
}

void tiscsi_sess_queue_work(struct work_struct *work)
{
	queue_work(tiscsi_reaper, work);
}

/* -- module -- */

int tiscsi_sess_init(void)
{
	tiscsi_reaper = alloc_workqueue("tiscsi_reaper", WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	return tiscsi_reaper ? 0 : -ENOMEM;
}

/* All portal groups are gone by now, hence all sessions; this flushes the last. */
void tiscsi_sess_exit(void)
{
	destroy_workqueue(tiscsi_reaper);
	tiscsi_admin_exit();
	ida_destroy(&tiscsi_tsih);
}
