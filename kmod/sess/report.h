/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The end of a login, told to everybody who wants to know: counters of the target, the
 * log, the list of verdicts, and listeners; and what happens to connections.
 */
#ifndef TISCSI_REPORT_H
#define TISCSI_REPORT_H

#include <tcm_iscsi/core.h>

struct net;
struct tiscsi_conn;
struct tiscsi_login;
struct tiscsi_np;
struct tiscsi_pg;
struct tiscsi_sock;

/*
 * All from the login worker. success: the socket may be the connection's by now, so the
 * caller holds its namespace @net. refusal: @status is what the initiator is told.
 */
void tiscsi_report_success(struct tiscsi_login *login, struct net *net);
void tiscsi_report_refusal(struct tiscsi_login *login, enum icore_login_status status,
			   const char *reason);
/* It is closed without an answer. */
void tiscsi_report_give_up(struct tiscsi_login *login, const char *reason);
/* The portal had no slot for it. Acceptor. */
void tiscsi_report_no_room(struct tiscsi_np *np, const struct tiscsi_sock *sock);

/*
 * What becomes of a connection, for listeners only; its I/O thread. @reason and @what
 * are static texts.
 */
void tiscsi_report_conn_end(struct tiscsi_conn *conn, const char *reason);
/* The administrator drains @pg, or does not any more; tiscsi_mutex held. */
void tiscsi_report_drain(struct tiscsi_pg *pg, bool draining);
void tiscsi_report_digest(struct tiscsi_conn *conn, const char *what);
void tiscsi_report_tmf(struct tiscsi_conn *conn, u8 function, u64 lun);

#endif /* TISCSI_REPORT_H */
