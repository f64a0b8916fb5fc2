/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the socket room offers. Nothing here knows a LUN or a login key.
 *
 * Every operation on a connected socket is non-blocking. Waiting is the caller's
 * business: it is told by its notify function, which runs in softirq context
 * under the socket's sk_callback_lock and must only set a bit and wake.
 */
#ifndef TISCSI_NET_H
#define TISCSI_NET_H

#include <linux/net.h>
#include <linux/socket.h>
#include <linux/types.h>
#include <linux/uio.h>

#include <tcm_iscsi/core.h>

struct net;
struct sock;
struct tiscsi_conn;

#define TISCSI_SOCK_READ	0x1	/* bytes arrived */
#define TISCSI_SOCK_WRITE	0x2	/* room to send */
#define TISCSI_SOCK_CLOSED	0x4	/* peer closed, or an error */

typedef void (*tiscsi_notify_fn)(void *owner, unsigned int what);

/**
 * struct tiscsi_sock - a connected socket and who hears of it
 * @sock: the socket; owned
 * @notify: called under sk_callback_lock; NULL after tiscsi_sock_detach()
 * @owner: argument of @notify
 * @peer: remote address, never v4-mapped; constant
 * @local: local address as the socket names it; constant
 * @net_cookie: of its network namespace; constant
 */
struct tiscsi_sock {
	struct socket *sock;
	tiscsi_notify_fn notify;
	void *owner;
	struct sockaddr_storage peer;
	struct sockaddr_storage local;
	u64 net_cookie;
	void (*old_data_ready)(struct sock *sk);
	void (*old_write_space)(struct sock *sk);
	void (*old_state_change)(struct sock *sk);
};

void tiscsi_sock_attach(struct tiscsi_sock *s, tiscsi_notify_fn notify, void *owner);
void tiscsi_sock_detach(struct tiscsi_sock *s);
int tiscsi_sock_peek(struct tiscsi_sock *s);
int tiscsi_sock_recv(struct tiscsi_sock *s, void *buf, u32 len);
int tiscsi_sock_send(struct tiscsi_sock *s, const void *buf, u32 len);
bool tiscsi_sock_sent_all(const struct tiscsi_sock *s);
int tiscsi_sock_send_iter(struct tiscsi_sock *s, struct iov_iter *iter, bool more);
void tiscsi_sock_tune(struct tiscsi_sock *s, u32 user_timeout_ms);
const char *tiscsi_sock_reason(int error);
bool tiscsi_sock_timed_out(int error);
/* Valid as long as the socket is. */
struct net *tiscsi_sock_net(const struct tiscsi_sock *s);
/* The same, counted, and let go again. */
struct net *tiscsi_sock_hold_net(const struct tiscsi_sock *s);
void tiscsi_net_release(struct net *net);
/* Inode number of a namespace, as programs name it. */
u32 tiscsi_net_inode(const struct net *net);
void tiscsi_sock_release(struct tiscsi_sock *s, bool abort);

/* -- listen.c -- */

struct tiscsi_listener;

/*
 * tiscsi_listen_open - bind and listen on @addr in @net.
 * @notify(@owner, TISCSI_SOCK_READ) is called when a connection waits.
 * Sleeps. Return: the listener or an ERR_PTR.
 */
struct tiscsi_listener *tiscsi_listen_open(struct net *net, const struct sockaddr_storage *addr,
					   tiscsi_notify_fn notify, void *owner);
/* Next waiting connection, ERR_PTR(-EAGAIN) if none; the caller owns it. */
struct tiscsi_sock *tiscsi_listen_accept(struct tiscsi_listener *l);
/* After return the notify function is neither running nor called again. */
void tiscsi_listen_mute(struct tiscsi_listener *l);
/* Muted, and nobody accepts from it. */
void tiscsi_listen_close(struct tiscsi_listener *l);

/* -- netns.c: namespaces that nobody else uses any more -- */

/* A socket of ours holds @net from now on; it is about to let go. */
void tiscsi_net_count(const struct net *net);
void tiscsi_net_uncount(const struct net *net);
/* Only our sockets hold it. The caller has one of them. */
bool tiscsi_net_ended(struct net *net);
int tiscsi_net_init(void);
void tiscsi_net_exit(void);

/* -- rx.c, tx.c: full feature phase, called by the I/O thread only -- */

enum tiscsi_io {
	TISCSI_IO_IDLE,		/* nothing more to do now */
	TISCSI_IO_MORE,		/* the budget is used up */
	TISCSI_IO_BLOCKED,	/* waiting for room (tx) or for the owner (rx) */
	TISCSI_IO_CLOSED,	/* the connection is gone */
};

enum tiscsi_io tiscsi_rx_run(struct tiscsi_conn *conn, u32 budget);
enum tiscsi_io tiscsi_tx_run(struct tiscsi_conn *conn);
void tiscsi_tx_cleanup(struct tiscsi_conn *conn);

/*
 * Upcalls of rx.c, implemented by sess/ffp.c. Both run under the socket lock and
 * must not sleep. Return: true to go on, false to stop the pump so that the
 * I/O thread can look at conn->rx itself.
 */
bool tiscsi_ffp_rx_header(struct tiscsi_conn *conn);
bool tiscsi_ffp_rx_done(struct tiscsi_conn *conn);

#endif /* TISCSI_NET_H */
