/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Connections that begin and end, as they do, and beside that the whole table in small steps: for
 * who keeps an account of all connections without ever stopping for seconds. It keeps none itself.
 */
#ifndef PFWD_CONNS_WATCH_H
#define PFWD_CONNS_WATCH_H

#include "conns/ctrequest.h"

struct mnl_socket;

struct watch { /* set each and context, the rest zero */
	/* Given each connection: event is CONNECTION_NEW or CONNECTION_DESTROY, or CONNECTION_THERE
	 * for one of the table, which may be told twice, and after its end. A negative value ends
	 * the call at once, and is returned. */
	int (*each)(void *context, const struct connection *c);
	void *context;
	bool updates; /* CONNECTION_UPDATE is told too */
	bool all;  /* events of connections that are not translated are told too; it may change */
	bool lost; /* set if events came too fast, and some are missing */
	struct mnl_socket *events;
	struct mnl_socket *table; /* NULL: no pass is under way */
	struct ctrequest_wish wish;
	bool unfiltered; /* all, as it was last */
	unsigned int sequence;
	char *buffer;
};

/* 0, or -1 as conntrack_walk; watch_close is to be called in any case. */
int watch_open(struct watch *watch, struct err *err);
void watch_close(struct watch *watch);
/* Readable once there are events. */
int watch_descriptor(const struct watch *watch);
/* Both pass on some hundred connections at the most, and never wait. They return one of these, or a
 * negative value. */
enum { WATCH_MORE, WATCH_DONE };
/* The events there are now. */
int watch_take(struct watch *watch, struct err *err);
/* The next connections of the pass. */
int watch_step(struct watch *watch, struct err *err);
/* Begin to read the table; one that was under way is given up. */
int watch_begin(struct watch *watch, const struct ctrequest_wish *wish, struct err *err);

#endif
