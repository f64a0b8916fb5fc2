// SPDX-License-Identifier: GPL-2.0
/*
 * The grammar of saveconfig.json, as a table.
 *
 * It is what rtslib reads, which is a little more than what it writes: a member that
 * is null is as good as missing, and 0 and 1 will do for false and true.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "member.h"
#include "shape.h"
#include "text.h"

enum type {
	TYPE_TEXT,
	TYPE_NAME,		/* a text that becomes a directory or file name */
	TYPE_NUMBER,
	TYPE_BOOL,
	TYPE_DEPTH,		/* a number, or a text that is one, as rtslib has it */
	TYPE_SETTINGS,		/* an object of numbers and texts */
	TYPE_OBJECTS,		/* an array of objects of one kind */
};

struct field {
	const char *key;
	enum type type;
	bool needed;
	long long min;
	long long max;
	const struct field *fields;
};

/* A name of configfs, and target_core's own limits for texts. */
#define NAME_BYTES	255
#define TEXT_BYTES	511

static const struct field group_fields[] = {
	{ .key = "name", .type = TYPE_NAME, .needed = true },
	{ .key = "tg_pt_gp_id", .type = TYPE_NUMBER, .max = 65535 },
	{ .key = "alua_access_state", .type = TYPE_NUMBER, .max = 15 },
	{ .key = "alua_access_status", .type = TYPE_NUMBER, .max = 2 },
	{ .key = "alua_access_type", .type = TYPE_NUMBER, .max = 3 },
	{ .key = "alua_support_active_nonoptimized", .type = TYPE_NUMBER, .max = 1 },
	{ .key = "alua_support_active_optimized", .type = TYPE_NUMBER, .max = 1 },
	{ .key = "alua_support_offline", .type = TYPE_NUMBER, .max = 1 },
	{ .key = "alua_support_standby", .type = TYPE_NUMBER, .max = 1 },
	{ .key = "alua_support_transitioning", .type = TYPE_NUMBER, .max = 1 },
	{ .key = "alua_support_unavailable", .type = TYPE_NUMBER, .max = 1 },
	{ .key = "alua_write_metadata", .type = TYPE_NUMBER, .max = 1 },
	{ .key = "implicit_trans_secs", .type = TYPE_NUMBER, .max = 255 },
	{ .key = "nonop_delay_msecs", .type = TYPE_NUMBER, .max = 1000 },
	{ .key = "preferred", .type = TYPE_NUMBER, .max = 1 },
	{ .key = "trans_delay_msecs", .type = TYPE_NUMBER, .max = 30000 },
	{ .key = NULL }
};

static const struct field store_fields[] = {
	{ .key = "name", .type = TYPE_NAME, .needed = true },
	{ .key = "plugin", .type = TYPE_TEXT, .needed = true },
	{ .key = "dev", .type = TYPE_TEXT },
	{ .key = "size", .type = TYPE_NUMBER, .max = LLONG_MAX },
	{ .key = "wwn", .type = TYPE_TEXT },
	{ .key = "write_back", .type = TYPE_BOOL },
	{ .key = "readonly", .type = TYPE_BOOL },
	{ .key = "aio", .type = TYPE_BOOL },
	{ .key = "nullio", .type = TYPE_BOOL },
	{ .key = "config", .type = TYPE_TEXT },
	{ .key = "hw_max_sectors", .type = TYPE_NUMBER, .max = UINT_MAX },
	{ .key = "control", .type = TYPE_TEXT },
	{ .key = "attributes", .type = TYPE_SETTINGS },
	{ .key = "alua_tpgs", .type = TYPE_OBJECTS, .fields = group_fields },
	{ .key = NULL }
};

static const struct field lun_fields[] = {
	{ .key = "index", .type = TYPE_NUMBER, .needed = true, .max = 65535 },
	{ .key = "storage_object", .type = TYPE_TEXT, .needed = true },
	{ .key = "alias", .type = TYPE_NAME },
	{ .key = "alua_tg_pt_gp_name", .type = TYPE_NAME },
	{ .key = NULL }
};

static const struct field portal_fields[] = {
	{ .key = "ip_address", .type = TYPE_NAME, .needed = true },
	{ .key = "port", .type = TYPE_NUMBER, .needed = true, .min = 1, .max = 65535 },
	{ .key = "iser", .type = TYPE_BOOL },
	{ .key = "offload", .type = TYPE_BOOL },
	{ .key = NULL }
};

