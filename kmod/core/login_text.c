// SPDX-License-Identifier: GPL-2.0
/*
 * The text of the login phase (RFC 7143 6.3, 12, 13): which key may stand where,
 * and what the keys of the security stage do.
 *
 * Each logical text is walked twice. The first walk reads declarations, which
 * may stand anywhere in it and may decide what the other pairs mean (SessionType
 * above all), and finds everything that is wrong with the text as such. For the
 * first text it is also all that is done before the target is known. The second
 * walk processes the other pairs in order. Between the two walks the text is put
 * back into the form in which it came; see icore_text_next().
 *
 * The security stage is a straight line of few states (enum icore_auth); what
 * does not belong to the present step is refused, so no step can be left out or
 * repeated (12.1.3).
 */
#include "port.h"
#include "keys_priv.h"
#include "login_priv.h"

static enum icore_login_status fail(struct icore_login *l, enum icore_login_status status,
				    const char *why)
{
	l->reason = why;
	return status;
}

static u8 where(const struct icore_login *l)
{
	return l->stage == ICORE_STAGE_SECURITY ? ICORE_AT_SECURITY : ICORE_AT_OPERATIONAL;
}

static enum icore_login_status declare_name(struct icore_login *l, const char *value, char *name)
{
	if (!icore_name_normalise(value, name))
		return fail(l, ICORE_LOGIN_INITIATOR_ERROR, "malformed name");
	return ICORE_LOGIN_SUCCESS;
}

static enum icore_login_status declare_type(struct icore_login *l, const char *value)
{
	const bool discovery = !strcmp(value, "Discovery");

	if (!discovery && strcmp(value, "Normal"))
		return fail(l, ICORE_LOGIN_BAD_SESSION_TYPE, "unknown SessionType");
	/* Later texts may still declare it (13.21), but no longer change it. */
	if (l->bound && discovery != l->discovery)
		return fail(l, ICORE_LOGIN_INITIATOR_ERROR, "SessionType changed");
	if (l->bound && !l->policy.leading)
		return fail(l, ICORE_LOGIN_INITIATOR_ERROR, "SessionType on a joining connection");
	l->discovery = discovery;
	return ICORE_LOGIN_SUCCESS;
}

/* Display only (4.2.7.1), so an unusable one is no reason to fail. */
static void declare_alias(struct icore_login *l, const char *value)
{
	const size_t len = strlen(value);

	if (len <= ICORE_ALIAS_MAX)
		memcpy(l->initiator_alias, value, len + 1);
}

/* First walk, one pair. Keys of the operational stage are left to keys.c. */
static enum icore_login_status scan_pair(struct icore_login *l, const struct icore_kv *kv)
{
	const enum icore_key_id id = icore_key_find(kv->key);

	if (l->stage == ICORE_STAGE_OPERATIONAL && id < ICORE_KEY_INITIATOR_NAME)
		return ICORE_LOGIN_SUCCESS;
	if (l->stage == ICORE_STAGE_OPERATIONAL && id == ICORE_KEY_UNKNOWN)
		return ICORE_LOGIN_SUCCESS;
	if (!icore_key_allowed(id, where(l)))
		return fail(l, ICORE_LOGIN_INITIATOR_ERROR, "key not allowed in this stage");
	if (l->seen & icore_key_bit(id))
		return fail(l, ICORE_LOGIN_INITIATOR_ERROR, "key sent twice");
	l->seen |= icore_key_bit(id);

	switch (id) {
	case ICORE_KEY_INITIATOR_NAME:
	case ICORE_KEY_TARGET_NAME:
		if (l->bound)
			return fail(l, ICORE_LOGIN_INITIATOR_ERROR, "name after the first request");
		return declare_name(l, kv->value,
				    id == ICORE_KEY_TARGET_NAME ? l->target : l->initiator);
	case ICORE_KEY_SESSION_TYPE:
		return declare_type(l, kv->value);
	case ICORE_KEY_INITIATOR_ALIAS:
		declare_alias(l, kv->value);
		return ICORE_LOGIN_SUCCESS;
	default:
		return ICORE_LOGIN_SUCCESS;
	}
}

