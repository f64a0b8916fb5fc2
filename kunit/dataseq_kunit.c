// SPDX-License-Identifier: GPL-2.0
/*
 * Sequencing of data. First an honest initiator with every sort of parameters, for
 * which each byte must be stored exactly once; then a table of what dishonest or
 * broken ones do, with the verdict and the state after every single PDU.
 */
#include "icore_test.h"

/* ---- an honest initiator ---- */

struct combo {
	u32 first_burst;
	u32 max_burst;
	u32 mrdsl;
	u16 max_r2t;
	bool initial_r2t;
	bool immediate_data;
};

static const struct combo combos[] = {
	{ 512, 512, 512, 1, false, true },
	{ 512, 4096, 512, 1, true, true },
	{ 4096, 4096, 8192, 1, false, false },
	{ 65536, 262144, 8192, 1, false, true },
	{ 65536, 262144, 8192, 4, true, true },
	{ 65536, 65536, 262144, 16, false, true },
	{ 262144, 262144, 65536, 64, true, false },
	{ 512, 512, 1024, 64, true, true },
	{ 513, 1021, 515, 3, false, true },
	{ 1021, 2043, 512, 1000, false, false },
	{ 4096, 1 << 24, 1 << 20, 2, false, true },
};

static void combo_desc(const struct combo *c, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE,
		 "first %u max %u mrdsl %u r2t %u InitialR2T=%d ImmediateData=%d", c->first_burst,
		 c->max_burst, c->mrdsl, c->max_r2t, c->initial_r2t, c->immediate_data);
}

KUNIT_ARRAY_PARAM(combo, combos, combo_desc);

static u32 rnd_state;

static u32 rnd(u32 below)
{
	rnd_state = rnd_state * 1664525 + 1013904223;
	return (u64)(rnd_state >> 1) * below >> 31;
}

#define QUEUE 64

struct sim {
	struct icore_wseq ws;
	struct icore_params p;
	const struct combo *c;
	struct icore_r2t queue[QUEUE];	/* R2Ts the initiator has not answered */
	u32 head;
	u32 tail;
	u32 next;			/* bytes stored so far */
	u32 asked;
	u32 r2ts;
};

static void sim_params(struct icore_params *p, const struct combo *c)
{
	memset(p, 0, sizeof(*p));
	p->first_burst = c->first_burst;
	p->max_burst = c->max_burst;
	p->mrdsl_in = c->mrdsl;
	p->max_r2t = c->max_r2t;
	p->initial_r2t = c->initial_r2t;
	p->immediate_data = c->immediate_data;
}

/* The target sends what it may; each R2T has to follow on the one before. */
static void sim_plan(struct kunit *test, struct sim *s)
{
	struct icore_r2t r2t;

	while (icore_wseq_plan(&s->ws, &r2t)) {
		KUNIT_ASSERT_EQ(test, r2t.r2tsn, s->r2ts);
		KUNIT_ASSERT_EQ(test, r2t.offset, s->asked);
		KUNIT_ASSERT_GT(test, r2t.len, 0);
		KUNIT_ASSERT_LE(test, r2t.len, s->c->max_burst);
		KUNIT_ASSERT_LE(test, r2t.offset + r2t.len, s->ws.wanted);
		s->asked += r2t.len;
		s->r2ts++;
		s->queue[s->tail++ % QUEUE] = r2t;
		KUNIT_ASSERT_LE(test, s->tail - s->head, s->c->max_r2t);
		KUNIT_ASSERT_LE(test, s->tail - s->head, ICORE_R2T_OUT_MAX);
	}
}

