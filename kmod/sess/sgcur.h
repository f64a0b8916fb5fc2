/* SPDX-License-Identifier: GPL-2.0 */
/* A position in a scatterlist. The owner serialises. */
#ifndef TISCSI_SGCUR_H
#define TISCSI_SGCUR_H

#include <linux/scatterlist.h>
#include <linux/types.h>

/**
 * struct tiscsi_sgcur - position in a scatterlist; only moves forward
 * @sg: present entry, NULL at the end
 * @sg_off: bytes of it already used
 * @pos: absolute offset
 */
struct tiscsi_sgcur {
	struct scatterlist *sg;
	u32 sg_off;
	u32 pos;
};

void tiscsi_sgcur_init(struct tiscsi_sgcur *cur, struct scatterlist *sg);
bool tiscsi_sgcur_seek(struct tiscsi_sgcur *cur, u32 pos);
void tiscsi_sgcur_move(struct tiscsi_sgcur *cur, u32 n);

#endif /* TISCSI_SGCUR_H */
