/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Listening sockets, from /proc/net/tcp and its kin. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>

#include "kernel/host.h"

#define TCP_LISTEN_STATE 0x0a /* TCP_LISTEN of the kernel's net/tcp_states.h */
#define UDP_BOUND_STATE 0x07  /* what an unconnected UDP socket shows: TCP_CLOSE */

/* The address in the file: words of four bytes in the host's order, each as a hexadecimal number.
 */
static bool read_address(const char *hex, enum family family, struct address *out)
{
	size_t words = family == FAMILY_IPV6 ? 4 : 1;
	*out = (struct address){.family = (uint8_t)family};
	if (strlen(hex) != words * 8)
		return false;
	for (size_t i = 0; i < words; i++) {
		char word[9] = {0};
		memcpy(word, hex + i * 8, 8);
		uint32_t value = (uint32_t)strtoul(word, NULL, 16);
		memcpy(out->bytes + i * 4, &value, 4);
	}
	return true;
}

/* A socket bound to no address takes packets to all, one of IPv6 those of IPv4 too. */
static bool takes(const struct address *bound, const struct address *addr)
{
	if (address_is_loopback(bound))
		return false;
	return address_is_unspecified(bound) || !address_is_set(addr) || address_equal(bound, addr);
}

static uint16_t search(const char *path, enum family family, enum proto proto,
		       const struct address *addr, struct ports ports, bool unspecified_only)
{
	char line[512];
	uint16_t found = 0;
	FILE *file = fopen(path, "re");
	if (!file)
		return 0;
	while (!found && fgets(line, sizeof(line), file)) {
		char hex[33];
		unsigned int port, state;
		struct address bound;
		if (sscanf(line, " %*d: %32[0-9A-F]:%x %*[0-9A-F]:%*x %x", hex, &port, &state) !=
			    3 ||
		    !read_address(hex, family, &bound))
			continue;
		if (state == (proto == PROTO_TCP ? TCP_LISTEN_STATE : UDP_BOUND_STATE) &&
		    ports_hold(ports, (uint16_t)port) && takes(&bound, addr) &&
		    (!unspecified_only || address_is_unspecified(&bound)))
			found = (uint16_t)port;
	}
	fclose(file);
	return found;
}

uint16_t host_listens(enum family family, enum proto proto, const struct address *addr,
		      struct ports ports)
{
	bool tcp = proto == PROTO_TCP;
	const char *six = tcp ? "/proc/net/tcp6" : "/proc/net/udp6";
	if (proto != PROTO_TCP && proto != PROTO_UDP)
		return 0;
	if (family == FAMILY_IPV6)
		return search(six, FAMILY_IPV6, proto, addr, ports, false);
	uint16_t found = search(tcp ? "/proc/net/tcp" : "/proc/net/udp", FAMILY_IPV4, proto, addr,
				ports, false);
	return found ? found : search(six, FAMILY_IPV6, proto, addr, ports, true);
}
