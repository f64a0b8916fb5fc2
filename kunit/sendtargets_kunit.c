// SPDX-License-Identifier: GPL-2.0
/*
 * Discovery: which address is told, how it is written, where answers are cut.
 */
#include "icore_test.h"

#define V4(a, b, c, d, p)	{ .addr = { a, b, c, d }, .port = p }
#define MAPPED(a, b, c, d, p) \
	{ .v6 = true, .addr = { [10] = 0xff, 0xff, a, b, c, d }, .port = p }
#define V6(p, ...)		{ .v6 = true, .port = p, .addr = { __VA_ARGS__ } }

struct addr_row {
	const char *want;
	struct icore_addr addr;
};

static const struct addr_row addr_rows[] = {
	{ "192.0.2.1:3260", V4(192, 0, 2, 1, 3260) },
	{ "0.0.0.0:0", V4(0, 0, 0, 0, 0) },
	{ "255.255.255.255:65535", V4(255, 255, 255, 255, 65535) },
	{ "10.100.9.99:10000", V4(10, 100, 9, 99, 10000) },
	{ "192.0.2.7:860", MAPPED(192, 0, 2, 7, 860) },
	{ "[::]:3260", V6(3260, 0) },
	{ "[::1]:3260", V6(3260, [15] = 1) },
	{ "[1::]:3260", V6(3260, [1] = 1) },
	{ "[2001:db8::1]:3260", V6(3260, 0x20, 0x01, 0x0d, 0xb8, [15] = 1) },
	{ "[fe80::202:b3ff:fe1e:8329]:3260", V6(3260, 0xfe, 0x80, [8] = 0x02, 0x02, 0xb3, 0xff,
						 0xfe, 0x1e, 0x83, 0x29) },
	/* RFC 5952: the longer run, the first of equals, never a single group */
	{ "[2001:0:0:1::1]:3260", V6(3260, 0x20, 0x01, [7] = 1, [15] = 1) },
	{ "[2001:db8::1:0:0:1]:3260", V6(3260, 0x20, 0x01, 0x0d, 0xb8, [9] = 1, [15] = 1) },
	{ "[2001:db8:0:1:1:1:1:1]:3260", V6(3260, 0x20, 0x01, 0x0d, 0xb8, [7] = 1, [9] = 1,
					     [11] = 1, [13] = 1, [15] = 1) },
	{ "[1:2:3:4:5:6::]:3260", V6(3260, [1] = 1, [3] = 2, [5] = 3, [7] = 4, [9] = 5,
				      [11] = 6) },
	{ "[::3:4:5:6:7:8]:3260", V6(3260, [5] = 3, [7] = 4, [9] = 5, [11] = 6, [13] = 7,
				      [15] = 8) },
	{ "[0:2:3:4:5:6:7:0]:3260", V6(3260, [3] = 2, [5] = 3, [7] = 4, [9] = 5, [11] = 6,
					[13] = 7) },
	{ "[abcd:ef01:2345:6789:abcd:ef01:2345:6789]:65535",
	  V6(65535, 0xab, 0xcd, 0xef, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0x01,
	     0x23, 0x45, 0x67, 0x89) },
	{ "[100:10:1:f00::]:3260", V6(3260, 1, 0, 0, 0x10, 0, 1, 0xf, 0) },
};

static void addr_desc(const struct addr_row *row, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s", row->want);
}

KUNIT_ARRAY_PARAM(addr_rows, addr_rows, addr_desc);

static void st_address(struct kunit *test)
{
	const struct addr_row *row = test->param_value;
	char want[96];
	char buf[96];
	struct icore_out o;

	icore_out_init(&o, buf, sizeof(buf));
	icore_st_address(&o, &row->addr, 65535);
	snprintf(want, sizeof(want), "TargetAddress=%s,65535", row->want);
	KUNIT_EXPECT_STREQ(test, buf, want);
	KUNIT_EXPECT_EQ(test, o.len, (u32)strlen(want) + 1);
	icore_out_init(&o, buf, sizeof(buf));
	icore_st_address(&o, &row->addr, 0);
	snprintf(want, sizeof(want), "TargetAddress=%s,0", row->want);
	KUNIT_EXPECT_STREQ(test, buf, want);
}

struct report_row {
	const char *name;
	struct icore_addr portal;
	struct icore_addr local;
	const char *want;	/* NULL: not told */
};

#define GLOBAL6		V6(3260, 0x20, 0x01, 0x0d, 0xb8, [15] = 1)
#define LINK6		V6(3260, 0xfe, 0x80, [15] = 1)
#define LINK6_OTHER	V6(3260, 0xfe, 0xbf, [15] = 2)

