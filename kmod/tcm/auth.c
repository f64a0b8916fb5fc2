// SPDX-License-Identifier: GPL-2.0
/*
 * CHAP names and secrets: the auth/ directories of portal groups and node ACLs,
 * and discovery_auth/.
 *
 * The strings live in the object they belong to, under its configuration lock,
 * and are wiped when it goes: a group with kfree_sensitive(), an ACL by its
 * statistics group (info.c), discovery_auth at unload. A login gets a copy, which
 * it wipes itself.
 *
 * What reads back is what was written, to the byte, because the ABI says so. The
 * copy for a login, however, loses one trailing newline: "echo secret > password"
 * is what everybody types first, and with the newline in the secret every login
 * fails for a reason that nobody can see.
 */
#include <linux/capability.h>
#include <linux/string.h>

#include "tcm_priv.h"

/**
 * struct auth_ref - where the strings behind a directory are
 * @auth: the strings
 * @lock: what protects them
 * @cut: text that is too long is cut, not refused (the ABI of auth/ of a group)
 */
struct auth_ref {
	struct tiscsi_auth *auth;
	struct mutex *lock;	/* of the owner of @auth */
	bool cut;
};

static struct auth_ref tpg_ref(struct config_item *item)
{
	struct tiscsi_tpg *tpg = to_tiscsi_tpg(auth_to_tpg(item));

	return (struct auth_ref){ .auth = &tpg->auth, .lock = &tpg->conf_lock, .cut = true };
}

static struct auth_ref nacl_ref(struct config_item *item)
{
	struct se_node_acl *se_nacl = auth_to_nacl(item);

	return (struct auth_ref){
		.auth = &to_tiscsi_nacl(se_nacl)->auth,
		.lock = &nacl_to_tiscsi_tpg(se_nacl)->conf_lock,
	};
}

static struct auth_ref discovery_ref(struct config_item *item)
{
	return (struct auth_ref){
		.auth = &tiscsi_discovery.auth,
		.lock = &tiscsi_discovery.lock,
	};
}

/* Copy without the one newline that a shell adds; returns the length. */
static u32 copy_value(char *dst, const char *src)
{
	size_t len = strnlen(src, TISCSI_AUTH_SIZE - 1);

	if (len && src[len - 1] == '\n')
		len--;
	memcpy(dst, src, len);
	dst[len] = '\0';
	return len;
}

/**
 * tiscsi_auth_cred - make the credential of a login
 * @auth: caller holds its lock
 * @cred: filled completely; invalid if name or secret is not configured
 */
void tiscsi_auth_cred(const struct tiscsi_auth *auth, struct icore_chap_cred *cred)
{
	u32 user;

	memset(cred, 0, sizeof(*cred));
	if (!auth->set[TISCSI_AUTH_USERID] || !auth->set[TISCSI_AUTH_PASSWORD])
		return;

	user = copy_value(cred->user, auth->text[TISCSI_AUTH_USERID]);
	cred->secret_len = copy_value(cred->secret, auth->text[TISCSI_AUTH_PASSWORD]);
	cred->valid = user && cred->secret_len;
	if (!cred->valid || !tiscsi_auth_mutual(auth))
		return;

	user = copy_value(cred->mutual_user, auth->text[TISCSI_AUTH_USERID_MUTUAL]);
	cred->mutual_secret_len = copy_value(cred->mutual_secret,
					     auth->text[TISCSI_AUTH_PASSWORD_MUTUAL]);
	cred->mutual = user && cred->mutual_secret_len;
}

/* What authenticate_target shows; caller holds the lock. */
bool tiscsi_auth_mutual(const struct tiscsi_auth *auth)
{
	return auth->set[TISCSI_AUTH_USERID_MUTUAL] && auth->set[TISCSI_AUTH_PASSWORD_MUTUAL];
}

static ssize_t auth_show(struct auth_ref ref, enum tiscsi_auth_field field, char *page)
{
	ssize_t len;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;

	mutex_lock(ref.lock);
	len = sysfs_emit(page, "%s\n", ref.auth->text[field]);
	mutex_unlock(ref.lock);
	return len;
}

/*
 * RFC 7143 9.2.1 and 12.1.3: said once when it is configured, because refusing
 * it would break configurations that work today. Caller holds the lock.
 */
static void auth_warn(const struct tiscsi_auth *auth, enum tiscsi_auth_field field,
		      struct config_item *item)
{
	const char *a = auth->text[TISCSI_AUTH_PASSWORD];
	const char *b = auth->text[TISCSI_AUTH_PASSWORD_MUTUAL];

	if (field != TISCSI_AUTH_PASSWORD && field != TISCSI_AUTH_PASSWORD_MUTUAL)
		return;
	if (!auth->set[field])
		return;

	if (strcspn(auth->text[field], "\n") < ICORE_SECRET_WARN_MIN)
		pr_warn("%s/%s: a CHAP secret has less than %d bytes and can be guessed\n",
			config_item_name(item->ci_parent), config_item_name(item),
			ICORE_SECRET_WARN_MIN);
	if (auth->set[TISCSI_AUTH_PASSWORD] && auth->set[TISCSI_AUTH_PASSWORD_MUTUAL] &&
	    !strcmp(a, b))
		pr_warn("%s/%s: both CHAP secrets are the same, logins can be reflected\n",
			config_item_name(item->ci_parent), config_item_name(item));
}

