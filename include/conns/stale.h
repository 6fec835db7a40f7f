/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which UDP flows a change of forwards leaves behind: flows that go on as the forwards before the
 * change said. It ends none of them, and reads nothing from the host by itself.
 */
#ifndef PFWD_CONNS_STALE_H
#define PFWD_CONNS_STALE_H

#include "conns/lookup.h"

struct stale_host { /* what only the host knows */
	void *context;
	/* The interface that has that address; NULL: it is none of this host. */
	const char *(*owner)(void *context, const struct address *addr);
	/* The interface that packets from addr come in on: that of the route back to it. False:
	 * there is no route, and out is as it was. */
	bool (*interface_to)(void *context, const struct address *addr, char out[IFNAME_MAX]);
};

struct stale_set { /* forwards of UDP with their index */
	struct forwards forwards;
	struct lookup index;
};

struct stale_change { /* both sets are sorted */
	const struct forwards *before, *after;
	int64_t now; /* seconds since 1970 */
};

struct stale { /* a zeroed one knows no change */
	struct stale_host host;
	struct stale_change change;
	struct stale_set removed; /* by the change; expired ones too */
	struct stale_set added;   /* by the change; here and in now are no expired ones */
	struct stale_set now;     /* all that are there after the change; filled with the indexes */
	bool indexed;
};

/* The sets of the change must outlive *out. 0, or -1 (out of memory) and *out is empty. */
int stale_make(const struct stale_change *change, const struct stale_host *host, struct stale *out,
	       struct err *err);
void stale_free(struct stale *stale);
/* Whether the change can leave any flow behind. */
bool stale_possible(const struct stale *stale);
/* To be called before stale_flow; the first call makes the indexes, which hosts without UDP flows
 * never need. 0, or -1 (out of memory). */
int stale_index(struct stale *stale, struct err *err);
/* Whether the change leaves this flow behind. */
bool stale_flow(const struct stale *stale, const struct connection *c);

#endif
