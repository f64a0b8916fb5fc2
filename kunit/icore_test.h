/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What every suite of the pure core includes, and nothing else besides its own
 * helpers in kunit/test_*.h.
 *
 * A suite is written once and runs in two places: inside a kernel, where this
 * header is KUnit itself, and as an ordinary program under sanitizers, where
 * host/kunit.h implements the part of KUnit that is listed here. To add a suite:
 *
 *   - create kunit/NAME_kunit.c; both builds find it by that name (helpers that
 *     several suites share go to kunit/test_NAME.c);
 *   - end it with kunit_test_suite(NAME_suite); or kunit_test_suites(&a, &b);
 *     All three kernels of interest (6.1 on) collect these in a section, so any
 *     number of them may stand in one module; write no MODULE_LICENSE and no
 *     module_init, kunit/main.c has the former;
 *   - use only: struct kunit (priv, param_value), struct kunit_case, struct
 *     kunit_suite (name, init, exit, suite_init, suite_exit, test_cases),
 *     KUNIT_CASE, KUNIT_CASE_PARAM, KUNIT_ARRAY_PARAM; KUNIT_EXPECT_x and
 *     KUNIT_ASSERT_x with x one of EQ NE LT LE GT GE TRUE FALSE STREQ STRNEQ
 *     MEMEQ NULL NOT_NULL PTR_EQ, each also with a trailing _MSG, format and
 *     arguments; KUNIT_FAIL; kunit_kzalloc, kunit_kmalloc, kunit_info;
 *   - keep stack frames small (the kernel warns at 1 KiB and above): take large
 *     objects from kunit_kzalloc();
 *   - only the file "port.h" knows about byte order, so it is included here.
 *
 * Host: make host-test (kunit/host/Makefile). Kernel: TISCSI_KUNIT=m.
 */
#ifndef ICORE_TEST_H
#define ICORE_TEST_H

#ifdef __KERNEL__
#include <kunit/test.h>
#include <linux/slab.h>
#include <linux/string.h>

/* Linux 6.1 has no comparison of memory yet. */
#ifndef KUNIT_EXPECT_MEMEQ
#define KUNIT_EXPECT_MEMEQ(test, left, right, size) \
	KUNIT_EXPECT_EQ(test, memcmp(left, right, size), 0)
#define KUNIT_EXPECT_MEMEQ_MSG(test, left, right, size, ...) \
	KUNIT_EXPECT_EQ_MSG(test, memcmp(left, right, size), 0, __VA_ARGS__)
#endif
#ifndef KUNIT_ASSERT_MEMEQ
#define KUNIT_ASSERT_MEMEQ(test, left, right, size) \
	KUNIT_ASSERT_EQ(test, memcmp(left, right, size), 0)
#define KUNIT_ASSERT_MEMEQ_MSG(test, left, right, size, ...) \
	KUNIT_ASSERT_EQ_MSG(test, memcmp(left, right, size), 0, __VA_ARGS__)
#endif

#else
#include "host/kunit.h"
#endif

#include <tcm_iscsi/core.h>
#include "../kmod/core/port.h"

#endif /* ICORE_TEST_H */
