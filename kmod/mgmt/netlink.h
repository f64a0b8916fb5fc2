/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The generic netlink family: what its files share. The description is
 * include/uapi/linux/tcm_iscsi.yaml; policy.[ch] are written from it.
 */
#ifndef TISCSI_NETLINK_H
#define TISCSI_NETLINK_H

#include <net/genetlink.h>

#include <uapi/linux/tcm_iscsi.h>

#include "policy.h"
#include "../sess/admin.h"

extern struct genl_family tiscsi_nl_family;

/* Numbers of the attributes that a scope is made of; 0 where there is none. */
struct tiscsi_nl_keys {
	int target;
	int tag;
	int sid;
};

/* Numbers of the attributes that an address is made of. */
struct tiscsi_nl_address {
	int address;
	int port;
	int scope;
};

int tiscsi_nl_put_address(struct sk_buff *skb, const struct tiscsi_nl_address *keys,
			  const struct tiscsi_addr_view *view);

/* Who asks, and for what: from the request's namespace and attributes. */
void tiscsi_nl_scope(struct tiscsi_scope *scope, struct net *net, struct nlattr **attrs,
		     const struct tiscsi_nl_keys *keys);

/*
 * Fail a request with a static text for the person at the other end; @attr, or NULL,
 * is the attribute at fault. Return: @err.
 */
int tiscsi_nl_fail(struct netlink_ext_ack *extack, const struct nlattr *attr, int err,
		   const char *text);
/* The same for an answer that there is no memory for. Return: -ENOMEM. */
int tiscsi_nl_no_memory(struct netlink_ext_ack *extack);
/* True if @type is there; else the request has failed with this text. */
bool tiscsi_nl_has(struct genl_info *info, int type, const char *text);

/* A message for one answer, and its way out: frees or sends @skb. */
struct sk_buff *tiscsi_nl_reply(struct genl_info *info, u8 cmd, void **hdr);
int tiscsi_nl_send(struct genl_info *info, struct sk_buff *skb, void *hdr, int err);

/*
 * A message of a dump, begun and ended. part: NULL if there is no room. part_end: takes
 * it back unless @good. Return: 0 or -EMSGSIZE, which ends this part of the dump.
 */
void *tiscsi_nl_part(struct sk_buff *skb, struct netlink_callback *cb, u8 cmd);
int tiscsi_nl_part_end(struct sk_buff *skb, void *hdr, bool good);

#endif /* TISCSI_NETLINK_H */
