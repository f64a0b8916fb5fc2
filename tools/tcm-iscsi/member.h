/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Members of JSON objects.
 *
 * A member that is null counts as one that is not there, as rtslib has it. Types
 * are not checked here: what is read from a file went through shape_check(), and
 * what is read from configfs was made with the right ones.
 */
#ifndef MEMBER_H
#define MEMBER_H

#include <stdbool.h>

#include <jansson.h>

const char *member_str(const json_t *object, const char *key);
long long member_int(const json_t *object, const char *key, long long missing);
/* true and false, and numbers as C has it. */
bool member_bool(const json_t *object, const char *key, bool missing);
/* NULL, which jansson takes for an empty array or object, unless it is one. */
json_t *member_array(const json_t *object, const char *key);
json_t *member_object(const json_t *object, const char *key);

/* Takes over @value; memory that runs out ends the program. */
void member_set(json_t *object, const char *key, json_t *value);
void array_add(json_t *array, json_t *value);
/* JSON text: bytes that are not UTF-8 cannot be in it and become U+FFFD. */
json_t *json_text(const char *text);
json_t *json_have(json_t *value);

/*
 * The entries of @array by what identifies them: an object whose members are
 * borrowed from @array, which has to live as long. Of two with the same key the
 * first counts.
 */
json_t *index_by(const json_t *array, char *(*key)(const json_t *entry));
/* Is there such a target in a document? */
bool has_target(const json_t *root, const char *wwn);

/* What identifies an entry: a new string. */
char *store_key(const json_t *store);		/* plugin/name */
char *group_key(const json_t *group);
char *target_key(const json_t *target);
char *tpg_key(const json_t *tpg);
char *lun_key(const json_t *lun);		/* of a mapped LUN, too */
char *portal_key(const json_t *portal);		/* address:port */
char *acl_key(const json_t *acl);

#endif /* MEMBER_H */
