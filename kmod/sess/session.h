/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sessions. A session belongs to one portal group. At ErrorRecoveryLevel 0 with
 * one connection it lives until that connection has drained, or longer if a login
 * waits by then to reinstate the connection.
 */
#ifndef TISCSI_SESSION_H
#define TISCSI_SESSION_H

#include <linux/completion.h>
#include <linux/list.h>
#include <linux/socket.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include <tcm_iscsi/core.h>

#include "ua.h"

struct se_session;
struct tiscsi_conn;
struct tiscsi_login;
struct tiscsi_nacl_attrib;
struct tiscsi_pg;

/* States only move forward. */
enum tiscsi_sess_state {
	TISCSI_SESS_LOGIN,	/* the leading login is being finished */
	TISCSI_SESS_ACTIVE,	/* operational: its connection works, drains or comes back */
	TISCSI_SESS_CLOSING,	/* told to end, or nobody came to continue it */
	TISCSI_SESS_DEAD,	/* target_core has forgotten it */
};

struct tiscsi_sess_past {
	u64 rsp_pdus;
	u64 tx_octets;
	u64 rx_octets;
};

/**
 * struct tiscsi_sess - one session
 * @pg: its portal group; counted by tiscsi_pg_get()
 * @pg_node: in pg->sessions, under pg->lock
 * @initiator: normalised InitiatorName, constant
 * @initiator_alias: as declared, constant; escape before printing
 * @isid: constant
 * @tsih: constant, unique in the module, never 0
 * @sid: its number, never 0 and not used again soon (admin.c); constant
 * @net_cookie: network namespace that it came from; constant
 * @dynamic: its initiator has no ACL of its own; set with @se_sess
 * @se_sess: target_core's half; set before the session is published, gone in DEAD
 * @attr: attributes of its node ACL; valid while @se_sess is
 * @close_done: kmod/tcm's: target_core's close_session() has returned
 * @params: negotiated by the leading login, constant; conn->params has those of the
 *	present connection
 * @authenticated: the leading login did CHAP, constant
 * @user: with this CHAP name, constant
 * @cid: of its only connection, constant
 * @state: under pg->lock
 * @lock: @conn, @peer and @past for those who have no pg->lock; nested in it; leaf
 * @conn: the connection, or NULL before the first and between two; changes with
 *	both locks held
 * @peer: of the present or last connection
 * @past: counted by former connections
 * @waiters: logins that wait for the session or its connection to end, under
 *	pg->lock
 * @formers: connections of before whose commands still run, under pg->lock
 * @nr_formers: how many; under pg->lock
 * @drains: it has neither connection nor login: the last of @formers ends it, unless a
 *	login comes to continue it; under pg->lock
 * @replaced: and a newer session of this initiator port has its place; under pg->lock
 * @fenced: it has @formers, or has itself replaced one that may have; set under pg->lock
 * @ua: unit attentions that the fabric owes; own lock
 * @window: owned by the connection's I/O thread; others read it unlocked, for show
 * @cmd_pdus: statistics, written by the I/O thread only (like the next two)
 * @work: the reaper's
 */
struct tiscsi_sess {
	struct tiscsi_pg *pg;
	struct list_head pg_node;
	char initiator[ICORE_NAME_MAX + 1];
	char initiator_alias[ICORE_ALIAS_MAX + 1];
	u8 isid[6];
	u16 tsih;
	u32 sid;
	u64 net_cookie;
	bool dynamic;
	struct se_session *se_sess;
	const struct tiscsi_nacl_attrib *attr;
	struct completion close_done;
	struct icore_params params;
	bool authenticated;
	char user[ICORE_SECRET_MAX + 1];
	u16 cid;
	enum tiscsi_sess_state state;
	spinlock_t lock;	/* conn, peer, past */
	struct tiscsi_conn *conn;
	struct sockaddr_storage peer;
	struct tiscsi_sess_past past;
	struct list_head waiters;
	struct list_head formers;
	u32 nr_formers;
	bool drains;
	bool replaced;
	bool fenced;
	struct tiscsi_ua ua;

	struct icore_window window;
	u64 cmd_pdus;
	u32 digest_errors;
	u32 timeout_errors;

	struct work_struct work;
};

/*
 * Ask for the end of a session: never waits, any process context. The session
 * of a target_core se_session is looked up by pointer only, because target_core
 * calls close_session() without a reference.
 */
void tiscsi_sess_close(struct tiscsi_sess *sess, const char *reason);
void tiscsi_sess_close_se(struct tiscsi_pg *pg, struct se_session *se_sess, const char *reason);

/*
 * Both under pg->lock, from process context; they never wait. request_logout: the
 * initiator is asked to log out (Asynchronous Message, event 1) and dropped if it has not
 * after @seconds (1 to 65535). Return: 0, or -ENOTCONN while the session has no connection.
 * drop: it is told and dropped (event 3).
 */
