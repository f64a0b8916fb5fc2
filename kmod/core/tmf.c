// SPDX-License-Identifier: GPL-2.0
/*
 * Task management: which functions go to target core, and what its answers are
 * called on the wire (RFC 7143 11.5, 11.6; RFC 7144 4).
 *
 * An unknown or optional function is answered, never rejected: a Reject would leave
 * the initiator without a response to wait for and, for a numbered request, with a
 * hole in its CmdSN sequence (RFC 7144 4.1 forbids it for the functions 9 to 12).
 */
#include "port.h"

/*
 * Values of target core's enum tcm_tmrsp_table. They are spelled out because the
 * core sees no kernel header; the module asserts that they agree.
 */
enum tmf_core_response {
	TMF_CORE_FAILED			= 0,
	TMF_CORE_COMPLETE		= 1,
	TMF_CORE_NO_TASK		= 2,
	TMF_CORE_NO_LUN			= 3,
	TMF_CORE_NOT_SUPPORTED		= 4,
	TMF_CORE_REJECTED		= 5,
};

/**
 * icore_tmf_response() - wire code for the result of target core
 * @core_response: se_tmr_req.response
 *
 * The two numberings overlap without agreeing, so passing a value through would
 * turn "complete" into "task does not exist".
 *
 * Return: enum icore_tmf_response; ICORE_TMF_RSP_REJECTED for anything else.
 */
u8 icore_tmf_response(int core_response)
{
	switch (core_response) {
	case TMF_CORE_COMPLETE:
		return ICORE_TMF_RSP_COMPLETE;
	case TMF_CORE_NO_TASK:
		return ICORE_TMF_RSP_NO_TASK;
	case TMF_CORE_NO_LUN:
		return ICORE_TMF_RSP_NO_LUN;
	case TMF_CORE_NOT_SUPPORTED:
		return ICORE_TMF_RSP_NOT_SUPPORTED;
	case TMF_CORE_FAILED:
	case TMF_CORE_REJECTED:
	default:
		return ICORE_TMF_RSP_REJECTED;
	}
}

/**
 * icore_tmf_check() - is this function offered?
 * @function: function code without the F bit
 * @protocol_level: iSCSIProtocolLevel in effect
 *
 * The functions 9 to 12 exist from level 2 on (RFC 7144 4.1); below it a peer that
 * uses them is told that they do not. ACA is the device's matter and no device of
 * target core has it.
 *
 * Return: the response to give now, or -1 to go on.
 */
int icore_tmf_check(u8 function, u8 protocol_level)
{
	switch (function) {
	case ICORE_TMF_ABORT_TASK:
	case ICORE_TMF_ABORT_TASK_SET:
	case ICORE_TMF_CLEAR_TASK_SET:
	case ICORE_TMF_LUN_RESET:
	case ICORE_TMF_TARGET_WARM_RESET:
	case ICORE_TMF_TARGET_COLD_RESET:
		return -1;
	case ICORE_TMF_TASK_REASSIGN:
		/* Allegiance moves at ErrorRecoveryLevel 2 only (7.2.2). */
		return ICORE_TMF_RSP_NO_FAILOVER;
	case ICORE_TMF_QUERY_TASK:
	case ICORE_TMF_QUERY_TASK_SET:
	case ICORE_TMF_I_T_NEXUS_RESET:
	case ICORE_TMF_QUERY_ASYNC_EVENT:
		return protocol_level >= 2 ? -1 : ICORE_TMF_RSP_NOT_SUPPORTED;
	default:
		return ICORE_TMF_RSP_NOT_SUPPORTED;
	}
}

/**
 * icore_tmf_has_lun() - is the LUN field part of the request?
 * @function: function code without the F bit
 *
 * Return: false for the functions that concern a target or a nexus (11.5.3, RFC 7144
 * 4.1): for them the field is reserved and not looked at.
 */
bool icore_tmf_has_lun(u8 function)
{
	switch (function) {
	case ICORE_TMF_TARGET_WARM_RESET:
	case ICORE_TMF_TARGET_COLD_RESET:
	case ICORE_TMF_TASK_REASSIGN:
	case ICORE_TMF_I_T_NEXUS_RESET:
		return false;
	default:
		return true;
	}
}

/**
 * icore_tmf_multi_task() - does it end more than one task?
 * @function: function code without the F bit
 */
bool icore_tmf_multi_task(u8 function)
{
	switch (function) {
	case ICORE_TMF_ABORT_TASK_SET:
	case ICORE_TMF_CLEAR_TASK_SET:
	case ICORE_TMF_LUN_RESET:
	case ICORE_TMF_TARGET_WARM_RESET:
	case ICORE_TMF_TARGET_COLD_RESET:
	case ICORE_TMF_I_T_NEXUS_RESET:
		return true;
	default:
		return false;
	}
}