/* The initiator sends one sequence, cut as it likes. */
static void sim_sequence(struct kunit *test, struct sim *s, u32 ttt, u32 offset, u32 len)
{
	u32 end = offset + len, datasn = 0;
	struct icore_pdu pdu = { .opcode = ICORE_OP_DATA_OUT, .ttt = ttt };
	u8 reason = 0;

	do {
		u32 most = min(end - offset, s->c->mrdsl);

		/* A PDU without data now and then is legal. */
		pdu.dsl = rnd(20) ? most - rnd(2) * rnd(most) : 0;
		pdu.data_out.offset = offset;
		pdu.data_out.datasn = datasn++;
		offset += pdu.dsl;
		pdu.final = offset == end;
		KUNIT_ASSERT_TRUE(test, icore_wseq_waiting(&s->ws));
		KUNIT_ASSERT_FALSE(test, icore_wseq_complete(&s->ws));
		KUNIT_ASSERT_EQ(test, icore_wseq_header(&s->ws, &pdu, &reason), ICORE_DATA_STORE);
		KUNIT_ASSERT_EQ(test, pdu.data_out.offset, s->next);
		s->next += pdu.dsl;
		icore_wseq_data(&s->ws, &pdu, true);
		if (!rnd(3))
			sim_plan(test, s);
	} while (!pdu.final);
}

static void sim_write(struct kunit *test, struct sim *s, u32 edtl)
{
	const struct combo *c = s->c;
	u32 burst = min(c->first_burst, edtl);
	u32 imm = c->immediate_data ? min(min(burst, c->mrdsl), rnd(3) ? ~0u : rnd(burst + 1)) : 0;
	bool final = c->initial_r2t || imm == burst || !rnd(4);
	u32 wanted = rnd(4) ? edtl : rnd(edtl + 1);
	u8 reason = 0;

	s->head = 0;
	s->tail = 0;
	s->r2ts = 0;
	s->next = imm;
	KUNIT_ASSERT_EQ(test, icore_wseq_init(&s->ws, &s->p, edtl, imm, final, &reason),
			ICORE_DATA_STORE);
	if (imm)
		KUNIT_ASSERT_FALSE(test, icore_wseq_complete(&s->ws));
	icore_wseq_limit(&s->ws, wanted);
	if (imm)
		KUNIT_ASSERT_FALSE(test, icore_wseq_complete(&s->ws));
	icore_wseq_immediate(&s->ws, imm, true);
	s->asked = final ? imm : burst;
	if (rnd(2))
		sim_plan(test, s);
	if (!final)
		sim_sequence(test, s, ICORE_RTAG, imm, burst - imm);
	for (;;) {
		struct icore_r2t r;

		sim_plan(test, s);
		if (s->head == s->tail)
			break;
		r = s->queue[s->head++ % QUEUE];
		sim_sequence(test, s, icore_ttt_make(5, 1, r.r2tsn), r.offset, r.len);
	}
	KUNIT_ASSERT_EQ(test, s->ws.error, ICORE_DATA_GOOD);
	KUNIT_ASSERT_TRUE(test, icore_wseq_complete(&s->ws));
	KUNIT_ASSERT_FALSE(test, icore_wseq_drained(&s->ws));
	KUNIT_ASSERT_FALSE(test, icore_wseq_waiting(&s->ws));
	KUNIT_ASSERT_EQ(test, s->next, max(wanted, final ? imm : burst));
	KUNIT_ASSERT_EQ(test, s->ws.got, s->next);
}

static void dataseq_honest(struct kunit *test)
{
	static const u32 edtls[] = { 0, 1, 511, 512, 513, 4095, 4096, 4097, 65536, 65537,
				     262144, 262145, 1 << 20 };
	struct sim *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);

	s->c = test->param_value;
	sim_params(&s->p, s->c);
	rnd_state = 1;
	for (u32 i = 0; i < ARRAY_SIZE(edtls); i++) {
		for (u32 round = 0; round < 10; round++)
			sim_write(test, s, edtls[i]);
	}
	for (u32 round = 0; round < 100; round++)
		sim_write(test, s, 512 + rnd(1 << (10 + round % 11)));
}

