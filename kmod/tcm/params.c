// SPDX-License-Identifier: GPL-2.0
/*
 * Keys that a portal group negotiates: param/.
 *
 * What is stored is the string as written, because tools read it back and save
 * it; it is turned into numbers when a login asks for an offer. Everything here
 * is under the group's conf_lock, or belongs to a caller who alone knows it.
 *
 * A login keeps a pointer to TargetAlias over several round trips. The text is
 * therefore never changed: each new alias is a new object, and all of them stay
 * until the group goes. Only an administrator can make new ones, and writing an
 * old one again finds it.
 */
#include <linux/ctype.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "tcm_priv.h"

enum param_kind {
	PARAM_NUMBER,
	PARAM_BOOL,
	PARAM_METHODS,
	PARAM_DIGESTS,
	PARAM_TEXT,
	PARAM_INTERVAL,	/* of markers, which are obsolete: any text, or Reject */
};

/**
 * struct param_desc - what a key takes
 * @kind: grammar
 * @min: of a number
 * @max: of a number
 * @init: value of a new group; also what Irrelevant stands for
 */
struct param_desc {
	enum param_kind kind;
	u32 min;
	u32 max;
	const char *init;
};

static const struct param_desc param_descs[TISCSI_PARAMS] = {
	[TISCSI_PARAM_AUTH_METHOD]	= { PARAM_METHODS, .init = "CHAP" },
	[TISCSI_PARAM_HEADER_DIGEST]	= { PARAM_DIGESTS, .init = "CRC32C,None" },
	[TISCSI_PARAM_DATA_DIGEST]	= { PARAM_DIGESTS, .init = "CRC32C,None" },
	[TISCSI_PARAM_MAX_CONNECTIONS]	= { PARAM_NUMBER, 1, 65535, "1" },
	[TISCSI_PARAM_TARGET_ALIAS]	= { PARAM_TEXT, .init = "LIO Target" },
	[TISCSI_PARAM_INITIAL_R2T]	= { PARAM_BOOL, .init = "Yes" },
	[TISCSI_PARAM_IMMEDIATE_DATA]	= { PARAM_BOOL, .init = "Yes" },
	[TISCSI_PARAM_MAX_RECV_DSL]	= { PARAM_NUMBER, 512, 16777215, "8192" },
	[TISCSI_PARAM_MAX_XMIT_DSL]	= { PARAM_NUMBER, 512, 16777215, "262144" },
	[TISCSI_PARAM_MAX_BURST]	= { PARAM_NUMBER, 512, 16777215, "262144" },
	[TISCSI_PARAM_FIRST_BURST]	= { PARAM_NUMBER, 512, 16777215, "65536" },
	[TISCSI_PARAM_TIME2WAIT]	= { PARAM_NUMBER, 0, 3600, "2" },
	[TISCSI_PARAM_TIME2RETAIN]	= { PARAM_NUMBER, 0, 3600, "20" },
	[TISCSI_PARAM_MAX_R2T]		= { PARAM_NUMBER, 1, 65535, "1" },
	[TISCSI_PARAM_PDU_IN_ORDER]	= { PARAM_BOOL, .init = "Yes" },
	[TISCSI_PARAM_SEQ_IN_ORDER]	= { PARAM_BOOL, .init = "Yes" },
	[TISCSI_PARAM_ERL]		= { PARAM_NUMBER, 0, 2, "0" },
	[TISCSI_PARAM_IFMARKER]		= { PARAM_BOOL, .init = "No" },
	[TISCSI_PARAM_OFMARKER]		= { PARAM_BOOL, .init = "No" },
	[TISCSI_PARAM_IFMARKINT]	= { PARAM_INTERVAL, .init = "Reject" },
	[TISCSI_PARAM_OFMARKINT]	= { PARAM_INTERVAL, .init = "Reject" },
};

static const char * const auth_methods[] = {
	"KRB5", "SPKM1", "SPKM2", "SRP", "CHAP", "None", NULL
};

static const char * const digests[] = { "CRC32C", "None", NULL };

/**
 * struct alias - one text that TargetAlias has had
 * @node: in tiscsi_params.aliases
 * @text: constant
 */
struct alias {
	struct list_head node;
	char text[];
};

static int digit(char c)
{
	if (isdigit(c))
		return c - '0';
	if (isxdigit(c))
		return tolower(c) - 'a' + 10;
	return 16;
}

