// SPDX-License-Identifier: GPL-2.0
/*
 * <iqn>/fabric_statistics/: counters of a target.
 *
 * The groups are embedded in struct tiscsi_wwn; target_core removes them before
 * it drops the target. Counters are read under their lock, which is a leaf; the
 * two values that need a walk are read without it.
 */
#include <linux/jiffies.h>
#include <linux/math64.h>

#include "tcm_priv.h"

/* Each group has its prefix; what the macros below append makes these names. */
enum {
	inst_group	= TISCSI_STAT_INSTANCE,
	err_group	= TISCSI_STAT_SESS_ERR,
	tgt_group	= TISCSI_STAT_TGT_ATTR,
	login_group	= TISCSI_STAT_LOGIN,
	logout_group	= TISCSI_STAT_LOGOUT,
};

static struct tiscsi_target *stat_target(struct config_item *item, int group)
{
	struct config_group *first = to_config_group(item) - group;

	return &container_of(first, struct tiscsi_wwn, stat[0])->target;
}

static const char *or_none(const char *name)
{
	return *name ? name : "None";
}

static u32 sess_fails(const struct tiscsi_target_stats *st)
{
	return st->sess_digest + st->sess_timeout + st->sess_format;
}

static u32 login_fails(const struct tiscsi_target_stats *st)
{
	return st->login_other + st->login_redirects + st->login_authorize +
	       st->login_authenticate + st->login_negotiate;
}

/* Hundredths of a second since boot, 0 if there was none. */
static u32 fail_time(const struct tiscsi_target_stats *st)
{
	if (st->last_fail_type == TISCSI_FAIL_NONE)
		return 0;
	return div_u64((st->last_fail_jiffies - INITIAL_JIFFIES) * 100, HZ);
}

