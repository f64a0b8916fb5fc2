// SPDX-License-Identifier: GPL-2.0
/*
 * Targets, from what there is to what is wanted.
 *
 * Nothing that stays is touched, so that sessions that use it do not notice. LUNs of a
 * pending backstore, and what is mapped to them, are left out, and so they are left
 * alone by everything here.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "judge.h"
#include "member.h"
#include "plan.h"

/**
 * struct group_plan - a portal group being planned
 * @plan: the plan
 * @dir: below target/
 * @object: for people
 * @luns: LUNs that will not be there, because their backstore is pending, by index
 * @writable: LUNs that are mapped anew can be written to
 * @depth: what the window of its ACLs is by default; NULL: not known
 * @relinked: LUNs that are made, or taken away and made anew, by index
 */
struct group_plan {
	struct plan *plan;
	char *dir;
	char *object;
	bool writable;
	const json_t *depth;
	json_t *luns;
	json_t *relinked;
};

static void add(struct group_plan *g, enum phase phase, enum step_kind kind, char *path,
		char *value)
{
	step_add(&g->plan->phase[phase], kind, 0, path, value);
}

/* With this step an object begins that is independent of all others of the phase. */
static void begin(struct group_plan *g, enum phase phase, enum step_kind kind, char *path)
{
	step_add(&g->plan->phase[phase], kind, STEP_BEGIN, path, NULL);
}

static void say(struct group_plan *g, char sign, char *what, const char *text)
{
	plan_change(g->plan, sign, join("%s %s", g->object, what), copy(text));
	free(what);
}

/* -- credentials -- */

static void plan_chap(struct group_plan *g, enum phase phase, const char *dir,
		      const char *object, const json_t *wanted, const json_t *have)
{
	char *auth = join("%s/auth", dir), *who = join("%s ", object);

	plan_credentials(g->plan, phase, auth, "chap_", have ? who : NULL, wanted, have);
	free(who);
	free(auth);
}

/* -- LUNs -- */

static void make_lun(struct group_plan *g, const json_t *lun, const char *key)
{
	char *store = judge_backstore(member_str(lun, "storage_object"));
	char *to = store ? plan_store_dir(g->plan, store) : NULL;
	const char *group = member_str(lun, "alua_tg_pt_gp_name");
	const char *alias = member_str(lun, "alias");
	char *dir = join("%s/lun/lun_%s", g->dir, key);

	member_set(g->relinked, key, json_true());
	if (to) {
		begin(g, PHASE_LUNS, STEP_MKDIR, copy(dir));
		add(g, PHASE_LUNS, STEP_LINK,
		    join("%s/%s", dir, alias ? alias : strrchr(to, '/') + 1), to);
		if (group && strcmp(group, "default_tg_pt_gp"))
			add(g, PHASE_LUNS, STEP_WRITE, join("%s/alua_tg_pt_gp", dir),
			    copy(group));
	}
	free(dir);
	free(store);
}

static void take_lun(struct group_plan *g, const json_t *lun, const char *key)
{
	char *dir = join("%s/lun/lun_%s", g->dir, key);

	begin(g, PHASE_UNLINK, STEP_UNLINK, join("%s/%s", dir, member_str(lun, "alias")));
	add(g, PHASE_UNLINK, STEP_RMDIR, dir, NULL);
}

/* Is it made of one of these, which are members by their key? */
static bool is_made_of(const json_t *lun, const json_t *stores)
{
	char *store = judge_backstore(member_str(lun, "storage_object"));
	const bool is = store && json_object_get(stores, store);

	free(store);
	return is;
}

static bool same_store(const struct group_plan *g, const json_t *one, const json_t *two)
{
	char *a = judge_backstore(member_str(one, "storage_object"));
	char *b = judge_backstore(member_str(two, "storage_object"));
	const bool same = a && b && !strcmp(a, b) && !json_object_get(g->plan->remade, a);

	free(a);
	free(b);
	return same;
}

static bool is_regrouped(const struct group_plan *g, const json_t *lun, const char *group)
{
	char *store = judge_backstore(member_str(lun, "storage_object"));
	char *key = join("%s %s", store ? store : "", group);
	const bool is = json_object_get(g->plan->regrouped, key);

	free(store);
	free(key);
	return is;
}

