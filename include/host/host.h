/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What this host is: its privileges, interfaces, addresses, listening sockets, settings and the
 * nf_tables chains beside us. It changes nothing.
 */
#ifndef PFWD_HOST_HOST_H
#define PFWD_HOST_HOST_H

#include "model/match.h"
#include "model/err.h"
#include "conns/lookup.h"

/* 0, or -1 with ERR_PERMISSION where CAP_NET_ADMIN or CAP_NET_RAW is missing. */
int host_permitted(struct err *err);

/* A port by its name in $SERVICES or the system's services(5); a spec_services function. */
uint16_t host_service(const char *name, enum proto proto);

/* Whether this host forwards packets of that family; true where the system does not say. */
bool host_forwards(enum family family);
/* Whether conntrack counts packets and bytes; true where the system does not say. */
bool host_accounts(void);

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
/* The interface that owns an address, or NULL. */
const char *host_address_owner(const struct host_addresses *set, const struct address *addr);
/* The same for whoever looks for a connection's forward; set must outlive it. */
struct lookup_owner host_owner(const struct host_addresses *set);
/* The narrowest network that one of the interfaces is on and that holds addr; unset: none. */
struct network host_network_of(const struct host_addresses *set, const struct address *addr);

struct host_listener {
	struct address addr;     /* bound to; unspecified: to all */
	char ifname[IFNAME_MAX]; /* bound to; empty: to none */
	bool both;               /* families: bound to all of IPv6 and so of IPv4 too */
	uint16_t port;
	uint8_t proto;
};
struct host_listeners {              /* a zeroed one is empty */
	struct host_listener *items; /* sorted by port */
	size_t count;
};
/* The sockets of this host that listen, or take datagrams. */
int host_listeners(struct host_listeners *out, struct err *err);
void host_listeners_free(struct host_listeners *set);
/* The lowest port on which a program listens for packets that the box takes, or 0. */
uint16_t host_listens(const struct host_listeners *set, enum family family,
		      const struct match *box);

/* Call each for every nf_tables base chain with policy drop on the forward or input hook, with
 * "table FAMILY TABLE, chain CHAIN"; for none where the kernel does not say. */
enum host_hook {
	HOST_HOOK_INPUT = 1,   /* NF_INET_LOCAL_IN */
	HOST_HOOK_FORWARD = 2, /* NF_INET_FORWARD */
};
void host_nft_drops(enum family family, enum host_hook hook,
		    void (*each)(enum family family, const char *chain));

#endif
