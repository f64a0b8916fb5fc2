// SPDX-License-Identifier: GPL-2.0
/*
 * The byte-stream cursor. One stream with everything in it is fed whole, cut at every
 * single place, in pieces of every size, and at random; what comes out must not depend
 * on it, and must be what was put in.
 */
#include "icore_test.h"

#define MAX_DSL 600
#define STREAM_MAX 4096
#define PDUS_MAX 16

/* What goes in: opcode, flags, words of AHS, bytes of data. */
struct pdu_spec {
	u8 op;
	u8 flags;
	u8 ahs_words;
	u16 dsl;
};

static const struct pdu_spec specs[] = {
	{ 0x40, 0x80, 0, 3 },	/* NOP-Out, padding 1 */
	{ 0x01, 0x80, 5, 0 },	/* 32-byte CDB */
	{ 0x01, 0xa0, 0, 5 },	/* immediate data, padding 3 */
	{ 0x05, 0x80, 0, 0 },	/* nothing but a header */
	{ 0x05, 0x00, 0, 4 },
	{ 0x07, 0x80, 3, 1 },	/* unknown */
	{ 0x01, 0x80, 64, 0 },	/* longest legitimate AHS area, malformed inside */
	{ 0x02, 0x81, 255, 2 },	/* longest possible area, and data where none may be */
	{ 0x05, 0x80, 0, MAX_DSL },
	{ 0x06, 0x80, 0, 0 },
};

/* What is written down about a PDU on either side. */
struct seen {
	u8 op;
	u16 ahs_len;
	u32 dsl;
	u32 header_crc;
	u32 data_crc;
	bool stored;
	bool digest_ok;
};

struct bench {
	u8 stream[STREAM_MAX];
	u32 len;
	u32 ends[PDUS_MAX];
	struct seen put[PDUS_MAX];
	struct seen got[PDUS_MAX];
	u32 got_count;
	struct icore_rx rx;
	u8 data[MAX_DSL];
	enum icore_rx_event last;
};

static u32 put_digest(struct bench *b, u32 from, u32 at)
{
	__le32 d = icore_digest(b->stream + from, at - from);

	memcpy(b->stream + at, &d, 4);
	return at + 4;
}

/* Compose the stream; @store says which data segments will be asked for. */
static void compose(struct bench *b, bool hd, bool dd, u32 store)
{
	u32 at = 0;

	for (u32 n = 0; n < ARRAY_SIZE(specs); n++) {
		const struct pdu_spec *s = &specs[n];
		struct icore_bhs *bhs = (void *)(b->stream + at);
		u32 begin = at, data;

		memset(bhs, 0, sizeof(*bhs));
		bhs->opcode = s->op;
		bhs->flags = s->flags;
		bhs->ahs_words = s->ahs_words;
		icore_put24(bhs->dsl, s->dsl);
		bhs->itt = cpu_to_be32(n);
		bhs->w[ICORE_W20] = cpu_to_be32(s->op == 0x40 || s->op == 5 ? ICORE_RTAG : 0);
		if (s->op == 0x01 && s->dsl)
			bhs->w[ICORE_W20] = cpu_to_be32(s->dsl);
		at += 48;
		for (u32 i = 0; i < s->ahs_words * 4; i++)
			b->stream[at++] = i * 7 + n;
		if (s->ahs_words == 5)
			memcpy(b->stream + at - 20, "\0\21\1", 3);
		b->put[n].op = s->op & ICORE_OP_MASK;
		b->put[n].ahs_len = s->ahs_words * 4;
		b->put[n].dsl = s->dsl;
		b->put[n].header_crc = icore_crc_update(~0u, b->stream + begin, at - begin);
		if (hd)
			at = put_digest(b, begin, at);
		data = at;
		for (u32 i = 0; i < s->dsl; i++)
			b->stream[at++] = i * 13 + n;
		b->put[n].stored = s->dsl && store >> n & 1;
		b->put[n].digest_ok = b->put[n].stored;
		b->put[n].data_crc = b->put[n].stored ?
			icore_crc_update(~0u, b->stream + data, s->dsl) : 0;
		for (u32 i = icore_pad(s->dsl); i; i--)
			b->stream[at++] = 0xee;	/* content of padding is free */
		if (dd && s->dsl)
			at = put_digest(b, data, at);
		b->ends[n] = at;
	}
	b->len = at;
}

