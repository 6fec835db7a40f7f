/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a rule of others asks of packets, as conditions that must all hold. They are the same
 * whichever tool made the rule, and whatever it is read for: the rooms filter and others make of
 * them what each needs. It asks no kernel.
 */
#ifndef PFWD_CONDITIONS_CONDITION_H
#define PFWD_CONDITIONS_CONDITION_H

#include "model/other_rule.h"

enum PACKED asks {
	ASKS_SOME,          /* something else that picks some clients or some packets */
	ASKS_DOUBT,         /* something else; nobody can say here whom it picks */
	ASKS_PLACE,         /* something else that is the same for all clients of a forward */
	ASKS_NEVER,         /* something that no packet of a forward has */
	ASKS_IN,            /* name */
	ASKS_OUT,           /* name */
	ASKS_FAMILY,        /* family */
	ASKS_PROTO,         /* proto */
	ASKS_SOURCE,        /* first, last */
	ASKS_DESTINATION,   /* first, last */
	ASKS_SOURCE_PORT,   /* ports */
	ASKS_PORT,          /* ports */
	ASKS_EITHER_PORT,   /* ports: one of both */
	ASKS_ORIGINAL_PORT, /* ports: that of the connection before it was translated */
	ASKS_FLAGS,         /* value, mask: of the flags in a header of TCP */
	ASKS_STATE,         /* states */
	ASKS_ORIGINAL,      /* the direction of the packet that opened the connection */
	ASKS_TYPE,          /* types: of the destination */
	ASKS_SOURCE_TYPE,   /* types: of the source */
	ASKS_MARK,          /* value, mask: of the packet */
	ASKS_CONNMARK,      /* value, mask: of the connection */
	ASKS_SHARE,         /* its turn, or its luck: a share of the packets */
	ASKS_COMMENT,       /* nothing: words are the comment of the rule */
};

#define CONDITION_PORTS_MAX 15 /* XT_MULTI_PORTS */

struct condition {
	enum asks asks;
	bool negated;
	bool xt; /* words are an option of iptables; else of nft(8) */
	/* What its tool calls it: "--dport", "tcp dport"; "limit" for the extension -m limit. It
	 * may point into what was read. NULL: it has no name. */
	const char *words;
	union {
		char name[IFNAME_MAX]; /* a trailing '+': all that begin so */
		enum family family;
		unsigned int proto; /* any of IANA's registry */
		struct {
			struct address first, last; /* none: those of a set, or others */
		};
		struct {
			struct ports ports[CONDITION_PORTS_MAX]; /* one of them */
			size_t port_count;
		};
		struct {
			uint32_t value, mask; /* those bits that the mask has are value's */
		};
		struct {
			uint8_t states;   /* one of these, OTHER_NEW ...; 0: none that forwards have
					   */
			bool more_states; /* or another one that forwards may have */
		};
		uint32_t types; /* of addresses: one of these, 1 << RTN_LOCAL ... */
	};
};

/* A list of those of one match or header; a zeroed one is empty. */
#define CONDITIONS_MAX 16
struct conditions {
	struct condition items[CONDITIONS_MAX];
	size_t count;
};

/* Append a copy, but not of what all packets meet. */
void conditions_add(struct conditions *list, const struct condition *c);
/* Ask for all addresses that are as first where the mask has ones. False: they are no network, and
 * the condition is not what is asked. */
bool condition_mask(struct condition *c, const void *mask);
/* The states among the bits by which the kernel tells them, 1 << (IP_CT_NEW + 1) ... */
uint8_t condition_states(uint32_t bits);
/* Whether the addresses from first to last are a network. */
bool condition_network(const struct condition *c, struct network *out);
/* The networks that hold just these addresses, into out; their number. 0: they are more than
 * CONDITION_NETWORKS_MAX, or not told. */
#define CONDITION_NETWORKS_MAX 64
size_t condition_networks(const struct condition *c, struct network out[CONDITION_NETWORKS_MAX]);

#endif
