// SPDX-License-Identifier: GPL-2.0
/*
 * The connection and its I/O thread.
 *
 * The thread sleeps on its mailbox only: event bits, mail from target_core, and
 * slots that came back. A turn does a bounded amount of receiving, submitting and
 * sending and says whether there is more; the loop around it knows nothing of
 * iSCSI.
 */
#include <linux/kthread.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/mm.h>
#include <uapi/linux/sched/types.h>

#include "async.h"
#include "cmd.h"
#include "conn.h"
#include "exact.h"
#include "ffp.h"
#include "order.h"
#include "report.h"
#include "session.h"
#include "stage.h"
#include "target.h"
#include "tmr.h"
#include "tune.h"
#include "../mgmt/mgmt.h"
#include "../net/net.h"

/* Bytes received per turn before sending and others get their chance. */
#define TISCSI_RX_BUDGET	(1024 * 1024)
/* A peer that takes nothing for this long is gone. TCP, which cannot say why, comes later. */
#define TISCSI_TX_STALL		(30 * HZ)
#define TISCSI_USER_TIMEOUT_MS	35000
/* How long a reset may wait for writes that another session collects data for. */
#define TISCSI_SCAN_INTERVAL	(HZ / 8)
/* Room for the data of a NOP-Out or a Text Request at first; see ffp.c. */
#define TISCSI_FLAT_FIRST	8192

const u8 tiscsi_no_lun[8];

/**
 * tiscsi_conn_advance - the only place where a connection changes its state
 * @conn: the connection; I/O thread, or the creator before it starts
 * @to: the new state
 *
 * States only move forward. Return: false if @to is not ahead.
 */
bool tiscsi_conn_advance(struct tiscsi_conn *conn, enum tiscsi_conn_state to)
{
	if (to <= conn->state)
		return false;
	WRITE_ONCE(conn->state, to);
	return true;
}

void tiscsi_conn_wake(struct tiscsi_conn *conn)
{
	wake_up_process(conn->task);
}

void tiscsi_conn_post(struct tiscsi_conn *conn, unsigned int event)
{
	if (!test_and_set_bit(event, &conn->events))
		tiscsi_conn_wake(conn);
}

void tiscsi_conn_close(struct tiscsi_conn *conn, const char *reason)
{
	cmpxchg(&conn->close_reason, NULL, reason);
	tiscsi_conn_post(conn, TISCSI_EV_CLOSE);
}

void tiscsi_conn_drop(struct tiscsi_conn *conn, const char *reason)
{
	/* Seen by the thread, because the event is set after it. */
	WRITE_ONCE(conn->announce, true);
	tiscsi_conn_close(conn, reason);
}

/* Socket callback: softirq, sk_callback_lock held. */
static void tiscsi_conn_notify(void *owner, unsigned int what)
{
	struct tiscsi_conn *conn = owner;

	if (what & TISCSI_SOCK_WRITE)
		tiscsi_conn_post(conn, TISCSI_EV_TX);
	else
		tiscsi_conn_post(conn, TISCSI_EV_RX);
}

/**
 * tiscsi_conn_stamp - give a PDU its numbers, in wire order
 * @conn: the connection; I/O thread
 * @bhs: encoded PDU
 * @status: it takes a StatSN (RFC 7143 4.2.2.2)
 */
void tiscsi_conn_stamp(struct tiscsi_conn *conn, struct icore_bhs *bhs, bool status)
{
	struct icore_window *w = &conn->sess->window;
	u32 statsn = conn->statsn;

	tiscsi_assert_io_thread(conn);
	if (status)
		conn->statsn++;
	else if ((bhs->opcode & ICORE_OP_MASK) == ICORE_OP_DATA_IN)
		statsn = 0; /* reserved without status (11.7) */
	conn->advertised_max = icore_window_max(w);
	icore_enc_stamp(bhs, statsn, w->exp_cmdsn, conn->advertised_max);
}

/* -- control slots -- */

struct tiscsi_ctl *tiscsi_ctl_get(struct tiscsi_conn *conn)
{
	struct tiscsi_ctl *ctl;

	tiscsi_assert_io_thread(conn);
	ctl = list_first_entry_or_null(&conn->ctl_free, struct tiscsi_ctl, item.node);
	if (!ctl)
		return NULL;
	list_del_init(&ctl->item.node);
	conn->ctl_nr_free--;
	ctl->data = ctl->inline_data;
	ctl->dsl = 0;
	ctl->stamp_status = true;
	return ctl;
}