static void note_header(struct bench *b, u32 store)
{
	struct seen *g = &b->got[b->got_count];
	const struct icore_pdu *pdu = &b->rx.pdu;

	g->op = pdu->opcode;
	g->ahs_len = pdu->ahs_len;
	g->dsl = pdu->dsl;
	g->header_crc = icore_crc_update(~0u, b->rx.hdr, 48 + pdu->ahs_len);
	g->data_crc = 0;
	g->digest_ok = false;
	g->stored = icore_rx_take(&b->rx, store >> b->got_count & 1);
	if (!g->stored)
		b->got_count++;
}

static void note_done(struct bench *b)
{
	struct seen *g = &b->got[b->got_count++];

	g->data_crc = icore_crc_update(~0u, b->data, g->dsl);
	g->digest_ok = b->rx.digest_ok;
	icore_rx_next(&b->rx);
}

/* Feed @len bytes, which arrived together. Return: false on ICORE_RX_FAIL. */
static bool feed(struct bench *b, const u8 *p, u32 len, u32 store)
{
	while (len) {
		struct icore_rx_want want;
		u32 n;

		icore_rx_want(&b->rx, &want);
		n = min(want.len, len);
		if (!n)
			return false;
		if (want.kind == ICORE_RX_COLLECT)
			memcpy(want.dst, p, n);
		if (want.kind == ICORE_RX_PAYLOAD) {
			memcpy(b->data + want.off, p, n);
			if (icore_rx_wants_crc(&b->rx))
				icore_rx_crc(&b->rx, p, n);
		}
		b->last = icore_rx_advance(&b->rx, n);
		p += n;
		len -= n;
		if (b->last == ICORE_RX_FAIL)
			return false;
		if (b->last == ICORE_RX_HEADER)
			note_header(b, store);
		else if (b->last == ICORE_RX_DONE)
			note_done(b);
	}
	return true;
}

static void begin(struct bench *b, bool hd, bool dd)
{
	icore_rx_init(&b->rx, MAX_DSL);
	icore_rx_set_digests(&b->rx, hd, dd, MAX_DSL);
	memset(b->got, 0, sizeof(b->got));
	memset(b->data, 0, sizeof(b->data));
	b->got_count = 0;
}

static void same(struct kunit *test, const struct bench *b, u32 how)
{
	KUNIT_ASSERT_EQ_MSG(test, b->got_count, ARRAY_SIZE(specs), "cut %u", how);
	for (u32 n = 0; n < ARRAY_SIZE(specs); n++) {
		const struct seen *p = &b->put[n], *g = &b->got[n];

		KUNIT_ASSERT_EQ_MSG(test, g->op, p->op, "pdu %u cut %u", n, how);
		KUNIT_ASSERT_EQ_MSG(test, g->ahs_len, p->ahs_len, "pdu %u cut %u", n, how);
		KUNIT_ASSERT_EQ_MSG(test, g->dsl, p->dsl, "pdu %u cut %u", n, how);
		KUNIT_ASSERT_EQ_MSG(test, g->header_crc, p->header_crc, "pdu %u cut %u", n, how);
		KUNIT_ASSERT_EQ_MSG(test, g->data_crc, p->data_crc, "pdu %u cut %u", n, how);
		KUNIT_ASSERT_EQ_MSG(test, g->stored, p->stored, "pdu %u cut %u", n, how);
		KUNIT_ASSERT_EQ_MSG(test, g->digest_ok, p->digest_ok, "pdu %u cut %u", n, how);
	}
}

struct mode {
	bool hd;
	bool dd;
	u32 store;
};

static const struct mode modes[] = {
	{ false, false, 0xffff }, { true, false, 0xffff }, { false, true, 0xffff },
	{ true, true, 0xffff },	  { false, false, 0 },	   { true, true, 0 },
	{ true, true, 0x5555 },	  { true, true, 0xaaaa },  { false, true, 0x0ff0 },
};

static void mode_desc(const struct mode *m, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "header digest %d, data digest %d, stored %04x",
		 m->hd, m->dd, m->store);
}

KUNIT_ARRAY_PARAM(mode, modes, mode_desc);

static struct bench *bench(struct kunit *test, const struct mode *m)
{
	struct bench *b = kunit_kzalloc(test, sizeof(*b), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, b);
	compose(b, m->hd, m->dd, m->store);
	begin(b, m->hd, m->dd);
	return b;
}

static void rx_one_shot(struct kunit *test)
{
	const struct mode *m = test->param_value;
	struct bench *b = bench(test, m);

	KUNIT_EXPECT_TRUE(test, feed(b, b->stream, b->len, m->store));
	same(test, b, 0);
}

