/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The part of KUnit that the suites use, for an ordinary process. Only the names
 * are KUnit's; see ../icore_test.h for the list.
 *
 * A failed assertion leaves the case with longjmp(); that is safe because a case
 * owns nothing but what kunit_kzalloc() tracks. Comparisons have the types of
 * their operands, as in the kernel: a signed-unsigned surprise must not differ
 * between the two places.
 */
#ifndef ICORE_HOST_KUNIT_H
#define ICORE_HOST_KUNIT_H

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KUNIT_PARAM_DESC_SIZE 128
#define GFP_KERNEL 0

struct kunit_alloc;

struct kunit {
	void *priv;
	const void *param_value;
	int param_index;
	bool failed;
	jmp_buf bail;
	struct kunit_alloc *allocs;
};

struct kunit_case {
	void (*run_case)(struct kunit *test);
	const char *name;
	const void *(*generate_params)(const void *prev, char *desc);
};

struct kunit_suite {
	const char name[256];
	int (*suite_init)(struct kunit_suite *suite);
	void (*suite_exit)(struct kunit_suite *suite);
	int (*init)(struct kunit *test);
	void (*exit)(struct kunit *test);
	struct kunit_case *test_cases;
};

#define KUNIT_CASE(fn) { .run_case = fn, .name = #fn }
#define KUNIT_CASE_PARAM(fn, gen) { .run_case = fn, .name = #fn, .generate_params = gen }

#define KUNIT_ARRAY_PARAM(name, array, get_desc)					\
	static const void *name##_gen_params(const void *prev, char *desc)		\
	{										\
		__typeof__(&(array)[0]) kt_next =					\
			prev ? (__typeof__(&(array)[0]))prev + 1 : (array);		\
		void (*kt_describe)(__typeof__(kt_next), char *) = get_desc;		\
											\
		if ((size_t)(kt_next - (array)) >= sizeof(array) / sizeof((array)[0]))	\
			return NULL;							\
		if (kt_describe)							\
			kt_describe(kt_next, desc);					\
		return kt_next;								\
	}

void kunit_host_register(struct kunit_suite *suite);
void *kunit_host_alloc(struct kunit *test, size_t size);
void kunit_host_fail(struct kunit *test, const char *file, int line, const char *what,
		     long long left, long long right, const char *fmt, ...)
	__attribute__((format(printf, 7, 8)));
void kunit_host_bail(struct kunit *test) __attribute__((noreturn));

#define KT_CAT2(a, b) a##b
#define KT_CAT(a, b) KT_CAT2(a, b)

#define kunit_test_suites(...)								\
	__attribute__((constructor)) static void KT_CAT(kt_register_, __LINE__)(void)	\
	{										\
		struct kunit_suite *kt_all[] = { __VA_ARGS__, NULL };			\
											\
		for (size_t kt_i = 0; kt_all[kt_i]; kt_i++)				\
			kunit_host_register(kt_all[kt_i]);				\
	}										\
	struct kunit

#define kunit_test_suite(suite) kunit_test_suites(&(suite))

#define kunit_kzalloc(test, size, gfp) kunit_host_alloc(test, (gfp) ? 0 : (size))
#define kunit_kmalloc(test, size, gfp) kunit_kzalloc(test, size, gfp)
#define kunit_info(test, fmt, ...) ((void)(test), printf("# " fmt, ##__VA_ARGS__))

/* A condition that holds says nothing; one that does not is shown with both values. */
#define KT_CHECK(test, fatal, ok, what, l, r, ...)					\
	do {										\
		if (!(ok)) {								\
			kunit_host_fail(test, __FILE__, __LINE__, what, l, r,		\
					__VA_ARGS__);					\
			if (fatal)							\
				kunit_host_bail(test);					\
		}									\
	} while (0)

#define KT_BINARY(test, fatal, l, op, r, ...)						\
	do {										\
		__auto_type kt_l = (l);							\
		__auto_type kt_r = (r);							\
											\
		KT_CHECK(test, fatal, kt_l op kt_r, #l " " #op " " #r,			\
			 (long long)kt_l, (long long)kt_r, __VA_ARGS__);		\
	} while (0)

#define KT_PTR(test, fatal, l, op, r, ...)						\
	do {										\
		const void *kt_l = (l);					\
		const void *kt_r = (r);					\
											\
		KT_CHECK(test, fatal, kt_l op kt_r, #l " " #op " " #r,			\
			 (long long)(size_t)kt_l, (long long)(size_t)kt_r, __VA_ARGS__); \
	} while (0)

