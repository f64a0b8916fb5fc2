// SPDX-License-Identifier: GPL-2.0
/*
 * Backends that do not finish their commands.
 *
 * Nobody but target_core can end a command that a backend has, and it waits for as long
 * as that takes. What is left to us: to let nobody else wait, to say who waits for what,
 * and to see to it that no old write lands after a new one.
 *
 * The last is a fence. A session that is closed gives its place to the next one of the
 * same initiator port while commands of its own still run, and one whose connection is
 * reinstated goes on while commands of the former connection run (session.c). For as long
 * as there are such commands for a unit, every other command for it is told BUSY; for all
 * other units it is a session like any other.
 *
 * Who may look. A connection's slots are its thread's. When that has ended and been
 * joined, nothing in them changes but target_core's reference count: 0 says that it is
 * done, or never had the slot. Under pg->lock the connection is not freed. For the log
 * and for management the slots of living connections are looked at, too: what is read
 * may be a moment old, but is always memory of the connection.
 */
#include <linux/kref.h>
#include <scsi/scsi_proto.h>

#include "admin.h"
#include "cmd.h"
#include "conn.h"
#include "session.h"
#include "stuck.h"
#include "target.h"

/* Lines for one call. */
#define TISCSI_STUCK_LINES	8

static bool tiscsi_stuck_core(const struct tiscsi_cmd *cmd)
{
	return kref_read(&cmd->se_cmd.cmd_kref);
}

/* Is it the backend that this command waits for, and not its initiator? */
static bool tiscsi_stuck_is(const struct tiscsi_cmd *cmd)
{
	switch (READ_ONCE(cmd->state)) {
	case TISCSI_CMD_SUBMITTED:
	case TISCSI_CMD_EXECUTE:
	case TISCSI_CMD_RETIRED:
		return !READ_ONCE(cmd->tmr) && tiscsi_stuck_core(cmd);
	default:
		return false;
	}
}

static u64 tiscsi_stuck_lun(const struct tiscsi_cmd *cmd)
{
	u64 lun;

	return icore_lun_decode(cmd->lun, &lun) ? lun : TISCSI_ANY_LUN;
}

/* Has target_core a command of @conn for @lun? Its thread has ended. */
static bool tiscsi_stuck_has(const struct tiscsi_conn *conn, u64 lun)
{
	u32 i;

	for (i = 0; i < tiscsi_cmd_count(conn); i++) {
		const struct tiscsi_cmd *cmd = tiscsi_cmd_slot(conn, i);

		if (!cmd->tmr && tiscsi_stuck_core(cmd) && lun == tiscsi_stuck_lun(cmd))
			return true;
	}
	return false;
}

static bool tiscsi_stuck_formers(const struct tiscsi_sess *sess, u64 lun)
	__must_hold(&sess->pg->lock)
{
	const struct tiscsi_conn *conn;

	lockdep_assert_held(&sess->pg->lock);
	list_for_each_entry(conn, &sess->formers, former_node)
		if (tiscsi_stuck_has(conn, lun))
			return true;
	return false;
}

/* -- the fence -- */

static bool tiscsi_stuck_same_nexus(const struct tiscsi_sess *a, const struct tiscsi_sess *b)
{
	return !memcmp(a->isid, b->isid, sizeof(a->isid)) && !strcmp(a->initiator, b->initiator);
}

void tiscsi_stuck_inherit(struct tiscsi_sess *sess)
	__must_hold(&sess->pg->lock)
{
	struct tiscsi_sess *old;

	lockdep_assert_held(&sess->pg->lock);
	list_for_each_entry(old, &sess->pg->sessions, pg_node)
		if (old->replaced && tiscsi_stuck_same_nexus(old, sess))
			WRITE_ONCE(sess->fenced, true);
}

/* Answers that say nothing of the medium; without them the other units are not found. */
static bool tiscsi_stuck_harmless(const u8 *cdb)
{
	return cdb[0] == INQUIRY || cdb[0] == REPORT_LUNS || cdb[0] == REQUEST_SENSE;
}

bool tiscsi_stuck_fences(struct tiscsi_cmd *cmd, const u8 *cdb)
{
	struct tiscsi_sess *sess = cmd->conn->sess;
	const u64 lun = tiscsi_stuck_lun(cmd);
	struct tiscsi_sess *old;
	bool any = false;
	bool hit = false;

	spin_lock(&sess->pg->lock);
	list_for_each_entry(old, &sess->pg->sessions, pg_node) {
		if (old != sess && (!old->replaced || !tiscsi_stuck_same_nexus(old, sess)))
			continue;
		any = any || old != sess || sess->nr_formers;
		hit = hit || tiscsi_stuck_formers(old, lun);
	}
	/* None can be added as long as this thread runs. */
	if (!any)
		WRITE_ONCE(sess->fenced, false);
	spin_unlock(&sess->pg->lock);
	if (!hit || tiscsi_stuck_harmless(cdb))
		return false;
	tiscsi_cmd_local_status(cmd, SAM_STAT_BUSY);
	return true;
}

