// SPDX-License-Identifier: GPL-2.0
/*
 * Discovery by SendTargets (RFC 7143 4.3, Appendix C): what was asked, which
 * address to tell, how to write it, and where a long answer may be cut.
 *
 * Which targets an initiator may see is policy and lives elsewhere. What is here
 * is what must not depend on it: an address that a peer cannot use is never
 * told. A portal bound to a wildcard is reported as the address through which
 * this very connection came, since that one is known to work.
 *
 * IPv6 is written in the canonical form of RFC 5952, so that initiators which
 * key their records by the text find the same record again.
 */
#include "port.h"

#define V6_GROUPS	8
#define V6_TEXT_MAX	40	/* 8 groups of 4 digits, 7 colons, NUL */
#define ADDR_TEXT_MAX	(V6_TEXT_MAX + 16)	/* [v6]:65535,65535 */

static const u8 v4_mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };
static const u8 zeroes[16];

static bool is_mapped(const struct icore_addr *a)
{
	return a->v6 && !memcmp(a->addr, v4_mapped, sizeof(v4_mapped));
}

/**
 * icore_addr_unmap - turn ::ffff:a.b.c.d into a.b.c.d
 * @a: any address
 */
void icore_addr_unmap(struct icore_addr *a)
{
	if (!is_mapped(a))
		return;
	a->v6 = false;
	memcpy(a->addr, a->addr + sizeof(v4_mapped), 4);
	memset(a->addr + 4, 0, sizeof(a->addr) - 4);
}

static struct icore_addr plain(const struct icore_addr *a)
{
	struct icore_addr copy = *a;

	icore_addr_unmap(&copy);
	return copy;
}

/**
 * icore_addr_is_any - the wildcard of its family
 * @a: any address
 *
 * Return: true for 0.0.0.0, :: and ::ffff:0.0.0.0.
 */
bool icore_addr_is_any(const struct icore_addr *a)
{
	struct icore_addr p = plain(a);

	return !memcmp(p.addr, zeroes, p.v6 ? 16 : 4);
}

/**
 * icore_addr_is_loopback - reachable from this host only
 * @a: any address
 *
 * Return: true for 127.0.0.0/8 in either notation and ::1.
 */
bool icore_addr_is_loopback(const struct icore_addr *a)
{
	struct icore_addr p = plain(a);

	if (!p.v6)
		return p.addr[0] == 127;
	return !memcmp(p.addr, zeroes, 15) && p.addr[15] == 1;
}

/**
 * icore_addr_is_link_local - meaningful on one link only
 * @a: any address
 *
 * Return: true for 169.254.0.0/16 in either notation and fe80::/10.
 */
bool icore_addr_is_link_local(const struct icore_addr *a)
{
	struct icore_addr p = plain(a);

	if (!p.v6)
		return p.addr[0] == 169 && p.addr[1] == 254;
	return p.addr[0] == 0xfe && (p.addr[1] & 0xc0) == 0x80;
}

static bool same_host(const struct icore_addr *a, const struct icore_addr *b)
{
	return a->v6 == b->v6 && !memcmp(a->addr, b->addr, a->v6 ? 16 : 4);
}

/**
 * icore_addr_report - what to tell about a portal
 * @portal: the address it is bound to
 * @local: our end of the connection that asks, as the socket names it; a
 *	v4-mapped one says that IPv4 came in through an IPv6 socket
 * @out: what to report, with the portal's port
 *
 * 0.0.0.0 accepts IPv4 only. [::] accepts what came in through an IPv6 socket.
 * Loopback is told to peers that came over loopback. A link-local address lacks
 * its zone on the wire, so only a peer that uses this very address is told it.
 *
 * Return: false if the portal is better left out.
 */
bool icore_addr_report(const struct icore_addr *portal, const struct icore_addr *local,
		       struct icore_addr *out)
{
	struct icore_addr here = plain(local);

	*out = plain(portal);
	if (icore_addr_is_any(out)) {
		if (out->v6 ? !local->v6 : here.v6)
			return false;
		here.port = out->port;
		*out = here;
		return !icore_addr_is_any(out);
	}
	if (icore_addr_is_loopback(out))
		return icore_addr_is_loopback(&here);
	if (icore_addr_is_link_local(out))
		return same_host(out, &here);
	return true;
}

