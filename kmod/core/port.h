/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The only file of the core that knows where it is compiled: it maps the kernel
 * and a hosted C library onto the same dozen helpers.
 */
#ifndef ICORE_PORT_H
#define ICORE_PORT_H

#include <tcm_iscsi/core.h>

#ifdef __KERNEL__

#include <asm/byteorder.h>
#include <linux/build_bug.h>
#include <linux/crc32c.h>
#include <linux/kernel.h>
#include <linux/string.h>

static inline u32 icore_port_crc32c(u32 crc, const void *data, u32 len)
{
	return crc32c(crc, data, len);
}

#else /* hosted */

#include <assert.h>
#include <endian.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#ifdef __CHECKER__
#define __force		__attribute__((force))
#else
#define __force
#endif

#define be16_to_cpu(x)	be16toh((__force uint16_t)(x))
#define be32_to_cpu(x)	be32toh((__force uint32_t)(x))
#define cpu_to_be16(x)	((__force __be16)htobe16(x))
#define cpu_to_be32(x)	((__force __be32)htobe32(x))
#define cpu_to_le32(x)	((__force __le32)htole32(x))
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define fallthrough	__attribute__((__fallthrough__))

/* As in the kernel each argument is evaluated once, and calls can be nested. */
#define icore_pick(a, op, b, x, y)	\
	({ __auto_type x = (a); __auto_type y = (b); x op y ? x : y; })
#define icore_name2(name, n)		name##n
#define icore_name(name, n)		icore_name2(name, n)
#define min(a, b)	\
	icore_pick(a, <, b, icore_name(min_a, __COUNTER__), icore_name(min_b, __COUNTER__))
#define max(a, b)	\
	icore_pick(a, >, b, icore_name(max_a, __COUNTER__), icore_name(max_b, __COUNTER__))
#define min_t(type, a, b)	min((type)(a), (type)(b))
#define max_t(type, a, b)	max((type)(a), (type)(b))

/* Reflected CRC32C without pre- and post-conditioning, as the kernel's. */
u32 icore_port_crc32c(u32 crc, const void *data, u32 len);

static inline void memzero_explicit(void *p, size_t n)
{
	explicit_bzero(p, n);
}

#endif /* __KERNEL__ */

static inline u16 icore_get16(const u8 *p)
{
	return (u16)(p[0] << 8 | p[1]);
}

static inline u32 icore_get24(const u8 *p)
{
	return (u32)p[0] << 16 | (u32)p[1] << 8 | p[2];
}

static inline u32 icore_get32(const u8 *p)
{
	return (u32)p[0] << 24 | (u32)p[1] << 16 | (u32)p[2] << 8 | p[3];
}

static inline void icore_put16(u8 *p, u16 v)
{
	p[0] = v >> 8;
	p[1] = v & 0xff;
}

static inline void icore_put24(u8 *p, u32 v)
{
	p[0] = v >> 16 & 0xff;
	p[1] = v >> 8 & 0xff;
	p[2] = v & 0xff;
}

static inline bool icore_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Its value, or -1. */
static inline int icore_hex_digit(char c)
{
	if (icore_is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/*
 * Compare without a data-dependent exit: the time tells nothing about where two
 * secrets differ.
 */
static inline bool icore_equal_ct(const void *a, const void *b, u32 len)
{
	const volatile u8 *x = a;
	const volatile u8 *y = b;
	u8 diff = 0;

	for (u32 i = 0; i < len; i++)
		diff |= x[i] ^ y[i];
	return diff == 0;
}

#endif /* ICORE_PORT_H */
