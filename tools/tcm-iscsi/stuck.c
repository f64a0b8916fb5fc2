// SPDX-License-Identifier: GPL-2.0
/*
 * Commands that a backend does not finish. They are what a portal group that is disabled
 * waits for, and what clear and the service's stop leave behind.
 */
#include <errno.h>
#include <stdlib.h>
#include <strings.h>

#include "netlink.h"
#include "stuck.h"

/*
 * What takes longer is stuck: initiators give up after 30 seconds, and reset something.
 * The sooner if its session has ended: nobody waits for it but who wants to be done.
 */
#define STUCK_MS	5000
#define ENDED_MS	1000

/* Lines of text; a device that hangs may have thousands. */
#define STUCK_LINES	20

struct stuck {
	struct out *out;
	const struct config *config;
	long long count;
};

/* As the standards call them; of what initiators send, those that reach a device. */
static const struct {
	unsigned char opcode;
	const char *name;
} commands[] = {
	{ 0x00, "TEST UNIT READY" }, { 0x03, "REQUEST SENSE" }, { 0x08, "READ(6)" },
	{ 0x0a, "WRITE(6)" }, { 0x12, "INQUIRY" }, { 0x15, "MODE SELECT(6)" },
	{ 0x1a, "MODE SENSE(6)" }, { 0x1b, "START STOP UNIT" }, { 0x25, "READ CAPACITY(10)" },
	{ 0x28, "READ(10)" }, { 0x2a, "WRITE(10)" }, { 0x2e, "WRITE AND VERIFY(10)" },
	{ 0x2f, "VERIFY(10)" }, { 0x35, "SYNCHRONIZE CACHE(10)" }, { 0x41, "WRITE SAME(10)" },
	{ 0x42, "UNMAP" }, { 0x55, "MODE SELECT(10)" },
	{ 0x5a, "MODE SENSE(10)" }, { 0x5e, "PERSISTENT RESERVE IN" },
	{ 0x5f, "PERSISTENT RESERVE OUT" }, { 0x83, "EXTENDED COPY" }, { 0x88, "READ(16)" },
	{ 0x89, "COMPARE AND WRITE" }, { 0x8a, "WRITE(16)" }, { 0x8e, "WRITE AND VERIFY(16)" },
	{ 0x8f, "VERIFY(16)" }, { 0x91, "SYNCHRONIZE CACHE(16)" }, { 0x93, "WRITE SAME(16)" },
	{ 0x9e, "SERVICE ACTION IN(16)" }, { 0xa0, "REPORT LUNS" }, { 0xa8, "READ(12)" },
	{ 0xaa, "WRITE(12)" },
};

static char *command_name(long long opcode)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (commands[i].opcode == opcode)
			return copy(commands[i].name);
	return join("command %02llxh", opcode);
}

static const struct tpg *find_tpg(const struct config *config, const char *wwn, long long tag)
{
	const struct target *target;
	size_t i, k;

	for (i = 0; i < config->target_count; i++) {
		target = &config->targets[i];
		if (strcasecmp(target->wwn, wwn))
			continue;
		for (k = 0; k < target->tpg_count; k++)
			if (target->tpgs[k].tag == tag)
				return &target->tpgs[k];
	}
	return NULL;
}

/* What the initiator calls @lun is a LUN of the group by its ACL, or the same without one. */
static long long group_lun(const struct tpg *tpg, const char *initiator, long long lun)
{
	const struct acl *acl;
	size_t i, k;

	for (i = 0; i < tpg->acl_count; i++) {
		acl = &tpg->acls[i];
		if (strcasecmp(acl->name, initiator))
			continue;
		for (k = 0; k < acl->mapped_count; k++)
			if (acl->mapped[k].index == lun)
				return acl->mapped[k].tpg_lun;
		return UNKNOWN;
	}
	return lun;
}

