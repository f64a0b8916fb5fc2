/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Connections in full feature phase.
 *
 * Contract. One kernel thread owns a connection from hand-over to its end; every
 * field that is not marked otherwise is touched by that thread alone and needs
 * no lock. Others may
 *   - set bits in @events and wake the thread, through tiscsi_conn_post() only;
 *   - add to @mail_list and @released (lockless lists), from upcalls;
 *   - read what is marked constant.
 * Socket callbacks run under sk_callback_lock and never take a reference; they
 * are detached under the same lock before the thread lets the socket go.
 *
 * Why nothing survives the free: the thread has returned and was joined, the
 * socket is released, the command counter has drained, so no upcall can run, and
 * the session has forgotten the connection, as the present and as a former one
 * (session.c); only then does the reaper free the memory.
 */
#ifndef TISCSI_CONN_H
#define TISCSI_CONN_H

#include <linux/bvec.h>
#include <linux/hashtable.h>
#include <linux/list.h>
#include <linux/llist.h>
#include <linux/lockdep.h>
#include <linux/sched.h>
#include <linux/uio.h>
#include <linux/workqueue.h>

#include <tcm_iscsi/core.h>

#include "lat.h"
#include "../net/net.h"

struct target_cmd_counter;
struct tiscsi_cmd;
struct tiscsi_sess;

/* Bits of tiscsi_conn.events. */
#define TISCSI_EV_RX		0	/* bytes may have arrived */
#define TISCSI_EV_TX		1	/* room may have come back */
#define TISCSI_EV_CLOSE		2	/* close, whatever the state */
#define TISCSI_EV_PEER_GONE	3	/* the socket says so */
#define TISCSI_EV_RELEASED	4	/* a slot came back that the thread waits for */
#define TISCSI_EV_CLEAR		5	/* another connection clears a task set */
#define TISCSI_EV_ASYNC		6	/* the administrator asks for a message */

enum tiscsi_conn_state {
	TISCSI_CONN_LOGIN,	/* the final login response is not sent */
	TISCSI_CONN_FFP,
	TISCSI_CONN_LOGOUT,	/* logged out; what was due before is being sent */
	TISCSI_CONN_CLOSING,	/* the socket is being given up */
	TISCSI_CONN_DRAINING,	/* socket gone; commands may still run */
	TISCSI_CONN_DEAD,
};

#define TISCSI_ITT_HASH_BITS	6
#define TISCSI_CTL_SLOTS	16	/* NOP, Text, Logout, Reject in flight */
#define TISCSI_CTL_INLINE	512	/* data that a control slot carries itself */
#define TISCSI_TX_BVECS		256
#define TISCSI_TX_PAGES		80	/* full arena pages of one batch */
#define TISCSI_TX_BATCH_BYTES	(256 * 1024)
#define TISCSI_TX_BATCH_PDUS	64
#define TISCSI_TX_DSL_MAX	(256 * 1024)	/* longest data segment that we send */
#define TISCSI_STAGE_PAGES	DIV_ROUND_UP(128 * 1024, PAGE_SIZE)	/* see stage.c */
#define TISCSI_FLAT_MAX		TISCSI_TX_DSL_MAX	/* data of a ping or text that is kept */

/**
 * struct tiscsi_txitem - something that waits to be sent, or is being sent
 * @node: in conn->tx_urgent, conn->tx_done or conn->tx.sent
 * @ctl: embedded in a struct tiscsi_ctl, else in a struct tiscsi_cmd
 */
struct tiscsi_txitem {
	struct list_head node;
	bool ctl;
};

/**
 * struct tiscsi_ctl - a control PDU to be sent
 * @item: place in a queue; on conn->ctl_free while unused
 * @bhs: encoded but for the numbers
 * @data: data segment: @inline_data, @big, or memory of the connection
 * @big: kvmalloc'ed, freed with the slot, or NULL
 * @dsl: bytes in @data
 * @stamp_status: takes a StatSN of its own
 */
struct tiscsi_ctl {
	struct tiscsi_txitem item;
	struct icore_bhs bhs;
	const u8 *data;
	u8 *big;
	u32 dsl;
	bool stamp_status;
	u8 inline_data[TISCSI_CTL_INLINE];
};

/* Where the payload of the current PDU goes. */
enum tiscsi_sink_kind {
	TISCSI_SINK_NONE,
	TISCSI_SINK_FLAT,
	TISCSI_SINK_CMD,
};

struct tiscsi_sink {
	enum tiscsi_sink_kind kind;
	u8 *flat;
	u32 flat_len;
	struct tiscsi_cmd *cmd;
	u32 cmd_off;		/* buffer offset of payload byte 0 */
	bool discard;		/* sequence the data, store nothing */
};

