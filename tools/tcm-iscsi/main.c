// SPDX-License-Identifier: GPL-2.0
/*
 * tcm-iscsi: the table of verbs, the options they share, and the few helpers
 * that everything needs.
 *
 * Options are read by hand, because getopt takes abbreviations: a script that
 * says --js would break with the first option that begins alike.
 */
#include <errno.h>
#include <locale.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"
#include "tool.h"

#define PROGRAM		"tcm-iscsi"
#define CONFIGFS	"/sys/kernel/config"
#define SYSFS		"/sys"

const struct verb_option verb_options[] = {
	{ OPTION_DRY_RUN, "--dry-run", "", 0, "print what would be done" },
	{ OPTION_FORCE, "--force", "", 0, "do it even so" },
	{ OPTION_OFF, "--off", "", 0, "take the redirection or the drain back" },
	{ OPTION_PENDING, "--pending", "", 0, "only what was left out for want of its device" },
	{ OPTION_PERMANENT, "--permanent", "", 0, "initiators may remember the new place" },
	{ OPTION_SECONDS, "--seconds", " N", offsetof(struct tool, seconds),
	  "time for it, 1 to 3600 (default: see the verb)" },
	{ OPTION_TARGET, "--target", " IQN", offsetof(struct tool, target),
	  "only this target and its backstores" },
	{ OPTION_TO, "--to", " MODULE", offsetof(struct tool, to),
	  "tcm_iscsi or iscsi_target_mod" },
};

const size_t verb_option_count = ARRAY_SIZE(verb_options);

