/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where the time of commands goes.
 *
 * The connection's I/O thread counts, and nobody else: plain additions, no lock, no
 * atomic. The clock is read a few times per turn of the thread and not per command;
 * what happens between two readings happens at the first. Others read unlocked, and may
 * see the numbers of a moment that differ by a command.
 */
#ifndef TISCSI_LAT_H
#define TISCSI_LAT_H

#include <linux/bitops.h>
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/types.h>

/* Bucket n has what took less than 1024 << n ns, the last one the rest (from 4.3 s on). */
#define TISCSI_LAT_BUCKETS	24
#define TISCSI_LAT_SHIFT	10

enum tiscsi_lat_kind {
	TISCSI_LAT_INITIATOR,	/* a write waits for its data */
	TISCSI_LAT_NETWORK,	/* an answer is ready, until TCP has all of it */
	TISCSI_LAT_BACKEND,	/* target_core and the device have the command */
	TISCSI_LAT_WINDOW,	/* the initiator may send no command */
	TISCSI_LAT_KINDS,
};

/**
 * struct tiscsi_lat - durations of one kind
 * @sum: of all of them, ns
 * @longest: ns
 * @bucket: how many of each magnitude
 */
struct tiscsi_lat {
	u64 sum;
	u64 longest;
	u64 bucket[TISCSI_LAT_BUCKETS];
};

static inline void tiscsi_lat_add(struct tiscsi_lat *lat, u64 ns)
{
	lat->bucket[min_t(u32, fls64(ns >> TISCSI_LAT_SHIFT), TISCSI_LAT_BUCKETS - 1)]++;
	lat->sum += ns;
	if (ns > lat->longest)
		lat->longest = ns;
}

#endif /* TISCSI_LAT_H */
