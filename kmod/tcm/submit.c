// SPDX-License-Identifier: GPL-2.0
/*
 * Commands and task management: the way into target_core and its callbacks.
 *
 * Every command takes a second reference (SCF_ACK_KREF) for the time until its
 * response is sent, and counts in the connection's own counter, so that the
 * connections of a session drain one by one.
 *
 * Aborts. target_core marks a command CMD_T_ABORTED and waits for its release.
 * - Executing: the backend's completion diverts to target_core's abort work.
 * - Waiting for data: nobody calls us; tiscsi_tcm_aborted() tells, and
 *   tiscsi_tcm_execute() leads into the same abort work.
 * Either way ->aborted_task() is called instead of ->queue_status() (unless
 * TASK ABORTED status was asked for), and target_core drops our reference itself.
 *
 * The callbacks may run in hard interrupt context and return 0 always: any other
 * value leads to the queue-full path, which enables interrupts.
 */
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <scsi/scsi_common.h>
#include <scsi/scsi_proto.h>
#include <target/target_core_base.h>
#include <target/target_core_backend.h>
#include <target/target_core_fabric.h>

#include "tcm.h"
#include "tcm_priv.h"
#include "../sess/cmd.h"
#include "../sess/conn.h"
#include "../sess/session.h"

/* What icore_tmf_response() takes for granted. */
static_assert(TMR_FUNCTION_FAILED == 0 && TMR_FUNCTION_COMPLETE == 1 &&
	      TMR_TASK_DOES_NOT_EXIST == 2 && TMR_LUN_DOES_NOT_EXIST == 3 &&
	      TMR_TASK_MGMT_FUNCTION_NOT_SUPPORTED == 4 && TMR_FUNCTION_REJECTED == 5,
	      "target_core has renumbered its TMR responses");

static struct tiscsi_cmd *tiscsi_from_se(struct se_cmd *se_cmd)
{
	return container_of(se_cmd, struct tiscsi_cmd, se_cmd);
}

/* -- counter -- */

struct target_cmd_counter *tiscsi_tcm_counter_alloc(void)
{
	return target_alloc_cmd_counter();
}

bool tiscsi_tcm_counter_idle(struct target_cmd_counter *c, long timeout)
{
	target_stop_cmd_counter(c);
	return wait_event_timeout(c->refcnt_wq, percpu_ref_is_zero(&c->refcnt), timeout);
}

void tiscsi_tcm_counter_drain(struct target_cmd_counter *c)
{
	target_stop_cmd_counter(c);
	target_wait_for_cmds(c);
}

/*
 * Of no command, or drained: then the put that made it zero may not have returned yet. What
 * it still does, waking those who wait, it does within an RCU read section.
 */
void tiscsi_tcm_counter_free(struct target_cmd_counter *c)
{
	if (atomic_read(&c->stopped))
		synchronize_rcu();
	target_free_cmd_counter(c);
}

/* -- submission -- */

static int tiscsi_task_attr(u8 attr)
{
	switch (attr) {
	case ICORE_ATTR_ORDERED:
		return TCM_ORDERED_TAG;
	case ICORE_ATTR_HEAD:
		return TCM_HEAD_TAG;
	case ICORE_ATTR_ACA:
		return TCM_ACA_TAG;
	default:
		return TCM_SIMPLE_TAG;
	}
}

/* LUN forms that name no single-level unit become a number that is never mapped. */
static u64 tiscsi_cmd_lun(const u8 lun[8])
{
	u64 unpacked;

	return icore_lun_decode(lun, &unpacked) ? unpacked : ~0ULL;
}

static int tiscsi_init_se_cmd(struct tiscsi_cmd *cmd, u32 len, int dir, int attr, u64 lun)
{
	struct tiscsi_conn *conn = cmd->conn;
	struct se_session *se_sess = conn->sess->se_sess;

	memset(&cmd->se_cmd, 0, sizeof(cmd->se_cmd));
	__target_init_cmd(&cmd->se_cmd, se_sess->se_tpg->se_tpg_tfo, se_sess, len, dir, attr,
			  cmd->sense_buffer, lun, conn->counter);
	cmd->se_cmd.tag = cmd->itt;
	return target_get_sess_cmd(&cmd->se_cmd, true);
}