static void rx_every_cut(struct kunit *test)
{
	const struct mode *m = test->param_value;
	struct bench *b = bench(test, m);

	for (u32 cut = 1; cut < b->len; cut++) {
		begin(b, m->hd, m->dd);
		feed(b, b->stream, cut, m->store);
		feed(b, b->stream + cut, b->len - cut, m->store);
		same(test, b, cut);
	}
}

static void rx_every_size(struct kunit *test)
{
	const struct mode *m = test->param_value;
	struct bench *b = bench(test, m);

	for (u32 size = 1; size < 1200; size += size < 80 ? 1 : 37) {
		begin(b, m->hd, m->dd);
		for (u32 at = 0; at < b->len; at += size)
			feed(b, b->stream + at, min(size, b->len - at), m->store);
		same(test, b, size);
	}
}

static void rx_random_cuts(struct kunit *test)
{
	const struct mode *m = test->param_value;
	struct bench *b = bench(test, m);
	u32 seed = 1;

	for (u32 round = 0; round < 300; round++) {
		begin(b, m->hd, m->dd);
		for (u32 at = 0, n; at < b->len; at += n) {
			seed = seed * 1664525 + 1013904223;
			n = min(1 + (seed >> 24) * (seed >> 30), b->len - at);
			feed(b, b->stream + at, n, m->store);
		}
		same(test, b, round);
	}
}

/* One flipped bit anywhere in BHS, AHS or digest; the lengths are left alone. */
static void rx_header_digest(struct kunit *test)
{
	static const struct mode m = { true, false, 0xffff };
	struct bench *b = bench(test, &m);
	u32 begin_pdu = b->ends[0];
	u32 len = 48 + 20 + 4;

	for (u32 i = 0; i < len; i++) {
		if (i == 4)
			continue;	/* TotalAHSLength: the digest is looked for elsewhere */
		b->stream[begin_pdu + i] ^= 0x10;
		begin(b, true, false);
		KUNIT_EXPECT_FALSE_MSG(test, feed(b, b->stream, b->len, 0xffff), "byte %u", i);
		KUNIT_EXPECT_EQ(test, b->got_count, 1);
		KUNIT_EXPECT_EQ(test, b->rx.fail, ICORE_RX_FAIL_HEADER_DIGEST);
		b->stream[begin_pdu + i] ^= 0x10;
	}
}

/* A damaged data segment is noticed, and the next PDU is found all the same. */
static void rx_data_digest(struct kunit *test)
{
	static const struct mode m = { false, true, 0xffff };
	struct bench *b = bench(test, &m);
	u32 data = b->ends[1] + 48;

	for (u32 i = data; i < b->ends[2]; i++) {
		b->stream[i] ^= 0x01;
		begin(b, false, true);
		KUNIT_EXPECT_TRUE(test, feed(b, b->stream, b->len, 0xffff));
		KUNIT_EXPECT_EQ(test, b->got_count, ARRAY_SIZE(specs));
		for (u32 n = 0; n < ARRAY_SIZE(specs); n++)
			KUNIT_EXPECT_EQ_MSG(test, b->got[n].digest_ok, specs[n].dsl && n != 2,
					    "byte %u pdu %u", i, n);
		/* What is thrown away is not judged. */
		begin(b, false, true);
		KUNIT_EXPECT_TRUE(test, feed(b, b->stream, b->len, 0));
		KUNIT_EXPECT_EQ(test, b->got_count, ARRAY_SIZE(specs));
		b->stream[i] ^= 0x01;
	}
}

static void rx_too_long(struct kunit *test)
{
	static const struct mode m = { false, false, 0xffff };
	struct bench *b = bench(test, &m);
	struct icore_rx_want want;

	icore_rx_set_digests(&b->rx, false, false, MAX_DSL - 1);
	KUNIT_EXPECT_FALSE(test, feed(b, b->stream, b->len, 0xffff));
	KUNIT_EXPECT_EQ(test, b->got_count, 8);
	KUNIT_EXPECT_EQ(test, b->last, ICORE_RX_FAIL);
	KUNIT_EXPECT_EQ(test, b->rx.fail, ICORE_RX_FAIL_TOO_LONG);
	/* It stays like that. */
	icore_rx_want(&b->rx, &want);
	KUNIT_EXPECT_EQ(test, want.len, 0);
	KUNIT_EXPECT_EQ(test, icore_rx_advance(&b->rx, 48), ICORE_RX_FAIL);
	icore_rx_next(&b->rx);
	KUNIT_EXPECT_FALSE(test, icore_rx_take(&b->rx, true));
	icore_rx_set_digests(&b->rx, false, false, MAX_DSL);
	KUNIT_EXPECT_EQ(test, icore_rx_advance(&b->rx, 48), ICORE_RX_FAIL);
}

