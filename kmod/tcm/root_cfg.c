// SPDX-License-Identifier: GPL-2.0
/*
 * Files at the root of the fabric, and the state behind discovery_auth/: what
 * exists once in the module.
 *
 * The CPU list is under a spin lock of its own, a leaf: readers copy it.
 */
#include <linux/cpumask.h>
#include <linux/spinlock.h>

#include "tcm_priv.h"

static DEFINE_SPINLOCK(cpus_lock);
static struct cpumask cpus_allowed;	/* under cpus_lock */
static unsigned int cpus_seq;		/* written under cpus_lock, read anywhere */

struct tiscsi_discovery tiscsi_discovery = {
	.lock = __MUTEX_INITIALIZER(tiscsi_discovery.lock),
};

void tiscsi_root_init(void)
{
	cpumask_setall(&cpus_allowed);
}

/* After the fabric is gone, hence nobody reads any more. */
void tiscsi_root_exit(void)
{
	memzero_explicit(&tiscsi_discovery.auth, sizeof(tiscsi_discovery.auth));
	tiscsi_discovery.enforce = false;
}

/**
 * tiscsi_tcm_cpus - CPUs on which connections may run
 * @out: may contain CPUs that are offline or do not exist
 */
void tiscsi_tcm_cpus(struct cpumask *out)
{
	spin_lock(&cpus_lock);
	cpumask_copy(out, &cpus_allowed);
	spin_unlock(&cpus_lock);
}

/* Changes whenever tiscsi_tcm_cpus() does; for polling. */
unsigned int tiscsi_tcm_cpus_seq(void)
{
	return READ_ONCE(cpus_seq);
}

static ssize_t root_lio_version_show(struct config_item *item, char *page)
{
	return sysfs_emit(page, "Datera Inc. iSCSI Target v4.1.0\n");
}
CONFIGFS_ATTR_RO(root_, lio_version);

static ssize_t root_cpus_allowed_list_show(struct config_item *item, char *page)
{
	ssize_t len;

	spin_lock(&cpus_lock);
	len = sysfs_emit(page, "%*pbl\n", cpumask_pr_args(&cpus_allowed));
	spin_unlock(&cpus_lock);
	return len;
}

/*
 * An empty list is refused: no thread could run. (The in-tree module takes it and
 * divides by zero at the next login.)
 */
static ssize_t root_cpus_allowed_list_store(struct config_item *item, const char *page,
					    size_t count)
{
	cpumask_var_t mask;
	int ret;

	if (!zalloc_cpumask_var(&mask, GFP_KERNEL))
		return -ENOMEM;

	ret = cpulist_parse(page, mask);
	if (!ret && cpumask_empty(mask))
		ret = -EINVAL;
	if (ret)
		goto out;

	spin_lock(&cpus_lock);
	cpumask_copy(&cpus_allowed, mask);
	WRITE_ONCE(cpus_seq, cpus_seq + 1);
	spin_unlock(&cpus_lock);
out:
	free_cpumask_var(mask);
	return ret ? ret : count;
}
CONFIGFS_ATTR(root_, cpus_allowed_list);

struct configfs_attribute *tiscsi_root_attrs[] = {
	&root_attr_lio_version,
	&root_attr_cpus_allowed_list,
	NULL,
};
