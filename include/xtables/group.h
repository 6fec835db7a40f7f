/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tables, the chains of pfwd in them by name, and how packets get into these chains. It knows
 * no forwards.
 */
#ifndef PFWD_XTABLES_GROUP_H
#define PFWD_XTABLES_GROUP_H

#include "xtables/rule.h"

enum table {
	TABLE_NAT,
	TABLE_FILTER,
	TABLE_MANGLE, /* this and those below are of others, and only read */
	TABLE_RAW,
	TABLE_SECURITY,
	ALL_TABLES,
};
#define TABLES 2 /* in which pfwd has chains */
const char *table_name(enum table table);

/*
 * A group is a chain of pfwd that a base chain jumps to, with the chains below it into which a
 * large one is divided. Their names begin with the name of the group's chain and a slash. The
 * groups of a base chain are in the order of their jumps: forwards with an address, forwards
 * without, then the rules of --hairpin and --local.
 */
enum group {
	GROUP_ADDR,         /* nat PREROUTING: forwards with an address */
	GROUP_MAIN,         /* ... forwards for any address of this host */
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
	GROUP_OUTPUT,     /* filter OUTPUT: answers of this host, and --local to other hosts */
	/* Guests, which let packets of other backends' forwards through. They have no chain: the
	 * rule in the base chain accepts by itself. */
	GROUP_GUEST_FORWARD,
	GROUP_GUEST_INPUT,
	GROUP_GUEST_OUTPUT,
	GROUPS,
};

struct group_info {
	const char *chain;
	const char *base;
	enum table table;
};
extern const struct group_info group_infos[GROUPS];

/* The group of a chain of that name; GROUPS if pfwd makes no such chain. */
enum group group_of(enum table table, const char *chain);
/* The guest of the base chain that the group's jump is in, for a group of the filter table. */
enum group group_guest(enum group group);
static inline bool group_is_guest(enum group group)
{
	return group >= GROUP_GUEST_FORWARD && group <= GROUP_GUEST_OUTPUT;
}

/* The comment of each jump, by which pfwd knows that a chain is its own. */
#define GROUP_MARK "pfwd"
/* The jump from the base chain; a guest itself. */
void group_jump(enum family family, enum group group, struct rule *out);

/* The rule that stands first in a group's chain, so that established packets do not walk it. false:
 * the group has none, and *out is left as it was. */
bool group_first_rule(enum group group, struct rule *out);

#endif
