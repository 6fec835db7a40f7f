/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules of others as the room others takes them. It asks no kernel: what the rule names is asked of
 * whoever reads.
 */
#ifndef PFWD_NFTABLES_OTHER_RULE_H
#define PFWD_NFTABLES_OTHER_RULE_H

#include "nftables/other_expr.h"
#include "nftables/other_set.h"
#include "others/cases.h"

struct other_source {
	/* With its elements; NULL: it is not known. */
	const struct other_set *(*find_set)(void *context, const char *name);
	void *context;
	interface_finder find_interface; /* as in struct compared */
	const struct other_chains *chains;
	struct rule_cases *cases; /* used for each rule */
};

/* Append the rule of a message to the chain, if it does something. 0, or -1 (out of memory). */
int other_rule_add(const struct other_source *source, const struct nlmsghdr *nlh,
		   struct other_chain *chain);

#endif
