// SPDX-License-Identifier: GPL-2.0
/*
 * The login phase (RFC 7143 6.3): PDUs, stages, and when it ends.
 *
 * The machine is fed one request at a time and returns what its owner has to do.
 * It never looks anything up: when the names are known it asks for the policy
 * (DO_BIND), when both sides have agreed on everything it asks for a session
 * (DO_ACCEPT). So there is one way in and one way out, and nothing of the
 * outside is touched before the peer has proved what the policy wants proved.
 *
 *	START --first request--> TEXT --names--> BIND --policy--> TEXT ...
 *	... TEXT --T=1, NSG=3--> ACCEPT --TSIH--> END
 *	any --> END by failure; answers after that are none
 *
 * Rules that hold in every state:
 *
 *   Keys are looked at only when a logical text is complete; a request with C=1
 *   gets an empty answer (6.2).
 *
 *   What identifies the login (ITT, ISID, TSIH, CID, versions) is that of the
 *   first request. A change means that something is mixed up: 0200.
 *
 *   T=1 in an answer needs T=1 in the request it answers and nothing left to do
 *   in the stage (6.3). When the last part of a long answer goes out, that
 *   request is the empty one that fetched it.
 *
 *   A failing answer carries no stage, and text only if it is a redirection: the
 *   addresses to try instead (11.13.5).
 */
#include "port.h"
#include "keys_priv.h"
#include "login_priv.h"

enum icore_login_state {
	LOGIN_START,	/* no request yet */
	LOGIN_TEXT,	/* waiting for a request */
	LOGIN_BIND,	/* the owner looks for the policy */
	LOGIN_ACCEPT,	/* the owner makes a session */
	LOGIN_END,
};

static void build_rsp(struct icore_login *l, u8 flags)
{
	struct icore_bhs *rsp = &l->rsp;

	memset(rsp, 0, sizeof(*rsp));
	rsp->opcode = ICORE_OP_LOGIN_RSP;
	rsp->flags = flags;
	rsp->b2 = ICORE_VERSION;
	rsp->b3 = ICORE_VERSION;
	memcpy(rsp->lun, l->isid, sizeof(l->isid));
	icore_put16(rsp->lun + sizeof(l->isid), l->tsih);
	rsp->itt = cpu_to_be32(l->itt);
	rsp->w[ICORE_W36] = cpu_to_be32((u32)l->status << 16);
}

static void clear_out(struct icore_login *l)
{
	icore_out_init(&l->out, l->out.buf, l->out.cap);
	l->out_pos = 0;
	l->sending = false;
}

static enum icore_login_action fail(struct icore_login *l, enum icore_login_status status,
				    const char *reason)
{
	l->state = LOGIN_END;
	l->status = status;
	l->reason = reason;
	clear_out(l);
	build_rsp(l, 0);
	return ICORE_LOGIN_DO_FAIL;
}

static enum icore_login_action drop(struct icore_login *l, const char *reason)
{
	l->state = LOGIN_END;
	l->reason = reason;
	return ICORE_LOGIN_DO_DROP;
}

/**
 * icore_login_init - begin
 * @l: the login; any content is overwritten
 * @crypto: hashes and randomness; must live as long as @l
 * @in: %ICORE_LOGIN_TEXT_MAX bytes for received text
 * @out: %ICORE_LOGIN_OUT_MAX bytes for answers
 * @statsn: StatSN of the first answer
 */
void icore_login_init(struct icore_login *l, const struct icore_crypto *crypto, char *in,
		      char *out, u32 statsn)
{
	memset(l, 0, sizeof(*l));
	l->crypto = crypto;
	l->text.buf = in;
	l->text.cap = ICORE_LOGIN_TEXT_MAX;
	icore_out_init(&l->out, out, ICORE_LOGIN_OUT_MAX);
	l->statsn = statsn;
	l->state = LOGIN_START;
	l->auth = ICORE_AUTH_OPEN;
}

