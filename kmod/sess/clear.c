// SPDX-License-Identifier: GPL-2.0
/*
 * CLEAR TASK SET: the tasks of every initiator on one device.
 *
 * target_core has no such function, and a fabric may abort only what its own session
 * has sent. So the issuer asks the connection of every other session of this module;
 * each ends its own tasks on that device like an ABORT TASK SET and says so. Tasks that
 * other fabrics have there are out of reach.
 *
 * Who keeps what alive. struct tiscsi_clear is counted: the issuer has one reference,
 * each part that was handed out has one. @owner points to the issuing connection until
 * that lets go, under @lock, so a late part finds either a living connection or none.
 * The sessions are looked up by a work item, because that takes tiscsi_mutex, under which
 * configfs allocates: this thread may serve the disk that such an allocation waits for. It
 * counts as a part until it has asked everybody.
 * A part is handed over under the lock that keeps the session on its list, and the
 * receiving connection either takes it or, once drained, whoever gets at it first ends
 * it (the same handshake as tiscsi_cmd_post()).
 */
#include <linux/refcount.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "cmd.h"
#include "conn.h"
#include "session.h"
#include "stuck.h"
#include "target.h"
#include "tmr.h"

/**
 * struct tiscsi_clear - one CLEAR TASK SET
 * @refs: see above
 * @lock: protects @owner and @pending
 * @owner: connection that waits for the others, or NULL
 * @issuer: the same, kept for comparing
 * @pending: parts that are not done
 * @failed: memory for a part was missing
 * @dev: the device, for comparing only
 * @work: finds the sessions
 */
struct tiscsi_clear {
	refcount_t refs;
	spinlock_t lock;	/* owner, pending; leaf */
	struct tiscsi_conn *owner;
	const struct tiscsi_conn *issuer;
	u32 pending;
	bool failed;
	const void *dev;
	struct work_struct work;
};

/**
 * struct tiscsi_clear_part - what one connection is asked for
 * @node: in conn->clears
 * @clear: counted
 */
struct tiscsi_clear_part {
	struct llist_node node;
	struct tiscsi_clear *clear;
};

/*
 * Who drops the last reference holds none of the locks, is no part any more, and is not
 * the owner: see above for whose the references are.
 */
static void tiscsi_clear_put(struct tiscsi_clear *clear)
{
	if (refcount_dec_and_test(&clear->refs))
		kfree(clear);
}

static void tiscsi_clear_done(struct tiscsi_clear *clear)
{
	spin_lock(&clear->lock);
	clear->pending--;
	/* It cannot be freed meanwhile: it has to pass this lock to let go. */
	if (!clear->pending && clear->owner)
		tiscsi_conn_post(clear->owner, TISCSI_EV_RELEASED);
	spin_unlock(&clear->lock);
	tiscsi_clear_put(clear);
}

/* They were taken from conn->clears in one step, so nobody else walks them; so below. */
static void tiscsi_clear_drop_list(struct llist_node *list)
{
	struct tiscsi_clear_part *part, *next;

	llist_for_each_entry_safe(part, next, list, node) {
		tiscsi_clear_done(part->clear);
		kfree(part);
	}
}

static void tiscsi_clear_post(struct tiscsi_conn *conn, struct tiscsi_clear_part *part)
{
	llist_add(&part->node, &conn->clears);
	smp_mb(); /* pairs with the one in tiscsi_cmd_end_all() */
	if (READ_ONCE(conn->drained))
		tiscsi_clear_drop_list(llist_del_all(&conn->clears));
	else
		tiscsi_conn_post(conn, TISCSI_EV_CLEAR);
}

/* Under pg->lock of the session. */
static void tiscsi_clear_ask(struct tiscsi_sess *sess, void *arg)
{
	struct tiscsi_clear *clear = arg;
	struct tiscsi_clear_part *part;

	/* The issuer's own has no part; once that has let go nothing is compared with it. */
	if (!sess->conn || sess->conn == READ_ONCE(clear->issuer))
		return;
	part = kmalloc(sizeof(*part), GFP_ATOMIC);
	if (!part) {
		WRITE_ONCE(clear->failed, true);
		return;
	}
	part->clear = clear;
	refcount_inc(&clear->refs);
	spin_lock(&clear->lock);
	clear->pending++;
	spin_unlock(&clear->lock);
	tiscsi_clear_post(sess->conn, part);
}

static void tiscsi_clear_work(struct work_struct *work)
{
	struct tiscsi_clear *clear = container_of(work, struct tiscsi_clear, work);

	tiscsi_target_sessions_each(NULL, tiscsi_clear_ask, clear);
	tiscsi_clear_done(clear);
}

