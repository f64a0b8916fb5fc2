// SPDX-License-Identifier: GPL-2.0
/*
 * Portals: listeners shared by all portal groups that name their address, the
 * acceptor, and the slots of peers that are logging in.
 *
 * The acceptor never reads. It takes a bounded number of connections per visit
 * and turns each into a login slot; what costs memory or time happens in the
 * login workers.
 *
 * Order at the end of a portal: off the list (no new binding finds it), listener
 * muted (no new visit is queued), the visit under way awaited, socket closed,
 * slots told to go. The last slot frees the memory. When a network namespace has no
 * other users left (net/netns.c), its portals end in the same way, and its sessions are
 * told to; the bindings stay until configfs removes them.
 */
#include <linux/inet.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/slab.h>

#include "login.h"
#include "portal.h"
#include "report.h"
#include "session.h"
#include "target.h"
#include "tune.h"
#include "../net/net.h"

#define TISCSI_ACCEPT_BATCH	16
/* Slots that were told to make room and have not done so yet, of all portals. */
#define TISCSI_LEAVING_MAX	64

static LIST_HEAD(tiscsi_nps); /* under tiscsi_mutex */
static LIST_HEAD(tiscsi_bindings); /* in order of their index; under tiscsi_mutex */
static u64 tiscsi_next_binding = 1; /* under tiscsi_mutex */
static struct kthread_worker *tiscsi_acceptor;

/* How often namespaces other than the first are looked at. */
#define TISCSI_NETNS_LOOK	HZ

static void tiscsi_netns_look(struct work_struct *work);
static DECLARE_DELAYED_WORK(tiscsi_netns_looker, tiscsi_netns_look);

/* -- addresses -- */

static bool tiscsi_addr_equal(const struct sockaddr_storage *a, const struct sockaddr_storage *b,
			      bool with_port)
{
	const struct sockaddr_in6 *a6 = (const void *)a, *b6 = (const void *)b;
	const struct sockaddr_in *a4 = (const void *)a, *b4 = (const void *)b;

	if (a->ss_family != b->ss_family)
		return false;
	if (a->ss_family == AF_INET6)
		return (!with_port || a6->sin6_port == b6->sin6_port) &&
		       a6->sin6_scope_id == b6->sin6_scope_id &&
		       !memcmp(&a6->sin6_addr, &b6->sin6_addr, sizeof(a6->sin6_addr));
	return (!with_port || a4->sin_port == b4->sin_port) &&
	       a4->sin_addr.s_addr == b4->sin_addr.s_addr;
}

static bool tiscsi_addr_is_any(const struct sockaddr_storage *addr)
{
	if (addr->ss_family == AF_INET6)
		return ipv6_addr_any(&((const struct sockaddr_in6 *)addr)->sin6_addr);
	return ((const struct sockaddr_in *)addr)->sin_addr.s_addr == htonl(INADDR_ANY);
}

static u16 tiscsi_addr_port(const struct sockaddr_storage *addr)
{
	/* At the same place in both. */
	return be16_to_cpu(((const struct sockaddr_in *)addr)->sin_port);
}

/* Would listeners at both be in each other's way? [::] has IPv4 as well. */
static bool tiscsi_addr_clash(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
	if (tiscsi_addr_port(a) != tiscsi_addr_port(b))
		return false;
	if (a->ss_family == b->ss_family)
		return tiscsi_addr_is_any(a) || tiscsi_addr_is_any(b) ||
		       tiscsi_addr_equal(a, b, true);
	return tiscsi_addr_is_any(a->ss_family == AF_INET6 ? a : b);
}

/* One source for the cap: an IPv4 address, or an IPv6 /64 (a host owns it all). */
static bool tiscsi_same_source(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
	const struct sockaddr_in6 *a6 = (const void *)a, *b6 = (const void *)b;

	if (a->ss_family == AF_INET6 && b->ss_family == AF_INET6 &&
	    !ipv6_addr_loopback(&a6->sin6_addr))
		return !memcmp(&a6->sin6_addr, &b6->sin6_addr, 8);
	return tiscsi_addr_equal(a, b, false);
}

void tiscsi_addr_to_core(const struct sockaddr_storage *addr, struct icore_addr *out)
{
	const struct sockaddr_in6 *a6 = (const void *)addr;
	const struct sockaddr_in *a4 = (const void *)addr;

	memset(out, 0, sizeof(*out));
	if (addr->ss_family == AF_INET6) {
		out->v6 = true;
		memcpy(out->addr, &a6->sin6_addr, 16);
		out->port = be16_to_cpu(a6->sin6_port);
	} else {
		memcpy(out->addr, &a4->sin_addr, 4);
		out->port = be16_to_cpu(a4->sin_port);
	}
}

