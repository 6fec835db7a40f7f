/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An index of forwards, to find those that take a packet or a connection without looking at all
 * 50,000 of them. A question is a family, a protocol, an address and a port, and mostly a client.
 * The index answers it in three steps:
 *
 * - A run holds the forwards of one family, protocol and SPEC address. A question looks into two
 *   runs: that of its address, and that of the forwards without an address.
 * - A place of a run holds the forwards of the same ports. Places are sorted by their first port.
 *   Those that hold a port may lie far apart (1-65535 begins before all others), so each place also
 *   keeps the highest port in a block of places that ends with it. The blocks are those of a
 *   Fenwick tree: place n (from 1) ends a block of as many places as the lowest bit of n says. A
 *   walk down from the last place that begins at or below the port passes a block at once if the
 *   block does not reach the port.
 * - An entry of a place is one client network of a forward. Networks are nested or disjoint, so
 *   those that hold a client are a chain: each entry knows the next network around it.
 */
#include <stdlib.h>
#include <string.h>

#include "conns/lookup.h"
#include "model/search.h"

struct lookup_run {
	enum family family;
	uint8_t proto;
	struct address addr;
	uint32_t begin, end; /* places */
};

struct lookup_place {
	struct ports ports;
	uint16_t reach;      /* the highest port of the block that ends here */
	uint32_t begin, end; /* entries */
};

struct lookup_entry {
	const struct forward *f;
	struct network clients;
	bool added;      /* an option of a forward, which has an entry of its own here too */
	uint32_t around; /* the nearest entry before it in its place that holds all its clients */
};

#define NOTHING UINT32_MAX

/* How many places the block has that ends with place number n, counted from 1. */
static uint32_t block_size(uint32_t n)
{
	return n & -n;
}

/* ---- making ---- */

static void add_entry(struct lookup *l, const struct forward *f, struct network clients, bool added)
{
	l->entries[l->entry_count++] =
		(struct lookup_entry){.f = f, .clients = clients, .added = added};
}

/* One entry for each client network: that of --from, and what --hairpin or --local adds. */
static void add_entries(struct lookup *l, const struct forward *f)
{
	add_entry(l, f, f->from, false);
	if (!network_is_set(&f->from))
		return;
	if (f->local)
		add_entry(l, f, (struct network){0}, true);
	for (size_t i = 0; !f->local && i < forward_hairpin_count(f); i++)
		add_entry(l, f, f->hairpin_nets->items[i], true);
}

static int compare_runs(const void *a, const void *b)
{
	const struct lookup_run *x = a, *y = b;
	int d = x->family - y->family;
	if (d == 0)
		d = x->proto - y->proto;
	return d ? d : address_compare(&x->addr, &y->addr);
}

/* The order of the index: by run, place and client network; the rest only makes it total. */
static int compare_entries(const void *a, const void *b)
{
	const struct lookup_entry *x = a, *y = b;
	const struct forward *f = x->f, *g = y->f;
	int d = f->family - g->family;
	if (d == 0)
		d = f->proto - g->proto;
	if (d == 0)
		d = address_compare(&f->addr, &g->addr);
	if (d == 0)
		d = f->ports.first - g->ports.first;
	if (d == 0)
		d = f->ports.last - g->ports.last;
	if (d == 0)
		d = address_compare(&x->clients.addr, &y->clients.addr);
	if (d == 0)
		d = x->clients.prefix - y->clients.prefix;
	return d ? d : (f > g) - (f < g);
}

/* The run of f: the last one, or a new one behind it. */
static struct lookup_run *run_of(struct lookup *l, const struct forward *f)
{
	struct lookup_run *run = &l->runs[l->run_count];
	*run = (struct lookup_run){f->family, f->proto, f->addr, l->place_count, l->place_count};
	if (l->run_count > 0 && compare_runs(run - 1, run) == 0)
		return run - 1;
	l->run_count++;
	return run;
}

