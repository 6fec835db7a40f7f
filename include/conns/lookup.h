/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finding, in a large set of forwards, those that take a packet, and the one that a connection runs
 * through. It keeps an index beside the set, and changes and asks nothing.
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

/*
 * A walk over all forwards that take packets of that protocol to that address and port, whatever
 * their interface: first those that name the address, then those of any address. Expired forwards
 * are among them. client: only those that may take packets of this client, of which one may come
 * twice; NULL: each forward once, whatever its clients. The first step, and each further one, takes
 * O(log n) for n forwards, except for networks of --from around each other.
 */
struct lookup_walk {
	const struct lookup *lookup;
	const struct address *client;
	enum family family;
	uint8_t proto;
	uint16_t port;
	struct address addr;
	uint32_t first, left; /* the run's first place, and how many places are still to be seen */
	uint32_t entry, end;  /* the next entry, and the end of its place */
};
struct lookup_walk lookup_begin(const struct lookup *lookup, uint8_t proto,
				const struct endpoint *to, const struct address *client);
/* NULL at the end. */
const struct forward *lookup_next(struct lookup_walk *walk);

/* Where f sends a packet that was sent to via. */
struct endpoint lookup_target(const struct forward *f, const struct endpoint *via);
/* Whether the connection's replies come from where f sends it; f is an exception: whether it is not
 * translated. */
bool lookup_goes_to(const struct forward *f, const struct connection *c);
/* Whether f takes clients at that address: by itself, or by what --hairpin adds. */
bool lookup_takes_client(const struct forward *f, const struct address *client);

struct lookup_host { /* what only the host knows */
	/* The interface that owns an address; NULL: not known. Asked only if several forwards could
	 * be the one. */
	const char *(*owner)(const void *context, const struct address *addr);
	const void *context;
	int64_t now; /* seconds since 1970 */
};

/*
 * The forward that a translated connection runs through, or NULL: the one that most likely
 * translated its first packet. So an expired forward keeps the connections from before its end, but
 * if a forward that had not ended fits too, it is that one's.
 */
const struct forward *lookup_connection(const struct lookup *lookup, const struct connection *c,
					const struct lookup_host *host);

#endif
