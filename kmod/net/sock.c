// SPDX-License-Identifier: GPL-2.0
/*
 * Connected sockets.
 *
 * Callback contract: the three callbacks run in softirq context with
 * sk_callback_lock held for reading. tiscsi_sock_attach() and _detach() write
 * notify and owner under the same lock for writing, so after detach no callback
 * runs with the old owner, and no reference needs to be taken here.
 */
#include <linux/slab.h>
#include <linux/tcp.h>
#include <net/sock.h>
#include <net/tcp.h>

#include "net.h"

static void tiscsi_sock_tell(struct sock *sk, unsigned int what)
{
	struct tiscsi_sock *s = sk->sk_user_data;

	if (s && s->notify)
		s->notify(s->owner, what);
}

static void tiscsi_sock_data_ready(struct sock *sk)
{
	read_lock_bh(&sk->sk_callback_lock);
	tiscsi_sock_tell(sk, TISCSI_SOCK_READ);
	read_unlock_bh(&sk->sk_callback_lock);
}

static void tiscsi_sock_write_space(struct sock *sk)
{
	read_lock_bh(&sk->sk_callback_lock);
	if (sk_stream_is_writeable(sk)) {
		clear_bit(SOCK_NOSPACE, &sk->sk_socket->flags);
		tiscsi_sock_tell(sk, TISCSI_SOCK_WRITE);
	}
	read_unlock_bh(&sk->sk_callback_lock);
}

static void tiscsi_sock_state_change(struct sock *sk)
{
	read_lock_bh(&sk->sk_callback_lock);
	switch (sk->sk_state) {
	case TCP_FIN_WAIT1:
	case TCP_FIN_WAIT2:
	case TCP_CLOSE_WAIT:
	case TCP_LAST_ACK:
	case TCP_CLOSING:
	case TCP_CLOSE:
		tiscsi_sock_tell(sk, TISCSI_SOCK_CLOSED);
		break;
	default:
		break;
	}
	read_unlock_bh(&sk->sk_callback_lock);
}

/**
 * tiscsi_sock_attach - hear of a socket's events
 * @s: the socket
 * @notify: see struct tiscsi_sock
 * @owner: its argument
 *
 * Also moves a socket from one owner to the next. The new owner must look at the
 * socket once by itself: what happened before the call is not told again.
 * Process context.
 */
void tiscsi_sock_attach(struct tiscsi_sock *s, tiscsi_notify_fn notify, void *owner)
{
	struct sock *sk = s->sock->sk;

	write_lock_bh(&sk->sk_callback_lock);
	s->notify = notify;
	s->owner = owner;
	sk->sk_user_data = s;
	sk->sk_data_ready = tiscsi_sock_data_ready;
	sk->sk_write_space = tiscsi_sock_write_space;
	sk->sk_state_change = tiscsi_sock_state_change;
	write_unlock_bh(&sk->sk_callback_lock);
}

/**
 * tiscsi_sock_detach - hear no more; idempotent
 * @s: the socket
 *
 * On return no callback with the former owner is running. Process context.
 */
void tiscsi_sock_detach(struct tiscsi_sock *s)
{
	struct sock *sk = s->sock->sk;

	write_lock_bh(&sk->sk_callback_lock);
	s->notify = NULL;
	s->owner = NULL;
	sk->sk_user_data = NULL;
	sk->sk_data_ready = s->old_data_ready;
	sk->sk_write_space = s->old_write_space;
	sk->sk_state_change = s->old_state_change;
	write_unlock_bh(&sk->sk_callback_lock);
}

/**
 * tiscsi_sock_peek - is there a byte to read?
 * @s: the socket
 *
 * Return: 1, 0 if the peer has closed, -EAGAIN if nothing is there, or another
 * negative errno.
 */
int tiscsi_sock_peek(struct tiscsi_sock *s)
{
	struct msghdr msg = { .msg_flags = MSG_DONTWAIT | MSG_NOSIGNAL | MSG_PEEK };
	u8 byte;
	struct kvec iov = { .iov_base = &byte, .iov_len = 1 };

	return kernel_recvmsg(s->sock, &msg, &iov, 1, 1, msg.msg_flags);
}

/**
 * tiscsi_sock_recv - take what is there
 * @s: the socket
 * @buf: kernel memory
 * @len: its size
 *
 * Return: bytes, 0 if the peer has closed, -EAGAIN if nothing is there, or
 * another negative errno. Never waits for the peer.
 */
