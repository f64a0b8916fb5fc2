// SPDX-License-Identifier: GPL-2.0
/*
 * What an initiator may not make target_core do.
 *
 * target_core trusts its fabrics in a few places where a peer decides. Each guard here
 * looks at a command after its CDB was parsed and before it is submitted, the last one
 * after its data has come and before it is executed.
 */
#include <linux/atomic.h>
#include <linux/mm.h>
#include <linux/scatterlist.h>
#include <scsi/scsi_proto.h>
#include <target/target_core_base.h>
#include <target/target_core_backend.h>
#include <target/target_core_fabric.h>

#include "tcm.h"
#include "tcm_priv.h"
#include "../sess/cmd.h"
#include "../sess/conn.h"
#include "../sess/session.h"

/* Longest transfer of one command; the longest that known initiators use is 32 MiB. */
#define TISCSI_TRANSFER_MAX	(32 * 1024 * 1024)

/*
 * Bytes of data buffers of all commands. The CmdSN window bounds the number of commands,
 * which says little while each may ask for 32 MiB.
 */
static atomic64_t tiscsi_data_bytes = ATOMIC64_INIT(0);

/* -- direction -- */

static int tiscsi_long_direction(const u8 *cdb)
{
	switch (cdb[8] << 8 | cdb[9]) {
	case READ_32:
		return DMA_FROM_DEVICE;
	case WRITE_32:
	case WRITE_SAME_32:
		return DMA_TO_DEVICE;
	default:
		return DMA_NONE;
	}
}

/* Which way the data of a command on the medium goes; DMA_NONE for all others. */
static int tiscsi_medium_direction(const u8 *cdb)
{
	switch (cdb[0]) {
	case READ_6:
	case READ_10:
	case READ_12:
	case READ_16:
		return DMA_FROM_DEVICE;
	case WRITE_6:
	case WRITE_10:
	case WRITE_12:
	case WRITE_16:
	case WRITE_VERIFY:
	case WRITE_VERIFY_12:
	case WRITE_VERIFY_16:
	case WRITE_SAME:
	case WRITE_SAME_16:
	case COMPARE_AND_WRITE:
		return DMA_TO_DEVICE;
	case VARIABLE_LENGTH_CMD:
		return tiscsi_long_direction(cdb);
	default:
		return DMA_NONE;
	}
}

/* The checks have passed; the data, which nobody wants, is forgotten. */
static sense_reason_t tiscsi_execute_nothing(struct se_cmd *se_cmd)
{
	target_complete_cmd(se_cmd, SAM_STAT_GOOD);
	return TCM_NO_SENSE;
}

/*
 * target_core moves data in the direction of the iSCSI flags, whatever the CDB says: a
 * READ with the W bit writes, past reservations that would stop a WRITE; WRITE SAME as a
 * read stores, and sends, pages that nobody has filled. A write in the wrong direction is
 * refused. A read ends with GOOD and has done nothing: conformance suites want to see
 * that an initiator which says "write" by mistake is not told of an error.
 */
static bool tiscsi_guard_direction(struct se_cmd *se_cmd, int direction)
{
	if (se_cmd->data_direction == DMA_NONE || direction == DMA_NONE ||
	    se_cmd->data_direction == direction)
		return true;
	if (direction == DMA_FROM_DEVICE) {
		se_cmd->execute_cmd = tiscsi_execute_nothing;
		return true;
	}
	transport_generic_request_failure(se_cmd, TCM_INVALID_FIELD_IN_COMMAND_IU);
	return false;
}

/*
 * It refuses writes to a write-protected unit by the direction, too. WRITE SAME with
 * UNMAP transfers nothing if the initiator says so, and would be executed.
 */
static bool tiscsi_guard_protection(struct se_cmd *se_cmd, int direction)
{
	if (direction != DMA_TO_DEVICE || se_cmd->data_direction == DMA_TO_DEVICE ||
	    !target_lun_is_rdonly(se_cmd))
		return true;
	transport_generic_request_failure(se_cmd, TCM_WRITE_PROTECTED);
	return false;
}

/* -- memory -- */

/*
 * How much may one command ask for? A parameter list needs what its CDB says, not what
 * the initiator expects to send (the rest is read and forgotten); an allocation length
 * may be as long as it likes, the answer is short. What is left is refused as longer
 * than the longest transfer.
 */
static bool tiscsi_guard_length(struct se_cmd *se_cmd)
{
	bool medium = se_cmd->se_cmd_flags & SCF_SCSI_DATA_CDB;

	if (se_cmd->data_direction == DMA_TO_DEVICE && !medium &&
	    se_cmd->se_cmd_flags & SCF_UNDERFLOW_BIT)
		se_cmd->data_length -= se_cmd->residual_count;
	if (se_cmd->data_length <= TISCSI_TRANSFER_MAX)
		return true;
	if (se_cmd->data_direction == DMA_FROM_DEVICE && !medium) {
		target_set_cmd_data_length(se_cmd, TISCSI_TRANSFER_MAX);
		return true;
	}
	transport_generic_request_failure(se_cmd, TCM_INVALID_CDB_FIELD);
	return false;
}

