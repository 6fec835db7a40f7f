/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One rule serves all forwards of a chain, so the earliest place counts: that of the first rule
 * that stops any of them for every client. What stands before it and takes only some clients holds.
 */
#include <stdlib.h>
#include <string.h>
#include <linux/netfilter_ipv4.h>

#include "nftables/guest.h"
#include "nftables/wire.h"

/* ---- chains, as the room filter takes them ---- */

struct view {
	const struct others *others;
	struct filter_chain *chains;
	size_t count;
	struct flows flows;
};

struct way { /* of a flow, through a base chain */
	size_t chain;
	const struct flow *flow;
};

static void free_view(struct view *view)
{
	free(view->chains);
	flows_free(&view->flows);
}

/* For the flows of these forwards. -1: out of memory. */
static int make_view(const struct others *others, const struct forwards *set, struct view *out)
{
	*out = (struct view){.others = others,
			     .count = others->count,
			     .flows = {.here = &others->here, .route = others->route}};
	out->chains = calloc(others->count + 1, sizeof(*out->chains));
	if (!out->chains)
		return -1;
	for (size_t i = 0; i < others->count; i++)
		out->chains[i] = (struct filter_chain){
			others->chains[i].rules, others->chains[i].count, others->chains[i].drops};
	flows_look(&out->flows, out->chains, out->count);
	if (flows_find_routes(&out->flows, set, FAMILY_NONE) == 0)
		return 0;
	free_view(out);
	return -1;
}

static bool sees(const struct others_chain *chain, const struct flow *flow)
{
	static const uint32_t hooks[] = {
		[FLOW_IN] = NF_INET_LOCAL_IN,
		[FLOW_THROUGH] = NF_INET_FORWARD,
		[FLOW_OUT] = NF_INET_LOCAL_OUT,
		[FLOW_POST] = NF_INET_POST_ROUTING,
	};
	bool family = chain->nfproto == NFPROTO_INET ||
		      (chain->nfproto == NFPROTO_IPV6) == (flow->flow.family == FAMILY_IPV6);
	return chain->base && chain->hook == hooks[flow->way] && family;
}

static void meet_chain(const struct view *view, const struct flow *flow, struct guest *guest)
{
	const struct filter_base base = {view->chains, view->count,
					 (size_t)(guest->chain - view->others->chains)};
	if (!sees(guest->chain, flow))
		return;
	struct filter_place place = flow_place(&base, flow);
	if (place.end == FILTER_OPEN || (guest->needed && guest->place <= place.index))
		return;
	guest->needed = true;
	guest->place = place.index;
}

static void meet_forwards(const struct view *view, const struct forwards *set, struct guest *guest)
{
	struct flow flows[FLOWS_MAX];
	for (size_t i = 0; i < set->count; i++) {
		const struct forward *f = &set->items[i];
		if (i > 0 && flows_alike(&view->flows, &set->items[i - 1], f))
			continue;
		for (size_t n = flows_of(&view->flows, f, flows); n-- > 0;)
			meet_chain(view, &flows[n], guest);
	}
}

/* A guest rule that is there stands right if it stands before the place, and no rule between the
 * two ends or limits anything. */
static bool stands_right(const struct guest *guest)
{
	const struct others_chain *chain = guest->chain;
	for (size_t i = guest->place; i-- > 0;) {
		if (chain->guest[i])
			return true;
		enum filter_verdict v = chain->rules[i].verdict;
		if (v != FILTER_GO_ON && v != FILTER_ACCEPT)
			return false;
	}
	return false;
}

static void note_hook(struct guests *guests, uint32_t number, int32_t priority)
{
	size_t i = 0;
	while (i < guests->hook_count && guests->hooks[i].hook != number)
		i++;
	struct shape_guest *hook = &guests->hooks[i];
	if (i == guests->hook_count) {
		guests->hook_count++;
		*hook = (struct shape_guest){number, priority, priority};
	}
	if (priority < hook->lowest)
		hook->lowest = priority;
	if (priority > hook->highest)
		hook->highest = priority;
}

