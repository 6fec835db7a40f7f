/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Forwards sorted by family, protocol and address (a run), in it by ports (a place), in it by
 * client network. A run is walked down from the last place that begins at or below the port to
 * where none reaches it. Networks are nested or disjoint, so those of a place that hold a client
 * are a chain.
 */
#include <stdlib.h>
#include <string.h>

#include "conns/lookup.h"

struct lookup_run {
	uint8_t family, proto;
	struct address addr;
	uint32_t begin, end; /* places */
};

struct lookup_place {
	struct ports ports;
	uint16_t reach;      /* the highest port of it and of those before it in the run */
	uint32_t begin, end; /* entries */
};

struct lookup_entry {
	const struct forward *f;
	struct network clients;
	bool added;      /* by an option of a forward that stands here with its own clients too */
	uint32_t around; /* the nearest before it in its place that holds all its clients */
};

#define NOTHING UINT32_MAX

/* ---- making ---- */

static void add_entry(struct lookup *l, const struct forward *f, struct network clients, bool added)
{
	l->entries[l->entry_count++] =
		(struct lookup_entry){.f = f, .clients = clients, .added = added};
}

/* Under all clients that lookup_takes_client and --local, which takes any, speak of. */
static void add_entries(struct lookup *l, const struct forward *f)
{
	add_entry(l, f, f->from, false);
	if (!network_is_set(&f->from))
		return;
	if (f->local)
		add_entry(l, f, (struct network){0}, true);
	else if (f->hairpin)
		add_entry(l, f, f->hairpin_net, true);
}

static int compare_place(const struct forward *a, const struct forward *b)
{
	int d = a->family - b->family;
	if (d == 0)
		d = a->proto - b->proto;
	if (d == 0)
		d = address_compare(&a->addr, &b->addr);
	if (d == 0)
		d = a->ports.first - b->ports.first;
	return d ? d : a->ports.last - b->ports.last;
}

static int compare(const void *a, const void *b)
{
	const struct lookup_entry *x = a, *y = b;
	int d = compare_place(x->f, y->f);
	if (d == 0)
		d = address_compare(&x->clients.addr, &y->clients.addr);
	if (d == 0)
		d = x->clients.prefix - y->clients.prefix;
	return d ? d : (x->f > y->f) - (x->f < y->f);
}

static int compare_run(const struct lookup_run *run, uint8_t family, uint8_t proto,
		       const struct address *addr)
{
	int d = run->family - family;
	if (d == 0)
		d = run->proto - proto;
	return d ? d : address_compare(&run->addr, addr);
}

static struct lookup_run *run_of(struct lookup *l, const struct forward *f)
{
	struct lookup_run *run = &l->runs[l->run_count];
	if (l->run_count > 0 && compare_run(run - 1, f->family, f->proto, &f->addr) == 0)
		return run - 1;
	l->run_count++;
	*run = (struct lookup_run){f->family, f->proto, f->addr, l->place_count, l->place_count};
	return run;
}

static struct lookup_place *place_of(struct lookup *l, struct lookup_run *run,
				     const struct forward *f, uint32_t entry)
{
	struct lookup_place *place = &l->places[l->place_count];
	uint16_t reach = 0;
	if (run->end > run->begin) {
		if (ports_overlap(place[-1].ports, f->ports) == OVERLAP_EQUAL)
			return place - 1;
		reach = place[-1].reach;
	}
	run->end = ++l->place_count;
	*place = (struct lookup_place){.ports = f->ports,
				       .reach = reach > f->ports.last ? reach : f->ports.last,
				       .begin = entry,
				       .end = entry};
	return place;
}

/* Entries are sorted: one that holds the address of a later one of its place is around it. */
static void arrange(struct lookup *l)
{
	for (uint32_t i = 0; i < l->entry_count; i++) {
		struct lookup_entry *entry = &l->entries[i];
		struct lookup_place *place = place_of(l, run_of(l, entry->f), entry->f, i);
		uint32_t around = i > place->begin ? i - 1 : NOTHING;
		while (around != NOTHING &&
		       !network_holds(&l->entries[around].clients, &entry->clients.addr))
			around = l->entries[around].around;
		entry->around = around;
		place->end = i + 1;
	}
}

int lookup_make(const struct forwards *set, struct lookup *out, struct err *err)
{
	size_t room = 2 * set->count + 1;
	struct lookup l = {
		.entries = reallocarray(NULL, room, sizeof(*l.entries)),
		.places = reallocarray(NULL, room, sizeof(*l.places)),
		.runs = reallocarray(NULL, room, sizeof(*l.runs)),
	};
	if (!l.entries || !l.places || !l.runs) {
		lookup_free(&l);
		return err_memory(err);
	}
	for (size_t i = 0; i < set->count; i++)
		add_entries(&l, &set->items[i]);
	qsort(l.entries, l.entry_count, sizeof(*l.entries), compare);
	arrange(&l);
	*out = l;
	return 0;
}

