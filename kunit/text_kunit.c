// SPDX-License-Identifier: GPL-2.0
/*
 * key=value text: collecting over any split, cutting, value grammar, output.
 * Texts are put into buffers of exactly their size, so that under sanitizers a
 * single byte too far is seen.
 */
#include "icore_test.h"

#define SHOWN_MAX	512

/* "KEY=VALUE|..." and "END" or "BAD", which is easy to read in a table. */
static void show(struct icore_text *t, char *shown)
{
	struct icore_out o;
	struct icore_kv kv;
	enum icore_text_result r;
	u32 pos = 0;

	icore_out_init(&o, shown, SHOWN_MAX);
	while ((r = icore_text_next(t, &pos, &kv)) == ICORE_TEXT_PAIR) {
		icore_out_str(&o, kv.key, kv.value);
		shown[o.len - 1] = '|';
	}
	memcpy(shown + o.len, r == ICORE_TEXT_END ? "END" : "BAD", 4);
}

struct cut_row {
	const char *name;
	const char *text;
	u32 len;
	const char *want;
};

#define ROW(name, text, want)	{ name, text, sizeof(text) - 1, want }

static const struct cut_row cut_rows[] = {
	ROW("nothing", "", "END"),
	ROW("one", "A=b\0", "A=b|END"),
	ROW("two", "A=b\0Cc=dd\0", "A=b|Cc=dd|END"),
	ROW("empty value", "A=\0B=\0", "A=|B=|END"),
	/* In a buffer without a byte to spare this cannot be forgiven. */
	ROW("no last NUL", "A=b\0C=d", "A=b|BAD"),
	ROW("NULs between and behind", "\0\0A=b\0\0\0C=d\0\0", "A=b|C=d|END"),
	ROW("only NULs", "\0\0\0", "END"),
	ROW("equals sign in the value", "A=b=c==\0", "A=b=c==|END"),
	ROW("no equals sign", "Abc\0", "BAD"),
	ROW("no equals sign, then a pair", "Abc\0D=e\0", "BAD"),
	ROW("empty key", "=b\0", "BAD"),
	ROW("small first letter", "abc=d\0", "BAD"),
	ROW("wrong case", "sENDtARGETS=aLL\0", "BAD"),
	ROW("digit first", "1A=d\0", "BAD"),
	ROW("registered iS names", "iSCSIProtocolLevel=1\0iSERHelloRequired=No\0",
	    "iSCSIProtocolLevel=1|iSERHelloRequired=No|END"),
	ROW("other small letter", "aSb=1\0", "BAD"),
	ROW("just i", "i=1\0", "BAD"),
	ROW("all key characters", "Az09.-+@_#=x\0", "Az09.-+@_#=x|END"),
	ROW("space in key", "A b=c\0", "BAD"),
	ROW("colon in key", "A:b=c\0", "BAD"),
	ROW("high byte in key", "A\xc3\xa4=c\0", "BAD"),
	ROW("control in key", "A\x01=c\0", "BAD"),
	ROW("anything in value", "A=\x01 \xff~,\0", "A=\x01 \xff~,|END"),
	ROW("key of 63", "K23456789012345678901234567890123456789012345678901234567890123=x\0",
	    "K23456789012345678901234567890123456789012345678901234567890123=x|END"),
	ROW("key of 64", "K234567890123456789012345678901234567890123456789012345678901234=x\0",
	    "BAD"),
	ROW("good then bad", "A=b\0c=d\0E=f\0", "A=b|BAD"),
};

static void cut_desc(const struct cut_row *row, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s", row->name);
}

KUNIT_ARRAY_PARAM(cut_rows, cut_rows, cut_desc);

static void text_cut(struct kunit *test)
{
	const struct cut_row *row = test->param_value;
	char *shown = kunit_kzalloc(test, SHOWN_MAX + 4, GFP_KERNEL);
	char *buf = kunit_kzalloc(test, row->len, GFP_KERNEL);
	struct icore_text t = { .buf = buf, .cap = row->len };

	KUNIT_ASSERT_NOT_NULL(test, shown);
	KUNIT_ASSERT_NOT_NULL(test, buf);
	KUNIT_ASSERT_TRUE(test, icore_text_add(&t, row->text, row->len));
	show(&t, shown);
	KUNIT_EXPECT_STREQ(test, shown, row->want);
}

