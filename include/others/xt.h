/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Matches and targets of xtables, which legacy tables hold, and nf_tables too where iptables-nft
 * made the rule. It knows neither of both: it gets the bytes of one extension.
 */
#ifndef PFWD_OTHERS_XT_H
#define PFWD_OTHERS_XT_H

#include <stddef.h>

#include "others/cases.h"

struct xt_extension {
	const char *name;
	uint8_t revision;
	const void *data;
	size_t size; /* of data */
};

/* What a match asks, into the rule that is read. 0, or -1 (out of memory). */
int xt_match(struct rule_cases *cases, const struct xt_extension *match);
/* What a target does that is neither a chain nor RETURN; family: of the table. */
void xt_target(struct rule_cases *cases, enum family family, const struct xt_extension *target);

/* The protocol of a header. */
void xt_proto(struct rule_cases *cases, unsigned int proto, bool inverted);

#endif
