/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The table of keys, shared by keys.c (values) and login_text.c (who may say
 * what, when).
 */
#ifndef ICORE_KEYS_PRIV_H
#define ICORE_KEYS_PRIV_H

#include <tcm_iscsi/core.h>

/* Order is that of the table in keys.c; used as bit numbers, so below 64. */
enum icore_key_id {
	/* with a value in struct icore_nego */
	ICORE_KEY_HEADER_DIGEST,
	ICORE_KEY_DATA_DIGEST,
	ICORE_KEY_MAX_CONNECTIONS,
	ICORE_KEY_INITIAL_R2T,
	ICORE_KEY_IMMEDIATE_DATA,
	ICORE_KEY_MRDSL,
	ICORE_KEY_MAX_BURST,
	ICORE_KEY_FIRST_BURST,
	ICORE_KEY_TIME2WAIT,
	ICORE_KEY_TIME2RETAIN,
	ICORE_KEY_MAX_R2T,
	ICORE_KEY_PDU_IN_ORDER,
	ICORE_KEY_SEQ_IN_ORDER,
	ICORE_KEY_ERL,
	ICORE_KEY_TASK_REPORTING,
	ICORE_KEY_PROTOCOL_LEVEL,
	/* without */
	ICORE_KEY_NODE_ARCHITECTURE,
	ICORE_KEY_IF_MARKER,
	ICORE_KEY_OF_MARKER,
	ICORE_KEY_IF_MARK_INT,
	ICORE_KEY_OF_MARK_INT,
	/* declarations, any stage */
	ICORE_KEY_INITIATOR_NAME,
	ICORE_KEY_INITIATOR_ALIAS,
	ICORE_KEY_TARGET_NAME,
	ICORE_KEY_SESSION_TYPE,
	ICORE_KEY_TARGET_ALIAS,
	ICORE_KEY_TARGET_ADDRESS,
	ICORE_KEY_TARGET_PORTAL_GROUP_TAG,
	/* full feature phase only */
	ICORE_KEY_SEND_TARGETS,
	/* security stage */
	ICORE_KEY_AUTH_METHOD,
	ICORE_KEY_CHAP_A,
	ICORE_KEY_CHAP_I,
	ICORE_KEY_CHAP_C,
	ICORE_KEY_CHAP_N,
	ICORE_KEY_CHAP_R,
	/* of methods that are never chosen here */
	ICORE_KEY_KRB_AP_REQ,
	ICORE_KEY_KRB_AP_REP,
	ICORE_KEY_SRP_U,
	ICORE_KEY_TARGET_AUTH,
	ICORE_KEY_SRP_GROUP,
	ICORE_KEY_SRP_A,
	ICORE_KEY_SRP_S,
	ICORE_KEY_SRP_B,
	ICORE_KEY_SRP_M,
	ICORE_KEY_SRP_HM,
	ICORE_KEY_COUNT,
	ICORE_KEY_UNKNOWN = ICORE_KEY_COUNT,
};

_Static_assert(ICORE_KEY_COUNT < 64, "keys are bits of a u64");
_Static_assert(ICORE_KEY_PROTOCOL_LEVEL + 1 == ICORE_NEGO_VALUES, "values of struct icore_nego");

/* Where a key may stand. */
#define ICORE_AT_SECURITY	0x1
#define ICORE_AT_OPERATIONAL	0x2
#define ICORE_AT_LOGIN		(ICORE_AT_SECURITY | ICORE_AT_OPERATIONAL)
#define ICORE_AT_FFP		0x4

enum icore_key_id icore_key_find(const char *key);
/* May the initiator send this key there (ICORE_AT_*)? False for unknown ones. */
bool icore_key_allowed(enum icore_key_id id, u8 where);
/* "Reject", "Irrelevant" and "NotUnderstood" can only be answers (RFC 7143 6.2). */
bool icore_value_reserved(const char *value);
/* Would the present values break our policy unless we spoke up? */
bool icore_nego_wants(const struct icore_nego *n);
bool icore_elem_is(const char *elem, u32 len, const char *word);

static inline u64 icore_key_bit(enum icore_key_id id)
{
	return (u64)1 << id;
}

#endif /* ICORE_KEYS_PRIV_H */