/* 4 GiB less a byte: no sum may wrap. */
static void dataseq_largest(struct kunit *test)
{
	static const struct combo c = { 512, (1 << 24) - 1, 1 << 20, 64, true, false };
	struct icore_r2t r2t = { 0 };
	struct icore_params p;
	struct icore_wseq ws;
	u64 sum = 0;
	u8 reason;

	sim_params(&p, &c);
	icore_wseq_init(&ws, &p, ~0u, 0, true, &reason);
	while (sum < ~0u) {
		struct icore_pdu pdu = { .final = true };

		KUNIT_ASSERT_TRUE(test, icore_wseq_plan(&ws, &r2t));
		KUNIT_ASSERT_EQ(test, (u64)r2t.offset, sum);
		sum += r2t.len;
		pdu.ttt = icore_ttt_make(0, 0, r2t.r2tsn);
		pdu.dsl = r2t.len;
		pdu.data_out.offset = r2t.offset;
		KUNIT_ASSERT_EQ(test, icore_wseq_header(&ws, &pdu, &reason), ICORE_DATA_STORE);
		icore_wseq_data(&ws, &pdu, true);
	}
	KUNIT_EXPECT_EQ(test, r2t.r2tsn, 256);
	KUNIT_EXPECT_TRUE(test, icore_wseq_complete(&ws));
}

/* ---- the command itself ---- */

#define REJ 0x100

struct init_row {
	const char *name;
	u32 edtl;
	u32 imm;
	bool final;
	bool initial_r2t;
	bool immediate_data;
	u32 want;
	enum icore_data_error error;
	bool waiting;
};

#define S ICORE_DATA_STORE
#define D ICORE_DATA_DISCARD
#define J (REJ | ICORE_REJECT_INVALID_FIELD)
#define GOOD ICORE_DATA_GOOD
#define UNEXP ICORE_DATA_UNEXPECTED
#define INCORR ICORE_DATA_INCORRECT
#define CRC ICORE_DATA_CRC

/* FirstBurstLength is 2048. */
static const struct init_row init_rows[] = {
	{ "nothing sent, R2T", 8192, 0, true, true, true, S, GOOD, false },
	{ "F=1 though unsolicited data was allowed", 8192, 0, true, false, true, S, GOOD, false },
	{ "immediate, rest solicited", 8192, 100, true, false, true, S, GOOD, false },
	{ "immediate up to FirstBurstLength", 8192, 2048, true, true, true, S, GOOD, false },
	{ "immediate up to EDTL", 512, 512, true, true, true, S, GOOD, false },
	{ "unsolicited follows", 8192, 0, false, false, false, S, GOOD, true },
	{ "immediate and unsolicited", 8192, 512, false, false, true, S, GOOD, true },
	{ "EDTL 0", 0, 0, true, true, true, S, GOOD, false },
	{ "immediate=FirstBurst, empty burst follows", 8192, 2048, false, false, true, S, GOOD,
	  true },
	{ "immediate not agreed", 8192, 100, true, true, false, D, UNEXP, false },
	{ "immediate not agreed, more follows", 8192, 100, false, false, false, D, UNEXP, true },
	{ "unsolicited not agreed", 8192, 0, false, true, true, D, UNEXP, true },
	{ "both not agreed", 8192, 1, false, true, false, D, UNEXP, true },
	{ "immediate beyond FirstBurstLength", 8192, 2049, true, false, true, D, UNEXP, false },
	{ "immediate beyond EDTL", 512, 513, true, false, true, J, GOOD, false },
	{ "all immediate and F=0", 512, 512, false, false, true, J, GOOD, false },
	{ "EDTL 0 and F=0", 0, 0, false, false, true, J, GOOD, false },
};

static void init_desc(const struct init_row *row, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s", row->name);
}

KUNIT_ARRAY_PARAM(init, init_rows, init_desc);

static void dataseq_init(struct kunit *test)
{
	const struct init_row *row = test->param_value;
	const struct combo c = { 2048, 4096, 8192, 2, row->initial_r2t, row->immediate_data };
	struct icore_params p;
	struct icore_wseq ws;
	u8 reason = 0;
	u32 got;

	sim_params(&p, &c);
	memset(&ws, 0x5a, sizeof(ws));
	got = icore_wseq_init(&ws, &p, row->edtl, row->imm, row->final, &reason);
	if (got == ICORE_DATA_REJECT)
		got = REJ | reason;
	KUNIT_EXPECT_EQ(test, got, row->want);
	KUNIT_EXPECT_EQ(test, ws.error, row->error);
	KUNIT_EXPECT_EQ(test, icore_wseq_waiting(&ws), row->waiting);
	KUNIT_EXPECT_EQ(test, icore_wseq_drained(&ws), row->error && !row->waiting);
}

/* ---- Data-Out ---- */

