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
 * @held: numbers beyond @exp_cmdsn that were received or plugged
 * @early: which ones, by number modulo ICORE_WINDOW_MAX
 */
struct icore_window {
	u32 exp_cmdsn;
	u32 max_cmdsn;
	u32 depth;
	u32 busy;
	u32 held;
	u64 early[ICORE_WINDOW_MAX / 64];
};

enum icore_admit {
	ICORE_ADMIT_NOW,	/* deliver; ExpCmdSN has advanced if not immediate */
	ICORE_ADMIT_IGNORE,	/* duplicate or outside the window: drop silently */
	/* inside the window, but an earlier one is missing: keep until icore_window_next() */
	ICORE_ADMIT_HOLD,
};

void icore_window_init(struct icore_window *w, u32 cmdsn, u32 depth);
enum icore_admit icore_window_admit(struct icore_window *w, u32 cmdsn, bool immediate);
bool icore_window_next(struct icore_window *w);
bool icore_window_plug(struct icore_window *w, u32 cmdsn);
void icore_window_forget(struct icore_window *w, u32 cmdsn);
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
/* QUERY ASYNCHRONOUS EVENT: how many are pending (1, or 2 for more) and what they say. */
void icore_enc_tmf_info(struct icore_bhs *bhs, u8 depth, u8 key, u8 asc, u8 ascq);
void icore_enc_text_rsp(struct icore_bhs *bhs, u32 itt, u32 ttt, u8 flags, u32 dsl);
void icore_enc_logout_rsp(struct icore_bhs *bhs, u32 itt, u8 response, u16 time2wait,
			  u16 time2retain);
void icore_enc_async(struct icore_bhs *bhs, const u8 lun[8], u8 event, u16 param1, u16 param2,
		     u16 param3, u32 dsl);
/*
 * Asynchronous Message with a SCSI event. @data gets ICORE_SCSI_EVENT_LEN bytes: the
 * length of the sense data, and that.
 */
#define ICORE_SCSI_EVENT_LEN	20
void icore_enc_scsi_event(struct icore_bhs *bhs, u64 lun, u8 key, u8 asc, u8 ascq, u8 *data,
			  u32 *dsl);
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
	/* a header is complete: look at rx->pdu, then say icore_rx_take() */
	ICORE_RX_HEADER,
	/* its data segment is complete: look at rx->digest_ok, then say icore_rx_next() */
	ICORE_RX_DONE,
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

/* Text, keys, login and discovery are in a header of their own. */
#include <tcm_iscsi/nego.h>

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
	ICORE_DATA_SNACK,	/* 0B/11/13: retransmission was asked for and refused */
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
/* How many sequences it owes us: what their F bits will be counted against. */
u32 icore_wseq_owed(const struct icore_wseq *ws);
/* The command fails for a reason that no Data-Out shows; the first reason stays. */
void icore_wseq_fail(struct icore_wseq *ws, enum icore_data_error error);

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

/* ---- tmf.c (RFC 7143 11.5, 11.6) ---- */

/* target_core's tcm_tmrsp_table by value: 0 FAILED, 1 COMPLETE, ... -> wire. */
u8 icore_tmf_response(int core_response);
/* Wire answer for a function that is not there at this level, or -1 to go on. */
int icore_tmf_check(u8 function, u8 protocol_level);
/* It has one logical unit for its object; for the others the LUN field is reserved. */
bool icore_tmf_has_lun(u8 function);
/* It ends several tasks: what RFC 7143 4.2.3.3 says of waiting holds for it. */
bool icore_tmf_multi_task(u8 function);

/* ---- names.c: text for logs ---- */

const char *icore_opcode_name(u8 opcode);
const char *icore_login_status_name(enum icore_login_status status);
const char *icore_reject_name(u8 reason);
const char *icore_tmf_name(u8 function);
const char *icore_rx_fail_name(enum icore_rx_fail fail);

#endif /* TCM_ISCSI_CORE_H */
