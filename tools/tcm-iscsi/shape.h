/* SPDX-License-Identifier: GPL-2.0 */
/* What a saveconfig.json consists of. */
#ifndef SHAPE_H
#define SHAPE_H

#include "file.h"

/*
 * Is everything in the document of the type that it has to be, within its range,
 * and is nothing missing? Findings say what is not. Keys that nobody knows are left
 * alone. If there were no errors, members can be used without looking at types.
 */
void shape_check(struct file *file);

/* The kinds of objects. */
enum shape {
	SHAPE_FABRIC,
	SHAPE_STORE,
	SHAPE_GROUP,
	SHAPE_TARGET,
	SHAPE_TPG,
	SHAPE_LUN,
	SHAPE_PORTAL,
	SHAPE_ACL,
	SHAPE_MAPPED,
	SHAPES,
};

/* Is @key one that this program writes or leaves out on purpose? */
bool shape_knows(enum shape shape, const char *key);

#endif /* SHAPE_H */
