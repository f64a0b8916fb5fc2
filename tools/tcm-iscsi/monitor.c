// SPDX-License-Identifier: GPL-2.0
/*
 * tcm-iscsi monitor: what happens, as it happens. JSON is one object for each line,
 * because there is no end that a document could have.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>

#include "login_step.h"
#include "netlink.h"
#include "seconds.h"
#include "text.h"
#include "when.h"

/* What the kernel keeps for us while the terminal is slow. */
#define BUFFER	1048576

static const char *kind_name(long long kind)
{
	switch (kind) {
	case TCM_ISCSI_EVENT_KIND_LOGIN:
		return "login";
	case TCM_ISCSI_EVENT_KIND_REFUSED:
		return "refused";
	case TCM_ISCSI_EVENT_KIND_LOGOUT:
		return "logout";
	case TCM_ISCSI_EVENT_KIND_LOST:
		return "lost";
	case TCM_ISCSI_EVENT_KIND_TMF:
		return "tmf";
	case TCM_ISCSI_EVENT_KIND_DIGEST_ERROR:
		return "digest-error";
	case TCM_ISCSI_EVENT_KIND_DRAIN:
		return "drain";
	}
	return "unknown";
}

static void print_fields(struct out *o, struct nlattr **attr)
{
	const long long status = get_number(attr[TCM_ISCSI_A_EVENT_STATUS], -1);
	char *when, *peer, *code;

	when = when_text(get_number(attr[TCM_ISCSI_A_EVENT_TIME], 0), o->json);
	peer = get_endpoint(attr[TCM_ISCSI_A_EVENT_PEER_ADDRESS], attr[TCM_ISCSI_A_EVENT_PEER_PORT],
			    attr[TCM_ISCSI_A_EVENT_PEER_SCOPE]);
	code = status < 0 ? NULL : join("%04llx", status);
	out_str(o, "time", "%", when);
	out_str(o, "event", " %", kind_name(get_number(attr[TCM_ISCSI_A_EVENT_KIND], -1)));
	print_str(o, "initiator", " %", attr[TCM_ISCSI_A_EVENT_INITIATOR]);
	out_str(o, "peer", " from %", peer);
	print_str(o, "wwn", " -> %", attr[TCM_ISCSI_A_EVENT_TARGET]);
	print_number(o, "tpgt", " tpgt_%", attr[TCM_ISCSI_A_EVENT_TAG]);
	print_number(o, "sid", ", session %", attr[TCM_ISCSI_A_EVENT_SID]);
	out_str(o, "step", NULL, step_name(get_number(attr[TCM_ISCSI_A_EVENT_STEP], -1)));
	print_str(o, "function", ", %", attr[TCM_ISCSI_A_EVENT_FUNCTION]);
	print_number(o, "lun", " LUN %", attr[TCM_ISCSI_A_EVENT_LUN]);
	print_str(o, "reason", ": %", attr[TCM_ISCSI_A_EVENT_REASON]);
	out_str(o, "status", status > 0 ? " (%)" : NULL, code);
	out_int(o, "lost", NULL, get_number(attr[TCM_ISCSI_A_EVENT_LOST], 0));
	free(when);
	free(peer);
	free(code);
}

static int on_event(struct nl_msg *msg, void *arg)
{
	struct genlmsghdr *genl = genlmsg_hdr(nlmsg_hdr(msg));
	struct nlattr *attr[TCM_ISCSI_A_EVENT_MAX + 1];
	const bool json = *(bool *)arg;
	long long lost;
	struct out o;

	if (genl->cmd != TCM_ISCSI_CMD_EVENT ||
	    nla_parse(attr, TCM_ISCSI_A_EVENT_MAX, genlmsg_attrdata(genl, 0),
		      genlmsg_attrlen(genl, 0), NULL))
		return NL_OK;
	out_begin(&o, stdout, json);
	o.compact = true;
	lost = get_number(attr[TCM_ISCSI_A_EVENT_LOST], 0);
	if (lost) {
		out_line(&o, 0);
		out_int(&o, NULL, "% events were too many to be told", lost);
	}
	out_line(&o, 0);
	print_fields(&o, attr);
	if (out_finish(&o))
		exit(TOOL_SYSTEM);
	return NL_OK;
}

static int no_check(struct nl_msg *msg, void *arg)
{
	(void)msg;
	(void)arg;
	return NL_OK;
}

/* For so many @seconds, 0 for ever. False if the socket is dead. */
static bool listen_for(struct channel *c, long long seconds)
{
	struct pollfd fd = { .fd = nl_socket_get_fd(c->sock), .events = POLLIN };
	const struct timespec start = seconds_now();
	double left = -1;
	int ret;

	for (;;) {
		if (seconds) {
			left = seconds - seconds_since(&start);
			if (left <= 0)
				return true;
		}
		/* A millisecond too late rather than again and again in the last one. */
		ret = poll(&fd, 1, left < 0 ? -1 : (int)(left * 1000) + 1);
		if (ret < 0 && errno != EINTR)
			return false;
		if (ret <= 0)
			continue;
		ret = nl_recvmsgs_default(c->sock);
		/* The kernel had more for us than fits in the socket. */
		if (ret == -NLE_NOMEM)
			complain("events were lost: they came faster than they were read%", "");
		else if (ret < 0 && ret != -NLE_AGAIN)
			return false;
	}
}

static bool join_group(struct channel *c)
{
	const int group = genl_ctrl_resolve_grp(c->sock, TCM_ISCSI_FAMILY_NAME,
						TCM_ISCSI_MCGRP_EVENTS);

	c->error = -EPERM;
	if (group < 0 || nl_socket_add_membership(c->sock, group))
		return false;
	nl_socket_set_buffer_size(c->sock, BUFFER, 0);
	nl_socket_disable_seq_check(c->sock);
	nl_socket_set_nonblocking(c->sock);
	return true;
}

enum tool_status verb_monitor(struct tool *t, int argc, char **argv)
{
	bool json = t->out.json;
	enum tool_status status;
	struct channel channel;
	long long seconds;

	(void)argc;
	(void)argv;
	if (!seconds_or(t, 0, &seconds))
		return TOOL_USAGE;
	status = channel_open(t, &channel);
	if (status)
		return status;
	if (!join_group(&channel)) {
		status = channel_refused(t, &channel, TCM_ISCSI_FAMILY_NAME);
		channel_close(&channel);
		return status;
	}
	out_abandon(&t->out);
	nl_socket_modify_cb(channel.sock, NL_CB_SEQ_CHECK, NL_CB_CUSTOM, no_check, NULL);
	nl_socket_modify_cb(channel.sock, NL_CB_VALID, NL_CB_CUSTOM, on_event, &json);
	if (!listen_for(&channel, seconds)) {
		complain("the module's socket is gone%", "");
		status = TOOL_SYSTEM;
	}
	channel_close(&channel);
	return status;
}
