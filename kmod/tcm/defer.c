// SPDX-License-Identifier: GPL-2.0
/*
 * Commands that a connection's own thread must not execute.
 *
 * A thread that executes a command itself saves a hand-over, which is right for devices
 * that only take it. Where execution waits, everything else on the connection would wait
 * with it, other LUNs and the end of the session included:
 * - fileio reads and writes its file in the caller's context;
 * - PREEMPT AND ABORT waits for the commands of those who lose their registration, and
 *   the end of some of them may need this very thread;
 * - COMPARE AND WRITE waits for others of its kind on the device;
 * - UNMAP and WRITE SAME wait for the disk.
 *
 * Each device has a lane with a bounded number of workers, so that one that hangs takes
 * none from others. Whoever sets submit_type to 1 (direct) for a fileio device, where the
 * kernel has that attribute, gets its reads and writes executed in place.
 *
 * Of several PERSISTENT RESERVE OUT for a device one runs at a time. Two PREEMPT AND ABORT
 * could each wait for the other; and who takes a registration away spins, with a lock held,
 * until nobody uses it any more, while its owner sleeps in a PREEMPT AND ABORT of its own,
 * or writes to a file.
 *
 * One that waits in the queue may be aborted, or be what the running one waits for:
 * target_core marks it then, and it is run whoever else runs, which ends it. target_core
 * does not say when it marks, so that is looked at every now and then.
 *
 * One command at a time is in the workqueue without having begun; it offers the next when it
 * begins. The queue has a rescuer, because a disk that is served here may have to be written
 * to before there is memory for another worker. It takes everything that the queue holds as
 * soon as a worker is late to come, memory or not, and up to Linux 6.12 it then executes one
 * thing after the other: reads of a slow disk were in turn, and behind one that hangs all
 * devices would be.
 *
 * Why no reference survives: a lane is counted by its commands and freed with the last of
 * them that runs, and none waits while none runs; a command is target_core's while it is
 * here, hence the connection with its slots and, through the LUN's reference, the device
 * stay. After its execution began nothing of it is looked at any more. Unloading comes after
 * the last session, hence after the last command.
 */
#include <linux/list.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <scsi/scsi_proto.h>
#include <target/target_core_base.h>
#include <target/target_core_backend.h>
#include <target/target_core_fabric.h>

#include "tcm.h"
#include "tcm_priv.h"
#include "../sess/cmd.h"
#include "../sess/conn.h"

/* Their names in scsi_proto.h have changed. */
#define SPC2_RESERVE_6		0x16
#define SPC2_RELEASE_6		0x17

/* Commands of one device that are executed at a time. */
#define TISCSI_LANE_WIDTH	32
/* While commands wait for a place: how often it is looked whether some were aborted. */
#define TISCSI_LANE_LOOK	(HZ / 10 + 1)

/**
 * struct tiscsi_lane - commands of one device
 * @node: in tiscsi_lanes
 * @dev: compared only
 * @queue: tiscsi_cmd.defer_node of those that wait
 * @active: commands that a worker has
 * @reserving: one of them is a PERSISTENT RESERVE OUT
 */
struct tiscsi_lane {
	struct list_head node;
	const struct se_device *dev;
	struct list_head queue;
	u32 active;
	bool reserving;
};

static DEFINE_SPINLOCK(tiscsi_lanes_lock); /* the lanes and all in them; leaf */
static LIST_HEAD(tiscsi_lanes);
static LIST_HEAD(tiscsi_starting); /* defer_node of those that have a place; same lock */
static bool tiscsi_offered; /* one is in the workqueue and has not begun; same lock */
static struct workqueue_struct *tiscsi_exec;

static void tiscsi_lane_look(struct work_struct *work);
static DECLARE_DELAYED_WORK(tiscsi_lane_looker, tiscsi_lane_look);

/* -- which -- */

static bool tiscsi_reserves(const struct se_cmd *se_cmd)
{
	return se_cmd->t_task_cdb[0] == PERSISTENT_RESERVE_OUT;
}

