// SPDX-License-Identifier: GPL-2.0
/*
 * What the configuration says about a login, and the session that target_core
 * knows.
 *
 * A login reads everything about its group and ACL under conf_lock, once. The ACL
 * is held by reference meanwhile, because it may be removed at any time; what the
 * login decided stays decided, until the session is created: that step looks the
 * ACL up again.
 *
 * Sessions and ACLs. A session holds a reference to its ACL. Removing an ACL (or
 * changing its depth) takes each session off the ACL's list and then calls
 * close_session(), without a lock or a reference in between: the session could be
 * freed under it. tiscsi_tcm_session_end() closes this hole. Under nacl_sess_lock
 * it looks whether its session is still on the list; if not, somebody is about to
 * call close_session(), and it waits for that call to have returned.
 */
#include <linux/completion.h>
#include <linux/err.h>
#include <linux/string.h>

#include "tcm_priv.h"

/* -- logins -- */

/*
 * A static ACL lets its initiator in. A dynamic one is a trace of demo mode: it
 * counts as long as demo mode is on, or the cache was kept on purpose.
 */
static bool acl_admits(const struct tiscsi_tpg *tpg, const struct se_node_acl *se_nacl)
{
	if (tpg->attrib.generate_node_acls)
		return true;
	if (!se_nacl)
		return false;
	return !READ_ONCE(se_nacl->dynamic_node_acl) || tpg->attrib.cache_dynamic_acls;
}

/*
 * May the initiator do without authentication? An ACL that says so itself
 * overrules the group; otherwise the group's attribute and its AuthMethod must
 * agree, so that AuthMethod=CHAP can be demanded either way.
 */
static bool none_ok(const struct tiscsi_tpg *tpg, const struct tiscsi_nacl *nacl)
{
	if (nacl && nacl->attrib.authentication >= 0)
		return !nacl->attrib.authentication;
	return !tpg->attrib.authentication && tiscsi_params_method(&tpg->params, "None");
}

/* Fill @policy and @cred; caller holds conf_lock. @nacl is NULL in demo mode. */
static void fill_policy(const struct tiscsi_tpg *tpg, const struct tiscsi_nacl *nacl,
			struct icore_login_policy *policy, struct icore_chap_cred *cred)
{
	tiscsi_auth_cred(nacl ? &nacl->auth : &tpg->auth, cred);
	policy->none_ok = none_ok(tpg, nacl);
	policy->cred = NULL;
	/* AuthMethod=None forbids CHAP, unless authentication is demanded. */
	if (cred->valid && (!policy->none_ok || tiscsi_params_method(&tpg->params, "CHAP")))
		policy->cred = cred;
	policy->alias = tpg->params.alias;
	policy->tpgt = tpg->pg.tag;
	tiscsi_params_offer(&tpg->params, &policy->offer);
}

/**
 * tiscsi_tcm_policy - may @initiator log in to @pg, and on what terms?
 * @pg: the caller holds a use of it
 * @initiator: normalised name
 * @policy: filled except send_tpgt and leading; policy->alias lives as long as @pg
 * @cred: filled; the caller wipes it
 * @reason: why not
 *
 * Return: ICORE_LOGIN_SUCCESS or the status to refuse with.
 */
enum icore_login_status tiscsi_tcm_policy(struct tiscsi_pg *pg, const char *initiator,
					  struct icore_login_policy *policy,
					  struct icore_chap_cred *cred, const char **reason)
{
	struct tiscsi_tpg *tpg = pg_to_tiscsi_tpg(pg);
	struct tiscsi_nacl *nacl = NULL;
	struct se_node_acl *se_nacl;
	bool admitted;

	memset(cred, 0, sizeof(*cred));
	/* A hint only: whoever disables the group closes what slips through. */
	if (!READ_ONCE(pg->enabled)) {
		*reason = "portal group is disabled";
		return ICORE_LOGIN_UNAVAILABLE;
	}

	se_nacl = core_tpg_get_initiator_node_acl(&tpg->se_tpg, (unsigned char *)initiator);
	if (se_nacl && !READ_ONCE(se_nacl->dynamic_node_acl))
		nacl = to_tiscsi_nacl(se_nacl);

	mutex_lock(&tpg->conf_lock);
	admitted = acl_admits(tpg, se_nacl);
	if (admitted)
		fill_policy(tpg, nacl, policy, cred);
	mutex_unlock(&tpg->conf_lock);

	if (se_nacl)
		target_put_nacl(se_nacl);
	if (admitted)
		return ICORE_LOGIN_SUCCESS;
	*reason = "no ACL for this initiator";
	return ICORE_LOGIN_FORBIDDEN;
}

u32 tiscsi_tcm_login_timeout(struct tiscsi_pg *pg)
{
	return READ_ONCE(pg_to_tiscsi_tpg(pg)->attrib.login_timeout);
}

/**
 * tiscsi_tcm_discovery_policy - terms of an unnamed discovery session
 * @policy: filled except send_tpgt and leading
 * @cred: filled; the caller wipes it
 */
void tiscsi_tcm_discovery_policy(struct icore_login_policy *policy, struct icore_chap_cred *cred)
{
	mutex_lock(&tiscsi_discovery.lock);
	tiscsi_auth_cred(&tiscsi_discovery.auth, cred);
	policy->none_ok = !tiscsi_discovery.enforce;
	mutex_unlock(&tiscsi_discovery.lock);

	policy->cred = cred->valid ? cred : NULL;
	policy->alias = NULL;
	policy->tpgt = 0;
	tiscsi_params_offer(NULL, &policy->offer);
}

/**
 * tiscsi_tcm_visible - may @initiator see @pg in SendTargets?
 * @pg: the caller holds tiscsi_mutex
 * @initiator: normalised name
 */