void guests_note(struct guests *guests, const struct others_chain *chain)
{
	note_hook(guests, chain->hook, chain->priority);
}

void guests_mark(struct guests *guests, unsigned int ways)
{
	if (ways & WAY_IN)
		note_hook(guests, NF_INET_LOCAL_IN, NF_IP_PRI_FILTER);
	if (ways & WAY_THROUGH)
		note_hook(guests, NF_INET_FORWARD, NF_IP_PRI_FILTER);
	if (ways & WAY_OUT)
		note_hook(guests, NF_INET_LOCAL_OUT, NF_IP_PRI_FILTER);
}

/* A guest rule in front of the place, or any at all if the set needs none, serves others. */
static void keep_guest(struct guest *guest)
{
	const struct others_chain *chain = guest->chain;
	for (size_t i = 0; i < chain->count; i++) {
		if (!chain->guest[i] || (guest->needed && guest->place < i))
			continue;
		guest->needed = guest->there = true;
		guest->place = i + 1;
		return;
	}
}

int guests_find(const struct guest_case *of, struct guests *out, struct err *err)
{
	const struct others *others = of->others;
	const struct forwards *set = of->set;
	struct view view;
	*out = (struct guests){.of = *of, .items = calloc(others->count + 1, sizeof(*out->items))};
	if (!out->items || make_view(others, set, &view) < 0) {
		guests_free(out);
		return err_memory(err);
	}
	for (size_t c = 0; c < others->count; c++) {
		struct guest guest = {.chain = &others->chains[c]};
		if (!guest.chain->base)
			continue;
		meet_forwards(&view, set, &guest);
		guest.owned = guest.needed && guest.chain->owned;
		guest.there = guest.needed && stands_right(&guest);
		if (of->partial && !guest.there)
			keep_guest(&guest);
		if (guest.needed && !guest.owned)
			guests_note(out, guest.chain);
		out->items[out->count++] = guest;
	}
	free_view(&view);
	return 0;
}

void guests_free(struct guests *guests)
{
	free(guests->items);
	*guests = (struct guests){0};
}

/* Whether a guest rule is among the first count rules. */
static bool has_guest(const struct others_chain *chain, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (chain->guest[i])
			return true;
	return false;
}

int guests_misplaced(const struct others *others, const struct forwards *set, struct err *err)
{
	const struct guest_case of = {.others = others, .set = set};
	struct guests guests;
	bool misplaced = false;
	if (guests_find(&of, &guests, err) < 0)
		return -1;
	for (size_t i = 0; i < guests.count; i++) {
		const struct guest *guest = &guests.items[i];
		misplaced = misplaced || (guest->needed && !guest->there &&
					  has_guest(guest->chain, guest->chain->count));
	}
	guests_free(&guests);
	return misplaced;
}

static bool is_closed(const struct view *view, const struct way *way, struct filter_place *place)
{
	if (!sees(&view->others->chains[way->chain], way->flow))
		return false;
	const struct filter_base base = {view->chains, view->count, way->chain};
	*place = flow_place(&base, way->flow);
	return place->end == FILTER_CLOSED;
}

/* The first of the chains without the guest that they need that stops f. */
static const struct others_chain *
find_unserved(const struct view *view, const struct guests *guests, const struct forward *f)
{
	struct flow flows[FLOWS_MAX];
	struct filter_place place;
	size_t count = flows_of(&view->flows, f, flows);
	for (size_t g = 0; g < guests->count; g++) {
		const struct guest *guest = &guests->items[g];
		size_t chain = (size_t)(guest->chain - view->others->chains);
		for (size_t i = 0; guest->needed && !guest->there && i < count; i++) {
			const struct way way = {chain, &flows[i]};
			if (is_closed(view, &way, &place))
				return guest->chain;
		}
	}
	return NULL;
}

