// SPDX-License-Identifier: GPL-2.0
/* tcm-iscsi stats: how much sessions have done, and where the time went. */
#include <stdlib.h>

#include "ending.h"
#include "reading.h"
#include "table.h"

static const char *const all_head[] = {
	"SID", "INITIATOR", "TARGET", "COMMANDS", "SENT", "RECEIVED", "UNDER WAY", "BACKEND",
	"INITIATOR", "NETWORK", "WINDOW",
};

static const char *const one_head[] = {
	"TIME IN", "COUNT", "AVERAGE", "MEDIAN", "90%", "99%", "LONGEST",
};

/* In the order of the columns. */
static const size_t kinds[KINDS] = {
	TCM_ISCSI_LATENCY_KIND_BACKEND, TCM_ISCSI_LATENCY_KIND_INITIATOR,
	TCM_ISCSI_LATENCY_KIND_NETWORK, TCM_ISCSI_LATENCY_KIND_WINDOW,
};

static char *size_text(uint64_t bytes)
{
	static const char unit[] = "BKMGTPE";
	double value = bytes;
	size_t u = 0;

	for (; value >= 1000; u++)
		value /= 1024;
	return join(u && value < 10 ? "%.1f%c" : "%.0f%c", value, unit[u]);
}

static void print_latencies(struct out *o, const struct reading *r)
{
	const struct latency *latency;
	size_t i, k;

	out_object(o, "latency_ns");
	for (k = 0; k < KINDS; k++) {
		latency = &r->latency[kinds[k]];
		out_object(o, latency_name(kinds[k]));
		out_int(o, "count", NULL, latency_count(latency));
		out_int(o, "sum", NULL, latency->sum);
		out_int(o, "average", NULL, latency_average(latency));
		out_int(o, "median", NULL, latency_quantile(latency, 500));
		out_int(o, "p90", NULL, latency_quantile(latency, 900));
		out_int(o, "p99", NULL, latency_quantile(latency, 990));
		out_int(o, "longest", NULL, latency->longest);
		out_array(o, "buckets");
		for (i = 0; i < BUCKETS; i++)
			out_int(o, "", NULL, latency->bucket[i]);
		out_end(o);
		out_end(o);
	}
	out_end(o);
}

static void cell_and_free(struct table *table, char *text)
{
	table_str(table, NULL, text);
	free(text);
}

/* "average / 99 %" */
static char *pair_text(const struct latency *l)
{
	char *average = latency_text(latency_average(l));
	char *most = latency_text(latency_quantile(l, 990));
	char *pair = latency_count(l) ? join("%s/%s", average, most) : copy("-");

	free(average);
	free(most);
	return pair;
}

static void print_row(struct table *table, const struct reading *r)
{
	struct out *o = table->out;
	size_t k;

	table_row(table);
	table_int(table, "sid", r->sid);
	table_str(table, "initiator", r->initiator);
	table_str(table, "wwn", r->target);
	out_int(o, "tpgt", NULL, r->tag);
	table_int(table, "commands", r->commands);
	out_int(o, "sent", NULL, r->sent);
	out_int(o, "received", NULL, r->received);
	out_int(o, "in_flight", NULL, r->in_flight);
	out_int(o, "window", NULL, r->window);
	out_int(o, "idle_ms", NULL, r->idle);
	cell_and_free(table, size_text(r->sent));
	cell_and_free(table, size_text(r->received));
	cell_and_free(table, join("%lld/%lld", r->in_flight, r->window));
	for (k = 0; k < KINDS; k++)
		cell_and_free(table, pair_text(&r->latency[kinds[k]]));
	print_latencies(o, r);
	table_row_end(table);
}

/* Text only: the JSON of one session is that of all. */
static void print_one(struct out *o, const struct reading *r)
{
	struct table table;
	size_t k;

	out_line(o, 0);
	out_str(o, NULL, "%", r->initiator);
	out_str(o, NULL, " -> %", r->target);
	out_int(o, NULL, " tpgt_%", r->tag);
	out_int(o, NULL, ", session %", r->sid);
	out_int(o, NULL, ": % commands", r->commands);
	out_size(o, NULL, ", % sent", r->sent);
	out_size(o, NULL, ", % received", r->received);
	out_int(o, NULL, ", % commands under way", r->in_flight);
	out_int(o, NULL, ", window %", r->window);
	table_begin(&table, o, NULL, one_head, ARRAY_SIZE(one_head));
	for (k = 0; k < KINDS; k++) {
		const struct latency *l = &r->latency[kinds[k]];

		table_str(&table, NULL, latency_name(kinds[k]));
		table_int(&table, NULL, latency_count(l));
		cell_and_free(&table, latency_text(latency_average(l)));
		cell_and_free(&table, latency_text(latency_quantile(l, 500)));
		cell_and_free(&table, latency_text(latency_quantile(l, 900)));
		cell_and_free(&table, latency_text(latency_quantile(l, 990)));
		cell_and_free(&table, latency_text(l->longest));
	}
	table_end(&table, NULL);
}

static enum tool_status print_readings(struct tool *t, const struct readings *r, long long sid)
{
	struct table table;
	size_t i;

	if (sid && !r->count) {
		char *object = join("session %lld", sid);

		problem_add(t, object, "no such session");
		free(object);
		return TOOL_REFUSED;
	}
	if (sid && !t->out.json) {
		print_one(&t->out, r->list);
		return TOOL_OK;
	}
	table_begin(&table, &t->out, "sessions", all_head, ARRAY_SIZE(all_head));
	for (i = 0; i < r->count; i++)
		print_row(&table, &r->list[i]);
	table_end(&table, "no sessions");
	return TOOL_OK;
}

enum tool_status verb_stats(struct tool *t, int argc, char **argv)
{
	struct readings readings;
	enum tool_status status;
	struct channel channel;
	long long sid = 0;

	if (argc && !ending_sid(argv[0], &sid))
		return TOOL_USAGE;
	status = channel_open(t, &channel);
	if (status)
		return status;
	if (readings_load(&channel, sid, &readings)) {
		status = print_readings(t, &readings, sid);
		readings_free(&readings);
	} else {
		status = channel_refused(t, &channel, TCM_ISCSI_FAMILY_NAME);
	}
	channel_close(&channel);
	return status;
}
