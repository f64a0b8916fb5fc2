/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The pure protocol core: what iSCSI says, without a kernel.
 *
 * Nothing behind this header allocates, locks, logs, sleeps or reads a clock.
 * Callers own all memory and serialise access to each object: a connection's
 * objects belong to its one owner (login worker, later its I/O thread). Time and
 * randomness are arguments. Every function has a defined result for every
 * input, because a peer chooses most inputs.
 *
 * Rooms outside kmod/core include this header only.
 */
#ifndef TCM_ISCSI_CORE_H
#define TCM_ISCSI_CORE_H

#include <tcm_iscsi/limits.h>
#include <tcm_iscsi/types.h>
#include <tcm_iscsi/wire.h>

/* ---- sn.c: numbering (RFC 7143 4.2.2, RFC 1982) ---- */

static inline bool icore_sn_lt(u32 a, u32 b)
{
	return (s32)(a - b) < 0;
}

static inline bool icore_sn_le(u32 a, u32 b)
{
	return (s32)(a - b) <= 0;
}

/**
 * struct icore_window - the CmdSN window of a session
 * @exp_cmdsn: next number that may be delivered
 * @max_cmdsn: highest number the target accepts; only moves forward
 * @depth: commands that may be outstanding, at least 1
 * @busy: admitted commands whose status was not yet stamped
 */
struct icore_window {
	u32 exp_cmdsn;
	u32 max_cmdsn;
	u32 depth;
	u32 busy;
};

enum icore_admit {
	ICORE_ADMIT_NOW,	/* deliver; ExpCmdSN has advanced if not immediate */
	ICORE_ADMIT_IGNORE,	/* duplicate or outside the window: drop silently */
	ICORE_ADMIT_GAP,	/* inside the window, but an earlier one is missing */
};

void icore_window_init(struct icore_window *w, u32 cmdsn, u32 depth);
enum icore_admit icore_window_admit(struct icore_window *w, u32 cmdsn, bool immediate);
void icore_window_take(struct icore_window *w);
void icore_window_give(struct icore_window *w);
u32 icore_window_max(struct icore_window *w);

/* ---- pdu.c: decode, validate, encode (RFC 7143 11) ---- */

enum icore_verdict {
	ICORE_OK,
	ICORE_REJECT,	/* answer Reject with the reason; the stream stays in sync */
	ICORE_DROP,	/* boundaries or sizes cannot be trusted: close (7.7) */
};

/**
 * struct icore_pdu - a request in host order
 * @opcode: without the I bit
 * @immediate: the I bit; false for Data-Out and SNACK, where it is reserved
 * @flags: byte 1 as received
 * @final: F bit (bit 0x80 of byte 1)
 * @verdict: what validation found; fields below @exp_statsn are filled for
 *	every opcode that the decoder knows, also when @verdict is ICORE_REJECT
 * @reason: for ICORE_REJECT
 * @dsl: DataSegmentLength without padding
 * @ahs_len: bytes of AHS
 * @lun: the eight bytes as received
 * @itt: Initiator Task Tag
 * @ttt: Target Transfer Tag, ICORE_RTAG for opcodes without one
 * @cmdsn: of requests that carry one, else 0
 * @exp_statsn: of every request
 */
struct icore_pdu {
	u8 opcode;
	bool immediate;
	u8 flags;
	bool final;
	enum icore_verdict verdict;
	enum icore_reject reason;
	u32 dsl;
	u16 ahs_len;
	u8 lun[8];
	u32 itt;
	u32 ttt;
	u32 cmdsn;
	u32 exp_statsn;
	union {
		struct {
			bool read;
			bool write;
			u8 attr;		/* enum icore_attr */
			u32 edtl;
			bool bidi;		/* R and W with a bidirectional AHS */
			u32 bidi_edtl;
			u16 cdb_len;		/* 16, or 17 to 260 with an AHS */
			const u8 *cdb;		/* first 16 bytes, inside the header */
			const u8 *cdb_ext;	/* bytes 16.., inside the AHS, or NULL */
		} scsi;
		struct {
			u8 function;
			u32 rtt;
			u32 ref_cmdsn;
			u32 exp_datasn;
		} tmf;
		struct {
			u32 datasn;
			u32 offset;
		} data_out;
		struct {
			u8 reason;
			u16 cid;
		} logout;
		struct {
			u8 type;
			u32 begrun;
			u32 runlength;
		} snack;
		struct {
			bool cont;		/* C bit */
		} text;
		struct {
			bool transit;
			bool cont;
			u8 csg;
			u8 nsg;
			u8 version_max;
			u8 version_min;
			u8 isid[6];
			u16 tsih;
			u16 cid;
		} login;
	};
};