#define U 0xff			/* unsolicited; any other number is the R2TSN answered */
#define STEPS 10

/* State after a PDU: owed data, executable, failed and quiet, or neither. */
enum after { END, WAIT, DONE, DEAD };

struct step {
	u8 seq;
	u32 sn;
	u32 off;
	u32 len;
	bool f;
	bool bad_digest;
	u32 want;
	enum after after;
};

/*
 * FirstBurstLength 2048, MaxBurstLength 4096, two R2Ts at a time, sent as soon as
 * possible. With F=0 the burst is [0, 2048), R2T n is [2048 + n * 4096, ...).
 */
struct script {
	const char *name;
	u32 edtl;
	bool unsol;
	enum icore_data_error error;
	struct step steps[STEPS];
};

#define FIN true
#define OPEN false

static const struct script scripts[] = {
	{ "good burst", 2048, true, GOOD, {
		{ U, 0, 0, 1024, OPEN, 0, S, WAIT }, { U, 1, 1024, 1024, FIN, 0, S, DONE } } },
	{ "good burst and R2T", 6144, true, GOOD, {
		{ U, 0, 0, 2048, FIN, 0, S, WAIT }, { 0, 0, 2048, 4096, FIN, 0, S, DONE } } },
	{ "good R2Ts", 8192, false, GOOD, {
		{ 0, 0, 0, 4096, FIN, 0, S, WAIT }, { 1, 0, 4096, 1, OPEN, 0, S, WAIT },
		{ 1, 1, 4097, 4095, FIN, 0, S, DONE } } },
	{ "F in a PDU of its own", 4096, false, GOOD, {
		{ 0, 0, 0, 4096, OPEN, 0, S, WAIT }, { 0, 1, 4096, 0, FIN, 0, S, DONE } } },
	{ "empty PDUs", 4096, false, GOOD, {
		{ 0, 0, 0, 0, OPEN, 0, S, WAIT }, { 0, 1, 0, 0, OPEN, 0, S, WAIT },
		{ 0, 2, 0, 4096, FIN, 0, S, DONE } } },
	{ "data after the end", 4096, false, GOOD, {
		{ 0, 0, 0, 4096, FIN, 0, S, DONE }, { 0, 1, 0, 4096, FIN, 0, J, DONE },
		{ U, 0, 0, 512, FIN, 0, J, DONE } } },
	{ "unsolicited data, none announced", 4096, false, UNEXP, {
		{ U, 0, 0, 512, FIN, 0, D, WAIT }, { 0, 0, 0, 4096, FIN, 0, D, DEAD } } },
	{ "second unsolicited burst", 6144, true, UNEXP, {
		{ U, 0, 0, 2048, FIN, 0, S, WAIT }, { U, 0, 2048, 512, FIN, 0, D, WAIT },
		{ 0, 0, 2048, 4096, FIN, 0, D, DEAD } } },
	{ "burst beyond FirstBurstLength", 4096, true, UNEXP, {
		{ U, 0, 0, 2049, FIN, 0, D, WAIT }, { 0, 0, 2048, 2048, FIN, 0, D, DEAD } } },
	{ "burst beyond FirstBurstLength by the second PDU", 2050, true, UNEXP, {
		{ U, 0, 0, 2048, OPEN, 0, S, WAIT }, { U, 1, 2048, 2, FIN, 0, D, WAIT },
		{ 0, 0, 2048, 2, FIN, 0, D, DEAD } } },
	{ "burst too short", 2048, true, INCORR, {
		{ U, 0, 0, 2047, FIN, 0, S, DEAD } } },
	{ "burst empty", 6144, true, INCORR, {
		{ U, 0, 0, 0, FIN, 0, S, WAIT }, { 0, 0, 2048, 4096, FIN, 0, D, DEAD } } },
	{ "answer too short", 8192, false, INCORR, {
		{ 0, 0, 0, 4095, FIN, 0, S, WAIT }, { 1, 0, 4096, 4096, FIN, 0, D, DEAD } } },
	{ "answer too long", 8192, false, INCORR, {
		{ 0, 0, 0, 4097, FIN, 0, J, WAIT }, { 1, 0, 4096, 4096, OPEN, 0, D, WAIT },
		{ 1, 0, 0, 0, FIN, 0, D, DEAD } } },
	{ "answer beyond EDTL", 5000, false, INCORR, {
		{ 0, 0, 0, 4096, FIN, 0, S, WAIT }, { 1, 0, 4096, 905, FIN, 0, J, DEAD } } },
	{ "offset beyond EDTL", 8192, false, INCORR, {
		{ 0, 0, 8192, 1, FIN, 0, J, WAIT }, { 1, 0, 4096, 4096, FIN, 0, D, DEAD } } },
	{ "offset wraps with the length", 8192, false, INCORR, {
		{ 0, 0, 0xffffffff, 2, OPEN, 0, J, WAIT }, { 0, 1, 0, 0, FIN, 0, D, WAIT },
		{ 1, 0, 4096, 4096, FIN, 0, D, DEAD } } },
	{ "offset before the range", 8192, false, INCORR, {
		{ 0, 0, 0, 4096, FIN, 0, S, WAIT }, { 1, 0, 4095, 100, OPEN, 0, J, WAIT },
		{ 1, 1, 4195, 3997, FIN, 0, D, DEAD } } },
	{ "hole in the range", 4096, false, INCORR, {
		{ 0, 0, 0, 1024, OPEN, 0, S, WAIT }, { 0, 1, 2048, 1024, OPEN, 0, D, WAIT },
		{ 0, 2, 3072, 1024, FIN, 0, D, DEAD } } },
	{ "hole, and on as if it had been filled", 4096, false, INCORR, {
		{ 0, 0, 0, 1024, OPEN, 0, S, WAIT }, { 0, 1, 2048, 1024, OPEN, 0, D, WAIT },
		{ 0, 2, 2048, 2048, FIN, 0, D, DEAD } } },
	{ "overlap in the range", 4096, false, INCORR, {
		{ 0, 0, 0, 1024, OPEN, 0, S, WAIT }, { 0, 1, 0, 1024, FIN, 0, D, DEAD } } },
	{ "burst begins in the middle", 2048, true, INCORR, {
		{ U, 0, 512, 1536, FIN, 0, D, DEAD } } },
	{ "DataSN starts at 1", 4096, false, CRC, {
		{ 0, 1, 0, 4096, FIN, 0, D, DEAD } } },
	{ "DataSN 27", 4096, false, CRC, {
		{ 0, 0, 0, 1024, OPEN, 0, S, WAIT }, { 0, 27, 1024, 3072, FIN, 0, D, DEAD } } },
	{ "DataSN twice", 4096, false, CRC, {
		{ 0, 0, 0, 1024, OPEN, 0, S, WAIT }, { 0, 0, 1024, 3072, FIN, 0, D, DEAD } } },
	{ "DataSN -1", 4096, false, CRC, {
		{ 0, 0xffffffff, 0, 1024, OPEN, 0, D, WAIT },
		{ 0, 0, 1024, 3072, FIN, 0, D, DEAD } } },
	{ "DataSN 1, 0", 4096, false, CRC, {
		{ 0, 1, 1024, 3072, OPEN, 0, D, WAIT }, { 0, 0, 0, 1024, FIN, 0, D, DEAD } } },
	{ "DataSN goes on into the next sequence", 8192, false, CRC, {
		{ 0, 0, 0, 4096, FIN, 0, S, WAIT }, { 1, 1, 4096, 4096, FIN, 0, D, DEAD } } },
	{ "digest error in a burst", 6144, true, CRC, {
		{ U, 0, 0, 1024, OPEN, 1, S, WAIT }, { U, 1, 1024, 1024, FIN, 0, D, WAIT },
		{ 0, 0, 2048, 4096, FIN, 0, D, DEAD } } },
	{ "digest error in the last PDU", 4096, false, CRC, {
		{ 0, 0, 0, 4096, FIN, 1, S, DEAD } } },
	{ "first error stands", 8192, false, CRC, {
		{ 0, 0, 0, 4000, FIN, 1, S, WAIT }, { 1, 9, 0xfffffff0, 4096, FIN, 1, D, DEAD } } },
	{ "tag of no R2T", 4096, false, GOOD, {
		{ 1, 0, 0, 4096, FIN, 0, J, WAIT }, { 63, 0, 0, 4096, FIN, 0, J, WAIT },
		{ 0, 0, 0, 4096, FIN, 0, S, DONE } } },
	{ "tag of an R2T that was answered", 12288, false, GOOD, {
		{ 0, 0, 0, 4096, FIN, 0, S, WAIT }, { 0, 0, 0, 4096, FIN, 0, J, WAIT },
		{ 1, 0, 4096, 4096, FIN, 0, S, WAIT }, { 2, 0, 8192, 4096, FIN, 0, S, DONE } } },
	{ "R2Ts answered out of order", 8192, false, INCORR, {
		{ 1, 0, 4096, 4096, FIN, 0, D, WAIT }, { 1, 0, 4096, 4096, FIN, 0, J, WAIT },
		{ 0, 0, 0, 4096, FIN, 0, D, DEAD } } },
	{ "R2T passed over by an empty PDU", 8192, false, INCORR, {
		{ 1, 0, 4096, 0, OPEN, 0, D, WAIT }, { 0, 0, 0, 4096, FIN, 0, D, WAIT },
		{ 1, 1, 4096, 4096, FIN, 0, D, DEAD } } },
	{ "R2T answered before the burst ended", 6144, true, INCORR, {
		{ U, 0, 0, 1024, OPEN, 0, S, WAIT }, { 0, 0, 2048, 4096, FIN, 0, D, WAIT },
		{ U, 1, 1024, 1024, FIN, 0, D, DEAD } } },
	{ "failed and quiet, then more", 2048, true, INCORR, {
		{ U, 0, 0, 5, FIN, 0, S, DEAD }, { U, 1, 5, 5, FIN, 0, D, DEAD },
		{ 0, 0, 0, 5, FIN, 0, J, DEAD } } },
};

