// SPDX-License-Identifier: GPL-2.0
/*
 * SendTargets, and discovery sessions.
 *
 * A discovery session moves no SCSI command, so it gets no thread and no
 * target_core session: it stays a login slot for its whole life and answers Text
 * and Logout only (RFC 7143 4.3, 7.4.3).
 *
 * One session for each key (7.4.2). A session that named a target is known by
 * InitiatorName, ISID and portal group, like a normal one, and either kind replaces
 * the other; others by InitiatorName, ISID and portal. The older one is told to go
 * when the younger has logged in; only a normal session has tasks to wait for.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "login.h"
#include "portal.h"
#include "session.h"
#include "target.h"
#include "../tcm/tcm.h"

/* Text of a whole answer; about 100 bytes a target. */
#define TISCSI_ST_FIRST		(64 * 1024)
#define TISCSI_ST_MAX		(16 * 1024 * 1024)

/**
 * struct tiscsi_discovery - a discovery session
 * @text: request text of one sequence, in @buf
 * @out: answer that is sent in parts, kvmalloc'ed, or NULL
 * @out_len: its length
 * @out_pos: how much of it was sent
 * @itt: the sequence's Initiator Task Tag, ICORE_RTAG between sequences
 * @bookmark: TTT of the part that is due
 * @cmdsn: next CmdSN expected
 * @buf: memory of @text
 */
struct tiscsi_discovery {
	struct icore_text text;
	char *out;
	u32 out_len;
	u32 out_pos;
	u32 itt;
	u32 bookmark;
	u32 cmdsn;
	char buf[ICORE_FFP_TEXT_MAX];
};

/* -- the answer -- */

/**
 * struct tiscsi_st_asker - who asks
 * @initiator: its name
 * @local: address that it has reached us at
 * @net_cookie: network namespace of that address: portals of others are not reached
 */
struct tiscsi_st_asker {
	const char *initiator;
	struct icore_addr local;
	u64 net_cookie;
};

static bool tiscsi_st_reaches(struct tiscsi_pg *pg, const struct tiscsi_st_asker *asker)
{
	struct tiscsi_binding *b;

	list_for_each_entry(b, &pg->bindings, pg_node)
		if (b->np->net_cookie == asker->net_cookie)
			return true;
	return false;
}

static void tiscsi_st_portals(struct icore_out *o, struct tiscsi_pg *pg,
			      const struct tiscsi_st_asker *asker)
{
	struct icore_addr portal, shown;
	struct tiscsi_binding *b;

	list_for_each_entry(b, &pg->bindings, pg_node) {
		tiscsi_addr_to_core(&b->np->addr, &portal);
		if (b->np->net_cookie == asker->net_cookie &&
		    icore_addr_report(&portal, &asker->local, &shown))
			icore_st_address(o, &shown, pg->tag);
	}
}

static void tiscsi_st_one(struct icore_out *o, struct tiscsi_target *t,
			  const struct tiscsi_st_asker *asker)
{
	struct tiscsi_pg *pg;
	bool named = false;

	list_for_each_entry(pg, &t->pgs, node) {
		if (!tiscsi_st_reaches(pg, asker) || !tiscsi_tcm_visible(pg, asker->initiator))
			continue;
		if (!named)
			icore_st_target(o, t->name);
		named = true;
		tiscsi_st_portals(o, pg, asker);
	}
}

static void tiscsi_st_all(struct icore_out *o, enum icore_st_kind kind, const char *name,
			  struct tiscsi_pg *own, const struct tiscsi_st_asker *asker)
{
	struct tiscsi_target *t;

	mutex_lock(&tiscsi_mutex);
	list_for_each_entry(t, &tiscsi_targets, node) {
		if (own && own->target != t)
			continue;
		if (kind == ICORE_ST_NAME && strcasecmp(t->name, name))
			continue;
		tiscsi_st_one(o, t, asker);
	}
	mutex_unlock(&tiscsi_mutex);
}

int tiscsi_sendtargets(enum icore_st_kind kind, const char *name, const char *initiator,
		       struct tiscsi_pg *own, const struct tiscsi_sock *sock, char **out, u32 *len)
{
	struct tiscsi_st_asker asker = {
		.initiator = initiator,
		.net_cookie = sock->net_cookie,
	};
	struct icore_out o;
	u32 cap;
	char *buf;