static void compare_lun(struct group_plan *g, const json_t *wanted, const json_t *have,
			const char *key)
{
	const char *group = member_str(wanted, "alua_tg_pt_gp_name");
	const char *now = member_str(have, "alua_tg_pt_gp_name");

	if (!same_store(g, wanted, have)) {
		take_lun(g, have, key);
		make_lun(g, wanted, key);
		say(g, '~', join("lun_%s", key), member_str(wanted, "storage_object"));
		return;
	}
	/* Without a group there is no ALUA, and nothing to choose. */
	if (!group || !now || (!strcmp(group, now) && !is_regrouped(g, wanted, group)))
		return;
	add(g, PHASE_LUNS, STEP_WRITE, join("%s/lun/lun_%s/alua_tg_pt_gp", g->dir, key),
	    copy(group));
	say(g, '~', join("lun_%s", key), group);
}

static void plan_luns(struct group_plan *g, const json_t *wanted, const json_t *have)
{
	json_t *asked = index_by(member_array(wanted, "luns"), lun_key);
	json_t *there = index_by(member_array(have, "luns"), lun_key), *lun, *now;
	const char *key;

	json_object_foreach(there, key, lun) {
		if (g->plan->only_pending || json_object_get(asked, key))
			continue;
		take_lun(g, lun, key);
		say(g, '-', join("lun_%s", key), "");
	}
	json_object_foreach(asked, key, lun) {
		now = json_object_get(there, key);
		if (is_made_of(lun, g->plan->waiting)) {
			member_set(g->luns, key, json_true());
			if (now && !g->plan->only_pending) {
				take_lun(g, now, key);
				say(g, '-', join("lun_%s", key), "");
			}
		} else if (now && !g->plan->only_pending) {
			compare_lun(g, lun, now, key);
		} else if (!now && (!g->plan->only_pending || is_made_of(lun, g->plan->dirs))) {
			make_lun(g, lun, key);
			if (have)
				say(g, '+', join("lun_%s", key), member_str(lun, "storage_object"));
		}
	}
	json_decref(asked);
	json_decref(there);
}

/* -- portals -- */

static const struct portal_flag {
	const char *key;
	const char *file;
} portal_flags[] = { { "iser", "iser" }, { "offload", "cxgbit" } };

/*
 * Initiators that are told that their target does not exist may give up for good, and one
 * address may be that of many targets. So nobody is there to tell them while a target is
 * missing: portals go before, and come after everything else, and a closed port is tried
 * again.
 */
static void make_portal(struct group_plan *g, const json_t *portal, const char *key)
{
	char *dir = join("%s/np/%s", g->dir, key);
	size_t i;

	add(g, PHASE_LISTEN, STEP_MKDIR, copy(dir), NULL);
	for (i = 0; i < ARRAY_SIZE(portal_flags); i++)
		if (member_bool(portal, portal_flags[i].key, false))
			add(g, PHASE_LISTEN, STEP_SET, join("%s/%s", dir, portal_flags[i].file),
			    copy("1"));
	free(dir);
}

static void take_portal(struct group_plan *g, const json_t *portal, const char *key)
{
	char *dir = join("%s/np/%s", g->dir, key);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(portal_flags); i++)
		if (member_bool(portal, portal_flags[i].key, false))
			step_add(&g->plan->phase[PHASE_CLOSE], STEP_WRITE, STEP_TRY,
				 join("%s/%s", dir, portal_flags[i].file), copy("0"));
	add(g, PHASE_CLOSE, STEP_RMDIR, dir, NULL);
}

static void compare_portal(struct group_plan *g, const json_t *wanted, const json_t *have,
			   const char *key)
{
	const struct portal_flag *flag;
	bool on;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(portal_flags); i++) {
		flag = &portal_flags[i];
		on = member_bool(wanted, flag->key, false);
		if (on == member_bool(have, flag->key, false))
			continue;
		add(g, PHASE_TARGETS, STEP_SET, join("%s/np/%s/%s", g->dir, key, flag->file),
		    copy(on ? "1" : "0"));
		say(g, '~', join("portal %s %s", key, flag->key),
		    on ? "false -> true" : "true -> false");
	}
}

