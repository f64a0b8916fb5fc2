/* SPDX-License-Identifier: GPL-2.0 */
/* Written by tools/netlink/generate from include/uapi/linux/tcm_iscsi.yaml. */
#ifndef TISCSI_POLICY_H
#define TISCSI_POLICY_H

struct genl_info;
struct genl_ops;
struct netlink_callback;
struct sk_buff;

#define TISCSI_NL_OPS	9

extern const struct genl_ops tiscsi_nl_ops[TISCSI_NL_OPS];

/* netlink.c, and a file for each kind of object */
int tiscsi_nl_tpg_get_do(struct sk_buff *skb, struct genl_info *info);
int tiscsi_nl_tpg_get_dump(struct sk_buff *skb, struct netlink_callback *cb);
int tiscsi_nl_tpg_set_do(struct sk_buff *skb, struct genl_info *info);
int tiscsi_nl_session_get_do(struct sk_buff *skb, struct genl_info *info);
int tiscsi_nl_session_get_dump(struct sk_buff *skb, struct netlink_callback *cb);
int tiscsi_nl_session_close_do(struct sk_buff *skb, struct genl_info *info);
int tiscsi_nl_session_logout_do(struct sk_buff *skb, struct genl_info *info);
int tiscsi_nl_portal_get_dump(struct sk_buff *skb, struct netlink_callback *cb);
int tiscsi_nl_login_get_dump(struct sk_buff *skb, struct netlink_callback *cb);
int tiscsi_nl_stats_get_dump(struct sk_buff *skb, struct netlink_callback *cb);
int tiscsi_nl_stuck_get_dump(struct sk_buff *skb, struct netlink_callback *cb);

#endif /* TISCSI_POLICY_H */
