/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An initiator for tests of the login phase, and the owner of the login: it
 * answers DO_BIND with its policy and DO_ACCEPT with a TSIH, and checks on every
 * response what has to hold for all of them.
 *
 * Texts are written with '|' between pairs. In them
 *	%R  is the right response to the last challenge, in hex
 *	%B  the same in base64
 *	%W  a wrong one of the right length
 *	%M  the one that the target's own secret makes
 *	%C  the last challenge, reflected
 *	%D  1024 bytes in hex, %E 1025
 *	%N  an iSCSI name of 223 bytes
 */
#ifndef TEST_LOGIN_H
#define TEST_LOGIN_H

#include "icore_test.h"
#include "test_crypto.h"

/* Byte 1 of a request or response. */
#define STAY(csg)	((csg) << 2)
#define GO(csg, nsg)	(0x80 | (csg) << 2 | (nsg))
#define MORE(csg)	(0x40 | (csg) << 2)

#define I_NAME		"InitiatorName=iqn.2001-04.com.example:init"
#define NAMES		I_NAME "|TargetName=iqn.2001-04.com.example:disk"
#define TAG		"TargetPortalGroupTag=7"
#define MINE		"MaxRecvDataSegmentLength=65536"
#define TEST_TSIH	0x1234
#define LOGIN_TEXT_ROOM	20000

struct login_bench {
	struct icore_login l;
	struct icore_login_policy policy;
	struct icore_chap_cred cred;
	enum icore_login_status refuse;	/* at DO_BIND, if not 0 */
	const struct icore_redirect *redirect;	/* the same, if not NULL */
	struct icore_pdu pdu;	/* the next request; its header may be bent */

	/* what came of the last request */
	enum icore_login_action action;
	struct icore_bhs bhs;
	u8 flags;
	u16 status;
	u32 got_len;
	char *got;		/* '|' between pairs */
	bool binds;		/* the target was asked for its policy */
	bool accepts;		/* ... for a session */

	u32 statsn;
	u32 alg;
	u8 id;
	u8 challenge[64];
	u32 challenge_len;
	char *in;
	char *out;
	char *text;
};

/* A bench with a target that wants no authentication. */
struct login_bench *login_bench(struct kunit *test);
/* The same login from the start, with the present policy. */
void login_restart(struct login_bench *b);
/* Credentials for CHAP, on the target; without them it wants None only. */
void login_use_chap(struct login_bench *b, bool none_ok, bool mutual);
/* One request; the answer is in @b. */
void login_raw(struct kunit *test, struct login_bench *b, u8 flags, const char *data, u32 len);
void login_say(struct kunit *test, struct login_bench *b, u8 flags, const char *text);
/* Fetch another PDU of a failing or long answer after the action was taken. */
void login_take(struct kunit *test, struct login_bench *b);

/* What the last request must have led to. */
#define EXPECT_SENT(test, b, flags_, text_)					\
	do {									\
		KUNIT_EXPECT_EQ(test, (b)->action, ICORE_LOGIN_DO_SEND);	\
		KUNIT_EXPECT_EQ(test, (b)->flags, flags_);			\
		KUNIT_EXPECT_STREQ(test, (b)->got, text_);			\
	} while (0)

#define EXPECT_FINISHED(test, b, flags_, text_)					\
	do {									\
		KUNIT_EXPECT_EQ(test, (b)->action, ICORE_LOGIN_DO_FINISH);	\
		KUNIT_EXPECT_EQ(test, (b)->flags, flags_);			\
		KUNIT_EXPECT_STREQ(test, (b)->got, text_);			\
	} while (0)

#define EXPECT_FAILED(test, b, status_)						\
	do {									\
		KUNIT_EXPECT_EQ(test, (b)->action, ICORE_LOGIN_DO_FAIL);	\
		KUNIT_EXPECT_EQ(test, (b)->status, status_);			\
		KUNIT_EXPECT_NOT_NULL(test, (b)->l.reason);			\
	} while (0)

#endif /* TEST_LOGIN_H */