static void plan_portals(struct group_plan *g, const json_t *wanted, const json_t *have)
{
	json_t *asked = index_by(member_array(wanted, "portals"), portal_key);
	json_t *there = index_by(member_array(have, "portals"), portal_key), *portal, *now;
	const char *key;

	json_object_foreach(there, key, portal) {
		if (json_object_get(asked, key))
			continue;
		take_portal(g, portal, key);
		say(g, '-', join("portal %s", key), "");
	}
	json_object_foreach(asked, key, portal) {
		now = json_object_get(there, key);
		if (now) {
			compare_portal(g, portal, now, key);
			continue;
		}
		make_portal(g, portal, key);
		if (have)
			say(g, '+', join("portal %s", key), "");
	}
	json_decref(asked);
	json_decref(there);
}

/* -- ACLs -- */

static void make_mapped(struct group_plan *g, const char *acl_dir, const json_t *mapped,
			const char *key)
{
	const long long lun = member_int(mapped, "tpg_lun", 0);
	const char *alias = member_str(mapped, "alias");
	char *dir = join("%s/lun_%s", acl_dir, key);
	char *link = alias ? join("%s/%s", dir, alias) : join("%s/to_lun_%lld", dir, lun);

	add(g, PHASE_ACLS, STEP_MKDIR, copy(dir), NULL);
	add(g, PHASE_ACLS, STEP_LINK, link, join("%s/lun/lun_%lld", g->dir, lun));
	if (!g->writable || member_bool(mapped, "write_protect", false))
		add(g, PHASE_ACLS, STEP_SET, join("%s/write_protect", dir),
		    copy(member_bool(mapped, "write_protect", false) ? "1" : "0"));
	free(dir);
}

static void take_mapped(struct group_plan *g, const char *acl_dir, const json_t *mapped,
			const char *key)
{
	char *dir = join("%s/lun_%s", acl_dir, key);

	add(g, PHASE_DISABLE, STEP_UNLINK, join("%s/%s", dir, member_str(mapped, "alias")), NULL);
	add(g, PHASE_DISABLE, STEP_RMDIR, dir, NULL);
}

static void compare_mapped(struct group_plan *g, const char *acl_dir, const char *object,
			   const json_t *wanted, const json_t *have, const char *key)
{
	const bool protect = member_bool(wanted, "write_protect", false);
	char *lun = join("%lld", member_int(wanted, "tpg_lun", -1));

	if (member_int(wanted, "tpg_lun", -1) != member_int(have, "tpg_lun", -1) ||
	    json_object_get(g->relinked, lun)) {
		take_mapped(g, acl_dir, have, key);
		make_mapped(g, acl_dir, wanted, key);
		plan_change(g->plan, '~', join("%s lun_%s", object, key), join("lun_%s", lun));
	} else if (protect != member_bool(have, "write_protect", false)) {
		add(g, PHASE_ACLS, STEP_SET, join("%s/lun_%s/write_protect", acl_dir, key),
		    copy(protect ? "1" : "0"));
		plan_change(g->plan, '~', join("%s lun_%s write_protect", object, key),
			    copy(protect ? "false -> true" : "true -> false"));
	}
	free(lun);
}

static void plan_mapped(struct group_plan *g, const char *acl_dir, const char *object,
			const json_t *wanted, const json_t *have)
{
	json_t *asked = index_by(member_array(wanted, "mapped_luns"), lun_key);
	json_t *there = index_by(member_array(have, "mapped_luns"), lun_key), *mapped, *now;
	bool waits;
	const char *key;
	char *lun;

	json_object_foreach(there, key, mapped) {
		if (g->plan->only_pending || json_object_get(asked, key))
			continue;
		take_mapped(g, acl_dir, mapped, key);
		plan_change(g->plan, '-', join("%s lun_%s", object, key), copy(""));
	}
	json_object_foreach(asked, key, mapped) {
		now = json_object_get(there, key);
		lun = join("%lld", member_int(mapped, "tpg_lun", -1));
		waits = json_object_get(g->luns, lun);
		if (waits && now && !g->plan->only_pending) {
			take_mapped(g, acl_dir, now, key);
			plan_change(g->plan, '-', join("%s lun_%s", object, key), copy(""));
		} else if (!waits && now && !g->plan->only_pending) {
			compare_mapped(g, acl_dir, object, mapped, now, key);
		} else if (!waits && !now &&
			   (!g->plan->only_pending || json_object_get(g->relinked, lun))) {
			make_mapped(g, acl_dir, mapped, key);
			if (have)
				plan_change(g->plan, '+', join("%s lun_%s", object, key),
					    join("lun_%s", lun));
		}
		free(lun);
	}
	json_decref(asked);
	json_decref(there);
}