/* One file: @_value is evaluated under the lock and may use st and t. */
#define STAT(_pfx, _name, _fmt, _value)							\
static ssize_t _pfx##_name##_show(struct config_item *item, char *page)			\
{											\
	struct tiscsi_target *t = stat_target(item, _pfx##group);			\
	struct tiscsi_target_stats *st = &t->stats;					\
	ssize_t len;									\
											\
	spin_lock_bh(&st->lock);							\
	len = sysfs_emit(page, _fmt "\n", _value);					\
	spin_unlock_bh(&st->lock);							\
	return len;									\
}											\
CONFIGFS_ATTR_RO(_pfx, _name)

STAT(inst_, inst, "%u", t->inst);
STAT(inst_, min_ver, "%u", 0);
STAT(inst_, max_ver, "%u", 0);
STAT(inst_, nodes, "%u", 1);
STAT(inst_, fail_sess, "%u", sess_fails(st));
STAT(inst_, fail_type, "%u", st->last_sess_fail);
STAT(inst_, fail_rem_name, "%s", or_none(st->last_sess_fail_name));
STAT(inst_, disc_time, "%u", 0);
STAT(inst_, description, "%s", "Storage Engine Target");
STAT(inst_, vendor, "%s", "Datera, Inc. iSCSI-Target");
STAT(inst_, version, "%s", "v4.1.0");

static ssize_t inst_portals_show(struct config_item *item, char *page)
{
	return sysfs_emit(page, "%u\n", tiscsi_target_portals(stat_target(item, inst_group)));
}
CONFIGFS_ATTR_RO(inst_, portals);

static ssize_t inst_sessions_show(struct config_item *item, char *page)
{
	return sysfs_emit(page, "%u\n", tiscsi_target_sessions(stat_target(item, inst_group)));
}
CONFIGFS_ATTR_RO(inst_, sessions);

STAT(err_, inst, "%u", t->inst);
STAT(err_, digest_errors, "%u", st->sess_digest);
STAT(err_, cxn_errors, "%u", st->sess_timeout);
STAT(err_, format_errors, "%u", st->sess_format);

STAT(tgt_, inst, "%u", t->inst);
STAT(tgt_, indx, "%u", 1);
STAT(tgt_, login_fails, "%u", login_fails(st));
STAT(tgt_, last_fail_time, "%u", fail_time(st));
STAT(tgt_, last_fail_type, "%u", st->last_fail_type);
STAT(tgt_, fail_intr_name, "%s", or_none(st->last_fail_name));
STAT(tgt_, fail_intr_addr_type, "%s", st->last_fail_v6 ? "ipv6" : "ipv4");
STAT(tgt_, fail_intr_addr, "%s", st->last_fail_addr);

STAT(login_, inst, "%u", t->inst);
STAT(login_, indx, "%u", 1);
STAT(login_, accepts, "%u", st->login_accepts);
STAT(login_, other_fails, "%u", st->login_other);
STAT(login_, redirects, "%u", st->login_redirects);
STAT(login_, authorize_fails, "%u", st->login_authorize);
STAT(login_, authenticate_fails, "%u", st->login_authenticate);
STAT(login_, negotiate_fails, "%u", st->login_negotiate);

STAT(logout_, inst, "%u", t->inst);
STAT(logout_, indx, "%u", 1);
STAT(logout_, normal_logouts, "%u", st->logout_normal);
STAT(logout_, abnormal_logouts, "%u", st->logout_abnormal);

static struct configfs_attribute *inst_attrs[] = {
	&inst_attr_inst,
	&inst_attr_min_ver,
	&inst_attr_max_ver,
	&inst_attr_portals,
	&inst_attr_nodes,
	&inst_attr_sessions,
	&inst_attr_fail_sess,
	&inst_attr_fail_type,
	&inst_attr_fail_rem_name,
	&inst_attr_disc_time,
	&inst_attr_description,
	&inst_attr_vendor,
	&inst_attr_version,
	NULL,
};

static struct configfs_attribute *err_attrs[] = {
	&err_attr_inst,
	&err_attr_digest_errors,
	&err_attr_cxn_errors,
	&err_attr_format_errors,
	NULL,
};

static struct configfs_attribute *tgt_attrs[] = {
	&tgt_attr_inst,
	&tgt_attr_indx,
	&tgt_attr_login_fails,
	&tgt_attr_last_fail_time,
	&tgt_attr_last_fail_type,
	&tgt_attr_fail_intr_name,
	&tgt_attr_fail_intr_addr_type,
	&tgt_attr_fail_intr_addr,
	NULL,
};

static struct configfs_attribute *login_attrs[] = {
	&login_attr_inst,
	&login_attr_indx,
	&login_attr_accepts,
	&login_attr_other_fails,
	&login_attr_redirects,
	&login_attr_authorize_fails,
	&login_attr_authenticate_fails,
	&login_attr_negotiate_fails,
	NULL,
};

static struct configfs_attribute *logout_attrs[] = {
	&logout_attr_inst,
	&logout_attr_indx,
	&logout_attr_normal_logouts,
	&logout_attr_abnormal_logouts,
	NULL,
};

/**
 * struct stat_dir - one directory
 * @name: its name
 * @type: its files
 */
struct stat_dir {
	const char *name;
	struct config_item_type type;
};

#define STAT_DIR(_name, _attrs)							\
	{ .name = _name, .type = { .ct_attrs = _attrs, .ct_owner = THIS_MODULE } }

static const struct stat_dir stat_dirs[TISCSI_STAT_GROUPS] = {
	[TISCSI_STAT_INSTANCE]	= STAT_DIR("iscsi_instance", inst_attrs),
	[TISCSI_STAT_SESS_ERR]	= STAT_DIR("iscsi_sess_err", err_attrs),
	[TISCSI_STAT_TGT_ATTR]	= STAT_DIR("iscsi_tgt_attr", tgt_attrs),
	[TISCSI_STAT_LOGIN]	= STAT_DIR("iscsi_login_stats", login_attrs),
	[TISCSI_STAT_LOGOUT]	= STAT_DIR("iscsi_logout_stats", logout_attrs),
};

void tiscsi_op_add_wwn_groups(struct se_wwn *se_wwn)
{
	struct tiscsi_wwn *wwn = to_tiscsi_wwn(se_wwn);
	int i;

	for (i = 0; i < TISCSI_STAT_GROUPS; i++) {
		config_group_init_type_name(&wwn->stat[i], stat_dirs[i].name,
					    &stat_dirs[i].type);
		configfs_add_default_group(&wwn->stat[i], &se_wwn->fabric_stat_group);
	}
}
