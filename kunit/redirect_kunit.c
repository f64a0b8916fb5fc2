// SPDX-License-Identifier: GPL-2.0
/* Redirection: which addresses may be given, and the answer that carries them. */
#include "test_login.h"

/* -- addresses -- */

#define L63	"a234567890123456789012345678901234567890123456789012345678901-3"
#define L61	"a2345678901234567890123456789012345678901234567890123456789.b"
#define N253	L63 "." L63 "." L63 "." L61

static const char *const good[] = {
	"a", "host", "Host-1.example.org", "host:1", "host:65535", "xn--bcher-kva.example",
	"1.example", "1a", "4.com:3260", "127.0.0.1", "192.0.2.7:3260", "255.1.255.255x",
	"223.255.255.255", "0.0.0.1", "[::1]", "[::1]:3260", "[2001:db8::7]:1",
	"[2001:DB8:0:0:8:800:200c:417a]", "[1:2:3:4:5:6:7:8]", "[1::8]", "[1:2:3:4:5:6:7::]",
	"[::2:3:4:5:6:7:8]", "[1::]", "[::ffff:192.0.2.1]", "[1:2:3:4:5:6:192.0.2.1]",
	"[::192.0.2.1]:3260", "[64:ff9b::192.0.2.33]", "[fe80::1]", L63 ".a", N253, N253 ":65535",
};

static const char *const bad[] = {
	"", ":", ":3260", "host:", "host:0", "host:65536", "host:99999", "host:123456", "host:-1",
	"host:+1", "host:x", "host:1x", "host: 1", "host:01", "host,1", "host:3260,1",
	"[::1]:3260,1", ",", "a b", " a", "a ", "a\n", "a_b", "-a", "a-", "a.-b", "a..b", ".a",
	"a.", ".", "\xc3\xa4.org", "0.0.0.0", "224.0.0.1", "239.1.1.1:3260", "255.255.255.255",
	"256.1.1.1", "1.2.3", "1.2.3.4.5", "01.2.3.4", "1.2.3.04", "1", "12345", "a.1", "::1",
	"2001:db8::7", "a:b:c", "1:2:3", "[", "[]", "[]:1", "[::", "]", "[::1", "[::1]3260",
	"[::1]:", "[::1]x", "[::1] ", "[::]", "[::]:3260", "[0:0:0:0:0:0:0:0]", "[ff02::1]",
	"[FF00::]", "[1]", "[1:2]", "[1:2:3:4:5:6:7]", "[1:2:3:4:5:6:7:8:9]", "[1::2::3]",
	"[:::1]", "[1:::2]", "[:1::2]", "[1:]", "[1::2:]", "[:1:2:3:4:5:6:7]", "[12345::]",
	"[g::]", "[1:2:3:4:5:6:7:8::]", "[::1:2:3:4:5:6:7:8]", "[::1.2.3]", "[::1.2.3.4.5]",
	"[::1.2.3.256]", "[::1.2.3.4:5]", "[1:2:3:4:5:6:7:1.2.3.4]", "[::1%eth0]", "[fe80::1%1]",
	"[192.0.2.1]", "[host]", L63 "4.a", N253 "c", "a." N253,
};

static void address_table(struct kunit *test)
{
	for (u32 i = 0; i < ARRAY_SIZE(good); i++) {
		const char *why = icore_address_fault(good[i]);

		KUNIT_EXPECT_NULL_MSG(test, why, "%s: %s", good[i], why ? why : "");
	}
	for (u32 i = 0; i < ARRAY_SIZE(bad); i++)
		KUNIT_EXPECT_NOT_NULL_MSG(test, icore_address_fault(bad[i]), "'%s'", bad[i]);
}

/* The longest that a policy lets through, and more: judged, never overrun. */
static void address_length(struct kunit *test)
{
	char *text = kunit_kzalloc(test, 1024, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, text);
	KUNIT_EXPECT_EQ(test, strlen(N253 ":65535"), (size_t)ICORE_ADDRESS_MAX);
	for (u32 len = 0; len < 1023; len++) {
		text[len] = len % 2 ? '.' : '1';
		if (strcmp(text, "1.1.1.1"))
			KUNIT_EXPECT_NOT_NULL_MSG(test, icore_address_fault(text), "%s", text);
	}
}

static bool in_grammar(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       strchr(".:-[]", c);
}

/* No byte outside the grammar is let through, wherever it stands. */
static void address_bytes(struct kunit *test)
{
	static const char forms[][12] = { "ab.cd:1", "1.2.3.4:5", "[1::2]:3" };
	char text[12];

	for (u32 f = 0; f < ARRAY_SIZE(forms); f++) {
		for (u32 at = 0; forms[f][at]; at++) {
			for (u32 c = 1; c < 256; c++) {
				memcpy(text, forms[f], sizeof(text));
				text[at] = (char)c;
				if (!in_grammar((char)c))
					KUNIT_EXPECT_NOT_NULL_MSG(test, icore_address_fault(text),
								  "byte %u at %u", c, at);
			}
		}
	}
}

/* -- the answer -- */

