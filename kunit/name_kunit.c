// SPDX-License-Identifier: GPL-2.0
/*
 * iSCSI names: what is one, what is not, and how it is stored.
 */
#include "icore_test.h"

struct name_row {
	const char *in;
	const char *want;	/* NULL: refused */
};

#define SAME(name)	{ name, name }
#define NOT(name)	{ name, NULL }

static const struct name_row name_rows[] = {
	SAME("iqn.2001-04.com.example:storage.disk1"),
	SAME("iqn.2001-04.com.example"),
	SAME("iqn.1991-05.com.microsoft:host"),
	SAME("iqn.2008-11.org.linux-kvm"),
	SAME("iqn.2003-01.org.linux-iscsi.my_host.x8664:sn.abcdef"),
	{ "IQN.2001-04.COM.Example:Disk", "iqn.2001-04.com.example:disk" },
	SAME("iqn.2001-04.c"),
	SAME("iqn.2001-99.x"),
	NOT("iqn.2001-04."),
	NOT("iqn.2001-04"),
	NOT("iqn."),
	NOT("iqn.201-04.com"),
	NOT("iqn.2001-4.com"),
	NOT("iqn.2001.04.com"),
	NOT("iqn.2001-04:com"),
	NOT("iqn.2oo1-04.com"),
	NOT("xiqn.2001-04.com.example"),
	NOT(" iqn.2001-04.com.example"),
	NOT("iqn.2001-04.com.example "),
	NOT("iqn.2001-04.com.exa mple"),
	NOT("iqn.2001-04.com.example,1"),
	NOT("iqn.2001-04.com.example/x"),
	NOT("iqn.2001-04.com.example;x"),
	NOT("iqn.2001-04.com.example@x"),
	NOT("iqn.2001-04.com.example[x]"),
	NOT("iqn.2001-04.com.example{"),
	NOT("iqn.2001-04.com.example\n"),
	NOT("iqn.2001-04.com.example\x7f"),
	NOT("iqn.2001-04.com.example`"),
	SAME("iqn.2001-04.com.example:\xc3\xa4"),
	SAME("iqn.2001-04.com.example:\xe2\x82\xac"),
	SAME("iqn.2001-04.com.example:\xf0\x9f\x98\x80"),
	SAME("iqn.2001-04.com.example:\xf4\x8f\xbf\xbf"),
	SAME("iqn.2001-04.com.example:\xc2\xa0"),
	SAME("iqn.2001-04.com.example:\xdf\xbf"),
	SAME("iqn.2001-04.com.example:\xe0\xa0\x80"),
	SAME("iqn.2001-04.com.example:\xf0\x90\x80\x80"),
	NOT("iqn.2001-04.com.example:\x84\x80\x80\x80"),
	NOT("iqn.2001-04.com.example:\xed\xbf\xbf"),
	NOT("iqn.2001-04.com.example:\xff"),
	NOT("iqn.2001-04.com.example:\x80"),
	NOT("iqn.2001-04.com.example:\xc3"),
	NOT("iqn.2001-04.com.example:\xc3x"),
	NOT("iqn.2001-04.com.example:\xc0\xaf"),
	NOT("iqn.2001-04.com.example:\xc1\xbf"),
	NOT("iqn.2001-04.com.example:\xe0\x9f\xbf"),
	NOT("iqn.2001-04.com.example:\xe2\x82"),
	NOT("iqn.2001-04.com.example:\xed\xa0\x80"),
	NOT("iqn.2001-04.com.example:\xf0\x8f\xbf\xbf"),
	NOT("iqn.2001-04.com.example:\xf4\x90\x80\x80"),
	NOT("iqn.2001-04.com.example:\xf5\x80\x80\x80"),
	NOT("iqn.2001-04.com.example:\xc2\x85"),
	NOT("iqn.2001-04.com.example:\xe3\x80\x82"),
	SAME("eui.02004567a425678d"),
	{ "eui.02004567A425678D", "eui.02004567a425678d" },
	NOT("eui.02004567a425678"),
	NOT("eui.02004567a425678d0"),
	NOT("eui.02004567a425678g"),
	NOT("eui."),
	SAME("naa.52004567ba64678d"),
	SAME("naa.62004567ba64678d0123456789abcdef"),
	{ "NAA.52004567BA64678D", "naa.52004567ba64678d" },
	NOT("naa.52004567ba64678d0"),
	NOT("naa.62004567ba64678d0123456789abcde"),
	NOT("naa.62004567ba64678d0123456789abcdef0"),
	NOT("eui.62004567ba64678d0123456789abcdef"),
	NOT(""),
	NOT("x"),
	NOT("All"),
	NOT("Alle"),
	NOT("default"),
};

