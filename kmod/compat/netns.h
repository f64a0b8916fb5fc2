/* SPDX-License-Identifier: GPL-2.0 */
/* How many references a network namespace has; the counter was renamed in 6.18. */
#ifndef TISCSI_COMPAT_NETNS_H
#define TISCSI_COMPAT_NETNS_H

#include <net/net_namespace.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 18, 0)
static inline unsigned int tiscsi_compat_net_refs(const struct net *net)
{
	return refcount_read(&net->ns.count);
}
#else
static inline unsigned int tiscsi_compat_net_refs(struct net *net)
{
	return ns_ref_read(net);
}
#endif

#endif /* TISCSI_COMPAT_NETNS_H */
