/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Listening sockets, from /proc/net/tcp and its kin. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>

#include "kernel/host.h"
#include "model/array.h"

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

static int keep(struct host_listeners *set, const struct host_listener *one, struct err *err)
{
	void *items = set->items;
	struct host_listener *kept = array_append(&items, &set->count, sizeof(*kept));
	set->items = items;
	if (!kept)
		return err_memory(err);
	*kept = *one;
	return 0;
}

static int read_file(const char *path, enum family family, enum proto proto,
		     struct host_listeners *out, struct err *err)
{
	char line[512], hex[33];
	unsigned int port, state, wanted = proto == PROTO_TCP ? TCP_LISTEN_STATE : UDP_BOUND_STATE;
	int result = 0;
	FILE *file = fopen(path, "re");
	if (!file)
		return 0; /* a kernel without that family or protocol */
	while (result == 0 && fgets(line, sizeof(line), file)) {
		struct host_listener one = {.proto = (uint8_t)proto};
		if (sscanf(line, " %*d: %32[0-9A-F]:%x %*[0-9A-F]:%*x %x", hex, &port, &state) !=
			    3 ||
		    state != wanted || !read_address(hex, family, &one.addr))
			continue;
		one.port = (uint16_t)port;
		result = keep(out, &one, err);
	}
	fclose(file);
	return result;
}

int host_listeners(struct host_listeners *out, struct err *err)
{
	struct host_listeners set = {0};
	if (read_file("/proc/net/tcp", FAMILY_IPV4, PROTO_TCP, &set, err) < 0 ||
	    read_file("/proc/net/udp", FAMILY_IPV4, PROTO_UDP, &set, err) < 0 ||
	    read_file("/proc/net/tcp6", FAMILY_IPV6, PROTO_TCP, &set, err) < 0 ||
	    read_file("/proc/net/udp6", FAMILY_IPV6, PROTO_UDP, &set, err) < 0) {
		host_listeners_free(&set);
		return -1;
	}
	*out = set;
	return 0;
}

void host_listeners_free(struct host_listeners *set)
{
	free(set->items);
	*set = (struct host_listeners){0};
}

/* A socket bound to no address takes packets to all, one of IPv6 those of IPv4 too. */
static bool takes(const struct address *bound, enum family family, const struct address *addr)
{
	if (address_is_unspecified(bound))
		return bound->family == family || bound->family == FAMILY_IPV6;
	if (bound->family != family || address_is_loopback(bound))
		return false;
	return !address_is_set(addr) || address_equal(bound, addr);
}

uint16_t host_listens(const struct host_listeners *set, enum family family, enum proto proto,
		      const struct address *addr, struct ports ports)
{
	for (size_t i = 0; i < set->count; i++) {
		const struct host_listener *l = &set->items[i];
		if (l->proto == proto && ports_hold(ports, l->port) &&
		    takes(&l->addr, family, addr))
			return l->port;
	}
	return 0;
}