/* Sent, hence copied into the arena whose pages TCP holds; the slot is in no queue. */
void tiscsi_ctl_put(struct tiscsi_conn *conn, struct tiscsi_ctl *ctl)
{
	kvfree(ctl->big);
	ctl->big = NULL;
	list_add(&ctl->item.node, &conn->ctl_free);
	conn->ctl_nr_free++;
}

void tiscsi_ctl_send(struct tiscsi_conn *conn, struct tiscsi_ctl *ctl, bool urgent)
{
	tiscsi_assert_io_thread(conn);
	list_add_tail(&ctl->item.node, urgent ? &conn->tx_urgent : &conn->tx_done);
}

/* -- memory -- */

struct tiscsi_conn *tiscsi_conn_alloc(struct tiscsi_sess *sess, const struct icore_params *params,
				      u32 depth)
{
	struct tiscsi_conn *conn;
	u32 i;

	conn = kzalloc(sizeof(*conn), GFP_KERNEL);
	if (!conn)
		return NULL;
	conn->sess = sess;
	conn->began = jiffies;
	conn->last_rx = conn->began;
	conn->params = *params;
	conn->params.mrdsl_out = min_t(u32, conn->params.mrdsl_out, TISCSI_TX_DSL_MAX);
	init_llist_head(&conn->mail_list);
	init_llist_head(&conn->released);
	init_llist_head(&conn->clears);
	hash_init(conn->itt_hash);
	INIT_LIST_HEAD(&conn->ready);
	INIT_LIST_HEAD(&conn->collect);
	INIT_LIST_HEAD(&conn->execute);
	INIT_LIST_HEAD(&conn->tx_r2t);
	INIT_LIST_HEAD(&conn->tx_done);
	INIT_LIST_HEAD(&conn->tx_urgent);
	INIT_LIST_HEAD(&conn->tmfs);
	INIT_LIST_HEAD(&conn->early);
	INIT_LIST_HEAD(&conn->ctl_free);
	INIT_LIST_HEAD(&conn->tx.sent);
	INIT_LIST_HEAD(&conn->former_node);
	conn->text_itt = ICORE_RTAG;

	conn->tx.bv = kcalloc(TISCSI_TX_BVECS, sizeof(*conn->tx.bv), GFP_KERNEL);
	if (!conn->tx.bv)
		goto err_free;
	conn->ctls = tiscsi_exact_alloc(TISCSI_CTL_SLOTS, sizeof(*conn->ctls));
	if (!conn->ctls)
		goto err_bv;
	for (i = 0; i < TISCSI_CTL_SLOTS; i++) {
		conn->ctls[i].item.ctl = true;
		list_add_tail(&conn->ctls[i].item.node, &conn->ctl_free);
	}
	conn->ctl_nr_free = TISCSI_CTL_SLOTS;

	conn->flat_cap = min_t(u32, conn->params.mrdsl_in, TISCSI_FLAT_FIRST);
	conn->flat = kvmalloc(conn->flat_cap, GFP_KERNEL);
	if (!conn->flat)
		goto err_ctls;
	if (tiscsi_cmd_alloc_slots(conn, depth))
		goto err_flat;
	conn->counter = tiscsi_tcm_counter_alloc();
	if (!conn->counter)
		goto err_slots;
	return conn;

err_slots:
	tiscsi_cmd_free_slots(conn);
err_flat:
	kvfree(conn->flat);
err_ctls:
	tiscsi_exact_free(conn->ctls, TISCSI_CTL_SLOTS, sizeof(*conn->ctls));
err_bv:
	kfree(conn->tx.bv);
err_free:
	kfree(conn);
	return NULL;
}

/**
 * tiscsi_conn_free - the memory goes
 * @conn: its thread never ran, or was joined and the counter has drained
 *
 * The head of session.c says why nobody finds the connection any more. What hangs on it:
 * slots and control PDUs are in queues of the thread's only, and target_core has none of
 * them, because each was counted; TCP holds references of its own on pages that it has to
 * send, and none on the text, the flat buffer or the login response, which it copies.
 */
