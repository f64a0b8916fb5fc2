// SPDX-License-Identifier: GPL-2.0
/*
 * The batch builder: many PDUs, one socket call.
 *
 * A batch is an array of fragments. Headers, digests, padding and small payloads
 * are cut from arena pages that are never written twice and never recycled;
 * payload fragments are the command's own pages. TCP takes references on both,
 * so everything that TCP has accepted may be let go although it is not yet
 * acknowledged. Slab memory never enters the array (splicing refuses it).
 *
 * Sequence numbers are stamped while the batch is built, which is wire order,
 * by the connection's only owner. A batch that was built is always sent: an item
 * that needs more room than is left waits for the next batch.
 *
 * Order: Reject and NOP-In first, then R2T (they make the initiator work while
 * we send), then finished work in the order of completion. A task management
 * answer is finished work like any other, so it cannot overtake the status of a
 * task that it covers.
 */
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/scatterlist.h>

#include "net.h"
#include "../sess/cmd.h"
#include "../sess/conn.h"

/* Header, header digest, padding and data digest of one PDU. */
#define TISCSI_TX_OVERHEAD	(ICORE_BHS_LEN + ICORE_DIGEST_LEN + 4 + ICORE_DIGEST_LEN)

static void tiscsi_tx_add(struct tiscsi_txq *tx, struct page *page, u32 off, u32 len)
{
	struct bio_vec *last = tx->nr ? &tx->bv[tx->nr - 1] : NULL;

	tx->bytes += len;
	if (last && last->bv_page == page && last->bv_offset + last->bv_len == off) {
		last->bv_len += len;
		return;
	}
	bvec_set_page(&tx->bv[tx->nr++], page, len, off);
}

/* A fresh arena page, if the batch can still hold the old one. */
static bool tiscsi_tx_new_page(struct tiscsi_txq *tx)
{
	struct page *page;

	if (tx->arena && tx->nr_pages == TISCSI_TX_PAGES)
		return false;
	page = alloc_page(GFP_KERNEL);
	if (!page)
		return false;
	if (tx->arena)
		tx->pages[tx->nr_pages++] = tx->arena;
	tx->arena = page;
	tx->arena_off = 0;
	return true;
}

/* @len contiguous bytes; tiscsi_tx_room() has made sure that they are there. */
static void *tiscsi_tx_cut(struct tiscsi_txq *tx, u32 len)
{
	void *p;

	p = page_address(tx->arena) + tx->arena_off;
	tiscsi_tx_add(tx, tx->arena, tx->arena_off, len);
	tx->arena_off += len;
	return p;
}

static bool tiscsi_tx_contiguous(struct tiscsi_txq *tx, u32 len)
{
	if (tx->arena && PAGE_SIZE - tx->arena_off >= len)
		return true;
	return tiscsi_tx_new_page(tx);
}

/*
 * Is there room for one PDU with @dsl bytes, @copied into the arena or as pages?
 * Worst case: every page of the payload is a fragment of its own.
 */
static bool tiscsi_tx_room(struct tiscsi_txq *tx, u32 dsl, bool copied)
{
	u32 frags = (dsl >> PAGE_SHIFT) + 4;

	if (tx->pdus >= TISCSI_TX_BATCH_PDUS)
		return false;
	if (tx->bytes && tx->bytes + dsl > TISCSI_TX_BATCH_BYTES)
		return false;
	if (tx->nr + frags > TISCSI_TX_BVECS)
		return false;
	return tx->nr_pages + 3 + (copied ? dsl >> PAGE_SHIFT : 0) <= TISCSI_TX_PAGES;
}

static bool tiscsi_tx_header(struct tiscsi_conn *conn, const struct icore_bhs *bhs)
{
	struct tiscsi_txq *tx = &conn->tx;
	__le32 digest;
	u8 *p;

	if (!tiscsi_tx_contiguous(tx, TISCSI_TX_OVERHEAD))
		return false;
	p = tiscsi_tx_cut(tx, ICORE_BHS_LEN);
	memcpy(p, bhs, ICORE_BHS_LEN);
	if (conn->params.header_digest) {
		digest = icore_digest(bhs, ICORE_BHS_LEN);
		p = tiscsi_tx_cut(tx, ICORE_DIGEST_LEN);
		memcpy(p, &digest, ICORE_DIGEST_LEN);
	}
	tx->pdus++;
	return true;
}

