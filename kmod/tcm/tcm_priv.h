/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Objects and helpers of the target_core room.
 *
 * Who owns what. Each object embeds one of target_core's and is freed with it:
 * a target by fabric_drop_wwn(), a portal group by fabric_drop_tpg(), a portal by
 * fabric_drop_np(), a node ACL by target_core itself, without a callback.
 *
 * Locks of this room, outermost first:
 *
 *   tiscsi_tpg.nexus_lock  (mutex) creation and removal of sessions in
 *			    target_core. Both take it several steps: look a
 *			    dynamic ACL up, create it, register the session; take
 *			    the session off the ACL, see whether it was the last,
 *			    put the ACL. Two logins of one initiator would each
 *			    create an ACL, two sessions that end would each think
 *			    to be the last and put it once too often. Held while
 *			    calling target_setup_session() and
 *			    target_remove_session() only.
 *   se_portal_group.acl_node_mutex  target_core's. Its callbacks run under it
 *			    and under spin locks, so they take no lock.
 *   tiscsi_tpg.conf_lock   (mutex) parameters, attributes and secrets of a group
 *			    and of its node ACLs: a login reads them all in one
 *			    go and never sees half a change. Leaf: nothing is
 *			    called under it. Attributes are also read without it
 *			    (READ_ONCE), by target_core's callbacks and by I/O
 *			    threads, hence written with WRITE_ONCE.
 *   tiscsi_discovery.lock  the same for discovery_auth/.
 *   tiscsi_target_stats.lock, se_node_acl.nacl_sess_lock  spin, leaves.
 *
 * tiscsi_mutex is taken before all of them except the first, never inside one.
 *
 * COMPAT WANTED (kmod/compat/compat.h):
 *   pr_fmt - KBUILD_MODNAME ": " fmt, before its first include: it is included
 *	first and brings printk.h, so a source file comes too late.
 *   TISCSI_OPS_SUBMIT_FIELDS - initialisers of struct target_core_fabric_ops with
 *	their commas. 6.1: empty. 6.12: ".direct_submit_supp = 1,
 *	.default_submit_type = TARGET_DIRECT_SUBMIT,". 7.2: these and
 *	".direct_compl_supp = 1, .default_compl_type = TARGET_DIRECT_COMPL,".
 */
#ifndef TISCSI_TCM_PRIV_H
#define TISCSI_TCM_PRIV_H

#include <linux/configfs.h>
#include <linux/list.h>
#include <linux/mutex.h>

#include <target/target_core_base.h>
#include <target/target_core_fabric.h>

#include <tcm_iscsi/core.h>

#include "../sess/session.h"
#include "../sess/target.h"
#include "tcm.h"

/* -- auth.c: CHAP names and secrets -- */

#define TISCSI_AUTH_SIZE	(ICORE_SECRET_MAX + 1)

enum tiscsi_auth_field {
	TISCSI_AUTH_USERID,
	TISCSI_AUTH_PASSWORD,
	TISCSI_AUTH_USERID_MUTUAL,
	TISCSI_AUTH_PASSWORD_MUTUAL,
	TISCSI_AUTH_FIELDS,
};

/**
 * struct tiscsi_auth - the four strings of an auth/ directory
 * @text: as written, newline and all; this is what reads back
 * @set: cleared by writing NULL
 */
struct tiscsi_auth {
	char text[TISCSI_AUTH_FIELDS][TISCSI_AUTH_SIZE];
	bool set[TISCSI_AUTH_FIELDS];
};

void tiscsi_auth_cred(const struct tiscsi_auth *auth, struct icore_chap_cred *cred);
bool tiscsi_auth_mutual(const struct tiscsi_auth *auth);

extern struct configfs_attribute *tiscsi_discovery_attrs[];
extern struct configfs_attribute *tiscsi_tpg_auth_attrs[];
extern struct configfs_attribute *tiscsi_nacl_auth_attrs[];

/* -- params.c: the keys of param/ -- */

enum tiscsi_param {
	TISCSI_PARAM_AUTH_METHOD,
	TISCSI_PARAM_HEADER_DIGEST,
	TISCSI_PARAM_DATA_DIGEST,
	TISCSI_PARAM_MAX_CONNECTIONS,
	TISCSI_PARAM_TARGET_ALIAS,
	TISCSI_PARAM_INITIAL_R2T,
	TISCSI_PARAM_IMMEDIATE_DATA,
	TISCSI_PARAM_MAX_RECV_DSL,
	TISCSI_PARAM_MAX_XMIT_DSL,
	TISCSI_PARAM_MAX_BURST,
	TISCSI_PARAM_FIRST_BURST,
	TISCSI_PARAM_TIME2WAIT,
	TISCSI_PARAM_TIME2RETAIN,
	TISCSI_PARAM_MAX_R2T,
	TISCSI_PARAM_PDU_IN_ORDER,
	TISCSI_PARAM_SEQ_IN_ORDER,
	TISCSI_PARAM_ERL,
	TISCSI_PARAM_IFMARKER,
	TISCSI_PARAM_OFMARKER,
	TISCSI_PARAM_IFMARKINT,
	TISCSI_PARAM_OFMARKINT,
	TISCSI_PARAMS,
};

