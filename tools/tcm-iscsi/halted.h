/* SPDX-License-Identifier: GPL-2.0 */
/* Portal groups that refuse logins although their file `enable` says 1. */
#ifndef HALTED_H
#define HALTED_H

#include <jansson.h>

#include "tool.h"

/*
 * By "WWN tpgt_TAG", all that refuse logins, as tcm_iscsi says; none if another module
 * provides the fabric, or it cannot be asked. The caller compares with what configfs says.
 */
json_t *halted_load(struct tool *t);

#endif /* HALTED_H */
