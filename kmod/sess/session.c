// SPDX-License-Identifier: GPL-2.0
/*
 * Sessions: creation at the end of a login, session reinstatement, and the reaper.
 *
 * Publication. A new session enters pg->sessions before it has a connection, so
 * that two logins of the same initiator port cannot both find the place empty
 * (RFC 7143 4.4.3: one session per InitiatorName, ISID, TargetName and tag). Its
 * connection is published and its thread woken in one step under pg->lock;
 * before that, a request to close only marks the session.
 *
 * Owners, one after the other: the leading login until publication; then the
 * connection's thread, whose last act is to queue the reaper; then the reaper,
 * which ends the session, or gives it to a login that reinstates the connection
 * (reinstate.c); that login publishes the next connection or, whatever becomes of
 * it, queues the reaper again.
 *
 * Session reinstatement (6.3.5). The new login has succeeded by then. It waits on
 * the old session's list until the reaper has seen the last command of the old one
 * end, because an old write that lands after a new one would be silent corruption.
 *
 * If that takes long, because a backend hangs, the connection is set aside among the
 * former ones of its session. From then on the session is without a connection and may
 * get another one (reinstate.c); or it gives its place away (@replaced), and goes on
 * draining where no login finds it. Whichever it is, who comes begins with a fence around
 * the units that the old commands are for (stuck.c): one disk that hangs does not keep its
 * initiator from all others. No thread waits for former connections; they are looked
 * at every now and then. The last one queues the reaper, if the session is theirs.
 *
 * Why the reaper may free a connection. (1) Its thread was joined. (2) Its command
 * counter has drained, so no upcall runs. (3) sess->conn was cleared under pg->lock
 * and sess->lock; everyone else who looks at it holds one of them. (4) It has left
 * sess->formers, where others look under pg->lock; its only work item is the one that
 * frees it.
 *
 * Why the reaper may free the session. (1) It has no connection, present or former, hence
 * no thread and no command. (2) No login owns it: the reaper is queued by owners only.
 * (3) The session has left pg->sessions, target_core's lists and the array of admin.c,
 * the only places where others find it; who looks there holds pg->lock,
 * nacl_sess_lock or the lock of the array, or is close_session(), which
 * tiscsi_tcm_session_end() waits for.
 */
#include <linux/err.h>
#include <linux/idr.h>
#include <linux/random.h>
#include <linux/siphash.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "admin.h"
#include "cmd.h"
#include "conn.h"
#include "login.h"
#include "session.h"
#include "stuck.h"
#include "target.h"
#include "tune.h"
#include "../mgmt/mgmt.h"

/*
 * How long the response to a logout, and a login that takes the place of a session or of
 * its connection, wait for its commands to end. How often it is looked whether those of a
 * former connection have ended, and when it is told that they have not.
 */
#define TISCSI_DRAIN_WAIT	(HZ / 2)
#define TISCSI_DRAIN_LOOK	(HZ / 10 + 1)
#define TISCSI_DRAIN_TELL	(10 * HZ)
#define TISCSI_DRAIN_AGAIN	(60 * HZ)

const char *const tiscsi_draining = "portal group is being drained";

static DEFINE_IDA(tiscsi_tsih);
static atomic_t tiscsi_next_tsih = ATOMIC_INIT(0);
static siphash_key_t tiscsi_nexus_key;
static struct workqueue_struct *tiscsi_reaper;

static void tiscsi_sess_reap_work(struct work_struct *work);

/* -- finding -- */

struct tiscsi_sess *tiscsi_sess_find(struct tiscsi_pg *pg, const char *initiator,
				     const u8 isid[6])
	__must_hold(&pg->lock)
{
	struct tiscsi_sess *sess;

	lockdep_assert_held(&pg->lock);
	list_for_each_entry(sess, &pg->sessions, pg_node)
		if (!sess->replaced && !memcmp(sess->isid, isid, 6) &&
		    !strcmp(sess->initiator, initiator))
			return sess;
	return NULL;
}

/* -- I_T nexuses that were lost (6.3.5.1) -- */

/*
 * When the same ports meet again, the units tell of the loss (SAM-5 5.14: 29/07).
 * Whether they do, nobody knows; so each group remembers the latest few by a hash.
 */
