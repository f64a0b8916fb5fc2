// SPDX-License-Identifier: GPL-2.0
/*
 * tcm-iscsi top: what sessions are doing, the busiest first, every two seconds in the
 * same place. Where that is no terminal it is printed once.
 */
#include <stdlib.h>

#include "reading.h"
#include "screen.h"
#include "seconds.h"
#include "table.h"

#define INTERVAL	2
#define AROUND		2	/* lines beside those of sessions */

static const char *const head[] = {
	"SID", "INITIATOR", "TARGET", "COMMANDS/s", "SENT/s", "RECEIVED/s", "UNDER WAY",
	"BACKEND", "INITIATOR", "NETWORK", "WINDOW CLOSED",
};

static long long per_second(uint64_t amount, uint64_t ns)
{
	return ns ? (long long)(amount * 1e9 / ns) : 0;
}

static int busier(const void *a, const void *b)
{
	const struct reading *x = a, *y = b;

	if (x->commands != y->commands)
		return x->commands < y->commands ? 1 : -1;
	return x->sid < y->sid ? -1 : x->sid > y->sid;
}

static void average_cell(struct table *table, const struct reading *r, size_t kind)
{
	const uint64_t ns = latency_average(&r->latency[kind]);
	char *key = join("%s_ns", latency_name(kind));
	char *text = latency_text(ns);

	table_form(table, key, ns, text);
	free(key);
	free(text);
}

static void print_row(struct table *table, const struct reading *r)
{
	const uint64_t closed = r->latency[TCM_ISCSI_LATENCY_KIND_WINDOW].sum;
	const long long share = r->time ? (long long)(closed * 100 / r->time) : 0;
	char *text;

	table_row(table);
	table_int(table, "sid", r->sid);
	table_str(table, "initiator", r->initiator);
	table_str(table, "wwn", r->target);
	table_int(table, "commands_per_second", per_second(r->commands, r->time));
	table_int(table, "sent_per_second", per_second(r->sent, r->time));
	table_int(table, "received_per_second", per_second(r->received, r->time));
	text = join("%lld/%lld", r->in_flight, r->window);
	table_form(table, "in_flight", r->in_flight, text);
	free(text);
	out_int(table->out, "window", NULL, r->window);
	average_cell(table, r, TCM_ISCSI_LATENCY_KIND_BACKEND);
	average_cell(table, r, TCM_ISCSI_LATENCY_KIND_INITIATOR);
	average_cell(table, r, TCM_ISCSI_LATENCY_KIND_NETWORK);
	text = join("%lld%%", share);
	table_form(table, "window_closed_percent", share, text);
	free(text);
	table_row_end(table);
}

/*
 * Sessions that began between the two readings come with the next. The busiest that there
 * is room for, below the head of the table and above a line for the cursor; 0: all.
 */
static void print_round(struct out *o, const struct readings *before,
			const struct readings *after, size_t room)
{
	struct reading *rows = alloc((after->count + 1) * sizeof(*rows));
	const struct reading *old;
	struct table table;
	size_t i, count = 0;

	for (i = 0; i < after->count; i++) {
		old = readings_find(before, after->list[i].sid);
		if (old)
			reading_since(&after->list[i], old, &rows[count++]);
	}
	qsort(rows, count, sizeof(*rows), busier);
	if (room && count + AROUND > room)
		count = room > AROUND ? room - AROUND : 1;
	table_begin(&table, o, "sessions", head, ARRAY_SIZE(head));
	for (i = 0; i < count; i++)
		print_row(&table, &rows[i]);
	table_end(&table, "no sessions");
	out_line_end(o);
	fflush(o->file);
	free(rows);
}

/* Until somebody ends it, or after @rounds; below 0: for ever. */
static enum tool_status run_rounds(struct tool *t, struct channel *c, struct screen *screen,
				   long long rounds)
{
	struct readings before = { 0 }, after;
	struct timespec next = seconds_now();
	enum screen_event event;
	bool good, shown = false;

	next.tv_sec += INTERVAL;
	good = readings_load(c, 0, &after);
	while (good && rounds) {
		event = screen_wait(screen, &next);
		if (event == SCREEN_END)
			break;
		if (event == SCREEN_TIME) {
			next = seconds_now();
			next.tv_sec += INTERVAL;
			rounds -= rounds > 0;
			readings_free(&before);
			before = after;
			good = readings_load(c, 0, &after);
		}
		shown |= event == SCREEN_TIME;
		if (good && shown)
			print_round(&t->out, &before, &after, screen_clear(screen));
		if (!screen->is_terminal)
			break;
	}
	readings_free(&before);
	readings_free(&after);
	return good ? TOOL_OK : channel_refused(t, c, TCM_ISCSI_FAMILY_NAME);
}

enum tool_status verb_top(struct tool *t, int argc, char **argv)
{
	enum tool_status status;
	struct channel channel;
	struct screen screen;
	long long seconds;

	(void)argc;
	(void)argv;
	if (!seconds_or(t, 0, &seconds))
		return TOOL_USAGE;
	status = channel_open(t, &channel);
	if (status)
		return status;
	screen_begin(&screen, t->out.file, !t->out.json);
	status = run_rounds(t, &channel, &screen,
			    seconds ? (seconds + INTERVAL - 1) / INTERVAL : -1);
	screen_end(&screen);
	channel_close(&channel);
	return status;
}
