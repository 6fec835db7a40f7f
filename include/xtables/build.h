/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a set of forwards to the chains that the tables need. It neither reads nor changes a table.
 */
#ifndef PFWD_XTABLES_BUILD_H
#define PFWD_XTABLES_BUILD_H

#include "model/forwards.h"
#include "xtables/layout.h"

/* The chains for the forwards of that family in the set; here: the addresses of this host. The
 * family and output of *out are set before, all else is zero. 0, or -1 (out of memory). */
int build_layout(const struct forwards *set, const struct addresses *here, struct layout *out,
		 struct err *err);

#endif
