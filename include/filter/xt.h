/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Matches and targets of xtables in a filter, which legacy tables hold, and nf_tables too where
 * iptables-nft made the rule.
 */
#ifndef PFWD_FILTER_XT_H
#define PFWD_FILTER_XT_H

#include "filter/filter.h"

struct filter_xt { /* a match, or a target */
	const char *name;
	uint8_t revision;
	const void *data;
	size_t size; /* of data */
};

/* What it asks, into the rule that is read. */
void filter_xt_match(const struct filter_xt *match, struct filter_rule *r);
/* The protocol that a header asks for; 0: any. */
void filter_xt_proto(unsigned int proto, bool inverted, struct filter_rule *r);
/* What a target that is no chain does, but ACCEPT and RETURN, into verdict and zone of the rule. */
void filter_xt_target(const struct filter_xt *target, struct filter_rule *r);

#endif