/*
 * The ABI is lenient about what stands around brackets: the address is what is in
 * them, of either family, and the port follows the first colon after them.
 */
int tiscsi_portal_parse(struct net *net, const char *name, struct sockaddr_storage *addr)
{
	const char *bracket = strchr(name, '[');
	const char *host_end, *colon;
	char host[256];

	if (bracket)
		name = bracket + 1;
	host_end = strchr(name, bracket ? ']' : ':');
	colon = host_end ? strchr(host_end, ':') : NULL;
	if (!colon || host_end - name >= sizeof(host))
		return -EINVAL;
	memcpy(host, name, host_end - name);
	host[host_end - name] = 0;

	memset(addr, 0, sizeof(*addr));
	return inet_pton_with_scope(net, AF_UNSPEC, host, colon + 1, addr) ? -EINVAL : 0;
}

/* -- slots -- */

/*
 * No reference is left: no slot, whose reference goes with its last work; and no binding,
 * so the portal is closed, off the list, and its acceptor's work was awaited. New ones
 * come from the list or the acceptor only.
 */
static void tiscsi_np_free(struct kref *ref)
{
	kfree(container_of(ref, struct tiscsi_np, ref));
}

void tiscsi_np_put(struct tiscsi_np *np)
{
	kref_put(&np->ref, tiscsi_np_free);
}

/*
 * Slots of all portals. Under tiscsi_slots_lock, which is taken inside np->lock: how many
 * there are, how many of them were told to make room, and those that have proved nothing, in
 * order of arrival.
 *
 * A slot that was told to make room does not count for any cap from then on, though its
 * worker needs a moment to end it: else a newcomer that comes in that moment would throw out
 * one more than it takes the place of. So that strangers cannot pile up such slots by coming
 * faster than the workers end them, nobody is accepted while there are TISCSI_LEAVING_MAX.
 */
static DEFINE_SPINLOCK(tiscsi_slots_lock); /* leaf */
static LIST_HEAD(tiscsi_unproven);
static u32 tiscsi_nr_slots;
static u32 tiscsi_nr_leaving;

static void tiscsi_slots_evict(struct tiscsi_login *victim)
	__must_hold(&tiscsi_slots_lock)
{
	lockdep_assert_held(&tiscsi_slots_lock);
	list_del_init(&victim->all_node);
	victim->leaving = true;
	victim->np->nr_leaving++;
	WRITE_ONCE(tiscsi_nr_leaving, tiscsi_nr_leaving + 1);
	tiscsi_login_kill(victim);
}

static bool tiscsi_slots_crowded(void)
{
	return READ_ONCE(tiscsi_nr_leaving) >= TISCSI_LEAVING_MAX;
}

/* One more of all; above the cap the oldest that has proved nothing has to go. */
static int tiscsi_slots_enter(struct tiscsi_login *login)
	__must_hold(&tiscsi_slots_lock)
{
	struct tiscsi_login *victim;

	lockdep_assert_held(&tiscsi_slots_lock);
	if (tiscsi_nr_slots - tiscsi_nr_leaving >= tiscsi_max_logins()) {
		victim = list_first_entry_or_null(&tiscsi_unproven, struct tiscsi_login,
						  all_node);
		if (!victim)
			return -EBUSY;
		tiscsi_slots_evict(victim);
	}
	list_add_tail(&login->all_node, &tiscsi_unproven);
	tiscsi_nr_slots++;
	return 0;
}

static void tiscsi_slots_leave(struct tiscsi_login *login)
{
	spin_lock(&tiscsi_slots_lock);
	list_del_init(&login->all_node);
	if (login->leaving) {
		login->np->nr_leaving--;
		WRITE_ONCE(tiscsi_nr_leaving, tiscsi_nr_leaving - 1);
	}
	tiscsi_nr_slots--;
	spin_unlock(&tiscsi_slots_lock);
}

void tiscsi_np_prove(struct tiscsi_np *np, struct tiscsi_login *login)
{
	spin_lock(&np->lock);
	login->proven = true;
	spin_lock(&tiscsi_slots_lock);
	list_del_init(&login->all_node);
	spin_unlock(&tiscsi_slots_lock);
	spin_unlock(&np->lock);
}