/*
 * The lenient parser of the ABI: decimal, 0x or octal, what follows is ignored,
 * no digits are 0. Saturates.
 */
static u32 lenient_number(const char *s)
{
	u64 value = 0;
	int base = 10;

	if (s[0] == '0' && tolower(s[1]) == 'x' && digit(s[2]) < 16) {
		base = 16;
		s += 2;
	} else if (s[0] == '0') {
		base = 8;
	}
	for (; digit(*s) < base; s++)
		value = min_t(u64, value * base + digit(*s), U32_MAX);
	return value;
}

/* Next element of a comma list, its length in *@len; NULL at the end. */
static const char *list_next(const char **list, size_t *len)
{
	const char *elem = *list;

	if (!elem)
		return NULL;
	*len = strcspn(elem, ",");
	*list = elem[*len] ? elem + *len + 1 : NULL;
	return elem;
}

static bool list_has(const char *list, const char *word)
{
	const char *elem;
	size_t len;

	while ((elem = list_next(&list, &len)))
		if (strlen(word) == len && !strncmp(elem, word, len))
			return true;
	return false;
}

static bool list_valid(const char *list, const char * const *words)
{
	const char *elem;
	size_t len;
	int i;

	while ((elem = list_next(&list, &len))) {
		for (i = 0; words[i]; i++)
			if (strlen(words[i]) == len && !strncmp(elem, words[i], len))
				break;
		if (!words[i])
			return false;
	}
	return true;
}

static bool param_valid(const struct param_desc *d, const char *s)
{
	u32 number;

	if (!strcmp(s, "Irrelevant"))
		return true;
	if (!strcmp(s, "Reject"))
		return d->kind == PARAM_INTERVAL;
	if (!strcmp(s, "NotUnderstood"))
		return false;

	switch (d->kind) {
	case PARAM_NUMBER:
		number = lenient_number(s);
		return number >= d->min && number <= d->max && !strchr(s, ',');
	case PARAM_BOOL:
		return !strcmp(s, "Yes") || !strcmp(s, "No");
	case PARAM_METHODS:
		return list_valid(s, auth_methods);
	case PARAM_DIGESTS:
		return list_valid(s, digests);
	case PARAM_TEXT:
	case PARAM_INTERVAL:
		return !strchr(s, ',');
	}
	return false;
}

/* What the key says; Irrelevant says nothing, so the default holds. */
static const char *param_text(const struct tiscsi_params *p, enum tiscsi_param key)
{
	if (!p || !strcmp(p->text[key], "Irrelevant"))
		return param_descs[key].init;
	return p->text[key];
}

static u32 param_number(const struct tiscsi_params *p, enum tiscsi_param key)
{
	return lenient_number(param_text(p, key));
}

static bool param_bool(const struct tiscsi_params *p, enum tiscsi_param key)
{
	return !strcmp(param_text(p, key), "Yes");
}

static u8 param_digests(const struct tiscsi_params *p, enum tiscsi_param key)
{
	const char *list = param_text(p, key);

	return (list_has(list, "CRC32C") ? ICORE_DIGEST_CRC32C : 0) |
	       (list_has(list, "None") ? ICORE_DIGEST_NONE : 0);
}

void tiscsi_params_init(struct tiscsi_params *p)
{
	int i;

	for (i = 0; i < TISCSI_PARAMS; i++)
		strscpy(p->text[i], param_descs[i].init, TISCSI_PARAM_SIZE);
	p->alias = param_descs[TISCSI_PARAM_TARGET_ALIAS].init;
	INIT_LIST_HEAD(&p->aliases);
}

/* The group is going: no session is left that could show an alias. */
void tiscsi_params_free(struct tiscsi_params *p)
{
	struct alias *a;
	struct alias *next;

	list_for_each_entry_safe(a, next, &p->aliases, node)
		kfree(a);
}

/**
 * tiscsi_params_offer - what a group is willing to do
 * @p: caller holds the lock; NULL for the defaults
 * @offer: filled completely
 *
 * Names of the ABI deceive: the limit that we declare for what we receive is
 * MaxXmitDataSegmentLength (so that the default is 262144), and what we send is
 * limited by the initiator's declaration only. MaxRecvDataSegmentLength is stored
 * and used nowhere, as it always was.
 *
 * Whatever the parameters say, this release offers one connection and
 * ErrorRecoveryLevel 0, and takes data in order only: a target that agrees to
 * more must implement it.
 */
