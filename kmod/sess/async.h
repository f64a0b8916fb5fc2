/* SPDX-License-Identifier: GPL-2.0 */
/* Asynchronous Messages (RFC 7143 11.9). I/O thread, unless noted. */
#ifndef TISCSI_ASYNC_H
#define TISCSI_ASYNC_H

#include "conn.h"

/* Somebody asked for something; the event bit is set. */
void tiscsi_async_take(struct tiscsi_conn *conn);
/* Once a second: deadlines, and unit attentions to tell of. */
void tiscsi_async_tick(struct tiscsi_conn *conn);
/* The target ends the session: say so, if there is still somebody to hear it. */
void tiscsi_async_farewell(struct tiscsi_conn *conn);

#endif /* TISCSI_ASYNC_H */
