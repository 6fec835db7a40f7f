/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The changes that make a table hold what a layout says: as few as possible, and none to anybody
 * else's rule. It is pure: the changes are carried out elsewhere.
 */
#ifndef PFWD_XTABLES_PLAN_H
#define PFWD_XTABLES_PLAN_H

#include "xtables/layout.h"
#include "xtables/state.h"

enum PACKED op_kind {
	OP_NEW_CHAIN,
	OP_INSERT,
	OP_DELETE,
	OP_DELETE_CHAIN,
};

struct op { /* there are as many as rules: kept small */
	enum op_kind kind;
	bool at_end;       /* of an insertion: behind the last rule */
	uint32_t position; /* from 0, at the time of this change */
	const char *chain; /* as rule, points into the layout or the state */
	/* Of an insertion, or what is deleted; NULL: a jump that is not known by its parts. */
	const struct rule *rule;
	/* In the state: of what is deleted, or of a rule whose counters an inserted one goes on
	 * with; NULL: none. */
	const struct rule_ref *ref;
};

struct plan { /* a zeroed one is empty: nothing to do */
	struct op *ops;
	size_t count;
	struct rule *jumps; /* GROUPS of them, that the insertions of jumps point to */
	/* For each chain of the state: it stays though no forward needs it, because of somebody
	 * else's rule in it or in a chain below it, or one that jumps to it. */
	bool *keeps;
};

/*
 * What to do, in order, so that the table holds what the layout says of it. Somebody else's rules
 * stay, and so do chains that they stand in or jump to. *out points into have and want, which must
 * outlive it.
 */
int plan_make(const struct state *have, const struct layout *want, struct plan *out,
	      struct err *err);
void plan_free(struct plan *plan);

#endif
