/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Talking to the module over generic netlink: what configfs cannot say or do.
 */
#ifndef NETLINK_H
#define NETLINK_H

#include <netlink/attr.h>
#include <netlink/msg.h>

#include <linux/tcm_iscsi.h>

#include "tool.h"

/**
 * struct channel - a socket to the family
 * @sock: libnl's
 * @family: its number
 * @error: negative errno of the last request, 0 if it was done
 * @text: the kernel's words for it, or NULL
 */
struct channel {
	struct nl_sock *sock;
	int family;
	int error;
	char *text;
};

/* Called with the attributes of an answer. */
typedef void (*channel_each)(struct nlattr *head, int len, void *arg);

/*
 * channel_open - for the verbs that need it: says what is wrong, and returns a status
 * other than TOOL_OK. channel_try: false, without a word.
 */
enum tool_status channel_open(struct tool *t, struct channel *c);
bool channel_try(struct tool *t, struct channel *c);
void channel_close(struct channel *c);

/* A request; @flags is NLM_F_ACK or NLM_F_DUMP. channel_run() sends and frees it. */
struct nl_msg *channel_request(struct channel *c, int command, int flags);
bool channel_run(struct channel *c, struct nl_msg *msg, channel_each each, void *arg);
/* Record that the last request about @object failed. Return: TOOL_REFUSED. */
enum tool_status channel_refused(struct tool *t, const struct channel *c, const char *object);

/* Building requests: memory is there, or we do not return. */
void put_u8(struct nl_msg *msg, int type, uint8_t value);
void put_u16(struct nl_msg *msg, int type, uint16_t value);
void put_u32(struct nl_msg *msg, int type, uint32_t value);
void put_str(struct nl_msg *msg, int type, const char *value);

/* Reading answers: @missing stands for what is not there or has another size. */
long long get_number(const struct nlattr *attr, long long missing);
/* "" for what is not there; lives as long as the message. */
const char *get_str(const struct nlattr *attr);

/* As out_str() and out_int(), of an attribute; what is not there is null, and no text. */
void print_str(struct out *o, const char *key, const char *template, const struct nlattr *attr);
void print_number(struct out *o, const char *key, const char *template,
		  const struct nlattr *attr);

/* "10.0.0.1:3260", "[fe80::1%2]:3260"; allocated, NULL if there is no such address. */
char *get_endpoint(const struct nlattr *address, const struct nlattr *port,
		   const struct nlattr *scope);

#endif /* NETLINK_H */
