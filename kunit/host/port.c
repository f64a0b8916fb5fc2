// SPDX-License-Identifier: GPL-2.0
/*
 * The one function that the core takes from the kernel and a C library does not
 * have. A bit at a time would do; the table makes the simulations of whole
 * transfers bearable under sanitizers.
 */
#include "../../kmod/core/port.h"

#define CRC32C_POLY_REFLECTED	0x82f63b78u

static u32 crc_table[256];

__attribute__((constructor)) static void crc_table_fill(void)
{
	for (u32 i = 0; i < 256; i++) {
		u32 reg = i;

		for (int bit = 0; bit < 8; bit++)
			reg = reg & 1 ? reg >> 1 ^ CRC32C_POLY_REFLECTED : reg >> 1;
		crc_table[i] = reg;
	}
}

u32 icore_port_crc32c(u32 crc, const void *data, u32 len)
{
	const u8 *p = data;

	while (len--)
		crc = crc >> 8 ^ crc_table[(crc ^ *p++) & 0xff];
	return crc;
}
