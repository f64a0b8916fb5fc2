// SPDX-License-Identifier: GPL-2.0
/*
 * Addresses of portals. The kernel listens on addresses that the machine does not have
 * (cluster managers need that), so whether it does is only worth a warning.
 */
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>

#include "address.h"

void addresses_load(struct addresses *local)
{
	if (getifaddrs(&local->list))
		local->list = NULL;
}

void addresses_free(struct addresses *local)
{
	if (local->list)
		freeifaddrs(local->list);
}

static enum address_kind find(const struct addresses *local, int family, const void *bytes,
			      size_t len)
{
	static const unsigned char any[16];
	const struct ifaddrs *entry;
	const void *have;

	if (!memcmp(bytes, any, len))
		return ADDRESS_LOCAL;
	for (entry = local->list; entry; entry = entry->ifa_next) {
		if (!entry->ifa_addr || entry->ifa_addr->sa_family != family)
			continue;
		if (family == AF_INET)
			have = &((const struct sockaddr_in *)entry->ifa_addr)->sin_addr;
		else
			have = &((const struct sockaddr_in6 *)entry->ifa_addr)->sin6_addr;
		if (!memcmp(have, bytes, len))
			return ADDRESS_LOCAL;
	}
	return ADDRESS_FOREIGN;
}

enum address_kind address_judge(const struct addresses *local, const char *text)
{
	char inner[INET6_ADDRSTRLEN + IF_NAMESIZE + 1];
	const size_t len = strlen(text);
	unsigned char bytes[16];
	char *scope;

	if (inet_pton(AF_INET, text, bytes) == 1)
		/* 127.0.0.0/8 as a whole is the loopback interface's. */
		return bytes[0] == 127 ? ADDRESS_LOCAL : find(local, AF_INET, bytes, 4);
	if (len < 4 || *text != '[' || text[len - 1] != ']' || len - 2 >= sizeof(inner))
		return ADDRESS_NONE;
	memcpy(inner, text + 1, len - 2);
	inner[len - 2] = '\0';
	scope = strchr(inner, '%');
	if (scope)
		*scope = '\0';
	if (inet_pton(AF_INET6, inner, bytes) != 1)
		return ADDRESS_NONE;
	return find(local, AF_INET6, bytes, 16);
}
