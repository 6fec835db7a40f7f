/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a table holds of pfwd's, and the changes that make it hold something else: as few as
 * possible, and none to anybody else's rule. It is pure: the changes are carried out elsewhere.
 */
#ifndef PFWD_XTABLES_PLAN_H
#define PFWD_XTABLES_PLAN_H

#include "xtables/layout.h"

struct counters {
	uint64_t packets, bytes;
};

struct stand { /* what there is of a rule besides what it says */
	struct counters counters;
	const void *entry; /* whoever read the table knows what it is; not owned */
};

struct state_rule {
	struct rule rule; /* undefined where it is not ours */
	bool ours;        /* of a shape that pfwd writes */
	struct stand stand;
};

struct state_chain { /* a chain whose name is one of pfwd's */
	char name[CHAIN_NAME_MAX];
	enum group group;
	struct state_rule *rules;
	size_t count;
};

struct state_jump { /* a rule elsewhere that jumps to one of pfwd's chains */
	char from[CHAIN_NAME_MAX];
	char to[CHAIN_NAME_MAX];
	bool base;       /* from a base chain: then it is pfwd's, else somebody else's use */
	size_t position; /* from 0 */
	struct stand stand;
};

struct state_base { /* a base chain */
	char name[CHAIN_NAME_MAX];
	size_t count; /* its rules */
};

/* One table of one family. A zeroed one is a table without pfwd, and without base chains. */
struct state {
	enum family family;
	enum table table;
	struct state_chain *chains;
	size_t chain_count;
	struct state_jump *jumps;
	size_t jump_count;
	struct state_base *bases;
	size_t base_count;
	struct forwards forwards; /* that rules of ours stand for, in the order of the rules */
	char **texts;             /* that its rules point to */
	size_t text_count;
};

/* Each appends one; NULL: out of memory. */
struct state_chain *state_add_chain(struct state *state, enum group group, const char *name);
struct state_jump *state_add_jump(struct state *state, const char *from, const char *to);
struct state_base *state_add_base(struct state *state, const char *name);
/* rule: NULL where it has no shape that a rule can have. Whether it is ours, and for which forward
 * it stands, is found here; its texts are copied. */
struct state_rule *state_add_rule(struct state *state, struct state_chain *chain,
				  const struct rule *rule);
void state_free(struct state *state);

/* Once all chains are there: until then none is found. */
void state_sort(struct state *state);
const struct state_chain *state_find(const struct state *state, const char *chain);
/* Whether the group's base chain jumps to its chain. */
bool state_has_jump(const struct state *state, enum group group);
/* Whether somebody else's rule stands in that chain, or jumps to it. */
bool state_shared(const struct state *state, const struct state_chain *chain);

/* Whether two hold the same of pfwd's, at the same places; counters do not count. */
bool state_equal(const struct state *a, const struct state *b);

enum op_kind {
	OP_NEW_CHAIN,
	OP_INSERT,
	OP_DELETE,
	OP_DELETE_CHAIN,
};

struct op {                /* there are as many as rules: kept small */
	uint8_t kind;      /* enum op_kind */
	bool at_end;       /* of an insertion: behind the last rule */
	uint32_t position; /* from 0, at the time of this change */
	const char *chain; /* as rule, points into the layout or the state */
	/* Of an insertion, or what is deleted; NULL: a jump that is not known by its parts. */
	const struct rule *rule;
	/* In the state: of what is deleted, or of a rule whose counters an inserted one goes on
	 * with; NULL: none. */
	const struct stand *stand;
};

struct plan { /* a zeroed one is empty: nothing to do */
	struct op *ops;
	size_t count;
	struct rule jumps[GROUPS]; /* that the insertions of jumps point to */
};

/* Whether a chain stays though it is not wanted: for somebody else's rule in it or in one below it,
 * or one that jumps there. */
bool plan_keeps(const struct state *have, const struct layout *want,
		const struct state_chain *chain);

/*
 * What to do, in order, so that the table holds what the layout says of it. Somebody else's rules
 * stay, and so do chains that they stand in or jump to. *out points into have and want, which must
 * outlive it.
 */
int plan_make(const struct state *have, const struct layout *want, struct plan *out,
	      struct err *err);
void plan_free(struct plan *plan);

#endif
