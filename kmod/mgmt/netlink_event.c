// SPDX-License-Identifier: GPL-2.0
/*
 * Events over netlink: one multicast group, told in the network namespace that they
 * happened in and in the initial one. Who listens too slowly loses some, and is told so
 * by its socket (ENOBUFS); nobody here waits for a listener.
 */
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/spinlock.h>

#include "event.h"
#include "netlink.h"

/* The only group. */
#define TISCSI_EVENTS_GROUP	0

static const struct tiscsi_nl_address peer_keys = {
	TCM_ISCSI_A_EVENT_PEER_ADDRESS,
	TCM_ISCSI_A_EVENT_PEER_PORT,
	TCM_ISCSI_A_EVENT_PEER_SCOPE,
};

static DEFINE_SPINLOCK(event_lock); /* what follows */
static unsigned long event_second; /* jiffies when it began */
static u32 event_count; /* told in this second */
static u32 event_lost; /* not told since the last that was */

/* Peers make events as fast as they like; listeners are not to drown in them. */
static bool event_admit(u32 *lost)
{
	bool good;

	spin_lock(&event_lock);
	if (!time_in_range(jiffies, event_second, event_second + HZ)) {
		event_second = jiffies;
		event_count = 0;
	}
	good = event_count < TISCSI_EVENTS_PER_SECOND;
	if (good) {
		event_count++;
		*lost = event_lost;
		event_lost = 0;
	} else {
		event_lost++;
	}
	spin_unlock(&event_lock);
	return good;
}

static void event_missed(u32 count)
{
	spin_lock(&event_lock);
	event_lost += count;
	spin_unlock(&event_lock);
}

static int put_name(struct sk_buff *skb, int type, const char *name)
{
	return name && *name ? nla_put_string(skb, type, name) : 0;
}

/* Longest: two names, two texts of less than 100 bytes and 150 bytes of numbers. */
static int put_event(struct sk_buff *skb, const struct tiscsi_event *ev, u32 lost)
{
	const u64 now = ktime_to_ms(ktime_get_real());
	const int pad = TCM_ISCSI_A_EVENT_PAD;

	if (nla_put_u32(skb, TCM_ISCSI_A_EVENT_KIND, ev->kind) ||
	    nla_put_u64_64bit(skb, TCM_ISCSI_A_EVENT_TIME, now, pad) ||
	    (lost && nla_put_u32(skb, TCM_ISCSI_A_EVENT_LOST, lost)) ||
	    (ev->peer && tiscsi_nl_put_address(skb, &peer_keys, ev->peer)) ||
	    put_name(skb, TCM_ISCSI_A_EVENT_INITIATOR, ev->initiator) ||
	    put_name(skb, TCM_ISCSI_A_EVENT_TARGET, ev->target) ||
	    (ev->tag >= 0 && nla_put_u16(skb, TCM_ISCSI_A_EVENT_TAG, ev->tag)) ||
	    (ev->sid && nla_put_u32(skb, TCM_ISCSI_A_EVENT_SID, ev->sid)) ||
	    (ev->step >= 0 && nla_put_u32(skb, TCM_ISCSI_A_EVENT_STEP, ev->step)) ||
	    (ev->status >= 0 && nla_put_u16(skb, TCM_ISCSI_A_EVENT_STATUS, ev->status)) ||
	    put_name(skb, TCM_ISCSI_A_EVENT_REASON, ev->reason) ||
	    put_name(skb, TCM_ISCSI_A_EVENT_FUNCTION, ev->function) ||
	    (ev->lun >= 0 && nla_put_u64_64bit(skb, TCM_ISCSI_A_EVENT_LUN, ev->lun, pad)))
		return -EMSGSIZE;
	return 0;
}

static struct sk_buff *event_message(const struct tiscsi_event *ev, u32 lost)
{
	struct sk_buff *skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_ATOMIC | __GFP_NOWARN);
	void *hdr;

	if (!skb)
		return NULL;
	hdr = genlmsg_put(skb, 0, 0, &tiscsi_nl_family, 0, TCM_ISCSI_CMD_EVENT);
	if (!hdr || put_event(skb, ev, lost)) {
		nlmsg_free(skb);
		return NULL;
	}
	genlmsg_end(skb, hdr);
	return skb;
}

static bool heard_in(struct net *net)
{
	return genl_has_listeners(&tiscsi_nl_family, net, TISCSI_EVENTS_GROUP) > 0;
}

bool tiscsi_event_wanted(struct net *net)
{
	return heard_in(&init_net) || (!net_eq(net, &init_net) && heard_in(net));
}

/* That nobody hears it, or somebody too slowly, is no failure. */
static void event_tell(struct net *net, struct sk_buff *skb)
{
	genlmsg_multicast_netns(&tiscsi_nl_family, net, skb, 0, TISCSI_EVENTS_GROUP, GFP_ATOMIC);
}

void tiscsi_event_send(const struct tiscsi_event *ev)
{
	const bool here = heard_in(&init_net);
	const bool there = ev->net && !net_eq(ev->net, &init_net) && heard_in(ev->net);
	struct sk_buff *skb, *twin = NULL;
	u32 lost;

	if ((!here && !there) || !event_admit(&lost))
		return;
	skb = event_message(ev, lost);
	if (!skb) {
		event_missed(lost + 1);
		return;
	}
	if (here && there)
		twin = skb_clone(skb, GFP_ATOMIC);
	event_tell(here ? &init_net : ev->net, skb);
	if (twin)
		event_tell(ev->net, twin);
}