/* Waits for other commands, or for the disk, whatever the device is. */
static bool tiscsi_waits(const struct se_cmd *se_cmd)
{
	const u8 *cdb = se_cmd->t_task_cdb;

	switch (cdb[0]) {
	case PERSISTENT_RESERVE_OUT:
	case SPC2_RESERVE_6:
	case RESERVE_10:
	case SPC2_RELEASE_6:
	case RELEASE_10:
	case COMPARE_AND_WRITE:
	case UNMAP:
	case WRITE_SAME:
	case WRITE_SAME_16:
		return true;
	case VARIABLE_LENGTH_CMD:
		return (cdb[8] << 8 | cdb[9]) == WRITE_SAME_32;
	default:
		return false;
	}
}

static bool tiscsi_touches_file(const struct se_cmd *se_cmd)
{
	const u8 op = se_cmd->t_task_cdb[0];

	return (se_cmd->se_cmd_flags & SCF_SCSI_DATA_CDB || op == SYNCHRONIZE_CACHE ||
		op == SYNCHRONIZE_CACHE_16) &&
	       !tiscsi_compat_submits_direct(se_cmd->se_dev) &&
	       !strcmp(se_cmd->se_dev->transport->name, "fileio");
}

static bool tiscsi_defers(const struct se_cmd *se_cmd)
{
	return tiscsi_waits(se_cmd) || tiscsi_touches_file(se_cmd);
}

/* -- lanes -- */

static struct tiscsi_lane *tiscsi_lane_find(const struct se_device *dev)
	__must_hold(&tiscsi_lanes_lock)
{
	struct tiscsi_lane *lane;

	lockdep_assert_held(&tiscsi_lanes_lock);
	list_for_each_entry(lane, &tiscsi_lanes, node)
		if (lane->dev == dev)
			return lane;
	return NULL;
}

/* The next one that has a place goes to the workqueue, unless one is there. */
static void tiscsi_offer(void)
	__must_hold(&tiscsi_lanes_lock)
{
	struct tiscsi_cmd *cmd;

	lockdep_assert_held(&tiscsi_lanes_lock);
	cmd = list_first_entry_or_null(&tiscsi_starting, struct tiscsi_cmd, defer_node);
	if (!cmd || tiscsi_offered)
		return;
	list_del_init(&cmd->defer_node);
	tiscsi_offered = true;
	queue_work(tiscsi_exec, &cmd->defer_work);
}

static void tiscsi_lane_start(struct tiscsi_lane *lane, struct tiscsi_cmd *cmd)
	__must_hold(&tiscsi_lanes_lock)
{
	lockdep_assert_held(&tiscsi_lanes_lock);
	list_move_tail(&cmd->defer_node, &tiscsi_starting);
	cmd->placed = true;
	lane->active++;
	cmd->reserves = tiscsi_reserves(&cmd->se_cmd) && !lane->reserving;
	lane->reserving |= cmd->reserves;
	tiscsi_offer();
}

/* Fill the places that are free. */
static void tiscsi_lane_run(struct tiscsi_lane *lane)
	__must_hold(&tiscsi_lanes_lock)
{
	struct tiscsi_cmd *cmd, *next;

	lockdep_assert_held(&tiscsi_lanes_lock);
	list_for_each_entry_safe(cmd, next, &lane->queue, defer_node) {
		if (lane->active >= TISCSI_LANE_WIDTH)
			break;
		if (!lane->reserving || !tiscsi_reserves(&cmd->se_cmd))
			tiscsi_lane_start(lane, cmd);
	}
	if (!list_empty(&lane->queue))
		schedule_delayed_work(&tiscsi_lane_looker, TISCSI_LANE_LOOK);
}

/* A command that was aborted waits for nothing any more, so it needs no place. */
static void tiscsi_lane_clear(struct tiscsi_lane *lane)
	__must_hold(&tiscsi_lanes_lock)
{
	struct tiscsi_cmd *cmd, *next;

	lockdep_assert_held(&tiscsi_lanes_lock);
	list_for_each_entry_safe(cmd, next, &lane->queue, defer_node)
		if (tiscsi_tcm_aborted(cmd))
			tiscsi_lane_start(lane, cmd);
}

static void tiscsi_lane_look(struct work_struct *work)
{
	struct tiscsi_lane *lane;

	spin_lock(&tiscsi_lanes_lock);
	list_for_each_entry(lane, &tiscsi_lanes, node) {
		tiscsi_lane_clear(lane);
		tiscsi_lane_run(lane);
	}
	spin_unlock(&tiscsi_lanes_lock);
}