static void text_forgives_missing_nul(struct kunit *test)
{
	char buf[8];
	char *shown = kunit_kzalloc(test, SHOWN_MAX + 4, GFP_KERNEL);
	struct icore_text t = { .buf = buf, .cap = sizeof(buf) };

	KUNIT_ASSERT_NOT_NULL(test, shown);
	memset(buf, 'x', sizeof(buf));
	KUNIT_ASSERT_TRUE(test, icore_text_add(&t, "A=b\0C=d", 7));
	show(&t, shown);
	KUNIT_EXPECT_STREQ(test, shown, "A=b|C=d|END");
}

static const char sample[] = "InitiatorName=iqn.2001-04.com.example:x\0SessionType=Normal\0"
	"AuthMethod=CHAP,None\0CHAP_C=0bAAE=\0Empty=\0X-a.b@c=1~2";
static const char sample_shown[] = "InitiatorName=iqn.2001-04.com.example:x|SessionType=Normal|"
	"AuthMethod=CHAP,None|CHAP_C=0bAAE=|Empty=|X-a.b@c=1~2|END";

/* LOGIN-15: no split into three parts changes what is read. */
static void text_any_split(struct kunit *test)
{
	char *shown = kunit_kzalloc(test, SHOWN_MAX + 4, GFP_KERNEL);
	char *buf = kunit_kzalloc(test, sizeof(sample), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, shown);
	KUNIT_ASSERT_NOT_NULL(test, buf);
	for (u32 i = 0; i <= sizeof(sample); i++) {
		for (u32 j = i; j <= sizeof(sample); j++) {
			struct icore_text t = { .buf = buf, .cap = sizeof(sample) };

			KUNIT_ASSERT_TRUE(test, icore_text_add(&t, sample, i));
			KUNIT_ASSERT_TRUE(test, icore_text_add(&t, sample + i, j - i));
			KUNIT_ASSERT_TRUE(test, icore_text_add(&t, sample + j,
							       sizeof(sample) - j));
			show(&t, shown);
			KUNIT_ASSERT_STREQ(test, shown, sample_shown);
		}
	}
}

/* What login_text.c relies on: put the '=' back and walk again. */
static void text_walk_twice(struct kunit *test)
{
	char *shown = kunit_kzalloc(test, SHOWN_MAX + 4, GFP_KERNEL);
	char *buf = kunit_kzalloc(test, sizeof(sample), GFP_KERNEL);
	struct icore_text t = { .buf = buf, .cap = sizeof(sample) };
	struct icore_kv kv;
	u32 pos = 0;
	u32 n = 0;

	KUNIT_ASSERT_NOT_NULL(test, shown);
	KUNIT_ASSERT_NOT_NULL(test, buf);
	KUNIT_ASSERT_TRUE(test, icore_text_add(&t, sample, sizeof(sample)));
	while (icore_text_next(&t, &pos, &kv) == ICORE_TEXT_PAIR) {
		buf[kv.value - buf - 1] = '=';
		n++;
	}
	KUNIT_EXPECT_EQ(test, n, 6u);
	KUNIT_EXPECT_MEMEQ(test, buf, sample, sizeof(sample));
	show(&t, shown);
	KUNIT_EXPECT_STREQ(test, shown, sample_shown);
}

static void text_add_is_bounded(struct kunit *test)
{
	char buf[9] = "........";
	struct icore_text t = { .buf = buf, .cap = 8 };

	KUNIT_EXPECT_TRUE(test, icore_text_add(&t, "12345", 5));
	KUNIT_EXPECT_FALSE(test, icore_text_add(&t, "6789", 4));
	KUNIT_EXPECT_EQ(test, t.len, 5u);
	KUNIT_EXPECT_FALSE(test, icore_text_add(&t, "6789", 0xffffffff));
	KUNIT_EXPECT_TRUE(test, icore_text_add(&t, "678", 3));
	KUNIT_EXPECT_TRUE(test, icore_text_add(&t, NULL, 0));
	KUNIT_EXPECT_FALSE(test, icore_text_add(&t, "9", 1));
	KUNIT_EXPECT_STREQ(test, buf, "12345678");
}

struct num_row {
	const char *text;
	bool ok;
	u64 want;
};

