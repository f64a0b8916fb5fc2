// SPDX-License-Identifier: GPL-2.0
/*
 * key=value text (RFC 7143 6.1): collecting it, cutting it into pairs, writing
 * it, and the grammar of values.
 *
 * A pair may be spread over several PDUs at any byte, so nothing is looked at
 * before the whole logical text is in one buffer (C bit, 6.2). There the text is
 * cut in place: '=' and the separator become NULs and the caller gets pointers.
 * That leaves no second copy to bound and no allocation, and every string the
 * rest of the core sees ends inside the buffer.
 *
 * Two liberties are taken with what is received, none with what is sent: a
 * missing last NUL and empty pairs (repeated NULs, which is also how text
 * padding looks when a peer counts it in) are tolerated, because deployed
 * initiators do both and neither can be mistaken for something else.
 *
 * A key name begins with a capital (6.1), except that the registry holds names
 * like iSCSIProtocolLevel and iSERHelloRequired; so "iS" is a beginning, too. A
 * name in the wrong case thus stays malformed instead of becoming unknown.
 */
#include "port.h"

static bool is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static int base64_digit(char c)
{
	if (is_upper(c))
		return c - 'A';
	if (is_lower(c))
		return c - 'a' + 26;
	if (icore_is_digit(c))
		return c - '0' + 52;
	if (c == '+')
		return 62;
	if (c == '/')
		return 63;
	return -1;
}

static bool key_char(char c)
{
	return icore_is_digit(c) || is_upper(c) || is_lower(c) || c == '.' || c == '-' ||
	       c == '+' || c == '@' || c == '_' || c == '#';
}

/**
 * icore_text_add - append one data segment
 * @t: collected so far
 * @data: the segment, without padding
 * @len: its bytes
 *
 * Return: false if it does not fit; nothing was added then.
 */
bool icore_text_add(struct icore_text *t, const void *data, u32 len)
{
	if (t->len > t->cap || len > t->cap - t->len)
		return false;
	if (len)
		memcpy(t->buf + t->len, data, len);
	t->len += len;
	return true;
}

static bool key_ok(const char *key, u32 len)
{
	if (!len || len > ICORE_KEY_MAX)
		return false;
	if (!is_upper(key[0]) && !(len > 1 && key[0] == 'i' && key[1] == 'S'))
		return false;
	for (u32 i = 0; i < len; i++) {
		if (!key_char(key[i]))
			return false;
	}
	return true;
}

/**
 * icore_text_next - cut the next pair out of a complete text
 * @t: the text; it is changed
 * @pos: 0 at first, private in between
 * @kv: the pair, pointing into the text
 *
 * The value is everything behind the first '=', which may itself contain '='
 * (base64 does). The search for the end never leaves the received bytes; only
 * if the last NUL is missing one is written behind them, and where the buffer
 * has no room for it the text is refused.
 *
 * To walk a text twice put back the '=' that stood before @kv->value.
 *
 * Return: %ICORE_TEXT_PAIR, %ICORE_TEXT_END, or %ICORE_TEXT_BAD for anything
 * that is no pair; the walk is over then.
 */
enum icore_text_result icore_text_next(struct icore_text *t, u32 *pos, struct icore_kv *kv)
{
	u32 begin = *pos;
	u32 end;
	u32 eq;

	while (begin < t->len && !t->buf[begin])
		begin++;
	*pos = begin;
	if (begin >= t->len)
		return ICORE_TEXT_END;

	eq = t->len;
	for (end = begin; end < t->len && t->buf[end]; end++) {
		if (t->buf[end] == '=' && eq == t->len)
			eq = end;
	}
	if (eq == t->len || !key_ok(t->buf + begin, eq - begin))
		return ICORE_TEXT_BAD;
	if (end == t->len) {
		if (end >= t->cap)
			return ICORE_TEXT_BAD;
		t->buf[end] = '\0';
	}
	t->buf[eq] = '\0';
	kv->key = t->buf + begin;
	kv->value = t->buf + eq + 1;
	*pos = end;
	return ICORE_TEXT_PAIR;
}

