/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a rule of others asks, and what its target does, as a filter needs it. */
#ifndef PFWD_FILTER_ASK_H
#define PFWD_FILTER_ASK_H

#include "conditions/xt.h"
#include "filter/filter.h"

/* Add conditions to those that the rule has. */
void filter_ask(struct filter_rule *r, const struct conditions *asked);

/* What a target that is no chain does, but ACCEPT and RETURN, into verdict and zone of the rule. */
void filter_target(struct filter_rule *r, const struct xt_extension *target);

#endif
