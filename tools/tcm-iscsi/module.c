// SPDX-License-Identifier: GPL-2.0
/*
 * Which modules are loaded.
 *
 * Both tcm_iscsi and iscsi_target_mod provide target/iscsi, never at the same
 * time; with its parameter fabric=NAME tcm_iscsi provides target/NAME and may run
 * beside the other. The in-tree module shows no fabric parameter.
 */
#include <stdlib.h>
#include <string.h>

#include "module.h"
#include "tree.h"

#define DEFAULT_FABRIC	"iscsi"

static void load_one(const struct tool *t, const char *name, struct module *module)
{
	char *dir = join("%s/module/%s", t->sysfs, name);

	module->loaded = tree_is_dir(dir);
	if (module->loaded) {
		module->version = tree_attr_quiet(dir, "version");
		module->fabric = tree_attr_quiet(dir, "parameters/fabric");
		if (!module->fabric || !*module->fabric) {
			free(module->fabric);
			module->fabric = copy(DEFAULT_FABRIC);
		}
	}
	free(dir);
}

static bool provides(const struct module *module, const char *fabric)
{
	return module->loaded && !strcmp(module->fabric, fabric);
}

void modules_load(const struct tool *t, struct modules *m)
{
	memset(m, 0, sizeof(*m));
	m->ours.name = "tcm_iscsi";
	m->in_tree.name = "iscsi_target_mod";
	m->known = t->sysfs;
	if (m->known) {
		load_one(t, m->ours.name, &m->ours);
		load_one(t, m->in_tree.name, &m->in_tree);
	}

	if (t->fabric)
		m->fabric = t->fabric;
	else
		m->fabric = m->ours.loaded ? m->ours.fabric : DEFAULT_FABRIC;
	if (provides(&m->ours, m->fabric))
		m->provider = &m->ours;
	else if (provides(&m->in_tree, m->fabric))
		m->provider = &m->in_tree;
}

void modules_free(struct modules *m)
{
	free(m->ours.version);
	free(m->ours.fabric);
	free(m->in_tree.version);
	free(m->in_tree.fabric);
}

static void print_one(struct tool *t, const struct module *module)
{
	struct out *o = &t->out;

	if (!module->loaded)
		return;
	out_line(o, 0);
	out_object(o, NULL);
	out_str(o, "name", "module %", module->name);
	out_str(o, "version", " %", module->version);
	out_str(o, "fabric", ", fabric %", module->fabric);
	out_end(o);
}

void modules_print(struct tool *t, const struct modules *m)
{
	struct out *o = &t->out;

	if (!m->known) {
		out_null(o, "modules");
		return;
	}
	out_array(o, "modules");
	print_one(t, &m->ours);
	print_one(t, &m->in_tree);
	out_end(o);
}

void modules_advise(struct tool *t, const struct modules *m, bool present)
{
	struct out *o = &t->out;

	out_line(o, 0);
	if (present)
		out_str(o, NULL, "nothing is configured: target/% is empty; create a target",
			m->fabric);
	else if (m->known && !m->ours.loaded && !m->in_tree.loaded)
		out_str(o, NULL, "not loaded: load the module with 'modprobe %'", m->ours.name);
	else if (m->known && !m->provider)
		out_str(o, NULL, "no loaded module provides the fabric %; see --fabric", m->fabric);
	else
		out_str(o, NULL, "nothing is configured: no target/%; create it and a target",
			m->fabric);
}
