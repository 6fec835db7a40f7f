/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An account of connections, one by one, and sums and rates of it by forward. It is told of
 * connections and of the time, and asks for neither.
 *
 * Why one by one: to add up the table and the events of ended connections makes sums dip, because a
 * connection that times out is gone from the table seconds before its event comes. Here what was
 * counted of a connection stays counted, and each look and each event adds what came since the last
 * one. So no sum but that of live connections ever falls.
 */
#ifndef PFWD_CONNS_TRAFFIC_H
#define PFWD_CONNS_TRAFFIC_H

#include "conns/connection.h"
#include "model/err.h"

struct traffic_sum {
	uint64_t live;     /* connections there are now */
	uint64_t begun;    /* connections that began since the account did */
	uint64_t in, out;  /* bytes since then, from clients and to them */
	uint64_t new_rate; /* thousandths of a connection a second, of the last tick */
	uint64_t in_rate;  /* bytes a second, of the last whole pass */
	uint64_t out_rate;
	uint64_t begun_before; /* at the last tick */
	uint64_t in_before;    /* at the end of the last pass */
	uint64_t out_before;
};

#define TRAFFIC_SEGMENTS 256
#define TRAFFIC_NOBODY UINT32_MAX /* the owner of a connection that runs through no forward */
#define TRAFFIC_OWNERS_MAX ((UINT32_C(1) << 24) - 1)

struct traffic_segment {
	struct traffic_entry *entries;
	uint32_t room, used;
};

#define TRAFFIC_HISTORY 60 /* seconds */

struct traffic { /* set owner, context and keeps_history, the rest zero */
	/* The index of the forward that a connection runs through, or TRAFFIC_NOBODY. */
	uint32_t (*owner)(const void *context, const struct connection *c);
	const void *context;
	struct traffic_sum *sums; /* of each forward, and behind them of no forward */
	size_t count;             /* of forwards */
	bool keeps_history;
	uint16_t (*history)[TRAFFIC_HISTORY]; /* of each of sums; NULL: it is not kept */
	int64_t second;                       /* that the newest rate of it is of */
	struct traffic_segment segments[TRAFFIC_SEGMENTS];
	unsigned int pass;       /* how many have begun */
	bool lost, reassign;     /* events were lost, or forwards changed, since it began */
	bool recovering, moving; /* ... before it, since the last one began */
	int64_t pass_end, tick;  /* nanoseconds of any clock that only goes forward; 0: none yet */
	int64_t interval;        /* nanoseconds from the end of a pass to that of the last; 0: there
				    are no rates yet */
};

/* 0, or -1 (out of memory). traffic_free is to be called in any case. */
int traffic_init(struct traffic *traffic, size_t forwards, struct err *err);
void traffic_free(struct traffic *traffic);

/*
 * A connection, as the watch tells it (see conns/watch.h). 0, or -1 (out of memory).
 *
 * What is in the table in the first pass was there before, and only its further bytes count. Later
 * ones are announced by an event.
 */
int traffic_take(struct traffic *traffic, const struct connection *c, struct err *err);
/* Events were lost: connections that the next whole pass finds, and that are not known, are new. */
void traffic_lost(struct traffic *traffic);

/* A pass through the whole table begins; it ends. Connections that it did not show live no longer,
 * but their last bytes count when their event comes. None may come: not for a connection from
 * before anybody listened (findings/conntrack-events-skip-older-connections.sh). */
void traffic_begin_pass(struct traffic *traffic);
int traffic_end_pass(struct traffic *traffic, int64_t now, struct err *err);
/* Fill new_rate, over the time since the last call, and the history up to now. */
void traffic_tick(struct traffic *traffic, int64_t now);
/* The bytes a second, both ways, of forward i in the last minute, the newest last, with three
 * digits that are right. */
void traffic_history(const struct traffic *traffic, size_t i, uint64_t out[TRAFFIC_HISTORY]);
/* The owner of a connection that was taken, or TRAFFIC_NOBODY. */
uint32_t traffic_owner(const struct traffic *traffic, const struct connection *c);

/* The forwards are others now: to[i] is the new index of forward i, or TRAFFIC_NOBODY. Sums of
 * forwards that stay, stay. 0, or -1 (out of memory) and nothing has changed. */
int traffic_move(struct traffic *traffic, const uint32_t *to, size_t forwards, struct err *err);

#endif