void icore_pdu_decode(const struct icore_bhs *bhs, const u8 *ahs, u32 max_dsl,
		      struct icore_pdu *pdu);
void icore_pdu_cdb(const struct icore_pdu *pdu, u8 *cdb);

static inline u32 icore_pad(u32 len)
{
	return -len & 3;
}

u32 icore_bhs_dsl(const struct icore_bhs *bhs);

/* Single-level LUN; false when the form names no such LUN (11.4 of SAM). */
bool icore_lun_decode(const u8 lun[8], u64 *out);

/*
 * Encoders zero the header and fill everything but the numbers that the sender
 * stamps last, in wire order (icore_enc_stamp). dsl counts no padding.
 */
void icore_enc_scsi_rsp(struct icore_bhs *bhs, u32 itt, u8 response, u8 status, u8 residual_flags,
			u32 residual, u32 exp_datasn, u32 dsl);
void icore_enc_data_in(struct icore_bhs *bhs, u32 itt, u8 flags, u8 status, u32 datasn,
		       u32 offset, u32 residual, u32 dsl);
void icore_enc_r2t(struct icore_bhs *bhs, const u8 lun[8], u32 itt, u32 ttt, u32 r2tsn,
		   u32 offset, u32 len);
void icore_enc_nop_in(struct icore_bhs *bhs, const u8 lun[8], u32 itt, u32 ttt, u32 dsl);
void icore_enc_tmf_rsp(struct icore_bhs *bhs, u32 itt, u8 response);
void icore_enc_text_rsp(struct icore_bhs *bhs, u32 itt, u32 ttt, u8 flags, u32 dsl);
void icore_enc_logout_rsp(struct icore_bhs *bhs, u32 itt, u8 response, u16 time2wait,
			  u16 time2retain);
void icore_enc_async(struct icore_bhs *bhs, const u8 lun[8], u8 event, u16 param1, u16 param2,
		     u16 param3, u32 dsl);
void icore_enc_reject(struct icore_bhs *bhs, u8 reason, u32 dsl);
void icore_enc_stamp(struct icore_bhs *bhs, u32 statsn, u32 exp_cmdsn, u32 max_cmdsn);

/* CRC32C over header bytes; the digest as it stands on the wire. */
__le32 icore_digest(const void *data, u32 len);
u32 icore_crc_init(void);
u32 icore_crc_update(u32 crc, const void *data, u32 len);
__le32 icore_crc_final(u32 crc);

/* Target Transfer Tags: slot, generation and R2TSN, never ICORE_RTAG. */
#define ICORE_TTT_SLOTS		1024	/* slot numbers 0 to 1023 */
#define ICORE_TTT_R2TSN_MASK	(ICORE_R2T_OUT_MAX - 1)

u32 icore_ttt_make(u32 slot, u32 gen, u32 r2tsn);
u32 icore_ttt_slot(u32 ttt);
u32 icore_ttt_r2tsn(u32 ttt);	/* modulo ICORE_R2T_OUT_MAX */
bool icore_ttt_match(u32 ttt, u32 slot, u32 gen);

/* ---- rx.c: which bytes come next ---- */

enum icore_rx_kind {
	ICORE_RX_COLLECT,	/* copy len bytes to dst */
	ICORE_RX_PAYLOAD,	/* len bytes of data segment, beginning at off */
	ICORE_RX_SKIP,		/* throw len bytes away */
};

/**
 * struct icore_rx_want - the answer to "what are the next bytes?"
 * @kind: what to do with them
 * @len: how many; fewer may be served. At least 1, except while the owner has to say
 *	icore_rx_take() or icore_rx_next() first, and after ICORE_RX_FAIL: then 0
 * @off: for ICORE_RX_PAYLOAD, offset in the data segment
 * @dst: for ICORE_RX_COLLECT
 */
struct icore_rx_want {
	enum icore_rx_kind kind;
	u32 len;
	u32 off;
	u8 *dst;
};

enum icore_rx_event {
	ICORE_RX_MORE,		/* nothing to do, ask for the next want */
	ICORE_RX_HEADER,	/* a header is complete: look at rx->pdu, then say
				 * icore_rx_take(); wants are invalid before that */
	ICORE_RX_DONE,		/* data segment complete: look at rx->digest_ok, then
				 * say icore_rx_next() */
	ICORE_RX_FAIL,		/* rx->fail says why; the connection must close */
};

enum icore_rx_fail {
	ICORE_RX_FAIL_NONE,
	ICORE_RX_FAIL_HEADER_DIGEST,
	ICORE_RX_FAIL_TOO_LONG,		/* data segment above our declared maximum */
	ICORE_RX_FAIL_AHS,		/* not used: any AHS area is consumed, and rejected */
	ICORE_RX_FAIL_FORMAT,		/* the decoder said ICORE_DROP */
};

