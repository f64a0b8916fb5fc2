// SPDX-License-Identifier: GPL-2.0
/*
 * tcm-iscsi metrics: the counters in the text format of Prometheus, for the textfile
 * collector of node_exporter.
 */
#include <stdlib.h>

#include "reading.h"
#include "text.h"

/* A label's value: what is no UTF-8 would make the whole file unreadable. */
static void put_label(FILE *f, const char *name, const char *value)
{
	char *clean = text_utf8(value);
	const char *c;

	fprintf(f, "%s=\"", name);
	for (c = clean ? clean : ""; *c; c++) {
		if (*c == '\n')
			fputs("\\n", f);
		else if (*c == '"' || *c == '\\')
			fprintf(f, "\\%c", *c);
		else
			fputc(*c, f);
	}
	fputc('"', f);
	free(clean);
}

static void put_labels(FILE *f, const struct reading *r)
{
	fprintf(f, "{sid=\"%lld\",", r->sid);
	put_label(f, "target", r->target);
	fprintf(f, ",tpgt=\"%lld\",", r->tag);
	put_label(f, "initiator", r->initiator);
}

static void put_head(FILE *f, const char *name, const char *type, const char *help)
{
	fprintf(f, "# HELP tcm_iscsi_%s %s\n# TYPE tcm_iscsi_%s %s\n", name, help, name, type);
}

static uint64_t commands_of(const struct reading *r)
{
	return r->commands;
}

static uint64_t sent_of(const struct reading *r)
{
	return r->sent;
}

static uint64_t received_of(const struct reading *r)
{
	return r->received;
}

static uint64_t in_flight_of(const struct reading *r)
{
	return r->in_flight;
}

static uint64_t window_of(const struct reading *r)
{
	return r->window;
}

static const struct {
	const char *name;
	const char *type;
	const char *help;
	uint64_t (*value)(const struct reading *r);
} plain[] = {
	{ "session_commands_total", "counter", "SCSI commands received.", commands_of },
	{ "session_sent_bytes_total", "counter", "Bytes of data sent.", sent_of },
	{ "session_received_bytes_total", "counter", "Bytes of data received.", received_of },
	{ "session_commands_in_flight", "gauge", "Commands under way.", in_flight_of },
	{ "session_window_commands", "gauge", "Commands that may be under way.", window_of },
};

static void put_latency(FILE *f, const struct reading *r, size_t kind)
{
	static const char name[] = "tcm_iscsi_session_latency_seconds";
	const struct latency *l = &r->latency[kind];
	uint64_t seen = 0;
	size_t i;

	for (i = 0; i < BUCKETS; i++) {
		seen += l->bucket[i];
		fprintf(f, "%s_bucket", name);
		put_labels(f, r);
		if (i < BUCKETS - 1)
			fprintf(f, ",kind=\"%s\",le=\"%.9g\"} %llu\n", latency_name(kind),
				(double)(UINT64_C(1024) << i) / 1e9,
				(unsigned long long)seen);
		else
			fprintf(f, ",kind=\"%s\",le=\"+Inf\"} %llu\n", latency_name(kind),
				(unsigned long long)seen);
	}
	fprintf(f, "%s_sum", name);
	put_labels(f, r);
	fprintf(f, ",kind=\"%s\"} %.9f\n", latency_name(kind), l->sum / 1e9);
	fprintf(f, "%s_count", name);
	put_labels(f, r);
	fprintf(f, ",kind=\"%s\"} %llu\n", latency_name(kind),
		(unsigned long long)seen);
}

static void put_all(FILE *f, const struct readings *readings)
{
	size_t i, k;

	put_head(f, "sessions", "gauge", "Sessions.");
	fprintf(f, "tcm_iscsi_sessions %zu\n", readings->count);
	for (k = 0; k < ARRAY_SIZE(plain); k++) {
		put_head(f, plain[k].name, plain[k].type, plain[k].help);
		for (i = 0; i < readings->count; i++) {
			fprintf(f, "tcm_iscsi_%s", plain[k].name);
			put_labels(f, &readings->list[i]);
			fprintf(f, "} %llu\n",
				(unsigned long long)plain[k].value(&readings->list[i]));
		}
	}
	put_head(f, "session_latency_seconds", "histogram", "Where the time of commands goes.");
	for (i = 0; i < readings->count; i++)
		for (k = 0; k < KINDS; k++)
			put_latency(f, &readings->list[i], k);
}

enum tool_status verb_metrics(struct tool *t, int argc, char **argv)
{
	struct readings readings;
	enum tool_status status;
	struct channel channel;

	(void)argc;
	(void)argv;
	if (t->out.json) {
		complain("metrics are text; the same as JSON is in '%'", "stats");
		return TOOL_USAGE;
	}
	status = channel_open(t, &channel);
	if (status)
		return status;
	if (readings_load(&channel, 0, &readings)) {
		put_all(t->out.file, &readings);
		readings_free(&readings);
	} else {
		status = channel_refused(t, &channel, TCM_ISCSI_FAMILY_NAME);
	}
	channel_close(&channel);
	return status;
}
