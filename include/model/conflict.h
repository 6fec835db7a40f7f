/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which forwards cannot be there together: two, or all of a large set without comparing each with
 * each. It changes no set.
 */
#ifndef PFWD_MODEL_CONFLICT_H
#define PFWD_MODEL_CONFLICT_H

#include "model/forwards.h"

/*
 * Whether a and b share packets, and neither is the narrower one in every respect, or so do what
 * --hairpin or --local add to them, and send them to different places. One that differs from the
 * other in until alone is in conflict here; the caller knows better.
 */
bool conflict_between(const struct forward *a, const struct forward *b);
/* What a message says behind the two: empty where they share packets by themselves. */
const char *conflict_cause(const struct forward *a, const struct forward *b);

/* Call found once for each two of the set that are in conflict, with their indices, the lower
 * first. 0, or -1 (out of memory). */
int conflict_find(const struct forwards *set, void (*found)(void *context, size_t a, size_t b),
		  void *context, struct err *err);

#endif
