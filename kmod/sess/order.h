/* SPDX-License-Identifier: GPL-2.0 */
/* Requests that came before their turn (RFC 7143 4.2.2.1). I/O thread. */
#ifndef TISCSI_ORDER_H
#define TISCSI_ORDER_H

#include "conn.h"

struct tiscsi_cmd;

/* A SCSI command that may not be submitted before its turn; its slot is filled. */
void tiscsi_order_keep_cmd(struct tiscsi_cmd *cmd, const struct icore_pdu *pdu);
/* A NOP-Out, Text, Logout or task management request; data is in conn->flat. */
void tiscsi_order_keep(struct tiscsi_conn *conn, const struct icore_pdu *pdu, bool have_data);
/* Deliver whatever is due, as far as there are slots to answer with. */
void tiscsi_order_release(struct tiscsi_conn *conn);
/* Once a second: does a number fail to come? */
void tiscsi_order_tick(struct tiscsi_conn *conn);
/* The connection ends and its session may go on: the numbers may come again. */
void tiscsi_order_forget(struct tiscsi_conn *conn);
void tiscsi_order_free(struct tiscsi_conn *conn);

#endif /* TISCSI_ORDER_H */
