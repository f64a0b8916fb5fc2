// SPDX-License-Identifier: GPL-2.0
/*
 * Targets and portal groups.
 *
 * Lifetime of a portal group: configfs creates and frees the memory. Every login
 * that is bound to it and every session counts as a user. Disabling refuses new
 * users and asks the present ones to end; deleting waits for the last. No
 * reference survives tiscsi_pg_del(), because users appear only through
 * tiscsi_pg_get(), which looks at enabled under pg->lock, and because the group
 * has left target->pgs before the wait starts.
 */
#include <linux/idr.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "conn.h"
#include "login.h"
#include "portal.h"
#include "session.h"
#include "stuck.h"
#include "target.h"
#include "tune.h"

DEFINE_MUTEX(tiscsi_mutex); /* see target.h */
LIST_HEAD(tiscsi_targets);

static u32 tiscsi_next_index;
static DEFINE_IDA(tiscsi_insts);

int tiscsi_target_add(struct tiscsi_target *t, const char *name)
{
	struct tiscsi_target *other;
	int inst;
	int ret = 0;

	inst = ida_alloc(&tiscsi_insts, GFP_KERNEL);
	if (inst < 0)
		return inst;
	t->inst = inst;
	strscpy(t->name, name, sizeof(t->name));
	INIT_LIST_HEAD(&t->pgs);
	tiscsi_stats_init(&t->stats);

	mutex_lock(&tiscsi_mutex);
	list_for_each_entry(other, &tiscsi_targets, node)
		if (!strcasecmp(other->name, t->name))
			ret = -EEXIST;
	if (!ret) {
		t->index = tiscsi_next_index++;
		list_add_tail(&t->node, &tiscsi_targets);
	}
	mutex_unlock(&tiscsi_mutex);
	if (ret)
		ida_free(&tiscsi_insts, inst);
	return ret;
}

void tiscsi_target_del(struct tiscsi_target *t)
{
	mutex_lock(&tiscsi_mutex);
	list_del(&t->node);
	mutex_unlock(&tiscsi_mutex);
	ida_free(&tiscsi_insts, t->inst);
}

int tiscsi_pg_add(struct tiscsi_pg *pg, struct tiscsi_target *t, u16 tag)
{
	struct tiscsi_pg *other;
	int ret = 0;

	pg->target = t;
	pg->tag = tag;
	pg->enabled = false;
	pg->users = 0;
	pg->redirect = NULL;
	pg->async_events = false;
	INIT_LIST_HEAD(&pg->bindings);
	INIT_LIST_HEAD(&pg->sessions);
	INIT_LIST_HEAD(&pg->discoveries);
	memset(pg->lost, 0, sizeof(pg->lost));
	pg->lost_next = 0;
	spin_lock_init(&pg->lock);
	init_waitqueue_head(&pg->idle);

	mutex_lock(&tiscsi_mutex);
	list_for_each_entry(other, &t->pgs, node)
		if (other->tag == tag)
			ret = -EEXIST;
	if (!ret)
		list_add_tail(&pg->node, &t->pgs);
	mutex_unlock(&tiscsi_mutex);
	return ret;
}

bool tiscsi_pg_get(struct tiscsi_pg *pg)
{
	bool ok;

	spin_lock(&pg->lock);
	ok = pg->enabled;
	if (ok)
		pg->users++;
	spin_unlock(&pg->lock);
	return ok;
}

/*
 * The wake-up happens under the lock: the waiter frees the group, and it looks at
 * users under the same lock, so it cannot get ahead of us.
 */
void tiscsi_pg_put(struct tiscsi_pg *pg)
{
	spin_lock(&pg->lock);
	pg->users--;
	wake_up_all(&pg->idle);
	spin_unlock(&pg->lock);
}

void tiscsi_target_sessions_each(struct tiscsi_target *only,
				 void (*fn)(struct tiscsi_sess *sess, void *arg), void *arg)
{
	struct tiscsi_target *t;
	struct tiscsi_sess *sess;
	struct tiscsi_pg *pg;

	mutex_lock(&tiscsi_mutex);
	list_for_each_entry(t, &tiscsi_targets, node) {
		if (only && only != t)
			continue;
		list_for_each_entry(pg, &t->pgs, node) {
			spin_lock(&pg->lock);
			list_for_each_entry(sess, &pg->sessions, pg_node)
				fn(sess, arg);
			spin_unlock(&pg->lock);
		}
	}
	mutex_unlock(&tiscsi_mutex);
}

static bool tiscsi_pg_idle(struct tiscsi_pg *pg)
{
	bool idle;

	spin_lock(&pg->lock);
	idle = pg->users == 0;
	spin_unlock(&pg->lock);
	return idle;
}