/**
 * icore_login_scan - first walk over a complete logical text
 * @l: the login
 *
 * Return: %ICORE_LOGIN_SUCCESS, or the status that ends the login.
 */
enum icore_login_status icore_login_scan(struct icore_login *l)
{
	enum icore_login_status status;
	enum icore_text_result r;
	struct icore_kv kv;
	u32 pos = 0;
	u32 keys = 0;

	while ((r = icore_text_next(&l->text, &pos, &kv)) == ICORE_TEXT_PAIR) {
		if (++keys > ICORE_LOGIN_KEYS_MAX)
			return fail(l, ICORE_LOGIN_INITIATOR_ERROR, "too many keys");
		status = scan_pair(l, &kv);
		if (status)
			return status;
		l->text.buf[kv.value - l->text.buf - 1] = '=';
	}
	if (r == ICORE_TEXT_BAD)
		return fail(l, ICORE_LOGIN_INITIATOR_ERROR, "malformed text");
	return ICORE_LOGIN_SUCCESS;
}

/**
 * icore_login_names - what the first text must have declared
 * @l: the login
 *
 * Return: %ICORE_LOGIN_SUCCESS if the target can be looked up.
 */
enum icore_login_status icore_login_names(struct icore_login *l)
{
	if (!l->initiator[0])
		return fail(l, ICORE_LOGIN_MISSING_PARAM, "no InitiatorName");
	if (!l->discovery && !l->target[0])
		return fail(l, ICORE_LOGIN_MISSING_PARAM, "no TargetName");
	return ICORE_LOGIN_SUCCESS;
}

/**
 * icore_login_admit - the policy is known: may this login go on at all?
 * @l: the login
 *
 * Also begins the first answer: the portal group tag belongs into the first
 * response in which text may stand (6.3.1), the alias into any (13.6).
 *
 * Return: %ICORE_LOGIN_SUCCESS, or the status that ends the login.
 */
enum icore_login_status icore_login_admit(struct icore_login *l)
{
	const struct icore_login_policy *p = &l->policy;

	icore_nego_init(&l->nego, &p->offer, l->discovery, p->leading);
	if (!p->leading && (l->seen & icore_key_bit(ICORE_KEY_SESSION_TYPE)))
		return fail(l, ICORE_LOGIN_INITIATOR_ERROR, "SessionType on a joining connection");
	if (l->stage == ICORE_STAGE_OPERATIONAL && !p->none_ok)
		return fail(l, ICORE_LOGIN_AUTH_FAILED, "authentication was skipped");
	if (p->send_tpgt)
		icore_out_num(&l->out, "TargetPortalGroupTag", p->tpgt);
	if (!l->discovery && p->alias && p->alias[0])
		icore_out_str(&l->out, "TargetAlias", p->alias);
	return ICORE_LOGIN_SUCCESS;
}

static const char **security_slot(struct icore_security *s, enum icore_key_id id)
{
	switch (id) {
	case ICORE_KEY_AUTH_METHOD:
		return &s->auth_method;
	case ICORE_KEY_CHAP_A:
		return &s->chap_a;
	case ICORE_KEY_CHAP_I:
		return &s->chap_i;
	case ICORE_KEY_CHAP_C:
		return &s->chap_c;
	case ICORE_KEY_CHAP_N:
		return &s->chap_n;
	case ICORE_KEY_CHAP_R:
		return &s->chap_r;
	default:
		return NULL;
	}
}

/*
 * The first offered method that can succeed (6.2.1): CHAP needs a credential,
 * None needs permission. Which of them an initiator prefers is its business;
 * that it cannot talk its way around the policy is ours.
 */
static enum icore_login_status choose_method(struct icore_login *l, const char *offer)
{
	const struct icore_login_policy *p = &l->policy;
	const bool chap_ok = p->cred && p->cred->valid;
	const char *elem;
	u32 len;