/* Who is the oldest that has proved nothing, of all, and of @login's source? */
static u32 tiscsi_np_look(struct tiscsi_np *np, struct tiscsi_login *login,
			  struct tiscsi_login **oldest, struct tiscsi_login **oldest_same)
	__must_hold(&np->lock)
{
	struct tiscsi_login *other;
	u32 same = 0;

	lockdep_assert_held(&np->lock);
	*oldest = NULL;
	*oldest_same = NULL;
	list_for_each_entry(other, &np->slots, np_node) {
		bool is_same = tiscsi_same_source(&other->peer, &login->peer);

		if (READ_ONCE(other->kill))
			continue;
		same += is_same;
		if (other->proven)
			continue;
		if (!*oldest)
			*oldest = other;
		if (is_same && !*oldest_same)
			*oldest_same = other;
	}
	return same;
}

/*
 * Only the acceptor adds slots and evicts them, so what was looked up stays as it is, but for
 * slots that end or that prove themselves.
 */
int tiscsi_np_add_slot(struct tiscsi_np *np, struct tiscsi_login *login)
{
	struct tiscsi_login *victim, *victim_same;
	bool full = true;
	int ret = 0;
	u32 same;

	spin_lock(&np->lock);
	same = tiscsi_np_look(np, login, &victim, &victim_same);
	spin_lock(&tiscsi_slots_lock);
	if (same >= TISCSI_SOURCE_SLOTS)
		victim = victim_same;
	else
		full = np->nr_slots - np->nr_leaving >= TISCSI_NP_SLOTS;
	if (full && victim) {
		tiscsi_slots_evict(victim);
		np->evicted++;
	} else if (full) {
		ret = -EBUSY;
	}
	if (!ret)
		ret = tiscsi_slots_enter(login);
	spin_unlock(&tiscsi_slots_lock);

	if (ret) {
		np->refused++;
	} else {
		list_add_tail(&login->np_node, &np->slots);
		np->nr_slots++;
		tiscsi_login_kick(login);
	}
	spin_unlock(&np->lock);
	return ret;
}

void tiscsi_np_del_slot(struct tiscsi_np *np, struct tiscsi_login *login)
{
	spin_lock(&np->lock);
	if (!list_empty(&login->np_node)) {
		list_del_init(&login->np_node);
		np->nr_slots--;
		tiscsi_slots_leave(login);
	}
	spin_unlock(&np->lock);
}

/* -- accepting -- */

/* Socket callback: softirq. */
static void tiscsi_np_notify(void *owner, unsigned int what)
{
	struct tiscsi_np *np = owner;

	kthread_queue_work(tiscsi_acceptor, &np->accept);
}

/*
 * One event may stand for many connections, and the first of them may be dead
 * already: only an empty queue ends a visit.
 */
static void tiscsi_np_accept(struct kthread_work *work)
{
	struct tiscsi_np *np = container_of(work, struct tiscsi_np, accept);
	struct tiscsi_sock *sock;
	int i;

	for (i = 0; i < TISCSI_ACCEPT_BATCH && !READ_ONCE(np->closing); i++) {
		if (tiscsi_slots_crowded()) {
			kthread_queue_delayed_work(tiscsi_acceptor, &np->retry, 1);
			return;
		}
		sock = tiscsi_listen_accept(np->listener);
		if (sock == ERR_PTR(-EAGAIN))
			return;
		if (sock == ERR_PTR(-ENOMEM) || sock == ERR_PTR(-ENFILE) ||
		    sock == ERR_PTR(-EMFILE)) {
			if (!READ_ONCE(np->closing))
				kthread_queue_delayed_work(tiscsi_acceptor, &np->retry, HZ / 10);
			return;
		}
		if (IS_ERR(sock))
			continue;
		kref_get(&np->ref);
		if (tiscsi_login_start(np, sock)) {
			tiscsi_report_no_room(np, sock);
			tiscsi_sock_release(sock, true);
			tiscsi_np_put(np);
		}
	}
	/* More may wait; other portals get their turn first. */
	if (!READ_ONCE(np->closing))
		kthread_queue_work(tiscsi_acceptor, &np->accept);
}

/* Memory was short a moment ago, or the workers were behind. */
static void tiscsi_np_retry(struct kthread_work *work)
{
	struct kthread_delayed_work *dwork = container_of(work, struct kthread_delayed_work, work);
	struct tiscsi_np *np = container_of(dwork, struct tiscsi_np, retry);

	kthread_queue_work(tiscsi_acceptor, &np->accept);
}

