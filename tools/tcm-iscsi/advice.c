// SPDX-License-Identifier: GPL-2.0
/*
 * Settings that do not do what they look like.
 *
 * Each warning names the object, says what happens and what to do. Most count
 * only while the portal group is enabled: one that is still being set up is
 * expected to be incomplete. What could not be read leads to no warning.
 *
 * The kernel takes credentials from exactly one place: from the ACL for an
 * initiator that has one, from the portal group for all others.
 */
#include <stdlib.h>
#include <string.h>

#include "advice.h"

static void warn(struct tool *t, const char *code, const char *object, const char *text,
		 const char *fix)
{
	struct out *o = &t->out;

	out_line(o, 0);
	out_object(o, NULL);
	out_str(o, "code", NULL, code);
	out_str(o, "object", "warning: %: ", object);
	out_str(o, "text", "%; ", text);
	out_str(o, "fix", "%", fix);
	out_end(o);
}

/* "CHAP,None" lists None. */
static bool lists_none(const char *methods)
{
	const char *at = methods;
	size_t len;

	for (;; at += len + 1) {
		len = strcspn(at, ",\n");
		if (len == 4 && !strncmp(at, "None", 4))
			return true;
		if (at[len] != ',')
			return false;
	}
}

/* Must an initiator without word of its ACL authenticate? */
static int tpg_demands(const struct tpg *tpg)
{
	if (tpg->authentication || !tpg->auth_method)
		return tpg->authentication;
	return !lists_none(tpg->auth_method);
}

static int acl_demands(const struct tpg *tpg, const struct acl *acl)
{
	return acl->authentication == AUTH_INHERIT ? tpg_demands(tpg) : acl->authentication;
}

static bool is_missing(const struct cred *cred)
{
	return cred->one_way == CRED_NONE || cred->one_way == CRED_HALF;
}

static void check_cred(struct tool *t, const char *object, const struct cred *cred,
		       bool newline_counts)
{
	if (cred->one_way == CRED_HALF)
		warn(t, "credentials-incomplete", object,
		     "userid and password only work together, one of them is set",
		     "set the other in auth, or write NULL to both");
	if (cred->mutual == CRED_HALF)
		warn(t, "credentials-incomplete", object,
		     "userid_mutual and password_mutual only work together, one of them is set",
		     "set the other in auth, or write NULL to both");
	if (cred->mutual == CRED_COMPLETE && is_missing(cred))
		warn(t, "mutual-without-credentials", object,
		     "mutual credentials have no effect without userid and password",
		     "set userid and password in auth");
	if (cred->newline && newline_counts)
		warn(t, "newline-in-credentials", object,
		     "a name or secret ends in a newline, which iscsi_target_mod takes as part of it",
		     "write it with printf instead of echo");
	if (cred->weak)
		warn(t, "weak-secret", object, "a secret has less than 12 bytes and can be guessed",
		     "set a longer one");
	if (cred->same)
		warn(t, "same-secret", object,
		     "both secrets are the same, so that logins can be reflected",
		     "set different ones");
}

static void check_demand(struct tool *t, const char *object, const struct cred *cred, int demanded,
			 const char *fix)
{
	if (cred->one_way == CRED_COMPLETE && !demanded)
		warn(t, "credentials-not-demanded", object,
		     "credentials are set, but an initiator may do without them", fix);
}

static void check_acl(struct tool *t, const char *object, const struct tpg *tpg,
		      const struct acl *acl, bool newline_counts)
{
	const int demands = acl_demands(tpg, acl);
	size_t i;

	check_cred(t, object, &acl->cred, newline_counts);
	check_demand(t, object, &acl->cred, demands, "set attrib/authentication of the ACL to 1");
	if (tpg->enable > 0 && demands > 0 && is_missing(&acl->cred))
		warn(t, "login-impossible", object,
		     "this initiator must authenticate, but its ACL holds no credentials",
		     "set userid and password in the ACL's auth, or its attrib/authentication to 0");
	if (!acl->mapped_count)
		warn(t, "acl-without-luns", object,
		     "no LUN is mapped: the initiator logs in and sees no disk",
		     "map a LUN in the ACL");
	for (i = 0; i < acl->mapped_count; i++)
		if (acl->mapped[i].tpg_lun == UNKNOWN)
			warn(t, "mapping-without-lun", object,
			     "a mapped LUN leads to no LUN of the portal group",
			     "link it to one, or remove it");
}

