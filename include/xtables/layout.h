/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where forwards lie in the tables: their rules, the chains these stand in and the jumps to them;
 * and back, the forward that a rule means. It is pure: it neither reads nor changes a table.
 */
#ifndef PFWD_XTABLES_LAYOUT_H
#define PFWD_XTABLES_LAYOUT_H

#include "model/forwards.h"
#include "syntax/spec.h"
#include "xtables/rule.h"

enum table {
	TABLE_NAT,
	TABLE_FILTER,
};
#define TABLES 2
const char *table_name(enum table table);

/*
 * A group is a chain of pfwd's that hangs on a base chain by one jump, with the chains below it
 * that a large one is divided into, whose names begin with the group's and a slash. Their order is
 * that of their jumps: a forward for one address goes before those for any address of the host, and
 * what
 * --hairpin and --local add comes after all forwards proper.
 */
enum group {
	GROUP_ADDR,         /* nat PREROUTING: sent to an address that the forward names */
	GROUP_MAIN,         /* ... or to any address of this host */
	GROUP_HAIRPIN_ADDR, /* the same for clients on the target's network */
	GROUP_HAIRPIN,
	GROUP_LOCAL_ADDR, /* nat OUTPUT: the same for programs on this host */
	GROUP_LOCAL,
	GROUP_POST_LOCAL, /* nat POSTROUTING: the source that the target sees */
	GROUP_POST,
	GROUP_POST_HAIRPIN,
	GROUP_FORWARD,    /* filter FORWARD: translated connections to targets */
	GROUP_INPUT,      /* filter INPUT: translated connections to this host */
	GROUP_INPUT_SAME, /* the port of a range that its translation leaves as it is */
	GROUPS,
};

struct group_info {
	const char *chain;
	const char *base;
	enum table table;
};
extern const struct group_info layout_groups[GROUPS];

/* The jump from the base chain. */
void layout_jump(enum family family, enum group group, struct rule *out);

/* The rules of one forward. */
#define LAYOUT_RULES_MAX 12
struct layout_rule {
	enum group group;
	struct rule rule;
};
/* Their number. The comment of its DNAT rule is written to comment, to which that rule points. */
size_t layout_rules(const struct forward *f, struct layout_rule out[LAYOUT_RULES_MAX],
		    char comment[SPEC_OPTIONS_MAX]);

/* The rule of GROUP_POST or GROUP_POST_LOCAL that leaves the source of this forward's connections
 * as it is, where a wider forward to the same target would translate it. */
void layout_exception(const struct forward *f, enum group group, struct rule *out);

struct chain {
	enum group group;
	const char *name;
	struct rule *rules;
	size_t count;
};

struct layout { /* a zeroed one is empty */
	enum family family;
	struct chain *chains; /* sorted by table and name; none is without rules */
	size_t count;
	char **texts; /* names and comments that the rules point to */
	size_t text_count;
};

/* The chains for the forwards of that family in the set. 0, or -1 (out of memory). */
int layout_build(enum family family, const struct forwards *set, struct layout *out,
		 struct err *err);
void layout_free(struct layout *layout);
/* A copy of text that lives as long as the layout; NULL: out of memory. */
const char *layout_keep_text(struct layout *layout, const char *text);
/* NULL: there is none of that name. */
const struct chain *layout_find(const struct layout *layout, enum table table, const char *name);

/* The rule that stands first in a group's chain, so that established packets do not walk it; false
 * where the group has none. */
bool layout_first_rule(enum group group, struct rule *out);

/* The group that a chain of that name is of; GROUPS where pfwd makes none such. */
enum group layout_group(enum table table, const char *chain);
/* Whether a rule of that group's chain has a shape that pfwd writes there. Where it stands for a
 * forward proper, *out is that one; else its family is none. */
bool layout_knows(enum family family, enum group group, const struct rule *rule,
		  struct forward *out);

/* The forward proper that a rule of that group stands for; -1 where it stands for none. */
int layout_read(enum family family, enum group group, const struct rule *rule, struct forward *out);

#endif
