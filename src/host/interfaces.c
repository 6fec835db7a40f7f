/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Read through the C library, and kept sorted. */
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "host/interfaces.h"

static int compare_names(const void *a, const void *b)
{
	return strcmp(a, b);
}

int host_interfaces(struct host_interfaces *out, struct err *err)
{
	struct host_interfaces set = {0};
	size_t count = 0;
	struct if_nameindex *all = if_nameindex();
	if (!all)
		return err_sys(err, errno, "cannot read the interfaces of this host");
	while (all[count].if_index)
		count++;
	set.names = calloc(count + 1, sizeof(*set.names));
	for (; set.names && set.count < count; set.count++)
		strncpy(set.names[set.count], all[set.count].if_name, IFNAME_MAX - 1);
	if_freenameindex(all);
	if (!set.names)
		return err_memory(err);
	qsort(set.names, set.count, sizeof(*set.names), compare_names);
	*out = set;
	return 0;
}

void host_interfaces_free(struct host_interfaces *set)
{
	free(set->names);
	*set = (struct host_interfaces){0};
}

static bool read_sockaddr(const struct sockaddr *sa, struct address *out)
{
	if (!sa || (sa->sa_family != AF_INET && sa->sa_family != AF_INET6))
		return false;
	*out = (struct address){0};
	if (sa->sa_family == AF_INET) {
		out->family = FAMILY_IPV4;
		memcpy(out->bytes, &((const struct sockaddr_in *)(const void *)sa)->sin_addr, 4);
	} else {
		out->family = FAMILY_IPV6;
		memcpy(out->bytes, &((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr, 16);
	}
	return true;
}

static uint8_t mask_length(const struct sockaddr *mask)
{
	struct address addr;
	unsigned int bits = 0;
	if (!read_sockaddr(mask, &addr))
		return 0;
	for (size_t i = 0; i < sizeof(addr.bytes); i++)
		bits += (unsigned int)__builtin_popcount(addr.bytes[i]);
	return (uint8_t)bits;
}

static int compare_addresses(const void *a, const void *b)
{
	const struct host_address *x = a, *y = b;
	int d = address_compare(&x->addr, &y->addr);
	return d ? d : strcmp(x->ifname, y->ifname);
}

int host_addresses(struct host_addresses *out, struct err *err)
{
	struct ifaddrs *all;
	size_t count = 0;
	if (getifaddrs(&all) < 0)
		return err_sys(err, errno, "cannot read the addresses of this host");
	for (const struct ifaddrs *i = all; i; i = i->ifa_next)
		count++;
	struct host_addresses set = {.items = calloc(count + 1, sizeof(*set.items))};
	if (!set.items) {
		freeifaddrs(all);
		return err_memory(err);
	}
	for (const struct ifaddrs *i = all; i; i = i->ifa_next) {
		struct host_address *a = &set.items[set.count];
		if (!read_sockaddr(i->ifa_addr, &a->addr))
			continue;
		memcpy(a->ifname, i->ifa_name, strnlen(i->ifa_name, sizeof(a->ifname) - 1));
		a->prefix = mask_length(i->ifa_netmask);
		set.count++;
	}
	freeifaddrs(all);
	qsort(set.items, set.count, sizeof(*set.items), compare_addresses);
	*out = set;
	return 0;
}

void host_addresses_free(struct host_addresses *set)
{
	free(set->items);
	*set = (struct host_addresses){0};
}

int host_own_addresses(struct addresses *out, struct err *err)
{
	struct host_addresses set = {0};
	if (host_addresses(&set, err) < 0)
		return -1;
	struct addresses own = {.items = calloc(set.count + 1, sizeof(*own.items))};
	for (; own.items && own.count < set.count; own.count++)
		own.items[own.count] = set.items[own.count].addr;
	host_addresses_free(&set);
	if (!own.items)
		return err_memory(err);
	*out = own;
	return 0;
}
