/* SPDX-License-Identifier: GPL-2.0 */
/* Module parameters that the session room reads; defined in main.c. */
#ifndef TISCSI_TUNE_H
#define TISCSI_TUNE_H

/* Niceness of I/O threads, -20 to 19. */
int tiscsi_io_nice(void);
/* I/O threads wait for who runs on their processor instead of pushing it aside. */
bool tiscsi_io_batch(void);
/* May an initiator have TARGET COLD RESET, which disconnects everybody? */
bool tiscsi_cold_reset(void);
/* Sessions that one initiator may have with one portal group. */
unsigned int tiscsi_max_sessions(void);
/* Logins under way on all portals together, at least 1. */
unsigned int tiscsi_max_logins(void);
/* Seconds that disabling a portal group waits for commands; 0 is for ever. */
unsigned int tiscsi_drain_timeout(void);
/* Login worker threads, 1 to 8. */
unsigned int tiscsi_login_worker_count(void);

#endif /* TISCSI_TUNE_H */
