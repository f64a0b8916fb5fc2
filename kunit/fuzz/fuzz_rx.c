// SPDX-License-Identifier: GPL-2.0
/*
 * A stream of PDUs made from the input, some of them damaged, fed to the cursor once
 * whole and once in pieces. Both must tell the same story. Digests are computed here,
 * or a fuzzer would never get past the first one.
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
	u32 crc;
	enum icore_rx_fail fail;
};

static u8 stream[STREAM_MAX + 4096];
static u32 stream_len;

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
	stream_len += sizeof(*bhs);
	fuzz_bytes(in, stream + stream_len, bhs->ahs_words * 4);
	stream_len += bhs->ahs_words * 4;
	if (mode & MODE_HD)
		digest(begin, how & PDU_BAD_HD);
	if (!dsl || dsl > MAX_DSL)
		return;
	begin = stream_len;
	fuzz_bytes(in, stream + stream_len, dsl + icore_pad(dsl));
	stream_len += dsl + icore_pad(dsl);
	if (mode & MODE_DD)
		digest(begin, how & PDU_BAD_DD);
}

static void on_event(struct icore_rx *rx, struct story *s, const u8 *data,
		     enum icore_rx_event event)
{
	if (event == ICORE_RX_MORE)
		return;
	s->events++;
	note_u32(s, event);
	if (event == ICORE_RX_HEADER) {
		fuzz_check(rx->pdu.verdict != ICORE_DROP);
		note(s, rx->hdr, ICORE_BHS_LEN + rx->pdu.ahs_len);
		note_u32(s, rx->pdu.verdict);
		note_u32(s, icore_rx_take(rx, rx->pdu.itt & 1));
	} else if (event == ICORE_RX_DONE) {
		fuzz_check(rx->pdu.dsl && rx->pdu.dsl <= MAX_DSL);
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
		fuzz_check(want.len);
		n = min(want.len, stream_len - at);
		if (cuts) {
			cuts = cuts * 1664525 + 1013904223;
			n = min(n, 1 + (cuts >> 24) % (cuts & 256 ? 7 : 97));
		}
		if (want.kind == ICORE_RX_COLLECT)
			memcpy(want.dst, stream + at, n);
		if (want.kind == ICORE_RX_PAYLOAD) {
			fuzz_check(want.off + n <= rx->pdu.dsl);
			memcpy(data + want.off, stream + at, n);
			if (icore_rx_wants_crc(rx))
				icore_rx_crc(rx, stream + at, n);
		}
		at += n;
		event = icore_rx_advance(rx, n);
		on_event(rx, s, data, event);
		if (event == ICORE_RX_FAIL)
			break;
	}
	s->fail = rx->fail;
	fuzz_check(icore_rx_fail_name(s->fail));
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
		fuzz_check(whole.events == cut.events);
		fuzz_check(whole.crc == cut.crc);
		fuzz_check(whole.fail == cut.fail);
	}
	return 0;
}
