// SPDX-License-Identifier: GPL-2.0
/* The module's statistics of sessions. */
#include <stdlib.h>
#include <string.h>

#include "reading.h"
#include "tool.h"

const char *latency_name(size_t kind)
{
	switch (kind) {
	case TCM_ISCSI_LATENCY_KIND_INITIATOR:
		return "initiator";
	case TCM_ISCSI_LATENCY_KIND_NETWORK:
		return "network";
	case TCM_ISCSI_LATENCY_KIND_BACKEND:
		return "backend";
	default:
		return "window";
	}
}

static uint64_t get_u64(const struct nlattr *attr)
{
	return get_number(attr, 0);
}

static void read_latency(struct nlattr *nest, struct reading *r)
{
	struct nlattr *attr[TCM_ISCSI_A_LATENCY_MAX + 1], *buckets;
	struct latency *latency;
	long long kind;

	if (nla_parse_nested(attr, TCM_ISCSI_A_LATENCY_MAX, nest, NULL))
		return;
	kind = get_number(attr[TCM_ISCSI_A_LATENCY_KIND], -1);
	if (kind < 0 || kind >= KINDS)
		return;
	latency = &r->latency[kind];
	latency->sum = get_u64(attr[TCM_ISCSI_A_LATENCY_SUM]);
	latency->longest = get_u64(attr[TCM_ISCSI_A_LATENCY_LONGEST]);
	buckets = attr[TCM_ISCSI_A_LATENCY_BUCKETS];
	if (buckets && nla_len(buckets) == sizeof(latency->bucket))
		memcpy(latency->bucket, nla_data(buckets), sizeof(latency->bucket));
}

static void add_reading(struct nlattr *head, int len, void *arg)
{
	struct nlattr *attr[TCM_ISCSI_A_STATS_MAX + 1], *nest;
	struct readings *readings = arg;
	struct reading *r;
	int rest;

	if (nla_parse(attr, TCM_ISCSI_A_STATS_MAX, head, len, NULL))
		return;
	readings->list = grow(readings->list, readings->count, sizeof(*readings->list));
	r = &readings->list[readings->count++];
	memset(r, 0, sizeof(*r));
	r->sid = get_number(attr[TCM_ISCSI_A_STATS_SID], 0);
	r->target = copy(get_str(attr[TCM_ISCSI_A_STATS_TARGET]));
	r->tag = get_number(attr[TCM_ISCSI_A_STATS_TAG], 0);
	r->initiator = copy(get_str(attr[TCM_ISCSI_A_STATS_INITIATOR]));
	r->time = get_u64(attr[TCM_ISCSI_A_STATS_TIME]);
	r->commands = get_u64(attr[TCM_ISCSI_A_STATS_COMMANDS]);
	r->sent = get_u64(attr[TCM_ISCSI_A_STATS_TX_OCTETS]);
	r->received = get_u64(attr[TCM_ISCSI_A_STATS_RX_OCTETS]);
	r->window = get_number(attr[TCM_ISCSI_A_STATS_WINDOW], 0);
	r->in_flight = get_number(attr[TCM_ISCSI_A_STATS_IN_FLIGHT], 0);
	r->idle = get_number(attr[TCM_ISCSI_A_STATS_IDLE], 0);
	r->collecting = get_number(attr[TCM_ISCSI_A_STATS_COLLECTING], 0) > 0;
	r->sending = get_number(attr[TCM_ISCSI_A_STATS_SENDING], 0) > 0;
	nla_for_each_attr(nest, head, len, rest)
		if (nla_type(nest) == TCM_ISCSI_A_STATS_LATENCY)
			read_latency(nest, r);
}

bool readings_load(struct channel *c, long long sid, struct readings *r)
{
	struct nl_msg *msg = channel_request(c, TCM_ISCSI_CMD_STATS_GET, NLM_F_DUMP);

	memset(r, 0, sizeof(*r));
	if (sid)
		put_u32(msg, TCM_ISCSI_A_STATS_SID, sid);
	if (channel_run(c, msg, add_reading, r))
		return true;
	readings_free(r);
	return false;
}

void readings_free(struct readings *r)
{
	while (r->count) {
		r->count--;
		free(r->list[r->count].target);
		free(r->list[r->count].initiator);
	}
	free(r->list);
	r->list = NULL;
}

static int by_sid(const void *key, const void *element)
{
	const long long sid = *(const long long *)key;
	const struct reading *r = element;

	return sid < r->sid ? -1 : sid > r->sid;
}

/* The module lists them in the order of their numbers. */
const struct reading *readings_find(const struct readings *r, long long sid)
{
	return r->count ? bsearch(&sid, r->list, r->count, sizeof(*r->list), by_sid) : NULL;
}

/* Counters begin again with a new connection; what is less than before is new. */
static uint64_t since(uint64_t now, uint64_t before)
{
	return now >= before ? now - before : now;
}

void reading_since(const struct reading *now, const struct reading *before, struct reading *out)
{
	size_t kind, i;

	*out = *now;
	if (!before)
		return;
	out->time = since(now->time, before->time);
	out->commands = since(now->commands, before->commands);
	out->sent = since(now->sent, before->sent);
	out->received = since(now->received, before->received);
	for (kind = 0; kind < KINDS; kind++) {
		struct latency *latency = &out->latency[kind];

		latency->sum = since(latency->sum, before->latency[kind].sum);
		for (i = 0; i < BUCKETS; i++)
			latency->bucket[i] = since(latency->bucket[i],
						   before->latency[kind].bucket[i]);
	}
}

uint64_t latency_count(const struct latency *l)
{
	uint64_t count = 0;
	size_t i;

	for (i = 0; i < BUCKETS; i++)
		count += l->bucket[i];
	return count;
}

uint64_t latency_average(const struct latency *l)
{
	const uint64_t count = latency_count(l);

	return count ? l->sum / count : 0;
}

uint64_t latency_quantile(const struct latency *l, unsigned int of_1000)
{
	const uint64_t count = latency_count(l);
	uint64_t seen = 0, limit;
	size_t i;

	for (i = 0; i < BUCKETS - 1; i++) {
		seen += l->bucket[i];
		limit = UINT64_C(1024) << i;
		if (seen * 1000 >= count * of_1000)
			return limit < l->longest ? limit : l->longest;
	}
	return l->longest;
}

char *latency_text(uint64_t ns)
{
	if (!ns)
		return copy("-");
	if (ns < 1000)
		return join("%lluns", (unsigned long long)ns);
	if (ns < 100 * 1000)
		return join("%.1fus", ns / 1e3);
	if (ns < 1000 * 1000)
		return join("%lluus", (unsigned long long)ns / 1000);
	if (ns < UINT64_C(1000000000))
		return join("%.1fms", ns / 1e6);
	return join("%.1fs", ns / 1e9);
}