static struct icore_redirect *redirect_to(struct kunit *test, enum icore_login_status status,
					  u32 count, const char *address)
{
	struct icore_redirect *r = kunit_kzalloc(test, sizeof(*r), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, r);
	r->status = status;
	r->count = count;
	for (u32 i = 0; i < ICORE_REDIRECT_MAX; i++)
		memcpy(r->address[i], address, strlen(address) + 1);
	return r;
}

/* LOGIN-38: in either stage, with a method offered or not, before any proof. */
static void redirect_answer(struct kunit *test)
{
	struct login_bench *b = login_bench(test);

	login_use_chap(b, false, true);
	b->redirect = redirect_to(test, ICORE_LOGIN_MOVED_TEMP, 1, "192.0.2.1:3261");
	login_say(test, b, STAY(0), NAMES "|AuthMethod=CHAP");
	EXPECT_FAILED(test, b, ICORE_LOGIN_MOVED_TEMP);
	KUNIT_EXPECT_STREQ(test, b->got, "TargetAddress=192.0.2.1:3261");

	login_restart(b);
	b->redirect = redirect_to(test, ICORE_LOGIN_MOVED_PERM, 2, "[2001:db8::1]");
	login_say(test, b, GO(1, 3), NAMES "|HeaderDigest=CRC32C");
	EXPECT_FAILED(test, b, ICORE_LOGIN_MOVED_PERM);
	KUNIT_EXPECT_STREQ(test, b->got,
			   "TargetAddress=[2001:db8::1]|TargetAddress=[2001:db8::1]");
	KUNIT_EXPECT_FALSE(test, b->accepts);

	/* It was the end. */
	login_say(test, b, GO(1, 3), "");
	KUNIT_EXPECT_EQ(test, b->action, ICORE_LOGIN_DO_DROP);
}

/* A text that is wrong is refused as such: nothing is looked up for it. */
static void redirect_after_names(struct kunit *test)
{
	struct login_bench *b = login_bench(test);

	b->redirect = redirect_to(test, ICORE_LOGIN_MOVED_TEMP, 1, "host");
	login_say(test, b, STAY(0), I_NAME);
	EXPECT_FAILED(test, b, ICORE_LOGIN_MISSING_PARAM);
	KUNIT_EXPECT_FALSE(test, b->binds);
}

/* The longest redirection fits in one PDU, without the C bit. */
static void redirect_longest(struct kunit *test)
{
	struct login_bench *b = login_bench(test);
	const u32 pair = strlen("TargetAddress=") + ICORE_ADDRESS_MAX + 1;

	b->redirect = redirect_to(test, ICORE_LOGIN_MOVED_TEMP, ICORE_REDIRECT_MAX,
				  N253 ":65535");
	login_say(test, b, STAY(0), NAMES);
	EXPECT_FAILED(test, b, ICORE_LOGIN_MOVED_TEMP);
	KUNIT_EXPECT_EQ(test, b->got_len, ICORE_REDIRECT_MAX * pair);
}

/* Misuse has a defined end, too. */
static void redirect_misuse(struct kunit *test)
{
	struct login_bench *b = login_bench(test);

	b->redirect = redirect_to(test, ICORE_LOGIN_MOVED_TEMP, 0, "host");
	login_say(test, b, STAY(0), NAMES);
	EXPECT_FAILED(test, b, ICORE_LOGIN_TARGET_ERROR);

	login_restart(b);
	b->redirect = redirect_to(test, ICORE_LOGIN_UNAVAILABLE, 1, "host");
	login_say(test, b, STAY(0), NAMES);
	EXPECT_FAILED(test, b, ICORE_LOGIN_TARGET_ERROR);

	login_restart(b);
	b->redirect = redirect_to(test, ICORE_LOGIN_MOVED_TEMP, ICORE_REDIRECT_MAX + 1, "host");
	login_say(test, b, STAY(0), NAMES);
	EXPECT_FAILED(test, b, ICORE_LOGIN_MOVED_TEMP);

	/* A refusal has no addresses, so it cannot be of class 1. */
	login_restart(b);
	b->redirect = NULL;
	b->refuse = ICORE_LOGIN_MOVED_PERM;
	login_say(test, b, STAY(0), NAMES);
	EXPECT_FAILED(test, b, ICORE_LOGIN_TARGET_ERROR);

	/* Nobody has asked. */
	login_restart(b);
	b->action = icore_login_redirect(&b->l, redirect_to(test, ICORE_LOGIN_MOVED_TEMP, 1, "a"));
	KUNIT_EXPECT_EQ(test, b->action, ICORE_LOGIN_DO_FAIL);
	KUNIT_EXPECT_EQ(test, b->l.status, ICORE_LOGIN_TARGET_ERROR);
	KUNIT_EXPECT_EQ(test, b->l.out.len, 0u);
}

static struct kunit_case redirect_cases[] = {
	KUNIT_CASE(address_table),
	KUNIT_CASE(address_length),
	KUNIT_CASE(address_bytes),
	KUNIT_CASE(redirect_answer),
	KUNIT_CASE(redirect_after_names),
	KUNIT_CASE(redirect_longest),
	KUNIT_CASE(redirect_misuse),
	{}
};

static struct kunit_suite redirect_suite = {
	.name = "icore_redirect",
	.test_cases = redirect_cases,
};

kunit_test_suite(redirect_suite);
