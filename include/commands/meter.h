/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The traffic of the forwards that are there, and of what others translate, as it goes on: it reads
 * the rules, watches conntrack, and keeps the account of its connections. It shows nothing.
 */
#ifndef PFWD_COMMANDS_METER_H
#define PFWD_COMMANDS_METER_H

#include "commands/overview.h"
#include "conns/traffic.h"
#include "conns/watch.h"

struct meter { /* set backends, all, delay, seen and context, the rest zero */
	const struct backend *const *backends;
	bool all;      /* also what others translate */
	int64_t delay; /* nanoseconds between two refreshes */

	/* Called for each connection that a pass shows, with its row or TRAFFIC_NOBODY; NULL:
	 * nobody wants to know. */
	void (*seen)(void *context, const struct connection *c, uint32_t owner);
	void *context;

	struct present present; /* the forwards, as they were read last */
	struct overview others; /* and what others translate */
	size_t rows;            /* of both: those of others are counted on behind the forwards */
	unsigned int readings;  /* how often: rows have other indexes after each */
	struct traffic traffic; /* of the rows, by their indexes */
	bool lost;              /* events came too fast; whoever says so sets it to false */
	bool resized;           /* the kernel resized its table during a pass; the same */

	struct owners owners;
	struct watch watch;
	bool passing;                /* through the table */
	bool kept;                   /* ... for connections that are not translated */
	size_t kept_at;              /* of owners_next_kept */
	unsigned long buckets;       /* of the kernel's table as the pass began */
	int64_t budget, budget_time; /* how long a pass may compute, and since when */
	int64_t next_look;           /* when to ask whether the rules have changed */
	uint64_t digest;             /* of the rules, from before the last reading */
};

/* Read the forwards, and go once through the table. 0, or -1; meter_close is to be called in any
 * case. */
int meter_open(struct meter *meter, struct err *err);
void meter_close(struct meter *meter);

struct meter_row {
	const struct forward *f;
	const struct other_row *other; /* of f; NULL: it is of pfwd */
};
/* The row at that index, until the rules are read again. */
struct meter_row meter_row(const struct meter *meter, size_t index);

/* Readable once there are events. */
int meter_descriptor(const struct meter *meter);
/* Begin a pass, if none is under way. */
int meter_begin_pass(struct meter *meter, struct err *err);
/* Take in events, go on with the pass as far as its share of the processor allows, and read the
 * forwards again if they have changed. */
int meter_work(struct meter *meter, struct err *err);
/* How many nanoseconds later meter_work has something to do without an event; -1: nothing. */
int64_t meter_pause(const struct meter *meter);

#endif
