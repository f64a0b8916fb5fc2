// SPDX-License-Identifier: GPL-2.0
/* Portal groups over netlink: what they are, and where their logins go. */
#include <linux/slab.h>

#include "netlink.h"

/* The longest group must fit in a message, or a dump would stop at it. */
#define TPG_MSG_MAX	(nla_total_size(ICORE_NAME_MAX + 1) + \
			 ICORE_REDIRECT_MAX * nla_total_size(ICORE_ADDRESS_MAX + 1) + 128)
#define TPG_MSG_ROOM	3072	/* the least that a message has on any kernel */

static const struct tiscsi_nl_keys tpg_keys = {
	.target = TCM_ISCSI_A_TPG_TARGET,
	.tag = TCM_ISCSI_A_TPG_TAG,
};

/* -- showing -- */

static u32 redirect_kind(const struct icore_redirect *r)
{
	if (!r)
		return TCM_ISCSI_REDIRECT_KIND_NONE;
	return r->status == ICORE_LOGIN_MOVED_PERM ? TCM_ISCSI_REDIRECT_KIND_PERMANENT :
						     TCM_ISCSI_REDIRECT_KIND_TEMPORARY;
}

static int put_redirect(struct sk_buff *skb, const struct icore_redirect *r)
{
	struct nlattr *nest = nla_nest_start(skb, TCM_ISCSI_A_TPG_REDIRECT);
	u32 i;

	if (!nest || nla_put_u32(skb, TCM_ISCSI_A_REDIRECT_KIND, redirect_kind(r)))
		return -EMSGSIZE;
	for (i = 0; r && i < r->count; i++)
		if (nla_put_string(skb, TCM_ISCSI_A_REDIRECT_ADDRESS, r->address[i]))
			return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_tpg(struct sk_buff *skb, const struct tiscsi_pg_view *pg)
{
	BUILD_BUG_ON(TPG_MSG_MAX > TPG_MSG_ROOM);
	if (nla_put_string(skb, TCM_ISCSI_A_TPG_TARGET, pg->target) ||
	    nla_put_u16(skb, TCM_ISCSI_A_TPG_TAG, pg->tag) ||
	    nla_put_u8(skb, TCM_ISCSI_A_TPG_ENABLED, pg->enabled) ||
	    put_redirect(skb, pg->redirect) ||
	    nla_put_u8(skb, TCM_ISCSI_A_TPG_ASYNC_EVENTS, pg->async_events) ||
	    nla_put_u32(skb, TCM_ISCSI_A_TPG_SESSIONS, pg->sessions) ||
	    nla_put_u8(skb, TCM_ISCSI_A_TPG_DRAINING, pg->draining))
		return -EMSGSIZE;
	return 0;
}

/* The walk ends at the first: 1, or what went wrong. */
static int show_one(const struct tiscsi_pg_view *pg, void *arg)
{
	return put_tpg(arg, pg) ?: 1;
}

static bool has_keys(struct genl_info *info)
{
	return tiscsi_nl_has(info, TCM_ISCSI_A_TPG_TARGET, "the target's name is missing") &&
	       tiscsi_nl_has(info, TCM_ISCSI_A_TPG_TAG, "the portal group tag is missing");
}

static int no_such_group(struct genl_info *info)
{
	return tiscsi_nl_fail(info->extack, info->attrs[TCM_ISCSI_A_TPG_TARGET], -ENOENT,
			      "no such portal group");
}

int tiscsi_nl_tpg_get_do(struct sk_buff *skb, struct genl_info *info)
{
	struct tiscsi_pg_cursor cursor = {};
	struct tiscsi_scope scope;
	struct sk_buff *reply;
	void *hdr;
	int ret;

	if (!has_keys(info))
		return -EINVAL;
	reply = tiscsi_nl_reply(info, TCM_ISCSI_CMD_TPG_GET, &hdr);
	if (!reply)
		return tiscsi_nl_no_memory(info->extack);
	tiscsi_nl_scope(&scope, genl_info_net(info), info->attrs, &tpg_keys);
	ret = tiscsi_admin_pgs(&scope, &cursor, show_one, reply);
	if (!ret)
		ret = no_such_group(info);
	return tiscsi_nl_send(info, reply, hdr, min(ret, 0));
}

struct dump {
	struct sk_buff *skb;
	struct netlink_callback *cb;
};

static int show_next(const struct tiscsi_pg_view *pg, void *arg)
{
	struct dump *d = arg;
	void *hdr = tiscsi_nl_part(d->skb, d->cb, TCM_ISCSI_CMD_TPG_GET);

	return tiscsi_nl_part_end(d->skb, hdr, hdr && !put_tpg(d->skb, pg));
}

/* Message by message until one does not fit; the cursor then points at it. */
int tiscsi_nl_tpg_get_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct tiscsi_pg_cursor *cursor = (void *)cb->ctx;
	struct dump d = { .skb = skb, .cb = cb };
	struct tiscsi_scope scope;
	int ret;

	BUILD_BUG_ON(sizeof(*cursor) > sizeof(cb->ctx));
	tiscsi_nl_scope(&scope, sock_net(cb->skb->sk), tiscsi_compat_dump_attrs(cb), &tpg_keys);
	ret = tiscsi_admin_pgs(&scope, cursor, show_next, &d);
	return skb->len ?: ret;
}

