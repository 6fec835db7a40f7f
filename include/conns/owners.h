/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whose the live connections are: the forward of each, and sums by forward. It prints nothing.
 */
#ifndef PFWD_CONNS_OWNERS_H
#define PFWD_CONNS_OWNERS_H

#include "conns/conntrack.h"
#include "conns/lookup.h"
#include "host/interfaces.h"

struct owners { /* a zeroed one knows no forward */
	const struct forwards *set;
	struct lookup lookup;
	struct host_addresses addresses;
	enum family family; /* set it to walk through the connections of one family alone */
	/* During the last walk the kernel resized its table, so that some connections may be
	 * missing, or were shown twice. */
	bool resized;
};

/* The set must stay as it is meanwhile. 0, or -1 and *out is empty. */
int owners_make(const struct forwards *set, struct owners *out, struct err *err);
void owners_free(struct owners *owners);
/* The forward that a connection runs through, or NULL. conntrack does not call it translated if its
 * port is that of a range which keeps its number (80 of wan0:80-90 to :80): then it is the
 * forward's if it came to this host by the interface, as far as the route to its client tells. */
const struct forward *owners_forward(const struct owners *owners, const struct connection *c);

/* The connections that conntrack does not call translated and owners_forward may say a forward has:
 * a wish a call. *at is 0 before the first one; false: there are no more. */
bool owners_next_kept(const struct owners *owners, size_t *at, struct ctrequest_wish *out);

/* Every translated connection, as conntrack_walk, and those that owners_forward says a forward has
 * though they are not called translated. */
int owners_walk(struct owners *owners, const struct conntrack_walker *walker, struct err *err);

struct owners_sum {
	uint64_t conns;
	uint64_t packets_in, packets_out, bytes_in, bytes_out; /* as of struct connection */
};
void owners_add(struct owners_sum *sum, const struct connection *c);

#endif
