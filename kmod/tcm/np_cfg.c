// SPDX-License-Identifier: GPL-2.0
/*
 * Portals: np/<address>:<port>.
 *
 * The directory stands for a binding of a group to a listener, which exists from
 * mkdir to rmdir, whether the group is enabled or not. The listener is made in
 * the network namespace of whoever made the directory.
 */
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/nsproxy.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "tcm_priv.h"

#define NP_NAME_MAX	256

/**
 * struct np_dir - one portal directory
 * @se_np: target_core's half
 * @binding: the protocol's half
 */
struct np_dir {
	struct se_tpg_np se_np;
	struct tiscsi_binding *binding;
};

struct se_tpg_np *tiscsi_op_make_np(struct se_portal_group *se_tpg, struct config_group *group,
				    const char *name)
{
	struct net *net = current->nsproxy->net_ns;
	struct sockaddr_storage addr;
	struct np_dir *dir;
	int ret;

	if (strlen(name) > NP_NAME_MAX)
		return ERR_PTR(-EINVAL);
	ret = tiscsi_portal_parse(net, name, &addr);
	if (ret)
		return ERR_PTR(ret);

	dir = kzalloc(sizeof(*dir), GFP_KERNEL);
	if (!dir)
		return ERR_PTR(-ENOMEM);

	dir->binding = tiscsi_portal_bind(&to_tiscsi_tpg(se_tpg)->pg, net, &addr);
	if (IS_ERR(dir->binding)) {
		ret = PTR_ERR(dir->binding);
		goto err_free;
	}
	return &dir->se_np;

err_free:
	kfree(dir);
	return ERR_PTR(ret);
}

/* Only configfs knows of it, and lets go of it with this call. */
void tiscsi_op_drop_np(struct se_tpg_np *se_np)
{
	struct np_dir *dir = container_of(se_np, struct np_dir, se_np);

	tiscsi_portal_unbind(dir->binding);
	kfree(dir);
}

/*
 * iser and cxgbit: other transports at the same address. There are none, so 0 is
 * what they are and what tools write; 1 is refused like a transport whose module
 * did not register.
 */
static ssize_t transport_store(const char *page, size_t count)
{
	u32 value;
	int ret;

	ret = kstrtou32(page, 0, &value);
	if (ret)
		return ret;
	return value ? -EINVAL : count;
}

static ssize_t np_iser_show(struct config_item *item, char *page)
{
	return sysfs_emit(page, "0\n");
}

static ssize_t np_iser_store(struct config_item *item, const char *page, size_t count)
{
	return transport_store(page, count);
}
CONFIGFS_ATTR(np_, iser);

static ssize_t np_cxgbit_show(struct config_item *item, char *page)
{
	return sysfs_emit(page, "0\n");
}

static ssize_t np_cxgbit_store(struct config_item *item, const char *page, size_t count)
{
	return transport_store(page, count);
}
CONFIGFS_ATTR(np_, cxgbit);

struct configfs_attribute *tiscsi_np_attrs[] = {
	&np_attr_iser,
	&np_attr_cxgbit,
	NULL,
};
