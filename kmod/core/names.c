// SPDX-License-Identifier: GPL-2.0
/*
 * Words for numbers, for logs and trace points.
 *
 * Every function returns a static string for every input: a peer chooses most of
 * these numbers, and the caller prints the number beside the word anyway.
 */
#include "port.h"

/**
 * icore_opcode_name() - name of a PDU
 * @opcode: without the I bit
 */
const char *icore_opcode_name(u8 opcode)
{
	switch (opcode) {
	case ICORE_OP_NOP_OUT:
		return "NOP-Out";
	case ICORE_OP_SCSI_CMD:
		return "SCSI Command";
	case ICORE_OP_TMF_REQ:
		return "Task Management Request";
	case ICORE_OP_LOGIN_REQ:
		return "Login Request";
	case ICORE_OP_TEXT_REQ:
		return "Text Request";
	case ICORE_OP_DATA_OUT:
		return "Data-Out";
	case ICORE_OP_LOGOUT_REQ:
		return "Logout Request";
	case ICORE_OP_SNACK:
		return "SNACK";
	case ICORE_OP_NOP_IN:
		return "NOP-In";
	case ICORE_OP_SCSI_RSP:
		return "SCSI Response";
	case ICORE_OP_TMF_RSP:
		return "Task Management Response";
	case ICORE_OP_LOGIN_RSP:
		return "Login Response";
	case ICORE_OP_TEXT_RSP:
		return "Text Response";
	case ICORE_OP_DATA_IN:
		return "Data-In";
	case ICORE_OP_LOGOUT_RSP:
		return "Logout Response";
	case ICORE_OP_R2T:
		return "R2T";
	case ICORE_OP_ASYNC:
		return "Asynchronous Message";
	case ICORE_OP_REJECT:
		return "Reject";
	default:
		return "unknown PDU";
	}
}

/**
 * icore_login_status_name() - what a login response says
 * @status: class and detail
 */
const char *icore_login_status_name(enum icore_login_status status)
{
	switch (status) {
	case ICORE_LOGIN_SUCCESS:
		return "success";
	case ICORE_LOGIN_MOVED_TEMP:
		return "target moved temporarily";
	case ICORE_LOGIN_MOVED_PERM:
		return "target moved permanently";
	case ICORE_LOGIN_INITIATOR_ERROR:
		return "initiator error";
	case ICORE_LOGIN_AUTH_FAILED:
		return "authentication failure";
	case ICORE_LOGIN_FORBIDDEN:
		return "authorization failure";
	case ICORE_LOGIN_NOT_FOUND:
		return "target not found";
	case ICORE_LOGIN_REMOVED:
		return "target removed";
	case ICORE_LOGIN_BAD_VERSION:
		return "unsupported version";
	case ICORE_LOGIN_TOO_MANY_CONNS:
		return "too many connections";
	case ICORE_LOGIN_MISSING_PARAM:
		return "missing parameter";
	case ICORE_LOGIN_CANT_INCLUDE:
		return "cannot be included in the session";
	case ICORE_LOGIN_BAD_SESSION_TYPE:
		return "session type not supported";
	case ICORE_LOGIN_NO_SESSION:
		return "session does not exist";
	case ICORE_LOGIN_INVALID_REQUEST:
		return "invalid request during login";
	case ICORE_LOGIN_TARGET_ERROR:
		return "target error";
	case ICORE_LOGIN_UNAVAILABLE:
		return "service unavailable";
	case ICORE_LOGIN_NO_RESOURCES:
		return "out of resources";
	default:
		return "unknown status";
	}
}

/**
 * icore_reject_name() - why a PDU was rejected
 * @reason: enum icore_reject
 */
const char *icore_reject_name(u8 reason)
{
	switch (reason) {
	case ICORE_REJECT_DATA_DIGEST:
		return "data digest error";
	case ICORE_REJECT_SNACK:
		return "SNACK reject";
	case ICORE_REJECT_PROTOCOL:
		return "protocol error";
	case ICORE_REJECT_NOT_SUPPORTED:
		return "command not supported";
	case ICORE_REJECT_TOO_MANY_IMMEDIATE:
		return "too many immediate commands";
	case ICORE_REJECT_TASK_IN_PROGRESS:
		return "task in progress";
	case ICORE_REJECT_DATA_ACK:
		return "invalid data ACK";
	case ICORE_REJECT_INVALID_FIELD:
		return "invalid PDU field";
	case ICORE_REJECT_LONG_OPERATION:
		return "long operation reject";
	case ICORE_REJECT_WAIT_LOGOUT:
		return "waiting for logout";
	default:
		return "unknown reason";
	}
}

/**
 * icore_tmf_name() - name of a task management function
 * @function: code without the F bit
 */
const char *icore_tmf_name(u8 function)
{
	switch (function) {
	case ICORE_TMF_ABORT_TASK:
		return "ABORT TASK";
	case ICORE_TMF_ABORT_TASK_SET:
		return "ABORT TASK SET";
	case ICORE_TMF_CLEAR_ACA:
		return "CLEAR ACA";
	case ICORE_TMF_CLEAR_TASK_SET:
		return "CLEAR TASK SET";
	case ICORE_TMF_LUN_RESET:
		return "LOGICAL UNIT RESET";
	case ICORE_TMF_TARGET_WARM_RESET:
		return "TARGET WARM RESET";
	case ICORE_TMF_TARGET_COLD_RESET:
		return "TARGET COLD RESET";
	case ICORE_TMF_TASK_REASSIGN:
		return "TASK REASSIGN";
	case ICORE_TMF_QUERY_TASK:
		return "QUERY TASK";
	case ICORE_TMF_QUERY_TASK_SET:
		return "QUERY TASK SET";
	case ICORE_TMF_I_T_NEXUS_RESET:
		return "I_T NEXUS RESET";
	case ICORE_TMF_QUERY_ASYNC_EVENT:
		return "QUERY ASYNCHRONOUS EVENT";
	default:
		return "unknown function";
	}
}

/**
 * icore_rx_fail_name() - why the byte stream cannot be followed any further
 * @fail: from struct icore_rx
 */
const char *icore_rx_fail_name(enum icore_rx_fail fail)
{
	switch (fail) {
	case ICORE_RX_FAIL_NONE:
		return "none";
	case ICORE_RX_FAIL_HEADER_DIGEST:
		return "header digest error";
	case ICORE_RX_FAIL_TOO_LONG:
		return "data segment above the declared maximum";
	case ICORE_RX_FAIL_AHS:
		return "additional header segments too long";
	case ICORE_RX_FAIL_FORMAT:
		return "malformed header";
	default:
		return "unknown failure";
	}
}
