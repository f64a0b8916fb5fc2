// SPDX-License-Identifier: GPL-2.0
/*
 * Login: a few worker threads, many peers, nobody waits for a peer.
 *
 * Each slot is bound to one worker, and everything that happens to it (bytes
 * arrived, time is up, told to go) is an item in that worker's queue. So the slot
 * has one owner without any lock, and a step is a few microseconds of work.
 *
 * The end of a slot. The timer is stopped and the slot leaves the lists on which
 * others could find it and read its names; then the socket and the memory go, and
 * free_work is queued. The queue is served in order, so whatever was queued for the
 * slot before has run by then and found TISCSI_LOGIN_OVER.
 */
#include <linux/slab.h>
#include <linux/mm.h>
#include <linux/wait.h>

#include "crypto.h"
#include "login.h"
#include "portal.h"
#include "report.h"
#include "session.h"
#include "target.h"
#include "tune.h"
#include "../mgmt/mgmt.h"
#include "../tcm/tcm.h"

/* PDUs handled per visit, so that one busy slot does not hold up the others. */
#define TISCSI_LOGIN_STEPS	8

static struct kthread_worker *tiscsi_login_workers[8];
static unsigned int tiscsi_nr_workers;
static atomic_t tiscsi_next_worker = ATOMIC_INIT(0);
static atomic_t tiscsi_nr_logins = ATOMIC_INIT(0);
static DECLARE_WAIT_QUEUE_HEAD(tiscsi_no_logins);

/* -- waking -- */

static void tiscsi_login_notify(void *owner, unsigned int what)
{
	struct tiscsi_login *login = owner;

	kthread_queue_work(login->worker, &login->work);
}

void tiscsi_login_kick(struct tiscsi_login *login)
{
	kthread_queue_work(login->worker, &login->work);
}

void tiscsi_login_kill(struct tiscsi_login *login)
{
	WRITE_ONCE(login->kill, true);
	kthread_queue_work(login->worker, &login->work);
}

/* -- the end of a slot -- */

/* The last item: timer, socket and lists were let go before it was queued, see above. */
static void tiscsi_login_free_work(struct kthread_work *work)
{
	struct tiscsi_login *login = container_of(work, struct tiscsi_login, free_work);

	tiscsi_np_put(login->np);
	kfree(login);
	if (atomic_dec_and_test(&tiscsi_nr_logins))
		wake_up_all(&tiscsi_no_logins);
}

/* False if the wait was over already. */
static bool tiscsi_login_stop_waiting(struct tiscsi_login *login)
{
	bool waiting;

	spin_lock(&login->pg->lock);
	waiting = login->waiting;
	login->waiting = false;
	list_del_init(&login->wait_node);
	spin_unlock(&login->pg->lock);
	return waiting;
}

static void tiscsi_login_unbind(struct tiscsi_login *login)
{
	struct tiscsi_pg *pg = login->pg;

	if (!pg)
		return;
	tiscsi_login_stop_waiting(login);
	spin_lock(&pg->lock);
	list_del_init(&login->disc_node);
	spin_unlock(&pg->lock);
	/* A session that we were to continue has nobody else. */
	if (login->sess)
		tiscsi_sess_reap(login->sess);
	login->sess = NULL;
	WRITE_ONCE(login->pg, NULL);
	tiscsi_pg_put(pg);
}

/*
 * The memory of the login, with its secrets, is its worker's alone, but for the names that
 * are compared on the lists of discovery sessions: it leaves those first. The slot itself
 * goes with free_work.
 */
static void tiscsi_login_end(struct tiscsi_login *login)
{
	if (login->phase == TISCSI_LOGIN_OVER)
		return;
	login->phase = TISCSI_LOGIN_OVER;
	timer_delete_sync(&login->timer);
	tiscsi_np_del_slot(login->np, login);
	if (login->sock) {
		tiscsi_sock_release(login->sock, false);
		login->sock = NULL;
	}
	tiscsi_login_unbind(login);
	tiscsi_discovery_free(login);
	if (login->mem) {
		icore_login_wipe(&login->mem->core);
		memzero_explicit(&login->mem->cred, sizeof(login->mem->cred));
		kvfree(login->mem);
		login->mem = NULL;
	}
	kthread_queue_work(login->worker, &login->free_work);
}

