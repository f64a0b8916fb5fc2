// SPDX-License-Identifier: GPL-2.0
/*
 * Addresses that an administrator gives, to be passed on in TargetAddress
 * (RFC 7143 13.8):
 *
 *	host [ ":" port ]
 *
 * host is a DNS name, an IPv4 address in dotted decimal or an IPv6 address in
 * brackets. They are checked and passed on as typed: what a name means is for
 * the initiator to find out, and may be different there.
 */
#include "port.h"

#define LABEL_MAX	63	/* of a DNS name (RFC 1035 2.3.4) */
#define DNS_NAME_MAX	253
#define PORT_DIGITS	5
#define V6_GROUPS	8

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* A decimal number of at most @digits digits without leading zeros; @s moves behind it. */
static bool take_number(const char **s, const char *end, u32 digits, u32 max, u32 *out)
{
	const char *from = *s;

	*out = 0;
	while (*s < end && icore_is_digit(**s) && (u32)(*s - from) < digits)
		*out = *out * 10 + (u32)(*(*s)++ - '0');
	return *s > from && !(*from == '0' && *s > from + 1) && *out <= max;
}

static bool parse_v4(const char *s, const char *end, u8 *out)
{
	u32 part;

	for (u32 i = 0; i < 4; i++) {
		if (i && (s == end || *s++ != '.'))
			return false;
		if (!take_number(&s, end, 3, 255, &part))
			return false;
		out[i] = (u8)part;
	}
	return s == end;
}

static bool take_group(const char **s, const char *end, u32 *out)
{
	u32 digits = 0;

	*out = 0;
	while (*s < end && digits < 4 && icore_hex_digit(**s) >= 0) {
		*out = *out << 4 | (u32)icore_hex_digit(**s);
		(*s)++;
		digits++;
	}
	return digits > 0;
}

/* RFC 4291 2.2: groups of 16 bits, one "::" for zeros, IPv4 in the last two. */
static bool parse_v6(const char *s, const char *end, u8 *out)
{
	u32 n = 0, gap = V6_GROUPS + 1, group;
	u8 words[2 * V6_GROUPS] = {};

	if (end - s >= 2 && s[0] == ':' && s[1] == ':') {
		gap = 0;
		s += 2;
	}
	while (s < end) {
		const char *from = s;

		if (n == V6_GROUPS || !take_group(&s, end, &group))
			return false;
		if (s < end && *s == '.') {
			if (n > V6_GROUPS - 2 || !parse_v4(from, end, words + 2 * n))
				return false;
			n += 2;
			break;
		}
		icore_put16(words + 2 * n++, (u16)group);
		if (s == end)
			break;
		if (*s++ != ':' || s == end)
			return false;
		if (*s == ':') {
			if (gap <= V6_GROUPS)
				return false;
			gap = n;
			s++;
		}
	}
	if (gap > V6_GROUPS ? n != V6_GROUPS : n >= V6_GROUPS)
		return false;
	gap = min(gap, n);
	memset(out, 0, sizeof(words));
	memcpy(out, words, 2 * gap);
	memcpy(out + sizeof(words) - 2 * (n - gap), words + 2 * gap, 2 * (n - gap));
	return true;
}

/* Nobody can connect to every address, or to many. */
static const char *v4_fault(const u8 *a)
{
	if (!(a[0] | a[1] | a[2] | a[3]))
		return "0.0.0.0 is no address that an initiator can connect to";
	if (a[0] >= 224)
		return "an initiator cannot connect to a multicast or reserved address";
	return NULL;
}

static const char *v6_fault(const char *s, const char *end)
{
	static const u8 zero[16];
	u8 a[16];

	if (!parse_v6(s, end, a))
		return "what stands in brackets is no IPv6 address";
	if (!memcmp(a, zero, sizeof(a)))
		return "[::] is no address that an initiator can connect to";
	if (a[0] == 0xff)
		return "an initiator cannot connect to a multicast or reserved address";
	return NULL;
}

static const char *label_fault(const char *s, const char *end)
{
	if (s == end)
		return "a host name with an empty part";
	if (end - s > LABEL_MAX)
		return "a part of the host name is longer than 63 bytes";
	if (*s == '-' || end[-1] == '-')
		return "a part of a host name neither begins nor ends with '-'";
	for (; s < end; s++)
		if (!icore_is_digit(*s) && !is_letter(*s) && *s != '-')
			return "a host name has letters, digits, '-' and '.' only";
	return NULL;
}

static const char *name_fault(const char *s, const char *end)
{
	const char *label = s, *why;
	bool numeric;

	if (end - s > DNS_NAME_MAX)
		return "the host name is longer than 253 bytes";
	for (;;) {
		numeric = true;
		for (s = label; s < end && *s != '.'; s++)
			numeric = numeric && icore_is_digit(*s);
		why = label_fault(label, s);
		if (why)
			return why;
		if (s == end)
			break;
		label = s + 1;
	}
	/* No top-level domain is a number (RFC 1123 2.1): a mistyped address. */
	return numeric ? "neither an IPv4 address nor a host name" : NULL;
}

static const char *host_fault(const char *s, const char *end)
{
	u8 v4[4];

	if (s == end)
		return "no host";
	if (parse_v4(s, end, v4))
		return v4_fault(v4);
	return name_fault(s, end);
}

static const char *port_fault(const char *s, const char *end)
{
	u32 port;

	if (!take_number(&s, end, PORT_DIGITS, 65535, &port) || s != end || !port)
		return "the port is no number from 1 to 65535";
	return NULL;
}

/**
 * icore_address_fault - may @text stand in a redirection?
 * @text: "host[:port]"
 *
 * Return: NULL, or a static text that says what is wrong with it.
 */
const char *icore_address_fault(const char *text)
{
	const size_t len = strlen(text);
	const char *end = text + len, *host_end;
	const char *why;

	if (len > ICORE_ADDRESS_MAX)
		return "the address is too long";
	if (strchr(text, ','))
		return "a redirection names no portal group tag";
	if (*text == '[') {
		host_end = strchr(text, ']');
		if (!host_end)
			return "']' is missing";
		why = v6_fault(text + 1, host_end);
		host_end++;
	} else {
		host_end = strchr(text, ':');
		if (host_end && strchr(host_end + 1, ':'))
			return "an IPv6 address stands in brackets";
		if (!host_end)
			host_end = end;
		why = host_fault(text, host_end);
	}
	if (why || host_end == end)
		return why;
	if (*host_end != ':')
		return "only ':' and a port may follow the brackets";
	return port_fault(host_end + 1, end);
}
