/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What an administrator may see of portal groups and sessions, and ask of them.
 * The only header of this room that management includes: it shows copies, and
 * lets nothing be changed but what is named here.
 */
#ifndef TISCSI_ADMIN_H
#define TISCSI_ADMIN_H

#include <linux/types.h>

#include <tcm_iscsi/core.h>

#include "lat.h"
#include "session.h"
#include "../mgmt/mgmt.h"

struct net;

/**
 * struct tiscsi_scope - who asks, and for what
 * @net: the caller's network namespace, NULL for the initial one
 * @net_cookie: of @net
 * @target: name that must match, NULL for any
 * @tag: portal group tag that must match, -1 for any
 * @sid: session that must match, 0 for any
 *
 * configfs knows no namespaces: targets belong to the machine, and the initial
 * namespace reaches everything. Portals do have one. A caller in another one
 * reaches the sessions that came through a portal of it, and the portal groups
 * that have portals there and nowhere else, because what is changed in a group
 * concerns all its portals.
 */
struct tiscsi_scope {
	struct net *net;
	u64 net_cookie;
	const char *target;
	int tag;
	u32 sid;
};

/**
 * struct tiscsi_pg_view - a portal group
 * @redirect: belongs to the group; NULL if it serves logins
 *
 * The pointers are valid during the call that it is shown in.
 */
struct tiscsi_pg_view {
	const char *target;
	u16 tag;
	bool enabled;
	bool draining;
	bool async_events;
	u32 sessions;
	const struct icore_redirect *redirect;
};

/* Where a walk over portal groups goes on. All zero: from the beginning. */
struct tiscsi_pg_cursor {
	u32 index;
	u32 tag;
};

/*
 * tiscsi_admin_pgs - show the portal groups in @scope, from @cursor on
 *
 * @show runs under tiscsi_mutex. It returns 0 to go on; anything else ends the walk
 * with the cursor on this group, and is returned. A group that is there all the
 * time is shown exactly once, whatever comes and goes between the parts of a walk.
 */
int tiscsi_admin_pgs(const struct tiscsi_scope *scope, struct tiscsi_pg_cursor *cursor,
		     int (*show)(const struct tiscsi_pg_view *pg, void *arg), void *arg);

/**
 * struct tiscsi_pg_change - what is to be changed in a portal group
 * @set_redirect: @redirect is to be set
 * @redirect: kmalloc'ed, taken over if the change succeeds; NULL to serve logins
 * @set_async_events: @async_events is to be set
 * @set_draining: @draining is to be set
 */
struct tiscsi_pg_change {
	bool set_redirect;
	struct icore_redirect *redirect;
	bool set_async_events;
	bool async_events;
	bool set_draining;
	bool draining;
};

/* 0, or -ENOENT: @scope, which names target and tag, finds no group. */
int tiscsi_admin_pg_change(const struct tiscsi_scope *scope, const struct tiscsi_pg_change *change);

/* One end of a connection, as @addr names it; nothing is known of family 0. */
void tiscsi_addr_show(const struct sockaddr_storage *addr, struct tiscsi_addr_view *view);

/**
 * struct tiscsi_portal_view - a portal of a portal group
 * @target: valid during the call that it is shown in
 * @netns: inode number of its network namespace, 0 if that has ended
 * @logins: under way, of all groups that have this address; so are the next two
 */
struct tiscsi_portal_view {
	struct tiscsi_addr_view at;
	const char *target;
	u16 tag;
	bool enabled;
	u32 netns;
	u32 logins;
	u64 evicted;
	u64 refused;
};

/*
 * tiscsi_admin_portals - show the portals in @scope, from *@index on (0: from the
 * first); like tiscsi_admin_pgs(). A caller in another namespace sees its portals
 * whatever else their groups have.
 */
int tiscsi_admin_portals(const struct tiscsi_scope *scope, u64 *index,
			 int (*show)(const struct tiscsi_portal_view *portal, void *arg),
			 void *arg);