/* Softirq: the worker decides what it means. */
static void tiscsi_login_timer(struct timer_list *t)
{
	struct tiscsi_login *login = timer_container_of(login, t, timer);

	WRITE_ONCE(login->expired, true);
	kthread_queue_work(login->worker, &login->work);
}

/* A deadline that has fired but was not yet acted on is forgotten. */
static void tiscsi_login_set_deadline(struct tiscsi_login *login, unsigned long delay)
{
	timer_delete_sync(&login->timer);
	WRITE_ONCE(login->expired, false);
	mod_timer(&login->timer, jiffies + delay);
}

/* The portal group's own limit; it counts from accept, and may be over already. */
static void tiscsi_login_limit(struct tiscsi_login *login, u32 seconds)
{
	const unsigned long passed = jiffies - login->began;
	const unsigned long whole = (unsigned long)seconds * HZ;

	tiscsi_login_set_deadline(login, whole > passed ? whole - passed : 0);
}

/* Closed without an answer: there is no status, only a reason. */
static void tiscsi_login_give_up(struct tiscsi_login *login, const char *reason)
{
	tiscsi_report_give_up(login, reason);
	tiscsi_login_end(login);
}

/* -- sending -- */

/*
 * As tiscsi_sock_send(), but -EAGAIN only if a callback will follow. The second try is
 * for an acknowledgment between the first and the question.
 */
static int tiscsi_login_send(struct tiscsi_login *login)
{
	const void *at = login->mem->tx + login->tx_off;
	u32 len = login->tx_len - login->tx_off;
	int ret;

	ret = tiscsi_sock_send(login->sock, at, len);
	if (ret != -EAGAIN || !tiscsi_sock_sent_all(login->sock))
		return ret;
	ret = tiscsi_sock_send(login->sock, at, len);
	return ret == -EAGAIN && tiscsi_sock_sent_all(login->sock) ? -ENOMEM : ret;
}

/* False while bytes are left or the slot has ended. */
static bool tiscsi_login_flush(struct tiscsi_login *login)
{
	int ret;

	while (login->tx_off < login->tx_len) {
		ret = tiscsi_login_send(login);
		if (ret == -EAGAIN)
			return false;
		if (ret <= 0) {
			tiscsi_login_end(login);
			return false;
		}
		login->tx_off += ret;
	}
	if (login->phase == TISCSI_LOGIN_FLUSH) {
		tiscsi_login_end(login);
		return false;
	}
	return true;
}

static void tiscsi_login_queue_answer(struct tiscsi_login *login)
{
	struct tiscsi_login_mem *mem = login->mem;
	struct icore_bhs bhs;
	const char *data;
	u32 len, pad;

	icore_login_next_pdu(&mem->core, &bhs, &data, &len);
	pad = icore_pad(len);
	memcpy(mem->tx, &bhs, sizeof(bhs));
	memcpy(mem->tx + sizeof(bhs), data, len);
	memset(mem->tx + sizeof(bhs) + len, 0, pad);
	login->tx_len = sizeof(bhs) + len + pad;
	login->tx_off = 0;
}

/* -- what the protocol machine asks for -- */

/*
 * The group's logins go elsewhere: say so before anything is proved. RFC 7143 11.13.5
 * leaves it open whether security comes first. Where a target is found is no secret,
 * discovery tells strangers as much; the initiator has nothing to gain from showing
 * its proof to somebody who will not serve it; and this end may not be able to judge
 * it any more, which is what redirection is for: a group that was disabled for a
 * failover redirects, too. Who must not be led astray authenticates the target at the
 * other end.
 *
 * A login that names a session (TSIH) wants to join what is here, so it is not sent
 * away. False: nothing of the kind. Called under tiscsi_mutex, which keeps the group
 * and its redirection alive; nothing else of the group is used, hence it is not bound.
 */
static bool tiscsi_login_redirected(struct tiscsi_login *login, struct tiscsi_pg *pg,
				    enum icore_login_action *action)
	__must_hold(&tiscsi_mutex)
{
	struct icore_login *core = &login->mem->core;

	lockdep_assert_held(&tiscsi_mutex);
	if (!pg->redirect || core->tsih)
		return false;
	*action = icore_login_redirect(core, pg->redirect);
	tiscsi_stats_login(&pg->target->stats, core->status, core->initiator, &login->peer);
	return true;
}

