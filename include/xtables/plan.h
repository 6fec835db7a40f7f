/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The changes that make a table hold the chains of a layout: as few as possible, and none to
 * somebody else's rule. It carries none of them out.
 */
#ifndef PFWD_XTABLES_PLAN_H
#define PFWD_XTABLES_PLAN_H

#include "xtables/layout.h"
#include "xtables/state.h"
#include "xtables/way.h"

enum PACKED op_kind {
	OP_NEW_CHAIN,
	OP_INSERT,
	OP_DELETE,
	OP_DELETE_CHAIN,
};

struct op { /* small, because there can be as many as rules */
	enum op_kind kind;
	bool at_end;       /* the rule is inserted behind all others */
	bool tidies;       /* the rule to delete was needed by no forward; as health_of has noted */
	uint32_t position; /* from 0, when the changes before it are made */
	const char *chain; /* points into the layout or the state, and so does rule */
	/* The rule to insert or to delete. NULL: it is a jump to delete, which was not decoded. */
	const struct rule *rule;
	/* Of the rule to delete; or of the rule from which an inserted one takes the counters, NULL
	 * if there is none. It points into the state. */
	const struct rule_ref *ref;
};

struct plan { /* a zeroed one is empty: nothing to do */
	struct op *ops;
	size_t count;
	struct rule *jumps; /* by group: the jumps that insertions point to */
	/* For each chain of the state: it stays although no forward needs it, because somebody
	 * else's rule is in it or in a chain below it, or jumps to it. */
	bool *keeps;
};

struct plan_want {
	const struct layout *layout; /* the chains */
	const struct ways *ways;     /* where the jumps stand; NULL: at the head of base chains */
};

/*
 * The changes, in order, after which the table holds what is wanted. Somebody else's rules stay,
 * and so do the chains that they are in or jump to. *out points into have and the layout, which
 * must outlive it. 0, or -1 (out of memory, or a chain of others has a name that is needed) and
 * *out is empty.
 */
int plan_make(const struct state *have, const struct plan_want *want, struct plan *out,
	      struct err *err);
void plan_free(struct plan *plan);

#endif