static const struct num_row num_rows[] = {
	{ "0", true, 0 },
	{ "1", true, 1 },
	{ "9", true, 9 },
	{ "10", true, 10 },
	{ "262144", true, 262144 },
	{ "4294967295", true, 0xffffffffull },
	{ "4294967296", true, 0x100000000ull },
	{ "4294967808", true, 0x100000200ull },
	{ "18446744073709551615", true, 0xffffffffffffffffull },
	{ "18446744073709551616", false, 0 },
	{ "18446744073709551620", false, 0 },
	{ "99999999999999999999", false, 0 },
	{ "184467440737095516150", false, 0 },
	{ "0x0", true, 0 },
	{ "0x200", true, 512 },
	{ "0XfF", true, 255 },
	{ "0x00000000000000000000001", true, 1 },
	{ "0xffffffffffffffff", true, 0xffffffffffffffffull },
	{ "0x10000000000000000", false, 0 },
	{ "", false, 0 },
	{ "0x", false, 0 },
	{ "0xg", false, 0 },
	{ "00", false, 0 },
	{ "01", false, 0 },
	{ "-1", false, 0 },
	{ "+1", false, 0 },
	{ " 1", false, 0 },
	{ "1 ", false, 0 },
	{ "1k", false, 0 },
	{ "12a", false, 0 },
	{ "x1", false, 0 },
	{ "0b1", false, 0 },
	{ "1~2", false, 0 },
	{ "Yes", false, 0 },
};

static void num_desc(const struct num_row *row, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "\"%s\"", row->text);
}

KUNIT_ARRAY_PARAM(num_rows, num_rows, num_desc);

static void text_num(struct kunit *test)
{
	const struct num_row *row = test->param_value;
	u64 got = 77;

	KUNIT_EXPECT_EQ(test, icore_val_num(row->text, &got), row->ok);
	KUNIT_EXPECT_EQ(test, got, row->ok ? row->want : 77);
}

static void text_bool(struct kunit *test)
{
	static const char * const wrong[] = { "", "yes", "YES", "Y", "Yes ", "Yess", "no", "NO",
					      "N", "No,Yes", "1", "0", "True", "None" };
	bool got = false;

	KUNIT_EXPECT_TRUE(test, icore_val_bool("Yes", &got));
	KUNIT_EXPECT_TRUE(test, got);
	KUNIT_EXPECT_TRUE(test, icore_val_bool("No", &got));
	KUNIT_EXPECT_FALSE(test, got);
	for (u32 i = 0; i < ARRAY_SIZE(wrong); i++)
		KUNIT_EXPECT_FALSE_MSG(test, icore_val_bool(wrong[i], &got), "%s", wrong[i]);
}

static void text_range(struct kunit *test)
{
	static const char * const wrong[] = { "", "1", "~", "1~", "~1", "2~1", "1~2~3", "1-2",
					      "1~2 ", "a~b", "1~0", "01~2", "0x2~0x1" };
	u64 low = 0;
	u64 high = 0;

	KUNIT_EXPECT_TRUE(test, icore_val_range("2048~0x2001", &low, &high));
	KUNIT_EXPECT_EQ(test, low, 2048);
	KUNIT_EXPECT_EQ(test, high, 0x2001);
	KUNIT_EXPECT_TRUE(test, icore_val_range("5~5", &low, &high));
	KUNIT_EXPECT_EQ(test, low, 5);
	for (u32 i = 0; i < ARRAY_SIZE(wrong); i++)
		KUNIT_EXPECT_FALSE_MSG(test, icore_val_range(wrong[i], &low, &high), "%s",
				       wrong[i]);
	KUNIT_EXPECT_EQ(test, high, 5);
}

struct bin_row {
	const char *text;
	int len;	/* -1: refused */
	u8 want[8];
};