static enum icore_login_action tiscsi_login_bind(struct tiscsi_login *login)
{
	struct tiscsi_login_mem *mem = login->mem;
	struct icore_login *core = &mem->core;
	struct icore_login_policy policy = {};
	enum icore_login_action redirect;
	enum icore_login_status status;
	const char *reason = NULL;
	struct tiscsi_pg *pg;
	bool exists = false;
	bool usable = false;

	policy.leading = core->tsih == 0;
	if (!core->target[0]) {
		if (core->tsih) {
			status = tiscsi_discovery_join(login, &reason);
			return icore_login_refuse(core, status, reason);
		}
		tiscsi_tcm_discovery_policy(&policy, &mem->cred);
		return icore_login_bound(core, &policy);
	}

	mutex_lock(&tiscsi_mutex);
	pg = tiscsi_np_find(login->np, core->target, &exists);
	if (pg && tiscsi_login_redirected(login, pg, &redirect)) {
		mutex_unlock(&tiscsi_mutex);
		return redirect;
	}
	if (pg)
		usable = tiscsi_pg_get(pg);
	/* Under the mutex: whoever disables the group then finds this login. */
	if (usable)
		WRITE_ONCE(login->pg, pg);
	mutex_unlock(&tiscsi_mutex);

	if (!pg)
		return icore_login_refuse(core, ICORE_LOGIN_NOT_FOUND, exists ?
					  "target is not at this portal" : "no such target");
	if (!usable)
		return icore_login_refuse(core, ICORE_LOGIN_UNAVAILABLE,
					  "portal group is disabled");
	/* A session that is here may get its connection back. */
	if (READ_ONCE(pg->draining) && !core->tsih)
		return icore_login_refuse(core, ICORE_LOGIN_UNAVAILABLE, tiscsi_draining);

	tiscsi_login_limit(login, tiscsi_tcm_login_timeout(pg));
	status = tiscsi_tcm_policy(pg, core->initiator, &policy, &mem->cred, &reason);
	if (status != ICORE_LOGIN_SUCCESS)
		return icore_login_refuse(core, status, reason);
	if (core->tsih)
		status = core->discovery ? tiscsi_discovery_join(login, &reason) :
					   tiscsi_sess_may_join(pg, core, &reason);
	if (status != ICORE_LOGIN_SUCCESS)
		return icore_login_refuse(core, status, reason);
	policy.send_tpgt = true;
	return icore_login_bound(core, &policy);
}

static int tiscsi_login_start_session(struct tiscsi_login *login, enum icore_login_status *status,
				      const char **reason)
{
	int ret;

	if (!login->mem->core.discovery)
		return login->mem->core.tsih ? tiscsi_sess_continue(login, status, reason) :
					       tiscsi_sess_start(login, status, reason);
	ret = tiscsi_discovery_start(login);
	*status = ret == -ESHUTDOWN ? ICORE_LOGIN_UNAVAILABLE : ICORE_LOGIN_NO_RESOURCES;
	*reason = ret == -ESHUTDOWN ? "portal group is disabled" : "no memory";
	return ret;
}

/* True: the machine goes on with *@action; false: parked or handed over. */
static bool tiscsi_login_accept(struct tiscsi_login *login, enum icore_login_action *action)
{
	struct icore_login *core = &login->mem->core;
	struct net *net = tiscsi_sock_hold_net(login->sock);
	enum icore_login_status status;
	const char *reason;
	int ret;

	login->phase = TISCSI_LOGIN_NEGOTIATE;
	login->agreed = true;
	ret = tiscsi_login_start_session(login, &status, &reason);
	if (!ret)
		tiscsi_report_success(login, net);
	tiscsi_net_release(net);
	if (ret == -EBUSY) {
		login->phase = TISCSI_LOGIN_PARKED;
		return false;
	}
	if (ret) {
		*action = icore_login_refuse(core, status, reason);
		return true;
	}
	if (core->discovery) {
		*action = icore_login_finish(core, login->tsih);
		return true;
	}
	tiscsi_login_end(login);
	return false;
}