/* The answer to a request with complete text, from what @l->out holds. */
static enum icore_login_action answer(struct icore_login *l)
{
	u8 flags = (u8)(l->stage << ICORE_LOGIN_CSG_SHIFT);
	enum icore_login_status status;
	u8 nsg = l->req_nsg;

	if (l->out.overflow)
		return fail(l, ICORE_LOGIN_NO_RESOURCES, "no room for the text");
	l->sending = l->out.len - l->out_pos > ICORE_LOGIN_DSL;
	if (!l->req_transit || l->hold || l->sending) {
		build_rsp(l, flags);
		return ICORE_LOGIN_DO_SEND;
	}

	/*
	 * Straight from security to full feature phase there is no occasion to
	 * ask for what policy needs; an NSG below the proposed one makes it (6.3).
	 */
	if (l->stage == ICORE_STAGE_SECURITY && nsg == ICORE_STAGE_FFP &&
	    icore_nego_wants(&l->nego))
		nsg = ICORE_STAGE_OPERATIONAL;
	flags |= ICORE_LOGIN_TRANSIT | nsg;
	if (nsg != ICORE_STAGE_FFP) {
		build_rsp(l, flags);
		l->stage = nsg;
		l->stage_bytes = 0;
		return ICORE_LOGIN_DO_SEND;
	}
	status = icore_nego_conclude(&l->nego);
	if (status)
		return fail(l, status, l->nego.why);
	build_rsp(l, flags);
	l->state = LOGIN_ACCEPT;
	return ICORE_LOGIN_DO_ACCEPT;
}

static enum icore_login_action settle(struct icore_login *l)
{
	enum icore_login_status status = icore_login_settle(l);

	if (status)
		return fail(l, status, l->reason);
	return answer(l);
}

static enum icore_login_action process(struct icore_login *l)
{
	enum icore_login_status status = icore_login_keys(l);

	l->text.len = 0;
	if (status)
		return fail(l, status, l->reason);
	return settle(l);
}

static void begin(struct icore_login *l, const struct icore_pdu *pdu)
{
	memcpy(l->isid, pdu->login.isid, sizeof(l->isid));
	l->tsih = pdu->login.tsih;
	l->cid = pdu->login.cid;
	l->itt = pdu->itt;
	l->cmdsn = pdu->cmdsn;
	l->exp_cmdsn = pdu->cmdsn;
	l->max_cmdsn = pdu->cmdsn;
	l->version_max = pdu->login.version_max;
	l->stage = pdu->login.csg;
	l->state = LOGIN_TEXT;
}

/* The lowest version of the first request was 0, or there was no second. */
static bool same_login(const struct icore_login *l, const struct icore_pdu *pdu)
{
	return pdu->itt == l->itt && !memcmp(pdu->login.isid, l->isid, sizeof(l->isid)) &&
	       pdu->login.tsih == l->tsih && pdu->login.cid == l->cid &&
	       pdu->login.version_max == l->version_max &&
	       pdu->login.version_min <= ICORE_VERSION;
}

/* What is wrong with the header, NULL if nothing (3.3 of the checklist, in that order). */
static const char *header_fault(const struct icore_login *l, const struct icore_pdu *pdu)
{
	if (pdu->verdict != ICORE_OK || pdu->ahs_len)
		return "malformed login request";
	if (!same_login(l, pdu))
		return "identification changed during login";
	if (pdu->login.csg != l->stage || pdu->login.csg > ICORE_STAGE_OPERATIONAL)
		return "wrong current stage";
	if (pdu->login.transit && pdu->login.cont)
		return "T and C together";
	if (pdu->login.transit && (pdu->login.nsg <= pdu->login.csg ||
				   pdu->login.nsg == ICORE_STAGE_RESERVED))
		return "wrong next stage";
	if (l->pdus > ICORE_LOGIN_PDUS_MAX)
		return "too many requests";
	return NULL;
}

/* The text is complete, of this or of the first request. */
static enum icore_login_action complete(struct icore_login *l)
{
	enum icore_login_status status = icore_login_scan(l);

