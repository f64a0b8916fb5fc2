// SPDX-License-Identifier: GPL-2.0
/* Verdicts on logins over netlink. */
#include <linux/slab.h>

#include "netlink.h"
#include "verdict.h"

static const struct tiscsi_nl_address peer_keys = {
	TCM_ISCSI_A_LOGIN_PEER_ADDRESS,
	TCM_ISCSI_A_LOGIN_PEER_PORT,
	TCM_ISCSI_A_LOGIN_PEER_SCOPE,
};

static const struct tiscsi_nl_address portal_keys = {
	TCM_ISCSI_A_LOGIN_PORTAL_ADDRESS,
	TCM_ISCSI_A_LOGIN_PORTAL_PORT,
	TCM_ISCSI_A_LOGIN_PORTAL_SCOPE,
};

/* Where a dump has come to. */
struct login_cursor {
	u64 from;
	bool begun;
};

/* Longest: two names, a reason of less than 100 bytes and 150 bytes of numbers. */
static int put_login(struct sk_buff *skb, const struct tiscsi_verdict *v)
{
	const int pad = TCM_ISCSI_A_LOGIN_PAD;

	if (nla_put_u64_64bit(skb, TCM_ISCSI_A_LOGIN_NUMBER, v->number, pad) ||
	    nla_put_u64_64bit(skb, TCM_ISCSI_A_LOGIN_TIME, v->time, pad) ||
	    tiscsi_nl_put_address(skb, &peer_keys, &v->peer) ||
	    tiscsi_nl_put_address(skb, &portal_keys, &v->portal) ||
	    (*v->initiator && nla_put_string(skb, TCM_ISCSI_A_LOGIN_INITIATOR, v->initiator)) ||
	    (*v->target && nla_put_string(skb, TCM_ISCSI_A_LOGIN_TARGET, v->target)) ||
	    nla_put_u32(skb, TCM_ISCSI_A_LOGIN_STEP, v->step) ||
	    (v->answered && nla_put_u16(skb, TCM_ISCSI_A_LOGIN_STATUS, v->status)) ||
	    (v->reason && nla_put_string(skb, TCM_ISCSI_A_LOGIN_REASON, v->reason)) ||
	    nla_put_u32(skb, TCM_ISCSI_A_LOGIN_TIMES, v->times) ||
	    (v->sid && nla_put_u32(skb, TCM_ISCSI_A_LOGIN_SID, v->sid)))
		return -EMSGSIZE;
	return 0;
}

/*
 * From the oldest on. The ring may overtake a slow reader: then what it has missed is
 * gone, and the dump is marked as interrupted.
 */
int tiscsi_nl_login_get_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct nlattr **attrs = tiscsi_compat_dump_attrs(cb);
	struct net *net = sock_net(cb->skb->sk);
	const u64 cookie = net_eq(net, &init_net) ? 0 : net->net_cookie;
	struct login_cursor *cursor = (void *)cb->ctx;
	struct tiscsi_verdict *v;
	int ret = 0;
	void *hdr;

	BUILD_BUG_ON(sizeof(*cursor) > sizeof(cb->ctx));
	v = kmalloc(sizeof(*v), GFP_KERNEL);
	if (!v)
		return tiscsi_nl_no_memory(cb->extack);
	if (!cursor->begun && attrs[TCM_ISCSI_A_LOGIN_NUMBER])
		cursor->from = nla_get_u64(attrs[TCM_ISCSI_A_LOGIN_NUMBER]);
	cb->seq = 1;
	if (cursor->begun && tiscsi_verdict_lost(cursor->from))
		cb->seq = 2;
	cursor->begun = true;
	while (!ret && tiscsi_verdict_next(cursor->from, cookie, v)) {
		hdr = tiscsi_nl_part(skb, cb, TCM_ISCSI_CMD_LOGIN_GET);
		if (hdr)
			genl_dump_check_consistent(cb, hdr);
		ret = tiscsi_nl_part_end(skb, hdr, hdr && !put_login(skb, v));
		if (!ret)
			cursor->from = v->number + 1;
	}
	kfree(v);
	return skb->len ?: ret;
}