/* Some of the names would break the lines of the report. */
static void name_desc(const struct name_row *row, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%u \"%s\"", (u32)(row - name_rows), row->in);
	for (; *desc; desc++) {
		if (*desc < ' ' || *desc > '~')
			*desc = '?';
	}
}

KUNIT_ARRAY_PARAM(name_rows, name_rows, name_desc);

static void name_normalise(struct kunit *test)
{
	const struct name_row *row = test->param_value;
	char *out = kunit_kzalloc(test, ICORE_NAME_MAX + 1, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, out);
	memset(out, 'x', ICORE_NAME_MAX + 1);
	KUNIT_EXPECT_EQ(test, icore_name_normalise(row->in, out), !!row->want);
	KUNIT_EXPECT_STREQ(test, out, row->want ? row->want : "");
}

/* LOGIN-10: 223 bytes are accepted, 224 are not, whatever the last byte belongs to. */
static void name_limit(struct kunit *test)
{
	char *in = kunit_kzalloc(test, ICORE_NAME_MAX + 8, GFP_KERNEL);
	char *out = kunit_kzalloc(test, ICORE_NAME_MAX + 1, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, in);
	KUNIT_ASSERT_NOT_NULL(test, out);
	memset(in, 'a', ICORE_NAME_MAX);
	memcpy(in, "iqn.2001-04.", 12);
	KUNIT_EXPECT_TRUE(test, icore_name_normalise(in, out));
	KUNIT_EXPECT_STREQ(test, in, out);
	in[ICORE_NAME_MAX] = 'a';
	KUNIT_EXPECT_FALSE(test, icore_name_normalise(in, out));
	memcpy(in + ICORE_NAME_MAX - 2, "\xc3\xa4", 3);
	KUNIT_EXPECT_TRUE(test, icore_name_normalise(in, out));
	memcpy(in + ICORE_NAME_MAX - 2, "a\xc3\xa4", 4);
	KUNIT_EXPECT_FALSE(test, icore_name_normalise(in, out));
}

/* Every single byte behind a good name is either stored, folded or refused. */
static void name_every_byte(struct kunit *test)
{
	char in[] = "iqn.2001-04.com.example:?";
	char *out = kunit_kzalloc(test, ICORE_NAME_MAX + 1, GFP_KERNEL);
	const u32 at = sizeof(in) - 2;

	KUNIT_ASSERT_NOT_NULL(test, out);
	for (u32 c = 1; c < 256; c++) {
		const bool lower = c >= 'a' && c <= 'z';
		const bool upper = c >= 'A' && c <= 'Z';
		const bool other = (c >= '0' && c <= '9') || c == '-' || c == '.' || c == ':' ||
				   c == '_';

		in[at] = (char)c;
		KUNIT_EXPECT_EQ_MSG(test, icore_name_normalise(in, out), lower || upper || other,
				    "byte %u", c);
		if (out[0])
			KUNIT_EXPECT_EQ(test, (u32)out[at], upper ? c + 32 : c);
	}
}

static struct kunit_case name_cases[] = {
	KUNIT_CASE_PARAM(name_normalise, name_rows_gen_params),
	KUNIT_CASE(name_limit),
	KUNIT_CASE(name_every_byte),
	{}
};

static struct kunit_suite name_suite = {
	.name = "icore_name",
	.test_cases = name_cases,
};

kunit_test_suite(name_suite);
