/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What others' rules do to the connections of a forward: as a value. It judges no rule.
 */
#ifndef PFWD_MODEL_LIMITS_H
#define PFWD_MODEL_LIMITS_H

#include "model/rule_place.h"

/* Places of rules where its connections come in or pass through, which have no chain if there is
 * none. */
struct limits {
	struct rule_place some;   /* it stops some of its clients or packets */
	struct rule_place passed; /* so it would, but pfwd's own rules stand in front of it */
	uint32_t stop; /* the number of the rule passed, or one before it, if it stops all; 0: none
			*/
	struct rule_place doubted; /* it may stop all, or none: what it asks cannot be judged */
};

/* Add what more knows where nothing is known yet. */
void limits_add(struct limits *to, const struct limits *more);

#endif