/**
 * struct icore_rx - cursor over one connection's byte stream
 * @hdr: BHS and AHS of the current PDU; valid from ICORE_RX_HEADER until
 *	icore_rx_next() (or icore_rx_take() of a PDU without data)
 * @pdu: the decoded header, same lifetime
 * @digest_ok: the data digest matched, or none was due
 * @fail: why ICORE_RX_FAIL
 *
 * The other fields are private to rx.c.
 */
struct icore_rx {
	union {
		struct icore_bhs bhs;
		u8 hdr[ICORE_BHS_LEN + ICORE_AHS_MAX + ICORE_DIGEST_LEN];
	};
	struct icore_pdu pdu;
	bool digest_ok;
	enum icore_rx_fail fail;

	u8 state;
	bool header_digest;
	bool data_digest;
	u32 max_dsl;
	u32 have;
	u32 need;
	u32 crc;
	u8 tail[8];
};

void icore_rx_init(struct icore_rx *rx, u32 max_dsl);
/* At a PDU boundary only: digests begin with the PDU after the final login response. */
void icore_rx_set_digests(struct icore_rx *rx, bool header, bool data, u32 max_dsl);
void icore_rx_want(const struct icore_rx *rx, struct icore_rx_want *want);
/*
 * icore_rx_advance - n bytes of the current want (1 <= n <= want.len) were moved.
 * For ICORE_RX_PAYLOAD the mover has called icore_rx_crc() on the same bytes
 * first, if icore_rx_wants_crc().
 */
enum icore_rx_event icore_rx_advance(struct icore_rx *rx, u32 n);
bool icore_rx_wants_crc(const struct icore_rx *rx);
void icore_rx_crc(struct icore_rx *rx, const void *data, u32 len);
/*
 * icore_rx_take - after ICORE_RX_HEADER: store the data segment (wants will be
 * PAYLOAD and end in ICORE_RX_DONE) or skip it. Without a data segment, and when
 * skipping, the next event is the next PDU's. Return: true if ICORE_RX_DONE will
 * follow.
 */
bool icore_rx_take(struct icore_rx *rx, bool store);
void icore_rx_next(struct icore_rx *rx);

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

/**
 * struct icore_crypto - what the core asks of its surroundings
 * @hash: digest of the concatenated vectors into @out (icore_chap_len(alg)
 *	bytes); 0 or a negative errno. Must not sleep longer than hashing takes.
 * @random: fill with cryptographically strong random bytes
 * @alg_ok: this algorithm is available here
 */
