// SPDX-License-Identifier: GPL-2.0
/*
 * A stream of PDUs made from the input, some of them damaged, fed to the cursor once
 * whole and three times in pieces. All must tell the same story, and where the stream
 * was made here that story is known: which bytes each PDU begins at, and which digest
 * is the first to fail. Digests are computed here, or a fuzzer would never get past the
 * first one.
 *
 * Input: mode (1 header digest, 2 data digest, 4 raw: no repair at all), seed of the
 * cuts, then PDUs: a byte of what to do, 48 bytes of BHS, AHS, data.
 */
#include "fuzz.h"

#define MAX_DSL		2048
#define STREAM_MAX	16384

#define MODE_HD		1
#define MODE_DD		2
#define MODE_RAW	4

#define PDU_BAD_HD	1	/* of the byte before a PDU */
#define PDU_BAD_DD	2
#define PDU_LONG	4	/* leave the high byte of the length alone */

struct story {
	u32 events;
	u32 headers;
	u32 taken;	/* bytes of the stream until its end or the failure */
	u32 crc;
	enum icore_rx_fail fail;
};

/* What was put into the stream, if it was made here. */
struct made {
	u32 at;
	u32 end;
	bool bad_header;
	bool bad_data;
};

static u8 stream[STREAM_MAX + 4096];
static u32 stream_len;
static struct made made[STREAM_MAX / ICORE_BHS_LEN + 1];
static u32 made_count;

static void note(struct story *s, const void *p, u32 len)
{
	s->crc = icore_crc_update(s->crc, p, len);
}

static void note_u32(struct story *s, u32 v)
{
	note(s, &v, sizeof(v));
}

static void digest(u32 from, bool bad)
{
	__le32 d = icore_digest(stream + from, stream_len - from);

	memcpy(stream + stream_len, &d, 4);
	stream[stream_len] ^= bad;
	stream_len += 4;
}

static void add_pdu(struct fuzz_input *in, u8 mode)
{
	u8 how = fuzz_u8(in);
	struct icore_bhs *bhs = (void *)(stream + stream_len);
	u32 begin = stream_len, dsl;

	fuzz_bytes(in, bhs, sizeof(*bhs));
	if (!(how & PDU_LONG)) {
		bhs->dsl[0] = 0;
		bhs->dsl[1] &= 3;
	}
	dsl = icore_bhs_dsl(bhs);
	made[made_count].at = begin;
	made[made_count].bad_header = (mode & MODE_HD) && (how & PDU_BAD_HD);
	made[made_count].bad_data = (mode & MODE_DD) && (how & PDU_BAD_DD) && dsl;
	stream_len += sizeof(*bhs);
	fuzz_bytes(in, stream + stream_len, bhs->ahs_words * 4);
	stream_len += bhs->ahs_words * 4;
	if (mode & MODE_HD)
		digest(begin, how & PDU_BAD_HD);
	begin = stream_len;
	if (dsl && dsl <= MAX_DSL) {
		fuzz_bytes(in, stream + stream_len, dsl + icore_pad(dsl));
		stream_len += dsl + icore_pad(dsl);
		if (mode & MODE_DD)
			digest(begin, how & PDU_BAD_DD);
	}
	made[made_count++].end = stream_len;
}

/* The header that was just completed with the byte before @at. */
static void judge_header(const struct icore_rx *rx, const struct story *s, u32 at)
{
	const struct made *m = &made[s->headers];
	u32 len = ICORE_BHS_LEN + rx->pdu.ahs_len;

	fuzz_check(s->headers < made_count && !m->bad_header);
	fuzz_check(at == m->at + len + (rx->header_digest ? ICORE_DIGEST_LEN : 0));
	fuzz_check(!memcmp(rx->hdr, stream + m->at, len));
}

/* The stream is used up, or the cursor has failed after @s->taken bytes. */
static void judge_end(const struct story *s)
{
	const struct made *m = &made[s->headers];

	if (s->fail == ICORE_RX_FAIL_NONE) {
		fuzz_check(s->headers == made_count && s->taken == stream_len);
		return;
	}
	fuzz_check(s->headers < made_count && s->taken > m->at && s->taken <= m->end);
	fuzz_check(s->fail == (m->bad_header ? ICORE_RX_FAIL_HEADER_DIGEST :
					       ICORE_RX_FAIL_TOO_LONG));
}

