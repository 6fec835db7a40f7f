/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which way packets take through this host, as the kernel says. It changes no route.
 */
#ifndef PFWD_HOST_ROUTE_H
#define PFWD_HOST_ROUTE_H

#include "host/links.h"

/* The interface that packets to addr leave by, into out; false: there is no route. */
bool route_interface(const struct address *addr, char out[IFNAME_MAX]);

struct route_question {
	struct address to;
	struct address from; /* none: this host's own choice */
	char in[IFNAME_MAX]; /* the interface that the packet comes in by; "": it is sent here */
	uint32_t mark;
};

struct route { /* a zeroed one says that there is none */
	enum route_kind {
		ROUTE_NONE, /* no route, or one that refuses; or the packet may not come in so */
		ROUTE_OUT,
		ROUTE_LOCAL, /* to this host */
	} kind;
	char out[IFNAME_MAX]; /* of ROUTE_OUT */
	struct address via;   /* the next router; none: the address itself is on that network */
	bool advertised;      /* the route came by a router advertisement; of IPv6 alone */
};

struct mnl_socket;
struct router {                         /* whom to ask: set socket and links, the rest zero */
	struct mnl_socket *socket;      /* of NETLINK_ROUTE */
	const struct host_links *links; /* the interfaces of this host */
	const struct host_link *last;   /* the interface of the last answer */
};
struct route route_ask(struct router *router, const struct route_question *question);

struct route_asked {
	struct route_question question;
	struct route route; /* the answer; filled in */
};
/* The same for many questions, in fewer steps. */
void route_ask_all(struct router *router, struct route_asked *asked, size_t count);
/* Whether packets to that address take a default route, or one that an VPN puts before it for half
 * of all addresses. */
bool route_is_default(struct mnl_socket *socket, const struct address *to);

#define ROUTE_UPLINKS_MAX 2 /* one a family */
/* The interfaces that default routes lead to; returns how many. */
size_t route_uplinks(char out[ROUTE_UPLINKS_MAX][IFNAME_MAX]);

#define ROUTE_MARKS_MAX 16

struct route_marks { /* for which, or without which, packets take a route of their own (ip-rule(8))
		      */
	struct route_mark {
		uint32_t mark;
		bool without;
	} items[ROUTE_MARKS_MAX];
	size_t count;
	bool rules; /* there are rules besides those that each host has, by marks or not */
};
/* More of them, and what cannot be read, are not told. */
void route_marks(struct mnl_socket *socket, struct route_marks *out);

struct neighbours {               /* a zeroed one is empty */
	struct addresses dead;    /* that do not answer: the kernel gave up to ask; sorted */
	struct addresses proxied; /* for which this host answers; sorted */
};
/* What cannot be read is not told. asked: those are dead too whose answer is still waited for. */
void neighbours_read(struct mnl_socket *socket, bool asked, struct neighbours *out);
void neighbours_free(struct neighbours *neighbours);
/* Whether a host on the network of that interface had the address when it was asked last. */
bool neighbour_answers(struct mnl_socket *socket, uint32_t link, const struct address *addr);
/* The number of the port of that bridge behind which an address of its network is, or 0: the host
 * there was silent for some minutes, or the kernel is older than 5.0. */
uint32_t neighbour_port(struct mnl_socket *socket, uint32_t bridge, const struct address *addr);

#endif
