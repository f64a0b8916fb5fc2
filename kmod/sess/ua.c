// SPDX-License-Identifier: GPL-2.0
/*
 * Unit attentions that the fabric owes a session: one for each unit.
 *
 * A second event on a unit replaces the first: both say that commands are gone,
 * and the younger is the better reason. For the same cause a unit that finds no
 * slot shares its codes with the others that found none.
 */
#include <scsi/scsi_proto.h>

#include "session.h"
#include "ua.h"

void tiscsi_ua_init(struct tiscsi_ua *ua)
{
	spin_lock_init(&ua->lock);
}

static struct tiscsi_ua_slot *tiscsi_ua_find(struct tiscsi_ua *ua, u64 lun)
{
	u8 i;

	for (i = 0; i < ua->nr; i++)
		if (ua->slots[i].lun == lun)
			return &ua->slots[i];
	return NULL;
}

/**
 * tiscsi_ua_set - the next command to a unit shall end with a unit attention
 * @sess: alive: pg->lock is held, or one of its connections cannot go
 * @lun: as icore_lun_decode() says it
 * @asc: additional sense code
 * @ascq: its qualifier
 *
 * Process context, also under spinlocks. A command that is being submitted at the
 * same moment may pass.
 */
void tiscsi_ua_set(struct tiscsi_sess *sess, u64 lun, u8 asc, u8 ascq)
{
	struct tiscsi_ua *ua = &sess->ua;
	struct tiscsi_ua_slot *slot;

	if (lun >= TISCSI_UA_LUNS)
		return;		/* no command can reach it */
	spin_lock(&ua->lock);
	slot = tiscsi_ua_find(ua, lun);
	if (!slot)
		slot = ua->nr < TISCSI_UA_SLOTS ? &ua->slots[ua->nr++] : &ua->rest;
	slot->lun = lun;
	slot->asc = asc;
	slot->ascq = ascq;
	set_bit(lun, ua->owed);
	WRITE_ONCE(ua->pending, true);
	spin_unlock(&ua->lock);
}

/* The three that SPC wants executed all the same. */
static bool tiscsi_ua_passes(u8 opcode)
{
	return opcode == INQUIRY || opcode == REPORT_LUNS || opcode == REQUEST_SENSE;
}

/**
 * tiscsi_ua_take - must this command end with a unit attention?
 * @sess: the session
 * @lun: of the command, as icore_lun_decode() says it
 * @cdb: of the command
 * @asc: set if so
 * @ascq: set if so
 *
 * I/O thread, before submission. What is taken is told: it does not come again.
 */
bool tiscsi_ua_take(struct tiscsi_sess *sess, u64 lun, const u8 *cdb, u8 *asc, u8 *ascq)
{
	struct tiscsi_ua *ua = &sess->ua;
	struct tiscsi_ua_slot *slot;
	bool found;

	if (!READ_ONCE(ua->pending) || lun >= TISCSI_UA_LUNS || !test_bit(lun, ua->owed) ||
	    tiscsi_ua_passes(cdb[0]))
		return false;

	spin_lock(&ua->lock);
	found = test_and_clear_bit(lun, ua->owed);
	slot = tiscsi_ua_find(ua, lun);
	if (slot) {
		*asc = slot->asc;
		*ascq = slot->ascq;
		*slot = ua->slots[--ua->nr];
	} else {
		*asc = ua->rest.asc;
		*ascq = ua->rest.ascq;
	}
	WRITE_ONCE(ua->pending, !bitmap_empty(ua->owed, TISCSI_UA_LUNS));
	spin_unlock(&ua->lock);
	return found;
}

u32 tiscsi_ua_peek(struct tiscsi_sess *sess, u64 lun, u8 *asc, u8 *ascq)
{
	struct tiscsi_ua *ua = &sess->ua;
	struct tiscsi_ua_slot *slot;

	if (!READ_ONCE(ua->pending) || lun >= TISCSI_UA_LUNS || !test_bit(lun, ua->owed))
		return 0;
	spin_lock(&ua->lock);
	slot = tiscsi_ua_find(ua, lun) ?: &ua->rest;
	if (asc)
		*asc = slot->asc;
	if (ascq)
		*ascq = slot->ascq;
	spin_unlock(&ua->lock);
	return 1;
}