static const struct field mapped_fields[] = {
	{ .key = "index", .type = TYPE_NUMBER, .needed = true, .max = 65535 },
	{ .key = "tpg_lun", .type = TYPE_NUMBER, .needed = true, .max = 65535 },
	{ .key = "write_protect", .type = TYPE_BOOL },
	{ .key = "alias", .type = TYPE_NAME },
	{ .key = NULL }
};

static const struct field acl_fields[] = {
	{ .key = "node_wwn", .type = TYPE_NAME, .needed = true },
	{ .key = "attributes", .type = TYPE_SETTINGS },
	{ .key = "tag", .type = TYPE_TEXT },
	{ .key = "tcq_depth", .type = TYPE_DEPTH },
	{ .key = "chap_userid", .type = TYPE_TEXT },
	{ .key = "chap_password", .type = TYPE_TEXT },
	{ .key = "chap_mutual_userid", .type = TYPE_TEXT },
	{ .key = "chap_mutual_password", .type = TYPE_TEXT },
	{ .key = "mapped_luns", .type = TYPE_OBJECTS, .fields = mapped_fields },
	{ .key = NULL }
};

static const struct field tpg_fields[] = {
	{ .key = "tag", .type = TYPE_NUMBER, .needed = true, .max = 65535 },
	{ .key = "enable", .type = TYPE_BOOL },
	{ .key = "attributes", .type = TYPE_SETTINGS },
	{ .key = "parameters", .type = TYPE_SETTINGS },
	{ .key = "chap_userid", .type = TYPE_TEXT },
	{ .key = "chap_password", .type = TYPE_TEXT },
	{ .key = "chap_mutual_userid", .type = TYPE_TEXT },
	{ .key = "chap_mutual_password", .type = TYPE_TEXT },
	{ .key = "luns", .type = TYPE_OBJECTS, .fields = lun_fields },
	{ .key = "portals", .type = TYPE_OBJECTS, .fields = portal_fields },
	{ .key = "node_acls", .type = TYPE_OBJECTS, .fields = acl_fields },
	{ .key = NULL }
};

static const struct field target_fields[] = {
	{ .key = "wwn", .type = TYPE_NAME, .needed = true },
	{ .key = "fabric", .type = TYPE_NAME, .needed = true },
	{ .key = "parameters", .type = TYPE_SETTINGS },
	{ .key = "tpgs", .type = TYPE_OBJECTS, .fields = tpg_fields },
	{ .key = NULL }
};

static const struct field fabric_fields[] = {
	{ .key = "name", .type = TYPE_NAME, .needed = true },
	{ .key = "discovery_enable_auth", .type = TYPE_BOOL },
	{ .key = "discovery_userid", .type = TYPE_TEXT },
	{ .key = "discovery_password", .type = TYPE_TEXT },
	{ .key = "discovery_mutual_userid", .type = TYPE_TEXT },
	{ .key = "discovery_mutual_password", .type = TYPE_TEXT },
	{ .key = NULL }
};

static const struct field top_fields[] = {
	{ .key = "fabric_modules", .type = TYPE_OBJECTS, .fields = fabric_fields },
	{ .key = "storage_objects", .type = TYPE_OBJECTS, .fields = store_fields },
	{ .key = "targets", .type = TYPE_OBJECTS, .fields = target_fields },
	{ .key = NULL }
};

static const char *type_of(const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		return "an object";
	case JSON_ARRAY:
		return "an array";
	case JSON_STRING:
		return "a text";
	case JSON_INTEGER:
		return "a number";
	case JSON_REAL:
		return "a number with a fraction";
	case JSON_TRUE:
	case JSON_FALSE:
		return "true or false";
	case JSON_NULL:
		break;
	}
	return "null";
}

static void want(struct file *file, const struct place *place, const char *what,
		 const json_t *value)
{
	file_say(file, SEVERITY_ERROR, place,
		 join("expected %s, not %s", what, type_of(value)));
}

static bool is_file_name(const char *text)
{
	return *text && !strchr(text, '/') && strcmp(text, ".") && strcmp(text, "..");
}

static void check_text(struct file *file, const struct place *place, const json_t *value,
		       bool is_name)
{
	const char *text = json_string_value(value);
	const size_t len = json_string_length(value);

	if (!text)
		want(file, place, "a text", value);
	else if (is_name && !is_file_name(text))
		file_say(file, SEVERITY_ERROR, place,
			 copy("is no name: it must not be empty, '.' or '..', or hold a '/'"));
	else if (len > (is_name ? NAME_BYTES : TEXT_BYTES))
		file_say(file, SEVERITY_ERROR, place,
			 join("has %zu bytes, %d are allowed", len,
			      is_name ? NAME_BYTES : TEXT_BYTES));
}

