/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading and changing the forwards of this host as a whole: all tables of both families, under the
 * lock, from the first read to the last commit. It decides nothing: the caller says which forwards
 * there shall be.
 */
#ifndef PFWD_RULESET_CHANGE_H
#define PFWD_RULESET_CHANGE_H

#include "xtables/health.h"

#define FAMILIES 2 /* IPv4, IPv6, in this order */
extern const enum family change_families[FAMILIES];

struct tables;

struct snapshot {                                /* a zeroed one is empty */
	struct tables *tables[FAMILIES][TABLES]; /* NULL: not there */
	struct state states[FAMILIES][TABLES];
	struct forwards forwards; /* of both families, sorted */
};

/* Read without the lock and without setting up tables that are not there. */
int snapshot_read(struct snapshot *out, struct err *err);
void snapshot_free(struct snapshot *snapshot);

/* The forwards alone, sorted, in the same way: one nat table after the other. */
int snapshot_forwards(struct forwards *out, struct err *err);

struct change {
	/* Set *wanted to a sorted set, which the caller keeps, from the forwards there are. Called
	 * again when the tables changed meanwhile. */
	int (*decide)(void *context, const struct forwards *present, const struct forwards **wanted,
		      struct err *err);
	/* Instead of changing anything: called for each table's plan in the order of commits. NULL:
	 * change. */
	void (*show)(void *context, const struct state *have, const struct plan *plan);
	/* After success, or after show. */
	void (*done)(void *context, const struct snapshot *before, const struct forwards *wanted,
		     size_t changes);
	/* After success, where the kernel refused to set a table's counters again: others' are lost
	 * too. */
	void (*lost)(void *context, enum family family, enum table table);
	/* What begins: long_one where it may take seconds. NULL: nobody is told. */
	void (*stage)(void *context, const char *what, bool long_one);
	void *context;
	unsigned int lock_seconds;
};

/* Make the kernel hold what decide wants. On failure the tables are as they were. */
int change_run(const struct change *change, struct err *err);

#endif