/* Who may log in at all, without an ACL? */
static void check_admission(struct tool *t, const char *object, const struct tpg *tpg)
{
	const int demands = tpg_demands(tpg);

	if (!tpg->generate_node_acls) {
		if (tpg->cred.one_way == CRED_COMPLETE)
			warn(t, "credentials-unused", object,
			     "credentials of the portal group serve initiators without ACL, which are refused",
			     "set the credentials in the ACLs");
		if (!tpg->acl_count)
			warn(t, "nobody-admitted", object,
			     "there is no ACL and generate_node_acls is 0: every initiator is refused",
			     "create an ACL");
	} else if (tpg->generate_node_acls > 0) {
		if (!demands)
			warn(t, "open-to-everyone", object,
			     tpg->demo_mode_write_protect ?
			     "without authentication or ACL everyone can read the LUNs" :
			     "without authentication or ACL everyone can read and overwrite the LUNs",
			     "set attrib/authentication to 1 or attrib/generate_node_acls to 0");
		else if (demands > 0 && is_missing(&tpg->cred))
			warn(t, "login-impossible", object,
			     "initiators without ACL must authenticate, but the portal group holds no credentials",
			     "set userid and password in the portal group's auth");
	}
	if (!tpg->authentication && demands > 0)
		warn(t, "auth-method", object,
		     "authentication is 0, yet param/AuthMethod does not list None: CHAP is demanded",
		     "write 'CHAP,None' to param/AuthMethod, or 1 to attrib/authentication");
}

static void check_tpg(struct tool *t, const char *object, const struct tpg *tpg,
		      bool newline_counts)
{
	size_t i;
	char *name;

	if (tpg->enable > 0) {
		if (!tpg->portal_count)
			warn(t, "enabled-without-portal", object,
			     "enabled, but nobody can reach it without a portal",
			     "create a portal");
		if (!tpg->lun_count)
			warn(t, "enabled-without-lun", object,
			     "enabled, but without a LUN there is nothing to use", "create a LUN");
		check_admission(t, object, tpg);
	}
	check_cred(t, object, &tpg->cred, newline_counts);
	/* Without demo mode nobody uses them, which was said. */
	if (tpg->generate_node_acls > 0)
		check_demand(t, object, &tpg->cred, tpg_demands(tpg),
			     "set attrib/authentication to 1");
	for (i = 0; i < tpg->lun_count; i++) {
		if (tpg->luns[i].backstore)
			continue;
		name = join("%s/lun/lun_%lld", object, tpg->luns[i].index);
		warn(t, "lun-without-backstore", name, "no backstore is behind this LUN",
		     "link one of target/core into it, or remove it");
		free(name);
	}
	for (i = 0; i < tpg->acl_count; i++) {
		name = join("%s/acls/%s", object, tpg->acls[i].name);
		check_acl(t, name, tpg, &tpg->acls[i], newline_counts);
		free(name);
	}
}

static void check_discovery(struct tool *t, const struct config *config, bool newline_counts)
{
	check_cred(t, "discovery_auth", &config->discovery, newline_counts);
	check_demand(t, "discovery_auth", &config->discovery, config->enforce_discovery_auth,
		     "set enforce_discovery_auth to 1");
	if (config->enforce_discovery_auth > 0 && is_missing(&config->discovery))
		warn(t, "discovery-impossible", "discovery_auth",
		     "discovery demands authentication, but no credentials are set",
		     "set userid and password, or enforce_discovery_auth to 0");
}

void advice_print(struct tool *t, const struct config *config, const struct modules *m)
{
	const bool newline_counts = m->provider != &m->ours;
	const struct target *target;
	size_t i, k;
	char *name;

	out_array(&t->out, "warnings");
	if (m->ours.loaded && m->in_tree.loaded && !strcmp(m->ours.fabric, m->in_tree.fabric))
		warn(t, "two-modules", m->ours.name,
		     "iscsi_target_mod is loaded too and provides the same fabric, which target_core cannot tell apart",
		     "unload one of them");
	if (config->present)
		check_discovery(t, config, newline_counts);
	for (i = 0; i < config->target_count; i++) {
		target = &config->targets[i];
		for (k = 0; k < target->tpg_count; k++) {
			name = join("%s/%s", target->wwn, target->tpgs[k].name);
			check_tpg(t, name, &target->tpgs[k], newline_counts);
			free(name);
		}
	}
	out_end(&t->out);
}
