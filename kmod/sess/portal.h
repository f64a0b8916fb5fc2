/* SPDX-License-Identifier: GPL-2.0 */
/* Network portals: one listener for all portal groups that name its address. */
#ifndef TISCSI_PORTAL_H
#define TISCSI_PORTAL_H

#include <linux/kref.h>
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/socket.h>
#include <linux/spinlock.h>

struct net;
struct tiscsi_listener;
struct tiscsi_login;

/* Login slots of one portal, and of one source address on it. */
#define TISCSI_NP_SLOTS		1024
#define TISCSI_SOURCE_SLOTS	256

/**
 * struct tiscsi_np - a network portal
 * @node: in the list of portals, under tiscsi_mutex
 * @net: namespace of @listener, compared only; the listener holds it, and without one
 *	this is NULL
 * @net_cookie: of that namespace, constant
 * @addr: constant
 * @listener: NULL once the last binding or the namespace is gone; under tiscsi_mutex
 * @bindings: tiscsi_binding.np_node, under tiscsi_mutex
 * @ref: one for all bindings, one per slot
 * @accept: runs on the acceptor thread
 * @retry: queues @accept again when memory was short, or too many have to leave
 * @closing: @accept and @retry queue nothing any more
 * @lock: protects @slots, @nr_slots and the slots' list fields; spin
 * @slots: in order of arrival
 * @nr_leaving: of these, told to make room; under tiscsi_slots_lock (portal.c)
 * @evicted: silent peers that made room for others
 */
struct tiscsi_np {
	struct list_head node;
	struct net *net;
	u64 net_cookie;
	struct sockaddr_storage addr;
	struct tiscsi_listener *listener;
	struct list_head bindings;
	struct kref ref;
	struct kthread_work accept;
	struct kthread_delayed_work retry;
	bool closing;
	spinlock_t lock;	/* slots, nr_slots, the slots' list fields */
	struct list_head slots;
	u32 nr_slots;
	u32 nr_leaving;
	u64 evicted;
	u64 refused;
};

void tiscsi_np_put(struct tiscsi_np *np);
/*
 * A slot joins. Over a cap, the oldest slot that has proved nothing (of the same
 * source, or of all portals, if that is the cap) is told to go; if all have, the
 * newcomer is refused: -EBUSY.
 */
int tiscsi_np_add_slot(struct tiscsi_np *np, struct tiscsi_login *login);
/* A complete, valid PDU has come: it is not evicted any more. */
void tiscsi_np_prove(struct tiscsi_np *np, struct tiscsi_login *login);
void tiscsi_np_del_slot(struct tiscsi_np *np, struct tiscsi_login *login);

struct tiscsi_binding;
struct tiscsi_pg;
struct tiscsi_target;
/* The first binding of all whose index is at least @index, and the one after @b. */
struct tiscsi_binding *tiscsi_binding_from(u64 index);
struct tiscsi_binding *tiscsi_binding_next(struct tiscsi_binding *b);
/* Find the portal group of target @name that @np belongs to; tiscsi_mutex held. */
struct tiscsi_pg *tiscsi_np_find(struct tiscsi_np *np, const char *name, bool *target_exists);

/* Portal address as the core writes it. */
struct icore_addr;
void tiscsi_addr_to_core(const struct sockaddr_storage *addr, struct icore_addr *out);

#endif /* TISCSI_PORTAL_H */
