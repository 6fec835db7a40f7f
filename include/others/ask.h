/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a rule asks, and what its target does, into the rule that is read. */
#ifndef PFWD_OTHERS_ASK_H
#define PFWD_OTHERS_ASK_H

#include "conditions/xt.h"
#include "others/cases.h"

/* Add conditions to those that the rule has, in all its cases. 0, or -1 (out of memory). */
int cases_ask(struct rule_cases *cases, const struct conditions *asked);

/* What a target does that is neither a chain nor RETURN, into the rule that is read. */
void cases_target(struct rule_cases *cases, const struct xt_extension *target);

#endif