int tiscsi_sess_request_logout(struct tiscsi_sess *sess, u16 seconds);
void tiscsi_sess_drop(struct tiscsi_sess *sess, const char *reason);
/* Its connection ends by itself, and no other may continue it; process context. */
void tiscsi_sess_finish(struct tiscsi_sess *sess);

/* The session of an initiator port that was not replaced, or NULL; pg->lock held. */
struct tiscsi_sess *tiscsi_sess_find(struct tiscsi_pg *pg, const char *initiator,
				     const u8 isid[6]);

/**
 * struct tiscsi_sess_info - a snapshot for the ACL's info file and statistics
 */
struct tiscsi_sess_info {
	char initiator[ICORE_NAME_MAX + 1];
	char initiator_alias[ICORE_ALIAS_MAX + 1];
	u8 isid[6];
	u16 tsih;
	u32 sid;
	u16 cid;
	bool logged_in;		/* session and connection are in full feature phase */
	u32 window;		/* commands the window has in all */
	u32 exp_cmdsn;
	u32 max_cmdsn;
	u32 last_itt;
	u32 last_ttt;
	u32 statsn;
	struct sockaddr_storage peer;
	struct icore_params params;
	u64 cmd_pdus;
	u64 rsp_pdus;
	u64 tx_octets;
	u64 rx_octets;
	u32 digest_errors;
	u32 timeout_errors;
	u32 age;		/* s since the login of the connection, 0 without one */
	u32 idle;		/* ms since anything came over it */
	u32 in_flight;		/* command slots in use */
};

/*
 * tiscsi_sess_snapshot - copy what may be shown of @sess. Does not sleep; the
 * caller guarantees that the session is alive (it holds nacl_sess_lock and read
 * se_sess->fabric_sess_ptr under it, or it holds pg->lock). Between two connections
 * it shows the last one, not logged in.
 */
void tiscsi_sess_snapshot(struct tiscsi_sess *sess, struct tiscsi_sess_info *info);

/*
 * tiscsi_sess_start - a login succeeded: create session, connection and I/O
 * thread, publish them, hand the socket over. Called by the login worker.
 * Return: 0; -EBUSY if an older session of this initiator port must end first
 * (the login was queued on its waiters and will be kicked); other errors end the
 * login with *@status.
 */
int tiscsi_sess_start(struct tiscsi_login *login, enum icore_login_status *status,
		      const char **reason);

/* Run on the reaper's workqueue, which outlives every session. Any context. */
void tiscsi_sess_queue_work(struct work_struct *work);

/* The I/O thread's last act, or that of a login that owned it: the reaper takes over. */
void tiscsi_sess_reap(struct tiscsi_sess *sess);

/* Why a login is refused that a drain has overtaken. */
extern const char *const tiscsi_draining;

/* A TSIH that no session in the module has, or a negative errno. */
int tiscsi_tsih_get(void);
void tiscsi_tsih_put(u16 tsih);

/* -- reinstate.c: a login with a TSIH -- */

/*
 * tiscsi_sess_may_join - the names are known: may this login go on? Gives the login
 * the window of the session for its answers. Takes tiscsi_mutex.
 */
enum icore_login_status tiscsi_sess_may_join(struct tiscsi_pg *pg, struct icore_login *core,
					     const char **reason);
/* tiscsi_sess_continue - like tiscsi_sess_start(), for such a login. */
int tiscsi_sess_continue(struct tiscsi_login *login, enum icore_login_status *status,
			 const char **reason);
/* Reaper: @conn is over and its session may go on. */
void tiscsi_sess_settle(struct tiscsi_sess *sess, struct tiscsi_conn *conn);
/*
 * Reaper: give a session without connection to the newest login that waits for it, or else
 * to its former connections. False if there is neither: it has to end.
 */
bool tiscsi_sess_hand_over(struct tiscsi_sess *sess);

/* -- session.c, for reinstate.c and discovery.c -- */
/*
 * A connection with its thread, which waits for tiscsi_sess_publish(), from a login that
 * has succeeded; or ERR_PTR(), then the login keeps its socket and may refuse. The
 * session's window is set. May sleep.
 */
struct tiscsi_conn *tiscsi_sess_build_conn(struct tiscsi_sess *sess, struct tiscsi_login *login,
					   const struct icore_params *params);
void tiscsi_sess_publish(struct tiscsi_sess *sess, struct tiscsi_conn *conn);
/*
 * End @sess for the sake of @login; pg->lock held. True if it gives way at once, else
 * @login waits for it.
 */
bool tiscsi_sess_replace(struct tiscsi_sess *sess, struct tiscsi_login *login);
/* Let the logins that wait go on; pg->lock held. */
void tiscsi_sess_release(struct tiscsi_sess *sess);

int tiscsi_sess_init(void);
void tiscsi_sess_exit(void);

#endif /* TISCSI_SESSION_H */