int guests_stop(const struct guests *guests, const struct others_chain **out, struct err *err)
{
	const struct forwards *set = guests->of.set;
	struct view view;
	bool stops = false;
	for (size_t g = 0; g < guests->count; g++)
		stops = stops || (guests->items[g].needed && !guests->items[g].there);
	if (!stops)
		return 0;
	if (make_view(guests->of.others, set, &view) < 0)
		return err_memory(err);
	for (size_t i = 0; i < set->count; i++)
		out[i] = i > 0 && flows_alike(&view.flows, &set->items[i - 1], &set->items[i])
				 ? out[i - 1]
				 : find_unserved(&view, guests, &set->items[i]);
	free_view(&view);
	return 0;
}

/* Whether the chain stops the flow; then the index of the rule. A guest rule in front of it lets
 * through what this backend holds. */
static bool stops_flow(const struct view *view, const struct way *way, bool own, size_t *rule)
{
	struct filter_place place;
	if (!is_closed(view, way, &place))
		return false;
	*rule = place.index;
	return !(own && has_guest(&view->others->chains[way->chain], place.index));
}

/* Of that rule in the chain; its number of rules: of the policy. */
static struct rule_place place_at(const struct others_chain *chain, size_t index)
{
	struct rule_place place = guests_place(chain);
	if (index == FILTER_NO_RULE)
		return (struct rule_place){0};
	place.rule = index < chain->count ? (uint32_t)index + 1 : 0;
	return place;
}

/* The first place where the forward of the question is stopped. */
static bool find_stop(const struct view *view, const struct stop_question *question,
		      struct rule_place *where)
{
	struct flow flows[FLOWS_MAX];
	size_t count = flows_asked(&view->flows, question, flows), rule;
	for (size_t c = 0; c < view->count; c++)
		for (size_t i = 0; i < count; i++) {
			const struct way way = {c, &flows[i]};
			if (!stops_flow(view, &way, question->own, &rule))
				continue;
			*where = place_at(&view->others->chains[c], rule);
			return true;
		}
	return false;
}

bool guests_where(const struct others *others, const struct stop_question *question,
		  struct rule_place *where)
{
	struct view view;
	struct forward copy = *question->f;
	const struct forwards one = {&copy, 1, 1};
	if (others->count == 0 || make_view(others, &one, &view) < 0)
		return false;
	bool stopped = find_stop(&view, question, where);
	free_view(&view);
	return stopped;
}

/* Where the first guest rule of the chain stands. */
static size_t find_guest(const struct others_chain *chain)
{
	for (size_t i = 0; i < chain->count; i++)
		if (chain->guest[i])
			return i;
	return FILTER_NO_RULE;
}

static void limit_way(const struct view *view, const struct way *way, bool own, struct limits *out)
{
	const struct others_chain *chain = &view->others->chains[way->chain];
	if (!sees(chain, way->flow))
		return;
	const struct filter_base base = {view->chains, view->count, way->chain};
	struct filter_limits found =
		filter_limits(&base, &way->flow->flow, own ? find_guest(chain) : FILTER_NO_RULE);
	const struct limits limits = {.some = place_at(chain, found.some),
				      .passed = place_at(chain, found.passed),
				      .stop = filter_number(found.stop),
				      .doubted = place_at(chain, found.doubted)};
	limits_add(out, &limits);
}

int guests_limits(const struct others *others, const struct limit_question *question,
		  struct limits *out, struct err *err)
{
	const struct forwards *set = question->set;
	struct view view;
	struct flow flows[FLOWS_MAX];
	if (others->count == 0)
		return 0;
	if (make_view(others, set, &view) < 0)
		return err_memory(err);
	for (size_t i = 0; i < set->count; i++) {
		const struct forward *f = &set->items[i];
		bool own = question->own[i];
		if (i > 0 && own == question->own[i - 1] &&
		    flows_come_alike(&view.flows, &set->items[i - 1], f)) {
			out[i] = out[i - 1];
			continue;
		}
		size_t count = flows_of(&view.flows, f, flows);
		for (size_t c = 0; c < view.count; c++)
			for (size_t n = 0; n < count; n++) {
				const struct way way = {c, &flows[n]};
				flows[n].flow.client = f->from;
				if (flow_comes(&flows[n]))
					limit_way(&view, &way, own, &out[i]);
			}
	}
	free_view(&view);
	return 0;
}

