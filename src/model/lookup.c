/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Forwards sorted by family, protocol, address and first port. Each run of the first three is
 * walked down from the last forward that begins at or below the port to where none reaches it.
 */
#include <stdlib.h>
#include <string.h>

#include "model/lookup.h"

static int compare_run(const struct forward *a, const struct forward *b)
{
	int d = a->family - b->family;
	if (d == 0)
		d = a->proto - b->proto;
	if (d == 0)
		d = address_compare(&a->addr, &b->addr);
	return d;
}

static int compare(const void *a, const void *b, void *items)
{
	const struct forward *set = items;
	const struct forward *f = &set[*(const size_t *)a], *g = &set[*(const size_t *)b];
	int d = compare_run(f, g);
	return d ? d : f->ports.first - g->ports.first;
}

int lookup_make(const struct forwards *set, struct lookup *out, struct err *err)
{
	struct lookup l = {
		.set = set,
		.order = reallocarray(NULL, set->count + 1, sizeof(*l.order)),
		.reach = reallocarray(NULL, set->count + 1, sizeof(*l.reach)),
	};
	if (!l.order || !l.reach) {
		lookup_free(&l);
		return err_memory(err);
	}
	for (size_t i = 0; i < set->count; i++)
		l.order[i] = i;
	qsort_r(l.order, set->count, sizeof(*l.order), compare, set->items);
	for (size_t i = 0; i < set->count; i++) {
		const struct forward *f = &set->items[l.order[i]];
		bool first = i == 0 || compare_run(&set->items[l.order[i - 1]], f) != 0;
		l.addressed = l.addressed || address_is_set(&f->addr);
		l.reach[i] = f->ports.last;
		if (!first && l.reach[i - 1] > l.reach[i])
			l.reach[i] = l.reach[i - 1];
	}
	*out = l;
	return 0;
}

void lookup_free(struct lookup *lookup)
{
	free(lookup->order);
	free(lookup->reach);
	*lookup = (struct lookup){0};
}

/* Index of the first that comes behind the key's run and first port. */
static size_t bound(const struct lookup *l, const struct forward *key)
{
	size_t low = 0, high = l->set ? l->set->count : 0;
	while (low < high) {
		size_t middle = (low + high) / 2;
		const struct forward *f = &l->set->items[l->order[middle]];
		int d = compare_run(f, key);
		if (d < 0 || (d == 0 && f->ports.first <= key->ports.first))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void seek(struct lookup_walk *walk)
{
	walk->at = bound(walk->lookup, &walk->key);
}

struct lookup_walk lookup_begin(const struct lookup *lookup, enum family family, uint8_t proto,
				const struct endpoint *destination)
{
	struct lookup_walk walk = {
		.lookup = lookup,
		.key = {.family = (uint8_t)family,
			.proto = proto,
			.addr = destination->addr,
			.ports = {destination->port, destination->port}},
	};
	if (!lookup->addressed)
		walk.key.addr = (struct address){0};
	seek(&walk);
	return walk;
}

const struct forward *lookup_next(struct lookup_walk *walk)
{
	const struct lookup *l = walk->lookup;
	for (;;) {
		while (walk->at > 0 && l->reach[walk->at - 1] >= walk->key.ports.first) {
			const struct forward *f = &l->set->items[l->order[walk->at - 1]];
			if (compare_run(f, &walk->key) != 0)
				break;
			walk->at--;
			if (f->ports.last >= walk->key.ports.first)
				return f;
		}
		if (!address_is_set(&walk->key.addr))
			return NULL;
		walk->key.addr = (struct address){0};
		seek(walk);
	}
}

struct endpoint lookup_target(const struct forward *f, const struct endpoint *via)
{
	return (struct endpoint){
		.addr = forward_to_self(f) ? via->addr : f->target,
		.port = forward_target_port(f, via->port),
	};
}

bool lookup_goes_to(const struct forward *f, const struct connection *c)
{
	struct endpoint to = lookup_target(f, &c->via);
	if (!address_equal(&to.addr, &c->target.addr))
		return false;
	/* where a tuple is taken the kernel goes on to the next port of the range */
	return to.port == c->target.port ||
	       (ports_count(f->target_ports) > 1 && ports_hold(f->target_ports, c->target.port));
}

bool lookup_takes_client(const struct forward *f, const struct address *client)
{
	return network_holds(&f->from, client) ||
	       (f->hairpin && network_holds(&f->hairpin_net, client));
}

/* How well a forward fits a connection that goes where it sends it; less is better. */
static int misfit(const struct forward *f, const struct connection *c, const char *interface)
{
	int points = 0;
	if (!lookup_takes_client(f, &c->client.addr))
		points += 4; /* --local takes any client */
	if (interface && *f->ifname) {
		enum relation r = ifname_relation(interface, f->ifname);
		points += r == RELATION_EQUAL || r == RELATION_INSIDE ? 0 : 2;
	}
	return points;
}

const struct forward *lookup_connection(const struct lookup *lookup, const struct connection *c,
					const char *interface)
{
	const struct forward *best = NULL, *f;
	int best_misfit = 0;
	struct lookup_walk walk = lookup_begin(lookup, (enum family)c->family, c->proto, &c->via);
	while ((f = lookup_next(&walk))) {
		if (!lookup_goes_to(f, c))
			continue;
		int m = misfit(f, c, interface);
		if (m >= 4 && !f->local)
			continue;
		struct box box = forward_box(f), best_box;
		if (best)
			best_box = forward_box(best);
		if (!best || m < best_misfit ||
		    (m == best_misfit && box_compare(&box, &best_box) < 0)) {
			best = f;
			best_misfit = m;
		}
	}
	return best;
}
