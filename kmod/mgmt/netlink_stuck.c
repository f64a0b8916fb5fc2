// SPDX-License-Identifier: GPL-2.0
/* Commands that their backends have not finished, over netlink. */
#include <linux/slab.h>

#include "netlink.h"

static const struct tiscsi_nl_keys stuck_keys = {
	.target = TCM_ISCSI_A_STUCK_TARGET,
	.tag = TCM_ISCSI_A_STUCK_TAG,
	.sid = TCM_ISCSI_A_STUCK_SID,
};

/* Longest: two names and 100 bytes of numbers. */
static int put_stuck(struct sk_buff *skb, const struct tiscsi_stuck_view *view)
{
	const bool lun = view->lun != TISCSI_ANY_LUN;
	const int pad = TCM_ISCSI_A_STUCK_PAD;

	if (nla_put_u32(skb, TCM_ISCSI_A_STUCK_SID, view->sid) ||
	    nla_put_string(skb, TCM_ISCSI_A_STUCK_TARGET, view->target) ||
	    nla_put_u16(skb, TCM_ISCSI_A_STUCK_TAG, view->tag) ||
	    nla_put_string(skb, TCM_ISCSI_A_STUCK_INITIATOR, view->initiator) ||
	    (lun && nla_put_u64_64bit(skb, TCM_ISCSI_A_STUCK_LUN, view->lun, pad)) ||
	    nla_put_u8(skb, TCM_ISCSI_A_STUCK_OPCODE, view->opcode) ||
	    nla_put_u32(skb, TCM_ISCSI_A_STUCK_ITT, view->itt) ||
	    nla_put_u32(skb, TCM_ISCSI_A_STUCK_MILLISECONDS, view->milliseconds) ||
	    nla_put_u8(skb, TCM_ISCSI_A_STUCK_CLOSED, view->closed))
		return -EMSGSIZE;
	return 0;
}

/* In the order of their sessions: one that is there all the time is shown once. */
int tiscsi_nl_stuck_get_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct nlattr **attrs = tiscsi_compat_dump_attrs(cb);
	const struct nlattr *least = attrs[TCM_ISCSI_A_STUCK_MILLISECONDS];
	struct tiscsi_stuck_cursor *cursor = (void *)cb->ctx, at = *cursor;
	const u32 milliseconds = least ? nla_get_u32(least) : 0;
	struct tiscsi_stuck_view *view;
	struct tiscsi_scope scope;
	int ret = 0;
	void *hdr;

	BUILD_BUG_ON(sizeof(*cursor) > sizeof(cb->ctx));
	view = kmalloc(sizeof(*view), GFP_KERNEL);
	if (!view)
		return tiscsi_nl_no_memory(cb->extack);
	tiscsi_nl_scope(&scope, sock_net(cb->skb->sk), attrs, &stuck_keys);
	while (!ret && tiscsi_admin_stuck_next(&scope, &at, milliseconds, view)) {
		hdr = tiscsi_nl_part(skb, cb, TCM_ISCSI_CMD_STUCK_GET);
		ret = tiscsi_nl_part_end(skb, hdr, hdr && !put_stuck(skb, view));
		if (!ret)
			*cursor = at;
	}
	kfree(view);
	return skb->len ?: ret;
}
