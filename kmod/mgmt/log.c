// SPDX-License-Identifier: GPL-2.0
/*
 * Log lines about what peers do.
 *
 * One budget for the whole module, because one peer can play many; when it is
 * used up, the kernel's rate limiter counts the lines and says later how many
 * there were. Names are chosen by peers: they are printed with their length and
 * escaped, so no line can be forged. The message itself must not contain text
 * from a peer.
 */
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/printk.h>
#include <linux/ratelimit.h>
#include <linux/socket.h>
#include <linux/string.h>

#include "mgmt.h"

#define LOG_INTERVAL	(5 * HZ)
#define LOG_BURST	10
#define LOG_ADDR_SIZE	64	/* [v6%scope]:port */

static DEFINE_RATELIMIT_STATE(log_limit, LOG_INTERVAL, LOG_BURST);

static const char *or_dash(const char *name)
{
	return name && *name ? name : "-";
}

void tiscsi_log_peer(const char *initiator, const struct sockaddr_storage *peer,
		     const char *target, const char *fmt, ...)
{
	char addr[LOG_ADDR_SIZE] = "-";
	struct va_format vaf;
	va_list args;

	if (!__ratelimit(&log_limit))
		return;

	initiator = or_dash(initiator);
	target = or_dash(target);
	if (peer)
		snprintf(addr, sizeof(addr), "%pISpc", peer);

	va_start(args, fmt);
	vaf.fmt = fmt;
	vaf.va = &args;
	pr_notice("%*pE from %s at %*pE: %pV\n", (int)strlen(initiator), initiator, addr,
		  (int)strlen(target), target, &vaf);
	va_end(args);
}
