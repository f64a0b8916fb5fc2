// SPDX-License-Identifier: GPL-2.0
/*
 * Listening sockets.
 *
 * A socket accepted from a listener inherits its sk_data_ready and sk_user_data.
 * Until tiscsi_sock_attach() gives it callbacks of its own, the listener's
 * callback therefore also runs for sockets in other states; it looks at the
 * state before it touches sk_user_data, which may belong to a listener that is
 * gone by then.
 *
 * Sockets are made as user sockets (they hold their network namespace), because
 * connections outlive both the listener and the process that made it.
 */
#include <linux/err.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/slab.h>
#include <linux/tcp.h>
#include <net/inet_common.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/sock.h>
#include <net/tcp.h>

#include "net.h"

#define TISCSI_BACKLOG	256

/**
 * struct tiscsi_listener - a listening socket
 * @sock: owned
 * @notify: written once before the socket listens, cleared under sk_callback_lock
 * @owner: argument of @notify
 * @old_data_ready: what accepted sockets get back
 */
struct tiscsi_listener {
	struct socket *sock;
	tiscsi_notify_fn notify;
	void *owner;
	void (*old_data_ready)(struct sock *sk);
};

static void tiscsi_listen_data_ready(struct sock *sk)
{
	struct tiscsi_listener *l;

	read_lock_bh(&sk->sk_callback_lock);
	if (sk->sk_state == TCP_LISTEN) {
		l = sk->sk_user_data;
		if (l)
			l->notify(l->owner, TISCSI_SOCK_READ);
	}
	read_unlock_bh(&sk->sk_callback_lock);
}

static int tiscsi_addr_len(const struct sockaddr_storage *addr)
{
	return addr->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6) :
					     sizeof(struct sockaddr_in);
}

/**
 * tiscsi_listen_open - bind and listen; see net.h
 * @net: network namespace
 * @addr: address and port
 * @notify: told when a connection waits
 * @owner: its argument
 */
struct tiscsi_listener *tiscsi_listen_open(struct net *net, const struct sockaddr_storage *addr,
					   tiscsi_notify_fn notify, void *owner)
{
	struct sockaddr_storage copy = *addr;
	struct tiscsi_listener *l;
	struct sock *sk;
	int ret;

	l = kzalloc(sizeof(*l), GFP_KERNEL);
	if (!l)
		return ERR_PTR(-ENOMEM);
	l->notify = notify;
	l->owner = owner;

	ret = __sock_create(net, addr->ss_family, SOCK_STREAM, IPPROTO_TCP, &l->sock, 0);
	if (ret)
		goto err_free;
	sk = l->sock->sk;

	sock_set_reuseaddr(sk);
	/* Cluster agents bind addresses that arrive on this node later. */
	ip_sock_set_freebind(sk);
	tcp_sock_set_nodelay(sk);

	ret = tiscsi_compat_bind(l->sock, &copy, tiscsi_addr_len(addr));
	if (ret)
		goto err_sock;

	write_lock_bh(&sk->sk_callback_lock);
	l->old_data_ready = sk->sk_data_ready;
	sk->sk_user_data = l;
	sk->sk_data_ready = tiscsi_listen_data_ready;
	write_unlock_bh(&sk->sk_callback_lock);

	ret = kernel_listen(l->sock, TISCSI_BACKLOG);
	if (ret)
		goto err_sock;
	tiscsi_net_count(net);
	return l;

err_sock:
	sock_release(l->sock);
err_free:
	kfree(l);
	return ERR_PTR(ret);
}

/* An IPv4 peer of a [::] portal is an IPv4 peer, in logs, files and caps. */
static void tiscsi_addr_unmap(struct sockaddr_storage *addr)
{
	struct sockaddr_in6 in6 = *(struct sockaddr_in6 *)addr;
	struct sockaddr_in *in = (struct sockaddr_in *)addr;

	if (addr->ss_family != AF_INET6 || !ipv6_addr_v4mapped(&in6.sin6_addr))
		return;
	memset(addr, 0, sizeof(*addr));
	in->sin_family = AF_INET;
	in->sin_port = in6.sin6_port;
	in->sin_addr.s_addr = in6.sin6_addr.s6_addr32[3];
}

struct tiscsi_sock *tiscsi_listen_accept(struct tiscsi_listener *l)
{
	struct tiscsi_sock *s;
	struct sock *sk;
	int ret;

	s = kzalloc(sizeof(*s), GFP_KERNEL);
	if (!s)
		return ERR_PTR(-ENOMEM);

	ret = kernel_accept(l->sock, &s->sock, O_NONBLOCK);
	if (ret)
		goto err_free;
	sk = s->sock->sk;

	write_lock_bh(&sk->sk_callback_lock);
	sk->sk_user_data = NULL;
	sk->sk_data_ready = l->old_data_ready;
	s->old_data_ready = sk->sk_data_ready;
	s->old_write_space = sk->sk_write_space;
	s->old_state_change = sk->sk_state_change;
	write_unlock_bh(&sk->sk_callback_lock);

	ret = kernel_getpeername(s->sock, (struct sockaddr *)&s->peer);
	if (ret < 0)
		goto err_sock;
	ret = kernel_getsockname(s->sock, (struct sockaddr *)&s->local);
	if (ret < 0)
		goto err_sock;
	tiscsi_addr_unmap(&s->peer);
	s->net_cookie = sock_net(sk)->net_cookie;
	tiscsi_net_count(sock_net(sk));
	return s;

err_sock:
	sock_release(s->sock);
err_free:
	kfree(s);
	return ERR_PTR(ret);
}

void tiscsi_listen_mute(struct tiscsi_listener *l)
{
	struct sock *sk = l->sock->sk;

	write_lock_bh(&sk->sk_callback_lock);
	sk->sk_user_data = NULL;
	sk->sk_data_ready = l->old_data_ready;
	write_unlock_bh(&sk->sk_callback_lock);
}

/*
 * It was muted, so no callback refers to it, also none of an accepted socket, which looks
 * at it in state LISTEN only; the acceptor's work, its only other user, was awaited.
 */
void tiscsi_listen_close(struct tiscsi_listener *l)
{
	tiscsi_net_uncount(sock_net(l->sock->sk));
	sock_release(l->sock);
	kfree(l);
}