const struct verb verbs[] = {
	{
		.name = "async", .operands = "TARGET[/TPGT] on|off", .run = verb_async,
		.min_operands = 2, .max_operands = 2,
		.summary = "tell initiators of new LUNs and sizes at once, or not",
		.details =
			"With 'on', who is logged in gets an Asynchronous Message when a LUN comes or\n"
			"goes or changes its size, instead of a unit attention with the next command\n"
			"only. Not kept over a reboot. Default: off, as with iscsi_target_mod.",
	}, {
		.name = "check", .operands = "[FILE]", .run = verb_check, .max_operands = 1,
		.takes = OPTION_TARGET,
		.summary = "look for mistakes in a configuration file",
		.details =
			"Reads FILE (default /etc/target/saveconfig.json), which targetcli writes, too, and\n"
			"says with line and column what restore would refuse: what is no JSON, wrong types\n"
			"and values, the same name, serial number, LUN or portal twice, half of a pair of\n"
			"credentials, and what would be refused on this machine. Devices that are not there\n"
			"are listed as pending. With --target it is about that target and its backstores,\n"
			"which nothing else in FILE may have, too. Nothing is changed.",
	}, {
		.name = "clear", .operands = "", .run = verb_clear,
		.takes = OPTION_SECONDS | OPTION_TARGET,
		.summary = "take the configuration away, in bounded time",
		.details =
			"Portal groups are disabled, which ends their sessions, and everything goes, with\n"
			"the contents of RAM disks. It takes no longer than --seconds; what is stuck for a\n"
			"third of that, because a backstore does not answer, is left behind and printed.\n"
			"With --target only that target goes, and its backstores stay.",
	}, {
		.name = "close", .operands = "SID", .run = verb_close,
		.min_operands = 1, .max_operands = 1,
		.summary = "end a session now",
		.details =
			"Commands under way end without an answer. Most initiators log in again at\n"
			"once; to send them elsewhere, redirect the portal group before. 'sessions'\n"
			"shows the numbers.",
	}, {
		.name = "diff", .operands = "[FILE]", .run = verb_diff, .max_operands = 1,
		.takes = OPTION_TARGET,
		.summary = "what differs between a configuration file and the kernel",
		.details =
			"One line for each: '+' only in FILE, '-' only in the kernel, '~' in both. That is\n"
			"what restore would change. Secrets are compared and not shown.",
	}, {
		.name = "drain", .operands = "TARGET[/TPGT]", .run = verb_drain,
		.min_operands = 1, .max_operands = 1, .takes = OPTION_OFF | OPTION_SECONDS,
		.summary = "have the initiators of a target log out, and let no one in",
		.details =
			"New logins are refused with a status after which initiators try again. Who is\n"
			"logged in is asked to log out, and dropped after --seconds (default 30). It waits\n"
			"until all sessions are gone. Logins are served again after --off, or when the\n"
			"portal group is enabled again.",
	}, {
		.name = "help", .operands = "[VERB]", .max_operands = 1, .run = verb_help,
		.summary = "list the verbs, or explain one",
		.details = "Every verb also takes --help, or help as its operand.",
	}, {
		.name = "logins", .operands = "", .run = verb_logins, .takes = OPTION_TARGET,
		.summary = "who logged in lately, and why others were refused",
		.details =
			"The last 1000 logins, oldest first: how far each came (connect, names, security,\n"
			"operational, session) and how it ended, with what the initiator was told. A peer\n"
			"that is refused the same again and again has one line. With --target only those\n"
			"that asked for this one.",
	}, {
		.name = "logout", .operands = "SID", .run = verb_logout,
		.min_operands = 1, .max_operands = 1, .takes = OPTION_SECONDS,
		.summary = "ask the initiator to log out, and close the session if it does not",
		.details =
			"The initiator finishes what it has under way first. Many log in again\n"
			"afterwards; to send them elsewhere, redirect the portal group before.\n"
			"'sessions' shows the numbers.",
	}, {
		.name = "metrics", .operands = "", .run = verb_metrics,
		.summary = "counters and latencies of sessions for Prometheus",
		.details =
			"In the text format that node_exporter's textfile collector reads. Histograms are\n"
			"of the present connection and begin again with a new one.",
	}, {
		.name = "monitor", .operands = "", .run = verb_monitor, .takes = OPTION_SECONDS,
		.summary = "what happens, as it happens",
		.details =
			"Logins, refused logins, logouts, connections that are lost and why, task management\n"
			"functions and digest errors, one line each, until it is interrupted or for\n"
			"--seconds. With --json one JSON object for each line.",
	}, {
		.name = "portals", .operands = "", .run = verb_portals,
		.summary = "where logins come in, and how crowded it is there",
		.details =
			"Portals of all network namespaces, one line for each portal group. LOGINS are\n"
			"under way, with discovery sessions; EVICTED were silent and made room for\n"
			"others, REFUSED found no room: of all groups that share the address. NETNS is\n"
			"the namespace's inode number, as lsns prints it.",
	}, {
		.name = "redirect", .operands = "[TARGET[/TPGT] [ADDRESS...]]",
		.max_operands = 9, .takes = OPTION_OFF | OPTION_PERMANENT, .run = verb_redirect,
		.summary = "send the logins of a portal group elsewhere, or show who does",
		.details =
			"An address is a host name, an IPv4 address or an IPv6 address in brackets,\n"
			"with ':PORT' if it is not 3260; up to 8 of them. The target must be served\n"
			"there under the same name. Sessions stay where they are, see 'logout'. A\n"
			"portal group that is disabled redirects as well. Not kept over a reboot.",
	}, {
		.name = "restore", .operands = "[FILE]", .run = verb_restore, .max_operands = 1,
		.takes = OPTION_DRY_RUN | OPTION_FORCE | OPTION_PENDING | OPTION_TARGET,
		.summary = "make the configuration that of a file",
		.details =
			"All of it or nothing: what is wrong with FILE is found before anything is done,\n"
			"and what fails later is taken back. Only what differs is touched, also what FILE\n"
			"does not have, which goes; sessions that it is not about go on. Backstores whose\n"
			"device is not there are left out with their LUNs, and come with --pending later.\n"
			"--force leaves settings as they are that the kernel refuses.",
	}, {
		.name = "save", .operands = "[FILE]", .run = verb_save, .max_operands = 1,
		.takes = OPTION_FORCE | OPTION_TARGET,
		.summary = "write the configuration down, in targetcli's format",
		.details =
			"To FILE, default /etc/target/saveconfig.json. What the file was before becomes\n"
			"FILE.1, up to FILE.10. What only the file knows is kept: settings and targets of\n"
			"other programs, and LUNs whose device is not there. If it holds more than the\n"
			"kernel, it is named and nothing is saved; --force saves, and forgets it. The file\n"
			"is always the old or the new one, whatever happens meanwhile.",
	}, {
		.name = "sessions", .operands = "", .run = verb_sessions,
		.summary = "who is logged in, with addresses and negotiated parameters",
		.details =
			"root sees every session of tcm_iscsi. Else, and with other modules, configfs\n"
			"shows the newest session of each ACL in full, and only the names of\n"
			"initiators without ACL. How many sessions it leaves out is printed at the end.",
	}, {
		.name = "stats", .operands = "[SID]", .run = verb_stats, .max_operands = 1,
		.summary = "how much sessions have done, and where the time went",
		.details =
			"For each kind of time the average and what 99 of 100 did not exceed: BACKEND (the\n"
			"device has the command), INITIATOR (a write waits for its data), NETWORK (an\n"
			"answer waits to be sent), WINDOW (the initiator may send no command). With SID\n"
			"more of that session.",
	}, {
		.name = "status", .operands = "", .run = verb_status,
		.summary = "what is loaded and configured, and which settings have no effect",
		.details =
			"Targets, portal groups, portals, LUNs and ACLs. Names and secrets for CHAP are\n"
			"never printed, only whether they are complete. Lines that begin with 'warning:'\n"
			"name a setting that does not do what it looks like, and what to do about it,\n"
			"'stuck:' commands that a backend has had for 5 seconds or longer.",
	}, {
		.name = "switch", .operands = "", .run = verb_switch,
		.takes = OPTION_SECONDS | OPTION_TO,
		.summary = "have the other module provide the same targets",
		.details =
			"Targets are stopped, the module is replaced by that of --to, and they are there\n"
			"again; backstores stay as they are. Sessions end, and initiators come back by\n"
			"themselves: how long there was no target is printed. If the other module cannot\n"
			"be loaded, or does not take or keep a setting, the old one comes back. --seconds\n"
			"is for stopping: a backstore that does not answer must not hold it up for ever.",
	}, {
		.name = "top", .operands = "", .run = verb_top, .takes = OPTION_SECONDS,
		.summary = "what sessions are doing now, the busiest first",
		.details =
			"Every two seconds in the same place, until q is pressed, it is interrupted, or for\n"
			"--seconds; once, if that is no terminal. Times are averages of the last two seconds.",
	}, {
		.name = "version", .operands = "", .run = verb_version,
		.summary = "the version of the tool and of the loaded module",
		.details = "A module without version is the kernel's own.",
	}, {
		.name = "why-slow", .operands = "SID", .run = verb_why_slow,
		.min_operands = 1, .max_operands = 1, .takes = OPTION_SECONDS,
		.summary = "what a session waits for",
		.details =
			"Watches it for --seconds (default 5) and says what limits it: idle (it is asked\n"
			"for little), backend, initiator, network, or the window, and what to do.",
	},
};

