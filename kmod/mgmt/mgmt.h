/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The leaf of the management room: counters and log lines that every kernel room
 * may use. Nothing here calls back.
 */
#ifndef TISCSI_MGMT_H
#define TISCSI_MGMT_H

#include <linux/atomic.h>
#include <linux/ratelimit.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#include <tcm_iscsi/core.h>

struct sockaddr_storage;

/**
 * struct tiscsi_addr_view - one end of a connection, or a portal
 * @known: there is a connection
 * @addr: never v4-mapped
 * @scope: interface index of a link-local address, else 0
 */
struct tiscsi_addr_view {
	bool known;
	struct icore_addr addr;
	u32 scope;
};

/* What the ABI calls last_fail_type in iscsi_tgt_attr. */
enum tiscsi_login_fail {
	TISCSI_FAIL_NONE	= 0,
	TISCSI_FAIL_OTHER	= 2,
	TISCSI_FAIL_REDIRECT	= 3,
	TISCSI_FAIL_AUTHORIZE	= 4,
	TISCSI_FAIL_AUTHENTICATE = 5,
	TISCSI_FAIL_NEGOTIATE	= 6,
};

/* What the ABI calls fail_type in iscsi_instance. */
enum tiscsi_sess_fail {
	TISCSI_SESS_FAIL_NONE	= 0,
	TISCSI_SESS_FAIL_DIGEST	= 1,
	TISCSI_SESS_FAIL_TIMEOUT = 2,
	TISCSI_SESS_FAIL_FORMAT	= 3,
};

/**
 * struct tiscsi_target_stats - counters of one target, shown in fabric_statistics
 * @lock: protects everything below; leaf lock, process and softirq context
 */
struct tiscsi_target_stats {
	spinlock_t lock;	/* everything below; leaf */
	u32 login_accepts;
	u32 login_other;
	u32 login_redirects;
	u32 login_authorize;
	u32 login_authenticate;
	u32 login_negotiate;
	u64 last_fail_jiffies;
	enum tiscsi_login_fail last_fail_type;
	char last_fail_name[ICORE_NAME_MAX + 1];
	bool last_fail_v6;
	char last_fail_addr[64];
	u32 logout_normal;
	u32 logout_abnormal;
	u32 sess_digest;
	u32 sess_timeout;
	u32 sess_format;
	enum tiscsi_sess_fail last_sess_fail;
	char last_sess_fail_name[ICORE_NAME_MAX + 1];
};

void tiscsi_stats_init(struct tiscsi_target_stats *st);
void tiscsi_stats_login(struct tiscsi_target_stats *st, enum icore_login_status status,
			const char *initiator, const struct sockaddr_storage *peer);
void tiscsi_stats_session_fail(struct tiscsi_target_stats *st, enum tiscsi_sess_fail why,
			       const char *initiator);
void tiscsi_stats_logout(struct tiscsi_target_stats *st, bool normal);

/*
 * tiscsi_log_peer - one line about something a peer caused: rate-limited (10
 * lines in 5 s for the whole module, then a count of what was left out), every
 * peer-chosen string escaped. NULL or empty strings print as "-".
 */
void tiscsi_log_peer(const char *initiator, const struct sockaddr_storage *peer,
		     const char *target, const char *fmt, ...) __printf(4, 5);

/* -- netlink.c, the top of this room: started and stopped by main.c -- */

int tiscsi_netlink_init(void);
void tiscsi_netlink_exit(void);

#endif /* TISCSI_MGMT_H */
