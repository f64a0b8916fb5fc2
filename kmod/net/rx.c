// SPDX-License-Identifier: GPL-2.0
/*
 * The receive pump: one cycle of the socket lock serves everything that has
 * arrived.
 *
 * The core's cursor says which bytes come next; the actor moves them out of the
 * socket buffers, payload straight into the command's pages. Nothing here
 * allocates, submits or waits: packets that arrive meanwhile go to the socket's
 * backlog. When a header needs the thread (see tiscsi_ffp_rx_header()), the
 * actor stops by taking no more bytes; read_sock() then returns and the stream
 * stands still exactly behind that header.
 */
#include <linux/highmem.h>
#include <linux/scatterlist.h>
#include <linux/skbuff.h>
#include <net/sock.h>
#include <net/tcp.h>

#include "net.h"
#include "../sess/cmd.h"
#include "../sess/conn.h"

/* One piece of payload from the socket buffer into the command's pages. */
static int tiscsi_rx_to_cmd(struct tiscsi_conn *conn, struct sk_buff *skb, u32 skb_off, u32 off,
			    u32 len)
{
	struct tiscsi_cmd *cmd = conn->sink.cmd;
	u32 pos = conn->sink.cmd_off + off;
	u32 room;
	u8 *page;
	int ret;

	if (!tiscsi_sgcur_seek(&cmd->cur, pos) || !cmd->cur.sg)
		return -EIO;
	room = cmd->cur.sg->offset + cmd->cur.sg_off;
	len = min_t(u32, len, cmd->cur.sg->length - cmd->cur.sg_off);
	len = min_t(u32, len, PAGE_SIZE - offset_in_page(room));

	page = kmap_local_page(sg_page(cmd->cur.sg) + (room >> PAGE_SHIFT));
	ret = skb_copy_bits(skb, skb_off, page + offset_in_page(room), len);
	if (!ret && icore_rx_wants_crc(&conn->rx))
		icore_rx_crc(&conn->rx, page + offset_in_page(room), len);
	kunmap_local(page);
	if (ret)
		return ret;
	tiscsi_sgcur_move(&cmd->cur, len);
	return len;
}

static int tiscsi_rx_to_memory(struct tiscsi_conn *conn, struct sk_buff *skb, u32 skb_off,
			       u8 *to, u32 len)
{
	if (skb_copy_bits(skb, skb_off, to, len))
		return -EIO;
	if (icore_rx_wants_crc(&conn->rx))
		icore_rx_crc(&conn->rx, to, len);
	return len;
}

/* Payload that nobody keeps still counts for its digest. */
static int tiscsi_rx_discard(struct tiscsi_conn *conn, struct sk_buff *skb, u32 skb_off, u32 len)
{
	u8 chunk[128];

	if (!icore_rx_wants_crc(&conn->rx))
		return len;
	len = min_t(u32, len, sizeof(chunk));
	if (skb_copy_bits(skb, skb_off, chunk, len))
		return -EIO;
	icore_rx_crc(&conn->rx, chunk, len);
	return len;
}

static int tiscsi_rx_payload(struct tiscsi_conn *conn, struct sk_buff *skb, u32 skb_off,
			     const struct icore_rx_want *want, u32 len)
{
	struct tiscsi_sink *sink = &conn->sink;
	u32 pos;

	switch (sink->kind) {
	case TISCSI_SINK_CMD:
		if (sink->cmd->stage)
			return tiscsi_rx_to_memory(conn, skb, skb_off,
						   page_address(sink->cmd->stage) + want->off, len);
		/* What lies behind the buffer is more than the CDB asked for. */
		pos = sink->cmd_off + want->off;
		if (sink->discard || pos >= sink->cmd->buf_len)
			return tiscsi_rx_discard(conn, skb, skb_off, len);
		len = min(len, sink->cmd->buf_len - pos);
		return tiscsi_rx_to_cmd(conn, skb, skb_off, want->off, len);
	case TISCSI_SINK_FLAT:
		if (want->off >= sink->flat_len)
			return tiscsi_rx_discard(conn, skb, skb_off, len);
		len = min(len, sink->flat_len - want->off);
		return tiscsi_rx_to_memory(conn, skb, skb_off, sink->flat + want->off, len);
	case TISCSI_SINK_NONE:
		break;
	}
	return tiscsi_rx_discard(conn, skb, skb_off, len);
}

