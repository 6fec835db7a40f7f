/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules of others that packets meet where pfwd lets none through: before forwards translate them,
 * or in tables that it does not use. As values, and what these do to the connections of a forward.
 * It reads no kernel.
 */
#ifndef PFWD_FILTER_EARLY_H
#define PFWD_FILTER_EARLY_H

#include "filter/flow.h"
#include "model/err.h"
#include "model/forward.h"
#include "model/rule_place.h"

#define EARLY_DEVICES_MAX 4

struct early_base {         /* a base chain */
	size_t set;         /* in which of the sets it is */
	size_t chain;       /* in that set */
	enum family family; /* FAMILY_NONE: both */
	bool translated;    /* it comes after the translation */
	enum early_way {
		EARLY_ALL,     /* packets pass it wherever they go, as they come in */
		EARLY_THROUGH, /* those to other hosts */
		EARLY_IN,      /* those to this host */
		EARLY_OUT,     /* those of this host */
		EARLY_POST,    /* they pass it wherever they come from, as they leave */
	} way;
	bool served; /* pfwd lets forwards through, but to conntrack they have to be known */
	bool zones;  /* it comes before conntrack, so that it may choose zones */
	/* of an ingress or egress hook; first "": of all */
	char devices[EARLY_DEVICES_MAX][IFNAME_MAX];
	char where[RULE_PLACE_TEXT_MAX]; /* "chain x in table ip y" */
	char tool[48];                   /* the command that edits it, "iptables-legacy -t raw" */
	char chain_of[112]; /* ... and what that takes for the chain; of nft "rule ip y x" */
	bool nft;           /* it is one of nft(8), whose rules count from 0 */
};

struct early_set {                   /* of chains that may jump to each other */
	struct filter_chain *chains; /* with their rules in memory of their own */
	size_t count;
};

struct early { /* a zeroed one is empty */
	struct early_set *sets;
	struct early_base *bases; /* in the order in which packets meet them, by set */
	size_t set_count, base_count;
};

/* Append a set; the rules and chains are early's then, also on failure. 0, or -1 (out of memory).
 */
int early_add_set(struct early *early, struct filter_chain *chains, size_t count, struct err *err);
/* Of the set that was added last. 0, or -1 (out of memory). */
int early_add_base(struct early *early, const struct early_base *base, struct err *err);
void early_free(struct early *early);

struct early_case {
	const struct forward *f;
	struct address addr;  /* that its clients connect to; none: not known */
	char out[IFNAME_MAX]; /* by which its target is reached; "": not known, or this host */
	bool here;            /* the target is this host */
	bool suspect;         /* as in struct filter_flow */
	enum stop_on on;
	uint16_t client_port; /* 0: any */
};

enum early_kind {
	EARLY_NOTHING,
	EARLY_DROP,
	EARLY_UNTRACKED,
	EARLY_PROXY, /* SYNPROXY */
	EARLY_ZONE,  /* answers are in another zone than the connection */
};

struct early_hit {
	enum early_kind kind;
	const struct early_base *base;
	size_t rule;              /* of the base chain, from 1; 0: its policy */
	uint16_t zone, zone_back; /* of EARLY_ZONE */
	enum stop_on on;          /* what it stops */
};

/* Whether a helper of conntrack is assigned to its connections. */
bool early_helps(const struct early *early, const struct early_case *of);
/* Whether there is anything that stops any packets. */
bool early_stops_any(const struct early *early);
/* The first that stops all its connections. */
struct early_hit early_find(const struct early *early, const struct early_case *of);

#endif