static void script_desc(const struct script *s, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s", s->name);
}

KUNIT_ARRAY_PARAM(script, scripts, script_desc);

static void run_step(struct kunit *test, struct icore_wseq *ws, const struct step *st, u32 n)
{
	struct icore_pdu pdu = {
		.opcode = ICORE_OP_DATA_OUT,
		.final = st->f,
		.dsl = st->len,
		.ttt = st->seq == U ? ICORE_RTAG : icore_ttt_make(3, 9, st->seq),
	};
	struct icore_r2t r2t;
	u8 reason = 0;
	u32 got;

	pdu.data_out.datasn = st->sn;
	pdu.data_out.offset = st->off;
	got = icore_wseq_header(ws, &pdu, &reason);
	if (got == ICORE_DATA_REJECT)
		got = REJ | reason;
	else
		icore_wseq_data(ws, &pdu, !st->bad_digest);
	KUNIT_EXPECT_EQ_MSG(test, got, st->want, "step %u", n);
	while (icore_wseq_plan(ws, &r2t))
		;
	KUNIT_EXPECT_EQ_MSG(test, icore_wseq_waiting(ws), st->after == WAIT, "step %u", n);
	KUNIT_EXPECT_EQ_MSG(test, icore_wseq_complete(ws), st->after == DONE, "step %u", n);
	KUNIT_EXPECT_EQ_MSG(test, icore_wseq_drained(ws), st->after == DEAD, "step %u", n);
}

