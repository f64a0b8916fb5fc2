// SPDX-License-Identifier: GPL-2.0
/*
 * Operational keys (RFC 7143 13, RFC 7144 7.1).
 *
 * Everything that the RFC says about a key is one row of one table: where it may
 * stand, who may send it, whether it is for leading connections only, whether it
 * means nothing in discovery, range, default, how a value is read and how the
 * result follows from two values. The code below the table knows kinds of keys,
 * not keys, with three exceptions that the RFC makes:
 *
 *   FirstBurstLength depends on MaxBurstLength, InitialR2T and ImmediateData
 *   (13.14), MaxOutstandingR2T on ErrorRecoveryLevel and DataSequenceInOrder
 *   (13.19). Both are answered after the last pair of a text, so that the order
 *   of pairs in it does not matter (6.2).
 *
 *   MaxRecvDataSegmentLength is declared by each side for itself (13.12).
 *
 * Malformed or misplaced is a protocol error and ends the login with 0200;
 * well-formed but inadmissible is answered Reject and leaves the value alone.
 *
 * The target speaks up by itself as little as it can (boot ROMs do not answer):
 * it declares its MaxRecvDataSegmentLength, and where the administrator's limit
 * is stricter than the RFC's default and the initiator is about to leave without
 * having mentioned the key, it originates that key, once. If no answer comes
 * then, the default stays in effect, since that is what the initiator works
 * with. ImmediateData=No is the exception: No decides without an answer (6.2.2).
 */
#include "port.h"
#include "keys_priv.h"

#define VALUE_NONE	0	/* of a digest key */
#define VALUE_CRC32C	1

#define DSL_MIN		512
#define DSL_DEFAULT	8192
#define BURST_DEFAULT	262144
#define FIRST_DEFAULT	65536

/* Who may send it, and more about it. */
#define FROM_I		0x01
#define LEADING		0x02	/* LO: leading connection only */
#define NOT_DISC	0x04	/* irrelevant in discovery sessions */
#define ORIGINATE	0x08	/* we speak up if our limit is stricter */
#define LATE		0x10	/* answered at the end of the text */

struct offered {
	enum icore_key_id id;
	const char *value;
	bool answer;		/* it answers what we originated */
};

struct icore_key {
	const char *name;
	u8 where;
	u8 flags;
	u32 low;
	u32 high;
	u32 def;
	enum icore_login_status (*take)(struct icore_nego *n, const struct offered *o,
					struct icore_out *out);
	u32 (*result)(u32 offer, u32 own);
};

static const struct icore_key table[ICORE_KEY_COUNT];

static enum icore_login_status bad(struct icore_nego *n, const char *why)
{
	n->why = why;
	return ICORE_LOGIN_INITIATOR_ERROR;
}

static u32 lower(u32 offer, u32 own)
{
	return min(offer, own);
}

static u32 higher(u32 offer, u32 own)
{
	return max(offer, own);
}

static u32 both(u32 offer, u32 own)
{
	return offer && own;
}

static u32 either(u32 offer, u32 own)
{
	return offer || own;
}

/**
 * icore_elem_is - compare an element of a list with a word
 * @elem: not NUL-terminated
 * @len: its length
 * @word: NUL-terminated
 *
 * Return: true if they are equal as a whole.
 */
bool icore_elem_is(const char *elem, u32 len, const char *word)
{
	return strlen(word) == len && !memcmp(elem, word, len);
}

/**
 * icore_value_reserved - a word that can only be an answer
 * @value: of a pair
 *
 * Return: true for the three words of RFC 7143 6.2 ("None" is a value).
 */
bool icore_value_reserved(const char *value)
{
	return !strcmp(value, "Reject") || !strcmp(value, "Irrelevant") ||
	       !strcmp(value, "NotUnderstood");
}

static u32 digest_mask(const struct icore_nego *n, enum icore_key_id id)
{
	return id == ICORE_KEY_HEADER_DIGEST ? n->offer.header_digest : n->offer.data_digest;
}

/* The first offered value that policy permits (6.2.1); others may be unknown to us. */
static enum icore_login_status take_digest(struct icore_nego *n, const struct offered *o,
					   struct icore_out *out)
{
	const u32 mask = digest_mask(n, o->id);
	const char *rest = o->value;
	const char *elem;
	u32 len;