int tiscsi_sock_recv(struct tiscsi_sock *s, void *buf, u32 len)
{
	struct msghdr msg = { .msg_flags = MSG_DONTWAIT | MSG_NOSIGNAL };
	struct kvec iov = { .iov_base = buf, .iov_len = len };

	return kernel_recvmsg(s->sock, &msg, &iov, 1, len, msg.msg_flags);
}

/**
 * tiscsi_sock_send - hand over what fits
 * @s: the socket
 * @buf: kernel memory, copied
 * @len: how much
 *
 * Return: bytes, -EAGAIN if there is no room (the owner will hear of
 * TISCSI_SOCK_WRITE), or another negative errno.
 */
int tiscsi_sock_send(struct tiscsi_sock *s, const void *buf, u32 len)
{
	struct msghdr msg = { .msg_flags = MSG_DONTWAIT | MSG_NOSIGNAL };
	struct kvec iov = { .iov_base = (void *)buf, .iov_len = len };

	return kernel_sendmsg(s->sock, &msg, &iov, 1, len);
}

/**
 * tiscsi_sock_sent_all - nothing waits to be sent or acknowledged
 * @s: the socket
 *
 * After -EAGAIN of a send it means that memory was short, not room: no
 * acknowledgment will come that could tell of room.
 */
bool tiscsi_sock_sent_all(const struct tiscsi_sock *s)
{
	return !READ_ONCE(s->sock->sk->sk_wmem_queued);
}

/**
 * tiscsi_sock_send_iter - hand over pages without copying
 * @s: the socket
 * @iter: bvec iterator, advanced by what was taken; no page may be slab memory
 * @more: another call follows soon
 *
 * TCP holds its own references on the pages it took, so the caller may let go of
 * everything that the iterator has passed. Return: as tiscsi_sock_send().
 */
int tiscsi_sock_send_iter(struct tiscsi_sock *s, struct iov_iter *iter, bool more)
{
	return tiscsi_compat_send_pages(s->sock, iter,
					MSG_DONTWAIT | MSG_NOSIGNAL | (more ? MSG_MORE : 0));
}

/**
 * tiscsi_sock_tune - options of a connection in full feature phase
 * @s: the socket
 * @user_timeout_ms: give up when sent data stays unacknowledged that long
 */
void tiscsi_sock_tune(struct tiscsi_sock *s, u32 user_timeout_ms)
{
	struct sock *sk = s->sock->sk;

	tcp_sock_set_nodelay(sk);
	sock_set_keepalive(sk);
	tcp_sock_set_user_timeout(sk, user_timeout_ms);
}

/**
 * tiscsi_sock_reason - why a connection is gone, for the log
 * @error: 0 after an orderly close, or the negative errno that the socket had
 *
 * TCP names what it has seen: a reset, nothing for the time that it was given, or what
 * routers say. EPIPE is a reset of somebody who had closed before.
 * Return: static text.
 */
const char *tiscsi_sock_reason(int error)
{
	switch (error) {
	case 0:
	case -EPIPE:
		return "connection closed by the initiator";
	case -ECONNRESET:
		return "connection reset by the initiator";
	case -ETIMEDOUT:
		return "initiator's TCP does not answer";
	case -EHOSTUNREACH:
	case -ENETUNREACH:
	case -EHOSTDOWN:
	case -ENONET:
	case -ECONNREFUSED:
		return "initiator cannot be reached";
	case -ECONNABORTED:
		return "connection aborted on this machine";
	default:
		return "connection lost";
	}
}

/* Did TCP wait for the peer in vain? */
bool tiscsi_sock_timed_out(int error)
{
	return error == -ETIMEDOUT || error == -EHOSTUNREACH || error == -ENETUNREACH ||
	       error == -EHOSTDOWN;
}

/**
 * tiscsi_sock_release - the end of a socket
 * @s: the socket; invalid afterwards
 * @abort: drop unsent data and reset instead of closing in order
 *
 * Process context; waits for nothing but locks: without linger the socket's
 * orphan is finished by TCP itself. Detaching has ended the callbacks, the only ones who
 * find @s without being its owner.
 */
void tiscsi_sock_release(struct tiscsi_sock *s, bool abort)
{
	tiscsi_sock_detach(s);
	if (abort)
		sock_no_linger(s->sock->sk);
	else
		kernel_sock_shutdown(s->sock, SHUT_WR);
	tiscsi_net_uncount(sock_net(s->sock->sk));
	sock_release(s->sock);
	kfree(s);
}

struct net *tiscsi_sock_net(const struct tiscsi_sock *s)
{
	return sock_net(s->sock->sk);
}

struct net *tiscsi_sock_hold_net(const struct tiscsi_sock *s)
{
	return get_net(tiscsi_sock_net(s));
}
