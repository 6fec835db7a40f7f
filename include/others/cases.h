/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One rule while it is read: what it asks in any case, and the cases that it tells apart. It knows
 * no kernel's form of a rule.
 */
#ifndef PFWD_OTHERS_CASES_H
#define PFWD_OTHERS_CASES_H

#include "others/chains.h"

struct rule_case {
	struct chain_rule rule;
	bool own_counter;    /* its counter is its own, not the rule's */
	const uint8_t *data; /* what a map gives for it; not owned */
	size_t length;       /* of data; 0: none */
};

struct rule_cases { /* set texts, and call cases_begin for each rule */
	struct other_rules *texts;
	struct chain_rule all; /* verdict, target, and what is asked in any case */
	bool never;            /* no packet meets it */
	struct rule_case *items;
	size_t count, room;
};

struct rule_options { /* a zeroed one is empty; the caller frees the items */
	struct rule_case *items;
	size_t count, room;
};

void cases_begin(struct rule_cases *cases);
/* Tell each case apart by these options, of which only the conditions, the verdict if it is not
 * CHAIN_PASS, the counter and the data count. Far too many cases are one that is not exact. 0, or
 * -1 (out of memory). */
int cases_split(struct rule_cases *cases, const struct rule_case *options, size_t count);
/* Append each case as an option for another rule; like: the counter and the data. 0, or -1 (out of
 * memory). */
int cases_collect(const struct rule_cases *cases, const struct rule_case *like,
		  struct rule_options *out);
/* Append the rule to the chain, a case each. 0, or -1 (out of memory). */
int cases_end(struct rule_cases *cases, struct other_chain *chain);
void cases_free(struct rule_cases *cases);

#endif
