/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Matches of xtables, which legacy tables hold, and nf_tables too where iptables-nft made the rule.
 * It knows neither of both: it gets the bytes of one extension.
 */
#ifndef PFWD_CONDITIONS_XT_H
#define PFWD_CONDITIONS_XT_H

#include "conditions/condition.h"

struct xt_extension { /* a match, or a target */
	const char *name;
	uint8_t revision;
	enum family family; /* of the table */
	const void *data;
	size_t size; /* of data */
};

/* Append what a match asks. Of one that is not known, that is ASKS_DOUBT. */
void xt_conditions(const struct xt_extension *match, struct conditions *out);

#endif
