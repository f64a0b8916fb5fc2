/* SPDX-License-Identifier: GPL-2.0 */
/*
 * iSCSI on the wire: layouts, opcodes, flags and reason codes of RFC 7143 and
 * RFC 7144. Our own definitions, because the kernel's iscsi_proto.h follows RFC
 * 3720 and lacks what came later (TMF 9 to 12, asynchronous event 5, Reject
 * 0x0c, Status Qualifier).
 *
 * Every multi-byte field is big-endian and naturally aligned, so no layout here
 * is packed. Tags (ITT, TTT) are opaque to one side; they are kept as integers
 * in host order once decoded and are written back unchanged.
 */
#ifndef TCM_ISCSI_WIRE_H
#define TCM_ISCSI_WIRE_H

#include <tcm_iscsi/types.h>

#define ICORE_RTAG		0xffffffffu	/* the reserved tag */
#define ICORE_VERSION		0x00		/* the only protocol version */

/* Byte 0. */
#define ICORE_OP_MASK		0x3f
#define ICORE_IMMEDIATE		0x40

enum icore_opcode {
	ICORE_OP_NOP_OUT	= 0x00,
	ICORE_OP_SCSI_CMD	= 0x01,
	ICORE_OP_TMF_REQ	= 0x02,
	ICORE_OP_LOGIN_REQ	= 0x03,
	ICORE_OP_TEXT_REQ	= 0x04,
	ICORE_OP_DATA_OUT	= 0x05,
	ICORE_OP_LOGOUT_REQ	= 0x06,
	ICORE_OP_SNACK		= 0x10,
	ICORE_OP_NOP_IN		= 0x20,
	ICORE_OP_SCSI_RSP	= 0x21,
	ICORE_OP_TMF_RSP	= 0x22,
	ICORE_OP_LOGIN_RSP	= 0x23,
	ICORE_OP_TEXT_RSP	= 0x24,
	ICORE_OP_DATA_IN	= 0x25,
	ICORE_OP_LOGOUT_RSP	= 0x26,
	ICORE_OP_R2T		= 0x31,
	ICORE_OP_ASYNC		= 0x32,
	ICORE_OP_REJECT		= 0x3f,
};

/* Byte 1 of most PDUs. */
#define ICORE_F_FINAL		0x80
#define ICORE_F_CONTINUE	0x40	/* Login, Text */

/* Byte 1 of a Login PDU (RFC 7143 11.12.1 to 11.12.3). */
#define ICORE_LOGIN_TRANSIT	0x80
#define ICORE_LOGIN_CSG_MASK	0x0c
#define ICORE_LOGIN_CSG_SHIFT	2
#define ICORE_LOGIN_NSG_MASK	0x03

enum icore_stage {
	ICORE_STAGE_SECURITY	= 0,
	ICORE_STAGE_OPERATIONAL	= 1,
	ICORE_STAGE_RESERVED	= 2,
	ICORE_STAGE_FFP		= 3,
};

/* Byte 1 of a SCSI Command (RFC 7143 11.3.1). */
#define ICORE_CMD_FINAL		0x80
#define ICORE_CMD_READ		0x40
#define ICORE_CMD_WRITE		0x20
#define ICORE_CMD_ATTR_MASK	0x07
/* Byte 2 of a SCSI Command at protocol level 2 (RFC 7144 5.1.1). */
#define ICORE_CMD_PRI_SHIFT	4

enum icore_attr {
	ICORE_ATTR_UNTAGGED	= 0,
	ICORE_ATTR_SIMPLE	= 1,
	ICORE_ATTR_ORDERED	= 2,
	ICORE_ATTR_HEAD		= 3,
	ICORE_ATTR_ACA		= 4,
};

/* Byte 1 of a SCSI Response (RFC 7143 11.4.1). */
#define ICORE_RSP_BIDI_OVERFLOW	0x10
#define ICORE_RSP_BIDI_UNDERFLOW 0x08
/* The same two in a SCSI Response and in a Data-In with status. */
#define ICORE_RSP_OVERFLOW	0x04
#define ICORE_RSP_UNDERFLOW	0x02
/* Byte 1 of a Data-In (RFC 7143 11.7). */
#define ICORE_DATA_ACK		0x40
#define ICORE_DATA_STATUS	0x01

enum icore_response {
	ICORE_RESPONSE_COMPLETED	= 0x00,
	ICORE_RESPONSE_TARGET_FAILURE	= 0x01,
};

/* TMF function codes (RFC 7143 11.5.1, RFC 7144 4.1). */
enum icore_tmf {
	ICORE_TMF_ABORT_TASK		= 1,
	ICORE_TMF_ABORT_TASK_SET	= 2,
	ICORE_TMF_CLEAR_ACA		= 3,
	ICORE_TMF_CLEAR_TASK_SET	= 4,
	ICORE_TMF_LUN_RESET		= 5,
	ICORE_TMF_TARGET_WARM_RESET	= 6,
	ICORE_TMF_TARGET_COLD_RESET	= 7,
	ICORE_TMF_TASK_REASSIGN		= 8,
	ICORE_TMF_QUERY_TASK		= 9,
	ICORE_TMF_QUERY_TASK_SET	= 10,
	ICORE_TMF_I_T_NEXUS_RESET	= 11,
	ICORE_TMF_QUERY_ASYNC_EVENT	= 12,
};

#define ICORE_TMF_FUNCTION_MASK	0x7f

enum icore_tmf_response {
	ICORE_TMF_RSP_COMPLETE		= 0,
	ICORE_TMF_RSP_NO_TASK		= 1,
	ICORE_TMF_RSP_NO_LUN		= 2,
	ICORE_TMF_RSP_TASK_ALLEGIANT	= 3,
	ICORE_TMF_RSP_NO_FAILOVER	= 4,
	ICORE_TMF_RSP_NOT_SUPPORTED	= 5,
	ICORE_TMF_RSP_AUTH_FAILED	= 6,
	ICORE_TMF_RSP_SUCCEEDED		= 7,
	ICORE_TMF_RSP_REJECTED		= 255,
};