void tiscsi_conn_free(struct tiscsi_conn *conn)
{
	u32 i;

	for (i = 0; i < TISCSI_CTL_SLOTS; i++)
		kvfree(conn->ctls[i].big);
	tiscsi_tcm_counter_free(conn->counter);
	if (conn->task)
		put_task_struct(conn->task);
	tiscsi_order_free(conn);
	tiscsi_cmd_free_slots(conn);
	tiscsi_stage_free(conn);
	kvfree(conn->text_out);
	kvfree(conn->text.buf);
	kvfree(conn->flat);
	tiscsi_exact_free(conn->ctls, TISCSI_CTL_SLOTS, sizeof(*conn->ctls));
	kfree(conn->tx.bv);
	kfree(conn->login_pdu);
	kfree(conn);
}

/* -- timers: one tick a second while the thread is awake for it -- */

static unsigned long tiscsi_attr_jiffies(const u32 *attr)
{
	return (unsigned long)READ_ONCE(*attr) * HZ;
}

static void tiscsi_conn_ping(struct tiscsi_conn *conn)
{
	struct tiscsi_ctl *ctl = tiscsi_ctl_get(conn);

	if (!ctl)
		return;
	/* A tag of its own, so that an answer to an older ping is told apart. */
	if (++conn->next_ttt == ICORE_RTAG)
		conn->next_ttt = 0;
	conn->ping_ttt = conn->next_ttt;
	conn->ping_out = true;
	conn->ping_sent = jiffies;
	icore_enc_nop_in(&ctl->bhs, tiscsi_no_lun, ICORE_RTAG, conn->ping_ttt, 0);
	ctl->stamp_status = false;
	tiscsi_ctl_send(conn, ctl, true);
}

static void tiscsi_conn_count_timeout(struct tiscsi_conn *conn)
{
	struct tiscsi_sess *sess = conn->sess;

	sess->timeout_errors++;
	tiscsi_stats_session_fail(&sess->pg->target->stats, TISCSI_SESS_FAIL_TIMEOUT,
				  sess->initiator);
}

static void tiscsi_conn_tick_nop(struct tiscsi_conn *conn)
{
	const struct tiscsi_nacl_attrib *attr = conn->sess->attr;
	unsigned long idle = tiscsi_attr_jiffies(&attr->nopin_timeout);
	unsigned long wait = tiscsi_attr_jiffies(&attr->nopin_response_timeout);

	if (conn->ping_out) {
		/* Anything that arrived since is a sign of life. */
		if (time_after(conn->last_rx, conn->ping_sent)) {
			conn->ping_out = false;
		} else if (time_after(jiffies, conn->ping_sent + wait)) {
			tiscsi_conn_count_timeout(conn);
			tiscsi_conn_close(conn, "initiator did not answer a NOP-In in time");
		}
		return;
	}
	if (idle && time_after(jiffies, conn->last_rx + idle))
		tiscsi_conn_ping(conn);
}

/* Follow cpus_allowed_list; a list that names no usable processor is ignored. */
static void tiscsi_conn_place(struct tiscsi_conn *conn)
{
	unsigned int seq = tiscsi_tcm_cpus_seq();
	cpumask_var_t mask;

	if (seq == conn->cpus_seq || !alloc_cpumask_var(&mask, GFP_KERNEL))
		return;
	conn->cpus_seq = seq;
	tiscsi_tcm_cpus(mask);
	set_cpus_allowed_ptr(current, mask);
	free_cpumask_var(mask);
}

static void tiscsi_conn_tick(struct tiscsi_conn *conn)
{
	const struct tiscsi_nacl_attrib *attr = conn->sess->attr;
	unsigned long owed = tiscsi_attr_jiffies(&attr->dataout_timeout) *
			     READ_ONCE(attr->dataout_timeout_retries);
	struct tiscsi_cmd *cmd;

	tiscsi_conn_place(conn);
	tiscsi_tmf_scan_aborted(conn);
	list_for_each_entry(cmd, &conn->collect, node) {
		if (icore_wseq_waiting(&cmd->ws) &&
		    time_after(jiffies, cmd->data_since + owed)) {
			tiscsi_conn_count_timeout(conn);
			tiscsi_conn_drop(conn, "initiator owes write data for too long");
			return;
		}
	}
	if (conn->tx.pending && time_after(jiffies, conn->tx.progress + TISCSI_TX_STALL)) {
		tiscsi_conn_count_timeout(conn);
		tiscsi_conn_close(conn, "initiator does not read");
		return;
	}
	tiscsi_order_tick(conn);
	tiscsi_stage_tick(conn);
	tiscsi_async_tick(conn);
	tiscsi_conn_tick_nop(conn);
}