	clear_out(l);
	if (!status && !l->bound)
		status = icore_login_names(l);
	if (status)
		return fail(l, status, l->reason);
	if (!l->bound) {
		l->state = LOGIN_BIND;
		return ICORE_LOGIN_DO_BIND;
	}
	return process(l);
}

/**
 * icore_login_pdu - the next request
 * @l: the login
 * @pdu: its decoded header
 * @data: its data segment, @pdu->dsl bytes
 *
 * Return: what to do now.
 */
enum icore_login_action icore_login_pdu(struct icore_login *l, const struct icore_pdu *pdu,
					const void *data)
{
	const char *fault;

	if (l->state == LOGIN_END)
		return drop(l, "login is over");
	if (pdu->opcode != ICORE_OP_LOGIN_REQ && l->state == LOGIN_START)
		return drop(l, "first PDU is no login request");
	if (pdu->verdict == ICORE_DROP || pdu->dsl > ICORE_LOGIN_DSL)
		return drop(l, "malformed PDU");
	if (pdu->opcode != ICORE_OP_LOGIN_REQ)
		return fail(l, ICORE_LOGIN_INVALID_REQUEST, "other request during login");
	if (l->state == LOGIN_START)
		begin(l, pdu);
	if (l->state != LOGIN_TEXT)
		return fail(l, ICORE_LOGIN_INITIATOR_ERROR, "request before the answer");

	l->pdus++;
	if (l->pdus == 1 && pdu->login.version_min > ICORE_VERSION)
		return fail(l, ICORE_LOGIN_BAD_VERSION, "no common version");
	fault = header_fault(l, pdu);
	if (fault)
		return fail(l, ICORE_LOGIN_INITIATOR_ERROR, fault);

	l->req_transit = pdu->login.transit;
	l->req_nsg = pdu->login.nsg;
	if (l->sending) {
		if (pdu->dsl || pdu->login.cont)
			return fail(l, ICORE_LOGIN_INITIATOR_ERROR, "text in the middle of ours");
		return settle(l);
	}
	l->stage_bytes += pdu->dsl;
	if (l->stage_bytes > ICORE_LOGIN_TEXT_MAX || !icore_text_add(&l->text, data, pdu->dsl))
		return fail(l, ICORE_LOGIN_INITIATOR_ERROR, "too much text");
	if (pdu->login.cont) {
		clear_out(l);
		build_rsp(l, (u8)(l->stage << ICORE_LOGIN_CSG_SHIFT));
		return ICORE_LOGIN_DO_SEND;
	}
	return complete(l);
}

/**
 * icore_login_bound - continue after DO_BIND
 * @l: the login
 * @policy: what the target says about this initiator; copied
 *
 * Return: what to do now.
 */
enum icore_login_action icore_login_bound(struct icore_login *l,
					  const struct icore_login_policy *policy)
{
	enum icore_login_status status;

	if (l->state != LOGIN_BIND)
		return fail(l, ICORE_LOGIN_TARGET_ERROR, "policy out of turn");
	l->policy = *policy;
	l->bound = true;
	l->state = LOGIN_TEXT;
	status = icore_login_admit(l);
	if (status)
		return fail(l, status, l->reason);
	return process(l);
}

/**
 * icore_login_step - how far a login has come
 * @l: the login; it has had a PDU
 */
enum icore_login_step icore_login_step(const struct icore_login *l)
{
	if (!l->bound)
		return ICORE_STEP_NAMES;
	return l->stage == ICORE_STAGE_SECURITY ? ICORE_STEP_SECURITY : ICORE_STEP_OPERATIONAL;
}

/**
 * icore_login_finish - continue after DO_ACCEPT
 * @l: the login
 * @tsih: of the session, not 0
 *
 * Return: DO_FINISH.
 */