static void dataseq_script(struct kunit *test)
{
	const struct script *s = test->param_value;
	const struct combo c = { 2048, 4096, 8192, 2, !s->unsol, true };
	struct icore_params p;
	struct icore_wseq ws;
	struct icore_r2t r2t;
	u8 reason;

	sim_params(&p, &c);
	icore_wseq_init(&ws, &p, s->edtl, 0, !s->unsol, &reason);
	icore_wseq_immediate(&ws, 0, true);
	while (icore_wseq_plan(&ws, &r2t))
		;
	for (u32 n = 0; n < STEPS && s->steps[n].after != END; n++)
		run_step(test, &ws, &s->steps[n], n);
	KUNIT_EXPECT_EQ(test, ws.error, s->error);
}

/* What is owed is counted by F bits, and an error from outside waits for them. */
static void dataseq_owed(struct kunit *test)
{
	static const struct combo c = { 2048, 4096, 8192, 2, false, true };
	struct icore_pdu pdu = { .opcode = ICORE_OP_DATA_OUT, .final = true };
	struct icore_params p;
	struct icore_wseq ws;
	struct icore_r2t r2t;
	u8 reason;

	sim_params(&p, &c);
	icore_wseq_init(&ws, &p, 32768, 0, false, &reason);
	icore_wseq_immediate(&ws, 0, true);
	KUNIT_EXPECT_EQ(test, icore_wseq_owed(&ws), 1);
	while (icore_wseq_plan(&ws, &r2t))
		;
	KUNIT_EXPECT_EQ(test, icore_wseq_owed(&ws), 3);
	icore_wseq_fail(&ws, ICORE_DATA_SNACK);
	icore_wseq_fail(&ws, ICORE_DATA_CRC);
	KUNIT_EXPECT_EQ(test, ws.error, ICORE_DATA_SNACK);
	for (u32 left = 3; left; left--) {
		KUNIT_EXPECT_EQ(test, icore_wseq_owed(&ws), left);
		KUNIT_EXPECT_FALSE(test, icore_wseq_drained(&ws));
		pdu.ttt = left == 3 ? ICORE_RTAG : icore_ttt_make(3, 9, 2 - left);
		KUNIT_EXPECT_EQ(test, icore_wseq_header(&ws, &pdu, &reason), ICORE_DATA_DISCARD);
		icore_wseq_data(&ws, &pdu, true);
	}
	KUNIT_EXPECT_EQ(test, icore_wseq_owed(&ws), 0);
	KUNIT_EXPECT_TRUE(test, icore_wseq_drained(&ws));
	KUNIT_EXPECT_FALSE(test, icore_wseq_plan(&ws, &r2t));
}