static u64 tiscsi_nexus_id(const struct tiscsi_sess *sess)
{
	u64 isid = 0;

	memcpy(&isid, sess->isid, sizeof(sess->isid));
	isid = siphash_2u64(isid, siphash(sess->initiator, strlen(sess->initiator),
					  &tiscsi_nexus_key), &tiscsi_nexus_key);
	return isid ?: 1;
}

static void tiscsi_nexus_lost(struct tiscsi_sess *sess)
	__must_hold(&sess->pg->lock)
{
	struct tiscsi_pg *pg = sess->pg;

	lockdep_assert_held(&pg->lock);
	pg->lost[pg->lost_next++ % TISCSI_LOST_NEXUSES] = tiscsi_nexus_id(sess);
}

static bool tiscsi_nexus_returns(struct tiscsi_sess *sess)
{
	struct tiscsi_pg *pg = sess->pg;
	u64 id = tiscsi_nexus_id(sess);
	bool found = false;
	u32 i;

	spin_lock(&pg->lock);
	for (i = 0; i < TISCSI_LOST_NEXUSES; i++) {
		if (pg->lost[i] != id)
			continue;
		pg->lost[i] = 0;
		found = true;
	}
	spin_unlock(&pg->lock);
	return found;
}

/* -- closing -- */

void tiscsi_sess_drop(struct tiscsi_sess *sess, const char *reason)
	__must_hold(&sess->pg->lock)
{
	lockdep_assert_held(&sess->pg->lock);
	sess->state = max(sess->state, TISCSI_SESS_CLOSING);
	if (sess->conn)
		tiscsi_conn_drop(sess->conn, reason);
}

int tiscsi_sess_request_logout(struct tiscsi_sess *sess, u16 seconds)
	__must_hold(&sess->pg->lock)
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

