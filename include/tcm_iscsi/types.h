/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Fixed-width types for everything that is shared between the kernel module,
 * the host tests and the fuzzers. The big-endian types are the kernel's own, so
 * that sparse checks byte order in every room.
 */
#ifndef TCM_ISCSI_TYPES_H
#define TCM_ISCSI_TYPES_H

#include <linux/types.h>

#ifdef __KERNEL__
#include <linux/stddef.h>
#else
#include <stdbool.h>
#include <stddef.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s32 s32;
typedef __s64 s64;
#endif

#endif /* TCM_ISCSI_TYPES_H */