#define TISCSI_PARAM_SIZE	(ICORE_VALUE_MAX + 1)

/**
 * struct tiscsi_params - values as written
 * @text: one valid string for each key
 * @alias: what TargetAlias says, or NULL
 * @aliases: every alias there ever was, see params.c
 */
struct tiscsi_params {
	char text[TISCSI_PARAMS][TISCSI_PARAM_SIZE];
	const char *alias;
	struct list_head aliases;
};

void tiscsi_params_init(struct tiscsi_params *p);
void tiscsi_params_free(struct tiscsi_params *p);
void tiscsi_params_offer(const struct tiscsi_params *p, struct icore_offer *offer);
bool tiscsi_params_method(const struct tiscsi_params *p, const char *method);
int tiscsi_params_allow_none(struct tiscsi_params *p, bool allow);

extern struct configfs_attribute *tiscsi_tpg_param_attrs[];

/* -- objects -- */

enum tiscsi_stat_group {
	TISCSI_STAT_INSTANCE,
	TISCSI_STAT_SESS_ERR,
	TISCSI_STAT_TGT_ATTR,
	TISCSI_STAT_LOGIN,
	TISCSI_STAT_LOGOUT,
	TISCSI_STAT_GROUPS,
};

/**
 * struct tiscsi_wwn - one <iqn> directory
 * @se_wwn: target_core's half
 * @target: the protocol's half
 * @stat: groups below fabric_statistics/
 */
struct tiscsi_wwn {
	struct se_wwn se_wwn;
	struct tiscsi_target target;
	struct config_group stat[TISCSI_STAT_GROUPS];
};

/**
 * struct tiscsi_tpg_attrib - values of attrib/; under conf_lock, read anywhere
 */
struct tiscsi_tpg_attrib {
	u32 authentication;
	u32 login_timeout;
	u32 netif_timeout;
	u32 generate_node_acls;
	u32 default_cmdsn_depth;
	u32 cache_dynamic_acls;
	u32 demo_mode_write_protect;
	u32 prod_mode_write_protect;
	u32 demo_mode_discovery;
	u32 default_erl;
	u32 t10_pi;
	u32 fabric_prot_type;
	u32 tpg_enabled_sendtargets;
	u32 login_keys_workaround;
};

/**
 * struct tiscsi_tpg - one tpgt_<N> directory
 * @se_tpg: target_core's half
 * @pg: the protocol's half
 * @nexus_lock: see above
 * @conf_lock: see above; protects the rest
 * @attrib: attrib/
 * @auth: auth/
 * @params: param/
 */
struct tiscsi_tpg {
	struct se_portal_group se_tpg;
	struct tiscsi_pg pg;
	struct mutex nexus_lock;	/* sessions come and go */
	struct mutex conf_lock;		/* protects what follows */
	struct tiscsi_tpg_attrib attrib;
	struct tiscsi_auth auth;
	struct tiscsi_params params;
};

/**
 * struct tiscsi_nacl - one node ACL, static or dynamic
 * @se_nacl: target_core's half; first, because target_core allocates the whole
 * @attrib: attrib/; written under the group's conf_lock, read anywhere
 * @auth: auth/; under the group's conf_lock
 * @sess_stats: fabric_statistics/iscsi_sess_stats of a static ACL
 */
struct tiscsi_nacl {
	struct se_node_acl se_nacl;
	struct tiscsi_nacl_attrib attrib;
	struct tiscsi_auth auth;
	struct config_group sess_stats;
};

/**
 * struct tiscsi_discovery - discovery_auth/
 * @lock: protects the rest
 * @auth: credentials of discovery sessions
 * @enforce: they are required
 */
struct tiscsi_discovery {
	struct mutex lock;	/* protects what follows */
	struct tiscsi_auth auth;
	bool enforce;
};

extern struct tiscsi_discovery tiscsi_discovery;

static inline struct tiscsi_wwn *to_tiscsi_wwn(struct se_wwn *se_wwn)
{
	return container_of(se_wwn, struct tiscsi_wwn, se_wwn);
}