/* Padding and data digest behind @dsl bytes with the checksum @crc so far. */
static bool tiscsi_tx_tail(struct tiscsi_conn *conn, u32 dsl, u32 crc)
{
	u32 pad = icore_pad(dsl);
	u32 len = pad + (conn->params.data_digest ? ICORE_DIGEST_LEN : 0);
	__le32 digest;
	u8 *p;

	if (!len)
		return true;
	if (!tiscsi_tx_contiguous(&conn->tx, len))
		return false;
	p = tiscsi_tx_cut(&conn->tx, len);
	memset(p, 0, pad);
	if (conn->params.data_digest) {
		digest = icore_crc_final(icore_crc_update(crc, p, pad));
		memcpy(p + pad, &digest, ICORE_DIGEST_LEN);
	}
	return true;
}

/* A whole data segment from kernel memory. */
static bool tiscsi_tx_copy(struct tiscsi_conn *conn, const u8 *data, u32 dsl)
{
	struct tiscsi_txq *tx = &conn->tx;
	u32 crc = icore_crc_init();
	u32 off = 0;

	while (off < dsl) {
		u32 n;

		if (!tiscsi_tx_contiguous(tx, 1))
			return false;
		n = min_t(u32, dsl - off, PAGE_SIZE - tx->arena_off);
		memcpy(tiscsi_tx_cut(tx, n), data + off, n);
		off += n;
	}
	if (conn->params.data_digest)
		crc = icore_crc_update(crc, data, dsl);
	return tiscsi_tx_tail(conn, dsl, crc);
}

/* A whole data segment from the command's pages. */
static bool tiscsi_tx_pages(struct tiscsi_conn *conn, struct tiscsi_cmd *cmd, u32 dsl)
{
	u32 crc = icore_crc_init();
	u32 left = dsl;

	while (left) {
		struct scatterlist *sg = cmd->cur.sg;
		struct page *page;
		u32 start, n;
		u8 *p;

		if (WARN_ON_ONCE(!sg))
			return false;
		start = sg->offset + cmd->cur.sg_off;
		page = sg_page(sg) + (start >> PAGE_SHIFT);
		start = offset_in_page(start);
		n = min_t(u32, left, sg->length - cmd->cur.sg_off);
		n = min_t(u32, n, PAGE_SIZE - start);
		if (conn->params.data_digest) {
			p = kmap_local_page(page);
			crc = icore_crc_update(crc, p + start, n);
			kunmap_local(p);
		}
		tiscsi_tx_add(&conn->tx, page, start, n);
		tiscsi_sgcur_move(&cmd->cur, n);
		left -= n;
	}
	return tiscsi_tx_tail(conn, dsl, crc);
}

static bool tiscsi_tx_ctl(struct tiscsi_conn *conn, struct tiscsi_ctl *ctl)
{
	if (!tiscsi_tx_room(&conn->tx, ctl->dsl, true))
		return false;
	tiscsi_conn_stamp(conn, &ctl->bhs, ctl->stamp_status);
	if (!tiscsi_tx_header(conn, &ctl->bhs) ||
	    (ctl->dsl && !tiscsi_tx_copy(conn, ctl->data, ctl->dsl)))
		tiscsi_conn_close(conn, "no memory for a PDU header");
	list_move_tail(&ctl->item.node, &conn->tx.sent);
	return true;
}

/* R2Ts of one command, as many as may be outstanding. True: all that are due. */
static bool tiscsi_tx_r2t(struct tiscsi_conn *conn, struct tiscsi_cmd *cmd)
{
	struct icore_r2t r2t;
	struct icore_bhs bhs;

	while (tiscsi_tx_room(&conn->tx, 0, false)) {
		if (cmd->state != TISCSI_CMD_COLLECT || !icore_wseq_plan(&cmd->ws, &r2t))
			return true;
		conn->last_ttt = icore_ttt_make(cmd->slot, cmd->gen, r2t.r2tsn);
		icore_enc_r2t(&bhs, cmd->lun, cmd->itt, conn->last_ttt, r2t.r2tsn, r2t.offset,
			      r2t.len);
		tiscsi_conn_stamp(conn, &bhs, false);
		if (!tiscsi_tx_header(conn, &bhs)) {
			tiscsi_conn_close(conn, "no memory for a PDU header");
			return true;
		}
		cmd->data_since = jiffies;
	}
	return false;
}

