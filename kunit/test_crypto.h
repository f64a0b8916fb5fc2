/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The surroundings that CHAP asks for, for tests: the four hash functions,
 * written down plainly, and "randomness" that a test can predict.
 */
#ifndef TEST_CRYPTO_H
#define TEST_CRYPTO_H

#include <tcm_iscsi/core.h>

extern const struct icore_crypto test_crypto;

/* Bit n: CHAP algorithm n is available. test_crypto_reset() allows all. */
extern u32 test_crypto_algs;
/* What hashes return once test_crypto_good of them have succeeded; 0: never fail. */
extern int test_crypto_error;
extern u32 test_crypto_good;
/* How many digests were computed since the reset. */
extern u32 test_crypto_hashes;

/* Back to the beginning: random bytes are 1, 2, 3, ... from here on. */
void test_crypto_reset(void);

#endif /* TEST_CRYPTO_H */
