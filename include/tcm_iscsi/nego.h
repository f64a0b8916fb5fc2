/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The part of the core's interface that is about text: key=value pairs, the
 * operational keys, CHAP, names, the login machine, SendTargets. Included by
 * core.h, whose rules hold here too; not to be included alone.
 */
#ifndef TCM_ISCSI_NEGO_H
#define TCM_ISCSI_NEGO_H

#include <tcm_iscsi/limits.h>
#include <tcm_iscsi/types.h>
#include <tcm_iscsi/wire.h>

struct icore_pdu;

/* ---- text.c: key=value text (RFC 7143 6.1, 6.2) ---- */

/**
 * struct icore_text - text collected over PDUs with the C bit
 * @buf: caller's
 * @len: bytes so far
 * @cap: size of @buf
 */
struct icore_text {
	char *buf;
	u32 len;
	u32 cap;
};

struct icore_kv {
	const char *key;	/* NUL-terminated */
	const char *value;	/* NUL-terminated, may be empty */
};

enum icore_text_result {
	ICORE_TEXT_PAIR,
	ICORE_TEXT_END,
	ICORE_TEXT_BAD,		/* no '=', bad key name, ... */
};

bool icore_text_add(struct icore_text *t, const void *data, u32 len);
/*
 * icore_text_next - cut the next pair out of @t, in place (NULs replace '=').
 * @pos starts at 0. The text must not be added to any more.
 */
enum icore_text_result icore_text_next(struct icore_text *t, u32 *pos, struct icore_kv *kv);

/**
 * struct icore_out - text under construction, NUL after each pair
 * @overflow: something did not fit; @len is then still at a pair boundary
 */
struct icore_out {
	char *buf;
	u32 len;
	u32 cap;
	bool overflow;
};

void icore_out_init(struct icore_out *o, char *buf, u32 cap);
void icore_out_str(struct icore_out *o, const char *key, const char *value);
void icore_out_num(struct icore_out *o, const char *key, u64 value);
void icore_out_hex(struct icore_out *o, const char *key, const u8 *data, u32 len);

/* Value grammar. Each is false for anything malformed. */
bool icore_val_num(const char *s, u64 *out);
bool icore_val_bool(const char *s, bool *out);
bool icore_val_range(const char *s, u64 *low, u64 *high);
/* hex-constant or base64-constant; *len is the capacity, then the length. */
bool icore_val_bin(const char *s, u8 *out, u32 *len);
/* Next element of a comma list: pointer and length; false at the end. */
bool icore_val_list(const char **s, const char **elem, u32 *len);

/* ---- keys.c: operational keys, by table (RFC 7143 13) ---- */

#define ICORE_DIGEST_NONE	0x1
#define ICORE_DIGEST_CRC32C	0x2

/**
 * struct icore_offer - what this target is willing to do
 * @header_digest: ICORE_DIGEST_* mask of acceptable values
 * @data_digest: the same
 * @mrdsl: our own MaxRecvDataSegmentLength, declared to the initiator
 * @max_xmit_dsl: local cap on Data-In segments, whatever the initiator takes
 */
struct icore_offer {
	u8 header_digest;
	u8 data_digest;
	u16 max_connections;
	bool initial_r2t;
	bool immediate_data;
	bool pdu_in_order;
	bool seq_in_order;
	u32 mrdsl;
	u32 max_xmit_dsl;
	u32 max_burst;
	u32 first_burst;
	u16 time2wait;
	u16 time2retain;
	u16 max_r2t;
	u8 erl;
};

/**
 * struct icore_params - values in effect
 * @header_digest: CRC32C on every header
 * @data_digest: CRC32C on every data segment
 * @mrdsl_in: largest data segment we accept (we declared it)
 * @mrdsl_out: largest data segment we may send: min(initiator's, local cap)
 */
struct icore_params {
	bool header_digest;
	bool data_digest;
	bool initial_r2t;
	bool immediate_data;
	bool pdu_in_order;
	bool seq_in_order;
	u16 max_connections;
	u16 time2wait;
	u16 time2retain;
	u16 max_r2t;
	u32 mrdsl_in;
	u32 mrdsl_out;
	u32 max_burst;
	u32 first_burst;
	u8 erl;
	u8 protocol_level;
	u8 task_reporting;	/* ICORE_TASK_* */
};

#define ICORE_TASK_RFC3720		0
#define ICORE_TASK_RESPONSE_FENCE	1
#define ICORE_TASK_FAST_ABORT		2

/* Keys with a negotiated value, see keys_priv.h. */
#define ICORE_NEGO_VALUES	16

