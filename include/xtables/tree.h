/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Dividing a group with many rules into a tree of chains, so that a packet walks few of them. For
 * layout alone; it knows no forwards.
 */
#ifndef PFWD_XTABLES_TREE_H
#define PFWD_XTABLES_TREE_H

#include "xtables/layout.h"

#define TREE_BUCKET ((size_t)32) /* as many rules stay in one chain */

/*
 * Append the chains of one group. rules: none twice, and of two that match one packet to different
 * effect one lies inside the other. first (or NULL) goes before them all. Where a rule comes to lie
 * depends on the rule, and on how many there are near it; salt goes into shortened names.
 */
int tree_build(struct layout *layout, enum group group, const struct rule *first,
	       const struct rule *rules, size_t count, uint64_t salt, struct err *err);

#endif
