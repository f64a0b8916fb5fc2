// SPDX-License-Identifier: GPL-2.0
/*
 * The socket to the module. libnl keeps no text of the kernel's extended
 * acknowledgements, so that is read here; it is what the user wants to know.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/netlink.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>

#include "module.h"
#include "netlink.h"

struct run {
	struct channel *channel;
	channel_each each;
	void *arg;
	bool done;
};

/* -- opening -- */

static bool connect_family(struct channel *c)
{
	const int on = 1;

	memset(c, 0, sizeof(*c));
	c->sock = nl_socket_alloc();
	if (!c->sock || genl_connect(c->sock)) {
		channel_close(c);
		return false;
	}
	c->family = genl_ctrl_resolve(c->sock, TCM_ISCSI_FAMILY_NAME);
	if (c->family < 0) {
		channel_close(c);
		return false;
	}
	setsockopt(nl_socket_get_fd(c->sock), SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	return true;
}

/* There is one family on a machine, and it belongs to the fabric that the module provides. */
static bool is_ours(const struct tool *t)
{
	struct modules modules;
	bool ours;

	modules_load(t, &modules);
	ours = modules.provider == &modules.ours;
	modules_free(&modules);
	return ours;
}

bool channel_try(struct tool *t, struct channel *c)
{
	return t->live && is_ours(t) && connect_family(c);
}

enum tool_status channel_open(struct tool *t, struct channel *c)
{
	t->acting = true;
	if (!t->live) {
		complain("only the running kernel can do this%, not the tree of --configfs", "");
		return TOOL_USAGE;
	}
	if (!is_ours(t)) {
		problem_add(t, TCM_ISCSI_FAMILY_NAME, t->fabric ?
			    "the module is not loaded, or provides another fabric; see --fabric" :
			    "the module is not loaded, and iscsi_target_mod cannot do this");
		return TOOL_NOTHING;
	}
	if (!connect_family(c)) {
		problem_add(t, TCM_ISCSI_FAMILY_NAME,
			    "the loaded module is older than this program: it has no netlink family");
		return TOOL_NOTHING;
	}
	return TOOL_OK;
}

void channel_close(struct channel *c)
{
	nl_socket_free(c->sock);
	free(c->text);
	memset(c, 0, sizeof(*c));
}

/* -- requests -- */

static void *check_memory(void *memory)
{
	if (memory)
		return memory;
	complain("out of memory%", "");
	exit(TOOL_SYSTEM);
}

struct nl_msg *channel_request(struct channel *c, int command, int flags)
{
	struct nl_msg *msg = check_memory(nlmsg_alloc());

	check_memory(genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, c->family, 0, flags, command,
				 TCM_ISCSI_FAMILY_VERSION));
	return msg;
}

static void put(struct nl_msg *msg, int type, int len, const void *value)
{
	if (nla_put(msg, type, len, value))
		check_memory(NULL);
}

void put_u8(struct nl_msg *msg, int type, uint8_t value)
{
	put(msg, type, sizeof(value), &value);
}

void put_u16(struct nl_msg *msg, int type, uint16_t value)
{
	put(msg, type, sizeof(value), &value);
}

void put_u32(struct nl_msg *msg, int type, uint32_t value)
{
	put(msg, type, sizeof(value), &value);
}

void put_str(struct nl_msg *msg, int type, const char *value)
{
	put(msg, type, strlen(value) + 1, value);
}

/* -- answers -- */

static void keep_text(struct channel *c, struct nlattr *head, int len)
{
	struct nlattr *attr = nla_find(head, len, NLMSGERR_ATTR_MSG);

	if (attr && !c->text)
		c->text = copy(get_str(attr));
}

static int on_valid(struct nl_msg *msg, void *arg)
{
	struct genlmsghdr *genl = genlmsg_hdr(nlmsg_hdr(msg));
	struct run *run = arg;

	if (run->each)
		run->each(genlmsg_attrdata(genl, 0), genlmsg_attrlen(genl, 0), run->arg);
	return NL_OK;
}

static int on_ack(struct nl_msg *msg, void *arg)
{
	struct run *run = arg;

	(void)msg;
	run->done = true;
	return NL_STOP;
}

