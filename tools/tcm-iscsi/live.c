// SPDX-License-Identifier: GPL-2.0
/*
 * Sessions as the module itself tells them: all of them, in the order of their
 * logins, with the same keys that they have when configfs is the source, and more.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "live.h"
#include "netlink.h"

struct live {
	struct out *out;
	size_t printed;
};

enum form { FORM_NUMBER, FORM_BOOL, FORM_DIGEST };

/* In the order in which they are printed. */
static const struct {
	int type;
	const char *name;
	enum form form;
} params[] = {
	{ TCM_ISCSI_A_PARAMETERS_HEADER_DIGEST, "HeaderDigest", FORM_DIGEST },
	{ TCM_ISCSI_A_PARAMETERS_DATA_DIGEST, "DataDigest", FORM_DIGEST },
	{ TCM_ISCSI_A_PARAMETERS_MAX_CONNECTIONS, "MaxConnections", FORM_NUMBER },
	{ TCM_ISCSI_A_PARAMETERS_INITIAL_R2T, "InitialR2T", FORM_BOOL },
	{ TCM_ISCSI_A_PARAMETERS_IMMEDIATE_DATA, "ImmediateData", FORM_BOOL },
	{ TCM_ISCSI_A_PARAMETERS_MRDSL_INITIATOR, "MaxRecvDataSegmentLength", FORM_NUMBER },
	{ TCM_ISCSI_A_PARAMETERS_MRDSL_TARGET, "MaxXmitDataSegmentLength", FORM_NUMBER },
	{ TCM_ISCSI_A_PARAMETERS_MAX_BURST_LENGTH, "MaxBurstLength", FORM_NUMBER },
	{ TCM_ISCSI_A_PARAMETERS_FIRST_BURST_LENGTH, "FirstBurstLength", FORM_NUMBER },
	{ TCM_ISCSI_A_PARAMETERS_DEFAULT_TIME2WAIT, "DefaultTime2Wait", FORM_NUMBER },
	{ TCM_ISCSI_A_PARAMETERS_DEFAULT_TIME2RETAIN, "DefaultTime2Retain", FORM_NUMBER },
	{ TCM_ISCSI_A_PARAMETERS_MAX_OUTSTANDING_R2T, "MaxOutstandingR2T", FORM_NUMBER },
	{ TCM_ISCSI_A_PARAMETERS_DATA_PDU_IN_ORDER, "DataPDUInOrder", FORM_BOOL },
	{ TCM_ISCSI_A_PARAMETERS_DATA_SEQUENCE_IN_ORDER, "DataSequenceInOrder", FORM_BOOL },
	{ TCM_ISCSI_A_PARAMETERS_ERROR_RECOVERY_LEVEL, "ErrorRecoveryLevel", FORM_NUMBER },
	{ TCM_ISCSI_A_PARAMETERS_PROTOCOL_LEVEL, "iSCSIProtocolLevel", FORM_NUMBER },
};

static const char *state_name(long long state)
{
	switch (state) {
	case TCM_ISCSI_SESSION_STATE_STARTING:
		return "STARTING";
	case TCM_ISCSI_SESSION_STATE_LOGGED_IN:
		return "LOGGED_IN";
	case TCM_ISCSI_SESSION_STATE_CLOSING:
		return "CLOSING";
	case TCM_ISCSI_SESSION_STATE_DRAINING:
		return "DRAINING";
	}
	return "UNKNOWN";
}

static void print_param(struct out *o, size_t i, const struct nlattr *attr)
{
	const long long value = get_number(attr, -1);
	char *template = join(" %s=%%", params[i].name);

	if (value < 0)
		out_null(o, params[i].name);
	else if (params[i].form == FORM_NUMBER)
		out_int(o, params[i].name, template, value);
	else if (params[i].form == FORM_DIGEST)
		out_str(o, params[i].name, template, value ? "CRC32C" : "None");
	else if (o->json)
		out_bool(o, params[i].name, !!value, NULL, NULL, NULL);
	else
		out_str(o, NULL, template, value ? "Yes" : "No");
	free(template);
}

static void print_params(struct out *o, struct nlattr *nest)
{
	struct nlattr *attr[TCM_ISCSI_A_PARAMETERS_MAX + 1] = { 0 };
	size_t i;

	if (nest)
		nla_parse_nested(attr, TCM_ISCSI_A_PARAMETERS_MAX, nest, NULL);
	out_line(o, 1);
	out_object(o, "parameters");
	out_text(o, "negotiated:");
	for (i = 0; i < ARRAY_SIZE(params); i++)
		print_param(o, i, attr[params[i].type]);
	out_end(o);
}

/* NULL for what is no address. */
static const char *address_text(const struct nlattr *attr, char text[INET6_ADDRSTRLEN])
{
	const int len = attr ? nla_len(attr) : 0;

	if (len != 4 && len != 16)
		return NULL;
	return inet_ntop(len == 4 ? AF_INET : AF_INET6, nla_data(attr), text, INET6_ADDRSTRLEN);
}

