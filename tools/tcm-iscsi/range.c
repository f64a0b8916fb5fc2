// SPDX-License-Identifier: GPL-2.0
/*
 * The values of settings.
 *
 * What is not in the tables is left to the kernel, which may be newer than they are.
 */
#include <stdlib.h>
#include <string.h>

#include "range.h"
#include "text.h"
#include "tool.h"

enum range_kind {
	RANGE_NUMBER,
	RANGE_YES_NO,
	RANGE_LIST,		/* of words, separated by commas */
};

struct range {
	const char *name;
	enum range_kind kind;
	long long min;
	long long max;
	const char *words;
};

#define NUMBER(n, least, most)	{ .name = (n), .min = (least), .max = (most) }
#define SWITCH(n)		NUMBER(n, 0, 1)
#define YES_NO(n)		{ .name = (n), .kind = RANGE_YES_NO }
#define LIST(n, w)		{ .name = (n), .kind = RANGE_LIST, .words = (w) }

static const struct range tpg_attributes[] = {
	SWITCH("authentication"), SWITCH("cache_dynamic_acls"), SWITCH("demo_mode_discovery"),
	SWITCH("demo_mode_write_protect"), SWITCH("generate_node_acls"),
	SWITCH("login_keys_workaround"), SWITCH("prod_mode_write_protect"), SWITCH("t10_pi"),
	SWITCH("tpg_enabled_sendtargets"), NUMBER("default_cmdsn_depth", 1, 512),
	NUMBER("default_erl", 0, 2), NUMBER("fabric_prot_type", 0, 3),
	NUMBER("login_timeout", 5, 30), NUMBER("netif_timeout", 2, 15), { .name = NULL },
};

static const struct range acl_attributes[] = {
	NUMBER("authentication", -1, 1), NUMBER("dataout_timeout", 2, 60),
	NUMBER("dataout_timeout_retries", 1, 15), NUMBER("default_erl", 0, 2),
	NUMBER("nopin_response_timeout", 3, 60), NUMBER("nopin_timeout", 0, 60),
	SWITCH("random_datain_pdu_offsets"), SWITCH("random_datain_seq_offsets"),
	SWITCH("random_r2t_offsets"), { .name = NULL },
};

static const struct range tpg_parameters[] = {
	LIST("AuthMethod", "KRB5,SPKM1,SPKM2,SRP,CHAP,None"),
	LIST("HeaderDigest", "CRC32C,None"), LIST("DataDigest", "CRC32C,None"),
	NUMBER("MaxConnections", 1, 65535), YES_NO("InitialR2T"), YES_NO("ImmediateData"),
	NUMBER("MaxRecvDataSegmentLength", 512, 16777215),
	NUMBER("MaxXmitDataSegmentLength", 512, 16777215),
	NUMBER("MaxBurstLength", 512, 16777215), NUMBER("FirstBurstLength", 512, 16777215),
	NUMBER("DefaultTime2Wait", 0, 3600), NUMBER("DefaultTime2Retain", 0, 3600),
	NUMBER("MaxOutstandingR2T", 1, 65535), YES_NO("DataPDUInOrder"),
	YES_NO("DataSequenceInOrder"), NUMBER("ErrorRecoveryLevel", 0, 2),
	YES_NO("IFMarker"), YES_NO("OFMarker"), { .name = NULL },
};

static const struct range *const tables[RANGE_TABLES] = {
	[RANGE_TPG_ATTRIBUTES] = tpg_attributes,
	[RANGE_TPG_PARAMETERS] = tpg_parameters,
	[RANGE_ACL_ATTRIBUTES] = acl_attributes,
};

static bool word_in(const char *word, size_t len, const char *words)
{
	size_t have;

	for (;; words += have + 1) {
		have = strcspn(words, ",");
		if (have == len && !strncmp(word, words, len))
			return true;
		if (!words[have])
			return false;
	}
}

static bool all_in(const char *list, const char *words)
{
	size_t len;

	for (;; list += len + 1) {
		len = strcspn(list, ",");
		if (!word_in(list, len, words))
			return false;
		if (!list[len])
			return true;
	}
}

static bool number_fits(const struct range *range, const json_t *value)
{
	const char *text = json_string_value(value);
	long long number = json_integer_value(value);

	if (text)
		return text_number(text, range->min, range->max, &number);
	return number >= range->min && number <= range->max;
}

char *range_check(enum range_table table, const char *name, const json_t *value)
{
	const char *text = json_string_value(value);
	const struct range *range;

	for (range = tables[table]; range->name; range++)
		if (!strcmp(range->name, name))
			break;
	/* The kernel takes this word for every parameter. */
	if (!range->name || (text && !strcmp(text, "Irrelevant")))
		return NULL;
	switch (range->kind) {
	case RANGE_NUMBER:
		return number_fits(range, value) ? NULL :
			join("expected a number from %lld to %lld", range->min, range->max);
	case RANGE_YES_NO:
		return text && (!strcmp(text, "Yes") || !strcmp(text, "No")) ? NULL :
			copy("expected Yes or No");
	case RANGE_LIST:
		return text && all_in(text, range->words) ? NULL :
			join("expected some of %s, separated by commas", range->words);
	}
	return NULL;
}
