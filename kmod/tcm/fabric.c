// SPDX-License-Identifier: GPL-2.0
/*
 * The fabric as target_core sees it: the table of operations, and registration.
 *
 * The small operations below answer from constants and attributes. target_core
 * calls them under its own mutexes and spin locks, hence no lock is taken.
 *
 * Only one fabric may be called iSCSI. target_core does not check that, and when
 * one of two is unregistered it may remove the other. So with the default names
 * the module refuses to load while iscsi_target_mod is resident, and keeps it
 * from loading afterwards.
 *
 * How it knows: find_module() is not exported, and asking for a symbol of the
 * module would load it. But every module, in every state of its life, has a
 * kobject in one kset, of which our own kobject is a member too; looking a name
 * up there is what the module loader itself does against duplicates. For later
 * arrivals there is the notifier that runs before a module's init function and
 * may veto it. A module that is between its notification and the making of its
 * kobject at the very moment of our check escapes both; two loaders would have to
 * run at once for that.
 */
#include <linux/ctype.h>
#include <linux/kobject.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/string.h>

#include "tcm_priv.h"

#define IN_TREE_MODULE	"iscsi_target_mod"
#define IN_TREE_ALIAS	"iscsi"
#define IN_TREE_NAME	"iSCSI"
#define FABRIC_NAME_SIZE 32		/* target_core's limit, with NUL */

/* -- portal groups -- */

static char *op_tpg_get_wwn(struct se_portal_group *se_tpg)
{
	return to_tiscsi_tpg(se_tpg)->pg.target->name;
}

static u16 op_tpg_get_tag(struct se_portal_group *se_tpg)
{
	return to_tiscsi_tpg(se_tpg)->pg.tag;
}

static u32 op_tpg_get_inst_index(struct se_portal_group *se_tpg)
{
	return to_tiscsi_tpg(se_tpg)->pg.target->inst;
}

static u32 op_tpg_get_default_depth(struct se_portal_group *se_tpg)
{
	return READ_ONCE(to_tiscsi_tpg(se_tpg)->attrib.default_cmdsn_depth);
}

static int op_tpg_check_demo_mode(struct se_portal_group *se_tpg)
{
	return READ_ONCE(to_tiscsi_tpg(se_tpg)->attrib.generate_node_acls);
}

static int op_tpg_check_demo_mode_cache(struct se_portal_group *se_tpg)
{
	return READ_ONCE(to_tiscsi_tpg(se_tpg)->attrib.cache_dynamic_acls);
}

static int op_tpg_check_demo_mode_write_protect(struct se_portal_group *se_tpg)
{
	return READ_ONCE(to_tiscsi_tpg(se_tpg)->attrib.demo_mode_write_protect);
}

static int op_tpg_check_prod_mode_write_protect(struct se_portal_group *se_tpg)
{
	return READ_ONCE(to_tiscsi_tpg(se_tpg)->attrib.prod_mode_write_protect);
}

static int op_tpg_check_prot_fabric_only(struct se_portal_group *se_tpg)
{
	const struct tiscsi_tpg_attrib *a = &to_tiscsi_tpg(se_tpg)->attrib;

	return READ_ONCE(a->t10_pi) ? READ_ONCE(a->fabric_prot_type) : 0;
}

/* -- sessions -- */

static u32 op_sess_get_index(struct se_session *se_sess)
{
	return tiscsi_cmd_session_index(se_sess->fabric_sess_ptr);
}

/* The ISID as 12 digits: part of TransportIDs and port identifiers. */
static u32 op_sess_get_initiator_sid(struct se_session *se_sess, unsigned char *buf, u32 size)
{
	const struct tiscsi_sess *sess = se_sess->fabric_sess_ptr;

	return scnprintf((char *)buf, size, "%6phN", sess->isid);
}

/* -- registration -- */

static char fabric_alias[FABRIC_NAME_SIZE];
static char fabric_name[FABRIC_NAME_SIZE];

/* Not const: 6.1 keeps the pointer, and the names are filled in at load. */
static struct target_core_fabric_ops fabric_ops = {
	.module				= THIS_MODULE,
	.fabric_alias			= fabric_alias,
	.fabric_name			= fabric_name,
	.node_acl_size			= sizeof(struct tiscsi_nacl),

	.tpg_get_wwn			= op_tpg_get_wwn,
	.tpg_get_tag			= op_tpg_get_tag,
	.tpg_get_default_depth		= op_tpg_get_default_depth,
	.tpg_check_demo_mode		= op_tpg_check_demo_mode,
	.tpg_check_demo_mode_cache	= op_tpg_check_demo_mode_cache,
	.tpg_check_demo_mode_write_protect = op_tpg_check_demo_mode_write_protect,
	.tpg_check_prod_mode_write_protect = op_tpg_check_prod_mode_write_protect,
	.tpg_check_prot_fabric_only	= op_tpg_check_prot_fabric_only,
	.tpg_get_inst_index		= op_tpg_get_inst_index,

	.check_stop_free		= tiscsi_op_check_stop_free,
	.release_cmd			= tiscsi_op_release_cmd,
	.write_pending			= tiscsi_op_write_pending,
	.get_cmd_state			= tiscsi_op_get_cmd_state,
	.queue_data_in			= tiscsi_op_queue_data_in,
	.queue_status			= tiscsi_op_queue_status,
	.queue_tm_rsp			= tiscsi_op_queue_tm_rsp,
	.aborted_task			= tiscsi_op_aborted_task,
	.write_pending_must_be_called	= 1,
	TISCSI_OPS_SUBMIT_FIELDS