/* The ABI wants success; without a word nobody would know why no login works. */
static void auth_warn_cut(struct config_item *item, enum tiscsi_auth_field field)
{
	static const char * const names[] = {
		[TISCSI_AUTH_USERID] = "userid",
		[TISCSI_AUTH_PASSWORD] = "password",
		[TISCSI_AUTH_USERID_MUTUAL] = "userid_mutual",
		[TISCSI_AUTH_PASSWORD_MUTUAL] = "password_mutual",
	};

	pr_warn("%s/%s: %s was cut to %d bytes, write a shorter one\n",
		config_item_name(item->ci_parent), config_item_name(item), names[field],
		TISCSI_AUTH_SIZE - 1);
}

static ssize_t auth_store(struct config_item *item, struct auth_ref ref,
			  enum tiscsi_auth_field field, const char *page, size_t count)
{
	char *text = ref.auth->text[field];

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (count >= TISCSI_AUTH_SIZE && !ref.cut)
		return -EINVAL;

	mutex_lock(ref.lock);
	memzero_explicit(text, TISCSI_AUTH_SIZE);
	if (strscpy(text, page, TISCSI_AUTH_SIZE) < 0)
		auth_warn_cut(item, field);
	/* The text NULL reads back, but says that nothing is configured. */
	ref.auth->set[field] = strncmp(text, "NULL", 4) != 0;
	auth_warn(ref.auth, field, item);
	mutex_unlock(ref.lock);
	return count;
}

static ssize_t auth_mutual_show(struct auth_ref ref, char *page)
{
	bool mutual;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;

	mutex_lock(ref.lock);
	mutual = tiscsi_auth_mutual(ref.auth);
	mutex_unlock(ref.lock);
	return sysfs_emit(page, "%d\n", mutual);
}

/* configfs tells a callback the directory only: one pair of functions a file. */
#define AUTH_ATTR(_owner, _name, _field)						\
static const enum tiscsi_auth_field _owner##_##_name##_field = _field;			\
static ssize_t _owner##_##_name##_show(struct config_item *item, char *page)		\
{											\
	return auth_show(_owner##_ref(item), _owner##_##_name##_field, page);		\
}											\
static ssize_t _owner##_##_name##_store(struct config_item *item, const char *page,	\
					size_t count)					\
{											\
	return auth_store(item, _owner##_ref(item), _owner##_##_name##_field, page,	\
			  count);							\
}											\
CONFIGFS_ATTR(_owner##_, _name)

#define AUTH_ATTR_MUTUAL(_owner)							\
static ssize_t _owner##_authenticate_target_show(struct config_item *item, char *page)	\
{											\
	return auth_mutual_show(_owner##_ref(item), page);				\
}											\
CONFIGFS_ATTR_RO(_owner##_, authenticate_target)

AUTH_ATTR(tpg, userid, TISCSI_AUTH_USERID);
AUTH_ATTR(tpg, password, TISCSI_AUTH_PASSWORD);
AUTH_ATTR(tpg, userid_mutual, TISCSI_AUTH_USERID_MUTUAL);
AUTH_ATTR(tpg, password_mutual, TISCSI_AUTH_PASSWORD_MUTUAL);
AUTH_ATTR_MUTUAL(tpg);

AUTH_ATTR(nacl, userid, TISCSI_AUTH_USERID);
AUTH_ATTR(nacl, password, TISCSI_AUTH_PASSWORD);
AUTH_ATTR(nacl, userid_mutual, TISCSI_AUTH_USERID_MUTUAL);
AUTH_ATTR(nacl, password_mutual, TISCSI_AUTH_PASSWORD_MUTUAL);
AUTH_ATTR_MUTUAL(nacl);

AUTH_ATTR(discovery, userid, TISCSI_AUTH_USERID);
AUTH_ATTR(discovery, password, TISCSI_AUTH_PASSWORD);
AUTH_ATTR(discovery, userid_mutual, TISCSI_AUTH_USERID_MUTUAL);
AUTH_ATTR(discovery, password_mutual, TISCSI_AUTH_PASSWORD_MUTUAL);
AUTH_ATTR_MUTUAL(discovery);

struct configfs_attribute *tiscsi_tpg_auth_attrs[] = {
	&tpg_attr_userid,
	&tpg_attr_password,
	&tpg_attr_authenticate_target,
	&tpg_attr_userid_mutual,
	&tpg_attr_password_mutual,
	NULL,
};

struct configfs_attribute *tiscsi_nacl_auth_attrs[] = {
	&nacl_attr_userid,
	&nacl_attr_password,
	&nacl_attr_authenticate_target,
	&nacl_attr_userid_mutual,
	&nacl_attr_password_mutual,
	NULL,
};

static ssize_t discovery_enforce_discovery_auth_show(struct config_item *item, char *page)
{
	return sysfs_emit(page, "%d\n", READ_ONCE(tiscsi_discovery.enforce));
}

static ssize_t discovery_enforce_discovery_auth_store(struct config_item *item, const char *page,
						      size_t count)
{
	static const struct tiscsi_attrib_rule rule = { .max = 1 };
	u32 value;

	/* Bad input of any kind is EINVAL here, overflow too. */
	if (tiscsi_attrib_parse(page, &rule, &value))
		return -EINVAL;

	mutex_lock(&tiscsi_discovery.lock);
	WRITE_ONCE(tiscsi_discovery.enforce, value);
	mutex_unlock(&tiscsi_discovery.lock);
	return count;
}
CONFIGFS_ATTR(discovery_, enforce_discovery_auth);

struct configfs_attribute *tiscsi_discovery_attrs[] = {
	&discovery_attr_userid,
	&discovery_attr_password,
	&discovery_attr_authenticate_target,
	&discovery_attr_userid_mutual,
	&discovery_attr_password_mutual,
	&discovery_attr_enforce_discovery_auth,
	NULL,
};
