// SPDX-License-Identifier: GPL-2.0
/*
 * Counters of a target, as fabric_statistics shows them.
 *
 * Each function takes the lock of the counters, a leaf, and nothing else: it may
 * be called with any other lock held, but not from a hard interrupt. None of it is
 * on the path of a command.
 */
#include <linux/in6.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/socket.h>
#include <linux/string.h>

#include "mgmt.h"

/* What the ABI has where there is no address: %pISc of nothing. */
static const char no_addr[] = "(einval)";

void tiscsi_stats_init(struct tiscsi_target_stats *st)
{
	memset(st, 0, sizeof(*st));
	strscpy(st->last_fail_addr, no_addr, sizeof(st->last_fail_addr));
	spin_lock_init(&st->lock);
}

/* The counter of a failure and what kind it is. */
static u32 *fail_counter(struct tiscsi_target_stats *st, enum icore_login_status status,
			 enum tiscsi_login_fail *type)
{
	switch (status) {
	case ICORE_LOGIN_MOVED_TEMP:
	case ICORE_LOGIN_MOVED_PERM:
		*type = TISCSI_FAIL_REDIRECT;
		return &st->login_redirects;
	case ICORE_LOGIN_AUTH_FAILED:
		*type = TISCSI_FAIL_AUTHENTICATE;
		return &st->login_authenticate;
	case ICORE_LOGIN_FORBIDDEN:
		*type = TISCSI_FAIL_AUTHORIZE;
		return &st->login_authorize;
	case ICORE_LOGIN_INITIATOR_ERROR:
		*type = TISCSI_FAIL_NEGOTIATE;
		return &st->login_negotiate;
	default:
		*type = TISCSI_FAIL_OTHER;
		return &st->login_other;
	}
}

/**
 * tiscsi_stats_login - a login to the target ended
 * @st: counters of the target
 * @status: what the initiator was told
 * @initiator: its name, or NULL
 * @peer: its address, or NULL
 */
void tiscsi_stats_login(struct tiscsi_target_stats *st, enum icore_login_status status,
			const char *initiator, const struct sockaddr_storage *peer)
{
	enum tiscsi_login_fail type;

	spin_lock_bh(&st->lock);
	if (status == ICORE_LOGIN_SUCCESS) {
		st->login_accepts++;
		goto out;
	}

	(*fail_counter(st, status, &type))++;
	st->last_fail_type = type;
	st->last_fail_jiffies = get_jiffies_64();
	strscpy(st->last_fail_name, initiator ? initiator : "", sizeof(st->last_fail_name));
	st->last_fail_v6 = peer && peer->ss_family == AF_INET6;
	if (peer)
		snprintf(st->last_fail_addr, sizeof(st->last_fail_addr), "%pISc", peer);
	else
		strscpy(st->last_fail_addr, no_addr, sizeof(st->last_fail_addr));
out:
	spin_unlock_bh(&st->lock);
}

/**
 * tiscsi_stats_session_fail - a session ended because of an error
 * @st: counters of its target
 * @why: kind of error
 * @initiator: normalised name
 */
void tiscsi_stats_session_fail(struct tiscsi_target_stats *st, enum tiscsi_sess_fail why,
			       const char *initiator)
{
	spin_lock_bh(&st->lock);
	switch (why) {
	case TISCSI_SESS_FAIL_NONE:
		goto out;
	case TISCSI_SESS_FAIL_DIGEST:
		st->sess_digest++;
		break;
	case TISCSI_SESS_FAIL_TIMEOUT:
		st->sess_timeout++;
		break;
	case TISCSI_SESS_FAIL_FORMAT:
		st->sess_format++;
		break;
	}
	st->last_sess_fail = why;
	strscpy(st->last_sess_fail_name, initiator, sizeof(st->last_sess_fail_name));
out:
	spin_unlock_bh(&st->lock);
}

/* A session ended by Logout (@normal) or without one. */
void tiscsi_stats_logout(struct tiscsi_target_stats *st, bool normal)
{
	spin_lock_bh(&st->lock);
	if (normal)
		st->logout_normal++;
	else
		st->logout_abnormal++;
	spin_unlock_bh(&st->lock);
}
