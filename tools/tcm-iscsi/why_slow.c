// SPDX-License-Identifier: GPL-2.0
/*
 * tcm-iscsi why-slow: what a session waits for. Two readings of its counters, some
 * seconds apart, and what took most of the time between them.
 */
#include <stdlib.h>
#include <unistd.h>

#include "ending.h"
#include "reading.h"
#include "seconds.h"

#define WATCH_SECONDS	5	/* unless told otherwise */

/* Part of the interface: the codes in JSON. */
static const struct {
	const char *code;
	const char *text;
	const char *advice;
} factors[] = {
	{ "idle", "the initiator: it asks for little",
	  "mostly no command was here; look at its queue depth and at the packets' way" },
	{ "backend", "the backend",
	  "look at the backstore's device, its load and its health" },
	{ "initiator", "the initiator: writes wait for their data",
	  "look at its load, the network to here, MaxBurstLength and MaxOutstandingR2T" },
	{ "network", "the network: answers wait to be sent",
	  "initiator or network take data more slowly than it comes from the backend" },
	{ "window", "the window: the initiator may not send more commands at a time",
	  "raise cmdsn_depth of the ACL, or default_cmdsn_depth of the portal group" },
};

enum factor { IDLE, BACKEND, INITIATOR, NETWORK, WINDOW };

static uint64_t sum_of(const struct reading *r, size_t kind)
{
	return r->latency[kind].sum;
}

/* Nothing was finished: what is there, and where is it? */
static enum factor judge_standstill(const struct reading *r)
{
	if (r->sending)
		return NETWORK;
	if (r->collecting)
		return INITIATOR;
	return r->in_flight ? BACKEND : IDLE;
}

/* Of commands, that is: how long the window was closed says nothing of that. */
static bool is_anything_finished(const struct reading *r)
{
	return latency_count(&r->latency[TCM_ISCSI_LATENCY_KIND_BACKEND]) ||
	       latency_count(&r->latency[TCM_ISCSI_LATENCY_KIND_INITIATOR]) ||
	       latency_count(&r->latency[TCM_ISCSI_LATENCY_KIND_NETWORK]);
}

/*
 * The kind of time that commands spent most of. If there was less than half a command
 * at a time, the time is spent elsewhere. A window that was closed for half of the time
 * is what limits, unless the backend is slow: then more commands would only wait there.
 */
static enum factor judge(const struct reading *r)
{
	const uint64_t backend = sum_of(r, TCM_ISCSI_LATENCY_KIND_BACKEND);
	const uint64_t initiator = sum_of(r, TCM_ISCSI_LATENCY_KIND_INITIATOR);
	const uint64_t network = sum_of(r, TCM_ISCSI_LATENCY_KIND_NETWORK);
	const uint64_t closed = sum_of(r, TCM_ISCSI_LATENCY_KIND_WINDOW);
	const uint64_t all = backend + initiator + network;

	if (!is_anything_finished(r))
		return judge_standstill(r);
	if (closed > r->time / 2 && backend < all / 2)
		return WINDOW;
	if (all < r->time / 2)
		return r->in_flight ? judge_standstill(r) : IDLE;
	if (backend >= initiator && backend >= network)
		return BACKEND;
	return initiator >= network ? INITIATOR : NETWORK;
}

static void print_share(struct out *o, const struct reading *r, size_t kind)
{
	const struct latency *l = &r->latency[kind];
	char *average = latency_text(latency_average(l));
	char *template = join("%s %%", latency_name(kind));

	out_line(o, 1);
	out_object(o, latency_name(kind));
	out_int(o, "count", NULL, latency_count(l));
	out_int(o, "average_ns", NULL, latency_average(l));
	out_str(o, NULL, template, average);
	out_int(o, NULL, " on average, % times", latency_count(l));
	out_int(o, "percent", ", in all % % of the time",
		r->time ? (long long)(l->sum * 100 / r->time) : 0);
	out_end(o);
	free(average);
	free(template);
}

static void print_verdict(struct out *o, const struct reading *r)
{
	const enum factor factor = judge(r);
	size_t kind;

	out_line(o, 0);
	out_int(o, "sid", "session %: ", r->sid);
	out_str(o, "factor", NULL, factors[factor].code);
	out_str(o, "text", "limited by %", factors[factor].text);
	out_line(o, 1);
	out_str(o, "advice", "%", factors[factor].advice);
	out_line(o, 1);
	out_int(o, "commands", "% commands", r->commands);
	out_int(o, "milliseconds", " in % ms", r->time / 1000000);
	out_int(o, "in_flight", ", % under way now", r->in_flight);
	out_int(o, "window", ", window %", r->window);
	out_object(o, "time");
	for (kind = 0; kind < KINDS; kind++)
		print_share(o, r, kind);
	out_end(o);
}

static enum tool_status watch(struct tool *t, struct channel *c, long long sid,
			      unsigned int seconds)
{
	struct readings before, after;
	enum tool_status status = TOOL_REFUSED;
	char *object = join("session %lld", sid);
	struct reading change;

	if (!readings_load(c, sid, &before)) {
		status = channel_refused(t, c, object);
		goto out;
	}
	if (before.count)
		sleep(seconds);
	if (!readings_load(c, sid, &after)) {
		status = channel_refused(t, c, object);
		goto out_before;
	}
	if (!before.count || !after.count) {
		problem_add(t, object, before.count ? "it has ended meanwhile" :
						      "no such session");
	} else {
		reading_since(after.list, before.list, &change);
		print_verdict(&t->out, &change);
		status = TOOL_OK;
	}
	readings_free(&after);
out_before:
	readings_free(&before);
out:
	free(object);
	return status;
}

enum tool_status verb_why_slow(struct tool *t, int argc, char **argv)
{
	long long sid, seconds;
	enum tool_status status;
	struct channel channel;

	(void)argc;
	if (!ending_sid(argv[0], &sid) || !seconds_or(t, WATCH_SECONDS, &seconds))
		return TOOL_USAGE;
	status = channel_open(t, &channel);
	if (status)
		return status;
	status = watch(t, &channel, sid, seconds);
	channel_close(&channel);
	return status;
}
