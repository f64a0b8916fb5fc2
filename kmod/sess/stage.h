/* SPDX-License-Identifier: GPL-2.0 */
/* Where a write's data waits for the buffer that target_core will have for it. */
#ifndef TISCSI_STAGE_H
#define TISCSI_STAGE_H

#include <linux/types.h>

struct icore_pdu;
struct tiscsi_cmd;
struct tiscsi_conn;

/* Under the socket lock. */
bool tiscsi_stage_fits(struct tiscsi_conn *conn, const struct icore_pdu *pdu);
void tiscsi_stage_take(struct tiscsi_cmd *cmd);
/* I/O thread. */
void tiscsi_stage_grow(struct tiscsi_conn *conn);
void tiscsi_stage_unload(struct tiscsi_cmd *cmd);
void tiscsi_stage_put(struct tiscsi_cmd *cmd);
void tiscsi_stage_tick(struct tiscsi_conn *conn);
void tiscsi_stage_free(struct tiscsi_conn *conn);

#endif /* TISCSI_STAGE_H */