static void tiscsi_lane_leave(struct tiscsi_lane *lane, bool reserved)
{
	spin_lock(&tiscsi_lanes_lock);
	lane->active--;
	if (reserved)
		lane->reserving = false;
	tiscsi_lane_run(lane);
	if (lane->active || !list_empty(&lane->queue))
		lane = NULL;
	else
		list_del(&lane->node);
	spin_unlock(&tiscsi_lanes_lock);
	kfree(lane);
}

/* As in a connection's thread: no allocation may wait for a disk that is served here. */
static void tiscsi_defer_work(struct work_struct *work)
{
	struct tiscsi_cmd *cmd = container_of(work, struct tiscsi_cmd, defer_work);
	struct tiscsi_lane *lane = cmd->lane;
	const bool reserves = cmd->reserves;
	unsigned int noio = memalloc_noio_save();

	spin_lock(&tiscsi_lanes_lock);
	tiscsi_offered = false;
	tiscsi_offer();
	spin_unlock(&tiscsi_lanes_lock);

	if (cmd->submits)
		target_submit(&cmd->se_cmd);
	else
		target_execute_cmd(&cmd->se_cmd);
	memalloc_noio_restore(noio);
	tiscsi_lane_leave(lane, reserves);
}

/* False if memory is missing; then the caller has to do it. */
static bool tiscsi_defer(struct tiscsi_cmd *cmd, bool submits)
{
	const struct se_device *dev = cmd->se_cmd.se_dev;
	struct tiscsi_lane *lane;

	INIT_WORK(&cmd->defer_work, tiscsi_defer_work);
	cmd->submits = submits;
	cmd->placed = false;
	spin_lock(&tiscsi_lanes_lock);
	lane = tiscsi_lane_find(dev);
	if (!lane) {
		lane = kzalloc(sizeof(*lane), GFP_ATOMIC);
		if (!lane) {
			spin_unlock(&tiscsi_lanes_lock);
			return false;
		}
		lane->dev = dev;
		INIT_LIST_HEAD(&lane->queue);
		list_add(&lane->node, &tiscsi_lanes);
	}
	cmd->lane = lane;
	list_add_tail(&cmd->defer_node, &lane->queue);
	tiscsi_lane_run(lane);
	spin_unlock(&tiscsi_lanes_lock);
	return true;
}

/* -- the two steps of a command -- */

/**
 * tiscsi_defer_submit - target_submit(), here or elsewhere
 * @cmd: prepared; I/O thread
 *
 * A write only gets its buffer now.
 */
void tiscsi_defer_submit(struct tiscsi_cmd *cmd)
{
	struct se_cmd *se_cmd = &cmd->se_cmd;

	tiscsi_assert_io_thread(cmd->conn);
	if (se_cmd->data_direction == DMA_TO_DEVICE || !tiscsi_defers(se_cmd) ||
	    !tiscsi_defer(cmd, true))
		target_submit(se_cmd);
}

/**
 * tiscsi_defer_execute - target_execute_cmd(), here or elsewhere
 * @cmd: its data is complete, and it was not aborted; I/O thread
 */
void tiscsi_defer_execute(struct tiscsi_cmd *cmd)
{
	tiscsi_assert_io_thread(cmd->conn);
	if (!tiscsi_defers(&cmd->se_cmd) || !tiscsi_defer(cmd, false))
		target_execute_cmd(&cmd->se_cmd);
}

/*
 * target_core learns of a read when it is submitted, so it cannot abort one that waits for
 * that; its ABORT TASK does not find it, and another session's reset passes it by.
 */
bool tiscsi_tcm_withdraw(struct tiscsi_cmd *cmd)
{
	bool waits;

	spin_lock(&tiscsi_lanes_lock);
	waits = !list_empty(&cmd->defer_node) && !cmd->placed && cmd->submits;
	if (waits)
		list_del_init(&cmd->defer_node);
	spin_unlock(&tiscsi_lanes_lock);
	return waits;
}

int tiscsi_defer_init(void)
{
	tiscsi_exec = alloc_workqueue("tiscsi_exec", WQ_UNBOUND | WQ_MEM_RECLAIM,
				      WQ_MAX_ACTIVE);
	return tiscsi_exec ? 0 : -ENOMEM;
}

/* No session is left, hence no lane; the looker may still be due. */
void tiscsi_defer_exit(void)
{
	cancel_delayed_work_sync(&tiscsi_lane_looker);
	destroy_workqueue(tiscsi_exec);
}
