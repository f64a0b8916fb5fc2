/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The end of a login, told to everybody who wants to know: counters of the target, the
 * log, the list of verdicts, and listeners.
 */
#ifndef TISCSI_REPORT_H
#define TISCSI_REPORT_H

#include <tcm_iscsi/core.h>

struct tiscsi_login;
struct tiscsi_np;
struct tiscsi_sock;

/* @status is what the initiator is told; success as well. Login worker. */
void tiscsi_report_login(struct tiscsi_login *login, enum icore_login_status status,
			 const char *reason);
/* It is closed without an answer. */
void tiscsi_report_give_up(struct tiscsi_login *login, const char *reason);
/* The portal had no slot for it. Acceptor. */
void tiscsi_report_no_room(struct tiscsi_np *np, const struct tiscsi_sock *sock);

#endif /* TISCSI_REPORT_H */
