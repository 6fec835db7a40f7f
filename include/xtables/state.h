/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What one table of one family holds of pfwd, as values: its chains with all rules in them, the
 * jumps to these chains, and the forwards that the rules stand for. It reads no table; the reader
 * of a table puts chains, rules and jumps in here.
 */
#ifndef PFWD_XTABLES_STATE_H
#define PFWD_XTABLES_STATE_H

#include "model/forwards.h"
#include "xtables/foreign.h"
#include "xtables/group.h"

struct counters {
	uint64_t packets, bytes;
};

struct rule_ref { /* the kernel's side of a rule: its counters and its place */
	struct counters counters;
	const void *entry; /* for the reader of the table alone; not owned */
};

struct state_rule {
	struct rule rule; /* undefined if it is neither ours nor older */
	bool ours;        /* it has a shape that pfwd writes */
	bool older;       /* it has one that versions before wrote, as others may do */
	bool needless;    /* it accepts what no forward needs; set by health_of */
	struct rule_ref ref;
};

struct state_chain { /* a chain with a name that pfwd gives */
	char name[CHAIN_NAME_MAX];
	enum group group;
	struct state_rule *rules;
	size_t count;
	size_t first_forward, forward_count; /* those of its rules, in the forwards of the state */
};

struct state_jump { /* a jump to one of pfwd's chains that is no rule of ours in such a chain */
	char from[CHAIN_NAME_MAX];
	char to[CHAIN_NAME_MAX]; /* "": it is a guest */
	bool base;               /* it is in a base chain, and pfwd's; else it is somebody else's */
	bool marked;             /* it has the comment of pfwd's jumps */
	bool alike;              /* it is pfwd's, except perhaps for the comment */
	/* What it asks, if it is marked and not alike: its owner has made it narrower. */
	struct filter_rule narrow;
	size_t position; /* from 0; of a jump in a base chain */
	struct rule_ref ref;
};

struct state_base { /* a base chain */
	char name[CHAIN_NAME_MAX];
	size_t count; /* its rules */
};

/* A zeroed one is a table without pfwd, and without base chains. */
struct state {
	enum family family;
	enum table table;
	struct state_chain *chains;
	size_t chain_count;
	struct state_jump *jumps;
	size_t jump_count;
	struct state_base *bases;
	size_t base_count;
	char (*taken)[CHAIN_NAME_MAX]; /* names of pfwd that others gave to chains of theirs */
	size_t taken_count;
	struct foreign foreign;   /* of the filter table: the chains that are not pfwd's */
	struct forwards forwards; /* the rules of ours stand for them; in the order of the rules */
	char **texts;             /* the rules point to them */
	size_t text_count;
};

/* Each appends one, and returns it; NULL: out of memory. A pointer is good until the next one is
 * added. */
struct state_chain *state_add_chain(struct state *state, enum group group, const char *name);
struct state_jump *state_add_jump(struct state *state, const char *from, const char *to);
struct state_base *state_add_base(struct state *state, const char *name);
/* rule: NULL if it has no shape that struct rule can say. Here is found out whether it is ours, and
 * the forward that it stands for; its texts are copied. */
struct state_rule *state_add_rule(struct state *state, struct state_chain *chain,
				  const struct rule *rule);
void state_free(struct state *state);

/* Whether others have given that name to a chain of theirs. */
bool state_is_taken(const struct state *state, const char *chain);

/*
 * Call it when all is there. It sorts the chains, as state_find needs them, completes the forwards,
 * and finds out which chains are pfwd's: of the others only the names are kept. A chain is pfwd's
 * if a marked jump of its base chain leads to it, or a chain of pfwd; or if no jump leads to it,
 * and nothing is in it that pfwd would not write. A jump without the mark, as older versions made
 * it, counts if nothing else is in the chain. Of the jumps, base is left to those of pfwd. 0, or -1
 * (out of memory).
 */
int state_finish(struct state *state, struct err *err);
/* NULL: there is no such chain. */
const struct state_chain *state_find(const struct state *state, const char *chain);
/* The first jump from the group's base chain to its chain; NULL: there is none. */
const struct state_jump *state_find_jump(const struct state *state, enum group group);

/* Whether both hold the same of pfwd, at the same places. Counters are not compared. */
bool state_equal(const struct state *a, const struct state *b);

#endif
