/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One rule serves all forwards of a chain, so the earliest place counts: that of the first rule
 * that stops any of them for every client. What stands before it and takes only some clients holds.
 */
#include <stdlib.h>
#include <string.h>
#include <linux/netfilter_ipv4.h>

#include "nftables/guest.h"

/* ---- the connections of a forward, as a hook sees them ---- */

struct hook_flow {
	uint32_t hook;
	struct filter_flow flow;
};

#define FLOWS_MAX 8

static struct filter_flow *add_flow(struct hook_flow *flows, size_t *count, uint32_t hook,
				    const struct forward *f)
{
	struct hook_flow *h = &flows[(*count)++];
	*h = (struct hook_flow){.hook = hook,
				.flow = {.family = f->family,
					 .proto = f->proto,
					 .dst = network_of_host(&f->target),
					 .ports = f->target_ports}};
	return &h->flow;
}

/* Whether the target is this host itself, or an address of it. */
static bool ends_here(const struct others *others, const struct forward *f)
{
	return forward_to_self(f) || addresses_hold(&others->here, &f->target);
}

/* What it asks of the hooks; a program's own packets have no incoming interface but lo. A target
 * that is an address of this host may move to another one. */
static size_t flows_of(const struct others *others, const struct forward *f,
		       struct hook_flow flows[FLOWS_MAX])
{
	size_t count = 0;
	if (f->except)
		return 0;
	if (ends_here(others, f)) {
		memcpy(add_flow(flows, &count, NF_INET_LOCAL_IN, f)->in, f->ifname, IFNAME_MAX);
		if (f->local)
			strcpy(add_flow(flows, &count, NF_INET_LOCAL_IN, f)->in, "lo");
		if (f->hairpin)
			add_flow(flows, &count, NF_INET_LOCAL_IN, f);
		add_flow(flows, &count, NF_INET_LOCAL_OUT, f);
	}
	if (forward_to_self(f))
		return count;
	memcpy(add_flow(flows, &count, NF_INET_FORWARD, f)->in, f->ifname, IFNAME_MAX);
	if (f->hairpin)
		add_flow(flows, &count, NF_INET_FORWARD, f);
	if (f->local)
		add_flow(flows, &count, NF_INET_LOCAL_OUT, f);
	memcpy(add_flow(flows, &count, NF_INET_POST_ROUTING, f)->in, f->ifname, IFNAME_MAX);
	return count;
}

/* ---- chains ---- */

struct view { /* others' chains as the room filter takes them */
	const struct others *others;
	struct filter_chain *chains;
	size_t count;
};

static int make_view(const struct others *others, struct view *out)
{
	out->others = others;
	out->count = others->count;
	out->chains = calloc(others->count + 1, sizeof(*out->chains));
	for (size_t i = 0; out->chains && i < others->count; i++)
		out->chains[i] = (struct filter_chain){
			others->chains[i].rules, others->chains[i].count, others->chains[i].drops};
	return out->chains ? 0 : -1;
}

static bool sees(const struct others_chain *chain, const struct hook_flow *h)
{
	bool family = chain->nfproto == NFPROTO_INET ||
		      (chain->nfproto == NFPROTO_IPV6) == (h->flow.family == FAMILY_IPV6);
	return chain->base && chain->hook == h->hook && family;
}

/* Whether the chain asks for targets or their ports: then each forward is a case of its own. */
static bool tells_targets_apart(const struct others *others)
{
	for (size_t c = 0; c < others->count; c++)
		for (size_t i = 0; i < others->chains[c].count; i++)
			if (network_is_set(&others->chains[c].rules[i].dst) ||
			    others->chains[c].rules[i].ports.first)
				return true;
	return false;
}

static bool same_case(const struct others *others, const struct forward *a, const struct forward *b)
{
	return a->family == b->family && a->proto == b->proto &&
	       strcmp(a->ifname, b->ifname) == 0 && a->local == b->local &&
	       a->hairpin == b->hairpin && forward_to_self(a) == forward_to_self(b) &&
	       ends_here(others, a) == ends_here(others, b) && a->except == b->except;
}