/**
 * struct icore_nego - one negotiation of operational keys
 * @offer: ours
 * @params: result; meaningful once the stage has concluded
 * @discovery: SessionType=Discovery
 * @leading: first connection of its session
 * @closing: set by the owner before icore_nego_text_end(): the initiator wants
 *	to go on to full feature phase after this text
 * @why: static text, says why a function failed
 *
 * The other fields are private to keys.c.
 */
struct icore_nego {
	struct icore_offer offer;
	struct icore_params params;
	bool discovery;
	bool leading;
	bool closing;
	const char *why;

	bool declared;		/* our MaxRecvDataSegmentLength went out */
	u64 seen;		/* keys of the table that the initiator sent */
	u64 asked;		/* keys that we originated */
	u64 due;		/* answer after the whole text, 13.14 and 13.19 */
	u32 unknown;		/* answers NotUnderstood so far */
	u64 unknown_hash[ICORE_LOGIN_UNKNOWN_MAX];
	u32 own[ICORE_NEGO_VALUES];
	u32 value[ICORE_NEGO_VALUES];
};

void icore_nego_init(struct icore_nego *n, const struct icore_offer *offer, bool discovery,
		     bool leading);
/*
 * icore_nego_key - one pair in the operational stage of a login.
 * Return: ICORE_LOGIN_SUCCESS, with the answer (if one is due) appended to @out,
 * or the status to fail the login with.
 */
enum icore_login_status icore_nego_key(struct icore_nego *n, const struct icore_kv *kv,
				       struct icore_out *out);
/*
 * icore_nego_text_end - after the last pair of one logical text: answers that
 * depend on several keys, our own declarations, keys that we must originate.
 * Return: true if something was originated that needs an answer (no T=1 then).
 */
bool icore_nego_text_end(struct icore_nego *n, struct icore_out *out);
/* Check the integrity rules and publish n->params; RFC 7143 6.2, 13.14, 13.19. */
enum icore_login_status icore_nego_conclude(struct icore_nego *n);
/* True for a key of RFC 7143/7144 that may stand in the operational stage. */
bool icore_key_known(const char *key);
/*
 * One pair of a Text Request in full feature phase: MaxRecvDataSegmentLength
 * changes @mrdsl_out (to be applied after the exchange; not clamped), declarations
 * are swallowed, unknown keys answered. SendTargets stands alone in its request
 * and is not for this function. Return: 0, or the Reject reason.
 */
u8 icore_ffp_key(const struct icore_kv *kv, bool discovery, u32 *mrdsl_out, struct icore_out *out);

/* ---- chap.c (RFC 1994, RFC 7143 12.1.3) ---- */

enum icore_chap_alg {
	ICORE_CHAP_MD5		= 5,
	ICORE_CHAP_SHA1		= 6,
	ICORE_CHAP_SHA256	= 7,
	ICORE_CHAP_SHA3_256	= 8,
};

#define ICORE_CHAP_HASH_MAX	32

struct icore_vec {
	const void *data;
	u32 len;
};

#define ICORE_CHAP_KEY_LEN	32

/**
 * struct icore_crypto - what the core asks of its surroundings
 * @hash: digest of the concatenated vectors into @out (icore_chap_len(alg)
 *	bytes); 0 or a negative errno. Must not sleep longer than hashing takes.
 * @random: fill with cryptographically strong random bytes
 * @alg_ok: this algorithm is available here
 * @key: random bytes that nobody else knows, the same for all logins: by them a
 *	challenge is known for one of ours again
 */
struct icore_crypto {
	int (*hash)(enum icore_chap_alg alg, const struct icore_vec *v, u32 n, u8 *out);
	void (*random)(void *buf, u32 len);
	bool (*alg_ok)(enum icore_chap_alg alg);
	u8 key[ICORE_CHAP_KEY_LEN];
};

/**
 * struct icore_chap_cred - one identity
 * @user: CHAP_N the initiator must use
 * @secret: its secret, @secret_len bytes
 * @mutual_user: CHAP_N that we answer with
 * @mutual_secret: our own secret
 * @valid: @user and @secret are configured
 * @mutual: @mutual_user and @mutual_secret are configured
 *
 * Holds secrets: owners wipe it (memzero_explicit) when the login ends.
 */
struct icore_chap_cred {
	char user[ICORE_SECRET_MAX + 1];
	char secret[ICORE_SECRET_MAX + 1];
	char mutual_user[ICORE_SECRET_MAX + 1];
	char mutual_secret[ICORE_SECRET_MAX + 1];
	u32 secret_len;
	u32 mutual_secret_len;
	bool valid;
	bool mutual;
};

#define ICORE_CHAP_NONCE_LEN		16
#define ICORE_CHAP_MARK_LEN		16
#define ICORE_CHAP_CHALLENGE_LEN	(ICORE_CHAP_NONCE_LEN + ICORE_CHAP_MARK_LEN)

