// SPDX-License-Identifier: GPL-2.0
/*
 * Node ACLs: acls/<initiator>/ itself and its attrib/.
 *
 * target_core allocates and frees them, dynamic ones without any configfs. They
 * get their values in set_default_node_attributes(), which sees every ACL; when a
 * dynamic ACL is promoted by mkdir, init_nodeacl() finds it in use and must leave
 * its values and sessions alone.
 */
#include <linux/kernel.h>

#include "tcm_priv.h"

#define CMDSN_DEPTH_MAX	512

void tiscsi_op_default_node_attributes(struct se_node_acl *se_nacl)
{
	struct tiscsi_nacl *nacl = to_tiscsi_nacl(se_nacl);
	struct tiscsi_tpg *tpg = nacl_to_tiscsi_tpg(se_nacl);

	nacl->attrib = (struct tiscsi_nacl_attrib){
		.dataout_timeout = 3,
		.dataout_timeout_retries = 5,
		.default_erl = READ_ONCE(tpg->attrib.default_erl),
		.nopin_timeout = 15,
		.nopin_response_timeout = 30,
		.authentication = -1,
	};
}

int tiscsi_op_init_nodeacl(struct se_node_acl *se_nacl, const char *name)
{
	tiscsi_nacl_add_stats(to_tiscsi_nacl(se_nacl));
	return 0;
}

/* -- attrib/ -- */

static ssize_t attrib_store(struct se_node_acl *se_nacl, u32 *field,
			    const struct tiscsi_attrib_rule *rule, const char *page, size_t count)
{
	struct tiscsi_tpg *tpg = nacl_to_tiscsi_tpg(se_nacl);
	u32 value;
	int ret;

	ret = tiscsi_attrib_parse(page, rule, &value);
	if (ret)
		return ret;

	mutex_lock(&tpg->conf_lock);
	WRITE_ONCE(*field, value);
	mutex_unlock(&tpg->conf_lock);
	return count;
}

/* configfs tells a callback the directory only: one pair of functions a file. */
#define ATTRIB(_name, _min, _max, _zero)						\
static u32 *attrib_##_name(struct config_item *item)					\
{											\
	return &to_tiscsi_nacl(attrib_to_nacl(item))->attrib._name;			\
}											\
static ssize_t attrib_##_name##_show(struct config_item *item, char *page)		\
{											\
	return sysfs_emit(page, "%u\n", READ_ONCE(*attrib_##_name(item)));		\
}											\
static ssize_t attrib_##_name##_store(struct config_item *item, const char *page,	\
				      size_t count)					\
{											\
	static const struct tiscsi_attrib_rule rule = {					\
		.min = _min, .max = _max, .zero = _zero					\
	};										\
											\
	return attrib_store(attrib_to_nacl(item), attrib_##_name(item), &rule, page,	\
			    count);							\
}											\
static struct configfs_attribute attrib_attr_##_name = {					\
	.ca_name = __stringify(_name),							\
	.ca_mode = 0644,								\
	.ca_owner = THIS_MODULE,							\
	.show = attrib_##_name##_show,							\
	.store = attrib_##_name##_store,						\
}

ATTRIB(dataout_timeout, 2, 60, false);
ATTRIB(dataout_timeout_retries, 1, 15, false);
ATTRIB(default_erl, 0, 2, false);
ATTRIB(nopin_timeout, 3, 60, true);
ATTRIB(nopin_response_timeout, 3, 60, false);
ATTRIB(random_datain_pdu_offsets, 0, 1, false);
ATTRIB(random_datain_seq_offsets, 0, 1, false);
ATTRIB(random_r2t_offsets, 0, 1, false);

/* The only one that can be negative. */
static ssize_t attrib_authentication_show(struct config_item *item, char *page)
{
	struct tiscsi_nacl *nacl = to_tiscsi_nacl(attrib_to_nacl(item));

	return sysfs_emit(page, "%d\n", READ_ONCE(nacl->attrib.authentication));
}

static ssize_t attrib_authentication_store(struct config_item *item, const char *page,
					   size_t count)
{
	struct tiscsi_nacl *nacl = to_tiscsi_nacl(attrib_to_nacl(item));
	struct tiscsi_tpg *tpg = nacl_to_tiscsi_tpg(&nacl->se_nacl);
	s32 value;
	int ret;

	ret = kstrtos32(page, 0, &value);
	if (ret)
		return ret;
	if (value < -1 || value > 1)
		return -EINVAL;

	mutex_lock(&tpg->conf_lock);
	WRITE_ONCE(nacl->attrib.authentication, value);
	mutex_unlock(&tpg->conf_lock);
	return count;
}
CONFIGFS_ATTR(attrib_, authentication);

struct configfs_attribute *tiscsi_nacl_attrib_attrs[] = {
	&attrib_attr_dataout_timeout,
	&attrib_attr_dataout_timeout_retries,
	&attrib_attr_default_erl,
	&attrib_attr_nopin_timeout,
	&attrib_attr_nopin_response_timeout,
	&attrib_attr_random_datain_pdu_offsets,
	&attrib_attr_random_datain_seq_offsets,
	&attrib_attr_random_r2t_offsets,
	&attrib_attr_authentication,
	NULL,
};

/* -- the directory itself -- */

static ssize_t base_info_show(struct config_item *item, char *page)
{
	return tiscsi_nacl_info(acl_to_nacl(item), page);
}
CONFIGFS_ATTR_RO(base_, info);

static ssize_t base_cmdsn_depth_show(struct config_item *item, char *page)
{
	return sysfs_emit(page, "%u\n", READ_ONCE(acl_to_nacl(item)->queue_depth));
}

/*
 * Closes every session of the ACL if the value changes: a session has as many
 * command slots as it had window when it began. Two writers at once would both
 * take sessions off the ACL's list, which target_core allows.
 */
static ssize_t base_cmdsn_depth_store(struct config_item *item, const char *page, size_t count)
{
	static const struct tiscsi_attrib_rule rule = { .max = CMDSN_DEPTH_MAX };
	u32 depth;
	int ret;

	ret = tiscsi_attrib_parse(page, &rule, &depth);
	if (ret)
		return ret;

	ret = core_tpg_set_initiator_node_queue_depth(acl_to_nacl(item), max(depth, 1U));
	return ret ? ret : count;
}
CONFIGFS_ATTR(base_, cmdsn_depth);

/* No newline is added and none is taken away: the ABI of this file alone. */
static ssize_t base_tag_show(struct config_item *item, char *page)
{
	const char *tag = acl_to_nacl(item)->acl_tag;

	return scnprintf(page, PAGE_SIZE, "%s", tag);
}

static ssize_t base_tag_store(struct config_item *item, const char *page, size_t count)
{
	struct se_node_acl *se_nacl = acl_to_nacl(item);
	int ret;

	ret = core_tpg_set_initiator_node_tag(se_nacl->se_tpg, se_nacl, page);
	return ret < 0 ? ret : count;
}
CONFIGFS_ATTR(base_, tag);

struct configfs_attribute *tiscsi_nacl_base_attrs[] = {
	&base_attr_info,
	&base_attr_cmdsn_depth,
	&base_attr_tag,
	NULL,
};
