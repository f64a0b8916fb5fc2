// SPDX-License-Identifier: GPL-2.0
/*
 * Text as it arrives: collected over several PDUs into a buffer that may be too small,
 * cut into pairs, every value put through every grammar, and what they say checked
 * against the bounds that callers rely on. The pairs are found a second time by a plain
 * search for NUL and '=', the text is walked twice, as a login does, and what an encoder
 * writes has to read back as the same value.
 *
 * Input: capacity / 16, length of the PDUs, text.
 */
#include "fuzz.h"

#define ANSWER_WORD	13	/* NotUnderstood, the longest answer to a key */
#define ANSWER_ROOM	512

static void numbers(const char *v)
{
	char text[64];
	struct icore_out out;
	u64 low, high, same;
	bool yes;

	if (icore_val_num(v, &low)) {
		icore_out_init(&out, text, sizeof(text));
		icore_out_num(&out, "N", low);
		fuzz_check(!out.overflow && out.len == strlen(text) + 1);
		fuzz_check(icore_val_num(text + 2, &same) && same == low);
		/* No second spelling in decimal. */
		fuzz_check(v[0] == '0' || !strcmp(text + 2, v));
	}
	if (icore_val_range(v, &low, &high))
		fuzz_check(low <= high && strchr(v, '~') && !icore_val_num(v, &low));
	if (icore_val_bool(v, &yes))
		fuzz_check(!strcmp(v, yes ? "Yes" : "No"));
}

static void binary(const char *v)
{
	char *text = malloc(2 * ICORE_BINVAL_MAX + 8);
	u8 *bin = malloc(ICORE_BINVAL_MAX), *back = malloc(ICORE_BINVAL_MAX), few[3];
	u32 len = ICORE_BINVAL_MAX, again = ICORE_BINVAL_MAX, small = sizeof(few);
	struct icore_out out;

	if (!text || !bin || !back)
		abort();
	if (icore_val_bin(v, bin, &len)) {
		fuzz_check(len && len <= ICORE_BINVAL_MAX && len <= strlen(v) / 4 * 3 + 3);
		icore_out_init(&out, text, 2 * ICORE_BINVAL_MAX + 8);
		icore_out_hex(&out, "B", bin, len);
		fuzz_check(!out.overflow && out.len == 2 * len + 5);
		fuzz_check(icore_val_bin(text + 2, back, &again) && again == len);
		fuzz_check(!memcmp(back, bin, len));
	} else {
		fuzz_check(len == ICORE_BINVAL_MAX);
	}
	if (icore_val_bin(v, few, &small))
		fuzz_check(small == len && small <= sizeof(few));
	else
		fuzz_check(small == sizeof(few) && (len > sizeof(few)));
	free(back);
	free(bin);
	free(text);
}

static void lists(const char *v)
{
	const char *at = v, *elem, *expect = v;
	u32 len;

	while (icore_val_list(&at, &elem, &len)) {
		fuzz_check(elem == expect && !memchr(elem, ',', len));
		expect += len;
		fuzz_check(!*expect || *expect == ',');
		expect += *expect == ',';
	}
	fuzz_check(!*expect && expect == v + strlen(v));
}

static void names(const char *v)
{
	char name[ICORE_NAME_MAX + 1], again[ICORE_NAME_MAX + 1], st[ICORE_NAME_MAX + 1];
	const bool good = icore_name_normalise(v, name);
	const enum icore_st_kind kind = icore_st_parse(v, st);

	fuzz_check((kind == ICORE_ST_SELF) == !v[0]);
	fuzz_check((kind == ICORE_ST_ALL) == !strcmp(v, "All"));
	fuzz_check(kind != ICORE_ST_NAME || good);
	if (!good)
		return;
	fuzz_check(strnlen(name, sizeof(name)) <= ICORE_NAME_MAX);
	fuzz_check(icore_name_normalise(name, again) && !strcmp(name, again));
	fuzz_check(kind == ICORE_ST_NAME && !strcmp(st, name));
}