/* -- binding -- */

/*
 * mkdir can only say "Invalid argument", whatever happened, so the log has to name
 * who is in the way: one of our own portals, or somebody that only ss knows.
 */
static void tiscsi_np_explain(struct net *net, const struct sockaddr_storage *addr, int error)
	__must_hold(&tiscsi_mutex)
{
	struct tiscsi_np *it;

	lockdep_assert_held(&tiscsi_mutex);
	if (error != -EADDRINUSE) {
		pr_err("cannot listen on %pISpc: error %d\n", addr, error);
		return;
	}
	list_for_each_entry(it, &tiscsi_nps, node) {
		if (it->net != net || !tiscsi_addr_clash(&it->addr, addr))
			continue;
		pr_err("cannot listen on %pISpc: portal %pISpc covers it; remove that one, or use another port\n",
		       addr, &it->addr);
		return;
	}
	pr_err("cannot listen on %pISpc: another program has the port, `ss -ltnp sport = :%u` shows it (no process: a kernel module); stop it, or use another port\n",
	       addr, tiscsi_addr_port(addr));
}

static struct tiscsi_np *tiscsi_np_open(struct net *net, const struct sockaddr_storage *addr)
{
	struct tiscsi_np *np;
	int ret;

	np = kzalloc(sizeof(*np), GFP_KERNEL);
	if (!np)
		return ERR_PTR(-ENOMEM);
	np->net = net;
	np->net_cookie = net->net_cookie;
	np->addr = *addr;
	kref_init(&np->ref);
	spin_lock_init(&np->lock);
	INIT_LIST_HEAD(&np->slots);
	INIT_LIST_HEAD(&np->bindings);
	kthread_init_work(&np->accept, tiscsi_np_accept);
	kthread_init_delayed_work(&np->retry, tiscsi_np_retry);
	np->listener = tiscsi_listen_open(net, addr, tiscsi_np_notify, np);
	if (IS_ERR(np->listener)) {
		ret = PTR_ERR(np->listener);
		tiscsi_np_explain(net, addr, ret);
		kfree(np);
		return ERR_PTR(ret);
	}
	list_add_tail(&np->node, &tiscsi_nps);
	if (net != &init_net)
		schedule_delayed_work(&tiscsi_netns_looker, TISCSI_NETNS_LOOK);
	/* A connection may have come between listen() and the accept work's setup. */
	kthread_queue_work(tiscsi_acceptor, &np->accept);
	return np;
}

static void tiscsi_np_close(struct tiscsi_np *np)
	__must_hold(&tiscsi_mutex)
{
	struct tiscsi_login *login;

	lockdep_assert_held(&tiscsi_mutex);
	if (!np->listener)
		return;
	list_del(&np->node);
	tiscsi_listen_mute(np->listener);
	/* Each queues the other: told to stop, and then awaited in that order. */
	WRITE_ONCE(np->closing, true);
	kthread_cancel_work_sync(&np->accept);
	kthread_cancel_delayed_work_sync(&np->retry);
	kthread_cancel_work_sync(&np->accept);
	tiscsi_listen_close(np->listener);
	np->listener = NULL;
	np->net = NULL;

	spin_lock(&np->lock);
	list_for_each_entry(login, &np->slots, np_node)
		tiscsi_login_kill(login);
	spin_unlock(&np->lock);
}

/* -- the end of a namespace -- */

static void tiscsi_netns_drop(struct tiscsi_sess *sess, void *arg)
{
	if (sess->net_cookie == *(const u64 *)arg)
		tiscsi_sess_drop(sess, "its network namespace has ended");
}

/* Close the portals of one that has ended. Return: its cookie, or 0. */
static u64 tiscsi_netns_close_one(bool *others)
{
	struct tiscsi_np *np, *next;
	u64 cookie = 0;

	*others = false;
	mutex_lock(&tiscsi_mutex);
	list_for_each_entry_safe(np, next, &tiscsi_nps, node) {
		if (np->net == &init_net)
			continue;
		/* Each that is closed lets go of a reference: the first has to be asked. */
		if (cookie ? np->net_cookie == cookie : tiscsi_net_ended(np->net)) {
			cookie = np->net_cookie;
			pr_notice("portal %pISpc: its network namespace has ended\n", &np->addr);
			tiscsi_np_close(np);
		} else {
			*others = true;
		}
	}
	mutex_unlock(&tiscsi_mutex);
	return cookie;
}

