/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which UDP flows a change of forwards leaves behind: NAT is decided on a flow's first packet, so
 * those that began before are not what the table now says. It ends none itself.
 */
#ifndef PFWD_CONNS_STALE_H
#define PFWD_CONNS_STALE_H

#include "conns/lookup.h"

struct stale_host { /* what only the host knows */
	void *context;
	bool (*is_local)(void *context, const struct address *addr);
	/* The interface that packets from addr come in on: the one of the route back. NULL: there
	 * is none. */
	const char *(*interface_to)(void *context, const struct address *addr);
};

struct stale { /* a zeroed one knows no change */
	struct stale_host host;
	const struct forwards *after;
	struct forwards added, removed; /* of UDP alone */
	struct forwards changed;        /* both, once they are indexed */
	struct lookup changed_at, added_at, removed_at, after_at;
};

/* Both sets are sorted; after must outlive *out. 0, or -1 (out of memory). */
int stale_make(const struct forwards *before, const struct forwards *after,
	       const struct stale_host *host, struct stale *out, struct err *err);
/* Whether any of UDP changed. */
bool stale_possible(const struct stale *stale);
/* Before the first flow: most hosts have none. 0, or -1 (out of memory). */
int stale_index(struct stale *stale, struct err *err);
void stale_free(struct stale *stale);

/* Once indexed: whether the flow is one that a changed forward concerns, and is not translated as
 * the forwards now say. */
bool stale_flow(const struct stale *stale, const struct connection *c);

#endif
