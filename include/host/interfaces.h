/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The interfaces and addresses of this host. It changes nothing.
 */
#ifndef PFWD_HOST_INTERFACES_H
#define PFWD_HOST_INTERFACES_H

#include "model/err.h"
#include "model/match.h"

struct host_interfaces {           /* a zeroed one is empty */
	char (*names)[IFNAME_MAX]; /* sorted */
	size_t count;
};
int host_interfaces(struct host_interfaces *out, struct err *err);
void host_interfaces_free(struct host_interfaces *set);
/* One interface of that name, or, for a name that ends in '+', one that begins so. */
bool host_has_interface(const struct host_interfaces *set, const char *name);
struct host_address {
	char ifname[IFNAME_MAX];
	struct address addr;
	uint8_t prefix;
};
struct host_addresses {             /* a zeroed one is empty */
	struct host_address *items; /* sorted by address, then interface */
	size_t count;
};
int host_addresses(struct host_addresses *out, struct err *err);
void host_addresses_free(struct host_addresses *set);
/* The addresses alone. The caller frees out->items. 0, or -1. */
int host_own_addresses(struct addresses *out, struct err *err);
/* The interface that owns an address, or NULL. */
const char *host_address_owner(const struct host_addresses *set, const struct address *addr);
/* The narrowest network that one of the interfaces is on and that holds addr; unset: none. */
struct network host_network_of(const struct host_addresses *set, const struct address *addr);
/* Whether addr is the broadcast address of a network that an interface is on: the last one of an
 * IPv4 network of four addresses or more (RFC 919, RFC 3021), also written as one of IPv6. */
bool host_is_broadcast(const struct host_addresses *set, const struct address *addr);

#endif