static void tiscsi_netns_look(struct work_struct *work)
{
	bool others;
	u64 cookie;

	while ((cookie = tiscsi_netns_close_one(&others)))
		tiscsi_target_sessions_each(NULL, tiscsi_netns_drop, &cookie);
	if (others)
		schedule_delayed_work(&tiscsi_netns_looker, TISCSI_NETNS_LOOK);
}

struct tiscsi_binding *tiscsi_portal_bind(struct tiscsi_pg *pg, struct net *net,
					  const struct sockaddr_storage *addr)
{
	struct tiscsi_binding *b, *other;
	struct tiscsi_np *np = NULL, *it;
	int ret;

	b = kzalloc(sizeof(*b), GFP_KERNEL);
	if (!b)
		return ERR_PTR(-ENOMEM);
	b->pg = pg;

	mutex_lock(&tiscsi_mutex);
	list_for_each_entry(it, &tiscsi_nps, node)
		if (it->net == net && tiscsi_addr_equal(&it->addr, addr, true))
			np = it;
	if (np) {
		/* Two groups of one target at one address: which would a login mean? */
		list_for_each_entry(other, &np->bindings, np_node) {
			if (other->pg->target == pg->target) {
				ret = -EEXIST;
				goto err_unlock;
			}
		}
	} else {
		np = tiscsi_np_open(net, addr);
		if (IS_ERR(np)) {
			ret = PTR_ERR(np);
			goto err_unlock;
		}
	}
	b->np = np;
	list_add_tail(&b->np_node, &np->bindings);
	list_add_tail(&b->pg_node, &pg->bindings);
	list_add_tail(&b->node, &tiscsi_bindings);
	b->index = tiscsi_next_binding++;
	mutex_unlock(&tiscsi_mutex);
	return b;

err_unlock:
	mutex_unlock(&tiscsi_mutex);
	kfree(b);
	return ERR_PTR(ret);
}

/* Bindings are found through the two lists only, under the mutex, and not kept after it. */
void tiscsi_portal_unbind(struct tiscsi_binding *b)
{
	struct tiscsi_np *np = b->np;

	mutex_lock(&tiscsi_mutex);
	list_del(&b->np_node);
	list_del(&b->pg_node);
	list_del(&b->node);
	if (list_empty(&np->bindings)) {
		tiscsi_np_close(np);
		tiscsi_np_put(np);
	}
	mutex_unlock(&tiscsi_mutex);
	kfree(b);
}

struct tiscsi_binding *tiscsi_binding_from(u64 index)
	__must_hold(&tiscsi_mutex)
{
	struct tiscsi_binding *b;

	lockdep_assert_held(&tiscsi_mutex);
	list_for_each_entry(b, &tiscsi_bindings, node)
		if (b->index >= index)
			return b;
	return NULL;
}

struct tiscsi_binding *tiscsi_binding_next(struct tiscsi_binding *b)
	__must_hold(&tiscsi_mutex)
{
	lockdep_assert_held(&tiscsi_mutex);
	return list_is_last(&b->node, &tiscsi_bindings) ? NULL : list_next_entry(b, node);
}

struct tiscsi_pg *tiscsi_np_find(struct tiscsi_np *np, const char *name, bool *target_exists)
	__must_hold(&tiscsi_mutex)
{
	struct tiscsi_binding *b;
	struct tiscsi_target *t;

	lockdep_assert_held(&tiscsi_mutex);
	list_for_each_entry(b, &np->bindings, np_node) {
		if (!strcasecmp(b->pg->target->name, name)) {
			*target_exists = true;
			return b->pg;
		}
	}
	*target_exists = false;
	list_for_each_entry(t, &tiscsi_targets, node)
		if (!strcasecmp(t->name, name))
			*target_exists = true;
	return NULL;
}

int tiscsi_portal_init(void)
{
	tiscsi_acceptor = kthread_run_worker(0, "tiscsi_accept");
	return PTR_ERR_OR_ZERO(tiscsi_acceptor);
}

/* Every portal is closed, hence nothing queues the acceptor or the look at namespaces. */
void tiscsi_portal_exit(void)
{
	cancel_delayed_work_sync(&tiscsi_netns_looker);
	kthread_destroy_worker(tiscsi_acceptor);
}