const size_t verb_count = ARRAY_SIZE(verbs);

const struct verb *verb_find(const char *name)
{
	size_t i;

	for (i = 0; i < verb_count; i++)
		if (!strcmp(verbs[i].name, name))
			return &verbs[i];
	return NULL;
}

void complain(const char *template, const char *value)
{
	fputs(PROGRAM ": ", stderr);
	text_fill(stderr, template, value);
	fputc('\n', stderr);
}

static void *check_memory(void *memory)
{
	if (memory)
		return memory;
	complain("out of memory%", "");
	exit(TOOL_SYSTEM);
}

void *alloc(size_t size)
{
	return check_memory(malloc(size));
}

/* Doubles at powers of two, so no capacity need be kept. */
void *grow(void *array, size_t count, size_t size)
{
	if (count & (count - 1))
		return array;
	return check_memory(reallocarray(array, count ? 2 * count : 1, size));
}

char *copy(const char *text)
{
	return check_memory(strdup(text));
}

char *join(const char *format, ...)
{
	va_list args;
	char *text;
	int len;

	va_start(args, format);
	len = vasprintf(&text, format, args);
	va_end(args);
	return check_memory(len < 0 ? NULL : text);
}

void problem_add(struct tool *t, const char *object, const char *text)
{
	struct problem *problem;

	t->problems = grow(t->problems, t->problem_count, sizeof(*t->problems));
	problem = &t->problems[t->problem_count++];
	problem->object = copy(object);
	problem->text = copy(text);
}

void problems_print(struct tool *t)
{
	struct out *o = &t->out;
	size_t i;

	/* Text first: on a terminal the two streams mix in this order. */
	out_line_end(o);
	fflush(o->file);
	out_array(o, "problems");
	for (i = 0; i < t->problem_count; i++) {
		const struct problem *problem = &t->problems[i];

		out_object(o, NULL);
		out_str(o, "object", NULL, problem->object);
		out_str(o, "text", NULL, problem->text);
		out_end(o);
		fputs(PROGRAM ": ", stderr);
		text_fill(stderr, "%: ", problem->object);
		text_fill(stderr, "%\n", problem->text);
	}
	out_end(o);
}

static void problems_free(struct tool *t)
{
	while (t->problem_count) {
		t->problem_count--;
		free(t->problems[t->problem_count].object);
		free(t->problems[t->problem_count].text);
	}
	free(t->problems);
}

static bool usage(const char *template, const char *value)
{
	complain(template, value);
	return false;
}

/*
 * An option with a value, "--name DIR" or "--name=DIR". @arg moves to the last
 * argument that was used. A value may not be empty: "$UNSET" is a mistake.
 */
static bool valued(char ***arg, const char *name, const char **value, bool *bad)
{
	const char *rest;

	if (!text_prefix(**arg, name, &rest) || (*rest && *rest != '='))
		return false;
	if (*rest)
		*value = rest + 1;
	else
		*value = *++*arg;
	*bad = !*value || !**value;
	if (*bad)
		complain("% needs a value", name);
	return true;
}

