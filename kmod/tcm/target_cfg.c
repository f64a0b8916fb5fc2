// SPDX-License-Identifier: GPL-2.0
/*
 * Targets and portal groups: mkdir, rmdir and enable.
 *
 * rmdir of a directory tree goes from the leaves to the root and cannot fail, so
 * dropping a group waits until no login and no session refers to it, and a target
 * outlives its groups. configfs holds its own locks during all of this; nothing
 * here is called by a login.
 */
#include <linux/err.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <scsi/scsi_proto.h>

#include "tcm_priv.h"

/* -- <iqn> -- */

/*
 * Any name that is short enough is taken: the ABI does not look at prefixes.
 * Return: an ERR_PTR becomes EINVAL in target_core, whatever it is.
 */
struct se_wwn *tiscsi_op_make_wwn(struct target_fabric_configfs *tf, struct config_group *group,
				  const char *name)
{
	struct tiscsi_wwn *wwn;
	int ret;

	if (strlen(name) > ICORE_NAME_MAX)
		return ERR_PTR(-EINVAL);

	wwn = kzalloc(sizeof(*wwn), GFP_KERNEL);
	if (!wwn)
		return ERR_PTR(-ENOMEM);

	tiscsi_stats_init(&wwn->target.stats);
	ret = tiscsi_target_add(&wwn->target, name);
	if (ret)
		goto err_free;
	return &wwn->se_wwn;

err_free:
	kfree(wwn);
	return ERR_PTR(ret);
}

/*
 * configfs has removed everything below: no portal group, so no login and no session, which
 * are counted in their group. It has left tiscsi_targets, where management finds it under
 * tiscsi_mutex; a read of one of its files holds the item, hence the directory.
 */
void tiscsi_op_drop_wwn(struct se_wwn *se_wwn)
{
	struct tiscsi_wwn *wwn = to_tiscsi_wwn(se_wwn);

	tiscsi_target_del(&wwn->target);
	kfree(wwn);
}

/* -- tpgt_<N> -- */

/* The tag is what follows "tpgt_", wherever that is in the name. */
static int tag_of(const char *name, u16 *tag)
{
	const char *at = strstr(name, "tpgt_");

	return at ? kstrtou16(at + strlen("tpgt_"), 0, tag) : -EINVAL;
}

struct se_portal_group *tiscsi_op_make_tpg(struct se_wwn *se_wwn, const char *name)
{
	struct tiscsi_target *target = &to_tiscsi_wwn(se_wwn)->target;
	struct tiscsi_tpg *tpg;
	u16 tag;
	int ret;

	ret = tag_of(name, &tag);
	if (ret)
		return ERR_PTR(ret);

	tpg = kzalloc(sizeof(*tpg), GFP_KERNEL);
	if (!tpg)
		return ERR_PTR(-ENOMEM);

	mutex_init(&tpg->nexus_lock);
	mutex_init(&tpg->conf_lock);
	tiscsi_tpg_attrib_init(&tpg->attrib);
	tiscsi_params_init(&tpg->params);
	/* core_tpg_register() asks for name and tag already. */
	tpg->pg.target = target;
	tpg->pg.tag = tag;
	ret = core_tpg_register(se_wwn, &tpg->se_tpg, SCSI_PROTOCOL_ISCSI);
	if (ret)
		goto err_free;
	ret = tiscsi_pg_add(&tpg->pg, target, tag);
	if (ret)
		goto err_deregister;
	return &tpg->se_tpg;

err_deregister:
	core_tpg_deregister(&tpg->se_tpg);
err_free:
	kfree(tpg);
	return ERR_PTR(ret);
}

/*
 * Logins and sessions may still be there if the group was enabled or demo mode
 * let strangers in. tiscsi_pg_del() tells them to leave and waits for the last of them
 * without regard to signals, since nothing can stop an rmdir at this point. It is not
 * long: a LUN has to be taken away before, and that, in target_core, waits for every
 * command that a device has. Then only core_tpg_deregister() looks at the group, which
 * frees the dynamic ACLs that are left. Portals and ACLs are directories in it, so they
 * went before, and files of it that are open keep the directory.
 */
void tiscsi_op_drop_tpg(struct se_portal_group *se_tpg)
{
	struct tiscsi_tpg *tpg = to_tiscsi_tpg(se_tpg);

	tiscsi_pg_del(&tpg->pg);
	core_tpg_deregister(se_tpg);
	tiscsi_params_free(&tpg->params);
	mutex_destroy(&tpg->conf_lock);
	mutex_destroy(&tpg->nexus_lock);
	kfree_sensitive(tpg);
}

/*
 * target_core calls this only if the value changes. A group that demands
 * authentication must offer some: AuthMethod loses its None first.
 *
 * A disable that was killed or has timed out returns an error: the file keeps saying 1,
 * so that the next writer of 0 waits for the sessions that are still draining.
 * tcmu-runner relies on no command being left when the write succeeds.
 */
int tiscsi_op_enable_tpg(struct se_portal_group *se_tpg, bool enable)
{
	struct tiscsi_tpg *tpg = to_tiscsi_tpg(se_tpg);
	int ret = 0;

	if (!enable)
		return tiscsi_pg_disable(&tpg->pg);

	mutex_lock(&tpg->conf_lock);
	if (tpg->attrib.authentication)
		ret = tiscsi_params_allow_none(&tpg->params, false);
	mutex_unlock(&tpg->conf_lock);
	if (ret)
		return ret;

	tiscsi_pg_enable(&tpg->pg);
	return 0;
}

/* target_core waits next, for every command of this LUN, and says nothing. */
void tiscsi_op_pre_unlink(struct se_portal_group *se_tpg, struct se_lun *se_lun)
{
	tiscsi_pg_tell_stuck(&to_tiscsi_tpg(se_tpg)->pg, "the removal of a LUN");
}

/* Names end in newline and NUL; target_core makes the text. */
static ssize_t tpg_dynamic_sessions_show(struct config_item *item, char *page)
{
	return target_show_dynamic_sessions(to_tpg(item), page);
}
CONFIGFS_ATTR_RO(tpg_, dynamic_sessions);

struct configfs_attribute *tiscsi_tpg_base_attrs[] = {
	&tpg_attr_dynamic_sessions,
	NULL,
};
