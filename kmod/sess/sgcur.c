// SPDX-License-Identifier: GPL-2.0
/*
 * A position in a scatterlist that only moves forward: where the next byte of a command
 * goes to or comes from.
 */
#include "sgcur.h"

void tiscsi_sgcur_init(struct tiscsi_sgcur *cur, struct scatterlist *sg)
{
	cur->sg = sg;
	cur->sg_off = 0;
	cur->pos = 0;
}

void tiscsi_sgcur_move(struct tiscsi_sgcur *cur, u32 n)
{
	cur->pos += n;
	cur->sg_off += n;
	while (cur->sg && cur->sg_off >= cur->sg->length) {
		cur->sg_off -= cur->sg->length;
		cur->sg = sg_next(cur->sg);
	}
}

/* Offsets ascend (DataPDUInOrder=Yes), so going backwards is an error of ours. */
bool tiscsi_sgcur_seek(struct tiscsi_sgcur *cur, u32 pos)
{
	if (WARN_ON_ONCE(pos < cur->pos))
		return false;
	if (pos > cur->pos)
		tiscsi_sgcur_move(cur, pos - cur->pos);
	return true;
}