	tiscsi_addr_to_core(&sock->local, &asker.local);
	for (cap = TISCSI_ST_FIRST; cap <= TISCSI_ST_MAX; cap *= 4) {
		buf = kvmalloc(cap, GFP_KERNEL);
		if (!buf)
			return -ENOMEM;
		icore_out_init(&o, buf, cap);
		tiscsi_st_all(&o, kind, name, own, &asker);
		if (!o.overflow) {
			*out = buf;
			*len = o.len;
			return 0;
		}
		kvfree(buf);
	}
	return -ENOMEM;
}

/* -- the session -- */

static bool tiscsi_discovery_is(const struct tiscsi_login *login, const char *initiator,
				const u8 isid[6])
{
	return !memcmp(login->mem->core.isid, isid, 6) &&
	       !strcmp(login->mem->core.initiator, initiator);
}

void tiscsi_discovery_end(struct tiscsi_pg *pg, const char *initiator, const u8 isid[6])
	__must_hold(&pg->lock)
{
	struct tiscsi_login *login;

	lockdep_assert_held(&pg->lock);
	list_for_each_entry(login, &pg->discoveries, disc_node)
		if (tiscsi_discovery_is(login, initiator, isid))
			tiscsi_login_kill(login);
}

static int tiscsi_discovery_enter_pg(struct tiscsi_login *login)
{
	const struct icore_login *core = &login->mem->core;
	struct tiscsi_pg *pg = login->pg;
	struct tiscsi_sess *sess;
	int ret = 0;

	spin_lock(&pg->lock);
	sess = tiscsi_sess_find(pg, core->initiator, core->isid);
	if (!pg->enabled) {
		ret = -ESHUTDOWN;
	} else if (sess && !tiscsi_sess_replace(sess, login)) {
		ret = -EBUSY;
	} else {
		tiscsi_discovery_end(pg, core->initiator, core->isid);
		list_add_tail(&login->disc_node, &pg->discoveries);
	}
	spin_unlock(&pg->lock);
	return ret;
}

static void tiscsi_discovery_enter_np(struct tiscsi_login *login)
{
	const struct icore_login *core = &login->mem->core;
	struct tiscsi_np *np = login->np;
	struct tiscsi_login *other;

	spin_lock(&np->lock);
	list_for_each_entry(other, &np->slots, np_node)
		if (other->open && tiscsi_discovery_is(other, core->initiator, core->isid))
			tiscsi_login_kill(other);
	login->open = true;
	spin_unlock(&np->lock);
}

int tiscsi_discovery_start(struct tiscsi_login *login)
{
	struct tiscsi_discovery *d = login->disc;
	int tsih;

	/* Both are there already if it had to wait. */
	if (!login->tsih) {
		tsih = tiscsi_tsih_get();
		if (tsih < 0)
			return tsih;
		login->tsih = tsih;
	}
	if (!d) {
		d = kvzalloc(sizeof(*d), GFP_KERNEL);
		if (!d)
			return -ENOMEM;
		d->text.buf = d->buf;
		d->text.cap = sizeof(d->buf);
		d->itt = ICORE_RTAG;
		d->cmdsn = login->mem->core.cmdsn;
		login->disc = d;
	}
	if (login->pg)
		return tiscsi_discovery_enter_pg(login);
	tiscsi_discovery_enter_np(login);
	return 0;
}

/*
 * MaxConnections is 1 (7.4.1), and there is nothing that a reinstated connection
 * could go on with: a login without TSIH does the same.
 */
enum icore_login_status tiscsi_discovery_join(struct tiscsi_login *login, const char **reason)
{
	const struct icore_login *core = &login->mem->core;
	struct tiscsi_np *np = login->np;
	struct tiscsi_login *other;
	bool known = false;

	if (login->pg) {
		spin_lock(&login->pg->lock);
		list_for_each_entry(other, &login->pg->discoveries, disc_node)
			known |= other->tsih == core->tsih &&
				 tiscsi_discovery_is(other, core->initiator, core->isid);
		spin_unlock(&login->pg->lock);
	} else {
		spin_lock(&np->lock);
		list_for_each_entry(other, &np->slots, np_node)
			known |= other->open && other->tsih == core->tsih &&
				 tiscsi_discovery_is(other, core->initiator, core->isid);
		spin_unlock(&np->lock);
	}
	*reason = known ? "a discovery session has one connection" : "no session with this TSIH";
	return known ? ICORE_LOGIN_TOO_MANY_CONNS : ICORE_LOGIN_NO_SESSION;
}

