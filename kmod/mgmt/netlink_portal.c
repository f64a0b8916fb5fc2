// SPDX-License-Identifier: GPL-2.0
/* Portals over netlink: where logins come in, and how crowded it is there. */
#include "netlink.h"

static const struct tiscsi_nl_keys portal_keys = {
	.target = TCM_ISCSI_A_PORTAL_TARGET,
	.tag = TCM_ISCSI_A_PORTAL_TAG,
};

static const struct tiscsi_nl_address portal_address = {
	TCM_ISCSI_A_PORTAL_ADDRESS,
	TCM_ISCSI_A_PORTAL_PORT,
	TCM_ISCSI_A_PORTAL_SCOPE,
};

/* Longest: a name and 120 bytes of numbers. */
static int put_portal(struct sk_buff *skb, const struct tiscsi_portal_view *view)
{
	const int pad = TCM_ISCSI_A_PORTAL_PAD;

	if (tiscsi_nl_put_address(skb, &portal_address, &view->at) ||
	    nla_put_u32(skb, TCM_ISCSI_A_PORTAL_NETNS, view->netns) ||
	    nla_put_string(skb, TCM_ISCSI_A_PORTAL_TARGET, view->target) ||
	    nla_put_u16(skb, TCM_ISCSI_A_PORTAL_TAG, view->tag) ||
	    nla_put_u8(skb, TCM_ISCSI_A_PORTAL_ENABLED, view->enabled) ||
	    nla_put_u32(skb, TCM_ISCSI_A_PORTAL_LOGINS, view->logins) ||
	    nla_put_u64_64bit(skb, TCM_ISCSI_A_PORTAL_EVICTED, view->evicted, pad) ||
	    nla_put_u64_64bit(skb, TCM_ISCSI_A_PORTAL_REFUSED, view->refused, pad))
		return -EMSGSIZE;
	return 0;
}

struct dump {
	struct sk_buff *skb;
	struct netlink_callback *cb;
};

static int show_next(const struct tiscsi_portal_view *view, void *arg)
{
	struct dump *d = arg;
	void *hdr = tiscsi_nl_part(d->skb, d->cb, TCM_ISCSI_CMD_PORTAL_GET);

	return tiscsi_nl_part_end(d->skb, hdr, hdr && !put_portal(d->skb, view));
}

/* In the order of mkdir: a portal that is there all the time is shown once. */
int tiscsi_nl_portal_get_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	u64 *index = (void *)cb->ctx;
	struct dump d = { .skb = skb, .cb = cb };
	struct tiscsi_scope scope;
	int ret;

	BUILD_BUG_ON(sizeof(*index) > sizeof(cb->ctx));
	tiscsi_nl_scope(&scope, sock_net(cb->skb->sk), tiscsi_compat_dump_attrs(cb),
			&portal_keys);
	ret = tiscsi_admin_portals(&scope, index, show_next, &d);
	return skb->len ?: ret;
}
