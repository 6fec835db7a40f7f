/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which forwards cannot be there together: two, or all of a large set without comparing each with
 * each. It changes no set.
 */
#ifndef PFWD_MODEL_CONFLICT_H
#define PFWD_MODEL_CONFLICT_H

#include "model/forwards.h"

/*
 * Whether a and b are in conflict: they share packets, and neither is the narrower one in
 * everything in which they differ; or the same is true of what --hairpin or --local add to them,
 * and these send packets to different places. Forwards that differ only in their end time count as
 * a conflict; callers must test for that first.
 */
bool conflict_between(const struct forward *a, const struct forward *b);
/* What a message adds behind the two, as ", by what --hairpin adds"; empty if they share packets
 * without such additions. */
const char *conflict_cause(const struct forward *a, const struct forward *b);

/* Call found once for each pair of the set that is in conflict, with the indices of the two, the
 * lower one first. 0, or -1 (out of memory). */
int conflict_find(const struct forwards *set, void (*found)(void *context, size_t a, size_t b),
		  void *context, struct err *err);

#endif
