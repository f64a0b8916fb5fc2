// SPDX-License-Identifier: GPL-2.0
/*
 * Portal groups. On the command line the tag may be left out where a target has
 * only one group, which is nearly always.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "group.h"
#include "text.h"

bool group_parse(const char *text, struct group *group)
{
	const char *slash = strrchr(text, '/');
	const char *tag = slash ? slash + 1 : NULL;

	group->tag = -1;
	if (tag) {
		text_prefix(tag, "tpgt_", &tag);
		if (slash == text || !text_number(tag, 0, 65535, &group->tag)) {
			complain("'%' is not TARGET or TARGET/TPGT", text);
			return false;
		}
	}
	group->target = copy(text);
	if (slash)
		group->target[slash - text] = '\0';
	return true;
}

void group_free(struct group *group)
{
	free(group->target);
	group->target = NULL;
}

char *group_name(const struct group *group)
{
	return group->tag < 0 ? copy(group->target) :
				join("%s/%lld", group->target, group->tag);
}

struct nl_msg *group_request(struct channel *c, int command, int flags,
			     const struct group *group)
{
	struct nl_msg *msg = channel_request(c, command, flags);

	put_str(msg, TCM_ISCSI_A_TPG_TARGET, group->target);
	if (group->tag >= 0)
		put_u16(msg, TCM_ISCSI_A_TPG_TAG, group->tag);
	return msg;
}

/* -- which -- */

struct tags {
	long long first;
	size_t count;
	char *list;
};

static void collect(struct nlattr *head, int len, void *arg)
{
	struct nlattr *attr = nla_find(head, len, TCM_ISCSI_A_TPG_TAG);
	const long long tag = get_number(attr, -1);
	struct tags *tags = arg;
	char *list;

	if (!tags->count++)
		tags->first = tag;
	list = tags->list ? join("%s, %lld", tags->list, tag) : join("%lld", tag);
	free(tags->list);
	tags->list = list;
}

enum tool_status group_resolve(struct tool *t, struct channel *c, struct group *group)
{
	struct tags tags = { 0 };
	char *name = group_name(group), *text;
	enum tool_status status = TOOL_OK;

	if (!channel_run(c, group_request(c, TCM_ISCSI_CMD_TPG_GET, NLM_F_DUMP, group), collect,
			 &tags)) {
		status = channel_refused(t, c, name);
	} else if (!tags.count) {
		problem_add(t, name, "no such portal group");
		status = TOOL_REFUSED;
	} else if (tags.count > 1) {
		text = join("has portal groups %s; say which, as in TARGET/%lld", tags.list,
			    tags.first);
		problem_add(t, name, text);
		free(text);
		status = TOOL_REFUSED;
	}
	group->tag = tags.first;
	free(tags.list);
	free(name);
	return status;
}

/* -- showing -- */

struct print {
	struct out *out;
	bool redirected;
	size_t shown;
};

static const char *kind_name(long long kind)
{
	switch (kind) {
	case TCM_ISCSI_REDIRECT_KIND_NONE:
		return "none";
	case TCM_ISCSI_REDIRECT_KIND_TEMPORARY:
		return "temporary";
	case TCM_ISCSI_REDIRECT_KIND_PERMANENT:
		return "permanent";
	}
	return "unknown";
}

static void print_redirect(struct out *o, struct nlattr *redirect)
{
	struct nlattr *attr = redirect ? nla_find(nla_data(redirect), nla_len(redirect),
						  TCM_ISCSI_A_REDIRECT_KIND) : NULL;
	const long long kind = get_number(attr, TCM_ISCSI_REDIRECT_KIND_NONE);
	int rest;

	out_object(o, "redirect");
	if (kind)
		out_str(o, "kind", ": logins are redirected (%) to", kind_name(kind));
	else
		out_str(o, "kind", ": logins are served", kind_name(kind));
	out_array(o, "addresses");
	if (redirect)
		nla_for_each_nested(attr, redirect, rest)
			if (nla_type(attr) == TCM_ISCSI_A_REDIRECT_ADDRESS)
				out_str(o, "", " %", get_str(attr));
	out_end(o);
	out_end(o);
}

static bool is_redirected(struct nlattr *redirect)
{
	return redirect && get_number(nla_find(nla_data(redirect), nla_len(redirect),
					       TCM_ISCSI_A_REDIRECT_KIND), 0);
}

static void print_one(struct nlattr *head, int len, void *arg)
{
	struct nlattr *attr[TCM_ISCSI_A_TPG_MAX + 1];
	struct print *print = arg;
	struct out *o = print->out;

	if (nla_parse(attr, TCM_ISCSI_A_TPG_MAX, head, len, NULL))
		return;
	if (print->redirected && !o->json && !is_redirected(attr[TCM_ISCSI_A_TPG_REDIRECT]))
		return;
	print->shown++;
	out_line(o, 0);
	out_object(o, NULL);
	out_str(o, "wwn", "%", get_str(attr[TCM_ISCSI_A_TPG_TARGET]));
	out_int(o, "tpgt", " tpgt_%", get_number(attr[TCM_ISCSI_A_TPG_TAG], -1));
	out_bool(o, "enable", get_number(attr[TCM_ISCSI_A_TPG_ENABLED], -1), "", " (disabled)", "");
	print_redirect(o, attr[TCM_ISCSI_A_TPG_REDIRECT]);
	out_bool(o, "async_events", get_number(attr[TCM_ISCSI_A_TPG_ASYNC_EVENTS], -1),
		 ", asynchronous events on", "", "");
	out_bool(o, "draining", get_number(attr[TCM_ISCSI_A_TPG_DRAINING], -1),
		 ", being drained", "", "");
	out_int(o, "sessions", ", % sessions", get_number(attr[TCM_ISCSI_A_TPG_SESSIONS], 0));
	out_end(o);
}

enum tool_status group_print(struct tool *t, struct channel *c, const struct group *group,
			     bool redirected)
{
	struct print print = { .out = &t->out, .redirected = redirected };
	struct nl_msg *msg;
	bool good;

	if (group)
		msg = group_request(c, TCM_ISCSI_CMD_TPG_GET, NLM_F_ACK, group);
	else
		msg = channel_request(c, TCM_ISCSI_CMD_TPG_GET, NLM_F_DUMP);
	out_array(&t->out, "groups");
	good = channel_run(c, msg, print_one, &print);
	out_end(&t->out);
	if (!good)
		return channel_refused(t, c, group ? group->target : TCM_ISCSI_FAMILY_NAME);
	if (!print.shown && !t->out.json) {
		out_line(&t->out, 0);
		out_text(&t->out, "no logins are redirected");
	}
	return TOOL_OK;
}
