/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the tables say of forwards: which of them lack a rule, and how many connections each has
 * translated. It takes tables as values and asks no kernel.
 */
#ifndef PFWD_RULES_PRESENT_H
#define PFWD_RULES_PRESENT_H

#include "rules/plan.h"

struct status {
	bool incomplete; /* a rule of it, or the jump to one, is missing */
	uint64_t conns;  /* connections translated since it was made, by all its rules */
};

/* Fill out[i] for each forward of the tables' family in the set; states: nat and filter. */
int present_status(const struct state states[TABLES], const struct forwards *set,
		   struct status *out, struct err *err);

#endif
