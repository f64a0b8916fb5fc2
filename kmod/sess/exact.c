// SPDX-License-Identifier: GPL-2.0
/*
 * Page by page what an array needs, and no more.
 */
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/vmalloc.h>

#include "exact.h"

void *tiscsi_exact_alloc(size_t nr, size_t size)
{
	size_t bytes = array_size(nr, size);
	void *p;

	if (bytes == SIZE_MAX)
		return NULL;
	/* Without mapping of its own it costs no entry of the TLB; without it, it works too. */
	p = alloc_pages_exact(bytes, GFP_KERNEL | __GFP_ZERO | __GFP_NORETRY | __GFP_NOWARN);
	return p ? p : vzalloc(bytes);
}

void tiscsi_exact_free(void *p, size_t nr, size_t size)
{
	if (is_vmalloc_addr(p))
		vfree(p);
	else if (p)
		free_pages_exact(p, nr * size);
}