/* -- the turn -- */

/* By whomever: the socket says. A send to one that was closed may be the first to see it. */
static void tiscsi_conn_lost(struct tiscsi_conn *conn)
{
	if (tiscsi_sock_timed_out(conn->sock_error))
		tiscsi_conn_count_timeout(conn);
	tiscsi_conn_close(conn, tiscsi_sock_reason(conn->sock_error));
}

/* The final login response, which no batch may overtake. */
static bool tiscsi_conn_send_login(struct tiscsi_conn *conn)
{
	int ret;

	while (conn->login_pdu_off < conn->login_pdu_len) {
		ret = tiscsi_sock_send(conn->sock, conn->login_pdu + conn->login_pdu_off,
				       conn->login_pdu_len - conn->login_pdu_off);
		if (ret == -EAGAIN)
			return false;
		if (ret <= 0) {
			conn->sock_error = ret;
			tiscsi_conn_lost(conn);
			return false;
		}
		conn->login_pdu_off += ret;
	}
	kfree(conn->login_pdu);
	conn->login_pdu = NULL;
	tiscsi_conn_advance(conn, TISCSI_CONN_FFP);
	return true;
}

/* A window that opened while nothing is on its way must be told (11.4.11). */
static void tiscsi_conn_tell_window(struct tiscsi_conn *conn)
{
	struct tiscsi_ctl *ctl;

	if (conn->state != TISCSI_CONN_FFP || conn->tx.pending ||
	    conn->advertised_max == icore_window_max(&conn->sess->window))
		return;
	ctl = tiscsi_ctl_get(conn);
	if (!ctl)
		return;
	icore_enc_nop_in(&ctl->bhs, tiscsi_no_lun, ICORE_RTAG, ICORE_RTAG, 0);
	ctl->stamp_status = false;
	tiscsi_ctl_send(conn, ctl, true);
}

static bool tiscsi_conn_send(struct tiscsi_conn *conn)
{
	enum tiscsi_io io = tiscsi_tx_run(conn);

	if (io == TISCSI_IO_IDLE) {
		tiscsi_conn_tell_window(conn);
		if (!list_empty(&conn->tx_urgent))
			io = tiscsi_tx_run(conn);
	}
	if (io == TISCSI_IO_CLOSED) {
		tiscsi_conn_lost(conn);
	} else if (io == TISCSI_IO_IDLE && conn->state == TISCSI_CONN_LOGOUT) {
		conn->clean = true;
		tiscsi_conn_close(conn, "logout");
	}
	return io == TISCSI_IO_MORE;
}

/* Of a stream that cannot be read on. */
static const char *tiscsi_conn_rx_reason(struct tiscsi_conn *conn)
{
	struct tiscsi_target_stats *st = &conn->sess->pg->target->stats;

	switch (conn->rx.fail) {
	case ICORE_RX_FAIL_HEADER_DIGEST:
		conn->sess->digest_errors++;
		tiscsi_report_digest(conn, "header digest");
		tiscsi_stats_session_fail(st, TISCSI_SESS_FAIL_DIGEST, conn->sess->initiator);
		break;
	default:
		tiscsi_stats_session_fail(st, TISCSI_SESS_FAIL_FORMAT, conn->sess->initiator);
		break;
	}
	return icore_rx_fail_name(conn->rx.fail);
}

/* A format error ends the session, with no way back (7.7); a lost connection may return. */
static void tiscsi_conn_rx_over(struct tiscsi_conn *conn)
{
	const char *reason;

	if (conn->rx.fail == ICORE_RX_FAIL_NONE) {
		tiscsi_conn_lost(conn);
		return;
	}
	reason = tiscsi_conn_rx_reason(conn);
	if (conn->rx.fail != ICORE_RX_FAIL_HEADER_DIGEST)
		tiscsi_sess_finish(conn->sess);
	tiscsi_conn_close(conn, reason);
}