enum icore_login_action icore_login_finish(struct icore_login *l, u16 tsih)
{
	if (l->state != LOGIN_ACCEPT || !tsih)
		return fail(l, ICORE_LOGIN_TARGET_ERROR, "session out of turn");
	l->state = LOGIN_END;
	icore_put16(l->rsp.lun + sizeof(l->isid), tsih);
	return ICORE_LOGIN_DO_FINISH;
}

/* Class 1, which says nothing without an address. */
static bool is_redirection(enum icore_login_status status)
{
	return status == ICORE_LOGIN_MOVED_TEMP || status == ICORE_LOGIN_MOVED_PERM;
}

/**
 * icore_login_refuse - fail from outside, after DO_BIND or DO_ACCEPT
 * @l: the login
 * @status: what to answer
 * @reason: static text for the log
 *
 * Return: DO_FAIL.
 */
enum icore_login_action icore_login_refuse(struct icore_login *l, enum icore_login_status status,
					   const char *reason)
{
	/* Neither success nor a redirection is a refusal. */
	if (status == ICORE_LOGIN_SUCCESS || is_redirection(status))
		status = ICORE_LOGIN_TARGET_ERROR;
	return fail(l, status, reason);
}

/* All of it fits in one PDU, whatever is configured: no C bit in a failing answer. */
#define REDIRECT_PAIR_MAX	(sizeof("TargetAddress=") + ICORE_ADDRESS_MAX)
_Static_assert(ICORE_REDIRECT_MAX * REDIRECT_PAIR_MAX <= ICORE_LOGIN_DSL,
	       "redirection longer than a login PDU");

/**
 * icore_login_redirect - fail after DO_BIND: the target is served elsewhere
 * @l: the login
 * @r: where
 *
 * Return: DO_FAIL.
 */
enum icore_login_action icore_login_redirect(struct icore_login *l, const struct icore_redirect *r)
{
	const u32 count = min_t(u32, r->count, ICORE_REDIRECT_MAX);

	if (l->state != LOGIN_BIND || !is_redirection(r->status) || !count)
		return fail(l, ICORE_LOGIN_TARGET_ERROR, "redirection out of turn");
	fail(l, r->status, "redirected");
	for (u32 i = 0; i < count; i++)
		icore_out_str(&l->out, "TargetAddress", r->address[i]);
	return ICORE_LOGIN_DO_FAIL;
}

/**
 * icore_login_window - numbers of the session for the final response
 * @l: the login, after DO_ACCEPT
 * @exp_cmdsn: ExpCmdSN
 * @max_cmdsn: MaxCmdSN
 */
void icore_login_window(struct icore_login *l, u32 exp_cmdsn, u32 max_cmdsn)
{
	l->exp_cmdsn = exp_cmdsn;
	l->max_cmdsn = max_cmdsn;
}

/**
 * icore_login_next_pdu - the next PDU of the answer
 * @l: the login
 * @bhs: its header, complete
 * @data: its data segment; valid until the next call into the login
 * @len: bytes of it, without padding
 *
 * To be called once per DO_SEND, DO_FINISH and DO_FAIL.
 */
void icore_login_next_pdu(struct icore_login *l, struct icore_bhs *bhs, const char **data,
			  u32 *len)
{
	*bhs = l->rsp;
	*data = l->out.buf + l->out_pos;
	*len = min(l->out.len - l->out_pos, (u32)ICORE_LOGIN_DSL);
	if (l->sending)
		bhs->flags |= ICORE_F_CONTINUE;
	icore_put24(bhs->dsl, *len);
	icore_enc_stamp(bhs, l->statsn, l->exp_cmdsn, l->max_cmdsn);
	l->statsn++;
	l->out_pos += *len;
}

/**
 * icore_login_wipe - forget what was secret or foreign
 * @l: the login; not usable any more
 */
void icore_login_wipe(struct icore_login *l)
{
	l->state = LOGIN_END;
	l->policy.cred = NULL;
	memzero_explicit(&l->chap, sizeof(l->chap));
	if (l->text.buf)
		memzero_explicit(l->text.buf, l->text.cap);
	l->text.len = 0;
}
