/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Each condition of a rule is answered with no, maybe or yes. To be stopped it is enough that a
 * rule may match. To be let through for good, the rule has to match for certain.
 */
#include <stdlib.h>
#include <string.h>

#include "filter/filter.h"

#define DEPTH_MAX 128 /* of jumps; nf_tables allows 16 */

enum answer {
	NO,
	MAYBE,
	YES,
};

static enum answer both(enum answer a, enum answer b)
{
	return a < b ? a : b;
}

static enum answer turned(enum answer a, bool negated)
{
	if (!negated || a == MAYBE)
		return a;
	return a == YES ? NO : YES;
}

/* Whether packets with interface "has" come in (or go out) on "wanted". */
static enum answer match_interface(const char *wanted, const char *has, bool known)
{
	if (!*wanted)
		return YES;
	if (!known)
		return MAYBE;
	switch (ifname_overlap(has, wanted)) {
	case OVERLAP_DISJOINT:
		return NO;
	case OVERLAP_EQUAL:
	case OVERLAP_INSIDE:
		return YES;
	case OVERLAP_AROUND:
	case OVERLAP_CROSS:
		break;
	}
	return MAYBE;
}

static enum answer match_overlaps(enum overlap o)
{
	if (o == OVERLAP_DISJOINT)
		return NO;
	return o == OVERLAP_EQUAL || o == OVERLAP_INSIDE ? YES : MAYBE;
}

/* The network of a rule that clients are on: an answer is sent to them. */
static const struct network *clients_of(const struct filter_rule *r, const struct filter_flow *f)
{
	return f->reply ? &r->dst : &r->src;
}

/* Whether the rule tells clients or packets apart by more than is known of the flow. */
static bool is_limited(const struct filter_rule *r, const struct filter_flow *f)
{
	bool unknown = network_is_set(clients_of(r, f)) && !network_is_set(&f->client);
	bool aimed = r->destination || network_is_set(&r->dst);
	return r->limited || unknown || (f->reply ? r->destination : r->source) ||
	       (f->anywhere && aimed);
}

static enum answer match_network(const struct network *wanted, const struct network *has)
{
	if (!network_is_set(wanted))
		return YES;
	return network_is_set(has) ? match_overlaps(network_overlap(has, wanted)) : MAYBE;
}

/* An answer comes from an address of this host. */
static enum answer match_own(const struct network *wanted, const struct filter_flow *f)
{
	size_t all = 0, inside = 0;
	if (!network_is_set(wanted) || network_is_set(&f->own) || !f->hosts)
		return match_network(wanted, &f->own);
	for (size_t i = 0; i < f->hosts->count; i++) {
		const struct address *own = &f->hosts->items[i];
		all += own->family == f->family;
		inside += own->family == f->family && network_holds(wanted, own);
	}
	return inside == 0 ? NO : inside == all ? YES : MAYBE;
}

/* Whether no client has an address of that network; its first one tells for all of them. */
static bool is_nobodys(const struct network *net)
{
	return address_is_multicast(&net->addr) || address_is_loopback(&net->addr) ||
	       address_is_broadcast(&net->addr);
}

static enum answer match_rule(const struct filter_rule *r, const struct filter_flow *f)
{
	bool states = f->reply && r->states;
	enum answer a = (r->unsure && !states) || (f->reply && r->source) ? MAYBE : YES;
	if (states && r->verdict != FILTER_ACCEPT)
		return NO;
	if (r->never || (r->family && r->family != f->family) || (r->proto && r->proto != f->proto))
		return NO;
	if ((f->here ? r->not_here : r->not_away) || (f->related ? r->not_related
						      : f->reply ? r->not_reply
						      : f->plain ? r->not_plain
								 : r->not_translated))
		return NO;
	if (!f->reply && !r->not_src && network_is_set(&r->src) && is_nobodys(&r->src))
		return NO;
	/* most rules are for another host */
	a = both(a, turned(match_network(&r->dst, f->reply ? &f->client : &f->dst), r->not_dst));
	if (a == NO)
		return NO;
	a = both(a, turned(match_interface(r->in, f->in, true), r->not_in));
	a = both(a, turned(match_interface(r->out, f->out, *f->out), r->not_out));
	a = both(a, turned(f->reply ? match_own(&r->src, f) : match_network(&r->src, &f->client),
			   r->not_src));
	if (r->ports.first)
		a = both(a,
			 turned(match_overlaps(ports_overlap(f->ports, r->ports)), r->not_ports));
	if (r->from_ports.first && f->from_ports.first)
		a = both(a, turned(match_overlaps(ports_overlap(f->from_ports, r->from_ports)),
				   r->not_from_ports));
	if (r->original.first)
		a = both(a, f->original.first
				    ? match_overlaps(ports_overlap(f->original, r->original))
				    : MAYBE);
	return a;
}

