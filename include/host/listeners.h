/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sockets of this host on which programs listen. It opens and closes none of them.
 */
#ifndef PFWD_HOST_LISTENERS_H
#define PFWD_HOST_LISTENERS_H

#include "model/err.h"
#include "model/match.h"

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
/* The lowest port of the box on which a program listens at a loopback address, and none listens for
 * packets that the box takes; or 0. */
uint16_t host_listens_on_loopback(const struct host_listeners *set, enum family family,
				  const struct match *box);

#endif