	if (strlen(offer) > ICORE_VALUE_MAX || icore_value_reserved(offer))
		return fail(l, ICORE_LOGIN_INITIATOR_ERROR, "malformed AuthMethod");
	while (icore_val_list(&offer, &elem, &len)) {
		if (chap_ok && icore_elem_is(elem, len, "CHAP")) {
			l->auth = ICORE_AUTH_CHAP_A;
			icore_out_str(&l->out, "AuthMethod", "CHAP");
			return ICORE_LOGIN_SUCCESS;
		}
		if (p->none_ok && icore_elem_is(elem, len, "None")) {
			l->auth = ICORE_AUTH_DONE;
			icore_out_str(&l->out, "AuthMethod", "None");
			return ICORE_LOGIN_SUCCESS;
		}
	}
	return fail(l, ICORE_LOGIN_AUTH_FAILED, "no acceptable AuthMethod");
}

/* One text of the security stage: keys of another step are out of place. */
static enum icore_login_status security_step(struct icore_login *l,
					     const struct icore_security *s)
{
	struct icore_chap_ctx x = {
		.chap = &l->chap,
		.crypto = l->crypto,
		.cred = l->policy.cred,
		.out = &l->out,
		.why = l->reason,
	};
	const bool proof = s->chap_i || s->chap_c || s->chap_n || s->chap_r;
	enum icore_login_status status = ICORE_LOGIN_SUCCESS;

	if ((s->auth_method && l->auth != ICORE_AUTH_OPEN) ||
	    (s->chap_a && l->auth != ICORE_AUTH_CHAP_A) ||
	    (proof && l->auth != ICORE_AUTH_CHAP_R))
		return fail(l, ICORE_LOGIN_INITIATOR_ERROR, "security key of another step");

	switch ((enum icore_auth)l->auth) {
	case ICORE_AUTH_OPEN:
		if (s->auth_method)
			return choose_method(l, s->auth_method);
		break;
	case ICORE_AUTH_CHAP_A:
		status = icore_chap_challenge(&x, s->chap_a);
		if (!status)
			l->auth = ICORE_AUTH_CHAP_R;
		break;
	case ICORE_AUTH_CHAP_R:
		status = icore_chap_check(&x, s);
		if (!status) {
			l->auth = ICORE_AUTH_DONE;
			l->authenticated = true;
		}
		break;
	case ICORE_AUTH_DONE:
		break;
	}
	l->reason = x.why;
	return status;
}

/**
 * icore_login_keys - second walk: everything that is no declaration
 * @l: the login, with its policy
 *
 * Return: %ICORE_LOGIN_SUCCESS with the answers in @l->out, or the status that
 * ends the login.
 */
enum icore_login_status icore_login_keys(struct icore_login *l)
{
	struct icore_security s = {};
	enum icore_login_status status;
	struct icore_kv kv;
	u32 pos = 0;

	while (icore_text_next(&l->text, &pos, &kv) == ICORE_TEXT_PAIR) {
		const enum icore_key_id id = icore_key_find(kv.key);

		if (icore_key_bit(id) & l->seen) {
			const char **slot = security_slot(&s, id);

			if (slot)
				*slot = kv.value;
			continue;
		}
		status = icore_nego_key(&l->nego, &kv, &l->out);
		if (status)
			return fail(l, status, l->nego.why);
	}
	if (l->stage == ICORE_STAGE_SECURITY)
		return security_step(l, &s);
	return ICORE_LOGIN_SUCCESS;
}

/**
 * icore_login_settle - may the stage end with the answer to this request?
 * @l: the login; @l->hold is set if it may not
 *
 * Return: %ICORE_LOGIN_SUCCESS, or the status that ends the login.
 */
enum icore_login_status icore_login_settle(struct icore_login *l)
{
	if (l->stage == ICORE_STAGE_OPERATIONAL) {
		l->nego.closing = l->req_transit;
		l->hold = icore_nego_text_end(&l->nego, &l->out);
		return ICORE_LOGIN_SUCCESS;
	}
	/* Leaving without having offered any method means None (6.3.2). */
	if (l->auth == ICORE_AUTH_OPEN && l->req_transit) {
		if (!l->policy.none_ok)
			return fail(l, ICORE_LOGIN_AUTH_FAILED, "authentication was skipped");
		l->auth = ICORE_AUTH_DONE;
	}
	l->hold = l->auth != ICORE_AUTH_DONE;
	return ICORE_LOGIN_SUCCESS;
}