/* Its slot is on no list any more, where others find and compare it; the worker owns it. */
void tiscsi_discovery_free(struct tiscsi_login *login)
{
	struct tiscsi_discovery *d = login->disc;

	if (login->tsih)
		tiscsi_tsih_put(login->tsih);
	login->tsih = 0;
	login->disc = NULL;
	if (!d)
		return;
	kvfree(d->out);
	kvfree(d);
}

/* Header, data segment and digests into the slot's send buffer. */
static void tiscsi_discovery_send(struct tiscsi_login *login, struct icore_bhs *bhs,
				  const void *data, u32 len, bool status)
{
	const struct icore_params *p = &login->mem->core.nego.params;
	struct tiscsi_discovery *d = login->disc;
	u8 *tx = login->mem->tx;
	u32 pad = icore_pad(len);
	__le32 digest;

	icore_enc_stamp(bhs, login->mem->core.statsn, d->cmdsn, d->cmdsn);
	if (status)
		login->mem->core.statsn++;
	memcpy(tx, bhs, sizeof(*bhs));
	tx += sizeof(*bhs);
	if (p->header_digest) {
		digest = icore_digest(bhs, sizeof(*bhs));
		memcpy(tx, &digest, sizeof(digest));
		tx += sizeof(digest);
	}
	memcpy(tx, data, len);
	memset(tx + len, 0, pad);
	if (len && p->data_digest) {
		digest = icore_digest(tx, len + pad);
		memcpy(tx + len + pad, &digest, sizeof(digest));
		tx += sizeof(digest);
	}
	login->tx_len = tx + len + pad - login->mem->tx;
	login->tx_off = 0;
}

static bool tiscsi_discovery_reject(struct tiscsi_login *login, u8 reason)
{
	struct icore_bhs bhs, bad = login->mem->rx.bhs;

	icore_enc_reject(&bhs, reason, sizeof(bad));
	tiscsi_discovery_send(login, &bhs, &bad, sizeof(bad), true);
	return true;
}

/* Its worker's alone; what was sent of the answer was copied. */
static void tiscsi_discovery_reset(struct tiscsi_discovery *d)
{
	kvfree(d->out);
	d->out = NULL;
	d->out_len = 0;
	d->out_pos = 0;
	d->text.len = 0;
	d->itt = ICORE_RTAG;
}

static bool tiscsi_discovery_part(struct tiscsi_login *login, const struct icore_pdu *pdu)
{
	/* The slot's send buffer holds 8192 bytes of data, whatever the peer takes. */
	u32 max = min_t(u32, login->mem->core.nego.params.mrdsl_out, ICORE_LOGIN_DSL);
	struct tiscsi_discovery *d = login->disc;
	struct icore_bhs bhs;
	bool cut = false;
	bool last;
	u32 n, pos;

	pos = d->out_pos;
	n = icore_st_cut(d->out, d->out_len, pos, max, &cut);
	d->out_pos += n;
	last = d->out_pos == d->out_len;
	if (!last && ++d->bookmark == ICORE_RTAG)
		d->bookmark = 1;
	icore_enc_text_rsp(&bhs, pdu->itt, last ? ICORE_RTAG : d->bookmark,
			   (last ? ICORE_F_FINAL : 0) | (cut ? ICORE_F_CONTINUE : 0), n);
	tiscsi_discovery_send(login, &bhs, d->out + pos, n, true);
	if (last)
		tiscsi_discovery_reset(d);
	return true;
}