#define KT_BOOL(test, fatal, c, want, ...)						\
	do {										\
		bool kt_c = (c);							\
											\
		KT_CHECK(test, fatal, kt_c == (want), #c " is " #want, kt_c, want,	\
			 __VA_ARGS__);							\
	} while (0)

#define KT_STR(test, fatal, l, op, r, ...)						\
	do {										\
		const char *kt_l = (l);							\
		const char *kt_r = (r);							\
											\
		if (kt_l && kt_r && strcmp(kt_l, kt_r) op 0)				\
			break;								\
		printf("# left \"%s\" right \"%s\"\n", kt_l ? kt_l : "(null)",		\
		       kt_r ? kt_r : "(null)");						\
		KT_CHECK(test, fatal, false, #l " " #op " " #r, 0, 0, __VA_ARGS__);	\
	} while (0)

#define KT_MEM(test, fatal, l, r, n, ...)						\
	do {										\
		const unsigned char *kt_l = (const void *)(l);				\
		const unsigned char *kt_r = (const void *)(r);				\
		size_t kt_n = (n), kt_i = 0;						\
											\
		while (kt_i < kt_n && kt_l[kt_i] == kt_r[kt_i])				\
			kt_i++;								\
		if (kt_i < kt_n)							\
			printf("# first difference at byte %zu\n", kt_i);		\
		KT_CHECK(test, fatal, kt_i == kt_n, #l " equals " #r,			\
			 kt_i < kt_n ? kt_l[kt_i] : 0, kt_i < kt_n ? kt_r[kt_i] : 0,	\
			 __VA_ARGS__);							\
	} while (0)

#define KUNIT_FAIL(t, ...) KT_CHECK(t, 0, 0, "reached", 0, 0, __VA_ARGS__)

#define KUNIT_EXPECT_EQ(t, l, r) KT_BINARY(t, 0, l, ==, r, " ")
#define KUNIT_EXPECT_NE(t, l, r) KT_BINARY(t, 0, l, !=, r, " ")
#define KUNIT_EXPECT_LT(t, l, r) KT_BINARY(t, 0, l, <, r, " ")
#define KUNIT_EXPECT_LE(t, l, r) KT_BINARY(t, 0, l, <=, r, " ")
#define KUNIT_EXPECT_GT(t, l, r) KT_BINARY(t, 0, l, >, r, " ")
#define KUNIT_EXPECT_GE(t, l, r) KT_BINARY(t, 0, l, >=, r, " ")
#define KUNIT_EXPECT_TRUE(t, c) KT_BOOL(t, 0, c, true, " ")
#define KUNIT_EXPECT_FALSE(t, c) KT_BOOL(t, 0, c, false, " ")
#define KUNIT_EXPECT_STREQ(t, l, r) KT_STR(t, 0, l, ==, r, " ")
#define KUNIT_EXPECT_STRNEQ(t, l, r) KT_STR(t, 0, l, !=, r, " ")
#define KUNIT_EXPECT_MEMEQ(t, l, r, n) KT_MEM(t, 0, l, r, n, " ")
#define KUNIT_EXPECT_NULL(t, p) KT_PTR(t, 0, p, ==, NULL, " ")
#define KUNIT_EXPECT_NOT_NULL(t, p) KT_PTR(t, 0, p, !=, NULL, " ")
#define KUNIT_EXPECT_PTR_EQ(t, l, r) KT_PTR(t, 0, l, ==, r, " ")

#define KUNIT_EXPECT_EQ_MSG(t, l, r, ...) KT_BINARY(t, 0, l, ==, r, __VA_ARGS__)
#define KUNIT_EXPECT_NE_MSG(t, l, r, ...) KT_BINARY(t, 0, l, !=, r, __VA_ARGS__)
#define KUNIT_EXPECT_LT_MSG(t, l, r, ...) KT_BINARY(t, 0, l, <, r, __VA_ARGS__)
#define KUNIT_EXPECT_LE_MSG(t, l, r, ...) KT_BINARY(t, 0, l, <=, r, __VA_ARGS__)
#define KUNIT_EXPECT_GT_MSG(t, l, r, ...) KT_BINARY(t, 0, l, >, r, __VA_ARGS__)
#define KUNIT_EXPECT_GE_MSG(t, l, r, ...) KT_BINARY(t, 0, l, >=, r, __VA_ARGS__)
#define KUNIT_EXPECT_TRUE_MSG(t, c, ...) KT_BOOL(t, 0, c, true, __VA_ARGS__)
#define KUNIT_EXPECT_FALSE_MSG(t, c, ...) KT_BOOL(t, 0, c, false, __VA_ARGS__)
#define KUNIT_EXPECT_STREQ_MSG(t, l, r, ...) KT_STR(t, 0, l, ==, r, __VA_ARGS__)
#define KUNIT_EXPECT_STRNEQ_MSG(t, l, r, ...) KT_STR(t, 0, l, !=, r, __VA_ARGS__)
#define KUNIT_EXPECT_MEMEQ_MSG(t, l, r, n, ...) KT_MEM(t, 0, l, r, n, __VA_ARGS__)
#define KUNIT_EXPECT_NULL_MSG(t, p, ...) KT_PTR(t, 0, p, ==, NULL, __VA_ARGS__)
#define KUNIT_EXPECT_NOT_NULL_MSG(t, p, ...) KT_PTR(t, 0, p, !=, NULL, __VA_ARGS__)
#define KUNIT_EXPECT_PTR_EQ_MSG(t, l, r, ...) KT_PTR(t, 0, l, ==, r, __VA_ARGS__)

#define KUNIT_ASSERT_EQ(t, l, r) KT_BINARY(t, 1, l, ==, r, " ")
#define KUNIT_ASSERT_NE(t, l, r) KT_BINARY(t, 1, l, !=, r, " ")
#define KUNIT_ASSERT_LT(t, l, r) KT_BINARY(t, 1, l, <, r, " ")
#define KUNIT_ASSERT_LE(t, l, r) KT_BINARY(t, 1, l, <=, r, " ")
#define KUNIT_ASSERT_GT(t, l, r) KT_BINARY(t, 1, l, >, r, " ")
#define KUNIT_ASSERT_GE(t, l, r) KT_BINARY(t, 1, l, >=, r, " ")
#define KUNIT_ASSERT_TRUE(t, c) KT_BOOL(t, 1, c, true, " ")
#define KUNIT_ASSERT_FALSE(t, c) KT_BOOL(t, 1, c, false, " ")
#define KUNIT_ASSERT_STREQ(t, l, r) KT_STR(t, 1, l, ==, r, " ")
#define KUNIT_ASSERT_STRNEQ(t, l, r) KT_STR(t, 1, l, !=, r, " ")
#define KUNIT_ASSERT_MEMEQ(t, l, r, n) KT_MEM(t, 1, l, r, n, " ")
#define KUNIT_ASSERT_NULL(t, p) KT_PTR(t, 1, p, ==, NULL, " ")
#define KUNIT_ASSERT_NOT_NULL(t, p) KT_PTR(t, 1, p, !=, NULL, " ")
#define KUNIT_ASSERT_PTR_EQ(t, l, r) KT_PTR(t, 1, l, ==, r, " ")

#define KUNIT_ASSERT_EQ_MSG(t, l, r, ...) KT_BINARY(t, 1, l, ==, r, __VA_ARGS__)
#define KUNIT_ASSERT_NE_MSG(t, l, r, ...) KT_BINARY(t, 1, l, !=, r, __VA_ARGS__)
#define KUNIT_ASSERT_LT_MSG(t, l, r, ...) KT_BINARY(t, 1, l, <, r, __VA_ARGS__)
#define KUNIT_ASSERT_LE_MSG(t, l, r, ...) KT_BINARY(t, 1, l, <=, r, __VA_ARGS__)
#define KUNIT_ASSERT_GT_MSG(t, l, r, ...) KT_BINARY(t, 1, l, >, r, __VA_ARGS__)
#define KUNIT_ASSERT_GE_MSG(t, l, r, ...) KT_BINARY(t, 1, l, >=, r, __VA_ARGS__)
#define KUNIT_ASSERT_TRUE_MSG(t, c, ...) KT_BOOL(t, 1, c, true, __VA_ARGS__)
#define KUNIT_ASSERT_FALSE_MSG(t, c, ...) KT_BOOL(t, 1, c, false, __VA_ARGS__)
#define KUNIT_ASSERT_STREQ_MSG(t, l, r, ...) KT_STR(t, 1, l, ==, r, __VA_ARGS__)
#define KUNIT_ASSERT_STRNEQ_MSG(t, l, r, ...) KT_STR(t, 1, l, !=, r, __VA_ARGS__)
#define KUNIT_ASSERT_MEMEQ_MSG(t, l, r, n, ...) KT_MEM(t, 1, l, r, n, __VA_ARGS__)
#define KUNIT_ASSERT_NULL_MSG(t, p, ...) KT_PTR(t, 1, p, ==, NULL, __VA_ARGS__)
#define KUNIT_ASSERT_NOT_NULL_MSG(t, p, ...) KT_PTR(t, 1, p, !=, NULL, __VA_ARGS__)
#define KUNIT_ASSERT_PTR_EQ_MSG(t, l, r, ...) KT_PTR(t, 1, l, ==, r, __VA_ARGS__)

#endif /* ICORE_HOST_KUNIT_H */
