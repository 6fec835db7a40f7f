/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A connection that conntrack knows, as a plain value. It says nothing of forwards.
 */
#ifndef PFWD_CONNS_CONNECTION_H
#define PFWD_CONNS_CONNECTION_H

#include "model/address.h"

#define SECCTX_MAX 64

enum PACKED connection_event {
	CONNECTION_THERE, /* none: it was read from the table */
	CONNECTION_NEW,
	CONNECTION_UPDATE,
	CONNECTION_DESTROY,
};

struct connection {
	enum connection_event event;
	enum family family;
	uint8_t proto;   /* the number of IANA's registry */
	bool translated; /* its destination is: IPS_DST_NAT */
	bool assured;
	bool replied;
	bool counted;                     /* packets and bytes are known */
	struct endpoint client;           /* original source */
	struct endpoint via;              /* original destination */
	struct endpoint target;           /* reply source */
	struct endpoint back;             /* reply destination */
	uint16_t zone_in, zone_out;       /* conntrack's zones of the two directions; 0: none */
	const char *state;                /* conntrack's word; NULL: the protocol has none */
	bool timed;                       /* the timeout is known: it is not of one that ended */
	uint32_t timeout;                 /* seconds left */
	uint64_t packets_in, packets_out; /* in: original direction */
	uint64_t bytes_in, bytes_out;
	uint32_t mark;
	uint32_t use;
	uint32_t id;
	uint64_t start; /* nanoseconds since 1970, 0: not known */
	char secctx[SECCTX_MAX];
};

/* The ports of other protocols' endpoints mean nothing. */
static inline bool connection_has_ports(const struct connection *c)
{
	return proto_is_known(c->proto) || c->proto == 33 /* DCCP */ ||
	       c->proto == 136 /* UDP-Lite */;
}

#endif
