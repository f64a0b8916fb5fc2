// SPDX-License-Identifier: GPL-2.0
/*
 * tcm-iscsi drain: take a target out of service, and its initiators with it in good
 * order. New logins are refused from the first step on, so what is left only gets less.
 */
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "group.h"
#include "seconds.h"
#include "text.h"

/* The kernel drops who has not logged out; that takes it up to a tick longer. */
#define GRACE_MS	5000
#define LOOK_MS		100

/* Of a dump, one number from each message: the attribute @type, tags or sids. */
struct numbers {
	int type;
	long long *list;
	size_t count;
};

struct drain {
	struct tool *tool;
	struct channel channel;
	struct group group;
	long long seconds;
	size_t groups;		/* how many the change was made in */
	struct numbers asked;
};

static void collect(struct nlattr *head, int len, void *arg)
{
	struct numbers *n = arg;

	n->list = grow(n->list, n->count, sizeof(*n->list));
	n->list[n->count++] = get_number(nla_find(head, len, n->type), 0);
}

static enum tool_status refused(struct drain *d)
{
	char *name = group_name(&d->group);
	enum tool_status status = channel_refused(d->tool, &d->channel, name);

	free(name);
	return status;
}

/* In one group, or in all of the target. */
static enum tool_status set_draining(struct drain *d, bool on)
{
	struct group one = d->group;
	struct numbers tags = { .type = TCM_ISCSI_A_TPG_TAG };
	enum tool_status status = TOOL_OK;
	struct nl_msg *msg;
	size_t i;

	if (!channel_run(&d->channel, group_request(&d->channel, TCM_ISCSI_CMD_TPG_GET, NLM_F_DUMP,
						    &d->group), collect, &tags)) {
		status = refused(d);
	} else if (!tags.count) {
		char *name = group_name(&d->group);

		problem_add(d->tool, name, "no such portal group");
		status = TOOL_REFUSED;
		free(name);
	}
	for (i = 0; !status && i < tags.count; i++) {
		one.tag = tags.list[i];
		msg = group_request(&d->channel, TCM_ISCSI_CMD_TPG_SET, NLM_F_ACK, &one);
		put_u8(msg, TCM_ISCSI_A_TPG_DRAINING, on);
		if (!channel_run(&d->channel, msg, NULL, NULL))
			status = refused(d);
	}
	d->groups = tags.count;
	free(tags.list);
	return status;
}

static bool load_sessions(struct drain *d, struct numbers *sids)
{
	struct nl_msg *msg = channel_request(&d->channel, TCM_ISCSI_CMD_SESSION_GET, NLM_F_DUMP);

	*sids = (struct numbers){ .type = TCM_ISCSI_A_SESSION_SID };
	put_str(msg, TCM_ISCSI_A_SESSION_TARGET, d->group.target);
	if (d->group.tag >= 0)
		put_u16(msg, TCM_ISCSI_A_SESSION_TAG, d->group.tag);
	return channel_run(&d->channel, msg, collect, sids);
}

/* Those that end meanwhile, or have no connection to be asked over, need not be asked. */
static enum tool_status ask_all(struct drain *d)
{
	struct nl_msg *msg;
	size_t i;

	if (!load_sessions(d, &d->asked))
		return refused(d);
	for (i = 0; i < d->asked.count; i++) {
		msg = channel_request(&d->channel, TCM_ISCSI_CMD_SESSION_LOGOUT, NLM_F_ACK);
		put_u32(msg, TCM_ISCSI_A_SESSION_SID, d->asked.list[i]);
		put_u32(msg, TCM_ISCSI_A_SESSION_SECONDS, d->seconds);
		if (!channel_run(&d->channel, msg, NULL, NULL) && d->channel.error != -ENOENT &&
		    d->channel.error != -EALREADY && d->channel.error != -ENOTCONN)
			return refused(d);
	}
	return TOOL_OK;
}

static void nap(void)
{
	const struct timespec ts = { .tv_nsec = LOOK_MS * 1000000L };

	nanosleep(&ts, NULL);
}

/* A line each time that some are gone. */
static void print_left(struct drain *d, size_t left)
{
	struct out *o = &d->tool->out;

	if (o->json)
		return;
	out_line(o, 0);
	out_int(o, NULL, "% sessions are left", left);
	out_line_end(o);
	fflush(o->file);
}

static enum tool_status wait_for_all(struct drain *d, struct numbers *left)
{
	long long looks = (d->seconds * 1000 + GRACE_MS) / LOOK_MS;
	size_t before = d->asked.count;

	for (;;) {
		if (!load_sessions(d, left))
			return refused(d);
		if (left->count < before)
			print_left(d, left->count);
		before = left->count;
		if (!left->count || !looks--)
			return TOOL_OK;
		free(left->list);
		nap();
	}
}

static enum tool_status report(struct drain *d, const struct numbers *left)
{
	struct out *o = &d->tool->out;
	size_t i;

	out_str(o, "wwn", NULL, d->group.target);
	out_int(o, "groups", NULL, d->groups);
	out_int(o, "asked", NULL, d->asked.count);
	out_array(o, "left");
	for (i = 0; i < left->count; i++) {
		out_line(o, 0);
		out_int(o, "", "session %: its commands have not ended", left->list[i]);
	}
	out_end(o);
	if (!left->count) {
		out_line(o, 0);
		out_str(o, NULL, "%: drained", d->group.target);
		out_int(o, NULL, ", % sessions were asked to log out", d->asked.count);
		return TOOL_OK;
	}
	problem_add(d->tool, d->group.target,
		    "has sessions whose commands do not end: the backend does not answer");
	return TOOL_INCOMPLETE;
}

static enum tool_status drain(struct drain *d)
{
	struct numbers left = { 0 };
	enum tool_status status = set_draining(d, true);

	if (!status)
		status = ask_all(d);
	if (!status)
		status = wait_for_all(d, &left);
	if (!status)
		status = report(d, &left);
	free(left.list);
	free(d->asked.list);
	return status;
}

static enum tool_status serve_again(struct drain *d)
{
	enum tool_status status = set_draining(d, false);

	if (status)
		return status;
	out_line(&d->tool->out, 0);
	out_str(&d->tool->out, "wwn", "%: logins are served", d->group.target);
	out_int(&d->tool->out, "groups", NULL, d->groups);
	return TOOL_OK;
}

enum tool_status verb_drain(struct tool *t, int argc, char **argv)
{
	struct drain d = { .tool = t };
	enum tool_status status;

	(void)argc;
	if (!seconds_option(t, &d.seconds) || !group_parse(argv[0], &d.group))
		return TOOL_USAGE;
	status = channel_open(t, &d.channel);
	if (!status) {
		status = t->options & OPTION_OFF ? serve_again(&d) : drain(&d);
		channel_close(&d.channel);
	}
	group_free(&d.group);
	return status;
}
