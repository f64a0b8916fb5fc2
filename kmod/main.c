// SPDX-License-Identifier: GPL-2.0
/*
 * Load and unload: the order, and nothing else.
 *
 * Everything that a configfs write can reach is ready before the fabric is
 * registered, and nothing is taken down before it is unregistered. configfs
 * holds a module reference while a target exists, so unloading starts with no
 * portal, no session and only logins that are already ending.
 */
#include <linux/init.h>
#include <linux/mm.h>
#include <linux/module.h>

#include <tcm_iscsi/version.h>

#include "mgmt/mgmt.h"
#include "mgmt/verdict.h"
#include "net/net.h"
#include "sess/crypto.h"
#include "sess/login.h"
#include "sess/session.h"
#include "sess/target.h"
#include "sess/tune.h"
#include "tcm/tcm.h"

static char *fabric = "";
module_param(fabric, charp, 0444);
MODULE_PARM_DESC(fabric, "register under this fabric name instead of iscsi, to run beside iscsi_target_mod");

static unsigned int login_workers = 2;
module_param(login_workers, uint, 0444);
MODULE_PARM_DESC(login_workers, "threads that serve logins, 1 to 8 (default 2)");

static int io_nice;
module_param(io_nice, int, 0644);
MODULE_PARM_DESC(io_nice, "niceness of connection threads, -20 to 19 (default 0)");

static bool io_batch = true;
module_param(io_batch, bool, 0644);
MODULE_PARM_DESC(io_batch, "a connection's thread does not push aside what runs on its processor, and finds more to do at a time (default Y)");

static bool cold_reset;
module_param(cold_reset, bool, 0644);
MODULE_PARM_DESC(cold_reset, "initiators may reset a whole target, which disconnects everybody from it (default N)");

static bool spec_i_pt;
module_param(spec_i_pt, bool, 0644);
MODULE_PARM_DESC(spec_i_pt, "initiators may register others for reservations, which can make a LUN impossible to remove (default N)");

bool tiscsi_spec_i_pt(void)
{
	return READ_ONCE(spec_i_pt);
}

static unsigned int max_sessions = 256;
module_param(max_sessions, uint, 0644);
MODULE_PARM_DESC(max_sessions, "sessions of one initiator with one portal group (default 256)");

unsigned int tiscsi_max_sessions(void)
{
	return max(READ_ONCE(max_sessions), 1U);
}

static unsigned int data_mib;
module_param(data_mib, uint, 0644);
MODULE_PARM_DESC(data_mib, "MiB of data of all commands under way, above which sessions are told TASK SET FULL (default: a quarter of the memory)");

s64 tiscsi_data_budget(void)
{
	s64 mib = READ_ONCE(data_mib);

	return mib ? mib << 20 : (s64)totalram_pages() << PAGE_SHIFT >> 2;
}

static unsigned int max_logins = 2048;
module_param(max_logins, uint, 0644);
MODULE_PARM_DESC(max_logins, "logins under way on all portals together; above it silent peers have to go (default 2048)");

unsigned int tiscsi_max_logins(void)
{
	return max(READ_ONCE(max_logins), 1U);
}

static unsigned int drain_timeout = 60;
module_param(drain_timeout, uint, 0644);
MODULE_PARM_DESC(drain_timeout, "seconds that disabling a portal group waits for commands that a device does not finish (default 60, 0: for ever)");

unsigned int tiscsi_drain_timeout(void)
{
	return min(READ_ONCE(drain_timeout), 86400U);
}

int tiscsi_io_nice(void)
{
	return clamp(READ_ONCE(io_nice), -20, 19);
}

bool tiscsi_io_batch(void)
{
	return READ_ONCE(io_batch);
}

bool tiscsi_cold_reset(void)
{
	return READ_ONCE(cold_reset);
}

unsigned int tiscsi_login_worker_count(void)
{
	return login_workers;
}

static int __init tiscsi_init(void)
{
	int ret;

	ret = tiscsi_crypto_init();
	if (ret)
		return ret;
	ret = tiscsi_verdict_init();
	if (ret)
		goto err_crypto;
	ret = tiscsi_net_init();
	if (ret)
		goto err_verdict;
	ret = tiscsi_defer_init();
	if (ret)
		goto err_net;
	ret = tiscsi_sess_init();
	if (ret)
		goto err_defer;
	/* Before logins, because they tell of themselves. */
	ret = tiscsi_netlink_init();
	if (ret)
		goto err_sess;
	ret = tiscsi_login_init();
	if (ret)
		goto err_netlink;
	ret = tiscsi_portal_init();
	if (ret)
		goto err_login;
	ret = tiscsi_fabric_register(fabric[0] ? fabric : "iscsi", fabric[0] ? fabric : "iSCSI");
	if (ret)
		goto err_portal;
	return 0;

err_portal:
	tiscsi_portal_exit();
err_login:
	tiscsi_login_exit();
err_netlink:
	tiscsi_netlink_exit();
err_sess:
	tiscsi_sess_exit();
err_defer:
	tiscsi_defer_exit();
err_net:
	tiscsi_net_exit();
err_verdict:
	tiscsi_verdict_exit();
err_crypto:
	tiscsi_crypto_exit();
	return ret;
}

static void __exit tiscsi_exit(void)
{
	tiscsi_fabric_unregister();
	tiscsi_portal_exit();
	tiscsi_login_exit();
	tiscsi_netlink_exit();
	tiscsi_sess_exit();
	tiscsi_defer_exit();
	tiscsi_net_exit();
	tiscsi_verdict_exit();
	tiscsi_crypto_exit();
}

module_init(tiscsi_init);
module_exit(tiscsi_exit);

MODULE_DESCRIPTION("iSCSI target fabric for target_core_mod");
MODULE_AUTHOR("The tcm_iscsi developers");
MODULE_LICENSE("GPL");
MODULE_VERSION(TISCSI_VERSION);
