// SPDX-License-Identifier: GPL-2.0
/* ALUA target port groups: numbers in the file, some of them words in the kernel. */
#include <string.h>

#include "alua.h"
#include "member.h"
#include "text.h"

static const char *const types[] = {
	"None", "Implicit", "Explicit", "Implicit and Explicit", NULL,
};

static const char *const statuses[] = {
	"None", "Altered by Explicit STPG", "Altered by Implicit ALUA", NULL,
};

const struct alua_field alua_fields[ALUA_FIELDS] = {
	{ "alua_access_type", types },
	{ "alua_support_active_nonoptimized", NULL },
	{ "alua_support_active_optimized", NULL },
	{ "alua_support_offline", NULL },
	{ "alua_support_standby", NULL },
	{ "alua_support_transitioning", NULL },
	{ "alua_support_unavailable", NULL },
	{ "alua_write_metadata", NULL },
	{ "implicit_trans_secs", NULL },
	{ "nonop_delay_msecs", NULL },
	{ "preferred", NULL },
	{ "trans_delay_msecs", NULL },
	{ "alua_access_state", NULL },
	{ "alua_access_status", statuses },
};

char *alua_shown(const struct alua_field *field, long long number)
{
	long long i;

	for (i = 0; field->words && field->words[i]; i++)
		if (i == number)
			return copy(field->words[i]);
	return join("%lld", number);
}

static json_t *field_load(struct attr_reader *r, int dir, const struct alua_field *field)
{
	const char *value = attr_need(r, dir, field->key);
	long long number;
	size_t i;

	for (i = 0; value && field->words && field->words[i]; i++)
		if (!strcmp(value, field->words[i]))
			return json_integer(i);
	if (!value || field->words || !text_number(value, 0, 65535, &number))
		return json_null();
	return json_integer(number);
}

json_t *alua_load(struct attr_reader *r, int dir, const char *name)
{
	json_t *group = json_have(json_object());
	long long id = attr_number(r, dir, "tg_pt_gp_id");
	size_t i;

	member_set(group, "name", json_text(name));
	member_set(group, "tg_pt_gp_id", id < 0 ? json_null() : json_integer(id));
	for (i = 0; i < ALUA_FIELDS; i++)
		member_set(group, alua_fields[i].key, field_load(r, dir, &alua_fields[i]));
	return group;
}