void lookup_free(struct lookup *lookup)
{
	free(lookup->entries);
	free(lookup->places);
	free(lookup->runs);
	*lookup = (struct lookup){0};
}

/* ---- walking ---- */

static const struct lookup_run *find_run(const struct lookup_walk *walk)
{
	uint32_t low = 0, high = walk->lookup->run_count;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		const struct lookup_run *run = &walk->lookup->runs[middle];
		int d = compare_run(run, walk->family, walk->proto, &walk->addr);
		if (d == 0)
			return run;
		if (d < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* Go to the run of the walk's address, behind the last place that begins at or below the port. The
 * search has no branch on what it finds, which no processor foresees. */
static void begin_run(struct lookup_walk *walk)
{
	const struct lookup_run *run = find_run(walk);
	const struct lookup_place *places = walk->lookup->places;
	uint32_t at = run ? run->begin : 0, left = run ? run->end - at : 0;
	walk->first = at;
	while (left > 0) {
		uint32_t half = (left + 1) / 2;
		at += half * (places[at + half - 1].ports.first <= walk->port);
		left -= half;
	}
	walk->place = at;
}

/* The last entry of the place that holds the walk's client, or NOTHING. */
static uint32_t innermost(const struct lookup_walk *walk, const struct lookup_place *place)
{
	const struct lookup_entry *entries = walk->lookup->entries;
	uint32_t low = place->begin, high = place->end;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (address_compare(&entries[middle].clients.addr, walk->client) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	uint32_t at = low > place->begin ? low - 1 : NOTHING;
	while (at != NOTHING && !network_holds(&entries[at].clients, walk->client))
		at = entries[at].around;
	return at;
}

static bool next_place(struct lookup_walk *walk)
{
	const struct lookup_place *places = walk->lookup->places;
	for (;;) {
		while (walk->place > walk->first && places[walk->place - 1].reach >= walk->port) {
			const struct lookup_place *place = &places[--walk->place];
			if (place->ports.last < walk->port)
				continue;
			walk->entry = walk->client ? innermost(walk, place) : place->begin;
			return true;
		}
		if (!address_is_set(&walk->addr))
			return false;
		walk->addr = (struct address){0};
		begin_run(walk);
	}
}

/* client: NULL: any. */
static struct lookup_walk begin(const struct lookup *lookup, enum family family, uint8_t proto,
				const struct endpoint *destination, const struct address *client)
{
	struct lookup_walk walk = {
		.lookup = lookup,
		.client = client,
		.family = family,
		.proto = proto,
		.port = destination->port,
		.addr = destination->addr,
		.entry = NOTHING,
	};
	begin_run(&walk);
	return walk;
}

struct lookup_walk lookup_begin(const struct lookup *lookup, enum family family, uint8_t proto,
				const struct endpoint *destination)
{
	return begin(lookup, family, proto, destination, NULL);
}

const struct forward *lookup_next(struct lookup_walk *walk)
{
	for (;;) {
		while (walk->entry != NOTHING) {
			const struct lookup_entry *entry = &walk->lookup->entries[walk->entry];
			if (walk->client)
				walk->entry = entry->around;
			else if (++walk->entry == walk->lookup->places[walk->place].end)
				walk->entry = NOTHING;
			if (walk->client || !entry->added)
				return entry->f;
		}
		if (!next_place(walk))
			return NULL;
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
	if (forward_target_port(f, c->via.port) != c->target.port)
		points += 8; /* the next of a range, which is rare */
	if (!lookup_takes_client(f, &c->client.addr))
		points += 4; /* --local takes any client */
	if (interface && *f->ifname) {
		enum overlap r = ifname_overlap(interface, f->ifname);
		points += r == OVERLAP_EQUAL || r == OVERLAP_INSIDE ? 0 : 2;
	}
	return points;
}

static bool fits_better(const struct forward *f, const struct forward *other,
			const struct connection *c, const char *interface)
{
	int m = misfit(f, c, interface), other_m = misfit(other, c, interface);
	struct match box = forward_match(f), other_box = forward_match(other);
	return m < other_m || (m == other_m && match_compare(&box, &other_box) < 0);
}

const struct forward *lookup_connection(const struct lookup *lookup, const struct connection *c,
					const struct lookup_owner *owner)
{
	const struct forward *best = NULL, *f;
	const char *interface = NULL;
	bool asked = false;
	struct lookup_walk walk = begin(lookup, c->family, c->proto, &c->via, &c->client.addr);
	while ((f = lookup_next(&walk))) {
		if (!lookup_goes_to(f, c) || f == best)
			continue;
		if (best && !asked) {
			interface = owner->of(owner->context, &c->via.addr);
			asked = true;
		}
		if (!best || fits_better(f, best, c, interface))
			best = f;
	}
	return best;
}
