// SPDX-License-Identifier: GPL-2.0
/*
 * Connection reinstatement (RFC 7143 6.3.4): a login with the TSIH of a session and
 * the CID of its connection.
 *
 * The session goes on: the same object, TSIH and target_core session, the same
 * CmdSN window. The connection, its digests and its segment sizes are new. At
 * ErrorRecoveryLevel < 2 the tasks of the old connection end without a word, and the
 * units that lost some tell so with the next command (11.14.5).
 *
 * It takes effect when the new login has succeeded, proof of identity included; a
 * login that fails leaves the old connection alone (8.2, M3). Then the old connection
 * is told to close, and the login waits like one that reinstates a session, until the
 * last old command has ended, or the connection was set aside with those that hang
 * (session.c). The reaper then makes it the owner of the session (login->sess), for as
 * long as it takes the login worker to build a connection. If the login goes away
 * meanwhile, for whatever reason, the reaper gets the session back, and ends it unless
 * another login waits.
 *
 * A connection that was lost leaves its session in the same state: while old commands
 * drain, a login may come to continue; if none has come by then, the session ends.
 * DefaultTime2Retain is an upper limit only (13.16), and at ErrorRecoveryLevel 0 there
 * is nothing worth keeping longer. So a session never waits for an initiator.
 */
#include <linux/err.h>

#include "cmd.h"
#include "conn.h"
#include "login.h"
#include "order.h"
#include "session.h"
#include "target.h"
#include "../mgmt/mgmt.h"
#include "../net/net.h"
#include "../tcm/tcm.h"

/* -- may it? -- */

/* What the header of the login says about the sessions of this group (3.4's table). */
static enum icore_login_status tiscsi_join_judge(struct tiscsi_pg *pg,
						 const struct icore_login *core,
						 struct tiscsi_sess **out, const char **reason)
{
	struct tiscsi_sess *sess = tiscsi_sess_find(pg, core->initiator, core->isid);

	*out = sess;
	*reason = "no session with this TSIH";
	/* Before it is operational nobody can know its TSIH (6.3.3). */
	if (!sess || sess->tsih != core->tsih || sess->state == TISCSI_SESS_LOGIN)
		return ICORE_LOGIN_NO_SESSION;
	*reason = "the session is ending";
	if (sess->state != TISCSI_SESS_ACTIVE)
		return ICORE_LOGIN_NO_SESSION;
	*reason = "MaxConnections is 1";
	if (sess->cid != core->cid)
		return ICORE_LOGIN_TOO_MANY_CONNS;
	return ICORE_LOGIN_SUCCESS;
}

/* The session exists, but is reached through other portals (4.4.3, 11.13.5). */
static bool tiscsi_join_elsewhere(struct tiscsi_pg *own, const struct icore_login *core)
{
	const struct tiscsi_sess *sess;
	struct tiscsi_pg *pg;
	bool found = false;

	mutex_lock(&tiscsi_mutex);
	list_for_each_entry(pg, &own->target->pgs, node) {
		if (pg == own)
			continue;
		spin_lock(&pg->lock);
		sess = tiscsi_sess_find(pg, core->initiator, core->isid);
		found |= sess && sess->tsih == core->tsih;
		spin_unlock(&pg->lock);
	}
	mutex_unlock(&tiscsi_mutex);
	return found;
}

enum icore_login_status tiscsi_sess_may_join(struct tiscsi_pg *pg, struct icore_login *core,
					     const char **reason)
{
	enum icore_login_status status;
	struct tiscsi_sess *sess;

	spin_lock(&pg->lock);
	status = tiscsi_join_judge(pg, core, &sess, reason);
	if (status == ICORE_LOGIN_SUCCESS)
		icore_login_window(core, READ_ONCE(sess->window.exp_cmdsn),
				   READ_ONCE(sess->window.max_cmdsn));
	spin_unlock(&pg->lock);

	if (status == ICORE_LOGIN_NO_SESSION && tiscsi_join_elsewhere(pg, core)) {
		*reason = "the session belongs to another portal group";
		status = ICORE_LOGIN_CANT_INCLUDE;
	}
	return status;
}

/* -- waiting -- */

/*
 * Former connections of one session. Each has commands that hang, for units that the
 * next ones were kept off, so more come only where INQUIRY and the like hang, too.
 */
#define TISCSI_FORMERS_MAX	16

/* The same method and identity as the leading login (9.2). */
static bool tiscsi_join_same_identity(const struct tiscsi_sess *sess,
				      const struct tiscsi_login *login)
{
	if (sess->authenticated != login->mem->core.authenticated)
		return false;
	return !sess->authenticated || !strcmp(sess->user, login->mem->cred.user);
}

/*
 * The login has succeeded. The first time: have the old connection closed, and wait
 * for the reaper; or take the session, if nothing is left of that but commands. If it
 * comes again without the session, the session has ended, or went to a login that
 * succeeded after this one. Return: 0 with login->sess; -EBUSY: it waits; -EACCES.
 */