bool tiscsi_tcm_visible(struct tiscsi_pg *pg, const char *initiator)
{
	struct tiscsi_tpg *tpg = pg_to_tiscsi_tpg(pg);
	bool strangers;
	bool hidden;

	mutex_lock(&tpg->conf_lock);
	hidden = !pg->enabled && tpg->attrib.tpg_enabled_sendtargets;
	strangers = tpg->attrib.generate_node_acls || tpg->attrib.demo_mode_discovery;
	mutex_unlock(&tpg->conf_lock);

	if (hidden)
		return false;
	return strangers || target_tpg_has_node_acl(&tpg->se_tpg, initiator);
}

/* -- sessions -- */

/*
 * Between lookup of the ACL and registration: complete the session, because from
 * registration on it can be shown and closed.
 */
static int attach_session(struct se_portal_group *se_tpg, struct se_session *se_sess, void *priv)
{
	struct tiscsi_sess *sess = priv;

	init_completion(&sess->close_done);
	sess->attr = &to_tiscsi_nacl(se_sess->se_node_acl)->attrib;
	sess->dynamic = se_sess->se_node_acl->dynamic_node_acl;
	WRITE_ONCE(sess->se_sess, se_sess);
	return 0;
}

/* Was the ACL removed? Its list entry goes before its sessions are closed. */
static bool acl_removed(struct tiscsi_tpg *tpg, struct se_node_acl *se_nacl)
{
	bool removed;

	mutex_lock(&tpg->se_tpg.acl_node_mutex);
	removed = list_empty(&se_nacl->acl_list);
	mutex_unlock(&tpg->se_tpg.acl_node_mutex);
	return removed;
}

/**
 * tiscsi_tcm_session_start - make the session known to target_core
 * @sess: in pg->sessions already, so that close_session() finds it; se_sess and
 *	attr are set on success
 *
 * No tags and no command memory: the connection has its own slots. Protection
 * information cannot be carried over TCP, whatever t10_pi says, so target_core
 * inserts and strips it; t10_pi and fabric_prot_type decide only whether it does
 * so for devices without (tpg_check_prot_fabric_only).
 *
 * Return: 0, -EACCES without an ACL, or another errno.
 */
int tiscsi_tcm_session_start(struct tiscsi_sess *sess)
{
	struct tiscsi_tpg *tpg = pg_to_tiscsi_tpg(sess->pg);
	struct se_session *se_sess;

	mutex_lock(&tpg->nexus_lock);
	se_sess = target_setup_session(&tpg->se_tpg, 0, 0, TARGET_PROT_NORMAL, sess->initiator,
				       sess, attach_session);
	mutex_unlock(&tpg->nexus_lock);
	if (IS_ERR(se_sess))
		return PTR_ERR(se_sess);

	/*
	 * An ACL that was removed while we logged in has either seen the session,
	 * and closes it, or has not, and would wait for it until the initiator
	 * leaves of its own accord.
	 */
	if (!acl_removed(tpg, se_sess->se_node_acl))
		return 0;
	tiscsi_tcm_session_end(sess);
	return -EACCES;
}

/* Queue depth of the session's ACL, at least 1. */
u32 tiscsi_tcm_depth(const struct tiscsi_sess *sess)
{
	return max(READ_ONCE(sess->se_sess->se_node_acl->queue_depth), 1U);
}

/**
 * tiscsi_tcm_nexus_lost - its units have an I_T nexus loss to tell of (SAM-5 5.14)
 * @sess: after tiscsi_tcm_session_start(), before its first command
 *
 * Not by core_allocate_nexus_loss_ua(): that is for all sessions of the ACL, and the
 * first of them would take what belongs to another initiator port.
 */
void tiscsi_tcm_nexus_lost(struct tiscsi_sess *sess)
{
	struct se_node_acl *se_nacl = sess->se_sess->se_node_acl;
	struct se_dev_entry *deve;

	rcu_read_lock();
	hlist_for_each_entry_rcu(deve, &se_nacl->lun_entry_hlist, link)
		tiscsi_ua_set(sess, deve->mapped_lun, 0x29, 0x07);
	rcu_read_unlock();
}

/**
 * tiscsi_tcm_session_end - make target_core forget the session
 * @sess: all its commands are gone; afterwards se_sess and attr are NULL
 */
void tiscsi_tcm_session_end(struct tiscsi_sess *sess)
{
	struct tiscsi_tpg *tpg = pg_to_tiscsi_tpg(sess->pg);
	struct se_session *se_sess = sess->se_sess;
	struct se_node_acl *se_nacl = se_sess->se_node_acl;
	unsigned long flags;
	bool taken;

	mutex_lock(&tpg->nexus_lock);
	/* Off the list by our hand, or by that of a caller of close_session(). */
	spin_lock_irqsave(&se_nacl->nacl_sess_lock, flags);
	taken = list_empty(&se_sess->sess_acl_list);
	list_del_init(&se_sess->sess_acl_list);
	spin_unlock_irqrestore(&se_nacl->nacl_sess_lock, flags);
	if (taken)
		wait_for_completion(&sess->close_done);

	/* The next session may get the same address. */
	WRITE_ONCE(sess->se_sess, NULL);
	sess->attr = NULL;
	target_remove_session(se_sess);
	mutex_unlock(&tpg->nexus_lock);
}

/*
 * Called at most once a session, by whoever took it off its ACL's list; the
 * session waits for us in tiscsi_tcm_session_end(), so it is alive until
 * complete().
 */
void tiscsi_op_close_session(struct se_session *se_sess)
{
	struct tiscsi_sess *sess = se_sess->fabric_sess_ptr;

	tiscsi_sess_close_se(sess->pg, se_sess, "its ACL was removed or got another depth");
	complete(&sess->close_done);
}