static void meet_chain(const struct view *view, size_t c, const struct forward *f,
		       struct guest *guest)
{
	struct hook_flow flows[FLOWS_MAX];
	size_t count = flows_of(view->others, f, flows);
	for (size_t i = 0; i < count; i++) {
		if (!sees(guest->chain, &flows[i]))
			continue;
		struct filter_place place =
			filter_place(view->chains, view->count, c, &flows[i].flow);
		if (place.end == FILTER_OPEN || (guest->needed && guest->place <= place.index))
			continue;
		guest->needed = true;
		guest->place = place.index;
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

int guests_find(const struct others *others, const struct forwards *set, bool partial,
		struct guests *out, struct err *err)
{
	struct view view = {0};
	bool apart = tells_targets_apart(others);
	*out = (struct guests){.items = calloc(others->count + 1, sizeof(*out->items))};
	if (!out->items || make_view(others, &view) < 0) {
		guests_free(out);
		return err_memory(err);
	}
	for (size_t c = 0; c < others->count; c++) {
		struct guest guest = {.chain = &others->chains[c]};
		if (!guest.chain->base)
			continue;
		for (size_t i = 0; i < set->count; i++)
			if (apart || i == 0 ||
			    !same_case(others, &set->items[i - 1], &set->items[i]))
				meet_chain(&view, c, &set->items[i], &guest);
		guest.owned = guest.needed && guest.chain->owned;
		guest.there = guest.needed && stands_right(&guest);
		if (partial && !guest.there)
			keep_guest(&guest);
		if (guest.needed && !guest.owned)
			guests_note(out, guest.chain);
		out->items[out->count++] = guest;
	}
	free(view.chains);
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
	struct guests guests;
	bool misplaced = false;
	if (guests_find(others, set, false, &guests, err) < 0)
		return -1;
	for (size_t i = 0; i < guests.count; i++) {
		const struct guest *guest = &guests.items[i];
		misplaced = misplaced || (guest->needed && !guest->there &&
					  has_guest(guest->chain, guest->chain->count));
	}
	guests_free(&guests);
	return misplaced;
}

const struct others_chain *guests_stop(const struct others *others, const struct guests *guests,
				       const struct forward *f)
{
	struct hook_flow flows[FLOWS_MAX];
	size_t count = flows_of(others, f, flows);
	struct view view;
	const struct others_chain *stop = NULL;
	if (count == 0 || guests->count == 0 || make_view(others, &view) < 0)
		return NULL;
	for (size_t g = 0; !stop && g < guests->count; g++) {
		const struct guest *guest = &guests->items[g];
		if (!guest->needed || guest->there)
			continue;
		for (size_t i = 0; !stop && i < count; i++)
			if (sees(guest->chain, &flows[i]) &&
			    filter_place(view.chains, view.count,
					 (size_t)(guest->chain - others->chains), &flows[i].flow)
					    .end == FILTER_CLOSED)
				stop = guest->chain;
	}
	free(view.chains);
	return stop;
}

/* The first chain that stops f, or NULL; *rule is the number of its rule from 1, 0 its policy. own:
 * a guest rule in front of it lets f through. */
static const struct others_chain *find_stop(const struct view *view, const struct forward *f,
					    bool own, size_t *rule)
{
	struct hook_flow flows[FLOWS_MAX];
	size_t count = flows_of(view->others, f, flows);
	for (size_t c = 0; c < view->count; c++)
		for (size_t i = 0; i < count; i++) {
			const struct others_chain *chain = &view->others->chains[c];
			if (!sees(chain, &flows[i]))
				continue;
			struct filter_place place =
				filter_place(view->chains, view->count, c, &flows[i].flow);
			if (place.end != FILTER_CLOSED || (own && has_guest(chain, place.index)))
				continue;
			*rule = place.index < chain->count ? place.index + 1 : 0;
			return chain;
		}
	return NULL;
}

const struct others_chain *guests_where(const struct others *others, const struct forward *f,
					bool own, size_t *rule)
{
	struct view view;
	if (others->count == 0 || make_view(others, &view) < 0)
		return NULL;
	const struct others_chain *stop = find_stop(&view, f, own, rule);
	free(view.chains);
	return stop;
}

int guests_block(const struct others *others, const struct forwards *set,
		 struct ruleset_status *out, struct err *err)
{
	struct view view;
	bool apart = tells_targets_apart(others);
	if (others->count == 0)
		return 0;
	if (make_view(others, &view) < 0)
		return err_memory(err);
	for (size_t i = 0; i < set->count; i++) {
		bool same =
			!apart && i > 0 && same_case(others, &set->items[i - 1], &set->items[i]);
		size_t rule;
		out[i].blocked = same ? out[i - 1].blocked
				      : find_stop(&view, &set->items[i], false, &rule) != NULL;
	}
	free(view.chains);
	return 0;
}

const struct others_chain *guests_stop_any(const struct others *others)
{
	static const uint32_t hooks[] = {NF_INET_LOCAL_IN, NF_INET_FORWARD, NF_INET_LOCAL_OUT};
	static const enum family families[] = {FAMILY_IPV4, FAMILY_IPV6};
	struct view view;
	const struct others_chain *stop = NULL;
	if (others->count == 0 || make_view(others, &view) < 0)
		return NULL;
	for (size_t c = 0; !stop && c < others->count; c++)
		for (size_t h = 0; !stop && h < sizeof(hooks) / sizeof(hooks[0]); h++)
			for (size_t f = 0; !stop && f < 2; f++) {
				const struct hook_flow any = {hooks[h],
							      {.family = families[f],
							       .proto = PROTO_TCP,
							       .ports = {1, UINT16_MAX}}};
				if (sees(&others->chains[c], &any) &&
				    filter_place(view.chains, view.count, c, &any.flow).end ==
					    FILTER_CLOSED)
					stop = &others->chains[c];
			}
	free(view.chains);
	return stop;
}

const char *guest_family(const struct others_chain *chain)
{
	if (chain->nfproto == NFPROTO_INET)
		return "inet";
	return chain->nfproto == NFPROTO_IPV6 ? "ip6" : "ip";
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