static inline struct tiscsi_tpg *to_tiscsi_tpg(struct se_portal_group *se_tpg)
{
	return container_of(se_tpg, struct tiscsi_tpg, se_tpg);
}

static inline struct tiscsi_tpg *pg_to_tiscsi_tpg(struct tiscsi_pg *pg)
{
	return container_of(pg, struct tiscsi_tpg, pg);
}

static inline struct tiscsi_nacl *to_tiscsi_nacl(struct se_node_acl *se_nacl)
{
	return container_of(se_nacl, struct tiscsi_nacl, se_nacl);
}

static inline struct tiscsi_tpg *nacl_to_tiscsi_tpg(struct se_node_acl *se_nacl)
{
	return to_tiscsi_tpg(se_nacl->se_tpg);
}

/* -- attrib.c -- */

/**
 * struct tiscsi_attrib_rule - what may be written to a number
 * @min: lowest
 * @max: highest
 * @zero: 0 is allowed as well
 */
struct tiscsi_attrib_rule {
	u32 min;
	u32 max;
	bool zero;
};

int tiscsi_attrib_parse(const char *page, const struct tiscsi_attrib_rule *rule, u32 *out);
void tiscsi_tpg_attrib_init(struct tiscsi_tpg_attrib *a);

extern struct configfs_attribute *tiscsi_tpg_attrib_attrs[];

/* -- target_cfg.c -- */

struct se_wwn *tiscsi_op_make_wwn(struct target_fabric_configfs *tf, struct config_group *group,
				  const char *name);
void tiscsi_op_drop_wwn(struct se_wwn *se_wwn);
struct se_portal_group *tiscsi_op_make_tpg(struct se_wwn *se_wwn, const char *name);
int tiscsi_op_enable_tpg(struct se_portal_group *se_tpg, bool enable);
void tiscsi_op_drop_tpg(struct se_portal_group *se_tpg);
void tiscsi_op_pre_unlink(struct se_portal_group *se_tpg, struct se_lun *se_lun);

extern struct configfs_attribute *tiscsi_tpg_base_attrs[];

/* -- np_cfg.c -- */

struct se_tpg_np *tiscsi_op_make_np(struct se_portal_group *se_tpg, struct config_group *group,
				    const char *name);
void tiscsi_op_drop_np(struct se_tpg_np *se_np);

extern struct configfs_attribute *tiscsi_np_attrs[];

/* -- nacl.c -- */

void tiscsi_op_default_node_attributes(struct se_node_acl *se_nacl);
int tiscsi_op_init_nodeacl(struct se_node_acl *se_nacl, const char *name);

extern struct configfs_attribute *tiscsi_nacl_base_attrs[];
extern struct configfs_attribute *tiscsi_nacl_attrib_attrs[];

/* -- info.c -- */

ssize_t tiscsi_nacl_info(struct se_node_acl *se_nacl, char *page);
void tiscsi_nacl_add_stats(struct tiscsi_nacl *nacl);

extern struct configfs_attribute *tiscsi_nacl_param_attrs[];

/* -- stat_cfg.c -- */

void tiscsi_op_add_wwn_groups(struct se_wwn *se_wwn);

/* -- root_cfg.c -- */

void tiscsi_root_init(void);
void tiscsi_root_exit(void);

extern struct configfs_attribute *tiscsi_root_attrs[];

/* -- policy.c -- */

void tiscsi_op_close_session(struct se_session *se_sess);

/* -- submit.c: the command half of the operations -- */

int tiscsi_op_check_stop_free(struct se_cmd *se_cmd);
void tiscsi_op_release_cmd(struct se_cmd *se_cmd);
int tiscsi_op_write_pending(struct se_cmd *se_cmd);
int tiscsi_op_queue_data_in(struct se_cmd *se_cmd);
int tiscsi_op_queue_status(struct se_cmd *se_cmd);
void tiscsi_op_queue_tm_rsp(struct se_cmd *se_cmd);
void tiscsi_op_aborted_task(struct se_cmd *se_cmd);
int tiscsi_op_get_cmd_state(struct se_cmd *se_cmd);

/* -- defer.c -- */

void tiscsi_defer_submit(struct tiscsi_cmd *cmd);
void tiscsi_defer_execute(struct tiscsi_cmd *cmd);

/* -- guard.c -- */

bool tiscsi_guard(struct tiscsi_cmd *cmd, const u8 *cdb);
void tiscsi_guard_release(struct tiscsi_cmd *cmd);
bool tiscsi_guard_data(struct se_cmd *se_cmd);

/* -- order.c -- */

void tiscsi_order_end(struct se_cmd *se_cmd);

#endif /* TISCSI_TCM_PRIV_H */