enum reach { /* of a rule, and of what leads to it */
	     TO_ALL,
	     IN_DOUBT, /* to all, or to nobody */
	     TO_SOME,
};
#define REACHES (TO_SOME + 1)

/* Of the source ports that it asks for, if those of the flow are not known. Programs take a port of
 * their own choice from 1024 on: what takes several of these may take all clients. */
static enum reach reach_of_sources(const struct filter_rule *r, const struct filter_flow *f)
{
	bool few = r->from_ports.first == r->from_ports.last || r->from_ports.last < 1024;
	if (!r->from_ports.first || f->from_ports.first)
		return TO_ALL;
	return few && !r->not_from_ports ? TO_SOME : IN_DOUBT;
}

static enum reach reach_of(const struct filter_rule *r, const struct filter_flow *f, enum answer a)
{
	enum reach sources = reach_of_sources(r, f);
	if (is_limited(r, f) || (f->sure && a != YES) || sources == TO_SOME)
		return TO_SOME;
	return r->doubtful ? IN_DOUBT : sources;
}

bool filter_takes(const struct filter_rule *rule, const struct filter_flow *flow)
{
	return reach_of(rule, flow, YES) == TO_ALL && match_rule(rule, flow) == YES;
}

enum outcome {
	WENT_ON,  /* to the end of the chain */
	RETURNED, /* for certain, for every client */
	ACCEPTED, /* for certain, for every client */
	STOPPED,  /* perhaps */
};

struct walk {
	struct filter_zone zone; /* the first that was chosen */
	bool helped;             /* a helper was assigned */
	enum filter_verdict by;  /* what stopped it */
	enum reach sought;       /* what has this reach stops it */
	bool past_all;           /* what ends all packets does not end it */
	size_t first, last;      /* the rules of the base chain that it passes, without the last */
	size_t index;            /* of the rule of the base chain where it ended */
	const struct filter_base *base;
	const struct filter_flow *flow;
	uint8_t (*known)[REACHES]; /* see follow; NULL: nothing yet */
};

/* Whether a rule that ends packets ends the walk; then how. */
static bool ends_walk(const struct walk *w, enum reach reach, enum answer a, enum outcome *out)
{
	bool sought = reach == w->sought || (w->sought == TO_ALL && w->flow->suspect);
	/* nothing behind what ends all of them is met */
	bool all = reach == TO_ALL && !w->past_all && (a == YES || w->sought == IN_DOUBT);
	*out = sought ? STOPPED : ACCEPTED;
	return sought || all;
}

static enum outcome follow(struct walk *w, size_t to, enum reach path, int depth);

/* path: what leads here. */
static enum outcome walk_chain(struct walk *w, size_t at, enum reach path, int depth)
{
	const struct filter_chain *chain = &w->base->chains[at];
	size_t last = depth || w->last > chain->count ? chain->count : w->last;
	for (size_t i = depth ? 0 : w->first; i < last; i++) {
		const struct filter_rule *r = &chain->rules[i];
		enum answer a = match_rule(r, w->flow);
		if (depth == 0)
			w->index = i;
		if (a == NO)
			continue;
		enum reach own = reach_of(r, w->flow, a), reach = own > path ? own : path;
		bool some = reach != TO_ALL;
		enum outcome below = WENT_ON;
		if (!some && w->zone.id == 0)
			w->zone = r->zone;
		w->helped = w->helped || r->helper;
		if (r->verdict == FILTER_GO_ON)
			continue;
		switch (r->verdict) {
		case FILTER_ACCEPT:
			/* what accepts connections of a helper asks for it */
			if (a == YES && !w->flow->onward &&
			    (!some || (w->flow->related && reach == IN_DOUBT)))
				return ACCEPTED;
			break;
		case FILTER_RETURN:
			if (a == YES && !some)
				return RETURNED;
			/* those that return are spared what follows: it stops only the others */
			path = reach;
			break;
		case FILTER_UNTRACK:
			if (!w->flow->early)
				break;
			/* fall through */
		case FILTER_PROXY:
		case FILTER_END:
			w->by = r->verdict;
			if (ends_walk(w, reach, a, &below))
				return below;
			break;
		case FILTER_JUMP:
		case FILTER_GOTO:
			below = follow(w, r->to, reach, depth + 1);
			if (below == STOPPED)
				return STOPPED;
			if (a == YES && below == ACCEPTED)
				return ACCEPTED;
			if (r->verdict == FILTER_GOTO && a == YES && !some)
				return RETURNED;
			break;
		case FILTER_GO_ON:
			break;
		}
	}
	if (depth == 0)
		w->index = chain->count;
	return WENT_ON;
}