/* State of one exchange; private to chap.c and login.c. */
struct icore_chap {
	u8 alg;
	u8 id;
	u8 challenge[ICORE_CHAP_CHALLENGE_LEN];
	u8 peer_challenge[ICORE_BINVAL_MAX];	/* too large for the stack */
};

u32 icore_chap_len(enum icore_chap_alg alg);
int icore_chap_compute(const struct icore_crypto *c, enum icore_chap_alg alg, u8 id,
		       const void *secret, u32 secret_len, const u8 *challenge,
		       u32 challenge_len, u8 *out);

/* ---- name.c (RFC 7143 4.2.7, 4.4.2) ---- */

/* Valid iSCSI name after folding A-Z; writes the folded name to @out (224 bytes). */
bool icore_name_normalise(const char *in, char *out);

/* ---- address.c (RFC 7143 13.8) ---- */

/* NULL if @text is "host[:port]" as it may stand in a redirection, else why not. */
const char *icore_address_fault(const char *text);

/* ---- login.c: the login phase machine (RFC 7143 6.3) ---- */

/**
 * struct icore_redirect - where logins go instead
 * @status: ICORE_LOGIN_MOVED_TEMP or ICORE_LOGIN_MOVED_PERM
 * @count: used entries of @address, at least 1
 * @address: "host[:port]", as icore_address_fault() likes them
 */
struct icore_redirect {
	enum icore_login_status status;
	u32 count;
	char address[ICORE_REDIRECT_MAX][ICORE_ADDRESS_MAX + 1];
};

enum icore_login_step {
	ICORE_STEP_NAMES,	/* its names were not judged yet */
	ICORE_STEP_SECURITY,
	ICORE_STEP_OPERATIONAL,
};

enum icore_login_action {
	ICORE_LOGIN_DO_SEND,	/* send login->rsp and login->out, wait for the next request */
	/* look up target and policy, then icore_login_bound() or icore_login_refuse() */
	ICORE_LOGIN_DO_BIND,
	/* all agreed: create the session, then icore_login_finish() or icore_login_refuse() */
	ICORE_LOGIN_DO_ACCEPT,
	ICORE_LOGIN_DO_FINISH,	/* send login->rsp and login->out; full feature phase follows */
	ICORE_LOGIN_DO_FAIL,	/* send login->rsp, then close; login->status says why */
	ICORE_LOGIN_DO_DROP,	/* close without an answer */
};

/**
 * struct icore_login_policy - what the named target says about this initiator
 * @none_ok: AuthMethod None is acceptable
 * @cred: credential for CHAP, or NULL if none applies; must live until the login ends
 * @alias: TargetAlias, or NULL
 * @send_tpgt: the request named a target: answer TargetPortalGroupTag
 * @tpgt: that tag
 * @leading: this login creates (or reinstates) a session, it does not join one
 * @offer: operational limits
 */
struct icore_login_policy {
	bool none_ok;
	const struct icore_chap_cred *cred;
	const char *alias;
	bool send_tpgt;
	u16 tpgt;
	bool leading;
	struct icore_offer offer;
};

/**
 * struct icore_login - one login
 * @rsp: header of the answer; the sender cuts @out into PDUs with
 *	icore_login_next_pdu()
 * @out: text of the answer
 * @status: final status once an action is FAIL
 * @reason: static text for the log, set with @status
 * @initiator: normalised InitiatorName, empty until known
 * @target: normalised TargetName, empty if none was given
 * @initiator_alias: as sent, or empty; untrusted: escape before logging
 * @isid: of the first request
 * @tsih: of the first request
 * @cid: of the first request
 * @cmdsn: of the first request: becomes ExpCmdSN of a new session
 * @discovery: SessionType=Discovery
 * @authenticated: CHAP was completed by the initiator
 * @statsn: next StatSN; the connection continues with it
 * @nego: operational negotiation; nego.params is valid after DO_ACCEPT
 *
 * The other fields are private to login.c and chap.c.
 */
struct icore_login {
	struct icore_bhs rsp;
	struct icore_out out;
	enum icore_login_status status;
	const char *reason;
	char initiator[ICORE_NAME_MAX + 1];
	char target[ICORE_NAME_MAX + 1];
	char initiator_alias[ICORE_ALIAS_MAX + 1];
	u8 isid[6];
	u16 tsih;
	u16 cid;
	u32 cmdsn;
	bool discovery;
	bool authenticated;
	u32 statsn;
	struct icore_nego nego;

