// SPDX-License-Identifier: GPL-2.0
/* Statistics of sessions over netlink: how much was done, and where the time went. */
#include <linux/slab.h>

#include "netlink.h"

static const struct tiscsi_nl_keys stats_keys = {
	.target = TCM_ISCSI_A_STATS_TARGET,
	.tag = TCM_ISCSI_A_STATS_TAG,
	.sid = TCM_ISCSI_A_STATS_SID,
};

static u32 latency_kind(enum tiscsi_lat_kind kind)
{
	switch (kind) {
	case TISCSI_LAT_INITIATOR:
		return TCM_ISCSI_LATENCY_KIND_INITIATOR;
	case TISCSI_LAT_NETWORK:
		return TCM_ISCSI_LATENCY_KIND_NETWORK;
	case TISCSI_LAT_BACKEND:
		return TCM_ISCSI_LATENCY_KIND_BACKEND;
	default:
		return TCM_ISCSI_LATENCY_KIND_WINDOW;
	}
}

static int put_latency(struct sk_buff *skb, enum tiscsi_lat_kind kind, const struct tiscsi_lat *lat)
{
	struct nlattr *nest = nla_nest_start(skb, TCM_ISCSI_A_STATS_LATENCY);
	const int pad = TCM_ISCSI_A_LATENCY_PAD;

	if (!nest || nla_put_u32(skb, TCM_ISCSI_A_LATENCY_KIND, latency_kind(kind)) ||
	    nla_put_u64_64bit(skb, TCM_ISCSI_A_LATENCY_SUM, lat->sum, pad) ||
	    nla_put_u64_64bit(skb, TCM_ISCSI_A_LATENCY_LONGEST, lat->longest, pad) ||
	    nla_put_64bit(skb, TCM_ISCSI_A_LATENCY_BUCKETS, sizeof(lat->bucket), lat->bucket, pad))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/* Longest: two names, 250 bytes for each kind of latency, 200 bytes of numbers. */
static int put_stats(struct sk_buff *skb, const struct tiscsi_stats_view *view)
{
	const struct tiscsi_sess_info *info = &view->sess.info;
	const int pad = TCM_ISCSI_A_STATS_PAD;
	int kind;

	if (nla_put_u32(skb, TCM_ISCSI_A_STATS_SID, info->sid) ||
	    nla_put_string(skb, TCM_ISCSI_A_STATS_TARGET, view->sess.target) ||
	    nla_put_u16(skb, TCM_ISCSI_A_STATS_TAG, view->sess.tag) ||
	    nla_put_string(skb, TCM_ISCSI_A_STATS_INITIATOR, info->initiator) ||
	    nla_put_u64_64bit(skb, TCM_ISCSI_A_STATS_TIME, view->now, pad) ||
	    nla_put_u64_64bit(skb, TCM_ISCSI_A_STATS_COMMANDS, info->cmd_pdus, pad) ||
	    nla_put_u64_64bit(skb, TCM_ISCSI_A_STATS_TX_OCTETS, info->tx_octets, pad) ||
	    nla_put_u64_64bit(skb, TCM_ISCSI_A_STATS_RX_OCTETS, info->rx_octets, pad) ||
	    nla_put_u32(skb, TCM_ISCSI_A_STATS_WINDOW, info->window) ||
	    nla_put_u32(skb, TCM_ISCSI_A_STATS_IN_FLIGHT, info->in_flight) ||
	    nla_put_u8(skb, TCM_ISCSI_A_STATS_COLLECTING, view->collecting) ||
	    nla_put_u32(skb, TCM_ISCSI_A_STATS_IDLE, info->idle) ||
	    nla_put_u8(skb, TCM_ISCSI_A_STATS_SENDING, view->sending))
		return -EMSGSIZE;
	for (kind = 0; kind < TISCSI_LAT_KINDS; kind++)
		if (put_latency(skb, kind, &view->lat[kind]))
			return -EMSGSIZE;
	return 0;
}

/* As tiscsi_nl_session_get_dump(). */
int tiscsi_nl_stats_get_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct tiscsi_stats_view *view;
	struct tiscsi_scope scope;
	u32 from = cb->args[0];
	int ret = 0;
	void *hdr;

	view = kmalloc(sizeof(*view), GFP_KERNEL);
	if (!view)
		return tiscsi_nl_no_memory(cb->extack);
	tiscsi_nl_scope(&scope, sock_net(cb->skb->sk), tiscsi_compat_dump_attrs(cb), &stats_keys);
	while (!ret && tiscsi_admin_stats_next(&scope, from, view)) {
		hdr = tiscsi_nl_part(skb, cb, TCM_ISCSI_CMD_STATS_GET);
		ret = tiscsi_nl_part_end(skb, hdr, hdr && !put_stats(skb, view));
		if (!ret)
			from = view->sess.info.sid + 1;
	}
	cb->args[0] = from;
	kfree(view);
	return skb->len ?: ret;
}
