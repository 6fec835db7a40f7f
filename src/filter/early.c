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

/* ---- judging ---- */

static struct filter_flow flow_of(const struct early_case *of, bool translated)
{
	const struct forward *f = of->f;
	struct filter_flow flow = {.family = f->family,
				   .proto = f->proto,
				   .client = f->from,
				   .dst = network_of_host(translated ? &f->target : &of->addr),
				   .ports = translated ? f->target_ports : f->ports,
				   .original = f->ports,
				   .here = !translated || of->here,
				   .plain = !translated,
				   .early = !translated,
				   .sure = !of->suspect,
				   .suspect = of->suspect};
	memcpy(flow.in, f->ifname, sizeof(flow.in));
	if (translated)
		memcpy(flow.out, of->out, sizeof(flow.out));
	return flow;
}

/* The answers of a target behind this host, before conntrack sees them. */
static struct filter_flow answers_of(const struct early_case *of)
{
	const struct forward *f = of->f;
	struct filter_flow flow = {.family = f->family,
				   .proto = f->proto,
				   .client = f->from,
				   .ports = {1, UINT16_MAX},
				   .sure = true,
				   .reply = true};
	memcpy(flow.in, of->out, sizeof(flow.in));
	return flow;
}

static bool sees(const struct early_base *base, const struct forward *f, const char *in)
{
	if (base->family && base->family != f->family)
		return false;
	if (!**base->devices)
		return true;
	for (size_t i = 0; i < EARLY_DEVICES_MAX; i++)
		if (*base->devices[i] && strcmp(base->devices[i], in) == 0)
			return true;
	return false;
}

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

/* The chain that chooses a zone for the flow, which comes in on that interface, or NULL. */
static const struct early_base *find_chooser(const struct early *early, const struct forward *f,
					     const struct filter_flow *flow,
					     struct filter_zone *out)
{
	for (size_t i = 0; i < early->base_count; i++) {
		const struct early_base *base = &early->bases[i];
		const struct early_set *set = &early->sets[base->set];
		if (!base->zones || !sees(base, f, flow->in))
			continue;
		*out = filter_zone(set->chains, set->count, base->chain, flow);
		if (out->id)
			return base;
	}
	return NULL;
}

static struct early_hit find_zone(const struct early *early, const struct early_case *of)
{
	const struct filter_flow flow = flow_of(of, false), answers = answers_of(of);
	struct filter_zone zone, back;
	const struct early_base *there = find_chooser(early, of->f, &flow, &zone);
	const struct early_base *here = find_chooser(early, of->f, &answers, &back);
	uint16_t wanted = there ? zone_in(&zone, true) : 0;
	uint16_t found = here ? zone_in(&back, true) : 0;
	if (wanted == found || (here && wanted == zone_in(&back, false)))
		return (struct early_hit){EARLY_NOTHING, NULL, 0, 0, 0};
	return (struct early_hit){EARLY_ZONE, there ? there : here, 0, wanted, found};
}

struct early_hit early_find(const struct early *early, const struct early_case *of)
{
	const struct filter_flow before = flow_of(of, false), behind = flow_of(of, true);
	for (size_t i = 0; i < early->base_count; i++) {
		const struct early_base *base = &early->bases[i];
		const struct early_set *set = &early->sets[base->set];
		bool other_way = base->way == (of->here ? EARLY_THROUGH : EARLY_IN);
		if (other_way || !sees(base, of->f, of->f->ifname))
			continue;
		struct filter_place place = filter_place(set->chains, set->count, base->chain,
							 base->translated ? &behind : &before);
		enum early_kind kind = kind_of(&place);
		size_t rule = place.index < set->chains[base->chain].count ? place.index + 1 : 0;
		if (kind)
			return (struct early_hit){kind, base, rule, 0, 0};
	}
	if (!*of->out || of->suspect)
		return (struct early_hit){EARLY_NOTHING, NULL, 0, 0, 0};
	return find_zone(early, of);
}
