/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which forwards lack a rule in the tables, and how many connections each has translated. It takes
 * tables as values and asks no kernel.
 */
#ifndef PFWD_XTABLES_HEALTH_H
#define PFWD_XTABLES_HEALTH_H

#include "model/backend.h"
#include "xtables/state.h"

struct health_case {
	struct state *states; /* nat and filter of one family, by enum table */
	const struct forwards *set;
	const struct addresses *here; /* of this host */
};

/* Fill out[i] for each forward of the set that has the family of the tables. Rules that let through
 * what no forward needs are noted in the tables; *leftovers is set if there are some. 0, or -1 (out
 * of memory). */
int health_of(const struct health_case *of, struct ruleset_status *out, bool *leftovers,
	      struct err *err);

#endif