void tiscsi_params_offer(const struct tiscsi_params *p, struct icore_offer *offer)
{
	u32 max_burst = param_number(p, TISCSI_PARAM_MAX_BURST);

	*offer = (struct icore_offer){
		.header_digest = param_digests(p, TISCSI_PARAM_HEADER_DIGEST),
		.data_digest = param_digests(p, TISCSI_PARAM_DATA_DIGEST),
		.max_connections = 1,
		.initial_r2t = param_bool(p, TISCSI_PARAM_INITIAL_R2T),
		.immediate_data = param_bool(p, TISCSI_PARAM_IMMEDIATE_DATA),
		.pdu_in_order = true,
		.seq_in_order = true,
		.mrdsl = param_number(p, TISCSI_PARAM_MAX_XMIT_DSL),
		.max_xmit_dsl = ICORE_DSL_FIELD_MAX,
		.max_burst = max_burst,
		.first_burst = min(param_number(p, TISCSI_PARAM_FIRST_BURST), max_burst),
		.time2wait = param_number(p, TISCSI_PARAM_TIME2WAIT),
		.time2retain = param_number(p, TISCSI_PARAM_TIME2RETAIN),
		.max_r2t = min_t(u32, param_number(p, TISCSI_PARAM_MAX_R2T), ICORE_R2T_OUT_MAX),
		.erl = 0,
	};
}

/* Does AuthMethod list @method? Caller holds the lock. */
bool tiscsi_params_method(const struct tiscsi_params *p, const char *method)
{
	return list_has(param_text(p, TISCSI_PARAM_AUTH_METHOD), method);
}

/**
 * tiscsi_params_allow_none - add None to AuthMethod, or take it out
 * @p: caller holds the lock
 * @allow: add it
 *
 * A list from which only None was taken becomes CHAP, the one method there is.
 *
 * Return: 0, or -EINVAL if there is no room for more.
 */
int tiscsi_params_allow_none(struct tiscsi_params *p, bool allow)
{
	char *text = p->text[TISCSI_PARAM_AUTH_METHOD];
	const char *list = text;
	const char *elem;
	size_t used = 0;
	size_t len;

	if (!strcmp(text, "Irrelevant"))
		strscpy(text, param_descs[TISCSI_PARAM_AUTH_METHOD].init, TISCSI_PARAM_SIZE);
	if (allow) {
		if (list_has(text, "None"))
			return 0;
		used = strlen(text);
		if (used + strlen(",None") >= TISCSI_PARAM_SIZE)
			return -EINVAL;
		strscpy(text + used, ",None", TISCSI_PARAM_SIZE - used);
		return 0;
	}

	/* Squeeze in place: an element never moves to the right. */
	while ((elem = list_next(&list, &len))) {
		if (len == 4 && !strncmp(elem, "None", 4))
			continue;
		if (used)
			text[used++] = ',';
		memmove(text + used, elem, len);
		used += len;
	}
	text[used] = '\0';
	if (!used)
		strscpy(text, "CHAP", TISCSI_PARAM_SIZE);
	return 0;
}

/* Make @text the alias; the head comment says why this allocates. */
static int set_alias(struct tiscsi_params *p, const char *text)
{
	struct alias *a;
	size_t size = strlen(text) + 1;

	if (size == 1 || !strcmp(text, "Irrelevant")) {
		p->alias = NULL;
		return 0;
	}
	list_for_each_entry(a, &p->aliases, node)
		if (!strcmp(a->text, text))
			goto found;

	a = kmalloc(struct_size(a, text, size), GFP_KERNEL);
	if (!a)
		return -ENOMEM;
	memcpy(a->text, text, size);
	list_add(&a->node, &p->aliases);
found:
	p->alias = a->text;
	return 0;
}

static ssize_t param_show(struct config_item *item, char *page, enum tiscsi_param key)
{
	struct tiscsi_tpg *tpg = to_tiscsi_tpg(param_to_tpg(item));
	ssize_t len;

	mutex_lock(&tpg->conf_lock);
	len = sysfs_emit(page, "%s\n", tpg->params.text[key]);
	mutex_unlock(&tpg->conf_lock);
	return len;
}

static ssize_t param_store(struct config_item *item, const char *page, size_t count,
			   enum tiscsi_param key)
{
	struct tiscsi_tpg *tpg = to_tiscsi_tpg(param_to_tpg(item));
	char text[TISCSI_PARAM_SIZE];
	size_t len = strlen(page);
	int ret = 0;