void tiscsi_pg_enable(struct tiscsi_pg *pg)
{
	mutex_lock(&tiscsi_mutex);
	spin_lock(&pg->lock);
	pg->enabled = true;
	pg->draining = false;
	spin_unlock(&pg->lock);
	mutex_unlock(&tiscsi_mutex);
}

/* Refuse the new, ask the present to end. */
static void tiscsi_pg_quiesce(struct tiscsi_pg *pg)
{
	struct tiscsi_binding *b;
	struct tiscsi_login *login;
	struct tiscsi_sess *sess;

	mutex_lock(&tiscsi_mutex);
	spin_lock(&pg->lock);
	pg->enabled = false;
	list_for_each_entry(sess, &pg->sessions, pg_node) {
		sess->state = max(sess->state, TISCSI_SESS_CLOSING);
		if (sess->conn)
			tiscsi_conn_drop(sess->conn, "portal group disabled");
		list_for_each_entry(login, &sess->waiters, wait_node)
			tiscsi_login_kill(login);
	}
	list_for_each_entry(login, &pg->discoveries, disc_node)
		tiscsi_login_kill(login);
	spin_unlock(&pg->lock);

	/* Logins under way; those of other groups on the portal are left alone. */
	list_for_each_entry(b, &pg->bindings, pg_node) {
		spin_lock(&b->np->lock);
		list_for_each_entry(login, &b->np->slots, np_node)
			if (READ_ONCE(login->pg) == pg)
				tiscsi_login_kill(login);
		spin_unlock(&b->np->lock);
	}
	mutex_unlock(&tiscsi_mutex);
}

/* What is told of a wait that gets long, and when. */
#define TISCSI_PG_TELL	(30 * HZ)

static void tiscsi_pg_tell(struct tiscsi_pg *pg, const char *what)
{
	if (!tiscsi_stuck_log(pg, TISCSI_ANY_LUN, 1, what))
		pr_warn("%*pE tag %u: %s waits for %u session(s) or login(s)\n",
			(int)strlen(pg->target->name), pg->target->name, pg->tag, what,
			READ_ONCE(pg->users));
}

void tiscsi_pg_tell_stuck(struct tiscsi_pg *pg, const char *what)
{
	tiscsi_stuck_log(pg, TISCSI_ANY_LUN, 1, what);
}

int tiscsi_pg_disable(struct tiscsi_pg *pg)
{
	const unsigned long limit = (unsigned long)tiscsi_drain_timeout() * HZ;
	const unsigned long began = jiffies;
	unsigned long passed, wait;
	long ret;

	tiscsi_pg_quiesce(pg);
	for (;;) {
		passed = jiffies - began;
		wait = TISCSI_PG_TELL;
		if (limit)
			wait = passed < limit ? min(wait, limit - passed) : 0;
		ret = wait_event_killable_timeout(pg->idle, tiscsi_pg_idle(pg), wait);
		if (ret > 0)
			return 0;
		if (ret < 0)
			return -EINTR;
		tiscsi_pg_tell(pg, "enable=0");
		if (limit && jiffies - began >= limit)
			break;
	}
	pr_warn("%*pE tag %u: enable=0 gives up after %u s: connections and logins are gone, commands are not. Write 0 again to wait for them, and 1 only after that\n",
		(int)strlen(pg->target->name), pg->target->name, pg->tag, tiscsi_drain_timeout());
	return -ETIMEDOUT;
}

void tiscsi_pg_del(struct tiscsi_pg *pg)
{
	mutex_lock(&tiscsi_mutex);
	list_del(&pg->node);
	mutex_unlock(&tiscsi_mutex);

	tiscsi_pg_quiesce(pg);
	/* fabric_drop_tpg() cannot fail, so this wait cannot give up; it tells. */
	while (!wait_event_timeout(pg->idle, tiscsi_pg_idle(pg), TISCSI_PG_TELL))
		tiscsi_pg_tell(pg, "its removal");
	/* It left the target's list above, where logins and management find it. */
	kfree(pg->redirect);
	pg->redirect = NULL;
}

u32 tiscsi_target_sessions(struct tiscsi_target *t)
{
	struct tiscsi_sess *sess;
	struct tiscsi_pg *pg;
	u32 n = 0;

	mutex_lock(&tiscsi_mutex);
	list_for_each_entry(pg, &t->pgs, node) {
		spin_lock(&pg->lock);
		list_for_each_entry(sess, &pg->sessions, pg_node)
			n++;
		spin_unlock(&pg->lock);
	}
	mutex_unlock(&tiscsi_mutex);
	return n;
}

u32 tiscsi_target_portals(struct tiscsi_target *t)
{
	struct tiscsi_binding *b;
	struct tiscsi_pg *pg;
	u32 n = 0;

	mutex_lock(&tiscsi_mutex);
	list_for_each_entry(pg, &t->pgs, node)
		list_for_each_entry(b, &pg->bindings, pg_node)
			n++;
	mutex_unlock(&tiscsi_mutex);
	return n;
}
