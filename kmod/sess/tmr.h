/* SPDX-License-Identifier: GPL-2.0 */
/* Task management. I/O thread, unless noted. */
#ifndef TISCSI_TMR_H
#define TISCSI_TMR_H

#include "conn.h"

struct tiscsi_cmd;

/* -- tmr.c -- */

/* A request in its turn; a control slot and a command slot are free. */
void tiscsi_tmf_request(struct tiscsi_conn *conn, const struct icore_pdu *pdu);
/* Was this task aborted a short while ago? Its late data is no error. */
bool tiscsi_tmf_was_aborted(const struct tiscsi_conn *conn, u32 itt);
/* The F bit of such data came. */
void tiscsi_tmf_late_data(struct tiscsi_conn *conn, u32 itt);

/* Say so; a control slot is free. */
struct tiscsi_ctl *tiscsi_tmf_answer(struct tiscsi_conn *conn, u32 itt, u8 response);

/* -- tmf_run.c -- */

/* Begin @tmf, whose fields are set; its slot has just been taken. */
void tiscsi_tmf_begin(struct tiscsi_cmd *tmf);
/* Remember whose late data is to be dropped in silence. */
void tiscsi_tmf_note_abort(struct tiscsi_cmd *cmd, const struct tiscsi_cmd *tmf);
/* target_core is done with the slot of a function. */
void tiscsi_tmf_core_done(struct tiscsi_cmd *tmf);
/* A command has ended: its device does not hang. conn->tmfs is not empty. */
void tiscsi_tmf_progress(struct tiscsi_conn *conn, const struct tiscsi_cmd *cmd);
/* Have too many functions been given up that target_core still has? */
bool tiscsi_tmf_crowded(const struct tiscsi_conn *conn, u64 lun);
/* Let target_core have back the writes that it has aborted. */
void tiscsi_tmf_scan_aborted(struct tiscsi_conn *conn);
/* Look at everything that waits. */
void tiscsi_tmf_run_all(struct tiscsi_conn *conn);
/* How long may the thread sleep before something here has waited enough? */
long tiscsi_tmf_nap(const struct tiscsi_conn *conn, long longest);
/* The connection is over; conn->drained is set. */
void tiscsi_tmf_end(struct tiscsi_conn *conn);

/* -- clear.c: one CLEAR TASK SET, many connections -- */

/* Ask every other connection of this module; false if memory is missing. */
bool tiscsi_clear_start(struct tiscsi_cmd *tmf);
/* Have all of them done their part? */
bool tiscsi_clear_finished(const struct tiscsi_cmd *tmf);
/* Did one of them not get to know? */
bool tiscsi_clear_failed(const struct tiscsi_cmd *tmf);
/* The issuer, or a guest that did its part, lets go. */
void tiscsi_clear_leave(struct tiscsi_cmd *tmf);
/* A guest lets go without having done it. */
void tiscsi_clear_fail(struct tiscsi_cmd *tmf);
/* Take what others ask for, as far as there are slots. */
void tiscsi_clear_take(struct tiscsi_conn *conn);
/* The connection is over: all that is asked of it is done. */
void tiscsi_clear_end(struct tiscsi_conn *conn);

/* TARGET COLD RESET: end every session of the target soon; false if memory is missing. */
bool tiscsi_cold_start(struct tiscsi_conn *conn);

#endif /* TISCSI_TMR_H */
