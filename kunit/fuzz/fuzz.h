/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the fuzz targets share: input that is eaten byte by byte and never runs out
 * (zeros follow), and a check that stops the run.
 */
#ifndef ICORE_FUZZ_H
#define ICORE_FUZZ_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tcm_iscsi/core.h>
#include "../../kmod/core/port.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

#define fuzz_check(cond)							\
	do {									\
		if (!(cond)) {							\
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #cond); \
			abort();						\
		}								\
	} while (0)

struct fuzz_input {
	const u8 *p;
	size_t left;
};

static inline u8 fuzz_u8(struct fuzz_input *in)
{
	if (!in->left)
		return 0;
	in->left--;
	return *in->p++;
}

static inline u32 fuzz_u32(struct fuzz_input *in)
{
	u32 v = 0;

	for (int i = 0; i < 4; i++)
		v = v << 8 | fuzz_u8(in);
	return v;
}

static inline void fuzz_bytes(struct fuzz_input *in, void *to, u32 len)
{
	u8 *out = to;

	while (len--)
		*out++ = fuzz_u8(in);
}

/* A block of exactly this size, so that one byte beyond it is seen. */
static inline void *fuzz_block(struct fuzz_input *in, u32 len)
{
	u8 *p = malloc(len ? len : 1);

	if (!p)
		abort();
	fuzz_bytes(in, p, len);
	return p;
}

#endif /* ICORE_FUZZ_H */
