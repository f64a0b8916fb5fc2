/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Every difference between the supported kernels (6.1, 6.12, 7.2), and only
 * that. Force-included. The sources are written for the newest kernel.
 *
 * Debian's point releases back-port freely, so a version number is used only
 * where a signature changed; otherwise the macro itself is asked for.
 */
#ifndef TISCSI_COMPAT_H
#define TISCSI_COMPAT_H

/* Before the first header: it is the one that brings printk.h. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bvec.h>
#include <linux/kthread.h>
#include <linux/net.h>
#include <linux/socket.h>
#include <linux/timer.h>
#include <linux/uio.h>
#include <linux/version.h>
#include <linux/workqueue.h>
#include <net/genetlink.h>
#include <net/sock.h>
#include <net/tcp.h>

/* -- kthread workers: since 6.14 creation and start are two steps -- */

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 14, 0)
#define kthread_run_worker(flags, fmt, ...)	kthread_create_worker(flags, fmt, ##__VA_ARGS__)
#endif

/*
 * -- workqueues: 7.2 warns unless exactly one of WQ_PERCPU and WQ_UNBOUND is
 * given. WQ_PERCPU is an enumerator, invisible to the preprocessor, and 6.12.107
 * has it without asking for it; we only use WQ_UNBOUND, which all three take.
 */

/*
 * -- attrib/netif_timeout: the target of newer kernels has lost it, and refuses a
 * configuration that has it. rtslib saves what its owner can write, and targetcli reads
 * whatever is there; root writes all the same, since configfs asks only for any w --
 */

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 0)
#define TISCSI_COMPAT_NETIF_TIMEOUT_MODE	0644
#else
#define TISCSI_COMPAT_NETIF_TIMEOUT_MODE	0420
#endif

/* -- timers -- */

#ifndef timer_container_of
#define timer_container_of(var, callback_timer, timer_fieldname) \
	from_timer(var, callback_timer, timer_fieldname)
#endif

/* -- sockets -- */

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 19, 0)
static inline int tiscsi_compat_bind(struct socket *sock, struct sockaddr_storage *addr, int len)
{
	return kernel_bind(sock, (struct sockaddr *)addr, len);
}
#else
static inline int tiscsi_compat_bind(struct socket *sock, struct sockaddr_storage *addr, int len)
{
	return kernel_bind(sock, (struct sockaddr_unsized *)addr, len);
}
#endif

/*
 * Send a bvec iterator without copying and advance it. 6.1 declares
 * MSG_SPLICE_PAGES but its TCP ignores the flag, so there the array is walked
 * with sendpage under one lock cycle.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 5, 0)
static inline int tiscsi_compat_send_pages(struct socket *sock, struct iov_iter *iter, int flags)
{
	struct sock *sk = sock->sk;
	int sent = 0;
	int ret = 0;

	lock_sock(sk);
	while (iov_iter_count(iter)) {
		size_t off = iter->bvec->bv_offset + iter->iov_offset;
		size_t len = min_t(size_t, iter->bvec->bv_len - iter->iov_offset,
				   iov_iter_count(iter));
		struct page *page = iter->bvec->bv_page + (off >> PAGE_SHIFT);

		off &= ~PAGE_MASK;
		len = min_t(size_t, len, PAGE_SIZE - off);
		ret = tcp_sendpage_locked(sk, page, off, len,
					  flags | (len < iov_iter_count(iter) ?
						   MSG_MORE | MSG_SENDPAGE_NOTLAST : 0));
		if (ret <= 0)
			break;
		iov_iter_advance(iter, ret);
		sent += ret;
	}
	release_sock(sk);
	return sent ? sent : ret;
}
#else
static inline int tiscsi_compat_send_pages(struct socket *sock, struct iov_iter *iter, int flags)
{
	struct msghdr msg = { .msg_flags = flags | MSG_SPLICE_PAGES, .msg_iter = *iter };
	int ret = sock_sendmsg(sock, &msg);

	if (ret > 0)
		iov_iter_advance(iter, ret);
	return ret;
}
#endif

/* -- generic netlink: 6.6 put the attributes of a dump request into a genl_info -- */

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 6, 0)
static inline struct nlattr **tiscsi_compat_dump_attrs(struct netlink_callback *cb)
{
	return genl_dumpit_info(cb)->attrs;
}
#else
static inline struct nlattr **tiscsi_compat_dump_attrs(struct netlink_callback *cb)
{
	return genl_info_dump(cb)->attrs;
}
#endif

/* -- lock annotations: 7.2 has them, elsewhere they are only comments -- */

#ifndef __guarded_by
#define __guarded_by(...)
#endif

/*
 * -- target_core: submission types came with 6.7, completion types after 6.12.
 * Our callbacks are legal in any context and a connection submits from its own
 * thread, so both are direct.
 */

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 7, 0)
#define TISCSI_OPS_SUBMIT_FIELDS
#elif LINUX_VERSION_CODE < KERNEL_VERSION(7, 0, 0)
#define TISCSI_OPS_SUBMIT_FIELDS \
	.direct_submit_supp = 1, \
	.default_submit_type = TARGET_DIRECT_SUBMIT,
#else
#define TISCSI_OPS_SUBMIT_FIELDS \
	.direct_submit_supp = 1, \
	.default_submit_type = TARGET_DIRECT_SUBMIT, \
	.direct_compl_supp = 1, \
	.default_compl_type = TARGET_DIRECT_COMPL,
#endif

#endif /* TISCSI_COMPAT_H */
