// SPDX-License-Identifier: GPL-2.0
/* Written by tools/netlink/generate from include/uapi/linux/tcm_iscsi.yaml. */
#include <net/genetlink.h>
#include <net/netlink.h>

#include <uapi/linux/tcm_iscsi.h>

#include "policy.h"

static const struct nla_policy tiscsi_nl_redirect_policy[TCM_ISCSI_A_REDIRECT_MAX + 1] = {
	[TCM_ISCSI_A_REDIRECT_KIND] = NLA_POLICY_MAX(NLA_U32, 2),
	[TCM_ISCSI_A_REDIRECT_ADDRESS] = { .type = NLA_NUL_STRING, .len = 259 },
};

static const struct nla_policy tiscsi_nl_tpg_get_policy[TCM_ISCSI_A_TPG_MAX + 1] = {
	[TCM_ISCSI_A_TPG_TARGET] = { .type = NLA_NUL_STRING, .len = 223 },
	[TCM_ISCSI_A_TPG_TAG] = { .type = NLA_U16 },
};

static const struct nla_policy tiscsi_nl_tpg_set_policy[TCM_ISCSI_A_TPG_MAX + 1] = {
	[TCM_ISCSI_A_TPG_TARGET] = { .type = NLA_NUL_STRING, .len = 223 },
	[TCM_ISCSI_A_TPG_TAG] = { .type = NLA_U16 },
	[TCM_ISCSI_A_TPG_REDIRECT] = NLA_POLICY_NESTED(tiscsi_nl_redirect_policy),
	[TCM_ISCSI_A_TPG_ASYNC_EVENTS] = NLA_POLICY_MAX(NLA_U8, 1),
	[TCM_ISCSI_A_TPG_DRAINING] = NLA_POLICY_MAX(NLA_U8, 1),
};

static const struct nla_policy tiscsi_nl_session_get_policy[TCM_ISCSI_A_SESSION_MAX + 1] = {
	[TCM_ISCSI_A_SESSION_SID] = NLA_POLICY_MIN(NLA_U32, 1),
	[TCM_ISCSI_A_SESSION_TARGET] = { .type = NLA_NUL_STRING, .len = 223 },
	[TCM_ISCSI_A_SESSION_TAG] = { .type = NLA_U16 },
};

static const struct nla_policy tiscsi_nl_session_close_policy[TCM_ISCSI_A_SESSION_MAX + 1] = {
	[TCM_ISCSI_A_SESSION_SID] = NLA_POLICY_MIN(NLA_U32, 1),
};

static const struct nla_policy tiscsi_nl_session_logout_policy[TCM_ISCSI_A_SESSION_MAX + 1] = {
	[TCM_ISCSI_A_SESSION_SID] = NLA_POLICY_MIN(NLA_U32, 1),
	[TCM_ISCSI_A_SESSION_SECONDS] = NLA_POLICY_RANGE(NLA_U32, 1, 3600),
};

static const struct nla_policy tiscsi_nl_portal_get_policy[TCM_ISCSI_A_PORTAL_MAX + 1] = {
	[TCM_ISCSI_A_PORTAL_TARGET] = { .type = NLA_NUL_STRING, .len = 223 },
	[TCM_ISCSI_A_PORTAL_TAG] = { .type = NLA_U16 },
};

static const struct nla_policy tiscsi_nl_login_get_policy[TCM_ISCSI_A_LOGIN_MAX + 1] = {
	[TCM_ISCSI_A_LOGIN_NUMBER] = { .type = NLA_U64 },
};

static const struct nla_policy tiscsi_nl_stats_get_policy[TCM_ISCSI_A_STATS_MAX + 1] = {
	[TCM_ISCSI_A_STATS_SID] = NLA_POLICY_MIN(NLA_U32, 1),
	[TCM_ISCSI_A_STATS_TARGET] = { .type = NLA_NUL_STRING, .len = 223 },
	[TCM_ISCSI_A_STATS_TAG] = { .type = NLA_U16 },
};

