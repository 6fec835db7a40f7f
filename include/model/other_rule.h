/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules of other programs and of administrators by which packets are translated, or by which
 * translated packets are let through, as values. It knows neither xtables nor nf_tables, nor the
 * texts of their tools: these are read into such values. It never changes a rule.
 */
#ifndef PFWD_MODEL_OTHER_RULE_H
#define PFWD_MODEL_OTHER_RULE_H

#include <stdbool.h>
#include <stdint.h>

#include "model/err.h"
#include "model/match.h"

enum PACKED other_action {
	OTHER_ACCEPT,   /* what rules before it have not dropped */
	OTHER_DNAT,     /* to an address, a range of ports or both */
	OTHER_REDIRECT, /* to this host */
	OTHER_TPROXY,   /* to a program here that takes the packets as they are */
	OTHER_BALANCE,  /* to this one of several targets: each is a value */
	OTHER_SNAT,
	OTHER_MASQUERADE,
	OTHER_KEEP, /* nat alone: the packet is left as it is, whatever stands behind (ACCEPT) */
};

enum PACKED other_hook {
	OTHER_PREROUTING,
	OTHER_INPUT,
	OTHER_FORWARD,
	OTHER_OUTPUT,
	OTHER_POSTROUTING,
};

/* States of connections that a rule asks for, as bits; 0: any. */
enum {
	OTHER_NEW = 1 << 0,
	OTHER_ESTABLISHED = 1 << 1,
	OTHER_RELATED = 1 << 2,
	OTHER_TRANSLATED = 1 << 3, /* DNAT */
};

/*
 * A rule with the conditions of all jumps by which it is reached. A rule is several values if it is
 * reached in several ways, or takes several ranges of ports, networks or interfaces (multiport, a
 * set); each element of a map is one. Those of one rule have the same handle. Addresses and ports
 * are those that the rule sees: in prerouting and output before translation of the destination,
 * else after it.
 */
struct other_rule {
	enum other_action action;
	enum other_hook hook;
	enum family family; /* FAMILY_NONE: both */
	enum proto proto;   /* PROTO_NONE: any */
	uint8_t states;
	bool here;  /* only what is sent to an address of this host (dst-type LOCAL, fib local) */
	bool exact; /* all that the rule asks and does is told here, with the fields up to to_base
		     */
	bool shadowed; /* rules before it take all its packets */
	bool vague;    /* it asks for more than is told here and by what must not be (not_in ...) */
	bool before_own;     /* it stands before pfwd's forwards of the same backend and hook */
	bool shared;         /* its counter is one of several values */
	char in[IFNAME_MAX]; /* "": any; a trailing '+': all that begin so */
	char out[IFNAME_MAX];
	struct network from, dst; /* none: any */
	struct ports ports;       /* {0, 0}: any */
	struct address to;        /* none: the address stays, or is this host's (redirect) */
	struct address to_last;   /* of a range of addresses; none: to alone */
	struct ports to_ports;    /* {0, 0}: they stay */
	/* The port that to_ports.first is for, and so on in order. 0: a port that is in to_ports
	 * stays, every other one becomes the first that is free. */
	uint16_t to_base;
	/* What must not be; not exact then, and beyond says it too. */
	char not_in[IFNAME_MAX];
	struct network not_from, not_dst;
	uint8_t untold;          /* how many things make it not exact */
	uint64_t packets, bytes; /* that met it */
	bool counted;            /* packets and bytes are known */
	const char *beyond;      /* what is not told here, as the tool writes it; NULL if exact */

	/* Where it is. Texts are the set's; none is NULL. */
	const char *backend;                 /* "iptables" or "nftables" */
	enum family table_family;            /* FAMILY_NONE: inet */
	const char *table, *chain, *comment; /* of the rule itself, and its own comment */
	const char *base;                    /* the base chain that it is reached from */
	const char *owner;                   /* see others_owner; "": nobody known */
	int priority;                        /* of the base chain */
	uint64_t handle; /* nf_tables' of the rule; else its number in the chain, from 0 */
	size_t number;   /* in the chain, from 0, where pfwd has no rule there */
	size_t siblings; /* rules that the chain has, this one too; 0: not known, or pfwd has some
			  */
	bool xt;         /* a rule of nf_tables that iptables-nft made and alone can print */
};

/* Rules in the order in which packets meet them: a zeroed one is empty. */
struct other_rules {
	struct other_rule *items;
	size_t count, room;
	void *texts; /* of all items, of tsearch(3) */
};

/* 0, or -1 (out of memory) and the set as it was. */
int other_rules_add(struct other_rules *set, const struct other_rule *rule, struct err *err);
/* The same text in the memory of the set, each different one once; NULL: out of memory. */
const char *other_rules_text(struct other_rules *set, const char *text);
/* Whether all that makes it not exact is one thing that must not be. */
bool other_rule_negates(const struct other_rule *rule);
/* Whether both ask and do the same at the same place, whatever number the rule has there. */
bool other_rule_equal(const struct other_rule *a, const struct other_rule *b);
void other_rules_free(struct other_rules *set);

#endif