	.close_session			= tiscsi_op_close_session,
	.sess_get_index			= op_sess_get_index,
	.sess_get_initiator_sid		= op_sess_get_initiator_sid,
	.set_default_node_attributes	= tiscsi_op_default_node_attributes,

	.fabric_make_wwn		= tiscsi_op_make_wwn,
	.fabric_drop_wwn		= tiscsi_op_drop_wwn,
	.add_wwn_groups			= tiscsi_op_add_wwn_groups,
	.fabric_make_tpg		= tiscsi_op_make_tpg,
	.fabric_enable_tpg		= tiscsi_op_enable_tpg,
	.fabric_drop_tpg		= tiscsi_op_drop_tpg,
	.fabric_pre_unlink		= tiscsi_op_pre_unlink,
	.fabric_make_np			= tiscsi_op_make_np,
	.fabric_drop_np			= tiscsi_op_drop_np,
	.fabric_init_nodeacl		= tiscsi_op_init_nodeacl,

	.tfc_discovery_attrs		= tiscsi_discovery_attrs,
	.tfc_wwn_attrs			= tiscsi_root_attrs,
	.tfc_tpg_base_attrs		= tiscsi_tpg_base_attrs,
	.tfc_tpg_np_base_attrs		= tiscsi_np_attrs,
	.tfc_tpg_attrib_attrs		= tiscsi_tpg_attrib_attrs,
	.tfc_tpg_auth_attrs		= tiscsi_tpg_auth_attrs,
	.tfc_tpg_param_attrs		= tiscsi_tpg_param_attrs,
	.tfc_tpg_nacl_base_attrs	= tiscsi_nacl_base_attrs,
	.tfc_tpg_nacl_attrib_attrs	= tiscsi_nacl_attrib_attrs,
	.tfc_tpg_nacl_auth_attrs	= tiscsi_nacl_auth_attrs,
	.tfc_tpg_nacl_param_attrs	= tiscsi_nacl_param_attrs,
};

static int in_tree_event(struct notifier_block *nb, unsigned long state, void *data)
{
	const struct module *mod = data;

	if (state != MODULE_STATE_COMING || strcmp(mod->name, IN_TREE_MODULE))
		return NOTIFY_DONE;
	pr_err("%s may not load beside %s: rmmod %s first, or load it with fabric=NAME\n",
	       IN_TREE_MODULE, KBUILD_MODNAME, KBUILD_MODNAME);
	return notifier_from_errno(-EBUSY);
}

static struct notifier_block in_tree_nb = {
	.notifier_call = in_tree_event,
};

/* A package may install us under the in-tree module's file name. */
static bool in_tree_resident(void)
{
	struct kobject *kobj;
	bool resident;

	kobj = kset_find_obj(THIS_MODULE->mkobj.kobj.kset, IN_TREE_MODULE);
	resident = kobj && kobj != &THIS_MODULE->mkobj.kobj;
	kobject_put(kobj);
	return resident;
}

static bool is_in_tree_name(void)
{
	return !strcmp(fabric_alias, IN_TREE_ALIAS) && !strcmp(fabric_name, IN_TREE_NAME);
}

/* The names become directories and parts of paths of target_core's state files. */
static int check_name(const char *name)
{
	const char *c;

	if (!*name || strlen(name) >= FABRIC_NAME_SIZE)
		goto bad;
	for (c = name; *c; c++)
		if (!isalnum(*c) && *c != '_' && *c != '-')
			goto bad;
	if (is_in_tree_name())
		return 0;
	if (strncasecmp(name, IN_TREE_ALIAS, strlen(IN_TREE_ALIAS)))
		return 0;
	pr_err("fabric=%s: may not begin with \"iscsi\": the kernel would load %s for it\n", name,
	       IN_TREE_MODULE);
	return -EINVAL;

bad:
	pr_err("fabric=: 1 to %d letters, digits, '_' and '-' are possible\n",
	       FABRIC_NAME_SIZE - 1);
	return -EINVAL;
}

/**
 * tiscsi_fabric_register - appear below /sys/kernel/config/target
 * @alias: name of the directory
 * @name: what target_core calls us elsewhere
 *
 * Return: 0, -EINVAL for a bad name, -EBUSY while iscsi_target_mod is resident,
 * or what target_core says.
 */
int tiscsi_fabric_register(const char *alias, const char *name)
{
	bool own_names;
	int ret;

	/* A name that is cut here is too long, which check_name() sees at the original. */
	strscpy(fabric_alias, alias, sizeof(fabric_alias));
	strscpy(fabric_name, name, sizeof(fabric_name));
	ret = check_name(alias);
	if (!ret)
		ret = check_name(name);
	if (ret)
		return ret;

	own_names = !is_in_tree_name();
	if (!own_names) {
		ret = register_module_notifier(&in_tree_nb);
		if (ret)
			return ret;
		ret = -EBUSY;
		if (in_tree_resident()) {
			pr_err("%s is loaded: stop its users and `rmmod %s`, or load with fabric=NAME to run beside it\n",
			       IN_TREE_MODULE, IN_TREE_MODULE);
			goto err_notifier;
		}
	}

	tiscsi_root_init();
	ret = target_register_template(&fabric_ops);
	if (ret)
		goto err_notifier;
	return 0;

err_notifier:
	if (!own_names)
		unregister_module_notifier(&in_tree_nb);
	return ret;
}

/* configfs holds the module while a directory of ours exists: there is none now. */
void tiscsi_fabric_unregister(void)
{
	target_unregister_template(&fabric_ops);
	if (is_in_tree_name())
		unregister_module_notifier(&in_tree_nb);
	tiscsi_root_exit();
}
