/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which forwards lack a rule in the tables, and how many connections each has translated. It takes
 * tables as values and asks no kernel.
 */
#ifndef PFWD_XTABLES_HEALTH_H
#define PFWD_XTABLES_HEALTH_H

#include "model/backend.h"
#include "xtables/state.h"

/* Fill out[i] for each forward of the set that has the family of the tables; states: nat and filter
 * of one family, by enum table, where rules that let through what no forward needs are noted; here:
 * the addresses of this host. 0, or -1 (out of memory). */
int health_of(struct state states[TABLES], const struct forwards *set, const struct addresses *here,
	      struct ruleset_status *out, struct err *err);

#endif