/**
 * struct tiscsi_txq - the present batch
 * @bv: fragments: arena headers and command pages, TISCSI_TX_BVECS of them
 * @nr: used entries of @bv
 * @bytes: in @bv
 * @pdus: in @bv
 * @iter: what TCP has not accepted yet
 * @pending: @iter is not empty
 * @sent: items to retire when the batch is out
 * @pages: full arena pages, to let go when the batch is out
 * @nr_pages: used entries of @pages
 * @arena: page that headers and small payloads are cut from
 * @arena_off: first free byte in @arena
 * @progress: jiffies when TCP last took something, while @pending
 */
struct tiscsi_txq {
	struct bio_vec *bv;
	u32 nr;
	u32 bytes;
	u32 pdus;
	struct iov_iter iter;
	bool pending;
	struct list_head sent;
	struct page *pages[TISCSI_TX_PAGES];
	u32 nr_pages;
	struct page *arena;
	u32 arena_off;
	unsigned long progress;
};

#define TISCSI_TOLD_MAX	16

/**
 * struct tiscsi_told - a unit attention that an Asynchronous Message has told of
 * @lun: number of the unit
 * @asc: additional sense code, 0 in an unused entry
 * @seen: it is still pending
 */
struct tiscsi_told {
	u64 lun;
	u8 asc;
	bool seen;
};

#define TISCSI_ABORTED_MAX	64

/**
 * struct tiscsi_aborted - an aborted write whose data may still come
 * @itt: its tag
 * @tmf: gen and slot of the task management function that waits for it, or 0
 * @owed: sequences whose F bit did not come yet
 */
struct tiscsi_aborted {
	u32 itt;
	u32 tmf;
	u16 owed;
};

/**
 * struct tiscsi_conn - one connection
 * @sess: constant
 * @sock: owned; NULL once the thread has let it go
 * @peer: remote address, constant
 * @local: local address as the socket names it; constant once the thread exists
 * @cid: constant
 * @began: jiffies of the login, constant
 * @params: negotiated; @params.mrdsl_out may change by Text Request
 * @task: the I/O thread; a reference is held until the reaper has joined it
 * @state: written by tiscsi_conn_advance() only, read anywhere with READ_ONCE
 * @events: atomic bits, any context
 * @mail_list: commands with mail, any context
 * @released: slots whose last reference is gone, any context
 * @clears: other connections' CLEAR TASK SET, any process context (clear.c)
 * @counter: target_core's count of commands in flight
 * @drained: no I/O thread any more: upcalls must finish commands themselves
 * @sock_error: negative errno of the socket, once it had one; I/O thread
 * @close_reason: static text, first writer wins (cmpxchg)
 * @announce: the end is the target's doing and to be told; set before the close
 * @logout_seconds: the initiator shall log out within that time; 0 means it need not
 * @reinstated: a login waits to continue the session; written under pg->lock
 * @former_node: in sess->formers while its commands drain, under pg->lock
 * @drain: the reaper's, like the next two: looks whether they have
 * @drain_tell: jiffies when that is told
 * @drain_told: it was
 */
struct tiscsi_conn {
	struct tiscsi_sess *sess;
	struct tiscsi_sock *sock;
	struct sockaddr_storage peer;
	struct sockaddr_storage local;
	u16 cid;
	unsigned long began;
	struct icore_params params;
	struct task_struct *task;

	unsigned long events ____cacheline_aligned_in_smp;
	struct llist_head mail_list;
	struct llist_head released;
	struct llist_head clears;
	int sock_error;
	const char *close_reason;
	bool announce;
	u16 logout_seconds;
	enum tiscsi_conn_state state;
	bool drained;
	bool reinstated;
	struct list_head former_node;
	struct delayed_work drain;
	unsigned long drain_tell;
	bool drain_told;

	struct icore_rx rx ____cacheline_aligned_in_smp;
	struct tiscsi_sink sink;
	bool rx_hold;		/* the pump stopped at a PDU for the thread */
	bool rx_data_done;	/* it is held behind its data segment */
	bool rx_resumed;	/* its command is submitted, its data is not in */
	u8 rx_reject;		/* reason to reject it with, or 0 */
	u32 rx_at_hand;		/* bytes that have arrived behind the header at hand */
	bool want_released;	/* something waits for slots; read by the released upcall */
	struct tiscsi_cmd *rx_wait;	/* write whose buffer rx waits for */
	u32 statsn;
	u32 exp_statsn;
	u64 rsp_pdus;		/* statistics, read by others unlocked */
	u64 tx_octets;
	u64 rx_octets;
	u64 now;		/* ns, see lat.h */
	u64 window_closed;	/* ns when it was, or 0 */
	struct tiscsi_lat lat[TISCSI_LAT_KINDS];

