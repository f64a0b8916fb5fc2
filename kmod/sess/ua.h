/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Unit attentions that the fabric owes a session. target_core keeps its own and
 * has no call for a fabric to add one. Commands that end without a word while
 * the nexus lives (RFC 7143 11.14.5, or CLEAR TASK SET by somebody else) are
 * remembered here until the next command to the unit tells of them.
 */
#ifndef TISCSI_UA_H
#define TISCSI_UA_H

#include <linux/bitmap.h>
#include <linux/spinlock.h>
#include <linux/types.h>

struct tiscsi_sess;

#define TISCSI_UA_SLOTS	32
/* Every number that icore_lun_decode() makes. */
#define TISCSI_UA_LUNS	16384

/**
 * struct tiscsi_ua_slot - what one unit has to tell
 */
struct tiscsi_ua_slot {
	u16 lun;
	u8 asc;
	u8 ascq;
};

/**
 * struct tiscsi_ua - the unit attentions of a session
 * @pending: @owed is not empty; read without the lock
 * @lock: protects the rest; leaf, process context
 * @nr: used entries of @slots, at most one for a unit
 * @slots: codes of single units, in no order
 * @rest: codes of the units in @owed that have no slot; its unit means nothing
 * @owed: units that have something to tell; tested without the lock
 */
struct tiscsi_ua {
	bool pending;
	u8 nr;
	spinlock_t lock;	/* leaf */
	struct tiscsi_ua_slot rest;
	struct tiscsi_ua_slot slots[TISCSI_UA_SLOTS];
	DECLARE_BITMAP(owed, TISCSI_UA_LUNS);
};

void tiscsi_ua_init(struct tiscsi_ua *ua);
void tiscsi_ua_set(struct tiscsi_sess *sess, u64 lun, u8 asc, u8 ascq);
/* How many are pending for the unit, 0 or 1; the codes are set unless NULL. */
u32 tiscsi_ua_peek(struct tiscsi_sess *sess, u64 lun, u8 *asc, u8 *ascq);
bool tiscsi_ua_take(struct tiscsi_sess *sess, u64 lun, const u8 *cdb, u8 *asc, u8 *ascq);

#endif /* TISCSI_UA_H */
