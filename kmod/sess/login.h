/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Login slots: what a peer owns before it has proved anything.
 *
 * A slot belongs to one login worker for its whole life; all work on it runs
 * there, one item at a time, so it needs no lock. Others may set its @kill flag
 * and queue its work, while they hold a lock of a list that it is on.
 */
#ifndef TISCSI_LOGIN_H
#define TISCSI_LOGIN_H

#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/socket.h>
#include <linux/timer.h>

#include <tcm_iscsi/core.h>

#include "../net/net.h"

struct tiscsi_np;
struct tiscsi_pg;
struct tiscsi_sess;

/*
 * Seconds from accept to the final login response, whatever the peer does; as soon as
 * the portal group is known, its attribute login_timeout counts instead.
 */
#define TISCSI_LOGIN_TIMEOUT	15
/* A discovery session that asks nothing for this long is closed. */
#define TISCSI_DISCOVERY_IDLE	60
/* An authentication failure is answered this much later. */
#define TISCSI_AUTH_DELAY_MS	500

enum tiscsi_login_phase {
	TISCSI_LOGIN_NEGOTIATE,
	TISCSI_LOGIN_PARKED,	/* an older session must end first */
	TISCSI_LOGIN_DELAYED,	/* a refusal waits for its time */
	TISCSI_LOGIN_DISCOVERY,	/* full feature phase of a discovery session */
	TISCSI_LOGIN_FLUSH,	/* last answer is being sent, then close */
	TISCSI_LOGIN_OVER,	/* free_work is queued */
};

/**
 * struct tiscsi_login_mem - what a slot needs once the first byte has arrived
 * @core: the protocol machine
 * @rx: stream cursor
 * @in: text of requests
 * @out: text of answers
 * @data: data segment of the present request
 * @tx: PDU being sent, with digests if a discovery session agreed on them
 * @cred: wiped when the slot ends
 */
struct tiscsi_login_mem {
	struct icore_login core;
	struct icore_rx rx;
	char in[ICORE_LOGIN_TEXT_MAX];
	char out[ICORE_LOGIN_OUT_MAX];
	u8 data[ICORE_LOGIN_DSL];
	u8 tx[ICORE_BHS_LEN + ICORE_LOGIN_DSL + 4 + 2 * ICORE_DIGEST_LEN];
	struct icore_chap_cred cred;
};

/**
 * struct tiscsi_login - a login slot
 * @np: the portal it came through; counted
 * @np_node: in np->slots, under np->lock
 * @all_node: among those of all portals that have proved nothing (portal.c)
 * @sock: NULL once a session has taken it over
 * @peer: remote address, constant
 * @worker: constant
 * @work: look at the slot
 * @timer: sets @expired and queues @work; what the time was for, @phase says
 * @began: jiffies of accept, constant
 * @free_work: runs after everything queued before it: nobody refers to the slot
 * @phase: worker only
 * @kill: set under np->lock or pg->lock by whoever wants it gone
 * @leaving: told to make room; under tiscsi_slots_lock (portal.c)
 * @expired: the timer has fired
 * @attached: the socket tells us its events; worker only
 * @proven: a complete, valid PDU has arrived; under np->lock
 * @mem: allocated with the first byte
 * @pg: bound portal group; counted by tiscsi_pg_get()
 * @wait_node: in tiscsi_sess.waiters, under pg->lock
 * @waiting: it is on that list
 * @waited: it has been there to reinstate a connection
 * @sess: session that it owns to give it a connection; set by the reaper under
 *	pg->lock, with @waiting cleared
 * @digests: a discovery session's digests are in effect on the receiving side
 * @tx_len: bytes in mem->tx
 * @tx_off: of these, sent
 * @disc: discovery session's state, or NULL
 * @tsih: of the discovery session, or 0
 * @sid: of the session that it became, or 0
 * @agreed: the negotiation is over, what remains is up to us
 * @open: an unnamed discovery session that others can find; under np->lock
 * @disc_node: in tiscsi_pg.discoveries: a named one; under pg->lock
 */
struct tiscsi_login {
	struct tiscsi_np *np;
	struct list_head np_node;
	struct list_head all_node;
	struct tiscsi_sock *sock;
	struct sockaddr_storage peer;
	struct kthread_worker *worker;
	struct kthread_work work;
	struct timer_list timer;
	unsigned long began;
	struct kthread_work free_work;
	enum tiscsi_login_phase phase;
	bool kill;
	bool leaving;
	bool expired;
	bool attached;
	bool proven;
	bool waiting;
	bool waited;
	bool digests;
	bool open;
	struct tiscsi_login_mem *mem;
	struct tiscsi_pg *pg;
	struct list_head wait_node;
	struct tiscsi_sess *sess;
	u32 tx_len;
	u32 tx_off;
	struct tiscsi_discovery *disc;
	u16 tsih;
	u32 sid;
	bool agreed;
	struct list_head disc_node;
};

/* A connection was accepted on @np, which the caller has counted for us. */
int tiscsi_login_start(struct tiscsi_np *np, struct tiscsi_sock *sock);
/* Look at the slot again. Caller holds the lock of a list that it is on. */
void tiscsi_login_kick(struct tiscsi_login *login);
/* End it soon. Same locking. */
void tiscsi_login_kill(struct tiscsi_login *login);

int tiscsi_login_init(void);
void tiscsi_login_exit(void);

/* -- discovery.c -- */

/*
 * A discovery login with a TSIH: never success, the status to refuse it with. Takes
 * np->lock or pg->lock.
 */
enum icore_login_status tiscsi_discovery_join(struct tiscsi_login *login, const char **reason);
/*
 * tiscsi_discovery_start - a discovery login succeeded: end an older session with the
 * same key, be found by younger ones. Return: 0; -EBUSY if a normal session must end
 * first (the login was queued on its waiters); another error.
 */
int tiscsi_discovery_start(struct tiscsi_login *login);
/* The slot is on no list any more. */
void tiscsi_discovery_free(struct tiscsi_login *login);
/* End named discovery sessions of an initiator port; pg->lock held. */
void tiscsi_discovery_end(struct tiscsi_pg *pg, const char *initiator, const u8 isid[6]);
/*
 * One request of a discovery session. Fills the slot's tx buffer. Return: false
 * if the session ends after the answer.
 */
bool tiscsi_discovery_pdu(struct tiscsi_login *login, const struct icore_pdu *pdu,
			  const u8 *data);

/**
 * tiscsi_sendtargets - the whole answer to one SendTargets
 * @kind: what was asked
 * @name: for ICORE_ST_NAME
 * @initiator: who asks
 * @own: the session's portal group for ICORE_ST_SELF, or NULL
 * @sock: that the request came through: portals of other namespaces are not told
 * @out: set to kvmalloc'ed text, the caller frees it
 * @len: its length
 *
 * May sleep. Return: 0 or -ENOMEM.
 */
int tiscsi_sendtargets(enum icore_st_kind kind, const char *name, const char *initiator,
		       struct tiscsi_pg *own, const struct tiscsi_sock *sock, char **out, u32 *len);

#endif /* TISCSI_LOGIN_H */
