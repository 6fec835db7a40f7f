/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules of somebody else's packet filter as values, and where in a chain of them the new
 * connections of forwards are stopped for every client. It knows neither xtables nor nf_tables,
 * which translate their rules into these.
 */
#ifndef PFWD_FILTER_FILTER_H
#define PFWD_FILTER_FILTER_H

#include "model/match.h"

enum PACKED filter_verdict {
	FILTER_GO_ON, /* none: it counts, logs, marks */
	FILTER_ACCEPT,
	FILTER_END,     /* drop, reject, and whatever is not known to let packets go on */
	FILTER_PROXY,   /* an end too: SYNPROXY answers in the target's place */
	FILTER_UNTRACK, /* none: but conntrack does not see the packet, so that it is not translated
			 */
	FILTER_RETURN,
	FILTER_JUMP, /* to, and back from its end */
	FILTER_GOTO, /* to, and not back */
};

struct filter_zone {          /* conntrack's, which a rule chooses */
	uint16_t id;          /* 0: it chooses none */
	bool original, reply; /* for packets of one direction alone; neither: for both */
};

struct filter_rule {
	enum filter_verdict verdict;
	bool never;            /* it matches no packet of a connection of forwards */
	bool limited;          /* it takes some clients or some packets alone */
	bool doubtful;         /* it asks what cannot be judged: it may take all, or none */
	bool source;           /* it takes some sources alone, which src does not tell */
	bool destination;      /* ... destinations, which dst does not tell; it is unsure too */
	bool unsure;           /* it asks for more than is told here: it may match, or not */
	bool not_in, not_out;  /* the interface is what must not be */
	bool not_src, not_dst; /* the network is what must not be */
	bool not_ports;        /* the ports are those that must not be */
	bool not_from_ports;
	bool not_here, not_away; /* it takes nothing to an address of this host, to others */
	bool not_plain;          /* it takes no connection whose destination is as it was */
	bool not_translated;     /* it takes none whose destination was translated */
	bool states;         /* it asks for a set of states, which is not told: accepted are those
			      * of answers, and all else is for others; it is unsure too */
	bool not_reply;      /* it takes no answer on a translated connection */
	bool not_related;    /* ... no connection that a helper of conntrack expects */
	bool helper;         /* it assigns such a helper */
	enum family family;  /* FAMILY_NONE: both */
	enum proto proto;    /* PROTO_NONE: any */
	char in[IFNAME_MAX]; /* "": any; a trailing '+': all that begin so */
	char out[IFNAME_MAX];
	struct network src;      /* it takes some clients alone */
	struct network dst;      /* after translation */
	struct ports ports;      /* {0, 0}: any; after translation */
	struct ports original;   /* {0, 0}: any; before translation */
	struct ports from_ports; /* {0, 0}: any; that packets come from */
	uint32_t to;             /* index of the chain, of FILTER_JUMP and FILTER_GOTO */
	struct filter_zone zone;
	uint64_t handle; /* whoever reads the chain knows what it is */
};

struct filter_chain {
	const struct filter_rule *rules;
	size_t count;
	bool drops; /* the policy of a base chain */
};

struct filter_base {                       /* a base chain */
	const struct filter_chain *chains; /* that may jump to each other */
	size_t count;
	size_t at; /* which of them it is */
};

/* The connections of some forwards that are alike to a packet filter. */
struct filter_flow {
	enum family family;
	enum proto proto;
	char in[IFNAME_MAX];   /* as in struct forward */
	char out[IFNAME_MAX];  /* "": not known */
	struct network dst;    /* the target; none: not known, or this host */
	struct network client; /* none: all clients */
	struct network own;    /* of an answer: the address it comes from; none: one of hosts */
	const struct addresses *hosts; /* of this host; NULL: not known */
	struct ports ports;            /* of the target */
	struct ports original;         /* that clients connect to; {0, 0}: not known */
	struct ports from_ports;       /* {0, 0}: not known */
	bool here;                     /* its packets go to an address of this host */
	bool plain;                    /* the destination is not translated */
	bool reply;                    /* its packets are answers on translated connections */
	bool related;  /* ... that begin a connection which a helper of conntrack expects */
	bool anywhere; /* it stands for those to all destinations, and for none of them alone */
	bool early;    /* it is to be translated later: what is not tracked is stopped */
	bool sure;     /* a rule that may take it, or may not, does not stop it */
	bool onward;   /* a rule that accepts it does not end the walk */
	bool suspect;  /* a rule that takes some packets alone is taken to stop these */
};

enum filter_end {
	FILTER_OPEN,   /* no rule or policy stops the flow for every client, or for its client */
	FILTER_CLOSED, /* the rule at index stops it, or the policy if there are no more rules */
};

struct filter_place {
	enum filter_end end;

	size_t index; /* in the base chain: where a rule has to stand that lets the flow through */
	enum filter_verdict by; /* of FILTER_CLOSED: FILTER_END, FILTER_PROXY or FILTER_UNTRACK */
};

/* Whether the rule takes every connection of the flow, for certain. */
bool filter_takes(const struct filter_rule *rule, const struct filter_flow *flow);

/*
 * Walk the base chain, and the chains that it jumps to, as a new connection of the flow does. Rules
 * that take only some clients are passed: if they drop, they hold all the same. Chains that jump in
 * circles, which the kernel refuses, are not followed.
 */
struct filter_place filter_place(const struct filter_base *base, const struct filter_flow *flow);

#define FILTER_NO_RULE SIZE_MAX

struct filter_limits {  /* rules of a base chain by their index, or FILTER_NO_RULE */
	size_t some;    /* it stops some packets of the flow but not all; none before ends all */
	size_t passed;  /* the first at the place or behind it that would stop some */
	size_t stop;    /* the rule passed itself or one before it, if that stops all */
	size_t doubted; /* before the place: it may stop all packets of the flow, or none */
};
/* What the base chain does to some packets of the flow, or may do to all, if a rule at that place
 * lets the flow through; FILTER_NO_RULE: there is none. */
struct filter_limits filter_limits(const struct filter_base *base, const struct filter_flow *flow,
				   size_t place);
/* The number of a rule, from 1; 0: FILTER_NO_RULE. */
uint32_t filter_number(size_t index);
/* Whether there is anything for filter_limits to find among the rules of a chain, whatever the
 * flow. */
bool filter_has_limits(const struct filter_rule *rules, size_t count);

/* Whether a rule assigns a helper of conntrack to the flow on that walk. */
bool filter_helps(const struct filter_base *base, const struct filter_flow *flow);

/* The first zone that a rule chooses for the flow on that walk; id 0: none. */
struct filter_zone filter_zone(const struct filter_base *base, const struct filter_flow *flow);

#endif