static void dataseq_immediate_digest(struct kunit *test)
{
	static const struct combo c = { 2048, 4096, 8192, 1, true, true };
	struct icore_params p;
	struct icore_wseq ws;
	struct icore_r2t r2t;
	u8 reason;

	sim_params(&p, &c);
	KUNIT_EXPECT_EQ(test, icore_wseq_init(&ws, &p, 8192, 512, true, &reason), S);
	icore_wseq_immediate(&ws, 512, false);
	KUNIT_EXPECT_EQ(test, ws.error, CRC);
	KUNIT_EXPECT_FALSE(test, icore_wseq_plan(&ws, &r2t));
	KUNIT_EXPECT_TRUE(test, icore_wseq_drained(&ws));
}

static void dataseq_limit(struct kunit *test)
{
	static const struct combo c = { 2048, 4096, 8192, 1, true, true };
	struct icore_params p;
	struct icore_wseq ws;
	struct icore_r2t r2t;
	u8 reason;

	sim_params(&p, &c);
	/* Never more than EDTL, never up again. */
	icore_wseq_init(&ws, &p, 8192, 0, true, &reason);
	icore_wseq_limit(&ws, 10000);
	KUNIT_EXPECT_EQ(test, ws.wanted, 8192);
	icore_wseq_limit(&ws, 5000);
	icore_wseq_limit(&ws, 6000);
	KUNIT_EXPECT_EQ(test, ws.wanted, 5000);
	/* What was asked for stays asked for. */
	KUNIT_ASSERT_TRUE(test, icore_wseq_plan(&ws, &r2t));
	KUNIT_EXPECT_EQ(test, r2t.len, 4096);
	icore_wseq_limit(&ws, 100);
	KUNIT_EXPECT_EQ(test, ws.wanted, 4096);
	/* Nothing wanted, nothing sent: complete. */
	icore_wseq_init(&ws, &p, 8192, 0, true, &reason);
	icore_wseq_limit(&ws, 0);
	KUNIT_EXPECT_FALSE(test, icore_wseq_plan(&ws, &r2t));
	KUNIT_EXPECT_TRUE(test, icore_wseq_complete(&ws));
}

