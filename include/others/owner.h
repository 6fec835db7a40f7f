/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which program made a rule, by the names and comments that it gives. It does not know what the
 * rule does.
 */
#ifndef PFWD_OTHERS_OWNER_H
#define PFWD_OTHERS_OWNER_H

#include "model/other_rule.h"

/* By table, chain, base chain and comment of the rule: the program's name, or "". */
const char *owner_of(const struct other_rule *rule);

/*
 * Some programs load the tables of xtables as wholes, without chains of their own where few rules
 * are. owner_of_tables: the one that has a chain of that name in the table filter, or NULL.
 * owner_claim: call it the owner of the rules from first on that are of that family, in such a
 * table, and of no program that is known.
 */
const char *owner_of_tables(const char *chain);
void owner_claim(struct other_rules *rules, size_t first, enum family family, const char *owner);

/* The same as owner_of, or the table and chain if no program is known. */
#define OWNER_TEXT_MAX 300
void owner_format(const struct other_rule *rule, char out[OWNER_TEXT_MAX]);

#endif
