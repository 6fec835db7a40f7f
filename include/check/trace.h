/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How far the connections of forwards come, put together from what is seen of them: copies of
 * packets, events of conntrack, and the time. It sees nothing by itself.
 */
#ifndef PFWD_CHECK_TRACE_H
#define PFWD_CHECK_TRACE_H

#include "conns/lookup.h"
#include "host/interfaces.h"
#include "host/links.h"
#include "host/packet.h"

enum PACKED trace_step {
	TRACE_ARRIVED,
	TRACE_TRANSLATED,
	TRACE_LEFT,     /* to the target; not if the target is this host */
	TRACE_ANSWERED, /* by the target */
	TRACE_ANSWER_LEFT,
	TRACE_STEPS,
	TRACE_REFUSED = TRACE_STEPS, /* by the target, or on the way there */
	TRACE_STOPPED,               /* the next step did not come */
};

struct trace {                   /* of one connection */
	const struct forward *f; /* NULL: the place is free */
	struct endpoint client, via, target;
	struct endpoint back; /* the client as the target sees it */
	enum trace_missed {   /* why the forward does not take it */
			    TRACE_TAKEN,
			    TRACE_OTHER_INTERFACE,
			    TRACE_OTHER_CLIENT,
			    TRACE_OVER, /* the forward has expired */
	} missed;
	bool here;               /* the target is this host */
	bool own;                /* it begins on this host */
	bool foreign;            /* somebody else's rule translates it */
	bool counted;            /* the forward's counter tells that it was translated */
	bool replied;            /* conntrack has seen an answer */
	bool rejected;           /* this host itself refuses it */
	unsigned int seen, told; /* bits of steps */
	char links[TRACE_STEPS][IFNAME_MAX]; /* of the copies */
	struct address refuser;
	struct address stray; /* that answers in the target's place; none: none does */
	const char *error;    /* of ICMP, from the refuser; NULL: it ended the connection */
	int64_t begun, moved; /* milliseconds */
};

#define TRACES_MAX 1024

struct tracer { /* set the fields down to now, the rest zero */
	const struct forwards *set;
	const bool *selected;        /* those of the set that matter */
	const struct lookup *lookup; /* of the set */
	const struct host_links *links;
	const struct host_addresses *addresses; /* of this host */
	int64_t now;                            /* seconds since 1970 */
	struct trace *items;                    /* TRACES_MAX; the caller's */
	size_t next;                            /* the place that is taken next if none is free */
};

/* What was seen at that time, in milliseconds of any clock that does not go back. */
void tracer_packet(struct tracer *tracer, const struct packet *packet, int64_t now);
void tracer_event(struct tracer *tracer, const struct connection *event, int64_t now);
/* The forward's counter has grown: its connections on the way were translated. */
void tracer_counted(struct tracer *tracer, const struct forward *f);

struct trace_news {
	struct trace *trace;
	enum trace_step step;
	enum trace_step missing; /* the step that did not come, of TRACE_STOPPED */
};

/* The next thing to be told. False: there is none yet. */
bool tracer_next(struct tracer *tracer, int64_t now, struct trace_news *out);
/* Milliseconds until there may be, without anything seen; -1: there will be none. */
int tracer_wait(const struct tracer *tracer, int64_t now);
/* Whether the connection's counter has to be asked before tracer_next says that it stopped. */
bool tracer_doubts(const struct tracer *tracer, int64_t now);

#endif
