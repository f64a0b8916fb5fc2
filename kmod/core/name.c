// SPDX-License-Identifier: GPL-2.0
/*
 * iSCSI names (RFC 7143 4.2.7, RFC 3722, RFC 3980).
 *
 * A name is an identity: two that compare equal are the same node. So both what
 * is received and what is configured pass through one function, and everything
 * behind it compares bytes.
 *
 * Of the stringprep profile (RFC 3722) only the ASCII part is applied: capitals
 * are folded, prohibited ASCII is refused. Bytes beyond ASCII are accepted as
 * they are if they are well-formed UTF-8: normalising them takes Unicode tables
 * that do not belong in a kernel, and no deployed initiator generates such
 * names. A name in another normal form therefore is another name, which fails
 * closed.
 *
 * '_' is prohibited by the profile (5B to 60) but accepted here: it is common in
 * names that people made from host names, other targets take it, and it can be
 * confused with nothing. The date of an iqn. name has to look like one; whether
 * the month exists is not our business.
 */
#include "port.h"

static bool is_hex(char c)
{
	return icore_is_digit(c) || (c >= 'a' && c <= 'f');
}

static bool name_ascii(char c)
{
	return icore_is_digit(c) || (c >= 'a' && c <= 'z') || c == '-' || c == '.' || c == ':' ||
	       c == '_';
}

/*
 * Length of the UTF-8 sequence at @s (RFC 3629 4), 0 if it is malformed or one
 * of what the profile prohibits: C1 controls and U+3002. A NUL is no
 * continuation byte, so the end of the string ends the look.
 */
static u32 utf8_len(const u8 *s)
{
	u32 more;
	u32 min;
	u32 code;

	if (s[0] >= 0xc2 && s[0] <= 0xdf) {
		more = 1;
		min = 0xa0;
		code = s[0] & 0x1f;
	} else if ((s[0] & 0xf0) == 0xe0) {
		more = 2;
		min = 0x800;
		code = s[0] & 0xf;
	} else if (s[0] >= 0xf0 && s[0] <= 0xf4) {
		more = 3;
		min = 0x10000;
		code = s[0] & 0x7;
	} else {
		return 0;
	}
	for (u32 i = 1; i <= more; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (s[i] & 0x3f);
	}
	if (code < min || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff) || code == 0x3002)
		return 0;
	return more + 1;
}

/* "iqn." yyyy-mm "." and at least one more character. */
static bool iqn_ok(const char *name, u32 len)
{
	static const char form[] = "iqn.dddd-dd.";
	const u32 n = sizeof(form) - 1;

	if (len <= n)
		return false;
	for (u32 i = 0; i < n; i++) {
		if (form[i] == 'd' ? !icore_is_digit(name[i]) : name[i] != form[i])
			return false;
	}
	return true;
}

/* A prefix and exactly @digits hexadecimal digits. */
static bool hex_name_ok(const char *name, u32 len, const char *prefix, u32 digits)
{
	if (len != 4 + digits || memcmp(name, prefix, 4))
		return false;
	for (u32 i = 4; i < len; i++) {
		if (!is_hex(name[i]))
			return false;
	}
	return true;
}

/**
 * icore_name_normalise - check an iSCSI name and bring it into the stored form
 * @in: NUL-terminated, from a peer or an administrator
 * @out: %ICORE_NAME_MAX + 1 bytes; the folded name, or "" on failure
 *
 * Return: false if it is no valid name.
 */
bool icore_name_normalise(const char *in, char *out)
{
	u32 len = 0;

	while (in[len]) {
		u32 n = 1;

		if ((u8)in[len] >= 0x80)
			n = utf8_len((const u8 *)in + len);
		if (!n || len + n > ICORE_NAME_MAX)
			goto bad;
		memcpy(out + len, in + len, n);
		if (n == 1) {
			if (out[len] >= 'A' && out[len] <= 'Z')
				out[len] += 'a' - 'A';
			if (!name_ascii(out[len]))
				goto bad;
		}
		len += n;
	}
	out[len] = '\0';
	if (iqn_ok(out, len) || hex_name_ok(out, len, "eui.", 16) ||
	    hex_name_ok(out, len, "naa.", 16) || hex_name_ok(out, len, "naa.", 32))
		return true;
bad:
	out[0] = '\0';
	return false;
}
