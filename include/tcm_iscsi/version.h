/* SPDX-License-Identifier: GPL-2.0 */
/* The one place that says the version; Makefile reads it, dkms.conf repeats it. */
#ifndef TCM_ISCSI_VERSION_H
#define TCM_ISCSI_VERSION_H

#define TISCSI_VERSION "0.1.0"

#endif /* TCM_ISCSI_VERSION_H */
