/* SPDX-License-Identifier: GPL-2.0 */
/* The module's statistics of sessions, read once or again and again. */
#ifndef READING_H
#define READING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "netlink.h"

#define BUCKETS		24
#define KINDS		4

/* As the kernel counts: bucket n has what took less than 1024 << n ns. */
struct latency {
	uint64_t sum;
	uint64_t longest;
	uint64_t bucket[BUCKETS];
};

/**
 * struct reading - a session
 * @time: ns, to be compared with another reading only
 * @collecting: writes wait for data
 * @sending: something waits for room in the connection
 * @latency: by TCM_ISCSI_LATENCY_KIND_*
 */
struct reading {
	long long sid;
	char *target;
	long long tag;
	char *initiator;
	uint64_t time;
	uint64_t commands;
	uint64_t sent;
	uint64_t received;
	long long window;
	long long in_flight;
	long long idle;
	bool collecting;
	bool sending;
	struct latency latency[KINDS];
};

struct readings {
	struct reading *list;
	size_t count;
};

/* Of session @sid, or of all for 0. False: the channel says why not. */
bool readings_load(struct channel *c, long long sid, struct readings *r);
void readings_free(struct readings *r);
const struct reading *readings_find(const struct readings *r, long long sid);

/* What is in @now and was not in @before, a reading of the same session or NULL. */
void reading_since(const struct reading *now, const struct reading *before, struct reading *out);

/* "backend", as the kinds are called in JSON. */
const char *latency_name(size_t kind);
uint64_t latency_count(const struct latency *l);
uint64_t latency_average(const struct latency *l);
/* So many of 1000 took no longer. */
uint64_t latency_quantile(const struct latency *l, unsigned int of_1000);
/* "17us", "2.4ms"; "-" for nothing. Allocated. */
char *latency_text(uint64_t ns);

#endif /* READING_H */