/* May the initiator send a command? It knows what the last PDU has told. */
static void tiscsi_conn_watch_window(struct tiscsi_conn *conn)
{
	const struct icore_window *w = &conn->sess->window;
	const bool closed = conn->advertised_max + 1 == w->exp_cmdsn;

	if (likely(closed == !!conn->window_closed))
		return;
	if (!closed)
		tiscsi_lat_add(&conn->lat[TISCSI_LAT_WINDOW], conn->now - conn->window_closed);
	conn->window_closed = closed ? conn->now : 0;
}

/**
 * tiscsi_conn_turn - one round of work
 * @conn: the connection; I/O thread
 *
 * Return: true if there is more to do at once.
 */
static bool tiscsi_conn_turn(struct tiscsi_conn *conn)
{
	bool more = false;
	enum tiscsi_io io;
	u32 ctls;

	tiscsi_assert_io_thread(conn);
	clear_bit(TISCSI_EV_RX, &conn->events);
	clear_bit(TISCSI_EV_TX, &conn->events);
	clear_bit(TISCSI_EV_RELEASED, &conn->events);
	clear_bit(TISCSI_EV_CLEAR, &conn->events);
	clear_bit(TISCSI_EV_ASYNC, &conn->events);
	/* Pairs with test_and_set_bit() in tiscsi_conn_post(). */
	smp_mb__after_atomic();

	if (conn->login_pdu && !tiscsi_conn_send_login(conn))
		return false;

	conn->now = ktime_get_ns();
	tiscsi_cmd_collect_released(conn);
	tiscsi_cmd_take_mail(conn);

	if (unlikely(!llist_empty(&conn->clears)))
		tiscsi_clear_take(conn);
	if (unlikely(READ_ONCE(conn->logout_seconds) != conn->logout_asked))
		tiscsi_async_take(conn);

	if (conn->state == TISCSI_CONN_FFP) {
		io = tiscsi_ffp_receive(conn, TISCSI_RX_BUDGET);
		if (io == TISCSI_IO_CLOSED)
			tiscsi_conn_rx_over(conn);
		more = io == TISCSI_IO_MORE;
	}
	/* Writes that were carried out in this turn: their answers leave with it. */
	tiscsi_cmd_take_mail(conn);
	tiscsi_tmf_run_all(conn);
	ctls = conn->ctl_nr_free;
	tiscsi_conn_watch_window(conn);
	if (tiscsi_conn_send(conn))
		return true;
	/* Sending may have freed what a held PDU waits for. */
	return more || (conn->rx_hold && conn->ctl_nr_free > ctls);
}

static bool tiscsi_conn_has_mail(struct tiscsi_conn *conn)
{
	return READ_ONCE(conn->events) || !llist_empty(&conn->mail_list);
}

/* -- the end -- */

static void tiscsi_conn_log_end(struct tiscsi_conn *conn)
{
	struct tiscsi_sess *sess = conn->sess;
	const char *reason = READ_ONCE(conn->close_reason);

	if (READ_ONCE(conn->reinstated)) {
		tiscsi_report_conn_end(conn, "the connection is reinstated");
		tiscsi_log_peer(sess->initiator, &conn->peer, sess->pg->target->name,
				"connection %u of session %u is reinstated", conn->cid, sess->sid);
		return;
	}
	tiscsi_stats_logout(&sess->pg->target->stats, conn->clean);
	tiscsi_report_conn_end(conn, reason);
	if (conn->clean)
		return;
	tiscsi_log_peer(sess->initiator, &conn->peer, sess->pg->target->name,
			"session %u ended: %s", sess->sid, reason ? reason : "no reason given");
}

static void tiscsi_conn_teardown(struct tiscsi_conn *conn)
{
	tiscsi_async_farewell(conn);
	tiscsi_conn_advance(conn, TISCSI_CONN_CLOSING);
	tiscsi_conn_log_end(conn);
	if (conn->clean) {
		/* One PDU is still to be sent: no number can change any more. */
		tiscsi_conn_stamp(conn, &conn->farewell, true);
		tiscsi_sock_detach(conn->sock);
	} else {
		tiscsi_sock_release(conn->sock, !conn->graceful);
		conn->sock = NULL;
	}
	tiscsi_cmd_end_all(conn);
	tiscsi_tx_cleanup(conn);
	tiscsi_conn_advance(conn, TISCSI_CONN_DRAINING);
}

/*
 * Nobody tells us when another initiator's reset wants a write that waits for data, so a
 * thread that sleeps while there are such looks more often than the tick comes.
 */
