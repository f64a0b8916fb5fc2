/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What login_drive.c asks of login_judge.c. Each of these stops the run when the
 * machine has done something that it must not.
 */
#ifndef ICORE_LOGIN_JUDGE_H
#define ICORE_LOGIN_JUDGE_H

#include "login_drive.h"

/* A request is about to be given to the machine: note what it says. */
void judge_text(struct drive *d, const struct icore_pdu *pdu, const char *data);
void judge_bind(struct drive *d);
void judge_accept(struct drive *d);
/* Take the answer out of the machine. */
void judge_answer(struct drive *d, const struct icore_pdu *pdu, enum icore_login_action action);
/* The response that @secret makes to the challenge of the wire; false before it. */
bool drive_response(struct drive *d, const char *secret, u8 *hash);

#endif /* ICORE_LOGIN_JUDGE_H */
