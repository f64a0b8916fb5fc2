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
/*
 * Admission by CmdSN (RFC 7143 4.2.2.1). Return: true to go on; false when the PDU
 * is to be ignored, or the connection closes because of a gap.
 */
bool tiscsi_ffp_admit(struct tiscsi_conn *conn, const struct icore_pdu *pdu);

/* -- ffp_ctl.c -- */
enum tiscsi_hold tiscsi_ffp_nop_out(struct tiscsi_conn *conn, const struct icore_pdu *pdu,
				    bool have_data);
enum tiscsi_hold tiscsi_ffp_text(struct tiscsi_conn *conn, const struct icore_pdu *pdu,
				 bool have_data);
enum tiscsi_hold tiscsi_ffp_logout(struct tiscsi_conn *conn, const struct icore_pdu *pdu);

/* -- tmr.c -- */
/* Was this task aborted a short while ago? Its late data is no error. */
bool tiscsi_ffp_was_aborted(struct tiscsi_conn *conn, u32 itt);
enum tiscsi_hold tiscsi_ffp_tmf(struct tiscsi_conn *conn, const struct icore_pdu *pdu);

#endif /* TISCSI_FFP_H */