static int tiscsi_join_wait(struct tiscsi_login *login, enum icore_login_status *status,
			    const char **reason)
{
	struct tiscsi_pg *pg = login->pg;
	struct tiscsi_sess *sess;
	int ret = -EACCES;

	spin_lock(&pg->lock);
	*status = tiscsi_join_judge(pg, &login->mem->core, &sess, reason);
	if (*status != ICORE_LOGIN_SUCCESS) {
		/* as it is */
	} else if (!pg->enabled || login->waited) {
		*status = ICORE_LOGIN_UNAVAILABLE;
		*reason = login->waited ? "another login reinstates the connection" :
					  "portal group is disabled";
	} else if (!tiscsi_join_same_identity(sess, login)) {
		*status = ICORE_LOGIN_AUTH_FAILED;
		*reason = "not the identity of the session";
	} else if (sess->nr_formers >= TISCSI_FORMERS_MAX) {
		*status = ICORE_LOGIN_NO_RESOURCES;
		*reason = "too many connections of the session wait for their devices";
	} else if (sess->drains) {
		sess->drains = false;
		login->sess = sess;
		ret = 0;
	} else {
		list_add_tail(&login->wait_node, &sess->waiters);
		login->waiting = true;
		login->waited = true;
		if (sess->conn) {
			WRITE_ONCE(sess->conn->reinstated, true);
			tiscsi_conn_close(sess->conn, "connection reinstatement");
		}
		ret = -EBUSY;
	}
	spin_unlock(&pg->lock);
	return ret;
}

/* -- handing over -- */

/*
 * The window gets back what the tasks held of it, what waited for its turn may come
 * again, and each unit that lost a task will tell (RFC 7143 7.6, 11.14.5). A task whose
 * answer was put on the wire has ended by itself.
 */
void tiscsi_sess_settle(struct tiscsi_sess *sess, struct tiscsi_conn *conn)
{
	struct tiscsi_cmd *cmd;
	u64 lun;
	u32 i;

	tiscsi_order_forget(conn);
	for (i = 0; i < conn->nr_cmds; i++) {
		cmd = tiscsi_cmd_slot(conn, i);
		if (cmd->windowed)
			icore_window_give(&sess->window);
		cmd->windowed = false;
		if (!cmd->hashed || cmd->tmr)
			continue;
		if (cmd->early)
			icore_window_forget(&sess->window, cmd->cmdsn);
		else if (icore_lun_decode(cmd->lun, &lun))
			tiscsi_ua_set(sess, lun, 0x47, 0x7f);
	}
}

bool tiscsi_sess_hand_over(struct tiscsi_sess *sess)
{
	struct tiscsi_login *login;
	bool handed = false;

	spin_lock(&sess->pg->lock);
	if (sess->state == TISCSI_SESS_ACTIVE && !list_empty(&sess->waiters)) {
		/* Who wants a session of its own has set CLOSING: these all continue. */
		login = list_last_entry(&sess->waiters, struct tiscsi_login, wait_node);
		login->sess = sess;
		tiscsi_sess_release(sess);
		handed = true;
	} else if (sess->nr_formers) {
		sess->drains = true;
		/* They want its place, and may have it. */
		tiscsi_sess_release(sess);
		handed = true;
	} else {
		sess->state = max(sess->state, TISCSI_SESS_CLOSING);
	}
	spin_unlock(&sess->pg->lock);
	return handed;
}

/* -- the next connection -- */

static struct tiscsi_conn *tiscsi_join_build(struct tiscsi_sess *sess, struct tiscsi_login *login)
{
	const struct icore_params *negotiated = &login->mem->core.nego.params;
	struct icore_params params = sess->params;

	/* What is negotiated for each connection; the rest is the session's (13). */
	params.header_digest = negotiated->header_digest;
	params.data_digest = negotiated->data_digest;
	params.mrdsl_in = negotiated->mrdsl_in;
	params.mrdsl_out = negotiated->mrdsl_out;
	return tiscsi_sess_build_conn(sess, login, &params);
}

int tiscsi_sess_continue(struct tiscsi_login *login, enum icore_login_status *status,
			 const char **reason)
{
	struct tiscsi_conn *conn;
	struct tiscsi_sess *sess;
	int ret;

	if (!login->sess) {
		ret = tiscsi_join_wait(login, status, reason);
		if (ret)
			return ret;
	}
	sess = login->sess;

	/* From here on it is not the login's any more, whatever happens. */
	login->sess = NULL;
	conn = tiscsi_join_build(sess, login);
	if (IS_ERR(conn)) {
		*status = ICORE_LOGIN_NO_RESOURCES;
		*reason = "no memory for a connection";
		tiscsi_sess_reap(sess);
		return PTR_ERR(conn);
	}
	tiscsi_sock_detach(login->sock);
	login->sock = NULL;
	tiscsi_sess_publish(sess, conn);
	return 0;
}