	struct icore_login_policy policy;
	const struct icore_crypto *crypto;
	struct icore_chap chap;
	struct icore_text text;
	u32 itt;
	u32 exp_cmdsn;
	u32 max_cmdsn;
	u8 state;		/* what the machine waits for, private enum */
	u8 stage;
	u8 auth;		/* progress of the security stage, private enum */
	u8 version_max;
	u8 req_nsg;
	bool req_transit;
	bool bound;		/* the policy is known */
	bool sending;		/* C=1 text is going out */
	bool hold;		/* something keeps us in this stage */
	u32 out_pos;
	u32 pdus;
	u32 stage_bytes;	/* text received in this stage */
	u64 seen;		/* declarative and security keys, in any stage */
};

/*
 * icore_login_init - @in (ICORE_LOGIN_TEXT_MAX bytes) and @out (ICORE_LOGIN_OUT_MAX)
 * are the caller's buffers; @statsn is the first StatSN to use.
 */
void icore_login_init(struct icore_login *l, const struct icore_crypto *crypto, char *in,
		      char *out, u32 statsn);
/* One complete PDU and its data segment (pdu->dsl bytes). */
enum icore_login_action icore_login_pdu(struct icore_login *l, const struct icore_pdu *pdu,
					const void *data);
/* Continue after DO_BIND. */
enum icore_login_action icore_login_bound(struct icore_login *l,
					  const struct icore_login_policy *policy);
/* How far it has come, for people. */
enum icore_login_step icore_login_step(const struct icore_login *l);
/* Continue after DO_ACCEPT with the TSIH of the session. */
enum icore_login_action icore_login_finish(struct icore_login *l, u16 tsih);
/* Fail from outside, after DO_BIND or DO_ACCEPT: always DO_FAIL. */
enum icore_login_action icore_login_refuse(struct icore_login *l, enum icore_login_status status,
					   const char *reason);
/* The same after DO_BIND, with the addresses to try instead. */
enum icore_login_action icore_login_redirect(struct icore_login *l,
					     const struct icore_redirect *r);
/*
 * icore_login_next_pdu - the next PDU of the answer: fills @bhs (numbers stamped)
 * and points @data at its data segment of @len bytes. Text beyond 8192 bytes
 * goes out with C=1, each part after an empty request (6.2): DO_SEND is then
 * returned for that request. To be called exactly once per DO_SEND, DO_FINISH or
 * DO_FAIL.
 */
void icore_login_next_pdu(struct icore_login *l, struct icore_bhs *bhs, const char **data,
			  u32 *len);
/*
 * icore_login_window - after DO_ACCEPT and before icore_login_next_pdu(): the
 * numbers of the session that the final response shall carry. Without it they
 * are the CmdSN of the first request, a window of one.
 */
void icore_login_window(struct icore_login *l, u32 exp_cmdsn, u32 max_cmdsn);
/* Wipe challenge and text. The caller wipes the credential it passed in. */
void icore_login_wipe(struct icore_login *l);

/* ---- sendtargets.c (RFC 7143 Appendix C) ---- */

/**
 * struct icore_addr - where a portal can be reached
 * @v6: 16 bytes of @addr are used, else 4
 */
struct icore_addr {
	bool v6;
	u8 addr[16];
	u16 port;
};

/* v4-mapped addresses count as what they mean. */
bool icore_addr_is_any(const struct icore_addr *a);
bool icore_addr_is_loopback(const struct icore_addr *a);
bool icore_addr_is_link_local(const struct icore_addr *a);
/* Turn ::ffff:a.b.c.d into a.b.c.d. */
void icore_addr_unmap(struct icore_addr *a);
/*
 * icore_addr_report - what to tell an initiator that reached us at @local (as
 * the socket names it, still v4-mapped if it is) about a portal bound to
 * @portal. False: it cannot be told (other family behind a wildcard, loopback or
 * link-local to a remote peer).
 */
bool icore_addr_report(const struct icore_addr *portal, const struct icore_addr *local,
		       struct icore_addr *out);

enum icore_st_kind {
	ICORE_ST_BAD,		/* not a value of SendTargets: Reject 0x04 */
	ICORE_ST_ALL,
	ICORE_ST_SELF,		/* empty value */
	ICORE_ST_NAME,
};

/* @name (224 bytes) gets the normalised target name for ICORE_ST_NAME. */
enum icore_st_kind icore_st_parse(const char *value, char *name);
void icore_st_target(struct icore_out *o, const char *name);
void icore_st_address(struct icore_out *o, const struct icore_addr *a, u16 tpgt);
/*
 * icore_st_cut - length of the longest run of whole pairs of @text from @pos that
 * fits in @max bytes; if not even one pair fits, @max (the pair is cut, C bit).
 */
u32 icore_st_cut(const char *text, u32 len, u32 pos, u32 max, bool *cut_pair);

#endif /* TCM_ISCSI_NEGO_H */
