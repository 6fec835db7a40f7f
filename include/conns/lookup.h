/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finding, in a large set of forwards, those that a destination or a connection concerns. It keeps
 * an index beside the set and changes nothing.
 */
#ifndef PFWD_CONNS_LOOKUP_H
#define PFWD_CONNS_LOOKUP_H

#include "conns/connection.h"
#include "model/forwards.h"

struct lookup { /* a zeroed one finds nothing */
	struct lookup_entry *entries;
	struct lookup_place *places;
	struct lookup_run *runs;
	uint32_t entry_count, place_count, run_count;
};

/* The set must stay as it is while the index is used. 0, or -1 (out of memory). */
int lookup_make(const struct forwards *set, struct lookup *out, struct err *err);
void lookup_free(struct lookup *lookup);

/* Walks over all forwards that take that destination port and address, whatever their interface
 * and clients; those that name the address come first. */
struct lookup_walk {
	const struct lookup *lookup;
	const struct address *client;
	uint8_t family, proto;
	uint16_t port;
	struct address addr;
	uint32_t first, place, entry; /* where in the index; first: of the run */
};
struct lookup_walk lookup_begin(const struct lookup *lookup, enum family family, uint8_t proto,
				const struct endpoint *destination);
/* NULL at the end. */
const struct forward *lookup_next(struct lookup_walk *walk);

/* Where f sends what was sent to via. */
struct endpoint lookup_target(const struct forward *f, const struct endpoint *via);
/* Whether the connection's replies come from where f sends it. */
bool lookup_goes_to(const struct forward *f, const struct connection *c);
/* Whether f takes clients at that address: by itself, or what --hairpin adds. */
bool lookup_takes_client(const struct forward *f, const struct address *client);

/*
 * The forward that a translated connection runs through, or NULL. Where several could be it, the
 * interface that owns the address it was sent to decides; owner is asked for that one, and says
 * NULL where it does not know. In O(log n) for n forwards of which few have the same ports and take
 * the same clients.
 */
struct lookup_owner {
	const char *(*of)(const void *context, const struct address *addr);
	const void *context;
};
const struct forward *lookup_connection(const struct lookup *lookup, const struct connection *c,
					const struct lookup_owner *owner);

#endif