/* NULL if it is not known, or not there any more. */
static const char *find_backstore(const struct config *config, const char *wwn, long long tag,
				  const char *initiator, long long lun)
{
	const struct tpg *tpg = find_tpg(config, wwn, tag);
	size_t i;

	if (!tpg)
		return NULL;
	lun = group_lun(tpg, initiator, lun);
	for (i = 0; i < tpg->lun_count; i++)
		if (lun != UNKNOWN && tpg->luns[i].index == lun)
			return tpg->luns[i].backstore;
	return NULL;
}

static void print_one(struct nlattr *head, int len, void *arg)
{
	struct nlattr *attr[TCM_ISCSI_A_STUCK_MAX + 1];
	const char *initiator, *wwn, *backstore;
	struct stuck *s = arg;
	struct out *o = s->out;
	long long tag, lun, age, closed;
	char *command;

	if (nla_parse(attr, TCM_ISCSI_A_STUCK_MAX, head, len, NULL))
		return;
	age = get_number(attr[TCM_ISCSI_A_STUCK_MILLISECONDS], 0);
	closed = get_number(attr[TCM_ISCSI_A_STUCK_CLOSED], 0);
	if (!closed && age < STUCK_MS)
		return;
	s->count++;
	if (!o->json && s->count > STUCK_LINES)
		return;
	initiator = get_str(attr[TCM_ISCSI_A_STUCK_INITIATOR]);
	wwn = get_str(attr[TCM_ISCSI_A_STUCK_TARGET]);
	tag = get_number(attr[TCM_ISCSI_A_STUCK_TAG], -1);
	lun = get_number(attr[TCM_ISCSI_A_STUCK_LUN], UNKNOWN);
	command = command_name(get_number(attr[TCM_ISCSI_A_STUCK_OPCODE], 0));
	backstore = find_backstore(s->config, wwn, tag, initiator, lun);

	out_line(o, 0);
	out_object(o, NULL);
	out_str(o, "initiator", "stuck: %", initiator);
	out_str(o, "wwn", " -> %", wwn);
	out_int(o, "tpgt", " tpgt_%", tag);
	print_number(o, "lun", " LUN %", attr[TCM_ISCSI_A_STUCK_LUN]);
	out_str(o, "backstore", " (%)", backstore);
	out_str(o, "command", ": %", command);
	out_int(o, "milliseconds", NULL, age);
	out_int(o, NULL, " for % s", age / 1000);
	out_int(o, "sid", ", session %", get_number(attr[TCM_ISCSI_A_STUCK_SID], 0));
	out_bool(o, "closed", closed, ", which has ended and waits for it", NULL, NULL);
	out_int(o, "itt", NULL, get_number(attr[TCM_ISCSI_A_STUCK_ITT], 0));
	out_end(o);
	free(command);
}

void stuck_print(struct tool *t, const struct config *config)
{
	struct stuck s = { .out = &t->out, .config = config };
	struct channel channel;
	struct nl_msg *msg;

	if (!channel_try(t, &channel)) {
		out_null(&t->out, "stuck");
		return;
	}
	out_array(&t->out, "stuck");
	msg = channel_request(&channel, TCM_ISCSI_CMD_STUCK_GET, NLM_F_DUMP);
	put_u32(msg, TCM_ISCSI_A_STUCK_MILLISECONDS, ENDED_MS);
	if (channel_run(&channel, msg, print_one, &s)) {
		out_end(&t->out);
		if (s.count > STUCK_LINES) {
			out_line(&t->out, 0);
			out_int(&t->out, NULL, "stuck: % more", s.count - STUCK_LINES);
		}
	} else {
		out_forget(&t->out, "stuck");
		out_null(&t->out, "stuck");
		/* Others than root see the rest; an older module has no answer. */
		if (channel.error != -EPERM && channel.error != -EOPNOTSUPP)
			channel_refused(t, &channel, TCM_ISCSI_FAMILY_NAME);
	}
	channel_close(&channel);
}
