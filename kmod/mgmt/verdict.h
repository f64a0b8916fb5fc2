/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How the latest logins ended. A leaf like mgmt.h: who adds a verdict may hold any
 * mutex, and is not in an interrupt.
 */
#ifndef TISCSI_VERDICT_H
#define TISCSI_VERDICT_H

#include <linux/types.h>

#include <tcm_iscsi/core.h>
#include <uapi/linux/tcm_iscsi.h>

#include "mgmt.h"

/* Verdicts that are kept; together they take 570 KiB. */
#define TISCSI_VERDICTS		1000

/**
 * struct tiscsi_verdict - the end of a login
 * @number: from 1, in order; set by tiscsi_verdict_add(), like the next one
 * @time: of the latest, milliseconds since 1970
 * @net_cookie: of the portal's network namespace
 * @peer: who it was
 * @portal: where
 * @initiator: name, or empty; untrusted
 * @target: name, or empty; untrusted
 * @reason: static text in words, or NULL
 * @answered: @status was sent; else the connection was closed
 * @status: class and detail
 * @step: how far it had come
 * @times: how often in a row the same was refused
 * @sid: the session that it became, or 0
 */
struct tiscsi_verdict {
	u64 number;
	u64 time;
	u64 net_cookie;
	struct tiscsi_addr_view peer;
	struct tiscsi_addr_view portal;
	char initiator[ICORE_NAME_MAX + 1];
	char target[ICORE_NAME_MAX + 1];
	const char *reason;
	bool answered;
	u16 status;
	enum tcm_iscsi_login_step step;
	u32 times;
	u32 sid;
};

void tiscsi_verdict_add(struct tiscsi_verdict *v);
/*
 * tiscsi_verdict_next - copy the oldest verdict from number @from on
 * @net_cookie: of this namespace, 0 for any
 *
 * Return: false if there is none.
 */
bool tiscsi_verdict_next(u64 from, u64 net_cookie, struct tiscsi_verdict *out);
/* Have verdicts from @from on been forgotten? */
bool tiscsi_verdict_lost(u64 from);

int tiscsi_verdict_init(void);
void tiscsi_verdict_exit(void);

#endif /* TISCSI_VERDICT_H */
