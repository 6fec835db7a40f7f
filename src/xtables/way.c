/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One jump serves all forwards of its chain, so the earliest place counts: that before the first
 * rule that ends any of them, with a drop or an accept, for every client.
 */
#include <stdlib.h>
#include <string.h>

#include "model/array.h"
#include "xtables/way.h"

struct way {
	enum group group;
	struct filter_flow flow;
};

#define WAYS_MAX 8

struct route {
	struct address to;
	char out[IFNAME_MAX]; /* "": not known */
};

struct walk {
	const struct way_case *of;
	struct filter_chain *chains; /* the foreign ones */
	size_t count;
	size_t bases[GROUPS]; /* by group: the index of its base chain; count: it has none */
	bool apart;           /* rules ask for targets or ports, so each forward is another case */
	bool routed;          /* rules ask for the outgoing interface */
	struct route *routes; /* of the targets, sorted; if routed */
	size_t route_count;
};

/* ---- the connections of a forward ---- */

static struct filter_flow *add_way(struct way *ways, size_t *count, enum group group,
				   const struct forward *f)
{
	struct way *way = &ways[(*count)++];
	bool elsewhere = group == GROUP_FORWARD || group == GROUP_OUTPUT;
	*way = (struct way){
		.group = group,
		.flow = {.family = f->family,
			 .proto = f->proto,
			 .dst = network_of_host(forward_to_self(f) ? &f->addr : &f->target),
			 .ports = f->target_ports,
			 .original = f->ports,
			 .here = !elsewhere,
			 .plain = group == GROUP_INPUT_SAME}};
	return &way->flow;
}

static int compare_routes(const void *a, const void *b)
{
	return address_compare(&((const struct route *)a)->to, &((const struct route *)b)->to);
}

static void set_out(const struct walk *w, const struct forward *f, struct filter_flow *flow)
{
	const struct route key = {.to = f->target};
	const struct route *found =
		w->routed ? bsearch(&key, w->routes, w->route_count, sizeof(key), compare_routes)
			  : NULL;
	if (found)
		memcpy(flow->out, found->out, sizeof(flow->out));
}

static void add_clients(struct way *ways, size_t *count, enum group group, const struct forward *f)
{
	memcpy(add_way(ways, count, group, f)->in, f->ifname, IFNAME_MAX);
	if (forward_to_self(f) && f->local)
		strcpy(add_way(ways, count, group, f)->in, "lo");
}

/* The answers of this host, to whatever port of a client. */
static void add_answers(struct way *ways, size_t *count, const struct forward *f)
{
	struct filter_flow *flow = add_way(ways, count, GROUP_OUTPUT, f);
	flow->dst = (struct network){0};
	flow->ports = (struct ports){1, UINT16_MAX};
	flow->reply = true;
}

/* What a forward's new connections ask of the chains. Answers to programs of this host, which come
 * in through INPUT, are let in by the first rule of PFWD-INPUT. */
static size_t chain_ways(const struct walk *w, const struct forward *f, struct way ways[WAYS_MAX])
{
	size_t count = 0;
	if (f->except)
		return 0;
	if (forward_to_self(f)) {
		add_clients(ways, &count, GROUP_INPUT, f);
		if (ports_count(f->target_ports) == 1 &&
		    ports_hold(f->ports, f->target_ports.first))
			add_clients(ways, &count, GROUP_INPUT_SAME, f);
		add_answers(ways, &count, f);
		return count;
	}
	if (addresses_hold(w->of->here, &f->target)) {
		add_clients(ways, &count, GROUP_INPUT, f);
		add_answers(ways, &count, f);
		return count;
	}
	add_clients(ways, &count, GROUP_FORWARD, f);
	if (f->local)
		add_way(ways, &count, GROUP_OUTPUT, f);
	if (f->hairpin)
		add_way(ways, &count, GROUP_FORWARD, f);
	for (size_t i = 0; i < count; i++)
		set_out(w, f, &ways[i].flow);
	return count;
}

static size_t ways_of(const struct walk *w, const struct forward *f, struct way ways[WAYS_MAX])
{
	size_t count = chain_ways(w, f, ways);
	for (size_t i = 0; w->of->guests && i < count; i++)
		ways[i].group = group_guest(ways[i].group);
	return count;
}

/* ---- what all forwards share ---- */