/*
 * And all of them? Above the budget a connection that has a command under way is told
 * TASK SET FULL; one command is always let through, so everybody gets on.
 */
static bool tiscsi_guard_budget(struct tiscsi_cmd *cmd)
{
	struct se_cmd *se_cmd = &cmd->se_cmd;
	u32 len = se_cmd->data_direction == DMA_NONE ? 0 : se_cmd->data_length;
	struct tiscsi_conn *conn = cmd->conn;

	if (!len)
		return true;
	if (atomic64_add_return(len, &tiscsi_data_bytes) > tiscsi_data_budget() &&
	    atomic64_read(&conn->data_bytes)) {
		atomic64_sub(len, &tiscsi_data_bytes);
		transport_generic_request_failure(se_cmd, TCM_OUT_OF_RESOURCES);
		return false;
	}
	atomic64_add(len, &conn->data_bytes);
	cmd->charged = len;
	return true;
}

/**
 * tiscsi_guard_release - a command lets go of its buffers
 * @cmd: from release_cmd(), any context
 */
void tiscsi_guard_release(struct tiscsi_cmd *cmd)
{
	if (!cmd->charged)
		return;
	atomic64_sub(cmd->charged, &cmd->conn->data_bytes);
	atomic64_sub(cmd->charged, &tiscsi_data_bytes);
	cmd->charged = 0;
}

/* -- COMPARE AND WRITE -- */

/* Execution begins: from here on the callback is right. */
static sense_reason_t tiscsi_caw_execute(struct se_cmd *se_cmd)
{
	struct tiscsi_cmd *cmd = container_of(se_cmd, struct tiscsi_cmd, se_cmd);

	se_cmd->transport_complete_callback = cmd->caw_callback;
	se_cmd->execute_cmd = cmd->caw_execute;
	return se_cmd->execute_cmd(se_cmd);
}

/*
 * target_core calls the command's callback also when it ends before it was executed, by a
 * unit attention, a reservation or an abort, and the callback then warns and releases a
 * semaphore that was never taken: two such commands would run at a time ever after. So
 * target_core gets to know the callback at the moment of execution.
 */
static void tiscsi_guard_caw(struct tiscsi_cmd *cmd)
{
	struct se_cmd *se_cmd = &cmd->se_cmd;

	if (!se_cmd->transport_complete_callback)
		return;
	cmd->caw_callback = se_cmd->transport_complete_callback;
	cmd->caw_execute = se_cmd->execute_cmd;
	se_cmd->transport_complete_callback = NULL;
	se_cmd->execute_cmd = tiscsi_caw_execute;
}

/**
 * tiscsi_guard - may this command be submitted?
 * @cmd: target_submit_prep() has succeeded; I/O thread
 * @cdb: the whole CDB, at least 16 bytes
 *
 * Return: false if it was failed instead; its status comes as for any other.
 */
bool tiscsi_guard(struct tiscsi_cmd *cmd, const u8 *cdb)
{
	struct se_cmd *se_cmd = &cmd->se_cmd;
	int direction = tiscsi_medium_direction(cdb);

	if (!tiscsi_guard_protection(se_cmd, direction) ||
	    !tiscsi_guard_direction(se_cmd, direction) ||
	    !tiscsi_guard_length(se_cmd) || !tiscsi_guard_budget(cmd))
		return false;
	tiscsi_guard_caw(cmd);
	return true;
}

/* -- parameter lists -- */

/* PERSISTENT RESERVE OUT (SPC-4 6.14): two service actions, and a bit of their list. */
#define PRO_REGISTER		0x00
#define PRO_REGISTER_IGNORE	0x06
#define PRO_FLAGS_AT		20
#define PRO_SPEC_I_PT		0x08

/**
 * tiscsi_guard_data - may this command be executed with the data that came?
 * @se_cmd: its data is complete, and it was not aborted
 *
 * A registration for other initiator ports (SPEC_I_PT), whether it succeeds or fails,
 * keeps references to the initiator's own LUN in target_core, and whoever removes that
 * LUN waits for them for ever. No initiator in use is known to register others, so it is
 * refused unless the administrator allows it. A device that keeps its own reservations
 * gets it as it is.
 *
 * Return: false if the command was failed.
 */
bool tiscsi_guard_data(struct se_cmd *se_cmd)
{
	const u8 *cdb = se_cmd->t_task_cdb;
	u8 flags = 0;

	if (likely(cdb[0] != PERSISTENT_RESERVE_OUT) ||
	    ((cdb[1] & 0x1f) != PRO_REGISTER && (cdb[1] & 0x1f) != PRO_REGISTER_IGNORE) ||
	    (se_cmd->se_dev->transport_flags & TRANSPORT_FLAG_PASSTHROUGH_PGR))
		return true;
	sg_pcopy_to_buffer(se_cmd->t_data_sg, se_cmd->t_data_nents, &flags, sizeof(flags),
			   PRO_FLAGS_AT);
	if (!(flags & PRO_SPEC_I_PT) || tiscsi_spec_i_pt())
		return true;
	transport_generic_request_failure(se_cmd, TCM_INVALID_PARAMETER_LIST);
	return false;
}
