/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Arrays that a connection keeps for its whole life. kvmalloc() rounds up to a power of
 * two pages, which an idle session would pay for each array.
 */
#ifndef TISCSI_EXACT_H
#define TISCSI_EXACT_H

#include <linux/types.h>

/* Zeroed, to the page; contiguous if that costs no effort. NULL without memory; sleeps. */
void *tiscsi_exact_alloc(size_t nr, size_t size);
/* The same @nr and @size; @p may be NULL. */
void tiscsi_exact_free(void *p, size_t nr, size_t size);

#endif /* TISCSI_EXACT_H */