static bool tiscsi_tx_data_in(struct tiscsi_conn *conn, struct tiscsi_cmd *cmd)
{
	const struct tiscsi_result *res = &cmd->res;
	bool collapse = res->status == 0 && !res->sense_len;
	struct icore_piece piece;
	struct icore_bhs bhs;
	u32 next;

	while (cmd->rs.off < cmd->rs.total) {
		bool with_status;
		u8 flags;

		next = min(cmd->rs.total - cmd->rs.off, cmd->rs.max_dsl);
		if (!tiscsi_tx_room(&conn->tx, next, false))
			return false;
		if (!icore_rseq_next(&cmd->rs, &piece))
			break;
		with_status = piece.last && collapse;
		flags = (piece.final ? ICORE_F_FINAL : 0);
		if (with_status)
			flags |= ICORE_DATA_STATUS | res->residual_flags;
		icore_enc_data_in(&bhs, cmd->itt, flags, with_status ? res->status : 0,
				  piece.datasn, piece.off, with_status ? res->residual : 0,
				  piece.len);
		if (with_status)
			tiscsi_cmd_retire(cmd);
		tiscsi_conn_stamp(conn, &bhs, with_status);
		if (!tiscsi_tx_header(conn, &bhs) || !tiscsi_tx_pages(conn, cmd, piece.len)) {
			tiscsi_conn_close(conn, "no memory for a PDU header");
			return true;
		}
		conn->tx_octets += piece.len;
		if (with_status)
			return true;
	}
	return true;
}

static bool tiscsi_tx_status(struct tiscsi_conn *conn, struct tiscsi_cmd *cmd)
{
	const struct tiscsi_result *res = &cmd->res;
	u32 dsl = res->sense_len ? res->sense_len + 2 : 0;
	u8 sense[2 + TRANSPORT_SENSE_BUFFER];
	struct icore_bhs bhs;

	if (!tiscsi_tx_room(&conn->tx, dsl, true))
		return false;
	icore_enc_scsi_rsp(&bhs, cmd->itt, ICORE_RESPONSE_COMPLETED, res->status,
			   res->residual_flags, res->residual, cmd->rs.datasn, dsl);
	tiscsi_cmd_retire(cmd);
	tiscsi_conn_stamp(conn, &bhs, true);
	conn->rsp_pdus++;
	if (!tiscsi_tx_header(conn, &bhs))
		goto nomem;
	if (dsl) {
		/* SenseLength, then the sense (RFC 7143 11.4.7). */
		sense[0] = res->sense_len >> 8;
		sense[1] = res->sense_len & 0xff;
		memcpy(sense + 2, res->sense, res->sense_len);
		if (!tiscsi_tx_copy(conn, sense, dsl))
			goto nomem;
	}
	return true;

nomem:
	tiscsi_conn_close(conn, "no memory for a PDU header");
	return true;
}

static bool tiscsi_tx_tmr(struct tiscsi_conn *conn, struct tiscsi_cmd *cmd)
{
	struct icore_bhs bhs;

	if (!tiscsi_tx_room(&conn->tx, 0, false))
		return false;
	icore_enc_tmf_rsp(&bhs, cmd->itt, cmd->tmr_response);
	tiscsi_cmd_retire(cmd);
	tiscsi_conn_stamp(conn, &bhs, true);
	if (!tiscsi_tx_header(conn, &bhs))
		tiscsi_conn_close(conn, "no memory for a PDU header");
	return true;
}

/* True when all of the command is in the batch. */
static bool tiscsi_tx_cmd(struct tiscsi_conn *conn, struct tiscsi_cmd *cmd)
{
	bool collapse = cmd->res.status == 0 && !cmd->res.sense_len;

	if (cmd->tmr) {
		if (!tiscsi_tx_tmr(conn, cmd))
			return false;
	} else {
		bool data = cmd->rs.total != 0;

		if (data && !tiscsi_tx_data_in(conn, cmd))
			return false;
		if (!(data && collapse) && !tiscsi_tx_status(conn, cmd))
			return false;
	}
	cmd->state = TISCSI_CMD_SENDING;
	list_move_tail(&cmd->item.node, &conn->tx.sent);
	return true;
}

