// SPDX-License-Identifier: GPL-2.0
/*
 * Attributes of a portal group: attrib/.
 *
 * Numbers, written under the group's conf_lock with WRITE_ONCE: target_core asks
 * for some of them under its own spin locks and cannot take a mutex.
 */
#include <linux/kernel.h>

#include "tcm_priv.h"

/**
 * tiscsi_attrib_parse - read a number that obeys a rule
 * @page: text, one newline may follow
 * @rule: the rule
 * @out: the number
 *
 * Return: 0, -EINVAL, or -ERANGE if it does not fit 32 bits.
 */
int tiscsi_attrib_parse(const char *page, const struct tiscsi_attrib_rule *rule, u32 *out)
{
	u32 value;
	int ret;

	ret = kstrtou32(page, 0, &value);
	if (ret)
		return ret;
	if ((value < rule->min || value > rule->max) && !(rule->zero && !value))
		return -EINVAL;
	*out = value;
	return 0;
}

void tiscsi_tpg_attrib_init(struct tiscsi_tpg_attrib *a)
{
	*a = (struct tiscsi_tpg_attrib){
		.authentication = 1,
		.login_timeout = 15,
		.netif_timeout = 2,
		.default_cmdsn_depth = 64,
		.demo_mode_write_protect = 1,
		.demo_mode_discovery = 1,
		.tpg_enabled_sendtargets = 1,
		.login_keys_workaround = 1,
	};
}

/*
 * What else a change means. Called under conf_lock, before the value is stored;
 * may change *@value.
 */
typedef int (*attrib_effect)(struct tiscsi_tpg *tpg, u32 *value);

/* authentication=0 is also written into AuthMethod, where users look for it. */
static int effect_authentication(struct tiscsi_tpg *tpg, u32 *value)
{
	return tiscsi_params_allow_none(&tpg->params, !*value);
}

static int effect_generate_node_acls(struct tiscsi_tpg *tpg, u32 *value)
{
	if (*value)
		WRITE_ONCE(tpg->attrib.cache_dynamic_acls, 1);
	return 0;
}

/* Demo mode needs the cache: taking it away is ignored, but not an error. */
static int effect_cache_dynamic_acls(struct tiscsi_tpg *tpg, u32 *value)
{
	if (tpg->attrib.generate_node_acls)
		*value = 1;
	return 0;
}

/* DIF types 0, 1 and 3: target_core has no type 2 for fabrics. */
static int effect_fabric_prot_type(struct tiscsi_tpg *tpg, u32 *value)
{
	return *value == 2 ? -EINVAL : 0;
}

static ssize_t attrib_store(struct tiscsi_tpg *tpg, u32 *field,
			    const struct tiscsi_attrib_rule *rule, attrib_effect effect,
			    const char *page, size_t count)
{
	u32 value;
	int ret;

	ret = tiscsi_attrib_parse(page, rule, &value);
	if (ret)
		return ret;

	mutex_lock(&tpg->conf_lock);
	if (effect)
		ret = effect(tpg, &value);
	if (!ret)
		WRITE_ONCE(*field, value);
	mutex_unlock(&tpg->conf_lock);
	return ret ? ret : count;
}

/* configfs tells a callback the directory only: one pair of functions a file. */
#define ATTRIB(_name, _min, _max, _effect)						\
	ATTRIB_MODE(_name, 0644, _min, _max, _effect)

#define ATTRIB_MODE(_name, _mode, _min, _max, _effect)					\
static u32 *attrib_##_name(struct config_item *item)					\
{											\
	return &to_tiscsi_tpg(attrib_to_tpg(item))->attrib._name;			\
}											\
static ssize_t attrib_##_name##_show(struct config_item *item, char *page)		\
{											\
	return sysfs_emit(page, "%u\n", READ_ONCE(*attrib_##_name(item)));		\
}											\
static ssize_t attrib_##_name##_store(struct config_item *item, const char *page,	\
				      size_t count)					\
{											\
	static const struct tiscsi_attrib_rule rule = { .min = _min, .max = _max };	\
											\
	return attrib_store(to_tiscsi_tpg(attrib_to_tpg(item)), attrib_##_name(item),	\
			    &rule, _effect, page, count);				\
}											\
static struct configfs_attribute attrib_attr_##_name = {					\
	.ca_name = __stringify(_name),							\
	.ca_mode = _mode,								\
	.ca_owner = THIS_MODULE,							\
	.show = attrib_##_name##_show,							\
	.store = attrib_##_name##_store,						\
}

ATTRIB(authentication, 0, 1, effect_authentication);
/* Seconds; other than the kernel's own module, which stores it, we keep to it. */
ATTRIB(login_timeout, 5, 30, NULL);
/*
 * Never had a meaning. Only 6.1's own module has it, but a configuration that was
 * saved there must restore without errors on newer kernels. There its mode keeps it
 * out of what is saved, because the kernel's own module would refuse that.
 */
ATTRIB_MODE(netif_timeout, TISCSI_COMPAT_NETIF_TIMEOUT_MODE, 2, 15, NULL);
ATTRIB(generate_node_acls, 0, 1, effect_generate_node_acls);
ATTRIB(default_cmdsn_depth, 1, 512, NULL);
ATTRIB(cache_dynamic_acls, 0, 1, effect_cache_dynamic_acls);
ATTRIB(demo_mode_write_protect, 0, 1, NULL);
ATTRIB(prod_mode_write_protect, 0, 1, NULL);
ATTRIB(demo_mode_discovery, 0, 1, NULL);
ATTRIB(default_erl, 0, 2, NULL);
ATTRIB(t10_pi, 0, 1, NULL);
ATTRIB(fabric_prot_type, 0, 3, effect_fabric_prot_type);
ATTRIB(tpg_enabled_sendtargets, 0, 1, NULL);
ATTRIB(login_keys_workaround, 0, 1, NULL);

struct configfs_attribute *tiscsi_tpg_attrib_attrs[] = {
	&attrib_attr_authentication,
	&attrib_attr_login_timeout,
	&attrib_attr_netif_timeout,
	&attrib_attr_generate_node_acls,
	&attrib_attr_default_cmdsn_depth,
	&attrib_attr_cache_dynamic_acls,
	&attrib_attr_demo_mode_write_protect,
	&attrib_attr_prod_mode_write_protect,
	&attrib_attr_demo_mode_discovery,
	&attrib_attr_default_erl,
	&attrib_attr_t10_pi,
	&attrib_attr_fabric_prot_type,
	&attrib_attr_tpg_enabled_sendtargets,
	&attrib_attr_login_keys_workaround,
	NULL,
};
