// SPDX-License-Identifier: GPL-2.0
/*
 * The administrator's view of portal groups and sessions; see admin.h.
 *
 * Sessions are found by number in tiscsi_sids. Its lock is taken before pg->lock,
 * never the other way round. A session leaves the array before it is freed, and its
 * group waits for all its sessions: so under the lock of the array both are alive,
 * and with pg->lock the connection is, too.
 */
#include <linux/in6.h>
#include <linux/ktime.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/xarray.h>

#include "admin.h"
#include "conn.h"
#include "portal.h"
#include "report.h"
#include "target.h"
#include "../net/net.h"

/* Sessions looked at before others may have the lock. */
#define TISCSI_ADMIN_BATCH	256

static DEFINE_XARRAY_ALLOC1(tiscsi_sids);
static u32 tiscsi_next_sid;

/* -- portal groups -- */

static bool pg_is_named(const struct tiscsi_scope *scope, const struct tiscsi_pg *pg)
{
	if (scope->target && strcasecmp(scope->target, pg->target->name))
		return false;
	return scope->tag < 0 || scope->tag == pg->tag;
}

static bool pg_in_scope(const struct tiscsi_scope *scope, const struct tiscsi_pg *pg)
{
	const struct tiscsi_binding *b;

	if (!pg_is_named(scope, pg))
		return false;
	if (!scope->net)
		return true;
	list_for_each_entry(b, &pg->bindings, pg_node)
		if (b->np->net != scope->net)
			return false;
	return !list_empty(&pg->bindings);
}

/* The group of @t with the lowest tag from @tag on: they are listed in order of mkdir. */
static struct tiscsi_pg *pg_from(struct tiscsi_target *t, u32 tag)
{
	struct tiscsi_pg *pg, *found = NULL;

	list_for_each_entry(pg, &t->pgs, node)
		if (pg->tag >= tag && (!found || pg->tag < found->tag))
			found = pg;
	return found;
}

static int pg_show(struct tiscsi_pg *pg, int (*show)(const struct tiscsi_pg_view *pg, void *arg),
		   void *arg)
{
	struct tiscsi_pg_view view = {
		.target = pg->target->name,
		.tag = pg->tag,
		.enabled = pg->enabled,
		.draining = pg->draining,
		.async_events = pg->async_events,
		.redirect = pg->redirect,
	};
	struct list_head *pos;

	spin_lock(&pg->lock);
	list_for_each(pos, &pg->sessions)
		view.sessions++;
	spin_unlock(&pg->lock);
	return show(&view, arg);
}

/* Targets are listed in the order of their index, which is never used again. */
int tiscsi_admin_pgs(const struct tiscsi_scope *scope, struct tiscsi_pg_cursor *cursor,
		     int (*show)(const struct tiscsi_pg_view *pg, void *arg), void *arg)
{
	struct tiscsi_target *t;
	struct tiscsi_pg *pg;
	int ret = 0;

	mutex_lock(&tiscsi_mutex);
	list_for_each_entry(t, &tiscsi_targets, node) {
		if (t->index < cursor->index)
			continue;
		if (t->index > cursor->index) {
			cursor->index = t->index;
			cursor->tag = 0;
		}
		while ((pg = pg_from(t, cursor->tag))) {
			cursor->tag = pg->tag;
			if (pg_in_scope(scope, pg))
				ret = pg_show(pg, show, arg);
			if (ret)
				goto out;
			cursor->tag++;
		}
	}
out:
	mutex_unlock(&tiscsi_mutex);
	return ret;
}

static struct tiscsi_pg *pg_find(const struct tiscsi_scope *scope)
	__must_hold(&tiscsi_mutex)
{
	struct tiscsi_target *t;
	struct tiscsi_pg *pg;

	lockdep_assert_held(&tiscsi_mutex);
	list_for_each_entry(t, &tiscsi_targets, node)
		list_for_each_entry(pg, &t->pgs, node)
			if (pg_in_scope(scope, pg))
				return pg;
	return NULL;
}

static void pg_log_redirect(const struct tiscsi_pg *pg)
{
	const struct icore_redirect *r = pg->redirect;
	const char *name = pg->target->name;
	const int len = strlen(name);

	if (r)
		pr_info("%*pE tag %u: logins are redirected to %s%s (%s)\n", len, name, pg->tag,
			r->address[0], r->count > 1 ? " and others" : "",
			icore_login_status_name(r->status));
	else
		pr_info("%*pE tag %u: logins are not redirected\n", len, name, pg->tag);
}

/* From here on no session begins, also none whose login is nearly done. */
static void pg_drain(struct tiscsi_pg *pg, bool draining)
{
	const char *name = pg->target->name;

	spin_lock(&pg->lock);
	WRITE_ONCE(pg->draining, draining);
	spin_unlock(&pg->lock);
	pr_info("%*pE tag %u: %s\n", (int)strlen(name), name, pg->tag,
		draining ? "drained: new logins are refused" : "not drained any more");
	tiscsi_report_drain(pg, draining);
}