static void print_conn(struct out *o, struct nlattr *nest, const char *state)
{
	struct nlattr *attr[TCM_ISCSI_A_CONNECTION_MAX + 1] = { 0 };
	char text[INET6_ADDRSTRLEN];

	nla_parse_nested(attr, TCM_ISCSI_A_CONNECTION_MAX, nest, NULL);
	out_line(o, 1);
	out_object(o, NULL);
	print_number(o, "cid", "connection %: ", attr[TCM_ISCSI_A_CONNECTION_CID]);
	out_str(o, "address", "%",
		address_text(attr[TCM_ISCSI_A_CONNECTION_PEER_ADDRESS], text));
	print_number(o, "port", " port %", attr[TCM_ISCSI_A_CONNECTION_PEER_PORT]);
	out_str(o, "transport", " %", "TCP");
	out_str(o, "local_address", " at %",
		address_text(attr[TCM_ISCSI_A_CONNECTION_LOCAL_ADDRESS], text));
	print_number(o, "local_port", " port %", attr[TCM_ISCSI_A_CONNECTION_LOCAL_PORT]);
	out_str(o, "state", NULL, state);
	print_number(o, "statsn", NULL, attr[TCM_ISCSI_A_CONNECTION_STATSN]);
	print_number(o, "rsp_pdus", NULL, attr[TCM_ISCSI_A_CONNECTION_RSP_PDUS]);
	print_number(o, "tx_octets", ", % bytes sent", attr[TCM_ISCSI_A_CONNECTION_TX_OCTETS]);
	print_number(o, "rx_octets", ", % received", attr[TCM_ISCSI_A_CONNECTION_RX_OCTETS]);
	print_number(o, "in_flight", ", % commands under way",
		     attr[TCM_ISCSI_A_CONNECTION_IN_FLIGHT]);
	print_number(o, "idle_ms", ", silent for % ms", attr[TCM_ISCSI_A_CONNECTION_IDLE]);
	print_number(o, "age", ", logged in for % s", attr[TCM_ISCSI_A_CONNECTION_AGE]);
	out_end(o);
}

static void print_isid(struct out *o, const struct nlattr *attr)
{
	const uint8_t *isid = attr ? nla_data(attr) : NULL;
	char *text;

	if (!isid || nla_len(attr) != TCM_ISCSI_ISID_LEN) {
		out_null(o, "isid");
		return;
	}
	text = join("%02x%02x%02x%02x%02x%02x", isid[0], isid[1], isid[2], isid[3], isid[4],
		    isid[5]);
	out_str(o, "isid", ", ISID %", text);
	free(text);
}

static void print_head(struct out *o, struct nlattr **attr)
{
	const char *alias = get_str(attr[TCM_ISCSI_A_SESSION_INITIATOR_ALIAS]);

	out_line(o, 0);
	out_object(o, NULL);
	out_str(o, "initiator", "%", get_str(attr[TCM_ISCSI_A_SESSION_INITIATOR]));
	out_str(o, "wwn", " -> %", get_str(attr[TCM_ISCSI_A_SESSION_TARGET]));
	print_number(o, "tpgt", " tpgt_%", attr[TCM_ISCSI_A_SESSION_TAG]);
	out_bool(o, "acl", !get_number(attr[TCM_ISCSI_A_SESSION_DYNAMIC], 0), NULL,
		 ", without ACL", NULL);
	out_line(o, 1);
	out_str(o, "state", "%",
		state_name(get_number(attr[TCM_ISCSI_A_SESSION_STATE], -1)));
	out_str(o, "type", ", %", "Normal");
	print_number(o, "sid", ", session %", attr[TCM_ISCSI_A_SESSION_SID]);
	print_isid(o, attr[TCM_ISCSI_A_SESSION_ISID]);
	print_number(o, "tsih", ", TSIH %", attr[TCM_ISCSI_A_SESSION_TSIH]);
	out_str(o, "alias", *alias ? ", alias \"%\"" : NULL, alias);
	print_number(o, "window", ", window %", attr[TCM_ISCSI_A_SESSION_WINDOW]);
	print_number(o, "exp_cmdsn", NULL, attr[TCM_ISCSI_A_SESSION_EXP_CMDSN]);
	print_number(o, "max_cmdsn", NULL, attr[TCM_ISCSI_A_SESSION_MAX_CMDSN]);
	print_number(o, "cmd_pdus", ", % commands", attr[TCM_ISCSI_A_SESSION_CMD_PDUS]);
	print_number(o, "digest_errors", NULL, attr[TCM_ISCSI_A_SESSION_DIGEST_ERRORS]);
	print_number(o, "timeout_errors", NULL, attr[TCM_ISCSI_A_SESSION_TIMEOUT_ERRORS]);
}

static void print_session(struct nlattr *head, int len, void *arg)
{
	struct nlattr *attr[TCM_ISCSI_A_SESSION_MAX + 1], *conn;
	struct live *live = arg;
	struct out *o = live->out;
	const char *state;
	int rest;

	if (nla_parse(attr, TCM_ISCSI_A_SESSION_MAX, head, len, NULL))
		return;
	live->printed++;
	print_head(o, attr);
	state = state_name(get_number(attr[TCM_ISCSI_A_SESSION_STATE], -1));
	out_array(o, "connections");
	nla_for_each_attr(conn, head, len, rest)
		if (nla_type(conn) == TCM_ISCSI_A_SESSION_CONNECTION)
			print_conn(o, conn, state);
	out_end(o);
	print_params(o, attr[TCM_ISCSI_A_SESSION_PARAMETERS]);
	out_end(o);
}

bool live_sessions(struct tool *t, size_t *printed)
{
	struct live live = { .out = &t->out };
	struct channel channel;
	bool good;

	if (!channel_try(t, &channel))
		return false;
	good = channel_run(&channel,
			   channel_request(&channel, TCM_ISCSI_CMD_SESSION_GET, NLM_F_DUMP),
			   print_session, &live);
	/* What was printed stays; who may not ask gets what configfs shows to everybody. */
	if (!good && (live.printed || channel.error != -EPERM)) {
		channel_refused(t, &channel, TCM_ISCSI_FAMILY_NAME);
		good = true;
	}
	channel_close(&channel);
	*printed = live.printed;
	return good;
}