static void check_number(struct file *file, const struct place *place, const json_t *value,
			 const struct field *field)
{
	const long long number = json_integer_value(value);

	if (!json_is_integer(value))
		want(file, place, "a number", value);
	else if ((number < field->min || number > field->max) && field->max == LLONG_MAX)
		file_say(file, SEVERITY_ERROR, place,
			 join("expected a number of at least %lld, not %lld", field->min, number));
	else if (number < field->min || number > field->max)
		file_say(file, SEVERITY_ERROR, place,
			 join("expected a number from %lld to %lld, not %lld", field->min,
			      field->max, number));
}

static void check_depth(struct file *file, const struct place *place, const json_t *value)
{
	const char *text = json_string_value(value);
	long long depth = json_is_integer(value) ? json_integer_value(value) : -1;

	if ((text && !text_number(text, 0, 512, &depth)) || depth < 0 || depth > 512)
		file_say(file, SEVERITY_ERROR, place, copy("expected a number from 0 to 512"));
}

/* Attributes and parameters: rtslib writes numbers where they are some, and takes both. */
static void check_settings(struct file *file, const struct place *place, json_t *settings)
{
	const char *key;
	json_t *value;

	if (!json_is_object(settings)) {
		want(file, place, "an object", settings);
		return;
	}
	json_object_foreach(settings, key, value) {
		const struct place here = PLACE_IN(place, key);

		if (!is_file_name(key))
			file_say(file, SEVERITY_ERROR, &here, copy("is no name of a setting"));
		else if (json_is_string(value))
			check_text(file, &here, value, false);
		else if (!json_is_integer(value))
			want(file, &here, "a number or a text", value);
	}
}

static void check_object(struct file *file, const struct place *place, json_t *object,
			 const struct field *fields);

static void check_objects(struct file *file, const struct place *place, json_t *array,
			  const struct field *fields)
{
	json_t *entry;
	size_t i;

	if (!json_is_array(array)) {
		want(file, place, "an array", array);
		return;
	}
	json_array_foreach(array, i, entry)
		check_object(file, &PLACE_AT(place, i), entry, fields);
}

static void check_field(struct file *file, const struct place *place, json_t *value,
			const struct field *field)
{
	switch (field->type) {
	case TYPE_TEXT:
	case TYPE_NAME:
		check_text(file, place, value, field->type == TYPE_NAME);
		break;
	case TYPE_NUMBER:
		check_number(file, place, value, field);
		break;
	case TYPE_BOOL:
		if (!json_is_boolean(value) && (!json_is_integer(value) ||
						json_integer_value(value) & ~1LL))
			want(file, place, "true or false", value);
		break;
	case TYPE_DEPTH:
		check_depth(file, place, value);
		break;
	case TYPE_SETTINGS:
		check_settings(file, place, value);
		break;
	case TYPE_OBJECTS:
		check_objects(file, place, value, field->fields);
		break;
	}
}

static void check_object(struct file *file, const struct place *place, json_t *object,
			 const struct field *fields)
{
	const struct field *field;
	json_t *value;

	if (!json_is_object(object)) {
		want(file, place, "an object", object);
		return;
	}
	for (field = fields; field->key; field++) {
		value = json_object_get(object, field->key);
		if (value && !json_is_null(value))
			check_field(file, &PLACE_IN(place, field->key), value, field);
		else if (field->needed)
			file_say(file, SEVERITY_ERROR, place,
				 join("'%s' is missing", field->key));
	}
}

void shape_check(struct file *file)
{
	check_object(file, &(struct place){ 0 }, file->root, top_fields);
}

bool shape_knows(enum shape shape, const char *key)
{
	static const struct field *const all[SHAPES] = {
		[SHAPE_FABRIC] = fabric_fields, [SHAPE_STORE] = store_fields,
		[SHAPE_GROUP] = group_fields, [SHAPE_TARGET] = target_fields,
		[SHAPE_TPG] = tpg_fields, [SHAPE_LUN] = lun_fields,
		[SHAPE_PORTAL] = portal_fields, [SHAPE_ACL] = acl_fields,
		[SHAPE_MAPPED] = mapped_fields,
	};
	const struct field *field;

	for (field = all[shape]; field->key; field++)
		if (!strcmp(field->key, key))
			return true;
	return false;
}
