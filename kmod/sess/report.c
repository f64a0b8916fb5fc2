// SPDX-License-Identifier: GPL-2.0
/* The end of a login; see report.h. */
#include <linux/slab.h>
#include <linux/string.h>
#include <net/net_namespace.h>

#include "admin.h"
#include "login.h"
#include "portal.h"
#include "report.h"
#include "target.h"
#include "../mgmt/mgmt.h"
#include "../mgmt/verdict.h"

static enum tiscsi_login_step login_step(const struct tiscsi_login *login)
{
	if (!login->mem || !login->proven)
		return TISCSI_STEP_CONNECT;
	if (login->agreed)
		return TISCSI_STEP_SESSION;
	switch (icore_login_step(&login->mem->core)) {
	case ICORE_STEP_NAMES:
		return TISCSI_STEP_NAMES;
	case ICORE_STEP_SECURITY:
		return TISCSI_STEP_SECURITY;
	case ICORE_STEP_OPERATIONAL:
		break;
	}
	return TISCSI_STEP_OPERATIONAL;
}

/* NULL if memory is short: then the log has to do. */
static struct tiscsi_verdict *verdict_new(const struct tiscsi_np *np,
					  const struct sockaddr_storage *peer, const char *reason)
{
	struct tiscsi_verdict *v = kzalloc(sizeof(*v), GFP_KERNEL | __GFP_NOWARN);

	if (!v)
		return NULL;
	v->net_cookie = np->net_cookie;
	tiscsi_addr_show(peer, &v->peer);
	tiscsi_addr_show(&np->addr, &v->portal);
	v->reason = reason;
	return v;
}

static void verdict_login(struct tiscsi_login *login, bool answered,
			  enum icore_login_status status, const char *reason)
{
	const struct icore_login *core = login->mem ? &login->mem->core : NULL;
	struct tiscsi_verdict *v = verdict_new(login->np, &login->peer, reason);

	if (!v)
		return;
	v->answered = answered;
	v->status = status;
	v->step = login_step(login);
	v->sid = login->sid;
	if (core) {
		strscpy(v->initiator, core->initiator, sizeof(v->initiator));
		strscpy(v->target, core->target, sizeof(v->target));
	}
	tiscsi_verdict_add(v);
	kfree(v);
}

void tiscsi_report_login(struct tiscsi_login *login, enum icore_login_status status,
			 const char *reason)
{
	const struct icore_login *core = login->mem ? &login->mem->core : NULL;
	const char *initiator = core ? core->initiator : NULL;

	/* Discovery sessions are not among those that the ABI counts as accepted. */
	if (login->pg && !(core && core->discovery && status == ICORE_LOGIN_SUCCESS))
		tiscsi_stats_login(&login->pg->target->stats, status, initiator, &login->peer);
	verdict_login(login, true, status, reason);
	if (status == ICORE_LOGIN_SUCCESS)
		return;
	tiscsi_log_peer(initiator, &login->peer, core ? core->target : NULL,
			"login refused: %s (%04x %s)", reason ? reason : "no reason", status,
			icore_login_status_name(status));
}

void tiscsi_report_give_up(struct tiscsi_login *login, const char *reason)
{
	const struct icore_login *core = login->mem ? &login->mem->core : NULL;

	verdict_login(login, false, ICORE_LOGIN_INITIATOR_ERROR, reason);
	tiscsi_log_peer(core ? core->initiator : NULL, &login->peer,
			core ? core->target : NULL, "login abandoned: %s", reason);
}

void tiscsi_report_no_room(struct tiscsi_np *np, const struct tiscsi_sock *sock)
{
	static const char reason[] = "too many logins under way";
	struct tiscsi_verdict *v = verdict_new(np, &sock->peer, reason);

	if (v) {
		v->status = ICORE_LOGIN_NO_RESOURCES;
		tiscsi_verdict_add(v);
		kfree(v);
	}
	tiscsi_log_peer(NULL, &sock->peer, NULL, "connection refused: %s", reason);
}