int tiscsi_tcm_submit(struct tiscsi_cmd *cmd, u8 *cdb, u32 edtl, bool read, bool write, u8 attr)
{
	struct se_cmd *se_cmd = &cmd->se_cmd;
	int dir = DMA_NONE;
	int ret;

	/* A direction without length transfers nothing, whatever the bits say. */
	if (edtl)
		dir = write ? DMA_TO_DEVICE : read ? DMA_FROM_DEVICE : DMA_NONE;

	ret = tiscsi_init_se_cmd(cmd, edtl, dir, tiscsi_task_attr(attr),
				 tiscsi_cmd_lun(cmd->lun));
	if (ret)
		return ret;

	/* All report a failure through queue_status. */
	if (!target_submit_prep(se_cmd, cdb, NULL, 0, NULL, 0, NULL, 0, GFP_KERNEL) &&
	    tiscsi_guard(cmd, cdb))
		tiscsi_defer_submit(cmd);
	return 0;
}

struct scatterlist *tiscsi_tcm_buffer(struct tiscsi_cmd *cmd, u32 *len)
{
	*len = cmd->se_cmd.data_length;
	return cmd->se_cmd.t_data_sg;
}

void tiscsi_tcm_execute(struct tiscsi_cmd *cmd)
{
	/* An aborted command must go where target_core waits for it. */
	if (tiscsi_tcm_aborted(cmd))
		target_execute_cmd(&cmd->se_cmd);
	else if (tiscsi_guard_data(&cmd->se_cmd))
		tiscsi_defer_execute(cmd);
}

/*
 * The sense is made here: target_core's table has ILLEGAL REQUEST for unexpected
 * data, where RFC 7143 11.4.7.2 asks for ABORTED COMMAND, and its failure path
 * does not know the CRC error at all.
 */
void tiscsi_tcm_fail(struct tiscsi_cmd *cmd, enum icore_data_error error)
{
	static const struct {
		u8 asc;
		u8 ascq;
	} codes[] = {
		[ICORE_DATA_UNEXPECTED] = { 0x0c, 0x0c },
		[ICORE_DATA_INCORRECT] = { 0x0c, 0x0d },
		[ICORE_DATA_CRC] = { 0x47, 0x05 },
		[ICORE_DATA_SNACK] = { 0x11, 0x13 },
	};
	u8 sense[TRANSPORT_SENSE_BUFFER] = {};	/* all of it is copied below */

	scsi_build_sense_buffer(0, sense, ABORTED_COMMAND, codes[error].asc, codes[error].ascq);
	transport_copy_sense_to_cmd(&cmd->se_cmd, sense);
	target_complete_cmd(&cmd->se_cmd, SAM_STAT_CHECK_CONDITION);
}

void tiscsi_tcm_kill(struct tiscsi_cmd *cmd)
{
	struct se_cmd *se_cmd = &cmd->se_cmd;
	unsigned long flags;
	bool aborted;

	spin_lock_irqsave(&se_cmd->t_state_lock, flags);
	aborted = se_cmd->transport_state & CMD_T_ABORTED;
	/* From here on target_core's own aborts pass it by. */
	if (!aborted)
		se_cmd->transport_state |= CMD_T_FABRIC_STOP;
	spin_unlock_irqrestore(&se_cmd->t_state_lock, flags);

	if (aborted)
		target_execute_cmd(se_cmd);
	else
		target_complete_cmd(se_cmd, SAM_STAT_TASK_ABORTED);
}

bool tiscsi_tcm_aborted(const struct tiscsi_cmd *cmd)
{
	return READ_ONCE(cmd->se_cmd.transport_state) & CMD_T_ABORTED;
}

void tiscsi_tcm_put(struct tiscsi_cmd *cmd)
{
	target_put_sess_cmd(&cmd->se_cmd);
}

