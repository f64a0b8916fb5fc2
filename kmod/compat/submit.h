/* SPDX-License-Identifier: GPL-2.0 */
/* Since 6.7 a device says where it wants its commands to be executed. */
#ifndef TISCSI_COMPAT_SUBMIT_H
#define TISCSI_COMPAT_SUBMIT_H

#include <target/target_core_base.h>

/* Its administrator asked for the caller's context. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 7, 0)
static inline bool tiscsi_compat_submits_direct(const struct se_device *dev)
{
	return false;
}
#else
static inline bool tiscsi_compat_submits_direct(const struct se_device *dev)
{
	return READ_ONCE(dev->dev_attrib.submit_type) == TARGET_DIRECT_SUBMIT;
}
#endif

#endif /* TISCSI_COMPAT_SUBMIT_H */
