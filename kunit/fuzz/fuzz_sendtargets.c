// SPDX-License-Identifier: GPL-2.0
/*
 * The answer to SendTargets: which address is told, how it is written, and how a long
 * answer is cut into PDUs.
 *
 * Input: size of a PDU, our end of the connection, then records: a byte of what, the
 * bytes of an address or the length of a name.
 */
#include "fuzz.h"

#include <arpa/inet.h>

#define TEXT_MAX	8192

static void take_address(struct fuzz_input *in, struct icore_addr *a)
{
	static const u8 mapped[12] = { [10] = 0xff, 0xff };
	u8 how = fuzz_u8(in);

	memset(a, 0, sizeof(*a));
	a->v6 = how & 1;
	a->port = fuzz_u8(in) << 8 | fuzz_u8(in);
	fuzz_bytes(in, a->addr, a->v6 ? 16 : 4);
	if (a->v6 && (how & 2))
		memcpy(a->addr, mapped, sizeof(mapped));
	if (how & 4)
		memset(a->addr, 0, a->v6 ? 16 : 4);
}

static bool same(const struct icore_addr *a, const struct icore_addr *b)
{
	return a->v6 == b->v6 && !memcmp(a->addr, b->addr, a->v6 ? 16 : 4);
}

/* What is told is an address that this peer can use, or nothing. */
static void check_report(const struct icore_addr *portal, const struct icore_addr *local,
			 const struct icore_addr *told)
{
	struct icore_addr here = *local, there = *portal, twice = *told;

	icore_addr_unmap(&here);
	icore_addr_unmap(&there);
	icore_addr_unmap(&twice);
	fuzz_check(same(&twice, told));
	fuzz_check(told->port == portal->port);
	fuzz_check(!icore_addr_is_any(told));
	fuzz_check(!icore_addr_is_loopback(told) || icore_addr_is_loopback(local));
	fuzz_check(!icore_addr_is_link_local(told) || same(told, &here));
	fuzz_check(same(told, icore_addr_is_any(portal) ? &here : &there));
}

/* Read back by the C library, which writes addresses differently but reads them all. */
static void check_text(const char *value, const struct icore_addr *a, u16 tpgt)
{
	const char *host = value, *end;
	char copy[INET6_ADDRSTRLEN];
	u8 addr[16];
	unsigned int port, tag;
	u32 len;

	if (a->v6)
		fuzz_check(*host++ == '[');
	end = a->v6 ? strchr(host, ']') : strchr(host, ':');
	fuzz_check(end);
	len = end - host;
	fuzz_check(len < sizeof(copy));
	memcpy(copy, host, len);
	copy[len] = '\0';
	fuzz_check(inet_pton(a->v6 ? AF_INET6 : AF_INET, copy, addr) == 1);
	fuzz_check(!memcmp(addr, a->addr, a->v6 ? 16 : 4));
	fuzz_check(!strstr(copy, ":::") && !strpbrk(copy, "ABCDEF"));
	fuzz_check(sscanf(end + a->v6, ":%u,%u", &port, &tag) == 2);
	fuzz_check(port == a->port && tag == tpgt);
}

static void add_address(struct fuzz_input *in, struct icore_out *o, const struct icore_addr *local,
			u16 tpgt)
{
	struct icore_addr portal, told;
	u32 before = o->len;

	take_address(in, &portal);
	if (!icore_addr_report(&portal, local, &told))
		return;
	check_report(&portal, local, &told);
	icore_st_address(o, &told, tpgt);
	if (o->overflow)
		return;
	fuzz_check(!strncmp(o->buf + before, "TargetAddress=", 14));
	fuzz_check(o->len == before + strlen(o->buf + before) + 1);
	check_text(o->buf + before + 14, &told, tpgt);
}

static void add_target(struct fuzz_input *in, struct icore_out *o)
{
	char name[ICORE_NAME_MAX + 1];
	u32 len = min_t(u32, fuzz_u8(in), ICORE_NAME_MAX);

	memset(name, 'n', len);
	name[len] = '\0';
	icore_st_target(o, name);
}

/* All of it, in order, no piece too long, and none cut where it need not be. */
static void cut(const char *text, u32 len, u32 max)
{
	u32 pos = 0, pieces = 0;

	for (;;) {
		bool cut_pair;
		u32 n = icore_st_cut(text, len, pos, max, &cut_pair);

		if (!n)
			break;
		fuzz_check(n <= max && pos + n <= len && ++pieces <= len);
		fuzz_check(cut_pair == !!text[pos + n - 1]);
		/* Inside a pair only if that pair alone is too long; else as many as fit. */
		if (cut_pair)
			fuzz_check(n == max && !memchr(text + pos, '\0', max));
		else if (pos + n < len)
			fuzz_check(n + strlen(text + pos + n) + 1 > max);
		pos += n;
	}
	fuzz_check(pos == len);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct fuzz_input in = { data, size };
	char *text = malloc(TEXT_MAX);
	struct icore_addr local;
	struct icore_out o;
	u32 max;

	if (!text)
		abort();
	icore_out_init(&o, text, TEXT_MAX);
	max = 1 + (fuzz_u8(&in) | (fuzz_u8(&in) & 3) << 8);
	take_address(&in, &local);
	while (in.left && !o.overflow) {
		u8 what = fuzz_u8(&in);

		if (what & 1)
			add_target(&in, &o);
		else
			add_address(&in, &o, &local, what << 4 | what);
	}
	fuzz_check(o.len <= TEXT_MAX && (!o.len || !text[o.len - 1]));
	/* Of exactly its size: a search for the end must not leave it. */
	text = realloc(text, o.len ? o.len : 1);
	if (!text)
		abort();
	cut(text, o.len, max);
	free(text);
	return 0;
}
