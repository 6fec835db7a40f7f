/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading the rules of others from nf_tables: chains, rules, and the sets that they look into. It
 * changes nothing, and leaves pfwd's own table out.
 */
#ifndef PFWD_NFTABLES_OTHER_READ_H
#define PFWD_NFTABLES_OTHER_READ_H

#include "model/backend.h"

/* Of that generation of the ruleset. As the function others of a backend. */
int other_read(uint32_t generation, enum others_depth depth, struct other_rules *out,
	       struct err *err);

#endif
