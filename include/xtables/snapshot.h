/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All tables of both families, read one after the other. It changes nothing, and sets up no table
 * that is not there.
 */
#ifndef PFWD_XTABLES_SNAPSHOT_H
#define PFWD_XTABLES_SNAPSHOT_H

#include "model/backend.h"
#include "xtables/tables.h"

#define FAMILIES 2 /* IPv4, IPv6, in this order */
extern const enum family snapshot_families[FAMILIES];

struct snapshot { /* a zeroed one is empty */
	struct ruleset base;
	struct tables *tables[FAMILIES][TABLES]; /* NULL: not there */
	struct state states[FAMILIES][TABLES];
	struct addresses here; /* of this host */
};

/* READING_FORWARDS: each nat table is closed as soon as its forwards are known, and neither states
 * nor addresses are kept. 0, or -1 and *out is empty: ERR_PERMISSION, ERR_FAILED. */
int snapshot_read(enum reading_depth depth, struct snapshot *out, struct err *err);
void snapshot_free(struct snapshot *snapshot);

/* Whether this network namespace has any of the tables; true too if that cannot be known. */
bool snapshot_any(void);

#endif
