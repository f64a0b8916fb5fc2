/* SPDX-License-Identifier: GPL-2.0 */
/* What values the settings of portal groups and ACLs may have. */
#ifndef RANGE_H
#define RANGE_H

#include <jansson.h>

enum range_table {
	RANGE_TPG_ATTRIBUTES,
	RANGE_TPG_PARAMETERS,
	RANGE_ACL_ATTRIBUTES,
	RANGE_TABLES,
};

/* What the kernel would take instead of @value, a new text; NULL if it takes @value. */
char *range_check(enum range_table table, const char *name, const json_t *value);

#endif /* RANGE_H */
