// SPDX-License-Identifier: GPL-2.0
/*
 * A cursor over a byte stream that answers one question: what are the next bytes?
 *
 *	            +-----------------------------------+
 *	            v                                   | skipped, or no data
 *	HEADER -> HELD -> PAYLOAD -> TAIL -> DONE ------+
 *	   |        \                                   |
 *	   |         +-----> SKIP ----------------------+
 *	   +--> FAILED
 *
 * It never sees a socket, so it cannot care where the stream was cut: fewer bytes
 * than it wants merely shorten the present want. One counter says it all, @have of
 * @need bytes of the present state, and @need is computed once, on entry to a state,
 * from fields that cannot change until it is left. Hence no length from the wire is
 * ever used before the piece that carries it is complete.
 *
 * The header is fetched in at most two wants: 48 bytes, then AHS and header digest
 * together. TotalAHSLength is one byte, so the largest possible area (1020 bytes) has
 * its place in @hdr and there is nothing to refuse before the digest over it (11.2.3)
 * was compared. Data to be thrown away, with padding and digest, is one want.
 *
 * A header digest error ends the connection: the lengths in the header are the only
 * way to find the next PDU (7.7, 7.8). A data digest error does not: the boundaries
 * are known.
 */
#include "port.h"

enum rx_state {
	RX_HEADER,	/* BHS, AHS, header digest */
	RX_HELD,	/* the owner looks at the header */
	RX_PAYLOAD,	/* data segment to be stored */
	RX_TAIL,	/* padding and data digest */
	RX_SKIP,	/* data segment, padding and digest to be thrown away */
	RX_DONE,	/* the owner looks at digest_ok */
	RX_FAILED,
};

static void rx_enter(struct icore_rx *rx, enum rx_state state, u32 need)
{
	rx->state = state;
	rx->have = 0;
	rx->need = need;
}

static enum icore_rx_event rx_fail(struct icore_rx *rx, enum icore_rx_fail fail)
{
	rx_enter(rx, RX_FAILED, 0);
	rx->fail = fail;
	return ICORE_RX_FAIL;
}

static bool rx_same_digest(const u8 *received, __le32 computed)
{
	return !memcmp(received, &computed, ICORE_DIGEST_LEN);
}

/* The BHS says how much header there is; after that, what the whole header says. */
static enum icore_rx_event rx_header(struct icore_rx *rx)
{
	u32 len = ICORE_BHS_LEN + rx->bhs.ahs_words * 4;
	u32 all = len + (rx->header_digest ? ICORE_DIGEST_LEN : 0);

	if (rx->have < all) {
		rx->need = all;
		return ICORE_RX_MORE;
	}
	if (rx->header_digest && !rx_same_digest(rx->hdr + len, icore_digest(rx->hdr, len)))
		return rx_fail(rx, ICORE_RX_FAIL_HEADER_DIGEST);
	icore_pdu_decode(&rx->bhs, rx->hdr + ICORE_BHS_LEN, rx->max_dsl, &rx->pdu);
	if (rx->pdu.verdict == ICORE_DROP)
		return rx_fail(rx, rx->pdu.dsl > rx->max_dsl ? ICORE_RX_FAIL_TOO_LONG :
							       ICORE_RX_FAIL_FORMAT);
	rx_enter(rx, RX_HELD, 0);
	return ICORE_RX_HEADER;
}

static u32 rx_tail_len(const struct icore_rx *rx)
{
	return icore_pad(rx->pdu.dsl) + (rx->data_digest ? ICORE_DIGEST_LEN : 0);
}

static enum icore_rx_event rx_done(struct icore_rx *rx)
{
	rx_enter(rx, RX_DONE, 0);
	return ICORE_RX_DONE;
}

/* The digest covers the padding too (11.2.3), whatever the padding contains. */
static enum icore_rx_event rx_tail(struct icore_rx *rx)
{
	u32 pad = icore_pad(rx->pdu.dsl);

	if (rx->need > pad) {
		rx->crc = icore_crc_update(rx->crc, rx->tail, pad);
		rx->digest_ok = rx_same_digest(rx->tail + pad, icore_crc_final(rx->crc));
	}
	return rx_done(rx);
}

/**
 * icore_rx_init() - at the beginning of a connection
 * @rx: cursor; all fields are set
 * @max_dsl: longest data segment to accept
 *
 * There are no digests during login (13.1).
 */