/* -- telling -- */

static void tiscsi_stuck_show(const struct tiscsi_sess *sess, const struct tiscsi_cmd *cmd,
			      struct tiscsi_stuck_view *view)
{
	strscpy(view->target, sess->pg->target->name, sizeof(view->target));
	view->tag = sess->pg->tag;
	strscpy(view->initiator, sess->initiator, sizeof(view->initiator));
	view->sid = sess->sid;
	view->itt = READ_ONCE(cmd->itt);
	view->lun = tiscsi_stuck_lun(cmd);
	view->opcode = cmd->cdb[0];
	view->milliseconds = jiffies_to_msecs(jiffies - READ_ONCE(cmd->began));
	view->closed = sess->state >= TISCSI_SESS_CLOSING ||
		       READ_ONCE(cmd->conn->state) > TISCSI_CONN_LOGOUT;
}

/* Slots of the former connections first, one after the other, then those of the present. */
static const struct tiscsi_cmd *tiscsi_stuck_slot(const struct tiscsi_sess *sess, u32 slot)
{
	const struct tiscsi_conn *conn;

	list_for_each_entry(conn, &sess->formers, former_node) {
		if (slot < tiscsi_cmd_count(conn))
			return tiscsi_cmd_slot(conn, slot);
		slot -= tiscsi_cmd_count(conn);
	}
	conn = sess->conn;
	return conn && slot < tiscsi_cmd_count(conn) ? tiscsi_cmd_slot(conn, slot) : NULL;
}

/* The next one in this session from *@slot on. */
static bool tiscsi_stuck_next(const struct tiscsi_sess *sess, u32 *slot, u32 milliseconds,
			      struct tiscsi_stuck_view *view)
	__must_hold(&sess->pg->lock)
{
	const struct tiscsi_cmd *cmd;

	lockdep_assert_held(&sess->pg->lock);
	for (; (cmd = tiscsi_stuck_slot(sess, *slot)); ++*slot) {
		if (!tiscsi_stuck_is(cmd))
			continue;
		tiscsi_stuck_show(sess, cmd, view);
		if (view->milliseconds >= milliseconds)
			return true;
	}
	return false;
}

/* Keep the oldest few. */
static void tiscsi_stuck_keep(struct tiscsi_stuck_view *list, u32 *n,
			      const struct tiscsi_stuck_view *view)
{
	u32 i, at = *n;

	if (*n < TISCSI_STUCK_LINES) {
		++*n;
	} else {
		at = 0;
		for (i = 1; i < *n; i++)
			if (list[i].milliseconds < list[at].milliseconds)
				at = i;
		if (list[at].milliseconds >= view->milliseconds)
			return;
	}
	list[at] = *view;
}

u32 tiscsi_stuck_log(struct tiscsi_pg *pg, u64 lun, u32 seconds, const char *what)
{
	const int len = strlen(pg->target->name);
	struct tiscsi_stuck_view *list, *view;
	struct tiscsi_sess *sess;
	u32 i, slot, n = 0, all = 0;

	list = kcalloc(TISCSI_STUCK_LINES + 1, sizeof(*list), GFP_KERNEL);
	if (!list)
		return 0;
	view = &list[TISCSI_STUCK_LINES];
	spin_lock(&pg->lock);
	list_for_each_entry(sess, &pg->sessions, pg_node) {
		for (slot = 0; tiscsi_stuck_next(sess, &slot, seconds * 1000, view); slot++) {
			if (lun != TISCSI_ANY_LUN && lun != view->lun)
				continue;
			all++;
			tiscsi_stuck_keep(list, &n, view);
		}
	}
	spin_unlock(&pg->lock);

	if (all)
		pr_warn("%*pE tag %u: %s waits for %u command(s) that their devices have not finished\n",
			len, pg->target->name, pg->tag, what, all);
	for (i = 0; i < n; i++)
		pr_warn("%*pE tag %u: session %u of %*pE: LUN %llu, opcode %02x, ITT %08x, under way for %u s\n",
			len, pg->target->name, pg->tag, list[i].sid,
			(int)strlen(list[i].initiator), list[i].initiator, list[i].lun,
			list[i].opcode, list[i].itt, list[i].milliseconds / 1000);
	kfree(list);
	return all;
}

bool tiscsi_stuck_in_session(const struct tiscsi_sess *sess, struct tiscsi_stuck_cursor *cursor,
			     u32 milliseconds, struct tiscsi_stuck_view *view)
{
	if (cursor->sid != sess->sid)
		cursor->slot = 0;
	cursor->sid = sess->sid;
	return tiscsi_stuck_next(sess, &cursor->slot, milliseconds, view);
}