/* The place of f in its run: the last one, or a new one behind it, whose entries begin there. */
static struct lookup_place *place_of(struct lookup *l, struct lookup_run *run,
				     const struct forward *f, uint32_t entry)
{
	struct lookup_place *place = &l->places[l->place_count];
	if (run->end > run->begin && ports_equal(place[-1].ports, f->ports))
		return place - 1;
	*place = (struct lookup_place){
		.ports = f->ports, .reach = f->ports.last, .begin = entry, .end = entry};
	run->end = ++l->place_count;
	uint32_t size = block_size(run->end - run->begin);
	/* the block is the place and the smaller blocks right before it */
	for (uint32_t before = 1; before < size; before *= 2)
		if (place[-(ptrdiff_t)before].reach > place->reach)
			place->reach = place[-(ptrdiff_t)before].reach;
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
	size_t room = 1;
	for (size_t i = 0; i < set->count; i++)
		room += 2 + forward_hairpin_count(&set->items[i]);
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
	qsort(l.entries, l.entry_count, sizeof(*l.entries), compare_entries);
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

/* For search_first: places that begin at or below the port come before the key. */
static int compare_port(const void *key, const void *item)
{
	const uint16_t *port = key;
	const struct lookup_place *place = item;
	return *port >= place->ports.first ? 1 : -1;
}

/* For search_first: entries whose network begins at or below the client come before the key. */
static int compare_client(const void *key, const void *item)
{
	const struct lookup_entry *entry = item;
	return address_compare(key, &entry->clients.addr) >= 0 ? 1 : -1;
}

/* Go to the run of the walk's address, behind the last place that begins at or below the port. */
static void begin_run(struct lookup_walk *walk)
{
	const struct lookup *l = walk->lookup;
	const struct lookup_run key = {
		.family = walk->family, .proto = walk->proto, .addr = walk->addr};
	const struct lookup_run *run = NULL;
	walk->first = walk->left = 0;
	if (l->run_count)
		run = bsearch(&key, l->runs, l->run_count, sizeof(key), compare_runs);
	if (!run)
		return;
	walk->first = run->begin;
	walk->left =
		(uint32_t)search_first(&walk->port, &l->places[run->begin], run->end - run->begin,
				       sizeof(*l->places), compare_port);
}

/* The next place of the run that holds the port, downwards; NULL: there is none. */
static const struct lookup_place *next_place(struct lookup_walk *walk)
{
	while (walk->left > 0) {
		const struct lookup_place *place =
			&walk->lookup->places[walk->first + walk->left - 1];
		if (place->reach < walk->port) {
			walk->left -= block_size(walk->left);
			continue;
		}
		walk->left--;
		if (place->ports.last >= walk->port)
			return place;
	}
	return NULL;
}

/* The last entry of the place that holds the client, or NOTHING. Those around it follow. */
static uint32_t innermost(const struct lookup *l, const struct lookup_place *place,
			  const struct address *client)
{
	const struct lookup_entry *entries = &l->entries[place->begin];
	size_t count = place->end - place->begin;
	size_t behind = search_first(client, entries, count, sizeof(*entries), compare_client);
	uint32_t at = behind ? place->begin + (uint32_t)behind - 1 : NOTHING;
	while (at != NOTHING && !network_holds(&l->entries[at].clients, client))
		at = l->entries[at].around;
	return at;
}

struct lookup_walk lookup_begin(const struct lookup *lookup, uint8_t proto,
				const struct endpoint *to, const struct address *client)
{
	struct lookup_walk walk = {.lookup = lookup,
				   .client = client,
				   .family = to->addr.family,
				   .proto = proto,
				   .port = to->port,
				   .addr = to->addr,
				   .entry = NOTHING};
	begin_run(&walk);
	return walk;
}

/* With a client: the entries of a place whose networks hold it, from the innermost outwards.
 * Without one: all entries of the place, so those that an option added would show a forward twice.
 */
const struct forward *lookup_next(struct lookup_walk *walk)
{
	const struct lookup *l = walk->lookup;
	for (;;) {
		while (walk->entry != NOTHING) {
			const struct lookup_entry *entry = &l->entries[walk->entry];
			if (walk->client) {
				walk->entry = entry->around;
				return entry->f;
			}
			walk->entry = walk->entry + 1 < walk->end ? walk->entry + 1 : NOTHING;
			if (!entry->added)
				return entry->f;
		}
		const struct lookup_place *place = next_place(walk);
		if (place) {
			walk->end = place->end;
			walk->entry =
				walk->client ? innermost(l, place, walk->client) : place->begin;
		} else if (address_is_set(&walk->addr)) {
			walk->addr = (struct address){0};
			begin_run(walk);
		} else {
			return NULL;
		}
	}
}

/* ---- whose a connection is ---- */

struct endpoint lookup_target(const struct forward *f, const struct endpoint *via)
{
	return (struct endpoint){
		.addr = forward_to_self(f) ? via->addr : f->target,
		.port = forward_target_port(f, via->port),
	};
}

bool lookup_goes_to(const struct forward *f, const struct connection *c)
{
	if (f->except)
		return !c->translated;
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
	       (f->hairpin && networks_hold(f->hairpin_nets, client));
}

/* What speaks against a forward that a connection may run through. Each outweighs all those below
 * it together. */
enum misfit {
	MISFIT_INTERFACE = 1, /* another interface owns the address */
	MISFIT_CLIENT = 2,    /* the client is none of its own: only --local takes it */
	MISFIT_PORT = 4,      /* the kernel went on to the next port of its range, which is rare */
	MISFIT_TIME = 8,      /* it had ended before the connection began */
};

#define NANOSECONDS 1000000000

/* Whether f had ended when the connection began. If the kernel does not tell when that was, an
 * expired forward is taken to have ended before. */
static bool began_too_late(const struct forward *f, const struct connection *c, int64_t now)
{
	if (!c->start)
		return forward_expired(f, now);
	return forward_expired(f, (int64_t)(c->start / NANOSECONDS));
}

static unsigned int misfit_of(const struct forward *f, const struct connection *c,
			      const char *interface, int64_t now)
{
	unsigned int sum = 0;
	if (began_too_late(f, c, now))
		sum += MISFIT_TIME;
	if (forward_target_port(f, c->via.port) != c->target.port)
		sum += MISFIT_PORT;
	if (!lookup_takes_client(f, &c->client.addr))
		sum += MISFIT_CLIENT;
	if (interface && *f->ifname) {
		enum overlap r = ifname_overlap(interface, f->ifname);
		if (r != OVERLAP_EQUAL && r != OVERLAP_INSIDE)
			sum += MISFIT_INTERFACE;
	}
	return sum;
}

const struct forward *lookup_connection(const struct lookup *lookup, const struct connection *c,
					const struct lookup_host *host)
{
	const struct forward *best = NULL, *f;
	const char *interface = NULL;
	bool asked = false;
	struct lookup_walk walk = lookup_begin(lookup, c->proto, &c->via, &c->client.addr);
	while ((f = lookup_next(&walk))) {
		if (!lookup_goes_to(f, c) || f == best)
			continue;
		if (!best) {
			best = f;
			continue;
		}
		if (!asked)
			interface = host->owner(host->context, &c->via.addr);
		asked = true;
		unsigned int mine = misfit_of(f, c, interface, host->now),
			     others = misfit_of(best, c, interface, host->now);
		struct match box = forward_match(f), best_box = forward_match(best);
		if (mine < others || (mine == others && match_compare(&box, &best_box) < 0))
			best = f;
	}
	return best;
}