	while (icore_val_list(&rest, &elem, &len)) {
		if ((mask & ICORE_DIGEST_CRC32C) && icore_elem_is(elem, len, "CRC32C"))
			n->value[o->id] = VALUE_CRC32C;
		else if ((mask & ICORE_DIGEST_NONE) && icore_elem_is(elem, len, "None"))
			n->value[o->id] = VALUE_NONE;
		else
			continue;
		if (!o->answer)
			icore_out_str(out, table[o->id].name,
				      n->value[o->id] == VALUE_CRC32C ? "CRC32C" : "None");
		return ICORE_LOGIN_SUCCESS;
	}
	if (!o->answer)
		icore_out_str(out, table[o->id].name, "Reject");
	return ICORE_LOGIN_SUCCESS;
}

static enum icore_login_status take_num(struct icore_nego *n, const struct offered *o,
					struct icore_out *out)
{
	const struct icore_key *key = &table[o->id];
	u64 offer;
	u32 result;

	if (!icore_val_num(o->value, &offer))
		return bad(n, "malformed number");
	if (offer < key->low || offer > key->high) {
		if (o->answer)
			return bad(n, "answer out of range");
		icore_out_str(out, key->name, "Reject");
		return ICORE_LOGIN_SUCCESS;
	}
	result = key->result((u32)offer, n->own[o->id]);
	if (o->answer && result != offer)
		return bad(n, "answer that does not follow from our offer");
	n->value[o->id] = result;
	if (o->answer)
		return ICORE_LOGIN_SUCCESS;
	if (key->flags & LATE)
		n->due |= icore_key_bit(o->id);
	else
		icore_out_num(out, key->name, result);
	return ICORE_LOGIN_SUCCESS;
}

/*
 * The answer is optional where the offer decides (6.2.2); it is given anyway,
 * some initiators wait for it.
 */
static enum icore_login_status take_bool(struct icore_nego *n, const struct offered *o,
					 struct icore_out *out)
{
	const struct icore_key *key = &table[o->id];
	bool offer;

	if (!icore_val_bool(o->value, &offer))
		return bad(n, "malformed boolean");
	n->value[o->id] = key->result(offer, n->own[o->id]);
	if (!o->answer)
		icore_out_str(out, key->name, n->value[o->id] ? "Yes" : "No");
	return ICORE_LOGIN_SUCCESS;
}

/* A declaration: there is no answer that could refuse it, so out of range ends the login. */
static enum icore_login_status take_mrdsl(struct icore_nego *n, const struct offered *o,
					  struct icore_out *out)
{
	u64 value;

	(void)out;
	if (!icore_val_num(o->value, &value) || value < table[o->id].low ||
	    value > table[o->id].high)
		return bad(n, "MaxRecvDataSegmentLength out of range");
	n->value[o->id] = (u32)value;
	return ICORE_LOGIN_SUCCESS;
}

/*
 * The initiator's order decides, as for any list (6.2.1). ResponseFence costs nothing
 * with one connection, where status goes out in order; FastAbort (13.23) is never
 * chosen.
 */
static enum icore_login_status take_task(struct icore_nego *n, const struct offered *o,
					 struct icore_out *out)
{
	const char *answer = "Reject";
	const char *rest = o->value;
	const char *elem;
	u32 len;

	while (icore_val_list(&rest, &elem, &len)) {
		if (icore_elem_is(elem, len, "RFC3720")) {
			answer = "RFC3720";
			n->value[o->id] = ICORE_TASK_RFC3720;
			break;
		}
		if (icore_elem_is(elem, len, "ResponseFence")) {
			answer = "ResponseFence";
			n->value[o->id] = ICORE_TASK_RESPONSE_FENCE;
			break;
		}
	}
	icore_out_str(out, table[o->id].name, answer);
	return ICORE_LOGIN_SUCCESS;
}

/* Obsolete (13.25), but there are initiators that still say No. */
static enum icore_login_status take_marker(struct icore_nego *n, const struct offered *o,
					   struct icore_out *out)
{
	bool offer;

	if (!icore_val_bool(o->value, &offer))
		return bad(n, "malformed boolean");
	icore_out_str(out, table[o->id].name, offer ? "Reject" : "No");
	return ICORE_LOGIN_SUCCESS;
}

