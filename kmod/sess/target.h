/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Targets, portal groups and portals as the protocol sees them.
 *
 * configfs (kmod/tcm) embeds struct tiscsi_target in its se_wwn object and
 * struct tiscsi_pg in its se_portal_group object; it owns the memory. What is
 * here is the half that login and discovery work on.
 */
#ifndef TISCSI_TARGET_H
#define TISCSI_TARGET_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/socket.h>
#include <linux/spinlock.h>
#include <linux/wait.h>

#include <tcm_iscsi/core.h>

#include "../mgmt/mgmt.h"

struct net;
struct tiscsi_np;
struct tiscsi_sess;

/*
 * tiscsi_mutex protects the list of targets, their lists of portal groups, the
 * list of portals and all bindings between them. It is taken by configfs and by
 * the login workers, for short work only: nobody waits for a peer, a session or
 * a worker while holding it.
 */
extern struct mutex tiscsi_mutex;
extern struct list_head tiscsi_targets;

/**
 * struct tiscsi_target - one iSCSI target node
 * @name: as typed in configfs; compared after ASCII folding
 * @node: in tiscsi_targets, under tiscsi_mutex
 * @pgs: portal groups, under tiscsi_mutex
 * @index: in the order of creation, never used again, constant
 * @inst: instance number for fabric_statistics: the lowest that is free, constant
 * @stats: own lock
 */
struct tiscsi_target {
	char name[ICORE_NAME_MAX + 1];
	struct list_head node;
	struct list_head pgs;
	u32 index;
	u32 inst;
	struct tiscsi_target_stats stats;
};

/* I_T nexuses that a portal group remembers after their end. */
#define TISCSI_LOST_NEXUSES	64

/**
 * struct tiscsi_pg - a target portal group
 * @target: its target, constant
 * @tag: target portal group tag, constant
 * @node: in target->pgs, under tiscsi_mutex
 * @bindings: tiscsi_binding.pg_node, under tiscsi_mutex
 * @enabled: under tiscsi_mutex
 * @redirect: where logins are sent, kmalloc'ed; NULL: served here; under tiscsi_mutex
 * @draining: no new sessions, those that there are may stay; written under tiscsi_mutex
 *	and @lock
 * @async_events: tell sessions of SCSI events; written by management, read unlocked
 * @lock: protects @sessions and what follows; leaf lock below tiscsi_mutex, spin
 * @sessions: tiscsi_sess.pg_node of every session that is not yet freed
 * @discoveries: tiscsi_login.disc_node of named discovery sessions, under @lock
 * @lost: hashes of I_T nexuses that were lost and have not come back, under @lock
 * @lost_next: where the next one goes
 * @users: sessions plus logins that are bound to this group
 * @idle: woken when @users or the number of sessions drops
 */
struct tiscsi_pg {
	struct tiscsi_target *target;
	u16 tag;
	struct list_head node;
	struct list_head bindings;
	bool enabled;
	bool draining;
	struct icore_redirect *redirect;
	bool async_events;
	spinlock_t lock;	/* sessions and what follows */
	struct list_head sessions;
	struct list_head discoveries;
	u64 lost[TISCSI_LOST_NEXUSES];
	u32 lost_next;
	u32 users;
	wait_queue_head_t idle;
};

/**
 * struct tiscsi_binding - one portal of one portal group
 * @np: the shared listener
 * @pg: the group
 * @pg_node: in pg->bindings
 * @np_node: in np->bindings
 * @node: in the list of all bindings
 * @index: in the order of that list, never used again, constant
 *
 * Created and freed under tiscsi_mutex.
 */
struct tiscsi_binding {
	struct tiscsi_np *np;
	struct tiscsi_pg *pg;
	struct list_head pg_node;
	struct list_head np_node;
	struct list_head node;
	u64 index;
};

/* -- target.c: called by kmod/tcm/configfs.c; all may sleep -- */

/* 0, or -EEXIST if a target of that name (after folding) exists. */
int tiscsi_target_add(struct tiscsi_target *t, const char *name);
void tiscsi_target_del(struct tiscsi_target *t);
int tiscsi_pg_add(struct tiscsi_pg *pg, struct tiscsi_target *t, u16 tag);
/* Waits until no login and no session refers to @pg: the caller frees it next. */
void tiscsi_pg_del(struct tiscsi_pg *pg);
void tiscsi_pg_enable(struct tiscsi_pg *pg);
/*
 * tiscsi_pg_disable - refuse new logins, close every session and return when the
 * last of them and its commands are gone. -EINTR (killed) and -ETIMEDOUT (after
 * drain_timeout) leave the group disabled with sessions whose commands still run.
 */
int tiscsi_pg_disable(struct tiscsi_pg *pg);
/* Log which commands of a second or more @what, static text, has to wait for. */
void tiscsi_pg_tell_stuck(struct tiscsi_pg *pg, const char *what);
/* A login or a session uses @pg; false once it is disabled. */
bool tiscsi_pg_get(struct tiscsi_pg *pg);
void tiscsi_pg_put(struct tiscsi_pg *pg);

/*
 * tiscsi_target_sessions_each - @fn for every session of @only, or of all targets if
 * that is NULL. @fn runs under pg->lock and must not sleep; this function may.
 */
void tiscsi_target_sessions_each(struct tiscsi_target *only,
				 void (*fn)(struct tiscsi_sess *sess, void *arg), void *arg);

/* -- portal.c -- */

/*
 * tiscsi_portal_bind - make @pg reachable at @addr, opening the listener if this
 * is its first user. @net is the namespace of the caller. Return: the binding or
 * an ERR_PTR: -EEXIST if this target has the address already, or what bind() and
 * listen() said.
 */
struct tiscsi_binding *tiscsi_portal_bind(struct tiscsi_pg *pg, struct net *net,
					  const struct sockaddr_storage *addr);
/* The listener closes with its last binding; sessions stay. */
void tiscsi_portal_unbind(struct tiscsi_binding *b);
/* Number of portals over all groups of @t. */
u32 tiscsi_target_portals(struct tiscsi_target *t);
/* Number of sessions over all groups of @t. */
u32 tiscsi_target_sessions(struct tiscsi_target *t);

/* Parse "a.b.c.d:port" or "[v6%scope]:port"; 0 or -EINVAL. */
int tiscsi_portal_parse(struct net *net, const char *name, struct sockaddr_storage *addr);

int tiscsi_portal_init(void);
void tiscsi_portal_exit(void);

#endif /* TISCSI_TARGET_H */
