/* SPDX-License-Identifier: GPL-2.0 */
/* Commands that a backend does not finish: who has them, and what they are in the way of. */
#ifndef TISCSI_STUCK_H
#define TISCSI_STUCK_H

#include "admin.h"

struct tiscsi_cmd;
struct tiscsi_pg;
struct tiscsi_sess;

/*
 * tiscsi_stuck_log - say which commands of @pg's sessions the backend has had for
 * @seconds or longer: a line for each of the oldest few. @lun: of that unit, or
 * TISCSI_ANY_LUN. @what: what waits for them, static text. Process context, no lock held.
 * Return: how many there are.
 */
u32 tiscsi_stuck_log(struct tiscsi_pg *pg, u64 lun, u32 seconds, const char *what);

/*
 * May the command not be executed, because an older session of the same initiator port,
 * or a former connection of this one, has some for that unit under way? Then it has been
 * answered. I/O thread; takes pg->lock.
 */
bool tiscsi_stuck_fences(struct tiscsi_cmd *cmd, const u8 *cdb);
/* A new session enters its group, whose lock is held: is there such an older one? */
void tiscsi_stuck_inherit(struct tiscsi_sess *sess);

#endif /* TISCSI_STUCK_H */
