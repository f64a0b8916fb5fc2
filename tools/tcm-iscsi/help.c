// SPDX-License-Identifier: GPL-2.0
/* tcm-iscsi help: from the verb table, so that no verb is without it. */
#include <stdlib.h>
#include <string.h>

#include "tool.h"

static const struct {
	const char *option;
	const char *text;
} options[] = {
	{ "-j, --json", "print JSON" },
	{ "--configfs DIR", "read a configfs tree other than /sys/kernel/config" },
	{ "--sysfs DIR", "read a sysfs tree other than /sys" },
	{ "--fabric NAME", "show target/NAME; default: what the module provides" },
	{ "-h, --help", "help; after a verb, about the verb" },
	{ "-V, --version", "the same as the verb version" },
};

static const char *const statuses[] = {
	"Exit status: 0 done, 1 wrong command line, 2 not loaded or not configured,",
	"3 something could not be read, 4 out of memory or output not writable,",
	"5 refused: by the kernel, for want of such a thing, or for mistakes in the file,",
	"6 done but for devices that are not there, 7 failed and all changes taken back,",
	"8 failed and not all of them, 9 (diff) there are differences.",
};

static void print_verb(struct tool *t, const struct verb *verb, bool details)
{
	struct out *o = &t->out;
	char *template;

	template = join("  %%%*s", 14 - (int)strlen(verb->name), "");
	out_str(o, "verb", details ? "usage: tcm-iscsi [OPTION...] %" : template, verb->name);
	free(template);
	out_str(o, "operands", details && *verb->operands ? " %" : NULL, verb->operands);
	if (details)
		out_line(o, 0);
	out_str(o, "summary", "%", verb->summary);
	if (!details)
		return;
	out_line(o, 0);
	out_line(o, 0);
	if (t->out.json)
		out_str(o, "details", NULL, verb->details);
	else
		out_text(o, verb->details);
}

static void print_option(struct out *o, const char *name, const char *value, const char *text)
{
	char *option = join("%s%s", name, value);
	char *template = join("  %%%*s", 16 - (int)strlen(option), "");

	out_line(o, 0);
	out_object(o, NULL);
	out_str(o, "option", template, option);
	out_str(o, "text", "%", text);
	out_end(o);
	free(template);
	free(option);
}

static void print_options(struct tool *t, const struct verb *verb)
{
	struct out *o = &t->out;
	size_t i;

	out_line(o, 0);
	out_line(o, 0);
	out_text(o, "Options, before or after the verb:");
	out_array(o, "options");
	for (i = 0; verb && i < verb_option_count; i++) {
		const struct verb_option *option = &verb_options[i];

		if (verb->takes & option->bit)
			print_option(o, option->name, option->value, option->text);
	}
	for (i = 0; i < ARRAY_SIZE(options); i++)
		print_option(o, options[i].option, "", options[i].text);
	out_end(o);
	out_line(o, 0);
	for (i = 0; i < ARRAY_SIZE(statuses); i++) {
		out_line(o, 0);
		out_text(o, statuses[i]);
	}
}

void help_print(struct tool *t, const struct verb *verb)
{
	struct out *o = &t->out;
	size_t i;

	out_line(o, 0);
	if (verb) {
		print_verb(t, verb, true);
		print_options(t, verb);
		return;
	}
	out_text(o, "usage: tcm-iscsi [OPTION...] [VERB]");
	out_line(o, 0);
	out_line(o, 0);
	out_text(o, "Shows and steers the kernel's iSCSI target. Without a verb: status.");
	out_line(o, 0);
	out_array(o, "verbs");
	for (i = 0; i < verb_count; i++) {
		out_line(o, 0);
		out_object(o, NULL);
		print_verb(t, &verbs[i], false);
		out_end(o);
	}
	out_end(o);
	print_options(t, NULL);
}

enum tool_status verb_help(struct tool *t, int argc, char **argv)
{
	const struct verb *verb = NULL;

	if (argc) {
		verb = verb_find(argv[0]);
		if (!verb) {
			complain("unknown verb '%'; 'tcm-iscsi help' lists them", argv[0]);
			return TOOL_USAGE;
		}
	}
	help_print(t, verb);
	return TOOL_OK;
}