/**
 * icore_out_init - begin a text
 * @o: the text
 * @buf: where it goes
 * @cap: size of @buf
 */
void icore_out_init(struct icore_out *o, char *buf, u32 cap)
{
	o->buf = buf;
	o->len = 0;
	o->cap = cap;
	o->overflow = false;
}

/*
 * Room for "key=" + value bytes + NUL, with "key=" written; NULL and overflow if
 * there is none. Once something is missing nothing more is added: a text with a
 * hole in the middle would be a different statement.
 */
static char *out_open(struct icore_out *o, const char *key, u64 bytes)
{
	u64 klen = strlen(key);
	char *p;

	if (o->overflow || o->len > o->cap || klen + bytes + 2 > o->cap - o->len) {
		o->overflow = true;
		return NULL;
	}
	p = o->buf + o->len;
	memcpy(p, key, klen);
	p[klen] = '=';
	p += klen + 1;
	p[bytes] = '\0';
	o->len += klen + bytes + 2;
	return p;
}

/**
 * icore_out_str - append a pair with a text value
 * @o: the text
 * @key: key name
 * @value: value as it shall stand on the wire
 */
void icore_out_str(struct icore_out *o, const char *key, const char *value)
{
	u64 len = strlen(value);
	char *p = out_open(o, key, len);

	if (p)
		memcpy(p, value, len);
}

/*
 * Divide by ten, sixteen bits at a time, and return the remainder: 32-bit
 * kernels have no 64-bit division operator.
 */
static u32 div10(u64 *value)
{
	u64 quotient = 0;
	u32 rest = 0;

	for (u32 shift = 64; shift;) {
		shift -= 16;
		rest = rest << 16 | (u32)(*value >> shift & 0xffff);
		quotient |= (u64)(rest / 10) << shift;
		rest %= 10;
	}
	*value = quotient;
	return rest;
}

/**
 * icore_out_num - append a pair with a decimal value
 * @o: the text
 * @key: key name
 * @value: the number
 */
void icore_out_num(struct icore_out *o, const char *key, u64 value)
{
	char digits[20];
	u32 n = 0;
	char *p;

	do {
		digits[n++] = (char)('0' + div10(&value));
	} while (value);

	p = out_open(o, key, n);
	if (!p)
		return;
	while (n)
		*p++ = digits[--n];
}

/**
 * icore_out_hex - append a pair with a binary value as hex-constant
 * @o: the text
 * @key: key name
 * @data: the bytes
 * @len: how many
 *
 * Hex rather than base64: every initiator decodes it.
 */
void icore_out_hex(struct icore_out *o, const char *key, const u8 *data, u32 len)
{
	static const char hex[] = "0123456789abcdef";
	char *p = out_open(o, key, 2 + 2 * (u64)len);

	if (!p)
		return;
	*p++ = '0';
	*p++ = 'x';
	for (u32 i = 0; i < len; i++) {
		*p++ = hex[data[i] >> 4];
		*p++ = hex[data[i] & 0xf];
	}
}

static bool has_prefix(const char *s, char lower, char upper)
{
	return s[0] == '0' && (s[1] == lower || s[1] == upper);
}

/*
 * A number that ends at @stop, which is left in *@end. Decimal without leading
 * zeros or hex-constant; false on overflow rather than a wrapped value.
 */
static bool parse_num(const char *s, char stop, u64 *out, const char **end)
{
	const u64 max = ~(u64)0;
	u64 value = 0;
	const char *p = s;

	if (has_prefix(s, 'x', 'X')) {
		for (p = s + 2; icore_hex_digit(*p) >= 0; p++) {
			if (value >> 60)
				return false;
			value = value << 4 | (u64)icore_hex_digit(*p);
		}
		if (p == s + 2)
			return false;
	} else {
		for (; icore_is_digit(*p); p++) {
			u64 digit = (u64)(*p - '0');

			if (value > max / 10 || value * 10 > max - digit)
				return false;
			value = value * 10 + digit;
		}
		if (p == s || (s[0] == '0' && p != s + 1))
			return false;
	}
	if (*p != stop)
		return false;
	*out = value;
	*end = p;
	return true;
}

