/* SPDX-License-Identifier: GPL-2.0 */
/* Persistent reservations that survive a loss of power (APTPL). */
#ifndef RESERVATION_H
#define RESERVATION_H

#include "plan.h"

/*
 * target_core writes them to a file below dbroot, and wants to be told about them when
 * a disk with that serial number is made again. Adds the steps for the one in @dir.
 */
void reservation_restore(struct plan *plan, enum phase phase, const char *dir, const char *wwn);

#endif /* RESERVATION_H */
