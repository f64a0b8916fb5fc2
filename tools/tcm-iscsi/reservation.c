// SPDX-License-Identifier: GPL-2.0
/*
 * Registrations that are to survive a loss of power.
 *
 * The file that target_core writes for a disk has for each registration the lines
 * between PR_REG_START and PR_REG_END, each KEY=VALUE, and wants the same back in one
 * line, separated by commas.
 */
#include <stdlib.h>
#include <string.h>

#include "reservation.h"
#include "text.h"
#include "tree.h"

#define DBROOT_DEFAULT	"/var/target"

static char *read_registrations(const struct plan *plan, const char *wwn)
{
	char *base = join("%s/target", plan->t->configfs), *root = NULL, *path, *text;
	size_t len;

	if (!plan->dbroot)
		root = tree_attr_quiet(base, "dbroot");
	path = join("%s/pr/aptpl_%s", plan->dbroot ? plan->dbroot : root ? root : DBROOT_DEFAULT,
		    wwn);
	text = strchr(wwn, '/') ? NULL : tree_read(path, &len);
	free(path);
	free(root);
	free(base);
	return text;
}

void reservation_restore(struct plan *plan, enum phase phase, const char *dir, const char *wwn)
{
	char *text = read_registrations(plan, wwn), *save = NULL, *line, *all = NULL, *longer;
	const char *rest;

	for (line = text ? strtok_r(text, "\n", &save) : NULL; line;
	     line = strtok_r(NULL, "\n", &save)) {
		line += strspn(line, " \t");
		if (text_prefix(line, "PR_REG_START:", &rest)) {
			free(all);
			all = copy("");
		} else if (text_prefix(line, "PR_REG_END:", &rest)) {
			if (all && *all)
				step_add(&plan->phase[phase], STEP_WRITE, STEP_TRY,
					 join("%s/pr/res_aptpl_metadata", dir), copy(all));
			free(all);
			all = NULL;
		} else if (all) {
			longer = join("%s%s%s", all, *all ? "," : "", line);
			free(all);
			all = longer;
		}
	}
	free(all);
	free(text);
}