static void tiscsi_login_fail(struct tiscsi_login *login)
{
	struct icore_login *core = &login->mem->core;

	tiscsi_report_refusal(login, core->status, core->reason);
	tiscsi_login_queue_answer(login);
	if (core->status == ICORE_LOGIN_AUTH_FAILED) {
		/* Guessing costs time; no thread waits for it. */
		login->phase = TISCSI_LOGIN_DELAYED;
		tiscsi_login_set_deadline(login, msecs_to_jiffies(TISCSI_AUTH_DELAY_MS));
		return;
	}
	login->phase = TISCSI_LOGIN_FLUSH;
	tiscsi_login_flush(login);
}

static void tiscsi_login_act(struct tiscsi_login *login, enum icore_login_action action)
{
	for (;;) {
		switch (action) {
		case ICORE_LOGIN_DO_BIND:
			action = tiscsi_login_bind(login);
			continue;
		case ICORE_LOGIN_DO_ACCEPT:
			if (!tiscsi_login_accept(login, &action))
				return;
			continue;
		case ICORE_LOGIN_DO_SEND:
			tiscsi_login_queue_answer(login);
			tiscsi_login_flush(login);
			return;
		case ICORE_LOGIN_DO_FINISH:
			tiscsi_login_queue_answer(login);
			login->phase = TISCSI_LOGIN_DISCOVERY;
			tiscsi_login_set_deadline(login, TISCSI_DISCOVERY_IDLE * HZ);
			tiscsi_login_flush(login);
			return;
		case ICORE_LOGIN_DO_FAIL:
			tiscsi_login_fail(login);
			return;
		case ICORE_LOGIN_DO_DROP:
			tiscsi_login_give_up(login, "first PDU is not a login request");
			return;
		}
		return;
	}
}

/* -- receiving -- */

static void tiscsi_login_prove(struct tiscsi_login *login)
{
	if (!login->proven)
		tiscsi_np_prove(login->np, login);
}

static void tiscsi_login_pdu(struct tiscsi_login *login)
{
	struct tiscsi_login_mem *mem = login->mem;

	if (login->phase == TISCSI_LOGIN_DISCOVERY) {
		tiscsi_login_set_deadline(login, TISCSI_DISCOVERY_IDLE * HZ);
		if (!mem->rx.digest_ok) {
			tiscsi_login_give_up(login, "data digest error in a discovery session");
			return;
		}
		if (!tiscsi_discovery_pdu(login, &mem->rx.pdu, mem->data))
			login->phase = TISCSI_LOGIN_FLUSH;
		tiscsi_login_flush(login);
		return;
	}
	tiscsi_login_prove(login);
	tiscsi_login_act(login, icore_login_pdu(&mem->core, &mem->rx.pdu, mem->data));
}

/* Move bytes for one want. Return: bytes, or what tiscsi_sock_recv() said. */
static int tiscsi_login_recv_want(struct tiscsi_login *login, struct icore_rx_want *want)
{
	struct tiscsi_login_mem *mem = login->mem;
	u8 scratch[64];
	int ret;

	icore_rx_want(&mem->rx, want);
	switch (want->kind) {
	case ICORE_RX_COLLECT:
		return tiscsi_sock_recv(login->sock, want->dst, want->len);
	case ICORE_RX_PAYLOAD:
		ret = tiscsi_sock_recv(login->sock, mem->data + want->off, want->len);
		if (ret > 0 && icore_rx_wants_crc(&mem->rx))
			icore_rx_crc(&mem->rx, mem->data + want->off, ret);
		return ret;
	case ICORE_RX_SKIP:
		break;
	}
	return tiscsi_sock_recv(login->sock, scratch, min_t(u32, want->len, sizeof(scratch)));
}

/* Digests of a discovery session begin with the PDU after the final response. */
static void tiscsi_login_digests(struct tiscsi_login *login)
{
	const struct icore_params *p = &login->mem->core.nego.params;

	if (login->phase != TISCSI_LOGIN_DISCOVERY || login->digests)
		return;
	login->digests = true;
	icore_rx_set_digests(&login->mem->rx, p->header_digest, p->data_digest, ICORE_LOGIN_DSL);
}