static const struct report_row report_rows[] = {
	{ "plain", V4(192, 0, 2, 1, 3261), V4(192, 0, 2, 9, 3260), "192.0.2.1:3261" },
	{ "plain, other family", V4(192, 0, 2, 1, 3261), GLOBAL6, "192.0.2.1:3261" },
	{ "wildcard 4 over 4", V4(0, 0, 0, 0, 3262), V4(192, 0, 2, 9, 3260), "192.0.2.9:3262" },
	{ "wildcard 4 over mapped", V4(0, 0, 0, 0, 3262), MAPPED(192, 0, 2, 9, 3260),
	  "192.0.2.9:3262" },
	{ "wildcard 4 over 6", V4(0, 0, 0, 0, 3262), GLOBAL6, NULL },
	{ "wildcard 6 over 6", V6(3262, 0), GLOBAL6, "[2001:db8::1]:3262" },
	{ "wildcard 6 over mapped", V6(3262, 0), MAPPED(192, 0, 2, 9, 3260), "192.0.2.9:3262" },
	{ "wildcard 6 over 4", V6(3262, 0), V4(192, 0, 2, 9, 3260), NULL },
	{ "wildcard over nothing", V4(0, 0, 0, 0, 1), V4(0, 0, 0, 0, 1), NULL },
	{ "wildcard over loopback", V4(0, 0, 0, 0, 3260), V4(127, 0, 0, 1, 3260),
	  "127.0.0.1:3260" },
	{ "wildcard over link-local", V6(3260, 0), LINK6, "[fe80::1]:3260" },
	{ "loopback from here", V4(127, 0, 0, 2, 3260), V4(127, 0, 0, 1, 3260),
	  "127.0.0.2:3260" },
	{ "loopback from there", V4(127, 0, 0, 1, 3260), V4(192, 0, 2, 9, 3260), NULL },
	{ "loopback 6 from there", V6(3260, [15] = 1), GLOBAL6, NULL },
	{ "loopback 6 from here", V6(3260, [15] = 1), V6(3260, [15] = 1), "[::1]:3260" },
	{ "link-local from elsewhere", LINK6, GLOBAL6, NULL },
	{ "link-local from another", LINK6_OTHER, LINK6, NULL },
	{ "link-local over itself", LINK6, LINK6, "[fe80::1]:3260" },
	{ "link-local 4 from elsewhere", V4(169, 254, 1, 1, 3260), V4(192, 0, 2, 9, 3260), NULL },
	{ "mapped portal", MAPPED(192, 0, 2, 1, 3260), GLOBAL6, "192.0.2.1:3260" },
};

static void report_desc(const struct report_row *row, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s", row->name);
}

KUNIT_ARRAY_PARAM(report_rows, report_rows, report_desc);

static void st_report(struct kunit *test)
{
	const struct report_row *row = test->param_value;
	struct icore_addr got;
	struct icore_out o;
	char want[96];
	char buf[96];

	KUNIT_EXPECT_EQ(test, icore_addr_report(&row->portal, &row->local, &got), !!row->want);
	if (!row->want)
		return;
	icore_out_init(&o, buf, sizeof(buf));
	icore_st_address(&o, &got, 1);
	snprintf(want, sizeof(want), "TargetAddress=%s,1", row->want);
	KUNIT_EXPECT_STREQ(test, buf, want);
}

static void st_addr_kinds(struct kunit *test)
{
	static const struct {
		struct icore_addr a;
		bool any, loop, link;
	} rows[] = {
		{ V4(0, 0, 0, 0, 1), true, false, false },
		{ V4(0, 0, 0, 1, 1), false, false, false },
		{ V4(127, 0, 0, 1, 1), false, true, false },
		{ V4(127, 255, 0, 9, 1), false, true, false },
		{ V4(126, 255, 0, 9, 1), false, false, false },
		{ V4(169, 254, 0, 9, 1), false, false, true },
		{ V4(169, 253, 0, 9, 1), false, false, false },
		{ MAPPED(0, 0, 0, 0, 1), true, false, false },
		{ MAPPED(127, 1, 1, 1, 1), false, true, false },
		{ V6(1, 0), true, false, false },
		{ V6(1, [15] = 1), false, true, false },
		{ V6(1, [15] = 2), false, false, false },
		{ V6(1, [0] = 1, [15] = 1), false, false, false },
		{ V6(1, 0xfe, 0x80), false, false, true },
		{ V6(1, 0xfe, 0xbf, [15] = 1), false, false, true },
		{ V6(1, 0xfe, 0xc0), false, false, false },
		{ V6(1, 0xfc, 0x80), false, false, false },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		KUNIT_EXPECT_EQ_MSG(test, icore_addr_is_any(&rows[i].a), rows[i].any, "%u", i);
		KUNIT_EXPECT_EQ_MSG(test, icore_addr_is_loopback(&rows[i].a), rows[i].loop, "%u",
				    i);
		KUNIT_EXPECT_EQ_MSG(test, icore_addr_is_link_local(&rows[i].a), rows[i].link,
				    "%u", i);
	}
}

