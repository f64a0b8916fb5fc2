// SPDX-License-Identifier: GPL-2.0
/*
 * What a node ACL shows of its session: info, param/ and
 * fabric_statistics/iscsi_sess_stats/.
 *
 * All of them show the session that logged in last, as the ABI wants it. It is
 * found and copied under nacl_sess_lock: target_core clears nacl_sess under that
 * lock before the session goes (tiscsi_tcm_session_end()), so what the pointer
 * says is alive while the lock is held. The copy is printed without a lock; it is
 * larger than a stack frame should be.
 *
 * The shapes of info are parsed by rtslib, ceph-iscsi and others: do not touch.
 */
#include <linux/ctype.h>
#include <linux/slab.h>

#include "tcm_priv.h"

/* Return: a copy to be freed, NULL without a session, or an ERR_PTR. */
static struct tiscsi_sess_info *session_of(struct se_node_acl *se_nacl)
{
	struct tiscsi_sess *sess = NULL;
	struct tiscsi_sess_info *info;

	info = kzalloc(sizeof(*info), GFP_KERNEL);
	if (!info)
		return ERR_PTR(-ENOMEM);

	spin_lock_irq(&se_nacl->nacl_sess_lock);
	if (se_nacl->nacl_sess)
		sess = se_nacl->nacl_sess->fabric_sess_ptr;
	if (sess)
		tiscsi_sess_snapshot(sess, info);
	spin_unlock_irq(&se_nacl->nacl_sess_lock);

	if (sess)
		return info;
	kfree(info);
	return NULL;
}

/*
 * An alias is any text that the initiator likes, and info is parsed by lines: no
 * line may be forged. Other bytes stay, they may be UTF-8.
 */
static void tame(char *text)
{
	for (; *text; text++)
		if (iscntrl(*text))
			*text = '?';
}

ssize_t tiscsi_nacl_info(struct se_node_acl *se_nacl, char *page)
{
	struct tiscsi_sess_info *info = session_of(se_nacl);
	ssize_t len;

	if (IS_ERR(info))
		return PTR_ERR(info);
	if (!info)
		return sysfs_emit(page, "No active iSCSI Session for Initiator Endpoint: %s\n",
				  se_nacl->initiatorname);

	tame(info->initiator_alias);
	len = sysfs_emit(page, "InitiatorName: %s\n", info->initiator);
	len += sysfs_emit_at(page, len, "InitiatorAlias: %s\n", info->initiator_alias);
	len += sysfs_emit_at(page, len, "LIO Session ID: %u   ISID: 0x%6ph  TSIH: %u  ",
			     info->sid, info->isid, info->tsih);
	len += sysfs_emit_at(page, len, "SessionType: Normal\n");
	len += sysfs_emit_at(page, len, "Session State: TARG_SESS_STATE_%s\n",
			     info->logged_in ? "LOGGED_IN" : "FAILED");
	len += sysfs_emit_at(page, len,
			     "---------------------[iSCSI Session Values]-----------------------\n");
	len += sysfs_emit_at(page, len,
			     "  CmdSN/WR  :  CmdSN/WC  :  ExpCmdSN  :  MaxCmdSN  :     ITT    :     TTT\n");
	len += sysfs_emit_at(page, len,
			     " 0x%08x   0x%08x   0x%08x   0x%08x   0x%08x   0x%08x\n",
			     info->window, info->max_cmdsn - info->exp_cmdsn + 1,
			     info->exp_cmdsn, info->max_cmdsn, info->last_itt, info->last_ttt);
	len += sysfs_emit_at(page, len,
			     "----------------------[iSCSI Connections]-------------------------\n");
	len += sysfs_emit_at(page, len, "CID: %u  Connection State: TARG_CONN_STATE_%s\n",
			     info->cid, info->logged_in ? "LOGGED_IN" : "CLEANUP_WAIT");
	len += sysfs_emit_at(page, len, "   Address %pISc TCP  StatSN: 0x%08x\n",
			     &info->peer, info->statsn);
	kfree(info);
	return len;
}

/* -- param/: negotiated values -- */

/* configfs tells a callback the directory only: one function a file. */
#define PARAM(_id, _name)								\
static ssize_t _id##_show(struct config_item *item, char *page)				\
{											\
	struct tiscsi_sess_info *info = session_of(param_to_nacl(item));		\
	ssize_t len;									\
											\
	if (IS_ERR(info))								\
		return PTR_ERR(info);							\
	if (!info)									\
		return sysfs_emit(page, "No Active iSCSI Session\n");			\
	len = sysfs_emit(page, "%u\n", (u32)info->params._id);				\
	kfree(info);									\
	return len;									\
}											\
static struct configfs_attribute attr_##_id = {						\
	.ca_name = _name,								\
	.ca_mode = 0444,								\
	.ca_owner = THIS_MODULE,							\
	.show = _id##_show,								\
}

