// SPDX-License-Identifier: GPL-2.0
/* tcm-iscsi logins: who logged in lately, and why others were refused. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "login_step.h"
#include "netlink.h"
#include "table.h"
#include "when.h"

static const char *const head[] = {
	"TIME", "PEER", "INITIATOR", "TARGET", "STEP", "VERDICT",
};

struct logins {
	struct tool *tool;
	struct table table;
};

/* In words; allocated. */
static char *verdict_text(struct nlattr **attr)
{
	const long long status = get_number(attr[TCM_ISCSI_A_LOGIN_STATUS], -1);
	const long long sid = get_number(attr[TCM_ISCSI_A_LOGIN_SID], -1);
	const long long times = get_number(attr[TCM_ISCSI_A_LOGIN_TIMES], 1);
	const char *reason = get_str(attr[TCM_ISCSI_A_LOGIN_REASON]);
	char *code, *often, *text;

	if (!status)
		return sid < 0 ? copy("discovery") : join("session %lld", sid);
	code = status < 0 ? copy("") : join(" (%04llx)", status);
	often = times > 1 ? join(", %lld times", times) : copy("");
	text = join("%s: %s%s%s", status < 0 ? "closed" : "refused", *reason ? reason : "no reason",
		    code, often);
	free(code);
	free(often);
	return text;
}

static const char *or_null(const char *text)
{
	return *text ? text : NULL;
}

static void print_fields(struct table *table, struct nlattr **attr)
{
	const long long status = get_number(attr[TCM_ISCSI_A_LOGIN_STATUS], -1);
	struct out *o = table->out;
	char *portal, *code;

	portal = get_endpoint(attr[TCM_ISCSI_A_LOGIN_PORTAL_ADDRESS],
			      attr[TCM_ISCSI_A_LOGIN_PORTAL_PORT],
			      attr[TCM_ISCSI_A_LOGIN_PORTAL_SCOPE]);
	code = status < 0 ? NULL : join("%04llx", status);
	out_str(o, "portal", NULL, portal);
	out_bool(o, "accepted", !status, NULL, NULL, NULL);
	out_str(o, "status", NULL, code);
	out_str(o, "reason", NULL, or_null(get_str(attr[TCM_ISCSI_A_LOGIN_REASON])));
	out_int(o, "times", NULL, get_number(attr[TCM_ISCSI_A_LOGIN_TIMES], 1));
	print_number(o, "sid", NULL, attr[TCM_ISCSI_A_LOGIN_SID]);
	out_int(o, "number", NULL, get_number(attr[TCM_ISCSI_A_LOGIN_NUMBER], 0));
	free(portal);
	free(code);
}

static void print_login(struct nlattr *data, int len, void *arg)
{
	struct nlattr *attr[TCM_ISCSI_A_LOGIN_MAX + 1];
	struct logins *logins = arg;
	struct table *table = &logins->table;
	char *peer, *text, *when;
	const char *target;

	if (nla_parse(attr, TCM_ISCSI_A_LOGIN_MAX, data, len, NULL))
		return;
	target = get_str(attr[TCM_ISCSI_A_LOGIN_TARGET]);
	if (logins->tool->target && strcasecmp(logins->tool->target, target))
		return;
	peer = get_endpoint(attr[TCM_ISCSI_A_LOGIN_PEER_ADDRESS],
			    attr[TCM_ISCSI_A_LOGIN_PEER_PORT],
			    attr[TCM_ISCSI_A_LOGIN_PEER_SCOPE]);
	text = verdict_text(attr);
	when = when_text(get_number(attr[TCM_ISCSI_A_LOGIN_TIME], 0), table->out->json);
	table_row(table);
	table_str(table, "time", when);
	table_str(table, "peer", peer);
	table_str(table, "initiator", or_null(get_str(attr[TCM_ISCSI_A_LOGIN_INITIATOR])));
	table_str(table, "wwn", or_null(target));
	table_str(table, "step", step_name(get_number(attr[TCM_ISCSI_A_LOGIN_STEP], -1)));
	table_str(table, NULL, text);
	print_fields(table, attr);
	table_row_end(table);
	free(peer);
	free(text);
	free(when);
}

enum tool_status verb_logins(struct tool *t, int argc, char **argv)
{
	struct logins logins = { .tool = t };
	enum tool_status status;
	struct channel channel;

	(void)argc;
	(void)argv;
	status = channel_open(t, &channel);
	if (status)
		return status;
	table_begin(&logins.table, &t->out, "logins", head, ARRAY_SIZE(head));
	if (!channel_run(&channel, channel_request(&channel, TCM_ISCSI_CMD_LOGIN_GET, NLM_F_DUMP),
			 print_login, &logins))
		status = channel_refused(t, &channel, TCM_ISCSI_FAMILY_NAME);
	table_end(&logins.table, status ? NULL : "no logins");
	channel_close(&channel);
	return status;
}