/* Only if it differs: the kernel ends all sessions of an ACL whose window is changed. */
static void plan_depth(struct group_plan *g, const char *dir, const char *object,
		       const json_t *wanted, const json_t *have)
{
	const json_t *depth = json_object_get(wanted, "tcq_depth");
	const json_t *now = json_object_get(have, "tcq_depth");

	if (!depth && now && g->plan->exact)
		depth = g->depth;
	if (!depth || json_is_null(depth) || (now && plan_same_value(depth, now)))
		return;
	plan_set(g->plan, PHASE_ACLS, dir, "cmdsn_depth", depth);
	if (have)
		plan_change(g->plan, '~', copy(object), copy("tcq_depth"));
}

/* @have is NULL for a new one, whose attributes are compared when they are set. */
static void plan_acl(struct group_plan *g, const json_t *wanted, const json_t *have,
		     const char *name)
{
	const char *tag = member_str(wanted, "tag"), *now = member_str(have, "tag");
	char *dir = join("%s/acls/%s", g->dir, name), *attrib = join("%s/attrib", dir);
	char *object = join("%s ACL %s", g->object, name);

	if (!have) {
		begin(g, PHASE_ACLS, STEP_MKDIR, copy(dir));
		plan_change(g->plan, '+', copy(object), copy(""));
	}
	if (!g->plan->only_pending) {
		plan_settings(g->plan, PHASE_ACLS, have ? object : NULL, attrib,
			      member_object(wanted, "attributes"),
			      member_object(have, "attributes"));
		if (strcmp(tag ? tag : "", now ? now : "")) {
			add(g, PHASE_ACLS, STEP_SET, join("%s/tag", dir),
			    copy(tag && *tag ? tag : "NULL"));
			if (have)
				plan_change(g->plan, '~', copy(object), copy("tag"));
		}
		plan_depth(g, dir, object, wanted, have);
		plan_chap(g, PHASE_ACLS, dir, object, wanted, have);
	}
	plan_mapped(g, dir, object, wanted, have);
	free(object);
	free(attrib);
	free(dir);
}

static void take_acl(struct group_plan *g, const json_t *acl, const char *name)
{
	char *dir = join("%s/acls/%s", g->dir, name), *key;
	json_t *mapped;
	size_t i;

	json_array_foreach(member_array(acl, "mapped_luns"), i, mapped) {
		key = lun_key(mapped);
		take_mapped(g, dir, mapped, key);
		free(key);
	}
	add(g, PHASE_DISABLE, STEP_RMDIR, dir, NULL);
}

static void plan_acls(struct group_plan *g, const json_t *wanted, const json_t *have)
{
	json_t *asked = index_by(member_array(wanted, "node_acls"), acl_key);
	json_t *there = index_by(member_array(have, "node_acls"), acl_key), *acl, *now;
	const char *name;

	json_object_foreach(there, name, acl) {
		if (g->plan->only_pending || json_object_get(asked, name))
			continue;
		take_acl(g, acl, name);
		say(g, '-', join("ACL %s", name), "");
	}
	json_object_foreach(asked, name, acl) {
		now = json_object_get(there, name);
		if (now || !g->plan->only_pending)
			plan_acl(g, acl, now, name);
	}
	json_decref(asked);
	json_decref(there);
}

/* -- portal groups -- */

/*
 * generate_node_acls comes first: while it is 1 the kernel ignores that
 * cache_dynamic_acls is to be 0. And with authentication it edits AuthMethod.
 */