/* Values that no negotiation yields must not hang or divide anything. */
static void dataseq_degenerate(struct kunit *test)
{
	struct icore_piece piece;
	struct icore_params p;
	struct icore_wseq ws;
	struct icore_rseq rs;
	struct icore_r2t r2t;
	u8 reason;
	u32 n = 0;

	memset(&p, 0, sizeof(p));
	icore_wseq_init(&ws, &p, 3, 0, true, &reason);
	KUNIT_EXPECT_TRUE(test, icore_wseq_plan(&ws, &r2t));
	KUNIT_EXPECT_EQ(test, r2t.len, 1);
	KUNIT_EXPECT_FALSE(test, icore_wseq_plan(&ws, &r2t));
	icore_rseq_init(&rs, &p, 3);
	while (icore_rseq_next(&rs, &piece))
		n++;
	KUNIT_EXPECT_EQ(test, n, 3);
}

/* ---- reads ---- */

struct read_row {
	u32 total;
	u32 max_burst;
	u32 mrdsl;
	u32 pdus;
	u32 sequences;
};

static const struct read_row read_rows[] = {
	{ 0, 262144, 8192, 0, 0 },
	{ 1, 262144, 8192, 1, 1 },
	{ 4096, 262144, 8192, 1, 1 },
	{ 8192, 262144, 8192, 1, 1 },
	{ 8193, 262144, 8192, 2, 1 },
	{ 262144, 262144, 8192, 32, 1 },
	{ 262148, 262144, 8192, 33, 2 },
	{ 1 << 20, 262144, 262144, 4, 4 },
	{ 1 << 20, 65536, 262144, 16, 16 },
	{ 1 << 20, 12288, 8192, 171, 86 },
	{ 4096, 515, 514, 8, 8 },
	{ 5000, 16777215, 16777215, 1, 1 },
};

static void read_desc(const struct read_row *r, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%u bytes, burst %u, mrdsl %u", r->total,
		 r->max_burst, r->mrdsl);
}

KUNIT_ARRAY_PARAM(read, read_rows, read_desc);

static void dataseq_read(struct kunit *test)
{
	const struct read_row *row = test->param_value;
	struct icore_params p = { .max_burst = row->max_burst, .mrdsl_out = row->mrdsl };
	u32 off = 0, burst = 0, pdus = 0, sequences = 0;
	struct icore_piece piece;
	struct icore_rseq rs;

	icore_rseq_init(&rs, &p, row->total);
	while (icore_rseq_next(&rs, &piece)) {
		KUNIT_ASSERT_EQ(test, piece.off, off);
		KUNIT_ASSERT_EQ(test, piece.datasn, pdus);
		KUNIT_ASSERT_GT(test, piece.len, 0);
		KUNIT_ASSERT_LE(test, piece.len, row->mrdsl);
		off += piece.len;
		burst += piece.len;
		pdus++;
		KUNIT_ASSERT_LE(test, burst, row->max_burst);
		KUNIT_ASSERT_EQ(test, piece.last, off == row->total);
		KUNIT_ASSERT_TRUE(test, piece.last || piece.len % 4 == 0);
		if (piece.last)
			KUNIT_ASSERT_TRUE(test, piece.final);
		if (piece.final) {
			sequences++;
			burst = 0;
		}
	}
	KUNIT_EXPECT_EQ(test, off, row->total);
	KUNIT_EXPECT_EQ(test, pdus, row->pdus);
	KUNIT_EXPECT_EQ(test, sequences, row->sequences);
	KUNIT_EXPECT_EQ(test, rs.datasn, row->pdus);
	KUNIT_EXPECT_FALSE(test, icore_rseq_next(&rs, &piece));
}

static struct kunit_case dataseq_cases[] = {
	KUNIT_CASE_PARAM(dataseq_honest, combo_gen_params),
	KUNIT_CASE(dataseq_largest),
	KUNIT_CASE_PARAM(dataseq_init, init_gen_params),
	KUNIT_CASE_PARAM(dataseq_script, script_gen_params),
	KUNIT_CASE(dataseq_owed),
	KUNIT_CASE(dataseq_immediate_digest),
	KUNIT_CASE(dataseq_limit),
	KUNIT_CASE(dataseq_degenerate),
	KUNIT_CASE_PARAM(dataseq_read, read_gen_params),
	{}
};

static struct kunit_suite dataseq_suite = {
	.name = "icore_dataseq",
	.test_cases = dataseq_cases,
};

kunit_test_suite(dataseq_suite);