/* True when a whole PDU was handled; false when there is nothing more to do now. */
static bool tiscsi_login_receive(struct tiscsi_login *login)
{
	struct tiscsi_login_mem *mem = login->mem;
	struct icore_rx_want want;
	int ret;

	for (;;) {
		ret = tiscsi_login_recv_want(login, &want);
		if (ret == -EAGAIN)
			return false;
		if (ret <= 0) {
			if (login->phase == TISCSI_LOGIN_DISCOVERY || !login->proven)
				tiscsi_login_end(login);
			else
				tiscsi_login_give_up(login, tiscsi_sock_reason(ret));
			return false;
		}
		switch (icore_rx_advance(&mem->rx, ret)) {
		case ICORE_RX_MORE:
			break;
		case ICORE_RX_HEADER:
			if (mem->rx.pdu.dsl && (mem->rx.pdu.verdict == ICORE_OK ||
						login->phase == TISCSI_LOGIN_NEGOTIATE)) {
				icore_rx_take(&mem->rx, true);
				break;
			}
			mem->rx.digest_ok = true;
			tiscsi_login_pdu(login);
			if (login->phase == TISCSI_LOGIN_OVER)
				return false;
			icore_rx_take(&mem->rx, false);
			tiscsi_login_digests(login);
			return true;
		case ICORE_RX_DONE:
			tiscsi_login_pdu(login);
			if (login->phase == TISCSI_LOGIN_OVER)
				return false;
			icore_rx_next(&mem->rx);
			tiscsi_login_digests(login);
			return true;
		case ICORE_RX_FAIL:
			tiscsi_login_give_up(login, icore_rx_fail_name(mem->rx.fail));
			return false;
		}
	}
}

/* Memory for the text appears with the first byte that a peer sends. */
static bool tiscsi_login_get_mem(struct tiscsi_login *login)
{
	struct tiscsi_login_mem *mem;

	if (login->mem)
		return true;
	mem = kvzalloc(sizeof(*mem), GFP_KERNEL);
	if (!mem) {
		tiscsi_login_give_up(login, "no memory");
		return false;
	}
	icore_login_init(&mem->core, tiscsi_crypto(), mem->in, mem->out, 0);
	icore_rx_init(&mem->rx, ICORE_LOGIN_DSL);
	login->mem = mem;
	return true;
}

/* The time for what the slot is doing is up. */
static void tiscsi_login_expire(struct tiscsi_login *login)
{
	switch (login->phase) {
	case TISCSI_LOGIN_DELAYED:
		login->phase = TISCSI_LOGIN_FLUSH;
		tiscsi_login_set_deadline(login, TISCSI_LOGIN_TIMEOUT * HZ);
		tiscsi_login_flush(login);
		return;
	case TISCSI_LOGIN_PARKED:
		if (!tiscsi_login_stop_waiting(login)) {
			tiscsi_login_act(login, ICORE_LOGIN_DO_ACCEPT);
			return;
		}
		tiscsi_login_set_deadline(login, TISCSI_LOGIN_TIMEOUT * HZ);
		tiscsi_login_act(login, icore_login_refuse(&login->mem->core,
							   ICORE_LOGIN_UNAVAILABLE,
							   "old commands still run"));
		return;
	case TISCSI_LOGIN_NEGOTIATE:
		tiscsi_login_give_up(login, login->proven ?
				     "not finished within the login time" :
				     "no complete login request within the login time");
		return;
	case TISCSI_LOGIN_DISCOVERY:
	case TISCSI_LOGIN_FLUSH:
		tiscsi_login_end(login);
		return;
	case TISCSI_LOGIN_OVER:
		return;
	}
}

/* Before the first byte a peer costs a slot; this tells whether it has come. */
static bool tiscsi_login_has_byte(struct tiscsi_login *login)
{
	int ret = tiscsi_sock_peek(login->sock);

	if (ret > 0)
		return tiscsi_login_get_mem(login);
	if (ret != -EAGAIN)
		tiscsi_login_end(login);
	return false;
}

static void tiscsi_login_serve(struct tiscsi_login *login)
{
	int steps;

	if (login->mem ? !tiscsi_login_flush(login) : !tiscsi_login_has_byte(login))
		return;
	for (steps = 0; steps < TISCSI_LOGIN_STEPS; steps++) {
		if (login->phase != TISCSI_LOGIN_NEGOTIATE &&
		    login->phase != TISCSI_LOGIN_DISCOVERY)
			return;
		/* One request at a time: its answer goes out before the next is read. */
		if (login->tx_off < login->tx_len || !tiscsi_login_receive(login))
			return;
	}
	kthread_queue_work(login->worker, &login->work);
}