static void plan_attributes(struct group_plan *g, const json_t *wanted, const json_t *have)
{
	static const char first[] = "generate_node_acls";
	const json_t *attributes = member_object(wanted, "attributes");
	const json_t *now = member_object(have, "attributes");
	const json_t *parameters = member_object(wanted, "parameters");
	char *attrib = join("%s/attrib", g->dir), *param = join("%s/param", g->dir);
	json_t *early = json_have(json_object()), *rest, *value, *method;
	const char *object = have ? g->object : NULL;

	rest = attributes ? json_have(json_copy((json_t *)attributes)) : NULL;
	value = json_object_get(rest, first);
	if (value) {
		member_set(early, first, json_incref(value));
		json_object_del(rest, first);
	}
	plan_settings(g->plan, PHASE_TARGETS, object, attrib, early, now);
	plan_settings(g->plan, PHASE_TARGETS, object, attrib, rest, now);
	plan_settings(g->plan, PHASE_TARGETS, object, param, parameters,
		      member_object(have, "parameters"));
	value = json_object_get(attributes, "authentication");
	method = json_object_get(parameters, "AuthMethod");
	if (have && value && method && !json_equal(value, json_object_get(now, "authentication")) &&
	    json_equal(method, json_object_get(member_object(have, "parameters"), "AuthMethod")))
		plan_set(g->plan, PHASE_TARGETS, param, "AuthMethod", method);
	json_decref(early);
	json_decref(rest);
	free(attrib);
	free(param);
}

/* It reads 1 and is not, and takes a 1 only after a 0 that is waited for: see halted.c. */
static void plan_halted(struct group_plan *g)
{
	char *path = join("%s/enable", g->dir);

	if (!g->plan->no_wait) {
		add(g, PHASE_DISABLE, STEP_WRITE, copy(path), copy("0"));
		add(g, PHASE_ENABLE, STEP_SET, copy(path), copy("1"));
	}
	plan_change(g->plan, '~', copy(g->object),
		    copy("refuses logins, its disabling was given up -> enabled"));
	free(path);
}

static void plan_enable(struct group_plan *g, const json_t *wanted, const json_t *have)
{
	const bool on = member_bool(wanted, "enable", true);

	if (on && have && json_object_get(g->plan->live->halted, g->object)) {
		plan_halted(g);
		return;
	}
	if (on == member_bool(have, "enable", false))
		return;
	add(g, on ? PHASE_ENABLE : PHASE_DISABLE, STEP_SET, join("%s/enable", g->dir),
	    copy(on ? "1" : "0"));
	if (have)
		plan_change(g->plan, '~', copy(g->object),
			    copy(on ? "disabled -> enabled" : "enabled -> disabled"));
}

static void group_begin(struct group_plan *g, struct plan *plan, const char *wwn, const char *tag)
{
	g->plan = plan;
	g->depth = NULL;
	g->writable = false;
	g->dir = join("%s/%s/tpgt_%s", plan->fabric, wwn, tag);
	g->object = join("%s tpgt_%s", wwn, tag);
	g->luns = json_have(json_object());
	g->relinked = json_have(json_object());
}

static void group_end(struct group_plan *g)
{
	free(g->dir);
	free(g->object);
	json_decref(g->luns);
	json_decref(g->relinked);
}

static void plan_tpg(struct plan *plan, const char *wwn, const char *tag, const json_t *wanted,
		     const json_t *have)
{
	const json_t *protect;
	struct group_plan g;

	group_begin(&g, plan, wwn, tag);
	g.depth = json_object_get(member_object(wanted, "attributes"), "default_cmdsn_depth");
	/* So it is by default; what the kernel has is not asked for the sake of this. */
	protect = json_object_get(member_object(wanted, "attributes"), "prod_mode_write_protect");
	g.writable = !have && (!protect || (json_is_integer(protect) &&
					    !json_integer_value(protect)));
	if (!have) {
		add(&g, PHASE_TARGETS, STEP_MKDIR, copy(g.dir), NULL);
		plan_change(plan, '+', copy(g.object), copy(""));
	}
	if (!plan->only_pending)
		plan_attributes(&g, wanted, have);
	plan_luns(&g, wanted, have);
	if (!plan->only_pending) {
		plan_portals(&g, wanted, have);
		plan_chap(&g, PHASE_TARGETS, g.dir, g.object, wanted, have);
	}
	plan_acls(&g, wanted, have);
	if (!plan->only_pending)
		plan_enable(&g, wanted, have);
	group_end(&g);
}

