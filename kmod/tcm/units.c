// SPDX-License-Identifier: GPL-2.0
/*
 * The logical units that a session sees, and what they have to tell.
 *
 * target_core keeps them on the node ACL's list of mapped LUNs, which is read here under
 * RCU; entries are freed after a grace period. Nothing is returned that outlives the
 * look, except a device pointer that is good for comparing only: a device that was taken
 * away and another that took its address can make a CLEAR TASK SET abort too much, never
 * touch freed memory.
 */
#include <linux/rculist.h>
#include <target/target_core_base.h>
#include <target/target_core_fabric.h>

#include "tcm.h"
#include "../sess/cmd.h"
#include "../sess/session.h"

/* Under rcu_read_lock(). */
static struct se_dev_entry *tiscsi_unit(const struct tiscsi_sess *sess, u64 lun)
{
	struct se_dev_entry *deve;

	hlist_for_each_entry_rcu(deve, &sess->se_sess->se_node_acl->lun_entry_hlist, link)
		if (deve->mapped_lun == lun)
			return deve;
	return NULL;
}

const void *tiscsi_tcm_device(const struct tiscsi_sess *sess, u64 lun)
{
	struct se_dev_entry *deve;
	const void *dev = NULL;

	rcu_read_lock();
	deve = tiscsi_unit(sess, lun);
	if (deve)
		dev = rcu_access_pointer(deve->se_lun->lun_se_dev);
	rcu_read_unlock();
	return dev;
}

bool tiscsi_tcm_is_on(const struct tiscsi_cmd *cmd, const void *dev)
{
	return cmd->core && cmd->se_cmd.se_dev == dev;
}

bool tiscsi_tcm_tas(const struct tiscsi_cmd *cmd)
{
	/* The command's reference on its LUN keeps the device. */
	return cmd->core && cmd->se_cmd.se_dev && cmd->se_cmd.se_dev->dev_attrib.emulate_tas;
}

bool tiscsi_tcm_next_lun(const struct tiscsi_sess *sess, u64 from, u64 *lun)
{
	struct se_dev_entry *deve;
	bool found = false;

	rcu_read_lock();
	hlist_for_each_entry_rcu(deve, &sess->se_sess->se_node_acl->lun_entry_hlist, link) {
		if (deve->mapped_lun < from || (found && deve->mapped_lun >= *lun))
			continue;
		*lun = deve->mapped_lun;
		found = true;
	}
	rcu_read_unlock();
	return found;
}

/* How many are pending; the codes of the first, which is told first. */
static u32 tiscsi_unit_attentions(struct se_dev_entry *deve, u8 *asc, u8 *ascq)
{
	struct se_ua *ua;
	u32 n = 0;

	spin_lock(&deve->ua_lock);
	list_for_each_entry(ua, &deve->ua_list, ua_nacl_list) {
		if (!n++) {
			*asc = ua->ua_asc;
			*ascq = ua->ua_ascq;
		}
	}
	spin_unlock(&deve->ua_lock);
	return n;
}

u32 tiscsi_tcm_attentions(const struct tiscsi_sess *sess, u64 lun, u8 *asc, u8 *ascq)
{
	struct se_dev_entry *deve;
	u32 n = 0;

	rcu_read_lock();
	deve = tiscsi_unit(sess, lun);
	if (deve)
		n = tiscsi_unit_attentions(deve, asc, ascq);
	rcu_read_unlock();
	return n;
}

bool tiscsi_tcm_next_attention(const struct tiscsi_sess *sess, u64 *lun, u8 *asc, u8 *ascq)
{
	struct se_dev_entry *deve;
	bool found = false;
	u64 first = *lun;
	u8 a, q;

	rcu_read_lock();
	hlist_for_each_entry_rcu(deve, &sess->se_sess->se_node_acl->lun_entry_hlist, link) {
		if (deve->mapped_lun < first || (found && deve->mapped_lun >= *lun) ||
		    list_empty(&deve->ua_list) || !tiscsi_unit_attentions(deve, &a, &q))
			continue;
		*lun = deve->mapped_lun;
		*asc = a;
		*ascq = q;
		found = true;
	}
	rcu_read_unlock();
	return found;
}
