/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Chains of rules while a text is read, and the walk through them that makes values. Only the files
 * that read rule texts use it.
 */
#ifndef PFWD_OTHERS_RULE_CHAINS_H
#define PFWD_OTHERS_RULE_CHAINS_H

#include "others/rule_text.h"

enum PACKED rule_verdict {
	VERDICT_NONE, /* the packet goes on to the next rule */
	VERDICT_TRANSLATE,
	VERDICT_ACCEPT,
	VERDICT_DROP,
	VERDICT_RETURN,
	VERDICT_JUMP,
	VERDICT_GOTO,
};

#define RULE_WAYS_MAX 65536    /* of a rule; more make it inexact */
#define CHAINS_WAYS_MAX 262144 /* of all rules */

struct text_rule {
	enum rule_verdict verdict;
	size_t number;
	const char *chain;       /* of VERDICT_JUMP and VERDICT_GOTO */
	struct other_rule *ways; /* what it takes, one of these each; with its translation */
	size_t count;            /* of ways; none: no packet is all that is asked for */
};

struct text_chain {
	enum family family; /* of its table; FAMILY_NONE: inet */
	const char *table, *name;
	size_t number; /* in the order of the text */
	bool base;
	bool nat;   /* else it filters, if it is a base chain */
	bool other; /* a base chain of another kind or hook, which nothing is read of */
	bool drops; /* the policy of a base chain */
	enum other_hook hook;
	int priority;
	struct text_rule *rules;
	size_t count;
};

struct text_chains { /* a zeroed one is empty */
	const char *backend;
	struct text_chain **items;
	size_t count;
	size_t ways;   /* of all rules */
	void *by_name; /* of tsearch(3) */
	struct rule_text *out;
};

/* Each gives NULL if memory runs out. The chain of that name is made where there is none. */
struct text_chain *chains_get(struct text_chains *chains, enum family family, const char *table,
			      const char *name);
struct text_rule *chains_add_rule(struct text_chain *chain);
/* A text in the memory of the values; length bytes. */
const char *chains_text(struct text_chains *chains, const char *text, size_t length);

/* A way that takes every packet. */
struct other_rule rule_any(void);
/*
 * Leave of the packets that the rule takes those that one of the alternatives takes too, which may
 * bring a translation. With too many of them the rule becomes inexact instead. 0, or -1 (out of
 * memory).
 */
int rule_restrict(struct text_chains *chains, struct text_rule *rule,
		  const struct other_rule *alternatives, size_t count);
/* Where a rule sends packets, as both tools write it: [FIRST[-LAST]][:PORTS], IPv6 addresses with
 * ports in brackets. *ports becomes the text of the ports, in text, which is changed; NULL: there
 * are none. False: it is something else. */
bool rule_read_to(char *text, struct other_rule *out, char **ports);
/* Set in all ways that something of the rule is not told. */
void rule_beyond(struct text_rule *rule, const char *text);

/* Make the values of out of all chains. 0, or -1: out of memory, or too many ways. */
int chains_walk(struct text_chains *chains, struct err *err);
void chains_free(struct text_chains *chains);

/* The readers of the two kinds of text: 1, 0 if the text is not of that kind, or -1. */
int iptables_text_read(struct text text, const struct spec_host *host, struct text_chains *chains,
		       struct err *err);
int nft_text_read(struct text text, const struct spec_host *host, struct text_chains *chains,
		  struct err *err);

#endif
