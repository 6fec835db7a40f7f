/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which forwards need an exception: a rule that leaves the source of their connections as it is,
 * because a wider forward to the same target translates the source. It makes no rules.
 */
#ifndef PFWD_XTABLES_EXCEPTIONS_H
#define PFWD_XTABLES_EXCEPTIONS_H

#include "model/forwards.h"
#include "xtables/group.h"

/* Set needed[i] for each forward of the set that needs an exception in that group, GROUP_POST or
 * GROUP_POST_LOCAL; the others are left as they are. 0, or -1 (out of memory). */
int exceptions_find(const struct forwards *set, enum group group, bool *needed, struct err *err);

#endif