/* What is answered in full feature phase: one pair at most, and no long one. */
static void answers(const struct icore_kv *kv, bool discovery)
{
	char answer[ANSWER_ROOM];
	struct icore_out out;
	u32 mrdsl = 8192;
	u8 reason;

	icore_key_known(kv->key);
	icore_out_init(&out, answer, sizeof(answer));
	reason = icore_ffp_key(kv, discovery, &mrdsl, &out);
	fuzz_check(mrdsl >= 512 && mrdsl <= ICORE_DSL_FIELD_MAX);
	fuzz_check(!reason || (mrdsl == 8192 && !out.len) || out.overflow);
	fuzz_check(out.len <= strlen(kv->key) + sizeof("=") + ANSWER_WORD);
	fuzz_check(!discovery || reason);
	if (out.len)
		fuzz_check(out.len == strlen(answer) + 1 &&
			   !strncmp(answer, kv->key, strlen(kv->key)));

	icore_out_init(&out, answer, sizeof(answer));
	icore_out_str(&out, kv->key, kv->value);
	fuzz_check(out.overflow == (strlen(kv->key) + strlen(kv->value) + 2 > sizeof(answer)));
	fuzz_check(out.len == (out.overflow ? 0 : strlen(kv->key) + strlen(kv->value) + 2));
}

/* The next pair by a plain search; false at the end or if there is no '='. */
static bool plain_pair(const char *text, u32 len, u32 *pos, u32 *key, u32 *value, u32 *end)
{
	const char *eq;

	while (*pos < len && !text[*pos])
		(*pos)++;
	*key = *pos;
	for (*end = *pos; *end < len && text[*end];)
		(*end)++;
	eq = memchr(text + *key, '=', *end - *key);
	if (*key == len || !eq)
		return false;
	*value = eq - text + 1;
	*pos = *end;
	return true;
}

static void pairs(struct icore_text *t)
{
	char *copy = malloc(t->len ? t->len : 1);
	u32 pos = 0, plain = 0, n = 0, key, value, end;
	enum icore_text_result r;
	struct icore_kv kv;

	if (!copy)
		abort();
	memcpy(copy, t->buf, t->len);
	while ((r = icore_text_next(t, &pos, &kv)) == ICORE_TEXT_PAIR) {
		fuzz_check(pos <= t->len && ++n <= t->len);
		fuzz_check(plain_pair(copy, t->len, &plain, &key, &value, &end));
		fuzz_check(kv.key == t->buf + key && kv.value == t->buf + value);
		fuzz_check(strlen(kv.key) == value - key - 1 && strlen(kv.key) <= ICORE_KEY_MAX);
		fuzz_check(!memcmp(kv.key, copy + key, value - key - 1));
		fuzz_check(strlen(kv.value) == end - value);
		fuzz_check(!memcmp(kv.value, copy + value, end - value));
		numbers(kv.value);
		binary(kv.value);
		lists(kv.value);
		names(kv.value);
		answers(&kv, n & 1);
		t->buf[kv.value - t->buf - 1] = '=';
	}
	fuzz_check(r == ICORE_TEXT_END || r == ICORE_TEXT_BAD);
	/* A walk changes nothing once the '=' stand again. */
	fuzz_check(r == ICORE_TEXT_BAD || !memcmp(copy, t->buf, t->len));
	for (pos = 0; icore_text_next(t, &pos, &kv) == ICORE_TEXT_PAIR; n--)
		fuzz_check(n);
	fuzz_check(!n);
	free(copy);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct fuzz_input in = { data, size };
	struct icore_text t = { .cap = 16 + fuzz_u8(&in) * 16 };
	u32 step = 1 + fuzz_u8(&in) * 4;
	const u8 *begin = in.p;

	/* Exactly @cap bytes: nothing may be written behind them. */
	t.buf = malloc(t.cap);
	if (!t.buf)
		abort();
	while (in.left) {
		u32 n = min_t(size_t, step, in.left), before = t.len;

		if (!icore_text_add(&t, in.p, n)) {
			fuzz_check(t.len == before && n > t.cap - t.len);
			break;
		}
		fuzz_check(t.len == before + n && t.len <= t.cap);
		in.p += n;
		in.left -= n;
	}
	/* However it was cut, it is what was sent. */
	fuzz_check(!t.len || !memcmp(t.buf, begin, t.len));
	pairs(&t);
	free(t.buf);
	return 0;
}