	/* One trailing white space goes: the newline of echo. */
	if (len && isspace(page[len - 1]))
		len--;
	if (len >= sizeof(text))
		return -EINVAL;
	memcpy(text, page, len);
	text[len] = '\0';
	if (!param_valid(&param_descs[key], text))
		return -EINVAL;

	mutex_lock(&tpg->conf_lock);
	if (key == TISCSI_PARAM_TARGET_ALIAS)
		ret = set_alias(&tpg->params, text);
	if (!ret)
		strscpy(tpg->params.text[key], text, TISCSI_PARAM_SIZE);
	mutex_unlock(&tpg->conf_lock);
	return ret ? ret : count;
}

/* configfs tells a callback the directory only: one pair of functions a file. */
#define PARAM(_id, _key, _name)								\
static const enum tiscsi_param key_##_id = _key;						\
static ssize_t _id##_show(struct config_item *item, char *page)				\
{											\
	return param_show(item, page, key_##_id);						\
}											\
static ssize_t _id##_store(struct config_item *item, const char *page, size_t count)	\
{											\
	return param_store(item, page, count, key_##_id);			\
}											\
static struct configfs_attribute attr_##_id = {						\
	.ca_name = _name,								\
	.ca_mode = 0644,								\
	.ca_owner = THIS_MODULE,							\
	.show = _id##_show,								\
	.store = _id##_store,								\
}

PARAM(auth_method, TISCSI_PARAM_AUTH_METHOD, "AuthMethod");
PARAM(header_digest, TISCSI_PARAM_HEADER_DIGEST, "HeaderDigest");
PARAM(data_digest, TISCSI_PARAM_DATA_DIGEST, "DataDigest");
PARAM(max_connections, TISCSI_PARAM_MAX_CONNECTIONS, "MaxConnections");
PARAM(target_alias, TISCSI_PARAM_TARGET_ALIAS, "TargetAlias");
PARAM(initial_r2t, TISCSI_PARAM_INITIAL_R2T, "InitialR2T");
PARAM(immediate_data, TISCSI_PARAM_IMMEDIATE_DATA, "ImmediateData");
PARAM(max_recv_dsl, TISCSI_PARAM_MAX_RECV_DSL, "MaxRecvDataSegmentLength");
PARAM(max_xmit_dsl, TISCSI_PARAM_MAX_XMIT_DSL, "MaxXmitDataSegmentLength");
PARAM(max_burst, TISCSI_PARAM_MAX_BURST, "MaxBurstLength");
PARAM(first_burst, TISCSI_PARAM_FIRST_BURST, "FirstBurstLength");
PARAM(time2wait, TISCSI_PARAM_TIME2WAIT, "DefaultTime2Wait");
PARAM(time2retain, TISCSI_PARAM_TIME2RETAIN, "DefaultTime2Retain");
PARAM(max_r2t, TISCSI_PARAM_MAX_R2T, "MaxOutstandingR2T");
PARAM(pdu_in_order, TISCSI_PARAM_PDU_IN_ORDER, "DataPDUInOrder");
PARAM(seq_in_order, TISCSI_PARAM_SEQ_IN_ORDER, "DataSequenceInOrder");
PARAM(erl, TISCSI_PARAM_ERL, "ErrorRecoveryLevel");
PARAM(ifmarker, TISCSI_PARAM_IFMARKER, "IFMarker");
PARAM(ofmarker, TISCSI_PARAM_OFMARKER, "OFMarker");
PARAM(ifmarkint, TISCSI_PARAM_IFMARKINT, "IFMarkInt");
PARAM(ofmarkint, TISCSI_PARAM_OFMARKINT, "OFMarkInt");

struct configfs_attribute *tiscsi_tpg_param_attrs[] = {
	&attr_auth_method,
	&attr_header_digest,
	&attr_data_digest,
	&attr_max_connections,
	&attr_target_alias,
	&attr_initial_r2t,
	&attr_immediate_data,
	&attr_max_recv_dsl,
	&attr_max_xmit_dsl,
	&attr_max_burst,
	&attr_first_burst,
	&attr_time2wait,
	&attr_time2retain,
	&attr_max_r2t,
	&attr_pdu_in_order,
	&attr_seq_in_order,
	&attr_erl,
	&attr_ifmarker,
	&attr_ofmarker,
	&attr_ifmarkint,
	&attr_ofmarkint,
	NULL,
};