bool guests_limited(const struct others *others)
{
	for (size_t i = 0; i < others->count; i++)
		if (filter_has_limits(others->chains[i].rules, others->chains[i].count))
			return true;
	return false;
}

int guests_block(const struct others *others, const struct forwards *set,
		 struct ruleset_status *out, struct err *err)
{
	struct view view;
	if (others->count == 0)
		return 0;
	if (make_view(others, set, &view) < 0)
		return err_memory(err);
	for (size_t i = 0; i < set->count; i++) {
		struct rule_place where;
		bool same = i > 0 && flows_alike(&view.flows, &set->items[i - 1], &set->items[i]);
		struct forward anybodys = set->items[i];
		const struct stop_question question = {.f = &anybodys};
		anybodys.from = (struct network){0};
		out[i].blocked = same ? out[i - 1].blocked : find_stop(&view, &question, &where);
	}
	free_view(&view);
	return 0;
}

const struct others_chain *guests_stop_any(const struct others *others)
{
	static const enum flow_way ways[] = {FLOW_IN, FLOW_THROUGH, FLOW_OUT};
	static const enum family families[] = {FAMILY_IPV4, FAMILY_IPV6};
	static const struct forwards none;
	struct view view;
	const struct others_chain *stop = NULL;
	if (others->count == 0 || make_view(others, &none, &view) < 0)
		return NULL;
	for (size_t c = 0; !stop && c < others->count; c++)
		for (size_t w = 0; !stop && w < sizeof(ways) / sizeof(ways[0]); w++)
			for (size_t f = 0; !stop && f < 2; f++) {
				struct filter_place place;
				const struct flow any = {.way = ways[w],
							 .flow = {.family = families[f],
								  .proto = PROTO_TCP,
								  .ports = {1, UINT16_MAX},
								  .here = ways[w] == FLOW_IN,
								  .anywhere = ways[w] == FLOW_OUT}};
				const struct way way = {c, &any};
				if (is_closed(&view, &way, &place))
					stop = &others->chains[c];
			}
	free_view(&view);
	return stop;
}

struct rule_place guests_place(const struct others_chain *chain)
{
	return (struct rule_place){.table = chain->table,
				   .chain = chain->name,
				   .family = wire_family(chain->nfproto),
				   .netdev = chain->nfproto == NFPROTO_NETDEV,
				   .owned = chain->owned};
}

const char *guest_family(const struct others_chain *chain)
{
	if (chain->nfproto == NFPROTO_INET)
		return "inet";
	if (chain->nfproto == NFPROTO_NETDEV)
		return "netdev";
	return chain->nfproto == NFPROTO_IPV6 ? "ip6" : "ip";
}

void guests_forget(struct others *others, const struct other_rule *rule)
{
	uint8_t nfproto = rule->table_family == FAMILY_IPV4   ? NFPROTO_IPV4
			  : rule->table_family == FAMILY_IPV6 ? NFPROTO_IPV6
							      : NFPROTO_INET;
	for (size_t i = 0; i < others->count; i++) {
		struct others_chain *c = &others->chains[i];
		if (c->nfproto != nfproto || strcmp(c->name, rule->chain) != 0 ||
		    strcmp(c->table, rule->table) != 0)
			continue;
		for (size_t r = 0; r < c->count; r++)
			if (c->rules[r].handle == rule->handle)
				c->rules[r].never = true;
	}
}

void others_free(struct others *others)
{
	for (size_t i = 0; i < others->count; i++) {
		free(others->chains[i].rules);
		free(others->chains[i].guest);
	}
	free(others->chains);
	free(others->here.items);
	*others = (struct others){0};
}