static void take_tpg(struct plan *plan, const char *wwn, const char *tag, const json_t *tpg)
{
	struct group_plan g;
	json_t *entry;
	size_t i;
	char *key;

	group_begin(&g, plan, wwn, tag);
	if (member_bool(tpg, "enable", false))
		add(&g, PHASE_DISABLE, STEP_SET, join("%s/enable", g.dir), copy("0"));
	json_array_foreach(member_array(tpg, "node_acls"), i, entry)
		take_acl(&g, entry, member_str(entry, "node_wwn"));
	json_array_foreach(member_array(tpg, "luns"), i, entry) {
		key = lun_key(entry);
		take_lun(&g, entry, key);
		free(key);
	}
	json_array_foreach(member_array(tpg, "portals"), i, entry) {
		key = portal_key(entry);
		take_portal(&g, entry, key);
		free(key);
	}
	add(&g, PHASE_REMOVE, STEP_RMDIR, copy(g.dir), NULL);
	plan_change(plan, '-', copy(g.object), copy(""));
	group_end(&g);
}

static void plan_target(struct plan *plan, const char *wwn, const json_t *wanted,
			const json_t *have)
{
	json_t *asked = index_by(member_array(wanted, "tpgs"), tpg_key);
	json_t *there = index_by(member_array(have, "tpgs"), tpg_key), *tpg, *now;
	char *dir = join("%s/%s", plan->fabric, wwn), *param = join("%s/param", dir);
	const char *tag;

	if (!have && wanted) {
		step_add(&plan->phase[PHASE_TARGETS], STEP_MKDIR, 0, copy(dir), NULL);
		plan_change(plan, '+', copy(wwn), copy(""));
	}
	if (wanted && !plan->only_pending)
		plan_settings(plan, PHASE_TARGETS, have ? wwn : NULL, param,
			      member_object(wanted, "parameters"),
			      member_object(have, "parameters"));
	json_object_foreach(there, tag, tpg)
		if (!plan->only_pending && !json_object_get(asked, tag))
			take_tpg(plan, wwn, tag, tpg);
	json_object_foreach(asked, tag, tpg) {
		now = json_object_get(there, tag);
		if (now || !plan->only_pending)
			plan_tpg(plan, wwn, tag, tpg, now);
	}
	if (have && !wanted) {
		step_add(&plan->phase[PHASE_REMOVE], STEP_RMDIR, 0, copy(dir), NULL);
		plan_change(plan, '-', copy(wwn), copy(""));
	}
	json_decref(asked);
	json_decref(there);
	free(param);
	free(dir);
}

/* Those of @root that are of this fabric, by name. */
static json_t *targets_of(const struct plan *plan, const json_t *root)
{
	json_t *found = json_have(json_object()), *target;
	const char *wwn;
	size_t i;

	json_array_foreach(member_array(root, "targets"), i, target) {
		wwn = member_str(target, "wwn");
		if (!strcmp(member_str(target, "fabric"), JUDGE_FABRIC) &&
		    (!plan->only || !strcmp(plan->only, wwn)) && !json_object_get(found, wwn))
			member_set(found, wwn, json_incref(target));
	}
	return found;
}

static bool fabric_is_there(const struct plan *plan)
{
	char *path = join("%s/target/%s", plan->t->configfs, plan->fabric);
	const bool there = !access(path, F_OK);

	free(path);
	return there;
}

void plan_targets(struct plan *plan)
{
	json_t *asked = targets_of(plan, plan->wanted);
	json_t *there = targets_of(plan, plan->live->root), *target, *now;
	const char *wwn;

	if (!fabric_is_there(plan) && (json_object_size(asked) ||
				       json_array_size(member_array(plan->wanted,
								    "fabric_modules"))))
		step_add(&plan->phase[PHASE_TARGETS], STEP_MKDIR, 0, copy(plan->fabric), NULL);
	json_object_foreach(there, wwn, target)
		if (!plan->only_pending && !json_object_get(asked, wwn))
			plan_target(plan, wwn, NULL, target);
	json_object_foreach(asked, wwn, target) {
		now = json_object_get(there, wwn);
		if (now || !plan->only_pending)
			plan_target(plan, wwn, target, now);
	}
	json_decref(asked);
	json_decref(there);
}
