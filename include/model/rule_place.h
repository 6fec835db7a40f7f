/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a rule of others stands, or the policy of one of their chains: as a value, and in words. It
 * knows nothing of what the rule does.
 */
#ifndef PFWD_MODEL_RULE_PLACE_H
#define PFWD_MODEL_RULE_PLACE_H

#include <stdbool.h>
#include <stdint.h>

#include "model/address.h"

struct rule_place {
	const char *table, *chain; /* the giver's own; NULL: no place is known */
	uint32_t rule;             /* its number in the chain, from 1; 0: the chain's policy */
	enum family family;        /* of the table; FAMILY_NONE: inet, or netdev */
	bool netdev;
	bool legacy; /* in the tables of iptables-legacy, else in nf_tables */
	bool owned;  /* only the program that made the table may change it */
};

#define RULE_PLACE_TEXT_MAX 272
/* "rule 2 of chain x in table inet y", "the policy of chain INPUT in the legacy IPv4 filter table"
 */
void rule_place_format(const struct rule_place *place, char out[RULE_PLACE_TEXT_MAX]);
/* The same without the rule: "chain x in table inet y". */
void rule_place_format_chain(const struct rule_place *place, char out[RULE_PLACE_TEXT_MAX]);

#endif
