/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the target_core room offers to the session room, and the upcalls that it
 * makes. Only this room calls target_core.
 */
#ifndef TISCSI_TCM_H
#define TISCSI_TCM_H

#include <linux/types.h>

#include <tcm_iscsi/core.h>

struct cpumask;
struct scatterlist;
struct tiscsi_cmd;
struct tiscsi_conn;
struct tiscsi_pg;
struct tiscsi_sess;

/**
 * struct tiscsi_nacl_attrib - attributes of a node ACL that a connection reads live
 *
 * Written by configfs, read with READ_ONCE by the I/O thread. Seconds.
 */
struct tiscsi_nacl_attrib {
	u32 dataout_timeout;
	u32 dataout_timeout_retries;
	u32 default_erl;
	u32 nopin_timeout;
	u32 nopin_response_timeout;
	u32 random_datain_pdu_offsets;
	u32 random_datain_seq_offsets;
	u32 random_r2t_offsets;
	s32 authentication;		/* -1 inherits the portal group's */
};

/* -- policy.c: what the configuration says -- */

/*
 * tiscsi_tcm_policy - may @initiator log in to @pg, and on what terms?
 * Fills @policy except send_tpgt and leading, and *@cred, to which policy->cred
 * points if a credential applies. Sleeps. The caller holds a use of @pg and
 * wipes @cred afterwards.
 * Return: ICORE_LOGIN_SUCCESS, or the status and *@reason to refuse with.
 */
enum icore_login_status tiscsi_tcm_policy(struct tiscsi_pg *pg, const char *initiator,
					  struct icore_login_policy *policy,
					  struct icore_chap_cred *cred, const char **reason);
/* The same for an unnamed discovery session. */
void tiscsi_tcm_discovery_policy(struct icore_login_policy *policy, struct icore_chap_cred *cred);
/* Seconds that a login to @pg may take, from accept on. Does not sleep. */
u32 tiscsi_tcm_login_timeout(struct tiscsi_pg *pg);
/* May @initiator see @pg in SendTargets? Caller holds tiscsi_mutex; sleeps. */
bool tiscsi_tcm_visible(struct tiscsi_pg *pg, const char *initiator);

/* -- session half (policy.c): may sleep; no lock held -- */

/* Creates sess->se_sess and sess->attr. 0 or negative errno. */
int tiscsi_tcm_session_start(struct tiscsi_sess *sess);
/* Queue depth of the session's node ACL, at least 1. */
u32 tiscsi_tcm_depth(const struct tiscsi_sess *sess);
/* Its units have an I_T nexus loss to tell of (29/07). Does not sleep. */
void tiscsi_tcm_nexus_lost(struct tiscsi_sess *sess);
/* All commands are gone; afterwards sess->se_sess is invalid. */
void tiscsi_tcm_session_end(struct tiscsi_sess *sess);

/* -- submit.c: commands. Called by the I/O thread unless noted; no lock held -- */

/* conn->counter counts commands in flight; see tiscsi_tcm_counter_*. */
struct target_cmd_counter;
struct target_cmd_counter *tiscsi_tcm_counter_alloc(void);
/* No new commands; waits for the last release_cmd(), as long as the backend takes. */
void tiscsi_tcm_counter_drain(struct target_cmd_counter *c);
/* No new commands; has the last one ended within @timeout jiffies? Sleeps. */
bool tiscsi_tcm_counter_idle(struct target_cmd_counter *c, long timeout);
/* Sleeps if it was drained. */
void tiscsi_tcm_counter_free(struct target_cmd_counter *c);

/**
 * struct tiscsi_result - how a command ended
 */
struct tiscsi_result {
	u8 status;
	u8 residual_flags;	/* ICORE_RSP_OVERFLOW, ICORE_RSP_UNDERFLOW */
	u32 residual;
	const u8 *sense;
	u32 sense_len;
	struct scatterlist *sg;	/* data to send, or NULL */
	u32 data_len;
};

/*
 * tiscsi_tcm_submit - hand a command to target_core. @cdb has @cdb_len bytes and
 * is copied. After return the command may already have been completed (upcalls
 * may have run, here or elsewhere). Return: 0, or -ESHUTDOWN if the connection is
 * draining (no reference was taken).
 */
