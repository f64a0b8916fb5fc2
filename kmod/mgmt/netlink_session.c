// SPDX-License-Identifier: GPL-2.0
/* Sessions over netlink: what they are, and how to be rid of them. */
#include <linux/slab.h>

#include "netlink.h"

static const struct tiscsi_nl_keys session_keys = {
	.target = TCM_ISCSI_A_SESSION_TARGET,
	.tag = TCM_ISCSI_A_SESSION_TAG,
	.sid = TCM_ISCSI_A_SESSION_SID,
};

/* -- showing -- */

static const struct tiscsi_nl_address peer_keys = {
	TCM_ISCSI_A_CONNECTION_PEER_ADDRESS,
	TCM_ISCSI_A_CONNECTION_PEER_PORT,
	TCM_ISCSI_A_CONNECTION_PEER_SCOPE,
};

static const struct tiscsi_nl_address local_keys = {
	TCM_ISCSI_A_CONNECTION_LOCAL_ADDRESS,
	TCM_ISCSI_A_CONNECTION_LOCAL_PORT,
	TCM_ISCSI_A_CONNECTION_LOCAL_SCOPE,
};

static int put_connection(struct sk_buff *skb, const struct tiscsi_sess_view *view)
{
	const int pad = TCM_ISCSI_A_CONNECTION_PAD;
	const struct tiscsi_sess_info *info = &view->info;
	struct nlattr *nest = nla_nest_start(skb, TCM_ISCSI_A_SESSION_CONNECTION);

	if (!nest || nla_put_u16(skb, TCM_ISCSI_A_CONNECTION_CID, info->cid) ||
	    tiscsi_nl_put_address(skb, &peer_keys, &view->peer) ||
	    tiscsi_nl_put_address(skb, &local_keys, &view->local) ||
	    nla_put_u32(skb, TCM_ISCSI_A_CONNECTION_STATSN, info->statsn) ||
	    nla_put_u64_64bit(skb, TCM_ISCSI_A_CONNECTION_RSP_PDUS, info->rsp_pdus, pad) ||
	    nla_put_u64_64bit(skb, TCM_ISCSI_A_CONNECTION_TX_OCTETS, info->tx_octets, pad) ||
	    nla_put_u64_64bit(skb, TCM_ISCSI_A_CONNECTION_RX_OCTETS, info->rx_octets, pad) ||
	    nla_put_u32(skb, TCM_ISCSI_A_CONNECTION_AGE, info->age) ||
	    nla_put_u32(skb, TCM_ISCSI_A_CONNECTION_IDLE, info->idle) ||
	    nla_put_u32(skb, TCM_ISCSI_A_CONNECTION_IN_FLIGHT, info->in_flight))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_parameters(struct sk_buff *skb, const struct icore_params *p)
{
	struct nlattr *nest = nla_nest_start(skb, TCM_ISCSI_A_SESSION_PARAMETERS);

	if (!nest ||
	    nla_put_u8(skb, TCM_ISCSI_A_PARAMETERS_HEADER_DIGEST, p->header_digest) ||
	    nla_put_u8(skb, TCM_ISCSI_A_PARAMETERS_DATA_DIGEST, p->data_digest) ||
	    nla_put_u16(skb, TCM_ISCSI_A_PARAMETERS_MAX_CONNECTIONS, p->max_connections) ||
	    nla_put_u8(skb, TCM_ISCSI_A_PARAMETERS_INITIAL_R2T, p->initial_r2t) ||
	    nla_put_u8(skb, TCM_ISCSI_A_PARAMETERS_IMMEDIATE_DATA, p->immediate_data) ||
	    nla_put_u32(skb, TCM_ISCSI_A_PARAMETERS_MRDSL_TARGET, p->mrdsl_in) ||
	    nla_put_u32(skb, TCM_ISCSI_A_PARAMETERS_MRDSL_INITIATOR, p->mrdsl_out) ||
	    nla_put_u32(skb, TCM_ISCSI_A_PARAMETERS_MAX_BURST_LENGTH, p->max_burst) ||
	    nla_put_u32(skb, TCM_ISCSI_A_PARAMETERS_FIRST_BURST_LENGTH, p->first_burst) ||
	    nla_put_u16(skb, TCM_ISCSI_A_PARAMETERS_DEFAULT_TIME2WAIT, p->time2wait) ||
	    nla_put_u16(skb, TCM_ISCSI_A_PARAMETERS_DEFAULT_TIME2RETAIN, p->time2retain) ||
	    nla_put_u16(skb, TCM_ISCSI_A_PARAMETERS_MAX_OUTSTANDING_R2T, p->max_r2t) ||
	    nla_put_u8(skb, TCM_ISCSI_A_PARAMETERS_DATA_PDU_IN_ORDER, p->pdu_in_order) ||
	    nla_put_u8(skb, TCM_ISCSI_A_PARAMETERS_DATA_SEQUENCE_IN_ORDER, p->seq_in_order) ||
	    nla_put_u8(skb, TCM_ISCSI_A_PARAMETERS_ERROR_RECOVERY_LEVEL, p->erl) ||
	    nla_put_u8(skb, TCM_ISCSI_A_PARAMETERS_PROTOCOL_LEVEL, p->protocol_level) ||
	    nla_put_u8(skb, TCM_ISCSI_A_PARAMETERS_TASK_REPORTING, p->task_reporting))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static u32 state_of(enum tiscsi_sess_phase phase)
{
	switch (phase) {
	case TISCSI_PHASE_STARTING:
		return TCM_ISCSI_SESSION_STATE_STARTING;
	case TISCSI_PHASE_LOGGED_IN:
		return TCM_ISCSI_SESSION_STATE_LOGGED_IN;
	case TISCSI_PHASE_CLOSING:
		return TCM_ISCSI_SESSION_STATE_CLOSING;
	case TISCSI_PHASE_DRAINING:
		break;
	}
	return TCM_ISCSI_SESSION_STATE_DRAINING;
}

/* Longest: two names and an alias of 256 bytes each, 500 bytes of numbers. */
static int put_session(struct sk_buff *skb, const struct tiscsi_sess_view *view)
{
	const struct tiscsi_sess_info *info = &view->info;
	const char *alias = info->initiator_alias;

	if (nla_put_u32(skb, TCM_ISCSI_A_SESSION_SID, info->sid) ||
	    nla_put_string(skb, TCM_ISCSI_A_SESSION_TARGET, view->target) ||
	    nla_put_u16(skb, TCM_ISCSI_A_SESSION_TAG, view->tag) ||
	    nla_put_string(skb, TCM_ISCSI_A_SESSION_INITIATOR, info->initiator) ||
	    (*alias && nla_put_string(skb, TCM_ISCSI_A_SESSION_INITIATOR_ALIAS, alias)) ||
	    nla_put(skb, TCM_ISCSI_A_SESSION_ISID, sizeof(info->isid), info->isid) ||
	    nla_put_u16(skb, TCM_ISCSI_A_SESSION_TSIH, info->tsih) ||
	    nla_put_u32(skb, TCM_ISCSI_A_SESSION_STATE, state_of(view->phase)) ||
	    nla_put_u8(skb, TCM_ISCSI_A_SESSION_DYNAMIC, view->dynamic) ||
	    nla_put_u32(skb, TCM_ISCSI_A_SESSION_WINDOW, info->window) ||
	    nla_put_u32(skb, TCM_ISCSI_A_SESSION_EXP_CMDSN, info->exp_cmdsn) ||
	    nla_put_u32(skb, TCM_ISCSI_A_SESSION_MAX_CMDSN, info->max_cmdsn) ||
	    nla_put_u64_64bit(skb, TCM_ISCSI_A_SESSION_CMD_PDUS, info->cmd_pdus,
			      TCM_ISCSI_A_SESSION_PAD) ||
	    nla_put_u32(skb, TCM_ISCSI_A_SESSION_DIGEST_ERRORS, info->digest_errors) ||
	    nla_put_u32(skb, TCM_ISCSI_A_SESSION_TIMEOUT_ERRORS, info->timeout_errors) ||
	    put_parameters(skb, &info->params) || put_connection(skb, view))
		return -EMSGSIZE;
	return 0;
}

static bool has_sid(struct genl_info *info)
{
	return tiscsi_nl_has(info, TCM_ISCSI_A_SESSION_SID, "the session's number is missing");
}

static int no_such_session(struct genl_info *info)
{
	return tiscsi_nl_fail(info->extack, info->attrs[TCM_ISCSI_A_SESSION_SID], -ENOENT,
			      "no such session");
}

int tiscsi_nl_session_get_do(struct sk_buff *skb, struct genl_info *info)
{
	struct tiscsi_sess_view *view;
	struct tiscsi_scope scope;
	struct sk_buff *reply;
	void *hdr;
	int ret;

	if (!has_sid(info))
		return -EINVAL;
	view = kmalloc(sizeof(*view), GFP_KERNEL);
	if (!view)
		return tiscsi_nl_no_memory(info->extack);
	tiscsi_nl_scope(&scope, genl_info_net(info), info->attrs, &session_keys);
	if (!tiscsi_admin_sess_next(&scope, scope.sid, view)) {
		ret = no_such_session(info);
		goto out;
	}
	reply = tiscsi_nl_reply(info, TCM_ISCSI_CMD_SESSION_GET, &hdr);
	if (reply)
		ret = tiscsi_nl_send(info, reply, hdr, put_session(reply, view));
	else
		ret = tiscsi_nl_no_memory(info->extack);
out:
	kfree(view);
	return ret;
}

/*
 * In the order of their numbers, which is the order of their logins: a session that
 * is there all the time is shown once, and one that begins meanwhile comes last.
 */
int tiscsi_nl_session_get_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct tiscsi_sess_view *view;
	struct tiscsi_scope scope;
	u32 from = cb->args[0];
	int ret = 0;
	void *hdr;

	view = kmalloc(sizeof(*view), GFP_KERNEL);
	if (!view)
		return tiscsi_nl_no_memory(cb->extack);
	tiscsi_nl_scope(&scope, sock_net(cb->skb->sk), tiscsi_compat_dump_attrs(cb),
			&session_keys);
	while (!ret && tiscsi_admin_sess_next(&scope, from, view)) {
		hdr = tiscsi_nl_part(skb, cb, TCM_ISCSI_CMD_SESSION_GET);
		ret = tiscsi_nl_part_end(skb, hdr, hdr && !put_session(skb, view));
		if (!ret)
			from = view->info.sid + 1;
	}
	cb->args[0] = from;
	kfree(view);
	return skb->len ?: ret;
}

/* -- ending -- */

static int ending_failed(struct genl_info *info, int err)
{
	const struct nlattr *sid = info->attrs[TCM_ISCSI_A_SESSION_SID];

	switch (err) {
	case 0:
		return 0;
	case -ENOENT:
		return no_such_session(info);
	case -EALREADY:
		return tiscsi_nl_fail(info->extack, sid, err, "the session is ending already");
	case -ENOTCONN:
		return tiscsi_nl_fail(info->extack, sid, err,
				      "the session has no connection to ask over");
	default:
		return tiscsi_nl_fail(info->extack, sid, err, "the session cannot be asked");
	}
}

int tiscsi_nl_session_close_do(struct sk_buff *skb, struct genl_info *info)
{
	struct tiscsi_scope scope;

	if (!has_sid(info))
		return -EINVAL;
	tiscsi_nl_scope(&scope, genl_info_net(info), info->attrs, &session_keys);
	return ending_failed(info, tiscsi_admin_sess_close(&scope));
}

int tiscsi_nl_session_logout_do(struct sk_buff *skb, struct genl_info *info)
{
	struct tiscsi_scope scope;
	u32 seconds;

	if (!has_sid(info) || !tiscsi_nl_has(info, TCM_ISCSI_A_SESSION_SECONDS,
					     "the time for logging out is missing"))
		return -EINVAL;
	seconds = nla_get_u32(info->attrs[TCM_ISCSI_A_SESSION_SECONDS]);
	tiscsi_nl_scope(&scope, genl_info_net(info), info->attrs, &session_keys);
	return ending_failed(info, tiscsi_admin_sess_logout(&scope, seconds));
}
