// SPDX-License-Identifier: GPL-2.0
/*
 * The generic netlink family tcm_iscsi: what configfs cannot say or ask. New files in
 * configfs would end up in saveconfig.json, and restoring that would fail on the
 * kernel's own target.
 *
 * One name for the family, whatever fabric=NAME says: a module can be loaded only
 * once, so there is never a second family of ours, and a program finds this one
 * without knowing that name. There is no module alias for it: looking for a family
 * needs no privilege, and loading a target does.
 *
 * Permission. Every operation needs CAP_NET_ADMIN in the initial user namespace
 * (GENL_ADMIN_PERM): targets are made in configfs, which belongs to nobody else. To
 * let the root of a user namespace close the sessions of its own network namespace
 * would be possible, and can be granted later; taking it back could not. Which
 * objects a caller reaches depends on its network namespace, see struct tiscsi_scope:
 * a container with the capability but a network of its own does not end other
 * people's sessions.
 *
 * Requests are validated strictly by the tables in policy.c before they come here:
 * known attributes only, right types, bounded. They run one at a time, so nothing in
 * this room needs a lock.
 */
#include <linux/module.h>

#include "mgmt.h"
#include "netlink.h"

_Static_assert(TCM_ISCSI_NAME_MAX == ICORE_NAME_MAX, "limits that the header repeats");
_Static_assert(TCM_ISCSI_ALIAS_MAX == ICORE_ALIAS_MAX, "limits that the header repeats");
_Static_assert(TCM_ISCSI_ADDRESS_MAX == ICORE_ADDRESS_MAX, "limits that the header repeats");
_Static_assert(TCM_ISCSI_REDIRECT_MAX == ICORE_REDIRECT_MAX, "limits that the header repeats");

/* In a namespace: who administers it may listen to what happens at its portals. */
static const struct genl_multicast_group nl_groups[] = {
	{ .name = TCM_ISCSI_MCGRP_EVENTS, .flags = GENL_MCAST_CAP_NET_ADMIN },
};

struct genl_family tiscsi_nl_family __ro_after_init = {
	.name = TCM_ISCSI_FAMILY_NAME,
	.version = TCM_ISCSI_FAMILY_VERSION,
	.netnsok = true,
	.module = THIS_MODULE,
	.ops = tiscsi_nl_ops,
	.n_ops = TISCSI_NL_OPS,
	.mcgrps = nl_groups,
	.n_mcgrps = ARRAY_SIZE(nl_groups),
};

void tiscsi_nl_scope(struct tiscsi_scope *scope, struct net *net, struct nlattr **attrs,
		     const struct tiscsi_nl_keys *keys)
{
	memset(scope, 0, sizeof(*scope));
	scope->tag = -1;
	if (!net_eq(net, &init_net)) {
		scope->net = net;
		scope->net_cookie = net->net_cookie;
	}
	if (attrs[keys->target])
		scope->target = nla_data(attrs[keys->target]);
	if (attrs[keys->tag])
		scope->tag = nla_get_u16(attrs[keys->tag]);
	if (keys->sid && attrs[keys->sid])
		scope->sid = nla_get_u32(attrs[keys->sid]);
}

int tiscsi_nl_fail(struct netlink_ext_ack *extack, const struct nlattr *attr, int err,
		   const char *text)
{
	if (extack) {
		extack->_msg = text;
		NL_SET_BAD_ATTR(extack, attr);
	}
	return err;
}

int tiscsi_nl_no_memory(struct netlink_ext_ack *extack)
{
	return tiscsi_nl_fail(extack, NULL, -ENOMEM, "no memory for the answer");
}

bool tiscsi_nl_has(struct genl_info *info, int type, const char *text)
{
	if (!GENL_REQ_ATTR_CHECK(info, type))
		return true;
	info->extack->_msg = text;
	return false;
}

struct sk_buff *tiscsi_nl_reply(struct genl_info *info, u8 cmd, void **hdr)
{
	struct sk_buff *skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);

	if (!skb)
		return NULL;
	*hdr = genlmsg_put_reply(skb, info, &tiscsi_nl_family, 0, cmd);
	if (*hdr)
		return skb;
	nlmsg_free(skb);
	return NULL;
}

int tiscsi_nl_send(struct genl_info *info, struct sk_buff *skb, void *hdr, int err)
{
	if (err) {
		nlmsg_free(skb);
		if (err == -EMSGSIZE)
			tiscsi_nl_fail(info->extack, NULL, err, "the answer fits in no message");
		return err;
	}
	genlmsg_end(skb, hdr);
	return genlmsg_reply(skb, info);
}

void *tiscsi_nl_part(struct sk_buff *skb, struct netlink_callback *cb, u8 cmd)
{
	return genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq, &tiscsi_nl_family,
			   NLM_F_MULTI, cmd);
}

int tiscsi_nl_part_end(struct sk_buff *skb, void *hdr, bool good)
{
	if (good) {
		genlmsg_end(skb, hdr);
		return 0;
	}
	if (hdr)
		genlmsg_cancel(skb, hdr);
	return -EMSGSIZE;
}

int tiscsi_nl_put_address(struct sk_buff *skb, const struct tiscsi_nl_address *keys,
			  const struct tiscsi_addr_view *view)
{
	if (!view->known)
		return 0;
	if (nla_put(skb, keys->address, view->addr.v6 ? 16 : 4, view->addr.addr) ||
	    nla_put_u16(skb, keys->port, view->addr.port) ||
	    (view->scope && nla_put_u32(skb, keys->scope, view->scope)))
		return -EMSGSIZE;
	return 0;
}

int tiscsi_netlink_init(void)
{
	return genl_register_family(&tiscsi_nl_family);
}

/* A dump that somebody has begun and not ended keeps the module from being unloaded. */
void tiscsi_netlink_exit(void)
{
	genl_unregister_family(&tiscsi_nl_family);
}
