/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where in the base chains of a filter table forwards have to be let through, so that others' rules
 * that stop every client are passed, and those that stop some clients hold. It reads and changes no
 * table.
 */
#ifndef PFWD_XTABLES_WAY_H
#define PFWD_XTABLES_WAY_H

#include "filter/flow.h"
#include "model/backend.h"
#include "xtables/state.h"

struct ways {
	/* By group: the index, in the base chain of the group as it is, of the rule before which
	 * its jump has to stand at the latest; the number of rules: behind all of them. */
	size_t places[GROUPS];
	bool closed[GROUPS]; /* others stop some forwards, so that the jump is needed */
};

struct way_case {
	const struct state *filter;   /* the filter table of a family */
	const struct forwards *set;   /* sorted; those of other families are passed over */
	const struct addresses *here; /* of this host */
	flow_route route;
	bool guests; /* another backend holds the forwards, so guests let them through */
	const struct forwards *elsewhere; /* for ways_find; as in struct ruleset */
};

/* On which way (backend.h) the chain of a guest is. */
unsigned int ways_of_guest(enum group guest);
/* Of the set, and of guests for the forwards elsewhere. 0, or -1 (out of memory). */
int ways_find(const struct way_case *of, struct ways *out, struct err *err);
/* Set blocked and misplaced of out[i] for each forward of that family. 0, or -1 (out of memory). */
int ways_status(const struct way_case *of, struct ruleset_status *out, struct err *err);
/* Whether the rules stop what the question is about, in spite of jump or guest; then the place in
 * the base chain. of->set is the one forward of the question. */
bool ways_stop(const struct way_case *of, const struct stop_question *question,
	       struct rule_place *where);
/* Into out[i] what the rules do to each forward of that family that this backend holds (own[i]), or
 * with guests another one. 0, or -1 (out of memory). */
int ways_limits(const struct way_case *of, const bool *own, struct limits *out, struct err *err);
/* Whether the jump from the base chain, at that position, may stay there. */
bool ways_right(const struct ways *ways, const struct state *filter, enum group group,
		size_t position);

#endif