PARAM(max_connections, "MaxConnections");
PARAM(initial_r2t, "InitialR2T");
PARAM(immediate_data, "ImmediateData");
PARAM(max_burst, "MaxBurstLength");
PARAM(first_burst, "FirstBurstLength");
PARAM(time2wait, "DefaultTime2Wait");
PARAM(time2retain, "DefaultTime2Retain");
PARAM(max_r2t, "MaxOutstandingR2T");
PARAM(pdu_in_order, "DataPDUInOrder");
PARAM(seq_in_order, "DataSequenceInOrder");
PARAM(erl, "ErrorRecoveryLevel");

struct configfs_attribute *tiscsi_nacl_param_attrs[] = {
	&attr_max_connections,
	&attr_initial_r2t,
	&attr_immediate_data,
	&attr_max_burst,
	&attr_first_burst,
	&attr_time2wait,
	&attr_time2retain,
	&attr_max_r2t,
	&attr_pdu_in_order,
	&attr_seq_in_order,
	&attr_erl,
	NULL,
};

/* -- fabric_statistics/iscsi_sess_stats/ -- */

static struct se_node_acl *stats_to_nacl(struct config_item *item)
{
	return &container_of(to_config_group(item), struct tiscsi_nacl, sess_stats)->se_nacl;
}

static ssize_t stats_inst_show(struct config_item *item, char *page)
{
	struct tiscsi_tpg *tpg = nacl_to_tiscsi_tpg(stats_to_nacl(item));

	return sysfs_emit(page, "%u\n", tpg->pg.target->inst);
}
CONFIGFS_ATTR_RO(stats_, inst);

/* Without a session every file but inst is empty. */
#define STAT(_name, _value)								\
static ssize_t stats_##_name##_show(struct config_item *item, char *page)		\
{											\
	struct tiscsi_sess_info *info = session_of(stats_to_nacl(item));		\
	ssize_t len;									\
											\
	if (IS_ERR_OR_NULL(info))							\
		return PTR_ERR_OR_ZERO(info);						\
	len = sysfs_emit(page, "%llu\n", (u64)(_value));				\
	kfree(info);									\
	return len;									\
}											\
CONFIGFS_ATTR_RO(stats_, _name)

STAT(node, 1);	/* a session of an ACL is a normal one; discovery would be 0 */
STAT(indx, info->sid);
STAT(cmd_pdus, info->cmd_pdus);
STAT(rsp_pdus, info->rsp_pdus);
STAT(txdata_octs, info->tx_octets);
STAT(rxdata_octs, info->rx_octets);
STAT(conn_digest_errors, info->digest_errors);
STAT(conn_timeout_errors, info->timeout_errors);

static struct configfs_attribute *stats_attrs[] = {
	&stats_attr_inst,
	&stats_attr_node,
	&stats_attr_indx,
	&stats_attr_cmd_pdus,
	&stats_attr_rsp_pdus,
	&stats_attr_txdata_octs,
	&stats_attr_rxdata_octs,
	&stats_attr_conn_digest_errors,
	&stats_attr_conn_timeout_errors,
	NULL,
};

/*
 * The last of our own items in an ACL to go, and the only one that tells us:
 * target_core frees an ACL without a word. It releases this group first, then
 * takes the ACL off its list and waits for its sessions. A login that still
 * finds the ACL in between finds it without a credential, which refuses it if
 * one is required.
 */
static void stats_release(struct config_item *item)
{
	struct se_node_acl *se_nacl = stats_to_nacl(item);
	struct tiscsi_tpg *tpg = nacl_to_tiscsi_tpg(se_nacl);

	mutex_lock(&tpg->conf_lock);
	memzero_explicit(&to_tiscsi_nacl(se_nacl)->auth, sizeof(struct tiscsi_auth));
	mutex_unlock(&tpg->conf_lock);
}

static struct configfs_item_operations stats_item_ops = {
	.release = stats_release,
};

static const struct config_item_type stats_type = {
	.ct_item_ops = &stats_item_ops,
	.ct_attrs = stats_attrs,
	.ct_owner = THIS_MODULE,
};

void tiscsi_nacl_add_stats(struct tiscsi_nacl *nacl)
{
	config_group_init_type_name(&nacl->sess_stats, "iscsi_sess_stats", &stats_type);
	configfs_add_default_group(&nacl->sess_stats, &nacl->se_nacl.acl_fabric_stat_group);
}
