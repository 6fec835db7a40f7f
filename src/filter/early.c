/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A packet is sent to an address of this host until it is translated. */
#include <stdlib.h>
#include <string.h>

#include "filter/early.h"
#include "model/array.h"

static void free_set(struct early_set *set)
{
	for (size_t i = 0; i < set->count; i++) {
		union {
			const struct filter_rule *in;
			struct filter_rule *out;
		} rules = {.in = set->chains[i].rules};
		free(rules.out);
	}
	free(set->chains);
}

int early_add_set(struct early *early, struct filter_chain *chains, size_t count, struct err *err)
{
	void *sets = early->sets;
	struct early_set added = {chains, count};
	struct early_set *set = array_append(&sets, &early->set_count, sizeof(*set));
	early->sets = sets;
	if (!set) {
		free_set(&added);
		return err_memory(err);
	}
	*set = added;
	return 0;
}

int early_add_base(struct early *early, const struct early_base *base, struct err *err)
{
	void *bases = early->bases;
	struct early_base *added = array_append(&bases, &early->base_count, sizeof(*added));
	early->bases = bases;
	if (!added)
		return err_memory(err);
	*added = *base;
	added->set = early->set_count - 1;
	return 0;
}

void early_free(struct early *early)
{
	for (size_t i = 0; i < early->set_count; i++)
		free_set(&early->sets[i]);
	free(early->sets);
	free(early->bases);
	*early = (struct early){0};
}

/* ---- packets ---- */

/* As clients send them, or programs of this host. */
static struct filter_flow opening_of(const struct early_case *of, bool translated)
{
	const struct forward *f = of->f;
	struct filter_flow flow = {.family = f->family,
				   .proto = f->proto,
				   .dst = network_of_host(translated ? &f->target : &of->addr),
				   .ports = translated ? f->target_ports : f->ports,
				   .original = f->ports,
				   .here = !translated || of->here,
				   .plain = !translated,
				   .early = !translated};
	memcpy(flow.in, f->ifname, sizeof(flow.in));
	if (translated)
		memcpy(flow.out, of->out, sizeof(flow.out));
	return flow;
}

/* The answers of a target behind this host, as they come in. */
static struct filter_flow answers_of(const struct early_case *of)
{
	const struct forward *f = of->f;
	struct filter_flow flow = {.family = f->family,
				   .proto = f->proto,
				   .own = network_of_host(&f->target),
				   .ports = {1, UINT16_MAX},
				   .from_ports = f->target_ports,
				   .reply = true};
	memcpy(flow.in, of->out, sizeof(flow.in));
	return flow;
}

/* A base chain, as some packets meet it. */
struct meeting_point {
	const struct early_case *of;
	const struct early_base *base;
	enum stop_on on;
};

/* Those that come in, before anybody knows where they go. */
static size_t flows_in(const struct meeting_point *at, struct filter_flow *out)
{
	if (at->on == STOP_ON_OUT || (at->on == STOP_ON_BACK && (at->of->here || !*at->of->out)))
		return 0;
	*out = at->on == STOP_ON_BACK ? answers_of(at->of)
				      : opening_of(at->of, at->base->translated);
	return 1;
}

static size_t flows_on(const struct meeting_point *at, struct filter_flow out[FLOWS_MAX])
{
	static const enum flow_way ways[] = {[EARLY_THROUGH] = FLOW_THROUGH,
					     [EARLY_IN] = FLOW_IN,
					     [EARLY_OUT] = FLOW_OUT,
					     [EARLY_POST] = FLOW_POST};
	const struct early_case *of = at->of;
	struct address target = of->f->target;
	const struct addresses here = {&target, of->here && !forward_to_self(of->f)};
	struct flow_target there = {.to = target};
	struct flow all[FLOWS_MAX];
	size_t count = 0;
	memcpy(there.out, of->out, sizeof(there.out));
	const struct flows flows = {.here = &here, .targets = &there, .target_count = 1};
	size_t n = flows_of(&flows, of->f, all);
	for (size_t i = 0; i < n; i++) {
		if (all[i].way != ways[at->base->way] || flow_on(&all[i]) != at->on)
			continue;
		out[count] = all[i].flow;
		out[count].hosts = NULL;   /* only the target is told above */
		if (**at->base->devices) { /* sources are those that clients see */
			out[count].own = (struct network){0};
			out[count].from_ports = of->f->ports;
		}
		if (at->base->way == EARLY_OUT && at->on == STOP_ON_OUT && !at->base->translated) {
			out[count] = opening_of(of, false);
			*out[count].in = '\0';
		}
		count++;
	}
	return count;
}

static bool sees(const struct early_base *base, enum family family, const char *link)
{
	if (base->family && base->family != family)
		return false;
	if (!**base->devices)
		return true;
	for (size_t i = 0; i < EARLY_DEVICES_MAX; i++)
		if (*base->devices[i] && strcmp(base->devices[i], link) == 0)
			return true;
	return false;
}

/* ---- judging ---- */

static enum early_kind kind_of(const struct filter_place *place)
{
	if (place->end == FILTER_OPEN)
		return EARLY_NOTHING;
	if (place->by == FILTER_UNTRACK)
		return EARLY_UNTRACKED;
	return place->by == FILTER_PROXY ? EARLY_PROXY : EARLY_DROP;
}