/**
 * icore_val_num - numerical-value
 * @s: the value
 * @out: the number, untouched on failure
 *
 * Return: false if it is none or does not fit 64 bits.
 */
bool icore_val_num(const char *s, u64 *out)
{
	const char *end;

	return parse_num(s, '\0', out, &end);
}

/**
 * icore_val_bool - boolean-value; "Yes" and "No", nothing else
 * @s: the value
 * @out: the truth, untouched on failure
 *
 * Return: false if it is none.
 */
bool icore_val_bool(const char *s, bool *out)
{
	if (strcmp(s, "Yes") && strcmp(s, "No"))
		return false;
	*out = s[0] == 'Y';
	return true;
}

/**
 * icore_val_range - numeric-range, low~high
 * @s: the value
 * @low: left number, untouched on failure
 * @high: right number, not below @low
 *
 * Return: false if it is none.
 */
bool icore_val_range(const char *s, u64 *low, u64 *high)
{
	const char *end;
	u64 left;
	u64 right;

	if (!parse_num(s, '~', &left, &end) || !parse_num(end + 1, '\0', &right, &end))
		return false;
	if (right < left)
		return false;
	*low = left;
	*high = right;
	return true;
}

/*
 * Length (n + 1) / 2; an odd number of digits has a leading zero nibble, so the
 * first byte takes one digit (6.1).
 */
static bool parse_hex(const char *s, u8 *out, u32 *len)
{
	u32 digits = 0;
	u32 bytes;

	while (icore_hex_digit(s[digits]) >= 0) {
		if (digits / 2 >= *len)
			return false;
		digits++;
	}
	if (!digits || s[digits])
		return false;
	bytes = digits / 2 + digits % 2;
	if (digits % 2)
		*out++ = (u8)icore_hex_digit(*s++);
	for (; *s; s += 2)
		*out++ = (u8)(icore_hex_digit(s[0]) << 4 | icore_hex_digit(s[1]));
	*len = bytes;
	return true;
}

/*
 * Whole groups of four, padding only at the end of the last one (RFC 4648 4).
 * Bits that padding leaves over are ignored, as RFC 4648 3.5 permits.
 */
static bool parse_base64(const char *s, u8 *out, u32 *len)
{
	u32 cap = *len;
	u32 have = 0;

	if (!*s)
		return false;
	while (*s) {
		u32 bits = 0;
		u32 chars = 0;

		while (chars < 4 && base64_digit(s[chars]) >= 0)
			bits = bits << 6 | (u32)base64_digit(s[chars++]);
		if (chars < 2)
			return false;
		for (u32 i = chars; i < 4; i++) {
			if (s[i] != '=')
				return false;
			bits <<= 6;
		}
		if (chars < 4 && s[4])
			return false;
		if (chars - 1 > cap - have)
			return false;
		for (u32 i = 0; i < chars - 1; i++)
			out[have++] = (u8)(bits >> (16 - 8 * i) & 0xff);
		s += 4;
	}
	*len = have;
	return true;
}

/**
 * icore_val_bin - binary-value
 * @s: hex-constant or base64-constant
 * @out: the bytes
 * @len: capacity of @out, then the number of bytes
 *
 * Plain decimal is no binary value of the keys that exist. @out may have been
 * written to on failure, @len is untouched then.
 *
 * Return: false if malformed, empty or too long.
 */
bool icore_val_bin(const char *s, u8 *out, u32 *len)
{
	if (has_prefix(s, 'x', 'X'))
		return parse_hex(s + 2, out, len);
	if (has_prefix(s, 'b', 'B'))
		return parse_base64(s + 2, out, len);
	return false;
}

/**
 * icore_val_list - walk a list-of-values
 * @s: what is left of the list; moved on
 * @elem: the next value, not NUL-terminated
 * @len: its length, 0 for an empty one between two commas
 *
 * Return: false at the end of the list.
 */
bool icore_val_list(const char **s, const char **elem, u32 *len)
{
	const char *p = *s;

	if (!*p)
		return false;
	*elem = p;
	while (*p && *p != ',')
		p++;
	*len = (u32)(p - *elem);
	*s = *p ? p + 1 : p;
	return true;
}
