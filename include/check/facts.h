/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is known of this host, and of one forward on it, as plain values. It asks for none of them.
 */
#ifndef PFWD_CHECK_FACTS_H
#define PFWD_CHECK_FACTS_H

#include "filter/early.h"
#include "host/interfaces.h"
#include "host/links.h"
#include "host/listeners.h"
#include "host/probe.h"
#include "host/route.h"
#include "model/forwards.h"
#include "model/limits.h"
#include "others/meet.h"

struct facts {                      /* of the host */
	bool certain;               /* nothing was asked for those findings that are guesses */
	int64_t now;                /* seconds since 1970 */
	const struct forwards *all; /* forwards that are there; sorted */
	struct host_links links;
	struct host_addresses addresses;
	struct host_listeners listeners;
	struct neighbours neighbours;
	bool forwards_ipv4; /* net.ipv4.ip_forward */
	bool bridges_ipv4;  /* net.bridge.bridge-nf-call-iptables: rules see what bridges pass on */
	bool bridges_ipv6;  /* net.bridge.bridge-nf-call-ip6tables */
	bool forwards_ipv6; /* net.ipv6.conf.all.forwarding, which decides alone */
	int rp_filter;      /* net.ipv4.conf.all.rp_filter */
	struct route default_ipv4, default_ipv6; /* none if it is not known */
	uint64_t tracked, trackable; /* connections in conntrack's table; 0: not known */
};

struct case_facts { /* of one forward */
	const struct forward *f;
	bool incomplete;
	bool narrowed; /* ... for an administrator's sake, see struct ruleset_status */
	bool blocked;
	struct rule_place blocked_by; /* the rule or policy */
	struct limits limits;
	struct rule_place banned_here; /* a rule that stops some clients of this host alone */
	struct meeting other;          /* a rule of others that takes its packets too */
	bool helped;                   /* a helper of conntrack is assigned to its connections */
	struct rule_place related; /* ... and this stops what the target opens because of them */
	bool live; /* it is in the kernel, so that connections tell something of it */
	/* NULL: not asked */
	const struct route *there;  /* to the target */
	const struct route *back;   /* from the target to the client */
	const struct route *in;     /* from the client to this host */
	const struct route *onward; /* from the client to the target; if there are rules for that */
	bool turned_away;           /* there is none for what comes in by its interface */
	bool taken;                 /* another host of its network has the address of SPEC */
	const struct route *addr;   /* to the address of SPEC, which is not of this host */
	uint32_t port;              /* of a bridge, behind which the target is; 0: not known */
	struct address client;      /* one of those that the forward takes; none: not known */
	struct early_hit early;     /* what keeps it from being translated */
	struct early_hit suspect;   /* if nothing does for certain, what may */
	enum probe_answer probe;    /* of the target's first port */
	uint64_t conns, unanswered; /* connections now, and those that the target never answered
				     */
};

struct cases {
	struct case_facts *items;
	size_t count;
};

/* The interface that IF names; NULL: it is none, stands for several, or is not there. */
const struct host_link *facts_link(const struct facts *facts, const struct forward *f);
/* Whether the target is this host itself, or an address of it. */
bool facts_ends_here(const struct facts *facts, const struct forward *f);
/* The link to which the target's packets go; NULL: this host, or no route. */
const struct host_link *facts_link_there(const struct facts *facts, const struct case_facts *c);

#endif