int tiscsi_admin_pg_change(const struct tiscsi_scope *scope, const struct tiscsi_pg_change *change)
{
	struct icore_redirect *old = NULL;
	struct tiscsi_pg *pg;

	mutex_lock(&tiscsi_mutex);
	pg = pg_find(scope);
	if (pg && change->set_async_events)
		WRITE_ONCE(pg->async_events, change->async_events);
	if (pg && change->set_draining && change->draining != pg->draining)
		pg_drain(pg, change->draining);
	if (pg && change->set_redirect) {
		old = pg->redirect;
		pg->redirect = change->redirect;
		if (old || pg->redirect)
			pg_log_redirect(pg);
	}
	mutex_unlock(&tiscsi_mutex);
	/* Whoever reads a group's redirection holds the mutex meanwhile. */
	kfree(old);
	return pg ? 0 : -ENOENT;
}

/* -- portals -- */

void tiscsi_addr_show(const struct sockaddr_storage *addr, struct tiscsi_addr_view *view)
{
	const struct sockaddr_in6 *a6 = (const void *)addr;

	view->known = addr->ss_family;
	if (!view->known)
		return;
	tiscsi_addr_to_core(addr, &view->addr);
	icore_addr_unmap(&view->addr);
	if (addr->ss_family == AF_INET6)
		view->scope = a6->sin6_scope_id;
}

static int portal_show(const struct tiscsi_binding *b,
		       int (*show)(const struct tiscsi_portal_view *portal, void *arg), void *arg)
{
	struct tiscsi_portal_view view = {
		.target = b->pg->target->name,
		.tag = b->pg->tag,
		.enabled = b->pg->enabled,
	};
	struct tiscsi_np *np = b->np;

	tiscsi_addr_show(&np->addr, &view.at);
	view.netns = np->net ? tiscsi_net_inode(np->net) : 0;
	spin_lock(&np->lock);
	view.logins = np->nr_slots;
	view.evicted = np->evicted;
	view.refused = np->refused;
	spin_unlock(&np->lock);
	return show(&view, arg);
}

int tiscsi_admin_portals(const struct tiscsi_scope *scope, u64 *index,
			 int (*show)(const struct tiscsi_portal_view *portal, void *arg),
			 void *arg)
{
	struct tiscsi_binding *b;
	int ret = 0;

	mutex_lock(&tiscsi_mutex);
	for (b = tiscsi_binding_from(*index); b; b = tiscsi_binding_next(b)) {
		*index = b->index;
		if (pg_is_named(scope, b->pg) && (!scope->net || scope->net == b->np->net))
			ret = portal_show(b, show, arg);
		if (ret)
			break;
		++*index;
	}
	mutex_unlock(&tiscsi_mutex);
	return ret;
}

/* -- sessions -- */

static bool sess_in_scope(const struct tiscsi_scope *scope, const struct tiscsi_sess *sess)
{
	if (scope->net && scope->net_cookie != sess->net_cookie)
		return false;
	if (scope->sid && scope->sid != sess->sid)
		return false;
	if (scope->tag >= 0 && scope->tag != sess->pg->tag)
		return false;
	return !scope->target || !strcasecmp(scope->target, sess->pg->target->name);
}

static enum tiscsi_sess_phase sess_phase(const struct tiscsi_sess *sess)
{
	const bool closing = sess->state >= TISCSI_SESS_CLOSING;
	const struct tiscsi_conn *conn = sess->conn;

	if (!conn)
		return closing || sess->drains ? TISCSI_PHASE_DRAINING : TISCSI_PHASE_STARTING;
	switch (READ_ONCE(conn->state)) {
	case TISCSI_CONN_LOGIN:
		return closing ? TISCSI_PHASE_CLOSING : TISCSI_PHASE_STARTING;
	case TISCSI_CONN_FFP:
		return closing ? TISCSI_PHASE_CLOSING : TISCSI_PHASE_LOGGED_IN;
	case TISCSI_CONN_LOGOUT:
		return TISCSI_PHASE_CLOSING;
	default:
		return TISCSI_PHASE_DRAINING;
	}
}

static void sess_show(struct tiscsi_sess *sess, struct tiscsi_sess_view *view)
{
	struct tiscsi_pg *pg = sess->pg;

	memset(view, 0, sizeof(*view));
	strscpy(view->target, pg->target->name, sizeof(view->target));
	view->tag = pg->tag;
	spin_lock(&pg->lock);
	tiscsi_sess_snapshot(sess, &view->info);
	view->dynamic = sess->dynamic;
	view->phase = sess_phase(sess);
	tiscsi_addr_show(&view->info.peer, &view->peer);
	if (sess->conn)
		tiscsi_addr_show(&sess->conn->local, &view->local);
	spin_unlock(&pg->lock);
}

/*
 * The first session in @scope, from number @from on, of which @take says that it is the
 * one; called with the table locked. May sleep in between.
 */