static void look_at_rules(struct walk *w)
{
	for (size_t c = 0; c < w->count; c++)
		for (size_t i = 0; i < w->chains[c].count; i++) {
			const struct filter_rule *r = &w->chains[c].rules[i];
			w->apart = w->apart || network_is_set(&r->dst) || r->ports.first ||
				   r->original.first;
			w->routed = w->routed || *r->out;
		}
}

static int find_routes(struct walk *w, struct err *err)
{
	const struct forwards *set = w->of->set;
	w->routes = calloc(set->count + 1, sizeof(*w->routes));
	if (!w->routes)
		return err_memory(err);
	for (size_t i = 0; i < set->count; i++)
		if (set->items[i].family == w->of->filter->family &&
		    address_is_set(&set->items[i].target))
			w->routes[w->route_count++].to = set->items[i].target;
	size_t all = w->route_count;
	qsort(w->routes, all, sizeof(*w->routes), compare_routes);
	w->route_count = 0;
	for (size_t i = 0; i < all; i++) {
		struct route *r = &w->routes[w->route_count];
		if (w->route_count && address_equal(&r[-1].to, &w->routes[i].to))
			continue;
		*r = w->routes[i];
		if (!w->of->route(&r->to, r->out))
			r->out[0] = '\0';
		w->route_count++;
	}
	return 0;
}

static void walk_end(struct walk *w)
{
	free(w->chains);
	free(w->routes);
}

static int walk_begin(const struct way_case *of, struct walk *w, struct err *err)
{
	const struct foreign *foreign = &of->filter->foreign;
	*w = (struct walk){.of = of, .count = foreign->count};
	w->chains = calloc(foreign->count + 1, sizeof(*w->chains));
	if (!w->chains)
		return err_memory(err);
	for (size_t i = 0; i < foreign->count; i++)
		w->chains[i] = (struct filter_chain){.rules = foreign->chains[i].rules,
						     .count = foreign->chains[i].count,
						     .drops = foreign->chains[i].drops};
	for (int g = 0; g < GROUPS; g++)
		w->bases[g] = foreign_find(foreign, group_infos[g].base);
	look_at_rules(w);
	if (!w->routed || find_routes(w, err) == 0)
		return 0;
	walk_end(w);
	return -1;
}

/* Whether nothing that the rules ask for tells the two apart. */
static bool same_case(const struct walk *w, const struct forward *a, const struct forward *b)
{
	return !w->apart && a->family == b->family && a->proto == b->proto &&
	       strcmp(a->ifname, b->ifname) == 0 && a->local == b->local &&
	       a->hairpin == b->hairpin && a->except == b->except &&
	       forward_to_self(a) == forward_to_self(b) &&
	       (!w->routed || address_equal(&a->target, &b->target)) &&
	       addresses_hold(w->of->here, &a->target) == addresses_hold(w->of->here, &b->target);
}

static struct filter_place place_of(const struct walk *w, const struct way *way)
{
	if (w->bases[way->group] == w->count)
		return (struct filter_place){FILTER_OPEN, 0};
	return filter_place(w->chains, w->count, w->bases[way->group], &way->flow);
}

/* ---- places ---- */

static void begin_places(const struct walk *w, struct ways *out)
{
	*out = (struct ways){0};
	for (int g = 0; g < GROUPS; g++)
		out->places[g] = w->bases[g] < w->count ? w->chains[w->bases[g]].count : 0;
}

static void find_places(const struct walk *w, struct ways *out)
{
	const struct forwards *set = w->of->set;
	const struct forward *before = NULL;
	struct way ways[WAYS_MAX];
	for (size_t i = 0; i < set->count; i++) {
		const struct forward *f = &set->items[i];
		if (f->family != w->of->filter->family || (before && same_case(w, before, f)))
			continue;
		before = f;
		for (size_t n = ways_of(w, f, ways); n-- > 0;) {
			struct filter_place place = place_of(w, &ways[n]);
			bool closed = place.end == FILTER_CLOSED;
			size_t *first = &out->places[ways[n].group];
			out->closed[ways[n].group] = out->closed[ways[n].group] || closed;
			/* a guest is there only where it is needed */
			if (place.index < *first && (closed || !w->of->guests))
				*first = place.index;
		}
	}
}

/* Forwards of which nothing is known may need them. */
static void keep_guests(const struct way_case *of, struct ways *out)
{
	for (enum group g = GROUP_GUEST_FORWARD; group_is_guest(g); g++) {
		const struct state_jump *guest = state_find_jump(of->filter, g);
		if (!guest)
			continue;
		out->closed[g] = true;
		out->places[g] = guest->position;
	}
}