/* The zone that an entry of a connection has for that direction, or in which a packet looks. */
static uint16_t zone_in(const struct filter_zone *zone, bool reply)
{
	bool other = reply ? zone->original : zone->reply;
	return other ? 0 : zone->id;
}

static struct filter_base filter_base_of(const struct early *early, const struct early_base *base)
{
	const struct early_set *set = &early->sets[base->set];
	return (struct filter_base){set->chains, set->count, base->chain};
}

/* The chain that chooses a zone for the flow, which comes in on that interface, or NULL. */
static const struct early_base *find_chooser(const struct early *early, const struct forward *f,
					     const struct filter_flow *flow,
					     struct filter_zone *out)
{
	for (size_t i = 0; i < early->base_count; i++) {
		const struct early_base *base = &early->bases[i];
		const struct filter_base chain = filter_base_of(early, base);
		if (!base->zones || base->way != EARLY_ALL || !sees(base, f->family, flow->in))
			continue;
		*out = filter_zone(&chain, flow);
		if (out->id)
			return base;
	}
	return NULL;
}

static struct early_hit find_zone(const struct early *early, const struct early_case *of)
{
	struct filter_flow opening = opening_of(of, false), answers = answers_of(of);
	struct filter_zone zone, back;
	opening.client = answers.client = of->f->from;
	opening.sure = answers.sure = true;
	const struct early_base *there = find_chooser(early, of->f, &opening, &zone);
	const struct early_base *here = find_chooser(early, of->f, &answers, &back);
	uint16_t wanted = there ? zone_in(&zone, true) : 0;
	uint16_t found = here ? zone_in(&back, true) : 0;
	if (wanted == found || (here && wanted == zone_in(&back, false)))
		return (struct early_hit){.kind = EARLY_NOTHING};
	return (struct early_hit){.kind = EARLY_ZONE,
				  .base = there ? there : here,
				  .zone = wanted,
				  .zone_back = found,
				  .on = STOP_ON_BACK};
}

/* Whether the base chain stops the packets. */
static bool stops(const struct early *early, const struct meeting_point *at,
		  struct filter_flow *flow, struct early_hit *out)
{
	const struct early_base *base = at->base;
	const struct filter_base chain = filter_base_of(early, base);
	bool leaves = base->way == EARLY_OUT || base->way == EARLY_POST;
	if (!sees(base, flow->family, leaves ? flow->out : flow->in))
		return false;
	flow->client = at->of->f->from;
	flow->sure = !at->of->suspect;
	flow->suspect = at->of->suspect;
	flow->early = flow->plain || base->zones;
	if (at->of->client_port)
		*(flow->reply ? &flow->ports : &flow->from_ports) =
			(struct ports){at->of->client_port, at->of->client_port};
	struct filter_place place = filter_place(&chain, flow);
	enum early_kind kind = kind_of(&place);
	size_t rule = place.index < chain.chains[chain.at].count ? place.index + 1 : 0;
	*out = (struct early_hit){.kind = kind, .base = base, .rule = rule, .on = at->on};
	return base->served ? kind == EARLY_UNTRACKED : kind != EARLY_NOTHING;
}

static bool find_on(const struct early *early, const struct early_case *of, enum stop_on on,
		    struct early_hit *out)
{
	struct filter_flow flows[FLOWS_MAX];
	for (size_t i = 0; i < early->base_count; i++) {
		const struct meeting_point at = {of, &early->bases[i], on};
		size_t count =
			at.base->way == EARLY_ALL ? flows_in(&at, flows) : flows_on(&at, flows);
		for (size_t n = 0; n < count; n++)
			if (stops(early, &at, &flows[n], out))
				return true;
	}
	return false;
}

bool early_helps(const struct early *early, const struct early_case *of)
{
	for (size_t i = 0; i < early->base_count; i++) {
		const struct early_base *base = &early->bases[i];
		const struct filter_base chain = filter_base_of(early, base);
		struct filter_flow flow = opening_of(of, base->translated);
		flow.client = of->f->from;
		if (base->way == EARLY_ALL && sees(base, flow.family, flow.in) &&
		    filter_helps(&chain, &flow))
			return true;
	}
	return false;
}

bool early_stops_any(const struct early *early)
{
	for (size_t i = 0; i < early->base_count; i++)
		if (early->sets[early->bases[i].set].chains[early->bases[i].chain].drops)
			return true;
	for (size_t s = 0; s < early->set_count; s++)
		for (size_t c = 0; c < early->sets[s].count; c++)
			for (size_t i = 0; i < early->sets[s].chains[c].count; i++) {
				const struct filter_rule *r = &early->sets[s].chains[c].rules[i];
				if (r->verdict == FILTER_END || r->verdict == FILTER_PROXY ||
				    r->verdict == FILTER_UNTRACK || r->zone.id)
					return true;
			}
	return false;
}

struct early_hit early_find(const struct early *early, const struct early_case *of)
{
	static const enum stop_on ways[] = {STOP_ON_WAY, STOP_ON_BACK, STOP_ON_OUT};
	struct early_hit hit;
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		if ((of->on == STOP_ON_ANY || of->on == ways[i]) &&
		    find_on(early, of, ways[i], &hit))
			return hit;
	bool back = of->on == STOP_ON_ANY || of->on == STOP_ON_BACK;
	if (!back || !*of->out || of->suspect)
		return (struct early_hit){.kind = EARLY_NOTHING};
	return find_zone(early, of);
}