/**
 * icore_st_parse - the value of SendTargets
 * @value: as received
 * @name: 224 bytes; the normalised target name for %ICORE_ST_NAME
 *
 * Return: what was asked. "all" or "A" is nothing we know: such a request must
 * not succeed by accident.
 */
enum icore_st_kind icore_st_parse(const char *value, char *name)
{
	if (!value[0])
		return ICORE_ST_SELF;
	if (!strcmp(value, "All"))
		return ICORE_ST_ALL;
	if (icore_name_normalise(value, name))
		return ICORE_ST_NAME;
	return ICORE_ST_BAD;
}

/**
 * icore_st_target - begin a record
 * @o: text of the answer
 * @name: the target
 */
void icore_st_target(struct icore_out *o, const char *name)
{
	icore_out_str(o, "TargetName", name);
}

static char *put_dec(char *p, u32 value)
{
	u32 div = 10000;

	while (div > 1 && value < div)
		div /= 10;
	for (; div; div /= 10)
		*p++ = (char)('0' + value / div % 10);
	return p;
}

static char *put_hex16(char *p, u32 value)
{
	static const char hex[] = "0123456789abcdef";
	u32 shift = 12;

	while (shift && !(value >> shift))
		shift -= 4;
	for (;; shift -= 4) {
		*p++ = hex[value >> shift & 0xf];
		if (!shift)
			return p;
	}
}

/* The longest run of two or more zero groups, the first of equals (RFC 5952 4.2). */
static u32 longest_run(const u8 *addr, u32 *start)
{
	u32 best = 1;
	u32 run = 0;

	*start = V6_GROUPS;
	for (u32 i = 0; i < V6_GROUPS; i++) {
		run = icore_get16(addr + 2 * i) ? 0 : run + 1;
		if (run > best) {
			best = run;
			*start = i + 1 - run;
		}
	}
	return best > 1 ? best : 0;
}

static char *put_v6(char *p, const u8 *addr)
{
	u32 start;
	u32 run = longest_run(addr, &start);

	for (u32 i = 0; i < V6_GROUPS; i++) {
		if (run && i == start) {
			*p++ = ':';
			if (start + run == V6_GROUPS)
				*p++ = ':';
			i += run - 1;
			continue;
		}
		if (i)
			*p++ = ':';
		p = put_hex16(p, icore_get16(addr + 2 * i));
	}
	return p;
}

/**
 * icore_st_address - one portal of the record
 * @o: text of the answer
 * @a: what icore_addr_report() said
 * @tpgt: portal group tag
 *
 * The port is always written, 3260 too: leaving it out is allowed, but there are
 * parsers that take the tag for it.
 */
void icore_st_address(struct icore_out *o, const struct icore_addr *a, u16 tpgt)
{
	struct icore_addr host = plain(a);
	char text[ADDR_TEXT_MAX];
	char *p = text;

	if (host.v6) {
		*p++ = '[';
		p = put_v6(p, host.addr);
		*p++ = ']';
	} else {
		for (u32 i = 0; i < 4; i++) {
			if (i)
				*p++ = '.';
			p = put_dec(p, host.addr[i]);
		}
	}
	*p++ = ':';
	p = put_dec(p, host.port);
	*p++ = ',';
	p = put_dec(p, tpgt);
	*p = '\0';
	icore_out_str(o, "TargetAddress", text);
}

/**
 * icore_st_cut - how much of an answer goes into the next PDU
 * @text: whole answer, every pair with its NUL
 * @len: its length
 * @pos: what was sent already
 * @max: what the initiator accepts in one PDU
 * @cut_pair: set if the piece ends inside a pair, so that the C bit is due
 *
 * Whole pairs as long as one fits: initiators that look at each PDU by itself
 * exist, ones that cannot join pairs over F=0 exist as well.
 *
 * Return: bytes from @pos on, 0 at the end.
 */
u32 icore_st_cut(const char *text, u32 len, u32 pos, u32 max, bool *cut_pair)
{
	u32 end;

	*cut_pair = false;
	if (pos >= len)
		return 0;
	if (len - pos <= max)
		return len - pos;
	for (end = pos + max; end > pos; end--) {
		if (!text[end - 1])
			return end - pos;
	}
	*cut_pair = true;
	return max;
}
