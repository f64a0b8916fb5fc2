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
 * @sockets: that hold it, at most: one that is being made or let go may be missing
 */
struct tiscsi_net {
	atomic_t sockets;
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
	atomic_inc(&tiscsi_net_of(net)->sockets);
}

void tiscsi_net_uncount(const struct net *net)
{
	atomic_dec(&tiscsi_net_of(net)->sockets);
}

bool tiscsi_net_ended(struct net *net)
{
	return net != &init_net &&
	       tiscsi_compat_net_refs(net) <= atomic_read(&tiscsi_net_of(net)->sockets);
}

int tiscsi_net_init(void)
{
	return register_pernet_subsys(&tiscsi_net_ops);
}

void tiscsi_net_exit(void)
{
	unregister_pernet_subsys(&tiscsi_net_ops);
}