static void tiscsi_tx_build(struct tiscsi_conn *conn)
{
	struct tiscsi_txitem *item, *next;
	struct tiscsi_cmd *cmd, *n;

	list_for_each_entry_safe(item, next, &conn->tx_urgent, node)
		if (!tiscsi_tx_ctl(conn, container_of(item, struct tiscsi_ctl, item)))
			return;

	list_for_each_entry_safe(cmd, n, &conn->tx_r2t, r2t_node) {
		if (!tiscsi_tx_r2t(conn, cmd))
			return;
		list_del_init(&cmd->r2t_node);
	}

	list_for_each_entry_safe(item, next, &conn->tx_done, node) {
		bool done = item->ctl ?
			tiscsi_tx_ctl(conn, container_of(item, struct tiscsi_ctl, item)) :
			tiscsi_tx_cmd(conn, container_of(item, struct tiscsi_cmd, item));

		if (!done)
			return;
	}
}

static void tiscsi_tx_free_pages(struct tiscsi_txq *tx)
{
	while (tx->nr_pages)
		put_page(tx->pages[--tx->nr_pages]);
}

/* The whole batch was accepted by TCP: our references go. */
static void tiscsi_tx_retire(struct tiscsi_conn *conn)
{
	struct tiscsi_txq *tx = &conn->tx;
	struct tiscsi_txitem *item, *next;

	conn->now = ktime_get_ns();
	list_for_each_entry_safe(item, next, &tx->sent, node) {
		if (item->ctl) {
			list_del_init(&item->node);
			tiscsi_ctl_put(conn, container_of(item, struct tiscsi_ctl, item));
		} else {
			list_del_init(&item->node);
			tiscsi_cmd_lap(container_of(item, struct tiscsi_cmd, item),
				       TISCSI_LAT_NETWORK);
			tiscsi_cmd_drop(container_of(item, struct tiscsi_cmd, item));
		}
	}
	tiscsi_tx_free_pages(tx);
	tx->nr = 0;
	tx->bytes = 0;
	tx->pdus = 0;
	tx->pending = false;
}

static bool tiscsi_tx_more(const struct tiscsi_conn *conn)
{
	return !list_empty(&conn->tx_urgent) || !list_empty(&conn->tx_r2t) ||
	       !list_empty(&conn->tx_done);
}

/**
 * tiscsi_tx_run - build one batch, or go on with the present one, and send
 * @conn: the connection; I/O thread
 *
 * Return: TISCSI_IO_IDLE when nothing is left, TISCSI_IO_MORE when another batch
 * is due, TISCSI_IO_BLOCKED when TCP has no room (a write_space event follows),
 * TISCSI_IO_CLOSED on a socket error.
 */
enum tiscsi_io tiscsi_tx_run(struct tiscsi_conn *conn)
{
	struct tiscsi_txq *tx = &conn->tx;
	int ret;

	tiscsi_assert_io_thread(conn);
	if (!tx->pending) {
		tiscsi_tx_build(conn);
		if (!tx->nr) {
			if (!tiscsi_tx_more(conn))
				return TISCSI_IO_IDLE;
			conn->sock_error = -ENOMEM;
			return TISCSI_IO_CLOSED;
		}
		iov_iter_bvec(&tx->iter, ITER_SOURCE, tx->bv, tx->nr, tx->bytes);
		tx->pending = true;
		tx->progress = jiffies;
	}

	while (iov_iter_count(&tx->iter)) {
		ret = tiscsi_sock_send_iter(conn->sock, &tx->iter, tiscsi_tx_more(conn));
		if (ret == -EAGAIN)
			return TISCSI_IO_BLOCKED;
		if (ret <= 0) {
			conn->sock_error = ret;
			return TISCSI_IO_CLOSED;
		}
		tx->progress = jiffies;
	}
	tiscsi_tx_retire(conn);
	return tiscsi_tx_more(conn) ? TISCSI_IO_MORE : TISCSI_IO_IDLE;
}

/**
 * tiscsi_tx_cleanup - let go of the arena
 * @conn: the connection; its socket is gone and its queues were emptied
 */
void tiscsi_tx_cleanup(struct tiscsi_conn *conn)
{
	struct tiscsi_txq *tx = &conn->tx;

	tiscsi_tx_free_pages(tx);
	if (tx->arena)
		put_page(tx->arena);
	tx->arena = NULL;
	tx->nr = 0;
	tx->bytes = 0;
	tx->pdus = 0;
	tx->pending = false;
}
