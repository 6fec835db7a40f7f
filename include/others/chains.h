/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Chains of others with the rules in them, and the walk from a base chain to each rule that does
 * something. It reads nothing from the kernel, and knows no form of a rule.
 */
#ifndef PFWD_OTHERS_CHAINS_H
#define PFWD_OTHERS_CHAINS_H

#include "model/hash.h"
#include "model/other_rule.h"

enum PACKED chain_verdict {
	CHAIN_PASS, /* the packet goes on to the next rule */
	CHAIN_JUMP,
	CHAIN_GOTO,
	CHAIN_RETURN,
	CHAIN_DROP,
	CHAIN_ACT, /* rule.action says what */
	CHAIN_OWN, /* pfwd's own forwards stand here */
};

/* One case of a rule: a rule has several if it takes several ranges of ports, or looks into a map.
 * They stand one behind the other. */
struct chain_rule {
	struct other_rule rule; /* what it asks and does; where it is: the chain alone */
	enum chain_verdict verdict;
	bool share;  /* it takes a share of the packets, at random or in turn */
	bool seen;   /* the walk came here */
	uint32_t to; /* index of the chain; CHAINS_NONE: there is none */
};
#define CHAINS_NONE UINT32_MAX

struct other_chain {
	const char *name, *table; /* the rules' texts */
	enum family table_family;
	struct chain_rule *rules;
	size_t count, room;
	bool base;
	enum other_hook hook;
	int priority;
	bool nat;        /* of type nat */
	bool drops;      /* its policy; of interest where drops are noted */
	uint64_t order;  /* of two base chains of one priority, the one with the larger is first */
	bool before_own; /* all of it stands before pfwd's forwards */
	size_t met;      /* rules that were read, those too that do nothing, but none of pfwd's */
	bool shared;     /* pfwd has rules there too */
};

/* Rules and policies that drop packets in base chains that filter, and the chains below them. */
struct chain_drops {
	struct other_rules rules;
	size_t *before; /* for each the number of values that come before it */
};
void chain_drops_free(struct chain_drops *drops);

struct other_chains { /* a zeroed one is empty */
	const char *backend;
	struct chain_drops *drops; /* where they are noted; NULL: nowhere */
	size_t most;               /* values that there may be; 0: any number */
	struct other_chain *items;
	size_t count;
	struct hash_table index;
};

/* NULL: out of memory. A pointer is good until the next one is added. */
struct other_chain *other_chains_add(struct other_chains *chains);
/* Call it once all chains are there. 0, or -1 (out of memory). */
int other_chains_index(struct other_chains *chains, struct err *err);
/* Its index; CHAINS_NONE: there is none. */
uint32_t other_chains_find(const struct other_chains *chains, enum family table_family,
			   const char *table, const char *name);
/* 0, or -1 (out of memory). */
int other_chains_add_rule(struct other_chain *chain, const struct chain_rule *rule);
/*
 * Append what the rules do to out, base chain by base chain: by hook, priority and order. A rule
 * in a chain that no packet reaches does nothing. If chains jump to each other in so many ways that
 * these cannot be told, each rule that was not reached yet is one value, which is not exact. Owners
 * are found. 0, or -1: out of memory, or more than most (ERR_INPUT).
 */
int other_chains_walk(struct other_chains *chains, struct other_rules *out, struct err *err);
void other_chains_free(struct other_chains *chains);

#endif