static const struct bin_row bin_rows[] = {
	{ "0x00", 1, { 0 } },
	{ "0xaBcDef", 3, { 0xab, 0xcd, 0xef } },
	{ "0XA9f", 2, { 0x0a, 0x9f } },
	{ "0X09", 1, { 9 } },
	{ "0x9", 1, { 9 } },
	{ "0x123", 2, { 0x01, 0x23 } },
	{ "0xabcde", 3, { 0x0a, 0xbc, 0xde } },
	{ "0x0000000000000000", 8, { 0 } },
	{ "0x000000000000000000", -1, { 0 } },
	{ "0x00000000000000000", -1, { 0 } },
	{ "0x", -1, { 0 } },
	{ "0xg0", -1, { 0 } },
	{ "0x0g", -1, { 0 } },
	{ "0x00 ", -1, { 0 } },
	{ "0x-1", -1, { 0 } },
	{ "0bAAECAw==", 4, { 0, 1, 2, 3 } },
	{ "0BAAECAwQ=", 5, { 0, 1, 2, 3, 4 } },
	{ "0bAAECAwQF", 6, { 0, 1, 2, 3, 4, 5 } },
	{ "0b/+8=", 2, { 0xff, 0xef } },
	{ "0bYWJjZGVmZ2g=", 8, { 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h' } },
	{ "0bYWJjZGVmZ2hp", -1, { 0 } },
	{ "0bzZ9=", 2, { 0xcd, 0x9f } },
	{ "0b", -1, { 0 } },
	{ "0b=", -1, { 0 } },
	{ "0b====", -1, { 0 } },
	{ "0bA===", -1, { 0 } },
	{ "0bAA=", -1, { 0 } },
	{ "0bAA", -1, { 0 } },
	{ "0bAAA", -1, { 0 } },
	{ "0bAA==AAAA", -1, { 0 } },
	{ "0bAA=A", -1, { 0 } },
	{ "0bAAAA====", -1, { 0 } },
	{ "0bAAAA=", -1, { 0 } },
	{ "0bAA-_", -1, { 0 } },
	{ "0bAA\nA", -1, { 0 } },
	{ "", -1, { 0 } },
	{ "0", -1, { 0 } },
	{ "12", -1, { 0 } },
	{ "1x00", -1, { 0 } },
	{ "abcd", -1, { 0 } },
};

static void bin_desc(const struct bin_row *row, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "\"%s\"", row->text);
}

KUNIT_ARRAY_PARAM(bin_rows, bin_rows, bin_desc);

static void text_bin(struct kunit *test)
{
	const struct bin_row *row = test->param_value;
	u8 *got = kunit_kzalloc(test, sizeof(row->want), GFP_KERNEL);
	u32 len = sizeof(row->want);

	KUNIT_ASSERT_NOT_NULL(test, got);
	KUNIT_EXPECT_EQ(test, icore_val_bin(row->text, got, &len), row->len >= 0);
	KUNIT_EXPECT_EQ(test, len, row->len >= 0 ? (u32)row->len : (u32)sizeof(row->want));
	if (row->len > 0)
		KUNIT_EXPECT_MEMEQ(test, got, row->want, (u32)row->len);
}

/* CHAP-09: 1024 bytes are accepted, 1025 are not, in either notation. */
static void text_bin_limit(struct kunit *test)
{
	char *text = kunit_kzalloc(test, 2 * ICORE_BINVAL_MAX + 16, GFP_KERNEL);
	u8 *got = kunit_kzalloc(test, ICORE_BINVAL_MAX, GFP_KERNEL);
	u32 len = ICORE_BINVAL_MAX;

	KUNIT_ASSERT_NOT_NULL(test, text);
	KUNIT_ASSERT_NOT_NULL(test, got);
	memset(text, 'a', 2 + 2 * ICORE_BINVAL_MAX);
	memcpy(text, "0x", 2);
	KUNIT_EXPECT_TRUE(test, icore_val_bin(text, got, &len));
	KUNIT_EXPECT_EQ(test, len, ICORE_BINVAL_MAX);
	text[2 + 2 * ICORE_BINVAL_MAX] = 'a';
	KUNIT_EXPECT_FALSE(test, icore_val_bin(text, got, &len));
	text[2 + 2 * ICORE_BINVAL_MAX + 1] = 'a';
	KUNIT_EXPECT_FALSE(test, icore_val_bin(text, got, &len));

	/* 341 groups of three bytes and one of one. */
	memset(text, 0, 2 * ICORE_BINVAL_MAX + 16);
	memset(text, 'A', 2 + 341 * 4 + 2);
	memcpy(text, "0b", 2);
	memcpy(text + 2 + 341 * 4 + 2, "==", 3);
	KUNIT_EXPECT_TRUE(test, icore_val_bin(text, got, &len));
	KUNIT_EXPECT_EQ(test, len, ICORE_BINVAL_MAX);
	text[2 + 341 * 4 + 2] = 'A';
	KUNIT_EXPECT_FALSE(test, icore_val_bin(text, got, &len));
	KUNIT_EXPECT_EQ(test, len, ICORE_BINVAL_MAX);
}

static void text_list(struct kunit *test)
{
	static const char * const want[] = { "CHAP", "", "None", "x" };
	const char *rest = "CHAP,,None,x";
	const char *elem;
	u32 len;

	for (u32 i = 0; i < ARRAY_SIZE(want); i++) {
		KUNIT_ASSERT_TRUE(test, icore_val_list(&rest, &elem, &len));
		KUNIT_EXPECT_EQ(test, len, (u32)strlen(want[i]));
		KUNIT_EXPECT_MEMEQ(test, elem, want[i], len);
	}
	KUNIT_EXPECT_FALSE(test, icore_val_list(&rest, &elem, &len));
	KUNIT_EXPECT_FALSE(test, icore_val_list(&rest, &elem, &len));
	rest = "";
	KUNIT_EXPECT_FALSE(test, icore_val_list(&rest, &elem, &len));
	rest = "a,";
	KUNIT_EXPECT_TRUE(test, icore_val_list(&rest, &elem, &len));
	KUNIT_EXPECT_FALSE(test, icore_val_list(&rest, &elem, &len));
}

static void text_out(struct kunit *test)
{
	static const char want[] = "A=b\0Empty=\0N=0\0N=10\0N=18446744073709551615\0H=0x00ff5a";
	static const u8 bytes[] = { 0x00, 0xff, 0x5a };
	char buf[sizeof(want)];
	struct icore_out o;

	icore_out_init(&o, buf, sizeof(buf));
	icore_out_str(&o, "A", "b");
	icore_out_str(&o, "Empty", "");
	icore_out_num(&o, "N", 0);
	icore_out_num(&o, "N", 10);
	icore_out_num(&o, "N", ~(u64)0);
	icore_out_hex(&o, "H", bytes, sizeof(bytes));
	KUNIT_EXPECT_FALSE(test, o.overflow);
	KUNIT_EXPECT_EQ(test, o.len, (u32)sizeof(want));
	KUNIT_EXPECT_MEMEQ(test, buf, want, sizeof(want));
}

/* Every capacity: whole pairs or nothing, and nothing behind a gap. */
static void text_out_is_bounded(struct kunit *test)
{
	static const u8 byte[] = { 0xab };
	static const u32 ends[] = { 0, 4, 9, 16, 20 };

	for (u32 cap = 0; cap <= 21; cap++) {
		char *buf = kunit_kzalloc(test, cap, GFP_KERNEL);
		struct icore_out o;
		u32 whole = 0;

		KUNIT_ASSERT_NOT_NULL(test, buf);
		icore_out_init(&o, buf, cap);
		icore_out_str(&o, "A", "b");
		icore_out_num(&o, "B", 42);
		icore_out_hex(&o, "C", byte, 1);
		icore_out_str(&o, "D", "x");
		for (u32 i = 0; i < ARRAY_SIZE(ends); i++) {
			if (ends[i] <= cap)
				whole = ends[i];
		}
		KUNIT_EXPECT_EQ_MSG(test, o.len, whole, "%u", cap);
		KUNIT_EXPECT_EQ(test, o.overflow, cap < 20);
		icore_out_str(&o, "E", "");
		KUNIT_EXPECT_EQ(test, o.len, whole);
	}
}

static struct kunit_case text_cases[] = {
	KUNIT_CASE_PARAM(text_cut, cut_rows_gen_params),
	KUNIT_CASE(text_forgives_missing_nul),
	KUNIT_CASE(text_any_split),
	KUNIT_CASE(text_walk_twice),
	KUNIT_CASE(text_add_is_bounded),
	KUNIT_CASE_PARAM(text_num, num_rows_gen_params),
	KUNIT_CASE(text_bool),
	KUNIT_CASE(text_range),
	KUNIT_CASE_PARAM(text_bin, bin_rows_gen_params),
	KUNIT_CASE(text_bin_limit),
	KUNIT_CASE(text_list),
	KUNIT_CASE(text_out),
	KUNIT_CASE(text_out_is_bounded),
	{}
};

static struct kunit_suite text_suite = {
	.name = "icore_text",
	.test_cases = text_cases,
};

kunit_test_suite(text_suite);