static void on_event(struct icore_rx *rx, struct story *s, const u8 *data,
		     enum icore_rx_event event, u32 at)
{
	const bool known = made_count;

	if (event == ICORE_RX_MORE)
		return;
	s->events++;
	note_u32(s, event);
	if (event == ICORE_RX_HEADER) {
		fuzz_check(rx->pdu.verdict != ICORE_DROP);
		if (known)
			judge_header(rx, s, at);
		s->headers++;
		note(s, rx->hdr, ICORE_BHS_LEN + rx->pdu.ahs_len);
		note_u32(s, rx->pdu.verdict);
		note_u32(s, icore_rx_take(rx, rx->pdu.itt & 1));
	} else if (event == ICORE_RX_DONE) {
		fuzz_check(rx->pdu.dsl && rx->pdu.dsl <= MAX_DSL);
		if (known) {
			const struct made *m = &made[s->headers - 1];

			fuzz_check(at == m->end && rx->digest_ok == !m->bad_data);
			fuzz_check(!memcmp(data, stream + at - rx->pdu.dsl -
					   icore_pad(rx->pdu.dsl) -
					   (rx->data_digest ? ICORE_DIGEST_LEN : 0), rx->pdu.dsl));
		}
		note(s, data, rx->pdu.dsl);
		note_u32(s, rx->digest_ok);
		icore_rx_next(rx);
	}
}

/* @cuts is 0 for one shot, else the state of a generator. */
static void run(u8 mode, u32 cuts, struct story *s)
{
	struct icore_rx *rx = malloc(sizeof(*rx));
	u8 *data = malloc(MAX_DSL);
	u32 at = 0;

	if (!rx || !data)
		abort();
	memset(s, 0, sizeof(*s));
	icore_rx_init(rx, MAX_DSL);
	icore_rx_set_digests(rx, mode & MODE_HD, mode & MODE_DD, MAX_DSL);
	while (at < stream_len) {
		enum icore_rx_event event;
		struct icore_rx_want want;
		u32 n;

		icore_rx_want(rx, &want);
		fuzz_check(want.len && (want.kind == ICORE_RX_COLLECT) == !!want.dst);
		n = min(want.len, stream_len - at);
		if (cuts) {
			cuts = cuts * 1664525 + 1013904223;
			n = min(n, 1 + (cuts >> 24) % (cuts & 256 ? 7 : 97));
		}
		if (want.kind == ICORE_RX_COLLECT) {
			fuzz_check((want.dst >= rx->hdr &&
				    want.dst + want.len <= rx->hdr + sizeof(rx->hdr)) ||
				   (want.dst >= rx->tail &&
				    want.dst + want.len <= rx->tail + sizeof(rx->tail)));
			memcpy(want.dst, stream + at, n);
		}
		if (want.kind == ICORE_RX_PAYLOAD) {
			fuzz_check(want.off + want.len <= rx->pdu.dsl);
			memcpy(data + want.off, stream + at, n);
			if (icore_rx_wants_crc(rx))
				icore_rx_crc(rx, stream + at, n);
		}
		at += n;
		event = icore_rx_advance(rx, n);
		on_event(rx, s, data, event, at);
		if (event == ICORE_RX_FAIL)
			break;
	}
	s->taken = at;
	s->fail = rx->fail;
	fuzz_check(icore_rx_fail_name(s->fail));
	if (made_count)
		judge_end(s);
	free(data);
	free(rx);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct fuzz_input in = { data, size };
	u8 mode = fuzz_u8(&in);
	u32 cuts = fuzz_u8(&in);
	struct story whole, cut;

	stream_len = 0;
	made_count = 0;
	if (mode & MODE_RAW) {
		stream_len = min_t(size_t, in.left, STREAM_MAX);
		memcpy(stream, in.p, stream_len);
	} else {
		while (in.left && stream_len < STREAM_MAX)
			add_pdu(&in, mode);
	}
	run(mode, 0, &whole);
	for (u32 i = 1; i <= 3; i++) {
		run(mode, cuts * 4 + i, &cut);
		fuzz_check(whole.events == cut.events && whole.headers == cut.headers);
		fuzz_check(whole.taken == cut.taken && whole.crc == cut.crc);
		fuzz_check(whole.fail == cut.fail);
	}
	return 0;
}