static void st_unmap(struct kunit *test)
{
	struct icore_addr a = MAPPED(192, 0, 2, 1, 7);
	const struct icore_addr want = V4(192, 0, 2, 1, 7);
	struct icore_addr b = GLOBAL6;

	icore_addr_unmap(&a);
	KUNIT_EXPECT_FALSE(test, a.v6);
	KUNIT_EXPECT_EQ(test, a.port, 7);
	KUNIT_EXPECT_MEMEQ(test, a.addr, want.addr, 16);
	icore_addr_unmap(&b);
	KUNIT_EXPECT_TRUE(test, b.v6);
}

static void st_parse(struct kunit *test)
{
	static const struct {
		const char *value;
		enum icore_st_kind kind;
	} rows[] = {
		{ "All", ICORE_ST_ALL },
		{ "", ICORE_ST_SELF },
		{ "all", ICORE_ST_BAD },
		{ "aLL", ICORE_ST_BAD },
		{ "ALL", ICORE_ST_BAD },
		{ "Alle", ICORE_ST_BAD },
		{ "A", ICORE_ST_BAD },
		{ "All ", ICORE_ST_BAD },
		{ "iqn", ICORE_ST_BAD },
		{ "iqn.2001-04.com.example,x", ICORE_ST_BAD },
		{ "eui.02004567A425678D", ICORE_ST_NAME },
	};
	char *name = kunit_kzalloc(test, ICORE_NAME_MAX + 1, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, name);
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++)
		KUNIT_EXPECT_EQ_MSG(test, icore_st_parse(rows[i].value, name), rows[i].kind, "%s",
				    rows[i].value);
	KUNIT_EXPECT_STREQ(test, name, "eui.02004567a425678d");
}

static void st_record(struct kunit *test)
{
	static const char want[] = "TargetName=iqn.2001-04.com.example\0"
		"TargetAddress=192.0.2.1:3260,1\0TargetAddress=[2001:db8::1]:3260,1";
	const struct icore_addr a = V4(192, 0, 2, 1, 3260);
	const struct icore_addr b = GLOBAL6;
	char buf[sizeof(want)];
	struct icore_out o;

	icore_out_init(&o, buf, sizeof(buf));
	icore_st_target(&o, "iqn.2001-04.com.example");
	icore_st_address(&o, &a, 1);
	icore_st_address(&o, &b, 1);
	KUNIT_EXPECT_FALSE(test, o.overflow);
	KUNIT_EXPECT_EQ(test, o.len, (u32)sizeof(want));
	KUNIT_EXPECT_MEMEQ(test, buf, want, sizeof(want));
}

/* Every limit: the pieces are the text, and pairs are cut only if they must be. */
static void st_cut(struct kunit *test)
{
	static const char text[] = "A=1\0Bb=22\0Ccc=333333\0D=";
	const u32 len = sizeof(text);

	for (u32 max = 1; max <= len + 1; max++) {
		u32 pos = 0;

		while (pos < len) {
			bool cut;
			u32 n = icore_st_cut(text, len, pos, max, &cut);

			KUNIT_ASSERT_GT(test, n, 0u);
			KUNIT_ASSERT_LE(test, n, max);
			KUNIT_EXPECT_EQ(test, cut, text[pos + n - 1] != 0);
			if (cut) {
				KUNIT_EXPECT_EQ(test, n, max);
				KUNIT_EXPECT_LT(test, max, (u32)strlen(text + pos) + 1);
			} else if (pos + n < len) {
				KUNIT_EXPECT_GT(test, n + (u32)strlen(text + pos + n) + 1, max);
			}
			pos += n;
		}
		KUNIT_EXPECT_EQ(test, pos, len);
	}
}

static void st_cut_end(struct kunit *test)
{
	bool cut = true;

	KUNIT_EXPECT_EQ(test, icore_st_cut("A=1", 4, 4, 512, &cut), 0u);
	KUNIT_EXPECT_FALSE(test, cut);
	KUNIT_EXPECT_EQ(test, icore_st_cut("A=1", 4, 9, 512, &cut), 0u);
	KUNIT_EXPECT_EQ(test, icore_st_cut("A=1", 4, 0, 0xffffffff, &cut), 4u);
}

static struct kunit_case st_cases[] = {
	KUNIT_CASE_PARAM(st_address, addr_rows_gen_params),
	KUNIT_CASE_PARAM(st_report, report_rows_gen_params),
	KUNIT_CASE(st_addr_kinds),
	KUNIT_CASE(st_unmap),
	KUNIT_CASE(st_parse),
	KUNIT_CASE(st_record),
	KUNIT_CASE(st_cut),
	KUNIT_CASE(st_cut_end),
	{}
};

static struct kunit_suite st_suite = {
	.name = "icore_sendtargets",
	.test_cases = st_cases,
};

kunit_test_suite(st_suite);