static int find_guests(const struct way_case *of, struct ways *out, struct err *err)
{
	struct way_case other = *of;
	struct walk w;
	other.set = of->elsewhere;
	other.guests = true;
	if (of->elsewhere && of->elsewhere->count) {
		if (walk_begin(&other, &w, err) < 0)
			return -1;
		find_places(&w, out);
		walk_end(&w);
	}
	if (!of->elsewhere)
		keep_guests(of, out);
	return 0;
}

unsigned int ways_of_guest(enum group guest)
{
	return guest == GROUP_GUEST_FORWARD ? WAY_THROUGH
	       : guest == GROUP_GUEST_INPUT ? WAY_IN
					    : WAY_OUT;
}

int ways_find(const struct way_case *of, struct ways *out, struct err *err)
{
	struct walk w;
	if (walk_begin(of, &w, err) < 0)
		return -1;
	begin_places(&w, out);
	find_places(&w, out);
	walk_end(&w);
	return find_guests(of, out, err);
}

bool ways_right(const struct ways *ways, const struct state *filter, enum group group,
		size_t position)
{
	const struct foreign *foreign = &filter->foreign;
	size_t base = foreign_find(foreign, group_infos[group].base);
	size_t place = ways->places[group];
	size_t first = position < place ? position : place;
	size_t last = position < place ? place : position;
	for (size_t i = first; base < foreign->count && i < last; i++) {
		const struct filter_rule *r = &foreign->chains[base].rules[i];
		if (r->verdict != FILTER_GO_ON && r->verdict != FILTER_ACCEPT && !r->never &&
		    !(r->not_plain && r->not_translated))
			return false;
	}
	return true;
}

/* ---- status ---- */

/* What the jump or guest that lets it through means to one way of a forward. */
static void judge_way(const struct walk *w, const struct ways *found, const struct way *way,
		      struct ruleset_status *out)
{
	const struct state *filter = w->of->filter;
	const struct state_jump *jump = state_find_jump(filter, way->group);
	/* a missing jump is for the rules that are missing; others are not always there */
	bool always = way->group != GROUP_OUTPUT && !group_is_guest(way->group);
	bool right = !jump || ways_right(found, filter, way->group, jump->position);
	if (right && (jump || always))
		return;
	struct filter_place place = place_of(w, way);
	/* the policy comes behind all jumps */
	bool stopped = place.end == FILTER_CLOSED && (!jump || place.index < jump->position);
	out->misplaced = out->misplaced || jump || stopped;
	out->blocked = out->blocked || stopped;
}

int ways_status(const struct way_case *of, struct ruleset_status *out, struct err *err)
{
	struct walk w;
	struct ways found;
	struct way ways[WAYS_MAX];
	size_t before = of->set->count;
	if (walk_begin(of, &w, err) < 0)
		return -1;
	begin_places(&w, &found);
	find_places(&w, &found);
	for (size_t i = 0; i < of->set->count; i++) {
		const struct forward *f = &of->set->items[i];
		if (f->family != of->filter->family)
			continue;
		if (before < i && same_case(&w, &of->set->items[before], f)) {
			out[i].blocked = out[before].blocked;
			out[i].misplaced = out[before].misplaced;
			continue;
		}
		before = i;
		for (size_t n = ways_of(&w, f, ways); n-- > 0;)
			judge_way(&w, &found, &ways[n], &out[i]);
	}
	walk_end(&w);
	return 0;
}

const char *ways_stop(const struct way_case *of, size_t *rule)
{
	struct walk w;
	struct way ways[WAYS_MAX];
	struct err ignored;
	const char *chain = NULL;
	if (walk_begin(of, &w, &ignored) < 0)
		return NULL;
	for (size_t n = ways_of(&w, of->set->items, ways); !chain && n-- > 0;) {
		struct filter_place place = place_of(&w, &ways[n]);
		const struct state_jump *jump = state_find_jump(of->filter, ways[n].group);
		if (place.end != FILTER_CLOSED || (jump && place.index >= jump->position))
			continue;
		chain = group_infos[ways[n].group].base;
		*rule = place.index < w.chains[w.bases[ways[n].group]].count ? place.index + 1 : 0;
	}
	walk_end(&w);
	return chain;
}
