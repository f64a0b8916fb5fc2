/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How target_core counts commands for the sake of ORDERED ones. Since 6.18 a percpu_ref
 * of the device stands for what is under way and is dead while an ordered command waits
 * or runs, all of them one by one; before, there were two counters.
 */
#ifndef TISCSI_COMPAT_ORDER_H
#define TISCSI_COMPAT_ORDER_H

#include <linux/percpu-refcount.h>
#include <scsi/scsi_proto.h>
#include <target/target_core_base.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 18, 0)
static inline void tiscsi_compat_order_end(struct se_cmd *cmd)
{
	struct se_device *dev = cmd->se_dev;
	unsigned long flags;

	if (cmd->sam_task_attr == TCM_ORDERED_TAG) {
		spin_lock_irqsave(&dev->delayed_cmd_lock, flags);
		dev->ordered_sync_in_progress = false;
		spin_unlock_irqrestore(&dev->delayed_cmd_lock, flags);
	} else {
		atomic_dec(&dev->non_ordered);
	}
	smp_mb();	/* whoever adds to the list counts first, then looks at what runs */
	if (atomic_read(&dev->delayed_cmd_count) > 0)
		schedule_work(&dev->delayed_cmd_work);
}
#else
static inline void tiscsi_compat_order_end(struct se_cmd *cmd)
{
	struct se_device *dev = cmd->se_dev;
	unsigned long flags;

	if (!(cmd->se_cmd_flags & SCF_TASK_ORDERED_SYNC)) {
		if (cmd->sam_task_attr == TCM_SIMPLE_TAG)
			percpu_ref_put(&dev->non_ordered);
		return;
	}
	spin_lock_irqsave(&dev->delayed_cmd_lock, flags);
	dev->ordered_sync_in_progress = false;
	if (list_empty(&dev->delayed_cmd_list))
		percpu_ref_resurrect(&dev->non_ordered);
	else
		schedule_work(&dev->delayed_cmd_work);
	spin_unlock_irqrestore(&dev->delayed_cmd_lock, flags);
}
#endif

#endif /* TISCSI_COMPAT_ORDER_H */
