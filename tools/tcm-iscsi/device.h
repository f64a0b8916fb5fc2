/* SPDX-License-Identifier: GPL-2.0 */
/* The file or device that a backstore is to use. */
#ifndef DEVICE_H
#define DEVICE_H

#include "tool.h"

enum device_state {
	DEVICE_READY,
	DEVICE_MISSING,		/* it may still come */
	DEVICE_WRONG,
};

/**
 * struct device - what was found
 * @state: can it be used?
 * @is_block: a block device
 * @size: of a regular file; -1 of anything else
 * @identity: the same for two paths that lead to the same; NULL: it has none
 * @why: a sentence, unless it is ready
 */
struct device {
	enum device_state state;
	bool is_block;
	long long size;
	char *identity;
	char *why;
};

/* @store is an entry of storage_objects. */
void device_look(const struct tool *t, const json_t *store, struct device *device);
void device_free(struct device *device);

/* A name that the kernel gives out in the order in which it finds devices. */
bool device_is_unstable(const char *path);
/* Is somebody else using it exclusively? */
bool device_is_busy(const char *path);
/* The SCSI address of a pscsi backstore's device, "H:C:T:L" or a path; false without one. */
bool device_address(const struct tool *t, const char *dev, unsigned int hctl[4]);

#endif /* DEVICE_H */
