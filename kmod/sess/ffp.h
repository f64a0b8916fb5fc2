/* SPDX-License-Identifier: GPL-2.0 */
/* Full feature phase: what each request PDU does. I/O thread. */
#ifndef TISCSI_FFP_H
#define TISCSI_FFP_H

#include "conn.h"

struct tiscsi_cmd;

/* What became of a PDU that the pump stopped at. */
enum tiscsi_hold {
	TISCSI_HOLD_DONE,	/* handled; the pump may go on */
	TISCSI_HOLD_STORE,	/* its data segment is to be received first */
	TISCSI_HOLD_WAIT,	/* a slot or a buffer is missing: try again later */
};

/* -- ffp.c -- */
enum tiscsi_io tiscsi_ffp_receive(struct tiscsi_conn *conn, u32 budget);
/* Send a Reject of the PDU at hand; false if no control slot is free. */
bool tiscsi_ffp_reject(struct tiscsi_conn *conn, u8 reason);
/* May this control request be served now? False: a slot is missing. */
bool tiscsi_ffp_can_serve(struct tiscsi_conn *conn, const struct icore_pdu *pdu);
/* Serve a control request in its turn; conn->hdr is its header, conn->flat its data. */
void tiscsi_ffp_serve(struct tiscsi_conn *conn, const struct icore_pdu *pdu, bool have_data);

/* -- ffp_ctl.c: a control slot is free -- */
void tiscsi_ffp_nop_out(struct tiscsi_conn *conn, const struct icore_pdu *pdu, bool have_data);
void tiscsi_ffp_text(struct tiscsi_conn *conn, const struct icore_pdu *pdu, bool have_data);
void tiscsi_ffp_logout(struct tiscsi_conn *conn, const struct icore_pdu *pdu);

#endif /* TISCSI_FFP_H */
