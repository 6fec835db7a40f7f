/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel tells of each interface: its kind, what it is a part of, and its switches. It
 * changes nothing.
 */
#ifndef PFWD_HOST_LINKS_H
#define PFWD_HOST_LINKS_H

#include "model/err.h"
#include "model/match.h"

#define LINK_KIND_MAX 16

struct host_link {
	char name[IFNAME_MAX];
	char kind[LINK_KIND_MAX];    /* of a virtual one: "bridge", "veth", ...; else "" */
	char port_of[LINK_KIND_MAX]; /* "bridge", "bond", "vrf", ... if it is a port of one, or ""
				      */
	char master[IFNAME_MAX];     /* that one; "" if it is no port */
	uint32_t index, master_index;
	bool up;         /* it is turned on */
	bool carrier;    /* something is at its other end */
	bool to_point;   /* there is one host at its other end: PPP, tunnels */
	bool forwards;   /* the switch net.ipv4.conf.NAME.forwarding */
	int rp_filter;   /* net.ipv4.conf.NAME.rp_filter */
	int accept_ra;   /* net.ipv6.conf.NAME.accept_ra */
	bool hairpin;    /* it is a port by which a bridge sends back what came in by it */
	bool other_macs; /* it takes packets to hardware addresses of its children, as of macvlan */
};

struct host_altname { /* a second name of an interface, if a SPEC can hold it */
	char name[IFNAME_MAX];
	uint32_t index;
};

struct host_links {              /* a zeroed one is empty */
	struct host_link *items; /* sorted by name */
	size_t count;
	struct host_altname *altnames;
	size_t altname_count;
};

/* 0, or -1 and *out is empty. */
int host_links(struct host_links *out, struct err *err);
void host_links_free(struct host_links *set);

/* The interface of that name, or NULL. */
const struct host_link *host_link(const struct host_links *set, const char *name);
/* The interface of that number, or NULL. */
const struct host_link *host_link_of_index(const struct host_links *set, uint32_t index);
/* The interface whose second name that is, or NULL. */
const struct host_link *host_link_of_altname(const struct host_links *set, const char *name);

#endif
