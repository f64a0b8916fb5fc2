/* SPDX-License-Identifier: GPL-2.0 */
/* ALUA target port groups of backstores. */
#ifndef ALUA_H
#define ALUA_H

#include "attr.h"

#define ALUA_DEFAULT	"default_tg_pt_gp"

/**
 * struct alua_field - a setting of a group
 * @key: in saveconfig.json and below alua/GROUP
 * @words: the kernel shows one of these instead of its number
 */
struct alua_field {
	const char *key;
	const char *const *words;
};

/* In the order in which they can be set: what is supported before what is chosen. */
#define ALUA_FIELDS	14
extern const struct alua_field alua_fields[ALUA_FIELDS];

/* What the kernel shows for the number that it is given; a new text. */
char *alua_shown(const struct alua_field *field, long long number);
/* The group in directory @dir as rtslib saves it. */
json_t *alua_load(struct attr_reader *r, int dir, const char *name);

#endif /* ALUA_H */