static enum icore_login_status take_reject(struct icore_nego *n, const struct offered *o,
					   struct icore_out *out)
{
	(void)n;
	icore_out_str(out, table[o->id].name, "Reject");
	return ICORE_LOGIN_SUCCESS;
}

/* Declarations without effect on the negotiation. */
static enum icore_login_status take_silent(struct icore_nego *n, const struct offered *o,
					   struct icore_out *out)
{
	(void)n;
	(void)o;
	(void)out;
	return ICORE_LOGIN_SUCCESS;
}

#define OPER		ICORE_AT_OPERATIONAL
#define LO		(FROM_I | LEADING)
#define LO_NOT_DISC	(FROM_I | LEADING | NOT_DISC)

#define NUM(id, name, flags, low, high, def, result) \
	[ICORE_KEY_##id] = { name, OPER, flags, low, high, def, take_num, result }
#define BOOL(id, name, flags, def, result) \
	[ICORE_KEY_##id] = { name, OPER, flags, 0, 1, def, take_bool, result }
#define DIGEST(id, name) \
	[ICORE_KEY_##id] = { name, OPER, FROM_I | ORIGINATE, 0, 1, VALUE_NONE, take_digest, NULL }
#define OTHER(id, name, where, flags, take) \
	[ICORE_KEY_##id] = { name, where, flags, 0, 0, 0, take, NULL }
#define FROM_T_ONLY(id, name)	OTHER(id, name, ICORE_AT_LOGIN | ICORE_AT_FFP, 0, NULL)
#define SECURITY(id, name)	OTHER(id, name, ICORE_AT_SECURITY, FROM_I, NULL)
#define NEVER(id, name)		OTHER(id, name, 0, FROM_I, NULL)

static const struct icore_key table[ICORE_KEY_COUNT] = {
	DIGEST(HEADER_DIGEST, "HeaderDigest"),
	DIGEST(DATA_DIGEST, "DataDigest"),
	NUM(MAX_CONNECTIONS, "MaxConnections", LO_NOT_DISC, 1, 65535, 1, lower),
	BOOL(INITIAL_R2T, "InitialR2T", LO_NOT_DISC, true, either),
	BOOL(IMMEDIATE_DATA, "ImmediateData", LO_NOT_DISC | ORIGINATE, true, both),
	[ICORE_KEY_MRDSL] = { "MaxRecvDataSegmentLength", OPER | ICORE_AT_FFP, FROM_I, DSL_MIN,
			      ICORE_DSL_FIELD_MAX, DSL_DEFAULT, take_mrdsl, NULL },
	NUM(MAX_BURST, "MaxBurstLength", LO_NOT_DISC | ORIGINATE, DSL_MIN, ICORE_DSL_FIELD_MAX,
	    BURST_DEFAULT, lower),
	NUM(FIRST_BURST, "FirstBurstLength", LO_NOT_DISC | ORIGINATE | LATE, DSL_MIN,
	    ICORE_DSL_FIELD_MAX, FIRST_DEFAULT, lower),
	NUM(TIME2WAIT, "DefaultTime2Wait", LO, 0, 3600, 2, higher),
	NUM(TIME2RETAIN, "DefaultTime2Retain", LO, 0, 3600, 20, lower),
	NUM(MAX_R2T, "MaxOutstandingR2T", LO_NOT_DISC | LATE, 1, 65535, 1, lower),
	BOOL(PDU_IN_ORDER, "DataPDUInOrder", LO_NOT_DISC, true, either),
	BOOL(SEQ_IN_ORDER, "DataSequenceInOrder", LO_NOT_DISC, true, either),
	NUM(ERL, "ErrorRecoveryLevel", LO, 0, 2, 0, lower),
	[ICORE_KEY_TASK_REPORTING] = { "TaskReporting", OPER, LO_NOT_DISC, 0, 0,
				       ICORE_TASK_RFC3720, take_task, NULL },
	NUM(PROTOCOL_LEVEL, "iSCSIProtocolLevel", LO_NOT_DISC, 0, 31, 1, lower),
	OTHER(NODE_ARCHITECTURE, "X#NodeArchitecture", OPER, LO, take_silent),
	OTHER(IF_MARKER, "IFMarker", OPER, FROM_I, take_marker),
	OTHER(OF_MARKER, "OFMarker", OPER, FROM_I, take_marker),
	OTHER(IF_MARK_INT, "IFMarkInt", OPER, FROM_I, take_reject),
	OTHER(OF_MARK_INT, "OFMarkInt", OPER, FROM_I, take_reject),
	OTHER(INITIATOR_NAME, "InitiatorName", ICORE_AT_LOGIN, FROM_I, take_silent),
	OTHER(INITIATOR_ALIAS, "InitiatorAlias", ICORE_AT_LOGIN | ICORE_AT_FFP, FROM_I,
	      take_silent),
	OTHER(TARGET_NAME, "TargetName", ICORE_AT_LOGIN, FROM_I, take_silent),
	OTHER(SESSION_TYPE, "SessionType", ICORE_AT_LOGIN, LO, take_silent),
	FROM_T_ONLY(TARGET_ALIAS, "TargetAlias"),
	FROM_T_ONLY(TARGET_ADDRESS, "TargetAddress"),
	FROM_T_ONLY(TARGET_PORTAL_GROUP_TAG, "TargetPortalGroupTag"),
	OTHER(SEND_TARGETS, "SendTargets", ICORE_AT_FFP, FROM_I, NULL),
	SECURITY(AUTH_METHOD, "AuthMethod"),
	SECURITY(CHAP_A, "CHAP_A"),
	SECURITY(CHAP_I, "CHAP_I"),
	SECURITY(CHAP_C, "CHAP_C"),
	SECURITY(CHAP_N, "CHAP_N"),
	SECURITY(CHAP_R, "CHAP_R"),
	NEVER(KRB_AP_REQ, "KRB_AP_REQ"),
	NEVER(KRB_AP_REP, "KRB_AP_REP"),
	NEVER(SRP_U, "SRP_U"),
	NEVER(TARGET_AUTH, "TargetAuth"),
	NEVER(SRP_GROUP, "SRP_GROUP"),
	NEVER(SRP_A, "SRP_A"),
	NEVER(SRP_S, "SRP_s"),
	NEVER(SRP_B, "SRP_B"),
	NEVER(SRP_M, "SRP_M"),
	NEVER(SRP_HM, "SRP_HM"),
};

/**
 * icore_key_find - look a key up
 * @key: name as received
 *
 * Return: its number, %ICORE_KEY_UNKNOWN if the table lacks it.
 */
enum icore_key_id icore_key_find(const char *key)
{
	u32 i;

	for (i = 0; i < ICORE_KEY_COUNT; i++) {
		if (!strcmp(table[i].name, key))
			break;
	}
	return i;
}

/**
 * icore_key_allowed - may an initiator send this key there
 * @id: from icore_key_find()
 * @where: ICORE_AT_*
 *
 * Return: false also for unknown keys.
 */
bool icore_key_allowed(enum icore_key_id id, u8 where)
{
	return id < ICORE_KEY_COUNT && (table[id].where & where) && (table[id].flags & FROM_I);
}

/**
 * icore_key_known - a key that may stand in the operational stage
 * @key: name
 *
 * Return: true if RFC 7143 or 7144 allows it there, from whichever side.
 */
bool icore_key_known(const char *key)
{
	enum icore_key_id id = icore_key_find(key);

	return id < ICORE_KEY_COUNT && (table[id].where & ICORE_AT_OPERATIONAL);
}

/**
 * icore_nego_init - begin
 * @n: negotiation
 * @offer: what this target is willing to do; values beyond the range of a key
 *	are brought into it
 * @discovery: SessionType=Discovery
 * @leading: first connection of its session. On others the keys of the session
 *	may not be sent, and @n->params has their defaults: the session's values
 *	are the owner's to keep.
 */
void icore_nego_init(struct icore_nego *n, const struct icore_offer *offer, bool discovery,
		     bool leading)
{
	const u32 r2t_cap = ICORE_R2T_OUT_MAX;
	const u32 r2t = offer->max_r2t;

	memset(n, 0, sizeof(*n));
	n->offer = *offer;
	n->discovery = discovery;
	n->leading = leading;

	n->own[ICORE_KEY_MAX_CONNECTIONS] = offer->max_connections;
	n->own[ICORE_KEY_INITIAL_R2T] = offer->initial_r2t;
	n->own[ICORE_KEY_IMMEDIATE_DATA] = offer->immediate_data;
	n->own[ICORE_KEY_MRDSL] = offer->mrdsl;
	n->own[ICORE_KEY_MAX_BURST] = offer->max_burst;
	n->own[ICORE_KEY_FIRST_BURST] = offer->first_burst;
	n->own[ICORE_KEY_TIME2WAIT] = offer->time2wait;
	n->own[ICORE_KEY_TIME2RETAIN] = offer->time2retain;
	n->own[ICORE_KEY_MAX_R2T] = min(r2t, r2t_cap);
	n->own[ICORE_KEY_PDU_IN_ORDER] = offer->pdu_in_order;
	n->own[ICORE_KEY_SEQ_IN_ORDER] = offer->seq_in_order;
	n->own[ICORE_KEY_ERL] = discovery ? 0 : offer->erl;
	n->own[ICORE_KEY_PROTOCOL_LEVEL] = ICORE_PROTOCOL_LEVEL;
	for (u32 i = 0; i < ICORE_NEGO_VALUES; i++) {
		n->own[i] = max(min(n->own[i], table[i].high), table[i].low);
		n->value[i] = table[i].def;
	}
}

/* FNV-1a. Meeting a collision costs a peer its own login. */
static u64 name_hash(const char *s)
{
	u64 hash = 0xcbf29ce484222325ull;

	for (; *s; s++)
		hash = (hash ^ (u8)*s) * 0x100000001b3ull;
	return hash;
}

static enum icore_login_status take_unknown(struct icore_nego *n, const struct icore_kv *kv,
					    struct icore_out *out)
{
	const u64 hash = name_hash(kv->key);

	if (icore_value_reserved(kv->value))
		return bad(n, "reserved word offered");
	for (u32 i = 0; i < n->unknown; i++) {
		if (n->unknown_hash[i] == hash)
			return bad(n, "key sent twice");
	}
	if (n->unknown >= ICORE_LOGIN_UNKNOWN_MAX)
		return bad(n, "too many unknown keys");
	n->unknown_hash[n->unknown++] = hash;
	icore_out_str(out, kv->key, "NotUnderstood");
	return ICORE_LOGIN_SUCCESS;
}

/**
 * icore_nego_key - one pair in the operational stage of a login
 * @n: negotiation
 * @kv: the pair
 * @out: the answer is appended, if one is due now
 *
 * Return: %ICORE_LOGIN_SUCCESS, or the status that ends the login; @n->why says
 * why.
 */
enum icore_login_status icore_nego_key(struct icore_nego *n, const struct icore_kv *kv,
				       struct icore_out *out)
{
	const enum icore_key_id id = icore_key_find(kv->key);
	const struct icore_key *key;
	struct offered o;

	if (id == ICORE_KEY_UNKNOWN)
		return take_unknown(n, kv, out);
	if (!icore_key_allowed(id, ICORE_AT_OPERATIONAL))
		return bad(n, "key not allowed in the operational stage");
	if (n->seen & icore_key_bit(id))
		return bad(n, "key sent twice");
	n->seen |= icore_key_bit(id);
	if (strlen(kv->value) > ICORE_VALUE_MAX)
		return bad(n, "value too long");

	key = &table[id];
	o.id = id;
	o.value = kv->value;
	o.answer = n->asked & icore_key_bit(id);
	if ((key->flags & LEADING) && !n->leading)
		return bad(n, "key of the leading connection on another one");
	if (id < ICORE_KEY_INITIATOR_NAME && icore_value_reserved(kv->value)) {
		if (!o.answer)
			return bad(n, "reserved word offered");
		n->value[id] = key->def;
		return ICORE_LOGIN_SUCCESS;
	}
	if ((key->flags & NOT_DISC) && n->discovery) {
		icore_out_str(out, key->name, "Irrelevant");
		return ICORE_LOGIN_SUCCESS;
	}
	return key->take(n, &o, out);
}

static bool no_first_burst(const struct icore_nego *n)
{
	return n->value[ICORE_KEY_INITIAL_R2T] && !n->value[ICORE_KEY_IMMEDIATE_DATA];
}

static void settle_first_burst(struct icore_nego *n, struct icore_out *out)
{
	const char *name = table[ICORE_KEY_FIRST_BURST].name;
	u32 *value = &n->value[ICORE_KEY_FIRST_BURST];

	if (no_first_burst(n)) {
		*value = FIRST_DEFAULT;
		icore_out_str(out, name, "Irrelevant");
		return;
	}
	*value = min(*value, n->value[ICORE_KEY_MAX_BURST]);
	*value = min(*value, n->own[ICORE_KEY_MAX_BURST]);
	icore_out_num(out, name, *value);
}

static void settle_r2t(struct icore_nego *n, struct icore_out *out)
{
	if (n->value[ICORE_KEY_ERL] && n->value[ICORE_KEY_SEQ_IN_ORDER])
		n->value[ICORE_KEY_MAX_R2T] = 1;
	icore_out_num(out, table[ICORE_KEY_MAX_R2T].name, n->value[ICORE_KEY_MAX_R2T]);
}

/* Our limit for this key is stricter than what is in effect without a word. */
static bool stricter(const struct icore_nego *n, u32 id)
{
	const struct icore_key *key = &table[id];

	if (!(key->flags & ORIGINATE) || ((n->seen | n->asked) & icore_key_bit(id)))
		return false;
	if ((key->flags & LEADING) && (!n->leading || n->discovery))
		return false;
	if (key->take == take_digest)
		return !(digest_mask(n, id) & ICORE_DIGEST_NONE);
	if (id == ICORE_KEY_FIRST_BURST && no_first_burst(n))
		return false;
	return n->own[id] < n->value[id];
}

/**
 * icore_nego_wants - we would have to speak up before full feature phase
 * @n: negotiation
 *
 * Return: true if there is a key to originate.
 */
bool icore_nego_wants(const struct icore_nego *n)
{
	for (u32 id = 0; id < ICORE_NEGO_VALUES; id++) {
		if (stricter(n, id))
			return true;
	}
	return false;
}

static void originate(struct icore_nego *n, u32 id, struct icore_out *out)
{
	u32 own = n->own[id];

	/* The initiator may have brought MaxBurstLength below ours. */
	if (id == ICORE_KEY_FIRST_BURST)
		own = min(own, n->value[ICORE_KEY_MAX_BURST]);
	n->asked |= icore_key_bit(id);
	if (table[id].take == take_digest) {
		icore_out_str(out, table[id].name, "CRC32C");
	} else if (table[id].take == take_bool) {
		n->value[id] = own;	/* AND: No decides alone */
		icore_out_str(out, table[id].name, "No");
	} else {
		icore_out_num(out, table[id].name, own);
	}
}

/**
 * icore_nego_text_end - after the last pair of one logical text
 * @n: negotiation; @n->closing says whether the initiator wants to leave
 * @out: answers that had to wait and declarations of our own are appended
 *
 * Return: true if something was originated that needs an answer, so that the
 * stage must not end with this response (RFC 7143 6.3).
 */
bool icore_nego_text_end(struct icore_nego *n, struct icore_out *out)
{
	bool hold = false;

	if (n->due & icore_key_bit(ICORE_KEY_FIRST_BURST))
		settle_first_burst(n, out);
	if (n->due & icore_key_bit(ICORE_KEY_MAX_R2T))
		settle_r2t(n, out);
	n->due = 0;

	if (!n->declared) {
		n->declared = true;
		icore_out_num(out, table[ICORE_KEY_MRDSL].name, n->own[ICORE_KEY_MRDSL]);
	}
	if (!n->closing)
		return false;
	for (u32 id = 0; id < ICORE_NEGO_VALUES; id++) {
		if (!stricter(n, id))
			continue;
		originate(n, id, out);
		hold = true;
	}
	return hold;
}

static bool digest_ok(const struct icore_nego *n, enum icore_key_id id)
{
	return n->value[id] == VALUE_CRC32C || (digest_mask(n, id) & ICORE_DIGEST_NONE);
}

/**
 * icore_nego_conclude - the login phase ends: check and publish
 * @n: negotiation; @n->params is valid after success
 *
 * FirstBurstLength above MaxBurstLength (13.14) is an error if the initiator
 * negotiated both to that; if one of them is a default the smaller one counts.
 *
 * Return: %ICORE_LOGIN_SUCCESS, or the status that ends the login.
 */
enum icore_login_status icore_nego_conclude(struct icore_nego *n)
{
	const u64 bursts = icore_key_bit(ICORE_KEY_MAX_BURST) |
			   icore_key_bit(ICORE_KEY_FIRST_BURST);
	struct icore_params *p = &n->params;
	const u32 *v = n->value;

	if (!digest_ok(n, ICORE_KEY_HEADER_DIGEST) || !digest_ok(n, ICORE_KEY_DATA_DIGEST))
		return bad(n, "a digest is required here");
	if (v[ICORE_KEY_FIRST_BURST] > v[ICORE_KEY_MAX_BURST] && !no_first_burst(n) &&
	    (n->seen & bursts) == bursts)
		return bad(n, "FirstBurstLength exceeds MaxBurstLength");

	p->header_digest = v[ICORE_KEY_HEADER_DIGEST] == VALUE_CRC32C;
	p->data_digest = v[ICORE_KEY_DATA_DIGEST] == VALUE_CRC32C;
	p->initial_r2t = v[ICORE_KEY_INITIAL_R2T];
	p->immediate_data = v[ICORE_KEY_IMMEDIATE_DATA];
	p->pdu_in_order = v[ICORE_KEY_PDU_IN_ORDER];
	p->seq_in_order = v[ICORE_KEY_SEQ_IN_ORDER];
	p->max_connections = (u16)v[ICORE_KEY_MAX_CONNECTIONS];
	p->time2wait = (u16)v[ICORE_KEY_TIME2WAIT];
	p->time2retain = (u16)v[ICORE_KEY_TIME2RETAIN];
	p->max_r2t = (u16)v[ICORE_KEY_MAX_R2T];
	p->erl = (u8)v[ICORE_KEY_ERL];
	if (p->erl && p->seq_in_order)
		p->max_r2t = 1;
	p->max_burst = v[ICORE_KEY_MAX_BURST];
	p->first_burst = min(v[ICORE_KEY_FIRST_BURST], p->max_burst);
	p->mrdsl_in = n->declared ? n->own[ICORE_KEY_MRDSL] : DSL_DEFAULT;
	p->mrdsl_out = v[ICORE_KEY_MRDSL];
	if (n->offer.max_xmit_dsl)
		p->mrdsl_out = min(p->mrdsl_out, max(n->offer.max_xmit_dsl, (u32)DSL_MIN));
	p->protocol_level = (u8)v[ICORE_KEY_PROTOCOL_LEVEL];
	p->task_reporting = (u8)v[ICORE_KEY_TASK_REPORTING];
	return ICORE_LOGIN_SUCCESS;
}

/**
 * icore_ffp_key - one pair of a Text Request in full feature phase
 * @kv: the pair
 * @discovery: of the session
 * @mrdsl_out: set to what the initiator declares, not clamped
 * @out: an answer is appended, if one is due
 *
 * Return: 0, or the Reject reason: the exchange had no effect then.
 */
u8 icore_ffp_key(const struct icore_kv *kv, bool discovery, u32 *mrdsl_out, struct icore_out *out)
{
	const enum icore_key_id id = icore_key_find(kv->key);
	u64 value;

	if (discovery || id == ICORE_KEY_SEND_TARGETS)
		return ICORE_REJECT_PROTOCOL;
	if (id == ICORE_KEY_UNKNOWN) {
		if (icore_value_reserved(kv->value))
			return ICORE_REJECT_PROTOCOL;
		icore_out_str(out, kv->key, "NotUnderstood");
		return out->overflow ? ICORE_REJECT_PROTOCOL : 0;
	}
	if (!icore_key_allowed(id, ICORE_AT_FFP))
		return ICORE_REJECT_PROTOCOL;
	if (id == ICORE_KEY_MRDSL) {
		if (!icore_val_num(kv->value, &value) || value < table[id].low ||
		    value > table[id].high)
			return ICORE_REJECT_PROTOCOL;
		*mrdsl_out = (u32)value;
	}
	return 0;
}