void tiscsi_sess_finish(struct tiscsi_sess *sess)
{
	spin_lock(&sess->pg->lock);
	sess->state = max(sess->state, TISCSI_SESS_CLOSING);
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

void tiscsi_sess_release(struct tiscsi_sess *sess)
	__must_hold(&sess->pg->lock)
{
	struct tiscsi_login *login, *next;

	lockdep_assert_held(&sess->pg->lock);
	list_for_each_entry_safe(login, next, &sess->waiters, wait_node) {
		list_del_init(&login->wait_node);
		login->waiting = false;
		tiscsi_login_kick(login);
	}
}

static void tiscsi_sess_unpublish(struct tiscsi_sess *sess)
{
	struct tiscsi_pg *pg = sess->pg;

	tiscsi_admin_hide(sess);
	spin_lock(&pg->lock);
	if (sess->state != TISCSI_SESS_LOGIN && !sess->replaced)
		tiscsi_nexus_lost(sess);
	sess->state = TISCSI_SESS_DEAD;
	list_del(&sess->pg_node);
	tiscsi_sess_release(sess);
	spin_unlock(&pg->lock);
}

/* -- former connections -- */

static void tiscsi_former_tell(struct tiscsi_conn *conn)
{
	static DEFINE_RATELIMIT_STATE(limit, TISCSI_DRAIN_TELL, 2);

	if (time_before(jiffies, conn->drain_tell))
		return;
	conn->drain_tell = jiffies + TISCSI_DRAIN_AGAIN;
	/* Each tells of all commands of the group. */
	if (!__ratelimit(&limit))
		return;
	tiscsi_stuck_log(conn->sess->pg, TISCSI_ANY_LUN, TISCSI_DRAIN_TELL / HZ,
			 READ_ONCE(conn->sess->state) >= TISCSI_SESS_CLOSING ?
			 "a closed session" : "a former connection");
	conn->drain_told = true;
}

/* The session stays as long as it has a former connection. */
static void tiscsi_former_end(struct tiscsi_conn *conn)
{
	struct tiscsi_sess *sess = conn->sess;
	struct tiscsi_pg *pg = sess->pg;
	bool over;

	if (conn->drain_told)
		pr_notice("%*pE at %s: the last command of session %u has ended\n",
			  (int)strlen(sess->initiator), sess->initiator, pg->target->name,
			  sess->sid);
	spin_lock(&pg->lock);
	list_del_init(&conn->former_node);
	sess->nr_formers--;
	over = sess->drains && !sess->nr_formers;
	if (over)
		sess->drains = false;
	spin_unlock(&pg->lock);
	tiscsi_conn_advance(conn, TISCSI_CONN_DEAD);
	tiscsi_conn_free(conn);
	if (over)
		tiscsi_sess_reap(sess);
}

static void tiscsi_former_work(struct work_struct *work)
{
	struct tiscsi_conn *conn = container_of(work, struct tiscsi_conn, drain.work);

	if (!tiscsi_tcm_counter_idle(conn->counter, 0)) {
		tiscsi_former_tell(conn);
		queue_delayed_work(tiscsi_reaper, &conn->drain, TISCSI_DRAIN_LOOK);
		return;
	}
	tiscsi_tcm_counter_drain(conn->counter);
	tiscsi_former_end(conn);
}

static void tiscsi_former_begin(struct tiscsi_conn *conn)
{
	INIT_DELAYED_WORK(&conn->drain, tiscsi_former_work);
	conn->drain_tell = jiffies + TISCSI_DRAIN_TELL - TISCSI_DRAIN_WAIT;
	queue_delayed_work(tiscsi_reaper, &conn->drain, TISCSI_DRAIN_LOOK);
}

/* The connection is over: the session is without one. Return: its commands are, too. */
static bool tiscsi_sess_detach(struct tiscsi_sess *sess, struct tiscsi_conn *conn)
{
	bool idle;

	tiscsi_conn_join(conn);
	idle = tiscsi_tcm_counter_idle(conn->counter, TISCSI_DRAIN_WAIT);
	if (idle)
		tiscsi_tcm_counter_drain(conn->counter);
	/* A backend that hangs shall not keep an initiator from leaving. */
	if (!idle)
		tiscsi_conn_farewell(conn);
	tiscsi_sess_settle(sess, conn);

	spin_lock(&sess->pg->lock);
	spin_lock(&sess->lock);
	sess->conn = NULL;
	if (!idle) {
		list_add_tail(&conn->former_node, &sess->formers);
		sess->nr_formers++;
		WRITE_ONCE(sess->fenced, true);
	}
	sess->past.rsp_pdus += conn->rsp_pdus;
	sess->past.tx_octets += conn->tx_octets;
	sess->past.rx_octets += conn->rx_octets;
	spin_unlock(&sess->lock);
	spin_unlock(&sess->pg->lock);
	return idle;
}

/*
 * No thread, command or login has it (head of this file); target_core lets go of it in the
 * first step, and those who look for sessions in the second, which waits for their locks.
 * The TSIH comes last, so that a login that still names it finds nothing rather than another.
 */
static void tiscsi_sess_end(struct tiscsi_sess *sess)
{
	tiscsi_tcm_session_end(sess);
	tiscsi_sess_unpublish(sess);
	tiscsi_tsih_put(sess->tsih);
	kfree(sess);
}

/* See the head of this file for why connection and session may be freed. */
static void tiscsi_sess_reap_work(struct work_struct *work)
{
	struct tiscsi_sess *sess = container_of(work, struct tiscsi_sess, work);
	struct tiscsi_conn *conn = sess->conn;
	struct tiscsi_pg *pg = sess->pg;
	bool idle = true;
	bool over;

	if (conn)
		idle = tiscsi_sess_detach(sess, conn);
	over = !tiscsi_sess_hand_over(sess);
	if (over)
		tiscsi_sess_end(sess);
	/* From here on the session is gone, or somebody else's. */
	if (!idle) {
		tiscsi_former_begin(conn);
	} else if (conn) {
		tiscsi_conn_farewell(conn);
		tiscsi_conn_advance(conn, TISCSI_CONN_DEAD);
		tiscsi_conn_free(conn);
	}
	if (over)
		tiscsi_pg_put(pg);
}

void tiscsi_sess_reap(struct tiscsi_sess *sess)
{
	queue_work(tiscsi_reaper, &sess->work);
}

/* -- creation -- */

/* A TSIH comes again as late as possible: the old one may still be in use out there. */
int tiscsi_tsih_get(void)
{
	u32 from = (u32)atomic_inc_return(&tiscsi_next_tsih) % 0xffff + 1;
	int tsih = ida_alloc_range(&tiscsi_tsih, from, 0xffff, GFP_KERNEL);

	return tsih == -ENOSPC ? ida_alloc_range(&tiscsi_tsih, 1, 0xffff, GFP_KERNEL) : tsih;
}

void tiscsi_tsih_put(u16 tsih)
{
	ida_free(&tiscsi_tsih, tsih);
}

/* Of a login that failed before it was published: only its number was to be found. */
static void tiscsi_sess_free_new(struct tiscsi_sess *sess)
{
	tiscsi_admin_hide(sess);
	tiscsi_tsih_put(sess->tsih);
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
	sess->cid = core->cid;
	sess->peer = login->peer;
	sess->authenticated = core->authenticated;
	if (core->authenticated)
		strscpy(sess->user, login->mem->cred.user, sizeof(sess->user));
	spin_lock_init(&sess->lock);
	INIT_LIST_HEAD(&sess->waiters);
	INIT_LIST_HEAD(&sess->formers);
	tiscsi_ua_init(&sess->ua);
	INIT_WORK(&sess->work, tiscsi_sess_reap_work);
	sess->net_cookie = login->sock->net_cookie;
	if (tiscsi_admin_publish(sess)) {
		tiscsi_sess_free_new(sess);
		return NULL;
	}
	login->sid = sess->sid;
	return sess;
}

bool tiscsi_sess_replace(struct tiscsi_sess *sess, struct tiscsi_login *login)
	__must_hold(&sess->pg->lock)
{
	lockdep_assert_held(&sess->pg->lock);
	if (sess->drains) {
		sess->state = max(sess->state, TISCSI_SESS_CLOSING);
		sess->replaced = true;
		tiscsi_nexus_lost(sess);
		/* Who would have continued it has nothing to continue. */
		tiscsi_sess_release(sess);
		return true;
	}
	list_add_tail(&login->wait_node, &sess->waiters);
	login->waiting = true;
	sess->state = max(sess->state, TISCSI_SESS_CLOSING);
	/* Not tiscsi_sess_drop(): the initiator knows. */
	if (sess->conn)
		tiscsi_conn_close(sess->conn, "session reinstatement");
	return false;
}

/* How many sessions has this initiator here? With all its ISIDs it could have 2^48. */
static u32 tiscsi_sess_count(struct tiscsi_pg *pg, const char *initiator)
	__must_hold(&pg->lock)
{
	struct tiscsi_sess *sess;
	u32 n = 0;

	lockdep_assert_held(&pg->lock);
	list_for_each_entry(sess, &pg->sessions, pg_node)
		n += !strcmp(sess->initiator, initiator);
	return n;
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
	} else if (pg->draining) {
		ret = -EAGAIN;
	} else if (old && !tiscsi_sess_replace(old, login)) {
		ret = -EBUSY;
	} else if (tiscsi_sess_count(pg, sess->initiator) >= tiscsi_max_sessions()) {
		ret = -EDQUOT;
	} else {
		tiscsi_stuck_inherit(sess);
		list_add_tail(&sess->pg_node, &pg->sessions);
		pg->users++;
		/* Two kinds of session share the key; this kind replaces any. */
		tiscsi_discovery_end(pg, sess->initiator, sess->isid);
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

struct tiscsi_conn *tiscsi_sess_build_conn(struct tiscsi_sess *sess, struct tiscsi_login *login,
					   const struct icore_params *params)
{
	struct icore_login *core = &login->mem->core;
	struct tiscsi_conn *conn = tiscsi_conn_alloc(sess, params, sess->window.depth);
	int ret;

	if (!conn)
		return ERR_PTR(-ENOMEM);
	conn->cid = core->cid;
	ret = tiscsi_sess_last_response(sess, conn, core);
	if (ret)
		goto err_conn;
	conn->sock = login->sock;
	conn->peer = login->peer;
	ret = tiscsi_conn_start(conn);
	if (ret)
		goto err_conn;
	return conn;

err_conn:
	tiscsi_conn_free(conn);
	return ERR_PTR(ret);
}

/*
 * From here on the thread owns everything; @sess may be gone on return. Whoever
 * waits already wants this connection gone.
 */
void tiscsi_sess_publish(struct tiscsi_sess *sess, struct tiscsi_conn *conn)
{
	struct tiscsi_pg *pg = sess->pg;

	spin_lock(&pg->lock);
	spin_lock(&sess->lock);
	sess->conn = conn;
	sess->peer = conn->peer;
	spin_unlock(&sess->lock);
	sess->state = max(sess->state, TISCSI_SESS_ACTIVE);
	if (sess->state == TISCSI_SESS_ACTIVE && !list_empty(&sess->waiters))
		WRITE_ONCE(conn->reinstated, true);
	if (sess->state != TISCSI_SESS_ACTIVE || conn->reinstated)
		tiscsi_conn_close(conn, "closed while it began");
	tiscsi_conn_wake(conn);
	spin_unlock(&pg->lock);
}

int tiscsi_sess_start(struct tiscsi_login *login, enum icore_login_status *status,
		      const char **reason)
{
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
		} else if (ret == -EAGAIN) {
			*status = ICORE_LOGIN_UNAVAILABLE;
			*reason = tiscsi_draining;
		} else if (ret == -EDQUOT) {
			*reason = "too many sessions of this initiator";
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
	icore_window_init(&sess->window, login->mem->core.cmdsn, tiscsi_tcm_depth(sess));
	conn = tiscsi_sess_build_conn(sess, login, &sess->params);
	if (IS_ERR(conn)) {
		ret = PTR_ERR(conn);
		goto err_session;
	}

	if (tiscsi_nexus_returns(sess))
		tiscsi_tcm_nexus_lost(sess);
	tiscsi_sock_detach(login->sock);
	login->sock = NULL;
	tiscsi_sess_publish(sess, conn);
	return 0;

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

static void tiscsi_conn_snapshot(struct tiscsi_conn *conn, struct tiscsi_sess_info *info)
{
	info->params = conn->params;
	info->rsp_pdus += READ_ONCE(conn->rsp_pdus);
	info->tx_octets += READ_ONCE(conn->tx_octets);
	info->rx_octets += READ_ONCE(conn->rx_octets);
	info->logged_in = READ_ONCE(conn->state) <= TISCSI_CONN_FFP;
	info->last_itt = READ_ONCE(conn->last_itt);
	info->last_ttt = READ_ONCE(conn->last_ttt);
	info->statsn = READ_ONCE(conn->statsn);
	info->age = (jiffies - conn->began) / HZ;
	info->idle = jiffies_to_msecs(jiffies - READ_ONCE(conn->last_rx));
	info->in_flight = READ_ONCE(conn->in_use);
}

void tiscsi_sess_snapshot(struct tiscsi_sess *sess, struct tiscsi_sess_info *info)
{
	memset(info, 0, sizeof(*info));
	strscpy(info->initiator, sess->initiator, sizeof(info->initiator));
	strscpy(info->initiator_alias, sess->initiator_alias, sizeof(info->initiator_alias));
	memcpy(info->isid, sess->isid, sizeof(info->isid));
	info->tsih = sess->tsih;
	info->sid = sess->sid;
	info->cid = sess->cid;
	info->params = sess->params;
	info->window = sess->window.depth;
	info->exp_cmdsn = READ_ONCE(sess->window.exp_cmdsn);
	info->max_cmdsn = READ_ONCE(sess->window.max_cmdsn);
	info->cmd_pdus = READ_ONCE(sess->cmd_pdus);
	info->digest_errors = READ_ONCE(sess->digest_errors);
	info->timeout_errors = READ_ONCE(sess->timeout_errors);

	spin_lock(&sess->lock);
	info->peer = sess->peer;
	info->rsp_pdus = sess->past.rsp_pdus;
	info->tx_octets = sess->past.tx_octets;
	info->rx_octets = sess->past.rx_octets;
	if (sess->conn)
		tiscsi_conn_snapshot(sess->conn, info);
	spin_unlock(&sess->lock);
}

void tiscsi_sess_queue_work(struct work_struct *work)
{
	queue_work(tiscsi_reaper, work);
}

/* -- module -- */

int tiscsi_sess_init(void)
{
	get_random_bytes(&tiscsi_nexus_key, sizeof(tiscsi_nexus_key));
	/*
	 * No rescuer (WQ_MEM_RECLAIM): it takes all that is queued as soon as a worker is late
	 * to come, and up to Linux 6.12 does one thing after the other, each of which may wait
	 * for commands for TISCSI_DRAIN_WAIT. It would not help who is short of memory: whoever
	 * waits for a session to end wants a new one, which needs memory, and a thread.
	 */
	tiscsi_reaper = alloc_workqueue("tiscsi_reaper", WQ_UNBOUND, 0);
	return tiscsi_reaper ? 0 : -ENOMEM;
}

/* All portal groups are gone by now, hence all sessions; this flushes the last. */
void tiscsi_sess_exit(void)
{
	destroy_workqueue(tiscsi_reaper);
	tiscsi_admin_exit();
	ida_destroy(&tiscsi_tsih);
}
