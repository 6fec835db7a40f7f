/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One jump serves all forwards of its chain, so the earliest place counts: that before the first
 * rule that drops any of them for every client.
 */
#include <stdlib.h>

#include "xtables/way.h"

struct way { /* of new connections, or of answers, through a base chain */
	enum group group;
	const struct flow *flow;
};

struct walk {
	const struct way_case *of;
	struct flows flows;
	struct filter_chain *chains; /* the foreign ones */
	size_t count;
	size_t bases[GROUPS]; /* by group: the index of its base chain; count: it has none */
};

/* The group whose jump or guest lets the flow through; GROUPS: the table does not see it. Answers
 * to programs of this host, which come in through INPUT, are let in by the first rule of
 * PFWD-INPUT. */
static enum group group_of_flow(const struct walk *w, const struct flow *flow)
{
	enum group group = GROUPS;
	switch (flow->way) {
	case FLOW_IN:
		group = flow->flow.plain ? GROUP_INPUT_SAME : GROUP_INPUT;
		break;
	case FLOW_THROUGH:
		group = GROUP_FORWARD;
		break;
	case FLOW_OUT:
		group = GROUP_OUTPUT;
		break;
	case FLOW_POST:
		return GROUPS;
	}
	return w->of->guests ? group_guest(group) : group;
}

static void walk_end(struct walk *w)
{
	free(w->chains);
	flows_free(&w->flows);
}

static int walk_begin(const struct way_case *of, struct walk *w, struct err *err)
{
	const struct foreign *foreign = &of->filter->foreign;
	*w = (struct walk){.of = of, .count = foreign->count};
	w->flows = (struct flows){.here = of->here, .route = of->route};
	w->chains = calloc(foreign->count + 1, sizeof(*w->chains));
	if (!w->chains)
		return err_memory(err);
	for (size_t i = 0; i < foreign->count; i++)
		w->chains[i] = (struct filter_chain){.rules = foreign->chains[i].rules,
						     .count = foreign->chains[i].count,
						     .drops = foreign->chains[i].drops};
	for (int g = 0; g < GROUPS; g++)
		w->bases[g] = foreign_find(foreign, group_infos[g].base);
	flows_look(&w->flows, w->chains, w->count);
	if (flows_find_routes(&w->flows, of->set, of->filter->family) == 0)
		return 0;
	walk_end(w);
	return err_memory(err);
}

static struct filter_place place_of(const struct walk *w, const struct way *way)
{
	if (w->bases[way->group] == w->count)
		return (struct filter_place){.end = FILTER_OPEN};
	const struct filter_base base = {w->chains, w->count, w->bases[way->group]};
	return flow_place(&base, way->flow);
}

/* ---- places ---- */

static void begin_places(const struct walk *w, struct ways *out)
{
	*out = (struct ways){0};
	for (int g = 0; g < GROUPS; g++)
		out->places[g] = w->bases[g] < w->count ? w->chains[w->bases[g]].count : 0;
}

static void add_place(const struct walk *w, const struct way *way, struct ways *out)
{
	struct flow onward = *way->flow;
	const struct way past = {way->group, &onward};
	struct filter_place place = place_of(w, way);
	size_t *first = &out->places[way->group];
	bool closed = place.end == FILTER_CLOSED;
	out->closed[way->group] = out->closed[way->group] || closed;
	/* a guest is there only where it is needed; what accepts answers may be for them alone */
	if (!closed && (w->of->guests || way->flow->flow.reply))
		return;
	/* what accepts it by itself needs no place before it, where bans behind would be passed;
	 * but it may do so for first packets alone, and then what ends the others counts */
	onward.flow.onward = true;
	if (!closed)
		place = place_of(w, &past);
	if (place.index < *first)
		*first = place.index;
}