struct icore_crypto {
	int (*hash)(enum icore_chap_alg alg, const struct icore_vec *v, u32 n, u8 *out);
	void (*random)(void *buf, u32 len);
	bool (*alg_ok)(enum icore_chap_alg alg);
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

#define ICORE_CHAP_CHALLENGE_LEN	32

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

/* ---- login.c: the login phase machine (RFC 7143 6.3) ---- */

enum icore_login_action {
	ICORE_LOGIN_DO_SEND,	/* send login->rsp and login->out, wait for the next request */
	ICORE_LOGIN_DO_BIND,	/* look up target and policy, then icore_login_bound() or
				 * icore_login_refuse() */
	ICORE_LOGIN_DO_ACCEPT,	/* everything agreed: create the session or connection, then
				 * icore_login_finish() or icore_login_refuse() */
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
/* Continue after DO_ACCEPT with the TSIH of the session. */
enum icore_login_action icore_login_finish(struct icore_login *l, u16 tsih);
/* Fail from outside, after DO_BIND or DO_ACCEPT: always DO_FAIL. */
enum icore_login_action icore_login_refuse(struct icore_login *l, enum icore_login_status status,
					   const char *reason);
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

/* ---- dataseq.c: sequencing of data (RFC 7143 4.2.5, 11.7, 11.8) ---- */

/* What became of a data segment. */
enum icore_data_result {
	ICORE_DATA_STORE,	/* store it at its offset */
	ICORE_DATA_DISCARD,	/* read and forget: the command has failed already */
	ICORE_DATA_REJECT,	/* skip it and send Reject with *reason */
};

/* Why a write fails (RFC 7143 11.4.7.2). */
enum icore_data_error {
	ICORE_DATA_GOOD,
	ICORE_DATA_UNEXPECTED,	/* 0B/0C/0C: unexpected unsolicited data */
	ICORE_DATA_INCORRECT,	/* 0B/0C/0D: incorrect amount of data */
	ICORE_DATA_CRC,		/* 0B/47/05: digest or DataSN error */
};

/**
 * struct icore_wseq - data of one write command
 * @edtl: Expected Data Transfer Length
 * @error: first error; the command fails once icore_wseq_drained()
 * @got: bytes received in order
 *
 * The other fields are private to dataseq.c. DataPDUInOrder and
 * DataSequenceInOrder are always Yes (we answer so), hence offsets ascend and
 * every R2T can be derived from its number.
 */
struct icore_wseq {
	u32 edtl;
	u32 wanted;		/* bytes the SCSI layer takes, <= edtl */
	enum icore_data_error error;
	u32 got;
	u32 unsol_end;		/* end of the unsolicited burst */
	u32 asked;		/* first byte that no R2T covers */
	u32 max_burst;
	u32 datasn;		/* expected in the present sequence */
	u32 r2tsn;		/* next to assign */
	u32 r2t_done;		/* R2TSN that is being answered */
	u32 r2t_base;		/* offset of R2T 0 */
	u16 max_r2t;
	bool unsol_open;	/* unsolicited Data-Out still to come */
	u64 r2t_open;		/* outstanding, by R2TSN modulo ICORE_R2T_OUT_MAX */
};

struct icore_r2t {
	u32 r2tsn;
	u32 offset;
	u32 len;
};

/*
 * icore_wseq_init - a write command with @imm bytes of immediate data arrived.
 * @final is its F bit. Return: ICORE_DATA_STORE or ICORE_DATA_DISCARD for the
 * immediate data, or ICORE_DATA_REJECT with *@reason for the command itself.
 */
enum icore_data_result icore_wseq_init(struct icore_wseq *ws, const struct icore_params *p,
				       u32 edtl, u32 imm, bool final, u8 *reason);
/*
 * The SCSI layer takes only @bytes (CDB shorter than EDTL): solicit no more. Only
 * ever lowers the limit, and not below what R2Ts have asked for already. Unsolicited
 * data beyond ws->wanted is still ICORE_DATA_STORE: the caller leaves that part out.
 */
void icore_wseq_limit(struct icore_wseq *ws, u32 bytes);
/* Immediate data is in; @digest_ok false fails the command. */
void icore_wseq_immediate(struct icore_wseq *ws, u32 imm, bool digest_ok);
/* Next R2T to send now, if one is allowed and needed. */
bool icore_wseq_plan(struct icore_wseq *ws, struct icore_r2t *r2t);
/* Header of a Data-Out; @ttt is ICORE_RTAG or a tag of this command. */
enum icore_data_result icore_wseq_header(struct icore_wseq *ws, const struct icore_pdu *pdu,
					 u8 *reason);
/*
 * Its data segment is in (stored or discarded). Not called after
 * ICORE_DATA_REJECT: the F bit of a rejected PDU has been counted already. After
 * either, look at icore_wseq_drained() and icore_wseq_complete() again.
 */
void icore_wseq_data(struct icore_wseq *ws, const struct icore_pdu *pdu, bool digest_ok);
/* All bytes are here and nothing is open: execute. */
bool icore_wseq_complete(const struct icore_wseq *ws);
/* An error is set and the initiator owes no more data: send the status. */
bool icore_wseq_drained(const struct icore_wseq *ws);
/* The initiator owes us data. */
bool icore_wseq_waiting(const struct icore_wseq *ws);

/**
 * struct icore_rseq - data of one read command
 * @total: bytes to send
 * @off: next byte
 * @datasn: next DataSN; after the last piece the number of Data-In PDUs
 */
struct icore_rseq {
	u32 total;
	u32 off;
	u32 datasn;
	u32 burst_left;
	u32 max_burst;
	u32 max_dsl;
};

struct icore_piece {
	u32 off;
	u32 len;
	u32 datasn;
	bool final;	/* F: ends a sequence */
	bool last;	/* ends the data */
};

void icore_rseq_init(struct icore_rseq *rs, const struct icore_params *p, u32 total);
bool icore_rseq_next(struct icore_rseq *rs, struct icore_piece *piece);

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

/* ---- tmf.c (RFC 7143 11.5, 11.6) ---- */

/* target_core's tcm_tmrsp_table by value: 0 FAILED, 1 COMPLETE, ... -> wire. */
u8 icore_tmf_response(int core_response);
/* Wire answer for a function that must not reach target_core, or -1 to go on. */
int icore_tmf_check(u8 function, u8 protocol_level);

/* ---- names.c: text for logs ---- */

const char *icore_opcode_name(u8 opcode);
const char *icore_login_status_name(enum icore_login_status status);
const char *icore_reject_name(u8 reason);
const char *icore_tmf_name(u8 function);
const char *icore_rx_fail_name(enum icore_rx_fail fail);

#endif /* TCM_ISCSI_CORE_H */