int tiscsi_tcm_submit(struct tiscsi_cmd *cmd, u8 *cdb, u32 edtl, bool read, bool write, u8 attr);
/* Buffer of a write after its write_ready upcall. */
struct scatterlist *tiscsi_tcm_buffer(struct tiscsi_cmd *cmd, u32 *len);
/* All data is here; also the right call for a write that target_core aborted. */
void tiscsi_tcm_execute(struct tiscsi_cmd *cmd);
/* A write in the data phase fails for a transport reason: status follows. */
void tiscsi_tcm_fail(struct tiscsi_cmd *cmd, enum icore_data_error error);
/*
 * End a write that still waits for data, or what was withdrawn, on ABORT TASK, LUN RESET
 * or connection loss. Ends in the completed or the aborted upcall.
 */
void tiscsi_tcm_kill(struct tiscsi_cmd *cmd);
/* Take back what waits to be submitted (defer.c). True: target_core does not know of it. */
bool tiscsi_tcm_withdraw(struct tiscsi_cmd *cmd);
/* target_core has marked it aborted and waits for us. Any context. */
bool tiscsi_tcm_aborted(const struct tiscsi_cmd *cmd);
/* Our reference, after the response was sent or dropped. Any context. */
void tiscsi_tcm_put(struct tiscsi_cmd *cmd);
void tiscsi_tcm_result(struct tiscsi_cmd *cmd, struct tiscsi_result *res);
/*
 * ABORT TASK (@rtt) or LUN RESET. Return: 0, the answer comes as tmr_done upcall;
 * otherwise the negative of a wire response - 1: -(enum icore_tmf_response) - 1.
 */
int tiscsi_tcm_tmr(struct tiscsi_cmd *cmd, u8 function, u64 lun, u32 rtt);

/* -- units.c: what the session's units are. I/O thread; none sleeps -- */

/* Device behind @lun, for comparing only, or NULL if the session has no such unit. */
const void *tiscsi_tcm_device(const struct tiscsi_sess *sess, u64 lun);
/* Does target_core have @cmd, and on that device? */
bool tiscsi_tcm_is_on(const struct tiscsi_cmd *cmd, const void *dev);
/* Has its device the TAS bit: is TASK ABORTED owed if another nexus aborts it? */
bool tiscsi_tcm_tas(const struct tiscsi_cmd *cmd);
/* The lowest LUN of the session from @from on. */
bool tiscsi_tcm_next_lun(const struct tiscsi_sess *sess, u64 from, u64 *lun);
/* Number of unit attentions that @lun has to tell; the codes are set if not 0. */
u32 tiscsi_tcm_attentions(const struct tiscsi_sess *sess, u64 lun, u8 *asc, u8 *ascq);
/* The lowest LUN from *@lun on that has one. */
bool tiscsi_tcm_next_attention(const struct tiscsi_sess *sess, u64 *lun, u8 *asc, u8 *ascq);

/*
 * Upcalls, implemented by sess/cmd.c. Any context including hard interrupt; they
 * cannot fail (see law 4: a non-zero return would enter target_core's queue-full
 * path, which is illegal there).
 */
void tiscsi_cmd_write_ready(struct tiscsi_cmd *cmd);
void tiscsi_cmd_completed(struct tiscsi_cmd *cmd);
void tiscsi_cmd_tmr_done(struct tiscsi_cmd *cmd, u8 response);
void tiscsi_cmd_released(struct tiscsi_cmd *cmd);
/* Address and number of the command's session, for target_core's own lines. */
u32 tiscsi_cmd_session_index(const struct tiscsi_sess *sess);

/* Bytes that the data buffers of all commands may have together; defined in main.c. */
s64 tiscsi_data_budget(void);

/* May an initiator register others (guard.c)? Defined in main.c. */
bool tiscsi_spec_i_pt(void);

/* -- defer.c -- */

int tiscsi_defer_init(void);
void tiscsi_defer_exit(void);

/* -- root_cfg.c: cpus_allowed_list -- */

/* May name CPUs that are offline or do not exist, but is never empty. */
void tiscsi_tcm_cpus(struct cpumask *out);
/* Changes whenever tiscsi_tcm_cpus() does: threads poll it and move. */
unsigned int tiscsi_tcm_cpus_seq(void);

/* -- fabric.c -- */

/*
 * Register with target_core. @alias is the directory below target/, @name is what
 * target_core writes elsewhere; for the defaults of the ABI: "iscsi" and "iSCSI".
 * Return: 0, -EINVAL for a name that may not be used, -EBUSY if the kernel's own
 * iscsi_target_mod is in the way.
 */
int tiscsi_fabric_register(const char *alias, const char *name);
void tiscsi_fabric_unregister(void);

#endif /* TISCSI_TCM_H */
