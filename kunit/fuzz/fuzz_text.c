// SPDX-License-Identifier: GPL-2.0
/*
 * Text as it arrives: collected over several PDUs into a buffer that may be too small,
 * cut into pairs, every value put through every grammar, and what they say checked
 * against the bounds that callers rely on.
 *
 * Input: capacity / 16, length of the PDUs, text.
 */
#include "fuzz.h"

static void values(const char *v)
{
	char name[ICORE_NAME_MAX + 1];
	u8 *bin = malloc(ICORE_BINVAL_MAX);
	u32 len = ICORE_BINVAL_MAX, small = 3;
	const char *at = v, *elem;
	u64 low, high;
	bool yes;

	if (!bin)
		abort();
	icore_val_num(v, &low);
	icore_val_bool(v, &yes);
	if (icore_val_range(v, &low, &high))
		fuzz_check(low <= high);
	if (icore_val_bin(v, bin, &len))
		fuzz_check(len <= ICORE_BINVAL_MAX);
	if (icore_val_bin(v, bin, &small))
		fuzz_check(small <= 3);
	while (icore_val_list(&at, &elem, &len))
		fuzz_check(elem >= v && elem + len <= v + strlen(v));
	if (icore_name_normalise(v, name))
		fuzz_check(strnlen(name, sizeof(name)) <= ICORE_NAME_MAX);
	if (icore_st_parse(v, name) == ICORE_ST_NAME)
		fuzz_check(strnlen(name, sizeof(name)) <= ICORE_NAME_MAX);
	free(bin);
}

static void pairs(struct icore_text *t)
{
	enum icore_text_result r;
	char answer[512];
	struct icore_out out;
	struct icore_kv kv;
	u32 pos = 0, mrdsl = 8192, n = 0;

	while ((r = icore_text_next(t, &pos, &kv)) == ICORE_TEXT_PAIR) {
		fuzz_check(pos <= t->len && ++n <= t->len);
		fuzz_check(kv.key >= t->buf && kv.key + strlen(kv.key) < kv.value);
		fuzz_check(strlen(kv.key) <= ICORE_KEY_MAX);
		values(kv.value);
		icore_key_known(kv.key);
		icore_out_init(&out, answer, sizeof(answer));
		icore_ffp_key(&kv, n & 1, &mrdsl, &out);
		icore_out_str(&out, kv.key, kv.value);
		fuzz_check(out.len <= sizeof(answer));
		fuzz_check(mrdsl >= 512 && mrdsl <= ICORE_DSL_FIELD_MAX);
	}
	fuzz_check(r == ICORE_TEXT_END || r == ICORE_TEXT_BAD);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct fuzz_input in = { data, size };
	struct icore_text t = { .cap = 16 + fuzz_u8(&in) * 16 };
	u32 step = 1 + fuzz_u8(&in) * 4;

	/* Exactly @cap bytes: nothing may be written behind them. */
	t.buf = malloc(t.cap);
	if (!t.buf)
		abort();
	while (in.left) {
		u32 n = min_t(size_t, step, in.left);

		if (!icore_text_add(&t, in.p, n))
			break;
		fuzz_check(t.len <= t.cap);
		in.p += n;
		in.left -= n;
	}
	pairs(&t);
	free(t.buf);
	return 0;
}
