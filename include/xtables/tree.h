/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Dividing a group with many rules into a tree of chains, so that a packet walks few of them. It
 * knows no forwards.
 */
#ifndef PFWD_XTABLES_TREE_H
#define PFWD_XTABLES_TREE_H

#include "xtables/layout.h"

#define TREE_BUCKET ((size_t)32) /* a chain with more rules is divided */

struct tree_rules { /* of one group */
	enum group group;
	const struct rule *first; /* goes before all others; NULL: none */
	/* No two are equal; and of two that match one packet to different effect, one lies inside
	 * the other. */
	const struct rule *items;
	size_t count;
	uint64_t salt; /* goes into names that had to be shortened */
};

/*
 * Append the chains of the group to the layout. Which chain a rule comes to lie in depends on the
 * rule and on the rules near it. 0, or -1 (out of memory) and the layout holds a part.
 */
int tree_build(struct layout *layout, const struct tree_rules *rules, struct err *err);

#endif