enum tiscsi_sess_phase {
	TISCSI_PHASE_STARTING,
	TISCSI_PHASE_LOGGED_IN,
	TISCSI_PHASE_CLOSING,
	TISCSI_PHASE_DRAINING,
};

/**
 * struct tiscsi_sess_view - a session
 * @peer: as info.peer
 */
struct tiscsi_sess_view {
	struct tiscsi_sess_info info;
	char target[ICORE_NAME_MAX + 1];
	u16 tag;
	bool dynamic;
	enum tiscsi_sess_phase phase;
	struct tiscsi_addr_view peer;
	struct tiscsi_addr_view local;
};

/*
 * tiscsi_admin_sess_next - copy the session in @scope that has the lowest number
 * from @from on. May sleep. False if there is none.
 */
bool tiscsi_admin_sess_next(const struct tiscsi_scope *scope, u32 from,
			    struct tiscsi_sess_view *view);

/**
 * struct tiscsi_stats_view - what a session has done
 * @now: ns, of the same clock every time
 * @sending: something waits for room in the connection
 * @collecting: writes that wait for data
 */
struct tiscsi_stats_view {
	struct tiscsi_sess_view sess;
	u64 now;
	bool sending;
	bool collecting;
	struct tiscsi_lat lat[TISCSI_LAT_KINDS];
};

/* As tiscsi_admin_sess_next(). */
bool tiscsi_admin_stats_next(const struct tiscsi_scope *scope, u32 from,
			     struct tiscsi_stats_view *view);

/*
 * End session @scope->sid, or ask its initiator to log out within @seconds, which
 * are not 0. Neither waits. Return: 0, -ENOENT, -EALREADY if it is ending already,
 * or -ENOTCONN while it has no connection.
 */
int tiscsi_admin_sess_close(const struct tiscsi_scope *scope);
int tiscsi_admin_sess_logout(const struct tiscsi_scope *scope, u16 seconds);

#define TISCSI_ANY_LUN	U64_MAX

/**
 * struct tiscsi_stuck_view - a command that its device has not finished
 * @lun: as the initiator numbers it, or TISCSI_ANY_LUN
 * @milliseconds: since it was submitted
 * @closed: its session is closed, or has lost its connection, and waits for it
 */
struct tiscsi_stuck_view {
	char target[ICORE_NAME_MAX + 1];
	u16 tag;
	char initiator[ICORE_NAME_MAX + 1];
	u32 sid;
	u32 itt;
	u64 lun;
	u8 opcode;
	u32 milliseconds;
	bool closed;
};

/* Where a walk goes on. All zero: from the beginning. */
struct tiscsi_stuck_cursor {
	u32 sid;
	u32 slot;
};

/*
 * tiscsi_admin_stuck_next - copy the next command of the sessions in @scope that its
 * device has had for @milliseconds or longer, and advance @cursor. May sleep. False if
 * there is none.
 */
bool tiscsi_admin_stuck_next(const struct tiscsi_scope *scope, struct tiscsi_stuck_cursor *cursor,
			     u32 milliseconds, struct tiscsi_stuck_view *view);
/* stuck.c: the same for one session, whose pg->lock is held; the cursor is not advanced. */
bool tiscsi_stuck_in_session(const struct tiscsi_sess *sess, struct tiscsi_stuck_cursor *cursor,
			     u32 milliseconds, struct tiscsi_stuck_view *view);

/*
 * tiscsi_admin_publish - give a session its number and let it be found: when all
 * that is constant in it is set. Return: 0 or a negative errno.
 */
int tiscsi_admin_publish(struct tiscsi_sess *sess);
/* Before its connection and then it are freed; it may be hidden twice. */
void tiscsi_admin_hide(struct tiscsi_sess *sess);
void tiscsi_admin_exit(void);

#endif /* TISCSI_ADMIN_H */
