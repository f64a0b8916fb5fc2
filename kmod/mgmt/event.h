/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Events for who listens. A leaf like mgmt.h; the caller may hold mutexes and
 * spinlocks, and is not in an interrupt.
 */
#ifndef TISCSI_EVENT_H
#define TISCSI_EVENT_H

#include <linux/types.h>

#include <uapi/linux/tcm_iscsi.h>

#include "mgmt.h"

struct net;

/* Events of a second beyond this are counted and not told. */
#define TISCSI_EVENTS_PER_SECOND	1000

/**
 * struct tiscsi_event - something that happened
 * @kind: TCM_ISCSI_EVENT_KIND_*
 * @net: network namespace that it happened in; its listeners hear of it, and those in
 *	the initial one, which NULL stands for
 * @peer: address of the initiator, or NULL
 * @initiator: its name, NULL or empty; untrusted
 * @target: name, NULL or empty; untrusted in logins
 * @tag: of the portal group, or -1
 * @sid: number of the session, or 0
 * @step: TCM_ISCSI_LOGIN_STEP_*, or -1
 * @status: what the initiator was told, or -1
 * @reason: in words, or NULL
 * @function: name of the task management function, or NULL
 * @lun: that it is about, or -1
 */
struct tiscsi_event {
	u32 kind;
	struct net *net;
	const struct tiscsi_addr_view *peer;
	const char *initiator;
	const char *target;
	int tag;
	u32 sid;
	int step;
	int status;
	const char *reason;
	const char *function;
	s64 lun;
};

/* Costs next to nothing if nobody listens: ask before an event is put together. */
bool tiscsi_event_wanted(struct net *net);
void tiscsi_event_send(const struct tiscsi_event *ev);

#endif /* TISCSI_EVENT_H */