/* -- changing -- */

static int add_address(struct icore_redirect *r, const struct nlattr *attr,
		       struct netlink_ext_ack *extack)
{
	const char *why;

	if (r->count == ICORE_REDIRECT_MAX)
		return tiscsi_nl_fail(extack, attr, -E2BIG, "more than 8 addresses");
	why = icore_address_fault(nla_data(attr));
	if (why)
		return tiscsi_nl_fail(extack, attr, -EINVAL, why);
	strscpy(r->address[r->count++], nla_data(attr), sizeof(r->address[0]));
	return 0;
}

static int read_addresses(struct icore_redirect *r, const struct nlattr *nest,
			  struct netlink_ext_ack *extack)
{
	const struct nlattr *attr;
	int rest, ret = 0;

	nla_for_each_nested(attr, nest, rest) {
		if (nla_type(attr) != TCM_ISCSI_A_REDIRECT_ADDRESS)
			continue;
		ret = add_address(r, attr, extack);
		if (ret)
			return ret;
	}
	if (!r->count)
		return tiscsi_nl_fail(extack, nest, -EINVAL,
				      "a redirection needs an address to go to");
	return 0;
}

/* *@out is allocated, or NULL if logins are to be served here. */
static int read_redirect(const struct nlattr *nest, struct netlink_ext_ack *extack,
			 struct icore_redirect **out)
{
	const struct nlattr *kind = nla_find_nested(nest, TCM_ISCSI_A_REDIRECT_KIND);
	struct icore_redirect *r;
	int ret;

	*out = NULL;
	if (!kind)
		return tiscsi_nl_fail(extack, nest, -EINVAL, "the kind of redirection is missing");
	if (nla_get_u32(kind) == TCM_ISCSI_REDIRECT_KIND_NONE) {
		if (nla_find_nested(nest, TCM_ISCSI_A_REDIRECT_ADDRESS))
			return tiscsi_nl_fail(extack, nest, -EINVAL,
					      "addresses without a redirection");
		return 0;
	}
	r = kzalloc(sizeof(*r), GFP_KERNEL);
	if (!r)
		return tiscsi_nl_fail(extack, NULL, -ENOMEM, "no memory for the addresses");
	r->status = nla_get_u32(kind) == TCM_ISCSI_REDIRECT_KIND_PERMANENT ?
		    ICORE_LOGIN_MOVED_PERM : ICORE_LOGIN_MOVED_TEMP;
	ret = read_addresses(r, nest, extack);
	if (ret) {
		kfree(r);
		return ret;
	}
	*out = r;
	return 0;
}

/* All of it is read before any of it counts. */
int tiscsi_nl_tpg_set_do(struct sk_buff *skb, struct genl_info *info)
{
	const struct nlattr *events = info->attrs[TCM_ISCSI_A_TPG_ASYNC_EVENTS];
	const struct nlattr *redirect = info->attrs[TCM_ISCSI_A_TPG_REDIRECT];
	const struct nlattr *draining = info->attrs[TCM_ISCSI_A_TPG_DRAINING];
	struct tiscsi_pg_change change = {
		.set_redirect = redirect,
		.set_async_events = events,
		.async_events = events && nla_get_u8(events),
		.set_draining = draining,
		.draining = draining && nla_get_u8(draining),
	};
	struct tiscsi_scope scope;
	int ret;

	if (!has_keys(info))
		return -EINVAL;
	if (!redirect && !events && !draining)
		return tiscsi_nl_fail(info->extack, NULL, -EINVAL, "nothing to change");
	if (redirect) {
		ret = read_redirect(redirect, info->extack, &change.redirect);
		if (ret)
			return ret;
	}
	tiscsi_nl_scope(&scope, genl_info_net(info), info->attrs, &tpg_keys);
	ret = tiscsi_admin_pg_change(&scope, &change);
	if (!ret)
		return 0;
	kfree(change.redirect);
	return no_such_group(info);
}