/* Serve one want from the buffer. Return: bytes moved, or a negative errno. */
static int tiscsi_rx_serve(struct tiscsi_conn *conn, struct sk_buff *skb, u32 skb_off, u32 len)
{
	struct icore_rx_want want;
	int ret;

	icore_rx_want(&conn->rx, &want);
	len = min(len, want.len);
	switch (want.kind) {
	case ICORE_RX_COLLECT:
		if (skb_copy_bits(skb, skb_off, want.dst, len))
			return -EIO;
		return len;
	case ICORE_RX_PAYLOAD:
		ret = tiscsi_rx_payload(conn, skb, skb_off, &want, len);
		if (ret > 0 && conn->sink.kind == TISCSI_SINK_CMD)
			conn->rx_octets += ret;
		return ret;
	case ICORE_RX_SKIP:
		break;
	}
	return len;
}

/* Bytes in the socket from the present buffer's offset on: TCP counts behind each buffer. */
static u32 tiscsi_rx_arrived(const struct tiscsi_conn *conn)
{
	const struct tcp_sock *tp = tcp_sk(conn->sock->sock->sk);

	return tp->rcv_nxt - tp->copied_seq;
}

static int tiscsi_rx_actor(read_descriptor_t *desc, struct sk_buff *skb, unsigned int offset,
			   size_t len)
{
	struct tiscsi_conn *conn = desc->arg.data;
	size_t used = 0;

	while (used < len && desc->count && !conn->rx_hold) {
		int n = tiscsi_rx_serve(conn, skb, offset + used, len - used);

		if (n < 0) {
			desc->error = n;
			desc->count = 0;
			break;
		}
		used += n;
		desc->count -= min_t(size_t, desc->count, n);

		switch (icore_rx_advance(&conn->rx, n)) {
		case ICORE_RX_MORE:
			break;
		case ICORE_RX_HEADER:
			conn->rx_at_hand = min_t(size_t, desc->count,
						 tiscsi_rx_arrived(conn) - used);
			if (!tiscsi_ffp_rx_header(conn))
				conn->rx_hold = true;
			break;
		case ICORE_RX_DONE:
			if (!tiscsi_ffp_rx_done(conn))
				conn->rx_hold = true;
			break;
		case ICORE_RX_FAIL:
			desc->error = -EPROTO;
			desc->count = 0;
			break;
		}
	}
	return used;
}

/**
 * tiscsi_rx_run - move what has arrived
 * @conn: the connection; I/O thread
 * @budget: about how many bytes before others get a turn
 *
 * Return: TISCSI_IO_IDLE when the socket is empty, TISCSI_IO_MORE when the budget
 * is used up, TISCSI_IO_BLOCKED when conn->rx_hold was set by an upcall,
 * TISCSI_IO_CLOSED when the peer has closed, the connection is lost
 * (conn->sock_error) or the stream cannot be parsed (conn->rx.fail).
 */
enum tiscsi_io tiscsi_rx_run(struct tiscsi_conn *conn, u32 budget)
{
	struct socket *sock = conn->sock->sock;
	read_descriptor_t desc = { .arg.data = conn, .count = budget };
	struct sock *sk = sock->sk;
	bool closed;
	int error;
	int ret;

	tiscsi_assert_io_thread(conn);
	if (conn->rx_hold)
		return TISCSI_IO_BLOCKED;

	lock_sock(sk);
	/* Looked at before reading: what came in front of a FIN is not lost. */
	error = READ_ONCE(sk->sk_err);
	closed = error || sk->sk_shutdown & RCV_SHUTDOWN || sk->sk_state == TCP_CLOSE;
	ret = sock->ops->read_sock(sk, &desc, tiscsi_rx_actor);
	release_sock(sk);

	if (error || desc.error)
		conn->sock_error = error ? -error : desc.error;
	if (desc.error)
		return TISCSI_IO_CLOSED;
	if (ret > 0)
		conn->last_rx = jiffies;
	if (conn->rx_hold)
		return TISCSI_IO_BLOCKED;
	if (!desc.count)
		return TISCSI_IO_MORE;
	if (ret < 0 && ret != -EAGAIN)
		return TISCSI_IO_CLOSED;
	if (closed)
		return ret > 0 ? TISCSI_IO_MORE : TISCSI_IO_CLOSED;
	return TISCSI_IO_IDLE;
}
