// SPDX-License-Identifier: GPL-2.0
/* tcm-iscsi portals: where logins come in, in every network namespace. */
#include <stdlib.h>

#include "netlink.h"
#include "table.h"

static const char *const head[] = {
	"PORTAL", "TARGET", "TPGT", "GROUP", "LOGINS", "EVICTED", "REFUSED", "NETNS",
};

static void print_portal(struct nlattr *data, int len, void *arg)
{
	struct nlattr *attr[TCM_ISCSI_A_PORTAL_MAX + 1];
	struct table *table = arg;
	long long enabled;
	char *portal;

	if (nla_parse(attr, TCM_ISCSI_A_PORTAL_MAX, data, len, NULL))
		return;
	portal = get_endpoint(attr[TCM_ISCSI_A_PORTAL_ADDRESS], attr[TCM_ISCSI_A_PORTAL_PORT],
			      attr[TCM_ISCSI_A_PORTAL_SCOPE]);
	enabled = get_number(attr[TCM_ISCSI_A_PORTAL_ENABLED], -1);
	table_row(table);
	table_str(table, "portal", portal);
	table_str(table, "wwn", get_str(attr[TCM_ISCSI_A_PORTAL_TARGET]));
	table_int(table, "tpgt", get_number(attr[TCM_ISCSI_A_PORTAL_TAG], -1));
	out_bool(table->out, "enable", enabled, NULL, NULL, NULL);
	table_str(table, NULL, enabled ? "enabled" : "disabled");
	table_int(table, "logins", get_number(attr[TCM_ISCSI_A_PORTAL_LOGINS], -1));
	table_int(table, "evicted", get_number(attr[TCM_ISCSI_A_PORTAL_EVICTED], -1));
	table_int(table, "refused", get_number(attr[TCM_ISCSI_A_PORTAL_REFUSED], -1));
	table_int(table, "netns", get_number(attr[TCM_ISCSI_A_PORTAL_NETNS], -1));
	table_row_end(table);
	free(portal);
}

enum tool_status verb_portals(struct tool *t, int argc, char **argv)
{
	enum tool_status status;
	struct channel channel;
	struct table table;

	(void)argc;
	(void)argv;
	status = channel_open(t, &channel);
	if (status)
		return status;
	table_begin(&table, &t->out, "portals", head, ARRAY_SIZE(head));
	if (!channel_run(&channel,
			 channel_request(&channel, TCM_ISCSI_CMD_PORTAL_GET, NLM_F_DUMP),
			 print_portal, &table))
		status = channel_refused(t, &channel, TCM_ISCSI_FAMILY_NAME);
	table_end(&table, status ? NULL : "no portals");
	channel_close(&channel);
	return status;
}