/* The end of a dump carries an error, too. */
static int on_finish(struct nl_msg *msg, void *arg)
{
	struct nlmsghdr *hdr = nlmsg_hdr(msg);
	struct run *run = arg;
	const int skip = NLMSG_ALIGN(sizeof(int));

	run->done = true;
	if (nlmsg_datalen(hdr) < (int)sizeof(int))
		return NL_STOP;
	run->channel->error = *(int *)nlmsg_data(hdr);
	if (run->channel->error < 0)
		keep_text(run->channel, nlmsg_attrdata(hdr, skip), nlmsg_attrlen(hdr, skip));
	else
		run->channel->error = 0;
	return NL_STOP;
}

static int on_error(struct sockaddr_nl *from, struct nlmsgerr *err, void *arg)
{
	struct nlmsghdr *hdr = (struct nlmsghdr *)((char *)err - NLMSG_HDRLEN);
	struct run *run = arg;
	int skip = sizeof(*err);

	(void)from;
	run->done = true;
	run->channel->error = err->error;
	if (!(hdr->nlmsg_flags & NLM_F_CAPPED))
		skip += NLMSG_ALIGN(err->msg.nlmsg_len) - NLMSG_HDRLEN;
	if ((hdr->nlmsg_flags & NLM_F_ACK_TLVS) && skip < nlmsg_datalen(hdr))
		keep_text(run->channel, nlmsg_attrdata(hdr, skip), nlmsg_attrlen(hdr, skip));
	return NL_STOP;
}

bool channel_run(struct channel *c, struct nl_msg *msg, channel_each each, void *arg)
{
	struct run run = { .channel = c, .each = each, .arg = arg };
	struct nl_cb *cb = check_memory(nl_cb_alloc(NL_CB_DEFAULT));
	int ret;

	free(c->text);
	c->text = NULL;
	c->error = 0;
	nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, on_valid, &run);
	nl_cb_set(cb, NL_CB_ACK, NL_CB_CUSTOM, on_ack, &run);
	nl_cb_set(cb, NL_CB_FINISH, NL_CB_CUSTOM, on_finish, &run);
	nl_cb_err(cb, NL_CB_CUSTOM, on_error, &run);

	ret = nl_send_auto(c->sock, msg);
	while (ret >= 0 && !run.done)
		ret = nl_recvmsgs(c->sock, cb);
	if (ret < 0 && !c->error) {
		c->error = -EIO;
		c->text = copy(nl_geterror(ret));
	}
	nl_cb_put(cb);
	nlmsg_free(msg);
	return !c->error;
}

enum tool_status channel_refused(struct tool *t, const struct channel *c, const char *object)
{
	const char *text = c->text;

	if (!text)
		text = c->error == -EPERM ? "only root may do this (CAP_NET_ADMIN)" :
					    strerror(-c->error);
	problem_add(t, object, text);
	return TOOL_REFUSED;
}

long long get_number(const struct nlattr *attr, long long missing)
{
	switch (attr ? nla_len(attr) : 0) {
	case 1:
		return nla_get_u8(attr);
	case 2:
		return nla_get_u16(attr);
	case 4:
		return nla_get_u32(attr);
	case 8:
		return (long long)nla_get_u64(attr);
	}
	return missing;
}

const char *get_str(const struct nlattr *attr)
{
	const int len = attr ? nla_len(attr) : 0;

	/* As the kernel writes them; a string without its end is none. */
	return len && !((const char *)nla_data(attr))[len - 1] ? nla_data(attr) : "";
}

void print_str(struct out *o, const char *key, const char *template, const struct nlattr *attr)
{
	out_str(o, key, template, attr ? get_str(attr) : NULL);
}

void print_number(struct out *o, const char *key, const char *template,
		  const struct nlattr *attr)
{
	if (attr)
		out_int(o, key, template, get_number(attr, -1));
	else
		out_null(o, key);
}

char *get_endpoint(const struct nlattr *address, const struct nlattr *port,
		   const struct nlattr *scope)
{
	const int len = address ? nla_len(address) : 0;
	char text[INET6_ADDRSTRLEN], *zone, *endpoint;

	if (len == 4 && inet_ntop(AF_INET, nla_data(address), text, sizeof(text)))
		return join("%s:%lld", text, get_number(port, 0));
	if (len != 16 || !inet_ntop(AF_INET6, nla_data(address), text, sizeof(text)))
		return NULL;
	/* A number: the interface may be in another namespace. */
	zone = scope ? join("%%%lld", get_number(scope, 0)) : copy("");
	endpoint = join("[%s%s]:%lld", text, zone, get_number(port, 0));
	free(zone);
	return endpoint;
}
