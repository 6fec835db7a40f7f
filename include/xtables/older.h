/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules in the filter table of the shape that versions before wrote: they did not ask for the
 * original port. It changes no table.
 */
#ifndef PFWD_XTABLES_OLDER_H
#define PFWD_XTABLES_OLDER_H

#include "xtables/state.h"

/* Take for pfwd's those that these forwards would have had; others' rules of that shape stay
 * others'. 0, or -1 (out of memory). */
int older_adopt(struct state *filter, const struct forwards *set, struct err *err);

#endif