static const struct nla_policy tiscsi_nl_stuck_get_policy[TCM_ISCSI_A_STUCK_MAX + 1] = {
	[TCM_ISCSI_A_STUCK_SID] = NLA_POLICY_MIN(NLA_U32, 1),
	[TCM_ISCSI_A_STUCK_TARGET] = { .type = NLA_NUL_STRING, .len = 223 },
	[TCM_ISCSI_A_STUCK_TAG] = { .type = NLA_U16 },
	[TCM_ISCSI_A_STUCK_MILLISECONDS] = { .type = NLA_U32 },
};

const struct genl_ops tiscsi_nl_ops[TISCSI_NL_OPS] = {
	{
		.cmd = TCM_ISCSI_CMD_TPG_GET,
		.doit = tiscsi_nl_tpg_get_do,
		.dumpit = tiscsi_nl_tpg_get_dump,
		.policy = tiscsi_nl_tpg_get_policy,
		.maxattr = TCM_ISCSI_A_TPG_MAX,
		.flags = GENL_ADMIN_PERM,
	},
	{
		.cmd = TCM_ISCSI_CMD_TPG_SET,
		.doit = tiscsi_nl_tpg_set_do,
		.policy = tiscsi_nl_tpg_set_policy,
		.maxattr = TCM_ISCSI_A_TPG_MAX,
		.flags = GENL_ADMIN_PERM,
	},
	{
		.cmd = TCM_ISCSI_CMD_SESSION_GET,
		.doit = tiscsi_nl_session_get_do,
		.dumpit = tiscsi_nl_session_get_dump,
		.policy = tiscsi_nl_session_get_policy,
		.maxattr = TCM_ISCSI_A_SESSION_MAX,
		.flags = GENL_ADMIN_PERM,
	},
	{
		.cmd = TCM_ISCSI_CMD_SESSION_CLOSE,
		.doit = tiscsi_nl_session_close_do,
		.policy = tiscsi_nl_session_close_policy,
		.maxattr = TCM_ISCSI_A_SESSION_MAX,
		.flags = GENL_ADMIN_PERM,
	},
	{
		.cmd = TCM_ISCSI_CMD_SESSION_LOGOUT,
		.doit = tiscsi_nl_session_logout_do,
		.policy = tiscsi_nl_session_logout_policy,
		.maxattr = TCM_ISCSI_A_SESSION_MAX,
		.flags = GENL_ADMIN_PERM,
	},
	{
		.cmd = TCM_ISCSI_CMD_PORTAL_GET,
		.dumpit = tiscsi_nl_portal_get_dump,
		.policy = tiscsi_nl_portal_get_policy,
		.maxattr = TCM_ISCSI_A_PORTAL_MAX,
		.flags = GENL_ADMIN_PERM,
	},
	{
		.cmd = TCM_ISCSI_CMD_LOGIN_GET,
		.dumpit = tiscsi_nl_login_get_dump,
		.policy = tiscsi_nl_login_get_policy,
		.maxattr = TCM_ISCSI_A_LOGIN_MAX,
		.flags = GENL_ADMIN_PERM,
	},
	{
		.cmd = TCM_ISCSI_CMD_STATS_GET,
		.dumpit = tiscsi_nl_stats_get_dump,
		.policy = tiscsi_nl_stats_get_policy,
		.maxattr = TCM_ISCSI_A_STATS_MAX,
		.flags = GENL_ADMIN_PERM,
	},
	{
		.cmd = TCM_ISCSI_CMD_STUCK_GET,
		.dumpit = tiscsi_nl_stuck_get_dump,
		.policy = tiscsi_nl_stuck_get_policy,
		.maxattr = TCM_ISCSI_A_STUCK_MAX,
		.flags = GENL_ADMIN_PERM,
	},
};