/* The outcome of a chain is noted for each reach, plus one, so that it is walked once, however many
 * ways lead there. That of a chain that is walked just now: a circle goes on. */
static enum outcome follow(struct walk *w, size_t to, enum reach path, int depth)
{
	if (to >= w->base->count || depth > DEPTH_MAX)
		return WENT_ON;
	if (!w->known)
		w->known = calloc(w->base->count, sizeof(*w->known));
	if (!w->known) /* no memory: the same, but once for each way */
		return walk_chain(w, to, path, depth);
	uint8_t *known = &w->known[to][path];
	if (*known == 0) {
		*known = 1 + WENT_ON;
		*known = (uint8_t)(1 + walk_chain(w, to, path, depth));
	}
	return *known - 1;
}

static enum outcome walk_base(struct walk *w)
{
	enum outcome out = walk_chain(w, w->base->at, TO_ALL, 0);
	free(w->known);
	return out;
}

struct filter_place filter_place(const struct filter_base *base, const struct filter_flow *flow)
{
	struct walk walk = {.base = base, .flow = flow, .last = SIZE_MAX};
	switch (walk_base(&walk)) {
	case STOPPED:
		return (struct filter_place){FILTER_CLOSED, walk.index, walk.by};
	case ACCEPTED:
		return (struct filter_place){FILTER_OPEN, walk.index, FILTER_GO_ON};
	case RETURNED:
	case WENT_ON:
		break;
	}
	return (struct filter_place){base->chains[base->at].drops ? FILTER_CLOSED : FILTER_OPEN,
				     walk.index, FILTER_END};
}

static size_t find_rule(struct walk *walk)
{
	return walk_base(walk) == STOPPED ? walk->index : FILTER_NO_RULE;
}

struct filter_limits filter_limits(const struct filter_base *base, const struct filter_flow *flow,
				   size_t place)
{
	const struct walk walk = {.base = base, .flow = flow, .last = SIZE_MAX};
	struct walk some = walk, passed = walk, doubted = walk;
	some.sought = passed.sought = TO_SOME;
	passed.past_all = true;
	passed.first = doubted.last = place;
	doubted.sought = IN_DOUBT;
	struct filter_limits out = {.some = find_rule(&some),
				    .passed = find_rule(&passed),
				    .stop = FILTER_NO_RULE,
				    .doubted = find_rule(&doubted)};
	struct filter_place stop = filter_place(base, flow);
	if (out.passed != FILTER_NO_RULE && stop.end == FILTER_CLOSED && stop.index <= out.passed)
		out.stop = stop.index;
	return out;
}

uint32_t filter_number(size_t index)
{
	return index == FILTER_NO_RULE ? 0 : (uint32_t)index + 1;
}

bool filter_has_limits(const struct filter_rule *rules, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct filter_rule *r = &rules[i];
		bool picks = r->limited || r->doubtful || r->source || r->from_ports.first ||
			     network_is_set(&r->src);
		if (picks && r->verdict != FILTER_GO_ON && r->verdict != FILTER_ACCEPT)
			return true;
	}
	return false;
}

bool filter_helps(const struct filter_base *base, const struct filter_flow *flow)
{
	struct walk walk = {.base = base, .flow = flow, .last = SIZE_MAX};
	walk_base(&walk);
	return walk.helped;
}

struct filter_zone filter_zone(const struct filter_base *base, const struct filter_flow *flow)
{
	struct walk walk = {.base = base, .flow = flow, .last = SIZE_MAX};
	walk_base(&walk);
	return walk.zone;
}