void tiscsi_tcm_result(struct tiscsi_cmd *cmd, struct tiscsi_result *res)
{
	struct se_cmd *se_cmd = &cmd->se_cmd;

	res->status = se_cmd->scsi_status;
	if (se_cmd->se_cmd_flags & SCF_OVERFLOW_BIT)
		res->residual_flags = ICORE_RSP_OVERFLOW;
	else if (se_cmd->se_cmd_flags & SCF_UNDERFLOW_BIT)
		res->residual_flags = ICORE_RSP_UNDERFLOW;
	else
		res->residual_flags = 0;
	res->residual = res->residual_flags ? se_cmd->residual_count : 0;

	/* target_core always says 96; the sense data itself knows better (SPC-4 4.5). */
	res->sense = cmd->sense_buffer;
	res->sense_len = 0;
	if (se_cmd->se_cmd_flags & (SCF_TRANSPORT_TASK_SENSE | SCF_EMULATED_TASK_SENSE))
		res->sense_len = min_t(u32, 8 + cmd->sense_buffer[7], TRANSPORT_SENSE_BUFFER);

	/* Data goes out only if target_core called queue_data_in. */
	if (test_bit(TISCSI_MAIL_DATA_IN, &cmd->mail)) {
		res->sg = se_cmd->t_data_sg;
		res->data_len = se_cmd->data_length;
	}
}

/* -- task management -- */

int tiscsi_tcm_tmr(struct tiscsi_cmd *cmd, u8 function, u64 lun, u32 rtt)
{
	struct se_cmd *se_cmd = &cmd->se_cmd;
	u8 type = function == ICORE_TMF_ABORT_TASK ? TMR_ABORT_TASK : TMR_LUN_RESET;
	int response = ICORE_TMF_RSP_REJECTED;

	if (tiscsi_init_se_cmd(cmd, 0, DMA_NONE, TCM_SIMPLE_TAG, lun))
		return -response - 1;
	if (core_tmr_alloc_req(se_cmd, cmd, type, GFP_KERNEL) < 0)
		goto err_put;
	se_cmd->se_tmr_req->ref_task_tag = rtt;
	if (transport_lookup_tmr_lun(se_cmd) < 0) {
		response = ICORE_TMF_RSP_NO_LUN;
		goto err_put;
	}
	transport_generic_handle_tmr(se_cmd);
	return 0;

err_put:
	/* Both references: target_core will never see it. */
	target_put_sess_cmd(se_cmd);
	target_put_sess_cmd(se_cmd);
	return -response - 1;
}

/* -- callbacks of target_core -- */

int tiscsi_op_check_stop_free(struct se_cmd *se_cmd)
{
	return target_put_sess_cmd(se_cmd);
}

void tiscsi_op_release_cmd(struct se_cmd *se_cmd)
{
	struct tiscsi_cmd *cmd = tiscsi_from_se(se_cmd);

	tiscsi_guard_release(cmd);
	tiscsi_cmd_released(cmd);
}

int tiscsi_op_write_pending(struct se_cmd *se_cmd)
{
	tiscsi_cmd_write_ready(tiscsi_from_se(se_cmd));
	return 0;
}

int tiscsi_op_queue_data_in(struct se_cmd *se_cmd)
{
	struct tiscsi_cmd *cmd = tiscsi_from_se(se_cmd);

	set_bit(TISCSI_MAIL_DATA_IN, &cmd->mail);
	tiscsi_cmd_completed(cmd);
	return 0;
}

int tiscsi_op_queue_status(struct se_cmd *se_cmd)
{
	tiscsi_order_end(se_cmd);
	tiscsi_cmd_completed(tiscsi_from_se(se_cmd));
	return 0;
}

void tiscsi_op_queue_tm_rsp(struct se_cmd *se_cmd)
{
	tiscsi_cmd_tmr_done(tiscsi_from_se(se_cmd),
			    icore_tmf_response(se_cmd->se_tmr_req->response));
}

/* Slot and queues are settled when the release comes. */
void tiscsi_op_aborted_task(struct se_cmd *se_cmd)
{
	tiscsi_order_end(se_cmd);
}

int tiscsi_op_get_cmd_state(struct se_cmd *se_cmd)
{
	return READ_ONCE(tiscsi_from_se(se_cmd)->state);
}
