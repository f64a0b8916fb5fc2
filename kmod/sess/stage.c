// SPDX-License-Identifier: GPL-2.0
/*
 * Small writes that come with their data.
 *
 * A command is submitted before its data is taken, because target_core has the buffer; and
 * as submission sleeps, the socket is let go between the two. For a command of a page or
 * less that costs more than copying its data once more. So the pump leaves it on a page of
 * the connection, goes on to the next PDU, and the thread submits what has arrived when
 * the socket is empty.
 *
 * The pages come as they are missed, TISCSI_STAGE_PAGES at most, and go when none was used
 * for a while: idle sessions have none. Without a free page, or if not all of the data has
 * arrived, the PDU stops the pump as larger ones do. A page is on conn->stage or belongs
 * to one command, until its data is copied or not wanted any more.
 */
#include <linux/gfp.h>
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/scatterlist.h>

#include "cmd.h"
#include "conn.h"
#include "stage.h"

/**
 * tiscsi_stage_fits - may the pump go on behind this command's data?
 * @conn: the connection; conn->rx_at_hand bytes are there behind the header
 * @pdu: a SCSI command with immediate data
 */
bool tiscsi_stage_fits(struct tiscsi_conn *conn, const struct icore_pdu *pdu)
{
	u32 tail = icore_pad(pdu->dsl) + (conn->params.data_digest ? ICORE_DIGEST_LEN : 0);

	if (pdu->dsl != pdu->scsi.edtl || pdu->dsl > PAGE_SIZE ||
	    pdu->dsl + tail > conn->rx_at_hand)
		return false;
	conn->stage_missed = !conn->nr_stage;
	return conn->nr_stage;
}

/* tiscsi_stage_fits() said so. */
void tiscsi_stage_take(struct tiscsi_cmd *cmd)
{
	struct tiscsi_conn *conn = cmd->conn;

	cmd->stage = conn->stage[--conn->nr_stage];
	conn->stage_used = true;
}

/**
 * tiscsi_stage_grow - twice as many pages, if one was missed
 * @conn: the connection
 */
void tiscsi_stage_grow(struct tiscsi_conn *conn)
{
	u32 max = clamp_t(u32, 2 * conn->max_stage, 1, TISCSI_STAGE_PAGES);
	struct page *page;

	if (!conn->stage_missed)
		return;
	conn->stage_missed = false;
	while (conn->max_stage < max) {
		page = alloc_page(GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN);
		if (!page)
			break;
		conn->stage[conn->nr_stage++] = page;
		conn->max_stage++;
	}
}

void tiscsi_stage_put(struct tiscsi_cmd *cmd)
{
	struct tiscsi_conn *conn = cmd->conn;

	conn->stage[conn->nr_stage++] = cmd->stage;
	cmd->stage = NULL;
}

/**
 * tiscsi_stage_unload - the buffer is there: its data goes into it
 * @cmd: @cmd->cur stands at its beginning
 */
void tiscsi_stage_unload(struct tiscsi_cmd *cmd)
{
	const u8 *from = page_address(cmd->stage);
	u32 left = min(cmd->edtl, cmd->buf_len);

	while (left) {
		struct scatterlist *sg = cmd->cur.sg;
		u32 start = sg->offset + cmd->cur.sg_off;
		u32 n = min_t(u32, left, sg->length - cmd->cur.sg_off);

		n = min_t(u32, n, PAGE_SIZE - offset_in_page(start));
		memcpy_to_page(sg_page(sg) + (start >> PAGE_SHIFT), offset_in_page(start), from, n);
		tiscsi_sgcur_move(&cmd->cur, n);
		from += n;
		left -= n;
	}
	tiscsi_stage_put(cmd);
}

static void tiscsi_stage_shrink(struct tiscsi_conn *conn)
{
	conn->max_stage -= conn->nr_stage;
	while (conn->nr_stage)
		__free_page(conn->stage[--conn->nr_stage]);
}

void tiscsi_stage_tick(struct tiscsi_conn *conn)
{
	if (!conn->stage_used)
		tiscsi_stage_shrink(conn);
	conn->stage_used = false;
}

/* No command has a page any more. */
void tiscsi_stage_free(struct tiscsi_conn *conn)
{
	tiscsi_stage_shrink(conn);
	WARN_ON_ONCE(conn->max_stage);
}
