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

/* The same, or the table and chain if no program is known. */
#define OWNER_TEXT_MAX 300
void owner_format(const struct other_rule *rule, char out[OWNER_TEXT_MAX]);

#endif
