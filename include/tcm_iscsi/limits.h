/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Every limit, time-out, budget and default of the target, in one place.
 *
 * A peer can reach each of these; each one has a test that goes one beyond it.
 * Units are in the names or in the comment. Values that users can change are
 * defaults here and attributes in configfs.
 */
#ifndef TCM_ISCSI_LIMITS_H
#define TCM_ISCSI_LIMITS_H

/* -- names and text (RFC 7143 4.2.7.1, 6.1) -- */
#define ICORE_NAME_MAX		223	/* bytes of an iSCSI name, without NUL */
#define ICORE_ALIAS_MAX		255	/* bytes of an alias, without NUL */
#define ICORE_KEY_MAX		63	/* bytes of a key name */
#define ICORE_VALUE_MAX		255	/* decoded bytes of an ordinary value */
#define ICORE_BINVAL_MAX	1024	/* decoded bytes of CHAP_C and CHAP_R */
#define ICORE_SECRET_MAX	255	/* bytes of a CHAP name or secret */
#define ICORE_SECRET_WARN_MIN	12	/* 96 bits: RFC 7143 9.2.1; ours is not used below */

/* -- login (RFC 7143 6.3; the caps are ours) -- */
#define ICORE_LOGIN_DSL		8192	/* data segment during the whole login */
#define ICORE_LOGIN_TEXT_MAX	16384	/* text of one stage over all its PDUs */
#define ICORE_LOGIN_PDUS_MAX	64	/* requests in one login */
#define ICORE_LOGIN_KEYS_MAX	64	/* key=value pairs in one logical text */
#define ICORE_LOGIN_UNKNOWN_MAX	16	/* answers NotUnderstood in one login */
#define ICORE_LOGIN_OUT_MAX	16384	/* text of one answer */
#define ICORE_REDIRECT_MAX	8	/* addresses that a login is sent to */
#define ICORE_ADDRESS_MAX	259	/* "host:65535", the host being a DNS name */

/* -- PDU (RFC 7143 11.2) -- */
#define ICORE_BHS_LEN		48
#define ICORE_AHS_MAX		1020	/* 255 words: what the field can say */
#define ICORE_AHS_USE_MAX	256	/* longest legitimate AHS area */
#define ICORE_DIGEST_LEN	4
#define ICORE_CDB_MAX		260	/* SCSI's longest CDB */
#define ICORE_DSL_FIELD_MAX	0xffffff

/* -- features -- */
#define ICORE_PROTOCOL_LEVEL	2	/* iSCSIProtocolLevel (RFC 7144 7.1.1) */

/* -- numbering (RFC 7143 4.2.2.1) -- */
#define ICORE_WINDOW_MAX	1024	/* commands of one session, a power of two */

/* -- data sequencing -- */
#define ICORE_R2T_OUT_MAX	64	/* outstanding R2Ts of one task */

/* -- text in full feature phase -- */
#define ICORE_FFP_TEXT_MAX	16384	/* request text over all its PDUs */

#endif /* TCM_ISCSI_LIMITS_H */
