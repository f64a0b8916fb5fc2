/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A target in miniature around the login machine, for the targets that fuzz it. It
 * answers every action as the module would and keeps books of its own about what was
 * said, so that it can judge what the machine does:
 *
 *   nobody reaches the point of acceptance without the proof that policy asks for;
 *   an answer names keys that the initiator sent or that a target may originate, none
 *   twice, and all answers of a login together stay below a bound made from limits.h;
 *   header fields, stages and numbers are those of RFC 7143 11.13, and a refusal says
 *   nothing but its status;
 *   what was agreed lies inside what was offered.
 *
 * A mutation never hits upon a digest, so some bytes of the text stand for values
 * that depend on the challenge; see drive_request().
 */
#ifndef ICORE_LOGIN_DRIVE_H
#define ICORE_LOGIN_DRIVE_H

#include "fuzz.h"
#include "../test_crypto.h"

#define DRIVE_TSIH		7
#define DRIVE_STATSN		100
#define DRIVE_SAID_MAX		4096
#define DRIVE_ANSWERS_MAX	128

struct drive {
	struct icore_login l;
	struct icore_chap_cred cred;
	struct icore_login_policy policy;
	char in[ICORE_LOGIN_TEXT_MAX];
	char out[ICORE_LOGIN_OUT_MAX];
	bool refuse_bind;
	bool refuse_accept;
	bool over;
	bool success;

	/* books: the login */
	struct icore_pdu first;
	u32 requests;
	u32 responses;
	u32 binds;
	u32 accepts;
	/* what the initiator said, whole texts only, and when a text was begun */
	char text[ICORE_LOGIN_TEXT_MAX + ICORE_LOGIN_DSL];
	u32 text_len;
	u64 said[DRIVE_SAID_MAX];
	u32 said_count;
	/* what it was told */
	char answer[ICORE_LOGIN_OUT_MAX];
	u32 answer_len;
	u32 answer_total;
	u64 answers[DRIVE_ANSWERS_MAX];
	u32 answer_count;
	/* CHAP as it went over the wire */
	u32 alg;
	u32 id;
	u8 challenge[ICORE_CHAP_CHALLENGE_LEN];
	bool challenged;
	bool proved;		/* name and response of some request were right */
};

/*
 * drive_init - a login begins
 * @flags: 1 mutual, 2 None is allowed, 4 CHAP is possible, 8 alias; 0x30 refuse at
 *	DO_BIND, 0xc0 refuse at DO_ACCEPT (if both bits are set)
 * @offer: 1 header digest required, 2 data digest required, 4 immediate data refused,
 *	8 InitialR2T not asked for, 0x10 small bursts, 0x20 large ones, 0x40 tiny
 *	MaxRecvDataSegmentLength, 0x80 a joining connection
 */
void drive_init(struct drive *d, u8 flags, u8 offer);
/*
 * drive_request - one request
 * @pdu: header; the data segment's length is set here
 * @text: in which some bytes are replaced: 2 the right CHAP_R in hex, 3 in base64,
 *	4 the response that the target's own secret makes, 5 the target's challenge, 6
 *	CHAP_R with one wrong bit at its end
 * @len: of @text
 */
void drive_request(struct drive *d, const struct icore_pdu *pdu, const void *text, u32 len);
void drive_end(struct drive *d);

#endif /* ICORE_LOGIN_DRIVE_H */