static bool sess_find_next(const struct tiscsi_scope *scope, u32 from,
			   bool (*take)(struct tiscsi_sess *sess, void *arg), void *arg)
{
	unsigned long sid = max(from, scope->sid);
	const unsigned long last = scope->sid ? scope->sid : S32_MAX;
	struct tiscsi_sess *sess;
	bool found = false;
	int batch;

	do {
		batch = 0;
		xa_lock(&tiscsi_sids);
		sess = xa_find(&tiscsi_sids, &sid, last, XA_PRESENT);
		while (sess && !found && ++batch < TISCSI_ADMIN_BATCH) {
			found = sess_in_scope(scope, sess) && take(sess, arg);
			if (!found)
				sess = xa_find_after(&tiscsi_sids, &sid, last, XA_PRESENT);
		}
		xa_unlock(&tiscsi_sids);
		cond_resched();
	} while (sess && !found);
	return found;
}

static bool sess_take(struct tiscsi_sess *sess, void *arg)
{
	sess_show(sess, arg);
	return true;
}

bool tiscsi_admin_sess_next(const struct tiscsi_scope *scope, u32 from,
			    struct tiscsi_sess_view *view)
{
	return sess_find_next(scope, from, sess_take, view);
}

static bool stats_take(struct tiscsi_sess *sess, void *arg)
{
	struct tiscsi_stats_view *view = arg;
	const struct tiscsi_conn *conn;
	u64 closed;

	sess_show(sess, &view->sess);
	view->now = ktime_get_ns();
	view->sending = false;
	view->collecting = false;
	memset(view->lat, 0, sizeof(view->lat));
	spin_lock(&sess->pg->lock);
	conn = sess->conn;
	if (conn) {
		view->sending = READ_ONCE(conn->tx.pending);
		view->collecting = !list_empty(&conn->collect);
		memcpy(view->lat, conn->lat, sizeof(view->lat));
		/* Closed windows count as they are now. */
		closed = READ_ONCE(conn->window_closed);
		if (closed && view->now > closed)
			tiscsi_lat_add(&view->lat[TISCSI_LAT_WINDOW], view->now - closed);
	}
	spin_unlock(&sess->pg->lock);
	return true;
}

bool tiscsi_admin_stats_next(const struct tiscsi_scope *scope, u32 from,
			     struct tiscsi_stats_view *view)
{
	return sess_find_next(scope, from, stats_take, view);
}

struct stuck_walk {
	struct tiscsi_stuck_cursor *cursor;
	u32 milliseconds;
	struct tiscsi_stuck_view *view;
};

static bool stuck_take(struct tiscsi_sess *sess, void *arg)
{
	struct stuck_walk *walk = arg;
	bool found;

	spin_lock(&sess->pg->lock);
	found = tiscsi_stuck_in_session(sess, walk->cursor, walk->milliseconds, walk->view);
	spin_unlock(&sess->pg->lock);
	return found;
}

bool tiscsi_admin_stuck_next(const struct tiscsi_scope *scope, struct tiscsi_stuck_cursor *cursor,
			     u32 milliseconds, struct tiscsi_stuck_view *view)
{
	struct stuck_walk walk = {
		.cursor = cursor, .milliseconds = milliseconds, .view = view,
	};
	const bool found = sess_find_next(scope, cursor->sid, stuck_take, &walk);

	cursor->slot += found;
	return found;
}

/* Runs @ask on the session in @scope, with pg->lock held. */
static int sess_ask(const struct tiscsi_scope *scope,
		    int (*ask)(struct tiscsi_sess *sess, u16 seconds), u16 seconds)
{
	struct tiscsi_sess *sess;
	int ret = -ENOENT;

	xa_lock(&tiscsi_sids);
	sess = xa_load(&tiscsi_sids, scope->sid);
	if (sess && sess_in_scope(scope, sess)) {
		spin_lock(&sess->pg->lock);
		ret = sess->state >= TISCSI_SESS_CLOSING ? -EALREADY : ask(sess, seconds);
		spin_unlock(&sess->pg->lock);
	}
	xa_unlock(&tiscsi_sids);
	return ret;
}

static int sess_drop(struct tiscsi_sess *sess, u16 seconds)
{
	tiscsi_sess_drop(sess, "closed by the administrator");
	return 0;
}

int tiscsi_admin_sess_close(const struct tiscsi_scope *scope)
{
	return sess_ask(scope, sess_drop, 0);
}

int tiscsi_admin_sess_logout(const struct tiscsi_scope *scope, u16 seconds)
{
	return sess_ask(scope, tiscsi_sess_request_logout, seconds);
}

/* -- numbers -- */

int tiscsi_admin_publish(struct tiscsi_sess *sess)
{
	/* Positive when the numbers begin again. 31 bits, so that "the next" is a number. */
	return min(xa_alloc_cyclic(&tiscsi_sids, &sess->sid, sess, xa_limit_31b, &tiscsi_next_sid,
				   GFP_KERNEL), 0);
}

/* The number may be another session's by the second time. */
void tiscsi_admin_hide(struct tiscsi_sess *sess)
{
	xa_cmpxchg(&tiscsi_sids, sess->sid, sess, NULL, 0);
}

/* Each session has taken itself out, and netlink, which looks here, was unregistered. */
void tiscsi_admin_exit(void)
{
	xa_destroy(&tiscsi_sids);
}
