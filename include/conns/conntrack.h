/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Connections as conntrack knows them, through libnetfilter_conntrack: reading them one by one, and
 * ending some. It does not know whose they are.
 */
#ifndef PFWD_CONNS_CONNTRACK_H
#define PFWD_CONNS_CONNTRACK_H

#include "conns/ctrequest.h"
#include "model/err.h"

struct conntrack_walker { /* whoever is given connections */
	int (*each)(void *context, const struct connection *c);
	void *context;
};

/*
 * Call each for every connection that is wished for. Memory does not grow with their number. A
 * connection that the kernel reports twice because its table changes meanwhile is passed on once. A
 * negative value of each ends the walk and is returned; else 0, or -1: ERR_UNSUPPORTED if the
 * kernel has no conntrack, ERR_PERMISSION, ERR_FAILED.
 */
int conntrack_walk(const struct ctrequest_wish *wish, const struct conntrack_walker *walker,
		   struct err *err);

/*
 * Call each for every translated connection that begins, changes or ends, and done after each lot
 * of them; while *all is true, for those too whose destination is not translated. If the kernel had
 * to leave out some because they came too fast, lost is called. Ends with 0 once signals can be
 * read from, or if nobody reads any more what is written to reader; with a negative value of each,
 * done or lost; or with -1 as conntrack_walk.
 */
struct conntrack_follower {
	int (*each)(void *context, const struct connection *c);
	int (*done)(void *context);
	int (*lost)(void *context);
	void *context;
	const bool *all; /* looked at after each lot */
	int reader;      /* a descriptor */
	int signals;     /* a descriptor, as of signalfd(2) */
};
int conntrack_follow(const struct conntrack_follower *follower, struct err *err);

/* How many buckets the kernel's table has; 0: not known. If the number changes during a walk, the
 * walk may have missed connections, or shown some twice. */
unsigned long conntrack_buckets(void);

/* End one, of a protocol with ports. If it is gone already, that is no error. 0, or -1:
 * ERR_PERMISSION, ERR_FAILED. */
int conntrack_delete(const struct connection *c, struct err *err);

#endif