bool tiscsi_clear_start(struct tiscsi_cmd *tmf)
{
	struct tiscsi_clear *clear = kzalloc(sizeof(*clear), GFP_KERNEL);

	if (!clear)
		return false;
	/* The issuer's, and that of the work, which is the first part. */
	refcount_set(&clear->refs, 2);
	clear->pending = 1;
	spin_lock_init(&clear->lock);
	clear->owner = tmf->conn;
	clear->issuer = tmf->conn;
	clear->dev = tmf->tmf.dev;
	INIT_WORK(&clear->work, tiscsi_clear_work);
	tmf->tmf.clear = clear;
	tiscsi_sess_queue_work(&clear->work);
	return true;
}

bool tiscsi_clear_finished(const struct tiscsi_cmd *tmf)
{
	struct tiscsi_clear *clear = tmf->tmf.clear;
	bool finished;

	spin_lock(&clear->lock);
	finished = !clear->pending;
	spin_unlock(&clear->lock);
	return finished;
}

bool tiscsi_clear_failed(const struct tiscsi_cmd *tmf)
{
	return READ_ONCE(tmf->tmf.clear->failed);
}

void tiscsi_clear_leave(struct tiscsi_cmd *tmf)
{
	struct tiscsi_clear *clear = tmf->tmf.clear;

	tmf->tmf.clear = NULL;
	if (tmf->tmf.guest) {
		tiscsi_clear_done(clear);
		return;
	}
	spin_lock(&clear->lock);
	clear->owner = NULL;
	spin_unlock(&clear->lock);
	tiscsi_clear_put(clear);
}

void tiscsi_clear_fail(struct tiscsi_cmd *tmf)
{
	WRITE_ONCE(tmf->tmf.clear->failed, true);
	tiscsi_clear_leave(tmf);
}

/* Part of this connection: an ABORT TASK SET that nobody here is told of. */
static void tiscsi_clear_guest(struct tiscsi_conn *conn, struct tiscsi_clear *clear)
{
	struct tiscsi_cmd *tmf = tiscsi_cmd_get_unnamed(conn);

	memset(&tmf->tmf, 0, sizeof(tmf->tmf));
	tmf->tmf.function = ICORE_TMF_CLEAR_TASK_SET;
	tmf->tmf.guest = true;
	tmf->tmf.dev = clear->dev;
	tmf->tmf.clear = clear;
	tiscsi_tmf_begin(tmf);
}

void tiscsi_clear_take(struct tiscsi_conn *conn)
{
	struct llist_node *list = llist_reverse_order(llist_del_all(&conn->clears));
	struct tiscsi_clear_part *part, *next;

	tiscsi_assert_io_thread(conn);
	llist_for_each_entry_safe(part, next, list, node) {
		/* A device that hangs shall not take this connection's slots, one by one. */
		if (!list_empty(&conn->tmfs) && tiscsi_tmf_crowded(conn, TISCSI_ANY_LUN)) {
			WRITE_ONCE(part->clear->failed, true);
			tiscsi_clear_done(part->clear);
			kfree(part);
			continue;
		}
		if (!tiscsi_cmd_may_get(conn)) {
			/* The thread comes back to it when a slot does. */
			WRITE_ONCE(conn->want_released, true);
			llist_add(&part->node, &conn->clears);
			continue;
		}
		tiscsi_clear_guest(conn, part->clear);
		kfree(part);
	}
}

void tiscsi_clear_end(struct tiscsi_conn *conn)
{
	tiscsi_clear_drop_list(llist_del_all(&conn->clears));
}

/* -- TARGET COLD RESET -- */

/**
 * struct tiscsi_cold - the end of all sessions of a target
 * @work: finds them, see the top of this file
 * @pg: of the issuer; counted, keeps the target
 */
struct tiscsi_cold {
	struct work_struct work;
	struct tiscsi_pg *pg;
};

static void tiscsi_cold_drop(struct tiscsi_sess *sess, void *arg)
{
	tiscsi_sess_drop(sess, "TARGET COLD RESET");
}

/* Only the work item refers to it, and the workqueue forgets that before it runs. */
static void tiscsi_cold_work(struct work_struct *work)
{
	struct tiscsi_cold *cold = container_of(work, struct tiscsi_cold, work);

	tiscsi_target_sessions_each(cold->pg->target, tiscsi_cold_drop, NULL);
	tiscsi_pg_put(cold->pg);
	kfree(cold);
}

bool tiscsi_cold_start(struct tiscsi_conn *conn)
{
	struct tiscsi_cold *cold = kzalloc(sizeof(*cold), GFP_KERNEL);

	/* A group that is being disabled ends its sessions by itself. */
	if (!cold || !tiscsi_pg_get(conn->sess->pg)) {
		kfree(cold);
		return false;
	}
	cold->pg = conn->sess->pg;
	INIT_WORK(&cold->work, tiscsi_cold_work);
	tiscsi_sess_queue_work(&cold->work);
	return true;
}