	struct target_cmd_counter *counter;
	atomic64_t data_bytes;		/* kmod/tcm's: of @counter's commands */
	struct tiscsi_cmd **blocks;	/* of slots; see slots.c */
	u32 nr_cmds;
	u32 max_cmds;
	u32 in_use;			/* slots that are not free */
	struct page *stage[TISCSI_STAGE_PAGES];	/* stage.c's, like the next four */
	u32 nr_stage;			/* of them free */
	u32 max_stage;			/* free or at a command */
	bool stage_missed;
	bool stage_used;
	u32 immediates;
	struct tiscsi_cmd *free;	/* private stack, linked by free_node */
	DECLARE_HASHTABLE(itt_hash, TISCSI_ITT_HASH_BITS);
	struct list_head ready;
	struct list_head collect;
	struct list_head execute;	/* data complete or failed: act outside the lock */
	struct list_head tx_r2t;
	struct list_head tx_done;	/* finished work, in completion order */
	struct list_head tx_urgent;	/* Reject, NOP-In */
	struct list_head tmfs;		/* task management that is under way */
	struct list_head early;		/* requests that wait for their turn */
	u32 early_bytes;
	unsigned long gap_since;	/* jiffies of the last progress while any waits */
	u32 next_seq;
	struct list_head ctl_free;
	struct tiscsi_ctl *ctls;
	u32 ctl_nr_free;
	struct tiscsi_txq tx;
	u8 cdb_buf[ICORE_CDB_MAX];
	u8 *flat;		/* data of the NOP-Out or Text Request at hand */
	u32 flat_cap;
	u32 rejects;		/* since rejects_since */
	unsigned long rejects_since;
	const u8 *hdr;		/* header of the request at hand */
	u32 hdr_len;

	/* text negotiation in full feature phase */
	struct icore_text text;
	u32 text_itt;
	u32 text_ttt;
	u32 text_mrdsl;		/* the initiator's new limit, or 0 */
	char *text_out;
	u32 text_out_len;
	u32 text_out_pos;

	/* liveness and what the ACL's info file shows */
	unsigned long last_rx;
	unsigned long ping_sent;
	u32 ping_ttt;
	bool ping_out;
	u32 advertised_max;	/* MaxCmdSN in the last PDU sent */
	u32 last_itt;
	u32 last_ttt;
	u32 next_ttt;
	struct tiscsi_aborted aborted[TISCSI_ABORTED_MAX];
	u32 aborted_next;
	bool clean;		/* logged out: a normal end */
	struct icore_bhs farewell;	/* the logout response, in state LOGOUT */
	bool graceful;		/* what was sent last shall arrive: FIN, not RST */
	u16 logout_asked;	/* logout_seconds that was told */
	unsigned long logout_by;
	struct tiscsi_told told[TISCSI_TOLD_MAX];

	unsigned int cpus_seq;	/* cpus_allowed_list that the thread follows */

	/* final login response, sent by the thread */
	u8 *login_pdu;
	u32 login_pdu_len;
	u32 login_pdu_off;
};

/*
 * The contract above, where lockdep is there to check it. Before its thread begins a
 * connection is its creator's, after the thread was joined the reaper's.
 */
static inline void tiscsi_assert_io_thread(const struct tiscsi_conn *conn)
{
	lockdep_assert(current == conn->task);
}

/* Of PDUs that concern no unit. */
extern const u8 tiscsi_no_lun[8];

struct tiscsi_conn *tiscsi_conn_alloc(struct tiscsi_sess *sess, const struct icore_params *params,
				      u32 depth);
void tiscsi_conn_free(struct tiscsi_conn *conn);
int tiscsi_conn_start(struct tiscsi_conn *conn);
void tiscsi_conn_join(struct tiscsi_conn *conn);
/* Send the logout response, if it is due, and let the socket go. Reaper only. */
void tiscsi_conn_farewell(struct tiscsi_conn *conn);
/* Set an event bit and wake the thread. Any context. */
void tiscsi_conn_post(struct tiscsi_conn *conn, unsigned int event);
void tiscsi_conn_wake(struct tiscsi_conn *conn);
/* Ask for the end; the first reason is kept for the log. Any context. */
void tiscsi_conn_close(struct tiscsi_conn *conn, const char *reason);
/* The same, and the initiator is told first if it can be (RFC 7143 4.2.6). */
void tiscsi_conn_drop(struct tiscsi_conn *conn, const char *reason);
bool tiscsi_conn_advance(struct tiscsi_conn *conn, enum tiscsi_conn_state to);

/* Sequence numbers for a PDU that is about to be put on the wire. */
void tiscsi_conn_stamp(struct tiscsi_conn *conn, struct icore_bhs *bhs, bool status);

/* Control slots. */
struct tiscsi_ctl *tiscsi_ctl_get(struct tiscsi_conn *conn);
void tiscsi_ctl_put(struct tiscsi_conn *conn, struct tiscsi_ctl *ctl);
void tiscsi_ctl_send(struct tiscsi_conn *conn, struct tiscsi_ctl *ctl, bool urgent);

#endif /* TISCSI_CONN_H */
