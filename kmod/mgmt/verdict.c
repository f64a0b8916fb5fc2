// SPDX-License-Identifier: GPL-2.0
/*
 * The latest verdicts on logins, in a ring that is allocated when the module is loaded:
 * whatever strangers do, it costs no memory.
 *
 * An initiator that is refused comes again every few seconds, and would soon be all
 * that the ring holds. So the same refusal of the same peer is counted in the verdict
 * that is there, if that is among the latest few.
 */
#include <linux/ktime.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "verdict.h"

/* Verdicts that a refusal is compared with. */
#define TISCSI_VERDICT_LOOK	8

static DEFINE_SPINLOCK(verdict_lock); /* the ring and what follows */
static struct tiscsi_verdict *verdicts;
static u64 verdict_next = 1; /* number of the next one */
static u32 verdict_slot; /* its place */

/* @back verdicts before the next one. */
static struct tiscsi_verdict *verdict_back(u32 back)
{
	return &verdicts[(verdict_slot + TISCSI_VERDICTS - back) % TISCSI_VERDICTS];
}

static u32 verdict_count(void)
{
	return min_t(u64, verdict_next - 1, TISCSI_VERDICTS);
}

static bool verdict_same(const struct tiscsi_verdict *a, const struct tiscsi_verdict *b)
{
	return a->reason == b->reason && a->status == b->status && a->step == b->step &&
	       a->answered == b->answered && a->net_cookie == b->net_cookie &&
	       a->peer.addr.v6 == b->peer.addr.v6 &&
	       !memcmp(a->peer.addr.addr, b->peer.addr.addr, sizeof(a->peer.addr.addr)) &&
	       a->portal.addr.port == b->portal.addr.port &&
	       !memcmp(a->portal.addr.addr, b->portal.addr.addr, sizeof(a->portal.addr.addr)) &&
	       !strcmp(a->initiator, b->initiator) && !strcmp(a->target, b->target);
}

/* Counts @v in a verdict that is there. */
static bool verdict_again(const struct tiscsi_verdict *v)
{
	const u32 look = min_t(u32, verdict_count(), TISCSI_VERDICT_LOOK);
	struct tiscsi_verdict *old;
	u32 i;

	if (v->answered && v->status == ICORE_LOGIN_SUCCESS)
		return false;
	for (i = 1; i <= look; i++) {
		old = verdict_back(i);
		if (!verdict_same(old, v))
			continue;
		old->times++;
		old->time = v->time;
		old->peer = v->peer;
		return true;
	}
	return false;
}

/**
 * tiscsi_verdict_add - a login ended
 * @v: how; number, time and times are set here
 */
void tiscsi_verdict_add(struct tiscsi_verdict *v)
{
	v->time = ktime_to_ms(ktime_get_real());
	v->times = 1;
	spin_lock(&verdict_lock);
	if (!verdict_again(v)) {
		v->number = verdict_next++;
		verdicts[verdict_slot] = *v;
		verdict_slot = (verdict_slot + 1) % TISCSI_VERDICTS;
	}
	spin_unlock(&verdict_lock);
}

bool tiscsi_verdict_next(u64 from, u64 net_cookie, struct tiscsi_verdict *out)
{
	const struct tiscsi_verdict *v;
	bool found = false;
	u32 i;

	spin_lock(&verdict_lock);
	/* They are numbered without a gap, so the place of @from is known. */
	i = from < verdict_next ? min_t(u64, verdict_next - from, verdict_count()) : 0;
	for (; i && !found; i--) {
		v = verdict_back(i);
		found = !net_cookie || v->net_cookie == net_cookie;
		if (found)
			*out = *v;
	}
	spin_unlock(&verdict_lock);
	return found;
}

bool tiscsi_verdict_lost(u64 from)
{
	bool lost;

	spin_lock(&verdict_lock);
	lost = verdict_next > TISCSI_VERDICTS && from < verdict_next - TISCSI_VERDICTS;
	spin_unlock(&verdict_lock);
	return lost;
}

int tiscsi_verdict_init(void)
{
	verdicts = vzalloc(array_size(TISCSI_VERDICTS, sizeof(*verdicts)));
	return verdicts ? 0 : -ENOMEM;
}

/* No login is left that adds one, and netlink, which reads them, was unregistered. */
void tiscsi_verdict_exit(void)
{
	vfree(verdicts);
}
