// SPDX-License-Identifier: GPL-2.0
/* The ends of logins and connections; see report.h. */
#include <linux/slab.h>
#include <linux/string.h>

#include "admin.h"
#include "conn.h"
#include "login.h"
#include "portal.h"
#include "report.h"
#include "session.h"
#include "target.h"
#include "../mgmt/event.h"
#include "../mgmt/mgmt.h"
#include "../mgmt/verdict.h"

/* -- logins -- */

static enum tcm_iscsi_login_step login_step(const struct tiscsi_login *login)
{
	if (!login->mem || !login->proven)
		return TCM_ISCSI_LOGIN_STEP_CONNECT;
	if (login->agreed)
		return TCM_ISCSI_LOGIN_STEP_SESSION;
	switch (icore_login_step(&login->mem->core)) {
	case ICORE_STEP_NAMES:
		return TCM_ISCSI_LOGIN_STEP_NAMES;
	case ICORE_STEP_SECURITY:
		return TCM_ISCSI_LOGIN_STEP_SECURITY;
	case ICORE_STEP_OPERATIONAL:
		break;
	}
	return TCM_ISCSI_LOGIN_STEP_OPERATIONAL;
}

/* NULL if memory is short: then the log has to do. */
static struct tiscsi_verdict *verdict_new(const struct tiscsi_np *np,
					  const struct sockaddr_storage *peer, const char *reason)
{
	struct tiscsi_verdict *v = kzalloc(sizeof(*v), GFP_KERNEL | __GFP_NOWARN);

	if (!v)
		return NULL;
	v->net_cookie = np->net_cookie;
	tiscsi_addr_show(peer, &v->peer);
	tiscsi_addr_show(&np->addr, &v->portal);
	v->reason = reason;
	return v;
}

static void verdict_tell(struct net *net, struct tiscsi_pg *pg, const struct tiscsi_verdict *v)
{
	const bool good = v->answered && v->status == ICORE_LOGIN_SUCCESS;
	const struct tiscsi_event ev = {
		.kind = good ? TCM_ISCSI_EVENT_KIND_LOGIN : TCM_ISCSI_EVENT_KIND_REFUSED,
		.net = net,
		.peer = &v->peer,
		.initiator = v->initiator,
		.target = v->target,
		.tag = pg ? pg->tag : -1,
		.sid = v->sid,
		.step = v->step,
		.status = v->answered ? v->status : -1,
		.reason = v->reason,
		.lun = -1,
	};

	tiscsi_event_send(&ev);
}

static void verdict_login(struct tiscsi_login *login, struct net *net, bool answered,
			  enum icore_login_status status, const char *reason)
{
	const struct icore_login *core = login->mem ? &login->mem->core : NULL;
	struct tiscsi_verdict *v = verdict_new(login->np, &login->peer, reason);

	if (!v)
		return;
	v->answered = answered;
	v->status = status;
	v->step = login_step(login);
	v->sid = login->sid;
	if (core) {
		strscpy(v->initiator, core->initiator, sizeof(v->initiator));
		strscpy(v->target, core->target, sizeof(v->target));
	}
	tiscsi_verdict_add(v);
	verdict_tell(net, login->pg, v);
	kfree(v);
}

void tiscsi_report_success(struct tiscsi_login *login, struct net *net)
{
	const struct icore_login *core = &login->mem->core;

	/* Discovery sessions are not among those that the ABI counts. */
	if (!core->discovery)
		tiscsi_stats_login(&login->pg->target->stats, ICORE_LOGIN_SUCCESS, core->initiator,
				   &login->peer);
	verdict_login(login, net, true, ICORE_LOGIN_SUCCESS, NULL);
}

void tiscsi_report_refusal(struct tiscsi_login *login, enum icore_login_status status,
			   const char *reason)
{
	const struct icore_login *core = login->mem ? &login->mem->core : NULL;
	const char *initiator = core ? core->initiator : NULL;

	if (login->pg)
		tiscsi_stats_login(&login->pg->target->stats, status, initiator, &login->peer);
	verdict_login(login, tiscsi_sock_net(login->sock), true, status, reason);
	tiscsi_log_peer(initiator, &login->peer, core ? core->target : NULL,
			"login refused: %s (%04x %s)", reason ? reason : "no reason", status,
			icore_login_status_name(status));
}