/* An option of single verbs; which verb it is for is seen later. */
static bool verb_option(struct tool *t, char ***arg, bool *bad)
{
	size_t i;

	for (i = 0; i < verb_option_count; i++) {
		const struct verb_option *option = &verb_options[i];
		const char **value = (const char **)((char *)t + option->at);

		if (*option->value ? !valued(arg, option->name, value, bad) :
				     strcmp(**arg, option->name))
			continue;
		t->options |= option->bit;
		return true;
	}
	return false;
}

static bool one_option(struct tool *t, char ***arg, bool *json)
{
	const char *text = **arg;
	bool bad = false;

	if (!strcmp(text, "-j") || !strcmp(text, "--json")) {
		*json = true;
	} else if (!strcmp(text, "-h") || !strcmp(text, "--help")) {
		t->help = true;
	} else if (!strcmp(text, "-V") || !strcmp(text, "--version")) {
		t->version = true;
	} else if (!valued(arg, "--configfs", &t->configfs, &bad) &&
		   !valued(arg, "--sysfs", &t->sysfs, &bad) &&
		   !valued(arg, "--fabric", &t->fabric, &bad) &&
		   !verb_option(t, arg, &bad)) {
		return usage("unknown option '%'; 'tcm-iscsi help' lists them", text);
	}
	return !bad;
}

/*
 * Sorts the command line: options are applied, words are moved to the front of
 * @argv, @words says how many there are. False on a mistake, which is reported.
 */
static bool parse(struct tool *t, char **argv, int *words, bool *json)
{
	char **arg = argv, **word = argv;
	bool options = true;

	for (; *arg; arg++) {
		if (options && !strcmp(*arg, "--"))
			options = false;
		else if (!options || **arg != '-')
			*word++ = *arg;
		else if (!one_option(t, &arg, json))
			return false;
	}
	*words = word - argv;

	if (t->fabric && (strchr(t->fabric, '/') || *t->fabric == '.'))
		return usage("--fabric '%' is no directory below target/", t->fabric);
	t->live = !t->configfs && !t->sysfs;
	/* The machine's modules say nothing about a tree from elsewhere. */
	if (!t->configfs && !t->sysfs)
		t->sysfs = SYSFS;
	if (!t->configfs)
		t->configfs = CONFIGFS;
	return true;
}

static bool check_options(const struct tool *t, const struct verb *verb)
{
	const unsigned int wrong = t->options & ~verb->takes;
	char *template;
	size_t i;

	for (i = 0; i < verb_option_count; i++) {
		if (!(verb_options[i].bit & wrong))
			continue;
		template = join("%% is no option of '%s'", verb->name);
		complain(template, verb_options[i].name);
		free(template);
		return false;
	}
	return true;
}

static enum tool_status dispatch(struct tool *t, int words, char **word)
{
	const char *name = words ? word[0] : t->version ? "version" : "status";
	const struct verb *verb = verb_find(name);
	const int operands = words ? words - 1 : 0;

	if (!verb) {
		complain("unknown verb '%'; 'tcm-iscsi help' lists them", name);
		return TOOL_USAGE;
	}
	if (t->help || (operands == 1 && verb->run != verb_help && !strcmp(word[1], "help"))) {
		help_print(t, words ? verb : NULL);
		return TOOL_OK;
	}
	if (!check_options(t, verb))
		return TOOL_USAGE;
	if (operands < verb->min_operands) {
		complain("'%' needs more words; see 'tcm-iscsi help VERB'", verb->name);
		return TOOL_USAGE;
	}
	if (operands > verb->max_operands) {
		complain("too many words: '%'; see 'tcm-iscsi help VERB'",
			 word[1 + verb->max_operands]);
		return TOOL_USAGE;
	}
	return verb->run(t, operands, word + 1);
}

int main(int argc, char **argv)
{
	struct tool t = { 0 };
	enum tool_status status;
	bool json = false;
	int words;

	setlocale(LC_CTYPE, "");
	if (argc < 1 || !parse(&t, argv + 1, &words, &json))
		return TOOL_USAGE;

	out_begin(&t.out, stdout, json);
	status = dispatch(&t, words, argv + 1);
	if (status == TOOL_USAGE) {
		/* Nothing was printed, so that a script does not take it for an answer. */
		t.out.json = false;
		json_decref(t.out.stack[0]);
		return status;
	}
	if (t.problem_count && !t.acting)
		status = TOOL_INCOMPLETE;
	problems_print(&t);
	problems_free(&t);
	if (out_finish(&t.out)) {
		complain("the output cannot be written: %", strerror(errno));
		return TOOL_SYSTEM;
	}
	return status;
}
