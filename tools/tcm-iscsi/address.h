/* SPDX-License-Identifier: GPL-2.0 */
/* Addresses of portals. */
#ifndef ADDRESS_H
#define ADDRESS_H

struct ifaddrs;

/* What this machine has at the moment. */
struct addresses {
	struct ifaddrs *list;
};

enum address_kind {
	ADDRESS_NONE,		/* it is no address */
	ADDRESS_FOREIGN,	/* no interface has it */
	ADDRESS_LOCAL,
};

void addresses_load(struct addresses *local);
void addresses_free(struct addresses *local);
/* @text as in saveconfig.json and configfs: "10.0.0.1", "[fe80::1%eth0]". */
enum address_kind address_judge(const struct addresses *local, const char *text);

#endif /* ADDRESS_H */