static void tiscsi_conn_sleep(struct tiscsi_conn *conn, long longest)
{
	bool collecting = !list_empty(&conn->collect);
	long left = 1;

	if (collecting)
		longest = min_t(long, longest, TISCSI_SCAN_INTERVAL);
	set_current_state(TASK_IDLE);
	if (!tiscsi_conn_has_mail(conn))
		left = schedule_timeout(tiscsi_tmf_nap(conn, longest));
	__set_current_state(TASK_RUNNING);
	if (collecting && !left)
		tiscsi_tmf_scan_aborted(conn);
}

/*
 * A disk on this machine may be served by this machine: no allocation here may
 * wait for it to be written to.
 */
static int tiscsi_conn_thread(void *arg)
{
	struct tiscsi_conn *conn = arg;
	unsigned int noio = memalloc_noio_save();
	unsigned long next_tick = jiffies + HZ;

	conn->last_rx = jiffies;
	tiscsi_conn_place(conn);
	tiscsi_sock_attach(conn->sock, tiscsi_conn_notify, conn);
	while (!test_bit(TISCSI_EV_CLOSE, &conn->events)) {
		if (tiscsi_conn_turn(conn)) {
			cond_resched();
			continue;
		}
		if (time_after_eq(jiffies, next_tick)) {
			next_tick = jiffies + HZ;
			tiscsi_conn_tick(conn);
			if (!list_empty(&conn->tx_urgent))
				continue;
		}
		tiscsi_conn_sleep(conn, max_t(long, next_tick - jiffies, 1));
	}

	tiscsi_conn_teardown(conn);
	memalloc_noio_restore(noio);
	tiscsi_sess_reap(conn->sess);
	return 0;
}

/*
 * A woken thread of the batch policy runs when the one on its processor has to wait or has
 * used up its slice. What sends to us, on this machine or from the network, thus gets to
 * send all it has, and one turn serves it; a thread that runs at the first segment wakes
 * once per command at any queue depth.
 */
static void tiscsi_conn_schedule(struct task_struct *task)
{
	struct sched_attr attr = {
		.sched_policy = tiscsi_io_batch() ? SCHED_BATCH : SCHED_NORMAL,
		.sched_nice = tiscsi_io_nice(),
	};

	sched_setattr_nocheck(task, &attr);
}

/**
 * tiscsi_conn_start - give the connection its thread, not yet running
 * @conn: complete; conn->sock has no owner attached
 *
 * Return: 0, then the caller publishes the connection and wakes the thread in
 * one step (tiscsi_conn_wake() under the lock that others find it by), because
 * from the first wake on the thread may run to its end. Or a negative errno.
 */
int tiscsi_conn_start(struct tiscsi_conn *conn)
{
	struct task_struct *task;

	task = kthread_create(tiscsi_conn_thread, conn, "tiscsi/%u.%u", conn->sess->sid,
			      conn->cid);
	if (IS_ERR(task))
		return PTR_ERR(task);
	get_task_struct(task);
	tiscsi_conn_schedule(task);
	conn->task = task;
	conn->local = conn->sock->local;
	icore_rx_init(&conn->rx, conn->params.mrdsl_in);
	icore_rx_set_digests(&conn->rx, conn->params.header_digest, conn->params.data_digest,
			     conn->params.mrdsl_in);
	tiscsi_sock_tune(conn->sock, TISCSI_USER_TIMEOUT_MS);
	return 0;
}

void tiscsi_conn_farewell(struct tiscsi_conn *conn)
{
	struct {
		struct icore_bhs bhs;
		__le32 digest;
	} pdu = { .bhs = conn->farewell };

	if (!conn->sock)
		return;
	pdu.digest = icore_digest(&pdu.bhs, sizeof(pdu.bhs));
	/* A peer that has no room for 52 bytes does not read; it learns from the FIN. */
	tiscsi_sock_send(conn->sock, &pdu, conn->params.header_digest ?
			 sizeof(pdu.bhs) + sizeof(pdu.digest) : sizeof(pdu.bhs));
	tiscsi_sock_release(conn->sock, false);
	conn->sock = NULL;
}

/*
 * Wait until the thread function has returned; reaper only. The task stays until the
 * connection is freed: released commands and whoever finds the session wake it, and a wake
 * of a thread that has ended is nothing.
 */
void tiscsi_conn_join(struct tiscsi_conn *conn)
{
	kthread_stop(conn->task);
}