void icore_rx_init(struct icore_rx *rx, u32 max_dsl)
{
	memset(rx, 0, sizeof(*rx));
	icore_rx_set_digests(rx, false, false, max_dsl);
	rx_enter(rx, RX_HEADER, ICORE_BHS_LEN);
}

/**
 * icore_rx_set_digests() - what the negotiation came to
 * @rx: cursor, between two PDUs
 * @header: CRC32C on headers
 * @data: CRC32C on data segments
 * @max_dsl: MaxRecvDataSegmentLength that we declared
 */
void icore_rx_set_digests(struct icore_rx *rx, bool header, bool data, u32 max_dsl)
{
	rx->header_digest = header;
	rx->data_digest = data;
	rx->max_dsl = min_t(u32, max_dsl, ICORE_DSL_FIELD_MAX);
}

/**
 * icore_rx_want() - what are the next bytes?
 * @rx: cursor
 * @want: the answer; its length is 0 while the owner has to say something first and
 *	after a failure
 */
void icore_rx_want(const struct icore_rx *rx, struct icore_rx_want *want)
{
	want->kind = ICORE_RX_SKIP;
	want->len = rx->need - rx->have;
	want->off = 0;
	want->dst = NULL;

	switch (rx->state) {
	case RX_HEADER:
		want->kind = ICORE_RX_COLLECT;
		want->dst = (u8 *)rx->hdr + rx->have;
		break;
	case RX_PAYLOAD:
		want->kind = ICORE_RX_PAYLOAD;
		want->off = rx->have;
		break;
	case RX_TAIL:
		want->kind = ICORE_RX_COLLECT;
		want->dst = (u8 *)rx->tail + rx->have;
		break;
	default:
		break;
	}
}

/**
 * icore_rx_advance() - bytes were moved
 * @rx: cursor
 * @n: how many, at most what the present want said; more is taken as that much
 *
 * Return: what the owner has to do now.
 */
enum icore_rx_event icore_rx_advance(struct icore_rx *rx, u32 n)
{
	if (rx->state == RX_FAILED)
		return ICORE_RX_FAIL;
	rx->have += min(n, rx->need - rx->have);
	if (rx->have < rx->need)
		return ICORE_RX_MORE;

	switch (rx->state) {
	case RX_HEADER:
		return rx_header(rx);
	case RX_PAYLOAD:
		if (!rx_tail_len(rx))
			return rx_done(rx);
		rx_enter(rx, RX_TAIL, rx_tail_len(rx));
		return ICORE_RX_MORE;
	case RX_TAIL:
		return rx_tail(rx);
	case RX_SKIP:
		rx_enter(rx, RX_HEADER, ICORE_BHS_LEN);
		return ICORE_RX_MORE;
	default:
		return ICORE_RX_MORE;
	}
}

/**
 * icore_rx_wants_crc() - must the mover of payload show it to icore_rx_crc()?
 * @rx: cursor
 */
bool icore_rx_wants_crc(const struct icore_rx *rx)
{
	return rx->data_digest && rx->state == RX_PAYLOAD;
}

/**
 * icore_rx_crc() - payload that was just moved, in order
 * @rx: cursor, not yet advanced over these bytes
 * @data: where they are now
 * @len: how many
 */
void icore_rx_crc(struct icore_rx *rx, const void *data, u32 len)
{
	rx->crc = icore_crc_update(rx->crc, data, len);
}

/**
 * icore_rx_take() - the owner has looked at the header
 * @rx: cursor, after ICORE_RX_HEADER
 * @store: the data segment is wanted
 *
 * Return: true if ICORE_RX_DONE will follow. Without that the next event belongs to
 * the next PDU.
 */
bool icore_rx_take(struct icore_rx *rx, bool store)
{
	if (rx->state != RX_HELD)
		return false;
	if (!rx->pdu.dsl) {
		rx_enter(rx, RX_HEADER, ICORE_BHS_LEN);
		return false;
	}
	if (!store) {
		rx_enter(rx, RX_SKIP, rx->pdu.dsl + rx_tail_len(rx));
		return false;
	}
	rx_enter(rx, RX_PAYLOAD, rx->pdu.dsl);
	rx->crc = icore_crc_init();
	rx->digest_ok = true;
	return true;
}

/**
 * icore_rx_next() - on to the next PDU
 * @rx: cursor, after ICORE_RX_DONE
 */
void icore_rx_next(struct icore_rx *rx)
{
	if (rx->state == RX_DONE)
		rx_enter(rx, RX_HEADER, ICORE_BHS_LEN);
}