static void expect_want(struct kunit *test, struct bench *b, enum icore_rx_kind kind, u32 len)
{
	struct icore_rx_want want;

	memset(&want, 0xa5, sizeof(want));
	icore_rx_want(&b->rx, &want);
	KUNIT_EXPECT_EQ(test, want.kind, kind);
	KUNIT_EXPECT_EQ(test, want.len, len);
	KUNIT_EXPECT_EQ(test, want.off, 0);
	KUNIT_EXPECT_EQ(test, !!want.dst, kind == ICORE_RX_COLLECT);
}

static enum icore_rx_event serve(struct bench *b, u32 *at)
{
	struct icore_rx_want want;

	icore_rx_want(&b->rx, &want);
	if (want.kind == ICORE_RX_COLLECT)
		memcpy(want.dst, b->stream + *at, want.len);
	if (want.kind == ICORE_RX_PAYLOAD && icore_rx_wants_crc(&b->rx))
		icore_rx_crc(&b->rx, b->stream + *at, want.len);
	*at += want.len;
	return icore_rx_advance(&b->rx, want.len);
}

/* The wants themselves: two for a header with anything behind it, one for a skip. */
static void rx_wants(struct kunit *test)
{
	static const struct mode m = { true, true, 0xffff };
	struct bench *b = bench(test, &m);
	u32 at = 0;

	expect_want(test, b, ICORE_RX_COLLECT, 48);
	KUNIT_EXPECT_EQ(test, serve(b, &at), ICORE_RX_MORE);
	expect_want(test, b, ICORE_RX_COLLECT, 4);
	KUNIT_EXPECT_EQ(test, serve(b, &at), ICORE_RX_HEADER);
	expect_want(test, b, ICORE_RX_SKIP, 0);
	KUNIT_EXPECT_EQ(test, icore_rx_advance(&b->rx, 5), ICORE_RX_MORE);
	KUNIT_EXPECT_TRUE(test, icore_rx_take(&b->rx, true));
	expect_want(test, b, ICORE_RX_PAYLOAD, 3);
	KUNIT_EXPECT_TRUE(test, icore_rx_wants_crc(&b->rx));
	KUNIT_EXPECT_EQ(test, serve(b, &at), ICORE_RX_MORE);
	expect_want(test, b, ICORE_RX_COLLECT, 1 + 4);
	KUNIT_EXPECT_FALSE(test, icore_rx_wants_crc(&b->rx));
	KUNIT_EXPECT_EQ(test, serve(b, &at), ICORE_RX_DONE);
	KUNIT_EXPECT_TRUE(test, b->rx.digest_ok);
	expect_want(test, b, ICORE_RX_SKIP, 0);
	/* More than was wanted counts as what was wanted, nothing of it sticks. */
	KUNIT_EXPECT_EQ(test, icore_rx_advance(&b->rx, 0xffffffff), ICORE_RX_MORE);
	icore_rx_next(&b->rx);

	KUNIT_EXPECT_EQ(test, serve(b, &at), ICORE_RX_MORE);
	expect_want(test, b, ICORE_RX_COLLECT, 20 + 4);
	KUNIT_EXPECT_EQ(test, serve(b, &at), ICORE_RX_HEADER);
	KUNIT_EXPECT_EQ(test, b->rx.pdu.scsi.cdb_len, 32);
	KUNIT_EXPECT_FALSE(test, icore_rx_take(&b->rx, true));
	expect_want(test, b, ICORE_RX_COLLECT, 48);

	serve(b, &at);
	KUNIT_EXPECT_EQ(test, serve(b, &at), ICORE_RX_HEADER);
	KUNIT_EXPECT_FALSE(test, icore_rx_take(&b->rx, false));
	expect_want(test, b, ICORE_RX_SKIP, 5 + 3 + 4);
	/* A second answer to the same question is not heard. */
	KUNIT_EXPECT_FALSE(test, icore_rx_take(&b->rx, true));
	expect_want(test, b, ICORE_RX_SKIP, 5 + 3 + 4);
	KUNIT_EXPECT_EQ(test, serve(b, &at), ICORE_RX_MORE);
	expect_want(test, b, ICORE_RX_COLLECT, 48);
	KUNIT_EXPECT_EQ(test, at, b->ends[2]);
}