static void tiscsi_login_work(struct kthread_work *work)
{
	struct tiscsi_login *login = container_of(work, struct tiscsi_login, work);

	if (login->phase == TISCSI_LOGIN_OVER)
		return;
	if (!login->attached) {
		tiscsi_sock_attach(login->sock, tiscsi_login_notify, login);
		login->attached = true;
	}
	if (READ_ONCE(login->kill)) {
		tiscsi_login_end(login);
		return;
	}
	if (READ_ONCE(login->expired)) {
		WRITE_ONCE(login->expired, false);
		tiscsi_login_expire(login);
		return;
	}
	switch (login->phase) {
	case TISCSI_LOGIN_PARKED:
		if (!READ_ONCE(login->waiting))
			tiscsi_login_act(login, ICORE_LOGIN_DO_ACCEPT);
		return;
	case TISCSI_LOGIN_NEGOTIATE:
	case TISCSI_LOGIN_DISCOVERY:
		tiscsi_login_serve(login);
		return;
	case TISCSI_LOGIN_FLUSH:
		tiscsi_login_flush(login);
		return;
	case TISCSI_LOGIN_DELAYED:
	case TISCSI_LOGIN_OVER:
		return;
	}
}

/**
 * tiscsi_login_start - a peer connected
 * @np: its portal; a reference is passed in
 * @sock: its socket; passed in
 *
 * Acceptor thread. Once the slot is on the portal's list it belongs to its worker
 * and may be gone before this returns; hence joining the list is the last step,
 * and the worker itself attaches the callbacks on its first visit.
 * Return: 0; on an error the caller still owns both.
 */
int tiscsi_login_start(struct tiscsi_np *np, struct tiscsi_sock *sock)
{
	unsigned int w = (unsigned int)atomic_inc_return(&tiscsi_next_worker) % tiscsi_nr_workers;
	struct tiscsi_login *login;
	int ret;

	login = kzalloc(sizeof(*login), GFP_KERNEL);
	if (!login)
		return -ENOMEM;
	login->np = np;
	login->sock = sock;
	login->peer = sock->peer;
	login->worker = tiscsi_login_workers[w];
	INIT_LIST_HEAD(&login->np_node);
	INIT_LIST_HEAD(&login->all_node);
	INIT_LIST_HEAD(&login->wait_node);
	INIT_LIST_HEAD(&login->disc_node);
	kthread_init_work(&login->work, tiscsi_login_work);
	kthread_init_work(&login->free_work, tiscsi_login_free_work);
	timer_setup(&login->timer, tiscsi_login_timer, 0);
	atomic_inc(&tiscsi_nr_logins);
	login->began = jiffies;
	mod_timer(&login->timer, login->began + TISCSI_LOGIN_TIMEOUT * HZ);

	ret = tiscsi_np_add_slot(np, login);
	if (ret) {
		timer_delete_sync(&login->timer);
		kfree(login);
		if (atomic_dec_and_test(&tiscsi_nr_logins))
			wake_up_all(&tiscsi_no_logins);
	}
	return ret;
}

int tiscsi_login_init(void)
{
	unsigned int n = clamp(tiscsi_login_worker_count(), 1U,
			       (unsigned int)ARRAY_SIZE(tiscsi_login_workers));
	struct kthread_worker *w;

	for (tiscsi_nr_workers = 0; tiscsi_nr_workers < n; tiscsi_nr_workers++) {
		w = kthread_run_worker(0, "tiscsi_login/%u", tiscsi_nr_workers);
		if (IS_ERR(w)) {
			tiscsi_login_exit();
			return PTR_ERR(w);
		}
		tiscsi_login_workers[tiscsi_nr_workers] = w;
	}
	return 0;
}

/* Every portal is closed, so every slot was killed; each ends in bounded work. */
void tiscsi_login_exit(void)
{
	wait_event(tiscsi_no_logins, !atomic_read(&tiscsi_nr_logins));
	while (tiscsi_nr_workers)
		kthread_destroy_worker(tiscsi_login_workers[--tiscsi_nr_workers]);
}
