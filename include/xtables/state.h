/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What one table of one family holds of pfwd's, as values. It reads no table: whoever reads one
 * puts chains, rules and jumps in here.
 */
#ifndef PFWD_XTABLES_STATE_H
#define PFWD_XTABLES_STATE_H

#include "model/forwards.h"
#include "xtables/group.h"

struct counters {
	uint64_t packets, bytes;
};

struct rule_ref { /* the kernel's side of a rule: its counters, and where it is */
	struct counters counters;
	const void *entry; /* whoever read the table knows what it is; not owned */
};

struct state_rule {
	struct rule rule; /* undefined where it is not ours */
	bool ours;        /* of a shape that pfwd writes */
	struct rule_ref ref;
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
	struct rule_ref ref;
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

/* Whether two hold the same of pfwd's, at the same places; counters do not count. */
bool state_equal(const struct state *a, const struct state *b);

#endif
