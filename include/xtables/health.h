/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the tables say of forwards: which of them lack a rule, and how many connections each has
 * translated. It takes tables as values and asks no kernel.
 */
#ifndef PFWD_XTABLES_HEALTH_H
#define PFWD_XTABLES_HEALTH_H

#include "model/backend.h"
#include "xtables/state.h"

/* Fill out[i] for each forward of the tables' family in the set; states: nat and filter. */
int health_of(const struct state states[TABLES], const struct forwards *set,
	      struct ruleset_status *out, struct err *err);

#endif