#define ICORE_LOGOUT_REASON_MASK	0x7f

enum icore_logout_reason {
	ICORE_LOGOUT_CLOSE_SESSION	= 0,
	ICORE_LOGOUT_CLOSE_CONN		= 1,
	ICORE_LOGOUT_RECOVERY		= 2,
};

enum icore_logout_response {
	ICORE_LOGOUT_RSP_SUCCESS	= 0,
	ICORE_LOGOUT_RSP_CID_NOT_FOUND	= 1,
	ICORE_LOGOUT_RSP_NO_RECOVERY	= 2,
	ICORE_LOGOUT_RSP_CLEANUP_FAILED	= 3,
};

#define ICORE_SNACK_TYPE_MASK	0x0f

enum icore_snack_type {
	ICORE_SNACK_DATA	= 0,	/* Data-In or R2T */
	ICORE_SNACK_STATUS	= 1,
	ICORE_SNACK_DATA_ACK	= 2,
	ICORE_SNACK_R_DATA	= 3,
};

enum icore_async_event {
	ICORE_ASYNC_SCSI		= 0,
	ICORE_ASYNC_REQUEST_LOGOUT	= 1,
	ICORE_ASYNC_DROP_CONN		= 2,
	ICORE_ASYNC_DROP_SESSION	= 3,
	ICORE_ASYNC_NEGOTIATE		= 4,
	ICORE_ASYNC_TASKS_TERMINATED	= 5,
};

enum icore_reject {
	ICORE_REJECT_DATA_DIGEST	= 0x02,
	ICORE_REJECT_SNACK		= 0x03,
	ICORE_REJECT_PROTOCOL		= 0x04,
	ICORE_REJECT_NOT_SUPPORTED	= 0x05,
	ICORE_REJECT_TOO_MANY_IMMEDIATE	= 0x06,
	ICORE_REJECT_TASK_IN_PROGRESS	= 0x07,
	ICORE_REJECT_DATA_ACK		= 0x08,
	ICORE_REJECT_INVALID_FIELD	= 0x09,
	ICORE_REJECT_LONG_OPERATION	= 0x0a,
	ICORE_REJECT_WAIT_LOGOUT	= 0x0c,
};

/* Status-Class << 8 | Status-Detail of a Login Response (RFC 7143 11.13.5). */
enum icore_login_status {
	ICORE_LOGIN_SUCCESS		= 0x0000,
	ICORE_LOGIN_MOVED_TEMP		= 0x0101,
	ICORE_LOGIN_MOVED_PERM		= 0x0102,
	ICORE_LOGIN_INITIATOR_ERROR	= 0x0200,
	ICORE_LOGIN_AUTH_FAILED		= 0x0201,
	ICORE_LOGIN_FORBIDDEN		= 0x0202,
	ICORE_LOGIN_NOT_FOUND		= 0x0203,
	ICORE_LOGIN_REMOVED		= 0x0204,
	ICORE_LOGIN_BAD_VERSION		= 0x0205,
	ICORE_LOGIN_TOO_MANY_CONNS	= 0x0206,
	ICORE_LOGIN_MISSING_PARAM	= 0x0207,
	ICORE_LOGIN_CANT_INCLUDE	= 0x0208,
	ICORE_LOGIN_BAD_SESSION_TYPE	= 0x0209,
	ICORE_LOGIN_NO_SESSION		= 0x020a,
	ICORE_LOGIN_INVALID_REQUEST	= 0x020b,
	ICORE_LOGIN_TARGET_ERROR	= 0x0300,
	ICORE_LOGIN_UNAVAILABLE		= 0x0301,
	ICORE_LOGIN_NO_RESOURCES	= 0x0302,
};

/* AHS (RFC 7143 11.2.2). */
#define ICORE_AHS_TYPE_MASK	0x3f
#define ICORE_AHS_EXT_CDB	1
#define ICORE_AHS_BIDI_EDTL	2

/**
 * struct icore_bhs - what all PDUs share
 * @opcode: I bit and opcode
 * @flags: opcode specific, 0x80 is Final or Transit
 * @b2: opcode specific
 * @b3: opcode specific
 * @ahs_words: TotalAHSLength in 4-byte words
 * @dsl: DataSegmentLength, 24 bits
 * @lun: LUN, or ISID and TSIH in a Login PDU
 * @itt: Initiator Task Tag
 * @w: words at the offsets 20 to 44
 *
 * The word at byte offset n is w[(n - 20) / 4].
 */
struct icore_bhs {
	__u8 opcode;
	__u8 flags;
	__u8 b2;
	__u8 b3;
	__u8 ahs_words;
	__u8 dsl[3];
	__u8 lun[8];
	__be32 itt;
	__be32 w[7];
};

/* Indices into icore_bhs.w, named by their byte offset. */
#define ICORE_W20	0
#define ICORE_W24	1
#define ICORE_W28	2
#define ICORE_W32	3
#define ICORE_W36	4
#define ICORE_W40	5
#define ICORE_W44	6

_Static_assert(sizeof(struct icore_bhs) == 48, "the BHS has 48 bytes");
_Static_assert(offsetof(struct icore_bhs, lun) == 8, "LUN is at 8");
_Static_assert(offsetof(struct icore_bhs, itt) == 16, "ITT is at 16");
_Static_assert(offsetof(struct icore_bhs, w) == 20, "first word is at 20");

#endif /* TCM_ISCSI_WIRE_H */