/* The request is whole: exactly one SendTargets (Appendix C). */
static bool tiscsi_discovery_answer(struct tiscsi_login *login, const struct icore_pdu *pdu)
{
	struct tiscsi_discovery *d = login->disc;
	char name[ICORE_NAME_MAX + 1];
	enum icore_st_kind kind;
	struct icore_kv kv, more;
	struct icore_bhs bhs;
	u32 pos = 0;

	if (!d->text.len) {
		icore_enc_text_rsp(&bhs, pdu->itt, ICORE_RTAG, ICORE_F_FINAL, 0);
		tiscsi_discovery_send(login, &bhs, NULL, 0, true);
		tiscsi_discovery_reset(d);
		return true;
	}
	if (icore_text_next(&d->text, &pos, &kv) != ICORE_TEXT_PAIR ||
	    strcmp(kv.key, "SendTargets") ||
	    icore_text_next(&d->text, &pos, &more) != ICORE_TEXT_END)
		goto bad;
	kind = icore_st_parse(kv.value, name);
	/* An unnamed discovery session has no own target to tell about. */
	if (kind == ICORE_ST_BAD || (kind == ICORE_ST_SELF && !login->pg))
		goto bad;
	if (tiscsi_sendtargets(kind, name, login->mem->core.initiator,
			       kind == ICORE_ST_SELF ? login->pg : NULL, login->sock,
			       &d->out, &d->out_len)) {
		tiscsi_discovery_reset(d);
		return tiscsi_discovery_reject(login, ICORE_REJECT_LONG_OPERATION);
	}
	d->out_pos = 0;
	return tiscsi_discovery_part(login, pdu);

bad:
	tiscsi_discovery_reset(d);
	return tiscsi_discovery_reject(login, ICORE_REJECT_PROTOCOL);
}

static bool tiscsi_discovery_text(struct tiscsi_login *login, const struct icore_pdu *pdu,
				  const u8 *data)
{
	struct tiscsi_discovery *d = login->disc;
	struct icore_bhs bhs;

	if (pdu->ttt != ICORE_RTAG) {
		if (d->itt != pdu->itt || pdu->ttt != d->bookmark)
			return tiscsi_discovery_reject(login, ICORE_REJECT_INVALID_FIELD);
		if (d->out && !pdu->dsl)
			return tiscsi_discovery_part(login, pdu);
	} else {
		tiscsi_discovery_reset(d);
	}
	d->itt = pdu->itt;
	if (!icore_text_add(&d->text, data, pdu->dsl)) {
		tiscsi_discovery_reset(d);
		return tiscsi_discovery_reject(login, ICORE_REJECT_PROTOCOL);
	}
	if (pdu->text.cont || !pdu->final) {
		if (++d->bookmark == ICORE_RTAG)
			d->bookmark = 1;
		icore_enc_text_rsp(&bhs, pdu->itt, d->bookmark, 0, 0);
		tiscsi_discovery_send(login, &bhs, NULL, 0, true);
		return true;
	}
	return tiscsi_discovery_answer(login, pdu);
}

static bool tiscsi_discovery_logout(struct tiscsi_login *login, const struct icore_pdu *pdu)
{
	u8 response = ICORE_LOGOUT_RSP_SUCCESS;
	struct icore_bhs bhs;

	/* To close the only connection is to close the session. */
	if (pdu->logout.reason == ICORE_LOGOUT_RECOVERY)
		response = ICORE_LOGOUT_RSP_NO_RECOVERY;
	else if (pdu->logout.reason == ICORE_LOGOUT_CLOSE_CONN &&
		 pdu->logout.cid != login->mem->core.cid)
		response = ICORE_LOGOUT_RSP_CID_NOT_FOUND;

	icore_enc_logout_rsp(&bhs, pdu->itt, response, 0, 0);
	tiscsi_discovery_send(login, &bhs, NULL, 0, true);
	return response != ICORE_LOGOUT_RSP_SUCCESS;
}

bool tiscsi_discovery_pdu(struct tiscsi_login *login, const struct icore_pdu *pdu,
			  const u8 *data)
{
	struct tiscsi_discovery *d = login->disc;

	login->tx_len = 0;
	login->tx_off = 0;
	if (pdu->verdict != ICORE_OK)
		return tiscsi_discovery_reject(login, pdu->reason);
	if (pdu->opcode != ICORE_OP_TEXT_REQ && pdu->opcode != ICORE_OP_LOGOUT_REQ)
		return tiscsi_discovery_reject(login, ICORE_REJECT_NOT_SUPPORTED);
	if (!pdu->immediate) {
		/* Outside the window or a duplicate: silence (4.2.2.1). */
		if (pdu->cmdsn != d->cmdsn)
			return true;
		d->cmdsn++;
	}
	if (pdu->opcode == ICORE_OP_LOGOUT_REQ)
		return tiscsi_discovery_logout(login, pdu);
	return tiscsi_discovery_text(login, pdu, data);
}
