// SPDX-License-Identifier: GPL-2.0
/*
 * Does anybody but us still use a network namespace?
 *
 * Our sockets hold their namespace, as those of programs do: TCP goes on with what was
 * sent before a socket is let go, and must not outlive the namespace that it does so in.
 * The price is that a namespace whose last process, file and mount are gone would live on
 * for the sake of our portals, and nothing tells of that. So our sockets are counted for
 * each namespace; when it has no more references than that, no one else has any, and no
 * one can get one any more but by way of a socket of ours, which nobody sees.
 */
#include <linux/atomic.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>

#include "net.h"

/**
 * struct tiscsi_net - of each namespace
 * @sockets: of ours that hold it; one that is being made or let go is missing
 * @changes: of @sockets: who compares that with the references has to see the same
 *	number before and after
 */
struct tiscsi_net {
	atomic_t sockets;
	atomic_t changes;
};

static unsigned int tiscsi_net_id;

static struct pernet_operations tiscsi_net_ops = {
	.id = &tiscsi_net_id,
	.size = sizeof(struct tiscsi_net),
};

static struct tiscsi_net *tiscsi_net_of(const struct net *net)
{
	return net_generic(net, tiscsi_net_id);
}

void tiscsi_net_count(const struct net *net)
{
	struct tiscsi_net *tn = tiscsi_net_of(net);

	smp_mb__before_atomic();	/* its reference is there */
	atomic_inc(&tn->sockets);
	atomic_inc_return(&tn->changes);
}

void tiscsi_net_uncount(const struct net *net)
{
	struct tiscsi_net *tn = tiscsi_net_of(net);

	atomic_inc_return(&tn->changes);
	atomic_dec_return(&tn->sockets);	/* before its reference goes */
}

bool tiscsi_net_ended(struct net *net)
{
	struct tiscsi_net *tn = tiscsi_net_of(net);
	unsigned int sockets, refs;
	int changes;

	if (net == &init_net)
		return false;
	changes = atomic_read_acquire(&tn->changes);
	sockets = atomic_read_acquire(&tn->sockets);
	refs = tiscsi_compat_net_refs(net);
	smp_rmb();	/* pairs with the fully ordered changes above */
	return refs <= sockets && atomic_read(&tn->changes) == changes;
}

u32 tiscsi_net_inode(const struct net *net)
{
	return net->ns.inum;
}

void tiscsi_net_release(struct net *net)
{
	put_net(net);
}

int tiscsi_net_init(void)
{
	return register_pernet_subsys(&tiscsi_net_ops);
}

void tiscsi_net_exit(void)
{
	unregister_pernet_subsys(&tiscsi_net_ops);
}