/* Nothing of what was in the structure survives, and no digests are expected. */
static void rx_init(struct kunit *test)
{
	static const struct mode plain = { false, false, 0xffff };
	struct bench *b = bench(test, &plain);

	memset(&b->rx, 0xff, sizeof(b->rx));
	icore_rx_init(&b->rx, MAX_DSL);
	KUNIT_EXPECT_EQ(test, b->rx.fail, ICORE_RX_FAIL_NONE);
	KUNIT_EXPECT_TRUE(test, feed(b, b->stream, b->len, 0xffff));
	same(test, b, 0);
}

/* A mover who claims more than was wanted does not get ahead of the stream. */
static void rx_overclaim(struct kunit *test)
{
	static const struct mode plain = { false, false, 0xffff };
	struct bench *b = bench(test, &plain);
	const u8 *pdu = b->stream + b->ends[0];	/* the one with a 32-byte CDB */

	feed(b, pdu, 40, 0xffff);
	memcpy(b->rx.hdr + 40, pdu + 40, 8);
	KUNIT_EXPECT_EQ(test, icore_rx_advance(&b->rx, 60), ICORE_RX_MORE);
	expect_want(test, b, ICORE_RX_COLLECT, 20);
	feed(b, pdu + 48, b->len - b->ends[0] - 48, 0xffff);
	KUNIT_EXPECT_EQ(test, b->got_count, ARRAY_SIZE(specs) - 1);
	KUNIT_EXPECT_EQ(test, b->got[0].header_crc, b->put[1].header_crc);
}

/* Digests begin between two PDUs: the first half of the stream has none. */
static void rx_digests_begin(struct kunit *test)
{
	static const struct mode plain = { false, false, 0xffff };
	struct bench *b = bench(test, &plain);
	struct bench *d = kunit_kzalloc(test, sizeof(*d), GFP_KERNEL);

	compose(d, true, true, 0xffff);
	feed(b, b->stream, b->ends[4], 0xffff);
	KUNIT_EXPECT_EQ(test, b->got_count, 5);
	icore_rx_set_digests(&b->rx, true, true, MAX_DSL);
	feed(b, d->stream + d->ends[4], d->len - d->ends[4], 0xffff);
	same(test, b, 0);
}

/* Whatever is called in whatever order, no want leaves the structure. */
static void rx_misuse(struct kunit *test)
{
	struct icore_rx *rx = kunit_kzalloc(test, sizeof(*rx), GFP_KERNEL);
	u32 seed = 7;

	icore_rx_init(rx, 0xffffffff);
	for (u32 round = 0; round < 100000; round++) {
		struct icore_rx_want want;

		seed = seed * 1664525 + 1013904223;
		if (!(seed >> 16 & 0xfff))
			icore_rx_init(rx, seed);
		icore_rx_want(rx, &want);
		if (want.kind == ICORE_RX_COLLECT) {
			KUNIT_ASSERT_GE(test, (size_t)want.dst, (size_t)rx);
			KUNIT_ASSERT_LE(test, (size_t)want.dst + want.len, (size_t)(rx + 1));
			memset(want.dst, seed >> 8, min(want.len, seed >> 26));
		}
		switch (seed >> 29) {
		case 0:
			icore_rx_take(rx, seed >> 28 & 1);
			break;
		case 1:
			icore_rx_next(rx);
			break;
		default:
			icore_rx_advance(rx, seed >> 27 & 1 ? seed : seed >> 26 & 63);
			break;
		}
	}
}

static struct kunit_case rx_cases[] = {
	KUNIT_CASE_PARAM(rx_one_shot, mode_gen_params),
	KUNIT_CASE_PARAM(rx_every_cut, mode_gen_params),
	KUNIT_CASE_PARAM(rx_every_size, mode_gen_params),
	KUNIT_CASE_PARAM(rx_random_cuts, mode_gen_params),
	KUNIT_CASE(rx_header_digest),
	KUNIT_CASE(rx_data_digest),
	KUNIT_CASE(rx_too_long),
	KUNIT_CASE(rx_wants),
	KUNIT_CASE(rx_init),
	KUNIT_CASE(rx_overclaim),
	KUNIT_CASE(rx_digests_begin),
	KUNIT_CASE(rx_misuse),
	{}
};

static struct kunit_suite rx_suite = {
	.name = "icore_rx",
	.test_cases = rx_cases,
};

kunit_test_suite(rx_suite);