void tiscsi_report_give_up(struct tiscsi_login *login, const char *reason)
{
	const struct icore_login *core = login->mem ? &login->mem->core : NULL;

	verdict_login(login, tiscsi_sock_net(login->sock), false, ICORE_LOGIN_INITIATOR_ERROR,
		      reason);
	tiscsi_log_peer(core ? core->initiator : NULL, &login->peer,
			core ? core->target : NULL, "login abandoned: %s", reason);
}

void tiscsi_report_no_room(struct tiscsi_np *np, const struct tiscsi_sock *sock)
{
	static const char reason[] = "too many logins under way";
	struct tiscsi_verdict *v = verdict_new(np, &sock->peer, reason);

	if (v) {
		v->status = ICORE_LOGIN_NO_RESOURCES;
		tiscsi_verdict_add(v);
		verdict_tell(tiscsi_sock_net(sock), NULL, v);
		kfree(v);
	}
	tiscsi_log_peer(NULL, &sock->peer, NULL, "connection refused: %s", reason);
}

/* -- connections -- */

static void report_conn(struct tiscsi_conn *conn, struct tiscsi_event *ev)
{
	struct tiscsi_sess *sess = conn->sess;
	struct tiscsi_addr_view peer;

	tiscsi_addr_show(&conn->peer, &peer);
	ev->net = tiscsi_sock_net(conn->sock);
	ev->peer = &peer;
	ev->initiator = sess->initiator;
	ev->target = sess->pg->target->name;
	ev->tag = sess->pg->tag;
	ev->sid = sess->sid;
	ev->step = -1;
	ev->status = -1;
	tiscsi_event_send(ev);
}

static bool conn_is_watched(struct tiscsi_conn *conn)
{
	return conn->sock && tiscsi_event_wanted(tiscsi_sock_net(conn->sock));
}

/* Of a portal group that is drained: how many are left without @conn's? */
static void report_progress(struct tiscsi_conn *conn)
{
	struct tiscsi_event ev = { .kind = TCM_ISCSI_EVENT_KIND_DRAIN, .lun = -1 };
	struct tiscsi_pg *pg = conn->sess->pg;
	struct tiscsi_sess *sess;
	char text[40];
	u32 left = 0;

	spin_lock(&pg->lock);
	list_for_each_entry(sess, &pg->sessions, pg_node)
		left += sess != conn->sess && sess->state <= TISCSI_SESS_ACTIVE;
	spin_unlock(&pg->lock);
	snprintf(text, sizeof(text), "%u sessions are left", left);
	ev.reason = text;
	report_conn(conn, &ev);
}

void tiscsi_report_conn_end(struct tiscsi_conn *conn, const char *reason)
{
	struct tiscsi_event ev = {
		.kind = conn->clean ? TCM_ISCSI_EVENT_KIND_LOGOUT : TCM_ISCSI_EVENT_KIND_LOST,
		.reason = conn->clean ? NULL : reason,
		.lun = -1,
	};

	if (!conn_is_watched(conn))
		return;
	report_conn(conn, &ev);
	if (READ_ONCE(conn->sess->pg->draining))
		report_progress(conn);
}

void tiscsi_report_drain(struct tiscsi_pg *pg, bool draining)
	__must_hold(&tiscsi_mutex)
{
	const struct tiscsi_binding *b;
	struct tiscsi_event ev = {
		.kind = TCM_ISCSI_EVENT_KIND_DRAIN,
		.target = pg->target->name,
		.tag = pg->tag,
		.step = -1,
		.status = -1,
		.reason = draining ? "new logins are refused" : "logins are served",
		.lun = -1,
	};

	lockdep_assert_held(&tiscsi_mutex);
	b = list_first_entry_or_null(&pg->bindings, struct tiscsi_binding, pg_node);
	if (b && b->np->net)
		ev.net = b->np->net;
	tiscsi_event_send(&ev);
}

void tiscsi_report_digest(struct tiscsi_conn *conn, const char *what)
{
	struct tiscsi_event ev = {
		.kind = TCM_ISCSI_EVENT_KIND_DIGEST_ERROR,
		.reason = what,
		.lun = -1,
	};

	if (conn_is_watched(conn))
		report_conn(conn, &ev);
}

void tiscsi_report_tmf(struct tiscsi_conn *conn, u8 function, u64 lun)
{
	struct tiscsi_event ev = {
		.kind = TCM_ISCSI_EVENT_KIND_TMF,
		.function = icore_tmf_name(function),
		.lun = lun,
	};

	if (conn_is_watched(conn))
		report_conn(conn, &ev);
}
