// SPDX-License-Identifier: GPL-2.0
/* Members of JSON objects, and what identifies the objects of saveconfig.json. */
#include <stdlib.h>
#include <string.h>

#include "member.h"
#include "plugin.h"
#include "text.h"
#include "tool.h"

const char *member_str(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

long long member_int(const json_t *object, const char *key, long long missing)
{
	const json_t *value = json_object_get(object, key);

	return json_is_integer(value) ? json_integer_value(value) : missing;
}

bool member_bool(const json_t *object, const char *key, bool missing)
{
	const json_t *value = json_object_get(object, key);

	if (json_is_boolean(value))
		return json_is_true(value);
	return json_is_integer(value) ? json_integer_value(value) != 0 : missing;
}

json_t *member_array(const json_t *object, const char *key)
{
	json_t *value = json_object_get(object, key);

	return json_is_array(value) ? value : NULL;
}

json_t *member_object(const json_t *object, const char *key)
{
	json_t *value = json_object_get(object, key);

	return json_is_object(value) ? value : NULL;
}

static void no_memory(void)
{
	complain("out of memory%", "");
	exit(TOOL_SYSTEM);
}

json_t *json_have(json_t *value)
{
	if (!value)
		no_memory();
	return value;
}

void member_set(json_t *object, const char *key, json_t *value)
{
	if (json_object_set_new(object, key, json_have(value)))
		no_memory();
}

void array_add(json_t *array, json_t *value)
{
	if (json_array_append_new(array, json_have(value)))
		no_memory();
}

json_t *json_text(const char *text)
{
	json_t *value = json_string(text);
	char *clean;

	if (value)
		return value;
	clean = text_utf8(text);
	value = clean ? json_string(clean) : NULL;
	free(clean);
	return json_have(value);
}

json_t *index_by(const json_t *array, char *(*key)(const json_t *entry))
{
	json_t *index = json_have(json_object());
	json_t *entry;
	size_t i;
	char *name;

	json_array_foreach(array, i, entry) {
		name = key(entry);
		if (!json_object_get(index, name) && json_object_set(index, name, entry))
			no_memory();
		free(name);
	}
	return index;
}

static char *text_key(const json_t *entry, const char *key)
{
	const char *text = member_str(entry, key);

	return copy(text ? text : "");
}

char *store_key(const json_t *store)
{
	const enum plugin_kind kind = plugin_of(store);
	const char *name = member_str(store, "name");

	return join("%s/%s", kind < PLUGIN_COUNT ? plugins[kind].name : "", name ? name : "");
}

char *group_key(const json_t *group)
{
	return text_key(group, "name");
}

char *target_key(const json_t *target)
{
	return text_key(target, "wwn");
}

char *tpg_key(const json_t *tpg)
{
	return join("%lld", member_int(tpg, "tag", -1));
}

char *lun_key(const json_t *lun)
{
	return join("%lld", member_int(lun, "index", -1));
}

char *portal_key(const json_t *portal)
{
	const char *address = member_str(portal, "ip_address");

	return join("%s:%lld", address ? address : "", member_int(portal, "port", -1));
}

char *acl_key(const json_t *acl)
{
	return text_key(acl, "node_wwn");
}

bool has_target(const json_t *root, const char *wwn)
{
	json_t *targets = index_by(member_array(root, "targets"), target_key);
	const bool has = json_object_get(targets, wwn);

	json_decref(targets);
	return has;
}