static void find_places(const struct walk *w, struct ways *out)
{
	const struct forwards *set = w->of->set;
	const struct forward *before = NULL;
	struct flow flows[FLOWS_MAX];
	for (size_t i = 0; i < set->count; i++) {
		const struct forward *f = &set->items[i];
		if (f->family != w->of->filter->family ||
		    (before && flows_alike(&w->flows, before, f)))
			continue;
		before = f;
		for (size_t n = flows_of(&w->flows, f, flows); n-- > 0;) {
			const struct way way = {group_of_flow(w, &flows[n]), &flows[n]};
			if (way.group != GROUPS)
				add_place(w, &way, out);
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
	struct flow flows[FLOWS_MAX];
	size_t before = of->set->count;
	if (walk_begin(of, &w, err) < 0)
		return -1;
	begin_places(&w, &found);
	find_places(&w, &found);
	for (size_t i = 0; i < of->set->count; i++) {
		const struct forward *f = &of->set->items[i];
		if (f->family != of->filter->family)
			continue;
		if (before < i && flows_alike(&w.flows, &of->set->items[before], f)) {
			out[i].blocked = out[before].blocked;
			out[i].misplaced = out[before].misplaced;
			continue;
		}
		before = i;
		for (size_t n = flows_of(&w.flows, f, flows); n-- > 0;) {
			const struct way way = {group_of_flow(&w, &flows[n]), &flows[n]};
			if (way.group != GROUPS)
				judge_way(&w, &found, &way, &out[i]);
		}
	}
	walk_end(&w);
	return 0;
}

/* ---- which rules ---- */

/* Of that rule in the base chain; its number: of the policy. */
static struct rule_place place_at(const struct walk *w, const struct way *way, size_t index)
{
	if (index == FILTER_NO_RULE)
		return (struct rule_place){0};
	bool policy = index >= w->chains[w->bases[way->group]].count;
	return (struct rule_place){.table = table_name(w->of->filter->table),
				   .chain = group_infos[way->group].base,
				   .rule = policy ? 0 : (uint32_t)index + 1,
				   .family = w->of->filter->family,
				   .legacy = true};
}

/* Whether others' rules stop the way in spite of jump or guest; then where. */
static bool stops_way(const struct walk *w, const struct way *way, struct rule_place *where)
{
	const struct state_jump *jump = state_find_jump(w->of->filter, way->group);
	struct filter_place place = place_of(w, way);
	if (place.end != FILTER_CLOSED || (jump && place.index >= jump->position))
		return false;
	*where = place_at(w, way, place.index);
	return true;
}

bool ways_stop(const struct way_case *of, const struct stop_question *question,
	       struct rule_place *where)
{
	struct walk w;
	struct flow flows[FLOWS_MAX];
	struct err ignored;
	bool stopped = false;
	if (walk_begin(of, &w, &ignored) < 0)
		return false;
	for (size_t n = flows_asked(&w.flows, question, flows); !stopped && n-- > 0;) {
		const struct way way = {group_of_flow(&w, &flows[n]), &flows[n]};
		stopped = way.group != GROUPS && stops_way(&w, &way, where);
	}
	walk_end(&w);
	return stopped;
}

static void limit_way(const struct walk *w, const struct way *way, struct limits *out)
{
	const struct filter_base base = {w->chains, w->count, w->bases[way->group]};
	const struct state_jump *jump = state_find_jump(w->of->filter, way->group);
	if (base.at == base.count)
		return;
	struct filter_limits found =
		filter_limits(&base, &way->flow->flow, jump ? jump->position : FILTER_NO_RULE);
	const struct limits limits = {.some = place_at(w, way, found.some),
				      .passed = place_at(w, way, found.passed),
				      .stop = filter_number(found.stop),
				      .doubted = place_at(w, way, found.doubted)};
	limits_add(out, &limits);
}

int ways_limits(const struct way_case *of, const bool *own, struct limits *out, struct err *err)
{
	struct walk w;
	struct flow flows[FLOWS_MAX];
	size_t before = of->set->count;
	if (walk_begin(of, &w, err) < 0)
		return -1;
	for (size_t i = 0; i < of->set->count; i++) {
		const struct forward *f = &of->set->items[i];
		if (f->family != of->filter->family || own[i] == of->guests)
			continue;
		if (before < i && flows_come_alike(&w.flows, &of->set->items[before], f)) {
			out[i] = out[before];
			continue;
		}
		before = i;
		for (size_t n = flows_of(&w.flows, f, flows); n-- > 0;) {
			const struct way way = {group_of_flow(&w, &flows[n]), &flows[n]};
			flows[n].flow.client = f->from;
			if (way.group != GROUPS && flow_comes(&flows[n]))
				limit_way(&w, &way, &out[i]);
		}
	}
	walk_end(&w);
	return 0;
}
